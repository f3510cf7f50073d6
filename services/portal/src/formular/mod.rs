// SPDX-License-Identifier: EUPL-1.2
//! Forms of user tasks: `workflows/formulare/<name>.json`, compiled in.
//!
//! A form has fields and buttons. What a person sends is checked here and handed to the process as values:
//! `entscheidung` is the button's name, each field its own value (dates ISO, amounts canonical decimals,
//! `mehrfach` a list of texts, `tabelle` a list of rows, `kontierung` a list of `{sachkonto, kostenstelle, betrag}`).

mod eingabe;
mod gezeichnet;
mod sicht;

use std::{borrow::Cow, collections::BTreeMap, sync::LazyLock};

use nachrichten::aufgaben::FormFeld;
use rust_embed::RustEmbed;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

pub use eingabe::{Meldungen, arbeitstage, keine_arbeitstage, lesen, pruefen, teilbetrag};
pub use gezeichnet::anfang;
pub use sicht::{FeldSicht, KnopfSicht, Quellen, knoepfe, sicht};

#[derive(RustEmbed)]
#[folder = "../../workflows/formulare"]
struct Dateien;

/// A form.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Formular {
    pub titel: String,
    /// A sentence above the fields.
    #[serde(default)]
    pub einleitung: String,
    pub felder: Vec<Feld>,
    pub knoepfe: Vec<Knopf>,
}

/// A field.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feld {
    pub name: String,
    pub label: String,
    pub typ: Typ,
    #[serde(default)]
    pub pflicht: bool,
    #[serde(default)]
    pub hilfe: String,
    /// Paths into the task's variables (`_dokument` is the task's document, `_aufgabe` its list facts); the first with a value counts.
    #[serde(default, deserialize_with = "one_or_many")]
    pub vorschlag: Vec<String>,
    /// Fixed choices.
    #[serde(default)]
    pub optionen: Vec<Wahl>,
    /// Choices from the house: `aemter`, `aktenplan`, `dokumentarten`, `gremien`, `stellen` (groups and persons that sign),
    /// `gruppen`; `gruppen:OB,Amtsleitung` are those whose name before the office is one of these.
    #[serde(default)]
    pub quelle: Option<String>,
    /// `tabelle`: its columns.
    #[serde(default)]
    pub spalten: Vec<Feld>,
    /// `kontierung`: paths to the amount the lines must add up to.
    #[serde(default, deserialize_with = "one_or_many")]
    pub summe: Vec<String>,
    /// Only for some buttons: shown folded up.
    #[serde(default)]
    pub selten: bool,
    /// `datum`: a working day, today or later.
    #[serde(default)]
    pub arbeitstag: bool,
    /// Sentence when the field is empty but needed; default "Füllen Sie das Feld „…“ aus."
    #[serde(default)]
    pub fehlt: String,
    /// What it holds when no variable proposes something; only fields of a process file have it.
    #[serde(skip)]
    pub vorgabe: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wahl {
    pub wert: String,
    pub label: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Typ {
    Text,
    Datum,
    Betrag,
    Auswahl,
    Kontierung,
    Mehrfach,
    Langtext,
    /// A whole number from 0; a JSON number.
    Zahl,
    /// Any decimal; a JSON number. Of process files.
    Kommazahl,
    /// `true` or `false`. Of process files.
    JaNein,
    /// Rows of `spalten`; a list of objects. Empty rows do not count.
    Tabelle,
}

/// A button.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Knopf {
    pub name: String,
    pub label: String,
    /// Key in lower case; one of the table in `tasten.rs`.
    pub taste: String,
    /// The main act; exactly one per form.
    #[serde(default)]
    pub haupt: bool,
    /// Question of the confirmation bar; `{betrag}`, `{lieferant}`, `{iban}`, `{kostenstellen}`, `{titel}` are filled in.
    #[serde(default)]
    pub bestaetigen: String,
    /// The field `bemerkung` must say why; then the other fields need not be complete.
    #[serde(default)]
    pub grund_pflicht: bool,
    /// Fields this button needs beside those that are always needed.
    #[serde(default)]
    pub braucht: Vec<String>,
    /// Field of type `betrag` that takes the place of the amount: less than it, of the same sign, and what the
    /// account lines must add up to.
    #[serde(default)]
    pub summe: Option<String>,
}

fn one_or_many<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(d)? {
        OneOrMany::One(s) => vec![s],
        OneOrMany::Many(v) => v,
    })
}

static ALLE: LazyLock<BTreeMap<String, Formular>> = LazyLock::new(|| {
    let names = Dateien::iter().filter_map(|n| n.strip_suffix(".json").map(str::to_owned));
    names
        .filter_map(|name| {
            let file = Dateien::get(&format!("{name}.json"))?;
            match serde_json::from_slice(&file.data) {
                Ok(form) => Some((name, form)),
                Err(e) => {
                    tracing::error!(form = %name, "form cannot be read: {e}");
                    None
                }
            }
        })
        .collect()
});

/// The form of a task: the file of this name, else the fields of the process file, so that no task is ever stuck.
pub fn laden(name: &str, gezeichnet: &[FormFeld]) -> Cow<'static, Formular> {
    ALLE.get(name).map_or_else(|| Cow::Owned(gezeichnet::aufgabe(gezeichnet)), Cow::Borrowed)
}

/// All forms with their names.
pub fn alle() -> &'static BTreeMap<String, Formular> {
    &ALLE
}

/// Is there a form file for each name? For `eakte workflow check`.
pub fn kennt(name: &str) -> bool {
    ALLE.contains_key(name)
}

/// Value at a dotted path; list positions are numbers. A proposal object `{wert, …}` is answered whole.
pub fn an_pfad<'a>(variablen: &'a serde_json::Map<String, Value>, pfad: &str) -> Option<&'a Value> {
    let mut parts = pfad.split('.');
    let mut value = variablen.get(parts.next()?)?;
    for part in parts {
        value = match value {
            Value::Array(list) => list.get(part.parse::<usize>().ok()?)?,
            other => other.get(part)?,
        };
    }
    (!value.is_null()).then_some(value)
}

/// A JSON scalar as text; lists and objects are empty.
pub fn als_text(value: &Value) -> String {
    match value {
        Value::String(s) => s.clone(),
        Value::Number(n) => n.to_string(),
        Value::Bool(true) => "ja".into(),
        Value::Bool(false) => "nein".into(),
        Value::Object(o) => o.get("wert").map(als_text).unwrap_or_default(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_form_file_is_sound() {
        for name in [
            "abstimmung",
            "anordnung",
            "befangenheit",
            "dezernat",
            "feststellung",
            "klaerung",
            "mitzeichnung",
            "ob-freigabe",
            "umlauf-neu",
            "vorlage-entwurf",
            "vorlage-neu",
            "zeichnung",
            "zuordnung",
        ] {
            assert!(kennt(name), "{name} is missing or cannot be read");
        }
        let files = Dateien::iter().filter(|n| n.ends_with(".json")).count();
        assert_eq!(alle().len(), files, "a form file cannot be read");
        for (name, form) in alle() {
            assert_eq!(form.knoepfe.iter().filter(|k| k.haupt).count(), 1, "{name}: one main button");
            for k in &form.knoepfe {
                for needed in &k.braucht {
                    assert!(form.felder.iter().any(|f| f.name == *needed), "{name}.{}: no field {needed}", k.name);
                }
                assert!(crate::tasten::bekannt(&k.taste), "{name}: key {} is not in the table", k.taste);
                assert!(!k.label.contains('!'), "{name}");
                assert!(k.braucht.iter().all(|b| form.felder.iter().any(|f| f.name == *b)), "{name}: {:?}", k.braucht);
                if k.grund_pflicht {
                    assert!(
                        form.felder.iter().any(|f| f.name == "bemerkung"),
                        "{name}: a reason needs the field bemerkung"
                    );
                }
            }
            let mut keys: Vec<_> = form.knoepfe.iter().map(|k| &k.taste).collect();
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), form.knoepfe.len(), "{name}: a key twice");
            for k in &form.knoepfe {
                let known = |name: &String| form.felder.iter().any(|f| f.name == *name);
                assert!(k.braucht.iter().all(known), "{name}: {} needs an unknown field", k.name);
                let amount = |s: &String| form.felder.iter().any(|f| f.name == *s && f.typ == Typ::Betrag);
                assert!(k.summe.as_ref().is_none_or(amount), "{name}: the sum of {} is no amount", k.name);
            }
            for f in &form.felder {
                assert!(!(f.selten && f.pflicht), "{name}.{}: needed, but folded up", f.name);
                let choices = !f.optionen.is_empty() || f.quelle.is_some();
                assert_eq!(choices, matches!(f.typ, Typ::Auswahl | Typ::Mehrfach), "{name}.{}", f.name);
                assert_eq!(f.typ == Typ::Tabelle, !f.spalten.is_empty(), "{name}.{}", f.name);
                for s in &f.spalten {
                    let simple = matches!(s.typ, Typ::Text | Typ::Datum | Typ::Auswahl | Typ::Zahl);
                    assert!(simple && s.spalten.is_empty(), "{name}.{}.{}", f.name, s.name);
                    assert_eq!(
                        !s.optionen.is_empty() || s.quelle.is_some(),
                        s.typ == Typ::Auswahl,
                        "{name}.{}",
                        s.name
                    );
                }
                assert!(!f.arbeitstag || f.typ == Typ::Datum, "{name}.{}", f.name);
                assert_eq!(f.typ == Typ::Kontierung, !f.summe.is_empty(), "{name}.{}", f.name);
                assert!(f.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}.{}", f.name);
            }
        }
    }

    #[test]
    fn paths_reach_into_variables() {
        let v: serde_json::Map<_, _> =
            serde_json::from_str(r#"{"a":{"b":[{"c":"x"}],"n":null},"p":{"wert":"7","sicherheit":0.5}}"#).unwrap();
        assert_eq!(an_pfad(&v, "a.b.0.c").map(als_text).as_deref(), Some("x"));
        assert_eq!(an_pfad(&v, "p").map(als_text).as_deref(), Some("7"));
        for missing in ["a.n", "a.b.1.c", "a.b.c", "z", ""] {
            assert_eq!(an_pfad(&v, missing), None, "{missing}");
        }
    }
}
