// SPDX-License-Identifier: EUPL-1.2
//! What a change does to the list of positions: pure, nothing reached is touched.

use nachrichten::{
    fehler::Fehler,
    laufweg::{LaufwegAenderung, Ort},
};
use serde_json::{Map, Value, json};

/// Most positions of one route.
const STELLEN_MAX: usize = 500;

pub(super) type Stelle = Map<String, Value>;

pub(super) fn zahl(stelle: &Stelle, name: &str) -> u32 {
    stelle.get(name).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok()).unwrap_or_default()
}

pub(super) fn wort<'s>(stelle: &'s Stelle, name: &str) -> &'s str {
    stelle.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn offen(stelle: &Stelle) -> bool {
    wort(stelle, "stand") == "zukuenftig"
}

/// Reached, and still counting: the future begins after it.
fn erreicht(stelle: &Stelle) -> bool {
    matches!(wort(stelle, "stand"), "aktuell" | "erledigt")
}

pub(super) fn nicht_moeglich(text: impl Into<String>) -> Fehler {
    Fehler::new("E3022", 422, text, "route change refused")
}

/// Changes the list; the answer is what was done, in words.
pub(super) fn apply(
    list: &mut Vec<Stelle>,
    aenderung: &LaufwegAenderung,
    note: impl Fn(&str) -> Value,
) -> Result<String, Fehler> {
    match aenderung {
        LaufwegAenderung::Einfuegen { ort, name, gruppe, person, verfuegung } => {
            if gruppe.as_deref().unwrap_or_default().is_empty() && person.is_none() {
                return Err(nicht_moeglich("Wählen Sie aus, wer zeichnen soll."));
            }
            if list.len() >= STELLEN_MAX {
                return Err(nicht_moeglich(format!("Ein Laufweg hat höchstens {STELLEN_MAX} Stellen.")));
            }
            let same = |s: &Stelle| {
                (offen(s) || wort(s, "stand") == "aktuell")
                    && s.get("gruppe").and_then(Value::as_str) == gruppe.as_deref()
                    && s.get("person").and_then(Value::as_str) == person.map(|p| p.to_string()).as_deref()
            };
            if list.iter().any(same) {
                return Err(nicht_moeglich(format!("„{name}“ steht schon im Laufweg und hat noch nicht gezeichnet.")));
            }
            let stufe = stage(list, *ort)?;
            let nr = list.iter().map(|s| zahl(s, "nr")).max().unwrap_or_default() + 1;
            let amt = gruppe.as_deref().and_then(|g| g.strip_prefix("Mitzeichnung-"));
            let new = json!({ "nr": nr, "stufe": stufe, "name": name, "gruppe": gruppe, "person": person, "amt": amt,
                "verfuegung": verfuegung, "stand": "zukuenftig", "eingefuegt": true, "eintraege": [note("eingefuegt")] });
            list.extend(new.as_object().cloned());
            Ok(format!("„{name}“ in den Laufweg eingefügt"))
        }
        LaufwegAenderung::Verschieben { nr, ort } => {
            let at = future(list, *nr)?;
            if matches!(ort, Ort::Neben(other) | Ort::Nach(other) if other == nr) {
                return Err(nicht_moeglich("Wählen Sie eine andere Stelle als Ziel."));
            }
            let stufe = stage(list, *ort)?;
            list[at].insert("stufe".into(), stufe.into());
            mark(&mut list[at], note("verschoben"));
            Ok(format!("„{}“ im Laufweg verschoben", wort(&list[at], "name")))
        }
        LaufwegAenderung::Entfernen { nr } => {
            let at = future(list, *nr)?;
            if list[at].get("pflicht") == Some(&Value::Bool(true)) {
                return Err(nicht_moeglich("Diese Stelle ist vorgeschrieben und kann nicht entfallen."));
            }
            let others = list.iter().enumerate().any(|(i, s)| i != at && (offen(s) || erreicht(s)));
            if !others {
                return Err(nicht_moeglich("Die letzte Stelle kann nicht entfallen. Ziehen Sie den Umlauf zurück."));
            }
            list[at].insert("stand".into(), "uebersprungen".into());
            list[at].insert("entfernt".into(), true.into());
            mark(&mut list[at], note("entfernt"));
            Ok(format!("„{}“ aus dem Laufweg genommen", wort(&list[at], "name")))
        }
    }
}

fn mark(stelle: &mut Stelle, note: Value) {
    match stelle.get_mut("eintraege").and_then(Value::as_array_mut) {
        Some(list) => list.push(note),
        None => drop(stelle.insert("eintraege".into(), json!([note]))),
    }
}

fn find(list: &[Stelle], nr: u32) -> Result<usize, Fehler> {
    list.iter().position(|s| zahl(s, "nr") == nr).ok_or_else(|| nicht_moeglich("Diese Stelle gibt es nicht."))
}

/// A position that was not reached.
fn future(list: &[Stelle], nr: u32) -> Result<usize, Fehler> {
    let at = find(list, nr)?;
    if offen(&list[at]) {
        return Ok(at);
    }
    Err(nicht_moeglich("Diese Stelle ist schon erreicht. Nur was noch kommt, kann geändert werden."))
}

/// The stage for a position; later ones make room.
fn stage(list: &mut [Stelle], ort: Ort) -> Result<u32, Fehler> {
    let last_reached = list.iter().filter(|s| erreicht(s)).map(|s| zahl(s, "stufe")).max().unwrap_or_default();
    match ort {
        Ort::Neben(nr) => Ok(zahl(&list[future(list, nr)?], "stufe")),
        Ort::Ende => {
            let open = list.iter().filter(|s| offen(s) || erreicht(s));
            Ok(open.map(|s| zahl(s, "stufe")).max().unwrap_or_default().max(last_reached) + 1)
        }
        Ort::Nach(nr) => {
            let after = zahl(&list[find(list, nr)?], "stufe");
            if after < last_reached {
                return Err(nicht_moeglich(
                    "Diese Stelle liegt schon zurück. Fügen Sie nach der Stelle ein, die jetzt zeichnet, oder später.",
                ));
            }
            for s in list.iter_mut().filter(|s| offen(s) && zahl(s, "stufe") > after) {
                let stufe = zahl(s, "stufe") + 1;
                s.insert("stufe".into(), stufe.into());
            }
            Ok(after + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn list(stands: &[(u32, &str)]) -> Vec<Stelle> {
        let of = |(i, (stufe, stand)): (usize, &(u32, &str))| json!({ "nr": i + 1, "stufe": stufe, "gruppe": format!("G{}", i + 1), "person": null, "name": format!("Stelle {}", i + 1), "stand": stand });
        stands.iter().enumerate().map(of).map(|v| v.as_object().unwrap().clone()).collect()
    }

    fn change(list: &mut Vec<Stelle>, a: LaufwegAenderung) -> Result<String, String> {
        apply(list, &a, |art| json!({ "art": art })).map_err(|f| f.text.0)
    }

    fn einfuegen(ort: Ort) -> LaufwegAenderung {
        LaufwegAenderung::Einfuegen {
            ort,
            name: "Rechtsamt".into(),
            gruppe: Some("Mitzeichnung-30".into()),
            person: None,
            verfuegung: "mitzeichnung".into(),
        }
    }

    fn order(list: &[Stelle]) -> Vec<(u32, u32)> {
        let mut all: Vec<_> = list.iter().map(|s| (zahl(s, "stufe"), zahl(s, "nr"))).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn a_new_position_comes_after_the_present_one_and_later_ones_make_room() {
        let route = || list(&[(1, "erledigt"), (2, "aktuell"), (3, "zukuenftig")]);
        let mut r = route();
        change(&mut r, einfuegen(Ort::Nach(2))).unwrap();
        assert_eq!(order(&r), [(1, 1), (2, 2), (3, 4), (4, 3)]);
        assert_eq!(r[3]["amt"], "30");
        let mut r = route();
        change(&mut r, einfuegen(Ort::Neben(3))).unwrap();
        assert_eq!(order(&r), [(1, 1), (2, 2), (3, 3), (3, 4)]);
        let mut r = route();
        change(&mut r, einfuegen(Ort::Ende)).unwrap();
        assert_eq!(order(&r), [(1, 1), (2, 2), (3, 3), (4, 4)]);
        let again = change(&mut r, einfuegen(Ort::Ende)).unwrap_err();
        assert!(again.contains("steht schon im Laufweg"), "{again}");
    }

    #[test]
    fn what_was_reached_stays_as_it_is() {
        let mut r = list(&[(1, "erledigt"), (2, "aktuell"), (3, "zukuenftig"), (4, "zukuenftig")]);
        let before = r.clone();
        for (a, why) in [
            (einfuegen(Ort::Nach(1)), "liegt schon zurück"),
            (einfuegen(Ort::Neben(2)), "schon erreicht"),
            (einfuegen(Ort::Nach(9)), "gibt es nicht"),
            (LaufwegAenderung::Entfernen { nr: 1 }, "schon erreicht"),
            (LaufwegAenderung::Entfernen { nr: 2 }, "schon erreicht"),
            (LaufwegAenderung::Verschieben { nr: 2, ort: Ort::Ende }, "schon erreicht"),
            (LaufwegAenderung::Verschieben { nr: 3, ort: Ort::Nach(3) }, "andere Stelle"),
        ] {
            let text = change(&mut r, a.clone()).unwrap_err();
            assert!(text.contains(why), "{a:?}: {text}");
            assert_eq!(r, before, "{a:?}");
        }
    }

    #[test]
    fn the_future_can_be_moved_and_taken_out_but_not_emptied() {
        let mut r = list(&[(1, "aktuell"), (2, "zukuenftig"), (3, "zukuenftig")]);
        change(&mut r, LaufwegAenderung::Verschieben { nr: 3, ort: Ort::Nach(1) }).unwrap();
        assert_eq!(order(&r), [(1, 1), (2, 3), (3, 2)]);
        change(&mut r, LaufwegAenderung::Entfernen { nr: 2 }).unwrap();
        assert_eq!((wort(&r[1], "stand"), r[1]["eintraege"][0]["art"].as_str()), ("uebersprungen", Some("entfernt")));
        r[2].insert("pflicht".into(), true.into());
        assert!(change(&mut r, LaufwegAenderung::Entfernen { nr: 3 }).unwrap_err().contains("vorgeschrieben"));

        let mut r = list(&[(1, "zukuenftig")]);
        assert!(change(&mut r, LaufwegAenderung::Entfernen { nr: 1 }).unwrap_err().contains("letzte Stelle"));
    }

    #[test]
    fn void_positions_do_not_hold_the_future_back() {
        // After a changed document: 1 is void and comes again as 3, in its stage.
        let mut r = list(&[(1, "ungueltig"), (2, "zukuenftig"), (1, "zukuenftig")]);
        change(&mut r, einfuegen(Ort::Nach(3))).unwrap();
        assert_eq!(order(&r), [(1, 1), (1, 3), (2, 4), (3, 2)]);
    }
}
