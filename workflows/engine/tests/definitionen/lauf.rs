// SPDX-License-Identifier: EUPL-1.2
//! One process instance in memory, with what the messages of a document look like.

use std::collections::BTreeMap;
use std::sync::Arc;

pub use engine::{Command, ElementInstanceId};
use engine::{Decisions, Definition, DeployOptions, HistoryKind, Outcome, Output, State, TaskSpec, deploy, step};
pub use nachrichten::akten::{self, Ablegen, Angelegt, Angelegtes, Anlegen, Dublette, Erfassen, Erfasst};
pub use nachrichten::einordnung::{Feld, Vorschlag, Vorschlagen};
pub use nachrichten::erkennung::{
    Befund, Bereich, Seite, SeitenErgebnis, SeitenErkannt, SeitenErkennen, Stufe, Teil, TeilArt, Zerlegen, Zerlegt,
    Zusammengesetzt, Zusammensetzen,
};
pub use nachrichten::rechnung::{Geprueft, Pruefen, RechnungsFakten, Skonto};
pub use nachrichten::uebergabe::{self, Buchen, Mail, Stornieren, Storniert, Uebergeben};
pub use nachrichten::{BlobHash, DokumentId, SendungId, Timestamp, Werte};
use serde::de::DeserializeOwned;
pub use serde_json::{Value, json};

/// Monday, 23 November 2026, 08:00 in Karlsruhe.
pub const NOW: &str = "2026-11-23T07:00:00Z";

/// The tables, as far as the paths depend on them.
struct Tabellen;

impl Decisions for Tabellen {
    fn exists(&self, id: &str) -> bool {
        matches!(id, "zustaendigkeit" | "anordnung" | "rechnungsfristen" | "laufweg")
    }
    fn variable(&self, id: &str) -> Option<String> {
        Some(id.to_owned())
    }
    fn evaluate(&self, id: &str, input: &Werte, _: Timestamp) -> Result<Value, String> {
        if id == "anordnung" {
            assert!(input.contains_key("amt"));
            let zweite = input["betrag"].as_f64().is_some_and(|b| b.abs() > 50_000.0);
            return Ok(
                json!({ "zweite": zweite, "gruppe2": if zweite { Value::from("Anordnung-20") } else { Value::Null } }),
            );
        }
        if id == "rechnungsfristen" {
            assert!(input.contains_key("betrag") && input.contains_key("amt"));
            return Ok(json!({ "skonto_erinnerung_anteil": 0.5, "skonto_eskalation_tage": 3,
                "zahlung_eskalation_tage": 2, "quittung_tage": 1, "rueckfrage_tage": 10, "strittig_tage": 14 }));
        }
        if id == "laufweg" {
            assert!(input["betreff"].is_string() && input["absender"].is_string() && input.contains_key("sicherheit"));
            assert!(input["markiert"].is_boolean() && input.contains_key("vermerk"));
            let says = |word: &str| input["betreff"].as_str().is_some_and(|b| b.contains(word));
            return Ok(
                json!({ "vertraulich": input["markiert"] == true || says("PERSONAL"), "bestaetigen": !says("SICHER"), "bearbeiten": says("AMT"),
                "frist_art": "recht", "frist_tage": 14, "bearbeitung": "10AT", "nachricht_tage": 21,
                "wiederaufnahme_tage": 90 }),
            );
        }
        for name in ["blatt_amt", "doc_type", "leitweg", "aktenzeichen", "kassenzeichen", "betreff"] {
            assert!(input.contains_key(name), "input {name} of zustaendigkeit");
        }
        let gruppe = if input["betreff"].as_str().is_some_and(|b| b.contains("RÄTSEL")) {
            "Vorsortierung"
        } else {
            "Feststellung-66"
        };
        Ok(json!({ "amt": "66", "amt_name": "Tiefbauamt", "gruppe": gruppe, "einheit": "66.10",
                   "einheit_titel": "Straßenbau", "akte_titel": "Straßenunterhalt 2026" }))
    }
}

/// One instance and everything it waits for.
pub struct Lauf {
    pub definition: Arc<Definition>,
    pub state: State,
    pub now: Timestamp,
    pub jobs: BTreeMap<u64, (String, String, Value)>,
    pub tasks: BTreeMap<u64, TaskSpec>,
    pub calls: BTreeMap<u64, (String, Werte)>,
    pub timers: BTreeMap<u64, (String, Timestamp)>,
    /// Messages it waits for: name and key.
    pub abos: BTreeMap<u64, (String, Option<String>)>,
    pub incidents: Vec<String>,
    /// Messages thrown: name, key, contents.
    pub thrown: Vec<(String, Option<String>, Werte)>,
    /// Messages waited for: element and key.
    pub subscriptions: BTreeMap<u64, (String, Option<String>)>,
    pub ended: Option<Outcome>,
    /// What others hear of it.
    pub events: Vec<String>,
}

impl Lauf {
    /// Starts the only process of a file with the tables of the tests.
    pub fn start(file: &str, variables: Value) -> Self {
        Self::start_with(Arc::new(Tabellen), file, variables)
    }

    pub fn start_with(tables: Arc<dyn Decisions>, file: &str, variables: Value) -> Self {
        Self::start_at(tables, file, None, variables)
    }

    /// At a start event of this id, as a timer or a message does.
    pub fn start_at(tables: Arc<dyn Decisions>, file: &str, element: Option<&str>, variables: Value) -> Self {
        let path = format!("{}/../definitionen/{file}.bpmn", env!("CARGO_MANIFEST_DIR"));
        let xml = std::fs::read_to_string(&path).unwrap();
        let deployment = deploy(&xml, tables, &DeployOptions::default()).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert!(deployment.findings.is_empty(), "{file}: {:?}", deployment.findings);
        let definition = deployment.processes.into_iter().next().unwrap();
        assert_eq!(definition.id(), file);
        let mut lauf = Lauf {
            definition,
            state: State::new(),
            now: NOW.parse().unwrap(),
            jobs: BTreeMap::new(),
            tasks: BTreeMap::new(),
            calls: BTreeMap::new(),
            timers: BTreeMap::new(),
            abos: BTreeMap::new(),
            incidents: Vec::new(),
            thrown: Vec::new(),
            subscriptions: BTreeMap::new(),
            ended: None,
            events: Vec::new(),
        };
        lauf.command(Command::Start { element: element.map(str::to_owned), variables: object(variables) });
        lauf
    }

    pub fn command(&mut self, command: Command) {
        let done = step(&self.definition, &self.state, command, self.now).unwrap();
        self.state = done.state;
        for h in done.history.iter().filter(|h| h.kind == HistoryKind::Completed && !h.inner) {
            self.events.extend(self.definition.event_of(&h.element).map(|typ| typ.to_string()));
        }
        for output in done.outputs {
            match output {
                Output::CreateJob { instance, element, job_type, input, retries, .. } => {
                    assert_eq!(retries, 3, "{element}");
                    self.jobs.insert(instance.0, (element.to_string(), job_type, Value::Object(input)));
                }
                Output::CancelJob { instance } => {
                    self.jobs.remove(&instance.0);
                }
                Output::CreateTask(task) => {
                    // A Wiedervorlage is due on the day it comes.
                    assert!(task.due.is_some_and(|due| due >= self.now), "{} has no due date", task.element);
                    assert!(task.form_key.is_some() && !task.title.is_empty(), "{}", task.element);
                    self.tasks.insert(task.instance.0, *task);
                }
                Output::CancelTask { instance } => {
                    self.tasks.remove(&instance.0);
                }
                Output::Call { instance, process, variables, .. } => {
                    self.calls.insert(instance.0, (process, variables));
                }
                Output::ArmTimer { timer, due, element } => {
                    self.timers.insert(timer, (element.to_string(), due));
                }
                Output::CancelTimer { timer } => {
                    self.timers.remove(&timer);
                }
                Output::Incident { element, text, .. } => self.incidents.push(format!("{element}: {text}")),
                Output::Ended { outcome, .. } => self.ended = Some(outcome),
                Output::Throw { name, key, variables, .. } => self.thrown.push((name, key, variables)),
                Output::Subscribe { subscription, name, key, element, .. } => {
                    self.subscriptions.insert(subscription, (element.to_string(), key.clone()));
                    self.abos.insert(subscription, (name, key));
                }
                Output::Unsubscribe { subscription } => {
                    self.subscriptions.remove(&subscription);
                    self.abos.remove(&subscription);
                }
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    /// Ids of the elements that wait for a worker, a person or a called process, in order of the alphabet.
    pub fn waiting(&self) -> Vec<&str> {
        assert!(self.incidents.is_empty(), "{:?}", self.incidents);
        let mut all: Vec<&str> = self.jobs.values().map(|(e, ..)| e.as_str()).collect();
        all.extend(self.tasks.values().map(|t| &*t.element));
        all.extend(self.calls.values().map(|(p, _)| p.as_str()));
        all.sort_unstable();
        all
    }

    pub fn ended_well(&self) {
        assert_eq!(self.waiting(), [""; 0]);
        assert_eq!(self.ended, Some(Outcome::Completed));
        assert!(self.timers.is_empty());
    }

    pub fn job(&self, element: &str) -> u64 {
        *self
            .jobs
            .iter()
            .find(|(_, j)| j.0 == element)
            .unwrap_or_else(|| panic!("no job {element} in {:?}", self.waiting()))
            .0
    }

    /// The input of an open job, read as its message.
    pub fn input<M: DeserializeOwned>(&self, element: &str, job_type: &str) -> M {
        let (_, typ, input) = &self.jobs[&self.job(element)];
        assert_eq!(typ, job_type);
        serde_json::from_value(input.clone()).unwrap_or_else(|e| panic!("{element}: {e}: {input}"))
    }

    pub fn work(&mut self, element: &str, result: impl serde::Serialize) {
        let id = self.job(element);
        self.jobs.remove(&id);
        let variables = object(serde_json::to_value(result).unwrap());
        self.command(Command::CompleteJob { instance: ElementInstanceId(id), variables });
    }

    pub fn unreadable(&mut self, element: &str, code: &str, text: &str) {
        let id = self.job(element);
        self.jobs.remove(&id);
        let variables = object(json!({ "fehler": { "code": code, "text": text } }));
        self.command(Command::BpmnError {
            instance: ElementInstanceId(id),
            code: code.into(),
            message: text.into(),
            variables,
        });
    }

    pub fn task(&self, element: &str) -> &TaskSpec {
        self.tasks
            .values()
            .find(|t| &*t.element == element)
            .unwrap_or_else(|| panic!("no task {element} in {:?}", self.waiting()))
    }

    /// A person completes the task; the service adds who and when.
    pub fn decide(&mut self, element: &str, person: &str, values: Value) {
        let instance = self.task(element).instance;
        self.complete(instance, person, values);
    }

    fn complete(&mut self, instance: ElementInstanceId, person: &str, values: Value) {
        self.tasks.remove(&instance.0);
        let mut variables = object(values);
        variables.insert("person".into(), json!({ "id": sendung(), "name": person }));
        variables.insert("zeit".into(), NOW.into());
        self.command(Command::CompleteTask { instance, variables });
    }

    /// Is a message of this name with this key wanted now?
    pub fn expects(&self, name: &str, key: &str) -> bool {
        self.abos.values().any(|(n, k)| n == name && k.as_deref() == Some(key))
    }

    pub fn message_with(&mut self, name: &str, key: &str, values: Value) {
        let found = self.abos.iter().find(|(_, (n, k))| n == name && k.as_deref() == Some(key));
        let subscription = *found.unwrap_or_else(|| panic!("nobody waits for {name} {key}: {:?}", self.abos)).0;
        self.abos.remove(&subscription);
        self.command(Command::Message { subscription, variables: object(values) });
    }

    /// When the timer of this element is due.
    pub fn due(&self, element: &str) -> String {
        let found = self.timers.values().find(|(e, _)| e == element);
        found.unwrap_or_else(|| panic!("no timer {element}: {:?}", self.timers)).1.to_string()
    }

    /// A message comes to the element that waits for it.
    pub fn message_at(&mut self, element: &str, variables: Value) {
        let id = *self.subscriptions.iter().find(|(_, s)| s.0 == element).unwrap().0;
        self.subscriptions.remove(&id);
        self.command(Command::Message { subscription: id, variables: object(variables) });
    }

    pub fn called_ended(&mut self, process: &str) {
        let id = *self.calls.iter().find(|(_, c)| c.0 == process).unwrap().0;
        self.calls.remove(&id);
        self.command(Command::CalledEnded { instance: ElementInstanceId(id), variables: Werte::new() });
    }

    /// One of several open tasks of an element, by a group that may do it.
    pub fn decide_for(&mut self, element: &str, group: &str, person: &str, values: Value) {
        let found = self.tasks.values().find(|t| &*t.element == element && t.groups.iter().any(|g| g == group));
        let instance = found.unwrap_or_else(|| panic!("no {element} for {group} in {:?}", self.waiting())).instance;
        self.complete(instance, person, values);
    }

    /// The message goes to who waits for its name.
    pub fn message(&mut self, name: &str, values: Value) {
        let found = self.abos.iter().find(|(_, m)| m.0 == name).map(|(n, _)| *n);
        let subscription = found.unwrap_or_else(|| panic!("nobody waits for {name}"));
        self.command(Command::Message { subscription, variables: object(values) });
    }

    /// The clock reaches the timer of this event.
    pub fn passes(&mut self, element: &str) {
        let found = self.timers.iter().find(|(_, t)| t.0 == element).map(|(n, t)| (*n, t.1));
        let (timer, due) = found.unwrap_or_else(|| panic!("no timer {element} in {:?}", self.timers));
        self.now = self.now.max(due);
        self.timers.remove(&timer);
        self.command(Command::FireTimer { timer });
    }

    pub fn variable(&self, name: &str) -> Value {
        self.state.variables().remove(name).unwrap_or_default()
    }
}

pub fn object(value: Value) -> Werte {
    match value {
        Value::Object(map) => map,
        other => panic!("not an object: {other}"),
    }
}

pub fn blob(text: &str) -> BlobHash {
    BlobHash::of(text.as_bytes())
}

pub fn sendung() -> SendungId {
    "018f2c00-0000-7000-8000-000000000001".parse().unwrap()
}

pub fn teil(index: u32, art: TeilArt) -> Teil {
    let page = |n| Seite {
        n,
        breite: 2480,
        hoehe: 3508,
        dpi: [300, 300],
        leer: false,
        bild: Some(blob(&format!("bild {n}"))),
    };
    let scan = art == TeilArt::Scan;
    let text = matches!(art, TeilArt::Digital | TeilArt::Nachricht | TeilArt::RechnungPdf);
    Teil {
        index,
        art,
        name: format!("teil-{index}"),
        blob: blob("original"),
        media_type: "application/pdf".into(),
        seiten: if scan { vec![page(1), page(2), page(3)] } else { vec![] },
        bereiche: if scan { vec![Bereich { von: 0, bis: 2 }, Bereich { von: 2, bis: 3 }] } else { vec![] },
        text: text.then(|| blob("textebene")),
        rechnung_xml: matches!(art, TeilArt::RechnungXml | TeilArt::RechnungPdf).then(|| blob("xml")),
        blatt: None,
        befunde: vec![],
    }
}

pub fn eintrag(art: TeilArt) -> Angelegtes {
    Angelegtes {
        dokument: DokumentId::of_part(sendung(), 0),
        sendung: sendung(),
        zugang: "2026-11-20".parse().unwrap(),
        teil: teil(0, art),
        korb: if matches!(art, TeilArt::RechnungXml | TeilArt::RechnungPdf) { "poststelle" } else { "neu" }.to_owned(),
    }
}

pub fn gewechselt() -> akten::KorbGewechselt {
    akten::KorbGewechselt { gewechselt: true }
}

pub fn vorschlag(doc_type: &str) -> Vorschlag {
    let feld =
        |wert: &str| Feld { wert: wert.into(), sicherheit: 0.9, grund: "Betreff".into(), seite: Some(1), kasten: None };
    let felder = [
        ("doc_type", doc_type),
        ("sender", "Musterbau GmbH"),
        ("subject", "Aufgrabung Kriegsstraße"),
        ("aktenzeichen", "66.10-2026/14"),
    ];
    Vorschlag { felder: felder.into_iter().map(|(k, v)| (k.to_owned(), feld(v))).collect() }
}

pub fn abgelegt() -> Value {
    json!({ "akte": sendung(), "vorgang": sendung(), "aktenzeichen": "66.10-2026/1" })
}
