// SPDX-License-Identifier: EUPL-1.2
//! `akten.anlegen.v1`: the documents of a Sendung become known and visible in their Eingangskorb.

use nachrichten::{
    DokumentId, Timestamp,
    akten::{Angelegt, Angelegtes, Anlegen},
    erkennung::Teil,
    job::Job,
};
use serde_json::json;
use service_platform::{args, db::Tx, statements};

use crate::{
    Akten, AktenError, korb,
    schreiben::{Datei, audit, blob, clean, json, objekt, rendition, sendung_kette},
    suche::index,
};

/// Documents of this Eingangskorb are kept and shown as bytes only.
pub const QUARANTAENE: &str = "quarantaene";

statements! {
    pub DOKUMENT = "INSERT INTO akten_dokument (id, erfasst, ort_objekt, objekt, titel, dokumentart, zugang, stand, sendung, teil, kanal, art, name, \
        sha256, media_type, seiten, befunde_teil, vertraulich, befunde) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, '[]') \
        ON CONFLICT (id) DO NOTHING";
}

/// The bytes of one part, read before the transaction begins.
struct Bereit {
    dateien: Vec<Datei>,
    text: Option<String>,
}

impl Akten {
    pub(crate) async fn anlegen(&self, job: &Job, m: Anlegen) -> Result<Angelegt, AktenError> {
        let mut bereit = Vec::new();
        for teil in &m.teile {
            bereit.push(self.bereit(&m, teil).await?);
        }
        let worte = self.worte().await?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if let Some(answer) = self.repeated(&mut tx, job, now).await? {
            return Ok(answer);
        }
        let mut dokumente = Vec::new();
        for (teil, bereit) in m.teile.iter().zip(bereit) {
            let dokument = DokumentId::of_part(m.sendung, teil.index);
            if self.insert(&mut tx, &m, teil, dokument, &bereit, now).await? {
                index::write(&mut tx, worte, dokument, bereit.text.as_deref()).await?;
            }
            dokumente.push(Angelegtes {
                dokument,
                sendung: m.sendung,
                zugang: m.zugang,
                teil: teil.clone(),
                korb: m.korb.clone(),
            });
        }
        self.finish(tx, job, Angelegt { dokumente }).await
    }

    async fn bereit(&self, m: &Anlegen, teil: &Teil) -> Result<Bereit, AktenError> {
        let mut dateien = vec![self.datei("original", teil.blob, &teil.media_type).await?];
        if let Some(sendung) = m.blob.filter(|b| *b != teil.blob) {
            // A part that was cut out: the file as it came stays the evidence.
            dateien.push(self.datei("sendung", sendung, "").await?);
        }
        if let Some(xml) = teil.rechnung_xml.filter(|x| *x != teil.blob) {
            dateien.push(self.datei("rechnung-xml", xml, "application/xml").await?);
        }
        let mut text = None;
        if let Some(hash) = teil.text {
            dateien.push(self.datei("text", hash, "text/plain; charset=utf-8").await?);
            text = Some(self.text(hash).await?);
        }
        Ok(Bereit { dateien, text })
    }

    async fn insert(
        &self,
        tx: &mut Tx,
        m: &Anlegen,
        teil: &Teil,
        id: DokumentId,
        bereit: &Bereit,
        now: Timestamp,
    ) -> Result<bool, AktenError> {
        let stand = if m.korb == QUARANTAENE { QUARANTAENE } else { "eingang" };
        let name = clean(&teil.name, 200);
        let titel = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem).trim();
        let titel = if titel.is_empty() { "Ohne Namen" } else { titel };
        let art = teil.blatt.as_ref().and_then(|b| b.dokumentart.as_deref()).map(|a| clean(a, 60));
        let kanal = json(&m.kanal)?.as_str().unwrap_or_default().to_owned();
        let teil_art = json(&teil.art)?.as_str().unwrap_or_default().to_owned();
        let values = args![
            id,
            now,
            format!("korb:{}", m.korb),
            objekt(id),
            titel,
            art,
            m.zugang,
            stand,
            m.sendung,
            teil.index,
            kanal,
            teil_art,
            name,
            teil.blob,
            clean(&teil.media_type, 120),
            json(&teil.seiten)?,
            json(&teil.befunde)?,
            m.korb == korb::VERTRAULICH,
        ];
        if tx.execute(&DOKUMENT, values).await? == 0 {
            return Ok(false);
        }
        for datei in &bereit.dateien {
            rendition(tx, id, datei, now).await?;
        }
        for bild in teil.seiten.iter().filter_map(|s| s.bild) {
            blob(tx, id, bild, "seite").await?;
        }
        let data = json!({ "teil": teil.index, "sha256": teil.blob, "korb": m.korb, "zugang": m.zugang, "seiten": teil.seiten.len() });
        audit(tx, &sendung_kette(m.sendung), "DokumentAngelegt", &objekt(id), data, now).await?;
        Ok(true)
    }
}
