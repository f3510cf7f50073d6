// SPDX-License-Identifier: EUPL-1.2
//! The operators' page: incidents by cause, acts with their progress, covered texts, dead letters, workers.

use axum::http::StatusCode;

use crate::browser::{Browser, hidden};
use crate::gemein::Fake;

const STOERUNGEN: &str = "/betrieb/stoerungen";
const BRIEF: &str = "/betrieb/nachrichten/00000000-0000-0008-0000-000000002329";

#[tokio::test]
async fn operators_handle_a_cause_and_see_how_it_goes_on() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "betrieb");
    let page = b.get("/betrieb").await.text();
    assert!(page.contains("2 Ursachen, 3 Vorgänge.") && page.contains("gestört seit 10:12 Uhr"));
    let cause = hidden(&page, "ursache");
    assert!(!cause.contains("10:12"), "numbers are no part of a cause: {cause}");
    let act = |was: &'static str, grund: &'static str| {
        let (b, cause) = (&b, cause.clone());
        async move { b.post(STOERUNGEN, &[("ursache", &cause), ("was", was), ("grund", grund)]).await }
    };
    for (was, grund, says) in [
        ("erneut", "", "Nennen Sie einen Grund."),
        ("erneut", "  a  ", "Nennen Sie einen Grund."),
        ("löschen", "weil es so ist", "Wählen Sie aus, was geschehen soll."),
    ] {
        let refused = act(was, grund).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains(says), "{was} {grund}");
    }
    let done = act("erneut", "Speicher läuft wieder").await;
    let address = done.header("location").to_owned();
    assert!(address.starts_with("/betrieb/einreihungen/"), "{address}");
    let page = b.get(&address).await.text();
    assert!(page.contains("<h1 class=\"kern-heading-large\">2 Vorgänge eingereiht</h1>"));
    assert!(page.contains("Es läuft noch. 0 erledigt, 1 wieder gestört, 1 warten."), "no false success");
    assert!(page.contains("hx-trigger=\"every 2s\""), "it looks again by itself");
    let failed = page.find("wieder gestört</span>").unwrap();
    assert!(failed < page.find("wartet</span>").unwrap(), "what needs somebody stands first");
    let page = b.get("/betrieb").await.text();
    assert!(page.contains("1 Ursache, 1 Vorgang.") && page.contains(&address));
    let gone = act("erneut", "noch einmal").await;
    assert!(gone.status == StatusCode::UNPROCESSABLE_ENTITY && gone.text().contains("gibt es nicht mehr"));
    assert_eq!(fake.protokoll(), ["Erneut 2 Speicher läuft wieder Bea Betrieb"]);
    assert_eq!(Browser::als(&fake, "poststelle").get("/betrieb").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_incident_is_left_out_or_given_to_somebody() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "betrieb");
    let cause = hidden(&b.get("/betrieb").await.text(), "ursache");
    let bea = crate::gemein::person("betrieb").person.to_string();
    let give = |an: String| {
        let (b, cause) = (&b, cause.clone());
        async move {
            let fields = [("ursache", cause.as_str()), ("was", "zuweisen"), ("an", &an), ("grund", "kennt sich aus")];
            b.post(STOERUNGEN, &fields).await
        }
    };
    assert_eq!(give("niemand hier".to_owned()).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(give(bea).await.header("location"), "/betrieb?meldung=zugewiesen&anzahl=2");
    let page = b.get("/betrieb?meldung=zugewiesen&anzahl=2").await.text();
    assert!(page.contains("2 Störungen sind zugewiesen.") && page.contains("bei Bea Betrieb"));
    let fields = [("ursache", cause.as_str()), ("was", "ueberspringen"), ("grund", "liegt schon in der Akte")];
    let left_out = b.post(STOERUNGEN, &fields).await;
    assert!(b.get(left_out.header("location")).await.text().contains("2 Vorgänge übersprungen"));
    assert_eq!(fake.protokoll().last().unwrap(), "Ueberspringen 2 liegt schon in der Akte Bea Betrieb");
}

#[tokio::test]
async fn texts_of_a_job_are_covered_until_somebody_says_why() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "betrieb");
    let page = b.get("/betrieb").await.text();
    let address = page.split("href=\"/betrieb/auftraege/").nth(1).unwrap().split('"').next().unwrap();
    let address = format!("/betrieb/auftraege/{address}");
    let covered = b.get(&address).await.text();
    assert!(covered.contains("Dokument ablegen") && covered.contains("•••") && !covered.contains("Erika"));
    let refused = b.post(&address, &[("grund", "")]).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && !refused.text().contains("Erika"));
    let open = b.post(&address, &[("grund", "Absender unklar")]).await.text();
    assert!(open.contains("Erika Muster") && open.contains("Die Angaben sind aufgedeckt."));
    assert_eq!(fake.protokoll(), ["aufgedeckt Absender unklar Bea Betrieb"]);
    assert_eq!(b.get("/betrieb/auftraege/00000000-0000-0000-0000-000000000001").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn dead_letters_go_back_or_away() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "betrieb");
    let page = b.get("/betrieb").await.text();
    assert!(page.contains("Seiten erkennen") && page.contains("Arbeiter sind daran mehrmals gestorben"));
    assert!(page.contains("Kein Dienst kann diese Nachricht lesen"));
    for (was, grund) in [("einreihen", ""), ("fressen", "Fassung 2 ist da")] {
        let refused = b.post(BRIEF, &[("was", was), ("grund", grund)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{was}");
    }
    let done = b.post(BRIEF, &[("was", "einreihen"), ("grund", "Fassung 2 ist da")]).await;
    assert_eq!(done.header("location"), "/betrieb?meldung=nachricht-einreihen");
    assert!(b.get(done.header("location")).await.text().contains("Die Nachricht ist wieder eingereiht."));
    let again = b.post(BRIEF, &[("was", "verwerfen"), ("grund", "Fassung 2 ist da")]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "it is gone");
    assert_eq!(fake.protokoll(), ["totbrief Einreihen Fassung 2 ist da Bea Betrieb"]);
}

#[tokio::test]
async fn a_type_of_job_without_a_worker_is_seen() {
    let page = Browser::als(&Fake::neu(), "betrieb").get("/betrieb").await.text();
    let row = |typ: &str| {
        let at = page.find(&format!(">{typ}<")).unwrap();
        page[at..].split("</tr>").next().unwrap().to_owned()
    };
    let (busy, idle) = page.split_once("Was gerade ruht").unwrap();
    assert!(!busy.contains("akten.zda.v1") && idle.contains("akten.zda.v1"));
    assert!(row("erkennung.seiten.v1").contains("312") && row("erkennung.seiten.v1").contains("1 Min."));
    assert!(row("stadt.kasse.v1").contains("kern-badge--danger") && row("stadt.kasse.v1").contains("keiner"));
    assert!(row("uebergabe.mail.v1").contains("unbekannt"), "the bus does not answer");
}
