// SPDX-License-Identifier: EUPL-1.2
//! The decision tables of `workflows/tabellen` against their example rows, and against the file plan and the groups.
#![allow(clippy::unwrap_used)]

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use dsntk_feel::{FeelNumber, Name, context::FeelContext, values::Value as Feel};
use dsntk_model_evaluator::ModelEvaluator;
use serde_json::Value;

fn table(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../workflows/tabellen");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn model(name: &str) -> Arc<ModelEvaluator> {
    let definitions = dsntk_model::parse(&table(&format!("{name}.dmn"))).unwrap();
    ModelEvaluator::new(&[definitions]).unwrap()
}

/// JSON to FEEL; `betrag` travels as decimal text and is a number in the table.
fn input(row: &Value) -> FeelContext {
    let mut context = FeelContext::default();
    for (name, value) in row.as_object().unwrap() {
        let value = match value.as_str() {
            Some(text) if name == "betrag" => Feel::Number(text.parse::<FeelNumber>().unwrap()),
            Some(text) => Feel::String(text.into()),
            None => Feel::Null(None),
        };
        context.set_entry(&Name::from(name.as_str()), value);
    }
    context
}

fn evaluate(model: &ModelEvaluator, name: &str, row: &Value) -> FeelContext {
    let result = model.evaluate_invocable(&format!("urn:eakte:tabellen:{name}"), name, name, &input(row));
    let Feel::Context(context) = result else { panic!("{name} of {row} is {result}") };
    context
}

fn check(name: &str) {
    let model = model(name);
    let rows: Vec<Value> = serde_json::from_str(&table(&format!("{name}.beispiele.json"))).unwrap();
    for row in &rows {
        let context = evaluate(&model, name, &row["eingabe"]);
        for (field, want) in row["erwartet"].as_object().unwrap() {
            let got = match context.get_entry(&Name::from(field.as_str())) {
                Some(Feel::String(text)) => Value::from(text.clone()),
                Some(Feel::Boolean(b)) => Value::from(*b),
                Some(Feel::Number(n)) => Value::from(n.to_string()),
                Some(Feel::Null(_)) => Value::Null,
                other => panic!("{field} of {} is {other:?}", row["eingabe"]),
            };
            assert_eq!(&got, want, "{field} of {}", row["eingabe"]);
        }
    }
}

#[test]
fn zustaendigkeit_gives_the_examples() {
    check("zustaendigkeit");
}

#[test]
fn anordnung_gives_the_examples() {
    check("anordnung");
}

/// Quoted values of an output column, read from the file itself.
fn outputs(dmn: &str, column: usize) -> BTreeSet<String> {
    let marker = format!("_a{column}\"><text>\"");
    dmn.split(&marker).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[test]
fn every_row_names_a_known_office_group_and_unit() {
    let dmn = table("zustaendigkeit.dmn");
    let organisation: Value = serde_json::from_str(&table("organisation.json")).unwrap();
    let list = |key: &str, field: &str| -> BTreeSet<String> {
        organisation[key].as_array().unwrap().iter().map(|e| e[field].as_str().unwrap().to_owned()).collect()
    };
    let plan: BTreeSet<String> =
        table("aktenplan.csv").lines().skip(1).map(|l| l.split(';').next().unwrap().to_owned()).collect();
    assert_eq!(outputs(&dmn, 1).difference(&list("aemter", "nummer")).count(), 0);
    assert_eq!(outputs(&dmn, 2).difference(&list("aemter", "name")).count(), 0);
    assert_eq!(outputs(&dmn, 3).difference(&list("gruppen", "name")).count(), 0);
    assert_eq!(outputs(&dmn, 4).difference(&plan).count(), 0);
    assert!(outputs(&dmn, 1).len() >= 10 && plan.len() >= 25);
}

/// Four eyes can be shown: somebody is in both groups, and without them both groups still have somebody.
#[test]
fn two_person_rules_can_be_shown() {
    let organisation: Value = serde_json::from_str(&table("organisation.json")).unwrap();
    let persons = organisation["personen"].as_array().unwrap();
    let named: BTreeSet<&str> =
        organisation["gruppen"].as_array().unwrap().iter().map(|g| g["name"].as_str().unwrap()).collect();
    let used: BTreeSet<&str> =
        persons.iter().flat_map(|p| p["gruppen"].as_array().unwrap()).map(|g| g.as_str().unwrap()).collect();
    assert_eq!(named, used, "a group without person, or a person in an unknown group");
    let members = |group: &str| -> BTreeSet<&str> {
        let has = |p: &&Value| p["gruppen"].as_array().unwrap().iter().any(|g| g == group);
        persons.iter().filter(has).map(|p| p["kennung"].as_str().unwrap()).collect()
    };
    for office in ["10", "20", "40", "61", "66"] {
        let (a, b) = (members(&format!("Feststellung-{office}")), members(&format!("Anordnung-{office}")));
        assert!(a.difference(&b).count() > 0 && b.difference(&a).count() > 0, "office {office} cannot pay an invoice");
    }
    let both: Vec<_> = members("Feststellung-66").intersection(&members("Anordnung-66")).copied().collect();
    assert_eq!(both, ["samira.lang"]);
    let kennungen: BTreeSet<&str> = persons.iter().map(|p| p["kennung"].as_str().unwrap()).collect();
    assert_eq!(kennungen.len(), persons.len());
}
