// SPDX-License-Identifier: EUPL-1.2
//! Rights in one place: grants in `platform_recht`, one SQL predicate made by `sichtbar!` and used by every query.
//!
//! A person has subjects (`person:<id>`, `gruppe:<name>`, `rolle:<name>`), own ones and, for a time, those of whom they
//! stand in for (`platform_wirksam`, see [`crate::vertretung`]); a grant gives a subject a right on an
//! object (`mandant`, `korb:<name>`, `einheit:<kennzeichen>`, `akte:<id>`, `dokument:<id>`, `ablauf:<id>`) for a time.
//! While a task is open, its candidates may see its document; the grant's source is the task and goes with it.

use nachrichten::{PersonId, Timestamp};

use crate::{
    args,
    db::{Db, DbError, Tx},
    statements, viele,
};

/// A grant without end.
pub const OHNE_ENDE: Timestamp = Timestamp(i64::MAX);

/// What a grant allows; each includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recht {
    Sehen = 1,
    Bearbeiten = 2,
    Zeichnen = 3,
    Verwalten = 4,
}

/// SQL text: may person `$person` see, at `$now`, the row whose object columns are named?
///
/// `sichtbar!("$1", "$2", "d.korb_objekt, d.akte_objekt, d.objekt")`; `mandant` is always one of the objects.
#[macro_export]
macro_rules! sichtbar {
    ($person:literal, $now:literal, $objekte:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM platform_recht r JOIN platform_wirksam s ON s.subjekt = r.subjekt WHERE s.person = ",
            $person,
            " AND r.objekt IN ('mandant', ",
            $objekte,
            ") AND ",
            $crate::gilt!($now),
            ")"
        )
    };
}

/// SQL text: grant `r` and subject `s` both hold at `$now`. A substitution for one process reaches only what a task of
/// that process makes visible.
#[macro_export]
macro_rules! gilt {
    ($now:literal) => {
        concat!(
            "r.von <= ",
            $now,
            " AND r.bis > ",
            $now,
            " AND s.von <= ",
            $now,
            " AND s.bis > ",
            $now,
            " AND (s.process = '*' OR substr(r.quelle, 1, length(s.process) + 9) = 'aufgabe:' || s.process || ':')"
        )
    };
}

statements! {
    HAS = concat!("SELECT count(*) FROM platform_recht r JOIN platform_wirksam s ON s.subjekt = r.subjekt \
           WHERE s.person = $1 AND r.objekt IN ('mandant', $2) AND r.recht >= $3 AND ", gilt!("$4"));
    FORGET = "DELETE FROM platform_recht WHERE quelle IN (SELECT r.quelle FROM platform_recht r WHERE r.objekt = $1 AND r.quelle LIKE 'gezeichnet:%')";
    IN_SUBJEKT = "SELECT count(*) FROM platform_subjekt WHERE person = $1 AND subjekt = $2";
}

viele! {
    GRANT: platform_recht (quelle text, subjekt text, objekt text, recht int, von int, bis int) = "ON CONFLICT DO NOTHING";
    REVOKE: platform_recht (quelle text) = "DELETE FROM platform_recht WHERE quelle IN (SELECT r.quelle FROM " + rows + ")";
}

/// Gives `subjekt` a right on `objekt`; `quelle` says why and is the handle to take it back.
pub async fn grant(
    tx: &mut Tx,
    subjekt: &str,
    objekt: &str,
    recht: Recht,
    von: Timestamp,
    quelle: &str,
) -> Result<(), DbError> {
    tx.later(&GRANT, args![quelle, subjekt, objekt, recht as i64, von, OHNE_ENDE]).await
}

/// Takes back all grants of one source.
pub async fn revoke(tx: &mut Tx, quelle: &str) -> Result<(), DbError> {
    tx.later(&REVOKE, args![quelle]).await
}

/// Takes back what signatures left behind on `objekt` and on the process it was signed in: who had a task may look at it
/// later, but not at what became confidential since.
pub async fn forget_signers(tx: &mut Tx, objekt: &str) -> Result<(), DbError> {
    tx.execute(&FORGET, args![objekt]).await?;
    Ok(())
}

/// Has this person at least `recht` on `objekt` (or on the whole Mandant)?
pub async fn has(db: &Db, person: PersonId, objekt: &str, recht: Recht, now: Timestamp) -> Result<bool, DbError> {
    let (n,): (i64,) = db.one(&HAS, args![person, objekt, recht as i64, now]).await?;
    Ok(n > 0)
}

/// Is this person in the role or group, e.g. `rolle:betrieb`, `gruppe:Poststelle`?
pub async fn is(db: &Db, person: PersonId, subjekt: &str) -> Result<bool, DbError> {
    let (n,): (i64,) = db.one(&IN_SUBJEKT, args![person, subjekt]).await?;
    Ok(n > 0)
}
