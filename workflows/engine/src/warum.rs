// SPDX-License-Identifier: EUPL-1.2
//! "Why is it waiting": one German sentence per token.

use nachrichten::Timestamp;

use crate::definition::{Definition, Kind, ScopeKind, Text, Trigger};
use crate::state::{Inst, Role, State, WaitKind};

impl Definition {
    /// Why a token waits at this element, as far as the drawing tells.
    pub fn warum(&self, element: &str) -> String {
        self.index(element).map_or_else(|| "Unbekannter Schritt.".to_owned(), |e| self.reason(e))
    }

    fn reason(&self, e: u32) -> String {
        match &self.at(e).kind {
            Kind::User(user) => match (&user.assignee, user.groups.first()) {
                (Some(Text::Plain(person)), _) => format!("Wartet auf {person}."),
                (_, Some(Text::Plain(group))) => {
                    format!("Wartet auf eine Person der Gruppe {group}.")
                }
                // A FEEL text without anything to compute.
                (_, Some(Text::Feel(group))) => match serde_json::from_str::<String>(group.text()) {
                    Ok(group) => format!("Wartet auf eine Person der Gruppe {group}."),
                    Err(_) => "Wartet auf eine zuständige Person.".into(),
                },
                _ => "Wartet auf eine zuständige Person.".into(),
            },
            Kind::Job(_) => "Wartet auf ein Ergebnis des Systems.".into(),
            Kind::Receive(message) => {
                format!("Wartet auf die Nachricht „{}“.", message.name.fixed(self))
            }
            Kind::Call(_) => "Wartet auf das Ende eines anderen Ablaufs.".into(),
            Kind::Catch(trigger) => match trigger {
                Trigger::Timer(_) => "Wartet auf einen Zeitpunkt.".into(),
                Trigger::Message(message) => {
                    format!("Wartet auf die Nachricht „{}“.", message.name.fixed(self))
                }
                Trigger::Signal(name) => format!("Wartet auf das Signal „{}“.", name.fixed(self)),
                Trigger::Conditional(_) => "Wartet, bis eine Bedingung erfüllt ist.".into(),
                _ => "Wartet auf ein Ereignis.".into(),
            },
            Kind::EventBased => "Wartet auf eines von mehreren Ereignissen.".into(),
            Kind::Parallel | Kind::Inclusive => "Wartet auf die anderen Zweige.".into(),
            Kind::Scope(scope) if matches!(scope.kind, ScopeKind::Adhoc { .. }) => {
                "Wartet auf die Auswahl des nächsten Schritts.".into()
            }
            Kind::Scope(_) => "Wartet auf das Ende des Teilablaufs.".into(),
            _ => "Wird gerade bearbeitet.".into(),
        }
    }
}

/// The sentence for a running element: incident first, then what its state knows, then the drawing.
pub(crate) fn sentence(state: &State, definition: &Definition, id: u64, inst: &Inst) -> String {
    if let Some(incident) = &inst.incident {
        return format!("Angehalten: {}", incident.text);
    }
    match &inst.role {
        Role::Body(body) if body.total > 0 => {
            return format!("{} von {} erledigt.", body.completed + body.terminated, body.total);
        }
        Role::Compensating(_) => {
            return "Wartet, bis frühere Schritte rückgängig gemacht sind.".into();
        }
        _ => {}
    }
    let timer = state.waits.values().find_map(|w| match w.kind {
        WaitKind::Timer(due, _) if w.owner == id && w.event == inst.element => Some(Timestamp(due)),
        _ => None,
    });
    match timer {
        Some(due) => format!("Wartet bis {} Uhr.", due.zoned().strftime("%d.%m.%Y, %H:%M")),
        None => definition.reason(inst.element),
    }
}
