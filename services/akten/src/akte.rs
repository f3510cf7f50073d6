// SPDX-License-Identifier: EUPL-1.2
//! Finding or opening an Akte under its unit and a Vorgang in it; numbers are unique and never used again.

use nachrichten::{
    AkteId, Tag, Timestamp, VorgangId,
    ereignisse::{self, Ereignis},
};
use serde_json::json;
use service_platform::{args, db::Tx, ereignis, from_row, rechte::Recht, statements};

use crate::{
    Akten, AktenError, lock, schluss,
    schreiben::{audit, clean},
};

statements! {
    pub EINHEIT = "SELECT kennzeichen, titel, amt, aufbewahrung, aussonderung, gueltig_bis FROM akten_einheit WHERE kennzeichen = $1";
    pub NACH_ZEICHEN = "SELECT id, aktenzeichen, einheit, titel, zda FROM akten_akte WHERE aktenzeichen = $1";
    NACH_TITEL = "SELECT id, aktenzeichen, einheit, titel, zda FROM akten_akte WHERE einheit = $1 AND jahr = $2 AND titel = $3 AND zda = 0";
    pub NACH_ID = "SELECT id, aktenzeichen, einheit, titel, zda FROM akten_akte WHERE id = $1";
    pub ZAEHLEN = "INSERT INTO akten_zaehler (name, wert) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET wert = akten_zaehler.wert + 1 RETURNING wert";
    pub OEFFNEN = "INSERT INTO akten_akte (id, einheit, jahr, nummer, aktenzeichen, titel, amt, laufzeit_von, aufbewahrung, aussonderung, angelegt, einheit_objekt, objekt) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    AMT_SUBJEKTE = "SELECT subjekt, recht FROM akten_amt WHERE amt = $1 ORDER BY subjekt";
    WIEDERAUFNAHME = "SELECT id, titel FROM akten_vorgang WHERE akte = $1 AND titel = $2 AND zda = 1 AND wiederaufnahme_bis >= $3 ORDER BY nummer DESC LIMIT 1";
    VORGANG = "SELECT id, titel FROM akten_vorgang WHERE akte = $1 AND titel = $2 AND zda = 0";
    pub VORGANG_TITEL = "SELECT titel FROM akten_vorgang WHERE id = $1";
    VORGANG_NUMMER = "SELECT coalesce(max(nummer), 0) + 1 FROM akten_vorgang WHERE akte = $1";
    pub VORGANG_NEU = "INSERT INTO akten_vorgang (id, akte, nummer, titel, laufzeit_von, angelegt) VALUES ($1, $2, $3, $4, $5, $6)";
    pub AKTE_VERSION = "UPDATE akten_akte SET version = version + 1 WHERE id = $1";
}

/// A unit of the Aktenplan.
pub struct Einheit {
    pub kennzeichen: String,
    pub titel: String,
    pub amt: String,
    pub aufbewahrung: Option<i64>,
    pub aussonderung: String,
    /// The last day on which new Akten are opened here.
    pub gueltig_bis: Option<Tag>,
}
from_row!(Einheit { kennzeichen, titel, amt, aufbewahrung, aussonderung, gueltig_bis });

/// What filing needs of an Akte.
pub struct Akte {
    pub id: AkteId,
    pub aktenzeichen: String,
    pub einheit: String,
    pub titel: String,
    pub zda: bool,
}
from_row!(Akte { id, aktenzeichen, einheit, titel, zda });

/// Where to file: an Akte by number, or the unit's Akte of this year with this title.
pub struct Ziel<'a> {
    pub einheit: &'a str,
    pub aktenzeichen: Option<&'a str>,
    pub titel: &'a str,
    pub amt: &'a str,
}

/// How an Akte stands in grants and in the audit trail.
pub fn objekt(id: AkteId) -> String {
    format!("akte:{id}")
}

/// `66.10-2026/0001`: unit, year and serial within both.
pub fn aktenzeichen(einheit: &str, jahr: i16, nummer: i64) -> String {
    format!("{einheit}-{jahr}/{nummer:04}")
}

impl Akten {
    /// Finds the Akte or opens it; the lock on its unit makes two openers one.
    pub(crate) async fn find_or_open(&self, tx: &mut Tx, ziel: &Ziel<'_>, now: Timestamp) -> Result<Akte, AktenError> {
        if let Some(az) = ziel.aktenzeichen {
            return tx.optional(&NACH_ZEICHEN, args![az]).await?.ok_or_else(|| AktenError::NoAkte(az.to_owned()));
        }
        let einheit: Einheit = tx
            .optional(&EINHEIT, args![ziel.einheit])
            .await?
            .ok_or_else(|| AktenError::NoUnit(ziel.einheit.to_owned()))?;
        let (tag, titel) = (now.tag(), clean(ziel.titel, 200));
        let titel = if titel.is_empty() { einheit.titel.clone() } else { titel };
        let jahr = tag.0.year();
        lock(tx, &format!("einheit:{}", einheit.kennzeichen)).await?;
        if let Some(akte) = tx.optional(&NACH_TITEL, args![&einheit.kennzeichen, i32::from(jahr), &titel]).await? {
            return Ok(akte);
        }
        if einheit.gueltig_bis.is_some_and(|last| last < tag) {
            return Err(AktenError::UnitClosed(einheit.kennzeichen));
        }
        self.open(tx, &einheit, titel, ziel.amt, tag, now).await
    }

    async fn open(
        &self,
        tx: &mut Tx,
        einheit: &Einheit,
        titel: String,
        amt: &str,
        tag: Tag,
        now: Timestamp,
    ) -> Result<Akte, AktenError> {
        let (id, kennzeichen, jahr) = (AkteId(self.ids.uuid()), &einheit.kennzeichen, tag.0.year());
        let (nummer,): (i64,) = tx.one(&ZAEHLEN, args![format!("akte:{kennzeichen}:{jahr}")]).await?;
        let amt = if amt.is_empty() { &einheit.amt } else { amt };
        let az = aktenzeichen(kennzeichen, jahr, nummer);
        let values = args![
            id,
            kennzeichen,
            i32::from(jahr),
            nummer,
            &az,
            &titel,
            amt,
            tag,
            einheit.aufbewahrung,
            &einheit.aussonderung,
            now,
            format!("einheit:{kennzeichen}"),
            objekt(id),
        ];
        tx.execute(&OEFFNEN, values).await?;
        // The unit's own office has its grant on the unit; another office that keeps an Akte here gets the Akte.
        if amt != einheit.amt {
            let subjekte: Vec<(String, i64)> = tx.all(&AMT_SUBJEKTE, args![amt]).await?;
            for (subjekt, recht) in subjekte {
                let recht = if recht >= Recht::Bearbeiten as i64 { Recht::Bearbeiten } else { Recht::Sehen };
                service_platform::rechte::grant(tx, &subjekt, &objekt(id), recht, now, &objekt(id)).await?;
            }
        }
        let data = json!({ "aktenzeichen": az, "einheit": kennzeichen, "amt": amt });
        audit(tx, &objekt(id), "AkteAngelegt", &objekt(id), data, now).await?;
        let event = || Ereignis::AkteAngelegt(ereignisse::Akte { akte: id });
        ereignis::melden(tx, &*self.ids, event, now).await?;
        Ok(Akte { id, aktenzeichen: az, einheit: kennzeichen.clone(), titel, zda: false })
    }

    /// Finds the open Vorgang of this title in the Akte, takes one up that still may be, or opens a new one; the Akte
    /// must be locked.
    pub(crate) async fn find_or_open_vorgang(
        &self,
        tx: &mut Tx,
        akte: &Akte,
        titel: &str,
        now: Timestamp,
    ) -> Result<VorgangId, AktenError> {
        let titel = clean(titel, 200);
        let titel = if titel.is_empty() { akte.titel.clone() } else { titel };
        let known: Option<(VorgangId, String)> = tx.optional(&VORGANG, args![akte.id, &titel]).await?;
        if let Some((id, _)) = known {
            return Ok(id);
        }
        // Closed by a closing order, but not long ago: new post takes it up again.
        let resting: Option<(VorgangId, String)> =
            tx.optional(&WIEDERAUFNAHME, args![akte.id, &titel, now.tag()]).await?;
        if let Some((id, _)) = resting {
            tx.execute(&schluss::VORGANG_AUF, args![id]).await?;
            let data = json!({ "grund": "neue Post" });
            audit(tx, &objekt(akte.id), "VorgangWiederGeoeffnet", &format!("vorgang:{id}"), data, now).await?;
            return Ok(id);
        }
        let id = VorgangId(self.ids.uuid());
        let (nummer,): (i64,) = tx.one(&VORGANG_NUMMER, args![akte.id]).await?;
        tx.execute(&VORGANG_NEU, args![id, akte.id, nummer, titel, now.tag(), now]).await?;
        let data = json!({ "vorgang": id, "nummer": nummer });
        audit(tx, &objekt(akte.id), "VorgangAngelegt", &format!("vorgang:{id}"), data, now).await?;
        Ok(id)
    }
}
