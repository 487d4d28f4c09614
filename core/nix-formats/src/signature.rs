//! Signatures over the fingerprint of a store object.
//!
//! ```text
//! signature = key-name ":" base64      (key-name: without ":", white space and control characters)
//! ```
//!
//! Verifying needs the public keys a machine trusts, which this crate does not know; it only
//! gives the fingerprint that was signed.
//!
//! Source: <https://nix.dev/manual/nix/latest/protocols/json/signature.html>

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The longest key name and the most bytes of a signature that are taken. Ed25519 needs 64 bytes;
/// the room is for the post-quantum schemes that may follow.
const MAX_KEY_NAME: usize = 256;
const MAX_BYTES: usize = 16 * 1024;

/// Why a text is no signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// There is no key name of at most 256 plain characters before a `:`.
    #[error("{value:?} does not begin with a key name and \":\"")]
    KeyName {
        /// The start of the offending text.
        value: String,
    },
    /// What follows is not the base 64 of 1 to 16384 bytes.
    #[error("the signature by {key_name:?} is not base 64, empty or too long")]
    Bytes {
        /// The key name before it.
        key_name: String,
    },
}

/// A key's name and the bytes that it signed with. Not verified.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Signature {
    key_name: Box<str>,
    bytes: Box<[u8]>,
}

impl Signature {
    /// Puts a signature together from a key name and the base 64 of its bytes.
    ///
    /// # Errors
    /// [`SignatureError::KeyName`] or [`SignatureError::Bytes`].
    pub fn new(key_name: &str, base64: &str) -> Result<Self, SignatureError> {
        let plain = |character: char| {
            !character.is_control() && !character.is_whitespace() && character != ':'
        };
        if key_name.is_empty() || key_name.len() > MAX_KEY_NAME || !key_name.chars().all(plain) {
            return Err(SignatureError::KeyName {
                value: crate::excerpt(key_name),
            });
        }
        let bytes = if base64.len() <= MAX_BYTES.div_ceil(3) * 4 {
            BASE64.decode(base64).ok()
        } else {
            None
        };
        match bytes {
            Some(bytes) if !bytes.is_empty() && bytes.len() <= MAX_BYTES => Ok(Self {
                key_name: key_name.into(),
                bytes: bytes.into(),
            }),
            _ => Err(SignatureError::Bytes {
                key_name: key_name.to_owned(),
            }),
        }
    }

    /// The name of the key, such as `cache.nixos.org-1`.
    #[must_use]
    pub fn key_name(&self) -> &str {
        &self.key_name
    }

    /// The signature itself; 64 bytes for Ed25519.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}:{}",
            self.key_name,
            BASE64.encode(&self.bytes)
        )
    }
}

impl FromStr for Signature {
    type Err = SignatureError;

    fn from_str(text: &str) -> Result<Self, SignatureError> {
        match text.split_once(':') {
            Some((key_name, base64)) => Self::new(key_name, base64),
            None => Err(SignatureError::KeyName {
                value: crate::excerpt(text),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Signature, SignatureError};

    #[test]
    fn writes_what_it_read() {
        let text = format!("cache.example.org-1:{}==", "A".repeat(86));
        let signature: Signature = text.parse().expect("well formed");
        assert_eq!(signature.key_name(), "cache.example.org-1");
        assert_eq!(signature.as_bytes(), [0; 64]);
        assert_eq!(signature.to_string(), text);
    }

    #[test]
    fn refuses_other_texts() {
        for text in ["", "key", ":AAAA", "a b:AAAA", "a\n:AAAA"] {
            let error = text.parse::<Signature>().expect_err(text);
            assert!(matches!(error, SignatureError::KeyName { .. }), "{text:?}");
        }
        for text in ["key:", "key:A", "key:AAAA\n", "key:AB==", "key:A:A"] {
            let error = text.parse::<Signature>().expect_err(text);
            assert!(matches!(error, SignatureError::Bytes { .. }), "{text:?}");
        }
        let long = format!("key:{}", "AAAA".repeat(5462));
        assert!(long.parse::<Signature>().is_err());
    }
}
