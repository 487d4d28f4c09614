//! Self-signed certificates for Secure Boot keys.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Certificate, CertificateError, PublicKey};
use crate::der::{self, integer, object_identifier, octets, sequence, tag, tlv};
use crate::digest::DigestAlgorithm;
use crate::oid;
use crate::signature_algorithm;
use crate::time::Time;

/// Why a common name is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no common name: 1 to 64 characters, none of them control characters")]
pub struct NameError {
    name: String,
}

/// What a new self-signed certificate says. Randomness and clock are the caller's.
#[derive(Debug, Clone)]
pub struct CertificateRequest {
    common_name: String,
    serial: [u8; 16],
    not_before: Time,
    not_after: Time,
    public_key: Vec<u8>,
}

impl CertificateRequest {
    /// For the key `public_key` (SubjectPublicKeyInfo, DER). `serial` must be random.
    ///
    /// # Errors
    /// [`NameError`] when the common name is empty, longer than 64 characters (X.520's limit), or
    /// holds control characters.
    pub fn new(
        common_name: &str,
        public_key: &[u8],
        serial: [u8; 16],
        validity: (Time, Time),
    ) -> Result<Self, NameError> {
        let length = common_name.chars().count();
        if length == 0 || length > 64 || common_name.chars().any(char::is_control) {
            return Err(NameError {
                name: common_name.into(),
            });
        }
        Ok(Self {
            common_name: common_name.into(),
            serial,
            not_before: validity.0,
            not_after: validity.1,
            public_key: public_key.to_vec(),
        })
    }

    /// The bytes that the key has to sign with this digest algorithm.
    ///
    /// # Errors
    /// [`CertificateError`] when the public key is of no known kind.
    pub fn message(&self, algorithm: DigestAlgorithm) -> Result<Vec<u8>, CertificateError> {
        let key = PublicKey::from_spki(&self.public_key)?;
        let attribute = sequence(&[
            &object_identifier(oid::COMMON_NAME),
            &tlv(0x0c, &[self.common_name.as_bytes()]),
        ]);
        let name = sequence(&[&tlv(tag::SET, &[&attribute])]);
        let mut serial = self.serial;
        if let Some(first) = serial.first_mut() {
            // Positive, and of full length whatever was drawn.
            *first = (*first & 0x7f) | 0x40;
        }
        Ok(sequence(&[
            &tlv(tag::CONTEXT_0, &[&integer(2)]),
            &tlv(tag::INTEGER, &[&serial]),
            &signature_algorithm::of_certificate(key.kind(), algorithm),
            &name,
            &sequence(&[
                &der::utc_time(self.not_before),
                &der::utc_time(self.not_after),
            ]),
            &name,
            &self.public_key,
            &tlv(tag::CONTEXT_3, &[&self.extensions()]),
        ]))
    }

    /// The certificate, once [`message`](Self::message) is signed.
    ///
    /// # Errors
    /// [`CertificateError::WrongSignature`] when the signature is not by this key.
    pub fn finish(
        &self,
        algorithm: DigestAlgorithm,
        signature: &[u8],
    ) -> Result<Certificate, CertificateError> {
        let key = PublicKey::from_spki(&self.public_key)?;
        let message = self.message(algorithm)?;
        key.verify(algorithm, &message, signature)?;
        Certificate::from_der(&sequence(&[
            &message,
            &signature_algorithm::of_certificate(key.kind(), algorithm),
            &tlv(tag::BIT_STRING, &[&[0], signature]),
        ]))
    }

    /// A certificate authority that signs, identified by its key: what firmware expects of keys in
    /// its lists, and enough to issue others later.
    fn extensions(&self) -> Vec<u8> {
        let critical = [1, 1, 0xff];
        let authority = sequence(&[&critical]);
        // digitalSignature (bit 0) and keyCertSign (bit 5).
        let usage = tlv(tag::BIT_STRING, &[&[2, 0x84]]);
        let identifier = DigestAlgorithm::Sha256.digest(&[&self.public_key]);
        let identifier = identifier.as_bytes().get(..20).unwrap_or_default();
        sequence(&[
            &sequence(&[
                &object_identifier(oid::BASIC_CONSTRAINTS),
                &critical,
                &octets(&authority),
            ]),
            &sequence(&[
                &object_identifier(oid::KEY_USAGE),
                &critical,
                &octets(&usage),
            ]),
            &sequence(&[
                &object_identifier(oid::SUBJECT_KEY_IDENTIFIER),
                &octets(&octets(identifier)),
            ]),
        ])
    }
}
