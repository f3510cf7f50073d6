// SPDX-License-Identifier: EUPL-1.2
//! Notices by mail on both databases: one per person and morning, at once only for Skonto and legal terms, never with
//! content, and once whatever is restarted when.
#![allow(clippy::unwrap_used)]

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use nachrichten::{
    Actor, InstanceId, JobId, PersonId, Timestamp, Werte,
    ablaeufe::Ablaeufe as _,
    aufgaben::Aufgaben as _,
    betrieb::Betrieb as _,
    hinweise,
    job::{Job, JobError, Outcome},
    uebergabe::Mail,
};
use serde_json::json;
use service_geschaeftsgang::{Geschaeftsgang, Herkunft, NACHRICHT, Options, START};
use service_platform::{
    args, audit,
    blobs::{Blobs, DirectoryBlobs},
    bus::{Bus as _, InProcessBus},
    db::{Db, Sql},
    konten::{Konten, NeuePerson},
    uhr::{FixedClock, SystemIds},
    vertretung::{ALLE, NeueVertretung, Vertretungen},
    worker::{self, job},
};
use service_platform_testkit::{postgres, sqlite};
use tokio::task::JoinSet;

const ABLAUF: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:eakte="urn:eakte:bpmn:1" id="d" targetNamespace="t">
<process id="sache" isExecutable="true"><startEvent id="S"/>
<userTask id="T" name="Antrag bearbeiten" eakte:titel='"Sozialhilfe Erika Mustermann 4711 EUR"' eakte:faellig="faellig" eakte:daten='{frist_art: frist_art, betrag: "4711.00"}'><potentialOwner><resourceAssignmentExpression><formalExpression>gruppe</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>
<endEvent id="E"/><sequenceFlow id="f1" sourceRef="S" targetRef="T"/><sequenceFlow id="f2" sourceRef="T" targetRef="E"/></process></definitions>"#;

/// Anna has done the first task; the second is not hers, and a mail about it goes to the others.
const SOFORT: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:eakte="urn:eakte:bpmn:1" id="d" targetNamespace="t">
<process id="zwei" isExecutable="true"><startEvent id="S"/>
<userTask id="Eins" name="Feststellen"><potentialOwner><resourceAssignmentExpression><formalExpression>"Amt"</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>
<parallelGateway id="P"/>
<userTask id="Zwei" name="Anordnen" eakte:faellig="3AT" eakte:nichtPersonVon="Eins"><potentialOwner><resourceAssignmentExpression><formalExpression>"Amt"</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>
<serviceTask id="Hinweis" implementation="hinweis.sofort.v1" eakte:eingabe='{aufgaben_von: ["Zwei"], grund: "Morgen endet ein Skonto."}' eakte:ergebnis="hinweis"/>
<endEvent id="E"/><endEvent id="E2"/><sequenceFlow id="f1" sourceRef="S" targetRef="Eins"/><sequenceFlow id="f2" sourceRef="Eins" targetRef="P"/><sequenceFlow id="f3" sourceRef="P" targetRef="Zwei"/><sequenceFlow id="f4" sourceRef="P" targetRef="Hinweis"/><sequenceFlow id="f5" sourceRef="Zwei" targetRef="E"/><sequenceFlow id="f6" sourceRef="Hinweis" targetRef="E2"/></process></definitions>"#;

struct Welt {
    db: Db,
    bus: Arc<InProcessBus>,
    clock: Arc<FixedClock>,
    blobs: Arc<dyn Blobs>,
    engine: Geschaeftsgang,
    konten: Konten,
    personen: Vec<(String, Actor)>,
    mails: Arc<Mutex<Vec<Mail>>>,
    tasks: JoinSet<()>,
    _folder: tempfile::TempDir,
}

impl Welt {
    async fn neu(db: &Db, at: &str) -> Self {
        db.migrate(&service_geschaeftsgang::MIGRATIONS).await.unwrap();
        let clock = Arc::new(FixedClock::at(at.parse().unwrap()));
        let konten = Konten::new(db.clone(), clock.clone(), Arc::new(SystemIds));
        let mut personen = Vec::new();
        for (kennung, mail) in [
            ("anna", Some("anna@stadt.example")),
            ("bert", Some("bert@stadt.example")),
            ("carl", Some("carl@stadt.example")),
            ("dora", None),
            ("emil", Some("emil@stadt.example")),
        ] {
            let gruppen = if kennung == "emil" { vec![] } else { vec!["Amt".to_owned()] };
            let rollen = vec!["Betrieb".to_owned()];
            let person =
                NeuePerson { kennung: kennung.into(), name: kennung.into(), amt: "66".into(), rollen, gruppen };
            let id = konten.enter(&person, None).await.unwrap();
            konten.mail_setzen(id, mail).await.unwrap();
            personen.push((kennung.to_owned(), konten.actor(kennung).await.unwrap().unwrap()));
        }
        let folder = tempfile::TempDir::new().unwrap();
        let blobs = Arc::new(DirectoryBlobs::open(folder.path(), "stadt").unwrap());
        let bus = Arc::new(InProcessBus::default());
        let engine = Self::engine(db, &bus, &clock).await;
        let mut welt = Self {
            db: db.clone(),
            bus,
            clock,
            blobs,
            engine,
            konten,
            personen,
            mails: Arc::default(),
            tasks: JoinSet::new(),
            _folder: folder,
        };
        for (name, table) in [
            ("tageshinweise.dmn", include_str!("../../workflows/tabellen/tageshinweise.dmn")),
            ("eskalation.dmn", include_str!("../../workflows/tabellen/eskalation.dmn")),
        ] {
            welt.engine.deploy_table(name, table, Herkunft::Auslieferung).await.unwrap();
        }
        for xml in [
            ABLAUF,
            SOFORT,
            include_str!("../../workflows/definitionen/tageshinweise.bpmn"),
            include_str!("../../workflows/definitionen/soforthinweis.bpmn"),
        ] {
            welt.engine.deploy(xml, Herkunft::Auslieferung).await.unwrap();
        }
        welt.run().await;
        welt
    }

    async fn engine(db: &Db, bus: &Arc<InProcessBus>, clock: &Arc<FixedClock>) -> Geschaeftsgang {
        let options = Options { adresse: "https://akte.example".into(), ..Options::default() };
        Geschaeftsgang::new(db.clone(), bus.clone(), clock.clone(), Arc::new(SystemIds), options).await.unwrap()
    }

    /// Starts the service and a worker that takes mails; one address never answers.
    async fn run(&mut self) {
        let mails = self.mails.clone();
        let mail = job("uebergabe.mail.v1", move |_, mail: Mail| {
            let mails = mails.clone();
            async move {
                if mail.an.iter().any(|a| a.starts_with("kaputt")) {
                    let after = Duration::from_millis(200);
                    return Err(JobError::Retry { after, cause: "Der Mailserver antwortet nicht.".into() });
                }
                mails.lock().unwrap().push(mail);
                Ok(json!({}))
            }
        });
        for handler in [self.engine.jobs(), vec![mail]].concat() {
            self.bus.declare(&worker::queue(handler.typ)).await.unwrap();
            self.tasks.spawn(worker::serve(handler, self.bus.clone(), self.blobs.clone(), 4));
        }
        for queue in [worker::RESULTS, START, NACHRICHT] {
            self.bus.declare(queue).await.unwrap();
        }
        self.tasks.spawn(self.engine.clone().run());
    }

    /// The process is killed and comes again; nothing but the database is left.
    async fn restart(&mut self) {
        self.tasks.shutdown().await;
        self.bus = Arc::new(InProcessBus::default());
        self.engine = Self::engine(&self.db, &self.bus, &self.clock).await;
        self.run().await;
    }

    fn wer(&self, kennung: &str) -> &Actor {
        &self.personen.iter().find(|(k, _)| k == kennung).unwrap().1
    }

    async fn start(&self, process: &str, gruppe: &str, faellig: Option<&str>, frist_art: Option<&str>) -> InstanceId {
        let werte = json!({ "gruppe": gruppe, "faellig": faellig, "frist_art": frist_art });
        let werte: Werte = serde_json::from_value(werte).unwrap();
        let key = uuid::Uuid::now_v7().to_string();
        self.engine.start(self.wer("anna"), process, werte, &key).await.unwrap()
    }

    fn at(&self, instant: &str) {
        self.clock.set(instant.parse::<Timestamp>().unwrap());
    }

    /// Time enough for the timers (a second at most) and the jobs.
    async fn rest(&self) {
        tokio::time::sleep(Duration::from_millis(1_600)).await;
    }

    /// Waits for this many mails and for a moment more, and takes them.
    async fn take(&self, n: usize) -> Vec<Mail> {
        let from = Instant::now();
        while self.mails.lock().unwrap().len() < n && from.elapsed() < Duration::from_secs(20) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.rest().await;
        let mut mails = std::mem::take(&mut *self.mails.lock().unwrap());
        mails.sort_by(|a, b| a.an.cmp(&b.an));
        assert_eq!(mails.len(), n, "{mails:#?}");
        for mail in &mails {
            let whole = format!("{} {}", mail.betreff, mail.text);
            for secret in ["Mustermann", "Sozialhilfe", "4711"] {
                assert!(!whole.contains(secret), "content in a mail: {whole}");
            }
            assert!(mail.text.contains("https://akte.example/") && mail.an.len() == 1);
        }
        mails
    }

    async fn stands_in(&self, who: &str, whom: &str, days: (&str, &str)) {
        let v = NeueVertretung {
            person: self.wer(whom).person,
            vertreter: self.wer(who).person,
            von: days.0.parse().unwrap(),
            bis: days.1.parse().unwrap(),
            process: ALLE.into(),
            behaelt: false,
            grund: "Urlaub".into(),
        };
        let vertretungen = Vertretungen::new(self.db.clone(), self.clock.clone(), Arc::new(SystemIds));
        vertretungen.enter(self.wer(whom), &v).await.unwrap();
    }
}

fn an(mails: &[Mail]) -> Vec<&str> {
    mails.iter().map(|m| m.an[0].split_once('@').unwrap().0).collect()
}

async fn mornings(db: &Db) {
    // Friday before the end of summer time, nine o'clock; Carl wants no mail, Dora has no address.
    let mut w = Welt::neu(db, "2026-10-23T07:00:00Z").await;
    w.konten.tageshinweise(w.wer("carl"), false).await.unwrap();
    w.start("sache", "Amt", Some("2026-10-21"), None).await;
    w.start("sache", "Amt", Some("2026-10-26"), None).await;
    let taken = w.start("sache", "Amt", Some("2026-12-01"), None).await;
    let task = w.engine.open_task(taken).await.unwrap().unwrap();
    w.engine.claim(w.wer("anna"), task, 1).await.unwrap();
    w.stands_in("emil", "bert", ("2026-10-26", "2026-10-26")).await;
    w.rest().await;
    // Saturday and Sunday: the process runs and finds nothing to send.
    for instant in ["2026-10-24T06:00:00Z", "2026-10-24T22:01:00Z", "2026-10-25T07:00:00Z"] {
        w.at(instant);
        w.take(0).await;
    }
    // Monday: seven o'clock is an hour later than on Friday. One second before, the process is killed.
    w.at("2026-10-25T23:30:00Z");
    w.rest().await;
    w.at("2026-10-26T05:59:59Z");
    w.restart().await;
    w.take(0).await;
    w.at("2026-10-26T06:00:00Z");
    let mails = w.take(2).await;
    assert_eq!(an(&mails), ["anna", "emil"], "Bert is away, Carl wants none, Dora has no address");
    assert_eq!(mails[0].betreff, "E-Akte: 3 offene Aufgaben, 1 überfällig, 1 heute fällig");
    assert!(mails[0].text.contains("  Antrag bearbeiten: 3 (1 überfällig, 1 heute fällig)\n"), "{}", mails[0].text);
    assert!(mails[1].text.contains("In Vertretung für bert:\n\n  Antrag bearbeiten: 2 ("), "{}", mails[1].text);
    w.at("2026-10-26T06:01:00Z");
    w.restart().await;
    w.take(0).await;
    // Asked again by somebody else on the same day: everybody has theirs.
    let handler = w.engine.jobs().into_iter().find(|h| h.typ == hinweise::SAMMELN).unwrap();
    let again = worker::run(&handler, w.blobs.clone(), auftrag(hinweise::SAMMELN, json!({}), "x")).await;
    assert_eq!(again.outcome, Outcome::Done { werte: serde_json::from_value(json!({ "mails": [] })).unwrap() });
    // Tuesday; the service was down until noon.
    w.tasks.shutdown().await;
    w.at("2026-10-27T11:00:00Z");
    w.restart().await;
    assert_eq!(an(&w.take(2).await), ["anna", "bert"]);

    // A mailbox that does not answer holds up nobody: three tries, then the operators' button.
    w.konten.mail_setzen(w.wer("anna").person, Some("kaputt@stadt.example")).await.unwrap();
    w.at("2026-10-28T06:30:00Z");
    assert_eq!(an(&w.take(1).await), ["bert"]);
    for second in 1..=4 {
        w.at(&format!("2026-10-28T06:30:0{second}Z"));
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let stopped = w.engine.stoerungen(w.wer("carl")).await.unwrap();
    assert_eq!((stopped.len(), stopped[0].versuche), (1, 3));
    assert_eq!(stopped[0].ursache, "Der Mailserver antwortet nicht.");
    assert!(audit::verify(db).await.unwrap().breaks.is_empty());
}

fn auftrag(typ: &str, eingabe: serde_json::Value, key: &str) -> Job {
    Job {
        id: JobId(uuid::Uuid::now_v7()),
        typ: typ.into(),
        attempt: 1,
        failures: 0,
        instance: InstanceId(uuid::Uuid::nil()),
        idempotency_key: key.into(),
        deadline: Timestamp(0),
        eingabe,
        trace: None,
    }
}

async fn at_once(db: &Db) {
    let w = Welt::neu(db, "2026-11-23T08:00:00Z").await;
    w.stands_in("emil", "dora", ("2026-11-23", "2026-11-27")).await;
    let id = w.start("zwei", "", None, None).await;
    let task = w.engine.open_task(id).await.unwrap().unwrap();
    let e = nachrichten::aufgaben::Erledigung {
        version: 1,
        idempotency_key: "1".into(),
        werte: Werte::new(),
        fassung: None,
    };
    w.engine.complete(w.wer("anna"), task, e).await.unwrap();
    let mails = w.take(3).await;
    assert_eq!(an(&mails), ["bert", "carl", "emil"], "not Anna, who signed the first");
    let second = w.engine.open_task(id).await.unwrap().unwrap();
    let line = format!("  Anordnen, fällig am 26.11.2026\n  https://akte.example/aufgaben/{second}\n");
    assert!(mails[0].text.contains("Morgen endet ein Skonto.") && mails[0].text.contains(&line), "{}", mails[0].text);
    assert!(mails[2].text.contains("(in Vertretung für dora)"), "{}", mails[2].text);

    // The same job again, as after a lost answer: the first sending stands.
    let handler = w.engine.jobs().into_iter().find(|h| h.typ == hinweise::SOFORT).unwrap();
    let eingabe = json!({ "aufgaben_von": ["Zwei", "Gibtesnicht"], "grund": "Noch einmal." });
    let job = Job { instance: id, ..auftrag(hinweise::SOFORT, eingabe, "einmal") };
    for _ in 0..2 {
        let done = worker::run(&handler, w.blobs.clone(), job.clone()).await.outcome;
        assert_eq!(done, Outcome::Done { werte: serde_json::from_value(json!({ "mails": 3 })).unwrap() });
    }
    w.take(3).await;
    // Nobody is told of a task that is not open.
    let none = Job { eingabe: json!({ "aufgaben_von": ["Eins"], "grund": "x" }), ..job };
    let done = worker::run(&handler, w.blobs.clone(), none).await.outcome;
    assert_eq!(done, Outcome::Done { werte: serde_json::from_value(json!({ "mails": 0 })).unwrap() });

    // The ladder of a Skonto: the stage and its mails are one act, also for who switched the morning's off.
    w.konten.tageshinweise(w.wer("carl"), false).await.unwrap();
    w.start("sache", "Amt", Some("2026-11-27"), Some("skonto")).await;
    w.start("sache", "Amt", Some("2026-11-26"), None).await;
    w.at("2026-11-23T23:00:00Z");
    let mails = w.take(4).await;
    assert_eq!(an(&mails), ["anna", "bert", "carl", "emil"]);
    assert!(mails[0].text.contains("Bald endet ein Skonto.") && mails[0].text.contains("fällig am 27.11.2026"));
    const SENT: Sql = Sql {
        sqlite: "SELECT count(*) FROM geschaeftsgang_instanz WHERE process = 'soforthinweis'",
        postgres: "SELECT count(*) FROM geschaeftsgang_instanz WHERE process = 'soforthinweis'",
    };
    let (sent,): (i64,) = db.one(&SENT, args![]).await.unwrap();
    assert_eq!(sent, 3);
    assert!(w.konten.mail_setzen(PersonId(uuid::Uuid::nil()), Some("a b@c.de")).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn mornings_on_sqlite() {
    mornings(&sqlite().await.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_once_on_sqlite() {
    at_once(&sqlite().await.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mornings_on_postgres() {
    let Some(test) = postgres().await else { return };
    mornings(&test.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_once_on_postgres() {
    let Some(test) = postgres().await else { return };
    at_once(&test.db).await;
}
