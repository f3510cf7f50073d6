// SPDX-License-Identifier: EUPL-1.2
//! What a field's reader found, and how it becomes a field of the proposal.

use std::{collections::BTreeMap, ops::Range};

use nachrichten::einordnung::Feld;

use crate::zeilen::Brief;

/// Fields with less confidence are left out of the proposal.
pub const GRENZE: f32 = 0.5;

/// Below this mean word confidence of the recogniser a value is doubted.
const UNDEUTLICH: f32 = 0.6;

/// One value with its evidence. `ort` is a byte range in the letter's running text.
#[derive(Clone, Debug, PartialEq)]
pub struct Fund {
    pub wert: String,
    pub sicherheit: f32,
    pub grund: String,
    pub ort: Option<Range<usize>>,
    /// A check digit confirms the value, so unclear print does not matter.
    pub geprueft: bool,
}

impl Fund {
    pub fn new(wert: impl Into<String>, sicherheit: f32, grund: impl Into<String>, ort: Range<usize>) -> Self {
        Self { wert: wert.into(), sicherheit, grund: grund.into(), ort: Some(ort), geprueft: false }
    }
}

/// The better of two; the earlier one when equal.
pub fn better(a: Option<Fund>, b: Fund) -> Option<Fund> {
    match a {
        Some(a) if a.sicherheit >= b.sicherheit => Some(a),
        _ => Some(b),
    }
}

/// Collects fields of one letter.
pub struct Felder<'a> {
    brief: &'a Brief,
    felder: BTreeMap<String, Feld>,
}

impl<'a> Felder<'a> {
    pub fn new(brief: &'a Brief) -> Self {
        Self { brief, felder: BTreeMap::new() }
    }

    /// Takes a find, unless its confidence is below [`GRENZE`].
    pub fn set(&mut self, name: &str, fund: Option<Fund>) {
        let Some(fund) = fund.filter(|f| !f.wert.is_empty()) else {
            return;
        };
        let place = fund.ort.as_ref().and_then(|ort| self.brief.place(ort));
        let mut sicherheit = fund.sicherheit.clamp(0.0, 1.0);
        let mut grund = fund.grund;
        if place.as_ref().is_some_and(|p| p.deutlichkeit < UNDEUTLICH) && !fund.geprueft {
            sicherheit *= 0.8;
            grund.push_str(", aber undeutlich gedruckt");
        }
        if sicherheit < GRENZE {
            return;
        }
        let (seite, kasten) = place.map_or((None, None), |p| (Some(p.seite), p.kasten));
        self.felder.insert(name.to_owned(), Feld { wert: fund.wert, sicherheit, grund, seite, kasten });
    }

    pub fn finish(self) -> BTreeMap<String, Feld> {
        self.felder
    }
}
