// SPDX-License-Identifier: EUPL-1.2
//! One POST to a receiver that may be slow, broken or hostile: a time limit over everything, no redirect, no proxy of the
//! environment, a small answer, only addresses that [`Ziele`] allows, checked after the name was resolved and on the very
//! address that is connected to.
//!
//! The client is the blocking one that the command line has already, on the runtime's threads for blocking work: at most
//! one POST per webhook is under way.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use ureq::{
    Agent, Error,
    http::Uri,
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};

use super::{Post, geheimnis::Geheimnis, ziel::Ziele};
use crate::config::WebhookSettings;

/// Bytes of an answer's head, and of its body before the connection is thrown away.
const KOPF: usize = 16 * 1024;
const RUMPF: u64 = 16 * 1024;
/// How long the body of an answer may take that nobody reads anyway.
const REST: Duration = Duration::from_secs(2);
/// Longest `Retry-After` that is heeded.
const WARTEN_MAX: i64 = 24 * 3600;

/// What came of a POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Antwort {
    /// 2xx.
    Genommen,
    /// 410: it wants no more.
    Weg,
    /// German sentence, and the seconds the receiver asks to wait (`Retry-After`).
    Fehler(String, Option<i64>),
}

/// Sends events.
#[derive(Clone)]
pub struct Bote {
    agent: Agent,
    pub ziele: Arc<Ziele>,
    frist: Duration,
}

impl Bote {
    /// # Errors
    /// German sentence: the authorities in `ca_datei` cannot be read.
    pub fn new(settings: &WebhookSettings) -> Result<Self, String> {
        let ziele = Arc::new(Ziele::new(&settings.erlaubt, settings.loopback));
        let roots = match settings.ca_datei.as_str() {
            "" => RootCerts::WebPki,
            file => RootCerts::from(authorities("webhook.ca_datei", file)?),
        };
        let frist = Duration::from_millis(settings.frist_ms.clamp(1, 30_000));
        let config = Agent::config_builder()
            .timeout_global(Some(frist))
            .timeout_recv_body(Some(REST.min(frist)))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .max_response_header_size(KOPF)
            .user_agent(concat!("eakte/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build();
        let names = Namen { ziele: ziele.clone(), system: DefaultResolver::default() };
        Ok(Self { agent: Agent::with_parts(config, DefaultConnector::default(), names), ziele, frist })
    }

    /// Longest time of one POST.
    pub fn frist(&self) -> Duration {
        self.frist
    }

    /// Sends an event, signed with each of the secrets.
    pub async fn senden(&self, url: &str, post: &Post, geheimnisse: &[Geheimnis], sekunden: i64) -> Antwort {
        if let Err(text) = self.ziele.pruefe(url) {
            return Antwort::Fehler(text, None);
        }
        let id = post.id.to_string();
        let signed: Vec<String> = geheimnisse.iter().map(|g| g.signieren(&id, sekunden, &post.body)).collect();
        let request = self
            .agent
            .post(url)
            .header("content-type", nachrichten::ereignisse::MEDIENTYP)
            .header("webhook-id", id)
            .header("webhook-timestamp", sekunden.to_string())
            .header("webhook-signature", signed.join(" "));
        let (body, frist) = (post.body.clone(), self.frist);
        let sent = tokio::task::spawn_blocking(move || match request.send(body) {
            Ok(mut answer) => {
                let verdict = urteil(answer.status().as_u16(), answer.headers().get("retry-after"));
                // Read to its end, the connection serves again; the words themselves are nobody's business here.
                let _ = answer.body_mut().with_config().limit(RUMPF).read_to_vec();
                verdict
            }
            Err(error) => Antwort::Fehler(in_worten(&error, frist), None),
        });
        sent.await.unwrap_or_else(|e| Antwort::Fehler(format!("Der Versand brach ab: {e}"), None))
    }
}

/// The authorities of a PEM file that setting `key` names.
pub(crate) fn authorities(key: &str, file: &str) -> Result<Vec<Certificate<'static>>, String> {
    let failed = |what: String| format!("{key}: {file}: {what}");
    let pem = std::fs::read(file).map_err(|e| failed(e.kind().to_string()))?;
    let mut found = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(one) = item.map_err(|e| failed(e.to_string()))? {
            found.push(one);
        }
    }
    if found.is_empty() { Err(failed("no certificate in it".to_owned())) } else { Ok(found) }
}

fn urteil(status: u16, warten: Option<&ureq::http::HeaderValue>) -> Antwort {
    let seconds = warten.and_then(|v| v.to_str().ok()?.trim().parse::<i64>().ok());
    let warten = seconds.filter(|s| (0..=WARTEN_MAX).contains(s));
    match status {
        200..=299 => Antwort::Genommen,
        410 => Antwort::Weg,
        300..=399 => {
            Antwort::Fehler(format!("Die Gegenstelle leitet um (Status {status}). Umleitungen folgen wir nicht."), None)
        }
        _ => Antwort::Fehler(format!("Die Gegenstelle antwortet mit Status {status}."), warten),
    }
}

fn in_worten(error: &Error, frist: Duration) -> String {
    match error {
        Error::Timeout(_) => format!("Keine Antwort innerhalb von {} Sekunden.", frist.as_secs_f32().ceil()),
        Error::HostNotFound => "Den Namen der Gegenstelle gibt es nicht.".to_owned(),
        Error::Io(e) if e.kind() == std::io::ErrorKind::ConnectionRefused => {
            "Die Gegenstelle nimmt keine Verbindung an.".to_owned()
        }
        Error::Other(e) if e.is::<Verboten>() => {
            "Der Name der Gegenstelle führt zu einer Adresse, an die Webhooks nicht gehen dürfen.".to_owned()
        }
        other => {
            let words = other.to_string();
            let what =
                if words.to_lowercase().contains("certificate") { "Das Zertifikat gilt nicht" } else { "Kein Versand" };
            format!("{what} ({}).", &words[..words.floor_char_boundary(200)])
        }
    }
}

/// Resolves names and lets only allowed addresses through.
#[derive(Debug)]
struct Namen {
    ziele: Arc<Ziele>,
    system: DefaultResolver,
}

/// A name that leads only where webhooks may not go.
#[derive(Debug, thiserror::Error)]
#[error("no allowed address")]
struct Verboten;

impl Resolver for Namen {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.system.resolve(uri, config, timeout)?;
        let mut allowed = self.empty();
        for address in found.iter().filter(|a: &&SocketAddr| self.ziele.adresse(a.ip())) {
            allowed.push(*address);
        }
        if allowed.is_empty() { Err(Error::Other(Box::new(Verboten))) } else { Ok(allowed) }
    }
}
