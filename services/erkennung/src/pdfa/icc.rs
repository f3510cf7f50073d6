// SPDX-License-Identifier: EUPL-1.2
//! A minimal sRGB display profile (ICC version 2.1), computed from the published numbers.

/// Steps of the tone curve.
const STEPS: u16 = 256;

/// The profile's bytes.
pub fn srgb() -> Vec<u8> {
    let xyz = |x: f64, y: f64, z: f64| [b"XYZ \0\0\0\0".to_vec(), fixed(x), fixed(y), fixed(z)].concat();
    let tags: [(&[u8; 4], Vec<u8>); 7] = [
        (b"desc", description("sRGB")),
        (b"cprt", [b"text\0\0\0\0".to_vec(), b"CC0\0".to_vec()].concat()),
        (b"wtpt", xyz(0.9642, 1.0, 0.8249)),
        // Primaries of IEC 61966-2-1, adapted to D50 (Bradford).
        (b"rXYZ", xyz(0.436_074_7, 0.222_504_5, 0.013_932_2)),
        (b"gXYZ", xyz(0.385_064_9, 0.716_878_6, 0.097_104_5)),
        (b"bXYZ", xyz(0.143_080_4, 0.060_616_9, 0.714_173_3)),
        (b"rTRC", curve()),
    ];
    let names: [&[u8; 4]; 9] = [b"desc", b"cprt", b"wtpt", b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC"];
    let mut table = (names.len() as u32).to_be_bytes().to_vec();
    let mut data = Vec::new();
    let start = 128 + 4 + 12 * names.len();
    let mut places = Vec::new();
    for (_, bytes) in &tags {
        places.push((start + data.len(), bytes.len()));
        data.extend(bytes);
        data.resize(data.len().next_multiple_of(4), 0);
    }
    for (i, name) in names.iter().enumerate() {
        // All three channels share one curve.
        let (at, length) = places[i.min(tags.len() - 1)];
        table.extend(*name);
        table.extend((at as u32).to_be_bytes());
        table.extend((length as u32).to_be_bytes());
    }
    let mut profile = header((start + data.len()) as u32);
    profile.extend(table);
    profile.extend(data);
    profile
}

fn header(size: u32) -> Vec<u8> {
    let mut header = vec![0u8; 128];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &size.to_be_bytes());
    put(8, &[2, 0x10, 0, 0]);
    put(12, b"mntrRGB XYZ ");
    // The date of the standard; a constant keeps the bytes reproducible.
    put(24, &[0x07, 0xCF, 0, 10, 0, 18]);
    put(36, b"acsp");
    put(68, &[fixed(0.9642), fixed(1.0), fixed(0.8249)].concat());
    header
}

fn fixed(value: f64) -> Vec<u8> {
    ((value * 65536.0).round() as i32).to_be_bytes().to_vec()
}

fn description(text: &str) -> Vec<u8> {
    let mut out = b"desc\0\0\0\0".to_vec();
    out.extend((text.len() as u32 + 1).to_be_bytes());
    out.extend(text.as_bytes());
    // End of the ASCII text, empty Unicode text (8 bytes), empty Macintosh text (3 + 67 bytes).
    out.extend([0u8; 1 + 8 + 3 + 67]);
    out
}

fn curve() -> Vec<u8> {
    let mut out = b"curv\0\0\0\0".to_vec();
    out.extend(u32::from(STEPS).to_be_bytes());
    for step in 0..STEPS {
        let v = f64::from(step) / f64::from(STEPS - 1);
        let linear = if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) };
        out.extend(((linear * 65535.0).round() as u16).to_be_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_places_are_consistent() {
        let profile = srgb();
        assert_eq!(u32::from_be_bytes([profile[0], profile[1], profile[2], profile[3]]) as usize, profile.len());
        assert_eq!(&profile[36..40], b"acsp");
        assert_eq!(profile.len() % 4, 0);
        for entry in profile[132..132 + 9 * 12].chunks(12) {
            let at = u32::from_be_bytes([entry[4], entry[5], entry[6], entry[7]]) as usize;
            let kind = &profile[at..at + 4];
            assert!([b"desc", b"text", b"XYZ ", b"curv"].iter().any(|k| k.as_slice() == kind));
        }
    }

    #[test]
    fn the_curve_ends_at_white_and_bends_like_srgb() {
        let curve = curve();
        let at = |i: usize| u16::from_be_bytes([curve[12 + 2 * i], curve[13 + 2 * i]]);
        assert_eq!((at(0), at(255)), (0, 65535));
        // sRGB 128 is 21.6 % of the light.
        assert!((f64::from(at(128)) / 65535.0 - 0.2158).abs() < 0.001);
    }
}
