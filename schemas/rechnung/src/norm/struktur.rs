// SPDX-License-Identifier: EUPL-1.2
//! Whether a document is built as its schema demands: elements in order and number, simple types, attributes.
//!
//! One walk over the tree in document order. Content that a schema does not look into (extensions of UBL) is skipped.
//! The first defect decides about acceptance; a person gets the first [`LIMIT`].

use super::{
    name::Name,
    schema::{Attribute, Base, Particle, Schema, Type, TypeId},
    simple,
};
use crate::tree::{AttributeNs, NodeId, Ns, Tree};

/// Defects that are told.
pub const LIMIT: usize = 20;

/// What is wrong with one element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// Where.
    pub node: NodeId,
    /// What.
    pub kind: Kind,
}

/// How an element departs from its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The document element is none of the schema's.
    Root,
    /// Not allowed here: unknown, at the wrong place or too often.
    Unexpected,
    /// This one must come and does not.
    Missing(Name),
    /// Content that must come and does not.
    Empty,
    /// Text where only elements are allowed.
    Text,
    /// Elements where only text is allowed.
    Elements,
    /// The text is no value of this type.
    Value(Base),
    /// An attribute the schema does not know.
    Attribute(String),
    /// The attribute's text is no value of its type.
    AttributeValue(String),
    /// An attribute that must be there.
    AttributeMissing(&'static str),
}

/// Compares a document with its schema; nothing when it is as it must be.
pub fn check(tree: &Tree, schema: &Schema) -> Vec<Defect> {
    let root = tree.root();
    let mut walk = Walk { tree, schema, defects: Vec::new() };
    match tree.known(root).and_then(|name| schema.root(name)) {
        Some(typ) => walk.element(root, typ),
        None => walk.defect(root, Kind::Root),
    }
    walk.defects
}

struct Walk<'t> {
    tree: &'t Tree,
    schema: &'t Schema,
    defects: Vec<Defect>,
}

impl Walk<'_> {
    fn defect(&mut self, node: NodeId, kind: Kind) {
        if self.defects.len() < LIMIT {
            self.defects.push(Defect { node, kind });
        }
    }

    /// Depth is bounded by the reader's limit.
    fn element(&mut self, node: NodeId, typ: TypeId) {
        match self.schema.get(typ) {
            Type::Text { base, attributes } => {
                self.attributes(node, attributes);
                if self.tree.children(node).next().is_some() {
                    self.defect(node, Kind::Elements);
                } else if !simple::is_valid(*base, self.tree.text(node)) {
                    self.defect(node, Kind::Value(*base));
                }
            }
            Type::Elements { particles, wildcard } => {
                self.attributes(node, &[]);
                if self.tree.is_mixed(node) || !simple::is_blank(self.tree.text(node)) {
                    self.defect(node, Kind::Text);
                }
                match (*wildcard, particles.first()) {
                    (true, _) => self.any(node),
                    (false, Some(first)) if first.choice => self.choice(node, particles),
                    _ => self.sequence(node, particles),
                }
            }
        }
    }

    fn sequence(&mut self, node: NodeId, particles: &[Particle]) {
        let (mut at, mut count) = (0, 0);
        for child in self.tree.children(node) {
            let known = self.tree.known(child);
            let found = (at..particles.len()).find(|i| Some(particles[*i].name) == known);
            let Some(place) = found.filter(|i| *i != at || count < particles[at].max) else {
                // One report for a place: what follows may be right.
                self.defect(child, Kind::Unexpected);
                continue;
            };
            if place != at {
                self.missing(child, &particles[at..place], count);
                (at, count) = (place, 0);
            }
            count += 1;
            self.element(child, particles[at].typ);
        }
        self.missing(node, &particles[at..], count);
    }

    /// Those of `passed` that had to come before; the first of them came `count` times.
    fn missing(&mut self, node: NodeId, passed: &[Particle], count: u16) {
        for (i, particle) in passed.iter().enumerate() {
            let came = if i == 0 { count } else { 0 };
            if came < particle.min {
                self.defect(node, Kind::Missing(particle.name));
            }
        }
    }

    fn choice(&mut self, node: NodeId, particles: &[Particle]) {
        let mut children = self.tree.children(node);
        let Some(first) = children.next() else {
            return self.defect(node, Kind::Empty);
        };
        match particles.iter().find(|p| Some(p.name) == self.tree.known(first)) {
            Some(particle) => self.element(first, particle.typ),
            None => self.defect(first, Kind::Unexpected),
        }
        for child in children {
            self.defect(child, Kind::Unexpected);
        }
    }

    /// One element of another namespace than that of UBL's extensions, whatever is in it.
    fn any(&mut self, node: NodeId) {
        let mut children = self.tree.children(node);
        match children.next() {
            None => self.defect(node, Kind::Empty),
            Some(child) if matches!(self.tree.name(child).0, Ns::Ext | Ns::Absent) => {
                self.defect(child, Kind::Unexpected);
            }
            Some(_) => {}
        }
        for child in children {
            self.defect(child, Kind::Unexpected);
        }
    }

    fn attributes(&mut self, node: NodeId, allowed: &[Attribute]) {
        let mut required = 0;
        for (ns, name, value) in self.tree.attributes(node) {
            match allowed.iter().find(|known| ns == AttributeNs::None && known.name == name) {
                Some(known) => {
                    required += usize::from(known.required);
                    // Every fixed value is a token: white space around it does not count.
                    let other = known.fixed.is_some_and(|fixed| !value.split_ascii_whitespace().eq(fixed.split(' ')));
                    if other || !simple::is_valid(known.base, value) {
                        self.defect(node, Kind::AttributeValue(name.to_owned()));
                    }
                }
                // Hints for processors; any element may carry them.
                None if ns == AttributeNs::Xsi && matches!(name, "schemaLocation" | "noNamespaceSchemaLocation") => {}
                None => self.defect(node, Kind::Attribute(name.to_owned())),
            }
        }
        if required < allowed.iter().filter(|known| known.required).count() {
            for known in allowed {
                if known.required && self.tree.attribute(node, known.name).is_none() {
                    self.defect(node, Kind::AttributeMissing(known.name));
                }
            }
        }
    }
}
