// SPDX-License-Identifier: EUPL-1.2
//! What a person reads when a call between processes fails. It says what became of the input, and nothing that is not
//! known.

use std::error::Error;

use nachrichten::fehler::Fehler;
use rustls::AlertDescription;

/// The other side, as the log and as people call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    pub name: &'static str,
    pub titel: &'static str,
}

pub(crate) const EINGANG: Who = Who { name: "eingang", titel: "Der Posteingang" };
pub(crate) const GESCHAEFTSGANG: Who = Who { name: "geschaeftsgang", titel: "Der Geschäftsgang" };
pub(crate) const AKTEN: Who = Who { name: "akten", titel: "Die Aktenverwaltung" };

/// What can be said about the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// There was none: something was only looked at.
    None,
    /// It never left.
    NotDone,
    /// It may have arrived; the same again does no harm.
    Again,
    /// It may have arrived; the same again might do it twice or fail.
    Open,
}

/// Away, or too slow.
pub(crate) fn away(who: Who, input: Input, detail: &str) -> Fehler {
    let titel = who.titel;
    let text = match input {
        Input::None => format!(
            "{titel} antwortet gerade nicht. Bitte laden Sie die Seite in einer Minute neu. Gespeicherte Eingaben bleiben erhalten."
        ),
        Input::NotDone => format!(
            "{titel} antwortet gerade nicht. Nichts wurde geändert. Bitte schicken Sie Ihre Eingabe in einer Minute noch einmal ab."
        ),
        Input::Again => format!(
            "{titel} antwortet gerade nicht. Ihre Eingabe ist nicht verloren: Schicken Sie sie in einer Minute noch einmal ab; doppelt wird sie nicht ausgeführt."
        ),
        Input::Open => format!(
            "{titel} hat nicht rechtzeitig geantwortet. Ob Ihre Eingabe ausgeführt wurde, steht noch nicht fest. Bitte laden Sie die Seite in einer Minute neu und sehen Sie nach, bevor Sie sie wiederholen."
        ),
    };
    Fehler::new("E9010", 503, text, format!("{}: {detail}", who.name))
}

/// The answer is none of this version.
pub(crate) fn foreign(who: Who, input: Input, detail: &str) -> Fehler {
    let look = match input {
        Input::None | Input::NotDone => "Bitte versuchen Sie es in einigen Minuten erneut.",
        Input::Again | Input::Open => "Bitte sehen Sie in einigen Minuten nach, ob Ihre Eingabe ausgeführt wurde.",
    };
    let text = format!(
        "{} und dieser Dienst verstehen einander nicht; meist läuft gerade eine Aktualisierung. {look}",
        who.titel
    );
    Fehler::new("E9011", 503, text, format!("{}: {detail}", who.name))
}

/// No such method here, or arguments that are none of it.
pub(crate) fn unknown(path: &str) -> Fehler {
    let text = "Zwei Dienste der E-Akte verstehen einander nicht; meist läuft gerade eine Aktualisierung. Nichts wurde geändert. Bitte versuchen Sie es in einigen Minuten erneut.";
    Fehler::new("E9011", 503, text, format!("{path:.200} is not answered here"))
}

/// Of the bodies, on either side.
pub(crate) fn unreadable(error: &dyn std::fmt::Display) -> Fehler {
    let text = "Zwei Dienste der E-Akte verstehen einander nicht; meist läuft gerade eine Aktualisierung. Nichts wurde geändert. Bitte versuchen Sie es in einigen Minuten erneut.";
    Fehler::new("E9011", 503, text, format!("not of this version: {error}"))
}

/// The certificates do not fit, on either side.
pub(crate) fn refused(titel: &str, input: Input, detail: String) -> Fehler {
    let done = if input == Input::NotDone { " Nichts wurde geändert." } else { "" };
    let text = format!("{titel} nimmt Aufrufe dieses Dienstes nicht an.{done} Bitte wenden Sie sich an den Betrieb.");
    Fehler::new("E9012", 503, text, detail)
}

pub(crate) fn too_large(limit: u64, detail: String) -> Fehler {
    Fehler::new("E1002", 413, format!("Die Datei ist größer als {} MB. Teilen Sie die Datei.", limit >> 20), detail)
}

/// The work took longer than the caller waits; it was dropped.
pub(crate) fn late(path: &str) -> Fehler {
    let text = "Der Dienst hat nicht rechtzeitig geantwortet. Bitte laden Sie die Seite in einer Minute neu und sehen Sie nach, ob Ihre Eingabe ausgeführt wurde.";
    Fehler::new("E9010", 503, text, format!("{path:.200} took longer than the caller waits"))
}

/// A panic of the service; its transaction is rolled back.
pub(crate) fn broken(path: &str) -> Fehler {
    Fehler::new("E9002", 500, "Die Seite lässt sich nicht anzeigen.", format!("{path} panicked"))
}

/// What a handshake ends with when our certificate does not please. In the middle of a call none of them comes.
const VERDICTS: [AlertDescription; 9] = [
    AlertDescription::AccessDenied,
    AlertDescription::BadCertificate,
    AlertDescription::CertificateExpired,
    AlertDescription::CertificateRequired,
    AlertDescription::CertificateRevoked,
    AlertDescription::CertificateUnknown,
    AlertDescription::HandshakeFailure,
    AlertDescription::UnknownCA,
    AlertDescription::UnsupportedCertificate,
];

/// What TLS has against the other side's certificate, or the other side against ours.
pub(crate) fn certificate(error: &(dyn Error + 'static)) -> Option<String> {
    let mut at = Some(error);
    while let Some(e) = at {
        // An io::Error hides what it carries from `source`.
        let inner = e.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref()).map(|e| e as &(dyn Error + 'static));
        match e.downcast_ref::<rustls::Error>().or_else(|| inner?.downcast_ref()) {
            Some(tls @ (rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)) => {
                return Some(tls.to_string());
            }
            Some(tls @ rustls::Error::AlertReceived(alert)) if VERDICTS.contains(alert) => {
                return Some(tls.to_string());
            }
            _ => at = e.source(),
        }
    }
    None
}
