//! Hashes as Nix writes them.
//!
//! ```text
//! sri      = algorithm "-" base64          (padded, standard alphabet)
//! prefixed = algorithm ":" digits
//! digits   = base16 | nix32 | base64       (told apart by their length)
//! ```
//!
//! Source: <https://nix.dev/manual/nix/latest/protocols/json/hash.html>

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};

use crate::nixbase32;

/// The bytes of the longest digest.
const MAX_SIZE: usize = 64;

/// Why a text is no hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// The algorithm is none that Nix knows.
    #[error("{value:?} is no hash algorithm of Nix")]
    Algorithm {
        /// The start of the offending name.
        value: String,
    },
    /// The text has neither `:` nor `-` after an algorithm.
    #[error("{value:?} does not name its hash algorithm")]
    NoAlgorithm {
        /// The start of the offending text.
        value: String,
    },
    /// The digits fit none of the encodings.
    #[error("{length} digits are no {algorithm} digest in any encoding")]
    Length {
        /// The algorithm that decides the length.
        algorithm: HashAlgorithm,
        /// The bytes of the offending digits.
        length: usize,
    },
    /// The digits have the right length for an encoding, but do not decode.
    #[error("{value:?} does not decode as {encoding}")]
    Digits {
        /// The encoding that the length stands for.
        encoding: &'static str,
        /// The offending digits.
        value: String,
    },
}

/// A hash algorithm that Nix uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HashAlgorithm {
    /// MD5, 16 bytes; only old fixed outputs use it.
    Md5,
    /// SHA-1, 20 bytes.
    Sha1,
    /// SHA-256, 32 bytes.
    Sha256,
    /// SHA-512, 64 bytes.
    Sha512,
    /// BLAKE3, 32 bytes.
    Blake3,
}

impl HashAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 5] = [
        Self::Md5,
        Self::Sha1,
        Self::Sha256,
        Self::Sha512,
        Self::Blake3,
    ];

    /// The name, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
            Self::Blake3 => "blake3",
        }
    }

    /// The bytes of a digest.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 | Self::Blake3 => 32,
            Self::Sha512 => MAX_SIZE,
        }
    }
}

impl fmt::Display for HashAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for HashAlgorithm {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == text)
            .ok_or_else(|| HashError::Algorithm {
                value: crate::excerpt(text),
            })
    }
}

/// A digest together with its algorithm. Its `Display` is the SRI form.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash {
    algorithm: HashAlgorithm,
    /// Zero beyond the algorithm's size.
    bytes: [u8; MAX_SIZE],
}

impl Hash {
    /// The SHA-256 of `data`.
    #[must_use]
    pub fn sha256_of(data: &[u8]) -> Self {
        let mut bytes = [0; MAX_SIZE];
        bytes[..32].copy_from_slice(&Sha256::digest(data));
        Self {
            algorithm: HashAlgorithm::Sha256,
            bytes,
        }
    }

    /// Reads a text that names its algorithm: SRI, or prefixed digits.
    ///
    /// # Errors
    /// [`HashError::NoAlgorithm`], [`HashError::Algorithm`], or as [`Hash::parse_digits`].
    pub fn parse(text: &str) -> Result<Self, HashError> {
        if let Some((algorithm, digits)) = text.split_once(':') {
            return Self::parse_digits(algorithm.parse()?, digits);
        }
        let (algorithm, digits) = text.split_once('-').ok_or_else(|| HashError::NoAlgorithm {
            value: crate::excerpt(text),
        })?;
        let algorithm: HashAlgorithm = algorithm.parse()?;
        if digits.len() != algorithm.size().div_ceil(3) * 4 {
            return Err(HashError::Length {
                algorithm,
                length: digits.len(),
            });
        }
        Self::parse_digits(algorithm, digits)
    }

    /// Reads digits whose algorithm is known; their length tells the encoding.
    ///
    /// # Errors
    /// [`HashError::Length`] or [`HashError::Digits`].
    pub fn parse_digits(algorithm: HashAlgorithm, digits: &str) -> Result<Self, HashError> {
        let size = algorithm.size();
        let mut bytes = [0; MAX_SIZE];
        let (encoding, decoded) = if digits.len() == size * 2 {
            (
                "base 16",
                decode_base16(digits.as_bytes(), &mut bytes[..size]),
            )
        } else if digits.len() == nixbase32::encoded_len(size) {
            (
                "Nix base 32",
                nixbase32::decode_into(digits.as_bytes(), &mut bytes[..size]).is_ok(),
            )
        } else if digits.len() == size.div_ceil(3) * 4 {
            let mut buffer = [0; MAX_SIZE + 2];
            let length = BASE64.decode_slice(digits, &mut buffer);
            bytes[..size].copy_from_slice(&buffer[..size]);
            ("base 64", length == Ok(size))
        } else {
            return Err(HashError::Length {
                algorithm,
                length: digits.len(),
            });
        };
        if decoded {
            Ok(Self { algorithm, bytes })
        } else {
            Err(HashError::Digits {
                encoding,
                value: digits.to_owned(),
            })
        }
    }

    /// The algorithm.
    #[must_use]
    pub fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// The digest, [`HashAlgorithm::size`] bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.algorithm.size()]
    }

    /// The digits in base 16, lower case, without the algorithm.
    #[must_use]
    pub fn base16(&self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.as_bytes()
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|digit| char::from(DIGITS[usize::from(digit)]))
            .collect()
    }

    /// The digits in Nix base 32, without the algorithm.
    #[must_use]
    pub fn nix32(&self) -> String {
        nixbase32::encode(self.as_bytes())
    }

    /// The digest folded to the 20 bytes of a store path by XOR.
    pub(crate) fn compressed(&self) -> [u8; 20] {
        let mut folded = [0; 20];
        for (position, byte) in self.as_bytes().iter().enumerate() {
            folded[position % 20] ^= byte;
        }
        folded
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}-{}",
            self.algorithm,
            BASE64.encode(self.as_bytes())
        )
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Hash({self})")
    }
}

impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        Self::parse(text)
    }
}

/// Fills `bytes` from twice as many lower- or upper-case digits; false where one is none.
fn decode_base16(digits: &[u8], bytes: &mut [u8]) -> bool {
    let value = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|value| u8::try_from(value).ok())
    };
    digits.chunks_exact(2).zip(bytes).all(|(pair, byte)| {
        let (Some(high), Some(low)) = (value(pair[0]), value(pair[1])) else {
            return false;
        };
        *byte = high << 4 | low;
        true
    })
}

#[cfg(test)]
mod tests {
    use super::{Hash, HashAlgorithm, HashError};

    #[test]
    fn every_encoding_gives_the_same_hash() {
        let empty = Hash::sha256_of(b"");
        for text in [
            "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73",
        ] {
            assert_eq!(Hash::parse(text), Ok(empty), "{text}");
        }
        assert_eq!(
            empty.to_string(),
            "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
        );
        assert_eq!(
            empty.nix32(),
            "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73"
        );
        assert!(empty.base16().starts_with("e3b0c44298fc"));
    }

    #[test]
    fn refuses_other_texts() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(matches!(
            Hash::parse(hex),
            Err(HashError::NoAlgorithm { .. })
        ));
        assert!(matches!(
            Hash::parse("sha3:00"),
            Err(HashError::Algorithm { .. })
        ));
        assert!(matches!(
            Hash::parse("sha256:00"),
            Err(HashError::Length { length: 2, .. })
        ));
        let sri_with_hex = format!("sha256-{hex}");
        assert!(matches!(
            Hash::parse(&sri_with_hex),
            Err(HashError::Length { .. })
        ));
        // The last digit before the padding carries bits beyond the digest.
        let loose = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=";
        assert!(matches!(Hash::parse(loose), Err(HashError::Digits { .. })));
        let not_hex = format!("sha256:{}", "é".repeat(32));
        assert!(matches!(
            Hash::parse(&not_hex),
            Err(HashError::Digits { .. })
        ));
    }

    #[test]
    fn each_algorithm_has_one_length_per_encoding() {
        for algorithm in HashAlgorithm::ALL {
            let hash = Hash::parse_digits(algorithm, &"0".repeat(algorithm.size() * 2));
            let hash = hash.expect("zeros in base 16");
            assert_eq!(Hash::parse(&hash.to_string()), Ok(hash));
            assert_eq!(
                Hash::parse(&format!("{algorithm}:{}", hash.nix32())),
                Ok(hash)
            );
        }
    }
}
