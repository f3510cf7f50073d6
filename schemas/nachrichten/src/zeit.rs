// SPDX-License-Identifier: EUPL-1.2
//! Instants are UTC microseconds, legal days are dates in Europe/Berlin.

use std::fmt;

/// An instant: microseconds since 1970-01-01T00:00:00Z. RFC 3339 in JSON, BIGINT in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This instant moved by whole microseconds; saturates.
    pub fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// This instant moved by seconds; saturates.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_micros(seconds.saturating_mul(1_000_000))
    }

    /// As a jiff timestamp; out of range values become the nearest end.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }

    /// The legal day of this instant in Europe/Berlin.
    pub fn tag(self) -> Tag {
        Tag(self.zoned().date())
    }

    /// This instant as wall time in Europe/Berlin.
    pub fn zoned(self) -> jiff::ZonedDateTime {
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap_or(jiff::tz::TimeZone::UTC);
        self.to_jiff().to_zoned_datetime(zone)
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(t: jiff::Timestamp) -> Self {
        Self(t.as_microsecond())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_jiff().fmt(f)
    }
}

impl std::str::FromStr for Timestamp {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse::<jiff::Timestamp>().map(Into::into)
    }
}

/// A legal day (Zugang, Fälligkeit, Rechnungsdatum); ISO text `2026-11-23` in JSON and SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub jiff::civil::Date);

impl Tag {
    /// The day `n` calendar days later (earlier when negative); saturates at the calendar's ends.
    pub fn plus_tage(self, n: i32) -> Self {
        Self(self.0.saturating_add(jiff::Span::new().days(n)))
    }

    /// The instant this day begins in Europe/Berlin.
    pub fn beginn(self) -> Timestamp {
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap_or(jiff::tz::TimeZone::UTC);
        self.0.to_zoned_datetime(zone).map_or(Timestamp(i64::MAX), |z| z.timestamp().into())
    }

    /// German form, `23.11.2026`.
    pub fn deutsch(self) -> String {
        format!("{:02}.{:02}.{:04}", self.0.day(), self.0.month(), self.0.year())
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for Tag {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse().map(Self)
    }
}

macro_rules! as_text {
    ($name:ident, $format:literal) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = String::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "format": $format })
            }
        }
    };
}
as_text!(Timestamp, "date-time");
as_text!(Tag, "date");
