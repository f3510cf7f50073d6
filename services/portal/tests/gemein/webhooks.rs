// SPDX-License-Identifier: EUPL-1.2
//! Three receivers: one that is well, one that gave no answer until nobody asked any more, one that wants nothing.

use async_trait::async_trait;
use nachrichten::{Actor, fehler::Fehler};
use service_platform::webhook::{Stand, Webhook};
use uuid::Uuid;

use super::{Fake, daten::vor};

fn hook(n: u128, name: &str, url: &str, typen: &[&str]) -> Webhook {
    Webhook {
        id: Uuid::from_u128(0x8000 + n),
        name: name.into(),
        url: url.into(),
        typen: typen.iter().map(|t| (*t).to_owned()).collect(),
        stand: Stand::Aktiv,
        versuche: 0,
        naechster: None,
        fehler: None,
        fehler_seit: None,
        zugestellt: 0,
        letzter_erfolg: None,
        angelegt: vor(9_000),
        wartend: 0,
    }
}

pub fn webhooks() -> Vec<Webhook> {
    vec![
        Webhook {
            zugestellt: 12_480,
            letzter_erfolg: Some(vor(1)),
            ..hook(1, "finanz", "https://finanz.stadt.example/ereignisse", &["de.eakte.rechnung.*"])
        },
        Webhook {
            stand: Stand::Gestoert,
            versuche: 10,
            fehler: Some("Die Gegenstelle antwortet mit Status 503.".into()),
            fehler_seit: Some(vor(4_600)),
            zugestellt: 311,
            letzter_erfolg: Some(vor(4_601)),
            wartend: 57,
            ..hook(2, "ratsinfo", "https://ris.stadt.example:8443/hooks/e-akte", &["de.eakte.beschluss.*"])
        },
        Webhook {
            stand: Stand::Abgeschaltet,
            fehler: Some("Die Gegenstelle möchte keine Ereignisse mehr (Status 410).".into()),
            fehler_seit: Some(vor(300)),
            ..hook(3, "versuch", "https://test.stadt.example/", &["*"])
        },
    ]
}

#[async_trait]
impl service_portal::Webhooks for Fake {
    async fn liste(&self, _: &Actor) -> Result<Vec<Webhook>, Fehler> {
        Ok(self.welt.lock().unwrap().webhooks.clone())
    }
    async fn erneut(&self, actor: &Actor, hook: Uuid, grund: &str) -> Result<(), Fehler> {
        self.handeln("erneut", actor, hook, grund)
    }
    async fn ueberspringen(&self, actor: &Actor, hook: Uuid, grund: &str) -> Result<(), Fehler> {
        self.handeln("auslassen", actor, hook, grund)
    }
}

impl Fake {
    fn handeln(&self, was: &str, actor: &Actor, hook: Uuid, grund: &str) -> Result<(), Fehler> {
        let mut w = self.welt.lock().unwrap();
        let name = w.webhooks.iter().find(|h| h.id == hook).ok_or_else(Fehler::not_found)?.name.clone();
        w.protokoll.push(format!("webhook {was} {name} {grund} {}", actor.name));
        Ok(())
    }
}
