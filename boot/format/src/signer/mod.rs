//! What signs: an interface, so that keys may lie in files, on tokens, or on another machine.

mod request;

pub use request::{Asked, NotAsSaid};

use alloc::string::String;
use alloc::vec::Vec;

use crate::digest::DigestAlgorithm;
use crate::x509::Certificate;

/// What a signature is for. A signer may refuse by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose<'a> {
    /// An image. The message is the DER of the signed attributes (a SET); `content` is the value of
    /// the SpcIndirectData whose digest they hold, and which holds the image's.
    Image {
        /// The value of SpcIndirectDataContent, without tag and length.
        content: &'a [u8],
    },
    /// An EFI variable of signatures. The message is what EFI_VARIABLE_AUTHENTICATION_2 covers.
    Variable,
    /// A certificate. The message is its signed part.
    Certificate,
    /// A TPM policy over PCRs. The message is the policy's digest, as TPM2_PolicyAuthorize has it.
    PcrPolicy,
}

/// What is to be signed.
#[derive(Debug, Clone, Copy)]
pub struct SigningRequest<'a> {
    /// What for.
    pub purpose: Purpose<'a>,
    /// The digest algorithm to sign with.
    pub algorithm: DigestAlgorithm,
    /// The bytes; the signer makes their digest itself.
    pub message: &'a [u8],
}

/// Why there is no signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The signer will not sign this.
    #[error("the signer refuses: {reason}")]
    Refused {
        /// Its reason.
        reason: String,
    },
    /// The signer could not be reached, or gave up in the middle.
    #[error("the signer cannot be used: {reason}")]
    Unavailable {
        /// What happened.
        reason: String,
    },
}

/// Signs with one key, for which it has a certificate.
pub trait Signer {
    /// The certificate of the key.
    fn certificate(&self) -> &Certificate;

    /// Further certificates to be put beside it: its issuers, without those that are in db.
    fn chain(&self) -> &[Certificate] {
        &[]
    }

    /// The signature over the message: PKCS #1 v1.5 for RSA, the DER of r and s for ECDSA.
    ///
    /// # Errors
    /// [`SignError`]. What comes back is verified by the caller before it is used.
    fn sign(&self, request: &SigningRequest<'_>) -> Result<Vec<u8>, SignError>;
}

impl<S: Signer + ?Sized> Signer for alloc::boxed::Box<S> {
    fn certificate(&self) -> &Certificate {
        (**self).certificate()
    }

    fn chain(&self) -> &[Certificate] {
        (**self).chain()
    }

    fn sign(&self, request: &SigningRequest<'_>) -> Result<Vec<u8>, SignError> {
        (**self).sign(request)
    }
}
