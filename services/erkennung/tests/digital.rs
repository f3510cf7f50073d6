// SPDX-License-Identifier: EUPL-1.2
//! Born-digital PDFs: the text layer is taken as it is, and agrees with the truth and with pdftotext.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod gemeinsam;

use std::process::Command;
use std::time::Instant;

use gemeinsam::{Speicher, manifest, missing, parsers, shared};
use nachrichten::erkennung::TeilArt;

#[test]
fn text_layers_are_complete() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("corpus/scan");
    let pool = parsers();
    let (mut lost_sum, mut all_sum) = (0, 0);
    for entry in manifest(folder.join("manifest.jsonl")) {
        let file = entry["file"].as_str().unwrap();
        if !file.starts_with("born/") {
            continue;
        }
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let store = Speicher::default();
        let begin = Instant::now();
        let found = store.zerlege(&pool, &bytes, file).unwrap();
        let took = begin.elapsed();
        let teil = &found.teile[0];
        assert_eq!((found.teile.len(), teil.art), (1, TeilArt::Digital), "{file}");
        assert!(teil.bereiche.is_empty() && teil.seiten.iter().all(|s| s.bild.is_some()));
        let text = String::from_utf8(store.get(teil.text.unwrap())).unwrap();
        let truth = std::fs::read_to_string(folder.join(entry["truth"].as_str().unwrap())).unwrap();
        let (lost, all) = missing(&truth, &text);
        let oracle = Command::new("pdftotext").arg(folder.join(file)).arg("-").output().unwrap();
        let (more, _) = missing(&String::from_utf8_lossy(&oracle.stdout), &text);
        println!(
            "{file}: {lost}/{all} missing, {more} words only pdftotext sees, {} pages {took:?}",
            teil.seiten.len()
        );
        lost_sum += lost;
        all_sum += all;
        assert!(more * 100 <= all, "{file}: pdftotext sees {more} more words");
    }
    println!("{lost_sum} of {all_sum} words missing");
    assert!(lost_sum * 200 <= all_sum, "more than 0.5 % of the words are missing");
}
