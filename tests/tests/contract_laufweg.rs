// SPDX-License-Identifier: EUPL-1.2
//! On both databases: a signature is one of the content the person saw, a changed content voids it, and the part of a
//! route that was not reached can be changed by who may, and by nobody else.
#![allow(clippy::unwrap_used)]

#[path = "gemein/kern.rs"]
mod kern;

use std::{sync::Arc, time::Duration};

use nachrichten::{
    BlobHash, InstanceId, Tag, TaskId, Werte,
    ablaeufe::Ablaeufe,
    akten::{LAUFPROTOKOLL, Laufprotokoll, LaufprotokollAbgelegt},
    aufgaben::{AufgabeSeite, Aufgaben, AufgabenFilter, Erledigung},
    laufweg::{Beteiligung, Laufweg, LaufwegAenderung, Ort},
};
use serde_json::{Value, json};
use service_geschaeftsgang::{DOKUMENT_GEAENDERT, Herkunft, NACHRICHT, Options};
use service_platform::{
    blobs::DirectoryBlobs,
    bus::{Bus as _, Message},
    db::{Db, Sql},
    uhr::{Ids as _, SystemIds},
    vertretung::{ALLE, NeueVertretung},
    worker,
};
use service_platform_testkit::{postgres, sqlite};

const DOKUMENT: &str = "018f2c00-0000-7000-8000-000000000009";

/// Starts the Umlauf; three who sign; a fourth that comes later; the head of the starter's office and her deputy; a stranger.
const KIM: usize = 0;
const ANNA: usize = 1;
const BERT: usize = 2;
const CORA: usize = 3;
const NORA: usize = 4;
const LEITUNG: usize = 5;
const VERA: usize = 6;
const FREMD: usize = 7;

const fn sql(text: &'static str) -> Sql {
    Sql { sqlite: text, postgres: text }
}

struct Welt {
    kern: kern::Kern,
    tasks: tokio::task::JoinSet<()>,
    /// Blobs of the worker that files the log.
    _folder: tempfile::TempDir,
}

kern::welt_ist_kern!();

impl Welt {
    async fn neu(db: &Db) -> Self {
        let personen: [kern::Person; 8] = [
            ("kim", &[], &[]),
            ("anna", &["A", "Mitzeichnung-61"], &[]),
            ("bert", &["B", "Mitzeichnung-66"], &[]),
            ("cora", &["C"], &[]),
            ("nora", &["N"], &[]),
            ("leitung", &["Amtsleitung-61"], &[]),
            ("vera", &[], &[]),
            ("fremd", &["A"], &[]),
        ];
        let kern = kern::Kern::neu(db, &personen, Options::default()).await;
        kern.ausliefern(
            &["umlauf_ergebnis", "vorlage_fristen", "abstimmung", "beratung_weiter"],
            &["umlauf", "niederschrift", "beschlussvorlage"],
        )
        .await;
        // The record keeper files the log of an Umlauf.
        let folder = tempfile::TempDir::new().unwrap();
        let blobs = Arc::new(DirectoryBlobs::open(folder.path(), "stadt").unwrap());
        let filed = worker::job(LAUFPROTOKOLL, |_, m: Laufprotokoll| async move {
            Ok(LaufprotokollAbgelegt { dokument: m.dokument })
        });
        for queue in [NACHRICHT, worker::RESULTS, &worker::queue(LAUFPROTOKOLL)] {
            kern.bus.declare(queue).await.unwrap();
        }
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(worker::serve(filed, kern.bus.clone(), blobs, 1));
        tasks.spawn(kern.engine.clone().run());
        Self { kern, tasks, _folder: folder }
    }

    /// The route, once the Umlauf is over and its log is filed.
    async fn over(&self, id: InstanceId) -> Laufweg {
        for _ in 0..400 {
            let route = self.route(id).await;
            if !route.laeuft {
                return route;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it runs on");
    }

    async fn umlauf(&self, key: &str, gruppen: &[&str], fassung: BlobHash) -> InstanceId {
        let laufweg: Vec<Value> = gruppen
            .iter()
            .enumerate()
            .map(|(i, g)| json!({ "nr": i + 1, "stufe": i + 1, "gruppe": g, "person": null, "name": g, "verfuegung": "mitzeichnung", "stand": "zukuenftig" }))
            .collect();
        let umlauf = json!({ "dokument": DOKUMENT, "fassung": fassung, "titel": "Satzung", "text": "Bitte zeichnen.", "frist": "2026-12-04",
            "regel": "alle", "von": "kim", "person": self.personen[KIM].person, "amt": "61" });
        let Value::Object(werte) = json!({ "umlauf": umlauf, "laufweg": laufweg }) else { unreachable!() };
        self.engine.start(&self.personen[KIM], "umlauf", werte, key).await.unwrap()
    }

    async fn task(&self, who: usize, id: InstanceId) -> Option<AufgabeSeite> {
        let list = self.offene(&self.personen[who]).await;
        let found: Option<TaskId> = list.iter().find(|a| a.ablauf == id).map(|a| a.id);
        match found {
            Some(task) => Some(Aufgaben::get(&self.engine, &self.personen[who], task).await.unwrap()),
            None => None,
        }
    }

    async fn completes(
        &self,
        who: usize,
        seite: &AufgabeSeite,
        fassung: Option<BlobHash>,
        werte: Value,
    ) -> Result<(), (u16, &'static str)> {
        let Value::Object(werte) = werte else { unreachable!() };
        let e = Erledigung {
            version: seite.aufgabe.version,
            idempotency_key: SystemIds.uuid().to_string(),
            werte,
            fassung,
        };
        self.engine.complete(&self.personen[who], seite.aufgabe.id, e).await.map_err(|f| (f.status, f.code.0))
    }

    async fn signs(&self, who: usize, id: InstanceId) {
        let seite = self.task(who, id).await.unwrap_or_else(|| panic!("{who} has no task"));
        self.completes(who, &seite, seite.fassung, json!({ "entscheidung": "gezeichnet" })).await.unwrap();
    }

    async fn route(&self, id: InstanceId) -> Laufweg {
        self.engine.laufweg(&self.personen[KIM], id).await.unwrap()
    }

    async fn change(
        &self,
        who: usize,
        id: InstanceId,
        version: &str,
        a: LaufwegAenderung,
        grund: &str,
    ) -> Result<String, (u16, &'static str)> {
        self.engine.laufweg_aendern(&self.personen[who], id, version, a, grund).await.map_err(|f| (f.status, f.code.0))
    }

    async fn document_changes(&self, hash: BlobHash) {
        let body = json!({ "name": DOKUMENT_GEAENDERT, "schluessel": DOKUMENT, "ttl": 0, "werte": { "dokument": DOKUMENT, "fassung": hash } });
        self.bus.publish(NACHRICHT, Message { id: SystemIds.uuid(), body }).await.unwrap();
        for _ in 0..400 {
            let known: Option<(BlobHash,)> =
                self.db.optional(&sql("SELECT hash FROM geschaeftsgang_fassung WHERE objekt = 'dokument:018f2c00-0000-7000-8000-000000000009'"), vec![]).await.unwrap();
            if known == Some((hash,)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nobody took the message");
    }

    async fn count(&self, text: &'static str) -> i64 {
        let (n,): (i64,) = self.db.one(&sql(text), vec![]).await.unwrap();
        n
    }

    async fn verlauf(&self, id: InstanceId) -> Vec<(String, Option<String>, String)> {
        let a = Ablaeufe::get(&self.engine, &self.personen[KIM], id).await.unwrap();
        a.verlauf.into_iter().map(|s| (s.ereignis, s.person, s.text.unwrap_or_default())).collect()
    }
}

fn insert(ort: Ort, name: &str) -> LaufwegAenderung {
    LaufwegAenderung::Einfuegen {
        ort,
        name: name.into(),
        gruppe: Some(name.into()),
        person: None,
        verfuegung: "mitzeichnung".into(),
    }
}

fn stands(l: &Laufweg) -> Vec<(u32, &str, Beteiligung, bool)> {
    l.positionen
        .iter()
        .map(|p| (p.nr, p.name.as_str(), p.stand, p.zeichnung.as_ref().is_some_and(|z| z.ungueltig.is_some())))
        .collect()
}

use Beteiligung::{Aktuell, Erledigt, Uebersprungen, Zukuenftig};

async fn signatures(db: &Db) {
    let w = Welt::neu(db).await;
    let (old, new) = (BlobHash::of(b"alt"), BlobHash::of(b"neu"));
    let id = w.umlauf("1", &["A", "B", "C"], old).await;
    let other = w.umlauf("2", &["C"], old).await;

    // What was not read cannot be signed, whatever way it comes.
    let anna = w.task(ANNA, id).await.unwrap();
    assert_eq!(anna.fassung, Some(old));
    let ja = || json!({ "entscheidung": "gezeichnet" });
    assert_eq!(w.completes(ANNA, &anna, None, ja()).await, Err((422, "E3020")));
    assert_eq!(w.completes(ANNA, &anna, Some(new), ja()).await, Err((412, "E3020")));
    for fassung in [None, Some(new)] {
        let raw =
            service_platform::args![anna.aufgabe.id, id, "Zeichnung", w.personen[ANNA].person, 1i64, "x", fassung];
        let text = "INSERT INTO geschaeftsgang_zeichnung (aufgabe, instanz, element, person, at, hash, fassung) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let mut tx = w.db.begin().await.unwrap();
        let error = tx.execute(&sql(text), raw).await.unwrap_err().to_string();
        assert!(error.contains("stale-content"), "{error}");
    }
    assert_eq!(w.count("SELECT count(*) FROM geschaeftsgang_zeichnung").await, 0, "nothing was kept");
    w.signs(ANNA, id).await;
    w.signs(CORA, other).await;
    let r = w.route(id).await;
    assert_eq!(stands(&r), [(1, "A", Erledigt, false), (2, "B", Aktuell, false), (3, "C", Zukuenftig, false)]);
    let z = r.positionen[0].zeichnung.clone().unwrap();
    assert_eq!((z.person.as_str(), z.entscheidung.as_str(), z.fassung), ("anna", "gezeichnet", Some(old)));

    // Bert reads the old text; it changes under his eyes.
    let bert = w.task(BERT, id).await.unwrap();
    w.document_changes(new).await;
    assert_eq!(
        w.completes(BERT, &bert, bert.fassung, ja()).await,
        Err((409, "E3020")),
        "his task is gone, the stage begins anew"
    );
    let r = w.route(id).await;
    assert_eq!(
        stands(&r),
        [(1, "A", Erledigt, true), (4, "A", Aktuell, false), (5, "B", Zukuenftig, false), (3, "C", Zukuenftig, false)]
    );
    let lines: Vec<_> = w.verlauf(id).await.into_iter().filter(|l| l.0 == "ungültig").collect();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].2.starts_with("Zeichnung von anna ungültig: Dokument geändert am 23.11.2026"), "{lines:?}");
    // The other Umlauf was over; its signature is void all the same, and its Verlauf says so.
    assert!(stands(&w.route(other).await)[0].3);
    assert_eq!(w.verlauf(other).await.iter().filter(|l| l.0 == "ungültig").count(), 1);
    assert_eq!(w.count("SELECT count(*) FROM platform_audit WHERE act = 'zeichnung ungültig'").await, 2);

    let again = w.task(ANNA, id).await.unwrap();
    assert_eq!(again.fassung, Some(new));
    assert_eq!(w.completes(ANNA, &again, Some(old), ja()).await, Err((412, "E3020")));
    for who in [ANNA, BERT, CORA] {
        w.signs(who, id).await;
    }
    let r = w.over(id).await;
    assert!(!r.laeuft && r.positionen.iter().filter(|p| p.zeichnung.is_some()).count() == 4);
    // The same content told again voids nothing.
    w.document_changes(new).await;
    assert_eq!(w.count("SELECT count(*) FROM geschaeftsgang_ungueltig").await, 2);
    for text in ["UPDATE geschaeftsgang_ungueltig SET seit = 1", "DELETE FROM geschaeftsgang_ungueltig"] {
        assert!(w.db.execute(&sql(text), vec![]).await.unwrap_err().to_string().contains("append-only"));
    }
    assert!(service_platform::audit::verify(&w.db).await.unwrap().breaks.is_empty());
    w.stop().await;
}

async fn routes(db: &Db) {
    let w = Welt::neu(db).await;
    let id = w.umlauf("1", &["A", "B", "C"], BlobHash::of(b"alt")).await;
    let version = w.route(id).await.version;
    assert!(w.route(id).await.aenderbar);

    // Who sees it but may not; who may not even see it; without reason; with a stale version; the past.
    assert!(!w.engine.laufweg(&w.personen[FREMD], id).await.unwrap().aenderbar);
    assert_eq!(w.change(FREMD, id, &version, insert(Ort::Ende, "N"), "x").await, Err((403, "E3023")));
    assert_eq!(w.change(NORA, id, &version, insert(Ort::Ende, "N"), "x").await, Err((404, "E7004")));
    assert_eq!(w.change(KIM, id, &version, insert(Ort::Ende, "N"), "  ").await, Err((422, "E3022")));
    assert_eq!(w.change(KIM, id, "0000000000000000", insert(Ort::Ende, "N"), "x").await, Err((412, "E3021")));
    assert_eq!(w.change(KIM, id, &version, LaufwegAenderung::Entfernen { nr: 1 }, "x").await, Err((422, "E3022")));
    assert_eq!(w.route(id).await.version, version, "nothing happened");

    // The starter puts somebody in; the page of before is stale now.
    let second = w.change(KIM, id, &version, insert(Ort::Nach(1), "N"), "Datenschutz betroffen").await.unwrap();
    assert_eq!(w.change(KIM, id, &version, LaufwegAenderung::Entfernen { nr: 3 }, "x").await, Err((412, "E3021")));
    let r = w.route(id).await;
    assert_eq!(
        stands(&r),
        [
            (1, "A", Aktuell, false),
            (4, "N", Zukuenftig, false),
            (2, "B", Zukuenftig, false),
            (3, "C", Zukuenftig, false)
        ]
    );
    let note = &r.positionen[1].aenderungen[0];
    assert_eq!(
        (note.art.as_str(), note.von.as_str(), note.grund.as_str()),
        ("eingefuegt", "kim", "Datenschutz betroffen")
    );
    let line = w.verlauf(id).await.into_iter().find(|l| l.0 == "geändert").unwrap();
    assert_eq!(
        (line.1.as_deref(), line.2.as_str()),
        (Some("kim"), "„N“ in den Laufweg eingefügt: Datenschutz betroffen")
    );

    // A position is reached in between: what was planned against the old page is refused.
    w.signs(ANNA, id).await;
    assert_eq!(
        w.change(KIM, id, &second, LaufwegAenderung::Entfernen { nr: 4 }, "doch nicht").await,
        Err((412, "E3021"))
    );
    let third = w.route(id).await.version;
    assert_eq!(
        w.change(KIM, id, &third, LaufwegAenderung::Entfernen { nr: 4 }, "doch nicht").await,
        Err((422, "E3022")),
        "it signs now"
    );
    w.signs(NORA, id).await;

    // The head of the office may, and who stands in for her, under both names.
    let day = |t: &str| t.parse::<Tag>().unwrap();
    let v = NeueVertretung {
        person: w.personen[LEITUNG].person,
        vertreter: w.personen[VERA].person,
        von: day("2026-11-23"),
        bis: day("2026-11-27"),
        process: ALLE.into(),
        behaelt: true,
        grund: "Urlaub".into(),
    };
    let fourth = w.route(id).await.version;
    assert_eq!(
        w.change(VERA, id, &fourth, LaufwegAenderung::Entfernen { nr: 3 }, "x").await.unwrap_err().0,
        404,
        "not yet a deputy"
    );
    w.vertretungen.enter(&w.personen[LEITUNG], &v).await.unwrap();
    w.change(VERA, id, &fourth, LaufwegAenderung::Entfernen { nr: 3 }, "nicht zuständig").await.unwrap();
    let line = w.verlauf(id).await.into_iter().rfind(|l| l.0 == "geändert").unwrap();
    assert_eq!(
        (line.1.as_deref(), line.2.as_str()),
        (Some("vera"), "i. V. für leitung · „C“ aus dem Laufweg genommen: nicht zuständig")
    );
    assert_eq!(w.count("SELECT count(*) FROM platform_audit WHERE act = 'laufweg geändert'").await, 2);
    w.signs(BERT, id).await;
    let r = w.over(id).await;
    assert!(!r.laeuft && !r.aenderbar);
    assert_eq!(stands(&r).last().unwrap(), &(3, "C", Uebersprungen, false));
    assert_eq!(w.change(KIM, id, &r.version, insert(Ort::Ende, "C"), "x").await.unwrap_err().0, 422, "it is over");

    // Withdrawing: the same right, the same reason.
    let id = w.umlauf("2", &["A", "B"], BlobHash::of(b"alt")).await;
    w.signs(ANNA, id).await;
    let of = |who: usize, grund: &'static str| {
        let (engine, actor) = (w.engine.clone(), w.personen[who].clone());
        async move { engine.zurueckziehen(&actor, id, grund).await.map_err(|f| (f.status, f.code.0)) }
    };
    assert_eq!(of(BERT, "x").await, Err((403, "E3023")));
    assert_eq!(of(KIM, "").await, Err((422, "E3022")));
    of(KIM, "überholt").await.unwrap();
    assert_eq!(of(KIM, "überholt").await, Err((422, "E3022")));
    assert!(w.task(BERT, id).await.is_none());
    assert!(
        w.verlauf(id)
            .await
            .iter()
            .any(|l| l.0 == "zurückgezogen" && l.1.as_deref() == Some("kim") && l.2 == "überholt")
    );
    assert!(service_platform::audit::verify(&w.db).await.unwrap().breaks.is_empty());
    w.stop().await;
}

/// The Vorlage is signed as its own text; a revision voids the signatures of the offices it concerns.
async fn vorlage(db: &Db) {
    let w = Welt::neu(db).await;
    let vorlage = json!({ "titel": "Radweg", "text": "Der Rat beschließt.", "sichtbarkeit": "oeffentlich", "aemter": ["61", "66"], "finanziell": null, "von": "kim", "amt": "61" });
    let werte = Werte::from_iter([("vorlage".to_owned(), vorlage)]);
    let id = w.engine.start(&w.personen[KIM], "beschlussvorlage", werte, "v").await.unwrap();
    let does = |who: usize, werte: Value| {
        let w = &w;
        async move {
            let seite = w.task(who, id).await.unwrap_or_else(|| panic!("{who} has no task"));
            w.completes(who, &seite, seite.fassung, werte).await.unwrap();
            seite.fassung
        }
    };
    let first = does(LEITUNG, json!({ "entscheidung": "mitzeichnen" })).await;
    assert!(first.is_some(), "the text itself is signed");
    assert_eq!(does(ANNA, json!({ "entscheidung": "mitzeichnen" })).await, first);
    does(BERT, json!({ "entscheidung": "mit_massgabe", "bemerkung": "mit Licht" })).await;
    assert_eq!(does(LEITUNG, json!({ "entscheidung": "uebernehmen" })).await, None, "no signature");
    does(LEITUNG, json!({ "entscheidung": "senden", "text": "Der Rat beschließt, mit Licht.", "betroffen": ["66"] }))
        .await;
    let stands_now =
        stands(&w.route(id).await).into_iter().map(|(nr, n, s, void)| (nr, n.to_owned(), s, void)).collect::<Vec<_>>();
    assert_eq!(stands_now, [(1, "Amt 61".into(), Erledigt, false), (2, "Amt 66".into(), Erledigt, true)]);
    let void: Vec<_> = w
        .verlauf(id)
        .await
        .into_iter()
        .filter(|l| l.0 == "ungültig")
        .map(|l| l.2.split(':').next().unwrap().to_owned())
        .collect();
    assert_eq!(void, ["Zeichnung von leitung ungültig", "Zeichnung von bert ungültig"]);
    let second = does(LEITUNG, json!({ "entscheidung": "mitzeichnen" })).await;
    assert!(second.is_some() && second != first);
    assert!(w.task(ANNA, id).await.is_none(), "the change does not concern her");
    assert_eq!(does(BERT, json!({ "entscheidung": "mitzeichnen" })).await, second);
    let r = w.route(id).await;
    assert_eq!(r.positionen.len(), 3);
    assert_eq!(
        r.positionen.iter().map(|p| p.zeichnung.as_ref().unwrap().ungueltig.is_some()).collect::<Vec<_>>(),
        [false, true, false]
    );
    w.stop().await;
}

/// An Umlauf as a step of another process.
const AUFRUFER: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:eakte="urn:eakte:bpmn:1" id="d" targetNamespace="t">
<process id="aufrufer" isExecutable="true"><startEvent id="S"/>
<callActivity id="Umlauf" calledElement="umlauf" eakte:eingabe="{umlauf: umlauf, laufweg: laufweg}" eakte:ergebnis="umlauf_ergebnis"/>
<endEvent id="E"/><sequenceFlow id="f1" sourceRef="S" targetRef="Umlauf"/><sequenceFlow id="f2" sourceRef="Umlauf" targetRef="E"/></process></definitions>"#;

/// Called by another process: who started that one may change the route, and the result comes back.
async fn called(db: &Db) {
    let w = Welt::neu(db).await;
    w.engine.deploy(AUFRUFER, Herkunft::Stadt).await.unwrap();
    let stelle = json!({ "nr": 1, "stufe": 1, "gruppe": "A", "person": null, "name": "A", "verfuegung": "mitzeichnung", "stand": "zukuenftig" });
    let umlauf = json!({ "dokument": DOKUMENT, "fassung": BlobHash::of(b"alt"), "titel": "Satzung", "text": "", "frist": null, "regel": "alle",
        "von": "kim", "person": w.personen[KIM].person, "amt": "61" });
    let werte = Werte::from_iter([("umlauf".to_owned(), umlauf), ("laufweg".to_owned(), json!([stelle]))]);
    let outer = w.engine.start(&w.personen[KIM], "aufrufer", werte, "1").await.unwrap();
    let filter = AufgabenFilter { limit: 5, ..AufgabenFilter::default() };
    let id = Aufgaben::list(&w.engine, &w.personen[ANNA], &filter).await.unwrap().aufgaben[0].ablauf;
    assert_ne!(id, outer);
    let version = w.engine.laufweg(&w.personen[ANNA], id).await.unwrap().version;
    assert_eq!(w.change(ANNA, id, &version, insert(Ort::Ende, "N"), "x").await, Err((403, "E3023")));
    // Kim started what called it.
    w.change(KIM, id, &version, insert(Ort::Ende, "N"), "auch sie").await.unwrap();
    w.signs(ANNA, id).await;
    w.signs(NORA, id).await;
    w.over(id).await;
    let end = Ablaeufe::get(&w.engine, &w.personen[KIM], outer).await.unwrap();
    assert_eq!((end.stand.as_str(), &end.variablen["umlauf_ergebnis"]["ergebnis"]), ("beendet", &json!("angenommen")));
    w.stop().await;
}

impl Welt {
    async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    signatures(&sqlite().await.db).await;
    routes(&sqlite().await.db).await;
    vorlage(&sqlite().await.db).await;
    called(&sqlite().await.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    let Some(test) = postgres().await else { return };
    signatures(&test.db).await;
    let Some(test) = postgres().await else { return };
    routes(&test.db).await;
    let Some(test) = postgres().await else { return };
    vorlage(&test.db).await;
    let Some(test) = postgres().await else { return };
    called(&test.db).await;
}
