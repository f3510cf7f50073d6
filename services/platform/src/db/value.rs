// SPDX-License-Identifier: EUPL-1.2
use nachrichten::{BlobHash, Tag, Timestamp};
use uuid::Uuid;

/// A bound argument.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
    Uuid(Uuid),
    /// NULL with the type PostgreSQL wants to know.
    Null(Kind),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Int,
    Text,
    Bytes,
    Uuid,
}

pub type Args = Vec<Value>;

pub trait IntoValue {
    /// The type NULL of this has.
    const KIND: Kind;
    fn into_value(self) -> Value;
}

/// U+0000 stands for itself in no text: PostgreSQL refuses it, and one that comes from a PDF or over the API must not stop
/// the work. Both databases get U+FFFD in its place, so that they hold and find the same.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

macro_rules! into_value {
    ($($type:ty, $kind:ident, |$v:ident| $expr:expr;)*) => { $(
        impl IntoValue for $type {
            const KIND: Kind = Kind::$kind;
            fn into_value(self) -> Value { let $v = self; $expr }
        }
    )* };
}

into_value! {
    i64, Int, |v| Value::Int(v);
    i32, Int, |v| Value::Int(v.into());
    u32, Int, |v| Value::Int(v.into());
    u64, Int, |v| Value::Int(i64::try_from(v).unwrap_or(i64::MAX));
    usize, Int, |v| Value::Int(i64::try_from(v).unwrap_or(i64::MAX));
    bool, Int, |v| Value::Int(v.into());
    String, Text, |v| Value::Text(storable(v));
    &str, Text, |v| Value::Text(storable(v.to_owned()));
    &String, Text, |v| Value::Text(storable(v.clone()));
    Vec<u8>, Bytes, |v| Value::Bytes(v);
    &[u8], Bytes, |v| Value::Bytes(v.to_vec());
    Uuid, Uuid, |v| Value::Uuid(v);
    Timestamp, Int, |v| Value::Int(v.0);
    Tag, Text, |v| Value::Text(v.to_string());
    BlobHash, Text, |v| Value::Text(v.to_string());
    nachrichten::Betrag, Text, |v| Value::Text(v.normalize().to_string());
    serde_json::Value, Text, |v| Value::Text(v.to_string());
    &serde_json::Value, Text, |v| Value::Text(v.to_string());
    nachrichten::SendungId, Uuid, |v| Value::Uuid(v.0);
    nachrichten::DokumentId, Uuid, |v| Value::Uuid(v.0);
    nachrichten::AkteId, Uuid, |v| Value::Uuid(v.0);
    nachrichten::VorgangId, Uuid, |v| Value::Uuid(v.0);
    nachrichten::InstanceId, Uuid, |v| Value::Uuid(v.0);
    nachrichten::DefinitionId, Uuid, |v| Value::Uuid(v.0);
    nachrichten::TaskId, Uuid, |v| Value::Uuid(v.0);
    nachrichten::JobId, Uuid, |v| Value::Uuid(v.0);
    nachrichten::PersonId, Uuid, |v| Value::Uuid(v.0);
    nachrichten::MessageId, Uuid, |v| Value::Uuid(v.0);
    nachrichten::VorlageId, Uuid, |v| Value::Uuid(v.0);
}

impl<T: IntoValue> IntoValue for Option<T> {
    const KIND: Kind = T::KIND;
    fn into_value(self) -> Value {
        self.map_or(Value::Null(T::KIND), T::into_value)
    }
}

impl IntoValue for Value {
    const KIND: Kind = Kind::Text;
    fn into_value(self) -> Value {
        self
    }
}
