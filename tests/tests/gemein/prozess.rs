// SPDX-License-Identifier: EUPL-1.2
//! The real binary as a process: started, asked over HTTP, killed, started again.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use nachrichten::BlobHash;
use serde_json::Value;
use service_platform::db::{Db, FromRow};
use tempfile::TempDir;

use super::{haus::sql, program};

/// A data directory with a token of the technical account.
pub struct Bestand {
    pub data: TempDir,
    pub token: String,
}

impl Bestand {
    pub fn neu() -> Self {
        Self::in_ordner(TempDir::new().unwrap())
    }

    /// In this directory.
    pub fn in_ordner(data: TempDir) -> Self {
        let mut bestand = Self { data, token: String::new() };
        // Makes database and accounts; the token needs both.
        let mut add = bestand.befehl(&["account", "add", "probe", "--name", "Probe"]);
        let mut child = add.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"ein langes Kennwort\n").unwrap();
        assert!(child.wait().unwrap().success());
        let answer = bestand.befehl(&["account", "token", "cli"]).output().unwrap();
        bestand.token = String::from_utf8(answer.stdout).unwrap().trim().to_owned();
        assert!(bestand.token.len() >= 20, "no token: {}", String::from_utf8_lossy(&answer.stderr));
        bestand
    }

    pub fn path(&self) -> &Path {
        self.data.path()
    }

    /// A command of the binary on this directory.
    pub fn befehl(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(args).env("EAKTE_DATA", self.path()).env("EAKTE_LOG", "error").env("EAKTE_LOG__FILTER", "error");
        command
    }

    /// `eakte serve`, ready for requests.
    pub fn dienst(&self) -> Dienst {
        self.dienst_mit(&[])
    }

    /// With environment variables, e.g. a failpoint.
    pub fn dienst_mit(&self, env: &[(&str, &str)]) -> Dienst {
        let from = Instant::now();
        let mut command = self.befehl(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.envs(env.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("Bereit: ").unwrap_or_else(|| panic!("not ready: {line}")).to_owned();
        Dienst { child, url, token: self.token.clone(), bereit_nach: from.elapsed() }
    }

    /// The rows of a look into the database.
    pub fn zeilen<R: FromRow>(&self, text: &'static str) -> Vec<R> {
        runtime().block_on(async {
            let db = Db::sqlite(&self.path().join("eakte.db")).await.unwrap();
            let rows = db.all(&sql(text), Vec::new()).await.unwrap();
            db.close().await;
            rows
        })
    }

    pub fn zahl(&self, text: &'static str) -> i64 {
        self.zeilen::<(i64,)>(text)[0].0
    }

    /// Path, number of the file and time of writing of every blob: what was there is not written again.
    pub fn blobs(&self) -> Vec<(PathBuf, u64, std::time::SystemTime)> {
        use std::os::unix::fs::MetadataExt as _;
        let mut found = Vec::new();
        let mut open = vec![self.path().join("blobs")];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let meta = entry.metadata().unwrap();
                if meta.is_dir() {
                    open.push(entry.path());
                } else {
                    found.push((entry.path(), meta.ino(), meta.modified().unwrap()));
                }
            }
        }
        found.sort();
        found
    }

    /// `eakte reconcile`, also over the journal of acknowledgements: nothing lost, doubled, changed, left over or
    /// unaudited.
    pub fn ist_sauber(&self, journal: &[(BlobHash, String)]) -> Value {
        let file = self.path().join("journal.jsonl");
        let lines =
            journal.iter().map(|(hash, receipt)| format!("{{\"sha256\":\"{hash}\",\"receipt\":\"{receipt}\"}}\n"));
        std::fs::write(&file, lines.collect::<String>()).unwrap();
        let answer = self.befehl(&["reconcile", "--json", "--journal"]).arg(&file).output().unwrap();
        let report: Value = serde_json::from_slice(&answer.stdout).unwrap();
        for field in ["missing", "duplicate", "altered", "orphan", "unaudited"] {
            assert_eq!(report[field], 0, "{field}: {report:#}");
        }
        assert!(answer.status.success());
        let trail = self.befehl(&["audit", "verify", "--json"]).output().unwrap();
        assert!(trail.status.success(), "audit: {}", String::from_utf8_lossy(&trail.stdout));
        assert_eq!(self.zeilen::<(String,)>("PRAGMA integrity_check"), [("ok".to_owned(),)]);
        report
    }
}

/// What the server said to a hand-in.
#[derive(Debug)]
pub enum Antwort {
    Quittung {
        receipt: String,
        duplicate_of: Option<String>,
        repeated: bool,
    },
    Abgewiesen(u16, Value),
    /// No answer: the outcome is unknown.
    Keine,
}

impl Antwort {
    pub fn receipt(self) -> String {
        match self {
            Self::Quittung { receipt, .. } => receipt,
            other => panic!("no receipt: {other:?}"),
        }
    }
}

/// A running `eakte serve`.
pub struct Dienst {
    child: Child,
    pub url: String,
    token: String,
    /// From the start to the line "Bereit".
    pub bereit_nach: Duration,
}

impl Dienst {
    pub fn zugang(&self) -> Zugang {
        let config =
            ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(60)));
        Zugang { url: self.url.clone(), token: self.token.clone(), agent: config.build().into() }
    }

    /// SIGKILL, without a farewell.
    pub fn toete(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until the process has ended by itself.
    pub fn endet(&mut self) -> ExitStatus {
        let from = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(from.elapsed() < Duration::from_secs(20), "the process lives on");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Dienst {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The API of a running server; cheap to clone into threads.
#[derive(Clone)]
pub struct Zugang {
    url: String,
    token: String,
    agent: ureq::Agent,
}

impl Zugang {
    pub fn gib(&self, channel: &str, name: &str, key: &str, bytes: &[u8]) -> Antwort {
        let request =
            self.agent.post(format!("{}/api/v1/intake", self.url)).query("channel", channel).query("name", name);
        let request = request
            .header("authorization", format!("Bearer {}", self.token))
            .header("idempotency-key", key)
            .header("content-type", "application/octet-stream");
        let Ok(mut answer) = request.send(bytes) else { return Antwort::Keine };
        let status = answer.status().as_u16();
        let Ok(body) = answer.body_mut().read_json::<Value>() else { return Antwort::Keine };
        if status != 202 {
            return Antwort::Abgewiesen(status, body);
        }
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let repeated = body["repeated"].as_bool().unwrap();
        Antwort::Quittung { receipt: text("receipt").unwrap(), duplicate_of: text("duplicate_of"), repeated }
    }

    /// State of a receipt as the API gives it.
    pub fn stand(&self, receipt: &str) -> Value {
        let request = self.agent.get(format!("{}/api/v1/intake/{receipt}", self.url));
        let mut answer = request.header("authorization", format!("Bearer {}", self.token)).call().unwrap();
        assert_eq!(answer.status(), 200, "state of {receipt}");
        answer.body_mut().read_json().unwrap()
    }

    /// Waits until the item is settled.
    pub fn ruht(&self, receipt: &str) -> Value {
        let from = Instant::now();
        loop {
            let stand = self.stand(receipt);
            if stand["state"] != "accepted" {
                return stand;
            }
            assert!(from.elapsed() < super::haus::GEDULD, "still accepted: {stand:#}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
