// SPDX-License-Identifier: EUPL-1.2
//! The contract of calls between processes: the real services behind the server, every method of every trait through the
//! client over mTLS, with the answers and the errors that the same call gives in one process.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;
#[path = "gemein/ruf.rs"]
mod ruf;

use std::{
    collections::BTreeSet,
    sync::{Mutex, OnceLock},
};

use gemein::{
    haus::{Haus, kontierung, object, tag},
    probe,
};
use nachrichten::{
    Actor, BlobHash, DokumentId, InstanceId, JobId, SendungId, TaskId, VorgangId, Werte,
    ablaeufe::{Eingriff, Umzug},
    aufgaben::{AufgabenFilter, Erledigung},
    betrieb::{Behandlung, ProtokollFrage, TotbriefAkt},
    dokumente::{NeueFassung, Schluss},
    fassungen::BeispielOrt,
    laufweg::{LaufwegAenderung, Ort},
    sendungen::{Einlieferung, Kanal},
    suche::Anfrage,
    uebergabe::{Aufnahme, Rueckmeldung},
    wiedervorlage::{Angaben, Bezug},
};
use ruf::{Amt, Gegenstelle, alle_bei, dort, hier};
use serde_json::{Value, json};
use service_platform::config::RufSettings;
use service_ruf::{Limits, METHODS, Neighbours, Services};
use uuid::Uuid;

/// What was called through the client.
static CALLED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// A call through the client.
macro_rules! fern {
    ($w:ident, $field:ident . $method:ident ( $($arg:expr),* $(,)? )) => {{
        CALLED.lock().unwrap().insert(concat!(stringify!($field), "/", stringify!($method)).to_owned());
        $w.dort.$field.as_ref().unwrap().$method($($arg),*).await
    }};
}

/// The same call in this process and through the client: the same answer, or the same error. Gives the answer.
macro_rules! gleich {
    ($w:ident, $field:ident . $method:ident ( $($arg:expr),* $(,)? )) => {{
        let here = $w.hier.$field.as_ref().unwrap().$method($($arg),*).await;
        let there = fern!($w, $field.$method($($arg),*));
        assert_eq!(format!("{here:?}"), format!("{there:?}"), concat!(stringify!($field), "/", stringify!($method)));
        there
    }};
}

/// A whole house, and a second process that calls it as the portal.
struct Welt {
    haus: Haus,
    hier: Services,
    /// Through the client.
    dort: Services,
    /// `uebergabe` and `eingang`, for what the portal may not call.
    uebergabe: Services,
    eingang: Services,
    _server: Gegenstelle,
    _amt: &'static Amt,
}

/// Making keys takes a moment: once per test program.
fn amt() -> &'static Amt {
    static AMT: OnceLock<Amt> = OnceLock::new();
    AMT.get_or_init(Amt::neu)
}

fn caller(name: &str, server: &Gegenstelle) -> Services {
    let settings: RufSettings = amt().ausweis("ca", &format!("{name}-{}", Uuid::now_v7()), &format!("DNS:{name}"), 2);
    dort(&Neighbours::open(&alle_bei(&settings, &format!("https://localhost:{}", server.address.port()))).unwrap())
}

impl Welt {
    async fn neu() -> Self {
        let haus = Haus::neu().await;
        let hier = hier(&haus.app);
        let settings = amt().dienst(&format!("kern-{}", Uuid::now_v7()));
        let server = Gegenstelle::neu(&settings, hier.clone(), Limits::default()).await;
        let [dort, uebergabe, eingang] = ["portal", "uebergabe", "eingang"].map(|name| caller(name, &server));
        Self { haus, hier, dort, uebergabe, eingang, _server: server, _amt: amt() }
    }

    async fn person(&self, kennung: &str) -> Actor {
        self.haus.person(kennung).await
    }
}

/// Nobody's.
fn nothing() -> Uuid {
    Uuid::from_u128(7)
}

fn upload(key: &str, bytes: &[u8]) -> Einlieferung {
    Einlieferung {
        kanal: Kanal::Upload,
        name: "Entwurf für Ämter.txt".into(),
        bytes: bytes.to_vec(),
        idempotency_key: key.into(),
        zugang: Some(tag("2026-11-20")),
        vertraulich: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_answers_as_in_one_process() {
    let w = Welt::neu().await;
    intake(&w).await;
    let satzung = filed(&w).await;
    invoice(&w).await;
    record(&w, satzung).await;
    route(&w, satzung).await;
    reminders(&w, satzung).await;
    operators(&w).await;
    versions(&w).await;
    w.haus.ist_sauber().await;
    let all: BTreeSet<String> =
        METHODS.iter().flat_map(|(field, methods)| methods.iter().map(move |m| format!("{field}/{m}"))).collect();
    let called = CALLED.lock().unwrap().clone();
    assert!(all.is_subset(&called), "never called: {:?}", all.difference(&called).collect::<Vec<_>>());
    w.haus.app.stop().await;
}

/// Bytes go in whole, a repeat is one, refusals come as they are.
async fn intake(w: &Welt) {
    let cli = &w.haus.app.cli;
    // Every byte value, more than one piece on the line, and none at all.
    let bytes: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
    let mail = |key: &str, bytes: Vec<u8>| Einlieferung { kanal: Kanal::Mail, bytes, ..upload(key, b"") };
    let first = fern!(w, sendungen.accept(cli, mail("ruf-1", bytes.clone()))).unwrap();
    assert_eq!((first.sha256, first.repeated), (BlobHash::of(&bytes), false));
    assert_eq!(w.haus.app.blobs.get(first.sha256).await.unwrap(), bytes);
    let again = gleich!(w, sendungen.accept(cli, mail("ruf-1", bytes.clone()))).unwrap();
    assert_eq!((again.receipt, again.repeated), (first.receipt, true));
    let other = gleich!(w, sendungen.accept(cli, mail("ruf-1", b"anders".to_vec()))).unwrap_err();
    assert_eq!((other.code.0, other.status), ("E1004", 422));
    let none = gleich!(w, sendungen.accept(cli, mail("", Vec::new()))).unwrap_err();
    assert_eq!((none.code.0, none.status), ("E1003", 400));
    let empty = gleich!(w, sendungen.accept(cli, upload("ruf-2", b""))).unwrap_err();
    assert_eq!((empty.code.0, empty.status), ("E1001", 422), "{empty:?}");
    w.haus.ruht(first.receipt).await;

    let stand = gleich!(w, sendungen.stand(cli, first.receipt)).unwrap();
    assert_eq!(stand.sha256, first.sha256);
    assert_eq!(gleich!(w, sendungen.stand(cli, SendungId(nothing()))).unwrap_err().status, 404);
    assert!(!gleich!(w, sendungen.list(cli, 50)).unwrap().is_empty());
    let (fremd, day) = (w.person("ratsmitglied").await, tag("2026-11-19"));
    assert_eq!(gleich!(w, sendungen.correct_zugang(&fremd, first.receipt, day, "x")).unwrap_err().status, 404);
    assert_eq!(gleich!(w, sendungen.correct_zugang(cli, first.receipt, day, "")).unwrap_err().code.0, "E1005");
    fern!(w, sendungen.correct_zugang(cli, first.receipt, day, "Nachtbriefkasten")).unwrap();
    assert_eq!(gleich!(w, ablaeufe.of_sendungen(&[first.receipt, SendungId(nothing())])).unwrap().len(), 2);
    let ablauf = gleich!(w, ablaeufe.of_sendung(first.receipt)).unwrap();
    assert!(!ablauf.aufgaben.is_empty() || ablauf.beendet, "{ablauf:?}");
}

const ENTWURF: &str = "Entwurf der Baumschutzsatzung\n\nder Stammumfang beträgt 80 Zentimeter.\n";

/// A text handed in, confirmed and filed through the client.
async fn filed(w: &Welt) -> DokumentId {
    let cli = &w.haus.app.cli;
    let receipt = fern!(w, sendungen.accept(cli, upload("satzung", ENTWURF.as_bytes()))).unwrap().receipt;
    let id = w.haus.ruht(receipt).await.documents[0].id;
    let post = w.person("poststelle").await;
    let task = w.haus.aufgabe(&post, id, "ZuordnungBestaetigen").await.aufgabe;
    let filter = AufgabenFilter { element: vec![task.element.clone()], limit: 20, ..AufgabenFilter::default() };
    let list = gleich!(w, aufgaben.list(&post, &filter)).unwrap();
    assert!(list.aufgaben.iter().any(|a| a.id == task.id));
    assert!(!gleich!(w, aufgaben.zaehler(&post)).unwrap().is_empty());

    // Taken, given back, and each version counts.
    let v = fern!(w, aufgaben.claim(&post, task.id, task.version)).unwrap();
    let stale = gleich!(w, aufgaben.claim(&post, task.id, task.version)).unwrap_err();
    assert!(matches!(stale.status, 409 | 412), "{stale:?}");
    let v = fern!(w, aufgaben.release(&post, task.id, v)).unwrap();
    assert_eq!(gleich!(w, aufgaben.get(&post, task.id)).unwrap().aufgabe.version, v);
    fern!(w, aufgaben.draft(&post, task.id, object(json!({ "titel": "Entwurf" })))).unwrap();
    assert_eq!(gleich!(w, aufgaben.get(&post, task.id)).unwrap().entwurf["titel"], "Entwurf");
    let no_reason = gleich!(w, aufgaben.verlegen(&post, task.id, v, tag("2026-12-10"), "")).unwrap_err();
    assert_eq!((no_reason.status, no_reason.code.0), (422, "E3025"));
    let alone = gleich!(w, aufgaben.delegate(&post, task.id, v, post.person, "Urlaub")).unwrap_err();
    assert_eq!((alone.status, alone.code.0), (422, "E3011"));
    let fremd = w.person("ratsmitglied").await;
    assert!(matches!(gleich!(w, aufgaben.get(&fremd, task.id)).unwrap_err().status, 403 | 404));

    let werte = json!({ "entscheidung": "bestaetigen", "dokumentart": "schreiben", "titel": "Baumschutzsatzung", "amt": "66",
        "einheit": "66.10", "akte_titel": "Satzungen", "vorgang_titel": "Baumschutzsatzung" });
    let e = |version, key: &str, werte: &Value| Erledigung {
        version,
        idempotency_key: key.into(),
        werte: object(werte.clone()),
        fassung: None,
    };
    let late = gleich!(w, aufgaben.complete(&post, task.id, e(task.version, "zu-alt", &werte))).unwrap_err();
    assert!(matches!(late.status, 409 | 412), "{late:?}");
    fern!(w, aufgaben.complete(&post, task.id, e(v, "einmal", &werte))).unwrap();
    gleich!(w, aufgaben.complete(&post, task.id, e(v, "einmal", &werte))).unwrap();
    let nobody = gleich!(w, aufgaben.complete(&post, TaskId(nothing()), e(1, "x", &werte))).unwrap_err();
    assert_eq!(nobody.status, 404);
    w.haus.bis_stand(cli, id, "abgelegt").await;
    id
}

/// What the record keeper answers, bytes included.
async fn record(w: &Welt, id: DokumentId) {
    let (cli, fremd) = (&w.haus.app.cli, w.person("ratsmitglied").await);
    let leitung = w.person("amtsleitung").await;
    let d = gleich!(w, dokumente.get(&leitung, id)).unwrap();
    let missing = gleich!(w, dokumente.get(&fremd, id)).unwrap_err();
    assert_eq!((missing.code.0, missing.status), ("E7004", 404));
    assert_eq!(missing.text, nachrichten::fehler::Fehler::not_found().text, "the sentence too");

    let original = gleich!(w, dokumente.rendition(&leitung, id, "original")).unwrap();
    assert_eq!((original.bytes, original.name), (ENTWURF.as_bytes().to_vec(), d.name.clone()));
    assert_eq!(gleich!(w, dokumente.rendition(&leitung, id, "gibt-es-nicht")).unwrap_err().status, 404);
    assert_eq!(gleich!(w, dokumente.page_image(&leitung, id, 99)).unwrap_err().status, 404);

    let first = gleich!(w, dokumente.list(cli, 1, None)).unwrap();
    let second = gleich!(w, dokumente.list(cli, 1, first.1.as_deref())).unwrap();
    assert!(first.1.is_some() && first.0[0].id != second.0[0].id, "the cursor travels");
    assert_eq!(gleich!(w, dokumente.list(cli, 1, Some("kein Zeiger"))).unwrap_err().code.0, "E2004");
    assert_eq!(gleich!(w, dokumente.of_sendung(cli, d.sendung)).unwrap().dokumente.len(), 1);
    let two = gleich!(w, dokumente.of_sendungen(cli, &[SendungId(nothing()), d.sendung])).unwrap();
    assert_eq!(two.iter().map(|s| s.dokumente.len()).collect::<Vec<_>>(), [0, 1], "in their order");
    assert_eq!(gleich!(w, dokumente.sichtbar(&leitung, &[DokumentId(nothing()), id])).unwrap(), [id]);
    assert!(gleich!(w, dokumente.sichtbar(&fremd, &[id])).unwrap().is_empty());
    let place = d.ablage.unwrap();
    assert_eq!(gleich!(w, dokumente.akte(&leitung, place.akte)).unwrap().id, place.akte);
    assert!(!gleich!(w, dokumente.akten(cli, 10, None)).unwrap().0.is_empty());
    assert!(gleich!(w, dokumente.aktenplan(cli)).unwrap().len() > 3);
    assert!(gleich!(w, dokumente.zaehler(cli)).unwrap().0 >= 2);

    let vorgang = Some(place.vorgang);
    let again = Schluss::WiederOeffnen { grund: String::new() };
    assert_eq!(gleich!(w, dokumente.schluss(&leitung, place.akte, vorgang, &again)).unwrap_err().code.0, "E3060");
    assert_eq!(gleich!(w, dokumente.schluss(&fremd, place.akte, vorgang, &Schluss::Zda)).unwrap_err().status, 404);
    let nowhere = Some(VorgangId(nothing()));
    assert_eq!(gleich!(w, dokumente.schluss(&leitung, place.akte, nowhere, &Schluss::Zda)).unwrap_err().status, 404);
    fern!(w, dokumente.schluss(&leitung, place.akte, vorgang, &Schluss::Zda)).unwrap();
    let closed = gleich!(w, dokumente.akte(&leitung, place.akte)).unwrap();
    assert!(closed.vorgaenge.iter().any(|v| v.zda_am.is_some()));
    let reason = Schluss::WiederOeffnen { grund: "neue Post".into() };
    fern!(w, dokumente.schluss(&leitung, place.akte, vorgang, &reason)).unwrap();

    let neu = |bisher: BlobHash, grund: &str| NeueFassung {
        bisher,
        name: "satzung-2.txt".into(),
        bytes: b"Neuer Entwurf\n\xc3\xa4".to_vec(),
        grund: grund.into(),
    };
    assert_eq!(gleich!(w, dokumente.neue_fassung(&leitung, id, neu(d.sha256, ""))).unwrap_err().status, 422);
    let stale = gleich!(w, dokumente.neue_fassung(&leitung, id, neu(BlobHash::of(b"alt"), "x"))).unwrap_err();
    assert_eq!(stale.status, 412, "{stale:?}");
    let hash = fern!(w, dokumente.neue_fassung(&leitung, id, neu(d.sha256, "gekürzt"))).unwrap();
    assert_eq!(hash, BlobHash::of(b"Neuer Entwurf\n\xc3\xa4"));

    let anfrage = Anfrage { text: "Baumschutzsatzung".into(), ..Anfrage::default() };
    assert_eq!(gleich!(w, suche.suche(&leitung, &anfrage)).unwrap().gesamt, 1);
    assert_eq!(gleich!(w, suche.suche(&fremd, &anfrage)).unwrap().gesamt, 0);

    // Asked by the intake: what is kept, and what nobody knows.
    let eingang = w.eingang.verweise.as_ref().unwrap();
    CALLED.lock().unwrap().insert("verweise/verweist".into());
    assert!(eingang.verweist(hash).await.unwrap() && !eingang.verweist(BlobHash::of(b"nie gesehen")).await.unwrap());
}

/// Two persons and the money: the wall stands for calls from another process too.
async fn invoice(w: &Welt) {
    let stand = w.haus.bringe(Kanal::Scan, "06-rechnung-zugferd.pdf", probe("06-rechnung-zugferd.pdf"), None).await;
    let id = stand.documents[0].id;
    let samira = w.person("samira.lang").await;
    let pixels = gleich!(w, dokumente.page_image(&samira, id, 0)).unwrap();
    assert!(pixels.media_type.starts_with("image/") && pixels.bytes.len() > 1_000);
    let task = w.haus.aufgabe(&samira, id, "Feststellung").await;
    let werte = json!({ "entscheidung": "freigeben", "kontierung": kontierung("6213.70") });
    let e = |version, key: &str, werte: &Value| Erledigung {
        version,
        idempotency_key: key.into(),
        werte: object(werte.clone()),
        fassung: None,
    };
    fern!(w, aufgaben.complete(&samira, task.aufgabe.id, e(task.aufgabe.version, "f", &werte))).unwrap();
    let order = w.haus.aufgabe(&samira, id, "Anordnung").await.aufgabe;
    let werte = json!({ "entscheidung": "anordnen", "kontierung": kontierung("6213.70") });
    let refused = gleich!(w, aufgaben.complete(&samira, order.id, e(order.version, "a", &werte))).unwrap_err();
    assert_eq!(refused.status, 403);
    let ablauf = gleich!(w, ablaeufe.of_document(&samira, id)).unwrap().unwrap();
    let seite = gleich!(w, ablaeufe.get(&samira, ablauf)).unwrap();
    assert!(seite.bpmn.len() > 10_000 && !seite.verlauf.is_empty() && !seite.variablen.is_empty());
    assert!(!gleich!(w, ablaeufe.list(&samira, "rechnung", 20)).unwrap().is_empty());
    let unknown = gleich!(w, ablaeufe.melden(&samira, ablauf, "gibt es nicht", "x")).unwrap_err();
    assert!(matches!(unknown.status, 403 | 404 | 409 | 422), "{unknown:?}");

    // What the finance system tells enters through the worker alone.
    let meldung = Rueckmeldung::Zahlung { beleg: "19".into(), betrag: "1.00".into(), datum: tag("2026-11-23") };
    let refused = fern!(w, rueckmeldungen.nimm(BlobHash::of(b"datei"), &meldung)).unwrap_err();
    assert_eq!((refused.code.0, refused.status), ("E9012", 503), "the portal may not say that money was paid");
    let worker = w.uebergabe.rueckmeldungen.as_ref().unwrap();
    assert_eq!(worker.nimm(BlobHash::of(b"datei"), &meldung).await.unwrap(), Aufnahme::Niemand);
    let klaerung = worker.klaeren(BlobHash::of(b"x"), "x.json", "Diese Datei ist nicht lesbar.", "{").await.unwrap();
    let twice = worker.klaeren(BlobHash::of(b"x"), "x.json", "Diese Datei ist nicht lesbar.", "{").await.unwrap();
    assert_eq!(klaerung, twice);
    CALLED.lock().unwrap().insert("rueckmeldungen/klaeren".into());
    let pages = w.uebergabe.suche.as_ref().unwrap().suche(&samira, &Anfrage::default()).await.unwrap_err();
    assert_eq!(pages.code.0, "E9012", "and the worker reads nothing");
}

/// An Umlauf is started, changed and withdrawn.
async fn route(w: &Welt, dokument: DokumentId) {
    let leitung = w.person("amtsleitung").await;
    let d = w.haus.dokument(&leitung, dokument).await;
    let stelle = |n: u32, g: &str| json!({ "nr": n, "stufe": n, "gruppe": g, "person": null, "name": g, "verfuegung": "mitzeichnung", "stand": "zukuenftig" });
    let umlauf = json!({ "dokument": dokument, "fassung": d.sha256, "titel": d.titel, "text": "Bitte.", "frist": "2026-12-11", "regel": "alle",
        "von": leitung.name, "person": leitung.person, "amt": "66" });
    let werte: Werte =
        object(json!({ "umlauf": umlauf, "laufweg": [stelle(1, "Mitzeichnung-30"), stelle(2, "Mitzeichnung-61")] }));
    let id = fern!(w, ablaeufe.start(&leitung, "umlauf", werte.clone(), "eins")).unwrap();
    assert_eq!(gleich!(w, ablaeufe.start(&leitung, "umlauf", werte.clone(), "eins")).unwrap(), id, "once per key");
    w.haus.aufgabe_wo(&w.person("rechtsamt").await, "Zeichnung", |a| a.aufgabe.ablauf == id).await;
    let l = gleich!(w, ablaeufe.laufweg(&leitung, id)).unwrap();
    assert_eq!(l.positionen.len(), 2);
    let kaemmerei = |ort| LaufwegAenderung::Einfuegen {
        ort,
        name: "Stadtkämmerei".into(),
        gruppe: Some("Mitzeichnung-20".into()),
        person: None,
        verfuegung: "mitzeichnung".into(),
    };
    let stale = gleich!(w, ablaeufe.laufweg_aendern(&leitung, id, "alt", kaemmerei(Ort::Ende), "Geld")).unwrap_err();
    assert_eq!((stale.code.0, stale.status), ("E3021", 412));
    let v = fern!(w, ablaeufe.laufweg_aendern(&leitung, id, &l.version, kaemmerei(Ort::Nach(2)), "Geld")).unwrap();
    let moved = LaufwegAenderung::Verschieben { nr: 3, ort: Ort::Neben(2) };
    let v = fern!(w, ablaeufe.laufweg_aendern(&leitung, id, &v, moved, "zugleich")).unwrap();
    let out = LaufwegAenderung::Entfernen { nr: 3 };
    fern!(w, ablaeufe.laufweg_aendern(&leitung, id, &v, out, "doch nicht")).unwrap();
    assert_eq!(gleich!(w, ablaeufe.zurueckziehen(&leitung, id, "")).unwrap_err().status, 422);
    fern!(w, ablaeufe.zurueckziehen(&leitung, id, "überholt")).unwrap();
}

async fn reminders(w: &Welt, dokument: DokumentId) {
    let leitung = w.person("amtsleitung").await;
    assert_eq!(gleich!(w, wiedervorlagen.arbeitstag(tag("2026-12-26"))).unwrap(), tag("2026-12-28"));
    let an = format!("person:{}", leitung.person);
    let a = |datum: &str| Angaben { datum: tag(datum), grund: "Antwort abwarten".into(), an: an.clone() };
    let bezug = Bezug::Dokument(dokument);
    let id = fern!(w, wiedervorlagen.setzen(&leitung, bezug, &a("2026-12-01"), "w1")).unwrap();
    assert_eq!(gleich!(w, wiedervorlagen.setzen(&leitung, bezug, &a("2026-12-01"), "w1")).unwrap(), id);
    let off = gleich!(w, wiedervorlagen.setzen(&leitung, bezug, &a("2026-12-26"), "w2")).unwrap_err();
    assert_eq!((off.code.0, off.status), ("E3026", 422));
    assert_eq!(gleich!(w, wiedervorlagen.meine(&leitung)).unwrap()[0].bezug, bezug);
    assert_eq!(gleich!(w, wiedervorlagen.zu(&leitung, bezug)).unwrap().len(), 1);
    for bezug in [Bezug::Akte(nachrichten::AkteId(nothing())), Bezug::Aufgabe(TaskId(nothing()))] {
        assert_eq!(gleich!(w, wiedervorlagen.zu(&leitung, bezug)).unwrap_err().status, 404);
    }
    assert_eq!(gleich!(w, wiedervorlagen.eine(&leitung, id)).unwrap().datum, tag("2026-12-01"));
    fern!(w, wiedervorlagen.aendern(&leitung, id, &a("2026-12-02"), "verschoben")).unwrap();
    assert_eq!(gleich!(w, wiedervorlagen.eine(&leitung, id)).unwrap().datum, tag("2026-12-02"));
    fern!(w, wiedervorlagen.absagen(&leitung, id, "erledigt")).unwrap();
    assert_eq!(gleich!(w, wiedervorlagen.eine(&leitung, id)).unwrap().stand, "abgesagt");
}

/// What operators see and do.
async fn operators(w: &Welt) {
    let (betrieb, post) = (w.person("betrieb").await, w.person("poststelle").await);
    assert_eq!(gleich!(w, betrieb.stoerungen(&post)).unwrap_err().code.0, "E7003");
    gleich!(w, betrieb.stoerungen(&betrieb)).unwrap();
    let nobody = [JobId(nothing())];
    assert_eq!(fern!(w, betrieb.behandeln(&betrieb, Behandlung::Erneut, &nobody, "neu")).unwrap().anzahl, 0);
    let no_reason = gleich!(w, betrieb.behandeln(&betrieb, Behandlung::Erneut, &[], ""));
    assert_eq!(no_reason.unwrap_err().code.0, "E3007");
    assert_eq!(gleich!(w, betrieb.offen(&betrieb)).unwrap(), 0);
    assert!(gleich!(w, betrieb.einreihungen(&betrieb)).unwrap().is_empty());
    assert_eq!(gleich!(w, betrieb.einreihung(&betrieb, nothing())).unwrap_err().status, 404);
    assert!(!gleich!(w, betrieb.betreuer(&betrieb)).unwrap().is_empty());
    assert_eq!(gleich!(w, betrieb.zuweisen(&betrieb, &[], None, "weg")).unwrap(), 0);
    assert_eq!(gleich!(w, betrieb.auftrag(&betrieb, JobId(nothing()), "")).unwrap_err().status, 404);
    assert!(!gleich!(w, betrieb.schlangen(&betrieb)).unwrap().is_empty());
    // The database grows between the two answers.
    let nachweise = fern!(w, betrieb.nachweise(&betrieb)).unwrap();
    assert!(nachweise.sicherung.is_none() && nachweise.datenbank > 0, "{nachweise:?}");
    let (von, none) = (tag("2026-11-01"), String::new());
    let frage = ProtokollFrage {
        von,
        bis: von,
        objekt: none.clone(),
        person: none.clone(),
        tat: none,
        nach: None,
        hoechstens: 100,
    };
    assert_eq!(gleich!(w, betrieb.protokoll(&post, &frage, "Prüfung")).unwrap_err().code.0, "E7003");
    assert_eq!(gleich!(w, betrieb.protokoll(&betrieb, &frage, "")).unwrap_err().code.0, "E3007");
    gleich!(w, betrieb.protokoll(&betrieb, &frage, "Prüfung")).unwrap();
    assert!(gleich!(w, betrieb.totbriefe(&betrieb)).unwrap().is_empty());
    let weg = gleich!(w, betrieb.totbrief(&betrieb, nothing(), TotbriefAkt::Verwerfen, "alt"));
    assert_eq!(weg.unwrap_err().status, 404);
    assert!(gleich!(w, ablaeufe.kennzahlen(&betrieb)).unwrap().aktiv > 0);
    let versionen = gleich!(w, ablaeufe.versionen(&betrieb)).unwrap();
    let list = gleich!(w, ablaeufe.list(&betrieb, "rechnung", 5)).unwrap();
    for eingriff in [
        Eingriff::Anhalten,
        Eingriff::VariableSetzen { name: "bemerkung".into(), wert: json!({ "ä": [1, null, "2.50"] }) },
        Eingriff::Fortsetzen,
    ] {
        let refused = gleich!(w, ablaeufe.eingreifen(&post, list[0].id, eingriff.clone(), "x")).unwrap_err();
        assert_eq!(refused.status, 403);
        fern!(w, ablaeufe.eingreifen(&betrieb, list[0].id, eingriff, "Probe")).unwrap();
    }
    let umzug = |process: &str| Umzug {
        process: process.into(),
        von: 1,
        nach: 2,
        schritte: [("A".to_owned(), "B".to_owned())].into_iter().collect(),
        probe: true,
        grund: "Probe".into(),
    };
    assert_eq!(gleich!(w, ablaeufe.umziehen(&betrieb, &umzug("rechnung"))).unwrap_err().status, 404);
    assert!(versionen.iter().any(|v| v.process == "rechnung"));
    assert_eq!(gleich!(w, ablaeufe.get(&post, InstanceId(nothing()))).unwrap_err().status, 404);
}

/// Processes and tables: checked, proposed, published.
async fn versions(w: &Welt) {
    let (eins, zwei) = (w.person("betrieb").await, w.person("betrieb.zwei").await);
    let file = |task: &str| {
        format!(
            r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t"><process id="ruf" name="Ruf &amp; Antwort" isExecutable="true"><startEvent id="S"/><userTask id="{task}" name="Prüfen"/><endEvent id="E"/><sequenceFlow id="f1" sourceRef="S" targetRef="{task}"/><sequenceFlow id="f2" sourceRef="{task}" targetRef="E"/></process></definitions>"#
        )
    };
    assert!(gleich!(w, fassungen.pruefen(&eins, "ruf.bpmn", &file("A"))).unwrap().angenommen);
    for task in ["A", "B"] {
        let id = fern!(w, fassungen.vorschlagen(&eins, "ruf.bpmn", &file(task), "neu")).unwrap();
        assert_eq!(gleich!(w, fassungen.vorschlaege(&zwei)).unwrap().len(), 1);
        let gegen = gleich!(w, fassungen.vorschlag(&zwei, id)).unwrap().pruefung.gegen;
        let own = gleich!(w, fassungen.veroeffentlichen(&eins, id, "selbst geprüft", &gegen, false)).unwrap_err();
        assert_eq!((own.code.0, own.status), ("E3041", 403));
        fern!(w, fassungen.veroeffentlichen(&zwei, id, "geprüft", &gegen, false)).unwrap();
    }
    let gone = fern!(w, fassungen.vorschlagen(&eins, "ruf.bpmn", &file("C"), "neu")).unwrap();
    fern!(w, fassungen.zurueckziehen(&eins, gone, "doch nicht")).unwrap();
    assert_eq!(gleich!(w, fassungen.unterschied(&eins, "ruf", 1, 2)).unwrap().nach, Some(2));
    gleich!(w, fassungen.zahlen(&eins, "ruf", 1, 30)).unwrap();
    assert_eq!(gleich!(w, fassungen.anfang(&eins, "ruf")).unwrap().unwrap().version, 2);
    assert!(gleich!(w, fassungen.anfang(&eins, "rechnung")).unwrap().is_none());

    let tabellen = gleich!(w, fassungen.tabellen(&eins)).unwrap();
    let name = "anordnung.dmn";
    assert!(tabellen.iter().any(|t| t.name == name));
    let seite = gleich!(w, fassungen.tabelle(&eins, name, 1)).unwrap();
    assert_eq!(gleich!(w, fassungen.tabellen_unterschied(&eins, name, 1, 9)).unwrap_err().status, 404);
    let ort = BeispielOrt::Version(name.into(), 1);
    let rows: Vec<_> = seite.beispiele.into_iter().map(|g| g.beispiel).collect();
    gleich!(w, fassungen.probieren(&eins, &ort, &rows[0].eingabe)).unwrap();
    let nowhere = BeispielOrt::Vorschlag(nothing());
    assert_eq!(gleich!(w, fassungen.probieren(&eins, &nowhere, &rows[0].eingabe)).unwrap_err().status, 404);
    fern!(w, fassungen.beispiele(&eins, &ort, rows, "unverändert")).unwrap();
    let clerk = w.person("poststelle").await;
    assert_eq!(gleich!(w, fassungen.tabellen(&clerk)).unwrap_err().status, 403);
}
