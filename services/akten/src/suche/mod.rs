// SPDX-License-Identifier: EUPL-1.2
//! The trait `Suche`: full text with the rights in every query. Newest first, the same order on both databases.

pub mod anfrage;
mod ausschnitt;
pub mod index;
pub mod meinten;
mod teile;
pub mod worte;

use std::collections::BTreeMap;

use anfrage::Ausdruck;
use async_trait::async_trait;
use nachrichten::{
    Actor, DokumentId, Tag, Timestamp,
    dokumente::DokumentZeile,
    fehler::Fehler,
    suche::{Anfrage, Ergebnis, Facette, Suche, Treffer},
};
use serde_json::json;
use service_platform::{
    args,
    db::{Args, Db, DbError, Sql},
    from_row, sichtbar, statements,
};
use worte::Worte;

use crate::{
    Akten, AktenError,
    rechte::{meine, meine_nummern},
};

const HOECHSTENS: u32 = 100;

// $3 types, $4 offices (JSON lists), $5 and $6 first and last day as numbers, $7 and $8 range of file numbers, '' = all.
macro_rules! filter {
    ($arten:literal, $aemter:literal) => {
        concat!("($3 = '[]' OR x.fach IN (SELECT nr FROM akten_fach WHERE art IN (", $arten, "))) \
            AND ($4 = '[]' OR x.fach IN (SELECT nr FROM akten_fach WHERE amt IN (", $aemter, "))) AND x.tag >= $5 AND x.tag <= $6 \
            AND ($8 = '' OR x.nr IN (SELECT y.nr FROM akten_dokument d CROSS JOIN akten_suche y WHERE d.aktenzeichen >= $7 AND d.aktenzeichen < $8 AND y.dokument = d.id)) \
            AND (x.ort IN (SELECT nr FROM orte) OR x.nr IN (SELECT nr FROM einzeln))")
    };
}
macro_rules! zahlen {
    ($from:literal, $where:literal, $filter:expr) => {
        concat!(
            "WITH ",
            meine!(),
            ", ",
            meine_nummern!(),
            ", z(fach, n) AS (SELECT x.fach, count(*) FROM ",
            $from,
            " WHERE ",
            $where,
            $filter,
            " GROUP BY x.fach) SELECT f.art, f.amt, z.n FROM z JOIN akten_fach f ON f.nr = z.fach"
        )
    };
}
macro_rules! treffer {
    ($from:literal, $where:literal, $filter:expr, $order:literal) => {
        concat!(
            "WITH ",
            meine!(),
            ", ",
            meine_nummern!(),
            " SELECT d.id, d.titel, d.dokumentart, d.zugang, d.aktenzeichen, d.stand, t.text FROM ",
            $from,
            " CROSS JOIN akten_dokument d LEFT JOIN akten_text t ON t.dokument = d.id WHERE d.id = x.dokument AND ",
            $where,
            $filter,
            " AND ",
            sichtbar!("$1", "$2", "d.ort_objekt, d.akte_objekt, d.objekt"),
            " ORDER BY ",
            $order,
            " DESC LIMIT $9 OFFSET $10"
        )
    };
}
macro_rules! sqlite {
    () => {
        filter!("SELECT value FROM json_each($3)", "SELECT value FROM json_each($4)")
    };
}
macro_rules! postgres {
    () => {
        filter!("SELECT json_array_elements_text($3::json)", "SELECT json_array_elements_text($4::json)")
    };
}

statements! {
    ZAHLEN = zahlen!("akten_volltext v CROSS JOIN akten_suche x", "akten_volltext MATCH $9 AND x.nr = v.rowid AND ", sqlite!())
        => zahlen!("akten_volltext v CROSS JOIN akten_suche x", "v.tokens @@ $9::tsquery AND x.nr = v.nr AND ", postgres!());
    ZAHLEN_OHNE_WORTE = zahlen!("akten_suche x", "", sqlite!()) => zahlen!("akten_suche x", "", postgres!());
    // The order is the full-text index's own: the newest hits come out of it first, without sorting.
    TREFFER = treffer!("akten_volltext v CROSS JOIN akten_suche x", "akten_volltext MATCH $11 AND x.nr = v.rowid AND ", sqlite!(), "v.rowid")
        => treffer!("akten_volltext v CROSS JOIN akten_suche x", "v.tokens @@ $11::tsquery AND x.nr = v.nr AND ", postgres!(), "x.nr");
    TREFFER_OHNE_WORTE = treffer!("akten_suche x", "", sqlite!(), "x.nr") => treffer!("akten_suche x", "", postgres!(), "x.nr");
    EIGENE_WORTE = "SELECT titel FROM akten_einheit";
}

struct Row {
    id: DokumentId,
    titel: String,
    dokumentart: Option<String>,
    zugang: Tag,
    aktenzeichen: Option<String>,
    stand: String,
    text: Option<String>,
}
from_row!(Row { id, titel, dokumentart, zugang, aktenzeichen, stand, text });

/// The city's own terms join the parts of compounds.
pub async fn worte_of(db: &Db) -> Result<Worte, DbError> {
    let titel: Vec<(String,)> = db.all(&EIGENE_WORTE, args![]).await?;
    Ok(Worte::new(titel.iter().map(|(t,)| t.as_str())))
}

/// A day as the index holds it.
fn day(tag: Tag) -> i64 {
    let date = tag.0;
    i64::from(date.year()) * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day())
}

/// A query with the filters that stay the same while its words are tried in other spellings.
struct Gestellt<'a> {
    db: &'a Db,
    actor: &'a Actor,
    now: Timestamp,
    anfrage: &'a Anfrage,
}

impl Gestellt<'_> {
    fn args(&self, a: &Ausdruck) -> Args {
        let (from, to) = a.az.clone().unwrap_or_default();
        let q = self.anfrage;
        let (von, bis) = (q.von.map_or(0, day), q.bis.map_or(i64::MAX, day));
        args![self.actor.person, self.now, json!(q.dokumentart), json!(q.amt), von, bis, from, to]
    }

    fn match_text(&self, a: &Ausdruck) -> String {
        match self.db {
            Db::Sqlite { .. } => a.fts5(),
            Db::Postgres { .. } => a.tsquery(),
        }
    }

    /// Visible hits by document type and office.
    async fn zahlen(&self, a: &Ausdruck) -> Result<Vec<(String, String, u64)>, DbError> {
        let mut args = self.args(a);
        if a.is_empty() {
            return self.db.all(&ZAHLEN_OHNE_WORTE, args).await;
        }
        args.extend(args![self.match_text(a)]);
        self.db.all(&ZAHLEN, args).await
    }

    /// Visible hits, newest first; `seite` counts from 0.
    async fn rows(&self, a: &Ausdruck, limit: u32, seite: u32) -> Result<Vec<Row>, DbError> {
        let mut args = self.args(a);
        args.extend(args![limit, u64::from(seite) * u64::from(limit)]);
        let sql: &Sql = if a.is_empty() { &TREFFER_OHNE_WORTE } else { &TREFFER };
        if !a.is_empty() {
            args.extend(args![self.match_text(a)]);
        }
        self.db.all(sql, args).await
    }
}

fn facetten(counts: impl Iterator<Item = (String, u64)>) -> Vec<Facette> {
    let mut by_value: BTreeMap<String, u64> = BTreeMap::new();
    for (wert, n) in counts.filter(|(wert, _)| !wert.is_empty()) {
        *by_value.entry(wert).or_default() += n;
    }
    let mut facetten: Vec<Facette> = by_value.into_iter().map(|(wert, anzahl)| Facette { wert, anzahl }).collect();
    facetten.sort_by(|a, b| b.anzahl.cmp(&a.anzahl).then_with(|| a.wert.cmp(&b.wert)));
    facetten
}

impl Akten {
    async fn suchen(&self, actor: &Actor, anfrage: &Anfrage) -> Result<Ergebnis, AktenError> {
        let worte = self.worte().await?;
        let gestellt = Gestellt { db: &self.db, actor, now: self.clock.now(), anfrage };
        let ausdruck = Ausdruck::parse(&anfrage.text, worte);
        let zahlen = gestellt.zahlen(&ausdruck).await?;
        let gesamt: u64 = zahlen.iter().map(|(_, _, n)| n).sum();
        if gesamt == 0 {
            let meinten = meinten::suggest(&gestellt, &ausdruck, worte).await?;
            return Ok(Ergebnis { gesamt, treffer: Vec::new(), arten: Vec::new(), aemter: Vec::new(), meinten });
        }
        let limit = if anfrage.limit == 0 { 20 } else { anfrage.limit.min(HOECHSTENS) };
        let rows = gestellt.rows(&ausdruck, limit, anfrage.seite).await?;
        let treffer = rows
            .into_iter()
            .map(|r| {
                let (ausschnitt, seite) = ausschnitt::cut(r.text.as_deref().unwrap_or_default(), &ausdruck.mit, worte);
                let dokument = DokumentZeile {
                    id: r.id,
                    titel: r.titel,
                    dokumentart: r.dokumentart,
                    zugang: r.zugang,
                    aktenzeichen: r.aktenzeichen,
                    stand: r.stand,
                };
                Treffer { dokument, ausschnitt, seite }
            })
            .collect();
        let arten = facetten(zahlen.iter().map(|(art, _, n)| (art.clone(), *n)));
        let aemter = facetten(zahlen.into_iter().map(|(_, amt, n)| (amt, n)));
        Ok(Ergebnis { gesamt, treffer, arten, aemter, meinten: None })
    }
}

#[async_trait]
impl Suche for Akten {
    async fn suche(&self, actor: &Actor, anfrage: &Anfrage) -> Result<Ergebnis, Fehler> {
        Ok(self.suchen(actor, anfrage).await?)
    }
}
