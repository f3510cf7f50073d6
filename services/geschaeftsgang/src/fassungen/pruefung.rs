// SPDX-License-Identifier: EUPL-1.2
//! The check of a file: what is wrong with it, what it changes, and what the example rows say.

use std::collections::BTreeSet;

use engine::{Decisions as _, DeployError, vergleich};
use nachrichten::{
    DefinitionId,
    ablaeufe::Pruefbefund,
    fassungen::{Beispiel, Inhalt, Pruefung, Vergleich},
    fehler::Fehler,
};
use service_platform::args;

use super::{beispiele, sql};
use crate::{Inner, aufgaben::away, jobs};

fn befund(f: engine::Finding) -> Pruefbefund {
    let schritt = f.name.filter(|n| !n.is_empty()).or(f.element);
    Pruefbefund { fehler: f.level == engine::Level::Error, schritt, text: f.text }
}

fn fehler(text: String) -> Pruefbefund {
    Pruefbefund { fehler: true, schritt: None, text }
}

/// A difference that cannot be made is said, not hidden.
fn kein_vergleich(id: &str, text: &str) -> Pruefbefund {
    Pruefbefund { fehler: false, schritt: None, text: format!("{id}: Der Vergleich ist nicht möglich. {text}") }
}

/// What the reader of a check saw: a later version in between makes it stale.
pub(super) fn gegen(p: &Pruefung) -> String {
    p.vergleiche.iter().map(|v| format!("{} {}", v.id, v.von)).collect::<Vec<_>>().join(", ")
}

impl Inner {
    /// `beispiele` = the rows of a proposal; None = those of the running version.
    pub(super) async fn pruefung(
        &self,
        name: &str,
        text: &str,
        beispiele: Option<Vec<Beispiel>>,
    ) -> Result<Pruefung, Fehler> {
        let inhalt = Inhalt::of(name);
        let mut p = Pruefung {
            name: name.to_owned(),
            inhalt,
            angenommen: false,
            befunde: Vec::new(),
            vergleiche: Vec::new(),
            gegen: String::new(),
            unveraendert: false,
            tabelle: None,
            beispiele: Vec::new(),
        };
        match inhalt {
            Inhalt::Tabelle => self.tabelle_pruefen(&mut p, text, beispiele).await?,
            Inhalt::Ablauf => self.ablauf_pruefen(&mut p, text).await?,
        }
        p.angenommen = !p.befunde.iter().any(|b| b.fehler);
        p.gegen = gegen(&p);
        Ok(p)
    }

    async fn ablauf_pruefen(&self, p: &mut Pruefung, text: &str) -> Result<(), Fehler> {
        let deployment = match engine::deploy(text, self.tabellen.clone(), &self.options.deploy) {
            Ok(deployment) => deployment,
            Err(DeployError::Refused(findings)) => {
                p.befunde = findings.into_iter().map(befund).collect();
                return Ok(());
            }
            Err(DeployError::Unreadable(text)) => {
                p.befunde = vec![fehler(text)];
                return Ok(());
            }
        };
        p.befunde = deployment.findings.into_iter().map(befund).collect();
        if deployment.processes.is_empty() {
            p.befunde.push(fehler("Kein Ablauf der Datei ist als ausführbar gekennzeichnet. Setzen Sie im Modellierer beim Ablauf den Haken „Executable“, in der Datei isExecutable=\"true\".".to_owned()));
        }
        p.unveraendert = !deployment.processes.is_empty();
        for definition in deployment.processes {
            let process = definition.id();
            p.befunde.extend(self.besetzung(&definition).await?);
            let last: Option<(DefinitionId, u32, String, String)> =
                self.db.optional(&sql::FASSUNG_LETZTE, args![process]).await.map_err(away)?;
            let Some((id, von, _, alt)) = last else {
                p.unveraendert = false;
                continue;
            };
            p.unveraendert &= alt == text;
            let (laufend,): (u64,) = self.db.one(&sql::LAUFEND, args![id]).await.map_err(away)?;
            match vergleich::ablauf(&alt, text, process) {
                Ok(aenderungen) => p.vergleiche.push(Vergleich {
                    id: process.to_owned(),
                    name: definition.name().to_owned(),
                    von,
                    nach: None,
                    alt,
                    neu: text.to_owned(),
                    aenderungen,
                    laufend,
                }),
                Err(text) => p.befunde.push(kein_vergleich(process, &text)),
            }
        }
        Ok(())
    }

    /// What the file asks for and this house does not have: a worker for a job, a person in a group.
    async fn besetzung(&self, definition: &engine::Definition) -> Result<Vec<Pruefbefund>, Fehler> {
        let hint = |schritt: &str, text: String| Pruefbefund { fehler: false, schritt: Some(schritt.to_owned()), text };
        let mut befunde = Vec::new();
        for (schritt, typ) in definition.job_types().filter(|(_, typ)| self.ohne_dienst(typ)) {
            let text = format!("{} Der Schritt hält dort als Störung an.", jobs::ohne_dienst(typ));
            befunde.push(hint(schritt, text));
        }
        for (schritt, gruppe) in definition.groups() {
            let values = args![format!("gruppe:{gruppe}"), self.now()];
            let (persons,): (u64,) = self.db.one(&sql::GRUPPE_PERSONEN, values).await.map_err(away)?;
            if persons == 0 {
                let text = format!("In der Gruppe „{gruppe}“ ist hier niemand. Die Aufgabe bleibt dort liegen.");
                befunde.push(hint(schritt, text));
            }
        }
        Ok(befunde)
    }

    async fn tabelle_pruefen(
        &self,
        p: &mut Pruefung,
        text: &str,
        beispiele: Option<Vec<Beispiel>>,
    ) -> Result<(), Fehler> {
        let name = p.name.clone();
        let last: Option<(u32, String)> = self.db.optional(&sql::TABELLE_JETZT, args![&name]).await.map_err(away)?;
        let rows = match (beispiele, &last) {
            (Some(rows), _) => rows,
            (None, Some((version, _))) => self.beispiele_von(&name, *version).await?,
            (None, None) => Vec::new(),
        };
        match beispiele::pruefen(&name, text, rows, self.now()).await? {
            Ok((bild, asked)) => (p.tabelle, p.beispiele) = (Some(bild), asked),
            Err(text) => {
                p.befunde.push(fehler(text));
                return Ok(());
            }
        }
        if let Some(other) = self.doppelt(&name, text).await? {
            p.befunde.push(other);
        }
        let Some((von, alt)) = last else { return Ok(()) };
        p.unveraendert = alt == text;
        match vergleich::tabelle(&alt, text) {
            Ok(aenderungen) => p.vergleiche.push(Vergleich {
                id: name.clone(),
                name,
                von,
                nach: None,
                alt,
                neu: text.to_owned(),
                aenderungen,
                laufend: 0,
            }),
            Err(text) => p.befunde.push(kein_vergleich(&name, &text)),
        }
        Ok(())
    }

    /// A decision that another table holds already: which of the two would answer is left to chance.
    async fn doppelt(&self, name: &str, text: &str) -> Result<Option<Pruefbefund>, Fehler> {
        let Ok(new) = engine::Tables::parse(text) else { return Ok(None) };
        let names: BTreeSet<String> = self.tabellen_liste().await?.into_iter().map(|t| t.name).collect();
        for other in names.into_iter().filter(|n| n != name) {
            let Some((_, xml)): Option<(u32, String)> =
                self.db.optional(&sql::TABELLE_JETZT, args![&other]).await.map_err(away)?
            else {
                continue;
            };
            let Ok(known) = engine::Tables::parse(&xml) else { continue };
            if let Some(id) = new.ids().find(|id| known.exists(id)) {
                let text = format!(
                    "Die Entscheidung „{id}“ steht schon in der Tabelle „{other}“. Geben Sie der Datei diesen Namen."
                );
                return Ok(Some(fehler(text)));
            }
        }
        Ok(None)
    }
}
