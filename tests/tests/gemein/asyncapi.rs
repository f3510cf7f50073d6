// SPDX-License-Identifier: EUPL-1.2
//! The catalogue of events as an AsyncAPI 3.0 document.

use nachrichten::ereignisse::{Art, KATALOG, MEDIENTYP, VERTEILSTELLE};
use serde_json::{Value, json};

const HEAD: &str = "\
# SPDX-License-Identifier: EUPL-1.2
# Made from schemas/nachrichten/src/ereignisse.rs by `EAKTE_WRITE=1 cargo test --workspace --test contract_ereignisse`.
";

const ABOUT: &str = "Was in der E-Akte geschieht, für andere Systeme der Stadt: CloudEvents 1.0.2 in JSON (structured mode). \
Ein Ereignis enthält Kennungen, Arten und Tage, nie Namen, Betreff, Aktenzeichen oder Text: Wer zuhört, hört alles. \
Mehr sagt die REST-API (link), dem eigenen Konto nach seinen Rechten. Ereignisse zu einem Gegenstand (subject) kommen in \
ihrer Reihenfolge, sequence wächst; dasselbe Ereignis kann zweimal kommen, dann mit derselben id. Über HTTP kommen \
dieselben Ereignisse als Webhooks nach Standard Webhooks 1.0.0 (Köpfe webhook-id, webhook-timestamp, webhook-signature). \
Eigene Abläufe einer Stadt melden eigene Arten; ihre Daten sind wie die von de.eakte.rechnung.bezahlt.v1.";

/// `DokumentAbgelegt` of `de.eakte.dokument.abgelegt.v1`.
fn name(art: &Art) -> String {
    let words = art.typ.split('.').skip(2).take(2);
    words.map(|w| format!("{}{}", w[..1].to_uppercase(), &w[1..])).collect()
}

fn document() -> Vec<(&'static str, Value)> {
    let channel = |art: &Art| {
        json!({
            "address": art.typ,
            "description": art.wann,
            "messages": { name(art): { "$ref": format!("#/components/messages/{}", name(art)) } },
            "bindings": { "amqp": {
                "is": "routingKey",
                "exchange": { "name": VERTEILSTELLE, "type": "topic", "durable": true, "autoDelete": false, "vhost": "/" },
                "bindingVersion": "0.3.0",
            } },
        })
    };
    let message = |art: &Art| {
        json!({
            "name": art.typ,
            "title": name(art),
            "summary": art.wann,
            "contentType": MEDIENTYP,
            "payload": {
                "schemaFormat": "application/schema+json;version=draft-07",
                "schema": { "$ref": format!("json/{}.json", art.typ) },
            },
            "bindings": { "amqp": { "contentEncoding": "utf-8", "messageType": art.typ, "bindingVersion": "0.3.0" } },
        })
    };
    let operation = |art: &Art| {
        json!({
            "action": "send",
            "channel": { "$ref": format!("#/channels/{}", name(art)) },
            "summary": art.wann,
            "bindings": { "amqp": { "deliveryMode": 2, "mandatory": false, "bindingVersion": "0.3.0" } },
        })
    };
    let all = |of: &dyn Fn(&Art) -> Value| KATALOG.iter().map(|a| (name(a), of(a))).collect::<serde_json::Map<_, _>>();
    vec![
        ("asyncapi", json!("3.0.0")),
        ("id", json!("urn:eakte:ereignisse:1")),
        (
            "info",
            json!({
                "title": "E-Akte: Ereignisse",
                "version": "1",
                "description": ABOUT,
                "license": { "name": "EUPL-1.2", "url": "https://interoperable-europe.ec.europa.eu/collection/eupl/eupl-text-eupl-12" },
            }),
        ),
        ("defaultContentType", json!(MEDIENTYP)),
        (
            "servers",
            json!({ "broker": {
            "host": "broker.stadt.example:5671",
            "protocol": "amqps",
            "protocolVersion": "0.9.1",
            "description": "RabbitMQ der Stadt; wer zuhört, bindet eine eigene Warteschlange an die Verteilstelle.",
        } }),
        ),
        ("channels", Value::Object(all(&channel))),
        ("operations", Value::Object(all(&operation))),
        ("components", json!({ "messages": Value::Object(all(&message)) })),
    ]
}

/// YAML in blocks; every text in quotes, so that none is taken for something else.
fn block(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let plain = key.bytes().all(|b| b.is_ascii_alphanumeric());
                let key = if plain { key.clone() } else { Value::from(key.as_str()).to_string() };
                out.push_str(&format!("{:indent$}{key}:", ""));
                if value.is_object() {
                    out.push('\n');
                    block(value, indent + 2, out);
                } else {
                    out.push_str(&format!(" {value}\n"));
                }
            }
        }
        other => out.push_str(&format!("{:indent$}{other}\n", "")),
    }
}

/// The whole file.
pub fn text() -> String {
    let mut out = HEAD.to_owned();
    for (key, value) in document() {
        block(&Value::Object(serde_json::Map::from_iter([(key.to_owned(), value)])), 0, &mut out);
    }
    out
}
