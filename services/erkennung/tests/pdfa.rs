// SPDX-License-Identifier: EUPL-1.2
//! The searchable PDF/A: its text is our text, its bytes are reproducible, its images are the scan's own.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod gemeinsam;

use std::process::Command;

use gemeinsam::{letter, page_image, parsers, pdftotext, shared, tesseract};
use nachrichten::erkennung::SeitenText;
use service_erkennung::datei::ocr_file;

/// Enough lines for leptonica to be sure which way is up.
const LINES: &[&str] = &[
    "Sehr geehrte Damen und Herren",
    "hiermit legen wir fristgerecht gegen",
    "Ihren Bescheid vom Montag Widerspruch",
    "ein und bitten um Aufhebung der darin",
    "festgesetzten Geldbetrag. Begründung",
    "folgt mit getrennter Post noch diese",
    "Woche. Eine Kopie des Bescheides ist",
    "diesem Schreiben zur Bequemlichkeit",
    "beigelegt. Telefonisch sind wir gut",
    "am Vormittag zu erreichen. Mit bestem",
    "Dank und verbindlichen Empfehlungen",
    "Kim Beispiel, Abteilung Buchhaltung",
];

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

#[test]
fn the_text_comes_out_as_it_went_in_whichever_way_the_paper_lay() {
    let (pool, engine) = (parsers(), tesseract(1));
    let lines: Vec<String> = LINES.iter().map(|l| l.replace('ü', "\\374")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let expected = LINES.join("\n");
    let upright = image::load_from_memory(&page_image(&lines)).unwrap();
    for (turned, image) in
        [(0, upright.clone()), (90, upright.rotate270()), (180, upright.rotate180()), (270, upright.rotate90())]
    {
        let mut png = Vec::new();
        image.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
        let read = ocr_file("brief.png", &png, &pool, &engine, &|_, _| {}).unwrap();
        assert_eq!(read.json["pages"][0]["rotation"], turned);
        assert_eq!(read.text, expected, "{turned}");
        check(&read.pdf);
        assert_eq!(lines(&pdftotext(&read.pdf)), LINES, "{turned}");
        let again = ocr_file("brief.png", &png, &pool, &engine, &|_, _| {}).unwrap();
        assert!(again.pdf == read.pdf, "reproducible bytes");
    }
}

#[test]
fn jpeg_bytes_pass_through_and_the_file_stays_small() {
    let Some(shared) = shared() else { return };
    let (pool, engine) = (parsers(), tesseract(1));
    for file in ["001-scan-rechnung.jpg", "035-rot-rechnung.jpg", "027-stamp-anhoerung.jpg", "004-fax-bekanntmachung.tif"] {
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
        assert!(lost * 100 <= all, "{file}: {lost} of {all} words are not found again");
    }
}

#[test]
fn a_page_without_words_and_strange_characters_are_written_too() {
    let pool = parsers();
    let word = |text: &str, x: i32| nachrichten::erkennung::Wort {
        text: text.into(),
        kasten: [x, 100, x + 200, 140],
        sicherheit: 0.5,
        zeile: 0,
    };
    let page = SeitenText { breite: 2480, hoehe: 3508, woerter: vec![word("Maßnahme€", 100), word("№5", 315)], ..SeitenText::default() };
    let words = serde_json::to_vec(&[page, SeitenText::default()]).unwrap();
    let job = serde_json::json!({ "titel": "Prüfung <&> \u{1}", "dpi": [[300, 300], [0, 0]] });
    let image = letter();
    let reply = pool.call(service_erkennung::kind::PDFA, &job, &[&image, &image, &words]).unwrap();
    check(&reply.blobs[0]);
    assert_eq!(pdftotext(&reply.blobs[0]), "Maßnahme€ №5");
}
