// SPDX-License-Identifier: EUPL-1.2
//! `eakte serve`.

use std::{sync::Arc, time::Duration};

use axum::{body::Body, extract::Request, response::Response};
use service_platform::{config::Settings, telemetry, trace, vertretung::Vertretungen};
use service_portal::{Dienste, PortalState};
use tokio::sync::RwLock;
use tower::ServiceExt as _;

use super::{Ende, runtime};
use crate::{
    App,
    app::{Start, StartFehler},
    ausgabe,
    betrieb::{self, Zustand},
    cli::{Ort, settings},
    demo::{Buehne, DemoHebel},
    dienste::Dienst,
    exit,
    kern::own_program,
    ports::Geduld,
    sperre::{Sperre, SperreFehler},
};

/// Takes the lock of a directory or says who has it.
pub fn lock(data: &std::path::Path) -> Result<Sperre, u8> {
    if let Err(error) = std::fs::create_dir_all(data) {
        ausgabe::say(&format!("Der Ordner {} lässt sich nicht anlegen: {error}", data.display()));
        return Err(exit::FAILED);
    }
    Sperre::take(data).map_err(|error| match error {
        SperreFehler::InUse(holder) => {
            let holder = if holder.is_empty() { "einem anderen Prozess".to_owned() } else { holder };
            ausgabe::say(&format!("Der Datenordner {} wird schon benutzt von {holder}.", data.display()));
            exit::IN_USE
        }
        SperreFehler::Io(error) => {
            ausgabe::say(&format!("Der Datenordner {} lässt sich nicht sperren: {error}", data.display()));
            exit::FAILED
        }
    })
}

/// All services in one process, until a stop signal.
pub fn run(ort: &Ort, listen: Option<String>, demo: bool) -> Ende {
    run_with(ort, listen, demo, Dienst::ALLE.to_vec())
}

/// The core services and some of the workers, until a stop signal.
pub fn run_with(ort: &Ort, listen: Option<String>, demo: bool, work: Vec<Dienst>) -> Ende {
    let (config, data) = settings(ort)?;
    let mut sperre = lock(&data)?;
    telemetry::init(&config.settings.log.filter, config.settings.log.json);
    let listen = listen.unwrap_or_else(|| config.settings.listen.clone());
    // The training Mandant is the demo with a world of its own.
    let demo = demo || config.settings.uebung.aktiv;
    let start = Start { data, program: own_program(), demo, scan: true, work, geduld: Geduld::Immer };
    follow(&config.settings, &start.name())?;
    runtime()?.block_on(async move {
        let listener = tokio::net::TcpListener::bind(&listen).await.map_err(|error| {
            ausgabe::say(&format!("Die Adresse {listen} ist nicht frei: {error}"));
            exit::FAILED
        })?;
        let address = listener.local_addr().map_or_else(|_| listen.clone(), |a| a.to_string());
        let url = format!("http://{address}");
        let buehne = Arc::new(Buehne {
            start,
            settings: config.settings,
            app: RwLock::new(None),
            router: RwLock::new(starting()),
        });
        if let Err(error) = sperre.note(&url) {
            tracing::warn!(%error, "cannot note the address in the lock file");
        }
        let stage = buehne.clone();
        let service = axum::Router::new().fallback(move |request: Request<Body>| {
            let stage = stage.clone();
            async move { through(&stage, request).await }
        });
        let server = axum::serve(listener, service).with_graceful_shutdown(stop_signal(Duration::from_secs(10)));
        // Whoever asks before everything is there is told so; a database that is away is waited for.
        let started = {
            let buehne = buehne.clone();
            async move {
                let app = App::start(&buehne.start, &buehne.settings).await?;
                let zustand = app.zustand(&buehne.start.name());
                betrieb::listen(&buehne.settings.betrieb.listen, zustand)
                    .await
                    .map_err(|e| StartFehler::new("operators' address", e))?;
                *buehne.router.write().await = router(&buehne, &app);
                *buehne.app.write().await = Some(app);
                ausgabe::line(&format!("Bereit: {url}"));
                Ok::<(), StartFehler>(())
            }
        };
        let server = async { server.await };
        tokio::pin!(server);
        let served = tokio::select! {
            served = &mut server => served,
            started = started => match started {
                Ok(()) => server.await,
                Err(error) => {
                    ausgabe::say(&format!("Die Dienste starten nicht: {error}"));
                    return Err(exit::FAILED);
                }
            },
        };
        if let Some(app) = buehne.app.write().await.take() {
            app.stop().await;
        }
        trace::finish().await;
        match served {
            Ok(()) => Ok(exit::OK),
            Err(error) => {
                ausgabe::say(&format!("Der Server wurde beendet: {error}"));
                Err(exit::FAILED)
            }
        }
    })
}

/// Spans of this process go to the collector that the settings name.
pub(super) fn follow(settings: &Settings, services: &str) -> Result<(), u8> {
    trace::start(&settings.trace, services, &settings.mandant).map_err(|text| {
        ausgabe::say(&format!("Die Dienste starten nicht: {text}"));
        exit::FAILED
    })
}

/// What is answered until every service runs.
fn starting() -> axum::Router {
    let wait = || async {
        let retry = [(axum::http::header::RETRY_AFTER, "2")];
        (
            axum::http::StatusCode::SERVICE_UNAVAILABLE,
            retry,
            "Die E-Akte startet gerade. Bitte laden Sie die Seite gleich noch einmal.\n",
        )
    };
    axum::Router::new().route("/health", axum::routing::get(|| async { "ok\n" })).fallback(wait)
}

/// Hands a request to the present router; a demo reset may have put a new one in place.
async fn through(buehne: &Buehne, request: Request<Body>) -> Response {
    let router = buehne.router.read().await.clone();
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// The portal over the services of this process.
pub fn router(buehne: &Arc<Buehne>, app: &App) -> axum::Router {
    let demo: Option<Arc<dyn service_portal::Demo>> = buehne.start.demo.then(|| {
        Arc::new(DemoHebel {
            buehne: Arc::downgrade(buehne),
            clock: app.clock.clone(),
            db: app.dbs.portal.clone(),
            eingang: app.eingang.clone(),
            cli: app.cli.clone(),
        }) as Arc<dyn service_portal::Demo>
    });
    let anmeldung = app.anmeldung.clone();
    let zustand = app.zustand(&buehne.start.name());
    let dienste = DiensteStand { zustand, db: app.db.clone(), verzeichnis: anmeldung.verzeichnis.clone() };
    let portal = service_portal::router(PortalState {
        sendungen: Arc::new(app.eingang.clone()),
        aufgaben: Arc::new(app.geschaeftsgang.clone()),
        ablaeufe: Arc::new(app.geschaeftsgang.clone()),
        wiedervorlagen: Arc::new(app.geschaeftsgang.clone()),
        betrieb: Arc::new(app.geschaeftsgang.clone()),
        fassungen: Arc::new(app.geschaeftsgang.clone()),
        dokumente: app.akten.clone(),
        suche: app.akten.clone(),
        konten: Arc::new(app.konten.clone()),
        vertretungen: Arc::new(Vertretungen::new(app.dbs.portal.clone(), app.clock.clone(), app.ids.clone())),
        dienste: Arc::new(dienste),
        webhooks: Arc::new(app.webhooks.clone()),
        anmeldung,
        demo,
        uhr: app.clock.clone(),
        ids: app.ids.clone(),
        options: app.portal.clone(),
    });
    portal.layer(axum::middleware::from_fn_with_state("portal", betrieb::counted))
}

/// State of the parts for operators and `/ready`.
pub struct DiensteStand {
    pub zustand: Zustand,
    pub db: service_platform::db::Db,
    pub verzeichnis: Option<Arc<service_portal::verzeichnis::Verzeichnis>>,
}

#[async_trait::async_trait]
impl Dienste for DiensteStand {
    async fn stand(&self) -> Vec<service_portal::Dienst> {
        let outbox = service_platform::outbox::waiting(&self.db).await.map_or(0, |(n, _)| n);
        let word = |name| match name {
            "datenbank" => "Datenbank",
            "bus" => "Nachrichtenbus",
            "blobs" => "Dokumentenspeicher",
            "abschottung" => "Abschottung",
            "platz" => "Speicherplatz",
            "zertifikat" => "Zertifikat",
            other => other,
        };
        let teile = self.zustand.teile().await;
        let mut dienste: Vec<service_portal::Dienst> = teile
            .into_iter()
            .map(|t| service_portal::Dienst {
                name: word(t.name).to_owned(),
                gut: t.gut,
                noetig: t.noetig,
                text: t.text,
            })
            .collect();
        let text = if outbox == 0 { "alle zugestellt".to_owned() } else { format!("{outbox} unterwegs") };
        dienste.push(service_portal::Dienst {
            name: "Nachrichten".to_owned(),
            gut: outbox < 1_000,
            noetig: false,
            text,
        });
        if let Some(verzeichnis) = &self.verzeichnis {
            let seit = verzeichnis.gestoert_seit();
            let text = seit.map(|at| format!("antwortet nicht seit {}", service_portal::format::uhrzeit(at)));
            dienste.push(service_portal::Dienst {
                name: "Anmeldung am Verzeichnis".to_owned(),
                gut: seit.is_none(),
                noetig: false,
                text: text.unwrap_or_else(|| "läuft".to_owned()),
            });
        }
        dienste
    }
}

/// Returns at a stop signal; whatever happens then, the process ends after `limit` or at a second signal.
pub async fn stop_signal(limit: Duration) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! { _ = term.recv() => {} _ = int.recv() => {} }
    // A second signal ends at once; so does a request that does not finish in time.
    tokio::spawn(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
            () = tokio::time::sleep(limit) => {}
        }
        std::process::exit(i32::from(exit::OK));
    });
}
