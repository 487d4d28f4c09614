//! Detached signatures that people can check without the tracker.
//!
//! A file is signed as the program `minisign` does, and the list of all digests also with plain Ed25519.
//! Reading keys from files, with the demand that nobody else can read them, and random bytes for
//! new ones, are the caller's.
//!
//! Sources: <https://jedisct1.github.io/minisign/>, "Signature format"; RFC 8032 (Ed25519); RFC 7693 (BLAKE2);
//! RFC 8410 (public keys as PEM).

mod key;
mod writer;

pub use key::{KeyError, PublicKey, SecretKey};
pub use writer::{Sealed, SigningWriter};
