// SPDX-License-Identifier: EUPL-1.2
//! The readable invoice inside a page. The rendition is a whole document; only its content is taken over, and only
//! through an allow list of elements and attributes, so that nothing in it can act.

use nachrichten::dokumente::Dokument;

use crate::{markdown::escape, rahmen::Ctx};

const ELEMENTE: &[&str] = &[
    "section", "article", "div", "h1", "h2", "h3", "h4", "p", "table", "caption", "colgroup", "col", "thead", "tbody",
    "tfoot", "tr", "th", "td", "dl", "dt", "dd", "ul", "ol", "li", "span", "bdi", "strong", "em", "b", "i", "small",
    "br", "hr", "details", "summary", "abbr", "bdi", "time", "address", "main", "header", "footer",
];
const ATTRIBUTE: &[&str] =
    &["class", "title", "colspan", "rowspan", "scope", "lang", "dir", "datetime", "open", "aria-label"];
/// Attributes with the only value they may have: a wide table is a region that the keyboard can scroll.
const FESTE: &[(&str, &str)] = &[("role", "region"), ("tabindex", "0")];
/// Landmarks exist once per page, and it has its own first heading.
const ERSATZ: &[(&str, &str)] = &[
    ("main", "div"),
    ("header", "div"),
    ("footer", "div"),
    ("h1", "h2"),
    ("h2", "h3"),
    ("h3", "h4"),
    ("address", "p"),
];
const GROESSE_MAX: usize = 2_000_000;
const KNOTEN_MAX: u32 = 60_000;
const TIEFE_MAX: usize = 60;

/// Markup of the invoice view; empty when there is none or it is not well-formed.
pub async fn von(ctx: &Ctx, d: &Dokument) -> String {
    if !d.renditionen.iter().any(|r| r.name == "invoice-html" && r.size <= GROESSE_MAX as u64) {
        return String::new();
    }
    match ctx.app.dokumente.rendition(&ctx.ich.actor, d.id, "invoice-html").await {
        Ok(inhalt) => bereinigen(&String::from_utf8_lossy(&inhalt.bytes)),
        Err(f) => {
            tracing::warn!(dokument = %d.id, "invoice view is not readable: {}", f.detail);
            String::new()
        }
    }
}

/// The allowed part of an XHTML document; empty when it cannot be read.
pub fn bereinigen(text: &str) -> String {
    if text.len() > GROESSE_MAX {
        return String::new();
    }
    let start = text.find("<html").unwrap_or(0);
    let options = roxmltree::ParsingOptions { allow_dtd: false, nodes_limit: KNOTEN_MAX, ..Default::default() };
    let Ok(doc) = roxmltree::Document::parse_with_options(&text[start..], options) else {
        return String::new();
    };
    let root = doc.root_element();
    let body = root.children().find(|n| n.tag_name().name() == "body").unwrap_or(root);
    let mut out = String::with_capacity(text.len());
    children(body, &mut out, 0);
    out
}

fn children(node: roxmltree::Node, out: &mut String, tiefe: usize) {
    if tiefe > TIEFE_MAX {
        return;
    }
    for child in node.children() {
        if child.is_text() {
            out.push_str(&escape(child.text().unwrap_or_default()));
        } else if child.is_element() {
            element(child, out, tiefe);
        }
    }
}

fn element(node: roxmltree::Node, out: &mut String, tiefe: usize) {
    let name = node.tag_name().name();
    if matches!(name, "script" | "style" | "template" | "svg" | "math" | "iframe" | "object") {
        return;
    }
    if !ELEMENTE.contains(&name) {
        // Unknown elements are dropped, their text stays.
        return children(node, out, tiefe + 1);
    }
    let tag = ERSATZ.iter().find(|(from, _)| *from == name).map_or(name, |(_, to)| *to);
    out.push('<');
    out.push_str(tag);
    for a in node.attributes().filter(|a| ATTRIBUTE.contains(&a.name()) || FESTE.contains(&(a.name(), a.value()))) {
        out.push_str(&format!(" {}=\"{}\"", a.name(), escape(a.value())));
    }
    out.push('>');
    if matches!(tag, "br" | "hr" | "col") {
        return;
    }
    children(node, out, tiefe + 1);
    out.push_str(&format!("</{tag}>"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_markup_passes() {
        let got = bereinigen(
            "<!DOCTYPE html>\n<html><head><title>x</title><style>p{}</style></head><body><main><h1>Rechnung</h1>\
             <p class=\"a\" onclick=\"x()\" style=\"y\">1 &lt; 2 <a href=\"javascript:x\">Link</a><br/></p>\
             <script>alert(1)</script><form action=\"//x\"><input name=\"q\"/>Text</form></main></body></html>",
        );
        assert_eq!(got, "<div><h2>Rechnung</h2><p class=\"a\">1 &lt; 2 Link<br></p>Text</div>");
        let fixed = bereinigen(
            "<body><div role=\"region\" tabindex=\"0\" aria-label=\"Summen\"><p role=\"alert\" tabindex=\"5\" id=\"x\">a</p></div></body>",
        );
        assert_eq!(fixed, "<div role=\"region\" tabindex=\"0\" aria-label=\"Summen\"><p>a</p></div>");
    }

    #[test]
    fn what_is_not_well_formed_is_not_shown() {
        assert_eq!(bereinigen("<html><body><p>offen</body></html>"), "");
        assert_eq!(bereinigen("<!DOCTYPE html [<!ENTITY a 'b'>]><body>&a;</body>"), "");
        let deep = format!("<html><body>{}x{}</body></html>", "<div>".repeat(500), "</div>".repeat(500));
        assert!(!bereinigen(&deep).contains('x'));
    }
}
