// SPDX-License-Identifier: EUPL-1.2
//! Logout tokens (OpenID Connect Back-Channel Logout 1.0 § 2.4, § 2.6): the provider says that a session ended.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use nachrichten::fehler::Fehler;
use openidconnect::{JsonWebKey as _, core::CoreJwsSigningAlgorithm};
use serde_json::{Map, Value};
use service_platform::verzeichnis::Abmeldung;

use super::{ALGORITHMEN, Anbieter, UHREN_SEKUNDEN, Verzeichnis};

/// Longest token.
const TOKEN_MAX: usize = 16 * 1024;
/// A token is sent when it is made; an older one is refused, whatever it says of its own end.
const ALTER_SEKUNDEN: i64 = 15 * 60;
const EREIGNIS: &str = "http://schemas.openid.net/event/backchannel-logout";

fn refused(detail: &str) -> Fehler {
    Fehler::new("E9028", 400, "Diese Abmeldung ist nicht gültig.", detail)
}

/// A signed token in its parts.
struct Jws<'a> {
    alg: CoreJwsSigningAlgorithm,
    kid: Option<String>,
    signed: &'a str,
    signature: Vec<u8>,
    claims: Map<String, Value>,
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn text<'a>(of: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    of.get(name)?.as_str().filter(|t| !t.is_empty() && t.len() <= 255)
}

impl<'a> Jws<'a> {
    fn of(token: &'a str) -> Option<Self> {
        if token.len() > TOKEN_MAX {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let (header, claims) = (object(header)?, object(payload)?);
        let alg = serde_json::from_value(header.get("alg")?.clone()).ok()?;
        let typ = header.get("typ").map(|t| t.as_str().unwrap_or_default().to_ascii_lowercase());
        let typ = typ.as_deref().map(|t| t.trim_start_matches("application/"));
        let plain = !header.contains_key("crit") && !header.contains_key("cty") && !payload.contains('.');
        let known = ALGORITHMEN.contains(&alg) && matches!(typ, None | Some("logout+jwt" | "jwt"));
        let kid = text(&header, "kid").map(str::to_owned);
        (plain && known).then_some(Self {
            alg,
            kid,
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
            claims,
        })
    }

    /// Is it signed by one of the keys? None: no key fits, so there may be new ones.
    fn is_signed(&self, anbieter: &Anbieter) -> Option<bool> {
        let mut fitting = anbieter.jwks().keys().iter().filter(|key| match &self.kid {
            Some(kid) => key.key_id().is_some_and(|id| id.as_str() == kid),
            None => true,
        });
        fitting.clone().next()?;
        // Each key says itself for which use and algorithm it is.
        Some(fitting.any(|key| key.verify_signature(&self.alg, self.signed.as_bytes(), &self.signature).is_ok()))
    }
}

impl Verzeichnis {
    /// A logout token that holds. That it is used once is the platform's to see.
    ///
    /// # Errors
    /// E9028 it does not hold, E9020 the provider's keys cannot be read.
    pub async fn logout_token(&self, token: &str) -> Result<Abmeldung, Fehler> {
        let jws = Jws::of(token).ok_or_else(|| refused("logout token is unreadable or not signed as agreed"))?;
        // Before anything is asked of the provider: who it claims to be from.
        if text(&jws.claims, "iss") != Some(self.aussteller.as_str()) {
            return Err(refused("logout token of another issuer"));
        }
        let anbieter = self.known().await?;
        let mut signed = jws.is_signed(&anbieter);
        if signed.is_none()
            && let Some(newer) = self.new_keys().await
        {
            signed = jws.is_signed(&newer);
        }
        if signed != Some(true) {
            return Err(refused("logout token is not signed by the provider"));
        }
        self.claims_of_logout(&jws.claims)
    }

    fn claims_of_logout(&self, claims: &Map<String, Value>) -> Result<Abmeldung, Fehler> {
        let ours = |aud: &Value| aud.as_str() == Some(self.client.as_str());
        let meant = match claims.get("aud") {
            Some(Value::Array(many)) => many.iter().any(ours),
            Some(one) => ours(one),
            None => false,
        };
        if !meant {
            return Err(refused("logout token for another client"));
        }
        // Whole or broken seconds (RFC 7519 § 2).
        let seconds = |name: &str| claims.get(name).and_then(Value::as_f64);
        let now = self.uhr.now().0 as f64 / 1e6;
        let (leeway, age) = (UHREN_SEKUNDEN as f64, ALTER_SEKUNDEN as f64);
        let issued = seconds("iat").ok_or_else(|| refused("logout token without iat"))?;
        if issued > now + leeway
            || issued < now - age
            || (claims.contains_key("exp") && !seconds("exp").is_some_and(|e| e > now - leeway))
        {
            return Err(refused("logout token is not of this time"));
        }
        let event = claims.get("events").and_then(|e| e.get(EREIGNIS)).is_some_and(Value::is_object);
        if !event || claims.contains_key("nonce") {
            return Err(refused("token is no logout token"));
        }
        let (sub, sid) = (text(claims, "sub"), text(claims, "sid"));
        let jti = text(claims, "jti").ok_or_else(|| refused("logout token without jti"))?;
        if sub.is_none() && sid.is_none() {
            return Err(refused("logout token without sub and sid"));
        }
        Ok(Abmeldung {
            aussteller: self.aussteller.to_string(),
            sub: sub.map(str::to_owned),
            sid: sid.map(str::to_owned),
            jti: jti.to_owned(),
        })
    }
}
