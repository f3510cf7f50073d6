// SPDX-License-Identifier: EUPL-1.2
//! When to pay: due date and Skonto of BT-20 as dates and amounts.
//!
//! The start day of a term is a matter of contract. As long as it is unknown, the earlier of invoice date and
//! Zugang counts, and the result says so: nobody loses a Skonto by our assumption.

use jiff::{ToSpan, civil};
use rust_decimal::Decimal;

use crate::{Rechnung, format, model::day, value};

/// From which day terms are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// Not agreed: the earlier of the two.
    #[default]
    Unknown,
    /// The day it reached the city.
    Zugang,
    /// BT-2.
    IssueDate,
}

/// Dates and amounts of payment.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// Day from which the terms are counted.
    pub start: civil::Date,
    /// German sentence when `start` is an assumption.
    pub start_assumed: Option<String>,
    /// BT-9, else the default days after `start`.
    pub due: civil::Date,
    /// German sentence when `due` is an assumption.
    pub due_assumed: Option<String>,
    /// Steps of Skonto, as written.
    pub skonto: Vec<Skonto>,
}

/// One `#SKONTO#TAGE=14#PROZENT=2.00#`.
#[derive(Clone, Debug, PartialEq)]
pub struct Skonto {
    /// Days after the start.
    pub days: u32,
    /// Percent.
    pub percent: Decimal,
    /// Last day.
    pub until: civil::Date,
    /// What paying until then saves, in cents rounded.
    pub saving: Decimal,
}

/// How terms are counted: a setting of the city.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counting {
    /// From which day.
    pub start: Start,
    /// Days until payment when the invoice names none; 30 by § 286 Abs. 3 BGB.
    pub default_days: u32,
}

impl Default for Counting {
    fn default() -> Self {
        Self { start: Start::Unknown, default_days: 30 }
    }
}

/// Computes the terms from BT-9, BT-20 and the amounts of the invoice.
pub fn terms(rechnung: &Rechnung, zugang: civil::Date, counting: Counting) -> Terms {
    let text = rechnung.payment_terms.as_ref().map_or("", |t| rechnung.tree.text(t.node));
    let totals = rechnung.totals.as_ref();
    let amount = totals.and_then(|t| t.due.as_ref().or(t.gross.as_ref())).map(|a| a.value);
    plan(text, amount, day(&rechnung.issue_date), day(&rechnung.due_date), zugang, counting)
}

/// The same for facts from anywhere, e.g. a paper invoice; `text` are payment terms in the form of BT-20.
pub fn plan(
    text: &str,
    amount: Option<Decimal>,
    issued: Option<civil::Date>,
    due: Option<civil::Date>,
    zugang: civil::Date,
    counting: Counting,
) -> Terms {
    let days = counting.default_days;
    let start = match (counting.start, issued) {
        (Start::Zugang, _) | (_, None) => zugang,
        (Start::IssueDate, Some(issued)) => issued,
        (Start::Unknown, Some(issued)) => issued.min(zugang),
    };
    let start_assumed = (counting.start == Start::Unknown).then(|| {
        let what = if Some(start) == issued { "Rechnungsdatum" } else { "Zugang" };
        format!(
            "Fristen zählen ab {what} {}. Das ist das frühere Datum, denn der Beginn ist nicht vereinbart.",
            format::date(start)
        )
    });
    let after = |days: u32| start.saturating_add(i64::from(days).days());
    let due_assumed = due.is_none().then(|| {
        format!("Die Rechnung nennt keinen Zahlungstermin. Angenommen sind {days} Tage ab {}.", format::date(start))
    });
    let skonto = lines(text)
        .filter_map(|line| line.ok())
        .map(|step| Skonto {
            days: step.days,
            percent: step.percent,
            until: after(step.days),
            saving: saving(step.base.or(amount), step.percent),
        })
        .collect();
    Terms { start, start_assumed, due: due.unwrap_or_else(|| after(days)), due_assumed, skonto }
}

fn saving(amount: Option<Decimal>, percent: Decimal) -> Decimal {
    let product = amount.and_then(|a| a.checked_mul(percent)).unwrap_or_default();
    let mut saving = value::cents(product / Decimal::ONE_HUNDRED);
    saving.rescale(2);
    saving
}

/// A Skonto line as written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// TAGE.
    pub days: u32,
    /// PROZENT.
    pub percent: Decimal,
    /// BASISBETRAG.
    pub base: Option<Decimal>,
}

/// Every line of BT-20 that begins with `#SKONTO#`: the step, or the line when it cannot be read.
/// At most 20 lines; days up to 999, percent up to 100.
pub fn lines(text: &str) -> impl Iterator<Item = Result<Step, &str>> {
    text.lines().map(str::trim).filter(|line| line.starts_with("#SKONTO#")).take(20).map(|line| step(line).ok_or(line))
}

fn step(line: &str) -> Option<Step> {
    let mut parts = line.strip_prefix("#SKONTO#")?.strip_suffix('#')?.split('#');
    let days = parts.next()?.strip_prefix("TAGE=")?;
    let percent = value::decimal(parts.next()?.strip_prefix("PROZENT=")?)?;
    let base = match parts.next() {
        None => None,
        Some(part) => Some(value::decimal(part.strip_prefix("BASISBETRAG=")?)?),
    };
    let days = (days.len() <= 3 && days.bytes().all(|b| b.is_ascii_digit())).then(|| days.parse().ok()).flatten()?;
    let fits = parts.next().is_none() && percent >= Decimal::ZERO && percent <= Decimal::ONE_HUNDRED;
    fits.then_some(Step { days, percent, base })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TERMS: &str = "#SKONTO#TAGE=7#PROZENT=3.00#\n#SKONTO#TAGE=14#PROZENT=2.00#BASISBETRAG=100.00#\nZahlbar netto.\n#SKONTO#TAGE=x#PROZENT=2#\n";

    fn d(s: &str) -> Decimal {
        s.parse().unwrap()
    }

    #[test]
    fn steps_become_dates_and_amounts() {
        // Thrown into the night letter box on Friday, scanned on Monday: Friday counts.
        let friday = civil::date(2026, 11, 20);
        let terms = plan(
            TERMS,
            Some(d("1190.00")),
            Some(friday),
            None,
            friday,
            Counting { start: Start::Zugang, default_days: 30 },
        );
        let got: Vec<_> = terms.skonto.iter().map(|s| (s.days, s.until, s.saving)).collect();
        assert_eq!(got, [(7, civil::date(2026, 11, 27), d("35.70")), (14, civil::date(2026, 12, 4), d("2.00"))]);
        assert_eq!(terms.start_assumed, None);
        assert_eq!(terms.due, civil::date(2026, 12, 20));
        assert!(terms.due_assumed.unwrap().contains("30 Tage ab 20.11.2026"));
    }

    #[test]
    fn unknown_start_takes_the_earlier_day_and_says_so() {
        let (issued, zugang) = (civil::date(2026, 11, 16), civil::date(2026, 11, 20));
        let terms = plan(TERMS, None, Some(issued), Some(zugang), zugang, Counting::default());
        assert_eq!((terms.start, terms.due), (issued, zugang));
        assert!(terms.start_assumed.unwrap().starts_with("Fristen zählen ab Rechnungsdatum 16.11.2026."));
        assert_eq!(terms.due_assumed, None);
        let late = plan(TERMS, None, Some(civil::date(2026, 12, 1)), None, zugang, Counting::default());
        assert_eq!(late.start, zugang);
    }

    #[test]
    fn unreadable_steps_are_told() {
        assert_eq!(lines(TERMS).filter_map(Result::err).collect::<Vec<_>>(), ["#SKONTO#TAGE=x#PROZENT=2#"]);
        for line in
            ["#SKONTO#TAGE=1000#PROZENT=2#", "#SKONTO#TAGE=1#PROZENT=101#", "#SKONTO#TAGE=1#PROZENT=2", "#SKONTO#"]
        {
            assert_eq!(step(line), None, "{line}");
        }
    }
}
