// SPDX-License-Identifier: EUPL-1.2
//! How a version is doing: tokens now, done in a period, and how long a step takes. From the states of running
//! instances and the append-only history, bounded: the newest [`GRENZE`] running and [`GRENZE`] ended instances.

use std::{collections::BTreeMap, sync::Arc};

use engine::{Definition, State, vergleich};
use nachrichten::{
    DefinitionId, Tag, Timestamp,
    ablaeufe::Version,
    fassungen::{ElementZahlen, VersionZahlen},
    fehler::Fehler,
    kalender::Kalender,
};
use service_platform::args;
use uuid::Uuid;

use super::sql;
use crate::{Inner, aufgaben::away, eingriff::VersionRow};

/// Instances of each kind that are read at most.
const GRENZE: u64 = 5_000;
/// States held in memory at once; one may be large.
const SEITE: u64 = 200;
/// Spans that are counted in working days at most, newest first.
const SPANNEN: u64 = 50_000;
const TAG_MICROS: i64 = 86_400_000_000;

type Staende = BTreeMap<String, (u64, u64)>;

/// Adds the waiting places of some states: element, how many, how many of them stopped.
fn zaehlen(definition: &Definition, states: Vec<String>, mut sum: Staende) -> Staende {
    for state in states.iter().filter_map(|s| serde_json::from_str::<State>(s).ok()) {
        for w in state.waiting(definition).into_iter().filter(|w| !w.container || w.incident.is_some()) {
            let (here, stopped) = sum.entry(w.element.to_string()).or_default();
            *here += 1;
            *stopped += u64::from(w.incident.is_some());
        }
    }
    sum
}

/// Half and nine of ten of each element's spans, in working days.
fn arbeitstage(kalender: &Kalender, spans: Vec<(String, Timestamp, Timestamp)>) -> BTreeMap<String, (u32, u32)> {
    let mut known: BTreeMap<(Tag, Tag), u32> = BTreeMap::new();
    let mut days: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (element, from, to) in spans {
        let (from, to) = (from.tag(), to.tag());
        let n = *known.entry((from, to)).or_insert_with(|| kalender.zwischen(from, to));
        days.entry(element).or_default().push(n);
    }
    let of = |mut list: Vec<u32>| {
        list.sort_unstable();
        let at =
            |part: usize| list.get((list.len() * part).div_ceil(10).saturating_sub(1)).copied().unwrap_or_default();
        (at(5), at(9))
    };
    days.into_iter().map(|(element, list)| (element, of(list))).collect()
}

impl Inner {
    async fn staende(&self, id: DefinitionId, definition: &Arc<Definition>) -> Result<(Staende, u64), Fehler> {
        let (mut sum, mut read, mut below) = (Staende::new(), 0, Uuid::max());
        while read < GRENZE {
            let rows: Vec<(Uuid, String)> =
                self.db.all(&sql::ZAHLEN_STAENDE, args![id, below, SEITE]).await.map_err(away)?;
            let Some((last, _)) = rows.last() else { break };
            (below, read) = (*last, read + rows.len() as u64);
            let (definition, states) = (definition.clone(), rows.into_iter().map(|(_, s)| s).collect());
            sum = tokio::task::spawn_blocking(move || zaehlen(&definition, states, sum)).await.map_err(away)?;
        }
        Ok((sum, read))
    }

    pub(super) async fn zahlen(&self, process: &str, version: u32, tage: u32) -> Result<VersionZahlen, Fehler> {
        let tage = tage.clamp(1, 3_660);
        let row: Option<(DefinitionId, u32, String, String)> =
            self.db.optional(&sql::FASSUNG, args![process, version]).await.map_err(away)?;
        let (id, _, _, bpmn) = row.ok_or_else(Fehler::not_found)?;
        let all: Vec<VersionRow> = self.db.all(&sql::FASSUNGEN, args![process]).await.map_err(away)?;
        let all: Vec<Version> = all.into_iter().map(Into::into).collect();
        let alle = all.iter().map(|v| v.version).collect();
        let found = all.into_iter().find(|v| v.version == version).ok_or_else(Fehler::not_found)?;
        let since = Timestamp(self.now().0.saturating_sub(i64::from(tage) * TAG_MICROS));

        let fassung = self.definitionen.read().await.get(id);
        let (mut here, running) = match &fassung {
            Some(fassung) => self.staende(id, &fassung.definition).await?,
            None => (Staende::new(), 0),
        };
        // Jobs that gave up wait in their own table.
        let stopped: Vec<(String, u64)> = self.db.all(&sql::ZAHLEN_STOERUNGEN, args![id]).await.map_err(away)?;
        stopped.into_iter().for_each(|(element, n)| here.entry(element).or_default().1 += n);
        let (ended,): (u64,) = self.db.one(&sql::ZAHLEN_BEENDET, args![id, since, GRENZE + 1]).await.map_err(away)?;
        let spans: Vec<(String, u64, Option<i64>, Option<i64>)> =
            self.db.all(&sql::ZAHLEN_DAUER, args![id, since, GRENZE]).await.map_err(away)?;

        let raw: Vec<(String, Timestamp, Timestamp)> =
            self.db.all(&sql::ZAHLEN_SPANNEN, args![id, since, GRENZE, SPANNEN]).await.map_err(away)?;
        let kalender = self.options.deploy.kalender.clone();
        let worked = tokio::task::spawn_blocking(move || arbeitstage(&kalender, raw)).await.map_err(away)?;

        let mut zahlen = Vec::new();
        for (element, name, was) in vergleich::schritte(&bpmn, process) {
            let (jetzt, gestoert) = here.get(&element).copied().unwrap_or_default();
            let span = spans.iter().find(|(e, ..)| *e == element);
            let (erledigt, median, neunzig) = span.map_or((0, None, None), |(_, n, m, p)| (*n, *m, *p));
            let (median_at, neunzig_at) = worked.get(&element).copied().unzip();
            zahlen.push(ElementZahlen {
                element,
                name,
                was,
                jetzt,
                gestoert,
                erledigt,
                median,
                neunzig,
                median_at,
                neunzig_at,
            });
        }
        Ok(VersionZahlen {
            gekuerzt: found.laufend > running || ended > GRENZE,
            gelesen_laufend: running,
            gelesen_beendet: ended.min(GRENZE),
            version: found,
            alle,
            bpmn,
            tage,
            zahlen,
        })
    }
}
