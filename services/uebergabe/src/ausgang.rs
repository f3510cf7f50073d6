// SPDX-License-Identifier: EUPL-1.2
//! Files that leave exactly once, although the job that writes them may run again and the receiver takes them away.
//!
//! A folder cannot be asked what was in it before. So each file has a note (Vermerk) in a journal of our own, and
//! leaves in this order, every step synced:
//!
//! 1. the whole file under a hidden name in the outgoing folder, e.g. `.<name>.<n>.teil`;
//! 2. the note, create-only; it names the hidden file;
//! 3. the hidden file is renamed to its name: one atomic step that can happen once.
//!
//! A repeat reads the note. No note: nothing left, begin again. A note whose hidden file is there: step 3 is still to
//! do. A note whose hidden file is gone: it left, do nothing. Two runs at once: one note wins, the other run removes
//! its own hidden file. Receivers must not touch names with a leading dot.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use serde::{Serialize, de::DeserializeOwned};

/// A hidden file without a note is removed after this long: its run is over.
const VERWAIST: Duration = Duration::from_secs(24 * 3600);
/// Makes hidden names of one process different.
static NUMMER: AtomicU64 = AtomicU64::new(0);

/// A folder that somebody else empties.
#[derive(Clone, Debug)]
pub struct Ausgang {
    ordner: PathBuf,
}

impl Ausgang {
    /// Creates the folder, and removes hidden files of runs that died before their note.
    ///
    /// * `noch_noetig` - is this hidden file named in a note?
    pub fn open(ordner: &Path, noch_noetig: impl Fn(&str) -> bool) -> io::Result<Self> {
        fs::create_dir_all(ordner)?;
        for entry in fs::read_dir(ordner)?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let age =
                entry.metadata().and_then(|m| m.modified()).ok().and_then(|t| SystemTime::now().duration_since(t).ok());
            let old = age.is_some_and(|a| a > VERWAIST);
            if name.starts_with('.') && name.ends_with(".teil") && old && !noch_noetig(&name) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { ordner: ordner.to_owned() })
    }

    /// Step 1: the whole file under a hidden name of its own. Result - that name.
    pub fn vorbereiten(&self, name: &str, bytes: &[u8]) -> io::Result<String> {
        let nummer = NUMMER.fetch_add(1, Ordering::Relaxed);
        let teil = format!(".{name}.{}-{nummer}.teil", std::process::id());
        write_synced(&self.ordner.join(&teil), bytes)?;
        sync(&self.ordner)?;
        Ok(teil)
    }

    /// Step 3: the file gets its name. A hidden file that is gone has left before.
    pub fn freigeben(&self, teil: &str, name: &str) -> io::Result<()> {
        match fs::rename(self.ordner.join(teil), self.ordner.join(name)) {
            Ok(()) => sync(&self.ordner),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The hidden file is not wanted any more.
    pub fn verwerfen(&self, teil: &str) -> io::Result<()> {
        gone_is_fine(fs::remove_file(self.ordner.join(teil)))
    }

    /// A file beside the one that leaves; the same bytes again are harmless.
    pub fn beilegen(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let teil = self.vorbereiten(name, bytes)?;
        fs::rename(self.ordner.join(teil), self.ordner.join(name))
    }
}

/// Step 2: writes a note if there is none. False when another one stands there.
pub fn vermerken<T: Serialize>(datei: &Path, vermerk: &T) -> io::Result<bool> {
    let folder = datei.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let nummer = NUMMER.fetch_add(1, Ordering::Relaxed);
    let teil = folder.join(format!(".{}-{nummer}.teil", std::process::id()));
    write_synced(&teil, &serde_json::to_vec_pretty(vermerk)?)?;
    // A hard link fails when the name is taken, and the note is whole from its first moment.
    let made = fs::hard_link(&teil, datei);
    gone_is_fine(fs::remove_file(&teil))?;
    match made {
        Ok(()) => sync(folder).map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// The note, if there is one.
pub fn vermerk<T: DeserializeOwned>(datei: &Path) -> io::Result<Option<T>> {
    match fs::read(datei) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Moves a note to another folder of the journal: an open booking is closed. Gone before is fine.
pub fn umlegen(von: &Path, nach: &Path) -> io::Result<()> {
    let (from, to) = (von.parent().unwrap_or(Path::new(".")), nach.parent().unwrap_or(Path::new(".")));
    fs::create_dir_all(to)?;
    gone_is_fine(fs::rename(von, nach))?;
    sync(to)?;
    sync(from)
}

fn write_synced(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(file)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A renamed or created name is only safe when its folder is.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    match File::open(folder) {
        Ok(folder) => folder.sync_all(),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn gone_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
