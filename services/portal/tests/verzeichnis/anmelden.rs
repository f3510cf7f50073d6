// SPDX-License-Identifier: EUPL-1.2
//! One person, one identity, and what the groups give.

use openidconnect::url::Url;
use serde_json::json;
use service_platform::{args, konten::Angemeldet};

use crate::{
    anbieter::{ACCESS, GEHEIMNIS},
    decode, each, on_sqlite,
    welt::{Person, Welt},
};

impl Welt {
    async fn wer(&self, browser: &Person) -> Angemeldet {
        self.konten.session(&browser.sitzung().unwrap()).await.unwrap().unwrap()
    }
    async fn identitaeten(&self) -> i64 {
        self.zahl("SELECT count(*) FROM platform_identitaet", args![]).await
    }
}

#[tokio::test]
async fn the_first_login_links_and_each_login_gives_what_the_groups_say() {
    each(|w| async move {
        let b = w.browser();
        let page = b.get("/anmelden?weiter=/akten").await;
        let (button, password) =
            (page.text.find("Mit Ihrem Verzeichniskonto anmelden"), page.text.find("id=\"passwort\""));
        assert!(button.unwrap() < password.unwrap() && page.text.contains("/anmelden/verzeichnis?weiter=/akten"));

        let sent = b.get("/anmelden/verzeichnis?weiter=%2Fakten%3Fseite%3D2").await;
        let url: Url = sent.ziel().parse().unwrap();
        let asked = decode(url.query().unwrap());
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", "eakte"),
            ("redirect_uri", "http://127.0.0.1:8080/anmelden/rueckkehr"),
            ("scope", "openid profile"),
            ("code_challenge_method", "S256"),
            ("ui_locales", "de"),
        ] {
            assert_eq!(asked[name], value, "{url}");
        }
        let code = w.anbieter.code(&asked["nonce"], &asked["code_challenge"]);
        let back = b.get(&format!("/anmelden/rueckkehr?code={code}&state={}", asked["state"])).await;
        assert_eq!((back.status, back.ziel()), (303, "/akten?seite=2"), "{}", back.text);

        let ayla = w.wer(&b).await;
        assert_eq!((ayla.kennung.as_str(), ayla.verzeichnis), ("ayla", true));
        assert_eq!(
            (ayla.rollen, ayla.gruppen),
            (vec!["Poststelle".into(), "Sachbearbeitung".into()], vec!["Poststelle".into()])
        );
        let person = ayla.actor.person;
        let wirksam = "SELECT count(*) FROM platform_wirksam WHERE person = $1 AND subjekt = 'gruppe:Poststelle'";
        assert_eq!(w.zahl(wirksam, args![person]).await, 1, "tasks and rights ask this table");
        let acts: Vec<_> = w.protokoll(person).await;
        let names: Vec<&str> = acts.iter().map(|(act, _)| act.as_str()).collect();
        assert_eq!(
            names,
            [
                "person angelegt",
                "verzeichnisname geändert",
                "identität verbunden",
                "rechte aus dem verzeichnis",
                "angemeldet"
            ]
        );
        assert_eq!(acts[3].1, json!({"dazu": ["gruppe:Poststelle", "rolle:Poststelle"], "weg": []}));
        assert!(!format!("{acts:?}").contains("sub-1"), "the provider's name for a person is not in the trail");

        // The same groups again change nothing; another set replaces what the directory gave, and nothing else.
        b.anmelden().await;
        assert_eq!(w.protokoll(person).await.len(), 6);
        w.anbieter.mit(|l| l.person["groups"] = json!(["/66", "/unbekannt"]));
        b.anmelden().await;
        let ayla = w.wer(&b).await;
        assert_eq!(
            (ayla.rollen, ayla.gruppen),
            (vec!["Feststellung".into(), "Sachbearbeitung".into()], vec!["Feststellung-66".into()])
        );
        assert_eq!(w.zahl(wirksam, args![person]).await, 0);
        // What was given by hand as well stays when the group goes.
        w.person("ayla", &["Feststellung"], None).await;
        w.anbieter.mit(|l| l.person.as_object_mut().unwrap().remove("groups").map_or((), drop));
        w.anbieter.mit(|l| l.userinfo = Some(json!({"sub": "sub-1"})));
        assert_eq!(b.anmelden().await.status, 303);
        let ayla = w.wer(&b).await;
        assert_eq!((ayla.rollen, ayla.gruppen), (vec!["Feststellung".into(), "Sachbearbeitung".into()], vec![]));
        assert_eq!(w.protokoll(person).await.last().unwrap().0, "angemeldet");
        assert_eq!(w.identitaeten().await, 1);
        w.kette_ist_heil().await;
    })
    .await;
}

#[tokio::test]
async fn who_is_unknown_here_is_told_whom_to_ask_or_entered_when_the_city_wants_so() {
    each(|mut w| async move {
        w.anbieter.mit(|l| {
            l.sub = "sub-bert".into();
            l.person = json!({"preferred_username": "bert", "name": "Bert Beispiel", "email": "bert@stadt.example", "groups": ["/post"]});
        });
        let b = w.browser();
        let refused = b.anmelden().await;
        assert_eq!((refused.status, refused.code()), (403, "E9024"));
        assert!(refused.text.contains("Wenden Sie sich an Ihre Amtsleitung oder den Betrieb"), "{}", refused.text);
        assert_eq!((b.sitzung(), w.identitaeten().await), (None, 0));

        w.settings.neue_personen = true;
        let b = w.browser();
        assert_eq!(b.anmelden().await.status, 303);
        let bert = w.wer(&b).await;
        assert_eq!((bert.kennung.as_str(), bert.actor.name.as_str()), ("bert", "Bert Beispiel"));
        assert_eq!(bert.rollen, ["Poststelle"]);
        let mail = w.konten.einstellungen(bert.actor.person).await.unwrap().mail;
        assert_eq!(mail.as_deref(), Some("bert@stadt.example"));
        let acts: Vec<String> = w.protokoll(bert.actor.person).await.into_iter().map(|(act, _)| act).collect();
        assert_eq!(acts, ["person angelegt", "identität verbunden", "rechte aus dem verzeichnis", "angemeldet"]);
        assert_eq!(w.konten.login("bert", "").await.unwrap_err().code.0, "E7001", "no password, no way in by one");
        // Found by the identity from now on, whatever the directory calls them.
        w.anbieter.mit(|l| l.person["preferred_username"] = "bert.neu".into());
        assert_eq!(b.anmelden().await.status, 303);
        assert_eq!(w.wer(&b).await.actor.person, bert.actor.person);
        w.kette_ist_heil().await;
    })
    .await;
}

#[tokio::test]
async fn neither_a_name_nor_an_address_takes_over_an_account() {
    each(|mut w| async move {
        w.settings.neue_personen = true;
        let b = w.browser();
        // The name of a local account that is not in the directory; its e-mail address on top.
        let cem = w.konten.actor("cem").await.unwrap().unwrap().person;
        w.konten.mail_setzen(cem, Some("cem@stadt.example")).await.unwrap();
        w.anbieter.mit(|l| {
            l.sub = "sub-x".into();
            l.person = json!({"preferred_username": "cem", "email": "cem@stadt.example", "email_verified": true, "groups": []});
        });
        let refused = b.anmelden().await;
        assert_eq!((refused.status, refused.code()), (409, "E9025"));
        // The address alone: a new person, not Cem.
        w.anbieter.mit(|l| l.person["preferred_username"] = "xaver".into());
        assert_eq!(b.anmelden().await.status, 303);
        assert_ne!(w.wer(&b).await.actor.person, cem);

        // Ayla is one identity; a second one of her name stays out until an operator unlinks the first.
        w.anbieter.mit(|l| {
            l.sub = "sub-1".into();
            l.person = json!({"preferred_username": "a.demirel", "groups": ["/post"]});
        });
        let first = w.browser();
        first.anmelden().await;
        let ayla = w.wer(&first).await.actor;
        w.anbieter.mit(|l| l.sub = "sub-2".into());
        let second = w.browser();
        let refused = second.anmelden().await;
        assert_eq!((refused.code(), second.sitzung()), ("E9025", None));
        let token = w.konten.api_token(ayla.person, 1).await.unwrap();
        let betrieb = w.konten.actor("cem").await.unwrap().unwrap();
        assert!(w.konten.identitaet_loesen(&betrieb, ayla.person).await.unwrap());
        assert!(!w.konten.identitaet_loesen(&betrieb, ayla.person).await.unwrap(), "nothing left");
        assert!(w.konten.session(&first.sitzung().unwrap()).await.unwrap().is_none(), "the old identity is out");
        let left = w.konten.session(&token).await.unwrap().unwrap();
        assert_eq!(left.rollen, ["Sachbearbeitung"], "what its groups gave is gone");
        assert_eq!(second.anmelden().await.status, 303);
        assert_eq!(w.wer(&second).await.actor.person, ayla.person);
        w.anbieter.mit(|l| l.sub = "sub-1".into());
        assert_eq!(first.anmelden().await.code(), "E9025");
        // Two persons cannot have one name over there.
        let taken = w.konten.verzeichnisname_setzen(&betrieb, cem, Some("a.demirel")).await.unwrap_err();
        assert_eq!(taken.code.0, "E9025");
        w.kette_ist_heil().await;
    })
    .await;
}

#[tokio::test]
async fn who_is_blocked_here_stays_out() {
    each(|w| async move {
        let b = w.browser();
        b.anmelden().await;
        for linked in [true, false] {
            if !linked {
                w.db.execute(&crate::welt::sql("DELETE FROM platform_identitaet"), args![]).await.unwrap();
            }
            w.db.execute(&crate::welt::sql("UPDATE platform_person SET aktiv = 0 WHERE kennung = 'ayla'"), args![])
                .await
                .unwrap();
            let out = w.browser();
            assert_eq!((out.anmelden().await.code(), out.sitzung()), ("E9024", None), "linked: {linked}");
        }
        assert_eq!(w.identitaeten().await, 0, "nothing is linked for somebody who stays out");
        assert_eq!(b.get("/akten").await.status, 303, "the session of before has ended");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_first_logins_at_once_make_one_person_and_one_identity() {
    each(|mut w| async move {
        w.settings.neue_personen = true;
        w.anbieter.mit(|l| {
            l.sub = "sub-neu".into();
            l.person["preferred_username"] = "neu".into();
        });
        let persons: Vec<_> = (0..8).map(|_| w.browser()).collect();
        let mut ways = tokio::task::JoinSet::new();
        for b in persons {
            ways.spawn(async move {
                let answer = b.anmelden().await;
                (answer.status, b.sitzung().is_some(), answer.text)
            });
        }
        let mut inside = 0;
        while let Some(way) = ways.join_next().await {
            let (status, session, text) = way.unwrap();
            assert_eq!(status == 303, session, "{text}");
            // Who lost the race may be told to try again, never gets half a person.
            assert!([303, 409, 503].contains(&status), "{status} {text}");
            inside += i32::from(session);
        }
        assert!(inside >= 1);
        assert_eq!(w.zahl("SELECT count(*) FROM platform_person WHERE kennung = 'neu'", args![]).await, 1);
        assert_eq!(w.identitaeten().await, 1);
        assert_eq!(w.browser().anmelden().await.status, 303);
        w.kette_ist_heil().await;
    })
    .await;
}

#[tokio::test]
async fn what_the_id_token_leaves_out_is_asked_for() {
    on_sqlite(|w| async move {
        let b = w.browser();
        w.anbieter.mit(|l| {
            l.person = json!({});
            l.userinfo =
                Some(json!({"sub": "sub-1", "preferred_username": "a.demirel", "groups": ["/66"], "iss": "egal"}));
        });
        assert_eq!(b.anmelden().await.status, 303);
        assert_eq!(w.wer(&b).await.gruppen, ["Feststellung-66"]);
        // Of somebody else, or not given: nobody comes in, and rights stay as they are.
        let b = w.browser();
        w.anbieter.mit(|l| l.userinfo = Some(json!({"sub": "sub-2", "preferred_username": "a.demirel"})));
        assert_eq!(b.anmelden().await.code(), "E9023");
        w.anbieter.mit(|l| l.userinfo = None);
        assert_eq!(b.anmelden().await.code(), "E9023");
        w.anbieter.mit(|l| {
            l.person = json!({"preferred_username": "a.demirel", "_claim_names": {"groups": "src1"}});
            l.userinfo = Some(json!({"sub": "sub-1"}));
        });
        assert_eq!(b.anmelden().await.code(), "E9027");
        w.anbieter.mit(|l| {
            l.sub = "sub-ohne-namen".into();
            l.person = json!({"groups": []});
            l.userinfo = Some(json!({"sub": "sub-ohne-namen", "preferred_username": " "}));
        });
        assert_eq!(b.anmelden().await.code(), "E9027");
    })
    .await;
}

#[tokio::test]
async fn neither_tokens_nor_codes_nor_persons_stand_in_the_log() {
    #[derive(Clone, Default)]
    struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG);
    let subscriber = subscriber.with_writer(move || writer.clone()).finish();
    // For the whole process: the other tests' lines are looked through as well.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    on_sqlite(|w| async move {
        let b = w.browser();
        let mut secrets =
            vec![GEHEIMNIS.to_owned(), ACCESS.to_owned(), "demirel".to_owned(), "Ayla".to_owned(), "sub-1".to_owned()];
        for change in [None, Some((|c| c["aud"] = "fremd".into()) as fn(&mut serde_json::Value))] {
            w.anbieter.mit(|l| l.aendern = change);
            let back = b.hin("/hilfe").await;
            let (state, attempt) = (
                decode(back.split_once('?').unwrap().1)["state"].clone(),
                b.jar.lock().unwrap()["eakte_verzeichnis"].clone(),
            );
            let answer = b.get(&back).await;
            w.anbieter.mit(|l| secrets.extend([l.letzter_code.clone(), l.letztes_token.clone(), state, attempt]));
            assert!(secrets.iter().all(|s| !answer.text.contains(s.as_str())), "on the page");
        }
        secrets.push(b.sitzung().unwrap());
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("E9023") && text.contains("must contain"), "the cause is there: {text}");
        for secret in secrets {
            assert!(!secret.is_empty() && !text.contains(&secret), "{secret} in {text}");
        }
    })
    .await;
}
