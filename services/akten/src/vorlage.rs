// SPDX-License-Identifier: EUPL-1.2
//! `akten.vorlage_ablegen.v1`: a released Beschlussvorlage becomes a document with its text and its decision log.

use nachrichten::{AkteId, DokumentId, SendungId, Timestamp, VorgangId, akten::Ablegen, job::Job};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service_platform::{args, db::Tx, statements};
use uuid::Uuid;

use crate::{
    Akten, AktenError, anlegen,
    schreiben::{Datei, audit, clean, objekt, rendition, sendung_kette},
    suche::index,
};

/// Queue of this job.
pub const VORLAGE_ABLEGEN: &str = "akten.vorlage_ablegen.v1";

statements! {
    // The council's unit, the office's own one first; else any unit of the office.
    EINHEIT_FUER = "SELECT kennzeichen FROM akten_einheit WHERE (gueltig_bis IS NULL OR gueltig_bis >= $2) AND (amt = $1 OR titel LIKE '%Gemeinderat%' OR titel LIKE '%vorlagen%') \
        ORDER BY CASE WHEN titel LIKE '%Gemeinderat%' OR titel LIKE '%vorlagen%' THEN 0 ELSE 1 END, CASE WHEN amt = $1 THEN 0 ELSE 1 END, kennzeichen LIMIT 1";
}

/// Input of the job; the form's other fields travel along and are kept in the decision log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VorlageAblegen {
    /// The form as it was released.
    pub vorlage: Vorlage,
    /// Decisions of the process, any JSON.
    #[serde(default)]
    pub protokoll: Value,
    /// Unit of the Aktenplan; without it the council's, else the office's first.
    #[serde(default)]
    pub einheit: Option<String>,
    /// Title of the Akte; default `Beschlussvorlagen Amt <nr>`.
    #[serde(default)]
    pub akte_titel: Option<String>,
    /// Name of the person who released it.
    #[serde(default)]
    pub freigegeben_von: Option<String>,
}

/// What the form holds; other fields stay in the decision log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Vorlage {
    pub titel: String,
    #[serde(default)]
    pub text: String,
    /// Office that wrote it, e.g. `66`.
    pub amt: String,
    #[serde(flatten)]
    pub weitere: serde_json::Map<String, Value>,
}

/// Answer: like `Abgelegt`, with the document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VorlageAbgelegt {
    /// The new document.
    pub dokument: DokumentId,
    /// Its Akte.
    pub akte: AkteId,
    /// Its Vorgang.
    pub vorgang: VorgangId,
    /// The Akte's number.
    pub aktenzeichen: String,
}

impl Akten {
    pub(crate) async fn vorlage_ablegen(&self, job: &Job, m: VorlageAblegen) -> Result<VorlageAbgelegt, AktenError> {
        let text = self.vorlage_text(&m.vorlage).await?;
        let inhalt = format!("{}\n\n{}", m.vorlage.titel, m.vorlage.text);
        let log = json!({ "vorlage": m.vorlage, "protokoll": m.protokoll });
        let protokoll = self.protokoll(Some(&log)).await?;
        let worte = self.worte().await?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if let Some(answer) = self.repeated(&mut tx, job, now).await? {
            return Ok(answer);
        }
        let (dokument, sendung) = ids(job);
        let titel = clean(&m.vorlage.titel, 300);
        let values = args![
            dokument,
            now,
            format!("korb:vorlagen-{}", m.vorlage.amt),
            objekt(dokument),
            &titel,
            "vorlage",
            now.tag(),
            "eingang",
            sendung,
            0i64,
            "upload",
            "datei",
            format!("{titel}.txt"),
            text[0].hash,
            &text[0].media_type,
            json!([]),
            json!([]),
            false,
        ];
        if tx.execute(&anlegen::DOKUMENT, values).await? == 1 {
            for datei in &text {
                rendition(&mut tx, dokument, datei, now).await?;
            }
            let data = json!({ "sha256": text[0].hash, "ablauf": job.instance });
            audit(&mut tx, &sendung_kette(sendung), "DokumentAngelegt", &objekt(dokument), data, now).await?;
            index::write(&mut tx, worte, dokument, Some(&inhalt)).await?;
        }
        let ablegen = Ablegen {
            dokument,
            einheit: unit(&mut tx, &m, now).await?,
            aktenzeichen: None,
            akte_titel: m.akte_titel.clone().unwrap_or_else(|| format!("Beschlussvorlagen Amt {}", m.vorlage.amt)),
            vorgang_titel: titel.clone(),
            dokumentart: "vorlage".into(),
            titel,
            amt: m.vorlage.amt.clone(),
            protokoll: None,
            freigegeben_von: m.freigegeben_von.clone(),
            zda: false,
        };
        let filed = self.file(&mut tx, &ablegen, protokoll.as_ref(), now).await?;
        if let Some(protokoll) = &protokoll {
            // Filed before, with the log of the release: the log of the sessions is its next version.
            rendition(&mut tx, dokument, protokoll, now).await?;
        }
        let answer =
            VorlageAbgelegt { dokument, akte: filed.akte, vorgang: filed.vorgang, aktenzeichen: filed.aktenzeichen };
        self.finish(tx, job, answer).await
    }

    /// The text as it was released, as original and as text rendition: the same bytes.
    async fn vorlage_text(&self, vorlage: &Vorlage) -> Result<[Datei; 2], AktenError> {
        let bytes = format!("{}\n\n{}\n", vorlage.titel, vorlage.text).into_bytes();
        let size = bytes.len() as u64;
        let hash = self.blobs.put(bytes).await?;
        let media_type = "text/plain; charset=utf-8".to_owned();
        let text = Datei { name: "text", hash, media_type, size };
        Ok([Datei { name: "original", ..text.clone() }, text])
    }
}

/// Ids derived from the process instance: the same work finds the same document.
fn ids(job: &Job) -> (DokumentId, SendungId) {
    let of = |name: &str| Uuid::new_v5(&job.instance.0, name.as_bytes());
    (DokumentId(of("vorlage/dokument")), SendungId(of("vorlage/sendung")))
}

async fn unit(tx: &mut Tx, m: &VorlageAblegen, now: Timestamp) -> Result<String, AktenError> {
    if let Some(einheit) = m.einheit.as_deref().filter(|e| !e.is_empty()) {
        return Ok(einheit.to_owned());
    }
    let found: Option<(String,)> = tx.optional(&EINHEIT_FUER, args![&m.vorlage.amt, now.tag()]).await?;
    found.map(|(k,)| k).ok_or_else(|| AktenError::NoUnit(format!("für Amt {}", m.vorlage.amt)))
}
