// SPDX-License-Identifier: EUPL-1.2
//! What the binary carries with it: processes, decision tables, the demo city's organisation and Aktenplan.

/// BPMN files, called ones before their callers.
pub const ABLAEUFE: &[(&str, &str)] = &[
    ("rechnung.bpmn", include_str!("../../../workflows/definitionen/rechnung.bpmn")),
    ("dokument.bpmn", include_str!("../../../workflows/definitionen/dokument.bpmn")),
    ("posteingang.bpmn", include_str!("../../../workflows/definitionen/posteingang.bpmn")),
    ("beschlussvorlage.bpmn", include_str!("../../../workflows/definitionen/beschlussvorlage.bpmn")),
];

/// DMN files by name.
pub const TABELLEN: &[(&str, &str)] = &[
    ("zustaendigkeit.dmn", include_str!("../../../workflows/tabellen/zustaendigkeit.dmn")),
    ("anordnung.dmn", include_str!("../../../workflows/tabellen/anordnung.dmn")),
];

/// Example rows of the tables, by the table's name.
pub const BEISPIELE: &[(&str, &str)] = &[
    ("zustaendigkeit.dmn", include_str!("../../../workflows/tabellen/zustaendigkeit.beispiele.json")),
    ("anordnung.dmn", include_str!("../../../workflows/tabellen/anordnung.beispiele.json")),
];

pub const AKTENPLAN: &str = include_str!("../../../workflows/tabellen/aktenplan.csv");
pub const ORGANISATION: &str = include_str!("../../../workflows/tabellen/organisation.json");
