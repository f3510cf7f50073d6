// SPDX-License-Identifier: EUPL-1.2
//! The difference of two texts, as a person reads it, and a table asked with example rows.
#![allow(clippy::unwrap_used)]

use engine::{tabelle::Pruefstand, vergleich};
use nachrichten::{
    Timestamp,
    fassungen::{Aenderung, AenderungArt, Beispiel},
};
use serde_json::{Value, json};

fn file(name: &str) -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)).unwrap()
}

fn rechnung() -> String {
    file("definitionen/rechnung.bpmn")
}

/// One line as text: sign, what, name, facts.
fn words(list: &[Aenderung]) -> Vec<String> {
    let line = |a: &Aenderung| {
        let sign = match a.art {
            AenderungArt::Neu => '+',
            AenderungArt::Entfallen => '-',
            AenderungArt::Geaendert => '~',
            AenderungArt::NurBild => '.',
        };
        let value = |v: &Option<String>| v.clone().unwrap_or_else(|| "nichts".to_owned());
        let facts = a.angaben.iter().map(|f| format!("{}: {} > {}", f.was, value(&f.alt), value(&f.neu)));
        format!("{sign} {} {} [{}]", a.was, a.name, facts.collect::<Vec<_>>().join(" | "))
    };
    list.iter().map(line).collect()
}

fn changed(from: &str, to: &str) -> Vec<String> {
    let alt = rechnung();
    assert!(alt.contains(from), "{from} is not in the file");
    words(&vergleich::ablauf(&alt, &alt.replacen(from, to, 1), "rechnung").unwrap())
}

const KLEIN: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:eakte="urn:eakte:bpmn:1" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC">
<message id="m" name="Antwort"/>
<process id="p" name="Probe" isExecutable="true">
 <startEvent id="s" name="Los"/>
 <userTask id="a" name="Prüfen" eakte:formular="klaerung" eakte:faellig="5AT">
  <extensionElements><zeebe:header key="farbe" value="rot"/></extensionElements>
  <potentialOwner><resourceAssignmentExpression><formalExpression>"Poststelle"</formalExpression></resourceAssignmentExpression></potentialOwner>
 </userTask>
 <serviceTask id="d" name="Ablegen" implementation="akten.ablegen.v1"/>
 <boundaryEvent id="b" attachedToRef="a" cancelActivity="false"><timerEventDefinition><timeDuration>P2D</timeDuration></timerEventDefinition></boundaryEvent>
 <exclusiveGateway id="g" name="richtig?" default="f2"/>
 <endEvent id="e"/>
 <sequenceFlow id="f1" sourceRef="s" targetRef="a"/>
 <sequenceFlow id="f2" sourceRef="g" targetRef="e"/>
 <sequenceFlow id="f3" name="ja" sourceRef="g" targetRef="d"><conditionExpression>entscheidung = "ja"</conditionExpression></sequenceFlow>
</process>
<bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement="p"><bpmndi:BPMNShape bpmnElement="a"><dc:Bounds x="100" y="80" width="100" height="80"/></bpmndi:BPMNShape></bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</definitions>"#;

fn klein(from: &str, to: &str) -> Vec<String> {
    assert!(KLEIN.contains(from), "{from}");
    words(&vergleich::ablauf(KLEIN, &KLEIN.replace(from, to), "p").unwrap())
}

#[test]
fn each_kind_of_change_is_told_in_words() {
    for (from, to, said) in [
        ("5AT", "3AT", "~ Aufgabe für Personen Prüfen [Frist: 5AT > 3AT]"),
        ("\"klaerung\"", "\"zuordnung\"", "~ Aufgabe für Personen Prüfen [Formular: klaerung > zuordnung]"),
        (
            "\"Poststelle\"",
            "\"Klaerung\"",
            "~ Aufgabe für Personen Prüfen [Zuständigkeit: \"Poststelle\" > \"Klaerung\"]",
        ),
        (
            "ablegen.v1",
            "ablegen.v2",
            "~ Automatischer Schritt Ablegen [Ausführung: akten.ablegen.v1 > akten.ablegen.v2]",
        ),
        ("P2D", "P3D", "~ Ereignis am Schritt (Zeit)  [Dauer: P2D > P3D]"),
        ("= \"ja\"", "= \"nein\"", "~ Verbindung ja [Bedingung: entscheidung = \"ja\" > entscheidung = \"nein\"]"),
        ("name=\"richtig?\"", "name=\"gut?\"", "~ Verzweigung, genau ein Weg gut? [Name: richtig? > gut?]"),
        ("default=\"f2\"", "default=\"f3\"", "~ Verzweigung, genau ein Weg richtig? [Standardweg: f2 > „ja“]"),
        ("cancelActivity=\"false\"", "", "~ Ereignis am Schritt (Zeit)  [Unterbricht: false > nichts]"),
        ("name=\"Antwort\"", "name=\"Echo\"", "~ Nachricht Echo [Name: Antwort > Echo]"),
        (
            "sourceRef=\"s\" targetRef=\"a\"",
            "sourceRef=\"s\" targetRef=\"d\"",
            "~ Verbindung  [Nach: „Prüfen“ > „Ablegen“]",
        ),
        // What has no German word is named as it is written.
        (
            "value=\"rot\"",
            "value=\"blau\"",
            "~ Aufgabe für Personen Prüfen [extensionElements header value: rot > blau]",
        ),
        ("x=\"100\"", "x=\"300\"", ". Aufgabe für Personen Prüfen []"),
    ] {
        assert_eq!(klein(from, to), [said], "{from} to {to}");
    }
    assert!(klein("x=\"100\"", "x=\"100.0\"").is_empty(), "the same place written otherwise");
}

#[test]
fn another_kind_a_new_and_a_lost_element_are_told() {
    let other = klein(
        r#"<serviceTask id="d" name="Ablegen" implementation="akten.ablegen.v1"/>"#,
        r#"<userTask id="d" name="Ablegen"/>"#,
    );
    assert_eq!(
        other,
        [
            "~ Aufgabe für Personen Ablegen [Art: Automatischer Schritt > Aufgabe für Personen | Ausführung: akten.ablegen.v1 > nichts]"
        ]
    );
    let more = klein(
        "<endEvent id=\"e\"/>",
        "<endEvent id=\"e\"/><scriptTask id=\"n\" name=\"Rechnen\"><script>1 + 1</script></scriptTask>",
    );
    assert_eq!(more, ["+ Rechenschritt Rechnen [Rechnung: nichts > 1 + 1]"]);
    let less = klein(
        r#"<boundaryEvent id="b" attachedToRef="a" cancelActivity="false"><timerEventDefinition><timeDuration>P2D</timeDuration></timerEventDefinition></boundaryEvent>"#,
        "",
    );
    assert_eq!(
        less,
        [
            "- Ereignis am Schritt (Zeit)  [Hängt an: „Prüfen“ > nichts | Unterbricht: false > nichts | Dauer: P2D > nichts]"
        ]
    );
}

#[test]
fn a_renamed_step_is_one_line_not_one_per_flow() {
    assert_eq!(
        klein("name=\"Prüfen\"", "name=\"Ansehen\""),
        ["~ Aufgabe für Personen Ansehen [Name: Prüfen > Ansehen]"]
    );
}

#[test]
fn the_same_file_has_no_difference_and_foreign_text_is_refused() {
    let text = rechnung();
    assert!(vergleich::ablauf(&text, &text, "rechnung").unwrap().is_empty());
    assert!(vergleich::ablauf(&text, "<a/>", "rechnung").is_err());
    assert!(vergleich::ablauf(&text, &text, "gibtesnicht").unwrap_err().contains("„gibtesnicht“"));
    let lines = changed("eakte:versuche=\"3\"", "eakte:versuche=\"5\"");
    assert!(lines.len() == 1 && lines[0].ends_with("[Versuche: 3 > 5]"), "{lines:?}");
}

fn anordnung() -> String {
    file("tabellen/anordnung.dmn")
}

fn tabelle(change: impl Fn(String) -> String) -> Vec<String> {
    let (alt, neu) = (anordnung(), change(anordnung()));
    assert_ne!(alt, neu, "nothing was changed");
    words(&vergleich::tabelle(&alt, &neu).unwrap())
}

/// Row `n` of the table as written, from 1.
fn row(text: &str, n: usize) -> String {
    let from = text.find(&format!("<rule id=\"regel_0{n}\">")).unwrap();
    let to = text[from..].find("</rule>").unwrap();
    text[from..from + to + 7].to_owned()
}

#[test]
fn rows_columns_and_the_hit_policy_of_a_table_are_compared() {
    assert!(vergleich::tabelle(&anordnung(), &anordnung()).unwrap().is_empty());
    let limit = tabelle(|t| t.replacen("&gt; 50000", "&gt; 60000", 1));
    assert_eq!(
        limit,
        [
            "~ Zeile 2 Über der Wertgrenze ordnet bei Rechnungen der Stadtkämmerei deren Leitung mit an [Betrag in EUR, ohne Vorzeichen: > 50000 > > 60000]"
        ]
    );
    let policy = tabelle(|t| t.replace("hitPolicy=\"FIRST\"", "hitPolicy=\"UNIQUE\""));
    assert_eq!(policy, ["~ Entscheidung anordnung [Trefferregel: FIRST > UNIQUE]"]);
    let column = tabelle(|t| t.replace("<text>abs(betrag)</text>", "<text>betrag</text>"));
    assert_eq!(column, ["~ Eingabespalte Betrag in EUR, ohne Vorzeichen [Ausdruck: abs(betrag) > betrag]"]);
    let output = tabelle(|t| t.replace("name=\"zweite\" typeRef=\"boolean\"", "name=\"zweite\" typeRef=\"string\""));
    assert_eq!(output, ["~ Ergebnisspalte zweite [Typ: boolean > string]"]);
    let gone = tabelle(|t| t.replace(&row(&t, 2), ""));
    assert!(gone.len() == 1 && gone[0].starts_with("- Zeile 2 Über der Wertgrenze"), "{gone:?}");
    let renumbered = tabelle(|t| t.replace("regel_03", "neue_kennung"));
    assert!(renumbered.is_empty(), "an editor's new id is no change: {renumbered:?}");
}

#[test]
fn a_row_that_stands_elsewhere_says_so() {
    let moved = tabelle(|t| {
        let (second, third) = (row(&t, 2), row(&t, 3));
        t.replace(&second, "HIER").replace(&third, &second).replace("HIER", &third)
    });
    assert_eq!(moved.len(), 1, "{moved:?}");
    assert!(moved[0].contains("Stelle in der Tabelle: Zeile ") && moved[0].starts_with("~ Zeile "), "{moved:?}");
}

#[test]
fn the_shipped_tables_give_their_examples_and_name_the_row() {
    for name in ["anordnung", "zustaendigkeit"] {
        let stand = Pruefstand::neu(&format!("{name}.dmn"), &file(&format!("tabellen/{name}.dmn"))).unwrap();
        let rows: Vec<Beispiel> = serde_json::from_str(&file(&format!("tabellen/{name}.beispiele.json"))).unwrap();
        for beispiel in &rows {
            let asked = stand.pruefen(beispiel, Timestamp(0));
            assert!(asked.stimmt(), "{name}: {asked:?}");
            assert!(!asked.probe.zeilen.is_empty(), "{name}: no row fits {:?}", beispiel.eingabe);
        }
    }
}

#[test]
fn the_row_that_fires_is_the_one_whose_result_comes_out() {
    let stand = Pruefstand::neu("anordnung.dmn", &anordnung()).unwrap();
    let ask = |betrag: Value, amt: &str| {
        let input = [("betrag".to_owned(), betrag), ("amt".to_owned(), json!(amt))].into_iter().collect();
        stand.probieren(&input, Timestamp(0))
    };
    assert_eq!(ask(Value::Null, "66").zeilen[0], 1);
    let both = ask(json!("75000.00"), "20");
    assert_eq!((both.zeilen, both.ergebnis["gruppe2"].clone()), (vec![2, 3, 4], json!("Amtsleitung-20")));
    assert_eq!(ask(json!("75000.00"), "66").zeilen, [3, 4]);
    assert_eq!(ask(json!("50000.00"), "20").zeilen, [4]);
    let wrong = Beispiel { eingabe: Default::default(), erwartet: json!({ "zweite": false }), stadt: true };
    let asked = stand.pruefen(&wrong, Timestamp(0));
    assert_eq!(asked.abweichungen, [("zweite".to_owned(), json!(false), json!(true))]);
    let unknown = Beispiel {
        eingabe: [("farbe".to_owned(), json!("rot"))].into_iter().collect(),
        erwartet: json!({}),
        stadt: true,
    };
    assert!(stand.pruefen(&unknown, Timestamp(0)).probe.fehler.unwrap().contains("„farbe“"));
}

/// Typed and prefixed files of modellers, one output without a name, several hits.
#[test]
fn a_collecting_table_with_a_prefix_names_all_rows() {
    let rule = |n: u32, cell: &str| {
        format!(
            "<d:rule id=\"r{n}\"><d:inputEntry><d:text>{cell}</d:text></d:inputEntry><d:outputEntry><d:text>\"{n}\"</d:text></d:outputEntry></d:rule>"
        )
    };
    let xml = format!(
        r##"<d:definitions xmlns:d="https://www.omg.org/spec/DMN/20191111/MODEL/" id="m" name="m" namespace="urn:n"><d:inputData id="i" name="x"><d:variable id="iv" name="x" typeRef="number"/></d:inputData><d:decision id="t" name="t"><d:variable id="v" name="t" typeRef="string"/><d:informationRequirement id="q"><d:requiredInput href="#{}"/></d:informationRequirement><d:decisionTable id="tt" hitPolicy="COLLECT"><d:input id="c"><d:inputExpression id="e" typeRef="number"><d:text>x</d:text></d:inputExpression></d:input><d:output id="o" typeRef="string"/>{}{}{}</d:decisionTable></d:decision></d:definitions>"##,
        "i",
        rule(1, "&gt; 1"),
        rule(2, "&gt; 5"),
        rule(3, "&lt; 3")
    );
    let stand = Pruefstand::neu("t.dmn", &xml).unwrap();
    let ask = |x: &str| stand.probieren(&[("x".to_owned(), json!(x))].into_iter().collect(), Timestamp(0));
    assert_eq!(ask("6").zeilen, [1, 2], "{:?}", ask("6"));
    assert_eq!(ask("2").zeilen, [1, 3]);
    assert_eq!(stand.bild.spalten, ["x", ""]);
}
