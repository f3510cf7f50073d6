// SPDX-License-Identifier: EUPL-1.2
//! What a document claims to be: syntax, scenario, profile.

use serde::Serialize;

use crate::tree::{Ns, Tree, ZUGFERD_1};

/// The syntaxes of EN 16931.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Syntax {
    /// UBL 2.1 Invoice.
    #[serde(rename = "ubl-inv")]
    UblInvoice,
    /// UBL 2.1 CreditNote.
    #[serde(rename = "ubl-cn")]
    UblCreditNote,
    /// UN/CEFACT Cross Industry Invoice.
    #[serde(rename = "cii")]
    Cii,
}

impl Syntax {
    /// `ubl-inv`, `ubl-cn` or `cii`.
    pub fn code(self) -> &'static str {
        match self {
            Self::UblInvoice => "ubl-inv",
            Self::UblCreditNote => "ubl-cn",
            Self::Cii => "cii",
        }
    }
}

/// The syntax by the name of the document element.
pub fn syntax(tree: &Tree) -> Option<Syntax> {
    match tree.name(tree.root()) {
        (Ns::Inv, "Invoice") => Some(Syntax::UblInvoice),
        (Ns::Cn, "CreditNote") => Some(Syntax::UblCreditNote),
        (Ns::Rsm, "CrossIndustryInvoice") if tree.root_namespace() != ZUGFERD_1 => Some(Syntax::Cii),
        (Ns::Rsm, "CrossIndustryDocument") if tree.root_namespace() == ZUGFERD_1 => Some(Syntax::Cii),
        _ => None,
    }
}

/// Whether this is a message of ZUGFeRD 1 (2014): read and shown, but unknown to the official check.
pub fn is_zugferd_1(tree: &Tree) -> bool {
    tree.root_namespace() == ZUGFERD_1
}

/// One of the 11 scenarios of the official configuration (release 2026-01-31).
#[derive(Debug, PartialEq, Eq)]
pub struct Scenario {
    /// As the official configuration names it.
    pub name: &'static str,
    /// Syntax it is for.
    pub syntax: Syntax,
    /// The exact specification identifier (BT-24).
    pub specification: &'static str,
    /// Whether the XRechnung rules apply beside those of EN 16931.
    pub xrechnung: bool,
    /// Whether it is the extension XRechnung.
    pub extension: bool,
}

const EN16931: &str = "urn:cen.eu:en16931:2017";
const XRECHNUNG: &str = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0";
const CVD: &str = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0#compliant#urn:xeinkauf.de:kosit:xrechnung:cvd_0.9";
const EXTENSION: &str = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0#conformant#urn:xeinkauf.de:kosit:extension:xrechnung_3.0";

const fn scenario(
    name: &'static str,
    syntax: Syntax,
    specification: &'static str,
    xrechnung: bool,
    extension: bool,
) -> Scenario {
    Scenario { name, syntax, specification, xrechnung, extension }
}

/// All scenarios.
pub static SCENARIOS: [Scenario; 11] = [
    scenario("EN16931 (UBL Invoice)", Syntax::UblInvoice, EN16931, false, false),
    scenario("EN16931 (UBL CreditNote)", Syntax::UblCreditNote, EN16931, false, false),
    scenario("EN16931 (CII)", Syntax::Cii, EN16931, false, false),
    scenario("EN16931 XRechnung (UBL Invoice)", Syntax::UblInvoice, XRECHNUNG, true, false),
    scenario("EN16931 XRechnung (UBL CreditNote)", Syntax::UblCreditNote, XRECHNUNG, true, false),
    scenario("EN16931 XRechnung (CII)", Syntax::Cii, XRECHNUNG, true, false),
    scenario("EN16931 XRechnung CVD (UBL Invoice)", Syntax::UblInvoice, CVD, true, false),
    scenario("EN16931 XRechnung CVD (UBL CreditNote)", Syntax::UblCreditNote, CVD, true, false),
    scenario("EN16931 XRechnung CVD (CII)", Syntax::Cii, CVD, true, false),
    scenario("EN16931 XRechnung Extension (UBL Invoice)", Syntax::UblInvoice, EXTENSION, true, true),
    scenario("EN16931 XRechnung Extension (CII)", Syntax::Cii, EXTENSION, true, true),
];

/// The scenario of a document: the identifier must match exactly, blanks count.
pub fn scenario_of(rechnung: &crate::Rechnung) -> Option<&'static Scenario> {
    let raw = rechnung.tree.text(rechnung.specification.as_ref()?.node);
    SCENARIOS.iter().find(|s| Some(s.syntax) == rechnung.syntax && s.specification == raw)
}

/// Profiles by name, from the specification identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// Header facts only; no invoice in the sense of § 14 UStG.
    Minimum,
    /// Without lines; no invoice in the sense of § 14 UStG.
    BasicWl,
    /// With lines, a part of EN 16931.
    Basic,
    /// ZUGFeRD 1 COMFORT, the forerunner of EN 16931.
    Comfort,
    /// EN 16931 in full.
    En16931,
    /// XRechnung (CIUS, CVD or extension).
    Xrechnung,
    /// Peppol BIS Billing.
    Peppol,
    /// More than EN 16931.
    Extended,
}

impl Profile {
    /// The profile that an identifier (BT-24) names; versions of ZUGFeRD and Factur-X alike.
    pub fn of(specification: &str) -> Option<Self> {
        let id = specification.trim().to_ascii_lowercase();
        let last = id.rsplit(['#', ':']).next().unwrap_or_default();
        Some(match last {
            _ if id.contains("xrechnung") => Self::Xrechnung,
            _ if id.contains("urn:fdc:peppol.eu") => Self::Peppol,
            _ if id == EN16931 => Self::En16931,
            "minimum" => Self::Minimum,
            "basicwl" => Self::BasicWl,
            "basic" => Self::Basic,
            "comfort" => Self::Comfort,
            "extended" => Self::Extended,
            "en16931" => Self::En16931,
            _ => return None,
        })
    }

    /// The usual name, e.g. `BASIC WL`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Minimum => "MINIMUM",
            Self::BasicWl => "BASIC WL",
            Self::Basic => "BASIC",
            Self::Comfort => "COMFORT",
            Self::En16931 => "EN 16931",
            Self::Xrechnung => "XRechnung",
            Self::Peppol => "Peppol BIS",
            Self::Extended => "EXTENDED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_known_by_all_their_names() {
        for (id, profile) in [
            ("urn:factur-x.eu:1p0:minimum", Some(Profile::Minimum)),
            ("urn:zugferd.de:2p0:minimum", Some(Profile::Minimum)),
            ("urn:factur-x.eu:1p0:basicwl", Some(Profile::BasicWl)),
            ("urn:cen.eu:en16931:2017#compliant#urn:zugferd.de:2p0:basic", Some(Profile::Basic)),
            ("urn:ferd:CrossIndustryDocument:invoice:1p0:comfort", Some(Profile::Comfort)),
            (EN16931, Some(Profile::En16931)),
            (CVD, Some(Profile::Xrechnung)),
            ("urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended", Some(Profile::Extended)),
            ("invalid_customizationid", None),
        ] {
            assert_eq!(Profile::of(id), profile, "{id}");
        }
    }
}
