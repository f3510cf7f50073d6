// SPDX-License-Identifier: EUPL-1.2
//! Example rows and own inputs of a decision table: how they are shown and how they are typed.

use nachrichten::{
    Werte,
    fassungen::{Beispiel, Geprobt, Probe, Tabellenbild},
    fehler::Fehler,
};
use serde_json::{Map, Value, json};

use crate::{format, rahmen::encode, sitzung::Felder};

/// Word for "null", shown and typed.
const LEER: &str = "leer";

/// A value for the eye.
pub fn wert(v: &Value) -> String {
    match v {
        Value::Null => LEER.to_owned(),
        Value::Bool(true) => "ja".to_owned(),
        Value::Bool(false) => "nein".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(wert).collect::<Vec<_>>().join("; "),
        Value::Object(map) => map.iter().map(|(k, v)| format!("{k}: {}", wert(v))).collect::<Vec<_>>().join("; "),
        Value::Number(n) => n.to_string().replace('.', ","),
    }
}

/// The same where the declared type is known: an amount travels as text, and is written with a comma.
fn typisiert(v: &Value, typ: &str) -> String {
    match v {
        Value::String(text) if art(typ) == "number" => text.replace('.', ","),
        other => wert(other),
    }
}

/// A type without its prefix.
fn art(typ: &str) -> &str {
    typ.rsplit(':').next().unwrap_or(typ)
}

fn paare(v: &Value) -> Vec<(String, String)> {
    match v {
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), wert(v))).collect(),
        other => vec![("Ergebnis".to_owned(), wert(other))],
    }
}

/// What a person typed, as the declared type; an empty field is no value.
///
/// # Errors
/// A German sentence naming the field.
fn lesen(name: &str, typ: &str, text: &str, eingabe: bool) -> Result<Option<Value>, String> {
    let text = text.trim();
    Ok(Some(match (text, art(typ)) {
        ("", _) => return Ok(None),
        (LEER, _) => Value::Null,
        ("ja" | "true", "boolean") => true.into(),
        ("nein" | "false", "boolean") => false.into(),
        (_, "boolean") => return Err(format!("Schreiben Sie bei „{name}“ ja oder nein.")),
        (_, "number") => {
            let plain = format::parse_betrag(text).map_or_else(|| text.replace(',', "."), |b| b.to_string());
            let number: serde_json::Number =
                plain.parse().map_err(|_| format!("„{name}“ ist eine Zahl, zum Beispiel 50.000,00."))?;
            // Amounts travel as text in the processes, and so in the rows.
            if eingabe { Value::String(plain) } else { Value::Number(number) }
        }
        _ => Value::String(text.to_owned()),
    }))
}

/// A typed field: name in the form, label, hint, value.
pub struct FeldSicht {
    pub id: String,
    pub label: String,
    pub typ: &'static str,
    pub wert: String,
}

fn feld(prefix: &str, (name, typ): &(String, String), wert: String) -> FeldSicht {
    let typ = match art(typ) {
        "number" => "Zahl",
        "boolean" => "ja oder nein",
        "date" => "Datum, zum Beispiel 2026-11-23",
        _ => "Text",
    };
    FeldSicht { id: format!("{prefix}_{name}"), label: name.clone(), typ, wert }
}

pub struct BeispielZeile {
    pub nr: usize,
    pub eingabe: Vec<(String, String)>,
    pub erwartet: Vec<(String, String)>,
    pub stimmt: bool,
    /// What is wrong: name, expected, got.
    pub abweichungen: Vec<(String, String, String)>,
    pub fehler: String,
    pub treffer: String,
    pub stadt: bool,
    pub bearbeiten: String,
}

/// Own input and what came of it.
pub struct ProbeSicht {
    pub fehler: String,
    pub ergebnis: Vec<(String, String)>,
    pub treffer: String,
    /// The rows that fit: number and cells with their heads.
    pub zeilen: Vec<(u32, Vec<(String, String)>)>,
}

/// What `teil_beispiele.html` shows.
pub struct TabelleSicht {
    pub pfad: String,
    pub name: String,
    pub trefferregel: String,
    pub spalten: Vec<String>,
    pub zeilen: Vec<(usize, Vec<String>)>,
    pub beispiele: Vec<BeispielZeile>,
    pub summe: String,
    /// The rows may be changed here.
    pub aendern: bool,
    /// Row in the form, from 1; 0 = a new one.
    pub nr: usize,
    pub eingaben: Vec<FeldSicht>,
    pub ausgaben: Vec<FeldSicht>,
    pub grund: String,
    pub proben: Vec<FeldSicht>,
    pub probe: Option<ProbeSicht>,
}

/// "Zeile 3", "Zeilen 3 und 5", "keine Zeile".
fn treffer(zeilen: &[u32], regel: &str) -> String {
    let first = matches!(regel, "FIRST").then(|| zeilen.iter().min().copied()).flatten();
    match (zeilen, first) {
        ([], _) => "keine Zeile".to_owned(),
        (_, Some(n)) => format!("Zeile {n}"),
        ([one], _) => format!("Zeile {one}"),
        (all, _) => format!("Zeilen {}", all.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")),
    }
}

fn regel_wort(regel: &str) -> String {
    let word = match regel {
        "FIRST" => "Die erste passende Zeile gilt.",
        "UNIQUE" => "Genau eine Zeile darf passen.",
        "ANY" => "Mehrere Zeilen dürfen passen, wenn sie dasselbe sagen.",
        "COLLECT" => "Alle passenden Zeilen gelten.",
        "RULE ORDER" => "Alle passenden Zeilen gelten, in ihrer Reihenfolge.",
        "PRIORITY" => "Die passende Zeile mit dem wichtigsten Ergebnis gilt.",
        "OUTPUT ORDER" => "Alle passenden Zeilen gelten, nach Wichtigkeit.",
        other => return format!("Trefferregel {other}."),
    };
    word.to_owned()
}

pub fn urteil(all: usize, failed: usize) -> String {
    match (all, failed) {
        (0, _) => "Es gibt noch keine Beispiele.".to_owned(),
        (1, 0) => "Das eine Beispiel stimmt.".to_owned(),
        (n, 0) => format!("Alle {n} Beispiele stimmen."),
        (n, 1) => format!("1 von {n} Beispielen stimmt nicht."),
        (n, f) => format!("{f} von {n} Beispielen stimmen nicht."),
    }
}

fn zeile(nr: usize, g: &Geprobt, bild: &Tabellenbild, pfad: &str) -> BeispielZeile {
    let typ = |name: &str| bild.eingaben.iter().find(|(n, _)| n == name).map_or("", |(_, typ)| typ.as_str());
    BeispielZeile {
        nr,
        eingabe: g.beispiel.eingabe.iter().map(|(name, v)| (name.clone(), typisiert(v, typ(name)))).collect(),
        erwartet: paare(&g.beispiel.erwartet),
        stimmt: g.stimmt(),
        abweichungen: g.abweichungen.iter().map(|(n, a, b)| (n.clone(), wert(a), wert(b))).collect(),
        fehler: g.probe.fehler.clone().unwrap_or_default(),
        treffer: treffer(&g.probe.zeilen, &bild.trefferregel),
        stadt: g.beispiel.stadt,
        bearbeiten: format!("{pfad}?zeile={nr}#beispiel-titel"),
    }
}

/// What of a table is shown and filled in.
pub struct Anlass<'a> {
    pub pfad: String,
    pub aendern: bool,
    /// Row in the form.
    pub nr: usize,
    /// Fields of a form that was refused; they stay as typed.
    pub felder: Option<&'a Felder>,
}

pub fn sicht(
    bild: &Tabellenbild,
    beispiele: &[Geprobt],
    anlass: Anlass<'_>,
    probe: Option<(&Werte, Probe)>,
) -> TabelleSicht {
    let Anlass { pfad, aendern, nr, felder } = anlass;
    let row = nr.checked_sub(1).and_then(|i| beispiele.get(i)).map(|g| &g.beispiel);
    let nr = if row.is_some() { nr } else { 0 };
    let typed = |prefix: &str, name: &str| felder.map(|f| f.get(&format!("{prefix}_{name}")).to_owned());
    let of = |v: Option<&Value>| v.map(wert).unwrap_or_default();
    let input = |v: Option<&Value>, typ: &str| v.map(|v| typisiert(v, typ)).unwrap_or_default();
    let eingaben = bild.eingaben.iter().map(|e| {
        let stored = || input(row.and_then(|b| b.eingabe.get(&e.0)), &e.1);
        feld("e", e, typed("e", &e.0).unwrap_or_else(stored))
    });
    let ausgaben = bild.ausgaben.iter().map(|a| {
        let stored = || match row.map(|b| &b.erwartet) {
            Some(Value::Object(map)) => of(map.get(&a.0)),
            other => of(other),
        };
        feld("a", a, typed("a", &a.0).unwrap_or_else(stored))
    });
    let (eingaben, ausgaben) = (eingaben.collect(), ausgaben.collect());
    let asked = probe.as_ref().map(|(given, _)| *given);
    let proben = bild.eingaben.iter().map(|e| feld("p", e, input(asked.and_then(|w| w.get(&e.0)), &e.1))).collect();
    let probe = probe.map(|(_, p)| ProbeSicht {
        fehler: p.fehler.clone().unwrap_or_default(),
        ergebnis: paare(&p.ergebnis),
        treffer: treffer(&p.zeilen, &bild.trefferregel),
        zeilen: p
            .zeilen
            .iter()
            .take(if bild.trefferregel == "FIRST" { 1 } else { 20 })
            .filter_map(|n| Some((*n, bild.zeilen.get((*n as usize).checked_sub(1)?)?)))
            .map(|(n, cells)| {
                (n, bild.spalten.iter().cloned().zip(cells.iter().cloned()).filter(|(_, c)| c != "-").collect())
            })
            .collect(),
    });
    let mut rows: Vec<BeispielZeile> =
        beispiele.iter().enumerate().map(|(i, g)| zeile(i + 1, g, bild, &pfad)).collect();
    // What is wrong comes first.
    rows.sort_by_key(|z| (z.stimmt, z.nr));
    let failed = rows.iter().filter(|z| !z.stimmt).count();
    TabelleSicht {
        summe: urteil(rows.len(), failed),
        name: bild.name.clone(),
        trefferregel: regel_wort(&bild.trefferregel),
        spalten: bild.spalten.clone(),
        zeilen: bild.zeilen.iter().cloned().enumerate().map(|(i, z)| (i + 1, z)).collect(),
        beispiele: rows,
        grund: felder.map(|f| f.get("grund").to_owned()).unwrap_or_default(),
        pfad,
        aendern,
        nr,
        eingaben,
        ausgaben,
        proben,
        probe,
    }
}

/// Own input of the address (`p_<name>`); None when nothing was asked.
pub fn gefragt(bild: &Tabellenbild, get: impl Fn(&str) -> String) -> Result<Option<Werte>, String> {
    if get("probe").is_empty() {
        return Ok(None);
    }
    let mut input = Werte::new();
    for (name, typ) in &bild.eingaben {
        if let Some(value) = lesen(name, typ, &get(&format!("p_{name}")), true)? {
            input.insert(name.clone(), value);
        }
    }
    Ok(Some(input))
}

/// The rows after this form was sent.
pub fn neue_zeilen(bild: &Tabellenbild, alt: &[Geprobt], felder: &Felder) -> Result<Vec<Beispiel>, Fehler> {
    let refuse = |text: String| Fehler::new("E3044", 422, text, "example row not readable");
    let mut rows: Vec<Beispiel> = alt.iter().map(|g| g.beispiel.clone()).collect();
    let nr: usize = felder.get("nr").parse().unwrap_or(0);
    // Somebody else changed the rows in between: the numbers mean others now.
    if felder.get("stand") != stand(alt) {
        return Err(Fehler::new(
            "E3042",
            409,
            "Die Beispiele haben sich inzwischen geändert. Laden Sie die Seite neu.",
            "rows changed",
        ));
    }
    if felder.get("tun") == "entfernen" {
        if nr == 0 || nr > rows.len() {
            return Err(refuse("Dieses Beispiel gibt es nicht mehr.".to_owned()));
        }
        rows.remove(nr - 1);
        return Ok(rows);
    }
    let mut eingabe = Werte::new();
    for (name, typ) in &bild.eingaben {
        if let Some(v) = lesen(name, typ, felder.get(&format!("e_{name}")), true).map_err(refuse)? {
            eingabe.insert(name.clone(), v);
        }
    }
    let mut expected = Map::new();
    for (name, typ) in &bild.ausgaben {
        if let Some(v) = lesen(name, typ, felder.get(&format!("a_{name}")), false).map_err(refuse)? {
            expected.insert(name.clone(), v);
        }
    }
    if expected.is_empty() {
        return Err(refuse("Tragen Sie mindestens ein erwartetes Ergebnis ein.".to_owned()));
    }
    let nameless = bild.ausgaben.len() == 1 && expected.contains_key("");
    let erwartet = if nameless { expected.remove("").unwrap_or_default() } else { json!(expected) };
    let row = Beispiel { eingabe, erwartet, stadt: true };
    match nr.checked_sub(1).and_then(|i| rows.get_mut(i)) {
        Some(slot) => *slot = row,
        None => rows.push(row),
    }
    Ok(rows)
}

/// Tells whether the rows are still those of the page.
pub fn stand(alt: &[Geprobt]) -> String {
    let rows: Vec<&Beispiel> = alt.iter().map(|g| &g.beispiel).collect();
    nachrichten::BlobHash::of(json!(rows).to_string().as_bytes()).to_string()
}

/// Address of a table's version.
pub fn pfad(name: &str, version: u32) -> String {
    format!("/betrieb/tabellen/{}/{version}", encode(name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn typed_values_take_the_declared_type() {
        let read = |typ: &str, text: &str, input| lesen("x", typ, text, input);
        assert_eq!(read("number", "50.000,01", true), Ok(Some(json!("50000.01"))));
        assert_eq!(read("number", "5", false), Ok(Some(json!(5))));
        assert_eq!(read("number", "0,125", true), Ok(Some(json!("0.125"))));
        assert_eq!(typisiert(&json!("50000.01"), "feel:number"), "50000,01");
        assert_eq!(read("boolean", "ja", false), Ok(Some(json!(true))));
        assert_eq!(read("feel:string", "leer", false), Ok(Some(Value::Null)));
        assert_eq!(read("string", "  ", true), Ok(None));
        assert!(read("number", "viel", true).is_err() && read("boolean", "vielleicht", true).is_err());
    }

    #[test]
    fn the_first_row_that_fits_is_named() {
        assert_eq!(treffer(&[4, 2], "FIRST"), "Zeile 2");
        assert_eq!(treffer(&[2, 4], "COLLECT"), "Zeilen 2, 4");
        assert_eq!(treffer(&[], "UNIQUE"), "keine Zeile");
        assert_eq!(urteil(32, 1), "1 von 32 Beispielen stimmt nicht.");
    }
}
