// SPDX-License-Identifier: EUPL-1.2
//! Persons, local logins (argon2id), sessions and API tokens. One person is one identity, whatever the way in.
//!
//! Tokens are 256 random bits, given out once, stored as SHA-256. Sessions end after 30 minutes of rest or 10 hours.
//! Ten wrong passwords lock an account for 15 minutes; the answer never says whether the name exists.

use std::sync::Arc;

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use nachrichten::{Actor, BlobHash, PersonId, Timestamp, fehler::Fehler};

use crate::{
    args, audit,
    db::{Db, DbError, Tx},
    from_row, statements,
    uhr::{Clock, Ids},
    vertretung,
};

const RUHE_SEKUNDEN: i64 = 30 * 60;
const HOECHSTENS_SEKUNDEN: i64 = 10 * 3600;
const FEHLVERSUCHE: i64 = 10;
const SPERRE_SEKUNDEN: i64 = 15 * 60;

statements! {
    PERSON_INSERT = "INSERT INTO platform_person (id, kennung, name, amt, passwort, aktiv) VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT (kennung) DO NOTHING";
    PERSON_OF_KENNUNG = "SELECT id, name, passwort, aktiv, fehlversuche, gesperrt_bis FROM platform_person WHERE kennung = $1";
    ACTOR = "SELECT id, name FROM platform_person WHERE kennung = $1";
    PASSWORT_SETZEN = "UPDATE platform_person SET passwort = $2, fehlversuche = 0, gesperrt_bis = 0 WHERE id = $1";
    SITZUNGEN_ENDE = "DELETE FROM platform_sitzung WHERE person = $1 AND art = 'sitzung'";
    PERSON_NAME = "SELECT name FROM platform_person WHERE id = $1";
    MAIL_SETZEN = "UPDATE platform_person SET mail = $2 WHERE id = $1";
    EINSTELLUNGEN = "SELECT mail, tageshinweise FROM platform_person WHERE id = $1";
    TAGESHINWEISE = "UPDATE platform_person SET tageshinweise = $2 WHERE id = $1 AND tageshinweise <> $2";
    SUBJEKT_INSERT = "INSERT INTO platform_subjekt (person, subjekt) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    SUBJEKTE = "SELECT DISTINCT subjekt FROM platform_subjekt WHERE person = $1 ORDER BY subjekt";
    FEHLVERSUCH = "UPDATE platform_person SET fehlversuche = fehlversuche + 1, gesperrt_bis = CASE WHEN fehlversuche + 1 >= $2 THEN $3 ELSE gesperrt_bis END WHERE id = $1";
    ERFOLG = "UPDATE platform_person SET fehlversuche = 0, gesperrt_bis = 0 WHERE id = $1";
    SITZUNG_INSERT = "INSERT INTO platform_sitzung (token, person, csrf, art, angelegt, gesehen, ablauf, aussteller, sid) VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8)";
    SITZUNG = "SELECT z.person, p.name, p.kennung, p.amt, z.csrf, z.art, z.gesehen, z.ablauf, z.aussteller FROM platform_sitzung z JOIN platform_person p ON p.id = z.person AND p.aktiv = 1 WHERE z.token = $1";
    SITZUNG_GESEHEN = "UPDATE platform_sitzung SET gesehen = $1 WHERE token = $2";
    SITZUNG_ENDE = "DELETE FROM platform_sitzung WHERE token = $1";
    SITZUNGEN_ALT = "DELETE FROM platform_sitzung WHERE ablauf < $1";
    DEMO_PERSONEN = "SELECT kennung, name, amt, id FROM platform_person WHERE aktiv = 1 AND kennung <> 'cli' ORDER BY kennung";
    PERSONEN_ANZAHL = "SELECT count(*) FROM platform_person";
}

/// Who is logged in, with everything a page wants to know about them.
#[derive(Clone, Debug, PartialEq)]
pub struct Angemeldet {
    pub actor: Actor,
    pub kennung: String,
    pub amt: String,
    /// Role names, e.g. `Poststelle`, `Betrieb`.
    pub rollen: Vec<String>,
    pub gruppen: Vec<String>,
    /// Secret of this session that every form carries.
    pub csrf: String,
    /// Came in by the city's directory ([`crate::verzeichnis`]).
    pub verzeichnis: bool,
}

impl Angemeldet {
    pub fn hat_rolle(&self, rolle: &str) -> bool {
        self.rollen.iter().any(|r| r == rolle)
    }
    pub fn in_gruppe(&self, gruppe: &str) -> bool {
        self.gruppen.iter().any(|g| g == gruppe)
    }
}

/// A person to enter; groups and roles by their plain names.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct NeuePerson {
    pub kennung: String,
    pub name: String,
    #[serde(default)]
    pub amt: String,
    #[serde(default)]
    pub rollen: Vec<String>,
    #[serde(default)]
    pub gruppen: Vec<String>,
}

/// What a person may look at and change about themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct Einstellungen {
    /// Where notices go; entered by the Betrieb.
    pub mail: Option<String>,
    /// The mail in the morning is wanted; the ones for Skonto and legal terms always come.
    pub tageshinweise: bool,
}
from_row!(Einstellungen { mail, tageshinweise });

/// Longest address of a mailbox (RFC 5321 § 4.5.3.1.3).
const MAIL_MAX: usize = 254;

/// Whether this is a plain `name@host` in ASCII: what a header can carry without quoting.
pub fn is_mail(text: &str) -> bool {
    let plain = |part: &str, more: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.ends_with('.')
            && !part.contains("..")
            && part.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    let parts = text.split_once('@');
    text.len() <= MAIL_MAX && parts.is_some_and(|(name, host)| plain(name, ".!#$%&'*+-/=?^_`{|}~") && plain(host, ".-"))
}

/// A demo login: one button per person.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoLogin {
    pub kennung: String,
    pub name: String,
    pub amt: String,
    pub rollen: Vec<String>,
}

#[derive(Clone)]
pub struct Konten {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
}

struct PersonRow {
    id: PersonId,
    name: String,
    passwort: Option<String>,
    aktiv: bool,
    fehlversuche: i64,
    gesperrt_bis: Timestamp,
}
from_row!(PersonRow { id, name, passwort, aktiv, fehlversuche, gesperrt_bis });

struct SitzungRow {
    person: PersonId,
    name: String,
    kennung: String,
    amt: String,
    csrf: String,
    art: String,
    gesehen: Timestamp,
    ablauf: Timestamp,
    aussteller: Option<String>,
}
from_row!(SitzungRow { person, name, kennung, amt, csrf, art, gesehen, ablauf, aussteller });

/// The way into a session.
pub(crate) struct Weg<'a> {
    /// `sitzung` or `token`.
    pub art: &'a str,
    pub seconds: i64,
    /// The provider, and what it calls its own session.
    pub aussteller: Option<&'a str>,
    pub sid: Option<&'a str>,
}

impl<'a> Weg<'a> {
    const SITZUNG: Weg<'static> = Weg { art: "sitzung", seconds: HOECHSTENS_SEKUNDEN, aussteller: None, sid: None };

    pub(crate) fn verzeichnis(aussteller: &'a str, sid: Option<&'a str>) -> Self {
        Self { aussteller: Some(aussteller), sid, ..Self::SITZUNG }
    }
}

pub(crate) fn defect(e: impl std::fmt::Display) -> Fehler {
    Fehler::new(
        "E9001",
        503,
        "Die Anmeldung ist gerade nicht möglich. Versuchen Sie es in einer Minute erneut.",
        e.to_string(),
    )
}

fn wrong() -> Fehler {
    Fehler::new("E7001", 401, "Kennung oder Passwort stimmen nicht.", "wrong login")
}

/// 256 random bits as URL-safe text.
fn secret() -> Result<String, Fehler> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(defect)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

pub(crate) fn hashed(token: &str) -> String {
    BlobHash::of(token.as_bytes()).to_string()
}

impl Konten {
    pub fn new(db: Db, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self { db, clock, ids }
    }

    /// Enters a person; an existing one of that name stays as it is, but gets the groups and roles.
    pub async fn enter(&self, p: &NeuePerson, passwort: Option<&str>) -> Result<PersonId, Fehler> {
        let hash = match passwort {
            Some(p) => Some(hash_password(p.to_owned()).await?),
            None => None,
        };
        let mut tx = self.db.begin().await.map_err(defect)?;
        let id = PersonId(self.ids.uuid());
        let new = tx.execute(&PERSON_INSERT, args![id, &p.kennung, &p.name, &p.amt, hash]).await.map_err(defect)?;
        let row: PersonRow = tx.one(&PERSON_OF_KENNUNG, args![&p.kennung]).await.map_err(defect)?;
        let groups = p.gruppen.iter().map(|g| format!("gruppe:{g}"));
        let roles = p.rollen.iter().map(|r| format!("rolle:{r}"));
        let mut given = Vec::new();
        for subjekt in groups.chain(roles).chain([format!("person:{}", row.id)]) {
            if tx.execute(&SUBJEKT_INSERT, args![row.id, &subjekt]).await.map_err(defect)? > 0 {
                given.push(subjekt);
            }
        }
        vertretung::rebuild(&mut tx, row.id).await.map_err(defect)?;
        if new > 0 || !given.is_empty() {
            let act = if new > 0 { "person angelegt" } else { "rollen und gruppen ergänzt" };
            let (chain, data) = (format!("person:{}", row.id), serde_json::json!({ "subjekte": given }));
            let at = self.clock.now();
            let entry = audit::Entry { chain: &chain, at, actor: "technik", act, object: &chain, data };
            audit::append(&mut tx, entry).await.map_err(defect)?;
        }
        tx.commit().await.map_err(defect)?;
        Ok(row.id)
    }

    /// Gives a person a new password; the old one and open sessions end.
    pub async fn passwort_setzen(&self, person: PersonId, passwort: &str) -> Result<(), Fehler> {
        let hash = hash_password(passwort.to_owned()).await?;
        let mut tx = self.db.begin().await.map_err(defect)?;
        tx.execute(&PASSWORT_SETZEN, args![person, hash]).await.map_err(defect)?;
        tx.execute(&SITZUNGEN_ENDE, args![person]).await.map_err(defect)?;
        let chain = format!("person:{person}");
        let (act, data) = ("passwort gesetzt", serde_json::json!({}));
        let entry = audit::Entry { chain: &chain, at: self.clock.now(), actor: "technik", act, object: &chain, data };
        audit::append(&mut tx, entry).await.map_err(defect)?;
        tx.commit().await.map_err(defect)
    }

    /// Checks name and password and opens a session; the token is returned once.
    ///
    /// # Errors
    /// E7001 wrong name or password, E7002 locked after too many attempts.
    pub async fn login(&self, kennung: &str, passwort: &str) -> Result<String, Fehler> {
        let now = self.clock.now();
        let row: Option<PersonRow> = self.db.optional(&PERSON_OF_KENNUNG, args![kennung]).await.map_err(defect)?;
        // An unknown name costs as much time as a wrong password.
        let known = row.as_ref().filter(|r| r.aktiv).and_then(|r| r.passwort.clone());
        if let Some(row) = &row
            && row.gesperrt_bis > now
        {
            return Err(Fehler::new(
                "E7002",
                429,
                "Nach zu vielen Versuchen ist diese Kennung für 15 Minuten gesperrt.",
                "account locked",
            ));
        }
        let fits = verify_password(passwort.to_owned(), known).await?;
        let Some(row) = row else { return Err(wrong()) };
        if !fits {
            let until = now.plus_seconds(SPERRE_SEKUNDEN);
            self.db.execute(&FEHLVERSUCH, args![row.id, FEHLVERSUCHE, until]).await.map_err(defect)?;
            return Err(wrong());
        }
        if row.fehlversuche > 0 {
            self.db.execute(&ERFOLG, args![row.id]).await.map_err(defect)?;
        }
        self.open(row.id, Weg::SITZUNG).await
    }

    /// Opens a session without a password; only the demo calls this.
    pub async fn login_demo(&self, kennung: &str) -> Result<String, Fehler> {
        let row: Option<PersonRow> = self.db.optional(&PERSON_OF_KENNUNG, args![kennung]).await.map_err(defect)?;
        let row = row.filter(|r| r.aktiv).ok_or_else(wrong)?;
        tracing::debug!(person = %row.id, name_length = row.name.len(), "demo login");
        self.open(row.id, Weg::SITZUNG).await
    }

    /// An API token of this person, valid for `days`; shown once.
    pub async fn api_token(&self, person: PersonId, days: i64) -> Result<String, Fehler> {
        self.open(person, Weg { art: "token", seconds: days * 86_400, ..Weg::SITZUNG }).await
    }

    async fn open(&self, person: PersonId, weg: Weg<'_>) -> Result<String, Fehler> {
        let mut tx = self.db.begin().await.map_err(defect)?;
        let token = self.open_in(&mut tx, person, weg).await?;
        tx.commit().await.map_err(defect)?;
        Ok(token)
    }

    /// A session within a transaction that does more.
    pub(crate) async fn open_in(&self, tx: &mut Tx, person: PersonId, weg: Weg<'_>) -> Result<String, Fehler> {
        let (token, csrf, now) = (secret()?, secret()?, self.clock.now());
        tx.execute(&SITZUNGEN_ALT, args![now]).await.map_err(defect)?;
        let Weg { art, seconds, aussteller, sid } = weg;
        let until = now.plus_seconds(seconds);
        let text = |t: Option<&str>| t.map(str::to_owned);
        let values = args![hashed(&token), person, csrf, art, now, until, text(aussteller), text(sid)];
        tx.execute(&SITZUNG_INSERT, values).await.map_err(defect)?;
        let chain = format!("person:{person}");
        let mut data = serde_json::json!({ "art": art });
        if aussteller.is_some() {
            data["weg"] = "verzeichnis".into();
        }
        let entry = audit::Entry { chain: &chain, at: now, actor: &chain, act: "angemeldet", object: &chain, data };
        audit::append(tx, entry).await.map_err(defect)?;
        Ok(token)
    }

    /// Who holds this session cookie or API token; None when it ended.
    pub async fn session(&self, token: &str) -> Result<Option<Angemeldet>, Fehler> {
        let (now, key) = (self.clock.now(), hashed(token));
        let row: Option<SitzungRow> = self.db.optional(&SITZUNG, args![&key]).await.map_err(defect)?;
        let Some(row) = row else { return Ok(None) };
        let rested = row.art == "sitzung" && row.gesehen.plus_seconds(RUHE_SEKUNDEN) < now;
        if row.ablauf < now || rested {
            self.logout(token).await?;
            return Ok(None);
        }
        // Once a minute is enough to measure the rest.
        if row.gesehen.plus_seconds(60) < now {
            // On a full disk people may still read; a session that is not noted as seen ends earlier, never later.
            if let Err(error) = self.db.execute(&SITZUNG_GESEHEN, args![now, &key]).await {
                tracing::warn!(%error, "cannot note that a session was seen");
            }
        }
        let subjects = self.subjects(row.person).await?;
        let named = |prefix: &str| subjects.iter().filter_map(|s| s.strip_prefix(prefix).map(str::to_owned)).collect();
        Ok(Some(Angemeldet {
            actor: Actor { person: row.person, name: row.name },
            kennung: row.kennung,
            amt: row.amt,
            rollen: named("rolle:"),
            gruppen: named("gruppe:"),
            csrf: row.csrf,
            verzeichnis: row.aussteller.is_some(),
        }))
    }

    /// Ends the session.
    pub async fn logout(&self, token: &str) -> Result<(), Fehler> {
        self.db.execute(&SITZUNG_ENDE, args![hashed(token)]).await.map_err(defect)?;
        Ok(())
    }

    async fn subjects(&self, person: PersonId) -> Result<Vec<String>, Fehler> {
        let rows: Vec<(String,)> = self.db.all(&SUBJEKTE, args![person]).await.map_err(defect)?;
        Ok(rows.into_iter().map(|(s,)| s).collect())
    }

    /// The account of this name, e.g. the technical account `cli`.
    pub async fn actor(&self, kennung: &str) -> Result<Option<Actor>, DbError> {
        let row: Option<(PersonId, String)> = self.db.optional(&ACTOR, args![kennung]).await?;
        Ok(row.map(|(person, name)| Actor { person, name }))
    }

    /// All persons with their roles, for the demo's buttons.
    pub async fn demo_logins(&self) -> Result<Vec<DemoLogin>, Fehler> {
        let rows: Vec<(String, String, String, PersonId)> =
            self.db.all(&DEMO_PERSONEN, args![]).await.map_err(defect)?;
        let mut logins = Vec::new();
        for (kennung, name, amt, id) in rows {
            let rollen =
                self.subjects(id).await?.iter().filter_map(|s| s.strip_prefix("rolle:").map(str::to_owned)).collect();
            logins.push(DemoLogin { kennung, name, amt, rollen });
        }
        Ok(logins)
    }

    /// Enters where a person's notices go; None = nowhere.
    ///
    /// # Errors
    /// E7021 when the text is no address.
    pub async fn mail_setzen(&self, person: PersonId, mail: Option<&str>) -> Result<(), Fehler> {
        if let Some(wrong) = mail.filter(|m| !is_mail(m)) {
            let text = format!("„{wrong}“ ist keine E-Mail-Adresse. Schreiben Sie sie so: vorname.name@stadt.de.");
            return Err(Fehler::new("E7021", 422, text, "not an address"));
        }
        self.db.execute(&MAIL_SETZEN, args![person, mail.map(str::to_owned)]).await.map_err(defect)?;
        Ok(())
    }

    /// What this person has set.
    pub async fn einstellungen(&self, person: PersonId) -> Result<Einstellungen, Fehler> {
        let found: Option<Einstellungen> = self.db.optional(&EINSTELLUNGEN, args![person]).await.map_err(defect)?;
        found.ok_or_else(Fehler::not_found)
    }

    /// The mail in the morning, wanted or not.
    pub async fn tageshinweise(&self, actor: &Actor, an: bool) -> Result<(), Fehler> {
        let mut tx = self.db.begin().await.map_err(defect)?;
        if tx.execute(&TAGESHINWEISE, args![actor.person, an]).await.map_err(defect)? == 1 {
            let chain = format!("person:{}", actor.person);
            let data = serde_json::json!({ "tageshinweise": an });
            let act = "einstellung geändert";
            let entry = audit::Entry { chain: &chain, at: self.clock.now(), actor: &chain, act, object: &chain, data };
            audit::append(&mut tx, entry).await.map_err(defect)?;
            tx.commit().await.map_err(defect)?;
        }
        Ok(())
    }

    /// True when no person was entered yet.
    pub async fn is_empty(&self) -> Result<bool, DbError> {
        let (n,): (i64,) = self.db.one(&PERSONEN_ANZAHL, args![]).await?;
        Ok(n == 0)
    }

    /// The name of a person, for decision logs.
    pub async fn name(&self, person: PersonId) -> Result<Option<String>, DbError> {
        let row: Option<(String,)> = self.db.optional(&PERSON_NAME, args![person]).await?;
        Ok(row.map(|(n,)| n))
    }
}

async fn hash_password(password: String) -> Result<String, Fehler> {
    tokio::task::spawn_blocking(move || Argon2::default().hash_password(password.as_bytes()).map(|h| h.to_string()))
        .await
        .map_err(defect)?
        .map_err(defect)
}

async fn verify_password(password: String, hash: Option<String>) -> Result<bool, Fehler> {
    tokio::task::spawn_blocking(move || match hash {
        Some(hash) => Argon2::default().verify_password(password.as_bytes(), hash.as_str()).is_ok(),
        None => {
            let _ = Argon2::default().hash_password(password.as_bytes());
            false
        }
    })
    .await
    .map_err(defect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plain() {
        for good in ["ayla.demirel@musterstadt.example", "a+b@x-y.de"] {
            assert!(is_mail(good), "{good}");
        }
        let long = format!("{}@x.de", "a".repeat(250));
        for bad in
            ["", "a", "a@", "@b", "a@b@c", "a b@c.de", "a@c.de\r\nBcc: x@y.de", "ä@c.de", ".a@c.de", "a..b@c.de", &long]
        {
            assert!(!is_mail(bad), "{bad}");
        }
    }
}
