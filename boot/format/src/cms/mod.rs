//! SignedData of PKCS #7 and CMS, as images and EFI variables carry it.
//!
//! Sources: RFC 2315 and RFC 5652, section 5.

mod read;
mod write;

pub(crate) use read::SignedData;
pub(crate) use write::{Parts, attributes, content_info, signed_data};

use crate::der::DerError;
use crate::x509::CertificateError;

/// Why a SignedData is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CmsError {
    /// Not the DER of a SignedData.
    #[error("not a PKCS #7 signature: the {what} cannot be read")]
    Malformed {
        /// The part.
        what: &'static str,
    },
    /// More members than any signature needs.
    #[error("more than {limit} {what} in one PKCS #7 signature")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A digest algorithm that isn't accepted for signatures.
    #[error("signed with a digest algorithm that is not SHA-256, SHA-384 or SHA-512")]
    WeakDigest,
    /// The certificate that the signature names is not with it.
    #[error("the signer's certificate is not in the signature")]
    NoCertificate,
    /// The signed attributes hold another digest than the content has.
    #[error("the signed digest is not that of the signed content")]
    WrongContent,
    /// The signature was not made by the certificate's key.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

impl From<DerError> for CmsError {
    fn from(error: DerError) -> Self {
        Self::Malformed { what: error.what }
    }
}
