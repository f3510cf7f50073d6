// SPDX-License-Identifier: EUPL-1.2
//! From the XML of one process to its definition: elements by index, references resolved.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use roxmltree::Node;

use super::globals::Globals;
use super::inventory::FLOW_NODES;
use super::{BPMN, attr, child, children, eakte, is, local, text, truth};
use crate::api::{Decisions, DeployOptions, ElementInfo, Finding, Level};
use crate::definition::{Definition, El, Element, Fl, Flow, Io, Kind, PROCESS, Scope, ScopeKind, Text, Trigger};
use crate::feel::{self, Expr};

/// Reads one process; tags and references are collected first, then each element by its kind.
pub(crate) fn definition<'a, 'x: 'a>(
    process: Node<'a, 'x>,
    globals: &'a Globals<'a, 'x>,
    source: Arc<str>,
    decisions: Arc<dyn Decisions>,
    options: &'a DeployOptions,
) -> (Definition, Vec<Finding>) {
    let mut b = Builder {
        globals,
        options,
        decisions: &*decisions.clone(),
        elements: Vec::new(),
        nodes: Vec::new(),
        flows: Vec::new(),
        ids: HashMap::new(),
        findings: Vec::new(),
        used: HashSet::new(),
        lanes: HashMap::new(),
        locals: HashMap::new(),
        keys: Vec::new(),
        events: HashMap::new(),
    };
    b.add(process, PROCESS, "process");
    if b.elements[0].name.is_empty() {
        b.elements[0].name = pool(process).unwrap_or(b.elements[0].id.clone());
    }
    b.collect(process, PROCESS);
    b.lanes(process);
    b.subscriptions(process);
    b.read_flows();
    b.read_boundaries();
    for e in 0..b.elements.len() {
        b.read(e);
    }
    b.read_associations();
    b.read_scopes();
    let forms = b.forms();
    let info = b.info();
    let fingerprint = b.fingerprint();
    let version_tag = super::camunda(process, "versionTag")
        .or_else(|| super::zeebe(process, "versionTag").find_map(|v| attr(v, "value")));
    let definition = Definition {
        source,
        version_tag: version_tag.map(str::to_owned),
        elements: b.elements,
        flows: b.flows,
        ids: b.ids,
        decisions,
        info,
        used: b.used,
        fingerprint,
        kalender: b.options.kalender.clone(),
        forms,
        events: b.events,
    };
    (definition, b.findings)
}

/// Who draws a pool names the pool, not the process in it.
fn pool(process: Node) -> Option<Arc<str>> {
    let id = attr(process, "id")?;
    let drawn = process.document().root_element();
    let mut pools = children(drawn, "collaboration").flat_map(|c| children(c, "participant"));
    let name = pools.find(|p| attr(*p, "processRef").map(local) == Some(id)).and_then(|p| attr(p, "name"))?;
    Some(one_line(name).into()).filter(|n: &Arc<str>| !n.is_empty())
}

/// Modellers break long names into lines.
fn one_line(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) struct Builder<'a, 'x> {
    pub globals: &'a Globals<'a, 'x>,
    pub options: &'a DeployOptions,
    pub decisions: &'a dyn Decisions,
    pub elements: Vec<Element>,
    pub nodes: Vec<Node<'a, 'x>>,
    pub flows: Vec<Flow>,
    pub ids: HashMap<Arc<str>, El>,
    pub findings: Vec<Finding>,
    pub used: HashSet<String>,
    /// Lane name by flow node id.
    pub lanes: HashMap<String, String>,
    /// Data objects declared in a sub-process.
    pub locals: HashMap<El, Vec<String>>,
    /// Correlation: property id and path over the process variables.
    pub keys: Vec<(String, String)>,
    /// Events for others, by element.
    pub events: HashMap<Arc<str>, Arc<str>>,
}

impl<'a, 'x: 'a> Builder<'a, 'x> {
    fn add(&mut self, node: Node<'a, 'x>, parent: El, tag: &'static str) -> El {
        let e = El::try_from(self.elements.len()).unwrap_or(El::MAX);
        let id: Arc<str> = match attr(node, "id") {
            Some(id) => id.into(),
            None => format!("{tag}-{e}").into(),
        };
        if let Some(typ) = eakte(node, "ereignis") {
            self.events.insert(id.clone(), typ.into());
        }
        let element = Element {
            id: id.clone(),
            name: one_line(attr(node, "name").unwrap_or_default()).into(),
            tag,
            parent,
            kind: Kind::Pass,
            incoming: Vec::new(),
            outgoing: Vec::new(),
            default: None,
            no_default: eakte(node, "ohneStandardweg").and_then(super::truth_of) == Some(true),
            boundary: Vec::new(),
            undo: None,
            for_compensation: truth(node, "isForCompensation") == Some(true),
            repeat: None,
            io: Io::default(),
        };
        self.elements.push(element);
        self.nodes.push(node);
        if self.ids.insert(id, e).is_some() {
            // Only an element without an id can collide here: it was named by its place.
            self.error(
                e,
                "duplicate-id",
                "Einem Element ohne Kennung (id) ist diese hier zugedacht. Bitte geben Sie ihm eine.".into(),
            );
        }
        e
    }

    /// Flow nodes at any depth (the depth of the file is limited).
    fn collect(&mut self, node: Node<'a, 'x>, parent: El) {
        for child in node.children().filter(|c| c.is_element() && c.tag_name().namespace() == Some(BPMN)) {
            let tag = child.tag_name().name();
            if let Some(tag) = FLOW_NODES.iter().find(|t| **t == tag) {
                let e = self.add(child, parent, tag);
                if matches!(*tag, "subProcess" | "transaction" | "adHocSubProcess") {
                    self.collect(child, e);
                }
            } else if tag == "dataObject" && parent != PROCESS {
                let name = attr(child, "name").or(attr(child, "id")).unwrap_or_default();
                self.locals.entry(parent).or_default().push(name.to_owned());
            }
        }
    }

    /// Lanes name the group of tasks in them.
    fn lanes(&mut self, process: Node<'a, 'x>) {
        for lane in process.descendants().filter(|n| is(*n, "lane")) {
            let Some(name) = attr(lane, "name").filter(|n| !n.trim().is_empty()) else {
                continue;
            };
            for node in children(lane, "flowNodeRef") {
                let id = text(node);
                if !self.globals.ids.contains(&*id) && !self.globals.ids.contains(local(&id)) {
                    let text = format!("Die Bahn enthält „{id}“. Das gibt es in der Datei nicht.");
                    self.report(Level::Error, "unknown-reference", attr(lane, "id"), Some(name), text);
                }
                self.lanes.insert(id, name.trim().to_owned());
            }
        }
    }

    fn subscriptions(&mut self, process: Node<'a, 'x>) {
        for binding in
            children(process, "correlationSubscription").flat_map(|s| children(s, "correlationPropertyBinding"))
        {
            let property = attr(binding, "correlationPropertyRef").map(local).unwrap_or_default();
            if let Some(path) = super::child_text(binding, "dataPath") {
                self.keys.push((property.to_owned(), path));
            }
        }
    }

    fn read_flows(&mut self) {
        for parent in 0..self.nodes.len() {
            if !(parent == 0 || matches!(self.elements[parent].tag, "subProcess" | "transaction" | "adHocSubProcess")) {
                continue;
            }
            for flow in children(self.nodes[parent], "sequenceFlow") {
                self.read_flow(flow, parent);
            }
        }
        for e in 0..self.elements.len() {
            let Some(default) = attr(self.nodes[e], "default") else {
                continue;
            };
            let found = self.elements[e].outgoing.iter().copied().find(|f| &*self.flows[*f as usize].id == default);
            match found {
                Some(flow) => self.elements[e].default = Some(flow),
                None => self.error(
                    e as El,
                    "unknown-reference",
                    format!("Der Standardweg „{default}“ geht nicht von hier aus."),
                ),
            }
        }
    }

    fn read_flow(&mut self, node: Node<'a, 'x>, parent: usize) {
        let id = attr(node, "id").unwrap_or_default();
        let end = |me: &mut Self, name: &str| {
            let reference = attr(node, name).unwrap_or_default();
            let found = me.ids.get(reference).or_else(|| me.ids.get(local(reference))).copied();
            match found.filter(|e| *e != PROCESS && me.elements[*e as usize].parent as usize == parent) {
                Some(e) => Some(e),
                None => {
                    let text = if reference.is_empty() {
                        format!(
                            "Dem Pfeil fehlt {} ({name}).",
                            if name == "sourceRef" { "der Anfang" } else { "das Ziel" }
                        )
                    } else if found.is_some() || me.globals.ids.contains(local(reference)) {
                        format!(
                            "Der Pfeil „{id}“ verweist auf „{reference}“. Zwischen Abläufen, über den Rand eines Teilablaufs und zu Daten führt kein Pfeil."
                        )
                    } else {
                        format!("Der Pfeil „{id}“ verweist auf „{reference}“. Das gibt es nicht.")
                    };
                    me.report(Level::Error, "unknown-reference", Some(id), attr(node, "name"), text);
                    None
                }
            }
        };
        let (source, target) = (end(self, "sourceRef"), end(self, "targetRef"));
        let (Some(source), Some(target)) = (source, target) else {
            return;
        };
        let condition = match child(node, "conditionExpression") {
            Some(expression) => self.condition(source, expression, id),
            None => None,
        };
        let flow = Fl::try_from(self.flows.len()).unwrap_or(Fl::MAX);
        self.flows.push(Flow { id: id.into(), source, target, condition });
        self.elements[source as usize].outgoing.push(flow);
        self.elements[target as usize].incoming.push(flow);
    }

    fn condition(&mut self, source: El, expression: Node<'a, 'x>, flow: &str) -> Option<Expr> {
        let text = text(expression);
        if text.is_empty() {
            return None;
        }
        self.language(source, attr(expression, "language"));
        match self.parse(&text) {
            Ok(expr) => Some(expr),
            Err(reason) => {
                self.error(source, "feel", format!("Bedingung am Pfeil „{flow}“: {reason}"));
                None
            }
        }
    }

    /// Expressions in other languages are refused; a missing language means FEEL.
    pub fn language(&mut self, e: El, language: Option<&str>) {
        if let Some(language) = language.filter(|l| !l.is_empty() && !l.to_ascii_lowercase().contains("feel")) {
            self.error(e, "language", format!("Die Ausdruckssprache „{language}“ wird nicht unterstützt."));
        }
    }

    fn read_boundaries(&mut self) {
        for e in 0..self.elements.len() {
            if self.elements[e].tag != "boundaryEvent" {
                continue;
            }
            let reference = attr(self.nodes[e], "attachedToRef").unwrap_or_default();
            let found = self.ids.get(reference).or_else(|| self.ids.get(local(reference))).copied();
            let fits = |a: &El| {
                self.elements[*a as usize].parent == self.elements[e].parent && self.elements[*a as usize].is_activity()
            };
            match found.filter(fits) {
                Some(attached) => {
                    let interrupting = truth(self.nodes[e], "cancelActivity") != Some(false);
                    self.elements[e].kind = Kind::Boundary { attached, interrupting, trigger: Trigger::None };
                }
                None if reference.is_empty() => {
                    let text = "Das Ereignis hängt an keiner Aktivität (attachedToRef fehlt).".into();
                    self.error(e as El, "unknown-reference", text);
                }
                None => self.error(
                    e as El,
                    "unknown-reference",
                    format!("Das Ereignis hängt an „{reference}“. Das ist hier keine Aktivität."),
                ),
            }
        }
    }

    /// Compensation handlers.
    fn read_associations(&mut self) {
        let process = self.nodes[0];
        for association in process.descendants().filter(|n| is(*n, "association")) {
            let end = |name| {
                attr(association, name).and_then(|r| self.ids.get(r).or_else(|| self.ids.get(local(r)))).copied()
            };
            let (Some(from), Some(to)) = (end("sourceRef"), end("targetRef")) else {
                continue;
            };
            // Some tools draw it the other way round.
            for (event, handler) in [(from, to), (to, from)] {
                if let Kind::Boundary { attached, trigger: Trigger::Compensation, .. } =
                    self.elements[event as usize].kind
                    && self.elements[handler as usize].is_activity()
                {
                    self.elements[attached as usize].undo = Some(handler);
                    self.elements[handler as usize].for_compensation = true;
                }
            }
        }
        for e in 0..self.elements.len() {
            let Kind::Boundary { attached, trigger, .. } = &self.elements[e].kind else {
                continue;
            };
            let attached = *attached as usize;
            if matches!(trigger, Trigger::Compensation) {
                if self.elements[attached].undo.is_none() {
                    self.error(
                        e as El,
                        "no-handler",
                        "Zu diesem Ereignis fehlt die Aktivität, die rückgängig macht.".into(),
                    );
                }
            } else {
                self.elements[attached].boundary.push(e as El);
            }
        }
    }

    /// Where scopes begin and which event sub-processes they have.
    fn read_scopes(&mut self) {
        let mut inside: Vec<Vec<El>> = vec![Vec::new(); self.elements.len()];
        for e in 1..self.elements.len() {
            inside[self.elements[e].parent as usize].push(e as El);
        }
        for (e, inside) in inside.iter().enumerate() {
            if !matches!(self.elements[e].kind, Kind::Scope(_)) {
                continue;
            }
            let starts: Vec<El> =
                inside.iter().copied().filter(|c| self.elements[*c as usize].tag == "startEvent").collect();
            let event_subs = self.event_subs(inside);
            let none = |c: &El| matches!(self.elements[*c as usize].kind, Kind::Start(Trigger::None));
            let initial: Vec<El> = if starts.is_empty() {
                inside.iter().copied().filter(|c| self.is_source(*c)).collect()
            } else {
                starts.iter().copied().filter(none).collect()
            };
            let foreign = e != 0 && starts.iter().any(|c| !none(c));
            let (locals, mut wrong) = (self.locals.remove(&(e as El)).unwrap_or_default(), None);
            if let Kind::Scope(scope) = &mut self.elements[e].kind {
                match scope.kind {
                    ScopeKind::Event => {
                        wrong =
                            (starts.len() != 1).then_some("Ein Ereignis-Teilablauf braucht genau ein Startereignis.")
                    }
                    ScopeKind::Adhoc { .. } => {}
                    _ => {
                        wrong = foreign
                            .then_some("Ein Teilablauf kann nur mit einem Startereignis ohne Auslöser beginnen.");
                        scope.initial = initial;
                    }
                }
                scope.event_subs = event_subs;
                scope.locals = locals;
            }
            if let Some(text) = wrong {
                self.error(e as El, "start", text.into());
            }
        }
    }

    fn event_subs(&mut self, inside: &[El]) -> Vec<(El, El, bool)> {
        let mut found = Vec::new();
        for sub in inside {
            if !matches!(&self.elements[*sub as usize].kind, Kind::Scope(s) if matches!(s.kind, ScopeKind::Event)) {
                continue;
            }
            let start = (1..self.elements.len())
                .find(|c| self.elements[*c].parent == *sub && self.elements[*c].tag == "startEvent");
            let Some(start) = start else { continue };
            if matches!(self.elements[start].kind, Kind::Start(Trigger::None)) {
                self.error(
                    *sub,
                    "start",
                    "Das Startereignis eines Ereignis-Teilablaufs braucht einen Auslöser.".into(),
                );
            }
            let interrupting = truth(self.nodes[start], "isInterrupting") != Some(false)
                && !matches!(self.elements[start].kind, Kind::Start(Trigger::Compensation));
            found.push((*sub, start as El, interrupting));
        }
        found
    }

    /// A token may begin here without a start event.
    fn is_source(&self, e: El) -> bool {
        let el = &self.elements[e as usize];
        let event_sub = matches!(&el.kind, Kind::Scope(s) if matches!(s.kind, ScopeKind::Event));
        el.incoming.is_empty()
            && !el.for_compensation
            && !event_sub
            && !matches!(el.kind, Kind::Boundary { .. } | Kind::Catch(Trigger::Link))
    }

    fn info(&self) -> Vec<ElementInfo> {
        let info = |(n, e): (usize, &Element)| ElementInfo {
            id: e.id.clone(),
            name: e.name.clone(),
            kind: e.tag,
            parent: (n != 0).then(|| self.elements[e.parent as usize].id.clone()),
        };
        self.elements.iter().enumerate().map(info).collect()
    }

    /// FNV-1a over all ids.
    fn fingerprint(&self) -> u64 {
        let bytes = self.elements.iter().flat_map(|e| e.id.bytes().chain([0]));
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    /// Parses FEEL and remembers its words.
    pub fn parse(&mut self, text: &str) -> Result<Expr, String> {
        if text.contains("${") || text.contains("#{") {
            let feel = super::juel::as_feel(text).filter(|t| Expr::parse(t, &self.globals.names).is_ok());
            let hint = feel.map(|t| format!(" In FEEL: {t}")).unwrap_or_default();
            return Err(format!("„{}“ ist ein Ausdruck eines anderen Systems, kein FEEL.{hint}", feel::shorten(text)));
        }
        let expr = Expr::parse(text, &self.globals.names)?;
        self.used.extend(feel::scan(expr.text())?.words);
        Ok(expr)
    }

    /// An expression of an element; an error becomes a finding.
    pub fn expr(&mut self, e: El, what: &str, text: &str) -> Option<Expr> {
        match self.parse(text) {
            Ok(expr) => Some(expr),
            Err(reason) => {
                self.error(e, "feel", format!("{what}: {reason}"));
                None
            }
        }
    }

    /// Our own attribute as FEEL.
    pub fn own(&mut self, e: El, name: &str) -> Option<Expr> {
        let text = eakte(self.nodes[e as usize], name)?;
        self.expr(e, name, text)
    }

    /// FEEL after `=`, else literal.
    pub fn literal(&mut self, e: El, what: &str, text: &str) -> Text {
        if text.contains("${") || text.contains("#{") {
            self.expr(e, what, text);
        } else if text.trim_start().starts_with('=')
            && let Some(expr) = self.expr(e, what, text)
        {
            return Text::Feel(expr);
        }
        Text::Plain(text.trim().to_owned())
    }

    pub fn error(&mut self, e: El, code: &str, text: String) {
        self.at(Level::Error, e, code, text);
    }

    pub fn warning(&mut self, e: El, code: &str, text: String) {
        self.at(Level::Warning, e, code, text);
    }

    fn at(&mut self, level: Level, e: El, code: &str, text: String) {
        let el = &self.elements[e as usize];
        let (id, name) = (el.id.clone(), el.name.clone());
        self.report(level, code, Some(&id), Some(&name), text);
    }

    fn report(&mut self, level: Level, code: &str, element: Option<&str>, name: Option<&str>, text: String) {
        self.findings.push(Finding {
            level,
            code: code.into(),
            element: element.map(str::to_owned),
            name: name.filter(|n| !n.is_empty()).map(str::to_owned),
            text,
        });
    }

    pub fn scope(&self, kind: ScopeKind) -> Kind {
        Kind::Scope(Scope { kind, initial: Vec::new(), event_subs: Vec::new(), locals: Vec::new() })
    }
}
