//! Where a secret comes from: a PIN, a passphrase. Never from arguments, which everybody can read.

use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::error::SignerError;
use crate::files::read_secret;
use crate::prompt;

/// Where a secret comes from.
#[derive(Clone)]
pub enum Secret {
    /// A file that is its owner's alone; `/dev/fd/N` for an open descriptor. Blanks and newlines at its end don't
    /// count.
    File(PathBuf),
    /// Given, as from an environment variable.
    Given(Zeroizing<String>),
    /// Asked for on the terminal.
    Ask,
}

impl Secret {
    /// The secret; `question` is what a person is asked.
    ///
    /// # Errors
    /// [`SignerError`] when the file can't be read or isn't its owner's alone, or there is no terminal.
    pub fn reveal(&self, question: &str) -> Result<Zeroizing<String>, SignerError> {
        match self {
            Self::File(path) => Ok(Zeroizing::new(read_secret(path)?.trim_end().to_owned())),
            Self::Given(secret) => Ok(secret.clone()),
            Self::Ask => prompt::ask(question),
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "Secret::File({})", path.display()),
            Self::Given(_) => f.write_str("Secret::Given(…)"),
            Self::Ask => f.write_str("Secret::Ask"),
        }
    }
}
