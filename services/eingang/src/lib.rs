// SPDX-License-Identifier: EUPL-1.2
//! eingang: takes post in. Original to the blob store, then intake row, audit entry and start command in one
//! transaction; only then is it acknowledged.
//!
//! Core service: owns `eingang_*`. Pushes `geschaeftsgang.start.v1` (process `posteingang`) and `akten.zugang.v1`.
//! Parses nothing: the check of an upload runs in the sandbox behind [`Pruefer`].
#![allow(missing_docs)]

mod ordner;
mod reste;
mod stand;

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use async_trait::async_trait;
use nachrichten::{
    Actor, BlobHash, MessageId, SendungId, Tag, Timestamp,
    ablaeufe::Ablaeufe,
    dokumente::Dokumente,
    ereignisse::{Ereignis, Sendung},
    fehler::Fehler,
    sendungen::{Einlieferung, Kanal, Quittung, SendungStand, Sendungen},
};
use serde_json::json;
use service_platform::{
    args, audit,
    blobs::Blobs,
    db::{Db, DbError, Migrations, Sql, Tx, insistently},
    ereignis, from_row, outbox, rechte,
    trace::{self, KeyValue, Span, SpanKind},
    uhr::{Clock, Ids},
};
use tokio::sync::Notify;

pub use ordner::{Profil, watch};

pub const MIGRATIONS: Migrations = Migrations {
    name: "eingang",
    sqlite: &[include_str!("../migrations/sqlite/0001_anfang.sql")],
    postgres: &[include_str!("../migrations/postgres/0001_anfang.sql")],
};

/// Display names are cut to this many bytes of UTF-8.
pub const MAX_NAME: usize = 200;

service_platform::statements! {
    OF_KEY = "SELECT id, kanal, name, sha256, size, zugang, erfasst, duplicate_of, person, abgeschlossen FROM eingang_sendung WHERE schluessel = $1";
    OF_ID = "SELECT id, kanal, name, sha256, size, zugang, erfasst, duplicate_of, person, abgeschlossen FROM eingang_sendung WHERE id = $1";
    ORIGINAL = "SELECT id FROM eingang_sendung WHERE sha256 = $1 AND duplicate_of IS NULL";
    INSERT = "INSERT INTO eingang_sendung (id, schluessel, kanal, name, sha256, size, zugang, erfasst, duplicate_of, person) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    NEWEST = "SELECT id, kanal, name, sha256, size, zugang, erfasst, duplicate_of, person, abgeschlossen FROM eingang_sendung ORDER BY erfasst DESC LIMIT $1";
    NEWEST_OF = "SELECT id, kanal, name, sha256, size, zugang, erfasst, duplicate_of, person, abgeschlossen FROM eingang_sendung WHERE person = $2 ORDER BY erfasst DESC LIMIT $1";
    SET_ZUGANG = "UPDATE eingang_sendung SET zugang = $2 WHERE id = $1";
    SET_DONE = "UPDATE eingang_sendung SET abgeschlossen = 1 WHERE id = $1";
    ALL = "SELECT id, sha256, duplicate_of FROM eingang_sendung ORDER BY id";
    UNAUDITED = "SELECT e.id FROM eingang_sendung e WHERE NOT EXISTS (SELECT 1 FROM platform_audit a WHERE a.chain = 'sendung:' || $1 AND a.act = 'angenommen') AND e.id = $2";
}

/// All statements, for the test that prepares each one.
pub fn statements() -> Vec<(&'static str, Sql)> {
    STATEMENTS.to_vec()
}

/// Why an upload is refused: nothing is kept but the audit entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ablehnung {
    /// E.g. `format-rejected`, `empty`.
    pub code: String,
    /// German sentence: what was found and what to do.
    pub text: String,
}

/// Looks at uploaded bytes in the sandbox (blocking): are they what they claim to be?
pub type Pruefer = Arc<dyn Fn(&[u8], &str) -> Result<(), Ablehnung> + Send + Sync>;

#[derive(Clone)]
pub struct Eingang {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    blobs: Arc<dyn Blobs>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    pruefer: Pruefer,
    max_upload: usize,
    /// One empty file per hash on its way into the store: what an interrupted acceptance left is found again.
    absichten: PathBuf,
    /// Wakes the outbox relay after a commit.
    poke: Arc<Notify>,
    /// Acceptances hold it together, tidying alone ([`reste`]).
    annahme: tokio::sync::RwLock<()>,
    /// For the state of a Sendung; set once by the binary.
    neighbours: OnceLock<(Arc<dyn Ablaeufe>, Arc<dyn Dokumente>)>,
}

pub(crate) struct Zeile {
    pub id: SendungId,
    pub kanal: String,
    pub name: String,
    pub sha256: BlobHash,
    pub size: u64,
    pub zugang: Tag,
    pub erfasst: Timestamp,
    pub duplicate_of: Option<SendungId>,
    pub person: nachrichten::PersonId,
    pub abgeschlossen: bool,
}
from_row!(Zeile { id, kanal, name, sha256, size, zugang, erfasst, duplicate_of, person, abgeschlossen });

impl Zeile {
    fn quittung(self, repeated: bool) -> Quittung {
        Quittung {
            receipt: self.id,
            sha256: self.sha256,
            duplicate_of: self.duplicate_of,
            repeated,
            erfasst: self.erfasst,
        }
    }
}

fn kanal_text(kanal: Kanal) -> &'static str {
    match kanal {
        Kanal::Scan => "scan",
        Kanal::Mail => "mail",
        Kanal::Upload => "upload",
    }
}

fn away(error: impl std::fmt::Display) -> Fehler {
    let text = "Der Speicher ist gerade nicht erreichbar. Ihre Datei wurde nicht angenommen. Versuchen Sie es erneut.";
    Fehler::new("E1900", 503, text, error.to_string())
}

/// A name to show: no control characters, no path, at most [`MAX_NAME`] bytes.
pub fn display_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut clean: String = last.chars().filter(|c| !c.is_control()).collect();
    while clean.len() > MAX_NAME {
        clean.pop();
    }
    if clean.trim().is_empty() { "ohne Namen".to_owned() } else { clean }
}

impl Eingang {
    #[allow(clippy::too_many_arguments)] // ports and settings, handed over once by the binary
    pub fn new(
        db: Db,
        blobs: Arc<dyn Blobs>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        pruefer: Pruefer,
        max_upload: usize,
        absichten: PathBuf,
        poke: Arc<Notify>,
    ) -> Self {
        let (annahme, neighbours) = Default::default();
        let inner = Inner { db, blobs, clock, ids, pruefer, max_upload, absichten, poke, annahme, neighbours };
        Self { inner: Arc::new(inner) }
    }

    /// Does the trail know of this receipt?
    pub async fn is_audited(&self, id: SendungId) -> Result<bool, DbError> {
        let row: Option<(SendungId,)> = self.inner.db.optional(&UNAUDITED, args![id.to_string(), id]).await?;
        Ok(row.is_none())
    }

    /// Connects engine and record keeper.
    pub fn set_neighbours(&self, ablaeufe: Arc<dyn Ablaeufe>, dokumente: Arc<dyn Dokumente>) {
        let _ = self.inner.neighbours.set((ablaeufe, dokumente));
    }

    /// Every accepted original: receipt, hash, first receipt of a duplicate; for `reconcile`.
    pub async fn all(&self) -> Result<Vec<(SendungId, BlobHash, Option<SendungId>)>, DbError> {
        self.inner.db.all(&ALL, args![]).await
    }

    async fn refuse(&self, actor: &Actor, e: &Einlieferung, hash: BlobHash, a: Ablehnung) -> Result<Fehler, Fehler> {
        let inner = &self.inner;
        let mut tx = inner.db.begin().await.map_err(away)?;
        let object = format!("abweisung:{hash}");
        let entry = audit::Entry {
            chain: "eingang",
            at: inner.clock.now(),
            actor: &audit::person(actor),
            act: "abgewiesen",
            object: &object,
            data: json!({ "kanal": e.kanal, "code": a.code, "size": e.bytes.len() }),
        };
        audit::append(&mut tx, entry).await.map_err(away)?;
        tx.commit().await.map_err(away)?;
        Ok(Fehler::new("E1001", 422, a.text, a.code))
    }
}

impl Inner {
    /// One try at the transaction of an acceptance; a lost race for a unique key is tried again by the caller.
    async fn store(
        &self,
        actor: &Actor,
        e: &Einlieferung,
        name: &str,
        hash: BlobHash,
        size: usize,
    ) -> Result<Quittung, DbError> {
        let (id, now) = (SendungId(self.ids.uuid()), self.clock.now());
        let zugang = e.zugang.unwrap_or_else(|| now.tag());
        let mut tx = self.db.begin().await?;
        let known: Option<Zeile> = tx.optional(&OF_KEY, args![&e.idempotency_key]).await?;
        if let Some(row) = known {
            return Ok(row.quittung(true));
        }
        let original: Option<(SendungId,)> = tx.optional(&ORIGINAL, args![hash]).await?;
        let duplicate_of = original.map(|(id,)| id);
        let kanal = kanal_text(e.kanal);
        let values = args![id, &e.idempotency_key, kanal, name, hash, size, zugang, now, duplicate_of, actor.person];
        tx.execute(&INSERT, values).await?;
        let (chain, data) =
            (format!("sendung:{id}"), json!({ "kanal": kanal, "sha256": hash, "duplicate_of": duplicate_of }));
        let actor_text = audit::person(actor);
        let entry =
            audit::Entry { chain: &chain, at: now, actor: &actor_text, act: "angenommen", object: &chain, data };
        audit::append(&mut tx, entry).await?;
        let event =
            || Ereignis::SendungEingegangen(Sendung { sendung: id, kanal: e.kanal, zugang, doppelt_zu: duplicate_of });
        ereignis::melden(&mut tx, &*self.ids, event, now).await?;
        if duplicate_of.is_none() {
            self.start(&mut tx, id, hash, name, e, zugang, now).await?;
        }
        tx.commit().await?;
        Ok(Quittung { receipt: id, sha256: hash, duplicate_of, repeated: false, erfasst: now })
    }

    #[allow(clippy::too_many_arguments)] // the fields of the process variable `sendung`
    async fn start(
        &self,
        tx: &mut Tx,
        id: SendungId,
        hash: BlobHash,
        name: &str,
        e: &Einlieferung,
        zugang: Tag,
        now: Timestamp,
    ) -> Result<(), DbError> {
        let kanal = kanal_text(e.kanal);
        let sendung = json!({
            "id": id, "blob": hash, "name": name, "kanal": kanal, "zugang": zugang, "vertraulich": e.vertraulich,
        });
        let body = json!({
            "process": "posteingang",
            "schluessel": format!("sendung:{id}"),
            "werte": { "sendung": sendung },
        });
        outbox::push(tx, MessageId(id.0), "geschaeftsgang.start.v1", &body, now).await
    }

    pub(crate) async fn darf_sehen(&self, actor: &Actor, row: &Zeile) -> Result<bool, Fehler> {
        if row.person == actor.person {
            return Ok(true);
        }
        self.darf_alle_sehen(actor).await
    }

    async fn darf_alle_sehen(&self, actor: &Actor) -> Result<bool, Fehler> {
        let now = self.clock.now();
        rechte::has(&self.db, actor.person, "korb:poststelle", rechte::Recht::Sehen, now).await.map_err(away)
    }
}

/// The first span of the trace that this Sendung's way is.
fn follow(quittung: &Quittung, kanal: &'static str, size: usize, from: SystemTime) {
    let id = quittung.receipt.0;
    let Some(context) = trace::Context::of(id) else { return };
    let attributes = vec![
        KeyValue::new("eakte.sendung.id", id.to_string()),
        KeyValue::new("eakte.kanal", kanal),
        KeyValue::new("eakte.bytes", size as i64),
    ];
    let (kind, name, to) = (SpanKind::Server, "annehmen".to_owned(), SystemTime::now());
    Span { context, id, kind, name, from, to, attributes, failed: None }.note();
}

#[async_trait]
impl Sendungen for Eingang {
    async fn accept(&self, actor: &Actor, e: Einlieferung) -> Result<Quittung, Fehler> {
        let (inner, began) = (&self.inner, SystemTime::now());
        if e.kanal == Kanal::Upload && e.bytes.len() > inner.max_upload {
            let text = format!("Die Datei ist größer als {} MB. Teilen Sie die Datei.", inner.max_upload >> 20);
            return Err(Fehler::new("E1002", 413, text, "upload too large"));
        }
        if e.idempotency_key.is_empty() || e.idempotency_key.len() > 255 {
            let text = "Der Idempotency-Key fehlt oder ist länger als 255 Zeichen.";
            return Err(Fehler::new("E1003", 400, text, "idempotency key missing or too long"));
        }
        let mut e = e;
        e.idempotency_key = format!("{}:{}", kanal_text(e.kanal), e.idempotency_key);
        let (name, hash) = (display_name(&e.name), BlobHash::of(&e.bytes));
        let known: Option<Zeile> = inner.db.optional(&OF_KEY, args![&e.idempotency_key]).await.map_err(away)?;
        if let Some(row) = known {
            if row.sha256 != hash {
                let text = "Zu diesem Idempotency-Key gehört schon eine andere Datei.";
                return Err(Fehler::new("E1004", 422, text, "idempotency key reused with other bytes"));
            }
            return Ok(row.quittung(true));
        }
        if e.kanal == Kanal::Upload {
            let (pruefer, bytes, shown) = (inner.pruefer.clone(), std::mem::take(&mut e.bytes), name.clone());
            let (bytes, verdict) = tokio::task::spawn_blocking(move || {
                let verdict = pruefer(&bytes, &shown);
                (bytes, verdict)
            })
            .await
            .map_err(away)?;
            e.bytes = bytes;
            if let Err(a) = verdict {
                return Err(self.refuse(actor, &e, hash, a).await?);
            }
        }
        let annahme = self.annahme().await;
        let absicht = inner.absichten.join(format!("{hash}~{}", inner.ids.uuid()));
        tokio::fs::write(&absicht, b"").await.map_err(away)?;
        service_platform::failpoint("eingang::blob::before");
        let size = e.bytes.len();
        inner.blobs.put(std::mem::take(&mut e.bytes)).await.map_err(away)?;
        service_platform::failpoint("eingang::commit::before");
        // Someone else took the same key or the same bytes at the same moment: look again.
        let again = |e: &DbError| e.is_unique() || e.is_again();
        let store = || insistently(again, || inner.store(actor, &e, &name, hash, size));
        let quittung = match store().await {
            // Its commit may count: once more, which begins with a look at what stands under this key.
            Err(error) if error.is_unknown() => store().await,
            told => told,
        };
        let quittung = quittung.map_err(away)?;
        service_platform::failpoint("eingang::commit::after");
        let _ = tokio::fs::remove_file(&absicht).await;
        drop(annahme);
        inner.poke.notify_one();
        tracing::info!(sendung.id = %quittung.receipt, size, "accepted {}", quittung.receipt);
        if !quittung.repeated {
            follow(&quittung, kanal_text(e.kanal), size, began);
        }
        Ok(quittung)
    }

    async fn stand(&self, actor: &Actor, id: SendungId) -> Result<SendungStand, Fehler> {
        let row: Option<Zeile> = self.inner.db.optional(&OF_ID, args![id]).await.map_err(away)?;
        let row = row.ok_or_else(Fehler::not_found)?;
        if !self.inner.darf_sehen(actor, &row).await? {
            return Err(Fehler::not_found());
        }
        self.inner.stand(actor, row).await
    }

    async fn list(&self, actor: &Actor, limit: u32) -> Result<Vec<SendungStand>, Fehler> {
        let (inner, limit) = (&self.inner, limit.clamp(1, 200));
        let rows: Vec<Zeile> = if inner.darf_alle_sehen(actor).await? {
            inner.db.all(&NEWEST, args![limit]).await.map_err(away)?
        } else {
            inner.db.all(&NEWEST_OF, args![limit, actor.person]).await.map_err(away)?
        };
        inner.staende(actor, rows).await
    }

    async fn correct_zugang(&self, actor: &Actor, id: SendungId, zugang: Tag, grund: &str) -> Result<(), Fehler> {
        let inner = &self.inner;
        let now = inner.clock.now();
        if grund.trim().is_empty() {
            return Err(Fehler::new("E1005", 422, "Tragen Sie ein, warum das Datum geändert wird.", "reason missing"));
        }
        if zugang > now.tag() {
            return Err(Fehler::new(
                "E1006",
                422,
                "Der Zugang kann nicht in der Zukunft liegen.",
                "date in the future",
            ));
        }
        let row: Option<Zeile> = inner.db.optional(&OF_ID, args![id]).await.map_err(away)?;
        let row = row.ok_or_else(Fehler::not_found)?;
        if !inner.darf_sehen(actor, &row).await? {
            return Err(Fehler::not_found());
        }
        let mut tx = inner.db.begin().await.map_err(away)?;
        tx.execute(&SET_ZUGANG, args![id, zugang]).await.map_err(away)?;
        let (chain, message) = (format!("sendung:{id}"), MessageId(inner.ids.uuid()));
        let entry = audit::Entry {
            chain: &chain,
            at: now,
            actor: &audit::person(actor),
            act: "Zugang geändert",
            object: &chain,
            data: json!({ "alt": row.zugang, "neu": zugang, "grund": grund }),
        };
        audit::append(&mut tx, entry).await.map_err(away)?;
        let body = json!({ "id": message, "sendung": id, "zugang": zugang });
        outbox::push(&mut tx, message, "akten.zugang.v1", &body, now).await.map_err(away)?;
        tx.commit().await.map_err(away)?;
        inner.poke.notify_one();
        Ok(())
    }
}
