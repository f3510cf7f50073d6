// SPDX-License-Identifier: EUPL-1.2
//! Configuration: one commented default file, then the file, then the environment. Unknown keys are errors.
//! [`Config::explain`] gives the effective values with their origin.

use std::{collections::BTreeMap, path::Path};

use nachrichten::{Tag, kalender::Kalender};
use serde::Deserialize;
use toml::{Table, Value};

/// The commented default file, compiled in.
pub const DEFAULT: &str = include_str!("default.toml");

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub data: String,
    pub listen: String,
    pub mandant: String,
    pub stadt: String,
    pub log: Log,
    pub scan: Scan,
    pub intake: Intake,
    pub worker: WorkerSettings,
    pub rechnung: Rechnung,
    pub uebergabe: Uebergabe,
    pub kalender: KalenderSettings,
    pub hinweise: HinweisSettings,
    pub ablauf: AblaufSettings,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HinweisSettings {
    pub adresse: String,
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

    /// `(key, value, origin)` of every setting, sorted by key.
    pub fn explain(&self) -> Vec<(String, String, String)> {
        self.origins.iter().map(|(key, (value, origin))| (key.clone(), value.to_string(), origin.clone())).collect()
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
