// SPDX-License-Identifier: EUPL-1.2
//! Where the shared data is.
use std::path::PathBuf;

/// A folder of `$EAKTE_SHARED`; `None` (said aloud) when it is missing.
pub fn shared(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("EAKTE_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")), PathBuf::from);
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: no shared data at {}", path.display());
    None
}
