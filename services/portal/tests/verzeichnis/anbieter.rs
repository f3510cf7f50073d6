// SPDX-License-Identifier: EUPL-1.2
//! A login provider with keys of its own that can be told to misbehave.

use std::{
    collections::BTreeMap,
    process::Command,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{
    JsonWebKeyId, PrivateSigningKey as _,
    core::{CoreHmacKey, CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey},
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};
use service_platform::uhr::{Clock as _, FixedClock};
use sha2::{Digest as _, Sha256};

pub const CLIENT: &str = "eakte";
/// What must never stand in a log.
pub const GEHEIMNIS: &str = "client-geheimnis-7311";
pub const ACCESS: &str = "access-token-7311";

/// What the provider does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Krank {
    #[default]
    Nein,
    Fehler500,
    Riesig,
    Stumm,
    Umleitung,
    AndererAussteller,
}

/// A change of the ID token's claims before they are signed.
pub type Aenderung = fn(&mut Value);

pub struct Lage {
    pub krank: Krank,
    /// Algorithm and key of the next token.
    pub alg: &'static str,
    pub kid: String,
    pub aendern: Option<Aenderung>,
    /// Claims about the person beside `sub`.
    pub person: Value,
    pub sub: String,
    pub sid: String,
    pub userinfo: Option<Value>,
    /// Takes a code twice, as no provider should.
    pub nachlaessig: bool,
    pub ohne_abmeldeseite: bool,
    pub fragen: u32,
    /// Code → nonce, challenge, used.
    codes: BTreeMap<String, (String, String, bool)>,
    keys: BTreeMap<String, Arc<EcdsaKeyPair>>,
    pub letzter_code: String,
    pub letztes_token: String,
}

#[derive(Clone)]
pub struct Anbieter {
    pub url: String,
    pub uhr: Arc<FixedClock>,
    pub lage: Arc<Mutex<Lage>>,
}

fn ec_key() -> Arc<EcdsaKeyPair> {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    Arc::new(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap())
}

/// One RSA key for the whole test process; making one takes its time.
fn rsa_key() -> CoreRsaPrivateSigningKey {
    static PEM: OnceLock<String> = OnceLock::new();
    let pem = PEM.get_or_init(|| {
        let made = Command::new("openssl").args(["genrsa", "-traditional", "2048"]).output().unwrap();
        String::from_utf8(made.stdout).unwrap()
    });
    CoreRsaPrivateSigningKey::from_pem(pem, Some(JsonWebKeyId::new("rsa".into()))).unwrap()
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Anbieter {
    pub async fn neu(uhr: Arc<FixedClock>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let lage = Lage {
            krank: Krank::Nein,
            alg: "RS256",
            kid: "rsa".into(),
            aendern: None,
            person: json!({"preferred_username": "a.demirel", "name": "Ayla Demirel", "email": "ayla@stadt.example", "groups": ["/post"]}),
            sub: "sub-1".into(),
            sid: "sid-1".into(),
            userinfo: None,
            nachlaessig: false,
            ohne_abmeldeseite: false,
            fragen: 0,
            codes: BTreeMap::new(),
            keys: BTreeMap::from([("ec-1".to_owned(), ec_key())]),
            letzter_code: String::new(),
            letztes_token: String::new(),
        };
        let anbieter = Self { url, uhr, lage: Arc::new(Mutex::new(lage)) };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/jwks", get(keys))
            .route("/token", post(token))
            .route("/me", get(userinfo))
            .with_state(anbieter.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        anbieter
    }

    pub fn mit(&self, change: impl FnOnce(&mut Lage)) {
        change(&mut self.lage.lock().unwrap());
    }

    /// All keys new; the old ones are gone.
    pub fn neue_schluessel(&self, kid: &str) {
        self.mit(|l| {
            l.keys = BTreeMap::from([(kid.to_owned(), ec_key())]);
            (l.alg, l.kid) = ("ES256", kid.to_owned());
        });
    }

    /// The person has logged in over there: the code that goes back with the browser.
    pub fn code(&self, nonce: &str, challenge: &str) -> String {
        let mut lage = self.lage.lock().unwrap();
        let code = format!("code-7311-{}", lage.codes.len());
        lage.codes.insert(code.clone(), (nonce.to_owned(), challenge.to_owned(), false));
        lage.letzter_code.clone_from(&code);
        code
    }

    pub fn jetzt(&self) -> i64 {
        self.uhr.now().0 / 1_000_000
    }

    /// A signed token with these claims.
    pub fn signiert(&self, typ: &str, claims: &Value) -> String {
        let lage = self.lage.lock().unwrap();
        let header = json!({"alg": lage.alg, "kid": lage.kid, "typ": typ});
        let message = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let rsa = |alg| rsa_key().sign(&alg, message.as_bytes()).unwrap();
        let signature = match lage.alg {
            "none" => Vec::new(),
            "HS256" => {
                CoreHmacKey::new(GEHEIMNIS).sign(&CoreJwsSigningAlgorithm::HmacSha256, message.as_bytes()).unwrap()
            }
            "RS256" => rsa(CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256),
            "RS384" => rsa(CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384),
            "PS256" => rsa(CoreJwsSigningAlgorithm::RsaSsaPssSha256),
            "ES256" => {
                // A key nobody published signs what names no known key.
                let key = lage.keys.get(&lage.kid).cloned().unwrap_or_else(ec_key);
                key.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec()
            }
            other => panic!("{other}"),
        };
        format!("{message}.{}", b64(signature))
    }
}

/// What a sick provider answers instead.
async fn sick(krank: Krank) -> Option<Response> {
    match krank {
        Krank::Nein | Krank::AndererAussteller => None,
        Krank::Fehler500 => Some((StatusCode::INTERNAL_SERVER_ERROR, "kaputt").into_response()),
        Krank::Riesig => Some(([("content-type", "application/json")], vec![b' '; 10 * 1024 * 1024]).into_response()),
        Krank::Umleitung => Some((StatusCode::FOUND, [("location", "http://127.0.0.1:9/")]).into_response()),
        Krank::Stumm => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            None
        }
    }
}

async fn metadata(State(a): State<Anbieter>) -> Response {
    let (krank, ohne) = {
        let mut lage = a.lage.lock().unwrap();
        lage.fragen += 1;
        (lage.krank, lage.ohne_abmeldeseite)
    };
    if let Some(answer) = sick(krank).await {
        return answer;
    }
    let issuer = if krank == Krank::AndererAussteller { "https://boese.example".to_owned() } else { a.url.clone() };
    let mut metadata = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{}/auth", a.url),
        "token_endpoint": format!("{}/token", a.url),
        "userinfo_endpoint": format!("{}/me", a.url),
        "jwks_uri": format!("{}/jwks", a.url),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "none", "HS256"],
    });
    if !ohne {
        metadata["end_session_endpoint"] = format!("{}/ende", a.url).into();
    }
    Json(metadata).into_response()
}

async fn keys(State(a): State<Anbieter>) -> Response {
    let lage = a.lage.lock().unwrap();
    let ec = lage.keys.iter().map(|(kid, key)| {
        let point = key.public_key().as_ref();
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": kid, "x": b64(&point[1..33]), "y": b64(&point[33..65])})
    });
    let rsa = serde_json::to_value(rsa_key().as_verification_key()).unwrap();
    // A secret key in the set must not make HS256 work.
    let oct = json!({"kty": "oct", "kid": "oct", "k": b64(GEHEIMNIS)});
    Json(json!({"keys": ec.chain([rsa, oct]).collect::<Vec<_>>()})).into_response()
}

/// Checks what it is sent as a provider must: the client's secret, the code, PKCE.
async fn token(State(a): State<Anbieter>, headers: HeaderMap, body: String) -> Response {
    let krank = a.lage.lock().unwrap().krank;
    if let Some(answer) = sick(krank).await {
        return answer;
    }
    let no = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
    let fields: BTreeMap<String, String> = super::decode(&body);
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{CLIENT}:{GEHEIMNIS}"));
    if headers.get("authorization").map(|v| v.to_str().unwrap()) != Some(&format!("Basic {basic}")) {
        return no("invalid_client");
    }
    if fields["redirect_uri"] != "http://127.0.0.1:8080/anmelden/rueckkehr" {
        return no("invalid_grant");
    }
    let (claims, typ) = {
        let mut lage = a.lage.lock().unwrap();
        let lax = lage.nachlaessig;
        let Some((nonce, challenge, used)) = lage.codes.get_mut(&fields["code"]) else { return no("invalid_grant") };
        let verifier = b64(Sha256::digest(fields["code_verifier"].as_bytes()));
        if (*used && !lax) || verifier != *challenge {
            return no("invalid_grant");
        }
        *used = true;
        let (nonce, now) = (nonce.clone(), a.jetzt());
        let mut claims = json!({
            "iss": a.url, "sub": lage.sub, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": nonce, "sid": lage.sid,
        });
        for (name, value) in lage.person.as_object().unwrap() {
            claims[name] = value.clone();
        }
        if let Some(change) = lage.aendern {
            change(&mut claims);
        }
        (claims, "JWT")
    };
    let id_token = a.signiert(typ, &claims);
    a.lage.lock().unwrap().letztes_token.clone_from(&id_token);
    Json(json!({"access_token": ACCESS, "token_type": "Bearer", "expires_in": 60, "id_token": id_token}))
        .into_response()
}

async fn userinfo(State(a): State<Anbieter>, headers: HeaderMap, _: Uri) -> Response {
    assert_eq!(headers["authorization"], format!("Bearer {ACCESS}"));
    match a.lage.lock().unwrap().userinfo.clone() {
        Some(claims) => Json(claims).into_response(),
        None => StatusCode::FORBIDDEN.into_response(),
    }
}
