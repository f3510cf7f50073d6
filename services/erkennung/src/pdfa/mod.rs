// SPDX-License-Identifier: EUPL-1.2
//! Writer of searchable PDF/A-2u: each page is its own scan image with the recognised words lying
//! invisibly on it. A closed, small structure; the same input gives the same bytes.
//!
//! | clause (ISO 19005-2) | how it is met |
//! |---|---|
//! | 6.1.2, 6.1.3 header, trailer id | binary mark by lopdf; `/ID` from the hash of the content |
//! | 6.1.4 cross-reference | one classic table, one revision |
//! | 6.1.6, 6.1.7 strings, streams | lopdf writes lengths; no external streams, no LZW |
//! | 6.2.3 output intent | sRGB profile built in `icc` |
//! | 6.2.4 colour | DeviceGray and DeviceRGB only |
//! | 6.2.8 images | no interpolation, no alternates, no JPX |
//! | 6.2.11 fonts | one embedded font, Identity-H, widths equal to the program, never glyph 0 |
//! | 6.2.11.7 Unicode (level U) | every code in use stands in ToUnicode |
//! | 6.6 metadata | XMP with `pdfaid`, title; no Info dictionary |
//! | 6.3 to 6.5 annotations, actions, forms | none |

mod font;
mod icc;
mod image;
mod words;

use lopdf::{Document, Object, Stream, StringFormat, dictionary};
use nachrichten::BlobHash;
use nachrichten::erkennung::SeitenText;
use serde::{Deserialize, Serialize};
use service_sandbox::Refusal;

use self::words::Sheet;
use crate::pdf::quarantine;

/// What to write. The blobs are one image (JPEG or PNG) per page, then the words as JSON
/// (`Vec<SeitenText>`, one per page; may be an empty list: then the PDF has no text).
#[derive(Debug, Serialize, Deserialize)]
pub struct PdfaJob {
    /// Document title.
    pub titel: String,
    /// Resolution of each page image, horizontal and vertical; 0 when unknown.
    pub dpi: Vec<[u32; 2]>,
}

/// Writes the PDF.
///
/// # Errors
/// A refusal when an image cannot be read or the message is inconsistent.
pub fn write(job: &PdfaJob, blobs: &[Vec<u8>]) -> Result<Vec<u8>, Refusal> {
    let damaged = || quarantine("Das durchsuchbare PDF lässt sich nicht schreiben.");
    let (words, images) = blobs.split_last().ok_or_else(damaged)?;
    let pages: Vec<SeitenText> = serde_json::from_slice(words).map_err(|_| damaged())?;
    if images.len() != job.dpi.len() || images.is_empty() || (!pages.is_empty() && pages.len() != images.len()) {
        return Err(damaged());
    }
    let codes = font::Codes::of(&pages);
    let mut doc = Document::with_version("1.7");
    let tree = doc.new_object_id();
    let font = codes.add_to(&mut doc);
    let mut kids = Vec::new();
    for (n, (bytes, dpi)) in images.iter().zip(&job.dpi).enumerate() {
        let image = image::embed(bytes).map_err(|_| damaged())?;
        let image_id = doc.add_object(image.stream);
        let text = pages.get(n);
        let sheet = Sheet::of(Size::of(image.width, image.height, *dpi), text);
        let content = words::content(text, &sheet, &codes);
        let content = doc.add_object(packed(Stream::new(dictionary! {}, content)));
        let page = doc.add_object(dictionary! {
            "Type" => "Page",
            "Parent" => tree,
            "MediaBox" => vec![0.into(), 0.into(), sheet.width.into(), sheet.height.into()],
            "Rotate" => i64::from(text.map_or(0, |t| t.drehung)),
            "Resources" => dictionary! {
                "XObject" => dictionary! { "B" => image_id },
                "Font" => dictionary! { "F" => font },
            },
            "Contents" => content,
        });
        kids.push(Object::from(page));
    }
    doc.set_object(tree, dictionary! { "Type" => "Pages", "Count" => kids.len() as i64, "Kids" => kids });
    let profile = packed(Stream::new(dictionary! { "N" => 3 }, icc::srgb()));
    let profile = doc.add_object(profile);
    // Metadata stays readable for every tool: never compressed.
    let metadata = Stream::new(dictionary! { "Type" => "Metadata", "Subtype" => "XML" }, xmp(&job.titel).into_bytes());
    let metadata = doc.add_object(metadata.with_compression(false));
    let catalog = doc.add_object(dictionary! {
        "Type" => "Catalog",
        "Pages" => tree,
        "Lang" => Object::string_literal("de-DE"),
        "Metadata" => metadata,
        "OutputIntents" => vec![Object::from(dictionary! {
            "Type" => "OutputIntent",
            "S" => "GTS_PDFA1",
            "OutputConditionIdentifier" => Object::string_literal("sRGB"),
            "Info" => Object::string_literal("sRGB"),
            "DestOutputProfile" => profile,
        })],
    });
    doc.trailer.set("Root", catalog);
    let id = identity(job, blobs);
    doc.trailer.set("ID", vec![id.clone(), id]);
    let mut out = Vec::new();
    doc.save_to(&mut out).map_err(|_| damaged())?;
    Ok(out)
}

/// Deflated where that makes the stream smaller.
fn packed(mut stream: Stream) -> Stream {
    // A stream that cannot be packed is written as it is.
    let _ = stream.compress();
    stream
}

fn identity(job: &PdfaJob, blobs: &[Vec<u8>]) -> Object {
    let mut all = job.titel.clone().into_bytes();
    blobs.iter().for_each(|b| all.extend(BlobHash::of(b).0));
    Object::String(BlobHash::of(&all).0[..16].to_vec(), StringFormat::Hexadecimal)
}

/// Size of a page image in points and the scale from pixels.
pub(crate) struct Size {
    pub width: f32,
    pub height: f32,
    /// Points per pixel, horizontal and vertical.
    pub scale: (f32, f32),
}

impl Size {
    fn of(width: u32, height: u32, dpi: [u32; 2]) -> Self {
        // Without a resolution the longer edge becomes that of an A4 sheet.
        let assumed = (width.max(height) as f32 / 11.69).max(20.0);
        let scale = dpi.map(|d| 72.0 / if d == 0 { assumed } else { d as f32 });
        let edge = |pixels: u32, scale: f32| ((pixels as f32 * scale * 100.0).round() / 100.0).clamp(3.0, 14_400.0);
        Self { width: edge(width, scale[0]), height: edge(height, scale[1]), scale: (scale[0], scale[1]) }
    }
}

fn xmp(title: &str) -> String {
    let title: String = title
        .chars()
        .filter(|c| !c.is_control())
        .map(|c| match c {
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '&' => "&amp;".to_owned(),
            c => c.to_string(),
        })
        .collect();
    format!(
        r#"<?xpacket begin="{bom}" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>2</pdfaid:part>
<pdfaid:conformance>U</pdfaid:conformance>
<pdf:Producer>E-Akte</pdf:Producer>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"#,
        bom = '\u{FEFF}'
    )
}
