// SPDX-License-Identifier: EUPL-1.2
//! Webhooks on the operators' page.

use axum::http::StatusCode;

use crate::{browser::Browser, gemein::Fake};

const GESTOERT: &str = "/betrieb/webhooks/00000000-0000-0000-0000-000000008002";

#[tokio::test]
async fn an_operator_sees_how_each_webhook_is() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "betrieb");
    let page = b.get("/betrieb").await.text();
    for word in [
        "finanz",
        "12480",
        "läuft",
        "https://ris.stadt.example:8443/hooks/e-akte",
        "Die Gegenstelle antwortet mit Status 503.",
        "10 Versuche, es geht erst weiter, wenn Sie handeln",
        "Wieder einschalten",
    ] {
        assert!(page.contains(word), "{word}");
    }
    // What is well needs no buttons; what has nothing waiting, nothing to leave out.
    assert_eq!(page.matches("action=\"/betrieb/webhooks/").count(), 2);
    assert_eq!(page.matches("Nächstes Ereignis auslassen").count(), 1);
    let empty = Browser::als(&Fake::leer(), "betrieb").get("/betrieb").await.text();
    assert!(empty.contains("Kein anderes System hört zu."));
}

#[tokio::test]
async fn an_operator_acts_with_a_reason() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "betrieb");
    let refused = b.post(GESTOERT, &[("was", "erneut"), ("grund", " ")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("Nennen Sie einen Grund."));
    let refused = b.post(GESTOERT, &[("was", "anders"), ("grund", "Ratsinfo ist wieder da")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("value=\"Ratsinfo ist wieder da\""), "nothing typed is lost");
    assert!(fake.protokoll().is_empty());
    for (was, says) in [("erneut", "sofort wieder versucht"), ("auslassen", "ausgelassen")] {
        let done = b.post(GESTOERT, &[("was", was), ("grund", "Ratsinfo ist wieder da")]).await;
        assert_eq!(done.header("location"), format!("/betrieb?meldung=webhook-{was}"));
        assert!(b.get(done.header("location")).await.text().contains(says));
    }
    assert_eq!(
        fake.protokoll(),
        [
            "webhook erneut ratsinfo Ratsinfo ist wieder da Bea Betrieb",
            "webhook auslassen ratsinfo Ratsinfo ist wieder da Bea Betrieb"
        ]
    );
    let gone =
        b.post("/betrieb/webhooks/00000000-0000-0000-0000-000000009999", &[("was", "erneut"), ("grund", "so ist es")]);
    assert_eq!(gone.await.status, StatusCode::NOT_FOUND);
}
