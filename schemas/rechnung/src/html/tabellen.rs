// SPDX-License-Identifier: EUPL-1.2
//! The tables of the page: amounts, VAT, lines, allowances and charges, attachments.

use std::fmt::Write;

use rust_decimal::Decimal;

use super::{Page, escape, isolated, worte};
use crate::{
    format,
    model::{AllowanceCharge, Line},
    value::Amount,
};

/// Lines shown; the rest stays in the file.
const MAX_LINES: usize = 2_000;

impl Page<'_> {
    fn money(&self, amount: &Option<Amount>) -> String {
        amount.as_ref().map(|a| escape(&format::money(a.value, self.currency()))).unwrap_or_default()
    }

    fn table(&mut self, caption: &str, heads: &[(&str, bool)]) {
        let _ = write!(
            self.out,
            "<div class=\"breit\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">\n<table>\n<caption>{caption}</caption>\n<thead><tr>"
        );
        for (head, number) in heads {
            let class = if *number { " class=\"zahl\"" } else { "" };
            let _ = write!(self.out, "<th scope=\"col\"{class}>{head}</th>");
        }
        self.raw("</tr></thead>\n<tbody>\n");
    }

    fn end_table(&mut self) {
        self.raw("</tbody>\n</table>\n</div>\n");
    }

    fn sum(&mut self, label: &str, term: &str, value: &Option<Amount>, strong: bool) {
        let (shown, beside) = (self.money(value), self.beside(term, None));
        if shown.is_empty() && beside.is_empty() {
            return;
        }
        let class = if strong { " class=\"summe\"" } else { "" };
        let shown = if shown.is_empty() { "<em>fehlt</em>".to_owned() } else { shown };
        let _ = writeln!(
            self.out,
            "<tr{class}><th scope=\"row\">{label} <small class=\"bt\">{term}</small></th><td class=\"zahl\">{shown}{beside}</td></tr>"
        );
    }

    pub(super) fn amounts(&mut self) {
        let r = self.r;
        self.open("betraege", "Beträge");
        let Some(totals) = &r.totals else {
            self.raw("<p>Die Rechnung enthält keine Summen.</p>\n");
            return self.close();
        };
        self.table("Summen der Rechnung", &[("Angabe", false), ("Betrag", true)]);
        self.sum("Summe der Positionen", "BT-106", &totals.lines, false);
        self.sum("Nachlässe", "BT-107", &totals.allowances, false);
        self.sum("Zuschläge", "BT-108", &totals.charges, false);
        self.sum("Gesamt ohne Umsatzsteuer", "BT-109", &totals.net, false);
        self.sum("Umsatzsteuer", "BT-110", &r.vat_total().and_then(|t| t.amount.clone()), false);
        self.sum("Gesamt mit Umsatzsteuer", "BT-112", &totals.gross, true);
        self.sum("Bereits gezahlt", "BT-113", &totals.paid, false);
        self.sum("Rundung", "BT-114", &totals.rounding, false);
        self.sum("Zahlbetrag", "BT-115", &totals.due, true);
        self.end_table();
        self.close();
    }

    pub(super) fn vat(&mut self) {
        let r = self.r;
        let missing = self.beside("BG-23", None);
        if r.vat_breakdown.is_empty() && missing.is_empty() {
            return;
        }
        self.open("steuer", "Umsatzsteuer");
        self.raw(&missing);
        if !r.vat_breakdown.is_empty() {
            let heads = [("Kategorie", false), ("Satz", true), ("Grundlage", true), ("Steuer", true)];
            self.table("Aufschlüsselung der Umsatzsteuer", &heads);
            for entry in r.vat_breakdown.iter().take(100) {
                let category = worte::category(entry.category.as_deref().unwrap_or_default());
                let reason = entry.reason.as_ref().map(|t| format!("<br/>{}", isolated(t))).unwrap_or_default();
                let _ = writeln!(
                    self.out,
                    "<tr><th scope=\"row\">{} <small class=\"bt\">BT-118</small>{reason}</th><td class=\"zahl\">{}</td><td class=\"zahl\">{}</td><td class=\"zahl\">{}{}</td></tr>",
                    escape(category),
                    percent(&entry.rate),
                    self.money(&entry.base),
                    self.money(&entry.tax),
                    self.beside("", Some(entry.node))
                );
            }
            self.end_table();
        }
        self.close();
    }

    pub(super) fn lines(&mut self) {
        let r = self.r;
        self.open("positionen", "Positionen");
        let missing = self.beside("BG-25", None);
        self.raw(&missing);
        if !r.lines.is_empty() {
            let heads = [
                ("Pos.", false),
                ("Leistung", false),
                ("Menge", true),
                ("Einzelpreis", true),
                ("USt.", true),
                ("Betrag", true),
            ];
            self.table("Positionen der Rechnung", &heads);
            let mut shown = 0;
            for line in &r.lines {
                self.line(line, 0, &mut shown);
            }
            self.end_table();
            if shown >= MAX_LINES {
                let _ = writeln!(
                    self.out,
                    "<p>Gezeigt sind die ersten {MAX_LINES} Positionen. Alle Positionen stehen in der Originaldatei.</p>"
                );
            }
        }
        self.close();
    }

    /// A line and its sub lines; the depth of the tree bounds the recursion.
    fn line(&mut self, line: &Line, level: usize, shown: &mut usize) {
        if *shown >= MAX_LINES {
            return;
        }
        *shown += 1;
        let id = line.id.as_deref().unwrap_or_default();
        let quantity = line.quantity.as_ref().map(|q| format::number(q.value)).unwrap_or_default();
        let unit = line.unit.as_deref().map(worte::unit).unwrap_or_default();
        let base = line.price_base.as_ref().filter(|b| b.value != Decimal::ONE);
        let per = base.map(|b| format!("<br/>je {} {}", format::number(b.value), escape(unit))).unwrap_or_default();
        let mark = if level > 0 { " class=\"unter\"" } else { "" };
        let _ = writeln!(
            self.out,
            "<tr{mark}><th scope=\"row\">{}</th><td>{}{}</td><td class=\"zahl\">{quantity} {}</td><td class=\"zahl\">{}{per}</td><td class=\"zahl\">{}</td><td class=\"zahl\">{}</td></tr>",
            isolated(id),
            self.item(line),
            self.beside("", Some(line.node)),
            escape(unit),
            self.money(&line.price),
            percent(&line.vat_rate),
            self.money(&line.net),
        );
        for sub in &line.sub_lines {
            self.line(sub, level + 1, shown);
        }
    }

    fn item(&self, line: &Line) -> String {
        let mut out = String::from("<strong>");
        out.push_str(&line.name.as_ref().map(|n| isolated(n)).unwrap_or_default());
        out.push_str("</strong>");
        for text in [&line.description, &line.note].into_iter().flatten() {
            let _ = write!(out, "<br/>{}", isolated(text));
        }
        if let Some(number) = &line.seller_item {
            let _ = write!(out, "<br/>Artikel {}", isolated(number));
        }
        if let Some(period) = &line.period {
            let _ = write!(out, "<br/>{}", worte::period(period));
        }
        for (name, value) in line.attributes.iter().take(20) {
            let part = |t: &Option<crate::value::Text>| t.as_ref().map(|t| isolated(t)).unwrap_or_default();
            let _ = write!(out, "<br/>{}: {}", part(name), part(value));
        }
        for (sign, list) in [("Nachlass", &line.allowances), ("Zuschlag", &line.charges)] {
            for entry in list.iter().take(20) {
                let _ = write!(out, "<br/>{sign} {} {}", self.money(&entry.amount), reason(entry));
            }
        }
        out
    }

    pub(super) fn allowances(&mut self) {
        let r = self.r;
        if r.allowances.is_empty() && r.charges.is_empty() {
            return;
        }
        self.open("nachlaesse", "Nachlässe und Zuschläge");
        self.table(
            "Nachlässe und Zuschläge auf die Rechnung",
            &[("Art", false), ("Grund", false), ("USt.", true), ("Betrag", true)],
        );
        for (kind, term, list) in [("Nachlass", "BT-92", &r.allowances), ("Zuschlag", "BT-99", &r.charges)] {
            for entry in list.iter().take(200) {
                let _ = writeln!(
                    self.out,
                    "<tr><th scope=\"row\">{kind} <small class=\"bt\">{term}</small></th><td>{}</td><td class=\"zahl\">{}</td><td class=\"zahl\">{}{}</td></tr>",
                    reason(entry),
                    percent(&entry.vat_rate),
                    self.money(&entry.amount),
                    self.beside("", Some(entry.node))
                );
            }
        }
        self.end_table();
        self.close();
    }

    pub(super) fn documents(&mut self) {
        let r = self.r;
        if r.documents.is_empty() {
            return;
        }
        self.open("anlagen", "Anlagen");
        self.table(
            "Anlagen der Rechnung",
            &[("Kennung", false), ("Beschreibung", false), ("Datei", false), ("Größe", true)],
        );
        for entry in r.documents.iter().take(200) {
            let text = |t: &Option<crate::value::Text>| t.as_ref().map(|t| isolated(t)).unwrap_or_default();
            let file = entry.file.as_ref();
            let name = file.and_then(|f| f.name.as_deref()).map(isolated).unwrap_or_default();
            // An external address is text, never a link: nobody is led away from the house by an invoice.
            let place = entry.url.as_ref().map(|u| format!("Adresse: {}", isolated(u))).unwrap_or_default();
            let size = file.map(|f| worte::size(f.size)).unwrap_or_default();
            let _ = writeln!(
                self.out,
                "<tr><th scope=\"row\">{} <small class=\"bt\">BT-122</small></th><td>{}</td><td>{name}{place}{}</td><td class=\"zahl\">{size}</td></tr>",
                text(&entry.id),
                text(&entry.description),
                self.beside("", Some(entry.node))
            );
        }
        self.end_table();
        self.close();
    }
}

fn percent(rate: &Option<Amount>) -> String {
    rate.as_ref().map(|r| format!("{}\u{A0}%", format::number(r.value))).unwrap_or_default()
}

fn reason(entry: &AllowanceCharge) -> String {
    let text = entry.reason.as_ref().or(entry.reason_code.as_ref());
    text.map(|t| isolated(t)).unwrap_or_default()
}
