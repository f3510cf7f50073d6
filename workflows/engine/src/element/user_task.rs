// SPDX-License-Identifier: EUPL-1.2
//! User task: who may do it, what it shows, when it is due.

use crate::api::{ElementInstanceId, Output, TaskSpec};
use crate::definition::{Element, Text, UserSpec};
use crate::feel;
use crate::machine::{Done, Machine};

/// Group of tasks that nobody is assigned to.
pub(crate) const NO_GROUP: &str = "Vorsortierung";

/// Asks for the task.
pub(crate) fn begin(m: &mut Machine, id: u64, el: &Element, spec: &UserSpec) -> Done {
    let mut groups = Vec::new();
    for text in &spec.groups {
        groups.extend(candidates(m, id, text)?);
    }
    groups.dedup();
    let assignee = match &spec.assignee {
        Some(text) => candidates(m, id, text)?.into_iter().next(),
        None => None,
    };
    if groups.is_empty() && assignee.is_none() {
        groups.push(NO_GROUP.to_owned());
    }
    let title = match &spec.title {
        Some(title) => m.eval_text(id, title)?,
        None => el.label().to_owned(),
    };
    let data = match &spec.data {
        Some(data) => m.eval_object(id, data)?,
        None => Default::default(),
    };
    let due = match &spec.due {
        Some(due) => {
            let text = m.eval_text(id, due)?;
            Some(match working_days(&text) {
                Some(n) => m.def.kalender.nach(m.now.tag(), n).beginn(),
                None => crate::timer::moment(&text, m.now)?,
            })
        }
        None => None,
    };
    m.out.push(Output::CreateTask(Box::new(TaskSpec {
        instance: ElementInstanceId(id),
        element: el.id.clone(),
        name: el.name.clone(),
        form_key: spec.form_key.clone(),
        groups,
        assignee,
        title,
        data,
        due,
        not_person_of: spec.not_person_of.clone(),
        signs: spec.signs.clone(),
        priority: spec.priority,
    })));
    Ok(())
}

/// `3AT`: three working days (Arbeitstage) after today.
pub(crate) fn working_days(text: &str) -> Option<u32> {
    text.trim().strip_suffix("AT")?.trim_end().parse().ok().filter(|n| *n <= 1_000)
}

/// One name or a list of names. A text that is no FEEL value (`Amt 20`, `Kämmerei`) is meant literally.
fn candidates(m: &mut Machine, id: u64, text: &Text) -> Result<Vec<String>, String> {
    let expr = match text {
        Text::Plain(name) => return Ok(vec![name.clone()]),
        Text::Feel(expr) => expr,
    };
    let value = feel::to_json(&m.eval(id, expr));
    if let Some(list) = value.as_array() {
        return Ok(list.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect());
    }
    match value.as_str() {
        Some(name) => Ok(vec![name.to_owned()]),
        None if expr.text().chars().all(|c| c.is_alphanumeric() || " -_&".contains(c)) => {
            Ok(vec![expr.text().to_owned()])
        }
        None => Err(format!("Der Ausdruck „{}“ ergibt keine Gruppe.", feel::shorten(expr.text()))),
    }
}
