// SPDX-License-Identifier: EUPL-1.2
//! The way back: files of the finance system, each taken once.
//!
//! A file is taken when it is complete (it was still for a while and reads as JSON, or was still for long), moved into
//! our spool, given to the engine, and only after its commit moved to `erledigt`. The spool is the buffer: a payment
//! that arrives before its receipt waits there. What nobody takes in time, and what cannot be read, goes to the folder
//! `fehler` beside the incoming one, with a sentence that says why, and becomes a task for a person. One bad file never
//! holds up the others. The file's SHA-256 is its identity: the same file twice counts once.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use nachrichten::{
    Betrag, BlobHash,
    fehler::Fehler,
    uebergabe::{Aufnahme, Rueckmeldung, Rueckmeldungen},
};
use service_platform::{failpoint, uhr::Ids};

use crate::{Ordner, ausgang::sync};

/// Largest file, in bytes.
const DATEI_MAX: u64 = 64 * 1024;
/// Longest reason or number, in characters.
const GRUND_MAX: usize = 500;
const NUMMER_MAX: usize = 40;
/// What a person sees of a file that nobody can read, in characters.
const INHALT_MAX: usize = 2_000;

/// How the incoming folder is read.
#[derive(Clone, Debug)]
pub struct Profil {
    /// Here the finance system puts its files; `fehler` lies in it.
    pub eingang: PathBuf,
    /// Our own folder, best on the same file system.
    pub spool: PathBuf,
    /// A file is complete when it was still for this long.
    pub ruhe: Duration,
    /// A file that is no JSON may still grow: it is taken as it is after this long.
    pub unfertig: Duration,
    pub takt: Duration,
    /// So long a message waits for the process that expects it.
    pub geduld: Duration,
}

/// Reads the folder. One per installation.
pub struct Rueckweg {
    profil: Profil,
    ordner: Ordner,
    kern: Arc<dyn Rueckmeldungen>,
    ids: Arc<dyn Ids>,
    seen: HashMap<PathBuf, (Look, Instant)>,
    /// Since when a file of the spool waits for its process, in this run of the program.
    wartet: HashMap<PathBuf, Instant>,
}

#[derive(Clone, Copy, PartialEq)]
struct Look {
    size: u64,
    changed: Option<std::time::SystemTime>,
    inode: u64,
}

/// Why a file goes to a person.
type Grund = String;

impl Rueckweg {
    pub fn new(profil: Profil, ordner: Ordner, kern: Arc<dyn Rueckmeldungen>, ids: Arc<dyn Ids>) -> Self {
        Self { profil, ordner, kern, ids, seen: HashMap::new(), wartet: HashMap::new() }
    }

    /// Watches until the process stops.
    pub async fn watch(mut self) {
        loop {
            self.runde().await;
            tokio::time::sleep(self.profil.takt).await;
        }
    }

    /// One look at both folders.
    pub async fn runde(&mut self) {
        for folder in [self.profil.eingang.clone(), self.spool(), self.erledigt(), self.fehler()] {
            if let Err(error) = fs::create_dir_all(&folder) {
                tracing::error!(%error, folder = %folder.display(), "cannot create a folder of the hand-over");
                return;
            }
        }
        self.hole();
        for (path, look) in entries(&self.spool()) {
            if let Err(error) = self.nimm(&path, look).await {
                // The file stays in the spool and comes again; the next one has its own chance.
                tracing::warn!(%error, "cannot take a message of the finance system now, it comes again");
            }
        }
        self.wartet.retain(|path, _| path.exists());
    }

    fn spool(&self) -> PathBuf {
        self.profil.spool.join("offen")
    }
    fn erledigt(&self) -> PathBuf {
        self.profil.spool.join("erledigt")
    }
    fn fehler(&self) -> PathBuf {
        self.profil.eingang.join("fehler")
    }

    /// Complete files move into the spool.
    fn hole(&mut self) {
        let files = entries(&self.profil.eingang);
        self.seen.retain(|path, _| files.iter().any(|(p, _)| p == path));
        for (path, look) in files {
            let (known, since) = *self.seen.entry(path.clone()).or_insert((look, Instant::now()));
            if known != look {
                self.seen.insert(path, (look, Instant::now()));
                continue;
            }
            let still = since.elapsed();
            if still < self.profil.ruhe || (still < self.profil.unfertig && look.size <= DATEI_MAX && !is_json(&path)) {
                continue;
            }
            self.seen.remove(&path);
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            // The first part keeps two files of one name apart and in their order; the name is for people.
            let target = self.spool().join(format!("{}~{}", self.ids.uuid().simple(), plain(&name)));
            let moved = fs::rename(&path, &target).or_else(|_| copy_across(&path, &target));
            if let Err(error) = moved.and_then(|()| sync(&self.spool())) {
                tracing::warn!(%error, "cannot take a file of the finance system, will try again");
            }
        }
    }

    async fn nimm(&mut self, path: &Path, look: Look) -> Result<(), TakeError> {
        let spooled = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let name = spooled.split_once('~').map_or(spooled.as_str(), |(_, name)| name).to_owned();
        if look.size > DATEI_MAX {
            let hash = BlobHash::of(format!("{spooled}:{}", look.size).as_bytes());
            let grund = format!("Die Datei ist mit {} Byte zu groß. Erlaubt sind {DATEI_MAX} Byte.", look.size);
            return self.zur_klaerung(path, hash, &name, &grund, "").await;
        }
        let bytes = fs::read(path)?;
        if bytes.len() as u64 != look.size {
            // Its writer still held it open.
            return Ok(());
        }
        let kennung = BlobHash::of(&bytes);
        let meldung = match lesen(&bytes) {
            Ok(meldung) => meldung,
            Err(grund) => {
                let inhalt: String = String::from_utf8_lossy(&bytes).chars().take(INHALT_MAX).collect();
                return self.zur_klaerung(path, kennung, &name, &grund, &inhalt).await;
            }
        };
        if let Rueckmeldung::Ablehnung { buchung, .. } = &meldung {
            // Before the process knows: it may hand over again at once.
            self.ordner.ablehnen(buchung)?;
        }
        let aufnahme = self.kern.nimm(kennung, &meldung).await?;
        failpoint("uebergabe::rueckweg::after");
        let grund = match aufnahme {
            Aufnahme::Genommen | Aufnahme::Schon => {
                fs::rename(path, self.erledigt().join(&spooled))?;
                sync(&self.erledigt())?;
                return Ok(());
            }
            Aufnahme::Mehrdeutig => {
                let nummer = meldung.nachricht().1;
                format!("Auf die Nummer „{nummer}“ warten mehrere Rechnungen. Es ist nicht klar, welche gemeint ist.")
            }
            Aufnahme::Niemand => {
                let since = *self.wartet.entry(path.to_owned()).or_insert_with(Instant::now);
                if since.elapsed() < self.profil.geduld {
                    return Ok(());
                }
                let (nachricht, nummer) = meldung.nachricht();
                format!("Keine Rechnung wartet auf „{nachricht}“ mit der Nummer „{nummer}“.")
            }
        };
        let inhalt: String = String::from_utf8_lossy(&bytes).chars().take(INHALT_MAX).collect();
        self.zur_klaerung(path, kennung, &name, &grund, &inhalt).await
    }

    /// A task for a person first, then the file beside its reason: a crash in between repeats both without harm.
    async fn zur_klaerung(
        &self,
        path: &Path,
        kennung: BlobHash,
        name: &str,
        grund: &str,
        inhalt: &str,
    ) -> Result<(), TakeError> {
        let inhalt: String = inhalt.chars().filter(|c| !c.is_control() || *c == '\n').collect();
        self.kern.klaeren(kennung, name, grund, &inhalt).await?;
        failpoint("uebergabe::klaerung::after");
        let spooled = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        fs::write(self.fehler().join(format!("{spooled}.grund.txt")), format!("{grund}\n"))?;
        fs::rename(path, self.fehler().join(&spooled)).or_else(|_| copy_across(path, &self.fehler().join(&spooled)))?;
        sync(&self.fehler())?;
        tracing::warn!(file = name, "a file of the finance system goes to a person");
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
enum TakeError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Kern(#[from] Fehler),
}

/// Reads and checks one message.
///
/// # Errors
/// A German sentence: what is wrong with the file.
pub fn lesen(bytes: &[u8]) -> Result<Rueckmeldung, Grund> {
    let meldung: Rueckmeldung = serde_json::from_slice(bytes).map_err(|error| {
        format!(
            "Die Datei ist keine Rückmeldung der Finanzsoftware (Zeile {}: {}).",
            error.line(),
            plain(&error.to_string())
        )
    })?;
    let number = |what: &str, text: &str| {
        let ok = |c: char| c.is_ascii_alphanumeric() || "-_/.".contains(c);
        match text.is_empty() || text.len() > NUMMER_MAX || !text.chars().all(ok) {
            true => Err(format!("„{}“ ist keine {what}.", plain(text))),
            false => Ok(()),
        }
    };
    let booking = |text: &str| {
        let ok = |c: char| c.is_ascii_hexdigit() || c == '-';
        match text.len() < 34 || text.len() > 140 || !text.chars().all(ok) || text.as_bytes().get(32) != Some(&b'-') {
            true => Err(format!("„{}“ ist keine Buchung der E-Akte.", plain(text))),
            false => Ok(()),
        }
    };
    let reason = |text: &str| match text.trim().is_empty() || text.chars().count() > GRUND_MAX {
        true => Err(format!("Der Grund fehlt oder ist länger als {GRUND_MAX} Zeichen.")),
        false => Ok(()),
    };
    match &meldung {
        Rueckmeldung::Quittung { buchung, beleg, .. } => booking(buchung).and(number("Belegnummer", beleg))?,
        Rueckmeldung::Ablehnung { buchung, grund, .. } => booking(buchung).and(reason(grund))?,
        Rueckmeldung::Zahlung { beleg, betrag, .. } => {
            number("Belegnummer", beleg)?;
            betrag.parse::<Betrag>().map_err(|_| format!("„{}“ ist kein Betrag.", plain(betrag)))?;
        }
        Rueckmeldung::Storno { beleg, storno_beleg, grund, .. } => {
            number("Belegnummer", beleg).and(number("Belegnummer", storno_beleg)).and(reason(grund))?;
        }
    }
    Ok(meldung)
}

/// Regular files that are not hidden and not partial by name, in the order of their names.
fn entries(folder: &Path) -> Vec<(PathBuf, Look)> {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(read) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<(PathBuf, Look)> = read
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().to_string_lossy().to_lowercase();
            let partial = name.starts_with('.') || [".tmp", ".part", ".teil"].iter().any(|e| name.ends_with(e));
            // Links are not followed: they may lead anywhere.
            let meta = entry.path().symlink_metadata().ok().filter(|m| m.is_file() && !partial)?;
            Some((entry.path(), Look { size: meta.len(), changed: meta.modified().ok(), inode: meta.ino() }))
        })
        .collect();
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}

fn is_json(path: &Path) -> bool {
    fs::read(path).is_ok_and(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).is_ok())
}

/// A name or text of strangers, short and without control characters.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '/' | '\\' | '~')).take(120).collect()
}

/// Another file system: copy, make it safe, then remove the source.
fn copy_across(path: &Path, target: &Path) -> io::Result<()> {
    let partial = target.with_extension("teil");
    fs::copy(path, &partial)?;
    fs::File::open(&partial)?.sync_all()?;
    fs::rename(&partial, target)?;
    fs::remove_file(path)
}
