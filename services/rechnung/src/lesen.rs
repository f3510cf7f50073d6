// SPDX-License-Identifier: EUPL-1.2
//! The child's work: one invoice XML in; facts, findings, page and text out.

use nachrichten::{
    Tag,
    erkennung::{Befund, Stufe, grund},
    rechnung::RechnungsFakten,
};
use rechnung::{Finding, Level, Limits, vergleich, zahlung};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service_sandbox::{Refusal, Reply};

use crate::fakten;

/// Kind of the child's job. Blobs in: XML, printed text (may be empty); blobs out: HTML, text.
pub const LESEN: &str = "rechnung.lesen";

/// Most findings kept with a document; a file with more has lost its case anyway.
const MAX_BEFUNDE: usize = 200;

#[derive(Serialize, Deserialize)]
pub(crate) struct Auftrag {
    pub zugang: Tag,
    pub counting: Zaehlung,
}

/// [`zahlung::Counting`] as a message.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Zaehlung {
    start: Beginn,
    tage: u32,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Beginn {
    Unbekannt,
    Zugang,
    Rechnungsdatum,
}

impl From<zahlung::Counting> for Zaehlung {
    fn from(c: zahlung::Counting) -> Self {
        let start = match c.start {
            zahlung::Start::Unknown => Beginn::Unbekannt,
            zahlung::Start::Zugang => Beginn::Zugang,
            zahlung::Start::IssueDate => Beginn::Rechnungsdatum,
        };
        Self { start, tage: c.default_days }
    }
}

impl From<Zaehlung> for zahlung::Counting {
    fn from(z: Zaehlung) -> Self {
        let start = match z.start {
            Beginn::Unbekannt => zahlung::Start::Unknown,
            Beginn::Zugang => zahlung::Start::Zugang,
            Beginn::Rechnungsdatum => zahlung::Start::IssueDate,
        };
        Self { start, default_days: z.tage }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Ergebnis {
    pub fakten: RechnungsFakten,
    pub befunde: Vec<Befund>,
}

/// Answers a job of this crate; `None` when the kind belongs to another one.
pub fn child(kind: &str, header: Value, blobs: Vec<Vec<u8>>) -> Option<Result<Reply, Refusal>> {
    (kind == LESEN).then(|| read(header, &blobs))
}

fn read(header: Value, blobs: &[Vec<u8>]) -> Result<Reply, Refusal> {
    let defect = || Refusal::new("bad-request", "Der Auftrag an das Leseprogramm ist fehlerhaft.");
    let task: Auftrag = serde_json::from_value(header).map_err(|_| defect())?;
    let [xml, printed] = blobs else {
        return Err(defect());
    };
    let rechnung = rechnung::read(xml, &Limits::default()).map_err(|e| Refusal::new(grund::FORMAT, e.text))?;
    if rechnung.syntax.is_none() {
        return Err(Refusal::new(grund::FORMAT, "Die XML-Datei ist keine elektronische Rechnung."));
    }
    if let Some(problem) = rechnung.problems.iter().find(|p| p.blocking) {
        return Err(Refusal::new(grund::FORMAT, problem.text.clone()));
    }
    let findings = rechnung::findings(&rechnung);
    let terms = zahlung::terms(&rechnung, task.zugang.0, task.counting.into());
    let html = rechnung::html::document(&rechnung, &findings, Some(&terms));
    let text = rechnung::text::text(&rechnung);
    let differences = vergleich::differences(&rechnung, &String::from_utf8_lossy(printed));
    let visible =
        differences.into_iter().map(|text| Befund { code: "visible-vs-data".into(), stufe: Stufe::Warnung, text });
    let befunde = visible.chain(findings.iter().map(befund)).take(MAX_BEFUNDE).collect();
    let header =
        serde_json::to_value(Ergebnis { fakten: fakten::of(&rechnung, &terms), befunde }).map_err(|_| defect())?;
    Ok(Reply::new(header, vec![html.into_bytes(), text.into_bytes()]))
}

fn befund(finding: &Finding) -> Befund {
    let stufe = match finding.level {
        Level::Error => Stufe::Fehler,
        Level::Warning => Stufe::Warnung,
        Level::Information => Stufe::Hinweis,
    };
    Befund { code: finding.rule.clone(), stufe, text: finding.text.clone() }
}
