// SPDX-License-Identifier: EUPL-1.2
//! A small city on a fresh database: SQLite always, PostgreSQL as well when `EAKTE_PG_URL` names one.
#![allow(dead_code, clippy::unwrap_used)]

use std::{future::Future, sync::Arc};

use nachrichten::{
    Actor, BlobHash, DokumentId, InstanceId, JobId, PersonId, SendungId, Tag, Timestamp,
    akten::{Abgelegt, Ablegen, Angelegt, Anlegen, Erfassen, Erfasst},
    erkennung::{Seite, Teil, TeilArt},
    job::{Job, JobResult, Outcome},
    sendungen::Kanal,
};
use serde_json::{Value, json};
use service_akten::Akten;
use service_platform::{
    args,
    blobs::{Blobs, DirectoryBlobs},
    db::{Db, Sql},
    konten::{Konten, NeuePerson},
    uhr::{Clock, FixedClock, Ids, SystemIds},
    worker,
};
use uuid::Uuid;

pub const PLAN: &str = "Kennzeichen;Titel;Amt\n00.10;Gemeinderat und Ausschüsse;10\n20.10;Haushaltsplan;20\n66.10;Straßenbau;66\n66.20;Straßenunterhaltung und Winterdienst;66\n";
pub const ORGANISATION: &str = r#"{"aemter":[{"nummer":"10"},{"nummer":"20"},{"nummer":"66"}],
    "gruppen":[{"name":"Poststelle"},{"name":"Feststellung-66"},{"name":"Anordnung-66"},{"name":"Feststellung-20"}]}"#;

pub struct Welt {
    pub db: Db,
    pub blobs: Arc<dyn Blobs>,
    pub clock: Arc<FixedClock>,
    pub akten: Arc<Akten>,
    pub konten: Konten,
    pub name: &'static str,
    ordner: tempfile::TempDir,
}

/// Runs a test on each database.
pub async fn each<F: Future<Output = ()>>(test: impl Fn(Welt) -> F) {
    test(Welt::sqlite().await).await;
    match std::env::var("EAKTE_PG_URL") {
        Ok(url) => test(Welt::postgres(&url).await).await,
        #[allow(clippy::print_stderr)] // a test says what it skipped
        Err(_) => eprintln!("skipped on PostgreSQL: EAKTE_PG_URL is not set"),
    }
}

fn leaked(text: String) -> Sql {
    let text: &'static str = Box::leak(text.into_boxed_str());
    Sql { sqlite: text, postgres: text }
}

impl Welt {
    pub async fn sqlite() -> Self {
        let ordner = tempfile::tempdir().unwrap();
        let db = Db::sqlite(&ordner.path().join("eakte.db")).await.unwrap();
        Self::on(db, ordner, "sqlite").await
    }

    async fn postgres(url: &str) -> Self {
        let schema = format!("t{}", Uuid::now_v7().simple());
        let db = Db::postgres(url).await.unwrap();
        db.execute(&leaked(format!("CREATE SCHEMA {schema}")), args![]).await.unwrap();
        db.close().await;
        let join = if url.contains('?') { '&' } else { '?' };
        let db = Db::postgres(&format!("{url}{join}options=-csearch_path%3D{schema}")).await.unwrap();
        Self::on(db, tempfile::tempdir().unwrap(), "postgres").await
    }

    async fn on(db: Db, ordner: tempfile::TempDir, name: &'static str) -> Self {
        db.migrate(&service_platform::MIGRATIONS).await.unwrap();
        db.migrate(&service_akten::MIGRATIONS).await.unwrap();
        let blobs: Arc<dyn Blobs> = Arc::new(DirectoryBlobs::open(ordner.path(), "test").unwrap());
        let clock = Arc::new(FixedClock::at("2026-11-23T08:00:00Z".parse().unwrap()));
        let ids: Arc<dyn Ids> = Arc::new(SystemIds);
        let akten = Arc::new(Akten::new(db.clone(), blobs.clone(), clock.clone(), ids.clone()));
        akten.seed(PLAN, ORGANISATION).await.unwrap();
        let konten = Konten::new(db.clone(), clock.clone(), ids);
        Self { db, blobs, clock, akten, konten, name, ordner }
    }

    pub fn ordner(&self) -> &std::path::Path {
        self.ordner.path()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub async fn person(&self, kennung: &str, rollen: &[&str], gruppen: &[&str]) -> Actor {
        let strings = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
        let p = NeuePerson {
            kennung: kennung.into(),
            name: kennung.to_uppercase(),
            amt: "66".into(),
            rollen: strings(rollen),
            gruppen: strings(gruppen),
        };
        Actor { person: self.konten.enter(&p, None).await.unwrap(), name: kennung.to_uppercase() }
    }

    /// Runs a job through its handler, as a delivery would.
    pub async fn job(&self, id: JobId, typ: &str, eingabe: Value) -> JobResult {
        let handler = self.akten.clone().jobs().into_iter().find(|h| h.typ == typ).unwrap();
        let job = Job {
            id,
            typ: typ.into(),
            attempt: 1,
            failures: 0,
            instance: InstanceId(Uuid::new_v5(&id.0, b"instance")),
            idempotency_key: id.to_string(),
            deadline: self.now(),
            eingabe,
            trace: None,
        };
        worker::run(&handler, self.blobs.clone(), job).await
    }

    pub async fn done<R: serde::de::DeserializeOwned>(&self, typ: &str, eingabe: Value) -> R {
        answer(self.job(new_job(), typ, eingabe).await)
    }

    pub async fn blob(&self, text: &str) -> BlobHash {
        self.blobs.put(text.as_bytes().to_vec()).await.unwrap()
    }

    /// A Sendung with one text part.
    pub async fn eingang(&self, name: &str, text: &str) -> DokumentId {
        let hash = self.blob(text).await;
        let m = anlegen(vec![teil(0, name, hash, Some(hash))]);
        let answer: Angelegt = self.done(nachrichten::akten::ANLEGEN, json!(m)).await;
        answer.dokumente[0].dokument
    }

    pub async fn erfassen(&self, m: Erfassen) -> Erfasst {
        self.done(nachrichten::akten::ERFASSEN, json!(m)).await
    }

    pub async fn ablegen(&self, m: &Ablegen) -> Abgelegt {
        self.done(nachrichten::akten::ABLEGEN, json!(m)).await
    }

    /// Registered and filed.
    pub async fn abgelegt(&self, name: &str, text: &str, einheit: &str, akte: &str) -> (DokumentId, Abgelegt) {
        let id = self.eingang(name, text).await;
        (id, self.ablegen(&ablegen(id, einheit, akte)).await)
    }
}

pub fn answer<R: serde::de::DeserializeOwned>(result: JobResult) -> R {
    match result.outcome {
        Outcome::Done { werte } => serde_json::from_value(Value::Object(werte)).unwrap(),
        other => panic!("job ended with {other:?}"),
    }
}

pub fn new_job() -> JobId {
    JobId(Uuid::now_v7())
}

pub fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

pub fn seite(n: u32, bild: Option<BlobHash>) -> Seite {
    Seite { n, breite: 100, hoehe: 140, dpi: [300, 300], leer: false, bild }
}

pub fn teil(index: u32, name: &str, blob: BlobHash, text: Option<BlobHash>) -> Teil {
    Teil {
        index,
        art: TeilArt::Digital,
        name: name.into(),
        blob,
        media_type: "application/pdf".into(),
        seiten: vec![seite(1, None)],
        bereiche: Vec::new(),
        text,
        rechnung_xml: None,
        blatt: None,
        befunde: Vec::new(),
    }
}

pub fn anlegen(teile: Vec<Teil>) -> Anlegen {
    let sendung = SendungId(Uuid::now_v7());
    Anlegen { sendung, kanal: Kanal::Upload, zugang: tag("2026-11-20"), teile, korb: "poststelle".into(), blob: None }
}

pub fn ablegen(dokument: DokumentId, einheit: &str, akte: &str) -> Ablegen {
    Ablegen {
        dokument,
        einheit: einheit.into(),
        aktenzeichen: None,
        akte_titel: akte.into(),
        vorgang_titel: "Schriftverkehr".into(),
        dokumentart: "brief".into(),
        titel: String::new(),
        amt: einheit[..2].into(),
        protokoll: Some(json!({ "zuordnung": "bestaetigt" })),
        freigegeben_von: Some("Kim Beispiel".into()),
        zda: false,
    }
}

pub fn nobody() -> Actor {
    Actor { person: PersonId(Uuid::nil()), name: String::new() }
}
