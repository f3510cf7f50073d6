// SPDX-License-Identifier: EUPL-1.2
//! Who does what until when: handing on, substitution, due dates, the mail in the morning, Wiedervorlage.

use axum::http::StatusCode;

use crate::{browser::Browser, gemein::Fake};

const SCAN: &str = "/aufgaben/00000000-0000-0005-0000-000000000001";
const RECHNUNG: &str = "/aufgaben/00000000-0000-0005-0000-000000000002";
const DOKUMENT: &str = "/dokumente/00000000-0000-0002-0000-000000000001";

#[tokio::test]
async fn a_task_is_given_to_another_person_with_a_reason() {
    let b = Browser::als(&Fake::neu(), "poststelle");
    assert!(b.get(SCAN).await.text().contains(&format!("href=\"{SCAN}/weitergeben\"")));
    let address = format!("{SCAN}/weitergeben");
    let page = b.get(&address).await.text();
    assert!(page.contains(">Finn Feststeller, ") && !page.contains(">Pia Poststelle, "), "everybody else");
    let finn = crate::gemein::person("feststellung").person.to_string();
    for wrong in [&[("version", "1"), ("grund", "Urlaub")][..], &[("version", "1"), ("an", finn.as_str())]] {
        let page = b.post(&address, wrong).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.text().contains("role=\"alert\""));
    }
    let done = b.post(&address, &[("version", "1"), ("an", finn.as_str()), ("grund", "kennt den Fall")]).await;
    assert_eq!(done.header("location"), "/aufgaben/scanpruefung?meldung=weitergegeben");
    assert!(b.get(SCAN).await.text().contains("übernommen von Finn Feststeller"));
}

#[tokio::test]
async fn a_substitution_needs_a_person_an_end_and_a_reason() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let page = b.get("/vertretung").await.text();
    assert!(page.contains("Karl Kämmerer") && page.contains("alle Aufgaben") && !page.contains("name=\"person\""));
    let anna = crate::gemein::person("anordnung").person.to_string();
    let all = [
        ("vertreter", anna.as_str()),
        ("von", "23.11.2026"),
        ("bis", "27.11.2026"),
        ("umfang", "rechnung"),
        ("grund", "Urlaub"),
    ];
    for missing in ["vertreter", "von", "bis"] {
        let fields: Vec<_> = all.iter().copied().filter(|(n, _)| *n != missing).collect();
        let page = b.post("/vertretung", &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{missing}");
        assert!(
            page.text().contains("role=\"alert\"") && page.text().contains("value=\"Urlaub\""),
            "what was typed stays"
        );
    }
    assert_eq!(b.post("/vertretung", &all).await.header("location"), "/vertretung?meldung=vertretung");
    assert_eq!(fake.protokoll(), ["vertretung 2026-11-23 bis 2026-11-27 rechnung Finn Feststeller"]);
    assert!(Browser::als(&fake, "betrieb").get("/vertretung").await.text().contains("name=\"person\""));
}

#[tokio::test]
async fn a_due_date_is_moved_with_a_reason_and_the_ladder_shows_in_lists() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    assert!(b.get(RECHNUNG).await.text().contains("/frist\"><span class=\"kern-label\">Frist verlegen</span>"));
    let address = format!("{RECHNUNG}/frist");
    let wrong = b.post(&address, &[("version", "1"), ("auf", "bald"), ("grund", "x")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("Schreiben Sie den Tag so") && wrong.text().contains("value=\"bald\""));
    let bare = b.post(&address, &[("version", "1"), ("auf", "7.12.2026"), ("grund", "")]).await.text();
    assert!(bare.contains("Schreiben Sie einen Grund dazu."));
    let done = b.post(&address, &[("version", "1"), ("auf", "7.12.2026"), ("grund", "Gutachten fehlt")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    {
        let mut welt = fake.welt.lock().unwrap();
        let task = welt.aufgaben.iter_mut().find(|a| RECHNUNG.ends_with(&a.aufgabe.id.to_string())).unwrap();
        assert_eq!(task.aufgabe.faellig.unwrap().to_string(), "2026-12-07");
        task.aufgabe.mahnung = Some(nachrichten::aufgaben::Mahnung {
            art: nachrichten::aufgaben::MahnArt::Eskalation,
            gruppe: Some("Amtsleitung-66".into()),
            am: "2026-11-23T08:00:00Z".parse().unwrap(),
        });
    }
    let told = "eskaliert an Amtsleitung Tiefbauamt am 23.11.2026";
    assert!(b.get("/aufgaben/rechnungen").await.text().contains(told) && b.get(RECHNUNG).await.text().contains(told));
    let betrieb = Browser::als(&fake, "betrieb").get("/betrieb").await.text();
    assert!(betrieb.contains("Gruppen ohne Personen") && betrieb.contains("3 offene Aufgaben"));
}

#[tokio::test]
async fn the_mail_in_the_morning_can_be_switched_off() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let page = b.get("/einstellungen").await.text();
    assert!(page.contains("feststellung@stadt.example") && page.contains("value=\"ja\" checked"));
    let done = b.post("/einstellungen", &[]).await;
    assert_eq!(done.header("location"), "/einstellungen?meldung=einstellungen");
    assert!(!b.get("/einstellungen").await.text().contains("value=\"ja\" checked"));
    b.post("/einstellungen", &[("tageshinweise", "ja")]).await;
    assert_eq!(fake.protokoll(), ["tageshinweise false Finn Feststeller", "tageshinweise true Finn Feststeller"]);
    let none = Browser::als(&fake, "revision").get("/einstellungen").await.text();
    assert!(none.contains("nicht eingetragen") && none.contains("Der Betrieb trägt sie ein."));
}

#[tokio::test]
async fn a_wiedervorlage_is_set_changed_and_cancelled() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let link = "/wiedervorlagen/neu?zu=dokument%3A00000000-0000-0002-0000-000000000001";
    let page = b.get(DOKUMENT).await.text();
    assert!(page.contains(link) && page.contains("Antwort des Landes abwarten"), "the page lists what is open");
    assert!(b.get(RECHNUNG).await.text().contains("/wiedervorlagen/neu?zu=aufgabe%3A"));
    let akte = b.get("/akten/00000000-0000-0003-0000-000000000001").await.text();
    assert!(akte.contains("zu=akte%3A") && akte.contains("zu=vorgang%3A"));
    let form = b.get(link).await.text();
    assert!(form.contains("<optgroup label=\"Gruppen\">") && form.contains("Sachbearbeitung, Tiefbauamt"));
    let me = format!("person:{}", crate::gemein::person("feststellung").person);
    let zu = "dokument:00000000-0000-0002-0000-000000000001";
    let fields = |datum: &'static str, grund: &'static str| {
        vec![("zu", zu), ("schluessel", "k"), ("datum", datum), ("grund", grund), ("an", me.as_str())]
    };
    let wrong = b.post("/wiedervorlagen/neu", &fields("bald", "x")).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text().contains("value=\"bald\""));
    // Saturday: the page says so and has Monday ready.
    let saturday = b.post("/wiedervorlagen/neu", &fields("28.11.2026", "nachfassen")).await;
    assert_eq!(saturday.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = saturday.text();
    assert!(text.contains("kein Arbeitstag") && text.contains("value=\"30.11.2026\"") && text.contains("value=\"k\""));
    let done = b.post("/wiedervorlagen/neu", &fields("30.11.2026", "nachfassen")).await;
    assert_eq!(done.header("location"), format!("{DOKUMENT}?meldung=wiedervorlage"));
    assert_eq!(fake.protokoll(), [format!("wiedervorlage {zu} 2026-11-30 nachfassen {me} 1")]);

    let list = b.get("/wiedervorlagen").await.text();
    assert!(list.contains("nachfassen") && list.contains("07.12.2026") && list.contains("Heute wird Ihnen nichts"));
    let one = "/wiedervorlagen/00000000-0000-0000-0000-000000007000";
    assert!(b.get(one).await.text().contains("value=\"07.12.2026\""));
    let change = [("datum", "8.12.2026"), ("grund", "später"), ("an", me.as_str()), ("warum", "Urlaub")];
    assert_eq!(b.post(one, &change[..3]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(b.post(one, &change).await.header("location"), "/wiedervorlagen?meldung=wiedervorlage-neu");
    let cancel = format!("{one}/absagen");
    assert_eq!(b.post(&cancel, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(b.post(&cancel, &[("warum", "erledigt")]).await.status, StatusCode::SEE_OTHER);
    assert!(b.get(DOKUMENT).await.text().contains("abgesagt am 23.11.2026"), "the thing keeps it");
}
