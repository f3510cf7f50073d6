// SPDX-License-Identifier: EUPL-1.2
//! Substitution on both databases: who sees and does what, for how long, and that two persons stay two persons.
#![allow(clippy::unwrap_used)]

#[path = "gemein/kern.rs"]
mod kern;

use nachrichten::{
    Actor, InstanceId, PersonId, TaskId, Werte,
    ablaeufe::Ablaeufe as _,
    aufgaben::{Aufgaben as _, Erledigung},
};
use service_geschaeftsgang::{Geschaeftsgang, Herkunft, Options};
use service_platform::{
    db::Db,
    vertretung::{ALLE, NeueVertretung},
};
use service_platform_testkit::{postgres, sqlite};

/// Two signatures by two persons, and a note by anybody of the office.
const ABLAUF: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:eakte="urn:eakte:bpmn:1" id="d" targetNamespace="t">
<process id="rechnung" isExecutable="true"><startEvent id="S"/>
<userTask id="Feststellung" name="Richtig feststellen"><potentialOwner><resourceAssignmentExpression><formalExpression>"Feststellung"</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>
<userTask id="Anordnung" name="Anordnen" eakte:nichtPersonVon="Feststellung"><potentialOwner><resourceAssignmentExpression><formalExpression>"Anordnung"</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>
<endEvent id="E"/><sequenceFlow id="f1" sourceRef="S" targetRef="Feststellung"/><sequenceFlow id="f2" sourceRef="Feststellung" targetRef="Anordnung"/><sequenceFlow id="f3" sourceRef="Anordnung" targetRef="E"/></process></definitions>"#;

struct Welt {
    kern: kern::Kern,
    starts: std::sync::atomic::AtomicU32,
}

kern::welt_ist_kern!();

/// Feststeller, Anordnerin, a second Anordner, a deputy in no group.
const FINN: usize = 0;
const ANNA: usize = 1;
const ARON: usize = 2;
const VERA: usize = 3;
const BEA: usize = 4;

impl Welt {
    async fn neu(db: &Db) -> Self {
        let personen: [kern::Person; 5] = [
            ("finn", &["Feststellung"], &[]),
            ("anna", &["Anordnung"], &[]),
            ("aron", &["Anordnung"], &[]),
            ("vera", &[], &[]),
            ("bea", &[], &["Betrieb"]),
        ];
        let kern = kern::Kern::neu(db, &personen, Options::default()).await;
        kern.engine.deploy(ABLAUF, Herkunft::Stadt).await.unwrap();
        Self { kern, starts: Default::default() }
    }

    fn at(&self, instant: &str) {
        self.um(instant);
    }

    async fn start(&self) -> InstanceId {
        let n = self.starts.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        self.engine.start(&self.personen[BEA], "rechnung", Werte::new(), &n.to_string()).await.unwrap()
    }

    /// Titles of open tasks with in whose place they are seen.
    async fn sees(&self, who: usize) -> Vec<(String, Option<String>)> {
        let list = self.offene(&self.personen[who]).await;
        let counted: u64 = self.engine.zaehler(&self.personen[who]).await.unwrap().iter().map(|z| z.offen).sum();
        assert_eq!(counted as usize, list.len(), "the counter says what the list shows");
        list.into_iter().map(|a| (a.element, a.vertretung)).collect()
    }

    async fn task(&self, id: InstanceId) -> TaskId {
        self.engine.get_ablauf(&self.personen[BEA], id).await
    }

    /// Completes the open task of an instance; the code of a refusal.
    async fn signs(&self, who: usize, id: InstanceId) -> Result<(), &'static str> {
        let task = self.task(id).await;
        let actor = &self.personen[who];
        let seite = nachrichten::aufgaben::Aufgaben::get(&self.engine, actor, task).await.map_err(|e| e.code.0)?;
        let (version, idempotency_key) = (seite.aufgabe.version, format!("{who}"));
        let e = Erledigung { version, idempotency_key, werte: Werte::new(), fassung: seite.fassung };
        self.engine.complete(actor, task, e).await.map_err(|e| e.code.0)
    }

    async fn stands_in(&self, who: usize, whom: usize, days: (&str, &str), process: &str, behaelt: bool) -> uuid::Uuid {
        self.vertritt(&self.personen[who], &self.personen[whom], days, process, behaelt).await
    }
}

trait Open {
    async fn get_ablauf(&self, actor: &Actor, id: InstanceId) -> TaskId;
}

impl Open for Geschaeftsgang {
    async fn get_ablauf(&self, actor: &Actor, id: InstanceId) -> TaskId {
        nachrichten::ablaeufe::Ablaeufe::get(self, actor, id).await.unwrap().aufgaben[0]
    }
}

async fn suite(db: &Db) {
    let w = Welt::neu(db).await;
    let own = |element: &str| (element.to_owned(), None);
    let of = |element: &str, name: &str| (element.to_owned(), Some(name.to_owned()));

    // Before, during (whole days in Berlin) and after.
    let first = w.start().await;
    w.stands_in(VERA, FINN, ("2026-11-24", "2026-11-25"), ALLE, false).await;
    assert_eq!((w.sees(VERA).await, w.sees(FINN).await), (vec![], vec![own("Feststellung")]));
    assert_eq!(w.signs(VERA, first).await, Err("E7004"), "not there is not there");
    w.at("2026-11-23T23:00:00Z");
    assert_eq!((w.sees(VERA).await, w.sees(FINN).await), (vec![of("Feststellung", "finn")], vec![]));
    w.at("2026-11-25T22:59:59Z");
    assert_eq!(w.signs(VERA, first).await, Ok(()));
    let said = nachrichten::ablaeufe::Ablaeufe::get(&w.engine, &w.personen[BEA], first).await.unwrap();
    let line = said.verlauf.iter().find(|s| s.element == "Feststellung" && s.ereignis == "erledigt").unwrap();
    assert_eq!((line.person.as_deref(), line.text.as_deref()), (Some("vera"), Some("i. V. für finn")));
    w.at("2026-11-25T23:00:00Z");
    assert_eq!(w.sees(VERA).await, vec![]);

    // Four eyes: Vera signed for Finn. Neither of them gives the order, in whoever's place.
    w.stands_in(VERA, ANNA, ("2026-11-26", "2026-11-30"), ALLE, true).await;
    assert_eq!(w.sees(VERA).await, vec![of("Anordnung", "anna")]);
    assert_eq!(w.signs(VERA, first).await, Err("E3003"));
    w.stands_in(FINN, ANNA, ("2026-11-26", "2026-11-30"), ALLE, true).await;
    assert_eq!(w.signs(FINN, first).await, Err("E3003"), "it was signed in his name");
    assert_eq!(w.signs(ANNA, first).await, Ok(()), "the absent person kept her access");

    // Who signed for themselves cannot have the order given in their place.
    let second = w.start().await;
    assert_eq!(w.signs(FINN, second).await, Ok(()));
    assert_eq!(w.signs(FINN, second).await, Err("E3003"));
    assert_eq!(w.signs(VERA, second).await, Ok(()), "Vera has nothing to do with this one");

    // Limited to one process, and ended early.
    let third = w.start().await;
    let limited = w.stands_in(ARON, FINN, ("2026-11-26", "2026-12-24"), "beschlussvorlage", false).await;
    assert_eq!(w.sees(ARON).await, vec![]);
    assert_eq!(w.sees(FINN).await, vec![own("Feststellung")], "only all work given away is away");
    w.vertretungen.end(&w.personen[FINN], limited).await.unwrap();
    let right = w.stands_in(ARON, FINN, ("2026-11-26", "2026-12-24"), "rechnung", false).await;
    assert_eq!(w.sees(ARON).await, vec![of("Feststellung", "finn")]);
    assert_eq!(w.vertretungen.of(w.personen[ARON].person).await.unwrap()[0].person_name, "finn");
    assert_eq!(w.vertretungen.end(&w.personen[VERA], right).await.unwrap_err().status, 403, "not hers to end");
    w.vertretungen.end(&w.personen[BEA], right).await.unwrap();
    assert_eq!((w.sees(ARON).await, w.vertretungen.of(w.personen[ARON].person).await.unwrap().len()), (vec![], 0));
    assert_eq!(w.signs(ARON, third).await, Err("E7004"));

    // No chain: a deputy's deputy gets the deputy's own work only.
    w.stands_in(ARON, VERA, ("2026-11-26", "2026-11-30"), ALLE, true).await;
    assert_eq!(w.signs(FINN, third).await, Ok(()));
    assert_eq!(w.sees(ARON).await, vec![own("Anordnung")], "his own group, not marked");

    let wrong = NeueVertretung {
        person: w.personen[FINN].person,
        vertreter: w.personen[FINN].person,
        von: "2026-11-26".parse().unwrap(),
        bis: "2026-11-27".parse().unwrap(),
        process: ALLE.into(),
        behaelt: false,
        grund: "x".into(),
    };
    for v in [
        wrong.clone(),
        NeueVertretung { vertreter: w.personen[ANNA].person, bis: "2026-11-25".parse().unwrap(), ..wrong.clone() },
        NeueVertretung { vertreter: w.personen[ANNA].person, grund: " ".into(), ..wrong.clone() },
        NeueVertretung { vertreter: w.personen[ANNA].person, grund: "x".repeat(201), ..wrong.clone() },
        NeueVertretung { vertreter: PersonId(uuid::Uuid::from_u128(1)), ..wrong.clone() },
        NeueVertretung { vertreter: w.personen[ANNA].person, bis: "9999-12-31".parse().unwrap(), ..wrong.clone() },
        NeueVertretung { vertreter: w.personen[ANNA].person, von: "-009999-01-01".parse().unwrap(), ..wrong.clone() },
    ] {
        assert_eq!(w.vertretungen.enter(&w.personen[FINN], &v).await.unwrap_err().code.0, "E3010");
    }
    assert!(service_platform::audit::verify(db).await.unwrap().breaks.is_empty());
}

/// Two entries with the same first day: the longer one holds, in whichever order they were made.
async fn verlaengert(db: &Db) {
    let w = Welt::neu(db).await;
    let of = vec![("Feststellung".to_owned(), Some("finn".to_owned()))];
    w.start().await;
    w.stands_in(VERA, FINN, ("2026-11-24", "2026-11-24"), ALLE, false).await;
    w.stands_in(VERA, FINN, ("2026-11-24", "2026-11-27"), ALLE, false).await;
    w.stands_in(VERA, FINN, ("2026-11-24", "2026-11-25"), ALLE, false).await;
    for (instant, sees) in [("2026-11-27T12:00:00Z", &of), ("2026-11-28T12:00:00Z", &Vec::new())] {
        w.at(instant);
        assert_eq!(&w.sees(VERA).await, sees, "{instant}");
    }
}

/// What the absent person has taken, the deputy takes over: both names are kept, and two persons stay two persons.
async fn uebernahme(db: &Db) {
    let w = Welt::neu(db).await;
    let id = w.start().await;
    let task = w.task(id).await;
    assert_eq!(w.engine.claim(&w.personen[FINN], task, 1).await.unwrap(), 2);
    // A colleague with the same right must wait; whoever stands in for Finn need not, member of the group or not.
    w.stands_in(VERA, FINN, ("2026-11-24", "2026-11-25"), ALLE, true).await;
    assert_eq!(w.signs(VERA, id).await, Err("E7004"), "not before the first day");
    w.at("2026-11-24T08:00:00Z");
    assert_eq!(w.engine.claim(&w.personen[VERA], task, 2).await.unwrap(), 3);
    assert_eq!(w.signs(FINN, id).await, Err("E3004"), "hers now");
    let page = nachrichten::ablaeufe::Ablaeufe::get(&w.engine, &w.personen[BEA], id).await.unwrap();
    let line = page.verlauf.iter().find(|s| s.ereignis == "übernommen").unwrap();
    assert_eq!((line.person.as_deref(), line.text.as_deref()), (Some("vera"), Some("i. V. für finn")));
    let trail = service_platform::audit::of_object(db, &format!("aufgabe:{task}")).await.unwrap();
    let taken = trail.iter().rfind(|e| e.act == "übernommen").unwrap();
    assert!(taken.actor.contains(&w.personen[VERA].person.to_string()));
    assert!(taken.data.contains(&w.personen[FINN].person.to_string()), "both ids: {}", taken.data);
    assert_eq!(w.signs(VERA, id).await, Ok(()));
    let order = w.task(id).await;
    // Anna has the order and falls ill. Aron is in her group and stands in for her: he acts in her place.
    assert_eq!(w.engine.claim(&w.personen[ANNA], order, 1).await.unwrap(), 2);
    assert_eq!(w.signs(ARON, id).await, Err("E3004"));
    w.stands_in(FINN, ANNA, ("2026-11-24", "2026-11-25"), ALLE, true).await;
    assert_eq!(w.signs(FINN, id).await, Err("E3003"), "signed in his name: neither taking over nor ordering");
    assert_eq!(w.engine.claim(&w.personen[FINN], order, 2).await.unwrap_err().code.0, "E3003");
    w.stands_in(ARON, ANNA, ("2026-11-24", "2026-11-25"), ALLE, true).await;
    assert_eq!(w.signs(ARON, id).await, Ok(()), "without a step of its own");
    let page = nachrichten::ablaeufe::Ablaeufe::get(&w.engine, &w.personen[BEA], id).await.unwrap();
    let line = page.verlauf.iter().find(|s| s.element == "Anordnung" && s.ereignis == "erledigt").unwrap();
    assert_eq!((line.person.as_deref(), line.text.as_deref()), (Some("aron"), Some("i. V. für anna")));

    // Taken over and put back, it is nobody's; the next one has it as themselves.
    let id = w.start().await;
    let task = w.task(id).await;
    w.engine.claim(&w.personen[FINN], task, 1).await.unwrap();
    w.engine.claim(&w.personen[VERA], task, 2).await.unwrap();
    w.engine.release(&w.personen[VERA], task, 3).await.unwrap();
    assert_eq!(w.signs(FINN, id).await, Ok(()));
    assert!(service_platform::audit::verify(db).await.unwrap().breaks.is_empty());
}

/// A task is given to one person: she sees and does it, the others wait, and two persons stay two persons.
async fn weitergabe(db: &Db) {
    let w = Welt::neu(db).await;
    let own = |element: &str| (element.to_owned(), None);
    let id = w.start().await;
    let task = w.task(id).await;
    let person = |who: usize| w.personen[who].person;
    let give = async |who: usize, task: TaskId, version: i64, whom: usize, grund: &str| {
        let actor = &w.personen[who];
        w.engine.delegate(actor, task, version, person(whom), grund).await.map_err(|e| e.code.0)
    };
    assert_eq!(give(VERA, task, 1, VERA, "x").await, Err("E7004"), "what one does not see");
    assert_eq!(give(FINN, task, 1, VERA, "  ").await, Err("E3011"), "a reason");
    assert_eq!(give(FINN, task, 1, FINN, "x").await, Err("E3011"), "another person");
    assert_eq!(give(FINN, task, 1, VERA, &"x".repeat(201)).await, Err("E3011"), "a short reason");
    let nobody = w.engine.delegate(&w.personen[FINN], task, 1, PersonId(uuid::Uuid::from_u128(1)), "x").await;
    assert_eq!(nobody.unwrap_err().code.0, "E3011", "a person that is there");
    assert_eq!(give(FINN, task, 7, VERA, "x").await, Err("E3001"), "a stale page");
    assert_eq!(w.sees(VERA).await, vec![], "nothing refused left a trace");
    assert_eq!(give(FINN, task, 1, VERA, "kennt den Fall").await, Ok(2));
    assert_eq!(w.sees(VERA).await, vec![own("Feststellung")]);
    assert_eq!(w.signs(FINN, id).await, Err("E3004"), "hers now");
    assert_eq!(give(FINN, task, 2, BEA, "x").await, Err("E3004"), "not his to give again");

    // Put back, it waits for her and for the group.
    assert_eq!(w.engine.release(&w.personen[VERA], task, 2).await.unwrap(), 3);
    assert_eq!(w.sees(FINN).await, vec![own("Feststellung")]);
    assert_eq!(w.signs(VERA, id).await, Ok(()));
    assert_eq!(w.sees(VERA).await, vec![]);

    let order = w.task(id).await;
    assert_eq!(give(ANNA, order, 1, VERA, "x").await, Err("E3011"), "Vera signed the first");
    assert_eq!(give(ANNA, order, 1, FINN, "springt ein").await, Ok(2));
    assert_eq!(w.signs(FINN, id).await, Ok(()), "Finn signed nothing here");
    let page = nachrichten::ablaeufe::Ablaeufe::get(&w.engine, &w.personen[BEA], id).await.unwrap();
    let given: Vec<_> = page.verlauf.iter().filter(|s| s.ereignis == "weitergegeben").collect();
    assert_eq!(given.len(), 2);
    assert_eq!(given[0].person.as_deref(), Some("finn"));
    assert_eq!(given[0].text.as_deref(), Some("an vera: kennt den Fall"));
    assert!(service_platform::audit::verify(db).await.unwrap().breaks.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    suite(&sqlite().await.db).await;
    weitergabe(&sqlite().await.db).await;
    uebernahme(&sqlite().await.db).await;
    verlaengert(&sqlite().await.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    let Some(test) = postgres().await else { return };
    suite(&test.db).await;
    let Some(test) = postgres().await else { return };
    weitergabe(&test.db).await;
    let Some(test) = postgres().await else { return };
    uebernahme(&test.db).await;
    let Some(test) = postgres().await else { return };
    verlaengert(&test.db).await;
}
