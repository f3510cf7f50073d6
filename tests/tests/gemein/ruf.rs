// SPDX-License-Identifier: EUPL-1.2
//! Calls between processes in tests: an authority with certificates, and a process that answers.
#![allow(dead_code)]

use std::{
    net::SocketAddr,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use service_eakte::App;
use service_platform::config::RufSettings;
use service_ruf::{Limits, Neighbours, Server, Services};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};

/// Two authorities: `ca` is everybody's, `fremd` nobody's.
pub struct Amt {
    folder: TempDir,
}

const CA: &str = r#"set -e; cd "$1"
for ca in ca fremd; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$ca" -keyout $ca.key -out $ca.pem
done"#;

/// `FOLDER AUTHORITY NAME DAYS SAN`
const CERTIFICATE: &str = r#"set -e; cd "$1"
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=portal" -keyout "$3.key.neu" -out "$3.csr"
printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\n' "$5" >"$3.ext"
openssl x509 -req -in "$3.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days "$4" -extfile "$3.ext" -out "$3.pem.neu"
mv "$3.key.neu" "$3.key"; mv "$3.pem.neu" "$3.pem""#;

fn bash(script: &str, args: &[&str]) {
    let made = Command::new("bash").args(["-c", script, "bash"]).args(args).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

impl Amt {
    pub fn neu() -> Self {
        let folder = TempDir::new().unwrap();
        bash(CA, &[folder.path().to_str().unwrap()]);
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Settings with a certificate of this authority for these names, valid for so many days from now (or not any more).
    pub fn ausweis(&self, authority: &str, name: &str, san: &str, days: i32) -> RufSettings {
        let folder = self.folder.path().to_str().unwrap();
        bash(CERTIFICATE, &[folder, authority, name, &days.to_string(), san]);
        RufSettings {
            zertifikat_datei: self.path(&format!("{name}.pem")),
            schluessel_datei: self.path(&format!("{name}.key")),
            ca_datei: self.path("ca.pem"),
            ..RufSettings::default()
        }
    }

    /// Of a core service, called on this machine.
    pub fn dienst(&self, name: &str) -> RufSettings {
        self.ausweis("ca", name, &format!("DNS:{name},DNS:localhost,IP:127.0.0.1"), 2)
    }
}

/// A process that answers.
pub struct Gegenstelle {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Gegenstelle {
    /// On a free port, or on the one in the settings.
    pub async fn neu(settings: &RufSettings, services: Services, limits: Limits) -> Self {
        let mut settings = settings.clone();
        if settings.listen.is_empty() {
            settings.listen = "127.0.0.1:0".into();
        }
        let server = Server::bind_with(&settings, services, limits).await.unwrap().unwrap();
        let address = server.address().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        Self { address, stop: Some(stop), task }
    }

    /// Asks it to stop; how long it took.
    pub async fn stop(mut self) -> Duration {
        let from = Instant::now();
        let _ = self.stop.take().unwrap().send(());
        (&mut self.task).await.unwrap();
        from.elapsed()
    }
}

impl Drop for Gegenstelle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Settings that find all three services at this address.
pub fn alle_bei(settings: &RufSettings, url: &str) -> RufSettings {
    let url = url.to_owned();
    RufSettings { eingang: url.clone(), geschaeftsgang: url.clone(), akten: url, ..settings.clone() }
}

/// What the application of this process serves.
pub fn hier(app: &App) -> Services {
    let kern = Arc::new(app.geschaeftsgang.clone());
    Services {
        sendungen: Some(Arc::new(app.eingang.clone())),
        aufgaben: Some(kern.clone()),
        ablaeufe: Some(kern.clone()),
        betrieb: Some(kern.clone()),
        fassungen: Some(kern.clone()),
        wiedervorlagen: Some(kern.clone()),
        rueckmeldungen: Some(kern.clone()),
        dokumente: Some(app.akten.clone()),
        suche: Some(app.akten.clone()),
        verweise: Some(Arc::new(vec![kern as _, app.akten.clone() as _])),
    }
}

/// The same services, asked through the neighbours.
pub fn dort(n: &Neighbours) -> Services {
    let (eingang, kern, akten) = (n.eingang.clone(), n.geschaeftsgang.clone(), n.akten.clone());
    Services {
        sendungen: eingang.map(|e| e as _),
        aufgaben: kern.clone().map(|k| k as _),
        ablaeufe: kern.clone().map(|k| k as _),
        betrieb: kern.clone().map(|k| k as _),
        fassungen: kern.clone().map(|k| k as _),
        wiedervorlagen: kern.clone().map(|k| k as _),
        rueckmeldungen: kern.clone().map(|k| k as _),
        dokumente: akten.clone().map(|a| a as _),
        suche: akten.map(|a| a as _),
        verweise: kern.map(|k| k as _),
    }
}
