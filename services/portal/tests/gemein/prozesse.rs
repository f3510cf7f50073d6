// SPDX-License-Identifier: EUPL-1.2
//! Invented processes: where they stand, and a drawing of one.

use nachrichten::{
    DokumentId, InstanceId, SendungId, TaskId, Werte,
    ablaeufe::{Ablauf, Marke},
    aufgaben::Schritt,
};
use serde_json::json;

use super::daten::{id, vor, werte};

fn bpmn() -> String {
    let shape = |id: &str, x: i32, y: i32, w: i32, h: i32| {
        format!(
            "<bpmndi:BPMNShape bpmnElement=\"{id}\"><dc:Bounds x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"/></bpmndi:BPMNShape>"
        )
    };
    let edge = |id: &str, x0: i32, x1: i32, y: i32| {
        format!(
            "<bpmndi:BPMNEdge bpmnElement=\"{id}\"><di:waypoint x=\"{x0}\" y=\"{y}\"/><di:waypoint x=\"{x1}\" y=\"{y}\"/></bpmndi:BPMNEdge>"
        )
    };
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI">
<process id="rechnung" name="Rechnung"><startEvent id="start" name="Eingang"><messageEventDefinition/></startEvent><serviceTask id="pruefen" name="Rechnung prüfen"/><businessRuleTask id="zustaendig" name="Zuständigkeit bestimmen"/><userTask id="feststellung" name="Sachlich und rechnerisch prüfen"/><exclusiveGateway id="g" name="richtig?"/><userTask id="anordnung" name="Zahlung anordnen"/><boundaryEvent id="frist" attachedToRef="feststellung" cancelActivity="false" name="Skonto endet"><timerEventDefinition/></boundaryEvent><callActivity id="ablage" name="Ablegen"/><endEvent id="ende" name="Abgelegt"/><sequenceFlow id="f5" name="ja"/></process>
<bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement="rechnung">{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></definitions>"#,
        shape("start", 100, 100, 36, 36),
        shape("pruefen", 180, 78, 110, 80),
        shape("zustaendig", 330, 78, 110, 80),
        shape("feststellung", 480, 78, 120, 80),
        shape("g", 640, 93, 50, 50),
        shape("anordnung", 740, 78, 110, 80),
        shape("ablage", 890, 78, 110, 80),
        shape("ende", 1050, 100, 36, 36),
        shape("frist", 520, 140, 36, 36),
        edge("f1", 136, 180, 118),
        edge("f2", 290, 330, 118),
        edge("f3", 440, 480, 118),
        edge("f4", 600, 640, 118),
        edge("f5", 690, 740, 118),
        edge("f6", 850, 890, 118),
        edge("f7", 1000, 1050, 118)
    )
}

pub fn ablauf(n: u64, process: &str, titel: &str, element: &str, name: &str, warum: &str, stoerung: bool) -> Ablauf {
    let schritt = |min, name: &str, ereignis: &str, person: Option<&str>, text: Option<&str>| Schritt {
        zeit: vor(min),
        element: "e".into(),
        name: name.into(),
        ereignis: ereignis.into(),
        person: person.map(str::to_owned),
        text: text.map(str::to_owned),
    };
    Ablauf {
        id: InstanceId(id(6, n)),
        process: process.into(),
        name: if process == "rechnung" { "Rechnung" } else { "Beschlussvorlage" }.into(),
        version: 3,
        stand: if stoerung { "stoerung" } else { "aktiv" }.into(),
        titel: titel.into(),
        gestartet: vor(95),
        beendet: None,
        parent: None,
        sendung: Some(SendungId(id(1, n))),
        dokument: Some(DokumentId(id(2, n))),
        variablen: if process == "rechnung" && !stoerung {
            werte(json!({
                "buchungen": [{ "uebergeben": { "am": "2026-11-20T08:15:00Z" },
                    "ablehnung": { "grund": "Kreditor gesperrt", "datum": "2026-11-20" } }],
                "uebergeben": { "am": "2026-11-21T09:00:00Z" },
                "quittung": { "beleg": "1900004711", "datum": "2026-11-21" },
            }))
        } else if process == "beschlussvorlage" {
            werte(
                json!({ "laufweg": [], "vorlage": { "titel": "Radweg alt", "text": "Beschluss", "sichtbarkeit": "oeffentlich", "aemter": ["20"], "amt": "66",
                "beratungsfolge": [{ "gremium": "Gemeinderat", "rolle": "entscheidung", "termin": "2025-12-15" }] } }),
            )
        } else {
            Werte::new()
        },
        verlauf: vec![
            schritt(95, "Eingang", "gestartet", None, None),
            schritt(94, "Rechnung prüfen", "erledigt", None, Some("1 Hinweis, 8 in Ordnung")),
            schritt(
                30,
                "Sachlich und rechnerisch prüfen",
                "erledigt",
                Some("Finn Feststeller"),
                Some("Richtig festgestellt. Leistung am 12.11.2026 abgenommen."),
            ),
        ],
        marken: vec![Marke {
            element: element.into(),
            schritt: 7,
            name: name.into(),
            warum: warum.into(),
            seit: vor(30),
            stoerung,
        }],
        bpmn: bpmn(),
        aufgaben: vec![TaskId(id(5, n))],
        meldungen: if process == "rechnung" && !stoerung {
            vec!["Rechnung angehalten".into(), "Rechnung zurückgezogen".into()]
        } else {
            Vec::new()
        },
    }
}
