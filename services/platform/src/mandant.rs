// SPDX-License-Identifier: EUPL-1.2
//! What kind of Mandant a database holds. The mark lies in the database itself (`platform_einstellung`), so that no
//! setting, folder name or flag can take the training world for the real one or the reverse.
//!
//! ```text
//! mandant_art   'uebung'   a training Mandant: may be broken and reset
//!               'echt'     set up by "eakte init"; without a mark: filled before, or by a demo
//! organisation  'eigene'   the city's own Ämter hold, from the tables; else the sample organisation
//! eingerichtet  instant of "eakte init", microseconds
//! abgleich      what the last "eakte reconcile" counted, JSON with `at` (microseconds)
//! sicherung     the last "eakte backup create", JSON with `at`, `blobs`, `stand`
//! ```

use nachrichten::Timestamp;
use serde_json::Value;

use crate::{
    args, audit,
    db::{Db, DbError, Tx},
    statements,
};

statements! {
    WERT = "SELECT wert FROM platform_einstellung WHERE name = $1";
    SETZEN = "INSERT INTO platform_einstellung (name, wert) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET wert = excluded.wert";
    PERSONEN = "SELECT count(*) FROM platform_person";
}

const ART: &str = "mandant_art";
const UEBUNG: &str = "uebung";
const ECHT: &str = "echt";
const EINGERICHTET: &str = "eingerichtet";
const ORGANISATION: &str = "organisation";
const EIGENE: &str = "eigene";

/// Why a database is not opened; the texts are for the person who starts the program.
#[derive(Debug, thiserror::Error)]
pub enum MandantFehler {
    #[error(
        "Das ist die Datenbank eines Übungsmandanten. Der echte Betrieb öffnet sie nicht. Zum Üben starten Sie „eakte serve --uebung“."
    )]
    IsTraining,
    #[error(
        "Das ist nicht die Datenbank eines Übungsmandanten. Zum Üben braucht es eine eigene, leere Datenbank; nennen Sie sie unter „uebung“ in der Konfiguration."
    )]
    IsNotTraining,
    #[error(transparent)]
    Db(#[from] DbError),
}

async fn value(db: &Db, name: &str) -> Result<Option<String>, DbError> {
    let row: Option<(String,)> = db.optional(&WERT, args![name]).await?;
    Ok(row.map(|(wert,)| wert))
}

/// Notes of commands that run at night, for operators.
pub const ABGLEICH: &str = "abgleich";
pub const SICHERUNG: &str = "sicherung";

/// Notes what a command did; the last one counts.
pub async fn vermerken(db: &Db, name: &str, wert: &Value) -> Result<(), DbError> {
    db.execute(&SETZEN, args![name, wert.to_string()]).await.map(drop)
}

/// What a command noted, and when.
pub async fn vermerk(db: &Db, name: &str) -> Result<Option<(Timestamp, Value)>, DbError> {
    let noted = value(db, name).await?.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    Ok(noted.and_then(|noted| Some((Timestamp(noted["at"].as_i64()?), noted))))
}

/// Whether this database is marked as a training Mandant.
pub async fn is_training(db: &Db) -> Result<bool, DbError> {
    Ok(value(db, ART).await?.as_deref() == Some(UEBUNG))
}

/// Lets the real program only into databases that are no training ones, and training only into its own; an empty
/// database that nobody set up gets the mark when `uebung` opens it first.
///
/// # Errors
/// [`MandantFehler`] says which of the two this database is.
pub async fn admit(db: &Db, uebung: bool) -> Result<(), MandantFehler> {
    let mark = value(db, ART).await?;
    match (mark.as_deref(), uebung) {
        (Some(UEBUNG), true) => Ok(()),
        (Some(UEBUNG), false) => Err(MandantFehler::IsTraining),
        (_, false) => Ok(()),
        (Some(_), true) => Err(MandantFehler::IsNotTraining),
        (None, true) => {
            let mut tx = db.begin().await?;
            let (persons,): (i64,) = tx.one(&PERSONEN, args![]).await?;
            if persons > 0 {
                return Err(MandantFehler::IsNotTraining);
            }
            tx.execute(&SETZEN, args![ART, UEBUNG]).await?;
            tx.commit().await?;
            Ok(())
        }
    }
}

/// When "eakte init" was done here; none: never.
pub async fn set_up_since(db: &Db) -> Result<Option<Timestamp>, DbError> {
    Ok(value(db, EINGERICHTET).await?.and_then(|wert| wert.parse().ok()).map(Timestamp))
}

/// Whether the city's own organisation holds, and not the sample one that comes with the program.
pub async fn has_own_organisation(db: &Db) -> Result<bool, DbError> {
    Ok(value(db, ORGANISATION).await?.as_deref() == Some(EIGENE))
}

/// Marks a database as the real one of a city, with its audit entry; from here on the sample organisation is gone.
pub async fn set_up(tx: &mut Tx, at: Timestamp, actor: &str) -> Result<(), DbError> {
    for (name, wert) in [(ART, ECHT), (ORGANISATION, EIGENE), (EINGERICHTET, at.0.to_string().as_str())] {
        tx.execute(&SETZEN, args![name, wert]).await?;
    }
    let entry = audit::Entry {
        chain: "organisation",
        at,
        actor,
        act: "eingerichtet",
        object: "organisation",
        data: serde_json::json!({}),
    };
    audit::append(tx, entry).await
}
