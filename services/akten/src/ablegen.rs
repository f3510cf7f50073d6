// SPDX-License-Identifier: EUPL-1.2
//! `akten.ablegen.v1`: the document leaves its Eingangskorb and becomes part of an Akte. One commit.

use nachrichten::{
    AkteId, VorgangId,
    akten::{Abgelegt, Ablegen},
    ereignisse::{Ablage, Ereignis},
    erkennung::{Befund, Stufe},
    job::Job,
};
use serde_json::{Value, json};
use service_platform::{args, db::Tx, ereignis, statements};

use crate::{
    Akten, AktenError,
    akte::{self, Akte, Ziel},
    lock, schluss,
    schreiben::{Datei, Kopf, audit, clean, json, kopf, objekt, rendition},
    suche::index,
};

statements! {
    ZDA = "UPDATE akten_vorgang SET zda = 1, zda_am = $2, laufzeit_bis = $2, version = version + 1 WHERE id = $1 AND zda = 0";
    ABLEGEN = "UPDATE akten_dokument SET stand = 'abgelegt', ort_objekt = $2, akte_objekt = $3, akte = $4, vorgang = $5, aktenzeichen = $6, \
        titel = $7, dokumentart = $8, freigabe = coalesce(freigabe, $9), freigegeben_von = coalesce($10, freigegeben_von), befunde = $11, version = version + 1 WHERE id = $1";
}

impl Akten {
    pub(crate) async fn ablegen(&self, job: &Job, m: Ablegen) -> Result<Abgelegt, AktenError> {
        let protokoll = self.protokoll(m.protokoll.as_ref()).await?;
        self.worte().await?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if let Some(answer) = self.repeated(&mut tx, job, now).await? {
            return Ok(answer);
        }
        let abgelegt = self.file(&mut tx, &m, protokoll.as_ref(), now).await?;
        self.finish(tx, job, abgelegt).await
    }

    /// The decision log as a blob; its name is its hash, so writing it before the commit is harmless.
    pub(crate) async fn protokoll(&self, protokoll: Option<&Value>) -> Result<Option<Datei>, AktenError> {
        let Some(value) = protokoll.filter(|v| !v.is_null()) else {
            return Ok(None);
        };
        let bytes = value.to_string().into_bytes();
        let size = bytes.len() as u64;
        let hash = self.blobs.put(bytes).await?;
        Ok(Some(Datei { name: "protokoll", hash, media_type: "application/json".into(), size }))
    }

    /// Files in this transaction; a document that stands there already stays as it is.
    pub(crate) async fn file(
        &self,
        tx: &mut Tx,
        m: &Ablegen,
        protokoll: Option<&Datei>,
        now: nachrichten::Timestamp,
    ) -> Result<Abgelegt, AktenError> {
        let mut dokument = kopf(tx, m.dokument).await?;
        let typed = m.aktenzeichen.as_deref().map(str::trim).filter(|az| !az.is_empty());
        let akte = match typed {
            Some(az) => tx.optional::<Akte>(&akte::NACH_ZEICHEN, args![az]).await?.filter(|a| !a.zda),
            None => None,
        };
        let aktenzeichen = akte.as_ref().map(|a| a.aktenzeichen.as_str());
        if let (Some(az), None) = (typed, aktenzeichen) {
            unknown(&mut dokument.befunde, az)?;
        }
        let ziel = Ziel { einheit: &m.einheit, aktenzeichen, titel: &m.akte_titel, amt: &m.amt };
        let titel = clean(&m.titel, 300);
        let titel = if titel.is_empty() { dokument.titel.clone() } else { titel };
        let art = Some(clean(&m.dokumentart, 60)).filter(|a| !a.is_empty()).or(dokument.dokumentart.clone());
        if let Some((akte, vorgang)) = filed(tx, &dokument, &ziel, m).await?
            && titel == dokument.titel
            && art == dokument.dokumentart
        {
            if let Some(datei) = protokoll
                && rendition(tx, m.dokument, datei, now).await?
            {
                let data = json!({ "protokoll": datei.hash });
                audit(tx, &akte::objekt(akte.id), "ProtokollErgaenzt", &objekt(m.dokument), data, now).await?;
            }
            schliessen(tx, m, &akte, vorgang, now).await?;
            return Ok(Abgelegt { akte: akte.id, vorgang, aktenzeichen: akte.aktenzeichen });
        }
        let akte = self.find_or_open(tx, &ziel, now).await?;
        lock(tx, &akte::objekt(akte.id)).await?;
        let vorgang = self.find_or_open_vorgang(tx, &akte, &m.vorgang_titel, now).await?;
        let von = m.freigegeben_von.as_deref().map(|n| clean(n, 120));
        let values = args![
            m.dokument,
            format!("einheit:{}", akte.einheit),
            akte::objekt(akte.id),
            akte.id,
            vorgang,
            &akte.aktenzeichen,
            titel,
            art,
            now.tag(),
            von,
            &dokument.befunde,
        ];
        tx.execute(&ABLEGEN, values).await?;
        tx.execute(&akte::AKTE_VERSION, args![akte.id]).await?;
        if let Some(datei) = protokoll {
            rendition(tx, m.dokument, datei, now).await?;
        }
        index::write(tx, self.worte().await?, m.dokument, None).await?;
        let data = json!({
            "akte": akte.id, "vorgang": vorgang, "aktenzeichen": akte.aktenzeichen, "version": dokument.version + 1,
            "protokoll": protokoll.map(|p| p.hash),
        });
        if let Some(before) = dokument.akte.filter(|before| *before != akte.id) {
            let data = json!({ "nach": akte.id, "version": dokument.version + 1 });
            audit(tx, &akte::objekt(before), "DokumentUmgelegt", &objekt(m.dokument), data, now).await?;
        }
        audit(tx, &akte::objekt(akte.id), "DokumentAbgelegt", &objekt(m.dokument), data, now).await?;
        let ablage = Ablage { dokument: m.dokument, akte: akte.id, vorgang };
        ereignis::melden(tx, &*self.ids, || Ereignis::DokumentAbgelegt(ablage), now).await?;
        schliessen(tx, m, &akte, vorgang, now).await?;
        Ok(Abgelegt { akte: akte.id, vorgang, aktenzeichen: akte.aktenzeichen })
    }
}

/// z. d. A.: the Vorgang is closed; what comes later under its title opens a new one.
async fn schliessen(
    tx: &mut Tx,
    m: &Ablegen,
    akte: &Akte,
    vorgang: VorgangId,
    now: nachrichten::Timestamp,
) -> Result<(), AktenError> {
    if m.zda {
        schluss::close(tx, akte.id, vorgang, None, json!({ "dokument": m.dokument }), now).await?;
    }
    Ok(())
}

/// A number that leads nowhere must not stop the filing: the title decides, and a finding says so.
fn unknown(befunde: &mut Value, az: &str) -> Result<(), AktenError> {
    let az = clean(az, 60);
    let befund = json(&Befund {
        code: "aktenzeichen-unbekannt".into(),
        stufe: Stufe::Hinweis,
        text: format!("Eine offene Akte {az} gibt es nicht. Einheit und Titel haben die Akte bestimmt."),
    })?;
    if let Some(list) = befunde.as_array_mut().filter(|list| !list.contains(&befund)) {
        list.push(befund);
    }
    Ok(())
}

/// Where the document stands, when that is the target already.
async fn filed(
    tx: &mut Tx,
    dokument: &Kopf,
    ziel: &Ziel<'_>,
    m: &Ablegen,
) -> Result<Option<(Akte, VorgangId)>, AktenError> {
    let (Some(id), Some(vorgang)) = (dokument.akte, dokument.vorgang) else {
        return Ok(None);
    };
    let Some(akte) = tx.optional::<Akte>(&akte::NACH_ID, args![id as AkteId]).await? else {
        return Ok(None);
    };
    let (vorgang_titel,): (String,) = tx.one(&akte::VORGANG_TITEL, args![vorgang]).await?;
    let same_akte = match ziel.aktenzeichen {
        Some(az) => az == akte.aktenzeichen,
        None => ziel.einheit == akte.einheit && [clean(ziel.titel, 200), String::new()].contains(&akte.titel),
    };
    let wanted = clean(&m.vorgang_titel, 200);
    let wanted = if wanted.is_empty() { &akte.titel } else { &wanted };
    Ok((same_akte && *wanted == vorgang_titel).then_some((akte, vorgang)))
}
