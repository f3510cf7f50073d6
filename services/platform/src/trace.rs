// SPDX-License-Identifier: EUPL-1.2
//! Traces (OpenTelemetry): the way of one Sendung from its receipt to its filing, over all processes.
//!
//! The id of a trace is the id of its Sendung without the hyphens: who holds a receipt finds the trace, and nobody has to
//! keep anything for it. A process that began without post takes the id of its instance. The id of a span is the end of
//! the id of the record it tells of, so a parent is known long before its span ends:
//!
//! | span | from | to | id | parent |
//! |---|---|---|---|---|
//! | `annehmen` | the bytes are here | receipt | Sendung | - |
//! | `auftrag TYP` | job made | its result taken | job | Sendung |
//! | `TYP`, one per attempt | a worker has it | it answers | job and attempt | job |
//! | `aufgabe ELEMENT` | task made | done | task | Sendung |
//!
//! Between processes the context travels in [`Job::trace`], as W3C `traceparent`; a worker of somebody else's finds it
//! there too. Spans carry ids, names of our own and durations: no person, no text of a document.
//!
//! Without a collector (`trace.url`) nothing of this costs anything. One that is away loses spans and holds up nobody.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use nachrichten::job::Job;
use opentelemetry::{
    InstrumentationScope,
    propagation::TextMapPropagator as _,
    trace::{SpanContext, SpanId, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState},
};
pub use opentelemetry::{KeyValue, trace::SpanKind};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    propagation::TraceContextPropagator,
    trace::{
        BatchSpanProcessor, Sampler, SamplingDecision, ShouldSample as _, SpanData, SpanEvents, SpanExporter,
        SpanLinks, SpanProcessor as _,
    },
};
use uuid::Uuid;

use crate::{
    config::TraceSettings,
    metriken::{Labels, metriken},
    webhook::authorities,
};

/// Time limit of one delivery to the collector.
const LIMIT: Duration = Duration::from_secs(5);
/// Bytes of the collector's answer that are read.
const ANSWER: u64 = 64 * 1024;
/// What the last spans may take when the process stops.
const FLUSH: Duration = Duration::from_secs(3);
const PARENT: &str = "traceparent";

static TRACES: OnceLock<Traces> = OnceLock::new();

/// Where the spans of this process go, and of which Sendungen.
struct Traces {
    spans: BatchSpanProcessor,
    sampler: Sampler,
    scope: InstrumentationScope,
}

/// Starts to tell the collector, if the settings name one; `services` are those of this process. The second call in a
/// process changes nothing.
///
/// # Errors
/// Sentence for the operator: an address or a share that is none, authorities that cannot be read.
pub fn start(settings: &TraceSettings, services: &str, mandant: &str) -> Result<(), String> {
    if settings.url.is_empty() || TRACES.get().is_some() {
        return Ok(());
    }
    checked(settings)?;
    let client = Client::new(settings)?;
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(&settings.url)
        .with_timeout(LIMIT)
        .with_http_client(client);
    let exporter = exporter.build().map_err(|e| format!("trace.url: {e}"))?;
    let mut spans = BatchSpanProcessor::builder(Counted { to: exporter, lost: AtomicBool::new(false) }).build();
    let resource = Resource::builder_empty()
        .with_service_name(services.to_owned())
        .with_attribute(KeyValue::new("service.namespace", "eakte"))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attribute(KeyValue::new("eakte.mandant", mandant.to_owned()));
    spans.set_resource(&resource.build());
    let sampler = Sampler::TraceIdRatioBased(settings.anteil);
    let _ = TRACES.set(Traces { spans, sampler, scope: InstrumentationScope::builder("eakte").build() });
    Ok(())
}

/// A mistake in the settings is told at the start: later nothing would show but traces that are missing.
fn checked(settings: &TraceSettings) -> Result<(), String> {
    let address = settings.url.parse::<ureq::http::Uri>().ok();
    let fits = |uri: &ureq::http::Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
    if !address.as_ref().is_some_and(fits) {
        return Err(format!(
            "trace.url: „{}“ ist keine Adresse. Schreiben Sie zum Beispiel http://127.0.0.1:4318/v1/traces.",
            settings.url
        ));
    }
    if !(0.0..=1.0).contains(&settings.anteil) {
        return Err(format!("trace.anteil: {} liegt nicht zwischen 0 und 1.", settings.anteil));
    }
    Ok(())
}

/// Sends what is still here; for the end of the process.
pub async fn finish() {
    if let Some(traces) = TRACES.get() {
        let _ = tokio::task::spawn_blocking(|| traces.spans.shutdown_with_timeout(FLUSH)).await;
    }
}

/// Does this process tell anybody?
pub fn is_on() -> bool {
    TRACES.get().is_some()
}

/// The trace that something belongs to, and the span above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    trace: TraceId,
    parent: SpanId,
}

/// The end of an id; that part of a UUID is random or a hash.
fn span_id(id: Uuid) -> SpanId {
    SpanId::from(id.as_u64_pair().1)
}

impl Context {
    /// What belongs to a Sendung or, without one, to an instance; none when nobody listens or this one is left out.
    pub fn of(root: Uuid) -> Option<Self> {
        let traces = TRACES.get()?;
        let trace = TraceId::from(root.as_u128());
        let sample = traces.sampler.should_sample(None, trace, "", &SpanKind::Internal, &[], &[]);
        (sample.decision == SamplingDecision::RecordAndSample).then(|| Self { trace, parent: span_id(root) })
    }

    /// The same trace below the span of a record.
    pub fn below(&self, record: Uuid) -> Self {
        Self { trace: self.trace, parent: span_id(record) }
    }

    /// For a message (W3C Trace Context, `traceparent`).
    pub fn header(&self) -> String {
        format!("00-{}-{}-01", self.trace, self.parent)
    }

    fn read(header: &str) -> Option<Self> {
        let carrier = std::collections::HashMap::from([(PARENT.to_owned(), header.to_owned())]);
        let found = TraceContextPropagator::new().extract(&carrier);
        let span = found.span();
        let context = span.span_context();
        (context.is_valid() && context.is_sampled())
            .then(|| Self { trace: context.trace_id(), parent: context.span_id() })
    }
}

/// Something that took its time and is over.
pub struct Span<'a> {
    pub context: Context,
    /// The record it tells of.
    pub id: Uuid,
    pub kind: SpanKind,
    pub name: String,
    pub from: SystemTime,
    pub to: SystemTime,
    pub attributes: Vec<KeyValue>,
    /// A word, when it did not end well.
    pub failed: Option<&'a str>,
}

impl Span<'_> {
    /// Hands it over to be sent; never waits.
    pub fn note(self) {
        let Some(traces) = TRACES.get() else { return };
        let id = span_id(self.id);
        // The first of a trace has none above it.
        let parent = if id == self.context.parent { SpanId::INVALID } else { self.context.parent };
        traces.spans.on_end(SpanData {
            span_context: SpanContext::new(self.context.trace, id, TraceFlags::SAMPLED, false, TraceState::NONE),
            parent_span_id: parent,
            parent_span_is_remote: true,
            span_kind: self.kind,
            name: self.name.into(),
            start_time: self.from,
            end_time: self.to,
            attributes: self.attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: self.failed.map_or(Status::Unset, |word| Status::error(word.to_owned())),
            instrumentation_scope: traces.scope.clone(),
        });
    }
}

/// When a record was made, by its id (UUIDv7); to the millisecond.
pub fn born(id: Uuid) -> Option<SystemTime> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    Some(SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos))
}

/// An attempt of a job, as its worker saw it; `result` is the word that metrics use too.
pub fn attempt(job: &Job, from: SystemTime, result: &'static str) {
    let Some(context) = job.trace.as_deref().filter(|_| is_on()).and_then(Context::read) else { return };
    let id = Uuid::new_v5(&job.id.0, &job.attempt.to_be_bytes());
    let attributes = vec![
        KeyValue::new("messaging.system", "rabbitmq"),
        KeyValue::new("messaging.operation.type", "process"),
        KeyValue::new("messaging.destination.name", job.typ.clone()),
        KeyValue::new("eakte.job.id", job.id.to_string()),
        KeyValue::new("eakte.job.attempt", i64::from(job.attempt)),
        KeyValue::new("eakte.result", result),
    ];
    // What cannot be read has a path in its process; the others come again or stop.
    let failed = (!matches!(result, "ok" | "unreadable")).then_some(result);
    let (kind, name, to) = (SpanKind::Consumer, job.typ.clone(), SystemTime::now());
    Span { context, id, kind, name, from, to, attributes, failed }.note();
}

/// Counts what arrived and what was lost, and says once when that changes.
#[derive(Debug)]
struct Counted {
    to: opentelemetry_otlp::SpanExporter,
    lost: AtomicBool,
}

impl SpanExporter for Counted {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len() as u64;
        let sent = self.to.export(batch).await;
        let result = if sent.is_ok() { "sent" } else { "lost" };
        let labels: Labels = vec![("result", result.to_owned())];
        metriken().trace_spans.get_or_create(&labels).inc_by(count);
        match (&sent, self.lost.swap(sent.is_err(), Ordering::Relaxed)) {
            (Err(error), false) => tracing::warn!(%error, "the collector of traces does not take spans, they are lost"),
            (Ok(()), true) => tracing::info!("the collector of traces takes spans again"),
            _ => {}
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.to.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.to.set_resource(resource);
    }
}

/// The blocking client that webhooks use too, on the thread that sends spans.
#[derive(Debug)]
struct Client(ureq::Agent);

impl Client {
    fn new(settings: &TraceSettings) -> Result<Self, String> {
        use ureq::tls::{RootCerts, TlsConfig};
        let roots = match settings.ca_datei.as_str() {
            "" => RootCerts::WebPki,
            file => RootCerts::from(authorities("trace.ca_datei", file)?),
        };
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(LIMIT))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .user_agent(concat!("eakte/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(roots).build());
        Ok(Self(config.build().new_agent()))
    }
}

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let (head, mut body) = self.0.run(Request::from_parts(head, &body[..]))?.into_parts();
        let bytes = body.with_config().limit(ANSWER).read_to_vec()?;
        Ok(Response::from_parts(head, bytes.into()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_context_travels_as_traceparent() {
        let root = Uuid::from_u128(0x0193_6f2a_7c00_7abc_8123_4567_89ab_cdef);
        let context = Context { trace: TraceId::from(root.as_u128()), parent: span_id(root) };
        let header = context.header();
        assert_eq!(header, "00-01936f2a7c007abc8123456789abcdef-8123456789abcdef-01");
        assert_eq!(Context::read(&header).unwrap(), context);
        assert_eq!(
            context.below(Uuid::from_u128(7)).header(),
            "00-01936f2a7c007abc8123456789abcdef-0000000000000007-01"
        );
    }

    #[test]
    fn mistakes_in_the_settings_are_told() {
        let told = |url: &str, anteil| checked(&TraceSettings { url: url.into(), ca_datei: String::new(), anteil });
        for url in ["unsinn", "ftp://x/y", "http://", "/v1/traces", "127.0.0.1:4318"] {
            assert!(told(url, 1.0).is_err_and(|text| text.starts_with("trace.url")), "{url}");
        }
        for anteil in [-0.1, 1.1, 7.0, f64::NAN, f64::INFINITY] {
            assert!(told("http://127.0.0.1:4318/v1/traces", anteil).is_err_and(|t| t.starts_with("trace.anteil")));
        }
        for anteil in [0.0, 0.25, 1.0] {
            assert_eq!(told("https://sammler.stadt.example/v1/traces", anteil), Ok(()));
        }
    }

    #[test]
    fn what_is_no_context_or_not_to_be_followed_is_none() {
        for header in [
            "",
            "00",
            "00-01936f2a7c007abc8123456789abcdef-8123456789abcdef-00",
            "00-00000000000000000000000000000000-8123456789abcdef-01",
            "00-01936f2a7c007abc8123456789abcdef-0000000000000000-01",
            "00-01936F2A7C007ABC8123456789ABCDEF-8123456789abcdef-01",
        ] {
            assert_eq!(Context::read(header), None, "{header}");
        }
    }
}
