// SPDX-License-Identifier: EUPL-1.2
//! Sender and recipient.
//!
//! DIN 5008: a small sender line ("Stadt X · Rathausplatz 1 · 59999 X") above the address field names the sender, the
//! address field the recipient. Private letters carry two address blocks, the sender's first. Forms and mails name
//! both behind labels. Where nothing of this is printed, an office or company in the head is the sender.

use regex::Regex;

use crate::{
    fund::{Fund, better},
    muster::{
        ABSENDER, AN, BEHOERDE, DIENSTSTELLE, EMPFAENGER, FIRMA, GRUSS, HONORIG, HONORIG_VOR, KEIN_NAME, KEINE_PARTEI,
        LABEL_VOR, NAME, NEBEN, PLZ, PLZ_IN, STRASSE, TRENNER, VERMERK,
    },
    zeilen::{Brief, Zeile, columns},
};

/// Lines of the first page in which address and letterhead stand.
const KOPF: usize = 32;

/// One address in the head: lines `von..=bis`, the last holds postcode and place.
struct Block {
    von: usize,
    bis: usize,
    anrede: bool,
}

/// Finds (sender, recipient).
pub fn find(brief: &Brief, mail_absender: Option<&str>) -> (Option<Fund>, Option<Fund>) {
    // An information block at other heights than the address must not tear the address apart.
    let beside = |z: &&Zeile| z.rechts && (NEBEN.is_match(z.links()) || LABEL_VOR.is_match(z.links()));
    let seite: Vec<&Zeile> = brief.zeilen.iter().take_while(|z| z.seite == 1).filter(|z| !beside(z)).collect();
    let kopf = &seite[..head_end(&seite)];
    let zeile = return_line(kopf);
    let bloecke = blocks(kopf, zeile.as_ref().map(|(n, _)| *n));
    let schluss = signature(&seite);

    let mut sender = by_label(kopf, &ABSENDER, "Absender steht hinter");
    let mut recipient = by_label(kopf, &EMPFAENGER, "Empfänger steht hinter").or_else(|| addressed(kopf));
    if let Some((n, fund)) = zeile {
        sender = sender.or(Some(fund));
        let field = bloecke.iter().find(|b| b.von > n);
        recipient = recipient.or_else(|| field.map(|b| name_of(kopf, b, 0.95)));
    } else if let [first, second, ..] = bloecke.as_slice() {
        let swapped = first.anrede && !second.anrede;
        let (from, to) = if swapped { (second, first) } else { (first, second) };
        sender = sender.or_else(|| Some(sender_block(kopf, from)));
        recipient = recipient.or_else(|| Some(name_of(kopf, to, 0.88)));
    } else if let [only] = bloecke.as_slice() {
        let (from, to) = single_block(kopf, only, schluss.as_ref());
        sender = sender.or(from);
        recipient = recipient.or(to);
    }
    let named = recipient.as_ref().map(|r| r.wert.clone());
    let mut sender = sender.or_else(|| organisation(kopf).filter(|o| Some(&o.wert) != named.as_ref()));
    if let Some(schluss) = schluss {
        match &mut sender {
            Some(s) if s.wert == schluss.wert => {
                s.sicherheit = (s.sicherheit + 0.07).min(0.98);
                s.grund.push_str(" und unter dem Gruß");
            }
            Some(_) => {}
            None => sender = Some(schluss),
        }
    }
    if let Some(mail) = mail_absender.map(str::trim).filter(|m| !m.is_empty())
        && sender.as_ref().is_none_or(|s| s.sicherheit < 0.6)
    {
        let grund = "Absenderadresse der E-Mail".to_owned();
        sender = Some(Fund { wert: mail.to_owned(), sicherheit: 0.6, grund, ort: None, geprueft: true });
    }
    let same = matches!((&sender, &recipient), (Some(s), Some(r)) if s.wert == r.wert);
    (sender, if same { None } else { recipient })
}

/// The head ends at the salutation or greeting; addresses below are footers.
fn head_end(seite: &[&Zeile]) -> usize {
    let end = seite.iter().position(|z| GRUSS.is_match(z.links()) || z.links().starts_with("Sehr geehrte"));
    end.unwrap_or(seite.len()).min(KOPF).min(seite.len())
}

/// Sender line: postcode and at least one separator in one line, the first part is a name.
fn return_line(kopf: &[&Zeile]) -> Option<(usize, Fund)> {
    kopf.iter().enumerate().take(20).find_map(|(n, zeile)| {
        let text = zeile.links();
        let parts: Vec<&str> = TRENNER.split(text).collect();
        let first = parts.first()?.trim_start_matches("Absender:").trim_start_matches("Abs.:").trim();
        let fits = parts.len() >= 3 && PLZ_IN.is_match(text) && !AN.is_match(text) && !HONORIG_VOR.is_match(text);
        if !fits
            || first.len() < 4
            || STRASSE.is_match(first)
            || parts.iter().any(|p| NEBEN.is_match(p))
            || NEBEN.is_match(text)
            || label(text)
        {
            return None;
        }
        let at = zeile.start + text.find(first)?;
        Some((n, Fund::new(first, 0.95, "steht in der Absenderzeile über der Anschrift", at..at + first.len())))
    })
}

/// A form's label and its value. A colon behind another separator is a misread dot of the sender line.
fn label(text: &str) -> bool {
    let colon = LABEL_VOR
        .find(text)
        .is_some_and(|m| !text[..m.start()].contains(['·', '•', '|', '»']) && !text[..m.start()].contains(" - "));
    ABSENDER.is_match(text) || colon || text.starts_with("Anschrift")
}

/// Addresses of the head, top down.
fn blocks(kopf: &[&Zeile], return_line: Option<usize>) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    for (bis, zeile) in kopf.iter().enumerate() {
        if !PLZ.is_match(zeile.links()) {
            continue;
        }
        let floor =
            found.last().map_or(0, |b| b.bis + 1).max(return_line.map_or(0, |n| if n < bis { n + 1 } else { 0 }));
        let (mut von, mut anrede) = (bis, false);
        while von > floor && bis - von < 6 {
            let above = kopf[von - 1].links();
            let has_name = kopf[von..bis].iter().any(|z| !STRASSE.is_match(z.links()));
            let office_of = DIENSTSTELLE.is_match(kopf[von].links()) && BEHOERDE.is_match(above);
            if (kopf[von].absatz && has_name && !office_of) || NEBEN.is_match(above) || VERMERK.is_match(above) {
                break;
            }
            if HONORIG.is_match(above) {
                anrede = true;
                break;
            }
            von -= 1;
            // "Frau X" ends the block unless it stands below her office or firm.
            if HONORIG_VOR.is_match(above) {
                anrede = true;
                let office = von.checked_sub(1).map(|n| kopf[n].links()).filter(|_| !kopf[von].absatz);
                if !office.is_some_and(|o| DIENSTSTELLE.is_match(o) || BEHOERDE.is_match(o) || FIRMA.is_match(o)) {
                    break;
                }
            }
        }
        if bis > von {
            found.push(Block { von, bis, anrede });
        }
    }
    found
}

/// A lone block: with white space or a form of address above, it is the address field and the letterhead is above.
/// At the very top it holds the letterhead in its first line, or is the sender's own address.
fn single_block(kopf: &[&Zeile], block: &Block, schluss: Option<&Fund>) -> (Option<Fund>, Option<Fund>) {
    let signed = schluss.is_some_and(|s| s.wert == kopf[block.von].links());
    if signed && !block.anrede {
        return (Some(sender_block(kopf, block)), None);
    }
    if block.von > 0 {
        return (letterhead(&kopf[..block.von]).or_else(|| organisation(kopf)), Some(name_of(kopf, block, 0.9)));
    }
    let lines = block.bis - block.von + 1;
    if lines < 4 {
        return (None, Some(name_of(kopf, block, 0.7)));
    }
    // "Stadt X / Zentrale Rechnungsstelle / ...": the recogniser lost the letterhead or put it elsewhere.
    if BEHOERDE.is_match(kopf[0].links()) && DIENSTSTELLE.is_match(kopf[1].links()) {
        let firma = kopf[block.bis + 1..].iter().find(|z| FIRMA.is_match(z.links()) && !label(z.links()));
        let from = firma.map(|z| Fund::new(z.links(), 0.75, "steht als Firma im Kopf der Seite", z.ort_links()));
        return (from, Some(name_of(kopf, block, 0.8)));
    }
    let rest = Block { von: block.von + 1, bis: block.bis, anrede: block.anrede };
    (letterhead(&kopf[..1]), Some(name_of(kopf, &rest, 0.85)))
}

/// The name in an address block: its first line that can be one, without form of address. Confidence 0 without any.
fn name_of(kopf: &[&Zeile], block: &Block, sure: f32) -> Fund {
    let can_be = |z: &&&Zeile| {
        let text = z.links();
        text.chars().filter(|c| c.is_alphabetic()).count() >= 4
            && !STRASSE.is_match(text)
            && !HONORIG.is_match(text.trim_end_matches([' ', '.']))
    };
    let Some(zeile) = kopf[block.von..block.bis].iter().find(can_be) else {
        return Fund::new("", 0.0, "kein Name im Anschriftfeld", kopf[block.von].ort_links());
    };
    let text = zeile.links();
    let name = HONORIG_VOR.captures(text).and_then(|c| c.get(1)).map_or(text, |m| m.as_str());
    let at = zeile.start + (text.len() - name.len());
    Fund::new(name, sure, "steht als erste Zeile im Anschriftfeld", at..at + name.len())
}

fn sender_block(kopf: &[&Zeile], block: &Block) -> Fund {
    Fund { grund: "steht als Anschrift ganz oben".to_owned(), ..name_of(kopf, block, 0.9) }
}

/// The first line of the head that can be a name.
fn letterhead(kopf: &[&Zeile]) -> Option<Fund> {
    let mut best = None;
    for zeile in kopf.iter().take(8) {
        for (text, at) in columns(zeile) {
            if NEBEN.is_match(text)
                || VERMERK.is_match(text)
                || KEINE_PARTEI.is_match(text)
                || STRASSE.is_match(text)
                || text.len() < 4
            {
                continue;
            }
            let sure = if let Some(m) = BEHOERDE.find(text) {
                let at = at + m.start();
                best = better(best, Fund::new(m.as_str(), 0.86, "steht im Briefkopf", at..at + m.len()));
                continue;
            } else if FIRMA.is_match(text) {
                0.88
            } else if at == 0 {
                0.8
            } else {
                0.6
            };
            best = better(best, Fund::new(text, sure, "steht im Briefkopf", at..at + text.len()));
        }
    }
    best
}

/// An office named in the first lines ("Amtsblatt der Stadt X"), or a company.
fn organisation(kopf: &[&Zeile]) -> Option<Fund> {
    let found = kopf.iter().take(8).find_map(|z| {
        let m = BEHOERDE.find(z.links())?;
        Some(Fund::new(m.as_str(), 0.8, "steht im Kopf der Seite", z.start + m.start()..z.start + m.end()))
    });
    found.or_else(|| {
        let z = kopf.iter().take(6).find(|z| FIRMA.is_match(z.links()) && !label(z.links()))?;
        Some(Fund::new(z.links(), 0.75, "steht im Kopf der Seite", z.ort_links()))
    })
}

/// Behind a label of a form or a mail head: "Bauherrin / Bauherr Günther Strauß".
fn by_label(kopf: &[&Zeile], pattern: &Regex, grund: &str) -> Option<Fund> {
    kopf.iter().enumerate().find_map(|(n, zeile)| {
        let m = pattern.find(zeile.text.as_str())?;
        let rest = zeile.text[m.end()..].trim_start_matches([':', ' ']);
        let (zeile, rest) =
            if rest.is_empty() { kopf.get(n + 1).map(|z| (z, z.text.as_str()))? } else { (zeile, rest) };
        let name = rest.split(crate::zeilen::SPALTE).next().unwrap_or("");
        let name = name.split(" <").next().unwrap_or("").split(", ").next().unwrap_or("").trim();
        let at = zeile.start + (zeile.text.len() - rest.len());
        let fits = NAME.is_match(name) || FIRMA.is_match(name) || BEHOERDE.is_match(name);
        let printed = m.as_str().trim().trim_end_matches(':').trim();
        fits.then(|| Fund::new(name, 0.93, format!("{grund} „{printed}“"), at..at + name.len()))
    })
}

/// "An die untere Bauaufsichtsbehörde Stadt X, 59999 X": in one line, in two columns or in two lines.
fn addressed(kopf: &[&Zeile]) -> Option<Fund> {
    kopf.iter().enumerate().take(15).find_map(|(n, zeile)| {
        let rest = AN.captures(zeile.links())?.get(1)?;
        let below = kopf.get(n + 1).filter(|z| PLZ_IN.is_match(z.links()));
        for (text, at) in columns(zeile).chain(below.into_iter().flat_map(|z| columns(z))) {
            if let Some(m) = BEHOERDE.find(text) {
                let at = at + m.start();
                return Some(Fund::new(m.as_str(), 0.88, "steht hinter „An“", at..at + m.len()));
            }
        }
        PLZ_IN.is_match(rest.as_str()).then(|| {
            let name = rest.as_str().split(", ").next().unwrap_or("");
            let at = zeile.start + rest.start();
            Fund::new(name, 0.75, "steht hinter „An“", at..at + name.len())
        })
    })
}

/// The printed name below the greeting.
fn signature(seite: &[&Zeile]) -> Option<Fund> {
    let n = seite.iter().position(|z| GRUSS.is_match(z.links()))?;
    seite.iter().skip(n + 1).take(4).find_map(|z| {
        let text = z.links();
        let name = !KEIN_NAME.is_match(text) && (NAME.is_match(text) || FIRMA.is_match(text));
        name.then(|| Fund::new(text, 0.6, "steht unter dem Gruß", z.ort_links()))
    })
}
