// SPDX-License-Identifier: EUPL-1.2
//! Logs: message plus fields, English, on stderr; ids only, never personal data or document text.

/// Starts logging; `filter` as in `EAKTE_LOG`, e.g. `info,sqlx=warn`. A second call is harmless.
pub fn init(filter: &str, json: bool) {
    let filter =
        tracing_subscriber::EnvFilter::try_new(filter).unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = if json { builder.json().try_init() } else { builder.with_target(false).try_init() };
}
