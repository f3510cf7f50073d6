// SPDX-License-Identifier: EUPL-1.2
//! Some of the services in this process (`eakte run SERVICE…`). What is not here is called where `ruf.*` says it is;
//! bus, database and blob store are shared by all. Nothing has to start before anything else: a core service waits for
//! its tables, and a neighbour that is away is told to whoever asks.

use std::{
    collections::BTreeSet,
    future::Future,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use nachrichten::{
    Actor, ablaeufe::Ablaeufe, aufgaben::Aufgaben, betrieb::Betrieb, dokumente::Dokumente, fassungen::Fassungen,
    sendungen::Sendungen, suche::Suche, uebergabe::Rueckmeldungen, verweise::Verweise, wiedervorlage::Wiedervorlagen,
};
use service_akten::Akten;
use service_eingang::Eingang;
use service_geschaeftsgang::Geschaeftsgang;
use service_platform::{
    config::Settings,
    db::Db,
    konten::Konten,
    uhr::{SystemClock, SystemIds},
    vertretung::Vertretungen,
    zeit,
};
use service_portal::PortalState;
use service_ruf::{Neighbours, Server, Services};
use tokio::{sync::Notify, task::JoinSet};

use crate::{
    app::StartFehler,
    arbeiter::{self, Werkstatt},
    ausgabe,
    befehle::serve::DiensteStand,
    betrieb::{self, Zustand},
    dienste::{self, Dienst},
    kern::{self, Mittel, own_program},
    ports::{self, Geduld},
    umfeld::Umfeld,
};

/// How often the relay looks for messages of other processes, which cannot wake it.
const LOOK: Duration = Duration::from_millis(100);

/// A process with some of the services.
pub struct Teil {
    dienste: BTreeSet<Dienst>,
    mittel: Mittel,
    werkstatt: Werkstatt,
    nachbarn: Neighbours,
    zustand: Zustand,
    db: Arc<OnceLock<Db>>,
    betrieb: Option<std::net::SocketAddr>,
}

/// What is needed and neither here nor at a known address.
fn missing(dienst: Dienst) -> StartFehler {
    StartFehler::text(format!("der Dienst „{dienst}“ läuft nicht hier, und „ruf.{dienst}“ nennt keine Adresse"))
}

/// The service of this process, else the one at its address.
macro_rules! of {
    ($trait:ident, $here:expr, $there:expr, $dienst:expr) => {
        match (&$here, &$there) {
            (Some(here), _) => Arc::new(here.clone()) as Arc<dyn $trait>,
            (None, Some(there)) => there.clone() as Arc<dyn $trait>,
            (None, None) => return Err(missing($dienst)),
        }
    };
    (arc $trait:ident, $here:expr, $there:expr, $dienst:expr) => {
        match (&$here, &$there) {
            (Some(here), _) => here.clone() as Arc<dyn $trait>,
            (None, Some(there)) => there.clone() as Arc<dyn $trait>,
            (None, None) => return Err(missing($dienst)),
        }
    };
}

impl Teil {
    /// Opens what needs no answer of anybody, and answers operators from here on.
    pub async fn new(dienste: BTreeSet<Dienst>, data: PathBuf, settings: Settings) -> Result<Self, StartFehler> {
        std::fs::create_dir_all(&data).map_err(|e| StartFehler::new("data directory", e))?;
        let name = dienste::names(&dienste);
        let clock = Arc::new(SystemClock::default());
        let owner = dienste.contains(&Dienst::Geschaeftsgang);
        let bus = ports::bus(&settings, &name, owner).map_err(|e| StartFehler::new("bus", e))?;
        let blobs = ports::blobs(&data, &settings, clock.clone()).map_err(|e| StartFehler::new("blobs", e))?;
        let werkstatt = Werkstatt::new(own_program(), &settings)?;
        let nachbarn = Neighbours::open(&settings.ruf).map_err(|e| StartFehler::new("ruf", e))?;
        let db = Arc::new(OnceLock::new());
        let mut zustand = Zustand::new(&name, bus.clone(), blobs.clone());
        zustand.umfeld = Umfeld::new(&data, &settings);
        if dienste.iter().any(|d| d.is_core()) {
            zustand.db = Some(db.clone());
        }
        if dienste.iter().any(|d| !d.typen().is_empty() || *d == Dienst::Eingang) {
            zustand.erkennung = Some(werkstatt.erkennung.clone());
        }
        let betrieb = betrieb::listen(&settings.betrieb.listen, zustand.clone()).await;
        let betrieb = betrieb.map_err(|e| StartFehler::new("operators' address", e))?;
        let mittel = Mittel {
            data,
            blobs,
            bus,
            clock,
            ids: Arc::new(SystemIds),
            pruefer: werkstatt.pruefer.clone(),
            parallel: werkstatt.parallel,
            poke: Arc::new(Notify::new()),
            look: LOOK,
            settings,
        };
        Ok(Self { dienste, mittel, werkstatt, nachbarn, zustand, db, betrieb })
    }

    fn here(&self, dienst: Dienst) -> bool {
        self.dienste.contains(&dienst)
    }

    /// The database as one service may use it; waits until it is there.
    async fn database(&self, dienst: Dienst, tasks: &mut JoinSet<()>) -> Result<Db, StartFehler> {
        let db = ports::datenbank(&self.mittel.data, &self.mittel.settings, Some(dienst), Geduld::Immer).await?;
        let first = self.db.get_or_init(|| db.clone());
        zeit::ask(&self.mittel.clock, first).await.map_err(|e| StartFehler::new("clock", e))?;
        self.mittel.follow_listeners(&db, tasks).await?;
        Ok(db)
    }

    /// Runs until `stop`; then nothing new is taken, and what is in hand may take `drain`.
    pub async fn run(self, stop: impl Future<Output = ()>, drain: Duration) -> Result<(), StartFehler> {
        tokio::pin!(stop);
        let mut tasks = JoinSet::new();
        let (services, portal) = tokio::select! {
            () = &mut stop => return Ok(()),
            started = self.start(&mut tasks) => started?,
        };
        let halt = tokio::sync::watch::Sender::new(false);
        let until = |halt: &tokio::sync::watch::Sender<bool>| {
            let mut halt = halt.subscribe();
            async move { drop(halt.wait_for(|h| *h).await) }
        };
        let mut servers = JoinSet::new();
        let ruf = Server::bind(&self.mittel.settings.ruf, services).await.map_err(|e| StartFehler::new("ruf", e))?;
        if let Some(server) = ruf {
            servers.spawn(server.run(until(&halt)));
        }
        if let Some(portal) = portal {
            let listen = &self.mittel.settings.listen;
            let listener = tokio::net::TcpListener::bind(listen).await.map_err(|e| StartFehler::new(listen, e))?;
            let server = axum::serve(listener, portal).with_graceful_shutdown(until(&halt));
            servers.spawn(async move {
                if let Err(error) = server.await {
                    tracing::error!(%error, "the portal does not answer any more");
                }
            });
        }
        let name = &self.zustand.name;
        ausgabe::line(&match self.betrieb {
            Some(address) => format!("Bereit: {name}, Betrieb auf http://{address}"),
            None => format!("Bereit: {name}"),
        });
        stop.await;
        halt.send_replace(true);
        let ends = async { while servers.join_next().await.is_some() {} };
        let (settled, answered) = tokio::join!(self.mittel.bus.drain(drain), tokio::time::timeout(drain, ends));
        if !settled || answered.is_err() {
            tracing::warn!("stopping with work in hand; it comes again");
        }
        tasks.shutdown().await;
        Ok(())
    }

    /// Makes every service of this process and what it does by itself.
    async fn start(&self, tasks: &mut JoinSet<()>) -> Result<(Services, Option<axum::Router>), StartFehler> {
        let (mittel, nachbarn) = (&self.mittel, &self.nachbarn);
        let mut handlers = Vec::new();
        let akten = match self.here(Dienst::Akten) {
            true => {
                let db = self.database(Dienst::Akten, tasks).await?;
                let akten = mittel.akten(&db);
                kern::enter_plan(&db, &akten).await?;
                Some((akten, db))
            }
            false => None,
        };
        let geschaeftsgang = match self.here(Dienst::Geschaeftsgang) {
            true => {
                let db = self.database(Dienst::Geschaeftsgang, tasks).await?;
                let geschaeftsgang = mittel.geschaeftsgang(&db).await?;
                let _ = self.zustand.geschaeftsgang.set(geschaeftsgang.clone());
                Some((geschaeftsgang, db))
            }
            false => None,
        };
        let (akten_here, kern_here) =
            (akten.as_ref().map(|a| a.0.clone()), geschaeftsgang.as_ref().map(|g| g.0.clone()));
        if let Some((engine, db)) = &geschaeftsgang {
            engine.set_dokumente(of!(arc Dokumente, akten_here, nachbarn.akten, Dienst::Akten));
            kern::deploy(engine, db).await?;
            mittel.declare(ports::queues().collect()).await?;
            mittel.run_geschaeftsgang(engine, db, tasks)?;
            handlers.extend(engine.jobs());
        }
        if let Some((akten, _)) = &akten {
            handlers.extend(akten.clone().jobs());
            tasks.spawn(akten.clone().consume(mittel.bus.clone()));
            if mittel.settings.s3.is_used() {
                tasks.spawn(ports::look_after(mittel.blobs.clone()));
            }
        }
        let eingang = match self.here(Dienst::Eingang) {
            true => Some(self.eingang(akten_here.clone(), kern_here.as_ref(), tasks).await?),
            false => None,
        };
        for worker in &self.dienste {
            handlers.extend(self.werkstatt.handlers(*worker, &mittel.settings));
        }
        if self.here(Dienst::Uebergabe) {
            let kern = of!(Rueckmeldungen, kern_here, nachbarn.geschaeftsgang, Dienst::Geschaeftsgang);
            let (clock, ids) = (mittel.clock.clone(), mittel.ids.clone());
            let (uebergabe, rueckweg) = arbeiter::uebergabe(&mittel.data, &mittel.settings, kern, clock, ids)?;
            handlers.extend(uebergabe);
            tasks.spawn(rueckweg);
        }
        mittel.work(handlers, tasks);
        let portal = match self.here(Dienst::Portal) {
            true => Some(self.portal(akten_here.clone(), kern_here.as_ref(), eingang.as_ref(), tasks).await?),
            false => None,
        };
        if let Some(db) = self.db.get() {
            tasks.spawn(zeit::follow(mittel.clock.clone(), db.clone()));
        }
        Ok((services(akten_here, kern_here, eingang), portal))
    }

    async fn eingang(
        &self,
        akten: Option<Arc<Akten>>,
        kern: Option<&Geschaeftsgang>,
        tasks: &mut JoinSet<()>,
    ) -> Result<Eingang, StartFehler> {
        let (mittel, nachbarn) = (&self.mittel, &self.nachbarn);
        let db = self.database(Dienst::Eingang, tasks).await?;
        let eingang = mittel.eingang(&db);
        let kern = kern.cloned();
        let ablaeufe = of!(Ablaeufe, kern, nachbarn.geschaeftsgang, Dienst::Geschaeftsgang);
        eingang.set_neighbours(ablaeufe, of!(arc Dokumente, akten, nachbarn.akten, Dienst::Akten));
        let verweise: Vec<Arc<dyn Verweise>> = vec![
            of!(Verweise, kern, nachbarn.geschaeftsgang, Dienst::Geschaeftsgang),
            of!(arc Verweise, akten, nachbarn.akten, Dienst::Akten),
        ];
        let actor = technical_account(&Konten::new(db, mittel.clock.clone(), mittel.ids.clone())).await;
        // What a crash left is removed when those are there who may still need it.
        tasks.spawn(kern::keep_swept(eingang.clone(), verweise));
        mittel.run_eingang(&eingang, &actor, tasks);
        Ok(eingang)
    }

    async fn portal(
        &self,
        akten: Option<Arc<Akten>>,
        kern: Option<&Geschaeftsgang>,
        eingang: Option<&Eingang>,
        tasks: &mut JoinSet<()>,
    ) -> Result<axum::Router, StartFehler> {
        let (mittel, nachbarn) = (&self.mittel, &self.nachbarn);
        let anmeldung = mittel.anmeldung()?;
        if let Some(verzeichnis) = &anmeldung.verzeichnis {
            tasks.spawn(verzeichnis.clone().follow());
        }
        let db = self.database(Dienst::Portal, tasks).await?;
        let konten = Konten::new(db.clone(), mittel.clock.clone(), mittel.ids.clone());
        kern::enter_account(&konten).await?;
        let options = kern::portal_options(&mittel.settings, &db).await?;
        let (kern, eingang, engine) = (kern.cloned(), eingang.cloned(), Dienst::Geschaeftsgang);
        let vertretungen = Vertretungen::new(db.clone(), mittel.clock.clone(), mittel.ids.clone());
        let portal = service_portal::router(PortalState {
            sendungen: of!(Sendungen, eingang, nachbarn.eingang, Dienst::Eingang),
            aufgaben: of!(Aufgaben, kern, nachbarn.geschaeftsgang, engine),
            ablaeufe: of!(Ablaeufe, kern, nachbarn.geschaeftsgang, engine),
            wiedervorlagen: of!(Wiedervorlagen, kern, nachbarn.geschaeftsgang, engine),
            betrieb: of!(Betrieb, kern, nachbarn.geschaeftsgang, engine),
            fassungen: of!(Fassungen, kern, nachbarn.geschaeftsgang, engine),
            dokumente: of!(arc Dokumente, akten, nachbarn.akten, Dienst::Akten),
            suche: of!(arc Suche, akten, nachbarn.akten, Dienst::Akten),
            konten: Arc::new(konten),
            vertretungen: Arc::new(vertretungen),
            webhooks: Arc::new(mittel.webhooks(&db)?),
            dienste: Arc::new(DiensteStand {
                zustand: self.zustand.clone(),
                db,
                verzeichnis: anmeldung.verzeichnis.clone(),
            }),
            anmeldung,
            demo: None,
            uhr: mittel.clock.clone(),
            ids: mittel.ids.clone(),
            options,
        });
        Ok(portal.layer(axum::middleware::from_fn_with_state("portal", betrieb::counted)))
    }
}

/// What this process answers to others.
fn services(akten: Option<Arc<Akten>>, kern: Option<Geschaeftsgang>, eingang: Option<Eingang>) -> Services {
    let mut services = Services::default();
    let mut verweise: Vec<Arc<dyn Verweise>> = Vec::new();
    if let Some(akten) = akten {
        services.dokumente = Some(akten.clone());
        services.suche = Some(akten.clone());
        verweise.push(akten.clone());
    }
    if let Some(kern) = kern.map(Arc::new) {
        services.aufgaben = Some(kern.clone());
        services.ablaeufe = Some(kern.clone());
        services.fassungen = Some(kern.clone());
        services.wiedervorlagen = Some(kern.clone());
        services.betrieb = Some(kern.clone());
        services.rueckmeldungen = Some(kern.clone());
        verweise.push(kern);
    }
    if let Some(eingang) = eingang {
        services.sendungen = Some(Arc::new(eingang));
    }
    if !verweise.is_empty() {
        services.verweise = Some(Arc::new(verweise));
    }
    services
}

/// Entered by the portal, which keeps accounts; waited for.
async fn technical_account(konten: &Konten) -> Actor {
    loop {
        match konten.actor("cli").await {
            Ok(Some(actor)) => return actor,
            Ok(None) => tracing::info!("waiting for the technical account, which the portal enters"),
            Err(error) => tracing::warn!(%error, "cannot read the technical account, will try again"),
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
