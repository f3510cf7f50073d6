// SPDX-License-Identifier: EUPL-1.2
//! What operators do to running processes: stop and go on, take a step back or start one, set a variable, end it, and
//! move everything that runs on one version to another. Each act has a reason and stands in the audit trail.

use engine::{Command, ElementInstanceId, MigrationPlan};
use nachrichten::{
    Actor, DefinitionId, InstanceId, Timestamp, Werte,
    ablaeufe::{Eingriff, Umzug, UmzugBericht, Version},
    fehler::Fehler,
};
use serde_json::{Value, json};
use service_platform::{
    args, audit,
    db::{DbError, Tx},
    from_row, rechte,
};

use crate::{
    Geschaeftsgang, Inner,
    aufgaben::away,
    fahrt::{Fahrt, FahrtFehler},
    sql,
};

impl Inner {
    pub(crate) async fn operator(&self, actor: &Actor, grund: &str) -> Result<(), Fehler> {
        if !rechte::is(&self.db, actor.person, "rolle:Betrieb").await.map_err(away)? {
            let text = "Diese Handlung ist dem Betrieb vorbehalten.";
            return Err(Fehler::new("E7003", 403, text, "role Betrieb is missing"));
        }
        if grund.trim().is_empty() {
            return Err(Fehler::new("E3007", 422, "Tragen Sie einen Grund ein.", "reason missing"));
        }
        Ok(())
    }

    async fn note(&self, tx: &mut Tx, actor: &Actor, id: InstanceId, act: &str, data: Value) -> Result<(), DbError> {
        let chain = format!("ablauf:{id}");
        let entry =
            audit::Entry { chain: &chain, at: self.now(), actor: &audit::person(actor), act, object: &chain, data };
        audit::append(tx, entry).await
    }

    /// Stops an instance and everything it called, or lets it go on.
    async fn stop(&self, tx: &mut Tx, id: InstanceId, stop: bool) -> Result<u64, DbError> {
        let mut open = vec![id];
        let mut changed = 0;
        while let Some(id) = open.pop() {
            changed += tx.execute(&sql::ANHALTEN, args![id, stop]).await?;
            tx.execute(&sql::FRIST_RUHT, args![id, stop]).await?;
            tx.execute(&sql::MAHNUNG_RUHT, args![id, stop]).await?;
            match stop {
                true => tx.execute(&sql::AUFTRAG_ANHALTEN, args![id]).await?,
                false => tx.execute(&sql::AUFTRAG_WEITER, args![id, self.now()]).await?,
            };
            let children: Vec<(InstanceId,)> = tx.all(&sql::KINDER, args![id]).await?;
            open.extend(children.into_iter().map(|(id,)| id));
        }
        Ok(changed)
    }

    pub(crate) async fn eingreifen(
        &self,
        actor: &Actor,
        id: InstanceId,
        eingriff: Eingriff,
        grund: &str,
    ) -> Result<(), Fehler> {
        self.operator(actor, grund).await?;
        let mut tx = self.db.begin().await.map_err(away)?;
        let known: Option<(bool,)> = tx.optional(&sql::ANGEHALTEN, args![id]).await.map_err(away)?;
        known.ok_or_else(Fehler::not_found)?;
        let data = json!({ "eingriff": eingriff, "grund": grund });
        let (act, command) = match eingriff {
            Eingriff::Anhalten | Eingriff::Fortsetzen => {
                let stop = matches!(eingriff, Eingriff::Anhalten);
                if self.stop(&mut tx, id, stop).await.map_err(away)? == 0 {
                    let text = if stop { "Der Ablauf steht schon." } else { "Der Ablauf ist nicht angehalten." };
                    return Err(Fehler::new("E3008", 409, text, "nothing to stop or resume"));
                }
                (if stop { "angehalten" } else { "fortgesetzt" }, None)
            }
            Eingriff::SchrittAbbrechen { schritt } => {
                ("schritt abgebrochen", Some(Command::CancelElement { instance: ElementInstanceId(schritt) }))
            }
            Eingriff::SchrittErledigen { schritt, werte } => {
                let instance = ElementInstanceId(schritt);
                self.meldet_wegfall(&mut tx, (id, schritt), self.now()).await.map_err(away)?;
                // The worker's late result finds no job any more.
                tx.later(&sql::AUFTRAG_CANCEL, args![id, schritt]).await.map_err(away)?;
                ("schritt als erledigt gewertet", Some(Command::CompleteJob { instance, variables: werte }))
            }
            Eingriff::SchrittStarten { element } => ("schritt gestartet", Some(Command::StartElement { element })),
            Eingriff::VariableSetzen { name, wert } => {
                let mut variables = Werte::new();
                variables.insert(name, wert);
                ("variable gesetzt", Some(Command::SetVariables { scope: ElementInstanceId(0), variables }))
            }
            Eingriff::Abbrechen => ("abgebrochen", Some(Command::Cancel)),
        };
        if let Some(command) = command {
            let mut fahrt = Fahrt::new(self, &mut tx, self.now());
            match fahrt.command(id, command).await {
                Ok(()) => drop(fahrt.finish().await.map_err(away)?),
                Err(FahrtFehler::Rejected(reason)) => {
                    let text = format!("{reason} Es wurde nichts geändert.");
                    return Err(Fehler::new("E3009", 409, text, reason.to_string()));
                }
                Err(error) => return Err(away(error)),
            }
        }
        self.note(&mut tx, actor, id, act, data).await.map_err(away)?;
        tx.commit().await.map_err(away)?;
        self.auftraege.notify_one();
        self.fristen.notify_one();
        Ok(())
    }

    async fn version(&self, tx: &mut Tx, process: &str, version: u32) -> Result<DefinitionId, Fehler> {
        let id: Option<(DefinitionId,)> =
            tx.optional(&sql::UMZUG_DEFINITION, args![process, version]).await.map_err(away)?;
        id.map(|(id,)| id).ok_or_else(|| {
            let text = format!("Den Ablauf „{process}“ gibt es nicht in der Fassung {version}.");
            Fehler::new("E3006", 404, text, "no such version")
        })
    }

    /// All or nothing: one transaction over every instance of the old version.
    pub(crate) async fn umziehen(&self, actor: &Actor, umzug: &Umzug) -> Result<UmzugBericht, Fehler> {
        self.operator(actor, &umzug.grund).await?;
        let now = self.now();
        let mut tx = self.db.begin().await.map_err(away)?;
        self.refresh(&mut tx).await.map_err(away)?;
        let from = self.version(&mut tx, &umzug.process, umzug.von).await?;
        let to = self.version(&mut tx, &umzug.process, umzug.nach).await?;
        let all: Vec<(InstanceId,)> = tx.all(&sql::UMZUG_INSTANZEN, args![from]).await.map_err(away)?;
        let plan = MigrationPlan { elements: umzug.schritte.clone() };
        let mut bericht = UmzugBericht { ablaeufe: all.len() as u64, hindernisse: Vec::new(), umgezogen: false };
        let mut fahrt = Fahrt::new(self, &mut tx, now);
        for (id,) in &all {
            match fahrt.migrate(*id, to, &plan).await {
                Ok(()) => {}
                Err(Hindernis::Gruende(gruende)) => bericht.hindernisse.push((*id, gruende)),
                Err(Hindernis::Fahrt(error)) => return Err(away(error)),
            }
        }
        if umzug.probe || !bericht.hindernisse.is_empty() {
            return Ok(bericht);
        }
        fahrt.finish().await.map_err(away)?;
        for (id,) in &all {
            tx.execute(&sql::UMZUG_SETZEN, args![*id, to]).await.map_err(away)?;
            let data =
                json!({ "von": umzug.von, "nach": umzug.nach, "schritte": umzug.schritte, "grund": umzug.grund });
            self.note(&mut tx, actor, *id, "umgezogen", data).await.map_err(away)?;
        }
        tx.commit().await.map_err(away)?;
        self.fristen.notify_one();
        bericht.umgezogen = true;
        Ok(bericht)
    }
}

/// Why an instance does not move.
pub(crate) enum Hindernis {
    Gruende(Vec<String>),
    Fahrt(FahrtFehler),
}

pub(crate) struct VersionRow {
    process: String,
    version: u32,
    name: String,
    seit: Timestamp,
    laufend: u64,
    beendet: u64,
}
from_row!(VersionRow { process, version, name, seit, laufend, beendet });

impl From<VersionRow> for Version {
    fn from(VersionRow { process, version, name, seit, laufend, beendet }: VersionRow) -> Self {
        Self { process, version, name, seit, laufend, beendet }
    }
}

impl Geschaeftsgang {
    /// Every version with how many instances run on it and ended on it.
    pub async fn alle_versionen(&self) -> Result<Vec<Version>, DbError> {
        let rows: Vec<VersionRow> = self.inner.db.all(&sql::BESTAND_LISTE, args![]).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}
