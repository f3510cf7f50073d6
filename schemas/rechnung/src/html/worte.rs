// SPDX-License-Identifier: EUPL-1.2
//! German words for codes.

use super::time;
use crate::{Level, Rechnung, model::Period};

pub(super) fn kind(r: &Rechnung) -> &'static str {
    match r.type_code.as_deref().unwrap_or_default() {
        "326" => "Teilrechnung",
        "384" => "Rechnungskorrektur",
        "386" => "Vorauszahlungsrechnung",
        "389" => "Gutschrift im Abrechnungsverfahren",
        "875" => "Abschlagsrechnung (Bau)",
        "876" => "Teilschlussrechnung (Bau)",
        "877" => "Schlussrechnung (Bau)",
        _ if r.is_credit_note() => "Gutschrift",
        _ => "Rechnung",
    }
}

pub(super) fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "Fehler",
        Level::Warning => "Warnung",
        Level::Information => "Hinweis",
    }
}

pub(super) fn level_class(level: Level) -> &'static str {
    match level {
        Level::Error => "fehler",
        Level::Warning => "warnung",
        Level::Information => "hinweis",
    }
}

/// UNTDID 4461, those in use.
pub(super) fn means(code: &str) -> &'static str {
    match code {
        "1" => "nicht festgelegt",
        "10" => "Bargeld",
        "20" => "Scheck",
        "30" => "Überweisung",
        "48" => "Bankkarte",
        "49" => "Lastschrift",
        "54" => "Kreditkarte",
        "55" => "Debitkarte",
        "57" => "Dauerauftrag",
        "58" => "SEPA-Überweisung",
        "59" => "SEPA-Lastschrift",
        "97" => "Verrechnung",
        "ZZZ" => "nach Vereinbarung",
        _ => "andere Zahlungsart",
    }
}

/// UNTDID 5305; an unknown code is shown as it is.
pub(super) fn category(code: &str) -> &str {
    match code {
        "S" => "Regelbesteuerung",
        "Z" => "Nullsatz",
        "E" => "steuerbefreit",
        "AE" => "Steuerschuld beim Leistungsempfänger",
        "K" => "innergemeinschaftliche Lieferung",
        "G" => "Ausfuhr",
        "O" => "nicht steuerbar",
        "L" => "Kanarische Inseln (IGIC)",
        "M" => "Ceuta und Melilla (IPSI)",
        code => code,
    }
}

/// UN/ECE recommendation 20, those in use; an unknown code is shown as it is.
pub(super) fn unit(code: &str) -> &str {
    match code {
        "C62" | "H87" | "EA" | "XPP" | "NAR" => "Stück",
        "HUR" => "Std.",
        "MIN" => "Min.",
        "DAY" => "Tage",
        "WEE" => "Wochen",
        "MON" => "Monate",
        "ANN" => "Jahre",
        "MTR" => "m",
        "KMT" => "km",
        "MTK" => "m²",
        "MTQ" => "m³",
        "KGM" => "kg",
        "TNE" => "t",
        "LTR" => "l",
        "KWH" => "kWh",
        "MWH" => "MWh",
        "LS" => "pauschal",
        "SET" => "Satz",
        "P1" => "%",
        code => code,
    }
}

pub(super) fn period(period: &Period) -> String {
    match (&period.start, &period.end) {
        (Some(start), Some(end)) => format!("{} bis {}", time(start.value), time(end.value)),
        (Some(start), None) => format!("ab {}", time(start.value)),
        (None, Some(end)) => format!("bis {}", time(end.value)),
        (None, None) => String::new(),
    }
}

/// A size a person reads: `12 kB`, `3,4 MB`.
pub(super) fn size(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} Byte"),
        1_000..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{},{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}
