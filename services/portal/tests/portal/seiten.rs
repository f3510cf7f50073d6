// SPDX-License-Identifier: EUPL-1.2
//! What the pages do, without script.

use axum::http::StatusCode;

use crate::{
    browser::{Browser, hidden},
    gemein::Fake,
};

const SCAN: &str = "/aufgaben/00000000-0000-0005-0000-000000000001";
const RECHNUNG: &str = "/aufgaben/00000000-0000-0005-0000-000000000002";
const ANORDNUNG: &str = "/aufgaben/00000000-0000-0005-0000-000000000003";
const DOKUMENT: &str = "/dokumente/00000000-0000-0002-0000-000000000001";

fn protokoll(fake: &Fake) -> Vec<String> {
    fake.welt.lock().unwrap().protokoll.clone()
}

const LINES: &[(&str, &str)] = &[
    ("version", "1"),
    ("schluessel", "k1"),
    ("f.kontierung.0.sachkonto", "44310000"),
    ("f.kontierung.0.kostenstelle", "66010200"),
    ("f.kontierung.0.betrag", "1.190,00"),
];

fn with<'a>(base: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [base, more].concat()
}

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
    let log = protokoll(&fake);
    assert!(
        log[0].contains("\"datum\":\"2026-11-20\"")
            && log[0].contains("\"entscheidung\":\"bestaetigen\"")
            && !log[0].contains("aktenzeichen")
    );
    assert!(b.get(done.header("location")).await.text().contains("Erledigt. Noch 1 Prüfung."));
}

#[tokio::test]
async fn an_invoice_needs_lines_that_add_up_and_a_confirmation() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let mut short = LINES.to_vec();
    short[4].1 = "1.100,00";
    let page = b.post(RECHNUNG, &with(&short, &[("entscheidung", "freigeben")])).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = page.text();
    assert!(
        text.contains(
            "Die Aufteilung ergibt 1.100,00\u{a0}€. Die Rechnung hat 1.190,00\u{a0}€. Es fehlen 90,00\u{a0}€."
        )
    );
    assert!(
        text.contains("href=\"#f-kontierung-0-betrag\"") && text.contains("value=\"66010200\""),
        "summary links to the field, input stays"
    );
    let page = b.post(RECHNUNG, &with(LINES, &[("entscheidung", "freigeben")])).await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.text();
    assert!(text.contains("1.190,00\u{a0}€ an Musterbau GmbH, IBAN DE02\u{a0}1203\u{a0}0000\u{a0}0000\u{a0}2020\u{a0}51, aus 66010200. Sachlich und rechnerisch richtig."));
    assert_eq!(hidden(&text, "bestaetigt"), "freigeben");
    assert!(protokoll(&fake).is_empty(), "nothing happened before the confirmation");
    let done = b.post(RECHNUNG, &with(LINES, &[("entscheidung", "freigeben"), ("bestaetigt", "freigeben")])).await;
    assert_eq!(done.header("location"), "/aufgaben/rechnungen?meldung=erledigt");
    assert!(protokoll(&fake)[0].contains("\"betrag\":\"1190.00\""));
    assert!(b.get("/aufgaben/rechnungen").await.text().contains("Keine Rechnung wartet auf Sie."));
}

#[tokio::test]
async fn a_faster_colleague_is_named_and_the_input_is_kept() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let mut old = LINES.to_vec();
    old[0].1 = "0";
    let page = b.post(RECHNUNG, &with(&old, &[("entscheidung", "freigeben"), ("bestaetigt", "freigeben")])).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    let text = page.text();
    assert!(text.contains("Frau Beispiel hat diese Aufgabe um 10:42 Uhr geändert. Ihre Eingaben sind gesichert."));
    assert!(text.contains("value=\"66010200\"") && hidden(&text, "version") == "1");
    assert!(b.get(RECHNUNG).await.text().contains("value=\"66010200\""), "the draft is on the server");
}

#[tokio::test]
async fn sending_back_needs_a_reason_only() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let page = b.post(RECHNUNG, &[("version", "1"), ("entscheidung", "zurueckgeben")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text().contains("Nennen Sie einen Grund. Er steht später im Verlauf."));
    let page =
        b.post(RECHNUNG, &[("version", "1"), ("entscheidung", "zurueckgeben"), ("f.bemerkung", "Seite 2 fehlt")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let unknown = b.post(ANORDNUNG, &[("entscheidung", "loeschen")]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND, "a task of another group does not exist");
}

#[tokio::test]
async fn the_second_person_is_another_one() {
    let fake = Fake::neu();
    fake.welt.lock().unwrap().aufgaben[2].verlauf[1].person = Some("Anna Anordnung".into());
    let b = Browser::als(&fake, "anordnung");
    let page = b.get(ANORDNUNG).await.text();
    assert!(page.contains("Sie haben diese Rechnung schon sachlich geprüft. Die Freigabe macht eine zweite Person."));
    assert!(!page.contains("name=\"entscheidung\""));
}

#[tokio::test]
async fn one_more_account_line_without_script() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let page = b.post(RECHNUNG, &with(LINES, &[("aktion", "zeile")])).await;
    assert_eq!(page.header("location"), format!("{RECHNUNG}#kontierung"));
    let text = b.get(RECHNUNG).await.text();
    assert!(
        text.contains("f-kontierung-1-betrag")
            && text.contains("value=\"66010200\"")
            && !text.contains("f-kontierung-2-betrag")
    );
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
    assert!(protokoll(&fake)[0].contains("2026-11-19 Nachtbriefkasten Pia Poststelle"));
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
    assert!(protokoll(&fake)[0].starts_with("accept ../brief.pdf 8 s/0/"));
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
    let log = &protokoll(&fake)[0];
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
async fn operators_try_again_with_a_reason() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "betrieb");
    let page = b.get("/betrieb").await.text();
    assert!(page.contains("2 Ursachen, 3 Vorgänge.") && page.contains("gestört seit 10:12 Uhr"));
    let jobs = hidden(&page, "jobs");
    assert_eq!(jobs.split(',').count(), 2);
    assert_eq!(
        b.post("/betrieb/erneut", &[("jobs", &jobs), ("grund", "")]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let page = b.post("/betrieb/erneut", &[("jobs", &jobs), ("grund", "Speicher läuft wieder")]).await;
    assert_eq!(page.header("location"), "/betrieb?meldung=erneut&anzahl=2");
    let page = b.get(page.header("location")).await.text();
    assert!(page.contains("2 Vorgänge sind wieder eingereiht.") && page.contains("1 Ursache, 1 Vorgang."));
    assert_eq!(Browser::als(&fake, "poststelle").get("/betrieb").await.status, StatusCode::NOT_FOUND);
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
async fn a_substitution_needs_a_person_an_end_and_a_reason() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let page = b.get("/vertretung").await.text();
    assert!(page.contains("Karl Kämmerer") && page.contains("alle Aufgaben") && !page.contains("name=\"person\""));
    let anna = crate::gemein::person("anordnung").person.to_string();
    let all = [
        ("vertreter", anna.as_str()),
        ("von", "23.11.2026"),
        ("bis", "27.11.2026"),
        ("umfang", "rechnung"),
        ("grund", "Urlaub"),
    ];
    for missing in ["vertreter", "von", "bis"] {
        let fields: Vec<_> = all.iter().copied().filter(|(n, _)| *n != missing).collect();
        let page = b.post("/vertretung", &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{missing}");
        assert!(
            page.text().contains("role=\"alert\"") && page.text().contains("value=\"Urlaub\""),
            "what was typed stays"
        );
    }
    assert_eq!(b.post("/vertretung", &all).await.header("location"), "/vertretung?meldung=vertretung");
    assert_eq!(protokoll(&fake), ["vertretung 2026-11-23 bis 2026-11-27 rechnung Finn Feststeller"]);
    assert!(Browser::als(&fake, "betrieb").get("/vertretung").await.text().contains("name=\"person\""));
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

#[tokio::test]
async fn a_task_is_given_to_another_person_with_a_reason() {
    let b = Browser::als(&Fake::neu(), "poststelle");
    assert!(b.get(SCAN).await.text().contains(&format!("href=\"{SCAN}/weitergeben\"")));
    let address = format!("{SCAN}/weitergeben");
    let page = b.get(&address).await.text();
    assert!(page.contains(">Finn Feststeller, ") && !page.contains(">Pia Poststelle, "), "everybody else");
    let finn = crate::gemein::person("feststellung").person.to_string();
    for wrong in [&[("version", "1"), ("grund", "Urlaub")][..], &[("version", "1"), ("an", finn.as_str())]] {
        let page = b.post(&address, wrong).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.text().contains("role=\"alert\""));
    }
    let done = b.post(&address, &[("version", "1"), ("an", finn.as_str()), ("grund", "kennt den Fall")]).await;
    assert_eq!(done.header("location"), "/aufgaben/scanpruefung?meldung=weitergegeben");
    assert!(b.get(SCAN).await.text().contains("übernommen von Finn Feststeller"));
}

#[tokio::test]
async fn a_cut_needs_a_smaller_amount_a_reason_and_lines_that_add_up_to_it() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let page = b.get(RECHNUNG).await.text();
    assert!(page.contains("<details class=\"selten\"><summary>"), "rare fields are folded up");
    let wrong = b.post(RECHNUNG, &with(LINES, &[("entscheidung", "kuerzen"), ("f.anerkannt", "1.190,00")])).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = wrong.text();
    assert!(text.contains("Der anerkannte Betrag muss kleiner sein als 1.190,00"), "not less than the invoice");
    assert!(text.contains("<details class=\"selten\" open>"), "a mistake is never folded up");
    let cut = [("f.kontierung.0.betrag", "1.000,00"), ("f.anerkannt", "1.000,00"), ("f.bemerkung", "Pos. 3 fehlt")];
    let lines: Vec<_> = LINES.iter().copied().filter(|(k, _)| !k.ends_with("betrag")).collect();
    let asked = b.post(RECHNUNG, &with(&with(&lines, &cut), &[("entscheidung", "kuerzen")])).await;
    assert!(asked.text().contains("Nur 1.000,00"), "the bar names what will be paid");
    let form = with(&with(&lines, &cut), &[("entscheidung", "kuerzen"), ("bestaetigt", "kuerzen")]);
    assert_eq!(b.post(RECHNUNG, &form).await.status, StatusCode::SEE_OTHER);
    let log = protokoll(&fake).join("\n");
    assert!(log.contains("\"anerkannt\":\"1000.00\"") && log.contains("\"entscheidung\":\"kuerzen\""), "{log}");
}

#[tokio::test]
async fn the_money_is_seen_and_a_report_is_made() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let dokument = "/dokumente/00000000-0000-0002-0000-000000000002";
    let melden = "/ablaeufe/00000000-0000-0006-0000-000000000002/melden";
    let page = b.get(dokument).await.text();
    let section = page.split("Buchung und Zahlung").nth(1).unwrap().split("</ol>").next().unwrap();
    for word in
        ["übergeben", "abgelehnt", "20.11.2026 · Kreditor gesperrt", "quittiert", "21.11.2026 · Beleg 1900004711"]
    {
        assert!(section.contains(word), "{word}: {section}");
    }
    assert!(page.contains(&format!("href=\"{melden}\"")));
    let page = b.get(melden).await.text();
    assert!(page.contains("Anhalten, die Rechnung ist strittig") && page.contains("Die Fristen laufen weiter."));
    assert!(!page.contains("Zurückholen"), "only what is possible now");
    let empty = b.post(melden, &[("nachricht", "Rechnung angehalten"), ("text", " ")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text().contains("Schreiben Sie dazu, was geschehen ist."));
    let late = b.post(melden, &[("nachricht", "Rechnung zurückgeholt"), ("text", "Fehler")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let done = b.post(melden, &[("nachricht", "Rechnung angehalten"), ("text", "Mangel am Belag")]).await;
    assert_eq!(
        (done.status, done.header("location")),
        (StatusCode::SEE_OTHER, "/dokumente/00000000-0000-0002-0000-000000000002?meldung=gemeldet")
    );
    assert_eq!(protokoll(&fake), ["melden Rechnung angehalten Mangel am Belag Finn Feststeller"]);
    // A process that waits for nothing offers nothing.
    let none = b.get("/ablaeufe/00000000-0000-0006-0000-000000000003/melden").await;
    assert_eq!(none.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_due_date_is_moved_with_a_reason_and_the_ladder_shows_in_lists() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    assert!(b.get(RECHNUNG).await.text().contains("/frist\"><span class=\"kern-label\">Frist verlegen</span>"));
    let address = format!("{RECHNUNG}/frist");
    let wrong = b.post(&address, &[("version", "1"), ("auf", "bald"), ("grund", "x")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("Schreiben Sie den Tag so") && wrong.text().contains("value=\"bald\""));
    let bare = b.post(&address, &[("version", "1"), ("auf", "7.12.2026"), ("grund", "")]).await.text();
    assert!(bare.contains("Schreiben Sie einen Grund dazu."));
    let done = b.post(&address, &[("version", "1"), ("auf", "7.12.2026"), ("grund", "Gutachten fehlt")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    {
        let mut welt = fake.welt.lock().unwrap();
        let task = welt.aufgaben.iter_mut().find(|a| RECHNUNG.ends_with(&a.aufgabe.id.to_string())).unwrap();
        assert_eq!(task.aufgabe.faellig.unwrap().to_string(), "2026-12-07");
        task.aufgabe.mahnung = Some(nachrichten::aufgaben::Mahnung {
            art: nachrichten::aufgaben::MahnArt::Eskalation,
            gruppe: Some("Amtsleitung-66".into()),
            am: "2026-11-23T08:00:00Z".parse().unwrap(),
        });
    }
    let told = "eskaliert an Amtsleitung Tiefbauamt am 23.11.2026";
    assert!(b.get("/aufgaben/rechnungen").await.text().contains(told) && b.get(RECHNUNG).await.text().contains(told));
    let betrieb = Browser::als(&fake, "betrieb").get("/betrieb").await.text();
    assert!(betrieb.contains("Gruppen ohne Personen") && betrieb.contains("3 offene Aufgaben"));
}

#[tokio::test]
async fn the_mail_in_the_morning_can_be_switched_off() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let page = b.get("/einstellungen").await.text();
    assert!(page.contains("feststellung@stadt.example") && page.contains("value=\"ja\" checked"));
    let done = b.post("/einstellungen", &[]).await;
    assert_eq!(done.header("location"), "/einstellungen?meldung=einstellungen");
    assert!(!b.get("/einstellungen").await.text().contains("value=\"ja\" checked"));
    b.post("/einstellungen", &[("tageshinweise", "ja")]).await;
    assert_eq!(protokoll(&fake), ["tageshinweise false Finn Feststeller", "tageshinweise true Finn Feststeller"]);
    let none = Browser::als(&fake, "revision").get("/einstellungen").await.text();
    assert!(none.contains("nicht eingetragen") && none.contains("Der Betrieb trägt sie ein."));
}

#[tokio::test]
async fn a_wiedervorlage_is_set_changed_and_cancelled() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let link = "/wiedervorlagen/neu?zu=dokument%3A00000000-0000-0002-0000-000000000001";
    let page = b.get(DOKUMENT).await.text();
    assert!(page.contains(link) && page.contains("Antwort des Landes abwarten"), "the page lists what is open");
    assert!(b.get(RECHNUNG).await.text().contains("/wiedervorlagen/neu?zu=aufgabe%3A"));
    let akte = b.get("/akten/00000000-0000-0003-0000-000000000001").await.text();
    assert!(akte.contains("zu=akte%3A") && akte.contains("zu=vorgang%3A"));
    let form = b.get(link).await.text();
    assert!(form.contains("<optgroup label=\"Gruppen\">") && form.contains("Sachbearbeitung, Tiefbauamt"));
    let me = format!("person:{}", crate::gemein::person("feststellung").person);
    let zu = "dokument:00000000-0000-0002-0000-000000000001";
    let fields = |datum: &'static str, grund: &'static str| {
        vec![("zu", zu), ("schluessel", "k"), ("datum", datum), ("grund", grund), ("an", me.as_str())]
    };
    let wrong = b.post("/wiedervorlagen/neu", &fields("bald", "x")).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text().contains("value=\"bald\""));
    // Saturday: the page says so and has Monday ready.
    let saturday = b.post("/wiedervorlagen/neu", &fields("28.11.2026", "nachfassen")).await;
    assert_eq!(saturday.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = saturday.text();
    assert!(text.contains("kein Arbeitstag") && text.contains("value=\"30.11.2026\"") && text.contains("value=\"k\""));
    let done = b.post("/wiedervorlagen/neu", &fields("30.11.2026", "nachfassen")).await;
    assert_eq!(done.header("location"), format!("{DOKUMENT}?meldung=wiedervorlage"));
    assert_eq!(protokoll(&fake), [format!("wiedervorlage {zu} 2026-11-30 nachfassen {me} 1")]);

    let list = b.get("/wiedervorlagen").await.text();
    assert!(list.contains("nachfassen") && list.contains("07.12.2026") && list.contains("Heute wird Ihnen nichts"));
    let one = "/wiedervorlagen/00000000-0000-0000-0000-000000007000";
    assert!(b.get(one).await.text().contains("value=\"07.12.2026\""));
    let change = [("datum", "8.12.2026"), ("grund", "später"), ("an", me.as_str()), ("warum", "Urlaub")];
    assert_eq!(b.post(one, &change[..3]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(b.post(one, &change).await.header("location"), "/wiedervorlagen?meldung=wiedervorlage-neu");
    let cancel = format!("{one}/absagen");
    assert_eq!(b.post(&cancel, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(b.post(&cancel, &[("warum", "erledigt")]).await.status, StatusCode::SEE_OTHER);
    assert!(b.get(DOKUMENT).await.text().contains("abgesagt am 23.11.2026"), "the thing keeps it");
}
