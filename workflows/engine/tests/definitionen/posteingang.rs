// SPDX-License-Identifier: EUPL-1.2
//! The paths of `posteingang.bpmn`.

use crate::lauf::*;

fn begin() -> Lauf {
    // Thrown in on Friday night, scanned on Monday.
    Lauf::start(
        "posteingang",
        json!({ "sendung": { "id": sendung(), "blob": blob("original"), "name": "stapel.pdf", "kanal": "scan", "zugang": "2026-11-20" } }),
    )
}

fn zerlegt(teile: Vec<Teil>, zugang: Option<&str>) -> Zerlegt {
    let zugang = zugang.map(|z| z.parse().unwrap());
    Zerlegt {
        teile,
        gesamt: 3,
        trennblaetter: 0,
        trennblatt_seiten: Vec::new(),
        leer: 0,
        zugang,
        absender: Some("a@example.org".into()),
        befunde: vec![],
    }
}

fn angelegt(n: u32) -> Angelegt {
    let one = |i| Angelegtes {
        dokument: DokumentId::of_part(sendung(), i),
        teil: teil(i, TeilArt::Digital),
        ..eintrag(TeilArt::Digital)
    };
    Angelegt { dokumente: (0..n).map(one).collect() }
}

#[test]
fn each_document_gets_its_own_process() {
    let mut lauf = begin();
    let job: Zerlegen = lauf.input("Zerlegen", "erkennung.zerlegen.v1");
    assert_eq!((job.sendung, job.blob, &*job.name), (sendung(), blob("original"), "stapel.pdf"));
    lauf.work("Zerlegen", zerlegt(vec![teil(0, TeilArt::Digital), teil(1, TeilArt::Scan)], Some("2026-11-19")));
    let job: Anlegen = lauf.input("Anlegen", akten::ANLEGEN);
    assert_eq!((job.teile.len(), job.zugang.to_string().as_str(), &*job.korb), (2, "2026-11-19", "neu"));
    lauf.work("Anlegen", angelegt(2));
    assert_eq!(lauf.waiting(), ["dokument", "dokument"]);
    let given: Vec<_> = lauf.calls.values().map(|(_, v)| v.clone()).collect();
    for (i, variables) in given.iter().enumerate() {
        let e: Angelegtes = serde_json::from_value(variables["eintrag"].clone()).unwrap();
        assert_eq!(e.teil.index as usize, i);
        assert_eq!(variables["mail_absender"], "a@example.org");
        assert_eq!(variables["klaerung"], Value::Null);
        assert_eq!(variables["vertraulich"], false);
    }
    lauf.called_ended("dokument");
    assert_eq!(lauf.waiting(), ["dokument"]);
    lauf.called_ended("dokument");
    lauf.ended_well();
}

#[test]
fn zugang_of_the_intake_counts_when_the_paper_names_none() {
    let mut lauf = begin();
    lauf.work("Zerlegen", zerlegt(vec![teil(0, TeilArt::Digital)], None));
    assert_eq!(lauf.input::<Anlegen>("Anlegen", akten::ANLEGEN).zugang.to_string(), "2026-11-20");
}

#[test]
fn quarantine_waits_for_a_person_and_may_end_there() {
    let mut lauf = begin();
    lauf.unreadable("Zerlegen", "quarantine", "Die Datei enthält ein Programm.");
    assert_eq!(lauf.waiting(), ["Quarantaene"]);
    let task = lauf.task("Quarantaene");
    assert_eq!(task.groups, ["Klaerung"]);
    assert_eq!(task.title, "Quarantäne: stapel.pdf");
    assert_eq!(
        (&task.data["grund"], &task.data["code"]),
        (&json!("Die Datei enthält ein Programm."), &json!("quarantine"))
    );
    lauf.decide("Quarantaene", "Kim", json!({ "entscheidung": "zurueckweisen", "bemerkung": "gelöscht lassen" }));
    lauf.ended_well();
}

#[test]
fn unreadable_is_tried_again_or_kept_as_a_file() {
    let mut lauf = begin();
    lauf.unreadable("Zerlegen", "format-rejected", "Das ist kein PDF.");
    assert_eq!(lauf.waiting(), ["Klaerung"]);
    lauf.decide("Klaerung", "Kim", json!({ "entscheidung": "erneut" }));
    assert_eq!(lauf.waiting(), ["Zerlegen"]);
    lauf.unreadable("Zerlegen", "clearing", "Die Datei hat ein Kennwort.");
    lauf.decide(
        "Klaerung",
        "Kim",
        json!({ "entscheidung": "ablegen", "dokumentart": "schreiben", "titel": "Unbekannt" }),
    );
    let job: Anlegen = lauf.input("AlsDateiAnlegen", akten::ANLEGEN);
    assert_eq!((job.teile.len(), job.teile[0].art, job.teile[0].blob), (1, TeilArt::Datei, blob("original")));
    assert_eq!(
        (&*job.teile[0].befunde[0].code, &*job.teile[0].befunde[0].text),
        ("clearing", "Die Datei hat ein Kennwort.")
    );
    lauf.work("AlsDateiAnlegen", angelegt(1));
    assert_eq!(lauf.calls.values().next().unwrap().1["klaerung"]["titel"], "Unbekannt");
    lauf.called_ended("dokument");
    lauf.ended_well();
}

#[test]
fn only_separator_sheets_are_a_case_for_a_person() {
    let mut lauf = begin();
    lauf.work("Zerlegen", zerlegt(vec![], None));
    assert_eq!(lauf.task("Klaerung").data["grund"], "Die Sendung enthält kein Dokument.");
}

fn begin_as(name: &str, marked: bool) -> Lauf {
    let sendung = json!({ "id": sendung(), "blob": blob("original"), "name": name, "kanal": "scan", "zugang": "2026-11-20", "vertraulich": marked });
    Lauf::start("posteingang", json!({ "sendung": sendung }))
}

#[test]
fn what_came_closed_or_says_so_on_its_envelope_stays_closed() {
    let subject = |name: &str| zerlegt(vec![Teil { name: name.into(), ..teil(0, TeilArt::Nachricht) }], None);
    // By its way, by the name of the file, by the subject of the mail.
    for (name, marked, said) in [("a.pdf", true, "Gruß"), ("PERSONAL.pdf", false, "Gruß"), ("a.eml", false, "PERSONAL")]
    {
        let mut lauf = begin_as(name, marked);
        lauf.work("Zerlegen", subject(said));
        assert_eq!(lauf.input::<Anlegen>("Anlegen", akten::ANLEGEN).korb, "vertraulich", "{name} {said}");
        lauf.work("Anlegen", angelegt(1));
        assert_eq!(lauf.calls.values().next().unwrap().1["vertraulich"], true);
    }
    // What cannot even be taken apart is a task of the circle, without its name.
    let mut lauf = begin_as("PERSONAL Muster.pdf", false);
    lauf.unreadable("Zerlegen", "clearing", "Die Datei hat ein Kennwort.");
    let task = lauf.task("Klaerung");
    assert_eq!((&task.groups[..], &*task.title), (&["Vertraulich".to_owned()][..], "Klärung: vertrauliche Post"));
    lauf.decide("Klaerung", "Kim", json!({ "entscheidung": "ablegen", "titel": "x" }));
    assert_eq!(lauf.input::<Anlegen>("AlsDateiAnlegen", akten::ANLEGEN).korb, "vertraulich");
}

#[test]
fn an_electronic_invoice_alone_needs_no_closed_korb() {
    let mut lauf = begin_as("rechnung.xml", false);
    lauf.work("Zerlegen", zerlegt(vec![teil(0, TeilArt::RechnungXml)], None));
    assert_eq!(lauf.input::<Anlegen>("Anlegen", akten::ANLEGEN).korb, "poststelle");
    let mut lauf = begin_as("post.eml", false);
    lauf.work("Zerlegen", zerlegt(vec![teil(0, TeilArt::Nachricht), teil(1, TeilArt::RechnungXml)], None));
    assert_eq!(lauf.input::<Anlegen>("Anlegen", akten::ANLEGEN).korb, "neu");
}
