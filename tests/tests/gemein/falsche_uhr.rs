// SPDX-License-Identifier: EUPL-1.2
//! Processes with a wrong wall clock: Debian's `faketime`, loaded into the process itself, so that a kill hits it. The
//! monotonic clock is left alone, as on a host whose time is set wrong.

use std::path::{Path, PathBuf};

/// The library, if it is here. `tests/run` installs it and demands it by `EAKTE_REQUIRE=faketime`.
fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let found = folders.map(|e| e.path().join("faketime/libfaketimeMT.so.1")).find(|path| path.is_file());
    if found.is_none() {
        assert!(!std::env::var("EAKTE_REQUIRE").is_ok_and(|r| r.contains("faketime")), "faketime is not installed");
        println!("skipped: faketime is not installed");
    }
    found
}

fn env(more: [(&str, &str); 2]) -> Option<Vec<(String, String)>> {
    let library = library()?.display().to_string();
    let all = [("LD_PRELOAD", library.as_str()), ("FAKETIME_DONT_FAKE_MONOTONIC", "1"), ("DONT_FAKE_MONOTONIC", "1")];
    Some(all.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// A clock that is always wrong: `+2h`, `@2026-03-29 01:59:50`.
pub fn versetzt(by: &str) -> Option<Vec<(String, String)>> {
    env([("FAKETIME", by), ("FAKETIME_NO_CACHE", "1")])
}

/// A clock that jumps when the file says something else.
pub fn springt(file: &Path) -> Option<Vec<(String, String)>> {
    env([("FAKETIME_TIMESTAMP_FILE", &file.display().to_string()), ("FAKETIME_NO_CACHE", "1")])
}
