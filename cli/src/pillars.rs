//! Which pillars there are: programs named `snowguard-<pillar>`, beside this one and in `PATH`.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const PREFIX: &str = "snowguard-";

/// What the pillars of this project are for; a program that is not in this list is shown without.
const PURPOSES: [(&str, &str); 5] = [
    ("activate", "Switch a NixOS system without an interpreter"),
    ("boot", "Sign, install, measure and verify what boots"),
    ("bootstrap", "Build the ladder from the seed, step by step"),
    ("scan", "Check a closure against advisories, offline"),
    (
        "tracker",
        "Which packages of Nixpkgs today's advisories affect, and why",
    ),
];

/// Programs of this project that others start, and nobody by hand.
const HELPERS: [&str; 1] = ["step"];

/// A program that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pillar {
    name: String,
    program: PathBuf,
}

impl Pillar {
    /// The word after `snowguard`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The program's absolute path.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// One line; empty for a program that is not of this project.
    pub fn purpose(&self) -> &'static str {
        PURPOSES
            .iter()
            .find(|(name, _)| *name == self.name)
            .map_or("", |(_, purpose)| purpose)
    }
}

/// The pillars found, by name.
#[derive(Debug, Default)]
pub struct Pillars(BTreeMap<String, Pillar>);

impl Pillars {
    /// Looks beside `front_door` first, then in each folder of `search_path` in order; the first
    /// program of a name wins. Relative folders in the search path are passed over, so that the
    /// folder one happens to stand in never decides what runs.
    pub fn discover(front_door: Option<&Path>, search_path: Option<&OsStr>) -> Self {
        let beside = front_door.and_then(Path::parent).map(Path::to_path_buf);
        let listed = search_path.map(std::env::split_paths).into_iter().flatten();
        let mut found = BTreeMap::new();
        for folder in beside
            .into_iter()
            .chain(listed)
            .filter(|folder| folder.is_absolute())
        {
            for pillar in pillars_in(&folder) {
                found.entry(pillar.name.clone()).or_insert(pillar);
            }
        }
        Self(found)
    }

    /// The pillar of this name.
    pub fn get(&self, name: &OsStr) -> Option<&Pillar> {
        self.0.get(name.to_str()?)
    }

    /// All, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = &Pillar> {
        self.0.values()
    }
}

/// A folder that cannot be read holds no pillars: `PATH` often names such.
fn pillars_in(folder: &Path) -> Vec<Pillar> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = pillar_name(entry.file_name().to_str()?)?.to_owned();
            let program = entry.path();
            is_program(&program).then_some(Pillar { name, program })
        })
        .collect()
}

/// `tracker` of `snowguard-tracker`; lower-case letters, digits and inner hyphens only, so that
/// build by-products such as `snowguard-tracker.d` are no pillars, and neither are helpers.
fn pillar_name(file_name: &str) -> Option<&str> {
    let name = file_name.strip_prefix(PREFIX)?;
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let plain = plain && name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.ends_with('-');
    (plain && !HELPERS.contains(&name)).then_some(name)
}

fn is_program(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_pillars() {
        assert_eq!(pillar_name("snowguard-tracker"), Some("tracker"));
        assert_eq!(pillar_name("snowguard-x-2"), Some("x-2"));
        for other in [
            "snowguard",
            "snowguard-",
            "snowguard-tracker.d",
            "snowguard-Tracker",
            "snowguard--x",
            "snowguard-x-",
            "snowguard-2x",
            "snowguard-step",
            "git-tracker",
        ] {
            assert_eq!(pillar_name(other), None, "{other}");
        }
    }
}
