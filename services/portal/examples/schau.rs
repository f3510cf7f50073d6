// SPDX-License-Identifier: EUPL-1.2
//! The portal with an invented backend in memory, to look at its pages: `cargo run -p service-portal --example schau`.
//! Address by the first argument (default 127.0.0.1:8099); `leer` as the second starts without any data.

#[path = "../tests/gemein/mod.rs"]
mod gemein;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "127.0.0.1:8099".into());
    let fake = if args.next().as_deref() == Some("leer") { gemein::Fake::leer() } else { gemein::Fake::neu() };
    let listener = tokio::net::TcpListener::bind(&address).await?;
    axum::serve(listener, service_portal::router(fake.state(true))).await
}
