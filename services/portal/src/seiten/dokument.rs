// SPDX-License-Identifier: EUPL-1.2
//! A document: pages, text, facts, renditions, dates, course.

use askama::Template;
use axum::{
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use nachrichten::{
    DokumentId,
    dokumente::{Dokument, Inhalt},
    fehler::Fehler,
    wiedervorlage::Bezug,
};

use super::{
    id,
    sichten::{self, Blatt, DokSicht, SchrittSicht},
    wiedervorlagen,
    zahlung::{self, ZahlungSicht},
};
use crate::{
    beleg, format,
    rahmen::{Ctx, Rahmen, html},
    schutz::{CSP_FREMD, Seite},
    sitzung::Felder,
};

#[derive(Template)]
#[template(path = "dokument.html")]
struct DokumentSeite {
    r: Rahmen,
    dok: DokSicht,
    blatt: Option<Blatt>,
    beleg: String,
    ansichten: Vec<(String, &'static str, bool)>,
    verlauf: Vec<SchrittSicht>,
    wiedervorlagen: Vec<wiedervorlagen::Zeile>,
    wv_neu: String,
    ablauf: String,
    zahlung: Vec<ZahlungSicht>,
    melden: bool,
    zugang: String,
    grund: String,
    fehler: Vec<(String, String)>,
}

async fn antwort(ctx: &Ctx, d: Dokument, felder: &Felder, fehler: Vec<(String, String)>, status: StatusCode) -> Seite {
    let basis = format!("/dokumente/{}", d.id);
    let invoice = beleg::von(ctx, &d).await;
    let lesbar = !invoice.is_empty() && ctx.query("seite").is_empty() && ctx.query("ansicht") != "seiten";
    let blatt =
        if lesbar { None } else { sichten::blatt(ctx, &d, ctx.query("seite").parse().unwrap_or(1), &basis).await };
    let ansichten = if invoice.is_empty() || d.seiten.is_empty() {
        Vec::new()
    } else {
        vec![
            (format!("{basis}?ansicht=lesbar"), "Lesbar", lesbar),
            (format!("{basis}?ansicht=seiten"), "Seitenbilder", !lesbar),
        ]
    };
    let instance = ctx.app.ablaeufe.of_document(&ctx.ich.actor, d.id).await?;
    let course = match instance {
        Some(i) => ctx.app.ablaeufe.get(&ctx.ich.actor, i).await.ok(),
        None => None,
    };
    let typed = |name: &str, other: String| if felder.has(name) { felder.get(name).to_owned() } else { other };
    let page = DokumentSeite {
        dok: sichten::dokument(&d, &ctx.app.options, ctx.heute()),
        blatt,
        beleg: if lesbar { invoice } else { String::new() },
        ansichten,
        verlauf: course.as_ref().map(|a| sichten::verlauf(&a.verlauf, false)).unwrap_or_default(),
        zahlung: course.as_ref().map(|a| zahlung::zeilen(&a.variablen)).unwrap_or_default(),
        melden: course.is_some_and(|a| !a.meldungen.is_empty()),
        wiedervorlagen: wiedervorlagen::zu(ctx, Bezug::Dokument(d.id)).await,
        wv_neu: wiedervorlagen::neu_href(Bezug::Dokument(d.id)),
        ablauf: instance.map(|i| i.to_string()).unwrap_or_default(),
        zugang: typed("zugang", d.zugang.deutsch()),
        grund: typed("grund", String::new()),
        fehler,
        r: ctx.rahmen(&format!("{} · Dokument", d.titel), "/akten", "dokument").await?,
    };
    Ok((status, html(&page)).into_response())
}

pub async fn zeigen(ctx: Ctx, Path(wert): Path<String>) -> Seite {
    let d = ctx.app.dokumente.get(&ctx.ich.actor, id(&wert)?).await?;
    antwort(&ctx, d, &Felder::default(), Vec::new(), StatusCode::OK).await
}

#[derive(Template)]
#[template(path = "teil_blatt.html")]
struct BlattTeil {
    b: Blatt,
}

/// One page for the partial update.
pub async fn blatt(ctx: Ctx, Path((wert, n)): Path<(String, String)>) -> Seite {
    let d = ctx.app.dokumente.get(&ctx.ich.actor, id(&wert)?).await?;
    let n = n.parse().map_err(|_| Fehler::not_found())?;
    let query = ctx.query("auf");
    // The links of the fragment lead to the page it is shown on; only two kinds exist.
    let basis =
        if query.starts_with("/aufgaben/") { crate::rahmen::eigene(&query) } else { format!("/dokumente/{}", d.id) };
    let b = sichten::blatt(&ctx, &d, n, &basis).await.ok_or_else(Fehler::not_found)?;
    Ok(html(&BlattTeil { b }))
}

/// Image of page `n`, 1-based.
pub async fn seitenbild(ctx: Ctx, Path((wert, n)): Path<(String, String)>) -> Seite {
    let n: u32 = n.parse().map_err(|_| Fehler::not_found())?;
    let index = n.checked_sub(1).ok_or_else(Fehler::not_found)?;
    let inhalt = ctx.app.dokumente.page_image(&ctx.ich.actor, id(&wert)?, index).await?;
    if !matches!(inhalt.media_type.as_str(), "image/png" | "image/jpeg" | "image/webp") {
        return Ok(ausliefern(inhalt));
    }
    let typ = HeaderValue::from_str(&inhalt.media_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers = [
        (header::CONTENT_TYPE, typ),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP_FREMD)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=600")),
    ];
    Ok((headers, inhalt.bytes).into_response())
}

/// A rendition, always as a download.
pub async fn fassung(ctx: Ctx, Path((wert, name)): Path<(String, String)>) -> Seite {
    let inhalt = ctx.app.dokumente.rendition(&ctx.ich.actor, id::<DokumentId>(&wert)?, &name).await?;
    Ok(ausliefern(inhalt))
}

/// Foreign bytes: attachment, sandbox, no sniffing.
pub fn ausliefern(inhalt: Inhalt) -> Response {
    let ascii: String = inhalt
        .name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_. ".contains(c) { c } else { '_' })
        .take(150)
        .collect();
    let utf8: String =
        crate::rahmen::encode(&inhalt.name.chars().filter(|c| !c.is_control()).take(150).collect::<String>())
            .replace('/', "%2F");
    let disposition = format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{utf8}");
    let value =
        |text: &str, other: &'static str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(other));
    let headers = [
        (header::CONTENT_TYPE, value(&inhalt.media_type, "application/octet-stream")),
        (header::CONTENT_DISPOSITION, value(&disposition, "attachment")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP_FREMD)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ];
    (headers, inhalt.bytes).into_response()
}

/// Corrects the day the post reached the city; terms count from it, so a reason is needed.
pub async fn zugang(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let d = ctx.app.dokumente.get(&ctx.ich.actor, id(&wert)?).await?;
    let mut fehler = Vec::new();
    let tag = format::parse_tag(felder.get("zugang"));
    match tag {
        None => fehler.push(("zugang".to_owned(), "Schreiben Sie das Datum so: 23.11.2026.".to_owned())),
        Some(t) if t > ctx.heute() => {
            fehler.push(("zugang".to_owned(), "Der Zugang kann nicht in der Zukunft liegen.".to_owned()))
        }
        Some(_) => {}
    }
    if felder.get("grund").chars().count() < 3 {
        fehler.push(("grund".to_owned(), "Nennen Sie den Grund der Änderung.".to_owned()));
    }
    match tag {
        Some(tag) if fehler.is_empty() => {
            ctx.app.sendungen.correct_zugang(&ctx.ich.actor, d.sendung, tag, felder.get("grund")).await?;
            Ok(Redirect::to(&format!("/dokumente/{}?meldung=zugang", d.id)).into_response())
        }
        _ => antwort(&ctx, d, &felder, fehler, StatusCode::UNPROCESSABLE_ENTITY).await,
    }
}
