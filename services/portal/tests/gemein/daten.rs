// SPDX-License-Identifier: EUPL-1.2
//! Invented post of an invented city.

use std::collections::BTreeMap;

use nachrichten::{
    AkteId, BlobHash, DokumentId, InstanceId, SendungId, Tag, TaskId, Timestamp, VorgangId, Werte,
    aufgaben::{Aufgabe, AufgabeSeite, Schritt},
    dokumente::{Ablageort, AkteSeite, AkteZeile, Dokument, DokumentZeile, Rendition},
    einordnung::{Feld, Vorschlag},
    erkennung::{Befund, Seite, Stufe, TeilArt},
    rechnung::{RechnungsFakten, Skonto},
    sendungen::{DokumentStand, Grund, Kanal, SendungStand, Stand, WartetAuf},
};
use uuid::Uuid;

use super::jetzt;

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
pub fn werte(v: serde_json::Value) -> Werte {
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

pub fn rechnung(n: u64, nummer: &str, lieferant: &str, brutto: &str) -> Dokument {
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

pub struct Neu<'a> {
    pub n: u64,
    pub process: &'a str,
    pub element: &'a str,
    pub name: &'a str,
    pub formular: &'a str,
    pub titel: &'a str,
    pub gruppe: &'a str,
    pub faellig: Option<&'a str>,
    pub dokument: Option<u64>,
    pub daten: serde_json::Value,
    pub variablen: serde_json::Value,
}

pub fn aufgabe(t: Neu) -> AufgabeSeite {
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
        felder: Vec::new(),
    }
}

pub fn sendung(
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
