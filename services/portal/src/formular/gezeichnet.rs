// SPDX-License-Identifier: EUPL-1.2
//! Forms for processes that no file in `workflows/formulare` belongs to: the fields that the modeller drew into the
//! process file, and what every task needs besides.

use nachrichten::aufgaben::{FormFeld, FormTyp};

use super::{Feld, Formular, Knopf, Typ, Wahl};

fn feld(name: &str, label: &str, typ: Typ) -> Feld {
    Feld {
        name: name.to_owned(),
        label: label.to_owned(),
        typ,
        pflicht: false,
        hilfe: String::new(),
        vorschlag: Vec::new(),
        optionen: Vec::new(),
        quelle: None,
        spalten: Vec::new(),
        summe: Vec::new(),
        selten: false,
        arbeitstag: false,
        fehlt: String::new(),
        vorgabe: None,
    }
}

fn von(f: &FormFeld) -> Feld {
    let typ = match f.typ {
        FormTyp::Text => Typ::Text,
        FormTyp::Langtext => Typ::Langtext,
        FormTyp::Zahl => Typ::Kommazahl,
        FormTyp::JaNein => Typ::JaNein,
        FormTyp::Datum => Typ::Datum,
        FormTyp::Auswahl => Typ::Auswahl,
        FormTyp::Mehrfach => Typ::Mehrfach,
    };
    let choice = |(wert, label): &(String, String)| Wahl { wert: wert.clone(), label: label.clone() };
    Feld {
        // A truth value is always one of the two: a box that is not ticked is a "no".
        pflicht: f.pflicht || typ == Typ::JaNein,
        // A variable of this name is what the field shows.
        vorschlag: vec![f.name.clone()],
        optionen: f.optionen.iter().map(choice).collect(),
        vorgabe: f.wert.clone(),
        ..feld(&f.name, &f.label, typ)
    }
}

fn knopf(name: &str, label: &str) -> Knopf {
    Knopf {
        name: name.to_owned(),
        label: label.to_owned(),
        taste: "f".to_owned(),
        haupt: true,
        bestaetigen: String::new(),
        grund_pflicht: false,
        braucht: Vec::new(),
        summe: None,
    }
}

/// A user task: its fields, a remark, one button.
pub fn aufgabe(gezeichnet: &[FormFeld]) -> Formular {
    let mut felder: Vec<Feld> = gezeichnet.iter().map(von).collect();
    if !felder.iter().any(|f| f.name == "bemerkung") {
        felder.push(feld("bemerkung", "Bemerkung", Typ::Langtext));
    }
    Formular {
        titel: "Aufgabe".to_owned(),
        einleitung: String::new(),
        felder,
        knoepfe: vec![knopf("erledigt", "Erledigt")],
    }
}

/// The start of a process: its fields, and any further values.
pub fn anfang(name: &str, gezeichnet: &[FormFeld]) -> Formular {
    let mut felder: Vec<Feld> = gezeichnet.iter().map(von).collect();
    felder.push(Feld {
        hilfe: "Namen und Werte, die der Ablauf kennt. Ein Wert ist Text, Zahl, ja (true), nein (false) oder JSON."
            .to_owned(),
        spalten: vec![feld("name", "Name", Typ::Text), feld("wert", "Wert", Typ::Text)],
        ..feld("werte", "Weitere Werte", Typ::Tabelle)
    });
    Formular {
        titel: format!("{name} starten"),
        einleitung: "Der Ablauf beginnt mit der neuesten Fassung. Im Protokoll steht, wer ihn gestartet hat."
            .to_owned(),
        felder,
        knoepfe: vec![knopf("starten", "Starten")],
    }
}
