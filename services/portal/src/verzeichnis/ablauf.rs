// SPDX-License-Identifier: EUPL-1.2
//! To the provider and back.
//!
//! What must still be known at the return lies in one cookie of the person's own browser: `<secret>.<seconds>.<where to>`.
//! State, nonce and PKCE verifier are hashes of the whole of it, so nothing is stored here, nothing in it can be changed,
//! and a return without that cookie is nobody's (login CSRF). Each return opens at most one session
//! (`service_platform::verzeichnis`).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use nachrichten::{Timestamp, fehler::Fehler};
use openidconnect::{
    AccessToken, AccessTokenHash, AsyncHttpClient as _, AuthType, AuthenticationFlow, AuthorizationCode,
    ClaimsVerificationError, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, LanguageTag, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    SignatureVerificationError, TokenResponse as _,
    core::{CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenClaims, CoreResponseType},
    http,
    url::Url,
};
use service_platform::{verzeichnis::Ausweis, with_causes};
use sha2::{Digest as _, Sha256};

use super::{ALGORITHMEN, Anbieter, UHREN_SEKUNDEN, Verzeichnis, angaben::Claims, away, invalid};
use crate::{
    rahmen::eigene,
    sitzung::{Felder, csrf_passt},
};

/// How long a person may take over there.
pub const VERSUCH_SEKUNDEN: u32 = 600;
/// Longest address to return to, and longest code.
const WEITER_MAX: usize = 1_000;
const CODE_MAX: usize = 4_096;
/// Longest subject (OpenID Connect Core § 2) and session id.
const SUB_MAX: usize = 255;

/// A provider's answer on our address, good until checked.
pub struct Rueckkehr {
    pub ausweis: Ausweis,
    /// Own path to go on with.
    pub weiter: String,
}

/// The cookie of a login under way.
struct Versuch<'a> {
    ganz: &'a str,
    von: Timestamp,
    weiter: String,
}

impl<'a> Versuch<'a> {
    fn of(ganz: &'a str) -> Option<Self> {
        let mut parts = ganz.split('.');
        let (secret, seconds, weiter) = (parts.next()?, parts.next()?, parts.next()?);
        let whole = secret.len() == 43 && parts.next().is_none();
        let weiter = String::from_utf8(URL_SAFE_NO_PAD.decode(weiter).ok()?).ok()?;
        let von = Timestamp(seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?);
        whole.then_some(Self { ganz, von, weiter })
    }

    /// 43 characters that only who has the cookie can make.
    fn derive(ganz: &str, what: &str) -> String {
        let mut hash = Sha256::new();
        for part in [what, "\0", ganz] {
            hash.update(part.as_bytes());
        }
        URL_SAFE_NO_PAD.encode(hash.finalize())
    }
}

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

fn lapsed(detail: &str) -> Fehler {
    let text = "Diese Anmeldung ist abgelaufen oder gehört zu einem anderen Fenster. Melden Sie sich noch einmal an.";
    Fehler::new("E9021", 400, text, detail)
}

impl Verzeichnis {
    fn client(&self, anbieter: &Anbieter) -> Result<Client, Fehler> {
        let back = RedirectUrl::new(format!("{}/anmelden/rueckkehr", self.adresse));
        let back = back.map_err(|e| invalid(&with_causes(&e)))?;
        let metadata = anbieter.as_ref().clone();
        let post_only = metadata.token_endpoint_auth_methods_supported().is_some_and(|methods| {
            !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
                && methods.contains(&CoreClientAuthMethod::ClientSecretPost)
        });
        let client = CoreClient::from_provider_metadata(metadata, self.client.clone(), self.geheimnis.clone());
        let client = client.set_redirect_uri(back);
        Ok(if post_only { client.set_auth_type(AuthType::RequestBody) } else { client })
    }

    /// A login: the cookie's value, and where to send the browser.
    ///
    /// # Errors
    /// E9020 the provider does not answer.
    pub async fn begin(&self, weiter: &str) -> Result<(String, Url), Fehler> {
        let anbieter = self.fresh().await?;
        let mut secret = [0u8; 32];
        getrandom::fill(&mut secret).map_err(|e| away(&e.to_string()))?;
        let weiter = if weiter.len() > WEITER_MAX { "/".to_owned() } else { eigene(weiter) };
        let seconds = self.uhr.now().0 / 1_000_000;
        let cookie = format!("{}.{seconds}.{}", URL_SAFE_NO_PAD.encode(secret), URL_SAFE_NO_PAD.encode(weiter));
        let verifier = PkceCodeVerifier::new(Versuch::derive(&cookie, "pkce"));
        let state = CsrfToken::new(Versuch::derive(&cookie, "state"));
        let nonce = Nonce::new(Versuch::derive(&cookie, "nonce"));
        let client = self.client(&anbieter)?;
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let request = client
            .authorize_url(flow, move || state, move || nonce)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_ui_locale(LanguageTag::new("de".to_owned()))
            .add_scopes(self.umfang.iter().cloned());
        let (url, _, _) = request.url();
        Ok((cookie, url))
    }

    /// The person is back with this cookie and these parameters.
    ///
    /// # Errors
    /// E9020 the provider does not answer, E9021 the return belongs to no login of this browser, E9023 its answer does
    /// not hold, E9026 it refused, E9027 it leaves out what we need.
    pub async fn finish(&self, cookie: Option<&str>, felder: &Felder) -> Result<Rueckkehr, Fehler> {
        let versuch = cookie.and_then(Versuch::of).ok_or_else(|| lapsed("no cookie of a login"))?;
        if !csrf_passt(&Versuch::derive(versuch.ganz, "state"), felder.get("state")) {
            return Err(lapsed("state does not fit the cookie"));
        }
        let (now, until) = (self.uhr.now(), versuch.von.plus_seconds(i64::from(VERSUCH_SEKUNDEN)));
        if now > until || versuch.von > now.plus_seconds(UHREN_SEKUNDEN) {
            return Err(lapsed("took too long"));
        }
        // Another provider's answer (RFC 9207).
        if felder.has("iss") && felder.get("iss") != self.aussteller.as_str() {
            return Err(invalid("answer of another issuer"));
        }
        if felder.has("error") {
            let text = "Das Verzeichnis hat die Anmeldung abgebrochen. Melden Sie sich noch einmal an oder wenden Sie sich an den Betrieb.";
            return Err(Fehler::new("E9026", 403, text, format!("provider refused: {}", word(felder.get("error")))));
        }
        let code = felder.get("code");
        if code.is_empty() || code.len() > CODE_MAX {
            return Err(invalid("answer without code"));
        }
        let anbieter = self.known().await?;
        let client = self.client(&anbieter)?;
        let (token, access) = self.redeem(&client, code, Versuch::derive(versuch.ganz, "pkce")).await?;
        let nonce = Nonce::new(Versuch::derive(versuch.ganz, "nonce"));
        let sub = self.verified(&anbieter, &token, &access, &nonce).await?;
        let mut claims = payload(&token).ok_or_else(|| invalid("claims are no object"))?;
        if self.regeln.incomplete(&claims)
            && let Some(url) = anbieter.userinfo_endpoint()
        {
            for (name, value) in self.userinfo(url.url(), &access, &sub).await? {
                claims.entry(name).or_insert(value);
            }
        }
        let angaben = self.regeln.read(&claims)?;
        let sid = claims.get("sid").and_then(|s| s.as_str()).filter(|s| !s.is_empty() && s.len() <= SUB_MAX);
        let ausweis = Ausweis {
            aussteller: self.aussteller.to_string(),
            sub,
            sid: sid.map(str::to_owned),
            verzeichnisname: angaben.verzeichnisname,
            name: angaben.name,
            mail: angaben.mail,
            subjekte: angaben.subjekte,
            einmal: nonce.secret().clone(),
        };
        Ok(Rueckkehr { ausweis, weiter: eigene(&versuch.weiter) })
    }

    /// The code for tokens.
    async fn redeem(&self, client: &Client, code: &str, pkce: String) -> Result<(CoreIdToken, AccessToken), Fehler> {
        let request = client.exchange_code(AuthorizationCode::new(code.to_owned()));
        let request = request.map_err(|e| away(&with_causes(&e)))?.set_pkce_verifier(PkceCodeVerifier::new(pkce));
        let answer = request.request_async(&self.http).await.map_err(|e| match e {
            RequestTokenError::ServerResponse(r) => invalid(&format!("token refused: {}", word(r.error().as_ref()))),
            RequestTokenError::Request(e) => away(&with_causes(&e)),
            // The answer itself may hold tokens.
            RequestTokenError::Parse(e, _) => {
                invalid(&format!("token answer is unreadable at {}", word(&e.path().to_string())))
            }
            RequestTokenError::Other(_) => invalid("token answer is unreadable"),
        })?;
        let token = answer.id_token().ok_or_else(|| invalid("no ID token"))?.clone();
        Ok((token, answer.access_token().clone()))
    }

    /// The subject of an ID token that holds; with a key we do not know, the keys are read anew once.
    async fn verified(
        &self,
        anbieter: &Anbieter,
        token: &CoreIdToken,
        access: &AccessToken,
        nonce: &Nonce,
    ) -> Result<String, Fehler> {
        let unknown = ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey);
        let mut checked = self.check(anbieter, token, access, nonce);
        if checked.as_ref() == Err(&unknown)
            && let Some(newer) = self.new_keys().await
        {
            checked = self.check(&newer, token, access, nonce);
        }
        let sub = checked.map_err(|e| invalid(&with_causes(&e)))?;
        if sub.is_empty() || sub.len() > SUB_MAX {
            return Err(invalid("subject is empty or too long"));
        }
        Ok(sub)
    }

    /// OpenID Connect Core § 3.1.3.7: signature, issuer, audience, authorised party, times, nonce; § 3.1.3.8: at_hash.
    fn check(
        &self,
        anbieter: &Anbieter,
        token: &CoreIdToken,
        access: &AccessToken,
        nonce: &Nonce,
    ) -> Result<String, ClaimsVerificationError> {
        let now = UNIX_EPOCH + Duration::from_micros(self.uhr.now().0.unsigned_abs());
        let leeway = Duration::from_secs(UHREN_SEKUNDEN.unsigned_abs());
        let client = self.client(anbieter).map_err(|f| ClaimsVerificationError::Other(f.detail))?;
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(ALGORITHMEN)
            .set_time_fn(move || (now - leeway).into())
            .set_issue_time_verifier_fn(move |at| match SystemTime::from(at) <= now + leeway {
                true => Ok(()),
                false => Err("issued in the future".to_owned()),
            });
        let claims: &CoreIdTokenClaims = token.claims(&verifier, nonce)?;
        if claims.authorized_party().is_some_and(|azp| **azp != *self.client) {
            return Err(ClaimsVerificationError::InvalidAudience("authorised party is another client".to_owned()));
        }
        if let Some(expected) = claims.access_token_hash() {
            let other = |e: &(dyn std::error::Error + 'static)| ClaimsVerificationError::Other(with_causes(e));
            let alg = token.signing_alg().map_err(|e| other(&e))?;
            let key = token.signing_key(&verifier).map_err(|e| other(&e))?;
            if AccessTokenHash::from_token(access, alg, key).map_err(|e| other(&e))? != *expected {
                return Err(ClaimsVerificationError::Other("access token is another one".to_owned()));
            }
        }
        Ok(claims.subject().to_string())
    }

    /// More claims of the same subject (OpenID Connect Core § 5.3).
    async fn userinfo(&self, url: &Url, access: &AccessToken, sub: &str) -> Result<Claims, Fehler> {
        let request = http::Request::get(url.as_str())
            .header(http::header::ACCEPT, "application/json")
            .header(http::header::AUTHORIZATION, format!("Bearer {}", access.secret()))
            .body(Vec::new())
            .map_err(|_| invalid("access token is no header"))?;
        let answer = self.http.call(request).await.map_err(|e| away(&with_causes(&e)))?;
        if answer.status() != http::StatusCode::OK {
            return Err(invalid(&format!("userinfo answers {}", answer.status())));
        }
        let claims: Claims = serde_json::from_slice(answer.body()).map_err(|_| invalid("userinfo is no object"))?;
        match claims.get("sub").and_then(|s| s.as_str()) == Some(sub) {
            true => Ok(claims),
            false => Err(invalid("userinfo of another subject")),
        }
    }
}

/// The claims as they were signed; the settings name some that no type knows.
fn payload(token: &CoreIdToken) -> Option<Claims> {
    let text = token.to_string();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text.split('.').nth(1)?).ok()?).ok()
}

/// A word of the provider as it may stand in a log.
pub fn word(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')).take(60).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_binds_all_that_is_in_it() {
        let secret = "A".repeat(43);
        let cookie = format!("{secret}.1795215000.{}", URL_SAFE_NO_PAD.encode("/akten"));
        let v = Versuch::of(&cookie).unwrap();
        assert_eq!((v.von, v.weiter.as_str()), (Timestamp(1_795_215_000_000_000), "/akten"));
        let state = Versuch::derive(&cookie, "state");
        assert_eq!(state.len(), 43);
        assert_ne!(state, Versuch::derive(&cookie, "nonce"));
        let elsewhere = format!("{secret}.1795215000.{}", URL_SAFE_NO_PAD.encode("/suche"));
        assert_ne!(state, Versuch::derive(&elsewhere, "state"), "another return address");
        for broken in [
            "",
            "a.b.c",
            &format!("{secret}.1"),
            &format!("{cookie}.x"),
            &format!("{secret}.x.Lw"),
            &format!("{secret}.{}.Lw", i64::MAX),
        ] {
            assert!(Versuch::of(broken).is_none(), "{broken}");
        }
    }
}
