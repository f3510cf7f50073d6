// SPDX-License-Identifier: EUPL-1.2
//! Lists of tasks, one per kind of work.

use askama::Template;
use axum::extract::Path;
use nachrichten::{
    Tag,
    aufgaben::{Aufgabe, AufgabenFilter, MahnArt},
    fehler::Fehler,
};

use super::{aufgabe, sichten::seit};
use crate::{
    arten::Art,
    format::{self, Frist},
    formular::als_text,
    rahmen::{Ctx, Rahmen, encode, html},
    schutz::Seite,
};

const SEITE: u32 = 50;

#[derive(Template)]
#[template(path = "aufgaben.html")]
struct ListenSeite {
    r: Rahmen,
    titel: &'static str,
    sichten: Vec<(String, &'static str, bool)>,
    zeilen: Vec<Zeile>,
    rechnung: bool,
    worte: String,
    erledigte: bool,
    weiter: String,
    leer: Leer,
    neu: bool,
}

struct Leer {
    text: String,
    href: String,
    knopf: &'static str,
}

struct Zeile {
    href: String,
    titel: String,
    schritt: String,
    zusatz: String,
    betrag: String,
    skonto: Option<Frist>,
    frist: Option<Frist>,
    befunde: String,
    wer: String,
    seit: String,
}

/// What the ladder did last: "erinnert", "eskaliert an Amtsleitung Tiefbauamt am 25.11.2026".
pub fn mahnung(ctx: &Ctx, a: &Aufgabe) -> Option<String> {
    let m = a.mahnung.as_ref()?;
    let am = m.am.tag().deutsch();
    Some(match (m.art, &m.gruppe) {
        (MahnArt::Eskalation, Some(gruppe)) => {
            let name = ctx.app.options.gruppe_name(gruppe).replace(", ", " ");
            format!("eskaliert an {name} am {am}")
        }
        _ => format!("erinnert am {am}"),
    })
}

fn zeile(ctx: &Ctx, a: &Aufgabe, art: Art) -> Zeile {
    let heute = ctx.heute();
    let get = |key: &str| a.daten.get(key).map(als_text).unwrap_or_default();
    let waehrung = Some(get("waehrung")).filter(|w| !w.is_empty());
    let date = |key: &str| get(key).parse::<Tag>().ok().map(|t| format::skonto(t, heute));
    let mut zusatz: Vec<String> = match art {
        Art::Rechnung => vec![get("lieferant")],
        Art::Klaerung => vec![get("grund")],
        _ => vec![
            get("absender"),
            Some(get("dokumentart")).map(|d| ctx.app.options.dokumentart_name(&d)).unwrap_or_default(),
        ],
    };
    zusatz.retain(|z| !z.is_empty() && !a.titel.contains(z.as_str()));
    zusatz.extend(mahnung(ctx, a));
    zusatz.extend(a.vertretung.as_ref().map(|name| format!("in Vertretung für {name}")));
    Zeile {
        href: format!("/aufgaben/{}", a.id),
        titel: a.titel.clone(),
        schritt: a.name.clone(),
        zusatz: zusatz.join(" · "),
        betrag: Some(get("betrag"))
            .filter(|b| !b.is_empty())
            .map(|b| format::betrag_text(&b, waehrung.as_deref()))
            .unwrap_or_default(),
        skonto: date("skonto_bis"),
        frist: a.faellig.map(|t| format::frist(t, heute)),
        befunde: match get("befunde").parse::<u32>() {
            Ok(0) => "in Ordnung".to_owned(),
            Ok(1) => "1 Hinweis".to_owned(),
            Ok(n) => format!("{n} Hinweise"),
            Err(_) => String::new(),
        },
        wer: a.bearbeiter_name.clone().unwrap_or_default(),
        seit: seit(a.erledigt.unwrap_or(a.seit)),
    }
}

/// `/aufgaben/{slug}` is a list, `/aufgaben/{id}` a task.
pub async fn zeigen(ctx: Ctx, Path(wert): Path<String>) -> Seite {
    match Art::von_slug(&wert) {
        Some(art) => liste(ctx, art).await,
        None => aufgabe::zeigen(ctx, wert).await,
    }
}

async fn liste(ctx: Ctx, art: Art) -> Seite {
    let zaehler = ctx.zaehler().await?;
    let sicht = ctx.query("sicht");
    let erledigte = sicht == "erledigt";
    let nach = Some(ctx.query("nach")).filter(|n| !n.is_empty());
    let filter = if erledigte { Some(art.erledigte(SEITE)) } else { art.offene(&zaehler, SEITE) };
    let filter = filter.map(|f| AufgabenFilter { nur_meine: sicht == "meine" || erledigte, nach, ..f });
    let found = match &filter {
        Some(f) => ctx.app.aufgaben.list(&ctx.ich.actor, f).await?,
        None => nachrichten::aufgaben::AufgabenListe { aufgaben: Vec::new(), weiter: None },
    };
    let mine = found.aufgaben.iter().filter(|a| art.meint(&a.process, &a.element));
    let zeilen: Vec<_> = mine.map(|a| zeile(&ctx, a, art)).collect();
    let link = |s: &str| if s.is_empty() { art.pfad().to_owned() } else { format!("{}?sicht={s}", art.pfad()) };
    let page = ListenSeite {
        titel: art.label(),
        sichten: vec![
            (link(""), if art == Art::Rechnung { "Zu prüfen" } else { "Offen" }, sicht.is_empty()),
            (link("meine"), "Von mir übernommen", sicht == "meine"),
            (link("erledigt"), "Erledigt", erledigte),
        ],
        rechnung: art == Art::Rechnung,
        worte: match zeilen.len() {
            1 => format!("1 {}", art.einzahl()),
            n => format!("{n} {}", art.mehrzahl()),
        },
        weiter: found.weiter.map(|w| format!("{}?sicht={sicht}&nach={}", art.pfad(), encode(&w))).unwrap_or_default(),
        leer: leer(&ctx, art, erledigte, &link("erledigt")).await?,
        neu: art == Art::Vorlage,
        zeilen,
        erledigte,
        r: ctx.rahmen_mit(art.label(), art.pfad(), art.hilfe(), &zaehler).await,
    };
    Ok(html(&page))
}

async fn leer(ctx: &Ctx, art: Art, erledigte: bool, done: &str) -> Result<Leer, Fehler> {
    if erledigte {
        return Ok(Leer {
            text: "Hier erscheint, was Sie erledigt haben.".into(),
            href: art.pfad().into(),
            knopf: "Offene ansehen",
        });
    }
    let text = match art {
        Art::Scan => "Alles geprüft. Neue Sendungen erscheinen hier von selbst.".into(),
        Art::Rechnung => {
            let next = AufgabenFilter { limit: 1, faellig_bis: Some(ctx.heute().plus_tage(60)), ..Default::default() };
            let next = ctx.app.aufgaben.list(&ctx.ich.actor, &next).await?.aufgaben.first().and_then(|a| a.faellig);
            match next {
                Some(tag) => format!("Keine Rechnung wartet auf Sie. Die nächste Frist ist am {}.", tag.deutsch()),
                None => "Keine Rechnung wartet auf Sie.".into(),
            }
        }
        Art::Vorlage => "Keine Vorlage wartet auf Ihre Zeichnung.".into(),
        Art::Umlauf => "Kein Umlauf wartet auf Ihre Zeichnung.".into(),
        Art::Klaerung => "Nichts ist zu klären.".into(),
        Art::Post => "Keine Post wartet auf Sie.".into(),
        Art::Weitere => "Keine weitere Aufgabe wartet auf Sie.".into(),
        Art::Wiedervorlage => "Heute wird Ihnen nichts wieder vorgelegt.".into(),
    };
    Ok(Leer { text, href: done.to_owned(), knopf: "Erledigte ansehen" })
}

/// Neighbours of a task in its list: previous, next, place and length.
pub async fn nachbarn(ctx: &Ctx, a: &Aufgabe) -> Result<(Option<String>, Option<String>, String), Fehler> {
    let art = Art::von(&a.process, &a.element);
    let zaehler = ctx.zaehler().await?;
    let Some(filter) = art.offene(&zaehler, 100) else { return Ok((None, None, String::new())) };
    let list = ctx.app.aufgaben.list(&ctx.ich.actor, &filter).await?.aufgaben;
    let Some(at) = list.iter().position(|x| x.id == a.id) else {
        return Ok((None, list.first().map(|x| format!("/aufgaben/{}", x.id)), String::new()));
    };
    let link = |i: usize| list.get(i).map(|x| format!("/aufgaben/{}", x.id));
    let of = zaehler.iter().filter(|z| art.meint(&z.process, &z.element)).map(|z| z.offen).sum::<u64>();
    Ok((at.checked_sub(1).and_then(link), link(at + 1), format!("{} von {}", at + 1, format::anzahl(of))))
}
