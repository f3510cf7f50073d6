// SPDX-License-Identifier: EUPL-1.2
//! Access key and secret. The secret comes from a file (systemd credential, Kubernetes secret) or from the variable
//! `EAKTE_S3_SECRET`; it is no setting, so `eakte config` cannot show it, and nothing here prints it. The file is read
//! again while the service runs: a new secret needs no restart.

use std::{
    fmt,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use minio::s3::creds::{Credentials, Provider};

use super::super::BlobError;

/// Variable that holds the secret where no file is named.
pub const SECRET_VARIABLE: &str = "EAKTE_S3_SECRET";
/// How long a secret is used before its file is read again.
const FRESH: Duration = Duration::from_secs(30);

/// Gives the client what it signs with.
pub(super) struct Secret {
    access_key: String,
    file: Option<PathBuf>,
    current: Mutex<(Instant, String)>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("access_key", &self.access_key).field("file", &self.file).finish_non_exhaustive()
    }
}

impl Secret {
    /// Reads the secret once, so that a wrong path is said at start-up.
    pub fn open(access_key: &str, file: &str, variable: Option<String>) -> Result<Self, BlobError> {
        if access_key.is_empty() {
            return Err(BlobError::Refused("setting s3.zugang is empty: name the access key".into()));
        }
        let file = (!file.is_empty()).then(|| PathBuf::from(file));
        let secret = match &file {
            Some(path) => {
                read(path).map_err(|e| BlobError::Refused(format!("s3.geheimnis_datei {}: {e}", path.display())))?
            }
            None => variable.filter(|v| !v.is_empty()).ok_or_else(|| {
                BlobError::Refused(format!("no secret: set s3.geheimnis_datei or the variable {SECRET_VARIABLE}"))
            })?,
        };
        Ok(Self { access_key: access_key.to_owned(), file, current: Mutex::new((Instant::now(), secret)) })
    }
}

impl Provider for Secret {
    fn fetch(&self) -> Credentials {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = self.file.as_ref().filter(|_| current.0.elapsed() >= FRESH) {
            match read(path) {
                Ok(secret) => *current = (Instant::now(), secret),
                // The old one goes on; the store says so when it is no longer valid.
                Err(error) => {
                    tracing::warn!(%error, file = %path.display(), "cannot read the secret of the blob store again");
                    current.0 = Instant::now();
                }
            }
        }
        Credentials { access_key: self.access_key.clone(), secret_key: current.1.clone(), session_token: None }
    }
}

fn read(path: &std::path::Path) -> std::io::Result<String> {
    let text = std::fs::read_to_string(path)?;
    let secret = text.trim();
    if secret.is_empty() { Err(std::io::Error::other("the file is empty")) } else { Ok(secret.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_never_printed() {
        let secret = Secret::open("eakte", "", Some("streng-geheim".into())).expect("a secret");
        assert_eq!(secret.fetch().secret_key, "streng-geheim");
        assert!(!format!("{secret:?}").contains("streng"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let text = |r: Result<Secret, BlobError>| r.err().map(|e| e.to_string()).unwrap_or_default();
        assert!(text(Secret::open("", "", Some("x".into()))).contains("s3.zugang"));
        assert!(text(Secret::open("eakte", "", None)).contains(SECRET_VARIABLE));
        assert!(text(Secret::open("eakte", "/nirgends/geheim", None)).contains("/nirgends/geheim"));
    }
}
