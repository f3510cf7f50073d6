// SPDX-License-Identifier: EUPL-1.2
//! `eakte intake`: embedded on a data directory, or against a running server.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use nachrichten::{
    BlobHash, SendungId,
    fehler::Fehler,
    sendungen::{Einlieferung, Grund, Kanal, SendungStand, Sendungen as _, Stand},
};
use serde_json::{Value, json};
use service_platform::telemetry;

use super::{Ende, runtime, serve};
use crate::{
    App,
    app::Start,
    ausgabe,
    cli::{KanalArg, Ort, settings},
    dienste::Dienst,
    exit,
    kern::own_program,
    ports::Geduld,
};

/// What the command line asks for.
pub struct Auftrag {
    pub files: Vec<PathBuf>,
    pub ort: Ort,
    pub url: Option<String>,
    pub channel: KanalArg,
    pub wait: bool,
    pub json: bool,
}

/// What became of one file.
enum Ergebnis {
    Stand(Box<SendungStand>),
    Abgewiesen { sha256: BlobHash, grund: Grund },
    Unlesbar(String),
}

pub fn run(auftrag: &Auftrag) -> Ende {
    match &auftrag.url {
        Some(url) => remote(auftrag, url),
        None => embedded(auftrag),
    }
}

fn kanal(arg: KanalArg) -> Kanal {
    match arg {
        KanalArg::Scan => Kanal::Scan,
        KanalArg::Mail => Kanal::Mail,
        KanalArg::Upload => Kanal::Upload,
    }
}

fn name_of(file: &Path) -> String {
    file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

fn embedded(auftrag: &Auftrag) -> Ende {
    let (config, data) = settings(&auftrag.ort)?;
    let mut sperre = serve::lock(&data)?;
    let _ = sperre.note("„eakte intake“");
    telemetry::init(&std::env::var("EAKTE_LOG").unwrap_or_else(|_| "error".to_owned()), false);
    let start = Start {
        data,
        program: own_program(),
        demo: false,
        scan: false,
        work: Dienst::ALLE.to_vec(),
        geduld: Geduld::Keine,
    };
    runtime()?.block_on(async {
        let app = App::start(&start, &config.settings).await.map_err(|error| {
            ausgabe::say(&format!("Die Dienste starten nicht: {error}"));
            exit::FAILED
        })?;
        let mut results = Vec::new();
        for file in &auftrag.files {
            results.push((file, accept(&app, file, kanal(auftrag.channel)).await));
        }
        let mut code = exit::OK;
        for (file, result) in results {
            let result = match result {
                Ok(id) => match settle(&app, id, auftrag.wait).await {
                    Ok(stand) => Ergebnis::Stand(Box::new(stand)),
                    Err(error) => Ergebnis::Unlesbar(error.text.0),
                },
                Err(other) => other,
            };
            code = code.max(print(file, &result, auftrag.json));
        }
        app.stop().await;
        Ok(code)
    })
}

async fn accept(app: &App, file: &Path, kanal: Kanal) -> Result<SendungId, Ergebnis> {
    let bytes = std::fs::read(file).map_err(|e| Ergebnis::Unlesbar(ausgabe::unlesbar(&e)))?;
    let sha256 = BlobHash::of(&bytes);
    // Every call is its own delivery: the same bytes again are a duplicate, not a repeat.
    let idempotency_key = format!("cli:{}", app.ids.uuid());
    let e = Einlieferung { kanal, name: name_of(file), bytes, idempotency_key, zugang: None, vertraulich: false };
    match app.eingang.accept(&app.cli, e).await {
        Ok(quittung) => Ok(quittung.receipt),
        Err(error) => Err(refused_or_failed(error, sha256)),
    }
}

fn refused_or_failed(error: Fehler, sha256: BlobHash) -> Ergebnis {
    match error.code.0 {
        "E1001" | "E1002" => Ergebnis::Abgewiesen { sha256, grund: Grund { code: error.detail, text: error.text.0 } },
        _ => Ergebnis::Unlesbar(error.text.0),
    }
}

/// Polls until the item is settled; a stopped service would be an incident, which is settled too.
async fn settle(app: &App, id: SendungId, wait: bool) -> Result<SendungStand, Fehler> {
    let mut told = String::new();
    loop {
        let stand = app.eingang.stand(&app.cli, id).await?;
        if !wait || stand.state != Stand::Accepted {
            return Ok(stand);
        }
        if let Some(progress) = stand.fortschritt.filter(|p| ausgabe::is_terminal() && *p != told) {
            ausgabe::say(&format!("{}: {progress}", stand.name));
            told = progress;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn print(file: &Path, result: &Ergebnis, json_wanted: bool) -> u8 {
    let file = file.display().to_string();
    let value = match result {
        Ergebnis::Stand(s) => json!({
            "file": file, "receipt": s.receipt, "sha256": s.sha256, "duplicate_of": s.duplicate_of, "state": s.state,
            "waiting_for": s.waiting_for, "reason": s.reason, "documents": s.documents,
        }),
        Ergebnis::Abgewiesen { sha256, grund } => json!({
            "file": file, "receipt": null, "sha256": sha256, "duplicate_of": null, "state": "refused",
            "waiting_for": [], "reason": grund, "documents": [],
        }),
        Ergebnis::Unlesbar(text) => {
            ausgabe::say(&format!("{file}: {text}"));
            json!({
                "file": file, "receipt": null, "sha256": null, "duplicate_of": null, "state": null,
                "waiting_for": [], "reason": { "code": "unreadable", "text": text }, "documents": [],
            })
        }
    };
    if json_wanted {
        ausgabe::json(&value);
    } else if let Ergebnis::Stand(s) = result {
        let reason = s.reason.as_ref().map_or_else(String::new, |r| format!("  {}", r.text));
        ausgabe::line(&format!("{:<44} {:<12} {}{reason}", s.name, in_words(s.state), s.receipt));
    } else if let Ergebnis::Abgewiesen { grund, .. } = result {
        ausgabe::line(&format!("{file:<44} {:<12} {}", in_words(Stand::Refused), grund.text));
    }
    match result {
        Ergebnis::Stand(_) => exit::OK,
        Ergebnis::Abgewiesen { .. } => exit::FAILED,
        Ergebnis::Unlesbar(_) => exit::UNREADABLE,
    }
}

fn in_words(stand: Stand) -> &'static str {
    match stand {
        Stand::Accepted => "angenommen",
        Stand::Filed => "abgelegt",
        Stand::Waiting => "wartet",
        Stand::Clearing => "in Klärung",
        Stand::Refused => "abgewiesen",
        Stand::Quarantined => "Quarantäne",
    }
}

/// Against a running server, as the person of `$EAKTE_TOKEN`.
fn remote(auftrag: &Auftrag, url: &str) -> Ende {
    let Ok(token) = std::env::var("EAKTE_TOKEN") else {
        ausgabe::say("Setzen Sie EAKTE_TOKEN auf ein Zugangstoken (siehe „eakte account token“).");
        return Err(exit::FORBIDDEN);
    };
    let server = Server { url: url.trim_end_matches('/').to_owned(), token, agent: agent() };
    let mut code = exit::OK;
    let mut sent = Vec::new();
    for file in &auftrag.files {
        sent.push((file, server.send(file, kanal(auftrag.channel))));
    }
    for (file, result) in sent {
        let result = match result.and_then(|id| server.settle(id, auftrag.wait)) {
            Ok(stand) => Ergebnis::Stand(Box::new(stand)),
            Err(RemoteFehler::Forbidden) => {
                ausgabe::say("Der Server hat das Token nicht angenommen.");
                return Err(exit::FORBIDDEN);
            }
            Err(RemoteFehler::Refused(sha256, grund)) => Ergebnis::Abgewiesen { sha256, grund },
            Err(RemoteFehler::Other(text)) => Ergebnis::Unlesbar(text),
        };
        code = code.max(print(file, &result, auftrag.json));
    }
    Ok(code)
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(120)))
        .build()
        .into()
}

struct Server {
    url: String,
    token: String,
    agent: ureq::Agent,
}

enum RemoteFehler {
    Forbidden,
    Refused(BlobHash, Grund),
    Other(String),
}

impl Server {
    fn send(&self, file: &Path, kanal: Kanal) -> Result<SendungId, RemoteFehler> {
        let bytes = std::fs::read(file).map_err(|e| RemoteFehler::Other(ausgabe::unlesbar(&e)))?;
        let sha256 = BlobHash::of(&bytes);
        let channel = match kanal {
            Kanal::Scan => "scan",
            Kanal::Mail => "mail",
            Kanal::Upload => "upload",
        };
        let answer = self
            .agent
            .post(format!("{}/api/v1/intake", self.url))
            .query("channel", channel)
            .query("name", name_of(file))
            .header("authorization", format!("Bearer {}", self.token))
            .header("idempotency-key", uuid::Uuid::now_v7().to_string())
            .header("content-type", "application/octet-stream")
            .send(&bytes[..]);
        let (status, body) = read(answer)?;
        match status {
            200..=202 => {
                let receipt = body.get("receipt").and_then(Value::as_str).and_then(|r| r.parse().ok());
                receipt.ok_or_else(|| RemoteFehler::Other("Der Server hat keine Quittung gegeben.".to_owned()))
            }
            401 | 403 => Err(RemoteFehler::Forbidden),
            status => {
                let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                if matches!(text("code").as_str(), "E1001" | "E1002") || (400..500).contains(&status) {
                    let code = body.get("reason").and_then(Value::as_str).unwrap_or("format-rejected").to_owned();
                    Err(RemoteFehler::Refused(sha256, Grund { code, text: text("detail") }))
                } else {
                    Err(RemoteFehler::Other(format!("Der Server antwortet mit {status}: {}", text("detail"))))
                }
            }
        }
    }

    fn settle(&self, id: SendungId, wait: bool) -> Result<SendungStand, RemoteFehler> {
        loop {
            let answer = self
                .agent
                .get(format!("{}/api/v1/intake/{id}", self.url))
                .header("authorization", format!("Bearer {}", self.token))
                .call();
            let (status, body) = read(answer)?;
            if matches!(status, 401 | 403) {
                return Err(RemoteFehler::Forbidden);
            }
            let stand: SendungStand = serde_json::from_value(in_our_words(body)).map_err(|e| {
                RemoteFehler::Other(format!("Die Antwort des Servers ({status}) ist nicht verständlich: {e}"))
            })?;
            if !wait || stand.state != Stand::Accepted {
                return Ok(stand);
            }
            std::thread::sleep(Duration::from_millis(150));
        }
    }
}

/// The API speaks English where our own messages speak German.
fn in_our_words(mut body: Value) -> Value {
    for (theirs, ours) in [("file", "name"), ("channel", "kanal"), ("progress", "fortschritt")] {
        if let Some(value) = body.get_mut(theirs).map(Value::take) {
            body[ours] = value;
        }
    }
    body
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<(u16, Value), RemoteFehler> {
    let mut response = answer.map_err(|e| RemoteFehler::Other(format!("Der Server ist nicht erreichbar: {e}")))?;
    let status = response.status().as_u16();
    Ok((status, response.body_mut().read_json().unwrap_or(Value::Null)))
}
