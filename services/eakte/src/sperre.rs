// SPDX-License-Identifier: EUPL-1.2
//! One process holds a data directory; a second one is told where the first can be reached.

use std::{
    fs::{File, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    path::Path,
};

/// Held as long as this value lives.
pub struct Sperre {
    file: File,
}

#[derive(Debug, thiserror::Error)]
pub enum SperreFehler {
    /// Address the holder wrote down, e.g. `http://127.0.0.1:8080`.
    #[error("in use by {0}")]
    InUse(String),
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl Sperre {
    /// Takes the lock of this directory, which must exist.
    ///
    /// # Errors
    /// [`SperreFehler::InUse`] with the holder's address.
    pub fn take(data: &Path) -> Result<Self, SperreFehler> {
        let path = data.join("eakte.lock");
        let mut file = File::options().create(true).truncate(false).read(true).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder)?;
                Err(SperreFehler::InUse(holder.trim().to_owned()))
            }
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// Writes down how the holder can be reached.
    pub fn note(&mut self, address: &str) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        writeln!(self.file, "{address}")?;
        self.file.sync_all()
    }
}
