// SPDX-License-Identifier: EUPL-1.2
//! The calls to the login provider: short time limits, small answers, no redirects, TLS but on this machine.

use std::{future::Future, pin::Pin, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, http, url::Url};
use service_platform::with_causes;

/// Time for the connection, and for a whole call; a person waits meanwhile.
const CONNECT: Duration = Duration::from_secs(3);
const WHOLE: Duration = Duration::from_secs(5);
/// Largest answer. Metadata, keys and tokens are a few kilobytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// Why there is no answer; names no secret and no content.
#[derive(Debug, thiserror::Error)]
pub enum HttpFehler {
    #[error("address without TLS")]
    Klartext,
    #[error("{0}")]
    Zugriff(String),
    #[error("answer of more than {MAX_BYTES} bytes")]
    ZuGross,
}

/// The client of one provider.
pub struct Http {
    client: reqwest::Client,
    /// The provider is on this machine: plain HTTP to it is allowed.
    eigen: bool,
}

/// Is this host this machine?
pub fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

impl Http {
    /// For a provider at `aussteller`, with an authority of one's own.
    ///
    /// # Errors
    /// A CA that is no PEM.
    pub fn new(aussteller: &Url, ca: Option<&str>) -> Result<Self, String> {
        let eigen = is_loopback(aussteller);
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .https_only(!eigen);
        if eigen {
            builder = builder.no_proxy();
        }
        if let Some(pem) = ca {
            let found = reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(|e| with_causes(&e))?;
            if found.is_empty() {
                return Err("holds no certificate".to_owned());
            }
            for authority in found {
                builder = builder.add_root_certificate(authority);
            }
        }
        Ok(Self { client: builder.build().map_err(|e| with_causes(&e))?, eigen })
    }

    /// May this address be called, and a browser be sent there?
    pub fn allows(&self, url: &Url) -> bool {
        url.scheme() == "https" || (url.scheme() == "http" && self.eigen && is_loopback(url))
    }

    async fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, HttpFehler> {
        let failed = |e: reqwest::Error| HttpFehler::Zugriff(with_causes(&e.without_url()));
        let (parts, body) = request.into_parts();
        let url: Url = parts.uri.to_string().parse().map_err(|_| HttpFehler::Klartext)?;
        if !self.allows(&url) {
            return Err(HttpFehler::Klartext);
        }
        let request = self.client.request(parts.method, url).headers(parts.headers).body(body);
        let mut answer = request.send().await.map_err(failed)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if bytes.len() + chunk.len() > MAX_BYTES {
                return Err(HttpFehler::ZuGross);
            }
            bytes.extend_from_slice(&chunk);
        }
        let mut response = http::Response::new(bytes);
        (*response.status_mut(), *response.headers_mut()) = (status, headers);
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpFehler;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpFehler>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.fetch(request))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let (here, there) = (url("http://127.0.0.1:9"), url("https://anmeldung.stadt.example"));
        let (own, city) = (Http::new(&here, None).unwrap(), Http::new(&there, None).unwrap());
        for address in ["http://127.0.0.1:81/t", "http://localhost/t", "http://[::1]/t", "https://x.example/t"] {
            assert!(own.allows(&url(address)), "{address}");
        }
        for address in
            ["http://stadt.example/t", "http://127.0.0.1.stadt.example/t", "ftp://127.0.0.1/t", "http://10.0.0.1/"]
        {
            assert!(!own.allows(&url(address)), "{address}");
        }
        assert!(city.allows(&there) && !city.allows(&here));
        assert!(Http::new(&there, Some("no certificate")).is_err());
    }
}
