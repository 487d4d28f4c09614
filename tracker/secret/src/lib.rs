//! Tokens, passwords and keys of the tracker: read from files that not everyone can read, wiped from
//! memory when dropped, and shown nowhere by accident.
//!
//! Not here: keeping secrets for users (those are stored hashed, in the database's crate), and
//! encryption at rest.
//!
//! ```
//! use snowguard_tracker_secret::Secret;
//! let token = Secret::new("ghp_0123456789").expect("not empty");
//! assert_eq!(format!("{token:?}"), "Secret(hidden)");
//! assert!(token.matches("ghp_0123456789"));
//! ```

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// The longest secret, in bytes; an RSA key of 16384 bits in PEM has 13 KB.
pub const MAX_LENGTH: usize = 64 << 10;

/// Text that must not be shown: never empty, at most [`MAX_LENGTH`] bytes, no NUL.
///
/// It has no `Display` and cannot be serialised; `Debug` hides it.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// Why there is no secret. Never holds any of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The file cannot be read.
    #[error("the secret in {path} cannot be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Everyone on the machine may read or change the file.
    #[error("{path} has mode {mode:04o}: everyone may read or change it (chmod o-rwx)")]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Nothing, or nothing but space: an empty secret would let anybody in.
    #[error("{place} is empty")]
    Empty {
        /// A file, or what the secret is for.
        place: String,
    },
    /// Too long, not UTF-8, or with a NUL in it.
    #[error("{place} is no secret: {what}")]
    Malformed {
        /// A file, or what the secret is for.
        place: String,
        /// In a few words.
        what: &'static str,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {why}")]
    Random {
        /// What the system says.
        why: String,
    },
}

impl Secret {
    /// Text as it is, without changing anything.
    ///
    /// # Errors
    /// [`SecretError::Empty`] or [`SecretError::Malformed`].
    pub fn new(text: impl Into<String>) -> Result<Self, SecretError> {
        Self::checked(Zeroizing::new(text.into()), "a secret")
    }

    /// A file's text, without the line's end and other space around it. The open file is what is
    /// looked at, so that exchanging it in between changes nothing.
    ///
    /// # Errors
    /// [`SecretError`]; among others when everyone may read or change the file, as in the Nix
    /// store.
    pub fn from_file(path: &Path) -> Result<Self, SecretError> {
        let failed = |source| SecretError::Read {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.mode() & 0o7777;
        if mode & 0o007 != 0 {
            let path = path.to_owned();
            return Err(SecretError::Permissions { path, mode });
        }
        // One allocation, so that no outgrown copy of the secret stays behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LENGTH + 1));
        file.take(MAX_LENGTH as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        let place = path.display().to_string();
        let Ok(text) = std::str::from_utf8(&bytes) else {
            let what = "it is not UTF-8";
            return Err(SecretError::Malformed { place, what });
        };
        if text.len() > MAX_LENGTH {
            let what = "it is too long";
            return Err(SecretError::Malformed { place, what });
        }
        Self::checked(Zeroizing::new(text.trim().to_owned()), &place)
    }

    /// 256 random bits as 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`SecretError::Random`].
    pub fn random() -> Result<Self, SecretError> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        getrandom::fill(bytes.as_mut()).map_err(|failed| SecretError::Random {
            why: failed.to_string(),
        })?;
        let mut text = Zeroizing::new(String::with_capacity(64));
        for byte in bytes.iter() {
            for half in [byte >> 4, byte & 15] {
                text.push(char::from_digit(half.into(), 16).unwrap_or_default());
            }
        }
        Self::checked(text, "a secret")
    }

    fn checked(text: Zeroizing<String>, place: &str) -> Result<Self, SecretError> {
        let place = || place.to_owned();
        if text.trim().is_empty() {
            return Err(SecretError::Empty { place: place() });
        }
        let what = if text.len() > MAX_LENGTH {
            "it is too long"
        } else if text.contains('\0') {
            "it has a NUL"
        } else {
            return Ok(Self(text));
        };
        let place = place();
        Err(SecretError::Malformed { place, what })
    }

    /// The text; for the one place that sends or uses it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this is the secret; the time it takes tells nothing of where two differ.
    #[must_use]
    pub fn matches(&self, offered: &str) -> bool {
        // Digests are compared in constant time.
        blake3::hash(self.0.as_bytes()) == blake3::hash(offered.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(content: &[u8], mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn a_files_secret_is_read_without_its_line_end() {
        for mode in [0o400, 0o600, 0o640] {
            let (_folder, path) = file(b"  s3cret\n", mode);
            assert_eq!(Secret::from_file(&path).unwrap().expose(), "s3cret");
        }
    }

    #[test]
    fn a_file_that_everyone_may_read_is_refused() {
        for mode in [0o444, 0o604, 0o602] {
            let (_folder, path) = file(b"s3cret", mode);
            let error = Secret::from_file(&path).unwrap_err();
            assert!(
                matches!(error, SecretError::Permissions { .. }),
                "{mode:o}: {error}"
            );
            assert!(!error.to_string().contains("s3cret"));
        }
    }

    #[test]
    fn what_would_let_anybody_in_is_refused() {
        let (_folder, path) = file(b" \n", 0o600);
        assert!(matches!(
            Secret::from_file(&path),
            Err(SecretError::Empty { .. })
        ));
        assert!(Secret::new("").is_err());
        assert!(Secret::new("a\0b").is_err());
        assert!(Secret::new("x".repeat(MAX_LENGTH)).is_ok());
        assert!(Secret::new("x".repeat(MAX_LENGTH + 1)).is_err());
        let (_folder, path) = file(&vec![b'x'; MAX_LENGTH + 1], 0o600);
        assert!(Secret::from_file(&path).is_err());
        let (_folder, path) = file(b"\xff\xfe", 0o600);
        assert!(Secret::from_file(&path).is_err());
        assert!(Secret::from_file(Path::new("/nonexistent/token")).is_err());
    }

    #[test]
    fn it_is_compared_and_never_shown() {
        let secret = Secret::new("s3cret").unwrap();
        assert!(secret.matches("s3cret"));
        assert!(!secret.matches("s3creT") && !secret.matches("") && !secret.matches("s3cret "));
        assert_eq!(format!("{secret:?}"), "Secret(hidden)");
        let (one, other) = (Secret::random().unwrap(), Secret::random().unwrap());
        assert_eq!(one.expose().len(), 64);
        assert!(!one.matches(other.expose()));
    }
}
