// SPDX-License-Identifier: EUPL-1.2
//! The REST API.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::json;

use crate::{
    browser::{Browser, Seite},
    gemein::Fake,
};

const TASK: &str = "/api/v1/tasks/00000000-0000-0005-0000-000000000002";

/// A program with a token.
struct Programm(Browser);

impl Programm {
    fn neu(fake: &Fake, kennung: &'static str) -> Self {
        let b = Browser::als(fake, kennung);
        Self(Browser { kennung: None, ..b })
    }
    async fn call(&self, kennung: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Seite {
        let mut r =
            Request::builder().method(method).uri(path).header("authorization", format!("Bearer token-{kennung}"));
        for (n, v) in headers {
            r = r.header(*n, *v);
        }
        self.0.send(r.body(Body::from(body.to_vec())).unwrap()).await
    }
    async fn get(&self, path: &str) -> Seite {
        self.call("feststellung", "GET", path, &[], b"").await
    }
}

#[test]
fn the_description_is_the_committed_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/openapi.json");
    let now = service_portal::openapi();
    if std::env::var_os("EAKTE_UPDATE").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(now == committed, "schemas/openapi.json differs from the code; write it with EAKTE_UPDATE=1");
    let doc: serde_json::Value = serde_json::from_str(&now).unwrap();
    assert_eq!(doc["openapi"], "3.1.0");
    assert_eq!(doc["paths"].as_object().unwrap().len(), 14);
}

#[tokio::test]
async fn every_path_asks_who_is_there() {
    let fake = Fake::neu();
    let b = Browser::fremd(&fake);
    let doc: serde_json::Value = serde_json::from_str(&service_portal::openapi()).unwrap();
    for (path, methods) in doc["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let address = path
                .replace("{id}", "00000000-0000-0005-0000-000000000002")
                .replace("{n}", "1")
                .replace("{name}", "original");
            let r =
                Request::builder().method(method.to_uppercase().as_str()).uri(&address).body(Body::empty()).unwrap();
            let answer = b.send(r).await;
            if path.ends_with("/health") || path.ends_with("/ready") {
                assert_eq!(answer.status, 200, "{path}");
                continue;
            }
            assert_eq!((answer.status.as_u16(), answer.header("www-authenticate")), (401, "Bearer"), "{method} {path}");
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
    }
}

#[tokio::test]
async fn problems_are_told_in_words_with_code_and_number() {
    let fake = Fake::neu();
    let p = Programm::neu(&fake, "feststellung");
    let answer = p.get("/api/v1/documents/kein-uuid").await;
    let body = answer.json();
    assert_eq!(body["request_id"], answer.header("x-request-id"));
    let mut known = body.clone();
    known["request_id"] = json!("#");
    assert_eq!(
        known,
        json!({"type": "urn:eakte:fehler:E7004", "title": "Nicht gefunden", "status": 404, "code": "E7004", "request_id": "#",
               "detail": "Diese Seite gibt es nicht oder Sie dürfen sie nicht sehen."})
    );
    let unknown = p.get("/api/v1/gibtesnicht").await;
    assert_eq!((unknown.status.as_u16(), unknown.json()["code"].as_str().unwrap()), (404, "E7004"));
    let method = p.call("feststellung", "DELETE", "/api/v1/documents", &[], b"").await;
    assert_eq!((method.status.as_u16(), method.json()["code"].as_str().unwrap()), (405, "E7005"));
    assert!(method.header("allow").contains("GET"));
}

#[tokio::test]
async fn intake_needs_a_key_and_answers_with_a_receipt() {
    let fake = Fake::neu();
    let p = Programm::neu(&fake, "poststelle");
    let post = |path: &'static str, headers: &'static [(&str, &str)], body: &'static [u8]| {
        p.call("poststelle", "POST", path, headers, body)
    };
    assert_eq!(post("/api/v1/intake", &[], b"x").await.status, StatusCode::BAD_REQUEST);
    let ok =
        post("/api/v1/intake?channel=scan&name=a.pdf&zugang=2026-11-20", &[("idempotency-key", "k")], b"%PDF").await;
    assert_eq!(ok.status, StatusCode::ACCEPTED);
    let receipt = ok.json()["receipt"].as_str().unwrap().to_owned();
    assert_eq!(ok.header("location"), format!("/api/v1/intake/{receipt}"));
    let state = p.call("poststelle", "GET", &format!("/api/v1/intake/{receipt}"), &[], b"").await.json();
    assert_eq!(
        (state["channel"].as_str(), state["file"].as_str(), state["state"].as_str()),
        (Some("scan"), Some("a.pdf"), Some("accepted"))
    );
    assert_eq!(
        post("/api/v1/intake?channel=fax", &[("idempotency-key", "k")], b"x").await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        post("/api/v1/intake?zugang=gestern", &[("idempotency-key", "k")], b"x").await.status,
        StatusCode::BAD_REQUEST
    );
    let multipart =
        b"--G\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b.xml\"\r\n\r\n<a/>\r\n--G--\r\n";
    let ok = post(
        "/api/v1/intake",
        &[("idempotency-key", "m"), ("content-type", "multipart/form-data; boundary=G")],
        multipart,
    )
    .await;
    assert_eq!(ok.status, StatusCode::ACCEPTED);
    assert!(fake.welt.lock().unwrap().protokoll[1].starts_with("accept b.xml 4 m"));
    let mut state = fake.state(true);
    state.options.upload_max = 10;
    let small = Programm(Browser { router: service_portal::router(state), kennung: None });
    let big = small.call("poststelle", "POST", "/api/v1/intake", &[("idempotency-key", "g")], &[0; 100]).await;
    assert_eq!((big.status.as_u16(), big.json()["code"].as_str().unwrap()), (413, "E1002"));
}

#[tokio::test]
async fn decisions_carry_the_version_they_saw() {
    let fake = Fake::neu();
    let p = Programm::neu(&fake, "feststellung");
    let task = p.get(TASK).await;
    assert_eq!((task.header("etag"), task.json()["task"]["form"].as_str()), ("\"1\"", Some("feststellung")));
    let body = br#"{"values":{"entscheidung":"freigeben"}}"#;
    let post = |what: &str, headers: Vec<(&'static str, &'static str)>| {
        let path = format!("{TASK}/{what}");
        let p = &p;
        async move {
            p.call(
                "feststellung",
                "POST",
                &path,
                &[&[("content-type", "application/json")], headers.as_slice()].concat(),
                body,
            )
            .await
        }
    };
    assert_eq!(post("claim", vec![]).await.status.as_u16(), 428);
    assert_eq!(post("claim", vec![("if-match", "\"7\"")]).await.status.as_u16(), 412);
    assert_eq!(post("claim", vec![("if-match", "\"1\"")]).await.json()["version"], 2);
    assert_eq!(post("complete", vec![]).await.status.as_u16(), 428);
    assert_eq!(post("complete", vec![("if-match", "\"1\"")]).await.json()["code"], "E3001");
    let broken = p
        .call(
            "feststellung",
            "POST",
            &format!("{TASK}/complete"),
            &[("if-match", "\"2\""), ("content-type", "application/json")],
            b"{",
        )
        .await;
    assert_eq!(broken.status.as_u16(), 422);
    assert_eq!(post("complete", vec![("if-match", "\"2\"")]).await.status, StatusCode::NO_CONTENT);
    assert!(fake.welt.lock().unwrap().protokoll[0].contains("freigeben"));
}

#[tokio::test]
async fn a_cookie_alone_cannot_write() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    assert_eq!(b.get("/api/v1/tasks").await.status, StatusCode::OK);
    let post = |token: &'static str| {
        let r = Request::post(format!("{TASK}/claim")).header("if-match", "\"1\"").header("x-csrf-token", token);
        b.send(r.body(Body::empty()).unwrap())
    };
    assert_eq!(post("").await.status, StatusCode::FORBIDDEN);
    assert_eq!(post("csrf-betrieb").await.status, StatusCode::FORBIDDEN);
    assert_eq!(post("csrf-feststellung").await.status, StatusCode::OK);
}

#[tokio::test]
async fn lists_are_paged_by_cursor() {
    let fake = Fake::neu();
    let p = Programm::neu(&fake, "feststellung");
    let (mut path, mut seen) = ("/api/v1/documents?limit=4".to_owned(), Vec::new());
    loop {
        let page = p.get(&path).await;
        seen.extend(page.json()["documents"].as_array().unwrap().iter().map(|d| d["id"].as_str().unwrap().to_owned()));
        match page.header("link").strip_prefix('<').and_then(|l| l.split('>').next()) {
            Some(next) => path = next.to_owned(),
            None => break,
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 6);
    let hits = p.get("/api/v1/search?q=radweg").await.json();
    assert_eq!((hits["total"].as_u64(), hits["hits"][0]["snippet"][1]["hit"].as_bool()), (Some(1), Some(true)));
    assert_eq!(p.get("/api/v1/search?from=gestern").await.status.as_u16(), 422);
}

#[tokio::test]
async fn documents_and_instances_are_complete() {
    let fake = Fake::neu();
    let p = Programm::neu(&fake, "feststellung");
    let d = p.get("/api/v1/documents/00000000-0000-0002-0000-000000000002").await.json();
    assert_eq!(
        (d["invoice"]["brutto"].as_str(), d["zugang"].as_str(), d["pages"].as_u64()),
        (Some("1190.00"), Some("2026-11-20"), Some(2))
    );
    assert_eq!(d["findings"][1]["level"], "warnung");
    let file = p.get("/api/v1/documents/00000000-0000-0002-0000-000000000002/renditions/original").await;
    assert!(
        file.header("content-disposition").starts_with("attachment")
            && file.header("content-security-policy").contains("sandbox")
    );
    assert_eq!(p.get("/api/v1/documents/00000000-0000-0002-0000-000000000002/pages/0").await.status.as_u16(), 404);
    let i = p.get("/api/v1/instances/00000000-0000-0006-0000-000000000003").await.json();
    assert_eq!((i["tokens"][0]["incident"].as_bool(), i["history"].as_array().unwrap().len()), (Some(true), 3));
    let ready = p.get("/ready").await;
    assert_eq!((ready.status.as_u16(), ready.json()["status"].as_str().unwrap()), (200, "degraded"));
}
