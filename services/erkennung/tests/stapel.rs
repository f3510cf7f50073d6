// SPDX-License-Identifier: EUPL-1.2
//! The shared batches are cut exactly as their manifest says.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod gemeinsam;

use std::time::Instant;

use gemeinsam::{Speicher, manifest, parsers, shared};
use nachrichten::erkennung::TeilArt;

#[test]
fn every_shared_batch_is_cut_right_with_no_page_lost() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("corpus/scan");
    let pool = parsers();
    for batch in manifest(folder.join("manifest.jsonl")).iter().filter(|m| m["kind"] == "batch") {
        let file = batch["file"].as_str().unwrap();
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let store = Speicher::default();
        let begin = Instant::now();
        let found = store.zerlege(&pool, &bytes, file).unwrap();
        println!("{file}: {} pages in {:?}", found.gesamt, begin.elapsed());
        assert_eq!(u64::from(found.gesamt), batch["pages"].as_u64().unwrap(), "{file}");
        let parts: Vec<(u64, u64, Vec<u64>)> = found
            .teile
            .iter()
            .map(|t| {
                let content = t.seiten.iter().filter(|s| !s.leer).map(|s| u64::from(s.n)).collect();
                (u64::from(t.seiten[0].n), u64::from(t.seiten[t.seiten.len() - 1].n), content)
            })
            .collect();
        let expected: Vec<(u64, u64, Vec<u64>)> = batch["expected_split"]
            .as_array()
            .unwrap()
            .iter()
            .map(|d| {
                let content = d["content_pages"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
                (d["first_page"].as_u64().unwrap(), d["last_page"].as_u64().unwrap(), content)
            })
            .collect();
        assert_eq!(parts, expected, "{file}");
        for teil in &found.teile {
            assert_eq!(teil.art, TeilArt::Scan);
            let cut = store.get(teil.blob);
            let pages = lopdf::Document::load_mem(&cut).unwrap().get_pages().len();
            assert_eq!(pages, teil.seiten.len(), "own file of each document");
            let read: u32 = teil.bereiche.iter().map(|b| b.bis - b.von).sum();
            assert!(read as usize <= teil.seiten.len() && !teil.bereiche.is_empty());
        }
    }
}
