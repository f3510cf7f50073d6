// SPDX-License-Identifier: EUPL-1.2
//! Ids are newtypes over UUIDs (version 7 from the `Ids` port, version 5 where an id is derived from another one).

use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "{}({})", stringify!($name), self.0) }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { Uuid::parse_str(text).map(Self) }
        }
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> { stringify!($name).into() }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "format": "uuid" })
            }
        }
    )* };
}

ids! {
    /// One accepted piece of post (intake row, receipt number).
    SendungId
    /// What is filed; known from the moment the Sendung was taken apart.
    DokumentId
    AkteId
    VorgangId
    /// A running or ended process instance ("Ablauf").
    InstanceId
    /// A deployed version of a process.
    DefinitionId
    /// A person's open or done work item ("Aufgabe").
    TaskId
    /// One service task waiting for a worker.
    JobId
    /// A natural person or technical account.
    PersonId
    /// One event or message, for inbox de-duplication.
    MessageId
    VorlageId
}

impl DokumentId {
    /// The id of part `index` of a Sendung: derived, so that doing the work again finds the same document.
    pub fn of_part(sendung: SendungId, index: u32) -> Self {
        Self(Uuid::new_v5(&sendung.0, format!("dokument/{index}").as_bytes()))
    }
}
