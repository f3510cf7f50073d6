// SPDX-License-Identifier: EUPL-1.2
//! Real pages through the real child.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::PathBuf;

use nachrichten::erkennung::SeitenText;
use serde_json::json;
use service_ocr_engine::KIND;
use service_sandbox::{Limits, Pool};

fn shared() -> Option<PathBuf> {
    let place = std::env::var_os("EAKTE_SHARED")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    place.join("corpus/scan/manifest.jsonl").exists().then_some(place)
}

fn pool() -> Pool {
    Pool::with_access(
        env!("CARGO_BIN_EXE_eakte-ocr").into(),
        Vec::new(),
        Limits::default(),
        1,
        Default::default(),
        &[("OMP_THREAD_LIMIT", "1")],
    )
}

fn read(pool: &Pool, file: &str) -> Option<(SeitenText, String)> {
    let Some(shared) = shared() else {
        println!("skipped: no shared data");
        return None;
    };
    let folder = shared.join("corpus/scan/img");
    let bytes = std::fs::read(folder.join(file)).unwrap();
    let reply = pool.call(KIND, &json!({ "dpi": [300, 300] }), &[&bytes]).unwrap();
    let truth = std::fs::read_to_string(folder.join(file).with_extension("txt")).unwrap();
    Some((serde_json::from_value(reply.header).unwrap(), truth))
}

#[test]
fn a_clean_letter_is_read_and_its_words_lie_on_the_page() {
    let pool = pool();
    let Some((page, truth)) = read(&pool, "000-clean-bescheid.jpg") else {
        return;
    };
    assert!(page.text.contains("Bescheid über die Festsetzung der Grundsteuer"), "{}", page.text);
    assert!(truth.contains("17.6-9445/25") && page.text.contains("17.6-9445/25"));
    assert_eq!((page.breite, page.hoehe, page.drehung), (2481, 3508, 0));
    assert!(page.woerter.iter().all(|w| w.kasten[0] < w.kasten[2] && w.kasten[1] < w.kasten[3]));
    assert!(page.woerter.iter().all(|w| (0.0..=1.0).contains(&w.sicherheit)));
}

#[test]
fn a_skewed_letter_tells_its_angle() {
    let pool = pool();
    let Some((page, _)) = read(&pool, "001-scan-rechnung.jpg") else {
        return;
    };
    assert!((page.schiefe.abs() - 2.87).abs() < 0.2, "{}", page.schiefe);
    // Clockwise is positive: then lines fall to the right. Checked on the words of the longest line.
    let line = page.woerter.chunk_by(|a, b| a.zeile == b.zeile).max_by_key(|l| l.len()).unwrap();
    let middle = |w: &nachrichten::erkennung::Wort| (w.kasten[1] + w.kasten[3]) as f32 / 2.0;
    let (first, last) = (&line[0], &line[line.len() - 1]);
    let slope = (middle(last) - middle(first)) / (last.kasten[0] - first.kasten[0]) as f32;
    assert!((slope.atan().to_degrees() - page.schiefe).abs() < 0.6, "{slope} {}", page.schiefe);
    assert!(page.text.contains("RE-2024-90652"), "{}", page.text);
}

#[test]
fn a_turned_letter_is_turned_back_and_boxes_stay_on_the_original() {
    let pool = pool();
    let Some((page, _)) = read(&pool, "015-rot-bauantrag.jpg") else {
        return;
    };
    assert!(page.drehung.is_multiple_of(90) && page.drehung != 0, "{}", page.drehung);
    assert!(page.woerter.len() > 50);
    // Lines of a page that lies on its side run vertically on the original.
    let first = page.woerter.iter().find(|w| w.text.len() > 6).unwrap();
    assert!(first.kasten[3] - first.kasten[1] > first.kasten[2] - first.kasten[0], "{first:?}");
}

#[test]
fn the_same_page_gives_the_same_answer_in_a_warm_engine() {
    let pool = pool();
    let Some((first, _)) = read(&pool, "006-faint-bauantrag.jpg") else {
        return;
    };
    read(&pool, "000-clean-bescheid.jpg");
    assert_eq!(read(&pool, "006-faint-bauantrag.jpg").unwrap().0, first);
}

#[test]
fn a_locked_engine_reaches_nothing() {
    let found = pool().self_test().unwrap();
    assert!(found.passed() || found.report.landlock == service_sandbox::Landlock::None, "{found:?}");
}

#[test]
fn damaged_images_are_refused_not_crashed() {
    let pool = pool();
    for bytes in [b"".as_slice(), b"\xFF\xD8\xFF\xE0 nothing", b"\x89PNG\r\n\x1a\nxx"] {
        let error = pool.call(KIND, &json!({ "dpi": [300, 300] }), &[bytes]).unwrap_err();
        assert!(matches!(error, service_sandbox::SandboxError::Refused { .. }), "{error}");
    }
}
