// SPDX-License-Identifier: EUPL-1.2
//! The rules of a release, read once from `tabellen/regeln-*.tsv`: which there are, in which order an element is judged,
//! and the hundreds that only say how often something may occur.

use std::{collections::HashMap, sync::OnceLock};

use super::name::Name;
use crate::{
    pruefung::Flag,
    tree::{NodeId, Ns, Tree},
};

/// A rule by its place in [`Regelwerk::rules`].
pub type RuleIndex = u16;

/// A group of rules: within it an element is judged at the first place that fits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Business rules.
    Model,
    /// What the syntax must not hold, and how often it may.
    Syntax,
    /// Code lists.
    Codes,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Id, e.g. `UBL-CR-001`.
    pub id: &'static str,
    /// Weight in the artefact.
    pub flag: Flag,
    /// Its group.
    pub group: Group,
    /// Its place in the group.
    pub place: u16,
    /// How often at most, when it says no more than that.
    pub limit: Option<u16>,
}

/// The element of a place.
#[derive(Clone, Debug)]
pub enum Element {
    /// Any of these paths.
    Paths(Vec<Path>),
    /// One with a condition that the table does not know.
    Condition,
}

/// A path of names from the element upwards, so that it is compared from its end.
#[derive(Clone, Debug)]
pub struct Path {
    steps: Vec<Step>,
    /// The first step is the document element.
    anchored: bool,
}

#[derive(Clone, Debug)]
enum Step {
    Names(Vec<Name>),
    /// Names of this namespace (any when none) that end so, but for one.
    Suffix(Option<Ns>, &'static str, Option<Name>),
}

impl Step {
    fn read(text: &'static str) -> Self {
        match text.split_once('*') {
            Some((prefix, suffix)) => {
                let (suffix, but) = suffix.split_once('!').unwrap_or((suffix, ""));
                Self::Suffix(Ns::of_prefix(prefix.trim_end_matches(':')), suffix, Name::from_prefixed(but))
            }
            None => Self::Names(text.split('|').filter_map(Name::from_prefixed).collect()),
        }
    }

    fn fits(&self, tree: &Tree, node: NodeId) -> bool {
        match self {
            Self::Names(names) => tree.known(node).is_some_and(|name| names.contains(&name)),
            Self::Suffix(ns, suffix, but) => {
                let (own, local) = tree.name(node);
                ns.is_none_or(|ns| ns == own) && local.ends_with(suffix) && (but.is_none() || tree.known(node) != *but)
            }
        }
    }
}

impl Path {
    /// `/a/b`, `//a/b` or `a/b`.
    fn read(text: &'static str) -> Self {
        let anchored = text.starts_with('/') && !text.starts_with("//");
        let mut steps: Vec<Step> = text.trim_start_matches('/').split('/').map(Step::read).collect();
        steps.reverse();
        Self { steps, anchored }
    }

    /// Whether the element is at the end of the path.
    pub fn fits(&self, tree: &Tree, node: NodeId) -> bool {
        let mut at = Some(node);
        for step in &self.steps {
            match at {
                Some(node) if step.fits(tree, node) => at = tree.parent(node),
                _ => return false,
            }
        }
        !self.anchored || at.is_none()
    }
}

/// What a limit counts, seen from the element at the end of its path.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The rule.
    pub rule: RuleIndex,
    /// Names of the elements above, nearest first, up to the one below the rule's element.
    above: Vec<Vec<Name>>,
    /// The attribute that is counted; none: the element is.
    attribute: Option<&'static str>,
    from: From,
}

/// Where a limit's path begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    /// Below the rule's element.
    Below,
    /// At the rule's element: an attribute of it.
    Itself,
    /// Anywhere in the document; the rule's element is the document element.
    Anywhere,
}

impl Counted {
    /// The element the rule looks at, when `node` is what it counts.
    pub fn subject(&self, tree: &Tree, node: NodeId) -> Option<NodeId> {
        if self.attribute.is_some_and(|name| tree.attribute(node, name).is_none()) {
            return None;
        }
        let mut at = node;
        for names in &self.above {
            at = tree.parent(at)?;
            if !tree.known(at).is_some_and(|name| names.contains(&name)) {
                return None;
            }
        }
        match self.from {
            From::Anywhere => Some(tree.root()),
            From::Itself => Some(node),
            From::Below => tree.parent(at),
        }
    }
}

/// The rules of one release for one syntax.
pub struct Regelwerk {
    /// All rules, in the order of the artefact.
    pub rules: Vec<Rule>,
    /// Elements by group and place.
    places: HashMap<(Group, u16), Element>,
    /// Places of the groups that an element of a known name may be judged at, in order.
    by_name: Vec<Vec<(Group, u16)>>,
    /// The same for elements no schema knows.
    by_suffix: Vec<(Group, u16)>,
    /// What limits count, by the name of the element at the end of the path.
    counted: Vec<Vec<Counted>>,
    /// Limits on an attribute of any element.
    attributes: Vec<(&'static str, RuleIndex)>,
}

impl Regelwerk {
    /// Release 2026-01-31 for UBL.
    pub fn ubl_2026_01_31() -> &'static Self {
        static RULES: OnceLock<Regelwerk> = OnceLock::new();
        RULES.get_or_init(|| Self::read(include_str!("../../tabellen/regeln-2026-01-31.tsv"), "ubl"))
    }

    /// Release 2026-01-31 for CII.
    pub fn cii_2026_01_31() -> &'static Self {
        static RULES: OnceLock<Regelwerk> = OnceLock::new();
        RULES.get_or_init(|| Self::read(include_str!("../../tabellen/regeln-2026-01-31.tsv"), "cii"))
    }

    /// Limits that may count `node`.
    pub fn counted(&self, name: Name) -> &[Counted] {
        &self.counted[name.index()]
    }

    /// Limits on an attribute of any element.
    pub fn attributes(&self) -> &[(&'static str, RuleIndex)] {
        &self.attributes
    }

    /// Places where an element of this name may be judged, in the order of their groups.
    pub fn candidates(&self, name: Option<Name>) -> &[(Group, u16)] {
        name.map_or(&self.by_suffix, |name| &self.by_name[name.index()])
    }

    /// The element of a place.
    pub fn element(&self, group: Group, place: u16) -> Option<&Element> {
        self.places.get(&(group, place))
    }

    /// Reads the lines of one syntax; a test compares what was read with the file.
    fn read(table: &'static str, syntax: &str) -> Self {
        let mut all = Self {
            rules: Vec::new(),
            places: HashMap::new(),
            by_name: vec![Vec::new(); Name::count()],
            by_suffix: Vec::new(),
            counted: vec![Vec::new(); Name::count()],
            attributes: Vec::new(),
        };
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&'static str> = line.split('\t').collect();
            let [own, group, place, id, flag, element, limit @ ..] = cells.as_slice() else { continue };
            if *own != syntax {
                continue;
            }
            let group = match *group {
                "model" => Group::Model,
                "syntax" => Group::Syntax,
                _ => Group::Codes,
            };
            let flag = match *flag {
                "fatal" => Flag::Fatal,
                "warning" => Flag::Warning,
                _ => Flag::Information,
            };
            let place = place.parse().unwrap_or(u16::MAX);
            let rule = all.rules.len() as RuleIndex;
            let most = limit.first().and_then(|most| most.parse().ok());
            all.rules.push(Rule { id, flag, group, place, limit: most });
            let element = all.add_place(group, place, element);
            if let Some(what) = limit.get(1) {
                all.add_limit(rule, what, &element);
            }
        }
        all
    }

    fn add_place(&mut self, group: Group, place: u16, text: &'static str) -> Element {
        if let Some(element) = self.places.get(&(group, place)) {
            return element.clone();
        }
        let element = match text {
            "?" => Element::Condition,
            // A path of alternatives: `|` separates whole paths here.
            _ => Element::Paths(text.split('|').map(Path::read).collect()),
        };
        if let Element::Paths(paths) = &element {
            for name in paths.iter().flat_map(Path::names) {
                let list = &mut self.by_name[name.index()];
                if list.last() != Some(&(group, place)) {
                    list.push((group, place));
                }
            }
            if paths.iter().any(|path| matches!(path.steps.first(), Some(Step::Suffix(None, ..)))) {
                self.by_suffix.push((group, place));
            }
        }
        self.places.insert((group, place), element.clone());
        element
    }

    fn add_limit(&mut self, rule: RuleIndex, what: &'static str, element: &Element) {
        if let Some(attribute) = what.strip_prefix("//@") {
            return self.attributes.push((attribute, rule));
        }
        let (path, attribute) = match what.split_once('@') {
            Some((path, attribute)) => (path.trim_end_matches('/'), Some(attribute)),
            None => (what, None),
        };
        let anywhere = path.starts_with("//");
        let mut steps: Vec<Vec<Name>> = path
            .trim_start_matches('/')
            .split('/')
            .filter(|step| !step.is_empty())
            .map(|step| step.split('|').filter_map(Name::from_prefixed).collect())
            .collect();
        let (last, from) = match (steps.pop(), element) {
            (Some(last), _) => (last, if anywhere { From::Anywhere } else { From::Below }),
            (None, Element::Paths(paths)) => (paths.iter().flat_map(Path::names).collect(), From::Itself),
            (None, Element::Condition) => (Vec::new(), From::Itself),
        };
        steps.reverse();
        for name in last {
            let counted = Counted { rule, above: steps.clone(), attribute, from };
            self.counted[name.index()].push(counted);
        }
    }
}

impl Path {
    /// Names an element at the end of the path may have.
    fn names(&self) -> Vec<Name> {
        match self.steps.first() {
            Some(Step::Names(names)) => names.clone(),
            Some(Step::Suffix(ns, suffix, but)) => Name::all()
                .filter(|name| ns.is_none_or(|ns| ns == name.parts().0) && name.parts().1.ends_with(suffix))
                .filter(|name| Some(*name) != *but)
                .collect(),
            None => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_understood() {
        let table = include_str!("../../tabellen/regeln-2026-01-31.tsv");
        for (rules, syntax) in [(Regelwerk::ubl_2026_01_31(), "ubl\t"), (Regelwerk::cii_2026_01_31(), "cii\t")] {
            assert_eq!(rules.rules.len(), table.lines().filter(|l| l.starts_with(syntax)).count());
            let counted = rules.counted.iter().flatten().map(|c| c.rule);
            let counted: std::collections::BTreeSet<_> = counted.chain(rules.attributes.iter().map(|a| a.1)).collect();
            for (i, rule) in rules.rules.iter().enumerate() {
                assert_eq!(rule.limit.is_some(), counted.contains(&(i as RuleIndex)), "{}", rule.id);
                assert!(rules.element(rule.group, rule.place).is_some(), "{}", rule.id);
            }
        }
    }
}
