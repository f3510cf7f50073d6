// SPDX-License-Identifier: EUPL-1.2
//! sandbox: bytes from strangers are parsed in child processes that can do nothing but compute.
//!
//! The parent owns a [`Pool`] of long-lived children of a program. Each child locks itself down before
//! it reads its first byte of work ([`serve`]): rlimits, `no_new_privs`, a death signal, Landlock
//! without any path, a seccomp allow list without sockets and without `exec`. Work travels as
//! length-prefixed frames on the child's standard input and output; the parent keeps the wall clock and
//! kills the whole process group. A child that dies is replaced, and its death is the job's *result*.
//!
//! Where the kernel has no Landlock the child still runs behind seccomp and rlimits, and says so in its
//! [`Report`]; with [`Limits::strict`] it refuses instead.
//!
//! ```no_run
//! use service_sandbox::{Limits, Pool};
//! let pool = Pool::new("eakte".into(), vec!["child".into()], Limits::default(), 2);
//! let reply = pool.call("erkennung.zerlegen", &serde_json::json!({ "name": "brief.pdf" }), &[b"%PDF-1.7"])?;
//! # Ok::<(), service_sandbox::SandboxError>(())
//! ```

mod child;
mod frame;
mod lock;
mod pool;
mod seccomp;
mod selftest;
mod sys;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use child::{Handler, serve};
pub use lock::lock_down;
pub use pool::Pool;
pub use selftest::SelfTest;

/// What one child may use. The defaults are those of the security page: one page, one file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Address space in bytes (`RLIMIT_AS`).
    pub address_space: u64,
    /// Private memory in bytes (`RLIMIT_DATA`): closest to resident memory that a plain process can bound.
    pub memory: u64,
    /// Processor seconds for one job (`RLIMIT_CPU`, moved on before each job).
    pub cpu_seconds: u64,
    /// Largest file the process may write, in bytes (`RLIMIT_FSIZE`).
    pub file_size: u64,
    /// Open files (`RLIMIT_NOFILE`).
    pub open_files: u64,
    /// Wall clock for one job; the parent kills the process group after it.
    pub wall: Duration,
    /// Largest request and largest reply in bytes.
    pub frame: u64,
    /// A child is replaced after this many jobs.
    pub jobs: u32,
    /// Refuse to work where Landlock is missing, instead of reporting it.
    pub strict: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            address_space: 1 << 30,
            memory: 512 << 20,
            cpu_seconds: 30,
            file_size: 0,
            open_files: 32,
            wall: Duration::from_secs(60),
            frame: 512 << 20,
            jobs: 200,
            strict: false,
        }
    }
}

/// What a locked process may still reach. The default is nothing, right for every pooled child.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Access {
    /// Files and folders that may be read.
    pub read: Vec<PathBuf>,
    /// Folders and existing files that may be written.
    pub write: Vec<PathBuf>,
    /// Whether other programs may be started.
    pub exec: bool,
}

/// How far the lock holds on this kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Landlock {
    /// Everything this program knows of is enforced.
    Full,
    /// An older kernel: files are guarded, some later rights are not.
    Partial,
    /// No Landlock on this kernel; seccomp and rlimits still hold.
    None,
}

/// What [`lock_down`] put in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// State of the file and network rights.
    pub landlock: Landlock,
    /// Whether the system call filter is in force.
    pub seccomp: bool,
}

impl Report {
    /// One English line for the log and the health page.
    pub fn summary(&self) -> &'static str {
        match (self.landlock, self.seccomp) {
            (Landlock::Full, true) => "landlock full, seccomp on",
            (Landlock::Partial, true) => "landlock partial (older kernel), seccomp on",
            (Landlock::None, true) => "landlock missing on this kernel, seccomp on",
            (_, false) => "seccomp off",
        }
    }
}

/// The answer of a child to one job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// The result message.
    pub header: Value,
    /// Bytes that belong to it, referred to by index.
    pub blobs: Vec<Vec<u8>>,
    /// Largest resident set of the child so far, in KiB; filled in by [`serve`].
    pub peak_kib: u64,
}

impl Reply {
    /// A reply of this message and these bytes.
    pub fn new(header: Value, blobs: Vec<Vec<u8>>) -> Self {
        Self { header, blobs, peak_kib: 0 }
    }
}

/// A child's orderly "no": the input cannot or must not be worked on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("refused ({code})")]
pub struct Refusal {
    /// Stable code, e.g. `format-rejected`.
    pub code: String,
    /// German sentence for the clerk.
    pub detail: String,
}

impl Refusal {
    /// A refusal with this code and German sentence.
    pub fn new(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code: code.into(), detail: detail.into() }
    }
}

/// Why a job has no reply.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The child ended in the middle of the job: crash, memory limit, forbidden system call.
    #[error("child died: {how}")]
    Died {
        /// Exit status in words, e.g. `signal 6`.
        how: String,
    },
    /// The wall clock or processor limit ran out; the child was killed.
    #[error("child ran out of time")]
    TimedOut,
    /// Request or reply are larger than [`Limits::frame`].
    #[error("frame over the limit")]
    TooBig,
    /// The child refused in good order.
    #[error("refused ({code})")]
    Refused {
        /// Stable code, e.g. `format-rejected`.
        code: String,
        /// German sentence for the clerk.
        detail: String,
    },
    /// The child's answer is not a frame of this protocol: treat it like a crash.
    #[error("child spoke garbage")]
    Garbage,
    /// The lock could not be put in force.
    #[error("lock down failed: {0}")]
    Lock(String),
    /// Pipes or process start failed.
    #[error("sandbox i/o: {0}")]
    Io(#[from] std::io::Error),
}
