// SPDX-License-Identifier: EUPL-1.2
//! `akten.korb.v1`: a document that is not filed yet moves to another Eingangskorb, say the closed one for
//! confidential post. Who sees only the old Korb no longer sees the document.
//!
//! Two Körbe keep post closed, and nothing else does: [`NEU`], where a document lies until it was looked at and which
//! nobody has a right on, and [`VERTRAULICH`], which only the confidential circle sees. So the rights predicate is the
//! only place that hides a document, for lists, counts, search, bytes and tasks alike.

use nachrichten::{
    akten::{Korb, KorbGewechselt},
    job::Job,
};
use serde_json::json;
use service_platform::{args, rechte, statements};

use crate::{
    Akten, AktenError,
    schreiben::{audit, kopf, objekt, sendung_kette},
    suche::index,
};

/// Here a document lies until somebody or something knows that it is not confidential. No standing grant names it.
pub const NEU: &str = "neu";
/// The closed Korb of the confidential circle.
pub const VERTRAULICH: &str = "vertraulich";

statements! {
    WECHSELN = "UPDATE akten_dokument SET ort_objekt = $2, vertraulich = $3, version = version + 1 WHERE id = $1 AND akte IS NULL";
}

impl Akten {
    pub(crate) async fn korb_wechseln(&self, job: &Job, m: Korb) -> Result<KorbGewechselt, AktenError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if m.korb.is_empty() || m.korb.len() > 60 || !m.korb.chars().all(plain) {
            return Err(AktenError::Message(format!("korb {:?} is no name", m.korb)));
        }
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if let Some(answer) = self.repeated(&mut tx, job, now).await? {
            return Ok(answer);
        }
        let dokument = kopf(&mut tx, m.dokument).await?;
        let moved = tx.execute(&WECHSELN, args![m.dokument, format!("korb:{}", m.korb), m.korb == VERTRAULICH]).await?;
        // What stands in an Akte has the Akte's rights and stays there.
        if moved == 1 {
            if m.korb == VERTRAULICH {
                rechte::forget_signers(&mut tx, &objekt(m.dokument)).await?;
            }
            // The search has the place in its own row.
            index::zeile(&mut tx, m.dokument).await?;
            let (chain, object) = (sendung_kette(dokument.sendung), objekt(m.dokument));
            audit(&mut tx, &chain, "KorbGewechselt", &object, json!({ "korb": m.korb }), now).await?;
        }
        self.finish(tx, job, KorbGewechselt { gewechselt: moved == 1 }).await
    }
}
