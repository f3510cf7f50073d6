// SPDX-License-Identifier: EUPL-1.2
//! An instance moves to another version of its process.

use std::sync::Arc;

use engine::{ElementInstanceId, HistoryEvent, Output};
use nachrichten::{DefinitionId, InstanceId};
use service_platform::args;

use super::{Fahrt, FahrtFehler};
use crate::{eingriff::Hindernis, sql};

impl Fahrt<'_> {
    /// Moves an instance to another version of its process; nothing is changed when it cannot move.
    pub async fn migrate(
        &mut self,
        id: InstanceId,
        to: DefinitionId,
        plan: &engine::MigrationPlan,
    ) -> Result<(), Hindernis> {
        self.load(id).await.map_err(Hindernis::Fahrt)?;
        let new = self.inner.definitionen.read().await.get(to);
        let (Some(g), Some(new)) = (self.loaded.get_mut(&id), new) else {
            return Err(Hindernis::Fahrt(FahrtFehler::NoInstance(id)));
        };
        let moved = engine::migrate(&g.definition, &new.definition, &g.state, plan, self.now);
        let moved = moved.map_err(Hindernis::Gruende)?;
        (g.state, g.definition, g.row.definition) = (moved.state, new.definition, to);
        self.moved(id, moved.renamed, moved.history, moved.outputs).await.map_err(Hindernis::Fahrt)
    }

    async fn moved(
        &mut self,
        id: InstanceId,
        renamed: Vec<(ElementInstanceId, Arc<str>, Arc<str>)>,
        history: Vec<HistoryEvent>,
        outputs: Vec<Output>,
    ) -> Result<(), FahrtFehler> {
        for (instance, element, name) in renamed {
            for statement in [&sql::UMZUG_AUFTRAG, &sql::UMZUG_AUFGABE] {
                self.tx.execute(statement, args![id, instance.0, &*element, &*name]).await?;
            }
            self.tx.execute(&sql::UMZUG_KANDIDAT, args![id, instance.0, &*element]).await?;
        }
        for event in history {
            self.history(id, event).await?;
        }
        for output in outputs {
            self.output(id, output).await?;
        }
        Ok(())
    }
}
