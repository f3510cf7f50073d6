// SPDX-License-Identifier: EUPL-1.2
//! Versions of processes and decision tables: what runs on which, a new file with its check report, and the move of
//! running instances to another version, tried out first.

use askama::Template;
use axum::{
    extract::{Multipart, multipart::MultipartRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect},
};
use nachrichten::{
    ablaeufe::{Einspielung, Umzug, UmzugBericht},
    fehler::Fehler,
};

use crate::{
    format,
    rahmen::{Ctx, Rahmen, encode, html},
    schutz::Seite,
    sitzung::{Felder, csrf_fehler, csrf_passt},
};

/// Largest process file or table, in bytes; it travels once more in a form field.
const DATEI_MAX: usize = 300_000;

#[derive(Template)]
#[template(path = "fassungen.html")]
struct FassungenSeite {
    r: Rahmen,
    fassungen: Vec<Fassung>,
    fehler: String,
    bericht: Option<Bericht>,
    umzug: Option<UmzugSicht>,
}

struct Fassung {
    process: String,
    name: String,
    version: u32,
    seit: String,
    laufend: u64,
    beendet: u64,
    /// Another version that what runs here may move to.
    ziel: Option<u32>,
}

struct Bericht {
    name: String,
    text: String,
    angenommen: bool,
    befunde: Vec<(bool, String, String)>,
}

struct UmzugSicht {
    process: String,
    von: u32,
    nach: u32,
    grund: String,
    ablaeufe: u64,
    hindernisse: Vec<(String, Vec<String>)>,
}

async fn seite(
    ctx: &Ctx,
    fehler: &str,
    bericht: Option<Bericht>,
    umzug: Option<UmzugSicht>,
    status: StatusCode,
) -> Seite {
    let list = ctx.app.ablaeufe.versionen(&ctx.ich.actor).await?;
    let newest = |process: &str| list.iter().filter(|v| v.process == process).map(|v| v.version).max();
    let fassungen = list
        .iter()
        .map(|v| Fassung {
            ziel: newest(&v.process).filter(|n| *n != v.version && v.laufend > 0),
            process: v.process.clone(),
            name: if v.name.is_empty() { v.process.clone() } else { v.name.clone() },
            version: v.version,
            seit: format::zeitpunkt(v.seit),
            laufend: v.laufend,
            beendet: v.beendet,
        })
        .collect();
    let r = ctx.rahmen("Abläufe und Tabellen", "/betrieb", "betrieb").await?;
    let page = FassungenSeite { r, fassungen, fehler: fehler.to_owned(), bericht, umzug };
    Ok((status, html(&page)).into_response())
}

pub async fn zeigen(ctx: Ctx) -> Seite {
    seite(&ctx, "", None, None, StatusCode::OK).await
}

fn bericht(e: Einspielung, text: String) -> Bericht {
    let befunde = e.befunde.into_iter().map(|b| (b.fehler, b.schritt.unwrap_or_default(), b.text)).collect();
    Bericht { name: e.name, text, angenommen: e.angenommen, befunde }
}

/// `POST /betrieb/fassungen`: multipart, `csrf` before the file. Only checks.
pub async fn pruefen(ctx: Ctx, _: HeaderMap, form: Result<Multipart, MultipartRejection>) -> Seite {
    let mut form = form.map_err(|_| csrf_fehler())?;
    let broken = || {
        Fehler::new(
            "E7006",
            400,
            "Die Übertragung ist abgebrochen. Laden Sie die Datei noch einmal hoch.",
            "multipart broken",
        )
    };
    let (mut trusted, mut datei) = (false, None);
    while let Some(mut field) = form.next_field().await.map_err(|_| broken())? {
        let name = field.name().unwrap_or_default().to_owned();
        let shown: String =
            field.file_name().unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect();
        if name == "datei" && !trusted {
            return Err(csrf_fehler().into());
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(|_| broken())? {
            if bytes.len() + chunk.len() > DATEI_MAX {
                let text = "Die Datei ist größer als 300 kB. Teilen Sie den Ablauf in mehrere auf.";
                return seite(&ctx, text, None, None, StatusCode::PAYLOAD_TOO_LARGE).await;
            }
            bytes.extend_from_slice(&chunk);
        }
        match name.as_str() {
            "csrf" => trusted = csrf_passt(&ctx.ich.csrf, &String::from_utf8_lossy(&bytes)),
            "datei" if !shown.is_empty() => datei = Some((shown, String::from_utf8_lossy(&bytes).into_owned())),
            _ => {}
        }
    }
    if !trusted {
        return Err(csrf_fehler().into());
    }
    let Some((name, text)) = datei else {
        return seite(&ctx, "Wählen Sie eine Datei aus.", None, None, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let e = ctx.app.ablaeufe.einspielen(&ctx.ich.actor, &name, &text, "", true).await?;
    let status = if e.angenommen { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    seite(&ctx, "", Some(bericht(e, text)), None, status).await
}

pub async fn einspielen(ctx: Ctx, felder: Felder) -> Seite {
    let (name, text, grund) = (felder.get("name"), felder.get("text"), felder.get("grund"));
    if grund.chars().count() < 3 {
        let e = ctx.app.ablaeufe.einspielen(&ctx.ich.actor, name, text, "", true).await?;
        let fehler = "Nennen Sie einen Grund. Er steht im Protokoll.";
        return seite(&ctx, fehler, Some(bericht(e, text.to_owned())), None, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let e = ctx.app.ablaeufe.einspielen(&ctx.ich.actor, name, text, grund, false).await?;
    if !e.angenommen {
        return seite(&ctx, "", Some(bericht(e, text.to_owned())), None, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    Ok(Redirect::to("/betrieb/fassungen?meldung=eingespielt").into_response())
}

pub async fn umzug(ctx: Ctx, felder: Felder) -> Seite {
    let number = |name: &str| felder.get(name).parse::<u32>().unwrap_or(0);
    let grund = felder.get("grund").to_owned();
    // The first press only tries; the second one, with a reason, moves.
    let probe = felder.get("umziehen") != "ja";
    if !probe && grund.chars().count() < 3 {
        let text = "Nennen Sie einen Grund. Er steht im Protokoll jedes Ablaufs.";
        return seite(&ctx, text, None, None, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let umzug = Umzug {
        process: felder.get("process").to_owned(),
        von: number("von"),
        nach: number("nach"),
        schritte: std::collections::BTreeMap::new(),
        probe,
        grund: if probe { "Probe".to_owned() } else { grund.clone() },
    };
    let b: UmzugBericht = ctx.app.ablaeufe.umziehen(&ctx.ich.actor, &umzug).await?;
    if b.umgezogen {
        let to = format!("/betrieb/fassungen?meldung=umgezogen&anzahl={}", encode(&b.ablaeufe.to_string()));
        return Ok(Redirect::to(&to).into_response());
    }
    let sicht = UmzugSicht {
        process: umzug.process,
        von: umzug.von,
        nach: umzug.nach,
        grund,
        ablaeufe: b.ablaeufe,
        hindernisse: b.hindernisse.into_iter().map(|(id, gruende)| (id.to_string(), gruende)).collect(),
    };
    let status = if sicht.hindernisse.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    seite(&ctx, "", None, Some(sicht), status).await
}
