// SPDX-License-Identifier: EUPL-1.2
//! `rueckmeldung.bpmn`: a file of the finance system that nobody can take waits for a person.

use crate::lauf::*;

#[test]
fn an_unclear_file_is_looked_at_by_the_cash_office() {
    let datei =
        json!({ "name": "zahlung-17.json", "grund": "Keine Rechnung wartet.", "inhalt": "{}", "kennung": "ab" });
    let mut lauf = Lauf::start("rueckmeldung", json!({ "datei": datei }));
    let task = lauf.task("KlaerungRueckmeldung");
    assert_eq!(task.groups, ["Stadtkasse"]);
    assert_eq!(task.title, "Rückmeldung klären: zahlung-17.json");
    assert_eq!((&task.data["grund"], &task.data["inhalt"]), (&json!("Keine Rechnung wartet."), &json!("{}")));
    lauf.decide("KlaerungRueckmeldung", "Wiebke", json!({ "entscheidung": "geklaert", "bemerkung": "Nummer falsch" }));
    lauf.ended_well();
}
