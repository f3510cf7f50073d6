// SPDX-License-Identifier: EUPL-1.2
//! Search in the audit trail: who may, that it needs a reason, pages, and the table for a spreadsheet.

use axum::http::StatusCode;

use crate::{browser::Browser, gemein::Fake};

const SEITE: &str = "/betrieb/protokoll";
const GRUND: (&str, &str) = ("grund", "Beschwerde 12");

fn frage<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("von", "1.11.2026"), ("bis", "30.11.2026"), ("was", "suchen")], more].concat()
}

#[tokio::test]
async fn only_operators_and_the_revision_find_it() {
    let fake = Fake::neu();
    for other in ["poststelle", "geschaeftsstelle"] {
        let b = Browser::als(&fake, other);
        assert_eq!(b.get(SEITE).await.status, StatusCode::NOT_FOUND, "{other}");
        assert_eq!(b.post(SEITE, &frage(&[GRUND])).await.status, StatusCode::NOT_FOUND, "{other}");
        assert!(!b.get("/").await.text().contains(SEITE), "{other}");
    }
    assert!(fake.protokoll().is_empty());
    let page = Browser::als(&fake, "betrieb").get("/betrieb").await.text();
    assert!(page.contains(r#"href="/betrieb/protokoll""#));
    let page = Browser::als(&fake, "revision").get(SEITE).await.text();
    assert!(page.contains(r#"href="/betrieb/protokoll" aria-current="page""#), "in the navigation of the Revision");
    assert!(!page.contains("abgedeckt"), "nothing is covered for the Revision");
}

#[tokio::test]
async fn a_question_needs_days_and_a_reason_and_keeps_what_was_typed() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "betrieb");
    let empty = b.get(SEITE).await.text();
    assert!(empty.contains("abgedeckt") && !empty.contains("Kein Eintrag") && !empty.contains("Einträge</h2>"));
    let none = b.post(SEITE, &frage(&[("grund", ""), ("tat", "abgelegt")])).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = none.text();
    assert!(text.contains("Nennen Sie einen Grund.") && text.contains(r#"value="abgelegt""#));
    let day = b.post(SEITE, &[("von", "gestern"), ("bis", "30.11.2026"), GRUND]).await;
    assert_eq!(day.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(day.text().contains("Schreiben Sie beide Tage so: 23.11.2026."));
    assert!(fake.protokoll().is_empty(), "nothing was asked");
    let found = b.post(SEITE, &frage(&[GRUND, ("tat", "gibt es nicht")])).await.text();
    assert!(found.contains("Kein Eintrag"));
    assert_eq!(fake.protokoll(), ["protokoll Beschwerde 12 Bea Betrieb"]);
}

#[tokio::test]
async fn older_entries_follow_page_by_page() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "revision");
    let first = b.post(SEITE, &frage(&[GRUND])).await.text();
    assert!(
        first.contains("Die 100 neuesten Einträge")
            && first.contains("dokument:100<")
            && !first.contains("dokument:101<")
    );
    let at = first.split(r#"name="weiter" value=""#).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let second = b.post(SEITE, &frage(&[GRUND, ("weiter", &at)])).await.text();
    assert!(second.contains("50 Einträge") && second.contains("dokument:101<") && !second.contains("dokument:100<"));
    assert!(!second.contains("Ältere Einträge"));
}

#[tokio::test]
async fn the_extract_is_a_table_without_formulas() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "betrieb");
    // What was read on the page does not matter: it begins at the newest entry.
    let more = [GRUND, ("was", "auszug"), ("weiter", "17 4 ablauf:1")];
    let fields = [&[("von", "1.11.2026"), ("bis", "30.11.2026")][..], &more].concat();
    let answer = b.post(SEITE, &fields).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.header("content-disposition").contains("Protokoll 2026-11-01 bis 2026-11-30.csv"));
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    let text = answer.text();
    assert_eq!(text.lines().count(), 151);
    assert!(text.starts_with("\u{feff}\"Zeit\";\"Wer\";"));
    assert!(text.contains(r#";"'=HYPERLINK(""x"")";"dokument:1";"{""grund"":""•••""}";"#), "{}", &text[..600]);
    let refused = b.post(SEITE, &[("von", "1.11.2026"), ("bis", "30.11.2026"), ("was", "auszug")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "a reason for it too");
}
