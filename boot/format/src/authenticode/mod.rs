//! Authenticode: signatures in images.
//!
//! A signature is a PKCS #7 SignedData in an entry of the certificate table. What it signs is an
//! SpcIndirectData, and that holds the digest of the image's covered bytes
//! ([`File::covered`](crate::pe::File::covered)).
//!
//! Source: Microsoft, "Windows Authenticode Portable Executable Signature Format" (2008).

mod indirect;
mod read;
mod sign;
mod table;

pub use read::{Entry, Signature, chain_to, signatures};
pub use sign::{Preparation, sign};
pub use table::{attach, remove, remove_all};

use alloc::vec::Vec;

use crate::cms::CmsError;
use crate::digest::{Digest, DigestAlgorithm, Hasher};
use crate::pe::{File, PeError};
use crate::signer::SignError;

/// Why an image could not be signed, or a signature is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticodeError {
    /// The image is malformed.
    #[error(transparent)]
    Image(#[from] PeError),
    /// The SignedData is malformed, or not signed by the certificate in it.
    #[error(transparent)]
    Cms(#[from] CmsError),
    /// No signature came.
    #[error(transparent)]
    Signer(#[from] SignError),
    /// The SignedData doesn't hold an image's digest.
    #[error("the signature holds no image digest: the {what} cannot be read")]
    Indirect {
        /// The part.
        what: &'static str,
    },
    /// The digest in the signature is not the image's.
    #[error("the image was changed: its digest is {found}, and {signed} was signed")]
    WrongDigest {
        /// What the image has.
        found: Digest,
        /// What the signature holds.
        signed: Digest,
    },
    /// The image has no room for a certificate table in its directories.
    #[error("the image has no directory for certificates")]
    NoDirectory,
    /// Bytes lie between sections, which signers and firmware treat in different ways.
    #[error("{count} bytes lie between the image's sections; firmware may not see them as signed")]
    Gaps {
        /// How many.
        count: usize,
    },
    /// SHA-1 is not signed with.
    #[error("{0} is too weak to sign with")]
    WeakAlgorithm(DigestAlgorithm),
    /// There is no signature of this number.
    #[error("the image has {count} signatures, none of number {number}")]
    NoSuchSignature {
        /// Counted from 0.
        number: usize,
        /// How many there are.
        count: usize,
    },
    /// The image would be larger than the format can hold (4 GiB).
    #[error("the image is too large")]
    TooLarge,
    /// What was prepared for signing belongs to another image.
    #[error("what was prepared is for an image of digest {prepared}, and this one has {found}")]
    OtherImage {
        /// The digest that was prepared.
        prepared: Digest,
        /// The image's.
        found: Digest,
    },
}

/// The image digest in the value (without tag and length) of an SpcIndirectDataContent.
///
/// # Errors
/// [`AuthenticodeError::Indirect`].
pub fn image_digest(content: &[u8]) -> Result<Digest, AuthenticodeError> {
    indirect::decode(content)
}

/// The digest of the bytes as they are: what firmware makes, measures into PCR 4, and looks up in
/// db and dbx.
///
/// # Errors
/// [`PeError`] when the certificate table is malformed.
pub fn digest(file: &File<'_>, algorithm: DigestAlgorithm) -> Result<Digest, PeError> {
    let mut hasher = Hasher::new(algorithm);
    file.covered(|bytes| hasher.update(bytes))?;
    Ok(hasher.finish())
}

/// The digest that a signature over this image holds: as [`digest`], after filling up to a
/// multiple of 8.
///
/// # Errors
/// [`PeError`] when the certificate table is malformed.
pub fn digest_to_sign(file: &File<'_>, algorithm: DigestAlgorithm) -> Result<Digest, PeError> {
    let mut hasher = Hasher::new(algorithm);
    file.covered(|bytes| hasher.update(bytes))?;
    let filling: Vec<u8> = alloc::vec![0; file.filling()];
    hasher.update(&filling);
    Ok(hasher.finish())
}
