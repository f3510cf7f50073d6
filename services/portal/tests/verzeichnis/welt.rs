// SPDX-License-Identifier: EUPL-1.2
//! A portal with real accounts on a database, and a person's browser in front of it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request},
};
use serde_json::Value;
use service_platform::{
    args, audit,
    config::{AnmeldungSettings, Config, Zuordnung},
    db::{Args, Db, Sql},
    konten::{Konten, NeuePerson},
    uhr::{FixedClock, SystemIds},
};
use service_portal::{Anmeldung, PortalState};
use tower::ServiceExt as _;

use super::{
    anbieter::{Anbieter, CLIENT, GEHEIMNIS},
    gemein::Fake,
};
use nachrichten::PersonId;

pub const ADRESSE: &str = "http://127.0.0.1:8080";

pub fn sql(text: &'static str) -> Sql {
    Sql { sqlite: text, postgres: text }
}

pub struct Welt {
    pub anbieter: Anbieter,
    pub konten: Konten,
    pub db: Db,
    pub uhr: Arc<FixedClock>,
    pub fake: Fake,
    pub settings: AnmeldungSettings,
    _geheimnis: tempfile::NamedTempFile,
}

impl Welt {
    /// Ayla is known by her name in the directory, Bert is not, Cem has a password only.
    /// `db` is the tests' own way to the database, `portal` the one that accounts use.
    pub async fn neu(db: &Db, portal: &Db) -> Self {
        let fake = Fake::neu();
        let uhr = fake.uhr.clone();
        let anbieter = Anbieter::neu(uhr.clone()).await;
        let konten = Konten::new(portal.clone(), uhr.clone(), Arc::new(SystemIds));
        let geheimnis = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(geheimnis.path(), GEHEIMNIS).unwrap();
        let row = |verzeichnis: &str, rolle: &str, gruppe: &str| Zuordnung {
            verzeichnis: verzeichnis.into(),
            rollen: vec![rolle.into()],
            gruppen: vec![gruppe.into()],
        };
        let settings = AnmeldungSettings {
            oidc_aussteller: anbieter.url.clone(),
            oidc_client: CLIENT.into(),
            oidc_geheimnis_datei: geheimnis.path().to_str().unwrap().into(),
            zuordnung: vec![row("/post", "Poststelle", "Poststelle"), row("/66", "Feststellung", "Feststellung-66")],
            ..Config::load(None, std::iter::empty()).unwrap().settings.anmeldung
        };
        let welt = Self { anbieter, konten, db: db.clone(), uhr, fake, settings, _geheimnis: geheimnis };
        let ayla = welt.person("ayla", &["Sachbearbeitung"], None).await;
        let actor = welt.konten.actor("ayla").await.unwrap().unwrap();
        welt.konten.verzeichnisname_setzen(&actor, ayla, Some("a.demirel")).await.unwrap();
        welt.person("cem", &["Betrieb"], Some("ein langes Passwort")).await;
        welt
    }

    pub async fn person(&self, kennung: &str, rollen: &[&str], passwort: Option<&str>) -> PersonId {
        let person = NeuePerson {
            kennung: kennung.into(),
            name: kennung.to_uppercase(),
            amt: "66".into(),
            rollen: rollen.iter().map(|r| (*r).to_owned()).collect(),
            gruppen: Vec::new(),
        };
        self.konten.enter(&person, passwort).await.unwrap()
    }

    /// A browser in front of a portal that starts now.
    pub fn browser(&self) -> Person {
        let state = PortalState {
            konten: Arc::new(self.konten.clone()),
            anmeldung: Anmeldung::of(&self.settings, ADRESSE, self.uhr.clone()).unwrap(),
            ..self.fake.state(false)
        };
        Person { router: service_portal::router(state), jar: Mutex::default(), anbieter: self.anbieter.clone() }
    }

    pub async fn zahl(&self, text: &'static str, args: Args) -> i64 {
        let (n,): (i64,) = self.db.one(&sql(text), args).await.unwrap();
        n
    }

    /// What was noted about a person, in order: act and data.
    pub async fn protokoll(&self, person: PersonId) -> Vec<(String, Value)> {
        let rows: Vec<(String, String)> = self
            .db
            .all(
                &sql("SELECT act, data FROM platform_audit WHERE chain = $1 ORDER BY seq"),
                args![format!("person:{person}")],
            )
            .await
            .unwrap();
        rows.into_iter().map(|(act, data)| (act, serde_json::from_str(&data).unwrap())).collect()
    }

    pub async fn kette_ist_heil(&self) {
        let report = audit::verify(&self.db).await.unwrap();
        assert_eq!(report.breaks, Vec::<String>::new());
    }
}

pub struct Antwort {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Antwort {
    pub fn ziel(&self) -> &str {
        self.headers.get("location").map_or("", |v| v.to_str().unwrap())
    }
    /// The code of an error on the page.
    pub fn code(&self) -> &str {
        let at = self.text.find("(E9").unwrap_or_else(|| panic!("no code on {} {}", self.status, self.text));
        &self.text[at + 1..at + 6]
    }
}

/// One person's browser: cookies and nothing else.
pub struct Person {
    router: Router,
    pub jar: Mutex<BTreeMap<String, String>>,
    anbieter: Anbieter,
}

impl Person {
    pub async fn send(&self, mut request: Request<Body>) -> Antwort {
        let cookies: Vec<String> = self.jar.lock().unwrap().iter().map(|(n, v)| format!("{n}={v}")).collect();
        if !cookies.is_empty() {
            request.headers_mut().insert("cookie", cookies.join("; ").parse().unwrap());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for set in parts.headers.get_all("set-cookie") {
            let set = set.to_str().unwrap();
            assert!(set.contains("HttpOnly; SameSite=Lax"), "{set}");
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            match set.contains("Max-Age=0") {
                true => self.jar.lock().unwrap().remove(name),
                false => self.jar.lock().unwrap().insert(name.into(), value.into()),
            };
        }
        let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
        Antwort { status: parts.status.as_u16(), headers: parts.headers, text }
    }

    pub async fn get(&self, path: &str) -> Antwort {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Antwort {
        let body = fields.iter().map(|(n, v)| format!("{n}={}", encode(v))).collect::<Vec<_>>().join("&");
        let form = "application/x-www-form-urlencoded";
        self.send(Request::post(path).header("content-type", form).body(Body::from(body)).unwrap()).await
    }

    /// Presses the button and logs in over there; the address to which the provider sends the browser back.
    pub async fn hin(&self, weiter: &str) -> String {
        let sent = self.get(&format!("/anmelden/verzeichnis?weiter={}", encode(weiter))).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let (to, query) = sent.ziel().split_once('?').unwrap();
        assert_eq!(to, format!("{}/auth", self.anbieter.url));
        let asked = super::decode(query);
        let code = self.anbieter.code(&asked["nonce"], &asked["code_challenge"]);
        format!("/anmelden/rueckkehr?code={code}&state={}", asked["state"])
    }

    /// The whole way.
    pub async fn anmelden(&self) -> Antwort {
        let back = self.hin("/hilfe").await;
        self.get(&back).await
    }

    pub fn sitzung(&self) -> Option<String> {
        self.jar.lock().unwrap().get("eakte_sitzung").cloned()
    }
}

pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02X}") })
        .collect()
}
