// SPDX-License-Identifier: EUPL-1.2
//! Sendungen: what came in, how far it is, why it waits; and the upload.

use askama::Template;
use axum::{
    extract::{Multipart, Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect},
};
use nachrichten::{
    fehler::Fehler,
    sendungen::{Einlieferung, Kanal, SendungStand, Stand},
};

use super::{
    akten::{DokZeile, dok_zeile},
    id,
};
use crate::{
    App, format,
    rahmen::{Ctx, Rahmen, html},
    schutz::Seite,
    sitzung::{csrf_fehler, csrf_passt},
    state::Options,
};

/// Word and badge of a state.
pub fn stand_wort(s: Stand) -> (&'static str, &'static str) {
    match s {
        Stand::Accepted => ("in Arbeit", "info"),
        Stand::Filed => ("abgelegt", "success"),
        Stand::Waiting => ("wartet auf eine Person", "info"),
        Stand::Clearing => ("in Klärung", "warning"),
        Stand::Refused => ("nicht angenommen", "danger"),
        Stand::Quarantined => ("in Quarantäne", "danger"),
    }
}

pub fn kanal_wort(k: Kanal) -> &'static str {
    match k {
        Kanal::Scan => "Scan",
        Kanal::Mail => "E-Mail",
        Kanal::Upload => "Hochgeladen",
    }
}

struct Zeile {
    id: String,
    name: String,
    kanal: &'static str,
    stand: &'static str,
    stand_art: &'static str,
    text: String,
    zugang: String,
    erfasst: String,
    dokumente: usize,
    laeuft: bool,
}

fn zeile(s: &SendungStand, options: &Options) -> Zeile {
    let (stand, stand_art) = stand_wort(s.state);
    // Each group once, with how many it has.
    let mut gruppen: Vec<(String, usize)> = Vec::new();
    for name in s.waiting_for.iter().filter_map(|w| Some(options.gruppe_name(w.group.as_deref()?))) {
        match gruppen.iter_mut().find(|(known, _)| *known == name) {
            Some((_, n)) => *n += 1,
            None => gruppen.push((name, 1)),
        }
    }
    let words = gruppen.into_iter().map(|(name, n)| if n == 1 { name } else { format!("{name} ({n} Aufgaben)") });
    let wartet = words.collect::<Vec<_>>().join(", ");
    let text = match (&s.reason, &s.fortschritt) {
        (Some(g), _) => g.text.clone(),
        (None, Some(f)) => f.clone(),
        _ if s.duplicate_of.is_some() => "Diese Datei war schon da.".to_owned(),
        _ if !wartet.is_empty() => wartet,
        _ => String::new(),
    };
    Zeile {
        id: s.receipt.to_string(),
        name: s.name.clone(),
        kanal: kanal_wort(s.kanal),
        stand,
        stand_art,
        text,
        zugang: s.zugang.deutsch(),
        erfasst: format::zeitpunkt(s.erfasst),
        dokumente: s.documents.len(),
        laeuft: s.state == Stand::Accepted,
    }
}

#[derive(Template)]
#[template(path = "sendungen.html")]
struct ListenSeite {
    r: Rahmen,
    zeilen: Vec<Zeile>,
    laufen: usize,
    fehler: String,
    grenze: String,
    schluessel: String,
    /// This person prints separator sheets.
    trennblaetter: bool,
}

async fn seite(ctx: &Ctx, fehler: &str, status: StatusCode) -> Seite {
    let list = ctx.app.sendungen.list(&ctx.ich.actor, 50).await?;
    let zeilen: Vec<_> = list.iter().map(|s| zeile(s, &ctx.app.options)).collect();
    let page = ListenSeite {
        laufen: zeilen.iter().filter(|z| z.laeuft).count(),
        zeilen,
        fehler: fehler.to_owned(),
        grenze: format!("{} MB", ctx.app.options.upload_max >> 20),
        schluessel: ctx.app.ids.uuid().to_string(),
        trennblaetter: super::trennblaetter::may(ctx),
        r: ctx.rahmen("Sendungen", "/sendungen", "sendungen").await?,
    };
    Ok((status, html(&page)).into_response())
}

pub async fn liste(ctx: Ctx) -> Seite {
    seite(&ctx, "", StatusCode::OK).await
}

/// `POST /sendungen`: multipart; `csrf`, `schluessel` and `vertraulich` stand before the files. Each file is one Sendung.
pub async fn einliefern(
    State(app): State<App>,
    ctx: Ctx,
    _: HeaderMap,
    form: Result<Multipart, axum::extract::multipart::MultipartRejection>,
) -> Seite {
    let mut form = form.map_err(|_| csrf_fehler())?;
    let broken = || {
        Fehler::new(
            "E7006",
            400,
            "Die Übertragung ist abgebrochen. Es wurde nichts gespeichert. Laden Sie die Datei noch einmal hoch.",
            "multipart broken",
        )
    };
    let (mut trusted, mut schluessel, mut quittungen) = (false, String::new(), Vec::new());
    let (mut zugang, mut vertraulich) = (None, false);
    while let Some(mut field) = form.next_field().await.map_err(|_| broken())? {
        let name = field.name().unwrap_or_default().to_owned();
        let limit = if name == "datei" { app.options.upload_max } else { 4_096 };
        let file_name = field.file_name().map(|n| n.chars().filter(|c| !c.is_control()).take(200).collect::<String>());
        let mut bytes = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(|_| broken())? {
            if bytes.len() + chunk.len() > limit {
                let text =
                    format!("Die Datei ist größer als {}. Sie wurde nicht angenommen.", format::groesse(limit as u64));
                return seite(&ctx, &text, StatusCode::PAYLOAD_TOO_LARGE).await;
            }
            bytes.extend_from_slice(&chunk);
            if name == "datei" && !trusted {
                return Err(csrf_fehler().into());
            }
        }
        match name.as_str() {
            "csrf" => trusted = csrf_passt(&ctx.ich.csrf, &String::from_utf8_lossy(&bytes)),
            "schluessel" => schluessel = String::from_utf8_lossy(&bytes).chars().take(64).collect(),
            "vertraulich" => vertraulich = true,
            "zugang" => zugang = format::parse_tag(&String::from_utf8_lossy(&bytes)),
            "datei" if trusted => {
                let Some(file_name) = file_name.filter(|n| !n.is_empty()) else { continue };
                let e = Einlieferung {
                    kanal: Kanal::Upload,
                    idempotency_key: format!("{schluessel}/{}/{file_name}", quittungen.len()),
                    name: file_name,
                    bytes,
                    zugang,
                    vertraulich,
                };
                match app.sendungen.accept(&ctx.ich.actor, e).await {
                    Ok(q) => quittungen.push(q),
                    Err(f) if f.status < 500 => {
                        let status = StatusCode::from_u16(f.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
                        return seite(&ctx, &f.text.0, status).await;
                    }
                    Err(f) => return Err(f.into()),
                }
            }
            _ => {}
        }
    }
    if !trusted {
        return Err(csrf_fehler().into());
    }
    let word = |q: &nachrichten::sendungen::Quittung| if q.duplicate_of.is_some() { "doppelt" } else { "angenommen" };
    match quittungen.as_slice() {
        [] => seite(&ctx, "Wählen Sie mindestens eine Datei aus.", StatusCode::UNPROCESSABLE_ENTITY).await,
        [one] => Ok(Redirect::to(&format!("/sendungen/{}?meldung={}", one.receipt, word(one))).into_response()),
        [first, ..] => Ok(Redirect::to(&format!("/sendungen?meldung={}", word(first))).into_response()),
    }
}

#[derive(Template)]
#[template(path = "sendung.html")]
struct SendungSeite {
    r: Rahmen,
    s: SendungSicht,
}

struct SendungSicht {
    z: Zeile,
    sha256: String,
    groesse: String,
    freigabe: String,
    doppelt_von: String,
    wartet: Vec<(String, String)>,
    dokumente: Vec<DokZeile>,
}

async fn laden(ctx: &Ctx, wert: &str) -> Result<(SendungSicht, String), crate::schutz::Antwort> {
    let s = ctx.app.sendungen.stand(&ctx.ich.actor, id(wert)?).await?;
    let dokumente = ctx.app.dokumente.of_sendung(&ctx.ich.actor, s.receipt).await?.dokumente;
    let sicht = SendungSicht {
        sha256: s.sha256.to_string(),
        groesse: format::groesse(s.size),
        freigabe: s.freigabe.map_or_else(|| "noch nicht".to_owned(), |t| t.deutsch()),
        doppelt_von: s.duplicate_of.map(|d| d.to_string()).unwrap_or_default(),
        wartet: s
            .waiting_for
            .iter()
            .map(|w| {
                (
                    format!("/aufgaben/{}", w.task),
                    w.group.as_deref().map_or_else(|| "eine Person".to_owned(), |g| ctx.app.options.gruppe_name(g)),
                )
            })
            .collect(),
        dokumente: dokumente.iter().map(|d| dok_zeile(ctx, d)).collect(),
        z: zeile(&s, &ctx.app.options),
    };
    Ok((sicht, s.name))
}

pub async fn zeigen(ctx: Ctx, Path(wert): Path<String>) -> Seite {
    let (s, name) = laden(&ctx, &wert).await?;
    let r = ctx.rahmen(&format!("{name} · Sendungen"), "/sendungen", "sendungen").await?;
    Ok(html(&SendungSeite { r, s }))
}

#[derive(Template)]
#[template(path = "teil_sendung.html")]
struct StandTeil {
    s: SendungSicht,
}

/// The changing part alone; asked every 2 s while work goes on.
pub async fn stand(ctx: Ctx, Path(wert): Path<String>) -> Seite {
    Ok(html(&StandTeil { s: laden(&ctx, &wert).await?.0 }))
}
