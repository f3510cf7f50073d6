// SPDX-License-Identifier: EUPL-1.2
//! XML at the door: the invoice crate's gate, in the words of this worker.

use nachrichten::erkennung::grund;
use rechnung::Gate;
use service_sandbox::Refusal;

use crate::grenzen;

/// Whether this is an invoice a machine can read; `false` for well-formed XML of another kind.
///
/// # Errors
/// `format-rejected` for anything that is not well-formed XML within the limits or no possible invoice;
/// `quarantine` where a person must look first.
pub fn gate(bytes: &[u8]) -> Result<bool, Refusal> {
    if bytes.len() > grenzen::XML {
        return Err(Refusal::new(grund::FORMAT, "Die XML-Datei ist größer als 20 MB."));
    }
    match rechnung::gate(bytes) {
        Gate::Ok(_) => Ok(true),
        Gate::NotInvoice => Ok(false),
        Gate::Reject { text, .. } => Err(Refusal::new(grund::FORMAT, text)),
        Gate::Quarantine { text, .. } => Err(Refusal::new(grund::QUARANTAENE, text)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn invoice(inside: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<i:Invoice xmlns:i=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\">{inside}</i:Invoice>\n"
        )
    }

    #[test]
    fn an_invoice_is_known_by_its_namespace() {
        assert_eq!(gate(invoice("<a>x &amp; y &#228;</a>").as_bytes()), Ok(true));
        assert_eq!(gate(b"<nachricht xmlns=\"urn:beispiel\"/>"), Ok(false));
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
    }
}
