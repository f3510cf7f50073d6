// SPDX-License-Identifier: EUPL-1.2
//! The watched scan folder. A file is taken when it is complete, moved into our spool on the same file system, and
//! removed only after the commit. What lies in the spool at a start was interrupted and is taken again; the
//! idempotency key (profile and SHA-256) makes that one document. One bad file never stops the folder.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use nachrichten::{
    Actor, BlobHash,
    sendungen::{Einlieferung, Kanal, Sendungen},
};
use uuid::Uuid;

use crate::Eingang;

/// How a folder is read.
#[derive(Clone, Debug)]
pub struct Profil {
    /// Part of the idempotency key.
    pub name: String,
    pub ordner: PathBuf,
    /// Our own folder; best on the same file system as `ordner`.
    pub spool: PathBuf,
    /// A file is complete when it was still for this long.
    pub ruhe: Duration,
    pub takt: Duration,
    /// Larger files stay where they are and are reported.
    pub max_bytes: u64,
    /// What lies here is confidential from its first moment.
    pub vertraulich: bool,
}

/// A PDF whose end is missing may still grow: it gets this much more time before it is taken as it is.
const GEDULD: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, PartialEq)]
struct Look {
    size: u64,
    changed: Option<std::time::SystemTime>,
    inode: u64,
}

/// Watches until the process stops.
pub async fn watch(eingang: Eingang, actor: Actor, profil: Profil) {
    for folder in [&profil.ordner, &profil.spool] {
        if let Err(error) = std::fs::create_dir_all(folder) {
            tracing::error!(%error, folder = %folder.display(), "cannot create the scan folder");
        }
    }
    let mut seen: HashMap<PathBuf, (Look, Instant)> = HashMap::new();
    loop {
        sweep_spool(&eingang, &actor, &profil).await;
        let files = entries(&profil.ordner);
        seen.retain(|path, _| files.iter().any(|(p, _)| p == path));
        for (path, look) in files {
            let (known, since) = *seen.entry(path.clone()).or_insert((look, Instant::now()));
            if known != look {
                seen.insert(path, (look, Instant::now()));
                continue;
            }
            let still = since.elapsed();
            if still < profil.ruhe || (still < GEDULD && !looks_complete(&path)) {
                continue;
            }
            if look.size > profil.max_bytes {
                tracing::warn!(size = look.size, "file in the scan folder is over the limit and stays there");
                continue;
            }
            seen.remove(&path);
            move_to_spool(&path, &profil.spool);
        }
        tokio::time::sleep(profil.takt).await;
    }
}

/// Regular files that are not hidden and not partial by name, oldest first.
fn entries(folder: &Path) -> Vec<(PathBuf, Look)> {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(read) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<(PathBuf, Look)> = read
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().to_string_lossy().to_lowercase();
            let partial =
                name.starts_with('.') || [".tmp", ".part", ".partial", ".crdownload"].iter().any(|e| name.ends_with(e));
            let meta = entry.metadata().ok().filter(|m| m.is_file() && !partial)?;
            Some((entry.path(), Look { size: meta.len(), changed: meta.modified().ok(), inode: meta.ino() }))
        })
        .collect();
    files.sort_by_key(|(path, look)| (look.changed, path.clone()));
    files
}

/// A PDF ends with `%%EOF`; other formats are judged by their rest alone.
fn looks_complete(path: &Path) -> bool {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let Ok(mut file) = std::fs::File::open(path) else { return false };
    let mut head = [0u8; 5];
    if file.read_exact(&mut head).is_err() || &head != b"%PDF-" {
        return true;
    }
    let size = file.metadata().map(|m| m.len()).unwrap_or_default();
    let mut tail = Vec::new();
    let sought = file.seek(SeekFrom::Start(size.saturating_sub(2048)));
    sought.is_ok() && file.read_to_end(&mut tail).is_ok() && tail.windows(5).any(|w| w == b"%%EOF")
}

fn move_to_spool(path: &Path, spool: &Path) {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    // The unique part keeps two files of one name apart; the name is only for show.
    let target = spool.join(format!("{}~{}", Uuid::now_v7().simple(), crate::display_name(&name)));
    let moved = std::fs::rename(path, &target);
    if let Err(error) = moved.or_else(|_| copy_across(path, &target)) {
        tracing::warn!(%error, "cannot take a file from the scan folder, will try again");
    }
}

/// The folder lies on another file system: copy, make it safe, then remove the source.
fn copy_across(path: &Path, target: &Path) -> std::io::Result<()> {
    let partial = target.with_extension("part");
    std::fs::copy(path, &partial)?;
    std::fs::File::open(&partial)?.sync_all()?;
    std::fs::rename(&partial, target)?;
    std::fs::remove_file(path)
}

async fn sweep_spool(eingang: &Eingang, actor: &Actor, profil: &Profil) {
    for (path, look) in entries(&profil.spool) {
        let Ok(bytes) = std::fs::read(&path) else { continue };
        // A writer that still holds the file open goes on writing after our move: then it is not ours yet.
        let again = entries(&profil.spool).into_iter().find(|(p, _)| *p == path);
        if again.map(|(_, l)| l) != Some(look) || bytes.len() as u64 != look.size {
            continue;
        }
        let stored = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let name = stored.split_once('~').map_or(stored.as_str(), |(_, name)| name).to_owned();
        let kanal = if name.to_lowercase().ends_with(".eml") { Kanal::Mail } else { Kanal::Scan };
        let idempotency_key = format!("{}:{}", profil.name, BlobHash::of(&bytes));
        let vertraulich = profil.vertraulich;
        let e = Einlieferung { kanal, name, bytes, idempotency_key, zugang: None, vertraulich };
        match eingang.accept(actor, e).await {
            Ok(_) => {
                if let Err(error) = std::fs::remove_file(&path) {
                    tracing::warn!(%error, "cannot remove an accepted file from the spool");
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a file from the spool, will try again");
                return;
            }
        }
    }
}
