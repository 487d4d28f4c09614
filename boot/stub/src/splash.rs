//! The picture in `.splash`: a bitmap, as pixels for the firmware's screen.
//!
//! It is signed with the image, but whoever made it may have erred, so nothing here trusts its sizes.
//!
//! Source: Microsoft, "Bitmap Storage" (BITMAPFILEHEADER, BITMAPINFOHEADER); UEFI 2.10, 12.9 (a pixel is blue,
//! green, red, and a byte that doesn't count).

use alloc::vec::Vec;

/// More pixels than any screen has.
const LIMIT: usize = 16 << 20;

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// In pixels.
    pub width: usize,
    /// In pixels.
    pub height: usize,
    /// Blue, green, red, 0 of each pixel, by rows from the top.
    pub pixels: Vec<[u8; 4]>,
}

impl Picture {
    /// Reads a bitmap of 1, 4, 8, 24 or 32 bits a pixel that isn't compressed; the fourth byte of 32 is how much of
    /// the pixel shows over black. `None` for any other.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if !bytes.starts_with(b"BM") {
            return None;
        }
        let start = number(bytes, 10)?;
        let header = number(bytes, 14)?;
        let (width, height) = (number(bytes, 18)?, number(bytes, 22)?);
        let depth = number(bytes, 28)? & 0xffff;
        let compression = number(bytes, 30)?;
        // Bit fields are what some programs call 32 bits in the usual order.
        if header < 40 || compression != 0 && (compression != 3 || depth != 32) {
            return None;
        }
        let size = width.checked_mul(height)?;
        let row_bits = width.checked_mul(depth)?;
        if size == 0 || size > LIMIT {
            return None;
        }
        let row_size = row_bits.checked_add(31)?.checked_div(32)?.checked_mul(4)?;
        let palette = bytes.get(14_usize.checked_add(header)?..)?;
        let mut pixels = Vec::new();
        pixels.try_reserve_exact(size).ok()?;
        for row in (0..height).rev() {
            let at = row.checked_mul(row_size)?.checked_add(start)?;
            let row = bytes.get(at..at.checked_add(row_size)?)?;
            for column in 0..width {
                pixels.push(pixel(row, column, depth, palette)?);
            }
        }
        Some(Self {
            width,
            height,
            pixels,
        })
    }
}

fn pixel(row: &[u8], column: usize, depth: usize, palette: &[u8]) -> Option<[u8; 4]> {
    let first = column.checked_mul(depth)?;
    let bytes = row.get(first.checked_div(8)?..)?;
    if let [blue, green, red, shown, ..] = *bytes
        && depth == 32
    {
        return Some([part(blue, shown), part(green, shown), part(red, shown), 0]);
    }
    if let [blue, green, red, ..] = *bytes
        && depth == 24
    {
        return Some([blue, green, red, 0]);
    }
    let index = match depth {
        1 | 4 | 8 => {
            let behind = 8_usize.checked_sub(depth)?.checked_sub(first & 7)?;
            let mask = 0xff_usize >> 8_usize.checked_sub(depth)?;
            (usize::from(*bytes.first()?) >> behind) & mask
        }
        _ => return None,
    };
    let [blue, green, red, _] = *palette.get(index.checked_mul(4)?..)?.first_chunk()?;
    Some([blue, green, red, 0])
}

/// So many 255ths of a colour.
fn part(colour: u8, shown: u8) -> u8 {
    let product = u16::from(colour).saturating_mul(u16::from(shown));
    u8::try_from(product / 255).unwrap_or(u8::MAX)
}

/// 32 bits in little-endian order.
fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..)?.first_chunk()?;
    usize::try_from(u32::from_le_bytes(*four)).ok()
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;

    /// A bitmap with these rows, from the bottom.
    fn bitmap(width: u32, height: u32, depth: u16, palette: &[u8], rows: &[u8]) -> Vec<u8> {
        let mut out = b"BM".to_vec();
        let start = 54 + palette.len() as u32;
        for field in [0, 0, start, 40, width, height] {
            out.extend(u32::to_le_bytes(field));
        }
        out.extend([1, 0]);
        out.extend(depth.to_le_bytes());
        out.extend([0; 24]);
        out.extend(palette);
        out.extend(rows);
        out
    }

    #[test]
    fn every_depth_is_read_from_the_bottom_up() {
        let red = [0, 0, 255, 0];
        let blue = [255, 0, 0, 0];
        let expected = Some(Picture {
            width: 2,
            height: 2,
            pixels: vec![red, red, blue, red],
        });
        let palette = [blue, red].concat();
        for (depth, rows) in [
            (1, vec![0b0100_0000, 0, 0, 0, 0b1100_0000, 0, 0, 0]),
            (4, vec![0x01, 0, 0, 0, 0x11, 0, 0, 0]),
            (8, vec![0, 1, 0, 0, 1, 1, 0, 0]),
        ] {
            assert_eq!(
                Picture::read(&bitmap(2, 2, depth, &palette, &rows)),
                expected
            );
        }
        let rows = [255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 255, 0, 0];
        assert_eq!(Picture::read(&bitmap(2, 2, 24, &[], &rows)), expected);
        let rows = [200, 100, 50, 255, 200, 100, 50, 51];
        let shown = Picture::read(&bitmap(2, 1, 32, &[], &rows)).map(|picture| picture.pixels);
        assert_eq!(shown, Some(vec![[200, 100, 50, 0], [40, 20, 10, 0]]));
    }

    #[test]
    fn what_is_none_is_none() {
        let good = bitmap(2, 2, 8, &[0; 8], &[0, 1, 0, 0, 1, 1, 0, 0]);
        for length in 0..good.len() {
            assert_eq!(Picture::read(&good[..length]), None, "{length}");
        }
        for (at, value) in [
            (10, u32::MAX),
            (14, 12),
            (18, u32::MAX),
            (22, 0),
            (28, 7),
            (30, 1),
        ] {
            let mut bad = good.clone();
            bad[at..at + 4].copy_from_slice(&value.to_le_bytes());
            assert_eq!(Picture::read(&bad), None, "{at}");
        }
        assert_eq!(
            Picture::read(&bitmap(2, 1, 8, &[0; 8], &[0, 9, 0, 0])),
            None,
            "no such colour"
        );
    }
}
