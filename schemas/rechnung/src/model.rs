// SPDX-License-Identifier: EUPL-1.2
//! The EN 16931 semantic model: business terms (BT) and groups (BG) in their English names.
//! Every field may be absent: what the norm demands is a question for the rules.

use jiff::civil;

use crate::{
    detect::Syntax,
    tree::{NodeId, Tree},
    value::{Amount, Date, Identifier, Text},
};

/// Something that could not be read; the rest of the document was.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Stable code: `amount-pattern`, `date-impossible`, `duplicate-field`, `mixed-content`.
    pub code: &'static str,
    /// German sentence with the value.
    pub text: String,
    /// Where.
    pub node: NodeId,
    /// Whether two readers could take the document for different invoices.
    pub blocking: bool,
}

/// One invoice or credit note.
#[derive(Clone, Debug, Default)]
pub struct Rechnung {
    /// Which syntax was read; `None`: the XML is no invoice.
    pub syntax: Option<Syntax>,
    /// Source document; [`Self::location`] needs it.
    pub tree: Tree,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// BT-1 Invoice number.
    pub number: Option<Text>,
    /// BT-2 Issue date.
    pub issue_date: Option<Date>,
    /// BT-3 Type code (UNTDID 1001).
    pub type_code: Option<Text>,
    /// BT-5 Currency (ISO 4217).
    pub currency: Option<Text>,
    /// BT-6 VAT accounting currency.
    pub vat_currency: Option<Text>,
    /// BT-7 Tax point date.
    pub tax_point_date: Option<Date>,
    /// BT-8 Tax point date code.
    pub tax_point_code: Option<Text>,
    /// BT-9 Payment due date.
    pub due_date: Option<Date>,
    /// BT-10 Buyer reference; in Germany the Leitweg-ID.
    pub buyer_reference: Option<Text>,
    /// BT-11 Project reference.
    pub project: Option<Text>,
    /// BT-12 Contract reference.
    pub contract: Option<Text>,
    /// BT-13 Purchase order reference.
    pub purchase_order: Option<Text>,
    /// BT-14 Sales order reference.
    pub sales_order: Option<Text>,
    /// BT-15 Receiving advice reference.
    pub receiving_advice: Option<Text>,
    /// BT-16 Despatch advice reference.
    pub despatch_advice: Option<Text>,
    /// BT-17 Tender or lot reference.
    pub tender: Option<Text>,
    /// BT-18 Invoiced object identifier.
    pub object: Option<Identifier>,
    /// BT-19 Buyer accounting reference.
    pub accounting_reference: Option<Text>,
    /// BT-20 Payment terms.
    pub payment_terms: Option<Text>,
    /// BG-1 Notes.
    pub notes: Vec<Note>,
    /// BT-23 Business process.
    pub business_process: Option<Text>,
    /// BT-24 Specification identifier.
    pub specification: Option<Text>,
    /// BG-3 Preceding invoices.
    pub preceding: Vec<Reference>,
    /// BG-4 Seller.
    pub seller: Option<Party>,
    /// BG-7 Buyer.
    pub buyer: Option<Party>,
    /// BG-10 Payee.
    pub payee: Option<Party>,
    /// BG-11 Seller tax representative.
    pub tax_representative: Option<Party>,
    /// BG-13 Delivery.
    pub delivery: Option<Delivery>,
    /// BG-14 Invoicing period.
    pub period: Option<Period>,
    /// BG-16 Payment instructions; one entry per means.
    pub payment: Vec<Payment>,
    /// BG-20 Document allowances.
    pub allowances: Vec<AllowanceCharge>,
    /// BG-21 Document charges.
    pub charges: Vec<AllowanceCharge>,
    /// BG-22 Document totals.
    pub totals: Option<Totals>,
    /// BT-110 and BT-111: total VAT, in document and accounting currency.
    pub tax_totals: Vec<TaxTotal>,
    /// BG-23 VAT breakdown.
    pub vat_breakdown: Vec<VatBreakdown>,
    /// BG-24 Supporting documents.
    pub documents: Vec<Document>,
    /// BG-25 Lines.
    pub lines: Vec<Line>,
}

impl Rechnung {
    pub(crate) fn new(tree: Tree, syntax: Option<Syntax>) -> Self {
        Self { syntax, tree, ..Self::default() }
    }

    /// The syntax as the official check sees it: ZUGFeRD 1 is none of EN 16931.
    pub fn official_syntax(&self) -> Option<Syntax> {
        self.syntax.filter(|_| !crate::detect::is_zugferd_1(&self.tree))
    }

    /// Path of an element, e.g. `/inv:Invoice[1]/cbc:ID[1]`.
    pub fn location(&self, node: NodeId) -> String {
        self.tree.location(node)
    }

    /// BT-110: total VAT in the document currency.
    pub fn vat_total(&self) -> Option<&TaxTotal> {
        let currency = self.currency.as_deref();
        self.tax_totals
            .iter()
            .find(|t| t.currency.as_deref() == currency)
            .or_else(|| self.tax_totals.iter().find(|t| t.currency.is_none()))
    }

    /// Whether the type code (BT-3) or the syntax says credit note.
    pub fn is_credit_note(&self) -> bool {
        self.syntax == Some(Syntax::UblCreditNote)
            || self.type_code.as_deref().is_some_and(|c| {
                matches!(c, "81" | "83" | "261" | "262" | "296" | "308" | "381" | "396" | "420" | "458" | "532")
            })
    }
}

/// BG-1.
#[derive(Clone, Debug)]
pub struct Note {
    /// BT-21 Subject code.
    pub subject: Option<Text>,
    /// BT-22 Note.
    pub text: Option<Text>,
}

/// BG-3: BT-25 number, BT-26 date.
#[derive(Clone, Debug)]
pub struct Reference {
    /// BT-25.
    pub number: Option<Text>,
    /// BT-26.
    pub date: Option<Date>,
    /// Group element.
    pub node: NodeId,
}

/// Seller, buyer, payee or tax representative.
#[derive(Clone, Debug)]
pub struct Party {
    /// Group element.
    pub node: NodeId,
    /// BT-27, BT-44, BT-59, BT-62 Name.
    pub name: Option<Text>,
    /// BT-28, BT-45 Trading name.
    pub trading_name: Option<Text>,
    /// BT-29, BT-46, BT-60 Identifiers.
    pub identifiers: Vec<Identifier>,
    /// BT-30, BT-47, BT-61 Legal registration identifier.
    pub legal_id: Option<Identifier>,
    /// BT-31, BT-48, BT-63 VAT identifier.
    pub vat_id: Option<Text>,
    /// BT-32 Tax number.
    pub tax_number: Option<Text>,
    /// BT-33 Additional legal information.
    pub legal_information: Option<Text>,
    /// BT-34, BT-49 Electronic address.
    pub electronic_address: Option<Identifier>,
    /// BG-5, BG-8, BG-12 Postal address.
    pub address: Option<Address>,
    /// BG-6, BG-9 Contact.
    pub contact: Option<Contact>,
}

impl Party {
    pub(crate) fn new(node: NodeId) -> Self {
        Self {
            node,
            name: None,
            trading_name: None,
            identifiers: Vec::new(),
            legal_id: None,
            vat_id: None,
            tax_number: None,
            legal_information: None,
            electronic_address: None,
            address: None,
            contact: None,
        }
    }
}

/// BG-5, BG-8, BG-12, BG-15.
#[derive(Clone, Debug)]
pub struct Address {
    /// Group element.
    pub node: NodeId,
    /// BT-35, BT-36, BT-162 (buyer: BT-50, BT-51, BT-163).
    pub lines: [Option<Text>; 3],
    /// BT-37, BT-52 City.
    pub city: Option<Text>,
    /// BT-38, BT-53 Post code.
    pub post_code: Option<Text>,
    /// BT-39, BT-54 Country subdivision.
    pub region: Option<Text>,
    /// BT-40, BT-55 Country code.
    pub country: Option<Text>,
}

/// BG-6, BG-9.
#[derive(Clone, Debug)]
pub struct Contact {
    /// Group element.
    pub node: NodeId,
    /// BT-41, BT-56 Contact point.
    pub name: Option<Text>,
    /// BT-42, BT-57 Telephone.
    pub telephone: Option<Text>,
    /// BT-43, BT-58 E-mail.
    pub email: Option<Text>,
}

/// BG-13.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// BT-70 Name.
    pub name: Option<Text>,
    /// BT-71 Location identifier.
    pub location: Option<Identifier>,
    /// BT-72 Actual delivery date.
    pub date: Option<Date>,
    /// BG-15 Address.
    pub address: Option<Address>,
}

/// BG-14, BG-26.
#[derive(Clone, Debug)]
pub struct Period {
    /// Group element.
    pub node: NodeId,
    /// BT-73, BT-134 Start.
    pub start: Option<Date>,
    /// BT-74, BT-135 End.
    pub end: Option<Date>,
}

/// BG-16 with BG-17, BG-18, BG-19.
#[derive(Clone, Debug)]
pub struct Payment {
    /// Group element.
    pub node: NodeId,
    /// BT-81 Means code (UNTDID 4461).
    pub means: Option<Text>,
    /// BT-82 Means text.
    pub means_text: Option<Text>,
    /// BT-83 Remittance information.
    pub remittance: Option<Text>,
    /// BG-17: BT-84 account, BT-85 name, BT-86 BIC.
    pub account: Option<Account>,
    /// BG-18: BT-87 card number, BT-88 holder.
    pub card: Option<(Option<Text>, Option<Text>)>,
    /// BT-89 Mandate reference.
    pub mandate: Option<Text>,
    /// BT-90 Creditor identifier.
    pub creditor: Option<Text>,
    /// BT-91 Debited account.
    pub debited_account: Option<Text>,
}

/// BG-17.
#[derive(Clone, Debug)]
pub struct Account {
    /// BT-84 IBAN or national account number.
    pub id: Option<Text>,
    /// BT-85 Name.
    pub name: Option<Text>,
    /// BT-86 BIC.
    pub bic: Option<Text>,
    /// Whether the syntax calls it an IBAN (only CII tells).
    pub says_iban: bool,
}

/// BG-20, BG-21, BG-27, BG-28.
#[derive(Clone, Debug)]
pub struct AllowanceCharge {
    /// Group element.
    pub node: NodeId,
    /// Whether the source says which of the two it is; what says nothing is taken for an allowance.
    pub indicated: bool,
    /// BT-92, BT-99, BT-136, BT-141 Amount.
    pub amount: Option<Amount>,
    /// BT-93, BT-100, BT-137, BT-142 Base amount.
    pub base: Option<Amount>,
    /// BT-94, BT-101, BT-138, BT-143 Percentage.
    pub percentage: Option<Amount>,
    /// BT-95, BT-102 VAT category.
    pub vat_category: Option<Text>,
    /// BT-96, BT-103 VAT rate.
    pub vat_rate: Option<Amount>,
    /// BT-97, BT-104, BT-139, BT-144 Reason.
    pub reason: Option<Text>,
    /// BT-98, BT-105, BT-140, BT-145 Reason code.
    pub reason_code: Option<Text>,
}

/// BG-22.
#[derive(Clone, Debug)]
pub struct Totals {
    /// Group element.
    pub node: NodeId,
    /// BT-106 Sum of line net amounts.
    pub lines: Option<Amount>,
    /// BT-107 Sum of allowances.
    pub allowances: Option<Amount>,
    /// BT-108 Sum of charges.
    pub charges: Option<Amount>,
    /// BT-109 Total without VAT.
    pub net: Option<Amount>,
    /// BT-112 Total with VAT.
    pub gross: Option<Amount>,
    /// BT-113 Paid amount.
    pub paid: Option<Amount>,
    /// BT-114 Rounding amount.
    pub rounding: Option<Amount>,
    /// BT-115 Amount due.
    pub due: Option<Amount>,
}

/// BT-110 or BT-111.
#[derive(Clone, Debug)]
pub struct TaxTotal {
    /// `cac:TaxTotal`, or the CII amount itself.
    pub node: NodeId,
    /// The amount.
    pub amount: Option<Amount>,
    /// Its currency attribute.
    pub currency: Option<String>,
}

/// BG-23.
#[derive(Clone, Debug)]
pub struct VatBreakdown {
    /// Group element.
    pub node: NodeId,
    /// BT-116 Taxable amount.
    pub base: Option<Amount>,
    /// BT-117 Tax amount.
    pub tax: Option<Amount>,
    /// BT-118 Category (UNTDID 5305).
    pub category: Option<Text>,
    /// BT-119 Rate in percent.
    pub rate: Option<Amount>,
    /// BT-120 Exemption reason.
    pub reason: Option<Text>,
    /// BT-121 Exemption reason code.
    pub reason_code: Option<Text>,
}

/// BG-24.
#[derive(Clone, Debug)]
pub struct Document {
    /// Group element.
    pub node: NodeId,
    /// BT-122 Reference.
    pub id: Option<Text>,
    /// BT-123 Description.
    pub description: Option<Text>,
    /// BT-124 External location: shown as text, never fetched.
    pub url: Option<Text>,
    /// BT-125 Attached file.
    pub file: Option<Attachment>,
}

/// BT-125; the bytes are decoded by [`crate::anhang::bytes`] when somebody wants them.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// Element that holds the base64 text.
    pub node: NodeId,
    /// BT-125-1 MIME code as claimed.
    pub mime: Option<String>,
    /// BT-125-2 File name as claimed; never a path.
    pub name: Option<String>,
    /// Size after decoding, in bytes, computed from the text.
    pub size: usize,
}

/// BG-25.
#[derive(Clone, Debug)]
pub struct Line {
    /// Group element.
    pub node: NodeId,
    /// BT-126 Identifier.
    pub id: Option<Text>,
    /// BT-127 Note.
    pub note: Option<Text>,
    /// BT-128 Object identifier.
    pub object: Option<Identifier>,
    /// BT-129 Quantity.
    pub quantity: Option<Amount>,
    /// BT-130 Unit (UN/ECE rec. 20).
    pub unit: Option<String>,
    /// BT-131 Net amount.
    pub net: Option<Amount>,
    /// BT-132 Purchase order line.
    pub order_line: Option<Text>,
    /// BT-133 Buyer accounting reference.
    pub accounting_reference: Option<Text>,
    /// BG-26 Period.
    pub period: Option<Period>,
    /// BG-27 Allowances.
    pub allowances: Vec<AllowanceCharge>,
    /// BG-28 Charges.
    pub charges: Vec<AllowanceCharge>,
    /// BT-146 Net price.
    pub price: Option<Amount>,
    /// BT-147 Price discount.
    pub price_discount: Option<Amount>,
    /// BT-148 Gross price.
    pub gross_price: Option<Amount>,
    /// BT-149 Price base quantity.
    pub price_base: Option<Amount>,
    /// BT-150 Unit of the base quantity.
    pub price_base_unit: Option<String>,
    /// BT-151 VAT category.
    pub vat_category: Option<Text>,
    /// BT-152 VAT rate.
    pub vat_rate: Option<Amount>,
    /// BT-153 Item name.
    pub name: Option<Text>,
    /// BT-154 Description.
    pub description: Option<Text>,
    /// BT-155 Seller's item number.
    pub seller_item: Option<Text>,
    /// BT-156 Buyer's item number.
    pub buyer_item: Option<Text>,
    /// BT-157 Standard item number.
    pub standard_item: Option<Identifier>,
    /// BT-158 Classifications.
    pub classifications: Vec<Identifier>,
    /// BT-159 Country of origin.
    pub origin: Option<Text>,
    /// BG-32 Attributes: BT-160 name, BT-161 value.
    pub attributes: Vec<(Option<Text>, Option<Text>)>,
    /// Sub lines of the XRechnung extension.
    pub sub_lines: Vec<Line>,
}

impl Line {
    pub(crate) fn new(node: NodeId) -> Self {
        Self {
            node,
            id: None,
            note: None,
            object: None,
            quantity: None,
            unit: None,
            net: None,
            order_line: None,
            accounting_reference: None,
            period: None,
            allowances: Vec::new(),
            charges: Vec::new(),
            price: None,
            price_discount: None,
            gross_price: None,
            price_base: None,
            price_base_unit: None,
            vat_category: None,
            vat_rate: None,
            name: None,
            description: None,
            seller_item: None,
            buyer_item: None,
            standard_item: None,
            classifications: Vec::new(),
            origin: None,
            attributes: Vec::new(),
            sub_lines: Vec::new(),
        }
    }
}

/// A day of the model as a plain date.
pub(crate) fn day(date: &Option<Date>) -> Option<civil::Date> {
    date.as_ref().map(|d| d.value)
}
