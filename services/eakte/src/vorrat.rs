// SPDX-License-Identifier: EUPL-1.2
//! What the binary carries with it: processes, decision tables, the demo city's organisation and Aktenplan.

/// BPMN files, called ones before their callers.
pub const ABLAEUFE: &[(&str, &str)] = &[
    ("rueckmeldung.bpmn", include_str!("../../../workflows/definitionen/rueckmeldung.bpmn")),
    ("rechnung.bpmn", include_str!("../../../workflows/definitionen/rechnung.bpmn")),
    ("dokument.bpmn", include_str!("../../../workflows/definitionen/dokument.bpmn")),
    ("posteingang.bpmn", include_str!("../../../workflows/definitionen/posteingang.bpmn")),
    ("umlauf.bpmn", include_str!("../../../workflows/definitionen/umlauf.bpmn")),
    ("umlauf_ergebnis.bpmn", include_str!("../../../workflows/definitionen/umlauf_ergebnis.bpmn")),
    ("neufassung.bpmn", include_str!("../../../workflows/definitionen/neufassung.bpmn")),
    ("niederschrift.bpmn", include_str!("../../../workflows/definitionen/niederschrift.bpmn")),
    ("beschlussvorlage.bpmn", include_str!("../../../workflows/definitionen/beschlussvorlage.bpmn")),
    ("bearbeitung.bpmn", include_str!("../../../workflows/definitionen/bearbeitung.bpmn")),
    ("wiedervorlage.bpmn", include_str!("../../../workflows/definitionen/wiedervorlage.bpmn")),
    ("tageshinweise.bpmn", include_str!("../../../workflows/definitionen/tageshinweise.bpmn")),
    ("soforthinweis.bpmn", include_str!("../../../workflows/definitionen/soforthinweis.bpmn")),
];

/// DMN files by name.
pub const TABELLEN: &[(&str, &str)] = &[
    ("zustaendigkeit.dmn", include_str!("../../../workflows/tabellen/zustaendigkeit.dmn")),
    ("anordnung.dmn", include_str!("../../../workflows/tabellen/anordnung.dmn")),
    ("rechnungsfristen.dmn", include_str!("../../../workflows/tabellen/rechnungsfristen.dmn")),
    ("umlauf_ergebnis.dmn", include_str!("../../../workflows/tabellen/umlauf_ergebnis.dmn")),
    ("vorlage_fristen.dmn", include_str!("../../../workflows/tabellen/vorlage_fristen.dmn")),
    ("abstimmung.dmn", include_str!("../../../workflows/tabellen/abstimmung.dmn")),
    ("beratung_weiter.dmn", include_str!("../../../workflows/tabellen/beratung_weiter.dmn")),
    ("eskalation.dmn", include_str!("../../../workflows/tabellen/eskalation.dmn")),
    ("laufweg.dmn", include_str!("../../../workflows/tabellen/laufweg.dmn")),
    ("irrlauf.dmn", include_str!("../../../workflows/tabellen/irrlauf.dmn")),
    ("tageshinweise.dmn", include_str!("../../../workflows/tabellen/tageshinweise.dmn")),
];

/// Example rows of the tables, by the table's name.
pub const BEISPIELE: &[(&str, &str)] = &[
    ("zustaendigkeit.dmn", include_str!("../../../workflows/tabellen/zustaendigkeit.beispiele.json")),
    ("anordnung.dmn", include_str!("../../../workflows/tabellen/anordnung.beispiele.json")),
    ("rechnungsfristen.dmn", include_str!("../../../workflows/tabellen/rechnungsfristen.beispiele.json")),
    ("umlauf_ergebnis.dmn", include_str!("../../../workflows/tabellen/umlauf_ergebnis.beispiele.json")),
    ("vorlage_fristen.dmn", include_str!("../../../workflows/tabellen/vorlage_fristen.beispiele.json")),
    ("abstimmung.dmn", include_str!("../../../workflows/tabellen/abstimmung.beispiele.json")),
    ("beratung_weiter.dmn", include_str!("../../../workflows/tabellen/beratung_weiter.beispiele.json")),
    ("eskalation.dmn", include_str!("../../../workflows/tabellen/eskalation.beispiele.json")),
    ("laufweg.dmn", include_str!("../../../workflows/tabellen/laufweg.beispiele.json")),
    ("irrlauf.dmn", include_str!("../../../workflows/tabellen/irrlauf.beispiele.json")),
    ("tageshinweise.dmn", include_str!("../../../workflows/tabellen/tageshinweise.beispiele.json")),
];

pub const AKTENPLAN: &str = include_str!("../../../workflows/tabellen/aktenplan.csv");
pub const ORGANISATION: &str = include_str!("../../../workflows/tabellen/organisation.json");
