// SPDX-License-Identifier: EUPL-1.2
//! Tokens that do not hold, returns that are nobody's, addresses that lead away.

use serde_json::json;
use service_platform::args;

use crate::{
    anbieter::{Aenderung, CLIENT},
    each, on_sqlite,
};

#[tokio::test]
async fn only_signatures_that_nobody_else_can_make_are_taken() {
    on_sqlite(|w| async move {
        for (alg, kid, good) in [
            ("RS256", "rsa", true),
            ("PS256", "rsa", true),
            ("ES256", "ec-1", true),
            ("none", "rsa", false),
            // The client's secret is in a key of the set as well.
            ("HS256", "oct", false),
            ("HS256", "rsa", false),
            ("RS384", "rsa", false),
            ("ES256", "unbekannt", false),
            ("ES256", "rsa", false),
            ("RS256", "ec-1", false),
        ] {
            w.anbieter.mit(|l| (l.alg, l.kid) = (alg, kid.to_owned()));
            let b = w.browser();
            let answer = b.anmelden().await;
            match good {
                true => assert_eq!((answer.status, b.sitzung().is_some()), (303, true), "{alg} {kid}: {}", answer.text),
                false => assert_eq!((answer.code(), b.sitzung()), ("E9023", None), "{alg} {kid}"),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn every_claim_of_the_id_token_is_checked() {
    let times: &[(&str, i64, bool)] =
        &[("exp", -61, false), ("exp", -59, true), ("exp", 0, true), ("iat", 61, false), ("iat", 59, true)];
    let changes: &[(&str, Aenderung)] = &[
        ("another issuer", |c| c["iss"] = "https://boese.example".into()),
        ("issuer with a slash more", |c| c["iss"] = format!("{}/", c["iss"].as_str().unwrap()).into()),
        ("another audience", |c| c["aud"] = "fremd".into()),
        ("a second audience", |c| c["aud"] = json!([CLIENT, "fremd"])),
        ("no audience", |c| c["aud"] = json!([])),
        ("another authorised party", |c| c["azp"] = "fremd".into()),
        ("another nonce", |c| c["nonce"] = "x".into()),
        ("no nonce", |c| drop(c.as_object_mut().unwrap().remove("nonce"))),
        ("no end", |c| drop(c.as_object_mut().unwrap().remove("exp"))),
        ("no subject", |c| drop(c.as_object_mut().unwrap().remove("sub"))),
        ("an empty subject", |c| c["sub"] = "".into()),
        ("a subject without end", |c| c["sub"] = "x".repeat(256).into()),
        ("another access token", |c| c["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA".into()),
    ];
    on_sqlite(|w| async move {
        for (what, change) in changes {
            w.anbieter.mit(|l| l.aendern = Some(*change));
            let b = w.browser();
            let answer = b.anmelden().await;
            assert_eq!((answer.status, answer.code(), b.sitzung()), (502, "E9023", None), "{what}");
        }
        w.anbieter.mit(|l| l.aendern = Some(|c| c["azp"] = CLIENT.into()));
        assert_eq!(w.browser().anmelden().await.status, 303, "the own authorised party is right");
        w.anbieter.mit(|l| l.aendern = None);
        for (name, offset, good) in times {
            let at = w.anbieter.jetzt() + offset;
            w.anbieter.mit(|l| l.person[*name] = at.into());
            let b = w.browser();
            let answer = b.anmelden().await;
            assert_eq!(answer.status, if *good { 303 } else { 502 }, "{name} {offset}");
            w.anbieter.mit(|l| drop(l.person.as_object_mut().unwrap().remove(*name)));
        }
    })
    .await;
}

#[tokio::test]
async fn a_return_belongs_to_the_browser_that_left_and_to_its_ten_minutes() {
    on_sqlite(|w| async move {
        let (mine, other) = (w.browser(), w.browser());
        let lapsed = |a: &crate::welt::Antwort| assert_eq!((a.status, a.code()), (400, "E9021"));
        // Login CSRF: the attacker's return in the victim's browser, with and without a login of its own under way.
        let attackers = mine.hin("/").await;
        lapsed(&other.get(&attackers).await);
        other.hin("/").await;
        lapsed(&other.get(&attackers).await);
        assert_eq!(other.sitzung(), None);
        // A state of one's own making, none, two.
        for state in ["", "&state=", "&state=x", "&state=x&state=y"] {
            let back = mine.hin("/").await;
            lapsed(&mine.get(&format!("{}{state}", back.split_once("&state").unwrap().0)).await);
        }
        // The cookie changed on the way.
        let back = mine.hin("/akten").await;
        let changed = {
            let mut jar = mine.jar.lock().unwrap();
            let cookie = jar.get_mut("eakte_verzeichnis").unwrap();
            let (keep, _) = cookie.rsplit_once('.').unwrap();
            *cookie = format!("{keep}.L3N1Y2hl");
            back
        };
        lapsed(&mine.get(&changed).await);
        // Ten minutes, and not a second more.
        let back = mine.hin("/").await;
        w.uhr.advance_seconds(601);
        lapsed(&mine.get(&back).await);
        let back = mine.hin("/").await;
        w.uhr.advance_seconds(599);
        assert_eq!(mine.get(&back).await.status, 303);
        // The provider's refusal, its name, and a return without anything.
        let refused = mine.hin("/").await.replace("code=", "error=access_denied&x=");
        let answer = w.browser().get(&refused).await;
        lapsed(&answer);
        let refused = other.hin("/").await.replace("code=", "error=access_denied&x=");
        assert_eq!(other.get(&refused).await.code(), "E9026");
        let wrong = format!("{}&iss=https%3A%2F%2Fboese.example", other.hin("/").await);
        assert_eq!(other.get(&wrong).await.code(), "E9023");
        let empty = other.hin("/").await.replace("code=", "x=");
        assert_eq!(other.get(&empty).await.code(), "E9023");
        lapsed(&other.get("/anmelden/rueckkehr").await);
    })
    .await;
}

#[tokio::test]
async fn a_return_opens_one_session() {
    each(|w| async move {
        for lax in [false, true] {
            w.anbieter.mit(|l| l.nachlaessig = lax);
            let b = w.browser();
            let back = b.hin("/").await;
            let copied = b.jar.lock().unwrap()["eakte_verzeichnis"].clone();
            assert_eq!(b.get(&back).await.status, 303);
            assert_eq!(b.get(&back).await.code(), "E9021", "the cookie went with the first");
            // Address and cookie in foreign hands, and a provider that takes a code twice.
            let thief = w.browser();
            thief.jar.lock().unwrap().insert("eakte_verzeichnis".into(), copied);
            let answer = thief.get(&back).await;
            assert_eq!((answer.code(), thief.sitzung()), (if lax { "E9022" } else { "E9023" }, None));
        }
        assert_eq!(w.zahl("SELECT count(*) FROM platform_sitzung", args![]).await, 2);
        // Forgotten when nobody can use it any more.
        w.uhr.advance_seconds(3_601);
        w.browser().anmelden().await;
        assert_eq!(w.zahl("SELECT count(*) FROM platform_einmal", args![]).await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_way_on_stays_on_this_site_and_the_session_is_a_new_one() {
    on_sqlite(|w| async move {
        let b = w.browser();
        let long = format!("/suche?q={}", "x".repeat(2_000));
        for away in
            ["//boese.example", "https://boese.example/", "/\\boese.example", "javascript:alert(1)", "", "/a b", &long]
        {
            let back = b.hin(away).await;
            assert_eq!(b.get(&back).await.ziel(), "/", "{away}");
        }
        let first = b.sitzung().unwrap();
        b.anmelden().await;
        assert_ne!(b.sitzung().unwrap(), first);
        assert!(w.konten.session(&first).await.unwrap().is_none(), "the old one has ended");
        assert!(!b.jar.lock().unwrap().contains_key("eakte_verzeichnis"));
    })
    .await;
}
