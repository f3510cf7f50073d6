// SPDX-License-Identifier: EUPL-1.2
//! The way back under SIGABRT: a file of the finance system is neither lost nor taken twice, wherever the process dies.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use gemein::prozess::Bestand;

const ZAHLUNG: &str = r#"{"art":"zahlung","beleg":"1900004711","betrag":"1190.00","datum":"2026-12-01"}"#;

fn namen(folder: &Path) -> Vec<String> {
    let read = std::fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> = read.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn bis(was: &str, fits: impl Fn() -> bool) {
    let from = Instant::now();
    while !fits() {
        assert!(from.elapsed() < Duration::from_secs(20), "not {was}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn killed_at_each_point_the_file_comes_to_one_person_once() {
    // After the engine answered, and after the task was committed but before the file was moved.
    for punkt in ["uebergabe::rueckweg::after", "uebergabe::klaerung::after"] {
        let bestand = Bestand::neu();
        let env = [
            ("EAKTE_UEBERGABE__GEDULD_S", "0"),
            ("EAKTE_UEBERGABE__TAKT_MS", "50"),
            ("EAKTE_UEBERGABE__RUHE_MS", "50"),
        ];
        let mut dienst = bestand.dienst_mit(&[&env[..], &[("EAKTE_FAILPOINT", punkt)]].concat());
        let eingang = bestand.path().join("uebergabe/eingang");
        bis("ready", || eingang.is_dir());
        std::fs::write(eingang.join("z.json.tmp"), ZAHLUNG).unwrap();
        std::fs::rename(eingang.join("z.json.tmp"), eingang.join("z.json")).unwrap();
        assert!(!dienst.endet().success(), "{punkt}");
        let open = bestand.path().join("spool/uebergabe/offen");
        assert_eq!(namen(&open).len(), 1, "{punkt}: still ours");
        let tasks = "SELECT count(*) FROM geschaeftsgang_aufgabe WHERE element = 'KlaerungRueckmeldung'";
        assert_eq!(bestand.zahl(tasks), i64::from(punkt == "uebergabe::klaerung::after"), "{punkt}");

        let dienst = bestand.dienst_mit(&env);
        bis("cleared away", || namen(&open).is_empty());
        dienst.toete();
        assert_eq!(bestand.zahl(tasks), 1, "{punkt}: one task, not two");
        let left = namen(&eingang.join("fehler"));
        assert_eq!(left.len(), 2, "{punkt}: the file and its reason: {left:?}");
        bestand.ist_sauber(&[]);
    }
}
