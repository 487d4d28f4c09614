//! Certificates, as far as firmware looks at them: names, keys, signatures, times.
//!
//! Source: RFC 5280.

mod create;
mod key;
mod name;

use alloc::vec::Vec;
use core::fmt;

pub use create::{CertificateRequest, NameError};
pub use key::{KeyKind, PublicKey};
pub use name::Name;

use crate::der::{DerError, Reader, tag};
use crate::digest::{Digest, DigestAlgorithm};
use crate::oid;
use crate::time::Time;

/// More bytes than any certificate of this purpose has.
const MAX_SIZE: usize = 64 << 10;

/// Why bytes are not a certificate, or a signature is not by it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Not the DER of an X.509 certificate.
    #[error("not a certificate: the {what} cannot be read")]
    Malformed {
        /// The part.
        what: &'static str,
    },
    /// A key that nothing here can verify with.
    #[error("the certificate's key is neither RSA of 1024 to 8192 bits nor on P-256 or P-384")]
    UnknownKey,
    /// A signature algorithm that nothing here can verify.
    #[error("the signature algorithm is not known")]
    UnknownSignatureAlgorithm,
    /// The signature is not by this key over these bytes.
    #[error("the signature is not by this key over these bytes")]
    WrongSignature,
    /// Not PEM with certificates in it.
    #[error("no certificate in PEM: {what}")]
    Pem {
        /// What is missing.
        what: &'static str,
    },
}

impl From<DerError> for CertificateError {
    fn from(error: DerError) -> Self {
        Self::Malformed { what: error.what }
    }
}

/// A certificate whose structure has been read. Two are equal when all their bytes are.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Certificate {
    der: Vec<u8>,
    signed_part: Vec<u8>,
    serial: Vec<u8>,
    issuer: Name,
    subject: Name,
    not_before: Time,
    not_after: Time,
    public_key: Vec<u8>,
    signature_algorithm: Vec<u8>,
    signature: Vec<u8>,
}

impl Certificate {
    /// Reads one certificate, which must be all of `der`.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`].
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_SIZE {
            return Err(CertificateError::Malformed { what: "size" });
        }
        let mut outer = Reader::new(der);
        let mut parts = outer.inside(tag::SEQUENCE, "certificate")?;
        outer.end("certificate's end")?;
        let signed = parts.expect(tag::SEQUENCE, "signed part")?;
        let mut algorithm = parts.inside(tag::SEQUENCE, "signature algorithm")?;
        let signature_algorithm =
            algorithm.expect(tag::OBJECT_IDENTIFIER, "signature algorithm")?;
        let signature = bits(parts.expect(tag::BIT_STRING, "signature")?.content)?;
        parts.end("signature's end")?;

        let mut fields = Reader::new(signed.content);
        fields.optional(tag::CONTEXT_0, "version")?;
        let serial = fields.expect(tag::INTEGER, "serial number")?;
        fields.expect(tag::SEQUENCE, "signature algorithm")?;
        let issuer = fields.expect(tag::SEQUENCE, "issuer")?;
        let mut validity = fields.inside(tag::SEQUENCE, "validity")?;
        let subject = fields.expect(tag::SEQUENCE, "subject")?;
        let public_key = fields.expect(tag::SEQUENCE, "public key")?;
        Ok(Self {
            der: der.to_vec(),
            signed_part: signed.raw.to_vec(),
            serial: serial.content.to_vec(),
            issuer: Name::from_der(issuer.raw),
            subject: Name::from_der(subject.raw),
            not_before: read_time(&mut validity)?,
            not_after: read_time(&mut validity)?,
            public_key: public_key.raw.to_vec(),
            signature_algorithm: signature_algorithm.content.to_vec(),
            signature: signature.to_vec(),
        })
    }

    /// All certificates of a PEM text, in order; whatever else it holds is passed over.
    ///
    /// # Errors
    /// [`CertificateError::Pem`] when there is none, or one is cut off.
    pub fn from_pem(text: &str) -> Result<Vec<Self>, CertificateError> {
        let blocks = crate::pem::blocks(text, "CERTIFICATE")
            .map_err(|what| CertificateError::Pem { what })?;
        if blocks.is_empty() {
            return Err(CertificateError::Pem {
                what: "no block named CERTIFICATE",
            });
        }
        blocks.iter().map(|block| Self::from_der(block)).collect()
    }

    /// From DER or, where it begins so, PEM.
    ///
    /// # Errors
    /// As the two; more than one certificate in PEM is an error too.
    pub fn from_file_content(bytes: &[u8]) -> Result<Vec<Self>, CertificateError> {
        match core::str::from_utf8(bytes) {
            Ok(text) if text.contains("-----BEGIN") => Self::from_pem(text),
            _ => Self::from_der(bytes).map(|one| alloc::vec![one]),
        }
    }

    /// The certificate as PEM.
    pub fn to_pem(&self) -> alloc::string::String {
        crate::pem::encode("CERTIFICATE", &self.der)
    }

    /// All bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The content of the serial number's INTEGER: big-endian.
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// Who signed it.
    pub fn issuer(&self) -> &Name {
        &self.issuer
    }

    /// Whose key it holds.
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// From when it is valid.
    pub fn not_before(&self) -> Time {
        self.not_before
    }

    /// Until when it is valid, inclusive.
    pub fn not_after(&self) -> Time {
        self.not_after
    }

    /// Whether `now` is in its time. Firmware doesn't ask; people should know.
    pub fn is_current(&self, now: Time) -> bool {
        (self.not_before..=self.not_after).contains(&now)
    }

    /// The key in it.
    ///
    /// # Errors
    /// [`CertificateError::UnknownKey`] for a kind that isn't read.
    pub fn public_key(&self) -> Result<PublicKey, CertificateError> {
        PublicKey::from_spki(&self.public_key)
    }

    /// SubjectPublicKeyInfo, as DER.
    pub fn public_key_der(&self) -> &[u8] {
        &self.public_key
    }

    /// The public key in its own form, without the frame that says of which kind it is: PKCS #1 for RSA, the point
    /// for ECDSA.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`].
    pub fn bare_public_key(&self) -> Result<&[u8], CertificateError> {
        let mut parts = Reader::new(&self.public_key).inside(tag::SEQUENCE, "public key")?;
        parts.expect(tag::SEQUENCE, "public key")?;
        Ok(bits(parts.expect(tag::BIT_STRING, "public key")?.content)?)
    }

    /// SHA-256 over all bytes.
    pub fn fingerprint(&self) -> Digest {
        DigestAlgorithm::Sha256.digest(&[&self.der])
    }

    /// The signed part, whose digests dbx's lists of certificates hold.
    pub fn signed_part(&self) -> &[u8] {
        &self.signed_part
    }

    /// Whether the names fit and the signature in this certificate is by the issuer's key.
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        self.issuer == issuer.subject && self.verify_with(issuer).is_ok()
    }

    fn verify_with(&self, issuer: &Self) -> Result<(), CertificateError> {
        let algorithm = oid::digest_of_signature(&self.signature_algorithm)
            .ok_or(CertificateError::UnknownSignatureAlgorithm)?;
        issuer
            .public_key()?
            .verify(algorithm, &self.signed_part, &self.signature)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, {})", self.subject, self.fingerprint())
    }
}

/// The bytes of a BIT STRING without unused bits.
fn bits(content: &[u8]) -> Result<&[u8], DerError> {
    match content.split_first() {
        Some((0, bytes)) => Ok(bytes),
        _ => Err(DerError { what: "bit string" }),
    }
}

/// UTCTime or GeneralizedTime, to the second, in UTC.
fn read_time(reader: &mut Reader<'_>) -> Result<Time, DerError> {
    let malformed = DerError { what: "time" };
    let value = reader.any("time")?;
    let digits = value.content.strip_suffix(b"Z").ok_or(malformed)?;
    let time = match value.tag {
        tag::UTC_TIME => {
            let short = digits.first().ok_or(malformed)?;
            // RFC 5280, 4.1.2.5.1: 50 and above are of the 20th century.
            let century: &[u8] = if *short >= b'5' { b"19" } else { b"20" };
            Time::from_digits(&[century, digits].concat())
        }
        tag::GENERALIZED_TIME => Time::from_digits(digits),
        _ => None,
    };
    time.ok_or(malformed)
}

/// A time of a signed attribute.
pub(crate) fn attribute_time(value: &[u8]) -> Option<Time> {
    read_time(&mut Reader::new(value)).ok()
}
