// SPDX-License-Identifier: EUPL-1.2
//! The state of a Sendung: made from the engine's tasks and the record keeper's documents, worst first.

use futures_util::future::try_join;
use nachrichten::{
    Actor, SendungId,
    ablaeufe::{SendungAblauf, SendungAufgabe},
    dokumente::{DerSendung, DokumentZeile},
    fehler::Fehler,
    sendungen::{DokumentStand, Grund, Kanal, OHNE_NAME, SendungStand, Stand, WartetAuf},
};
use service_platform::args;

use crate::{Inner, SET_DONE, Zeile, away};

impl Inner {
    /// A duplicate has the state of its original.
    ///
    /// With pages and Vorgang of each document, at the price of one more read per document.
    pub(crate) async fn stand(&self, actor: &Actor, row: Zeile) -> Result<SendungStand, Fehler> {
        let Some(mut stand) = self.staende(actor, vec![row]).await?.pop() else { return Err(Fehler::not_found()) };
        let Some((_, dokumente)) = self.neighbours.get() else { return Ok(stand) };
        for short in &mut stand.documents {
            if let Some(d) = Fehler::none_if_missing(dokumente.get(actor, short.id).await)? {
                short.pages = u32::try_from(d.seiten.len()).unwrap_or(u32::MAX);
                stand.freigabe = stand.freigabe.max(d.freigabe);
                if let Some(place) = d.ablage {
                    (short.akte, short.vorgang) = (Some(place.aktenzeichen), Some(place.vorgang_titel));
                }
            }
        }
        Ok(stand)
    }

    /// Of a list, in its order; each neighbour is asked once.
    pub(crate) async fn staende(&self, actor: &Actor, rows: Vec<Zeile>) -> Result<Vec<SendungStand>, Fehler> {
        let original = |row: &Zeile| row.duplicate_of.unwrap_or(row.id);
        let all: Vec<SendungId> = rows.iter().map(original).collect();
        let open: Vec<SendungId> = rows.iter().filter(|r| !r.abgeschlossen).map(original).collect();
        let (parts, running) = match self.neighbours.get() {
            Some((ablaeufe, dokumente)) => {
                let running =
                    async { if open.is_empty() { Ok(Vec::new()) } else { ablaeufe.of_sendungen(&open).await } };
                let (parts, running) = try_join(dokumente.of_sendungen(actor, &all), running).await?;
                if (parts.len(), running.len()) != (all.len(), open.len()) {
                    return Err(away("a neighbour answered for another number of Sendungen"));
                }
                (parts.into_iter().map(Some).collect(), running)
            }
            None => (vec![None; rows.len()], Vec::new()),
        };
        let (mut running, mut staende) = (running.into_iter(), Vec::with_capacity(rows.len()));
        for (row, parts) in rows.into_iter().zip(parts) {
            let ablauf = if row.abgeschlossen { None } else { running.next() };
            staende.push(self.short(actor, row, parts, ablauf).await?);
        }
        Ok(staende)
    }

    /// `parts` - None without neighbours; `ablauf` - None when it is settled for good.
    async fn short(
        &self,
        actor: &Actor,
        row: Zeile,
        parts: Option<DerSendung>,
        ablauf: Option<SendungAblauf>,
    ) -> Result<SendungStand, Fehler> {
        let mut base = SendungStand {
            receipt: row.id,
            name: OHNE_NAME.to_owned(),
            sha256: row.sha256,
            duplicate_of: row.duplicate_of,
            kanal: match row.kanal.as_str() {
                "scan" => Kanal::Scan,
                "mail" => Kanal::Mail,
                _ => Kanal::Upload,
            },
            state: Stand::Accepted,
            waiting_for: Vec::new(),
            reason: None,
            documents: Vec::new(),
            zugang: row.zugang,
            erfasst: row.erfasst,
            freigabe: None,
            fortschritt: None,
            size: row.size,
        };
        let Some(DerSendung { dokumente: documents, offen }) = parts else { return Ok(base) };
        base.zugang = documents.iter().map(|d| d.zugang).min().unwrap_or(row.zugang);
        // Who handed it in knows its name; others read it as soon as it is clear that it is not confidential.
        let shown =
            |open: bool| if open || row.person == actor.person { row.name.clone() } else { OHNE_NAME.to_owned() };
        let Some(ablauf) = ablauf else {
            base.name = shown(offen == Some(true));
            base.state = Stand::Filed;
            base.documents = documents.iter().map(|d| document(d, Stand::Filed)).collect();
            return Ok(base);
        };
        base.name = shown(offen.unwrap_or(!ablauf.verschlossen));
        let of_document =
            |d: &DokumentZeile| ablauf.aufgaben.iter().filter(|a| a.dokument == Some(d.id)).collect::<Vec<_>>();
        for d in &documents {
            let tasks = of_document(d);
            let state = match (d.stand.as_str(), tasks.iter().map(|t| task_state(t)).max()) {
                (_, Some(state)) => state,
                ("abgelegt", None) => Stand::Filed,
                ("quarantaene", None) => Stand::Quarantined,
                // Turned away by a person, or stopped until an operator acts.
                _ if ablauf.beendet || (!ablauf.stoerungen.is_empty() && !ablauf.laeuft) => Stand::Clearing,
                _ => Stand::Accepted,
            };
            base.documents.push(document(d, state));
        }
        let own = ablauf.aufgaben.iter().filter(|a| a.dokument.is_none()).map(task_state);
        base.state = own.chain(base.documents.iter().map(|d| d.state)).max().unwrap_or(Stand::Accepted);
        if documents.is_empty() && ablauf.beendet {
            let quarantined = ablauf.fehler.as_ref().is_some_and(|f| f.code == "quarantine");
            base.state = if quarantined { Stand::Quarantined } else { Stand::Clearing };
        }
        let running = ablauf.laeuft || base.documents.iter().any(|d| d.state == Stand::Accepted);
        if documents.is_empty() && !ablauf.laeuft && !ablauf.stoerungen.is_empty() {
            base.state = Stand::Clearing;
        } else if running && !ablauf.beendet && base.state < Stand::Clearing {
            base.state = Stand::Accepted;
        }
        base.waiting_for = ablauf
            .aufgaben
            .iter()
            .map(|a| WartetAuf { task: a.task, element: a.element.clone(), group: a.gruppe.clone() })
            .collect();
        let stopped = || Some(Grund { code: "incident".to_owned(), text: ablauf.stoerungen.first().cloned()? });
        let led_here = ablauf.aufgaben.iter().find_map(|a| a.grund.clone());
        base.reason =
            led_here.or_else(|| ablauf.fehler.clone().filter(|_| base.state >= Stand::Clearing)).or_else(stopped);
        base.fortschritt = ablauf
            .seiten
            .filter(|_| base.state == Stand::Accepted)
            .map(|(done, all)| format!("{done} von {all} Seiten erkannt"));
        let filed = !base.documents.is_empty() && base.documents.iter().all(|d| d.state == Stand::Filed);
        if filed && !ablauf.laeuft && ablauf.aufgaben.is_empty() {
            self.db.execute(&SET_DONE, args![row.id]).await.map_err(away)?;
        }
        Ok(base)
    }
}

fn task_state(a: &SendungAufgabe) -> Stand {
    if a.element.starts_with("Quarantaene") {
        Stand::Quarantined
    } else if a.element.starts_with("Klaerung") {
        Stand::Clearing
    } else {
        Stand::Waiting
    }
}

fn document(d: &DokumentZeile, state: Stand) -> DokumentStand {
    DokumentStand {
        id: d.id,
        doc_type: d.dokumentart.clone(),
        akte: d.aktenzeichen.clone(),
        vorgang: None,
        state,
        pages: 0,
    }
}
