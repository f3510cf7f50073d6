// SPDX-License-Identifier: EUPL-1.2
//! The DMN Technology Compatibility Kit: level 2 wholly, level 3 at least 99 %.
#![allow(clippy::unwrap_used)]

mod common;

use engine::{Decisions, Tables};

fn level(name: &str) -> Option<(usize, Vec<String>)> {
    let folder = common::shared(&format!("conformance/dmn/{name}"))?;
    let (mut count, mut failed) = (0, Vec::new());
    for sub in common::files(&folder, "") {
        let models: Vec<String> =
            common::files(&sub, ".dmn").iter().map(|f| std::fs::read_to_string(f).unwrap()).collect();
        let models: Vec<&str> = models.iter().map(String::as_str).collect();
        let tables = Tables::parse_all(&models).unwrap_or_else(|e| panic!("{}: {e}", sub.display()));
        for tests in common::files(&sub, ".xml") {
            let xml = std::fs::read_to_string(&tests).unwrap();
            let now = "2026-11-23T12:00:00Z".parse().unwrap();
            for verdict in engine::tck::run(&tables, &xml, now).unwrap() {
                count += 1;
                if !verdict.pass {
                    failed.push(format!(
                        "{} {} {}: expected {}, got {}",
                        sub.display(),
                        verdict.test,
                        verdict.node,
                        verdict.expected,
                        verdict.got
                    ));
                }
            }
        }
    }
    Some((count, failed))
}

#[test]
fn level_2_passes_wholly() {
    let Some((count, failed)) = level("compliance-level-2") else {
        return;
    };
    assert!(failed.is_empty(), "{} of {count} failed:\n{}", failed.len(), failed.join("\n"));
    assert!(count >= 43);
}

/// Result nodes of level 3 that differ, all in the FEEL library: why.
const KNOWN: [(&str, &str); 3] = [
    (
        "1111-feel-matches-function K2-MatchesFunc-17",
        "a back-reference; the library's patterns are linear and have none",
    ),
    ("1142-feel-round-down-function 017_a", "a scale of 6176 digits; the library's numbers end at 6144"),
    ("1144-feel-round-half-down-function 017_a", "the same"),
];

#[test]
fn level_3_passes_to_99_percent_and_the_rest_is_known() {
    let Some((count, failed)) = level("compliance-level-3") else {
        return;
    };
    assert!(count >= 1_068, "only {count} result nodes");
    assert!(failed.len() * 100 <= count, "{} of {count} failed:\n{}", failed.len(), failed.join("\n"));
    for line in &failed {
        assert!(KNOWN.iter().any(|(node, _)| line.contains(node)), "not known: {line}");
    }
    assert_eq!(failed.len(), KNOWN.len(), "one of the known ones passes now: {failed:?}");
}

const MODEL: &str = r#"<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="n" namespace="urn:n">
<inputData id="i" name="liste"><variable name="liste" typeRef="Any"/></inputData>
<businessKnowledgeModel id="b1" name="f"><variable name="f"/><encapsulatedLogic kind="FEEL"><formalParameter name="x"/><literalExpression><text>F_TEXT</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>
<businessKnowledgeModel id="b2" name="g"><variable name="g"/><encapsulatedLogic kind="FEEL"><formalParameter name="x"/><literalExpression><text>G_TEXT</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>
<decision id="e" name="e"><variable name="e"/><informationRequirement id="r"><requiredInput href="HASHi"/></informationRequirement><knowledgeRequirement id="k1"><requiredKnowledge href="HASHb1"/></knowledgeRequirement><literalExpression><text>E_TEXT</text></literalExpression></decision></definitions>"#;

fn model(f: &str, g: &str, e: &str) -> Result<Tables, String> {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let xml = MODEL.replace("HASH", "#").replace("F_TEXT", &escape(f)).replace("G_TEXT", &escape(g));
    Tables::parse(&xml.replace("E_TEXT", &escape(e)))
}

/// A full stack would end the whole process.
#[test]
fn functions_that_call_themselves_are_refused() {
    for (f, g, e) in [
        ("f(x + 1)", "x", "f(1)"),
        ("g(x + 1)", "f(x)", "f(1)"),
        ("x", "x", "(function(h, k) h(h, k))(function(h, k) h(h, k + 1), 0)"),
        ("x", "x", "{h: function(k) h(k + 1), y: h(1)}.y"),
    ] {
        let refused = model(f, g, e).err().unwrap_or_default();
        assert!(refused.contains("ruft sich selbst auf"), "{f} / {g} / {e}: {refused}");
    }
    for (f, e) in [("x + 1", "f(f(1))"), ("\"f(x)\"", "f(1)"), ("x", "sort(liste, function(a, b) a < b)")] {
        assert!(model(f, "x", e).is_ok(), "{f} / {e}: {:?}", model(f, "x", e).err());
    }
}

#[test]
fn decisions_over_long_lists_are_refused_before_they_begin() {
    let list = |n: usize| serde_json::json!({"liste": (0..n).collect::<Vec<_>>()}).as_object().unwrap().clone();
    let now = "2026-11-23T12:00:00Z".parse().unwrap();
    for (text, fits, too_long) in [
        ("count(for a in liste, b in liste, c in liste return 1)", 15, 40),
        ("some a in liste satisfies some b in liste satisfies a + b < 0", 300, 500),
        ("count(liste[count(liste[item > 5]) < item])", 300, 500),
        ("count(for a in liste, b in 1..100 return a)", 50, 100),
        ("some a in [1, 2, 3] satisfies list contains(liste, a)", 100_000, usize::MAX),
    ] {
        let tables = model("x", "x", text).unwrap();
        let from = std::time::Instant::now();
        tables.evaluate("e", &list(fits), now).unwrap_or_else(|e| panic!("{text}: {e}"));
        if too_long < usize::MAX {
            let refused = tables.evaluate("e", &list(too_long), now).err().unwrap_or_default();
            assert!(refused.contains("zu lang"), "{text}: {refused}");
        }
        assert!(from.elapsed().as_secs() < 5, "{text}: {:?}", from.elapsed());
    }
}
