// SPDX-License-Identifier: EUPL-1.2
//! Runs the rules of a release over a document.

use super::regelwerk::{Element, Group, Regelwerk, RuleIndex};
use crate::tree::{AttributeNs, NodeId, Tree};

/// A rule is broken at an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Firing {
    /// By its place in [`Regelwerk::rules`].
    pub rule: RuleIndex,
    /// The element the rule looks at.
    pub node: NodeId,
}

/// Everything that the rules find, by rule and then in document order.
pub fn run(tree: &Tree, rules: &Regelwerk) -> Vec<Firing> {
    let mut firings = limits(tree, rules);
    firings.sort_unstable();
    firings
}

/// The place of `group` at which an element is judged.
fn place(tree: &Tree, rules: &Regelwerk, group: Group, node: NodeId) -> Option<u16> {
    let own = rules.candidates(tree.known(node)).iter().filter(|(g, _)| *g == group);
    own.map(|(_, place)| *place).find(|place| match rules.element(group, *place) {
        Some(Element::Paths(paths)) => paths.iter().any(|path| path.fits(tree, node)),
        _ => false,
    })
}

/// Rules that say how often something may occur: every element is asked which of them it counts for.
fn limits(tree: &Tree, rules: &Regelwerk) -> Vec<Firing> {
    let mut counted: Vec<Firing> = Vec::new();
    for node in tree.all() {
        if let Some(name) = tree.known(node) {
            for counts in rules.counted(name) {
                if let Some(subject) = counts.subject(tree, node) {
                    counted.push(Firing { rule: counts.rule, node: subject });
                }
            }
        }
        for (_, name, _) in tree.attributes(node).filter(|(ns, ..)| *ns == AttributeNs::None) {
            for (attribute, rule) in rules.attributes() {
                if *attribute == name {
                    counted.push(Firing { rule: *rule, node: tree.root() });
                }
            }
        }
    }
    counted.sort_unstable();
    let runs = counted.chunk_by(|a, b| a == b);
    let over = runs.filter(|run| {
        let rule = &rules.rules[usize::from(run[0].rule)];
        run.len() > usize::from(rule.limit.unwrap_or(0))
            && place(tree, rules, rule.group, run[0].node) == Some(rule.place)
    });
    over.map(|run| run[0]).collect()
}
