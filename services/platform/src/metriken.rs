// SPDX-License-Identifier: EUPL-1.2
//! What Prometheus reads of a process: counters that the ports keep while they work, and gauges that are asked when
//! somebody reads. Names and their German meanings stand in [`LISTE`]; a test compares them with what comes out.

use std::{
    sync::{LazyLock, atomic::AtomicU64},
    time::Duration,
};

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// Name and value of each label.
pub type Labels = Vec<(&'static str, String)>;
/// A gauge with labels.
pub type Wert = Family<Labels, Gauge<f64, AtomicU64>>;

/// Content type of [`Metriken::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Bounds of histograms in seconds: from a hop over the bus to a long page of OCR.
const BOUNDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 300.0];

macro_rules! metriken {
    ($($field:ident: $kind:ident $name:literal $help:literal;)*) => {
        /// Everything one process counts. Seconds are seconds; labels stand in the help text.
        pub struct Metriken {
            registry: Registry,
            $(#[doc = $help] pub $field: metriken!(@type $kind),)*
        }

        /// Name as Prometheus reads it, kind and meaning of each.
        pub const LISTE: &[(&str, &str, &str)] = &[$((metriken!(@name $kind $name), stringify!($kind), $help)),*];

        impl Metriken {
            fn new() -> Self {
                let mut registry = Registry::default();
                $(
                    let $field: metriken!(@type $kind) = metriken!(@new $kind);
                    registry.register($name, $help, $field.clone());
                )*
                Self { registry, $($field),* }
            }

            /// A family without values is not shown.
            #[cfg(test)]
            fn touch(&self) {
                $(let _ = self.$field.get_or_create(&Labels::new());)*
            }
        }
    };
    (@type counter) => { Family<Labels, Counter> };
    (@type gauge) => { Wert };
    (@type histogram) => { Family<Labels, Histogram, fn() -> Histogram> };
    (@new counter) => { Family::default() };
    (@new gauge) => { Family::default() };
    (@new histogram) => { Family::new_with_constructor(histogram as fn() -> Histogram) };
    (@name counter $name:literal) => { concat!($name, "_total") };
    (@name $kind:ident $name:literal) => { $name };
}

fn histogram() -> Histogram {
    Histogram::new(BOUNDS)
}

metriken! {
    build_info: gauge "eakte_build_info" "Version und Dienste dieses Prozesses (version, service), immer 1";
    memory: gauge "process_resident_memory_bytes" "Belegter Arbeitsspeicher des Prozesses in Byte";
    started: gauge "process_start_time_seconds" "Start des Prozesses, Sekunden seit 1970";
    files: gauge "process_open_fds" "Offene Dateien und Verbindungen des Prozesses";
    ready: gauge "eakte_ready" "1, wenn der Teil antwortet (part: datenbank, bus, blobs, abschottung, platz, zertifikat)";
    outbox_rows: gauge "eakte_outbox_rows" "Nachrichten zwischen Diensten, die noch niemand bestätigt hat";
    outbox_oldest: gauge "eakte_outbox_oldest_seconds" "Alter der ältesten davon";
    jobs: gauge "eakte_jobs" "Aufträge je Art (type) und Stand (state: ready, out, failed)";
    job_oldest: gauge "eakte_job_oldest_seconds" "Alter des ältesten wartenden Auftrags je Art (type)";
    incidents: gauge "eakte_incidents" "Offene Störungen";
    tasks_open: gauge "eakte_tasks_open" "Offene Aufgaben von Menschen";
    instances: gauge "eakte_instances" "Laufende Abläufe je Stand (state)";
    timers_late: gauge "eakte_timers_late_seconds" "Verspätung der ältesten fälligen Frist";
    jobs_done: counter "eakte_jobs_done" "Bearbeitete Aufträge je Art und Ergebnis (type, result: ok, error, retry, unreadable)";
    job_seconds: histogram "eakte_job_seconds" "Dauer eines Auftrags beim Bearbeiter (type)";
    http_requests: counter "eakte_http_requests" "Beantwortete Anfragen (service, status)";
    http_seconds: histogram "eakte_http_seconds" "Dauer einer Anfrage (service)";
    bus_connected: gauge "eakte_bus_connected" "1, wenn der Bus Nachrichten nimmt und gibt";
    bus_published: counter "eakte_bus_published" "Nachrichten, die der Bus sicher hat";
    bus_returned: counter "eakte_bus_returned" "Nachrichten, für die es keine Warteschlange gab";
    bus_dead_letters: gauge "eakte_bus_dead_letters" "Abgelegte Nachrichten, die niemand bearbeiten konnte (queue)";
    blob_calls: counter "eakte_blob_calls" "Fragen an den Dokumentenspeicher (op, result: ok, missing, away, refused)";
    blob_open_circuit: gauge "eakte_blob_open_circuit" "1, solange der Dokumentenspeicher als weg gilt";
    event_rows: gauge "eakte_event_rows" "Ereignisse für andere Systeme, die noch niemand hat";
    event_oldest: gauge "eakte_event_oldest_seconds" "Alter des ältesten davon";
    webhook_due: gauge "eakte_webhook_due" "Zustellungen an Webhooks, die ausstehen";
    webhook_failed: gauge "eakte_webhook_failed" "Webhooks, die aufgegeben haben und auf den Betrieb warten";
    trace_spans: counter "eakte_trace_spans" "Abschnitte für den Sammler der Spuren (result: sent, lost)";
    findings: gauge "eakte_reconcile_findings" "Befunde des letzten Abgleichs (kind: missing, duplicate, altered, orphan, unaudited, pending, quarantined)";
    reconcile_age: gauge "eakte_reconcile_age_seconds" "Alter des letzten Abgleichs";
    backup_age: gauge "eakte_backup_age_seconds" "Alter der letzten Sicherung mit eakte backup";
    seal_age: gauge "eakte_audit_seal_age_seconds" "Wie lange der älteste Eintrag des Protokolls schon auf sein Siegel wartet";
}

impl Metriken {
    /// Everything as OpenMetrics text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a String does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    /// What the kernel says about this process (Linux).
    pub fn of_process(&self, services: &str) {
        let set = |wert: &Wert, value: f64| wert.get_or_create(&Labels::new()).set(value);
        let labels = vec![("version", env!("CARGO_PKG_VERSION").to_owned()), ("service", services.to_owned())];
        self.build_info.get_or_create(&labels).set(1.0);
        if let Some(bytes) = resident() {
            set(&self.memory, bytes);
        }
        if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
            set(&self.files, files.count() as f64);
        }
        set(&self.started, *STARTED);
    }
}

/// Bytes of memory that are really there.
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|kilobytes| kilobytes * 1024.0)
}

static STARTED: LazyLock<f64> = LazyLock::new(|| {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    since.as_secs_f64()
});

static METRIKEN: LazyLock<Metriken> = LazyLock::new(Metriken::new);

/// The metrics of this process.
pub fn metriken() -> &'static Metriken {
    LazyLock::force(&STARTED);
    &METRIKEN
}

/// One more of something.
pub fn count(family: &Family<Labels, Counter>, labels: Labels) {
    family.get_or_create(&labels).inc();
}

/// Something took this long.
pub fn observe(family: &Family<Labels, Histogram, fn() -> Histogram>, labels: Labels, took: Duration) {
    family.get_or_create(&labels).observe(took.as_secs_f64());
}

/// Sets one value without labels.
pub fn set(wert: &Wert, value: f64) {
    wert.get_or_create(&Labels::new()).set(value);
}

/// Replaces all values of a gauge: what is no longer there disappears instead of standing still.
pub fn replace(wert: &Wert, values: impl IntoIterator<Item = (Labels, f64)>) {
    wert.clear();
    for (labels, value) in values {
        wert.get_or_create(&labels).set(value);
    }
}

/// Notes that a job was answered.
pub fn job_done(typ: &str, result: &'static str, took: Duration) {
    let m = metriken();
    count(&m.jobs_done, vec![("type", typ.to_owned()), ("result", result.to_owned())]);
    observe(&m.job_seconds, vec![("type", typ.to_owned())], took);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_out_is_what_the_list_says() {
        let m = Metriken::new();
        m.of_process("probe");
        set(&m.incidents, 3.0);
        replace(&m.jobs, [(vec![("type", "a".to_owned())], 1.0), (vec![("type", "b".to_owned())], 2.0)]);
        replace(&m.jobs, [(vec![("type", "b".to_owned())], 4.0)]);
        count(&m.bus_returned, Labels::new());
        observe(&m.job_seconds, vec![("type", "a".to_owned())], Duration::from_millis(3));
        let text = m.text();
        assert!(text.contains("eakte_incidents 3.0\n") && text.contains("eakte_jobs{type=\"b\"} 4.0\n"), "{text}");
        assert!(!text.contains("type=\"a\"} 1.0"), "what is gone is not said: {text}");
        assert!(text.contains("eakte_bus_returned_total 1\n"), "{text}");
        assert!(text.contains("eakte_job_seconds_bucket{le=\"0.005\",type=\"a\"} 1\n"), "{text}");
        assert!(text.contains("eakte_job_seconds_bucket{le=\"0.0025\",type=\"a\"} 0\n"), "{text}");
        assert!(text.ends_with("# EOF\n"));
        assert!(resident().unwrap() > 1e6);
        m.touch();
        let text = m.text();
        let mut names: Vec<&str> = LISTE.iter().map(|(name, ..)| *name).collect();
        for name in &names {
            let family = name.strip_suffix("_total").unwrap_or(name);
            assert!(text.contains(&format!("# TYPE {family} ")), "{name}");
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), LISTE.len(), "a name twice");
    }
}
