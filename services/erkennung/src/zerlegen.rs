// SPDX-License-Identifier: EUPL-1.2
//! Takes a Sendung apart: what is it, how many pages, where are the cuts. The parent's side; every byte of
//! the file is only ever read inside the sandbox.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nachrichten::erkennung::{Befund, Seite, Stufe, Teil, TeilArt, Trennblatt, Zerlegt, grund};
use nachrichten::job::JobError;
use nachrichten::{BlobHash, Tag, Timestamp};
use serde::de::DeserializeOwned;
use service_sandbox::{Pool, Reply, SandboxError};

use crate::grenzen;
use crate::kind::{self, Analyse, BildSeite, BilderJob, Datei, Zweck};
use crate::mail::Mail;
use crate::pdf::Seitenart;
use crate::pdfa::PdfaJob;
use crate::stapel::{self, Rolle};
use crate::teile::{part, part_name, ranges, seite};
use crate::text::display_name;

/// Takes finished bytes and gives their name; called from several threads.
pub type Ablage<'a> = &'a (dyn Fn(Vec<u8>) -> Result<BlobHash, JobError> + Sync);

/// Takes files apart with a pool of sandboxed parsers.
pub struct Zerleger<'a> {
    /// Children that serve [`kind::child`].
    pub pool: &'a Pool,
    /// How many children may work at once.
    pub parallel: usize,
    /// Where results go.
    pub ablage: Ablage<'a>,
    /// The last day a mail's date may name; `None` accepts any day.
    pub heute: Option<Tag>,
}

/// Everything found in one file; parts are numbered by the caller.
#[derive(Default)]
struct Fund {
    teile: Vec<Teil>,
    trennblaetter: u32,
    trennblatt_seiten: Vec<Seite>,
    zugang: Option<Tag>,
    absender: Option<String>,
    befunde: Vec<Befund>,
}

impl Zerleger<'_> {
    /// Takes one file apart.
    ///
    /// * `hash` - of `bytes`. `name` - as given by the sender; cut and cleaned here.
    ///
    /// # Errors
    /// [`JobError::Unreadable`] with a code of [`grund`] and a German sentence; [`JobError::Retry`] when the
    /// sandbox cannot be started.
    pub fn zerlege(&self, bytes: &[u8], hash: BlobHash, name: &str) -> Result<Zerlegt, JobError> {
        let fund = self.datei(bytes, hash, &display_name(name, "Datei"), 0)?;
        let mut teile = fund.teile;
        for (index, teil) in (0u32..).zip(&mut teile) {
            teil.index = index;
        }
        let pages = teile.iter().flat_map(|t| &t.seiten);
        let (content, leer) = pages.fold((0u32, 0u32), |(all, blank), p| (all + 1, blank + u32::from(p.leer)));
        Ok(Zerlegt {
            gesamt: content + fund.trennblaetter,
            trennblaetter: fund.trennblaetter,
            trennblatt_seiten: fund.trennblatt_seiten,
            leer,
            teile,
            zugang: fund.zugang,
            absender: fund.absender,
            befunde: fund.befunde,
        })
    }

    fn datei(&self, bytes: &[u8], hash: BlobHash, name: &str, depth: usize) -> Result<Fund, JobError> {
        let job = serde_json::json!(Datei { name: name.to_owned(), anlage: depth > 0 });
        let reply = self.call(kind::ANALYSE, &job, &[bytes])?;
        let analyse: Analyse = decode(&reply)?;
        match analyse {
            Analyse::Pdf { befund, text, rechnung } => {
                let mut blobs = reply.blobs;
                let invoice = if rechnung { blobs.pop() } else { None };
                let text = if text { blobs.pop() } else { None };
                let mut fund = match text {
                    Some(text) => self.digital(bytes, hash, name, &befund.seiten, &text)?,
                    None => self.scan(bytes, hash, name, "application/pdf", befund.seiten.len())?,
                };
                if let Some(xml) = invoice {
                    self.with_invoice(&mut fund, bytes, hash, xml)?;
                }
                if let Some(teil) = fund.teile.first_mut() {
                    teil.befunde.extend(befund.befunde.iter().cloned());
                }
                fund.befunde.extend(befund.befunde);
                Ok(fund)
            }
            Analyse::Bilder { media_type, seiten } => self.scan(bytes, hash, name, &media_type, seiten),
            Analyse::RechnungXml => {
                let mut teil = part(TeilArt::RechnungXml, name, hash, "application/xml");
                teil.rechnung_xml = Some(hash);
                Ok(Fund { teile: vec![teil], ..Fund::default() })
            }
            Analyse::Mail(mail) => self.mail(mail, reply.blobs, name, depth),
            Analyse::Text => {
                let text = reply.blobs.into_iter().next().ok_or_else(garbage)?;
                let mut teil = part(TeilArt::Text, name, hash, "text/plain");
                teil.text = Some((self.ablage)(text)?);
                Ok(Fund { teile: vec![teil], ..Fund::default() })
            }
            Analyse::Datei { media_type, befund } => {
                let mut teil = part(TeilArt::Datei, name, hash, &media_type);
                teil.befunde.push(befund);
                Ok(Fund { teile: vec![teil], ..Fund::default() })
            }
        }
    }

    /// A PDF with its own text: nothing is recognised, nothing rewritten. Image pages of a signed file are
    /// still read, so that they can be found.
    fn digital(
        &self,
        bytes: &[u8],
        hash: BlobHash,
        name: &str,
        arten: &[Seitenart],
        text: &[u8],
    ) -> Result<Fund, JobError> {
        let pages: Vec<nachrichten::erkennung::SeitenText> = serde_json::from_slice(text).map_err(|_| garbage())?;
        if pages.len() != arten.len() {
            return Err(garbage());
        }
        let words = pages.iter().map(|p| p.text.as_str()).collect::<Vec<_>>().join("\u{c}");
        let pictures = arten.len().min(grenzen::BILDER_DIGITAL);
        let mut images = self.images(bytes, pictures, Zweck::Bildschirm)?;
        images.resize_with(arten.len(), || None);
        let mut teil = part(TeilArt::Digital, name, hash, "application/pdf");
        let mut needed = Vec::new();
        for (n, ((art, page), image)) in arten.iter().zip(&pages).zip(images).enumerate() {
            let mut seite = match image {
                Some((image, blob)) => seite(n, &image, Some(blob)),
                None => Seite {
                    n: n as u32 + 1,
                    breite: page.breite,
                    hoehe: page.hoehe,
                    dpi: [grenzen::BILDSCHIRM_DPI; 2],
                    leer: false,
                    bild: None,
                },
            };
            seite.leer = *art == Seitenart::Leer;
            needed.push(*art == Seitenart::Bild && seite.bild.is_some());
            teil.seiten.push(seite);
        }
        teil.bereiche = ranges(&needed);
        teil.text = Some((self.ablage)(words.into_bytes())?);
        Ok(Fund { teile: vec![teil], ..Fund::default() })
    }

    /// Page images: separators, then blanks, then the cut.
    fn scan(&self, bytes: &[u8], hash: BlobHash, name: &str, media_type: &str, pages: usize) -> Result<Fund, JobError> {
        let images: Vec<(BildSeite, BlobHash)> =
            self.images(bytes, pages, Zweck::Erkennung)?.into_iter().collect::<Option<_>>().ok_or_else(garbage)?;
        let roles: Vec<Rolle> = images.iter().map(|(image, _)| image.rolle.clone()).collect();
        let stapel = stapel::cut(&roles);
        if stapel.abschnitte.is_empty() {
            return Err(unreadable(grund::KLAERUNG, "Der Stapel enthält nur Trennblätter."));
        }
        let whole = stapel.abschnitte.len() == 1 && stapel.trennblaetter == 0;
        let cuts = if whole {
            vec![(hash, media_type.to_owned())]
        } else {
            self.cut(bytes, media_type, &stapel.abschnitte, &images)?
        };
        let mut teile = Vec::new();
        for (i, (abschnitt, (blob, media_type))) in stapel.abschnitte.iter().zip(cuts).enumerate() {
            let name = if whole { name.to_owned() } else { part_name(name, i + 1) };
            let mut teil = part(TeilArt::Scan, &name, blob, &media_type);
            teil.seiten = abschnitt.seiten.iter().map(|n| seite(*n, &images[*n].0, Some(images[*n].1))).collect();
            teil.bereiche = ranges(&teil.seiten.iter().map(|s| !s.leer).collect::<Vec<_>>());
            teil.blatt = abschnitt.blatt.clone().filter(|b| *b != Trennblatt::default());
            teile.push(teil);
        }
        let in_part = |n: &usize| stapel.abschnitte.iter().any(|a| a.seiten.contains(n));
        let sheets = (0..images.len()).filter(|n| !in_part(n));
        let trennblatt_seiten = sheets.map(|n| seite(n, &images[n].0, Some(images[n].1))).collect();
        let (trennblaetter, zugang) = (stapel.trennblaetter as u32, stapel.zugang);
        Ok(Fund { teile, trennblaetter, trennblatt_seiten, zugang, ..Fund::default() })
    }

    /// Own files for the documents of a batch. PDF batches keep their image streams; from a TIFF the pages
    /// are put into a PDF.
    fn cut(
        &self,
        bytes: &[u8],
        media_type: &str,
        parts: &[stapel::Abschnitt],
        images: &[(BildSeite, BlobHash)],
    ) -> Result<Vec<(BlobHash, String)>, JobError> {
        let pdf = "application/pdf".to_owned();
        let mut out = Vec::new();
        if media_type == "application/pdf" {
            for group in parts.chunks(16) {
                let pages: Vec<Vec<u32>> =
                    group.iter().map(|p| p.seiten.iter().map(|n| *n as u32 + 1).collect()).collect();
                let reply = self.call(kind::SCHNITT, &serde_json::json!(pages), &[bytes])?;
                if reply.blobs.len() != group.len() {
                    return Err(garbage());
                }
                for blob in reply.blobs {
                    out.push(((self.ablage)(blob)?, pdf.clone()));
                }
            }
            return Ok(out);
        }
        for part in parts {
            let (from, to) = (part.seiten.first().copied().unwrap_or(0), part.seiten.last().map_or(0, |n| n + 1));
            let job = serde_json::json!(BilderJob { von: from, bis: to, zweck: Zweck::Bildschirm });
            let reply = self.call(kind::BILDER, &job, &[bytes])?;
            let mut blobs: Vec<&[u8]> = reply.blobs.iter().map(Vec::as_slice).collect();
            blobs.push(b"[]");
            let dpi = (from..to).filter_map(|n| images.get(n)).map(|(image, _)| image.dpi).collect();
            let job = serde_json::json!(PdfaJob { titel: String::new(), dpi });
            let mut reply = self.call(kind::PDFA, &job, &blobs)?;
            let blob = reply.blobs.pop().ok_or_else(garbage)?;
            out.push(((self.ablage)(blob)?, pdf.clone()));
        }
        Ok(out)
    }

    fn with_invoice(&self, fund: &mut Fund, bytes: &[u8], hash: BlobHash, xml: Vec<u8>) -> Result<(), JobError> {
        let Some(teil) = fund.teile.first_mut() else {
            return Ok(());
        };
        teil.art = TeilArt::RechnungPdf;
        teil.rechnung_xml = Some((self.ablage)(xml)?);
        // The XML is the invoice; the pages are its picture and need no recognition.
        teil.bereiche.clear();
        if teil.seiten.iter().all(|s| s.bild.is_none()) {
            let images = self.images(bytes, teil.seiten.len().min(grenzen::BILDER_DIGITAL), Zweck::Bildschirm)?;
            for (seite, image) in teil.seiten.iter_mut().zip(images) {
                seite.bild = image.map(|(_, blob)| blob);
            }
        }
        debug_assert_eq!(teil.blob, hash);
        Ok(())
    }

    /// The message, then each attachment in its own call.
    fn mail(&self, mail: Mail, blobs: Vec<Vec<u8>>, name: &str, depth: usize) -> Result<Fund, JobError> {
        let mut blobs = blobs.into_iter();
        let text = blobs.next().ok_or_else(garbage)?;
        let subject = mail.betreff.clone().filter(|b| !b.is_empty()).unwrap_or_else(|| name.to_owned());
        let text = (self.ablage)(text)?;
        let mut body =
            part(TeilArt::Nachricht, &display_name(&subject.replace(['/', '\\'], "-"), name), text, "text/plain");
        body.text = Some(text);
        let day = mail.datum.and_then(|s| s.checked_mul(1_000_000)).map(|micros| Timestamp(micros).tag());
        let zugang = day.filter(|d| d.0.year() >= 1990 && self.heute.is_none_or(|today| *d <= today));
        let mut fund = Fund { teile: vec![body], zugang, absender: mail.absender, ..Fund::default() };
        for (name, bytes) in mail.anlagen.iter().zip(blobs) {
            let hash = (self.ablage)(bytes.clone())?;
            if depth + 1 >= grenzen::MAIL_TIEFE {
                return Err(unreadable(grund::QUARANTAENE, "Die E-Mail ist zu tief verschachtelt."));
            }
            match self.datei(&bytes, hash, name, depth + 1) {
                Ok(inner) => {
                    fund.trennblaetter += inner.trennblaetter;
                    fund.trennblatt_seiten.extend(inner.trennblatt_seiten);
                    fund.teile.extend(inner.teile);
                    fund.befunde.extend(inner.befunde);
                }
                Err(JobError::Unreadable { code, detail }) if code == grund::QUARANTAENE => {
                    return Err(JobError::Unreadable { code, detail: format!("Anlage „{name}“: {detail}") });
                }
                Err(JobError::Unreadable { code, detail }) => {
                    let mut teil = part(TeilArt::Datei, name, hash, "application/octet-stream");
                    teil.befunde.push(Befund { code, stufe: Stufe::Warnung, text: detail });
                    fund.teile.push(teil);
                }
                Err(other) => return Err(other),
            }
            if fund.teile.len() > grenzen::MAIL_TEILE {
                return Err(unreadable(grund::QUARANTAENE, "Die E-Mail hat mehr als 200 Teile."));
            }
        }
        Ok(fund)
    }

    /// Page images of the first `pages` pages, stored, a few per call and several calls at once.
    #[allow(clippy::type_complexity)]
    pub(crate) fn images(
        &self,
        bytes: &[u8],
        pages: usize,
        zweck: Zweck,
    ) -> Result<Vec<Option<(BildSeite, BlobHash)>>, JobError> {
        let ranges: Vec<_> = (0..pages).step_by(grenzen::SEITEN_JE_AUFRUF).collect();
        let found = Mutex::new(Vec::new());
        let failed = Mutex::new(None);
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(von) = ranges.get(next.fetch_add(1, Ordering::Relaxed)) {
                let bis = (von + grenzen::SEITEN_JE_AUFRUF).min(pages);
                match self.range(bytes, *von, bis, zweck) {
                    Ok(images) => lock(&found).extend(images),
                    Err(e) => {
                        lock(&failed).get_or_insert(e);
                        next.store(ranges.len(), Ordering::Relaxed);
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.parallel.min(ranges.len()) {
                scope.spawn(work);
            }
            work();
        });
        if let Some(error) = lock(&failed).take() {
            return Err(error);
        }
        let mut found = std::mem::take(&mut *lock(&found));
        found.sort_by_key(|(n, ..)| *n);
        Ok(found.into_iter().map(|(_, image, blob)| Some((image, blob))).collect())
    }

    fn range(
        &self,
        bytes: &[u8],
        von: usize,
        bis: usize,
        zweck: Zweck,
    ) -> Result<Vec<(usize, BildSeite, BlobHash)>, JobError> {
        let reply = self.call(kind::BILDER, &serde_json::json!(BilderJob { von, bis, zweck }), &[bytes])?;
        let images: Vec<BildSeite> = decode(&reply)?;
        if images.len() != bis - von || reply.blobs.len() != images.len() {
            return Err(garbage());
        }
        let places = von..bis;
        let stored = reply.blobs.into_iter().map(|blob| (self.ablage)(blob));
        places.zip(images).zip(stored).map(|((n, image), blob)| Ok((n, image, blob?))).collect()
    }

    fn call(&self, kind: &str, header: &serde_json::Value, blobs: &[&[u8]]) -> Result<Reply, JobError> {
        self.pool.call(kind, header, blobs).map_err(job_error)
    }
}

/// A child that dies or hangs on a file makes the file suspicious, not the service sick.
pub fn job_error(error: SandboxError) -> JobError {
    match error {
        SandboxError::Refused { code, detail } => JobError::Unreadable { code, detail },
        SandboxError::TimedOut => {
            unreadable(grund::QUARANTAENE, "Das Lesen der Datei dauert zu lange. Sie wurde angehalten.")
        }
        SandboxError::Died { .. } | SandboxError::Garbage | SandboxError::TooBig => {
            unreadable(grund::QUARANTAENE, "Die Datei lässt sich nicht sicher lesen. Sie wurde angehalten.")
        }
        SandboxError::Lock(_) | SandboxError::Io(_) => {
            JobError::Retry { after: Duration::from_secs(5), cause: error.to_string() }
        }
    }
}

pub(crate) fn unreadable(code: &str, detail: &str) -> JobError {
    JobError::Unreadable { code: code.into(), detail: detail.into() }
}

fn garbage() -> JobError {
    job_error(SandboxError::Garbage)
}

fn decode<T: DeserializeOwned>(reply: &Reply) -> Result<T, JobError> {
    T::deserialize(&reply.header).map_err(|_| garbage())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
