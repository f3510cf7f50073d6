// SPDX-License-Identifier: EUPL-1.2
//! An invoice from its scan to its payment, and what others must hear of it.
#![allow(clippy::unwrap_used, dead_code)]

use std::collections::{BTreeMap, BTreeSet};

use nachrichten::{
    DokumentId,
    sendungen::{Kanal, Stand},
};
use serde_json::{Value, json};

use crate::gemein::{
    haus::{Haus, kontierung},
    probe,
};

const ZUGFERD: &str = "06-rechnung-zugferd.pdf";
const BETRAG: &str = "6213.70";

/// Found right, ordered, handed over, received, paid, closed.
pub async fn bezahlt(haus: &Haus) -> DokumentId {
    let (eins, zwei) = (haus.person("feststellung").await, haus.person("anordnung").await);
    let stand = haus.bringe(Kanal::Scan, ZUGFERD, probe(ZUGFERD), None).await;
    assert_eq!(stand.state, Stand::Waiting, "{stand:?}");
    let id = stand.documents[0].id;
    let a = haus.aufgabe(&eins, id, "Feststellung").await;
    haus.erledige(&eins, &a, json!({ "entscheidung": "freigeben", "kontierung": kontierung(BETRAG) })).await;
    let a = haus.aufgabe(&zwei, id, "Anordnung").await;
    haus.erledige(&zwei, &a, json!({ "entscheidung": "anordnen", "kontierung": kontierung(BETRAG) })).await;
    haus.finanz(&["quittieren"]).await;
    haus.bis_ablauf(id, "received", |a| a.variablen.get("quittung").is_some_and(|v| !v.is_null())).await;
    haus.finanz(&["zahlen"]).await;
    haus.bis_ablauf(id, "ended", |a| a.beendet.is_some()).await;
    haus.ist_sauber().await;
    id
}

fn kurz(event: &Value) -> String {
    let typ = event["type"].as_str().unwrap();
    typ.strip_prefix("de.eakte.").unwrap().strip_suffix(".v1").unwrap().to_owned()
}

/// The story of the invoice, in its order, each part once.
pub fn pruefe(events: &[Value], dokument: DokumentId) {
    let sequences: Vec<&str> = events.iter().map(|e| e["sequence"].as_str().unwrap()).collect();
    assert!(sequences.windows(2).all(|s| s[0] < s[1]), "{sequences:?}");
    let story: Vec<String> = events.iter().map(kurz).collect();
    let mut at = 0;
    for part in [
        "sendung.eingegangen",
        "ablauf.gestartet",
        "aufgabe.angelegt",
        "aufgabe.erledigt",
        "aufgabe.angelegt",
        "aufgabe.erledigt",
        "rechnung.angeordnet",
        "akte.angelegt",
        "dokument.abgelegt",
        "rechnung.uebergeben",
        "rechnung.bezahlt",
        "ablauf.beendet",
    ] {
        let found = story[at..].iter().position(|s| s == part);
        at += found.unwrap_or_else(|| panic!("{part} does not come after {at}: {story:#?}")) + 1;
    }
    assert_eq!(story.last().unwrap(), "ablauf.beendet");
    let mut of: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for event in events {
        of.entry(event["subject"].as_str().unwrap()).or_default().push(kurz(event));
    }
    let (mut processes, mut tasks) = (0, 0);
    for (subject, story) in &of {
        let of_it = |kind: &str| story.iter().filter(|s| s.starts_with(kind)).map(String::as_str).collect::<Vec<_>>();
        if subject.starts_with("ablauf:") {
            processes += 1;
            assert_eq!(of_it("ablauf."), ["ablauf.gestartet", "ablauf.beendet"], "{subject}");
        } else if subject.starts_with("aufgabe:") {
            tasks += 1;
            assert_eq!(story, &["aufgabe.angelegt", "aufgabe.erledigt"], "{subject}");
        }
    }
    assert!(processes >= 3 && tasks == 2, "{of:#?}");
    let links: BTreeSet<&str> = events.iter().filter_map(|e| e["link"].as_str()).collect();
    assert!(links.contains(format!("http://127.0.0.1:8080/api/v1/documents/{dokument}").as_str()), "{links:#?}");
    let paid = events.iter().find(|e| kurz(e) == "rechnung.bezahlt").unwrap();
    assert_eq!((&paid["data"]["prozess"], &paid["data"]["dokument"]), (&json!("rechnung"), &json!(dokument)));
}
