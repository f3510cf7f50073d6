// SPDX-License-Identifier: EUPL-1.2
//! The JSON Schemas in `schemas/json` are those of the code. `EAKTE_WRITE=1 cargo test` writes them anew; the diff
//! is then read in review.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::{collections::BTreeMap, path::Path};

use nachrichten::{
    ablaeufe, akten, aufgaben, dokumente, einordnung, ereignisse, erkennung, hinweise, job, rechnung, sendungen, suche,
    uebergabe, wiedervorlage,
};
use schemars::schema_for;

#[test]
fn json_schemas_equal_the_code() {
    let mut schemas = BTreeMap::from([
        ("job", schema_for!(job::Job)),
        ("job-ergebnis", schema_for!(job::JobResult)),
        ("erkennung.zerlegen.v1", schema_for!(erkennung::Zerlegen)),
        ("erkennung.zerlegen.v1.ergebnis", schema_for!(erkennung::Zerlegt)),
        ("erkennung.seiten.v1", schema_for!(erkennung::SeitenErkennen)),
        ("erkennung.seiten.v1.ergebnis", schema_for!(erkennung::SeitenErkannt)),
        ("erkennung.zusammensetzen.v1", schema_for!(erkennung::Zusammensetzen)),
        ("erkennung.zusammensetzen.v1.ergebnis", schema_for!(erkennung::Zusammengesetzt)),
        ("einordnung.vorschlagen.v1", schema_for!(einordnung::Vorschlagen)),
        ("einordnung.vorschlagen.v1.ergebnis", schema_for!(einordnung::Vorschlag)),
        ("rechnung.pruefen.v1", schema_for!(rechnung::Pruefen)),
        ("rechnung.pruefen.v1.ergebnis", schema_for!(rechnung::Geprueft)),
        ("akten.anlegen.v1", schema_for!(akten::Anlegen)),
        ("akten.anlegen.v1.ergebnis", schema_for!(akten::Angelegt)),
        ("akten.erfassen.v1", schema_for!(akten::Erfassen)),
        ("akten.erfassen.v1.ergebnis", schema_for!(akten::Erfasst)),
        ("akten.ablegen.v1", schema_for!(akten::Ablegen)),
        ("akten.ablegen.v1.ergebnis", schema_for!(akten::Abgelegt)),
        ("uebergabe.buchen.v1", schema_for!(uebergabe::Buchen)),
        ("uebergabe.buchen.v1.ergebnis", schema_for!(uebergabe::Uebergeben)),
        ("uebergabe.stornieren.v1", schema_for!(uebergabe::Stornieren)),
        ("uebergabe.stornieren.v1.ergebnis", schema_for!(uebergabe::Storniert)),
        ("uebergabe.mail.v1", schema_for!(uebergabe::Mail)),
        ("uebergabe.mail.v1.ergebnis", schema_for!(uebergabe::Gesendet)),
        ("uebergabe.rueckmeldung", schema_for!(uebergabe::Rueckmeldung)),
        ("hinweis.sammeln.v1", schema_for!(hinweise::Sammeln)),
        ("hinweis.sammeln.v1.ergebnis", schema_for!(hinweise::Gesammelt)),
        ("hinweis.sofort.v1", schema_for!(hinweise::Sofort)),
        ("hinweis.sofort.v1.ergebnis", schema_for!(hinweise::SofortErgebnis)),
        ("wiedervorlage.eintragen.v1", schema_for!(wiedervorlage::Eintragen)),
        ("wiedervorlage.eintragen.v1.ergebnis", schema_for!(wiedervorlage::Vermerk)),
        ("akten.laufprotokoll.v1", schema_for!(akten::Laufprotokoll)),
        ("akten.laufprotokoll.v1.ergebnis", schema_for!(akten::LaufprotokollAbgelegt)),
        ("akten.zda.v1", schema_for!(akten::Zda)),
        ("akten.zda.v1.ergebnis", schema_for!(akten::ZdaErledigt)),
        ("akten.korb.v1", schema_for!(akten::Korb)),
        ("akten.korb.v1.ergebnis", schema_for!(akten::KorbGewechselt)),
        ("aufgabe", schema_for!(aufgaben::AufgabeSeite)),
        ("erledigung", schema_for!(aufgaben::Erledigung)),
        ("ablauf", schema_for!(ablaeufe::Ablauf)),
        ("dokument", schema_for!(dokumente::Dokument)),
        ("sendung", schema_for!(sendungen::SendungStand)),
        ("quittung", schema_for!(sendungen::Quittung)),
        ("suche", schema_for!(suche::Anfrage)),
        ("suche.ergebnis", schema_for!(suche::Ergebnis)),
    ]);
    schemas.extend(ereignisse::KATALOG.iter().map(|art| (art.typ, (art.schema)())));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/json");
    let write = std::env::var_os("EAKTE_WRITE").is_some();
    if write {
        std::fs::create_dir_all(&folder).unwrap();
    }
    let mut different = Vec::new();
    for (name, schema) in &schemas {
        let text = format!("{}\n", serde_json::to_string_pretty(schema).unwrap());
        let file = folder.join(format!("{name}.json"));
        if write {
            std::fs::write(&file, &text).unwrap();
        }
        if std::fs::read_to_string(&file).ok().as_deref() != Some(&text) {
            different.push(*name);
        }
    }
    assert!(different.is_empty(), "differ from the code: {different:?}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), schemas.len(), "a schema without its message");
}
