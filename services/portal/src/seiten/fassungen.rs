// SPDX-License-Identifier: EUPL-1.2
//! Versions of processes and decision tables: what runs on which, a new file with its check report and the proposal
//! made of it, and the move of running instances to another version, tried out first.

use askama::Template;
use axum::{
    extract::{Multipart, multipart::MultipartRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect},
};
use nachrichten::{
    ablaeufe::{Umzug, UmzugBericht},
    fassungen::{Pruefung, TabellenVersion, Vorschlag},
    fehler::Fehler,
};

use super::{
    beispiele::{self, Anlass, TabelleSicht},
    vorschlag::{self, PruefungSicht},
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
    vorschlaege: Vec<VorschlagZeile>,
    fassungen: Vec<Fassung>,
    tabellen: Vec<TabellenZeile>,
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
    href: String,
    /// The version before it.
    vorher: Option<u32>,
    /// Another version that what runs here may move to.
    ziel: Option<u32>,
}

/// A waiting proposal in a list.
pub struct VorschlagZeile {
    pub href: String,
    pub name: String,
    pub von: String,
    pub seit: String,
    pub grund: String,
    pub eigener: bool,
}

pub fn vorschlag_zeile(ctx: &Ctx, v: Vorschlag) -> VorschlagZeile {
    VorschlagZeile {
        href: format!("/betrieb/vorschlaege/{}", v.id),
        eigener: v.person == ctx.ich.actor.person,
        name: v.name,
        von: v.person_name,
        seit: format::zeitpunkt(v.seit),
        grund: v.grund,
    }
}

struct TabellenZeile {
    name: String,
    version: u32,
    seit: String,
    geliefert: bool,
    href: String,
    /// The version before it.
    vorher: Option<u32>,
}

/// The newest version of each table.
fn tabellen(list: &[TabellenVersion]) -> Vec<TabellenZeile> {
    let newest = |t: &&TabellenVersion| !list.iter().any(|o| o.name == t.name && o.version > t.version);
    let line = |t: &TabellenVersion| TabellenZeile {
        name: t.name.clone(),
        version: t.version,
        seit: format::zeitpunkt(t.seit),
        geliefert: t.geliefert,
        href: beispiele::pfad(&t.name, t.version),
        vorher: list.iter().filter(|o| o.name == t.name && o.version < t.version).map(|o| o.version).max(),
    };
    list.iter().filter(newest).map(line).collect()
}

struct Bericht {
    name: String,
    text: String,
    grund: String,
    p: PruefungSicht,
    tabelle: Option<TabelleSicht>,
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
            href: format!("/betrieb/fassungen/{}", encode(&v.process)),
            vorher: list.iter().filter(|o| o.process == v.process && o.version < v.version).map(|o| o.version).max(),
            ziel: newest(&v.process).filter(|n| *n != v.version && v.laufend > 0),
            process: v.process.clone(),
            name: if v.name.is_empty() { v.process.clone() } else { v.name.clone() },
            version: v.version,
            seit: format::zeitpunkt(v.seit),
            laufend: v.laufend,
            beendet: v.beendet,
        })
        .collect();
    let tabellen = tabellen(&ctx.app.fassungen.tabellen(&ctx.ich.actor).await?);
    let vorschlaege = ctx.app.fassungen.vorschlaege(&ctx.ich.actor).await?;
    let vorschlaege = vorschlaege.into_iter().map(|v| vorschlag_zeile(ctx, v)).collect();
    let r = ctx.rahmen("Abläufe und Tabellen", "/betrieb", "betrieb").await?;
    let page = FassungenSeite { r, vorschlaege, fassungen, tabellen, fehler: fehler.to_owned(), bericht, umzug };
    Ok((status, html(&page)).into_response())
}

pub async fn zeigen(ctx: Ctx) -> Seite {
    seite(&ctx, "", None, None, StatusCode::OK).await
}

async fn bericht(p: Pruefung, text: String, grund: &str) -> Bericht {
    let tabelle = p.tabelle.as_ref().map(|bild| {
        let anlass = Anlass { pfad: String::new(), aendern: false, nr: 0, felder: None };
        beispiele::sicht(bild, &p.beispiele, anlass, None)
    });
    Bericht { name: p.name.clone(), text, grund: grund.to_owned(), p: vorschlag::sicht(p).await, tabelle }
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
            "datei" if !shown.is_empty() => match String::from_utf8(bytes) {
                Ok(text) => datei = Some((shown, text)),
                Err(_) => {
                    let text =
                        "Die Datei ist nicht in UTF-8 gespeichert. Speichern Sie sie im Modellierer noch einmal.";
                    return seite(&ctx, text, None, None, StatusCode::UNPROCESSABLE_ENTITY).await;
                }
            },
            _ => {}
        }
    }
    if !trusted {
        return Err(csrf_fehler().into());
    }
    let Some((name, text)) = datei else {
        return seite(&ctx, "Wählen Sie eine Datei aus.", None, None, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let p = ctx.app.fassungen.pruefen(&ctx.ich.actor, &name, &text).await?;
    let status = if p.angenommen { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    seite(&ctx, "", Some(bericht(p, text, "").await), None, status).await
}

/// The checked file becomes a proposal; a refusal shows the report again.
pub async fn vorschlagen(ctx: Ctx, felder: Felder) -> Seite {
    let (name, text, grund) = (felder.get("name"), felder.get("text"), felder.get("grund"));
    match ctx.app.fassungen.vorschlagen(&ctx.ich.actor, name, text, grund).await {
        Ok(id) => Ok(Redirect::to(&format!("/betrieb/vorschlaege/{id}?meldung=vorgeschlagen")).into_response()),
        Err(f) if f.status == 422 => {
            let p = ctx.app.fassungen.pruefen(&ctx.ich.actor, name, text).await?;
            let b = bericht(p, text.to_owned(), grund).await;
            seite(&ctx, &f.text.0, Some(b), None, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(f) => Err(f.into()),
    }
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
