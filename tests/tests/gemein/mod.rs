// SPDX-License-Identifier: EUPL-1.2
//! What the pipeline and fault tests share: the application in this process ([`haus`]), or the real binary as a
//! process that can be killed ([`prozess`], and its engine alone: [`fern`]), and where the sample files lie.
#![allow(clippy::print_stdout, clippy::unwrap_used, dead_code)]

pub mod falsche_uhr;
pub mod fern;
pub mod haus;
pub mod platte;
pub mod prozess;

use std::path::{Path, PathBuf};

use nachrichten::{Timestamp, sendungen::Kanal};

/// Monday, 23 November 2026, 08:30 in Musterstadt: the post of the weekend is scanned.
pub const MONTAG: Timestamp = Timestamp(1_795_419_000_000_000);

/// `target/debug/eakte`, beside the folder of this test program.
pub fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let found = own.ancestors().skip(1).take(2).map(|folder| folder.join("eakte")).find(|path| path.is_file());
    found.expect("eakte is not built: run `cargo build -p service-eakte` first")
}

/// The sample post of this project.
pub fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/demo")
}

/// Bytes of one sample file.
pub fn probe(name: &str) -> Vec<u8> {
    std::fs::read(demo().join(name)).unwrap()
}

/// The born-digital letter in its own bytes: the mark (ASCII, at most 55 bytes) takes the place of a comment.
pub fn brief(mark: &str) -> Vec<u8> {
    const KOMMENTAR: &[u8] = b"ReportLab generated PDF document -- digest (opensource)";
    let mut bytes = probe("03-bescheid.pdf");
    let at = bytes.windows(KOMMENTAR.len()).position(|w| w == KOMMENTAR).expect("the comment of the sample letter");
    let text = format!("{mark:<55}");
    bytes[at..at + KOMMENTAR.len()].copy_from_slice(text.as_bytes());
    bytes
}

/// Names of the sample files in their order, without those in `bad`.
pub fn proben() -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(demo()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.starts_with('0'));
    names.sort();
    names
}

/// The channel a file of this name comes through.
pub fn kanal(name: &str) -> Kanal {
    if name.ends_with(".eml") { Kanal::Mail } else { Kanal::Scan }
}

/// A folder of the shared data: `$EAKTE_SHARED`, else beside the checkout. Says so when it is missing.
pub fn shared(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("EAKTE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: no shared data in {}", path.display());
    None
}

/// The lines of a `manifest.jsonl`.
pub fn manifest(folder: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `xorshift64*`: the same moments again for the same seed.
pub struct Zufall(u64);

impl Zufall {
    /// From `$EAKTE_SEED`, else from the clock; the seed is printed.
    pub fn new(what: &str) -> Self {
        let clock = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64;
        let seed = std::env::var("EAKTE_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or_else(clock).max(1);
        println!("{what}: EAKTE_SEED={seed}");
        Self(seed)
    }

    /// Of a seed that is printed elsewhere.
    pub fn of(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// A number of `from..to`.
    pub fn in_range(&mut self, from: u64, to: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        from + (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % (to - from)
    }
}
