// SPDX-License-Identifier: EUPL-1.2
//! What the search finds, the same on both databases.
#![allow(clippy::unwrap_used)]

mod welt;

use nachrichten::{
    Actor,
    akten::Erfassen,
    suche::{Anfrage, Ergebnis, Suche as _},
};
use welt::*;

async fn search(w: &Welt, actor: &Actor, text: &str) -> Ergebnis {
    w.akten.suche(actor, &Anfrage { text: text.into(), ..Default::default() }).await.unwrap()
}

async fn titles(w: &Welt, actor: &Actor, text: &str) -> Vec<String> {
    search(w, actor, text).await.treffer.into_iter().map(|t| t.dokument.titel).collect()
}

/// Four documents, newest last: a, b, c, d.
async fn filled() -> impl Fn(Welt) -> std::pin::Pin<Box<dyn Future<Output = (Welt, Actor)>>> {
    |w: Welt| {
        Box::pin(async move {
            let revision = w.person("revision", &["Revision"], &[]).await;
            w.abgelegt(
                "a.pdf",
                "Das Tiefbauamt saniert die Straße.\u{c}Herr Müller bestätigt den Baubeginn.",
                "66.10",
                "Hauptstraße",
            )
            .await;
            w.abgelegt("b.pdf", "Der Gebührenbescheid für Frau Mueller, Strasse 5", "20.10", "Gebühren").await;
            w.abgelegt("c.pdf", "Die Kanal-\nsanierung ist fertig. Es war der Baubeginn im Mai.", "66.20", "Kanal")
                .await;
            w.eingang("d.pdf", "Rechnung 2026-0815 der Firma Muller über 100 EUR, insgesamt drei Seiten").await;
            (w, revision)
        })
    }
}

#[tokio::test]
async fn german_words_are_found() {
    let fill = filled().await;
    each(|w| async {
        let (w, p) = fill(w).await;
        for (query, expected) in [
            ("Amt", &["a"][..]),
            ("Tiefbau", &["a"]),
            ("tiefbauamtes", &["a"]),
            ("Strasse", &["b", "a"]),
            ("Straße", &["b", "a"]),
            ("straßen", &["b", "a"]),
            ("Müller", &["d", "b", "a"]),
            ("Mueller", &["d", "b", "a"]),
            ("MULLER", &["d", "b", "a"]),
            ("Bescheid", &["b"]),
            ("Gebühr", &["b"]),
            ("Sanierung", &["c"]),
            ("Kanalsanierung", &["c"]),
            ("\"der Baubeginn\"", &["c"]),
            ("„den Baubeginn“", &["a"]),
            ("\"Baubeginn der\"", &[]),
            ("Baubeginn", &["c", "a"]),
            ("Baubeginn -Müller", &["c"]),
            ("-Baubeginn", &["d", "b"]),
            ("Baubeg*", &["c", "a"]),
            ("2026-0815", &["d"]),
            ("2026-0816", &[]),
            ("Az:66.10*", &["a"]),
            ("az:66*", &["c", "a"]),
            ("Az:66.1", &[]),
            ("Az:66.10", &["a"]),
            ("Az:66* Baubeginn -Kanalsanierung", &["a"]),
            ("66.10-2026/0001", &["a"]),
            ("Müller Baubeginn", &["a"]),
            ("\" OR 1=1", &[]),
        ] {
            assert_eq!(titles(&w, &p, query).await, expected, "{query} on {}", w.name);
        }
    })
    .await;
}

#[tokio::test]
async fn hits_show_their_place_facets_and_filters() {
    let fill = filled().await;
    each(|w| async {
        let (w, p) = fill(w).await;
        let found = search(&w, &p, "Baubeginn").await;
        assert_eq!(found.gesamt, 2);
        assert_eq!(found.treffer[1].seite, Some(2));
        let marked: Vec<&str> =
            found.treffer[1].ausschnitt.iter().filter(|(_, hit)| *hit).map(|(t, _)| t.as_str()).collect();
        assert_eq!(marked, ["Baubeginn"]);
        let facets = |e: &Ergebnis| e.aemter.iter().map(|f| (f.wert.clone(), f.anzahl)).collect::<Vec<_>>();
        assert_eq!(facets(&found), [("66".to_owned(), 2)]);
        let all = search(&w, &p, "").await;
        assert_eq!((all.gesamt, facets(&all)), (4, vec![("66".to_owned(), 2), ("20".to_owned(), 1)]));
        assert_eq!(all.arten[0].wert, "brief");

        let filtered = |f: fn(&mut Anfrage)| {
            let mut anfrage = Anfrage { text: String::new(), ..Default::default() };
            f(&mut anfrage);
            anfrage
        };
        for (anfrage, n) in [
            (filtered(|a| a.amt = vec!["20".into()]), 1),
            (filtered(|a| a.amt = vec!["20".into(), "66".into()]), 3),
            (filtered(|a| a.dokumentart = vec!["brief".into()]), 3),
            (filtered(|a| a.dokumentart = vec!["rechnung".into()]), 0),
            (filtered(|a| a.von = Some(tag("2026-11-20"))), 4),
            (filtered(|a| a.bis = Some(tag("2026-11-19"))), 0),
        ] {
            assert_eq!(w.akten.suche(&p, &anfrage).await.unwrap().gesamt, n, "{anfrage:?}");
        }
        let page = |seite| Anfrage { limit: 3, seite, ..Default::default() };
        let (first, second) = (w.akten.suche(&p, &page(0)).await.unwrap(), w.akten.suche(&p, &page(1)).await.unwrap());
        assert_eq!((first.treffer.len(), second.treffer.len(), second.gesamt), (3, 1, 4));
    })
    .await;
}

#[tokio::test]
async fn nothing_found_leads_to_a_spelling_that_hits() {
    let fill = filled().await;
    each(|w| async {
        let (w, p) = fill(w).await;
        assert_eq!(search(&w, &p, "Tiefbuaamt").await.meinten.as_deref(), Some("Tiefbauamt"));
        assert_eq!(search(&w, &p, "Gebürenbescheid Frau").await.meinten.as_deref(), Some("Gebührenbescheid Frau"));
        assert_eq!(search(&w, &p, "Zebrastreifen").await.meinten, None);
    })
    .await;
}

#[tokio::test]
async fn a_new_text_replaces_the_old_one() {
    each(async |w| {
        let p = w.person("revision", &["Revision"], &[]).await;
        let id = w.eingang("scan.pdf", "Erster Versuch der Erkennung").await;
        let text = w.blob("Zweiter Lauf mit Hundesteuer").await;
        w.erfassen(Erfassen {
            dokument: Some(id),
            text: Some(text),
            titel: Some("Anmeldung".into()),
            ..Default::default()
        })
        .await;
        assert_eq!(titles(&w, &p, "Versuch").await, Vec::<String>::new());
        assert_eq!(titles(&w, &p, "Hund").await, ["Anmeldung"]);
        assert_eq!(titles(&w, &p, "Anmeldung").await, ["Anmeldung"]);
        assert_eq!(titles(&w, &p, "scan").await, ["Anmeldung"]);
    })
    .await;
}
