// SPDX-License-Identifier: EUPL-1.2
//! Versions on both databases: two persons publish one, tables carry their example rows, figures come from the history.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use nachrichten::{
    Actor, Timestamp, Werte,
    ablaeufe::Ablaeufe as _,
    fassungen::{AenderungArt, Beispiel, BeispielOrt, Fassungen, Vorschlag},
};
use serde_json::json;
use service_geschaeftsgang::{Geschaeftsgang, Herkunft, Options};
use service_platform::{
    args, audit,
    bus::InProcessBus,
    db::Db,
    konten::{Konten, NeuePerson},
    statements,
    uhr::{FixedClock, SystemIds},
    vertretung::{ALLE, NeueVertretung, Vertretungen},
};
use service_platform_testkit::{postgres, sqlite};
use uuid::Uuid;

const BEGIN: &str = "2026-01-05T08:00:00Z";
const STUNDE: i64 = 3_600_000_000;

// What somebody with a connection to the database, but without the program, could try.
statements! {
    PUBLISH = "UPDATE geschaeftsgang_vorschlag SET stand = 'veroeffentlicht', entschieden_von = person WHERE id = $1";
    NOBODY = "UPDATE geschaeftsgang_vorschlag SET stand = 'veroeffentlicht' WHERE id = $1";
    OTHER_AUTHOR = "UPDATE geschaeftsgang_vorschlag SET person = $2 WHERE id = $1";
    OTHER_TEXT = "UPDATE geschaeftsgang_vorschlag SET xml = 'anders' WHERE id = $1";
    ALONE = "UPDATE geschaeftsgang_vorschlag SET zweite_person = 0 WHERE id = $1";
    AGAIN = "UPDATE geschaeftsgang_vorschlag SET stand = 'wartet' WHERE id = $1";
    DELETE = "DELETE FROM geschaeftsgang_vorschlag WHERE id = $1";
}

fn file(process: &str, task: &str, more: &str) -> String {
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:eakte="urn:eakte:bpmn:1" id="d" targetNamespace="t"><process id="{process}" name="Probe" isExecutable="true"><startEvent id="S"/><userTask id="{task}" name="Prüfen" {more}/><endEvent id="E"/><sequenceFlow id="f1" sourceRef="S" targetRef="{task}"/><sequenceFlow id="f2" sourceRef="{task}" targetRef="E"/></process></definitions>"#
    )
}

fn table(limit: &str) -> String {
    include_str!("../../workflows/tabellen/anordnung.dmn").replace("&gt; 50000", &format!("&gt; {limit}"))
}

struct Welt {
    db: Db,
    clock: Arc<FixedClock>,
    engine: Geschaeftsgang,
    a: Actor,
    b: Actor,
    clerk: Actor,
    vertretungen: Vertretungen,
}

impl Welt {
    async fn neu(db: &Db) -> Self {
        db.migrate(&service_geschaeftsgang::MIGRATIONS).await.unwrap();
        let clock = Arc::new(FixedClock::at(BEGIN.parse().unwrap()));
        let konten = Konten::new(db.clone(), clock.clone(), Arc::new(SystemIds));
        let mut actors = Vec::new();
        for (kennung, rolle) in [("a", "Betrieb"), ("b", "Betrieb"), ("clerk", "Sachbearbeitung")] {
            let person = NeuePerson {
                kennung: kennung.into(),
                name: format!("Person {kennung}"),
                amt: "10".into(),
                rollen: vec![rolle.into()],
                gruppen: vec!["Vorsortierung".into()],
            };
            konten.enter(&person, None).await.unwrap();
            actors.push(konten.actor(kennung).await.unwrap().unwrap());
        }
        let [a, b, clerk] = actors.try_into().unwrap();
        let engine = Self::engine(db, &clock, true).await;
        let vertretungen = Vertretungen::new(db.clone(), clock.clone(), Arc::new(SystemIds));
        Self { db: db.clone(), clock, engine, a, b, clerk, vertretungen }
    }

    async fn engine(db: &Db, clock: &Arc<FixedClock>, zweite_person: bool) -> Geschaeftsgang {
        let options = Options { zweite_person, ..Options::default() };
        let bus = Arc::new(InProcessBus::default());
        Geschaeftsgang::new(db.clone(), bus, clock.clone(), Arc::new(SystemIds), options).await.unwrap()
    }

    async fn propose(&self, name: &str, text: &str) -> Uuid {
        self.engine.vorschlagen(&self.a, name, text, "neue Frist").await.unwrap()
    }

    async fn publish(&self, who: &Actor, id: Uuid) -> Result<Vec<(String, u32)>, (String, u16)> {
        let gegen = self.engine.vorschlag(&self.a, id).await.unwrap().pruefung.gegen;
        self.engine
            .veroeffentlichen(who, id, "geprüft", &gegen, false)
            .await
            .map_err(|e| (e.code.to_string(), e.status))
    }

    async fn waiting(&self) -> Vec<Vorschlag> {
        self.engine.vorschlaege(&self.b).await.unwrap()
    }

    async fn versions(&self, process: &str) -> Vec<(u32, u64)> {
        let all = self.engine.versionen(&self.a).await.unwrap();
        all.into_iter().filter(|v| v.process == process).map(|v| (v.version, v.laufend)).collect()
    }

    fn later(&self, micros: i64) {
        use service_platform::uhr::Clock as _;
        self.clock.set(Timestamp(self.clock.now().0 + micros));
    }
}

async fn suite(db: &Db) {
    let welt = Welt::neu(db).await;
    two_persons_publish_a_version(&welt).await;
    the_database_is_the_wall(&welt).await;
    a_substitution_opens_no_way(&welt).await;
    a_proposal_is_withdrawn_or_overtaken(&welt).await;
    a_small_city_does_without(&welt).await;
    tables_carry_their_examples(&welt).await;
    figures_come_from_the_history(&welt).await;
    assert!(audit::verify(db).await.unwrap().breaks.is_empty());
}

async fn two_persons_publish_a_version(welt: &Welt) {
    let first = file("frist", "A", "eakte:faellig=\"5AT\"");
    welt.engine.deploy(&first, Herkunft::Auslieferung).await.unwrap();
    for key in ["1", "2"] {
        welt.engine.start(&welt.clerk, "frist", Werte::new(), key).await.unwrap();
    }
    let second = first.replace("5AT", "3AT");
    let p = welt.engine.pruefen(&welt.a, "frist.bpmn", &second).await.unwrap();
    assert!(p.angenommen && !p.unveraendert && p.gegen == "frist 1");
    let line = &p.vergleiche[0].aenderungen[0];
    assert_eq!(
        (p.vergleiche[0].laufend, line.art, line.angaben[0].was.as_str()),
        (2, AenderungArt::Geaendert, "Frist")
    );
    assert!(welt.waiting().await.is_empty(), "a check changes nothing");

    let same = welt.engine.vorschlagen(&welt.a, "frist.bpmn", &first, "nichts").await.unwrap_err();
    assert_eq!(same.status, 422, "what runs already is no proposal");
    let broken = welt.engine.vorschlagen(&welt.a, "frist.bpmn", "<a/>", "kaputt").await.unwrap_err();
    assert_eq!(broken.status, 422);
    let clerk = welt.engine.vorschlagen(&welt.clerk, "frist.bpmn", &second, "ich auch").await.unwrap_err();
    assert_eq!(clerk.status, 403);

    let id = welt.propose("frist.bpmn", &second).await;
    let [waiting] = welt.waiting().await.try_into().unwrap();
    assert_eq!((waiting.id, waiting.person, waiting.zweite_person), (id, welt.a.person, true));
    let (own, other) =
        (welt.engine.vorschlag(&welt.a, id).await.unwrap(), welt.engine.vorschlag(&welt.b, id).await.unwrap());
    assert_eq!((own.eigener, own.darf, other.eigener, other.darf), (true, false, false, true));
    assert_eq!(welt.publish(&welt.a, id).await, Err(("E3041".into(), 403)));
    assert_eq!(welt.publish(&welt.clerk, id).await, Err(("E7003".into(), 403)));
    let silent = welt.engine.veroeffentlichen(&welt.b, id, " ", &other.pruefung.gegen, false).await.unwrap_err();
    assert_eq!(silent.status, 422, "an act needs a reason");
    assert_eq!(welt.versions("frist").await, [(1, 2)], "nothing happened yet");

    assert_eq!(welt.publish(&welt.b, id).await, Ok(vec![("frist".into(), 2)]));
    assert_eq!(welt.versions("frist").await, [(1, 2), (2, 0)], "what runs stays on its version");
    assert_eq!(welt.publish(&welt.b, id).await, Err(("E3042".into(), 409)), "once");
    assert!(welt.waiting().await.is_empty());
    let acts: Vec<(String, String)> = audit::of_object(&welt.db, &format!("vorschlag:{id}"))
        .await
        .unwrap()
        .into_iter()
        .map(|e| (e.act, e.actor))
        .collect();
    let person = |a: &Actor| format!("person:{}", a.person);
    assert_eq!(acts, [("vorgeschlagen".into(), person(&welt.a)), ("veröffentlicht".into(), person(&welt.b))]);
    let deployed = audit::of_object(&welt.db, "frist").await.unwrap();
    assert_eq!(deployed.last().unwrap().actor, person(&welt.b));
    let v = welt.engine.unterschied(&welt.b, "frist", 1, 2).await.unwrap();
    assert_eq!((v.aenderungen.len(), v.laufend, v.nach), (1, 2, Some(2)));
    assert_eq!(welt.engine.unterschied(&welt.b, "frist", 1, 9).await.unwrap_err().status, 404);
}

async fn the_database_is_the_wall(welt: &Welt) {
    let id = welt.propose("wand.bpmn", &file("wand", "A", "")).await;
    let refused = async |sql, values| welt.db.execute(sql, values).await.unwrap_err().message().unwrap();
    assert!(refused(&PUBLISH, args![id]).await.contains("four-eyes"));
    assert!(refused(&NOBODY, args![id]).await.contains("four-eyes"));
    for sql in [&OTHER_TEXT, &ALONE, &DELETE] {
        assert!(refused(sql, args![id]).await.contains("a proposal is not changed"));
    }
    assert!(refused(&OTHER_AUTHOR, args![id, welt.b.person]).await.contains("a proposal is not changed"));
    assert_eq!(welt.publish(&welt.b, id).await, Ok(vec![("wand".into(), 1)]));
    assert!(refused(&AGAIN, args![id]).await.contains("a proposal is not changed"));
}

async fn a_substitution_opens_no_way(welt: &Welt) {
    let id = welt.propose("vertreten.bpmn", &file("vertreten", "A", "")).await;
    let tag = "2026-01-05".parse().unwrap();
    for (person, vertreter) in [(&welt.b, &welt.a), (&welt.b, &welt.clerk)] {
        let v = NeueVertretung {
            person: person.person,
            vertreter: vertreter.person,
            von: tag,
            bis: tag,
            process: ALLE.into(),
            behaelt: true,
            grund: "Urlaub".into(),
        };
        welt.vertretungen.enter(person, &v).await.unwrap();
    }
    assert_eq!(welt.publish(&welt.a, id).await, Err(("E3041".into(), 403)), "not in the other one's place either");
    assert_eq!(welt.publish(&welt.clerk, id).await, Err(("E7003".into(), 403)), "a deputy does not get the role");
    assert_eq!(welt.publish(&welt.b, id).await, Ok(vec![("vertreten".into(), 1)]));
}

async fn a_proposal_is_withdrawn_or_overtaken(welt: &Welt) {
    let gone = welt.propose("weg.bpmn", &file("weg", "A", "")).await;
    Fassungen::zurueckziehen(&welt.engine, &welt.a, gone, "doch nicht").await.unwrap();
    assert_eq!(welt.publish(&welt.b, gone).await, Err(("E3042".into(), 409)));
    assert!(welt.versions("weg").await.is_empty());
    let page = welt.engine.vorschlag(&welt.b, gone).await.unwrap().vorschlag;
    assert_eq!((page.stand.as_str(), page.entschieden.unwrap().2), ("zurueckgezogen", "doch nicht".to_owned()));

    welt.engine.deploy(&file("lauf", "A", ""), Herkunft::Stadt).await.unwrap();
    let id = welt.propose("lauf.bpmn", &file("lauf", "B", "")).await;
    let seen = welt.engine.vorschlag(&welt.b, id).await.unwrap().pruefung.gegen;
    welt.engine.deploy(&file("lauf", "C", ""), Herkunft::Stadt).await.unwrap();
    let late = welt.engine.veroeffentlichen(&welt.b, id, "geprüft", &seen, false).await.unwrap_err();
    assert_eq!(
        (late.code.to_string(), late.status),
        ("E3042".to_owned(), 409),
        "another version runs than was looked at"
    );
    assert_eq!(welt.publish(&welt.b, id).await, Ok(vec![("lauf".into(), 3)]), "after a second look");
}

async fn a_small_city_does_without(welt: &Welt) {
    let small = Welt::engine(&welt.db, &welt.clock, false).await;
    let strict = welt.propose("klein.bpmn", &file("klein", "A", "")).await;
    let alone = small.veroeffentlichen(&welt.a, strict, "geprüft", "", false).await.unwrap_err();
    assert_eq!(alone.code.to_string(), "E3041", "what was proposed for two persons stays so");
    let id = small.vorschlagen(&welt.a, "klein.bpmn", &file("klein", "B", ""), "allein").await.unwrap();
    let refused = welt.publish(&welt.a, id).await;
    assert_eq!(refused, Err(("E3041".into(), 403)), "a city that asks for two again means the waiting ones too");
    let done = small.veroeffentlichen(&welt.a, id, "geprüft", "", false).await.unwrap();
    assert_eq!(done, [("klein".to_owned(), 1)]);
    Fassungen::zurueckziehen(&welt.engine, &welt.b, strict, "erledigt").await.unwrap();
}

async fn tables_carry_their_examples(welt: &Welt) {
    let name = "anordnung.dmn";
    welt.engine.deploy_table(name, &table("50000"), Herkunft::Auslieferung).await.unwrap();
    let shipped = include_str!("../../workflows/tabellen/anordnung.beispiele.json");
    welt.engine.beispiele_geliefert(name, shipped).await.unwrap();
    let rows = async |version| welt.engine.tabelle(&welt.a, name, version).await.unwrap().beispiele;
    assert_eq!((rows(1).await.len(), rows(1).await.iter().filter(|b| b.stimmt()).count()), (6, 6));

    let own = |betrag: &str| Beispiel {
        eingabe: [("betrag".to_owned(), json!(betrag)), ("amt".to_owned(), json!("66"))].into_iter().collect(),
        erwartet: json!({ "zweite": true }),
        stadt: true,
    };
    let mut mine: Vec<Beispiel> = rows(1).await.into_iter().map(|g| g.beispiel).collect();
    mine.push(own("55000.00"));
    let ort = BeispielOrt::Version(name.into(), 1);
    welt.engine.beispiele(&welt.a, &ort, mine, "Fall der Kämmerei").await.unwrap();
    welt.engine.beispiele_geliefert(name, shipped).await.unwrap();
    assert_eq!(rows(1).await.len(), 7, "the next start does not take the city's row away");
    // An update of the program: its rows are new, the city's row stays.
    welt.engine.deploy_table(name, &table("50001"), Herkunft::Auslieferung).await.unwrap();
    assert_eq!(rows(2).await.len(), 7, "a version without rows has those before it");
    welt.engine.beispiele_geliefert(name, &shipped.replace("119.00", "120.00")).await.unwrap();
    let now = rows(2).await;
    assert!(now.len() == 7 && now.iter().any(|g| g.beispiel.stadt) && json!(now).to_string().contains("120.00"));

    let asked = welt.engine.probieren(&welt.a, &ort, &own("60000").eingabe).await.unwrap();
    assert_eq!((asked.zeilen, asked.ergebnis["zweite"].clone()), (vec![3, 4], json!(true)));

    // A limit that breaks rows is published only with a confirmation.
    let id = welt.propose(name, &table("90000")).await;
    let page = welt.engine.vorschlag(&welt.b, id).await.unwrap().pruefung;
    // 50,000.01, -60,000 and 75,000 of the shipped rows, 55,000 of the city.
    assert_eq!((page.durchgefallen(), page.beispiele.len()), (4, 7));
    assert_eq!(welt.publish(&welt.b, id).await, Err(("E3043".into(), 422)));
    // The author mends one row; nobody else may.
    let mut mended: Vec<Beispiel> = page.beispiele.into_iter().map(|g| g.beispiel).collect();
    mended.retain(|b| !b.stadt);
    mended.push(own("95000.00"));
    let ort = BeispielOrt::Vorschlag(id);
    assert_eq!(welt.engine.beispiele(&welt.b, &ort, mended.clone(), "fremd").await.unwrap_err().status, 422);
    welt.engine.beispiele(&welt.a, &ort, mended, "neue Grenze").await.unwrap();
    let gegen = welt.engine.vorschlag(&welt.b, id).await.unwrap().pruefung.gegen;
    let done = welt.engine.veroeffentlichen(&welt.b, id, "so gewollt", &gegen, true).await.unwrap();
    assert_eq!(done, [(name.to_owned(), 3)]);
    let now = rows(3).await;
    assert!(json!(now).to_string().contains("95000.00") && !json!(now).to_string().contains("55000.00"));
    assert!(json!(rows(1).await).to_string().contains("55000.00"), "an older version keeps its rows");
    let v = welt.engine.tabellen_unterschied(&welt.a, name, 2, 3).await.unwrap();
    assert_eq!(v.aenderungen.len(), 2, "two rows name the limit");
    let twin = welt.engine.pruefen(&welt.a, "kopie.dmn", &table("1")).await.unwrap();
    assert!(!twin.angenommen && twin.befunde[0].text.contains("„anordnung.dmn“"), "{:?}", twin.befunde);
}

async fn figures_come_from_the_history(welt: &Welt) {
    let xml = file("tempo", "Schritt", "");
    welt.engine.deploy(&xml, Herkunft::Stadt).await.unwrap();
    // Ten instances; the n-th is done after n hours.
    for n in 1..=10 {
        welt.engine.start(&welt.clerk, "tempo", Werte::new(), &n.to_string()).await.unwrap();
    }
    let marks = async || {
        let z = welt.engine.zahlen(&welt.a, "tempo", 1, 30).await.unwrap();
        let s = z.zahlen.iter().find(|e| e.element == "Schritt").unwrap().clone();
        (s.jetzt, s.erledigt, s.median.map(|m| m / STUNDE), s.neunzig.map(|m| m / STUNDE))
    };
    assert_eq!(marks().await, (10, 0, None, None));
    let open = welt.engine.list(&welt.a, "tempo", 200).await.unwrap();
    for a in &open {
        welt.later(STUNDE);
        let schritt = a.marken[0].schritt;
        let done = nachrichten::ablaeufe::Eingriff::SchrittAbbrechen { schritt };
        if a.id == open[9].id {
            // Taken back is not done.
            welt.engine.eingreifen(&welt.a, a.id, done, "Test").await.unwrap();
            continue;
        }
        complete_one(welt, a.id).await;
    }
    // Nine done after one to nine hours: half of them within five, nine of ten within nine.
    assert_eq!(marks().await, (0, 9, Some(5), Some(9)));
    let start = welt.engine.zahlen(&welt.a, "tempo", 1, 30).await.unwrap();
    let end = start.zahlen.iter().find(|e| e.element == "E").unwrap();
    assert_eq!((start.version.laufend, end.erledigt, end.median, start.gekuerzt), (0, 9, Some(0), false));
    welt.later(40 * 24 * STUNDE);
    assert_eq!(marks().await, (0, 0, None, None), "older than the period");
    let long = welt.engine.zahlen(&welt.a, "tempo", 1, 90).await.unwrap();
    assert_eq!(long.zahlen.iter().find(|e| e.element == "Schritt").unwrap().erledigt, 9);
    assert_eq!(welt.engine.zahlen(&welt.clerk, "tempo", 1, 30).await.unwrap_err().status, 403);
    // A step that found no way on counts as here and as stopped.
    let nodes = r#"<exclusiveGateway id="Schritt"/><sequenceFlow id="f2" sourceRef="Schritt" targetRef="E"><conditionExpression>weiter = true</conditionExpression></sequenceFlow>"#;
    let broken = format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t"><process id="bruch" isExecutable="true"><startEvent id="S"/>{nodes}<endEvent id="E"/><sequenceFlow id="f1" sourceRef="S" targetRef="Schritt"/></process></definitions>"#
    );
    welt.engine.deploy(&broken, Herkunft::Stadt).await.unwrap();
    welt.engine.start(&welt.clerk, "bruch", Werte::new(), "1").await.unwrap();
    let z = welt.engine.zahlen(&welt.a, "bruch", 1, 30).await.unwrap();
    let s = z.zahlen.iter().find(|e| e.element == "Schritt").unwrap();
    assert_eq!((s.jetzt, s.gestoert, s.erledigt), (1, 1, 0));
}

/// Completes the task of one instance as a clerk does.
async fn complete_one(welt: &Welt, id: nachrichten::InstanceId) {
    use nachrichten::aufgaben::{Aufgaben, Erledigung};
    let task = nachrichten::ablaeufe::Ablaeufe::get(&welt.engine, &welt.clerk, id).await.unwrap().aufgaben[0];
    let version = Aufgaben::get(&welt.engine, &welt.clerk, task).await.unwrap().aufgabe.version;
    let e = Erledigung { version, idempotency_key: task.to_string(), werte: Werte::new(), fassung: None };
    welt.engine.complete(&welt.clerk, task, e).await.unwrap();
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
