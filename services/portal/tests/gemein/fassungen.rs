// SPDX-License-Identifier: EUPL-1.2
//! Invented versions, proposals and example rows. The proposals: 1 is of another operator, 2 of the reader `betrieb`,
//! 3 is a table with an example that fails.

use async_trait::async_trait;
use nachrichten::{
    Actor, PersonId, Werte,
    ablaeufe::{Pruefbefund, Version},
    aufgaben::{FormFeld, FormTyp},
    fassungen::*,
    fehler::Fehler,
};
use serde_json::json;
use uuid::Uuid;

use super::{Fake, daten, person};

/// A process with a picture: one task, one decision.
pub const BPMN: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI">
<process id="rechnung"><startEvent id="s"/><userTask id="a" name="Sachlich prüfen"/><sequenceFlow id="f" sourceRef="s" targetRef="a"/></process>
<bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement="rechnung"><bpmndi:BPMNShape bpmnElement="s"><dc:Bounds x="100" y="100" width="36" height="36"/></bpmndi:BPMNShape>
<bpmndi:BPMNShape bpmnElement="a"><dc:Bounds x="200" y="78" width="100" height="80"/></bpmndi:BPMNShape>
<bpmndi:BPMNEdge bpmnElement="f"><di:waypoint x="136" y="118"/><di:waypoint x="200" y="118"/></bpmndi:BPMNEdge></bpmndi:BPMNPlane></bpmndi:BPMNDiagram></definitions>"#;

fn operator(actor: &Actor) -> Result<(), Fehler> {
    match actor.person == person("betrieb").person {
        true => Ok(()),
        false => Err(Fehler::new("E7003", 403, "Diese Handlung ist dem Betrieb vorbehalten.", "no operator")),
    }
}

fn vergleich(nach: Option<u32>) -> Vergleich {
    let a = |art, element: &str, name: &str, was: &str, angaben| Aenderung {
        art,
        element: element.into(),
        name: name.into(),
        was: was.into(),
        angaben,
    };
    let frist = Angabe { was: "Frist".into(), alt: Some("5AT".into()), neu: Some("3AT".into()) };
    Vergleich {
        id: "rechnung".into(),
        name: "Rechnung".into(),
        von: 1,
        nach,
        alt: BPMN.into(),
        neu: BPMN.into(),
        aenderungen: vec![
            a(AenderungArt::Geaendert, "a", "Sachlich prüfen", "Aufgabe für Personen", vec![frist]),
            a(AenderungArt::Neu, "f", "", "Verbindung", vec![]),
            a(AenderungArt::NurBild, "s", "Eingang", "Beginn", vec![]),
        ],
        laufend: 12,
    }
}

fn tabelle() -> (Tabellenbild, Vec<Geprobt>) {
    let bild = Tabellenbild {
        entscheidung: "anordnung".into(),
        name: "anordnung".into(),
        trefferregel: "FIRST".into(),
        eingaben: vec![("betrag".into(), "number".into())],
        ausgaben: vec![("zweite".into(), "boolean".into())],
        spalten: vec!["Betrag".into(), "zweite".into()],
        zeilen: vec![vec!["> 50000".into(), "true".into()], vec!["-".into(), "false".into()]],
    };
    let row = |betrag: &str, erwartet: bool| {
        let eingabe: Werte = [("betrag".to_owned(), json!(betrag))].into_iter().collect();
        let got = betrag.parse::<f64>().unwrap() > 50_000.0;
        let probe =
            Probe { ergebnis: json!({ "zweite": got }), fehler: None, zeilen: if got { vec![1, 2] } else { vec![2] } };
        let falsch = (got != erwartet).then(|| ("zweite".to_owned(), json!(erwartet), json!(got)));
        let beispiel = Beispiel { eingabe, erwartet: json!({ "zweite": erwartet }), stadt: false };
        Geprobt { beispiel, probe, abweichungen: falsch.into_iter().collect() }
    };
    (bild, vec![row("50000.01", true), row("60000", false)])
}

fn pruefung(name: &str, fehler: bool) -> Pruefung {
    let befund = Pruefbefund { fehler, schritt: Some("Prüfen".into()), text: "Der Standardweg fehlt.".into() };
    let inhalt = Inhalt::of(name);
    let (bild, beispiele) = tabelle();
    let table = inhalt == Inhalt::Tabelle;
    Pruefung {
        name: name.into(),
        inhalt,
        angenommen: !fehler,
        befunde: vec![befund],
        vergleiche: if fehler { vec![] } else { vec![vergleich(None)] },
        gegen: "rechnung 1".into(),
        unveraendert: false,
        tabelle: table.then_some(bild),
        beispiele: if table { beispiele } else { vec![] },
    }
}

fn vorschlag(n: u128) -> Vorschlag {
    let (id, von) = (Uuid::from_u128(n), if n == 2 { person("betrieb") } else { person("kaemmerer") });
    Vorschlag {
        id,
        name: if n == 3 { "anordnung.dmn".into() } else { "rechnung.bpmn".into() },
        inhalt: if n == 3 { Inhalt::Tabelle } else { Inhalt::Ablauf },
        grund: "neue Frist ab Januar".into(),
        person: PersonId(von.person.0),
        person_name: von.name,
        seit: daten::vor(60),
        stand: "wartet".into(),
        zweite_person: true,
        entschieden: None,
    }
}

#[async_trait]
impl Fassungen for Fake {
    async fn pruefen(&self, actor: &Actor, name: &str, text: &str) -> Result<Pruefung, Fehler> {
        operator(actor)?;
        Ok(pruefung(name, !text.contains("<definitions")))
    }
    async fn vorschlagen(&self, actor: &Actor, name: &str, _: &str, grund: &str) -> Result<Uuid, Fehler> {
        operator(actor)?;
        if grund.len() < 3 {
            return Err(Fehler::new("E3007", 422, "Nennen Sie einen Grund. Er steht im Protokoll.", "no reason"));
        }
        self.welt.lock().unwrap().protokoll.push(format!("vorschlagen {name} {grund} {}", actor.name));
        Ok(Uuid::from_u128(2))
    }
    async fn vorschlaege(&self, actor: &Actor) -> Result<Vec<Vorschlag>, Fehler> {
        operator(actor)?;
        Ok((1..=3).map(vorschlag).collect())
    }
    async fn vorschlag(&self, actor: &Actor, id: Uuid) -> Result<VorschlagSeite, Fehler> {
        operator(actor)?;
        let n = id.as_u128();
        if !(1..=3).contains(&n) {
            return Err(Fehler::not_found());
        }
        let v = vorschlag(n);
        let pruefung = pruefung(&v.name, false);
        Ok(VorschlagSeite { pruefung, eigener: n == 2, darf: n != 2, vorschlag: v })
    }
    async fn veroeffentlichen(
        &self,
        actor: &Actor,
        id: Uuid,
        grund: &str,
        gegen: &str,
        trotz: bool,
    ) -> Result<Neue, Fehler> {
        operator(actor)?;
        let error = |code, status, text: &str| Err(Fehler::new(code, status, text, "fake"));
        match id.as_u128() {
            2 => {
                return error(
                    "E3041",
                    403,
                    "Sie haben diese Fassung vorgeschlagen. Eine zweite Person veröffentlicht sie.",
                );
            }
            3 if !trotz => return error("E3043", 422, "Nicht alle Beispiele stimmen."),
            _ if gegen != "rechnung 1" => return error("E3042", 409, "Inzwischen läuft eine andere Fassung."),
            _ => {}
        }
        self.welt.lock().unwrap().protokoll.push(format!("veröffentlichen {} {grund} {}", id.as_u128(), actor.name));
        Ok(vec![("rechnung".into(), 2)])
    }
    async fn zurueckziehen(&self, actor: &Actor, id: Uuid, grund: &str) -> Result<(), Fehler> {
        operator(actor)?;
        self.welt.lock().unwrap().protokoll.push(format!("zurückziehen {} {grund}", id.as_u128()));
        Ok(())
    }
    async fn unterschied(&self, actor: &Actor, _: &str, _: u32, nach: u32) -> Result<Vergleich, Fehler> {
        operator(actor)?;
        Ok(vergleich(Some(nach)))
    }
    async fn zahlen(&self, actor: &Actor, process: &str, version: u32, tage: u32) -> Result<VersionZahlen, Fehler> {
        operator(actor)?;
        let z = |element: &str, name: &str, was: &str, jetzt, erledigt| ElementZahlen {
            element: element.into(),
            name: name.into(),
            was: was.into(),
            jetzt,
            gestoert: 0,
            erledigt,
            median: Some(2 * 86_400_000_000),
            neunzig: Some(5 * 86_400_000_000),
            median_at: Some(2),
            neunzig_at: Some(3),
        };
        let seit = daten::vor(100);
        Ok(VersionZahlen {
            version: Version {
                process: process.into(),
                version,
                name: "Rechnung".into(),
                seit,
                laufend: 3,
                beendet: 120,
            },
            alle: vec![1, 2],
            bpmn: BPMN.into(),
            tage,
            zahlen: vec![z("a", "Sachlich prüfen", "Aufgabe für Personen", 3, 120), z("e", "Ablehnung", "Ende", 0, 0)],
            gelesen_laufend: 3,
            gelesen_beendet: 120,
            gekuerzt: false,
        })
    }
    async fn anfang(&self, actor: &Actor, process: &str) -> Result<Option<Anfang>, Fehler> {
        operator(actor)?;
        let ort = FormFeld {
            name: "ort".into(),
            label: "Ort".into(),
            typ: FormTyp::Text,
            pflicht: true,
            wert: None,
            optionen: Vec::new(),
        };
        let felder = vec![ort];
        let own = |process: &str| Anfang { process: process.into(), name: "Baumfällung".into(), version: 1, felder };
        Ok((process == "baumfaellung").then(|| own(process)))
    }
    async fn tabellen(&self, actor: &Actor) -> Result<Vec<TabellenVersion>, Fehler> {
        operator(actor)?;
        let t = |version| TabellenVersion {
            name: "anordnung.dmn".into(),
            version,
            seit: daten::vor(50),
            geliefert: version == 1,
        };
        Ok(vec![t(1), t(2)])
    }
    async fn tabelle(&self, actor: &Actor, name: &str, version: u32) -> Result<TabellenSeite, Fehler> {
        let all = self.tabellen(actor).await?;
        let version = all.into_iter().find(|t| t.name == name && t.version == version).ok_or_else(Fehler::not_found)?;
        let (bild, beispiele) = tabelle();
        Ok(TabellenSeite { version, alle: vec![1, 2], bild, beispiele })
    }
    async fn tabellen_unterschied(&self, actor: &Actor, name: &str, von: u32, nach: u32) -> Result<Vergleich, Fehler> {
        operator(actor)?;
        Ok(Vergleich { id: name.into(), name: name.into(), von, ..vergleich(Some(nach)) })
    }
    async fn probieren(&self, actor: &Actor, _: &BeispielOrt, eingabe: &Werte) -> Result<Probe, Fehler> {
        operator(actor)?;
        self.welt.lock().unwrap().protokoll.push(format!("probieren {}", json!(eingabe)));
        Ok(Probe { ergebnis: json!({ "zweite": true }), fehler: None, zeilen: vec![1, 2] })
    }
    async fn beispiele(
        &self,
        actor: &Actor,
        ort: &BeispielOrt,
        zeilen: Vec<Beispiel>,
        grund: &str,
    ) -> Result<(), Fehler> {
        operator(actor)?;
        let last = json!(zeilen.last());
        self.welt.lock().unwrap().protokoll.push(format!("beispiele {ort:?} {} {last} {grund}", zeilen.len()));
        Ok(())
    }
}
