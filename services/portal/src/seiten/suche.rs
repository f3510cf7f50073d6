// SPDX-License-Identifier: EUPL-1.2
//! Full-text search with facets; the address holds the whole query.

use askama::Template;
use nachrichten::suche::{Anfrage, Ergebnis, Facette};

use super::akten::{DokZeile, dok_zeile};
use crate::{
    format,
    rahmen::{Ctx, Rahmen, encode, html},
    schutz::Seite,
};

const JE_SEITE: u32 = 20;

#[derive(Template)]
#[template(path = "suche.html")]
struct SuchSeite {
    r: Rahmen,
    text: String,
    von: String,
    bis: String,
    gesucht: bool,
    worte: String,
    treffer: Vec<TrefferSicht>,
    arten: Vec<FacetteSicht>,
    aemter: Vec<FacetteSicht>,
    aktive: Vec<(String, String)>,
    meinten: Option<(String, String)>,
    fehler: String,
    vorige: String,
    naechste: String,
    seite: String,
}

struct TrefferSicht {
    d: DokZeile,
    ausschnitt: Vec<(String, bool)>,
    seite: Option<u32>,
}

struct FacetteSicht {
    wert: String,
    label: String,
    anzahl: u64,
    an: bool,
}

/// The address of a query.
fn adresse(text: &str, arten: &[String], aemter: &[String], von: &str, bis: &str, seite: u32) -> String {
    let mut out = format!("/suche?q={}", encode(text));
    arten.iter().for_each(|a| out.push_str(&format!("&art={}", encode(a))));
    aemter.iter().for_each(|a| out.push_str(&format!("&amt={}", encode(a))));
    for (name, value) in [("von", von), ("bis", bis)] {
        if !value.is_empty() {
            out.push_str(&format!("&{name}={}", encode(value)));
        }
    }
    if seite > 0 {
        out.push_str(&format!("&seite={seite}"));
    }
    out
}

pub async fn zeigen(ctx: Ctx) -> Seite {
    let text: String = ctx.query("q").trim().chars().take(500).collect();
    let (arten, aemter) = (ctx.query_all("art"), ctx.query_all("amt"));
    let (von, bis) = (ctx.query("von"), ctx.query("bis"));
    let seite: u32 = ctx.query("seite").parse().unwrap_or(0).min(500);
    let (von_tag, bis_tag) = (format::parse_tag(&von), format::parse_tag(&bis));
    let wrong = |typed: &str, tag: Option<_>| !typed.trim().is_empty() && tag.is_none();
    let fehler =
        if wrong(&von, von_tag) || wrong(&bis, bis_tag) { "Schreiben Sie das Datum so: 23.11.2026." } else { "" };
    let gesucht = !text.is_empty() || !arten.is_empty() || !aemter.is_empty() || von_tag.is_some() || bis_tag.is_some();
    let e = if gesucht {
        let anfrage = Anfrage {
            text: text.clone(),
            dokumentart: arten.clone(),
            amt: aemter.clone(),
            von: von_tag,
            bis: bis_tag,
            limit: JE_SEITE,
            seite,
        };
        ctx.app.suche.suche(&ctx.ich.actor, &anfrage).await?
    } else {
        Ergebnis { gesamt: 0, treffer: Vec::new(), arten: Vec::new(), aemter: Vec::new(), meinten: None }
    };
    let link = |arten: &[String], aemter: &[String], seite| adresse(&text, arten, aemter, &von, &bis, seite);
    let without = |list: &[String], out: &str| list.iter().filter(|x| *x != out).cloned().collect::<Vec<_>>();
    let options = &ctx.app.options;
    let mut aktive: Vec<_> =
        arten.iter().map(|a| (options.dokumentart_name(a), link(&without(&arten, a), &aemter, 0))).collect();
    aktive.extend(aemter.iter().map(|a| (options.amt_name(a), link(&arten, &without(&aemter, a), 0))));
    if !von.is_empty() || !bis.is_empty() {
        let words = match (von.is_empty(), bis.is_empty()) {
            (false, false) => format!("{von} bis {bis}"),
            (false, true) => format!("ab {von}"),
            _ => format!("bis {bis}"),
        };
        aktive.push((words, adresse(&text, &arten, &aemter, "", "", 0)));
    }
    let pages = e.gesamt.div_ceil(u64::from(JE_SEITE)).max(1);
    let facets = |list: &[Facette], on: &[String], name: &dyn Fn(&str) -> String| {
        list.iter()
            .map(|f| FacetteSicht {
                label: name(&f.wert),
                an: on.contains(&f.wert),
                wert: f.wert.clone(),
                anzahl: f.anzahl,
            })
            .collect::<Vec<_>>()
    };
    let page = SuchSeite {
        worte: match e.gesamt {
            1 => "1 Treffer".to_owned(),
            n => format!("{n} Treffer"),
        },
        treffer: e
            .treffer
            .iter()
            .map(|t| TrefferSicht { d: dok_zeile(&ctx, &t.dokument), ausschnitt: t.ausschnitt.clone(), seite: t.seite })
            .collect(),
        arten: facets(&e.arten, &arten, &|w| options.dokumentart_name(w)),
        aemter: facets(&e.aemter, &aemter, &|w| options.amt_name(w)),
        meinten: e.meinten.clone().map(|m| (adresse(&m, &arten, &aemter, &von, &bis, 0), m)),
        aktive,
        fehler: fehler.to_owned(),
        vorige: if seite > 0 { link(&arten, &aemter, seite - 1) } else { String::new() },
        naechste: if u64::from(seite) + 1 < pages { link(&arten, &aemter, seite + 1) } else { String::new() },
        seite: format!("Seite {} von {pages}", seite + 1),
        r: ctx
            .rahmen(&if text.is_empty() { "Suche".to_owned() } else { format!("{text} · Suche") }, "/suche", "suche")
            .await?,
        text,
        von,
        bis,
        gesucht,
    };
    Ok(html(&page))
}
