// SPDX-License-Identifier: EUPL-1.2
//! The part of tesseract's C API (5.x, `tesseract/capi.h`) and leptonica (1.82, `allheaders.h`) in use.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_float, c_int, c_void};

/// Leptonica's image; only ever seen through a pointer.
#[repr(C)]
pub struct Pix {
    _private: [u8; 0],
}

/// Tesseract's engine; only ever seen through a pointer.
#[repr(C)]
pub struct TessBaseAPI {
    _private: [u8; 0],
}

/// Tesseract's result walker; the C API lets the same pointer be used as a page iterator.
#[repr(C)]
pub struct TessResultIterator {
    _private: [u8; 0],
}

/// The page view of a [`TessResultIterator`].
#[repr(C)]
pub struct TessPageIterator {
    _private: [u8; 0],
}

pub const PSM_AUTO: c_int = 3;
pub const RIL_TEXTLINE: c_int = 2;
pub const RIL_WORD: c_int = 3;
pub const ROTATE_AREA_MAP: c_int = 1;
pub const BRING_IN_WHITE: c_int = 1;
pub const SEVERITY_NONE: c_int = 6;

unsafe extern "C" {
    pub fn pixCreateNoInit(width: c_int, height: c_int, depth: c_int) -> *mut Pix;
    pub fn pixDestroy(pix: *mut *mut Pix);
    pub fn pixGetData(pix: *mut Pix) -> *mut u32;
    pub fn pixGetWpl(pix: *const Pix) -> c_int;
    pub fn pixGetWidth(pix: *const Pix) -> c_int;
    pub fn pixGetHeight(pix: *const Pix) -> c_int;
    pub fn pixSetResolution(pix: *mut Pix, x: c_int, y: c_int) -> c_int;
    pub fn pixThresholdToBinary(pix: *mut Pix, threshold: c_int) -> *mut Pix;
    pub fn pixOtsuThreshOnBackgroundNorm(
        pix: *mut Pix,
        mask: *mut Pix,
        sx: c_int,
        sy: c_int,
        threshold: c_int,
        min_count: c_int,
        background: c_int,
        smooth_x: c_int,
        smooth_y: c_int,
        score_fraction: c_float,
        found: *mut c_int,
    ) -> *mut Pix;
    pub fn pixOrientDetect(
        pix: *mut Pix,
        up: *mut c_float,
        left: *mut c_float,
        min_count: c_int,
        debug: c_int,
    ) -> c_int;
    pub fn makeOrientDecision(
        up: c_float,
        left: c_float,
        min_up: c_float,
        min_ratio: c_float,
        orientation: *mut c_int,
        debug: c_int,
    ) -> c_int;
    pub fn pixFindSkew(pix: *mut Pix, angle: *mut c_float, confidence: *mut c_float) -> c_int;
    pub fn pixRotateOrth(pix: *mut Pix, quarters: c_int) -> *mut Pix;
    pub fn pixRotate(
        pix: *mut Pix,
        radians: c_float,
        kind: c_int,
        incolor: c_int,
        width: c_int,
        height: c_int,
    ) -> *mut Pix;
    pub fn pixScale(pix: *mut Pix, x: c_float, y: c_float) -> *mut Pix;
    pub fn setMsgSeverity(severity: c_int) -> c_int;

    pub fn TessBaseAPICreate() -> *mut TessBaseAPI;
    pub fn TessBaseAPIDelete(api: *mut TessBaseAPI);
    pub fn TessBaseAPIEnd(api: *mut TessBaseAPI);
    pub fn TessBaseAPIInit3(api: *mut TessBaseAPI, datapath: *const c_char, language: *const c_char) -> c_int;
    pub fn TessBaseAPISetVariable(api: *mut TessBaseAPI, name: *const c_char, value: *const c_char) -> c_int;
    pub fn TessBaseAPISetPageSegMode(api: *mut TessBaseAPI, mode: c_int);
    pub fn TessBaseAPISetImage2(api: *mut TessBaseAPI, pix: *mut Pix);
    pub fn TessBaseAPISetSourceResolution(api: *mut TessBaseAPI, dpi: c_int);
    pub fn TessBaseAPIRecognize(api: *mut TessBaseAPI, monitor: *mut c_void) -> c_int;
    pub fn TessBaseAPIGetIterator(api: *mut TessBaseAPI) -> *mut TessResultIterator;
    pub fn TessBaseAPIClear(api: *mut TessBaseAPI);
    pub fn TessBaseAPIClearAdaptiveClassifier(api: *mut TessBaseAPI);
    pub fn TessVersion() -> *const c_char;
    pub fn TessResultIteratorDelete(iterator: *mut TessResultIterator);
    pub fn TessResultIteratorGetPageIterator(iterator: *mut TessResultIterator) -> *mut TessPageIterator;
    pub fn TessResultIteratorNext(iterator: *mut TessResultIterator, level: c_int) -> c_int;
    pub fn TessResultIteratorGetUTF8Text(iterator: *const TessResultIterator, level: c_int) -> *mut c_char;
    pub fn TessResultIteratorConfidence(iterator: *const TessResultIterator, level: c_int) -> c_float;
    pub fn TessPageIteratorBoundingBox(
        iterator: *const TessPageIterator,
        level: c_int,
        left: *mut c_int,
        top: *mut c_int,
        right: *mut c_int,
        bottom: *mut c_int,
    ) -> c_int;
    pub fn TessPageIteratorIsAtBeginningOf(iterator: *const TessPageIterator, level: c_int) -> c_int;
    pub fn TessDeleteText(text: *const c_char);
}
