// SPDX-License-Identifier: EUPL-1.2
//! What an operator's monitoring reads of the engine, asked when it reads: counts and ages, never contents.

use std::collections::BTreeMap;

use nachrichten::Timestamp;
use serde_json::Value;
use service_platform::{
    args, audit,
    db::DbError,
    ereignis, mandant,
    metriken::{Labels, metriken, replace, set},
    outbox, webhook,
};

use crate::{Geschaeftsgang, sql, timer};

/// A span until now in seconds; a moment that lies ahead counts as none.
fn age(now: Timestamp, since: Option<Timestamp>) -> f64 {
    since.map_or(0.0, |t| (now.0 - t.0).max(0) as f64 / 1e6)
}

impl Geschaeftsgang {
    /// Sets the gauges of jobs, tasks, processes, timers, outbox and seals. Every count goes over an index of what is
    /// open, so that a million finished processes cost nothing.
    pub async fn measure(&self) -> Result<(), DbError> {
        let (inner, now, m) = (&self.inner, self.inner.now(), metriken());
        let jobs: Vec<(String, String, u64, Timestamp)> = inner.db.all(&sql::MESS_AUFTRAG, args![]).await?;
        let mut oldest: BTreeMap<&str, f64> = BTreeMap::new();
        for (typ, _, _, since) in jobs.iter().filter(|(_, stand, ..)| stand == "bereit") {
            oldest.insert(typ, age(now, Some(*since)));
        }
        let word = |stand: &str| match stand {
            "bereit" => "ready",
            "unterwegs" => "out",
            "stoerung" => "failed",
            _ => "held",
        };
        let counted = jobs
            .iter()
            .map(|(typ, stand, n, _)| (vec![("type", typ.clone()), ("state", word(stand).to_owned())], *n as f64));
        replace(&m.jobs, counted);
        // A type without waiting jobs says 0: autoscaling reads it.
        let types = self.inner.dienste.get().into_iter().flatten();
        let ages =
            types.map(|typ| (vec![("type", typ.clone())], oldest.get(typ.as_str()).copied().unwrap_or_default()));
        replace(&m.job_oldest, ages);
        let (incidents,): (u64,) = inner.db.one(&sql::KENNZAHL_STOERUNG, args![]).await?;
        set(&m.incidents, incidents as f64);
        let (tasks,): (u64,) = inner.db.one(&sql::MESS_AUFGABEN, args![]).await?;
        set(&m.tasks_open, tasks as f64);
        let running: Vec<(String, u64)> = inner.db.all(&sql::MESS_INSTANZ, args![]).await?;
        replace(&m.instances, running.into_iter().map(|(stand, n)| (vec![("state", stand)] as Labels, n as f64)));
        let due = timer::next_due(inner).await.unwrap_or_default();
        set(&m.timers_late, age(now, due));
        let (rows, since) = outbox::waiting(&inner.db).await?;
        set(&m.outbox_rows, rows as f64);
        set(&m.outbox_oldest, age(now, since));
        let (rows, since) = ereignis::warten(&inner.db).await?;
        set(&m.event_rows, rows as f64);
        set(&m.event_oldest, age(now, since));
        let (due, failed) = webhook::zahlen(&inner.db).await?;
        set(&m.webhook_due, due as f64);
        set(&m.webhook_failed, failed as f64);
        // What `eakte reconcile` noted last.
        if let Some((at, Value::Object(mut noted))) = mandant::vermerk(&inner.db, mandant::ABGLEICH).await? {
            noted.remove("at");
            set(&m.reconcile_age, age(now, Some(at)));
            let findings =
                noted.into_iter().filter_map(|(kind, n)| Some((vec![("kind", kind)] as Labels, n.as_f64()?)));
            replace(&m.findings, findings);
        }
        if let Some((at, _)) = mandant::vermerk(&inner.db, mandant::SICHERUNG).await? {
            set(&m.backup_age, age(now, Some(at)));
        }
        set(&m.seal_age, age(now, audit::unsealed_since(&inner.db).await?));
        Ok(())
    }
}
