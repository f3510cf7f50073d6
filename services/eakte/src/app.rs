// SPDX-License-Identifier: EUPL-1.2
//! All services in one process, over the ports that the settings name. What each is made of stands in `kern.rs` and
//! `arbeiter.rs`; the ports in `ports.rs`.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures_util::future::BoxFuture;
use nachrichten::{Actor, verweise::Verweise};
use service_akten::Akten;
use service_eingang::Eingang;
use service_erkennung::Erkennung;
use service_geschaeftsgang::Geschaeftsgang;
use service_platform::{
    blobs::Blobs,
    bus::{Bus, InProcessBus},
    config::Settings,
    db::Db,
    konten::Konten,
    uhr::{Ids, SystemClock, SystemIds},
    webhook::Webhooks,
    zeit,
};
use service_uebergabe::Pfade;
use tokio::{sync::Notify, task::JoinSet};

use crate::{
    arbeiter::{self, Werkstatt},
    betrieb::Zustand,
    dienste::{self, Dienst},
    kern::{self, Mittel},
    ports::{self, Datenbanken, Geduld},
    umfeld::Umfeld,
};

/// What [`App::start`] needs to know beyond the settings.
#[derive(Clone, Debug)]
pub struct Start {
    pub data: PathBuf,
    /// The program that answers `child`; this one, but for tests.
    pub program: PathBuf,
    /// Sample persons, one per role, without passwords.
    pub demo: bool,
    /// Watch the scan folder.
    pub scan: bool,
    /// The services that run here; the core ones are always there to be asked, with none of them nothing runs at all.
    pub work: Vec<Dienst>,
    /// Whether a database that is away is waited for.
    pub geduld: Geduld,
}

impl Start {
    fn runs(&self) -> bool {
        !self.work.is_empty()
    }

    /// The services that run here, as the broker and operators see them.
    pub fn name(&self) -> String {
        match self.work.len() == Dienst::ALLE.len() {
            true => "serve".to_owned(),
            false => dienste::names(&self.work),
        }
    }
}

/// The running services.
pub struct App {
    /// With the rights of all services: for commands and `reconcile`.
    pub db: Db,
    pub dbs: Datenbanken,
    pub blobs: Arc<dyn Blobs>,
    pub bus: Arc<dyn Bus>,
    pub clock: Arc<SystemClock>,
    pub ids: Arc<dyn Ids>,
    pub konten: Konten,
    pub eingang: Eingang,
    pub geschaeftsgang: Geschaeftsgang,
    pub akten: Arc<Akten>,
    /// The technical account of the command line.
    pub cli: Actor,
    /// Its self test tells whether the sandbox holds.
    pub erkennung: Arc<Erkennung>,
    pub scan_ordner: PathBuf,
    /// Folders of the hand-over; `reconcile` reads them.
    pub pfade: Pfade,
    /// Who hears by HTTP what happens here.
    pub webhooks: Webhooks,
    /// The ways into the portal.
    pub anmeldung: service_portal::Anmeldung,
    pub portal: service_portal::Options,
    umfeld: Umfeld,
    tasks: JoinSet<()>,
}

/// Why the services could not start.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartFehler(String);

impl StartFehler {
    pub fn new(what: &str, error: impl std::fmt::Display) -> Self {
        Self(format!("{what}: {error}"))
    }

    pub fn text(text: String) -> Self {
        Self(text)
    }
}

impl App {
    /// Opens the directory (creating it) and the ports, deploys the processes and starts every service.
    ///
    /// Boxed here: an async function is compiled where it is awaited, which for this one is in every test program.
    pub fn start<'a>(start: &'a Start, settings: &'a Settings) -> BoxFuture<'a, Result<Self, StartFehler>> {
        Box::pin(Self::open(start, settings))
    }

    async fn open(start: &Start, settings: &Settings) -> Result<Self, StartFehler> {
        std::fs::create_dir_all(&start.data).map_err(|e| StartFehler::new("data directory", e))?;
        let dbs = Datenbanken::open(&start.data, settings, start.geduld).await?;
        let db = dbs.betrieb.clone();
        // A command beside a running server carries nothing.
        let bus: Arc<dyn Bus> = match start.runs() {
            true => ports::bus(settings, &start.name(), true).map_err(|e| StartFehler::new("bus", e))?,
            false => Arc::new(InProcessBus::default()),
        };
        let clock = Arc::new(SystemClock::default());
        let blobs = ports::blobs(&start.data, settings, clock.clone());
        let blobs = blobs.map_err(|e| StartFehler::new("blobs", e))?;
        zeit::ask(&clock, &db).await.map_err(|e| StartFehler::new("clock", e))?;
        crate::demo::restore_clock(&db, &clock).await;
        let ids: Arc<dyn Ids> = Arc::new(SystemIds);
        let konten = Konten::new(dbs.portal.clone(), clock.clone(), ids.clone());
        let werkstatt = Werkstatt::new(start.program.clone(), settings)?;
        let mittel = Mittel {
            data: start.data.clone(),
            settings: settings.clone(),
            blobs: blobs.clone(),
            bus: bus.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            pruefer: werkstatt.pruefer.clone(),
            parallel: werkstatt.parallel,
            poke: Arc::new(Notify::new()),
            look: Duration::from_secs(1),
        };
        let mut tasks = JoinSet::new();
        for db in dbs.each() {
            mittel.follow_listeners(db, &mut tasks).await?;
        }
        // A command beside a running server lets nobody in.
        let anmeldung = if start.runs() { mittel.anmeldung()? } else { service_portal::Anmeldung::default() };
        let eingang = mittel.eingang(&dbs.eingang);
        let geschaeftsgang = mittel.geschaeftsgang(&dbs.geschaeftsgang).await?;
        let akten = mittel.akten(&dbs.akten);
        geschaeftsgang.set_dokumente(akten.clone());
        eingang.set_neighbours(Arc::new(geschaeftsgang.clone()), akten.clone());

        let verweise: Vec<Arc<dyn Verweise>> = vec![Arc::new(geschaeftsgang.clone()), akten.clone()];
        // A command that only reads beside a running server changes nothing.
        let cli = match konten.actor("cli").await.map_err(|e| StartFehler::new("technical account", e))? {
            Some(cli) if !start.runs() && !start.demo => cli,
            _ => {
                // The directory is ours alone; a bucket is looked after while we work.
                if !settings.s3.is_used() {
                    blobs.sweep().await.map_err(|e| StartFehler::new("blobs", e))?;
                }
                kern::sweep(&eingang, &verweise).await;
                let cli = kern::enter_account(&konten).await?;
                kern::enter_plan(&db, &akten).await?;
                if start.demo {
                    let mark = if settings.uebung.aktiv { crate::demo::UEBUNG } else { "" };
                    crate::demo::enter_persons(&konten, None, mark).await.map_err(StartFehler::text)?;
                }
                kern::deploy(&geschaeftsgang, &db).await?;
                cli
            }
        };
        let webhooks = mittel.webhooks(&dbs.portal)?;
        let portal = kern::portal_options(settings, &dbs.portal).await?;
        let mut app = Self {
            db,
            dbs,
            blobs,
            bus,
            clock,
            ids,
            konten,
            eingang,
            geschaeftsgang,
            akten,
            cli,
            erkennung: werkstatt.erkennung.clone(),
            scan_ordner: start.data.join(&settings.scan.ordner),
            pfade: arbeiter::pfade(&start.data, settings),
            webhooks,
            tasks,
            anmeldung,
            portal,
            umfeld: Umfeld::new(&start.data, settings),
        };
        if start.runs() {
            app.tasks.spawn(kern::keep_swept(app.eingang.clone(), verweise));
            app.spawn(start, &mittel, &werkstatt).await?;
        }
        Ok(app)
    }

    async fn spawn(&mut self, start: &Start, mittel: &Mittel, werkstatt: &Werkstatt) -> Result<(), StartFehler> {
        let settings = &mittel.settings;
        mittel.declare(ports::queues().collect()).await?;
        let mut handlers = [self.akten.clone().jobs(), self.geschaeftsgang.jobs()].concat();
        for dienst in &start.work {
            handlers.extend(match dienst {
                Dienst::Uebergabe => {
                    let kern = Arc::new(self.geschaeftsgang.clone());
                    let (clock, ids) = (self.clock.clone(), self.ids.clone());
                    let (uebergabe, rueckweg) = arbeiter::uebergabe(&start.data, settings, kern, clock, ids)?;
                    self.tasks.spawn(rueckweg);
                    uebergabe
                }
                worker => werkstatt.handlers(*worker, settings),
            });
        }
        // What the engine believes to have a worker, and what has one.
        let (mut known, mut taken): (Vec<_>, Vec<_>) =
            (dienste::typen().collect(), handlers.iter().map(|h| h.typ).collect());
        known.sort_unstable();
        taken.sort_unstable();
        debug_assert!(start.work.len() < Dienst::ALLE.len() || known == taken, "{known:?} are not {taken:?}");
        mittel.work(handlers, &mut self.tasks);
        mittel.run_geschaeftsgang(&self.geschaeftsgang, &self.dbs.geschaeftsgang, &mut self.tasks)?;
        self.tasks.spawn(self.akten.clone().consume(self.bus.clone()));
        self.tasks.spawn(zeit::follow(self.clock.clone(), self.db.clone()));
        if settings.s3.is_used() {
            self.tasks.spawn(ports::look_after(self.blobs.clone()));
        }
        if let Some(verzeichnis) = &self.anmeldung.verzeichnis {
            self.tasks.spawn(verzeichnis.clone().follow());
        }
        if start.scan {
            mittel.run_eingang(&self.eingang, &self.cli, &mut self.tasks);
        }
        Ok(())
    }

    /// What operators and `/ready` are told.
    pub fn zustand(&self, name: &str) -> Zustand {
        let mut zustand = Zustand::new(name, self.bus.clone(), self.blobs.clone());
        zustand.db = Some(Arc::new(OnceLock::from(self.db.clone())));
        zustand.erkennung = Some(self.erkennung.clone());
        zustand.geschaeftsgang = Arc::new(OnceLock::from(self.geschaeftsgang.clone()));
        zustand.umfeld = self.umfeld.clone();
        zustand
    }

    /// Stops every service. Nothing needs a farewell: what was not committed is taken up at the next start.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        self.dbs.close().await;
    }
}
