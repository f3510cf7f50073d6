// SPDX-License-Identifier: EUPL-1.2
//! Settings of the training Mandant ("eakte serve --uebung").

use serde::Deserialize;

use super::{Config, ConfigError, Settings, Uebergabe, read};

/// The training Mandant.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UebungSettings {
    /// Set: these settings are those of the training Mandant, see [`Settings::for_training`].
    pub aktiv: bool,
    pub data: String,
    pub listen: String,
    pub db_url_datei: String,
    pub db_migration_url_datei: String,
}

impl Settings {
    /// The settings of the training Mandant beside this one: nothing is shared but the machine and, under a name of its
    /// own, the bucket. Folders that the real one watches and fills are never used.
    ///
    /// # Errors
    /// The German text says which own database is missing.
    pub fn for_training(mut self) -> Result<Self, ConfigError> {
        let wrong = |text: &str| ConfigError(format!("uebung.db_url_datei: {text}"));
        let real = [self.db.address()?, self.db.migration_address()?];
        if let Some(address) = &real[0] {
            if self.uebung.db_url_datei.is_empty() {
                return Err(wrong(
                    "der Übungsmandant braucht eine eigene Datenbank; nennen Sie die Datei mit ihrer Adresse",
                ));
            }
            let own = read("uebung.db_url_datei", &self.uebung.db_url_datei)?;
            if database_of(own.trim()) == database_of(address) {
                return Err(wrong("das ist die Datenbank des echten Betriebs; der Übungsmandant braucht eine eigene"));
            }
            self.db.url = String::new();
            self.db.url_datei = self.uebung.db_url_datei.clone();
            self.db.migration_url = String::new();
            self.db.migration_url_datei = self.uebung.db_migration_url_datei.clone();
        }
        self.data = match self.uebung.data.as_str() {
            "" => format!("{}-uebung", self.data.trim_end_matches('/')),
            own => own.to_owned(),
        };
        self.listen = self.uebung.listen.clone();
        self.mandant = format!("{}-uebung", self.mandant);
        let plain = Config::load(None, std::iter::empty())?.settings;
        (self.bus, self.ruf, self.scan, self.betrieb) = (plain.bus, plain.ruf, plain.scan, plain.betrieb);
        self.hinweise.adresse = format!("http://{}", self.listen);
        self.uebergabe = Uebergabe {
            absender: "Übungsmandant der E-Akte <uebung@musterstadt.example>".to_owned(),
            beleg_link: format!("{}/dokumente/{{dokument}}", self.hinweise.adresse),
            ..plain.uebergabe
        };
        self.stadt = plain.stadt;
        self.uebung.aktiv = true;
        Ok(self)
    }
}

/// Server and database of an address, without role and parameters.
fn database_of(address: &str) -> &str {
    let place = address.split_once("://").map_or(address, |(_, rest)| rest);
    let place = place.rsplit_once('@').map_or(place, |(_, rest)| rest);
    place.split('?').next().unwrap_or(place)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn training_shares_neither_folders_nor_database_nor_broker() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let load = |pairs: &[(&str, &str)]| {
            let pairs: Vec<(String, String)> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            Config::load(None, pairs.into_iter()).unwrap().settings
        };
        let real = [
            ("EAKTE_DATA", "/srv/eakte/"),
            ("EAKTE_SCAN__ORDNER", "/srv/scan"),
            ("EAKTE_UEBERGABE__AUSGANG", "/srv/sap"),
            ("EAKTE_BUS__URL", "amqp://a:b@broker.example"),
        ];
        let t = load(&real).for_training().unwrap();
        assert_eq!(
            (t.data.as_str(), t.mandant.as_str(), t.listen.as_str()),
            ("/srv/eakte-uebung", "stadt-uebung", "127.0.0.1:8081")
        );
        assert_eq!((t.scan.ordner.as_str(), t.uebergabe.ausgang.as_str()), ("scan", "uebergabe/ausgang"));
        assert!(t.bus.address().unwrap().is_none() && t.uebung.aktiv);

        let url = ("EAKTE_DB__URL", "postgres://eakte_betrieb:x@db.example/eakte?sslmode=verify-full");
        assert!(load(&[url]).for_training().is_err(), "no database of its own");
        let same = file("same", "postgres://andere@db.example/eakte\n");
        let error = load(&[url, ("EAKTE_UEBUNG__DB_URL_DATEI", &same)]).for_training().unwrap_err().to_string();
        assert!(error.contains("des echten Betriebs"), "{error}");
        let own = file("own", "postgres://eakte_betrieb:x@db.example/eakte_uebung\n");
        let t = load(&[url, ("EAKTE_UEBUNG__DB_URL_DATEI", &own)]).for_training().unwrap();
        assert!(t.db.address().unwrap().unwrap().ends_with("/eakte_uebung"));
    }
}
