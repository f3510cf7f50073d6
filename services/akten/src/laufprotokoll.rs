// SPDX-License-Identifier: EUPL-1.2
//! `akten.laufprotokoll.v1`: how an Umlauf went, as a document of its own beside what went round: same Vorgang, same
//! rights, same confidentiality. The text is for people, the data beside it for machines.

use nachrichten::{
    AkteId, DokumentId, SendungId, Timestamp, VorgangId,
    akten::{LaufSchritt, Laufprotokoll, LaufprotokollAbgelegt},
    ereignisse::{Ablage, Ereignis},
    job::Job,
};
use serde_json::json;
use service_platform::{args, ereignis, from_row, statements};
use uuid::Uuid;

use crate::{
    Akten, AktenError, akte, anlegen,
    schreiben::{Datei, audit, clean, objekt, rendition, sendung_kette},
    suche::index,
};

statements! {
    ORT = "SELECT sendung, ort_objekt, akte_objekt, aktenzeichen, akte, vorgang, stand, vertraulich FROM akten_dokument WHERE id = $1";
    DANEBEN = "UPDATE akten_dokument SET ort_objekt = $2, akte_objekt = $3, aktenzeichen = $4, akte = $5, vorgang = $6, stand = $7, freigabe = $8 WHERE id = $1";
}

/// Where the document lies that went round.
struct Ort {
    sendung: SendungId,
    ort_objekt: String,
    akte_objekt: Option<String>,
    aktenzeichen: Option<String>,
    akte: Option<AkteId>,
    vorgang: Option<VorgangId>,
    stand: String,
    vertraulich: bool,
}
from_row!(Ort { sendung, ort_objekt, akte_objekt, aktenzeichen, akte, vorgang, stand, vertraulich });

impl Akten {
    pub(crate) async fn laufprotokoll(&self, job: &Job, m: Laufprotokoll) -> Result<LaufprotokollAbgelegt, AktenError> {
        let text = text(&m);
        let data = serde_json::to_vec(&m).map_err(|e| AktenError::Message(e.to_string()))?;
        let datei = async |name, bytes: Vec<u8>, media_type: &str| -> Result<Datei, AktenError> {
            let size = bytes.len() as u64;
            Ok(Datei { name, hash: self.blobs.put(bytes).await?, media_type: media_type.to_owned(), size })
        };
        let original = datei("original", text.clone().into_bytes(), "text/plain; charset=utf-8").await?;
        let daten = datei("protokoll", data, "application/json").await?;
        let worte = self.worte().await?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if let Some(answer) = self.repeated(&mut tx, job, now).await? {
            return Ok(answer);
        }
        let ort: Option<Ort> = tx.optional(&ORT, args![m.dokument]).await?;
        let ort = ort.ok_or(AktenError::NoDocument(m.dokument))?;
        // The same process finds the same document again.
        let of = |name: &str| Uuid::new_v5(&job.instance.0, name.as_bytes());
        let (id, sendung) = (DokumentId(of("laufprotokoll/dokument")), SendungId(of("laufprotokoll/sendung")));
        let titel = clean(&format!("Laufprotokoll: {}", m.titel), 300);
        let values = args![
            id,
            now,
            &ort.ort_objekt,
            objekt(id),
            &titel,
            "laufprotokoll",
            now.tag(),
            "eingang",
            sendung,
            0i64,
            "upload",
            "datei",
            "laufprotokoll.txt",
            original.hash,
            &original.media_type,
            json!([]),
            json!([]),
            ort.vertraulich,
        ];
        if tx.execute(&anlegen::DOKUMENT, values).await? == 1 {
            let freigabe = ort.akte.map(|_| now.tag());
            let place = args![
                id,
                &ort.ort_objekt,
                ort.akte_objekt.clone(),
                ort.aktenzeichen.clone(),
                ort.akte,
                ort.vorgang,
                &ort.stand,
                freigabe,
            ];
            tx.execute(&DANEBEN, place).await?;
            let copy = Datei { name: "text", ..original.clone() };
            for datei in [&original, &copy, &daten] {
                rendition(&mut tx, id, datei, now).await?;
            }
            index::write(&mut tx, worte, id, Some(&text)).await?;
            let chain = ort.akte.map_or_else(|| sendung_kette(ort.sendung), akte::objekt);
            let data = json!({
                "laufprotokoll_zu": m.dokument, "ablauf": job.instance, "sha256": original.hash,
                "protokoll": daten.hash, "ergebnis": m.ergebnis, "fassung": m.fassung,
            });
            audit(&mut tx, &chain, "DokumentAngelegt", &objekt(id), data, now).await?;
            if let Some(akte) = ort.akte {
                let data = json!({ "akte": akte, "vorgang": ort.vorgang, "aktenzeichen": ort.aktenzeichen });
                audit(&mut tx, &chain, "DokumentAbgelegt", &objekt(id), data, now).await?;
            }
            if let (Some(akte), Some(vorgang)) = (ort.akte, ort.vorgang) {
                let event = || Ereignis::DokumentAbgelegt(Ablage { dokument: id, akte, vorgang });
                ereignis::melden(&mut tx, &*self.ids, event, now).await?;
            }
        }
        self.finish(tx, job, LaufprotokollAbgelegt { dokument: id }).await
    }
}

/// The log as people read it.
fn text(m: &Laufprotokoll) -> String {
    let mut out = format!("Laufprotokoll\n\nUmlauf: {}\n", m.titel);
    if let Some(von) = &m.von {
        out.push_str(&format!("Begonnen von: {von}\n"));
    }
    out.push_str(&format!("Regel: {}\nErgebnis: {}\n", regel(&m.regel), ergebnis(&m.ergebnis)));
    if let Some(fassung) = m.fassung {
        out.push_str(&format!("Fassung am Ende (SHA-256): {fassung}\n"));
    }
    let mut schritte: Vec<&LaufSchritt> = m.positionen.iter().collect();
    schritte.sort_by_key(|s| (s.stufe, s.nr));
    for s in schritte {
        out.push_str(&format!("\nStufe {}, Nr. {}: {}", s.stufe, s.nr, s.name));
        if !s.verfuegung.is_empty() {
            out.push_str(&format!(" ({})", s.verfuegung));
        }
        out.push_str(&format!("\n  {}\n", was(s)));
        if let Some(bemerkung) = s.bemerkung.as_deref().filter(|b| !b.trim().is_empty()) {
            out.push_str(&format!("  Bemerkung: {}\n", clean(bemerkung, 2000)));
        }
        for e in &s.eintraege {
            let art = match e.art.as_str() {
                "eingefuegt" => "eingefügt",
                andere => andere,
            };
            out.push_str(&format!("  {art} von {} am {}: {}\n", e.von, zeitpunkt(e.zeit), clean(&e.grund, 500)));
        }
    }
    out
}

fn was(s: &LaufSchritt) -> String {
    let decided = match s.entscheidung.as_deref() {
        Some("gezeichnet") => "gezeichnet",
        Some("mit_aenderung") => "mit Änderung gezeichnet",
        Some("kenntnis_genommen") => "Kenntnis genommen",
        Some("abgelehnt") => "abgelehnt",
        Some("widerspruch") => "widersprochen",
        Some("kein_widerspruch") => "nicht widersprochen",
        Some(andere) => andere,
        None if s.stand == "ungueltig" => "nicht gezeichnet, das Dokument wurde geändert",
        None => "nicht gezeichnet, übersprungen",
    };
    let mut out = decided.to_owned();
    if let Some(von) = &s.von {
        out.push_str(&format!(" von {von}"));
    }
    if let Some(fuer) = &s.fuer {
        out.push_str(&format!(" i. V. für {fuer}"));
    }
    if let Some(zeit) = s.zeit {
        out.push_str(&format!(" am {}", zeitpunkt(zeit)));
    }
    if s.entscheidung.is_some() && s.stand == "ungueltig" {
        out.push_str("; ungültig, weil das Dokument danach geändert wurde");
    }
    out
}

fn zeitpunkt(at: Timestamp) -> String {
    let z = at.zoned();
    format!("{} um {:02}:{:02} Uhr", at.tag().deutsch(), z.hour(), z.minute())
}

fn regel(wert: &str) -> &str {
    match wert {
        "alle" => "alle müssen zeichnen",
        "mehrheit" => "die Mehrheit genügt",
        "erstes_nein" => "die erste Ablehnung beendet den Umlauf",
        "schriftlich" => "schriftliches Verfahren, ein Widerspruch genügt (§ 37 Abs. 1 GemO)",
        andere => andere,
    }
}

fn ergebnis(wert: &str) -> &str {
    match wert {
        "tagesordnung" => "Widerspruch, kommt auf die Tagesordnung",
        "zurueckgezogen" => "zurückgezogen",
        andere => andere,
    }
}
