// SPDX-License-Identifier: EUPL-1.2
//! What operators see and do, on both databases: incidents, acts on many of them with their true progress, what a job
//! carries, queues with their workers, dead letters.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "gemein/kern.rs"]
#[macro_use]
mod kern;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use nachrichten::{
    Actor, InstanceId, JobId, Timestamp, Werte,
    ablaeufe::Ablaeufe as _,
    betrieb::{Behandlung, Betrieb, Einreihung, FallStand, ProtokollEintrag, ProtokollFrage, Stoerung, TotbriefAkt},
    job::{Job, JobError},
};
use serde_json::json;
use service_geschaeftsgang::{Herkunft, NACHRICHT, Options, START};
use service_platform::{
    args,
    blobs::DirectoryBlobs,
    bus::{Bus as _, DELIVERY_LIMIT, Message},
    db::{Db, Sql},
    mandant,
    worker::{self, job},
};
use service_platform_testkit::{postgres, sqlite};
use uuid::Uuid;

const FILE: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">
<process id="p" isExecutable="true"><startEvent id="S"/><serviceTask id="A" name="Absender fragen" implementation="probe.v1"/>
<userTask id="T"/><endEvent id="E"/><sequenceFlow id="f1" sourceRef="S" targetRef="A"/>
<sequenceFlow id="f2" sourceRef="A" targetRef="T"/><sequenceFlow id="f3" sourceRef="T" targetRef="E"/></process></definitions>"#;
const PROTOKOLL: Sql = Sql {
    sqlite: "SELECT count(*) FROM platform_audit WHERE act = $1",
    postgres: "SELECT count(*) FROM platform_audit WHERE act = $1",
};

struct Welt {
    kern: kern::Kern,
    /// The worker fails at everything.
    kaputt: Arc<AtomicBool>,
}
kern::welt_ist_kern!();

impl Welt {
    fn bea(&self) -> &Actor {
        self.wer("bea")
    }

    /// Starts one that carries a name, and waits until it failed.
    async fn gescheitert(&self, key: &str) -> Stoerung {
        let werte: Werte = json!({ "absender": "Erika Muster" }).as_object().unwrap().clone();
        let id = self.engine.start(self.bea(), "p", werte, key).await.unwrap();
        self.stoerung(id).await
    }

    async fn stoerung(&self, id: InstanceId) -> Stoerung {
        self.bis(async || self.engine.stoerungen(self.bea()).await.unwrap().into_iter().find(|s| s.ablauf == id)).await
    }

    async fn bis<T>(&self, look: impl AsyncFn() -> Option<T>) -> T {
        let from = Instant::now();
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            assert!(from.elapsed() < Duration::from_secs(20), "it never came");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn noted(&self, act: &str) -> u64 {
        let (n,): (u64,) = self.db.one(&PROTOKOLL, args![act]).await.unwrap();
        n
    }

    /// Waits until nothing of the act is under way.
    async fn fertig(&self, id: Uuid) -> (Einreihung, Vec<nachrichten::betrieb::Fall>) {
        self.bis(async || {
            let seen = self.engine.einreihung(self.bea(), id).await.unwrap();
            (seen.0.wartet == 0).then_some(seen)
        })
        .await
    }
}

async fn suite(db: &Db) {
    let persons: [kern::Person<'_>; 3] =
        [("bea", &[], &["Betrieb"]), ("kim", &["A"], &[]), ("rita", &[], &["Revision"])];
    let kern = kern::Kern::neu(db, &persons, Options::default()).await;
    let kaputt = Arc::new(AtomicBool::new(true));
    let broken = kaputt.clone();
    let probe = job("probe.v1", move |_, _: serde_json::Value| {
        let broken = broken.load(Ordering::SeqCst);
        async move {
            match broken {
                true => Err(JobError::Bug { detail: "Der Dienst „Auskunft“ antwortet nicht (503).".into() }),
                false => Ok(json!({})),
            }
        }
    });
    let w = Welt { kern, kaputt };
    let folder = tempfile::tempdir().unwrap();
    let blobs = Arc::new(DirectoryBlobs::open(folder.path(), "probe").unwrap());
    for queue in [worker::RESULTS, START, NACHRICHT, "job.probe.v1"] {
        w.bus.declare(queue).await.unwrap();
    }
    w.engine.set_dienste(["probe.v1".to_owned()]);
    w.engine.deploy(FILE, Herkunft::Stadt).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(worker::serve(probe, w.bus.clone(), blobs, 2));
    tasks.spawn(w.engine.clone().run());

    only_operators_look(&w).await;
    an_act_says_how_it_went(&w).await;
    a_step_is_left_out(&w).await;
    somebody_looks_after_an_incident(&w).await;
    what_a_job_carries_is_covered(&w).await;
    queues_know_their_workers(&w).await;
    backup_and_comparison_are_told(&w).await;
    the_trail_answers_and_keeps_the_question(&w).await;
    dead_letters_go_back_or_away(&w).await;
    tasks.shutdown().await;
}

async fn only_operators_look(w: &Welt) {
    let (kim, e, nothing) = (w.wer("kim"), &w.engine, Uuid::from_u128(1));
    let refused = [
        e.offen(kim).await.unwrap_err(),
        e.stoerungen(kim).await.unwrap_err(),
        e.behandeln(kim, Behandlung::Erneut, &[], "so").await.unwrap_err(),
        e.einreihungen(kim).await.unwrap_err(),
        e.einreihung(kim, nothing).await.unwrap_err(),
        e.betreuer(kim).await.unwrap_err(),
        e.zuweisen(kim, &[], None, "so").await.unwrap_err(),
        e.auftrag(kim, JobId(nothing), "").await.unwrap_err(),
        e.schlangen(kim).await.unwrap_err(),
        e.nachweise(kim).await.unwrap_err(),
        e.protokoll(kim, &frage("", ""), "nur so").await.unwrap_err(),
        e.totbriefe(kim).await.unwrap_err(),
        e.totbrief(kim, nothing, TotbriefAkt::Verwerfen, "so").await.unwrap_err(),
    ];
    assert!(refused.iter().all(|f| (f.code.0, f.status) == ("E7003", 403)), "{refused:?}");
    assert_eq!(e.behandeln(w.bea(), Behandlung::Erneut, &[], " ").await.unwrap_err().code.0, "E3007");
}

async fn an_act_says_how_it_went(w: &Welt) {
    let (a, b) = (w.gescheitert("a").await, w.gescheitert("b").await);
    assert_eq!(w.engine.offen(w.bea()).await.unwrap(), 2);
    assert_eq!((a.name.as_str(), a.process.as_str(), a.auftrag), ("Absender fragen", "p", true));
    let jobs = [a.job, b.job, JobId(Uuid::from_u128(7))];
    // The worker still fails: the act does not call that a success.
    let act = w.engine.behandeln(w.bea(), Behandlung::Erneut, &jobs, "noch einmal").await.unwrap();
    assert_eq!(act.anzahl, 2, "the third is nobody's");
    let (seen, cases) = w.fertig(act.id).await;
    assert_eq!((seen.anzahl, seen.gestoert, seen.erledigt(), seen.abgelehnt), (2, 2, 0, 0));
    assert_eq!((seen.person.as_str(), seen.grund.as_str(), seen.art), ("bea", "noch einmal", Behandlung::Erneut));
    assert!(cases.iter().all(|c| c.stand == FallStand::Gestoert && c.text.as_deref().unwrap().contains("503")));
    w.kaputt.store(false, Ordering::SeqCst);
    let again = w.engine.behandeln(w.bea(), Behandlung::Erneut, &jobs, "läuft wieder").await.unwrap();
    let (seen, cases) = w.fertig(again.id).await;
    assert_eq!((seen.anzahl, seen.gestoert, seen.erledigt()), (2, 0, 2));
    assert!(cases.iter().all(|c| c.stand == FallStand::Erledigt));
    let both = w.engine.einreihungen(w.bea()).await.unwrap();
    assert!(both.len() == 2 && both.iter().all(|e| e.ursache.contains("Auskunft")));
    assert_eq!((w.engine.offen(w.bea()).await.unwrap(), w.noted("erneut versucht").await), (0, 4));
    // They are none any more.
    assert_eq!(w.engine.behandeln(w.bea(), Behandlung::Erneut, &jobs, "wieder").await.unwrap().anzahl, 0);
    w.kaputt.store(true, Ordering::SeqCst);
}

async fn a_step_is_left_out(w: &Welt) {
    let s = w.gescheitert("c").await;
    let act = w.engine.behandeln(w.bea(), Behandlung::Ueberspringen, &[s.job], "telefonisch erledigt").await.unwrap();
    let (seen, _) = w.fertig(act.id).await;
    assert_eq!((act.anzahl, seen.erledigt(), w.noted("schritt als erledigt gewertet").await), (1, 1, 1));
    let marks = w.engine.get(w.bea(), s.ablauf).await.unwrap().marken;
    assert_eq!(marks.iter().map(|m| m.element.as_str()).collect::<Vec<_>>(), ["T"], "it stands behind the step");
}

async fn somebody_looks_after_an_incident(w: &Welt) {
    let s = w.gescheitert("d").await;
    let bei = async || w.stoerung(s.ablauf).await.bei;
    assert_eq!(bei().await, None);
    let known = w.engine.betreuer(w.bea()).await.unwrap();
    assert_eq!(known, [(w.bea().person, "bea".to_owned())]);
    let kim = w.wer("kim").person;
    assert_eq!(w.engine.zuweisen(w.bea(), &[s.job], Some(kim), "kann das").await.unwrap_err().status, 422);
    assert_eq!(w.engine.zuweisen(w.bea(), &[s.job], Some(w.bea().person), "kann das").await.unwrap(), 1);
    assert_eq!(bei().await.as_deref(), Some("bea"));
    assert_eq!(w.engine.zuweisen(w.bea(), &[s.job], None, "doch nicht").await.unwrap(), 1);
    assert_eq!((bei().await, w.noted("Störung zugewiesen").await), (None, 2));
}

async fn what_a_job_carries_is_covered(w: &Welt) {
    let s = w.gescheitert("e").await;
    let covered = w.engine.auftrag(w.bea(), s.job, " ").await.unwrap();
    assert!(!covered.offen && covered.eingabe.contains("•••") && !covered.eingabe.contains("Erika"), "{covered:?}");
    assert_eq!((covered.typ.as_str(), covered.stand.as_str(), covered.ablauf), ("probe.v1", "stoerung", s.ablauf));
    assert_eq!(w.noted("Angaben eines Auftrags aufgedeckt").await, 0);
    let open = w.engine.auftrag(w.bea(), s.job, "Absender unklar").await.unwrap();
    assert!(open.offen && open.eingabe.contains("Erika Muster"));
    assert_eq!(w.noted("Angaben eines Auftrags aufgedeckt").await, 1);
}

async fn queues_know_their_workers(w: &Welt) {
    let all = w.engine.schlangen(w.bea()).await.unwrap();
    let probe = all.iter().find(|s| s.typ == "probe.v1").unwrap();
    assert_eq!((probe.arbeiter, probe.gestoert, probe.bereit, probe.seit), (Some(1), 2, 0, None));
}

async fn backup_and_comparison_are_told(w: &Welt) {
    let none = w.engine.nachweise(w.bea()).await.unwrap();
    assert_eq!((none.sicherung, none.abgleich), (None, None));
    assert!(none.datenbank > 100_000, "{none:?}");
    // As `eakte backup create` and `eakte reconcile` note it; what waits is no finding.
    let saved = json!({ "at": 1_700_000_000_000_000_i64, "blobs": 12, "stand": "2026-11-27T01-00-00Z" });
    let compared = json!({ "at": 1_700_000_001_000_000_i64, "missing": 1, "orphan": 2, "pending": 7, "altered": 0 });
    mandant::vermerken(&w.db, mandant::SICHERUNG, &saved).await.unwrap();
    mandant::vermerken(&w.db, mandant::ABGLEICH, &compared).await.unwrap();
    let told = w.engine.nachweise(w.bea()).await.unwrap();
    assert_eq!(told.sicherung, Some((Timestamp(1_700_000_000_000_000), 12)));
    assert_eq!(told.abgleich, Some((Timestamp(1_700_000_001_000_000), 3)));
}

/// A question about today, whatever the clock of the test says.
fn frage(person: &str, tat: &str) -> ProtokollFrage {
    let (von, bis) = ("2026-11-01".parse().unwrap(), "2026-11-30".parse().unwrap());
    let (person, tat, nach) = (person.to_owned(), tat.to_owned(), None);
    ProtokollFrage { von, bis, objekt: String::new(), person, tat, nach, hoechstens: 100 }
}

async fn the_trail_answers_and_keeps_the_question(w: &Welt) {
    let (bea, rita) = (w.bea(), w.wer("rita"));
    let ask = async |wer, frage: &ProtokollFrage| {
        w.clock.advance_seconds(1);
        w.engine.protokoll(wer, frage, "Beschwerde 12/26").await
    };
    let acts = |all: &[ProtokollEintrag]| all.iter().map(|e| e.tat.clone()).collect::<Vec<_>>();
    let before = w.noted("Protokoll eingesehen").await;
    for short in ["", " ", "ab"] {
        assert_eq!(w.engine.protokoll(bea, &frage("", ""), short).await.unwrap_err().code.0, "E3007");
    }
    assert_eq!(w.noted("Protokoll eingesehen").await, before, "nothing was seen");

    // Newest first, and the question is the newest of all.
    let all = ask(bea, &frage("", "")).await.unwrap();
    assert!(all.len() > 10 && all.is_sorted_by(|a, b| a.zeit >= b.zeit), "{:?}", acts(&all));
    assert_eq!(
        (all[0].tat.as_str(), all[0].wer.as_str(), all[0].objekt.as_str()),
        ("Protokoll eingesehen", "bea", "protokoll")
    );
    assert!(!all[0].angaben.contains("Beschwerde"), "covered for operators: {}", all[0].angaben);
    assert!(ask(rita, &frage("", "")).await.unwrap()[1].angaben.contains("Beschwerde 12/26"), "the Revision sees it");

    // By a part of the act in any case, by person, by both, by object.
    let only = ask(bea, &frage("", "STÖRUNG ZUGE")).await.unwrap();
    assert_eq!(acts(&only), ["Störung zugewiesen", "Störung zugewiesen"]);
    assert_eq!(acts(&ask(bea, &frage("rita", "")).await.unwrap()), ["Protokoll eingesehen"]);
    assert!(ask(bea, &frage("rita", "zugewiesen")).await.unwrap().is_empty());
    assert_eq!(ask(bea, &frage("niemand", "")).await.unwrap_err().code.0, "E3028");
    let object = ProtokollFrage { objekt: only[0].objekt.clone(), ..frage("", "") };
    let of_object = ask(bea, &object).await.unwrap();
    assert!(of_object.len() >= 2 && of_object.iter().all(|e| e.objekt == object.objekt), "{:?}", acts(&of_object));

    // Page by page everything once.
    let whole = ask(bea, &frage("bea", "zu")).await.unwrap();
    let mut page = ProtokollFrage { hoechstens: 1, ..frage("bea", "zu") };
    let mut seen = Vec::new();
    while let Some(e) = ask(bea, &page).await.unwrap().pop() {
        page.nach = Some((e.zeit, e.kette.clone(), e.nummer));
        seen.push(e);
    }
    assert_eq!(seen, whole);
    let long = ProtokollFrage { von: "2026-10-01".parse().unwrap(), ..frage("", "") };
    assert_eq!(ask(bea, &long).await.unwrap_err().code.0, "E3027");
    let days_before = ProtokollFrage { bis: "2026-11-02".parse().unwrap(), ..frage("", "") };
    assert!(ask(bea, &days_before).await.unwrap().iter().all(|e| e.zeit.tag() <= days_before.bis));
}

async fn dead_letters_go_back_or_away(w: &Welt) {
    let queue = "job.alt.v1";
    w.bus.declare(queue).await.unwrap();
    let of_a_job = Job {
        id: JobId(Uuid::from_u128(70)),
        typ: "alt.v1".into(),
        attempt: 1,
        failures: 0,
        instance: InstanceId(Uuid::from_u128(71)),
        idempotency_key: "1".into(),
        deadline: nachrichten::Timestamp(0),
        eingabe: json!({ "name": "Erika Muster" }),
        trace: None,
    };
    let (first, second) = (Uuid::from_u128(80), Uuid::from_u128(81));
    let park = async |id: Uuid, body: serde_json::Value| {
        w.bus.publish(queue, Message { id, body }).await.unwrap();
        let mut consumer = w.bus.consume(queue, 1).await.unwrap();
        for _ in 0..=DELIVERY_LIMIT {
            drop(consumer.next().await.unwrap());
        }
    };
    park(first, serde_json::to_value(&of_a_job).unwrap()).await;
    park(second, json!({ "fremd": "kein Auftrag" })).await;
    let letters = w.engine.totbriefe(w.bea()).await.unwrap();
    assert_eq!(letters.iter().map(|l| l.id).collect::<Vec<_>>(), [first, second]);
    assert_eq!((letters[0].ablauf, letters[1].ablauf), (Some(of_a_job.instance), None));
    assert!(letters.iter().all(|l| !l.offen && l.grund == "delivery_limit" && l.queue == queue));
    assert!(!letters[0].inhalt.contains("Erika") && letters[0].inhalt.contains(&of_a_job.id.to_string()));

    assert_eq!(w.engine.totbrief(w.bea(), first, TotbriefAkt::Einreihen, "").await.unwrap_err().code.0, "E3007");
    w.engine.totbrief(w.bea(), first, TotbriefAkt::Einreihen, "Fassung 2 ist da").await.unwrap();
    let mut consumer = w.bus.consume(queue, 1).await.unwrap();
    let back = consumer.next().await.unwrap();
    assert_eq!((back.message.id, back.redelivered), (first, false), "with all its tries");
    back.ack();
    w.engine.totbrief(w.bea(), second, TotbriefAkt::Verwerfen, "nicht von uns").await.unwrap();
    assert!(w.engine.totbriefe(w.bea()).await.unwrap().is_empty());
    let gone = w.engine.totbrief(w.bea(), second, TotbriefAkt::Verwerfen, "nicht von uns").await;
    assert_eq!(gone.unwrap_err().status, 404);
    let acts = ["Nachricht wieder eingereiht", "Nachricht verworfen"];
    assert_eq!((w.noted(acts[0]).await, w.noted(acts[1]).await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    suite(&sqlite().await.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    let Some(test) = postgres().await else { return };
    suite(&test.db).await;
}
