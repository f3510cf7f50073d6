// SPDX-License-Identifier: EUPL-1.2
//! `eakte ocr`: the worker's code without a server.

use std::path::Path;

use nachrichten::job::JobError;
use service_sandbox::{Limits, Pool};

use super::{Ende, read, write};
use crate::{arbeiter::text_engine, ausgabe, exit, kern::own_program};

pub fn run(file: &Path, output: &Path, text: Option<&Path>, json: bool) -> Ende {
    let bytes = read(file)?;
    let parallel = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let engine = text_engine(parallel).map_err(|error| {
        ausgabe::say(&format!("Die Texterkennung startet nicht: {error}"));
        exit::FAILED
    })?;
    let pool = Pool::new(own_program(), vec!["child".to_owned()], Limits::default(), parallel);
    let name = file.display().to_string();
    let shown = ausgabe::is_terminal();
    let progress = |done: usize, all: usize| {
        if shown {
            ausgabe::say(&format!("{done} von {all} Seiten erkannt"));
        }
    };
    match service_erkennung::datei::ocr_file(&name, &bytes, &pool, &engine, &progress) {
        Ok(recognised) => {
            write(output, &recognised.pdf)?;
            if let Some(text) = text {
                write(text, recognised.text.as_bytes())?;
            }
            if json {
                ausgabe::json(&recognised.json);
            }
            Ok(exit::OK)
        }
        Err(JobError::Unreadable { detail, .. }) => {
            ausgabe::say(&format!("{name}: {detail}"));
            Err(exit::UNREADABLE)
        }
        Err(error) => {
            ausgabe::say(&format!("{name}: Die Texterkennung ist fehlgeschlagen: {error}"));
            Err(exit::FAILED)
        }
    }
}
