// SPDX-License-Identifier: EUPL-1.2
//! Separator sheets, and the banner of the training Mandant.

use axum::{Router, body::Body, http::Request};

use crate::{browser::Browser, gemein::Fake};

#[tokio::test]
async fn who_runs_the_scan_station_prints_a_sheet_per_office() {
    let fake = Fake::neu();
    for kennung in ["poststelle", "betrieb"] {
        let b = Browser::als(&fake, kennung);
        let page = b.get("/organisation/trennblaetter").await;
        assert_eq!(page.status, 200);
        let text = page.text();
        assert_eq!(text.matches("class=\"trennblatt__code\"").count(), 11, "{text}");
        assert!(text.contains("EAKTE:TRENNBLATT;amt=66") && text.contains("66 Tiefbauamt"));
        assert!(b.get("/sendungen").await.text().contains("href=\"/organisation/trennblaetter\""));
    }
    let b = Browser::als(&fake, "poststelle");
    let one = "/organisation/trennblaetter?amt=66&art=rechnung&az=66.10-1/26&vertraulich=ja";
    let text = b.get(one).await.text();
    assert!(text.contains("QR-Code: EAKTE:TRENNBLATT;amt=66;art=rechnung;az=66.10-1/26;vertraulich=ja"), "{text}");
    let link = text.split("href=\"").find(|l| l.starts_with("/organisation/trennblaetter.pdf")).unwrap();
    let pdf = b.get(&link.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")).await;
    assert_eq!((pdf.status.as_u16(), pdf.header("content-type")), (200, "application/pdf"));
    assert!(pdf.bytes.starts_with(b"%PDF-"));
    let text = b.get("/organisation/trennblaetter?amt=%3Cscript%3E&az=%22%3E%3Cb").await.text();
    assert!(text.contains("Dieses Amt gibt es nicht.") && !text.contains("<b\""), "{text}");
    assert_eq!(b.get("/organisation/trennblaetter.pdf?amt=99").await.status, 404);

    let other = Browser::als(&fake, "feststellung");
    assert_eq!(other.get("/organisation/trennblaetter").await.status, 404);
    assert_eq!(other.get("/organisation/trennblaetter.pdf").await.status, 404);
    assert!(!other.get("/sendungen").await.text().contains("/organisation/trennblaetter"));
}

async fn page(router: &Router, path: &str, session: bool) -> String {
    let mut request = Request::get(path).body(Body::empty()).unwrap();
    if session {
        request.headers_mut().insert("cookie", "eakte_sitzung=token-poststelle".parse().unwrap());
    }
    let response = tower::ServiceExt::oneshot(router.clone(), request).await.unwrap();
    String::from_utf8(axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn every_page_of_the_training_world_says_so_and_no_other_does() {
    let fake = Fake::neu();
    let _session = Browser::als(&fake, "poststelle");
    for uebung in [true, false] {
        let mut state = fake.state(true);
        state.options.uebung = uebung;
        let router = service_portal::router(state);
        for (path, session) in [
            ("/anmelden", false),
            ("/hilfe/einrichtung", false),
            ("/", true),
            ("/sendungen", true),
            ("/gibt-es-nicht", true),
            ("/ablaeufe/00000000-0000-0006-0000-000000000002/druck", true),
        ] {
            let text = page(&router, path, session).await;
            let said = text.contains("<strong>Übungsmandant</strong> – nichts hier ist echt");
            assert_eq!(said, uebung, "{path}: {text}");
        }
    }
}
