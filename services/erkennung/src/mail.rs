// SPDX-License-Identifier: EUPL-1.2
//! E-mails taken apart one level at a time. Nothing is loaded from anywhere; the raw message stays the record.

use mail_parser::{Encoding, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use serde::{Deserialize, Serialize};
use service_sandbox::Refusal;

use crate::grenzen;
use crate::pdf::quarantine;
use crate::text::{display_name, is_treacherous};

/// An e-mail without the bytes of its attachments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mail {
    /// Full address, with the shown name before it: `Name <a@b>`.
    pub absender: Option<String>,
    /// Subject as one line.
    pub betreff: Option<String>,
    /// Seconds since 1970 of the Date header.
    pub datum: Option<i64>,
    /// Names of the attachments, in order.
    pub anlagen: Vec<String>,
}

/// The parts of an e-mail: facts, body as text, attachments' bytes.
pub struct Zerlegt {
    /// Facts.
    pub mail: Mail,
    /// Body as plain text, headers on top.
    pub text: String,
    /// Bytes of the attachments, same order as [`Mail::anlagen`].
    pub bytes: Vec<Vec<u8>>,
}

/// Takes one message apart; nested messages stay whole and come back as attachments.
///
/// # Errors
/// `quarantine` when the message is over the limits, damaged, hides attachments from one reader, or
/// carries an Outlook container.
pub fn analyse(bytes: &[u8]) -> Result<Zerlegt, Refusal> {
    if bytes.len() > grenzen::MAIL {
        return Err(quarantine("Die E-Mail ist größer als 50 MB."));
    }
    let message = MessageParser::default().parse(bytes).ok_or_else(|| quarantine("Die E-Mail ist nicht lesbar."))?;
    structure(&message, bytes)?;
    let text = body(&message);
    let mut anlagen = Vec::new();
    let mut contents = Vec::new();
    for part in attachments(&message) {
        check_part(part, bytes)?;
        let name = part.attachment_name().unwrap_or_default();
        let fallback = match &part.body {
            PartType::Message(_) => format!("Nachricht {}.eml", anlagen.len() + 1),
            _ => format!("Anlage {}", anlagen.len() + 1),
        };
        anlagen.push(display_name(name, &fallback));
        contents.push(match &part.body {
            PartType::Message(inner) => nested_bytes(part, inner, bytes).to_vec(),
            _ => part.contents().to_vec(),
        });
    }
    let betreff = message.subject().map(one_line);
    let absender = sender(&message);
    let text = with_headers(&message, absender.as_deref(), betreff.as_deref(), &text);
    let datum = message.date().map(mail_parser::DateTime::to_timestamp);
    Ok(Zerlegt { mail: Mail { absender, betreff, datum, anlagen }, text, bytes: contents })
}

/// Limits on parts and nesting, and a second look for attachments that the parser did not see.
fn structure(message: &Message<'_>, bytes: &[u8]) -> Result<(), Refusal> {
    if message.parts.len() > grenzen::MAIL_TEILE {
        return Err(quarantine("Die E-Mail hat mehr als 200 Teile."));
    }
    let mut open = vec![(0u32, 0usize)];
    while let Some((id, depth)) = open.pop() {
        if depth > grenzen::MAIL_TIEFE {
            return Err(quarantine("Die E-Mail ist zu tief verschachtelt."));
        }
        if let Some(PartType::Multipart(ids)) = message.parts.get(id as usize).map(|p| &p.body) {
            open.extend(ids.iter().map(|id| (*id, depth + 1)));
        }
    }
    let announced = line_starts(bytes, b"content-disposition:").filter(|line| has_word(line, b"attachment")).count();
    let nested: usize = message
        .parts
        .iter()
        .filter_map(|p| match &p.body {
            // Only messages that travel unencoded were counted with the outer one.
            PartType::Message(inner) if p.encoding == Encoding::None => Some(
                line_starts(nested_bytes(p, inner, bytes), b"content-disposition:")
                    .filter(|l| has_word(l, b"attachment"))
                    .count(),
            ),
            _ => None,
        })
        .sum();
    let seen = message.parts.iter().filter(|p| p.content_disposition().is_some_and(|d| d.is_attachment())).count();
    if announced != seen + nested {
        return Err(quarantine("Die E-Mail ist widersprüchlich aufgebaut. Anlagen könnten fehlen."));
    }
    let boundaries = line_starts(bytes, b"content-type:").filter(|l| has_word(l, b"multipart/")).count();
    let multiparts = message.parts.iter().filter(|p| matches!(p.body, PartType::Multipart(_))).count();
    if boundaries > grenzen::MAIL_TIEFE + multiparts {
        return Err(quarantine("Die E-Mail ist zu tief verschachtelt."));
    }
    Ok(())
}

/// The bytes of a nested message: its place in the outer one, or decoded when it travelled encoded.
fn nested_bytes<'a>(part: &MessagePart<'_>, inner: &'a Message<'_>, outer: &'a [u8]) -> &'a [u8] {
    match outer.get(part.offset_body as usize..part.offset_end as usize) {
        Some(bytes) if part.encoding == Encoding::None => bytes,
        _ => &inner.raw_message,
    }
}

/// Lines of the raw message that start with `field`, in any case.
fn line_starts<'a>(bytes: &'a [u8], field: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    bytes
        .split(|b| *b == b'\n')
        .filter(move |line| line.len() >= field.len() && line[..field.len()].eq_ignore_ascii_case(field))
}

fn has_word(line: &[u8], word: &[u8]) -> bool {
    line.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word))
}

/// Every leaf that is not the body.
fn attachments<'m, 'x>(message: &'m Message<'x>) -> impl Iterator<Item = &'m MessagePart<'x>> {
    message.parts.iter().enumerate().filter_map(|(id, part)| {
        let id = id as u32;
        let body = message.text_body.contains(&id) || message.html_body.contains(&id);
        let text = matches!(part.body, PartType::Text(_) | PartType::Html(_));
        let named = part.attachment_name().is_some() || part.content_disposition().is_some_and(|d| d.is_attachment());
        let leaf = !matches!(part.body, PartType::Multipart(_));
        (leaf && (!(body && text) || named)).then_some(part)
    })
}

fn check_part(part: &MessagePart<'_>, bytes: &[u8]) -> Result<(), Refusal> {
    let outlook = part.attachment_name().is_some_and(|n| n.eq_ignore_ascii_case("winmail.dat"))
        || part.contents().starts_with(&[0x78, 0x9F, 0x3E, 0x22]);
    if outlook {
        return Err(quarantine("Die E-Mail enthält einen Outlook-Container (winmail.dat)."));
    }
    let raw = bytes.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default();
    let broken = part.encoding == Encoding::Base64 && !is_strict_base64(raw);
    if part.is_encoding_problem || broken {
        return Err(quarantine("Eine Anlage der E-Mail ist beschädigt übertragen worden."));
    }
    Ok(())
}

/// Base64 as the norm has it: alphabet and line ends only, padding only at the end, full groups.
fn is_strict_base64(raw: &[u8]) -> bool {
    let mut symbols = 0usize;
    let mut padding = 0usize;
    for b in raw {
        match b {
            b'\r' | b'\n' | b' ' | b'\t' => {}
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => symbols += 1,
            _ => return false,
        }
    }
    padding <= 2 && (symbols + padding).is_multiple_of(4)
}

fn sender(message: &Message<'_>) -> Option<String> {
    let from = message.from().and_then(|a| a.first())?;
    let address = one_line(from.address()?);
    Some(match from.name().map(one_line) {
        Some(name) if !name.is_empty() => format!("{name} <{address}>"),
        _ => address,
    })
}

/// All body parts as text; HTML becomes plain text.
fn body(message: &Message<'_>) -> String {
    let mut text = String::new();
    for i in 0..message.text_body.len().min(grenzen::MAIL_TEILE) {
        if let Some(part) = message.body_text(i) {
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            text.push_str(&part);
        }
    }
    text.chars().filter(|c| *c == '\n' || *c == '\t' || !c.is_control()).collect()
}

/// The text of the message with the lines a reader wants on top.
fn with_headers(message: &Message<'_>, sender: Option<&str>, subject: Option<&str>, body: &str) -> String {
    let to = message.to().and_then(|a| a.first()).and_then(|a| a.address()).map(one_line);
    let head = [("Von", sender.map(str::to_owned)), ("An", to), ("Betreff", subject.map(str::to_owned))];
    let mut text = String::new();
    for (label, value) in head {
        if let Some(value) = value {
            text.push_str(&format!("{label}: {value}\n"));
        }
    }
    text.push('\n');
    text.push_str(body);
    text
}

/// Header values on one line, treacherous characters shown as placeholders.
fn one_line(value: &str) -> String {
    let clean: String = value.chars().map(|c| if is_treacherous(c) { '\u{FFFD}' } else { c }).collect();
    clean.trim().chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const MAIL: &str = "From: \"Kim Beispiel\" <kim@firma.example>\r\nTo: post@stadt.example\r\n\
        Subject: =?utf-8?Q?Rechnung_f=C3=BCr_Mai?=\r\nDate: Fri, 20 Nov 2026 23:50:00 +0100\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
        <p>Guten Tag,</p><img src=\"http://127.0.0.1/x\"><p>anbei die Rechnung.</p>\r\n--b\r\n\
        Content-Type: application/pdf; name=\"../r.pdf\"\r\nContent-Disposition: attachment; filename=\"../r.pdf\"\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjcK\r\n--b\r\n\
        Content-Type: message/rfc822\r\n\r\nFrom: a@b.example\r\nSubject: innen\r\n\r\nText\r\n--b--\r\n";

    #[test]
    fn body_attachments_and_nested_message_are_found() {
        let parts = analyse(MAIL.as_bytes()).unwrap();
        assert_eq!(parts.mail.absender.as_deref(), Some("Kim Beispiel <kim@firma.example>"));
        assert_eq!(parts.mail.betreff.as_deref(), Some("Rechnung für Mai"));
        assert_eq!(parts.mail.datum, Some(1_795_215_000));
        assert_eq!(parts.mail.anlagen, ["r.pdf", "Nachricht 2.eml"]);
        assert_eq!(parts.bytes[0], b"%PDF-1.7\n");
        assert!(parts.bytes[1].starts_with(b"From: a@b.example"));
        assert!(parts.text.contains("anbei die Rechnung") && !parts.text.contains("http://"), "{}", parts.text);
    }

    #[test]
    fn damaged_transfer_is_not_filed_shortened() {
        for bad in ["JVBE!Ri0xLjcK", "JVBERi0=xLjcK", "JVBERi0xLjc"] {
            let mail = MAIL.replace("JVBERi0xLjcK", bad);
            assert!(analyse(mail.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_attachment_that_one_reader_misses_stops_the_mail() {
        let hidden = "boundary=b\r\n\r\n--c\r\nContent-Disposition: attachment; filename=x\r\n\r\nx\r\n";
        let mail = MAIL.replace("boundary=b\r\n", hidden);
        assert!(analyse(mail.as_bytes()).is_err());
    }

    #[test]
    fn header_lines_cannot_be_forged() {
        let mail = MAIL.replace("=?utf-8?Q?Rechnung_f=C3=BCr_Mai?=", "=?utf-8?Q?a=0D=0AFrom:_x?=");
        let parts = analyse(mail.as_bytes()).unwrap();
        assert!(!parts.mail.betreff.unwrap().contains(['\r', '\n']));
    }
}
