// SPDX-License-Identifier: EUPL-1.2
//! What the portal is given: the services it speaks with, persons, clock and settings.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use nachrichten::{
    Actor, PersonId, Timestamp, ablaeufe::Ablaeufe, aufgaben::Aufgaben, dokumente::Dokumente, fassungen::Fassungen,
    fehler::Fehler, sendungen::Sendungen, suche::Suche, wiedervorlage::Wiedervorlagen,
};
use service_platform::{
    konten::{Angemeldet, DemoLogin, Einstellungen},
    organisation::Organisation,
    uhr::{Clock, Ids},
    vertretung::{NeueVertretung, Vertretung},
};

/// Everything the handlers call. Built once by the binary, with real services or with fakes.
#[derive(Clone)]
pub struct PortalState {
    pub sendungen: Arc<dyn Sendungen>,
    pub aufgaben: Arc<dyn Aufgaben>,
    pub ablaeufe: Arc<dyn Ablaeufe>,
    pub fassungen: Arc<dyn Fassungen>,
    pub dokumente: Arc<dyn Dokumente>,
    pub suche: Arc<dyn Suche>,
    pub konten: Arc<dyn Konten>,
    pub vertretungen: Arc<dyn Vertretungen>,
    pub wiedervorlagen: Arc<dyn Wiedervorlagen>,
    pub dienste: Arc<dyn Dienste>,
    /// Present only in the demo: role buttons, movable clock, reset.
    pub demo: Option<Arc<dyn Demo>>,
    pub uhr: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub options: Options,
}

/// Settings of the portal.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name of the city in the head line.
    pub stadt: String,
    /// True when the portal is reached by HTTPS: `__Host-` cookie, `Secure`, HSTS.
    pub tls: bool,
    /// Largest upload in bytes (security.md: 100 MB a request).
    pub upload_max: usize,
    /// Offices, for routing and Mitzeichnung: number and name.
    pub aemter: Vec<Amt>,
    /// Groups: name and title.
    pub gruppen: BTreeMap<String, String>,
    /// Councils and committees, in the order people name them.
    pub gremien: Vec<String>,
    /// Document types a person may choose: value and German name.
    pub dokumentarten: Vec<(String, String)>,
    /// This is the training Mandant; every page says so.
    pub uebung: bool,
}

/// The sample organisation; a city's own comes from its file of the same form.
const ORGANISATION: &str = include_str!("../../../workflows/tabellen/organisation.json");

#[derive(serde::Deserialize)]
struct OrganisationDatei {
    stadt: String,
    aemter: Vec<AmtZeile>,
    gruppen: Vec<GruppeZeile>,
    #[serde(default)]
    gremien: Vec<String>,
}

#[derive(serde::Deserialize)]
struct AmtZeile {
    nummer: String,
    name: String,
}

#[derive(serde::Deserialize)]
struct GruppeZeile {
    name: String,
    titel: String,
}

impl Options {
    /// Options with city, offices and groups of an organisation file (`workflows/tabellen/organisation.json`).
    ///
    /// # Errors
    /// The file is not of that form.
    pub fn from_organisation(json: &str) -> Result<Self, serde_json::Error> {
        let o: OrganisationDatei = serde_json::from_str(json)?;
        let gruppen: BTreeMap<String, String> = o.gruppen.into_iter().map(|g| (g.name, g.titel)).collect();
        let signs = |amt: &str| gruppen.contains_key(&format!("Mitzeichnung-{amt}"));
        let aemter = o
            .aemter
            .into_iter()
            .map(|a| Amt { mitzeichnung: signs(&a.nummer), kennzeichen: a.nummer, name: a.name })
            .collect();
        Ok(Self { stadt: format!("Stadt {}", o.stadt), aemter, gruppen, gremien: o.gremien, ..Self::plain() })
    }

    /// Options with the city's own offices and groups.
    pub fn of(organisation: &Organisation) -> Self {
        let signs = |amt: &str| organisation.gruppen.contains_key(&format!("Mitzeichnung-{amt}"));
        let aemter = organisation.aemter.iter().map(|a| Amt {
            kennzeichen: a.nummer.clone(),
            name: a.name.clone(),
            mitzeichnung: signs(&a.nummer),
        });
        Self {
            aemter: aemter.collect(),
            gruppen: organisation.gruppen.clone(),
            gremien: organisation.gremien.clone(),
            ..Self::plain()
        }
    }

    fn plain() -> Self {
        let arten = [
            ("rechnung", "Rechnung"),
            ("gutschrift", "Gutschrift"),
            ("mahnung", "Mahnung"),
            ("angebot", "Angebot"),
            ("bescheid", "Bescheid"),
            ("antrag", "Antrag"),
            ("widerspruch", "Widerspruch"),
            ("bewerbung", "Bewerbung"),
            ("vertrag", "Vertrag"),
            ("schreiben", "Schreiben"),
            ("nachricht", "E-Mail-Nachricht"),
            ("vorlage", "Beschlussvorlage"),
            ("laufprotokoll", "Laufprotokoll"),
            ("sonstiges", "Sonstiges"),
        ];
        Self {
            stadt: "Stadt".into(),
            tls: false,
            upload_max: 100 * 1024 * 1024,
            aemter: Vec::new(),
            gruppen: BTreeMap::new(),
            gremien: Vec::new(),
            dokumentarten: arten.map(|(w, n)| (w.to_owned(), n.to_owned())).into(),
            uebung: false,
        }
    }

    /// Groups that sign Vorlagen and Umläufe, with what people call them.
    pub fn zeichnende(&self) -> Vec<(String, String)> {
        let council = ["Dezernat", "OB", "Geschaeftsstelle", "Personalrat", "Gemeinderat"];
        let signs = |g: &str| g.starts_with("Mitzeichnung-") || g.starts_with("Amtsleitung-") || council.contains(&g);
        self.gruppen.iter().filter(|(g, _)| signs(g)).map(|(g, titel)| (format!("gruppe:{g}"), titel.clone())).collect()
    }

    /// What a group is called; its name when it has no title.
    pub fn gruppe_name(&self, gruppe: &str) -> String {
        self.gruppen.get(gruppe).cloned().unwrap_or_else(|| gruppe.to_owned())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::from_organisation(ORGANISATION).unwrap_or_else(|_| Self::plain())
    }
}

/// Name of a role as people write it; identifiers are ASCII.
pub fn rolle_name(rolle: &str) -> &str {
    match rolle {
        "Geschaeftsstelle" => "Geschäftsstelle",
        other => other,
    }
}

/// Several roles, separated by comma.
pub fn rollen_namen(rollen: &[String]) -> String {
    rollen.iter().map(|r| rolle_name(r)).collect::<Vec<_>>().join(", ")
}

impl Options {
    /// German name of a document type; the value itself when it is not in the list.
    pub fn dokumentart_name(&self, wert: &str) -> String {
        self.dokumentarten.iter().find(|(w, _)| w == wert).map_or_else(|| wert.to_owned(), |(_, n)| n.clone())
    }

    /// "66 Tiefbauamt"; the number alone when the office is not in the list.
    pub fn amt_name(&self, kennzeichen: &str) -> String {
        self.aemter
            .iter()
            .find(|a| a.kennzeichen == kennzeichen)
            .map_or_else(|| kennzeichen.to_owned(), |a| format!("{} {}", a.kennzeichen, a.name))
    }
}

/// An office of the city.
#[derive(Clone, Debug)]
pub struct Amt {
    /// Number as in the organisation plan, e.g. `66`.
    pub kennzeichen: String,
    pub name: String,
    /// Does a group co-sign for it?
    pub mitzeichnung: bool,
}

/// Persons and sessions as the portal needs them; the platform's `Konten` implements it, tests fake it.
#[async_trait]
pub trait Konten: Send + Sync {
    /// Opens a session; the answer is the cookie's value, given out once.
    async fn login(&self, kennung: &str, passwort: &str) -> Result<String, Fehler>;
    /// Opens a session without a password; called in the demo only.
    async fn login_demo(&self, kennung: &str) -> Result<String, Fehler>;
    /// Who holds this session cookie or API token; None when it ended.
    async fn session(&self, token: &str) -> Result<Option<Angemeldet>, Fehler>;
    async fn logout(&self, token: &str) -> Result<(), Fehler>;
    async fn demo_logins(&self) -> Result<Vec<DemoLogin>, Fehler>;
    /// What a person may look at and change about themselves.
    async fn einstellungen(&self, person: PersonId) -> Result<Einstellungen, Fehler>;
    /// The mail in the morning, wanted or not.
    async fn tageshinweise(&self, actor: &Actor, an: bool) -> Result<(), Fehler>;
}

/// Substitutions as the portal needs them; the platform implements it, tests fake it.
#[async_trait]
pub trait Vertretungen: Send + Sync {
    async fn enter(&self, actor: &Actor, v: &NeueVertretung) -> Result<uuid::Uuid, Fehler>;
    async fn end(&self, actor: &Actor, id: uuid::Uuid) -> Result<(), Fehler>;
    /// Running and coming ones of and by a person.
    async fn of(&self, person: PersonId) -> Result<Vec<Vertretung>, Fehler>;
    /// Everybody who may be chosen: id, name, office.
    async fn persons(&self) -> Result<Vec<(PersonId, String, String)>, Fehler>;
}

#[async_trait]
impl Vertretungen for service_platform::vertretung::Vertretungen {
    async fn enter(&self, actor: &Actor, v: &NeueVertretung) -> Result<uuid::Uuid, Fehler> {
        self.enter(actor, v).await
    }
    async fn end(&self, actor: &Actor, id: uuid::Uuid) -> Result<(), Fehler> {
        self.end(actor, id).await
    }
    async fn of(&self, person: PersonId) -> Result<Vec<Vertretung>, Fehler> {
        self.of(person).await
    }
    async fn persons(&self) -> Result<Vec<(PersonId, String, String)>, Fehler> {
        self.persons().await
    }
}

#[async_trait]
impl Konten for service_platform::konten::Konten {
    async fn login(&self, kennung: &str, passwort: &str) -> Result<String, Fehler> {
        self.login(kennung, passwort).await
    }
    async fn login_demo(&self, kennung: &str) -> Result<String, Fehler> {
        self.login_demo(kennung).await
    }
    async fn session(&self, token: &str) -> Result<Option<Angemeldet>, Fehler> {
        self.session(token).await
    }
    async fn logout(&self, token: &str) -> Result<(), Fehler> {
        self.logout(token).await
    }
    async fn demo_logins(&self) -> Result<Vec<DemoLogin>, Fehler> {
        self.demo_logins().await
    }
    async fn einstellungen(&self, person: PersonId) -> Result<Einstellungen, Fehler> {
        self.einstellungen(person).await
    }
    async fn tageshinweise(&self, actor: &Actor, an: bool) -> Result<(), Fehler> {
        self.tageshinweise(actor, an).await
    }
}

/// The demo's levers.
#[async_trait]
pub trait Demo: Send + Sync {
    /// The demo's time.
    fn now(&self) -> Timestamp;
    /// How far it is ahead of the real time, in seconds.
    fn offset_seconds(&self) -> i64;
    /// Moves the clock ahead.
    async fn advance(&self, seconds: i64) -> Result<(), Fehler>;
    /// Everything back to the start: no post, no files, sessions stay.
    async fn reset(&self) -> Result<(), Fehler>;
    /// A technical account that sees everything, so that the tour ticks whatever role looks; None = the own view.
    async fn beobachter(&self) -> Option<nachrichten::Actor> {
        None
    }
    /// Feeds the sample post again; answers how many items were accepted.
    async fn feed(&self) -> Result<u32, Fehler>;
}

/// State of the parts the portal depends on, for the operators and for `/ready`.
#[async_trait]
pub trait Dienste: Send + Sync {
    async fn stand(&self) -> Vec<Dienst>;
}

/// One part: a database, a store, a worker.
#[derive(Clone, Debug)]
pub struct Dienst {
    /// Name a person understands, e.g. "Texterkennung".
    pub name: String,
    pub gut: bool,
    /// True when the portal cannot work without it: not ready while it is bad.
    pub noetig: bool,
    /// German sentence or word: "läuft", "gestört seit 10:12 Uhr".
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_organisation_is_readable() {
        let o = Options::default();
        assert_eq!(o.stadt, "Stadt Musterstadt");
        assert_eq!(o.amt_name("66"), "66 Tiefbauamt");
        assert!(o.aemter.iter().all(|a| a.mitzeichnung));
        let smaller = ORGANISATION.replace("Mitzeichnung-66", "Anderes-66");
        let smaller = Options::from_organisation(&smaller).map(|o| o.aemter).unwrap_or_default();
        assert!(!smaller.is_empty() && smaller.iter().all(|a| a.mitzeichnung == (a.kennzeichen != "66")), "no group");
        assert_eq!(o.gruppe_name("Unbekannt"), "Unbekannt");
        assert!(Options::from_organisation("{}").is_err());
    }
}
