// SPDX-License-Identifier: EUPL-1.2
//! Example rows: they belong to a version of a table, a newer version starts with those of the one before.

use engine::tabelle::Pruefstand;
use nachrichten::{
    Actor, Timestamp, Werte,
    fassungen::{Beispiel, BeispielOrt, Geprobt, Probe, TabellenSeite, TabellenVersion, Tabellenbild},
    fehler::Fehler,
};
use serde_json::{Value, json};
use service_platform::{args, audit, db::Tx};

use super::{refused, sql};
use crate::{Inner, aufgaben::away};

/// Rows of one table, and characters of one row as JSON.
const ZEILEN_MAX: usize = 500;
const ZEILE_MAX: usize = 20_000;

/// A table with every row asked; parsing and asking take processor time, so beside the other requests.
pub(super) async fn pruefen(
    name: &str,
    xml: &str,
    beispiele: Vec<Beispiel>,
    now: Timestamp,
) -> Result<Result<(Tabellenbild, Vec<Geprobt>), String>, Fehler> {
    let (name, xml) = (name.to_owned(), xml.to_owned());
    let work = move || {
        let stand = Pruefstand::neu(&name, &xml)?;
        let asked = beispiele.iter().map(|b| stand.pruefen(b, now)).collect();
        Ok((stand.bild, asked))
    };
    tokio::task::spawn_blocking(work).await.map_err(away)
}

fn lesen(zeilen: &str) -> Result<Vec<Beispiel>, Fehler> {
    serde_json::from_str(zeilen).map_err(away)
}

impl Inner {
    /// The rows of a version: its own, else those of the last one before it that has some.
    pub(super) async fn beispiele_von(&self, name: &str, version: u32) -> Result<Vec<Beispiel>, Fehler> {
        let row: Option<(u32, String)> = self.db.optional(&sql::BEISPIELE, args![name, version]).await.map_err(away)?;
        row.map_or(Ok(Vec::new()), |(_, zeilen)| lesen(&zeilen))
    }

    pub(super) async fn tabelle_text(&self, name: &str, version: u32) -> Result<String, Fehler> {
        let row: Option<(u32, String)> = self.db.optional(&sql::TABELLE, args![name, version]).await.map_err(away)?;
        row.map(|(_, xml)| xml).ok_or_else(Fehler::not_found)
    }

    pub(super) async fn tabellen_liste(&self) -> Result<Vec<TabellenVersion>, Fehler> {
        let rows: Vec<(String, u32, Timestamp, bool)> =
            self.db.all(&sql::TABELLEN_LISTE, args![]).await.map_err(away)?;
        let list = rows.into_iter();
        Ok(list.map(|(name, version, seit, geliefert)| TabellenVersion { name, version, seit, geliefert }).collect())
    }

    pub(super) async fn tabellen_seite(&self, name: &str, version: u32) -> Result<TabellenSeite, Fehler> {
        let all: Vec<_> = self.tabellen_liste().await?.into_iter().filter(|t| t.name == name).collect();
        let alle = all.iter().map(|t| t.version).collect();
        let found = all.into_iter().find(|t| t.version == version).ok_or_else(Fehler::not_found)?;
        let (xml, rows) = (self.tabelle_text(name, version).await?, self.beispiele_von(name, version).await?);
        let (bild, beispiele) = pruefen(name, &xml, rows, self.now()).await?.map_err(|text| refused(&text))?;
        Ok(TabellenSeite { version: found, alle, bild, beispiele })
    }

    pub(super) async fn probieren(&self, ort: &BeispielOrt, eingabe: &Werte) -> Result<Probe, Fehler> {
        let (name, xml) = match ort {
            BeispielOrt::Version(name, version) => (name.clone(), self.tabelle_text(name, *version).await?),
            BeispielOrt::Vorschlag(id) => {
                let v = self.vorschlag_zeile(*id).await?;
                (v.name, self.vorschlag_text(*id).await?.0)
            }
        };
        let (eingabe, now) = (eingabe.clone(), self.now());
        let work = move || Pruefstand::neu(&name, &xml).map(|stand| stand.probieren(&eingabe, now));
        tokio::task::spawn_blocking(work).await.map_err(away)?.map_err(|text| refused(&text))
    }

    pub(super) async fn beispiele_setzen(
        &self,
        actor: &Actor,
        ort: &BeispielOrt,
        zeilen: Vec<Beispiel>,
        grund: &str,
    ) -> Result<(), Fehler> {
        self.operator(actor, grund).await?;
        if zeilen.len() > ZEILEN_MAX {
            return Err(refused("Eine Tabelle hat höchstens 500 Beispiele."));
        }
        if zeilen.iter().any(|z| json!([z.eingabe, z.erwartet]).to_string().len() > ZEILE_MAX) {
            return Err(refused("Ein Beispiel ist zu lang. Kürzen Sie es auf 20.000 Zeichen."));
        }
        let text = json!(zeilen).to_string();
        let mut tx = self.db.begin().await.map_err(away)?;
        let object = match ort {
            BeispielOrt::Version(name, version) => {
                let known: Option<(u32, String)> =
                    tx.optional(&sql::TABELLE, args![name, *version]).await.map_err(away)?;
                known.ok_or_else(Fehler::not_found)?;
                tx.execute(&sql::BEISPIELE_SETZEN, args![name, *version, &text]).await.map_err(away)?;
                format!("{name} {version}")
            }
            BeispielOrt::Vorschlag(id) => {
                let v = self.vorschlag_zeile(*id).await?;
                if v.person != actor.person {
                    return Err(refused("Die Beispiele eines Vorschlags ändert, wer ihn eingereicht hat."));
                }
                if tx.execute(&sql::VORSCHLAG_BEISPIELE, args![*id, &text]).await.map_err(away)? == 0 {
                    return Err(refused("Über diesen Vorschlag ist schon entschieden."));
                }
                format!("vorschlag:{id}")
            }
        };
        let entry = audit::Entry {
            chain: "geschaeftsgang",
            at: self.now(),
            actor: &audit::person(actor),
            act: "beispiele geändert",
            object: &object,
            data: json!({ "anzahl": zeilen.len(), "grund": grund }),
        };
        audit::append(&mut tx, entry).await.map_err(away)?;
        tx.commit().await.map_err(away)
    }

    /// The rows that come with the program, for a version that does too. Rows of the city stay.
    pub(crate) async fn beispiele_geliefert(&self, tx: &mut Tx, name: &str, zeilen: &str) -> Result<(), Fehler> {
        let all = self.tabellen_liste().await?;
        let Some(newest) = all.iter().rfind(|t| t.name == name).filter(|t| t.geliefert) else { return Ok(()) };
        let shipped: Vec<Value> = serde_json::from_str(zeilen).map_err(away)?;
        let mut rows: Vec<Beispiel> = Vec::new();
        for row in shipped {
            rows.push(serde_json::from_value(row).map_err(away)?);
        }
        let known: Option<(u32, String)> =
            tx.optional(&sql::BEISPIELE, args![name, newest.version]).await.map_err(away)?;
        match known {
            // Given already; the city may have changed them since.
            Some((version, _)) if version == newest.version => return Ok(()),
            Some((_, before)) => rows.extend(lesen(&before)?.into_iter().filter(|b| b.stadt)),
            None => {}
        }
        let text = json!(rows).to_string();
        tx.execute(&sql::BEISPIELE_SETZEN, args![name, newest.version, text]).await.map_err(away)?;
        Ok(())
    }
}
