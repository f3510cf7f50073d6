// SPDX-License-Identifier: EUPL-1.2
//! An e-mail as bytes (RFC 5322), made by `lettre`. What comes from forms and invoices is checked before: nothing in
//! it can become a header.

use std::time::{Duration, SystemTime};

use lettre::{
    Message,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
};
use nachrichten::{Timestamp, uebergabe::Mail};
use sha2::{Digest as _, Sha256};

/// Most addresses of one e-mail.
const EMPFAENGER_MAX: usize = 50;
/// Longest address with its name, in bytes (RFC 5321: 254, and a name).
const ADRESSE_MAX: usize = 320;
/// Longest subject, in characters.
const BETREFF_MAX: usize = 250;
/// Longest text, in bytes.
const TEXT_MAX: usize = 200_000;

/// A German sentence: what cannot be sent.
#[derive(Debug, PartialEq, Eq)]
pub struct BriefFehler(pub String);

/// An e-mail ready to leave.
#[derive(Clone, Debug)]
pub struct Brief {
    /// Name of the step: the file's name.
    pub schritt: String,
    /// `<…@domain>`: the same for every attempt.
    pub message_id: String,
    pub bytes: Vec<u8>,
    pub am: Timestamp,
}

impl Brief {
    /// * `absender` - setting, e.g. `E-Akte <eakte@musterstadt.example>`; its domain is that of the Message-ID.
    ///
    /// # Errors
    /// No or too many addresses, one that is none, control characters in a header, a text over the limit.
    pub fn new(mail: &Mail, schritt: &str, absender: &str, am: Timestamp) -> Result<Self, BriefFehler> {
        let von = mailbox(absender)?;
        if mail.an.is_empty() {
            return Err(BriefFehler("Es ist keine E-Mail-Adresse angegeben.".into()));
        }
        if mail.an.len() > EMPFAENGER_MAX {
            return Err(BriefFehler(format!("Mehr als {EMPFAENGER_MAX} Adressen in einer E-Mail gehen nicht.")));
        }
        let betreff = mail.betreff.trim();
        if betreff.chars().any(char::is_control) || betreff.is_empty() || betreff.chars().count() > BETREFF_MAX {
            return Err(BriefFehler("Der Betreff ist leer, zu lang oder enthält einen Zeilenumbruch.".into()));
        }
        if mail.text.len() > TEXT_MAX || mail.text.contains('\0') {
            return Err(BriefFehler("Der Text der E-Mail ist zu lang oder enthält unerlaubte Zeichen.".into()));
        }
        let digest = Sha256::digest(schritt.as_bytes());
        let short: String = digest.iter().take(16).map(|b| format!("{b:02x}")).collect();
        let message_id = format!("<{short}@{}>", von.email.domain());
        let date = SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(am.0).unwrap_or(0));
        let mut builder = Message::builder()
            .from(von)
            .subject(betreff)
            .date(date)
            .message_id(Some(message_id.clone()))
            .header(ContentType::TEXT_PLAIN);
        for an in &mail.an {
            builder = builder.to(mailbox(an)?);
        }
        let built = builder.body(mail.text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n"));
        let mut message =
            built.map_err(|error| BriefFehler(format!("Die E-Mail lässt sich nicht aufbauen: {error}")))?;
        // Absence notes and mailing lists do not answer such mail (RFC 3834).
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        message.headers_mut().insert_raw(HeaderValue::new(automatic, "auto-generated".to_owned()));
        Ok(Self { schritt: schritt.to_owned(), message_id, bytes: message.formatted(), am })
    }
}

fn mailbox(text: &str) -> Result<Mailbox, BriefFehler> {
    let wrong = || {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
        BriefFehler(format!("„{shown}“ ist keine E-Mail-Adresse."))
    };
    if text.len() > ADRESSE_MAX || text.chars().any(char::is_control) {
        return Err(wrong());
    }
    text.trim().parse().map_err(|_| wrong())
}
