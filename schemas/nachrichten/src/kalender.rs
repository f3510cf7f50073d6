// SPDX-License-Identifier: EUPL-1.2
//! Working days: Monday to Friday without the holidays of Baden-Württemberg and the days a city adds.
//!
//! ```
//! use nachrichten::kalender::Kalender;
//! let kalender = Kalender::default();
//! let donnerstag = "2026-04-02".parse().unwrap();
//! // Good Friday, the weekend and Easter Monday lie between.
//! assert_eq!(kalender.nach(donnerstag, 1).to_string(), "2026-04-07");
//! ```

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};

use crate::Tag;

/// Days of the year that are free every year: month, day. § 1 Feiertagsgesetz Baden-Württemberg.
const FEST: [(i8, i8); 7] = [(1, 1), (1, 6), (5, 1), (10, 3), (11, 1), (12, 25), (12, 26)];
/// Days after Easter Sunday: Karfreitag, Ostermontag, Christi Himmelfahrt, Pfingstmontag, Fronleichnam.
const NACH_OSTERN: [i32; 5] = [-2, 1, 39, 50, 60];

/// Which days are worked; the default knows the holidays only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kalender {
    frei: BTreeSet<Tag>,
}

impl Kalender {
    /// With further free days, e.g. 24 and 31 December or the day of a local feast.
    pub fn mit(frei: impl IntoIterator<Item = Tag>) -> Self {
        Self { frei: frei.into_iter().collect() }
    }

    /// Whether the town hall works on this day.
    pub fn ist_arbeitstag(&self, tag: Tag) -> bool {
        let weekend = matches!(tag.0.weekday(), Weekday::Saturday | Weekday::Sunday);
        !weekend && !ist_feiertag(tag) && !self.frei.contains(&tag)
    }

    /// The `n`-th working day after `tag`; for 0 the day itself or the next working day.
    pub fn nach(&self, tag: Tag, n: u32) -> Tag {
        let mut day = tag;
        let mut left = n;
        // A year without a working day does not exist; a city that enters one stops at its end.
        for _ in 0..(i64::from(n) * 8 + 400) {
            if left == 0 && self.ist_arbeitstag(day) {
                break;
            }
            day = day.plus_tage(1);
            if self.ist_arbeitstag(day) {
                left = left.saturating_sub(1);
            }
        }
        day
    }

    /// Working days after `von` up to and including `bis`: what a term counts. 0 on the same day, on a weekend, and when
    /// `bis` is before `von`; longer than ten years counts as ten.
    pub fn zwischen(&self, von: Tag, bis: Tag) -> u32 {
        let mut day = von;
        let mut n = 0;
        for _ in 0..3_660 {
            if day >= bis {
                break;
            }
            day = day.plus_tage(1);
            n += u32::from(self.ist_arbeitstag(day));
        }
        n
    }

    /// The `n`-th working day before `tag`; for 0 the day itself or the working day before it.
    pub fn vor(&self, tag: Tag, n: u32) -> Tag {
        let mut day = tag;
        let mut left = n;
        for _ in 0..(i64::from(n) * 8 + 400) {
            if left == 0 && self.ist_arbeitstag(day) {
                break;
            }
            day = day.plus_tage(-1);
            if self.ist_arbeitstag(day) {
                left = left.saturating_sub(1);
            }
        }
        day
    }
}

/// A holiday of the whole state.
pub fn ist_feiertag(tag: Tag) -> bool {
    let day = tag.0;
    FEST.contains(&(day.month(), day.day())) || NACH_OSTERN.iter().any(|n| Tag(ostern(day.year())).plus_tage(*n) == tag)
}

/// Easter Sunday in the Gregorian calendar (method of Meeus, Jones and Butcher, Nature 1876).
fn ostern(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e, f) = (b / 4, b % 4, (b + 8) / 25);
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    // Both numbers are a month (3 or 4) and a day by construction.
    let (month, day) = (i8::try_from(n / 31).unwrap_or(3), i8::try_from(n % 31 + 1).unwrap_or(31));
    Date::new(year, month, day).unwrap_or(Date::ZERO)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn tag(text: &str) -> Tag {
        text.parse().unwrap()
    }

    #[test]
    fn easter_is_where_the_almanacs_have_it() {
        for (year, day) in [
            (2000, "04-23"),
            (2008, "03-23"),
            (2011, "04-24"),
            (2024, "03-31"),
            (2026, "04-05"),
            (2027, "03-28"),
            (2038, "04-25"),
        ] {
            assert_eq!(ostern(year).to_string(), format!("{year}-{day}"));
        }
    }

    #[test]
    fn the_holidays_of_2026_in_the_state() {
        let days: Vec<String> = (0..365)
            .map(|n| tag("2026-01-01").plus_tage(n))
            .filter(|t| ist_feiertag(*t))
            .map(|t| t.to_string()[5..].to_owned())
            .collect();
        assert_eq!(
            days,
            [
                "01-01", "01-06", "04-03", "04-06", "05-01", "05-14", "05-25", "06-04", "10-03", "11-01", "12-25",
                "12-26"
            ]
        );
    }

    #[test]
    fn working_days_skip_weekends_holidays_and_the_citys_days() {
        let plain = Kalender::default();
        assert_eq!(plain.nach(tag("2026-11-20"), 1), tag("2026-11-23"), "Friday to Monday");
        assert_eq!(plain.nach(tag("2026-11-21"), 0), tag("2026-11-23"), "a Saturday is no day to be due");
        assert_eq!(plain.nach(tag("2026-11-23"), 0), tag("2026-11-23"));
        assert_eq!(plain.nach(tag("2026-12-23"), 3), tag("2026-12-29"));
        assert_eq!(plain.vor(tag("2026-11-23"), 1), tag("2026-11-20"), "Monday to Friday");
        assert_eq!(plain.vor(tag("2026-12-29"), 3), tag("2026-12-23"), "back over Christmas and the weekend");
        assert_eq!(plain.vor(tag("2026-11-22"), 0), tag("2026-11-20"), "a Sunday is no day to be reminded");
        for n in 0..40 {
            let from = tag("2026-12-16");
            assert_eq!(plain.zwischen(from, plain.nach(from, n)), n, "the way back of nach");
        }
        assert_eq!(plain.zwischen(tag("2026-11-20"), tag("2026-11-22")), 0, "a weekend is no work");
        assert_eq!(plain.zwischen(tag("2026-11-22"), tag("2026-11-20")), 0);
        let town = Kalender::mit([tag("2026-12-24"), tag("2026-12-31")]);
        assert_eq!(town.nach(tag("2026-12-23"), 3), tag("2026-12-30"));
        assert!(!town.ist_arbeitstag(tag("2026-12-31")) && plain.ist_arbeitstag(tag("2026-12-31")));
    }
}
