// SPDX-License-Identifier: EUPL-1.2
//! A warm tesseract engine with leptonica's page straightening.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_int};
use std::ptr;

use nachrichten::erkennung::{SeitenText, Wort};

use crate::ffi;
use crate::geometry::Straightening;
use crate::grey::Grey;

/// Recognition works best near this resolution; finer scans are halved first.
const HALVE_ABOVE_DPI: u32 = 400;
/// Coarser scans (fax) are brought up to [`DEFAULT_DPI`].
const ENLARGE_BELOW_DPI: f32 = 250.0;
/// Assumed when a file does not say.
const DEFAULT_DPI: u32 = 300;
/// Below this confidence of leptonica the page is taken as upright.
const MIN_SKEW_CONFIDENCE: f32 = 3.0;
/// Smaller angles are not worth a rotation, in degrees.
const MIN_SKEW: f32 = 0.15;
/// Words on one page; more means noise.
const MAX_WORDS: usize = 20_000;

/// Why the engine has no answer.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Tesseract cannot load the language model.
    #[error("language model {0} cannot be loaded")]
    Model(String),
    /// Leptonica or tesseract gave up on this page.
    #[error("{0} failed on this page")]
    Step(&'static str),
}

/// One tesseract engine, initialised once; not shared between threads.
pub struct Engine {
    api: *mut ffi::TessBaseAPI,
}

impl Engine {
    /// Loads the model `language`, e.g. `deu` or `deu+eng`. Takes 60 ms.
    ///
    /// # Errors
    /// [`EngineError::Model`] if the model is not installed.
    pub fn new(language: &str) -> Result<Self, EngineError> {
        let unknown = || EngineError::Model(language.to_owned());
        let name = CString::new(language).map_err(|_| unknown())?;
        // SAFETY: plain setting of leptonica's message level.
        unsafe { ffi::setMsgSeverity(ffi::SEVERITY_NONE) };
        // SAFETY: creates an engine; it is owned by `Self` from here on and freed in `drop`.
        let api = unsafe { ffi::TessBaseAPICreate() };
        let engine = Self { api };
        // SAFETY: `api` is a live engine, the strings are NUL-terminated and outlive the calls; a null
        // data path means the compiled-in folder.
        let ready = unsafe {
            ffi::TessBaseAPISetVariable(engine.api, c"debug_file".as_ptr(), c"/dev/null".as_ptr());
            ffi::TessBaseAPIInit3(engine.api, ptr::null(), name.as_ptr()) == 0
        };
        if !ready {
            return Err(unknown());
        }
        // SAFETY: `api` is a live, initialised engine.
        unsafe { ffi::TessBaseAPISetPageSegMode(engine.api, ffi::PSM_AUTO) };
        Ok(engine)
    }

    /// Version of the tesseract library, part of every cache key.
    pub fn version() -> String {
        // SAFETY: returns a pointer to a static NUL-terminated string.
        unsafe { CStr::from_ptr(ffi::TessVersion()) }.to_string_lossy().into_owned()
    }

    /// Straightens and reads one page.
    ///
    /// * `grey` - the page as scanned. Consumed, so that fine scans need not be held twice.
    /// * `dpi` - horizontal and vertical; zero means unknown.
    /// * Result - boxes in pixels of `grey`, whatever was turned or scaled on the way.
    ///
    /// # Errors
    /// [`EngineError::Step`] when a library call fails, e.g. for lack of memory.
    pub fn recognise(&mut self, grey: Grey, dpi: [u32; 2]) -> Result<SeitenText, EngineError> {
        let original = (grey.width, grey.height);
        let dpi = dpi.map(|d| if (50..=2400).contains(&d) { d } else { DEFAULT_DPI });
        let mut scale = (1.0f32, 1.0f32);
        let mut grey = grey;
        let mut fine = dpi[0].min(dpi[1]);
        while fine > HALVE_ABOVE_DPI {
            grey = grey.halved();
            scale = (scale.0 / 2.0, scale.1 / 2.0);
            fine /= 2;
        }
        let bitonal = grey.is_bitonal();
        let mut page = Pix::from_grey(&grey)?;
        drop(grey);
        if let Some(stretch) = stretch([dpi[0] as f32 * scale.0, dpi[1] as f32 * scale.1]) {
            page = page.scaled(stretch)?;
            scale = (scale.0 * stretch.0, scale.1 * stretch.1);
        }
        let reading_dpi = (dpi[0] as f32 * scale.0).round() as i32;

        let binary = page.binary(bitonal)?;
        let quarters = binary.quarters();
        let binary = if quarters == 0 { binary } else { binary.turned(quarters)? };
        if quarters != 0 {
            page = page.turned(quarters)?;
        }
        let deskew = binary.deskew_angle();
        drop(binary);
        if deskew != 0.0 {
            page = page.rotated(deskew)?;
        }
        page.set_resolution(reading_dpi);
        let straight = Straightening { original, turned: page.size(), scale, quarters: quarters as u8, deskew };
        let words = self.words(&page, reading_dpi, &straight)?;
        Ok(SeitenText {
            breite: original.0,
            hoehe: original.1,
            drehung: quarters as u16 * 90,
            schiefe: if deskew == 0.0 { 0.0 } else { -deskew },
            text: text_of(&words),
            woerter: words,
        })
    }

    fn words(&mut self, page: &Pix, dpi: c_int, straight: &Straightening) -> Result<Vec<Wort>, EngineError> {
        // SAFETY: `api` is a live engine and `page` a live image; tesseract takes its own reference.
        let failed = unsafe {
            ffi::TessBaseAPISetImage2(self.api, page.0);
            ffi::TessBaseAPISetSourceResolution(self.api, dpi);
            ffi::TessBaseAPIRecognize(self.api, ptr::null_mut()) != 0
        };
        let mut words = Vec::new();
        if !failed {
            // SAFETY: the page is recognised; a null iterator (empty page) is handled below.
            let iterator = unsafe { ffi::TessBaseAPIGetIterator(self.api) };
            if !iterator.is_null() {
                collect(iterator, straight, &mut words);
                // SAFETY: `iterator` came from GetIterator and is deleted exactly once.
                unsafe { ffi::TessResultIteratorDelete(iterator) };
            }
        }
        // SAFETY: live engine. The adaptive classifier is cleared so that a page's result does not
        // depend on the pages before it.
        unsafe {
            ffi::TessBaseAPIClear(self.api);
            ffi::TessBaseAPIClearAdaptiveClassifier(self.api);
        }
        if failed { Err(EngineError::Step("recognition")) } else { Ok(words) }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // SAFETY: `api` was created in `new`, is not null-checked by the C API itself (delete accepts
        // null) and is not used after this.
        unsafe {
            ffi::TessBaseAPIEnd(self.api);
            ffi::TessBaseAPIDelete(self.api);
        }
    }
}

/// Walks the words in reading order.
fn collect(iterator: *mut ffi::TessResultIterator, straight: &Straightening, words: &mut Vec<Wort>) {
    let mut line = 0u32;
    loop {
        // SAFETY: `iterator` is live; the page iterator is a view of it and is not freed on its own.
        let page = unsafe { ffi::TessResultIteratorGetPageIterator(iterator) };
        // SAFETY: as above, reads only.
        let starts_line = unsafe { ffi::TessPageIteratorIsAtBeginningOf(page, ffi::RIL_TEXTLINE) } != 0;
        if starts_line && !words.is_empty() {
            line += 1;
        }
        let (mut x0, mut y0, mut x1, mut y1) = (0, 0, 0, 0);
        // SAFETY: `page` is live and the four pointers are to live integers.
        let boxed =
            unsafe { ffi::TessPageIteratorBoundingBox(page, ffi::RIL_WORD, &mut x0, &mut y0, &mut x1, &mut y1) };
        let text = word_text(iterator);
        if boxed != 0 && !text.is_empty() {
            // SAFETY: `iterator` is live, reads only.
            let confidence = unsafe { ffi::TessResultIteratorConfidence(iterator, ffi::RIL_WORD) };
            words.push(Wort {
                text,
                kasten: straight.back([x0, y0, x1, y1]),
                sicherheit: (confidence / 100.0).clamp(0.0, 1.0),
                zeile: line,
            });
        }
        // SAFETY: `iterator` is live.
        let more = unsafe { ffi::TessResultIteratorNext(iterator, ffi::RIL_WORD) } != 0;
        if !more || words.len() >= MAX_WORDS {
            return;
        }
    }
}

fn word_text(iterator: *mut ffi::TessResultIterator) -> String {
    // SAFETY: `iterator` is live; the result is null or a NUL-terminated string that we own.
    let raw = unsafe { ffi::TessResultIteratorGetUTF8Text(iterator, ffi::RIL_WORD) };
    if raw.is_null() {
        return String::new();
    }
    // SAFETY: not null, NUL-terminated, freed exactly once after the copy.
    let text = unsafe { CStr::from_ptr(raw) }.to_string_lossy().trim().to_owned();
    // SAFETY: `raw` was allocated by tesseract and is freed by its own function.
    unsafe { ffi::TessDeleteText(raw) };
    text
}

/// Lines of words; words of one line are divided by a blank.
fn text_of(words: &[Wort]) -> String {
    let mut text = String::new();
    for (i, word) in words.iter().enumerate() {
        if i > 0 {
            text.push(if words[i - 1].zeile == word.zeile { ' ' } else { '\n' });
        }
        text.push_str(&word.text);
    }
    text
}

/// The stretch that makes pixels square and fine enough (fax pages), or `None` when they are.
fn stretch([x, y]: [f32; 2]) -> Option<(f32, f32)> {
    let target = x.max(y);
    let target = if target < ENLARGE_BELOW_DPI { DEFAULT_DPI as f32 } else { target };
    let stretch = (target / x, target / y);
    (stretch.0 > 1.1 || stretch.1 > 1.1).then_some(stretch)
}

/// An image owned by leptonica.
struct Pix(*mut ffi::Pix);

impl Drop for Pix {
    fn drop(&mut self) {
        // SAFETY: owned by us, freed once; leptonica accepts a pointer to null.
        unsafe { ffi::pixDestroy(&mut self.0) };
    }
}

impl Pix {
    fn own(raw: *mut ffi::Pix, step: &'static str) -> Result<Self, EngineError> {
        if raw.is_null() { Err(EngineError::Step(step)) } else { Ok(Self(raw)) }
    }

    fn from_grey(grey: &Grey) -> Result<Self, EngineError> {
        let (width, height) = (grey.width as usize, grey.height as usize);
        if width == 0 || grey.data.len() != width * height {
            return Err(EngineError::Step("image"));
        }
        // SAFETY: plain allocation; a null result is handled by `own`.
        let pix = Self::own(unsafe { ffi::pixCreateNoInit(width as c_int, height as c_int, 8) }, "image")?;
        // SAFETY: `pix` is live.
        let words_per_line = unsafe { ffi::pixGetWpl(pix.0) } as usize;
        if words_per_line < width.div_ceil(4) {
            return Err(EngineError::Step("image"));
        }
        // SAFETY: leptonica allocated `wpl * height` words for this image, and nobody else has a view of it.
        let words = unsafe { std::slice::from_raw_parts_mut(ffi::pixGetData(pix.0), words_per_line * height) };
        // Leptonica keeps the leftmost pixel in the highest byte of each word.
        for (row, line) in grey.data.chunks_exact(width).zip(words.chunks_exact_mut(words_per_line)) {
            for (four, word) in row.chunks(4).zip(line) {
                let mut bytes = [255u8; 4];
                bytes[..four.len()].copy_from_slice(four);
                *word = u32::from_be_bytes(bytes);
            }
        }
        Ok(pix)
    }

    fn size(&self) -> (u32, u32) {
        // SAFETY: `self.0` is live, reads only.
        unsafe { (ffi::pixGetWidth(self.0) as u32, ffi::pixGetHeight(self.0) as u32) }
    }

    fn set_resolution(&mut self, dpi: c_int) {
        // SAFETY: `self.0` is live.
        unsafe { ffi::pixSetResolution(self.0, dpi, dpi) };
    }

    fn scaled(&self, (x, y): (f32, f32)) -> Result<Self, EngineError> {
        // SAFETY: `self.0` is live; the result is a new image.
        Self::own(unsafe { ffi::pixScale(self.0, x, y) }, "scaling")
    }

    /// Black and white copy; uneven light is evened out first unless the page is bitonal already.
    fn binary(&self, bitonal: bool) -> Result<Self, EngineError> {
        let raw = if bitonal {
            // SAFETY: `self.0` is a live 8-bit image; the result is a new image.
            unsafe { ffi::pixThresholdToBinary(self.0, 128) }
        } else {
            // SAFETY: as above; null mask and null output are allowed by the API. Numbers are those
            // leptonica's documentation proposes for text pages.
            unsafe {
                ffi::pixOtsuThreshOnBackgroundNorm(
                    self.0,
                    ptr::null_mut(),
                    10,
                    15,
                    100,
                    50,
                    255,
                    2,
                    2,
                    0.1,
                    ptr::null_mut(),
                )
            }
        };
        Self::own(raw, "binarisation")
    }

    /// Quarter turns clockwise that bring the text upright; 0 when leptonica is not sure.
    fn quarters(&self) -> c_int {
        let (mut up, mut left, mut orientation) = (0.0, 0.0, 0);
        // SAFETY: `self.0` is a live 1-bit image and the pointers are to live values.
        let failed = unsafe {
            ffi::pixOrientDetect(self.0, &mut up, &mut left, 0, 0) != 0
                || ffi::makeOrientDecision(up, left, 0.0, 0.0, &mut orientation, 0) != 0
        };
        // Unknown 0, up 1, left 2, down 3, right 4.
        if failed { 0 } else { (orientation - 1).clamp(0, 3) }
    }

    /// Degrees clockwise that straighten the text lines; 0 when there is nothing to straighten.
    fn deskew_angle(&self) -> f32 {
        let (mut angle, mut confidence) = (0.0, 0.0);
        // SAFETY: `self.0` is a live 1-bit image and the pointers are to live values.
        let failed = unsafe { ffi::pixFindSkew(self.0, &mut angle, &mut confidence) } != 0;
        if failed || confidence < MIN_SKEW_CONFIDENCE || angle.abs() < MIN_SKEW { 0.0 } else { angle }
    }

    fn turned(&self, quarters: c_int) -> Result<Self, EngineError> {
        // SAFETY: `self.0` is live; the result is a new image.
        Self::own(unsafe { ffi::pixRotateOrth(self.0, quarters) }, "turning")
    }

    fn rotated(&self, degrees: f32) -> Result<Self, EngineError> {
        let radians = degrees.to_radians();
        // SAFETY: `self.0` is live; the result is a new image of the same size.
        let raw = unsafe { ffi::pixRotate(self.0, radians, ffi::ROTATE_AREA_MAP, ffi::BRING_IN_WHITE, 0, 0) };
        Self::own(raw, "deskew")
    }
}
