// SPDX-License-Identifier: EUPL-1.2
//! `tageshinweise.bpmn` and `soforthinweis.bpmn`: from the clock to the mail.

use std::sync::Arc;

use engine::Tables;
use nachrichten::hinweise::{Gesammelt, SAMMELN};

use crate::lauf::*;

fn mail(name: &str) -> Mail {
    Mail { an: vec![format!("{name}@stadt.example")], betreff: "E-Akte".into(), text: name.into() }
}

fn morning() -> Lauf {
    let path = format!("{}/../tabellen/tageshinweise.dmn", env!("CARGO_MANIFEST_DIR"));
    let table = Tables::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
    Lauf::start_at(Arc::new(table), "tageshinweise", Some("JedenTag"), json!({}))
}

#[test]
fn the_morning_waits_for_the_hour_of_the_table_and_sends_one_job_per_mail() {
    let mut lauf = morning();
    let (timer, (element, due)) = lauf.timers.iter().next().map(|(t, v)| (*t, v.clone())).unwrap();
    // The test's clock shows eight: seven is past, which is how a service that was down comes to it.
    assert_eq!((element.as_str(), due.to_string().as_str()), ("Morgens", "2026-11-23T06:00:00Z"));
    assert_eq!(lauf.waiting(), [""; 0]);
    lauf.timers.remove(&timer);
    lauf.command(Command::FireTimer { timer });
    assert_eq!(lauf.input::<Value>("Sammeln", SAMMELN), json!({}));
    lauf.work("Sammeln", Gesammelt { mails: vec![mail("anna"), mail("bert")] });
    assert_eq!(lauf.waiting(), ["MailUebergeben", "MailUebergeben"]);
    let first: Mail = lauf.input("MailUebergeben", "uebergabe.mail.v1");
    assert_eq!(first, mail("anna"));
    lauf.work("MailUebergeben", json!({}));
    lauf.work("MailUebergeben", json!({}));
    lauf.ended_well();
}

#[test]
fn nothing_to_say_sends_nothing() {
    let mut lauf = morning();
    let timer = *lauf.timers.keys().next().unwrap();
    lauf.timers.remove(&timer);
    lauf.command(Command::FireTimer { timer });
    lauf.work("Sammeln", Gesammelt::default());
    lauf.ended_well();
}

#[test]
fn a_mail_at_once_goes_at_once() {
    let mut lauf = Lauf::start("soforthinweis", json!({ "mails": [mail("carl")] }));
    let sent: Mail = lauf.input("MailUebergeben", "uebergabe.mail.v1");
    assert_eq!(sent, mail("carl"));
    lauf.work("MailUebergeben", json!({}));
    lauf.ended_well();
}
