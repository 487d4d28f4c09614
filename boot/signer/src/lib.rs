//! Signers: where the keys of the boot chain are.
//!
//! Purpose: implementations of [`snowguard_boot_format::signer::Signer`] for keys in PEM files, on
//! PKCS #11 tokens, and at another machine; and the server for the latter.
//!
//! Non-goals: what is signed, and why; that is the format crate's and the tool's.
//!
//! Entry points: [`open_pem`], [`open_token`], [`remote::open_remote`], [`remote::Server`];
//! [`SoftwareKey`] makes keys.

mod error;
mod files;
mod prompt;
mod secret;
mod software;
mod token;

pub mod remote;

pub use error::SignerError;
pub use files::{open_pem, read_certificates, read_secret};
pub use secret::Secret;
pub use software::{KeyKindToMake, SoftwareKey, SoftwareSigner};
pub use token::{TokenOptions, TokenSigner, open_token};
