// SPDX-License-Identifier: EUPL-1.2
//! Wiedervorlagen on both databases: from setting to the decision, with deputies, empty roles, changes and repeats.
#![allow(clippy::unwrap_used)]

use std::{sync::Arc, time::Duration};

use nachrichten::{
    Actor, AkteId, BlobHash, DokumentId, SendungId, Tag, TaskId, Timestamp, VorgangId, Werte,
    aufgaben::{Aufgaben, AufgabenFilter, Erledigung},
    dokumente::{
        AkteSeite, AkteZeile, DerSendung, Dokument, DokumentZeile, Dokumente, Einheit, Inhalt, NeueFassung, Schluss,
        VorgangSeite,
    },
    fehler::Fehler,
    wiedervorlage::{Angaben, Bezug, EINTRAGEN, Wiedervorlagen},
};
use serde_json::json;
use service_geschaeftsgang::{Geschaeftsgang, Herkunft, NACHRICHT, Options, START};
use service_platform::{
    audit,
    blobs::DirectoryBlobs,
    bus::{Bus as _, InProcessBus},
    db::Db,
    konten::{Konten, NeuePerson},
    uhr::{FixedClock, SystemIds},
    vertretung::{ALLE, NeueVertretung, Vertretungen},
    worker,
};
use service_platform_testkit::{postgres, sqlite};
use tokio::task::JoinSet;
use uuid::Uuid;

const TABELLE: &str = include_str!("../../workflows/tabellen/eskalation.dmn");
const ABLAUF: &str = include_str!("../../workflows/definitionen/wiedervorlage.bpmn");

/// One Akte with a Vorgang and a document, for whoever works in office 66.
struct Akten(Vec<Actor>);

fn akte() -> AkteId {
    AkteId(Uuid::from_u128(1))
}
fn vorgang() -> VorgangId {
    VorgangId(Uuid::from_u128(2))
}
fn dokument() -> DokumentId {
    DokumentId(Uuid::from_u128(3))
}

#[async_trait::async_trait]
impl Dokumente for Akten {
    async fn get(&self, _: &Actor, _: DokumentId) -> Result<Dokument, Fehler> {
        Err(Fehler::not_found())
    }
    async fn rendition(&self, _: &Actor, _: DokumentId, _: &str) -> Result<Inhalt, Fehler> {
        Err(Fehler::not_found())
    }
    async fn page_image(&self, _: &Actor, _: DokumentId, _: u32) -> Result<Inhalt, Fehler> {
        Err(Fehler::not_found())
    }
    async fn list(&self, _: &Actor, _: u32, _: Option<&str>) -> Result<(Vec<DokumentZeile>, Option<String>), Fehler> {
        Err(Fehler::not_found())
    }
    async fn of_sendung(&self, _: &Actor, _: SendungId) -> Result<DerSendung, Fehler> {
        Err(Fehler::not_found())
    }
    async fn of_sendungen(&self, _: &Actor, _: &[SendungId]) -> Result<Vec<DerSendung>, Fehler> {
        Err(Fehler::not_found())
    }
    async fn sichtbar(&self, _: &Actor, _: &[DokumentId]) -> Result<Vec<DokumentId>, Fehler> {
        Ok(Vec::new())
    }
    async fn akte(&self, actor: &Actor, id: AkteId) -> Result<AkteSeite, Fehler> {
        if id != akte() || !self.0.contains(actor) {
            return Err(Fehler::not_found());
        }
        Ok(AkteSeite {
            id,
            aktenzeichen: "66.10-2026/1".into(),
            titel: "Radweg".into(),
            einheit: "66.10".into(),
            einheit_titel: "Straßenbau".into(),
            amt: "66".into(),
            zda_am: None,
            vorgaenge: vec![VorgangSeite {
                id: vorgang(),
                titel: "Planung".into(),
                zda_am: None,
                dokumente: vec![DokumentZeile {
                    id: dokument(),
                    titel: "Brief".into(),
                    dokumentart: None,
                    zugang: "2026-11-20".parse().unwrap(),
                    aktenzeichen: None,
                    stand: "abgelegt".into(),
                }],
            }],
        })
    }
    async fn schluss(&self, _: &Actor, _: AkteId, _: Option<VorgangId>, _: &Schluss) -> Result<(), Fehler> {
        Err(Fehler::not_found())
    }
    async fn akten(&self, _: &Actor, _: u32, _: Option<&str>) -> Result<(Vec<AkteZeile>, Option<String>), Fehler> {
        Err(Fehler::not_found())
    }
    async fn aktenplan(&self, _: &Actor) -> Result<Vec<Einheit>, Fehler> {
        Err(Fehler::not_found())
    }
    async fn zaehler(&self, _: &Actor) -> Result<(u64, u64), Fehler> {
        Err(Fehler::not_found())
    }
    async fn neue_fassung(&self, _: &Actor, _: DokumentId, _: NeueFassung) -> Result<BlobHash, Fehler> {
        Err(Fehler::not_found())
    }
}

struct Welt {
    db: Db,
    clock: Arc<FixedClock>,
    engine: Geschaeftsgang,
    personen: Vec<(String, Actor)>,
    tasks: JoinSet<()>,
    _folder: tempfile::TempDir,
}

impl Welt {
    async fn neu(db: &Db) -> Self {
        db.migrate(&service_geschaeftsgang::MIGRATIONS).await.unwrap();
        // Monday, 23 November 2026.
        let clock = Arc::new(FixedClock::at("2026-11-23T08:00:00Z".parse().unwrap()));
        let konten = Konten::new(db.clone(), clock.clone(), Arc::new(SystemIds));
        let mut personen = Vec::new();
        for (kennung, gruppe) in [
            ("saba", "Sachbearbeitung-66"),
            ("sven", "Sachbearbeitung-66"),
            ("anton", "Amtsleitung-66"),
            ("fremd", "Poststelle"),
        ] {
            let person = NeuePerson {
                kennung: kennung.into(),
                name: kennung.into(),
                amt: "66".into(),
                rollen: vec![],
                gruppen: vec![gruppe.into()],
            };
            konten.enter(&person, None).await.unwrap();
            personen.push((kennung.to_owned(), konten.actor(kennung).await.unwrap().unwrap()));
        }
        let bus = Arc::new(InProcessBus::default());
        let engine = Self::engine(db, &bus, &clock).await;
        engine.set_dokumente(Arc::new(Akten(personen[..3].iter().map(|(_, a)| a.clone()).collect())));
        engine.deploy_table("eskalation.dmn", TABELLE, Herkunft::Auslieferung).await.unwrap();
        engine.deploy(ABLAUF, Herkunft::Auslieferung).await.unwrap();
        let folder = tempfile::TempDir::new().unwrap();
        let mut welt = Self { db: db.clone(), clock, engine, personen, tasks: JoinSet::new(), _folder: folder };
        welt.run(bus).await;
        welt
    }

    async fn engine(db: &Db, bus: &Arc<InProcessBus>, clock: &Arc<FixedClock>) -> Geschaeftsgang {
        Geschaeftsgang::new(db.clone(), bus.clone(), clock.clone(), Arc::new(SystemIds), Options::default())
            .await
            .unwrap()
    }

    async fn run(&mut self, bus: Arc<InProcessBus>) {
        let blobs = Arc::new(DirectoryBlobs::open(self._folder.path(), "stadt").unwrap());
        for handler in self.engine.jobs() {
            bus.declare(&worker::queue(handler.typ)).await.unwrap();
            self.tasks.spawn(worker::serve(handler, bus.clone(), blobs.clone(), 2));
        }
        for queue in [worker::RESULTS, START, NACHRICHT] {
            bus.declare(queue).await.unwrap();
        }
        self.tasks.spawn(self.engine.clone().run());
    }

    fn wer(&self, kennung: &str) -> &Actor {
        &self.personen.iter().find(|(k, _)| k == kennung).unwrap().1
    }

    fn person(&self, kennung: &str) -> String {
        format!("person:{}", self.wer(kennung).person)
    }

    async fn set(&self, who: &str, bezug: Bezug, datum: &str, an: &str, key: &str) -> Result<Uuid, (u16, String)> {
        let a = Angaben { datum: tag(datum), grund: "Antwort abwarten".into(), an: an.into() };
        self.engine.setzen(self.wer(who), bezug, &a, key).await.map_err(|f| (f.status, f.text.0))
    }

    /// Moves the clock and gives the service time.
    async fn at(&self, instant: &str) {
        self.clock.set(instant.parse::<Timestamp>().unwrap());
        tokio::time::sleep(Duration::from_millis(1_500)).await;
    }

    async fn task(&self, who: &str) -> Option<TaskId> {
        let filter = AufgabenFilter { limit: 10, ..AufgabenFilter::default() };
        let list = Aufgaben::list(&self.engine, self.wer(who), &filter).await.unwrap().aufgaben;
        assert!(list.len() < 2);
        list.first().map(|a| a.id)
    }

    async fn decide(&self, who: &str, werte: serde_json::Value) {
        let task = self.task(who).await.unwrap();
        let version = Aufgaben::get(&self.engine, self.wer(who), task).await.unwrap().aufgabe.version;
        let werte: Werte = serde_json::from_value(werte).unwrap();
        let e = Erledigung { version, idempotency_key: Uuid::now_v7().to_string(), werte, fassung: None };
        self.engine.complete(self.wer(who), task, e).await.unwrap();
        tokio::time::sleep(Duration::from_millis(800)).await;
    }

    /// Day, addressee and state of all of a thing.
    async fn zu(&self, who: &str, bezug: Bezug) -> Vec<(String, String, String)> {
        let list = self.engine.zu(self.wer(who), bezug).await.unwrap();
        list.into_iter().map(|w| (w.datum.to_string(), w.an_name.unwrap_or(w.an), w.stand)).collect()
    }

    async fn acts(&self, bezug: Bezug) -> Vec<String> {
        audit::of_object(&self.db, &bezug.to_string()).await.unwrap().into_iter().map(|e| e.act).collect()
    }
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn row(a: &str, b: &str, c: &str) -> (String, String, String) {
    (a.into(), b.into(), c.into())
}

async fn suite(db: &Db) {
    let mut w = Welt::neu(db).await;
    let (a, v, d) = (Bezug::Akte(akte()), Bezug::Vorgang(akte(), vorgang()), Bezug::Dokument(dokument()));
    let me = w.person("saba");

    // What does not fit is said in words; what one may not see is not there.
    let said = async |datum: &str, an: &str| w.set("saba", v, datum, an, "x").await.unwrap_err().1;
    assert_eq!(said("2026-12-26", &me).await, "Der 26.12.2026 ist kein Arbeitstag. Der nächste ist der 28.12.2026.");
    assert_eq!(w.engine.arbeitstag(tag("2026-12-26")).await.unwrap(), tag("2026-12-28"));
    assert!(said("2026-11-20", &me).await.contains("schon vorbei"));
    assert!(said("2046-11-20", &me).await.contains("zehn Jahre"));
    assert!(said("2026-12-01", "gruppe:").await.contains("Wählen Sie aus"));
    assert!(said("2026-12-01", &format!("person:{}", Uuid::nil())).await.contains("gibt es nicht mehr"));
    assert_eq!(w.set("fremd", v, "2026-12-01", &me, "x").await.unwrap_err().0, 404);
    assert_eq!(w.set("saba", d, "2026-12-01", &me, "x").await.unwrap_err().0, 404, "the record keeper's word counts");

    // Several of one file; a repeat of the same form is the first one.
    let one = w.set("saba", v, "2026-12-01", &me, "eins").await.unwrap();
    assert_eq!(w.set("saba", v, "2026-12-01", &me, "eins").await.unwrap(), one);
    let group = w.set("anton", a, "2026-12-02", "gruppe:Sachbearbeitung-66", "zwei").await.unwrap();
    assert_eq!(
        w.zu("anton", a).await,
        [row("2026-12-01", "saba", "offen"), row("2026-12-02", "gruppe:Sachbearbeitung-66", "offen")],
        "the Akte lists what its Vorgänge have"
    );
    assert!(w.engine.zu(w.wer("fremd"), a).await.is_err());
    let ids = async |who: &str| -> Vec<Uuid> {
        w.engine.meine(w.wer(who)).await.unwrap().into_iter().map(|x| x.id).collect()
    };
    assert_eq!(
        (ids("saba").await, ids("sven").await, ids("anton").await),
        (vec![one, group], vec![group], vec![group])
    );

    // Changed and cancelled before the day, with a reason.
    let other = w.set("saba", v, "2026-11-26", &me, "drei").await.unwrap();
    let neu = Angaben { datum: tag("2026-11-27"), grund: "später".into(), an: me.clone() };
    assert_eq!(w.engine.aendern(w.wer("saba"), other, &neu, " ").await.unwrap_err().status, 422);
    assert_eq!(w.engine.aendern(w.wer("sven"), other, &neu, "x").await.unwrap_err().status, 404, "not his");
    w.engine.aendern(w.wer("saba"), other, &neu, "Urlaub").await.unwrap();
    w.at("2026-11-25T23:00:01Z").await;
    assert_eq!(w.task("saba").await, None, "the old day is no more");
    w.engine.absagen(w.wer("saba"), other, "geklärt").await.unwrap();
    assert_eq!(w.engine.absagen(w.wer("saba"), other, "noch mal").await.unwrap_err().status, 409);
    w.at("2026-11-27T08:00:00Z").await;
    assert_eq!(w.task("saba").await, None);
    assert_eq!(
        w.acts(v).await,
        ["wiedervorlage gesetzt", "wiedervorlage gesetzt", "wiedervorlage geändert", "wiedervorlage abgesagt"]
    );

    // At midnight, not before; the absent person's deputy has it, also after a restart.
    let vertretungen = Vertretungen::new(db.clone(), w.clock.clone(), Arc::new(SystemIds));
    let absent = NeueVertretung {
        person: w.wer("saba").person,
        vertreter: w.wer("fremd").person,
        von: tag("2026-12-01"),
        bis: tag("2026-12-01"),
        process: ALLE.into(),
        behaelt: false,
        grund: "Urlaub".into(),
    };
    vertretungen.enter(w.wer("saba"), &absent).await.unwrap();
    w.at("2026-11-30T22:59:59Z").await;
    assert_eq!((w.task("saba").await, w.task("fremd").await), (None, None));
    w.tasks.shutdown().await;
    let bus = Arc::new(InProcessBus::default());
    let akten = Arc::new(Akten(w.personen[..3].iter().map(|(_, a)| a.clone()).collect()));
    w.engine = Welt::engine(db, &bus, &w.clock).await;
    w.engine.set_dokumente(akten);
    w.run(bus).await;
    w.at("2026-11-30T23:00:00Z").await;
    assert!(w.task("fremd").await.is_some() && w.task("anton").await.is_none());
    let late = w.engine.aendern(w.wer("saba"), one, &Angaben { datum: tag("2026-12-07"), ..neu.clone() }, "x").await;
    assert_eq!(late.unwrap_err().status, 409, "due is due");

    // Postponed by the deputy; a button without its field leaves the task.
    w.decide("fremd", json!({ "entscheidung": "verschieben", "bemerkung": "ohne Tag" })).await;
    assert!(w.task("fremd").await.is_some());
    w.decide("fremd", json!({ "entscheidung": "verschieben", "datum": "2026-12-08", "bemerkung": "Gericht" })).await;
    assert_eq!(w.task("fremd").await, None);
    assert_eq!(w.zu("saba", v).await[0], row("2026-12-08", "saba", "offen"));
    assert_eq!(w.engine.eine(w.wer("saba"), one).await.unwrap().grund, "Gericht");

    // The group's: forwarded to one nobody is in, which is the Amtsleitung's at once; there it ends.
    w.at("2026-12-01T23:00:00Z").await;
    w.decide("sven", json!({ "entscheidung": "weiterleiten", "gruppe": "Feststellung-66", "bemerkung": "zuständig" }))
        .await;
    w.at("2026-12-01T23:00:01Z").await;
    assert!(w.task("sven").await.is_none() && w.task("anton").await.is_some());
    w.decide("anton", json!({ "entscheidung": "erledigt" })).await;
    assert_eq!(w.zu("anton", a).await[1].2, "abgesagt");
    let closed = w.engine.eine(w.wer("anton"), group).await.unwrap();
    assert_eq!((closed.stand.as_str(), closed.aufgabe), ("erledigt", None));
    let acts = w.acts(a).await;
    assert_eq!(acts, ["wiedervorlage gesetzt", "wiedervorlage weiterleiten", "wiedervorlage erledigt"]);

    // The job repeated, as after a lost answer, changes nothing.
    let handler = w.engine.jobs().into_iter().find(|h| h.typ == EINTRAGEN).unwrap();
    let blobs = Arc::new(DirectoryBlobs::open(w._folder.path(), "stadt").unwrap());
    let job = nachrichten::job::Job {
        id: nachrichten::JobId(Uuid::now_v7()),
        typ: EINTRAGEN.into(),
        attempt: 1,
        failures: 0,
        instance: closed.ablauf,
        idempotency_key: "x".into(),
        deadline: Timestamp(0),
        eingabe: json!({ "id": one, "entscheidung": "absagen", "bemerkung": "weg", "person": w.wer("saba").person }),
        trace: None,
    };
    let before = w.acts(v).await.len();
    let first = worker::run(&handler, blobs.clone(), job.clone()).await.outcome;
    assert_eq!(worker::run(&handler, blobs, job).await.outcome, first);
    assert_eq!(w.acts(v).await.len(), before + 1);
    assert!(audit::verify(db).await.unwrap().breaks.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    suite(&sqlite().await.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    let Some(test) = postgres().await else { return };
    suite(&test.db).await;
}
