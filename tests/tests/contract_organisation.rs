// SPDX-License-Identifier: EUPL-1.2
//! The demo city has every group that its processes and tables name, and somebody in each.
#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use engine::{Decisions as _, Tables};
use nachrichten::Werte;
use serde_json::Value;

fn workflows() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../workflows")
}

fn files(folder: &str, end: &str) -> Vec<(String, String)> {
    let read = std::fs::read_dir(workflows().join(folder)).unwrap();
    let mut found: Vec<(String, String)> = read
        .map(|e| e.unwrap().path())
        .filter(|p| p.to_str().is_some_and(|p| p.ends_with(end)))
        .map(|p| (p.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(&p).unwrap()))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no {end} in {folder}");
    found
}

/// Texts in quotes of a FEEL expression, as they stand in XML.
fn texts(expression: &str) -> Vec<String> {
    let plain = expression.replace("&quot;", "\"");
    plain.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// What the organisation knows: offices, and groups with how many persons are in them.
fn organisation() -> (Vec<String>, BTreeMap<String, usize>) {
    let text = std::fs::read_to_string(workflows().join("tabellen/organisation.json")).unwrap();
    let o: Value = serde_json::from_str(&text).unwrap();
    let names = |list: &str, field: &str| -> Vec<String> {
        o[list].as_array().unwrap().iter().map(|x| x[field].as_str().unwrap().to_owned()).collect()
    };
    let mut groups: BTreeMap<String, usize> = names("gruppen", "name").into_iter().map(|g| (g, 0)).collect();
    for person in o["personen"].as_array().unwrap() {
        for group in person["gruppen"].as_array().unwrap() {
            let group = group.as_str().unwrap();
            *groups.get_mut(group).unwrap_or_else(|| panic!("{person} is in {group}, which is no group")) += 1;
        }
    }
    (names("aemter", "nummer"), groups)
}

/// Groups named in the drawings: whole names, and beginnings that get the number of an office.
fn drawn() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (file, xml) in files("definitionen", ".bpmn") {
        for owner in xml.split("<potentialOwner").skip(1) {
            let owner = owner.split("</potentialOwner>").next().unwrap();
            let expression = owner.split("<formalExpression>").nth(1).unwrap_or_default();
            let expression = expression.split("</formalExpression>").next().unwrap();
            found.extend(texts(expression).into_iter().map(|t| (file.clone(), t)));
        }
    }
    assert!(found.len() > 15, "{found:?}");
    found
}

/// Groups named in the tables: texts that end with a hyphen or an office, and what their example rows give.
fn decided() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (file, xml) in files("tabellen", ".dmn") {
        let text = xml.split("<text>").skip(1).map(|t| t.split("</text>").next().unwrap());
        for word in text.flat_map(texts) {
            let (name, office) = word.rsplit_once('-').unwrap_or((&word, "x"));
            let office = office.is_empty() || (office.len() == 2 && office.bytes().all(|b| b.is_ascii_digit()));
            if office && name.chars().next().is_some_and(char::is_uppercase) && name.chars().all(char::is_alphabetic) {
                found.insert((file.clone(), word));
            }
        }
        let rows = workflows().join("tabellen").join(file.replace(".dmn", ".beispiele.json"));
        let rows: Value = serde_json::from_str(&std::fs::read_to_string(rows).unwrap()).unwrap();
        let table = Tables::parse(&xml).unwrap();
        for row in rows.as_array().unwrap() {
            let input: Werte = serde_json::from_value(row["eingabe"].clone()).unwrap();
            let got = table.evaluate(file.trim_end_matches(".dmn"), &input, "2026-11-23T07:00:00Z".parse().unwrap());
            groups_of(&got.unwrap(), &mut |group| {
                found.insert((file.clone(), group.to_owned()));
            });
        }
    }
    assert!(found.iter().any(|(f, _)| f == "anordnung.dmn") && found.iter().any(|(f, _)| f == "eskalation.dmn"));
    found
}

fn groups_of(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Array(list) => list.iter().for_each(|v| groups_of(v, found)),
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(group) if key.starts_with("gruppe") => found(group),
                    other => groups_of(other, found),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn every_group_of_the_processes_exists_in_every_office_and_somebody_is_in_it() {
    let (offices, groups) = organisation();
    let mut wrong = Vec::new();
    for (file, group) in drawn().into_iter().chain(decided()) {
        let wanted: Vec<String> = match group.strip_suffix('-') {
            Some(_) => offices.iter().map(|office| format!("{group}{office}")).collect(),
            None => vec![group],
        };
        for group in wanted {
            match groups.get(&group) {
                None => wrong.push(format!("{file} names {group}, which the organisation does not know")),
                Some(0) => wrong.push(format!("{file} names {group}, and nobody is in it")),
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_office_of_the_plan_has_two_sides_for_money() {
    let (offices, _) = organisation();
    let text = std::fs::read_to_string(workflows().join("tabellen/organisation.json")).unwrap();
    let o: Value = serde_json::from_str(&text).unwrap();
    let plan = std::fs::read_to_string(workflows().join("tabellen/aktenplan.csv")).unwrap();
    for line in plan.lines().skip(1).filter(|l| !l.trim().is_empty()) {
        let office = line.rsplit(';').next().unwrap().trim();
        assert!(offices.iter().any(|a| a == office), "{line}: no such office");
    }
    for office in offices {
        let of = |kind: &str| -> BTreeSet<&str> {
            let persons = o["personen"].as_array().unwrap().iter();
            let group = Value::String(format!("{kind}-{office}"));
            persons
                .filter(|p| p["gruppen"].as_array().unwrap().contains(&group))
                .map(|p| p["name"].as_str().unwrap())
                .collect()
        };
        let (checks, orders) = (of("Feststellung"), of("Anordnung"));
        assert!(checks.iter().any(|c| orders.iter().any(|o| o != c)), "office {office}: {checks:?} and {orders:?}");
    }
}
