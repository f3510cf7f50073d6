// SPDX-License-Identifier: EUPL-1.2
//! What a city answers, and the configuration file that comes of it.

use std::path::PathBuf;

/// Where the servers are, if any; each secret is the file that holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    pub db: Geheimnis,
    pub db_migration: Geheimnis,
    pub bus: Geheimnis,
    pub s3_endpoint: String,
    pub s3_bucket: String,
    pub s3_zugang: String,
    pub s3_geheimnis: Geheimnis,
}

/// A secret: typed in and still to be written to a file of its own, or in a file that is there.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Geheimnis {
    #[default]
    Keines,
    Text(String),
    Datei(PathBuf),
}

impl std::fmt::Debug for Geheimnis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Keines => "Keines",
            Self::Text(_) => "Text(not shown)",
            Self::Datei(_) => "Datei",
        })
    }
}

/// What the city says about itself and this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Antworten {
    pub stadt: String,
    pub leitweg: String,
    pub listen: String,
    pub daten: PathBuf,
    /// None: everything lies in the data directory.
    pub server: Option<Server>,
}

/// A text of TOML.
fn quoted(text: &str) -> String {
    // Quotes and escapes of JSON are those of TOML's basic strings.
    serde_json::Value::String(text.to_owned()).to_string()
}

/// The configuration file; `secret` gives the file of each secret.
pub fn toml(a: &Antworten, secret: impl Fn(&str, &Geheimnis) -> Option<PathBuf>) -> String {
    let mut text = String::from(
        "# Konfiguration der E-Akte, geschrieben von „eakte init“. Was hier nicht steht, hat seinen Vorgabewert;\n\
         # „eakte config --config DIESE-DATEI“ zeigt alle Einstellungen und woher sie kommen.\n\n",
    );
    let mut add = |comment: &str, key: &str, value: &str| {
        text.push_str(&format!("# {comment}\n{key} = {}\n", quoted(value)));
    };
    add("Name der Stadt, auf jeder Seite.", "stadt", &a.stadt);
    add("Leitweg-ID der Stadt; eingelesene werden mit ihr verglichen. Leer: keine.", "leitweg", &a.leitweg);
    add("Adresse von Portal und Schnittstelle; davor gehört ein Proxy mit TLS.", "listen", &a.listen);
    add(
        "Datenordner: Datenbank, Dokumente, Scan-Ordner. Gehört in die Sicherung.",
        "data",
        &a.daten.display().to_string(),
    );
    let address = format!("http://{}", a.listen);
    add("Adresse des Portals in E-Mails. Hinter einem Proxy ist es dessen Adresse.", "hinweise.adresse", &address);
    let link = format!("{address}/dokumente/{{dokument}}");
    add("Wo das Finanzverfahren das Dokument findet.", "uebergabe.beleg_link", &link);
    if let Some(server) = &a.server {
        let named = [
            ("PostgreSQL, für die Dienste: Datei mit der Adresse.", "db.url_datei", "datenbank", &server.db),
            ("PostgreSQL, für „eakte migrate“.", "db.migration_url_datei", "datenbank-tabellen", &server.db_migration),
            ("RabbitMQ: Datei mit der Adresse.", "bus.url_datei", "rabbitmq", &server.bus),
            ("S3: Datei mit dem Geheimnis.", "s3.geheimnis_datei", "s3", &server.s3_geheimnis),
        ];
        for (comment, key, name, geheimnis) in named {
            if let Some(file) = secret(name, geheimnis) {
                add(comment, key, &file.display().to_string());
            }
        }
        if !server.s3_endpoint.is_empty() {
            add("S3: wo die Dokumente liegen.", "s3.endpoint", &server.s3_endpoint);
            add("S3: Ablageort und Zugangsschlüssel.", "s3.bucket", &server.s3_bucket);
            add("S3: Zugangsschlüssel.", "s3.zugang", &server.s3_zugang);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_line_of_the_file() {
        let a = Antworten {
            stadt: "A\"\\ = ü".into(),
            leitweg: String::new(),
            listen: "127.0.0.1:8080".into(),
            daten: "/srv/eakte".into(),
            server: None,
        };
        let table: Vec<String> = toml(&a, |_, _| None).lines().map(str::to_owned).collect();
        assert!(table.contains(&"stadt = \"A\\\"\\\\ = ü\"".to_owned()), "{table:?}");
    }
}
