// SPDX-License-Identifier: EUPL-1.2
//! What a task of the Beschlusswesen shows beside its form: the Vorlage or Umlauf, and the facts of this step.

use nachrichten::Werte;
use serde_json::Value;

use super::sichten::Fakt;
use crate::{format, formular::als_text, state::Options};

/// Facts of a step, from the task's own data: name and label.
const SCHRITT: &[(&str, &str)] = &[
    ("grund", "Grund"),
    ("hinweis", "Hinweis"),
    ("ungueltig", "Abstimmung ungültig"),
    ("antrag", "Antrag"),
    ("gremium", "Gremium"),
    ("termin", "Tag"),
    ("spaetestens", "Spätestens am"),
    ("letzter_tag", "Letzter Tag für den Versand"),
    ("angenommene_aenderungen", "Angenommene Änderungen"),
    ("massgaben", "Mit Maßgabe zugestimmt"),
    ("hinweise", "Mit Hinweis mitgezeichnet"),
    ("art", "Beteiligung"),
    ("teil", "Was zu tun ist"),
    ("sachstand", "Letzter Sachstand"),
    ("ergebnis", "Ergebnis"),
];

/// Facts, paragraphs of the text to read, and whether it is non-public.
pub fn sicht(variablen: &Werte, daten: &Werte, options: &Options) -> (Vec<Fakt>, Vec<String>, bool) {
    let vorlage = variablen.get("vorlage").and_then(Value::as_object);
    let umlauf = variablen.get("umlauf").and_then(Value::as_object);
    if vorlage.is_none() && umlauf.is_none() {
        return Default::default();
    }
    let mut rows: Vec<Fakt> = daten_fakten(daten);
    if let Some(u) = umlauf {
        let get = |key: &str| u.get(key).map(als_text).unwrap_or_default();
        rows.extend([("Von", get("von")), ("Worum es geht", get("text"))].map(|(l, w)| (l, w)));
    }
    let mut text = String::new();
    let mut nicht = false;
    if let Some(v) = vorlage {
        let get = |key: &str| v.get(key).map(als_text).unwrap_or_default();
        nicht = get("sichtbarkeit") == "nichtoeffentlich";
        rows.push(("Öffentlichkeit", if nicht { "nichtöffentlich" } else { "öffentlich" }.to_owned()));
        if v.contains_key("text") {
            rows.extend(vorlage_fakten(v, options));
        }
        let decided = variablen.get("beschlusstext").and_then(Value::as_str);
        text = decided.map_or_else(|| get("text"), str::to_owned);
    }
    if let Some(minutes) = variablen.get("niederschrift").and_then(|n| n.get("text")).and_then(Value::as_str) {
        text = minutes.to_owned();
    }
    let text = text.split('\n').map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect();
    (rows.into_iter().filter(|(_, v)| !v.is_empty()).collect(), text, nicht)
}

fn daten_fakten(daten: &Werte) -> Vec<Fakt> {
    let shown = |key: &str| {
        let value = daten.get(key).map(als_text).unwrap_or_default();
        match key {
            "termin" | "spaetestens" | "letzter_tag" => format::parse_tag(&value).map_or(value, |t| t.deutsch()),
            "massgaben" | "hinweise" if value == "0" => String::new(),
            _ => value.replace('_', " "),
        }
    };
    let mut rows: Vec<Fakt> = SCHRITT.iter().map(|(key, label)| (*label, shown(key))).collect();
    if daten.get("nachtrag") == Some(&Value::Bool(true)) {
        rows.push(("Versand", "Der letzte Tag ist vorbei. Nur als Nachtrag mit Grund.".to_owned()));
    }
    rows
}

fn vorlage_fakten(v: &Werte, options: &Options) -> Vec<Fakt> {
    let get = |key: &str| v.get(key).map(als_text).unwrap_or_default();
    let aemter = v.get("aemter").and_then(Value::as_array).into_iter().flatten();
    let aemter: Vec<_> = aemter.map(|a| options.amt_name(&als_text(a))).collect();
    let money = Some(get("finanziell")).filter(|f| !f.is_empty());
    let folge = v.get("beratungsfolge").and_then(Value::as_array).into_iter().flatten();
    let folge: Vec<String> = folge
        .map(|s| {
            let part = |key: &str| s.get(key).map(als_text).unwrap_or_default();
            let rolle = match part("rolle").as_str() {
                "anhoerung" => "Anhörung".to_owned(),
                other => {
                    let mut c = other.chars();
                    c.next().map(|f| f.to_uppercase().chain(c).collect()).unwrap_or_default()
                }
            };
            let termin = format::parse_tag(&part("termin")).map(|t| format!(", {}", t.deutsch())).unwrap_or_default();
            format!("{} ({rolle}{termin})", part("gremium"))
        })
        .collect();
    let klima = [get("klima"), get("klima_text")].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(": ");
    vec![
        ("Von", get("von")),
        ("Mitzeichnung", aemter.join(", ")),
        ("Finanzielle Auswirkung", money.map_or_else(|| "keine".to_owned(), |f| format::betrag_text(&f, None))),
        ("Auswirkung auf das Klima", klima),
        ("Beratungsfolge", folge.join(", ")),
    ]
}
