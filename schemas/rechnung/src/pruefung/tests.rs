// SPDX-License-Identifier: EUPL-1.2
#![allow(clippy::unwrap_used)]
use super::*;
use crate::{Limits, read};

const UBL: &str = include_str!("../../tests/beispiele/ubl-gut.xml");
const CN: &str = include_str!("../../tests/beispiele/cn-gut.xml");
const CII: &str = include_str!("../../tests/beispiele/cii-gut.xml");

fn rules(xml: &str) -> Vec<String> {
    let rechnung = read(xml.as_bytes(), &Limits::default()).unwrap();
    check(&rechnung).into_iter().map(|f| f.rule).collect()
}

fn advice(xml: &str) -> Vec<String> {
    let rechnung = read(xml.as_bytes(), &Limits::default()).unwrap();
    hints(&rechnung).into_iter().map(|f| f.rule).collect()
}

/// The base invoice with one piece replaced; the piece must be there.
fn with(xml: &str, from: &str, to: &str) -> String {
    assert!(xml.contains(from), "{from} is not in the base invoice");
    xml.replacen(from, to, 1)
}

/// The base invoice without the elements between two marks.
fn without(xml: &str, from: &str, to: &str) -> String {
    let start = xml.find(from).unwrap();
    let end = start + xml[start..].find(to).unwrap() + to.len();
    format!("{}{}", &xml[..start], &xml[end..])
}

#[test]
fn base_invoices_pass() {
    for xml in [UBL, CN, CII] {
        assert_eq!((rules(xml), advice(xml)), (vec![], vec![]));
    }
}

/// Each variant breaks exactly the named rules; the base invoice is the passing file of every rule.
#[test]
fn each_rule_has_a_failing_variant() {
    let seller = "<cac:AccountingSupplierParty>";
    let s = UBL.find(seller).unwrap();
    let after_seller = |from: &str, to: &str| format!("{}{}", &UBL[..s], with(&UBL[s..], from, to));
    let cases: Vec<(&str, String, &[&str])> = vec![
        ("BR-01", without(CII, "<ram:GuidelineSpec", "</ram:GuidelineSpecifiedDocumentContextParameter>"), &["BR-01"]),
        ("BR-02", with(UBL, "<cbc:ID>2026-0815</cbc:ID>", "<cbc:ID> </cbc:ID>"), &["BR-02"]),
        ("BR-03", without(UBL, "<cbc:IssueDate>", "</cbc:IssueDate>"), &["BR-03"]),
        ("BR-04", without(UBL, "<cbc:InvoiceTypeCode>", "</cbc:InvoiceTypeCode>"), &["BR-04", "BR-DE-17"]),
        ("BR-05", without(UBL, "<cbc:DocumentCurrencyCode>", "</cbc:DocumentCurrencyCode>"), &["BR-05"]),
        ("BR-06", without(UBL, "<cbc:RegistrationName>Musterbau", "</cbc:RegistrationName>"), &["BR-06"]),
        ("BR-06", with(CII, "<ram:Name>Lindenpflege Beispiel e. K.</ram:Name>", ""), &["BR-06"]),
        ("BR-07", without(UBL, "<cbc:RegistrationName>Stadt", "</cbc:RegistrationName>"), &["BR-07"]),
        ("BR-08", without(UBL, "<cac:PostalAddress>", "</cac:PostalAddress>"), &["BR-08"]),
        ("BR-09", after_seller("<cbc:IdentificationCode>DE</cbc:IdentificationCode>", ""), &["BR-09"]),
        (
            "BR-10",
            without(CII, "<ram:PostalTradeAddress>\n          <ram:PostcodeCode>76998", "</ram:PostalTradeAddress>"),
            &["BR-10", "BR-11"],
        ),
        (
            "BR-11",
            with(
                CII,
                "<ram:CountryID>DE</ram:CountryID>\n        </ram:PostalTradeAddress>\n        <ram:URIUniversalCommunication>\n          <ram:URIID schemeID=\"EM\">rechnung@stadt",
                "</ram:PostalTradeAddress>\n        <ram:URIUniversalCommunication>\n          <ram:URIID schemeID=\"EM\">rechnung@stadt",
            ),
            &["BR-11"],
        ),
        (
            "BR-12",
            with(UBL, "<cbc:LineExtensionAmount currencyID=\"EUR\">1000.00</cbc:LineExtensionAmount>", ""),
            &["BR-12", "BR-CO-10", "BR-CO-13"],
        ),
        (
            "BR-13",
            without(UBL, "<cbc:TaxExclusiveAmount", "</cbc:TaxExclusiveAmount>"),
            &["BR-13", "BR-CO-13", "BR-CO-15"],
        ),
        (
            "BR-14",
            without(UBL, "<cbc:TaxInclusiveAmount", "</cbc:TaxInclusiveAmount>"),
            &["BR-14", "BR-CO-15", "BR-CO-16"],
        ),
        ("BR-15", without(UBL, "<cbc:PayableAmount", "</cbc:PayableAmount>"), &["BR-15", "BR-CO-16"]),
        (
            "BR-16",
            without(CII, "<ram:IncludedSupplyChainTradeLineItem>", "</ram:IncludedSupplyChainTradeLineItem>"),
            &["BR-16", "BR-CO-10"],
        ),
        (
            "BR-CO-03",
            with(
                CII,
                "<ram:RateApplicablePercent>19</ram:RateApplicablePercent>\n      </ram:ApplicableTradeTax>",
                "<ram:TaxPointDate><udt:DateString format=\"102\">20261113</udt:DateString></ram:TaxPointDate><ram:DueDateTypeCode>5</ram:DueDateTypeCode><ram:RateApplicablePercent>19</ram:RateApplicablePercent>\n      </ram:ApplicableTradeTax>",
            ),
            &["BR-CO-03"],
        ),
        ("BR-CO-04", without(UBL, "<cac:ClassifiedTaxCategory>", "</cac:ClassifiedTaxCategory>"), &["BR-CO-04"]),
        ("BR-CO-10", with(UBL, ">600.00<", ">600.01<"), &["BR-CO-10"]),
        (
            "BR-CO-11",
            with(
                UBL,
                "<cbc:AllowanceTotalAmount currencyID=\"EUR\">50.00",
                "<cbc:AllowanceTotalAmount currencyID=\"EUR\">50.01",
            ),
            &["BR-CO-11", "BR-CO-13"],
        ),
        ("BR-CO-12", without(UBL, "<cbc:ChargeTotalAmount", "</cbc:ChargeTotalAmount>"), &["BR-CO-12", "BR-CO-13"]),
        (
            "BR-CO-13",
            with(
                UBL,
                "<cbc:TaxExclusiveAmount currencyID=\"EUR\">1000.00",
                "<cbc:TaxExclusiveAmount currencyID=\"EUR\">999.99",
            ),
            &["BR-CO-13", "BR-CO-15"],
        ),
        (
            "BR-CO-14",
            with(UBL, "<cbc:TaxAmount currencyID=\"EUR\">190.00", "<cbc:TaxAmount currencyID=\"EUR\">190.01"),
            &["BR-CO-14", "BR-CO-15"],
        ),
        (
            "BR-CO-15",
            with(
                CN,
                "<cbc:TaxInclusiveAmount currencyID=\"EUR\">1190.00",
                "<cbc:TaxInclusiveAmount currencyID=\"EUR\">1190.10",
            ),
            &["BR-CO-15", "BR-CO-16"],
        ),
        ("BR-CO-16", with(CII, "<ram:DuePayableAmount>718.76", "<ram:DuePayableAmount>718.75"), &["BR-CO-16"]),
        ("BR-CO-17", with(CII, "<ram:BasisAmount>604.00", "<ram:BasisAmount>504.00"), &["BR-CO-17"]),
        ("BR-CO-18", without(UBL, "<cac:TaxSubtotal>", "</cac:TaxSubtotal>"), &["BR-CO-18"]),
        (
            "BR-CO-25",
            without(CII, "<ram:SpecifiedTradePaymentTerms>", "</ram:SpecifiedTradePaymentTerms>"),
            &["BR-CO-25"],
        ),
        ("BR-CO-26", without(CII, "<ram:SpecifiedTaxRegistration>", "</ram:SpecifiedTaxRegistration>"), &["BR-CO-26"]),
        ("BR-DE-15", without(UBL, "<cbc:BuyerReference>", "</cbc:BuyerReference>"), &["BR-DE-15"]),
        ("BR-DE-17", with(UBL, ">380<", ">393<"), &["BR-DE-17"]),
        (
            "BR-DE-19",
            with(UBL, "<cbc:Name>Musterbau GmbH</cbc:Name>", "").replace("9995001000", "9995001001"),
            &["BR-DE-19"],
        ),
    ];
    for (name, xml, expected) in &cases {
        assert_eq!(rules(xml), *expected, "{name}");
    }
    for rule in ALL {
        assert!(cases.iter().any(|(_, _, fired)| fired.contains(&rule.id)), "{} has no failing variant", rule.id);
    }
}

#[test]
fn texts_tell_the_values_and_the_place() {
    let xml = with(UBL, ">600.00<", ">601.50<");
    let finding = check(&read(xml.as_bytes(), &Limits::default()).unwrap()).remove(0);
    assert_eq!(
        finding.text,
        "Die Summe der Positionen ist mit 1.000,00 angegeben, berechnet sind 1.001,50 (Unterschied −1,50)."
    );
    assert_eq!(finding.location, "/inv:Invoice[1]/cac:LegalMonetaryTotal[1]");
    assert_eq!((finding.flag, finding.level), (Flag::Fatal, Level::Error));
    let extension = with(
        &with(UBL, "1100.00", "1100.01"),
        "xrechnung_3.0",
        "xrechnung_3.0#conformant#urn:xeinkauf.de:kosit:extension:xrechnung_3.0",
    );
    let finding = check(&read(extension.as_bytes(), &Limits::default()).unwrap()).remove(0);
    assert_eq!((finding.rule.as_str(), finding.flag, finding.level), ("BR-CO-16", Flag::Fatal, Level::Information));
}

#[test]
fn advice_beyond_the_norm() {
    for (from, to, expected) in [
        ("9995001000", "9995001001", "EA-IBAN"),
        ("08999000-", "08999001-", "EA-LEITWEG"),
        ("TAGE=14", "TAGE=vierzehn", "EA-SKONTO"),
        ("Musterbau GmbH</cbc:RegistrationName>", "Muster\u{202E}bau GmbH</cbc:RegistrationName>", "EA-ZEICHEN"),
        ("JVBERi0xLjcKJSVFT0YK", "TVqQAAMAAAAEAAAA", "EA-ANHANG"),
        ("\"aufmass.pdf\"", "\"../aufmass.pdf\"", "EA-ANHANG"),
        ("xrechnung_3.0<", "x:minimum<", "EA-PROFIL"),
        ("<cbc:IssueDate>2026-11-16", "<cbc:IssueDate>2026-11-31", "EA-LESEN"),
        ("currencyID=\"EUR\">1190.00", "currencyID=\"EUR\">-1190.00", "EA-BETRAG"),
    ] {
        assert_eq!(advice(&with(UBL, from, to)), [expected], "{to}");
    }
}

#[test]
fn zugferd_1_is_read_but_not_judged() {
    let old = CII
        .replace(
            "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
            "urn:ferd:CrossIndustryDocument:invoice:1p0",
        )
        .replace("rsm:CrossIndustryInvoice", "rsm:CrossIndustryDocument")
        .replace("ApplicableHeaderTradeSettlement", "ApplicableSupplyChainTradeSettlement")
        .replace("ExchangedDocument>", "HeaderExchangedDocument>")
        .replace("718.75", "718.76");
    let rechnung = read(old.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(rechnung.number.as_deref(), Some("R-4711"));
    assert_eq!(rechnung.totals.as_ref().and_then(|t| t.gross.as_ref()).map(|a| a.text.as_str()), Some("718.76"));
    assert_eq!((rechnung.official_syntax(), rules(&old)), (None, vec![]));
    assert_eq!(advice(&old), ["EA-PROFIL"]);
}

#[test]
fn rule_texts_are_german_sentences() {
    for rule in ALL {
        assert!(rule.text.ends_with('.') && !rule.text.contains(" the ") && !rule.text.contains('!'), "{}", rule.id);
        assert!(!rule.terms.is_empty(), "{}", rule.id);
    }
    let mut ids: Vec<_> = ALL.iter().map(|r| r.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), ALL.len());
}
