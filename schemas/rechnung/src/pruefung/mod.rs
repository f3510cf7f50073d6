// SPDX-License-Identifier: EUPL-1.2
//! Findings: rules of the norm ([`check`]) and advice of this project ([`hints`]).
//!
//! One rule is one file in `regeln` with one documented entry; [`regeln::ALL`] is the only table.
//! Rule ids of the norm keep their name; ids of this project begin with `EA-`.

mod hinweise;
mod regeln;

use serde::Serialize;

use crate::{
    Rechnung,
    detect::{self, Scenario, Syntax},
    tree::NodeId,
};

pub use hinweise::hints;
pub use regeln::ALL;

/// Weight of a rule in the norm's artefact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Flag {
    /// Must hold.
    Fatal,
    /// Should hold.
    Warning,
    /// For information.
    Information,
}

/// Weight after the scenario's custom levels: only `Error` speaks against acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For information.
    Information,
    /// A person should look.
    Warning,
    /// Speaks against acceptance.
    Error,
}

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Class {
    /// The file cannot be read as its format demands.
    Format,
    /// A rule of the norm is broken.
    #[serde(rename = "Geschäftsregel")]
    Geschaeftsregel,
    /// What it says needs a look: amount, account, routing.
    Inhalt,
}

/// Which rules apply to a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// EN 16931, every document.
    En16931,
    /// National rules of the XRechnung scenarios.
    Xrechnung,
}

/// One rule of the norm.
pub struct Rule {
    /// Id, e.g. `BR-CO-10`.
    pub id: &'static str,
    /// Weight in the artefact.
    pub flag: Flag,
    /// Where it applies.
    pub scope: Scope,
    /// Business terms; the first one is the field beside which a finding is shown.
    pub terms: &'static [&'static str],
    /// Whether § 14 Abs. 4 UStG demands what the rule looks at.
    pub ustg14: bool,
    /// German sentence; `{name}` are values.
    pub text: &'static str,
    /// Reports where the rule is broken.
    pub check: fn(&Rechnung, &mut Report<'_>),
}

/// One firing of a rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// Rule id.
    pub rule: String,
    /// Weight in the artefact.
    pub flag: Flag,
    /// Weight in the scenario.
    pub level: Level,
    /// Path in the source, as [`crate::tree::Tree::location`] writes it; empty for the whole file.
    pub location: String,
    /// German sentence with the values.
    pub text: String,
    /// Kind.
    pub class: Class,
    /// Business terms.
    pub terms: Vec<&'static str>,
    /// Whether § 14 Abs. 4 UStG is touched.
    pub ustg14: bool,
    /// Demands that a person looks before anything is rendered or paid; set by own rules only.
    pub quarantine: bool,
    /// Element, for showing the finding beside its field.
    #[serde(skip)]
    pub node: Option<NodeId>,
}

/// Takes firings of one rule.
pub struct Report<'r> {
    rechnung: &'r Rechnung,
    scenario: Option<&'static Scenario>,
    rule: &'static Rule,
    findings: Vec<Finding>,
}

impl Report<'_> {
    /// The rule is broken at `node`; `values` fill the placeholders of its text.
    pub fn report(&mut self, node: NodeId, values: &[(&str, &str)]) {
        let rule = self.rule;
        self.findings.push(Finding {
            rule: rule.id.to_owned(),
            flag: rule.flag,
            level: level(rule.id, rule.flag, self.scenario),
            location: self.rechnung.location(node),
            text: fill(rule.text, values),
            class: Class::Geschaeftsregel,
            terms: rule.terms.to_vec(),
            ustg14: rule.ustg14,
            quarantine: false,
            node: Some(node),
        });
    }

    /// The document as a whole breaks the rule.
    pub fn document(&mut self, values: &[(&str, &str)]) {
        self.report(self.rechnung.tree.root(), values);
    }
}

fn fill(text: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// Custom levels of the official scenarios, as far as our rules have them.
fn level(rule: &str, flag: Flag, scenario: Option<&Scenario>) -> Level {
    match (rule, flag) {
        ("BR-CO-16", _) if scenario.is_some_and(|s| s.extension && s.syntax != Syntax::Cii) => Level::Information,
        (_, Flag::Fatal) => Level::Error,
        (_, Flag::Warning) => Level::Warning,
        (_, Flag::Information) => Level::Information,
    }
}

/// Findings of the norm for this document: EN 16931 always, XRechnung when its scenario says so.
pub fn check(rechnung: &Rechnung) -> Vec<Finding> {
    let mut findings = run(rechnung, Scope::En16931);
    if detect::scenario_of(rechnung).is_some_and(|s| s.xrechnung) {
        findings.extend(run(rechnung, Scope::Xrechnung));
    }
    findings
}

/// All rules of one scope, whatever the document's scenario.
pub fn run(rechnung: &Rechnung, scope: Scope) -> Vec<Finding> {
    let mut findings = Vec::new();
    if rechnung.official_syntax().is_none() {
        return findings;
    }
    let scenario = detect::scenario_of(rechnung);
    for rule in ALL.iter().filter(|r| r.scope == scope) {
        let mut report = Report { rechnung, scenario, rule, findings };
        (rule.check)(rechnung, &mut report);
        findings = report.findings;
    }
    findings
}

#[cfg(test)]
mod tests;
