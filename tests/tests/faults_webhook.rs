// SPDX-License-Identifier: EUPL-1.2
//! Webhooks by Standard Webhooks, with receivers that are slow, broken or hostile: each gets its events in order, signed,
//! under ids that stay; what one does harms nobody else; nothing is lost before an operator has decided.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "gemein/empfaenger.rs"]
mod empfaenger;
mod gemein;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use empfaenger::{Art, Empfaenger};
use gemein::{haus::sql, probe, prozess::Bestand};
use nachrichten::{
    Actor, AkteId, Timestamp,
    ereignisse::{Akte, Ereignis},
};
use serde_json::Value;
use service_platform::{
    args,
    config::{Config, WebhookSettings},
    db::Db,
    ereignis::{self, Absender, Weitergabe},
    konten::{Konten, NeuePerson},
    uhr::{Clock as _, FixedClock, SystemIds},
    webhook::{self, PAUSEN, Stand, Webhook, Webhooks, bote::Antwort, versand::Versand},
};
use service_platform_testkit::{FREITAG_NACHT, postgres, sqlite};
use tempfile::TempDir;
use tokio::sync::Notify;
use uuid::Uuid;

struct Welt {
    db: Db,
    clock: Arc<FixedClock>,
    ids: Arc<SystemIds>,
    hooks: Webhooks,
    versand: Versand,
    weitergabe: Weitergabe,
    bea: Actor,
    _ordner: TempDir,
}

fn einstellungen() -> WebhookSettings {
    let settings = Config::load(None, std::iter::empty()).unwrap().settings.webhook;
    WebhookSettings { loopback: true, frist_ms: 400, ..settings }
}

impl Welt {
    async fn neu(db: &Db, settings: WebhookSettings) -> Self {
        let (clock, ids) = (Arc::new(FixedClock::at(FREITAG_NACHT)), Arc::new(SystemIds));
        let konten = Konten::new(db.clone(), clock.clone(), ids.clone());
        for (kennung, rolle) in [("bea", "Betrieb"), ("kim", "Sachbearbeitung")] {
            let person = NeuePerson {
                kennung: kennung.into(),
                name: kennung.into(),
                amt: "10".into(),
                rollen: vec![rolle.into()],
                gruppen: Vec::new(),
            };
            konten.enter(&person, None).await.unwrap();
        }
        let bea = konten.actor("bea").await.unwrap().unwrap();
        let ordner = TempDir::new().unwrap();
        let (geheimnisse, bote) = webhook::aus(&settings, ordner.path()).unwrap();
        let absender = Absender { mandant: "stadt".into(), adresse: "https://eakte.stadt.example".into() };
        let hooks = Webhooks {
            db: db.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            geheimnisse: geheimnisse.clone(),
            bote: bote.clone(),
            absender: absender.clone(),
        };
        let versand =
            Versand { db: db.clone(), clock: clock.clone(), geheimnisse, bote, rueckstau: settings.rueckstau };
        let weitergabe = Weitergabe { db: db.clone(), bus: None, absender, post: Arc::new(Notify::new()) };
        Self { db: db.clone(), clock, ids, hooks, versand, weitergabe, bea, _ordner: ordner }
    }

    /// Enters a webhook; its secret.
    async fn hook(&self, name: &str, url: &str, typen: &[&str]) -> (Uuid, String) {
        let typen: Vec<String> = typen.iter().map(|t| (*t).to_owned()).collect();
        let made = self.hooks.anlegen(&self.bea, name, url, &typen).await.unwrap();
        ereignis::schalten(&self.db, false).await.unwrap();
        made
    }

    /// Something happens to an Akte.
    async fn angelegt(&self, n: u128) {
        let mut tx = self.db.begin().await.unwrap();
        let event = || Ereignis::AkteAngelegt(Akte { akte: AkteId(Uuid::from_u128(n)) });
        ereignis::melden(&mut tx, &*self.ids, event, self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Something happens to Akten, each in a transaction of its own, and is handed on.
    async fn geschieht(&self, akten: impl IntoIterator<Item = u128>) {
        for n in akten {
            self.angelegt(n).await;
        }
        while self.weitergabe.runde().await.unwrap() > 0 {}
    }

    async fn stand(&self, name: &str) -> Webhook {
        self.hooks.liste(&self.bea).await.unwrap().into_iter().find(|h| h.name == name).unwrap()
    }

    async fn zahl(&self, text: &'static str) -> i64 {
        let (n,): (i64,) = self.db.one(&sql(text), args![]).await.unwrap();
        n
    }

    /// The receiver's view: numbers of the Akten it took, in order.
    fn nummern(e: &Empfaenger) -> Vec<u128> {
        e.alles()
            .iter()
            .map(|b| b.ereignis()["data"]["akte"].as_str().unwrap().parse::<Uuid>().unwrap().as_u128())
            .collect()
    }
}

/// Each of these cases on both databases.
macro_rules! auf_beiden {
    ($($case:ident)*) => { $(
        mod $case {
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                let test = super::sqlite().await;
                super::$case(test.db.clone()).await;
            }
            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                let Some(test) = super::postgres().await else { return };
                super::$case(test.db.clone()).await;
            }
        }
    )* };
}

auf_beiden! {
    nobody_listens_nothing_is_written
    events_come_in_order_signed_and_once
    a_failing_receiver_is_tried_by_the_table_and_then_waits
    an_operator_leaves_out_what_a_receiver_cannot_bear
    who_wants_no_more_gets_no_more
}

async fn nobody_listens_nothing_is_written(db: Db) {
    let w = Welt::neu(&db, einstellungen()).await;
    assert!(!ereignis::schalten(&db, false).await.unwrap());
    w.angelegt(1).await;
    assert_eq!(w.zahl("SELECT count(*) FROM platform_ereignis").await, 0);
    let e = Empfaenger::neu(Art::Nimmt).await;
    let (id, _) = w.hook("hoerer", &e.url, &[]).await;
    w.geschieht([2]).await;
    assert_eq!(w.versand.runde().await.unwrap(), 1);
    assert_eq!(Welt::nummern(&e), [2], "from the moment somebody listens");
    w.hooks.entfernen(&w.bea, id).await.unwrap();
    assert!(!ereignis::schalten(&db, false).await.unwrap());
    assert!(ereignis::schalten(&db, true).await.unwrap(), "[ereignisse] an");
}

async fn events_come_in_order_signed_and_once(db: Db) {
    let w = Welt::neu(&db, einstellungen()).await;
    let (all, some, none) =
        (Empfaenger::neu(Art::Nimmt).await, Empfaenger::neu(Art::Nimmt).await, Empfaenger::neu(Art::Nimmt).await);
    let (_, secret) = w.hook("alle", &all.url, &[]).await;
    w.hook("akten", &some.url, &["de.eakte.rechnung.*", "de.eakte.akte.angelegt.v1"]).await;
    w.hook("rechnungen", &none.url, &["de.eakte.rechnung.*"]).await;
    w.geschieht(1..=25).await;
    assert_eq!(w.versand.runde().await.unwrap(), 50);
    assert_eq!(w.versand.runde().await.unwrap(), 0, "once");
    assert_eq!(Welt::nummern(&all), (1..=25).collect::<Vec<_>>());
    assert_eq!(all.ids(), some.ids(), "the same event has one id");
    assert!(none.alles().is_empty());
    let mut sequences = Vec::new();
    for b in all.alles() {
        assert!(b.head.starts_with("POST /eakte HTTP/1.1"), "{}", b.head);
        assert!(b.gilt_mit(&secret) && !b.gilt_mit("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "{b:?}");
        assert_eq!(b.kopf("content-type"), "application/cloudevents+json");
        assert_eq!(b.kopf("webhook-timestamp"), (FREITAG_NACHT.0 / 1_000_000).to_string());
        let event = b.ereignis();
        assert_eq!(event["id"], b.kopf("webhook-id"));
        assert_eq!((&event["specversion"], &event["source"]), (&Value::from("1.0"), &Value::from("urn:eakte:stadt")));
        assert_eq!(event["time"].as_str().unwrap().parse::<Timestamp>().unwrap(), FREITAG_NACHT);
        assert_eq!(event["subject"], format!("akte:{}", event["data"]["akte"].as_str().unwrap()));
        sequences.push(event["sequence"].as_str().unwrap().to_owned());
    }
    assert!(sequences.is_sorted() && sequences.iter().all(|s| s.len() == 20), "{sequences:?}");
    assert_eq!(w.zahl("SELECT count(*) FROM platform_ereignis").await, 0);
    assert_eq!((w.stand("alle").await.zugestellt, w.stand("alle").await.wartend), (25, 0));
    // Whoever is no operator neither sees nor changes anything.
    let kim = Konten::new(db.clone(), w.clock.clone(), w.ids.clone()).actor("kim").await.unwrap().unwrap();
    assert_eq!(w.hooks.liste(&kim).await.unwrap_err().status, 403);
    assert_eq!(w.hooks.erneut(&kim, w.stand("alle").await.id, "weil").await.unwrap_err().status, 403);
}

async fn a_failing_receiver_is_tried_by_the_table_and_then_waits(db: Db) {
    let w = Welt::neu(&db, einstellungen()).await;
    let (bad, good) = (Empfaenger::neu(Art::Status(500, String::new())).await, Empfaenger::neu(Art::Nimmt).await);
    w.hook("kaputt", &bad.url, &[]).await;
    w.hook("heil", &good.url, &[]).await;
    w.geschieht(1..=3).await;
    assert_eq!(w.versand.runde().await.unwrap(), 3, "the other one gets everything");
    for (n, pause) in PAUSEN.into_iter().enumerate() {
        let h = w.stand("kaputt").await;
        assert_eq!((h.versuche as usize, h.stand, h.wartend), (n + 1, Stand::Aktiv, 3));
        assert_eq!(h.fehler.as_deref(), Some("Die Gegenstelle antwortet mit Status 500."));
        let due = h.naechster.unwrap().0 - w.clock.now().0;
        assert!((pause * 1_000_000..=pause * 1_100_000).contains(&due), "try {n}: {due} µs");
        w.clock.advance_seconds(pause - 1);
        assert_eq!((w.versand.runde().await.unwrap(), bad.alles().len()), (0, n + 1), "not before its time");
        w.clock.advance_seconds(pause / 10 + 2);
        assert_eq!((w.versand.runde().await.unwrap(), bad.alles().len()), (0, n + 2));
    }
    let h = w.stand("kaputt").await;
    assert_eq!((h.stand, h.versuche, h.wartend, h.naechster), (Stand::Gestoert, 10, 3, None));
    w.clock.advance_seconds(30 * 86_400);
    w.geschieht([4]).await;
    assert_eq!(w.versand.runde().await.unwrap(), 1, "only the other one");
    assert_eq!(bad.alles().len(), 10, "nobody asks a receiver that was given up");
    assert_eq!(bad.ids().iter().collect::<std::collections::BTreeSet<_>>().len(), 1, "every try has one id");
    assert_eq!(webhook::zahlen(&db).await.unwrap(), (4, 1));
    let times: Vec<String> = bad.alles().iter().map(|b| b.kopf("webhook-timestamp")).collect();
    assert!(times.windows(2).all(|t| t[0] < t[1]), "each try has its own time: {times:?}");

    bad.sei(Art::Nimmt);
    w.hooks.erneut(&w.bea, h.id, "wieder da").await.unwrap();
    assert_eq!(w.versand.runde().await.unwrap(), 4);
    assert_eq!(Welt::nummern(&bad)[9..], [1, 1, 2, 3, 4], "in order, nothing lost");
    let h = w.stand("kaputt").await;
    assert_eq!((h.stand, h.fehler, h.versuche, h.wartend), (Stand::Aktiv, None, 0, 0));
}

async fn an_operator_leaves_out_what_a_receiver_cannot_bear(db: Db) {
    let w = Welt::neu(&db, einstellungen()).await;
    let e = Empfaenger::neu(Art::Status(422, String::new())).await;
    let (id, _) = w.hook("heikel", &e.url, &[]).await;
    w.geschieht(1..=2).await;
    w.versand.runde().await.unwrap();
    w.hooks.ueberspringen(&w.bea, id, "kann es nicht lesen").await.unwrap();
    e.sei(Art::Nimmt);
    assert_eq!(w.versand.runde().await.unwrap(), 1);
    assert_eq!(Welt::nummern(&e), [1, 2]);
    let (data,): (String,) =
        db.one(&sql("SELECT data FROM platform_audit WHERE act = 'Ereignis übersprungen'"), args![]).await.unwrap();
    assert!(data.contains("kann es nicht lesen") && data.contains("de.eakte.akte.angelegt.v1"), "{data}");
    assert_eq!(w.hooks.ueberspringen(&w.bea, id, "noch eins").await.unwrap_err().status, 404, "nothing waits");
}

async fn who_wants_no_more_gets_no_more(db: Db) {
    let settings = WebhookSettings { rueckstau: 5, ..einstellungen() };
    let w = Welt::neu(&db, settings).await;
    let (gone, full) = (Empfaenger::neu(Art::Status(410, String::new())).await, Empfaenger::neu(Art::Stumm).await);
    let (id, _) = w.hook("weg", &gone.url, &[]).await;
    w.hook("voll", &full.url, &[]).await;
    w.geschieht(1..=6).await;
    w.versand.runde().await.unwrap();
    for name in ["weg", "voll"] {
        let h = w.stand(name).await;
        assert_eq!((h.stand, h.wartend), (Stand::Abgeschaltet, 0), "{h:?}");
    }
    assert!(w.stand("voll").await.fehler.unwrap().contains("Mehr als 5 Ereignisse"));
    assert!(!ereignis::schalten(&db, false).await.unwrap(), "nobody is left who listens");
    w.geschieht([7]).await;
    gone.sei(Art::Nimmt);
    w.hooks.erneut(&w.bea, id, "doch wieder").await.unwrap();
    ereignis::schalten(&db, false).await.unwrap();
    w.geschieht([8]).await;
    w.versand.runde().await.unwrap();
    assert_eq!(Welt::nummern(&gone), [1, 8], "it hears what happens from now on");
}

/// Nothing that a receiver does takes long, much memory, or somebody else's events.
#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_receiver_harms_nobody_else() {
    let test = sqlite().await;
    let w = Welt::neu(&test.db, einstellungen()).await;
    let elsewhere = Empfaenger::neu(Art::Nimmt).await;
    let location = format!("Location: {}\r\n", elsewhere.url);
    let cases = [
        ("umleitung", Art::Status(307, location.clone()), "leitet um (Status 307)"),
        ("umleitung-get", Art::Status(302, location), "leitet um (Status 302)"),
        ("endlos-500", Art::Endlos(500), "Status 500"),
        ("stumm", Art::Stumm, "Keine Antwort innerhalb von 1 Sekunden."),
        ("tropft", Art::Tropft, "Keine Antwort innerhalb von 1 Sekunden."),
        ("bitte-spaeter", Art::Status(503, "Retry-After: 3600\r\n".into()), "Status 503"),
        ("riesenkopf", Art::Status(200, format!("X: {}\r\n", "y".repeat(100_000))), "Kein Versand"),
    ];
    let mut hostile = Vec::new();
    for (name, art, _) in &cases {
        let e = Empfaenger::neu(art.clone()).await;
        w.hook(name, &e.url, &[]).await;
        hostile.push(e);
    }
    // 2xx is done, whatever comes after it.
    let (endless, good) = (Empfaenger::neu(Art::Endlos(200)).await, Empfaenger::neu(Art::Nimmt).await);
    w.hook("endlos-200", &endless.url, &[]).await;
    w.hook("gut", &good.url, &[]).await;
    w.geschieht(1..=3).await;
    let from = Instant::now();
    assert_eq!(w.versand.runde().await.unwrap(), 6);
    println!("a round over {} hostile receivers, one after the other: {:.1?}", cases.len() + 1, from.elapsed());
    assert!(from.elapsed() < Duration::from_secs(8), "{:?}", from.elapsed());
    assert_eq!((Welt::nummern(&good).len(), Welt::nummern(&endless)), (3, vec![1, 2, 3]));
    assert!(elsewhere.alles().is_empty(), "no redirect is followed");
    for (name, _, says) in &cases {
        let h = w.stand(name).await;
        let text = h.fehler.unwrap();
        assert!(text.contains(says), "{name}: {text}");
        assert_eq!((h.stand, h.versuche, h.wartend), (Stand::Aktiv, 1, 3), "{name}");
    }
    let later = w.stand("bitte-spaeter").await.naechster.unwrap().0 - w.clock.now().0;
    assert!(later >= 3_600_000_000, "it asked for an hour: {later} µs");

    // In the service each has a task of its own: the one that is well waits for nobody.
    let Welt { db, clock, hooks, versand, weitergabe, bea, ids, _ordner } = w;
    clock.advance_seconds(4_000);
    let post = weitergabe.post.clone();
    let task = tokio::spawn(versand.run(post.clone()));
    let w = Welt {
        versand: Versand {
            db: db.clone(),
            clock: clock.clone(),
            geheimnisse: hooks.geheimnisse.clone(),
            bote: hooks.bote.clone(),
            rueckstau: 5,
        },
        db,
        clock,
        hooks,
        weitergabe,
        bea,
        ids,
        _ordner,
    };
    let from = Instant::now();
    w.geschieht([9]).await;
    while good.alles().len() < 4 {
        assert!(from.elapsed() < Duration::from_millis(350), "the slow ones hold it up");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!("delivered to the one that is well after {:.1?}", from.elapsed());
    task.abort();
}

/// An address that only an insider could reach is not reached, by no name and no redirect.
#[tokio::test(flavor = "multi_thread")]
async fn no_webhook_reaches_where_it_may_not() {
    let test = sqlite().await;
    let inside = Empfaenger::neu(Art::Nimmt).await;
    let settings = WebhookSettings {
        loopback: false,
        erlaubt: format!("localhost:{}, ziel.stadt.example", inside.port),
        ..einstellungen()
    };
    let w = Welt::neu(&test.db, settings).await;
    let refused = async |url: &str| w.hooks.anlegen(&w.bea, "x", url, &[]).await.unwrap_err().text.0;
    assert!(refused(&inside.url).await.contains("nur über HTTPS"));
    assert!(refused("https://anderswo.example/").await.contains("webhook.erlaubt"));
    assert!(refused("https://169.254.169.254/").await.contains("webhook.erlaubt"));
    // Listed by name, but the name leads to this machine.
    let (id, _) = w.hook("name", &format!("https://localhost:{}/", inside.port), &[]).await;
    let answer = w.hooks.probieren(&w.bea, id, &format!("https://localhost:{}/", inside.port)).await.unwrap();
    let Antwort::Fehler(text, _) = answer else { panic!("{answer:?}") };
    assert!(text.contains("an die Webhooks nicht gehen dürfen"), "{text}");
    // The list is asked at each try: what is taken off it is not called any more.
    assert!(inside.alles().is_empty());
    for (name, typ) in [("Gross", "*"), ("", "*"), ("a b", "*"), ("gut", "de.eakte.gibtesnicht.v1"), ("gut", "DE.*")] {
        let typen = [typ.to_owned()];
        let error = w.hooks.anlegen(&w.bea, name, "https://ziel.stadt.example/", &typen).await.unwrap_err();
        assert_eq!((error.code.0, error.status), ("E9013", 422), "{name} {typ}");
    }
    let own = ["de.stadt.antrag.bewilligt.v1".to_owned()];
    w.hooks.anlegen(&w.bea, "gut", "https://ziel.stadt.example/", &own).await.unwrap();
    let twice = w.hooks.anlegen(&w.bea, "gut", "https://ziel.stadt.example/", &own).await.unwrap_err();
    assert!(twice.text.0.contains("gibt es schon"), "{twice:?}");
    assert_eq!(std::fs::read_dir(w._ordner.path().join("webhook")).unwrap().count(), 2, "no secret of a refused one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_changed_without_losing_a_delivery() {
    let test = sqlite().await;
    let w = Welt::neu(&test.db, einstellungen()).await;
    let e = Empfaenger::neu(Art::Nimmt).await;
    let (id, old) = w.hook("wechsel", &e.url, &[]).await;
    let new = w.hooks.wechseln(&w.bea, id).await.unwrap();
    w.geschieht([1]).await;
    w.versand.runde().await.unwrap();
    w.hooks.abschliessen(&w.bea, id).await.unwrap();
    w.geschieht([2]).await;
    w.versand.runde().await.unwrap();
    assert_eq!(w.hooks.probieren(&w.bea, id, &e.url).await.unwrap(), Antwort::Genommen);
    let got = e.alles();
    assert!(got[0].gilt_mit(&old) && got[0].gilt_mit(&new), "both, while the receiver changes over");
    assert!(!got[1].gilt_mit(&old) && got[1].gilt_mit(&new));
    assert_eq!(got[2].ereignis()["type"], "de.eakte.webhook.geprueft.v1");
    // A secret that is gone stops its webhook with words that say where to look.
    std::fs::remove_file(w.hooks.geheimnisse.datei(id)).unwrap();
    w.geschieht([3]).await;
    w.versand.runde().await.unwrap();
    assert!(w.stand("wechsel").await.fehler.unwrap().contains("Die Datei mit dem Geheimnis ist nicht lesbar"));
    assert_eq!(e.alles().len(), 3, "nothing goes out unsigned");
    // No secret in the database.
    let rows: Vec<(String,)> = test
        .db
        .all(&sql("SELECT data FROM platform_audit UNION ALL SELECT name || url || typen || coalesce(fehler, '') FROM platform_webhook"), args![])
        .await
        .unwrap();
    assert!(rows.len() > 3);
    for (text,) in rows {
        assert!(!text.contains("whsec_") && !text.contains(&new[6..]) && !text.contains(&old[6..]), "{text}");
    }
}

/// A receiver with a certificate of the city's own authority.
#[tokio::test(flavor = "multi_thread")]
async fn https_with_an_authority_of_its_own() {
    const SERVER: &str = r#"
import http.server, ssl, sys
class H(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204); self.end_headers()
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", 0), H)
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain("server.pem", "server.key")
s.socket = c.wrap_socket(s.socket, server_side=True)
print(s.server_address[1], flush=True)
s.serve_forever()
"#;
    const KEYS: &str = r#"
key() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "$@" 2>/dev/null; }
key -x509 -days 2 -subj "/CN=Probe-CA" -keyout ca.key -out ca.pem
key -new -subj "/CN=localhost" -keyout server.key -out server.csr
echo "subjectAltName=IP:127.0.0.1" >san
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile san -out server.pem 2>/dev/null
"#;
    let folder = TempDir::new().unwrap();
    let made = std::process::Command::new("bash").args(["-ec", KEYS]).current_dir(folder.path()).status().unwrap();
    assert!(made.success());
    let mut server = std::process::Command::new("python3")
        .args(["-c", SERVER])
        .current_dir(folder.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut port = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(server.stdout.take().unwrap()), &mut port).unwrap();
    let url = format!("https://127.0.0.1:{}/", port.trim());
    let ca = folder.path().join("ca.pem").display().to_string();
    let test = sqlite().await;
    for (ca_datei, trusted) in [(ca, true), (String::new(), false)] {
        let w = Welt::neu(&test.db, WebhookSettings { ca_datei, frist_ms: 5_000, ..einstellungen() }).await;
        let (id, _) = w.hook(if trusted { "bekannt" } else { "fremd" }, &url, &[]).await;
        let answer = w.hooks.probieren(&w.bea, id, &url).await.unwrap();
        match answer {
            Antwort::Genommen => assert!(trusted),
            Antwort::Fehler(text, _) => assert!(!trusted && text.contains("Das Zertifikat gilt nicht"), "{text}"),
            Antwort::Weg => panic!("no 410"),
        }
    }
    server.kill().unwrap();
    server.wait().unwrap();
    let missing = WebhookSettings { ca_datei: "/gibt/es/nicht".into(), ..einstellungen() };
    assert!(webhook::aus(&missing, folder.path()).err().unwrap().starts_with("webhook.ca_datei: "));
}

/// The real service dies between the receiver's answer and its own commit: the event comes again, under the same id.
#[tokio::test(flavor = "multi_thread")]
async fn killed_between_answer_and_commit_the_event_comes_again_under_its_id() {
    let e = Empfaenger::neu(Art::Nimmt).await;
    let url = e.url.clone();
    let env = [("EAKTE_WEBHOOK__LOOPBACK", "true"), ("EAKTE_WEBHOOK__FRIST_MS", "500")];
    let (receipt, secret) = tokio::task::spawn_blocking(move || {
        let bestand = Bestand::neu();
        let add = ["webhook", "add", "probe", "--url", &url, "--typ", "de.eakte.sendung.*", "--json"];
        let added = bestand.befehl(&add).envs(env).output().unwrap();
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        let secret = serde_json::from_slice::<Value>(&added.stdout).unwrap()["secret"].as_str().unwrap().to_owned();
        let mut dies = bestand.dienst_mit(&[&env[..], &[("EAKTE_FAILPOINT", "webhook::senden::after")]].concat());
        let receipt = dies.zugang().gib("upload", "brief.pdf", "einmal", &probe("03-bescheid.pdf")).receipt();
        assert!(!dies.endet().success(), "it was to die");
        let lives = bestand.dienst_mit(&env);
        let from = Instant::now();
        loop {
            let waiting = bestand.zahl("SELECT count(*) FROM platform_webhook_post");
            let done = bestand.zahl("SELECT zugestellt FROM platform_webhook");
            if waiting == 0 && done == 1 {
                break;
            }
            assert!(from.elapsed() < Duration::from_secs(40), "{waiting} wait, {done} delivered");
            std::thread::sleep(Duration::from_millis(200));
        }
        println!("delivered {:.1?} after the service was back", from.elapsed());
        let list = bestand.befehl(&["webhook", "list"]).envs(env).output().unwrap();
        let list = String::from_utf8(list.stdout).unwrap();
        assert!(list.contains("aktiv; 0 warten, 1 zugestellt"), "{list}");
        for (args, says) in [
            (&["webhook", "test", "probe"][..], "hat das Ereignis angenommen"),
            (&["webhook", "rotate", "probe"], "whsec_"),
            (&["webhook", "rotate", "probe", "--finish"], "nur noch das neue"),
            (&["webhook", "remove", "probe"], "entfernt"),
            (&["webhook", "list"], "Kein Webhook eingetragen."),
        ] {
            let done = bestand.befehl(args).envs(env).output().unwrap();
            let text = String::from_utf8(done.stdout).unwrap();
            assert!(done.status.success() && text.contains(says), "{args:?}: {text}");
        }
        let missing = bestand.befehl(&["webhook", "test", "probe"]).envs(env).output().unwrap();
        assert!(String::from_utf8_lossy(&missing.stderr).contains("„probe“ gibt es nicht"));
        assert_eq!(missing.status.code(), Some(1));
        drop(lives);
        bestand.ist_sauber(&[]);
        (receipt, secret)
    })
    .await
    .unwrap();
    let got: Vec<_> = e.alles().into_iter().take(2).collect();
    assert_eq!(got[0].kopf("webhook-id"), got[1].kopf("webhook-id"), "one event, one id");
    assert_eq!(got[0].body, got[1].body, "the same bytes");
    assert!(got.iter().all(|b| b.gilt_mit(&secret)));
    assert_eq!(got[0].ereignis()["data"]["sendung"], receipt);
}
