// SPDX-License-Identifier: EUPL-1.2
//! What the pages do, without script.

use axum::http::StatusCode;

use crate::{browser::Browser, gemein::Fake};

const SCAN: &str = "/aufgaben/00000000-0000-0005-0000-000000000001";
const RECHNUNG: &str = "/aufgaben/00000000-0000-0005-0000-000000000002";
const DOKUMENT: &str = "/dokumente/00000000-0000-0002-0000-000000000001";

#[tokio::test]
async fn a_scan_is_confirmed_and_the_next_one_comes() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "poststelle");
    let page = b.get(SCAN).await.text();
    assert!(page.contains("1 von 2") && page.contains("Kein sicherer Vorschlag: „66.10-2026/14“, 42 %"));
    assert!(page.contains("id=\"f-aktenzeichen\" name=\"f.aktenzeichen\" value=\"\""), "an unsure field stays empty");
    assert!(page.contains("&#60;script&#62;") && !page.contains("<script>alert"), "the text of a page is text");
    let form = [
        ("version", "1"),
        ("f.dokumentart", "schreiben"),
        ("f.titel", "Radweg"),
        ("f.datum", "20.11.2026"),
        ("f.amt", "66"),
        ("f.einheit", "66.10"),
        ("f.akte_titel", "Radweg"),
        ("f.vorgang_titel", "Planung"),
        ("entscheidung", "bestaetigen"),
    ];
    let done = b.post(SCAN, &form).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(
        done.header("location"),
        "/aufgaben/00000000-0000-0005-0000-000000000004?meldung=erledigt&art=scanpruefung"
    );
    let log = fake.protokoll();
    assert!(
        log[0].contains("\"datum\":\"2026-11-20\"")
            && log[0].contains("\"entscheidung\":\"bestaetigen\"")
            && !log[0].contains("aktenzeichen")
    );
    assert!(b.get(done.header("location")).await.text().contains("Erledigt. Noch 1 Prüfung."));
}

#[tokio::test]
async fn taking_a_task_can_be_undone() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "poststelle");
    let page = b.post(&format!("{SCAN}/uebernehmen"), &[("version", "1")]).await;
    let text = b.get(page.header("location")).await.text();
    assert!(
        text.contains("übernommen von Pia Poststelle")
            && text.contains(&format!("action=\"{SCAN}/zuruecklegen\""))
            && text.contains("data-taste=\"z\"")
    );
    let page = b.post(&format!("{SCAN}/zuruecklegen"), &[("version", "2")]).await;
    assert!(page.header("location").starts_with("/aufgaben/scanpruefung?meldung=zurueckgelegt"));
    assert_eq!(b.post(&format!("{SCAN}/uebernehmen"), &[("version", "1")]).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn the_zugang_changes_with_a_reason_only() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "poststelle");
    let page = b.post(&format!("{DOKUMENT}/zugang"), &[("zugang", "24.11.2026"), ("grund", "")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.text().contains("Der Zugang kann nicht in der Zukunft liegen.")
            && page.text().contains("Nennen Sie den Grund der Änderung.")
    );
    let page = b.post(&format!("{DOKUMENT}/zugang"), &[("zugang", "19.11.2026"), ("grund", "Nachtbriefkasten")]).await;
    assert_eq!(page.header("location"), format!("{DOKUMENT}?meldung=zugang"));
    assert!(fake.protokoll()[0].contains("2026-11-19 Nachtbriefkasten Pia Poststelle"));
}

#[tokio::test]
async fn uploads_need_the_token_first_and_say_what_is_wrong() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "poststelle");
    let ok = b
        .upload(
            "/sendungen",
            &[("csrf", "csrf-poststelle"), ("schluessel", "s"), ("zugang", "20.11.2026")],
            "../brief.pdf",
            b"%PDF-1.7",
        )
        .await;
    assert!(ok.header("location").ends_with("?meldung=angenommen"), "{}", ok.status);
    assert!(fake.protokoll()[0].starts_with("accept ../brief.pdf 8 s/0/"));
    let twice =
        b.upload("/sendungen", &[("csrf", "csrf-poststelle"), ("schluessel", "t")], "brief.pdf", b"%PDF-1.7").await;
    assert!(twice.header("location").ends_with("?meldung=doppelt"));
    let empty = b.upload("/sendungen", &[("csrf", "csrf-poststelle")], "leer.pdf", b"").await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text().contains("Die Datei ist leer. Sie wurde nicht angenommen."));
    let mut state = fake.state(true);
    state.options.upload_max = 1_000;
    let small = Browser { router: service_portal::router(state), kennung: Some("poststelle") };
    let big = small.upload("/sendungen", &[("csrf", "csrf-poststelle")], "gross.pdf", &[0; 5_000]).await;
    assert_eq!(big.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(big.text().contains("Die Datei ist größer als 1 kB."));
}

#[tokio::test]
async fn a_vorlage_is_started_once_with_its_facts() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let page = b
        .post("/vorlagen/neu", &[("f.titel", ""), ("f.finanziell", "viel"), ("f.beratungsfolge.0.termin", "bald")])
        .await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = page.text();
    assert!(
        text.contains("8 Angaben fehlen oder stimmen nicht")
            && text.contains("Zeile 1: Wählen Sie bei „Gremium“ etwas aus."),
        "{text}"
    );
    // One more row without losing what was typed.
    let more = b
        .post(
            "/vorlagen/neu",
            &[
                ("f.titel", "Radweg"),
                ("f.beratungsfolge.0.gremium", "Gemeinderat"),
                ("aktion", "zeile-f-beratungsfolge"),
            ],
        )
        .await;
    let text = more.text();
    assert!(
        more.status == StatusCode::OK
            && text.contains("value=\"Radweg\"")
            && text.contains("name=\"f.beratungsfolge.1.gremium\"")
    );
    let form = [
        ("f.titel", "Radweg"),
        ("f.text", "Beschluss"),
        ("f.sichtbarkeit", "nichtoeffentlich"),
        ("f.aemter", "20"),
        ("f.aemter", "61"),
        ("f.aemter", "99"),
        ("f.finanziell", "250.000,00"),
        ("f.eilig", "ja"),
        ("f.beratungsfolge.0.gremium", "Gemeinderat"),
        ("f.beratungsfolge.0.rolle", "entscheidung"),
        ("f.beratungsfolge.0.termin", "15.12.2026"),
        ("schluessel", "s1"),
    ];
    let page = b.post("/vorlagen/neu", &form).await;
    assert!(page.header("location").starts_with("/ablaeufe/") && page.header("location").ends_with("?meldung=vorlage"));
    let log = &fake.protokoll()[0];
    assert!(
        log.contains("start beschlussvorlage Finn Feststeller vorlage/s1")
            && log.contains("\"aemter\":[\"20\",\"61\"]")
            && log.contains("\"finanziell\":\"250000.00\"")
            && log.contains("\"eilig\":true")
            && log.contains("\"beratungsfolge\":[{\"gremium\":\"Gemeinderat\",\"rolle\":\"entscheidung\",\"termin\":\"2026-12-15\"}]"),
        "{log}"
    );
    // A copy of an earlier one brings its text, not the dates of its sessions.
    let copy = b.get("/vorlagen/neu?von=00000000-0000-0006-0000-000000000008").await.text();
    assert!(
        copy.contains("Übernommen aus „Radweg alt“")
            && copy.contains("value=\"Radweg alt\"")
            && !copy.contains("15.12.2025")
    );
}

#[tokio::test]
async fn operators_act_on_a_process_and_others_see_no_form() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "betrieb");
    let address = "/ablaeufe/00000000-0000-0006-0000-000000000002";
    assert!(b.get(address).await.text().contains("Eingreifen"));
    assert!(!Browser::als(&fake, "feststellung").get(address).await.text().contains("Eingreifen"));
    let post = format!("{address}/eingriff");
    let done = b.post(&post, &[("art", "anhalten"), ("grund", "Rückfrage der Kämmerei")]).await;
    assert_eq!(done.header("location"), format!("{address}?meldung=eingriff"));
    for fields in [&[("art", "schritt_starten")][..], &[("art", "schritt_abbrechen"), ("schritt", "x")], &[("art", "")]]
    {
        assert_eq!(b.post(&post, fields).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn navigation_shows_only_what_the_role_does() {
    let fake = Fake::neu();
    let post = Browser::als(&fake, "poststelle").get("/").await.text();
    assert!(
        post.contains("Scanprüfung")
            && post.contains("Klärung")
            && !post.contains("href=\"/aufgaben/rechnungen\"")
            && !post.contains("href=\"/betrieb\"")
    );
    let op = Browser::als(&fake, "betrieb").get("/").await.text();
    assert!(op.contains("href=\"/betrieb\"") && !op.contains("href=\"/aufgaben/scanpruefung\""));
}

#[tokio::test]
async fn the_demo_has_its_levers() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "poststelle");
    assert_eq!(b.post("/demo/uhr", &[("sekunden", "-5")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(b.post("/demo/uhr", &[("sekunden", "86400")]).await.header("location"), "/rundgang?meldung=uhr");
    assert!(b.get("/rundgang").await.text().contains("24.11.2026, 10:42 Uhr. Die Uhr ist 1 Tag vorgestellt."));
    assert_eq!(b.post("/demo/zurueck", &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let reset = b.post("/demo/zurueck", &[("sicher", "ja")]).await;
    assert_eq!(reset.header("location"), "/anmelden?weiter=/rundgang&grund=neu");
    assert!(reset.header("set-cookie").contains("Max-Age=0"));
    assert!(b.get("/rundgang").await.text().contains("0 von 10 Schritten erledigt."));
    let role = b.post("/demo/rolle", &[("kennung", "betrieb"), ("weiter", "/betrieb")]).await;
    assert_eq!(role.header("location"), "/betrieb");
    assert!(role.header("set-cookie").starts_with("eakte_sitzung=token-betrieb;"));
}

#[tokio::test]
async fn empty_lists_say_what_comes() {
    let fake = Fake::leer();
    let p = Browser::als(&fake, "poststelle");
    for (address, text) in [
        ("/aufgaben/scanpruefung", "Alles geprüft. Neue Sendungen erscheinen hier von selbst."),
        ("/sendungen", "Sendungen aus Scan, E-Mail und Upload erscheinen hier von selbst."),
        ("/akten", "Eine Akte erscheint hier, sobald ein Dokument für Sie oder Ihr Amt zugeordnet ist."),
        ("/suche?q=radwg", "Kein Treffer für „radwg“"),
        ("/", "Keine Frist in den nächsten sieben Tagen."),
    ] {
        let page = p.get(address).await;
        assert!(page.status == 200 && page.text().contains(text), "{address}");
    }
    assert!(
        Browser::als(&fake, "betrieb")
            .get("/betrieb")
            .await
            .text()
            .contains("Keine Störung. Letzte Prüfung 10:42 Uhr.")
    );
}

#[tokio::test]
async fn partial_updates_are_fragments() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "poststelle");
    for address in
        ["/teil/nav?auf=/", &format!("{DOKUMENT}/blatt/3"), "/sendungen/00000000-0000-0001-0000-000000000009/stand"]
    {
        let text = b.get(address).await.text();
        assert!(!text.contains("<html") && !text.is_empty(), "{address}");
    }
    let running = b.get("/sendungen/00000000-0000-0001-0000-000000000009/stand").await.text();
    assert!(running.contains("312 von 400 Seiten erkannt") && running.contains("every 2s"));
    let settled = b.get("/sendungen/00000000-0000-0001-0000-000000000008/stand").await.text();
    assert!(settled.contains("in Quarantäne") && !settled.contains("every 2s"));
}

/// Request numbers, keys and the hash of the web files differ from run to run.
fn stable(text: &str) -> String {
    let mut out = text.to_owned();
    for (before, length) in [
        ("Anfrage ", 9),
        ("Rückfragen: <strong>", 9),
        ("/web/", 16),
        ("name=\"schluessel\" value=\"", 36),
        ("name=\"csrf\" value=\"", 32),
    ] {
        let mut done = String::new();
        let mut rest = out.as_str();
        while let Some(at) = rest.find(before) {
            let (head, tail) = rest.split_at(at + before.len());
            done.push_str(head);
            let cut = tail.char_indices().nth(length).map_or(tail.len(), |(i, _)| i);
            let hexy = tail[..cut].bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
            rest = if hexy {
                done.push('#');
                &tail[cut..]
            } else {
                tail
            };
        }
        out = done + rest;
    }
    out
}

#[tokio::test]
async fn pages_look_as_reviewed() {
    let fake = Fake::neu();
    let f = Browser::als(&fake, "feststellung");
    insta::assert_snapshot!("anmelden", stable(&Browser::fremd(&fake).get("/anmelden").await.text()));
    insta::assert_snapshot!("rechnung", stable(&f.get(RECHNUNG).await.text()));
    insta::assert_snapshot!("fehler", stable(&f.get("/gibtesnicht").await.text()));
    insta::assert_snapshot!("ablauf", stable(&f.get("/ablaeufe/00000000-0000-0006-0000-000000000002").await.text()));
}
