// SPDX-License-Identifier: EUPL-1.2
//! Deployed processes and decision tables: versions in the database, prepared forms in memory.

use std::{collections::HashMap, sync::Arc};

use engine::{Decisions, Definition, DeployOptions, Finding, Tables};
use nachrichten::{BlobHash, DefinitionId, Timestamp, Werte};
use service_platform::{
    args,
    db::{Db, DbError},
};

use crate::{Geschaeftsgang, sql};

/// A prepared version of a process.
#[derive(Clone)]
pub struct Fassung {
    pub id: DefinitionId,
    pub version: u32,
    pub definition: Arc<Definition>,
}

/// All versions, newest per process.
#[derive(Default)]
pub(crate) struct Bestand {
    by_id: HashMap<DefinitionId, Fassung>,
    newest: HashMap<String, DefinitionId>,
}

impl Bestand {
    pub async fn load(db: &Db, tabellen: Arc<Tabellen>) -> Result<Self, DbError> {
        let rows: Vec<(DefinitionId, String, u32, String, String)> = db.all(&sql::DEFINITIONEN, args![]).await?;
        let mut bestand = Self::default();
        for (id, process, version, _, xml) in rows {
            // A stored version was checked when it was deployed; one that no longer reads is left out and reported.
            match engine::deploy(&xml, tabellen.clone(), &DeployOptions::default()) {
                Ok(deployment) => {
                    if let Some(definition) = deployment.processes.into_iter().find(|p| p.id() == process) {
                        bestand.add(Fassung { id, version, definition });
                    }
                }
                Err(error) => tracing::error!(process, version, %error, "stored definition does not deploy"),
            }
        }
        Ok(bestand)
    }

    fn add(&mut self, fassung: Fassung) {
        self.newest.insert(fassung.definition.id().to_owned(), fassung.id);
        self.by_id.insert(fassung.id, fassung);
    }

    pub fn get(&self, id: DefinitionId) -> Option<Fassung> {
        self.by_id.get(&id).cloned()
    }

    pub fn newest(&self, process: &str) -> Option<Fassung> {
        self.newest.get(process).and_then(|id| self.get(*id))
    }

    pub fn all_newest(&self) -> Vec<Fassung> {
        self.newest.values().filter_map(|id| self.get(*id)).collect()
    }
}

/// The newest version of each decision table, behind the interpreter's trait.
pub(crate) struct Tabellen(std::sync::RwLock<HashMap<String, Arc<Tables>>>);

impl Tabellen {
    pub async fn load(db: &Db) -> Result<Self, DbError> {
        let rows: Vec<(String, i64, String)> = db.all(&sql::TABELLEN, args![]).await?;
        let mut tables = HashMap::new();
        for (name, version, xml) in rows {
            match Tables::parse(&xml) {
                Ok(table) => {
                    tables.insert(name, Arc::new(table));
                }
                Err(error) => tracing::error!(name, version, %error, "stored table does not read"),
            }
        }
        Ok(Self(std::sync::RwLock::new(tables)))
    }

    fn find(&self, id: &str) -> Option<Arc<Tables>> {
        let tables = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        tables.values().find(|t| t.exists(id)).cloned()
    }

    fn put(&self, name: &str, table: Tables) {
        let mut tables = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
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

/// What a deployment did.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployed {
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

impl Geschaeftsgang {
    /// Deploys a BPMN file; the same text again changes nothing.
    ///
    /// # Errors
    /// The German sentence of the first error with the element's name.
    pub async fn deploy(&self, xml: &str) -> Result<Pruefung, DeployFehler> {
        let inner = &self.inner;
        let deployment = engine::deploy(xml, inner.tabellen.clone(), &DeployOptions::default())
            .map_err(|e| DeployFehler::Refused(e.to_string()))?;
        let (hash, now) = (BlobHash::of(xml.as_bytes()), inner.now());
        let mut result = Pruefung { deployed: Vec::new(), warnings: deployment.findings };
        for definition in deployment.processes {
            let mut bestand = inner.definitionen.write().await;
            let mut tx = inner.db.begin().await?;
            let last: Option<(u32, BlobHash)> = tx.optional(&sql::DEFINITION_LETZTE, args![definition.id()]).await?;
            let process = definition.id().to_owned();
            let version = match last {
                Some((version, known)) if known == hash => {
                    result.deployed.push(Deployed { process, version, neu: false });
                    continue;
                }
                last => last.map_or(1, |(v, _)| v + 1),
            };
            let id = inner.definition_id();
            tx.execute(&sql::DEFINITION_INSERT, args![id, &process, version, definition.name(), xml, hash, now])
                .await?;
            tx.commit().await?;
            bestand.add(Fassung { id, version, definition });
            result.deployed.push(Deployed { process, version, neu: true });
        }
        Ok(result)
    }

    /// Deploys a decision table under its file name.
    ///
    /// # Errors
    /// The German sentence of what does not read.
    pub async fn deploy_table(&self, name: &str, xml: &str) -> Result<u32, DeployFehler> {
        let inner = &self.inner;
        let table = Tables::parse(xml).map_err(|e| DeployFehler::Refused(format!("{name}: {e}")))?;
        let hash = BlobHash::of(xml.as_bytes());
        let mut tx = inner.db.begin().await?;
        let last: Option<(u32, BlobHash)> = tx.optional(&sql::TABELLE_LETZTE, args![name]).await?;
        let version = match last {
            Some((version, known)) if known == hash => version,
            last => {
                let version = last.map_or(1, |(v, _)| v + 1);
                tx.execute(&sql::TABELLE_INSERT, args![name, version, xml, hash, inner.now()]).await?;
                tx.commit().await?;
                version
            }
        };
        inner.tabellen.put(name, table);
        Ok(version)
    }

    /// The newest definition of a process, for pictures.
    pub async fn definition(&self, process: &str) -> Option<Arc<Definition>> {
        self.inner.definitionen.read().await.newest(process).map(|f| f.definition)
    }
}
