// SPDX-License-Identifier: EUPL-1.2
//! A running process: the picture with the live position, and the same as a list.

use askama::Template;
use axum::extract::Path;
use nachrichten::ablaeufe::Ablauf;

use super::{
    id,
    sichten::{self, SchrittSicht},
};
use crate::{
    bild::{self, Mark},
    format,
    rahmen::{Ctx, Rahmen, html},
    schutz::Seite,
};

#[derive(Template)]
#[template(path = "ablauf.html")]
struct AblaufSeite {
    r: Rahmen,
    id: String,
    titel: String,
    name: String,
    version: u32,
    stand: &'static str,
    stand_art: &'static str,
    gestartet: String,
    beendet: String,
    bild: String,
    breit: bool,
    /// Address of this page, to choose the size of the picture.
    bildpfad: String,
    /// The whole picture at the width of the page; else readable and scrolled.
    ganz: bool,
    marken: Vec<MarkeSicht>,
    verlauf: Vec<SchrittSicht>,
    oben: Vec<(String, &'static str)>,
    aufgaben: Vec<String>,
    druck: bool,
    /// Operators may act; the steps a token can be put on, with their names.
    betrieb: bool,
    gestoert: bool,
    schritte: Vec<(String, String)>,
}

struct MarkeSicht {
    schritt: u64,
    name: String,
    warum: String,
    seit: String,
    stoerung: bool,
}

/// Groups by their German name, not by the name in the drawing.
fn warum(ctx: &Ctx, text: &str) -> String {
    match text.strip_prefix("Wartet auf eine Person der Gruppe ").and_then(|g| g.strip_suffix('.')) {
        Some(gruppe) => format!("Wartet auf eine Person der Gruppe „{}“.", ctx.app.options.gruppe_name(gruppe)),
        None => text.to_owned(),
    }
}

/// Word and badge of an instance's state.
pub fn stand(stand: &str) -> (&'static str, &'static str) {
    match stand {
        "beendet" => ("beendet", "success"),
        "stoerung" => ("gestört", "danger"),
        "fehler" => ("mit Fehler beendet", "danger"),
        "abgebrochen" => ("abgebrochen", "warning"),
        _ => ("läuft", "info"),
    }
}

/// Steps of a process file that an operator can start: id and name.
fn schritte(bpmn: &str) -> Vec<(String, String)> {
    let Ok(file) = roxmltree::Document::parse(bpmn) else { return Vec::new() };
    let startable = |tag: &str| {
        let tag = tag.to_ascii_lowercase();
        tag.ends_with("task")
            || tag.ends_with("gateway")
            || tag.ends_with("process") && tag != "process"
            || matches!(tag.as_str(), "callactivity" | "intermediatecatchevent" | "intermediatethrowevent" | "endevent")
    };
    let nodes = file.descendants().filter(|n| n.is_element() && startable(n.tag_name().name()));
    let named = nodes.filter_map(|n| {
        let id = n.attribute("id")?.to_owned();
        let name = n.attribute("name").filter(|n| !n.trim().is_empty()).unwrap_or(&id).to_owned();
        Some((id, name))
    });
    named.take(500).collect()
}

async fn laden(ctx: &Ctx, wert: &str, druck: bool) -> Result<AblaufSeite, crate::schutz::Antwort> {
    let a: Ablauf = ctx.app.ablaeufe.get(&ctx.ich.actor, id(wert)?).await?;
    let mut marks: Vec<Mark> = Vec::new();
    for m in &a.marken {
        match marks.iter_mut().find(|x| x.element == m.element) {
            Some(x) => {
                x.count += 1;
                x.incident |= m.stoerung;
            }
            None => marks.push(Mark { element: m.element.clone(), count: 1, incident: m.stoerung }),
        }
    }
    let (stand, stand_art) = stand(&a.stand);
    let mut oben = Vec::new();
    if let Some(d) = a.dokument {
        oben.push((format!("/dokumente/{d}"), "Dokument"));
    }
    if let Some(s) = a.sendung {
        oben.push((format!("/sendungen/{s}"), "Sendung"));
    }
    if let Some(p) = a.parent {
        oben.push((format!("/ablaeufe/{p}"), "Übergeordneter Ablauf"));
    }
    if a.variablen.get("laufweg").is_some_and(serde_json::Value::is_array) {
        oben.push((format!("/ablaeufe/{}/laufweg", a.id), "Laufweg"));
    }
    if a.process == "beschlussvorlage" && a.variablen.contains_key("vorlage") {
        oben.push((format!("/vorlagen/neu?von={}", a.id), "Neue Vorlage aus dieser"));
    }
    if matches!(a.process.as_str(), "beschlussvorlage" | "umlauf") && a.beendet.is_none() {
        oben.push((format!("/ablaeufe/{}/zurueckziehen", a.id), "Zurückziehen"));
    }
    let bpmn = a.bpmn.clone();
    // Drawing reads a whole XML file; it does not hold up other requests.
    let bild = tokio::task::spawn_blocking(move || bild::svg(&bpmn, &marks)).await.unwrap_or_default();
    Ok(AblaufSeite {
        id: a.id.to_string(),
        titel: a.titel.clone(),
        name: a.name.clone(),
        version: a.version,
        stand,
        stand_art,
        gestartet: format::zeitpunkt(a.gestartet),
        beendet: a.beendet.map(format::zeitpunkt).unwrap_or_default(),
        breit: bild::breit(&bild),
        bildpfad: format!("/ablaeufe/{}?", a.id),
        ganz: druck || ctx.query("bild") == "ganz",
        bild,
        marken: a
            .marken
            .iter()
            .map(|m| MarkeSicht {
                schritt: m.schritt,
                name: if m.name.is_empty() { m.element.clone() } else { m.name.clone() },
                warum: warum(ctx, &m.warum),
                seit: format::zeitpunkt(m.seit),
                stoerung: m.stoerung,
            })
            .collect(),
        verlauf: sichten::verlauf(&a.verlauf, false),
        oben,
        aufgaben: a.aufgaben.iter().map(|t| format!("/aufgaben/{t}")).collect(),
        druck,
        betrieb: !druck && a.beendet.is_none() && ctx.ich.hat_rolle("Betrieb"),
        gestoert: a.marken.iter().any(|m| m.stoerung),
        schritte: schritte(&a.bpmn),
        r: ctx.rahmen(&format!("{} · Ablauf", a.titel), "", "ablauf").await?,
    })
}

pub async fn zeigen(ctx: Ctx, Path(wert): Path<String>) -> Seite {
    Ok(html(&laden(&ctx, &wert, false).await?))
}

/// The same for paper: no navigation even on the screen.
pub async fn druck(ctx: Ctx, Path(wert): Path<String>) -> Seite {
    Ok(html(&laden(&ctx, &wert, true).await?))
}
