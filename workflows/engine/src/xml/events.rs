// SPDX-License-Identifier: EUPL-1.2
//! Events: what they catch or throw.

use roxmltree::Node;

use super::build::Builder;
use super::{BPMN, attr, child, child_text, children, eakte, local, text, truth, zeebe};
use crate::definition::{El, Kind, MessageRef, Throw, Trigger};
use crate::timer::{TimerDef, TimerKind, TimerValue, is_iso, looks_iso};

impl<'a, 'x: 'a> Builder<'a, 'x> {
    /// Reads an event of any kind.
    pub fn read_event(&mut self, e: El) {
        let node = self.nodes[e as usize];
        let tag = self.elements[e as usize].tag;
        let definitions: Vec<Node> = node
            .children()
            .filter(|c| c.is_element() && c.tag_name().namespace() == Some(BPMN))
            .filter(|c| c.tag_name().name().ends_with("EventDefinition") || c.tag_name().name() == "eventDefinitionRef")
            .collect();
        if definitions.len() > 1 {
            self.error(e, "unsupported", "Ereignisse mit mehreren Auslösern werden nicht unterstützt.".into());
        }
        let definition = definitions.first().copied();
        if definition.is_some_and(|d| d.tag_name().name() == "eventDefinitionRef") {
            self.error(e, "unsupported", "Verweise auf Ereignisdefinitionen werden nicht unterstützt.".into());
            return;
        }
        let kind = match tag {
            "endEvent" | "intermediateThrowEvent" => self.throwing(e, definition, tag == "endEvent"),
            "startEvent" => Kind::Start(self.trigger(e, definition)),
            "boundaryEvent" => {
                let trigger = self.trigger(e, definition);
                match &self.elements[e as usize].kind {
                    Kind::Boundary { attached, interrupting, .. } => {
                        let (attached, interrupting) = (*attached, *interrupting);
                        // A trigger that cannot be read has been named already.
                        if definition.is_none() || !matches!(trigger, Trigger::None) {
                            self.check_boundary(e, attached, interrupting, &trigger);
                        }
                        Kind::Boundary { attached, interrupting, trigger }
                    }
                    _ => return,
                }
            }
            _ => {
                let trigger = self.trigger(e, definition);
                if matches!(
                    trigger,
                    Trigger::Error(_) | Trigger::Escalation(_) | Trigger::Compensation | Trigger::Cancel
                ) {
                    self.error(e, "event", "Dieser Auslöser ist für ein Zwischenereignis nicht erlaubt.".into());
                }
                if definition.is_none() {
                    self.error(e, "event", "Dem Ereignis fehlt der Auslöser.".into());
                }
                Kind::Catch(trigger)
            }
        };
        self.elements[e as usize].kind = kind;
    }

    fn check_boundary(&mut self, e: El, attached: El, interrupting: bool, trigger: &Trigger) {
        let text = match trigger {
            Trigger::None => "Dem Ereignis fehlt der Auslöser.",
            Trigger::Link => "Ein Link-Ereignis kann nicht an einer Aktivität hängen.",
            Trigger::Error(_) if !interrupting => "Ein Fehler-Ereignis bricht die Aktivität immer ab.",
            Trigger::Cancel if self.elements[attached as usize].tag != "transaction" => {
                "Ein Abbruch-Ereignis kann nur an einer Transaktion hängen."
            }
            _ => return,
        };
        self.error(e, "event", text.into());
    }

    /// What an event catches.
    fn trigger(&mut self, e: El, definition: Option<Node<'a, 'x>>) -> Trigger {
        let Some(node) = definition else {
            return Trigger::None;
        };
        match node.tag_name().name() {
            "timerEventDefinition" => self.timer(e, node).map_or(Trigger::None, Trigger::Timer),
            "messageEventDefinition" => {
                let reference = attr(node, "messageRef")
                    .or_else(|| attr(node, "operationRef").and_then(|o| self.globals.operations.get(o).copied()));
                match reference {
                    Some(reference) => self.message(e, node, reference).map_or(Trigger::None, Trigger::Message),
                    None => {
                        self.error(e, "no-message", "Es fehlt die Nachricht, auf die gewartet wird.".into());
                        Trigger::None
                    }
                }
            }
            "signalEventDefinition" => match self.reference(e, node, "signalRef", &self.globals.signals) {
                Some(name) => Trigger::Signal(self.literal(e, "Signal", &name)),
                None => Trigger::None,
            },
            "errorEventDefinition" => Trigger::Error(self.optional(e, node, "errorRef", &self.globals.errors)),
            "escalationEventDefinition" => {
                Trigger::Escalation(self.optional(e, node, "escalationRef", &self.globals.escalations))
            }
            "conditionalEventDefinition" => {
                let condition = child(node, "condition").map(text).unwrap_or_default();
                self.expr(e, "Bedingung", &condition).map_or(Trigger::None, Trigger::Conditional)
            }
            "linkEventDefinition" => Trigger::Link,
            "compensateEventDefinition" => Trigger::Compensation,
            "cancelEventDefinition" => Trigger::Cancel,
            other => {
                self.error(e, "unsupported", format!("Der Auslöser „{}“ ist hier nicht erlaubt.", german(other)));
                Trigger::None
            }
        }
    }

    /// What an event throws.
    fn throwing(&mut self, e: El, definition: Option<Node<'a, 'x>>, end: bool) -> Kind {
        let wrap = |throw| {
            if end { Kind::End(throw) } else { Kind::Throw(throw) }
        };
        let Some(node) = definition else {
            return wrap(Throw::None);
        };
        let throw = match node.tag_name().name() {
            "messageEventDefinition" => {
                if !self.options.trace
                    && let Some(job) = self.job(e)
                {
                    return Kind::Job(job);
                }
                let reference = attr(node, "messageRef")
                    .or_else(|| attr(node, "operationRef").and_then(|o| self.globals.operations.get(o).copied()));
                match reference {
                    Some(reference) => self.message_throw(e, node, reference),
                    None => {
                        self.error(e, "no-message", "Es fehlt die Nachricht, die gesendet wird.".into());
                        None
                    }
                }
            }
            "signalEventDefinition" => {
                let name = self.reference(e, node, "signalRef", &self.globals.signals);
                name.map(|name| Throw::Signal(self.literal(e, "Signal", &name)))
            }
            "errorEventDefinition" if end => {
                self.reference(e, node, "errorRef", &self.globals.errors).map(Throw::Error)
            }
            "escalationEventDefinition" => {
                self.reference(e, node, "escalationRef", &self.globals.escalations).map(Throw::Escalation)
            }
            "terminateEventDefinition" if end => Some(Throw::Terminate),
            "cancelEventDefinition" if end => {
                self.check_cancel(e);
                Some(Throw::Cancel)
            }
            "compensateEventDefinition" => self.compensation(e, node),
            "linkEventDefinition" if !end => self.link(e, node),
            other => {
                self.error(e, "unsupported", format!("Der Auslöser „{}“ ist hier nicht erlaubt.", german(other)));
                None
            }
        };
        wrap(throw.unwrap_or(Throw::None))
    }

    fn check_cancel(&mut self, e: El) {
        let mut at = self.elements[e as usize].parent;
        while at != 0 && self.elements[at as usize].tag != "transaction" {
            at = self.elements[at as usize].parent;
        }
        if at == 0 {
            self.error(e, "event", "Ein Abbruch-Ende steht nur in einer Transaktion.".into());
        }
    }

    fn compensation(&mut self, e: El, node: Node<'a, 'x>) -> Option<Throw> {
        let wait = truth(node, "waitForCompletion") != Some(false);
        let Some(reference) = attr(node, "activityRef") else {
            return Some(Throw::Compensation(None, wait));
        };
        let found = self.ids.get(reference).or_else(|| self.ids.get(local(reference))).copied();
        match found.filter(|a| self.elements[*a as usize].is_activity()) {
            Some(activity) => {
                // A whole sub-process is undone by what is in it.
                let undone = children(self.nodes[self.elements[activity as usize].parent as usize], "boundaryEvent")
                    .any(|b| {
                        attr(b, "attachedToRef").map(local) == Some(&*self.elements[activity as usize].id)
                            && child(b, "compensateEventDefinition").is_some()
                    });
                if !undone
                    && !self.elements[activity as usize].tag.to_ascii_lowercase().ends_with("process")
                    && self.elements[activity as usize].tag != "transaction"
                {
                    let text = format!("Für „{reference}“ ist nichts gezeichnet, was es rückgängig macht.");
                    self.warning(e, "no-handler", text);
                }
                Some(Throw::Compensation(Some(activity), wait))
            }
            None => {
                self.error(e, "unknown-reference", format!("Die Aktivität „{reference}“ gibt es nicht."));
                None
            }
        }
    }

    /// A link leads to the catching link event of the same name in the same scope.
    fn link(&mut self, e: El, node: Node<'a, 'x>) -> Option<Throw> {
        let name = attr(node, "name").unwrap_or_default();
        if name.trim().is_empty() {
            self.error(e, "event", "Dem Link fehlt der Name seines Ziels.".into());
            return None;
        }
        let parent = self.elements[e as usize].parent;
        let targets: Vec<usize> = (0..self.elements.len())
            .filter(|t| {
                let same_scope =
                    self.elements[*t].tag == "intermediateCatchEvent" && self.elements[*t].parent == parent;
                same_scope
                    && child(self.nodes[*t], "linkEventDefinition")
                        .is_some_and(|l| attr(l, "name").unwrap_or_default() == name)
            })
            .collect();
        match targets[..] {
            [target] => Some(Throw::Link(target as El)),
            [] => {
                self.error(e, "unknown-reference", format!("Zum Link „{name}“ gibt es kein Ziel."));
                None
            }
            _ => {
                self.error(e, "event", format!("Zum Link „{name}“ gibt es mehr als ein Ziel."));
                None
            }
        }
    }

    fn timer(&mut self, e: El, node: Node<'a, 'x>) -> Option<TimerDef> {
        let kinds =
            [("timeDate", TimerKind::Date), ("timeDuration", TimerKind::Duration), ("timeCycle", TimerKind::Cycle)];
        let mut found = kinds.into_iter().filter_map(|(name, kind)| child_text(node, name).map(|text| (text, kind)));
        let first = found.next();
        if found.next().is_some() {
            self.error(
                e,
                "timer",
                "Ein Zeit-Ereignis hat nur eine Zeitangabe: Zeitpunkt, Dauer oder Wiederholung.".into(),
            );
        }
        let Some((text, kind)) = first else {
            self.error(e, "timer", "Dem Zeit-Ereignis fehlt die Zeitangabe.".into());
            return None;
        };
        if is_iso(&text, kind) {
            return Some(TimerDef { kind, value: TimerValue::Iso(text) });
        }
        if looks_iso(&text) {
            let wanted = match kind {
                TimerKind::Date => "kein Zeitpunkt nach ISO 8601 (wie 2026-03-28T02:30:00)",
                TimerKind::Duration => "keine Dauer nach ISO 8601 (wie PT1H oder P3D) oder zu lang",
                TimerKind::Cycle => {
                    "keine Wiederholung nach ISO 8601 von mindestens einer Sekunde (wie R3/PT1H oder R/P1D)"
                }
            };
            self.error(e, "timer", format!("„{}“ ist {wanted}.", crate::feel::shorten(&text)));
            return None;
        }
        self.expr(e, "Zeitangabe", &text).map(|expr| TimerDef { kind, value: TimerValue::Feel(expr) })
    }

    /// A message with its correlation key: `eakte:schluessel`, else the process's correlation
    /// subscription, else `zeebe:subscription`.
    pub fn message(&mut self, e: El, node: Node<'a, 'x>, reference: &str) -> Option<MessageRef> {
        let globals = self.globals;
        let found =
            globals.messages.get_key_value(reference).or_else(|| globals.messages.get_key_value(local(reference)));
        let Some((id, message)) = found else {
            self.error(e, "unknown-reference", format!("Die Nachricht „{reference}“ gibt es nicht."));
            return None;
        };
        let throwing = matches!(self.elements[e as usize].tag, "sendTask" | "endEvent" | "intermediateThrowEvent");
        let paths = globals.retrievals.get(*id).or_else(|| globals.retrievals.get(""));
        let own = eakte(self.nodes[e as usize], "schluessel").or_else(|| eakte(node, "schluessel")).map(str::to_owned);
        let standard = paths.and_then(|paths| {
            if throwing {
                return paths.first().map(|(_, path)| path.clone());
            }
            let bound = paths.iter().find_map(|(property, _)| self.keys.iter().find(|(p, _)| p == property));
            bound.map(|(_, path)| path.clone())
        });
        let start = self.elements[e as usize].tag == "startEvent" && self.elements[e as usize].parent == 0;
        let zeebe_key = zeebe(node, "subscription").find_map(|s| attr(s, "correlationKey").map(str::to_owned));
        let key = own.or(standard).or(zeebe_key).or_else(|| message.key.clone()).filter(|_| !start);
        let key = key.and_then(|key| self.expr(e, "Schlüssel", &key));
        Some(MessageRef { name: self.literal(e, "Nachricht", &message.name), key })
    }

    /// A reference that must be there.
    fn reference(
        &mut self,
        e: El,
        node: Node<'a, 'x>,
        name: &str,
        table: &std::collections::HashMap<&'a str, String>,
    ) -> Option<String> {
        let reference = attr(node, name).unwrap_or_default();
        let found = table.get(reference).or_else(|| table.get(local(reference))).cloned();
        if found.is_none() {
            let text = match reference {
                "" => format!("Es fehlt, was gemeint ist ({name})."),
                _ => format!("Der Verweis „{reference}“ ({name}) führt ins Leere."),
            };
            self.error(e, "unknown-reference", text);
        }
        found
    }

    /// A reference that may be missing, but not wrong.
    fn optional(
        &mut self,
        e: El,
        node: Node<'a, 'x>,
        name: &str,
        table: &std::collections::HashMap<&'a str, String>,
    ) -> Option<String> {
        attr(node, name)?;
        self.reference(e, node, name, table)
    }
}

/// A trigger's word for a person.
fn german(tag: &str) -> &str {
    match tag {
        "timerEventDefinition" => "Zeit",
        "messageEventDefinition" => "Nachricht",
        "signalEventDefinition" => "Signal",
        "errorEventDefinition" => "Fehler",
        "escalationEventDefinition" => "Eskalation",
        "conditionalEventDefinition" => "Bedingung",
        "linkEventDefinition" => "Link",
        "compensateEventDefinition" => "Kompensation",
        "cancelEventDefinition" => "Abbruch",
        "terminateEventDefinition" => "Beenden",
        other => other,
    }
}
