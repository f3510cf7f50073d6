// SPDX-License-Identifier: EUPL-1.2
//! A new version of a document that was written in the house: new bytes, the old ones stay readable as earlier version.
//!
//! The bytes pass the same look at their structure as an upload does, before anything is stored; then process
//! `neufassung` reads them as intake would: page images, recognised text, search. Until then the earlier version's
//! words are gone from the search, and its pictures from the page.
//!
//! What came from outside is a record of its receipt and is never replaced. Whoever signed the earlier bytes is told by
//! a message: their signature counts no more.

use nachrichten::{
    Actor, BlobHash, DokumentId, MessageId, SendungId,
    dokumente::NeueFassung,
    ereignisse::{Ereignis, Fassung},
};
use serde_json::json;
use service_platform::{args, audit, ereignis, gilt, outbox, statements};

use crate::{
    Akten, AktenError,
    schreiben::{Datei, clean, kopf, objekt, rendition, sendung_kette, sniff},
    suche::index,
};

/// Queue of messages to running processes.
const NACHRICHT: &str = "geschaeftsgang.nachricht.v1";
/// Queue of start commands, and the process that reads a new version.
const START: &str = "geschaeftsgang.start.v1";
const PROZESS: &str = "neufassung";
/// Characters of a reason.
const GRUND_MAX: usize = 200;

statements! {
    DARF = concat!("SELECT d.sendung, d.sha256, d.kanal, d.stand, CAST(CASE WHEN d.fakten IS NULL THEN 0 ELSE 1 END AS BIGINT) FROM akten_dokument d WHERE d.id = $3 AND EXISTS \
        (SELECT 1 FROM platform_recht r JOIN platform_wirksam s ON s.subjekt = r.subjekt WHERE s.person = $1 AND r.objekt IN ('mandant', d.ort_objekt, d.akte_objekt, d.objekt) \
        AND r.recht >= 2 AND ", gilt!("$2"), ")");
    ERSETZEN = "UPDATE akten_dokument SET sha256 = $3, media_type = $4, name = $5, seiten = '[]', version = version + 1 WHERE id = $1 AND sha256 = $2";
}

impl Akten {
    /// The new hash; the same bytes again change nothing.
    pub(crate) async fn fassung_neu(
        &self,
        actor: &Actor,
        id: DokumentId,
        mut neu: NeueFassung,
    ) -> Result<BlobHash, AktenError> {
        let refused = |text: &str| AktenError::Fassung(text.to_owned());
        let grund = neu.grund.trim().to_owned();
        if grund.is_empty() || grund.chars().count() > GRUND_MAX {
            return Err(refused("Schreiben Sie in höchstens 200 Zeichen dazu, was sich geändert hat."));
        }
        if neu.bytes.is_empty() {
            return Err(refused("Die Datei ist leer. Die bisherige Fassung bleibt."));
        }
        let now = self.clock.now();
        type Kopf = (SendungId, BlobHash, String, String, bool);
        let here: Option<Kopf> = self.db.optional(&DARF, args![actor.person, now, id]).await?;
        let (sendung, before, kanal, stand, rechnung) = here.ok_or(AktenError::NotFound)?;
        if kanal != "upload" || rechnung || stand == "quarantaene" {
            return Err(refused(
                "Post und Rechnungen bleiben, wie sie eingegangen sind. Legen Sie die geänderte Fassung als eigenes Dokument an.",
            ));
        }
        if before != neu.bisher {
            return Err(AktenError::FassungVeraltet);
        }
        if let Some(check) = self.pruefung.get().cloned() {
            let (bytes, name) = (neu.bytes, neu.name.clone());
            let (bytes, verdict) = tokio::task::spawn_blocking(move || {
                let verdict = check(&bytes, &name);
                (bytes, verdict)
            })
            .await
            .map_err(|e| AktenError::Message(format!("structural check: {e}")))?;
            neu.bytes = bytes;
            if let Err(text) = verdict {
                return Err(AktenError::Fassung(format!("{text} Die bisherige Fassung bleibt.")));
            }
        }
        let text = std::str::from_utf8(&neu.bytes).ok().filter(|t| !t.contains('\0')).map(str::to_owned);
        let media_type = match (sniff(&neu.bytes), &text) {
            ("application/octet-stream", Some(_)) => "text/plain; charset=utf-8",
            (known, _) => known,
        };
        let size = neu.bytes.len() as u64;
        let hash = self.blobs.put(neu.bytes).await?;
        if hash == before {
            return Ok(hash);
        }
        let original = Datei { name: "original", hash, media_type: media_type.to_owned(), size };
        let name = Some(clean(&neu.name, 200)).filter(|n| !n.is_empty()).unwrap_or_else(|| "dokument".to_owned());
        let worte = self.worte().await?;
        let mut tx = self.db.begin().await?;
        kopf(&mut tx, id).await?;
        if tx.execute(&ERSETZEN, args![id, before, hash, media_type, &name]).await? == 0 {
            return Err(AktenError::FassungVeraltet);
        }
        rendition(&mut tx, id, &original, now).await?;
        if let Some(plain) = text.as_deref().filter(|_| media_type.starts_with("text/plain")) {
            rendition(&mut tx, id, &Datei { name: "text", ..original.clone() }, now).await?;
            index::write(&mut tx, worte, id, Some(plain)).await?;
        } else {
            // The old words are not in the new file.
            index::write(&mut tx, worte, id, Some("")).await?;
        }
        let by = audit::person(actor);
        let object = objekt(id);
        let chain = sendung_kette(sendung);
        crate::lock(&mut tx, &chain).await?;
        let data = json!({ "vorher": before, "sha256": hash, "grund": grund });
        audit::append(
            &mut tx,
            audit::Entry { chain: &chain, at: now, actor: &by, act: "FassungErsetzt", object: &object, data },
        )
        .await?;
        let event = || Ereignis::FassungAngelegt(Fassung { dokument: id });
        ereignis::melden(&mut tx, &*self.ids, event, now).await?;
        let body = json!({
            "name": "Dokument geändert", "schluessel": id, "ttl": 0,
            "werte": { "dokument": id, "fassung": hash, "vorher": before, "von": actor.name, "grund": grund },
        });
        outbox::push(&mut tx, MessageId(self.ids.uuid()), NACHRICHT, &body, now).await?;
        if !media_type.starts_with("text/plain") {
            let body = json!({
                "process": PROZESS, "schluessel": format!("fassung:{id}:{}", self.ids.uuid()),
                "werte": { "fassung": { "dokument": id, "sendung": sendung, "blob": hash, "name": name, "media_type": media_type } },
            });
            outbox::push(&mut tx, MessageId(self.ids.uuid()), START, &body, now).await?;
        }
        tx.commit().await?;
        Ok(hash)
    }
}
