// SPDX-License-Identifier: EUPL-1.2
//! What `deploy/` says of the program is what the program does.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use service_platform::metriken::LISTE;

/// Alerts and dashboard are checked against this list (`tests/deploy`); here it is checked against the program.
#[test]
fn the_list_of_metrics_is_what_the_program_shows() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/observe/metriken.txt");
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().filter(|l| !l.is_empty() && !l.starts_with('#'));
    let said: BTreeMap<&str, &str> = lines
        .map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next().unwrap();
            (name.split('{').next().unwrap(), words.next().unwrap())
        })
        .collect();
    let shown: BTreeMap<&str, &str> = LISTE.iter().map(|(name, kind, _)| (*name, *kind)).collect();
    assert_eq!(said, shown);
}
