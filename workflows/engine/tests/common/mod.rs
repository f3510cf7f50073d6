// SPDX-License-Identifier: EUPL-1.2
//! Finding the shared conformance data.
#![allow(clippy::unwrap_used, clippy::print_stderr, dead_code)]

pub mod model;

use std::path::{Path, PathBuf};

/// A folder of the shared data; says so and gives nothing when it is missing.
pub fn shared(path: &str) -> Option<PathBuf> {
    let root = match std::env::var("EAKTE_SHARED") {
        Ok(root) => PathBuf::from(root),
        Err(_) => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
    };
    let folder = root.join(path);
    if !folder.is_dir() {
        eprintln!("skipped: no shared data");
        return None;
    }
    Some(folder)
}

/// Files of a folder by the end of their names, sorted.
pub fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.file_name().unwrap().to_string_lossy().ends_with(end))
        .collect();
    found.sort();
    found
}
