// SPDX-License-Identifier: EUPL-1.2
//! Setting up a city: questions of the wizard ([`fragen`]), the organisation from CSV files, and the table of
//! responsibilities that follows from it.
//!
//! # The files of an import
//!
//! `eakte init vorlagen DIR` writes each with its header, an explanation of every column and an example; the columns
//! stand in [`tabellen`]. A file that is not given leaves its rows as they are.
//!
//! | File | Key | Refers to |
//! |---|---|---|
//! | `gruppen.csv` | `name` | |
//! | `gremien.csv` | `name` | |
//! | `aemter.csv` | `nummer` | `uebergeordnet`: an office |
//! | `aktenplan.csv` | `kennzeichen` | `amt` |
//! | `stellen.csv` | `kennung` | `amt`, `uebergeordnet`: a Stelle, groups, roles |
//! | `personen.csv` | `kennung` | `amt`, `stelle`, groups, roles |
//! | `leitweg.csv` | `leitweg_id` | `amt`, `einheit` |
//!
//! UTF-8 or Windows-1252, `;` or `,`, at most 10 MB a file. First everything is read and checked, together with what the
//! database has; one finding, and nothing is written. Then everything is written in one transaction with its audit
//! entries. Reading again writes only differences. What is no longer in a file stays until it is closed on purpose;
//! nothing is ever deleted. Values that a spreadsheet would run as a formula are refused.
//!
//! A person is in the groups and roles of their Stelle and their own ones, in no other; those entered by hand
//! (`eakte account add`, the first administrator) are left alone until a file names them.

pub mod abgleich;
pub mod fragen;
pub mod konfiguration;
pub mod lesen;
pub mod pruefen;
pub mod tabellen;
mod zusammenhang;
pub mod zustaendigkeit;

use service_akten::{AktenError, plan};
use service_platform::{db::Db, organisation::Organisation};

/// Standing grants of the city's own organisation, made anew at every start: the program may have learned new ones.
pub async fn grant(db: &Db, own: &Organisation) -> Result<(), AktenError> {
    let aemter: Vec<&str> = own.aemter.iter().map(|a| a.nummer.as_str()).collect();
    let gruppen: Vec<&str> = own.gruppen.keys().map(String::as_str).collect();
    let mut tx = db.begin().await?;
    plan::set_grants(&mut tx, &aemter, &gruppen).await?;
    tx.commit().await?;
    Ok(())
}
