//! Keys for signing: ed25519, written as `NAME:BASE64`, like the keys of Nix's binary caches.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use crate::graph::Name;

/// No key file is longer.
const MAX_FILE: u64 = 1024;

/// Why a key can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file can't be read or written.
    #[error("key {path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What happened.
        error: String,
    },
    /// Others may read a secret key.
    #[error("key {path}: others may read it (mode {mode:o}); `chmod 600` it")]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The text is no key.
    #[error("key {path}: not `NAME:BASE64` of an ed25519 key of 32 bytes")]
    Text {
        /// The file.
        path: PathBuf,
    },
}

/// A key that signs. Its bytes are wiped when it is dropped, and never shown.
pub struct SecretKey {
    name: Name,
    key: SigningKey,
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.name)
    }
}

impl SecretKey {
    /// Makes a key from the kernel's randomness and writes it to `file`, which must not exist, for its
    /// owner only; the public key goes to `file` with `.pub` after it.
    ///
    /// # Errors
    /// When a file can't be written.
    pub fn generate(name: Name, file: &Path) -> Result<Self, KeyError> {
        let failed = |error: std::io::Error| KeyError::File {
            path: file.to_path_buf(),
            error: error.to_string(),
        };
        let mut seed = [0; 32];
        fs::File::open("/dev/urandom")
            .and_then(|mut random| random.read_exact(&mut seed))
            .map_err(failed)?;
        let secret = Self {
            name,
            key: SigningKey::from_bytes(&seed),
        };
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(file)
            .and_then(|mut out| writeln!(out, "{}:{}", secret.name, BASE64.encode(seed)))
            .map_err(failed)?;
        let mut public = file.as_os_str().to_owned();
        public.push(".pub");
        fs::write(public, format!("{}\n", secret.public())).map_err(failed)?;
        Ok(secret)
    }

    /// Reads a key.
    ///
    /// # Errors
    /// When it is none, or others than its owner may read it.
    pub fn read(file: &Path) -> Result<Self, KeyError> {
        let mode = fs::metadata(file)
            .map_err(|error| KeyError::File {
                path: file.to_path_buf(),
                error: error.to_string(),
            })?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            return Err(KeyError::Mode {
                path: file.to_path_buf(),
                mode: mode & 0o777,
            });
        }
        let (name, bytes) = read(file)?;
        Ok(Self {
            name,
            key: SigningKey::from_bytes(&bytes),
        })
    }

    /// Its name and public half.
    pub fn public(&self) -> PublicKey {
        PublicKey {
            name: self.name.clone(),
            key: self.key.verifying_key(),
        }
    }

    /// Signs; 64 bytes.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

/// A key that checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: Name,
    key: VerifyingKey,
}

impl PublicKey {
    /// Reads a key.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(file: &Path) -> Result<Self, KeyError> {
        let (name, bytes) = read(file)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::Text {
            path: file.to_path_buf(),
        })?;
        Ok(Self { name, key })
    }

    /// Its name.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Whether this key made the signature; strict, so that a signature has one spelling.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, BASE64.encode(self.key.as_bytes()))
    }
}

fn read(file: &Path) -> Result<(Name, [u8; 32]), KeyError> {
    let mut text = String::new();
    fs::File::open(file)
        .and_then(|file| file.take(MAX_FILE).read_to_string(&mut text))
        .map_err(|error| KeyError::File {
            path: file.to_path_buf(),
            error: error.to_string(),
        })?;
    let parsed = || {
        let (name, key) = text.trim_end().split_once(':')?;
        let key = BASE64.decode(key).ok()?;
        Some((name.parse().ok()?, key.try_into().ok()?))
    };
    parsed().ok_or_else(|| KeyError::Text {
        path: file.to_path_buf(),
    })
}
