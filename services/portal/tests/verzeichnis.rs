// SPDX-License-Identifier: EUPL-1.2
//! Login by the city's directory: real accounts on both databases, a login provider with keys of its own that lies,
//! breaks and stays silent, and browsers that bring what they should not. A certified provider: `tests/browser`.
#![allow(clippy::unwrap_used)]

#[path = "verzeichnis/abmelden.rs"]
mod abmelden;
#[path = "verzeichnis/anbieter.rs"]
mod anbieter;
#[path = "verzeichnis/angriff.rs"]
mod angriff;
#[path = "verzeichnis/anmelden.rs"]
mod anmelden;
#[path = "verzeichnis/ausfall.rs"]
mod ausfall;
mod gemein;
#[path = "verzeichnis/welt.rs"]
mod welt;

use std::{collections::BTreeMap, future::Future};

use service_platform::db::Db;
use service_platform_testkit::{postgres, sqlite};
use welt::Welt;

/// Runs a test on SQLite, and on PostgreSQL when there is one, there with the rights of the portal's own role.
pub async fn each<F: Future<Output = ()>>(test: impl Fn(Welt) -> F) {
    let local = sqlite().await;
    test(Welt::neu(&local.db, &local.db).await).await;
    if let Some(server) = postgres().await {
        server.db.give_roles().await.unwrap();
        let portal = Db::postgres_as(&server.url, Some("eakte_portal"), 8).await.unwrap();
        test(Welt::neu(&server.db, &portal).await).await;
        portal.close().await;
    }
}

/// On SQLite alone: what does not touch the database's part.
pub async fn on_sqlite<F: Future<Output = ()>>(test: impl FnOnce(Welt) -> F) {
    let local = sqlite().await;
    test(Welt::neu(&local.db, &local.db).await).await;
}

/// Fields of a query or form.
pub fn decode(text: &str) -> BTreeMap<String, String> {
    openidconnect::url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}
