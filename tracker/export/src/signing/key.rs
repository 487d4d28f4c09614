//! Keys in the form of `minisign`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest as _};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use thiserror::Error;
use zeroize::Zeroizing;

/// A key for signatures.
const ALGORITHM: &[u8; 2] = b"Ed";
/// No password.
const NO_KDF: &[u8; 2] = &[0, 0];
const CHECKSUM: &[u8; 2] = b"B2";
/// Two of algorithm, of derivation, of checksum; 32 of salt, 16 of limits; 8 of id, 64 of key, 32 of checksum.
const SECRET_LENGTH: usize = 158;
const KEY_AT: usize = 54;
const PUBLIC_LENGTH: usize = 42;
/// More than either file ever has.
const LONGEST: usize = 4096;

/// Why a key cannot be used. Never holds the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not a comment and a line of base64.
    #[error("a key is a line of comment and a line of base64")]
    Form,
    /// The base64 part has another length.
    #[error("the key has {found} bytes, not {expected}")]
    Length {
        /// Bytes found.
        found: usize,
        /// Bytes of a key.
        expected: usize,
    },
    /// For another algorithm than Ed25519.
    #[error("the key is not for Ed25519")]
    Algorithm,
    /// Encrypted with a password.
    #[error("the key has a password; make one without (minisign -G -W)")]
    Password,
    /// The checksum is another, or the parts don't belong together.
    #[error("the key is damaged")]
    Damaged,
}

/// A key to sign with. Wiped from memory when dropped; never printed by `Debug`.
pub struct SecretKey {
    id: [u8; 8],
    key: SigningKey,
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.public().id())
    }
}

impl SecretKey {
    /// Reads a secret key file that has no password, as `minisign -G -W` writes it.
    ///
    /// # Errors
    /// Each of [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(body(text)?);
        if bytes.len() != SECRET_LENGTH {
            return Err(KeyError::Length {
                found: bytes.len(),
                expected: SECRET_LENGTH,
            });
        }
        if &bytes[..2] != ALGORITHM || &bytes[4..6] != CHECKSUM {
            return Err(KeyError::Algorithm);
        }
        if &bytes[2..4] != NO_KDF {
            return Err(KeyError::Password);
        }
        let (id, rest) = bytes[KEY_AT..].split_at(8);
        let (pair, sum) = rest.split_at(64);
        let id: [u8; 8] = id.try_into().map_err(|_| KeyError::Damaged)?;
        let pair: Zeroizing<[u8; 64]> =
            Zeroizing::new(pair.try_into().map_err(|_| KeyError::Damaged)?);
        // `minisign -W` leaves the checksum out, as zeros; the two halves of the key still have to fit.
        if sum != [0; 32] && sum != checksum(&id, &pair) {
            return Err(KeyError::Damaged);
        }
        let key = SigningKey::from_keypair_bytes(&pair).map_err(|_| KeyError::Damaged)?;
        Ok(Self { id, key })
    }

    /// A new key of 32 random bytes with an id of 8; the caller has both from the system's generator.
    #[must_use]
    pub fn from_seed(id: [u8; 8], seed: &[u8; 32]) -> Self {
        Self {
            id,
            key: SigningKey::from_bytes(seed),
        }
    }

    /// As it is written into a file that only its owner may read.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let pair = Zeroizing::new(self.key.to_keypair_bytes());
        let mut bytes = Zeroizing::new(Vec::with_capacity(SECRET_LENGTH));
        bytes.extend_from_slice(ALGORITHM);
        bytes.extend_from_slice(NO_KDF);
        bytes.extend_from_slice(CHECKSUM);
        bytes.extend_from_slice(&[0; 48]);
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(&*pair);
        bytes.extend_from_slice(&checksum(&self.id, &pair));
        let encoded = Zeroizing::new(STANDARD.encode(&*bytes));
        Zeroizing::new(format!(
            "untrusted comment: minisign secret key without a password\n{}\n",
            *encoded
        ))
    }

    /// The key to check with.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey {
            id: self.id,
            key: self.key.verifying_key(),
        }
    }

    /// A plain Ed25519 signature of a list of digests ([`crate::Digests`]), for programs that know no minisign.
    #[must_use]
    pub fn sign_digests(&self, digests: &crate::Digests) -> [u8; 64] {
        self.sign(digests.to_string().as_bytes())
    }

    pub(super) fn id(&self) -> &[u8; 8] {
        &self.id
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

/// A key to check with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    id: [u8; 8],
    key: VerifyingKey,
}

impl PublicKey {
    /// Reads a public key file, or its line of base64 alone.
    ///
    /// # Errors
    /// Each of [`KeyError`] but [`KeyError::Password`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = body(text)?;
        if bytes.len() != PUBLIC_LENGTH {
            return Err(KeyError::Length {
                found: bytes.len(),
                expected: PUBLIC_LENGTH,
            });
        }
        if &bytes[..2] != ALGORITHM {
            return Err(KeyError::Algorithm);
        }
        let id = bytes[2..10].try_into().map_err(|_| KeyError::Damaged)?;
        let key: [u8; 32] = bytes[10..].try_into().map_err(|_| KeyError::Damaged)?;
        let key = VerifyingKey::from_bytes(&key).map_err(|_| KeyError::Damaged)?;
        Ok(Self { id, key })
    }

    /// Its id as `minisign` shows it: 16 hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{:016X}", u64::from_le_bytes(self.id))
    }

    /// The line that `minisign -P` takes.
    #[must_use]
    pub fn to_base64(&self) -> String {
        let mut bytes = Vec::with_capacity(PUBLIC_LENGTH);
        bytes.extend_from_slice(ALGORITHM);
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(self.key.as_bytes());
        STANDARD.encode(bytes)
    }

    /// A public key file, as `minisign -p` takes it.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!(
            "untrusted comment: minisign public key {}\n{}\n",
            self.id(),
            self.to_base64()
        )
    }

    /// The key for other programs: `SubjectPublicKeyInfo` of Ed25519 as PEM (RFC 8410, section 4).
    #[must_use]
    pub fn to_pem(&self) -> String {
        const PREFIX: [u8; 12] = [
            0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
        ];
        let bytes = [&PREFIX[..], self.key.as_bytes()].concat();
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            STANDARD.encode(bytes)
        )
    }
}

/// The bytes of the last line, after at most one line of comment.
fn body(text: &str) -> Result<Vec<u8>, KeyError> {
    if text.len() > LONGEST {
        return Err(KeyError::Form);
    }
    let mut lines = text.lines();
    let line = match (lines.next(), lines.next(), lines.next()) {
        (Some(comment), Some(line), None) if comment.starts_with("untrusted comment:") => line,
        (Some(line), None, None) => line,
        _ => return Err(KeyError::Form),
    };
    STANDARD.decode(line.trim()).map_err(|_| KeyError::Form)
}

fn checksum(id: &[u8; 8], pair: &[u8; 64]) -> [u8; 32] {
    let mut hash = Blake2b::<U32>::new();
    hash.update(ALGORITHM);
    hash.update(id);
    hash.update(pair);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SecretKey {
        SecretKey::from_seed(*b"\x01\x02\x03\x04\x05\x06\x07\x08", &[7; 32])
    }

    #[test]
    fn keys_are_written_and_read() {
        let read = SecretKey::parse(&key().to_text()).unwrap();
        assert_eq!(read.public(), key().public());
        assert_eq!(read.sign(b"x"), key().sign(b"x"));
        let public = key().public();
        assert_eq!(PublicKey::parse(&public.to_text()).unwrap(), public);
        assert_eq!(PublicKey::parse(&public.to_base64()).unwrap(), public);
        assert_eq!(public.id(), "0807060504030201");
        assert!(!format!("{:?}", key()).contains("SigningKey"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let text = key().to_text();
        let (comment, line) = text.split_once('\n').unwrap();
        let bytes = STANDARD.decode(line.trim()).unwrap();
        let refused = |at: usize, byte: u8| {
            let mut changed = bytes.clone();
            changed[at] = byte;
            SecretKey::parse(&format!("{comment}\n{}", STANDARD.encode(changed))).unwrap_err()
        };
        assert_eq!(refused(0, b'X'), KeyError::Algorithm);
        assert_eq!(refused(2, b'S'), KeyError::Password);
        assert_eq!(refused(54, 0xff), KeyError::Damaged);
        let mut without = bytes.clone();
        without[126..].fill(0);
        let read = |bytes: &[u8]| SecretKey::parse(&STANDARD.encode(bytes));
        assert_eq!(read(&without).unwrap().public(), key().public());
        without[62] ^= 1;
        assert_eq!(read(&without).unwrap_err(), KeyError::Damaged);
        assert_eq!(refused(70, 0xff), KeyError::Damaged);
        assert_eq!(refused(157, bytes[157] ^ 1), KeyError::Damaged);
        for bad in ["", "x\ny\nz", "untrusted comment: x\n???"] {
            assert_eq!(
                SecretKey::parse(bad).unwrap_err(),
                KeyError::Form,
                "{bad:?}"
            );
        }
        let short = SecretKey::parse("untrusted comment: x\nAAAA").unwrap_err();
        assert!(matches!(short, KeyError::Length { found: 3, .. }));
        assert!(PublicKey::parse(&text).is_err());
        assert!(SecretKey::parse(&"A".repeat(5000)).is_err());
    }
}
