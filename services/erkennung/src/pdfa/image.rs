// SPDX-License-Identifier: EUPL-1.2
//! Page images as PDF objects. JPEG data passes through untouched; bilevel pages become G4 without loss;
//! grey and RGB PNG data passes through as it is deflated already.

use std::io::Cursor;

use fax::{Color, VecWriter, encoder::Encoder};
use lopdf::{Dictionary, Stream, dictionary};
use service_ocr_engine::grey;

use super::packed;
use crate::{grenzen, typ};

/// An image object with its size.
pub struct Embedded {
    pub stream: Stream,
    pub width: u32,
    pub height: u32,
}

/// The image cannot be read.
#[derive(Debug)]
pub struct Unreadable;

/// Makes the image object of one page.
pub fn embed(bytes: &[u8]) -> Result<Embedded, Unreadable> {
    if let Some(frame) = typ::jpeg_frame(bytes).filter(|_| bytes.starts_with(&[0xFF, 0xD8]))
        && (frame.components == 1 || frame.components == 3)
    {
        let space = if frame.components == 1 { "DeviceGray" } else { "DeviceRGB" };
        let mut dict = image_dict(frame.width, frame.height, space, 8);
        dict.set("Filter", "DCTDecode");
        return Ok(finish(dict, bytes.to_vec(), frame.width, frame.height));
    }
    if bytes.starts_with(b"\x89PNG") {
        let limits = png::Limits { bytes: 64 << 20 };
        let reader = png::Decoder::new_with_limits(Cursor::new(bytes), limits).read_info().map_err(|_| Unreadable)?;
        let info = reader.info();
        let plain = !info.interlaced && info.trns.is_none() && info.bit_depth == png::BitDepth::Eight;
        match info.color_type {
            png::ColorType::Grayscale if plain => {
                return deflated(bytes, info.width, info.height, 1);
            }
            png::ColorType::Rgb if plain => return deflated(bytes, info.width, info.height, 3),
            _ => {}
        }
    }
    let grey = grey::decode(bytes, grenzen::PIXEL).map_err(|_| Unreadable)?;
    if grey.is_bitonal() {
        return g4(&grey);
    }
    let dict = image_dict(grey.width, grey.height, "DeviceGray", 8);
    Ok(Embedded { stream: packed(Stream::new(dict, grey.data)), width: grey.width, height: grey.height })
}

fn image_dict(width: u32, height: u32, space: &str, bits: i64) -> Dictionary {
    dictionary! {
        "Type" => "XObject",
        "Subtype" => "Image",
        "Width" => i64::from(width),
        "Height" => i64::from(height),
        "ColorSpace" => space,
        "BitsPerComponent" => bits,
    }
}

fn finish(dict: Dictionary, content: Vec<u8>, width: u32, height: u32) -> Embedded {
    Embedded { stream: Stream::new(dict, content).with_compression(false), width, height }
}

/// The IDAT data of a PNG is a zlib stream with row predictors: PDF knows both.
fn deflated(bytes: &[u8], width: u32, height: u32, colors: i64) -> Result<Embedded, Unreadable> {
    let mut data = Vec::new();
    let mut at = 8;
    while let Some(head) = bytes.get(at..at + 8) {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let content = bytes.get(at + 8..at + 8 + length).ok_or(Unreadable)?;
        if &head[4..8] == b"IDAT" {
            data.extend_from_slice(content);
        }
        at += 12 + length;
    }
    let mut dict = image_dict(width, height, if colors == 1 { "DeviceGray" } else { "DeviceRGB" }, 8);
    dict.set("Filter", "FlateDecode");
    dict.set(
        "DecodeParms",
        dictionary! { "Predictor" => 15, "Colors" => colors, "BitsPerComponent" => 8, "Columns" => i64::from(width) },
    );
    Ok(finish(dict, data, width, height))
}

fn g4(grey: &grey::Grey) -> Result<Embedded, Unreadable> {
    let mut encoder = Encoder::new(VecWriter::new());
    for row in grey.data.chunks_exact(grey.width as usize) {
        let pels = row.iter().map(|p| if *p < 128 { Color::Black } else { Color::White });
        encoder.encode_line(pels, grey.width).map_err(|_| Unreadable)?;
    }
    let data = encoder.finish().map_err(|_| Unreadable)?.finish();
    let mut dict = image_dict(grey.width, grey.height, "DeviceGray", 1);
    dict.set("Filter", "CCITTFaxDecode");
    dict.set(
        "DecodeParms",
        dictionary! { "K" => -1, "Columns" => i64::from(grey.width), "Rows" => i64::from(grey.height) },
    );
    Ok(finish(dict, data, grey.width, grey.height))
}
