// SPDX-License-Identifier: EUPL-1.2
//! A small browser without script: requests, cookies by hand, forms.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use tower::ServiceExt;

use crate::gemein::Fake;

pub struct Seite {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Seite {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }
}

#[derive(Clone)]
pub struct Browser {
    pub router: Router,
    pub kennung: Option<&'static str>,
}

impl Browser {
    /// Someone who is not logged in.
    pub fn fremd(fake: &Fake) -> Self {
        Self { router: service_portal::router(fake.state(true)), kennung: None }
    }

    /// Logged in as one of the demo persons.
    pub fn als(fake: &Fake, kennung: &'static str) -> Self {
        fake.welt.lock().unwrap().sitzungen.push((format!("token-{kennung}"), kennung.into()));
        Self { router: service_portal::router(fake.state(true)), kennung: Some(kennung) }
    }

    pub async fn send(&self, mut request: Request<Body>) -> Seite {
        if let Some(k) = self.kennung {
            request.headers_mut().insert("cookie", format!("eakte_sitzung=token-{k}").parse().unwrap());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Seite {
            status: parts.status,
            headers: parts.headers,
            bytes: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
        }
    }

    pub async fn get(&self, path: &str) -> Seite {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// A form as the page sends it, with the session's token.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Seite {
        let csrf = format!("csrf-{}", self.kennung.unwrap_or_default());
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post_raw(path, &all).await
    }

    /// Exactly these fields.
    pub async fn post_raw(&self, path: &str, fields: &[(&str, &str)]) -> Seite {
        let body = fields.iter().map(|(n, v)| format!("{}={}", enc(n), enc(v))).collect::<Vec<_>>().join("&");
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    /// Multipart with text fields first, then one file.
    pub async fn upload(&self, path: &str, fields: &[(&str, &str)], name: &str, bytes: &[u8]) -> Seite {
        let mut body = Vec::new();
        for (n, v) in fields {
            body.extend(format!("--GRENZE\r\nContent-Disposition: form-data; name=\"{n}\"\r\n\r\n{v}\r\n").bytes());
        }
        body.extend(format!("--GRENZE\r\nContent-Disposition: form-data; name=\"datei\"; filename=\"{name}\"\r\nContent-Type: application/pdf\r\n\r\n").bytes());
        body.extend(bytes);
        body.extend(b"\r\n--GRENZE--\r\n");
        self.send(
            Request::post(path)
                .header("content-type", "multipart/form-data; boundary=GRENZE")
                .body(Body::from(body))
                .unwrap(),
        )
        .await
    }
}

fn enc(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// Value of a hidden field on a page.
pub fn hidden(page: &str, name: &str) -> String {
    let start = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("no field {name}"));
    start.split('"').next().unwrap().to_owned()
}
