// SPDX-License-Identifier: EUPL-1.2
//! `akten.erfassen.v1`: what became known of a document is added: renditions, text, proposal, facts, findings.

use nachrichten::{
    akten::{Erfassen, Erfasst},
    job::Job,
};
use serde_json::json;
use service_platform::{args, statements};

use crate::{
    Akten, AktenError, dubletten,
    schreiben::{audit, blob, clean, json, kopf, objekt, rendition, sendung_kette},
    suche::index,
};

statements! {
    ERGAENZEN = "UPDATE akten_dokument SET titel = coalesce($2, titel), dokumentart = coalesce($3, dokumentart), vorschlag = coalesce($4, vorschlag), \
        fakten = coalesce($5, fakten), befunde = coalesce($6, befunde), seiten = coalesce($7, seiten), version = version + 1 WHERE id = $1";
}

impl Akten {
    pub(crate) async fn erfassen(&self, job: &Job, m: Erfassen) -> Result<Erfasst, AktenError> {
        let id = m.dokument.ok_or_else(|| AktenError::Message("erfassen without a document".into()))?;
        let mut dateien = Vec::new();
        for (name, hash, media_type) in [
            ("pdfa", m.pdfa, "application/pdf"),
            ("text", m.text, "text/plain; charset=utf-8"),
            ("woerter", m.woerter, "application/json"),
            ("invoice-html", m.html, "text/html; charset=utf-8"),
        ] {
            if let Some(hash) = hash {
                dateien.push(self.datei(name, hash, media_type).await?);
            }
        }
        let text = match m.text {
            Some(hash) => Some(self.text(hash).await?),
            None => None,
        };
        let worte = self.worte().await?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if let Some(answer) = self.repeated(&mut tx, job, now).await? {
            return Ok(answer);
        }
        let dokument = kopf(&mut tx, id).await?;
        if m.fassung.is_some_and(|f| f != dokument.sha256) {
            // Read from a version that has been replaced since; the next one has its own reading.
            return self.finish(tx, job, Erfasst { dubletten: Vec::new() }).await;
        }
        let mut neu = Vec::new();
        for datei in &dateien {
            if rendition(&mut tx, id, datei, now).await? {
                neu.push(json!([datei.name, datei.hash]));
            }
        }
        let vorschlag = m.vorschlag.as_ref().map(json).transpose()?;
        let fakten = m.fakten.as_ref().map(json).transpose()?;
        let befunde = if m.befunde.is_empty() { None } else { Some(json(&m.befunde)?) };
        let seiten = m.seiten.as_ref().map(json).transpose()?;
        for bild in m.seiten.iter().flatten().filter_map(|s| s.bild) {
            blob(&mut tx, id, bild, "seite").await?;
        }
        let titel = m.titel.as_deref().map(|t| clean(t, 300)).filter(|t| !t.is_empty());
        let art = m.dokumentart.as_deref().map(|a| clean(a, 60)).filter(|a| !a.is_empty());
        tx.execute(&ERGAENZEN, args![id, titel, art, vorschlag, fakten, befunde, seiten]).await?;
        let dubletten = match &m.fakten {
            Some(fakten) => dubletten::check(&mut tx, id, fakten).await?,
            None => Vec::new(),
        };
        index::write(&mut tx, worte, id, text.as_deref()).await?;
        let data = json!({
            "renditionen": neu, "vorschlag": m.vorschlag.is_some(), "fakten": m.fakten.is_some(),
            "befunde": m.befunde.len(), "dubletten": dubletten.len(), "version": dokument.version + 1,
        });
        audit(&mut tx, &sendung_kette(dokument.sendung), "DokumentErfasst", &objekt(id), data, now).await?;
        self.finish(tx, job, Erfasst { dubletten }).await
    }
}
