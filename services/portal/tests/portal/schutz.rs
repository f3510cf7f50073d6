// SPDX-License-Identifier: EUPL-1.2
//! Every route: login, CSRF, headers. The table must name every route of the router.

use axum::{body::Body, http::Request};

use crate::{browser::Browser, gemein::Fake};

const T2: &str = "/aufgaben/00000000-0000-0005-0000-000000000002";
const D1: &str = "/dokumente/00000000-0000-0002-0000-000000000001";

const V1: &str = "/betrieb/vorschlaege/00000000-0000-0000-0000-000000000001";

/// Route as in the source, a real address, needs a login, can be posted to.
fn routen() -> Vec<(&'static str, String, bool, bool)> {
    let r = |route, address: &str, login, post| (route, address.to_owned(), login, post);
    vec![
        r("/", "/", true, false),
        r("/teil/nav", "/teil/nav", true, false),
        r("/aufgaben/{wert}", T2, true, true),
        r("/aufgaben/{id}/uebernehmen", &format!("{T2}/uebernehmen"), true, true),
        r("/aufgaben/{id}/zuruecklegen", &format!("{T2}/zuruecklegen"), true, true),
        r("/aufgaben/{id}/entwurf", &format!("{T2}/entwurf"), true, true),
        r("/dokumente/{id}", D1, true, false),
        r("/dokumente/{id}/blatt/{n}", &format!("{D1}/blatt/1"), true, false),
        r("/dokumente/{id}/seiten/{n}", &format!("{D1}/seiten/1"), true, false),
        r("/dokumente/{id}/fassungen/{name}", &format!("{D1}/fassungen/original"), true, false),
        r("/dokumente/{id}/zugang", &format!("{D1}/zugang"), true, true),
        r("/dokumente/{id}/fassung", &format!("{D1}/fassung"), true, true),
        r("/dokumente/{id}/umlauf", &format!("{D1}/umlauf"), true, true),
        r("/akten", "/akten", true, false),
        r("/akten/{id}", "/akten/00000000-0000-0003-0000-000000000001", true, false),
        r("/akten/{id}/schluss", "/akten/00000000-0000-0003-0000-000000000001/schluss", true, true),
        r("/aktenplan", "/aktenplan", true, false),
        r("/suche", "/suche?q=rad", true, false),
        r("/sendungen", "/sendungen", true, true),
        r("/sendungen/{id}", "/sendungen/00000000-0000-0001-0000-000000000001", true, false),
        r("/sendungen/{id}/stand", "/sendungen/00000000-0000-0001-0000-000000000001/stand", true, false),
        r("/ablaeufe/{id}", "/ablaeufe/00000000-0000-0006-0000-000000000002", true, false),
        r("/ablaeufe/{id}/druck", "/ablaeufe/00000000-0000-0006-0000-000000000002/druck", true, false),
        r("/ablaeufe/{id}/melden", "/ablaeufe/00000000-0000-0006-0000-000000000002/melden", true, true),
        r("/ablaeufe/{id}/laufweg", "/ablaeufe/00000000-0000-0006-0000-000000000008/laufweg", true, true),
        r("/ablaeufe/{id}/zurueckziehen", "/ablaeufe/00000000-0000-0006-0000-000000000008/zurueckziehen", true, true),
        r("/aufgaben/{id}/weitergeben", &format!("{T2}/weitergeben"), true, true),
        r("/aufgaben/{id}/frist", &format!("{T2}/frist"), true, true),
        r("/vertretung", "/vertretung", true, true),
        r("/vertretung/{id}/ende", "/vertretung/00000000-0000-0000-0000-000000000001/ende", true, true),
        r("/einstellungen", "/einstellungen", true, true),
        r("/wiedervorlagen", "/wiedervorlagen", true, false),
        r("/wiedervorlagen/neu", "/wiedervorlagen/neu?zu=dokument:00000000-0000-0002-0000-000000000001", true, true),
        r("/wiedervorlagen/{id}", "/wiedervorlagen/00000000-0000-0000-0000-000000007000", true, true),
        r("/wiedervorlagen/{id}/absagen", "/wiedervorlagen/00000000-0000-0000-0000-000000007000/absagen", true, true),
        r("/vorlagen/neu", "/vorlagen/neu", true, true),
        r("/betrieb", "/betrieb", true, false),
        r("/betrieb/stoerungen", "/betrieb/stoerungen", true, true),
        r("/betrieb/einreihungen/{id}", "/betrieb/einreihungen/00000000-0000-0000-0000-000000000001", true, false),
        r("/betrieb/auftraege/{id}", "/betrieb/auftraege/00000000-0000-0000-0000-000000000001", true, true),
        r("/betrieb/nachrichten/{id}", "/betrieb/nachrichten/00000000-0000-0000-0000-000000000001", true, true),
        r("/betrieb/webhooks/{id}", "/betrieb/webhooks/00000000-0000-0000-0000-000000008002", true, true),
        r("/betrieb/protokoll", "/betrieb/protokoll", true, true),
        r("/betrieb/fassungen", "/betrieb/fassungen", true, true),
        r("/betrieb/fassungen/vorschlagen", "/betrieb/fassungen/vorschlagen", true, true),
        r("/betrieb/fassungen/umzug", "/betrieb/fassungen/umzug", true, true),
        r("/betrieb/fassungen/{process}/{version}", "/betrieb/fassungen/rechnung/2", true, false),
        r("/betrieb/fassungen/{process}/starten", "/betrieb/fassungen/baumfaellung/starten", true, true),
        r("/betrieb/fassungen/{process}/vergleich", "/betrieb/fassungen/rechnung/vergleich?von=1&nach=2", true, false),
        r("/betrieb/vorschlaege/{id}", V1, true, false),
        r("/betrieb/vorschlaege/{id}/veroeffentlichen", &format!("{V1}/veroeffentlichen"), true, true),
        r("/betrieb/vorschlaege/{id}/zurueckziehen", &format!("{V1}/zurueckziehen"), true, true),
        r("/betrieb/vorschlaege/{id}/beispiele", &format!("{V1}/beispiele"), true, true),
        r("/betrieb/tabellen/{name}/{version}", "/betrieb/tabellen/anordnung.dmn/1", true, false),
        r("/betrieb/tabellen/{name}/vergleich", "/betrieb/tabellen/anordnung.dmn/vergleich?von=1&nach=2", true, false),
        r("/betrieb/tabellen/{name}/{version}/beispiele", "/betrieb/tabellen/anordnung.dmn/1/beispiele", true, true),
        r("/ablaeufe/{id}/eingriff", "/ablaeufe/00000000-0000-0006-0000-000000000002/eingriff", true, true),
        r("/organisation/trennblaetter", "/organisation/trennblaetter", true, false),
        r("/organisation/trennblaetter.pdf", "/organisation/trennblaetter.pdf", true, false),
        r("/rundgang", "/rundgang", true, false),
        r("/demo/uhr", "/demo/uhr", true, true),
        r("/demo/zurueck", "/demo/zurueck", true, true),
        r("/demo/beispiele", "/demo/beispiele", true, true),
        r("/demo/rolle", "/demo/rolle", true, true),
        r("/abmelden", "/abmelden", true, true),
        r("/anmelden", "/anmelden", false, true),
        r("/anmelden/demo", "/anmelden/demo", false, true),
        r("/anmelden/verzeichnis", "/anmelden/verzeichnis?weiter=/akten", false, false),
        r("/anmelden/rueckkehr", "/anmelden/rueckkehr?code=x&state=y", false, false),
        r("/abmelden/verzeichnis", "/abmelden/verzeichnis", false, false),
        // Posted to by the login provider, with a signed token of its own: see tests/verzeichnis.
        r("/anmelden/abmeldung", "/anmelden/abmeldung", false, false),
        r("/anzeige", "/anzeige", false, true),
        r("/hilfe", "/hilfe", false, false),
        r("/hilfe/{seite}", "/hilfe/suche", false, false),
        r("/barrierefreiheit", "/barrierefreiheit", false, false),
        r("/web/{hash}/{*file}", "/web/0000000000000000/app.css", false, false),
        r("/api/v1/openapi.json", "/api/v1/openapi.json", false, false),
        r("/health", "/health", false, false),
        r("/ready", "/ready", false, false),
    ]
}

#[test]
fn the_table_names_every_route() {
    let sources = [
        include_str!("../../src/seiten/mod.rs"),
        include_str!("../../src/lib.rs"),
        include_str!("../../src/api/mod.rs"),
    ];
    let found: Vec<&str> =
        sources.iter().flat_map(|s| s.split(".route(\"").skip(1)).map(|r| r.split('"').next().unwrap()).collect();
    let table = routen();
    for route in &found {
        assert!(table.iter().any(|t| t.0 == *route), "{route} is missing in the test's table");
    }
    assert_eq!(found.len(), table.len());
}

#[tokio::test]
async fn nobody_gets_in_without_a_login() {
    let fake = Fake::neu();
    let b = Browser::fremd(&fake);
    for (route, address, login, post) in routen() {
        if !login {
            continue;
        }
        let page = b.get(&address).await;
        assert_eq!(page.status, 303, "GET {route}");
        assert!(page.header("location").starts_with("/anmelden?weiter="), "GET {route}");
        if post {
            let page = b.post(&address, &[]).await;
            assert_eq!((page.status.as_u16(), page.header("location")), (303, "/anmelden?weiter=/"), "POST {route}");
        }
    }
    assert!(fake.welt.lock().unwrap().protokoll.is_empty());
}

#[tokio::test]
async fn no_form_works_without_its_token() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "poststelle");
    for (route, address, _, post) in routen() {
        if !post {
            continue;
        }
        for fields in [&[][..], &[("csrf", "csrf-betrieb")], &[("csrf", "")]] {
            let page = b.post_raw(&address, fields).await;
            assert_eq!(page.status, 403, "POST {route} with {fields:?}");
            assert!(page.text().contains("Das Formular ist abgelaufen"), "{route}");
        }
        let multipart = b.upload(&address, &[("csrf", "falsch")], "a.pdf", b"%PDF").await;
        assert_eq!(multipart.status, 403, "multipart POST {route}");
        let foreign = Request::post(&address)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "cross-site")
            .body(Body::from("csrf=csrf-poststelle"))
            .unwrap();
        let refused = b.send(foreign).await.status;
        assert_eq!(refused, 403, "from another site: {route}");
    }
    assert!(fake.welt.lock().unwrap().protokoll.is_empty());
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let fake = Fake::neu();
    let (b, f) = (Browser::als(&fake, "feststellung"), Browser::fremd(&fake));
    let mut addresses: Vec<String> = routen().into_iter().map(|r| r.1).collect();
    addresses.extend(["/gibtesnicht", "/api/v1/gibtesnicht", "/api/v1/documents", "/web/x/y"].map(str::to_owned));
    for address in addresses {
        for page in [b.get(&address).await, f.get(&address).await] {
            let csp = page.header("content-security-policy");
            assert!(csp == service_portal::CSP || csp == service_portal::CSP_FREMD, "{address}: {csp}");
            assert_eq!(page.header("x-content-type-options"), "nosniff", "{address}");
            assert_eq!(page.header("referrer-policy"), "same-origin", "{address}");
            assert_eq!(page.header("x-frame-options"), "DENY", "{address}");
            assert_eq!(page.header("x-request-id").len(), 9, "{address}");
            assert!(!page.header("cache-control").is_empty(), "{address}");
        }
    }
}

#[tokio::test]
async fn foreign_bytes_are_downloads_in_a_sandbox() {
    let b = Browser::als(&Fake::neu(), "feststellung");
    let file = b.get(&format!("{D1}/fassungen/original")).await;
    assert_eq!(file.header("content-security-policy"), service_portal::CSP_FREMD);
    let name = file.header("content-disposition");
    assert_eq!(name, "attachment; filename=\"_bersicht _1__x.pdf\"; filename*=UTF-8''%C3%9Cbersicht%20%221%22%2Fx.pdf");
    let image = b.get(&format!("{D1}/seiten/1")).await;
    assert_eq!(
        (image.header("content-type"), image.header("content-security-policy")),
        ("image/png", service_portal::CSP_FREMD)
    );
    for wrong in ["seiten/0", "seiten/99", "seiten/x", "fassungen/geheim"] {
        assert_eq!(b.get(&format!("{D1}/{wrong}")).await.status, 404, "{wrong}");
    }
}

#[tokio::test]
async fn the_cookie_is_locked_down_and_the_login_says_nothing_about_names() {
    let fake = Fake::neu();
    let b = Browser::fremd(&fake);
    let form = b.get("/anmelden?weiter=//boese.example").await;
    let token = crate::browser::hidden(&form.text(), "csrf");
    assert_eq!(crate::browser::hidden(&form.text(), "weiter"), "/");
    assert!(form.header("set-cookie").contains(&token));
    let login = |kennung: &'static str, passwort: &'static str| {
        let request = Request::post("/anmelden")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", format!("eakte_formular={token}"))
            .body(Body::from(format!("csrf={token}&kennung={kennung}&passwort={passwort}&weiter=//boese.example")))
            .unwrap();
        b.send(request)
    };
    let (unknown, wrong) = (login("niemand", "x").await, login("poststelle", "x").await);
    assert_eq!(
        (unknown.status, wrong.status),
        (axum::http::StatusCode::UNAUTHORIZED, axum::http::StatusCode::UNAUTHORIZED)
    );
    assert!(
        wrong.text().contains("Kennung oder Passwort stimmen nicht.")
            && unknown.text().contains("Kennung oder Passwort stimmen nicht.")
    );
    let good = login("poststelle", "geheim+1").await;
    assert_eq!((good.status.as_u16(), good.header("location")), (303, "/"));
    assert_eq!(good.header("set-cookie"), "eakte_sitzung=token-poststelle; Path=/; HttpOnly; SameSite=Lax");
    let mut state = fake.state(false);
    state.options.tls = true;
    let tls = Browser { router: service_portal::router(state), kennung: None };
    assert!(tls.get("/anmelden").await.header("strict-transport-security").starts_with("max-age="));
}

#[tokio::test]
async fn the_display_can_be_switched_with_and_without_a_login() {
    let fake = Fake::neu();
    let inside = Browser::als(&fake, "poststelle").post("/anzeige", &[("anzeige", "dark"), ("weiter", "/akten")]).await;
    assert_eq!((inside.status.as_u16(), inside.header("location")), (303, "/akten"));
    assert!(inside.header("set-cookie").starts_with("eakte_anzeige=dark;"));
    let outside = Request::post("/anzeige")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", "eakte_formular=abc");
    let outside = Browser::fremd(&fake).send(outside.body(Body::from("csrf=abc&tasten=aus")).unwrap()).await;
    assert!(outside.header("set-cookie").starts_with("eakte_tasten=aus;"));
}

#[tokio::test]
async fn without_the_demo_there_are_no_levers() {
    let fake = Fake::neu();
    fake.welt.lock().unwrap().sitzungen.push(("token-poststelle".into(), "poststelle".into()));
    let b = Browser { router: service_portal::router(fake.state(false)), kennung: Some("poststelle") };
    assert_eq!(b.get("/rundgang").await.status, 404);
    for address in ["/demo/uhr", "/demo/zurueck", "/demo/beispiele", "/demo/rolle"] {
        assert_eq!(
            b.post(address, &[("sekunden", "60"), ("sicher", "ja"), ("kennung", "betrieb")]).await.status,
            404,
            "{address}"
        );
    }
    assert_eq!(fake.welt.lock().unwrap().sendungen.len(), 6);
    let login =
        Browser { router: service_portal::router(fake.state(false)), kennung: None }.get("/anmelden").await.text();
    assert!(!login.contains("/anmelden/demo"));
}
