//! Names of the files that are ours, and of nobody else's.
//!
//! A boot image is `EFI/Linux/nixos-generation-12-0123456789abcdef+3.efi`, or with a
//! specialisation `nixos-generation-12-specialisation-NAME-0123456789abcdef.efi`: the generation, the
//! first digits of a digest over the image and its signer, and the boot counter. A kernel or
//! initrd is `EFI/nixos/kernel-DIGEST.efi` or `EFI/nixos/initrd-DIGEST.efi`. What doesn't read as such a name, or as
//! what a power cut leaves of one ([`is_remnant`]), was not made here and is never touched.
//!
//! Source: UAPI.1, "Boot counting",
//! <https://uapi-group.org/specifications/specs/boot_loader_specification/#boot-counting>

use std::cmp::Ordering;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::digest::Digest;
use crate::volume::VolumePath;

const PREFIX: &str = "nixos-generation-";
const SPECIALISATION: &str = "-specialisation-";
const SUFFIX: &str = ".efi";
/// Digits of the digest in an image's name.
const MARK: usize = 16;

/// A boot counter: tries that are left, and tries that were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Counter {
    /// How often the boot loader will still try this entry before it puts it last.
    pub left: u32,
    /// How often it has tried.
    pub done: u32,
}

/// The name of a boot image.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImageName {
    /// The generation's number.
    pub generation: u64,
    /// The specialisation, as it is written in the name.
    specialisation: Option<String>,
    /// The first digits of the digest over image and signer.
    mark: String,
    /// `None`: counting is off, or the entry has been blessed.
    pub counter: Option<Counter>,
}

impl ImageName {
    /// A name for an image of this digest. `specialisation` holds the names from the outermost
    /// inwards.
    #[must_use]
    pub fn new(generation: u64, specialisation: &[String], digest: &Digest) -> Self {
        Self {
            generation,
            specialisation: (!specialisation.is_empty()).then(|| escape(specialisation)),
            mark: digest.to_string()[..MARK].to_owned(),
            counter: None,
        }
    }

    /// The same image with another counter.
    #[must_use]
    pub fn with_counter(&self, counter: Option<Counter>) -> Self {
        Self {
            counter,
            ..self.clone()
        }
    }

    /// Reads a file's name; `None` when it isn't exactly one that we would write. Case is folded,
    /// as FAT does.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let stem = name.strip_suffix(SUFFIX)?;
        let (stem, counter) = match stem.split_once('+') {
            Some((stem, counter)) => (stem, Some(Counter::parse(counter)?)),
            None => (stem, None),
        };
        let rest = stem.strip_prefix(PREFIX)?;
        let (rest, mark) = rest.rsplit_once('-')?;
        let is_mark = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if mark.len() != MARK || !mark.chars().all(is_mark) {
            return None;
        }
        let (generation, specialisation) = match rest.split_once('-') {
            None => (rest, None),
            Some((generation, _)) => (
                generation,
                Some(rest[generation.len()..].strip_prefix(SPECIALISATION)?),
            ),
        };
        if specialisation.is_some_and(|name| name.is_empty() || !name.chars().all(is_plain)) {
            return None;
        }
        Some(Self {
            generation: number(generation)?,
            specialisation: specialisation.map(str::to_owned),
            mark: mark.to_owned(),
            counter,
        })
    }

    /// What the boot loader calls the entry: the name without its counter.
    #[must_use]
    pub fn id(&self) -> String {
        self.with_counter(None).to_string()
    }

    /// Whether both are the same image, perhaps with different counters.
    #[must_use]
    pub fn is_same_image(&self, other: &Self) -> bool {
        self.with_counter(None) == other.with_counter(None)
    }

    /// Whether it is a specialisation's.
    #[must_use]
    pub fn is_specialisation(&self) -> bool {
        self.specialisation.is_some()
    }

    /// Whether the boot loader has given up on it.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.counter.is_some_and(|counter| counter.left == 0)
    }

    /// The order in which systemd-boot lists our entries, the first being its choice: what has
    /// failed too often comes last; then systems before specialisations, and newer ones first.
    #[must_use]
    pub fn boot_order(&self, other: &Self) -> Ordering {
        self.is_exhausted()
            .cmp(&other.is_exhausted())
            .then_with(|| self.is_specialisation().cmp(&other.is_specialisation()))
            .then_with(|| other.generation.cmp(&self.generation))
            .then_with(|| other.id().cmp(&self.id()))
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.generation)?;
        if let Some(name) = &self.specialisation {
            write!(f, "{SPECIALISATION}{name}")?;
        }
        write!(f, "-{}", self.mark)?;
        if let Some(counter) = self.counter {
            write!(f, "{counter}")?;
        }
        f.write_str(SUFFIX)
    }
}

impl Serialize for ImageName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Counter {
    /// Reads what follows the `+`: `3` or `2-1`.
    fn parse(text: &str) -> Option<Self> {
        let (left, done) = match text.split_once('-') {
            Some((left, done)) => (left, number(done)?),
            None => (text, 0),
        };
        Some(Self {
            left: number(left)?.try_into().ok()?,
            done: done.try_into().ok()?,
        })
    }
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.left)?;
        if self.done > 0 {
            write!(f, "-{}", self.done)?;
        }
        Ok(())
    }
}

/// Kernel or initrd: what an image names by its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PayloadKind {
    /// A Linux kernel.
    Kernel,
    /// An initial RAM disk.
    Initrd,
}

/// A kernel or initrd on the volume, named by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Payload {
    /// Which of the two.
    pub kind: PayloadKind,
    /// The digest of its content.
    pub digest: Digest,
}

impl Payload {
    /// Where payloads stand.
    pub const FOLDER: &str = "EFI/nixos";

    /// Reads a file's name; `None` when it isn't exactly one that we would write.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (kind, hex) = name.strip_suffix(SUFFIX)?.split_once('-')?;
        let kind = match kind {
            "kernel" => PayloadKind::Kernel,
            "initrd" => PayloadKind::Initrd,
            _ => return None,
        };
        let digest = Digest::parse(hex)?;
        Some(Self { kind, digest })
    }

    /// Where it stands on the volume.
    #[must_use]
    pub fn path(&self) -> VolumePath {
        let path = VolumePath::parse(Self::FOLDER);
        path.and_then(|folder| folder.join(&self.to_string()))
            .expect("a folder of ours and a name of hexadecimal digits")
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            PayloadKind::Kernel => "kernel",
            PayloadKind::Initrd => "initrd",
        };
        write!(f, "{kind}-{}{SUFFIX}", self.digest)
    }
}

/// A name that takes one slot of a folder, for a moment; see [`crate::transaction`].
#[must_use]
pub fn filler(number: u32) -> String {
    format!("SNOW{number:04}.TMP")
}

fn is_filler(name: &str) -> bool {
    let number = name
        .strip_prefix("SNOW")
        .and_then(|rest| rest.strip_suffix(".TMP"));
    number.is_some_and(|number| number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a name is what is left of one of ours when its long form is lost: FAT keeps a short name beside, such as
/// `KERNEL~1.EFI` or `KE1A2B~1.EFI`. A power cut in the middle of a removal, or of a boot loader's renaming, leaves
/// that; nothing refers to it.
#[must_use]
pub fn is_remnant(folder: &str, name: &str) -> bool {
    let starts: &[&str] = match folder {
        Payload::FOLDER => &["KE", "IN"],
        _ => &["NI"],
    };
    let name = name.to_ascii_uppercase();
    if is_filler(&name) {
        return true;
    }
    let Some((start, number)) = name
        .strip_suffix(".EFI")
        .and_then(|stem| stem.rsplit_once('~'))
    else {
        return false;
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    // Made of the name's first letters, or of two of them and four digits of a hash.
    let is_short = |whole: &str| whole.starts_with(start);
    let is_hashed = |two: &str| {
        start.strip_prefix(two).is_some_and(|hash| {
            hash.len() == 4 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    };
    let wholes = ["KERNEL", "INITRD", "NIXOS-"];
    is_number
        && start.len() + number.len() < 8
        && starts.iter().any(|two| {
            start.starts_with(two) && (is_hashed(two) || wholes.iter().any(|whole| is_short(whole)))
        })
}

/// Writes names with the characters that FAT keeps apart. What is lost doesn't matter for
/// uniqueness: the digest in the name sees to that.
fn escape(specialisation: &[String]) -> String {
    /// Leaves room for the rest below FAT's 255.
    const LONGEST: usize = 64;
    specialisation
        .join(".")
        .chars()
        .map(|c| c.to_ascii_lowercase())
        .map(|c| if is_plain(c) { c } else { '_' })
        .take(LONGEST)
        .collect()
}

fn is_plain(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-')
}

/// A decimal number as we would write it: no sign, no leading zero.
fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ImageName {
        ImageName::parse(text).expect("a name of ours")
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for text in [
            "nixos-generation-12-0123456789abcdef.efi",
            "nixos-generation-12-0123456789abcdef+3.efi",
            "nixos-generation-12-0123456789abcdef+2-1.efi",
            "nixos-generation-12-0123456789abcdef+0-3.efi",
            "nixos-generation-12-specialisation-no-gui.debug-0123456789abcdef+3.efi",
        ] {
            assert_eq!(name(text).to_string(), text);
        }
    }

    #[test]
    fn short_names_of_ours_are_remnants_where_ours_stand() {
        for name in [
            "KERNEL~1.EFI",
            "initrd~2.efi",
            "IN0000~1.EFI",
            "KEA1B2~12.EFI",
            "KERNE~10.EFI",
        ] {
            assert!(
                is_remnant(Payload::FOLDER, name) == (name.len() <= 12),
                "{name}"
            );
            assert!(!is_remnant("EFI/Linux", name), "{name}");
        }
        assert!(is_remnant("EFI/Linux", "NIXOS-~1.EFI"));
        for name in [
            "KERNEL.EFI",
            "KERNEL~1.BIN",
            "KERNXX~1.EFI",
            "~1.EFI",
            "KERNEL~X.EFI",
            "K~1.EFI",
        ] {
            assert!(!is_remnant(Payload::FOLDER, name), "{name}");
        }
    }

    #[test]
    fn other_peoples_names_are_not_ours() {
        for text in [
            // lanzaboote's, nixpkgs', a distribution's, a torn one, and near misses.
            "nixos-generation-12-qjkq3pxsbjn2yq5vjz7yz5kz3wqxw6nwvjlr2kp4mzvdhwyq5zda.efi",
            "nixos-generation-12.efi",
            "linux-6.1.0.efi",
            "NIXOS-~1.EFI",
            "nixos-generation-12-0123456789abcdef+3.efi.bak",
            "nixos-generation-012-0123456789abcdef.efi",
            "nixos-generation-12-0123456789abcdeg.efi",
            "nixos-generation-12-0123456789abcdef+.efi",
            "nixos-generation-12-0123456789abcdef+3-.efi",
            "nixos-generation-12-0123456789abcdef+3+2.efi",
            "nixos-generation--0123456789abcdef.efi",
            "nixos-generation-12-special-x-0123456789abcdef.efi",
            "nixos-generation-99999999999999999999-0123456789abcdef.efi",
        ] {
            assert_eq!(ImageName::parse(text), None, "{text}");
        }
        assert_eq!(Payload::parse("kernel-6.1.0-qjkq.efi"), None);
        assert_eq!(Payload::parse("3x4-linux-6.1.0-bzImage.efi"), None);
    }

    #[test]
    fn a_specialisations_name_cannot_leave_the_folder_or_clash() {
        let nested = ["../Debug".to_owned(), "ünï code".to_owned()];
        let one = ImageName::new(3, &nested, &Digest::of(b"1"));
        let other = ImageName::new(3, &nested, &Digest::of(b"2"));
        assert!(
            one.to_string()
                .starts_with("nixos-generation-3-specialisation-.._debug._n_")
        );
        assert_ne!(one.to_string(), other.to_string());
        assert_eq!(name(&one.to_string()), one);
        // A name in another case is another image, and a long one fits with its counter into FAT's 255 characters.
        let [upper, lower] = ["Debug", "debug"]
            .map(|text| ImageName::new(3, &[text.to_owned()], &Digest::of(text.as_bytes())));
        assert!(!upper.to_string().eq_ignore_ascii_case(&lower.to_string()));
        let long = ImageName::new(
            u64::MAX,
            &["x".repeat(300), "y".repeat(300)],
            &Digest::of(b"3"),
        );
        let counter = Counter {
            left: u32::MAX,
            done: u32::MAX,
        };
        let long = long.with_counter(Some(counter));
        assert!(long.to_string().len() <= 255, "{long}");
        assert_eq!(name(&long.to_string()), long);
    }

    #[test]
    fn the_order_is_that_of_systemd_boot() {
        let mut names = [
            "nixos-generation-9-0123456789abcdef.efi",
            "nixos-generation-11-0123456789abcdef+0-3.efi",
            "nixos-generation-10-specialisation-a-0123456789abcdef.efi",
            "nixos-generation-10-0123456789abcdef+1-2.efi",
        ]
        .map(name);
        names.sort_by(ImageName::boot_order);
        assert_eq!(
            names.each_ref().map(|name| name.generation),
            [10, 9, 10, 11]
        );
    }
}
