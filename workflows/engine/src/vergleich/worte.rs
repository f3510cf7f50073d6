// SPDX-License-Identifier: EUPL-1.2
//! German words for what stands in a BPMN file.

use roxmltree::Node;

/// Words of the element kinds.
const ARTEN: &[(&str, &str)] = &[
    ("process", "Ablauf"),
    ("task", "Schritt ohne Ausführung"),
    ("manualTask", "Schritt von Hand"),
    ("userTask", "Aufgabe für Personen"),
    ("serviceTask", "Automatischer Schritt"),
    ("sendTask", "Senden"),
    ("receiveTask", "Warten auf eine Nachricht"),
    ("scriptTask", "Rechenschritt"),
    ("businessRuleTask", "Entscheidungstabelle"),
    ("callActivity", "Aufruf eines Ablaufs"),
    ("subProcess", "Teilablauf"),
    ("transaction", "Teilablauf mit Rücknahme"),
    ("adHocSubProcess", "Teilablauf in freier Reihenfolge"),
    ("exclusiveGateway", "Verzweigung, genau ein Weg"),
    ("parallelGateway", "Verzweigung, alle Wege"),
    ("inclusiveGateway", "Verzweigung, mehrere Wege"),
    ("eventBasedGateway", "Warten auf das erste Ereignis"),
    ("complexGateway", "Verzweigung, nach Regel"),
    ("startEvent", "Beginn"),
    ("endEvent", "Ende"),
    ("intermediateCatchEvent", "Warten auf ein Ereignis"),
    ("intermediateThrowEvent", "Ereignis auslösen"),
    ("boundaryEvent", "Ereignis am Schritt"),
    ("sequenceFlow", "Verbindung"),
    ("messageFlow", "Nachrichtenfluss"),
    ("association", "Verweislinie"),
    ("lane", "Bahn"),
    ("participant", "Beteiligte Stelle"),
    ("dataObject", "Daten"),
    ("dataObjectReference", "Daten im Bild"),
    ("dataStoreReference", "Datenspeicher"),
    ("textAnnotation", "Anmerkung"),
    ("group", "Gruppierung"),
    ("message", "Nachricht"),
    ("signal", "Signal"),
    ("error", "Fehler"),
    ("escalation", "Eskalation"),
];

/// What triggers an event.
const EREIGNISSE: &[(&str, &str)] = &[
    ("timer", "Zeit"),
    ("message", "Nachricht"),
    ("signal", "Signal"),
    ("error", "Fehler"),
    ("escalation", "Eskalation"),
    ("terminate", "Abbruch des ganzen Ablaufs"),
    ("link", "Sprung"),
    ("compensate", "Rücknahme"),
    ("cancel", "Abbruch"),
    ("conditional", "Bedingung"),
];

/// Words of attributes and of elements that hold a text.
const ANGABEN: &[(&str, &str)] = &[
    ("implementation", "Ausführung"),
    ("topic", "Ausführung"),
    ("taskDefinition type", "Ausführung"),
    ("versuche", "Versuche"),
    ("taskDefinition retries", "Versuche"),
    ("formular", "Formular"),
    ("formKey", "Formular"),
    ("formDefinition formKey", "Formular"),
    ("formDefinition formId", "Formular"),
    ("titel", "Titel der Aufgabe"),
    ("daten", "Angaben für Listen"),
    ("faellig", "Frist"),
    ("dueDate", "Frist"),
    ("taskSchedule dueDate", "Frist"),
    ("nichtPersonVon", "Nicht die Person von"),
    ("zeichnung", "Zeichnet"),
    ("prioritaet", "Priorität"),
    ("dringend", "Dringend"),
    ("ohneStandardweg", "Hält an, wenn keine Bedingung zutrifft"),
    ("schluessel", "Schlüssel"),
    ("lebensdauer", "Gültig für"),
    ("bindung", "Fassung des aufgerufenen Ablaufs"),
    ("eingabe", "Eingabe"),
    ("ergebnis", "Ergebnis"),
    ("resultVariable", "Ergebnis"),
    ("sammlung", "Liste der Läufe"),
    ("eintrag", "Variable eines Laufs"),
    ("ereignis", "Meldet anderen Systemen"),
    ("ergebnisListe", "Liste der Ergebnisse"),
    ("ergebnisEintrag", "Ergebnis eines Laufs"),
    ("candidateGroups", "Zuständigkeit"),
    ("assignmentDefinition candidateGroups", "Zuständigkeit"),
    ("assignmentDefinition assignee", "Person"),
    ("assignee", "Person"),
    ("calledElement", "Aufgerufener Ablauf"),
    ("calledElement processId", "Aufgerufener Ablauf"),
    ("decisionRef", "Entscheidung"),
    ("calledDecision decisionId", "Entscheidung"),
    ("default", "Standardweg"),
    ("sourceRef", "Von"),
    ("targetRef", "Nach"),
    ("attachedToRef", "Hängt an"),
    ("cancelActivity", "Unterbricht"),
    ("isInterrupting", "Unterbricht"),
    ("isSequential", "Nacheinander"),
    ("isForCompensation", "Rücknahme"),
    ("triggeredByEvent", "Beginnt durch Ereignis"),
    ("isExecutable", "Ausführbar"),
    ("messageRef", "Nachricht"),
    ("signalRef", "Signal"),
    ("errorRef", "Fehler"),
    ("escalationRef", "Eskalation"),
    ("processRef", "Ablauf"),
    ("errorCode", "Fehlercode"),
    ("escalationCode", "Eskalationscode"),
    ("conditionExpression", "Bedingung"),
    ("condition", "Bedingung"),
    ("timeDate", "Zeitpunkt"),
    ("timeDuration", "Dauer"),
    ("timeCycle", "Wiederkehr"),
    ("script", "Rechnung"),
    ("scriptFormat", "Sprache"),
    ("documentation", "Beschreibung"),
    ("loopCardinality", "Anzahl der Läufe"),
    ("completionCondition", "Ende der Läufe"),
    ("loopCondition", "Solange"),
    ("flowNodeRef", "Schritte der Bahn"),
    ("text", "Text"),
    ("potentialOwner", "Zuständigkeit"),
    ("humanPerformer", "Person"),
];

fn word(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == name).map(|(_, word)| *word)
}

/// The trigger of an event, of the tag of its definition.
pub(super) fn ereignis(tag: &str) -> Option<&'static str> {
    word(EREIGNISSE, tag.strip_suffix("EventDefinition")?)
}

/// What an element is.
pub(super) fn was(node: Node) -> String {
    let tag = node.tag_name().name();
    let art = word(ARTEN, tag).unwrap_or(tag);
    match node.children().find_map(|c| ereignis(c.tag_name().name())) {
        Some(trigger) => format!("{art} ({trigger})"),
        None => art.to_owned(),
    }
}

/// The word of a fact: of `path` (the tags below the element, then the attribute) the longest known ending, else the
/// path as it is written.
pub(super) fn angabe(path: &[&str]) -> String {
    // Who may do it stands some levels down, in an expression.
    if let Some(owner) = path.iter().find(|p| matches!(**p, "potentialOwner" | "humanPerformer")) {
        return word(ANGABEN, owner).unwrap_or(owner).to_owned();
    }
    let known = (0..path.len()).find_map(|from| word(ANGABEN, &path[from..].join(" ")));
    known.map_or_else(|| path.join(" "), str::to_owned)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_attribute_of_ours_has_a_word() {
        let silent: Vec<_> =
            crate::xml::OWN.iter().filter(|name| super::word(super::ANGABEN, name).is_none()).collect();
        assert!(silent.is_empty(), "{silent:?}");
    }
}
