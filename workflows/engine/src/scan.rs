// SPDX-License-Identifier: EUPL-1.2
//! One look at the characters of a FEEL expression before it is parsed: limits, words, `now()`, what is no FEEL.

use crate::budget::MAX_ITERATIONS;
use crate::feel::{NOW, TODAY};

/// Longest expression in bytes.
const MAX_LENGTH: usize = 20_000;
/// Deepest chain of operators and brackets; bounds the recursion of parser and evaluator.
const MAX_DEPTH: usize = 200;
/// Words that are a type or a date function where they are used as one, and may be a variable elsewhere.
const TYPES: &[&str] =
    &["Any", "Null", "boolean", "number", "string", "date", "time", "duration", "context", "list", "range"];
/// An expression with `now()` and `today()` replaced, and the words in it.
pub(crate) struct Scanned {
    pub text: String,
    pub words: Vec<String>,
    /// Words that are used as a type or date function.
    pub types: Vec<String>,
    /// Whether `now()` or `today()` was there.
    pub timed: bool,
}

/// Looks at the characters of an expression once: limits, words, `now()`, external functions.
pub(crate) fn scan(source: &str) -> Result<Scanned, String> {
    if source.len() > MAX_LENGTH {
        return Err(format!("Der Ausdruck hat mehr als {MAX_LENGTH} Zeichen."));
    }
    let bytes = source.as_bytes();
    let mut out =
        Scanned { text: String::with_capacity(source.len()), words: Vec::new(), types: Vec::new(), timed: false };
    // Operators since the last separator, per open bracket.
    let mut chains = vec![0usize];
    let mut depth = 0usize;
    let mut at = 0;
    let mut last = ' ';
    while at < bytes.len() {
        let Some(c) = source[at..].chars().next() else {
            break;
        };
        let mut end = at + c.len_utf8();
        if c == '"' {
            end = skip_string(bytes, at);
        } else if c == '/' && bytes.get(at + 1) == Some(&b'/') {
            end = source[at..].find('\n').map_or(bytes.len(), |n| at + n);
        } else if c == '/' && bytes.get(at + 1) == Some(&b'*') {
            end = source[at + 2..].find("*/").map_or(bytes.len(), |n| at + n + 4);
        } else if c.is_alphabetic() || c == '_' || c == '?' || !c.is_ascii() && !c.is_whitespace() {
            end = at + source[at..].find(|c: char| !is_word(c)).unwrap_or(source.len() - at).max(c.len_utf8());
            let word = &source[at..end];
            if let Some(after) = call_end(source, end).filter(|_| last != '.' && matches!(word, "now" | "today")) {
                out.text.push_str(if word == "now" { NOW } else { TODAY });
                out.timed = true;
                at = after;
                last = ')';
                continue;
            }
            if word == "external" && out.words.iter().any(|w| w == "function") {
                return Err("Externe Funktionen sind in FEEL nicht zugelassen.".into());
            }
            if matches!(word, "and" | "or" | "else" | "then" | "return" | "satisfies" | "function" | "in" | "between") {
                count(&mut chains, &mut depth)?;
            }
            if TYPES.contains(&word) && used_as_type(&source[end..], out.words.last()) {
                out.types.push(word.to_owned());
            }
            out.words.push(word.to_owned());
        } else {
            match c {
                '(' | '[' | '{' => {
                    count(&mut chains, &mut depth)?;
                    chains.push(0);
                }
                ')' | ']' | '}' if chains.len() > 1 => depth -= chains.pop().unwrap_or(0),
                ',' => {
                    if let Some(chain) = chains.last_mut() {
                        depth -= *chain;
                        *chain = 0;
                    }
                }
                // The library reads them as a comparison with a comparison.
                '=' if matches!(last, '=' | '+' | '-' | '*' | '/') && source[..at].ends_with(last) => {
                    return Err(format!("„{last}=“ gibt es in FEEL nicht."));
                }
                '+' | '-' | '*' | '/' | '.' | '=' | '<' | '>' => count(&mut chains, &mut depth)?,
                _ => {}
            }
        }
        if !c.is_whitespace() {
            last = c;
        }
        out.text.push_str(&source[at..end]);
        at = end;
    }
    if out.words.iter().any(|w| matches!(w.as_str(), "for" | "some" | "every")) {
        check_ranges(source)?;
    }
    Ok(out)
}

/// Letters, digits and everything beyond ASCII that is no blank.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || !(c.is_ascii() || c.is_whitespace())
}

fn used_as_type(rest: &str, before: Option<&String>) -> bool {
    let rest = rest.trim_start();
    rest.starts_with(['(', '<']) || rest.starts_with("and time") || before.is_some_and(|w| w == "of")
}

/// Iterations over literal ranges are bounded together; FEEL itself cannot be stopped.
fn check_ranges(source: &str) -> Result<(), String> {
    let mut product = 1u64;
    for end in source.split("..").skip(1) {
        let digits: String = end.trim_start().chars().take_while(char::is_ascii_digit).take(12).collect();
        product = product.saturating_mul(digits.parse::<u64>().unwrap_or(1).max(1));
    }
    if product > MAX_ITERATIONS {
        Err(format!("Der Ausdruck wiederholt mehr als {MAX_ITERATIONS} Mal."))
    } else {
        Ok(())
    }
}

fn count(chains: &mut [usize], depth: &mut usize) -> Result<(), String> {
    *depth += 1;
    if let Some(chain) = chains.last_mut() {
        *chain += 1;
    }
    if *depth > MAX_DEPTH { Err("Der Ausdruck ist zu tief verschachtelt.".into()) } else { Ok(()) }
}

fn skip_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Where `()` ends, if it follows.
fn call_end(source: &str, at: usize) -> Option<usize> {
    let rest = source[at..].trim_start().strip_prefix('(')?.trim_start().strip_prefix(')')?;
    Some(source.len() - rest.len())
}
