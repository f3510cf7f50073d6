// SPDX-License-Identifier: EUPL-1.2
//! The ports as the settings name them: SQLite or PostgreSQL, the bus of this process or a broker, a directory or a
//! bucket. Nothing has to be started before anything else: what is away is waited for.

use std::{path::Path, sync::Arc, time::Duration};

use service_platform::{
    blobs::{BlobError, Blobs, DirectoryBlobs, Mangel, S3Blobs},
    bus::{Bus, InProcessBus, RabbitBus, rabbit::RabbitOptions},
    config::{ConfigError, Settings},
    db::{Db, DbError, Migrations},
    mandant,
    uhr::SystemClock,
    worker,
};

use crate::{
    app::StartFehler,
    dienste::{Dienst, typen},
};

/// Every table of every service, in the order in which they are made.
pub const MIGRATIONS: [Migrations; 4] = [
    service_platform::MIGRATIONS,
    service_eingang::MIGRATIONS,
    service_geschaeftsgang::MIGRATIONS,
    service_akten::MIGRATIONS,
];

/// Whether a database that is away is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Geduld {
    /// A command: says so and ends.
    Keine,
    /// A service: asks again until it is there and has the right tables.
    Immer,
}

/// One database, as each core service may use it.
#[derive(Clone)]
pub struct Datenbanken {
    /// What operators' commands use: the rights of all services together.
    pub betrieb: Db,
    pub eingang: Db,
    pub geschaeftsgang: Db,
    pub akten: Db,
    pub portal: Db,
}

impl Datenbanken {
    /// SQLite: one file, migrated here. PostgreSQL: a pool per service, each with the rights of its own role.
    pub async fn open(data: &Path, settings: &Settings, geduld: Geduld) -> Result<Self, StartFehler> {
        if address(settings)?.is_none() {
            let db = datenbank(data, settings, None, geduld).await?;
            let [eingang, geschaeftsgang, akten, portal] = std::array::from_fn(|_| db.clone());
            return Ok(Self { betrieb: db, eingang, geschaeftsgang, akten, portal });
        }
        let of = |dienst| datenbank(data, settings, dienst, geduld);
        Ok(Self {
            betrieb: of(None).await?,
            eingang: of(Some(Dienst::Eingang)).await?,
            geschaeftsgang: of(Some(Dienst::Geschaeftsgang)).await?,
            akten: of(Some(Dienst::Akten)).await?,
            portal: of(Some(Dienst::Portal)).await?,
        })
    }

    pub async fn close(&self) {
        for db in [&self.eingang, &self.geschaeftsgang, &self.akten, &self.portal, &self.betrieb] {
            db.close().await;
        }
    }
}

fn address(settings: &Settings) -> Result<Option<String>, StartFehler> {
    settings.db.address().map_err(|e| StartFehler::new("database", e))
}

/// The database with the rights of one service; without one, with those of the role of the address.
pub async fn datenbank(
    data: &Path,
    settings: &Settings,
    dienst: Option<Dienst>,
    geduld: Geduld,
) -> Result<Db, StartFehler> {
    let Some(url) = address(settings)? else {
        let db = Db::sqlite(&data.join("eakte.db")).await.map_err(|e| StartFehler::new("database", e))?;
        for migrations in MIGRATIONS {
            db.migrate(&migrations).await.map_err(|e| StartFehler::new("migration", e))?;
        }
        admit(&db, settings).await?;
        return Ok(db);
    };
    let rolle = dienst.map(Dienst::rolle);
    let mut pause = Duration::from_millis(250);
    loop {
        match connect(&url, rolle.as_deref(), settings.db.verbindungen).await {
            Ok(db) => {
                admit(&db, settings).await?;
                return Ok(db);
            }
            Err(error) if geduld == Geduld::Keine => return Err(StartFehler::new("database", error)),
            // The text of the server, which names role and database, never the address with its password.
            Err(error) => tracing::error!(alarm = "datenbank-weg", %error, "cannot use the database, will try again"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

/// The real program stays out of the training world, and the reverse.
async fn admit(db: &Db, settings: &Settings) -> Result<(), StartFehler> {
    mandant::admit(db, settings.uebung.aktiv).await.map_err(|e| StartFehler::text(e.to_string()))
}

async fn connect(url: &str, rolle: Option<&str>, verbindungen: u32) -> Result<Db, DbError> {
    let db = Db::postgres_as(url, rolle, verbindungen).await?;
    for migrations in MIGRATIONS {
        db.is_migrated(&migrations).await?;
    }
    Ok(db)
}

/// Queues of the services themselves, beside one per job type.
const EIGENE: [&str; 4] =
    [worker::RESULTS, service_geschaeftsgang::START, service_geschaeftsgang::NACHRICHT, service_akten::ZUGANG];

/// Every queue there is; the process of the engine makes them, all others wait for theirs.
pub fn queues() -> impl Iterator<Item = String> {
    EIGENE.iter().map(|q| (*q).to_owned()).chain(typen().map(worker::queue))
}

/// What carries jobs: the broker that the settings name, else this process. `name` stands in the broker's list of
/// connections; the `owner` makes the queues.
pub fn bus(settings: &Settings, name: &str, owner: bool) -> Result<Arc<dyn Bus>, ConfigError> {
    Ok(match settings.bus.address()? {
        Some(address) => {
            let options = RabbitOptions::new(address, name);
            Arc::new(RabbitBus::start(if owner { options.owner(queues()) } else { options }))
        }
        None => Arc::new(InProcessBus::default()),
    })
}

/// Where the documents lie: in the bucket that the settings name, else in the data directory.
pub fn blobs(data: &Path, settings: &Settings, clock: Arc<SystemClock>) -> Result<Arc<dyn Blobs>, BlobError> {
    Ok(match settings.s3.is_used() {
        true => Arc::new(S3Blobs::open(&settings.s3, &settings.mandant, clock)?),
        false => Arc::new(DirectoryBlobs::open(&data.join("blobs"), &settings.mandant)?),
    })
}

/// Aborts old unfinished uploads and says which protections the bucket lacks, at the start and once a day. A store
/// that is away stops nobody from starting: it is asked again soon.
pub async fn look_after(blobs: Arc<dyn Blobs>) {
    loop {
        let looked = async {
            for Mangel { alarm, text } in blobs.check().await? {
                tracing::warn!(alarm, "{text}");
            }
            blobs.sweep().await
        };
        let pause = match looked.await {
            Ok(swept) => {
                tracing::info!(swept, "blob store answers");
                Duration::from_secs(24 * 3600)
            }
            Err(error) => {
                tracing::error!(alarm = "blobs-weg", %error, "cannot look at the blob store, will try again");
                Duration::from_secs(15)
            }
        };
        tokio::time::sleep(pause).await;
    }
}
