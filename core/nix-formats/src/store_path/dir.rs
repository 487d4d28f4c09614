//! The directory of a store.

use super::StorePathError;

/// The longest store directory that is taken, in bytes; Linux opens no longer path.
const MAX_STORE_DIR: usize = 4096;

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
                value: crate::excerpt(path),
            })
        }
    }

    /// The path, without a `/` at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn relative<'a>(&self, path: &'a str) -> Result<&'a str, StorePathError> {
        path.strip_prefix(self.as_str())
            .and_then(|rest| rest.strip_prefix('/'))
            .ok_or_else(|| StorePathError::OutsideStore {
                value: crate::excerpt(path),
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

#[cfg(test)]
mod tests {
    use super::StoreDir;

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
}
