// SPDX-License-Identifier: EUPL-1.2
//! The decision tables of the Beschlusswesen: what must never come out of the vote (example rows: `tests/tabellen.rs`).

use std::sync::Arc;

use engine::{Decisions, TableSet, Tables};
use proptest::prelude::*;

use crate::lauf::*;

fn text(file: &str) -> String {
    let path = format!("{}/../tabellen/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

pub fn table(name: &str) -> Tables {
    Tables::parse(&text(&format!("{name}.dmn"))).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The tables the Vorlage and the Umlauf ask, as shipped.
pub fn beschlusswesen() -> Arc<dyn Decisions> {
    let names = ["umlauf_ergebnis", "vorlage_fristen", "abstimmung", "beratung_weiter"];
    Arc::new(TableSet(names.map(|n| Arc::new(table(n)) as Arc<dyn Decisions>).into()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// Over all numbers a clerk can type: adopted means a clear majority of a quorate body without a biased ballot.
    #[test]
    fn nothing_is_adopted_by_tie_without_quorum_or_with_a_biased_ballot(
        mitglieder in -1i64..61, anwesend in -1i64..62, befangen in -1i64..40, ja in -1i64..62, nein in -1i64..40,
        enthaltungen in -1i64..10, biased in 0i64..3, zweite in any::<bool>(), near in any::<bool>(),
    ) {
        // Half of the cases lie where decisions change: around the tie.
        let nein = if near { ja } else { nein };
        let input = json!({ "mitglieder": mitglieder, "anwesend": anwesend, "befangen": befangen, "ja": ja, "nein": nein,
            "enthaltungen": enthaltungen, "stimmen_befangener": biased, "zweite_sitzung": zweite });
        thread_local!(static TABLE: Tables = table("abstimmung"));
        let got = TABLE.with(|t| t.evaluate("abstimmung", &object(input.clone()), NOW.parse().unwrap())).unwrap();
        let entitled = anwesend - befangen;
        let quorate = if zweite { entitled >= 3 } else if 2 * befangen > mitglieder { 4 * entitled >= mitglieder } else { 2 * entitled >= mitglieder };
        let numbers = [anwesend, befangen, ja, nein, enthaltungen].iter().all(|n| *n >= 0) && mitglieder > 0 && anwesend <= mitglieder && befangen <= anwesend;
        let valid = numbers && biased == 0 && ja + nein + enthaltungen <= entitled;
        let want = match (valid, quorate, ja > nein) {
            (false, ..) => "ungueltig",
            (true, false, _) => "nicht_beschlussfaehig",
            (true, true, true) => "angenommen",
            (true, true, false) => "abgelehnt",
        };
        prop_assert_eq!(&got["ergebnis"], want, "{}", input);
    }
}
