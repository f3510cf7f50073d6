// SPDX-License-Identifier: EUPL-1.2
//! A large record for load measurements (`eakte demo-seed N`): plausible texts, Akten, audit entries, full text.
//! The same number gives the same record.

use std::collections::BTreeMap;

use nachrichten::{AkteId, BlobHash, DokumentId, SendungId, Timestamp, VorgangId};
use serde_json::json;
use service_platform::{
    args,
    blobs::Blobs,
    db::{Db, Tx},
    statements,
    uhr::Clock,
};
use uuid::Uuid;

use crate::{
    Akten, AktenError,
    akte::{self, Einheit},
    schreiben::{self, audit, objekt, sendung_kette},
    suche::{self, index},
};

statements! {
    EINHEITEN = "SELECT kennzeichen, titel, amt, aufbewahrung, aussonderung, gueltig_bis FROM akten_einheit ORDER BY kennzeichen";
    ANZAHL = "SELECT count(*) FROM akten_dokument WHERE name LIKE 'bestand-%'";
    DOKUMENT = "INSERT INTO akten_dokument (id, erfasst, ort_objekt, akte_objekt, objekt, titel, dokumentart, zugang, stand, aktenzeichen, akte, vorgang, \
        sendung, teil, kanal, art, name, sha256, media_type, freigabe, seiten, befunde_teil, befunde) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, 'upload', 'datei', $14, $15, 'text/plain; charset=utf-8', $16, '[]', '[]', '[]')";
}

/// Documents per transaction.
const SCHUB: usize = 500;
/// Documents per Akte, and one in this many stays in the Eingangskorb.
const JE_AKTE: usize = 40;
const IM_KORB: usize = 50;

const NAMEN: &[&str] = &[
    "Müller",
    "Schmidt",
    "Schneider",
    "Fischer",
    "Weber",
    "Wagner",
    "Becker",
    "Schäfer",
    "Koch",
    "Bauer",
    "Richter",
    "Klein",
    "Wolf",
    "Schröder",
    "Neumann",
    "Schwarz",
    "Zimmermann",
    "Krüger",
    "Hofmann",
    "Lange",
    "Krause",
    "Lehmann",
    "Köhler",
    "Maier",
    "Walter",
    "König",
    "Kaiser",
    "Fuchs",
];
const STRASSEN: &[&str] = &[
    "Hauptstraße",
    "Bahnhofstraße",
    "Gartenweg",
    "Lindenallee",
    "Am Mühlbach",
    "Schulstraße",
    "Kirchplatz",
    "Rosenweg",
    "Bergstraße",
    "Uferweg",
    "Industriestraße",
    "Goethestraße",
    "Waldstraße",
    "Marktplatz",
    "Ringstraße",
    "Wiesenweg",
];
const ARTEN: &[(&str, &str)] = &[
    ("rechnung", "Rechnung"),
    ("bescheid", "Bescheid"),
    ("antrag", "Antrag"),
    ("brief", "Schreiben"),
    ("widerspruch", "Widerspruch"),
    ("angebot", "Angebot"),
    ("protokoll", "Niederschrift"),
    ("mahnung", "Mahnung"),
];
const SAETZE: &[&str] = &[
    "Die Arbeiten am Kanal in der {strasse} wurden am {tag} abgenommen.",
    "Das Tiefbauamt teilt mit, dass die Straßensperrung bis zum {tag} dauert.",
    "Gegen den Gebührenbescheid legt {name} fristgerecht Widerspruch ein.",
    "Für die Lieferung berechnen wir {betrag} EUR einschließlich Umsatzsteuer.",
    "Wir beantragen die Baugenehmigung für den Umbau des Wohnhauses {strasse} {nr}.",
    "Die Straßenbeleuchtung vor dem Haus {strasse} {nr} ist seit dem {tag} ausgefallen.",
    "Der Zahlungseingang konnte bisher nicht festgestellt werden, offen sind {betrag} EUR.",
    "Die Ortsbesichtigung mit {name} fand am {tag} statt.",
    "Der Gemeinderat stimmt der Vergabe der Sanierungsarbeiten zu.",
    "Die Friedhofsgebühren sind innerhalb eines Monats zu überweisen.",
    "Auf dem Spielplatz {strasse} wurde ein Schaden an der Schaukel gemeldet.",
    "Der Hund von {name} ist seit dem {tag} zur Hundesteuer angemeldet.",
    "Das Angebot umfasst die Pflege der Grünflächen und den Winterdienst.",
    "Die Gewerbesteuervorauszahlung wird auf {betrag} EUR festgesetzt.",
    "Um Rücksendung der unterschriebenen Unterlagen bis {tag} wird gebeten.",
    "Der Brandschutznachweis für die Turnhalle liegt diesem Schreiben bei.",
];

/// A small generator of numbers, so that the record is the same every time.
struct Wuerfel(u64);

impl Wuerfel {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }
    fn of<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

struct Blatt {
    titel: String,
    art: &'static str,
    text: String,
}

fn blatt(n: usize, w: &mut Wuerfel, einheit: &Einheit) -> Blatt {
    let (art, wort) = w.of(ARTEN);
    let (name, strasse) = (w.of(NAMEN), w.of(STRASSEN));
    let mut text = format!(
        "{name}\n{strasse} {}\n\nStadtverwaltung\n{}\n\n{wort} Nr. {:04}-{n}\n\n",
        w.below(120) + 1,
        einheit.titel,
        2000 + w.below(27)
    );
    for _ in 0..5 + w.below(6) {
        let satz = w.of(SAETZE).replace("{name}", w.of(NAMEN)).replace("{strasse}", w.of(STRASSEN));
        let tag = format!("{:02}.{:02}.2026", w.below(28) + 1, w.below(12) + 1);
        let betrag = format!("{},{:02}", w.below(9000) + 10, w.below(100));
        text.push_str(
            &satz.replace("{tag}", &tag).replace("{betrag}", &betrag).replace("{nr}", &(w.below(120) + 1).to_string()),
        );
        text.push('\n');
    }
    text.push_str("\nMit freundlichen Grüßen\n");
    text.push_str(name);
    Blatt { titel: format!("{wort} {name}, {strasse}"), art, text }
}

/// An Akte of the record while it is being filled.
#[derive(Clone)]
struct Offen {
    akte: AkteId,
    aktenzeichen: String,
    vorgang: VorgangId,
    voll: usize,
}

impl Akten {
    /// Adds `n` documents to the record; the Aktenplan must be there. All share one original. Returns how many.
    pub async fn seed_many(&self, n: usize) -> Result<usize, AktenError> {
        seed_many(&self.db, self.blobs.as_ref(), self.clock.as_ref(), self.worte().await?, n).await
    }
}

async fn seed_many(
    db: &Db,
    blobs: &dyn Blobs,
    clock: &dyn Clock,
    worte: &suche::worte::Worte,
    n: usize,
) -> Result<usize, AktenError> {
    let einheiten: Vec<Einheit> = db.all(&EINHEITEN, args![]).await?;
    if einheiten.is_empty() {
        return Err(AktenError::NoUnit("(Aktenplan ist leer)".into()));
    }
    let bytes = "Bestand für Messungen\n".as_bytes().to_vec();
    let size = bytes.len() as u64;
    let original = blobs.put(bytes).await?;
    let (before,): (i64,) = db.one(&ANZAHL, args![]).await?;
    let before = before as usize;
    let mut w = Wuerfel(before as u64 + 1);
    let mut offen: BTreeMap<String, Offen> = BTreeMap::new();
    // Two years of post, ending now.
    let now = clock.now();
    let step = 2 * 365 * 86_400 * 1_000_000 / n.max(1) as i64;
    let mut done = 0;
    while done < n {
        let mut tx = db.begin().await?;
        let mut woerter = BTreeMap::new();
        for i in done..n.min(done + SCHUB) {
            let at = now.plus_micros(-(step * (n - i) as i64));
            let einheit = &einheiten[w.below(einheiten.len())];
            let korb = w.below(IM_KORB) == 0;
            let ziel = if korb { None } else { Some(akte_for(&mut tx, einheit, &mut offen, at, before + i).await?) };
            let blatt = blatt(before + i, &mut w, einheit);
            one(&mut tx, worte, before + i, &blatt, einheit, ziel, (original, size), at, &mut woerter).await?;
        }
        let woerter: Vec<_> = woerter.into_iter().collect();
        tx.execute(&index::WOERTER, args![json!(woerter)]).await?;
        tx.commit().await?;
        done = n.min(done + SCHUB);
        tracing::info!(done, n, "seeding documents");
    }
    Ok(done)
}

async fn akte_for(
    tx: &mut Tx,
    einheit: &Einheit,
    offen: &mut BTreeMap<String, Offen>,
    at: Timestamp,
    i: usize,
) -> Result<Offen, AktenError> {
    if let Some(o) = offen.get_mut(&einheit.kennzeichen).filter(|o| o.voll < JE_AKTE) {
        o.voll += 1;
        return Ok(o.clone());
    }
    let jahr = at.tag().0.year();
    let (nummer,): (i64,) = tx.one(&akte::ZAEHLEN, args![format!("akte:{}:{jahr}", einheit.kennzeichen)]).await?;
    let neu = |name: &str| Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("bestand/{name}/{i}").as_bytes());
    let (akte, vorgang) = (AkteId(neu("akte")), VorgangId(neu("vorgang")));
    let aktenzeichen = akte::aktenzeichen(&einheit.kennzeichen, jahr, nummer);
    let values = args![
        akte,
        &einheit.kennzeichen,
        i32::from(jahr),
        nummer,
        &aktenzeichen,
        format!("{} {nummer}", einheit.titel),
        &einheit.amt,
        at.tag(),
        einheit.aufbewahrung,
        &einheit.aussonderung,
        at,
        format!("einheit:{}", einheit.kennzeichen),
        akte::objekt(akte),
    ];
    tx.execute(&akte::OEFFNEN, values).await?;
    tx.execute(&akte::VORGANG_NEU, args![vorgang, akte, 1i64, "Schriftverkehr", at.tag(), at]).await?;
    let data = json!({ "aktenzeichen": aktenzeichen, "einheit": einheit.kennzeichen, "amt": einheit.amt });
    audit(tx, &akte::objekt(akte), "AkteAngelegt", &akte::objekt(akte), data, at).await?;
    let o = Offen { akte, aktenzeichen, vorgang, voll: 1 };
    offen.insert(einheit.kennzeichen.clone(), o.clone());
    Ok(o)
}

#[allow(clippy::too_many_arguments)] // one row and where it comes from
async fn one(
    tx: &mut Tx,
    worte: &suche::worte::Worte,
    i: usize,
    blatt: &Blatt,
    einheit: &Einheit,
    ziel: Option<Offen>,
    (original, size): (BlobHash, u64),
    at: Timestamp,
    woerter: &mut BTreeMap<String, String>,
) -> Result<(), AktenError> {
    let sendung = SendungId(Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("bestand/sendung/{}", i / 100).as_bytes()));
    let id = DokumentId(Uuid::new_v5(&sendung.0, format!("bestand/{i}").as_bytes()));
    let (ort, stand) = match &ziel {
        Some(_) => (format!("einheit:{}", einheit.kennzeichen), "abgelegt"),
        None => ("korb:poststelle".to_owned(), "eingang"),
    };
    let tag = at.tag();
    let values = args![
        id,
        at,
        ort,
        ziel.as_ref().map(|z| akte::objekt(z.akte)),
        objekt(id),
        &blatt.titel,
        blatt.art,
        tag,
        stand,
        ziel.as_ref().map(|z| z.aktenzeichen.clone()),
        ziel.as_ref().map(|z| z.akte),
        ziel.as_ref().map(|z| z.vorgang),
        sendung,
        format!("bestand-{i}.txt"),
        original,
        ziel.as_ref().map(|_| tag),
    ];
    tx.execute(&DOKUMENT, values).await?;
    tx.execute(&schreiben::RENDITION, args![id, "original", 1i64, original, "text/plain; charset=utf-8", size, at])
        .await?;
    schreiben::blob(tx, id, original, "original").await?;
    tx.execute(&index::TEXT_SETZEN, args![id, &blatt.text]).await?;
    let nr = index::zeile(tx, id).await?;
    let az = ziel.as_ref().map(|z| z.aktenzeichen.as_str()).unwrap_or_default();
    let made = index::tokens(worte, &[&blatt.titel, az, &einheit.titel, &blatt.text]);
    tx.execute(&index::VOLLTEXT, args![nr, made.tokens]).await?;
    woerter.extend(made.woerter);
    audit(tx, &sendung_kette(sendung), "DokumentAngelegt", &objekt(id), json!({ "sha256": original }), at).await?;
    if let Some(z) = &ziel {
        audit(
            tx,
            &akte::objekt(z.akte),
            "DokumentAbgelegt",
            &objekt(id),
            json!({ "akte": z.akte, "vorgang": z.vorgang }),
            at,
        )
        .await?;
    }
    Ok(())
}
