// SPDX-License-Identifier: EUPL-1.2
//! The path of a Beschlussvorlage: head of office, offices side by side, Dezernat, OB, filed with every name.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use gemein::haus::{Haus, object};
use nachrichten::{
    DokumentId, InstanceId,
    ablaeufe::{Ablaeufe, Ablauf},
    aufgaben::AufgabeSeite,
    dokumente::Dokumente as _,
};
use serde_json::{Value, json};

fn vorlage(titel: &str, aemter: &[&str], finanziell: Value) -> Value {
    json!({ "vorlage": {
        "titel": titel, "text": "Der Gemeinderat beschließt den Ausbau des Radwegs Rebhang – Bahnhof.",
        "sichtbarkeit": "oeffentlich", "aemter": aemter, "finanziell": finanziell, "von": "Ayla Demirel", "amt": "66",
    } })
}

async fn starte(haus: &Haus, werte: Value) -> InstanceId {
    let demirel = haus.person("sachbearbeitung").await;
    let start =
        || Ablaeufe::start(&haus.app.geschaeftsgang, &demirel, "beschlussvorlage", object(werte.clone()), "formular-1");
    let id = start().await.unwrap();
    assert_eq!(start().await.unwrap(), id, "the form sent twice is one process");
    id
}

async fn aufgabe(haus: &Haus, kennung: &str, element: &str, id: InstanceId) -> AufgabeSeite {
    let person = haus.person(kennung).await;
    haus.aufgabe_wo(&person, element, |a| a.aufgabe.ablauf == id).await
}

async fn zeichne(haus: &Haus, kennung: &str, element: &str, id: InstanceId, werte: Value) {
    let offen = aufgabe(haus, kennung, element, id).await;
    let person = haus.person(kennung).await;
    haus.erledige(&person, &offen, werte).await;
}

async fn beendet(haus: &Haus, id: InstanceId) -> Ablauf {
    let demirel = haus.person("sachbearbeitung").await;
    for _ in 0..400 {
        let ablauf = haus.ablauf(&demirel, id).await;
        if ablauf.beendet.is_some() {
            return ablauf;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("not ended: {:?}", haus.ablauf(&demirel, id).await.marken);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vorlage_goes_through_the_house_and_every_name_stands_in_the_log() {
    let haus = Haus::neu().await;
    let id = starte(&haus, vorlage("Radweg Rebhang", &["30", "61"], json!(true))).await;
    zeichne(&haus, "amtsleitung", "Amtsleitung", id, json!({ "entscheidung": "mitzeichnen" })).await;

    // All three are open at once: the two that were chosen, and the Kämmerei because it costs money.
    let recht = aufgabe(&haus, "rechtsamt", "Mitzeichnung", id).await;
    let planung = aufgabe(&haus, "leitung.planung", "Mitzeichnung", id).await;
    let geld = aufgabe(&haus, "kaemmerer", "Mitzeichnung", id).await;
    assert_eq!(
        [&recht, &planung, &geld].map(|a| a.aufgabe.gruppe.as_str()),
        ["Mitzeichnung-30", "Mitzeichnung-61", "Mitzeichnung-20"]
    );
    let fremd = haus.person("leitung.planung").await;
    assert_eq!(haus.versuche(&fremd, &recht, json!({ "entscheidung": "mitzeichnen" })).await.unwrap_err().status, 403);

    zeichne(&haus, "kaemmerer", "Mitzeichnung", id, json!({ "entscheidung": "mitzeichnen" })).await;
    let hinweis = json!({ "entscheidung": "mit_hinweis", "bemerkung": "Grunderwerb ist noch offen." });
    zeichne(&haus, "rechtsamt", "Mitzeichnung", id, hinweis).await;
    let demirel = haus.person("sachbearbeitung").await;
    let marken = haus.ablauf(&demirel, id).await.marken;
    assert!(marken.iter().all(|m| m.element != "Dezernat"), "the Dezernat waits for the last office: {marken:?}");
    zeichne(&haus, "leitung.planung", "Mitzeichnung", id, json!({ "entscheidung": "mitzeichnen" })).await;

    let dezernat = aufgabe(&haus, "dezernat", "Dezernat", id).await;
    assert_eq!(dezernat.aufgabe.daten["hinweise"], 1);
    zeichne(&haus, "dezernat", "Dezernat", id, json!({ "entscheidung": "zeichnen" })).await;
    zeichne(&haus, "ob", "ObFreigabe", id, json!({ "entscheidung": "freigeben" })).await;

    let ablauf = beendet(&haus, id).await;
    assert_eq!(ablauf.stand, "beendet");
    let persons: Vec<&str> = ablauf.verlauf.iter().filter_map(|s| s.person.as_deref()).collect();
    let all = [
        "Konrad Ellwanger",
        "Friedhelm Osterkamp",
        "Dr. Nikolas Bergengruen",
        "Armin Wieland",
        "Carola Winterstein",
        "Dr. Thea Hallberg",
    ];
    for name in all {
        assert_eq!(persons.iter().filter(|p| **p == name).count(), 1, "{name} signed once: {persons:?}");
    }
    assert!(
        ablauf.verlauf.iter().any(|s| s.text.as_deref().is_some_and(|t| t.contains("Grunderwerb"))),
        "the remark stands there"
    );

    let dokument: DokumentId = serde_json::from_value(ablauf.variablen["abgelegt"]["dokument"].clone()).unwrap();
    let d = haus.dokument(&haus.app.cli, dokument).await;
    assert_eq!((d.stand.as_str(), d.titel.as_str()), ("abgelegt", "Radweg Rebhang"));
    assert!(d.ablage.is_some());
    let log = haus.protokoll(&haus.app.cli, dokument).await.to_string();
    for name in all {
        assert!(log.contains(name), "{name} in the filed log {log}");
    }
    let text = haus.app.akten.rendition(&haus.app.cli, dokument, "text").await.unwrap();
    assert!(String::from_utf8(text.bytes).unwrap().contains("Ausbau des Radwegs"));
    haus.ist_sauber().await;
    haus.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_sends_the_draft_back_and_everybody_signs_the_new_one() {
    let haus = Haus::neu().await;
    let id = starte(&haus, vorlage("Parkgebühren", &["30"], json!(false))).await;
    zeichne(&haus, "amtsleitung", "Amtsleitung", id, json!({ "entscheidung": "mitzeichnen" })).await;
    let nein = json!({ "entscheidung": "ablehnen", "bemerkung": "Die Satzung fehlt." });
    zeichne(&haus, "rechtsamt", "Mitzeichnung", id, nein).await;
    let entwurf = aufgabe(&haus, "amtsleitung", "Ueberarbeitung", id).await;
    assert_eq!(entwurf.aufgabe.daten["grund"], "Die Satzung fehlt.");
    let neu = json!({ "entscheidung": "senden", "titel": "Parkgebühren mit Satzung", "finanziell": false });
    zeichne(&haus, "amtsleitung", "Ueberarbeitung", id, neu).await;

    zeichne(&haus, "amtsleitung", "Amtsleitung", id, json!({ "entscheidung": "mitzeichnen" })).await;
    let recht = aufgabe(&haus, "rechtsamt", "Mitzeichnung", id).await;
    assert_eq!(recht.aufgabe.daten["titel"], "Parkgebühren mit Satzung");
    zeichne(&haus, "rechtsamt", "Mitzeichnung", id, json!({ "entscheidung": "mitzeichnen" })).await;
    zeichne(&haus, "dezernat", "Dezernat", id, json!({ "entscheidung": "zeichnen" })).await;
    zeichne(&haus, "ob", "ObFreigabe", id, json!({ "entscheidung": "freigeben" })).await;
    let ablauf = beendet(&haus, id).await;
    let recht = ablauf.verlauf.iter().filter(|s| s.person.as_deref() == Some("Dr. Nikolas Bergengruen")).count();
    assert_eq!(recht, 2, "one refusal, one signature of the new text");
    haus.ist_sauber().await;
    haus.app.stop().await;
}
