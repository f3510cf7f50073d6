// SPDX-License-Identifier: EUPL-1.2
//! Our own simple shapes for events, gateways and kinds of tasks.

use std::fmt::Write as _;

use super::lesen::Form;

/// Circle of an event with the sign of its definition.
pub fn ereignis(out: &mut String, f: &Form) {
    let k = f.kasten;
    let (cx, cy, r) = (k.x + k.b / 2.0, k.y + k.h / 2.0, k.b.min(k.h) / 2.0);
    let typ = f.element.typ.as_str();
    let dash = if f.element.gestrichelt { " stroke-dasharray=\"4 3\"" } else { "" };
    let edge = if typ == "endEvent" { " stroke-width=\"4\"" } else { "" };
    let _ = write!(out, "<circle class=\"bild-grund\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"{r:.1}\"{edge}{dash}/>");
    if !matches!(typ, "startEvent" | "endEvent") {
        let _ = write!(out, "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"{:.1}\"{dash}/>", (r - 3.5).max(1.0));
    }
    let filled = if matches!(typ, "endEvent" | "intermediateThrowEvent") { " fill=\"currentColor\"" } else { "" };
    let path = match f.element.ereignis.as_str() {
        "timer" => {
            let _ = write!(out, "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"{:.1}\" stroke-width=\"1\"/>", r * 0.55);
            format!("M{cx:.1} {:.1}V{cy:.1}H{:.1}", cy - r * 0.4, cx + r * 0.3)
        }
        "message" => {
            let (w, h) = (r * 0.95, r * 0.66);
            let (x, y) = (cx - w / 2.0, cy - h / 2.0);
            format!(
                "M{x:.1} {y:.1}h{w:.1}v{h:.1}h{:.1}zl{:.1} {:.1}l{:.1} {:.1}",
                -w,
                w / 2.0,
                h * 0.6,
                w / 2.0,
                -h * 0.6
            )
        }
        "error" => format!("M{:.1} {:.1}l5 -10l4 6l5 -9l-4 13l-5 -7z", cx - r * 0.4, cy + r * 0.4),
        "signal" => format!("M{cx:.1} {:.1}l{:.1} {:.1}h{:.1}z", cy - r * 0.5, r * 0.5, r * 0.85, -r),
        "escalation" => format!(
            "M{cx:.1} {:.1}l{:.1} {:.1}l{:.1} {:.1}l{:.1} {:.1}z",
            cy - r * 0.55,
            r * 0.4,
            r,
            -r * 0.4,
            -r * 0.4,
            -r * 0.4,
            r * 0.4
        ),
        "compensate" => {
            let h = r * 0.35;
            format!(
                "M{:.1} {cy:.1}l{h:.1} {:.1}v{:.1}zm{h:.1} 0l{h:.1} {:.1}v{:.1}z",
                cx - r * 0.5,
                -h,
                2.0 * h,
                -h,
                2.0 * h
            )
        }
        "conditional" => format!("M{:.1} {:.1}h10m-10 4h10m-10 4h10", cx - 5.0, cy - 4.0),
        "cancel" => format!("M{:.1} {:.1}l10 10m0 -10l-10 10", cx - 5.0, cy - 5.0),
        "link" => format!("M{:.1} {:.1}h8v-4l6 7l-6 7v-4h-8z", cx - 7.0, cy - 3.0),
        "terminate" => {
            let _ = write!(out, "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"{:.1}\" fill=\"currentColor\"/>", r * 0.55);
            return;
        }
        _ => return,
    };
    let _ = write!(out, "<path d=\"{path}\" stroke-width=\"1.2\"{filled}/>");
}

/// Diamond with its sign.
pub fn gateway(out: &mut String, f: &Form) {
    let k = f.kasten;
    let (cx, cy) = (k.x + k.b / 2.0, k.y + k.h / 2.0);
    let (w, h) = (k.b / 2.0, k.h / 2.0);
    let _ = write!(
        out,
        "<path class=\"bild-grund\" d=\"M{cx:.1} {:.1}l{w:.1} {h:.1}l{:.1} {h:.1}l{:.1} {:.1}z\"/>",
        k.y, -w, -w, -h
    );
    let s = w.min(h) * 0.36;
    let sign = match f.element.typ.as_str() {
        "exclusiveGateway" => format!(
            "M{:.1} {:.1}l{:.1} {:.1}m0 {:.1}l{:.1} {:.1}",
            cx - s,
            cy - s,
            2.0 * s,
            2.0 * s,
            -2.0 * s,
            -2.0 * s,
            2.0 * s
        ),
        "parallelGateway" => {
            format!("M{cx:.1} {:.1}v{:.1}M{:.1} {cy:.1}h{:.1}", cy - s * 1.3, s * 2.6, cx - s * 1.3, s * 2.6)
        }
        "complexGateway" => format!(
            "M{cx:.1} {:.1}v{:.1}M{:.1} {cy:.1}h{:.1}M{:.1} {:.1}l{:.1} {:.1}m0 {:.1}l{:.1} {:.1}",
            cy - s * 1.3,
            s * 2.6,
            cx - s * 1.3,
            s * 2.6,
            cx - s,
            cy - s,
            2.0 * s,
            2.0 * s,
            -2.0 * s,
            -2.0 * s,
            2.0 * s
        ),
        "inclusiveGateway" => {
            let _ = write!(out, "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"{:.1}\" stroke-width=\"2.5\"/>", s * 1.2);
            return;
        }
        "eventBasedGateway" => {
            let _ = write!(
                out,
                "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"{:.1}\"/><circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"{:.1}\"/>",
                s * 1.4,
                s
            );
            return;
        }
        _ => return,
    };
    let _ = write!(out, "<path d=\"{sign}\" stroke-width=\"2.5\"/>");
}

/// Rounded box with the sign of its kind and the marks at its foot.
pub fn schritt(out: &mut String, f: &Form) {
    let k = f.kasten;
    let typ = f.element.typ.as_str();
    let edge = if typ == "callActivity" { " stroke-width=\"4\"" } else { "" };
    let dash = if f.element.durch_ereignis { " stroke-dasharray=\"3 4\"" } else { "" };
    let _ = write!(
        out,
        "<rect class=\"bild-grund\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"8\"{edge}{dash}/>",
        k.x, k.y, k.b, k.h
    );
    if typ == "transaction" {
        let _ = write!(
            out,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"6\"/>",
            k.x + 3.0,
            k.y + 3.0,
            (k.b - 6.0).max(1.0),
            (k.h - 6.0).max(1.0)
        );
    }
    let (x, y) = (k.x + 8.0, k.y + 8.0);
    let sign = match typ {
        "userTask" => {
            format!("M{:.1} {:.1}a4 4 0 1 1 0.1 0zM{x:.1} {:.1}c0 -7 12 -7 12 0z", x + 6.0, y + 7.0, y + 15.0)
        }
        "serviceTask" => format!(
            "M{:.1} {:.1}a3.5 3.5 0 1 1 0.1 0zM{:.1} {y:.1}v3m0 8v3m-7 -7h3m8 0h3m-12 -5l2 2m6 6l2 2m0 -10l-2 2m-6 6l-2 2",
            x + 7.0,
            y + 10.5,
            x + 7.0
        ),
        "scriptTask" => format!("M{x:.1} {y:.1}h12v14h-12zm3 4h6m-6 3h6m-6 3h6"),
        "businessRuleTask" => format!("M{x:.1} {y:.1}h15v12h-15zm0 4h15m-15 4h15m-10 -4v8"),
        "sendTask" => format!("M{x:.1} {y:.1}h15v10h-15zl7.5 6l7.5 -6"),
        "receiveTask" => format!("M{x:.1} {y:.1}h15v10h-15zl7.5 6l7.5 -6"),
        "manualTask" => format!("M{x:.1} {:.1}v-6q3 -4 6 -2h6m-3 3h4m-4 3h3m-3 3h2q0 3 -4 3z", y + 10.0),
        _ => String::new(),
    };
    if !sign.is_empty() {
        let fill = if typ == "sendTask" { " fill=\"currentColor\" fill-opacity=\"0.25\"" } else { "" };
        let _ = write!(out, "<path d=\"{sign}\" stroke-width=\"1.2\"{fill}/>");
    }
    foot(out, f);
}

/// Marks at the foot: closed sub-process, several times, loop.
fn foot(out: &mut String, f: &Form) {
    let k = f.kasten;
    let (mid, y) = (k.x + k.b / 2.0, k.y + k.h - 16.0);
    let mut marks: Vec<String> = Vec::new();
    let typ = f.element.typ.to_ascii_lowercase();
    let closed = typ.ends_with("subprocess") && !f.offen;
    let first = if closed && !f.element.wiederholung.is_empty() { mid - 18.0 } else { mid - 7.0 };
    match f.element.wiederholung {
        "parallel" => marks.push(format!("M{first:.1} {y:.1}v12m5 -12v12m5 -12v12")),
        "sequential" => marks.push(format!("M{first:.1} {y:.1}h12m-12 5h12m-12 5h12")),
        "loop" => marks.push(format!("M{:.1} {:.1}a6 6 0 1 1 4 0m-4 0l-4 0m4 0l0 -4", first + 5.0, y + 11.0)),
        _ => {}
    }
    if closed {
        let x = if f.element.wiederholung.is_empty() { mid - 7.0 } else { mid + 4.0 };
        marks.push(format!("M{x:.1} {:.1}h14v14h-14zm7 3v8m-4 -4h8", y - 1.0));
    }
    for m in marks {
        let _ = write!(out, "<path d=\"{m}\" stroke-width=\"1.5\"/>");
    }
}

/// Data, stores, notes.
pub fn sonstiges(out: &mut String, f: &Form) {
    let k = f.kasten;
    let (x, y, b, h) = (k.x, k.y, k.b, k.h);
    let path = match f.element.typ.as_str() {
        "textAnnotation" => format!("M{:.1} {y:.1}H{x:.1}v{h:.1}h10", x + 10.0),
        "dataStoreReference" => {
            let c = h * 0.12;
            format!(
                "M{x:.1} {:.1}c0 {:.1} {b:.1} {:.1} {b:.1} 0v{:.1}c0 {:.1} {:.1} {:.1} {:.1} 0zc0 {:.1} {b:.1} {:.1} {b:.1} 0",
                y + c,
                -c * 1.5,
                -c * 1.5,
                h - 2.0 * c,
                c * 1.5,
                -b,
                c * 1.5,
                -b,
                c * 1.5,
                c * 1.5
            )
        }
        t if t.starts_with("data") => {
            let fold = b.min(h) * 0.3;
            format!(
                "M{x:.1} {y:.1}h{:.1}l{fold:.1} {fold:.1}v{:.1}h{:.1}zm{:.1} 0v{fold:.1}h{fold:.1}",
                b - fold,
                h - fold,
                -b,
                b - fold
            )
        }
        _ => format!("M{x:.1} {y:.1}h{b:.1}v{h:.1}h{:.1}z", -b),
    };
    let _ = write!(out, "<path d=\"{path}\"/>");
}
