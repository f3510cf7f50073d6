// SPDX-License-Identifier: EUPL-1.2
//! Versions, proposals, figures and tables as operators see them.

use axum::http::StatusCode;

use crate::{
    browser::{Browser, hidden},
    gemein::Fake,
};

const V: &str = "/betrieb/vorschlaege/00000000-0000-0000-0000-00000000000";

#[tokio::test]
async fn a_new_version_is_checked_and_compared_before_it_is_proposed() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "betrieb");
    let page = b.get("/betrieb/fassungen").await.text();
    assert!(page.contains("Umzug nach Fassung 2 proben") && page.matches("proben").count() == 1);
    assert!(page.contains("3 Vorschläge warten auf Veröffentlichung.") && page.contains("(Ihr Vorschlag)"));
    let csrf = hidden(&page, "csrf");
    let bad = b.upload("/betrieb/fassungen", &[("csrf", &csrf)], "kaputt.bpmn", b"<a/>").await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text().contains("Die Datei hat Fehler. Sie wurde nicht vorgeschlagen."));
    let latin =
        b.upload("/betrieb/fassungen", &[("csrf", &csrf)], "latin.bpmn", b"<definitions name=\"Pr\xfcfung\"/>").await;
    assert_eq!(latin.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(latin.text().contains("nicht in UTF-8 gespeichert"), "letters are not guessed");
    let report = b.upload("/betrieb/fassungen", &[("csrf", &csrf)], "rechnung.bpmn", b"<definitions x=\"<&\"/>").await;
    assert_eq!(report.status, StatusCode::OK);
    let text = report.text();
    assert!(text.contains("<strong>Prüfen:</strong> Der Standardweg fehlt.") && text.contains("&#60;definitions"));
    assert!(text.contains("1 neu, 1 geändert, 1 nur im Bild verschoben."), "the sum of the difference");
    assert!(text.contains("12 laufende Abläufe bleiben auf Fassung 1."));
    assert!(text.contains("bisher: <del>5AT</del>") && text.contains("jetzt: <ins>3AT</ins>"));
    assert_eq!(text.matches("<svg").count(), 2, "a pair of pictures");
    let fields = [("name", "rechnung.bpmn"), ("text", "<definitions/>"), ("grund", "")];
    let refused = b.post("/betrieb/fassungen/vorschlagen", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("Nennen Sie einen Grund.") && refused.text().contains("&#60;definitions"));
    let fields = [("name", "rechnung.bpmn"), ("text", "<definitions/>"), ("grund", "neue Grenze ab Januar")];
    let done = b.post("/betrieb/fassungen/vorschlagen", &fields).await;
    assert_eq!(done.header("location"), format!("{V}2?meldung=vorgeschlagen"));
    assert_eq!(fake.protokoll(), ["vorschlagen rechnung.bpmn neue Grenze ab Januar Bea Betrieb"]);
    let fields = [("process", "rechnung"), ("von", "1"), ("nach", "2")];
    let tried = b.post("/betrieb/fassungen/umzug", &fields).await;
    assert!(tried.text().contains("Alle können umziehen."));
}

#[tokio::test]
async fn the_second_person_sees_the_difference_and_publishes() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "betrieb");
    let page = b.get(&format!("{V}1")).await.text();
    assert!(page.contains("von Karl Kämmerer") && page.contains("Veröffentlichen</span>"));
    let gegen = hidden(&page, "gegen");
    assert_eq!(gegen, "rechnung 1");
    let post = format!("{V}1/veroeffentlichen");
    let stale = b.post(&post, &[("grund", "geprüft"), ("gegen", "rechnung 0")]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(
        stale.text().contains("Inzwischen läuft eine andere Fassung.") && stale.text().contains("value=\"geprüft\"")
    );
    let done = b.post(&post, &[("grund", "geprüft"), ("gegen", &gegen)]).await;
    assert_eq!(done.header("location"), "/betrieb/fassungen?meldung=veroeffentlicht");
    assert_eq!(fake.protokoll(), ["veröffentlichen 1 geprüft Bea Betrieb"]);
    assert!(b.get("/betrieb").await.text().contains("3 Vorschläge warten auf Veröffentlichung."));
}

#[tokio::test]
async fn the_author_reads_why_another_person_is_needed_and_may_withdraw() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "betrieb");
    let page = b.get(&format!("{V}2")).await.text();
    assert!(page.contains("Eine zweite Person veröffentlicht sie.") && !page.contains("/veroeffentlichen"));
    let refused = b.post(&format!("{V}2/veroeffentlichen"), &[("grund", "geprüft"), ("gegen", "rechnung 1")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let done = b.post(&format!("{V}2/zurueckziehen"), &[("grund", "doch nicht")]).await;
    assert_eq!(done.header("location"), "/betrieb/fassungen?meldung=vorschlag-zurueckgezogen");
    assert_eq!(fake.protokoll(), ["zurückziehen 2 doch nicht"]);
    assert_eq!(b.get("/betrieb/vorschlaege/keine-nummer").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_table_with_failing_examples_needs_a_confirmation() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "betrieb");
    let page = b.get(&format!("{V}3")).await.text();
    assert!(page.contains("1 von 2 Beispielen stimmt nicht.") && page.contains("name=\"trotz\""));
    assert!(!page.contains("/beispiele\""), "only the author changes the rows of a proposal");
    let post = format!("{V}3/veroeffentlichen");
    let refused = b.post(&post, &[("grund", "gewollt"), ("gegen", "rechnung 1")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = b.post(&post, &[("grund", "gewollt"), ("gegen", "rechnung 1"), ("trotz", "ja")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_table_is_tried_and_its_examples_are_edited() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "betrieb");
    let address = "/betrieb/tabellen/anordnung.dmn/1";
    let page = b.get(address).await.text();
    assert!(
        page.find("stimmt nicht</span>").unwrap() < page.find("stimmt</span>").unwrap(),
        "what is wrong comes first"
    );
    let tried = b.get(&format!("{address}?probe=ja&p_betrag=60.000,00")).await.text();
    assert!(tried.contains("Es gilt: <strong>Zeile 1</strong>.") && tried.contains("value=\"60000,00\""));
    assert_eq!(fake.protokoll(), ["probieren {\"betrag\":\"60000.00\"}"]);
    let wrong = b.get(&format!("{address}?probe=ja&p_betrag=viel")).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text().contains("„betrag“ ist eine Zahl"));
    let stand = hidden(&page, "stand");
    let post = format!("{address}/beispiele");
    let row = [("nr", "0"), ("stand", &stand), ("tun", "speichern"), ("e_betrag", "10"), ("a_zweite", "nein")];
    let done = b.post(&post, &[&row[..], &[("grund", "Grenzfall")]].concat()).await;
    assert_eq!(done.header("location"), format!("{address}?meldung=beispiel"));
    let log = fake.protokoll().pop().unwrap();
    assert!(
        log.contains("3 {\"eingabe\":{\"betrag\":\"10\"},\"erwartet\":{\"zweite\":false},\"stadt\":true} Grenzfall"),
        "{log}"
    );
    let gone = [("nr", "1"), ("stand", &stand), ("tun", "entfernen"), ("grund", "doppelt")];
    assert_eq!(b.post(&post, &gone).await.status, StatusCode::SEE_OTHER);
    assert!(fake.protokoll().pop().unwrap().contains(" 1 {"), "one row is left");
    let stale = [("nr", "1"), ("stand", "x"), ("tun", "entfernen"), ("grund", "doppelt")];
    assert_eq!(b.post(&post, &stale).await.status, StatusCode::CONFLICT);
    assert!(b.get(&format!("{address}?zeile=2")).await.text().contains("Beispiel 2 ändern</h2>"));
}

#[tokio::test]
async fn a_version_is_shown_in_figures() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "betrieb");
    let page = b.get("/betrieb/fassungen/rechnung/2?tage=90").await.text();
    assert!(page.contains("3 hier, 120 durch") && page.contains("½ 2 Tage") && page.contains("5 Tage"));
    assert!(
        page.contains("aria-label=\"Ablauf in Zahlen: jetzt 3 bei Sachlich prüfen. Die Tabelle nennt alle Zahlen.\"")
    );
    assert!(page.contains("Nicht erreicht: 1") && page.contains("die letzten 90 Kalendertage"));
    let page = b.get("/betrieb/fassungen/rechnung/2?tage=4711").await.text();
    assert!(page.contains("die letzten 30 Kalendertage"), "only the offered periods");
    let others = Browser::als(&fake, "poststelle");
    for address in ["/betrieb/fassungen/rechnung/2", "/betrieb/tabellen/anordnung.dmn/1", &format!("{V}1")] {
        assert_eq!(others.get(address).await.status, StatusCode::FORBIDDEN, "{address}");
    }
    assert_eq!(b.get("/betrieb/fassungen/rechnung/vergleich?von=1").await.status, StatusCode::NOT_FOUND);
    assert!(
        b.get("/betrieb/fassungen/rechnung/vergleich?von=1&nach=2").await.text().contains("Fassung 1 und Fassung 2")
    );
}

#[tokio::test]
async fn an_operator_starts_a_process_of_the_city() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "betrieb");
    let page = b.get("/betrieb/fassungen/baumfaellung/starten").await.text();
    assert!(page.contains("Baumfällung starten") && page.contains("Weitere Werte"), "{page}");

    let empty = b.post("/betrieb/fassungen/baumfaellung/starten", &[("schluessel", "1")]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.text().contains("Füllen Sie das Feld „Ort“ aus."));

    let fields = [("schluessel", "1"), ("f.ort", "Stadtgarten"), ("f.werte.0.name", "baeume"), ("f.werte.0.wert", "3")];
    let done = b.post("/betrieb/fassungen/baumfaellung/starten", &fields).await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert!(done.header("location").ends_with("?meldung=gestartet"), "{}", done.header("location"));
    let log = fake.protokoll().join("\n");
    assert!(log.contains("start baumfaellung") && log.contains(r#"{"baeume":3,"ort":"Stadtgarten"}"#), "{log}");

    let own = b.get("/betrieb/fassungen/rechnung/starten").await;
    assert_eq!(own.status, 409, "the house starts its own processes by itself");
    let other = Browser::als(&fake, "feststellung");
    assert_eq!(other.post("/betrieb/fassungen/baumfaellung/starten", &fields).await.status, 403);
}
