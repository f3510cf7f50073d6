// SPDX-License-Identifier: EUPL-1.2
//! Backups: database, documents and the journal of the hand-over as they belong together.
//!
//! ```text
//! ZIEL/blobs/<mandant>/ab/<sha256>       every document once, shared by all backups of this folder
//! ZIEL/stand/<time>/datenbank.sqlite     or datenbank.pgdump
//! ZIEL/stand/<time>/journal/…            what was handed over: a restored city books nothing twice
//! ZIEL/stand/<time>/blobs.txt            hashes of the documents, one per line
//! ZIEL/stand/<time>/manifest.json        last of all: without it a backup does not count
//! ```
//!
//! Consistent without stopping anything: the database first, in one snapshot, then what it refers to. Documents are
//! written before the row that names them and never changed, so what is copied later holds all the snapshot needs; the
//! journal is written before its row too. What came after the snapshot is left over and harms nobody.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use nachrichten::{BlobHash, Timestamp};
use serde::{Deserialize, Serialize};
use service_platform::{
    audit,
    blobs::{Blobs, DirectoryBlobs},
    db::{Db, Sql},
};

/// What stands in `manifest.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Form of this folder.
    pub form: u32,
    pub erstellt: String,
    pub programm: String,
    pub mandant: String,
    pub datenbank: String,
    pub sha256: BlobHash,
    pub blobs: usize,
    pub blobs_sha256: BlobHash,
    /// Files of the journal with their hashes.
    pub journal: Vec<(String, BlobHash)>,
}

const FORM: u32 = 1;

/// Where a backup comes from or goes to.
pub struct Quelle<'a> {
    pub db: &'a Db,
    pub blobs: &'a dyn Blobs,
    pub journal: &'a Path,
    pub mandant: &'a str,
    /// Address of PostgreSQL, for its own tools; none = SQLite.
    pub postgres: Option<&'a str>,
}

/// What a backup costs and holds.
#[derive(Clone, Debug, Serialize)]
pub struct Bericht {
    pub stand: String,
    pub blobs: usize,
    /// Copied now; the others were there already.
    pub neu: usize,
    /// Findings of a check, German; empty when all is well.
    pub befunde: Vec<String>,
}

type Fehler = Box<dyn std::error::Error + Send + Sync>;

/// Makes a backup beside running services.
///
/// # Errors
/// Nothing half counts: the manifest is written last.
pub async fn create(quelle: &Quelle<'_>, ziel: &Path, now: Timestamp) -> Result<Bericht, Fehler> {
    let name = now.to_string().replace(':', "-");
    let folder = ziel.join("stand").join(&name);
    std::fs::create_dir_all(&folder)?;
    let datenbank = snapshot(quelle, &folder).await?;
    let mut journal = Vec::new();
    for (name, bytes) in still(quelle.journal)? {
        let file = folder.join("journal").join(&name);
        std::fs::create_dir_all(file.parent().unwrap_or(&folder))?;
        write(&file, &bytes)?;
        journal.push((name, BlobHash::of(&bytes)));
    }
    let target = DirectoryBlobs::open(&ziel.join("blobs"), quelle.mandant)?;
    let known: std::collections::BTreeSet<BlobHash> = target.list().await?.into_iter().collect();
    let hashes = quelle.blobs.list().await?;
    let mut neu = 0;
    for hash in hashes.iter().filter(|h| !known.contains(h)) {
        target.put(quelle.blobs.get(*hash).await?).await?;
        neu += 1;
    }
    let list: String = hashes.iter().map(|h| format!("{h}\n")).collect();
    write(&folder.join("blobs.txt"), list.as_bytes())?;
    let manifest = Manifest {
        form: FORM,
        erstellt: now.to_string(),
        programm: env!("CARGO_PKG_VERSION").to_owned(),
        mandant: quelle.mandant.to_owned(),
        sha256: hash_of(&folder.join(&datenbank))?,
        datenbank,
        blobs: hashes.len(),
        blobs_sha256: BlobHash::of(list.as_bytes()),
        journal,
    };
    write(&folder.join("manifest.json"), serde_json::to_string_pretty(&manifest)?.as_bytes())?;
    std::fs::File::open(&folder)?.sync_all()?;
    std::fs::File::open(ziel.join("stand"))?.sync_all()?;
    Ok(Bericht { stand: name, blobs: hashes.len(), neu, befunde: Vec::new() })
}

async fn snapshot(quelle: &Quelle<'_>, folder: &Path) -> Result<String, Fehler> {
    let Some(url) = quelle.postgres else {
        let file = folder.join("datenbank.sqlite");
        // SQLite takes the name as text; it is ours but for the folder a person named.
        let text = format!("VACUUM INTO '{}'", file.display().to_string().replace('\'', "''"));
        let text: &'static str = Box::leak(text.into_boxed_str());
        quelle.db.run_alone(&Sql { sqlite: text, postgres: text }).await?;
        std::fs::File::open(&file)?.sync_all()?;
        return Ok("datenbank.sqlite".to_owned());
    };
    let file = folder.join("datenbank.pgdump");
    tool("pg_dump", url, |c| c.args(["--format=custom", "--no-owner", "--no-privileges"]).arg("--file").arg(&file))?;
    std::fs::File::open(&file)?.sync_all()?;
    Ok("datenbank.pgdump".to_owned())
}

/// Runs a tool of PostgreSQL on this database; the password goes by the environment, never by the command line.
fn tool(program: &str, url: &str, args: impl FnOnce(&mut Command) -> &mut Command) -> Result<String, Fehler> {
    let (url, password) = without_password(url);
    let mut command = Command::new(newest(program));
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    let output = args(command.arg("--dbname").arg(&url)).output().map_err(|e| format!("{program}: {e}"))?;
    if !output.status.success() {
        return Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The newest of Debian's versions: an older tool refuses a newer server.
fn newest(program: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|v| v.path().join("bin").join(program)).filter(|p| p.is_file()).max();
    found.unwrap_or_else(|| PathBuf::from(program))
}

/// The address without its password, and the password as it is meant (RFC 3986).
fn without_password(url: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (url.to_owned(), None) };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let Some((user, host)) = rest[..end].rsplit_once('@') else { return (url.to_owned(), None) };
    let Some((user, password)) = user.split_once(':') else { return (url.to_owned(), None) };
    let (mut plain, mut bytes) = (Vec::new(), password.bytes());
    while let Some(b) = bytes.next() {
        let code = [bytes.clone().next(), bytes.clone().nth(1)].map(|d| d.and_then(|d| char::from(d).to_digit(16)));
        match (b, code) {
            (b'%', [Some(high), Some(low)]) => {
                plain.push((high * 16 + low) as u8);
                bytes.nth(1);
            }
            _ => plain.push(b),
        }
    }
    let url = format!("{scheme}://{user}@{host}{}", &rest[end..]);
    (url, Some(String::from_utf8_lossy(&plain).into_owned()))
}

/// The backups of a folder that are whole, oldest first.
pub fn staende(ziel: &Path) -> Result<Vec<String>, Fehler> {
    let whole = sorted(&ziel.join("stand"))?.into_iter().filter(|p| p.join("manifest.json").is_file());
    Ok(whole.filter_map(|p| Some(p.file_name()?.to_string_lossy().into_owned())).collect())
}

/// Reads a backup whole: every hash again, the database opened, the audit trail checked.
///
/// # Errors
/// The folder cannot be read at all; what is wrong inside is a finding.
pub async fn verify(ziel: &Path, stand: &str) -> Result<Bericht, Fehler> {
    let folder = ziel.join("stand").join(stand);
    let manifest: Manifest = serde_json::from_slice(&std::fs::read(folder.join("manifest.json"))?)?;
    if manifest.form != FORM {
        return Err(
            format!("Diese Sicherung hat die Form {}, dieses Programm liest Form {FORM}.", manifest.form).into()
        );
    }
    let mut befunde = Vec::new();
    let database = folder.join(&manifest.datenbank);
    if hash_of(&database).ok() != Some(manifest.sha256) {
        befunde.push("Die Datenbank fehlt oder ist nicht, was gesichert wurde.".to_owned());
    } else if manifest.datenbank.ends_with(".sqlite") {
        befunde.extend(of_sqlite(&database).await?);
    } else {
        let listed = Command::new(newest("pg_restore")).arg("--list").arg(&database).output();
        if !listed.map_err(|e| format!("pg_restore: {e}"))?.status.success() {
            befunde.push("Die Datenbank lässt sich nicht lesen (pg_restore --list).".to_owned());
        }
    }
    for (name, hash) in &manifest.journal {
        if hash_of(&folder.join("journal").join(name)).ok() != Some(*hash) {
            befunde.push(format!("Das Journal {name} fehlt oder ist verändert."));
        }
    }
    let list = std::fs::read_to_string(folder.join("blobs.txt")).unwrap_or_default();
    // Without the right list nobody can say which documents belong to it.
    if BlobHash::of(list.as_bytes()) != manifest.blobs_sha256 {
        befunde.push("Die Liste der Dokumente fehlt oder ist verändert.".to_owned());
    } else {
        let blobs = DirectoryBlobs::open(&ziel.join("blobs"), &manifest.mandant)?;
        for hash in list.lines().filter_map(|line| line.parse::<BlobHash>().ok()) {
            if let Err(error) = blobs.get(hash).await {
                befunde.push(format!("Ein Dokument ist nicht lesbar: {error}"));
            }
        }
    }
    Ok(Bericht { stand: stand.to_owned(), blobs: manifest.blobs, neu: 0, befunde })
}

/// The checks that SQLite and our own trail allow; on a copy, because opening writes beside the file.
async fn of_sqlite(file: &Path) -> Result<Vec<String>, Fehler> {
    const INTEGRITY: Sql =
        Sql { sqlite: "SELECT integrity_check FROM pragma_integrity_check", postgres: "SELECT 'ok'" };
    let copy = tempfile::tempdir()?;
    let path = copy.path().join("eakte.db");
    std::fs::copy(file, &path)?;
    let db = Db::sqlite(&path).await?;
    let mut befunde = Vec::new();
    let rows: Vec<(String,)> = db.all(&INTEGRITY, Vec::new()).await?;
    befunde.extend(rows.into_iter().filter(|(r,)| r != "ok").map(|(r,)| format!("Die Datenbank ist beschädigt: {r}")));
    let trail = audit::verify(&db).await?;
    befunde.extend(trail.breaks.into_iter().map(|line| format!("Das Protokoll ist nicht schlüssig: {line}")));
    db.close().await;
    Ok(befunde)
}

/// Where a backup is put back.
pub struct Ziel<'a> {
    pub data: &'a Path,
    pub blobs: &'a dyn Blobs,
    pub journal: &'a Path,
    /// Address of the role that owns the tables; none = SQLite in the data directory.
    pub postgres: Option<&'a str>,
}

/// Puts a backup back into an empty place: documents and journal first, the database last.
///
/// # Errors
/// A finding of [`verify`], or a place that is not empty.
pub async fn restore(quelle: &Path, stand: &str, ziel: &Ziel<'_>) -> Result<Bericht, Fehler> {
    let checked = verify(quelle, stand).await?;
    if !checked.befunde.is_empty() {
        return Ok(checked);
    }
    let folder = quelle.join("stand").join(stand);
    let manifest: Manifest = serde_json::from_slice(&std::fs::read(folder.join("manifest.json"))?)?;
    let (sqlite, database) = (manifest.datenbank.ends_with(".sqlite"), folder.join(&manifest.datenbank));
    if sqlite != ziel.postgres.is_none() {
        return Err("Die Sicherung kommt aus einer anderen Art von Datenbank als der eingestellten.".into());
    }
    let file = ziel.data.join("eakte.db");
    if sqlite && file.exists() {
        return Err(format!("Im Ordner {} liegen schon Daten.", ziel.data.display()).into());
    }
    // Before anything is written: a journal that is in use must not be replaced by an older one.
    if !tree(ziel.journal, "")?.is_empty() {
        return Err(format!("Im Ordner {} liegt schon ein Journal der Übergabe.", ziel.journal.display()).into());
    }
    if let Some(url) = ziel.postgres
        && !is_empty(url).await?
    {
        return Err("In der eingestellten Datenbank liegen schon Tabellen.".into());
    }
    let saved = DirectoryBlobs::open(&quelle.join("blobs"), &manifest.mandant)?;
    let list = std::fs::read_to_string(folder.join("blobs.txt"))?;
    let mut neu = 0;
    for hash in list.lines().filter_map(|line| line.parse::<BlobHash>().ok()) {
        ziel.blobs.put(saved.get(hash).await?).await?;
        neu += 1;
    }
    for (name, _) in &manifest.journal {
        let file = ziel.journal.join(name);
        std::fs::create_dir_all(file.parent().unwrap_or(ziel.journal))?;
        write(&file, &std::fs::read(folder.join("journal").join(name))?)?;
    }
    match ziel.postgres {
        None => {
            // Under another name until it is whole.
            let half = ziel.data.join("eakte.db.neu");
            std::fs::copy(&database, &half)?;
            std::fs::File::open(&half)?.sync_all()?;
            std::fs::rename(&half, &file)?;
            std::fs::File::open(ziel.data)?.sync_all()?;
        }
        Some(url) => {
            let args = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"];
            tool("pg_restore", url, |c| c.args(args).arg(&database))?;
            let db = Db::postgres_as(url, None, 2).await?;
            db.give_roles().await?;
            db.close().await;
        }
    }
    Ok(Bericht { neu, ..checked })
}

/// Has this database of PostgreSQL no table yet?
async fn is_empty(url: &str) -> Result<bool, Fehler> {
    const TABLES: Sql = Sql {
        sqlite: "SELECT count(*) FROM sqlite_master",
        postgres: "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()",
    };
    let db = Db::postgres_as(url, None, 2).await?;
    let (tables,): (u64,) = db.one(&TABLES, Vec::new()).await?;
    db.close().await;
    Ok(tables == 0)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, Fehler> {
    let entries = match std::fs::read_dir(folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut paths: Vec<PathBuf> = entries.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.sort();
    Ok(paths)
}

/// The journal's files at a moment when none moved: a booking that is closed moves its note to another folder, and a
/// copy that held both, or neither, would be a finding.
fn still(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, Fehler> {
    for _ in 0..100 {
        let before = tree(folder, "")?;
        let read: std::io::Result<Vec<_>> =
            before.iter().map(|n| Ok((n.clone(), std::fs::read(folder.join(n))?))).collect();
        match read {
            Ok(files) if tree(folder, "")? == before => return Ok(files),
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e.into()),
            _ => std::thread::sleep(std::time::Duration::from_millis(50)),
        }
    }
    Err("Das Journal der Übergabe steht nicht still; versuchen Sie es noch einmal.".into())
}

/// Names of all files below, sorted.
fn tree(folder: &Path, prefix: &str) -> Result<Vec<String>, Fehler> {
    let mut names = Vec::new();
    for path in sorted(&folder.join(prefix))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if path.is_dir() { names.append(&mut tree(folder, &name)?) } else { names.push(name) }
    }
    Ok(names)
}

fn hash_of(file: &Path) -> std::io::Result<BlobHash> {
    std::fs::read(file).map(|bytes| BlobHash::of(&bytes))
}

/// Writes and syncs.
fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut out = std::fs::File::create(file)?;
    out.write_all(bytes)?;
    out.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_leaves_the_address() {
        let split = |url| without_password(url);
        let plain = ("postgres://eakte@db.example:5432/eakte?sslmode=require".to_owned(), Some("a:b@c/ü".to_owned()));
        assert_eq!(split("postgres://eakte:a%3Ab%40c%2F%C3%BC@db.example:5432/eakte?sslmode=require"), plain);
        assert_eq!(
            split("postgres://eakte@%2Ftmp%2Fpg/eakte"),
            ("postgres://eakte@%2Ftmp%2Fpg/eakte".to_owned(), None)
        );
        assert_eq!(split("postgres:///eakte?user=x").1, None);
        assert_eq!(split("postgres://u:50%@h/e").1.as_deref(), Some("50%"));
    }
}
