// SPDX-License-Identifier: EUPL-1.2
//! The limits of the page pipeline; numbers from the security page, section 3.

/// Largest file taken apart, in bytes.
pub const DATEI: usize = 100 << 20;
/// Largest e-mail, in bytes.
pub const MAIL: usize = 50 << 20;
/// Most parts of an e-mail, over all levels.
pub const MAIL_TEILE: usize = 200;
/// Deepest nesting of an e-mail.
pub const MAIL_TIEFE: usize = 20;
/// Largest XML file, in bytes.
pub const XML: usize = 20 << 20;
/// Largest plain text file that is read, in bytes.
pub const TEXT: usize = 4 << 20;
/// Most pages of one file.
pub const SEITEN: usize = 2000;
/// Largest page image, in pixels.
pub const PIXEL: u64 = 100_000_000;
/// Largest decoded stream, in bytes.
pub const STROM: usize = 200 << 20;
/// Most entries of an archive.
pub const ARCHIV_EINTRAEGE: usize = 1000;
/// Largest unpacked size of an archive, in bytes.
pub const ARCHIV_GROESSE: u64 = 500 << 20;
/// Highest compression ratio of an archive.
pub const ARCHIV_RATE: u64 = 100;
/// Longest shown file name, in bytes.
pub const NAME: usize = 200;
/// Smallest and largest page edge, in points (1/72 inch).
pub const SEITENKANTE: std::ops::RangeInclusive<f32> = 3.0..=14_400.0;
/// Pages that one recognition job takes.
pub const BEREICH: usize = 4;
/// Pages handled by one call into the sandbox.
pub const SEITEN_JE_AUFRUF: usize = 8;
/// Pages of a born-digital PDF that get a picture for the screen at once; others on request.
pub const BILDER_DIGITAL: usize = 20;
/// Resolution of page pictures of born-digital PDFs, in dots per inch.
pub const BILDSCHIRM_DPI: u32 = 150;
/// Resolution for recognising pages that have no page image of their own.
pub const RASTER_DPI: u32 = 300;
