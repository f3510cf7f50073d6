// SPDX-License-Identifier: EUPL-1.2
//! Files of strangers: third-party PDFs and the hostile corpus.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod gemeinsam;

use std::io::Read;
use std::time::Instant;

use gemeinsam::{Speicher, manifest, parsers, shared};
use nachrichten::erkennung::grund;
use nachrichten::job::JobError;

/// The page count of every foreign PDF agrees with the manifest, or the file waits for a person.
#[test]
fn foreign_pdfs_neither_crash_nor_lose_pages() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("corpus/pdf");
    let pool = parsers();
    let (mut read, mut held) = (0, 0);
    for entry in manifest(folder.join("manifest.jsonl")) {
        let file = entry["file"].as_str().unwrap();
        let bytes = std::fs::read(folder.join(file)).unwrap();
        match Speicher::default().zerlege(&pool, &bytes, file) {
            Ok(found) => {
                read += 1;
                let arts: Vec<_> = found.teile.iter().map(|t| t.art).collect();
                println!("{file}: {} pages {arts:?}", found.gesamt);
                assert_eq!(Some(u64::from(found.gesamt)), entry["pages"].as_u64(), "{file}");
            }
            Err(JobError::Unreadable { code, detail }) => {
                held += 1;
                println!("{file}: {code}: {detail}");
            }
            Err(other) => panic!("{file}: {other}"),
        }
    }
    println!("{read} read, {held} held for a person");
    assert!(read >= 28, "only {read} of 43 files are read");
}

/// Every hostile file ends as its manifest says, within its time.
#[test]
fn hostile_files_end_as_the_manifest_says() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("corpus/hostile");
    let pool = parsers();
    let mut wrong = Vec::new();
    for entry in manifest(folder.join("manifest.jsonl")) {
        let file = entry["file"].as_str().unwrap();
        let mut bytes = std::fs::read(folder.join(file)).unwrap();
        let mut name = file.rsplit('/').next().unwrap().to_owned();
        if entry["transport"] == "gzip" {
            bytes = gunzip(&bytes);
            name = name.trim_end_matches(".gz").to_owned();
        }
        let begin = Instant::now();
        let outcome = match Speicher::default().zerlege(&pool, &bytes, &name) {
            Ok(_) => ("accept-sanitised", String::new()),
            Err(JobError::Unreadable { code, detail }) if code == grund::FORMAT => ("reject", detail),
            Err(JobError::Unreadable { code, detail }) if code == grund::QUARANTAENE => ("quarantine", detail),
            Err(other) => ("other", other.to_string()),
        };
        let took = begin.elapsed();
        let mut allowed = vec![entry["expected"].clone()];
        allowed.extend(entry["also_ok"].as_array().unwrap().clone());
        let ok = allowed.iter().any(|a| a == outcome.0);
        println!("{} {file}: {} {} ({took:?})", if ok { "  " } else { "!!" }, outcome.0, outcome.1);
        if !ok {
            wrong.push(format!("{file}: {} instead of {allowed:?}", outcome.0));
        }
        assert!(took.as_secs_f64() < entry["limits"]["max_seconds"].as_f64().unwrap(), "{file} took {took:?}");
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Unpacks the transport layer with the system's tool.
fn gunzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut child = std::process::Command::new("gzip")
        .arg("-dc")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut out = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(bytes).unwrap());
        child.stdout.take().unwrap().read_to_end(&mut out).unwrap();
    });
    assert!(child.wait().unwrap().success());
    out
}
