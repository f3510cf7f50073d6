// SPDX-License-Identifier: EUPL-1.2
//! The whole application in this process, on its own directory, on a Monday morning.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use nachrichten::{
    Actor, DokumentId, InstanceId, SendungId, Tag, Werte,
    ablaeufe::{Ablaeufe, Ablauf},
    aufgaben::{AufgabeSeite, Aufgaben, AufgabenFilter, Erledigung},
    dokumente::{Dokument, Dokumente as _},
    fehler::Fehler,
    sendungen::{Einlieferung, Kanal, SendungStand, Sendungen as _, Stand},
};
use serde_json::{Value, json};
use service_eakte::{
    App,
    app::Start,
    befehle::reconcile::{Bericht, bericht},
    dienste::Dienst,
    ports::{self, Geduld},
};
use service_platform::{
    blobs::Blobs,
    config::{Config, Settings},
    db::{Db, Sql},
    uhr::Clock as _,
};
use service_platform_testkit::{
    TestPostgres, postgres, rabbit,
    s3::{TestS3, s3},
};
use tempfile::TempDir;

use super::{MONTAG, program};

/// How long anything may take before a test gives up.
pub const GEDULD: Duration = Duration::from_secs(120);

/// One running application; the directory goes with it.
pub struct Haus {
    pub app: App,
    pub data: TempDir,
    pub settings: Settings,
    _bucket: Option<TestS3>,
}

/// A place where nothing runs yet and nothing lies. With `EAKTE_PORTS=server` every test of the pipeline runs over
/// PostgreSQL (each service with its own role), RabbitMQ and S3: a database, a vhost and a bucket of its own.
pub struct Leer {
    pub data: TempDir,
    pub settings: Settings,
    /// Address of the role that will own the tables, on PostgreSQL.
    pub owner: Option<String>,
    bucket: Option<TestS3>,
}

impl Leer {
    /// Where this place keeps its documents.
    pub fn blobs(&self) -> Arc<dyn Blobs> {
        ports::blobs(self.data.path(), &self.settings, Arc::default()).unwrap()
    }

    /// Over PostgreSQL, each service with its own role; an empty database.
    pub async fn on_postgres(&mut self) -> Option<TestPostgres> {
        const EMPTY: Sql = sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
        let database = postgres().await?;
        database.db.run_alone(&EMPTY).await.unwrap();
        database.db.close().await;
        self.settings.db.url = database.url.replace("://eakte@", "://eakte_betrieb@");
        self.owner = Some(database.url.clone());
        Some(database)
    }

    async fn on_servers(&mut self) -> Option<()> {
        self.on_postgres().await?;
        self.settings.bus.url = rabbit().await?.vhost();
        if !self.settings.s3.is_used() {
            self.bucket = s3().await;
            self.settings.s3 = self.bucket.as_ref()?.settings.clone();
        }
        Some(())
    }

    /// Makes what is missing and starts every service.
    pub async fn bezogen(self, program: PathBuf) -> Haus {
        let Self { data, settings, owner, bucket } = self;
        if let Some(url) = owner {
            let owner = Db::postgres_as(&url, None, 2).await.unwrap();
            for migrations in ports::MIGRATIONS {
                owner.migrate(&migrations).await.unwrap();
            }
            owner.give_roles().await.unwrap();
            owner.close().await;
        }
        let start = Start {
            data: data.path().to_owned(),
            program,
            demo: true,
            scan: false,
            work: Dienst::ALLE.to_vec(),
            geduld: Geduld::Keine,
        };
        let app = App::start(&start, &settings).await.unwrap();
        // What is put back goes on with its own time.
        if app.clock.offset() == 0 {
            app.clock.set_offset(MONTAG.0 - app.clock.now().0);
        }
        Haus { app, data, settings, _bucket: bucket }
    }
}

/// A statement for looking into the database.
pub const fn sql(text: &'static str) -> Sql {
    Sql { sqlite: text, postgres: text }
}

impl Haus {
    /// The demo's city and persons, no sample post.
    pub async fn neu() -> Self {
        Self::mit(program()).await
    }

    /// With another program for the sandboxed children.
    pub async fn mit(program: PathBuf) -> Self {
        Self::eingestellt(program, |_| {}).await
    }

    /// With settings of its own.
    pub async fn eingestellt(program: PathBuf, set: impl FnOnce(&mut Settings)) -> Self {
        Self::leer_mit(set).await.bezogen(program).await
    }

    pub async fn leer() -> Leer {
        Self::leer_mit(|_| {}).await
    }

    async fn leer_mit(set: impl FnOnce(&mut Settings)) -> Leer {
        let mut settings = Config::load(None, std::iter::empty()).unwrap().settings;
        set(&mut settings);
        // The finance system of a test answers at once.
        (settings.uebergabe.ruhe_ms, settings.uebergabe.takt_ms) = (20, 25);
        let mut leer = Leer { data: TempDir::new().unwrap(), settings, owner: None, bucket: None };
        if std::env::var("EAKTE_PORTS").is_ok_and(|p| p == "server") {
            leer.on_servers().await;
        }
        leer
    }

    /// What was sent by mail, as a reader sees it.
    pub fn mails(&self) -> Vec<String> {
        let folder = std::fs::read_dir(self.data.path().join("uebergabe/mail")).into_iter().flatten();
        folder.map(|e| quoted_printable(&std::fs::read(e.unwrap().path()).unwrap())).collect()
    }

    pub async fn person(&self, kennung: &str) -> Actor {
        self.app.konten.actor(kennung).await.unwrap().unwrap_or_else(|| panic!("nobody is called {kennung}"))
    }

    /// Hands in bytes as the command line does; each call is its own delivery.
    pub async fn gib(
        &self,
        kanal: Kanal,
        name: &str,
        bytes: Vec<u8>,
        zugang: Option<Tag>,
    ) -> Result<SendungId, Fehler> {
        let idempotency_key = self.app.ids.uuid().to_string();
        let e = Einlieferung { kanal, name: name.to_owned(), bytes, idempotency_key, zugang, vertraulich: false };
        self.app.eingang.accept(&self.app.cli, e).await.map(|q| q.receipt)
    }

    pub async fn stand(&self, id: SendungId) -> SendungStand {
        self.app.eingang.stand(&self.app.cli, id).await.unwrap()
    }

    /// Waits until nothing of this Sendung is being worked on.
    pub async fn ruht(&self, id: SendungId) -> SendungStand {
        let from = Instant::now();
        loop {
            let stand = self.stand(id).await;
            if stand.state != Stand::Accepted {
                return stand;
            }
            assert!(from.elapsed() < GEDULD, "still accepted after {GEDULD:?}: {stand:?}");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Hands in and waits: the state and its documents.
    pub async fn bringe(&self, kanal: Kanal, name: &str, bytes: Vec<u8>, zugang: Option<Tag>) -> SendungStand {
        let id = self.gib(kanal, name, bytes, zugang).await.unwrap();
        self.ruht(id).await
    }

    pub async fn dokument(&self, actor: &Actor, id: DokumentId) -> Dokument {
        self.app.akten.get(actor, id).await.unwrap()
    }

    /// The open task of this document at this element, as this person sees it.
    pub async fn aufgabe(&self, actor: &Actor, dokument: DokumentId, element: &str) -> AufgabeSeite {
        self.aufgabe_wo(actor, element, |a| a.aufgabe.dokument == Some(dokument)).await
    }

    /// The open task at this element that fits; waits for it.
    pub async fn aufgabe_wo(&self, actor: &Actor, element: &str, fits: impl Fn(&AufgabeSeite) -> bool) -> AufgabeSeite {
        let from = Instant::now();
        loop {
            let filter = AufgabenFilter { element: vec![element.to_owned()], limit: 200, ..AufgabenFilter::default() };
            for row in Aufgaben::list(&self.app.geschaeftsgang, actor, &filter).await.unwrap().aufgaben {
                let Ok(seite) = Aufgaben::get(&self.app.geschaeftsgang, actor, row.id).await else { continue };
                if fits(&seite) {
                    return seite;
                }
            }
            assert!(from.elapsed() < Duration::from_secs(20), "{} has no task {element}", actor.name);
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Completes with these values, as the button of the page does.
    pub async fn versuche(&self, actor: &Actor, a: &AufgabeSeite, werte: Value) -> Result<(), Fehler> {
        let idempotency_key = self.app.ids.uuid().to_string();
        let e = Erledigung { version: a.aufgabe.version, idempotency_key, werte: object(werte), fassung: a.fassung };
        self.app.geschaeftsgang.complete(actor, a.aufgabe.id, e).await
    }

    pub async fn erledige(&self, actor: &Actor, a: &AufgabeSeite, werte: Value) {
        self.versuche(actor, a, werte).await.unwrap();
    }

    /// Waits until the document has this stand.
    pub async fn bis_stand(&self, actor: &Actor, id: DokumentId, stand: &str) -> Dokument {
        let from = Instant::now();
        loop {
            let dokument = self.dokument(actor, id).await;
            if dokument.stand == stand {
                return dokument;
            }
            assert!(from.elapsed() < Duration::from_secs(20), "{id} is {} and not {stand}", dokument.stand);
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    pub async fn ablauf(&self, actor: &Actor, id: InstanceId) -> Ablauf {
        Ablaeufe::get(&self.app.geschaeftsgang, actor, id).await.unwrap()
    }

    /// The decision log that was filed with a document.
    pub async fn protokoll(&self, actor: &Actor, id: DokumentId) -> Value {
        let inhalt = self.app.akten.rendition(actor, id, "protokoll").await.unwrap();
        serde_json::from_slice(&inhalt.bytes).unwrap()
    }

    /// The finance system: `quittieren`, `ablehnen GRUND`, `zahlen`, `stornieren GRUND`. Waits for a booking to fetch.
    /// Result - its list.
    pub async fn finanz(&self, args: &[&str]) -> String {
        let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/lib/finanz.py");
        let from = Instant::now();
        if matches!(args[0], "quittieren" | "ablehnen") {
            while !self.ausgang().iter().any(|n| n.ends_with(".json") && !n.starts_with("storno-")) {
                assert!(from.elapsed() < Duration::from_secs(20), "no booking left: {:?}", self.ausgang());
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
        }
        let answer = tokio::process::Command::new("python3")
            .arg(script)
            .arg(self.data.path())
            .args(args)
            .output()
            .await
            .unwrap();
        assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
        String::from_utf8(answer.stdout).unwrap()
    }

    /// Files in the outgoing folder of the finance system.
    pub fn ausgang(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.data.path().join("uebergabe/ausgang"))
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .filter(|n| !n.starts_with('.'))
            .collect();
        names.sort();
        names
    }

    /// The process of an invoice, as the technical account sees it, once this holds.
    pub async fn bis_ablauf(&self, id: DokumentId, was: &str, fits: impl Fn(&Ablauf) -> bool) -> Ablauf {
        let from = Instant::now();
        loop {
            let found = Ablaeufe::list(&self.app.geschaeftsgang, &self.app.cli, "rechnung", 200).await.unwrap();
            let one = found.into_iter().find(|a| a.dokument == Some(id)).unwrap();
            let a = self.ablauf(&self.app.cli, one.id).await;
            if fits(&a) {
                return a;
            }
            assert!(from.elapsed() < Duration::from_secs(20), "not {was}: {:?} {:?}", a.stand, a.marken);
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Time goes on to this instant.
    pub fn um(&self, instant: &str) {
        let at: nachrichten::Timestamp = instant.parse().unwrap();
        self.app.clock.set_offset(self.app.clock.offset() + at.0 - self.app.clock.now().0);
    }

    pub async fn abgleich(&self) -> Bericht {
        bericht(&self.app, None).await.unwrap()
    }

    /// Nothing lost, doubled, changed, left over or unaudited; nothing under way.
    pub async fn ist_sauber(&self) {
        let from = Instant::now();
        let mut b = self.abgleich().await;
        while b.pending > 0 && from.elapsed() < Duration::from_secs(20) {
            tokio::time::sleep(Duration::from_millis(100)).await;
            b = self.abgleich().await;
        }
        assert!(b.is_clean() && b.pending == 0, "reconcile: {b:#?}");
    }

    /// One number of the database.
    pub async fn zahl(&self, text: &'static str) -> i64 {
        let (n,): (i64,) = self.app.db.one(&sql(text), Vec::new()).await.unwrap();
        n
    }
}

pub fn object(value: Value) -> Werte {
    match value {
        Value::Object(map) => map,
        other => panic!("no form values: {other}"),
    }
}

/// One line of Kontierung over the whole amount.
pub fn kontierung(betrag: &str) -> Value {
    json!([{ "sachkonto": "0961000", "kostenstelle": "66100", "betrag": betrag }])
}

pub fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn quoted_printable(bytes: &[u8]) -> String {
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(byte) = bytes.get(at) {
        let next = bytes.get(at + 1..at + 3).and_then(|b| std::str::from_utf8(b).ok());
        match next.map(|hex| u8::from_str_radix(hex, 16)) {
            Some(Ok(value)) if *byte == b'=' => (out.push(value), at += 3),
            _ if *byte == b'=' && next == Some("\r\n") => ((), at += 3),
            _ => (out.push(*byte), at += 1),
        };
    }
    String::from_utf8_lossy(&out).into_owned()
}
