// SPDX-License-Identifier: EUPL-1.2
//! Variables and expressions: scopes from the process inwards, the inner one wins.
//!
//! A write goes to the nearest scope that has the variable, else to the process. One run of a
//! multi-instance keeps its writes to itself until it ends: parallel runs never mix.

use std::borrow::Cow;

use dsntk_feel::Name;
use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value as Feel;
use nachrichten::Werte;
use serde_json::Value as Json;

use super::{Done, Machine};
use crate::definition::{Element, Repeat, Text};
use crate::feel::{self, Evaluation, Expr};
use crate::state::Role;

/// Reason of an incident.
const TOO_LARGE: &str = "Das Ergebnis ist zu groß. Alle Werte eines Ablaufs zusammen dürfen höchstens 10 MB haben.";

impl<'a> Machine<'a> {
    /// The instances from `id` outwards, without the process.
    fn chain(&self, id: u64) -> Vec<u64> {
        let mut chain = Vec::new();
        let mut at = id;
        while at != 0 {
            let Some(inst) = self.s.instances.get(&at) else {
                break;
            };
            if !inst.vars.is_empty() {
                chain.push(at);
            }
            at = inst.parent;
        }
        chain
    }

    /// All variables that `id` sees.
    pub fn visible(&self, id: u64) -> Cow<'_, Werte> {
        let chain = self.chain(id);
        if chain.is_empty() {
            return Cow::Borrowed(&self.inst(0).vars);
        }
        let mut all = self.inst(0).vars.clone();
        for inst in chain.iter().rev() {
            all.extend(self.inst(*inst).vars.iter().map(|(k, v)| (k.clone(), v.clone())));
        }
        Cow::Owned(all)
    }

    fn needed(&self, name: &str) -> bool {
        self.def.used.contains(name) || !name.chars().all(|c| c.is_alphanumeric() || c == '_')
    }

    fn local_context(&self, vars: &Werte) -> FeelContext {
        let mut context = FeelContext::new();
        for (name, value) in vars.iter().filter(|(name, _)| self.needed(name)) {
            context.set_entry(&Name::from(name.as_str()), feel::to_feel(value));
        }
        context
    }

    /// Evaluates in the scope of an instance.
    pub fn eval(&mut self, id: u64, expr: &Expr) -> Feel {
        self.eval_with(id, None, expr)
    }

    /// Evaluates with further variables in the innermost scope.
    pub fn eval_with(&mut self, id: u64, more: Option<&Werte>, expr: &Expr) -> Feel {
        let evaluation = match self.feel.take() {
            Some(evaluation) => evaluation,
            None => {
                let evaluation = Evaluation::bare(self.now);
                for (name, value) in self.inst(0).vars.iter().filter(|(name, _)| self.needed(name)) {
                    evaluation.set(name, value);
                }
                evaluation
            }
        };
        let mut depth = 0;
        for inst in self.chain(id).iter().rev() {
            evaluation.push(self.local_context(&self.inst(*inst).vars));
            depth += 1;
        }
        if let Some(more) = more {
            evaluation.push(feel::context(more));
            depth += 1;
        }
        let value = evaluation.eval(expr);
        if crate::budget::stopped(&value) {
            // Its scopes are not what they were.
            return value;
        }
        for _ in 0..depth {
            evaluation.pop();
        }
        self.feel = Some(evaluation);
        value
    }

    /// An expression that must give a context.
    pub fn eval_object(&mut self, id: u64, expr: &Expr) -> Result<Werte, String> {
        match self.eval(id, expr) {
            Feel::Context(context) => Ok(feel::object(&context)),
            other => Err(not(expr, "keinen Kontext", &other)),
        }
    }

    /// An expression that must give text or a number.
    pub fn eval_text(&mut self, id: u64, text: &Text) -> Result<String, String> {
        match text {
            Text::Plain(text) => Ok(text.clone()),
            Text::Feel(expr) => {
                let value = self.eval(id, expr);
                feel::key_text(&value).ok_or_else(|| not(expr, "keinen Text", &value))
            }
        }
    }

    /// An optional correlation key; null is refused, as it would match nothing.
    pub fn eval_key(&mut self, id: u64, key: Option<&Expr>) -> Result<Option<String>, String> {
        let Some(expr) = key else { return Ok(None) };
        let value = self.eval(id, expr);
        feel::key_text(&value).map(Some).ok_or_else(|| not(expr, "keinen Schlüssel", &value))
    }

    /// A value the process made itself: within the limit of all variables together?
    pub fn sized(&self, value: Json) -> Result<Json, String> {
        if crate::size::room_for(&self.s, crate::size::of(&value)) { Ok(value) } else { Err(TOO_LARGE.to_owned()) }
    }

    /// Sets a variable as seen from `id`.
    pub fn write(&mut self, id: u64, name: &str, value: Json) {
        self.dirty = true;
        let mut at = id;
        while at != 0 {
            let Some(inst) = self.s.instances.get_mut(&at) else {
                break;
            };
            let barrier = matches!(inst.role, Role::Inner(_))
                && matches!(self.def.at(inst.element).repeat, Some(Repeat::Multi(_)));
            if barrier || inst.vars.contains_key(name) {
                inst.vars.insert(name.to_owned(), value);
                return;
            }
            at = inst.parent;
        }
        if let Some(evaluation) = &self.feel
            && self.needed(name)
        {
            evaluation.set(name, &value);
        }
        self.inst_mut(0).vars.insert(name.to_owned(), value);
    }

    /// Sets a variable of this very scope.
    pub fn write_local(&mut self, id: u64, name: &str, value: Json) {
        if id == 0 {
            return self.write(0, name, value);
        }
        self.dirty = true;
        self.inst_mut(id).vars.insert(name.to_owned(), value);
    }

    /// Sets `a.b.c` inside of variable `a`.
    fn write_path(&mut self, id: u64, path: &str, value: Json) {
        let Some((name, rest)) = path.split_once('.') else {
            return self.write(id, path, value);
        };
        let mut root = self.visible(id).get(name).cloned().unwrap_or(Json::Null);
        let mut at = &mut root;
        for part in rest.split('.') {
            if !at.is_object() {
                *at = Json::Object(Werte::new());
            }
            let Json::Object(map) = at else { return };
            at = map.entry(part.to_owned()).or_insert(Json::Null);
        }
        *at = value;
        self.write(id, name, root);
    }

    /// Merges values as seen from `id`.
    pub fn merge(&mut self, id: u64, values: &Werte) {
        for (name, value) in values {
            self.write(id, name, value.clone());
        }
    }

    /// `zeebe:input` and `camunda:in`: local variables.
    pub(super) fn take_inputs(&mut self, id: u64, el: &'a Element) -> Done {
        for (target, expr) in &el.io.inputs {
            let value = feel::to_json(&self.eval(id, expr));
            let value = self.sized(value)?;
            let name = target.split('.').next().unwrap_or(target);
            if !self.inst(id).vars.contains_key(name) {
                self.write_local(id, name, Json::Null);
            }
            self.write_path(id, target, value);
        }
        Ok(())
    }

    /// Where the result of an element goes: mappings, one variable, or merged.
    pub(super) fn take_result(&mut self, id: u64, result: &Werte) -> Done {
        let io = &self.element(self.inst(id).element).io;
        if !io.outputs.is_empty() {
            let target_scope = self.output_scope(id);
            for (target, expr) in &io.outputs {
                let value = feel::to_json(&self.eval_with(id, Some(result), expr));
                let value = self.sized(value)?;
                self.write_path(target_scope, target, value);
            }
        } else if let Some(name) = io.result.as_ref().filter(|_| !result.is_empty()) {
            self.write(id, name, Json::Object(result.clone()));
        } else {
            self.merge(id, result);
        }
        Ok(())
    }

    /// A mapped output leaves the element's own scope, but not its run of a multi-instance.
    fn output_scope(&self, id: u64) -> u64 {
        let inst = self.inst(id);
        if matches!(inst.role, Role::Inner(_)) { id } else { inst.parent }
    }
}

/// Message: an expression gave the wrong thing.
fn not(expr: &Expr, what: &str, value: &Feel) -> String {
    let text = format!("Der Ausdruck „{}“ ergibt {what}.", feel::shorten(expr.text()));
    match feel::null_reason(value) {
        Some(reason) => format!("{text} FEEL: {}", feel::shorten(reason)),
        None => text,
    }
}
