// SPDX-License-Identifier: EUPL-1.2
//! A version of a process in figures: how many are where, how many passed, how long a step takes. The table is the
//! full content; the picture shows the same. No figure is about a person.

use askama::Template;
use axum::extract::Path;
use nachrichten::{
    ablaeufe::Ablauf,
    fassungen::{ElementZahlen, VersionZahlen},
};

use super::ablauf;
use crate::{
    bild::{self, Hinweis, Zeichen},
    format,
    rahmen::{Ctx, Rahmen, encode, html},
    schutz::Seite,
};

const TAG_MICROS: i64 = 86_400_000_000;
/// Periods to choose from, in days.
const ZEITRAEUME: [u32; 4] = [7, 30, 90, 365];

#[derive(Template)]
#[template(path = "zahlen.html")]
struct ZahlenSeite {
    r: Rahmen,
    process: String,
    pfad: String,
    name: String,
    version: u32,
    seit: String,
    laufend: u64,
    beendet: u64,
    tage: u32,
    zeitraeume: [u32; 4],
    andere: Vec<u32>,
    bild: String,
    breit: bool,
    /// Address of this page, to choose the size of the picture.
    bildpfad: String,
    ganz: bool,
    zeilen: Vec<ZahlZeile>,
    /// Names of what nothing reached.
    leer: Vec<String>,
    gelesen: String,
    /// An operator starts it here.
    startbar: bool,
    ablaeufe: Vec<AblaufZeile>,
}

/// One of the latest instances of the version.
struct AblaufZeile {
    href: String,
    titel: String,
    stand: (&'static str, &'static str),
    gestartet: String,
    wo: String,
}

struct ZahlZeile {
    name: String,
    was: String,
    jetzt: u64,
    gestoert: u64,
    erledigt: u64,
    median: String,
    neunzig: String,
}

fn name(z: &ElementZahlen) -> String {
    if z.name.is_empty() { format!("{} „{}“", z.was, z.element) } else { z.name.clone() }
}

/// `4 Tage (2 AT)`: calendar time, and from a day on the working days in it, because that is how terms count.
fn dauer(micros: Option<i64>, arbeitstage: Option<u32>) -> String {
    match (micros, arbeitstage) {
        (None, _) => "–".to_owned(),
        (Some(m), Some(n)) if m >= TAG_MICROS => format!("{} ({n}\u{a0}AT)", format::dauer(m)),
        (Some(m), _) => format::dauer(m),
    }
}

/// Lines of an element's badge; none when nothing happened there.
fn worte(z: &ElementZahlen) -> Option<Hinweis> {
    let mut zeilen = Vec::new();
    let mut counts = Vec::new();
    if z.jetzt > 0 {
        counts.push(format!("{} hier", z.jetzt));
    }
    if z.erledigt > 0 {
        counts.push(format!("{} durch", z.erledigt));
    }
    if !counts.is_empty() {
        zeilen.push(counts.join(", "));
    }
    if z.gestoert > 0 {
        zeilen.push(format!("{} gestört", z.gestoert));
    }
    // A time under a second is no waiting; it would only cover the picture.
    if z.median.is_some_and(|m| m >= 1_000_000) {
        zeilen.push(format!("½ {}", dauer(z.median, z.median_at)));
        zeilen.push(format!("90 % {}", dauer(z.neunzig, z.neunzig_at)));
    }
    let zeichen = match (z.gestoert, z.jetzt) {
        (0, 0) => Zeichen::Zahl,
        (0, _) => Zeichen::Jetzt,
        _ => Zeichen::Stoerung,
    };
    // Where everything runs through, the table says it.
    let plain = matches!(zeichen, Zeichen::Zahl) && !z.was.contains("Aufgabe") && zeilen.len() < 2;
    (!zeilen.is_empty() && !plain).then(|| Hinweis { element: z.element.clone(), zeichen, zeilen })
}

/// The picture's name.
fn satz(z: &VersionZahlen) -> String {
    let here: Vec<String> =
        z.zahlen.iter().filter(|e| e.jetzt > 0).map(|e| format!("{} bei {}", e.jetzt, name(e))).collect();
    let now = if here.is_empty() { "nichts wartet".to_owned() } else { format!("jetzt {}", here.join(", ")) };
    format!("Ablauf in Zahlen: {now}. Die Tabelle nennt alle Zahlen.")
}

pub async fn zeigen(ctx: Ctx, Path((process, version)): Path<(String, u32)>) -> Seite {
    let tage = ctx.query("tage").parse().ok().filter(|t| ZEITRAEUME.contains(t)).unwrap_or(30);
    let z = ctx.app.fassungen.zahlen(&ctx.ich.actor, &process, version, tage).await?;
    let (bpmn, hints, text) = (z.bpmn.clone(), z.zahlen.iter().filter_map(worte).collect::<Vec<_>>(), satz(&z));
    let bild = tokio::task::spawn_blocking(move || bild::mit_hinweisen(&bpmn, &hints, &text)).await.unwrap_or_default();
    let (seen, unseen): (Vec<&ElementZahlen>, Vec<_>) =
        z.zahlen.iter().partition(|e| e.jetzt + e.gestoert + e.erledigt > 0);
    let v = &z.version;
    let gelesen = match z.gekuerzt {
        false => String::new(),
        true => format!(
            "Es sind sehr viele Abläufe. Ausgewertet sind die jüngsten: {} laufende und {} beendete.",
            z.gelesen_laufend, z.gelesen_beendet
        ),
    };
    let startbar = match v.version == z.alle.last().copied().unwrap_or_default() {
        true => ctx.app.fassungen.anfang(&ctx.ich.actor, &process).await?.is_some(),
        false => false,
    };
    let all = ctx.app.ablaeufe.list(&ctx.ich.actor, &process, 50).await?;
    let line = |a: Ablauf| AblaufZeile {
        href: format!("/ablaeufe/{}", a.id),
        stand: ablauf::stand(&a.stand),
        gestartet: format::zeitpunkt(a.gestartet),
        wo: a.marken.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", "),
        titel: a.titel,
    };
    let ablaeufe = all.into_iter().filter(|a| a.version == version).take(20).map(line).collect();
    let title = if v.name.is_empty() { v.process.clone() } else { v.name.clone() };
    Ok(html(&ZahlenSeite {
        r: ctx.rahmen(&format!("{title}, Fassung {version}"), "/betrieb", "betrieb").await?,
        pfad: format!("/betrieb/fassungen/{}", encode(&process)),
        bildpfad: format!("/betrieb/fassungen/{}/{version}?tage={tage}&", encode(&process)),
        process,
        name: title,
        version,
        seit: format::zeitpunkt(v.seit),
        laufend: v.laufend,
        beendet: v.beendet,
        tage,
        zeitraeume: ZEITRAEUME,
        andere: z.alle.iter().copied().filter(|n| *n != version).collect(),
        breit: bild::breit(&bild),
        ganz: ctx.query("bild") == "ganz",
        bild,
        zeilen: seen
            .into_iter()
            .map(|e| ZahlZeile {
                name: name(e),
                was: e.was.clone(),
                jetzt: e.jetzt,
                gestoert: e.gestoert,
                erledigt: e.erledigt,
                median: dauer(e.median, e.median_at),
                neunzig: dauer(e.neunzig, e.neunzig_at),
            })
            .collect(),
        leer: unseen.into_iter().filter(|e| !e.name.is_empty()).map(name).collect(),
        gelesen,
        startbar,
        ablaeufe,
    }))
}
