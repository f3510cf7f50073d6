// SPDX-License-Identifier: EUPL-1.2
//! One pass over a page's drawing instructions: letters with their places, images with theirs.

use hayro::hayro_interpret::font::{Glyph, GlyphRun};
use hayro::hayro_interpret::hayro_cmap::BfString;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, TransformExt, interpret_page,
};
use hayro::hayro_syntax::object::ObjectIdentifier;
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::{Affine, BezPath, Point, Rect};
use nachrichten::erkennung::{SeitenText, Wort};
use service_sandbox::Refusal;

use super::{Seitenart, quarantine};
use crate::grenzen;

/// Letters on one page; more is an attack or a defect.
const MAX_LETTERS: usize = 200_000;
/// Images on one page that are remembered.
const MAX_IMAGES: usize = 1000;

/// What one page draws. Coordinates are points from the top left of the upright page.
pub struct Umfrage {
    /// Width and height in points, page rotation applied.
    pub groesse: (f32, f32),
    zeichen: Vec<Zeichen>,
    /// Images in drawing order.
    pub bilder: Vec<Bildlage>,
    /// Letters without a known meaning.
    unbekannt: usize,
    /// Paths drawn.
    pfade: usize,
}

/// One letter (or ligature).
struct Zeichen {
    text: String,
    ort: Point,
    /// Unit vector of the writing direction.
    richtung: (f64, f64),
    /// Height of the letter in points.
    hoehe: f64,
    /// Width in points.
    breite: f64,
}

/// Where an image lies on the page.
#[derive(Clone, Debug)]
pub struct Bildlage {
    /// Object of the image; `0 0` for inline images.
    pub id: ObjectIdentifier,
    /// Bounding box on the page.
    pub rahmen: Rect,
    /// Width and height in pixels.
    pub pixel: (u32, u32),
    /// From image pixels to the page.
    pub lage: Affine,
}

/// Looks at one page.
///
/// # Errors
/// `quarantine` for absurd page sizes or amounts of letters.
pub fn survey(page: &Page<'_>) -> Result<Umfrage, Refusal> {
    let groesse = page.render_dimensions();
    if !grenzen::SEITENKANTE.contains(&groesse.0) || !grenzen::SEITENKANTE.contains(&groesse.1) {
        return Err(quarantine("Eine Seite der PDF-Datei hat unmögliche Maße."));
    }
    let cache = InterpreterCache::new();
    let target = Rect::new(0.0, 0.0, f64::from(groesse.0), f64::from(groesse.1));
    let transform = page.initial_transform(true).to_kurbo();
    let mut context = Context::new(transform, target, &cache, page.xref(), InterpreterSettings::default());
    let mut survey = Umfrage { groesse, zeichen: Vec::new(), bilder: Vec::new(), unbekannt: 0, pfade: 0 };
    interpret_page(page, &mut context, &mut survey);
    if survey.zeichen.len() + survey.unbekannt >= MAX_LETTERS {
        return Err(quarantine("Eine Seite der PDF-Datei enthält zu viele Zeichen."));
    }
    Ok(survey)
}

impl Umfrage {
    /// Kind of the page.
    pub fn art(&self) -> Seitenart {
        let cover = self.covering_image().is_some();
        let letters = self.zeichen.iter().filter(|z| z.text.chars().any(char::is_alphanumeric)).count();
        // Below a third of known letters the font has no meaning for us, only shapes.
        let known = self.zeichen.len() > 2 * self.unbekannt;
        // A scan with only a stamp or a page number as text still needs recognition.
        let enough = if cover { 60 } else { 2 };
        if known && letters >= enough {
            Seitenart::Text
        } else if cover {
            Seitenart::Bild
        } else if self.pfade == 0 && self.bilder.is_empty() && self.zeichen.is_empty() && self.unbekannt == 0 {
            Seitenart::Leer
        } else {
            Seitenart::Zeichnung
        }
    }

    /// The image that covers at least two thirds of the page, if there is exactly one such image.
    pub fn covering_image(&self) -> Option<&Bildlage> {
        let page = Rect::new(0.0, 0.0, f64::from(self.groesse.0), f64::from(self.groesse.1));
        let mut found = self.bilder.iter().filter(|b| {
            let seen = b.rahmen.intersect(page);
            seen.width() > 0.0 && seen.height() > 0.0 && seen.area() >= page.area() * 0.66
        });
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// Whether the covering image is all the page shows.
    pub fn nothing_else(&self) -> bool {
        self.bilder.len() == 1 && self.pfade == 0 && self.zeichen.is_empty() && self.unbekannt == 0
    }

    /// The text layer as words, with boxes in pixels at `dpi`.
    pub fn text(&self, dpi: u32) -> SeitenText {
        let scale = f64::from(dpi) / 72.0;
        let mut words: Vec<Wort> = Vec::new();
        let mut open = false;
        let mut line = 0u32;
        let mut before: Option<&Zeichen> = None;
        for z in &self.zeichen {
            if let Some(prev) = before {
                match step(prev, z) {
                    Schritt::Weiter => {}
                    Schritt::Luecke => open = false,
                    Schritt::Zeile => {
                        line += u32::from(!words.is_empty());
                        open = false;
                    }
                }
            }
            before = Some(z);
            let text = clean(&z.text);
            if text.is_empty() {
                open = false;
                continue;
            }
            let kasten = z.kasten(scale);
            match words.last_mut().filter(|_| open) {
                Some(word) => {
                    word.text.push_str(&text);
                    word.kasten = union(word.kasten, kasten);
                }
                None => words.push(Wort { text, kasten, sicherheit: 1.0, zeile: line }),
            }
            open = true;
        }
        renumber(&mut words);
        SeitenText {
            breite: (f64::from(self.groesse.0) * scale) as u32,
            hoehe: (f64::from(self.groesse.1) * scale) as u32,
            drehung: 0,
            schiefe: 0.0,
            text: crate::text::lines(&words),
            woerter: words,
        }
    }
}

enum Schritt {
    Weiter,
    Luecke,
    Zeile,
}

/// How the pen moved from one letter to the next.
fn step(prev: &Zeichen, next: &Zeichen) -> Schritt {
    let size = prev.hoehe.max(next.hoehe).max(0.1);
    let turned = prev.richtung.0 * next.richtung.0 + prev.richtung.1 * next.richtung.1 < 0.9;
    let (dx, dy) = (next.ort.x - prev.ort.x, next.ort.y - prev.ort.y);
    let along = dx * prev.richtung.0 + dy * prev.richtung.1;
    let across = dy * prev.richtung.0 - dx * prev.richtung.1;
    if turned || across.abs() > 0.5 * size || along < -0.6 * size {
        Schritt::Zeile
    } else if along - prev.breite > 0.16 * size {
        Schritt::Luecke
    } else {
        Schritt::Weiter
    }
}

impl Zeichen {
    fn kasten(&self, scale: f64) -> [i32; 4] {
        let (rx, ry) = self.richtung;
        // Down is the writing direction turned by a quarter clockwise; y points down.
        let (ux, uy) = (ry, -rx);
        let corner = |along: f64, up: f64| {
            ((self.ort.x + rx * along + ux * up) * scale, (self.ort.y + ry * along + uy * up) * scale)
        };
        let corners = [
            corner(0.0, 0.76 * self.hoehe),
            corner(self.breite, 0.76 * self.hoehe),
            corner(0.0, -0.22 * self.hoehe),
            corner(self.breite, -0.22 * self.hoehe),
        ];
        let all = |pick: fn(&(f64, f64)) -> f64, best: fn(f64, f64) -> f64| {
            corners.iter().map(pick).reduce(best).unwrap_or_default()
        };
        let number = |v: f64| v.clamp(-1e6, 1e6) as i32;
        [
            number(all(|c| c.0, f64::min).floor()).max(0),
            number(all(|c| c.1, f64::min).floor()).max(0),
            number(all(|c| c.0, f64::max).ceil()).max(0),
            number(all(|c| c.1, f64::max).ceil()).max(0),
        ]
    }
}

fn union(a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

/// Visible characters only; control characters would forge lines.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !c.is_whitespace() && *c != '\u{AD}').collect()
}

/// Line numbers without holes.
fn renumber(words: &mut [Wort]) {
    let mut last = None;
    let mut line = 0;
    for word in words {
        if last.is_some_and(|l| l != word.zeile) {
            line += 1;
        }
        last = Some(word.zeile);
        word.zeile = line;
    }
}

impl<'a> Device<'a> for Umfrage {
    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {
        self.pfade += 1;
    }
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        for glyph in run.glyphs() {
            if self.zeichen.len() + self.unbekannt >= MAX_LETTERS {
                return;
            }
            let text = match glyph.as_unicode() {
                Some(BfString::Char(c)) => c.to_string(),
                Some(BfString::String(s)) => s.chars().take(8).collect(),
                None => String::new(),
            };
            if text.is_empty() || text.contains('\u{FFFD}') || text.starts_with('\0') {
                self.unbekannt += 1;
                continue;
            }
            let place = props.transform * glyph.transform();
            let ort = place * Point::ZERO;
            let wide = (place * Point::new(1000.0, 0.0)) - ort;
            let high = (place * Point::new(0.0, 1000.0)) - ort;
            let em = wide.hypot();
            if !(em.is_finite() && high.hypot().is_finite() && ort.x.is_finite() && ort.y.is_finite()) || em < 1e-6 {
                continue;
            }
            let advance = match &**glyph {
                Glyph::Outline(outline) => outline.advance_width(),
                Glyph::Type3(type3) => type3.advance_width(),
            };
            self.zeichen.push(Zeichen {
                text,
                ort,
                richtung: (wide.x / em, wide.y / em),
                hoehe: high.hypot(),
                breite: f64::from(advance.unwrap_or(500.0)) / 1000.0 * em,
            });
        }
    }
    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        if self.bilder.len() >= MAX_IMAGES {
            return;
        }
        let pixel = (image.width(), image.height());
        let id = match &image {
            Image::Stencil(s) => s.stream().obj_id(),
            Image::Raster(r) => r.stream().obj_id(),
        };
        let rahmen = props.transform.transform_rect_bbox(Rect::new(0.0, 0.0, f64::from(pixel.0), f64::from(pixel.1)));
        self.bilder.push(Bildlage { id, rahmen, pixel, lage: props.transform });
    }
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}
