// SPDX-License-Identifier: EUPL-1.2
//! Events for others: the catalogue, its description and what a whole invoice really tells; what that costs.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "gemein/asyncapi.rs"]
mod asyncapi;
#[path = "gemein/empfaenger.rs"]
mod empfaenger;
mod gemein;
#[path = "gemein/kern.rs"]
mod kern;
#[path = "gemein/rechnungslauf.rs"]
mod rechnungslauf;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::{Duration, Instant},
};

use empfaenger::{Art, Empfaenger};
use gemein::{haus::Haus, program};
use nachrichten::{
    Actor, Werte,
    aufgaben::Erledigung,
    ereignisse::{KATALOG, VERTEILSTELLE},
};
use serde_json::Value;
use service_geschaeftsgang::{Herkunft, Options};
use service_platform::{
    db::mitschrift::{self, Was},
    ereignis,
};
use service_platform_testkit::sqlite;

/// `schemas/asyncapi.yaml` is made from the catalogue (`EAKTE_WRITE=1` writes it anew, the diff is read in review); the
/// stage `browser` has it judged by the official schema of AsyncAPI.
#[test]
fn the_description_equals_the_catalogue() {
    let text = asyncapi::text();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/asyncapi.yaml");
    if std::env::var_os("EAKTE_WRITE").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    assert!(std::fs::read_to_string(&file).unwrap() == text, "schemas/asyncapi.yaml differs from the catalogue");
    for art in KATALOG {
        assert!(text.contains(art.wann) && text.contains(&format!("json/{}.json", art.typ)), "{}", art.typ);
    }
    assert!(text.contains(VERTEILSTELLE));
}

/// What our drawings call an event stands in the catalogue, and the catalogue promises no step that no drawing has.
#[test]
fn every_event_of_a_process_is_in_the_catalogue() {
    let mut drawn = BTreeSet::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../workflows/definitionen");
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        drawn.extend(text.split("eakte:ereignis=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
    let schritte: BTreeSet<String> = KATALOG
        .iter()
        .filter(|art| (art.schema)().pointer("/properties/data/properties/schritt").is_some())
        .map(|art| art.typ.to_owned())
        .filter(|typ| !typ.contains(".aufgabe.") && !typ.contains(".stoerung."))
        .collect();
    assert!(drawn.len() >= 5);
    assert_eq!(drawn, schritte);
}

/// Names of an object are those of its schema, and none that must be there is missing.
fn fits(schema: &Value, value: &Value, at: &str) {
    let (known, given) = (schema["properties"].as_object().unwrap(), value.as_object().unwrap());
    for name in given.keys() {
        assert!(known.contains_key(name), "{at}: {name} is not in the schema");
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(given.contains_key(name.as_str().unwrap()), "{at}: {name} is missing");
    }
    for (name, one) in known {
        if let (Some(expected), Some(is)) = (one.get("const"), given.get(name)) {
            assert_eq!(expected, is, "{at}: {name}");
        }
    }
}

/// Statements within transactions of effects, and how many of these tell of events.
#[derive(Debug, Default)]
struct Kosten {
    statements: usize,
    commits: usize,
    /// Inserts of events.
    melden: usize,
}

fn kosten() -> Kosten {
    let mut transactions: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut commits = BTreeSet::new();
    for satz in mitschrift::take() {
        match satz.was {
            Was::Read(sql, _) | Was::Write(sql, _) => {
                transactions.entry(satz.tx).or_default().push(sql.sqlite.to_owned());
            }
            Was::Commit => drop(commits.insert(satz.tx)),
        }
    }
    // Number 0 is what reads outside a transaction; handing on and sending have transactions of their own.
    transactions.retain(|tx, all| {
        *tx > 0 && !all.iter().any(|s| s.contains("platform_webhook") || s.contains("DELETE FROM platform_ereignis"))
    });
    Kosten {
        statements: transactions.values().map(Vec::len).sum(),
        commits: commits.iter().filter(|tx| transactions.contains_key(tx)).count(),
        melden: transactions.values().flatten().filter(|s| s.starts_with("INSERT INTO platform_ereignis")).count(),
    }
}

/// One after the other, because the record of statements is one for the whole process.
#[tokio::test(flavor = "multi_thread")]
async fn a_whole_invoice_tells_what_happened_and_costs_little() {
    a_batch_stays_a_batch().await;

    let haus = Haus::neu().await;
    mitschrift::start();
    rechnungslauf::bezahlt(&haus).await;
    let without = kosten();
    assert_eq!(without.melden, 0, "nobody listens, nothing is written");
    haus.ist_sauber().await;
    haus.app.stop().await;

    let e = Empfaenger::neu(Art::Nimmt).await;
    let haus = Haus::eingestellt(program(), |s| s.webhook.loopback = true).await;
    let (_, secret) = haus.app.webhooks.anlegen(&haus.app.cli, "alles", &e.url, &[]).await.unwrap();
    ereignis::schalten(&haus.app.db, false).await.unwrap();
    mitschrift::start();
    let dokument = rechnungslauf::bezahlt(&haus).await;
    let with = kosten();
    let from = Instant::now();
    while haus
        .zahl("SELECT (SELECT count(*) FROM platform_ereignis) + (SELECT count(*) FROM platform_webhook_post)")
        .await
        > 0
    {
        assert!(from.elapsed() < Duration::from_secs(20), "events are left");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    haus.ist_sauber().await;
    let got = e.alles();
    println!("an invoice from scan to paid, without events: {without:?}");
    println!("with {} events: {with:?}", got.len());
    assert!(with.melden <= got.len(), "gathered, not one by one");
    assert!(with.statements <= without.statements + with.melden + without.statements / 10, "{with:?} {without:?}");

    assert!(got.iter().all(|b| b.gilt_mit(&secret)));
    let ids: BTreeSet<String> = e.ids().into_iter().collect();
    assert_eq!(ids.len(), got.len(), "each once");
    let events: Vec<Value> = got.iter().map(empfaenger::Bekommen::ereignis).collect();
    rechnungslauf::pruefe(&events, dokument);
    for event in &events {
        let typ = event["type"].as_str().unwrap();
        let art = KATALOG.iter().find(|a| a.typ == typ).unwrap_or_else(|| panic!("{typ} is not in the catalogue"));
        let schema = (art.schema)().to_value();
        fits(&schema, event, typ);
        fits(&schema["properties"]["data"], &event["data"], typ);
    }
    // Whoever is named, what it costs, what it is called: nothing of it leaves by an event.
    let all: String = got.iter().map(|b| b.body.as_str()).collect();
    let d = haus.dokument(&haus.app.cli, dokument).await;
    let aktenzeichen = d.ablage.as_ref().unwrap().aktenzeichen.clone();
    for word in [
        "Riedel",
        "Vogt",
        "LW-202611",
        "6213",
        "rechnung-zugferd",
        d.titel.as_str(),
        &aktenzeichen,
        &d.sha256.to_string(),
    ] {
        assert!(!word.is_empty() && !all.contains(word), "an event tells {word}");
    }
    haus.app.stop().await;
}

/// Three user tasks in a row, as in the engine's benchmark.
const KETTE: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">
<process id="kette" isExecutable="true"><startEvent id="S"/>
<userTask id="Eins"><potentialOwner><resourceAssignmentExpression><formalExpression>"A"</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>
<userTask id="Zwei"><potentialOwner><resourceAssignmentExpression><formalExpression>"A"</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>
<userTask id="Drei"><potentialOwner><resourceAssignmentExpression><formalExpression>"A"</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>
<endEvent id="E"/><sequenceFlow id="f1" sourceRef="S" targetRef="Eins"/><sequenceFlow id="f2" sourceRef="Eins" targetRef="Zwei"/>
<sequenceFlow id="f3" sourceRef="Zwei" targetRef="Drei"/><sequenceFlow id="f4" sourceRef="Drei" targetRef="E"/></process></definitions>"#;

async fn person(engine: &service_geschaeftsgang::Geschaeftsgang, who: &Actor, key: String) {
    let (_, mut open) = engine.start_with_tasks(who, "kette", Werte::new(), &key).await.unwrap();
    for step in 0..3 {
        let e = Erledigung { version: 1, idempotency_key: step.to_string(), werte: Werte::new(), fassung: None };
        open = engine.complete_with_tasks(who, open.pop().unwrap(), e).await.unwrap();
    }
}

/// 200 instances with 64 people at once: 8 events each, and a fraction of a statement.
async fn a_batch_stays_a_batch() {
    const INSTANZEN: usize = 192;
    let mut seen = Vec::new();
    for an in [false, true] {
        let test = sqlite().await;
        let w = kern::Kern::neu(&test.db, &[("ada", &["A"], &[])], Options::default()).await;
        w.engine.deploy(KETTE, Herkunft::Auslieferung).await.unwrap();
        ereignis::schalten(&test.db, an).await.unwrap();
        let run = tokio::spawn(w.engine.clone().run());
        mitschrift::start();
        let mut people = tokio::task::JoinSet::new();
        for n in 0..64 {
            let (engine, who) = (w.engine.clone(), w.wer("ada").clone());
            people.spawn(async move {
                for m in 0..INSTANZEN / 64 {
                    person(&engine, &who, format!("{n}-{m}")).await;
                }
            });
        }
        people.join_all().await;
        let k = kosten();
        run.abort();
        let per = k.statements as f64 / INSTANZEN as f64;
        let (events, _) = ereignis::warten(&test.db).await.unwrap();
        println!(
            "events {an}: {per:.2} statements per instance, {} commits, {} inserts of {events} events",
            k.commits, k.melden
        );
        assert_eq!(events, if an { 8 * INSTANZEN as u64 } else { 0 });
        seen.push((per, k));
    }
    let [(off, _), (on, with)] = &seen[..] else { panic!("two runs") };
    assert!(
        with.melden <= with.commits + 8 * INSTANZEN / 128,
        "one insert in a transaction, of at most 128 rows: {with:?}"
    );
    assert!(on - off < 1.0, "{off:.2} statements per instance became {on:.2}");
}
