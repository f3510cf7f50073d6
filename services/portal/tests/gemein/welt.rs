// SPDX-License-Identifier: EUPL-1.2
//! What there is at the start of every test.

use nachrichten::{
    AkteId, DokumentId, InstanceId, JobId, VorgangId,
    ablaeufe::Stoerung,
    aufgaben::Schritt,
    dokumente::{AkteSeite, VorgangSeite},
    sendungen::{Kanal, Stand},
};
use serde_json::json;

use super::{
    Welt,
    daten::{Neu, aufgabe, dokument, id, rechnung, sendung, tag, vor, zeile},
    prozesse::ablauf,
};

/// One that Finn set for himself.
fn wiedervorlage() -> nachrichten::wiedervorlage::Wiedervorlage {
    let finn = super::person("feststellung");
    nachrichten::wiedervorlage::Wiedervorlage {
        id: uuid::Uuid::from_u128(0x7000),
        bezug: nachrichten::wiedervorlage::Bezug::Dokument(DokumentId(id(2, 1))),
        titel: "Ausbau des Radwegs in der Kriegsstraße".into(),
        datum: tag("2026-12-07"),
        grund: "Antwort des Landes abwarten".into(),
        an: format!("person:{}", finn.person),
        an_name: Some(finn.name.clone()),
        von: finn.person,
        von_name: finn.name,
        angelegt: vor(60),
        stand: "offen".into(),
        geaendert: vor(60),
        ablauf: InstanceId(id(6, 90)),
        aufgabe: None,
    }
}

pub fn welt() -> Welt {
    let dokumente = vec![
        dokument(1, "Ausbau des Radwegs in der Kriegsstraße", "schreiben", 4, false),
        rechnung(2, "2026-0815", "Musterbau GmbH", "1190.00"),
        rechnung(3, "RE-77120", "Pflasterwerk Beispiel KG", "12480.50"),
        dokument(4, "Widerspruch gegen den Bescheid vom 02.11.2026", "widerspruch", 1, false),
        dokument(5, "Angebot Straßenbeleuchtung", "angebot", 3, true),
        dokument(6, "Protokoll der Baubesprechung", "schreiben", 2, true),
    ];
    let zuordnung = |n, titel, d| {
        aufgabe(Neu {
            n,
            process: "dokument",
            element: "zuordnung",
            name: "Zuordnung bestätigen",
            formular: "zuordnung",
            titel,
            gruppe: "Poststelle",
            faellig: Some("2026-11-23"),
            dokument: Some(d),
            daten: json!({"absender": "Musterbau GmbH", "dokumentart": "schreiben"}),
            variablen: json!({"zustaendigkeit": {"amt": "66", "einheit": "66.10", "akte_titel": "Radweg Kriegsstraße"}}),
        })
    };
    let freigabe = |n, element, name, formular, gruppe, titel, betrag: &str, faellig, d| {
        aufgabe(Neu {
            n,
            process: "rechnung",
            element,
            name,
            formular,
            titel,
            gruppe,
            faellig: Some(faellig),
            dokument: Some(d),
            daten: json!({"lieferant": titel, "betrag": betrag, "skonto_bis": "2026-11-25", "befunde": 2}),
            variablen: json!({}),
        })
    };
    let mut aufgaben = vec![
        zuordnung(1, "Ausbau des Radwegs in der Kriegsstraße", 1),
        freigabe(
            2,
            "feststellung",
            "Sachlich und rechnerisch prüfen",
            "feststellung",
            "Feststellung-66",
            "Rechnung 2026-0815 · Musterbau GmbH",
            "1190.00",
            "2026-11-26",
            2,
        ),
        freigabe(
            3,
            "anordnung",
            "Zahlung anordnen",
            "anordnung",
            "Anordnung-66",
            "Rechnung RE-77120 · Pflasterwerk Beispiel KG",
            "12480.50",
            "2026-11-20",
            3,
        ),
        zuordnung(4, "Widerspruch gegen den Bescheid vom 02.11.2026", 4),
        aufgabe(Neu {
            n: 7,
            process: "posteingang",
            element: "aufgabe_klaerung",
            name: "Sendung klären",
            formular: "klaerung",
            titel: "anlage.docm",
            gruppe: "Poststelle",
            faellig: None,
            dokument: None,
            daten: json!({"grund": "Diese Dateiart wird nicht dargestellt."}),
            variablen: json!({"sendung": {"name": "anlage.docm"}}),
        }),
        aufgabe(Neu {
            n: 8,
            process: "beschlussvorlage",
            element: "mitzeichnung",
            name: "Mitzeichnen",
            formular: "mitzeichnung",
            titel: "Vorlage: Neubau Radweg Kriegsstraße",
            gruppe: "Amt-66",
            faellig: Some("2026-11-27"),
            dokument: None,
            daten: json!({}),
            variablen: json!({"vorlage": {"titel": "Neubau Radweg Kriegsstraße", "text": "Der Gemeinderat beschließt den Neubau des Radwegs.\n\nDie Kosten betragen 250.000 Euro. Der Bau beginnt im Mai 2027.",
                "sichtbarkeit": "nichtoeffentlich", "aemter": ["20", "61"], "finanziell": "250000.00", "von": "Finn Feststeller", "amt": "66"}}),
        }),
    ];
    // The person who established it may not order it.
    aufgaben[2].verlauf.push(Schritt {
        zeit: vor(30),
        element: "feststellung".into(),
        name: "Sachlich und rechnerisch prüfen".into(),
        ereignis: "erledigt".into(),
        person: Some("Finn Feststeller".into()),
        text: Some("Richtig festgestellt.".into()),
    });
    let zeilen = |ids: &[usize]| ids.iter().map(|i| zeile(&dokumente[*i])).collect::<Vec<_>>();
    let akten = vec![AkteSeite {
        id: AkteId(id(3, 1)),
        aktenzeichen: "66.10-2026/14".into(),
        titel: "Radweg Kriegsstraße".into(),
        einheit: "66.10".into(),
        einheit_titel: "Straßenbau".into(),
        amt: "66".into(),
        zda_am: None,
        vorgaenge: vec![VorgangSeite {
            id: VorgangId(id(4, 1)),
            titel: "Planung 2026".into(),
            zda_am: Some(tag("2026-11-23")),
            dokumente: zeilen(&[4, 5]),
        }],
    }];
    let stoerung = |n: u64, ursache: &str, versuche| Stoerung {
        job: JobId(id(7, n)),
        ablauf: InstanceId(id(6, 3)),
        process: "rechnung".into(),
        element: "ablegen".into(),
        name: "Ablegen".into(),
        ursache: ursache.into(),
        seit: vor(100 + n as i64),
        letzter_versuch: Some(vor(5)),
        versuche,
    };
    Welt {
        wiedervorlagen: vec![wiedervorlage()],
        sendungen: vec![
            sendung(9, "stapel-0417.pdf", Kanal::Scan, Stand::Accepted, None, Some("312 von 400 Seiten erkannt"), 0),
            sendung(1, "brief-musterbau.jpg", Kanal::Scan, Stand::Waiting, None, None, 1),
            sendung(2, "xrechnung-2026-0815.xml", Kanal::Mail, Stand::Waiting, None, None, 1),
            sendung(5, "angebot.pdf", Kanal::Upload, Stand::Filed, None, None, 2),
            sendung(
                7,
                "anlage.docm",
                Kanal::Mail,
                Stand::Clearing,
                Some(("format-rejected", "Diese Dateiart wird nicht dargestellt. Das Original ist gespeichert.")),
                None,
                0,
            ),
            sendung(
                8,
                "bombe.pdf",
                Kanal::Scan,
                Stand::Quarantined,
                Some(("quarantine", "Die Datei entpackt sich auf mehr als 200 MB. Sie wird nicht dargestellt.")),
                None,
                0,
            ),
        ],
        ablaeufe: vec![
            ablauf(
                2,
                "rechnung",
                "Rechnung 2026-0815 · Musterbau GmbH",
                "feststellung",
                "Sachlich und rechnerisch prüfen",
                "Wartet auf die Gruppe Feststellung-66.",
                false,
            ),
            ablauf(
                3,
                "rechnung",
                "Rechnung RE-77120 · Pflasterwerk Beispiel KG",
                "anordnung",
                "Zahlung anordnen",
                "Wartet auf die Gruppe Anordnung-66.",
                true,
            ),
            ablauf(
                8,
                "beschlussvorlage",
                "Vorlage: Neubau Radweg Kriegsstraße",
                "mitzeichnung",
                "Mitzeichnen",
                "Wartet auf zwei Ämter.",
                false,
            ),
        ],
        laufwege: vec![super::laufweg::laufweg()],
        stoerungen: vec![
            stoerung(1, "Der Speicher antwortet nicht (503)", 6),
            stoerung(2, "Der Speicher antwortet nicht (500)", 6),
            stoerung(3, "Das Aktenzeichen ist unbekannt", 1),
        ],
        webhooks: super::webhooks::webhooks(),
        dokumente,
        akten,
        aufgaben,
        ..Welt::default()
    }
}
