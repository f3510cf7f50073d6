// SPDX-License-Identifier: EUPL-1.2
//! The core services: how each is made of its ports, and what each does by itself while it runs.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use engine::DeployOptions;
use nachrichten::{Actor, Timestamp, verweise::Verweise};
use service_akten::Akten;
use service_eingang::{Eingang, Profil, Pruefer};
use service_geschaeftsgang::{Geschaeftsgang, Herkunft, Options as EngineOptions};
use service_platform::{
    audit,
    blobs::Blobs,
    bus::{Bus, BusError},
    config::Settings,
    db::Db,
    ereignis::{self, Absender, Weitergabe},
    konten::{Konten, NeuePerson},
    organisation::{self, Organisation},
    outbox, rechte,
    uhr::{Clock, Ids, SystemClock},
    webhook::{self, Webhooks, versand::Versand},
    worker::{self, JobHandler},
};
use tokio::{sync::Notify, task::JoinSet};

use crate::{
    app::StartFehler,
    dienste::typen,
    einrichtung::{self, zustaendigkeit},
    ports, vorrat,
};

/// What every core service is made of, beside its own database.
#[derive(Clone)]
pub struct Mittel {
    pub data: PathBuf,
    pub settings: Settings,
    pub blobs: Arc<dyn Blobs>,
    pub bus: Arc<dyn Bus>,
    pub clock: Arc<SystemClock>,
    pub ids: Arc<dyn Ids>,
    pub pruefer: Pruefer,
    /// Jobs of one type at once in each worker process.
    pub parallel: usize,
    /// Wakes the relay of this process after a commit.
    pub poke: Arc<Notify>,
    /// How often the relay looks without being woken: other processes cannot wake it.
    pub look: Duration,
}

impl Mittel {
    pub fn eingang(&self, db: &Db) -> Eingang {
        Eingang::new(
            db.clone(),
            self.blobs.clone(),
            self.clock.clone(),
            self.ids.clone(),
            self.pruefer.clone(),
            self.settings.intake.max_upload,
            self.data.join("spool/absicht"),
            self.poke.clone(),
        )
    }

    pub async fn geschaeftsgang(&self, db: &Db) -> Result<Geschaeftsgang, StartFehler> {
        let settings = &self.settings;
        let kalender = settings.kalender.kalender().map_err(|text| {
            StartFehler::text(format!(
                "kalender.freie_tage: „{text}“ ist kein Tag. Schreiben Sie zum Beispiel 2026-12-24."
            ))
        })?;
        let options = EngineOptions {
            deadline: Duration::from_secs(settings.worker.frist.max(1) as u64),
            window: 4 * self.parallel as u32,
            deploy: DeployOptions { kalender: Arc::new(kalender), ..DeployOptions::default() },
            gruppen: gruppen(db).await?,
            adresse: settings.hinweise.adresse.trim_end_matches('/').to_owned(),
            zweite_person: settings.ablauf.zweite_person,
            ..EngineOptions::default()
        };
        let (bus, clock, ids) = (self.bus.clone(), self.clock.clone(), self.ids.clone());
        let engine = Geschaeftsgang::new(db.clone(), bus, clock, ids, options).await;
        engine.map_err(|e| StartFehler::new("engine", e))
    }

    pub fn akten(&self, db: &Db) -> Arc<Akten> {
        let akten = Akten::new(db.clone(), self.blobs.clone(), self.clock.clone(), self.ids.clone());
        let pruefer = self.pruefer.clone();
        akten.set_pruefung(Arc::new(move |bytes: &[u8], name: &str| pruefer(bytes, name).map_err(|a| a.text)));
        Arc::new(akten)
    }

    /// Who hears by HTTP what happens here; `db` with the rights of the portal, where operators look after them.
    pub fn webhooks(&self, db: &Db) -> Result<Webhooks, StartFehler> {
        let (geheimnisse, bote) = webhook::aus(&self.settings.webhook, &self.data).map_err(StartFehler::text)?;
        let (clock, ids) = (self.clock.clone(), self.ids.clone());
        Ok(Webhooks { db: db.clone(), clock, ids, geheimnisse, bote, absender: self.absender() })
    }

    fn absender(&self) -> Absender {
        let adresse = self.settings.hinweise.adresse.trim_end_matches('/').to_owned();
        Absender { mandant: self.settings.mandant.clone(), adresse }
    }

    /// Before a service writes anything: does anybody listen to its events? Then it looks every two seconds.
    pub async fn follow_listeners(&self, db: &Db, tasks: &mut JoinSet<()>) -> Result<(), StartFehler> {
        let an = self.settings.ereignisse.an;
        ereignis::schalten(db, an).await.map_err(|e| StartFehler::new("events", e))?;
        tasks.spawn(ereignis::folgen(db.clone(), an));
        Ok(())
    }

    /// Events for others: to the exchange if the settings say so, and to webhooks.
    fn tell_others(&self, db: &Db, tasks: &mut JoinSet<()>) -> Result<(), StartFehler> {
        let Webhooks { geheimnisse, bote, absender, .. } = self.webhooks(db)?;
        let post = Arc::new(Notify::new());
        let bus = self.settings.ereignisse.an.then(|| self.bus.clone());
        let weitergabe = Weitergabe { db: db.clone(), bus, absender, post: post.clone() };
        let rueckstau = self.settings.webhook.rueckstau;
        let versand = Versand { db: db.clone(), clock: self.clock.clone(), geheimnisse, bote, rueckstau };
        tasks.spawn(weitergabe.run());
        tasks.spawn(versand.run(post));
        Ok(())
    }

    /// The ways into the portal. Nobody is asked here; the directory is when somebody comes, and by
    /// [`service_portal::verzeichnis::Verzeichnis::follow`].
    pub fn anmeldung(&self) -> Result<service_portal::Anmeldung, StartFehler> {
        let Settings { anmeldung, hinweise, .. } = &self.settings;
        service_portal::Anmeldung::of(anmeldung, &hinweise.adresse, self.clock.clone()).map_err(StartFehler::text)
    }

    /// Every service takes its jobs.
    pub fn work(&self, handlers: Vec<JobHandler>, tasks: &mut JoinSet<()>) {
        for handler in handlers {
            tasks.spawn(worker::serve(handler, self.bus.clone(), self.blobs.clone(), self.parallel));
        }
    }

    /// The engine, and what belongs to its process: it knows which jobs have a worker, drives the outbox, seals the
    /// audit trail, tells others what happened.
    pub fn run_geschaeftsgang(
        &self,
        geschaeftsgang: &Geschaeftsgang,
        db: &Db,
        tasks: &mut JoinSet<()>,
    ) -> Result<(), StartFehler> {
        geschaeftsgang.set_dienste(typen().map(str::to_owned).chain(ports::weitere(&self.settings)));
        tasks.spawn(geschaeftsgang.clone().run());
        let again = Duration::from_secs(5);
        let relay =
            outbox::relay(db.clone(), self.bus.clone(), self.clock.clone(), self.poke.clone(), again, self.look);
        tasks.spawn(relay);
        tasks.spawn(seal(db.clone(), self.clock.clone()));
        self.tell_others(db, tasks)
    }

    /// The watched folders.
    pub fn run_eingang(&self, eingang: &Eingang, actor: &Actor, tasks: &mut JoinSet<()>) {
        let scan = &self.settings.scan;
        let profil = |name: &str, ordner: &str, spool: &str, vertraulich: bool| Profil {
            name: name.to_owned(),
            ordner: self.data.join(ordner),
            spool: self.data.join(spool),
            ruhe: Duration::from_millis(scan.ruhe_ms),
            takt: Duration::from_millis(scan.takt_ms),
            max_bytes: self.settings.intake.max_datei,
            vertraulich,
        };
        for profil in [
            profil("standard", &scan.ordner, "spool", false),
            profil("vertraulich", &scan.vertraulich, "spool/vertraulich", true),
        ] {
            tasks.spawn(service_eingang::watch(eingang.clone(), actor.clone(), profil));
        }
    }

    /// Makes the queues before the engine starts, so that no first job is unroutable. A broker that is away makes nobody
    /// wait: the bus makes them when it is back, and until then everything stays in the database.
    pub async fn declare(&self, queues: Vec<String>) -> Result<(), StartFehler> {
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
            Ok(Ok(Err(error))) => return Err(StartFehler::new("bus", error)),
            Ok(Err(error)) => return Err(StartFehler::new("bus", error)),
            Ok(Ok(Ok(()))) => {}
            Err(_) => tracing::warn!("the broker does not answer yet, starting without it"),
        }
        Ok(())
    }
}

/// How often is looked for what interrupted acceptances left, and how soon again when somebody was away.
const SWEEP: [Duration; 2] = [Duration::from_secs(600), Duration::from_secs(10)];

/// Removes what interrupted acceptances left, once; `verweise` are all who may refer to a blob. Returns when to look again.
pub async fn sweep(eingang: &Eingang, verweise: &dyn Verweise) -> Duration {
    match eingang.aufraeumen(verweise).await {
        Ok(0) => SWEEP[0],
        Ok(blobs) => {
            tracing::info!(blobs, "removed originals that never got a receipt");
            SWEEP[0]
        }
        Err(error) => {
            tracing::warn!(error = error.detail, "cannot look for originals without a receipt, will try again");
            SWEEP[1]
        }
    }
}

/// The same until the process stops.
pub async fn keep_swept(eingang: Eingang, verweise: Vec<Arc<dyn Verweise>>) {
    loop {
        let pause = sweep(&eingang, &verweise).await;
        tokio::time::sleep(pause).await;
    }
}

/// Deploys the shipped tables and processes; a new text is a new version, an old one changes nothing.
pub async fn deploy(geschaeftsgang: &Geschaeftsgang, db: &Db) -> Result<(), StartFehler> {
    // Who is responsible for what follows from the organisation; the shipped table knows only the sample one.
    let own = zustaendigkeit::of_city(db).await.map_err(|e| StartFehler::new("decision table", e))?;
    for (name, xml) in vorrat::TABELLEN {
        let xml = own.as_deref().filter(|_| *name == zustaendigkeit::TABELLE).unwrap_or(xml);
        let deployed = geschaeftsgang.deploy_table(name, xml, Herkunft::Auslieferung).await;
        deployed.map_err(|e| StartFehler::new("decision table", e))?;
    }
    let examples = vorrat::BEISPIELE.iter().filter(|(name, _)| own.is_none() || *name != zustaendigkeit::TABELLE);
    for (name, zeilen) in examples {
        geschaeftsgang
            .beispiele_geliefert(name, zeilen)
            .await
            .map_err(|e| StartFehler::text(format!("example rows of {name}: {}", e.detail)))?;
    }
    for (name, xml) in vorrat::ABLAEUFE {
        let checked = geschaeftsgang
            .deploy(xml, Herkunft::Auslieferung)
            .await
            .map_err(|e| StartFehler::text(format!("{name}: {e}")))?;
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

/// The technical account, through which commands and the watched folders act.
pub async fn enter_account(konten: &Konten) -> Result<Actor, StartFehler> {
    let cli = NeuePerson {
        kennung: "cli".to_owned(),
        name: "Kommandozeile".to_owned(),
        amt: "10".to_owned(),
        rollen: vec!["Technik".to_owned(), "Betrieb".to_owned()],
        gruppen: Vec::new(),
    };
    konten.enter(&cli, None).await.map_err(|e| StartFehler::new("technical account", e))?;
    let cli = konten.actor("cli").await.map_err(|e| StartFehler::new("technical account", e))?;
    cli.ok_or_else(|| StartFehler::text("no account cli".to_owned()))
}

/// Standing grants, the Aktenplan and the organisation.
pub async fn enter_plan(db: &Db, akten: &Akten) -> Result<(), StartFehler> {
    let granted = async {
        let mut tx = db.begin().await?;
        let (recht, from) = (rechte::Recht::Verwalten, Timestamp(0));
        rechte::grant(&mut tx, "rolle:Technik", "mandant", recht, from, "technik").await?;
        tx.commit().await
    };
    granted.await.map_err(|e| StartFehler::new("grants", e))?;
    if let Some(own) = organisation(db).await? {
        return einrichtung::grant(db, &own).await.map_err(|e| StartFehler::new("Aktenplan", e));
    }
    let seeded = akten.seed(vorrat::AKTENPLAN, vorrat::ORGANISATION).await;
    seeded.map_err(|e| StartFehler::new("Aktenplan", e))?;
    Ok(())
}

/// The city's own organisation; none when the sample one holds.
pub async fn organisation(db: &Db) -> Result<Option<Organisation>, StartFehler> {
    organisation::own(db).await.map_err(|e| StartFehler::new("organisation", e))
}

/// What the groups are called.
async fn gruppen(db: &Db) -> Result<BTreeMap<String, String>, StartFehler> {
    #[derive(serde::Deserialize)]
    struct Sample {
        gruppen: Vec<Gruppe>,
    }
    #[derive(serde::Deserialize)]
    struct Gruppe {
        name: String,
        titel: String,
    }
    if let Some(own) = organisation(db).await? {
        return Ok(own.gruppen);
    }
    let sample: Sample = serde_json::from_str(vorrat::ORGANISATION).map_err(|e| StartFehler::new("organisation", e))?;
    Ok(sample.gruppen.into_iter().map(|g| (g.name, g.titel)).collect())
}

/// Settings of the portal: with the city's own organisation, else with the sample one.
pub async fn portal_options(settings: &Settings, db: &Db) -> Result<service_portal::Options, StartFehler> {
    let options =
        organisation(db).await?.map_or_else(service_portal::Options::default, |o| service_portal::Options::of(&o));
    Ok(service_portal::Options {
        stadt: settings.stadt.clone(),
        upload_max: settings.intake.max_upload,
        tls: settings.hinweise.is_tls(),
        uebung: settings.uebung.aktiv,
        ..options
    })
}

/// Where this program stands; children run the same one.
pub fn own_program() -> PathBuf {
    std::env::var_os("EAKTE_BIN")
        .map(PathBuf::from)
        .or_else(|| std::env::current_exe().ok())
        .unwrap_or_else(|| Path::new("eakte").to_owned())
}
