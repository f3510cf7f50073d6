// SPDX-License-Identifier: EUPL-1.2
//! The `TextEngine` port: one page image in, words out; a dead engine is a result.

use std::path::PathBuf;

use nachrichten::erkennung::SeitenText;
use service_ocr_engine::{KIND, PageJob};
use service_sandbox::{Limits, Pool, SandboxError, SelfTest};

/// Why a page has no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The image itself cannot be read; trying again is useless.
    #[error("page image unreadable")]
    Unreadable,
    /// The engine crashed, hung or spoke garbage on this page; a fresh engine is ready for the next one.
    #[error("engine died on this page: {0}")]
    Died(String),
    /// The engine cannot be started: not this page's fault.
    #[error("engine not available: {0}")]
    Unavailable(String),
}

/// Reads page images. Blocking; calls may come from several threads at once.
pub trait TextEngine: Send + Sync {
    /// Words of one page, boxes in pixels of the image.
    ///
    /// * `image` - JPEG or PNG. `dpi` - horizontal and vertical, 0 when unknown.
    ///
    /// # Errors
    /// [`EngineError`]; after any of them the next call works on a fresh engine.
    fn recognise(&self, image: &[u8], dpi: [u32; 2]) -> Result<SeitenText, EngineError>;

    /// How many pages can be read at the same time.
    fn parallel(&self) -> usize;
}

/// Tesseract in a pool of sandboxed `eakte-ocr` children.
pub struct Tesseract {
    pool: Pool,
    size: usize,
}

impl Tesseract {
    /// A pool of `size` engines for a language model, e.g. `deu`.
    pub fn new(program: PathBuf, language: &str, size: usize, limits: Limits) -> Self {
        let env = [("OMP_THREAD_LIMIT", "1"), ("EAKTE_OCR_LANG", language)];
        let pool = Pool::with_access(program, Vec::new(), limits, size, Default::default(), &env);
        Self { pool, size: size.max(1) }
    }

    /// Limits of one engine: 30 s of processor and 60 s of wall clock a page, replaced every 200 pages.
    pub fn limits() -> Limits {
        Limits { memory: 768 << 20, ..Limits::default() }
    }

    /// Where the program is: `EAKTE_OCR_BIN`, else beside this executable (or one folder up, as test
    /// binaries lie in `deps`).
    pub fn program() -> Option<PathBuf> {
        if let Some(path) = std::env::var_os("EAKTE_OCR_BIN") {
            return Some(path.into());
        }
        let own = std::env::current_exe().ok()?;
        own.ancestors().skip(1).take(2).map(|folder| folder.join("eakte-ocr")).find(|path| path.exists())
    }

    /// Lets an engine try what it must not be able to do.
    ///
    /// # Errors
    /// As the sandbox says.
    pub fn self_test(&self) -> Result<SelfTest, SandboxError> {
        self.pool.self_test()
    }
}

impl TextEngine for Tesseract {
    fn recognise(&self, image: &[u8], dpi: [u32; 2]) -> Result<SeitenText, EngineError> {
        let header = serde_json::json!(PageJob { dpi });
        let reply = self.pool.call(KIND, &header, &[image]).map_err(|e| match e {
            SandboxError::Refused { .. } => EngineError::Unreadable,
            SandboxError::Io(e) => EngineError::Unavailable(e.to_string()),
            SandboxError::Lock(e) => EngineError::Unavailable(e),
            SandboxError::Died { how } if how == "exit code 78" => {
                EngineError::Unavailable("language model missing".into())
            }
            other => EngineError::Died(other.to_string()),
        })?;
        let page = serde_json::from_value(reply.header).map_err(|_| EngineError::Died("garbage".into()))?;
        sane(page).ok_or_else(|| EngineError::Died("garbage".into()))
    }

    fn parallel(&self) -> usize {
        self.size
    }
}

/// The answer of a sandboxed process is as hostile as its input: boxes on the page, confidences in range.
fn sane(page: SeitenText) -> Option<SeitenText> {
    let (width, height) = (i32::try_from(page.breite).ok()?, i32::try_from(page.hoehe).ok()?);
    let inside = page.woerter.iter().all(|w| {
        let [x0, y0, x1, y1] = w.kasten;
        0 <= x0 && x0 <= x1 && x1 <= width && 0 <= y0 && y0 <= y1 && y1 <= height && (0.0..=1.0).contains(&w.sicherheit)
    });
    (inside && page.drehung.is_multiple_of(90) && page.drehung < 360 && page.schiefe.is_finite()).then_some(page)
}

/// The contract of a text engine; every implementation runs exactly this.
///
/// * `engine` - the engine as it is used. `broken` - the same engine when its program crashes, hangs or
///   speaks garbage, one each.
/// * `letter` - a page with at least five words.
///
/// # Panics
/// When the contract is broken: this is test code that lives beside the trait it belongs to.
pub fn text_engine_contract(engine: &dyn TextEngine, broken: &[Box<dyn TextEngine>], letter: &[u8]) {
    let first = engine.recognise(letter, [300, 300]).expect("a plain letter is read");
    assert!(first.woerter.len() >= 5, "words are found");
    assert!(sane(first.clone()).is_some(), "boxes lie on the page, confidences within 0..=1");
    assert_eq!(crate::text::lines(&first.woerter), first.text, "text is the words in lines");
    assert_eq!(engine.recognise(letter, [300, 300]).expect("again"), first, "same page, same answer");
    assert_eq!(engine.recognise(b"not an image", [300, 300]), Err(EngineError::Unreadable));
    assert_eq!(engine.recognise(letter, [300, 300]).expect("after a bad page"), first, "a bad page costs one page");
    for engine in broken {
        for _ in 0..2 {
            let error = engine.recognise(letter, [300, 300]).expect_err("a dead engine is a result");
            assert!(matches!(error, EngineError::Died(_)), "{error}");
        }
    }
    std::thread::scope(|scope| {
        for _ in 0..engine.parallel() + 1 {
            scope.spawn(|| assert_eq!(engine.recognise(letter, [300, 300]).expect("in parallel"), first));
        }
    });
}

/// Engine for tests of other code: knows what to answer, reads nothing.
#[derive(Default)]
pub struct Attrappe {
    /// The answer to every image; `None` lets it die on every page.
    pub antwort: Option<SeitenText>,
}

impl TextEngine for Attrappe {
    fn recognise(&self, image: &[u8], _: [u32; 2]) -> Result<SeitenText, EngineError> {
        let known = image.starts_with(b"\x89PNG") || image.starts_with(&[0xFF, 0xD8]);
        match &self.antwort {
            Some(_) if !known => Err(EngineError::Unreadable),
            Some(page) => Ok(page.clone()),
            None => Err(EngineError::Died("signal 6".into())),
        }
    }

    fn parallel(&self) -> usize {
        1
    }
}
