// SPDX-License-Identifier: EUPL-1.2
//! A locked child tries what it must not be able to do.

use std::net::TcpStream;

use serde::{Deserialize, Serialize};

use crate::Report;

/// What the self test of a child found; `true` means "was denied".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfTest {
    /// What the lock says about itself.
    pub report: Report,
    /// Reading `/etc/passwd` was denied.
    pub read_denied: bool,
    /// Writing into the temporary folder was denied.
    pub write_denied: bool,
    /// Opening a network socket was denied (denied, not merely unanswered).
    pub connect_denied: bool,
    /// Starting a program was denied.
    pub exec_denied: bool,
}

impl SelfTest {
    /// Whether every forbidden act was denied.
    pub fn passed(&self) -> bool {
        self.read_denied && self.write_denied && self.connect_denied && self.exec_denied
    }
}

pub(crate) fn run(report: Report) -> SelfTest {
    let probe = std::env::temp_dir().join("eakte-sandbox-probe");
    let write_denied = std::fs::write(&probe, b"x").is_err();
    if !write_denied {
        let _ = std::fs::remove_file(&probe);
    }
    SelfTest {
        report,
        read_denied: std::fs::File::open("/etc/passwd").is_err(),
        write_denied,
        connect_denied: TcpStream::connect(("127.0.0.1", 9))
            .is_err_and(|e| e.kind() == std::io::ErrorKind::PermissionDenied),
        exec_denied: std::process::Command::new("/bin/true").spawn().is_err(),
    }
}
