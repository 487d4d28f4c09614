//! Paths on a volume.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

/// A path below the root of a volume: components of plain characters, none of them `.` or `..`.
/// The root itself has no component.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct VolumePath(Vec<String>);

impl VolumePath {
    /// Reads `EFI/Linux/a.efi`, or `\EFI\Linux\a.efi` as firmware writes it.
    ///
    /// Nothing is given for an empty component, `.`, `..`, or a character that FAT doesn't allow.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix(['/', '\\']).unwrap_or(text);
        text.split(['/', '\\'])
            .try_fold(Self::default(), |path, name| path.join(name))
    }

    /// The entry of this name in this folder, if it is a name.
    #[must_use]
    pub fn join(&self, name: &str) -> Option<Self> {
        let forbidden = |c: char| c.is_control() || "\"*/:<>?\\|".contains(c);
        let ends_badly = name.ends_with(['.', ' ']);
        if name.is_empty() || name.len() > 255 || ends_badly || name.contains(forbidden) {
            return None;
        }
        let mut path = self.clone();
        path.0.push(name.to_owned());
        Some(path)
    }

    /// The last component.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// The folder it stands in; the root's is the root.
    #[must_use]
    pub fn parent(&self) -> Self {
        let mut parent = self.clone();
        parent.0.pop();
        parent
    }

    /// Its components from the root on.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Where it stands below a mount point.
    #[must_use]
    pub fn below(&self, mount_point: &Path) -> PathBuf {
        let mut path = mount_point.to_owned();
        path.extend(&self.0);
        path
    }

    /// As firmware writes it: `\EFI\Linux\a.efi`.
    #[must_use]
    pub fn to_firmware(&self) -> String {
        self.0
            .iter()
            .fold(String::new(), |path, name| path + "\\" + name)
    }

    /// Whether FAT takes both for the same: case doesn't count.
    #[must_use]
    pub fn clashes_with(&self, other: &Self) -> bool {
        let fold = |path: &Self| {
            path.0
                .iter()
                .map(|name| name.to_uppercase())
                .collect::<Vec<_>>()
        };
        fold(self) == fold(other)
    }
}

impl fmt::Display for VolumePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("/");
        }
        f.write_str(&self.0.join("/"))
    }
}

impl Serialize for VolumePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_the_root() {
        for bad in [
            "", "/", "a//b", "../a", "a/..", "a/./b", "a/b:c", "a\0b", "a/b.", "a/b ",
        ] {
            assert_eq!(VolumePath::parse(bad), None, "{bad:?}");
        }
        let path = VolumePath::parse("\\EFI\\Linux\\a+2-1.efi").expect("a path");
        assert_eq!(path.to_string(), "EFI/Linux/a+2-1.efi");
        assert_eq!(path.to_firmware(), "\\EFI\\Linux\\a+2-1.efi");
        assert_eq!(path.parent().to_string(), "EFI/Linux");
        assert!(path.clashes_with(&VolumePath::parse("efi/LINUX/A+2-1.EFI").expect("a path")));
    }
}
