// SPDX-License-Identifier: EUPL-1.2
//! DMN decisions through `dsntk`, behind [`Decisions`].
//!
//! Money is text in process variables (`"500.00"`); an input declared as `number`, `date`, `time`,
//! `dateTime` or a duration takes such text as what it says.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use dsntk_feel::Name;
use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value as Feel;
use dsntk_model::{DmnElement, NamedElement, RequiredVariable};
use dsntk_model_evaluator::ModelEvaluator;
use nachrichten::{Timestamp, Werte};
use serde_json::Value as Json;

use crate::api::Decisions;
use crate::dmn_limits::Limits;
use crate::feel;

/// Largest DMN file and deepest nesting.
const MAX_BYTES: usize = 5_000_000;

/// Decision tables of one or more DMN files, prepared.
pub struct Tables {
    sources: Vec<String>,
    /// Some expression asks for the time: evaluators are made per time.
    timed: bool,
    limits: Limits,
    evaluator: Mutex<(String, Arc<ModelEvaluator>)>,
    decisions: HashMap<String, Decision>,
    /// Declared type by input name.
    inputs: HashMap<String, String>,
    models: Vec<(String, String)>,
}

#[derive(Clone)]
struct Decision {
    namespace: String,
    model: String,
    name: String,
    variable: String,
}

impl Tables {
    /// Reads one DMN file.
    ///
    /// # Errors
    /// A German sentence: no DMN, external functions, unsupported content.
    pub fn parse(xml: &str) -> Result<Self, String> {
        Self::parse_all(&[xml])
    }

    /// Reads several DMN files that may import one another.
    ///
    /// # Errors
    /// As [`Tables::parse`].
    pub fn parse_all(files: &[&str]) -> Result<Self, String> {
        let (mut timed, mut limits) = (false, Limits::default());
        for file in files {
            timed |= check(file, &mut limits)?;
        }
        let sources: Vec<String> = files.iter().map(|f| (*f).to_owned()).collect();
        let (evaluator, definitions) = build(&sources)?;
        let mut decisions = HashMap::new();
        let mut inputs = HashMap::new();
        let mut models = Vec::new();
        for model in &definitions {
            let (namespace, model_name) = (model.namespace().to_owned(), NamedElement::name(model).to_owned());
            for decision in model.decisions() {
                let found = Decision {
                    namespace: namespace.clone(),
                    model: model_name.clone(),
                    name: decision.name().to_owned(),
                    variable: decision.variable().name().to_owned(),
                };
                // By id; the name serves where modellers used that.
                decisions.entry(decision.name().to_owned()).or_insert_with(|| found.clone());
                decisions.insert(decision.id().to_owned(), found);
            }
            for input in model.input_data() {
                inputs.insert(input.variable().name().to_owned(), input.variable().type_ref().to_owned());
            }
            models.push((namespace, model_name));
        }
        Ok(Tables {
            sources,
            timed,
            limits,
            evaluator: Mutex::new((String::new(), evaluator)),
            decisions,
            inputs,
            models,
        })
    }

    /// Ids (and names) of all decisions.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.decisions.keys().map(String::as_str)
    }

    /// Names of the inputs with their declared types.
    pub fn inputs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.inputs.iter().map(|(name, kind)| (name.as_str(), kind.as_str()))
    }

    /// Models as namespace and name.
    pub(crate) fn models(&self) -> &[(String, String)] {
        &self.models
    }

    /// Evaluates anything that can be invoked, over FEEL values.
    pub(crate) fn invoke(
        &self,
        namespace: &str,
        model: &str,
        name: &str,
        input: &FeelContext,
        now: Timestamp,
    ) -> Result<Feel, String> {
        self.limits.check(input)?;
        let evaluator = self.at(now)?;
        catch_unwind(AssertUnwindSafe(|| evaluator.evaluate_invocable(namespace, model, name, input)))
            .map_err(|_| "Die Entscheidung konnte nicht berechnet werden.".to_owned())
    }

    /// The evaluator for this time; the same one for all times if no expression asks for it.
    fn at(&self, now: Timestamp) -> Result<Arc<ModelEvaluator>, String> {
        let mut held = self.evaluator.lock().unwrap_or_else(PoisonError::into_inner);
        if self.timed {
            let key = now.to_string();
            if held.0 != key {
                let sources: Vec<String> = self.sources.iter().map(|s| with_time(s, now)).collect();
                *held = (key, build(&sources)?.0);
            }
        }
        Ok(held.1.clone())
    }

    /// A variable as the declared type of an input.
    fn typed(&self, name: &str, value: &Json) -> Feel {
        let kind = self.inputs.get(name).map(String::as_str).unwrap_or_default();
        let kind = kind.rsplit_once(':').map_or(kind, |(_, local)| local);
        let Json::String(text) = value else {
            return feel::to_feel(value);
        };
        let read = match kind {
            "number" => Feel::try_from_xsd_decimal(text),
            "date" => Feel::try_from_xsd_date(text),
            "time" => Feel::try_from_xsd_time(text),
            "dateTime" | "date and time" => Feel::try_from_xsd_date_time(text),
            "dayTimeDuration" | "yearMonthDuration" | "days and time duration" | "years and months duration" => {
                Feel::try_from_xsd_duration(text)
            }
            _ => return feel::to_feel(value),
        };
        read.unwrap_or_else(|_| feel::to_feel(value))
    }
}

impl Decisions for Tables {
    fn exists(&self, id: &str) -> bool {
        self.decisions.contains_key(id)
    }

    fn variable(&self, id: &str) -> Option<String> {
        self.decisions.get(id).map(|d| d.variable.clone())
    }

    fn evaluate(&self, id: &str, input: &Werte, now: Timestamp) -> Result<Json, String> {
        let decision = self.decisions.get(id).ok_or_else(|| format!("Die Entscheidung „{id}“ gibt es nicht."))?;
        let mut context = FeelContext::new();
        for (name, value) in input.iter().filter(|(name, _)| self.inputs.contains_key(*name)) {
            context.set_entry(&Name::from(name.as_str()), self.typed(name, value));
        }
        let value = self.invoke(&decision.namespace, &decision.model, &decision.name, &context, now)?;
        Ok(feel::to_json(&value))
    }
}

/// Several sets of tables as one; the first that knows an id answers.
pub struct TableSet(pub Vec<Arc<dyn Decisions>>);

impl TableSet {
    fn find(&self, id: &str) -> Option<&Arc<dyn Decisions>> {
        self.0.iter().find(|t| t.exists(id))
    }
}

impl Decisions for TableSet {
    fn exists(&self, id: &str) -> bool {
        self.find(id).is_some()
    }
    fn variable(&self, id: &str) -> Option<String> {
        self.find(id)?.variable(id)
    }
    fn evaluate(&self, id: &str, input: &Werte, now: Timestamp) -> Result<Json, String> {
        match self.find(id) {
            Some(tables) => tables.evaluate(id, input, now),
            None => Err(format!("Die Entscheidung „{id}“ gibt es nicht.")),
        }
    }
}

/// Limits and refused content. True if an expression asks for the time.
pub(crate) fn check(xml: &str, limits: &mut Limits) -> Result<bool, String> {
    if xml.len() > MAX_BYTES {
        return Err(format!("Die Datei ist größer als {MAX_BYTES} Bytes."));
    }
    crate::xml::check_limits(xml, &crate::api::DeployOptions::default())?;
    let document = roxmltree::Document::parse(xml)
        .map_err(|e| format!("Die Datei ist kein gültiges XML (Zeile {}).", e.pos().row))?;
    limits.read(&document)?;
    let mut timed = false;
    for node in document.descendants().filter(|n| n.is_element()) {
        if matches!(node.tag_name().name(), "encapsulatedLogic" | "functionDefinition")
            && node.attribute("kind").is_some_and(|k| k != "FEEL")
        {
            return Err("Externe Funktionen (Java, PMML) sind nicht zugelassen.".into());
        }
        if node.tag_name().name() == "text" {
            timed |= feel::scan(node.text().unwrap_or_default().trim())?.timed;
        }
    }
    Ok(timed)
}

type Built = (Arc<ModelEvaluator>, Vec<dsntk_model::Definitions>);

fn build(sources: &[String]) -> Result<Built, String> {
    let built = catch_unwind(AssertUnwindSafe(|| {
        let definitions =
            sources.iter().map(|s| dsntk_model::parse(&with_short_types(s))).collect::<Result<Vec<_>, _>>()?;
        Ok::<Built, dsntk_common::DsntkError>((ModelEvaluator::new(&definitions)?, definitions))
    }));
    match built {
        Ok(Ok(built)) => Ok(built),
        Ok(Err(reason)) => {
            Err(format!("Die Entscheidungstabelle ist fehlerhaft: {}", feel::shorten(&reason.to_string())))
        }
        Err(_) => Err("Die Entscheidungstabelle konnte nicht gelesen werden.".into()),
    }
}

/// The file with FEEL's type names as the short names of DMN, which are all that the library knows.
fn with_short_types(xml: &str) -> String {
    let mut out = xml.to_owned();
    let names = [
        ("date and time", "dateTime"),
        ("days and time duration", "dayTimeDuration"),
        ("years and months duration", "yearMonthDuration"),
    ];
    for (long, short) in names {
        if out.contains(long) {
            out = out.replace(&format!("typeRef=\"{long}\""), &format!("typeRef=\"{short}\""));
            out = out.replace(&format!("typeRef>{long}<"), &format!("typeRef>{short}<"));
        }
    }
    out
}

/// The file with `now()` and `today()` as literals.
fn with_time(xml: &str, now: Timestamp) -> String {
    let quote = |literal: String| literal.replace('"', "&quot;");
    let mut out = String::with_capacity(xml.len() + 200);
    let mut rest = xml;
    let mut last = ' ';
    while let Some(at) = rest.find(['n', 't']) {
        let before = rest[..at].chars().next_back().unwrap_or(last);
        let word = if rest[at..].starts_with("now") { "now" } else { "today" };
        let call = rest[at..]
            .strip_prefix(word)
            .and_then(|r| r.trim_start().strip_prefix('(')?.trim_start().strip_prefix(')'));
        let whole = !before.is_alphanumeric() && !matches!(before, '_' | '.');
        let end = match call.filter(|_| whole) {
            Some(after) => {
                out.push_str(&rest[..at]);
                out.push_str(&quote(if word == "now" { feel::now_literal(now) } else { feel::today_literal(now) }));
                rest.len() - after.len()
            }
            None => {
                out.push_str(&rest[..=at]);
                at + 1
            }
        };
        last = rest[..end].chars().next_back().unwrap_or(' ');
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}
