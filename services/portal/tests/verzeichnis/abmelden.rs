// SPDX-License-Identifier: EUPL-1.2
//! Logout: here and over there, and over there and here.

use serde_json::{Value, json};
use service_platform::args;

use crate::{
    anbieter::CLIENT,
    each, on_sqlite,
    welt::{ADRESSE, Person, Welt, encode},
};

const EREIGNIS: &str = "http://schemas.openid.net/event/backchannel-logout";

impl Welt {
    /// A logout token as it should be; `n` makes its jti.
    fn abmeldung(&self, n: u32, change: impl FnOnce(&mut Value)) -> String {
        let now = self.anbieter.jetzt();
        let mut claims = json!({
            "iss": self.anbieter.url, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": format!("jti-{n}"),
            "events": {EREIGNIS: {}}, "sub": "sub-1", "sid": "sid-1",
        });
        change(&mut claims);
        self.anbieter.signiert("logout+jwt", &claims)
    }
    async fn lebt(&self, token: &str) -> bool {
        self.konten.session(token).await.unwrap().is_some()
    }
}

async fn senden(b: &Person, token: &str) -> u16 {
    let answer = b.post("/anmelden/abmeldung", &[("logout_token", token)]).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    answer.status
}

#[tokio::test]
async fn the_provider_ends_one_session_or_all_of_a_person() {
    each(|w| async move {
        let (b, provider) = (w.browser(), w.browser());
        let mut sessions = Vec::new();
        for sid in ["sid-1", "sid-2", "sid-3"] {
            w.anbieter.mit(|l| l.sid = sid.into());
            let b = w.browser();
            b.anmelden().await;
            sessions.push(b.sitzung().unwrap());
        }
        let ayla = w.konten.session(&sessions[0]).await.unwrap().unwrap().actor.person;
        let token = w.konten.api_token(ayla, 1).await.unwrap();
        let by_password = w.konten.login("cem", "ein langes Passwort").await.unwrap();
        let living = async || {
            let mut living = Vec::new();
            for s in sessions.iter().chain([&token, &by_password]) {
                living.push(w.lebt(s).await);
            }
            living
        };
        assert_eq!(senden(&provider, &w.abmeldung(1, |_| {})).await, 200);
        assert_eq!(living().await, [false, true, true, true, true]);
        // The sid of somebody else's session is not this subject's to end.
        assert_eq!(
            senden(&provider, &w.abmeldung(2, |c| (c["sub"], c["sid"]) = ("sub-9".into(), "sid-2".into()))).await,
            200
        );
        assert_eq!(living().await, [false, true, true, true, true]);
        assert_eq!(
            senden(
                &provider,
                &w.abmeldung(3, |c| {
                    c["sid"] = "sid-2".into();
                    c.as_object_mut().unwrap().remove("sub");
                })
            )
            .await,
            200
        );
        assert_eq!(living().await, [false, false, true, true, true]);
        let all = w.abmeldung(4, |c| drop(c.as_object_mut().unwrap().remove("sid")));
        assert_eq!(senden(&provider, &all).await, 200);
        assert_eq!(
            living().await,
            [false, false, false, true, true],
            "API tokens and passwords are no sessions of the provider"
        );
        let acts: Vec<String> = w.protokoll(ayla).await.into_iter().map(|(act, _)| act).collect();
        assert_eq!(acts.iter().filter(|a| *a == "abgemeldet").count(), 3);
        // Once.
        w.anbieter.mit(|l| l.sid = "sid-4".into());
        b.anmelden().await;
        assert_eq!(senden(&provider, &all).await, 400, "the same token again");
        assert!(w.lebt(&b.sitzung().unwrap()).await);
        assert_eq!(b.get("/hilfe").await.status, 200);
        w.kette_ist_heil().await;
    })
    .await;
}

#[tokio::test]
async fn a_logout_token_that_does_not_hold_ends_nothing() {
    type Change = fn(&mut Value);
    fn without(c: &mut Value, name: &str) {
        c.as_object_mut().unwrap().remove(name).unwrap();
    }
    let changes: &[(&str, Change)] = &[
        ("another issuer", |c| c["iss"] = "https://boese.example".into()),
        ("another client", |c| c["aud"] = "fremd".into()),
        ("other clients", |c| c["aud"] = json!(["fremd", "anders"])),
        ("no audience", |c| without(c, "aud")),
        ("no time", |c| without(c, "iat")),
        ("a time that is a word", |c| c["iat"] = "jetzt".into()),
        ("from the future", |c| c["iat"] = (c["iat"].as_i64().unwrap() + 61).into()),
        ("old", |c| c["iat"] = (c["iat"].as_i64().unwrap() - 901).into()),
        ("ended", |c| c["exp"] = (c["iat"].as_i64().unwrap() - 61).into()),
        ("no id", |c| without(c, "jti")),
        ("an empty id", |c| c["jti"] = "".into()),
        ("no event", |c| without(c, "events")),
        ("another event", |c| c["events"] = json!({"http://schemas.openid.net/event/anderes": {}})),
        ("an event that is no object", |c| c["events"] = json!({EREIGNIS: true})),
        ("an ID token", |c| c["nonce"] = "n".into()),
        ("nobody", |c| {
            without(c, "sub");
            without(c, "sid");
        }),
    ];
    on_sqlite(|w| async move {
        let b = w.browser();
        b.anmelden().await;
        let before = w.zahl("SELECT count(*) FROM platform_einmal", args![]).await;
        for (n, (what, change)) in (1..).zip(changes) {
            assert_eq!(senden(&b, &w.abmeldung(n, change)).await, 400, "{what}");
        }
        let good = w.abmeldung(90, |_| {});
        let (signed, _) = good.rsplit_once('.').unwrap();
        for (what, token) in [
            ("no signature", format!("{signed}.")),
            ("another signature", format!("{signed}.AAAA")),
            ("two parts", signed.to_owned()),
            ("four parts", format!("{good}.x")),
            ("nothing", String::new()),
            ("too long", "x".repeat(40_000)),
            ("wrong type", w.anbieter.signiert("at+jwt", &json!({}))),
        ] {
            assert_eq!(senden(&b, &token).await, 400, "{what}");
        }
        for (alg, kid) in [("none", "rsa"), ("HS256", "oct"), ("RS384", "rsa"), ("ES256", "fremd"), ("RS256", "ec-1")] {
            w.anbieter.mit(|l| (l.alg, l.kid) = (alg, kid.to_owned()));
            assert_eq!(senden(&b, &w.abmeldung(91, |_| {})).await, 400, "{alg} {kid}");
        }
        assert!(w.lebt(&b.sitzung().unwrap()).await);
        assert_eq!(
            w.zahl("SELECT count(*) FROM platform_einmal", args![]).await,
            before,
            "strangers leave nothing behind"
        );
        // The very token, rightly signed, holds.
        assert_eq!(senden(&b, &good).await, 200);
        assert!(!w.lebt(&b.sitzung().unwrap()).await);
        assert_eq!(b.get("/anmelden/abmeldung").await.status, 405);
    })
    .await;
}

#[tokio::test]
async fn signing_out_here_goes_on_to_the_provider() {
    on_sqlite(|w| async move {
        let b = w.browser();
        b.anmelden().await;
        let csrf = w.konten.session(&b.sitzung().unwrap()).await.unwrap().unwrap().csrf;
        let token = b.sitzung().unwrap();
        let out = b.post("/abmelden", &[("csrf", &csrf)]).await;
        assert_eq!((out.status, out.ziel()), (303, "/abmelden/verzeichnis"));
        assert!(!w.lebt(&token).await && b.sitzung().is_none());
        let page = b.get("/abmelden/verzeichnis").await;
        let url = format!(
            "{}/ende?client_id=eakte&amp;post_logout_redirect_uri={}",
            w.anbieter.url,
            encode(&format!("{ADRESSE}/anmelden"))
        );
        let plain = page.text.replace("&#38;", "&amp;").replace("%2E", ".");
        let url = url.replace("%2E", ".");
        assert!(
            plain.contains(&format!("content=\"0; url={url}\"")) && plain.contains(&format!("href=\"{url}\"")),
            "{url} in {plain}"
        );
        assert!(!page.text.contains("id_token_hint"));
        // Nothing offered over there, or signed in by password: the way of before.
        w.anbieter.mit(|l| l.ohne_abmeldeseite = true);
        let b = w.browser();
        b.anmelden().await;
        assert_eq!(b.get("/abmelden/verzeichnis").await.ziel(), "/anmelden?grund=ab");
    })
    .await;
}
