// SPDX-License-Identifier: EUPL-1.2
//! The route of an Umlauf or a Mitzeichnung, and how a person changes its future part.
//!
//! The route is the variable `laufweg` of the process: the drawing walks over it stage by stage, so that a position put
//! in later is reached like any other. A change happens under the lock of the instance, against the version the person
//! saw, with its line in the Verlauf and its audit entry in the same commit. What was reached is never touched.

mod aenderung;

use engine::{Command, ElementInstanceId, State};
use nachrichten::{
    Actor, BlobHash, InstanceId, PersonId, TaskId, Timestamp, Werte,
    fehler::Fehler,
    laufweg::{Beteiligung, Laufweg, LaufwegAenderung, LaufwegEintrag, Position, Zeichnung},
};
use serde_json::{Value, json};
use service_platform::{args, audit, from_row, statements};

use aenderung::{Stelle, apply, nicht_moeglich, wort, zahl};

use crate::{
    Inner,
    aufgaben::away,
    fahrt::{Akt, Fahrt, FahrtFehler, InstanzRow},
    fassung, grund, sql,
};

/// The variable that holds it.
const LAUFWEG: &str = "laufweg";
/// The message by which a process ends in its own way.
const ZURUECKZIEHEN: &str = "Zurückziehen";

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

/// The positions of the process itself; None when it has no route.
fn stellen(variablen: &Werte) -> Option<Vec<Stelle>> {
    let list = variablen.get(LAUFWEG)?.as_array()?;
    Some(list.iter().filter_map(|v| v.as_object().cloned()).collect())
}

fn version(stellen: &[Stelle]) -> String {
    fassung::inhalt(&json!(stellen)).to_string()[..16].to_owned()
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
        if self.darf_sehen(actor, &row).await? {
            return Ok(row);
        }
        // Who may change it may see it, also when another process of theirs called it.
        let state: State = serde_json::from_str(&row.state).map_err(away)?;
        match self.berechtigt(actor, &row, &state.variables()).await? {
            Some(_) => Ok(row),
            None => Err(Fehler::not_found()),
        }
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
            // Asked, not signed, and asked again after a change: only the new question counts.
            .filter(|s| wort(s, "stand") != "ungueltig" || signed.iter().any(|(nr, _)| *nr == zahl(s, "nr")))
            .collect::<Vec<_>>()
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
        grund::pruefen(grund, "Schreiben Sie einen Grund dazu. Er steht im Verlauf.", nicht_moeglich)?;
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
        // The line of the withdrawal stands in the Verlauf under the name of who withdrew; the process may have more to do.
        let said = match als {
            Some(fuer) => format!("i. V. für {} · {grund}", self.name_of(fuer).await.map_err(away)?),
            None => grund.to_owned(),
        };
        let instance = ElementInstanceId(0);
        let process = fahrt.load(id).await.map_err(away)?.process.clone();
        fahrt.note(id, (&process, instance), "zurückgezogen", Some(said), Some(actor.person)).await.map_err(away)?;
        fahrt.akt = Some(Akt { instance: id, element: instance, person: actor.person, text: None });
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
