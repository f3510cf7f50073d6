// SPDX-License-Identifier: EUPL-1.2
//! Service, send and business rule tasks (and message events) that a worker does.

use crate::api::{ElementInstanceId, Output};
use crate::definition::{Element, JobSpec};
use crate::machine::{Done, Machine};

/// Asks for the job; its input is the context of `eakte:eingabe`, else all visible variables.
pub(crate) fn begin(m: &mut Machine, id: u64, el: &Element, spec: &JobSpec) -> Done {
    let job_type = m.eval_text(id, &spec.job_type)?;
    let input = match &el.io.input {
        Some(input) => m.eval_object(id, input)?,
        None => m.visible(id).into_owned(),
    };
    m.out.push(Output::CreateJob {
        instance: ElementInstanceId(id),
        element: el.id.clone(),
        name: el.name.clone(),
        job_type,
        input,
        retries: spec.retries,
        urgent: spec.urgent,
    });
    Ok(())
}
