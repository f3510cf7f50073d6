// SPDX-License-Identifier: EUPL-1.2
//! The services by name: which there are, which own tables, which jobs each takes.

use std::fmt;

use nachrichten::{akten, einordnung, erkennung, hinweise, rechnung, uebergabe, wiedervorlage};

/// One service of `eakte run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dienst {
    Eingang,
    Geschaeftsgang,
    Akten,
    Portal,
    Erkennung,
    Rechnung,
    Einordnung,
    Uebergabe,
}

impl Dienst {
    pub const ALLE: [Self; 8] = [
        Self::Eingang,
        Self::Geschaeftsgang,
        Self::Akten,
        Self::Portal,
        Self::Erkennung,
        Self::Rechnung,
        Self::Einordnung,
        Self::Uebergabe,
    ];

    pub fn of(name: &str) -> Option<Self> {
        Self::ALLE.into_iter().find(|d| d.name() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Eingang => "eingang",
            Self::Geschaeftsgang => "geschaeftsgang",
            Self::Akten => "akten",
            Self::Portal => "portal",
            Self::Erkennung => "erkennung",
            Self::Rechnung => "rechnung",
            Self::Einordnung => "einordnung",
            Self::Uebergabe => "uebergabe",
        }
    }

    /// Core services own tables; workers see their queue and the blob store, and hold no address of the database.
    pub const fn is_core(self) -> bool {
        matches!(self, Self::Eingang | Self::Geschaeftsgang | Self::Akten | Self::Portal)
    }

    /// The database role of a core service (`services/platform/migrations/postgres/rollen.sql`).
    pub fn rolle(self) -> String {
        format!("eakte_{}", self.name())
    }

    /// Types of the jobs this service takes.
    pub const fn typen(self) -> &'static [&'static str] {
        match self {
            Self::Eingang | Self::Portal => &[],
            Self::Geschaeftsgang => &[wiedervorlage::EINTRAGEN, hinweise::SAMMELN, hinweise::SOFORT],
            Self::Akten => &[
                akten::ANLEGEN,
                akten::ERFASSEN,
                akten::ABLEGEN,
                akten::KORB,
                akten::LAUFPROTOKOLL,
                akten::ZDA,
                service_akten::VORLAGE_ABLEGEN,
            ],
            Self::Erkennung => &[erkennung::ZERLEGEN, erkennung::SEITEN, erkennung::ZUSAMMENSETZEN],
            Self::Rechnung => &[rechnung::PRUEFEN],
            Self::Einordnung => &[einordnung::VORSCHLAGEN],
            Self::Uebergabe => &[uebergabe::BUCHEN, uebergabe::STORNIEREN, uebergabe::MAIL],
        }
    }
}

impl fmt::Display for Dienst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The job types of all services: what the engine knows a worker for, wherever it runs.
pub fn typen() -> impl Iterator<Item = &'static str> {
    Dienst::ALLE.into_iter().flat_map(|d| d.typen().iter().copied())
}

/// Their names in one line.
pub fn names<'a>(dienste: impl IntoIterator<Item = &'a Dienst>) -> String {
    dienste.into_iter().map(|d| d.name()).collect::<Vec<_>>().join(" ")
}
