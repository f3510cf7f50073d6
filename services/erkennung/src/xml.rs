// SPDX-License-Identifier: EUPL-1.2
//! XML at the door: no DTD, no entities of its own, bounded depth and attributes, UTF-8 only.

use nachrichten::erkennung::grund;
use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use service_sandbox::Refusal;

use crate::grenzen;

/// Deepest nesting.
const DEPTH: usize = 64;
/// Most attributes of one element.
const ATTRIBUTES: usize = 64;
/// Most elements.
const ELEMENTS: usize = 500_000;
/// Namespaces of the invoices that EN 16931 knows.
const INVOICES: &[&[u8]] = &[
    b"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2",
    b"urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2",
    b"urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
];

/// Whether this is an invoice a machine can read, by its root element.
///
/// The complete gate (values, duplicate fields, amounts) is the invoice crate's; this one decides whether
/// the bytes may be read at all.
///
/// # Errors
/// `format-rejected` for anything that is not well-formed XML within the limits.
pub fn gate(bytes: &[u8]) -> Result<bool, Refusal> {
    let bad = |text: &str| Refusal::new(grund::FORMAT, text);
    if bytes.len() > grenzen::XML {
        return Err(bad("Die XML-Datei ist größer als 20 MB."));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| bad("Die XML-Datei ist nicht in UTF-8 geschrieben."))?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if text.chars().any(|c| (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{FFFE}' | '\u{FFFF}')) {
        return Err(bad("Die XML-Datei enthält unerlaubte Steuerzeichen."));
    }
    walk(text).map_err(bad)
}

fn walk(text: &str) -> Result<bool, &'static str> {
    const BROKEN: &str = "Die XML-Datei ist fehlerhaft aufgebaut.";
    let mut reader = NsReader::from_str(text);
    let (mut depth, mut elements) = (0usize, 0usize);
    let mut invoice = None;
    loop {
        let (namespace, event) = reader.read_resolved_event().map_err(|_| BROKEN)?;
        match event {
            Event::Start(start) => {
                count(&start, &mut elements)?;
                if depth == 0 && invoice.is_some() {
                    return Err(BROKEN);
                }
                invoice.get_or_insert_with(|| is_invoice(&namespace));
                depth += 1;
                if depth > DEPTH {
                    return Err("Die XML-Datei ist zu tief verschachtelt.");
                }
            }
            Event::Empty(start) => {
                count(&start, &mut elements)?;
                if depth == 0 && invoice.is_some() {
                    return Err(BROKEN);
                }
                invoice.get_or_insert_with(|| is_invoice(&namespace));
            }
            Event::End(_) => depth = depth.checked_sub(1).ok_or(BROKEN)?,
            Event::DocType(_) => return Err("Die XML-Datei enthält eine Dokumenttyp-Definition. Das ist nicht erlaubt."),
            Event::GeneralRef(name) => {
                let known = [b"lt".as_slice(), b"gt", b"amp", b"quot", b"apos"].contains(&name.as_ref());
                let legal = matches!(name.resolve_char_ref(), Ok(Some(c)) if !c.is_control() || matches!(c, '\t' | '\n' | '\r'));
                if !known && !legal {
                    return Err("Die XML-Datei enthält unerlaubte Verweise.");
                }
            }
            Event::Decl(decl) => {
                let utf8 = decl.encoding().is_none_or(|e| {
                    e.is_ok_and(|e| e.eq_ignore_ascii_case(b"utf-8") || e.eq_ignore_ascii_case(b"us-ascii"))
                });
                if !utf8 {
                    return Err("Die XML-Datei nennt einen anderen Zeichensatz als UTF-8.");
                }
            }
            Event::Text(text) if depth == 0 && !text.iter().all(u8::is_ascii_whitespace) => return Err(BROKEN),
            Event::CData(_) if depth == 0 => return Err(BROKEN),
            Event::Eof => break,
            _ => {}
        }
    }
    if depth == 0 { invoice.ok_or(BROKEN) } else { Err(BROKEN) }
}

fn count(start: &BytesStart<'_>, elements: &mut usize) -> Result<(), &'static str> {
    *elements += 1;
    if *elements > ELEMENTS {
        return Err("Die XML-Datei enthält zu viele Elemente.");
    }
    for (n, attribute) in start.attributes().with_checks(false).enumerate() {
        if n >= ATTRIBUTES || attribute.is_err() {
            return Err("Ein Element der XML-Datei ist fehlerhaft oder hat zu viele Attribute.");
        }
    }
    // Few attributes left: now the doubled ones.
    if start.attributes().any(|a| a.is_err()) {
        return Err("Ein Element der XML-Datei hat doppelte Attribute.");
    }
    Ok(())
}

fn is_invoice(namespace: &ResolveResult<'_>) -> bool {
    matches!(namespace, ResolveResult::Bound(n) if INVOICES.contains(&n.into_inner()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn invoice(inside: &str) -> String {
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<i:Invoice xmlns:i=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\">{inside}</i:Invoice>\n")
    }

    #[test]
    fn an_invoice_is_known_by_its_namespace() {
        assert_eq!(gate(invoice("<a>x &amp; y &#228;</a>").as_bytes()), Ok(true));
        assert_eq!(gate(b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), Ok(false));
    }

    #[test]
    fn everything_dangerous_is_rejected() {
        let deep = invoice(&("<a>".repeat(100) + &"</a>".repeat(100)));
        let wide = invoice(&format!("<a {}/>", (0..100).map(|i| format!("b{i}=\"1\" ")).collect::<String>()));
        for text in [
            invoice("<a>&xxe;</a>"),
            format!("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>{}", invoice("")),
            invoice("<a>\u{0}</a>"),
            invoice("<a>&#0;</a>"),
            invoice("<a></b>"),
            invoice("<a b=\"1\" b=\"2\"/>"),
            invoice("") + "<zweite/>",
            invoice("").replace("UTF-8", "UTF-7"),
            deep,
            wide,
            String::new(),
        ] {
            assert_eq!(gate(text.as_bytes()).unwrap_err().code, grund::FORMAT, "{text:.120}");
        }
        assert!(gate(b"\xFF\xFE<\0a\0/\0>\0").is_err());
    }
}
