// SPDX-License-Identifier: EUPL-1.2
//! The pages. One file per screen: it reads what the services answer and fills its template.

pub mod ablauf;
pub mod akten;
pub mod anmelden;
pub mod aufgabe;
pub mod aufgaben;
pub mod auftrag;
pub mod beispiele;
pub mod beschluss;
pub mod betrieb;
pub mod demo;
pub mod dokument;
pub mod eingriff;
pub mod einreihung;
pub mod einstellungen;
pub mod fassungen;
pub mod fehler;
pub mod formularseite;
pub mod frist;
pub mod hilfe;
pub mod laufweg;
pub mod melden;
mod nachweise;
pub mod neufassung;
mod protokoll;
pub mod schlangen;
pub mod sendungen;
pub mod sichten;
pub mod starten;
pub mod stoerungen;
pub mod suche;
pub mod tabelle;
pub mod totbriefe;
pub mod trennblaetter;
pub mod uebersicht;
pub mod umlauf;
pub mod vergleich;
pub mod vertretung;
pub mod verzeichnis;
pub mod vorlage;
pub mod vorschlag;
pub mod webhooks;
pub mod weitergeben;
pub mod wiedervorlagen;
pub mod zahlen;
pub mod zahlung;

use std::str::FromStr;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use nachrichten::fehler::Fehler;

use crate::{App, schutz::Antwort, sitzung};

/// Pages that need a login.
pub fn geschuetzt(app: &App) -> Router<App> {
    Router::new()
        .route("/", get(uebersicht::zeigen))
        .route("/teil/nav", get(uebersicht::nav))
        .route("/aufgaben/{wert}", get(aufgaben::zeigen).post(aufgabe::entscheiden))
        .route("/aufgaben/{id}/uebernehmen", post(aufgabe::uebernehmen))
        .route("/aufgaben/{id}/zuruecklegen", post(aufgabe::zuruecklegen))
        .route("/aufgaben/{id}/weitergeben", get(weitergeben::zeigen).post(weitergeben::weitergeben))
        .route("/aufgaben/{id}/frist", get(frist::zeigen).post(frist::verlegen))
        .route("/aufgaben/{id}/entwurf", post(aufgabe::entwurf))
        .route("/dokumente/{id}", get(dokument::zeigen))
        .route("/dokumente/{id}/blatt/{n}", get(dokument::blatt))
        .route("/dokumente/{id}/seiten/{n}", get(dokument::seitenbild))
        .route("/dokumente/{id}/fassungen/{name}", get(dokument::fassung))
        .route("/dokumente/{id}/zugang", post(dokument::zugang))
        .route("/dokumente/{id}/fassung", get(neufassung::zeigen).post(neufassung::ersetzen))
        .route("/dokumente/{id}/umlauf", get(umlauf::neu).post(umlauf::starten))
        .route("/akten", get(akten::liste))
        .route("/akten/{id}", get(akten::zeigen))
        .route("/akten/{id}/schluss", post(akten::schluss))
        .route("/aktenplan", get(akten::plan))
        .route("/suche", get(suche::zeigen))
        .route("/sendungen", get(sendungen::liste).post(sendungen::einliefern))
        .route("/sendungen/{id}", get(sendungen::zeigen))
        .route("/sendungen/{id}/stand", get(sendungen::stand))
        .route("/ablaeufe/{id}", get(ablauf::zeigen))
        .route("/ablaeufe/{id}/druck", get(ablauf::druck))
        .route("/ablaeufe/{id}/melden", get(melden::zeigen).post(melden::melden))
        .route("/ablaeufe/{id}/laufweg", get(laufweg::zeigen).post(laufweg::aendern))
        .route("/ablaeufe/{id}/zurueckziehen", get(laufweg::rueckzug_zeigen).post(laufweg::zurueckziehen))
        .route("/vertretung", get(vertretung::zeigen).post(vertretung::eintragen))
        .route("/vertretung/{id}/ende", post(vertretung::beenden))
        .route("/wiedervorlagen", get(wiedervorlagen::liste))
        .route("/wiedervorlagen/neu", get(wiedervorlagen::neu).post(wiedervorlagen::setzen))
        .route("/wiedervorlagen/{id}", get(wiedervorlagen::zeigen).post(wiedervorlagen::aendern))
        .route("/wiedervorlagen/{id}/absagen", post(wiedervorlagen::absagen))
        .route("/einstellungen", get(einstellungen::zeigen).post(einstellungen::speichern))
        .route("/vorlagen/neu", get(vorlage::neu).post(vorlage::anlegen))
        .route("/betrieb", get(betrieb::zeigen))
        .route("/betrieb/stoerungen", post(stoerungen::handeln))
        .route("/betrieb/einreihungen/{id}", get(einreihung::zeigen))
        .route("/betrieb/auftraege/{id}", get(auftrag::zeigen).post(auftrag::aufdecken))
        .route("/betrieb/nachrichten/{id}", post(totbriefe::handeln))
        .route("/betrieb/protokoll", get(protokoll::zeigen).post(protokoll::suchen))
        .route("/betrieb/webhooks/{id}", post(webhooks::handeln))
        .route("/betrieb/fassungen", get(fassungen::zeigen).post(fassungen::pruefen))
        .route("/betrieb/fassungen/vorschlagen", post(fassungen::vorschlagen))
        .route("/betrieb/fassungen/umzug", post(fassungen::umzug))
        .route("/betrieb/fassungen/{process}/vergleich", get(vergleich::ablauf))
        .route("/betrieb/fassungen/{process}/starten", get(starten::zeigen).post(starten::starten))
        .route("/betrieb/fassungen/{process}/{version}", get(zahlen::zeigen))
        .route("/betrieb/vorschlaege/{id}", get(vorschlag::zeigen))
        .route("/betrieb/vorschlaege/{id}/veroeffentlichen", post(vorschlag::veroeffentlichen))
        .route("/betrieb/vorschlaege/{id}/zurueckziehen", post(vorschlag::zurueckziehen))
        .route("/betrieb/vorschlaege/{id}/beispiele", post(vorschlag::beispiel))
        .route("/betrieb/tabellen/{name}/vergleich", get(vergleich::tabelle))
        .route("/betrieb/tabellen/{name}/{version}", get(tabelle::zeigen))
        .route("/betrieb/tabellen/{name}/{version}/beispiele", post(tabelle::speichern))
        .route("/ablaeufe/{id}/eingriff", post(eingriff::eingreifen))
        .route("/organisation/trennblaetter", get(trennblaetter::zeigen))
        .route("/organisation/trennblaetter.pdf", get(trennblaetter::als_pdf))
        .route("/rundgang", get(demo::rundgang))
        .route("/demo/uhr", post(demo::uhr))
        .route("/demo/zurueck", post(demo::zurueck))
        .route("/demo/beispiele", post(demo::beispiele))
        .route("/demo/rolle", post(demo::rolle))
        .route("/abmelden", post(anmelden::abmelden))
        .layer(from_fn_with_state(app.clone(), sitzung::noetig))
}

/// Pages for everybody.
pub fn offen(app: &App) -> Router<App> {
    Router::new()
        .route("/anmelden", get(anmelden::zeigen).post(anmelden::anmelden))
        .route("/anmelden/demo", post(anmelden::demo))
        .route("/anmelden/verzeichnis", get(verzeichnis::beginnen))
        .route("/anmelden/rueckkehr", get(verzeichnis::rueckkehr))
        .route("/abmelden/verzeichnis", get(verzeichnis::weiter))
        .route("/anzeige", post(anmelden::anzeige))
        .route("/hilfe", get(hilfe::inhalt))
        .route("/hilfe/{seite}", get(hilfe::zeigen))
        .route("/barrierefreiheit", get(hilfe::barrierefreiheit))
        .layer(from_fn_with_state(app.clone(), sitzung::offen))
}

/// What other machines send; each message carries its own proof instead of a session and a form's token.
pub fn fremde() -> Router<App> {
    Router::new().route("/anmelden/abmeldung", post(verzeichnis::abmeldung))
}

/// An id from the path; a text that is none is simply not there.
pub fn id<T: FromStr>(text: &str) -> Result<T, Antwort> {
    text.parse().map_err(|_| Antwort(Fehler::not_found()))
}
