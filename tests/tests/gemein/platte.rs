// SPDX-License-Identifier: EUPL-1.2
//! A small disk of its own that can be filled and freed (tmpfs; mounting it needs root).

use std::{io::Write as _, path::Path, process::Command};

use tempfile::TempDir;

pub struct Platte {
    folder: TempDir,
}

impl Platte {
    /// Of so many MiB; `None` (said aloud) where nothing may be mounted.
    pub fn neu(mib: u32) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let options = format!("size={mib}m,mode=1777");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path()).output();
        if !mounted.is_ok_and(|m| m.status.success()) {
            println!("skipped: no small disk (mounting a tmpfs needs root)");
            return None;
        }
        Some(Self { folder })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Until nothing more goes onto it.
    pub fn fuelle(&self) {
        let mut ballast = std::fs::File::options().create(true).append(true).open(self.path().join("ballast")).unwrap();
        for block in [1 << 20, 4096, 1] {
            while ballast.write(&vec![1u8; block]).is_ok_and(|n| n == block) {}
        }
    }

    pub fn raeume(&self) {
        std::fs::remove_file(self.path().join("ballast")).unwrap();
    }
}

impl Drop for Platte {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}
