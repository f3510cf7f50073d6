// SPDX-License-Identifier: EUPL-1.2
//! The route of an Umlauf or a Mitzeichnung, and how a person changes its future part.
//!
//! The route is the variable `laufweg` of the process: the drawing walks over it stage by stage, so that a position put
//! in later is reached like any other. A change happens under the lock of the instance, against the version the person
//! saw, with its line in the Verlauf and its audit entry in the same commit. What was reached is never touched.

use engine::{Command, ElementInstanceId, State};
use nachrichten::{
    Actor, BlobHash, InstanceId, PersonId, TaskId, Timestamp, Werte,
    fehler::Fehler,
    laufweg::{Beteiligung, Laufweg, LaufwegAenderung, LaufwegEintrag, Ort, Position, Zeichnung},
};
use serde_json::{Map, Value, json};
use service_platform::{args, audit, from_row, statements, vertretung::GRUND_MAX};

use crate::{
    Inner,
    aufgaben::away,
    fahrt::{Akt, Fahrt, FahrtFehler, InstanzRow},
    fassung, sql,
};

/// The variable that holds it.
const LAUFWEG: &str = "laufweg";
/// The message by which a process ends in its own way.
const ZURUECKZIEHEN: &str = "Zurückziehen";
/// Most positions of one route.
const STELLEN_MAX: usize = 500;

statements! {
    // The head of the office, who started it, and who stands in for one of them now.
    BERECHTIGT = "SELECT s.fuer FROM platform_wirksam s WHERE s.person = $1 AND s.von <= $2 AND s.bis > $2 AND s.process IN ('*', $3) \
        AND (s.subjekt = $4 OR EXISTS (SELECT 1 FROM platform_recht r WHERE r.subjekt = s.subjekt AND r.objekt = $5 AND r.quelle = 'gestartet')) \
        ORDER BY CASE WHEN s.fuer = $1 THEN 0 ELSE 1 END, s.fuer LIMIT 1";
    ZEICHNUNGEN = "SELECT a.daten, a.werte, z.at, p.name, (SELECT f.name FROM platform_person f WHERE f.id = z.fuer), z.fassung, u.seit \
        FROM geschaeftsgang_zeichnung z JOIN geschaeftsgang_aufgabe a ON a.id = z.aufgabe JOIN platform_person p ON p.id = z.person \
        LEFT JOIN geschaeftsgang_ungueltig u ON u.aufgabe = z.aufgabe WHERE z.instanz = $1 ORDER BY z.at, z.aufgabe";
    OFFENE = "SELECT id, daten FROM geschaeftsgang_aufgabe WHERE instanz = $1 AND erledigt IS NULL";
    RUECKZUG = "SELECT abo FROM geschaeftsgang_abo WHERE instanz = $1 AND art = 'message' AND name = $2 ORDER BY abo LIMIT 1";
    ABO_WEG = "DELETE FROM geschaeftsgang_abo WHERE instanz = $1 AND abo = $2";
}

struct ZeichnungRow {
    daten: Value,
    werte: Option<Value>,
    zeit: Timestamp,
    person: String,
    fuer: Option<String>,
    fassung: Option<BlobHash>,
    ungueltig: Option<Timestamp>,
}
from_row!(ZeichnungRow { daten, werte, zeit, person, fuer, fassung, ungueltig });

type Stelle = Map<String, Value>;

fn zahl(stelle: &Stelle, name: &str) -> u32 {
    stelle.get(name).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok()).unwrap_or_default()
}

fn wort<'s>(stelle: &'s Stelle, name: &str) -> &'s str {
    stelle.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn offen(stelle: &Stelle) -> bool {
    wort(stelle, "stand") == "zukuenftig"
}

/// Reached, and still counting: the future begins after it.
fn erreicht(stelle: &Stelle) -> bool {
    matches!(wort(stelle, "stand"), "aktuell" | "erledigt")
}

/// The positions of the process itself; None when it has no route.
fn stellen(variablen: &Werte) -> Option<Vec<Stelle>> {
    let list = variablen.get(LAUFWEG)?.as_array()?;
    Some(list.iter().filter_map(|v| v.as_object().cloned()).collect())
}

fn version(stellen: &[Stelle]) -> String {
    fassung::inhalt(&json!(stellen)).to_string()[..16].to_owned()
}

fn nicht_moeglich(text: impl Into<String>) -> Fehler {
    Fehler::new("E3022", 422, text, "route change refused")
}

fn position_of(daten: &Value) -> Option<u32> {
    daten.get("position").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok())
}

fn zeichnung(row: ZeichnungRow) -> Option<(u32, Zeichnung)> {
    let nr = position_of(&row.daten)?;
    let text = |name: &str| Some(row.werte.as_ref()?.get(name)?.as_str()?.to_owned()).filter(|t| !t.trim().is_empty());
    let z = Zeichnung {
        entscheidung: text("entscheidung").unwrap_or_default(),
        bemerkung: text("bemerkung"),
        person: row.person,
        fuer: row.fuer,
        zeit: row.zeit,
        fassung: row.fassung,
        ungueltig: row.ungueltig,
    };
    Some((nr, z))
}

impl Inner {
    /// In whose place this person may change the route: `Some(None)` as themselves.
    async fn berechtigt(
        &self,
        actor: &Actor,
        row: &InstanzRow,
        variablen: &Werte,
    ) -> Result<Option<Option<PersonId>>, Fehler> {
        let amt = |name: &str| variablen.get(name).and_then(|v| v.get("amt")).and_then(Value::as_str);
        let gruppe = format!("gruppe:Amtsleitung-{}", amt("umlauf").or_else(|| amt("vorlage")).unwrap_or_default());
        // What a person started is the outermost process.
        let (mut root, mut parent) = (row.id, row.parent);
        while let Some(above) = parent {
            root = above;
            let next: Option<(Option<InstanceId>,)> =
                self.db.optional(&sql::INSTANZ_PARENT, args![above]).await.map_err(away)?;
            parent = next.and_then(|(p,)| p);
        }
        let values = args![actor.person, self.now(), &row.process, gruppe, format!("ablauf:{root}")];
        let first: Option<(PersonId,)> = self.db.optional(&BERECHTIGT, values).await.map_err(away)?;
        Ok(first.map(|(fuer,)| Some(fuer).filter(|f| *f != actor.person)))
    }

    async fn route_row(&self, actor: &Actor, id: InstanceId) -> Result<InstanzRow, Fehler> {
        let row: Option<InstanzRow> = self.db.optional(&sql::INSTANZ_READ, args![id]).await.map_err(away)?;
        let row = row.ok_or_else(Fehler::not_found)?;
        if self.darf_sehen(actor, &row).await? { Ok(row) } else { Err(Fehler::not_found()) }
    }

    pub(crate) async fn laufweg(&self, actor: &Actor, id: InstanceId) -> Result<Laufweg, Fehler> {
        let row = self.route_row(actor, id).await?;
        let state: State = serde_json::from_str(&row.state).map_err(away)?;
        let variablen = state.variables();
        let list = stellen(&variablen).ok_or_else(Fehler::not_found)?;
        let signed: Vec<ZeichnungRow> = self.db.all(&ZEICHNUNGEN, args![id]).await.map_err(away)?;
        let mut signed: Vec<(u32, Zeichnung)> = signed.into_iter().filter_map(zeichnung).collect();
        let open: Vec<(TaskId, Value)> = self.db.all(&OFFENE, args![id]).await.map_err(away)?;
        let laeuft = row.beendet.is_none();
        let aenderbar = laeuft && self.berechtigt(actor, &row, &variablen).await?.is_some();
        let version = version(&list);
        let mut positionen: Vec<Position> = list
            .into_iter()
            .map(|s| {
                let nr = zahl(&s, "nr");
                // The signature itself says more than the list, which takes it at the end of a stage.
                let zeichnung = signed.iter().rposition(|(n, _)| *n == nr).map(|i| signed.remove(i).1);
                let aufgabe = open.iter().find(|(_, d)| position_of(d) == Some(nr)).map(|(id, _)| *id);
                let stand = match (wort(&s, "stand"), &zeichnung, aufgabe) {
                    (_, _, Some(_)) => Beteiligung::Aktuell,
                    (_, Some(_), None) | ("erledigt", ..) => Beteiligung::Erledigt,
                    ("zukuenftig", ..) if laeuft => Beteiligung::Zukuenftig,
                    _ => Beteiligung::Uebersprungen,
                };
                Position {
                    nr,
                    stufe: zahl(&s, "stufe"),
                    name: wort(&s, "name").to_owned(),
                    gruppe: s.get("gruppe").and_then(Value::as_str).map(str::to_owned),
                    person: s.get("person").and_then(Value::as_str).and_then(|p| p.parse().ok()),
                    verfuegung: wort(&s, "verfuegung").to_owned(),
                    stand,
                    pflicht: s.get("pflicht") == Some(&Value::Bool(true)),
                    aufgabe,
                    zeichnung,
                    aenderungen: s
                        .get("eintraege")
                        .cloned()
                        .and_then(|v| serde_json::from_value(v).ok())
                        .unwrap_or_default(),
                }
            })
            .collect();
        positionen.sort_by_key(|p| (p.stufe, p.nr));
        Ok(Laufweg { ablauf: id, process: row.process, titel: row.titel, version, positionen, aenderbar, laeuft })
    }

    /// May act on this running process, with a reason; in whose place.
    async fn handlung(
        &self,
        actor: &Actor,
        id: InstanceId,
        grund: &str,
    ) -> Result<(InstanzRow, Option<PersonId>), Fehler> {
        let row = self.route_row(actor, id).await?;
        let state: State = serde_json::from_str(&row.state).map_err(away)?;
        let Some(als) = self.berechtigt(actor, &row, &state.variables()).await? else {
            let text = "Das dürfen die Amtsleitung und die Person, die den Ablauf begonnen hat.";
            return Err(Fehler::new("E3023", 403, text, "neither head of office nor starter"));
        };
        if grund.is_empty() {
            return Err(nicht_moeglich("Schreiben Sie einen Grund dazu. Er steht im Verlauf."));
        }
        if grund.chars().count() > GRUND_MAX {
            return Err(nicht_moeglich(format!("Der Grund ist zu lang. Kürzen Sie ihn auf {GRUND_MAX} Zeichen.")));
        }
        Ok((row, als))
    }

    pub(crate) async fn laufweg_aendern(
        &self,
        actor: &Actor,
        id: InstanceId,
        expected: &str,
        aenderung: &LaufwegAenderung,
        grund: &str,
    ) -> Result<String, Fehler> {
        let (grund, now) = (grund.trim(), self.now());
        let (row, als) = self.handlung(actor, id, grund).await?;
        let mut aenderung = aenderung.clone();
        if let LaufwegAenderung::Einfuegen { person: Some(p), gruppe, name, .. } = &mut aenderung {
            let known: Option<(String,)> = self.db.optional(&sql::PERSON_AKTIV, args![*p]).await.map_err(away)?;
            *name = known.ok_or_else(|| nicht_moeglich("Diese Person gibt es nicht mehr. Wählen Sie eine andere."))?.0;
            *gruppe = None;
        }
        let mut tx = self.db.begin().await.map_err(away)?;
        let mut fahrt = Fahrt::new(self, &mut tx, now);
        let here = fahrt.load(id).await.map_err(away)?;
        if here.angehalten || here.beendet.is_some() {
            return Err(nicht_moeglich("Dieser Ablauf läuft nicht. Sein Laufweg bleibt, wie er ist."));
        }
        let mut list = stellen(&fahrt.variablen(id)).ok_or_else(Fehler::not_found)?;
        if version(&list) != expected {
            let text = "Der Laufweg hat sich geändert, seit Sie die Seite geöffnet haben: Eine Stelle wurde erreicht oder jemand hat ihn geändert. Prüfen Sie ihn und ändern Sie ihn dann.";
            return Err(Fehler::new("E3021", 412, text, "route moved on"));
        }
        let note = |art: &str| {
            json!(LaufwegEintrag { art: art.to_owned(), von: actor.name.clone(), zeit: now, grund: grund.to_owned() })
        };
        let text = apply(&mut list, &aenderung, note)?;
        let new_version = version(&list);
        let said = format!("{text}: {grund}");
        let said = match als {
            Some(fuer) => format!("i. V. für {} · {said}", self.name_of(fuer).await.map_err(away)?),
            None => said,
        };
        let process = ElementInstanceId(0);
        fahrt.akt = Some(Akt { instance: id, element: process, person: actor.person, text: Some(said) });
        let variables = Werte::from_iter([(LAUFWEG.to_owned(), json!(list))]);
        fahrt.command(id, Command::SetVariables { scope: process, variables }).await.map_err(failed)?;
        fahrt.finish().await.map_err(away)?;
        let chain = format!("ablauf:{id}");
        let data = json!({ "aenderung": aenderung, "grund": grund, "von": expected, "nach": new_version, "in_vertretung_fuer": als });
        let entry = audit::Entry {
            chain: &chain,
            at: now,
            actor: &audit::person(actor),
            act: "laufweg geändert",
            object: &chain,
            data,
        };
        audit::append(&mut tx, entry).await.map_err(away)?;
        tx.commit().await.map_err(away)?;
        tracing::info!(ablauf.id = %id, process = row.process, "route changed");
        Ok(new_version)
    }

    pub(crate) async fn zurueckziehen(&self, actor: &Actor, id: InstanceId, grund: &str) -> Result<(), Fehler> {
        let (grund, now) = (grund.trim(), self.now());
        let (_, als) = self.handlung(actor, id, grund).await?;
        let mut tx = self.db.begin().await.map_err(away)?;
        let mut fahrt = Fahrt::new(self, &mut tx, now);
        if fahrt.load(id).await.map_err(away)?.angehalten {
            return Err(nicht_moeglich("Der Betrieb hat diesen Ablauf angehalten. Versuchen Sie es später erneut."));
        }
        let abo: Option<(i64,)> = fahrt.tx().optional(&RUECKZUG, args![id, ZURUECKZIEHEN]).await.map_err(away)?;
        let Some((abo,)) = abo else {
            return Err(nicht_moeglich("Dieser Ablauf ist schon zu Ende oder kann nicht zurückgezogen werden."));
        };
        fahrt.tx().execute(&ABO_WEG, args![id, abo]).await.map_err(away)?;
        let werte = Werte::from_iter([
            ("grund".to_owned(), json!(grund)),
            ("person".to_owned(), json!({ "id": actor.person, "name": actor.name })),
            ("zeit".to_owned(), json!(now)),
        ]);
        // The line of the withdrawal stands in the Verlauf under the name of who withdrew.
        let said = match als {
            Some(fuer) => format!("i. V. für {} · zurückgezogen: {grund}", self.name_of(fuer).await.map_err(away)?),
            None => format!("zurückgezogen: {grund}"),
        };
        let process = ElementInstanceId(0);
        fahrt.akt = Some(Akt { instance: id, element: process, person: actor.person, text: Some(said) });
        let command = Command::Message { subscription: abo as u64, variables: werte };
        fahrt.command(id, command).await.map_err(failed)?;
        let (jobs, timers) = fahrt.finish().await.map_err(away)?;
        let chain = format!("ablauf:{id}");
        let data = json!({ "grund": grund, "in_vertretung_fuer": als });
        let entry = audit::Entry {
            chain: &chain,
            at: now,
            actor: &audit::person(actor),
            act: "zurückgezogen",
            object: &chain,
            data,
        };
        audit::append(&mut tx, entry).await.map_err(away)?;
        tx.commit().await.map_err(away)?;
        if jobs {
            self.auftraege.notify_one();
        }
        if timers {
            self.fristen.notify_one();
        }
        Ok(())
    }
}

fn failed(error: FahrtFehler) -> Fehler {
    match error {
        FahrtFehler::Rejected(_) => nicht_moeglich("Dieser Ablauf ist inzwischen zu Ende."),
        error => away(error),
    }
}

/// Changes the list; the answer is what was done, in words.
fn apply(list: &mut Vec<Stelle>, aenderung: &LaufwegAenderung, note: impl Fn(&str) -> Value) -> Result<String, Fehler> {
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
