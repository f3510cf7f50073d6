// SPDX-License-Identifier: EUPL-1.2
//! `eakte account add|password|token` and `eakte demo-seed`.

use std::io::BufRead as _;

use service_platform::konten::NeuePerson;

use super::{Ende, open, runtime, serve};
use crate::{
    App,
    app::Start,
    ausgabe,
    cli::{AccountBefehl, Ort, settings},
    exit,
    kern::own_program,
    ports::Geduld,
};

/// Shorter ones are refused.
pub const MIN_PASSWORD: usize = 12;

/// Reads a password from standard input.
fn password() -> Result<String, u8> {
    let mut password = String::new();
    let _ = std::io::stdin().lock().read_line(&mut password);
    let password = password.trim_end_matches(['\r', '\n']);
    if password.chars().count() < MIN_PASSWORD {
        ausgabe::say(&format!(
            "Das Passwort braucht mindestens {MIN_PASSWORD} Zeichen; es wird von der Standardeingabe gelesen."
        ));
        return Err(exit::USAGE);
    }
    Ok(password.to_owned())
}

async fn prepare(ort: &Ort) -> Result<App, u8> {
    let (config, data) = settings(ort)?;
    let start =
        Start { data, program: own_program(), demo: false, scan: false, work: Vec::new(), geduld: Geduld::Keine };
    App::start(&start, &config.settings).await.map_err(|error| {
        ausgabe::say(&format!("Die Daten lassen sich nicht öffnen: {error}"));
        exit::FAILED
    })
}

pub fn run(befehl: AccountBefehl) -> Ende {
    runtime()?.block_on(async {
        match befehl {
            AccountBefehl::Add { kennung, name, amt, rollen, gruppen, mail, ort } => {
                let password = password()?;
                let app = prepare(&ort).await?;
                let person = NeuePerson { kennung, name, amt, rollen, gruppen };
                let failed = |error: nachrichten::fehler::Fehler| {
                    ausgabe::say(&error.text.0);
                    exit::FAILED
                };
                let id = app.konten.enter(&person, Some(&password)).await.map_err(failed)?;
                if mail.is_some() {
                    app.konten.mail_setzen(id, mail.as_deref()).await.map_err(failed)?;
                }
                ausgabe::line(&format!("{} eingetragen: {id}", person.kennung));
                app.stop().await;
            }
            AccountBefehl::Samples { ort } => {
                let password = password()?;
                let app = prepare(&ort).await?;
                let mark = if app.portal.uebung { crate::demo::UEBUNG } else { "" };
                crate::demo::enter_persons(&app.konten, Some(&password), mark).await.map_err(|error| {
                    ausgabe::say(&format!("Die Beispielpersonen sind nicht eingetragen: {error}"));
                    exit::FAILED
                })?;
                ausgabe::line("Die Beispielpersonen sind eingetragen.");
                app.stop().await;
            }
            AccountBefehl::Password { kennung, ort } => {
                let password = password()?;
                let app = open(&ort).await?;
                let actor = app.konten.actor(&kennung).await.ok().flatten();
                let Some(actor) = actor else {
                    ausgabe::say(&format!("Die Kennung „{kennung}“ gibt es nicht."));
                    return Err(exit::FAILED);
                };
                app.konten.passwort_setzen(actor.person, &password).await.map_err(|error| {
                    ausgabe::say(&error.text.0);
                    exit::FAILED
                })?;
                ausgabe::line(&format!("{kennung} hat ein neues Passwort. Offene Sitzungen sind beendet."));
                app.stop().await;
            }
            AccountBefehl::Token { kennung, days, ort } => {
                let app = open(&ort).await?;
                let actor = app.konten.actor(&kennung).await.ok().flatten();
                let Some(actor) = actor else {
                    ausgabe::say(&format!("Die Kennung „{kennung}“ gibt es nicht."));
                    return Err(exit::FAILED);
                };
                let token = app.konten.api_token(actor.person, days).await.map_err(|error| {
                    ausgabe::say(&error.text.0);
                    exit::FAILED
                })?;
                ausgabe::line(&token);
                app.stop().await;
            }
        }
        Ok(exit::OK)
    })
}

/// `eakte demo-seed N`.
pub fn seed(count: usize, ort: &Ort) -> Ende {
    let (_, data) = settings(ort)?;
    let _sperre = serve::lock(&data)?;
    runtime()?.block_on(async {
        let (config, data) = settings(ort)?;
        let start =
            Start { data, program: own_program(), demo: true, scan: false, work: Vec::new(), geduld: Geduld::Keine };
        let app = App::start(&start, &config.settings).await.map_err(|error| {
            ausgabe::say(&format!("Die Daten lassen sich nicht öffnen: {error}"));
            exit::FAILED
        })?;
        let seeded = app.akten.seed_many(count).await;
        let seeded = seeded.map_err(|error| {
            ausgabe::say(&format!("Die Beispieldokumente ließen sich nicht anlegen: {error}"));
            exit::FAILED
        })?;
        ausgabe::line(&format!("{seeded} Dokumente angelegt"));
        app.stop().await;
        Ok(exit::OK)
    })
}
