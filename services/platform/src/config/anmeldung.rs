// SPDX-License-Identifier: EUPL-1.2
//! Section `anmeldung`: the ways in.

use serde::Deserialize;

use super::{ConfigError, read, secret};

/// How persons come in ([`crate::verzeichnis`], login pages of the portal).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnmeldungSettings {
    pub passwort_anmeldung: bool,
    pub notfall_kennung: String,
    pub neue_personen: bool,
    pub oidc_aussteller: String,
    pub oidc_client: String,
    pub oidc_geheimnis_datei: String,
    pub oidc_ca_datei: String,
    pub oidc_umfang: String,
    pub oidc_gruppen: String,
    pub oidc_verzeichnisname: String,
    pub oidc_anzeigename: String,
    pub oidc_mail: String,
    pub zuordnung: Vec<Zuordnung>,
}

/// What one group of the directory gives here.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zuordnung {
    /// The group as the provider names it.
    pub verzeichnis: String,
    #[serde(default)]
    pub rollen: Vec<String>,
    /// Groups of the organisation, i.e. whose tasks one gets.
    #[serde(default)]
    pub gruppen: Vec<String>,
}

impl AnmeldungSettings {
    /// Whether the city's directory is used at all.
    pub fn has_oidc(&self) -> bool {
        !self.oidc_aussteller.is_empty()
    }

    /// The secret that the provider knows us by; none for a public client, which has only PKCE.
    ///
    /// # Errors
    /// A file that cannot be read or is empty.
    pub fn oidc_geheimnis(&self) -> Result<Option<String>, ConfigError> {
        secret("anmeldung.oidc_geheimnis", "", &self.oidc_geheimnis_datei)
    }

    /// Authorities (PEM) that may vouch for the provider.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn oidc_ca(&self) -> Result<Option<String>, ConfigError> {
        match self.oidc_ca_datei.as_str() {
            "" => Ok(None),
            file => read("anmeldung.oidc_ca_datei", file).map(Some),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Config;

    #[test]
    fn groups_of_the_directory_are_rows_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("eakte.toml");
        let text = "[[anmeldung.zuordnung]]\nverzeichnis = \"CN=EAkte Post,OU=Gruppen\"\nrollen = [\"Poststelle\"]\n\
                    [[anmeldung.zuordnung]]\nverzeichnis = \"/amt66\"\ngruppen = [\"Feststellung-66\"]\n";
        std::fs::write(&file, text).unwrap();
        let config = Config::load(Some(&file), std::iter::empty()).unwrap();
        let rows = &config.settings.anmeldung.zuordnung;
        assert_eq!(
            (rows[0].verzeichnis.as_str(), rows[0].rollen.as_slice()),
            ("CN=EAkte Post,OU=Gruppen", &["Poststelle".to_owned()][..])
        );
        assert_eq!((rows[1].rollen.len(), rows[1].gruppen.as_slice()), (0, &["Feststellung-66".to_owned()][..]));
        let shown = config.explain().into_iter().find(|(key, _, _)| key == "anmeldung.zuordnung").unwrap();
        assert!(shown.1.contains("EAkte Post") && shown.2.ends_with("eakte.toml"), "{shown:?}");
        std::fs::write(&file, "[[anmeldung.zuordnung]]\nverzeichnis = \"x\"\nrolle = \"Betrieb\"\n").unwrap();
        assert!(Config::load(Some(&file), std::iter::empty()).is_err(), "a row with an unknown word");
    }
}
