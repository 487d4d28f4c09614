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

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::nixbase32;

/// The digits of the digest part.
const DIGEST_DIGITS: usize = 32;

/// The longest name that Nix takes, in bytes.
const MAX_NAME: usize = 211;

/// The longest store directory that is taken, in bytes; Linux opens no longer path.
const MAX_STORE_DIR: usize = 4096;

/// Why a text is no store path, name or store directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StorePathError {
    /// The text is too short to hold a digest, a `-` and a name.
    #[error("{value:?} is too short for a store path")]
    TooShort {
        /// The offending base name.
        value: String,
    },
    /// The digest is not followed by `-`.
    #[error("{value:?} has no \"-\" after 32 digits")]
    NoDash {
        /// The start of the offending base name.
        value: String,
    },
    /// The digest is not Nix base 32.
    #[error("{value:?} is no store path digest: {source}")]
    Digest {
        /// The offending digest.
        value: String,
        /// What is wrong with it.
        source: nixbase32::Error,
    },
    /// The name is empty.
    #[error("a store path name must not be empty")]
    EmptyName,
    /// The name is longer than 211 bytes.
    #[error("a store path name has at most 211 bytes, this one {length}")]
    NameTooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The name is `.` or `..`, or begins with such a part.
    #[error("the store path name {value:?} begins with a \".\" or \"..\" part")]
    DotName {
        /// The offending name.
        value: String,
    },
    /// The name holds a byte outside the allowed set.
    #[error("the store path name {value:?} holds byte {byte:#04x} at offset {offset}")]
    NameByte {
        /// The offending name.
        value: String,
        /// The offending byte.
        byte: u8,
        /// Where it stands in the name.
        offset: usize,
    },
    /// The path does not stand in the store directory.
    #[error("{value:?} is not in the store directory {store_dir}")]
    OutsideStore {
        /// The start of the offending path.
        value: String,
        /// The directory in which it should stand.
        store_dir: StoreDir,
    },
    /// The text is not an absolute path in its shortest form.
    #[error("{value:?} is not an absolute path without empty, \".\" or \"..\" parts")]
    StoreDir {
        /// The start of the offending text.
        value: String,
    },
}

/// The name of a store object: what follows the digest, such as `hello-2.12.1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StorePathName(Box<str>);

impl StorePathName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`StorePathError::EmptyName`], [`StorePathError::NameTooLong`],
    /// [`StorePathError::DotName`] or [`StorePathError::NameByte`].
    pub fn new(name: &str) -> Result<Self, StorePathError> {
        check_name(name)?;
        Ok(Self(name.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

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
                value: excerpt(base_name),
            });
        }
        nixbase32::decode::<20>(&bytes[..DIGEST_DIGITS]).map_err(|source| {
            StorePathError::Digest {
                value: base_name[..DIGEST_DIGITS].to_owned(),
                source,
            }
        })?;
        check_name(&base_name[DIGEST_DIGITS + 1..])?;
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

    /// Checks a path as different tools print it: in full below `/nix/store`, or the base name.
    ///
    /// # Errors
    /// What [`StorePath::from_base_name`] returns.
    pub fn parse(text: &str) -> Result<Self, StorePathError> {
        Self::from_base_name(text.strip_prefix("/nix/store/").unwrap_or(text))
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

/// The directory of a store: an absolute path in its shortest form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreDir(Box<str>);

impl StoreDir {
    /// Checks a store directory.
    ///
    /// # Errors
    /// [`StorePathError::StoreDir`] for anything but an absolute path of at most 4096 bytes
    /// without empty, `.` or `..` parts, control characters, or a `/` at its end.
    pub fn new(path: &str) -> Result<Self, StorePathError> {
        let parts_are_plain = path.strip_prefix('/').is_some_and(|parts| {
            parts
                .split('/')
                .all(|part| !matches!(part, "" | "." | ".."))
        });
        if parts_are_plain && path.len() <= MAX_STORE_DIR && !path.contains(char::is_control) {
            Ok(Self(path.into()))
        } else {
            Err(StorePathError::StoreDir {
                value: excerpt(path),
            })
        }
    }

    /// The path, without a `/` at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn relative<'a>(&self, path: &'a str) -> Result<&'a str, StorePathError> {
        path.strip_prefix(self.as_str())
            .and_then(|rest| rest.strip_prefix('/'))
            .ok_or_else(|| StorePathError::OutsideStore {
                value: excerpt(path),
                store_dir: self.clone(),
            })
    }
}

impl Default for StoreDir {
    /// `/nix/store`.
    fn default() -> Self {
        Self("/nix/store".into())
    }
}

/// Gives a text newtype its text forms: `Display`, `FromStr`, `AsRef`, `Borrow`, and serde as a
/// checked string.
macro_rules! text_forms {
    ($type:ty, $parse:path) => {
        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = StorePathError;

            fn from_str(text: &str) -> Result<Self, StorePathError> {
                $parse(text)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl Borrow<str> for $type {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                $parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

text_forms!(StorePathName, StorePathName::new);
text_forms!(StorePath, StorePath::from_base_name);
text_forms!(StoreDir, StoreDir::new);

fn check_name(name: &str) -> Result<(), StorePathError> {
    if name.is_empty() {
        return Err(StorePathError::EmptyName);
    }
    if name.len() > MAX_NAME {
        return Err(StorePathError::NameTooLong { length: name.len() });
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._?=".contains(&byte);
    if let Some(offset) = name.bytes().position(|byte| !allowed(byte)) {
        let byte = name.as_bytes()[offset];
        return Err(StorePathError::NameByte {
            value: name.to_owned(),
            byte,
            offset,
        });
    }
    let first_part = name.split_once('-').map_or(name, |(first, _)| first);
    if matches!(first_part, "." | "..") {
        return Err(StorePathError::DotName {
            value: name.to_owned(),
        });
    }
    Ok(())
}

/// The start of an offending text: an error must not carry megabytes along.
fn excerpt(text: &str) -> String {
    text.chars().take(256).collect()
}

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
    fn names_follow_nix() {
        for good in [
            "a",
            "...",
            ".gitignore",
            "..a",
            ".a-b",
            "a?b=c+d_e",
            &"x".repeat(211),
        ] {
            assert!(StorePathName::new(good).is_ok(), "{good}");
        }
        for dots in [".", "..", ".-a", "..-a"] {
            let error = StorePathName::new(dots).expect_err(dots);
            assert!(matches!(error, StorePathError::DotName { .. }), "{dots}");
        }
        assert_eq!(StorePathName::new(""), Err(StorePathError::EmptyName));
        let long = StorePathName::new(&"x".repeat(212));
        assert_eq!(long, Err(StorePathError::NameTooLong { length: 212 }));
        for bad in ["a b", "a/b", "a\0", "é", "a~"] {
            let error = StorePathName::new(bad).expect_err(bad);
            assert!(matches!(error, StorePathError::NameByte { .. }), "{bad}");
        }
    }

    #[test]
    fn store_directories_are_absolute_and_plain() {
        assert!(StoreDir::new("/nix/store").is_ok());
        for bad in [
            "",
            "/",
            "nix/store",
            "/nix/store/",
            "/nix//store",
            "/nix/../store",
            "/a\n",
        ] {
            assert!(StoreDir::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn json_strings_are_checked() {
        let path: StorePath = serde_json::from_str(&format!("\"{HELLO}\"")).expect("valid");
        assert_eq!(path.as_str(), HELLO);
        assert!(serde_json::from_str::<StorePath>("\"../../etc/passwd\"").is_err());
    }
}
