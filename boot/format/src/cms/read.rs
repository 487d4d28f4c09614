//! Reading and verifying.

use alloc::vec::Vec;

use super::CmsError;
use crate::der::{Reader, Tlv, tag};
use crate::digest::DigestAlgorithm;
use crate::oid;
use crate::time::Time;
use crate::x509::{Certificate, attribute_time};

const MAX_CERTIFICATES: usize = 32;
const MAX_SIGNERS: usize = 8;

/// A SignedData, as slices of the input.
#[derive(Debug)]
pub(crate) struct SignedData<'a> {
    pub(crate) content_type: &'a [u8],
    /// The one value inside the content's `[0]`; `None` when it is detached.
    pub(crate) content: Option<Tlv<'a>>,
    /// Those that could be read, in order.
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) signers: Vec<SignerInfo<'a>>,
}

/// One signature.
#[derive(Debug)]
pub(crate) struct SignerInfo<'a> {
    issuer: &'a [u8],
    serial: &'a [u8],
    pub(crate) algorithm: Option<DigestAlgorithm>,
    /// The content of `[0]`, whose tag is replaced by that of a SET to be signed.
    attributes: Option<&'a [u8]>,
    signature: &'a [u8],
}

impl<'a> SignedData<'a> {
    /// From a ContentInfo that holds it, or bare. Bytes after it are an error unless all are zero
    /// and fewer than eight, which is how tables are filled up.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, CmsError> {
        let mut outer = Reader::new(bytes);
        let value = outer.expect(tag::SEQUENCE, "SignedData")?;
        let after = outer.rest();
        if after.len() >= 8 || after.iter().any(|byte| *byte != 0) {
            return Err(CmsError::Malformed {
                what: "SignedData's end",
            });
        }
        let mut parts = Reader::new(value.content);
        if let Some(kind) = parts.optional(tag::OBJECT_IDENTIFIER, "content type")? {
            if kind.content != oid::SIGNED_DATA {
                return Err(CmsError::Malformed {
                    what: "content type",
                });
            }
            let mut explicit = parts.inside(tag::CONTEXT_0, "SignedData")?;
            parts = explicit.inside(tag::SEQUENCE, "SignedData")?;
        }
        Self::body(parts)
    }

    fn body(mut parts: Reader<'a>) -> Result<Self, CmsError> {
        parts.expect(tag::INTEGER, "version")?;
        parts.expect(tag::SET, "digest algorithms")?;
        let mut encapsulated = parts.inside(tag::SEQUENCE, "content")?;
        let content_type = encapsulated.expect(tag::OBJECT_IDENTIFIER, "content type")?;
        let content = match encapsulated.optional(tag::CONTEXT_0, "content")? {
            Some(explicit) => Some(Reader::new(explicit.content).any("content")?),
            None => None,
        };
        let mut certificates = Vec::new();
        if let Some(set) = parts.optional(tag::CONTEXT_0, "certificates")? {
            let mut members = Reader::new(set.content);
            while !members.is_empty() {
                if certificates.len() == MAX_CERTIFICATES {
                    return Err(CmsError::TooMany {
                        what: "certificates",
                        limit: MAX_CERTIFICATES,
                    });
                }
                // A certificate that cannot be read can decide nothing; others may.
                certificates.extend(Certificate::from_der(members.any("certificates")?.raw));
            }
        }
        parts.optional(tag::CONTEXT_1, "revocation lists")?;
        let mut members = parts.inside(tag::SET, "signatures")?;
        let mut signers = Vec::new();
        while !members.is_empty() {
            if signers.len() == MAX_SIGNERS {
                return Err(CmsError::TooMany {
                    what: "signatures",
                    limit: MAX_SIGNERS,
                });
            }
            signers.push(SignerInfo::parse(&mut members)?);
        }
        parts.end("SignedData's end")?;
        Ok(Self {
            content_type: content_type.content,
            content,
            certificates,
            signers,
        })
    }

    /// Whether `signer` signed `content` (the value, without tag and length): the digests agree and
    /// the signature is by the certificate, which is returned.
    pub(crate) fn verify(
        &self,
        signer: &SignerInfo<'_>,
        content: &[u8],
    ) -> Result<&Certificate, CmsError> {
        let algorithm = signer.algorithm.ok_or(CmsError::WeakDigest)?;
        if algorithm == DigestAlgorithm::Sha1 {
            return Err(CmsError::WeakDigest);
        }
        let certificate = self.certificate_of(signer).ok_or(CmsError::NoCertificate)?;
        let key = certificate.public_key()?;
        match signer.attributes {
            None => key.verify(algorithm, content, signer.signature)?,
            Some(attributes) => {
                let digest = signer
                    .attribute(oid::MESSAGE_DIGEST)
                    .ok_or(CmsError::Malformed {
                        what: "signed digest",
                    })?;
                let kind = signer
                    .attribute(oid::CONTENT_TYPE)
                    .ok_or(CmsError::Malformed {
                        what: "signed content type",
                    })?;
                let made = algorithm.digest(&[content]);
                if digest.content != made.as_bytes() || kind.content != self.content_type {
                    return Err(CmsError::WrongContent);
                }
                let message = crate::der::tlv(tag::SET, &[attributes]);
                key.verify(algorithm, &message, signer.signature)?;
            }
        }
        Ok(certificate)
    }

    fn certificate_of(&self, signer: &SignerInfo<'_>) -> Option<&Certificate> {
        self.certificates.iter().find(|certificate| {
            certificate.issuer().der() == signer.issuer && certificate.serial() == signer.serial
        })
    }
}

impl<'a> SignerInfo<'a> {
    fn parse(members: &mut Reader<'a>) -> Result<Self, CmsError> {
        let mut parts = members.inside(tag::SEQUENCE, "signature")?;
        parts.expect(tag::INTEGER, "signature's version")?;
        // Firmware and all signers of images name the certificate by issuer and serial number.
        let mut identifier = parts.inside(tag::SEQUENCE, "signer's name")?;
        let issuer = identifier.expect(tag::SEQUENCE, "signer's name")?;
        let serial = identifier.expect(tag::INTEGER, "signer's serial number")?;
        let mut digest = parts.inside(tag::SEQUENCE, "digest algorithm")?;
        let algorithm = digest.expect(tag::OBJECT_IDENTIFIER, "digest algorithm")?;
        let attributes = parts.optional(tag::CONTEXT_0, "signed attributes")?;
        parts.expect(tag::SEQUENCE, "signature algorithm")?;
        let signature = parts.expect(tag::OCTET_STRING, "signature")?;
        Ok(Self {
            issuer: issuer.raw,
            serial: serial.content,
            algorithm: oid::digest(algorithm.content),
            attributes: attributes.map(|set| set.content),
            signature: signature.content,
        })
    }

    /// The one value of a signed attribute; `None` when it is missing, or there twice.
    fn attribute(&self, kind: &[u8]) -> Option<Tlv<'a>> {
        let mut attributes = Reader::new(self.attributes?);
        let mut found = None;
        while !attributes.is_empty() {
            let mut parts = attributes.inside(tag::SEQUENCE, "attribute").ok()?;
            let name = parts.expect(tag::OBJECT_IDENTIFIER, "attribute").ok()?;
            if name.content != kind {
                continue;
            }
            let mut values = parts.inside(tag::SET, "attribute").ok()?;
            let value = values.any("attribute").ok()?;
            if !values.is_empty() || found.replace(value).is_some() {
                return None;
            }
        }
        found
    }

    /// When it was signed, if it says so. Nobody vouches for it.
    pub(crate) fn time(&self) -> Option<Time> {
        self.attribute(oid::SIGNING_TIME)
            .and_then(|value| attribute_time(value.raw))
    }
}
