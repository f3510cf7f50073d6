// SPDX-License-Identifier: EUPL-1.2
//! The paths of `neufassung.bpmn`: a new version is read as post is.

use crate::lauf::*;

fn begin() -> Lauf {
    let fassung = json!({ "dokument": eintrag(TeilArt::Datei).dokument, "sendung": sendung(), "blob": blob("neu"), "name": "plan.pdf",
        "media_type": "application/pdf" });
    Lauf::start("neufassung", json!({ "fassung": fassung }))
}

fn seen(lauf: &mut Lauf, art: TeilArt) {
    let job: Zerlegen = lauf.input("Zerlegen", "erkennung.zerlegen.v1");
    assert_eq!((job.blob, &*job.name), (blob("neu"), "plan.pdf"));
    lauf.work(
        "Zerlegen",
        json!({ "teile": [teil(0, art)], "gesamt": 3, "trennblaetter": 0, "leer": 0, "zugang": null,
        "absender": null, "befunde": [] }),
    );
}

#[test]
fn a_text_layer_is_used_and_a_picture_recognised() {
    let mut lauf = begin();
    seen(&mut lauf, TeilArt::Digital);
    let job: Erfassen = lauf.input("Erfassen", akten::ERFASSEN);
    assert_eq!((job.text, job.fassung, job.pdfa), (Some(blob("textebene")), Some(blob("neu")), None));
    lauf.work("Erfassen", Erfasst { dubletten: vec![] });
    lauf.ended_well();

    let mut lauf = begin();
    seen(&mut lauf, TeilArt::Scan);
    for n in 0..2 {
        let ergebnis = SeitenErgebnis { index: n, woerter: blob("woerter"), befund: None };
        lauf.work("Erkennen", SeitenErkannt { ergebnisse: vec![ergebnis] });
    }
    lauf.work("Zusammensetzen", Zusammengesetzt { pdfa: blob("pdfa"), text: blob("text"), woerter: blob("woerter") });
    let job: Erfassen = lauf.input("Erfassen", akten::ERFASSEN);
    assert_eq!((job.text, job.pdfa, job.woerter), (Some(blob("text")), Some(blob("pdfa")), Some(blob("woerter"))));
    assert_eq!(job.seiten.unwrap().len(), 3);
    lauf.work("Erfassen", Erfasst { dubletten: vec![] });
    lauf.ended_well();
}

#[test]
fn what_cannot_be_read_is_noted_at_the_document() {
    let mut lauf = begin();
    lauf.unreadable("Zerlegen", "clearing", "Die Datei hat ein Kennwort.");
    let job: Erfassen = lauf.input("Vermerken", akten::ERFASSEN);
    assert_eq!(
        (job.befunde[0].code.as_str(), job.befunde[0].text.as_str()),
        ("clearing", "Die Datei hat ein Kennwort.")
    );
    lauf.work("Vermerken", Erfasst { dubletten: vec![] });
    lauf.ended_well();
}
