// SPDX-License-Identifier: EUPL-1.2
//! Random valid processes from the whole list of elements, block by block, so that it is known beforehand what comes
//! out. Three things come with each: the file, how often each element completes when nothing interrupts
//! ([`Model::expected`]), and laws of counting that hold in every state whatever happens ([`Law`]).
//!
//! The same seed gives the same model. Nothing here knows how the engine works.
#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet};

/// `splitmix64`: the same numbers for the same seed.
#[derive(Clone)]
pub struct Rng(pub u64);

impl Rng {
    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) % end
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// What must hold for the counts of reached, completed and withdrawn elements, at any time.
#[derive(Clone, Debug)]
pub enum Law {
    /// The second is reached as often as the first completes: a token is never lost or doubled on a flow.
    Next(String, String),
    /// A choice: its branches together are reached as often as it completes.
    OneOf(String, Vec<String>),
    /// At least one branch for each time it completes.
    SomeOf(String, Vec<String>),
    /// A merge is reached as often as what leads to it completes.
    Merge(Vec<String>, String),
    /// A join fires at most as often as each of its branches completes.
    Join(Vec<String>, String),
    /// As many joins as splits once the instance has ended and nothing of it was withdrawn.
    Balanced(String, String),
    /// An interrupting event happens at most as often as its activity is withdrawn.
    Interrupts(String, String),
}

/// A process `p` (and what it calls or begins) as a file.
#[derive(Clone)]
pub struct Model {
    pub xml: String,
    /// Completions by element when every task is done and no boundary or event sub-process is triggered.
    pub expected: BTreeMap<String, u64>,
    pub laws: Vec<Law>,
    /// Names of messages and signals that something listens to.
    pub messages: Vec<String>,
    pub signals: Vec<String>,
    /// Events that happen without trouble: a message for each race, and timers of one hour.
    pub answers: BTreeMap<String, String>,
    pub hours: BTreeSet<String>,
    /// The group that may do a user task, by element.
    pub groups: BTreeMap<String, &'static str>,
    /// First variables: `a`, `b`, `n`.
    pub variables: serde_json::Map<String, serde_json::Value>,
    /// Tags of the elements and of the event definitions in it.
    pub kinds: Vec<&'static str>,
}

/// A long time: boundary timers are due after it, everything else much earlier.
pub const LONG: &str = "P1000D";

/// Makes the model of a seed; `size` is roughly the number of blocks.
pub fn model(seed: u64, size: i64) -> Model {
    let mut rng = Rng(seed);
    let (a, b, n) = (rng.one_in(2), rng.one_in(2), rng.below(4));
    let mut g = Generator {
        rng,
        next: 0,
        left: size,
        scopes: vec![String::new()],
        globals: String::new(),
        truth: [a, b, n > 1],
        lanes: Default::default(),
        model: Model {
            xml: String::new(),
            expected: BTreeMap::new(),
            laws: Vec::new(),
            messages: vec!["Beginn".to_owned()],
            signals: vec!["Anfang".to_owned()],
            answers: BTreeMap::new(),
            hours: BTreeSet::new(),
            groups: ["q2", "r2", "s2"].map(|id| (id.to_owned(), super::random_more::GROUPS[2])).into(),
            variables: [("a", a.into()), ("b", b.into()), ("n", n.into())]
                .map(|(name, value): (&str, serde_json::Value)| (name.to_owned(), value))
                .into_iter()
                .collect(),
            kinds: Vec::new(),
        },
    };
    g.process();
    g.model
}

pub(super) struct Generator {
    pub rng: Rng,
    next: u32,
    /// Blocks that may still come.
    left: i64,
    /// Text of the open scopes, the innermost last.
    scopes: Vec<String>,
    pub globals: String,
    /// Whether `a`, `b` and `n > 1` hold.
    pub truth: [bool; 3],
    /// Elements by lane.
    pub lanes: [Vec<String>; 2],
    pub model: Model,
}

/// Entry and exit of a block.
pub(super) type Ends = (String, String);

const CONDITIONS: [&str; 3] = ["a", "b", "n &gt; 1"];

impl Generator {
    fn process(&mut self) {
        let (start, end) = (self.node("startEvent", "", "", 1), self.node("endEvent", "", "", 1));
        let (entry, exit) = self.sequence(4, 1);
        self.flow(&start, &entry, None);
        self.flow(&exit, &end, None);
        self.law_next(&start, &entry);
        self.law_next(&exit, &end);
        let inside = self.scopes.pop().unwrap_or_default();
        self.model.xml = format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:eakte="urn:eakte:bpmn:1" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="urn:test">
<error id="err" name="Fehler" errorCode="E1"/><escalation id="esc" name="Stufe" escalationCode="S1"/>{}
<process id="p" isExecutable="true">{}{inside}</process>
{}
</definitions>"#,
            self.globals,
            self.lane_set(),
            super::random_more::OTHERS
        );
    }

    pub fn fresh(&mut self) -> String {
        self.next += 1;
        format!("e{}", self.next)
    }

    pub fn expect(&mut self, id: &str, times: u64) {
        if times > 0 {
            *self.model.expected.entry(id.to_owned()).or_default() += times;
        }
    }

    /// A node of the innermost scope that completes so often; its id.
    pub fn node(&mut self, tag: &'static str, attributes: &str, inside: &str, times: u64) -> String {
        let id = self.fresh();
        self.node_as(&id, tag, attributes, inside, times);
        id
    }

    pub fn node_as(&mut self, id: &str, tag: &'static str, attributes: &str, inside: &str, times: u64) {
        self.model.kinds.push(tag);
        self.expect(id, times);
        let owner = if tag == "userTask" { self.owner(id) } else { "" };
        self.write(&format!("<{tag} id=\"{id}\" {attributes}>{owner}{inside}</{tag}>\n"));
    }

    pub fn write(&mut self, text: &str) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.push_str(text);
        }
    }

    pub fn flow(&mut self, from: &str, to: &str, condition: Option<&str>) {
        let inside = condition.map(|c| format!("<conditionExpression>{c}</conditionExpression>")).unwrap_or_default();
        self.write(&format!(
            "<sequenceFlow id=\"{from}-{to}\" sourceRef=\"{from}\" targetRef=\"{to}\">{inside}</sequenceFlow>\n"
        ));
    }

    pub fn law_next(&mut self, from: &str, to: &str) {
        self.model.laws.push(Law::Next(from.to_owned(), to.to_owned()));
    }

    /// Chains elements by flows.
    pub fn chain(&mut self, ids: &[&str]) {
        for pair in ids.windows(2) {
            self.flow(pair[0], pair[1], None);
            self.law_next(pair[0], pair[1]);
        }
    }

    pub fn kind(&mut self, kind: &'static str) {
        self.model.kinds.push(kind);
    }

    pub fn timer(&mut self, kind: &str, text: &str) -> String {
        self.kind("timerEventDefinition");
        format!("<timerEventDefinition><{kind}>{text}</{kind}></timerEventDefinition>")
    }

    /// A message of its own; its event definition.
    pub fn message(&mut self) -> (String, String) {
        self.kind("messageEventDefinition");
        let id = self.fresh();
        self.globals.push_str(&format!("<message id=\"m{id}\" name=\"N{id}\"/>"));
        self.model.messages.push(format!("N{id}"));
        (format!("m{id}"), format!("<messageEventDefinition messageRef=\"m{id}\"/>"))
    }

    pub fn signal(&mut self) -> String {
        self.kind("signalEventDefinition");
        let id = self.fresh();
        self.globals.push_str(&format!("<signal id=\"s{id}\" name=\"G{id}\"/>"));
        self.model.signals.push(format!("G{id}"));
        format!("<signalEventDefinition signalRef=\"s{id}\"/>")
    }

    /// One to three blocks one after the other.
    pub fn sequence(&mut self, depth: u32, times: u64) -> Ends {
        let mut ends = self.block(depth, times);
        for _ in 0..self.rng.below(3) {
            if self.left <= 0 {
                break;
            }
            let (entry, exit) = self.block(depth, times);
            self.flow(&ends.1, &entry, None);
            self.law_next(&ends.1.clone(), &entry);
            ends.1 = exit;
        }
        ends
    }

    /// A block that completes `times` when nothing interrupts.
    fn block(&mut self, depth: u32, times: u64) -> Ends {
        self.left -= 1;
        if depth == 0 || self.left <= 0 {
            return self.leaf(times);
        }
        match self.rng.below(18) {
            0 | 1 => self.gateway("exclusiveGateway", "exclusiveGateway", depth, times),
            2 | 3 => self.gateway("parallelGateway", "parallelGateway", depth, times),
            4 => self.gateway("inclusiveGateway", "inclusiveGateway", depth, times),
            // Conditional flows and a default one straight from an activity.
            5 => self.gateway("task", "inclusiveGateway", depth, times),
            6 => self.implicit(depth, times),
            7 => self.sub_process(depth, times),
            8 => self.guarded(depth, times, true),
            9 => self.guarded(depth, times, false),
            10 => self.multi_instance(depth, times),
            11 => self.scope_with_events(depth, times),
            12..=14 => self.trouble(depth, times),
            _ => self.leaf(times),
        }
    }

    /// Split and join that belong together, with two or three branches.
    fn gateway(&mut self, tag: &'static str, join: &'static str, depth: u32, times: u64) -> Ends {
        let (split, join) = (self.fresh(), self.node(join, "", "", times));
        let branches = 2 + self.rng.below(2) as usize;
        let conditions = tag != "parallelGateway";
        // The last branch is the default.
        let truth = self.truth;
        let holds = |n: usize| conditions && n + 1 < branches && truth[n];
        let any = (0..branches).any(holds);
        let (mut entries, mut exits) = (Vec::new(), Vec::new());
        let mut default = String::new();
        for (n, condition) in CONDITIONS.iter().enumerate().take(branches) {
            let last = n + 1 == branches;
            let first = !(0..n).any(holds);
            let taken = match tag {
                "parallelGateway" => true,
                "exclusiveGateway" => {
                    if last {
                        !any
                    } else {
                        holds(n) && first
                    }
                }
                _ => {
                    if last {
                        !any
                    } else {
                        holds(n)
                    }
                }
            };
            let (entry, exit) = self.sequence(depth - 1, if taken { times } else { 0 });
            self.flow(&split, &entry, (conditions && !last).then_some(condition));
            self.flow(&exit, &join, None);
            if conditions && last {
                default = format!("default=\"{split}-{entry}\"");
            }
            entries.push(entry);
            exits.push(exit);
        }
        self.node_as(&split, tag, &default, "", times);
        let laws = &mut self.model.laws;
        match tag {
            "parallelGateway" => {
                laws.extend(entries.iter().map(|e| Law::Next(split.clone(), e.clone())));
                laws.extend([Law::Join(exits, join.clone()), Law::Balanced(split.clone(), join.clone())]);
            }
            "exclusiveGateway" => {
                laws.extend([Law::OneOf(split.clone(), entries), Law::Merge(exits, join.clone())]);
            }
            _ => laws.extend([Law::SomeOf(split.clone(), entries), Law::Balanced(split.clone(), join.clone())]),
        }
        (split, join)
    }

    /// A fork at an activity, joined by a gateway; and a choice that meets in an activity.
    fn implicit(&mut self, depth: u32, times: u64) -> Ends {
        let (fork, join) = (self.node("task", "", "", times), self.node("parallelGateway", "", "", times));
        let (split, merge) = (self.fresh(), self.node("task", "", "", times));
        let (mut exits, mut entries) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let (entry, exit) = self.sequence(depth - 1, times);
            self.flow(&fork, &entry, None);
            self.flow(&exit, &join, None);
            self.law_next(&fork, &entry);
            exits.push(exit);
        }
        self.model.laws.extend([Law::Join(exits, join.clone()), Law::Balanced(fork.clone(), join.clone())]);
        let mut ends = Vec::new();
        for taken in [self.truth[0], !self.truth[0]] {
            let (entry, exit) = self.leaf(if taken { times } else { 0 });
            self.flow(&split, &entry, (entries.is_empty()).then_some("a"));
            self.flow(&exit, &merge, None);
            entries.push(entry);
            ends.push(exit);
        }
        self.node_as(&split, "exclusiveGateway", &format!("default=\"{split}-{}\"", entries[1]), "", times);
        self.model.laws.extend([Law::OneOf(split.clone(), entries), Law::Merge(ends, merge.clone())]);
        self.chain(&[&join, &split]);
        (fork, merge)
    }

    /// Opens a scope, lets `fill` write what is in it, and gives the text.
    pub fn inside(&mut self, fill: impl FnOnce(&mut Self)) -> String {
        self.scopes.push(String::new());
        fill(self);
        self.scopes.pop().unwrap_or_default()
    }

    /// Start, a sequence, end; `runs` in all.
    pub fn body(&mut self, depth: u32, runs: u64) -> String {
        self.inside(|g| {
            let (start, end) = (g.node("startEvent", "", "", runs), g.node("endEvent", "", "", runs));
            let (entry, exit) = g.sequence(depth.saturating_sub(1), runs);
            g.chain(&[&start, &entry]);
            g.chain(&[&exit, &end]);
        })
    }

    fn sub_process(&mut self, depth: u32, times: u64) -> Ends {
        let inside = self.body(depth, times);
        let id = self.node("subProcess", "", &inside, times);
        (id.clone(), id)
    }
}
