// SPDX-License-Identifier: EUPL-1.2
//! The wizard: asks, writes the configuration (never over an old one), makes the tables, enters the first
//! administrator, marks the database. Interrupted after the configuration, the next call goes on from there.

use std::{
    io::{Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use service_platform::{
    args, audit,
    config::ConfigError,
    db::Db,
    konten::{Konten, NeuePerson},
    mandant, statements,
    uhr::{Clock as _, SystemClock, SystemIds},
};

use super::{Ende, failed};
use crate::{
    ausgabe,
    befehle::{migrate, runtime, serve},
    cli::{InitArgs, Ort, settings},
    einrichtung::{
        fragen::{self, Abgebrochen, Terminal, Verwalter},
        konfiguration::{self, Antworten, Geheimnis, Server},
    },
    exit, kern,
    ports::{Datenbanken, Geduld},
};

statements! {
    EINHEITEN = "SELECT count(*) FROM akten_einheit";
}

/// Signs of a made password; none that looks like another.
const ZEICHEN: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const ZEICHEN_ANZAHL: usize = 20;

fn usage(text: &str) -> u8 {
    ausgabe::say(text);
    exit::USAGE
}

fn ended(_: Abgebrochen) -> u8 {
    failed("\nAbgebrochen. Mit „eakte init“ fangen Sie wieder an.")
}

/// Where the configuration is or will be.
fn place(args: &InitArgs) -> Result<PathBuf, u8> {
    let path = match (&args.config, &args.dir) {
        (Some(config), _) => config.clone(),
        (None, Some(dir)) => dir.join("eakte.toml"),
        (None, None) => PathBuf::from("eakte.toml"),
    };
    std::path::absolute(&path).map_err(|e| failed(&format!("{}: {e}", path.display())))
}

pub fn run(args: &InitArgs) -> Ende {
    if !args.ja && !fragen::is_terminal() {
        return Err(usage(
            "Hier ist kein Terminal, an dem „eakte init“ fragen kann. Geben Sie die Antworten mit: \
             eakte init --ja --stadt NAME [--dir ORDNER] [--administrator KENNUNG] … (alle Optionen: eakte init --help).",
        ));
    }
    let toml = place(args)?;
    let ort = Ort { data: None, config: Some(toml.clone()), uebung: false };
    let dir = toml.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    let verwalter = match toml.exists() {
        true => again(args, &toml, &ort)?,
        false => first(args, &toml, &dir)?,
    };
    let (verwalter, password, made) = verwalter;
    finish(&ort, &verwalter, &password)?;
    ausgabe::line(&format!("Die E-Akte ist eingerichtet. Konfiguration: {}", toml.display()));
    ausgabe::line(&format!("Kennung: {}", verwalter.kennung));
    if made {
        ausgabe::line(&format!("Passwort (steht nur jetzt hier): {password}"));
    }
    let (config, organisation) = (toml.display(), dir.join("organisation"));
    let organisation = organisation.display();
    ausgabe::line("So geht es weiter:");
    for (befehl, wozu) in [
        (format!("eakte init vorlagen {organisation}"), "Vorlagen für Ämter, Personen, Aktenplan"),
        (format!("eakte init import {organisation} --check --config {config}"), "prüfen; ohne --check einlesen"),
        (format!("eakte serve --config {config}"), "starten"),
    ] {
        ausgabe::line(&format!("  {wozu}:\n    {befehl}"));
    }
    Ok(exit::OK)
}

type Person = (Verwalter, String, bool);

/// A configuration is there: set up, or interrupted.
fn again(args: &InitArgs, toml: &Path, ort: &Ort) -> Result<Person, u8> {
    let (config, data) = settings(ort)?;
    let wrong = |e: ConfigError| failed(&format!("Die Konfiguration ist nicht lesbar: {e}"));
    // The owner of the tables is there before the roles of the services are.
    let owner = config.settings.db.migration_address().map_err(wrong)?;
    let address = owner.or(config.settings.db.address().map_err(wrong)?);
    let file = data.join("eakte.db");
    let done = (address.is_some() || file.exists())
        && runtime()?.block_on(async {
            let opened = match &address {
                Some(url) => Db::postgres_as(url, None, 2).await,
                None => Db::sqlite(&file).await,
            };
            let db = opened.map_err(|e| failed(&format!("Die Datenbank lässt sich nicht öffnen: {e}")))?;
            let since = mandant::set_up_since(&db).await;
            db.close().await;
            match since {
                Err(error) if error.is_undefined_table() => Ok(false),
                since => {
                    since.map(|s| s.is_some()).map_err(|e| failed(&format!("Die Daten lassen sich nicht lesen: {e}")))
                }
            }
        })?;
    if done {
        return Err(failed(&format!(
            "Die E-Akte ist hier schon eingerichtet ({}). Es wurde nichts geändert.",
            toml.display()
        )));
    }
    ausgabe::say(&format!(
        "{} gibt es schon und bleibt, wie sie ist. Die Einrichtung geht damit weiter.",
        toml.display()
    ));
    administrator(args)
}

/// Asks everything and writes the configuration.
fn first(args: &InitArgs, toml: &Path, dir: &Path) -> Result<Person, u8> {
    let vor = defaults(args, dir)?;
    let antworten = match args.ja {
        true => given(args, vor)?,
        false => {
            ausgabe::say("Einrichtung der E-Akte. Mit der Eingabetaste gilt, was in Klammern steht.");
            fragen::fragen(&mut Terminal, &vor).map_err(ended)?
        }
    };
    // Before anything is written: the person is known too.
    let person = administrator(args)?;
    std::fs::create_dir_all(dir).map_err(|e| failed(&format!("{}: {e}", dir.display())))?;
    let mut secrets: Vec<(PathBuf, String)> = Vec::new();
    let text = {
        let secrets = std::cell::RefCell::new(&mut secrets);
        konfiguration::toml(&antworten, |name, geheimnis| match geheimnis {
            Geheimnis::Keines => None,
            Geheimnis::Datei(path) => Some(path.clone()),
            Geheimnis::Text(text) => {
                let path = dir.join("geheim").join(name);
                secrets.borrow_mut().push((path.clone(), text.clone()));
                Some(path)
            }
        })
    };
    for (path, secret) in &secrets {
        create(path, 0o600, &format!("{secret}\n"))?;
    }
    create(toml, 0o644, &text)?;
    Ok(person)
}

/// Writes a file that is not there yet, safe on the disk; none else may read a secret.
fn create(path: &Path, mode: u32, text: &str) -> Result<(), u8> {
    let write = || -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = std::fs::File::options().write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|e| failed(&format!("{} lässt sich nicht schreiben: {e}", path.display())))
}

fn defaults(args: &InitArgs, dir: &Path) -> Result<Antworten, u8> {
    let daten = args.daten.clone().unwrap_or_else(|| dir.join("daten"));
    let daten = std::path::absolute(&daten).map_err(|e| failed(&format!("{}: {e}", daten.display())))?;
    Ok(Antworten {
        stadt: args.stadt.clone().unwrap_or_default(),
        leitweg: args.leitweg.clone().unwrap_or_default(),
        listen: args.listen.clone().unwrap_or_else(|| "127.0.0.1:8080".to_owned()),
        daten,
        server: servers(args)?,
    })
}

fn servers(args: &InitArgs) -> Result<Option<Server>, u8> {
    let Some(db) = &args.db_datei else { return Ok(None) };
    let file = |path: &Option<PathBuf>| match path {
        None => Ok(Geheimnis::Keines),
        Some(path) if path.is_file() => {
            Ok(Geheimnis::Datei(std::path::absolute(path).unwrap_or_else(|_| path.clone())))
        }
        Some(path) => Err(usage(&format!("Die Datei {} gibt es nicht.", path.display()))),
    };
    Ok(Some(Server {
        db: file(&Some(db.clone()))?,
        db_migration: file(&args.db_migration_datei)?,
        bus: file(&args.bus_datei)?,
        s3_endpoint: args.s3_endpoint.clone().unwrap_or_default(),
        s3_bucket: args.s3_bucket.clone(),
        s3_zugang: args.s3_zugang.clone().unwrap_or_default(),
        s3_geheimnis: file(&args.s3_geheimnis_datei)?,
    }))
}

/// The answers of the command line, by the same rules as those of a person.
fn given(args: &InitArgs, vor: Antworten) -> Result<Antworten, u8> {
    let checked =
        |option: &str, answer: Result<String, String>| answer.map_err(|text| usage(&format!("--{option}: {text}")));
    if args.stadt.is_none() {
        return Err(usage("--stadt fehlt: Wie heißt die Stadt?"));
    }
    Ok(Antworten {
        stadt: checked("stadt", fragen::stadt(vor.stadt.trim()))?,
        leitweg: checked("leitweg", fragen::leitweg(vor.leitweg.trim()))?,
        listen: checked("listen", fragen::listen(&vor.listen))?,
        daten: checked("daten", fragen::daten(&vor.daten.display().to_string()))?.into(),
        server: vor.server,
    })
}

/// The first administrator, their password, and whether we made it.
fn administrator(args: &InitArgs) -> Result<Person, u8> {
    let vor = Verwalter {
        kennung: args.administrator.clone().unwrap_or_else(|| "verwaltung".to_owned()),
        name: args.administrator_name.clone().unwrap_or_default(),
    };
    if !args.ja {
        let (verwalter, password) = fragen::fragen_verwalter(&mut Terminal, &vor).map_err(ended)?;
        return Ok((verwalter, password, false));
    }
    let kennung = fragen::kennung(&vor.kennung).map_err(|t| usage(&format!("--administrator: {t}")))?;
    let name = if vor.name.is_empty() { "Verwaltung der E-Akte".to_owned() } else { vor.name };
    let name = fragen::name(&name).map_err(|t| usage(&format!("--administrator-name: {t}")))?;
    let (password, made) = match &args.passwort_datei {
        Some(path) => {
            (fragen::passwort(&read_password(path)?).map_err(|t| usage(&format!("--passwort-datei: {t}")))?, false)
        }
        None => (random()?, true),
    };
    Ok((Verwalter { kennung, name }, password, made))
}

fn read_password(path: &Path) -> Result<String, u8> {
    let mut text = String::new();
    let read = match path.to_str() {
        Some("-") => std::io::stdin().lock().take(4096).read_to_string(&mut text),
        _ => std::fs::File::open(path).and_then(|f| f.take(4096).read_to_string(&mut text)),
    };
    read.map_err(|e| usage(&format!("{}: {}", path.display(), ausgabe::unlesbar(&e))))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// A password of about 116 bits.
fn random() -> Result<String, u8> {
    let mut password = String::new();
    while password.len() < ZEICHEN_ANZAHL {
        let mut byte = [0u8];
        getrandom::fill(&mut byte).map_err(|e| failed(&format!("Das System liefert keine Zufallszahlen: {e}")))?;
        // Bytes beyond the last whole round would make some letters likelier.
        if usize::from(byte[0]) < 256 / ZEICHEN.len() * ZEICHEN.len() {
            password.push(char::from(ZEICHEN[usize::from(byte[0]) % ZEICHEN.len()]));
        }
    }
    Ok(password)
}

/// Tables, accounts, and the mark: from here on the city's own organisation holds.
fn finish(ort: &Ort, verwalter: &Verwalter, password: &str) -> Result<(), u8> {
    let (config, data) = settings(ort)?;
    migrate::run(ort)?;
    let embedded = config.settings.db.address().is_ok_and(|a| a.is_none());
    let _sperre = if embedded { Some(serve::lock(&data)?) } else { None };
    runtime()?.block_on(async {
        let dbs = Datenbanken::open(&data, &config.settings, Geduld::Keine)
            .await
            .map_err(|e| failed(&format!("Die Daten lassen sich nicht öffnen: {e}")))?;
        let units = dbs.betrieb.one::<(i64,)>(&EINHEITEN, args![]).await;
        if units.map_err(|e| failed(&format!("Die Daten lassen sich nicht lesen: {e}")))?.0 > 0 {
            return Err(failed(
                "In dieser Datenbank gilt schon die Beispielorganisation: Die Dienste liefen, bevor sie eingerichtet war. \
                 Nehmen Sie einen leeren Datenordner oder eine leere Datenbank.",
            ));
        }
        let clock = Arc::new(SystemClock::default());
        let konten = Konten::new(dbs.portal.clone(), clock.clone(), Arc::new(SystemIds));
        let wrong = |e: nachrichten::fehler::Fehler| failed(&e.text.0);
        let cli = kern::enter_account(&konten).await.map_err(|e| failed(&e.to_string()))?;
        let person = NeuePerson {
            kennung: verwalter.kennung.clone(),
            name: verwalter.name.clone(),
            amt: String::new(),
            rollen: vec!["Betrieb".to_owned()],
            gruppen: vec!["Betrieb".to_owned()],
        };
        let id = konten.enter(&person, None).await.map_err(wrong)?;
        konten.passwort_setzen(id, password).await.map_err(wrong)?;
        let marked = async {
            let mut tx = dbs.betrieb.begin().await?;
            mandant::set_up(&mut tx, clock.now(), &audit::person(&cli)).await?;
            tx.commit().await
        };
        marked.await.map_err(|e| failed(&format!("Die Einrichtung ist nicht gespeichert: {e}")))?;
        dbs.close().await;
        Ok(())
    })
}
