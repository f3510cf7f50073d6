// SPDX-License-Identifier: EUPL-1.2
//! The trace of a letter, as a collector of OpenTelemetry gets it: its id is that of the Sendung, it leads from the receipt
//! over every job and the person's task to the filing, and it names nobody. The collector is played with the official
//! message types (opentelemetry-proto); over the servers the jobs went through RabbitMQ.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use gemein::haus::Haus;
use nachrichten::sendungen::Kanal;
use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};
use prost::Message as _;
use serde_json::json;
use service_platform::{config::TraceSettings, trace};

/// What arrived: the bytes as they were, and the spans by their id.
#[derive(Default)]
struct Sammler {
    raw: Vec<u8>,
    services: Vec<String>,
    spans: HashMap<Vec<u8>, Span>,
}

impl Sammler {
    fn take(&mut self, body: &[u8]) {
        self.raw.extend_from_slice(body);
        for resource in ExportTraceServiceRequest::decode(body).unwrap().resource_spans {
            for attribute in resource.resource.unwrap().attributes {
                if attribute.key == "service.name" {
                    self.services.push(format!("{:?}", attribute.value));
                }
            }
            for span in resource.scope_spans.into_iter().flat_map(|s| s.spans) {
                assert!(self.spans.insert(span.span_id.clone(), span).is_none(), "a span came twice");
            }
        }
    }

    fn one(&self, name: &str) -> &Span {
        let found: Vec<&Span> = self.spans.values().filter(|s| s.name == name).collect();
        assert_eq!(found.len(), 1, "{name}: {:?}", self.spans.values().map(|s| &s.name).collect::<Vec<_>>());
        found[0]
    }
}

/// Listens as a collector does (OTLP over HTTP, protobuf); refuses the first delivery, as one that is just starting.
async fn sammler() -> (String, Arc<Mutex<Sammler>>) {
    let got = Arc::new(Mutex::new(Sammler::default()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    let (to, refuse) = (got.clone(), Arc::new(Mutex::new(true)));
    let take = move |headers: axum::http::HeaderMap, body: axum::body::Bytes| async move {
        if std::mem::take(&mut *refuse.lock().unwrap()) {
            return Err(axum::http::StatusCode::SERVICE_UNAVAILABLE);
        }
        assert_eq!(headers["content-type"], "application/x-protobuf");
        to.lock().unwrap().take(&body);
        Ok(ExportTraceServiceResponse::default().encode_to_vec())
    };
    let router = axum::Router::new().route("/v1/traces", axum::routing::post(take));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, got)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_followed_from_its_receipt_to_its_filing() {
    let (url, got) = sammler().await;
    trace::start(&TraceSettings { url, ca_datei: String::new(), anteil: 1.0 }, "probe", "stadt").unwrap();
    let haus = Haus::neu().await;
    let poststelle = haus.person("poststelle").await;
    let stand = haus.bringe(Kanal::Scan, "brief.pdf", gemein::brief("trace"), None).await;
    let dokument = stand.documents[0].id;
    let task = haus.aufgabe(&poststelle, dokument, "ZuordnungBestaetigen").await;
    let werte = json!({ "entscheidung": "bestaetigen", "dokumentart": "stellungnahme", "titel": "Stellungnahme",
        "amt": "61", "einheit": task.variablen["zustaendigkeit"]["einheit"], "akte_titel": "Bebauungsplan",
        "vorgang_titel": "Beteiligung" });
    haus.erledige(&poststelle, &task, werte).await;
    haus.bis_stand(&poststelle, dokument, "abgelegt").await;
    // A document is filed a moment before the engine took the answer; the spans of that are written down behind its commit.
    for _ in 0..400 {
        if haus.zahl("SELECT count(*) FROM geschaeftsgang_auftrag").await == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    trace::finish().await;

    let got = got.lock().unwrap();
    let sendung = stand.receipt.0;
    println!("{} spans in {} bytes", got.spans.len(), got.raw.len());
    for span in got.spans.values() {
        assert_eq!(span.trace_id, sendung.as_bytes(), "{}: the trace is the Sendung", span.name);
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano, "{}", span.name);
        assert_ne!(span.status.clone().unwrap_or_default().code(), StatusCode::Error, "{}", span.name);
    }
    let root = got.one("annehmen");
    assert!(root.parent_span_id.is_empty(), "nothing is above it");
    assert_eq!(root.span_id, sendung.as_bytes()[8..]);
    for typ in ["erkennung.zerlegen.v1", "akten.anlegen.v1", "einordnung.vorschlagen.v1", "akten.ablegen.v1"] {
        let (job, attempt) = (got.one(&format!("auftrag {typ}")), got.one(typ));
        assert_eq!(job.parent_span_id, root.span_id, "{typ}");
        assert_eq!(attempt.parent_span_id, job.span_id, "{typ}");
        assert_eq!((job.kind(), attempt.kind()), (SpanKind::Producer, SpanKind::Consumer));
        // A job's start is known to the millisecond.
        assert!(job.start_time_unix_nano <= attempt.start_time_unix_nano, "{typ} began before it was made");
        assert!(attempt.end_time_unix_nano <= job.end_time_unix_nano, "{typ} ended after its result was taken");
    }
    let desk = got.one("aufgabe ZuordnungBestaetigen");
    assert_eq!(desk.parent_span_id, root.span_id);
    assert!(desk.end_time_unix_nano <= got.one("auftrag akten.ablegen.v1").end_time_unix_nano);
    assert!(got.services.iter().all(|s| s.contains("probe")));
    for secret in ["Stellungnahme", "Bebauungsplan", &poststelle.name, "brief.pdf"] {
        let found = got.raw.windows(secret.len()).any(|w| w == secret.as_bytes());
        assert!(!found, "spans tell {secret:?}");
    }
}
