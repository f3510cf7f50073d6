// SPDX-License-Identifier: EUPL-1.2
//! The city's directory as a way in (OpenID Connect): which person an identity over there is, and what its groups give.
//!
//! A person is found by issuer and subject, the two things a provider never gives to anybody else. At the first login,
//! and only then, by the name in the directory (`verzeichnisname`); an e-mail address links nobody, it can be claimed.
//! One person has at most one identity of an issuer, and an identity belongs to one person, both kept by the database;
//! only an operator's act ([`Konten::identitaet_loesen`]) makes way for another. What the groups give stands in
//! `platform_subjekt` with source [`QUELLE`], is made anew at each login and never touches what was given by hand.
//! Link, rights, session and their audit entries are one transaction.

use std::collections::BTreeSet;

use nachrichten::{Actor, PersonId, Timestamp, fehler::Fehler};
use serde_json::{Value, json};

use crate::{
    args, audit,
    db::{DbError, Tx},
    konten::{Konten, Weg, defect, hashed, is_mail},
    statements, vertretung,
};

/// Source of what the directory's groups give.
pub const QUELLE: &str = "Verzeichnis";
/// How long something used once is remembered: longer than it would be taken.
const GEMERKT_SEKUNDEN: i64 = 3600;
/// Characters of a name from outside.
const NAME_MAX: usize = 200;

statements! {
    VERGESSEN = "DELETE FROM platform_einmal WHERE bis < $1";
    EINMAL = "INSERT INTO platform_einmal (name, bis) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    PERSON_DER_IDENTITAET = "SELECT p.id, p.aktiv FROM platform_identitaet i JOIN platform_person p ON p.id = i.person WHERE i.aussteller = $1 AND i.sub = $2";
    PERSON_DES_NAMENS = "SELECT id, aktiv FROM platform_person WHERE verzeichnisname = $1";
    VERBINDEN = "INSERT INTO platform_identitaet (aussteller, sub, person, seit) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    PERSON_ANLEGEN = "INSERT INTO platform_person (id, kennung, name, amt, mail, verzeichnisname, aktiv) VALUES ($1, $2, $3, '', $4, $2, 1) ON CONFLICT DO NOTHING";
    GEGEBEN = "SELECT subjekt FROM platform_subjekt WHERE person = $1 AND quelle = $2";
    GEBEN = "INSERT INTO platform_subjekt (person, subjekt, quelle) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    NEHMEN = "DELETE FROM platform_subjekt WHERE person = $1 AND subjekt = $2 AND quelle = $3";
    ENDE_SID = "DELETE FROM platform_sitzung WHERE aussteller = $1 AND sid = $2 RETURNING person";
    ENDE_SUB = "DELETE FROM platform_sitzung WHERE aussteller = $1 AND person = (SELECT i.person FROM platform_identitaet i WHERE i.aussteller = $1 AND i.sub = $2) RETURNING person";
    ENDE_BEIDE = "DELETE FROM platform_sitzung WHERE aussteller = $1 AND sid = $3 AND person = (SELECT i.person FROM platform_identitaet i WHERE i.aussteller = $1 AND i.sub = $2) RETURNING person";
    NAME_SETZEN = "UPDATE platform_person SET verzeichnisname = $2 WHERE id = $1";
    LOESEN = "DELETE FROM platform_identitaet WHERE person = $1";
    ENDE_PERSON = "DELETE FROM platform_sitzung WHERE person = $1 AND aussteller IS NOT NULL";
}

/// What a provider says about who logs in; signature, issuer and audience were checked by whoever made this.
#[derive(Clone, PartialEq)]
pub struct Ausweis {
    pub aussteller: String,
    /// The provider's own name for the person, never given twice.
    pub sub: String,
    /// The provider's name for its session.
    pub sid: Option<String>,
    pub verzeichnisname: Option<String>,
    /// Name and address for a person that is entered by this login.
    pub name: Option<String>,
    pub mail: Option<String>,
    /// What the groups give: `rolle:<name>`, `gruppe:<name>`.
    pub subjekte: BTreeSet<String>,
    /// Names this one login; a second one with it is refused.
    pub einmal: String,
}

impl std::fmt::Debug for Ausweis {
    /// Without anything about the person: this may reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ausweis").field("aussteller", &self.aussteller).finish_non_exhaustive()
    }
}

/// A logout that the provider tells us (OpenID Connect Back-Channel Logout 1.0); at least one of `sub` and `sid`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abmeldung {
    pub aussteller: String,
    pub sub: Option<String>,
    pub sid: Option<String>,
    pub jti: String,
}

fn refused(code: &'static str, status: u16, text: &str, detail: &str) -> Fehler {
    Fehler::new(code, status, text, detail)
}

fn conflict(detail: &str) -> Fehler {
    let text = "Ihr Verzeichniskonto passt nicht zu dem Konto, das es hier schon gibt. Wenden Sie sich an den Betrieb, er verbindet die beiden.";
    refused("E9025", 409, text, detail)
}

fn unknown(detail: &str) -> Fehler {
    let text = "Sie sind im Verzeichnis angemeldet, aber hier noch nicht eingetragen. Wenden Sie sich an Ihre Amtsleitung oder den Betrieb, damit Sie eingetragen werden.";
    refused("E9024", 403, text, detail)
}

/// A name that a person can read: no control characters, not empty, not too long.
fn plain(text: &str) -> Option<&str> {
    let text = text.trim();
    let ok = !text.is_empty() && text.chars().count() <= NAME_MAX && !text.chars().any(char::is_control);
    ok.then_some(text)
}

impl Konten {
    /// Opens a session for whom the directory names; enters unknown persons only when `neue_personen`.
    ///
    /// # Errors
    /// E9022 the login was used before, E9024 the person is unknown here or blocked, E9025 the account of that name
    /// belongs to another identity, E9027 the directory does not say its name for the person.
    pub async fn login_verzeichnis(&self, a: &Ausweis, neue_personen: bool) -> Result<String, Fehler> {
        let mut tx = self.db.begin().await.map_err(defect)?;
        if !self.once(&mut tx, &format!("anmeldung:{}", hashed(&a.einmal))).await.map_err(defect)? {
            let text = "Diese Anmeldung wurde schon benutzt. Melden Sie sich noch einmal an.";
            return Err(refused("E9022", 400, text, "login used before"));
        }
        let (person, aktiv) = match self.linked(&mut tx, a).await.map_err(defect)? {
            Some(known) => known,
            None => self.link(&mut tx, a, neue_personen).await?,
        };
        if !aktiv {
            return Err(unknown("person is not active"));
        }
        self.give(&mut tx, person, &a.subjekte).await.map_err(defect)?;
        let token = self.open_in(&mut tx, person, Weg::verzeichnis(&a.aussteller, a.sid.as_deref())).await?;
        tx.commit().await.map_err(defect)?;
        Ok(token)
    }

    /// True when nobody used this name before; remembered until nobody can any more.
    async fn once(&self, tx: &mut Tx, name: &str) -> Result<bool, DbError> {
        let now = self.clock.now();
        tx.execute(&VERGESSEN, args![now]).await?;
        Ok(tx.execute(&EINMAL, args![name, now.plus_seconds(GEMERKT_SEKUNDEN)]).await? == 1)
    }

    async fn linked(&self, tx: &mut Tx, a: &Ausweis) -> Result<Option<(PersonId, bool)>, DbError> {
        tx.optional(&PERSON_DER_IDENTITAET, args![&a.aussteller, &a.sub]).await
    }

    /// The first login of an identity.
    async fn link(&self, tx: &mut Tx, a: &Ausweis, neue_personen: bool) -> Result<(PersonId, bool), Fehler> {
        let name = a.verzeichnisname.as_deref().and_then(plain).ok_or_else(|| {
            let text = "Das Verzeichnis hat Ihren Namen nicht mitgeteilt. Wenden Sie sich an den Betrieb.";
            refused("E9027", 502, text, "no directory name in the claims")
        })?;
        let found: Option<(PersonId, bool)> = tx.optional(&PERSON_DES_NAMENS, args![name]).await.map_err(defect)?;
        let (person, aktiv) = match found {
            // Nothing is written for somebody who may not come in.
            Some((_, false)) => return Err(unknown("person is not active")),
            Some(known) => known,
            None if neue_personen => (self.enter_from(tx, a, name).await?, true),
            None => return Err(unknown("no person of this directory name")),
        };
        let linked = tx.execute(&VERBINDEN, args![&a.aussteller, &a.sub, person, self.clock.now()]).await;
        if linked.map_err(defect)? == 0 {
            // Another login of the same person was faster, or the person is somebody else over there.
            return match self.linked(tx, a).await.map_err(defect)? {
                Some(known) if known.0 == person => Ok(known),
                _ => Err(conflict("person is linked to another identity of this issuer")),
            };
        }
        let data = json!({ "aussteller": a.aussteller, "sub": hashed(&a.sub) });
        self.note(tx, QUELLE, person, "identität verbunden", data).await.map_err(defect)?;
        Ok((person, aktiv))
    }

    async fn enter_from(&self, tx: &mut Tx, a: &Ausweis, kennung: &str) -> Result<PersonId, Fehler> {
        let person = PersonId(self.ids.uuid());
        let name = a.name.as_deref().and_then(plain).unwrap_or(kennung);
        let mail = a.mail.clone().filter(|m| is_mail(m));
        let entered = tx.execute(&PERSON_ANLEGEN, args![person, kennung, name, mail]).await.map_err(defect)?;
        if entered == 0 {
            return Err(conflict("a local account has this name"));
        }
        tx.execute(&GEBEN, args![person, format!("person:{person}"), "hand"]).await.map_err(defect)?;
        vertretung::rebuild(tx, person).await.map_err(defect)?;
        self.note(tx, QUELLE, person, "person angelegt", json!({ "weg": "verzeichnis" })).await.map_err(defect)?;
        Ok(person)
    }

    /// What the directory gives is this and nothing else.
    async fn give(&self, tx: &mut Tx, person: PersonId, subjekte: &BTreeSet<String>) -> Result<(), DbError> {
        let rows: Vec<(String,)> = tx.all(&GEGEBEN, args![person, QUELLE]).await?;
        let had: BTreeSet<String> = rows.into_iter().map(|(s,)| s).collect();
        let (more, less): (Vec<_>, Vec<_>) = (subjekte.difference(&had).collect(), had.difference(subjekte).collect());
        if more.is_empty() && less.is_empty() {
            return Ok(());
        }
        for subjekt in &more {
            tx.execute(&GEBEN, args![person, *subjekt, QUELLE]).await?;
        }
        for subjekt in &less {
            tx.execute(&NEHMEN, args![person, *subjekt, QUELLE]).await?;
        }
        vertretung::rebuild(tx, person).await?;
        self.note(tx, QUELLE, person, "rechte aus dem verzeichnis", json!({ "dazu": more, "weg": less })).await
    }

    /// Ends the sessions that the provider ended; answers how many those were.
    ///
    /// # Errors
    /// E9028 the token was used before.
    pub async fn logout_verzeichnis(&self, a: &Abmeldung) -> Result<usize, Fehler> {
        let mut tx = self.db.begin().await.map_err(defect)?;
        let name = format!("abmeldung:{}", hashed(&json!([a.aussteller, a.jti]).to_string()));
        if !self.once(&mut tx, &name).await.map_err(defect)? {
            return Err(refused("E9028", 400, "Diese Abmeldung wurde schon benutzt.", "logout token used before"));
        }
        let ended: Result<Vec<(PersonId,)>, DbError> = match (&a.sub, &a.sid) {
            (Some(sub), Some(sid)) => tx.all(&ENDE_BEIDE, args![&a.aussteller, sub, sid]).await,
            (Some(sub), None) => tx.all(&ENDE_SUB, args![&a.aussteller, sub]).await,
            (None, Some(sid)) => tx.all(&ENDE_SID, args![&a.aussteller, sid]).await,
            (None, None) => Ok(Vec::new()),
        };
        let ended = ended.map_err(defect)?;
        for (person,) in &ended {
            let data = json!({ "weg": "verzeichnis" });
            self.note(&mut tx, QUELLE, *person, "abgemeldet", data).await.map_err(defect)?;
        }
        tx.commit().await.map_err(defect)?;
        Ok(ended.len())
    }

    /// Enters by which name the directory knows a person; None takes it away. An identity already linked stays.
    ///
    /// # Errors
    /// E9025 when somebody else has that name.
    pub async fn verzeichnisname_setzen(
        &self,
        actor: &Actor,
        person: PersonId,
        name: Option<&str>,
    ) -> Result<(), Fehler> {
        let name = name.and_then(plain);
        let mut tx = self.db.begin().await.map_err(defect)?;
        tx.execute(&NAME_SETZEN, args![person, name.map(str::to_owned)]).await.map_err(|e| match e.is_unique() {
            true => conflict("another person has this directory name"),
            false => defect(e),
        })?;
        let data = json!({ "gesetzt": name.is_some() });
        self.note(&mut tx, &audit::person(actor), person, "verzeichnisname geändert", data).await.map_err(defect)?;
        tx.commit().await.map_err(defect)
    }

    /// Unlinks a person from the directory: identities, what its groups gave, sessions that came by it. The next login
    /// links anew by the name in the directory. Answers whether there was anything to unlink.
    pub async fn identitaet_loesen(&self, actor: &Actor, person: PersonId) -> Result<bool, Fehler> {
        let mut tx = self.db.begin().await.map_err(defect)?;
        let gone = tx.execute(&LOESEN, args![person]).await.map_err(defect)?;
        if gone == 0 {
            return Ok(false);
        }
        self.give(&mut tx, person, &BTreeSet::new()).await.map_err(defect)?;
        let sessions = tx.execute(&ENDE_PERSON, args![person]).await.map_err(defect)?;
        let data = json!({ "identitaeten": gone, "sitzungen": sessions });
        self.note(&mut tx, &audit::person(actor), person, "identität gelöst", data).await.map_err(defect)?;
        tx.commit().await.map_err(defect)?;
        Ok(true)
    }

    async fn note(&self, tx: &mut Tx, actor: &str, person: PersonId, act: &str, data: Value) -> Result<(), DbError> {
        let (chain, at): (String, Timestamp) = (format!("person:{person}"), self.clock.now());
        audit::append(tx, audit::Entry { chain: &chain, at, actor, act, object: &chain, data }).await
    }
}
