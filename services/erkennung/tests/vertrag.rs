// SPDX-License-Identifier: EUPL-1.2
//! The text engine's contract: tesseract and the engine for tests.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod gemeinsam;

use std::time::Duration;

use gemeinsam::{letter, tesseract};
use nachrichten::erkennung::{SeitenText, Wort};
use service_erkennung::maschine::{Attrappe, Tesseract, TextEngine, text_engine_contract};
use service_sandbox::Limits;

#[test]
fn tesseract_keeps_the_contract() {
    let limits = Limits { wall: Duration::from_millis(800), ..Limits::default() };
    let broken: Vec<Box<dyn TextEngine>> = ["crash", "hang", "garbage"]
        .iter()
        .map(|role| {
            // The engine gets no arguments: a small script gives the probe its role.
            let script = std::env::temp_dir().join(format!("eakte-{role}-{}.sh", std::process::id()));
            let probe = env!("CARGO_BIN_EXE_erkennung-probe");
            std::fs::write(&script, format!("#!/bin/sh\nexec {probe} {role}\n")).unwrap();
            let mut mode = std::fs::metadata(&script).unwrap().permissions();
            std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
            std::fs::set_permissions(&script, mode).unwrap();
            Box::new(Tesseract::new(script, "deu", 1, limits.clone())) as Box<dyn TextEngine>
        })
        .collect();
    let engine = tesseract(2);
    text_engine_contract(&engine, &broken, &letter());
    let read = engine.recognise(&letter(), [300, 300]).unwrap();
    assert_eq!(read.text, "Sehr geehrte Damen und Herren\nanbei unsere Rechnung vom Montag");
}

#[test]
fn a_missing_model_is_not_the_pages_fault() {
    let program = {
        tesseract(1);
        Tesseract::program().unwrap()
    };
    let engine = Tesseract::new(program, "klingonisch", 1, Tesseract::limits());
    let error = engine.recognise(&letter(), [300, 300]).unwrap_err();
    assert!(matches!(error, service_erkennung::EngineError::Unavailable(_)), "{error}");
}

#[test]
fn the_engine_for_tests_keeps_the_contract() {
    let word = |n: i32| Wort { text: format!("w{n}"), kasten: [n * 10, 0, n * 10 + 9, 9], sicherheit: 0.9, zeile: 0 };
    let woerter: Vec<Wort> = (0..5).map(word).collect();
    let text = service_erkennung::text::lines(&woerter);
    let page = SeitenText { breite: 100, hoehe: 100, text, woerter, ..SeitenText::default() };
    let broken: Vec<Box<dyn TextEngine>> = vec![Box::new(Attrappe { antwort: None })];
    text_engine_contract(&Attrappe { antwort: Some(page) }, &broken, &letter());
}
