// SPDX-License-Identifier: EUPL-1.2
//! The trait `Dokumente`: what a person may see of the record.

use async_trait::async_trait;
use futures_util::future::try_join_all;
use nachrichten::{
    Actor, AkteId, BlobHash, DokumentId, SendungId, Tag, Timestamp, VorgangId,
    dokumente::{
        Ablageort, AkteSeite, AkteZeile, DerSendung, Dokument, DokumentZeile, Dokumente, Einheit, Inhalt, NeueFassung,
        Rendition, Schluss, VorgangSeite,
    },
    erkennung::{Befund, Seite},
    fehler::Fehler,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use service_platform::{
    args,
    db::{self, DbError, FromRow},
    from_row,
    rechte::{self, Recht},
    sichtbar, statements,
};
use uuid::Uuid;

use crate::{Akten, AktenError, korb, rechte::meine, schreiben::sniff};

/// The longest page of a list.
const HOECHSTENS: u32 = 200;
/// Documents shown on one Akte page.
const AKTE_DOKUMENTE: i64 = 2000;

macro_rules! doc {
    () => {
        sichtbar!("$1", "$2", "d.ort_objekt, d.akte_objekt, d.objekt")
    };
}
macro_rules! akte {
    () => {
        sichtbar!("$1", "$2", "a.einheit_objekt, a.objekt")
    };
}
/// What was made of an earlier version of the original is not shown beside the present one.
macro_rules! aktuell {
    () => {
        "(r.name IN ('original', 'protokoll') OR r.erstellt >= (SELECT max(o.erstellt) FROM akten_rendition o WHERE o.dokument = r.dokument AND o.name = 'original'))"
    };
}
macro_rules! zeile {
    () => {
        "SELECT d.id, d.titel, d.dokumentart, d.zugang, d.aktenzeichen, d.stand, d.erfasst FROM akten_dokument d "
    };
}
/// The newest documents of each object of a person, then the predicate: few rights never mean a long search.
macro_rules! eigene {
    ($ort:expr, $akte:expr) => {
        concat!(
            "WITH ", meine!(), ", nahe(id) AS (", $ort, " UNION ", $akte,
            " UNION SELECT d.id FROM meine m CROSS JOIN akten_dokument d WHERE d.objekt = m.objekt AND (d.erfasst, d.id) < ($3, $4)) ",
            "SELECT d.id, d.titel, d.dokumentart, d.zugang, d.aktenzeichen, d.stand, d.erfasst FROM nahe CROSS JOIN akten_dokument d WHERE d.id = nahe.id AND ",
            doc!(), " ORDER BY d.erfasst DESC, d.id DESC LIMIT $5"
        )
    };
}
// SQLite has no LATERAL, but table functions take a correlated argument. CROSS JOIN keeps the order of the loops.
macro_rules! je_sqlite {
    ($column:literal) => {
        concat!("SELECT d.id FROM meine m CROSS JOIN json_each((SELECT json_group_array(n.nr) FROM (SELECT y.rowid AS nr FROM akten_dokument y WHERE y.",
            $column, " = m.objekt AND (y.erfasst, y.id) < ($3, $4) ORDER BY y.erfasst DESC, y.id DESC LIMIT $5) n)) j \
            CROSS JOIN akten_dokument d WHERE d.rowid = j.value")
    };
}
macro_rules! je_postgres {
    ($column:literal) => {
        concat!(
            "SELECT d.id FROM meine m CROSS JOIN LATERAL (SELECT y.id FROM akten_dokument y WHERE y.",
            $column,
            " = m.objekt AND (y.erfasst, y.id) < ($3, $4) ORDER BY y.erfasst DESC, y.id DESC LIMIT $5) d"
        )
    };
}

statements! {
    DOKUMENT = concat!("SELECT d.id, d.version, d.sendung, d.kanal, d.art, d.dokumentart, d.titel, d.name, d.stand, d.sha256, d.media_type, d.zugang, \
        d.erfasst, d.freigabe, d.seiten, d.vorschlag, d.fakten, d.befunde_teil, d.befunde, a.einheit, e.titel, a.id, a.aktenzeichen, a.titel, v.id, v.titel \
        FROM akten_dokument d LEFT JOIN akten_akte a ON a.id = d.akte LEFT JOIN akten_einheit e ON e.kennzeichen = a.einheit \
        LEFT JOIN akten_vorgang v ON v.id = d.vorgang WHERE d.id = $3 AND ", doc!());
    SICHTBAR = concat!("SELECT d.id FROM akten_dokument d WHERE d.id = $3 AND ", doc!());
    RENDITIONEN = concat!("SELECT r.name, r.media_type, r.size, r.hash FROM akten_rendition r JOIN akten_dokument d ON d.id = r.dokument \
        WHERE r.dokument = $3 AND r.version = (SELECT max(n.version) FROM akten_rendition n WHERE n.dokument = r.dokument AND n.name = r.name) AND ", aktuell!(), " AND ",
        doc!(), " ORDER BY r.erstellt, r.name");
    RENDITION = concat!("SELECT r.hash, r.media_type, d.name FROM akten_rendition r JOIN akten_dokument d ON d.id = r.dokument \
        WHERE r.dokument = $3 AND r.name = $4 AND ", aktuell!(), " AND ", doc!(), " ORDER BY r.version DESC LIMIT 1");
    SEITEN = concat!("SELECT d.seiten, d.name FROM akten_dokument d WHERE d.id = $3 AND ", doc!());
    LISTE_ALLE = concat!(zeile!(), "WHERE (d.erfasst, d.id) < ($3, $4) AND ", doc!(), " ORDER BY d.erfasst DESC, d.id DESC LIMIT $5");
    LISTE_EIGENE = eigene!(je_sqlite!("ort_objekt"), je_sqlite!("akte_objekt")) => eigene!(je_postgres!("ort_objekt"), je_postgres!("akte_objekt"));
    // Every document of it with the predicate's answer: what is not to be seen is dropped, but that there is something
    // closed decides whether the Sendung's name is shown.
    DER_SENDUNG = concat!("SELECT d.id, d.titel, d.dokumentart, d.zugang, d.aktenzeichen, d.stand, d.erfasst, CAST(CASE WHEN ", doc!(),
        " THEN 1 ELSE 0 END AS BIGINT), d.vertraulich, d.ort_objekt FROM akten_dokument d WHERE d.sendung = $3 ORDER BY d.teil LIMIT 1000");
    AKTE = concat!("SELECT a.id, a.aktenzeichen, a.titel, a.einheit, e.titel, a.amt, a.zda_am FROM akten_akte a JOIN akten_einheit e ON e.kennzeichen = a.einheit \
        WHERE a.id = $3 AND ", akte!());
    AKTE_INHALT = concat!("SELECT v.id, v.titel, v.zda_am, d.id, d.titel, d.dokumentart, d.zugang, d.aktenzeichen, d.stand \
        FROM akten_vorgang v JOIN akten_dokument d ON d.vorgang = v.id WHERE v.akte = $3 AND ", doc!(), " ORDER BY v.nummer, d.zugang, d.id LIMIT $4");
    // Who sees an Akte sees its documents: they carry its unit and itself as objects.
    AKTEN = concat!("WITH ", meine!(), " SELECT a.id, a.aktenzeichen, a.titel, a.einheit, e.titel, a.amt, a.zda_am, \
        (SELECT count(*) FROM akten_vorgang v WHERE v.akte = a.id), (SELECT count(*) FROM akten_dokument d WHERE d.akte_objekt = a.objekt) FROM akten_akte a \
        JOIN akten_einheit e ON e.kennzeichen = a.einheit WHERE a.aktenzeichen > $3 AND ('mandant' IN (SELECT objekt FROM meine) \
        OR a.einheit_objekt IN (SELECT objekt FROM meine) OR a.objekt IN (SELECT objekt FROM meine)) AND ", akte!(), " ORDER BY a.aktenzeichen LIMIT $4");
    AKTENPLAN = "SELECT kennzeichen, titel, amt FROM akten_einheit WHERE gueltig_bis IS NULL OR gueltig_bis >= $1 ORDER BY kennzeichen";
    ZAHL_ALLE = "SELECT ort_objekt, count(*) FROM akten_dokument GROUP BY ort_objekt";
    ZAHL_EIGENE = concat!("WITH ", meine!(), " SELECT d.ort_objekt, count(*) FROM meine m CROSS JOIN akten_dokument d WHERE d.ort_objekt = m.objekt GROUP BY d.ort_objekt");
    // Single Akten and documents outside of those units and baskets.
    ZAHL_EINZELN = concat!("WITH ", meine!(), ", einzeln(id) AS (SELECT d.id FROM meine m CROSS JOIN akten_dokument d WHERE d.akte_objekt = m.objekt \
        UNION SELECT d.id FROM meine m CROSS JOIN akten_dokument d WHERE d.objekt = m.objekt) \
        SELECT d.ort_objekt, count(*) FROM einzeln CROSS JOIN akten_dokument d WHERE d.id = einzeln.id AND d.ort_objekt NOT IN (SELECT objekt FROM meine) GROUP BY d.ort_objekt");
}

struct Row {
    id: DokumentId,
    version: i64,
    sendung: SendungId,
    kanal: String,
    art: String,
    dokumentart: Option<String>,
    titel: String,
    name: String,
    stand: String,
    sha256: BlobHash,
    media_type: String,
    zugang: Tag,
    erfasst: Timestamp,
    freigabe: Option<Tag>,
    seiten: Value,
    vorschlag: Option<Value>,
    fakten: Option<Value>,
    befunde_teil: Value,
    befunde: Value,
    einheit: Option<String>,
    einheit_titel: Option<String>,
    akte: Option<AkteId>,
    aktenzeichen: Option<String>,
    akte_titel: Option<String>,
    vorgang: Option<VorgangId>,
    vorgang_titel: Option<String>,
}
from_row!(Row {
    id,
    version,
    sendung,
    kanal,
    art,
    dokumentart,
    titel,
    name,
    stand,
    sha256,
    media_type,
    zugang,
    erfasst,
    freigabe,
    seiten,
    vorschlag,
    fakten,
    befunde_teil,
    befunde,
    einheit,
    einheit_titel,
    akte,
    aktenzeichen,
    akte_titel,
    vorgang,
    vorgang_titel,
});

/// A row of a list with its place in the order.
pub(crate) struct Zeile {
    id: DokumentId,
    titel: String,
    dokumentart: Option<String>,
    zugang: Tag,
    aktenzeichen: Option<String>,
    stand: String,
    erfasst: Timestamp,
}
from_row!(Zeile { id, titel, dokumentart, zugang, aktenzeichen, stand, erfasst });

impl From<Zeile> for DokumentZeile {
    fn from(z: Zeile) -> Self {
        Self {
            id: z.id,
            titel: z.titel,
            dokumentart: z.dokumentart,
            zugang: z.zugang,
            aktenzeichen: z.aktenzeichen,
            stand: z.stand,
        }
    }
}

/// A document of a Sendung, whoever asks.
struct Teilzeile {
    zeile: Zeile,
    sichtbar: bool,
    verschlossen: bool,
}

impl FromRow for Teilzeile {
    fn from_row(row: &db::Row) -> Result<Self, DbError> {
        let ort: String = row.get(9)?;
        let verschlossen = row.get(8)? || ort.strip_prefix("korb:") == Some(korb::NEU);
        Ok(Self { zeile: Zeile::from_row(row)?, sichtbar: row.get(7)?, verschlossen })
    }
}

struct InhaltRow {
    vorgang: VorgangId,
    vorgang_titel: String,
    zda_am: Option<Tag>,
    id: DokumentId,
    titel: String,
    dokumentart: Option<String>,
    zugang: Tag,
    aktenzeichen: Option<String>,
    stand: String,
}
from_row!(InhaltRow { vorgang, vorgang_titel, zda_am, id, titel, dokumentart, zugang, aktenzeichen, stand });

struct AkteRow {
    id: AkteId,
    aktenzeichen: String,
    titel: String,
    einheit: String,
    einheit_titel: String,
    amt: String,
    zda_am: Option<Tag>,
}
from_row!(AkteRow { id, aktenzeichen, titel, einheit, einheit_titel, amt, zda_am });

impl From<AkteRow> for AkteSeite {
    fn from(a: AkteRow) -> Self {
        let (einheit, einheit_titel) = (a.einheit, a.einheit_titel);
        Self {
            id: a.id,
            aktenzeichen: a.aktenzeichen,
            titel: a.titel,
            einheit,
            einheit_titel,
            amt: a.amt,
            zda_am: a.zda_am,
            vorgaenge: Vec::new(),
        }
    }
}

struct AktenRow {
    akte: AkteRow,
    vorgaenge: u64,
    dokumente: u64,
}

impl FromRow for AktenRow {
    fn from_row(row: &db::Row) -> Result<Self, DbError> {
        Ok(Self { akte: AkteRow::from_row(row)?, vorgaenge: row.get(7)?, dokumente: row.get(8)? })
    }
}

impl From<AktenRow> for AkteZeile {
    fn from(AktenRow { akte: a, vorgaenge, dokumente }: AktenRow) -> Self {
        let (einheit, einheit_titel) = (a.einheit, a.einheit_titel);
        let (id, aktenzeichen, titel, amt) = (a.id, a.aktenzeichen, a.titel, a.amt);
        Self { id, aktenzeichen, titel, einheit, einheit_titel, amt, vorgaenge, dokumente }
    }
}

fn decode<T: DeserializeOwned>(value: Value) -> Result<T, AktenError> {
    serde_json::from_value(value).map_err(|e| DbError::Decode(e.to_string()).into())
}

/// Opaque: instant in hex and id.
fn cursor(erfasst: Timestamp, id: Uuid) -> String {
    format!("{:x}-{}", erfasst.0, id.simple())
}

fn read_cursor(text: Option<&str>) -> Result<(Timestamp, Uuid), AktenError> {
    let Some(text) = text.filter(|t| !t.is_empty()) else {
        return Ok((Timestamp(i64::MAX), Uuid::max()));
    };
    let (at, id) = text.split_once('-').ok_or(AktenError::Cursor)?;
    let at = i64::from_str_radix(at, 16).map_err(|_| AktenError::Cursor)?;
    Ok((Timestamp(at), Uuid::parse_str(id).map_err(|_| AktenError::Cursor)?))
}

/// The file name of a rendition: the original's own, else its stem with the fitting end.
fn file_name(name: &str, rendition: &str, media_type: &str) -> String {
    if rendition == "original" {
        return name.to_owned();
    }
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let end = match media_type.split(';').next().unwrap_or_default() {
        "application/pdf" => "pdf",
        "text/plain" => "txt",
        "text/html" => "html",
        "application/json" => "json",
        "application/xml" => "xml",
        "image/jpeg" => "jpg",
        "image/png" => "png",
        _ => "bin",
    };
    format!("{stem}-{rendition}.{end}")
}

impl Akten {
    async fn dokument(&self, actor: &Actor, id: DokumentId) -> Result<Dokument, AktenError> {
        let now = self.clock.now();
        let row: Option<Row> = self.db.optional(&DOKUMENT, args![actor.person, now, id]).await?;
        let row = row.ok_or(AktenError::NotFound)?;
        let found: Vec<(String, String, u64, BlobHash)> =
            self.db.all(&RENDITIONEN, args![actor.person, now, id]).await?;
        let renditionen = found
            .into_iter()
            .map(|(name, media_type, size, sha256)| Rendition { name, media_type, size, sha256 })
            .collect();
        let mut befunde: Vec<Befund> = decode(row.befunde_teil)?;
        for befund in decode::<Vec<Befund>>(row.befunde)? {
            if !befunde.contains(&befund) {
                befunde.push(befund);
            }
        }
        let ablage = match (row.akte, row.vorgang) {
            (Some(akte), Some(vorgang)) => Some(Ablageort {
                einheit: row.einheit.unwrap_or_default(),
                einheit_titel: row.einheit_titel.unwrap_or_default(),
                akte,
                aktenzeichen: row.aktenzeichen.unwrap_or_default(),
                akte_titel: row.akte_titel.unwrap_or_default(),
                vorgang,
                vorgang_titel: row.vorgang_titel.unwrap_or_default(),
            }),
            _ => None,
        };
        Ok(Dokument {
            id: row.id,
            version: row.version,
            sendung: row.sendung,
            kanal: decode(row.kanal.into())?,
            art: decode(row.art.into())?,
            dokumentart: row.dokumentart,
            titel: row.titel,
            name: row.name,
            stand: row.stand,
            sha256: row.sha256,
            media_type: row.media_type,
            zugang: row.zugang,
            erfasst: row.erfasst,
            freigabe: row.freigabe,
            seiten: decode(row.seiten)?,
            renditionen,
            vorschlag: row.vorschlag.map(decode).transpose()?,
            fakten: row.fakten.map(decode).transpose()?,
            befunde,
            ablage,
        })
    }

    async fn inhalt(&self, actor: &Actor, id: DokumentId, rendition: &str) -> Result<Inhalt, AktenError> {
        let args = args![actor.person, self.clock.now(), id, rendition];
        let row: Option<(BlobHash, String, String)> = self.db.optional(&RENDITION, args).await?;
        let (hash, media_type, name) = row.ok_or(AktenError::NotFound)?;
        let bytes = self.blobs.get(hash).await?;
        Ok(Inhalt { bytes, name: file_name(&name, rendition, &media_type), media_type })
    }

    async fn bild(&self, actor: &Actor, id: DokumentId, index: u32) -> Result<Inhalt, AktenError> {
        let row: Option<(Value, String)> = self.db.optional(&SEITEN, args![actor.person, self.clock.now(), id]).await?;
        let (seiten, name) = row.ok_or(AktenError::NotFound)?;
        let seiten: Vec<Seite> = decode(seiten)?;
        let hash = seiten.get(index as usize).and_then(|s| s.bild).ok_or(AktenError::NotFound)?;
        let bytes = self.blobs.get(hash).await?;
        let media_type = sniff(&bytes).to_owned();
        Ok(Inhalt { bytes, name: file_name(&name, &format!("seite-{}", index + 1), &media_type), media_type })
    }

    async fn liste(
        &self,
        actor: &Actor,
        limit: u32,
        nach: Option<&str>,
    ) -> Result<(Vec<DokumentZeile>, Option<String>), AktenError> {
        let (now, limit) = (self.clock.now(), limit.clamp(1, HOECHSTENS));
        let (at, id) = read_cursor(nach)?;
        let whole = rechte::has(&self.db, actor.person, "mandant", Recht::Sehen, now).await?;
        let sql = if whole { &LISTE_ALLE } else { &LISTE_EIGENE };
        let mut rows: Vec<Zeile> = self.db.all(sql, args![actor.person, now, at, id, limit + 1]).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|z| cursor(z.erfasst, z.id.0));
        Ok((rows.into_iter().map(Into::into).collect(), next))
    }

    async fn akte_seite(&self, actor: &Actor, id: AkteId) -> Result<AkteSeite, AktenError> {
        let now = self.clock.now();
        let akte: Option<AkteRow> = self.db.optional(&AKTE, args![actor.person, now, id]).await?;
        let mut seite: AkteSeite = akte.ok_or(AktenError::NotFound)?.into();
        let rows: Vec<InhaltRow> = self.db.all(&AKTE_INHALT, args![actor.person, now, id, AKTE_DOKUMENTE]).await?;
        for r in rows {
            if seite.vorgaenge.last().is_none_or(|v| v.id != r.vorgang) {
                seite.vorgaenge.push(VorgangSeite {
                    id: r.vorgang,
                    titel: r.vorgang_titel,
                    zda_am: r.zda_am,
                    dokumente: Vec::new(),
                });
            }
            let zeile = DokumentZeile {
                id: r.id,
                titel: r.titel,
                dokumentart: r.dokumentart,
                zugang: r.zugang,
                aktenzeichen: r.aktenzeichen,
                stand: r.stand,
            };
            if let Some(vorgang) = seite.vorgaenge.last_mut() {
                vorgang.dokumente.push(zeile);
            }
        }
        Ok(seite)
    }

    async fn akten_liste(
        &self,
        actor: &Actor,
        limit: u32,
        nach: Option<&str>,
    ) -> Result<(Vec<AkteZeile>, Option<String>), AktenError> {
        let limit = limit.clamp(1, HOECHSTENS);
        let args = args![actor.person, self.clock.now(), nach.unwrap_or_default(), limit + 1];
        let mut rows: Vec<AktenRow> = self.db.all(&AKTEN, args).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|a| a.akte.aktenzeichen.clone());
        Ok((rows.into_iter().map(Into::into).collect(), next))
    }

    async fn zahlen(&self, actor: &Actor) -> Result<(u64, u64), AktenError> {
        let now = self.clock.now();
        let mut orte: Vec<(String, u64)> = if rechte::has(&self.db, actor.person, "mandant", Recht::Sehen, now).await? {
            self.db.all(&ZAHL_ALLE, args![]).await?
        } else {
            let mut orte = self.db.all(&ZAHL_EIGENE, args![actor.person, now]).await?;
            orte.extend(self.db.all::<(String, u64)>(&ZAHL_EINZELN, args![actor.person, now]).await?);
            orte
        };
        let all = orte.iter().map(|(_, n)| n).sum();
        orte.retain(|(ort, _)| ort.starts_with("einheit:"));
        Ok((all, orte.iter().map(|(_, n)| n).sum()))
    }
}

#[async_trait]
impl Dokumente for Akten {
    async fn get(&self, actor: &Actor, id: DokumentId) -> Result<Dokument, Fehler> {
        Ok(self.dokument(actor, id).await?)
    }
    async fn rendition(&self, actor: &Actor, id: DokumentId, name: &str) -> Result<Inhalt, Fehler> {
        Ok(self.inhalt(actor, id, name).await?)
    }
    async fn page_image(&self, actor: &Actor, id: DokumentId, index: u32) -> Result<Inhalt, Fehler> {
        Ok(self.bild(actor, id, index).await?)
    }
    async fn neue_fassung(&self, actor: &Actor, id: DokumentId, neu: NeueFassung) -> Result<BlobHash, Fehler> {
        Ok(self.fassung_neu(actor, id, neu).await?)
    }
    async fn list(
        &self,
        actor: &Actor,
        limit: u32,
        nach: Option<&str>,
    ) -> Result<(Vec<DokumentZeile>, Option<String>), Fehler> {
        Ok(self.liste(actor, limit, nach).await?)
    }
    async fn of_sendung(&self, actor: &Actor, sendung: SendungId) -> Result<DerSendung, Fehler> {
        let args = args![actor.person, self.clock.now(), sendung];
        let rows: Vec<Teilzeile> = self.db.all(&DER_SENDUNG, args).await.map_err(AktenError::from)?;
        Ok(DerSendung {
            offen: (!rows.is_empty()).then(|| rows.iter().all(|t| t.sichtbar || !t.verschlossen)),
            dokumente: rows.into_iter().filter(|t| t.sichtbar).map(|t| t.zeile.into()).collect(),
        })
    }
    async fn of_sendungen(&self, actor: &Actor, sendungen: &[SendungId]) -> Result<Vec<DerSendung>, Fehler> {
        try_join_all(sendungen.iter().map(|sendung| self.of_sendung(actor, *sendung))).await
    }
    async fn sichtbar(&self, actor: &Actor, ids: &[DokumentId]) -> Result<Vec<DokumentId>, Fehler> {
        let now = self.clock.now();
        let seen = async |id: DokumentId| self.db.optional(&SICHTBAR, args![actor.person, now, id]).await;
        let rows: Vec<Option<(DokumentId,)>> =
            try_join_all(ids.iter().map(|id| seen(*id))).await.map_err(AktenError::from)?;
        Ok(rows.into_iter().flatten().map(|(id,)| id).collect())
    }
    async fn akte(&self, actor: &Actor, id: AkteId) -> Result<AkteSeite, Fehler> {
        Ok(self.akte_seite(actor, id).await?)
    }
    async fn schluss(
        &self,
        actor: &Actor,
        akte: AkteId,
        vorgang: Option<VorgangId>,
        schluss: &Schluss,
    ) -> Result<(), Fehler> {
        Ok(self.verfuegen(actor, akte, vorgang, schluss).await?)
    }
    async fn akten(
        &self,
        actor: &Actor,
        limit: u32,
        nach: Option<&str>,
    ) -> Result<(Vec<AkteZeile>, Option<String>), Fehler> {
        Ok(self.akten_liste(actor, limit, nach).await?)
    }
    async fn aktenplan(&self, _actor: &Actor) -> Result<Vec<Einheit>, Fehler> {
        let rows: Vec<(String, String, String)> =
            self.db.all(&AKTENPLAN, args![self.clock.now().tag()]).await.map_err(AktenError::from)?;
        Ok(rows.into_iter().map(|(kennzeichen, titel, amt)| Einheit { kennzeichen, titel, amt }).collect())
    }
    async fn zaehler(&self, actor: &Actor) -> Result<(u64, u64), Fehler> {
        Ok(self.zahlen(actor).await?)
    }
}
