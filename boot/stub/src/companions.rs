//! Files beside the image: credentials and extensions, which the initrd verifies by its own means.
//!
//! They stand in `<image>.extra.d/` (for this image) or under `\loader` (for all). Each kind becomes one
//! archive of the initrd, and its bytes are measured.
//!
//! Source: systemd-stub(7).

use alloc::string::String;
use alloc::vec::Vec;

use crate::cpio::Archive;
use crate::measure::{PCR_CONFIGURATION, PCR_EXTENSIONS};
use crate::refusal::Refusal;

/// Where a kind of files is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `<image>.extra.d`.
    BesideImage,
    /// This folder, for all images.
    Folder(&'static str),
}

/// A kind of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Companion {
    /// Where they stand.
    pub place: Place,
    /// What their names end with.
    pub suffix: &'static str,
    /// Names that end like this belong to another kind.
    not: Option<&'static str>,
    /// Where the initrd finds them.
    pub folder: &'static str,
    /// Permissions of that folder; files lose the right to be entered.
    permissions: u32,
    /// The register that their archive is measured into.
    pub pcr: u32,
    /// For the event log.
    pub description: &'static str,
}

/// All kinds, in the order in which they are measured and handed over.
pub const ALL: [Companion; 6] = [
    Companion {
        place: Place::BesideImage,
        suffix: ".cred",
        not: None,
        folder: ".extra/credentials",
        permissions: 0o500,
        pcr: PCR_CONFIGURATION,
        description: "Credentials initrd",
    },
    Companion {
        place: Place::Folder("\\loader\\credentials"),
        suffix: ".cred",
        not: None,
        folder: ".extra/global_credentials",
        permissions: 0o500,
        pcr: PCR_CONFIGURATION,
        description: "Global credentials initrd",
    },
    Companion {
        place: Place::BesideImage,
        suffix: ".raw",
        not: Some(".confext.raw"),
        folder: ".extra/sysext",
        permissions: 0o555,
        pcr: PCR_EXTENSIONS,
        description: "System extension initrd",
    },
    Companion {
        place: Place::Folder("\\loader\\extensions"),
        suffix: ".sysext.raw",
        not: None,
        folder: ".extra/global_sysext",
        permissions: 0o555,
        pcr: PCR_EXTENSIONS,
        description: "Global system extension initrd",
    },
    Companion {
        place: Place::BesideImage,
        suffix: ".confext.raw",
        not: None,
        folder: ".extra/confext",
        permissions: 0o555,
        pcr: PCR_CONFIGURATION,
        description: "Configuration extension initrd",
    },
    Companion {
        place: Place::Folder("\\loader\\extensions"),
        suffix: ".confext.raw",
        not: None,
        folder: ".extra/global_confext",
        permissions: 0o555,
        pcr: PCR_CONFIGURATION,
        description: "Global configuration extension initrd",
    },
];

/// Addons stand beside the image or here.
pub const ADDONS: [Place; 2] = [Place::Folder("\\loader\\addons"), Place::BesideImage];

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, without folder.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Companion {
    /// Whether a file of this name is of this kind.
    pub fn accepts(&self, name: &str) -> bool {
        has_suffix(name, self.suffix) && !self.not.is_some_and(|not| has_suffix(name, not))
    }

    /// The archive for the initrd; `None` without files. `files` are put in the order of their names.
    ///
    /// # Errors
    /// [`Refusal::Memory`].
    pub fn archive(&self, mut files: Vec<File>) -> Result<Option<Vec<u8>>, Refusal> {
        if files.is_empty() {
            return Ok(None);
        }
        by_name(&mut files);
        let mut archive = Archive::default();
        archive.directory(".extra", 0o555)?;
        archive.directory(self.folder, self.permissions)?;
        for file in &files {
            let path = alloc::format!("{}/{}", self.folder, file.name);
            archive.file(&path, self.permissions & 0o444, &file.bytes)?;
        }
        archive.finish().map(Some)
    }
}

/// Puts files in the order of their names. There are few, and a general sort is four kilobytes of code.
pub fn by_name(files: &mut [File]) {
    for end in 1..files.len() {
        for at in (1..=end).rev() {
            let Some([before, after]) = files.get_mut(at.saturating_sub(1)..=at) else {
                break;
            };
            if before.name <= after.name {
                break;
            }
            core::mem::swap(before, after);
        }
    }
}

/// Whether a file of this name is an addon.
pub fn is_addon(name: &str) -> bool {
    has_suffix(name, ".addon.efi")
}

/// Whether a name can go into an archive: nothing that would leave its folder there.
fn has_suffix(name: &str, suffix: &str) -> bool {
    let start = name.len().checked_sub(suffix.len());
    let end = start.and_then(|start| name.get(start..));
    start.is_some_and(|start| start > 0)
        && end.is_some_and(|end| end.eq_ignore_ascii_case(suffix))
        && !name.starts_with('.')
        && !name.contains(|c: char| c == '/' || c == '\\' || c.is_control())
}

/// Where files for one image stand, the first that exists counts: as it is named, and without a boot
/// counter (`a+3-1.efi` is `a.efi`).
pub fn folders_beside(image: &str) -> Vec<String> {
    let mut folders = Vec::from([alloc::format!("{image}.extra.d")]);
    if let Some(plain) = without_counter(image) {
        folders.push(alloc::format!("{plain}.extra.d"));
    }
    folders
}

/// Source: UAPI.1 (Boot Loader Specification), "Boot counting".
fn without_counter(image: &str) -> Option<String> {
    let (stem, extension) = image.rsplit_once('.')?;
    let (name, counter) = stem.rsplit_once('+')?;
    let mut parts = counter.splitn(2, '-');
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let counts = parts.next().is_some_and(number) && parts.next().is_none_or(number);
    (counts && !counter.contains('\\')).then(|| alloc::format!("{name}.{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(name: &str, place: Place) -> Vec<&'static str> {
        let here = ALL
            .iter()
            .filter(|kind| kind.place == place && kind.accepts(name));
        here.map(|kind| kind.folder).collect()
    }

    #[test]
    fn a_name_tells_the_kind() {
        let beside = Place::BesideImage;
        assert_eq!(kinds("a.cred", beside), [".extra/credentials"]);
        assert_eq!(kinds("A.CRED", beside), [".extra/credentials"], "FAT");
        assert_eq!(kinds("a.raw", beside), [".extra/sysext"]);
        assert_eq!(kinds("a.sysext.raw", beside), [".extra/sysext"]);
        assert_eq!(kinds("a.confext.raw", beside), [".extra/confext"]);
        let global = Place::Folder("\\loader\\extensions");
        assert!(kinds("a.raw", global).is_empty());
        assert_eq!(kinds("a.sysext.raw", global), [".extra/global_sysext"]);
        for name in [
            ".cred",
            "a.creds",
            "x/../a.cred",
            "a\u{1b}.cred",
            "\u{e9}",
            "..cred",
        ] {
            assert!(kinds(name, beside).is_empty(), "{name:?}");
        }
        assert!(is_addon("debug.addon.efi") && !is_addon(".addon.efi") && !is_addon("a.efi"));
    }

    #[test]
    fn counters_are_taken_off() {
        assert_eq!(
            folders_beside("\\EFI\\Linux\\a+3-1.efi"),
            [
                "\\EFI\\Linux\\a+3-1.efi.extra.d",
                "\\EFI\\Linux\\a.efi.extra.d"
            ]
        );
        assert_eq!(folders_beside("\\a+3.efi").len(), 2);
        for plain in ["\\a.efi", "\\a+x.efi", "\\a+.efi", "\\a+3-.efi", "\\a"] {
            assert_eq!(folders_beside(plain).len(), 1, "{plain}");
        }
    }

    #[test]
    fn archives_are_sorted() {
        let file = |name: &str| File {
            name: name.into(),
            bytes: b"x".to_vec(),
        };
        let kind = &ALL[0];
        assert_eq!(kind.archive(Vec::new()), Ok(None));
        let one = kind
            .archive(Vec::from([file("b.cred"), file("a.cred")]))
            .unwrap();
        let other = kind
            .archive(Vec::from([file("a.cred"), file("b.cred")]))
            .unwrap();
        assert_eq!(one, other);
        let mut files: Vec<File> = "hgfabcde".chars().map(|c| file(&String::from(c))).collect();
        by_name(&mut files);
        let names: String = files.into_iter().map(|file| file.name).collect();
        assert_eq!(names, "abcdefgh");
    }
}
