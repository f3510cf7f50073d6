// SPDX-License-Identifier: EUPL-1.2
//! Random processes of the interpreter's tests with a random story each, told in memory without faults: what an engine
//! in trouble must tell as well.
#![allow(dead_code, clippy::unwrap_used)]

#[path = "../../../workflows/engine/tests/common/acts.rs"]
pub mod acts;
#[path = "../../../workflows/engine/tests/common/random.rs"]
pub mod random;
#[path = "../../../workflows/engine/tests/common/random_blocks.rs"]
mod random_blocks;
#[path = "../../../workflows/engine/tests/common/random_more.rs"]
pub mod random_more;
#[path = "../../../workflows/engine/tests/common/random_trouble.rs"]
mod random_trouble;

use acts::{Act, Tags};
use engine::{deploy, memory::Runner, trace::Runtime};
use random::{Model, Rng};

use super::gemein::fern::{BEGINN, bilanz, options};

/// What the models decide by.
pub const TABELLEN: [(&str, &str); 1] = [("stufe.dmn", random_more::TABELLE)];

/// Tags of all elements, and the tasks that become jobs.
pub fn tags(xml: &str) -> (Tags, Vec<String>) {
    let read = deploy(xml, random_more::tables(), &options(&[])).unwrap();
    let elements = read.processes.iter().flat_map(|d| d.elements().iter());
    let tags: Tags = elements.map(|e| (e.id.to_string(), e.kind.to_owned())).collect();
    let held = tags.iter().filter(|(_, tag)| *tag == "serviceTask").map(|(id, _)| id.clone()).collect();
    (tags, held)
}

/// What was done, what waited before each act, what came out.
pub struct Geschichte {
    pub acts: Vec<(Vec<String>, Act)>,
    pub bilanz: serde_json::Value,
}

pub fn geschichte(model: &Model, tags: &Tags, held: &[String], seed: u64, storm: usize) -> Geschichte {
    let mut runner = Runner::new(BEGINN.parse().unwrap());
    runner.deploy(&deploy(&model.xml, random_more::tables(), &options(held)).unwrap()).unwrap();
    Runtime::start(&mut runner, "p", model.variables.clone()).unwrap();
    let (mut rng, mut all) = (Rng(seed), Vec::new());
    while Runtime::state(&mut runner).unwrap() == "active" {
        let waiting = acts::waiting(&mut runner);
        let choose = if all.len() < storm { acts::stormy } else { acts::calm };
        let act = choose(model, tags, &waiting, &mut rng).unwrap_or(Act::Advance(random::LONG));
        acts::play(&act, &mut runner).unwrap();
        all.push((waiting, act));
    }
    assert_eq!(Runtime::state(&mut runner).unwrap(), "completed");
    Geschichte { acts: all, bilanz: bilanz(&Runtime::history(&mut runner).unwrap()) }
}
