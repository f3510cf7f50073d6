// SPDX-License-Identifier: EUPL-1.2
//! Electronic invoices: EN 16931 terms read from UBL 2.1 and UN/CEFACT CII, checked and shown in German.
//!
//! Pure: no I/O, no clock, no randomness. Bytes come from strangers: [`xml`] guards size, depth, attributes,
//! elements and characters, knows no DTD and no entities of its own, and never recurses.
//!
//! The way of a file: [`read`] makes one pass with quick-xml into a flat tree ([`tree::Tree`]) and projects
//! it onto the model ([`model::Rechnung`]), each value with the element it came from; [`check`] gives
//! findings; [`gate`] says whether the post pipeline may go on with it; [`html::document`] shows it.
//! A verdict is a finding, never an act.
//!
//! ```
//! let bytes = include_bytes!("../tests/beispiele/ubl-gut.xml");
//! let rechnung = rechnung::read(bytes, &rechnung::Limits::default())?;
//! assert_eq!(rechnung.number.as_ref().map(|n| n.value.as_str()), Some("2026-0815"));
//! assert!(rechnung::check(&rechnung).is_empty());
//! # Ok::<(), rechnung::ReadError>(())
//! ```

pub mod anhang;
mod cii;
pub mod detect;
pub mod format;
mod gate;
pub mod html;
pub mod hybrid;
pub mod iban;
pub mod leitweg;
pub mod model;
pub mod norm;
mod project;
pub mod pruefung;
pub mod text;
pub mod tree;
mod ubl;
pub mod value;
pub mod vergleich;
pub mod xml;
pub mod zahlung;

pub use detect::{Profile, Scenario, Syntax};
pub use gate::{Gate, findings, gate, gate_of};
pub use model::Rechnung;
pub use pruefung::{Class, Finding, Flag, Level, check, hints};
pub use xml::{Limits, ReadError};

/// Reads an invoice. An XML file that is no invoice gives a [`Rechnung`] with `syntax: None`.
///
/// # Errors
/// [`ReadError`] when the bytes are not well-formed XML within `limits`. Values that cannot be read (amounts,
/// dates, doubled fields) are no error here: they stand in [`Rechnung::problems`].
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Rechnung, ReadError> {
    let tree = xml::parse(bytes, limits)?;
    let syntax = detect::syntax(&tree);
    Ok(match syntax {
        Some(Syntax::UblInvoice | Syntax::UblCreditNote) => ubl::read(tree, syntax),
        Some(Syntax::Cii) => cii::read(tree),
        None => Rechnung::new(tree, None),
    })
}
