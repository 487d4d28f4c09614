//! What firmware would decide about an image.

use alloc::vec::Vec;

use super::{Payload, SignatureLists};
use crate::authenticode::{self, Entry, chain_to};
use crate::digest::{Digest, DigestAlgorithm};
use crate::guid::Guid;
use crate::pe::{File, PeError};
use crate::x509::Certificate;

/// Lists of signatures and what they are called.
#[derive(Debug, Clone, Copy)]
pub struct Database<'a> {
    /// `db`, `MOK` …
    pub name: &'static str,
    /// Their content.
    pub lists: &'a SignatureLists,
}

/// What decided.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The image's digest is in the list.
    ImageDigest {
        /// The list's name.
        database: &'static str,
        /// The entry.
        digest: Digest,
        /// Who put it there.
        owner: Guid,
    },
    /// A signature of the image leads to a certificate of the list.
    Certificate {
        /// The list's name.
        database: &'static str,
        /// Number of the signature, from 0.
        signature: usize,
        /// From the signer's to the list's, both included.
        chain: Vec<Certificate>,
    },
    /// A certificate of a signature is revoked by its digest.
    CertificateDigest {
        /// The list's name.
        database: &'static str,
        /// Number of the signature, from 0.
        signature: usize,
        /// The certificate.
        certificate: Certificate,
    },
    /// Nothing allows it.
    NothingAllows,
}

/// What firmware would do with Secure Boot on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it starts the image.
    pub allowed: bool,
    /// Why.
    pub reason: Reason,
}

/// Decides as EDK II's `DxeImageVerificationHandler` does: a digest or a signature that `revoked`
/// names refuses the image, whatever else speaks for it; else one signature that leads to an
/// allowed certificate, or the image's digest in an allowed list, is enough. A signature that is
/// wrong, or over another digest, counts as none.
///
/// Times of revocation are not weighed: a certificate whose digest is revoked from some time on
/// counts as revoked, since no signature here carries a trusted timestamp.
///
/// # Errors
/// [`PeError`] when the certificate table is malformed, which firmware refuses too.
pub fn decide(
    file: &File<'_>,
    entries: &[Entry],
    allowed: &[Database<'_>],
    revoked: Database<'_>,
) -> Result<Verdict, PeError> {
    let mut digests = Vec::new();
    for algorithm in [
        DigestAlgorithm::Sha256,
        DigestAlgorithm::Sha384,
        DigestAlgorithm::Sha512,
    ] {
        let wanted = allowed
            .iter()
            .chain([&revoked])
            .flat_map(|database| database.lists.entries())
            .any(|entry| matches!(&entry.payload, Payload::Image(d) if d.algorithm() == algorithm));
        if wanted {
            digests.push(authenticode::digest(file, algorithm)?);
        }
    }
    let refused = |reason| {
        Ok(Verdict {
            allowed: false,
            reason,
        })
    };
    if let Some(reason) = by_digest(&digests, revoked) {
        return refused(reason);
    }
    let good: Vec<_> = entries
        .iter()
        .enumerate()
        .filter_map(|(number, entry)| Some((number, entry.signature.as_ref().ok()?)))
        .filter(|(_, signature)| signature.matches(file).is_ok())
        .collect();
    for (number, signature) in &good {
        if let Some(certificate) = revoked_by_digest(&signature.certificates, revoked) {
            return refused(Reason::CertificateDigest {
                database: revoked.name,
                signature: *number,
                certificate,
            });
        }
        if let Some(reason) = by_certificate(*number, signature, revoked) {
            return refused(reason);
        }
    }
    let by_signature = good.iter().find_map(|(number, signature)| {
        allowed
            .iter()
            .find_map(|database| by_certificate(*number, signature, *database))
    });
    let reason = by_signature.or_else(|| {
        allowed
            .iter()
            .find_map(|database| by_digest(&digests, *database))
    });
    Ok(match reason {
        Some(reason) => Verdict {
            allowed: true,
            reason,
        },
        None => Verdict {
            allowed: false,
            reason: Reason::NothingAllows,
        },
    })
}

fn by_digest(digests: &[Digest], database: Database<'_>) -> Option<Reason> {
    database
        .lists
        .entries()
        .find_map(|entry| match &entry.payload {
            Payload::Image(digest) if digests.contains(digest) => Some(Reason::ImageDigest {
                database: database.name,
                digest: digest.clone(),
                owner: entry.owner,
            }),
            _ => None,
        })
}

fn by_certificate(
    number: usize,
    signature: &authenticode::Signature,
    database: Database<'_>,
) -> Option<Reason> {
    let anchors = database.lists.certificates();
    let chain = chain_to(&signature.certificate, &signature.certificates, &anchors)?;
    Some(Reason::Certificate {
        database: database.name,
        signature: number,
        chain: chain.into_iter().cloned().collect(),
    })
}

fn revoked_by_digest(certificates: &[Certificate], revoked: Database<'_>) -> Option<Certificate> {
    revoked.lists.entries().find_map(|entry| {
        let Payload::CertificateDigest { digest, .. } = &entry.payload else {
            return None;
        };
        certificates
            .iter()
            .find(|certificate| digest.algorithm().digest(&[certificate.signed_part()]) == *digest)
            .cloned()
    })
}
