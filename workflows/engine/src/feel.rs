// SPDX-License-Identifier: EUPL-1.2
//! FEEL expressions: parsed once at deployment, evaluated over JSON variables.
//!
//! Numbers are decimals with 34 digits inside FEEL and JSON numbers outside. Dates, times and
//! durations become text in JSON and stay text when they come back: write `date(x)` to calculate.
//! `now()` and `today()` are the step's time, never the machine's clock. External functions are refused.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value as Feel;
use dsntk_feel::{Evaluator, FeelNumber, FeelScope, Name};
use dsntk_feel_parser::AstNode;
use nachrichten::{Timestamp, Werte};
use serde_json::Value as Json;

use crate::budget;
pub(crate) use crate::scan::scan;

/// Names that take the place of `now()` and `today()`.
pub(crate) const NOW: &str = "eakte_now";
pub(crate) const TODAY: &str = "eakte_today";

/// Words that are never variables: keywords, and words of type names.
const KEYWORDS: &[&str] = &[
    "if",
    "then",
    "else",
    "for",
    "in",
    "return",
    "some",
    "every",
    "satisfies",
    "and",
    "or",
    "between",
    "instance",
    "of",
    "true",
    "false",
    "null",
    "function",
    "external",
    "not",
    "years",
    "days",
];
/// Functions of several words. The parser takes the longest name it knows, so it has to know them
/// beside the single words of the expression.
const LONG_FUNCTIONS: &[&str] = &[
    "string join",
    "string length",
    "upper case",
    "lower case",
    "substring before",
    "substring after",
    "starts with",
    "ends with",
    "list contains",
    "list replace",
    "insert before",
    "index of",
    "distinct values",
    "get value",
    "get entries",
    "context put",
    "context merge",
    "day of year",
    "day of week",
    "month of year",
    "week of year",
    "met by",
    "overlaps before",
    "overlaps after",
    "finished by",
    "started by",
    "round up",
    "round down",
    "round half up",
    "round half down",
];

/// A prepared expression.
pub(crate) struct Expr {
    text: String,
    run: Evaluator,
    /// Asks the counting functions of [`budget`].
    counts: bool,
    /// Whatever the variables are, it gives no context.
    never_context: bool,
}

impl Expr {
    /// Parses an expression; a leading `=` is allowed. `names` are variables with blanks or hyphens.
    ///
    /// # Errors
    /// A German sentence.
    pub fn parse(source: &str, names: &HashSet<String>) -> Result<Self, String> {
        let source = source.trim();
        let source = source.strip_prefix('=').unwrap_or(source).trim();
        if source.is_empty() {
            return Err("Der Ausdruck ist leer.".into());
        }
        let scanned = scan(source)?;
        let node = catch_unwind(AssertUnwindSafe(|| {
            let scope = FeelScope::default();
            let words = scanned.words.iter().filter(|w| !KEYWORDS.contains(&w.as_str()) && !scanned.types.contains(w));
            for name in words
                .map(String::as_str)
                .chain([NOW, TODAY])
                .chain(names.iter().map(String::as_str))
                .chain(LONG_FUNCTIONS.iter().copied())
            {
                scope.set_name(Name::from(name));
            }
            dsntk_feel_parser::parse_textual_expression(&scope, &scanned.text, false)
                .or_else(|e| dsntk_feel_parser::parse_expression(&scope, &scanned.text, false).map_err(|_| e))
        }));
        match node {
            Ok(Ok(node)) => {
                let never_context = never_context(&node);
                let (node, counts) = budget::bound(node);
                let run = dsntk_feel_evaluator::prepare(&node);
                Ok(Expr { text: source.to_owned(), run, counts, never_context })
            }
            _ => Err(format!("Der Ausdruck „{}“ ist kein gültiges FEEL.", shorten(source))),
        }
    }

    /// A comparison, a calculation, a literal: no context, whatever the variables are.
    pub fn never_context(&self) -> bool {
        self.never_context
    }

    /// The expression as written, without `=`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Evaluates; a failure inside of the FEEL library, and one that runs too long, becomes null with a reason.
    pub fn run(&self, scope: &FeelScope) -> Feel {
        budget::run(|| (self.run)(scope))
    }
}

fn never_context(node: &AstNode) -> bool {
    use AstNode as N;
    matches!(
        node,
        N::Eq(..)
            | N::Nq(..)
            | N::Lt(..)
            | N::Le(..)
            | N::Gt(..)
            | N::Ge(..)
            | N::And(..)
            | N::Or(..)
            | N::In(..)
            | N::Add(..)
            | N::Sub(..)
            | N::Mul(..)
            | N::Div(..)
            | N::Exp(..)
            | N::Neg(..)
            | N::Between(..)
            | N::Numeric(..)
            | N::String(..)
            | N::Boolean(..)
            | N::Null
            | N::At(..)
            | N::List(..)
            | N::For(..)
            | N::Some(..)
            | N::Every(..)
            | N::Range(..)
    )
}

/// The first characters of a text, for messages.
pub(crate) fn shorten(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// A stack of variables to evaluate expressions over.
pub(crate) struct Evaluation {
    scope: FeelScope,
}

impl Evaluation {
    /// Only `now()` and `today()`.
    pub fn bare(now: Timestamp) -> Self {
        let scope = FeelScope::new();
        let mut times = FeelContext::new();
        times.set_entry(&Name::from(NOW), feel_now(now));
        times.set_entry(&Name::from(TODAY), feel_today(now));
        scope.push(times);
        scope.push(FeelContext::new());
        Evaluation { scope }
    }

    /// Over these variables.
    pub fn of(vars: &Werte, now: Timestamp) -> Self {
        let me = Self::bare(now);
        for (name, value) in vars {
            me.set(name, value);
        }
        me
    }

    /// Sets a variable of the innermost scope.
    pub fn set(&self, name: &str, value: &Json) {
        self.scope.set_value(&Name::from(name), to_feel(value));
    }

    /// Opens an inner scope.
    pub fn push(&self, vars: FeelContext) {
        self.scope.push(vars);
    }

    /// Closes the innermost scope.
    pub fn pop(&self) {
        self.scope.pop();
    }

    pub fn eval(&self, expr: &Expr) -> Feel {
        if !expr.counts {
            return expr.run(&self.scope);
        }
        let mut counting = FeelContext::new();
        budget::functions(&mut counting);
        self.scope.push(counting);
        let value = expr.run(&self.scope);
        self.scope.pop();
        value
    }
}

fn feel_now(now: Timestamp) -> Feel {
    let local = now.zoned();
    let nanos = u64::try_from(local.subsec_nanosecond()).unwrap_or(0);
    let text = format!("{}@Europe/Berlin", local.strftime("%Y-%m-%dT%H:%M:%S"));
    let text = if nanos == 0 { text } else { text.replacen('@', &format!(".{nanos:09}@"), 1) };
    Feel::try_from_xsd_date_time(&text)
        .or_else(|_| Feel::try_from_xsd_date_time(&now.to_string()))
        .unwrap_or(Feel::Null(None))
}

fn feel_today(now: Timestamp) -> Feel {
    Feel::try_from_xsd_date(&now.tag().to_string()).unwrap_or(Feel::Null(None))
}

/// `now()` as a FEEL literal, for tables.
pub(crate) fn now_literal(now: Timestamp) -> String {
    format!("date and time(\"{}@Europe/Berlin\")", now.zoned().strftime("%Y-%m-%dT%H:%M:%S"))
}

/// `today()` as a FEEL literal, for tables.
pub(crate) fn today_literal(now: Timestamp) -> String {
    format!("date(\"{}\")", now.tag())
}

/// JSON as FEEL; text stays text.
pub(crate) fn to_feel(value: &Json) -> Feel {
    match value {
        Json::Null => Feel::Null(None),
        Json::Bool(b) => Feel::Boolean(*b),
        Json::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(i), _) => Feel::Number(FeelNumber::from(i)),
            (_, Some(u)) => Feel::Number(FeelNumber::from(u)),
            _ => FeelNumber::from_str(&n.to_string()).map_or_else(|_| Feel::Null(None), Feel::Number),
        },
        Json::String(s) => Feel::String(s.clone()),
        Json::Array(items) => Feel::List(items.iter().map(to_feel).collect()),
        Json::Object(map) => Feel::Context(context(map)),
    }
}

/// A JSON object as FEEL context.
pub(crate) fn context(map: &Werte) -> FeelContext {
    let mut context = FeelContext::new();
    for (name, value) in map {
        context.set_entry(&Name::from(name.as_str()), to_feel(value));
    }
    context
}

/// FEEL as JSON: numbers as numbers, dates, times and durations as ISO text, functions and ranges as text or null.
pub(crate) fn to_json(value: &Feel) -> Json {
    match value {
        Feel::Boolean(b) => Json::Bool(*b),
        Feel::Number(n) => number(n),
        Feel::String(s) => Json::String(s.clone()),
        Feel::Date(d) => Json::String(d.to_string()),
        Feel::Time(t) => Json::String(t.to_string()),
        Feel::DateTime(_) => Json::String(crate::timer::instant_text(&value.to_string())),
        Feel::DaysAndTimeDuration(d) => Json::String(d.to_string()),
        Feel::YearsAndMonthsDuration(d) => Json::String(d.to_string()),
        Feel::List(items) | Feel::ExpressionList(items) => Json::Array(items.iter().map(to_json).collect()),
        Feel::Context(context) => Json::Object(object(context)),
        Feel::Transparent(inner) => to_json(inner),
        Feel::Range(..) => Json::String(value.to_string()),
        _ => Json::Null,
    }
}

/// A FEEL context as JSON object.
pub(crate) fn object(context: &FeelContext) -> Werte {
    context.iter().map(|(name, value)| (name.as_str().to_owned(), to_json(value))).collect()
}

fn number(n: &FeelNumber) -> Json {
    let text = catch_unwind(AssertUnwindSafe(|| n.to_string())).unwrap_or_default();
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if let Ok(i) = text.parse::<i64>() {
        return i.into();
    }
    text.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map_or(Json::Null, Json::Number)
}

/// A value as correlation key or name: text and numbers; anything else is none.
pub(crate) fn key_text(value: &Feel) -> Option<String> {
    match to_json(value) {
        Json::String(s) => Some(s),
        Json::Number(n) => Some(n.to_string()),
        Json::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// Why a value is null, if FEEL said so.
pub(crate) fn null_reason(value: &Feel) -> Option<&str> {
    match value {
        Feel::Null(reason) => reason.as_deref(),
        _ => None,
    }
}
