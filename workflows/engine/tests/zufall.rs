// SPDX-License-Identifier: EUPL-1.2
//! Random block-structured models, worked off in random order with the state written as JSON after
//! every step: every instance ends, no token is lost or doubled, the same commands give the same state.
#![allow(clippy::unwrap_used)]

mod common;

use common::model::{chain, file};
use engine::memory::Runner;
use engine::trace::Runtime;
use engine::{DeployOptions, NoDecisions, Phase, deploy};
use proptest::prelude::*;
use serde_json::json;

#[derive(Clone, Debug)]
enum Block {
    Pass,
    User,
    Script,
    Timer,
    Message,
    Seq(Vec<Block>),
    Xor(Vec<Block>),
    Par(Vec<Block>),
    Inc(Vec<Block>),
    Sub(Box<Block>),
    /// Sub-process with a boundary timer, interrupting or not.
    Timed(Box<Block>, bool),
    Multi(Box<Block>, u8, bool),
    Loop,
    Race,
}

fn block() -> impl Strategy<Value = Block> {
    let leaf = prop_oneof![
        Just(Block::Pass),
        Just(Block::User),
        Just(Block::Script),
        Just(Block::Timer),
        Just(Block::Message),
        Just(Block::Loop),
        Just(Block::Race)
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let some = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            some().prop_map(Block::Seq),
            some().prop_map(Block::Xor),
            some().prop_map(Block::Par),
            some().prop_map(Block::Inc),
            inner.clone().prop_map(|b| Block::Sub(Box::new(b))),
            (inner.clone(), any::<bool>()).prop_map(|(b, i)| Block::Timed(Box::new(b), i)),
            (inner.clone(), 0u8..4, any::<bool>()).prop_map(|(b, n, s)| Block::Multi(Box::new(b), n, s)),
        ]
    })
}

/// Writes blocks; each has one entry and one exit element.
#[derive(Default)]
struct Writer {
    next: usize,
}

impl Writer {
    fn id(&mut self) -> String {
        self.next += 1;
        format!("e{}", self.next)
    }

    /// Nodes and flows of a block between two fresh elements: (xml, entry, exit).
    fn write(&mut self, block: &Block) -> (String, String, String) {
        let id = self.id();
        let timer = |d: &str| format!("<timerEventDefinition><timeDuration>{d}</timeDuration></timerEventDefinition>");
        let leaf = |xml: String| (xml, id.clone(), id.clone());
        match block {
            Block::Pass => leaf(format!("<task id=\"{id}\"/>")),
            Block::User => leaf(format!("<userTask id=\"{id}\"/>")),
            Block::Script => {
                leaf(format!("<scriptTask id=\"{id}\"><script>{{n: n + 1, a: not(a)}}</script></scriptTask>"))
            }
            Block::Timer => {
                leaf(format!("<intermediateCatchEvent id=\"{id}\">{}</intermediateCatchEvent>", timer("PT1H")))
            }
            Block::Message => leaf(format!("<receiveTask id=\"{id}\" messageRef=\"m\"/>")),
            Block::Loop => leaf(format!(
                "<userTask id=\"{id}\"><standardLoopCharacteristics loopMaximum=\"3\"><loopCondition>a</loopCondition></standardLoopCharacteristics></userTask>"
            )),
            Block::Race => {
                let (m, t, x) = (self.id(), self.id(), self.id());
                let nodes = format!(
                    "<eventBasedGateway id=\"{id}\"/><intermediateCatchEvent id=\"{m}\"><messageEventDefinition messageRef=\"n\"/></intermediateCatchEvent>\
                     <intermediateCatchEvent id=\"{t}\">{}</intermediateCatchEvent><exclusiveGateway id=\"{x}\"/>",
                    timer("PT2H")
                );
                let flows = chain(&[&format!("{id} {m} {x}"), &format!("{id} {t} {x}")]);
                (format!("{nodes}{flows}"), id, x)
            }
            Block::Seq(blocks) => {
                let parts: Vec<_> = blocks.iter().map(|b| self.write(b)).collect();
                let mut xml: String = parts.iter().map(|p| p.0.as_str()).collect();
                for pair in parts.windows(2) {
                    xml.push_str(&chain(&[&format!("{} {}", pair[0].2, pair[1].1)]));
                }
                (xml, parts[0].1.clone(), parts[parts.len() - 1].2.clone())
            }
            Block::Xor(blocks) => self.gateway("exclusiveGateway", blocks, true),
            Block::Par(blocks) => self.gateway("parallelGateway", blocks, false),
            Block::Inc(blocks) => self.gateway("inclusiveGateway", blocks, true),
            Block::Sub(inner) => leaf(self.sub(&id, "", inner)),
            Block::Multi(inner, n, sequential) => {
                let multi = format!(
                    "<multiInstanceLoopCharacteristics isSequential=\"{sequential}\"><loopCardinality>{n}</loopCardinality></multiInstanceLoopCharacteristics>"
                );
                leaf(self.sub(&id, &multi, inner))
            }
            Block::Timed(inner, interrupting) => {
                let (b, after, join) = (self.id(), self.id(), self.id());
                let mut xml = self.sub(&id, "", inner);
                let boundary = format!(
                    "<boundaryEvent id=\"{b}\" attachedToRef=\"{id}\" cancelActivity=\"{interrupting}\">{}</boundaryEvent>",
                    timer("PT3H")
                );
                xml.push_str(&boundary);
                if *interrupting {
                    xml.push_str(&format!("<task id=\"{after}\"/><exclusiveGateway id=\"{join}\"/>"));
                    xml.push_str(&chain(&[&format!("{id} {join}"), &format!("{b} {after} {join}")]));
                    (xml, id, join)
                } else {
                    xml.push_str(&format!("<userTask id=\"{after}\"/>"));
                    xml.push_str(&chain(&[&format!("{b} {after}")]));
                    (xml, id.clone(), id)
                }
            }
        }
    }

    fn sub(&mut self, id: &str, characteristics: &str, inner: &Block) -> String {
        let (start, end) = (self.id(), self.id());
        let (xml, entry, exit) = self.write(inner);
        let flows = chain(&[&format!("{start} {entry}"), &format!("{exit} {end}")]);
        format!(
            "<subProcess id=\"{id}\">{characteristics}<startEvent id=\"{start}\"/><endEvent id=\"{end}\"/>{xml}{flows}</subProcess>"
        )
    }

    fn gateway(&mut self, tag: &str, blocks: &[Block], conditions: bool) -> (String, String, String) {
        let (split, join) = (self.id(), self.id());
        let mut xml = String::new();
        let mut default = String::new();
        for (n, block) in blocks.iter().enumerate() {
            let (inner, entry, exit) = self.write(block);
            xml.push_str(&inner);
            let condition = ["[a]", "[b]", "[n > 1]"][n % 3];
            let last = n + 1 == blocks.len();
            xml.push_str(&chain(&[
                &format!("{split} {entry}{}", if conditions && !last { condition } else { "" }),
                &format!("{exit} {join}"),
            ]));
            if conditions && last {
                default = format!("default=\"{split}-{entry}\"");
            }
        }
        (format!("<{tag} id=\"{split}\" {default}/><{tag} id=\"{join}\"/>{xml}"), split, join)
    }
}

fn play(xml: &str, choices: &[u8], restart: bool) -> (String, usize) {
    let options = DeployOptions { trace: true, ..DeployOptions::default() };
    let deployment = deploy(xml, std::sync::Arc::new(NoDecisions), &options).unwrap_or_else(|e| panic!("{e}\n{xml}"));
    let mut runner = Runner::new("2026-01-05T08:00:00Z".parse().unwrap());
    runner.restart_each_step = restart;
    runner.deploy(&deployment).unwrap();
    let variables =
        json!({"a": choices.first().is_some_and(|c| c % 2 == 0), "b": choices.len().is_multiple_of(2), "n": 0});
    runner.start("p", None, variables.as_object().unwrap().clone()).unwrap();
    let mut choices = choices.iter().cycle();
    for turn in 0..2_000 {
        runner.instances[0].state.audit().unwrap_or_else(|e| panic!("{e}\n{xml}"));
        if runner.instances[0].state.phase() == Phase::Ended {
            break;
        }
        let choice = usize::from(*choices.next().unwrap()) + turn;
        let waiting = runner.waiting();
        assert!(!waiting.is_empty(), "nothing waits and it has not ended: {:?}\n{xml}", runner.instances[0].state);
        let element = &waiting[choice % waiting.len()];
        let kind = runner.instances[0].definition.element(element).unwrap().kind;
        match kind {
            "userTask" | "receiveTask" if choice % 7 != 0 => {
                Runtime::complete(&mut runner, element, json!({"a": choice % 3 == 0}).as_object().unwrap().clone())
                    .unwrap()
            }
            "eventBasedGateway" if choice % 2 == 0 => runner.message("Andere", None, Default::default(), None).unwrap(),
            _ => Runtime::advance(&mut runner, "PT1H").unwrap(),
        }
    }
    assert_eq!(runner.instances[0].state.phase(), Phase::Ended, "{xml}");
    (serde_json::to_string(&runner.instances[0].state).unwrap(), runner.history.len())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_instance_ends_and_no_token_is_lost(block in block(), choices in prop::collection::vec(any::<u8>(), 1..40)) {
        let mut writer = Writer::default();
        let (xml, entry, exit) = writer.write(&block);
        let flows = chain(&[&format!("S {entry}"), &format!("{exit} E")]);
        let xml = file(&format!(r#"<process id="p" isExecutable="true"><startEvent id="S"/><endEvent id="E"/>{xml}{flows}</process>"#));
        let kept = play(&xml, &choices, false);
        let written = play(&xml, &choices, true);
        prop_assert_eq!(kept, written);
    }
}
