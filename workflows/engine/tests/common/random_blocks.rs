// SPDX-License-Identifier: EUPL-1.2
//! The blocks of random models: single elements, and small groups around one kind of event.

use super::random::{Ends, Generator, LONG, Law};

impl Generator {
    /// One element, or a few that belong together.
    pub fn leaf(&mut self, times: u64) -> Ends {
        let id = match self.rng.below(23) {
            0 => self.node("task", "", "", times),
            1 => self.node("manualTask", "", "", times),
            2 | 3 => self.node("userTask", "", "", times),
            4 | 5 => self.node("serviceTask", "implementation=\"t\"", "", times),
            6 => {
                let name = self.fresh();
                self.node("scriptTask", "", &format!("<script>{{v{name}: n + 1}}</script>"), times)
            }
            7 => {
                let timer = match self.rng.below(2) {
                    0 => self.timer("timeDuration", "PT1H"),
                    _ => self.timer("timeDate", "now() + duration(\"PT1H\")"),
                };
                let id = self.node("intermediateCatchEvent", "", &timer, times);
                self.model.hours.insert(id.clone());
                id
            }
            8 => {
                let (message, _) = self.message();
                self.node("receiveTask", &format!("messageRef=\"{message}\""), "", times)
            }
            9 => {
                self.kind("standardLoopCharacteristics");
                let condition = ["", "<loopCondition>true</loopCondition>"][self.rng.below(2) as usize];
                let tag = ["userTask", "task"][self.rng.below(2) as usize];
                let inside =
                    format!("<standardLoopCharacteristics loopMaximum=\"3\">{condition}</standardLoopCharacteristics>");
                self.node(tag, "", &inside, times)
            }
            10 => return self.race(times),
            11 => return self.link(times),
            12 => return self.condition(times),
            13 => return self.sends_to_itself(times),
            14 => {
                for id in ["q1", "q2", "q3"] {
                    self.expect(id, times);
                }
                let name = self.fresh();
                let mapping = match self.rng.below(3) {
                    0 => String::new(),
                    1 => format!("eakte:eingabe=\"{{x: n}}\" eakte:ergebnis=\"v{name}\""),
                    _ => "eakte:bindung=\"deployment\"".to_owned(),
                };
                self.node("callActivity", &format!("calledElement=\"q\" {mapping}"), "", times)
            }
            15 => return self.adhoc(times),
            16 => return self.signal_pair(times),
            17 => return self.task_with_events(times),
            18..=21 => return self.more(times),
            _ => {
                let throw = self.node("intermediateThrowEvent", "", "", times);
                return (throw.clone(), throw);
            }
        };
        (id.clone(), id)
    }

    /// Event-based gateway: a message before a timer.
    fn race(&mut self, times: u64) -> Ends {
        let (_, message) = self.message();
        let timer = self.timer("timeDuration", LONG);
        let name = self.model.messages.last().cloned().unwrap_or_default();
        let gateway = self.node("eventBasedGateway", "", "", times);
        self.model.answers.insert(gateway.clone(), name);
        let first = self.node("intermediateCatchEvent", "", &message, times);
        let second = self.node("intermediateCatchEvent", "", &timer, 0);
        let merge = self.node("exclusiveGateway", "", "", times);
        for event in [&first, &second] {
            self.flow(&gateway, event, None);
            self.flow(event, &merge, None);
        }
        self.model.laws.push(Law::Merge(vec![first, second], merge.clone()));
        (gateway, merge)
    }

    fn link(&mut self, times: u64) -> Ends {
        self.kind("linkEventDefinition");
        let name = self.fresh();
        let link = format!("<linkEventDefinition name=\"{name}\"/>");
        let throw = self.node("intermediateThrowEvent", "", &link, times);
        let catch = self.node("intermediateCatchEvent", "", &link, times);
        self.law_next(&throw, &catch);
        (throw, catch)
    }

    /// Two branches: one waits for a condition, the other makes it true.
    fn condition(&mut self, times: u64) -> Ends {
        self.kind("conditionalEventDefinition");
        let name = self.fresh();
        let condition =
            format!("<conditionalEventDefinition><condition>c{name} = true</condition></conditionalEventDefinition>");
        let wait = self.node("intermediateCatchEvent", "", &condition, times);
        let work = self.node("userTask", "", "", times);
        let set = self.node("scriptTask", "", &format!("<script>{{c{name}: true}}</script>"), times);
        self.chain(&[&work, &set]);
        self.both(times, (wait.clone(), wait), (work, set))
    }

    /// Two branches: one waits for a signal, the other sends it after some work.
    fn signal_pair(&mut self, times: u64) -> Ends {
        let signal = self.signal();
        let wait = self.node("intermediateCatchEvent", "", &signal, times);
        let work = self.node("userTask", "", "", times);
        let send = self.node("intermediateThrowEvent", "", &signal, times);
        self.chain(&[&work, &send]);
        self.both(times, (wait.clone(), wait), (work, send))
    }

    fn both(&mut self, times: u64, first: Ends, second: Ends) -> Ends {
        let (split, join) = (self.node("parallelGateway", "", "", times), self.node("parallelGateway", "", "", times));
        for (entry, exit) in [&first, &second] {
            self.flow(&split, entry, None);
            self.law_next(&split, entry);
            self.flow(exit, &join, None);
        }
        let exits = vec![first.1, second.1];
        self.model.laws.extend([Law::Join(exits, join.clone()), Law::Balanced(split.clone(), join.clone())]);
        (split, join)
    }

    /// A message thrown before anybody waits is kept and taken.
    fn sends_to_itself(&mut self, times: u64) -> Ends {
        let (id, message) = self.message();
        let send = match self.rng.below(2) {
            0 => self.node("sendTask", &format!("messageRef=\"{id}\""), "", times),
            _ => self.node("intermediateThrowEvent", "", &message, times),
        };
        let take = self.node("intermediateCatchEvent", "", &message, times);
        self.chain(&[&send, &take]);
        (send, take)
    }

    fn adhoc(&mut self, times: u64) -> Ends {
        let mut first = Vec::new();
        let inside = self.inside(|g| {
            first.push(g.node("userTask", "", "", times));
            first.push(g.node("task", "", "", times));
            let then = g.node("userTask", "", "", times);
            let entry = first[1].clone();
            g.chain(&[&entry, &then]);
        });
        let list = format!(
            r#"<extensionElements><zeebe:adHoc activeElementsCollection='["{}", "{}"]'/></extensionElements>"#,
            first[0], first[1]
        );
        let id = self.node("adHocSubProcess", "", &format!("{list}{inside}"), times);
        (id.clone(), id)
    }

    /// A task with boundary events of several kinds; each leads to an end of its own or back into the flow.
    fn task_with_events(&mut self, times: u64) -> Ends {
        let job = self.rng.one_in(2);
        let task = match job {
            true => self.node("serviceTask", "implementation=\"t\"", "", times),
            false => self.node("userTask", "", "", times),
        };
        let merge = self.node("exclusiveGateway", "", "", times);
        let mut exits = vec![task.clone()];
        self.flow(&task, &merge, None);
        for _ in 0..=self.rng.below(2) {
            let (definition, may_go_on) = self.boundary_definition();
            let gentle = may_go_on && self.rng.one_in(2);
            let event = self.boundary(&task, &definition, !gentle);
            let after = self.node("userTask", "", "", 0);
            self.chain(&[&event, &after]);
            if gentle {
                let end = self.node("endEvent", "", "", 0);
                self.chain(&[&after, &end]);
            } else {
                self.flow(&after, &merge, None);
                exits.push(after);
            }
        }
        self.model.laws.push(Law::Merge(exits, merge.clone()));
        (task, merge)
    }

    fn boundary(&mut self, activity: &str, definition: &str, interrupting: bool) -> String {
        let attributes = format!("attachedToRef=\"{activity}\" cancelActivity=\"{interrupting}\"");
        let event = self.node("boundaryEvent", &attributes, definition, 0);
        if interrupting {
            self.model.laws.push(Law::Interrupts(event.clone(), activity.to_owned()));
        }
        event
    }

    /// A trigger that does not happen by itself, and whether it may leave the activity running.
    fn boundary_definition(&mut self) -> (String, bool) {
        match self.rng.below(7) {
            0 => (self.timer("timeDuration", LONG), true),
            1 => (self.timer("timeCycle", &format!("R3/{LONG}")), true),
            2 => (self.message().1, true),
            3 => (self.signal(), true),
            4 => {
                self.kind("conditionalEventDefinition");
                let text =
                    "<conditionalEventDefinition><condition>alarm = true</condition></conditionalEventDefinition>";
                (text.to_owned(), true)
            }
            5 => {
                self.kind("escalationEventDefinition");
                ("<escalationEventDefinition escalationRef=\"esc\"/>".to_owned(), true)
            }
            _ => {
                self.kind("errorEventDefinition");
                let code = ["", " errorRef=\"err\""][self.rng.below(2) as usize];
                (format!("<errorEventDefinition{code}/>"), false)
            }
        }
    }

    /// A sub-process with an event at its edge.
    pub fn guarded(&mut self, depth: u32, times: u64, interrupting: bool) -> Ends {
        let inside = self.body(depth, times);
        let id = self.node("subProcess", "", &inside, times);
        let (mut definition, mut may_go_on) = self.boundary_definition();
        while !interrupting && !may_go_on {
            (definition, may_go_on) = self.boundary_definition();
        }
        let event = self.boundary(&id, &definition, interrupting);
        let (entry, exit) = self.leaf(0);
        self.chain(&[&event, &entry]);
        if !interrupting {
            let end = self.node("endEvent", "", "", 0);
            self.chain(&[&exit, &end]);
            return (id.clone(), id);
        }
        let merge = self.node("exclusiveGateway", "", "", times);
        self.flow(&id, &merge, None);
        self.flow(&exit, &merge, None);
        self.model.laws.push(Law::Merge(vec![id.clone(), exit], merge.clone()));
        (id, merge)
    }

    pub fn multi_instance(&mut self, depth: u32, times: u64) -> Ends {
        self.kind("multiInstanceLoopCharacteristics");
        let (count, sequential) = (self.rng.below(4), self.rng.one_in(2));
        let multi = |inside: &str| {
            format!(
                "<multiInstanceLoopCharacteristics isSequential=\"{sequential}\"><loopCardinality>{count}</loopCardinality>{inside}</multiInstanceLoopCharacteristics>"
            )
        };
        let id = match self.rng.below(5) {
            0 => self.node("userTask", "", &multi(""), times),
            4 => {
                self.kind("collection");
                let list = format!(
                    "<multiInstanceLoopCharacteristics isSequential=\"{sequential}\" eakte:sammlung=\"[1, 2, 3][item &lt;= {count}]\" eakte:eintrag=\"einer\"/>"
                );
                self.node("userTask", "", &list, times)
            }
            1 => {
                let first = multi("<completionCondition>numberOfCompletedInstances &gt;= 1</completionCondition>");
                self.node("serviceTask", "implementation=\"t\"", &first, times)
            }
            2 if count > 0 => {
                for id in ["q1", "q2", "q3"] {
                    self.expect(id, times * count);
                }
                self.node("callActivity", "calledElement=\"q\"", &multi(""), times)
            }
            _ => {
                let inside = self.body(depth, times * count);
                self.node("subProcess", "", &format!("{}{inside}", multi("")), times)
            }
        };
        (id.clone(), id)
    }

    /// A sub-process with an event sub-process of a random kind in it.
    pub fn scope_with_events(&mut self, depth: u32, times: u64) -> Ends {
        let (definition, may_go_on) = self.boundary_definition();
        let gentle = may_go_on && self.rng.one_in(2);
        let event = self.inside(|g| {
            let start = g.node("startEvent", &format!("isInterrupting=\"{}\"", !gentle), &definition, 0);
            let work = g.node("userTask", "", "", 0);
            let end = g.node("endEvent", "", "", 0);
            g.chain(&[&start, &work, &end]);
        });
        let inside = self.inside(|g| {
            let (start, end) = (g.node("startEvent", "", "", times), g.node("endEvent", "", "", times));
            let (entry, exit) = g.sequence(depth.saturating_sub(1), times);
            g.chain(&[&start, &entry]);
            g.chain(&[&exit, &end]);
            g.node("subProcess", "triggeredByEvent=\"true\"", &event, 0);
        });
        let id = self.node("subProcess", "", &inside, times);
        (id.clone(), id)
    }
}
