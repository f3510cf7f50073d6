// SPDX-License-Identifier: EUPL-1.2
//! The difference of two versions: a list in words, and a pair of pictures. The list is the full content.

use askama::Template;
use axum::extract::Path;
use nachrichten::{
    fassungen::{Aenderung, AenderungArt, Inhalt, Vergleich},
    fehler::Fehler,
};

use crate::{
    bild::{self, Hinweis, Zeichen},
    rahmen::{Ctx, Rahmen, html},
    schutz::Seite,
};

/// Lines shown open; the rest is folded.
const OFFEN: usize = 60;

/// What `teil_vergleich.html` shows.
pub struct VergleichSicht {
    pub nr: usize,
    pub titel: String,
    pub alt: String,
    pub neu: String,
    pub summe: String,
    pub zeilen: Vec<ZeileSicht>,
    pub weitere: Vec<ZeileSicht>,
    /// Elements that only moved in the picture.
    pub verschoben: Vec<String>,
    /// Empty when there is nothing to draw.
    pub bild_alt: String,
    pub bild_neu: String,
    /// "12 laufende Abläufe bleiben auf Fassung 3."
    pub bleibt: String,
}

pub struct ZeileSicht {
    pub wort: &'static str,
    pub zeichen: &'static str,
    pub art: &'static str,
    pub was: String,
    pub name: String,
    /// Fact, old and new value.
    pub angaben: Vec<(String, Option<String>, Option<String>)>,
    /// A changed line shows its facts at once, others fold them.
    pub offen: bool,
}

/// Sign, word, kind of the KERN badge and how it is drawn.
fn worte(art: AenderungArt) -> (&'static str, &'static str, &'static str, Zeichen) {
    match art {
        AenderungArt::Neu => ("+", "neu", "success", Zeichen::Neu),
        AenderungArt::Entfallen => ("−", "entfällt", "danger", Zeichen::Entfallen),
        AenderungArt::Geaendert | AenderungArt::NurBild => ("≠", "geändert", "info", Zeichen::Geaendert),
    }
}

fn zeile(a: &Aenderung) -> ZeileSicht {
    let (zeichen, wort, art, _) = worte(a.art);
    ZeileSicht {
        wort,
        zeichen,
        art,
        was: a.was.clone(),
        name: a.name.clone(),
        angaben: a.angaben.iter().map(|f| (f.was.clone(), f.alt.clone(), f.neu.clone())).collect(),
        offen: a.art == AenderungArt::Geaendert,
    }
}

/// Numbers in words: "2 neu, 1 entfällt, 3 geändert".
pub fn summe(list: &[Aenderung]) -> String {
    let count = |art| list.iter().filter(|a| a.art == art).count();
    let parts = [
        (count(AenderungArt::Neu), "neu"),
        (count(AenderungArt::Entfallen), "entfallen"),
        (count(AenderungArt::Geaendert), "geändert"),
        (count(AenderungArt::NurBild), "nur im Bild verschoben"),
    ];
    let said: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, w)| format!("{n} {w}")).collect();
    if said.is_empty() { "Kein Unterschied.".to_owned() } else { format!("{}.", said.join(", ")) }
}

fn hinweise(list: &[Aenderung], seite: AenderungArt) -> Vec<Hinweis> {
    let shown = list.iter().filter(|a| a.art == seite || a.art == AenderungArt::Geaendert);
    let hint = |a: &Aenderung| {
        let (sign, word, _, zeichen) = worte(a.art);
        Hinweis { element: a.element.clone(), zeichen, zeilen: vec![format!("{sign} {word}")] }
    };
    shown.map(hint).collect()
}

/// "12 laufende Abläufe bleiben auf Fassung 3."
pub fn bleibt(laufend: u64, fassung: u32) -> String {
    match laufend {
        0 => format!("Auf Fassung {fassung} läuft nichts."),
        1 => format!("1 laufender Ablauf bleibt auf Fassung {fassung}."),
        n => format!("{n} laufende Abläufe bleiben auf Fassung {fassung}."),
    }
}

/// Draws beside the other requests: two whole files are read.
pub async fn sicht(nr: usize, v: Vergleich, inhalt: Inhalt) -> VergleichSicht {
    let alt = format!("Fassung {}", v.von);
    let neu = v.nach.map_or_else(|| "neue Datei".to_owned(), |n| format!("Fassung {n}"));
    let name = if v.name.is_empty() { v.id.clone() } else { v.name.clone() };
    let mut all: Vec<ZeileSicht> = v.aenderungen.iter().filter(|a| a.art != AenderungArt::NurBild).map(zeile).collect();
    let weitere = all.split_off(all.len().min(OFFEN));
    let moved = v.aenderungen.iter().filter(|a| a.art == AenderungArt::NurBild);
    let label = |a: &Aenderung| if a.name.is_empty() { format!("{} {}", a.was, a.element) } else { a.name.clone() };
    let summe = summe(&v.aenderungen);
    let verschoben = moved.map(label).collect();
    let bleibt = if inhalt == Inhalt::Ablauf { bleibt(v.laufend, v.von) } else { String::new() };
    let pictures = {
        let (alt, neu, summe) = (alt.clone(), neu.clone(), summe.clone());
        move || {
            let draw = |xml: &str, side, who: &str| {
                let satz = format!("Bild des Ablaufs, {who}. {summe} Die Liste nennt alle Unterschiede.");
                bild::mit_hinweisen(xml, &hinweise(&v.aenderungen, side), &satz)
            };
            (draw(&v.alt, AenderungArt::Entfallen, &alt), draw(&v.neu, AenderungArt::Neu, &neu))
        }
    };
    let (bild_alt, bild_neu) = match inhalt {
        Inhalt::Ablauf => tokio::task::spawn_blocking(pictures).await.unwrap_or_default(),
        Inhalt::Tabelle => Default::default(),
    };
    VergleichSicht { nr, titel: name, alt, neu, summe, zeilen: all, weitere, verschoben, bild_alt, bild_neu, bleibt }
}

#[derive(Template)]
#[template(path = "vergleich.html")]
struct VergleichSeite {
    r: Rahmen,
    zurueck: String,
    v: VergleichSicht,
}

/// Both numbers of the address.
fn zwei(ctx: &Ctx) -> Result<(u32, u32), Fehler> {
    let number = |name: &str| ctx.query(name).parse::<u32>().map_err(|_| Fehler::not_found());
    Ok((number("von")?, number("nach")?))
}

async fn seite(ctx: &Ctx, v: Vergleich, inhalt: Inhalt, zurueck: String) -> Seite {
    let v = sicht(1, v, inhalt).await;
    let r = ctx.rahmen(&format!("{}: {} und {}", v.titel, v.alt, v.neu), "/betrieb", "betrieb").await?;
    Ok(html(&VergleichSeite { r, zurueck, v }))
}

/// `GET /betrieb/fassungen/{process}/vergleich?von=1&nach=2`
pub async fn ablauf(ctx: Ctx, Path(process): Path<String>) -> Seite {
    let (von, nach) = zwei(&ctx)?;
    let v = ctx.app.fassungen.unterschied(&ctx.ich.actor, &process, von, nach).await?;
    let zurueck = format!("/betrieb/fassungen/{}/{nach}", crate::rahmen::encode(&process));
    seite(&ctx, v, Inhalt::Ablauf, zurueck).await
}

/// `GET /betrieb/tabellen/{name}/vergleich?von=1&nach=2`
pub async fn tabelle(ctx: Ctx, Path(name): Path<String>) -> Seite {
    let (von, nach) = zwei(&ctx)?;
    let v = ctx.app.fassungen.tabellen_unterschied(&ctx.ich.actor, &name, von, nach).await?;
    let zurueck = format!("/betrieb/tabellen/{}/{nach}", crate::rahmen::encode(&name));
    seite(&ctx, v, Inhalt::Tabelle, zurueck).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_and_what_stays_are_sentences() {
        assert_eq!(summe(&[]), "Kein Unterschied.");
        let a = |art| Aenderung { art, element: "a".into(), name: String::new(), was: String::new(), angaben: vec![] };
        let list = [a(AenderungArt::Neu), a(AenderungArt::Neu), a(AenderungArt::NurBild)];
        assert_eq!(summe(&list), "2 neu, 1 nur im Bild verschoben.");
        assert_eq!(bleibt(12, 3), "12 laufende Abläufe bleiben auf Fassung 3.");
        assert_eq!(bleibt(1, 3), "1 laufender Ablauf bleibt auf Fassung 3.");
    }

    #[test]
    fn each_side_marks_what_it_shows() {
        let a = |art, id: &str| Aenderung {
            art,
            element: id.into(),
            name: String::new(),
            was: String::new(),
            angaben: vec![],
        };
        let list = [a(AenderungArt::Neu, "n"), a(AenderungArt::Entfallen, "e"), a(AenderungArt::Geaendert, "g")];
        let ids = |side| hinweise(&list, side).into_iter().map(|h| h.element).collect::<Vec<_>>();
        assert_eq!(
            (ids(AenderungArt::Entfallen), ids(AenderungArt::Neu)),
            (vec!["e".into(), "g".into()], vec!["n".to_owned(), "g".into()])
        );
    }
}
