//! AlgorithmIdentifiers of signatures and digests.

use alloc::vec::Vec;

use crate::der::{object_identifier, sequence, tag, tlv};
use crate::digest::DigestAlgorithm;
use crate::oid;
use crate::x509::KeyKind;

fn null() -> Vec<u8> {
    tlv(tag::NULL, &[])
}

/// Of a digest, with the NULL that firmware expects.
pub(crate) fn of_digest(algorithm: DigestAlgorithm) -> Vec<u8> {
    sequence(&[&object_identifier(oid::of_digest(algorithm)), &null()])
}

/// Of a signature in a certificate.
pub(crate) fn of_certificate(kind: KeyKind, algorithm: DigestAlgorithm) -> Vec<u8> {
    match kind {
        KeyKind::Rsa { .. } => {
            let arcs = match algorithm {
                DigestAlgorithm::Sha1 => oid::SHA1_WITH_RSA,
                DigestAlgorithm::Sha256 => oid::SHA256_WITH_RSA,
                DigestAlgorithm::Sha384 => oid::SHA384_WITH_RSA,
                DigestAlgorithm::Sha512 => oid::SHA512_WITH_RSA,
            };
            sequence(&[&object_identifier(arcs), &null()])
        }
        KeyKind::P256 | KeyKind::P384 => of_ecdsa(algorithm),
    }
}

/// Of a signature in SignedData: plain RSA, as all signers of images write it; ECDSA with digest.
pub(crate) fn of_signed_data(kind: KeyKind, algorithm: DigestAlgorithm) -> Vec<u8> {
    match kind {
        KeyKind::Rsa { .. } => sequence(&[&object_identifier(oid::RSA), &null()]),
        KeyKind::P256 | KeyKind::P384 => of_ecdsa(algorithm),
    }
}

fn of_ecdsa(algorithm: DigestAlgorithm) -> Vec<u8> {
    let arcs = match algorithm {
        DigestAlgorithm::Sha1 | DigestAlgorithm::Sha256 => oid::ECDSA_SHA256,
        DigestAlgorithm::Sha384 => oid::ECDSA_SHA384,
        DigestAlgorithm::Sha512 => oid::ECDSA_SHA512,
    };
    sequence(&[&object_identifier(arcs)])
}
