// SPDX-License-Identifier: EUPL-1.2
//! The jobs: one effect per job, unique numbers, duplicates, corrected dates, an audit trail that verifies.
#![allow(clippy::unwrap_used)]

mod welt;

use std::collections::BTreeSet;

use nachrichten::{
    DokumentId, MessageId,
    akten::{ABLEGEN, ANLEGEN, Abgelegt, Angelegt, ERFASSEN, Erfassen, Erfasst, ZDA, ZdaErledigt},
    dokumente::{Dokumente as _, Schluss},
    job::Outcome,
    rechnung::RechnungsFakten,
};
use serde_json::json;
use service_akten::{VORLAGE_ABLEGEN, VorlageAbgelegt, ZugangGeaendert};
use service_platform::{audit, uhr::Clock as _};
use uuid::Uuid;
use welt::*;

#[tokio::test]
async fn every_statement_prepares() {
    each(async |w| {
        for (name, sql) in service_akten::statements() {
            w.db.prepares(&sql).await.unwrap_or_else(|e| panic!("{} {name}: {e}", w.name));
        }
    })
    .await;
}

#[tokio::test]
async fn a_job_that_comes_twice_has_one_effect() {
    each(async |w| {
        let revision = w.person("revision", &["Revision"], &[]).await;
        let hash = w.blob("Ein Brief.").await;
        let m = json!(anlegen(vec![teil(0, "brief.pdf", hash, Some(hash))]));
        let id = new_job();
        let first: Angelegt = answer(w.job(id, ANLEGEN, m.clone()).await);
        let again: Angelegt = answer(w.job(id, ANLEGEN, m).await);
        assert_eq!(first, again);
        let dokument = first.dokumente[0].dokument;
        assert_eq!(dokument, DokumentId::of_part(first.dokumente[0].sendung, 0));

        let filing = json!(ablegen(dokument, "66.10", "Hauptstraße"));
        let id = new_job();
        let filed: Abgelegt = answer(w.job(id, ABLEGEN, filing.clone()).await);
        let version = w.akten.get(&revision, dokument).await.unwrap().version;
        let again: Abgelegt = answer(w.job(id, ABLEGEN, filing.clone()).await);
        let other_job: Abgelegt = w.done(ABLEGEN, filing).await;
        assert_eq!((&filed, &filed), (&again, &other_job));
        assert_eq!(filed.aktenzeichen, "66.10-2026/0001");
        let after = w.akten.get(&revision, dokument).await.unwrap();
        assert_eq!(after.version, version, "filing again changed the document");
        assert_eq!(after.freigabe, Some(tag("2026-11-23")));
        assert_eq!(after.stand, "abgelegt");
        let trail = audit::of_object(&w.db, &format!("dokument:{dokument}")).await.unwrap();
        let mut acts: Vec<&str> = trail.iter().map(|e| e.act.as_str()).collect();
        acts.sort();
        assert_eq!(acts, ["DokumentAbgelegt", "DokumentAngelegt"]);
        let report = audit::verify(&w.db).await.unwrap();
        assert_eq!(report.breaks, Vec::<String>::new());
        assert_eq!(w.akten.zaehler(&revision).await.unwrap(), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn renditions_keep_original_and_evidence() {
    each(async |w| {
        let revision = w.person("revision", &["Revision"], &[]).await;
        let stapel = w.blob("%PDF- der ganze Stapel").await;
        let cut = w.blob("%PDF- Seiten 3 bis 4").await;
        let bild = w.blobs.put(vec![0xff, 0xd8, 0xff, 0xe0, 1]).await.unwrap();
        let mut part = teil(1, "stapel.pdf", cut, None);
        part.seiten = vec![seite(3, Some(bild)), seite(4, None)];
        let mut m = anlegen(vec![part]);
        m.blob = Some(stapel);
        let made: Angelegt = w.done(ANLEGEN, json!(m)).await;
        let id = made.dokumente[0].dokument;
        let (pdfa, text) = (w.blob("%PDF- durchsuchbar").await, w.blob("Seite eins\u{c}Seite zwei").await);
        w.erfassen(Erfassen { dokument: Some(id), pdfa: Some(pdfa), text: Some(text), ..Default::default() }).await;
        let filed = w.ablegen(&ablegen(id, "66.10", "Stapel")).await;
        let d = w.akten.get(&revision, id).await.unwrap();
        let names: BTreeSet<&str> = d.renditionen.iter().map(|r| r.name.as_str()).collect();
        assert_eq!(names, BTreeSet::from(["original", "sendung", "pdfa", "text", "protokoll"]));
        let of = |name: &str| d.renditionen.iter().find(|r| r.name == name).unwrap();
        assert_eq!((of("sendung").sha256, of("sendung").media_type.as_str()), (stapel, "application/pdf"));
        assert_eq!((of("original").sha256, of("original").size), (cut, 20));
        let inhalt = w.akten.rendition(&revision, id, "pdfa").await.unwrap();
        assert_eq!(
            (inhalt.bytes.as_slice(), inhalt.name.as_str()),
            ("%PDF- durchsuchbar".as_bytes(), "stapel-pdfa.pdf")
        );
        let image = w.akten.page_image(&revision, id, 0).await.unwrap();
        assert_eq!((image.media_type.as_str(), image.bytes.len()), ("image/jpeg", 5));
        assert_eq!(w.akten.page_image(&revision, id, 1).await.unwrap_err().status, 404);
        assert_eq!(w.akten.page_image(&revision, id, 9).await.unwrap_err().status, 404);
        assert_eq!(w.akten.rendition(&revision, id, "invoice-html").await.unwrap_err().status, 404);
        assert_eq!(d.ablage.unwrap().akte, filed.akte);

        let compared = w.akten.abgleich().await.unwrap();
        assert_eq!(compared.dokumente.len(), 1);
        assert!(compared.fehlend.is_empty() && compared.veraendert.is_empty() && compared.unbelegt.is_empty());
        assert!(compared.unverwiesen.is_empty(), "every blob is referred to: {:?}", compared.unverwiesen);
        let orphan = w.blob("niemand braucht mich").await;
        assert_eq!(w.akten.abgleich().await.unwrap().unverwiesen, BTreeSet::from([orphan]));
    })
    .await;
}

#[tokio::test]
async fn concurrent_filings_have_unique_numbers() {
    each(async |w| {
        let mut ids = Vec::new();
        for i in 0..24 {
            ids.push(w.eingang(&format!("brief-{i}.pdf"), &format!("Brief {i}")).await);
        }
        // Three documents each into eight Akten, all at once.
        let filings = ids.iter().enumerate().map(|(i, id)| {
            let (w, id) = (&w, *id);
            async move {
                let m = json!(ablegen(id, "66.10", &format!("Akte {}", i % 8)));
                // A repeat after a lost race is what the job table does.
                loop {
                    match w.job(new_job(), ABLEGEN, m.clone()).await.outcome {
                        Outcome::Retry { .. } => continue,
                        Outcome::Done { werte } => {
                            break serde_json::from_value::<Abgelegt>(werte.into()).unwrap();
                        }
                        other => panic!("{other:?}"),
                    }
                }
            }
        });
        let filed = join_all(filings).await;
        let numbers: BTreeSet<&str> = filed.iter().map(|f| f.aktenzeichen.as_str()).collect();
        let akten: BTreeSet<_> = filed.iter().map(|f| f.akte).collect();
        assert_eq!((numbers.len(), akten.len()), (8, 8));
        assert_eq!(numbers.first().copied(), Some("66.10-2026/0001"));
        assert_eq!(numbers.last().copied(), Some("66.10-2026/0008"));
        for (i, f) in filed.iter().enumerate() {
            assert_eq!(f, &filed[i % 8], "one title, one Akte and one Vorgang");
        }
        assert_eq!(audit::verify(&w.db).await.unwrap().breaks, Vec::<String>::new());
    })
    .await;
}

async fn join_all<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = all.map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = running.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, slot) in running.iter_mut().zip(&mut done) {
            if slot.is_none()
                && let std::task::Poll::Ready(out) = future.as_mut().poll(cx)
            {
                *slot = Some(out);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test]
async fn filing_finds_the_akte_it_is_told() {
    each(async |w| {
        let revision = w.person("revision", &["Revision"], &[]).await;
        let (_, first) = w.abgelegt("a.pdf", "eins", "66.10", "Hauptstraße").await;
        let id = w.eingang("b.pdf", "zwei").await;
        let mut m = ablegen(id, "20.10", "Ganz anders");
        m.aktenzeichen = Some(format!(" {} ", first.aktenzeichen));
        assert_eq!(w.ablegen(&m).await.akte, first.akte, "a known number wins");

        let id = w.eingang("c.pdf", "drei").await;
        m.dokument = id;
        m.aktenzeichen = Some("47.11-1999/1".into());
        let filed = w.ablegen(&m).await;
        assert_eq!(filed.aktenzeichen, "20.10-2026/0001");
        let befunde = w.akten.get(&revision, id).await.unwrap().befunde;
        assert_eq!(befunde.iter().map(|b| b.code.as_str()).collect::<Vec<_>>(), ["aktenzeichen-unbekannt"]);

        // Filed elsewhere later: the document moves, both chains say so.
        let moved = w.ablegen(&ablegen(id, "66.20", "Winterdienst")).await;
        assert_eq!(moved.aktenzeichen, "66.20-2026/0001");
        let page = w.akten.akte(&revision, filed.akte).await.unwrap();
        assert!(page.vorgaenge.is_empty());
        let trail = audit::of_object(&w.db, &format!("dokument:{id}")).await.unwrap();
        assert!(trail.iter().any(|e| e.act == "DokumentAbgelegt" && e.chain == format!("akte:{}", moved.akte)));
        assert!(trail.iter().any(|e| e.act == "DokumentUmgelegt" && e.chain == format!("akte:{}", filed.akte)));

        // A new year begins to count anew, an old number never comes again.
        w.clock.set("2027-01-02T08:00:00Z".parse().unwrap());
        let (_, next) = w.abgelegt("d.pdf", "vier", "66.10", "Hauptstraße").await;
        assert_eq!(next.aktenzeichen, "66.10-2027/0001");

        let unknown = w.job(new_job(), ABLEGEN, json!(ablegen(id, "99.99", "x"))).await;
        assert!(
            matches!(unknown.outcome, Outcome::Unreadable { ref code, .. } if code == "ablage-unbekannt"),
            "{unknown:?}"
        );
        let nowhere = w.job(new_job(), ABLEGEN, json!(ablegen(DokumentId(Uuid::nil()), "66.10", "x"))).await;
        assert!(matches!(nowhere.outcome, Outcome::Bug { .. }), "{nowhere:?}");
    })
    .await;
}

#[tokio::test]
async fn null_from_feel_is_absent() {
    each(async |w| {
        let id = w.eingang("a.pdf", "eins").await;
        let m = json!({"dokument": id, "pdfa": null, "text": null, "befunde": null, "fakten": null, "titel": "Betreff"});
        let _: Erfasst = w.done(ERFASSEN, m).await;
        let m = json!({"dokument": id, "einheit": "66.10", "aktenzeichen": null, "akte_titel": null, "vorgang_titel": null,
            "dokumentart": null, "titel": null, "amt": null, "protokoll": null, "freigegeben_von": null});
        let filed: Abgelegt = w.done(ABLEGEN, m).await;
        let revision = w.person("revision", &["Revision"], &[]).await;
        let d = w.akten.get(&revision, id).await.unwrap();
        assert_eq!(d.titel, "Betreff");
        assert_eq!(w.akten.akte(&revision, filed.akte).await.unwrap().titel, "Straßenbau");
    })
    .await;
}

fn rechnung(nummer: &str, lieferant: &str, steuer: Option<&str>, brutto: &str) -> RechnungsFakten {
    RechnungsFakten {
        nummer: Some(nummer.into()),
        lieferant: Some(lieferant.into()),
        lieferant_steuer: steuer.map(Into::into),
        brutto: Some(brutto.into()),
        ..Default::default()
    }
}

#[tokio::test]
async fn duplicates_are_found_oldest_first() {
    each(async |w| {
        let cases = [
            rechnung("RE-2026-0815", "Müller Bau GmbH", Some("DE123456789"), "6228.80"),
            rechnung("RE 2026 0815", "Mueller-Bau", None, "6228.8"),
            rechnung("RE-2026-0815", "Müller Bau GmbH", Some("DE123456789"), "6228.81"),
            rechnung("RE-2026-0815", "Anders AG", Some("DE999999999"), "6228.80"),
            rechnung("re-2026-0815", "Bau Müller Nachf.", Some("DE 123 456 789"), "6228.80"),
        ];
        let mut ids = Vec::new();
        let mut found = Vec::new();
        for (i, fakten) in cases.into_iter().enumerate() {
            let id = w.eingang(&format!("rechnung-{i}.pdf"), &format!("Rechnung {i}")).await;
            let out = w.erfassen(Erfassen { dokument: Some(id), fakten: Some(fakten), ..Default::default() }).await;
            ids.push(id);
            found.push(out.dubletten.iter().map(|d| d.dokument).collect::<Vec<_>>());
            w.clock.advance_seconds(1);
        }
        assert_eq!(found, [vec![], vec![ids[0]], vec![], vec![], vec![ids[0]]]);
        // Asked again, a document is not its own duplicate.
        let fakten = rechnung("RE-2026-0815", "Müller Bau GmbH", Some("DE123456789"), "6228.80");
        let out = w.erfassen(Erfassen { dokument: Some(ids[0]), fakten: Some(fakten), ..Default::default() }).await;
        assert_eq!(out.dubletten.iter().map(|d| d.dokument).collect::<Vec<_>>(), [ids[1], ids[4]]);
        assert!(out.dubletten[0].text.contains("20.11.2026"), "{}", out.dubletten[0].text);
    })
    .await;
}

#[tokio::test]
async fn a_released_vorlage_is_filed_with_its_log() {
    each(async |w| {
        let revision = w.person("revision", &["Revision"], &[]).await;
        let tiefbau = w.person("tiefbau", &["Sachbearbeitung"], &["Feststellung-66"]).await;
        let m = json!({"vorlage": {"titel": "Sanierung der Hauptstraße", "text": "Der Gemeinderat beschließt die Sanierung.", "amt": "66",
            "sichtbarkeit": "oeffentlich"}, "protokoll": {"ob_freigabe": {"entscheidung": "freigeben"}}});
        let id = new_job();
        let first: VorlageAbgelegt = answer(w.job(id, VORLAGE_ABLEGEN, m.clone()).await);
        let again: VorlageAbgelegt = answer(w.job(id, VORLAGE_ABLEGEN, m).await);
        assert_eq!(first, again);
        assert_eq!(first.aktenzeichen, "00.10-2026/0001");
        let d = w.akten.get(&revision, first.dokument).await.unwrap();
        assert_eq!((d.dokumentart.as_deref(), d.stand.as_str()), (Some("vorlage"), "abgelegt"));
        let log = w.akten.rendition(&revision, first.dokument, "protokoll").await.unwrap();
        let log: serde_json::Value = serde_json::from_slice(&log.bytes).unwrap();
        assert_eq!(log["vorlage"]["sichtbarkeit"], "oeffentlich");
        assert_eq!(log["protokoll"]["ob_freigabe"]["entscheidung"], "freigeben");
        let text = w.akten.rendition(&revision, first.dokument, "text").await.unwrap();
        assert!(String::from_utf8(text.bytes).unwrap().contains("Der Gemeinderat beschließt"));
        // The unit belongs to office 10; the Akte is kept by 66, whose groups got it.
        assert!(w.akten.get(&tiefbau, first.dokument).await.is_ok());
        assert_eq!(audit::verify(&w.db).await.unwrap().breaks, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn a_corrected_zugang_reaches_the_documents_once() {
    each(async |w| {
        let revision = w.person("revision", &["Revision"], &[]).await;
        let hash = w.blob("Text").await;
        let m = anlegen(vec![teil(0, "a.pdf", hash, None), teil(1, "b.pdf", hash, None)]);
        let _: Angelegt = w.done(ANLEGEN, json!(m)).await;
        let message = ZugangGeaendert { id: MessageId(Uuid::now_v7()), sendung: m.sendung, zugang: tag("2026-11-18") };
        assert_eq!(w.akten.zugang_geaendert(&message).await.unwrap(), 2);
        assert_eq!(w.akten.zugang_geaendert(&message).await.unwrap(), 0);
        let rows = w.akten.of_sendung(&revision, m.sendung).await.unwrap().dokumente;
        assert_eq!(rows.iter().map(|r| r.zugang).collect::<Vec<_>>(), [tag("2026-11-18"); 2]);
        let trail = audit::of_object(&w.db, &format!("dokument:{}", rows[0].id)).await.unwrap();
        assert_eq!(trail.iter().filter(|e| e.act == "ZugangBerichtigt").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn damaged_bytes_are_never_served() {
    let w = Welt::sqlite().await;
    let revision = w.person("revision", &["Revision"], &[]).await;
    let id = w.eingang("a.pdf", "Das Original.").await;
    let hash = w.akten.get(&revision, id).await.unwrap().sha256;
    let file = w.ordner().join("test").join(&hash.to_string()[..2]).join(hash.to_string());
    std::fs::write(&file, "Das Origimal.").unwrap();
    let error = w.akten.rendition(&revision, id, "original").await.unwrap_err();
    assert_eq!((error.code.0, error.status), ("E2005", 500));
    assert_eq!(w.akten.abgleich().await.unwrap().veraendert, BTreeSet::from([hash]));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(w.akten.abgleich().await.unwrap().fehlend, BTreeSet::from([hash]));
}

#[tokio::test]
async fn zda_closes_and_a_reason_opens_again() {
    each(async |w| {
        let tiefbau = w.person("tiefbau", &["Sachbearbeitung"], &["Sachbearbeitung-66"]).await;
        let schulamt = w.person("schulamt", &["Sachbearbeitung"], &["Sachbearbeitung-20"]).await;
        let (id, filed) = w.abgelegt("a.pdf", "Post", "66.10", "Hauptstraße").await;
        let day = w.now().tag();
        let zda =
            |bis: Option<nachrichten::Tag>| json!({ "dokument": id, "von": tiefbau.person, "wiederaufnahme_bis": bis });
        let job = new_job();
        let done: ZdaErledigt = answer(w.job(job, ZDA, zda(Some(day.plus_tage(90)))).await);
        assert_eq!((done.vorgang, done.geschlossen), (Some(filed.vorgang), true));
        let again: ZdaErledigt = answer(w.job(job, ZDA, zda(None)).await);
        assert_eq!(again, done, "the same job, the same answer");
        let other: ZdaErledigt = w.done(ZDA, zda(None)).await;
        assert!(!other.geschlossen, "it was closed before");
        let vorgaenge = async || w.akten.akte(&tiefbau, filed.akte).await.unwrap().vorgaenge;
        assert_eq!(vorgaenge().await[0].zda_am, Some(day));

        // New post of its title takes it up again while it may, and opens a new one after that.
        let (_, second) = w.abgelegt("b.pdf", "Post", "66.10", "Hauptstraße").await;
        assert_eq!(second.vorgang, filed.vorgang);
        assert_eq!(vorgaenge().await[0].zda_am, None);
        let _: ZdaErledigt = w.done(ZDA, zda(Some(day))).await;
        w.clock.advance_seconds(2 * 86_400);
        let (_, third) = w.abgelegt("c.pdf", "Post", "66.10", "Hauptstraße").await;
        assert_ne!(third.vorgang, filed.vorgang);

        // By hand.
        let (akte, code) = (filed.akte, |r: Result<(), nachrichten::fehler::Fehler>| r.unwrap_err().code.0);
        let open = |grund: &str| Schluss::WiederOeffnen { grund: grund.into() };
        let act = async |vorgang, schluss: &Schluss| w.akten.schluss(&tiefbau, akte, vorgang, schluss).await;
        assert_eq!(code(w.akten.schluss(&schulamt, akte, None, &Schluss::Zda).await), "E7004");
        assert_eq!(code(act(None, &Schluss::Zda).await), "E3061", "a Vorgang is open");
        assert_eq!(code(act(Some(filed.vorgang), &open("Nachtrag")).await), "E3063", "its title is open again");
        act(Some(third.vorgang), &Schluss::Zda).await.unwrap();
        assert_eq!(code(act(Some(third.vorgang), &Schluss::Zda).await), "E3062");
        act(None, &Schluss::Zda).await.unwrap();
        assert_eq!(w.akten.akte(&tiefbau, akte).await.unwrap().zda_am, Some(w.clock.now().tag()));
        // A closed Akte takes nothing more, neither by title nor by number.
        let mut m = ablegen(w.eingang("d.pdf", "Post").await, "66.10", "Hauptstraße");
        assert_ne!(w.ablegen(&m).await.akte, akte);
        m = ablegen(w.eingang("e.pdf", "Post").await, "66.20", "Anderes");
        m.aktenzeichen = Some(filed.aktenzeichen.clone());
        assert_ne!(w.ablegen(&m).await.akte, akte);
        assert_eq!(code(act(Some(third.vorgang), &open("Nachtrag")).await), "E3061", "first the Akte");
        assert_eq!(code(act(None, &open("  ")).await), "E3060");
        assert_eq!(code(act(None, &open(&"x".repeat(201))).await), "E3060");
        assert_eq!(code(act(None, &open("Nachtrag")).await), "E3063", "a new Akte has the title");
        let (_, alone) = w.abgelegt("f.pdf", "Post", "66.20", "Allein").await;
        w.akten.schluss(&tiefbau, alone.akte, Some(alone.vorgang), &Schluss::Zda).await.unwrap();
        w.akten.schluss(&tiefbau, alone.akte, None, &Schluss::Zda).await.unwrap();
        w.akten.schluss(&tiefbau, alone.akte, None, &open("Nachtrag")).await.unwrap();
        assert_eq!(w.akten.akte(&tiefbau, alone.akte).await.unwrap().zda_am, None);
        let trail = audit::of_object(&w.db, &format!("akte:{}", alone.akte)).await.unwrap();
        let acts: Vec<_> = trail
            .iter()
            .map(|e| {
                (
                    e.act.as_str(),
                    serde_json::from_str::<serde_json::Value>(&e.data).unwrap()["grund"].as_str().map(str::to_owned),
                )
            })
            .collect();
        assert_eq!(acts[acts.len() - 2..], [("AkteZda", None), ("AkteWiederGeoeffnet", Some("Nachtrag".to_owned()))]);
        assert!(trail.last().unwrap().actor.contains(&tiefbau.person.to_string()));
        assert_eq!(audit::verify(&w.db).await.unwrap().breaks, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn a_closed_unit_takes_no_new_akte() {
    each(async |w| {
        let tiefbau = w.person("tiefbau", &["Sachbearbeitung"], &["Sachbearbeitung-66"]).await;
        let (_, before) = w.abgelegt("a.pdf", "Post", "66.20", "Winter").await;
        let ends = format!("{}66.30;Brücken;66;;B;2026-11-23\n", PLAN.replace("Kennzeichen;Titel;Amt\n", "Kennzeichen;Titel;Amt;Aufbewahrung;Aussonderung;Gueltig_bis\n").replace("66.20;Straßenunterhaltung und Winterdienst;66\n", ""));
        w.akten.seed(&ends, ORGANISATION).await.unwrap();
        let units = async || -> Vec<String> {
            w.akten.aktenplan(&tiefbau).await.unwrap().into_iter().map(|e| e.kennzeichen).filter(|k| k.starts_with("66")).collect()
        };
        assert_eq!(units().await, ["66.10", "66.30"], "66.20 is not offered any more");
        let refused = w.job(new_job(), ABLEGEN, json!(ablegen(w.eingang("b.pdf", "Post").await, "66.20", "Sommer"))).await;
        assert!(matches!(&refused.outcome, Outcome::Unreadable { detail: text, .. } if text.contains("66.20") && text.contains("geschlossen")), "{refused:?}");
        // Its Akten go on, and are seen.
        let (_, more) = w.abgelegt("c.pdf", "Post", "66.20", "Winter").await;
        assert_eq!(more.akte, before.akte);
        assert!(w.akten.akte(&tiefbau, before.akte).await.is_ok());
        // The last day counts.
        w.abgelegt("d.pdf", "Post", "66.30", "Südbrücke").await;
        w.clock.advance_seconds(86_400);
        assert_eq!(units().await, ["66.10"]);
        let refused = w.job(new_job(), ABLEGEN, json!(ablegen(w.eingang("e.pdf", "Post").await, "66.30", "Nordbrücke"))).await;
        assert!(!matches!(refused.outcome, Outcome::Done { .. }));
        // Back in the plan, it is open again.
        w.akten.seed(PLAN, ORGANISATION).await.unwrap();
        w.abgelegt("f.pdf", "Post", "66.20", "Sommer").await;
    })
    .await;
}
