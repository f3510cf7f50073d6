// SPDX-License-Identifier: EUPL-1.2
//! From page roles to documents: where a batch is cut. Pure.

use nachrichten::Tag;
use nachrichten::erkennung::Trennblatt;
use serde::{Deserialize, Serialize};

/// What a page of a batch is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rolle {
    /// Part of a letter.
    Inhalt,
    /// Nothing on it; kept and marked.
    Leer,
    /// Cuts the batch.
    Trennblatt(Trennblatt),
}

/// One document of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Abschnitt {
    /// 0-based page numbers, blank backs included.
    pub seiten: Vec<usize>,
    /// What the sheet in front says.
    pub blatt: Option<Trennblatt>,
}

/// A batch taken apart; every page is in exactly one place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stapel {
    /// Documents in order.
    pub abschnitte: Vec<Abschnitt>,
    /// Separator sheets and their blank backs.
    pub trennblaetter: usize,
    /// Zugang of the whole batch: of the first sheet that names one.
    pub zugang: Option<Tag>,
}

/// Cuts at separators: several sheets in a row are one cut (the last one that says something counts), blank
/// pages between a sheet and the first content page are backs of the sheet, all other blank pages belong to
/// the page before them.
pub fn cut(rollen: &[Rolle]) -> Stapel {
    let mut stapel = Stapel::default();
    let mut open = Abschnitt::default();
    let mut behind_sheet = false;
    for (n, rolle) in rollen.iter().enumerate() {
        match rolle {
            Rolle::Trennblatt(sheet) => {
                if !open.seiten.is_empty() {
                    stapel.abschnitte.push(std::mem::take(&mut open));
                }
                let says_something = *sheet != Trennblatt::default();
                if says_something || open.blatt.is_none() {
                    open.blatt = Some(sheet.clone());
                }
                stapel.zugang = stapel.zugang.or(sheet.zugang);
                stapel.trennblaetter += 1;
                behind_sheet = true;
            }
            Rolle::Leer if behind_sheet => stapel.trennblaetter += 1,
            Rolle::Leer => open.seiten.push(n),
            Rolle::Inhalt => {
                open.seiten.push(n);
                behind_sheet = false;
            }
        }
    }
    if !open.seiten.is_empty() {
        stapel.abschnitte.push(open);
    }
    stapel
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(text: &str) -> Vec<Rolle> {
        text.chars()
            .map(|c| match c {
                'T' => Rolle::Trennblatt(Trennblatt::default()),
                'R' => Rolle::Trennblatt(Trennblatt { amt: Some("20".into()), ..Trennblatt::default() }),
                '_' => Rolle::Leer,
                _ => Rolle::Inhalt,
            })
            .collect()
    }

    fn pages(text: &str) -> Vec<Vec<usize>> {
        cut(&roles(text)).abschnitte.into_iter().map(|a| a.seiten).collect()
    }

    #[test]
    fn sheets_cut_and_vanish() {
        assert_eq!(pages("TxTxxTx"), vec![vec![1], vec![3, 4], vec![6]]);
        assert_eq!(pages("xxTx"), vec![vec![0, 1], vec![3]]);
        assert_eq!(pages("xx"), vec![vec![0, 1]]);
    }

    #[test]
    fn blank_backs_stay_with_the_sheet_before_them() {
        assert_eq!(pages("T_x_T_x_x_"), vec![vec![2, 3], vec![6, 7, 8, 9]]);
    }

    #[test]
    fn several_sheets_in_a_row_are_one_cut_and_content_wins() {
        let stapel = cut(&roles("xRT_Tx"));
        assert_eq!(stapel.abschnitte.len(), 2);
        assert_eq!(stapel.abschnitte[1].blatt.as_ref().and_then(|b| b.amt.as_deref()), Some("20"));
        assert_eq!(stapel.trennblaetter, 4);
    }

    #[test]
    fn a_sheet_without_content_after_it_makes_no_empty_document() {
        assert_eq!(pages("TxT"), vec![vec![1]]);
        assert!(pages("TT").is_empty());
    }

    #[test]
    fn a_batch_of_blank_pages_is_kept() {
        assert_eq!(pages("__"), vec![vec![0, 1]]);
    }

    #[test]
    fn no_page_is_lost_or_counted_twice() {
        // Every combination of six roles of length 7 would be 4^7; this walks all of them.
        let letters = ['x', '_', 'T', 'R'];
        for mut code in 0..4usize.pow(7) {
            let text: String = (0..7)
                .map(|_| {
                    let letter = letters[code % 4];
                    code /= 4;
                    letter
                })
                .collect();
            let stapel = cut(&roles(&text));
            let inside: Vec<usize> = stapel.abschnitte.iter().flat_map(|a| a.seiten.clone()).collect();
            assert!(inside.windows(2).all(|w| w[0] < w[1]), "{text}");
            assert_eq!(inside.len() + stapel.trennblaetter, 7, "{text}");
        }
    }
}
