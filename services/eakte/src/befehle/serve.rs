// SPDX-License-Identifier: EUPL-1.2
//! `eakte serve`.

use std::sync::Arc;

use axum::{body::Body, extract::Request, response::Response};
use service_platform::telemetry;
use service_platform::vertretung::Vertretungen;
use service_portal::{Dienst, Dienste, PortalState};
use tokio::sync::RwLock;
use tower::ServiceExt as _;

use super::{Ende, runtime};
use crate::{
    App,
    app::{Start, own_program},
    ausgabe,
    cli::{Ort, settings},
    demo::{Buehne, DemoHebel},
    exit,
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

/// Runs until a stop signal.
pub fn run(ort: &Ort, listen: Option<String>, demo: bool) -> Ende {
    let (config, data) = settings(ort)?;
    let mut sperre = lock(&data)?;
    telemetry::init(&config.settings.log.filter, config.settings.log.json);
    let listen = listen.unwrap_or_else(|| config.settings.listen.clone());
    let start = Start { data, program: own_program(), demo, scan: true, work: true };
    runtime()?.block_on(async move {
        let listener = tokio::net::TcpListener::bind(&listen).await.map_err(|error| {
            ausgabe::say(&format!("Die Adresse {listen} ist nicht frei: {error}"));
            exit::FAILED
        })?;
        let address = listener.local_addr().map_or_else(|_| listen.clone(), |a| a.to_string());
        let url = format!("http://{address}");
        let app = App::start(&start, &config.settings).await.map_err(|error| {
            ausgabe::say(&format!("Die Dienste starten nicht: {error}"));
            exit::FAILED
        })?;
        let clock = app.clock.clone();
        let buehne = Arc::new(Buehne {
            start,
            settings: config.settings,
            app: RwLock::new(None),
            router: RwLock::new(axum::Router::new()),
            clock: RwLock::new(clock),
        });
        *buehne.router.write().await = router(&buehne, &app);
        *buehne.app.write().await = Some(app);
        if let Err(error) = sperre.note(&url) {
            tracing::warn!(%error, "cannot note the address in the lock file");
        }
        ausgabe::line(&format!("Bereit: {url}"));
        let stage = buehne.clone();
        let service = axum::Router::new().fallback(move |request: Request<Body>| {
            let stage = stage.clone();
            async move { through(&stage, request).await }
        });
        let served = axum::serve(listener, service).with_graceful_shutdown(stop_signal()).await;
        if let Some(app) = buehne.app.write().await.take() {
            app.stop().await;
        }
        match served {
            Ok(()) => Ok(exit::OK),
            Err(error) => {
                ausgabe::say(&format!("Der Server wurde beendet: {error}"));
                Err(exit::FAILED)
            }
        }
    })
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
            db: app.db.clone(),
            eingang: app.eingang.clone(),
            cli: app.cli.clone(),
        }) as Arc<dyn service_portal::Demo>
    });
    let dienste =
        DiensteStand { db: app.db.clone(), erkennung: app.erkennung.clone(), last: std::sync::Mutex::new(None) };
    service_portal::router(PortalState {
        sendungen: Arc::new(app.eingang.clone()),
        aufgaben: Arc::new(app.geschaeftsgang.clone()),
        ablaeufe: Arc::new(app.geschaeftsgang.clone()),
        wiedervorlagen: Arc::new(app.geschaeftsgang.clone()),
        fassungen: Arc::new(app.geschaeftsgang.clone()),
        dokumente: app.akten.clone(),
        suche: app.akten.clone(),
        konten: Arc::new(app.konten.clone()),
        vertretungen: Arc::new(Vertretungen::new(app.db.clone(), app.clock.clone(), app.ids.clone())),
        dienste: Arc::new(dienste),
        webhooks: Arc::new(app.webhooks.clone()),
        demo,
        uhr: app.clock.clone(),
        ids: app.ids.clone(),
        options: service_portal::Options {
            stadt: buehne.settings.stadt.clone(),
            upload_max: buehne.settings.intake.max_upload,
            ..service_portal::Options::default()
        },
    })
}

/// State of the parts for operators and `/ready`.
struct DiensteStand {
    db: service_platform::db::Db,
    erkennung: Arc<service_erkennung::Erkennung>,
    /// The sandbox tests itself at most once a minute.
    last: std::sync::Mutex<Option<(std::time::Instant, bool)>>,
}

#[async_trait::async_trait]
impl Dienste for DiensteStand {
    async fn stand(&self) -> Vec<Dienst> {
        let database = service_platform::outbox::waiting(&self.db).await;
        let outbox = database.as_ref().map_or(0, |(n, _)| *n);
        let known = self
            .last
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .filter(|(at, _)| at.elapsed().as_secs() < 60);
        let holds = match known {
            Some((_, holds)) => holds,
            None => {
                let erkennung = self.erkennung.clone();
                let tested = tokio::task::spawn_blocking(move || erkennung.self_test().is_ok_and(|t| t.passed())).await;
                let holds = tested.unwrap_or(false);
                *self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
                    Some((std::time::Instant::now(), holds));
                holds
            }
        };
        let dienst =
            |name: &str, gut: bool, noetig: bool, text: String| Dienst { name: name.to_owned(), gut, noetig, text };
        vec![
            dienst(
                "Datenbank",
                database.is_ok(),
                true,
                if database.is_ok() { "läuft" } else { "nicht erreichbar" }.to_owned(),
            ),
            dienst(
                "Nachrichten",
                outbox < 1_000,
                false,
                if outbox == 0 { "alle zugestellt".to_owned() } else { format!("{outbox} unterwegs") },
            ),
            dienst(
                "Abschottung",
                holds,
                false,
                if holds { "schützt" } else { "Selbsttest nicht bestanden" }.to_owned(),
            ),
        ]
    }
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! { _ = term.recv() => {} _ = int.recv() => {} }
    // A second signal ends at once; so does a request that does not finish in ten seconds.
    tokio::spawn(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
            () = tokio::time::sleep(std::time::Duration::from_secs(10)) => {}
        }
        std::process::exit(i32::from(exit::OK));
    });
}
