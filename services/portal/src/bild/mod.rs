// SPDX-License-Identifier: EUPL-1.2
//! Process pictures: SVG drawn from the diagram information of a BPMN file, with the live position.
//!
//! A pure function of the file and the marks. The file counts as hostile: size, node, shape and number limits first.
//! The picture has no content of its own: beside it stands the same as a list.

mod lesen;
mod symbole;
mod zeichnen;

/// A place where the process stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Id of the BPMN element.
    pub element: String,
    /// How many tokens wait there.
    pub count: u32,
    /// One of them needs an operator.
    pub incident: bool,
}

/// How an element stands out: by its line, and by the words beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zeichen {
    Jetzt,
    Stoerung,
    Neu,
    Entfallen,
    Geaendert,
    /// Only words: figures.
    Zahl,
}

/// Something said about an element or a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Hinweis {
    pub element: String,
    pub zeichen: Zeichen,
    /// Lines of the badge.
    pub zeilen: Vec<String>,
}

/// The picture as an `<svg>` element; empty when the file cannot be read or has no diagram information.
pub fn svg(bpmn_xml: &str, marks: &[Mark]) -> String {
    lesen::lesen(bpmn_xml).map(|d| zeichnen::mit_marken(&d, marks)).unwrap_or_default()
}

/// The picture with what `hinweise` say; `satz` is its name. Empty as [`svg`].
pub fn mit_hinweisen(bpmn_xml: &str, hinweise: &[Hinweis], satz: &str) -> String {
    lesen::lesen(bpmn_xml).map(|d| zeichnen::zeichnen(&d, hinweise, satz)).unwrap_or_default()
}

/// Does the picture not fit a page of usual width?
pub fn breit(svg: &str) -> bool {
    let width = svg.split(" width=\"").nth(1).and_then(|w| w.split('"').next()).and_then(|w| w.parse::<f64>().ok());
    width.is_some_and(|w| w > 960.0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::print_stderr)]
    use super::*;

    const KLEIN: &str = r#"<?xml version="1.0"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"
  xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI">
 <process id="p" name="Rechnung &lt;b&gt;">
  <startEvent id="s" name="Eingang"/><userTask id="a" name="Sachlich prüfen"/><exclusiveGateway id="g" name="richtig?"/>
  <endEvent id="e"><terminateEventDefinition/></endEvent>
  <boundaryEvent id="b" attachedToRef="a" cancelActivity="false"><timerEventDefinition/></boundaryEvent>
  <sequenceFlow id="f1" sourceRef="s" targetRef="a"/><sequenceFlow id="f2" name="ja" sourceRef="g" targetRef="e"/>
 </process>
 <bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement="p">
  <bpmndi:BPMNShape bpmnElement="s"><dc:Bounds x="100" y="100" width="36" height="36"/></bpmndi:BPMNShape>
  <bpmndi:BPMNShape bpmnElement="a"><dc:Bounds x="180" y="78" width="100" height="80"/></bpmndi:BPMNShape>
  <bpmndi:BPMNShape bpmnElement="g"><dc:Bounds x="320" y="93" width="50" height="50"/></bpmndi:BPMNShape>
  <bpmndi:BPMNShape bpmnElement="e"><dc:Bounds x="420" y="100" width="36" height="36"/></bpmndi:BPMNShape>
  <bpmndi:BPMNShape bpmnElement="b"><dc:Bounds x="220" y="140" width="36" height="36"/></bpmndi:BPMNShape>
  <bpmndi:BPMNEdge bpmnElement="f1"><di:waypoint x="136" y="118"/><di:waypoint x="180" y="118"/></bpmndi:BPMNEdge>
  <bpmndi:BPMNEdge bpmnElement="f2"><di:waypoint x="370" y="118"/><di:waypoint x="420" y="118"/></bpmndi:BPMNEdge>
 </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</definitions>"#;

    fn mark(element: &str, count: u32, incident: bool) -> Mark {
        Mark { element: element.into(), count, incident }
    }

    #[test]
    fn the_current_step_is_told_in_the_name_and_drawn_with_the_word() {
        let svg = svg(KLEIN, &[mark("a", 2, false)]);
        let doc = roxmltree::Document::parse(&svg).unwrap();
        let root = doc.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        assert_eq!(root.attribute("aria-label"), Some("Ablauf mit 1 Schritt, jetzt Sachlich prüfen"));
        let thick = doc.descendants().find(|n| n.attribute("data-element") == Some("a")).unwrap();
        assert_eq!(thick.attribute("class"), Some("bild-jetzt"));
        assert!(doc.descendants().any(|n| n.tag_name().name() == "text" && n.text() == Some("jetzt (2)")));
        assert!(!svg.contains("style=") && !svg.contains("<script"));
    }

    #[test]
    fn nothing_is_cut_off_at_the_edges() {
        let zeilen = ["1 hier, 12 durch", "1 gestört", "½ 3 Tage", "90 % 9 Tage"].map(str::to_owned).to_vec();
        let high = mit_hinweisen(KLEIN, &[Hinweis { element: "a".into(), zeichen: Zeichen::Zahl, zeilen }], "Zahlen");
        let doc = roxmltree::Document::parse(&high).unwrap();
        let top: f64 = doc.root_element().attribute("viewBox").unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let badge = doc.descendants().filter(|n| n.tag_name().name() == "rect");
        assert!(badge.filter_map(|r| r.attribute("y")).all(|y| y.parse::<f64>().unwrap() >= top), "{high}");
        // The event at the right edge is 36 wide; its name is wider.
        let named = KLEIN.replace("<endEvent id=\"e\">", "<endEvent id=\"e\" name=\"Rechnung vollständig bezahlt\">");
        let svg = svg(&named, &[]);
        let doc = roxmltree::Document::parse(&svg).unwrap();
        let view: Vec<f64> =
            doc.root_element().attribute("viewBox").unwrap().split(' ').map(|n| n.parse().unwrap()).collect();
        for text in doc.descendants().filter(|n| n.tag_name().name() == "text") {
            let at = |name: &str| text.attribute(name).unwrap().parse::<f64>().unwrap();
            let half = text.text().unwrap().chars().count() as f64 * 3.5;
            assert!(at("x") - half >= view[0] && at("x") + half <= view[0] + view[2], "{:?}", text.text());
            assert!(at("y") <= view[1] + view[3], "{:?}", text.text());
        }
        assert!(!breit(&svg) && breit(&svg.replace(" width=\"", " width=\"9")));
    }

    #[test]
    fn an_incident_is_a_word_too() {
        let svg = svg(KLEIN, &[mark("a", 1, true)]);
        assert!(svg.contains(">Störung<") && svg.contains("jetzt Sachlich prüfen (Störung)"));
    }

    #[test]
    fn differences_are_told_by_line_and_word_also_on_a_flow() {
        let hint = |element: &str, zeichen, wort: &str| Hinweis {
            element: element.into(),
            zeichen,
            zeilen: vec![wort.into()],
        };
        let hints = [hint("a", Zeichen::Neu, "+ neu"), hint("f2", Zeichen::Entfallen, "− entfällt")];
        let svg = mit_hinweisen(KLEIN, &hints, "Fassung 2");
        let doc = roxmltree::Document::parse(&svg).unwrap();
        assert_eq!(doc.root_element().attribute("aria-label"), Some("Fassung 2"));
        let new = doc.descendants().find(|n| n.attribute("data-element") == Some("a")).unwrap();
        assert_eq!((new.attribute("class"), new.attribute("stroke-width")), (Some("bild-neu"), Some("4")));
        let flow = doc.descendants().find(|n| n.attribute("data-element") == Some("f2")).unwrap();
        assert!(flow.attribute("class") == Some("bild-entfallen") && flow.attribute("stroke-dasharray").is_some());
        for word in ["+ neu", "− entfällt"] {
            assert!(doc.descendants().any(|n| n.tag_name().name() == "text" && n.text() == Some(word)), "{word}");
        }
    }

    #[test]
    fn what_cannot_be_drawn_gives_nothing() {
        let deep = format!("<a>{}{}</a>", "<b>".repeat(100_000), "</b>".repeat(100_000));
        for bad in ["", "<definitions/>", "kein XML", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", deep.as_str()] {
            assert_eq!(svg(bad, &[]), "");
        }
    }

    #[test]
    fn wild_numbers_are_harmless() {
        for wild in ["NaN", "1e308", "-1e308", "inf", "x", ""] {
            let svg = svg(&KLEIN.replace("x=\"100\"", &format!("x=\"{wild}\"")), &[]);
            assert!(roxmltree::Document::parse(&svg).is_ok(), "{wild}");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{wild}");
        }
    }

    /// Real files of other modellers: no panic, well-formed, and a picture wherever there are shapes.
    #[test]
    fn foreign_files_are_drawn() {
        let root = std::env::var("EAKTE_SHARED")
            .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into());
        let base = std::path::Path::new(&root).join("conformance/bpmn/parse");
        let Ok(folders) = std::fs::read_dir(&base) else {
            eprintln!("skipped: no shared data at {}", base.display());
            return;
        };
        let (mut files, mut drawn) = (0, 0);
        for file in folders.flatten().filter_map(|f| std::fs::read_dir(f.path()).ok()).flat_map(|d| d.flatten()) {
            let Ok(text) = std::fs::read_to_string(file.path()) else { continue };
            if !file.file_name().to_string_lossy().contains("bpmn") {
                continue;
            }
            files += 1;
            let svg = svg(&text, &[mark("theTask", 1, false)]);
            if svg.is_empty() {
                let has_shapes = text.contains("BPMNShape") && roxmltree::Document::parse(&text).is_ok();
                assert!(!has_shapes, "{} has shapes but no picture", file.path().display());
            } else {
                drawn += 1;
                let doc = roxmltree::Document::parse(&svg).unwrap_or_else(|e| panic!("{}: {e}", file.path().display()));
                assert!(
                    doc.descendants().filter(|n| n.has_attribute("data-element")).count() > 0,
                    "{}",
                    file.path().display()
                );
            }
        }
        assert!(files > 100 && drawn > 30, "{files} files, {drawn} drawn");
    }
}
