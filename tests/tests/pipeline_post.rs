// SPDX-License-Identifier: EUPL-1.2
//! Post after it was filed: allotted by the office, worked on, closed; and post that only a closed circle sees.
#![allow(clippy::unwrap_used)]

mod gemein;

use gemein::{haus::Haus, probe};
use nachrichten::{
    ablaeufe::Ablaeufe,
    dokumente::{Dokumente as _, Schluss},
    sendungen::{Einlieferung, Kanal, OHNE_NAME, Sendungen as _, Stand},
    suche::{Anfrage, Suche as _},
    wiedervorlage::{Angaben, Bezug, Wiedervorlagen as _},
};
use serde_json::json;
use service_platform::audit;

#[tokio::test(flavor = "multi_thread")]
async fn a_filed_letter_goes_through_the_office_and_comes_back_on_its_day() {
    let haus = Haus::neu().await;
    let stand = haus.bringe(Kanal::Scan, "02-brief-schief.jpg", probe("02-brief-schief.jpg"), None).await;
    let (poststelle, leitung, planung) =
        (haus.person("poststelle").await, haus.person("leitung.planung").await, haus.person("planung").await);
    let id = stand.documents[0].id;
    let confirm = haus.aufgabe(&poststelle, id, "ZuordnungBestaetigen").await;
    let einheit = confirm.variablen["zustaendigkeit"]["einheit"].clone();
    haus.erledige(
        &poststelle,
        &confirm,
        json!({ "entscheidung": "bestaetigen", "dokumentart": "stellungnahme", "titel": "Stellungnahme", "amt": "61",
                "einheit": einheit, "akte_titel": "Bebauungsplan", "vorgang_titel": "Beteiligung" }),
    )
    .await;
    let allot = haus.aufgabe(&leitung, id, "Zuteilung").await;
    assert_eq!(allot.variablen["post"]["amt"], "61");
    assert_eq!(haus.ruht(stand.receipt).await.state, Stand::Filed, "the Sendung is done, the case is not");
    let werte = json!({ "entscheidung": "zuteilen", "gruppe": "Feststellung-61", "kenntnis": ["OB"] });
    haus.erledige(&leitung, &allot, werte).await;
    let ob = haus.person("ob").await;
    let order = haus.aufgabe(&ob, id, "Verfuegung").await;
    assert!(haus.app.akten.get(&ob, id).await.is_ok(), "who has an order sees its document");
    haus.erledige(&ob, &order, json!({ "entscheidung": "erledigt" })).await;
    let work = haus.aufgabe(&planung, id, "Bearbeitung").await;
    haus.erledige(&planung, &work, json!({ "entscheidung": "zda", "bemerkung": "beantwortet" })).await;

    // z. d. A. closes the Vorgang; somebody of the office opens it again and says why.
    let place = haus.dokument(&planung, id).await.ablage.unwrap();
    let vorgang = async || {
        let seite = haus.app.akten.akte(&planung, place.akte).await.unwrap();
        seite.vorgaenge.into_iter().find(|v| v.id == place.vorgang).unwrap()
    };
    let from = std::time::Instant::now();
    while vorgang().await.zda_am.is_none() {
        assert!(from.elapsed().as_secs() < 20, "z. d. A. and still open");
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    let trail = audit::of_object(&haus.app.db, &format!("vorgang:{}", place.vorgang)).await.unwrap();
    let closed = trail.iter().find(|e| e.act == "VorgangZda").unwrap();
    assert!(closed.data.contains(&planung.person.to_string()), "{}", closed.data);
    let open = Schluss::WiederOeffnen { grund: "Nachtrag".into() };
    haus.app.akten.schluss(&planung, place.akte, Some(place.vorgang), &open).await.unwrap();
    assert_eq!(vorgang().await.zda_am, None);

    // A Wiedervorlage at the document; the Akte's page knows it too.
    let akte = haus.dokument(&planung, id).await.ablage.unwrap().akte;
    let a = Angaben {
        datum: gemein::haus::tag("2026-11-24"),
        grund: "Abwägung prüfen".into(),
        an: format!("person:{}", planung.person),
    };
    let wv = &haus.app.geschaeftsgang;
    wv.setzen(&planung, Bezug::Dokument(id), &a, "1").await.unwrap();
    assert_eq!(wv.zu(&planung, Bezug::Akte(akte)).await.unwrap()[0].grund, "Abwägung prüfen");
    let schulamt = haus.person("schulamt").await;
    assert!(wv.setzen(&schulamt, Bezug::Dokument(id), &a, "2").await.is_err(), "not what one may not see");
    haus.app.clock.set_offset(haus.app.clock.offset() + 86_400_000_000);
    let due = haus.aufgabe_wo(&planung, "Aufgabe", |t| t.aufgabe.titel == "Wiedervorlage: Stellungnahme").await;
    haus.erledige(&planung, &due, json!({ "entscheidung": "erledigt" })).await;
    let from = std::time::Instant::now();
    while wv.meine(&planung).await.unwrap().len() == 1 {
        assert!(from.elapsed().as_secs() < 10, "still open");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let trail = audit::of_object(&haus.app.db, &format!("dokument:{id}")).await.unwrap();
    assert!(trail.iter().any(|e| e.act == "wiedervorlage erledigt"), "it stands with the document");
    haus.ist_sauber().await;
    haus.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn confidential_post_is_seen_by_its_circle_alone() {
    let haus = Haus::neu().await;
    let mail = b"From: Erika Muster <erika@example.org>\r\nTo: post@musterstadt.example\r\nSubject: Vertraulich: meine Personalakte\r\nDate: Mon, 23 Nov 2026 08:00:00 +0100\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSehr geehrte Damen und Herren,\r\n\r\nbitte schicken Sie mir eine Abschrift aus meiner Personalakte. Kennwort Zwetschgenkern.\r\n\r\nErika Muster\r\n";
    let id = haus.gib(Kanal::Mail, "nachricht.eml", mail.to_vec(), None).await.unwrap();
    let (circle, poststelle) = (haus.person("leitung.hauptamt").await, haus.person("poststelle").await);
    let task = haus.aufgabe_wo(&circle, "VertraulichZuordnen", |_| true).await;
    let dokument = task.aufgabe.dokument.unwrap();
    assert!(!task.aufgabe.titel.contains("Personal"), "{}", task.aufgabe.titel);
    assert!(haus.app.akten.get(&circle, dokument).await.is_ok());
    assert_eq!(haus.app.akten.get(&poststelle, dokument).await.unwrap_err().status, 404);
    // Not even the name of the file, nor what the process knows of it.
    let seen = haus.app.eingang.stand(&poststelle, id).await.unwrap();
    assert_eq!((seen.name.as_str(), seen.documents.len()), (OHNE_NAME, 0));
    let post = Ablaeufe::list(&haus.app.geschaeftsgang, &poststelle, "posteingang", 10).await.unwrap();
    assert!(post.iter().all(|a| a.sendung != Some(id)), "{post:?}");
    let wort = Anfrage { text: "Zwetschgenkern".to_owned(), limit: 10, ..Anfrage::default() };
    assert_eq!(haus.app.akten.suche(&circle, &wort).await.unwrap().gesamt, 1);
    assert_eq!(haus.app.akten.suche(&poststelle, &wort).await.unwrap().gesamt, 0, "no hit, no count");
    let werte = json!({ "entscheidung": "uebergeben", "bemerkung": "an die Personalabteilung" });
    haus.erledige(&circle, &task, werte).await;
    let trail = audit::of_object(&haus.app.db, &format!("dokument:{dokument}")).await.unwrap();
    assert!(trail.iter().any(|e| e.act == "KorbGewechselt"));
    assert_ne!(haus.ruht(id).await.state, Stand::Filed);
    haus.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_by_the_confidential_way_is_closed_from_its_first_moment() {
    let haus = Haus::neu().await;
    let (circle, poststelle) = (haus.person("leitung.hauptamt").await, haus.person("poststelle").await);
    let e = Einlieferung {
        kanal: Kanal::Scan,
        name: "wahlvorschlag.jpg".into(),
        bytes: probe("02-brief-schief.jpg"),
        idempotency_key: "1".into(),
        zugang: None,
        vertraulich: true,
    };
    let id = haus.app.eingang.accept(&haus.app.cli, e).await.unwrap().receipt;
    // From the receipt to the circle's task, while pages are recognised, nobody else sees anything.
    let from = std::time::Instant::now();
    loop {
        let seen = haus.app.eingang.stand(&poststelle, id).await.unwrap();
        assert_eq!((seen.name.as_str(), seen.documents.len()), (OHNE_NAME, 0));
        assert_eq!(haus.app.akten.list(&poststelle, 10, None).await.unwrap().0.len(), 0);
        if haus.app.eingang.stand(&haus.app.cli, id).await.unwrap().state == Stand::Waiting {
            break;
        }
        assert!(from.elapsed().as_secs() < 60);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let task = haus.aufgabe_wo(&circle, "VertraulichZuordnen", |_| true).await;
    assert!(haus.app.akten.get(&circle, task.aufgabe.dokument.unwrap()).await.is_ok());
    haus.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_closes_a_letter_that_nobody_recognised() {
    let haus = Haus::neu().await;
    let stand = haus.bringe(Kanal::Scan, "02-brief-schief.jpg", probe("02-brief-schief.jpg"), None).await;
    let (circle, poststelle) = (haus.person("leitung.hauptamt").await, haus.person("poststelle").await);
    let id = stand.documents[0].id;
    assert_eq!(haus.app.eingang.stand(&poststelle, stand.receipt).await.unwrap().name, "02-brief-schief.jpg");
    let task = haus.aufgabe(&poststelle, id, "ZuordnungBestaetigen").await;
    assert_eq!(haus.app.akten.list(&poststelle, 10, None).await.unwrap().0.len(), 1);
    haus.erledige(&poststelle, &task, json!({ "entscheidung": "vertraulich", "bemerkung": "lag im Umschlag" })).await;
    haus.aufgabe(&circle, id, "VertraulichZuordnen").await;
    assert_eq!(haus.app.akten.get(&poststelle, id).await.unwrap_err().status, 404);
    assert_eq!(haus.app.eingang.stand(&poststelle, stand.receipt).await.unwrap().name, OHNE_NAME);
    haus.app.stop().await;
}
