// SPDX-License-Identifier: EUPL-1.2
//! Activities and gateways: what makes a drawn element run.

use super::build::Builder;
use super::{attr, camunda, camunda_elements, child, child_text, eakte, truth, zeebe};
use crate::api::Binding;
use crate::definition::{CallSpec, El, JobSpec, Kind, ScopeKind, Text, Throw};

/// Tries of a job when the model says nothing.
const RETRIES: u32 = 3;
/// Job type of tasks that a conformance run holds.
const HELD: &str = "trace";

impl<'a, 'x: 'a> Builder<'a, 'x> {
    /// Reads one element by its tag.
    pub fn read(&mut self, index: usize) {
        let e = index as El;
        self.read_io(e);
        let tag = self.elements[index].tag;
        if index != 0 {
            self.read_repeat(e);
        }
        let kind = match tag {
            "process" => self.scope(ScopeKind::Process),
            "subProcess" if truth(self.nodes[index], "triggeredByEvent") == Some(true) => self.scope(ScopeKind::Event),
            "subProcess" => self.scope(ScopeKind::Embedded),
            "transaction" => self.scope(ScopeKind::Transaction),
            "adHocSubProcess" => self.adhoc(e),
            "startEvent" | "endEvent" | "intermediateCatchEvent" | "intermediateThrowEvent" | "boundaryEvent" => {
                return self.read_event(e);
            }
            "task" | "manualTask" => Kind::Pass,
            "userTask" => Kind::User(Box::new(self.user(e))),
            "serviceTask" => self.service(e),
            "sendTask" => self.send(e),
            "businessRuleTask" => self.rule(e),
            "receiveTask" => self.receive(e),
            "scriptTask" => self.script(e),
            "callActivity" => self.call(e),
            "exclusiveGateway" => Kind::Exclusive,
            "parallelGateway" => Kind::Parallel,
            "inclusiveGateway" => Kind::Inclusive,
            "eventBasedGateway" => self.event_based(e),
            _ => {
                self.error(e, "unsupported", format!("Das Element „{tag}“ wird nicht unterstützt."));
                Kind::Pass
            }
        };
        self.elements[index].kind = kind;
    }

    fn held(&self, e: El) -> bool {
        self.options.held.iter().any(|h| **h == *self.elements[e as usize].id)
    }

    /// Job type: `implementation`, else `zeebe:taskDefinition`, else `camunda:topic`.
    pub fn job(&mut self, e: El) -> Option<JobSpec> {
        let node = self.nodes[e as usize];
        let task = zeebe(node, "taskDefinition").next();
        let job_type = attr(node, "implementation")
            .filter(|i| !i.trim().is_empty() && !i.starts_with("##"))
            .or_else(|| task.and_then(|t| attr(t, "type")))
            .or_else(|| camunda(node, "topic"))?;
        let job_type = self.literal(e, "Auftragstyp", job_type);
        let retries = eakte(node, "versuche").or_else(|| task.and_then(|t| attr(t, "retries")));
        let retries = match retries.map(|r| r.trim().trim_start_matches('=').trim().parse::<u32>()) {
            None => RETRIES,
            Some(Ok(n)) if (1..=100).contains(&n) => n,
            Some(_) => {
                self.error(e, "retries", "Die Zahl der Versuche muss zwischen 1 und 100 liegen.".into());
                RETRIES
            }
        };
        Some(JobSpec { job_type, retries, urgent: eakte(node, "dringend").and_then(super::truth_of) == Some(true) })
    }

    fn held_job() -> Kind {
        Kind::Job(JobSpec { job_type: Text::Plain(HELD.into()), retries: 1, urgent: false })
    }

    fn service(&mut self, e: El) -> Kind {
        if self.options.trace {
            return if self.held(e) { Self::held_job() } else { Kind::Pass };
        }
        match self.job(e) {
            Some(spec) => Kind::Job(spec),
            None => {
                self.error(e, "no-job-type", "Der Auftragstyp fehlt. Im Modellierer heißt er „Topic“ (Camunda 7), „Job type“ (Camunda 8) oder implementation. Klassen und Skripte laufen hier nicht.".into());
                Kind::Pass
            }
        }
    }

    /// A send task with a message and no job type sends the message itself.
    fn send(&mut self, e: El) -> Kind {
        if self.options.trace && self.held(e) {
            return Self::held_job();
        }
        let job = if self.options.trace { None } else { self.job(e) };
        if let Some(spec) = job {
            return Kind::Job(spec);
        }
        let node = self.nodes[e as usize];
        let message = attr(node, "messageRef")
            .or_else(|| attr(node, "operationRef").and_then(|o| self.globals.operations.get(o).copied()));
        match message {
            Some(reference) => self.message_throw(e, node, reference).map_or(Kind::Pass, Kind::Throw),
            None if self.options.trace => Kind::Pass,
            None => {
                self.error(e, "no-job-type", "Es fehlt eine Nachricht oder ein Auftragstyp.".into());
                Kind::Pass
            }
        }
    }

    fn rule(&mut self, e: El) -> Kind {
        let node = self.nodes[e as usize];
        let called = zeebe(node, "calledDecision").next();
        let decision = attr(node, "implementation")
            .and_then(|i| i.strip_prefix("dmn:"))
            .or_else(|| called.and_then(|c| attr(c, "decisionId")))
            .or_else(|| camunda(node, "decisionRef"));
        let Some(decision) = decision.map(|d| d.trim().to_owned()) else {
            return self.service(e);
        };
        if let Some(variable) =
            called.and_then(|c| attr(c, "resultVariable")).or_else(|| camunda(node, "resultVariable"))
            && self.elements[e as usize].io.result.is_none()
        {
            self.elements[e as usize].io.result = Some(variable.to_owned());
        }
        if !self.decisions.exists(&decision) {
            self.error(e, "no-decision", format!("Die Entscheidung „{decision}“ gibt es nicht."));
        }
        Kind::Decision(decision)
    }

    /// A process begins at its start events; other elements that begin one are refused rather than never begun.
    fn not_instantiating(&mut self, e: El) {
        if truth(self.nodes[e as usize], "instantiate") == Some(true) {
            self.error(e, "unsupported", "Ein Ablauf beginnt hier nur mit einem Startereignis.".into());
        }
    }

    fn receive(&mut self, e: El) -> Kind {
        let node = self.nodes[e as usize];
        self.not_instantiating(e);
        let message = attr(node, "messageRef")
            .or_else(|| attr(node, "operationRef").and_then(|o| self.globals.operations.get(o).copied()));
        match message {
            Some(reference) => self.message(e, node, reference).map_or(Kind::Pass, Kind::Receive),
            // A conformance run completes it by a step.
            None if self.options.trace => Kind::User(Box::new(self.user(e))),
            None => {
                self.error(e, "no-message", "Es fehlt die Nachricht, auf die gewartet wird.".into());
                Kind::Pass
            }
        }
    }

    fn script(&mut self, e: El) -> Kind {
        let node = self.nodes[e as usize];
        let format = attr(node, "scriptFormat").unwrap_or("feel");
        if let Some(script) = zeebe(node, "script").next() {
            if self.elements[e as usize].io.result.is_none() {
                self.elements[e as usize].io.result = attr(script, "resultVariable").map(str::to_owned);
            }
            let text = attr(script, "expression").unwrap_or_default();
            return self.expr(e, "Skript", text).map_or(Kind::Pass, Kind::Script);
        }
        let Some(script) = child_text(node, "script") else {
            return if self.options.trace { Kind::Pass } else { self.service(e) };
        };
        if !format.is_empty() && !format.to_ascii_lowercase().contains("feel") {
            self.error(e, "language", format!("Die Skriptsprache „{format}“ wird nicht unterstützt."));
            return Kind::Pass;
        }
        if let Some(variable) = camunda(node, "resultVariable")
            && self.elements[e as usize].io.result.is_none()
        {
            self.elements[e as usize].io.result = Some(variable.to_owned());
        }
        let script = self.expr(e, "Skript", &script);
        let lost = self.elements[e as usize].io.result.is_none();
        if let Some(expr) = script.as_ref().filter(|expr| lost && expr.never_context()) {
            let text = format!(
                "Das Skript „{}“ ergibt keinen Kontext, und keine Variable nimmt es auf.",
                crate::feel::shorten(expr.text())
            );
            self.error(e, "script", text);
        }
        script.map_or(Kind::Pass, Kind::Script)
    }

    fn call(&mut self, e: El) -> Kind {
        let node = self.nodes[e as usize];
        let called = zeebe(node, "calledElement").next();
        let process = attr(node, "calledElement")
            .filter(|c| !c.trim().is_empty())
            .or_else(|| called.and_then(|c| attr(c, "processId")));
        let Some(process) = process else {
            self.error(e, "no-process", "Der Name des aufgerufenen Ablaufs fehlt.".into());
            return Kind::Pass;
        };
        self.check_called(e, super::local(process));
        let process = self.literal(e, "Aufgerufener Ablauf", process);
        let binding = eakte(node, "bindung")
            .or_else(|| called.and_then(|c| attr(c, "bindingType")))
            .or_else(|| camunda(node, "calledElementBinding"));
        let version = called.and_then(|c| attr(c, "versionTag"));
        let version = version
            .or_else(|| camunda(node, "calledElementVersion"))
            .or_else(|| camunda(node, "calledElementVersionTag"));
        let binding = match (binding, version) {
            (None | Some("latest"), _) => Binding::Latest,
            (Some("deployment"), _) => Binding::Deployment,
            (Some("version" | "versionTag"), Some(version)) => Binding::Version(version.to_owned()),
            (Some(version), _) => Binding::Version(version.to_owned()),
        };
        let flag = |name| called.and_then(|c| attr(c, name)) != Some("false");
        let mapped_in = camunda_elements(node, "in").next().is_some();
        let mapped_out = camunda_elements(node, "out").next().is_some();
        let all = |name| camunda_elements(node, name).any(|n| attr(n, "variables") == Some("all"));
        Kind::Call(CallSpec {
            process,
            binding,
            all_in: flag("propagateAllParentVariables") && (!mapped_in || all("in")),
            all_out: flag("propagateAllChildVariables") && (!mapped_out || all("out")),
        })
    }

    /// What is known of the called process when it stands in the same file.
    fn check_called(&mut self, e: El, process: &str) {
        if self.globals.global_tasks.contains(process) {
            let text = format!("„{process}“ ist eine globale Aufgabe. Aufgerufen werden kann nur ein Ablauf.");
            self.error(e, "unsupported", text);
        } else if self.globals.processes.get(process) == Some(&false) {
            let text =
                format!("Der aufgerufene Ablauf „{process}“ ist in dieser Datei nur gezeichnet, nicht ausführbar.");
            self.warning(e, "not-executable", text);
        } else if process == &*self.elements[0].id {
            let text = "Der Ablauf ruft sich hier selbst auf. Ohne eine Bedingung davor endet das nie.".to_owned();
            self.warning(e, "recursion", text);
        }
    }

    fn adhoc(&mut self, e: El) -> Kind {
        let node = self.nodes[e as usize];
        let completion = match child_text(node, "completionCondition") {
            Some(text) => self.expr(e, "Abschlussbedingung", &text),
            None => None,
        };
        let activate = match zeebe(node, "adHoc").find_map(|a| attr(a, "activeElementsCollection")) {
            Some(text) => self.expr(e, "Erste Aktivitäten", text),
            None => None,
        };
        self.scope(ScopeKind::Adhoc {
            sequential: attr(node, "ordering") == Some("Sequential"),
            completion,
            cancel_remaining: truth(node, "cancelRemainingInstances") != Some(false),
            activate,
        })
    }

    fn event_based(&mut self, e: El) -> Kind {
        if attr(self.nodes[e as usize], "eventGatewayType") == Some("Parallel") {
            self.error(e, "unsupported", "Das parallele Ereignis-Gateway wird nicht unterstützt.".into());
        }
        self.not_instantiating(e);
        Kind::EventBased
    }

    /// Input and output of any element.
    fn read_io(&mut self, e: El) {
        let node = self.nodes[e as usize];
        let input = self.own(e, "eingabe");
        let mut inputs = Vec::new();
        let mut outputs = Vec::new();
        let mappings: Vec<_> = zeebe(node, "ioMapping").flat_map(|m| m.children()).filter(|m| m.is_element()).collect();
        for mapping in mappings {
            let (Some(source), Some(target)) = (attr(mapping, "source"), attr(mapping, "target")) else {
                continue;
            };
            // Zeebe: FEEL after `=`, anything else is the text itself (before that it was JSONPath).
            let literal = !source.trim_start().starts_with('=') && !source.trim_start().starts_with("$.");
            let text = if literal { serde_json::Value::from(source).to_string() } else { source.to_owned() };
            let Some(expr) = self.expr(e, target, &text) else {
                continue;
            };
            match mapping.tag_name().name() {
                "input" => inputs.push((target.to_owned(), expr)),
                _ => outputs.push((target.to_owned(), expr)),
            }
        }
        for (name, list) in [("in", &mut inputs), ("out", &mut outputs)] {
            let mappings: Vec<_> = camunda_elements(node, name).collect();
            for mapping in mappings {
                let source = attr(mapping, "source").or_else(|| attr(mapping, "sourceExpression"));
                if let (Some(source), Some(target)) = (source, attr(mapping, "target"))
                    && let Some(expr) = self.expr(e, target, source)
                {
                    list.push((target.to_owned(), expr));
                }
            }
        }
        for (tag, list) in [("inputParameter", &mut inputs), ("outputParameter", &mut outputs)] {
            let all = camunda_elements(node, "inputOutput").flat_map(|m| m.children());
            for parameter in all.filter(|p| p.is_element() && p.tag_name().name() == tag).collect::<Vec<_>>() {
                let Some(name) = attr(parameter, "name") else { continue };
                if parameter.children().any(|c| c.is_element()) {
                    self.error(e, "unsupported", format!("{name}: Listen, Zuordnungen und Skripte sind hier nicht möglich. Schreiben Sie den Wert in FEEL."));
                    continue;
                }
                // Camunda 7: an expression in braces, anything else is the text itself; FEEL after `=` here.
                let source = super::text(parameter);
                let literal = !source.starts_with('=') && !source.contains("${") && !source.contains("#{");
                let source = if literal { serde_json::Value::from(source).to_string() } else { source };
                list.extend(self.expr(e, name, &source).map(|expr| (name.to_owned(), expr)));
            }
        }
        let io = &mut self.elements[e as usize].io;
        io.input = input;
        io.result = eakte(node, "ergebnis").map(str::to_owned);
        io.inputs = inputs;
        io.outputs = outputs;
    }

    /// A message that is thrown.
    pub fn message_throw(&mut self, e: El, node: roxmltree::Node<'a, 'x>, reference: &str) -> Option<Throw> {
        let message = self.message(e, node, reference)?;
        let published = zeebe(self.nodes[e as usize], "publishMessage").next();
        let key = match published.and_then(|p| attr(p, "correlationKey")) {
            Some(key) => self.expr(e, "Schlüssel", key),
            None => message.key,
        };
        let ttl = eakte(self.nodes[e as usize], "lebensdauer")
            .or_else(|| published.and_then(|p| attr(p, "messageId").and(attr(p, "timeToLive"))));
        let ttl = match ttl.map(|t| crate::timer::moment(t, nachrichten::Timestamp(0))) {
            Some(Ok(end)) => u64::try_from(end.0 / 1_000_000).ok(),
            Some(Err(text)) => {
                self.error(e, "lifetime", text);
                None
            }
            None => None,
        };
        Some(Throw::Message { name: message.name, key, ttl })
    }

    pub fn loop_node(&self, e: El, name: &'static str) -> Option<roxmltree::Node<'a, 'x>> {
        child(self.nodes[e as usize], name)
    }
}
