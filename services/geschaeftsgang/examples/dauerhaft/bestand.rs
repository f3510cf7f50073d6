// SPDX-License-Identifier: EUPL-1.2
//! A city after some years: many finished instances, many that wait.

use std::{
    io::Write as _,
    sync::{Arc, Mutex},
    time::Instant,
};

use nachrichten::aufgaben::{Aufgaben, AufgabenFilter};
use serde_json::{Value, json};
use service_platform::{args, db::Sql};

use crate::{Failed, Stadt, each};

/// Rows of the state tables of what waits; text and bytes as long as they are, numbers as eight bytes.
const SIZE: Sql = sql(
    "SELECT (SELECT sum(16 + 16 + length(process) + coalesce(length(schluessel), 0) + length(titel) + length(stand) + length(state) + 40) FROM geschaeftsgang_instanz WHERE beendet IS NULL) \
     + (SELECT coalesce(sum(32 + 16 + length(a.process) + length(a.element) + length(a.name) + length(a.formular) + length(a.titel) + length(a.gruppe) + length(a.daten) + length(a.entwurf) + coalesce(length(a.faellig), 0) + 40), 0) FROM geschaeftsgang_aufgabe a WHERE a.erledigt IS NULL) \
     + (SELECT coalesce(sum(16 + length(k.subjekt) + length(k.process) + length(k.element) + length(k.sortierung)), 0) FROM geschaeftsgang_kandidat k) \
     + (SELECT count(*) * 48 FROM geschaeftsgang_frist) + (SELECT count(*) * 80 FROM geschaeftsgang_abo)",
);

const fn sql(text: &'static str) -> Sql {
    Sql { sqlite: text, postgres: text }
}

/// Fills the tables with the engine itself and measures on the way.
pub(crate) async fn run(stadt: &Stadt, finished: u64, waiting: u64) -> Result<Value, Failed> {
    const FIRST: u64 = 2_000_000_000;
    let mut rates = Vec::new();
    let block = (finished / 10).max(1);
    for n in 0..finished / block {
        let done = stadt.run(FIRST + n * block..FIRST + (n + 1) * block, 64).await?;
        rates.push(done.per_s.round());
        // Half an hour is long to wait without a word.
        writeln!(std::io::stderr(), "{} of {finished} finished, {:.0}/s", (n + 1) * block, done.per_s)?;
    }
    let own = stadt.clone();
    each(waiting, 64, move |n| {
        let stadt = own.clone();
        async move { stadt.one(FIRST * 2 + n, 0, &Arc::new(Mutex::new(Vec::new()))).await }
    })
    .await?;
    let (bytes,): (i64,) = stadt.db.one(&SIZE, args![]).await?;
    let after = stadt.run(FIRST * 3..FIRST * 3 + 2_000, 16).await?;
    let mut pages = Vec::new();
    for _ in 0..50 {
        let began = Instant::now();
        let filter = AufgabenFilter { limit: 50, ..AufgabenFilter::default() };
        let page = stadt.engine.list(&stadt.actor, &filter).await.map_err(|f| f.detail)?;
        stadt.engine.zaehler(&stadt.actor).await.map_err(|f| f.detail)?;
        if page.aufgaben.is_empty() && waiting > 0 {
            return Err("an empty task list".into());
        }
        pages.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    pages.sort_by(f64::total_cmp);
    Ok(json!({
        "finished": finished, "waiting": waiting, "per_s_by_tenth": rates, "per_s_at_the_end": after.per_s.round(),
        "bytes_per_waiting": bytes as f64 / waiting.max(1) as f64,
        "task_list_ms_median": pages[pages.len() / 2], "task_list_ms_p99": pages[pages.len() - 1],
    }))
}
