// SPDX-License-Identifier: EUPL-1.2
//! What no port tells and what stops a city all the same: room on the disk that runs out, a certificate that ends.

use std::path::{Path, PathBuf};

use nachrichten::Timestamp;
use service_portal::format;
use x509_parser::pem::Pem;

use crate::betrieb::Teil;

/// Less is too little: a share of the disk, and bytes.
const SHARE: f64 = 0.05;
const BYTES: u64 = 1 << 30;
/// Days in which a certificate can be renewed at leisure.
const DAYS: i64 = 14;

/// Where this process looks.
#[derive(Clone, Debug, Default)]
pub struct Umfeld {
    /// The data directory.
    pub ordner: Option<PathBuf>,
    /// The certificate it shows to other processes (PEM).
    pub zertifikat: Option<PathBuf>,
}

impl Umfeld {
    pub fn new(data: &Path, settings: &service_platform::config::Settings) -> Self {
        let zertifikat = Some(&settings.ruf.zertifikat_datei).filter(|f| !f.is_empty()).map(PathBuf::from);
        Self { ordner: Some(data.to_owned()), zertifikat }
    }

    /// As operators are told; never a reason not to be ready.
    pub fn teile(&self, now: Timestamp) -> Vec<Teil> {
        let platz = self.ordner.as_deref().and_then(platz);
        let zertifikat = self.zertifikat.as_deref().map(|file| match end_of(file) {
            Ok(end) => {
                let text =
                    format!("{} {}", if end < now { "abgelaufen seit" } else { "gilt bis" }, end.tag().deutsch());
                let gut = end.0 - now.0 > DAYS * 86_400_000_000;
                Teil { name: "zertifikat", gut, noetig: false, text }
            }
            Err(text) => Teil { name: "zertifikat", gut: false, noetig: false, text },
        });
        platz.into_iter().chain(zertifikat).collect()
    }
}

fn platz(folder: &Path) -> Option<Teil> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    let (free, all) = (disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize);
    let gut = free >= BYTES && free as f64 >= all as f64 * SHARE;
    let text = format!("{} frei von {}", format::groesse(free), format::groesse(all));
    Some(Teil { name: "platz", gut, noetig: false, text })
}

/// The last instant of the first certificate in a PEM file.
fn end_of(file: &Path) -> Result<Timestamp, String> {
    let failed = |what: String| format!("{} ist nicht lesbar ({what})", file.display());
    let bytes = std::fs::read(file).map_err(|e| failed(e.to_string()))?;
    let pem = Pem::iter_from_buffer(&bytes).next().ok_or_else(|| failed("kein Zertifikat".to_owned()))?;
    let pem = pem.map_err(|e| failed(e.to_string()))?;
    let certificate = pem.parse_x509().map_err(|e| failed(e.to_string()))?;
    Ok(Timestamp(certificate.validity().not_after.timestamp() * 1_000_000))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use service_platform::uhr::{Clock as _, SystemClock};

    use super::*;

    fn made(days: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ruf.pem");
        let args = [
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-subj",
            "/CN=probe",
        ];
        let made = std::process::Command::new("openssl")
            .args(args)
            .args(["-days", days, "-keyout", "/dev/null", "-out"])
            .arg(&file)
            .output();
        assert!(made.unwrap().status.success());
        (folder, file)
    }

    #[test]
    fn a_certificate_is_told_two_weeks_before_it_ends() {
        let now = SystemClock::default().now();
        for (days, gut) in [("30", true), ("13", false)] {
            let (_folder, file) = made(days);
            let teile = Umfeld { ordner: None, zertifikat: Some(file) }.teile(now);
            assert_eq!((teile.len(), teile[0].gut), (1, gut), "{teile:?}");
            assert!(teile[0].text.starts_with("gilt bis "), "{teile:?}");
            assert!(!teile[0].noetig);
        }
        let (_folder, file) = made("1");
        let teile =
            Umfeld { ordner: None, zertifikat: Some(file.clone()) }.teile(Timestamp(now.0 + 3 * 86_400_000_000));
        assert!(teile[0].text.starts_with("abgelaufen seit "), "{teile:?}");
        std::fs::write(&file, "nichts").unwrap();
        let teile = Umfeld { ordner: None, zertifikat: Some(file) }.teile(now);
        assert!(!teile[0].gut && teile[0].text.contains("ist nicht lesbar"), "{teile:?}");
    }

    #[test]
    fn room_is_told_in_words() {
        let teile = Umfeld { ordner: Some("/".into()), zertifikat: None }.teile(Timestamp(0));
        assert!(teile[0].text.contains(" frei von "), "{teile:?}");
    }
}
