// SPDX-License-Identifier: EUPL-1.2
//! Invoices as those who establish and order them see them, without script.

use axum::http::StatusCode;

use crate::{
    browser::{Browser, hidden},
    gemein::Fake,
};

const RECHNUNG: &str = "/aufgaben/00000000-0000-0005-0000-000000000002";
const ANORDNUNG: &str = "/aufgaben/00000000-0000-0005-0000-000000000003";

const LINES: &[(&str, &str)] = &[
    ("version", "1"),
    ("schluessel", "k1"),
    ("f.kontierung.0.sachkonto", "44310000"),
    ("f.kontierung.0.kostenstelle", "66010200"),
    ("f.kontierung.0.betrag", "1.190,00"),
];

fn with<'a>(base: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [base, more].concat()
}

#[tokio::test]
async fn an_invoice_needs_lines_that_add_up_and_a_confirmation() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let mut short = LINES.to_vec();
    short[4].1 = "1.100,00";
    let page = b.post(RECHNUNG, &with(&short, &[("entscheidung", "freigeben")])).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = page.text();
    assert!(
        text.contains(
            "Die Aufteilung ergibt 1.100,00\u{a0}€. Die Rechnung hat 1.190,00\u{a0}€. Es fehlen 90,00\u{a0}€."
        )
    );
    assert!(
        text.contains("href=\"#f-kontierung-0-betrag\"") && text.contains("value=\"66010200\""),
        "summary links to the field, input stays"
    );
    let page = b.post(RECHNUNG, &with(LINES, &[("entscheidung", "freigeben")])).await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.text();
    assert!(text.contains("1.190,00\u{a0}€ an Musterbau GmbH, IBAN DE02\u{a0}1203\u{a0}0000\u{a0}0000\u{a0}2020\u{a0}51, aus 66010200. Sachlich und rechnerisch richtig."));
    assert_eq!(hidden(&text, "bestaetigt"), "freigeben");
    assert!(fake.protokoll().is_empty(), "nothing happened before the confirmation");
    let done = b.post(RECHNUNG, &with(LINES, &[("entscheidung", "freigeben"), ("bestaetigt", "freigeben")])).await;
    assert_eq!(done.header("location"), "/aufgaben/rechnungen?meldung=erledigt");
    assert!(fake.protokoll()[0].contains("\"betrag\":\"1190.00\""));
    assert!(b.get("/aufgaben/rechnungen").await.text().contains("Keine Rechnung wartet auf Sie."));
}

#[tokio::test]
async fn a_faster_colleague_is_named_and_the_input_is_kept() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let mut old = LINES.to_vec();
    old[0].1 = "0";
    let page = b.post(RECHNUNG, &with(&old, &[("entscheidung", "freigeben"), ("bestaetigt", "freigeben")])).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    let text = page.text();
    assert!(text.contains("Frau Beispiel hat diese Aufgabe um 10:42 Uhr geändert. Ihre Eingaben sind gesichert."));
    assert!(text.contains("value=\"66010200\"") && hidden(&text, "version") == "1");
    assert!(b.get(RECHNUNG).await.text().contains("value=\"66010200\""), "the draft is on the server");
}

#[tokio::test]
async fn sending_back_needs_a_reason_only() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let page = b.post(RECHNUNG, &[("version", "1"), ("entscheidung", "zurueckgeben")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text().contains("Nennen Sie einen Grund. Er steht später im Verlauf."));
    let page =
        b.post(RECHNUNG, &[("version", "1"), ("entscheidung", "zurueckgeben"), ("f.bemerkung", "Seite 2 fehlt")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let unknown = b.post(ANORDNUNG, &[("entscheidung", "loeschen")]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND, "a task of another group does not exist");
}

#[tokio::test]
async fn the_second_person_is_another_one() {
    let fake = Fake::neu();
    fake.welt.lock().unwrap().aufgaben[2].verlauf[1].person = Some("Anna Anordnung".into());
    let b = Browser::als(&fake, "anordnung");
    let page = b.get(ANORDNUNG).await.text();
    assert!(page.contains("Sie haben diese Rechnung schon sachlich geprüft. Die Freigabe macht eine zweite Person."));
    assert!(!page.contains("name=\"entscheidung\""));
}

#[tokio::test]
async fn one_more_account_line_without_script() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let page = b.post(RECHNUNG, &with(LINES, &[("aktion", "zeile")])).await;
    assert_eq!(page.header("location"), format!("{RECHNUNG}#kontierung"));
    let text = b.get(RECHNUNG).await.text();
    assert!(
        text.contains("f-kontierung-1-betrag")
            && text.contains("value=\"66010200\"")
            && !text.contains("f-kontierung-2-betrag")
    );
}

#[tokio::test]
async fn a_cut_needs_a_smaller_amount_a_reason_and_lines_that_add_up_to_it() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let page = b.get(RECHNUNG).await.text();
    assert!(page.contains("<details class=\"selten\"><summary>"), "rare fields are folded up");
    let wrong = b.post(RECHNUNG, &with(LINES, &[("entscheidung", "kuerzen"), ("f.anerkannt", "1.190,00")])).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = wrong.text();
    assert!(text.contains("Der anerkannte Betrag muss kleiner sein als 1.190,00"), "not less than the invoice");
    assert!(text.contains("<details class=\"selten\" open>"), "a mistake is never folded up");
    let cut = [("f.kontierung.0.betrag", "1.000,00"), ("f.anerkannt", "1.000,00"), ("f.bemerkung", "Pos. 3 fehlt")];
    let lines: Vec<_> = LINES.iter().copied().filter(|(k, _)| !k.ends_with("betrag")).collect();
    let asked = b.post(RECHNUNG, &with(&with(&lines, &cut), &[("entscheidung", "kuerzen")])).await;
    assert!(asked.text().contains("Nur 1.000,00"), "the bar names what will be paid");
    let form = with(&with(&lines, &cut), &[("entscheidung", "kuerzen"), ("bestaetigt", "kuerzen")]);
    assert_eq!(b.post(RECHNUNG, &form).await.status, StatusCode::SEE_OTHER);
    let log = fake.protokoll().join("\n");
    assert!(log.contains("\"anerkannt\":\"1000.00\"") && log.contains("\"entscheidung\":\"kuerzen\""), "{log}");
}

#[tokio::test]
async fn the_money_is_seen_and_a_report_is_made() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let dokument = "/dokumente/00000000-0000-0002-0000-000000000002";
    let melden = "/ablaeufe/00000000-0000-0006-0000-000000000002/melden";
    let page = b.get(dokument).await.text();
    let section = page.split("Buchung und Zahlung").nth(1).unwrap().split("</ol>").next().unwrap();
    for word in
        ["übergeben", "abgelehnt", "20.11.2026 · Kreditor gesperrt", "quittiert", "21.11.2026 · Beleg 1900004711"]
    {
        assert!(section.contains(word), "{word}: {section}");
    }
    assert!(page.contains(&format!("href=\"{melden}\"")));
    let page = b.get(melden).await.text();
    assert!(page.contains("Anhalten, die Rechnung ist strittig") && page.contains("Die Fristen laufen weiter."));
    assert!(!page.contains("Zurückholen"), "only what is possible now");
    let empty = b.post(melden, &[("nachricht", "Rechnung angehalten"), ("text", " ")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text().contains("Schreiben Sie dazu, was geschehen ist."));
    let late = b.post(melden, &[("nachricht", "Rechnung zurückgeholt"), ("text", "Fehler")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let done = b.post(melden, &[("nachricht", "Rechnung angehalten"), ("text", "Mangel am Belag")]).await;
    assert_eq!(
        (done.status, done.header("location")),
        (StatusCode::SEE_OTHER, "/dokumente/00000000-0000-0002-0000-000000000002?meldung=gemeldet")
    );
    assert_eq!(fake.protokoll(), ["melden Rechnung angehalten Mangel am Belag Finn Feststeller"]);
    // A process that waits for nothing offers nothing.
    let none = b.get("/ablaeufe/00000000-0000-0006-0000-000000000003/melden").await;
    assert_eq!(none.status, StatusCode::CONFLICT);
}
