// SPDX-License-Identifier: EUPL-1.2
//! All services in one process: SQLite; the bus of this process or the broker that `[bus]` names; a directory of blobs
//! or the bucket that `[s3]` names.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use engine::DeployOptions;
use nachrichten::{Actor, Timestamp, job::JobError};
use service_akten::Akten;
use service_eingang::{Ablehnung, Eingang, Profil, Pruefer};
use service_einordnung::Einordnung;
use service_erkennung::{Erkennung, Tesseract, TextEngine};
use service_geschaeftsgang::{Geschaeftsgang, Herkunft, Options as EngineOptions};
use service_platform::{
    audit,
    blobs::{BlobError, Blobs, DirectoryBlobs, S3Blobs},
    bus::{Bus, BusError, InProcessBus, RabbitBus, rabbit::RabbitOptions},
    config::{ConfigError, Settings},
    db::Db,
    ereignis::{self, Absender, Weitergabe},
    konten::{Konten, NeuePerson},
    outbox, rechte,
    uhr::{Clock, Ids, SystemClock, SystemIds},
    webhook::{self, Webhooks, versand::Versand},
    worker::{self, JobHandler, Worker as _},
    zeit,
};
use service_rechnung::Rechnung;
use service_sandbox::Limits;
use service_uebergabe::{Einstellungen, Ordner, Pfade, Uebergabe, rueckweg};
use tokio::{sync::Notify, task::JoinSet};

use crate::{kind, vorrat};

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
    /// Run the workers; without them only tables and traits are there.
    pub work: bool,
}

/// The running services.
pub struct App {
    pub db: Db,
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
    poke: Arc<Notify>,
    tasks: JoinSet<()>,
}

/// Why the services could not start.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartFehler(String);

fn failed(what: &str) -> impl FnOnce(Box<dyn std::error::Error + Send + Sync>) -> StartFehler + '_ {
    move |error| StartFehler(format!("{what}: {error}"))
}

macro_rules! or {
    ($result:expr, $what:literal) => {
        $result.map_err(|e| failed($what)(e.into()))?
    };
}

impl App {
    /// Opens the directory (creating it), migrates, deploys the processes and starts every service.
    pub async fn start(start: &Start, settings: &Settings) -> Result<Self, StartFehler> {
        or!(std::fs::create_dir_all(&start.data), "data directory");
        let db = or!(Db::sqlite(&start.data.join("eakte.db")).await, "database");
        for migrations in [
            service_platform::MIGRATIONS,
            service_eingang::MIGRATIONS,
            service_geschaeftsgang::MIGRATIONS,
            service_akten::MIGRATIONS,
        ] {
            or!(db.migrate(&migrations).await, "migration");
        }
        or!(ereignis::schalten(&db, settings.ereignisse.an).await, "events");
        let bus = or!(bus(start, settings), "bus");
        let clock = Arc::new(SystemClock::default());
        let blobs = or!(blobs(start, settings, clock.clone()), "blobs");
        or!(zeit::ask(&clock, &db).await, "clock");
        crate::demo::restore_clock(&db, &clock).await;
        let ids: Arc<dyn Ids> = Arc::new(SystemIds);
        let konten = Konten::new(db.clone(), clock.clone(), ids.clone());
        let poke = Arc::new(Notify::new());
        let parallel = match settings.worker.parallel {
            0 => std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
            n => n,
        };

        let ocr: Arc<dyn TextEngine> = Arc::new(text_engine(parallel)?);
        let parser = (start.program.clone(), vec!["child".to_owned()]);
        // A parser that hangs gives its place back soon: other post must not wait behind it.
        let limits = Limits { cpu_seconds: 20, wall: Duration::from_secs(20), ..Limits::default() };
        // Uploads have their own children: a person does not wait behind a batch.
        let gate = service_erkennung::Options { parser: parser.clone(), parallel: 2, limits: limits.clone() };
        let gate = Arc::new(Erkennung::new(gate, ocr.clone()));
        let worker = service_erkennung::Options { parser, parallel, limits };
        let erkennung = Arc::new(Erkennung::new(worker, ocr));
        let pruefer = pruefer(gate);
        let eingang = Eingang::new(
            db.clone(),
            blobs.clone(),
            clock.clone(),
            ids.clone(),
            pruefer.clone(),
            settings.intake.max_upload,
            start.data.join("spool/absicht"),
            poke.clone(),
        );
        let kalender = settings.kalender.kalender().map_err(|text| {
            StartFehler(format!("kalender.freie_tage: „{text}“ ist kein Tag. Schreiben Sie zum Beispiel 2026-12-24."))
        })?;
        let kalender = Arc::new(kalender);
        let options = EngineOptions {
            deadline: Duration::from_secs(settings.worker.frist.max(1) as u64),
            window: 4 * parallel as u32,
            deploy: DeployOptions { kalender, ..DeployOptions::default() },
            gruppen: or!(gruppen(), "organisation"),
            adresse: settings.hinweise.adresse.trim_end_matches('/').to_owned(),
            zweite_person: settings.ablauf.zweite_person,
            ..EngineOptions::default()
        };
        let engine = Geschaeftsgang::new(db.clone(), bus.clone(), clock.clone(), ids.clone(), options).await;
        let geschaeftsgang = or!(engine, "engine");
        let akten = Arc::new(Akten::new(db.clone(), blobs.clone(), clock.clone(), ids.clone()));
        akten.set_pruefung(Arc::new(move |bytes: &[u8], name: &str| pruefer(bytes, name).map_err(|a| a.text)));
        geschaeftsgang.set_dokumente(akten.clone());
        eingang.set_neighbours(Arc::new(geschaeftsgang.clone()), akten.clone());

        // A command that only reads beside a running server changes nothing.
        let cli = match or!(konten.actor("cli").await, "technical account") {
            Some(cli) if !start.work && !start.demo => cli,
            _ => {
                // The directory is ours alone; a bucket is looked after while we work.
                if !settings.s3.is_used() {
                    or!(blobs.sweep().await, "blobs");
                }
                sweep(&eingang, &geschaeftsgang, &akten).await?;
                let cli = enter(&db, &konten, &akten, start.demo).await?;
                deploy(&geschaeftsgang).await?;
                cli
            }
        };

        let scan_ordner = start.data.join(&settings.scan.ordner);
        let u = &settings.uebergabe;
        let pfade = Pfade {
            ausgang: start.data.join(&u.ausgang),
            mail: start.data.join(&u.mail),
            journal: start.data.join("spool/uebergabe/journal"),
        };
        let (geheimnisse, bote) = webhook::aus(&settings.webhook, &start.data).map_err(StartFehler)?;
        let absender = Absender {
            mandant: settings.mandant.clone(),
            adresse: settings.hinweise.adresse.trim_end_matches('/').to_owned(),
        };
        let webhooks = Webhooks { db: db.clone(), clock: clock.clone(), ids: ids.clone(), geheimnisse, bote, absender };
        let mut app = Self {
            db,
            blobs,
            bus,
            clock,
            ids,
            konten,
            eingang,
            geschaeftsgang,
            akten,
            cli,
            erkennung,
            scan_ordner,
            pfade,
            webhooks,
            poke,
            tasks: JoinSet::new(),
        };
        if start.work {
            app.spawn(start, settings, parallel).await?;
        }
        Ok(app)
    }

    async fn spawn(&mut self, start: &Start, settings: &Settings, parallel: usize) -> Result<(), StartFehler> {
        let invoices = kind::pool(start.program.clone(), parallel);
        let handlers: Vec<JobHandler> = [
            self.erkennung.clone().jobs(),
            Arc::new(Rechnung::new(invoices, settings.rechnung.zahlungsziel_tage)).jobs(),
            Arc::new(Einordnung).jobs(),
            Arc::new(self.uebergabe(start, settings)?).jobs(),
            self.akten.clone().jobs(),
            self.geschaeftsgang.jobs(),
        ]
        .concat();
        self.geschaeftsgang.set_dienste(handlers.iter().map(|h| h.typ.to_owned()));
        let queues = handlers.iter().map(|handler| worker::queue(handler.typ)).chain(EIGENE.map(str::to_owned));
        self.declare(queues.collect()).await?;
        for handler in handlers {
            self.tasks.spawn(worker::serve(handler, self.bus.clone(), self.blobs.clone(), parallel));
        }
        self.tasks.spawn(self.geschaeftsgang.clone().run());
        self.tasks.spawn(self.akten.clone().consume(self.bus.clone()));
        let again = Duration::from_secs(5);
        self.tasks.spawn(outbox::relay(
            self.db.clone(),
            self.bus.clone(),
            self.clock.clone(),
            self.poke.clone(),
            again,
        ));
        self.tell_others(settings);
        self.tasks.spawn(zeit::follow(self.clock.clone(), self.db.clone()));
        self.tasks.spawn(seal(self.db.clone(), self.clock.clone()));
        if settings.s3.is_used() {
            self.tasks.spawn(look_after(self.blobs.clone()));
        }
        if start.scan {
            let profil = |name: &str, ordner: PathBuf, spool: &str, vertraulich: bool| Profil {
                name: name.to_owned(),
                ordner,
                spool: start.data.join(spool),
                ruhe: Duration::from_millis(settings.scan.ruhe_ms),
                takt: Duration::from_millis(settings.scan.takt_ms),
                max_bytes: settings.intake.max_datei,
                vertraulich,
            };
            let closed = start.data.join(&settings.scan.vertraulich);
            for profil in [
                profil("standard", self.scan_ordner.clone(), "spool", false),
                profil("vertraulich", closed, "spool/vertraulich", true),
            ] {
                self.tasks.spawn(service_eingang::watch(self.eingang.clone(), self.cli.clone(), profil));
            }
        }
        Ok(())
    }

    /// Makes the queues before the engine starts, so that no first job is unroutable. A broker that is away makes nobody
    /// wait: the bus makes them when it is back, and until then everything stays in the database.
    async fn declare(&self, queues: Vec<String>) -> Result<(), StartFehler> {
        let bus = self.bus.clone();
        let mut made = tokio::spawn(async move {
            for queue in queues {
                match bus.declare(&queue).await {
                    Err(BusError::Away(cause)) => tracing::warn!(queue, cause, "queue is made later"),
                    other => other?,
                }
            }
            Ok::<(), BusError>(())
        });
        match tokio::time::timeout(Duration::from_secs(5), &mut made).await {
            Ok(done) => {
                or!(or!(done, "bus"), "bus");
            }
            Err(_) => tracing::warn!("the broker does not answer yet, starting without it"),
        }
        Ok(())
    }

    /// Events for others: to the exchange if the settings say so, and to webhooks.
    fn tell_others(&mut self, settings: &Settings) {
        let an = settings.ereignisse.an;
        let (hooks, post) = (&self.webhooks, Arc::new(Notify::new()));
        let bus = an.then(|| self.bus.clone());
        let weitergabe = Weitergabe { db: self.db.clone(), bus, absender: hooks.absender.clone(), post: post.clone() };
        let versand = Versand {
            db: self.db.clone(),
            clock: self.clock.clone(),
            geheimnisse: hooks.geheimnisse.clone(),
            bote: hooks.bote.clone(),
            rueckstau: settings.webhook.rueckstau,
        };
        self.tasks.spawn(ereignis::folgen(self.db.clone(), an));
        self.tasks.spawn(weitergabe.run());
        self.tasks.spawn(versand.run(post));
    }

    /// The hand-over worker over its folders, and the reader of what the finance system answers.
    fn uebergabe(&mut self, start: &Start, settings: &Settings) -> Result<Uebergabe, StartFehler> {
        let (u, spool) = (&settings.uebergabe, start.data.join("spool/uebergabe"));
        let ordner = or!(Ordner::open(&self.pfade), "folders of the hand-over");
        let profil = rueckweg::Profil {
            eingang: start.data.join(&u.eingang),
            spool,
            ruhe: Duration::from_millis(u.ruhe_ms),
            unfertig: Duration::from_secs(10),
            takt: Duration::from_millis(u.takt_ms),
            geduld: Duration::from_secs(u.geduld_s),
        };
        let kern = Arc::new(self.geschaeftsgang.clone());
        let rueckweg = rueckweg::Rueckweg::new(profil, ordner.clone(), kern, self.ids.clone());
        self.tasks.spawn(rueckweg.watch());
        let einstellungen = Einstellungen {
            buchungskreis: u.buchungskreis.clone(),
            absender: u.absender.clone(),
            beleg_link: u.beleg_link.clone(),
        };
        Ok(Uebergabe::new(Arc::new(ordner), einstellungen, self.clock.clone()))
    }

    /// Stops every service. Nothing needs a farewell: what was not committed is taken up at the next start.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        self.db.close().await;
    }
}

/// Queues of the services themselves, beside one per job type.
const EIGENE: [&str; 4] =
    [worker::RESULTS, service_geschaeftsgang::START, service_geschaeftsgang::NACHRICHT, service_akten::ZUGANG];

/// What carries jobs: the broker that the settings name, else this process. A command beside a running server carries
/// nothing.
fn bus(start: &Start, settings: &Settings) -> Result<Arc<dyn Bus>, ConfigError> {
    Ok(match settings.bus.address()?.filter(|_| start.work) {
        Some(address) => {
            Arc::new(RabbitBus::start(RabbitOptions::new(address, "serve").owner(EIGENE.map(str::to_owned))))
        }
        None => Arc::new(InProcessBus::default()),
    })
}

/// Where the documents lie: in the bucket that the settings name, else in the data directory.
fn blobs(start: &Start, settings: &Settings, clock: Arc<SystemClock>) -> Result<Arc<dyn Blobs>, BlobError> {
    Ok(match settings.s3.is_used() {
        true => Arc::new(S3Blobs::open(&settings.s3, &settings.mandant, clock)?),
        false => Arc::new(DirectoryBlobs::open(&start.data.join("blobs"), &settings.mandant)?),
    })
}

/// Aborts old unfinished uploads and says which protections the bucket lacks, at the start and once a day. A store
/// that is away stops nobody from starting: it is asked again soon.
async fn look_after(blobs: Arc<dyn Blobs>) {
    loop {
        let looked = async {
            blobs.check().await?;
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

/// Removes what an acceptance left that never reached its commit.
async fn sweep(eingang: &Eingang, geschaeftsgang: &Geschaeftsgang, akten: &Akten) -> Result<(), StartFehler> {
    let mut unwanted = Vec::new();
    for hash in or!(eingang.unfinished().await, "sweep") {
        if !or!(geschaeftsgang.nennt(hash).await, "sweep") && !or!(akten.verweist(hash).await, "sweep") {
            unwanted.push(hash);
        }
    }
    or!(eingang.discard(&unwanted).await, "sweep");
    if !unwanted.is_empty() {
        tracing::info!(blobs = unwanted.len(), "removed originals that never got a receipt");
    }
    Ok(())
}

/// Deploys the shipped tables and processes; a new text is a new version, an old one changes nothing.
async fn deploy(geschaeftsgang: &Geschaeftsgang) -> Result<(), StartFehler> {
    for (name, xml) in vorrat::TABELLEN {
        or!(geschaeftsgang.deploy_table(name, xml, Herkunft::Auslieferung).await, "decision table");
    }
    for (name, zeilen) in vorrat::BEISPIELE {
        geschaeftsgang
            .beispiele_geliefert(name, zeilen)
            .await
            .map_err(|e| StartFehler(format!("example rows of {name}: {}", e.detail)))?;
    }
    for (name, xml) in vorrat::ABLAEUFE {
        let checked = geschaeftsgang
            .deploy(xml, Herkunft::Auslieferung)
            .await
            .map_err(|e| StartFehler(format!("{name}: {e}")))?;
        for warning in checked.warnings {
            tracing::debug!(file = name, element = warning.element, "{}", warning.text);
        }
    }
    Ok(())
}

/// Audit seals, every minute.
async fn seal(db: Db, clock: Arc<SystemClock>) {
    loop {
        tokio::time::sleep(Duration::from_secs(60)).await;
        if let Err(error) = audit::seal(&db, clock.now()).await {
            tracing::warn!(%error, "cannot seal the audit trail, will try again");
        }
    }
}

/// The check of an upload: one look at the structure, in the sandbox.
fn pruefer(gate: Arc<Erkennung>) -> Pruefer {
    Arc::new(move |bytes: &[u8], name: &str| match gate.upload_verdict(bytes, name) {
        Err(JobError::Unreadable { code, detail }) => Err(Ablehnung { code, text: detail }),
        Err(error) => {
            // What cannot be looked at now is kept: the post process will judge it.
            tracing::warn!(%error, "upload check ended without a verdict");
            Ok(())
        }
        Ok(()) => Ok(()),
    })
}

/// The text recognition of this installation: `eakte-ocr` beside this program, or `$EAKTE_OCR_BIN`.
pub fn text_engine(parallel: usize) -> Result<Tesseract, StartFehler> {
    let program = Tesseract::program().ok_or_else(|| {
        StartFehler("eakte-ocr liegt nicht neben diesem Programm; setzen Sie EAKTE_OCR_BIN".to_owned())
    })?;
    Ok(Tesseract::new(program, "deu", parallel, Tesseract::limits()))
}

/// Persons and standing grants: the technical account always, the demo's persons only in the demo.
async fn enter(db: &Db, konten: &Konten, akten: &Akten, demo: bool) -> Result<Actor, StartFehler> {
    let cli = NeuePerson {
        kennung: "cli".to_owned(),
        name: "Kommandozeile".to_owned(),
        amt: "10".to_owned(),
        rollen: vec!["Technik".to_owned(), "Betrieb".to_owned()],
        gruppen: Vec::new(),
    };
    or!(konten.enter(&cli, None).await, "technical account");
    let cli =
        or!(konten.actor("cli").await, "technical account").ok_or_else(|| StartFehler("no account cli".to_owned()))?;
    let mut tx = or!(db.begin().await, "grants");
    let now = Timestamp(0);
    or!(rechte::grant(&mut tx, "rolle:Technik", "mandant", rechte::Recht::Verwalten, now, "technik").await, "grants");
    or!(tx.commit().await, "grants");
    or!(akten.seed(vorrat::AKTENPLAN, vorrat::ORGANISATION).await, "Aktenplan");
    if demo {
        crate::demo::enter_persons(konten).await.map_err(StartFehler)?;
    }
    Ok(cli)
}

/// What the groups are called.
fn gruppen() -> Result<BTreeMap<String, String>, serde_json::Error> {
    #[derive(serde::Deserialize)]
    struct Organisation {
        gruppen: Vec<Gruppe>,
    }
    #[derive(serde::Deserialize)]
    struct Gruppe {
        name: String,
        titel: String,
    }
    let organisation: Organisation = serde_json::from_str(vorrat::ORGANISATION)?;
    Ok(organisation.gruppen.into_iter().map(|g| (g.name, g.titel)).collect())
}

/// Where this program stands; children run the same one.
pub fn own_program() -> PathBuf {
    std::env::var_os("EAKTE_BIN")
        .map(PathBuf::from)
        .or_else(|| std::env::current_exe().ok())
        .unwrap_or_else(|| Path::new("eakte").to_owned())
}
