// SPDX-License-Identifier: EUPL-1.2
//! What common modellers write into a file beside BPMN: forms, parameters, expressions of their own, pools.

use engine::DeployError;
use nachrichten::aufgaben::FormTyp;
use serde_json::json;

use crate::common::model::{process, read, started};
use crate::{done, ended, incident, variable};

#[test]
fn a_form_of_camunda_7_is_read_with_its_types_and_choices() {
    let task = r#"<startEvent id="S"/><endEvent id="E"/><userTask id="A"><extensionElements><camunda:formData>
      <camunda:formField id="ort" label="Ort" type="string"><camunda:validation><camunda:constraint name="required"/></camunda:validation></camunda:formField>
      <camunda:formField id="zahl" type="long" defaultValue="3"/><camunda:formField id="tag" label="Tag" type="date"/>
      <camunda:formField id="ok" label="In Ordnung" type="boolean"/>
      <camunda:formField id="art" label="Art" type="enum"><camunda:value id="a" name="Die eine"/><camunda:value id="b"/></camunda:formField>
      </camunda:formData></extensionElements></userTask>"#;
    let deployment = read(&process(task, &["S A E"])).unwrap();
    let form = deployment.processes[0].form("A");
    let types: Vec<_> = form.iter().map(|f| (f.name.as_str(), f.label.as_str(), f.typ, f.pflicht)).collect();
    let expected = [
        ("ort", "Ort", FormTyp::Text, true),
        ("zahl", "zahl", FormTyp::Zahl, false),
        ("tag", "Tag", FormTyp::Datum, false),
        ("ok", "In Ordnung", FormTyp::JaNein, false),
        ("art", "Art", FormTyp::Auswahl, false),
    ];
    assert_eq!(types, expected);
    assert_eq!(form[1].wert, Some(json!("3")));
    assert_eq!(form[4].optionen, [("a".to_owned(), "Die eine".to_owned()), ("b".to_owned(), "b".to_owned())]);
    assert!(deployment.processes[0].form("S").is_empty());
}

#[test]
fn an_embedded_form_of_camunda_8_is_read_through_its_groups() {
    let json = r#"{"components":[{"type":"text","text":"Titel"},{"type":"group","components":[
        {"type":"number","key":"qm","label":"Fläche","validate":{"required":true}}]},
        {"type":"radio","key":"dauer","values":[{"label":"Kurz","value":"k"}]},{"type":"checklist","key":"x","values":[]}]}"#;
    let nodes = format!(
        r#"<extensionElements><zeebe:userTaskForm id="F1">{json}</zeebe:userTaskForm></extensionElements><startEvent id="S"/><endEvent id="E"/>
        <userTask id="A"><extensionElements><zeebe:formDefinition formKey="camunda-forms:bpmn:F1"/></extensionElements></userTask>"#
    );
    let deployment = read(&process(&nodes, &["S A E"])).unwrap();
    let form = deployment.processes[0].form("A");
    let types: Vec<_> = form.iter().map(|f| (f.name.as_str(), f.typ, f.pflicht)).collect();
    let expected = [("qm", FormTyp::Zahl, true), ("dauer", FormTyp::Auswahl, false), ("x", FormTyp::Mehrfach, false)];
    assert_eq!(types, expected);
    // Broken JSON is no form and no reason to refuse the file.
    let broken = read(&process(&nodes.replace("\"components\":[{\"type\":\"text\"", "{"), &["S A E"])).unwrap();
    assert!(broken.processes[0].form("A").is_empty());
}

#[test]
fn parameters_of_camunda_7_go_in_and_out() {
    let job = |inside: &str| {
        format!(
            r#"<startEvent id="S"/><endEvent id="E"/><userTask id="A"/><serviceTask id="J" camunda:type="external" camunda:topic="t"><extensionElements>
            <camunda:inputOutput>{inside}</camunda:inputOutput></extensionElements></serviceTask>"#
        )
    };
    let inside = r#"<camunda:inputParameter name="vorlage">brief.docx</camunda:inputParameter>
        <camunda:outputParameter name="nummer">=ergebnis.nr</camunda:outputParameter>"#;
    let mut run = started(&process(&job(inside), &["S J A E"]), json!({}));
    assert_eq!(run.instances[0].jobs.values().next().unwrap().1["vorlage"], json!("brief.docx"));
    crate::done_with(&mut run, "J", json!({ "ergebnis": { "nr": 17 } }));
    assert_eq!(variable(&run, "nummer"), json!(17));
    done(&mut run, "A");
    assert!(ended(&run), "{}", incident(&run));

    for (foreign, word) in [
        (r#"<camunda:inputParameter name="p">${execution.id}</camunda:inputParameter>"#, "kein FEEL"),
        (r#"<camunda:inputParameter name="p"><camunda:list/></camunda:inputParameter>"#, "Listen"),
    ] {
        let error = read(&process(&job(foreign), &["S J A E"])).err().unwrap();
        assert!(error.to_string().contains(word), "{foreign}: {error}");
    }
}

#[test]
fn an_expression_of_another_system_is_refused_with_its_feel() {
    let nodes =
        r#"<startEvent id="S"/><exclusiveGateway id="G" name="Genehmigt?"/><endEvent id="J"/><endEvent id="N"/>"#;
    let error = read(&process(nodes, &["S G", "G J[${ok && betrag == 3}]", "G N[${!ok}]"])).err().unwrap();
    let DeployError::Refused(found) = error else { panic!("{error}") };
    let text: String = found.into_iter().map(|f| f.text).collect();
    assert!(text.contains("In FEEL: ok and betrag = 3") && text.contains("In FEEL: not(ok)"), "{text}");
}

#[test]
fn a_choice_without_conditions_is_told() {
    let nodes = r#"<startEvent id="S"/><exclusiveGateway id="G"/><endEvent id="J" name="Zusage"/><endEvent id="N"/>"#;
    let found = read(&process(nodes, &["S G", "G J", "G N"])).unwrap().findings;
    let hit = found.iter().find(|f| f.code == "no-condition").unwrap();
    assert_eq!(hit.text, "Dem Weg zu „Zusage“ fehlt die Bedingung. Wer hierher kommt, geht immer dort weiter.");
    let found = read(&process(nodes, &["S G", "G J[true]", "G N[false]"])).unwrap().findings;
    assert!(found.iter().all(|f| f.code != "no-condition"));
}

#[test]
fn a_process_without_a_name_has_that_of_its_pool_else_its_id() {
    let p = process(r#"<startEvent id="S"/><endEvent id="E"/>"#, &["S E"]);
    assert_eq!(read(&p).unwrap().processes[0].name(), "p");
    let pool = r#"<collaboration id="c"><participant id="x" name="Rathaus" processRef="p"/></collaboration>"#;
    assert_eq!(read(&format!("{pool}{p}")).unwrap().processes[0].name(), "Rathaus");
}
