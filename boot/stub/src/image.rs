//! What a signed image says: its sections in the chosen profile, and where kernel and initrd come from.
//!
//! An image is a UKI (UAPI.5), or a thin image: instead of `.linux` it has `.linuxp` (a path on the boot
//! partition) and `.linuxh` (the SHA-256 digest of the file there), and likewise `.initrdp` and `.initrdh`
//! instead of `.initrd`. An embedded part may carry its digest too, and is then held to it.

use snowguard_boot_format::pe::Loaded;
use snowguard_boot_format::uki::{Section, pinned};

use crate::pin::{self, Pin};
use crate::refusal::{Part, Refusal};
use crate::text;

/// How many kinds of sections UAPI.5 knows.
const KINDS: usize = Section::ALL.len();

/// Where a part comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source<'a> {
    /// A section of the image, which firmware has checked and keeps in memory.
    Embedded {
        /// The section's bytes.
        bytes: &'a [u8],
        /// The digest that the image gives of it, where it does.
        digest: Option<[u8; 32]>,
        /// The section's name.
        name: &'static str,
    },
    /// A file on the boot partition.
    Pinned(Pin<'a>),
}

impl Source<'_> {
    /// Checks the bytes that are going to be booted, whatever the state of Secure Boot.
    ///
    /// # Errors
    /// [`Refusal::Digest`].
    pub fn check(&self, part: Part, bytes: &[u8]) -> Result<(), Refusal> {
        match self {
            Self::Pinned(pin) => pin.check(part, bytes),
            Self::Embedded {
                digest: Some(digest),
                name,
                ..
            } => pin::check(part, &pin::embedded(name), digest, bytes),
            Self::Embedded { digest: None, .. } => Ok(()),
        }
    }
}

/// A signed image, as the chosen profile has it.
#[derive(Debug, Clone)]
pub struct Image<'a> {
    sections: [Option<&'a [u8]>; KINDS],
    kernel: Source<'a>,
    initrd: Option<Source<'a>>,
}

impl<'a> Image<'a> {
    /// Reads the sections of the running image; `profile` counts from 0.
    ///
    /// # Errors
    /// [`Refusal`] for an image that contradicts itself, holds no kernel, or is for other machines.
    pub fn read(loaded: &Loaded<'a>, profile: usize) -> Result<Self, Refusal> {
        let mut base = Table::default();
        let mut chosen = Table::default();
        // 0 for what stands before the first profile, then 1 and up.
        let mut scope = 0usize;
        for header in loaded.sections() {
            let contents = loaded.contents(&header);
            let name = header.name;
            if Section::named(name) == Some(Section::Profile) {
                scope = scope.saturating_add(1);
            }
            let wanted = profile.checked_add(1) == Some(scope);
            let table = match scope {
                0 => &mut base,
                _ if wanted => &mut chosen,
                _ => continue,
            };
            table.put(name.as_bytes(), contents)?;
        }
        if scope == 0 && profile != 0 || scope != 0 && profile >= scope {
            return Err(Refusal::NoProfile {
                asked: profile,
                present: scope,
            });
        }
        chosen.over(base).settle()
    }

    /// The kernel's source.
    pub fn kernel(&self) -> &Source<'a> {
        &self.kernel
    }

    /// The initrd's source, if the image has any.
    pub fn initrd(&self) -> Option<&Source<'a>> {
        self.initrd.as_ref()
    }

    /// A section's bytes.
    pub fn section(&self, section: Section) -> Option<&'a [u8]> {
        self.sections.get(section as usize).copied().flatten()
    }

    /// A section that holds text.
    ///
    /// # Errors
    /// [`Refusal::NotText`].
    pub fn text(&self, section: Section) -> Result<Option<&'a str>, Refusal> {
        let Some(bytes) = self.section(section) else {
            return Ok(None);
        };
        text::section(bytes)
            .map(Some)
            .ok_or(Refusal::NotText(section.as_str()))
    }
}

/// The pins' sections: kernel path, kernel digest, initrd path, initrd digest.
const PINS: [&str; 4] = [
    pinned::KERNEL_PATH,
    pinned::KERNEL_DIGEST,
    pinned::INITRD_PATH,
    pinned::INITRD_DIGEST,
];

#[derive(Debug, Default)]
struct Table<'a> {
    sections: [Option<&'a [u8]>; KINDS],
    pins: [Option<&'a [u8]>; PINS.len()],
}

impl<'a> Table<'a> {
    fn put(&mut self, name: &[u8], contents: &'a [u8]) -> Result<(), Refusal> {
        let known = Section::ALL
            .into_iter()
            .find(|section| section.as_str().as_bytes() == name);
        let (place, name) = if let Some(section) = known {
            if section.may_repeat() {
                return Err(Refusal::Unsupported(section.as_str()));
            }
            (self.sections.get_mut(section as usize), section.as_str())
        } else if let Some(pin) = PINS.iter().position(|pin| pin.as_bytes() == name) {
            (
                self.pins.get_mut(pin),
                PINS.get(pin).copied().unwrap_or_default(),
            )
        } else {
            return Ok(());
        };
        match place {
            Some(place @ None) => *place = Some(contents),
            _ => return Err(Refusal::Twice(name)),
        }
        Ok(())
    }

    /// What a profile has wins; kernel and initrd are taken from one place whole, with their digests.
    fn over(self, base: Self) -> Self {
        let mut sections = self.sections;
        for (place, below) in sections.iter_mut().zip(base.sections) {
            *place = place.or(below);
        }
        let [linux, linux_digest, initrd, initrd_digest] = self.pins;
        let own = |section: Section| self.sections.get(section as usize).copied().flatten();
        let mut pins = self.pins;
        let [
            base_linux,
            base_linux_digest,
            base_initrd,
            base_initrd_digest,
        ] = base.pins;
        if own(Section::Linux).is_none() && linux.is_none() && linux_digest.is_none() {
            let [path, digest, ..] = &mut pins;
            (*path, *digest) = (base_linux, base_linux_digest);
        } else if own(Section::Linux).is_none() {
            clear(&mut sections, Section::Linux);
        }
        if own(Section::Initrd).is_none() && initrd.is_none() && initrd_digest.is_none() {
            let [.., path, digest] = &mut pins;
            (*path, *digest) = (base_initrd, base_initrd_digest);
        } else if own(Section::Initrd).is_none() {
            clear(&mut sections, Section::Initrd);
        }
        Self { sections, pins }
    }

    fn settle(self) -> Result<Image<'a>, Refusal> {
        let get = |section: Section| self.sections.get(section as usize).copied().flatten();
        if get(Section::DeviceTree).is_some() {
            return Err(Refusal::Unsupported(Section::DeviceTree.as_str()));
        }
        let [kernel_path, kernel_digest, initrd_path, initrd_digest] = self.pins;
        let kernel = source(
            Part::Kernel,
            Section::Linux,
            get(Section::Linux),
            kernel_path,
            kernel_digest,
        )?
        .ok_or(Refusal::NoKernel)?;
        let initrd = source(
            Part::Initrd,
            Section::Initrd,
            get(Section::Initrd),
            initrd_path,
            initrd_digest,
        )?;
        Ok(Image {
            sections: self.sections,
            kernel,
            initrd,
        })
    }
}

fn clear(sections: &mut [Option<&[u8]>; KINDS], section: Section) {
    if let Some(place) = sections.get_mut(section as usize) {
        *place = None;
    }
}

fn source<'a>(
    part: Part,
    section: Section,
    embedded: Option<&'a [u8]>,
    path: Option<&'a [u8]>,
    digest: Option<&'a [u8]>,
) -> Result<Option<Source<'a>>, Refusal> {
    match (embedded, path, digest) {
        (Some(_), Some(_), _) => Err(Refusal::TwoSources(part)),
        (Some(bytes), None, digest) => {
            let digest = digest
                .map(|digest| pin::digest_section(part, digest))
                .transpose()?;
            Ok(Some(Source::Embedded {
                bytes,
                digest,
                name: section.as_str(),
            }))
        }
        (None, Some(path), Some(digest)) => Ok(Some(Source::Pinned(Pin::new(part, path, digest)?))),
        (None, None, None) => Ok(None),
        (None, Some(_), None) | (None, None, Some(_)) => Err(Refusal::HalfAPin(part)),
    }
}
