// SPDX-License-Identifier: EUPL-1.2
//! User tasks: who, what, until when.

use super::build::Builder;
use super::{attr, camunda, child, child_text, children, eakte, text, zeebe};
use crate::definition::{El, Text, UserSpec};

impl<'a, 'x: 'a> Builder<'a, 'x> {
    /// Groups: `potentialOwner`, else Zeebe, else Camunda, else the lane.
    pub fn user(&mut self, e: El) -> UserSpec {
        let node = self.nodes[e as usize];
        let zeebe_assignment = zeebe(node, "assignmentDefinition").next();
        let mut groups: Vec<Text> = Vec::new();
        for tag in ["potentialOwner"] {
            for owner in children(node, tag) {
                groups.extend(self.resource(e, owner));
            }
        }
        if groups.is_empty() {
            let listed =
                zeebe_assignment.and_then(|a| attr(a, "candidateGroups")).or_else(|| camunda(node, "candidateGroups"));
            if let Some(listed) = listed {
                groups = self.listed(e, listed);
            }
        }
        let mut assignee = None;
        for tag in ["humanPerformer", "performer"] {
            for performer in children(node, tag) {
                assignee = assignee.or(self.resource(e, performer));
            }
        }
        if let Some(person) = zeebe_assignment.and_then(|a| attr(a, "assignee")).or_else(|| camunda(node, "assignee")) {
            assignee = assignee.or(Some(self.literal(e, "Bearbeiter", person)));
        }
        if groups.is_empty() && assignee.is_none() {
            match self.lanes.get(&*self.elements[e as usize].id) {
                Some(lane) => groups.push(Text::Plain(lane.clone())),
                None => {
                    let group = crate::element::user_task::NO_GROUP;
                    self.warning(
                        e,
                        "no-assignment",
                        format!("Niemand ist zuständig. Die Aufgabe geht an die Gruppe {group}."),
                    );
                }
            }
        }
        let schedule = zeebe(node, "taskSchedule").next();
        let due = match eakte(node, "faellig") {
            Some(due) => self.due(e, due),
            None => match schedule.and_then(|s| attr(s, "dueDate")).or_else(|| camunda(node, "dueDate")) {
                Some(due) => self.due(e, due),
                None => None,
            },
        };
        let form = zeebe(node, "formDefinition").find_map(|f| attr(f, "formId").or_else(|| attr(f, "formKey")));
        let priority =
            eakte(node, "prioritaet").or_else(|| zeebe(node, "priorityDefinition").find_map(|p| attr(p, "priority")));
        let excluded = eakte(node, "nichtPersonVon").unwrap_or_default();
        let not_person_of: Vec<String> =
            excluded.split(',').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect();
        for other in &not_person_of {
            let known = self.ids.get(other.as_str()).map(|o| self.elements[*o as usize].tag);
            if known != Some("userTask") {
                self.error(
                    e,
                    "unknown-reference",
                    format!("nichtPersonVon nennt „{other}“. Das ist keine Aufgabe dieses Ablaufs."),
                );
            }
        }
        UserSpec {
            form_key: eakte(node, "formular").or(form).or_else(|| camunda(node, "formKey")).map(str::to_owned),
            groups,
            assignee,
            title: self.own(e, "titel").map(Text::Feel),
            data: self.own(e, "daten"),
            due,
            not_person_of,
            signs: eakte(node, "zeichnung").map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned),
            priority: priority
                .and_then(|p| p.trim_start_matches('=').trim().parse().ok())
                .map_or(50, |p: u8| p.min(100)),
        }
    }

    /// `resourceAssignmentExpression/formalExpression` as FEEL; what is no FEEL is a literal name.
    fn resource(&mut self, e: El, owner: roxmltree::Node<'a, 'x>) -> Option<Text> {
        let expression = child(owner, "resourceAssignmentExpression")?;
        let source =
            child(expression, "formalExpression").map(text).or_else(|| child_text(expression, "expression"))?;
        let source = source.trim();
        // Activiti writes group(management) and user(kermit).
        let plain =
            source.strip_prefix("group(").or_else(|| source.strip_prefix("user(")).and_then(|s| s.strip_suffix(')'));
        if let Some(plain) = plain.filter(|p| !p.contains(['"', '('])) {
            return Some(Text::Plain(plain.trim().to_owned()));
        }
        if source.is_empty() {
            return None;
        }
        let literal = source.chars().all(|c| c.is_alphanumeric() || " -_&.".contains(c));
        match self.parse(source) {
            Ok(expr) => Some(Text::Feel(expr)),
            Err(_) if literal => Some(Text::Plain(source.to_owned())),
            Err(reason) => {
                self.error(e, "feel", format!("Zuständigkeit: {reason}"));
                None
            }
        }
    }

    /// Comma separated names, or FEEL after `=`.
    fn listed(&mut self, e: El, listed: &str) -> Vec<Text> {
        if listed.trim_start().starts_with('=') || listed.contains("${") {
            return self.expr(e, "Gruppen", listed).map(Text::Feel).into_iter().collect();
        }
        listed.split(',').map(str::trim).filter(|g| !g.is_empty()).map(|g| Text::Plain(g.to_owned())).collect()
    }

    /// An ISO date, date-time or duration, else FEEL.
    fn due(&mut self, e: El, due: &str) -> Option<Text> {
        let days = crate::element::user_task::working_days(due).is_some();
        if days || crate::timer::is_iso(due, crate::timer::TimerKind::Duration) {
            return Some(Text::Plain(due.to_owned()));
        }
        self.expr(e, "Frist", due).map(Text::Feel)
    }
}
