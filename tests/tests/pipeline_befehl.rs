// SPDX-License-Identifier: EUPL-1.2
//! `eakte intake` gives the same lines against a running server as on a directory of its own.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use std::process::Command;

use gemein::{demo, prozess::Bestand};
use serde_json::Value;

const FIELDS: [&str; 8] = ["documents", "duplicate_of", "file", "reason", "receipt", "sha256", "state", "waiting_for"];

/// Exit code and lines of `eakte intake … --wait --json`.
fn lines(command: &mut Command) -> (Option<i32>, Vec<Value>) {
    let files = ["03-bescheid.pdf", "04-rechnung-xrechnung-ubl.xml", "bad/unknown.bin"].map(|name| demo().join(name));
    let answer = command.args(files).args(["--channel", "scan", "--wait", "--json"]).output().unwrap();
    let text = String::from_utf8(answer.stdout).unwrap();
    (answer.status.code(), text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn states(lines: &[Value]) -> Vec<&str> {
    for line in lines {
        assert_eq!(line.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>(), FIELDS);
    }
    lines.iter().map(|line| line["state"].as_str().unwrap_or("none")).collect()
}

#[test]
fn intake_is_the_same_with_and_without_a_server() {
    let own = Bestand::neu();
    let (code, alone) = lines(&mut own.befehl(&["intake"]));
    assert_eq!((code, states(&alone)), (Some(0), vec!["waiting", "waiting", "clearing"]));
    let (_, again) = lines(&mut own.befehl(&["intake"]));
    assert_eq!(states(&again), states(&alone), "a duplicate has the state of its original");
    for (first, second) in alone.iter().zip(&again) {
        assert_eq!(second["duplicate_of"], first["receipt"]);
    }

    let served = Bestand::neu();
    let dienst = served.dienst();
    let mut command = served.befehl(&["intake", "--url", &dienst.url]);
    let (code, remote) = lines(command.env_remove("EAKTE_DATA").env("EAKTE_TOKEN", &served.token));
    assert_eq!((code, states(&remote)), (Some(0), states(&alone)));
    for (here, there) in alone.iter().zip(&remote) {
        assert_eq!(here["sha256"], there["sha256"]);
        assert_eq!(here["reason"], there["reason"]);
        assert_eq!(here["documents"].as_array().unwrap().len(), there["documents"].as_array().unwrap().len());
    }
    // A second process on a held directory is told where the first one is.
    let second = served.befehl(&["intake"]).arg(demo().join("03-bescheid.pdf")).output().unwrap();
    assert_eq!(second.status.code(), Some(11));
    assert!(String::from_utf8_lossy(&second.stderr).contains(&dienst.url));
    let mut denied = served.befehl(&["intake", "--url", &dienst.url]);
    assert_eq!(lines(denied.env_remove("EAKTE_DATA").env("EAKTE_TOKEN", "falsch")).0, Some(12));
    dienst.toete();
    served.ist_sauber(&[]);
}

/// Letters of another encoding are not guessed: they would stand in tasks and mails.
#[test]
fn a_process_in_another_encoding_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("latin.bpmn");
    let text = "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" id=\"d\" targetNamespace=\"t\">\
        <process id=\"p\" name=\"Prfung\" isExecutable=\"true\"><startEvent id=\"s\"/></process></definitions>";
    let mut bytes = text.as_bytes().to_vec();
    std::fs::write(&file, &bytes).unwrap();
    let check = || Command::new(gemein::program()).args(["workflow", "check"]).arg(&file).output().unwrap();
    assert_eq!(check().status.code(), Some(0));
    let at = text.find("Prfung").unwrap() + 2;
    bytes.insert(at, 0xfc);
    std::fs::write(&file, &bytes).unwrap();
    let answer = check();
    assert_eq!(answer.status.code(), Some(1));
    let said = String::from_utf8(answer.stdout).unwrap();
    assert!(said.contains("nicht in UTF-8 gespeichert"), "{said}");
}
