// SPDX-License-Identifier: EUPL-1.2
//! Invented post of an invented city.

use std::collections::BTreeMap;

use nachrichten::{
    AkteId, BlobHash, DokumentId, InstanceId, JobId, SendungId, Tag, TaskId, Timestamp, VorgangId, Werte,
    ablaeufe::{Ablauf, Marke, Stoerung},
    aufgaben::{Aufgabe, AufgabeSeite, Schritt},
    dokumente::{Ablageort, AkteSeite, AkteZeile, Dokument, DokumentZeile, Rendition, VorgangSeite},
    einordnung::{Feld, Vorschlag},
    erkennung::{Befund, Seite, Stufe, TeilArt},
    rechnung::{RechnungsFakten, Skonto},
    sendungen::{DokumentStand, Grund, Kanal, SendungStand, Stand, WartetAuf},
};
use serde_json::json;
use uuid::Uuid;

use super::{Welt, jetzt};

pub fn id(kind: u8, n: u64) -> Uuid {
    Uuid::from_u128((u128::from(kind) << 64) | u128::from(n))
}
pub fn tag(s: &str) -> Tag {
    s.parse().unwrap()
}
pub fn vor(minuten: i64) -> Timestamp {
    jetzt().plus_seconds(-60 * minuten)
}
fn feld(wert: &str, sicherheit: f32, grund: &str) -> Feld {
    Feld { wert: wert.into(), sicherheit, grund: grund.into(), seite: Some(1), kasten: None }
}
fn werte(v: serde_json::Value) -> Werte {
    v.as_object().cloned().unwrap_or_default()
}

fn rendition(name: &str, media_type: &str, size: u64) -> Rendition {
    Rendition { name: name.into(), media_type: media_type.into(), size, sha256: BlobHash::of(name.as_bytes()) }
}

pub fn dokument(n: u64, titel: &str, art: &str, seiten: u32, abgelegt: bool) -> Dokument {
    let seite = |n| Seite {
        n,
        breite: 1240,
        hoehe: 1754,
        dpi: [150, 150],
        leer: n == 2 && seiten > 2,
        bild: Some(BlobHash::of(b"bild")),
    };
    let mut felder = BTreeMap::new();
    felder.insert("doc_type".into(), feld(art, 0.97, "Betreff enthält das Wort"));
    felder.insert("subject".into(), feld(titel, 0.88, "fett gedruckte Zeile über der Anrede"));
    felder.insert("sender".into(), feld("Musterbau GmbH", 0.91, "Briefkopf oben links"));
    felder.insert("date".into(), feld("2026-11-20", 0.95, "Datum neben „Musterstadt, den“"));
    felder.insert("aktenzeichen".into(), feld("66.10-2026/14", 0.42, "Zahl nach „Ihr Zeichen“"));
    Dokument {
        id: DokumentId(id(2, n)),
        version: 1,
        sendung: SendungId(id(1, n)),
        kanal: Kanal::Scan,
        art: if art == "rechnung" { TeilArt::RechnungXml } else { TeilArt::Scan },
        dokumentart: abgelegt.then(|| art.to_owned()),
        titel: titel.into(),
        name: format!("scan-{n:04}.pdf"),
        stand: if abgelegt { "abgelegt" } else { "eingang" }.into(),
        sha256: BlobHash::of(titel.as_bytes()),
        media_type: "application/pdf".into(),
        zugang: tag("2026-11-20"),
        erfasst: vor(95),
        freigabe: abgelegt.then(|| tag("2026-11-23")),
        seiten: (1..=seiten).map(seite).collect(),
        renditionen: vec![
            rendition("original", "application/pdf", 481_200),
            rendition("pdfa", "application/pdf", 512_400),
            rendition("text", "text/plain; charset=utf-8", 2_140),
        ],
        vorschlag: Some(Vorschlag { felder }),
        fakten: None,
        befunde: Vec::new(),
        ablage: abgelegt.then(|| Ablageort {
            einheit: "66.10".into(),
            einheit_titel: "Straßenbau".into(),
            akte: AkteId(id(3, 1)),
            aktenzeichen: "66.10-2026/14".into(),
            akte_titel: "Radweg Kriegsstraße".into(),
            vorgang: VorgangId(id(4, 1)),
            vorgang_titel: "Planung 2026".into(),
        }),
    }
}

fn rechnung(n: u64, nummer: &str, lieferant: &str, brutto: &str) -> Dokument {
    let mut d = dokument(n, &format!("Rechnung {nummer} · {lieferant}"), "rechnung", 2, false);
    d.renditionen.push(rendition("invoice-html", "text/html; charset=utf-8", 3_000));
    d.fakten = Some(RechnungsFakten {
        nummer: Some(nummer.into()),
        datum: Some(tag("2026-11-18")),
        lieferant: Some(lieferant.into()),
        leitweg_id: Some("08212-66-31".into()),
        brutto: Some(brutto.into()),
        netto: Some("1000.00".into()),
        steuer: Some("190.00".into()),
        zahlbetrag: Some(brutto.into()),
        waehrung: Some("EUR".into()),
        iban: Some("DE02120300000000202051".into()),
        faellig: Some(tag("2026-12-11")),
        faellig_annahme: Some("30 Tage ab Zugang, weil die Rechnung kein Datum nennt.".into()),
        skonto: vec![Skonto { tage: 7, prozent: "2.00".into(), bis: tag("2026-11-25"), ersparnis: "23.80".into() }],
        ..Default::default()
    });
    d.befunde = vec![
        Befund {
            code: "order-missing".into(),
            stufe: Stufe::Hinweis,
            text: "Die Bestellnummer fehlt. Verglichen wurde BT-13.".into(),
        },
        Befund {
            code: "iban-changed".into(),
            stufe: Stufe::Warnung,
            text: "Die IBAN weicht von der letzten Rechnung dieses Lieferanten ab.".into(),
        },
    ];
    d
}

struct Neu<'a> {
    n: u64,
    process: &'a str,
    element: &'a str,
    name: &'a str,
    formular: &'a str,
    titel: &'a str,
    gruppe: &'a str,
    faellig: Option<&'a str>,
    dokument: Option<u64>,
    daten: serde_json::Value,
    variablen: serde_json::Value,
}

fn aufgabe(t: Neu) -> AufgabeSeite {
    AufgabeSeite {
        aufgabe: Aufgabe {
            id: TaskId(id(5, t.n)),
            version: 1,
            ablauf: InstanceId(id(6, t.n)),
            process: t.process.into(),
            element: t.element.into(),
            name: t.name.into(),
            formular: t.formular.into(),
            titel: t.titel.into(),
            gruppe: t.gruppe.into(),
            bearbeiter: None,
            bearbeiter_name: None,
            vertretung: None,
            faellig: t.faellig.map(tag),
            seit: vor(80),
            dokument: t.dokument.map(|d| DokumentId(id(2, d))),
            daten: werte(t.daten),
            erledigt: None,
            mahnung: None,
        },
        variablen: werte(t.variablen),
        entwurf: Werte::new(),
        verlauf: vec![Schritt {
            zeit: vor(95),
            element: "start".into(),
            name: "Eingang".into(),
            ereignis: "gestartet".into(),
            person: None,
            text: Some("Sendung aus dem Scan angenommen.".into()),
        }],
        sperre: None,
        fassung: (t.process == "beschlussvorlage").then(|| nachrichten::BlobHash::of(b"fassung")),
    }
}

pub fn bpmn() -> String {
    let shape = |id: &str, x: i32, y: i32, w: i32, h: i32| {
        format!(
            "<bpmndi:BPMNShape bpmnElement=\"{id}\"><dc:Bounds x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"/></bpmndi:BPMNShape>"
        )
    };
    let edge = |id: &str, x0: i32, x1: i32, y: i32| {
        format!(
            "<bpmndi:BPMNEdge bpmnElement=\"{id}\"><di:waypoint x=\"{x0}\" y=\"{y}\"/><di:waypoint x=\"{x1}\" y=\"{y}\"/></bpmndi:BPMNEdge>"
        )
    };
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI">
<process id="rechnung" name="Rechnung"><startEvent id="start" name="Eingang"><messageEventDefinition/></startEvent><serviceTask id="pruefen" name="Rechnung prüfen"/><businessRuleTask id="zustaendig" name="Zuständigkeit bestimmen"/><userTask id="feststellung" name="Sachlich und rechnerisch prüfen"/><exclusiveGateway id="g" name="richtig?"/><userTask id="anordnung" name="Zahlung anordnen"/><boundaryEvent id="frist" attachedToRef="feststellung" cancelActivity="false" name="Skonto endet"><timerEventDefinition/></boundaryEvent><callActivity id="ablage" name="Ablegen"/><endEvent id="ende" name="Abgelegt"/><sequenceFlow id="f5" name="ja"/></process>
<bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement="rechnung">{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></definitions>"#,
        shape("start", 100, 100, 36, 36),
        shape("pruefen", 180, 78, 110, 80),
        shape("zustaendig", 330, 78, 110, 80),
        shape("feststellung", 480, 78, 120, 80),
        shape("g", 640, 93, 50, 50),
        shape("anordnung", 740, 78, 110, 80),
        shape("ablage", 890, 78, 110, 80),
        shape("ende", 1050, 100, 36, 36),
        shape("frist", 520, 140, 36, 36),
        edge("f1", 136, 180, 118),
        edge("f2", 290, 330, 118),
        edge("f3", 440, 480, 118),
        edge("f4", 600, 640, 118),
        edge("f5", 690, 740, 118),
        edge("f6", 850, 890, 118),
        edge("f7", 1000, 1050, 118)
    )
}

fn ablauf(n: u64, process: &str, titel: &str, element: &str, name: &str, warum: &str, stoerung: bool) -> Ablauf {
    let schritt = |min, name: &str, ereignis: &str, person: Option<&str>, text: Option<&str>| Schritt {
        zeit: vor(min),
        element: "e".into(),
        name: name.into(),
        ereignis: ereignis.into(),
        person: person.map(str::to_owned),
        text: text.map(str::to_owned),
    };
    Ablauf {
        id: InstanceId(id(6, n)),
        process: process.into(),
        name: if process == "rechnung" { "Rechnung" } else { "Beschlussvorlage" }.into(),
        version: 3,
        stand: if stoerung { "stoerung" } else { "aktiv" }.into(),
        titel: titel.into(),
        gestartet: vor(95),
        beendet: None,
        parent: None,
        sendung: Some(SendungId(id(1, n))),
        dokument: Some(DokumentId(id(2, n))),
        variablen: if process == "rechnung" && !stoerung {
            werte(json!({
                "buchungen": [{ "uebergeben": { "am": "2026-11-20T08:15:00Z" },
                    "ablehnung": { "grund": "Kreditor gesperrt", "datum": "2026-11-20" } }],
                "uebergeben": { "am": "2026-11-21T09:00:00Z" },
                "quittung": { "beleg": "1900004711", "datum": "2026-11-21" },
            }))
        } else if process == "beschlussvorlage" {
            werte(
                json!({ "laufweg": [], "vorlage": { "titel": "Radweg alt", "text": "Beschluss", "sichtbarkeit": "oeffentlich", "aemter": ["20"], "amt": "66",
                "beratungsfolge": [{ "gremium": "Gemeinderat", "rolle": "entscheidung", "termin": "2025-12-15" }] } }),
            )
        } else {
            Werte::new()
        },
        verlauf: vec![
            schritt(95, "Eingang", "gestartet", None, None),
            schritt(94, "Rechnung prüfen", "erledigt", None, Some("1 Hinweis, 8 in Ordnung")),
            schritt(
                30,
                "Sachlich und rechnerisch prüfen",
                "erledigt",
                Some("Finn Feststeller"),
                Some("Richtig festgestellt. Leistung am 12.11.2026 abgenommen."),
            ),
        ],
        marken: vec![Marke {
            element: element.into(),
            schritt: 7,
            name: name.into(),
            warum: warum.into(),
            seit: vor(30),
            stoerung,
        }],
        bpmn: bpmn(),
        aufgaben: vec![TaskId(id(5, n))],
        meldungen: if process == "rechnung" && !stoerung {
            vec!["Rechnung angehalten".into(), "Rechnung zurückgezogen".into()]
        } else {
            Vec::new()
        },
    }
}

fn sendung(
    n: u64,
    name: &str,
    kanal: Kanal,
    state: Stand,
    grund: Option<(&str, &str)>,
    fortschritt: Option<&str>,
    docs: u64,
) -> SendungStand {
    SendungStand {
        receipt: SendungId(id(1, n)),
        name: name.into(),
        sha256: BlobHash::of(name.as_bytes()),
        duplicate_of: None,
        kanal,
        state,
        waiting_for: if state == Stand::Waiting {
            vec![WartetAuf { task: TaskId(id(5, n)), element: "zuordnung".into(), group: Some("Poststelle".into()) }]
        } else {
            vec![]
        },
        reason: grund.map(|(code, text)| Grund { code: code.into(), text: text.into() }),
        documents: (0..docs)
            .map(|i| DokumentStand {
                id: DokumentId(id(2, n + i)),
                doc_type: Some("schreiben".into()),
                akte: None,
                vorgang: None,
                state,
                pages: 2,
            })
            .collect(),
        zugang: tag("2026-11-20"),
        erfasst: vor(95),
        freigabe: None,
        fortschritt: fortschritt.map(str::to_owned),
        size: 1_480_000,
    }
}

pub fn zeile(d: &Dokument) -> DokumentZeile {
    DokumentZeile {
        id: d.id,
        titel: d.titel.clone(),
        dokumentart: d.dokumentart.clone(),
        zugang: d.zugang,
        aktenzeichen: d.ablage.as_ref().map(|a| a.aktenzeichen.clone()),
        stand: d.stand.clone(),
    }
}

pub fn akte_zeile(a: &AkteSeite) -> AkteZeile {
    AkteZeile {
        id: a.id,
        aktenzeichen: a.aktenzeichen.clone(),
        titel: a.titel.clone(),
        einheit: a.einheit.clone(),
        einheit_titel: a.einheit_titel.clone(),
        amt: a.amt.clone(),
        vorgaenge: a.vorgaenge.len() as u64,
        dokumente: a.vorgaenge.iter().map(|v| v.dokumente.len() as u64).sum(),
    }
}

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
        dokumente,
        akten,
        aufgaben,
        ..Welt::default()
    }
}
