// SPDX-License-Identifier: EUPL-1.2
//! Reads and writes the organisation row by row, within the transaction of an import. Every row is a key, plain texts in
//! the order of its columns, and whether it holds; nothing is ever deleted.

use std::collections::HashMap;

use nachrichten::PersonId;
use uuid::Uuid;

use crate::{
    args,
    db::{DbError, Sql, Tx},
    from_row, statements, vertretung,
};

statements! {
    AEMTER = "SELECT nummer, name, uebergeordnet, '', '', '', '', '', aktiv FROM platform_amt ORDER BY nummer";
    GRUPPEN = "SELECT name, titel, '', '', '', '', '', '', aktiv FROM platform_gruppe ORDER BY name";
    GREMIEN = "SELECT name, rang, '', '', '', '', '', '', aktiv FROM platform_gremium ORDER BY name";
    STELLEN = "SELECT kennung, bezeichnung, amt, uebergeordnet, gruppen, rollen, '', '', aktiv FROM platform_stelle ORDER BY kennung";
    LEITWEGE = "SELECT leitweg_id, amt, einheit, bezeichnung, '', '', '', '', aktiv FROM platform_leitweg ORDER BY leitweg_id";
    PERSONEN = "SELECT kennung, name, amt, coalesce(stelle, ''), coalesce(verzeichnisname, ''), coalesce(mail, ''), gruppen_eigen, rollen_eigen, aktiv FROM platform_person WHERE eingelesen = 1 ORDER BY kennung";
    ANDERE_PERSONEN = "SELECT kennung, name, amt, coalesce(stelle, ''), coalesce(verzeichnisname, ''), coalesce(mail, ''), gruppen_eigen, rollen_eigen, aktiv FROM platform_person WHERE eingelesen = 0 ORDER BY kennung";
    AMT_SETZEN = "INSERT INTO platform_amt (nummer, name, uebergeordnet, aktiv) VALUES ($1, $2, $3, $4) ON CONFLICT (nummer) DO UPDATE SET name = excluded.name, uebergeordnet = excluded.uebergeordnet, aktiv = excluded.aktiv";
    GRUPPE_SETZEN = "INSERT INTO platform_gruppe (name, titel, aktiv) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET titel = excluded.titel, aktiv = excluded.aktiv";
    GREMIUM_SETZEN = "INSERT INTO platform_gremium (name, rang, aktiv) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET rang = excluded.rang, aktiv = excluded.aktiv";
    STELLE_SETZEN = "INSERT INTO platform_stelle (kennung, bezeichnung, amt, uebergeordnet, gruppen, rollen, aktiv) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (kennung) DO UPDATE SET bezeichnung = excluded.bezeichnung, amt = excluded.amt, uebergeordnet = excluded.uebergeordnet, gruppen = excluded.gruppen, rollen = excluded.rollen, aktiv = excluded.aktiv";
    LEITWEG_SETZEN = "INSERT INTO platform_leitweg (leitweg_id, amt, einheit, bezeichnung, aktiv) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (leitweg_id) DO UPDATE SET amt = excluded.amt, einheit = excluded.einheit, bezeichnung = excluded.bezeichnung, aktiv = excluded.aktiv";
    PERSON_ANLEGEN = "INSERT INTO platform_person (id, kennung, name, amt, aktiv) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (kennung) DO NOTHING";
    PERSON_SETZEN = "UPDATE platform_person SET name = $2, amt = $3, stelle = $4, verzeichnisname = $5, mail = $6, gruppen_eigen = $7, rollen_eigen = $8, aktiv = $9, eingelesen = 1 WHERE kennung = $1";
    VERZEICHNISNAME_WEG = "UPDATE platform_person SET verzeichnisname = NULL WHERE kennung = $1";
    SITZUNGEN_WEG = "DELETE FROM platform_sitzung WHERE person IN (SELECT id FROM platform_person WHERE kennung = $1)";
    IDS = "SELECT id, kennung FROM platform_person ORDER BY kennung";
    SUBJEKTE = "SELECT s.person, s.subjekt FROM platform_subjekt s JOIN platform_person p ON p.id = s.person AND p.eingelesen = 1 ORDER BY s.person, s.subjekt";
    SUBJEKT_DAZU = "INSERT INTO platform_subjekt (person, subjekt) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    SUBJEKT_WEG = "DELETE FROM platform_subjekt WHERE person = $1 AND subjekt = $2";
    BETRIEB = "SELECT count(*) FROM platform_subjekt s JOIN platform_person p ON p.id = s.person AND p.aktiv = 1 WHERE s.subjekt = 'rolle:Betrieb' AND p.kennung <> 'cli'";
}

/// What a row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Art {
    Amt,
    Gruppe,
    Gremium,
    Stelle,
    Leitweg,
    Person,
}

/// One row: its key, its other columns as text (an empty one says nothing), whether it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Satz {
    pub schluessel: String,
    pub werte: Vec<String>,
    pub aktiv: bool,
}

struct Zeile {
    schluessel: String,
    a: String,
    b: String,
    c: String,
    d: String,
    e: String,
    f: String,
    g: String,
    aktiv: bool,
}
from_row!(Zeile { schluessel, a, b, c, d, e, f, g, aktiv });

impl Art {
    /// How many columns a row has beside its key.
    pub fn spalten(self) -> usize {
        match self {
            Self::Gruppe | Self::Gremium => 1,
            Self::Amt => 2,
            Self::Leitweg => 3,
            Self::Stelle => 5,
            Self::Person => 7,
        }
    }

    fn lesen(self) -> Sql {
        match self {
            Self::Amt => AEMTER,
            Self::Gruppe => GRUPPEN,
            Self::Gremium => GREMIEN,
            Self::Stelle => STELLEN,
            Self::Leitweg => LEITWEGE,
            Self::Person => PERSONEN,
        }
    }

    /// The statement whose arguments are key, columns, `aktiv`; a person is more than one row.
    fn setzen(self) -> Option<Sql> {
        match self {
            Self::Amt => Some(AMT_SETZEN),
            Self::Gruppe => Some(GRUPPE_SETZEN),
            Self::Gremium => Some(GREMIUM_SETZEN),
            Self::Stelle => Some(STELLE_SETZEN),
            Self::Leitweg => Some(LEITWEG_SETZEN),
            Self::Person => None,
        }
    }
}

async fn all(tx: &mut Tx, sql: &Sql, spalten: usize) -> Result<Vec<Satz>, DbError> {
    let rows: Vec<Zeile> = tx.all(sql, args![]).await?;
    let satz = |z: Zeile| {
        let mut werte = vec![z.a, z.b, z.c, z.d, z.e, z.f, z.g];
        werte.truncate(spalten);
        Satz { schluessel: z.schluessel, werte, aktiv: z.aktiv }
    };
    Ok(rows.into_iter().map(satz).collect())
}

/// All rows of a kind, closed ones too; of persons those that an import keeps.
pub async fn read(tx: &mut Tx, art: Art) -> Result<Vec<Satz>, DbError> {
    all(tx, &art.lesen(), art.spalten()).await
}

/// Persons that no import keeps: entered by "eakte init", by "eakte account add", or technical.
pub async fn other_persons(tx: &mut Tx) -> Result<Vec<Satz>, DbError> {
    all(tx, &ANDERE_PERSONEN, Art::Person.spalten()).await
}

/// Writes one row; `id` is used for a person that is not there yet. A person who no longer holds is logged out.
pub async fn write(tx: &mut Tx, art: Art, satz: &Satz, id: Uuid) -> Result<(), DbError> {
    let (key, w) = (&satz.schluessel, &satz.werte);
    if let Some(sql) = art.setzen() {
        let mut values = args![key];
        values.extend(w.iter().flat_map(|v| args![v]));
        values.extend(args![satz.aktiv]);
        tx.execute(&sql, values).await?;
        return Ok(());
    }
    let text = |i: usize| w.get(i).cloned().unwrap_or_default();
    let filled = |i: usize| w.get(i).filter(|v| !v.is_empty()).cloned();
    tx.execute(&PERSON_ANLEGEN, args![id, key, text(0), text(1), satz.aktiv]).await?;
    let values = args![key, text(0), text(1), filled(2), filled(3), filled(4), text(5), text(6), satz.aktiv];
    tx.execute(&PERSON_SETZEN, values).await?;
    if !satz.aktiv {
        tx.execute(&SITZUNGEN_WEG, args![key]).await?;
    }
    Ok(())
}

/// Frees a directory name before another person of the same import takes it.
pub async fn free_directory_name(tx: &mut Tx, kennung: &str) -> Result<(), DbError> {
    tx.execute(&VERZEICHNISNAME_WEG, args![kennung]).await?;
    Ok(())
}

/// Everybody's id by their Kennung.
pub async fn person_ids(tx: &mut Tx) -> Result<HashMap<String, PersonId>, DbError> {
    let ids: Vec<(PersonId, String)> = tx.all(&IDS, args![]).await?;
    Ok(ids.into_iter().map(|(id, kennung)| (kennung, id)).collect())
}

/// Gives imported persons exactly these subjects (`gruppe:…`, `rolle:…`), beside the one of their own; returns the
/// `Kennung` of each whose subjects changed, with what came and what went.
pub async fn set_subjects(
    tx: &mut Tx,
    wanted: &[(String, Vec<String>)],
) -> Result<Vec<(PersonId, Vec<String>, Vec<String>)>, DbError> {
    let ids = person_ids(tx).await?;
    let rows: Vec<(PersonId, String)> = tx.all(&SUBJEKTE, args![]).await?;
    let mut has: HashMap<PersonId, Vec<String>> = HashMap::new();
    for (person, subjekt) in rows {
        has.entry(person).or_default().push(subjekt);
    }
    let mut changed = Vec::new();
    for (kennung, subjekte) in wanted {
        let Some(id) = ids.get(kennung) else { continue };
        let own = format!("person:{id}");
        let now = has.remove(id).unwrap_or_default();
        let come: Vec<String> = subjekte.iter().chain([&own]).filter(|s| !now.contains(s)).cloned().collect();
        let go: Vec<String> = now.iter().filter(|s| **s != own && !subjekte.contains(s)).cloned().collect();
        if come.is_empty() && go.is_empty() {
            continue;
        }
        for subjekt in &come {
            tx.execute(&SUBJEKT_DAZU, args![*id, subjekt]).await?;
        }
        for subjekt in &go {
            tx.execute(&SUBJEKT_WEG, args![*id, subjekt]).await?;
        }
        vertretung::rebuild(tx, *id).await?;
        changed.push((*id, come, go));
    }
    Ok(changed)
}

/// Persons with the role Betrieb who may log in.
pub async fn operators(tx: &mut Tx) -> Result<i64, DbError> {
    let (n,): (i64,) = tx.one(&BETRIEB, args![]).await?;
    Ok(n)
}
