// SPDX-License-Identifier: EUPL-1.2
//! ocr-engine: one page image in, words with boxes out.
//!
//! [`grey`] decodes JPEG and PNG in Rust to 8-bit grey; [`engine`] hands the grey buffer to leptonica
//! (binarise, orientation, skew) and tesseract (recognition) through a small hand-written binding, and
//! maps the boxes back to pixels of the original image. The executable `eakte-ocr` serves this as job
//! kind [`KIND`] in a sandboxed child. Nothing else in the workspace links the two C libraries.
//!
//! Owns nothing, reads no file but the language model, knows no clock.

pub mod engine;
mod ffi;
pub mod geometry;
pub mod grey;

use serde::{Deserialize, Serialize};

/// Job kind of `eakte-ocr`: message [`PageJob`], one blob (JPEG or PNG); the answer is a
/// [`nachrichten::erkennung::SeitenText`].
pub const KIND: &str = "ocr.seite";

/// What the engine must know about a page image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageJob {
    /// Dots per inch, horizontal and vertical; 0 when unknown.
    pub dpi: [u32; 2],
}

/// Largest page image, in pixels.
pub const MAX_PIXELS: u64 = 100_000_000;
