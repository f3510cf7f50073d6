// SPDX-License-Identifier: EUPL-1.2
//! z. d. A. and back: a Vorgang is closed by the closing order of its process or by hand, an Akte by hand once all its
//! Vorgänge are closed; both can be opened again with a reason. Each change has its audit entry in the same commit.

use nachrichten::{
    Actor, AkteId, Tag, Timestamp, VorgangId,
    akten::{Zda, ZdaErledigt},
    dokumente::Schluss,
    ereignisse::{self, Ereignis},
    job::Job,
};
use serde_json::{Value, json};
use service_platform::{args, audit, db::Tx, ereignis, gilt, statements};

use crate::{Akten, AktenError, akte, lock, schreiben};

/// Characters of a reason.
const GRUND_MAX: usize = 200;

statements! {
    DES_DOKUMENTS = "SELECT akte, vorgang FROM akten_dokument WHERE id = $1 AND akte IS NOT NULL AND vorgang IS NOT NULL";
    pub VORGANG_ZU = "UPDATE akten_vorgang SET zda = 1, zda_am = $2, laufzeit_bis = $2, wiederaufnahme_bis = $3, version = version + 1 WHERE id = $1 AND zda = 0";
    pub VORGANG_AUF = "UPDATE akten_vorgang SET zda = 0, zda_am = NULL, laufzeit_bis = NULL, wiederaufnahme_bis = NULL, version = version + 1 WHERE id = $1 AND zda = 1";
    AKTE_ZU = "UPDATE akten_akte SET zda = 1, zda_am = $2, laufzeit_bis = $2, version = version + 1 WHERE id = $1 AND zda = 0";
    AKTE_AUF = "UPDATE akten_akte SET zda = 0, zda_am = NULL, laufzeit_bis = NULL, version = version + 1 WHERE id = $1 AND zda = 1";
    DARF = concat!("SELECT a.zda FROM akten_akte a WHERE a.id = $3 AND EXISTS (SELECT 1 FROM platform_recht r JOIN platform_wirksam s ON s.subjekt = r.subjekt \
        WHERE s.person = $1 AND r.objekt IN ('mandant', a.einheit_objekt, a.objekt) AND r.recht >= 2 AND ", gilt!("$2"), ")");
    OFFENE = "SELECT count(*) FROM akten_vorgang WHERE akte = $1 AND zda = 0";
    EIN_VORGANG = "SELECT zda FROM akten_vorgang WHERE id = $1 AND akte = $2";
}

fn refused(code: &'static str, text: &str) -> AktenError {
    AktenError::Schluss(code, text.to_owned())
}

impl Akten {
    /// `akten.zda.v1`: the closing order of a process closes the Vorgang of its document.
    pub(crate) async fn zu_den_akten(&self, job: &Job, m: Zda) -> Result<ZdaErledigt, AktenError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if let Some(answer) = self.repeated(&mut tx, job, now).await? {
            return Ok(answer);
        }
        let place: Option<(AkteId, VorgangId)> = tx.optional(&DES_DOKUMENTS, args![m.dokument]).await?;
        let Some((akte, vorgang)) = place else {
            return self.finish(tx, job, ZdaErledigt { vorgang: None, geschlossen: false }).await;
        };
        let data = json!({ "dokument": m.dokument, "verfuegt_von": m.von, "wiederaufnahme_bis": m.wiederaufnahme_bis });
        let geschlossen = close(&mut tx, akte, vorgang, m.wiederaufnahme_bis, data, now).await?;
        self.finish(tx, job, ZdaErledigt { vorgang: Some(vorgang), geschlossen }).await
    }

    /// A person closes or opens an Akte, or one Vorgang of it.
    pub(crate) async fn verfuegen(
        &self,
        actor: &Actor,
        id: AkteId,
        vorgang: Option<VorgangId>,
        schluss: &Schluss,
    ) -> Result<(), AktenError> {
        let grund = match schluss {
            Schluss::Zda => "",
            Schluss::WiederOeffnen { grund } => grund.trim(),
        };
        let reopen = matches!(schluss, Schluss::WiederOeffnen { .. });
        if reopen && (grund.is_empty() || grund.chars().count() > GRUND_MAX) {
            return Err(refused("E3060", "Schreiben Sie in höchstens 200 Zeichen, warum wieder geöffnet wird."));
        }
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        lock(&mut tx, &akte::objekt(id)).await?;
        let here: Option<(bool,)> = tx.optional(&DARF, args![actor.person, now, id]).await?;
        let (akte_zu,) = here.ok_or(AktenError::NotFound)?;
        let (done, act, object) = match vorgang {
            Some(vorgang) => {
                let known: Option<(bool,)> = tx.optional(&EIN_VORGANG, args![vorgang, id]).await?;
                known.ok_or(AktenError::NotFound)?;
                if reopen && akte_zu {
                    return Err(refused("E3061", "Die Akte ist geschlossen. Öffnen Sie zuerst die Akte."));
                }
                let (sql, act) =
                    if reopen { (&VORGANG_AUF, "VorgangWiederGeoeffnet") } else { (&VORGANG_ZU, "VorgangZda") };
                let args = if reopen { args![vorgang] } else { args![vorgang, now.tag(), None::<Tag>] };
                (unique(tx.execute(sql, args).await)?, act, format!("vorgang:{vorgang}"))
            }
            None => {
                let (open,): (i64,) = tx.one(&OFFENE, args![id]).await?;
                if !reopen && open > 0 {
                    let text = "In dieser Akte ist noch ein Vorgang offen. Schließen Sie zuerst alle Vorgänge.";
                    return Err(refused("E3061", text));
                }
                let (sql, act) = if reopen { (&AKTE_AUF, "AkteWiederGeoeffnet") } else { (&AKTE_ZU, "AkteZda") };
                let args = if reopen { args![id] } else { args![id, now.tag()] };
                (unique(tx.execute(sql, args).await)?, act, akte::objekt(id))
            }
        };
        if done == 0 {
            let text = if reopen {
                "Das ist inzwischen offen. Laden Sie die Seite neu."
            } else {
                "Das ist inzwischen zu den Akten geschrieben. Laden Sie die Seite neu."
            };
            return Err(refused("E3062", text));
        }
        let (chain, by) = (akte::objekt(id), audit::person(actor));
        let data = if reopen { json!({ "grund": grund }) } else { Value::Null };
        audit::append(&mut tx, audit::Entry { chain: &chain, at: now, actor: &by, act, object: &object, data }).await?;
        if vorgang.is_none() {
            let event = if reopen { Ereignis::AkteGeoeffnet } else { Ereignis::AkteGeschlossen };
            ereignis::melden(&mut tx, &*self.ids, || event(ereignisse::Akte { akte: id }), now).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// A title that is open again elsewhere keeps the old one closed: what is filed under it must have one place.
fn unique(done: Result<u64, service_platform::db::DbError>) -> Result<u64, AktenError> {
    done.map_err(|e| match e.is_unique() {
        true => refused("E3063", "Unter diesem Titel ist inzwischen etwas Neues offen. Arbeiten Sie dort weiter."),
        false => e.into(),
    })
}

/// Closes a Vorgang; false when it was closed already.
///
/// * `wieder_bis` - new post of its title opens it again until this day; later, and without a day, it opens a new one.
pub(crate) async fn close(
    tx: &mut Tx,
    akte: AkteId,
    vorgang: VorgangId,
    wieder_bis: Option<Tag>,
    data: Value,
    now: Timestamp,
) -> Result<bool, AktenError> {
    let done = tx.execute(&VORGANG_ZU, args![vorgang, now.tag(), wieder_bis]).await? == 1;
    if done {
        schreiben::audit(tx, &akte::objekt(akte), "VorgangZda", &format!("vorgang:{vorgang}"), data, now).await?;
    }
    Ok(done)
}
