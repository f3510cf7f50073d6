// SPDX-License-Identifier: EUPL-1.2
//! Answers of the API. Names as in the command line contract; German words only where the contract has them.

use nachrichten::{
    ablaeufe::Ablauf,
    aufgaben::{Aufgabe, AufgabeSeite},
    dokumente::{Dokument, DokumentZeile},
    sendungen::{Quittung, SendungStand},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Serialises a contract enum to its word.
fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Receipt of an accepted item.
#[derive(Serialize, ToSchema)]
pub struct Receipt {
    pub receipt: String,
    /// SHA-256 of the bytes, hex.
    pub sha256: String,
    /// First receipt when the same bytes came before.
    pub duplicate_of: Option<String>,
    /// The same `Idempotency-Key` came again: this is the first answer once more.
    pub repeated: bool,
    /// RFC 3339.
    pub accepted_at: String,
}

impl From<Quittung> for Receipt {
    fn from(q: Quittung) -> Self {
        Self {
            receipt: q.receipt.to_string(),
            sha256: q.sha256.to_string(),
            duplicate_of: q.duplicate_of.map(|d| d.to_string()),
            repeated: q.repeated,
            accepted_at: q.erfasst.to_string(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Reason {
    pub code: String,
    /// German sentence.
    pub text: String,
}

#[derive(Serialize, ToSchema)]
pub struct WaitingFor {
    pub task: String,
    pub element: String,
    pub group: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct IntakeDocument {
    pub id: String,
    pub doc_type: Option<String>,
    pub akte: Option<String>,
    pub vorgang: Option<String>,
    pub state: String,
    pub pages: u32,
}

/// State of an accepted item.
#[derive(Serialize, ToSchema)]
pub struct Intake {
    pub receipt: String,
    pub file: String,
    pub sha256: String,
    pub duplicate_of: Option<String>,
    /// `scan`, `mail`, `upload`.
    pub channel: String,
    /// `accepted`, `filed`, `waiting`, `clearing`, `refused`, `quarantined`.
    pub state: String,
    pub waiting_for: Vec<WaitingFor>,
    pub reason: Option<Reason>,
    pub documents: Vec<IntakeDocument>,
    /// The day it reached the city.
    pub zugang: String,
    pub erfasst: String,
    pub freigabe: Option<String>,
    pub progress: Option<String>,
    pub size: u64,
}

impl From<SendungStand> for Intake {
    fn from(s: SendungStand) -> Self {
        Self {
            receipt: s.receipt.to_string(),
            file: s.name,
            sha256: s.sha256.to_string(),
            duplicate_of: s.duplicate_of.map(|d| d.to_string()),
            channel: word(s.kanal),
            state: word(s.state),
            waiting_for: s
                .waiting_for
                .into_iter()
                .map(|w| WaitingFor { task: w.task.to_string(), element: w.element, group: w.group })
                .collect(),
            reason: s.reason.map(|g| Reason { code: g.code, text: g.text }),
            documents: s
                .documents
                .into_iter()
                .map(|d| IntakeDocument {
                    id: d.id.to_string(),
                    doc_type: d.doc_type,
                    akte: d.akte,
                    vorgang: d.vorgang,
                    state: word(d.state),
                    pages: d.pages,
                })
                .collect(),
            zugang: s.zugang.to_string(),
            erfasst: s.erfasst.to_string(),
            freigabe: s.freigabe.map(|t| t.to_string()),
            progress: s.fortschritt,
            size: s.size,
        }
    }
}

/// A document in a list.
#[derive(Serialize, ToSchema)]
pub struct DocumentRow {
    pub id: String,
    pub title: String,
    pub doc_type: Option<String>,
    pub zugang: String,
    pub aktenzeichen: Option<String>,
    /// `eingang`, `abgelegt`, `quarantaene`.
    pub state: String,
}

impl From<DokumentZeile> for DocumentRow {
    fn from(d: DokumentZeile) -> Self {
        Self {
            id: d.id.to_string(),
            title: d.titel,
            doc_type: d.dokumentart,
            zugang: d.zugang.to_string(),
            aktenzeichen: d.aktenzeichen,
            state: d.stand,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Documents {
    pub documents: Vec<DocumentRow>,
}

#[derive(Serialize, ToSchema)]
pub struct RenditionInfo {
    /// `original`, `pdfa`, `text`, `invoice-html`, `protokoll`, `woerter`.
    pub name: String,
    pub media_type: String,
    pub size: u64,
    pub sha256: String,
}

#[derive(Serialize, ToSchema)]
pub struct FindingInfo {
    pub code: String,
    /// `hinweis`, `warnung`, `fehler`.
    pub level: String,
    pub text: String,
}

#[derive(Serialize, ToSchema)]
pub struct FilingInfo {
    pub einheit: String,
    pub akte: String,
    pub aktenzeichen: String,
    pub akte_titel: String,
    pub vorgang: String,
    pub vorgang_titel: String,
}

#[derive(Serialize, ToSchema)]
pub struct Document {
    pub id: String,
    pub version: i64,
    pub receipt: String,
    pub title: String,
    pub doc_type: Option<String>,
    pub state: String,
    pub channel: String,
    pub media_type: String,
    pub sha256: String,
    pub pages: u32,
    pub zugang: String,
    pub erfasst: String,
    pub freigabe: Option<String>,
    pub renditions: Vec<RenditionInfo>,
    pub findings: Vec<FindingInfo>,
    /// Proposed fields by name: value, confidence, reason.
    #[schema(value_type = Object)]
    pub proposal: Value,
    /// Invoice facts, amounts as canonical decimals in text.
    #[schema(value_type = Object)]
    pub invoice: Value,
    pub filed_in: Option<FilingInfo>,
}

impl From<Dokument> for Document {
    fn from(d: Dokument) -> Self {
        let json = |v: serde_json::Result<Value>| v.unwrap_or_default();
        Self {
            id: d.id.to_string(),
            version: d.version,
            receipt: d.sendung.to_string(),
            title: d.titel,
            doc_type: d.dokumentart,
            state: d.stand,
            channel: word(d.kanal),
            media_type: d.media_type,
            sha256: d.sha256.to_string(),
            pages: d.seiten.len() as u32,
            zugang: d.zugang.to_string(),
            erfasst: d.erfasst.to_string(),
            freigabe: d.freigabe.map(|t| t.to_string()),
            renditions: d
                .renditionen
                .into_iter()
                .map(|r| RenditionInfo {
                    name: r.name,
                    media_type: r.media_type,
                    size: r.size,
                    sha256: r.sha256.to_string(),
                })
                .collect(),
            findings: d
                .befunde
                .into_iter()
                .map(|b| FindingInfo { code: b.code, level: word(b.stufe), text: b.text })
                .collect(),
            proposal: json(serde_json::to_value(d.vorschlag.map(|v| v.felder))),
            invoice: json(serde_json::to_value(d.fakten)),
            filed_in: d.ablage.map(|a| FilingInfo {
                einheit: a.einheit,
                akte: a.akte.to_string(),
                aktenzeichen: a.aktenzeichen,
                akte_titel: a.akte_titel,
                vorgang: a.vorgang.to_string(),
                vorgang_titel: a.vorgang_titel,
            }),
        }
    }
}

/// A task in a list.
#[derive(Serialize, ToSchema)]
pub struct Task {
    pub id: String,
    pub version: i64,
    pub instance: String,
    pub process: String,
    pub element: String,
    pub name: String,
    pub form: String,
    pub title: String,
    pub group: String,
    pub assignee: Option<String>,
    pub due: Option<String>,
    pub since: String,
    pub document: Option<String>,
    pub done: Option<String>,
    #[schema(value_type = Object)]
    pub facts: Value,
}

impl From<Aufgabe> for Task {
    fn from(a: Aufgabe) -> Self {
        Self {
            id: a.id.to_string(),
            version: a.version,
            instance: a.ablauf.to_string(),
            process: a.process,
            element: a.element,
            name: a.name,
            form: a.formular,
            title: a.titel,
            group: a.gruppe,
            assignee: a.bearbeiter_name,
            due: a.faellig.map(|t| t.to_string()),
            since: a.seit.to_string(),
            document: a.dokument.map(|d| d.to_string()),
            done: a.erledigt.map(|t| t.to_string()),
            facts: Value::Object(a.daten),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Tasks {
    pub tasks: Vec<Task>,
}

/// A task with everything needed to decide.
#[derive(Serialize, ToSchema)]
pub struct TaskDetail {
    pub task: Task,
    #[schema(value_type = Object)]
    pub variables: Value,
    #[schema(value_type = Object)]
    pub draft: Value,
    /// German sentence why this person may not complete it.
    pub blocked: Option<String>,
    /// SHA-256 of the content that completing signs; goes back as `content_sha256`.
    pub content_sha256: Option<String>,
}

impl From<AufgabeSeite> for TaskDetail {
    fn from(s: AufgabeSeite) -> Self {
        Self {
            task: s.aufgabe.into(),
            variables: Value::Object(s.variablen),
            draft: Value::Object(s.entwurf),
            blocked: s.sperre,
            content_sha256: s.fassung.map(|f| f.to_string()),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Claimed {
    /// The task's new version.
    pub version: i64,
}

/// A decision: the values of the form, `entscheidung` names the button.
#[derive(Deserialize, ToSchema)]
pub struct Completion {
    #[schema(value_type = Object, example = json!({"entscheidung": "mitzeichnen"}))]
    pub values: serde_json::Map<String, Value>,
    /// SHA-256 of the content that was read (`content_sha256` of the task); needed where completing is a signature.
    #[serde(default)]
    pub content_sha256: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Token {
    pub element: String,
    pub name: String,
    /// German sentence.
    pub why: String,
    pub since: String,
    pub incident: bool,
}

#[derive(Serialize, ToSchema)]
pub struct HistoryStep {
    pub at: String,
    pub element: String,
    pub name: String,
    pub event: String,
    pub person: Option<String>,
    pub text: Option<String>,
}

/// A process instance.
#[derive(Serialize, ToSchema)]
pub struct Instance {
    pub id: String,
    pub process: String,
    pub name: String,
    pub version: u32,
    /// `aktiv`, `beendet`, `stoerung`, `abgebrochen`.
    pub state: String,
    pub title: String,
    pub started: String,
    pub ended: Option<String>,
    pub parent: Option<String>,
    pub receipt: Option<String>,
    pub document: Option<String>,
    pub tokens: Vec<Token>,
    pub history: Vec<HistoryStep>,
    pub tasks: Vec<String>,
}

impl From<Ablauf> for Instance {
    fn from(a: Ablauf) -> Self {
        Self {
            id: a.id.to_string(),
            process: a.process,
            name: a.name,
            version: a.version,
            state: a.stand,
            title: a.titel,
            started: a.gestartet.to_string(),
            ended: a.beendet.map(|t| t.to_string()),
            parent: a.parent.map(|p| p.to_string()),
            receipt: a.sendung.map(|s| s.to_string()),
            document: a.dokument.map(|d| d.to_string()),
            tokens: a
                .marken
                .into_iter()
                .map(|m| Token {
                    element: m.element,
                    name: m.name,
                    why: m.warum,
                    since: m.seit.to_string(),
                    incident: m.stoerung,
                })
                .collect(),
            history: a
                .verlauf
                .into_iter()
                .map(|s| HistoryStep {
                    at: s.zeit.to_string(),
                    element: s.element,
                    name: s.name,
                    event: s.ereignis,
                    person: s.person,
                    text: s.text,
                })
                .collect(),
            tasks: a.aufgaben.into_iter().map(|t| t.to_string()).collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct SnippetPart {
    pub text: String,
    pub hit: bool,
}

#[derive(Serialize, ToSchema)]
pub struct Hit {
    pub document: DocumentRow,
    pub snippet: Vec<SnippetPart>,
    /// 1-based page of the first hit.
    pub page: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub struct FacetCount {
    pub value: String,
    pub count: u64,
}

#[derive(Serialize, ToSchema)]
pub struct SearchResult {
    pub total: u64,
    pub hits: Vec<Hit>,
    pub doc_types: Vec<FacetCount>,
    pub offices: Vec<FacetCount>,
    pub did_you_mean: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct PartState {
    pub name: String,
    pub ok: bool,
    pub required: bool,
    pub text: String,
}

#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// `ready`, `degraded`, `unavailable`.
    pub status: String,
    pub parts: Vec<PartState>,
}

#[derive(Serialize, ToSchema)]
pub struct Health {
    pub status: String,
}
