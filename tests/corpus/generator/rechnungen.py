# SPDX-License-Identifier: EUPL-1.2
"""Invoices: the data once, written as UBL and CII (EN 16931, XRechnung 3.0), totals computed with decimals."""

from decimal import ROUND_HALF_UP, Decimal
from xml.sax.saxutils import escape

from .pruefziffern import iban, leitweg, ust_id

CENT = Decimal("0.01")
XRECHNUNG = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
EN16931 = "urn:cen.eu:en16931:2017"
PEPPOL = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"

TIEFBAU = leitweg("08999000", "66001")
PLANUNG = leitweg("08999000", "61001")
SCHULE = leitweg("08999000", "40001")

EINHEIT = {"H87": "Stück", "HUR": "Std.", "MTR": "m", "MTQ": "m³", "MTK": "m²", "LS": "psch."}


def rechnung(nummer, datum, faellig, leitweg_id, amt, firma, strasse, plz, ort, kontakt, telefon, mail, ust, konto, bank,
             betreff, zeichen, leistung, positionen, skonto=None, hinweis=None):
    """All terms of an invoice; positions are (text, quantity, unit code, price)."""
    zeilen = [(t, Decimal(m), e, Decimal(p), (Decimal(m) * Decimal(p)).quantize(CENT, ROUND_HALF_UP)) for t, m, e, p in positionen]
    netto = sum((z[4] for z in zeilen), Decimal(0))
    steuer = (netto * 19 / 100).quantize(CENT, ROUND_HALF_UP)
    return {
        "nummer": nummer, "datum": datum, "faellig": faellig, "leitweg": leitweg_id, "amt": amt, "firma": firma, "strasse": strasse,
        "plz": plz, "ort": ort, "kontakt": kontakt, "telefon": telefon, "mail": mail, "ust": ust_id(ust), "iban": iban(*konto),
        "bank": bank, "betreff": betreff, "zeichen": zeichen, "leistung": leistung, "zeilen": zeilen, "netto": netto,
        "steuer": steuer, "brutto": netto + steuer, "skonto": skonto, "hinweis": hinweis,
    }


KELLERMANN = rechnung(
    "2026-0417", "2026-11-12", "2026-12-15", TIEFBAU, "Tiefbauamt", "Tiefbau Kellermann GmbH", "Industriestraße 44", "78910",
    "Rebach", "Dana Kellermann", "+49 7997 620-11", "rechnung@kellermann-tiefbau.example", "31177450", ("79999992", "5510234"),
    "Volksbank Rebland", "Ausbau Gehweg Bahnhofstraße, Bauabschnitt 2", "66.10-77/26", ("2026-10-05", "2026-11-06"),
    [("Aushub Bodenklasse 3 bis 5, einschließlich Abfuhr", "312.5", "MTQ", "41.80"),
     ("Frostschutzschicht 0/45 liefern und einbauen", "298", "MTQ", "52.40"),
     ("Betonplatten 40 x 40 verlegen", "486", "MTK", "38.50"),
     ("Bordsteine setzen, einschließlich Rückenstütze", "221", "MTR", "24.90")],
    skonto=(14, "2.00"))

SEEGER = rechnung(
    "R-26-0093", "2026-11-16", "2026-12-16", PLANUNG, "Stadtplanungsamt", "Planungsbüro Seeger & Partner mbB", "Domgasse 3", "70998",
    "Neckarfurt", "Hauke Seeger", "+49 7996 88 41 20", "buero@seeger-planung.example", "29440166", ("79999993", "880041277"),
    "Sparkasse Neckarfurt", "Umweltbericht zum Bebauungsplan „Am Wasserturm“", "61.20-14/26", ("2026-09-01", "2026-10-30"),
    [("Umweltbericht, Bestandsaufnahme und Bewertung", "1", "LS", "5400.00"),
     ("Artenschutzrechtliche Begehung, Projektleitung", "16", "HUR", "96.00"),
     ("Planzeichnung M 1:500, Überarbeitung", "12.5", "HUR", "84.50")],
    skonto=(10, "1.50"))

LEUCHTWERK = rechnung(
    "LW-202611-5083", "2026-11-18", "2026-12-18", TIEFBAU, "Tiefbauamt", "Leuchtwerk Nord GmbH", "Hafenring 9", "25999", "Husby",
    "Svea Brodersen", "+49 4841 77 02-0", "service@leuchtwerk-nord.example", "26635098", ("79999994", "1200775"),
    "Nordbank Husby", "Wartung der Straßenbeleuchtung im Oktober 2026", "66.30-8/26", ("2026-10-01", "2026-10-31"),
    [("Leuchtenkopf LED 38 W tauschen", "14", "H87", "286.00"), ("Hubarbeitsbühne mit Bedienung", "9.5", "HUR", "118.00"),
     ("Entsorgung Altleuchten", "14", "H87", "6.90")])

PAPIER = rechnung(
    "11842", "2026-11-09", "2026-12-09", SCHULE, "Schulamt", "Schreinerei Holdermann", "Mühlgasse 16", "78900", "Musterstadt",
    "Götz Holdermann", "07999 / 3 12 77", "info@schreinerei-holdermann.example", "24881350", ("79999995", "20118464"),
    "Genossenschaftsbank Musterstadt", "Reparatur der Garderoben in der Grundschule Nord", "40.20-31/26", ("2026-11-02", "2026-11-04"),
    [("Garderobenbänke abschleifen und ölen", "12", "H87", "68.00"), ("Haken ersetzen, Edelstahl", "48", "H87", "9.45"),
     ("Schreinergeselle", "14.5", "HUR", "58.50"), ("An- und Abfahrt", "1", "LS", "35.00")])


def skonto_text(r):
    """BT-20 after the rules of XRechnung: one line per step, closed by a line feed."""
    if not r["skonto"]:
        return f"Zahlbar ohne Abzug bis {r['faellig']}"
    tage, prozent = r["skonto"]
    return f"#SKONTO#TAGE={tage}#PROZENT={prozent}#\n"


def ubl(r, notiz=None):
    """UBL 2.1 invoice. `notiz` makes other bytes with the same facts."""
    e = escape
    firma, ort = e(r["firma"]), e(r["ort"])

    def amount(tag, value):
        return f'<cbc:{tag} currencyID="EUR">{value}</cbc:{tag}>'

    lines = "".join(f"""
  <cac:InvoiceLine>
    <cbc:ID>{n}</cbc:ID>
    <cbc:InvoicedQuantity unitCode="{unit}">{menge}</cbc:InvoicedQuantity>
    {amount("LineExtensionAmount", summe)}
    <cac:Item>
      <cbc:Name>{e(text)}</cbc:Name>
      <cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>19</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory>
    </cac:Item>
    <cac:Price>{amount("PriceAmount", preis)}</cac:Price>
  </cac:InvoiceLine>""" for n, (text, menge, unit, preis, summe) in enumerate(r["zeilen"], 1))
    note = f"\n  <cbc:Note>{e(notiz or r['betreff'])}</cbc:Note>"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ubl:Invoice xmlns:ubl="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:CustomizationID>{XRECHNUNG}</cbc:CustomizationID>
  <cbc:ProfileID>{PEPPOL}</cbc:ProfileID>
  <cbc:ID>{e(r["nummer"])}</cbc:ID>
  <cbc:IssueDate>{r["datum"]}</cbc:IssueDate>
  <cbc:DueDate>{r["faellig"]}</cbc:DueDate>
  <cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>{note}
  <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
  <cbc:BuyerReference>{r["leitweg"]}</cbc:BuyerReference>
  <cac:InvoicePeriod><cbc:StartDate>{r["leistung"][0]}</cbc:StartDate><cbc:EndDate>{r["leistung"][1]}</cbc:EndDate></cac:InvoicePeriod>
  <cac:OrderReference><cbc:ID>{e(r["zeichen"])}</cbc:ID></cac:OrderReference>
  <cac:AccountingSupplierParty><cac:Party>
    <cbc:EndpointID schemeID="EM">{r["mail"]}</cbc:EndpointID>
    <cac:PartyName><cbc:Name>{firma}</cbc:Name></cac:PartyName>
    <cac:PostalAddress><cbc:StreetName>{e(r["strasse"])}</cbc:StreetName><cbc:CityName>{ort}</cbc:CityName><cbc:PostalZone>{r["plz"]}</cbc:PostalZone><cac:Country><cbc:IdentificationCode>DE</cbc:IdentificationCode></cac:Country></cac:PostalAddress>
    <cac:PartyTaxScheme><cbc:CompanyID>{r["ust"]}</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
    <cac:PartyLegalEntity><cbc:RegistrationName>{firma}</cbc:RegistrationName></cac:PartyLegalEntity>
    <cac:Contact><cbc:Name>{e(r["kontakt"])}</cbc:Name><cbc:Telephone>{r["telefon"]}</cbc:Telephone><cbc:ElectronicMail>{r["mail"]}</cbc:ElectronicMail></cac:Contact>
  </cac:Party></cac:AccountingSupplierParty>
  <cac:AccountingCustomerParty><cac:Party>
    <cbc:EndpointID schemeID="0204">{r["leitweg"]}</cbc:EndpointID>
    <cac:PostalAddress><cbc:StreetName>Marktplatz 1</cbc:StreetName><cbc:CityName>Musterstadt</cbc:CityName><cbc:PostalZone>78900</cbc:PostalZone><cac:Country><cbc:IdentificationCode>DE</cbc:IdentificationCode></cac:Country></cac:PostalAddress>
    <cac:PartyLegalEntity><cbc:RegistrationName>Stadt Musterstadt, {r["amt"]}</cbc:RegistrationName></cac:PartyLegalEntity>
  </cac:Party></cac:AccountingCustomerParty>
  <cac:PaymentMeans>
    <cbc:PaymentMeansCode>58</cbc:PaymentMeansCode>
    <cbc:PaymentID>{e(r["nummer"])}</cbc:PaymentID>
    <cac:PayeeFinancialAccount><cbc:ID>{r["iban"]}</cbc:ID><cbc:Name>{firma}</cbc:Name></cac:PayeeFinancialAccount>
  </cac:PaymentMeans>
  <cac:PaymentTerms><cbc:Note>{skonto_text(r)}</cbc:Note></cac:PaymentTerms>
  <cac:TaxTotal>
    {amount("TaxAmount", r["steuer"])}
    <cac:TaxSubtotal>{amount("TaxableAmount", r["netto"])}{amount("TaxAmount", r["steuer"])}<cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>19</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:TaxCategory></cac:TaxSubtotal>
  </cac:TaxTotal>
  <cac:LegalMonetaryTotal>
    {amount("LineExtensionAmount", r["netto"])}
    {amount("TaxExclusiveAmount", r["netto"])}
    {amount("TaxInclusiveAmount", r["brutto"])}
    {amount("PayableAmount", r["brutto"])}
  </cac:LegalMonetaryTotal>{lines}
</ubl:Invoice>
"""


def cii(r, profil=XRECHNUNG):
    """UN/CEFACT CII D16B: XRechnung, or with `profil=EN16931` the data of a Factur-X."""
    e = escape

    def day(iso):
        return f'<udt:DateTimeString format="102">{iso.replace("-", "")}</udt:DateTimeString>'

    lines = "".join(f"""
    <ram:IncludedSupplyChainTradeLineItem>
      <ram:AssociatedDocumentLineDocument><ram:LineID>{n}</ram:LineID></ram:AssociatedDocumentLineDocument>
      <ram:SpecifiedTradeProduct><ram:Name>{e(text)}</ram:Name></ram:SpecifiedTradeProduct>
      <ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice><ram:ChargeAmount>{preis}</ram:ChargeAmount></ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement>
      <ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="{unit}">{menge}</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>
      <ram:SpecifiedLineTradeSettlement>
        <ram:ApplicableTradeTax><ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>19</ram:RateApplicablePercent></ram:ApplicableTradeTax>
        <ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>{summe}</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation>
      </ram:SpecifiedLineTradeSettlement>
    </ram:IncludedSupplyChainTradeLineItem>""" for n, (text, menge, unit, preis, summe) in enumerate(r["zeilen"], 1))
    prozess = f"<ram:BusinessProcessSpecifiedDocumentContextParameter><ram:ID>{PEPPOL}</ram:ID></ram:BusinessProcessSpecifiedDocumentContextParameter>"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
  <rsm:ExchangedDocumentContext>{prozess}<ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>{profil}</ram:ID></ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>
  <rsm:ExchangedDocument>
    <ram:ID>{e(r["nummer"])}</ram:ID>
    <ram:TypeCode>380</ram:TypeCode>
    <ram:IssueDateTime>{day(r["datum"])}</ram:IssueDateTime>
    <ram:IncludedNote><ram:Content>{e(r["betreff"])}</ram:Content></ram:IncludedNote>
  </rsm:ExchangedDocument>
  <rsm:SupplyChainTradeTransaction>{lines}
    <ram:ApplicableHeaderTradeAgreement>
      <ram:BuyerReference>{r["leitweg"]}</ram:BuyerReference>
      <ram:SellerTradeParty>
        <ram:Name>{e(r["firma"])}</ram:Name>
        <ram:DefinedTradeContact><ram:PersonName>{e(r["kontakt"])}</ram:PersonName><ram:TelephoneUniversalCommunication><ram:CompleteNumber>{r["telefon"]}</ram:CompleteNumber></ram:TelephoneUniversalCommunication><ram:EmailURIUniversalCommunication><ram:URIID>{r["mail"]}</ram:URIID></ram:EmailURIUniversalCommunication></ram:DefinedTradeContact>
        <ram:PostalTradeAddress><ram:PostcodeCode>{r["plz"]}</ram:PostcodeCode><ram:LineOne>{e(r["strasse"])}</ram:LineOne><ram:CityName>{e(r["ort"])}</ram:CityName><ram:CountryID>DE</ram:CountryID></ram:PostalTradeAddress>
        <ram:URIUniversalCommunication><ram:URIID schemeID="EM">{r["mail"]}</ram:URIID></ram:URIUniversalCommunication>
        <ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">{r["ust"]}</ram:ID></ram:SpecifiedTaxRegistration>
      </ram:SellerTradeParty>
      <ram:BuyerTradeParty>
        <ram:Name>Stadt Musterstadt, {r["amt"]}</ram:Name>
        <ram:PostalTradeAddress><ram:PostcodeCode>78900</ram:PostcodeCode><ram:LineOne>Marktplatz 1</ram:LineOne><ram:CityName>Musterstadt</ram:CityName><ram:CountryID>DE</ram:CountryID></ram:PostalTradeAddress>
        <ram:URIUniversalCommunication><ram:URIID schemeID="0204">{r["leitweg"]}</ram:URIID></ram:URIUniversalCommunication>
      </ram:BuyerTradeParty>
      <ram:BuyerOrderReferencedDocument><ram:IssuerAssignedID>{e(r["zeichen"])}</ram:IssuerAssignedID></ram:BuyerOrderReferencedDocument>
    </ram:ApplicableHeaderTradeAgreement>
    <ram:ApplicableHeaderTradeDelivery/>
    <ram:ApplicableHeaderTradeSettlement>
      <ram:PaymentReference>{e(r["nummer"])}</ram:PaymentReference>
      <ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
      <ram:SpecifiedTradeSettlementPaymentMeans><ram:TypeCode>58</ram:TypeCode><ram:PayeePartyCreditorFinancialAccount><ram:IBANID>{r["iban"]}</ram:IBANID><ram:AccountName>{e(r["firma"])}</ram:AccountName></ram:PayeePartyCreditorFinancialAccount></ram:SpecifiedTradeSettlementPaymentMeans>
      <ram:ApplicableTradeTax><ram:CalculatedAmount>{r["steuer"]}</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode><ram:BasisAmount>{r["netto"]}</ram:BasisAmount><ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>19</ram:RateApplicablePercent></ram:ApplicableTradeTax>
      <ram:BillingSpecifiedPeriod><ram:StartDateTime>{day(r["leistung"][0])}</ram:StartDateTime><ram:EndDateTime>{day(r["leistung"][1])}</ram:EndDateTime></ram:BillingSpecifiedPeriod>
      <ram:SpecifiedTradePaymentTerms><ram:Description>{skonto_text(r)}</ram:Description><ram:DueDateDateTime>{day(r["faellig"])}</ram:DueDateDateTime></ram:SpecifiedTradePaymentTerms>
      <ram:SpecifiedTradeSettlementHeaderMonetarySummation>
        <ram:LineTotalAmount>{r["netto"]}</ram:LineTotalAmount>
        <ram:TaxBasisTotalAmount>{r["netto"]}</ram:TaxBasisTotalAmount>
        <ram:TaxTotalAmount currencyID="EUR">{r["steuer"]}</ram:TaxTotalAmount>
        <ram:GrandTotalAmount>{r["brutto"]}</ram:GrandTotalAmount>
        <ram:DuePayableAmount>{r["brutto"]}</ram:DuePayableAmount>
      </ram:SpecifiedTradeSettlementHeaderMonetarySummation>
    </ram:ApplicableHeaderTradeSettlement>
  </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>
"""
