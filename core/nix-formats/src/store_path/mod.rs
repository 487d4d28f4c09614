//! Store directories, store paths and their names.
//!
//! ```text
//! path      = store-dir "/" base-name
//! base-name = digest "-" name
//! digest    = 32 digits of Nix base 32 (20 bytes)
//! name      = 1 to 211 of 0-9 a-z A-Z + - . _ ? =   (the part before the first "-" is not "." or "..")
//! ```
//!
//! Source: <https://nix.dev/manual/nix/latest/protocols/store-path.html>

mod compute;
mod dir;
mod error;
mod name;
mod text_forms;

pub use dir::StoreDir;
pub use error::StorePathError;
pub use name::StorePathName;

use crate::nixbase32;
use text_forms::text_forms;

/// The digits of the digest part.
const DIGEST_DIGITS: usize = 32;

/// A store path without its store directory, such as
/// `nm7p8wxfr6jiqhbf1dqf6dcvgvbb7ddz-hello-2.12.1`. Ordered as Nix orders them: by their bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StorePath(Box<str>);

impl StorePath {
    /// Checks the last part of a store path.
    ///
    /// # Errors
    /// [`StorePathError::TooShort`], [`StorePathError::NoDash`], [`StorePathError::Digest`], or
    /// what [`StorePathName::new`] returns for the name.
    pub fn from_base_name(base_name: &str) -> Result<Self, StorePathError> {
        let bytes = base_name.as_bytes();
        if bytes.len() <= DIGEST_DIGITS {
            return Err(StorePathError::TooShort {
                value: base_name.to_owned(),
            });
        }
        // A `-` is ASCII, so that both cuts beside it are character boundaries.
        if bytes[DIGEST_DIGITS] != b'-' {
            return Err(StorePathError::NoDash {
                value: crate::excerpt(base_name),
            });
        }
        nixbase32::decode::<20>(&bytes[..DIGEST_DIGITS]).map_err(|source| {
            StorePathError::Digest {
                value: base_name[..DIGEST_DIGITS].to_owned(),
                source,
            }
        })?;
        name::check_name(&base_name[DIGEST_DIGITS + 1..])?;
        Ok(Self(base_name.into()))
    }

    /// Puts a path together from its digest and its name.
    #[must_use]
    pub fn from_parts(digest: [u8; 20], name: &StorePathName) -> Self {
        Self(format!("{}-{}", nixbase32::encode(&digest), name.as_str()).into())
    }

    /// Checks a full path: `store_dir`, `/`, base name, and nothing after it.
    ///
    /// # Errors
    /// [`StorePathError::OutsideStore`], or what [`StorePath::from_base_name`] returns.
    pub fn from_absolute(path: &str, store_dir: &StoreDir) -> Result<Self, StorePathError> {
        Self::from_base_name(store_dir.relative(path)?)
    }

    /// Checks a path as different versions of Nix print it: in full, or the base name alone.
    ///
    /// # Errors
    /// As [`StorePath::from_absolute`] where `text` begins with `/`, else as
    /// [`StorePath::from_base_name`].
    pub fn from_either(text: &str, store_dir: &StoreDir) -> Result<Self, StorePathError> {
        if text.starts_with('/') {
            Self::from_absolute(text, store_dir)
        } else {
            Self::from_base_name(text)
        }
    }

    /// Finds the store path that holds a file, such as a patch inside a fetched source, and
    /// returns it with the rest: empty for the path itself, else beginning with `/`.
    ///
    /// # Errors
    /// [`StorePathError::OutsideStore`], or what [`StorePath::from_base_name`] returns.
    pub fn containing<'a>(
        path: &'a str,
        store_dir: &StoreDir,
    ) -> Result<(Self, &'a str), StorePathError> {
        let relative = store_dir.relative(path)?;
        let (base_name, rest) = relative.split_at(relative.find('/').unwrap_or(relative.len()));
        Ok((Self::from_base_name(base_name)?, rest))
    }

    /// The base name: digest, `-`, name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digest in Nix base 32, always 32 digits.
    #[must_use]
    pub fn digest_str(&self) -> &str {
        &self.0[..DIGEST_DIGITS]
    }

    /// The digest as bytes.
    #[must_use]
    pub fn digest(&self) -> [u8; 20] {
        nixbase32::decode(self.digest_str().as_bytes())
            .expect("the constructors decoded this digest before")
    }

    /// What follows the digest.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0[DIGEST_DIGITS + 1..]
    }

    /// What follows the digest, as a name of its own.
    #[must_use]
    pub fn store_path_name(&self) -> StorePathName {
        StorePathName::from_checked(self.name())
    }

    /// Whether the name ends in `.drv`.
    #[must_use]
    pub fn is_derivation(&self) -> bool {
        self.name().ends_with(".drv")
    }

    /// The full path in a store directory.
    #[must_use]
    pub fn to_absolute(&self, store_dir: &StoreDir) -> String {
        format!("{}/{}", store_dir.as_str(), self.as_str())
    }
}

text_forms!(StorePathName, StorePathName::new);
text_forms!(StorePath, StorePath::from_base_name);
text_forms!(StoreDir, StoreDir::new);

#[cfg(test)]
mod tests {
    use super::{StoreDir, StorePath, StorePathError, StorePathName};

    const HELLO: &str = "nm7p8wxfr6jiqhbf1dqf6dcvgvbb7ddz-hello-2.12.1";

    #[test]
    fn takes_a_path_apart_and_together() {
        let store = StoreDir::default();
        let path = StorePath::from_base_name(HELLO).expect("a real store path");
        assert_eq!(path.name(), "hello-2.12.1");
        assert_eq!(path.digest_str(), "nm7p8wxfr6jiqhbf1dqf6dcvgvbb7ddz");
        assert_eq!(path.to_absolute(&store), format!("/nix/store/{HELLO}"));
        let name = StorePathName::new(path.name()).expect("its own name");
        assert_eq!(StorePath::from_parts(path.digest(), &name), path);
        let full = format!("/nix/store/{HELLO}/bin/hello");
        assert_eq!(
            StorePath::containing(&full, &store),
            Ok((path, "/bin/hello"))
        );
    }

    #[test]
    fn refuses_paths_outside_the_store_or_with_more_behind() {
        let store = StoreDir::default();
        for path in [
            format!("/nix/store{HELLO}"),
            format!("/nix/stor/{HELLO}"),
            HELLO.into(),
        ] {
            let error = StorePath::from_absolute(&path, &store).expect_err(&path);
            assert!(
                matches!(error, StorePathError::OutsideStore { .. }),
                "{path}: {error}"
            );
        }
        let below = format!("/nix/store/{HELLO}/bin");
        let error = StorePath::from_absolute(&below, &store).expect_err("more behind");
        assert!(matches!(
            error,
            StorePathError::NameByte {
                byte: b'/',
                offset: 12,
                ..
            }
        ));
    }

    #[test]
    fn refuses_bad_digests() {
        let dash = StorePath::from_base_name("nm7p8wxfr6jiqhbf1dqf6dcvgvbb7ddzhello");
        assert!(matches!(dash, Err(StorePathError::NoDash { .. })));
        let digit = StorePath::from_base_name("em7p8wxfr6jiqhbf1dqf6dcvgvbb7ddz-hello");
        assert!(matches!(digit, Err(StorePathError::Digest { .. })));
        let short = StorePath::from_base_name("nm7p8wxfr6jiqhbf1dqf6dcvgvbb7ddz");
        assert!(matches!(short, Err(StorePathError::TooShort { .. })));
        let wide = "é".repeat(40);
        assert!(StorePath::from_base_name(&wide).is_err());
    }

    #[test]
    fn json_strings_are_checked() {
        let path: StorePath = serde_json::from_str(&format!("\"{HELLO}\"")).expect("valid");
        assert_eq!(path.as_str(), HELLO);
        assert!(serde_json::from_str::<StorePath>("\"../../etc/passwd\"").is_err());
    }
}
