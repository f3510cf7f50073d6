// SPDX-License-Identifier: EUPL-1.2
//! What the schemas of UBL 2.1 and CII D16B allow, read once from `tabellen/struktur-*.tsv`.

use std::{collections::HashMap, sync::OnceLock};

use super::name::Name;

/// Place of a [`Type`] in its [`Schema`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeId(u16);

/// A built-in type of XML Schema, as far as the schemas use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Any text, also `normalizedString`.
    String,
    /// Text whose white space does not count; with bounds of its length in characters.
    Token(Option<(u8, u8)>),
    /// `-1234.50`
    Decimal,
    /// `true`, `false`, `1`, `0`
    Boolean,
    /// `2026-11-28`, also with a zone
    Date,
    /// `10:42:00`, also with a zone
    Time,
    /// Both, with a `T` between
    DateTime,
    /// Bytes
    Base64,
    /// Any text: processors do not look closer.
    AnyUri,
    /// `de`, `en-GB`
    Language,
}

/// An element in its place.
#[derive(Clone, Debug)]
pub struct Particle {
    /// Which.
    pub name: Name,
    /// How often at least.
    pub min: u16,
    /// `u16::MAX`: any number.
    pub max: u16,
    /// What it holds.
    pub typ: TypeId,
    /// One of a choice: exactly one of the type's elements so marked.
    pub choice: bool,
}

/// What an element may hold.
#[derive(Clone, Debug)]
pub enum Type {
    /// Elements in this order.
    Elements {
        /// In their order.
        particles: Vec<Particle>,
        /// One element of any other namespace instead.
        wildcard: bool,
    },
    /// Text with attributes.
    Text {
        /// What the text may be.
        base: Base,
        /// Those it may have.
        attributes: Vec<Attribute>,
    },
}

/// An attribute of a type of text.
#[derive(Clone, Copy, Debug)]
pub struct Attribute {
    /// Without namespace.
    pub name: &'static str,
    /// It must be there.
    pub required: bool,
    /// What its value may be.
    pub base: Base,
    /// The only value it may have.
    pub fixed: Option<&'static str>,
}

/// The types of one syntax and its document elements.
#[derive(Debug)]
pub struct Schema {
    types: Vec<Type>,
    roots: Vec<(Name, TypeId)>,
}

impl Schema {
    /// UBL 2.1 Invoice and CreditNote.
    pub fn ubl() -> &'static Self {
        static UBL: OnceLock<Schema> = OnceLock::new();
        UBL.get_or_init(|| Self::read(include_str!("../../tabellen/struktur-ubl.tsv")))
    }

    /// CII D16B.
    pub fn cii() -> &'static Self {
        static CII: OnceLock<Schema> = OnceLock::new();
        CII.get_or_init(|| Self::read(include_str!("../../tabellen/struktur-cii.tsv")))
    }

    /// The type of a document element.
    pub fn root(&self, name: Name) -> Option<TypeId> {
        self.roots.iter().find(|(root, _)| *root == name).map(|(_, typ)| *typ)
    }

    /// A type of this schema.
    pub fn get(&self, id: TypeId) -> &Type {
        &self.types[usize::from(id.0)]
    }

    /// Reads a table of ours; one that is not as `struktur.py` writes it is a defect of the build, and a test reads both.
    fn read(table: &'static str) -> Self {
        let lines = || table.lines().filter(|line| !line.starts_with('#'));
        let names =
            lines().filter(|line| !line.starts_with(['\t', '>'])).map(|line| line.split(" = ").next().unwrap_or(line));
        let mut ids: HashMap<&str, TypeId> = names.enumerate().map(|(i, name)| (name, TypeId(i as u16))).collect();
        // Elements of a built-in type without attributes name it directly.
        let mut schema = Self { types: Vec::new(), roots: Vec::new() };
        for line in lines() {
            if let Some(root) = line.strip_prefix("> ") {
                let (name, typ) = root.split_once('\t').unwrap_or_default();
                schema.roots.extend(Name::from_prefixed(name).zip(ids.get(typ).copied()));
            } else if let Some(inner) = line.strip_prefix('\t') {
                schema.inner(inner, &mut ids);
            } else {
                schema.types.push(match line.split_once(" = ") {
                    Some((_, base)) => Type::Text { base: Base::read(base), attributes: Vec::new() },
                    None => Type::Elements { particles: Vec::new(), wildcard: false },
                });
            }
        }
        schema
    }

    fn inner(&mut self, line: &'static str, ids: &mut HashMap<&'static str, TypeId>) {
        let mut cells = line.split('\t');
        let (name, often, typ) =
            (cells.next().unwrap_or_default(), cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
        let (min, max) = often.split_once("..").unwrap_or(("0", "0"));
        match self.types.last_mut() {
            Some(Type::Text { attributes, .. }) => {
                attributes.push(Attribute {
                    name: name.trim_start_matches('@'),
                    required: min == "1",
                    base: Base::read(typ),
                    fixed: cells.next(),
                });
            }
            Some(Type::Elements { wildcard, .. }) if name == "*" => *wildcard = true,
            Some(Type::Elements { particles, .. }) => {
                let (choice, name) = name.strip_prefix('|').map_or((false, name), |name| (true, name));
                let particle = Name::from_prefixed(name).zip(ids.get(typ).copied()).map(|(name, typ)| Particle {
                    name,
                    min: min.parse().unwrap_or(0),
                    max: if max == "*" { u16::MAX } else { max.parse().unwrap_or(0) },
                    typ,
                    choice,
                });
                particles.extend(particle);
            }
            None => {}
        }
    }
}

impl Base {
    fn read(text: &str) -> Self {
        match text {
            "token" => Self::Token(None),
            "decimal" => Self::Decimal,
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "time" => Self::Time,
            "dateTime" => Self::DateTime,
            "base64Binary" => Self::Base64,
            "anyURI" => Self::AnyUri,
            "language" => Self::Language,
            "token(1..3)" => Self::Token(Some((1, 3))),
            _ => Self::String,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_tables_is_understood() {
        for (schema, table) in [
            (Schema::ubl(), include_str!("../../tabellen/struktur-ubl.tsv")),
            (Schema::cii(), include_str!("../../tabellen/struktur-cii.tsv")),
        ] {
            let lines = |start: fn(&&str) -> bool| table.lines().filter(start).count();
            assert_eq!(schema.types.len(), lines(|l| !l.starts_with(['#', '>', '\t'])));
            assert_eq!(schema.roots.len(), lines(|l| l.starts_with('>')));
            let (mut particles, mut attributes) = (0, 0);
            for typ in &schema.types {
                match typ {
                    Type::Elements { particles: p, wildcard } => particles += p.len() + usize::from(*wildcard),
                    Type::Text { attributes: a, .. } => attributes += a.len(),
                }
            }
            assert_eq!(attributes, lines(|l| l.starts_with("\t@")));
            assert_eq!(particles, lines(|l| l.starts_with('\t') && !l.starts_with("\t@")));
        }
    }
}
