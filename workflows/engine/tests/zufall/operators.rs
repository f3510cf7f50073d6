// SPDX-License-Identifier: EUPL-1.2
//! The same with operators who take tokens away, place them anywhere and end called processes, and with commands that
//! come twice, too late or for the wrong thing: those are refused and change nothing.

use engine::memory::Runner;
use engine::{Command, ElementInstanceId, Phase, step};
use nachrichten::Werte;

use super::random::{Model, Rng};
use super::{Act, acts, begin, each_seed, invariants, over};

#[test]
fn operators_and_stale_commands_never_break_the_books() {
    each_seed("operators", |seed, model| {
        let (mut runner, tags) = begin(model, true);
        // What an operator placed or took is outside the laws of the drawing.
        let lawless = Model { laws: Vec::new(), xml: String::new(), ..model.clone() };
        let mut rng = Rng(seed ^ 0x0b5);
        for turn in 0..120 {
            if over(&runner) {
                break;
            }
            let number = rng.below(runner.instances.len() as u64) as usize;
            match rng.below(6) {
                0 => operate(&mut runner, number, &mut rng),
                1 => stale(&runner, number, &mut rng),
                2 => mend_all(&mut runner),
                _ => {
                    let waiting = acts::waiting(&mut runner);
                    if let Some(act) = acts::stormy(model, &tags, &waiting, &mut rng) {
                        // What is meant by an element's name may have an incident or be gone here.
                        let _ = acts::play(&act, &mut runner);
                    } else if acts::play(&Act::Advance(super::random::LONG), &mut runner).is_err() {
                        panic!("time cannot pass, turn {turn}");
                    }
                }
            }
            invariants::check(&runner, &lawless);
        }
        invariants::replay(&runner);
        for number in 0..runner.instances.len() {
            if runner.instances[number].state.phase() == Phase::Active {
                runner.command(number, Command::Cancel).unwrap();
            }
            invariants::check(&runner, &lawless);
        }
        invariants::at_the_end(&runner, &lawless);
    });
}

/// An operator acts anywhere; an act that does not fit is refused.
fn operate(runner: &mut Runner, number: usize, rng: &mut Rng) {
    let running = &runner.instances[number];
    let waiting = running.state.waiting(&running.definition);
    let elements = running.definition.elements();
    let element = elements[rng.below(elements.len() as u64) as usize].id.to_string();
    let command = match rng.below(8) {
        0..=2 if !waiting.is_empty() => {
            Command::CancelElement { instance: waiting[rng.below(waiting.len() as u64) as usize].instance }
        }
        3 | 4 => Command::StartElement { element },
        5 if !waiting.is_empty() => {
            Command::ActivateAdhoc { instance: waiting[rng.below(waiting.len() as u64) as usize].instance, element }
        }
        6 if number > 0 => Command::Cancel,
        _ => Command::SetVariables {
            scope: ElementInstanceId(0),
            variables: Werte::from_iter([("alarm".to_owned(), rng.one_in(2).into())]),
        },
    };
    let before = serde_json::to_string(&running.state).unwrap();
    if runner.command(number, command).is_err() {
        assert_eq!(serde_json::to_string(&runner.instances[number].state).unwrap(), before, "refused, but changed");
    }
}

/// Commands for numbers that are gone, never were, or belong to something else.
fn stale(runner: &Runner, number: usize, rng: &mut Rng) {
    let running = &runner.instances[number];
    let n = rng.below(60);
    let (instance, variables) = (ElementInstanceId(n), Werte::new());
    for command in [
        Command::CompleteJob { instance, variables: variables.clone() },
        Command::CompleteTask { instance, variables: variables.clone() },
        Command::FailJob { instance, text: "x".into() },
        Command::FireTimer { timer: n },
        Command::Message { subscription: n, variables: variables.clone() },
        Command::CalledEnded { instance, variables: variables.clone() },
        Command::CalledError { instance, code: "E1".into(), variables: variables.clone() },
        Command::ResolveIncident { instance },
        Command::CancelElement { instance },
        Command::ActivateAdhoc { instance, element: "e1".into() },
        Command::StartElement { element: "gibt es nicht".into() },
        Command::Start { element: None, variables },
    ] {
        // Tried on a copy: it may fit. Whether it does or not, the books are right and nothing panics.
        if let Ok(done) = step(&running.definition, &running.state, command.clone(), runner.now) {
            done.state.audit().unwrap_or_else(|e| panic!("{command:?}: {e}"));
        }
    }
}

fn mend_all(runner: &mut Runner) {
    for number in 0..runner.instances.len() {
        let open: Vec<_> = runner.instances[number].incidents.keys().copied().collect();
        for instance in open {
            let _ = runner.command(number, Command::ResolveIncident { instance });
        }
    }
}
