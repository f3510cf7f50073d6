// SPDX-License-Identifier: EUPL-1.2
//! Words of a page as rows from top to bottom.
//!
//! A recogniser gives the lines block by block: an address, then the information block beside it, then perhaps the
//! letterhead. A letter is read by rows, so lines at the same height become one row, columns apart. A page with text
//! columns (a gazette) keeps the recogniser's order. Boxes are straightened by the page's turn and skew first.

use nachrichten::erkennung::{SeitenText, Wort};

/// Words of a page looked at; a dense page has about 1,000.
const MAX_WOERTER: usize = 20_000;
/// Lines of a page that are put into rows; more is no letter and keeps its order.
const MAX_ZEILEN: usize = 1_000;
/// A line wider than this share of the printed width is running text.
const BREIT: f32 = 0.3;
/// Pairs of wide lines side by side that make a page of text columns.
const SPALTENSATZ: usize = 8;

/// A word with its upright box.
#[derive(Clone, Copy, Debug)]
pub struct Gerade<'a> {
    pub wort: &'a Wort,
    /// `[x0, y0, x1, y1]`, upright and straight.
    pub gerade: [f32; 4],
}

type Reihe<'a> = Vec<Gerade<'a>>;

/// The rows of a page; each has at least one word, from left to right.
pub fn rows(seite: &SeitenText) -> Vec<Reihe<'_>> {
    let words = &seite.woerter[..seite.woerter.len().min(MAX_WOERTER)];
    let mut lines: Vec<Reihe<'_>> = words
        .chunk_by(|a, b| a.zeile == b.zeile)
        .map(|line| {
            line.iter()
                .filter(|w| !w.text.trim().is_empty())
                .map(|w| Gerade { wort: w, gerade: upright(w.kasten, seite) })
                .collect()
        })
        .filter(|line: &Reihe<'_>| !line.is_empty())
        .collect();
    if lines.len() > MAX_ZEILEN || !runs_right(&lines) || has_text_columns(&lines) {
        return lines;
    }
    lines.sort_by(|a, b| middle(a).total_cmp(&middle(b)));
    let mut rows: Vec<Reihe<'_>> = Vec::new();
    for line in lines {
        match rows.last_mut() {
            Some(row)
                if (middle(row) - middle(&line)).abs() < 0.5 * median_height(row).min(median_height(&line))
                    && !overlaps(row, &line) =>
            {
                row.extend(line);
            }
            _ => rows.push(line),
        }
    }
    rows.iter_mut().for_each(|row| row.sort_by(|a, b| a.gerade[0].total_cmp(&b.gerade[0])));
    rows
}

/// Median height of the words; at least 1.
pub fn median_height(words: &[Gerade<'_>]) -> f32 {
    let mut heights: Vec<f32> = words.iter().map(|w| (w.gerade[3] - w.gerade[1]).clamp(1.0, 500.0)).collect();
    heights.sort_by(f32::total_cmp);
    heights.get(heights.len() / 2).copied().unwrap_or(1.0)
}

/// Width of the upright page.
pub fn width(seite: &SeitenText) -> f32 {
    (if matches!(seite.drehung, 90 | 270) { seite.hoehe } else { seite.breite }) as f32
}

fn upright(k: [i32; 4], seite: &SeitenText) -> [f32; 4] {
    let [x0, y0, x1, y1] = k.map(|v| v as f32);
    let (b, h) = (seite.breite as f32, seite.hoehe as f32);
    let [x0, y0, x1, y1] = match seite.drehung {
        90 => [h - y1, x0, h - y0, x1],
        180 => [b - x1, h - y1, b - x0, h - y0],
        270 => [y0, b - x1, y1, b - x0],
        _ => [x0, y0, x1, y1],
    };
    let lift = if seite.schiefe.abs() < 20.0 { seite.schiefe.to_radians().tan() * (x0 + x1) / 2.0 } else { 0.0 };
    [x0, y0 - lift, x1, y1 - lift]
}

/// Words go from left to right; if not, the page's turn is unknown and its geometry says nothing.
fn runs_right(lines: &[Reihe<'_>]) -> bool {
    let pairs = || lines.iter().flat_map(|l| l.windows(2));
    pairs().filter(|p| p[0].gerade[0] < p[1].gerade[0]).count() * 5 >= pairs().count() * 4
}

fn middle(line: &[Gerade<'_>]) -> f32 {
    line.iter().map(|w| (w.gerade[1] + w.gerade[3]) / 2.0).sum::<f32>() / line.len().max(1) as f32
}

fn span(line: &[Gerade<'_>]) -> (f32, f32) {
    line.iter().fold((f32::MAX, f32::MIN), |(a, b), w| (a.min(w.gerade[0]), b.max(w.gerade[2])))
}

/// Both lines claim the same width: they are not columns of one row.
fn overlaps(a: &[Gerade<'_>], b: &[Gerade<'_>]) -> bool {
    let ((a0, a1), (b0, b1)) = (span(a), span(b));
    a1.min(b1) - a0.max(b0) > 0.2 * (a1 - a0).min(b1 - b0)
}

fn has_text_columns(lines: &[Reihe<'_>]) -> bool {
    let (left, right) = lines.iter().map(|l| span(l)).fold((f32::MAX, f32::MIN), |(a, b), (c, d)| (a.min(c), b.max(d)));
    let mut wide: Vec<&Reihe<'_>> = lines
        .iter()
        .filter(|l| {
            let (a, b) = span(l);
            b - a > BREIT * (right - left)
        })
        .collect();
    wide.sort_by(|a, b| middle(a).total_cmp(&middle(b)));
    let beside =
        |p: &&[&Reihe<'_>]| (middle(p[0]) - middle(p[1])).abs() < median_height(p[0]) * 0.7 && !overlaps(p[0], p[1]);
    wide.windows(2).filter(beside).count() >= SPALTENSATZ
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wort(text: &str, x: i32, y: i32, zeile: u32) -> Wort {
        Wort { text: text.into(), kasten: [x, y, x + 100, y + 30], sicherheit: 0.9, zeile }
    }

    fn texts(seite: &SeitenText) -> Vec<String> {
        rows(seite).iter().map(|r| r.iter().map(|w| w.wort.text.as_str()).collect::<Vec<_>>().join(" ")).collect()
    }

    /// The recogniser gives the left block, then the right block, then the letterhead.
    fn page() -> SeitenText {
        let woerter = vec![
            wort("Herrn", 200, 300, 0),
            wort("Ida", 200, 350, 1),
            wort("Wolf", 320, 352, 1),
            wort("Datum:", 1200, 298, 2),
            wort("Zeichen:", 1200, 349, 3),
            wort("Stadt", 200, 100, 4),
            wort("Musterstadt", 320, 100, 4),
        ];
        SeitenText { breite: 1654, hoehe: 2339, woerter, ..SeitenText::default() }
    }

    #[test]
    fn blocks_become_rows() {
        assert_eq!(texts(&page()), ["Stadt Musterstadt", "Herrn Datum:", "Ida Wolf Zeichen:"]);
    }

    #[test]
    fn a_turned_page_gives_the_same_rows() {
        for (drehung, turn) in [
            (180, (|k, b, h| [b - k[2], h - k[3], b - k[0], h - k[1]]) as fn([i32; 4], i32, i32) -> [i32; 4]),
            (90, |k, _, h| [k[1], h - k[2], k[3], h - k[0]]),
            (270, |k, b, _| [b - k[3], k[0], b - k[1], k[2]]),
        ] {
            let mut seite = page();
            let (w, h) = (seite.breite as i32, seite.hoehe as i32);
            // The stored image lies on its side; upright it is `w` by `h`.
            let (b, hh) = if drehung == 180 { (w, h) } else { (h, w) };
            (seite.breite, seite.hoehe, seite.drehung) = (b as u32, hh as u32, drehung);
            seite.woerter.iter_mut().for_each(|wort| wort.kasten = turn(wort.kasten, b, hh));
            assert_eq!(
                texts(&seite),
                ["Stadt Musterstadt", "Herrn Datum:", "Ida Wolf Zeichen:"],
                "turned by {drehung}"
            );
        }
    }

    #[test]
    fn skew_does_not_tear_rows_apart() {
        let mut seite = page();
        seite.schiefe = 3.0;
        let slope = 3.0f32.to_radians().tan();
        for wort in &mut seite.woerter {
            let shift = (slope * (wort.kasten[0] + wort.kasten[2]) as f32 / 2.0) as i32;
            wort.kasten[1] += shift;
            wort.kasten[3] += shift;
        }
        assert_eq!(texts(&seite), ["Stadt Musterstadt", "Herrn Datum:", "Ida Wolf Zeichen:"]);
    }

    #[test]
    fn text_columns_keep_their_order() {
        let line = |x: i32, n: i32, zeile: u32| (0..6).map(move |i| wort("wort", x + i * 110, 200 + n * 50, zeile));
        let left = (0..10).flat_map(|n| line(100, n, n as u32));
        let right = (0..10).flat_map(|n| line(860, n, 10 + n as u32));
        let seite =
            SeitenText { breite: 1654, hoehe: 2339, woerter: left.chain(right).collect(), ..SeitenText::default() };
        assert_eq!(rows(&seite).len(), 20);
        assert!(rows(&seite)[9][0].gerade[0] < 200.0 && rows(&seite)[10][0].gerade[0] > 800.0);
    }

    #[test]
    fn wild_boxes_do_no_harm() {
        let wild = [i32::MIN, i32::MAX, i32::MAX, i32::MIN];
        let woerter =
            (0..50).map(|n| Wort { text: "x".into(), kasten: wild, sicherheit: f32::NAN, zeile: n / 3 }).collect();
        let seite = SeitenText { schiefe: f32::INFINITY, woerter, ..SeitenText::default() };
        assert!(!rows(&seite).is_empty());
    }
}
