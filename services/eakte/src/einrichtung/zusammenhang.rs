// SPDX-License-Identifier: EUPL-1.2
//! What files and database say together: references, circles, persons that are one, and what somebody must know. Pure.

use std::collections::{BTreeMap, BTreeSet};

use service_platform::organisation::{
    Amt,
    pflege::{Art, Satz},
};

use super::{
    abgleich::Weise,
    lesen::Mangel,
    pruefen,
    tabellen::{self, Feld, TABELLEN, Tabelle, Was},
    zustaendigkeit,
};

pub(super) const PERSON: Was = Was::Organisation(Art::Person);
/// Columns of `personen.csv` behind the key.
pub(super) const VERZEICHNISNAME: usize = 3;
const MAIL: usize = 4;

/// A row as it will stand, and the line that says so.
#[derive(Clone, Debug)]
pub(super) struct Stand {
    pub satz: Satz,
    pub zeile: Option<u64>,
}

pub(super) type Bestand = BTreeMap<Was, BTreeMap<String, Stand>>;

pub(super) fn mangel(tabelle: &Tabelle, zeile: Option<u64>, spalte: usize, text: String) -> Mangel {
    Mangel { datei: tabelle.datei.to_owned(), zeile, spalte: tabelle.spalte(spalte).to_owned(), text }
}

pub(super) fn active(all: &Bestand, was: Was) -> impl Iterator<Item = (&str, &[String])> {
    let rows = all.get(&was).into_iter().flat_map(BTreeMap::values).filter(|s| s.satz.aktiv);
    rows.map(|s| (s.satz.schluessel.as_str(), s.satz.werte.as_slice()))
}

pub(super) fn text(werte: &[String], i: usize) -> String {
    werte.get(i).cloned().unwrap_or_default()
}

pub(super) fn offices(all: &Bestand) -> Vec<Amt> {
    let rows = active(all, Was::Organisation(Art::Amt));
    rows.map(|(nummer, w)| Amt { nummer: nummer.to_owned(), name: text(w, 0) }).collect()
}

fn holds(all: &Bestand, was: Was, key: &str) -> bool {
    all.get(&was).and_then(|rows| rows.get(key)).is_some_and(|s| s.satz.aktiv)
}

/// Everything that holds refers only to what holds.
pub(super) fn references(all: &Bestand, maengel: &mut Vec<Mangel>) {
    for tabelle in TABELLEN {
        for stand in all.get(&tabelle.was).into_iter().flat_map(BTreeMap::values).filter(|s| s.satz.aktiv) {
            let mut say = |spalte: usize, text: String| {
                // A row of the database has no line: it is named instead.
                let text = match stand.zeile {
                    Some(_) => text,
                    None => format!("{} „{}“ in der Datenbank: {text}", tabelle.einzahl, stand.satz.schluessel),
                };
                maengel.push(mangel(tabelle, stand.zeile, spalte, text));
            };
            for (i, spalte) in tabelle.spalten.iter().enumerate().skip(1) {
                let value = stand.satz.werte.get(i - 1).map_or("", String::as_str);
                match spalte.feld {
                    Feld::Verweis(was) if !value.is_empty() && !holds(all, was, value) => {
                        let there = tabellen::von(was).map_or(("", ""), |t| (t.einzahl, t.datei));
                        say(
                            i,
                            format!(
                                "{} „{value}“ gibt es nicht. Ergänzen Sie {} oder berichtigen Sie das Feld.",
                                there.0, there.1
                            ),
                        );
                    }
                    Feld::Gruppen => {
                        let amt = |amt: &str| holds(all, Was::Organisation(Art::Amt), amt);
                        let own = |name: &str| holds(all, Was::Organisation(Art::Gruppe), name);
                        for name in pruefen::list(value).iter().filter(|n| !pruefen::is_group(n, amt, own)) {
                            say(
                                i,
                                format!(
                                    "Die Gruppe „{name}“ gibt es nicht. Ergänzen Sie aemter.csv oder gruppen.csv, oder berichtigen Sie das Feld."
                                ),
                            );
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Nothing stands above itself.
pub(super) fn circles(all: &Bestand, maengel: &mut Vec<Mangel>) {
    for tabelle in TABELLEN {
        let Some(spalte) = tabelle.spalten.iter().position(|s| s.feld == Feld::Verweis(tabelle.was)) else { continue };
        let Some(rows) = all.get(&tabelle.was) else { continue };
        let above = |key: &str| rows.get(key).and_then(|s| s.satz.werte.get(spalte - 1)).map_or("", String::as_str);
        for (key, stand) in rows.iter().filter(|(_, s)| s.satz.aktiv) {
            let (mut way, mut at) = (vec![key.as_str()], above(key));
            while !at.is_empty() && !way.contains(&at) {
                way.push(at);
                at = above(at);
            }
            if at == key {
                way.push(at);
                let text =
                    format!("Der Weg nach oben führt im Kreis: {}. Eines davon muss oben stehen.", way.join(" → "));
                maengel.push(mangel(tabelle, stand.zeile, spalte, text));
            }
        }
    }
}

/// One person is one identity: no directory name and no address belongs to two.
pub(super) fn persons(all: &Bestand, andere: &BTreeMap<String, Stand>, neu: &Bestand, maengel: &mut Vec<Mangel>) {
    let (Some(tabelle), Some(rows), true) = (tabellen::von(PERSON), all.get(&PERSON), neu.contains_key(&PERSON)) else {
        return;
    };
    let everybody: BTreeMap<&String, &Stand> = andere.iter().chain(rows).collect();
    let mut keys: BTreeMap<String, &str> = BTreeMap::new();
    let mut owner: BTreeMap<(usize, String), &str> = BTreeMap::new();
    // Rows of the database first: the finding shall name a line of the file.
    let mut order: Vec<&Stand> = everybody.into_values().collect();
    order.sort_by_key(|s| s.zeile);
    for stand in order {
        let key = stand.satz.schluessel.as_str();
        if key.eq_ignore_ascii_case("cli") && stand.zeile.is_some() {
            maengel.push(mangel(
                tabelle,
                stand.zeile,
                0,
                "Diese Kennung gehört dem Programm. Wählen Sie eine andere.".to_owned(),
            ));
        }
        if let Some(other) = keys.insert(key.to_lowercase(), key) {
            let text = format!("Die Kennung unterscheidet sich nur in der Großschreibung von „{other}“.");
            maengel.push(mangel(tabelle, stand.zeile, 0, text));
        }
        for column in [VERZEICHNISNAME, MAIL] {
            let value = stand.satz.werte.get(column).map(|v| v.to_lowercase()).filter(|v| !v.is_empty());
            let Some(value) = value else { continue };
            // A shared mailbox of persons who left says nothing; a login name stays theirs.
            if column == MAIL && !stand.satz.aktiv {
                continue;
            }
            if let Some(other) = owner.insert((column, value), key) {
                let text = format!("Das gehört schon zu „{other}“. Zwei Personen können es nicht teilen.");
                maengel.push(mangel(tabelle, stand.zeile, column + 1, text));
            }
        }
    }
}

/// Nothing wrong, but somebody must know.
pub(super) fn hints(all: &Bestand, weise: &Weise) -> Vec<String> {
    let mut hints = Vec::new();
    let numbers: BTreeSet<String> = offices(all).into_iter().map(|a| a.nummer).collect();
    let with_unit: BTreeSet<String> = active(all, Was::Einheit).map(|(_, w)| text(w, 1)).collect();
    for amt in numbers.difference(&with_unit) {
        hints.push(format!(
            "Amt {amt} hat keine Einheit im Aktenplan: Post für dieses Amt legt die Poststelle von Hand ab."
        ));
    }
    let own = rechnung::leitweg::parse(&weise.leitweg).map(|l| l.coarse.to_owned());
    for (id, _) in active(all, Was::Organisation(Art::Leitweg)) {
        let coarse = rechnung::leitweg::parse(id).map(|l| l.coarse.to_owned());
        if own.is_some() && coarse != own {
            hints
                .push(format!("Die Leitweg-ID {id} beginnt anders als die der Stadt ({}). Stimmt das?", weise.leitweg));
        }
    }
    for (file, group, amt) in zustaendigkeit::offices_named() {
        if !numbers.contains(&amt) && !numbers.is_empty() {
            hints.push(format!(
                "{file} nennt die Gruppe „{group}“, aber es gibt kein Amt {amt}. Ändern Sie das unter Betrieb › Abläufe und Tabellen."
            ));
        }
    }
    hints
}
