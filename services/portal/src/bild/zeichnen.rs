// SPDX-License-Identifier: EUPL-1.2
//! From shapes and edges to SVG. Colours are `currentColor`; classes let the page's CSS fill the ground.

use std::fmt::Write as _;

use super::{
    Hinweis, Mark, Zeichen,
    lesen::{Diagramm, Form, Kante, Kasten},
    symbole,
};
use crate::markdown::escape;

/// Room around the drawing.
const RAND: f64 = 24.0;
/// Letters per unit of width at the size used.
const ZEICHEN_BREITE: f64 = 6.2;

/// Kinds that count as a step for a reader.
fn ist_schritt(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    typ.ends_with("task") || typ.ends_with("subprocess") || typ == "transaction" || typ == "callactivity"
}

fn ist_rahmen(typ: &str) -> bool {
    matches!(typ, "participant" | "lane" | "group")
}

/// Where a process stands.
pub fn mit_marken(d: &Diagramm, marks: &[Mark]) -> String {
    let hinweise = marks.iter().map(|m| {
        let (zeichen, word) = if m.incident { (Zeichen::Stoerung, "Störung") } else { (Zeichen::Jetzt, "jetzt") };
        let word = if m.count > 1 { format!("{word} ({})", m.count) } else { word.to_owned() };
        Hinweis { element: m.element.clone(), zeichen, zeilen: vec![word] }
    });
    zeichnen(d, &hinweise.collect::<Vec<_>>(), &sentence(d, marks))
}

pub fn zeichnen(d: &Diagramm, hinweise: &[Hinweis], satz: &str) -> String {
    let k = area(d, hinweise);
    let mut out = String::with_capacity(8_192);
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"bild\" role=\"img\" aria-label=\"{}\" viewBox=\"{:.0} {:.0} {:.0} {:.0}\" width=\"{:.0}\" height=\"{:.0}\" \
         fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.5\" font-size=\"12\">",
        escape(satz),
        k.x,
        k.y,
        k.b,
        k.h,
        k.b,
        k.h
    );
    // Frames first, then open sub-processes, then edges, then what stands on them; boundary events last.
    let layer = |f: &Form| match f.element.typ.as_str() {
        t if ist_rahmen(t) => 0,
        _ if f.offen && ist_schritt(&f.element.typ) => 1,
        "boundaryEvent" => 3,
        _ => 2,
    };
    let of = |id: &str| hinweise.iter().find(|h| h.element == id);
    let draw = |out: &mut String, n: u8| {
        d.formen.iter().filter(|f| layer(f) == n).for_each(|f| form(out, f, of(&f.id)));
    };
    draw(&mut out, 0);
    draw(&mut out, 1);
    d.kanten.iter().for_each(|k| kante(&mut out, k, of(&k.id)));
    draw(&mut out, 2);
    draw(&mut out, 3);
    // Words last, so that no line crosses them.
    for f in &d.formen {
        if let Some(h) = of(&f.id) {
            let (mid, foot) = badge_place(f);
            badge(&mut out, h, mid, foot);
        }
    }
    for k in &d.kanten {
        if let Some(h) = of(&k.id) {
            let (x, y) = middle_of(&k.punkte);
            badge(&mut out, h, x, y + 10.0);
        }
    }
    out.push_str("</svg>");
    out
}

/// The picture's name: "Ablauf mit 6 Schritten, jetzt Planungsausschuss".
fn sentence(d: &Diagramm, marks: &[Mark]) -> String {
    let steps = d.formen.iter().filter(|f| ist_schritt(&f.element.typ)).count();
    let noun = if steps == 1 { "Schritt" } else { "Schritten" };
    let now: Vec<String> = marks
        .iter()
        .filter_map(|m| {
            let name = &d.formen.iter().find(|f| f.id == m.element)?.element.name;
            let name = if name.is_empty() { &m.element } else { name };
            Some(if m.incident { format!("{name} (Störung)") } else { name.clone() })
        })
        .collect();
    let end = if now.is_empty() { String::new() } else { format!(", jetzt {}", now.join(" und ")) };
    format!("Ablauf mit {steps} {noun}{end}")
}

fn area(d: &Diagramm, hinweise: &[Hinweis]) -> Kasten {
    let (mut x0, mut y0, mut x1, mut y1) = (f64::MAX, f64::MAX, f64::MIN, f64::MIN);
    let mut see = |x: f64, y: f64| {
        (x0, y0, x1, y1) = (x0.min(x), y0.min(y), x1.max(x), y1.max(y));
    };
    for k in d.formen.iter().flat_map(|f| [Some(f.kasten), f.beschriftung, name_area(f)]).flatten() {
        see(k.x, k.y);
        see(k.x + k.b, k.y + k.h);
    }
    for h in hinweise {
        if let Some(f) = d.formen.iter().find(|f| f.id == h.element) {
            let (width, height) = badge_size(h);
            let (mid, foot) = badge_place(f);
            see(mid - width / 2.0, foot - height);
            see(mid + width / 2.0, foot);
        }
    }
    for k in d.kanten.iter().filter_map(|k| k.beschriftung) {
        see(k.x, k.y);
        see(k.x + k.b.max(70.0), k.y + k.h);
    }
    d.kanten.iter().flat_map(|k| &k.punkte).for_each(|(x, y)| see(*x, *y));
    Kasten { x: x0 - RAND, y: y0 - RAND, b: x1 - x0 + 2.0 * RAND, h: y1 - y0 + 2.0 * RAND + 16.0 }
}

/// Where the name of an event or a gateway is written; it is wider than the symbol.
fn name_area(f: &Form) -> Option<Kasten> {
    let typ = f.element.typ.to_ascii_lowercase();
    let outside = typ.ends_with("event") || typ.ends_with("gateway") || typ.starts_with("data");
    if !outside || f.element.name.is_empty() {
        return None;
    }
    let (mid, y, b) = match f.beschriftung {
        Some(l) => (l.x + l.b / 2.0, l.y, l.b.max(90.0)),
        None => (f.kasten.x + f.kasten.b / 2.0, f.kasten.y + f.kasten.h, 110.0),
    };
    Some(Kasten { x: mid - b / 2.0, y, b, h: 45.0 })
}

/// Class and line of what stands out: each has a line of its own, so that colour is never alone.
fn stil(hinweis: Option<&Hinweis>, sonst: &'static str) -> (&'static str, &'static str) {
    match hinweis.map(|h| h.zeichen) {
        None | Some(Zeichen::Zahl) => (sonst, ""),
        Some(Zeichen::Jetzt) => ("bild-jetzt", " stroke-width=\"4\""),
        Some(Zeichen::Stoerung) => ("bild-stoerung", " stroke-width=\"4\""),
        Some(Zeichen::Neu) => ("bild-neu", " stroke-width=\"4\""),
        Some(Zeichen::Entfallen) => ("bild-entfallen", " stroke-width=\"2.5\" stroke-dasharray=\"3 5\""),
        Some(Zeichen::Geaendert) => ("bild-geaendert", " stroke-width=\"3\" stroke-dasharray=\"14 4\""),
    }
}

fn form(out: &mut String, f: &Form, hinweis: Option<&Hinweis>) {
    let (class, line) = stil(hinweis, "bild-form");
    let _ = write!(out, "<g class=\"{class}\" data-element=\"{}\"{line}>", escape(&f.id));
    let typ = f.element.typ.as_str();
    let k = f.kasten;
    if typ.to_ascii_lowercase().ends_with("event") {
        symbole::ereignis(out, f);
        below(out, f);
    } else if typ.to_ascii_lowercase().ends_with("gateway") {
        symbole::gateway(out, f);
        above(out, f);
    } else if ist_rahmen(typ) {
        frame(out, f);
    } else if ist_schritt(typ) {
        symbole::schritt(out, f);
        if f.offen {
            text(out, &f.element.name, k.x + k.b / 2.0, k.y + 16.0, k.b - 20.0, 1);
        } else {
            middle(out, &f.element.name, k);
        }
    } else {
        symbole::sonstiges(out, f);
        match typ {
            "textAnnotation" => middle(out, &f.element.name, k),
            _ => below(out, f),
        }
    }
    out.push_str("</g>");
}

/// Height of a line in a badge.
const ZEILE: f64 = 15.0;

fn badge_size(h: &Hinweis) -> (f64, f64) {
    let longest = h.zeilen.iter().map(|z| z.chars().count()).max().unwrap_or(0);
    (longest as f64 * 7.2 + 14.0, h.zeilen.len() as f64 * ZEILE + 5.0)
}

/// Middle and lower edge of the badge of a shape.
fn badge_place(f: &Form) -> (f64, f64) {
    (f.kasten.x + f.kasten.b / 2.0, f.kasten.y + 7.0)
}

/// Words in a box whose lower edge is at `y`.
fn badge(out: &mut String, h: &Hinweis, mid: f64, y: f64) {
    let (width, height) = badge_size(h);
    let _ = write!(
        out,
        "<g class=\"bild-wort {}\"><rect x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"4\"/>",
        stil(Some(h), "bild-zahl").0,
        mid - width / 2.0,
        y - height
    );
    for (i, line) in h.zeilen.iter().enumerate() {
        let _ = write!(
            out,
            "<text x=\"{mid:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-weight=\"600\" stroke=\"none\" fill=\"currentColor\">{}</text>",
            y - height + ZEILE * (i as f64 + 1.0) - 0.5,
            escape(line)
        );
    }
    out.push_str("</g>");
}

/// The middle of the longest piece of a line.
fn middle_of(points: &[(f64, f64)]) -> (f64, f64) {
    let length = |w: &[(f64, f64)]| (w[1].0 - w[0].0).hypot(w[1].1 - w[0].1);
    let longest = points.windows(2).max_by(|a, b| length(a).total_cmp(&length(b)));
    longest.map_or((0.0, 0.0), |w| ((w[0].0 + w[1].0) / 2.0, (w[0].1 + w[1].1) / 2.0))
}

/// Pool or lane with its name along the side.
fn frame(out: &mut String, f: &Form) {
    let k = f.kasten;
    let dash = if f.element.typ == "group" { " stroke-dasharray=\"8 4 2 4\"" } else { "" };
    let _ = write!(out, "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"{dash}/>", k.x, k.y, k.b, k.h);
    if f.element.typ == "group" {
        return below(out, f);
    }
    if f.waagrecht {
        let (cx, cy) = (k.x + 15.0, k.y + k.h / 2.0);
        if f.element.typ == "participant" {
            let _ = write!(out, "<path d=\"M{:.1} {:.1}v{:.1}\"/>", k.x + 30.0, k.y, k.h);
        }
        let _ = write!(out, "<g transform=\"rotate(-90 {cx:.1} {cy:.1})\">");
        text(out, &f.element.name, cx, cy + 4.0, k.h - 8.0, 1);
        out.push_str("</g>");
    } else {
        text(out, &f.element.name, k.x + k.b / 2.0, k.y + 18.0, k.b - 8.0, 1);
    }
}

fn below(out: &mut String, f: &Form) {
    match f.beschriftung {
        Some(l) => text(out, &f.element.name, l.x + l.b / 2.0, l.y + 11.0, l.b.max(90.0), 4),
        None => text(out, &f.element.name, f.kasten.x + f.kasten.b / 2.0, f.kasten.y + f.kasten.h + 14.0, 110.0, 3),
    }
}

fn above(out: &mut String, f: &Form) {
    match f.beschriftung {
        Some(l) => text(out, &f.element.name, l.x + l.b / 2.0, l.y + 11.0, l.b.max(90.0), 4),
        None => text(out, &f.element.name, f.kasten.x + f.kasten.b / 2.0, f.kasten.y + f.kasten.h + 14.0, 110.0, 3),
    }
}

/// Name in the middle of a box.
fn middle(out: &mut String, name: &str, k: Kasten) {
    let lines = wrap(name, k.b - 10.0, ((k.h - 12.0) / 15.0).max(1.0) as usize);
    let top = k.y + k.h / 2.0 - (lines.len() as f64 - 1.0) * 7.5 + 4.0;
    write_lines(out, &lines, k.x + k.b / 2.0, top);
}

fn text(out: &mut String, name: &str, x: f64, y: f64, width: f64, rows: usize) {
    write_lines(out, &wrap(name, width, rows), x, y);
}

fn write_lines(out: &mut String, lines: &[String], x: f64, y: f64) {
    for (i, line) in lines.iter().enumerate() {
        let _ = write!(
            out,
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" stroke=\"none\" fill=\"currentColor\">{}</text>",
            y + i as f64 * 15.0,
            escape(line)
        );
    }
}

/// Words into lines of this width; the last line ends with … when something is left.
pub fn wrap(name: &str, width: f64, rows: usize) -> Vec<String> {
    let most = ((width / ZEICHEN_BREITE) as usize).clamp(4, 200);
    let mut lines: Vec<String> = Vec::new();
    for word in name.split_whitespace() {
        let mut rest: Vec<char> = word.chars().collect();
        let fits = lines.last().is_some_and(|l| l.chars().count() + 1 + rest.len() <= most);
        if fits {
            if let Some(line) = lines.last_mut() {
                line.push(' ');
                line.extend(rest);
            }
            continue;
        }
        while rest.len() > most {
            lines.push(rest.drain(..most - 1).chain(['-']).collect());
        }
        lines.push(rest.into_iter().collect());
    }
    if lines.len() > rows.max(1) {
        lines.truncate(rows.max(1));
        if let Some(last) = lines.last_mut() {
            while last.chars().count() >= most {
                last.pop();
            }
            last.push('…');
        }
    }
    lines
}

fn kante(out: &mut String, k: &Kante, hinweis: Option<&Hinweis>) {
    let mut path = String::new();
    for (i, (x, y)) in k.punkte.iter().enumerate() {
        let _ = write!(path, "{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' });
    }
    let dash = match k.element.typ.as_str() {
        "messageFlow" => " stroke-dasharray=\"8 4\"",
        "association" | "dataInputAssociation" | "dataOutputAssociation" => " stroke-dasharray=\"2 4\"",
        _ => "",
    };
    let (class, line) = stil(hinweis, "bild-kante");
    match hinweis {
        Some(_) => {
            let _ = write!(out, "<path class=\"{class}\" data-element=\"{}\" d=\"{path}\"{line}/>", escape(&k.id));
        }
        None => {
            let _ = write!(out, "<path class=\"{class}\" d=\"{path}\"{dash}/>");
        }
    }
    if let [.., (x0, y0), (x1, y1)] = k.punkte[..]
        && !k.element.typ.ends_with("ssociation")
    {
        // An arrow head of its own: markers need ids, and ids would clash between two pictures on a page.
        let length = (x1 - x0).hypot(y1 - y0).max(0.001);
        let (dx, dy) = ((x1 - x0) / length, (y1 - y0) / length);
        let (bx, by) = (x1 - dx * 10.0, y1 - dy * 10.0);
        let _ = write!(
            out,
            "<path d=\"M{x1:.1} {y1:.1}L{:.1} {:.1}L{:.1} {:.1}Z\" fill=\"currentColor\"/>",
            bx - dy * 4.5,
            by + dx * 4.5,
            bx + dy * 4.5,
            by - dx * 4.5
        );
    }
    if !k.element.name.is_empty() {
        match k.beschriftung {
            Some(l) => text(out, &k.element.name, l.x + l.b / 2.0, l.y + 11.0, l.b.max(70.0), 3),
            None => {
                let (a, b) = (k.punkte[0], k.punkte[1]);
                let (x, y) = ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0);
                text(out, &k.element.name, x, y - 6.0, 90.0, 2);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn names_are_wrapped_between_words_and_cut_at_the_end() {
        assert_eq!(wrap("Sachlich und rechnerisch prüfen", 90.0, 4), ["Sachlich und", "rechnerisch", "prüfen"]);
        assert_eq!(wrap("Donaudampfschifffahrt", 62.0, 5), ["Donaudamp-", "fschifffa-", "hrt"]);
        assert_eq!(wrap("eins zwei drei vier fünf", 62.0, 1), ["eins zwei…"]);
        assert!(wrap("", 10.0, 2).is_empty());
    }
}
