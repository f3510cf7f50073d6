// SPDX-License-Identifier: EUPL-1.2
//! The little Markdown of the handbook: headings, paragraphs, lists, tables, **strong**, `code`, links on this site.
//! Everything is escaped first; nothing of the source becomes markup but these.

/// HTML of a page of our own handbook.
pub fn html(text: &str) -> String {
    let mut out = String::new();
    let mut list: Option<&'static str> = None;
    let mut paragraph: Vec<&str> = Vec::new();
    let mut table: Vec<&str> = Vec::new();
    for line in text.lines().chain([""]) {
        let line = line.trim_end();
        if line.starts_with("<!--") {
            continue;
        }
        let item = line.strip_prefix("- ").map(|t| ("ul", t)).or_else(|| numbered(line).map(|t| ("ol", t)));
        if item.is_none() && list.is_some() && !line.starts_with("  ") {
            out.push_str(&format!("</{}>\n", list.take().unwrap_or("ul")));
        }
        if (line.is_empty() || item.is_some() || line.starts_with('#') || line.starts_with('|'))
            && !paragraph.is_empty()
        {
            out.push_str(&format!("<p>{}</p>\n", inline(&paragraph.join(" "))));
            paragraph.clear();
        }
        if !line.starts_with('|') && !table.is_empty() {
            out.push_str(&rows(&table));
            table.clear();
        }
        if let Some((kind, content)) = item {
            if list != Some(kind) {
                if let Some(open) = list {
                    out.push_str(&format!("</{open}>\n"));
                }
                out.push_str(&format!("<{kind}>\n"));
                list = Some(kind);
            }
            out.push_str(&format!("<li>{}</li>\n", inline(content)));
        } else if line.starts_with('|') {
            table.push(line);
        } else if let Some((level, content)) = heading(line) {
            out.push_str(&format!("<h{level}>{}</h{level}>\n", inline(content)));
        } else if !line.is_empty() {
            paragraph.push(line.trim());
        }
    }
    out
}

fn numbered(line: &str) -> Option<&str> {
    let (n, rest) = line.split_once(". ")?;
    (!n.is_empty() && n.len() < 3 && n.bytes().all(|b| b.is_ascii_digit())).then_some(rest)
}

/// `#` is the page's own h1.
fn heading(line: &str) -> Option<(usize, &str)> {
    let level = line.bytes().take_while(|b| *b == b'#').count();
    (1..=3).contains(&level).then(|| line[level..].strip_prefix(' ').map(|t| (level, t))).flatten()
}

fn rows(lines: &[&str]) -> String {
    let mut out = String::from(
        "<div class=\"rollbar\" tabindex=\"0\" role=\"region\" aria-label=\"Tabelle\"><table class=\"kern-table liste\">\n",
    );
    for (i, line) in lines.iter().filter(|l| !l.bytes().all(|b| matches!(b, b'|' | b'-' | b' '))).enumerate() {
        let cells = line.trim_matches('|').split('|').map(str::trim);
        let (open, close) = if i == 0 {
            ("<th class=\"kern-table__header\" scope=\"col\">", "</th>")
        } else {
            ("<td class=\"kern-table__cell\">", "</td>")
        };
        out.push_str("<tr class=\"kern-table__row\">");
        cells.for_each(|c| out.push_str(&format!("{open}{}{close}", inline(c))));
        out.push_str("</tr>\n");
    }
    out.push_str("</table></div>\n");
    out
}

/// Text with the five special characters escaped.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn inline(text: &str) -> String {
    let mut out = pairs(&pairs(&escape(text), "**", "strong"), "`", "code");
    while let Some((start, middle, end)) = link(&out) {
        let (label, href) = (out[start + 1..middle].to_owned(), out[middle + 2..end].to_owned());
        let own = href.starts_with('/') && !href.starts_with("//");
        let replacement = if own { format!("<a class=\"kern-link\" href=\"{href}\">{label}</a>") } else { label };
        out.replace_range(start..=end, &replacement);
    }
    out
}

/// Byte places of `[`, `](` and `)`.
fn link(text: &str) -> Option<(usize, usize, usize)> {
    let middle = text.find("](")?;
    let start = text[..middle].rfind('[')?;
    let end = middle + text[middle..].find(')')?;
    Some((start, middle, end))
}

fn pairs(text: &str, mark: &str, tag: &str) -> String {
    let parts: Vec<_> = text.split(mark).collect();
    let mut out = String::new();
    for (i, part) in parts.iter().enumerate() {
        out.push_str(part);
        match (i + 1 < parts.len(), i % 2 == 0) {
            (true, true) if i + 2 < parts.len() => out.push_str(&format!("<{tag}>")),
            (true, true) => out.push_str(mark),
            (true, false) => out.push_str(&format!("</{tag}>")),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subset_becomes_html_and_everything_else_is_text() {
        let got = html(
            "# Titel\n\nEin **fetter** Satz\nmit `Code` und [Link](/suche).\n\n- eins\n- zwei\n\n1. erst\n2. dann\n",
        );
        let want = "<h1>Titel</h1>\n<p>Ein <strong>fetter</strong> Satz mit <code>Code</code> und <a class=\"kern-link\" href=\"/suche\">Link</a>.</p>\n\
                    <ul>\n<li>eins</li>\n<li>zwei</li>\n</ul>\n<ol>\n<li>erst</li>\n<li>dann</li>\n</ol>\n";
        assert_eq!(got, want);
        assert_eq!(
            html("<script>x</script> [a](javascript:x) 2 ** 3"),
            "<p>&lt;script&gt;x&lt;/script&gt; a 2 ** 3</p>\n"
        );
        assert!(
            html("| A | B |\n|---|---|\n| 1 | 2 |\n").contains("<th class=\"kern-table__header\" scope=\"col\">A</th>")
        );
    }
}
