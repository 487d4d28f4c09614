//! Keys, written as Nix writes those of its caches: `name:base64`.
//!
//! Source: <https://nix.dev/manual/nix/latest/command-ref/nix-store/generate-binary-cache-key>;
//! Ed25519: RFC 8032.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use thiserror::Error;
use zeroize::Zeroizing;

/// What is signed begins with this, so that a signature serves no other purpose.
const DOMAIN: &[u8] = b"snowguard advisory file\n";

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not of the form `name:base64`.
    #[error("a key is written as name:base64")]
    Form,
    /// The base64 part has another length.
    #[error("the key `{name}` has {found} bytes, not {expected}")]
    Length {
        /// Its name.
        name: String,
        /// Bytes found.
        found: usize,
        /// Bytes of a key.
        expected: usize,
    },
    /// Not a point of the curve, or the two halves of a secret key don't belong together.
    #[error("the key `{name}` is not a valid Ed25519 key")]
    Invalid {
        /// Its name.
        name: String,
    },
}

/// A key to check with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    key: VerifyingKey,
}

impl PublicKey {
    /// Reads `name:base64` of 32 bytes.
    ///
    /// # Errors
    /// Each of [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, bytes) = split(text)?;
        let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| KeyError::Length {
            name: name.clone(),
            found: bytes.len(),
            expected: 32,
        })?;
        let key = VerifyingKey::from_bytes(&bytes)
            .ok()
            .filter(|key| !key.is_weak())
            .ok_or_else(|| KeyError::Invalid { name: name.clone() })?;
        Ok(Self { name, key })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether `signature` is this key's over `message`.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(signature);
        self.key
            .verify_strict(&in_domain(message), &signature)
            .is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, STANDARD.encode(self.key.as_bytes()))
    }
}

/// A key to sign with. Wiped from memory when dropped; never printed by `Debug`.
pub struct SecretKey {
    name: String,
    key: SigningKey,
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.name)
    }
}

impl SecretKey {
    /// Reads `name:base64` of 64 bytes: the seed, then the public key.
    ///
    /// # Errors
    /// Each of [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, bytes) = split(text)?;
        let bytes = Zeroizing::new(bytes);
        let pair: Zeroizing<[u8; 64]> =
            Zeroizing::new(bytes.as_slice().try_into().map_err(|_| KeyError::Length {
                name: name.clone(),
                found: bytes.len(),
                expected: 64,
            })?);
        let key = SigningKey::from_keypair_bytes(&pair)
            .map_err(|_| KeyError::Invalid { name: name.clone() })?;
        Ok(Self { name, key })
    }

    /// A new key of 32 random bytes; the caller has them from the system's generator.
    ///
    /// # Errors
    /// [`KeyError::Form`] when the name is empty or holds a colon or white space.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        if !is_name(name) {
            return Err(KeyError::Form);
        }
        Ok(Self {
            name: name.to_owned(),
            key: SigningKey::from_bytes(seed),
        })
    }

    /// The key to check with.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey {
            name: self.name.clone(),
            key: self.key.verifying_key(),
        }
    }

    /// As it is written into a file that only its owner may read.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let pair = Zeroizing::new(self.key.to_keypair_bytes());
        Zeroizing::new(format!("{}:{}", self.name, STANDARD.encode(*pair)))
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(&in_domain(message)).to_bytes()
    }
}

fn in_domain(message: &[u8]) -> Vec<u8> {
    [DOMAIN, message].concat()
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 128
        && name
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b':')
}

fn split(text: &str) -> Result<(String, Vec<u8>), KeyError> {
    let (name, encoded) = text.trim().split_once(':').ok_or(KeyError::Form)?;
    if !is_name(name) {
        return Err(KeyError::Form);
    }
    let bytes = STANDARD.decode(encoded).map_err(|_| KeyError::Form)?;
    Ok((name.to_owned(), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        let secret = SecretKey::from_seed("example-1", &[7; 32]).unwrap();
        let again = SecretKey::parse(&secret.to_text()).unwrap();
        let public = PublicKey::parse(&secret.public().to_string()).unwrap();
        assert_eq!(again.public(), public);
        let signature = again.sign(b"text");
        assert!(public.verifies(b"text", &signature));
        assert!(!public.verifies(b"texT", &signature));
        assert_eq!(format!("{secret:?}"), "SecretKey(example-1)");
    }

    #[test]
    fn bad_keys_are_refused() {
        assert_eq!(PublicKey::parse("noname").unwrap_err(), KeyError::Form);
        assert_eq!(PublicKey::parse("a b:AAAA").unwrap_err(), KeyError::Form);
        assert!(matches!(
            PublicKey::parse("a:AAAA").unwrap_err(),
            KeyError::Length { found: 3, .. }
        ));
        // The neutral point: any signature could be made for it.
        let weak = format!("a:{}", STANDARD.encode([[1].as_slice(), &[0; 31]].concat()));
        assert!(matches!(
            PublicKey::parse(&weak).unwrap_err(),
            KeyError::Invalid { .. }
        ));
        let mixed = [[1_u8; 32], [2; 32]].concat();
        assert!(SecretKey::parse(&format!("a:{}", STANDARD.encode(mixed))).is_err());
    }
}
