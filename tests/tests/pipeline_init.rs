// SPDX-License-Identifier: EUPL-1.2
//! The first use of a city through the built program: the wizard, the organisation from CSV files and what follows from
//! it, separator sheets, and the training Mandant that nobody can take for the real one.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use gemein::{demo, program};
use service_platform::db::{Db, FromRow};
use tempfile::TempDir;

/// Exit code, standard output, standard error.
struct Ende(Option<i32>, String, String);

fn eakte(args: &[&str]) -> Ende {
    let answer =
        Command::new(program()).args(args).stdin(Stdio::null()).env("EAKTE_LOG__FILTER", "error").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ende(answer.status.code(), text(answer.stdout), text(answer.stderr))
}

impl Ende {
    #[track_caller]
    fn good(self) -> String {
        assert_eq!(self.0, Some(0), "{}{}", self.1, self.2);
        self.1
    }
    #[track_caller]
    fn refused(self, code: i32, part: &str) -> String {
        assert_eq!(self.0, Some(code), "{}{}", self.1, self.2);
        assert!(self.2.contains(part), "{part}: {}", self.2);
        self.2
    }
}

/// A folder in which "eakte init" was done.
struct Stadt {
    dir: TempDir,
}

impl Stadt {
    fn neu() -> Self {
        let stadt = Self { dir: TempDir::new().unwrap() };
        let text = eakte(&["init", "--ja", "--stadt", "Mühlenbach", "--dir", stadt.path()]).good();
        assert!(text.contains("Die E-Akte ist eingerichtet") && text.contains("So geht es weiter:"), "{text}");
        stadt
    }
    fn path(&self) -> &str {
        self.dir.path().to_str().unwrap()
    }
    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
    /// A command with the configuration of this city.
    fn eakte(&self, args: &[&str]) -> Ende {
        let config = self.file("eakte.toml");
        eakte(&[args, &["--config", config.to_str().unwrap()]].concat())
    }
    fn rows<R: FromRow>(&self, text: &'static str) -> Vec<R> {
        rows(&self.file("daten"), text)
    }
    /// Writes files of the organisation and reads them in.
    fn import(&self, files: &[(&str, &str)], more: &[&str]) -> Ende {
        let folder = self.file("organisation");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in files {
            std::fs::write(folder.join(name), text).unwrap();
        }
        self.eakte(&[&["init", "import", folder.to_str().unwrap()], more].concat())
    }
}

fn rows<R: FromRow>(data: &Path, text: &'static str) -> Vec<R> {
    gemein::prozess::runtime().block_on(async {
        let db = Db::sqlite(&data.join("eakte.db")).await.unwrap();
        let rows = db.all(&gemein::haus::sql(text), Vec::new()).await.unwrap();
        db.close().await;
        rows
    })
}

struct Dienst(Child, String);

impl Dienst {
    fn start(args: &[&str]) -> Self {
        let mut command = Command::new(program());
        command.args(args).args(["--listen", "127.0.0.1:0"]).env("EAKTE_LOG__FILTER", "error");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("Bereit: ").unwrap_or_else(|| panic!("not ready: {line}")).to_owned();
        Self(child, url)
    }
    fn page(&self, path: &str) -> String {
        ureq::get(format!("{}{path}", self.1)).call().unwrap().body_mut().read_to_string().unwrap()
    }
}

impl Drop for Dienst {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The templates with their examples read as rows: together they are a small city.
fn beispiele(stadt: &Stadt) -> PathBuf {
    let folder = stadt.file("vorlagen");
    eakte(&["init", "vorlagen", folder.to_str().unwrap()]).good();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("#Beispiel: "), "{text}");
        std::fs::write(&path, text.replace("#Beispiel: ", "")).unwrap();
    }
    folder
}

#[test]
fn a_city_is_set_up_once() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().to_str().unwrap();
    eakte(&["init", "--dir", path]).refused(2, "kein Terminal");
    eakte(&["init", "--ja", "--dir", path]).refused(2, "--stadt fehlt");
    let wrong = ["init", "--ja", "--stadt", "Mühlenbach", "--leitweg", "08999000-66001-84", "--dir", path];
    eakte(&wrong).refused(2, "--leitweg: Die Prüfziffer");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is written before everything is right");

    let secret = dir.path().join("passwort");
    std::fs::write(&secret, "ein langes Kennwort\n").unwrap();
    let file = secret.to_str().unwrap();
    let all =
        ["init", "--ja", "--stadt", "Mühlenbach", "--leitweg", "08999000-66001-83", "--administrator", "robin.castell"];
    let all = [&all[..], &["--administrator-name", "Robin Castell", "--passwort-datei", file, "--dir", path]].concat();
    let said = eakte(&all).good();
    assert!(!said.contains("ein langes Kennwort") && said.contains("Kennung: robin.castell"), "{said}");
    let toml = std::fs::read_to_string(dir.path().join("eakte.toml")).unwrap();
    for line in ["stadt = \"Mühlenbach\"", "leitweg = \"08999000-66001-83\"", "listen = \"127.0.0.1:8080\""] {
        assert!(toml.contains(line), "{line}: {toml}");
    }
    let data = dir.path().join("daten");
    let persons = || rows::<(String, String)>(&data, "SELECT kennung, name FROM platform_person ORDER BY kennung");
    let entered = persons();
    assert_eq!(entered[1], ("robin.castell".to_owned(), "Robin Castell".to_owned()));
    eakte(&[&all[..4], &["--dir", path]].concat()).refused(1, "schon eingerichtet");
    assert_eq!(persons(), entered);
    assert_eq!(std::fs::read_to_string(dir.path().join("eakte.toml")).unwrap(), toml);
    // Another configuration over the same data would be a second city in one database.
    let other = dir.path().join("andere.toml");
    let second = ["init", "--ja", "--stadt", "Anderswo", "--config", other.to_str().unwrap(), "--daten"];
    eakte(&[&second[..], &[data.to_str().unwrap()]].concat()).refused(2, "liegt schon eine E-Akte");
    assert!(!other.exists());
}

#[test]
fn an_interrupted_set_up_goes_on_with_the_configuration_that_is_there() {
    let stadt = Stadt::neu();
    let toml = std::fs::read_to_string(stadt.file("eakte.toml")).unwrap();
    std::fs::remove_dir_all(stadt.file("daten")).unwrap();
    let said = eakte(&["init", "--ja", "--dir", stadt.path(), "--administrator", "zweite"]).good();
    assert!(said.contains("Kennung: zweite") && said.contains("Passwort (steht nur jetzt hier): "), "{said}");
    assert_eq!(std::fs::read_to_string(stadt.file("eakte.toml")).unwrap(), toml);
    let marks: Vec<(String, String)> = stadt.rows(
        "SELECT name, wert FROM platform_einstellung WHERE name IN ('mandant_art', 'organisation') ORDER BY name",
    );
    assert_eq!(marks, [("mandant_art".into(), "echt".into()), ("organisation".into(), "eigene".into())]);

    // A service that started in between brought the sample organisation: two cities in one database are refused.
    std::fs::remove_dir_all(stadt.file("daten")).unwrap();
    let mut add = Command::new(program());
    add.args(["account", "add", "x", "--name", "X", "--config"]).arg(stadt.file("eakte.toml"));
    let mut child = add.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"ein langes Kennwort\n").unwrap();
    assert!(child.wait().unwrap().success());
    eakte(&["init", "--ja", "--dir", stadt.path()]).refused(1, "gilt schon die Beispielorganisation");
    assert_eq!(stadt.rows::<(i64,)>("SELECT count(*) FROM platform_person WHERE kennung = 'verwaltung'"), [(0,)]);
}

/// At a terminal (util-linux' `script` gives one) the questions come one after the other; nobody sees the password.
#[test]
fn the_wizard_asks_at_a_terminal() {
    let dir = TempDir::new().unwrap();
    let command = format!("{} init --dir {}", program().display(), dir.path().display());
    let mut child = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keys = child.stdin.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut all = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        // An answer is typed when its question stands there: what comes earlier the terminal would show.
        let answers = [
            ("Wie heißt die Stadt?", "Mühlenbach"),
            ("Leitweg-ID der Stadt?", ""),
            ("Adresse soll das Portal", ""),
            ("In welchem Ordner", ""),
            ("Wo liegen Datenbank", "1"),
            ("Welche Kennung", "robin"),
            ("Wie heißt diese Person?", "Robin Castell"),
            ("Ihr Passwort?", "kennwort-7311-geheim"),
            ("noch einmal?", "kennwort-7311-geheim"),
        ];
        let mut at = 0;
        for (question, answer) in answers {
            let mut byte = [0u8; 1];
            let mut raw = all.clone().into_bytes();
            while !(String::from_utf8_lossy(&raw)[at.min(raw.len())..].contains(question)
                && String::from_utf8_lossy(&raw).ends_with("> "))
            {
                if std::io::Read::read(&mut out, &mut byte).unwrap_or(0) == 0 {
                    panic!("no question {question}: {}", String::from_utf8_lossy(&raw));
                }
                raw.push(byte[0]);
            }
            all = String::from_utf8_lossy(&raw).into_owned();
            at = all.len();
            // The echo is switched off by a child process behind the question.
            std::thread::sleep(std::time::Duration::from_millis(
                if question.contains("asswor") || question.contains("einmal") { 2_000 } else { 20 },
            ));
            keys.write_all(format!("{answer}\n").as_bytes()).unwrap();
        }
        let mut rest = Vec::new();
        let _ = std::io::Read::read_to_end(&mut out, &mut rest);
        all.push_str(&String::from_utf8_lossy(&rest));
        (all, child.wait().unwrap())
    });
    let (all, status) = reader.join().unwrap();
    assert!(status.success() && all.contains("Die E-Akte ist eingerichtet"), "{all}");
    assert!(!all.contains("kennwort-7311"), "{all}");
    assert!(dir.path().join("eakte.toml").exists());
}

#[test]
fn the_organisation_is_read_compared_and_never_deleted() {
    let stadt = Stadt::neu();
    let folder = beispiele(&stadt);
    let folder = folder.to_str().unwrap();
    let said = stadt.eakte(&["init", "import", folder, "--check"]).good();
    assert!(said.contains("Nur geprüft") && said.contains("personen.csv: 1 neu"), "{said}");
    assert_eq!(stadt.rows::<(i64,)>("SELECT count(*) FROM platform_amt"), [(0,)], "a check writes nothing");

    let said = stadt.eakte(&["init", "import", folder]).good();
    for file in ["gruppen", "gremien", "aemter", "aktenplan", "stellen", "personen", "leitweg"] {
        assert!(said.contains(&format!("{file}.csv: 1 neu, 0 geändert, 0 unverändert")), "{file}: {said}");
    }
    let subjects: Vec<(String,)> = stadt.rows(
        "SELECT s.subjekt FROM platform_subjekt s JOIN platform_person p ON p.id = s.person WHERE p.kennung = 'ayla.demirel' AND s.subjekt NOT LIKE 'person:%' ORDER BY s.subjekt",
    );
    let subjects: Vec<&str> = subjects.iter().map(|(s,)| s.as_str()).collect();
    assert_eq!(
        subjects,
        [
            "gruppe:Amtsleitung-66",
            "gruppe:Feststellung-66",
            "gruppe:Mitzeichnung-66",
            "rolle:Amtsleitung",
            "rolle:Feststellung"
        ]
    );
    let directory: Vec<(String, String)> =
        stadt.rows("SELECT verzeichnisname, mail FROM platform_person WHERE kennung = 'ayla.demirel'");
    assert_eq!(directory, [("demirela".into(), "ayla.demirel@stadt.example".into())]);

    let entries = || stadt.rows::<(i64,)>("SELECT count(*) FROM platform_audit WHERE chain <> 'organisation'")[0].0;
    let before = entries();
    let said = stadt.eakte(&["init", "import", folder]).good();
    assert_eq!(said.matches(".csv: 0 neu, 0 geändert, 1 unverändert, 0 nicht mehr in der Datei").count(), 7, "{said}");
    assert_eq!(entries(), before, "nothing changed, nothing is in anybody's trail");

    let aemter = "nummer;name\n66;Amt für Straßenbau\n20;Stadtkämmerei\n";
    let said = stadt.import(&[("aemter.csv", aemter)], &[]).good();
    assert!(
        said.contains("aemter.csv: 1 neu, 1 geändert, 0 unverändert") && said.contains("geändert: 66 (name)"),
        "{said}"
    );
    let said = stadt.import(&[("aemter.csv", "nummer;name\n66;Amt für Straßenbau\n")], &[]).good();
    assert!(
        said.contains("1 nicht mehr in der Datei") && said.contains("Was nicht mehr in der Datei steht, gilt weiter"),
        "{said}"
    );
    let said =
        stadt.import(&[("aemter.csv", "nummer;name\n66;Amt für Straßenbau\n")], &["--fehlende-schliessen"]).good();
    assert!(said.contains("geschlossen: 20"), "{said}");
    let all: Vec<(String, bool)> = stadt.rows("SELECT nummer, aktiv FROM platform_amt ORDER BY nummer");
    assert_eq!(all, [("20".into(), false), ("66".into(), true)]);
    // Closing what others need is refused whole.
    let said = stadt.import(&[("aemter.csv", "nummer;name\n20;Stadtkämmerei\n")], &["--fehlende-schliessen"]);
    said.refused(1, "Aktenplaneinheit „66.10“ in der Datenbank: Amt „66“ gibt es nicht.");
    assert_eq!(stadt.rows::<(String, bool)>("SELECT nummer, aktiv FROM platform_amt ORDER BY nummer"), all);
    stadt.eakte(&["audit", "verify"]).good();
}

#[test]
fn bad_files_are_told_with_line_and_column_and_nothing_is_written() {
    let stadt = Stadt::neu();
    let aemter = "nummer;name;uebergeordnet\n10;Hauptamt;66\n66;Tiefbauamt;10\n66;Noch eins;\n70;Bauhof;71\n";
    let personen = "kennung;name;amt;e_mail;gruppen;rollen;verzeichnisname\n\
        a.b;A B;10;a@b.de;Poststelle;Poststelle;ab\n\
        A.B;A C;10;;;;\n\
        c.d;C D;99;kein-mail;Feststellung-99;Chef;\n\
        e.f;E F;10;A@b.de;;;AB\n\
        cli;Niemand;10;;;;\n";
    let leitweg = "leitweg_id;amt\n08999000-66001-84;66\n";
    let said = stadt.import(&[("aemter.csv", aemter), ("personen.csv", personen), ("leitweg.csv", leitweg)], &[]);
    let said = said.refused(1, "Es wurde nichts eingelesen.");
    for part in [
        "aemter.csv, Zeile 2, Spalte „uebergeordnet“: Der Weg nach oben führt im Kreis: 10 → 66 → 10.",
        "aemter.csv, Zeile 4, Spalte „nummer“: Amt „66“ steht schon in Zeile 3.",
        "aemter.csv, Zeile 5, Spalte „uebergeordnet“: Amt „71“ gibt es nicht.",
        "personen.csv, Zeile 3, Spalte „kennung“: Person „A.B“ steht schon in Zeile 2.",
        "personen.csv, Zeile 4, Spalte „e_mail“: Das ist keine E-Mail-Adresse.",
        "personen.csv, Zeile 4, Spalte „rollen“: Die Rolle „Chef“ gibt es nicht.",
        "personen.csv, Zeile 5, Spalte „e_mail“: Das gehört schon zu „a.b“.",
        "personen.csv, Zeile 5, Spalte „verzeichnisname“: Das gehört schon zu „a.b“.",
        "personen.csv, Zeile 6, Spalte „kennung“: Diese Kennung gehört dem Programm.",
        "leitweg.csv, Zeile 2, Spalte „leitweg_id“: Die Prüfziffer passt nicht",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    let fine = "nummer;name\n10;Hauptamt\n";
    let lost = "kennung;name;amt;gruppen;rollen\nverwaltung;Robin Castell;10;;Poststelle\n";
    stadt
        .import(&[("aemter.csv", fine), ("personen.csv", lost)], &[])
        .refused(1, "hätte niemand mehr die Rolle Betrieb");
    assert_eq!(stadt.rows::<(i64,)>("SELECT count(*) FROM platform_amt"), [(0,)]);
    stadt.import(&[("liste.csv", "a\n1\n")], &[]).refused(1, "liegt keine der Dateien");
    let folder = stadt.file("organisation");
    stadt.eakte(&["init", "import", folder.join("liste.csv").to_str().unwrap()]).refused(1, "gehört nicht dazu");
    stadt.eakte(&["init", "import", folder.join("fehlt.csv").to_str().unwrap()]).refused(3, "Die Datei gibt es nicht.");
    // Without "eakte init" the sample organisation holds; nothing is mixed into it.
    let other = TempDir::new().unwrap();
    let data = other.path().to_str().unwrap();
    eakte(&["init", "import", folder.to_str().unwrap(), "--data", data]).refused(1, "liegt keine der Dateien");
    std::fs::write(folder.join("aemter.csv"), fine).unwrap();
    eakte(&["init", "import", folder.to_str().unwrap(), "--data", data]).refused(10, "noch keine Daten");
}

/// What was read in works: an invoice with the Leitweg-ID of the city reaches the office of the city.
#[test]
fn an_invoice_finds_the_office_that_was_read_in_and_the_sheets_name_it() {
    let stadt = Stadt::neu();
    let aemter = "nummer;name\n7;Bauhof\n1;Zentrale Dienste\n";
    let plan = "kennzeichen;titel;amt\n1.1;Zentrales;1\n7.1;Wege und Brücken;7\n";
    let leitweg = "leitweg_id;amt;einheit\n08999000-66001-83;7;7.1\n";
    stadt.import(&[("aemter.csv", aemter), ("aktenplan.csv", plan), ("leitweg.csv", leitweg)], &[]).good();
    let invoice = demo().join("04-rechnung-xrechnung-ubl.xml");
    stadt.eakte(&["intake", "--wait", invoice.to_str().unwrap()]).good();
    let tasks: Vec<(String,)> = stadt.rows("SELECT gruppe FROM geschaeftsgang_aufgabe WHERE erledigt IS NULL");
    assert_eq!(tasks, [("Feststellung-7".to_owned(),)]);
    assert_eq!(stadt.rows::<(i64,)>("SELECT count(*) FROM akten_einheit WHERE kennzeichen LIKE '66.%'"), [(0,)]);

    let pdf = stadt.file("blaetter.pdf");
    let said = stadt.eakte(&["init", "trennblaetter", "-o", pdf.to_str().unwrap()]).good();
    assert!(said.contains("2 Trennblätter"), "{said}");
    assert!(std::fs::read(&pdf).unwrap().starts_with(b"%PDF-1.7"));
    stadt
        .eakte(&["init", "trennblaetter", "-o", pdf.to_str().unwrap(), "--amt", "66"])
        .refused(1, "Das Amt „66“ gibt es nicht.");
    // The scan of a sheet and a letter behind it: cut, and the office on the sheet is the one that is proposed.
    let config = stadt.file("eakte.toml");
    let dienst = Dienst::start(&["serve", "--config", config.to_str().unwrap()]);
    let page = dienst.page("/anmelden");
    assert!(page.contains("Mühlenbach") && !page.contains("Übungsmandant") && !page.contains("Rolle wählen"), "{page}");
}

#[test]
fn training_and_real_worlds_stay_apart() {
    let stadt = Stadt::neu();
    let config = stadt.file("eakte.toml");
    let config = config.to_str().unwrap();
    stadt.eakte(&["init", "uebung", "zuruecksetzen", "--ja"]).refused(10, "noch kein Übungsmandant");
    let training = stadt.file("daten-uebung");
    {
        let dienst = Dienst::start(&["serve", "--uebung", "--config", config]);
        let page = dienst.page("/anmelden");
        assert!(
            page.contains("Übungsmandant</strong> – nichts hier ist echt") && page.contains("Rolle wählen"),
            "{page}"
        );
        assert!(page.contains("Jana Petersen (Übung)"), "{page}");
        assert!(dienst.page("/hilfe").contains("Übungsmandant</strong>"), "on every page");
        stadt.eakte(&["init", "uebung", "zuruecksetzen", "--ja"]).refused(11, "wird schon benutzt");
    }
    let names = || rows::<(i64,)>(&training, "SELECT count(*) FROM platform_person WHERE name LIKE '%(Übung)'")[0].0;
    assert!(names() > 20);
    // The real program on the training folder, and training on the real one.
    let opened = eakte(&["serve", "--data", training.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    opened.refused(1, "Das ist die Datenbank eines Übungsmandanten.");
    let real = stadt.file("echt-uebung");
    std::fs::rename(stadt.file("daten"), &real).unwrap();
    let wrong = stadt.file("echt");
    let wrong = wrong.to_str().unwrap();
    eakte(&["serve", "--uebung", "--data", wrong, "--listen", "127.0.0.1:0"])
        .refused(1, "nicht die Datenbank eines Übungsmandanten");
    eakte(&["init", "uebung", "zuruecksetzen", "--ja", "--data", wrong]).refused(12, "kein Übungsmandant");
    assert_eq!(rows::<(i64,)>(&real, "SELECT count(*) FROM platform_person WHERE kennung = 'verwaltung'"), [(1,)]);
    // What is no database of ours is no training one either.
    let foreign = stadt.file("fremd-uebung");
    std::fs::create_dir(&foreign).unwrap();
    std::fs::write(foreign.join("eakte.db"), b"").unwrap();
    let wrong = stadt.file("fremd");
    eakte(&["init", "uebung", "zuruecksetzen", "--ja", "--data", wrong.to_str().unwrap()])
        .refused(12, "kein Übungsmandant");
    assert!(foreign.join("eakte.db").exists());

    std::fs::write(training.join("scan").join("brief.pdf"), b"x").unwrap();
    eakte(&["init", "uebung", "zuruecksetzen", "--config", config]).refused(1, "braucht es --ja");
    let said = stadt.eakte(&["init", "uebung", "zuruecksetzen", "--ja"]).good();
    assert!(said.contains("Der Übungsmandant ist leer"), "{said}");
    assert!(!training.join("eakte.db").exists() && !training.join("scan").exists());
    let folder = beispiele(&stadt);
    let into = stadt.eakte(&["init", "import", folder.to_str().unwrap(), "--uebung"]);
    into.refused(1, "seine eigene Beispielorganisation");
}
