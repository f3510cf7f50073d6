// SPDX-License-Identifier: EUPL-1.2
//! What `reconcile` needs to know of the engine; reads only.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use nachrichten::{BlobHash, InstanceId, SendungId, fehler::Fehler, verweise::Verweise};
use serde_json::Value;
use service_platform::{args, db::DbError, from_row, outbox};

use crate::{Geschaeftsgang, aufgaben::away, sql};

/// Instances per Sendung, the blobs they name, and what still runs.
#[derive(Clone, Debug, Default)]
pub struct Abgleich {
    /// How many `posteingang` instances each Sendung has; exactly one is right.
    pub posteingang: BTreeMap<SendungId, u32>,
    /// Blobs named in any instance's variables.
    pub blobs: BTreeSet<BlobHash>,
    /// Bookings that processes know as handed over, and who they are; a called process counts as its caller.
    pub buchungen: BTreeMap<String, BTreeSet<InstanceId>>,
    /// Bookings whose hand-over stands in the audit trail.
    pub belegt: BTreeSet<String>,
    /// Every process.
    pub instanzen: BTreeSet<InstanceId>,
    /// Processes that wait for the hand-over.
    pub uebergibt: BTreeSet<InstanceId>,
    /// Jobs and messages under way.
    pub pending: u64,
    /// Sendungen with an open quarantine task.
    pub quarantined: u64,
}

struct Zeile {
    id: InstanceId,
    parent: Option<InstanceId>,
    sendung: Option<SendungId>,
    process: String,
    state: Value,
}
from_row!(Zeile { id, parent, sendung, process, state });

#[async_trait]
impl Verweise for Geschaeftsgang {
    async fn verweist(&self, hash: BlobHash) -> Result<bool, Fehler> {
        self.nennt(hash).await.map_err(away)
    }
}

impl Geschaeftsgang {
    /// Does a running instance name this blob? Reads every running instance: for the sweep after a crash.
    pub async fn nennt(&self, hash: BlobHash) -> Result<bool, DbError> {
        let (n,): (i64,) = self.inner.db.one(&sql::ABGLEICH_NENNT, args![format!("%{hash}%")]).await?;
        Ok(n > 0)
    }

    /// Reads every instance.
    pub async fn abgleich(&self) -> Result<Abgleich, DbError> {
        let db = &self.inner.db;
        // Before the instances: what is answered meanwhile stands in its instance by then.
        let under_way: Vec<(InstanceId,)> = db.all(&sql::ABGLEICH_UEBERGIBT, args![]).await?;
        let mut out = Abgleich { uebergibt: under_way.into_iter().map(|(i,)| i).collect(), ..Abgleich::default() };
        let mut after = InstanceId(uuid::Uuid::nil());
        // Ids grow with time: a caller comes before what it calls.
        let mut callers: BTreeMap<InstanceId, InstanceId> = BTreeMap::new();
        loop {
            let page: Vec<Zeile> = db.all(&sql::ABGLEICH_INSTANZEN, args![after]).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            for Zeile { id, parent, sendung, process, state } in page {
                out.instanzen.insert(id);
                if let Some(parent) = parent {
                    callers.insert(id, callers.get(&parent).copied().unwrap_or(parent));
                }
                buchungen(&state, callers.get(&id).copied().unwrap_or(id), &mut out.buchungen);
                if let Some(sendung) = sendung.filter(|_| process == "posteingang") {
                    *out.posteingang.entry(sendung).or_default() += 1;
                }
                hashes(&state, &mut out.blobs);
            }
        }
        let belegt: Vec<(String,)> = db.all(&sql::ABGLEICH_BELEGT, args![]).await?;
        out.belegt = belegt.iter().filter_map(|(o,)| Some(o.strip_prefix("buchung:")?.to_owned())).collect();
        let (jobs,): (u64,) = db.one(&sql::ABGLEICH_OFFEN, args![]).await?;
        out.pending = jobs + outbox::waiting(db).await?.0;
        (out.quarantined,) = db.one(&sql::ABGLEICH_QUARANTAENE, args![]).await?;
        Ok(out)
    }
}

/// Every answer of a hand-over in this value: an object that names a booking and its key.
fn buchungen(value: &Value, id: InstanceId, into: &mut BTreeMap<String, BTreeSet<InstanceId>>) {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(map) => {
                if let (Some(Value::String(name)), Some(Value::String(_))) = (map.get("buchung"), map.get("schluessel"))
                {
                    into.entry(name.clone()).or_default().insert(id);
                }
                open.extend(map.values());
            }
            _ => {}
        }
    }
}

/// Every text in this value that is a blob's hash.
fn hashes(value: &Value, into: &mut BTreeSet<BlobHash>) {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) if text.len() == 64 => into.extend(text.parse::<BlobHash>().ok()),
            Value::Array(items) => open.extend(items),
            Value::Object(map) => open.extend(map.values()),
            _ => {}
        }
    }
}
