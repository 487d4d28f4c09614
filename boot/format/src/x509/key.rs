//! Public keys, and verifying with them.

use core::fmt;

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::Pkcs1v15Sign;
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;
use sha1::Sha1;
use sha2_next::{Sha256, Sha384, Sha512};

use super::CertificateError;
use crate::der::{Reader, tag};
use crate::digest::DigestAlgorithm;
use crate::oid;

/// What kind of key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// RSA with a modulus of this many bits.
    Rsa {
        /// Bits of the modulus.
        bits: u32,
    },
    /// ECDSA on NIST's P-256.
    P256,
    /// ECDSA on NIST's P-384.
    P384,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
            Self::P256 => f.write_str("ECDSA P-256"),
            Self::P384 => f.write_str("ECDSA P-384"),
        }
    }
}

/// A key that signatures can be verified with.
#[derive(Debug, Clone, PartialEq)]
pub struct PublicKey(Kind);

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Rsa(rsa::PublicKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
}

impl PublicKey {
    /// From SubjectPublicKeyInfo, as DER.
    ///
    /// # Errors
    /// [`CertificateError::UnknownKey`] for another kind, or a key that cannot be one.
    pub fn from_spki(der: &[u8]) -> Result<Self, CertificateError> {
        let malformed = CertificateError::Malformed { what: "public key" };
        let mut parts = Reader::new(der).inside(tag::SEQUENCE, "public key")?;
        let mut algorithm = parts.inside(tag::SEQUENCE, "public key")?;
        let kind = algorithm.expect(tag::OBJECT_IDENTIFIER, "public key")?;
        if kind.content == oid::RSA {
            let key = rsa::PublicKey::from_public_key_der(der)
                .map_err(|_| CertificateError::UnknownKey)?;
            return Ok(Self(Kind::Rsa(key)));
        }
        if kind.content != oid::EC_PUBLIC_KEY {
            return Err(CertificateError::UnknownKey);
        }
        let curve = algorithm.expect(tag::OBJECT_IDENTIFIER, "public key")?;
        let point = super::bits(parts.expect(tag::BIT_STRING, "public key")?.content)?;
        match curve.content {
            arcs if arcs == oid::P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(point)
                .map(|key| Self(Kind::P256(key)))
                .map_err(|_| malformed),
            arcs if arcs == oid::P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(point)
                .map(|key| Self(Kind::P384(key)))
                .map_err(|_| malformed),
            _ => Err(CertificateError::UnknownKey),
        }
    }

    /// What kind it is.
    pub fn kind(&self) -> KeyKind {
        match &self.0 {
            Kind::Rsa(key) => KeyKind::Rsa {
                bits: key.n().bit_width_vartime(),
            },
            Kind::P256(_) => KeyKind::P256,
            Kind::P384(_) => KeyKind::P384,
        }
    }

    /// Whether `signature` is by this key over the digest of `message`: PKCS #1 v1.5 for RSA, the
    /// DER of r and s for ECDSA.
    ///
    /// # Errors
    /// [`CertificateError::WrongSignature`] for any other.
    pub fn verify(
        &self,
        algorithm: DigestAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), CertificateError> {
        let digest = algorithm.digest(&[message]);
        let digest = digest.as_bytes();
        let good = match &self.0 {
            Kind::Rsa(key) => {
                let scheme = match algorithm {
                    DigestAlgorithm::Sha1 => Pkcs1v15Sign::new::<Sha1>(),
                    DigestAlgorithm::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
                    DigestAlgorithm::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
                    DigestAlgorithm::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
                };
                key.verify(scheme, digest, signature).is_ok()
            }
            Kind::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok()),
            Kind::P384(key) => p384::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok()),
        };
        if good {
            Ok(())
        } else {
            Err(CertificateError::WrongSignature)
        }
    }
}
