// SPDX-License-Identifier: EUPL-1.2
//! `eakte reconcile`: joins journal, intake, engine, record, bookings that left, blob listing (bytes hashed again) and
//! audit trail into one report. Zero in `missing, duplicate, altered, orphan, unaudited` is what every fault test asks for.

use std::collections::{BTreeSet, HashMap};

use nachrichten::{BlobHash, SendungId};
use serde::{Deserialize, Serialize};
use service_platform::{audit, blobs::BlobError, mandant, uhr::Clock as _};
use service_uebergabe::Stand;

use super::{Ende, open, runtime};
use crate::{App, ausgabe, cli::Ort, exit};

/// One object; the counts at the top, what they are about in `details`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Bericht {
    /// Acknowledged, but original, process or record is not there.
    pub missing: usize,
    /// More than one process or original for one Sendung, more than one note or process for one booking.
    pub duplicate: usize,
    /// Bytes that no longer have the hash they were accepted with.
    pub altered: usize,
    /// Blobs and bookings nobody refers to.
    pub orphan: usize,
    /// Effects without audit entry, entries without effect, breaks in the chains.
    pub unaudited: usize,
    /// Still being worked on.
    pub pending: u64,
    /// Kept for a person's decision.
    pub quarantined: u64,
    /// English, one line per finding.
    pub details: Vec<String>,
}

impl Bericht {
    /// Nothing lost, doubled, changed, left over or unaudited.
    pub fn is_clean(&self) -> bool {
        self.missing + self.duplicate + self.altered + self.orphan + self.unaudited == 0
    }

    fn note(&mut self, count: impl Fn(&mut Self) -> &mut usize, detail: String) {
        *count(self) += 1;
        if self.details.len() < 1_000 {
            self.details.push(detail);
        }
    }
}

/// A line of the load driver's journal, written before sending and after each acknowledgement.
#[derive(Deserialize)]
struct JournalLine {
    sha256: BlobHash,
    /// Absent in the line before sending.
    receipt: Option<SendungId>,
}

/// Compares everything; changes nothing.
pub async fn bericht(app: &App, journal: Option<&str>) -> Result<Bericht, String> {
    let text = |e: &dyn std::fmt::Display| e.to_string();
    let intake = app.eingang.all().await.map_err(|e| text(&e))?;
    // What the journal held before the engine was asked: a booking that leaves meanwhile is nobody's orphan.
    let noted = service_uebergabe::abgleich(&app.pfade).map_err(|e| text(&e))?;
    let noted: BTreeSet<String> = noted.notizen.into_iter().map(|n| n.buchung).collect();
    let engine = app.geschaeftsgang.abgleich().await.map_err(|e| text(&e))?;
    let record = app.akten.abgleich().await.map_err(|e| text(&e))?;
    let trail = audit::verify(&app.db).await.map_err(|e| text(&e))?;
    let mut b = Bericht { pending: engine.pending, quarantined: engine.quarantined, ..Bericht::default() };

    let mut referred: BTreeSet<BlobHash> = record.verwiesen.union(&engine.blobs).copied().collect();
    let (waiting, _) = service_platform::outbox::waiting(&app.db).await.map_err(|e| text(&e))?;
    for (id, hash, duplicate_of) in &intake {
        referred.insert(*hash);
        match app.blobs.get(*hash).await {
            Ok(_) => {}
            Err(BlobError::Damaged(_)) => {
                b.note(|b| &mut b.altered, format!("sendung {id}: original {hash} is damaged"))
            }
            // A store that is away says nothing about what it holds.
            Err(e) if e.is_passing() => return Err(text(&e)),
            Err(_) => b.note(|b| &mut b.missing, format!("sendung {id}: original {hash} is not stored")),
        }
        match (engine.posteingang.get(id).copied().unwrap_or(0), duplicate_of) {
            (1, None) | (0, Some(_)) => {}
            // The start command is still on its way.
            (0, None) if waiting > 0 => {}
            (0, None) => b.note(|b| &mut b.missing, format!("sendung {id}: no process")),
            (n, _) => b.note(|b| &mut b.duplicate, format!("sendung {id}: {n} processes")),
        }
        if !app.eingang.is_audited(*id).await.map_err(|e| text(&e))? {
            b.note(|b| &mut b.unaudited, format!("sendung {id}: no audit entry"));
        }
    }
    for hash in &record.fehlend {
        b.note(|b| &mut b.missing, format!("blob {hash} is referred to, but not stored"));
    }
    for hash in &record.veraendert {
        b.note(|b| &mut b.altered, format!("blob {hash} is damaged"));
    }
    for d in record.dokumente.iter().filter(|d| !d.original) {
        b.note(|b| &mut b.missing, format!("document {}: no original with its hash", d.id));
    }
    for hash in app.blobs.list().await.map_err(|e| text(&e))? {
        if !referred.contains(&hash) {
            b.note(|b| &mut b.orphan, format!("blob {hash}: nobody refers to it"));
        }
    }
    for id in &record.unbelegt {
        b.note(|b| &mut b.unaudited, format!("document {id}: effect without audit entry"));
    }
    for object in &record.ohne_wirkung {
        b.note(|b| &mut b.unaudited, format!("{object}: audit entry without effect"));
    }
    for line in trail.breaks {
        b.note(|b| &mut b.unaudited, line);
    }
    let money = service_uebergabe::abgleich(&app.pfade).map_err(|e| text(&e))?;
    bookings(&mut b, &engine, &money, &noted);
    let accepted: HashMap<SendungId, BlobHash> = intake.iter().map(|(id, hash, _)| (*id, *hash)).collect();
    for line in journal.unwrap_or_default().lines().filter_map(|l| serde_json::from_str::<JournalLine>(l).ok()) {
        let Some(receipt) = line.receipt else { continue };
        match accepted.get(&receipt) {
            Some(hash) if *hash == line.sha256 => {}
            Some(_) => b.note(|b| &mut b.altered, format!("receipt {receipt}: accepted with another hash")),
            None => b.note(|b| &mut b.missing, format!("receipt {receipt}: acknowledged, but unknown")),
        }
    }
    Ok(b)
}

/// Bookings: what the processes know, what the journal of the hand-over holds, what lies in the outgoing folder.
fn bookings(
    b: &mut Bericht,
    engine: &service_geschaeftsgang::Abgleich,
    money: &service_uebergabe::Abgleich,
    noted: &BTreeSet<String>,
) {
    for (buchung, processes) in &engine.buchungen {
        let notes: Vec<_> = money.notizen.iter().filter(|n| n.buchung == *buchung).collect();
        if notes.is_empty() {
            b.note(|b| &mut b.missing, format!("booking {buchung}: handed over, but not in the journal"));
        }
        if notes.iter().any(|n| n.stand == Stand::Offen && n.verborgen) {
            b.note(|b| &mut b.missing, format!("booking {buchung}: handed over, but its file has not left"));
        }
        if processes.len() > 1 {
            b.note(|b| &mut b.duplicate, format!("booking {buchung}: {} processes", processes.len()));
        }
        if !engine.belegt.contains(buchung) {
            b.note(|b| &mut b.unaudited, format!("booking {buchung}: handed over without audit entry"));
        }
    }
    for n in &money.notizen {
        let process = n.instanz.parse().ok();
        let known = engine.buchungen.contains_key(&n.buchung);
        let under_way = process.is_some_and(|p| engine.uebergibt.contains(&p));
        let exists = process.is_some_and(|p| engine.instanzen.contains(&p));
        // A refused or reversed booking may have ended its process before the answer came.
        if noted.contains(&n.buchung) && (!exists || (!known && !under_way && n.stand == Stand::Offen)) {
            b.note(|b| &mut b.orphan, format!("booking {}: in the journal, but no process knows it", n.buchung));
        }
    }
    for buchung in &engine.belegt {
        if money.notizen.iter().all(|n| n.buchung != *buchung) && !engine.buchungen.contains_key(buchung) {
            b.note(|b| &mut b.unaudited, format!("booking {buchung}: audit entry without effect"));
        }
    }
    for name in &money.doppelt {
        b.note(|b| &mut b.duplicate, format!("booking {name}: more than one note in the journal"));
    }
    for what in &money.veraendert {
        b.note(|b| &mut b.altered, format!("hand-over: {what} is not what was noted"));
    }
    for name in &money.verwaist {
        b.note(|b| &mut b.orphan, format!("hand-over: outgoing {name} belongs to no booking"));
    }
}

/// `eakte reconcile`; exit code 1 unless everything is clean.
pub fn run(ort: &Ort, journal: Option<&std::path::Path>, json: bool) -> Ende {
    let journal = match journal {
        Some(file) => Some(String::from_utf8_lossy(&super::read(file)?).into_owned()),
        None => None,
    };
    runtime()?.block_on(async {
        let app = open(ort).await?;
        let report = bericht(&app, journal.as_deref()).await.map_err(|error| {
            ausgabe::say(&format!("Der Abgleich ist nicht möglich: {error}"));
            exit::FAILED
        })?;
        // For monitoring (`eakte_reconcile_findings`): that it was done, and what came of it.
        let mut noted = serde_json::to_value(&report).unwrap_or_default();
        if let Some(noted) = noted.as_object_mut() {
            noted.remove("details");
            noted.insert("at".to_owned(), app.clock.now().0.into());
        }
        if let Err(error) = mandant::vermerken(&app.db, mandant::ABGLEICH, &noted).await {
            ausgabe::say(&format!("Das Ergebnis ließ sich nicht vermerken: {error}"));
        }
        app.stop().await;
        if json {
            ausgabe::json(&report);
        } else {
            let b = &report;
            ausgabe::line(&format!(
                "fehlend {}, doppelt {}, verändert {}, verwaist {}, ohne Protokoll {}",
                b.missing, b.duplicate, b.altered, b.orphan, b.unaudited
            ));
            ausgabe::line(&format!("in Arbeit {}, in Quarantäne {}", b.pending, b.quarantined));
            report.details.iter().for_each(|d| ausgabe::line(&format!("  {d}")));
        }
        Ok(if report.is_clean() { exit::OK } else { exit::FAILED })
    })
}
