//! Looking into a request before signing it.
//!
//! A signer that signs whatever bytes it is given for one purpose signs for every purpose, since
//! the bytes of one could be made to be those of another. Each purpose's messages have a form that
//! no other's can have, and that form is checked.

use crate::authenticode;
use crate::cms::CmsError;
use crate::der::{Reader, octets, tag};
use crate::digest::{Digest, DigestAlgorithm};
use crate::oid;
use crate::signer::{Purpose, SigningRequest};
use crate::variable::VariableName;

/// What a request asks for, as it was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Asked {
    /// A signature for the image of this digest.
    Image(Digest),
    /// New content for this variable.
    Variable(VariableName),
    /// A certificate.
    Certificate,
    /// A policy over PCRs, of this digest.
    PcrPolicy(Digest),
}

/// Why a request's message is not what its purpose says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message is not {what}")]
pub struct NotAsSaid {
    /// What it should be.
    pub what: &'static str,
}

impl SigningRequest<'_> {
    /// What is asked for, from the bytes themselves.
    ///
    /// # Errors
    /// [`NotAsSaid`] when the message is not of its purpose's form, or asks for SHA-1.
    pub fn look_into(&self) -> Result<Asked, NotAsSaid> {
        if self.algorithm == DigestAlgorithm::Sha1 {
            return Err(NotAsSaid {
                what: "to be signed with SHA-1",
            });
        }
        match self.purpose {
            Purpose::Image { content } => self.image(content),
            Purpose::Variable => self.variable(),
            Purpose::Certificate => self.certificate(),
            // The digests of policies are SHA-256's; nothing else of 32 bytes is signed: the
            // shortest signed attributes, variable or certificate are longer.
            Purpose::PcrPolicy => Digest::new(DigestAlgorithm::Sha256, self.message)
                .map(Asked::PcrPolicy)
                .ok_or(NotAsSaid {
                    what: "the digest of a policy",
                }),
        }
    }

    fn image(&self, content: &[u8]) -> Result<Asked, NotAsSaid> {
        let failed = NotAsSaid {
            what: "the signed attributes of an image's signature",
        };
        let digest = authenticode::image_digest(content).map_err(|_| failed)?;
        if digest.algorithm() != self.algorithm {
            return Err(failed);
        }
        let attribute = |kind: &[u8]| -> Result<&[u8], CmsError> {
            let mut outer = Reader::new(self.message);
            let mut members = outer.inside(tag::SET, "attributes")?;
            outer.end("attributes' end")?;
            let mut found = None;
            while !members.is_empty() {
                let mut parts = members.inside(tag::SEQUENCE, "attribute")?;
                let name = parts.expect(tag::OBJECT_IDENTIFIER, "attribute")?;
                let values = parts.expect(tag::SET, "attribute")?;
                if name.content == kind && found.replace(values.content).is_some() {
                    return Err(CmsError::WrongContent);
                }
            }
            found.ok_or(CmsError::WrongContent)
        };
        let signed = octets(self.algorithm.digest(&[content]).as_bytes());
        let of_content = attribute(oid::MESSAGE_DIGEST).map_err(|_| failed)? == signed;
        let kind = crate::der::object_identifier(oid::SPC_INDIRECT_DATA);
        let of_image = attribute(oid::CONTENT_TYPE).map_err(|_| failed)? == kind;
        if of_content && of_image {
            Ok(Asked::Image(digest))
        } else {
            Err(failed)
        }
    }

    fn variable(&self) -> Result<Asked, NotAsSaid> {
        let known = [
            VariableName::Pk,
            VariableName::Kek,
            VariableName::Db,
            VariableName::Dbx,
        ];
        known
            .into_iter()
            .find(|variable| {
                let name: alloc::vec::Vec<u8> = variable
                    .name()
                    .encode_utf16()
                    .flat_map(u16::to_le_bytes)
                    .collect();
                self.message
                    .strip_prefix(name.as_slice())
                    .is_some_and(|rest| rest.starts_with(variable.vendor().as_bytes()))
            })
            .map(Asked::Variable)
            .ok_or(NotAsSaid {
                what: "the new content of PK, KEK, db or dbx",
            })
    }

    fn certificate(&self) -> Result<Asked, NotAsSaid> {
        let failed = NotAsSaid {
            what: "the signed part of a certificate",
        };
        let mut outer = Reader::new(self.message);
        let mut fields = outer
            .inside(tag::SEQUENCE, "certificate")
            .map_err(|_| failed)?;
        outer.end("certificate's end").map_err(|_| failed)?;
        fields
            .expect(tag::CONTEXT_0, "version")
            .map_err(|_| failed)?;
        fields
            .expect(tag::INTEGER, "serial number")
            .map_err(|_| failed)?;
        Ok(Asked::Certificate)
    }
}
