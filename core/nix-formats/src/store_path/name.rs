//! The name of a store object.

use super::StorePathError;

/// The longest name that Nix takes, in bytes.
const MAX_NAME: usize = 211;

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

    /// Takes the name of a store path, which was checked with it.
    pub(super) fn from_checked(name: &str) -> Self {
        Self(name.into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

pub(super) fn check_name(name: &str) -> Result<(), StorePathError> {
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

#[cfg(test)]
mod tests {
    use super::{StorePathError, StorePathName};

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
}
