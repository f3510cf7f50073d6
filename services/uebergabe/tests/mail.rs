// SPDX-License-Identifier: EUPL-1.2
//! E-mails as files: read back with another library, once per step, and nothing hostile becomes a header.
#![allow(clippy::unwrap_used, clippy::panic)]

mod gemein;

use gemein::{Welt, abgelehnt, instanz, werte};
use mail_parser::MessageParser;
use nachrichten::{
    job::Outcome,
    uebergabe::{ADRESSE, MAIL},
};
use serde_json::json;

async fn sende(w: &Welt, element: u64, an: &[&str], betreff: &str, text: &str) -> Outcome {
    w.job(MAIL, instanz(1), element, json!({ "an": an, "betreff": betreff, "text": text })).await
}

#[tokio::test]
async fn a_mail_reads_as_it_was_written() {
    let root = tempfile::tempdir().unwrap();
    let w = Welt::in_folder(root.path());
    let text = "Guten Tag,\n\ndas Skonto für die Rechnung „Straße 7“ endet morgen.\n.\nFrom hier an: €\n".to_owned()
        + &"lang ".repeat(400);
    let an = ["Jörg Öztürk <joerg@musterstadt.example>", "amt66@musterstadt.example"];
    let answer = werte(sende(&w, 3, &an, "Skonto endet: 1.190,00 € für Müller & Söhne", &text).await);
    let name = format!("{}-3.eml", instanz(1));
    assert_eq!(w.dateien(&w.pfade.mail), std::slice::from_ref(&name), "the step's key is the file's name");
    let bytes = std::fs::read(w.pfade.mail.join(&name)).unwrap();
    assert!(bytes.split(|b| *b == b'\n').all(|line| line.len() <= 998), "RFC 5322 line length");
    let mail = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(mail.subject(), Some("Skonto endet: 1.190,00 € für Müller & Söhne"));
    assert_eq!(mail.body_text(0).unwrap().replace("\r\n", "\n").trim_end(), text.trim_end());
    let to = mail.to().unwrap().as_list().unwrap();
    let to: Vec<_> = to.iter().map(|a| (a.name(), a.address().unwrap())).collect();
    let want = [(Some("Jörg Öztürk"), "joerg@musterstadt.example"), (None, "amt66@musterstadt.example")];
    assert_eq!(to, want);
    assert_eq!(mail.from().unwrap().first().unwrap().address(), Some("eakte@musterstadt.example"));
    assert_eq!(mail.date().unwrap().to_rfc3339(), "2026-11-24T08:15:00Z", "the clock of the house");
    let id = format!("<{}>", mail.message_id().unwrap());
    assert_eq!(answer["message_id"], id);
    assert!(id.ends_with("@musterstadt.example>"));
    let raw = String::from_utf8_lossy(&bytes);
    assert!(raw.contains("Auto-Submitted: auto-generated\r\n"), "{raw}");
}

#[tokio::test]
async fn a_repeat_writes_nothing_twice_and_keeps_the_message_id() {
    let root = tempfile::tempdir().unwrap();
    let w = Welt::in_folder(root.path());
    let first = werte(sende(&w, 3, &["a@b.example"], "x", "y").await);
    assert_eq!(werte(sende(&w, 3, &["a@b.example"], "x", "y").await), first);
    std::fs::remove_file(w.pfade.mail.join(format!("{}-3.eml", instanz(1)))).unwrap();
    assert_eq!(werte(sende(&w, 3, &["a@b.example"], "x", "y").await), first);
    assert_eq!(w.dateien(&w.pfade.mail), [""; 0], "taken away by the mail system: not sent again");
    let other = werte(sende(&w, 4, &["a@b.example"], "x", "y").await);
    assert_ne!(other["message_id"], first["message_id"]);
}

#[tokio::test]
async fn nothing_hostile_becomes_a_header() {
    let root = tempfile::tempdir().unwrap();
    let w = Welt::in_folder(root.path());
    let many = vec!["a@b.example"; 51];
    let long = "x".repeat(251);
    let bad: &[(&[&str], &str, &str)] = &[
        (&[], "x", "keine E-Mail-Adresse angegeben"),
        (&["niemand"], "x", "„niemand“ ist keine"),
        (&["a@b.example\r\nBcc: opfer@c.example"], "x", "ist keine E-Mail-Adresse"),
        (&["a@b.example\nBcc: opfer@c.example"], "x", "ist keine E-Mail-Adresse"),
        (&["\"x\r\nBcc: <o@c.example>\" <a@b.example>"], "x", "ist keine E-Mail-Adresse"),
        (&["a@b.example, o@c.example"], "x", "ist keine E-Mail-Adresse"),
        (&["a@b.example"], "x\r\nBcc: opfer@c.example", "Der Betreff"),
        (&["a@b.example"], "x\nBcc: opfer@c.example", "Der Betreff"),
        (&["a@b.example"], "  ", "Der Betreff"),
        (&["a@b.example"], &long, "Der Betreff"),
        (&many, "x", "Mehr als 50"),
    ];
    for (n, (an, betreff, text)) in bad.iter().enumerate() {
        let why = abgelehnt(sende(&w, n as u64, an, betreff, "y").await, ADRESSE);
        assert!(why.contains(text), "{an:?} {betreff:?}: {why}");
    }
    assert_eq!(w.dateien(&w.pfade.mail), [""; 0]);
    // A text may look like headers: it stays text.
    werte(sende(&w, 99, &["a@b.example"], "x", "\r\nBcc: opfer@c.example\r\n\r\n\rnoch eins").await);
    let bytes = std::fs::read(w.pfade.mail.join(format!("{}-99.eml", instanz(1)))).unwrap();
    let mail = MessageParser::default().parse(&bytes).unwrap();
    assert!(mail.bcc().is_none());
    assert!(mail.body_text(0).unwrap().contains("Bcc: opfer@c.example"));
}
