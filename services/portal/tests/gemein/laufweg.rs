// SPDX-License-Identifier: EUPL-1.2
//! A route with every state a position can have.

use nachrichten::{
    InstanceId, TaskId,
    laufweg::{Beteiligung, Laufweg, LaufwegEintrag, Position, Zeichnung},
};

use super::daten::{id, vor};

/// The route of Vorlage 8: void, done, open, to come, taken out.
pub fn laufweg() -> Laufweg {
    let zeichnung = |person: &str, ungueltig| Zeichnung {
        person: person.into(),
        fuer: None,
        zeit: vor(60),
        entscheidung: "mit_hinweis".into(),
        bemerkung: Some("Grunderwerb ist offen.".into()),
        fassung: Some(nachrichten::BlobHash::of(b"fassung")),
        ungueltig,
    };
    let position = |nr, stufe, name: &str, stand, zeichnung| Position {
        nr,
        stufe,
        name: name.into(),
        gruppe: Some(format!("G{nr}")),
        person: None,
        verfuegung: "mitzeichnung".into(),
        stand,
        pflicht: false,
        aufgabe: (stand == Beteiligung::Aktuell).then(|| TaskId(id(5, 8))),
        zeichnung,
        aenderungen: vec![],
    };
    let mut positionen = vec![
        position(1, 1, "Rechtsamt", Beteiligung::Erledigt, Some(zeichnung("Finn Feststeller", Some(vor(20))))),
        position(2, 2, "Stadtkämmerei", Beteiligung::Aktuell, None),
        position(3, 3, "Stadtplanungsamt", Beteiligung::Zukuenftig, None),
        position(4, 4, "Schulamt", Beteiligung::Uebersprungen, None),
    ];
    positionen[2].aenderungen.push(LaufwegEintrag {
        art: "eingefuegt".into(),
        von: "Kim".into(),
        zeit: vor(10),
        grund: "betroffen".into(),
    });
    Laufweg {
        ablauf: InstanceId(id(6, 8)),
        process: "beschlussvorlage".into(),
        titel: "Vorlage: Neubau Radweg Kriegsstraße".into(),
        version: "v1".into(),
        positionen,
        aenderbar: true,
        laeuft: true,
    }
}
