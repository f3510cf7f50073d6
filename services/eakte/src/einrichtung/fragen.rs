// SPDX-License-Identifier: EUPL-1.2
//! The questions of the wizard and the rules of their answers. What speaks with the person is a trait, so that tests
//! answer as a person does.

use std::{
    io::{BufRead as _, IsTerminal as _, Write as _},
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
};

use super::{
    konfiguration::{Antworten, Geheimnis, Server},
    pruefen,
    tabellen::Feld,
};

/// Shorter passwords are refused.
pub const PASSWORT_MIN: usize = 12;

/// A conversation at a terminal.
pub trait Gespraech {
    fn sagen(&mut self, text: &str);
    /// A line; none when the person ends the conversation.
    fn lesen(&mut self) -> Option<String>;
    /// A line that nobody reads over the shoulder.
    fn verdeckt(&mut self) -> Option<String>;
}

/// The first person who may log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verwalter {
    pub kennung: String,
    pub name: String,
}

/// Ended by the person.
#[derive(Debug, PartialEq, Eq)]
pub struct Abgebrochen;

type Pruefung = fn(&str) -> Result<String, String>;

pub fn stadt(text: &str) -> Result<String, String> {
    match text.chars().count() {
        1..=100 if !text.contains(char::is_control) => Ok(text.to_owned()),
        _ => Err("Nennen Sie die Stadt mit höchstens 100 Zeichen.".to_owned()),
    }
}

pub fn leitweg(text: &str) -> Result<String, String> {
    if text.is_empty() { Ok(String::new()) } else { pruefen::feld(Feld::LeitwegId, text) }
}

pub fn listen(text: &str) -> Result<String, String> {
    let example = "Schreiben Sie Adresse und Anschluss so: 127.0.0.1:8080.";
    text.parse::<SocketAddr>().map(|a| a.to_string()).map_err(|_| example.to_owned())
}

pub fn kennung(text: &str) -> Result<String, String> {
    match text {
        "cli" => Err("Diese Kennung gehört dem Programm. Wählen Sie eine andere.".to_owned()),
        "" => Err("Nennen Sie eine Kennung.".to_owned()),
        text => pruefen::feld(Feld::Kennung, text),
    }
}

pub fn name(text: &str) -> Result<String, String> {
    match text.chars().count() {
        1..=100 if !text.contains(char::is_control) => Ok(text.to_owned()),
        _ => Err("Nennen Sie Vor- und Nachnamen mit höchstens 100 Zeichen.".to_owned()),
    }
}

pub fn daten(text: &str) -> Result<String, String> {
    let path = Path::new(text);
    if text.is_empty() || text.contains(char::is_control) {
        return Err("Nennen Sie einen Ordner.".to_owned());
    }
    if path.exists() && !path.is_dir() {
        return Err("Das ist eine Datei, kein Ordner. Nennen Sie einen anderen.".to_owned());
    }
    if path.join("eakte.db").exists() {
        return Err("In diesem Ordner liegt schon eine E-Akte. Nennen Sie einen anderen.".to_owned());
    }
    Ok(text.to_owned())
}

pub fn passwort(text: &str) -> Result<String, String> {
    match text.chars().count() {
        n if n >= PASSWORT_MIN => Ok(text.to_owned()),
        _ => Err(format!("Das Passwort braucht mindestens {PASSWORT_MIN} Zeichen.")),
    }
}

fn postgres(text: &str) -> Result<String, String> {
    match text.starts_with("postgres://") || text.starts_with("postgresql://") {
        true => Ok(text.to_owned()),
        false => Err("Schreiben Sie die Adresse so: postgres://rolle:passwort@rechner/datenbank.".to_owned()),
    }
}

fn amqp(text: &str) -> Result<String, String> {
    service_platform::bus::rabbit::Address::new(text)
        .map(|_| text.to_owned())
        .map_err(|_| "Schreiben Sie die Adresse so: amqps://nutzer:passwort@rechner:5671/eakte.".to_owned())
}

fn s3(text: &str) -> Result<String, String> {
    match text.is_empty() || text.starts_with("https://") || text.starts_with("http://") {
        true => Ok(text.to_owned()),
        false => {
            Err("Schreiben Sie die Adresse so: https://s3.stadt.de:9000. Leer: Dokumente im Datenordner.".to_owned())
        }
    }
}

fn any(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("Dieses Feld muss gefüllt sein.".to_owned()) } else { Ok(text.to_owned()) }
}

fn place(text: &str) -> Result<String, String> {
    match text {
        "1" | "2" => Ok(text.to_owned()),
        _ => Err("Antworten Sie mit 1 oder 2.".to_owned()),
    }
}

/// Asks until the answer fits; an empty one takes the default.
fn ask(g: &mut dyn Gespraech, frage: &str, hilfe: &str, vorgabe: &str, check: Pruefung) -> Result<String, Abgebrochen> {
    loop {
        g.sagen(&format!("\n{frage}\n  {hilfe}"));
        g.sagen(&if vorgabe.is_empty() { "> ".to_owned() } else { format!("[{vorgabe}] > ") });
        let line = g.lesen().ok_or(Abgebrochen)?;
        let answer = if line.trim().is_empty() { vorgabe } else { line.trim() };
        match check(answer) {
            Ok(answer) => return Ok(answer),
            Err(text) => g.sagen(&format!("  {text}")),
        }
    }
}

/// The same without showing what is typed.
fn ask_hidden(g: &mut dyn Gespraech, frage: &str, hilfe: &str, check: Pruefung) -> Result<String, Abgebrochen> {
    loop {
        g.sagen(&format!("\n{frage}\n  {hilfe}\n> "));
        let line = g.verdeckt().ok_or(Abgebrochen)?;
        match check(line.trim_end_matches(['\r', '\n'])) {
            Ok(answer) => return Ok(answer),
            Err(text) => g.sagen(&format!("  {text}")),
        }
    }
}

/// City and machine; `vor` are the defaults.
pub fn fragen(g: &mut dyn Gespraech, vor: &Antworten) -> Result<Antworten, Abgebrochen> {
    let stadt = ask(g, "Wie heißt die Stadt?", "Der Name steht auf jeder Seite.", &vor.stadt, stadt)?;
    let help = "Damit prüft der Import Ihre Leitweg-IDs. Ohne: Eingabetaste.";
    let leitweg = ask(g, "Wie lautet die Leitweg-ID der Stadt?", help, &vor.leitweg, leitweg)?;
    let help = "Nur für diesen Rechner: 127.0.0.1:8080. Davor gehört ein Proxy mit TLS.";
    let listen = ask(g, "Unter welcher Adresse soll das Portal antworten?", help, &vor.listen, listen)?;
    let default = vor.daten.display().to_string();
    let help = "Hier liegen Datenbank, Dokumente und Scan-Ordner. Sichern Sie ihn.";
    let daten = ask(g, "In welchem Ordner sollen die Daten liegen?", help, &default, daten)?;
    let help = "1 auf diesem Rechner (genügt zum Anfang)   2 auf Servern (PostgreSQL, RabbitMQ, S3)";
    let server = match ask(g, "Wo liegen Datenbank und Dokumente?", help, "1", place)?.as_str() {
        "1" => None,
        _ => Some(servers(g)?),
    };
    Ok(Antworten { stadt, leitweg, listen, daten: daten.into(), server })
}

fn servers(g: &mut dyn Gespraech) -> Result<Server, Abgebrochen> {
    let hidden = "Sie wird nicht angezeigt und steht danach in einer Datei, die nur Sie lesen.";
    let text = |text: String| if text.is_empty() { Geheimnis::Keines } else { Geheimnis::Text(text) };
    let db = ask_hidden(g, "Adresse von PostgreSQL für die Dienste (Rolle eakte_betrieb)?", hidden, postgres)?;
    let owner = "Adresse der Rolle, der die Tabellen gehören?";
    let db_migration = ask_hidden(g, owner, hidden, postgres)?;
    let bus = ask_hidden(g, "Adresse von RabbitMQ?", hidden, amqp)?;
    let s3_endpoint = ask(g, "Adresse des S3-Servers?", "Leer: Dokumente liegen im Datenordner.", "", s3)?;
    let mut server =
        Server { db: text(db), db_migration: text(db_migration), bus: text(bus), s3_endpoint, ..Server::default() };
    if !server.s3_endpoint.is_empty() {
        server.s3_bucket = ask(g, "Name des Ablageorts (Bucket)?", "Er wird angelegt, wenn er fehlt.", "eakte", any)?;
        server.s3_zugang = ask(g, "Zugangsschlüssel?", "Der öffentliche Teil.", "", any)?;
        server.s3_geheimnis = text(ask_hidden(g, "Geheimnis zum Zugangsschlüssel?", hidden, any)?);
    }
    Ok(server)
}

/// The first administrator, and the password typed twice.
pub fn fragen_verwalter(g: &mut dyn Gespraech, vor: &Verwalter) -> Result<(Verwalter, String), Abgebrochen> {
    let help = "Mit ihr meldet sich die Person an, die alles Weitere einrichtet.";
    let kennung =
        ask(g, "Welche Kennung hat die erste Verwalterin oder der erste Verwalter?", help, &vor.kennung, kennung)?;
    let name = ask(g, "Wie heißt diese Person?", "Der Name steht in jedem Protokoll.", &vor.name, name)?;
    loop {
        let help = format!("Mindestens {PASSWORT_MIN} Zeichen. Die Eingabe ist nicht zu sehen.");
        let first = ask_hidden(g, "Ihr Passwort?", &help, passwort)?;
        let again = ask_hidden(g, "Das Passwort noch einmal?", "Damit kein Tippfehler bleibt.", |t| Ok(t.to_owned()))?;
        if first == again {
            return Ok((Verwalter { kennung, name }, first));
        }
        g.sagen("  Die beiden Eingaben sind verschieden. Bitte noch einmal.");
    }
}

/// The person at the terminal.
pub struct Terminal;

impl Gespraech for Terminal {
    fn sagen(&mut self, text: &str) {
        let mut out = std::io::stderr().lock();
        let end = if text.ends_with("> ") { "" } else { "\n" };
        let _ = write!(out, "{text}{end}");
        let _ = out.flush();
    }

    fn lesen(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line).ok()?;
        (read > 0).then_some(line)
    }

    fn verdeckt(&mut self) -> Option<String> {
        // Debian's own tool: no need for a terminal library for one question.
        let echo = |on: &str| Command::new("stty").arg(on).stdin(Stdio::inherit()).stderr(Stdio::null()).status();
        let hidden = echo("-echo").is_ok_and(|s| s.success());
        if !hidden {
            self.sagen("  Achtung: Auf diesem Terminal ist die Eingabe zu sehen.\n> ");
        }
        let line = self.lesen();
        if hidden {
            let _ = echo("echo");
            self.sagen("");
        }
        line
    }
}

/// Whether a person sits there.
pub fn is_terminal() -> bool {
    std::io::stdin().is_terminal()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::einrichtung::konfiguration::toml;

    struct Probe {
        antworten: Vec<&'static str>,
        gesagt: String,
        verdeckt: usize,
    }

    impl Gespraech for Probe {
        fn sagen(&mut self, text: &str) {
            self.gesagt.push_str(text);
        }
        fn lesen(&mut self) -> Option<String> {
            if self.antworten.is_empty() { None } else { Some(format!("{}\n", self.antworten.remove(0))) }
        }
        fn verdeckt(&mut self) -> Option<String> {
            self.verdeckt += 1;
            self.lesen()
        }
    }

    fn probe(antworten: &[&'static str]) -> Probe {
        Probe { antworten: antworten.to_vec(), gesagt: String::new(), verdeckt: 0 }
    }

    fn vorgaben() -> Antworten {
        Antworten {
            stadt: String::new(),
            leitweg: String::new(),
            listen: "127.0.0.1:8080".to_owned(),
            daten: "/srv/gibt-es-nicht".into(),
            server: None,
        }
    }

    #[test]
    fn wrong_answers_are_asked_again_and_empty_ones_take_the_default() {
        let mut g = probe(&["", "Mühlenbach", "08999000-66001-84", "08999000-66001-83", "localhost", "", "", ""]);
        let a = fragen(&mut g, &vorgaben()).unwrap();
        assert_eq!(
            (a.stadt.as_str(), a.leitweg.as_str(), a.listen.as_str()),
            ("Mühlenbach", "08999000-66001-83", "127.0.0.1:8080")
        );
        assert_eq!((a.daten.to_str(), a.server), (Some("/srv/gibt-es-nicht"), None));
        for part in ["Nennen Sie die Stadt", "Prüfziffer passt nicht", "Adresse und Anschluss so"] {
            assert!(g.gesagt.contains(part), "{part}: {}", g.gesagt);
        }
        assert_eq!(fragen(&mut probe(&["Mühlenbach"]), &vorgaben()), Err(Abgebrochen));
    }

    #[test]
    fn servers_are_asked_for_and_their_secrets_are_hidden() {
        let mut g = probe(&[
            "Mühlenbach",
            "",
            "",
            "",
            "2",
            "mysql://x",
            "postgres://a:geheim-7311@db/eakte",
            "postgres://b@db/eakte",
            "amqp://a:b@mq:5672/eakte",
            "https://s3.example",
            "",
            "schluessel",
            "s3-geheim",
        ]);
        let a = fragen(&mut g, &vorgaben()).unwrap();
        assert_eq!(g.verdeckt, 5, "both addresses (one twice), broker and secret");
        let text = toml(&a, |name, geheimnis| match geheimnis {
            Geheimnis::Text(_) => Some(format!("/etc/eakte/{name}").into()),
            _ => None,
        });
        assert!(!format!("{a:?}{text}{}", g.gesagt).contains("geheim-7311"), "{text}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("eakte.toml");
        std::fs::write(&file, &text).unwrap();
        let s = service_platform::config::Config::load(Some(&file), std::iter::empty()).unwrap().settings;
        assert_eq!((s.stadt.as_str(), s.db.url_datei.as_str()), ("Mühlenbach", "/etc/eakte/datenbank"));
        assert_eq!(
            (s.s3.endpoint.as_str(), s.s3.bucket.as_str(), s.s3.geheimnis_datei.as_str()),
            ("https://s3.example", "eakte", "/etc/eakte/s3")
        );
    }

    #[test]
    fn the_password_is_typed_twice() {
        let vor = Verwalter { kennung: "verwaltung".into(), name: String::new() };
        let mut g = probe(&[
            "",
            "Robin Castell",
            "kurz",
            "ein langes Kennwort",
            "ein langes Kenwort",
            "ein langes Kennwort",
            "ein langes Kennwort",
        ]);
        let (v, password) = fragen_verwalter(&mut g, &vor).unwrap();
        assert_eq!(
            (v.kennung.as_str(), v.name.as_str(), password.as_str()),
            ("verwaltung", "Robin Castell", "ein langes Kennwort")
        );
        assert!(g.gesagt.contains("mindestens 12 Zeichen") && g.gesagt.contains("sind verschieden"));
        assert!(stadt("A\nB").is_err() && stadt("").is_err());
    }
}
