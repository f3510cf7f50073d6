// SPDX-License-Identifier: EUPL-1.2
//! Deployed processes and decision tables: versions in the database, prepared forms in memory.
//!
//! Versions are never changed or removed, so what is in memory is right; it may only be incomplete, when another
//! engine on the same database deployed something. Two counts tell, once per ride ([`Inner::refresh`]).

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, atomic::AtomicI64, atomic::Ordering},
};

use engine::{Binding, Decisions, Definition, Finding, Tables};
use nachrichten::{BlobHash, DefinitionId, Timestamp, Werte};
use serde_json::json;
use service_platform::{
    args, audit,
    db::{DbError, Tx},
};

use crate::{Geschaeftsgang, Inner, sql};

/// A prepared version of a process.
#[derive(Clone)]
pub struct Fassung {
    pub id: DefinitionId,
    pub version: u32,
    /// Of the file it came in, with its neighbours.
    pub file: BlobHash,
    pub definition: Arc<Definition>,
}

/// All versions of all processes.
#[derive(Default)]
pub(crate) struct Bestand {
    by_id: HashMap<DefinitionId, Fassung>,
    /// Ascending by version.
    versions: HashMap<String, Vec<DefinitionId>>,
    /// Rows seen, those that no longer read included.
    rows: i64,
}

impl Bestand {
    fn add(&mut self, fassung: Fassung) {
        let all = self.versions.entry(fassung.definition.id().to_owned()).or_default();
        if !self.by_id.contains_key(&fassung.id) {
            all.push(fassung.id);
        }
        self.by_id.insert(fassung.id, fassung);
        let by_id = &self.by_id;
        all.sort_by_key(|id| by_id.get(id).map(|f| f.version));
    }

    pub fn get(&self, id: DefinitionId) -> Option<Fassung> {
        self.by_id.get(&id).cloned()
    }

    fn of(&self, process: &str) -> impl DoubleEndedIterator<Item = &Fassung> {
        self.versions.get(process).into_iter().flatten().filter_map(|id| self.by_id.get(id))
    }

    pub fn newest(&self, process: &str) -> Option<Fassung> {
        self.of(process).next_back().cloned()
    }

    pub fn all_newest(&self) -> Vec<Fassung> {
        let mut all: Vec<Fassung> = self.versions.keys().filter_map(|process| self.newest(process)).collect();
        all.sort_by(|a, b| a.definition.id().cmp(b.definition.id()));
        all
    }

    /// The version a call activity asks for; `caller` is the version that calls.
    pub fn bound(&self, process: &str, binding: &Binding, caller: Option<DefinitionId>) -> Option<Fassung> {
        match binding {
            Binding::Latest => self.newest(process),
            Binding::Deployment => {
                let file = caller.and_then(|id| self.by_id.get(&id)).map(|f| f.file)?;
                self.of(process).rfind(|f| f.file == file).cloned()
            }
            Binding::Version(wanted) => {
                let fits = |f: &&Fassung| {
                    f.definition.version_tag() == Some(wanted.as_str()) || f.version.to_string() == *wanted
                };
                self.of(process).rfind(fits).cloned()
            }
        }
    }
}

/// The newest version of each decision table, behind the interpreter's trait.
#[derive(Default)]
pub(crate) struct Tabellen {
    tables: RwLock<HashMap<String, Arc<Tables>>>,
    rows: AtomicI64,
}

impl Tabellen {
    fn find(&self, id: &str) -> Option<Arc<Tables>> {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        tables.values().find(|t| t.exists(id)).cloned()
    }

    fn put(&self, name: &str, table: Tables) {
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        tables.insert(name.to_owned(), Arc::new(table));
    }
}

impl Decisions for Tabellen {
    fn exists(&self, id: &str) -> bool {
        self.find(id).is_some()
    }
    fn variable(&self, id: &str) -> Option<String> {
        self.find(id)?.variable(id)
    }
    fn evaluate(&self, id: &str, input: &Werte, now: Timestamp) -> Result<serde_json::Value, String> {
        match self.find(id) {
            Some(tables) => tables.evaluate(id, input, now),
            None => Err(format!("Die Entscheidung „{id}“ gibt es nicht.")),
        }
    }
}

/// Where a version comes from. What a city deployed is never replaced by what a new program brings along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Herkunft {
    /// Comes with the program.
    Auslieferung,
    /// Deployed by the city.
    Stadt,
}

impl Herkunft {
    fn word(self) -> &'static str {
        match self {
            Self::Auslieferung => "auslieferung",
            Self::Stadt => "stadt",
        }
    }

    /// Whether a text of this origin becomes a new version after `last`.
    fn follows(self, what: &str, last: &Option<(u32, BlobHash, String)>, hash: BlobHash) -> bool {
        match last {
            Some((_, known, _)) if *known == hash => false,
            Some((version, _, origin)) if self == Self::Auslieferung && origin == Self::Stadt.word() => {
                tracing::info!(what, version, "the city's own version stays, the shipped text is not deployed");
                false
            }
            _ => true,
        }
    }
}

/// Who deploys and why, for the audit trail.
#[derive(Clone, Copy)]
pub(crate) struct Urheber<'a> {
    pub actor: &'a str,
    pub grund: &'a str,
}

impl Herkunft {
    /// Who deploys without a proposal: the program at its start, or an administrator on the machine.
    fn urheber(self) -> Urheber<'static> {
        let (actor, grund) = match self {
            Self::Auslieferung => ("dienst:geschaeftsgang", ""),
            Self::Stadt => ("dienst:kommandozeile", "eakte workflow deploy"),
        };
        Urheber { actor, grund }
    }
}

/// A new version and its audit entry stand or fall together.
struct Neu<'a> {
    name: &'a str,
    version: u32,
    hash: BlobHash,
    herkunft: Herkunft,
    at: Timestamp,
}

impl Neu<'_> {
    async fn note(&self, tx: &mut Tx, urheber: Urheber<'_>) -> Result<(), DbError> {
        let herkunft = self.herkunft.word();
        let entry = audit::Entry {
            chain: "geschaeftsgang",
            at: self.at,
            actor: urheber.actor,
            act: "eingespielt",
            object: self.name,
            data: json!({ "fassung": self.version, "sha256": self.hash, "herkunft": herkunft, "grund": urheber.grund }),
        };
        audit::append(tx, entry).await
    }
}

/// What a deployment did.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployed {
    /// Id of the process or name of the table.
    pub process: String,
    pub version: u32,
    /// False when the same file was deployed before.
    pub neu: bool,
}

/// Result of a deployment: versions and warnings.
#[derive(Clone, Debug, Default)]
pub struct Pruefung {
    pub deployed: Vec<Deployed>,
    pub warnings: Vec<Finding>,
}

/// Why a file was not deployed.
#[derive(Debug, thiserror::Error)]
pub enum DeployFehler {
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Inner {
    /// Reads what other engines deployed since the last look; nothing to do is two counts.
    pub(crate) async fn refresh(&self, tx: &mut Tx) -> Result<(), DbError> {
        let (definitionen, tabellen): (i64, i64) = tx.one(&sql::BESTAND, args![]).await?;
        if self.tabellen.rows.load(Ordering::SeqCst) != tabellen {
            let rows: Vec<(String, i64, String)> = tx.all(&sql::TABELLEN, args![]).await?;
            for (name, version, xml) in rows {
                match Tables::parse(&xml) {
                    Ok(table) => self.tabellen.put(&name, table),
                    Err(error) => tracing::error!(name, version, %error, "stored table does not read"),
                }
            }
            self.tabellen.rows.store(tabellen, Ordering::SeqCst);
        }
        if self.definitionen.read().await.rows == definitionen {
            return Ok(());
        }
        let ids: Vec<(DefinitionId,)> = tx.all(&sql::DEFINITION_IDS, args![]).await?;
        for (id,) in ids {
            if self.definitionen.read().await.by_id.contains_key(&id) {
                continue;
            }
            let row: (DefinitionId, String, u32, String, BlobHash) = tx.one(&sql::DEFINITION, args![id]).await?;
            let (_, process, version, xml, file) = row;
            // A stored version was checked when it was deployed; one that no longer reads is left out and reported.
            match engine::deploy(&xml, self.tabellen.clone(), &self.options.deploy) {
                Ok(deployment) => {
                    if let Some(definition) = deployment.processes.into_iter().find(|p| p.id() == process) {
                        self.definitionen.write().await.add(Fassung { id, version, file, definition });
                    }
                }
                Err(error) => tracing::error!(process, version, %error, "stored definition does not deploy"),
            }
        }
        self.definitionen.write().await.rows = definitionen;
        Ok(())
    }
}

impl Geschaeftsgang {
    /// Deploys a BPMN file; the same text again changes nothing. Timer start events of a new version take the place
    /// of those of the old one.
    ///
    /// # Errors
    /// The German sentence of the first error with the element's name.
    pub async fn deploy(&self, xml: &str, herkunft: Herkunft) -> Result<Pruefung, DeployFehler> {
        let deployment = self.inner.read(xml)?;
        let mut tx = self.inner.db.begin().await?;
        let result = self.inner.deploy_in(&mut tx, deployment, xml, herkunft, herkunft.urheber()).await?;
        tx.commit().await?;
        self.inner.deployed().await?;
        Ok(result)
    }

    /// Deploys a decision table under its file name.
    ///
    /// # Errors
    /// The German sentence of what does not read.
    pub async fn deploy_table(&self, name: &str, xml: &str, herkunft: Herkunft) -> Result<Deployed, DeployFehler> {
        let mut tx = self.inner.db.begin().await?;
        let result = self.inner.deploy_table_in(&mut tx, name, xml, herkunft, herkunft.urheber()).await?;
        tx.commit().await?;
        self.inner.deployed().await?;
        Ok(result)
    }

    /// The newest definition of a process, for pictures.
    pub async fn definition(&self, process: &str) -> Option<Arc<Definition>> {
        self.inner.definitionen.read().await.newest(process).map(|f| f.definition)
    }
}

impl Inner {
    /// A process file, prepared.
    pub(crate) fn read(&self, xml: &str) -> Result<engine::Deployment, DeployFehler> {
        engine::deploy(xml, self.tabellen.clone(), &self.options.deploy)
            .map_err(|e| DeployFehler::Refused(e.to_string()))
    }

    /// Writes the new versions of a prepared file; they are known after the commit, see [`Inner::deployed`].
    pub(crate) async fn deploy_in(
        &self,
        tx: &mut Tx,
        deployment: engine::Deployment,
        xml: &str,
        herkunft: Herkunft,
        urheber: Urheber<'_>,
    ) -> Result<Pruefung, DeployFehler> {
        let (file, now) = (BlobHash::of(xml.as_bytes()), self.now());
        let mut result = Pruefung { deployed: Vec::new(), warnings: deployment.findings };
        for definition in deployment.processes {
            let process = definition.id().to_owned();
            let last: Option<(u32, BlobHash, String)> = tx.optional(&sql::DEFINITION_LETZTE, args![&process]).await?;
            if !herkunft.follows(&process, &last, file) {
                let version = last.map_or(0, |(version, ..)| version);
                result.deployed.push(Deployed { process, version, neu: false });
                continue;
            }
            let (id, version) = (self.definition_id(), last.map_or(1, |(v, ..)| v + 1));
            let values = args![id, &process, version, definition.name(), xml, file, now, herkunft.word()];
            tx.execute(&sql::DEFINITION_INSERT, values).await?;
            tx.execute(&sql::STARTTERMIN_CLEAR, args![&process]).await?;
            for start in definition.start_events() {
                let plan = definition.timer_start(&start.element, None, now).map_err(DeployFehler::Refused)?;
                if let Some(plan) = plan {
                    let values = args![&process, &*start.element, plan.due, plan.again];
                    tx.execute(&sql::STARTTERMIN_INSERT, values).await?;
                }
            }
            Neu { name: &process, version, hash: file, herkunft, at: now }.note(tx, urheber).await?;
            result.deployed.push(Deployed { process, version, neu: true });
        }
        Ok(result)
    }

    /// Writes a new version of a table; known after the commit, see [`Inner::deployed`].
    pub(crate) async fn deploy_table_in(
        &self,
        tx: &mut Tx,
        name: &str,
        xml: &str,
        herkunft: Herkunft,
        urheber: Urheber<'_>,
    ) -> Result<Deployed, DeployFehler> {
        Tables::parse(xml).map_err(|e| DeployFehler::Refused(format!("{name}: {e}")))?;
        let (hash, now) = (BlobHash::of(xml.as_bytes()), self.now());
        let last: Option<(u32, BlobHash, String)> = tx.optional(&sql::TABELLE_LETZTE, args![name]).await?;
        let neu = herkunft.follows(name, &last, hash);
        let version = last.map_or(0, |(v, ..)| v) + u32::from(neu);
        if neu {
            let values = args![name, version, xml, hash, now, herkunft.word()];
            tx.execute(&sql::TABELLE_INSERT, values).await?;
            Neu { name, version, hash, herkunft, at: now }.note(tx, urheber).await?;
        }
        Ok(Deployed { process: name.to_owned(), version, neu })
    }

    /// New versions are known once they are lasting, and in the same way as on every other engine.
    pub(crate) async fn deployed(&self) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        self.refresh(&mut tx).await?;
        tx.rollback().await?;
        self.fristen.notify_one();
        Ok(())
    }
}
