// SPDX-License-Identifier: EUPL-1.2
//! Data for `eakte reconcile`: what the journal and the outgoing folder say of bookings. Reads only.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use nachrichten::BlobHash;

use crate::{
    buchung::kurz,
    ordner::{Pfade, Vermerk},
};

/// Where the journal keeps a booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stand {
    /// Handed over, or about to leave.
    Offen,
    /// The finance system refused it.
    Abgelehnt,
    Storniert,
}

/// One note of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notiz {
    pub buchung: String,
    /// The process that handed over.
    pub instanz: String,
    pub stand: Stand,
    /// Its file waits under its hidden name: it has not left.
    pub verborgen: bool,
}

/// What `reconcile` joins with the processes and the audit trail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Abgleich {
    /// By file of the journal.
    pub notizen: Vec<Notiz>,
    /// Bookings with more than one note, and keys with more than one open booking.
    pub doppelt: Vec<String>,
    /// Files of the outgoing folder, or notes, that are not what was noted.
    pub veraendert: Vec<String>,
    /// Files of the outgoing folder that no note names.
    pub verwaist: Vec<String>,
}

/// Reads journal and outgoing folder; folders that are not there are empty.
///
/// # Errors
/// A folder or file cannot be read.
pub fn abgleich(pfade: &Pfade) -> io::Result<Abgleich> {
    let mut out = Abgleich::default();
    let mut notes: BTreeMap<String, Vec<(Stand, Vermerk)>> = BTreeMap::new();
    for (ordner, stand) in [("offen", Stand::Offen), ("abgelehnt", Stand::Abgelehnt), ("storniert", Stand::Storniert)] {
        for (name, bytes) in files(&pfade.journal.join(ordner))? {
            match serde_json::from_slice::<Vermerk>(&bytes) {
                Ok(v) => notes.entry(v.buchung.clone()).or_default().push((stand, v)),
                Err(_) => out.veraendert.push(format!("journal {ordner}/{name}")),
            }
        }
    }
    let mut keys: BTreeMap<&str, u32> = BTreeMap::new();
    for (buchung, list) in &notes {
        if list.len() > 1 {
            out.doppelt.push(buchung.clone());
        }
        for (stand, v) in list {
            *keys.entry(kurz(&v.buchung)).or_default() += u32::from(*stand == Stand::Offen);
            let verborgen = pfade.ausgang.join(&v.teil).exists();
            let (buchung, instanz) = (v.buchung.clone(), v.instanz.clone());
            out.notizen.push(Notiz { buchung, instanz, stand: *stand, verborgen });
        }
    }
    out.doppelt.extend(keys.into_iter().filter(|(_, n)| *n > 1).map(|(key, _)| key.to_owned()));
    let stornos: BTreeSet<String> =
        files(&pfade.journal.join("stornos"))?.into_iter().map(|(name, _)| format!("storno-{name}")).collect();
    for (name, bytes) in files(&pfade.ausgang)? {
        let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
        if name.starts_with("storno-") {
            if !stornos.contains(&name) {
                out.verwaist.push(name);
            }
        } else if let Some(list) = notes.get(stem) {
            let booking = name.ends_with(".json");
            if booking && list.iter().all(|(_, v)| v.sha256 != BlobHash::of(&bytes)) {
                out.veraendert.push(format!("outgoing {name}"));
            }
        } else {
            out.verwaist.push(name);
        }
    }
    Ok(out)
}

/// Files with their bytes, by name; not the hidden ones, which are under way or removed by the next start.
fn files(folder: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let read = match fs::read_dir(folder) {
        Ok(read) => read,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut list = Vec::new();
    for entry in read {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.file_type()?.is_file() || name.starts_with('.') {
            continue;
        }
        match fs::read(entry.path()) {
            Ok(bytes) => list.push((name, bytes)),
            // The finance system took it away in this moment.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    list.sort();
    Ok(list)
}
