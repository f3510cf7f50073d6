// SPDX-License-Identifier: EUPL-1.2
//! From rows to the database: what the files and the database say together is checked, compared and written in one
//! transaction.

use std::collections::{BTreeMap, BTreeSet};

use nachrichten::{BlobHash, Tag, Timestamp};
use serde_json::json;
use service_akten::{AktenError, plan};
use service_platform::{
    args, audit,
    db::{Db, DbError, Tx},
    organisation::{
        Leitweg,
        pflege::{self, Art, Satz},
    },
    statements,
    uhr::Ids,
};

use super::{
    lesen::{self, Datei, MAENGEL_MAX, Mangel, Zeile},
    pruefen,
    tabellen::{self, Feld, TABELLEN, Tabelle, Was},
    zusammenhang::{
        Bestand, PERSON, Stand, VERZEICHNISNAME, active, circles, hints, mangel, offices, persons, references, text,
    },
    zustaendigkeit,
};

statements! {
    ZUSTAENDIGKEIT = "INSERT INTO platform_einstellung (name, wert) VALUES ('zustaendigkeit', $1) ON CONFLICT (name) DO UPDATE SET wert = excluded.wert";
}

/// Columns of `personen.csv` behind the key.
const STELLE: usize = 2;
const EIGENE_GRUPPEN: usize = 5;
const EIGENE_ROLLEN: usize = 6;

/// How an import is done.
#[derive(Clone, Debug, Default)]
pub struct Weise {
    /// Only tell what would change.
    pub nur_pruefen: bool,
    /// Close what is no longer in the files that are given.
    pub fehlende_schliessen: bool,
    /// The city's own Leitweg-ID; others are told.
    pub leitweg: String,
}

/// What happened, or would happen, to the rows of one file; keys in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zahlen {
    pub datei: &'static str,
    pub neu: Vec<String>,
    /// With the columns that differ; none when it is there again.
    pub geaendert: Vec<(String, Vec<&'static str>)>,
    pub unveraendert: usize,
    /// In the database, no longer in the file, and left alone.
    pub fehlend: Vec<String>,
    pub geschlossen: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bericht {
    pub tabellen: Vec<Zahlen>,
    /// Persons whose groups or roles changed.
    pub rechte: usize,
    /// German sentences: nothing wrong, but to be known.
    pub hinweise: Vec<String>,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum Abbruch {
    /// Everything that is wrong, at most [`MAENGEL_MAX`].
    #[error("{} findings", .0.len())]
    Maengel(Vec<Mangel>),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Akten(#[from] AktenError),
}

/// Reads files into the organisation. `actor` stands in the audit trail.
///
/// # Errors
/// [`Abbruch::Maengel`] with every finding; nothing is written then.
pub async fn einlesen(
    db: &Db,
    (at, ids): (Timestamp, &dyn Ids),
    actor: &str,
    dateien: &[Datei],
    weise: &Weise,
) -> Result<Bericht, Abbruch> {
    let today = at.tag();
    let mut maengel = Vec::new();
    let neu = rows_of(dateien, today, &mut maengel);
    let mut tx = db.begin().await?;
    let (vorher, andere) = stored(&mut tx, today).await?;
    let mut nachher = vorher.clone();
    for (was, rows) in &neu {
        let all = nachher.entry(*was).or_default();
        if weise.fehlende_schliessen {
            for stand in all.values_mut().filter(|s| !rows.contains_key(&s.satz.schluessel)) {
                stand.satz.aktiv = false;
            }
        }
        all.extend(rows.clone());
    }
    references(&nachher, &mut maengel);
    circles(&nachher, &mut maengel);
    persons(&nachher, &andere, &neu, &mut maengel);
    refuse(&mut maengel)?;

    let mut vorher = vorher;
    vorher.entry(PERSON).or_default().extend(andere);
    let mut bericht = Bericht { hinweise: hints(&nachher, weise), ..Bericht::default() };
    for tabelle in TABELLEN.iter().filter(|t| neu.contains_key(&t.was)) {
        bericht.tabellen.push(compare(tabelle, &vorher, &nachher, &neu[&tabelle.was], weise));
    }
    write(&mut tx, (at, ids), actor, &vorher, &nachher, &bericht).await?;
    bericht.rechte = rights(&mut tx, at, actor, &nachher).await?;
    if pflege::operators(&mut tx).await? == 0 {
        let text = "Danach hätte niemand mehr die Rolle Betrieb. Geben Sie sie wenigstens einer Person.";
        maengel.push(Mangel {
            datei: "personen.csv".to_owned(),
            zeile: None,
            spalte: "rollen".to_owned(),
            text: text.to_owned(),
        });
        refuse(&mut maengel)?;
    }
    if weise.nur_pruefen {
        tx.rollback().await?;
        return Ok(bericht);
    }
    follow(&mut tx, &nachher).await?;
    let files: BTreeMap<&str, String> =
        dateien.iter().map(|d| (d.name.as_str(), BlobHash::of(&d.bytes).to_string())).collect();
    let counts: BTreeMap<&str, [usize; 4]> = bericht
        .tabellen
        .iter()
        .map(|z| (z.datei, [z.neu.len(), z.geaendert.len(), z.unveraendert, z.geschlossen.len()]))
        .collect();
    let data = json!({ "dateien": files, "neu_geaendert_unveraendert_geschlossen": counts });
    let entry = audit::Entry { chain: KETTE, at, actor, act: "organisation eingelesen", object: KETTE, data };
    audit::append(&mut tx, entry).await?;
    tx.commit().await?;
    Ok(bericht)
}

const KETTE: &str = "organisation";

fn refuse(maengel: &mut Vec<Mangel>) -> Result<(), Abbruch> {
    if maengel.is_empty() {
        return Ok(());
    }
    let order = |m: &Mangel| TABELLEN.iter().position(|t| t.datei == m.datei).unwrap_or(usize::MAX);
    maengel.sort_by_key(|m| (order(m), m.zeile));
    maengel.truncate(MAENGEL_MAX);
    Err(Abbruch::Maengel(std::mem::take(maengel)))
}

/// The rows of all files by key.
fn rows_of(dateien: &[Datei], today: Tag, maengel: &mut Vec<Mangel>) -> Bestand {
    let mut all = Bestand::new();
    for datei in dateien {
        let whole = |text: String| Mangel { datei: datei.name.clone(), zeile: None, spalte: String::new(), text };
        let Some(tabelle) = tabellen::von_datei(&datei.name) else {
            let known = TABELLEN.iter().map(|t| t.datei).collect::<Vec<_>>().join(", ");
            maengel.push(whole(format!("Diese Datei gehört nicht dazu. Dateien: {known}.")));
            continue;
        };
        if all.contains_key(&tabelle.was) {
            maengel.push(whole("Die Datei ist zweimal genannt.".to_owned()));
            continue;
        }
        let mut rows: BTreeMap<String, Stand> = BTreeMap::new();
        // Names of accounts differ by more than capitals.
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        for zeile in lesen::lesen(tabelle, &datei.bytes, maengel) {
            let nr = zeile.nr;
            let Some(satz) = satz(tabelle, zeile, today, maengel) else { continue };
            if let Some(first) = seen.insert(satz.schluessel.to_lowercase(), nr) {
                let text = format!("{} „{}“ steht schon in Zeile {first}.", tabelle.einzahl, satz.schluessel);
                maengel.push(mangel(tabelle, Some(nr), 0, text));
                continue;
            }
            rows.insert(satz.schluessel.clone(), Stand { satz, zeile: Some(nr) });
        }
        all.insert(tabelle.was, rows);
    }
    all
}

/// A row whose cells are as they must be.
fn satz(tabelle: &Tabelle, zeile: Zeile, today: Tag, maengel: &mut Vec<Mangel>) -> Option<Satz> {
    let mut werte = Vec::with_capacity(zeile.zellen.len());
    let before = maengel.len();
    for (i, (spalte, cell)) in tabelle.spalten.iter().zip(&zeile.zellen).enumerate() {
        let value = match (cell.as_str(), spalte.feld) {
            ("", Feld::Aussonderung) => Ok("B".to_owned()),
            ("", _) => Ok(String::new()),
            (text, feld) => pruefen::feld(feld, text),
        };
        match value {
            Ok(value) => werte.push(value),
            Err(text) => maengel.push(mangel(tabelle, Some(zeile.nr), i, text)),
        }
    }
    if maengel.len() > before {
        return None;
    }
    let schluessel = werte.remove(0);
    let aktiv = tabelle.was != Was::Einheit || werte.last().is_some_and(|bis| plan::is_open(bis, today));
    Some(Satz { schluessel, werte, aktiv })
}

/// What the database has, and the persons in it that no import keeps.
async fn stored(tx: &mut Tx, today: Tag) -> Result<(Bestand, BTreeMap<String, Stand>), Abbruch> {
    let by_key = |rows: Vec<Satz>| -> BTreeMap<String, Stand> {
        rows.into_iter().map(|satz| (satz.schluessel.clone(), Stand { satz, zeile: None })).collect()
    };
    let mut all = Bestand::new();
    for tabelle in TABELLEN {
        let rows = match tabelle.was {
            Was::Organisation(art) => pflege::read(tx, art).await?,
            Was::Einheit => plan::read(tx, today).await?,
        };
        all.insert(tabelle.was, by_key(rows));
    }
    Ok((all, by_key(pflege::other_persons(tx).await?)))
}

fn compare(
    tabelle: &Tabelle,
    vorher: &Bestand,
    nachher: &Bestand,
    rows: &BTreeMap<String, Stand>,
    weise: &Weise,
) -> Zahlen {
    let mut z = Zahlen { datei: tabelle.datei, ..Zahlen::default() };
    let before = &vorher[&tabelle.was];
    for (key, stand) in rows {
        match before.get(key) {
            None => z.neu.push(key.clone()),
            Some(old) if old.satz == stand.satz => z.unveraendert += 1,
            Some(old) => {
                let changed = old.satz.werte.iter().zip(&stand.satz.werte).enumerate().filter(|(_, (a, b))| a != b);
                z.geaendert.push((key.clone(), changed.map(|(i, _)| tabelle.spalte(i + 1)).collect()));
            }
        }
    }
    // Of persons only those that an import keeps; what was closed before is no news.
    for (key, stand) in nachher[&tabelle.was].iter().filter(|(key, _)| !rows.contains_key(*key)) {
        match before.get(key).is_some_and(|old| old.satz.aktiv) {
            true if weise.fehlende_schliessen && !stand.satz.aktiv => z.geschlossen.push(key.clone()),
            true => z.fehlend.push(key.clone()),
            false => {}
        }
    }
    z
}

/// Writes what differs, in the order of the tables.
async fn write(
    tx: &mut Tx,
    (at, ids): (Timestamp, &dyn Ids),
    actor: &str,
    vorher: &Bestand,
    nachher: &Bestand,
    bericht: &Bericht,
) -> Result<(), Abbruch> {
    let today = at.tag();
    for z in &bericht.tabellen {
        let Some(tabelle) = tabellen::von_datei(z.datei) else { continue };
        let touched: Vec<&String> =
            z.neu.iter().chain(z.geaendert.iter().map(|(k, _)| k)).chain(&z.geschlossen).collect();
        if tabelle.was == PERSON {
            for key in &touched {
                let name = |b: &Bestand| b[&PERSON].get(*key).and_then(|s| s.satz.werte.get(VERZEICHNISNAME).cloned());
                if name(vorher).is_some_and(|old| !old.is_empty() && Some(old) != name(nachher)) {
                    pflege::free_directory_name(tx, key).await?;
                }
            }
        }
        for key in &touched {
            let satz = &nachher[&tabelle.was][*key].satz;
            match tabelle.was {
                Was::Organisation(art) => pflege::write(tx, art, satz, ids.uuid()).await?,
                Was::Einheit => plan::write(tx, satz, today).await?,
            }
        }
        let persons = if tabelle.was == PERSON { pflege::person_ids(tx).await? } else { Default::default() };
        for key in touched {
            let satz = &nachher[&tabelle.was][key].satz;
            let changed = z.geaendert.iter().find(|(k, _)| k == key).map(|(_, columns)| columns);
            let act = match (changed, satz.aktiv) {
                _ if z.geschlossen.contains(key) => "geschlossen",
                (Some(_), _) => "geändert eingelesen",
                (None, _) => "neu eingelesen",
            };
            // Of a person the trail knows the id, never what is personal.
            let (chain, data) = match persons.get(key) {
                Some(id) => (format!("person:{id}"), json!({ "spalten": changed })),
                None => (KETTE.to_owned(), json!({ "spalten": changed, "werte": satz.werte })),
            };
            let object = if tabelle.was == PERSON {
                chain.clone()
            } else {
                format!("{}:{key}", tabelle.datei.trim_end_matches(".csv"))
            };
            audit::append(tx, audit::Entry { chain: &chain, at, actor, act, object: &object, data }).await?;
        }
    }
    Ok(())
}

/// Gives every imported person exactly the groups and roles of their Stelle and their own; returns of how many they changed.
async fn rights(tx: &mut Tx, at: Timestamp, actor: &str, all: &Bestand) -> Result<usize, Abbruch> {
    let mut wanted = Vec::new();
    for stand in all[&PERSON].values() {
        let text = |i: usize| stand.satz.werte.get(i).map_or("", String::as_str);
        let (mut groups, mut roles) = (pruefen::list(text(EIGENE_GRUPPEN)), pruefen::list(text(EIGENE_ROLLEN)));
        if let Some(stelle) = all[&Was::Organisation(Art::Stelle)].get(text(STELLE)).filter(|s| s.satz.aktiv) {
            groups.extend(pruefen::list(stelle.satz.werte.get(3).map_or("", String::as_str)));
            roles.extend(pruefen::list(stelle.satz.werte.get(4).map_or("", String::as_str)));
        }
        let subjects: BTreeSet<String> = groups
            .into_iter()
            .map(|g| format!("gruppe:{g}"))
            .chain(roles.into_iter().map(|r| format!("rolle:{r}")))
            .filter(|_| stand.satz.aktiv)
            .collect();
        wanted.push((stand.satz.schluessel.clone(), subjects.into_iter().collect()));
    }
    let changed = pflege::set_subjects(tx, &wanted).await?;
    for (id, come, go) in &changed {
        let chain = format!("person:{id}");
        let come: Vec<&String> = come.iter().filter(|s| **s != chain).collect();
        let data = json!({ "dazu": come, "weg": go });
        let entry = audit::Entry { chain: &chain, at, actor, act: "rechte eingelesen", object: &chain, data };
        audit::append(tx, entry).await?;
    }
    Ok(changed.len())
}

/// What follows from the organisation: standing grants and the table of responsibilities.
async fn follow(tx: &mut Tx, all: &Bestand) -> Result<(), Abbruch> {
    let aemter = offices(all);
    let eigene = active(all, Was::Organisation(Art::Gruppe)).map(|(name, w)| (name.to_owned(), text(w, 0)));
    let gruppen = service_platform::organisation::gruppen(&aemter, eigene);
    let numbers: Vec<&str> = aemter.iter().map(|a| a.nummer.as_str()).collect();
    plan::set_grants(tx, &numbers, &gruppen.keys().map(String::as_str).collect::<Vec<_>>()).await?;
    let einheiten: Vec<zustaendigkeit::Einheit> = active(all, Was::Einheit)
        .map(|(k, w)| zustaendigkeit::Einheit { kennzeichen: k.to_owned(), titel: text(w, 0), amt: text(w, 1) })
        .collect();
    let leitwege: Vec<Leitweg> = active(all, Was::Organisation(Art::Leitweg))
        .map(|(id, w)| Leitweg { id: id.to_owned(), amt: text(w, 0), einheit: text(w, 1) })
        .collect();
    tx.execute(&ZUSTAENDIGKEIT, args![zustaendigkeit::dmn(&aemter, &einheiten, &leitwege)]).await?;
    Ok(())
}
