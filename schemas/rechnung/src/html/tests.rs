// SPDX-License-Identifier: EUPL-1.2
#![allow(clippy::unwrap_used)]
use super::*;
use crate::{Limits, findings, read, zahlung};

const UBL: &str = include_str!("../../tests/beispiele/ubl-gut.xml");
const CII: &str = include_str!("../../tests/beispiele/cii-gut.xml");

fn page(xml: &str) -> String {
    let rechnung = read(xml.as_bytes(), &Limits::default()).unwrap();
    let terms = zahlung::terms(&rechnung, civil::date(2026, 11, 20), zahlung::Counting::default());
    document(&rechnung, &findings(&rechnung), Some(&terms))
}

#[test]
fn ubl_page_reads_well() {
    insta::assert_snapshot!("ubl", page(UBL));
}

#[test]
fn cii_page_with_findings_reads_well() {
    let xml = CII.replacen("718.76</ram:DuePayableAmount>", "718.75</ram:DuePayableAmount>", 1);
    insta::assert_snapshot!("cii_befunde", page(&xml.replacen("<ram:ID>R-4711</ram:ID>", "", 1)));
}

#[test]
fn nothing_of_a_stranger_becomes_markup() {
    let attack = "&lt;script&gt;alert(1)&lt;/script&gt;\"'&lt;img src=x onerror=y&gt;\u{202E}\u{200B}";
    for field in [
        "2026-0815",
        "Musterbau GmbH",
        "Gehwegplatten</cbc:Name>",
        "Mengenrabatt",
        "Aufmaßblatt",
        "aufmass.pdf",
        "EUR</cbc:Doc",
        "MTK",
    ] {
        let tail = field.split_once('<').map(|(_, t)| format!("<{t}")).unwrap_or_default();
        let xml = UBL.replace(field, &format!("{}{tail}", attack.replace('"', "&quot;")));
        let html = page(&xml);
        assert!(!html.contains("<script") && !html.contains("<img"), "{field}");
        assert!(!html.contains(['\u{202E}', '\u{200B}']), "{field}");
        assert!(html.contains("&lt;script&gt;"), "{field}");
    }
    assert!(
        page(&UBL.replace("Musterbau", "\u{202E}baum"))
            .contains("<span class=\"zeichen\" title=\"Unsichtbares Zeichen\">U+202E</span>baum")
    );
}

#[test]
fn page_has_no_script_and_no_style_of_its_own() {
    let html = page(UBL);
    assert!(!html.contains("style=") && !html.contains("<style") && !html.contains("<script") && !html.contains(" on"));
    assert_eq!(html.matches("<h1>").count(), 1);
    // Every opened tag is closed: the portal takes only a well-formed page over.
    let xml = html.replace("<!DOCTYPE html>", "");
    assert!(crate::xml::parse(xml.trim().as_bytes(), &Limits::default()).is_ok());
}
