// SPDX-License-Identifier: EUPL-1.2
//! Who this process is to the others: certificate, key and the authority of all, read from files and read again when
//! they were renewed.
//!
//! TLS 1.3 only, both sides show a certificate, no sessions are resumed: every connection is checked anew, and a
//! connection lives ten minutes at most. Names stand in the certificate's subject alternative names; a common name is
//! not read (RFC 9525).

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    client::{Resumption, verify_server_name},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
    server::{NoServerSessionStorage, ParsedCertificate, WebPkiClientVerifier},
    version::TLS13,
};
use service_platform::config::RufSettings;

use crate::{CALLERS, RufError};

/// State of the three files; another one means that they are read again.
type Stamps = [Option<(SystemTime, u64)>; 3];

struct Held {
    stamps: Stamps,
    looked: Instant,
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
}

pub(crate) struct Identity {
    /// Certificate chain, key, authority.
    files: [PathBuf; 3],
    look: Duration,
    held: Mutex<Held>,
}

const KEYS: [&str; 3] = ["ruf.zertifikat_datei", "ruf.schluessel_datei", "ruf.ca_datei"];

impl Identity {
    /// None when no file is named.
    pub fn open(settings: &RufSettings, look: Duration) -> Result<Option<Arc<Self>>, RufError> {
        let names = [&settings.zertifikat_datei, &settings.schluessel_datei, &settings.ca_datei];
        if names.iter().all(|n| n.is_empty()) {
            return Ok(None);
        }
        if let Some(missing) = names.iter().position(|n| n.is_empty()) {
            return Err(RufError(format!(
                "{} fehlt: Zertifikat, Schlüssel und CA gehören zusammen. Setzen Sie alle drei oder keines.",
                KEYS[missing]
            )));
        }
        let files = names.map(PathBuf::from);
        let stamps = stamps(&files);
        let (server, client) = load(&files)?;
        let held = Mutex::new(Held { stamps, looked: Instant::now(), server, client });
        Ok(Some(Arc::new(Self { files, look, held })))
    }

    pub fn server(&self) -> Arc<ServerConfig> {
        self.current(|held| held.server.clone())
    }

    pub fn client(&self) -> Arc<ClientConfig> {
        self.current(|held| held.client.clone())
    }

    /// Files that cannot be read now change nothing: the old ones are used until they can.
    fn current<T>(&self, pick: impl FnOnce(&Held) -> T) -> T {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.looked.elapsed() >= self.look {
            held.looked = Instant::now();
            let now = stamps(&self.files);
            if now != held.stamps {
                match load(&self.files) {
                    Ok((server, client)) => {
                        (held.stamps, held.server, held.client) = (now, server, client);
                        tracing::info!("renewed certificate is used from now on");
                    }
                    Err(error) => {
                        tracing::error!(alarm = "ruf-zertifikat", %error, "renewed certificate cannot be used, the old one stays");
                    }
                }
            }
        }
        pick(&held)
    }
}

fn stamps(files: &[PathBuf; 3]) -> Stamps {
    [0, 1, 2].map(|n: usize| std::fs::metadata(&files[n]).ok().and_then(|m| Some((m.modified().ok()?, m.len()))))
}

fn load(files: &[PathBuf; 3]) -> Result<(Arc<ServerConfig>, Arc<ClientConfig>), RufError> {
    let wrong =
        |n: usize, what: &dyn std::fmt::Display| RufError(format!("{}: {}: {what}", KEYS[n], files[n].display()));
    let certificates = |n: usize| -> Result<Vec<CertificateDer<'static>>, RufError> {
        let all = CertificateDer::pem_file_iter(&files[n]).and_then(Iterator::collect);
        let all: Vec<_> = all.map_err(|e: rustls::pki_types::pem::Error| wrong(n, &e))?;
        if all.is_empty() { Err(wrong(n, &"kein Zertifikat (PEM) in dieser Datei")) } else { Ok(all) }
    };
    let chain = certificates(0)?;
    let key = PrivateKeyDer::from_pem_file(&files[1]).map_err(|e| wrong(1, &e))?;
    let mut roots = RootCertStore::empty();
    for authority in certificates(2)? {
        roots.add(authority).map_err(|e| wrong(2, &e))?;
    }
    let (roots, provider) = (Arc::new(roots), Arc::new(rustls::crypto::ring::default_provider()));
    let server = server(&roots, &provider, chain.clone(), key.clone_key()).map_err(|e| wrong(0, &e))?;
    let client = client(&roots, &provider, chain, key).map_err(|e| wrong(0, &e))?;
    Ok((Arc::new(server), Arc::new(client)))
}

type Chain = Vec<CertificateDer<'static>>;

fn server(
    roots: &Arc<RootCertStore>,
    provider: &Arc<CryptoProvider>,
    chain: Chain,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone()).build();
    let verifier = verifier.map_err(|e| rustls::Error::General(e.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

fn client(
    roots: &Arc<RootCertStore>,
    provider: &Arc<CryptoProvider>,
    chain: Chain,
    key: PrivateKeyDer<'static>,
) -> Result<ClientConfig, rustls::Error> {
    let mut config = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&TLS13])?
        .with_root_certificates(roots.clone())
        .with_client_auth_cert(chain, key)?;
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Who asks, by what the authority vouches for.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// A process of this machine, without TLS.
    Local,
    /// Names of services in its certificate.
    Named(Vec<&'static str>),
}

impl Caller {
    /// Of a certificate that was verified.
    pub fn of(certificate: &CertificateDer<'_>) -> Self {
        let Ok(parsed) = ParsedCertificate::try_from(certificate) else { return Self::Named(Vec::new()) };
        let carries =
            |name: &str| ServerName::try_from(name).is_ok_and(|name| verify_server_name(&parsed, &name).is_ok());
        let mut names: Vec<_> = CALLERS.iter().flat_map(|(_, callers)| *callers).copied().collect();
        names.sort_unstable();
        names.dedup();
        names.retain(|name| carries(name));
        Self::Named(names)
    }

    /// By the table; what is not in it is called by nobody.
    pub fn may_call(&self, service: &str) -> bool {
        let callers = CALLERS.iter().find(|(name, _)| *name == service).map_or(&[] as &[&str], |(_, callers)| callers);
        match self {
            Self::Local => !callers.is_empty(),
            Self::Named(names) => names.iter().any(|name| callers.contains(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_who_may_call_whom() {
        let may = |name: &'static str| {
            let caller = Caller::Named(vec![name]);
            CALLERS.iter().map(|(service, _)| *service).filter(|s| caller.may_call(s)).collect::<Vec<_>>().join(" ")
        };
        let pages = "sendungen aufgaben ablaeufe betrieb fassungen wiedervorlagen dokumente suche";
        assert_eq!(may("portal"), pages);
        assert_eq!(may("eingang"), "ablaeufe dokumente verweise");
        assert_eq!(may("geschaeftsgang"), "dokumente");
        assert_eq!(may("akten"), "");
        assert_eq!(may("uebergabe"), "rueckmeldungen");
        assert!(!Caller::Named(Vec::new()).may_call("suche") && !Caller::Local.may_call("audit"));
    }
}
