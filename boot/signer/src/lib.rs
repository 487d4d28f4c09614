//! Signers: where the keys of the boot chain are.
//!
//! Purpose: implementations of [`snowguard_boot_format::signer::Signer`] for keys in PEM files.
//!
//! Non-goals: what is signed, and why; that is the format crate's and the tool's.
//!
//! Entry types: [`SoftwareSigner`], [`SoftwareKey`].

mod error;
mod files;
mod software;

pub use error::SignerError;
pub use files::{open_pem, read_certificates, read_secret};
pub use software::{KeyKindToMake, SoftwareKey, SoftwareSigner};
