// SPDX-License-Identifier: EUPL-1.2
//! The organisation of the city: Ämter, groups, bodies. Services read it at their start ([`own`]); "eakte init import"
//! writes it ([`pflege`]).
//!
//! Groups are not typed in: each office has the six of [`JE_AMT`], the city those of [`STADTWEIT`], and a file may add
//! more or give one of them another title.

pub mod pflege;

use std::collections::BTreeMap;

use crate::{
    args,
    db::{Db, DbError},
    mandant, statements,
};

statements! {
    AEMTER = "SELECT nummer, name FROM platform_amt WHERE aktiv = 1 ORDER BY nummer";
    GRUPPEN = "SELECT name, titel FROM platform_gruppe WHERE aktiv = 1 ORDER BY name";
    GREMIEN = "SELECT name, rang FROM platform_gremium WHERE aktiv = 1 ORDER BY name";
    LEITWEGE = "SELECT leitweg_id, amt, einheit FROM platform_leitweg WHERE aktiv = 1 ORDER BY leitweg_id";
}

/// Groups of every office, and what they do; the name is `Feststellung-66`.
pub const JE_AMT: &[(&str, &str)] = &[
    ("Sachbearbeitung", "Sachbearbeitung"),
    ("Sachgebiet", "Sachgebietsleitung"),
    ("Feststellung", "Sachliche und rechnerische Richtigkeit"),
    ("Anordnung", "Anordnungsbefugnis"),
    ("Amtsleitung", "Amtsleitung"),
    ("Mitzeichnung", "Mitzeichnung"),
];

/// Groups that the processes and tables name without an office.
pub const STADTWEIT: &[(&str, &str)] = &[
    ("Poststelle", "Poststelle"),
    ("Klaerung", "Klärung unlesbarer und unklarer Eingänge"),
    ("Vorsortierung", "Vorsortierung der Rechnungen"),
    ("Vertraulich", "Vertrauliche Post"),
    ("Dezernat", "Dezernat"),
    ("OB", "Büro der Oberbürgermeisterin oder des Oberbürgermeisters"),
    ("Personalrat", "Personalrat"),
    ("Gemeinderat", "Mitglieder des Gemeinderats"),
    ("Geschaeftsstelle", "Geschäftsstelle des Gemeinderats"),
    ("Stadtkasse", "Buchung und Zahlung, Stadtkasse"),
    ("Betrieb", "Betrieb der E-Akte"),
    ("Revision", "Revision"),
];

/// Roles a person may have; what each sees in the portal.
pub const ROLLEN: &[&str] = &[
    "Poststelle",
    "Sachbearbeitung",
    "Feststellung",
    "Anordnung",
    "Amtsleitung",
    "Dezernat",
    "OB",
    "Geschaeftsstelle",
    "Personalrat",
    "Gemeinderat",
    "Kasse",
    "Betrieb",
    "Revision",
];

/// An office: number and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amt {
    pub nummer: String,
    pub name: String,
}

/// Where invoices with this Leitweg-ID go; `einheit` may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leitweg {
    pub id: String,
    pub amt: String,
    pub einheit: String,
}

/// What services need to know of the city.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Organisation {
    pub aemter: Vec<Amt>,
    /// Name and title.
    pub gruppen: BTreeMap<String, String>,
    /// In their order.
    pub gremien: Vec<String>,
    pub leitwege: Vec<Leitweg>,
}

/// All groups of these offices: the fixed ones, and `eigene` of the city, which also rename.
pub fn gruppen(aemter: &[Amt], eigene: impl IntoIterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> =
        STADTWEIT.iter().map(|(name, titel)| ((*name).to_owned(), (*titel).to_owned())).collect();
    for amt in aemter {
        all.extend(
            JE_AMT.iter().map(|(art, titel)| (format!("{art}-{}", amt.nummer), format!("{titel}, {}", amt.name))),
        );
    }
    all.extend(eigene);
    all
}

/// The city's own organisation; none when the sample one holds.
pub async fn own(db: &Db) -> Result<Option<Organisation>, DbError> {
    if !mandant::has_own_organisation(db).await? {
        return Ok(None);
    }
    let aemter: Vec<(String, String)> = db.all(&AEMTER, args![]).await?;
    let aemter: Vec<Amt> = aemter.into_iter().map(|(nummer, name)| Amt { nummer, name }).collect();
    let eigene: Vec<(String, String)> = db.all(&GRUPPEN, args![]).await?;
    let mut gremien: Vec<(String, String)> = db.all(&GREMIEN, args![]).await?;
    gremien.sort_by_key(|(name, rang)| (rang.parse::<u32>().unwrap_or(u32::MAX), name.clone()));
    let leitwege: Vec<(String, String, String)> = db.all(&LEITWEGE, args![]).await?;
    Ok(Some(Organisation {
        gruppen: gruppen(&aemter, eigene),
        aemter,
        gremien: gremien.into_iter().map(|(name, _)| name).collect(),
        leitwege: leitwege.into_iter().map(|(id, amt, einheit)| Leitweg { id, amt, einheit }).collect(),
    }))
}
