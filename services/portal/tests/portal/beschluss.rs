// SPDX-License-Identifier: EUPL-1.2
//! Routes, Umläufe, new versions of documents, and what a signature is bound to.

use axum::http::StatusCode;

use crate::{
    browser::{Browser, hidden},
    gemein::Fake,
};

const L8: &str = "/ablaeufe/00000000-0000-0006-0000-000000000008/laufweg";

#[tokio::test]
async fn a_route_shows_its_states_and_is_changed_ahead_with_a_reason() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "anordnung");
    let page = b.get(L8).await.text();
    for text in [
        "ungültig: Dokument geändert am",
        "kommt noch",
        "jetzt",
        "übersprungen",
        "eingefügt von Kim",
        "nach „Stadtkämmerei“, als eigene Stufe",
    ] {
        assert!(page.contains(text), "{text} in {page}");
    }
    assert!(!page.contains("nach „Rechtsamt“"), "the past is no place to insert");
    let form = [
        ("version", "v1"),
        ("art", "einfuegen"),
        ("wer", "gruppe:Mitzeichnung-61"),
        ("ort", "nach-2"),
        ("grund", "betrifft die Planung"),
    ];
    assert_eq!(b.post(L8, &form).await.header("location"), format!("{L8}?meldung=laufweg"));
    let log = fake.protokoll().pop().unwrap();
    assert!(
        log.contains("\"ort\":{\"nach\":2}")
            && log.contains("\"gruppe\":\"Mitzeichnung-61\"")
            && log.contains("betrifft die Planung"),
        "{log}"
    );
    for (form, status, text) in [
        (
            [("version", "v0"), ("art", "entfernen"), ("nr", "3"), ("ort", ""), ("grund", "x")],
            412,
            "Der Laufweg hat sich geändert.",
        ),
        (
            [("version", "v1"), ("art", "entfernen"), ("nr", "3"), ("ort", ""), ("grund", "")],
            422,
            "Schreiben Sie einen Grund dazu.",
        ),
        (
            [("version", "v1"), ("art", "verschieben"), ("nr", "3"), ("ort", "dort"), ("grund", "x")],
            422,
            "Wählen Sie aus, wohin die Stelle kommt.",
        ),
        (
            [("version", "v1"), ("art", "einfuegen"), ("wer", "gruppe:Betrieb"), ("ort", "ende"), ("grund", "x")],
            422,
            "Wählen Sie aus, wer zeichnen soll.",
        ),
    ] {
        let page = b.post(L8, &form).await;
        assert_eq!(page.status.as_u16(), status, "{form:?}");
        assert!(page.text().contains(text), "{form:?}");
    }
    let ablauf = b.get("/ablaeufe/00000000-0000-0006-0000-000000000008").await.text();
    assert!(
        ablauf.contains("/laufweg\"") && ablauf.contains("Neue Vorlage aus dieser") && ablauf.contains("Zurückziehen")
    );
    let back = "/ablaeufe/00000000-0000-0006-0000-000000000008/zurueckziehen";
    assert_eq!(b.post(back, &[("grund", "")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(b.post(back, &[("grund", "überholt")]).await.header("location").ends_with("?meldung=zurueckgezogen"));
    assert!(fake.protokoll().pop().unwrap().starts_with("zurückziehen überholt"));
}

#[tokio::test]
async fn an_umlauf_starts_at_the_document_and_its_new_version_there_too() {
    const D: &str = "/dokumente/00000000-0000-0002-0000-000000000001";
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    assert!(b.get(D).await.text().contains("Umlauf starten"));
    let page = b.get(&format!("{D}/umlauf")).await.text();
    assert!(page.contains("value=\"gruppe:Mitzeichnung-30\"") && page.contains("Rechtsamt"));
    let form = [
        ("f.text", "Bitte zeichnen"),
        ("f.art", "nacheinander"),
        ("f.regel", "alle"),
        ("f.frist", "11.12.2026"),
        ("f.stellen.0.wer", "gruppe:Mitzeichnung-30"),
        ("f.stellen.1.wer", "gruppe:Mitzeichnung-61"),
        ("schluessel", "u1"),
    ];
    let sent = b.post(&format!("{D}/umlauf"), &form).await;
    assert!(sent.header("location").ends_with("/laufweg?meldung=umlauf"), "{}", sent.text());
    let log = fake.protokoll().pop().unwrap();
    assert!(log.starts_with("start umlauf") && log.contains("\"stufe\":2") && log.contains("\"fassung\":\""), "{log}");
    let late = b
        .post(
            &format!("{D}/umlauf"),
            &[
                ("f.text", "x"),
                ("f.art", "stufen"),
                ("f.regel", "alle"),
                ("f.frist", "01.01.2026"),
                ("f.stellen.0.wer", "gruppe:Betrieb"),
            ],
        )
        .await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        late.text().contains("Die Frist muss nach dem heutigen Tag liegen.")
            && late.text().contains("Zeile 1: Wählen Sie eine Stelle aus der Liste.")
    );

    let page = b.get(&format!("{D}/fassung")).await.text();
    let (bisher, csrf) = (hidden(&page, "bisher"), "csrf-feststellung");
    let fields = [("csrf", csrf), ("bisher", &bisher), ("grund", "Zahl berichtigt")];
    let done = b.upload(&format!("{D}/fassung"), &fields, "neu.pdf", b"%PDF-1.7").await;
    assert_eq!(done.header("location"), format!("{D}?meldung=fassung"));
    assert!(fake.protokoll().pop().unwrap().starts_with("fassung neu.pdf 8 Zahl berichtigt"));
    let fields = [("csrf", csrf), ("bisher", &bisher), ("grund", "")];
    assert_eq!(
        b.upload(&format!("{D}/fassung"), &fields, "neu.pdf", b"x").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn what_is_signed_is_what_was_read() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "anordnung");
    let task = "/aufgaben/00000000-0000-0005-0000-000000000008";
    let now = nachrichten::BlobHash::of(b"fassung");
    assert!(b.get(task).await.text().contains(&format!("name=\"fassung\" value=\"{now}\"")));
    let old = nachrichten::BlobHash::of(b"alt").to_string();
    let stale = b
        .post(
            task,
            &[
                ("version", "1"),
                ("fassung", &old),
                ("entscheidung", "mitzeichnen"),
                ("bestaetigt", "mitzeichnen"),
                ("f.bemerkung", "getippt"),
            ],
        )
        .await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    let text = stale.text();
    assert!(
        text.contains("Das Dokument wurde geändert, seit Sie diese Seite geöffnet haben.") && text.contains("getippt")
    );
    assert!(text.contains(&format!("value=\"{now}\"")), "the page now shows the new content");
}
