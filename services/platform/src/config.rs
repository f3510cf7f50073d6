// SPDX-License-Identifier: EUPL-1.2
//! Configuration: one commented default file, then the file, then the environment. Unknown keys are errors.
//! [`Config::explain`] gives the effective values with their origin.

use std::{collections::BTreeMap, path::Path};

use nachrichten::{Tag, kalender::Kalender};
use serde::Deserialize;
use toml::{Table, Value};

use crate::bus::rabbit::Address;

mod anmeldung;
mod uebung;

pub use anmeldung::{AnmeldungSettings, Zuordnung};
pub use uebung::UebungSettings;

/// The commented default file, compiled in.
pub const DEFAULT: &str = include_str!("default.toml");

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub data: String,
    pub listen: String,
    pub mandant: String,
    pub stadt: String,
    pub leitweg: String,
    pub log: Log,
    pub db: DbSettings,
    pub betrieb: BetriebSettings,
    pub s3: S3Settings,
    pub scan: Scan,
    pub intake: Intake,
    pub worker: WorkerSettings,
    pub rechnung: Rechnung,
    pub uebergabe: Uebergabe,
    pub kalender: KalenderSettings,
    pub hinweise: HinweisSettings,
    pub ablauf: AblaufSettings,
    pub anmeldung: AnmeldungSettings,
    pub uebung: UebungSettings,
    pub bus: BusSettings,
    pub ruf: RufSettings,
    pub ereignisse: EreignisSettings,
    pub webhook: WebhookSettings,
    pub trace: TraceSettings,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EreignisSettings {
    pub an: bool,
}

/// Where webhooks may go and how long they may take ([`crate::webhook`]).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    pub erlaubt: String,
    pub geheimnisse: String,
    pub ca_datei: String,
    pub frist_ms: u64,
    pub rueckstau: u64,
    pub loopback: bool,
}

/// Who is told how long each step took ([`crate::trace`]).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceSettings {
    pub url: String,
    pub ca_datei: String,
    pub anteil: f64,
}

/// How core processes call each other (crate `service-ruf`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RufSettings {
    pub listen: String,
    pub eingang: String,
    pub geschaeftsgang: String,
    pub akten: String,
    pub zertifikat_datei: String,
    pub schluessel_datei: String,
    pub ca_datei: String,
}

/// Where the database is. Addresses hold passwords: [`Config::explain`] and `Debug` do not show them.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DbSettings {
    pub url: String,
    pub url_datei: String,
    pub migration_url: String,
    pub migration_url_datei: String,
    pub verbindungen: u32,
}

impl std::fmt::Debug for DbSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { url, url_datei, migration_url, migration_url_datei, verbindungen } = self;
        f.debug_struct("DbSettings")
            .field("url", &hidden(url))
            .field("url_datei", url_datei)
            .field("migration_url", &hidden(migration_url))
            .field("migration_url_datei", migration_url_datei)
            .field("verbindungen", verbindungen)
            .finish()
    }
}

impl DbSettings {
    /// Address of PostgreSQL for services and commands; none means SQLite in the data directory.
    ///
    /// # Errors
    /// A file that cannot be read or is empty.
    pub fn address(&self) -> Result<Option<String>, ConfigError> {
        secret("db.url", &self.url, &self.url_datei)
    }

    /// Address of the role that owns the tables.
    ///
    /// # Errors
    /// As [`Self::address`].
    pub fn migration_address(&self) -> Result<Option<String>, ConfigError> {
        secret("db.migration_url", &self.migration_url, &self.migration_url_datei)
    }
}

/// How operators ask a process.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BetriebSettings {
    pub listen: String,
}

/// Where the broker is. The address holds a password: [`Config::explain`] and `Debug` do not show it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusSettings {
    pub url: String,
    pub url_datei: String,
    pub ca_datei: String,
}

impl std::fmt::Debug for BusSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { url, url_datei, ca_datei } = self;
        f.debug_struct("BusSettings")
            .field("url", &hidden(url))
            .field("url_datei", url_datei)
            .field("ca_datei", ca_datei)
            .finish()
    }
}

impl BusSettings {
    /// The broker's address; none means the bus of this process.
    ///
    /// # Errors
    /// A file that cannot be read, an address that is none.
    pub fn address(&self) -> Result<Option<Address>, ConfigError> {
        let Some(url) = secret("bus.url", &self.url, &self.url_datei)? else { return Ok(None) };
        let address = Address::new(&url).map_err(|e| ConfigError(format!("bus.url: {e}")))?;
        Ok(Some(match self.ca_datei.as_str() {
            "" => address,
            file => address.with_authorities(read("bus.ca_datei", file)?),
        }))
    }
}

/// Settings that hold a secret, and what is shown instead.
const SECRET: [&str; 3] = ["bus.url", "db.url", "db.migration_url"];
const HIDDEN: &str = "(set, not shown)";

fn hidden(secret: &str) -> &str {
    if secret.is_empty() { "" } else { HIDDEN }
}

fn read(key: &str, file: &str) -> Result<String, ConfigError> {
    std::fs::read_to_string(file).map_err(|e| ConfigError(format!("{key}: {file}: {e}")))
}

/// A secret of its own file, else the value itself; none when neither is set. A file that is named but empty is a
/// mistake: nothing falls back silently to what lies on this machine.
fn secret(key: &str, value: &str, file: &str) -> Result<Option<String>, ConfigError> {
    if file.is_empty() {
        return Ok(Some(value.trim().to_owned()).filter(|v| !v.is_empty()));
    }
    let text = read(&format!("{key}_datei"), file)?.trim().to_owned();
    if text.is_empty() { Err(ConfigError(format!("{key}_datei: {file} is empty"))) } else { Ok(Some(text)) }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HinweisSettings {
    pub adresse: String,
}

impl HinweisSettings {
    /// Persons reach the portal by HTTPS (a proxy before it): its cookies never go over plain HTTP.
    pub fn is_tls(&self) -> bool {
        self.adresse.starts_with("https://")
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AblaufSettings {
    pub zweite_person: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KalenderSettings {
    pub freie_tage: String,
}

impl KalenderSettings {
    /// The city's working days.
    ///
    /// # Errors
    /// The text that is no day.
    pub fn kalender(&self) -> Result<Kalender, String> {
        let words = self.freie_tage.split([',', ' ']).filter(|t| !t.is_empty());
        let days: Result<Vec<Tag>, String> = words.map(|t| t.parse().map_err(|_| t.to_owned())).collect();
        days.map(Kalender::mit)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub filter: String,
    pub json: bool,
}

/// The blob store of several machines ([`crate::blobs::s3`]); an empty `endpoint` means the data directory.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3Settings {
    pub endpoint: String,
    pub bucket: String,
    pub region: String,
    pub ca_datei: String,
    pub zugang: String,
    pub geheimnis_datei: String,
    pub teil_bytes: usize,
    pub frist_ms: u64,
    pub versuche: u32,
    pub geduld_ms: u64,
    pub aufraeumen_h: u32,
    pub sperre: String,
    pub sperre_tage: u32,
}

/// Who forbids removing a blob, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// Nobody.
    None,
    /// The bucket's own rule.
    Bucket,
    /// Each object gets its date when it is written.
    PerObject { mode: &'static str, days: u32 },
}

impl S3Settings {
    /// Whether blobs lie in a bucket at all.
    pub fn is_used(&self) -> bool {
        !self.endpoint.is_empty()
    }

    /// What `sperre` and `sperre_tage` ask for.
    ///
    /// # Errors
    /// Text that says which values there are.
    pub fn retention(&self) -> Result<Retention, String> {
        let per_object = |mode| match self.sperre_tage {
            0 => Err("s3.sperre_tage must be at least 1".to_owned()),
            days => Ok(Retention::PerObject { mode, days }),
        };
        match self.sperre.as_str() {
            "" => Ok(Retention::None),
            "bucket" => Ok(Retention::Bucket),
            "governance" => per_object("GOVERNANCE"),
            "compliance" => per_object("COMPLIANCE"),
            other => Err(format!("\"{other}\" is none of \"\", \"bucket\", \"governance\", \"compliance\"")),
        }
    }

    /// Plain HTTP to another machine.
    pub fn is_open_to_the_network(&self) -> bool {
        let Some(host) = self.endpoint.strip_prefix("http://") else { return false };
        !["127.", "localhost", "[::1]"].iter().any(|own| host.starts_with(own))
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scan {
    pub ordner: String,
    pub vertraulich: String,
    pub ruhe_ms: u64,
    pub takt_ms: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intake {
    pub max_upload: usize,
    pub max_datei: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerSettings {
    pub parallel: usize,
    pub frist: i64,
    pub weitere: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rechnung {
    pub ein_akt: bool,
    pub zahlungsziel_tage: i32,
}

/// Folders and names of the hand-over to the finance and mail systems.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uebergabe {
    pub ausgang: String,
    pub eingang: String,
    pub mail: String,
    pub buchungskreis: String,
    pub absender: String,
    pub beleg_link: String,
    pub ruhe_ms: u64,
    pub takt_ms: u64,
    pub geduld_s: u64,
}

/// Effective settings and where each came from.
#[derive(Clone, Debug)]
pub struct Config {
    pub settings: Settings,
    origins: BTreeMap<String, (Value, String)>,
}

/// The text says which key, in which place, and what is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl Config {
    /// Merges default, `file` (if any) and `environment` (pairs of name and value).
    ///
    /// # Errors
    /// Unknown key, wrong type, unreadable file.
    pub fn load(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut origins = BTreeMap::new();
        flatten("", &parse(DEFAULT, "default")?, "default", &mut origins);
        let known: Vec<String> = origins.keys().cloned().collect();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).map_err(|e| ConfigError(format!("{}: {e}", path.display())))?;
            let origin = path.display().to_string();
            flatten("", &parse(&text, &origin)?, &origin, &mut origins);
        }
        for (name, text) in environment {
            let Some(key) = name.strip_prefix("EAKTE_").map(|k| k.to_lowercase().replace("__", ".")) else { continue };
            // Other EAKTE_ variables (EAKTE_TOKEN, EAKTE_SHARED, ...) are not settings.
            let Some((old, _)) = origins.get(&key) else { continue };
            let value = match old {
                Value::String(_) => Value::String(text),
                _ => parse(&format!("v = {text}"), &name)?.remove("v").unwrap_or(Value::String(text)),
            };
            origins.insert(key, (value, name));
        }
        if let Some(unknown) = origins.keys().find(|k| !known.contains(k)) {
            let origin = &origins[unknown].1;
            return Err(ConfigError(format!("{origin}: unknown setting \"{unknown}\"")));
        }
        let mut table = Table::new();
        for (key, (value, _)) in &origins {
            match key.split_once('.') {
                Some((section, name)) => {
                    let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
                    if let Value::Table(section) = section {
                        section.insert(name.to_owned(), value.clone());
                    }
                }
                None => {
                    table.insert(key.clone(), value.clone());
                }
            }
        }
        let settings = Settings::deserialize(Value::Table(table)).map_err(|e| ConfigError(e.to_string()))?;
        Ok(Self { settings, origins })
    }

    /// `(key, value, origin)` of every setting, sorted by key; a secret is not shown.
    pub fn explain(&self) -> Vec<(String, String, String)> {
        let shown = |key: &String, value: &Value| {
            let secret = SECRET.contains(&key.as_str()) && value.as_str() != Some("");
            if secret { HIDDEN.to_owned() } else { value.to_string() }
        };
        self.origins.iter().map(|(key, (value, origin))| (key.clone(), shown(key, value), origin.clone())).collect()
    }
}

fn parse(text: &str, origin: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>().map_err(|e| ConfigError(format!("{origin}: {e}")))
}

fn flatten(prefix: &str, table: &Table, origin: &str, into: &mut BTreeMap<String, (Value, String)>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::Table(inner) => flatten(&key, inner, origin, into),
            value => {
                into.insert(key, (value.clone(), origin.to_owned()));
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_the_broker_is_read_from_file_or_environment_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("broker");
        std::fs::write(&file, "amqp://eakte:wort-7311@datei.example/%2f\n").unwrap();
        let load =
            |name: &str, value: &str| Config::load(None, [(name.to_owned(), value.to_owned())].into_iter()).unwrap();
        let hidden = |config: &Config| {
            let all = format!("{:?} {:?}", config.explain(), config.settings);
            assert!(!all.contains("wort-7311"), "{all}");
        };
        let config = load("EAKTE_BUS__URL", "amqp://eakte:wort-7311@umgebung.example");
        hidden(&config);
        let shown = |c: &Config| format!("{:?}", c.settings.bus.address().unwrap());
        assert_eq!(shown(&config), "Some(amqp://umgebung.example:5672)");

        let config = load("EAKTE_BUS__URL_DATEI", file.to_str().unwrap());
        hidden(&config);
        assert_eq!(shown(&config), "Some(amqp://datei.example:5672)");

        assert!(Config::load(None, std::iter::empty()).unwrap().settings.bus.address().unwrap().is_none());
        let wrong = load("EAKTE_BUS__URL", "wort-7311").settings.bus.address().unwrap_err().to_string();
        assert!(wrong.starts_with("bus.url: ") && !wrong.contains("wort-7311"), "{wrong}");
        let config = load("EAKTE_DB__URL", "postgres://eakte:wort-7311@db.example/eakte");
        hidden(&config);
        assert!(config.settings.db.address().unwrap().is_some_and(|url| url.ends_with("@db.example/eakte")));
        assert_eq!(load("EAKTE_DB__MIGRATION_URL_DATEI", file.to_str().unwrap()).settings.db.address().unwrap(), None);
        std::fs::write(&file, " wort-7311\n").unwrap();
        let config = load("EAKTE_ANMELDUNG__OIDC_GEHEIMNIS_DATEI", file.to_str().unwrap());
        hidden(&config);
        assert_eq!(config.settings.anmeldung.oidc_geheimnis().unwrap().as_deref(), Some("wort-7311"));
        std::fs::write(&file, "").unwrap();
        assert!(config.settings.anmeldung.oidc_geheimnis().is_err(), "empty file");
        assert!(load("EAKTE_DB__URL_DATEI", file.to_str().unwrap()).settings.db.address().is_err(), "empty file");
        assert!(load("EAKTE_BUS__URL_DATEI", file.to_str().unwrap()).settings.bus.address().is_err(), "empty file");
    }
}
