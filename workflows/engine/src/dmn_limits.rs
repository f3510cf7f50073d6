// SPDX-License-Identifier: EUPL-1.2
//! Bounds for decisions. Their expressions are prepared inside the DMN library, where nothing can count them
//! ([`crate::budget`]), so what could run for ever is refused when the table is read, and what would run long is
//! refused when the lists are there.
//!
//! Refused at once: functions that call themselves, directly or over others, and functions that call a parameter;
//! they end the process when its stack is full. Refused with its input: loops over lists whose lengths multiply to too
//! much.

use std::collections::{HashMap, HashSet};

use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value as Feel;
use roxmltree::{Document, Node};

use crate::budget::MAX_ITERATIONS;

/// What `for` counts, as in [`crate::budget`]: the library copies all earlier results each time.
const COPIES: u64 = 30;

/// Loops of one expression.
#[derive(Clone, Debug, PartialEq)]
struct Loops {
    /// Loops and filters over lists that come with the input.
    lists: u32,
    /// Product of the lengths of literal lists and ranges.
    literal: u64,
    collects: bool,
}

/// Loops of all expressions of some tables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limits(Vec<Loops>);

impl Limits {
    /// Looks at the expressions of a file.
    ///
    /// # Errors
    /// A German sentence when a function could call itself for ever.
    pub fn read(&mut self, document: &Document) -> Result<(), String> {
        recursion(document)?;
        for text in texts(document.root_element()) {
            self.0.extend(Some(loops(text)).filter(|l| l.lists > 0 || l.literal > 1));
        }
        Ok(())
    }

    /// Whether an input is small enough for all loops.
    ///
    /// # Errors
    /// A German sentence.
    pub fn check(&self, input: &FeelContext) -> Result<(), String> {
        if self.0.is_empty() {
            return Ok(());
        }
        let longest = input.iter().map(|(_, value)| longest(value)).max().unwrap_or(0).max(2);
        let cost = |l: &Loops| {
            let times = longest.saturating_pow(l.lists).saturating_mul(l.literal);
            if l.collects { times.saturating_mul(COPIES) } else { times }
        };
        if self.0.iter().any(|l| cost(l) > MAX_ITERATIONS) {
            return Err(format!("Die Listen sind zu lang für diese Entscheidung ({longest} Einträge)."));
        }
        Ok(())
    }
}

fn texts<'a>(node: Node<'a, 'a>) -> impl Iterator<Item = &'a str> {
    node.descendants().filter(|n| n.tag_name().name() == "text").filter_map(|n| n.text())
}

fn longest(value: &Feel) -> u64 {
    match value {
        Feel::List(items) => items.iter().map(longest).max().unwrap_or(0).max(items.len() as u64),
        Feel::Context(context) => context.iter().map(|(_, v)| longest(v)).max().unwrap_or(0),
        _ => 0,
    }
}

/// Text without strings, so that what is quoted is no word.
fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        let quote = c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
        if quote {
            quoted = !quoted;
        }
        out.push(if quoted && !quote { '_' } else { c });
    }
    out
}

fn loops(text: &str) -> Loops {
    let text = bare(text);
    let mut found = Loops { lists: 0, literal: 1, collects: false };
    let words = |at: usize, word: &str| {
        text[at..].starts_with(word)
            && !text[..at].chars().next_back().is_some_and(char::is_alphanumeric)
            && !text[at + word.len()..].chars().next().is_some_and(char::is_alphanumeric)
    };
    // Heads of `for`, `some` and `every` that are open; every `in` within one is a loop.
    let mut heads = 0u32;
    let mut last = ' ';
    for (at, c) in text.char_indices() {
        if words(at, "for") || words(at, "some") || words(at, "every") {
            heads += 1;
            found.collects |= c == 'f';
        } else if words(at, "return") || words(at, "satisfies") {
            heads = heads.saturating_sub(1);
        } else if heads > 0 && words(at, "in") {
            match literal(text[at + 2..].trim_start()) {
                Some(length) => found.literal = found.literal.saturating_mul(length.max(1)),
                None => found.lists += 1,
            }
        } else if c == '['
            && (last.is_alphanumeric() || matches!(last, '_' | ')' | ']' | '}'))
            && !keyword_before(&text[..at])
        {
            let inside = text[at + 1..].split(']').next().unwrap_or_default().trim();
            found.lists += u32::from(inside.parse::<i64>().is_err());
        }
        if !c.is_whitespace() {
            last = c;
        }
    }
    found
}

fn keyword_before(text: &str) -> bool {
    let word = text.trim_end().rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    matches!(word, "in" | "return" | "satisfies" | "then" | "else" | "and" | "or")
}

/// Length of a literal list or range at the beginning of a text.
fn literal(text: &str) -> Option<u64> {
    if let Some(list) = text.strip_prefix('[') {
        let inside = list.split(']').next()?;
        return if inside.contains("..") { range(inside) } else { Some(inside.split(',').count() as u64) };
    }
    range(text)
}

fn range(text: &str) -> Option<u64> {
    let (from, to) = text.split_once("..")?;
    let from: i64 = from.trim().parse().ok()?;
    let digits: String = to.trim_start().chars().take_while(|c| c.is_ascii_digit() || *c == '-').collect();
    Some(digits.parse::<i64>().ok()?.abs_diff(from) + 1)
}

/// Functions that could call themselves: by name over business knowledge models, by name inside of a context, or by
/// calling what they are given.
fn recursion(document: &Document) -> Result<(), String> {
    let refused = |name: &str| Err(format!("Die Funktion „{name}“ ruft sich selbst auf. Das ist nicht zugelassen."));
    let models: Vec<(String, String)> = document
        .descendants()
        .filter(|n| n.tag_name().name() == "businessKnowledgeModel")
        .map(|n| (n.attribute("name").unwrap_or_default().to_owned(), texts(n).map(bare).collect::<Vec<_>>().join(" ")))
        .collect();
    let calls: HashMap<&str, Vec<&str>> = models
        .iter()
        .map(|(name, text)| {
            let mentioned = models.iter().map(|(other, _)| other.as_str()).filter(|other| mentions(text, other, false));
            (name.as_str(), mentioned.collect())
        })
        .collect();
    for (name, _) in &models {
        let (mut seen, mut open) = (HashSet::new(), calls[name.as_str()].clone());
        while let Some(at) = open.pop() {
            if at == name {
                return refused(name);
            }
            if seen.insert(at) {
                open.extend(&calls[at]);
            }
        }
    }
    for entry in document.descendants().filter(|n| n.tag_name().name() == "contextEntry") {
        let name = entry.children().find(|c| c.tag_name().name() == "variable").and_then(|v| v.attribute("name"));
        let function = entry.descendants().any(|n| n.tag_name().name() == "functionDefinition");
        if let Some(name) = name.filter(|name| function && texts(entry).any(|t| mentions(&bare(t), name, true))) {
            return refused(name);
        }
    }
    for text in texts(document.root_element()).map(bare) {
        for (at, _) in text.match_indices("function") {
            let (before, rest) = (text[..at].trim_end(), text[at + "function".len()..].trim_start());
            let Some((parameters, body)) = rest.strip_prefix('(').and_then(|r| r.split_once(')')) else { continue };
            let named = before.strip_suffix(':').map(|b| b.rsplit(['{', ',']).next().unwrap_or_default().trim());
            let parameters = parameters.split(',').map(|p| p.split(':').next().unwrap_or_default().trim());
            if let Some(name) = parameters.chain(named).find(|name| mentions(body, name, true)) {
                return refused(name);
            }
        }
    }
    Ok(())
}

/// Whether a name stands in a text as a word, or as a call.
fn mentions(text: &str, name: &str, called: bool) -> bool {
    !name.is_empty()
        && text.match_indices(name).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + name.len()..].trim_start().chars().next();
            let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            !word(before) && if called { after == Some('(') } else { !word(text[at + name.len()..].chars().next()) }
        })
}
