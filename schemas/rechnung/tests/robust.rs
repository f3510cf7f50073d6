// SPDX-License-Identifier: EUPL-1.2
//! Damaged invoices never panic, and what is shown of them is never markup of their own.
use proptest::prelude::*;
use rechnung::{Limits, findings, html, read, text, vergleich};

const RLO: char = '\u{202E}';
const BASES: [&[u8]; 3] = [
    include_bytes!("beispiele/ubl-gut.xml"),
    include_bytes!("beispiele/cn-gut.xml"),
    include_bytes!("beispiele/cii-gut.xml"),
];
const PIECES: [&[u8]; 12] = [
    b"",
    b"<",
    b"&lt;script&gt;",
    b"-",
    b"99999999999999",
    b"1e9",
    b"\0",
    b"\xE2\x80\xAE",
    b"<cbc:ID>x</cbc:ID>",
    b"#SKONTO#",
    b"2026-02-30",
    b"</ram:ID>",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn damaged_invoices_are_read_or_refused(base in 0usize..3, cuts in prop::collection::vec((0.0f64..1.0, 0usize..40, 0usize..12), 1..6)) {
        let mut bytes = BASES[base].to_vec();
        for (at, length, piece) in cuts {
            let from = ((bytes.len() as f64) * at) as usize;
            let to = (from + length).min(bytes.len());
            bytes.splice(from..to, PIECES[piece].iter().copied());
        }
        if let Ok(rechnung) = read(&bytes, &Limits::default()) {
            let page = html::document(&rechnung, &findings(&rechnung), None);
            prop_assert!(!page.contains("<script") && !page.contains(RLO));
            prop_assert!(!text::text(&rechnung).contains(RLO));
            vergleich::differences(&rechnung, "Rechnung 2026-0815");
            vergleich::duplicate_key(&rechnung);
        }
    }
}
