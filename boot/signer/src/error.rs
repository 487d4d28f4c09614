//! Why a signer cannot be had.

use std::path::PathBuf;

use snowguard_boot_format::x509::CertificateError;

/// Why a key or its certificate cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// A file that could not be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A private key that others could have read or changed.
    #[error(
        "{path} holds a secret and has the permissions {mode:04o}; it must be its owner's alone (chmod 600)"
    )]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A private key that belongs to somebody else.
    #[error("{path} is a private key of user {owner}, not of the user who would sign with it")]
    Owner {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// Not a private key that can be used.
    #[error("{place} holds no usable private key: {what}")]
    Key {
        /// A path, or what the key came from.
        place: String,
        /// What is wrong.
        what: &'static str,
    },
    /// Not a certificate.
    #[error("{place} holds no usable certificate")]
    Certificate {
        /// A path, or what it came from.
        place: String,
        /// Why.
        #[source]
        source: CertificateError,
    },
    /// A certificate for another key.
    #[error("the certificate of {subject} is not for the private key in {place}")]
    Mismatch {
        /// The certificate's subject, and its file if it has one.
        subject: String,
        /// Where the key is.
        place: String,
    },
    /// A key behind a passphrase, and another one was given.
    #[error("{place}: the passphrase is wrong, or the key is damaged")]
    Passphrase {
        /// A path.
        place: String,
    },
    /// Nobody can be asked for a secret.
    #[error("cannot ask for {question}: {why}")]
    Prompt {
        /// What would be asked.
        question: String,
        /// Why not.
        why: String,
    },
    /// A token that is not as expected.
    #[error("{what}: {why}")]
    Token {
        /// What doesn't work.
        what: String,
        /// Why, as the token's library says, or what may help.
        why: String,
    },
    /// A remote signer, or what a server for it needs, that is not as expected.
    #[error("remote signer: {what}: {why}")]
    Remote {
        /// What doesn't work.
        what: String,
        /// Why.
        why: String,
    },
    /// The system gave no random bytes.
    #[error("the system gives no random numbers")]
    Randomness,
}
