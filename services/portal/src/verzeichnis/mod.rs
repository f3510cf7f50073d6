// SPDX-License-Identifier: EUPL-1.2
//! Login by the city's directory: OpenID Connect Core 1.0, code flow with PKCE (RFC 7636), Discovery 1.0,
//! RP-Initiated Logout 1.0, Back-Channel Logout 1.0. Settings: section `anmeldung`.
//!
//! | Step | Where |
//! |---|---|
//! | metadata and keys of the provider, read anew every half minute, never by many at once | this file |
//! | to the provider and back, tokens and their checks | `ablauf` |
//! | which claim is what, groups to roles | `angaben` |
//! | the provider ends a session | `abmeldung` |
//! | which person that is, session, rights, audit | `service_platform::verzeichnis` |
//!
//! Nothing waits for the provider at the start, and no page but the login does later. Neither tokens nor codes are kept,
//! logged or put into an address.

mod ablauf;
mod abmeldung;
mod angaben;
mod http;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use nachrichten::{Timestamp, fehler::Fehler};
use openidconnect::{
    ClientId, ClientSecret, IssuerUrl, LogoutRequest, PostLogoutRedirectUrl, ProviderMetadataWithLogout, Scope,
    core::CoreJwsSigningAlgorithm, url::Url,
};
use service_platform::{config::AnmeldungSettings, uhr::Clock, with_causes};

use self::{angaben::Regeln, http::Http};

pub use ablauf::VERSUCH_SEKUNDEN;

/// How often the provider is asked: while it answers, and while it does not.
const EVERY: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_secs(15);
/// Metadata older than this is read anew before somebody is sent to the provider.
const FRISCH_SEKUNDEN: i64 = 10;
/// A key nobody knows makes us ask for new ones, at most this often: anybody may send us tokens.
const SCHLUESSEL_SEKUNDEN: i64 = 30;
/// Clocks of two machines differ by at most this.
const UHREN_SEKUNDEN: i64 = 60;
/// Asymmetric ones only. "none" and HS256 are refused: their tokens can be made by others.
const ALGORITHMEN: [CoreJwsSigningAlgorithm; 3] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
];

/// What the provider told about itself, keys included.
type Anbieter = Arc<ProviderMetadataWithLogout>;

#[derive(Default)]
struct Stand {
    anbieter: Option<Anbieter>,
    /// When `anbieter` was read, and when it was last tried.
    gelesen: Option<Timestamp>,
    versucht: Option<Timestamp>,
    /// The last attempt failed; since when none has succeeded.
    gestoert: Option<Timestamp>,
    versuche: u64,
}

/// The city's directory.
pub struct Verzeichnis {
    aussteller: IssuerUrl,
    client: ClientId,
    geheimnis: Option<ClientSecret>,
    umfang: Vec<Scope>,
    regeln: Regeln,
    /// Our own address, without a slash at the end.
    adresse: String,
    http: Http,
    uhr: Arc<dyn Clock>,
    stand: RwLock<Stand>,
    liest: tokio::sync::Mutex<()>,
    /// Persons that are unknown here are entered at their first login.
    pub neue_personen: bool,
}

fn away(detail: &str) -> Fehler {
    let text = "Das Verzeichnis der Stadt antwortet nicht. Versuchen Sie es in einer Minute noch einmal.";
    Fehler::new("E9020", 503, text, detail)
}

fn invalid(detail: &str) -> Fehler {
    let text = "Die Antwort des Verzeichnisses ist nicht gültig. Melden Sie sich noch einmal an. Geht es wieder nicht, wenden Sie sich an den Betrieb.";
    Fehler::new("E9023", 502, text, detail)
}

impl Verzeichnis {
    /// The directory of the settings; none when they name none. `adresse` is where persons reach this portal.
    ///
    /// # Errors
    /// Text that names the setting and says what is wrong with it.
    pub fn new(s: &AnmeldungSettings, adresse: &str, uhr: Arc<dyn Clock>) -> Result<Option<Self>, String> {
        if !s.has_oidc() {
            return Ok(None);
        }
        let aussteller = IssuerUrl::new(s.oidc_aussteller.clone())
            .map_err(|e| format!("anmeldung.oidc_aussteller: {}", with_causes(&e)))?;
        let http = Http::new(aussteller.url(), s.oidc_ca().map_err(|e| e.to_string())?.as_deref())
            .map_err(|e| format!("anmeldung.oidc_ca_datei: {}: {e}", s.oidc_ca_datei))?;
        if !http.allows(aussteller.url()) {
            return Err("anmeldung.oidc_aussteller: must be https, but for 127.0.0.1 and [::1]".to_owned());
        }
        let own: Url = adresse.parse().map_err(|_| "hinweise.adresse: is no address".to_owned())?;
        if own.scheme() != "https" && !http::is_loopback(&own) {
            return Err("hinweise.adresse: must be https for a login by the directory".to_owned());
        }
        if s.oidc_client.is_empty() {
            return Err("anmeldung.oidc_client: is empty".to_owned());
        }
        let geheimnis = s.oidc_geheimnis().map_err(|e| e.to_string())?.map(ClientSecret::new);
        let words = s.oidc_umfang.split([' ', ',']).filter(|w| !w.is_empty() && *w != "openid");
        Ok(Some(Self {
            aussteller,
            client: ClientId::new(s.oidc_client.clone()),
            geheimnis,
            umfang: words.map(|w| Scope::new(w.to_owned())).collect(),
            regeln: Regeln::new(s),
            adresse: adresse.trim_end_matches('/').to_owned(),
            http,
            uhr,
            stand: RwLock::default(),
            liest: tokio::sync::Mutex::default(),
            neue_personen: s.neue_personen,
        }))
    }

    /// Keeps what we know of the provider fresh, for ever.
    pub async fn follow(self: Arc<Self>) {
        loop {
            let pause = if self.read().await.is_ok() { EVERY } else { AGAIN };
            tokio::time::sleep(pause).await;
        }
    }

    /// Since when the provider does not answer; None while it does or was not asked yet.
    pub fn gestoert_seit(&self) -> Option<Timestamp> {
        self.stand().gestoert
    }

    fn stand(&self) -> std::sync::RwLockReadGuard<'_, Stand> {
        self.stand.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the provider; who comes while somebody asks gets that answer.
    async fn read(&self) -> Result<Anbieter, Fehler> {
        let before = self.stand().versuche;
        let _one = self.liest.lock().await;
        {
            let stand = self.stand();
            if stand.versuche != before {
                return match (&stand.gestoert, &stand.anbieter) {
                    (None, Some(anbieter)) => Ok(anbieter.clone()),
                    _ => Err(away("provider was away a moment ago")),
                };
            }
        }
        let found = self.discover().await;
        let now = self.uhr.now();
        let mut stand = self.stand.write().unwrap_or_else(PoisonError::into_inner);
        stand.versuche += 1;
        stand.versucht = Some(now);
        match found {
            Ok(anbieter) => {
                if stand.gestoert.take().is_some() {
                    tracing::info!("the login provider answers again");
                }
                stand.anbieter = Some(anbieter.clone());
                stand.gelesen = Some(now);
                Ok(anbieter)
            }
            Err(cause) => {
                if stand.gestoert.is_none() {
                    tracing::warn!(alarm = "anmeldung-verzeichnis", "the login provider does not answer: {cause}");
                    stand.gestoert = Some(now);
                }
                Err(away(&cause))
            }
        }
    }

    async fn discover(&self) -> Result<Anbieter, String> {
        let found = ProviderMetadataWithLogout::discover_async(self.aussteller.clone(), &self.http).await;
        let found = found.map_err(|e| match e {
            // The body is not ours to log.
            openidconnect::DiscoveryError::Response(status, _, text) => format!("answer {status}: {text}"),
            other => with_causes(&other),
        })?;
        let token = found.token_endpoint().map(|t| t.url()).ok_or("metadata without token_endpoint")?;
        for url in [found.authorization_endpoint().url(), token] {
            if !self.http.allows(url) {
                return Err("an endpoint of the metadata is not https".to_owned());
            }
        }
        Ok(Arc::new(found))
    }

    /// The provider for a person who is sent there: it answered within the last ten seconds.
    async fn fresh(&self) -> Result<Anbieter, Fehler> {
        let now = self.uhr.now();
        {
            let stand = self.stand();
            let recent = |at: Option<Timestamp>, seconds| at.is_some_and(|at| at.plus_seconds(seconds) > now);
            if stand.gestoert.is_some() && recent(stand.versucht, 2) {
                return Err(away("provider was away a moment ago"));
            }
            if let (None, Some(anbieter), true) =
                (stand.gestoert, &stand.anbieter, recent(stand.gelesen, FRISCH_SEKUNDEN))
            {
                return Ok(anbieter.clone());
            }
        }
        self.read().await
    }

    /// The provider as known, however old; asked only when nothing is known.
    async fn known(&self) -> Result<Anbieter, Fehler> {
        let known = self.stand().anbieter.clone();
        match known {
            Some(anbieter) => Ok(anbieter),
            None => self.fresh().await,
        }
    }

    /// The provider with keys read anew, unless that was done a moment ago.
    async fn new_keys(&self) -> Option<Anbieter> {
        let tried = self.stand().versucht;
        if tried.is_some_and(|at| at.plus_seconds(SCHLUESSEL_SEKUNDEN) > self.uhr.now()) {
            return None;
        }
        tracing::info!("a token names an unknown key; reading the provider's keys");
        self.read().await.ok()
    }

    /// Where a person ends the session over there too; None when the provider offers no such page or is not known.
    ///
    /// By client id, not by `id_token_hint`: no token stands in an address. The provider may ask "really?".
    pub fn logout_url(&self) -> Option<Url> {
        let anbieter = self.stand().anbieter.clone()?;
        let end = anbieter.additional_metadata().end_session_endpoint.clone()?;
        let back = PostLogoutRedirectUrl::new(format!("{}/anmelden", self.adresse)).ok()?;
        let url = LogoutRequest::from(end).set_client_id(self.client.clone()).set_post_logout_redirect_uri(back);
        Some(url.http_get_url()).filter(|url| self.http.allows(url))
    }
}
