// SPDX-License-Identifier: EUPL-1.2
//! Blocks of random models around what an element reads and writes: decisions, data objects, correlation keys, other
//! processes begun by a message or a signal; and who may do a task (lanes and own groups).

use std::sync::Arc;

use engine::{Decisions, Tables};

use super::random::{Ends, Generator, Law};

/// The decision of the models: `n > 1` is "gross", else "klein"; its variable is `stufe`.
pub const TABELLE: &str = r##"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="modell" name="stufe" namespace="urn:zufall">
<inputData id="ein" name="n"><variable name="n" typeRef="number"/></inputData>
<decision id="stufe" name="stufe"><variable name="stufe" typeRef="string"/>
<informationRequirement id="braucht"><requiredInput href="#ein"/></informationRequirement>
<decisionTable id="tabelle" hitPolicy="UNIQUE"><input id="s"><inputExpression typeRef="number"><text>n</text></inputExpression></input><output id="a" typeRef="string"/>
<rule id="r1"><inputEntry><text>&lt;= 1</text></inputEntry><outputEntry><text>"klein"</text></outputEntry></rule>
<rule id="r2"><inputEntry><text>&gt; 1</text></inputEntry><outputEntry><text>"gross"</text></outputEntry></rule>
</decisionTable></decision></definitions>"##;

/// The table, ready.
pub fn tables() -> Arc<dyn Decisions> {
    Arc::new(Tables::parse(TABELLE).expect("the table of the models reads"))
}

/// Lanes of the models; a task in none of them goes to the last.
pub const GROUPS: [&str; 3] = ["Bauamt", "Kasse", "Vorsortierung"];
/// What a task names itself goes before its lane.
pub const OWN_GROUP: &str = "Eigene";

/// What every model has beside `p`: a process that is called, one begun by a message, one by a signal.
pub const OTHERS: &str = r#"<message id="beginn" name="Beginn"/><signal id="anfang" name="Anfang"/>
<process id="q" isExecutable="true"><startEvent id="q1"/><userTask id="q2"/><endEvent id="q3"/><sequenceFlow id="qf1" sourceRef="q1" targetRef="q2"/><sequenceFlow id="qf2" sourceRef="q2" targetRef="q3"/></process>
<process id="r" isExecutable="true"><startEvent id="r0"/><startEvent id="r1"><messageEventDefinition messageRef="beginn"/></startEvent><userTask id="r2"/><endEvent id="r3"/><sequenceFlow id="rf0" sourceRef="r0" targetRef="r2"/><sequenceFlow id="rf1" sourceRef="r1" targetRef="r2"/><sequenceFlow id="rf2" sourceRef="r2" targetRef="r3"/></process>
<process id="s" isExecutable="true"><startEvent id="s1"><signalEventDefinition signalRef="anfang"/></startEvent><userTask id="s2"/><endEvent id="s3"/><sequenceFlow id="sf1" sourceRef="s1" targetRef="s2"/><sequenceFlow id="sf2" sourceRef="s2" targetRef="s3"/></process>"#;

impl Generator {
    /// A block about data or about other processes.
    pub fn more(&mut self, times: u64) -> Ends {
        match self.rng.below(6) {
            0 | 1 => self.decision(times),
            2 => self.data_object(times),
            3 => self.keyed(times),
            4 => self.message_end(times),
            _ => self.begins_another(times),
        }
    }

    /// A business rule task, and a choice by what it says.
    fn decision(&mut self, times: u64) -> Ends {
        let name = self.fresh();
        let (attributes, variable) = match self.rng.below(3) {
            0 => (String::new(), "stufe".to_owned()),
            1 => (format!("eakte:ergebnis=\"v{name}\""), format!("v{name}")),
            _ => (format!("eakte:eingabe=\"{{n: n + 0}}\" eakte:ergebnis=\"v{name}\""), format!("v{name}")),
        };
        let rule = self.node("businessRuleTask", &format!("implementation=\"dmn:stufe\" {attributes}"), "", times);
        let big = self.truth[2];
        let merge = self.choice(&rule, &format!("{variable} = \"gross\""), big, times);
        (rule, merge)
    }

    /// A choice after `before`: the branch with the condition and the default; the merge behind it.
    fn choice(&mut self, before: &str, condition: &str, holds: bool, times: u64) -> String {
        let (split, merge) = (self.fresh(), self.node("exclusiveGateway", "", "", times));
        let (yes, no) = if holds { (times, 0) } else { (0, times) };
        let (first, second) = (self.node("userTask", "", "", yes), self.node("task", "", "", no));
        self.node_as(&split, "exclusiveGateway", &format!("default=\"{split}-{second}\""), "", times);
        self.chain(&[before, &split]);
        self.flow(&split, &first, Some(condition));
        self.flow(&split, &second, None);
        self.flow(&first, &merge, None);
        self.flow(&second, &merge, None);
        let branches = vec![first, second];
        self.model.laws.extend([Law::OneOf(split, branches.clone()), Law::Merge(branches, merge.clone())]);
        merge
    }

    /// A data object of a sub-process is a variable of it alone: outside it is not there.
    fn data_object(&mut self, times: u64) -> Ends {
        self.kind("dataObject");
        let name = self.fresh();
        let inside = self.inside(|g| {
            let (start, end) = (g.node("startEvent", "", "", times), g.node("endEvent", "", "", times));
            let set = g.node("scriptTask", "", &format!("<script>{{d{name}: n}}</script>"), times);
            g.write(&format!("<dataObject id=\"d{name}\" name=\"d{name}\"/>"));
            g.chain(&[&start, &set]);
            let merge = g.choice(&set, &format!("d{name} = n"), true, times);
            g.chain(&[&merge, &end]);
        });
        let id = self.node("subProcess", "", &inside, times);
        let merge = self.choice(&id, &format!("d{name} = null"), true, times);
        (id, merge)
    }

    /// A message with a correlation key, thrown before anybody waits.
    fn keyed(&mut self, times: u64) -> Ends {
        self.kind("correlationKey");
        let id = self.fresh();
        self.globals.push_str(&format!(
            "<message id=\"m{id}\" name=\"K{id}\"><extensionElements><zeebe:subscription correlationKey=\"=n\"/></extensionElements></message>"
        ));
        let message = format!("<messageEventDefinition messageRef=\"m{id}\"/>");
        let send = self.node("intermediateThrowEvent", "", &message, times);
        let take = match self.rng.below(2) {
            0 => self.node("intermediateCatchEvent", "", &message, times),
            _ => self.node("receiveTask", &format!("messageRef=\"m{id}\""), "", times),
        };
        self.chain(&[&send, &take]);
        (send, take)
    }

    /// A message end event of a sub-process, and somebody who takes it behind it.
    fn message_end(&mut self, times: u64) -> Ends {
        let (_, message) = self.message();
        let inside = self.inside(|g| {
            let (start, end) = (g.node("startEvent", "", "", times), g.node("endEvent", "", &message, times));
            g.chain(&[&start, &end]);
        });
        let id = self.node("subProcess", "", &inside, times);
        let take = self.node("intermediateCatchEvent", "", &message, times);
        self.chain(&[&id, &take]);
        (id, take)
    }

    /// Another process, begun by a message or by a signal.
    fn begins_another(&mut self, times: u64) -> Ends {
        let by_message = self.rng.one_in(2);
        let (definition, elements) = match by_message {
            true => ("<messageEventDefinition messageRef=\"beginn\"/>", ["r1", "r2", "r3"]),
            false => ("<signalEventDefinition signalRef=\"anfang\"/>", ["s1", "s2", "s3"]),
        };
        self.kind(if by_message { "message start" } else { "signal start" });
        for id in elements {
            self.expect(id, times);
        }
        let id = match self.rng.below(2) {
            0 => self.node("intermediateThrowEvent", "", definition, times),
            _ => {
                let inside = self.inside(|g| {
                    let (start, end) = (g.node("startEvent", "", "", times), g.node("endEvent", "", definition, times));
                    g.chain(&[&start, &end]);
                });
                self.node("subProcess", "", &inside, times)
            }
        };
        (id.clone(), id)
    }

    /// Who may do a user task: what it says itself, else its lane, else everybody's group. The owner's element.
    pub fn owner(&mut self, id: &str) -> &'static str {
        let lane = self.rng.below(GROUPS.len() as u64) as usize;
        let own = self.rng.one_in(4);
        if lane + 1 < GROUPS.len() {
            self.kind("lane");
            self.lanes[lane].push(id.to_owned());
        }
        self.model.groups.insert(id.to_owned(), if own { OWN_GROUP } else { GROUPS[lane] });
        match own {
            true => {
                self.kind("potentialOwner");
                "<potentialOwner><resourceAssignmentExpression><formalExpression>\"Eigene\"</formalExpression></resourceAssignmentExpression></potentialOwner>"
            }
            false => "",
        }
    }

    /// The lanes of the process.
    pub fn lane_set(&self) -> String {
        let lane = |(n, ids): (usize, &Vec<String>)| {
            let refs: String = ids.iter().map(|id| format!("<flowNodeRef>{id}</flowNodeRef>")).collect();
            format!("<lane id=\"lane{n}\" name=\"{}\">{refs}</lane>", GROUPS[n])
        };
        let lanes: String = self.lanes.iter().enumerate().map(lane).collect();
        format!("<laneSet id=\"lanes\">{lanes}</laneSet>")
    }
}
