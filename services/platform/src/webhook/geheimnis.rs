// SPDX-License-Identifier: EUPL-1.2
//! Secrets of webhooks: one file each, named by the id, for the owner's eyes only, never in the database, a log or an
//! error. A line is a secret (`whsec_` and Base64), the newest first; the second one signs too while a receiver changes
//! over.

use std::{
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::PathBuf,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

const VORSATZ: &str = "whsec_";
/// Bytes of a new secret; the standard asks for 24 to 64.
const LAENGE: usize = 32;

/// A signing key. Has no `Debug`, so that nothing prints it.
pub struct Geheimnis(Vec<u8>);

impl Geheimnis {
    /// Reads `whsec_…`.
    pub fn lesen(text: &str) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(text.trim().strip_prefix(VORSATZ)?).ok()?;
        (24..=64).contains(&bytes.len()).then_some(Self(bytes))
    }

    /// `v1,` and the HMAC-SHA256 over id, seconds and body.
    pub fn signieren(&self, id: &str, sekunden: i64, body: &str) -> String {
        // An HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(format!("{id}.{sekunden}.{body}").as_bytes());
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// The folder of the secrets.
#[derive(Clone, Debug)]
pub struct Geheimnisse {
    folder: PathBuf,
}

impl Geheimnisse {
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where the secrets of a webhook lie.
    pub fn datei(&self, hook: Uuid) -> PathBuf {
        self.folder.join(hook.to_string())
    }

    /// What signs now, newest first.
    ///
    /// # Errors
    /// German sentence, without anything of the file.
    pub fn lesen(&self, hook: Uuid) -> Result<Vec<Geheimnis>, String> {
        let file = self.datei(hook);
        let text = std::fs::read_to_string(&file)
            .map_err(|e| format!("Die Datei mit dem Geheimnis ist nicht lesbar: {}: {}", file.display(), e.kind()))?;
        let lines = text.lines().filter(|l| !l.trim().is_empty()).take(2);
        let keys: Option<Vec<Geheimnis>> = lines.map(Geheimnis::lesen).collect();
        keys.filter(|k| !k.is_empty()).ok_or_else(|| format!("In der Datei {} steht kein Geheimnis.", file.display()))
    }

    /// A first secret.
    pub fn anlegen(&self, hook: Uuid) -> Result<String, String> {
        let neu = neues()?;
        self.schreiben(hook, &[&neu])?;
        Ok(neu)
    }

    /// A new secret beside the one in use; [`Geheimnisse::abschliessen`] takes the old one away.
    pub fn wechseln(&self, hook: Uuid) -> Result<String, String> {
        let (alt, neu) = (self.erste(hook)?, neues()?);
        self.schreiben(hook, &[&neu, &alt])?;
        Ok(neu)
    }

    /// From now on only the newest secret signs.
    pub fn abschliessen(&self, hook: Uuid) -> Result<(), String> {
        let neu = self.erste(hook)?;
        self.schreiben(hook, &[&neu])
    }

    pub fn entfernen(&self, hook: Uuid) {
        let _ = std::fs::remove_file(self.datei(hook));
    }

    fn erste(&self, hook: Uuid) -> Result<String, String> {
        self.lesen(hook)?;
        let text = std::fs::read_to_string(self.datei(hook)).map_err(|e| e.kind().to_string())?;
        Ok(text.lines().find(|l| !l.trim().is_empty()).unwrap_or_default().trim().to_owned())
    }

    fn schreiben(&self, hook: Uuid, zeilen: &[&str]) -> Result<(), String> {
        let file = self.datei(hook);
        let neben = file.with_extension("neu");
        let write = || {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
            let mut out = std::fs::File::options().create(true).truncate(true).write(true).mode(0o600).open(&neben)?;
            for zeile in zeilen {
                writeln!(out, "{zeile}")?;
            }
            out.sync_all()?;
            std::fs::rename(&neben, &file)?;
            std::fs::File::open(&self.folder)?.sync_all()
        };
        write().map_err(|e: std::io::Error| {
            format!("Das Geheimnis lässt sich nicht nach {} schreiben: {}", file.display(), e.kind())
        })
    }
}

fn neues() -> Result<String, String> {
    let mut bytes = [0; LAENGE];
    getrandom::fill(&mut bytes).map_err(|e| format!("Das Betriebssystem gibt keinen Zufall her: {e}"))?;
    Ok(format!("{VORSATZ}{}", BASE64_STANDARD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// The example of the reference libraries (standardwebhooks, Python and Rust: `test_sign_function`).
    #[test]
    fn signs_as_the_reference_libraries_do() {
        let key = Geheimnis::lesen("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = key.signieren("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_has_24_to_64_bytes() {
        let of = |n: usize| Geheimnis::lesen(&format!("whsec_{}", BASE64_STANDARD.encode(vec![7; n])));
        assert!(of(24).is_some() && of(64).is_some());
        assert!(of(23).is_none() && of(65).is_none());
        assert!(Geheimnis::lesen(&BASE64_STANDARD.encode([7; 32])).is_none(), "no prefix");
    }

    #[test]
    fn two_secrets_sign_while_one_is_changed() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Geheimnisse::in_folder(folder.path().join("tief/webhook"));
        let hook = Uuid::from_u128(5);
        assert!(secrets.lesen(hook).is_err());
        let first = secrets.anlegen(hook).unwrap();
        assert_eq!(secrets.lesen(hook).unwrap().len(), 1);
        let second = secrets.wechseln(hook).unwrap();
        let third = secrets.wechseln(hook).unwrap();
        let text = std::fs::read_to_string(secrets.datei(hook)).unwrap();
        assert_eq!(text, format!("{third}\n{second}\n"), "never more than two");
        secrets.abschliessen(hook).unwrap();
        assert_eq!(std::fs::read_to_string(secrets.datei(hook)).unwrap(), format!("{third}\n"));
        let mode = std::fs::metadata(secrets.datei(hook)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        assert_ne!(first, third);
        std::fs::write(secrets.datei(hook), "geheim-4711").unwrap();
        let refused = secrets.lesen(hook).map(|_| ()).unwrap_err();
        assert!(!refused.contains("4711"), "{refused}");
        secrets.entfernen(hook);
        assert!(secrets.lesen(hook).is_err());
    }
}
