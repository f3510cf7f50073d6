// SPDX-License-Identifier: EUPL-1.2
//! A bound for FEEL: the library cannot be stopped, so every loop and every function of an expression counts.
//!
//! The parsed expression is rewritten once: bodies of `for`, `some`, `every`, filters and functions, and the functions
//! that compare all entries of a list with each other, ask a function of ours first. It counts; over the limit it
//! unwinds, and the expression ends as null with [`STOPPED`]. No clock: the same values stop at the same place.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, LazyLock};

use dsntk_feel::closure::Closure;
use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value as Feel;
use dsntk_feel::{Evaluator, FeelType, FunctionBody, Name};
use dsntk_feel_parser::AstNode;

/// Most iterations of all loops of one evaluation together; a large result of an iteration counts as several.
pub(crate) const MAX_ITERATIONS: u64 = 200_000;
/// Why an expression became null.
pub(crate) const STOPPED: &str = "Die Berechnung ist zu aufwendig und wurde beendet.";
/// Stack that functions calling functions may use.
const MAX_STACK: usize = 400_000;
/// What an iteration of `for` counts: the library copies all earlier results for `partial` each time.
const COPIES: u64 = 30;
/// Bytes of an iteration's result that count as one more.
const BYTES: u64 = 100;
/// Functions that compare all entries with each other; this many comparisons count as one iteration.
const PAIRWISE: [&str; 4] = ["distinct values", "union", "mode", "list replace"];
const COMPARISONS: u64 = 100;

const STEP: &str = "eakte_zaehlt";
const RESULT: &str = "eakte_ergebnis";
const PAIRS: &str = "eakte_paare";

thread_local! {
    /// Iterations left, and where the stack began.
    static LEFT: Cell<(u64, usize)> = const { Cell::new((0, 0)) };
}

/// Payload of the unwinding.
struct Stop;

/// Evaluates within the limits.
pub(crate) fn run(evaluate: impl FnOnce() -> Feel) -> Feel {
    LEFT.set((MAX_ITERATIONS, here()));
    match catch_unwind(AssertUnwindSafe(evaluate)) {
        Ok(value) => value,
        Err(payload) if payload.is::<Stop>() => Feel::Null(Some(STOPPED.to_owned())),
        Err(_) => Feel::Null(Some("evaluation failed".to_owned())),
    }
}

/// Whether an evaluation was stopped, so that its scope holds what was not taken away again.
pub(crate) fn stopped(value: &Feel) -> bool {
    matches!(value, Feel::Null(Some(reason)) if reason == STOPPED || reason == "evaluation failed")
}

/// Where the stack is, roughly.
fn here() -> usize {
    let on_stack = 0u8;
    std::ptr::from_ref(&on_stack) as usize
}

fn count(iterations: u64) {
    let (left, begin) = LEFT.get();
    if iterations >= left || begin.abs_diff(here()) > MAX_STACK {
        resume_unwind(Box::new(Stop));
    }
    LEFT.set((left - iterations, begin));
}

/// The counting functions, for the outermost scope of an evaluation.
pub(crate) fn functions(into: &mut FeelContext) {
    static ALL: LazyLock<[(Name, Feel); 3]> = LazyLock::new(|| {
        let value = Name::from("wert");
        let (result, pairs) = (value.clone(), value.clone());
        [
            (
                Name::from(STEP),
                function(
                    Vec::new(),
                    Box::new(|_| {
                        count(1);
                        Feel::Boolean(true)
                    }),
                ),
            ),
            (
                Name::from(RESULT),
                function(
                    vec![value.clone()],
                    Box::new(move |scope| {
                        let value = scope.get_value(&result).unwrap_or(Feel::Null(None));
                        count(COPIES + size(&value) / BYTES);
                        value
                    }),
                ),
            ),
            (
                Name::from(PAIRS),
                function(
                    vec![value],
                    Box::new(move |scope| {
                        let entries = scope.get_value(&pairs).map_or(0, |lists| entries(&lists));
                        count(1 + entries.saturating_mul(entries) / COMPARISONS);
                        Feel::Boolean(true)
                    }),
                ),
            ),
        ]
    });
    for (name, value) in ALL.iter() {
        into.set_entry(name, value.clone());
    }
}

fn function(parameters: Vec<Name>, body: Evaluator) -> Feel {
    let parameters = parameters.into_iter().map(|name| (name, FeelType::Any)).collect();
    let body = FunctionBody::LiteralExpression(Arc::new(body));
    Feel::FunctionDefinition(parameters, body, false, Closure::default(), FeelContext::default(), FeelType::Any)
}

fn size(value: &Feel) -> u64 {
    match value {
        Feel::String(s) => s.len() as u64,
        Feel::List(items) | Feel::ExpressionList(items) => items.iter().map(|i| 16 + size(i)).sum(),
        Feel::Context(context) => context.iter().map(|(name, v)| name.as_str().len() as u64 + 16 + size(v)).sum(),
        _ => 0,
    }
}

/// Entries of the lists among the arguments of a function.
fn entries(arguments: &Feel) -> u64 {
    let count = |value: &Feel| if let Feel::List(items) = value { items.len() as u64 } else { 1 };
    if let Feel::List(items) = arguments { items.iter().map(count).sum() } else { 1 }
}

fn call(name: &str, argument: Option<AstNode>) -> AstNode {
    let arguments = AstNode::PositionalParameters(argument.into_iter().collect());
    AstNode::FunctionInvocation(Box::new(AstNode::Name(Name::from(name))), Box::new(arguments))
}

/// `if` the call of ours counts `then` the node; the call never gives false.
fn guarded(guard: AstNode, node: AstNode) -> AstNode {
    AstNode::If(Box::new(guard), Box::new(node), Box::new(AstNode::Null))
}

/// The expression with counting bodies; false when nothing in it can run long.
pub(crate) fn bound(node: AstNode) -> (AstNode, bool) {
    let mut any = false;
    let node = rewrite(node, &mut any);
    (node, any)
}

fn rewrite(node: AstNode, any: &mut bool) -> AstNode {
    use AstNode as N;
    let mut one = |node: Box<AstNode>| Box::new(rewrite(*node, any));
    let counted = |node: Box<AstNode>| Box::new(guarded(call(STEP, None), *node));
    let node = match node {
        N::For(contexts, body) => {
            let (contexts, body) = (one(contexts), one(body));
            *any = true;
            let body = match *body {
                N::EvaluatedExpression(inner) => N::EvaluatedExpression(Box::new(call(RESULT, Some(*inner)))),
                other => call(RESULT, Some(other)),
            };
            return N::For(contexts, Box::new(body));
        }
        N::Satisfies(body) => {
            let body = one(body);
            *any = true;
            return N::Satisfies(counted(body));
        }
        N::Filter(list, filter) => {
            let (list, filter) = (one(list), one(filter));
            if matches!(*filter, N::Numeric(..) | N::Neg(_)) {
                return N::Filter(list, filter);
            }
            *any = true;
            return N::Filter(list, counted(filter));
        }
        N::FunctionBody(body, external) => {
            let body = one(body);
            *any = true;
            return N::FunctionBody(counted(body), external);
        }
        N::FunctionInvocation(function, arguments) => {
            let (function, arguments) = (one(function), one(arguments));
            let pairwise = matches!(&*function, N::Name(name) if PAIRWISE.contains(&name.to_string().as_str()));
            let lists = match &*arguments {
                _ if !pairwise => None,
                N::PositionalParameters(all) => Some(N::List(all.clone())),
                N::NamedParameters(all) => Some(N::List(
                    all.iter()
                        .filter_map(|p| if let N::NamedParameter(_, v) = p { Some((**v).clone()) } else { None })
                        .collect(),
                )),
                _ => None,
            };
            let invocation = N::FunctionInvocation(function, arguments);
            return match lists {
                Some(lists) => {
                    *any = true;
                    guarded(call(PAIRS, Some(lists)), invocation)
                }
                None => invocation,
            };
        }
        other => other,
    };
    children(node, any)
}

/// Everything else: the same node with rewritten children.
fn children(node: AstNode, any: &mut bool) -> AstNode {
    use AstNode as N;
    let mut one = |node: Box<AstNode>| Box::new(rewrite(*node, any));
    match node {
        N::Add(a, b) => N::Add(one(a), one(b)),
        N::And(a, b) => N::And(one(a), one(b)),
        N::Between(a, b, c) => N::Between(one(a), one(b), one(c)),
        N::ContextEntry(a, b) => N::ContextEntry(a, one(b)),
        N::Div(a, b) => N::Div(one(a), one(b)),
        N::Eq(a, b) => N::Eq(one(a), one(b)),
        N::EvaluatedExpression(a) => N::EvaluatedExpression(one(a)),
        N::Every(a, b) => N::Every(one(a), one(b)),
        N::Exp(a, b) => N::Exp(one(a), one(b)),
        N::FunctionDefinition(a, b) => N::FunctionDefinition(a, one(b)),
        N::Ge(a, b) => N::Ge(one(a), one(b)),
        N::Gt(a, b) => N::Gt(one(a), one(b)),
        N::If(a, b, c) => N::If(one(a), one(b), one(c)),
        N::In(a, b) => N::In(one(a), one(b)),
        N::InstanceOf(a, b) => N::InstanceOf(one(a), b),
        N::IntervalEnd(a, kind) => N::IntervalEnd(one(a), kind),
        N::IntervalStart(a, kind) => N::IntervalStart(one(a), kind),
        N::IterationContextSingle(a, b) => N::IterationContextSingle(a, one(b)),
        N::IterationContextInterval(a, b, c) => N::IterationContextInterval(a, one(b), one(c)),
        N::Le(a, b) => N::Le(one(a), one(b)),
        N::Lt(a, b) => N::Lt(one(a), one(b)),
        N::Mul(a, b) => N::Mul(one(a), one(b)),
        N::NamedParameter(a, b) => N::NamedParameter(a, one(b)),
        N::Neg(a) => N::Neg(one(a)),
        N::Nq(a, b) => N::Nq(one(a), one(b)),
        N::Or(a, b) => N::Or(one(a), one(b)),
        N::Out(a, b) => N::Out(one(a), one(b)),
        N::Path(a, b) => N::Path(one(a), b),
        N::QuantifiedContext(a, b) => N::QuantifiedContext(a, one(b)),
        N::Range(a, b) => N::Range(one(a), one(b)),
        N::Some(a, b) => N::Some(one(a), one(b)),
        N::Sub(a, b) => N::Sub(one(a), one(b)),
        N::UnaryGe(a) => N::UnaryGe(one(a)),
        N::UnaryGt(a) => N::UnaryGt(one(a)),
        N::UnaryLe(a) => N::UnaryLe(one(a)),
        N::UnaryLt(a) => N::UnaryLt(one(a)),
        N::UnaryEq(a) => N::UnaryEq(one(a)),
        N::UnaryNe(a) => N::UnaryNe(one(a)),
        N::CommaList(all) => N::CommaList(each(all, any)),
        N::Context(all) => N::Context(each(all, any)),
        N::ExpressionList(all) => N::ExpressionList(each(all, any)),
        N::IterationContexts(all) => N::IterationContexts(each(all, any)),
        N::List(all) => N::List(each(all, any)),
        N::NamedParameters(all) => N::NamedParameters(each(all, any)),
        N::NegatedList(all) => N::NegatedList(each(all, any)),
        N::PositionalParameters(all) => N::PositionalParameters(each(all, any)),
        N::QuantifiedContexts(all) => N::QuantifiedContexts(each(all, any)),
        leaf => leaf,
    }
}

fn each(nodes: Vec<AstNode>, any: &mut bool) -> Vec<AstNode> {
    nodes.into_iter().map(|node| rewrite(node, any)).collect()
}
