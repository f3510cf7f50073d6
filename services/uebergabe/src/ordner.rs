// SPDX-License-Identifier: EUPL-1.2
//! The other side as folders: bookings with their attachments in one, e-mails in another, and a journal of our own.
//!
//! The journal answers what a folder cannot: did this leave before? `offen/<key>` is the one open booking of an
//! invoice; refused ones lie in `abgelehnt`, reversed ones in `storniert`, each by the booking's name. So an invoice
//! that was handed over by one process is refused to every other until the first booking is refused or reversed.

use std::{
    io,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use nachrichten::{BlobHash, Timestamp, uebergabe::Storniert};
use serde::{Deserialize, Serialize};
use serde_json::json;
use service_platform::failpoint;

use crate::{
    Brief, Gegenstelle, GegenstelleFehler, Storno,
    ausgang::{Ausgang, umlegen, vermerk, vermerken},
    buchung::{Anlage, Buchungssatz, kurz},
};

/// Where the folders are.
#[derive(Clone, Debug)]
pub struct Pfade {
    /// Bookings and attachments; the finance system takes them away.
    pub ausgang: PathBuf,
    /// E-mails; the mail system takes them away.
    pub mail: PathBuf,
    /// Our own; never emptied by anybody.
    pub journal: PathBuf,
}

/// The file adapter.
#[derive(Clone)]
pub struct Ordner {
    ausgang: Ausgang,
    mail: Ausgang,
    journal: PathBuf,
}

/// Note of a booking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Vermerk {
    pub buchung: String,
    pub instanz: String,
    pub am: Timestamp,
    /// Hidden file while it has not left.
    pub teil: String,
    /// Of the booking's file.
    pub sha256: BlobHash,
}

/// Note of a reversal or an e-mail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Auslauf {
    am: Timestamp,
    teil: String,
    #[serde(default)]
    buchungen: Vec<String>,
}

impl Ordner {
    /// Creates the folders.
    ///
    /// # Errors
    /// One of them cannot be created or read.
    pub fn open(pfade: &Pfade) -> io::Result<Self> {
        std::fs::create_dir_all(&pfade.journal)?;
        let noted = |teil: &str| benannt(&pfade.journal, teil);
        Ok(Self {
            ausgang: Ausgang::open(&pfade.ausgang, noted)?,
            mail: Ausgang::open(&pfade.mail, noted)?,
            journal: pfade.journal.clone(),
        })
    }

    fn offen(&self, schluessel: &str) -> PathBuf {
        self.journal.join("offen").join(format!("{}.json", kurz(schluessel)))
    }

    fn zu(&self, wie: &str, buchung: &str) -> PathBuf {
        self.journal.join(wie).join(format!("{buchung}.json"))
    }

    fn buche(&self, satz: &Buchungssatz, anlagen: &[(Anlage, Vec<u8>)]) -> Result<Timestamp, GegenstelleFehler> {
        let offen = self.offen(&satz.schluessel);
        let datei = format!("{}.json", satz.buchung);
        for wie in ["abgelehnt", "storniert"] {
            if let Some(earlier) = vermerk::<Vermerk>(&self.zu(wie, &satz.buchung))? {
                // The answer of the first run was lost, and meanwhile the booking was closed: it had left.
                return Ok(earlier.am);
            }
        }
        if let Some(v) = vermerk::<Vermerk>(&offen)? {
            return self.wiederholt(&v, satz, &datei);
        }
        for (anlage, bytes) in anlagen {
            self.ausgang.beilegen(&anlage.datei, bytes)?;
        }
        failpoint("uebergabe::anlagen::after");
        let bytes = serde_json::to_vec_pretty(satz).map_err(|e| GegenstelleFehler::Defekt(e.to_string()))?;
        let teil = self.ausgang.vorbereiten(&datei, &bytes)?;
        failpoint("uebergabe::vermerk::before");
        let v = Vermerk {
            buchung: satz.buchung.clone(),
            instanz: satz.instanz.clone(),
            am: satz.uebergeben,
            teil: teil.clone(),
            sha256: BlobHash::of(&bytes),
        };
        if !vermerken(&offen, &v)? {
            self.ausgang.verwerfen(&teil)?;
            let other: Option<Vermerk> = vermerk(&offen)?;
            return match other {
                Some(other) => self.wiederholt(&other, satz, &datei),
                None => Err(GegenstelleFehler::Fort("the note of another run is gone again".into())),
            };
        }
        failpoint("uebergabe::vermerk::after");
        self.entlasse(&v, satz, &datei)?;
        failpoint("uebergabe::freigabe::after");
        Ok(v.am)
    }

    /// A note is there: of this booking, then it leaves now or has left; or of another one of the same invoice.
    fn wiederholt(&self, v: &Vermerk, satz: &Buchungssatz, datei: &str) -> Result<Timestamp, GegenstelleFehler> {
        if v.buchung == satz.buchung {
            self.entlasse(v, satz, datei)?;
            return Ok(v.am);
        }
        let when = v.am.tag().deutsch();
        Err(GegenstelleFehler::Abgelehnt(format!(
            "Diese Rechnung (Lieferant, Nummer, Datum, Betrag) ist schon am {when} übergeben worden, Buchung {}. \
             Sie wird nicht zweimal gebucht.",
            v.buchung
        )))
    }

    /// The file gets its name, unless the process was withdrawn in the meantime.
    fn entlasse(&self, v: &Vermerk, satz: &Buchungssatz, datei: &str) -> Result<(), GegenstelleFehler> {
        // The withdrawal writes its mark first and looks for notes then; here it is the other way round. So at least
        // one of both sees the other.
        if self.gesperrt(&satz.instanz).exists() {
            self.ausgang.verwerfen(&v.teil)?;
            umlegen(&self.offen(&satz.schluessel), &self.zu("storniert", &v.buchung))?;
            return Err(GegenstelleFehler::Abgelehnt("Die Rechnung wurde zurückgezogen.".into()));
        }
        Ok(self.ausgang.freigeben(&v.teil, datei)?)
    }

    fn gesperrt(&self, instanz: &str) -> PathBuf {
        self.journal.join("gesperrt").join(format!("{instanz}.json"))
    }

    fn storniere(&self, storno: &Storno) -> Result<Storniert, GegenstelleFehler> {
        let (schritt, auftrag) = (&storno.schritt, &storno.auftrag);
        let datei = format!("storno-{}.json", schritt.name);
        let note = self.journal.join("stornos").join(format!("{}.json", schritt.name));
        if auftrag.endgueltig {
            vermerken(&self.gesperrt(&schritt.instanz), &json!({ "am": storno.am }))?;
        }
        let offen = self.offen(&storno.schluessel);
        let ours = vermerk::<Vermerk>(&offen)?.filter(|v| v.instanz == schritt.instanz);
        let auslauf = match (vermerk::<Auslauf>(&note)?, &ours) {
            (Some(before), _) => before,
            (None, None) => return Ok(Storniert { buchungen: Vec::new(), am: storno.am }),
            (None, Some(v)) => {
                let inhalt = json!({
                    "format": "eakte-storno-1", "buchung": v.buchung, "schluessel": storno.schluessel,
                    "beleg": auftrag.beleg, "storno_beleg": auftrag.storno_beleg, "grund": auftrag.grund,
                    "instanz": schritt.instanz, "uebergeben": storno.am,
                });
                let teil =
                    self.ausgang.vorbereiten(&datei, &serde_json::to_vec_pretty(&inhalt).map_err(io::Error::from)?)?;
                let new = Auslauf { am: storno.am, teil: teil.clone(), buchungen: vec![v.buchung.clone()] };
                if vermerken(&note, &new)? {
                    new
                } else {
                    self.ausgang.verwerfen(&teil)?;
                    vermerk(&note)?.unwrap_or(new)
                }
            }
        };
        failpoint("uebergabe::storno::vermerk::after");
        self.ausgang.freigeben(&auslauf.teil, &datei)?;
        if let Some(v) = ours.filter(|v| auslauf.buchungen.contains(&v.buchung)) {
            umlegen(&offen, &self.zu("storniert", &v.buchung))?;
        }
        Ok(Storniert { buchungen: auslauf.buchungen, am: auslauf.am })
    }

    fn sende(&self, brief: &Brief) -> Result<Timestamp, GegenstelleFehler> {
        let datei = format!("{}.eml", brief.schritt);
        let note = mail_vermerk(&self.journal, &brief.schritt);
        let auslauf = match vermerk::<Auslauf>(&note)? {
            Some(before) => before,
            None => {
                let teil = self.mail.vorbereiten(&datei, &brief.bytes)?;
                let new = Auslauf { am: brief.am, teil: teil.clone(), buchungen: Vec::new() };
                if vermerken(&note, &new)? {
                    new
                } else {
                    self.mail.verwerfen(&teil)?;
                    vermerk(&note)?.unwrap_or(new)
                }
            }
        };
        failpoint("uebergabe::mail::vermerk::after");
        self.mail.freigeben(&auslauf.teil, &datei)?;
        Ok(auslauf.am)
    }

    /// The finance system refused a booking: the invoice may be handed over again.
    pub fn ablehnen(&self, buchung: &str) -> io::Result<()> {
        let offen = self.offen(buchung);
        match vermerk::<Vermerk>(&offen)? {
            Some(v) if v.buchung == buchung => umlegen(&offen, &self.zu("abgelehnt", buchung)),
            _ => Ok(()),
        }
    }
}

/// Does a note name this hidden file? Then it still has to leave. What cannot be read counts as named.
fn benannt(journal: &Path, teil: &str) -> bool {
    let file = teil.trim_start_matches('.').trim_end_matches(".teil").rsplit_once('.').map_or("", |(file, _)| file);
    let note = match file.rsplit_once('.') {
        Some((stem, "eml")) => mail_vermerk(journal, stem),
        Some((stem, "json")) => match stem.strip_prefix("storno-") {
            Some(schritt) => journal.join("stornos").join(format!("{schritt}.json")),
            None => journal.join("offen").join(format!("{}.json", kurz(stem))),
        },
        _ => return false,
    };
    match vermerk::<serde_json::Value>(&note) {
        Ok(Some(note)) => note["teil"] == teil,
        Ok(None) => false,
        Err(_) => true,
    }
}

fn mail_vermerk(journal: &Path, schritt: &str) -> PathBuf {
    let short = BlobHash::of(schritt.as_bytes()).to_string();
    journal.join("mail").join(&short[..2]).join(format!("{schritt}.json"))
}

/// File work does not hold up the other services of this process.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, GegenstelleFehler> + Send + 'static,
) -> Result<T, GegenstelleFehler> {
    tokio::task::spawn_blocking(work).await.map_err(|e| GegenstelleFehler::Defekt(e.to_string()))?
}

#[async_trait]
impl Gegenstelle for Ordner {
    async fn buchen(
        &self,
        satz: Buchungssatz,
        anlagen: Vec<(Anlage, Vec<u8>)>,
    ) -> Result<Timestamp, GegenstelleFehler> {
        let this = self.clone();
        blocking(move || this.buche(&satz, &anlagen)).await
    }

    async fn stornieren(&self, storno: Storno) -> Result<Storniert, GegenstelleFehler> {
        let this = self.clone();
        blocking(move || this.storniere(&storno)).await
    }

    async fn senden(&self, brief: Brief) -> Result<Timestamp, GegenstelleFehler> {
        let this = self.clone();
        blocking(move || this.sende(&brief)).await
    }
}
