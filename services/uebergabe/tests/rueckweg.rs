// SPDX-License-Identifier: EUPL-1.2
//! The incoming folder: each file once, one bad file never stops the others, nothing is lost.
#![allow(clippy::unwrap_used, clippy::panic)]

mod gemein;

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use gemein::{Welt, instanz, werte};
use nachrichten::{
    BlobHash, InstanceId,
    fehler::Fehler,
    uebergabe::{Aufnahme, Rueckmeldung, Rueckmeldungen},
};
use serde_json::json;
use service_platform::uhr::CountingIds;
use service_uebergabe::rueckweg::{Profil, Rueckweg, lesen};
use tempfile::TempDir;

/// A core that answers as it is told and remembers what it took.
#[derive(Default)]
struct Kern {
    antwort: Mutex<Vec<Result<Aufnahme, ()>>>,
    genommen: Mutex<Vec<(BlobHash, Rueckmeldung)>>,
    geklaert: Mutex<Vec<(String, String, String)>>,
}

#[async_trait]
impl Rueckmeldungen for Kern {
    async fn nimm(&self, kennung: BlobHash, meldung: &Rueckmeldung) -> Result<Aufnahme, Fehler> {
        let mut taken = self.genommen.lock().unwrap();
        if taken.iter().any(|(k, _)| *k == kennung) {
            return Ok(Aufnahme::Schon);
        }
        let next = self.antwort.lock().unwrap().pop().unwrap_or(Ok(Aufnahme::Genommen));
        let next = next.map_err(|()| Fehler::new("E9001", 503, "weg", "database is away"))?;
        if next == Aufnahme::Genommen {
            taken.push((kennung, meldung.clone()));
        }
        Ok(next)
    }
    async fn klaeren(&self, _: BlobHash, datei: &str, grund: &str, inhalt: &str) -> Result<InstanceId, Fehler> {
        self.geklaert.lock().unwrap().push((datei.into(), grund.into(), inhalt.into()));
        Ok(instanz(99))
    }
}

struct Haus {
    root: TempDir,
    kern: Arc<Kern>,
    rueckweg: Rueckweg,
    welt: Welt,
}

impl Haus {
    fn neu(geduld: Duration) -> Self {
        let root = tempfile::tempdir().unwrap();
        let (welt, kern) = (Welt::in_folder(root.path()), Arc::new(Kern::default()));
        let profil = Profil {
            eingang: root.path().join("eingang"),
            spool: root.path().join("spool"),
            ruhe: Duration::from_millis(20),
            unfertig: Duration::from_millis(80),
            takt: Duration::from_millis(5),
            geduld,
        };
        fs::create_dir_all(&profil.eingang).unwrap();
        let rueckweg = Rueckweg::new(profil, welt.ordner.clone(), kern.clone(), Arc::new(CountingIds::default()));
        Self { root, kern, rueckweg, welt }
    }

    fn pfad(&self, name: &str) -> std::path::PathBuf {
        self.root.path().join(name)
    }

    fn lege(&self, name: &str, inhalt: impl AsRef<[u8]>) {
        fs::write(self.pfad("eingang").join(name), inhalt).unwrap();
    }

    async fn runden(&mut self, n: usize) {
        for _ in 0..n {
            self.rueckweg.runde().await;
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    fn genommen(&self) -> usize {
        self.kern.genommen.lock().unwrap().len()
    }
}

fn namen(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .map(|n| n.split_once('~').map_or(n.clone(), |(_, name)| name.to_owned()))
        .collect();
    names.sort();
    names
}

const ZAHLUNG: &str = r#"{"art":"zahlung","beleg":"1900004711","betrag":"1190.00","datum":"2026-12-01"}"#;

#[tokio::test]
async fn a_file_is_taken_once_and_the_same_file_again_counts_once() {
    let mut h = Haus::neu(Duration::from_secs(60));
    h.lege("z1.json", ZAHLUNG);
    h.runden(3).await;
    assert_eq!(h.genommen(), 1);
    assert!(
        matches!(&h.kern.genommen.lock().unwrap()[0].1, Rueckmeldung::Zahlung { betrag, .. } if betrag == "1190.00")
    );
    h.lege("z1-nochmals.json", ZAHLUNG);
    h.runden(3).await;
    assert_eq!(h.genommen(), 1);
    assert_eq!(namen(&h.pfad("spool/erledigt")), ["z1-nochmals.json", "z1.json"], "both are kept as evidence");
    assert!(namen(&h.pfad("spool/offen")).is_empty() && h.kern.geklaert.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_file_is_complete_before_it_is_taken() {
    let mut h = Haus::neu(Duration::from_secs(60));
    let (head, tail) = ZAHLUNG.split_at(40);
    h.lege("z.json", head);
    h.runden(2).await;
    assert_eq!(namen(&h.pfad("eingang")), ["fehler", "z.json"], "half a JSON still grows");
    h.lege("z.json", [head, tail].concat());
    h.lege(".verborgen.json", ZAHLUNG);
    h.lege("z2.json.tmp", ZAHLUNG);
    std::os::unix::fs::symlink(h.pfad("eingang/z.json"), h.pfad("eingang/link.json")).unwrap();
    h.runden(4).await;
    assert_eq!(h.genommen(), 1);
    assert_eq!(namen(&h.pfad("eingang")), [".verborgen.json", "fehler", "link.json", "z2.json.tmp"]);
}

#[tokio::test]
async fn a_bad_file_goes_to_a_person_and_stops_nobody() {
    let mut h = Haus::neu(Duration::from_secs(60));
    h.lege("a-kaputt.json", "{\"art\":\"zahlung\",");
    h.lege("b-gross.json", vec![b' '; 70_000]);
    h.lege("c-fremd.json", r#"{"art":"gutschein","beleg":"1"}"#);
    h.lege(
        "d-pfad.json",
        r#"{"art":"ablehnung","buchung":"../../../../etc/passwd-aaaaaaaaaaaaaaaa","grund":"x","datum":"2026-12-01"}"#,
    );
    h.lege("e-betrag.json", r#"{"art":"zahlung","beleg":"1","betrag":"1.190,00","datum":"2026-12-01"}"#);
    h.lege("f-tag.json", r#"{"art":"zahlung","beleg":"1","betrag":"1.00","datum":"2026-02-30"}"#);
    h.lege("g-binaer.json", [0u8, 159, 146, 150]);
    h.lege("z-gut.json", ZAHLUNG);
    h.runden(8).await;
    assert_eq!(h.genommen(), 1, "the good one is taken");
    let geklaert = h.kern.geklaert.lock().unwrap().clone();
    let mut files: Vec<&str> = geklaert.iter().map(|g| g.0.as_str()).collect();
    files.sort_unstable();
    let bad = [
        "a-kaputt.json",
        "b-gross.json",
        "c-fremd.json",
        "d-pfad.json",
        "e-betrag.json",
        "f-tag.json",
        "g-binaer.json",
    ];
    assert_eq!(files, bad);
    let reason = |name: &str| geklaert.iter().find(|g| g.0 == name).unwrap().1.clone();
    assert!(reason("b-gross.json").contains("70000 Byte zu groß"), "{}", reason("b-gross.json"));
    assert!(reason("d-pfad.json").contains("keine Buchung der E-Akte"));
    assert!(reason("e-betrag.json").contains("„1.190,00“ ist kein Betrag"));
    let left = namen(&h.pfad("eingang/fehler"));
    assert_eq!(left.len(), 14, "each with its reason beside it: {left:?}");
    let why = fs::read_dir(h.pfad("eingang/fehler")).unwrap().map(|e| e.unwrap().path());
    let why = why.into_iter().find(|p| p.to_string_lossy().contains("e-betrag.json.grund.txt")).unwrap();
    assert!(fs::read_to_string(why).unwrap().contains("ist kein Betrag"));
    assert!(namen(&h.pfad("spool/offen")).is_empty());
}

#[tokio::test]
async fn what_nobody_expects_yet_waits_and_then_goes_to_a_person() {
    let mut h = Haus::neu(Duration::from_secs(60));
    // The payment came before the process waited for it: it waits in the spool.
    h.kern.antwort.lock().unwrap().extend([Ok(Aufnahme::Genommen), Ok(Aufnahme::Niemand), Ok(Aufnahme::Niemand)]);
    h.lege("frueh.json", ZAHLUNG);
    h.runden(6).await;
    assert_eq!((h.genommen(), h.kern.geklaert.lock().unwrap().len()), (1, 0));

    let mut h = Haus::neu(Duration::from_millis(60));
    h.kern.antwort.lock().unwrap().extend(std::iter::repeat_n(Ok(Aufnahme::Niemand), 50));
    h.lege("verirrt.json", ZAHLUNG);
    h.runden(8).await;
    let geklaert = h.kern.geklaert.lock().unwrap().clone();
    assert_eq!(geklaert[0].1, "Keine Rechnung wartet auf „Zahlung ausgeführt“ mit der Nummer „1900004711“.");
    assert_eq!(geklaert[0].2, ZAHLUNG, "the person sees what is in it");

    let mut h = Haus::neu(Duration::from_secs(60));
    h.kern.antwort.lock().unwrap().push(Ok(Aufnahme::Mehrdeutig));
    h.lege("zwei.json", ZAHLUNG);
    h.runden(3).await;
    assert!(h.kern.geklaert.lock().unwrap()[0].1.contains("warten mehrere Rechnungen"));
}

#[tokio::test]
async fn a_core_that_is_away_loses_nothing() {
    let mut h = Haus::neu(Duration::from_millis(1));
    h.kern.antwort.lock().unwrap().extend([Ok(Aufnahme::Genommen), Err(()), Err(()), Err(())]);
    h.lege("z.json", ZAHLUNG);
    h.runden(4).await;
    assert_eq!((h.genommen(), namen(&h.pfad("spool/offen")).len()), (0, 1));
    // A new process finds it in the spool.
    let profil = Profil {
        eingang: h.pfad("eingang"),
        spool: h.pfad("spool"),
        ruhe: Duration::ZERO,
        unfertig: Duration::ZERO,
        takt: Duration::ZERO,
        geduld: Duration::from_secs(1),
    };
    h.rueckweg = Rueckweg::new(profil, h.welt.ordner.clone(), h.kern.clone(), Arc::new(CountingIds::default()));
    h.runden(3).await;
    assert_eq!((h.genommen(), namen(&h.pfad("spool/erledigt"))), (1, vec!["z.json".to_owned()]));
}

#[tokio::test]
async fn a_refusal_opens_the_invoice_before_the_process_knows() {
    let mut h = Haus::neu(Duration::from_secs(60));
    let m = h.welt.auftrag().await;
    let first = werte(h.welt.buchen(instanz(1), 17, &m).await);
    let file =
        json!({ "art": "ablehnung", "buchung": first["buchung"], "grund": "Kreditor gesperrt", "datum": "2026-11-25" });
    h.lege("nein.json", file.to_string());
    h.runden(3).await;
    assert_eq!(h.genommen(), 1);
    let second = werte(h.welt.buchen(instanz(1), 23, &m).await);
    assert_ne!(second["buchung"], first["buchung"]);
}

#[test]
fn only_well_formed_messages_are_read() {
    assert!(lesen(ZAHLUNG.as_bytes()).is_ok());
    for bad in [
        r#"{"art":"zahlung","beleg":"","betrag":"1.00","datum":"2026-12-01"}"#,
        r#"{"art":"zahlung","beleg":"1;DROP","betrag":"1.00","datum":"2026-12-01"}"#,
        r#"{"art":"quittung","buchung":"kurz","beleg":"1","datum":"2026-12-01"}"#,
        r#"{"art":"storno","beleg":"1","storno_beleg":"2","grund":"  ","datum":"2026-12-01"}"#,
        r#"[]"#,
        "",
    ] {
        let why = lesen(bad.as_bytes()).unwrap_err();
        assert!(why.ends_with('.') && !why.contains('\n'), "{bad}: {why}");
    }
}
