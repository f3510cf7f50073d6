// SPDX-License-Identifier: EUPL-1.2
//! The money of an invoice in the whole application: handed over as files, received, refused, paid, reversed,
//! questioned, held and withdrawn. `deploy/lib/finanz.py` plays the finance system.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use gemein::{
    haus::{Haus, kontierung},
    probe,
};
use nachrichten::{
    Actor, DokumentId,
    ablaeufe::{Ablaeufe as _, Ablauf},
    dokumente::Dokumente as _,
    sendungen::{Kanal, Stand},
};
use serde_json::{Value, json};

const ZUGFERD: &str = "06-rechnung-zugferd.pdf";
const BETRAG: &str = "6213.70";

struct Amt {
    feststellung: Actor,
    anordnung: Actor,
    kasse: Actor,
}

async fn amt(haus: &Haus) -> Amt {
    Amt {
        feststellung: haus.person("feststellung").await,
        anordnung: haus.person("anordnung").await,
        kasse: haus.person("kasse").await,
    }
}

async fn eingang(haus: &Haus) -> DokumentId {
    let stand = haus.bringe(Kanal::Scan, ZUGFERD, probe(ZUGFERD), None).await;
    assert_eq!(stand.state, Stand::Waiting, "{stand:?}");
    stand.documents[0].id
}

async fn feststellen(haus: &Haus, amt: &Amt, id: DokumentId) {
    let a = haus.aufgabe(&amt.feststellung, id, "Feststellung").await;
    let werte = json!({ "entscheidung": "freigeben", "kontierung": kontierung(BETRAG) });
    haus.erledige(&amt.feststellung, &a, werte).await;
}

async fn freigeben(haus: &Haus, amt: &Amt, id: DokumentId) {
    feststellen(haus, amt, id).await;
    let a = haus.aufgabe(&amt.anordnung, id, "Anordnung").await;
    haus.erledige(&amt.anordnung, &a, json!({ "entscheidung": "anordnen", "kontierung": kontierung(BETRAG) })).await;
}

fn wartet(element: &'static str) -> impl Fn(&Ablauf) -> bool {
    move |a| a.marken.iter().any(|m| m.element == element)
}

fn hat(variable: &'static str) -> impl Fn(&Ablauf) -> bool {
    move |a| a.variablen.get(variable).is_some_and(|v| !v.is_null())
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_scan_to_paid_and_closed() {
    let haus = Haus::neu().await;
    let amt = amt(&haus).await;
    let id = eingang(&haus).await;
    freigeben(&haus, &amt, id).await;
    haus.bis_stand(&amt.anordnung, id, "abgelegt").await;
    haus.bis_ablauf(id, "handed over", hat("uebergeben")).await;
    let files = haus.ausgang();
    let endings: Vec<&str> = files.iter().map(|f| f.rsplit_once('.').unwrap().1).collect();
    assert_eq!(endings, ["json", "pdf", "xml"], "booking, picture and data of the ZUGFeRD file: {files:?}");
    let folder = haus.data.path().join("uebergabe/ausgang");
    assert_eq!(std::fs::read(folder.join(&files[1])).unwrap(), probe(ZUGFERD));
    let booking: Value = serde_json::from_slice(&std::fs::read(folder.join(&files[0])).unwrap()).unwrap();
    assert_eq!((&booking["betrag"], &booking["referenz"]), (&json!(BETRAG), &json!("LW-202611-5083")));
    assert_eq!(booking["feststeller"][0]["person"], "Torben Riedel");
    assert_eq!(booking["anordner"][0]["person"], "Henrike Vogt");
    let filed = haus.dokument(&amt.anordnung, id).await;
    assert_eq!(booking["aktenzeichen"], json!(filed.ablage.as_ref().unwrap().aktenzeichen));
    assert_eq!(haus.protokoll(&amt.anordnung, id).await["ergebnis"], "angeordnet");

    let list = haus.finanz(&["quittieren"]).await;
    assert!(list.starts_with("quittiert  1900000001"), "{list}");
    let a = haus.bis_ablauf(id, "received", hat("quittung")).await;
    assert_eq!((&a.variablen["quittung"]["beleg"], wartet("ZahlungAbwarten")(&a)), (&json!("1900000001"), true));
    haus.finanz(&["zahlen"]).await;
    let a = haus.bis_ablauf(id, "ended", |a| a.beendet.is_some()).await;
    assert_eq!((a.stand.as_str(), &a.variablen["zahlung"]["betrag"]), ("beendet", &json!(BETRAG)));
    let log = haus.protokoll(&amt.anordnung, id).await;
    assert_eq!((&log["ergebnis"], &log["zahlung"]["beleg"]), (&json!("bezahlt"), &json!("1900000001")));
    let akte = haus.app.akten.akte(&amt.anordnung, filed.ablage.unwrap().akte).await.unwrap();
    assert_eq!(akte.vorgaenge[0].zda_am, Some("2026-11-23".parse().unwrap()), "z. d. A.");
    assert!(haus.ausgang().is_empty());
    haus.ist_sauber().await;
    haus.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_booking_is_clarified_by_the_cash_office() {
    let haus = Haus::neu().await;
    let amt = amt(&haus).await;
    let id = eingang(&haus).await;
    freigeben(&haus, &amt, id).await;
    haus.finanz(&["ablehnen", "Kreditor gesperrt"]).await;
    let frage = haus.aufgabe(&amt.kasse, id, "KlaerungBuchung").await;
    assert_eq!(frage.aufgabe.daten["grund"], "Kreditor gesperrt");
    haus.erledige(&amt.kasse, &frage, json!({ "entscheidung": "erneut", "bemerkung": "Kreditor entsperrt" })).await;
    haus.finanz(&["quittieren"]).await;
    haus.bis_ablauf(id, "received", hat("quittung")).await;
    let list = haus.finanz(&["zahlen"]).await;
    assert_eq!(list.lines().map(|l| l.split(' ').next().unwrap()).collect::<Vec<_>>(), ["abgelehnt", "bezahlt"]);
    let a = haus.bis_ablauf(id, "ended", |a| a.beendet.is_some()).await;
    assert_eq!(a.variablen["buchungen"][0]["ablehnung"]["grund"], "Kreditor gesperrt");
    haus.ist_sauber().await;
    haus.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reversal_is_compensated_and_may_be_booked_again() {
    let haus = Haus::neu().await;
    let amt = amt(&haus).await;
    let id = eingang(&haus).await;
    freigeben(&haus, &amt, id).await;
    haus.finanz(&["quittieren"]).await;
    haus.bis_ablauf(id, "received", hat("quittung")).await;
    haus.finanz(&["stornieren", "Falscher Kreditor"]).await;
    let frage = haus.aufgabe(&amt.kasse, id, "KlaerungBuchung").await;
    assert_eq!(frage.aufgabe.daten["grund"], "Der Beleg 1900000001 wurde storniert: Falscher Kreditor");
    let out = haus.ausgang();
    assert!(out.len() == 1 && out[0].starts_with("storno-"), "the counter-booking left: {out:?}");
    // Back to the office: the whole check again, by two persons again.
    let werte = json!({ "entscheidung": "zurueckgeben", "bemerkung": "Bitte Kreditor prüfen" });
    haus.erledige(&amt.kasse, &frage, werte).await;
    let a = haus.aufgabe(&amt.feststellung, id, "Feststellung").await;
    assert_eq!(a.aufgabe.daten["rueckgabe"], "Bitte Kreditor prüfen");
    freigeben(&haus, &amt, id).await;
    haus.finanz(&["quittieren"]).await;
    haus.bis_ablauf(id, "received", hat("quittung")).await;
    haus.finanz(&["zahlen"]).await;
    let a = haus.bis_ablauf(id, "ended", |a| a.beendet.is_some()).await;
    assert_eq!(a.variablen["buchungen"][0]["storno"]["grund"], "Falscher Kreditor");
    haus.ist_sauber().await;
    haus.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overdue_payment_is_asked_for_and_the_skonto_is_warned_of() {
    let haus = Haus::neu().await;
    let amt = amt(&haus).await;
    let id = eingang(&haus).await;
    haus.aufgabe(&amt.feststellung, id, "Feststellung").await;
    let d = haus.dokument(&amt.feststellung, id).await;
    let fakten = d.fakten.unwrap();
    let faellig = fakten.faellig.unwrap();
    println!("Zugang {}, Skonto {:?}, due {faellig}", d.zugang, fakten.skonto);
    let skonto = fakten.skonto.iter().map(|s| s.bis).min();
    if let Some(bis) = skonto {
        haus.um(&format!("{}T06:00:00Z", bis.plus_tage(-3)));
        haus.bis_ablauf(id, "warned", hat("skonto_erinnerung")).await;
    }
    freigeben(&haus, &amt, id).await;
    haus.finanz(&["quittieren"]).await;
    haus.bis_ablauf(id, "received", hat("quittung")).await;
    haus.um(&format!("{}T06:00:00Z", faellig.plus_tage(-2)));
    let frage = haus.aufgabe(&amt.kasse, id, "ZahlungNachfragen").await;
    assert_eq!(frage.aufgabe.daten["grund"], "Der Beleg 1900000001 ist noch nicht bezahlt.");
    haus.finanz(&["zahlen"]).await;
    haus.bis_ablauf(id, "ended", |a| a.beendet.is_some()).await;
    let gone =
        haus.versuche(&amt.kasse, &frage, json!({ "entscheidung": "nachgefragt", "bemerkung": "bezahlt" })).await;
    assert!(gone.is_err(), "the question went with the payment");
    haus.ist_sauber().await;
    let mails = haus.mails();
    assert!(mails.iter().any(|r| r.contains("noch nicht bezahlt")), "{mails:?}");
    assert_eq!(mails.iter().any(|r| r.contains("verfällt")), skonto.is_some(), "{mails:?}");
    assert!(mails.iter().all(|r| r.contains("nennt keine Inhalte")), "{mails:?}");
    haus.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn question_hold_and_withdrawal_are_reported_by_those_who_take_part() {
    let haus = Haus::neu().await;
    let amt = amt(&haus).await;
    let id = eingang(&haus).await;
    let engine = &haus.app.geschaeftsgang;
    let a = haus.aufgabe(&amt.feststellung, id, "Feststellung").await;
    let werte =
        json!({ "entscheidung": "rueckfragen", "bemerkung": "Welche Straße?", "an": "buero@lieferant.example" });
    haus.erledige(&amt.feststellung, &a, werte).await;
    let ablauf = haus.bis_ablauf(id, "asked", wartet("AntwortAbwarten")).await.id;
    let mails: Vec<_> =
        std::fs::read_dir(haus.data.path().join("uebergabe/mail")).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(mails.len(), 1);
    let mail = std::fs::read_to_string(&mails[0]).unwrap();
    assert!(mail.contains("To: buero@lieferant.example") && mail.contains("Auto-Submitted"), "{mail}");
    let planung = haus.person("planung").await;
    let fremd = engine.melden(&planung, ablauf, "Antwort des Lieferanten", "Die Hauptstraße").await.unwrap_err();
    assert_eq!(fremd.status, 404);
    engine.melden(&amt.feststellung, ablauf, "Antwort des Lieferanten", "Die Kriegsstraße.").await.unwrap();
    let a = haus.aufgabe(&amt.feststellung, id, "Feststellung").await;
    assert_eq!(a.aufgabe.daten["rueckgabe"], "Antwort des Lieferanten: Die Kriegsstraße.");
    feststellen(&haus, &amt, id).await;

    // Held while the order waits: the task is gone, nobody can order.
    let anordnung = haus.aufgabe(&amt.anordnung, id, "Anordnung").await;
    engine.melden(&amt.feststellung, ablauf, "Rechnung angehalten", "Mangel am Belag").await.unwrap();
    let ja = json!({ "entscheidung": "anordnen", "kontierung": kontierung(BETRAG) });
    let zu_spaet = haus.versuche(&amt.anordnung, &anordnung, ja).await.unwrap_err();
    assert!(matches!(zu_spaet.status, 404 | 409 | 412), "{zu_spaet:?}");
    let streit = haus.aufgabe(&amt.feststellung, id, "StrittigKlaeren").await;
    haus.erledige(&amt.feststellung, &streit, json!({ "entscheidung": "fortsetzen", "bemerkung": "Nachgebessert" }))
        .await;
    freigeben(&haus, &amt, id).await;
    haus.finanz(&["quittieren"]).await;
    haus.bis_ablauf(id, "received", hat("quittung")).await;

    // Held again after the order and the receipt: the booking is taken back, and the dispute is somebody's task.
    engine.melden(&amt.feststellung, ablauf, "Rechnung angehalten", "Doch ein Mangel").await.unwrap();
    let streit = haus.aufgabe(&amt.feststellung, id, "StrittigNachAnordnung").await;
    assert_eq!(streit.aufgabe.daten["grund"], "Doch ein Mangel");
    let list = haus.finanz(&["zahlen"]).await;
    assert!(list.starts_with("storniert"), "nobody pays what is in dispute: {list}");
    haus.erledige(&amt.feststellung, &streit, json!({ "entscheidung": "fortsetzen", "bemerkung": "Behoben" })).await;
    freigeben(&haus, &amt, id).await;
    haus.finanz(&["quittieren"]).await;
    haus.bis_ablauf(id, "received again", |a| {
        a.variablen["buchungen"].as_array().is_some_and(|b| b.len() == 1) && !a.variablen["quittung"].is_null()
    })
    .await;

    // Withdrawn after the receipt: the counter-booking leaves, the document says why.
    engine.melden(&amt.feststellung, ablauf, "Rechnung zurückgezogen", "Lieferant stellt neu aus").await.unwrap();
    let a = haus.bis_ablauf(id, "ended", |a| a.beendet.is_some()).await;
    assert_eq!(a.stand, "beendet");
    let out = haus.ausgang();
    assert!(out.len() == 1 && out[0].starts_with("storno-"), "{out:?}");
    let list = haus.finanz(&["zahlen"]).await;
    assert!(list.starts_with("storniert"), "nothing is paid any more: {list}");
    let d = haus.dokument(&amt.feststellung, id).await;
    assert!(d.titel.ends_with("(zurückgezogen)"), "{}", d.titel);
    assert_eq!(haus.protokoll(&amt.feststellung, id).await["rueckzug"]["text"], "Lieferant stellt neu aus");
    haus.ist_sauber().await;
    haus.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_is_a_task_and_the_next_one_is_taken() {
    let haus = Haus::neu().await;
    let amt = amt(&haus).await;
    let id = eingang(&haus).await;
    freigeben(&haus, &amt, id).await;
    haus.finanz(&["quittieren"]).await;
    haus.bis_ablauf(id, "received", hat("quittung")).await;
    let folder = haus.data.path().join("uebergabe/eingang");
    for copy in ["a.json", "b.json"] {
        std::fs::write(
            folder.join(copy),
            r#"{"art":"zahlung","beleg":"1900000001","betrag":"viel","datum":"2026-12-01"}"#,
        )
        .unwrap();
    }
    let frage = haus.aufgabe_wo(&amt.kasse, "KlaerungRueckmeldung", |_| true).await;
    assert_eq!(frage.aufgabe.daten["grund"], "„viel“ ist kein Betrag.");
    assert!(frage.aufgabe.daten["inhalt"].as_str().unwrap().contains("1900000001"));
    haus.finanz(&["zahlen"]).await;
    haus.bis_ablauf(id, "ended", |a| a.beendet.is_some()).await;
    let n = haus.zahl("SELECT count(*) FROM geschaeftsgang_instanz WHERE process = 'rueckmeldung'").await;
    assert_eq!(n, 1, "the same bytes under two names are one question");
    haus.erledige(&amt.kasse, &frage, json!({ "entscheidung": "geklaert", "bemerkung": "Tippfehler" })).await;
    let kept = std::fs::read_dir(folder.join("fehler")).unwrap().count();
    assert_eq!(kept, 4, "both files with their reasons");
    haus.ist_sauber().await;
    haus.app.stop().await;
}

/// Each kind of defect, planted one by one: the report names it, and is clean again without it.
#[tokio::test(flavor = "multi_thread")]
async fn reconcile_finds_what_is_wrong_with_bookings() {
    let haus = Haus::neu().await;
    let amt = amt(&haus).await;
    let id = eingang(&haus).await;
    freigeben(&haus, &amt, id).await;
    let ablauf =
        haus.bis_ablauf(id, "handed over", |a| a.variablen.get("uebergeben").is_some_and(|v| !v.is_null())).await;
    let buchung = ablauf.variablen["uebergeben"]["buchung"].as_str().unwrap().to_owned();
    haus.ist_sauber().await;
    let journal = haus.data.path().join("spool/uebergabe/journal");
    let offen = std::fs::read_dir(journal.join("offen")).unwrap().next().unwrap().unwrap().path();
    let note = std::fs::read_to_string(&offen).unwrap();
    let out = haus.data.path().join("uebergabe/ausgang");
    let datei = out.join(format!("{buchung}.json"));
    let booked = std::fs::read(&datei).unwrap();
    let finds = async |what: &str, count: fn(&service_eakte::befehle::reconcile::Bericht) -> usize, words: &str| {
        let b = haus.abgleich().await;
        assert_eq!(count(&b), 1, "{what}: {b:#?}");
        assert!(b.details.iter().any(|d| d.contains(words)), "{what}: {b:#?}");
    };

    // Missing: the note is gone; the file has not left.
    std::fs::remove_file(&offen).unwrap();
    std::fs::remove_file(&datei).unwrap();
    let pdf: Vec<_> = haus.ausgang();
    for name in &pdf {
        std::fs::rename(out.join(name), haus.data.path().join(name)).unwrap();
    }
    finds("no note", |b| b.missing, "not in the journal").await;
    for name in &pdf {
        std::fs::rename(haus.data.path().join(name), out.join(name)).unwrap();
    }
    std::fs::write(&offen, &note).unwrap();
    let teil = serde_json::from_str::<Value>(&note).unwrap()["teil"].as_str().unwrap().to_owned();
    std::fs::write(out.join(&teil), &booked).unwrap();
    finds("not left", |b| b.missing, "has not left").await;
    std::fs::remove_file(out.join(&teil)).unwrap();
    std::fs::write(&datei, &booked).unwrap();
    haus.ist_sauber().await;

    // Duplicate: two notes of one booking.
    std::fs::create_dir_all(journal.join("storniert")).unwrap();
    let second = journal.join("storniert").join(format!("{buchung}.json"));
    std::fs::write(&second, &note).unwrap();
    finds("two notes", |b| b.duplicate, "more than one note").await;
    std::fs::remove_file(&second).unwrap();

    // Orphan: a note nobody knows, a file nobody noted.
    let stranger = note.replace(&buchung, "ffffffffffffffffffffffffffffffff-018f2c00-0000-7000-8000-000000000001-1");
    let strange = journal.join("offen/ffffffffffffffffffffffffffffffff.json");
    std::fs::write(&strange, &stranger).unwrap();
    finds("strange note", |b| b.orphan, "no process knows it").await;
    std::fs::remove_file(&strange).unwrap();
    std::fs::write(out.join("fremd.json"), b"{}").unwrap();
    finds("strange file", |b| b.orphan, "fremd.json belongs to no booking").await;
    std::fs::remove_file(out.join("fremd.json")).unwrap();

    // Altered: the file is not what was noted.
    std::fs::write(&datei, [&booked[..], b" "].concat()).unwrap();
    finds("altered", |b| b.altered, "is not what was noted").await;
    std::fs::write(&datei, &booked).unwrap();
    haus.ist_sauber().await;

    // Unaudited: the trail does not say that it left. (Removing an entry also breaks its chain.)
    let gone = gemein::haus::sql("DELETE FROM platform_audit WHERE act = 'Buchung übergeben'");
    if !haus.settings.db.url.is_empty() {
        // On PostgreSQL not even the operators' role can: no trigger is theirs, and no entry.
        let refused = haus.app.db.execute(&gone, Vec::new()).await.unwrap_err().to_string();
        assert!(refused.contains("permission denied"), "{refused}");
        return haus.app.stop().await;
    }
    haus.app.db.execute(&gemein::haus::sql("DROP TRIGGER platform_audit_no_delete"), Vec::new()).await.unwrap();
    haus.app.db.execute(&gone, Vec::new()).await.unwrap();
    let b = haus.abgleich().await;
    assert!(b.details.iter().any(|d| d.contains("handed over without audit entry")), "{b:#?}");
    haus.app.stop().await;
}
