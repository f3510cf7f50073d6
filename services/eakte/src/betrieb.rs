// SPDX-License-Identifier: EUPL-1.2
//! What a process tells operators: `/health` (it lives), `/ready` (what it needs answers), `/metrics` (OpenMetrics).
//! No content, no names of persons; the address belongs into the network of the operators.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Request, State as Extracted},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde_json::json;
use service_erkennung::Erkennung;
use service_geschaeftsgang::Geschaeftsgang;
use service_platform::{
    args,
    blobs::{BlobError, Blobs},
    bus::{Bus, State},
    db::{self, Db},
    metriken::{self, CONTENT_TYPE, Labels, metriken, replace, set},
    uhr::{Clock as _, SystemClock},
};

use crate::umfeld::Umfeld;

/// One part that this process needs, and how it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Teil {
    /// `datenbank`, `bus`, `blobs`, `abschottung`, `platz`, `zertifikat`.
    pub name: &'static str,
    pub gut: bool,
    /// Without it nothing is accepted; the others catch up by themselves.
    pub noetig: bool,
    /// German, what an operator must know or do.
    pub text: String,
}

/// What this process is made of; a part that it does not have is not asked.
#[derive(Clone)]
pub struct Zustand {
    pub name: String,
    /// Core services need it; there once it answers and has the right tables.
    pub db: Option<Arc<OnceLock<Db>>>,
    pub bus: Arc<dyn Bus>,
    pub blobs: Arc<dyn Blobs>,
    pub erkennung: Option<Arc<Erkennung>>,
    pub geschaeftsgang: Arc<OnceLock<Geschaeftsgang>>,
    pub umfeld: Umfeld,
    last: Arc<Mutex<Gemerkt>>,
}

/// Answers that are not asked for at each look: the self test costs a process, the store a request.
#[derive(Default)]
struct Gemerkt {
    abschottung: Option<(Instant, bool)>,
    blobs: Option<(Instant, Result<(), String>)>,
}

service_platform::statements! {
    PROBE = "SELECT CAST(1 AS BIGINT)";
}

impl Zustand {
    pub fn new(name: &str, bus: Arc<dyn Bus>, blobs: Arc<dyn Blobs>) -> Self {
        let last = Arc::default();
        Self {
            name: name.to_owned(),
            db: None,
            bus,
            blobs,
            erkennung: None,
            geschaeftsgang: Arc::default(),
            umfeld: Umfeld::default(),
            last,
        }
    }

    /// Every part, asked now or a short while ago.
    pub async fn teile(&self) -> Vec<Teil> {
        let mut teile = Vec::new();
        if let Some(db) = &self.db {
            let gut = match db.get() {
                Some(db) => {
                    let asked = tokio::time::timeout(Duration::from_secs(3), db.one::<(i64,)>(&PROBE, args![])).await;
                    matches!(asked, Ok(Ok(_)))
                }
                None => false,
            };
            let full = db::is_full();
            let text = match (gut, full) {
                (true, false) => "läuft",
                (true, true) => {
                    "Der Speicherplatz ist voll. Schaffen Sie Platz; bis dahin wird nichts angenommen, danach geht es von selbst weiter."
                }
                (false, _) => "nicht erreichbar; es geht von selbst weiter, sobald sie wieder da ist",
            };
            teile.push(Teil { name: "datenbank", gut: gut && !full, noetig: true, text: text.to_owned() });
        }
        let health = self.bus.health();
        let gut = health.state == State::Connected && health.alarms.is_empty();
        let text = if gut { "verbunden".to_owned() } else { health.alarms.join(" ") };
        teile.push(Teil { name: "bus", gut, noetig: false, text });
        let blobs = self.blobs().await;
        let text = blobs.as_ref().err().cloned().unwrap_or_else(|| "läuft".to_owned());
        teile.push(Teil { name: "blobs", gut: blobs.is_ok(), noetig: true, text });
        if let Some(erkennung) = &self.erkennung {
            let gut = self.abschottung(erkennung).await;
            let text = if gut { "schützt" } else { "Selbsttest nicht bestanden" };
            teile.push(Teil { name: "abschottung", gut, noetig: false, text: text.to_owned() });
        }
        teile.extend(self.umfeld.teile(SystemClock::default().now()));
        teile
    }

    async fn blobs(&self) -> Result<(), String> {
        let known = self.gemerkt().blobs.clone().filter(|(at, _)| at.elapsed() < Duration::from_secs(10));
        if let Some((_, answer)) = known {
            return answer;
        }
        let asked = tokio::time::timeout(Duration::from_secs(5), self.blobs.check()).await;
        let answer = match asked {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(for_operators(&error)),
            Err(_) => Err("antwortet nicht".to_owned()),
        };
        self.gemerkt().blobs = Some((Instant::now(), answer.clone()));
        answer
    }

    /// The sandbox tests itself at most once a minute.
    async fn abschottung(&self, erkennung: &Arc<Erkennung>) -> bool {
        let known = self.gemerkt().abschottung.filter(|(at, _)| at.elapsed() < Duration::from_secs(60));
        if let Some((_, holds)) = known {
            return holds;
        }
        let erkennung = erkennung.clone();
        let tested = tokio::task::spawn_blocking(move || erkennung.self_test().is_ok_and(|t| t.passed())).await;
        let holds = tested.unwrap_or(false);
        self.gemerkt().abschottung = Some((Instant::now(), holds));
        holds
    }

    fn gemerkt(&self) -> std::sync::MutexGuard<'_, Gemerkt> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn metrics(&self) -> String {
        let m = metriken();
        m.of_process(&self.name);
        let teile = self.teile().await;
        let one = |gut: bool| f64::from(u8::from(gut));
        replace(&m.ready, teile.iter().map(|t| (vec![("part", t.name.to_owned())] as Labels, one(t.gut))));
        set(&m.bus_connected, one(self.bus.health().state == State::Connected));
        if let Some(geschaeftsgang) = self.geschaeftsgang.get() {
            if let Err(error) = geschaeftsgang.measure().await {
                tracing::warn!(%error, "cannot measure the engine");
            }
            if let Ok(dead) = self.bus.dead_letters().await {
                let mut queues = std::collections::BTreeMap::new();
                dead.into_iter().for_each(|d| *queues.entry(d.queue).or_insert(0.0) += 1.0);
                replace(
                    &m.bus_dead_letters,
                    queues.into_iter().map(|(queue, n)| (vec![("queue", queue)] as Labels, n)),
                );
            }
        }
        m.text()
    }
}

/// What is wrong with the store, and what to do.
fn for_operators(error: &BlobError) -> String {
    use std::io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match error {
        BlobError::Io(e) if matches!(e.kind(), StorageFull | QuotaExceeded) => {
            "Der Speicherplatz ist voll. Schaffen Sie Platz; bis dahin wird nichts angenommen, danach geht es von selbst weiter."
                .to_owned()
        }
        BlobError::Io(e) if e.kind() == ReadOnlyFilesystem => {
            "Der Datenträger lässt nur noch lesen. Sehen Sie nach, warum; danach geht es von selbst weiter.".to_owned()
        }
        BlobError::Away(why) => format!("nicht erreichbar; es geht von selbst weiter, sobald er wieder da ist ({why})"),
        BlobError::Refused(why) => {
            format!("lehnt ab. Prüfen Sie Zugangsdaten, Rechte und Bucket; danach geht es von selbst weiter ({why})")
        }
        other => other.to_string(),
    }
}

/// `/health`, `/ready`, `/metrics`.
pub fn router(zustand: Zustand) -> Router {
    Router::new()
        .route("/health", get(|| async { "ok\n" }))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(zustand)
}

async fn ready(Extracted(zustand): Extracted<Zustand>) -> Response {
    let teile = zustand.teile().await;
    let status = match teile.iter().all(|t| t.gut || !t.noetig) {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let teile: Vec<_> =
        teile.iter().map(|t| json!({ "name": t.name, "gut": t.gut, "noetig": t.noetig, "text": t.text })).collect();
    (status, axum::Json(json!({ "dienst": zustand.name, "teile": teile }))).into_response()
}

async fn metrics(Extracted(zustand): Extracted<Zustand>) -> Response {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], zustand.metrics().await).into_response()
}

/// Counts the requests of a router and how long they took.
pub async fn counted(Extracted(service): Extracted<&'static str>, request: Request, next: Next) -> Response {
    let from = Instant::now();
    let response = next.run(request).await;
    let m = metriken();
    let status = response.status().as_u16().to_string();
    metriken::count(&m.http_requests, vec![("service", service.to_owned()), ("status", status)]);
    metriken::observe(&m.http_seconds, vec![("service", service.to_owned())], from.elapsed());
    response
}

/// Answers operators on their address, if one is set, until the process stops.
///
/// # Errors
/// The address is not free.
pub async fn listen(address: &str, zustand: Zustand) -> std::io::Result<Option<std::net::SocketAddr>> {
    if address.is_empty() {
        return Ok(None);
    }
    let listener = tokio::net::TcpListener::bind(address).await?;
    let local = listener.local_addr()?;
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router(zustand)).await {
            tracing::error!(%error, "the operators' address does not answer any more");
        }
    });
    Ok(Some(local))
}
