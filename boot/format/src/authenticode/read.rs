//! Reading and verifying signatures.

use alloc::vec::Vec;

use super::{AuthenticodeError, indirect};
use crate::cms::{CmsError, SignedData};
use crate::digest::{Digest, DigestAlgorithm};
use crate::oid;
use crate::pe::{File, PeError, REVISION_2, TYPE_PKCS7};
use crate::time::Time;
use crate::x509::Certificate;

/// One entry of the certificate table.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Offset in the file.
    pub offset: usize,
    /// `wRevision`.
    pub revision: u16,
    /// `wCertificateType`.
    pub kind: u16,
    /// The signature; an error when the entry is malformed, of another kind, or its signer's
    /// signature over its own content is wrong.
    pub signature: Result<Signature, AuthenticodeError>,
}

/// A signature that is right in itself: the certificate's key signed this image digest. Whether it
/// is the image's is [`matches`](Self::matches), whether anyone trusts it is [`chain_to`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The image digest that was signed.
    pub digest: Digest,
    /// The digest algorithm of the signature itself.
    pub algorithm: DigestAlgorithm,
    /// Whose key signed.
    pub certificate: Certificate,
    /// All certificates that came with it, the signer's included.
    pub certificates: Vec<Certificate>,
    /// When, as the signer says; nobody vouches for it.
    pub time: Option<Time>,
}

/// All entries of the certificate table, in order.
///
/// # Errors
/// [`PeError`] when the table is misplaced or an entry's length cannot be.
pub fn signatures(file: &File<'_>) -> Result<Vec<Entry>, PeError> {
    file.certificates()?
        .map(|entry| {
            let entry = entry?;
            let known = entry.revision == REVISION_2 && entry.kind == TYPE_PKCS7;
            Ok(Entry {
                offset: entry.offset,
                revision: entry.revision,
                kind: entry.kind,
                signature: if known {
                    Signature::read(entry.data)
                } else {
                    Err(AuthenticodeError::Cms(CmsError::Malformed {
                        what: "entry's kind",
                    }))
                },
            })
        })
        .collect()
}

impl Signature {
    /// Reads a SignedData and verifies it against the signer's certificate in it.
    ///
    /// # Errors
    /// [`AuthenticodeError`] for the first thing that is wrong.
    pub fn read(bytes: &[u8]) -> Result<Self, AuthenticodeError> {
        let signed = SignedData::parse(bytes)?;
        if signed.content_type != oid::SPC_INDIRECT_DATA {
            return Err(AuthenticodeError::Indirect {
                what: "content's type",
            });
        }
        let content = signed.content.ok_or(AuthenticodeError::Indirect {
            what: "missing content",
        })?;
        // Firmware looks at the first signature of a SignedData, and signers write one.
        let [signer] = signed.signers.as_slice() else {
            return Err(AuthenticodeError::Cms(CmsError::Malformed {
                what: "number of signatures",
            }));
        };
        let certificate = signed.verify(signer, content.content)?.clone();
        let algorithm = signer.algorithm.ok_or(CmsError::WeakDigest)?;
        let digest = indirect::decode(content.content)?;
        if digest.algorithm() == DigestAlgorithm::Sha1 {
            return Err(AuthenticodeError::Cms(CmsError::WeakDigest));
        }
        Ok(Self {
            digest,
            algorithm,
            certificate,
            time: signer.time(),
            certificates: signed.certificates,
        })
    }

    /// Whether the signed digest is this image's.
    ///
    /// # Errors
    /// [`AuthenticodeError::WrongDigest`] with both, or [`AuthenticodeError::Image`].
    pub fn matches(&self, file: &File<'_>) -> Result<(), AuthenticodeError> {
        let found = super::digest(file, self.digest.algorithm())?;
        if found == self.digest {
            Ok(())
        } else {
            Err(AuthenticodeError::WrongDigest {
                found,
                signed: self.digest.clone(),
            })
        }
    }
}

/// The way from `certificate` over `known` certificates to one of `anchors`, both ends included;
/// `None` when there is none. An anchor needs not be self-signed, and times are not looked at:
/// both as in firmware.
pub fn chain_to<'a>(
    certificate: &'a Certificate,
    known: &'a [Certificate],
    anchors: &'a [Certificate],
) -> Option<Vec<&'a Certificate>> {
    let mut chain = alloc::vec![certificate];
    let mut last = certificate;
    loop {
        if let Some(anchor) = anchors.iter().find(|anchor| *anchor == last) {
            if let Some(end) = chain.last_mut() {
                *end = anchor;
            }
            return Some(chain);
        }
        if let Some(anchor) = anchors.iter().find(|anchor| last.is_issued_by(anchor)) {
            chain.push(anchor);
            return Some(chain);
        }
        // Each step takes a certificate that was not taken before, so this ends.
        let next = known
            .iter()
            .find(|next| !chain.contains(next) && last.is_issued_by(next))?;
        chain.push(next);
        last = next;
    }
}
