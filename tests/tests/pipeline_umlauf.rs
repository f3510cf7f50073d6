// SPDX-License-Identifier: EUPL-1.2
//! An Umlauf in the whole house: a document of the record goes round, is replaced on the way, and is signed anew.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use std::time::Duration;

use gemein::haus::{Haus, object};
use nachrichten::{
    BlobHash, DokumentId, InstanceId,
    ablaeufe::Ablaeufe,
    dokumente::{Dokumente as _, NeueFassung},
    laufweg::{Beteiligung, Laufweg, LaufwegAenderung, Ort},
    sendungen::Kanal,
    suche::{Anfrage, Suche as _},
};
use serde_json::{Value, json};

const ENTWURF: &str =
    "Entwurf der Baumschutzsatzung\n\nSehr geehrte Damen und Herren,\n\nder Stammumfang beträgt 80 Zentimeter.\n";
const NEU: &str = "Entwurf der Baumschutzsatzung\n\nSehr geehrte Damen und Herren,\n\nder Stammumfang beträgt 100 Zentimeter. Ausgenommen sind Walnussbäume.\n";

/// A text handed in by hand and filed for the Tiefbauamt.
async fn dokument(haus: &Haus, kanal: Kanal, name: &str) -> DokumentId {
    let stand = haus.bringe(kanal, name, ENTWURF.as_bytes().to_vec(), None).await;
    let id = stand.documents[0].id;
    let poststelle = haus.person("poststelle").await;
    let aufgabe = haus.aufgabe(&poststelle, id, "ZuordnungBestaetigen").await;
    let werte = json!({ "entscheidung": "bestaetigen", "dokumentart": "schreiben", "titel": "Baumschutzsatzung", "amt": "66", "einheit": "66.10",
        "akte_titel": "Satzungen", "vorgang_titel": "Baumschutzsatzung" });
    haus.erledige(&poststelle, &aufgabe, werte).await;
    haus.bis_stand(&haus.app.cli, id, "abgelegt").await;
    id
}

async fn starte(haus: &Haus, dokument: DokumentId, gruppen: &[&str]) -> InstanceId {
    let leitung = haus.person("amtsleitung").await;
    let d = haus.dokument(&leitung, dokument).await;
    let stelle = |(i, g): (usize, &&str)| json!({ "nr": i + 1, "stufe": i + 1, "gruppe": g, "person": null, "name": g, "verfuegung": "mitzeichnung", "stand": "zukuenftig" });
    let laufweg: Vec<Value> = gruppen.iter().enumerate().map(stelle).collect();
    let umlauf = json!({ "dokument": dokument, "fassung": d.sha256, "titel": d.titel, "text": "Bitte zeichnen.", "frist": "2026-12-11", "regel": "alle",
        "von": leitung.name, "person": leitung.person, "amt": "66" });
    Ablaeufe::start(
        &haus.app.geschaeftsgang,
        &leitung,
        "umlauf",
        object(json!({ "umlauf": umlauf, "laufweg": laufweg })),
        "1",
    )
    .await
    .unwrap()
}

async fn zeichne(haus: &Haus, kennung: &str, id: InstanceId, entscheidung: &str) {
    let person = haus.person(kennung).await;
    let aufgabe = haus.aufgabe_wo(&person, "Zeichnung", |a| a.aufgabe.ablauf == id).await;
    haus.erledige(&person, &aufgabe, json!({ "entscheidung": entscheidung, "bemerkung": "Grund" })).await;
}

async fn laufweg(haus: &Haus, id: InstanceId) -> Laufweg {
    haus.app.geschaeftsgang.laufweg(&haus.person("amtsleitung").await, id).await.unwrap()
}

async fn bis(haus: &Haus, id: InstanceId, what: &str, fits: impl Fn(&Laufweg) -> bool) -> Laufweg {
    for _ in 0..800 {
        let l = laufweg(haus, id).await;
        if fits(&l) {
            return l;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{what}: {:#?}", laufweg(haus, id).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_signed_changed_and_signed_again() {
    let haus = Haus::neu().await;
    let d = dokument(&haus, Kanal::Upload, "satzung.txt").await;
    let id = starte(&haus, d, &["Mitzeichnung-30", "Mitzeichnung-61"]).await;
    let recht = haus.person("rechtsamt").await;

    // The lawyer reads it: the task shows the document of the record, and he signs these very bytes.
    let aufgabe = haus.aufgabe_wo(&recht, "Zeichnung", |a| a.aufgabe.ablauf == id).await;
    assert_eq!((aufgabe.fassung, aufgabe.aufgabe.dokument), (Some(BlobHash::of(ENTWURF.as_bytes())), Some(d)));
    zeichne(&haus, "rechtsamt", id, "gezeichnet").await;

    // A signer comes in for the future part and is reached in turn.
    let leitung = haus.person("amtsleitung").await;
    let version = laufweg(&haus, id).await.version;
    let dazu = LaufwegAenderung::Einfuegen {
        ort: Ort::Nach(2),
        name: "Stadtkämmerei".into(),
        gruppe: Some("Mitzeichnung-20".into()),
        person: None,
        verfuegung: "mitzeichnung".into(),
    };
    haus.app.geschaeftsgang.laufweg_aendern(&leitung, id, &version, dazu, "kostet Geld").await.unwrap();

    // Planning has the page open while the author replaces the file: the old bytes cannot be signed any more.
    let planung = haus.person("leitung.planung").await;
    let offen = haus.aufgabe_wo(&planung, "Zeichnung", |a| a.aufgabe.ablauf == id).await;
    let neu = |grund: &str, bisher: &str| NeueFassung {
        bisher: BlobHash::of(bisher.as_bytes()),
        name: "satzung-2.txt".into(),
        bytes: NEU.as_bytes().to_vec(),
        grund: grund.into(),
    };
    assert_eq!(haus.app.akten.neue_fassung(&leitung, d, neu("", ENTWURF)).await.unwrap_err().status, 422, "a reason");
    assert_eq!(
        haus.app.akten.neue_fassung(&leitung, d, neu("x", "anderes")).await.unwrap_err().status,
        412,
        "what was seen"
    );
    let fremd = haus.person("schulamt").await;
    assert_eq!(haus.app.akten.neue_fassung(&fremd, d, neu("x", ENTWURF)).await.unwrap_err().status, 404, "not hers");
    haus.app.akten.neue_fassung(&leitung, d, neu("Walnuss ausgenommen", ENTWURF)).await.unwrap();
    let refused = haus.versuche(&planung, &offen, json!({ "entscheidung": "gezeichnet" })).await.unwrap_err();
    assert!(matches!(refused.status, 409 | 412) && refused.text.0.starts_with("Das Dokument wurde"), "{refused:?}");

    // The signature is void with the new bytes; the token's way back to the first signer takes a step more.
    bis(&haus, id, "void, one is to sign", |l| {
        l.positionen.iter().any(|p| p.zeichnung.as_ref().is_some_and(|z| z.ungueltig.is_some()))
            && l.positionen.iter().filter(|p| p.stand == Beteiligung::Aktuell).count() == 1
    })
    .await;
    for kennung in ["rechtsamt", "leitung.planung", "kaemmerer"] {
        zeichne(&haus, kennung, id, "gezeichnet").await;
    }
    let l = bis(&haus, id, "end", |l| !l.laeuft).await;
    let valid: Vec<_> =
        l.positionen.iter().filter_map(|p| p.zeichnung.as_ref()).filter(|z| z.ungueltig.is_none()).collect();
    assert_eq!(valid.len(), 3);
    assert!(valid.iter().all(|z| z.fassung == Some(BlobHash::of(NEU.as_bytes()))), "everybody signed the new bytes");
    let ablauf = haus.ablauf(&leitung, id).await;
    assert_eq!(ablauf.variablen["ergebnis"], "angenommen");
    assert!(ablauf.verlauf.iter().any(|s| s.ereignis == "ungültig"
        && s.text.as_deref().is_some_and(|t| t.contains("Bergengruen ungültig: Dokument geändert am"))));

    // The log lies in the same Vorgang as a document, with everybody's signature, also the void ones.
    let place = haus.dokument(&leitung, d).await.ablage.unwrap();
    let akte = haus.app.akten.akte(&leitung, place.akte).await.unwrap();
    let vorgang = akte.vorgaenge.iter().find(|v| v.id == place.vorgang).unwrap();
    let log = vorgang.dokumente.iter().find(|z| z.dokumentart.as_deref() == Some("laufprotokoll")).unwrap();
    assert_eq!(log.titel, "Laufprotokoll: Baumschutzsatzung");
    let read = haus.app.akten.rendition(&leitung, log.id, "original").await.unwrap();
    let read = String::from_utf8(read.bytes).unwrap();
    for part in [
        "Ergebnis: angenommen",
        "Stadtkämmerei",
        "eingefügt von",
        "kostet Geld",
        "ungültig, weil das Dokument danach geändert wurde",
    ] {
        assert!(read.contains(part), "{part}: {read}");
    }
    let fields: Value =
        serde_json::from_slice(&haus.app.akten.rendition(&leitung, log.id, "protokoll").await.unwrap().bytes).unwrap();
    assert!(fields["positionen"].as_array().unwrap().len() > 3);
    let trail = service_platform::audit::of_object(&haus.app.db, &format!("dokument:{}", log.id)).await.unwrap();
    assert_eq!(trail.iter().map(|e| e.act.as_str()).collect::<Vec<_>>(), ["DokumentAngelegt", "DokumentAbgelegt"]);
    assert_eq!(haus.app.akten.get(&haus.person("schulamt").await, log.id).await.unwrap_err().status, 404);
    // And the starter is told: a task, not only an end.
    let seen = haus.aufgabe(&leitung, d, "ErgebnisSehen").await;
    assert_eq!(seen.aufgabe.titel, "Umlauf beendet: Baumschutzsatzung");
    haus.erledige(&leitung, &seen, json!({ "entscheidung": "gesehen" })).await;

    // The record: the new file is the document, its words are found, the old ones are not.
    let doc = haus.dokument(&leitung, d).await;
    assert_eq!((doc.sha256, doc.name.as_str()), (BlobHash::of(NEU.as_bytes()), "satzung-2.txt"));
    let text = haus.app.akten.rendition(&leitung, d, "text").await.unwrap();
    assert_eq!(text.bytes, NEU.as_bytes());
    let found = |text: &str| Anfrage { text: text.into(), limit: 10, ..Anfrage::default() };
    assert_eq!(haus.app.akten.suche(&leitung, &found("Walnussbäume")).await.unwrap().treffer.len(), 1);
    haus.ist_sauber().await;
    haus.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_by_post_is_never_replaced() {
    let haus = Haus::neu().await;
    let d = dokument(&haus, Kanal::Scan, "brief.txt").await;
    let leitung = haus.person("amtsleitung").await;
    let neu = NeueFassung {
        bisher: BlobHash::of(ENTWURF.as_bytes()),
        name: "x.txt".into(),
        bytes: b"x".to_vec(),
        grund: "x".into(),
    };
    let refused = haus.app.akten.neue_fassung(&leitung, d, neu).await.unwrap_err();
    assert_eq!((refused.status, refused.code.0), (422, "E2006"));
    haus.ist_sauber().await;
    haus.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_passes_the_checks_of_intake_and_is_seen_and_found() {
    let haus = Haus::neu().await;
    let d = dokument(&haus, Kanal::Upload, "satzung.txt").await;
    let leitung = haus.person("amtsleitung").await;
    let neu = |name: &str, bytes: Vec<u8>| NeueFassung {
        bisher: BlobHash::of(ENTWURF.as_bytes()),
        name: name.into(),
        bytes,
        grund: "als PDF".into(),
    };
    // What an upload would be refused for, a new version is refused for: nothing is kept of it.
    let entity = b"<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>".to_vec();
    let refused = haus.app.akten.neue_fassung(&leitung, d, neu("satzung.xml", entity)).await.unwrap_err();
    assert_eq!((refused.status, refused.code.0), (422, "E2006"), "{refused:?}");
    assert!(refused.text.0.ends_with("Die bisherige Fassung bleibt."), "{refused:?}");
    assert_eq!(haus.dokument(&leitung, d).await.sha256, BlobHash::of(ENTWURF.as_bytes()));

    // A text layer, then a scan: pages to see, words to find.
    let found = |text: &str| Anfrage { text: text.into(), limit: 10, ..Anfrage::default() };
    let mut bisher = BlobHash::of(ENTWURF.as_bytes());
    for (file, wort) in [("03-bescheid.pdf", "Bescheid"), ("02-brief-schief.jpg", "Stellungnahme")] {
        let bytes = gemein::probe(file);
        let hash = BlobHash::of(&bytes);
        let neu = NeueFassung { bisher, ..neu(file, bytes) };
        haus.app.akten.neue_fassung(&leitung, d, neu).await.unwrap();
        let from = std::time::Instant::now();
        let doc = loop {
            let doc = haus.dokument(&leitung, d).await;
            if doc.sha256 == hash && !doc.seiten.is_empty() {
                break doc;
            }
            assert!(from.elapsed() < Duration::from_secs(60), "{file}: no pages: {doc:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        assert!(haus.app.akten.page_image(&leitung, d, 0).await.is_ok(), "{file}");
        assert!(doc.renditionen.iter().any(|r| r.name == "text"), "{file}");
        let hits = haus.app.akten.suche(&leitung, &found(wort)).await.unwrap();
        assert!(hits.treffer.iter().any(|t| t.dokument.id == d), "{file}: {wort}");
        bisher = hash;
    }
    assert!(
        haus.app.akten.suche(&leitung, &found("Stammumfang")).await.unwrap().treffer.iter().all(|t| t.dokument.id != d)
    );
    haus.ist_sauber().await;
    haus.app.stop().await;
}
