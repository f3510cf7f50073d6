// SPDX-License-Identifier: EUPL-1.2
//! ZIP archives and the office files that are one: listed within limits, never unpacked to disk.

use std::collections::BTreeSet;
use std::io::{Cursor, Read};

use service_sandbox::Refusal;
use zip::ZipArchive;

use crate::grenzen;
use crate::pdf::{contains, quarantine};
use crate::typ;

/// What an archive turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Archiv {
    /// A plain archive with this many files.
    Zip(usize),
    /// An office document without macros; its media type.
    Office(&'static str),
}

/// Folder of the main part and media type of the office formats.
const OFFICE: &[(&str, &str)] = &[
    ("word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
];
/// Names of archives inside archives.
const NESTED: &[&str] = &["zip", "7z", "rar", "gz", "tgz", "bz2", "xz", "tar", "cab"];
/// Largest part of an office file that is searched for entities, in bytes.
const MAX_XML_PART: u64 = 20 << 20;

/// Looks through the directory of an archive.
///
/// # Errors
/// `quarantine` for bombs, climbing, doubled or encrypted names, programs, archives inside, macros and
/// entities in office files.
pub fn check(bytes: &[u8]) -> Result<Archiv, Refusal> {
    let announced = announced_entries(bytes).ok_or_else(damaged)?;
    if announced > grenzen::ARCHIV_EINTRAEGE {
        return Err(quarantine("Das Archiv enthält mehr als 1.000 Dateien."));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    // The reader keeps one entry per name: fewer than announced means doubled names.
    if archive.len() != announced {
        return Err(quarantine("Das Archiv enthält zwei Dateien mit demselben Namen."));
    }
    if archive.has_overlapping_files().unwrap_or(true) {
        return Err(bomb());
    }
    let mut total = 0u64;
    let mut names = BTreeSet::new();
    for i in 0..archive.len() {
        let entry = archive.by_index_raw(i).map_err(|_| damaged())?;
        if entry.encrypted() {
            return Err(quarantine("Das Archiv ist mit einem Kennwort geschützt."));
        }
        if entry.enclosed_name().is_none() || entry.is_symlink() || entry.name().contains(['\0', '\\']) {
            return Err(quarantine("Das Archiv enthält Dateinamen, die aus dem Ordner ausbrechen."));
        }
        total = total.saturating_add(entry.size());
        if total > grenzen::ARCHIV_GROESSE || entry.size() / grenzen::ARCHIV_RATE > entry.compressed_size().max(1024) {
            return Err(bomb());
        }
        let name = entry.name().to_lowercase();
        let ending = typ::extension(&name);
        if typ::is_program(b"", &name) {
            return Err(quarantine("Das Archiv enthält ein ausführbares Programm."));
        }
        if NESTED.contains(&ending.as_str()) {
            return Err(quarantine("Das Archiv enthält weitere Archive."));
        }
        names.insert(name);
    }
    match office_type(&names) {
        Some(media_type) => office(&mut archive, &names).map(|()| Archiv::Office(media_type)),
        None => Ok(Archiv::Zip(archive.len())),
    }
}

fn damaged() -> Refusal {
    quarantine("Das Archiv ist beschädigt.")
}

fn bomb() -> Refusal {
    quarantine("Das Archiv würde ausgepackt die erlaubte Größe überschreiten.")
}

/// The number of entries in the end record, read before anything is built from it.
fn announced_entries(bytes: &[u8]) -> Option<usize> {
    let from = bytes.len().saturating_sub(66_000);
    let at = from + bytes[from..].windows(4).rposition(|w| w == b"PK\x05\x06")?;
    let entries = u16::from_le_bytes(bytes.get(at + 10..at + 12)?.try_into().ok()?);
    // 0xFFFF points to the large format, which no archive under the limit needs.
    Some(usize::from(entries))
}

fn office_type(names: &BTreeSet<String>) -> Option<&'static str> {
    if names.contains("mimetype") && names.contains("content.xml") {
        return Some("application/vnd.oasis.opendocument");
    }
    let parts = names.contains("[content_types].xml");
    OFFICE.iter().find(|(folder, _)| parts && names.iter().any(|n| n.starts_with(folder))).map(|(_, t)| *t)
}

/// Macros and entities in the parts of an office file.
fn office(archive: &mut ZipArchive<Cursor<&[u8]>>, names: &BTreeSet<String>) -> Result<(), Refusal> {
    let macros = || quarantine("Die Office-Datei enthält aktive Inhalte: Makros.");
    if names.iter().any(|n| n.ends_with("vbaproject.bin") || n.starts_with("basic/") || n.contains("/activex/")) {
        return Err(macros());
    }
    for i in 0..archive.len() {
        let entry = archive.by_index(i).map_err(|_| damaged())?;
        let name = entry.name().to_lowercase();
        if !(name.ends_with(".xml") || name.ends_with(".rels")) {
            continue;
        }
        let mut text = Vec::new();
        entry.take(MAX_XML_PART + 1).read_to_end(&mut text).map_err(|_| damaged())?;
        if text.len() as u64 > MAX_XML_PART {
            return Err(bomb());
        }
        if name == "[content_types].xml" && contains(&text, b"macroEnabled") {
            return Err(macros());
        }
        if contains(&text, b"<!DOCTYPE") || contains(&text, b"<!ENTITY") {
            return Err(quarantine("Die Office-Datei verweist auf fremde Inhalte."));
        }
    }
    Ok(())
}

/// Old office containers: macros are found by their storage names (UTF-16).
///
/// # Errors
/// `quarantine` for macros.
pub fn check_ole(bytes: &[u8]) -> Result<(), Refusal> {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    if contains(bytes, &wide("_VBA_PROJECT")) || contains(bytes, &wide("Macros")) {
        return Err(quarantine("Die Office-Datei enthält aktive Inhalte: Makros."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Write;
    use zip::write::SimpleFileOptions;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn a_clean_archive_is_counted() {
        assert_eq!(check(&archive(&[("a.pdf", b"x"), ("b/c.txt", b"y")])).unwrap(), Archiv::Zip(2));
    }

    #[test]
    fn office_files_are_told_from_archives_and_macros_from_documents() {
        let clean = [("[Content_Types].xml", b"<Types/>".as_slice()), ("word/document.xml", b"<w/>")];
        assert!(matches!(check(&archive(&clean)).unwrap(), Archiv::Office(t) if t.contains("wordprocessingml")));
        let mut with_macro = clean.to_vec();
        with_macro.push(("word/vbaProject.bin", b"x"));
        assert!(check(&archive(&with_macro)).unwrap_err().detail.contains("Makros"));
        let entity =
            [("[Content_Types].xml", b"<Types/>".as_slice()), ("xl/a.xml", b"<!DOCTYPE a [<!ENTITY b \"c\">]><a/>")];
        assert!(check(&archive(&entity)).is_err());
    }

    #[test]
    fn bombs_climbers_and_programs_are_refused() {
        for files in [
            [("a.txt", vec![0u8; 5 << 20])],
            [("../../a.txt", b"x".to_vec())],
            [("setup.exe", b"x".to_vec())],
            [("inner.zip", b"x".to_vec())],
        ] {
            let files: Vec<(&str, &[u8])> = files.iter().map(|(n, c)| (*n, c.as_slice())).collect();
            assert!(check(&archive(&files)).is_err(), "{}", files[0].0);
        }
        assert!(check(b"PK\x03\x04 broken").is_err());
    }
}
