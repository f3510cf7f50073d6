// SPDX-License-Identifier: EUPL-1.2
//! The table: which trait is served by whom, who may call it, and each method with what may be done about it.
//!
//! `read` changes nothing and may be repeated; `fetch` is a `read` whose answer carries bytes; `once` carries an
//! idempotency key and may be repeated; `write` may not, once it may have arrived. A number behind the result is how many
//! times the usual ten seconds it may take.
//!
//! The portal faces the network: it may call what its pages need, and neither tell that money was paid nor ask about
//! blobs. The record keeper needs nobody.

use std::sync::Arc;

use async_trait::async_trait;
use nachrichten::{
    Actor, AkteId, BlobHash, DokumentId, InstanceId, JobId, PersonId, SendungId, Tag, TaskId, VorgangId, Werte,
    ablaeufe::{Ablaeufe, Ablauf, Eingriff, Kennzahlen, SendungAblauf, Umzug, UmzugBericht, Version},
    aufgaben::{AufgabeSeite, Aufgaben, AufgabenFilter, AufgabenListe, Erledigung, Zaehler},
    betrieb::{
        Auftrag, Behandlung, Betrieb, Eingereiht, Einreihung, Fall, Nachweise, ProtokollEintrag, ProtokollFrage,
        Schlange, Stoerung, Totbrief, TotbriefAkt,
    },
    dokumente::{
        AkteSeite, AkteZeile, DerSendung, Dokument, DokumentZeile, Dokumente, Einheit, Inhalt, NeueFassung, Schluss,
    },
    fassungen::{
        Anfang, Beispiel, BeispielOrt, Fassungen, Neue, Probe, Pruefung, TabellenSeite, TabellenVersion, Vergleich,
        VersionZahlen, Vorschlag, VorschlagSeite,
    },
    fehler::Fehler,
    laufweg::{Laufweg, LaufwegAenderung},
    sendungen::{Einlieferung, Quittung, SendungStand, Sendungen},
    suche::{Anfrage, Ergebnis, Suche},
    uebergabe::{Aufnahme, Rueckmeldung, Rueckmeldungen},
    verweise::Verweise,
    wiedervorlage::{Angaben, Bezug, Wiedervorlage, Wiedervorlagen},
};
use uuid::Uuid;

use crate::{
    texts,
    wire::{Arg, Frame},
};

table! {
    sendungen: Sendungen of Eingang for (portal) {
        once  accept(actor: &Actor, e: Einlieferung) -> Quittung, 6;
        read  stand(actor: &Actor, id: SendungId) -> SendungStand;
        read  list(actor: &Actor, limit: u32) -> Vec<SendungStand>;
        write correct_zugang(actor: &Actor, id: SendungId, zugang: Tag, grund: &str) -> ();
    }

    aufgaben: Aufgaben of Geschaeftsgang for (portal) {
        read  list(actor: &Actor, filter: &AufgabenFilter) -> AufgabenListe;
        read  zaehler(actor: &Actor) -> Vec<Zaehler>;
        read  get(actor: &Actor, id: TaskId) -> AufgabeSeite;
        write claim(actor: &Actor, id: TaskId, version: i64) -> i64;
        write release(actor: &Actor, id: TaskId, version: i64) -> i64;
        write delegate(actor: &Actor, id: TaskId, version: i64, an: PersonId, grund: &str) -> i64;
        write verlegen(actor: &Actor, id: TaskId, version: i64, auf: Tag, grund: &str) -> i64;
        write draft(actor: &Actor, id: TaskId, werte: Werte) -> ();
        once  complete(actor: &Actor, id: TaskId, e: Erledigung) -> ();
    }

    ablaeufe: Ablaeufe of Geschaeftsgang for (portal, eingang) {
        read  of_sendung(sendung: SendungId) -> SendungAblauf;
        read  of_sendungen(sendungen: &[SendungId]) -> Vec<SendungAblauf>;
        once  start(actor: &Actor, process: &str, werte: Werte, idempotency_key: &str) -> InstanceId;
        read  get(actor: &Actor, id: InstanceId) -> Ablauf;
        read  list(actor: &Actor, process: &str, limit: u32) -> Vec<Ablauf>;
        read  of_document(actor: &Actor, dokument: DokumentId) -> Option<InstanceId>;
        read  kennzahlen(actor: &Actor) -> Kennzahlen;
        write eingreifen(actor: &Actor, id: InstanceId, eingriff: Eingriff, grund: &str) -> ();
        write melden(actor: &Actor, id: InstanceId, nachricht: &str, text: &str) -> ();
        read  laufweg(actor: &Actor, id: InstanceId) -> Laufweg;
        write laufweg_aendern(
            actor: &Actor, id: InstanceId, version: &str, aenderung: LaufwegAenderung, grund: &str
        ) -> String;
        write zurueckziehen(actor: &Actor, id: InstanceId, grund: &str) -> ();
        write umziehen(actor: &Actor, umzug: &Umzug) -> UmzugBericht, 60;
        read  versionen(actor: &Actor) -> Vec<Version>;
    }

    betrieb: Betrieb of Geschaeftsgang for (portal) {
        read  offen(actor: &Actor) -> u64;
        read  stoerungen(actor: &Actor) -> Vec<Stoerung>;
        write behandeln(actor: &Actor, art: Behandlung, jobs: &[JobId], grund: &str) -> Eingereiht, 6;
        read  einreihungen(actor: &Actor) -> Vec<Einreihung>;
        read  einreihung(actor: &Actor, id: Uuid) -> (Einreihung, Vec<Fall>);
        read  betreuer(actor: &Actor) -> Vec<(PersonId, String)>;
        write zuweisen(actor: &Actor, jobs: &[JobId], an: Option<PersonId>, grund: &str) -> u32;
        write auftrag(actor: &Actor, job: JobId, grund: &str) -> Auftrag;
        read  schlangen(actor: &Actor) -> Vec<Schlange>;
        read  nachweise(actor: &Actor) -> Nachweise;
        write protokoll(actor: &Actor, frage: &ProtokollFrage, grund: &str) -> Vec<ProtokollEintrag>, 6;
        read  totbriefe(actor: &Actor) -> Vec<Totbrief>;
        write totbrief(actor: &Actor, id: Uuid, akt: TotbriefAkt, grund: &str) -> ();
    }

    fassungen: Fassungen of Geschaeftsgang for (portal) {
        read  pruefen(actor: &Actor, name: &str, text: &str) -> Pruefung, 6;
        write vorschlagen(actor: &Actor, name: &str, text: &str, grund: &str) -> Uuid, 6;
        read  vorschlaege(actor: &Actor) -> Vec<Vorschlag>;
        read  vorschlag(actor: &Actor, id: Uuid) -> VorschlagSeite, 6;
        write veroeffentlichen(actor: &Actor, id: Uuid, grund: &str, gegen: &str, trotz: bool) -> Neue, 6;
        write zurueckziehen(actor: &Actor, id: Uuid, grund: &str) -> ();
        read  unterschied(actor: &Actor, process: &str, von: u32, nach: u32) -> Vergleich;
        read  zahlen(actor: &Actor, process: &str, version: u32, tage: u32) -> VersionZahlen, 6;
        read  anfang(actor: &Actor, process: &str) -> Option<Anfang>;
        read  tabellen(actor: &Actor) -> Vec<TabellenVersion>;
        read  tabelle(actor: &Actor, name: &str, version: u32) -> TabellenSeite, 6;
        read  tabellen_unterschied(actor: &Actor, name: &str, von: u32, nach: u32) -> Vergleich;
        read  probieren(actor: &Actor, ort: &BeispielOrt, eingabe: &Werte) -> Probe;
        write beispiele(actor: &Actor, ort: &BeispielOrt, zeilen: Vec<Beispiel>, grund: &str) -> ();
    }

    wiedervorlagen: Wiedervorlagen of Geschaeftsgang for (portal) {
        read  arbeitstag(tag: Tag) -> Tag;
        once  setzen(actor: &Actor, bezug: Bezug, a: &Angaben, key: &str) -> Uuid;
        read  meine(actor: &Actor) -> Vec<Wiedervorlage>;
        read  zu(actor: &Actor, bezug: Bezug) -> Vec<Wiedervorlage>;
        read  eine(actor: &Actor, id: Uuid) -> Wiedervorlage;
        write aendern(actor: &Actor, id: Uuid, a: &Angaben, warum: &str) -> ();
        write absagen(actor: &Actor, id: Uuid, warum: &str) -> ();
    }

    rueckmeldungen: Rueckmeldungen of Geschaeftsgang for (uebergabe) {
        once  nimm(kennung: BlobHash, meldung: &Rueckmeldung) -> Aufnahme;
        once  klaeren(kennung: BlobHash, datei: &str, grund: &str, inhalt: &str) -> InstanceId;
    }

    dokumente: Dokumente of Akten for (portal, eingang, geschaeftsgang) {
        read  get(actor: &Actor, id: DokumentId) -> Dokument;
        fetch rendition(actor: &Actor, id: DokumentId, name: &str) -> Inhalt, 6;
        fetch page_image(actor: &Actor, id: DokumentId, index: u32) -> Inhalt, 6;
        write neue_fassung(actor: &Actor, id: DokumentId, neu: NeueFassung) -> BlobHash, 6;
        read  list(actor: &Actor, limit: u32, nach: Option<&str>) -> (Vec<DokumentZeile>, Option<String>);
        read  of_sendung(actor: &Actor, sendung: SendungId) -> DerSendung;
        read  of_sendungen(actor: &Actor, sendungen: &[SendungId]) -> Vec<DerSendung>;
        read  sichtbar(actor: &Actor, ids: &[DokumentId]) -> Vec<DokumentId>;
        read  akte(actor: &Actor, id: AkteId) -> AkteSeite;
        write schluss(actor: &Actor, akte: AkteId, vorgang: Option<VorgangId>, schluss: &Schluss) -> ();
        read  akten(actor: &Actor, limit: u32, nach: Option<&str>) -> (Vec<AkteZeile>, Option<String>);
        read  aktenplan(actor: &Actor) -> Vec<Einheit>;
        read  zaehler(actor: &Actor) -> (u64, u64);
    }

    suche: Suche of Akten for (portal) {
        read  suche(actor: &Actor, anfrage: &Anfrage) -> Ergebnis;
    }

    verweise: Verweise of Geschaeftsgang | Akten for (eingang) {
        read  verweist(hash: BlobHash) -> bool;
    }
}
