// SPDX-License-Identifier: EUPL-1.2
//! The demo: one login per role without passwords, a clock that can be moved, sample post, and "Alles zurücksetzen".

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use nachrichten::{
    BlobHash, Timestamp,
    fehler::Fehler,
    sendungen::{Einlieferung, Kanal, Sendungen as _},
};
use serde::Deserialize;
use service_platform::{
    args,
    config::Settings,
    db::Db,
    konten::{Konten, NeuePerson},
    statements,
    uhr::{Clock as _, SystemClock},
};
use tokio::sync::RwLock;

use crate::{App, app::Start, vorrat};

statements! {
    OFFSET = "SELECT wert FROM platform_einstellung WHERE name = 'uhr_versatz'";
    SET_OFFSET = "INSERT INTO platform_einstellung (name, wert) VALUES ('uhr_versatz', $1) ON CONFLICT (name) DO UPDATE SET wert = excluded.wert";
}

/// The demo's clock goes on where it was before a restart.
pub async fn restore_clock(db: &Db, clock: &SystemClock) {
    let row: Option<(String,)> = db.optional(&OFFSET, args![]).await.unwrap_or_default();
    if let Some(micros) = row.and_then(|(wert,)| wert.parse().ok()) {
        clock.set_offset(micros);
    }
}

#[derive(Deserialize)]
struct Organisation {
    personen: Vec<DemoPerson>,
}

#[derive(Deserialize)]
struct DemoPerson {
    #[serde(flatten)]
    person: NeuePerson,
    mail: Option<String>,
}

/// What stands behind the name of each person of the training Mandant.
pub const UEBUNG: &str = " (Übung)";

/// Enters the sample persons, `mark` behind their names; without a password they log in by the demo's buttons alone.
pub async fn enter_persons(konten: &Konten, password: Option<&str>, mark: &str) -> Result<(), String> {
    let organisation: Organisation = serde_json::from_str(vorrat::ORGANISATION).map_err(|e| e.to_string())?;
    for DemoPerson { person, mail } in &organisation.personen {
        let person = NeuePerson { name: format!("{}{mark}", person.name), ..person.clone() };
        let id = konten.enter(&person, password).await.map_err(|e| e.to_string())?;
        konten.mail_setzen(id, mail.as_deref()).await.map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// The running application behind a lock, so that a reset can put a new one in its place.
pub struct Buehne {
    pub start: Start,
    pub settings: Settings,
    pub app: RwLock<Option<App>>,
    pub router: RwLock<axum::Router>,
}

/// The portal's levers.
pub struct DemoHebel {
    pub buehne: std::sync::Weak<Buehne>,
    pub clock: Arc<SystemClock>,
    pub db: Db,
    pub eingang: service_eingang::Eingang,
    pub cli: nachrichten::Actor,
}

fn failed(error: impl std::fmt::Display) -> Fehler {
    Fehler::new("E9002", 500, "Die Demo konnte das nicht ausführen.", error.to_string())
}

/// Folder of the sample post: `$EAKTE_DEMO_POST`, else the one of the source tree this program was built from.
pub fn sample_post() -> PathBuf {
    std::env::var_os("EAKTE_DEMO_POST")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/demo"), PathBuf::from)
}

/// The sample files in their order.
pub fn sample_files() -> Vec<PathBuf> {
    let Ok(read) = std::fs::read_dir(sample_post()) else { return Vec::new() };
    let mut files: Vec<PathBuf> = read.filter_map(|e| e.ok().map(|e| e.path())).collect();
    files.retain(|p| p.is_file() && p.extension().is_some_and(|e| e != "json" && e != "md"));
    files.sort();
    files
}

#[async_trait]
impl service_portal::Demo for DemoHebel {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn beobachter(&self) -> Option<nachrichten::Actor> {
        Some(self.cli.clone())
    }

    fn offset_seconds(&self) -> i64 {
        self.clock.offset() / 1_000_000
    }

    async fn advance(&self, seconds: i64) -> Result<(), Fehler> {
        let offset = self.clock.offset().saturating_add(seconds.saturating_mul(1_000_000));
        self.db.execute(&SET_OFFSET, args![offset.to_string()]).await.map_err(failed)?;
        self.clock.set_offset(offset);
        Ok(())
    }

    async fn reset(&self) -> Result<(), Fehler> {
        let buehne = self.buehne.upgrade().ok_or_else(|| failed("server is stopping"))?;
        let embedded = buehne.settings.db.address().is_ok_and(|a| a.is_none()) && !buehne.settings.s3.is_used();
        if !embedded {
            let text = "Zurücksetzen geht nur, wenn Datenbank und Dokumente im Datenordner liegen.";
            return Err(Fehler::new("E9002", 409, text, "database or blobs of another server"));
        }
        // Not in this request: it would wait for itself to end.
        tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            if let Err(error) = Buehne::rebuild(&buehne).await {
                tracing::error!(%error, "cannot reset the demo");
            }
        });
        Ok(())
    }

    async fn feed(&self) -> Result<u32, Fehler> {
        let mut fed = 0;
        for path in sample_files() {
            let bytes = tokio::fs::read(&path).await.map_err(failed)?;
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            let kanal = if name.ends_with(".eml") { Kanal::Mail } else { Kanal::Scan };
            let idempotency_key = format!("demo:{}", BlobHash::of(&bytes));
            let e = Einlieferung { kanal, name, bytes, idempotency_key, zugang: None, vertraulich: false };
            self.eingang.accept(&self.cli, e).await?;
            fed += 1;
        }
        Ok(fed)
    }
}

/// Removes everything that a demo or training world keeps in its folder.
pub fn empty(data: &Path) {
    for name in ["eakte.db", "eakte.db-wal", "eakte.db-shm"] {
        let _ = std::fs::remove_file(data.join(name));
    }
    for folder in ["blobs", "spool", "scan", "scan-vertraulich", "uebergabe"] {
        let _ = std::fs::remove_dir_all(data.join(folder));
    }
}

impl Buehne {
    /// Stops everything, empties the directory, starts again.
    pub async fn rebuild(this: &Arc<Self>) -> Result<(), String> {
        let mut app = this.app.write().await;
        if let Some(old) = app.take() {
            old.stop().await;
        }
        empty(&this.start.data);
        let fresh = App::start(&this.start, &this.settings).await.map_err(|e| e.to_string())?;
        *this.router.write().await = crate::befehle::serve::router(this, &fresh);
        *app = Some(fresh);
        Ok(())
    }
}
