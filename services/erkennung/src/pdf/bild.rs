// SPDX-License-Identifier: EUPL-1.2
//! Page images of a PDF. A page that is one image gives that image's own bytes; only pages that are
//! drawn are rasterised.

use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageData, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, TransformExt, font::GlyphRun, interpret_page,
};
use hayro::hayro_syntax::Filter;
use hayro::hayro_syntax::object::Stream;
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::{BezPath, Rect};
use hayro::{PixmapSettings, RenderCache, RenderSettings, render, vello_cpu};
use service_ocr_engine::grey::Grey;
use service_sandbox::Refusal;

use super::quarantine;
use super::umfrage::{Bildlage, Umfrage};
use crate::bild::{Seitenbild, grey_of_rgb, jpeg_rgb, png_grey, png_rgb};
use crate::grenzen;

/// The scan of a page: the image's own bytes where possible, else its pixels, else a raster.
///
/// # Errors
/// `quarantine` when the image is over the limits or damaged.
pub fn scan(page: &Page<'_>, survey: &Umfrage) -> Result<Seitenbild, Refusal> {
    let lying = survey.covering_image().filter(|b| survey.nothing_else() && b.id.obj_number != 0);
    let Some(place) = lying else {
        return raster(page, grenzen::RASTER_DPI);
    };
    if u64::from(place.pixel.0) * u64::from(place.pixel.1) > grenzen::PIXEL {
        return Err(quarantine("Ein Seitenbild ist größer als 100 Megapixel."));
    }
    let Some(dpi) = resolution(place) else {
        return raster(page, grenzen::RASTER_DPI);
    };
    let mut taker = Nehmer { bild: None };
    let cache = InterpreterCache::new();
    let size = page.render_dimensions();
    let mut context = Context::new(
        page.initial_transform(true).to_kurbo(),
        Rect::new(0.0, 0.0, f64::from(size.0), f64::from(size.1)),
        &cache,
        page.xref(),
        InterpreterSettings::default(),
    );
    interpret_page(page, &mut context, &mut taker);
    match taker.bild {
        Some(bild) => Ok(Seitenbild { dpi, ..bild }),
        None => Err(quarantine("Ein Seitenbild ist beschädigt.")),
    }
}

/// Dots per inch of an image that lies upright or turned by quarters, not mirrored or slanted.
fn resolution(place: &Bildlage) -> Option<[u32; 2]> {
    let [a, b, c, d, _, _] = place.lage.as_coeffs();
    let straight = (b.abs() < 1e-3 * a.abs() && c.abs() < 1e-3 * d.abs())
        || (a.abs() < 1e-3 * b.abs() && d.abs() < 1e-3 * c.abs());
    if !straight || a * d - b * c <= 0.0 {
        return None;
    }
    let dpi = [a.hypot(b), c.hypot(d)].map(|points_per_pixel| (72.0 / points_per_pixel).round());
    dpi.iter().all(|d| (20.0..=2400.0).contains(d)).then(|| dpi.map(|d| d as u32))
}

/// Device that takes the one image of a page.
struct Nehmer {
    bild: Option<Seitenbild>,
}

impl Nehmer {
    fn jpeg(&mut self, stream: &Stream<'_>) -> bool {
        // Only plain grey or RGB JPEGs that every viewer shows alike; a Decode array would invert them.
        if stream.filters().as_slice() != [Filter::DctDecode] || stream.dict().contains_key(b"Decode".as_slice()) {
            return false;
        }
        let bytes = stream.raw_data().into_owned();
        match crate::typ::jpeg_frame(&bytes) {
            Some(frame) if frame.components == 1 || frame.components == 3 => {
                let (breite, hoehe) = (frame.width, frame.height);
                self.bild = Some(Seitenbild { bytes, grau: None, breite, hoehe, dpi: [0, 0] });
                true
            }
            _ => false,
        }
    }

    fn pixels(&mut self, data: ImageData) {
        let (width, height) = (data.width(), data.height());
        let grey = match &data {
            ImageData::Luma(luma) => Some(Grey { width, height, data: luma.data.clone() }),
            ImageData::Rgb(rgb) => grey_of_rgb(width, height, &rgb.data),
        };
        let encoded = match (&grey, &data) {
            (Some(grey), _) => png_grey(grey),
            (None, ImageData::Rgb(rgb)) => png_rgb(width, height, &rgb.data),
            (None, ImageData::Luma(_)) => return,
        };
        if let Ok(bytes) = encoded {
            self.bild = Some(Seitenbild { bytes, grau: grey, breite: width, hoehe: height, dpi: [0, 0] });
        }
    }
}

impl<'a> Device<'a> for Nehmer {
    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_glyph_run(&mut self, _: &GlyphRun<'_, 'a>, _: DrawProps<'a>, _: &DrawMode) {}
    fn draw_image(&mut self, image: Image<'a, '_>, _: ImageDrawProps<'a>) {
        if self.bild.is_some() {
            return;
        }
        match image {
            Image::Raster(raster) => {
                if !self.jpeg(raster.stream()) {
                    raster.with_rgba(|data, _| self.pixels(data), None);
                }
            }
            // A stencil paints its marked pixels: with black paint that is a black and white page.
            Image::Stencil(stencil) => stencil.with_stencil(
                |luma, _| {
                    let data = luma.data.iter().map(|v| 255 - v).collect();
                    self.pixels(ImageData::Luma(hayro::hayro_interpret::LumaData { data, ..luma }));
                },
                None,
            ),
        }
    }
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

/// A picture of the page as it looks on paper, as JPEG (colour) or PNG (grey).
///
/// * `dpi` - lowered where the page would be larger than an A3 sheet at that resolution.
///
/// # Errors
/// `quarantine` when the page cannot be drawn.
pub fn raster(page: &Page<'_>, dpi: u32) -> Result<Seitenbild, Refusal> {
    const MAX_PIXELS: f32 = 20_000_000.0;
    let failed = || quarantine("Eine Seite der PDF-Datei lässt sich nicht darstellen.");
    let (width, height) = page.render_dimensions();
    let wanted = dpi as f32 / 72.0;
    let fitting = (MAX_PIXELS / (width * height)).sqrt().min(f32::from(u16::MAX) / width.max(height));
    let scale = wanted.min(fitting);
    if width * scale < 1.0 || height * scale < 1.0 {
        return Err(failed());
    }
    let settings = PixmapSettings { x_scale: scale, y_scale: scale, bg_color: vello_cpu::color::palette::css::WHITE };
    let pixmap =
        render(page, &RenderCache::new(), &InterpreterSettings::default(), &RenderSettings::default(), &settings);
    let (breite, hoehe) = (u32::from(pixmap.width()), u32::from(pixmap.height()));
    let rgb: Vec<u8> = pixmap.data().iter().flat_map(|p| [p.r, p.g, p.b]).collect();
    let grau = grey_of_rgb(breite, hoehe, &rgb);
    let bytes = match &grau {
        Some(grey) => png_grey(grey).map_err(|_| failed())?,
        None => jpeg_rgb(breite, hoehe, &rgb).map_err(|_| failed())?,
    };
    let real = (scale * 72.0).round() as u32;
    Ok(Seitenbild { bytes, grau, breite, hoehe, dpi: [real, real] })
}
