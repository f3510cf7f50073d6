// SPDX-License-Identifier: EUPL-1.2
//! Names the two C libraries; their place comes from pkg-config where it is installed.

use std::process::Command;

fn main() {
    for (package, library) in [("tesseract", "tesseract"), ("lept", "lept")] {
        if let Ok(found) = Command::new("pkg-config").args(["--libs-only-L", package]).output() {
            for folder in String::from_utf8_lossy(&found.stdout).split_whitespace() {
                if let Some(folder) = folder.strip_prefix("-L") {
                    println!("cargo:rustc-link-search=native={folder}");
                }
            }
        }
        println!("cargo:rustc-link-lib=dylib={library}");
    }
    println!("cargo:rerun-if-changed=build.rs");
}
