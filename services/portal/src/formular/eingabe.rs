// SPDX-License-Identifier: EUPL-1.2
//! From what a person typed to checked values.

use nachrichten::{Betrag, Werte};
use serde_json::{Value, json};

use super::{Feld, Formular, Knopf, Typ, als_text};
use crate::{format, sitzung::Felder};

/// Most account lines of one invoice.
const ZEILEN_MAX: usize = 100;
/// Longest text of a field in characters.
const TEXT_MAX: usize = 20_000;

/// Errors of a form: id of the input and a German sentence.
pub type Meldungen = Vec<(String, String)>;

/// The raw input as a draft: texts as typed, lists for `mehrfach`, objects for account lines.
pub fn lesen(form: &Formular, felder: &Felder) -> Werte {
    let mut out = Werte::new();
    for f in &form.felder {
        let key = format!("f.{}", f.name);
        let value = match f.typ {
            Typ::Mehrfach => {
                Value::from(felder.all(&key).filter(|v| !v.is_empty()).map(str::to_owned).collect::<Vec<_>>())
            }
            Typ::Kontierung => {
                let part = |i: usize, column: &str| felder.get(&format!("{key}.{i}.{column}")).to_owned();
                let rows = (0..ZEILEN_MAX).take_while(|i| felder.has(&format!("{key}.{i}.betrag")));
                let rows = rows.map(|i| json!({ "sachkonto": part(i, "sachkonto"), "kostenstelle": part(i, "kostenstelle"), "betrag": part(i, "betrag") }));
                Value::from(rows.collect::<Vec<_>>())
            }
            Typ::Tabelle => Value::from(zeilen(f, &key, felder)),
            _ => Value::from(felder.get(&key).chars().take(TEXT_MAX).collect::<String>()),
        };
        out.insert(f.name.clone(), value);
    }
    out
}

/// The rows of a table as typed, empty ones included: a person may be about to fill them.
fn zeilen(f: &Feld, key: &str, felder: &Felder) -> Vec<Value> {
    let rows = (0..ZEILEN_MAX).take_while(|i| f.spalten.iter().any(|s| felder.has(&format!("{key}.{i}.{}", s.name))));
    let cell = |i: usize, s: &Feld| {
        Value::from(felder.get(&format!("{key}.{i}.{}", s.name)).chars().take(TEXT_MAX).collect::<String>())
    };
    rows.map(|i| Value::Object(f.spalten.iter().map(|s| (s.name.clone(), cell(i, s))).collect())).collect()
}

/// Checks a draft for the act `knopf`; `summe` is what account lines must add up to.
///
/// # Errors
/// One sentence per wrong field, in the form's order.
pub fn pruefen(form: &Formular, knopf: &Knopf, entwurf: &Werte, summe: Option<Betrag>) -> Result<Werte, Meldungen> {
    let mut werte = Werte::new();
    let mut wrong = Meldungen::new();
    let summe = teilbetrag(knopf, entwurf, summe).unwrap_or_else(|error| {
        wrong.push(error);
        None
    });
    werte.insert("entscheidung".into(), Value::from(knopf.name.clone()));
    for f in &form.felder {
        let raw = entwurf.get(&f.name).unwrap_or(&Value::Null);
        let needed = knopf.braucht.contains(&f.name);
        let required = needed || if knopf.grund_pflicht { f.name == "bemerkung" } else { f.pflicht };
        match one(f, raw, required, knopf, summe) {
            Ok(Value::Null) => {}
            Ok(value) => {
                werte.insert(f.name.clone(), value);
            }
            // Sending something back must not fail because of an unfinished field.
            Err(_) if knopf.grund_pflicht && f.name != "bemerkung" && !needed => {}
            Err(mut errors) => wrong.append(&mut errors),
        }
    }
    if wrong.is_empty() { Ok(werte) } else { Err(wrong) }
}

/// What this act is about: the amount, or the part of it that was typed.
///
/// # Errors
/// The typed part is not a part: zero, of the other sign, or not less. An empty or unreadable one is told with its field.
pub fn teilbetrag(knopf: &Knopf, entwurf: &Werte, summe: Option<Betrag>) -> Result<Option<Betrag>, (String, String)> {
    let Some(name) = &knopf.summe else { return Ok(summe) };
    let Some(teil) = entwurf.get(name).and_then(|v| format::parse_betrag(&als_text(v))) else { return Ok(None) };
    match summe {
        Some(ganz)
            if teil.is_zero() || teil.is_sign_negative() != ganz.is_sign_negative() || teil.abs() >= ganz.abs() =>
        {
            let text = format!("Der anerkannte Betrag muss kleiner sein als {}.", format::betrag(ganz, None));
            Err((format!("f-{name}"), text))
        }
        _ => Ok(Some(teil)),
    }
}

fn one(f: &Feld, raw: &Value, required: bool, knopf: &Knopf, summe: Option<Betrag>) -> Result<Value, Meldungen> {
    let id = format!("f-{}", f.name);
    let err = |text: String| Err(vec![(id.clone(), text)]);
    match f.typ {
        Typ::Kontierung => return kontierung(f, raw, required, summe),
        Typ::Tabelle => return tabelle(f, raw, required, knopf),
        Typ::Mehrfach => {
            let list = raw.as_array().cloned().unwrap_or_default();
            return if required && list.is_empty() { err(missing(f)) } else { Ok(Value::from(list)) };
        }
        _ => {}
    }
    let text = als_text(raw).trim().to_owned();
    if text.is_empty() {
        return match (required, knopf.grund_pflicht && f.name == "bemerkung") {
            (true, true) => err("Nennen Sie einen Grund. Er steht später im Verlauf.".into()),
            (true, false) => err(missing(f)),
            _ => Ok(Value::Null),
        };
    }
    match f.typ {
        Typ::Datum => match format::parse_tag(&text) {
            Some(tag) => Ok(Value::from(tag.to_string())),
            None => err(format!("„{text}“ ist kein Datum. Schreiben Sie es so: 23.11.2026.")),
        },
        Typ::Betrag => match format::parse_betrag(&text) {
            Some(b) => Ok(Value::from(b.to_string())),
            None => err(format!("„{text}“ ist kein Betrag. Schreiben Sie ihn so: 1.190,00.")),
        },
        Typ::Zahl => match text.parse::<u32>() {
            Ok(n) => Ok(Value::from(n)),
            Err(_) => err(format!("„{text}“ ist keine Zahl. Schreiben Sie zum Beispiel 24.")),
        },
        Typ::Kommazahl => match format::zahl_lesen(&text) {
            Some(n) => Ok(Value::Number(n)),
            None => err(format!("„{text}“ ist keine Zahl. Schreiben Sie zum Beispiel 12 oder 1,5.")),
        },
        Typ::JaNein => match text.as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => err(missing(f)),
        },
        Typ::Auswahl if f.quelle.is_none() && !f.optionen.iter().any(|o| o.wert == text) => err(missing(f)),
        _ => Ok(Value::from(text)),
    }
}

/// What stands in the fields that want a working day, with the field's anchor.
pub fn arbeitstage(form: &Formular, werte: &Werte) -> Vec<(String, nachrichten::Tag)> {
    let days = form.felder.iter().filter(|f| f.arbeitstag).filter_map(|f| {
        let tag: nachrichten::Tag = werte.get(&f.name)?.as_str()?.parse().ok()?;
        Some((format!("f-{}", f.name), tag))
    });
    days.collect()
}

/// Days that are past, or on which the city does not work; beside each stands the day itself or the next working day.
pub fn keine_arbeitstage(
    days: Vec<(String, nachrichten::Tag, nachrichten::Tag)>,
    heute: nachrichten::Tag,
) -> Meldungen {
    days.into_iter()
        .filter_map(|(id, tag, next)| {
            let text = match tag {
                past if past < heute => "Dieser Tag ist schon vorbei. Wählen Sie einen späteren Tag.".to_owned(),
                day if next != day => {
                    format!("Der {} ist kein Arbeitstag. Der nächste ist der {}.", day.deutsch(), next.deutsch())
                }
                _ => return None,
            };
            Some((id, text))
        })
        .collect()
}

fn missing(f: &Feld) -> String {
    match (f.fehlt.as_str(), f.typ) {
        ("", Typ::Auswahl | Typ::Mehrfach | Typ::JaNein) => format!("Wählen Sie bei „{}“ etwas aus.", f.label),
        ("", _) => format!("Füllen Sie das Feld „{}“ aus.", f.label),
        (own, _) => own.to_owned(),
    }
}

/// Rows: each cell checked as its column says; empty rows are left out.
fn tabelle(f: &Feld, raw: &Value, required: bool, knopf: &Knopf) -> Result<Value, Meldungen> {
    let (mut rows, mut wrong) = (Vec::new(), Meldungen::new());
    for (i, row) in raw.as_array().into_iter().flatten().enumerate() {
        if f.spalten.iter().all(|s| row.get(&s.name).map(als_text).unwrap_or_default().trim().is_empty()) {
            continue;
        }
        let mut out = Werte::new();
        for s in &f.spalten {
            match one(s, row.get(&s.name).unwrap_or(&Value::Null), s.pflicht, knopf, None) {
                // FEEL tells a missing name from an empty one; rows always carry all names.
                Ok(value) => drop(out.insert(s.name.clone(), value)),
                Err(errors) => wrong.extend(
                    errors
                        .into_iter()
                        .map(|(_, text)| (format!("f-{}-{i}-{}", f.name, s.name), format!("Zeile {}: {text}", i + 1))),
                ),
            }
        }
        rows.push(Value::Object(out));
    }
    if wrong.is_empty() && rows.is_empty() && required {
        wrong.push((format!("f-{}-0-{}", f.name, f.spalten.first().map_or("", |s| &s.name)), missing(f)));
    }
    if wrong.is_empty() { Ok(if rows.is_empty() { Value::Null } else { Value::from(rows) }) } else { Err(wrong) }
}

/// Account lines: each with Sachkonto, Kostenstelle (8 digits) and amount; the sum must be the invoice's.
fn kontierung(f: &Feld, raw: &Value, required: bool, summe: Option<Betrag>) -> Result<Value, Meldungen> {
    let mut wrong = Meldungen::new();
    let mut rows = Vec::new();
    let mut total = Betrag::ZERO;
    let none = Vec::new();
    for (i, row) in raw.as_array().unwrap_or(&none).iter().enumerate() {
        let get = |column: &str| row.get(column).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        let (sachkonto, kostenstelle, betrag) = (get("sachkonto"), get("kostenstelle"), get("betrag"));
        if sachkonto.is_empty() && kostenstelle.is_empty() && (betrag.is_empty() || i > 0) {
            continue;
        }
        let mut say = |column: &str, text: &str| wrong.push((format!("f-{}-{i}-{column}", f.name), text.to_owned()));
        let digits =
            |s: &str, n: std::ops::RangeInclusive<usize>| n.contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(&sachkonto, 4..=8) {
            say("sachkonto", "Tragen Sie ein Sachkonto ein. Es hat 4 bis 8 Ziffern, zum Beispiel 44310000.");
        }
        if !digits(&kostenstelle, 8..=8) {
            say("kostenstelle", "Tragen Sie eine Kostenstelle ein. Sie hat 8 Ziffern, zum Beispiel 66010200.");
        }
        match format::parse_betrag(&betrag) {
            Some(b) => {
                total += b;
                rows.push(json!({ "sachkonto": sachkonto, "kostenstelle": kostenstelle, "betrag": b.to_string() }));
            }
            None => say("betrag", "Tragen Sie einen Betrag ein, zum Beispiel 1.190,00."),
        }
    }
    if wrong.is_empty() && rows.is_empty() && required {
        wrong.push((format!("f-{}-0-sachkonto", f.name), missing(f)));
    }
    if wrong.is_empty()
        && !rows.is_empty()
        && let Some(text) = differenz(total, summe)
    {
        wrong.push((format!("f-{}-0-betrag", f.name), text));
    }
    if wrong.is_empty() { Ok(if rows.is_empty() { Value::Null } else { Value::from(rows) }) } else { Err(wrong) }
}

/// The sentence when lines and invoice differ; None when they agree or nothing is known.
pub fn differenz(total: Betrag, summe: Option<Betrag>) -> Option<String> {
    let summe = summe?;
    let rest = summe - total;
    if rest.is_zero() {
        return None;
    }
    let eur = |b| format::betrag(b, None);
    let (verb, b) = if rest.is_sign_positive() == summe.is_sign_positive() {
        ("Es fehlen", rest.abs())
    } else {
        ("Es sind zu viel", rest.abs())
    };
    Some(format!("Die Aufteilung ergibt {}. Die Rechnung hat {}. {verb} {}.", eur(total), eur(summe), eur(b)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn form() -> Formular {
        serde_json::from_str(
            r#"{"titel":"T","felder":[
              {"name":"datum","label":"Datum","typ":"datum","pflicht":true},
              {"name":"art","label":"Art","typ":"auswahl","pflicht":true,"optionen":[{"wert":"a","label":"A"}]},
              {"name":"kontierung","label":"Kontierung","typ":"kontierung","pflicht":true,"summe":"x"},
              {"name":"bemerkung","label":"Bemerkung","typ":"langtext"}],
            "knoepfe":[{"name":"freigeben","label":"Freigeben","taste":"f","haupt":true},
                       {"name":"zurueck","label":"Zurückgeben","taste":"r","grund_pflicht":true}]}"#,
        )
        .unwrap()
    }
    fn fields(pairs: &[(&str, &str)]) -> Felder {
        Felder(pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect())
    }
    const FULL: &[(&str, &str)] = &[
        ("f.datum", "23.11.2026"),
        ("f.art", "a"),
        ("f.kontierung.0.sachkonto", "44310000"),
        ("f.kontierung.0.kostenstelle", "66010200"),
        ("f.kontierung.0.betrag", "1.100,00"),
        ("f.kontierung.1.sachkonto", "44310000"),
        ("f.kontierung.1.kostenstelle", "66010300"),
        ("f.kontierung.1.betrag", "90"),
    ];

    #[test]
    fn complete_input_becomes_normal_values() {
        let form = form();
        let draft = lesen(&form, &fields(FULL));
        let werte = pruefen(&form, &form.knoepfe[0], &draft, Some("1190".parse().unwrap())).unwrap();
        let want = json!({"entscheidung":"freigeben","datum":"2026-11-23","art":"a","kontierung":[
            {"sachkonto":"44310000","kostenstelle":"66010200","betrag":"1100.00"},
            {"sachkonto":"44310000","kostenstelle":"66010300","betrag":"90"}]});
        assert_eq!(Value::from(werte), want);
    }

    #[test]
    fn a_wrong_sum_is_told_with_the_difference() {
        let form = form();
        let draft = lesen(&form, &fields(&FULL[..5]));
        let wrong = pruefen(&form, &form.knoepfe[0], &draft, Some("1190".parse().unwrap())).unwrap_err();
        let text = "Die Aufteilung ergibt 1.100,00\u{a0}€. Die Rechnung hat 1.190,00\u{a0}€. Es fehlen 90,00\u{a0}€.";
        assert_eq!(wrong, [("f-kontierung-0-betrag".to_owned(), text.to_owned())]);
    }

    #[test]
    fn each_missing_field_is_named_once() {
        let form = form();
        let wrong =
            pruefen(&form, &form.knoepfe[0], &lesen(&form, &fields(&[("f.datum", "gestern")])), None).unwrap_err();
        let ids: Vec<_> = wrong.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["f-datum", "f-art", "f-kontierung-0-sachkonto"]);
    }

    #[test]
    fn sending_back_needs_a_reason_and_nothing_else() {
        let form = form();
        let back = &form.knoepfe[1];
        let wrong = pruefen(&form, back, &lesen(&form, &fields(&[])), None).unwrap_err();
        assert_eq!(wrong.len(), 1);
        assert_eq!(wrong[0].0, "f-bemerkung");
        let draft = lesen(&form, &fields(&[("f.bemerkung", "Seite 2 fehlt"), ("f.datum", "unklar")]));
        assert_eq!(
            Value::from(pruefen(&form, back, &draft, None).unwrap()),
            json!({"entscheidung":"zurueck","bemerkung":"Seite 2 fehlt"})
        );
    }

    #[test]
    fn a_part_is_less_than_the_whole_and_sums_up() {
        let form: Formular = serde_json::from_str(
            r#"{"titel":"T","felder":[
              {"name":"kontierung","label":"Kontierung","typ":"kontierung","pflicht":true,"summe":"x"},
              {"name":"anerkannt","label":"Anerkannt","typ":"betrag","selten":true},
              {"name":"bemerkung","label":"Bemerkung","typ":"langtext"}],
            "knoepfe":[{"name":"kuerzen","label":"Kürzen","taste":"t","haupt":true,"summe":"anerkannt","braucht":["anerkannt","bemerkung"]}]}"#,
        )
        .unwrap();
        let b = |s: &str| s.parse::<Betrag>().unwrap();
        let konto = |betrag| {
            [
                ("f.kontierung.0.sachkonto", "44310000"),
                ("f.kontierung.0.kostenstelle", "66010200"),
                ("f.kontierung.0.betrag", betrag),
            ]
        };
        let check = |betrag: &'static str, more: &[(&str, &str)], ganz: &str| {
            let draft = lesen(&form, &fields(&[&konto(betrag)[..], more].concat()));
            pruefen(&form, &form.knoepfe[0], &draft, Some(b(ganz)))
        };
        let cut: &[(&str, &str)] = &[("f.anerkannt", "1.000,00"), ("f.bemerkung", "Pos. 3 fehlt")];
        assert_eq!(check("1.000,00", cut, "1190").unwrap()["anerkannt"], "1000.00");
        let ids = |r: Result<Werte, Meldungen>| r.unwrap_err().into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        assert_eq!(ids(check("1.190,00", cut, "1190")), ["f-kontierung-0-betrag"], "the part is what must add up");
        assert_eq!(ids(check("1.000,00", cut, "1000")), ["f-anerkannt"], "not less");
        assert_eq!(ids(check("1.000,00", cut, "-1190")), ["f-anerkannt"], "the other sign");
        assert_eq!(ids(check("1.190,00", &[], "1190")), ["f-anerkannt", "f-bemerkung"]);
    }

    #[test]
    fn a_table_is_rows_of_checked_cells() {
        let form: Formular = serde_json::from_str(
            r#"{"titel":"T","felder":[{"name":"folge","label":"Folge","typ":"tabelle","pflicht":true,"spalten":[
              {"name":"gremium","label":"Gremium","typ":"text","pflicht":true},{"name":"termin","label":"Termin","typ":"datum"},
              {"name":"zahl","label":"Zahl","typ":"zahl"}]},{"name":"bis","label":"Bis","typ":"datum"}],
            "knoepfe":[{"name":"a","label":"A","taste":"f","haupt":true},{"name":"b","label":"B","taste":"h","braucht":["bis"]}]}"#,
        )
        .unwrap();
        let typed = fields(&[
            ("f.folge.0.gremium", "Rat"),
            ("f.folge.0.termin", "15.12.2026"),
            ("f.folge.0.zahl", "24"),
            ("f.folge.1.gremium", ""),
            ("f.folge.1.termin", ""),
            ("f.folge.1.zahl", ""),
            ("f.folge.2.gremium", "Ausschuss"),
        ]);
        let draft = lesen(&form, &typed);
        assert_eq!(draft["folge"].as_array().unwrap().len(), 3, "the draft keeps the empty row");
        let werte = Value::from(pruefen(&form, &form.knoepfe[0], &draft, None).unwrap());
        assert_eq!(
            werte["folge"],
            json!([{"gremium":"Rat","termin":"2026-12-15","zahl":24},{"gremium":"Ausschuss","termin":null,"zahl":null}])
        );
        let wrong =
            lesen(&form, &fields(&[("f.folge.0.gremium", ""), ("f.folge.0.termin", "bald"), ("f.folge.0.zahl", "-1")]));
        let ids: Vec<_> =
            pruefen(&form, &form.knoepfe[0], &wrong, None).unwrap_err().into_iter().map(|e| e.0).collect();
        assert_eq!(ids, ["f-folge-0-gremium", "f-folge-0-termin", "f-folge-0-zahl"]);
        let none = pruefen(&form, &form.knoepfe[0], &lesen(&form, &fields(&[])), None).unwrap_err();
        assert_eq!(none[0].0, "f-folge-0-gremium");
        let needs = pruefen(&form, &form.knoepfe[1], &draft, None).unwrap_err();
        assert_eq!(needs, [("f-bis".to_owned(), "Füllen Sie das Feld „Bis“ aus.".to_owned())]);
    }

    #[test]
    fn credit_notes_add_up_with_their_sign() {
        let b = |s: &str| s.parse::<Betrag>().unwrap();
        assert_eq!(differenz(b("-100"), Some(b("-100"))), None);
        assert!(differenz(b("-90"), Some(b("-100"))).unwrap().contains("Es fehlen 10,00"));
        assert!(differenz(b("120"), Some(b("100"))).unwrap().contains("Es sind zu viel 20,00"));
    }
}
