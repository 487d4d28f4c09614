//! SpcIndirectDataContent, what is signed.

use alloc::vec::Vec;

use super::AuthenticodeError;
use crate::der::{DerError, Reader, object_identifier, octets, sequence, tag, tlv};
use crate::digest::Digest;
use crate::oid;
use crate::signature_algorithm;

/// The DER of an SpcIndirectDataContent for an image of this digest.
pub(crate) fn encode(digest: &Digest) -> Vec<u8> {
    // SpcPeImageData has no flags and a file name that has meant nothing for decades, but
    // must be there: SpcLink's `file` ([2]) as an SpcString's `unicode` ([0]).
    let obsolete: Vec<u8> = "<<<Obsolete>>>"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let name = tlv(tag::CONTEXT_0_PRIMITIVE, &[&obsolete]);
    let link = tlv(tag::CONTEXT_0, &[&tlv(0xa2, &[&name])]);
    let flags = tlv(tag::BIT_STRING, &[&[0]]);
    let data = sequence(&[
        &object_identifier(oid::SPC_PE_IMAGE_DATA),
        &sequence(&[&flags, &link]),
    ]);
    let made_with = signature_algorithm::of_digest(digest.algorithm());
    sequence(&[&data, &sequence(&[&made_with, &octets(digest.as_bytes())])])
}

/// The digest in the value (without tag and length) of an SpcIndirectDataContent.
pub(crate) fn decode(content: &[u8]) -> Result<Digest, AuthenticodeError> {
    let indirect = |error: DerError| AuthenticodeError::Indirect { what: error.what };
    let mut parts = Reader::new(content);
    let mut data = parts.inside(tag::SEQUENCE, "data").map_err(indirect)?;
    let kind = data
        .expect(tag::OBJECT_IDENTIFIER, "data's type")
        .map_err(indirect)?;
    if kind.content != oid::SPC_PE_IMAGE_DATA {
        return Err(AuthenticodeError::Indirect {
            what: "data's type",
        });
    }
    let mut info = parts.inside(tag::SEQUENCE, "digest").map_err(indirect)?;
    let mut algorithm = info
        .inside(tag::SEQUENCE, "digest algorithm")
        .map_err(indirect)?;
    let arcs = algorithm
        .expect(tag::OBJECT_IDENTIFIER, "digest algorithm")
        .map_err(indirect)?;
    let digest = info.expect(tag::OCTET_STRING, "digest").map_err(indirect)?;
    info.end("digest's end").map_err(indirect)?;
    parts.end("end").map_err(indirect)?;
    oid::digest(arcs.content)
        .and_then(|algorithm| Digest::new(algorithm, digest.content))
        .ok_or(AuthenticodeError::Indirect {
            what: "digest algorithm",
        })
}
