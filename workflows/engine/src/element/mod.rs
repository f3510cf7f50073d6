// SPDX-License-Identifier: EUPL-1.2
//! What each kind of element does. `begin` is called when a token reaches it; the machine's
//! `behave` is the table from kind to file.

pub(crate) mod adhoc;
pub(crate) mod boundary;
pub(crate) mod call;
pub(crate) mod catch;
pub(crate) mod compensation;
pub(crate) mod decision;
pub(crate) mod error;
pub(crate) mod escalation;
pub(crate) mod event_based;
pub(crate) mod event_sub_process;
pub(crate) mod inclusive;
pub(crate) mod job;
pub(crate) mod multi_instance;
pub(crate) mod parallel;
pub(crate) mod receive;
pub(crate) mod script;
pub(crate) mod sub_process;
pub(crate) mod throw;
pub(crate) mod transaction;
pub(crate) mod user_task;
