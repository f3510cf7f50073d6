// SPDX-License-Identifier: EUPL-1.2
//! What differs between two texts of a process or a decision table, in words a person understands.
//!
//! The files are compared, not the prepared definitions: an attribute of a foreign modeller that the interpreter
//! does not read still shows. Nothing is left out silently; what has no German word is named as it is written.

mod ablauf;
mod tabelle;
mod worte;

use std::collections::HashMap;

use nachrichten::fassungen::{Aenderung, AenderungArt, Angabe};

pub use ablauf::{ablauf, schritte};
pub use tabelle::tabelle;

/// A value: what decides whether it is the same, and what is shown (a reference shows the name it leads to).
#[derive(Clone, Debug, PartialEq)]
struct Wert {
    gleich: String,
    zeige: String,
}

impl Wert {
    fn plain(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { gleich: text.clone(), zeige: text }
    }
}

/// One thing of a file, reduced to what can be compared.
#[derive(Clone, Debug)]
struct Ding {
    id: String,
    name: String,
    /// What it is; decides whether it is another kind.
    tag: String,
    /// The same for the eye.
    was: String,
    /// In the order of the file; several of one word are one value.
    angaben: Vec<(String, Wert)>,
    /// Its place in the picture.
    lage: String,
}

impl Ding {
    fn add(&mut self, was: &str, wert: Wert) {
        match self.angaben.iter_mut().find(|(w, _)| w == was) {
            Some((_, known)) => {
                known.gleich = format!("{}\n{}", known.gleich, wert.gleich);
                known.zeige = format!("{}; {}", known.zeige, wert.zeige);
            }
            None => self.angaben.push((was.to_owned(), wert)),
        }
    }

    fn angabe(&self, was: &str) -> Option<&Wert> {
        self.angaben.iter().find(|(w, _)| w == was).map(|(_, wert)| wert)
    }
}

/// The facts of two things that differ.
fn angaben(alt: &Ding, neu: &Ding) -> Vec<Angabe> {
    let mut out = Vec::new();
    let mut tell = |was: &str, alt: Option<&Wert>, neu: Option<&Wert>| {
        if alt.map(|w| &w.gleich) != neu.map(|w| &w.gleich) {
            out.push(Angabe {
                was: was.to_owned(),
                alt: alt.map(|w| w.zeige.clone()),
                neu: neu.map(|w| w.zeige.clone()),
            });
        }
    };
    let art = |d: &Ding| Wert { gleich: d.tag.clone(), zeige: d.was.clone() };
    tell("Art", Some(&art(alt)), Some(&art(neu)));
    let name = if neu.tag == "rule" { "Erläuterung" } else { "Name" };
    tell(name, Some(&Wert::plain(&*alt.name)), Some(&Wert::plain(&*neu.name)));
    for (was, wert) in &alt.angaben {
        tell(was, Some(wert), neu.angabe(was));
    }
    for (was, wert) in neu.angaben.iter().filter(|(was, _)| alt.angabe(was).is_none()) {
        tell(was, None, Some(wert));
    }
    out
}

fn zeile(ding: &Ding, art: AenderungArt, angaben: Vec<Angabe>) -> Aenderung {
    Aenderung { art, element: ding.id.clone(), name: ding.name.clone(), was: ding.was.clone(), angaben }
}

/// All lines: in the order of the new text, then what is gone.
fn aenderungen(alt: &[Ding], neu: &[Ding]) -> Vec<Aenderung> {
    let known: HashMap<&str, &Ding> = alt.iter().map(|d| (d.id.as_str(), d)).collect();
    let now: HashMap<&str, &Ding> = neu.iter().map(|d| (d.id.as_str(), d)).collect();
    let mut out = Vec::new();
    for ding in neu {
        let Some(before) = known.get(ding.id.as_str()) else {
            let facts = ding.angaben.iter().map(|(was, wert)| Angabe {
                was: was.clone(),
                alt: None,
                neu: Some(wert.zeige.clone()),
            });
            out.push(zeile(ding, AenderungArt::Neu, facts.collect()));
            continue;
        };
        let facts = angaben(before, ding);
        if !facts.is_empty() {
            out.push(zeile(ding, AenderungArt::Geaendert, facts));
        } else if before.lage != ding.lage {
            out.push(zeile(ding, AenderungArt::NurBild, Vec::new()));
        }
    }
    for ding in alt.iter().filter(|d| !now.contains_key(d.id.as_str())) {
        let facts = ding.angaben.iter().map(|(was, wert)| Angabe {
            was: was.clone(),
            alt: Some(wert.zeige.clone()),
            neu: None,
        });
        out.push(zeile(ding, AenderungArt::Entfallen, facts.collect()));
    }
    out
}
