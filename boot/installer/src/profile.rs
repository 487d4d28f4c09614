//! The generations of a NixOS profile.
//!
//! A profile is a folder of links `system-N-link`, each to a system in the store that describes
//! itself in `boot.json`. A generation that can't be read is set aside with the reason; it never
//! stops the others.
//!
//! Source: RFC 125, <https://github.com/NixOS/rfcs/blob/master/rfcs/0125-bootspec.md>

mod document;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::error::Error;

/// All generations of a profile.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// Those that can be installed, by number.
    pub generations: BTreeMap<u64, Generation>,
    /// Those that can't, by number.
    pub skipped: Vec<Skipped>,
}

/// A generation: a system and its specialisations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// Its number in the profile.
    pub number: u64,
    /// The system in the store that the link names.
    pub toplevel: PathBuf,
    /// The system itself first, then its specialisations by name, nested ones after the one that
    /// they stand in.
    pub systems: Vec<System>,
}

/// Something that can be booted: a generation, or one of its specialisations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// The generation's number.
    pub generation: u64,
    /// Names of specialisations from the outermost inwards; empty for the system itself.
    pub specialisation: Vec<String>,
    /// The day on which the generation was made, in UTC.
    pub built: Date,
    /// Name and version for people, one line.
    pub label: String,
    /// The system in the store.
    pub toplevel: PathBuf,
    /// The kernel in the store.
    pub kernel: PathBuf,
    /// The initrd in the store.
    pub initrd: Option<PathBuf>,
    /// A program that appends secrets to the initrd it is given.
    pub initrd_secrets: Option<PathBuf>,
    /// The whole kernel command line: `init=` and the parameters.
    pub command_line: String,
}

/// A generation that was set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Its number.
    pub generation: u64,
    /// The link.
    pub link: PathBuf,
    /// Why, in words.
    pub reason: String,
}

impl Profile {
    /// Reads a profile, such as `/nix/var/nix/profiles/system`.
    ///
    /// # Errors
    /// [`Error::Profile`] when its folder can't be read, or it has no generation at all.
    pub fn read(profile: &Path) -> Result<Self, Error> {
        let failed = |reason: String| Error::Profile {
            path: profile.display().to_string(),
            reason,
        };
        let name = profile
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| failed("not the path of a profile".to_owned()))?;
        let folder = match profile.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let entries = std::fs::read_dir(folder).map_err(|error| failed(error.to_string()))?;
        let mut read = Self::default();
        for entry in entries {
            let entry = entry.map_err(|error| failed(error.to_string()))?;
            let file_name = entry.file_name();
            let Some(number) = file_name.to_str().and_then(|link| link_number(link, name)) else {
                continue;
            };
            let link = entry.path();
            match Generation::read(number, &link) {
                Ok(generation) => {
                    read.generations.insert(number, generation);
                }
                Err(reason) => read.skipped.push(Skipped {
                    generation: number,
                    link,
                    reason,
                }),
            }
        }
        read.skipped.sort_by_key(|skipped| skipped.generation);
        if read.generations.is_empty() && read.skipped.is_empty() {
            return Err(failed(format!("no {name}-N-link beside it")));
        }
        Ok(read)
    }

    /// The generation that this system is: the newest whose link names it.
    #[must_use]
    pub fn find(&self, toplevel: &Path) -> Option<&Generation> {
        let mut newest_first = self.generations.values().rev();
        newest_first.find(|generation| generation.toplevel == toplevel)
    }
}

impl Generation {
    /// Reads one generation; the reason in words when it can't be used.
    ///
    /// # Errors
    /// A dangling link; `boot.json` missing, malformed, or of another version; kernel or initrd
    /// missing; a command line that the kernel would not take.
    pub fn read(number: u64, link: &Path) -> Result<Self, String> {
        let toplevel = link
            .canonicalize()
            .map_err(|error| format!("the link leads nowhere: {error}"))?;
        let systems = document::read(&toplevel)?
            .into_iter()
            .map(|described| described.into_system(number, built(link)))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            number,
            toplevel,
            systems,
        })
    }
}

impl System {
    /// For the boot menu: label, generation and day.
    #[must_use]
    pub fn title(&self) -> String {
        let specialisation = if self.specialisation.is_empty() {
            String::new()
        } else {
            format!(", {}", self.specialisation.join(" / "))
        };
        format!(
            "{} (generation {}{specialisation}, {})",
            self.label, self.generation, self.built
        )
    }

    /// The image's `.osrel`: systemd-boot takes the title from `PRETTY_NAME`, and orders by
    /// `IMAGE_ID` and, within, by `IMAGE_VERSION`.
    #[must_use]
    pub fn os_release(&self) -> String {
        let sort_key = if self.specialisation.is_empty() {
            "nixos"
        } else {
            "nixos-specialisation"
        };
        format!(
            "ID=nixos\nNAME=NixOS\nPRETTY_NAME=\"{}\"\nIMAGE_ID={sort_key}\nIMAGE_VERSION={}\n",
            quotable(&self.title()),
            self.generation
        )
    }
}

/// Replaces what os-release would have to escape: systemd-boot reads it without unescaping.
fn quotable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '"' | '\\' | '`' | '$' => '_',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect()
}

/// `12` for `system-12-link`.
fn link_number(link: &str, profile: &str) -> Option<u64> {
    let number = link
        .strip_prefix(profile)?
        .strip_prefix('-')?
        .strip_suffix("-link")?;
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| number.parse().ok())?
}

/// The day the link was made. A link without a time gets the first day of all: the title is for
/// people, and must not keep a generation from booting.
fn built(link: &Path) -> Date {
    std::fs::symlink_metadata(link)
        .and_then(|metadata| metadata.modified())
        .ok()
        .and_then(|time| jiff::Timestamp::try_from(time).ok())
        .map_or(Date::constant(1970, 1, 1), |time| {
            time.to_zoned(TimeZone::UTC).date()
        })
}
