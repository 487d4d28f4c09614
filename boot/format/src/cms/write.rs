//! Writing.

use alloc::vec::Vec;

use super::CmsError;
use crate::der::{integer, object_identifier, octets, sequence, set_of, tag, tlv};
use crate::digest::{Digest, DigestAlgorithm};
use crate::oid;
use crate::signature_algorithm;
use crate::x509::Certificate;

/// A signed attribute: the identifier's arcs, and the DER of its value.
pub(crate) type Attribute = (&'static [u8], Vec<u8>);

/// The signed attributes as a SET, which is what is signed.
pub(crate) fn attributes(content_type: &[u8], digest: &Digest, further: Vec<Attribute>) -> Vec<u8> {
    let mut all = further;
    all.push((oid::CONTENT_TYPE, object_identifier(content_type)));
    all.push((oid::MESSAGE_DIGEST, octets(digest.as_bytes())));
    let members = all
        .iter()
        .map(|(kind, value)| sequence(&[&object_identifier(kind), &tlv(tag::SET, &[value])]))
        .collect();
    tlv(tag::SET, &[&set_of(members)])
}

/// What a SignedData is made of.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) algorithm: DigestAlgorithm,
    pub(crate) content_type: &'a [u8],
    /// The DER of the content; `None` when it is detached.
    pub(crate) content: Option<&'a [u8]>,
    /// As [`attributes`] gives them.
    pub(crate) attributes: Option<&'a [u8]>,
    pub(crate) certificate: &'a Certificate,
    pub(crate) chain: &'a [Certificate],
    pub(crate) signature: &'a [u8],
}

/// A SignedData with one signature.
pub(crate) fn signed_data(parts: &Parts<'_>) -> Result<Vec<u8>, CmsError> {
    let kind = parts.certificate.public_key()?.kind();
    let digest_algorithm = signature_algorithm::of_digest(parts.algorithm);
    let content = parts
        .content
        .map(|content| tlv(tag::CONTEXT_0, &[content]))
        .unwrap_or_default();
    let mut certificates: Vec<Vec<u8>> = alloc::vec![parts.certificate.der().to_vec()];
    for certificate in parts.chain {
        if !certificates.iter().any(|known| known == certificate.der()) {
            certificates.push(certificate.der().to_vec());
        }
    }
    // `[0] IMPLICIT` takes the place of the SET's tag.
    let attributes = match parts.attributes {
        None => Vec::new(),
        Some(set) => {
            let value = crate::der::Reader::new(set).expect(tag::SET, "signed attributes")?;
            tlv(tag::CONTEXT_0, &[value.content])
        }
    };
    let signer = sequence(&[
        &integer(1),
        &sequence(&[
            parts.certificate.issuer().der(),
            &tlv(tag::INTEGER, &[parts.certificate.serial()]),
        ]),
        &digest_algorithm,
        &attributes,
        &signature_algorithm::of_signed_data(kind, parts.algorithm),
        &octets(parts.signature),
    ]);
    Ok(sequence(&[
        &integer(1),
        &tlv(tag::SET, &[&digest_algorithm]),
        &sequence(&[&object_identifier(parts.content_type), &content]),
        &tlv(tag::CONTEXT_0, &[&set_of(certificates)]),
        &tlv(tag::SET, &[&signer]),
    ]))
}

/// A SignedData in its ContentInfo.
pub(crate) fn content_info(signed_data: &[u8]) -> Vec<u8> {
    sequence(&[
        &object_identifier(oid::SIGNED_DATA),
        &tlv(tag::CONTEXT_0, &[signed_data]),
    ])
}
