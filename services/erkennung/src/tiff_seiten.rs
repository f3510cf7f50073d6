// SPDX-License-Identifier: EUPL-1.2
//! TIFF files with one or many pages, G4 and fax included, to page images.

use std::io::Cursor;

use service_ocr_engine::grey::Grey;
use service_sandbox::Refusal;
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

use crate::bild::{Seitenbild, grey_of_rgb, png_grey, png_rgb};
use crate::grenzen;
use crate::pdf::quarantine;

fn damaged() -> Refusal {
    quarantine("Die TIFF-Datei ist beschädigt oder hat ein unbekanntes Verfahren.")
}

/// Number of pages, counted along the chain of directories without decoding anything.
///
/// # Errors
/// `quarantine` for more pages than allowed, a loop or a chain that leaves the file.
pub fn count(bytes: &[u8]) -> Result<usize, Refusal> {
    let little = bytes.starts_with(b"II");
    let short = |at: usize| -> Option<usize> {
        let b: [u8; 2] = bytes.get(at..at + 2)?.try_into().ok()?;
        Some(usize::from(if little { u16::from_le_bytes(b) } else { u16::from_be_bytes(b) }))
    };
    let long = |at: usize| -> Option<usize> {
        let b: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(b) } else { u32::from_be_bytes(b) } as usize)
    };
    let mut pages = 0;
    let mut at = long(4).ok_or_else(damaged)?;
    while at != 0 {
        pages += 1;
        if pages > grenzen::SEITEN {
            return Err(quarantine("Die TIFF-Datei hat mehr als 2.000 Seiten. Teilen Sie sie auf."));
        }
        let entries = short(at).ok_or_else(damaged)?;
        at = long(at + 2 + 12 * entries).ok_or_else(damaged)?;
    }
    if pages == 0 { Err(damaged()) } else { Ok(pages) }
}

/// The pages `range` (0-based) as images.
///
/// # Errors
/// `quarantine` when a page is over the limits or cannot be decoded.
pub fn pages(bytes: &[u8], range: std::ops::Range<usize>) -> Result<Vec<Seitenbild>, Refusal> {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = 320 << 20;
    limits.intermediate_buffer_size = 64 << 20;
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(|_| damaged())?.with_limits(limits);
    let mut out = Vec::new();
    for n in 0..range.end {
        if n >= range.start {
            out.push(page(&mut decoder)?);
        }
        if n + 1 < range.end {
            decoder.next_image().map_err(|_| damaged())?;
        }
    }
    Ok(out)
}

fn page(decoder: &mut Decoder<Cursor<&[u8]>>) -> Result<Seitenbild, Refusal> {
    let (width, height) = decoder.dimensions().map_err(|_| damaged())?;
    if width == 0 || height == 0 || u64::from(width) * u64::from(height) > grenzen::PIXEL {
        return Err(quarantine("Ein Seitenbild ist größer als 100 Megapixel."));
    }
    let dpi = resolution(decoder);
    let color = decoder.colortype().map_err(|_| damaged())?;
    let DecodingResult::U8(data) = decoder.read_image().map_err(|_| damaged())? else {
        return Err(damaged());
    };
    let pixels = width as usize * height as usize;
    let (bytes, grau) = match color {
        ColorType::Gray(1) => grey(Grey { width, height, data: unpack(&data, width, height).ok_or_else(damaged)? })?,
        ColorType::Gray(8) if data.len() == pixels => grey(Grey { width, height, data })?,
        ColorType::RGB(8) if data.len() == 3 * pixels => match grey_of_rgb(width, height, &data) {
            Some(found) => grey(found)?,
            None => (png_rgb(width, height, &data).map_err(|_| damaged())?, None),
        },
        _ => return Err(damaged()),
    };
    Ok(Seitenbild { bytes, grau, breite: width, hoehe: height, dpi })
}

fn grey(grey: Grey) -> Result<(Vec<u8>, Option<Grey>), Refusal> {
    Ok((png_grey(&grey).map_err(|_| damaged())?, Some(grey)))
}

/// One bit per pixel to one byte per pixel.
fn unpack(data: &[u8], width: u32, height: u32) -> Option<Vec<u8>> {
    let stride = (width as usize).div_ceil(8);
    let mut out = Vec::with_capacity(width as usize * height as usize);
    for row in 0..height as usize {
        let bits = data.get(row * stride..(row + 1) * stride)?;
        out.extend((0..width as usize).map(|x| if bits[x / 8] >> (7 - x % 8) & 1 == 1 { 255 } else { 0 }));
    }
    Some(out)
}

fn resolution(decoder: &mut Decoder<Cursor<&[u8]>>) -> [u32; 2] {
    let per_centimetre = decoder.find_tag_unsigned::<u16>(Tag::ResolutionUnit).ok().flatten() == Some(3);
    [Tag::XResolution, Tag::YResolution].map(|tag| {
        let value = match decoder.find_tag(tag) {
            Ok(Some(tiff::decoder::ifd::Value::Rational(n, d))) if d != 0 => f64::from(n) / f64::from(d),
            _ => 0.0,
        };
        let dpi = if per_centimetre { value * 2.54 } else { value };
        if (20.0..=2400.0).contains(&dpi) { dpi.round() as u32 } else { 0 }
    })
}
