// SPDX-License-Identifier: EUPL-1.2
//! Who sees what: every way to a document agrees with the grants, and a foreign one is like none.
#![allow(clippy::unwrap_used)]

mod welt;

use std::collections::{BTreeMap, BTreeSet};

use nachrichten::{
    Actor, DokumentId,
    akten::{ANLEGEN, Angelegt, KORB, Korb, KorbGewechselt},
    dokumente::Dokumente as _,
    suche::{Anfrage, Suche as _},
};
use serde_json::json;
use service_platform::rechte::{self, Recht};
use welt::*;

/// What the grants of a person allow, worked out here by hand.
struct Erlaubt<'a>(&'a [&'a str]);

impl Erlaubt<'_> {
    fn sees(&self, objekte: &[String]) -> bool {
        self.0.contains(&"mandant") || objekte.iter().any(|o| self.0.contains(&o.as_str()))
    }
}

async fn all_listed(w: &Welt, actor: &Actor, limit: u32) -> Vec<DokumentId> {
    let (mut ids, mut nach) = (Vec::new(), None);
    loop {
        let (page, next) = w.akten.list(actor, limit, nach.as_deref()).await.unwrap();
        assert!(page.len() <= limit as usize);
        ids.extend(page.into_iter().map(|z| z.id));
        match next {
            Some(next) => nach = Some(next),
            None => return ids,
        }
    }
}

#[tokio::test]
async fn every_way_to_a_document_agrees_with_the_grants() {
    each(async |w| {
        // Sixty documents over two units, six Akten and the basket; some at the same instant.
        let mut objekte: BTreeMap<DokumentId, Vec<String>> = BTreeMap::new();
        let mut order = Vec::new();
        for i in 0..60u32 {
            if i % 3 == 0 {
                w.clock.advance_seconds(1);
            }
            let name = format!("brief-{i}.pdf");
            let text = format!("Wiedervorlage Nummer {i} vom Tiefbauamt");
            let id = w.eingang(&name, &text).await;
            let mut own = vec![format!("dokument:{id}")];
            if i % 4 == 0 {
                own.push("korb:poststelle".into());
            } else {
                let einheit = if i % 2 == 0 { "66.10" } else { "66.20" };
                let filed = w.ablegen(&ablegen(id, einheit, &format!("Akte {}", i % 6))).await;
                own.extend([format!("einheit:{einheit}"), format!("akte:{}", filed.akte)]);
            }
            objekte.insert(id, own);
            order.push((w.now(), id));
        }
        order.sort_by(|a, b| b.cmp(a));
        let newest: Vec<DokumentId> = order.iter().map(|(_, id)| *id).collect();
        let some_akte = objekte.values().flatten().find(|o| o.starts_with("akte:")).unwrap().clone();
        let some_doc = format!("dokument:{}", newest[40]);
        let another_doc = format!("dokument:{}", newest[3]);

        let persons: Vec<(&str, Vec<&str>)> = vec![
            ("mandant", vec!["mandant"]),
            ("poststelle", vec!["korb:poststelle"]),
            ("unit", vec!["einheit:66.20"]),
            ("units", vec!["einheit:66.10", "einheit:66.20", "korb:poststelle"]),
            ("akte", vec![&some_akte]),
            ("single", vec![&some_doc, &another_doc]),
            ("overlap", vec!["einheit:66.10", &some_akte, &some_doc, &another_doc]),
            ("nobody", vec![]),
        ];
        for (name, grants) in &persons {
            let actor = w.person(name, &[], &[&format!("g-{name}")]).await;
            let mut tx = w.db.begin().await.unwrap();
            for objekt in grants {
                rechte::grant(&mut tx, &format!("gruppe:g-{name}"), objekt, Recht::Sehen, w.now(), "test")
                    .await
                    .unwrap();
                // The same right twice, for another reason: nothing may appear twice.
                rechte::grant(
                    &mut tx,
                    &format!("person:{}", actor.person),
                    objekt,
                    Recht::Bearbeiten,
                    w.now(),
                    "doppelt",
                )
                .await
                .unwrap();
            }
            tx.commit().await.unwrap();
            let erlaubt = Erlaubt(grants);
            let expected: Vec<DokumentId> = newest.iter().copied().filter(|id| erlaubt.sees(&objekte[id])).collect();
            let filed = expected.iter().filter(|id| objekte[id].len() == 3).count() as u64;

            assert_eq!(all_listed(&w, &actor, 7).await, expected, "list of {name} on {}", w.name);
            assert_eq!(w.akten.zaehler(&actor).await.unwrap(), (expected.len() as u64, filed), "counts of {name}");
            let anfrage = Anfrage { text: "Wiedervorlage".into(), limit: 100, ..Default::default() };
            let found = w.akten.suche(&actor, &anfrage).await.unwrap();
            assert_eq!(found.gesamt, expected.len() as u64, "hits of {name}");
            let hits: BTreeSet<DokumentId> = found.treffer.iter().map(|t| t.dokument.id).collect();
            assert_eq!(hits, expected.iter().copied().collect(), "hits of {name}");
            assert_eq!(found.aemter.iter().map(|f| f.anzahl).sum::<u64>(), filed);
            // A slip leads to a suggestion only where there is something to see.
            let slip = Anfrage { text: "Wiedervorlgae".into(), ..Default::default() };
            assert_eq!(
                w.akten.suche(&actor, &slip).await.unwrap().meinten.is_some(),
                !expected.is_empty(),
                "suggestion for {name}"
            );

            let visible: BTreeSet<DokumentId> = expected.into_iter().collect();
            for id in objekte.keys() {
                let sees = visible.contains(id);
                assert_eq!(w.akten.get(&actor, *id).await.is_ok(), sees, "get by {name}");
                assert_eq!(w.akten.rendition(&actor, *id, "original").await.is_ok(), sees, "bytes for {name}");
                if !sees {
                    let foreign = w.akten.get(&actor, *id).await.unwrap_err();
                    let none = w.akten.get(&actor, DokumentId(uuid::Uuid::max())).await.unwrap_err();
                    assert_eq!((foreign.code, foreign.status, foreign.text), (none.code, none.status, none.text));
                    assert_eq!(w.akten.rendition(&actor, *id, "original").await.unwrap_err().status, 404);
                    assert_eq!(w.akten.page_image(&actor, *id, 0).await.unwrap_err().status, 404);
                }
            }
            let (akten, _) = w.akten.akten(&actor, 100, None).await.unwrap();
            for akte in &akten {
                assert!(erlaubt.sees(&[format!("akte:{}", akte.id), format!("einheit:{}", akte.einheit)]));
                let seite = w.akten.akte(&actor, akte.id).await.unwrap();
                let dokumente: usize = seite.vorgaenge.iter().map(|v| v.dokumente.len()).sum();
                assert_eq!(
                    (akte.vorgaenge, akte.dokumente),
                    (seite.vorgaenge.len() as u64, dokumente as u64),
                    "{name}"
                );
            }
            let of_all: BTreeSet<&str> =
                objekte.values().filter(|o| o.len() == 3 && erlaubt.sees(&o[1..])).map(|o| o[2].as_str()).collect();
            assert_eq!(akten.len(), of_all.len(), "Akten of {name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_grant_ends_with_its_source() {
    each(async |w| {
        let actor = w.person("aushilfe", &[], &["Aushilfe"]).await;
        let id = w.eingang("a.pdf", "geheim").await;
        assert_eq!(w.akten.get(&actor, id).await.unwrap_err().status, 404);
        let mut tx = w.db.begin().await.unwrap();
        rechte::grant(&mut tx, "gruppe:Aushilfe", &format!("dokument:{id}"), Recht::Sehen, w.now(), "aufgabe:1")
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert!(w.akten.get(&actor, id).await.is_ok());
        assert_eq!(w.akten.zaehler(&actor).await.unwrap(), (1, 0));
        let mut tx = w.db.begin().await.unwrap();
        rechte::revoke(&mut tx, "aufgabe:1").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(w.akten.get(&actor, id).await.unwrap_err().status, 404);
        assert_eq!(w.akten.zaehler(&actor).await.unwrap(), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn standing_grants_follow_the_organisation() {
    each(async |w| {
        let post = w.person("poststelle", &["Poststelle"], &["Poststelle"]).await;
        let tiefbau = w.person("tiefbau", &["Sachbearbeitung"], &["Sachbearbeitung-66"]).await;
        let kaemmerei = w.person("kaemmerei", &["Sachbearbeitung"], &["Feststellung-20"]).await;
        let revision = w.person("revision", &["Revision"], &[]).await;
        let betrieb = w.person("betrieb", &["Betrieb"], &["Betrieb"]).await;
        let id = w.eingang("a.pdf", "Post").await;
        let sees = async |actors: [&Actor; 5]| {
            let mut out = [false; 5];
            for (slot, actor) in out.iter_mut().zip(actors) {
                *slot = w.akten.get(actor, id).await.is_ok();
            }
            out
        };
        let all = [&post, &tiefbau, &kaemmerei, &revision, &betrieb];
        assert_eq!(sees(all).await, [true, false, false, true, false]);
        let filed = w.ablegen(&ablegen(id, "66.10", "Hauptstraße")).await;
        assert_eq!(sees(all).await, [false, true, false, true, false]);
        assert_eq!(w.akten.akte(&kaemmerei, filed.akte).await.unwrap_err().status, 404);
        // Office 20 keeps an Akte in a unit of office 66: its groups get exactly that Akte.
        let mut m = ablegen(w.eingang("b.pdf", "Post").await, "66.10", "Zuschuss");
        m.amt = "20".into();
        let filed = w.ablegen(&m).await;
        assert!(w.akten.akte(&kaemmerei, filed.akte).await.is_ok());
        assert_eq!(sees(all).await, [false, true, false, true, false]);
        // Entered again without the group, the grant is gone.
        w.akten.seed(PLAN, r#"{"aemter":[{"nummer":"20"}],"gruppen":[]}"#).await.unwrap();
        assert_eq!(sees(all).await, [false, true, false, true, false], "Sachbearbeitung always keeps its office");
        assert_eq!(w.akten.aktenplan(&betrieb).await.unwrap().len(), 4);
    })
    .await;
}

#[tokio::test]
async fn nobody_sees_post_that_was_not_looked_at_and_only_the_circle_what_is_confidential() {
    each(async |w| {
        let post = w.person("poststelle", &["Poststelle"], &["Poststelle", "Klaerung", "Vorsortierung"]).await;
        let circle = w.person("kreis", &["Amtsleitung"], &["Vertraulich"]).await;
        let revision = w.person("revision", &["Revision"], &[]).await;
        let hash = w.blob("Zwetschgenkern").await;
        let mut m = anlegen(vec![teil(0, "bewerbung.pdf", hash, Some(hash)), teil(1, "anlage.pdf", hash, None)]);
        m.korb = "neu".into();
        let answer: Angelegt = w.done(ANLEGEN, json!(m)).await;
        assert_eq!(answer.dokumente[0].korb, "neu");
        let ids: Vec<DokumentId> = answer.dokumente.iter().map(|d| d.dokument).collect();
        let wort = Anfrage { text: "Zwetschgenkern".into(), limit: 10, ..Default::default() };
        // Documents got, listed, found, and whether the Sendung's name may be shown.
        let view = async |who: &Actor| {
            let mut got = 0;
            for id in &ids {
                got += usize::from(w.akten.get(who, *id).await.is_ok());
            }
            let hits = w.akten.suche(who, &wort).await.unwrap().gesamt;
            let sendung = w.akten.of_sendung(who, m.sendung).await.unwrap();
            assert_eq!(sendung.dokumente.len(), got);
            (got, all_listed(&w, who, 10).await.len(), hits, sendung.offen)
        };
        let to = async |n: usize, korb: &str| {
            let _: KorbGewechselt = w.done(KORB, json!(Korb { dokument: ids[n], korb: korb.into() })).await;
        };
        for who in [&post, &circle] {
            assert_eq!(view(who).await, (0, 0, 0, Some(false)), "{} on {}", who.name, w.name);
        }
        assert_eq!(view(&revision).await, (2, 2, 1, Some(true)));
        to(1, "poststelle").await;
        assert_eq!(view(&post).await, (1, 1, 0, Some(false)), "one part is still closed: no name");
        to(0, "vertraulich").await;
        assert_eq!(view(&post).await, (1, 1, 0, Some(false)));
        assert_eq!(view(&circle).await, (1, 1, 1, Some(true)), "the open part of it is no secret");
        // Filed where the office sees it, it stays confidential for the Poststelle.
        w.ablegen(&ablegen(ids[0], "66.10", "Bewerbungen")).await;
        assert_eq!(view(&post).await, (1, 1, 0, Some(false)));
        // The circle may say that it is none.
        let hash = w.blob("Werbung").await;
        let mut m = anlegen(vec![teil(0, "werbung.pdf", hash, None)]);
        m.korb = "vertraulich".into();
        let answer: Angelegt = w.done(ANLEGEN, json!(m)).await;
        let id = answer.dokumente[0].dokument;
        assert_eq!(w.akten.of_sendung(&post, m.sendung).await.unwrap().offen, Some(false));
        let _: KorbGewechselt = w.done(KORB, json!(Korb { dokument: id, korb: "poststelle".into() })).await;
        assert!(w.akten.get(&post, id).await.is_ok());
        assert_eq!(w.akten.of_sendung(&post, m.sendung).await.unwrap().offen, Some(true));
    })
    .await;
}
