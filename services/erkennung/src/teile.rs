// SPDX-License-Identifier: EUPL-1.2
//! Small pieces of the answer: parts, pages, ranges.

use nachrichten::BlobHash;
use nachrichten::erkennung::{Bereich, Seite, Teil, TeilArt};

use crate::grenzen;
use crate::kind::BildSeite;
use crate::stapel::Rolle;

/// A part with nothing in it yet.
pub(crate) fn part(art: TeilArt, name: &str, blob: BlobHash, media_type: &str) -> Teil {
    Teil {
        index: 0,
        art,
        name: name.to_owned(),
        blob,
        media_type: media_type.to_owned(),
        seiten: Vec::new(),
        bereiche: Vec::new(),
        text: None,
        rechnung_xml: None,
        blatt: None,
        befunde: Vec::new(),
    }
}

pub(crate) fn seite(n: usize, image: &BildSeite, bild: Option<BlobHash>) -> Seite {
    Seite {
        n: n as u32 + 1,
        breite: image.breite,
        hoehe: image.hoehe,
        dpi: image.dpi,
        leer: image.rolle == Rolle::Leer,
        bild,
    }
}

/// `Stapel.pdf` becomes `Stapel (2).pdf`.
pub(crate) fn part_name(name: &str, n: usize) -> String {
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => format!("{stem} ({n}).pdf"),
        _ => format!("{name} ({n})"),
    }
}

/// Ranges with at most [`grenzen::BEREICH`] pages to read each; pages that need nothing never open one.
pub(crate) fn ranges(needed: &[bool]) -> Vec<Bereich> {
    let mut out: Vec<Bereich> = Vec::new();
    let mut inside = 0;
    for (n, _) in needed.iter().enumerate().filter(|(_, needed)| **needed) {
        let n = n as u32;
        match out.last_mut() {
            Some(last) if inside < grenzen::BEREICH => {
                last.bis = n + 1;
                inside += 1;
            }
            _ => {
                out.push(Bereich { von: n, bis: n + 1 });
                inside = 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_every_needed_page_once_and_hold_at_most_four() {
        assert_eq!(ranges(&[true, false, true]), vec![Bereich { von: 0, bis: 3 }]);
        assert_eq!(ranges(&[false, false]), vec![]);
        let needed = [true; 11];
        assert_eq!(
            ranges(&needed),
            vec![Bereich { von: 0, bis: 4 }, Bereich { von: 4, bis: 8 }, Bereich { von: 8, bis: 11 }]
        );
    }

    #[test]
    fn parts_are_named_after_their_batch() {
        assert_eq!(part_name("Stapel 7.tif", 2), "Stapel 7 (2).pdf");
        assert_eq!(part_name("Stapel", 1), "Stapel (1)");
    }
}
