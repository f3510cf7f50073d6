// SPDX-License-Identifier: EUPL-1.2
//! The way back: from the straightened page to pixels of the original image.

/// How a page was changed for recognition, in this order: scale, turn by quarters, deskew.
#[derive(Clone, Debug, PartialEq)]
pub struct Straightening {
    /// Size of the original image.
    pub original: (u32, u32),
    /// Size after scaling and turning.
    pub turned: (u32, u32),
    /// Pixels of the scaled image per pixel of the original, horizontal and vertical.
    pub scale: (f32, f32),
    /// Quarter turns clockwise, 0..=3.
    pub quarters: u8,
    /// Degrees clockwise the turned page was rotated about its middle.
    pub deskew: f32,
}

impl Straightening {
    /// The box on the original that encloses a box `[x0, y0, x1, y1]` of the straightened page.
    pub fn back(&self, inside: [i32; 4]) -> [i32; 4] {
        let [x0, y0, x1, y1] = inside.map(|v| v as f32);
        let corners = [(x0, y0), (x1, y0), (x0, y1), (x1, y1)].map(|(x, y)| self.point(x, y));
        let fold = |pick: fn(&(f32, f32)) -> f32, best: fn(f32, f32) -> f32| {
            corners.iter().map(pick).reduce(best).unwrap_or_default()
        };
        let (width, height) = (self.original.0 as i32, self.original.1 as i32);
        [
            (fold(|c| c.0, f32::min).floor() as i32).clamp(0, width),
            (fold(|c| c.1, f32::min).floor() as i32).clamp(0, height),
            (fold(|c| c.0, f32::max).ceil() as i32).clamp(0, width),
            (fold(|c| c.1, f32::max).ceil() as i32).clamp(0, height),
        ]
    }

    fn point(&self, x: f32, y: f32) -> (f32, f32) {
        let (turned_width, turned_height) = (self.turned.0 as f32, self.turned.1 as f32);
        let (middle_x, middle_y) = (turned_width / 2.0, turned_height / 2.0);
        let (sin, cos) = self.deskew.to_radians().sin_cos();
        let (dx, dy) = (x - middle_x, y - middle_y);
        // Inverse of a clockwise rotation in a coordinate system whose y points down.
        let (x, y) = (middle_x + dx * cos + dy * sin, middle_y - dx * sin + dy * cos);
        let (x, y) = match self.quarters % 4 {
            0 => (x, y),
            1 => (y, turned_width - x),
            2 => (turned_width - x, turned_height - y),
            _ => (turned_height - y, x),
        };
        (x / self.scale.0, y / self.scale.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(quarters: u8, deskew: f32, scale: (f32, f32)) -> Straightening {
        let (w, h) = ((1000.0 * scale.0) as u32, (2000.0 * scale.1) as u32);
        let turned = if quarters.is_multiple_of(2) { (w, h) } else { (h, w) };
        Straightening { original: (1000, 2000), turned, scale, quarters, deskew }
    }

    #[test]
    fn quarter_turns_put_the_corner_back() {
        // A box near the top left of the page as it is read, for each way the paper lay in the scanner.
        assert_eq!(page(0, 0.0, (1.0, 1.0)).back([10, 20, 30, 50]), [10, 20, 30, 50]);
        assert_eq!(page(1, 0.0, (1.0, 1.0)).back([10, 20, 30, 50]), [20, 1970, 50, 1990]);
        assert_eq!(page(2, 0.0, (1.0, 1.0)).back([10, 20, 30, 50]), [970, 1950, 990, 1980]);
        assert_eq!(page(3, 0.0, (1.0, 1.0)).back([10, 20, 30, 50]), [950, 10, 980, 30]);
    }

    #[test]
    fn scale_is_undone_per_axis() {
        assert_eq!(page(0, 0.0, (0.5, 1.0)).back([10, 20, 30, 50]), [20, 20, 60, 50]);
    }

    #[test]
    fn deskew_turns_about_the_middle() {
        let straight = page(0, 2.0, (1.0, 1.0));
        assert_eq!(straight.back([500, 1000, 500, 1000]), [500, 1000, 500, 1000]);
        // Rotated clockwise by 2 degrees for reading: a point right of the middle came from above.
        let [x, y, ..] = straight.back([900, 1000, 900, 1000]);
        assert!((899..=900).contains(&x) && (985..=987).contains(&y), "{x} {y}");
    }

    #[test]
    fn boxes_never_leave_the_original() {
        assert_eq!(page(0, 5.0, (1.0, 1.0)).back([-50, -50, 5000, 5000]), [0, 0, 1000, 2000]);
    }
}
