// SPDX-License-Identifier: EUPL-1.2
//! 8-bit grey images, decoded once, with the size checked before memory is taken.

use std::io::Cursor;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// An 8-bit grey image, row major, 0 = black.
#[derive(Clone, Debug, PartialEq)]
pub struct Grey {
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `width * height` bytes.
    pub data: Vec<u8>,
}

/// Why an image has no pixels for us.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// Neither JPEG nor PNG.
    #[error("not a JPEG or PNG image")]
    Format,
    /// More pixels than the caller allows.
    #[error("{width} x {height} pixels are over the limit")]
    TooLarge {
        /// Pixels per row as the file says.
        width: u64,
        /// Rows as the file says.
        height: u64,
    },
    /// The data ends early or contradicts itself.
    #[error("image data damaged: {0}")]
    Damaged(String),
}

/// Decodes a JPEG or PNG to grey.
///
/// * `max_pixels` - checked against the header before anything is allocated.
///
/// # Errors
/// [`ImageError`]; a truncated PNG is an error, a JPEG that ends early is one as well.
pub fn decode(bytes: &[u8], max_pixels: u64) -> Result<Grey, ImageError> {
    if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        jpeg(bytes, max_pixels)
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        png(bytes, max_pixels)
    } else {
        Err(ImageError::Format)
    }
}

fn fits(width: u64, height: u64, max_pixels: u64) -> Result<(u32, u32), ImageError> {
    if width == 0 || height == 0 {
        return Err(ImageError::Damaged("no pixels".into()));
    }
    match width.checked_mul(height) {
        Some(n) if n <= max_pixels => Ok((width as u32, height as u32)),
        _ => Err(ImageError::TooLarge { width, height }),
    }
}

fn jpeg(bytes: &[u8], max_pixels: u64) -> Result<Grey, ImageError> {
    let damaged =
        |e: zune_jpeg::errors::DecodeErrors| ImageError::Damaged(format!("{e:?}").chars().take(200).collect());
    // Strict: a JPEG that ends early would otherwise come back as a page with a grey lower half.
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let info = decoder.info().ok_or_else(|| ImageError::Damaged("no header".into()))?;
    let (width, height) = fits(u64::from(info.width), u64::from(info.height), max_pixels)?;
    let wanted = match decoder.input_colorspace() {
        Some(ColorSpace::CMYK | ColorSpace::YCCK) => ColorSpace::RGB,
        _ => ColorSpace::Luma,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(wanted));
    let data = decoder.decode().map_err(damaged)?;
    let pixels = width as usize * height as usize;
    let data = match data.len().checked_div(pixels) {
        Some(1) => data,
        Some(3) => data.chunks_exact(3).map(|p| luma(p[0], p[1], p[2])).collect(),
        _ => return Err(ImageError::Damaged("unexpected number of samples".into())),
    };
    Ok(Grey { width, height, data })
}

fn png(bytes: &[u8], max_pixels: u64) -> Result<Grey, ImageError> {
    let damaged = |e: png::DecodingError| ImageError::Damaged(e.to_string().chars().take(200).collect());
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: 64 << 20 });
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(damaged)?;
    let info = reader.info();
    let (width, height) = fits(u64::from(info.width), u64::from(info.height), max_pixels)?;
    if info.interlaced {
        return Err(ImageError::Damaged("interlaced pages are not supported".into()));
    }
    let samples = reader.output_color_type().0.samples();
    let mut data = Vec::with_capacity(width as usize * height as usize);
    while let Some(row) = reader.next_row().map_err(damaged)? {
        let row = row.data();
        match samples {
            1 => data.extend_from_slice(row),
            2 => data.extend(row.chunks_exact(2).map(|p| over_white(p[0], p[1]))),
            3 => data.extend(row.chunks_exact(3).map(|p| luma(p[0], p[1], p[2]))),
            _ => data.extend(row.chunks_exact(4).map(|p| over_white(luma(p[0], p[1], p[2]), p[3]))),
        }
    }
    if data.len() != width as usize * height as usize {
        return Err(ImageError::Damaged("rows are missing".into()));
    }
    Ok(Grey { width, height, data })
}

fn luma(r: u8, g: u8, b: u8) -> u8 {
    ((u32::from(r) * 299 + u32::from(g) * 587 + u32::from(b) * 114 + 500) / 1000) as u8
}

fn over_white(value: u8, alpha: u8) -> u8 {
    255 - ((255 - u32::from(value)) * u32::from(alpha) / 255) as u8
}

impl Grey {
    /// The image at half size, each pixel the mean of four; an odd last row or column is dropped.
    pub fn halved(&self) -> Self {
        let (width, height) = ((self.width / 2).max(1), (self.height / 2).max(1));
        if self.width < 2 || self.height < 2 {
            return self.clone();
        }
        let stride = self.width as usize;
        let mut data = Vec::with_capacity(width as usize * height as usize);
        for rows in self.data.chunks_exact(2 * stride).take(height as usize) {
            let (top, bottom) = rows.split_at(stride);
            for (a, b) in top.chunks_exact(2).zip(bottom.chunks_exact(2)) {
                let sum = u32::from(a[0]) + u32::from(a[1]) + u32::from(b[0]) + u32::from(b[1]);
                data.push(((sum + 2) / 4) as u8);
            }
        }
        Self { width, height, data }
    }

    /// Whether every pixel is black or white: a bitonal scan needs no thresholding.
    pub fn is_bitonal(&self) -> bool {
        self.data.iter().all(|p| *p == 0 || *p == 255)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn png_file(width: u32, height: u32, depth: png::BitDepth, color: png::ColorType, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, width, height);
        encoder.set_depth(depth);
        encoder.set_color(color);
        encoder.write_header().unwrap().write_image_data(data).unwrap();
        out
    }

    #[test]
    fn one_bit_png_becomes_black_and_white() {
        let file = png_file(10, 2, png::BitDepth::One, png::ColorType::Grayscale, &[0b1010_0000, 0, 0xFF, 0xFF]);
        let grey = decode(&file, 100).unwrap();
        assert_eq!((grey.width, grey.height), (10, 2));
        assert_eq!(&grey.data[..4], &[255, 0, 255, 0]);
        assert!(grey.data[10..].iter().all(|p| *p == 255) && grey.is_bitonal());
    }

    #[test]
    fn colour_becomes_luma() {
        let file = png_file(2, 1, png::BitDepth::Eight, png::ColorType::Rgb, &[255, 0, 0, 255, 255, 255]);
        assert_eq!(decode(&file, 100).unwrap().data, vec![76, 255]);
    }

    #[test]
    fn size_is_checked_before_memory_is_taken() {
        let file = png_file(10, 10, png::BitDepth::Eight, png::ColorType::Grayscale, &[0; 100]);
        assert_eq!(decode(&file, 99), Err(ImageError::TooLarge { width: 10, height: 10 }));
    }

    #[test]
    fn a_cut_file_is_damaged_and_text_is_no_image() {
        let noise: Vec<u8> = (0..10_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let file = png_file(100, 100, png::BitDepth::Eight, png::ColorType::Grayscale, &noise);
        assert!(matches!(decode(&file[..file.len() / 2], 1 << 20), Err(ImageError::Damaged(_))));
        assert_eq!(decode(b"push graphic-context", 100), Err(ImageError::Format));
    }

    #[test]
    fn halving_takes_the_mean() {
        let grey = Grey { width: 4, height: 2, data: vec![0, 100, 8, 8, 100, 200, 8, 8] };
        assert_eq!(grey.halved(), Grey { width: 2, height: 1, data: vec![100, 8] });
    }
}
