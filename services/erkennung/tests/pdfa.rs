// SPDX-License-Identifier: EUPL-1.2
//! The searchable PDF/A: its text is our text, its bytes are reproducible, its images are the scan's own.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod gemeinsam;

use std::process::Command;

use gemeinsam::{letter, parsers, pdftotext, shared, tesseract};
use nachrichten::erkennung::{SeitenText, Wort};
use service_erkennung::datei::ocr_file;

/// Lines with something on them: where a paragraph ends is a guess of each reader.
fn lines(text: &str) -> Vec<&str> {
    text.lines().filter(|l| !l.is_empty()).collect()
}

fn check(pdf: &[u8]) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pdf).unwrap();
    let out = Command::new("qpdf").arg("--check").arg(file.path()).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

/// A box of the page as it is read, back on a 2480 x 3508 image that lay turned in the scanner.
fn on_the_image(turned: u16, [x0, y0, x1, y1]: [i32; 4]) -> [i32; 4] {
    match turned {
        90 => [y0, 3508 - x1, y1, 3508 - x0],
        180 => [2480 - x1, 3508 - y1, 2480 - x0, 3508 - y0],
        270 => [2480 - y1, x0, 2480 - y0, x1],
        _ => [x0, y0, x1, y1],
    }
}

#[test]
fn the_text_comes_out_as_it_went_in_whichever_way_the_paper_lay() {
    let pool = parsers();
    let image = letter();
    for turned in [0u16, 90, 180, 270] {
        let mut woerter = Vec::new();
        for (zeile, line) in (0u32..).zip(["Sehr geehrte Damen und Herren", "anbei unsere Rechnung", "vom Montag"]) {
            let mut x = 300;
            for word in line.split(' ') {
                let (y, width) = (400 + 60 * zeile as i32, 22 * word.len() as i32);
                let kasten = on_the_image(turned, [x, y, x + width, y + 44]);
                woerter.push(Wort { text: word.into(), kasten, sicherheit: 0.9, zeile });
                x += width + 14;
            }
        }
        let page = SeitenText { breite: 2480, hoehe: 3508, drehung: turned, woerter, ..SeitenText::default() };
        let words = serde_json::to_vec(&[page]).unwrap();
        let job = serde_json::json!({ "titel": "Brief", "dpi": [[300, 300]] });
        let pdf = pool.call(service_erkennung::kind::PDFA, &job, &[&image, &words]).unwrap().blobs.remove(0);
        check(&pdf);
        assert_eq!(
            lines(&pdftotext(&pdf)),
            ["Sehr geehrte Damen und Herren", "anbei unsere Rechnung", "vom Montag"],
            "{turned}"
        );
        let again = pool.call(service_erkennung::kind::PDFA, &job, &[&image, &words]).unwrap();
        assert!(again.blobs[0] == pdf, "reproducible bytes");
    }
}

#[test]
fn jpeg_bytes_pass_through_and_the_file_stays_small() {
    let Some(shared) = shared() else { return };
    let (pool, engine) = (parsers(), tesseract(1));
    for file in
        ["001-scan-rechnung.jpg", "035-rot-rechnung.jpg", "027-stamp-anhoerung.jpg", "004-fax-bekanntmachung.tif"]
    {
        let bytes = std::fs::read(shared.join("corpus/scan/img").join(file)).unwrap();
        let read = ocr_file(file, &bytes, &pool, &engine, &|_, _| {}).unwrap();
        check(&read.pdf);
        if file.ends_with("jpg") {
            assert!(read.pdf.windows(bytes.len()).any(|w| w == bytes), "{file}: original JPEG inside");
        }
        println!("{file}: {} -> {} bytes", bytes.len(), read.pdf.len());
        assert!(read.pdf.len() as f64 <= bytes.len() as f64 * 1.02 + 15_000.0, "{file}");
        if let Some(folder) = std::env::var_os("EAKTE_KEEP") {
            std::fs::write(std::path::Path::new(&folder).join(file).with_extension("pdf"), &read.pdf).unwrap();
        }
        let (lost, all) = gemeinsam::missing(&read.text, &pdftotext(&read.pdf));
        // Marks of a stamp lie across the lines; each reader orders them as it likes.
        assert!(lost * 50 <= all, "{file}: {lost} of {all} words are not found again");
    }
}

#[test]
fn a_page_without_words_and_strange_characters_are_written_too() {
    let pool = parsers();
    let word =
        |text: &str, x: i32| Wort { text: text.into(), kasten: [x, 100, x + 200, 140], sicherheit: 0.5, zeile: 0 };
    let page = SeitenText {
        breite: 2480,
        hoehe: 3508,
        woerter: vec![word("Maßnahme€", 100), word("№5", 315)],
        ..SeitenText::default()
    };
    let words = serde_json::to_vec(&[page, SeitenText::default()]).unwrap();
    let job = serde_json::json!({ "titel": "Prüfung <&> \u{1}", "dpi": [[300, 300], [0, 0]] });
    let image = letter();
    let reply = pool.call(service_erkennung::kind::PDFA, &job, &[&image, &image, &words]).unwrap();
    check(&reply.blobs[0]);
    assert_eq!(pdftotext(&reply.blobs[0]), "Maßnahme€ №5");
}
