// SPDX-License-Identifier: EUPL-1.2
//! Page images: encoding, ink, sizes.

use image::ImageEncoder;
use service_ocr_engine::grey::Grey;

/// An encoded page image, JPEG or PNG.
#[derive(Clone, Debug, PartialEq)]
pub struct Seitenbild {
    /// Its pixels, when they were at hand anyway: nothing is decoded twice.
    pub grau: Option<Grey>,
    /// JPEG or PNG bytes.
    pub bytes: Vec<u8>,
    /// Pixels per row.
    pub breite: u32,
    /// Rows.
    pub hoehe: u32,
    /// Dots per inch, horizontal and vertical.
    pub dpi: [u32; 2],
}

/// Grey image as PNG: one bit per pixel when it is black and white only.
///
/// # Errors
/// The encoder's message; only for absurd sizes.
pub fn png_grey(grey: &Grey) -> Result<Vec<u8>, png::EncodingError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, grey.width, grey.height);
    encoder.set_color(png::ColorType::Grayscale);
    if grey.is_bitonal() {
        encoder.set_depth(png::BitDepth::One);
        encoder.set_compression(png::Compression::Balanced);
        encoder.write_header()?.write_image_data(&pack(grey, true))?;
    } else {
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        encoder.write_header()?.write_image_data(&grey.data)?;
    }
    Ok(out)
}

/// One bit per pixel, rows padded to bytes; `white` says which value is white.
pub fn pack(grey: &Grey, white: bool) -> Vec<u8> {
    let width = grey.width as usize;
    let mut out = Vec::with_capacity(width.div_ceil(8) * grey.height as usize);
    for row in grey.data.chunks_exact(width) {
        for eight in row.chunks(8) {
            let byte = eight.iter().enumerate().fold(0u8, |b, (i, p)| b | (u8::from((*p >= 128) == white) << (7 - i)));
            out.push(byte);
        }
    }
    out
}

/// RGB image as PNG.
///
/// # Errors
/// The encoder's message.
pub fn png_rgb(width: u32, height: u32, rgb: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    encoder.write_header()?.write_image_data(rgb)?;
    Ok(out)
}

/// RGB image as JPEG of good quality, for pictures that are no evidence.
///
/// # Errors
/// The encoder's message.
pub fn jpeg_rgb(width: u32, height: u32, rgb: &[u8]) -> image::ImageResult<Vec<u8>> {
    let mut out = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, 85).write_image(
        rgb,
        width,
        height,
        image::ExtendedColorType::Rgb8,
    )?;
    Ok(out)
}

/// Whether RGB pixels are grey throughout (differences up to 2 are rounding).
pub fn grey_of_rgb(width: u32, height: u32, rgb: &[u8]) -> Option<Grey> {
    let grey = rgb.chunks_exact(3).all(|p| p[0].abs_diff(p[1]) <= 2 && p[1].abs_diff(p[2]) <= 2);
    grey.then(|| Grey { width, height, data: rgb.chunks_exact(3).map(|p| p[1]).collect() })
}

/// Whether a page carries nothing a person would miss.
///
/// * `grey` - the page at 100 to 200 dpi, at least 32 pixels wide.
///
/// The outer 4 % (scanner edge, punch holes) do not count. The page is looked at in cells of 8 x 8 pixels;
/// a cell has ink when its mean is clearly darker than the paper, and counts when the cell beside it has
/// ink as well: writing runs on, specks do not. A page number alone is about 6 such cells, one short line
/// of text 30.
pub fn is_blank(grey: &Grey) -> bool {
    const CELL: usize = 8;
    const LIMIT: usize = 10;
    let (width, height) = (grey.width as usize, grey.height as usize);
    if width < 4 * CELL || height < 4 * CELL {
        return false;
    }
    let paper = paper_level(grey);
    let (left, top) = (width / 25, height / 25);
    let inked = |x: usize, y: usize| {
        let rows = (y..y + CELL).map(|row| &grey.data[row * width + x..row * width + x + CELL]);
        let sum: u32 = rows.flatten().map(|p| u32::from(*p)).sum();
        sum / (CELL * CELL) as u32 + 24 < paper
    };
    let mut written = 0;
    for y in (top..height - top - CELL).step_by(CELL) {
        let mut run = 0;
        for x in (left..width - left - CELL).step_by(CELL) {
            run = if inked(x, y) { run + 1 } else { 0 };
            written += match run {
                0 | 1 => 0,
                2 => 2,
                _ => 1,
            };
        }
        if written > LIMIT {
            return false;
        }
    }
    true
}

/// The brightness most pixels have: the paper.
fn paper_level(grey: &Grey) -> u32 {
    let mut histogram = [0usize; 256];
    grey.data.iter().step_by(3).for_each(|p| histogram[usize::from(*p)] += 1);
    // Smoothed over 9 levels, so that noise does not split the peak.
    (0..256usize)
        .max_by_key(|level| histogram[level.saturating_sub(4)..(level + 5).min(256)].iter().sum::<usize>())
        .unwrap_or(255) as u32
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use service_ocr_engine::grey;

    fn paper(value: u8) -> Grey {
        Grey { width: 1240, height: 1754, data: vec![value; 1240 * 1754] }
    }

    fn ink(page: &mut Grey, x: usize, y: usize, w: usize, h: usize) {
        for row in y..y + h {
            page.data[row * 1240 + x..row * 1240 + x + w].fill(20);
        }
    }

    #[test]
    fn bitonal_survives_the_round_trip_as_one_bit() {
        let mut page = paper(255);
        ink(&mut page, 300, 300, 101, 7);
        page.data.iter_mut().filter(|p| **p == 20).for_each(|p| *p = 0);
        let file = png_grey(&page).unwrap();
        assert!(file.len() < 4000, "{}", file.len());
        assert_eq!(grey::decode(&file, 1 << 24).unwrap(), page);
    }

    #[test]
    fn grey_survives_the_round_trip() {
        let mut page = paper(240);
        ink(&mut page, 10, 10, 50, 50);
        assert_eq!(grey::decode(&png_grey(&page).unwrap(), 1 << 24).unwrap(), page);
    }

    #[test]
    fn an_empty_back_is_blank_also_with_specks_holes_and_a_dark_edge() {
        let mut page = paper(236);
        for i in 0..30 {
            ink(&mut page, 60 + 37 * i, 100 + 50 * i, 3, 3);
        }
        ink(&mut page, 0, 0, 30, 1754);
        ink(&mut page, 20, 700, 24, 24);
        assert!(is_blank(&page));
    }

    #[test]
    fn one_short_line_of_text_is_not_blank() {
        let mut page = paper(236);
        for letter in 0..24 {
            ink(&mut page, 400 + 14 * letter, 800, 3, 22);
            ink(&mut page, 404 + 14 * letter, 810, 5, 3);
        }
        assert!(!is_blank(&page));
    }
}
