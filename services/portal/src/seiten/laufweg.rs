// SPDX-License-Identifier: EUPL-1.2
//! The route of an Umlauf or a Mitzeichnung as a list, and the forms that change what was not reached yet.

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use nachrichten::{
    InstanceId, PersonId,
    fehler::Fehler,
    laufweg::{Beteiligung, Laufweg, LaufwegAenderung, Ort, Position},
};

use super::{formularseite::stellen, id};
use crate::{
    arten::Art,
    format,
    rahmen::{Ctx, Rahmen, html},
    schutz::Seite,
    sitzung::Felder,
};

#[derive(Template)]
#[template(path = "laufweg.html")]
struct LaufwegSeite {
    r: Rahmen,
    id: String,
    titel: String,
    version: String,
    stellen: Vec<StelleSicht>,
    /// May be moved or taken out: number and name.
    kuenftige: Vec<(u32, String)>,
    /// Where something can go: value and words.
    orte: Vec<(String, String)>,
    wer: Vec<(String, String)>,
    aenderbar: bool,
    laeuft: bool,
    fehler: String,
    grund: String,
}

struct StelleSicht {
    stufe: u32,
    name: String,
    verfuegung: String,
    stand: &'static str,
    stand_art: &'static str,
    aktuell: bool,
    aufgabe: String,
    zeichnung: String,
    bemerkung: String,
    fassung: String,
    ungueltig: String,
    aenderungen: Vec<String>,
}

/// German for what a person decided; the words of the form.
pub fn entscheidung(wort: &str) -> String {
    let known = match wort {
        "gezeichnet" => "gezeichnet",
        "mitzeichnen" => "mitgezeichnet",
        "mit_aenderung" => "mit Änderung gezeichnet",
        "mit_hinweis" => "mit Hinweis mitgezeichnet",
        "mit_massgabe" => "mit Maßgabe zugestimmt",
        "abgelehnt" | "ablehnen" => "abgelehnt",
        "zurueckgeben" => "zurückgegeben",
        "kenntnis_genommen" => "zur Kenntnis genommen",
        "kein_widerspruch" => "kein Widerspruch",
        "widerspruch" => "widersprochen",
        other => return other.replace('_', " "),
    };
    known.to_owned()
}

fn verfuegung(wort: &str) -> String {
    match wort {
        "mitzeichnung" | "" => "zur Mitzeichnung".to_owned(),
        "schlusszeichnung" => "zur Schlusszeichnung".to_owned(),
        "kenntnis" => "zur Kenntnis".to_owned(),
        other => other.to_owned(),
    }
}

fn stelle(p: &Position) -> StelleSicht {
    let void = p.zeichnung.as_ref().and_then(|z| z.ungueltig);
    let (stand, stand_art) = match (p.stand, void) {
        (_, Some(_)) => ("ungültig", "danger"),
        (Beteiligung::Zukuenftig, _) => ("kommt noch", "info"),
        (Beteiligung::Aktuell, _) => ("jetzt", "warning"),
        (Beteiligung::Erledigt, _) => ("erledigt", "success"),
        (Beteiligung::Uebersprungen, _) => ("übersprungen", "info"),
    };
    let z = p.zeichnung.as_ref();
    let art = |a: &str| match a {
        "eingefuegt" => "eingefügt",
        "verschoben" => "verschoben",
        _ => "herausgenommen",
    };
    StelleSicht {
        stufe: p.stufe,
        name: p.name.clone(),
        verfuegung: verfuegung(&p.verfuegung),
        stand,
        stand_art,
        aktuell: p.stand == Beteiligung::Aktuell,
        aufgabe: p.aufgabe.map(|t| t.to_string()).unwrap_or_default(),
        zeichnung: z
            .map(|z| {
                let fuer = z.fuer.as_ref().map(|f| format!(" i. V. für {f}")).unwrap_or_default();
                format!("{} von {}{fuer}, {}", entscheidung(&z.entscheidung), z.person, format::zeitpunkt(z.zeit))
            })
            .unwrap_or_default(),
        bemerkung: z.and_then(|z| z.bemerkung.clone()).unwrap_or_default(),
        fassung: z.and_then(|z| z.fassung).map(|f| f.to_string()[..12].to_owned()).unwrap_or_default(),
        ungueltig: void.map(|t| format!("ungültig: Dokument geändert am {}", format::zeitpunkt(t))).unwrap_or_default(),
        aenderungen: p
            .aenderungen
            .iter()
            .map(|a| format!("{} von {}, {}: {}", art(&a.art), a.von, format::zeitpunkt(a.zeit), a.grund))
            .collect(),
    }
}

/// The places a position can go to: beside what comes, after what was reached last, at the end.
fn orte(l: &Laufweg) -> Vec<(String, String)> {
    let reached = |p: &&Position| {
        matches!(p.stand, Beteiligung::Aktuell | Beteiligung::Erledigt)
            && p.zeichnung.as_ref().is_none_or(|z| z.ungueltig.is_none())
    };
    let last = l.positionen.iter().filter(reached).map(|p| p.stufe).max().unwrap_or_default();
    let mut out = Vec::new();
    for p in &l.positionen {
        let counts = p.stand == Beteiligung::Zukuenftig || reached(&p);
        if counts && p.stufe >= last && p.stand != Beteiligung::Uebersprungen {
            out.push((format!("nach-{}", p.nr), format!("nach „{}“, als eigene Stufe", p.name)));
        }
        if p.stand == Beteiligung::Zukuenftig {
            out.push((format!("neben-{}", p.nr), format!("zugleich mit „{}“", p.name)));
        }
    }
    out.push(("ende".to_owned(), "am Ende".to_owned()));
    out
}

async fn seite(ctx: &Ctx, ablauf: InstanceId, fehler: String, grund: &str, status: StatusCode) -> Seite {
    let l = ctx.app.ablaeufe.laufweg(&ctx.ich.actor, ablauf).await?;
    let art = Art::von(&l.process, "");
    let page = LaufwegSeite {
        id: ablauf.to_string(),
        titel: l.titel.clone(),
        kuenftige: l
            .positionen
            .iter()
            .filter(|p| p.stand == Beteiligung::Zukuenftig)
            .map(|p| (p.nr, format!("{} (Stufe {})", p.name, p.stufe)))
            .collect(),
        orte: orte(&l),
        wer: if l.aenderbar { stellen(ctx).await? } else { Vec::new() },
        stellen: l.positionen.iter().map(stelle).collect(),
        version: l.version,
        aenderbar: l.aenderbar,
        laeuft: l.laeuft,
        fehler,
        grund: grund.to_owned(),
        r: ctx.rahmen(&format!("{} · Laufweg", l.titel), art.pfad(), "umlauf").await?,
    };
    Ok((status, html(&page)).into_response())
}

pub async fn zeigen(ctx: Ctx, Path(wert): Path<String>) -> Seite {
    seite(&ctx, id(&wert)?, String::new(), "", StatusCode::OK).await
}

fn ort(text: &str) -> Result<Ort, Fehler> {
    let number = |n: &str| n.parse::<u32>().ok();
    match text.split_once('-') {
        Some(("nach", n)) => number(n).map(Ort::Nach),
        Some(("neben", n)) => number(n).map(Ort::Neben),
        _ => (text == "ende").then_some(Ort::Ende),
    }
    .ok_or_else(|| Fehler::new("E3022", 422, "Wählen Sie aus, wohin die Stelle kommt.", "no place"))
}

fn lesen(felder: &Felder, names: &[(String, String)]) -> Result<LaufwegAenderung, Fehler> {
    let fehlt = |text: &str| Fehler::new("E3022", 422, text.to_owned(), "route form incomplete");
    let nr = || felder.get("nr").parse::<u32>().map_err(|_| fehlt("Wählen Sie die Stelle aus."));
    Ok(match felder.get("art") {
        "einfuegen" => {
            let wer = felder.get("wer");
            let known = names.iter().find(|(w, _)| w == wer);
            let (_, name) = known.ok_or_else(|| fehlt("Wählen Sie aus, wer zeichnen soll."))?;
            LaufwegAenderung::Einfuegen {
                ort: ort(felder.get("ort"))?,
                name: name.clone(),
                gruppe: wer.strip_prefix("gruppe:").map(str::to_owned),
                person: wer.strip_prefix("person:").and_then(|p| p.parse::<PersonId>().ok()),
                verfuegung: Some(felder.get("verfuegung"))
                    .filter(|v| !v.is_empty())
                    .unwrap_or("mitzeichnung")
                    .to_owned(),
            }
        }
        "verschieben" => LaufwegAenderung::Verschieben { nr: nr()?, ort: ort(felder.get("ort"))? },
        "entfernen" => LaufwegAenderung::Entfernen { nr: nr()? },
        _ => return Err(fehlt("Wählen Sie aus, was geschehen soll.")),
    })
}

pub async fn aendern(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let ablauf: InstanceId = id(&wert)?;
    let grund = felder.get("grund");
    let names = stellen(&ctx).await?;
    let done = match lesen(&felder, &names) {
        Ok(aenderung) => {
            ctx.app.ablaeufe.laufweg_aendern(&ctx.ich.actor, ablauf, felder.get("version"), aenderung, grund).await
        }
        Err(f) => Err(f),
    };
    match done {
        Ok(_) => Ok(Redirect::to(&format!("/ablaeufe/{ablauf}/laufweg?meldung=laufweg")).into_response()),
        Err(f) if matches!(f.status, 412 | 422) => {
            let status = StatusCode::from_u16(f.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            seite(&ctx, ablauf, f.text.0, grund, status).await
        }
        Err(f) => Err(f.into()),
    }
}

#[derive(Template)]
#[template(path = "zurueckziehen.html")]
struct RueckzugSeite {
    r: Rahmen,
    id: String,
    titel: String,
    name: String,
    fehler: String,
    grund: String,
}

async fn rueckzug(ctx: &Ctx, ablauf: InstanceId, fehler: String, grund: &str, status: StatusCode) -> Seite {
    let a = ctx.app.ablaeufe.get(&ctx.ich.actor, ablauf).await?;
    let page = RueckzugSeite {
        id: ablauf.to_string(),
        titel: a.titel,
        name: a.name,
        fehler,
        grund: grund.to_owned(),
        r: ctx.rahmen("Zurückziehen", Art::von(&a.process, "").pfad(), "umlauf").await?,
    };
    Ok((status, html(&page)).into_response())
}

pub async fn rueckzug_zeigen(ctx: Ctx, Path(wert): Path<String>) -> Seite {
    rueckzug(&ctx, id(&wert)?, String::new(), "", StatusCode::OK).await
}

pub async fn zurueckziehen(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let ablauf: InstanceId = id(&wert)?;
    match ctx.app.ablaeufe.zurueckziehen(&ctx.ich.actor, ablauf, felder.get("grund")).await {
        Ok(()) => Ok(Redirect::to(&format!("/ablaeufe/{ablauf}?meldung=zurueckgezogen")).into_response()),
        Err(f) if f.status == 422 => {
            rueckzug(&ctx, ablauf, f.text.0, felder.get("grund"), StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(f) => Err(f.into()),
    }
}
