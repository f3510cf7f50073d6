// SPDX-License-Identifier: EUPL-1.2
//! A Vorlage in the whole house beyond its release: agenda, dispatch, session, minutes, publication, control of the
//! decision, with the clock moved on as time goes by.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use std::time::Duration;

use gemein::haus::{Haus, object};
use nachrichten::{Actor, DokumentId, InstanceId, Timestamp, ablaeufe::Ablaeufe, aufgaben::AufgabeSeite};
use serde_json::{Value, json};
use service_platform::uhr::Clock as _;

async fn starte(haus: &Haus, folge: Value) -> InstanceId {
    let demirel = haus.person("sachbearbeitung").await;
    let vorlage = json!({ "titel": "Radweg Rebhang", "text": "Der Gemeinderat beschließt den Radweg.", "sichtbarkeit": "oeffentlich", "aemter": ["30"],
        "finanziell": null, "klima": "positiv", "beratungsfolge": folge, "von": "Ayla Demirel", "amt": "66" });
    Ablaeufe::start(&haus.app.geschaeftsgang, &demirel, "beschlussvorlage", object(json!({ "vorlage": vorlage })), "1")
        .await
        .unwrap()
}

/// The open task at this element for this person; the minutes are an instance of their own.
async fn aufgabe(haus: &Haus, kennung: &str, element: &str) -> (Actor, AufgabeSeite) {
    let person = haus.person(kennung).await;
    let seite = haus.aufgabe_wo(&person, element, |_| true).await;
    (person, seite)
}

async fn macht(haus: &Haus, kennung: &str, element: &str, werte: Value) {
    let (person, seite) = aufgabe(haus, kennung, element).await;
    haus.erledige(&person, &seite, werte).await;
}

fn bis(haus: &Haus, tag: &str) {
    let at: Timestamp = format!("{tag}T08:00:00Z").parse().unwrap();
    let now = haus.app.clock.now();
    assert!(at > now);
    haus.app.clock.set_offset(haus.app.clock.offset() + at.0 - now.0);
}

async fn freigegeben(haus: &Haus) {
    macht(haus, "amtsleitung", "Amtsleitung", json!({ "entscheidung": "mitzeichnen" })).await;
    macht(haus, "rechtsamt", "Mitzeichnung", json!({ "entscheidung": "mitzeichnen" })).await;
    macht(haus, "dezernat", "Dezernat", json!({ "entscheidung": "zeichnen" })).await;
    macht(haus, "ob", "ObFreigabe", json!({ "entscheidung": "freigeben" })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_agenda_to_the_last_report() {
    let haus = Haus::neu().await;
    let id =
        starte(&haus, json!([{ "gremium": "Gemeinderat", "rolle": "entscheidung", "termin": "2026-12-15" }])).await;
    freigegeben(&haus).await;
    macht(&haus, "geschaeftsstelle", "Tagesordnung", json!({ "entscheidung": "aufsetzen", "termin": "2026-12-15" }))
        .await;
    bis(&haus, "2026-12-05");
    macht(&haus, "geschaeftsstelle", "Versand", json!({ "entscheidung": "versendet" })).await;
    bis(&haus, "2026-12-15");
    let da = json!({ "entscheidung": "weiter", "mitglieder": 48, "anwesend": 40, "befangene": [{ "name": "Alma Beispiel", "grund": "Anwohnerin" }] });
    macht(&haus, "geschaeftsstelle", "Befangenheit", da).await;
    let stimmen = json!({ "entscheidung": "abgestimmt", "ja": 30, "nein": 9, "enthaltungen": 0, "beschlusstext": "Der Radweg wird gebaut." });
    macht(&haus, "geschaeftsstelle", "Abstimmung", stimmen).await;

    // The minutes: four hands, two of them of two members, each bound to the wording.
    macht(
        &haus,
        "geschaeftsstelle",
        "Entwurf",
        json!({ "entscheidung": "fertig", "text": "Der Rat beschließt mit 30 zu 9." }),
    )
    .await;
    macht(&haus, "ratsmitglied", "UnterschriftMitglied1", json!({ "entscheidung": "unterschreiben" })).await;
    let (grams, zweite) = aufgabe(&haus, "ratsmitglied", "UnterschriftMitglied2").await;
    let refused = haus.versuche(&grams, &zweite, json!({ "entscheidung": "unterschreiben" })).await.unwrap_err();
    assert_eq!((refused.status, refused.code.0), (403, "E3003"), "two members are two persons");
    macht(&haus, "ratsmitglied2", "UnterschriftMitglied2", json!({ "entscheidung": "unterschreiben" })).await;
    macht(&haus, "ob", "UnterschriftVorsitz", json!({ "entscheidung": "unterschreiben" })).await;
    macht(&haus, "geschaeftsstelle", "UnterschriftSchriftfuehrung", json!({ "entscheidung": "unterschreiben" })).await;
    macht(&haus, "geschaeftsstelle", "Kenntnisgabe", json!({ "entscheidung": "ohne_einwendung" })).await;

    macht(&haus, "geschaeftsstelle", "Veroeffentlichung", json!({ "entscheidung": "bekannt_gemacht" })).await;
    macht(&haus, "ob", "WiderspruchPruefen", json!({ "entscheidung": "kein_widerspruch" })).await;
    let teile = json!([{ "amt": "66", "text": "Radweg bauen", "faellig": "2027-01-29" }]);
    macht(
        &haus,
        "geschaeftsstelle",
        "Ausfertigung",
        json!({ "entscheidung": "ausgefertigt", "teilbeschluesse": teile }),
    )
    .await;
    aufgabe(&haus, "amtsleitung", "Umsetzung").await;
    bis(&haus, "2027-01-30");
    macht(&haus, "ob", "ObListe", json!({ "entscheidung": "gesehen" })).await;
    macht(&haus, "amtsleitung", "Umsetzung", json!({ "entscheidung": "erledigt", "bemerkung": "Der Weg ist offen." }))
        .await;

    let demirel = haus.person("sachbearbeitung").await;
    let mut ablauf = haus.ablauf(&demirel, id).await;
    for _ in 0..400 {
        if ablauf.beendet.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
        ablauf = haus.ablauf(&demirel, id).await;
    }
    assert_eq!(ablauf.stand, "beendet", "{:?}", ablauf.marken);
    // The log with the vote and the report is the document's newest log.
    let dokument: DokumentId = serde_json::from_value(ablauf.variablen["abgelegt"]["dokument"].clone()).unwrap();
    let log = haus.protokoll(&haus.app.cli, dokument).await["protokoll"].clone();
    assert_eq!((&log["beratungen"][0]["ja"], &log["beratungen"][0]["ergebnis"]), (&json!(30), &json!("zustimmend")));
    assert_eq!(log["ausgefuehrt"][0]["sachstand"], "Der Weg ist offen.");
    assert_eq!(log["beschlusstext"], "Der Radweg wird gebaut.");
    haus.ist_sauber().await;
    haus.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vorlage_is_withdrawn_from_the_agenda_by_its_author() {
    let haus = Haus::neu().await;
    let id = starte(&haus, json!([{ "gremium": "Gemeinderat", "rolle": "entscheidung", "termin": null }])).await;
    freigegeben(&haus).await;
    let (geschaeftsstelle, _) = aufgabe(&haus, "geschaeftsstelle", "Tagesordnung").await;
    let engine = &haus.app.geschaeftsgang;
    assert_eq!(engine.zurueckziehen(&geschaeftsstelle, id, "x").await.unwrap_err().status, 403, "not hers");
    let demirel = haus.person("sachbearbeitung").await;
    engine.zurueckziehen(&demirel, id, "Der Zuschuss fehlt.").await.unwrap();
    let ablauf = haus.ablauf(&demirel, id).await;
    assert_eq!((ablauf.stand.as_str(), ablauf.aufgaben.len()), ("beendet", 0));
    assert!(ablauf.verlauf.iter().any(|s| s.person.as_deref() == Some("Ayla Demirel")
        && (s.ereignis.as_str(), s.text.as_deref()) == ("zurückgezogen", Some("Der Zuschuss fehlt."))));
    haus.ist_sauber().await;
    haus.app.stop().await;
}
