// SPDX-License-Identifier: EUPL-1.2
//! The invoice as a German page a person likes to read: one complete HTML document without script and without
//! inline style; everything from the file is escaped, hidden characters are shown as marks.
//!
//! The stylesheet is a file of the portal: [`STYLESHEET`].

mod tabellen;
mod worte;

use std::fmt::Write;

use jiff::civil;

use crate::{
    Finding, Level, Profile, Rechnung, format,
    model::{Address, Party},
    tree::NodeId,
    value::{Date, Text},
    zahlung::Terms,
};

/// Path of the stylesheet on the server.
pub const STYLESHEET: &str = "/web/rechnung.css";

/// The page. `findings` are shown at the top and beside their fields; `terms` are dates of payment, when known.
pub fn document(rechnung: &Rechnung, findings: &[Finding], terms: Option<&Terms>) -> String {
    let mut page = Page { out: String::with_capacity(16_384), r: rechnung, findings };
    page.head();
    page.findings_list();
    page.facts();
    page.parties();
    page.amounts();
    page.vat();
    page.lines();
    page.allowances();
    page.payment(terms);
    page.references();
    page.notes();
    page.documents();
    page.raw("</main>\n</body>\n</html>\n");
    page.out
}

/// Escapes a stranger's text for HTML; hidden characters become visible marks, line breaks stay.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push_str("<br/>"),
            '\r' => {}
            c if format::is_hidden(c) => {
                let _ =
                    write!(out, "<span class=\"zeichen\" title=\"Unsichtbares Zeichen\">U+{:04X}</span>", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// Escaped and isolated, so that writing directions do not reach beyond it.
fn isolated(text: &str) -> String {
    format!("<bdi>{}</bdi>", escape(text))
}

struct Page<'r> {
    out: String,
    r: &'r Rechnung,
    findings: &'r [Finding],
}

impl Page<'_> {
    fn raw(&mut self, html: &str) {
        self.out.push_str(html);
    }

    fn currency(&self) -> &str {
        self.r.currency.as_deref().unwrap_or("EUR")
    }

    fn open(&mut self, id: &str, title: &str) {
        let _ = write!(self.out, "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{title}</h2>\n");
    }

    fn close(&mut self) {
        self.raw("</section>\n");
    }

    fn head(&mut self) {
        let r = self.r;
        let kind = worte::kind(r);
        let number = r.number.as_deref().unwrap_or("ohne Nummer");
        let title = escape(&format::visible(&format!("{kind} {number}"), 120));
        let seller = r.seller.as_ref().and_then(|s| s.name.as_deref()).unwrap_or("Unbekannter Verkäufer");
        let mut line = isolated(seller);
        if let Some(due) = r.totals.as_ref().and_then(|t| t.due.as_ref().or(t.gross.as_ref())) {
            let _ = write!(line, " · {}", escape(&format::money(due.value, self.currency())));
        }
        if let Some(profile) = r.specification.as_deref().and_then(Profile::of) {
            let _ = write!(line, " · {}", profile.name());
        }
        let _ = write!(
            self.out,
            "<!DOCTYPE html>\n<html lang=\"de\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>{title}</title>\n\
             <link rel=\"stylesheet\" href=\"{STYLESHEET}\"/>\n</head>\n<body>\n<main class=\"rechnung\">\n\
             <h1>{kind} {}</h1>\n<p class=\"untertitel\">{line}</p>\n",
            isolated(number)
        );
    }

    fn findings_list(&mut self) {
        if self.findings.is_empty() {
            return;
        }
        let errors = self.findings.iter().filter(|f| f.level == Level::Error).count();
        self.open("befunde", "Befunde");
        let _ = writeln!(
            self.out,
            "<p>{}, davon {errors} schwerwiegend.</p>\n<ul class=\"befunde\">",
            match self.findings.len() {
                1 => "1 Befund".to_owned(),
                n => format!("{n} Befunde"),
            }
        );
        // A file with thousands of firings stays readable: the whole list is in the check's own report.
        for finding in self.findings.iter().take(100) {
            let _ = writeln!(
                self.out,
                "<li class=\"befund {}\"><strong>{}:</strong> {} <small class=\"bt\">{}</small></li>",
                worte::level_class(finding.level),
                worte::level(finding.level),
                escape(&finding.text),
                escape(&finding.rule)
            );
        }
        self.raw("</ul>\n");
        if self.findings.len() > 100 {
            let _ =
                writeln!(self.out, "<p>{} weitere Befunde sind hier nicht aufgeführt.</p>", self.findings.len() - 100);
        }
        self.close();
    }

    /// Findings that belong beside a term, or beside an element when `node` is given.
    fn beside(&self, term: &str, node: Option<NodeId>) -> String {
        let mut out = String::new();
        let fits = |f: &&Finding| match node {
            Some(node) => f.node == Some(node),
            None => f.terms.first() == Some(&term),
        };
        for finding in self.findings.iter().filter(fits).take(5) {
            let _ = write!(
                out,
                "<span class=\"befund {}\"><strong>{}:</strong> {}</span>",
                worte::level_class(finding.level),
                worte::level(finding.level),
                escape(&finding.text)
            );
        }
        out
    }

    /// One row of a description list; left out when there is neither a value nor a finding. `html` is safe HTML.
    fn row(&mut self, label: &str, term: &str, html: &str) {
        let beside = self.beside(term, None);
        if html.is_empty() && beside.is_empty() {
            return;
        }
        let html = if html.is_empty() { "<em>fehlt</em>" } else { html };
        let _ = writeln!(self.out, "<dt>{label} <small class=\"bt\">{term}</small></dt><dd>{html}{beside}</dd>");
    }

    fn text_row(&mut self, label: &str, term: &str, text: &Option<Text>) {
        let html = text.as_ref().filter(|t| !t.is_empty()).map(|t| isolated(t)).unwrap_or_default();
        self.row(label, term, &html);
    }

    fn date_row(&mut self, label: &str, term: &str, date: &Option<Date>) {
        let html = date.as_ref().map(|d| time(d.value)).unwrap_or_default();
        self.row(label, term, &html);
    }

    fn facts(&mut self) {
        let r = self.r;
        self.open("daten", "Rechnungsdaten");
        self.raw("<dl>\n");
        self.text_row("Rechnungsnummer", "BT-1", &r.number);
        self.date_row("Rechnungsdatum", "BT-2", &r.issue_date);
        let kind = r.type_code.as_ref().map(|c| format!("{} ({})", worte::kind(r), isolated(c))).unwrap_or_default();
        self.row("Art", "BT-3", &kind);
        self.text_row("Währung", "BT-5", &r.currency);
        self.date_row("Leistungsdatum", "BT-72", &r.delivery.as_ref().and_then(|d| d.date.clone()));
        if let Some(period) = &r.period {
            self.row("Leistungszeitraum", "BT-73", &worte::period(period));
        }
        self.date_row("Steuerzeitpunkt", "BT-7", &r.tax_point_date);
        self.text_row("Leitweg-ID", "BT-10", &r.buyer_reference);
        self.raw("</dl>\n");
        self.close();
    }

    fn parties(&mut self) {
        let r = self.r;
        self.raw("<div class=\"spalten\">\n");
        let seller = ["BT-27", "BT-28", "BG-5", "BT-40", "BT-31", "BT-32", "BT-30", "BT-29", "BT-34", "BT-41"];
        let buyer = ["BT-44", "BT-45", "BG-8", "BT-55", "BT-48", "BT-48", "BT-47", "BT-46", "BT-49", "BT-56"];
        self.party("verkaeufer", "Verkäufer", r.seller.as_ref(), seller);
        self.party("kaeufer", "Käufer", r.buyer.as_ref(), buyer);
        let other = ["BT-59", "BT-59", "BG-10", "BG-10", "BT-63", "BT-63", "BT-61", "BT-60", "BG-10", "BG-10"];
        if r.payee.is_some() {
            self.party("empfaenger", "Zahlungsempfänger", r.payee.as_ref(), other);
        }
        if r.tax_representative.is_some() {
            let terms = ["BT-62", "BT-62", "BG-12", "BT-69", "BT-63", "BT-63", "BG-11", "BG-11", "BG-11", "BG-11"];
            self.party("vertreter", "Steuervertreter des Verkäufers", r.tax_representative.as_ref(), terms);
        }
        self.raw("</div>\n");
    }

    /// `terms`: name, trading name, address, country, VAT id, tax number, register, ids, electronic address, contact.
    fn party(&mut self, id: &str, title: &str, party: Option<&Party>, terms: [&str; 10]) {
        self.open(id, title);
        self.raw("<dl>\n");
        self.text_row("Name", terms[0], &party.and_then(|p| p.name.clone()));
        self.text_row("Handelsname", terms[1], &party.and_then(|p| p.trading_name.clone()));
        let address = party.and_then(|p| p.address.as_ref());
        self.row("Anschrift", terms[2], &address.map(address_html).unwrap_or_default());
        let country = address.and_then(|a| a.country.clone());
        self.text_row("Land", terms[3], &country);
        if let Some(p) = party {
            self.text_row("USt-IdNr.", terms[4], &p.vat_id);
            self.text_row("Steuernummer", terms[5], &p.tax_number);
            let id = |i: &crate::value::Identifier| isolated(&i.value);
            self.row("Registernummer", terms[6], &p.legal_id.as_ref().map(id).unwrap_or_default());
            self.row("Kennung", terms[7], &p.identifiers.iter().take(10).map(id).collect::<Vec<_>>().join("<br/>"));
            self.row("Elektronische Adresse", terms[8], &p.electronic_address.as_ref().map(id).unwrap_or_default());
            let contact = p.contact.iter().flat_map(|c| [&c.name, &c.telephone, &c.email]).flatten();
            self.row("Kontakt", terms[9], &contact.map(|t| isolated(t)).collect::<Vec<_>>().join("<br/>"));
        }
        self.raw("</dl>\n");
        self.close();
    }

    fn payment(&mut self, terms: Option<&Terms>) {
        let r = self.r;
        self.open("zahlung", "Zahlung");
        self.raw("<dl>\n");
        match (&r.due_date, terms) {
            (None, Some(terms)) => {
                self.row("Fällig", "BT-9", &with_note(time(terms.due), terms.due_assumed.as_deref()))
            }
            (date, _) => self.date_row("Fällig", "BT-9", date),
        }
        if let Some(terms) = terms {
            for step in &terms.skonto {
                let percent = format::number(step.percent);
                let saving = escape(&format::money(step.saving, self.currency()));
                let text = format!("{percent} % bis {}: {saving} weniger", time(step.until));
                self.row("Skonto", "BT-20", &with_note(text, terms.start_assumed.as_deref()));
            }
        }
        self.text_row("Zahlungsbedingungen", "BT-20", &r.payment_terms);
        for payment in r.payment.iter().take(20) {
            if let Some(means) = &payment.means {
                self.row("Zahlungsart", "BT-81", &format!("{} ({})", worte::means(means), isolated(means)));
            }
            if let Some(account) = &payment.account {
                let iban = account.id.as_ref().map(|i| isolated(&crate::iban::grouped(i))).unwrap_or_default();
                self.row("IBAN oder Konto", "BT-84", &iban);
                self.text_row("Kontoinhaber", "BT-85", &account.name);
                self.text_row("BIC", "BT-86", &account.bic);
            }
            self.text_row("Verwendungszweck", "BT-83", &payment.remittance);
            self.text_row("Mandatsreferenz", "BT-89", &payment.mandate);
            self.text_row("Gläubiger-ID", "BT-90", &payment.creditor);
            self.text_row("Belastetes Konto", "BT-91", &payment.debited_account);
            let card = payment.card.as_ref().and_then(|c| c.0.clone());
            self.text_row("Kartennummer", "BT-87", &card);
        }
        self.raw("</dl>\n");
        self.close();
    }

    fn references(&mut self) {
        let r = self.r;
        let start = self.out.len();
        self.open("verweise", "Verweise");
        self.raw("<dl>\n");
        let empty = self.out.len();
        for (label, term, text) in [
            ("Bestellung", "BT-13", &r.purchase_order),
            ("Auftrag", "BT-14", &r.sales_order),
            ("Vertrag", "BT-12", &r.contract),
            ("Projekt", "BT-11", &r.project),
            ("Vergabe oder Los", "BT-17", &r.tender),
            ("Lieferschein", "BT-16", &r.despatch_advice),
            ("Wareneingang", "BT-15", &r.receiving_advice),
            ("Kontierung des Käufers", "BT-19", &r.accounting_reference),
        ] {
            self.text_row(label, term, text);
        }
        self.row("Abgerechnetes Objekt", "BT-18", &r.object.as_ref().map(|o| isolated(&o.value)).unwrap_or_default());
        for reference in r.preceding.iter().take(50) {
            let number = reference.number.as_ref().map(|n| isolated(n)).unwrap_or_default();
            let date = reference.date.as_ref().map(|d| format!(" vom {}", time(d.value))).unwrap_or_default();
            self.row("Frühere Rechnung", "BT-25", &format!("{number}{date}"));
        }
        if self.out.len() == empty {
            self.out.truncate(start);
            return;
        }
        self.raw("</dl>\n");
        self.close();
    }

    fn notes(&mut self) {
        if self.r.notes.is_empty() {
            return;
        }
        self.open("bemerkungen", "Bemerkungen");
        for text in self.r.notes.iter().take(100).filter_map(|n| n.text.as_ref()) {
            let _ = writeln!(self.out, "<p>{} <small class=\"bt\">BT-22</small></p>", isolated(text));
        }
        self.close();
    }
}

/// A date with its machine form.
fn time(day: civil::Date) -> String {
    format!("<time datetime=\"{day}\">{}</time>", format::date(day))
}

fn with_note(html: String, note: Option<&str>) -> String {
    match note {
        Some(note) => format!("{html}<span class=\"annahme\">{}</span>", escape(note)),
        None => html,
    }
}

fn address_html(address: &Address) -> String {
    let city: Vec<_> = [&address.post_code, &address.city].into_iter().flatten().map(|t| isolated(t)).collect();
    let lines = address.lines.iter().flatten().map(|t| isolated(t));
    let region = address.region.iter().map(|t| isolated(t));
    let all: Vec<_> = lines.chain((!city.is_empty()).then(|| city.join(" "))).chain(region).collect();
    all.join("<br/>")
}

#[cfg(test)]
mod tests;
