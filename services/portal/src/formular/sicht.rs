// SPDX-License-Identifier: EUPL-1.2
//! A form as the template shows it.

use nachrichten::{Betrag, Werte, dokumente::Einheit};
use serde_json::Value;

use super::{Feld, Formular, Typ, als_text, an_pfad, eingabe::differenz};
use crate::{format, state::Options};

/// Under this confidence a proposal is told but not filled in.
const SICHER_AB: f64 = 0.7;

/// Where choices of the house come from.
pub struct Quellen<'a> {
    pub options: &'a Options,
    pub aktenplan: &'a [Einheit],
    /// Groups and persons that may sign, as `gruppe:<name>` and `person:<id>`.
    pub stellen: &'a [(String, String)],
}

/// One field, ready to show.
pub struct FeldSicht {
    pub name: String,
    pub id: String,
    pub label: String,
    pub typ: &'static str,
    pub pflicht: bool,
    pub selten: bool,
    pub hilfe: String,
    pub wert: String,
    pub optionen: Vec<OptionSicht>,
    pub fehler: String,
    /// "Vorschlag, 97 % · Betreff enthält „Rechnung“".
    pub vorschlag: String,
    pub zeilen: Vec<ZeileSicht>,
    /// Rows of a table: its cells as fields.
    pub reihen: Vec<Vec<FeldSicht>>,
    /// Account lines: the amount to reach, canonical for the script, and in German.
    pub summe: String,
    pub summe_text: String,
    pub rest: String,
}

impl FeldSicht {
    /// Ids for `aria-describedby`: hint, proposal, error.
    pub fn beschreibung(&self) -> String {
        let parts = [(&self.hilfe, "hilfe"), (&self.vorschlag, "vorschlag"), (&self.fehler, "fehler")];
        parts
            .into_iter()
            .filter(|(t, _)| !t.is_empty())
            .map(|(_, s)| format!("{}-{s}", self.id))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

pub struct OptionSicht {
    pub wert: String,
    pub label: String,
    pub gewaehlt: bool,
}

pub struct ZeileSicht {
    pub i: usize,
    pub nummer: usize,
    pub sachkonto: String,
    pub kostenstelle: String,
    pub betrag: String,
    pub fehler: Vec<(String, String)>,
}

impl ZeileSicht {
    /// Is this column wrong?
    pub fn falsch(&self, spalte: &str) -> bool {
        self.fehler.iter().any(|(id, _)| id.ends_with(spalte))
    }
}

pub struct KnopfSicht {
    pub name: String,
    pub label: String,
    pub taste: String,
    pub zeigt: String,
    pub haupt: bool,
}

/// The buttons, main act first.
pub fn knoepfe(form: &Formular) -> Vec<KnopfSicht> {
    let mut all: Vec<_> = form
        .knoepfe
        .iter()
        .map(|k| KnopfSicht {
            name: k.name.clone(),
            label: k.label.clone(),
            taste: k.taste.clone(),
            zeigt: k.taste.to_uppercase(),
            haupt: k.haupt,
        })
        .collect();
    all.sort_by_key(|k| !k.haupt);
    all
}

/// The fields with what was typed, else the proposals.
pub fn sicht(
    form: &Formular,
    variablen: &Werte,
    entwurf: &Werte,
    fehler: &[(String, String)],
    quellen: &Quellen,
    summe: Option<Betrag>,
) -> Vec<FeldSicht> {
    form.felder.iter().map(|f| feld(f, variablen, entwurf.get(&f.name), fehler, quellen, summe)).collect()
}

fn feld(
    f: &Feld,
    variablen: &Werte,
    typed: Option<&Value>,
    fehler: &[(String, String)],
    quellen: &Quellen,
    summe: Option<Betrag>,
) -> FeldSicht {
    let proposal =
        f.vorschlag.iter().find_map(|p| an_pfad(variablen, p)).filter(|v| !v.is_string() || v.as_str() != Some(""));
    let proposal = proposal.or(f.vorgabe.as_ref());
    let (proposed, reason) = proposal.map_or_else(Default::default, propose);
    let id = format!("f-{}", f.name);
    let mut wert = typed.map_or_else(|| proposed.wert.clone(), als_text);
    if f.typ == Typ::JaNein {
        wert = wert.replace("ja", "true").replace("nein", "false");
    }
    let shown = match f.typ {
        Typ::Datum => format::parse_tag(&wert).map_or(wert.clone(), |t| t.deutsch()),
        Typ::Betrag => format::parse_betrag(&wert).map_or(wert.clone(), format::zahl),
        _ => wert.clone(),
    };
    let many: Vec<String> = match (f.typ, typed.or(proposal)) {
        (Typ::Mehrfach, Some(Value::Array(list))) => list.iter().map(als_text).collect(),
        _ => Vec::new(),
    };
    let optionen = choices(f, quellen)
        .into_iter()
        .map(|(w, label)| OptionSicht { gewaehlt: w == wert || many.contains(&w), wert: w, label })
        .collect();
    let zeilen = if f.typ == Typ::Kontierung { rows(f, typed.or(proposal), fehler, summe) } else { Vec::new() };
    let reihen = if f.typ == Typ::Tabelle { table(f, typed.or(proposal), fehler, quellen) } else { Vec::new() };
    let total: Betrag = zeilen.iter().filter_map(|z| format::parse_betrag(&z.betrag)).sum();
    FeldSicht {
        name: format!("f.{}", f.name),
        label: f.label.clone(),
        typ: type_name(f.typ),
        pflicht: f.pflicht,
        selten: f.selten,
        hilfe: f.hilfe.clone(),
        wert: shown,
        optionen,
        fehler: fehler.iter().find(|(field, _)| *field == id).map(|(_, t)| t.clone()).unwrap_or_default(),
        vorschlag: words(f, &proposed, &reason, &wert, quellen),
        summe: summe.map(|b| b.to_string()).unwrap_or_default(),
        summe_text: summe.map(|b| format::betrag(b, None)).unwrap_or_default(),
        rest: differenz(total, summe).unwrap_or_else(|| "Die Aufteilung stimmt mit der Rechnung überein.".into()),
        zeilen,
        reihen,
        id,
    }
}

/// The rows of a table, and one more to fill.
fn table(f: &Feld, value: Option<&Value>, fehler: &[(String, String)], quellen: &Quellen) -> Vec<Vec<FeldSicht>> {
    let mut rows: Vec<Value> = value.and_then(Value::as_array).cloned().unwrap_or_default();
    let empty = |row: &Value| f.spalten.iter().all(|s| row.get(&s.name).map(als_text).unwrap_or_default().is_empty());
    if rows.last().is_none_or(|last| !empty(last)) {
        rows.push(Value::Object(Werte::new()));
    }
    let cell = |i: usize, row: &Value, s: &Feld| {
        let typed = row.get(&s.name).cloned().unwrap_or_default();
        let mut c = feld(s, &Werte::new(), Some(&typed), &[], quellen, None);
        c.id = format!("f-{}-{i}-{}", f.name, s.name);
        c.name = format!("f.{}.{i}.{}", f.name, s.name);
        c.fehler = fehler.iter().find(|(field, _)| *field == c.id).map(|(_, t)| t.clone()).unwrap_or_default();
        c
    };
    rows.iter().enumerate().map(|(i, row)| f.spalten.iter().map(|s| cell(i, row, s)).collect()).collect()
}

/// What the machine proposes.
#[derive(Default)]
struct Vorschlag {
    /// As it is.
    roh: String,
    /// What is filled in; empty when it is not sure enough.
    wert: String,
}

/// The proposal and how sure it is: "97 % · Betreff enthält „Rechnung“".
fn propose(v: &Value) -> (Vorschlag, String) {
    let roh = als_text(v);
    let percent = v.get("sicherheit").and_then(Value::as_f64);
    let grund = v.get("grund").and_then(Value::as_str).filter(|g| !g.is_empty());
    let words: Vec<String> =
        percent.map(|s| format!("{} %", percent_of(s))).into_iter().chain(grund.map(str::to_owned)).collect();
    let wert = if percent.is_some_and(|s| s < SICHER_AB) { String::new() } else { roh.clone() };
    (Vorschlag { roh, wert }, words.join(" · "))
}

/// The line under a field. The proposed value is only repeated when the field holds another one.
fn words(f: &Feld, p: &Vorschlag, reason: &str, wert: &str, quellen: &Quellen) -> String {
    if p.roh.is_empty() || f.typ == Typ::JaNein {
        return String::new();
    }
    let name =
        choices(f, quellen).into_iter().find(|(w, _)| *w == p.roh).map_or_else(|| shown(f.typ, &p.roh), |(_, l)| l);
    let value = match (p.wert.is_empty(), p.roh == wert) {
        (true, _) => format!("Kein sicherer Vorschlag: „{name}“"),
        (false, true) => "Vorschlag".to_owned(),
        (false, false) => format!("Vorschlag war: „{name}“"),
    };
    if reason.is_empty() { value } else { format!("{value}, {reason}") }
}

fn shown(typ: Typ, wert: &str) -> String {
    match typ {
        Typ::Datum => format::parse_tag(wert).map_or_else(|| wert.to_owned(), |t| t.deutsch()),
        Typ::Betrag => format::betrag_text(wert, None),
        _ => wert.to_owned(),
    }
}

fn percent_of(s: f64) -> u32 {
    (s.clamp(0.0, 1.0) * 100.0).round() as u32
}

fn choices(f: &Feld, quellen: &Quellen) -> Vec<(String, String)> {
    match f.quelle.as_deref() {
        // Several offices are asked for their co-signature, one office is responsible.
        Some("aemter") => quellen
            .options
            .aemter
            .iter()
            .filter(|a| f.typ != Typ::Mehrfach || a.mitzeichnung)
            .map(|a| (a.kennzeichen.clone(), format!("{} {}", a.kennzeichen, a.name)))
            .collect(),
        Some("gremien") => quellen.options.gremien.iter().map(|g| (g.clone(), g.clone())).collect(),
        Some("stellen") => quellen.stellen.to_vec(),
        Some(gruppen) if gruppen == "gruppen" || gruppen.starts_with("gruppen:") => {
            let only: Vec<&str> =
                gruppen.split_once(':').map(|(_, names)| names.split(',').collect()).unwrap_or_default();
            let fits = |name: &str| only.is_empty() || only.contains(&name.split('-').next().unwrap_or_default());
            let all = quellen.options.gruppen.iter().filter(|(name, _)| fits(name));
            all.map(|(name, titel)| (name.clone(), titel.clone())).collect()
        }
        Some("dokumentarten") => quellen.options.dokumentarten.clone(),
        Some("aktenplan") => quellen
            .aktenplan
            .iter()
            .map(|e| (e.kennzeichen.clone(), format!("{} {}", e.kennzeichen, e.titel)))
            .collect(),
        None if f.typ == Typ::JaNein => {
            [("true", "ja"), ("false", "nein")].map(|(w, l)| (w.to_owned(), l.to_owned())).to_vec()
        }
        _ => f.optionen.iter().map(|o| (o.wert.clone(), o.label.clone())).collect(),
    }
}

fn rows(f: &Feld, value: Option<&Value>, fehler: &[(String, String)], summe: Option<Betrag>) -> Vec<ZeileSicht> {
    let none = Vec::new();
    let list = value.and_then(Value::as_array).unwrap_or(&none);
    let mut out: Vec<_> = list
        .iter()
        .enumerate()
        .map(|(i, row)| {
            let get = |c: &str| row.get(c).map(als_text).unwrap_or_default();
            let betrag = get("betrag");
            let prefix = format!("f-{}-{i}-", f.name);
            ZeileSicht {
                i,
                nummer: i + 1,
                sachkonto: get("sachkonto"),
                kostenstelle: get("kostenstelle"),
                betrag: format::parse_betrag(&betrag).map_or(betrag, format::zahl),
                fehler: fehler.iter().filter(|(id, _)| id.starts_with(&prefix)).cloned().collect(),
            }
        })
        .collect();
    if out.is_empty() {
        let prefix = format!("f-{}-0-", f.name);
        out.push(ZeileSicht {
            i: 0,
            nummer: 1,
            sachkonto: String::new(),
            kostenstelle: String::new(),
            betrag: summe.map(format::zahl).unwrap_or_default(),
            fehler: fehler.iter().filter(|(id, _)| id.starts_with(&prefix)).cloned().collect(),
        });
    }
    out
}

fn type_name(typ: Typ) -> &'static str {
    match typ {
        Typ::Text => "text",
        Typ::Datum => "datum",
        Typ::Betrag => "betrag",
        Typ::Auswahl => "auswahl",
        Typ::Kontierung => "kontierung",
        Typ::Mehrfach => "mehrfach",
        Typ::Langtext => "langtext",
        Typ::Zahl | Typ::Kommazahl => "zahl",
        Typ::JaNein => "auswahl",
        Typ::Tabelle => "tabelle",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shown_for(vars: &str) -> FeldSicht {
        let form: Formular = serde_json::from_str(
            r#"{"titel":"T","felder":[{"name":"art","label":"Art","typ":"auswahl","pflicht":true,"quelle":"dokumentarten",
            "vorschlag":["a.b","c"]}],"knoepfe":[]}"#,
        )
        .unwrap();
        let vars: Werte = serde_json::from_str(vars).unwrap();
        let options = Options::default();
        sicht(&form, &vars, &Werte::new(), &[], &Quellen { options: &options, aktenplan: &[], stellen: &[] }, None)
            .remove(0)
    }

    #[test]
    fn a_sure_proposal_is_preselected_with_its_reason() {
        let f = shown_for(r#"{"a":{"b":{"wert":"rechnung","sicherheit":0.97,"grund":"Betreff enthält „Rechnung“"}}}"#);
        assert_eq!(
            (f.wert.as_str(), f.vorschlag.as_str()),
            ("rechnung", "Vorschlag, 97 % · Betreff enthält „Rechnung“")
        );
        assert!(f.optionen.iter().any(|o| o.gewaehlt && o.wert == "rechnung"));
    }

    #[test]
    fn an_unsure_proposal_is_told_but_never_filled_in() {
        let f = shown_for(r#"{"c":{"wert":"bescheid","sicherheit":0.4,"grund":""}}"#);
        assert_eq!((f.wert.as_str(), f.vorschlag.as_str()), ("", "Kein sicherer Vorschlag: „Bescheid“, 40 %"));
    }
}
