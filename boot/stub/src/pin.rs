//! A file on the boot partition that the signed image pins by its digest.

use alloc::string::{String, ToString};

use sha2::{Digest, Sha256};

use crate::refusal::{Part, Refusal};
use crate::text;

/// Longest path, in characters.
const PATH_LIMIT: usize = 255;

/// A path on the file system that the image was started from, and the SHA-256 digest its bytes have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin<'a> {
    path: &'a str,
    digest: [u8; 32],
}

impl<'a> Pin<'a> {
    /// From the two sections of a thin image.
    ///
    /// # Errors
    /// [`Refusal::Path`], [`Refusal::DigestSize`].
    pub fn new(part: Part, path: &'a [u8], digest: &[u8]) -> Result<Self, Refusal> {
        let refused = || Refusal::Path {
            part,
            path: text::shown(path),
        };
        let usable = text::section(path)
            .filter(|path| is_usable(path))
            .ok_or_else(refused)?;
        Ok(Self {
            path: usable,
            digest: digest_section(part, digest)?,
        })
    }

    /// Absolute, with backslashes.
    pub fn path(&self) -> &'a str {
        self.path
    }

    /// Checks the bytes that are going to be booted.
    ///
    /// # Errors
    /// [`Refusal::Digest`].
    pub fn check(&self, part: Part, bytes: &[u8]) -> Result<(), Refusal> {
        check(part, self.path, &self.digest, bytes)
    }
}

/// Whether a path is absolute and names nothing but what it seems to.
fn is_usable(path: &str) -> bool {
    let Some(relative) = path.strip_prefix('\\') else {
        return false;
    };
    path.chars().count() <= PATH_LIMIT
        && path
            .chars()
            .all(|c| !c.is_control() && c != '/' && u32::from(c) < 0x1_0000)
        && relative
            .split('\\')
            .all(|name| !matches!(name, "" | "." | ".."))
}

/// A digest section's 32 bytes.
///
/// # Errors
/// [`Refusal::DigestSize`].
pub fn digest_section(part: Part, digest: &[u8]) -> Result<[u8; 32], Refusal> {
    digest.try_into().map_err(|_| Refusal::DigestSize {
        part,
        size: digest.len(),
    })
}

/// Compares the SHA-256 of `bytes` with `expected`; `from` says where they came from.
///
/// # Errors
/// [`Refusal::Digest`].
pub fn check(part: Part, from: &str, expected: &[u8; 32], bytes: &[u8]) -> Result<(), Refusal> {
    if Sha256::digest(bytes).as_slice() == expected {
        return Ok(());
    }
    Err(Refusal::Digest {
        part,
        from: from.to_string(),
    })
}

/// For messages: where an embedded part stands.
pub fn embedded(name: &str) -> String {
    alloc::format!("section {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(path: &[u8]) -> Result<Pin<'_>, Refusal> {
        Pin::new(Part::Kernel, path, &[0; 32])
    }

    #[test]
    fn paths_that_wander_are_refused() {
        for bad in [
            "",
            "\\",
            "EFI\\x",
            "\\EFI\\..\\x",
            "\\EFI\\.\\x",
            "\\EFI\\\\x",
            "\\EFI/x",
            "\\a\nb",
            "\\a\u{1f980}",
            "\\a\\",
        ] {
            assert!(
                matches!(pin(bad.as_bytes()), Err(Refusal::Path { .. })),
                "{bad}"
            );
        }
        assert!(pin(&[b'\\', 0xff]).is_err());
        let mut long = String::from("\\");
        long.push_str(&"a".repeat(255));
        assert!(pin(long.as_bytes()).is_err());
        assert_eq!(
            pin(b"\\EFI\\nixos\\kernel-1.efi\0").unwrap().path(),
            "\\EFI\\nixos\\kernel-1.efi"
        );
    }

    #[test]
    fn the_digest_decides() {
        let digest: [u8; 32] = Sha256::digest(b"kernel").into();
        let pin = Pin::new(Part::Kernel, b"\\k", &digest).unwrap();
        assert_eq!(pin.check(Part::Kernel, b"kernel"), Ok(()));
        assert!(matches!(
            pin.check(Part::Kernel, b"kernem"),
            Err(Refusal::Digest { .. })
        ));
        assert!(matches!(
            pin.check(Part::Kernel, b""),
            Err(Refusal::Digest { .. })
        ));
        assert_eq!(
            Pin::new(Part::Initrd, b"\\k", &digest[..31]),
            Err(Refusal::DigestSize {
                part: Part::Initrd,
                size: 31
            })
        );
    }
}
