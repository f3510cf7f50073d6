// SPDX-License-Identifier: EUPL-1.2
use std::time::Duration;

use nachrichten::{
    DokumentId,
    fehler::{Code, Fehler, Text, UserError},
    job::JobError,
};
use service_platform::{blobs::BlobError, db::DbError};

/// What can go wrong in the record.
#[derive(Debug, thiserror::Error)]
pub enum AktenError {
    /// The database failed or refused.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The blob store failed, misses bytes or holds damaged ones.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// Not there, or not visible for this person: one answer for both.
    #[error("not found or not visible")]
    NotFound,
    /// A job names a document that was never registered.
    #[error("no document {0}")]
    NoDocument(DokumentId),
    /// The Aktenplan has no such unit.
    #[error("no unit in the Aktenplan: {0}")]
    NoUnit(String),
    /// The unit is no longer in use: its Akten go on, new ones are not opened.
    #[error("unit of the Aktenplan is closed: {0}")]
    UnitClosed(String),
    /// An Akte or Vorgang cannot be closed or opened; code and German sentence.
    #[error("closing order refused")]
    Schluss(&'static str, String),
    /// There is no Akte of that number to file into.
    #[error("no Akte {0}")]
    NoAkte(String),
    /// A cursor that was not made here.
    #[error("cursor not understood")]
    Cursor,
    /// A new version is not possible; the German sentence says why.
    #[error("new version refused")]
    Fassung(String),
    /// Somebody else was faster with a new version.
    #[error("not the version that was replaced")]
    FassungVeraltet,
    /// A message that contradicts itself.
    #[error("{0}")]
    Message(String),
}

impl AktenError {
    /// Somebody else wrote the same rows, chain or number at the same time.
    pub(crate) fn is_again(&self) -> bool {
        matches!(self, Self::Db(e) if e.is_again() || e.is_unique())
    }
}

impl UserError for AktenError {
    fn code(&self) -> Code {
        Code(match self {
            Self::NotFound => "E7004",
            Self::NoDocument(_) | Self::Message(_) => "E2001",
            Self::NoUnit(_) => "E2002",
            Self::NoAkte(_) => "E2003",
            Self::UnitClosed(_) => "E3064",
            Self::Schluss(code, _) => code,
            Self::Cursor => "E2004",
            Self::Fassung(_) | Self::FassungVeraltet => "E2006",
            Self::Blob(BlobError::Damaged(_) | BlobError::Missing(_)) => "E2005",
            Self::Db(_) | Self::Blob(_) => "E2900",
        })
    }

    fn text(&self) -> Text {
        Text(match self {
            Self::NotFound => return Fehler::not_found().text,
            Self::NoDocument(_) | Self::Message(_) => {
                "Dieser Auftrag passt zu keinem Dokument. Die Betriebsstelle wird informiert.".into()
            }
            Self::NoUnit(einheit) => {
                format!("Die Einheit {einheit} gibt es im Aktenplan nicht. Wählen Sie eine andere.")
            }
            Self::NoAkte(az) => format!("Eine Akte {az} gibt es nicht. Prüfen Sie das Aktenzeichen."),
            Self::UnitClosed(einheit) => {
                format!("Die Einheit {einheit} im Aktenplan ist geschlossen. Wählen Sie eine andere.")
            }
            Self::Fassung(text) | Self::Schluss(_, text) => text.clone(),
            Self::FassungVeraltet => {
                "Das Dokument hat inzwischen eine andere Fassung. Sehen Sie sie an und laden Sie Ihre dann hoch.".into()
            }
            Self::Cursor => "Diese Seite der Liste gibt es nicht mehr. Beginnen Sie die Liste von vorn.".into(),
            Self::Blob(BlobError::Damaged(_) | BlobError::Missing(_)) => {
                "Das gespeicherte Dokument ist beschädigt und wird nicht gezeigt. Die Betriebsstelle wird informiert."
                    .into()
            }
            Self::Db(_) | Self::Blob(_) => {
                "Der Speicher ist gerade nicht erreichbar. Versuchen Sie es in einer Minute erneut.".into()
            }
        })
    }

    fn status(&self) -> u16 {
        match self {
            Self::NotFound | Self::NoDocument(_) => 404,
            Self::Schluss("E3060", _) => 422,
            Self::Schluss(..) => 409,
            Self::NoUnit(_) | Self::UnitClosed(_) | Self::NoAkte(_) | Self::Message(_) | Self::Fassung(_) => 422,
            Self::FassungVeraltet => 412,
            Self::Cursor => 400,
            Self::Blob(BlobError::Damaged(_) | BlobError::Missing(_)) => 500,
            Self::Db(_) | Self::Blob(_) => 503,
        }
    }
}

impl From<AktenError> for Fehler {
    fn from(e: AktenError) -> Self {
        if e.status() >= 500 {
            tracing::error!(error = %e, "akten cannot answer");
        }
        Self { code: e.code(), status: e.status(), text: e.text(), detail: e.to_string() }
    }
}

impl From<AktenError> for JobError {
    fn from(e: AktenError) -> Self {
        let retry = |cause: String, ms| Self::Retry { after: Duration::from_millis(ms), cause };
        match e {
            // Somebody else wrote the same chain or number at the same time.
            AktenError::Db(e) if e.is_unique() => retry(e.to_string(), 100),
            // Others stood in the way ten times: not this job's fault either.
            AktenError::Db(e) if e.is_away() || e.is_again() => Self::Away { cause: e.to_string() },
            AktenError::Db(DbError::Sql(e)) => retry(format!("database: {e}"), 1000),
            AktenError::Blob(e) if e.is_away() => Self::Away { cause: e.to_string() },
            AktenError::Blob(e) if e.is_passing() => retry(e.to_string(), 1000),
            e @ (AktenError::NoUnit(_) | AktenError::UnitClosed(_) | AktenError::NoAkte(_)) => {
                Self::Unreadable { code: "ablage-unbekannt".into(), detail: e.text().0 }
            }
            e => Self::Bug { detail: e.to_string() },
        }
    }
}
