// SPDX-License-Identifier: EUPL-1.2
//! Domain events for other systems of the city: what happened, told after it happened, as CloudEvents 1.0.2 in JSON
//! (structured mode). The catalogue is data: [`KATALOG`] is the list, `schemas/json/de.eakte.*.json` its schemas and
//! `schemas/asyncapi.yaml` its description; a test keeps the four equal.
//!
//! **What an event holds:** ids, kinds, days and a link. **Never** names, subjects, file numbers, reasons or text, and
//! no hash of a content, because everybody who listens hears every event, also those about post that only three people
//! of the house may see. Whoever wants more asks the API with the rights of an own account, and gets what that account
//! may see. So an event tells about confidential post that something with an id happened, and nothing else.
//!
//! **Order:** events of one subject (`subject`, e.g. `ablauf:<id>`) are sent in the order in which they happened.
//! `sequence` grows with every event of this installation, with gaps; of two events with one subject the greater is the
//! later. **Repeats:** the same event may come twice, with the same `id`.
//!
//! A process says itself which of its steps is an event (`eakte:ereignis`, workflows/README.md), so a city can tell of
//! its own processes without a line of Rust. Those have the data of [`Schritt`].

use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    AkteId, DokumentId, InstanceId, MessageId, SendungId, Tag, TaskId, Timestamp, VorgangId, sendungen::Kanal,
};

/// Exchange of kind topic on the broker; the routing key is the type.
pub const VERTEILSTELLE: &str = "eakte.ereignisse";
/// `content-type` of an event.
pub const MEDIENTYP: &str = "application/cloudevents+json";

/// The envelope, in the order in which it is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CloudEvent<T = Value> {
    /// Always `1.0`.
    pub specversion: String,
    /// The same at each repeat.
    #[schemars(with = "MessageId")]
    pub id: Uuid,
    /// This installation: `urn:eakte:<mandant>`.
    pub source: String,
    #[serde(rename = "type")]
    pub typ: String,
    /// What it is about, e.g. `dokument:<id>`.
    pub subject: String,
    /// When it happened.
    pub time: Timestamp,
    /// Always `application/json`.
    pub datacontenttype: String,
    /// 20 digits, growing.
    pub sequence: String,
    /// Where the API tells more, to those who may see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    pub data: T,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sendung {
    pub sendung: SendungId,
    pub kanal: Kanal,
    /// The day it reached the city, as known at its acceptance.
    pub zugang: Tag,
    /// The same bytes came before under this receipt: nothing is started for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doppelt_zu: Option<SendungId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ablage {
    pub dokument: DokumentId,
    pub akte: AkteId,
    pub vorgang: VorgangId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fassung {
    pub dokument: DokumentId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Akte {
    pub akte: AkteId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ablauf {
    pub ablauf: InstanceId,
    /// Id of the process, e.g. `rechnung`.
    pub prozess: String,
    /// The process that called this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gerufen_von: Option<InstanceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sendung: Option<SendungId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dokument: Option<DokumentId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Aufgabe {
    pub aufgabe: TaskId,
    pub ablauf: InstanceId,
    /// Id of the process.
    pub prozess: String,
    /// Id of the step in the drawing.
    pub schritt: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faellig: Option<Tag>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dokument: Option<DokumentId>,
}

/// A step of a process that is an event; also of those that a city drew itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Schritt {
    pub ablauf: InstanceId,
    /// Id of the process.
    pub prozess: String,
    /// Id of the step in the drawing.
    pub schritt: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sendung: Option<SendungId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dokument: Option<DokumentId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stoerung {
    pub ablauf: InstanceId,
    /// Which running of a step; the same number when it is mended.
    pub stelle: u64,
    /// Id of the step in the drawing, when it stops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schritt: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Probe {
    /// The webhook that is tried.
    #[schemars(with = "MessageId")]
    pub webhook: Uuid,
}

/// One type of the catalogue.
pub struct Art {
    pub typ: &'static str,
    /// German sentence: when it is sent.
    pub wann: &'static str,
    /// JSON Schema (2020-12) of the whole event.
    pub schema: fn() -> Schema,
}

macro_rules! katalog {
    ($($name:ident($daten:ident, $subjekt:ident . $feld:ident) = $typ:literal, $wann:literal;)*
     => $($prozess:literal, $prozess_wann:literal;)*) => {
        /// Something that happened.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Ereignis {
            $(#[doc = $wann] $name($daten),)*
            /// A step that its process declares an event, under this type.
            Schritt(Arc<str>, Schritt),
        }

        impl Ereignis {
            /// Type of the CloudEvent.
            pub fn typ(&self) -> &str {
                match self { $(Self::$name(_) => $typ,)* Self::Schritt(typ, _) => typ }
            }

            /// What it is about.
            pub fn subjekt(&self) -> String {
                match self {
                    $(Self::$name(d) => format!(concat!(stringify!($subjekt), ":{}"), d.$feld),)*
                    Self::Schritt(_, d) => format!("ablauf:{}", d.ablauf),
                }
            }

            /// `data` of the CloudEvent as JSON text.
            ///
            /// # Errors
            /// None in practice; the type of the writer has one.
            pub fn daten(&self) -> Result<String, serde_json::Error> {
                match self { $(Self::$name(d) => serde_json::to_string(d),)* Self::Schritt(_, d) => serde_json::to_string(d) }
            }
        }

        /// Every type that this software sends.
        pub const KATALOG: &[Art] = &[
            $(Art { typ: $typ, wann: $wann, schema: || schema::<$daten>($typ, $wann) },)*
            $(Art { typ: $prozess, wann: $prozess_wann, schema: || schema::<Schritt>($prozess, $prozess_wann) },)*
        ];
    };
}

katalog! {
    SendungEingegangen(Sendung, sendung.sendung) = "de.eakte.sendung.eingegangen.v1", "Eine Sendung ist angenommen und gesichert.";
    DokumentAbgelegt(Ablage, dokument.dokument) = "de.eakte.dokument.abgelegt.v1", "Ein Dokument ist in eine Akte gelegt, auch in eine andere als bisher.";
    FassungAngelegt(Fassung, dokument.dokument) = "de.eakte.fassung.angelegt.v1", "Ein Dokument hat eine neue Fassung; die bisherige bleibt lesbar.";
    AkteAngelegt(Akte, akte.akte) = "de.eakte.akte.angelegt.v1", "Eine Akte ist angelegt.";
    AkteGeschlossen(Akte, akte.akte) = "de.eakte.akte.geschlossen.v1", "Eine Akte ist zu den Akten geschrieben.";
    AkteGeoeffnet(Akte, akte.akte) = "de.eakte.akte.geoeffnet.v1", "Eine geschlossene Akte ist wieder geöffnet.";
    AblaufGestartet(Ablauf, ablauf.ablauf) = "de.eakte.ablauf.gestartet.v1", "Ein Ablauf ist gestartet.";
    AblaufBeendet(Ablauf, ablauf.ablauf) = "de.eakte.ablauf.beendet.v1", "Ein Ablauf ist an einem seiner Enden angekommen.";
    AblaufGescheitert(Ablauf, ablauf.ablauf) = "de.eakte.ablauf.gescheitert.v1", "Ein Ablauf endete mit einem Fehler, den er an seinen Aufrufer weitergibt.";
    AblaufAbgebrochen(Ablauf, ablauf.ablauf) = "de.eakte.ablauf.abgebrochen.v1", "Ein Ablauf ist abgebrochen, vom Betrieb oder mit seinem Aufrufer.";
    AufgabeAngelegt(Aufgabe, aufgabe.aufgabe) = "de.eakte.aufgabe.angelegt.v1", "Eine Aufgabe wartet auf jemanden.";
    AufgabeErledigt(Aufgabe, aufgabe.aufgabe) = "de.eakte.aufgabe.erledigt.v1", "Jemand hat eine Aufgabe erledigt.";
    AufgabeZurueckgezogen(Aufgabe, aufgabe.aufgabe) = "de.eakte.aufgabe.zurueckgezogen.v1", "Eine offene Aufgabe wird nicht mehr gebraucht.";
    StoerungAufgetreten(Stoerung, ablauf.ablauf) = "de.eakte.stoerung.aufgetreten.v1", "Ein Schritt eines Ablaufs kommt nicht weiter, der Betrieb muss hinsehen.";
    StoerungBehoben(Stoerung, ablauf.ablauf) = "de.eakte.stoerung.behoben.v1", "Ein gestörter Schritt wird wieder versucht oder nicht mehr gebraucht.";
    WebhookGeprueft(Probe, webhook.webhook) = "de.eakte.webhook.geprueft.v1", "Jemand prüft mit „eakte webhook test“, ob Ereignisse ankommen.";
    // Steps that the drawings name.
    =>
    "de.eakte.rechnung.angeordnet.v1", "Die Auszahlung einer Rechnung ist angeordnet.";
    "de.eakte.rechnung.uebergeben.v1", "Die Buchung einer Rechnung ist an die Finanzsoftware übergeben.";
    "de.eakte.rechnung.bezahlt.v1", "Die Finanzsoftware meldet die Zahlung einer Rechnung.";
    "de.eakte.rechnung.storniert.v1", "Die Finanzsoftware hat den Beleg einer Rechnung storniert.";
    "de.eakte.beschluss.gefasst.v1", "Das entscheidende Gremium hat einen Beschluss gefasst, der jetzt vollzogen wird.";
}

/// The schema of an event of one type, written out in one piece.
fn schema<T: JsonSchema>(typ: &str, wann: &str) -> Schema {
    let settings = SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true);
    let mut schema = SchemaGenerator::new(settings).into_root_schema_for::<CloudEvent<T>>();
    schema.insert("title".to_owned(), typ.into());
    schema.insert("description".to_owned(), wann.into());
    for (name, value) in [("type", typ), ("specversion", "1.0"), ("datacontenttype", "application/json")] {
        if let Some(one) = schema.pointer_mut(&format!("/properties/{name}")).and_then(Value::as_object_mut) {
            one.insert("const".to_owned(), value.into());
        }
    }
    schema
}

/// Where the API tells more about a subject, without the address of the portal.
pub fn api(subjekt: &str) -> Option<String> {
    let (art, id) = subjekt.split_once(':')?;
    let path = match art {
        "sendung" => "intake",
        "dokument" => "documents",
        "ablauf" => "instances",
        "aufgabe" => "tasks",
        _ => return None,
    };
    Some(format!("/api/v1/{path}/{id}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn types_are_paths_of_small_letters_that_occur_once() {
        let mut seen = std::collections::BTreeSet::new();
        for art in KATALOG {
            let words: Vec<&str> = art.typ.split('.').collect();
            assert_eq!((words.len(), words[0], words[1], words[4]), (5, "de", "eakte", "v1"), "{}", art.typ);
            assert!(art.typ.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.'), "{}", art.typ);
            assert!(seen.insert(art.typ), "{} twice", art.typ);
            assert!(art.wann.ends_with('.'), "{}", art.wann);
        }
    }

    /// Only ids, kinds and days: nothing that a person wrote or that names one.
    #[test]
    fn the_data_of_an_event_have_no_room_for_text() {
        const KURZ: [&str; 2] = ["prozess", "schritt"];
        for art in KATALOG {
            let schema = (art.schema)();
            let data = schema.pointer("/properties/data/properties").unwrap().as_object().unwrap();
            assert!(!data.is_empty(), "{}", art.typ);
            for (name, one) in data {
                let text = one.to_string();
                let kind = ["\"uuid\"", "\"date\"", "\"enum\"", "\"integer\""].iter().any(|word| text.contains(word));
                assert!(kind || KURZ.contains(&name.as_str()), "{}: {name} {text}", art.typ);
            }
        }
    }

    #[test]
    fn an_event_names_its_type_its_subject_and_its_data() {
        let id = Uuid::from_u128(7);
        let event = Ereignis::DokumentAbgelegt(Ablage {
            dokument: DokumentId(id),
            akte: AkteId(Uuid::from_u128(8)),
            vorgang: VorgangId(Uuid::from_u128(9)),
        });
        assert_eq!(event.typ(), "de.eakte.dokument.abgelegt.v1");
        assert_eq!(event.subjekt(), format!("dokument:{id}"));
        assert_eq!(api(&event.subjekt()).unwrap(), format!("/api/v1/documents/{id}"));
        let data: Value = serde_json::from_str(&event.daten().unwrap()).unwrap();
        assert_eq!(data["akte"], Uuid::from_u128(8).to_string());
    }
}
