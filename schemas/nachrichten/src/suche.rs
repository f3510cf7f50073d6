// SPDX-License-Identifier: EUPL-1.2
//! Full-text search, served by `akten`; hits, counts and snippets obey the rights predicate.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Actor, Tag, dokumente::DokumentZeile, fehler::Fehler};

/// `text` knows "genau", -ohne and Az:66.10*.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Anfrage {
    pub text: String,
    pub dokumentart: Vec<String>,
    pub amt: Vec<String>,
    pub von: Option<Tag>,
    pub bis: Option<Tag>,
    /// 0 means 20; at most 100.
    pub limit: u32,
    /// Page of results, counted from 0; newest hits first.
    pub seite: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ergebnis {
    pub gesamt: u64,
    pub treffer: Vec<Treffer>,
    pub arten: Vec<Facette>,
    pub aemter: Vec<Facette>,
    /// A spelling that would hit something.
    pub meinten: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Treffer {
    pub dokument: DokumentZeile,
    /// Pieces of the text around the hit; the flag marks the hit.
    pub ausschnitt: Vec<(String, bool)>,
    /// 1-based page of the first hit.
    pub seite: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facette {
    pub wert: String,
    pub anzahl: u64,
}

#[async_trait]
pub trait Suche: Send + Sync {
    async fn suche(&self, actor: &Actor, anfrage: &Anfrage) -> Result<Ergebnis, Fehler>;
}
