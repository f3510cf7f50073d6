// SPDX-License-Identifier: EUPL-1.2
//! A provider that is away, sick or has new keys; a city that wants no passwords; settings that cannot work.

use std::time::{Duration, Instant};

use serde_json::json;
use service_platform::config::AnmeldungSettings;
use service_portal::Anmeldung;

use crate::{
    anbieter::Krank,
    on_sqlite,
    welt::{ADRESSE, Person, Welt},
};

/// Name and password on the login page.
async fn mit_passwort(b: &Person, kennung: &str, passwort: &str) -> crate::welt::Antwort {
    b.get("/anmelden").await;
    let csrf = b.jar.lock().unwrap()["eakte_formular"].clone();
    b.post("/anmelden", &[("csrf", &csrf), ("kennung", kennung), ("passwort", passwort), ("weiter", "/akten")]).await
}

#[tokio::test]
async fn a_sick_provider_is_told_in_german_and_passwords_go_on() {
    on_sqlite(|w| async move {
        let (b, started) = (w.browser(), Instant::now());
        for krank in [Krank::Fehler500, Krank::Riesig, Krank::Umleitung, Krank::AndererAussteller, Krank::Stumm] {
            w.anbieter.mit(|l| l.krank = krank);
            w.uhr.advance_seconds(61);
            let answer = b.get("/anmelden/verzeichnis").await;
            assert_eq!((answer.status, answer.code()), (503, "E9020"), "{krank:?}");
            assert!(answer.text.contains("Das Verzeichnis der Stadt antwortet nicht."), "{}", answer.text);
        }
        assert!(started.elapsed() < Duration::from_secs(15), "the silent one cost {:?}", started.elapsed());
        let page = b.get("/anmelden").await;
        assert!(page.text.contains("Das Verzeichnis der Stadt antwortet gerade nicht."), "{}", page.text);
        assert_eq!(mit_passwort(&b, "cem", "ein langes Passwort").await.ziel(), "/akten");

        // Away between the way there and the way back: only the token is asked for, nobody comes in.
        w.anbieter.mit(|l| l.krank = Krank::Nein);
        w.uhr.advance_seconds(61);
        let b = w.browser();
        let back = b.hin("/").await;
        assert!(!b.get("/anmelden").await.text.contains("antwortet gerade nicht"));
        w.anbieter.mit(|l| l.krank = Krank::Riesig);
        assert_eq!((b.get(&back).await.code(), b.sitzung()), ("E9020", None));
    })
    .await;
}

#[tokio::test]
async fn nobody_waits_for_a_provider_that_is_not_there() {
    on_sqlite(|mut w| async move {
        // A free port: nothing answers there.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        w.settings.oidc_aussteller = format!("http://127.0.0.1:{port}");
        let b = w.browser();
        assert_eq!(b.get("/anmelden").await.status, 200, "the portal is there at once");
        assert_eq!(b.get("/anmelden/verzeichnis").await.code(), "E9020");
        assert_eq!(mit_passwort(&b, "cem", "ein langes Passwort").await.status, 303);
    })
    .await;
}

#[tokio::test]
async fn many_at_once_ask_the_provider_once() {
    on_sqlite(|w| async move {
        let b = std::sync::Arc::new(w.browser());
        let mut ways = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let b = b.clone();
            ways.spawn(async move { b.get("/anmelden/verzeichnis").await.status });
        }
        while let Some(status) = ways.join_next().await {
            assert_eq!(status.unwrap(), 303);
        }
        w.anbieter.mit(|l| assert_eq!(l.fragen, 1));
        w.uhr.advance_seconds(61);
        b.get("/anmelden/verzeichnis").await;
        w.anbieter.mit(|l| assert_eq!(l.fragen, 2));
    })
    .await;
}

#[tokio::test]
async fn new_keys_are_fetched_once_in_a_while_and_not_for_every_stranger() {
    on_sqlite(|w| async move {
        let b = w.browser();
        assert_eq!(b.anmelden().await.status, 303);
        let back = b.hin("/").await;
        w.anbieter.neue_schluessel("ec-2");
        w.uhr.advance_seconds(31);
        assert_eq!(b.get(&back).await.status, 303, "a rotated key is found");
        w.anbieter.mit(|l| {
            assert_eq!(l.fragen, 2);
            l.kid = "erfunden".into();
        });
        for _ in 0..20 {
            assert_eq!(b.anmelden().await.code(), "E9023");
            let token = w.anbieter.signiert("logout+jwt", &json!({"iss": w.anbieter.url}));
            assert_eq!(b.post("/anmelden/abmeldung", &[("logout_token", &token)]).await.status, 400);
        }
        w.anbieter.mit(|l| assert_eq!(l.fragen, 2, "within 30 seconds of the last time"));
    })
    .await;
}

#[tokio::test]
async fn without_passwords_only_the_emergency_account_has_one() {
    on_sqlite(|mut w: Welt| async move {
        w.person("notfall", &["Betrieb"], Some("fuer den Notfall 1")).await;
        (w.settings.passwort_anmeldung, w.settings.notfall_kennung) = (false, "notfall".into());
        let b = w.browser();
        let page = b.get("/anmelden?weiter=/akten").await.text;
        assert!(page.contains("Mit Ihrem Verzeichniskonto anmelden") && !page.contains("id=\"passwort\""));
        assert!(
            page.contains("href=\"/anmelden?notfall=ja&amp;weiter=/akten\"")
                || page.contains("href=\"/anmelden?notfall=ja&#38;weiter=/akten\""),
            "{page}"
        );
        assert!(b.get("/anmelden?notfall=ja").await.text.contains("id=\"passwort\""));
        let answers = [
            mit_passwort(&b, "cem", "ein langes Passwort").await,
            mit_passwort(&b, "niemand", "x").await,
            mit_passwort(&b, "notfall", "x").await,
        ];
        for answer in answers {
            assert_eq!(answer.status, 401);
            assert!(answer.text.contains("Kennung oder Passwort stimmen nicht."), "the same for all");
        }
        assert_eq!(b.sitzung(), None);
        assert_eq!(mit_passwort(&b, "notfall", "fuer den Notfall 1").await.status, 303);
        // No such account named: nobody.
        w.settings.notfall_kennung = String::new();
        let b = w.browser();
        assert!(!b.get("/anmelden?notfall=ja").await.text.contains("id=\"passwort\""));
        assert_eq!(mit_passwort(&b, "", "x").await.status, 401);
        assert_eq!(b.anmelden().await.status, 303);
    })
    .await;
}

#[tokio::test]
async fn settings_that_cannot_work_say_which() {
    on_sqlite(|w| async move {
        // The whole of it: the file with the secret goes with it.
        let w = &w;
        let good = w.settings.clone();
        let of = |change: &dyn Fn(&mut AnmeldungSettings), adresse: &str| {
            let mut s = good.clone();
            change(&mut s);
            Anmeldung::of(&s, adresse, w.uhr.clone()).err().unwrap_or_default()
        };
        assert_eq!(of(&|_| {}, ADRESSE), "");
        assert_eq!(of(&|s| s.oidc_aussteller = "https://a.example/realms/stadt".into(), "https://eakte.example"), "");
        for (wrong, key) in [
            (of(&|s| s.oidc_aussteller = "http://a.example".into(), ADRESSE), "anmeldung.oidc_aussteller"),
            (of(&|s| s.oidc_aussteller = "a.example".into(), ADRESSE), "anmeldung.oidc_aussteller"),
            (of(&|_| {}, "http://eakte.example"), "hinweise.adresse"),
            (of(&|s| s.oidc_client = String::new(), ADRESSE), "anmeldung.oidc_client"),
            (of(&|s| s.oidc_geheimnis_datei = "/gibt/es/nicht".into(), ADRESSE), "anmeldung.oidc_geheimnis_datei"),
            (of(&|s| s.oidc_ca_datei = "/gibt/es/nicht".into(), ADRESSE), "anmeldung.oidc_ca_datei"),
            (of(&|s| s.oidc_ca_datei = s.oidc_geheimnis_datei.clone(), ADRESSE), "anmeldung.oidc_ca_datei"),
            (of(&|s| (s.oidc_aussteller, s.passwort_anmeldung) = (String::new(), false), ADRESSE), "anmeldung: "),
        ] {
            assert!(wrong.starts_with(key), "{key}: {wrong}");
        }
    })
    .await;
}
