//! Nix's base 32: the digits `0-9a-z` without `e o u t`, the last five bits of the data first.
//!
//! Read backwards, the text is the data as one little-endian number, five bits a digit; `n` bytes
//! take `ceil(8n / 5)` digits. The bits by which the digits exceed the bytes must be zero, so each
//! byte string has exactly one spelling.
//!
//! Source: <https://nix.dev/manual/nix/latest/protocols/nix32.html>

const ALPHABET: &[u8; 32] = b"0123456789abcdfghijklmnpqrsvwxyz";

/// Digit values by byte; 255 marks what is not a digit.
const VALUES: [u8; 256] = {
    let mut values = [255; 256];
    let mut digit = 0;
    while digit < 32 {
        values[ALPHABET[digit] as usize] = digit as u8;
        digit += 1;
    }
    values
};

/// Why a text is not Nix base 32 of the wanted length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text has another length than the data asks for.
    #[error("expected {expected} base-32 digits, got {actual}")]
    Length {
        /// The digits that the wanted number of bytes takes.
        expected: usize,
        /// The bytes of the text.
        actual: usize,
    },
    /// A byte is not one of the 32 digits.
    #[error("byte {byte:#04x} at offset {offset} is not a base-32 digit")]
    Digit {
        /// The offending byte.
        byte: u8,
        /// Where it stands in the text.
        offset: usize,
    },
    /// The first digit holds bits beyond the data.
    #[error("the first base-32 digit holds bits beyond the data")]
    Overflow,
}

/// How many digits `bytes` bytes take.
#[must_use]
pub const fn encoded_len(bytes: usize) -> usize {
    // Written so that no length overflows.
    bytes / 5 * 8 + (bytes % 5 * 8).div_ceil(5)
}

/// Writes `data` in Nix base 32.
#[must_use]
pub fn encode(data: &[u8]) -> String {
    (0..encoded_len(data.len()))
        .rev()
        .map(|digit| {
            let (byte, shift) = (digit * 5 / 8, digit * 5 % 8);
            let low = u16::from(data[byte]);
            let high = data.get(byte + 1).copied().map_or(0, u16::from);
            char::from(ALPHABET[usize::from(((high << 8 | low) >> shift) & 31)])
        })
        .collect()
}

/// Reads `N` bytes from exactly [`encoded_len`]`(N)` digits.
///
/// # Errors
/// [`Error::Length`], [`Error::Digit`] or [`Error::Overflow`], checked in this order.
pub fn decode<const N: usize>(text: &[u8]) -> Result<[u8; N], Error> {
    let mut data = [0; N];
    decode_into(text, &mut data)?;
    Ok(data)
}

/// Fills `data` from exactly [`encoded_len`]`(data.len())` digits.
///
/// # Errors
/// As [`decode`]; `data` is then left in an unspecified state.
pub fn decode_into(text: &[u8], data: &mut [u8]) -> Result<(), Error> {
    let expected = encoded_len(data.len());
    if text.len() != expected {
        return Err(Error::Length {
            expected,
            actual: text.len(),
        });
    }
    data.fill(0);
    let mut overflow = 0;
    for (offset, &byte) in text.iter().enumerate() {
        let value = VALUES[usize::from(byte)];
        if value == 255 {
            return Err(Error::Digit { byte, offset });
        }
        let bit = (text.len() - 1 - offset) * 5;
        let [low, high] = (u16::from(value) << (bit % 8)).to_le_bytes();
        data[bit / 8] |= low;
        match data.get_mut(bit / 8 + 1) {
            Some(next) => *next |= high,
            None => overflow |= high,
        }
    }
    if overflow == 0 {
        Ok(())
    } else {
        Err(Error::Overflow)
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, decode, encode, encoded_len};

    #[test]
    fn agrees_with_known_pairs() {
        // sha256 of nothing and of "abc" as `nix-hash --to-base32` prints them.
        let empty = [
            0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f,
            0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b,
            0x78, 0x52, 0xb8, 0x55,
        ];
        let text = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";
        assert_eq!(encode(&empty), text);
        assert_eq!(decode(text.as_bytes()), Ok(empty));
        assert_eq!(encode(&[]), "");
        assert_eq!(decode(b""), Ok([]));
        assert_eq!(encode(&[0xff]), "7z");
        assert_eq!(decode(b"7z"), Ok([0xff]));
    }

    #[test]
    fn refuses_what_is_not_the_one_spelling() {
        assert_eq!(decode::<1>(b"8z"), Err(Error::Overflow));
        assert_eq!(
            decode::<1>(b"7e"),
            Err(Error::Digit {
                byte: b'e',
                offset: 1
            })
        );
        assert_eq!(
            decode::<1>(b"7Z"),
            Err(Error::Digit {
                byte: b'Z',
                offset: 1
            })
        );
        assert_eq!(
            decode::<1>(b"7\xff"),
            Err(Error::Digit {
                byte: 0xff,
                offset: 1
            })
        );
        assert_eq!(
            decode::<1>(b"7"),
            Err(Error::Length {
                expected: 2,
                actual: 1
            })
        );
        assert_eq!(
            decode::<20>(b""),
            Err(Error::Length {
                expected: 32,
                actual: 0
            })
        );
    }

    #[test]
    fn lengths_are_those_of_the_known_hashes() {
        let lengths = [0, 1, 16, 20, 32, 64].map(encoded_len);
        assert_eq!(lengths, [0, 2, 26, 32, 52, 103]);
    }
}
