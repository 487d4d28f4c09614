//! hex0: pairs of hexadecimal digits.

use super::reader::{Reader, digit};
use super::{Fault, Image, NotationError, Source};

/// Reads pairs of hexadecimal digits; `#` and `;` start a comment that ends with the line; every
/// other character is skipped.
///
/// # Errors
/// When the number of digits is odd.
pub fn assemble(source: &Source) -> Result<Image, NotationError> {
    let mut reader = Reader::new(source);
    let mut image = Image::default();
    let mut half = None;
    loop {
        let place = reader.place();
        let Some(byte) = reader.next() else { break };
        if matches!(byte, b'#' | b';') {
            reader.skip_line();
        } else if let Some(value) = digit(byte) {
            match half.take() {
                None => half = Some(value),
                Some(high) => image.push(&[high << 4 | value], &place),
            }
        }
    }
    match half {
        None => Ok(image),
        Some(_) => Err(reader.fault(Fault::OddDigits)),
    }
}
