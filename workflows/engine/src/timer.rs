// SPDX-License-Identifier: EUPL-1.2
//! Timers: date, duration and cycle, as ISO 8601 text or FEEL.
//!
//! Instants are exact. A date without time is 00:00 in Europe/Berlin, a time without zone is local there.
//! A duration is exact (`P1D` = 24 hours), months and years follow the calendar. A cycle of whole days
//! or longer keeps its local time over the change of summer time.

use dsntk_feel::values::Value as Feel;
use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{Span, ZonedDateTime};
use nachrichten::Timestamp;

use crate::api::TimerPlan;
use crate::feel::Expr;

/// Which kind of timer was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimerKind {
    Date,
    Duration,
    Cycle,
}

/// A timer definition.
pub(crate) struct TimerDef {
    pub kind: TimerKind,
    pub value: TimerValue,
}

pub(crate) enum TimerValue {
    Iso(String),
    Feel(Expr),
}

/// Evaluates an expression in the scope of the event.
pub(crate) type Eval<'a> = &'a dyn Fn(&Expr) -> Feel;

impl TimerDef {
    /// The text with its expression evaluated.
    fn text(&self, eval: Eval) -> Result<String, String> {
        match &self.value {
            TimerValue::Iso(text) => Ok(text.clone()),
            TimerValue::Feel(expr) => crate::feel::key_text(&eval(expr))
                .ok_or_else(|| format!("Der Ausdruck „{}“ ergibt keine Zeit.", crate::feel::shorten(expr.text()))),
        }
    }

    /// The first due time.
    pub fn first(&self, eval: Eval, now: Timestamp) -> Result<TimerPlan, String> {
        let text = self.text(eval)?;
        let text = text.trim();
        if text.starts_with('R') {
            let cycle = Cycle::parse(text)?;
            let due = cycle.after(None, now)?;
            return Ok(TimerPlan { due, again: cycle.repeats.map(|n| n.saturating_sub(1)) });
        }
        let due = moment(text, now)?;
        if self.kind != TimerKind::Cycle {
            return Ok(TimerPlan { due, again: Some(0) });
        }
        // `timeCycle` with a plain duration repeats for ever.
        if span(text).is_none_or(|s| !forward(&s)) {
            return Err(format!(
                "„{}“ ist keine Wiederholung nach ISO 8601 von mindestens einer Sekunde.",
                crate::feel::shorten(text)
            ));
        }
        Ok(TimerPlan { due, again: None })
    }

    /// The due time after `last`, if there is one.
    pub fn next(&self, eval: Eval, last: &TimerPlan, now: Timestamp) -> Result<Option<TimerPlan>, String> {
        let again = match last.again {
            Some(0) => return Ok(None),
            Some(n) => Some(n - 1),
            None => None,
        };
        let text = self.text(eval)?;
        let text = text.trim();
        let due = if text.starts_with('R') {
            Cycle::parse(text)?.after(Some(last.due), now)?
        } else {
            moment(text, last.due)?
        };
        Ok(Some(TimerPlan { due, again }))
    }
}

/// Whether a text is an ISO literal of this kind, so that it need not be FEEL.
pub(crate) fn is_iso(text: &str, kind: TimerKind) -> bool {
    let zero = Timestamp(0);
    match kind {
        TimerKind::Cycle => Cycle::parse(text).is_ok() || span(text).is_some_and(|s| forward(&s)),
        _ => moment(text, zero).is_ok(),
    }
}

/// Whether a text was meant as ISO 8601 although it is none: as FEEL it would be a product of unknown variables or a
/// bare number, and fail only when it is due.
pub(crate) fn looks_iso(text: &str) -> bool {
    let text = text.trim();
    let only = |rest: &str, more: &str| rest.chars().all(|c| c.is_ascii_digit() || more.contains(c));
    let duration = text.trim_start_matches(['-', '+']).strip_prefix('P');
    let cycle = text.strip_prefix('R').and_then(|rest| rest.split_once('/'));
    let date = text.get(..5).is_some_and(|year| year.ends_with('-') && only(&year[..4], ""));
    duration.is_some_and(|rest| only(rest, "YMWDTHS.,"))
        || cycle.is_some_and(|(count, _)| only(count, "-"))
        || date && only(text, "-:T.Z+")
        || !text.is_empty() && only(text, ".,")
}

struct Cycle {
    /// `None` = for ever.
    repeats: Option<u32>,
    start: Option<Timestamp>,
    period: Span,
}

impl Cycle {
    /// `R[n]/[start/]period`.
    fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("„{text}“ ist keine Wiederholung nach ISO 8601 von mindestens einer Sekunde.");
        let mut parts = text.split('/');
        let count = parts.next().and_then(|r| r.strip_prefix('R')).ok_or_else(bad)?;
        let repeats = if count.is_empty() || count == "-1" { None } else { Some(count.parse().map_err(|_| bad())?) };
        let (first, second) = (parts.next().ok_or_else(bad)?, parts.next());
        if parts.next().is_some() || repeats == Some(0) {
            return Err(bad());
        }
        let (start, period) = match second {
            Some(period) => (Some(moment(first, Timestamp(0))?), period),
            None => (None, first),
        };
        let period = span(period).ok_or_else(bad)?;
        if !forward(&period) {
            return Err(bad());
        }
        Ok(Cycle { repeats, start, period })
    }

    fn after(&self, last: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, String> {
        match (last, self.start) {
            (None, Some(start)) if start >= now => Ok(start),
            // Missed runs are not made up for: the next one is the first after now.
            (None, Some(start)) => self.run_after(start, |due| due >= now),
            (None, None) => shift(now, self.period, true),
            (Some(last), None) => shift(last, self.period, true),
            (Some(last), Some(start)) => self.run_after(start, |due| due > last),
        }
    }

    /// The first run from the start on that fits. Counted from the start, so that the 31st stays the 31st after a
    /// short month, and 02:30 stays 02:30 after the night in which there was none.
    fn run_after(&self, start: Timestamp, fits: impl Fn(Timestamp) -> bool) -> Result<Timestamp, String> {
        let too_far = || "Der Beginn der Wiederholung liegt zu weit zurück.".to_owned();
        let run = |n: i64| self.period.checked_mul(n).map_err(|_| too_far()).and_then(|by| shift(start, by, true));
        let (mut low, mut high) = (0, 1);
        while !fits(run(high)?) {
            (low, high) = (high, high.checked_mul(2).ok_or_else(too_far)?);
        }
        // Runs come in order: between a run that does not fit and one that does lies the first that does.
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            (low, high) = if fits(run(middle)?) { (low, middle) } else { (middle, high) };
        }
        run(high)
    }
}

fn span(text: &str) -> Option<Span> {
    let body = text.strip_prefix('-').unwrap_or(text);
    if !body.starts_with('P') || text.len() > 60 {
        return None;
    }
    text.parse().ok()
}

/// A period that leads into the future, at least a second long.
fn forward(period: &Span) -> bool {
    shift(Timestamp(0), *period, false).is_ok_and(|end| end.0 >= 1_000_000)
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC)
}

fn shift(from: Timestamp, by: Span, local: bool) -> Result<Timestamp, String> {
    let zone = if local { berlin() } else { TimeZone::UTC };
    let moved: Result<ZonedDateTime, _> = from.to_jiff().to_zoned_datetime(zone).checked_add(by);
    moved.map(|z| z.timestamp().into()).map_err(|_| "Die Zeit liegt außerhalb des Kalenders.".to_owned())
}

/// An ISO text as instant: duration from `now`, date-time with or without zone, date.
pub(crate) fn moment(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Some(span) = span(text) {
        return shift(now, span, false);
    }
    let (plain, zone) = match text.split_once('@') {
        Some((plain, zone)) => {
            (plain, TimeZone::get(zone).map_err(|_| format!("Die Zeitzone „{zone}“ ist unbekannt."))?)
        }
        None => (text, berlin()),
    };
    let bad = || format!("„{}“ ist keine Zeitangabe nach ISO 8601.", crate::feel::shorten(text));
    if plain.len() > 40 || plain.contains('[') {
        return Err(bad());
    }
    if let Ok(instant) = plain.parse::<jiff::Timestamp>() {
        return Ok(instant.into());
    }
    let local: civil::DateTime = match plain.parse::<civil::DateTime>() {
        Ok(local) => local,
        Err(_) => plain.parse::<civil::Date>().map_err(|_| bad())?.at(0, 0, 0, 0),
    };
    local.to_zoned_datetime(zone).map(|z| z.timestamp().into()).map_err(|_| bad())
}

/// A FEEL date and time with a zone name as RFC 3339 text with offset; other texts unchanged.
pub(crate) fn instant_text(text: &str) -> String {
    let Some((plain, zone)) = text.split_once('@') else {
        return text.to_owned();
    };
    let zoned = TimeZone::get(zone).ok().zip(plain.parse::<civil::DateTime>().ok());
    match zoned.and_then(|(zone, local)| local.to_zoned_datetime(zone).ok()) {
        Some(z) => {
            let offset = z.strftime("%:z").to_string();
            format!("{plain}{offset}")
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn durations_dates_and_local_times() {
        let now = at("2026-01-05T08:00:00Z");
        assert_eq!(moment("PT71H", now).unwrap(), at("2026-01-08T07:00:00Z"));
        assert_eq!(moment("P5D", now).unwrap(), at("2026-01-10T08:00:00Z"));
        assert_eq!(moment("P1M", now).unwrap(), at("2026-02-05T08:00:00Z"));
        assert_eq!(moment("2026-07-01", now).unwrap(), at("2026-06-30T22:00:00Z"));
        assert_eq!(moment("2026-07-01T06:00:00", now).unwrap(), at("2026-07-01T04:00:00Z"));
        assert_eq!(moment("2026-07-01T06:00:00@UTC", now).unwrap(), at("2026-07-01T06:00:00Z"));
        assert!(moment("morgen", now).is_err());
        assert!(moment("PX", now).is_err());
    }

    #[test]
    fn a_daily_cycle_keeps_its_local_time_over_summer_time() {
        let def = TimerDef { kind: TimerKind::Cycle, value: TimerValue::Iso("R/2026-03-27T06:00:00/P1D".into()) };
        let none: Eval = &|_| unreachable!();
        let mut plan = def.first(none, at("2026-03-28T12:00:00Z")).unwrap();
        assert_eq!(plan.due, at("2026-03-29T04:00:00Z")); // 06:00 summer time
        plan = def.next(none, &plan, plan.due).unwrap().unwrap();
        assert_eq!(plan.due, at("2026-03-30T04:00:00Z"));
        assert_eq!(plan.again, None);
    }

    #[test]
    fn a_cycle_keeps_its_day_and_time_over_short_months_and_lost_hours() {
        let none: Eval = &|_| unreachable!();
        let runs = |text: &str, n: usize| {
            let def = TimerDef { kind: TimerKind::Cycle, value: TimerValue::Iso(text.into()) };
            let mut plan = def.first(none, at("2026-01-05T08:00:00Z")).unwrap();
            let mut all = vec![plan.due.to_string()];
            while all.len() < n {
                plan = def.next(none, &plan, plan.due).unwrap().unwrap();
                all.push(plan.due.to_string());
            }
            all
        };
        assert_eq!(
            runs("R/2026-01-31T08:00:00Z/P1M", 4),
            ["2026-01-31T08:00:00Z", "2026-02-28T08:00:00Z", "2026-03-31T07:00:00Z", "2026-04-30T07:00:00Z"]
        );
        // 02:30 does not exist on 29 March and is there twice on 25 October.
        assert_eq!(
            runs("R/2026-03-28T02:30:00/P1D", 3),
            ["2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]
        );
        assert_eq!(
            runs("R/2026-10-24T02:30:00/P1D", 3),
            ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
        );
    }

    #[test]
    fn a_cycle_without_progress_is_none() {
        for text in ["PT0S", "-PT1H", "R/PT0S", "R3/-P1D", "R0/PT1H", "PT0.5S"] {
            assert!(!is_iso(text, TimerKind::Cycle), "{text}");
        }
        assert!(is_iso("R/PT1S", TimerKind::Cycle) && is_iso("PT1S", TimerKind::Cycle));
    }

    #[test]
    fn a_counted_cycle_ends() {
        let def = TimerDef { kind: TimerKind::Cycle, value: TimerValue::Iso("R2/PT1H".into()) };
        let none: Eval = &|_| unreachable!();
        let now = at("2026-01-05T08:00:00Z");
        let first = def.first(none, now).unwrap();
        assert_eq!(first, TimerPlan { due: at("2026-01-05T09:00:00Z"), again: Some(1) });
        let second = def.next(none, &first, first.due).unwrap().unwrap();
        assert_eq!(second.again, Some(0));
        assert_eq!(def.next(none, &second, second.due).unwrap(), None);
    }
}
