// SPDX-License-Identifier: EUPL-1.2
//! Versions as operators work with them: checked and compared, proposed and published by two persons, watched in
//! figures, tables tested with example rows.

mod beispiele;
mod pruefung;
pub(crate) mod sql;
mod vorschlag;
mod zahlen;

use async_trait::async_trait;
use engine::vergleich;
use nachrichten::{
    Actor, DefinitionId, Werte,
    fassungen::{
        Anfang, Beispiel, BeispielOrt, Fassungen, Neue, Probe, Pruefung, TabellenSeite, TabellenVersion, Vergleich,
        VersionZahlen, Vorschlag, VorschlagSeite,
    },
    fehler::Fehler,
};
use service_platform::args;
use uuid::Uuid;

use crate::{Geschaeftsgang, Inner, aufgaben::away};

fn refused(text: &str) -> Fehler {
    Fehler::new("E3044", 422, text.to_owned(), "version work refused")
}

/// Reading needs the role, but no reason.
const LESEN: &str = "ansehen";

impl Inner {
    async fn unterschied(&self, process: &str, von: u32, nach: u32) -> Result<Vergleich, Fehler> {
        let load = async |version: u32| -> Result<(DefinitionId, u32, String, String), Fehler> {
            let row = self.db.optional(&sql::FASSUNG, args![process, version]).await.map_err(away)?;
            row.ok_or_else(Fehler::not_found)
        };
        let ((id, _, _, alt), (_, _, name, neu)) = (load(von).await?, load(nach).await?);
        let (laufend,): (u64,) = self.db.one(&sql::LAUFEND, args![id]).await.map_err(away)?;
        let aenderungen = vergleich::ablauf(&alt, &neu, process).map_err(|text| refused(&text))?;
        Ok(Vergleich { id: process.to_owned(), name, von, nach: Some(nach), alt, neu, aenderungen, laufend })
    }

    async fn anfang(&self, process: &str) -> Result<Option<Anfang>, Fehler> {
        let (shipped,): (u64,) = self.db.one(&sql::GELIEFERT, args![process]).await.map_err(away)?;
        let newest = self.definitionen.read().await.newest(process).ok_or_else(Fehler::not_found)?;
        let starts = newest.definition.start_events();
        let by_person = starts.into_iter().find(|s| matches!(s.kind, engine::StartKind::None));
        Ok(by_person.filter(|_| shipped == 0).map(|start| Anfang {
            process: process.to_owned(),
            name: newest.definition.name().to_owned(),
            version: newest.version,
            felder: newest.definition.form(&start.element).to_vec(),
        }))
    }

    async fn tabellen_unterschied(&self, name: &str, von: u32, nach: u32) -> Result<Vergleich, Fehler> {
        let (alt, neu) = (self.tabelle_text(name, von).await?, self.tabelle_text(name, nach).await?);
        let aenderungen = vergleich::tabelle(&alt, &neu).map_err(|text| refused(&text))?;
        let name = name.to_owned();
        Ok(Vergleich { id: name.clone(), name, von, nach: Some(nach), alt, neu, aenderungen, laufend: 0 })
    }
}

impl Geschaeftsgang {
    /// The example rows that come with the program, as JSON; for a table's version that comes with it too. Rows the
    /// city entered stay.
    ///
    /// # Errors
    /// The file does not read, or the database is away.
    pub async fn beispiele_geliefert(&self, name: &str, zeilen: &str) -> Result<(), Fehler> {
        let mut tx = self.inner.db.begin().await.map_err(away)?;
        self.inner.beispiele_geliefert(&mut tx, name, zeilen).await?;
        tx.commit().await.map_err(away)
    }
}

#[async_trait]
impl Fassungen for Geschaeftsgang {
    async fn pruefen(&self, actor: &Actor, name: &str, text: &str) -> Result<Pruefung, Fehler> {
        self.inner.operator(actor, LESEN).await?;
        self.inner.pruefung(name, text, None).await
    }
    async fn vorschlagen(&self, actor: &Actor, name: &str, text: &str, grund: &str) -> Result<Uuid, Fehler> {
        self.inner.vorschlagen(actor, name, text, grund).await
    }
    async fn vorschlaege(&self, actor: &Actor) -> Result<Vec<Vorschlag>, Fehler> {
        self.inner.operator(actor, LESEN).await?;
        self.inner.vorschlaege().await
    }
    async fn vorschlag(&self, actor: &Actor, id: Uuid) -> Result<VorschlagSeite, Fehler> {
        self.inner.operator(actor, LESEN).await?;
        self.inner.vorschlag_seite(actor, id).await
    }
    async fn veroeffentlichen(
        &self,
        actor: &Actor,
        id: Uuid,
        grund: &str,
        gegen: &str,
        trotz: bool,
    ) -> Result<Neue, Fehler> {
        self.inner.veroeffentlichen(actor, id, grund, gegen, trotz).await
    }
    async fn zurueckziehen(&self, actor: &Actor, id: Uuid, grund: &str) -> Result<(), Fehler> {
        self.inner.vorschlag_zurueckziehen(actor, id, grund).await
    }
    async fn unterschied(&self, actor: &Actor, process: &str, von: u32, nach: u32) -> Result<Vergleich, Fehler> {
        self.inner.operator(actor, LESEN).await?;
        self.inner.unterschied(process, von, nach).await
    }
    async fn zahlen(&self, actor: &Actor, process: &str, version: u32, tage: u32) -> Result<VersionZahlen, Fehler> {
        self.inner.operator(actor, LESEN).await?;
        self.inner.zahlen(process, version, tage).await
    }
    async fn anfang(&self, actor: &Actor, process: &str) -> Result<Option<Anfang>, Fehler> {
        self.inner.operator(actor, LESEN).await?;
        self.inner.anfang(process).await
    }
    async fn tabellen(&self, actor: &Actor) -> Result<Vec<TabellenVersion>, Fehler> {
        self.inner.operator(actor, LESEN).await?;
        self.inner.tabellen_liste().await
    }
    async fn tabelle(&self, actor: &Actor, name: &str, version: u32) -> Result<TabellenSeite, Fehler> {
        self.inner.operator(actor, LESEN).await?;
        self.inner.tabellen_seite(name, version).await
    }
    async fn tabellen_unterschied(&self, actor: &Actor, name: &str, von: u32, nach: u32) -> Result<Vergleich, Fehler> {
        self.inner.operator(actor, LESEN).await?;
        self.inner.tabellen_unterschied(name, von, nach).await
    }
    async fn probieren(&self, actor: &Actor, ort: &BeispielOrt, eingabe: &Werte) -> Result<Probe, Fehler> {
        self.inner.operator(actor, LESEN).await?;
        self.inner.probieren(ort, eingabe).await
    }
    async fn beispiele(
        &self,
        actor: &Actor,
        ort: &BeispielOrt,
        zeilen: Vec<Beispiel>,
        grund: &str,
    ) -> Result<(), Fehler> {
        self.inner.beispiele_setzen(actor, ort, zeilen, grund).await
    }
}
