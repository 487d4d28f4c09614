//! The software in a closure: store paths by name and version, with what isn't software left out.

use std::convert::Infallible;

use serde::{Deserialize, Serialize};
use snowguard_nix_formats::DrvName;

use crate::closure::{Closure, PathIndex, Said};
use crate::parallel::in_runs;
use crate::recipe::Recipe;

/// Paths whose names one thread reads at a time.
const PATHS: usize = 1024;

/// Names that Nixpkgs gives to outputs other than `out`. A path's name ends in one of them.
const OUTPUTS: [&str; 24] = [
    "bin",
    "data",
    "debug",
    "dev",
    "dist",
    "devdoc",
    "doc",
    "info",
    "install",
    "lib",
    "libgcc",
    "libxcrypt",
    "man",
    "modules",
    "nix-support",
    "out",
    "pam",
    "py",
    "python",
    "share",
    "static",
    "sudo",
    "terminfo",
    "tools",
];

/// Endings of names that are downloads, patches or configuration, never installed software.
const NO_SOFTWARE: [(&str, Dropped); 35] = [
    (".drv", Dropped::Derivation),
    (".patch", Dropped::Patch),
    (".diff", Dropped::Patch),
    (".patch.gz", Dropped::Patch),
    (".tar", Dropped::Source),
    (".tar.gz", Dropped::Source),
    (".tar.xz", Dropped::Source),
    (".tar.bz2", Dropped::Source),
    (".tar.zst", Dropped::Source),
    (".tar.lz", Dropped::Source),
    (".tgz", Dropped::Source),
    (".tbz2", Dropped::Source),
    (".txz", Dropped::Source),
    (".zip", Dropped::Source),
    (".crate", Dropped::Source),
    (".gem", Dropped::Source),
    (".whl", Dropped::Source),
    (".deb", Dropped::Source),
    (".rpm", Dropped::Source),
    ("-source", Dropped::Source),
    ("-vendor", Dropped::Source),
    ("-vendor-dir", Dropped::Source),
    ("-vendor-staging", Dropped::Source),
    ("-go-modules", Dropped::Source),
    ("-npm-deps", Dropped::Source),
    ("-hook", Dropped::Hook),
    ("-hook.sh", Dropped::Hook),
    (".sh", Dropped::Configuration),
    (".conf", Dropped::Configuration),
    (".json", Dropped::Configuration),
    (".service", Dropped::Configuration),
    (".nix", Dropped::Configuration),
    (".rules", Dropped::Configuration),
    (".lock", Dropped::Configuration),
    ("-wrapper", Dropped::Wrapper),
];

/// Why a path is no software.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dropped {
    /// A build instruction.
    Derivation,
    /// A source or another download.
    Source,
    /// A patch.
    Patch,
    /// A hook of the standard environment.
    Hook,
    /// A configuration file or script.
    Configuration,
    /// A wrapper around software that is in the closure by itself.
    Wrapper,
    /// The name has no version: something made for this system (`etc`, `unit-sshd.service`).
    NoVersion,
}

impl Dropped {
    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Derivation => "a derivation",
            Self::Source => "a source",
            Self::Patch => "a patch",
            Self::Hook => "a build hook",
            Self::Configuration => "configuration",
            Self::Wrapper => "a wrapper of other software",
            Self::NoVersion => "a name without a version",
        }
    }
}

/// One piece of software: the paths that were built from one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Software {
    /// The derivation's name, output ending taken off: `openssl-3.0.13`.
    pub name: String,
    /// `openssl`.
    pub pname: String,
    /// `3.0.13`.
    pub version: String,
    /// Its paths in the closure; several outputs, or several builds of one version.
    pub paths: Vec<PathIndex>,
}

/// What a closure holds.
#[derive(Debug, Default)]
pub struct Inventory {
    /// Software, by name.
    pub software: Vec<Software>,
    /// What was left out, and why.
    pub dropped: Vec<(PathIndex, Dropped)>,
}

impl Inventory {
    /// Goes over a closure. Paths of the same name and version are one piece of software.
    #[must_use]
    pub fn of(closure: &Closure) -> Self {
        let mut inventory = Self::default();
        let mut all = named_of(closure);
        drop_vendored(closure, &mut all);
        if all.iter().all(Result::is_err) {
            name_derivations(closure, &mut all);
        }
        let mut found: Vec<(Named, PathIndex)> = Vec::with_capacity(all.len());
        for (number, named) in all.into_iter().enumerate() {
            let Some(index) = PathIndex::new(number) else {
                break;
            };
            match named {
                Err(reason) => inventory.dropped.push((index, reason)),
                Ok(named) => found.push((named, index)),
            }
        }
        found.sort_by(|(a, _), (b, _)| (&a.pname, &a.version).cmp(&(&b.pname, &b.version)));
        for (named, index) in found {
            let last = inventory.software.last_mut();
            match last.filter(|last| last.pname == named.pname && last.version == named.version) {
                Some(software) => {
                    software.paths.push(index);
                    // Of several names of one version the plainest counts, in whatever order the
                    // paths come.
                    let name = named.name;
                    if (name.len(), &name) < (software.name.len(), &software.name) {
                        software.name = name;
                    }
                }
                None => inventory.software.push(Software {
                    name: named.name,
                    pname: named.pname,
                    version: named.version,
                    paths: vec![index],
                }),
            }
        }
        inventory
    }
}

/// What each path of a closure is called, on all cores.
fn named_of(closure: &Closure) -> Vec<Result<Named, Dropped>> {
    let parts = in_runs(
        &closure.entries,
        PATHS,
        || (),
        |(), run| {
            let all = run.iter().map(|entry| {
                let mut recipes = entry.derivers.iter();
                let recipe = recipes.find_map(|deriver| closure.recipes.get(deriver));
                match (recipe, &entry.said) {
                    (None, _) if entry.is_fixed => Err(Dropped::Source),
                    (None, Some(said)) => said_of(entry.path.name(), said),
                    _ => named(entry.path.name(), recipe),
                }
            });
            Ok::<_, Infallible>(all.collect::<Vec<_>>())
        },
    );
    let Ok(parts) = parts;
    parts.into_iter().flatten().collect()
}

/// Where there is nothing but derivations (`nix path-info -r --derivation` on another machine), they stand
/// for what they build.
fn name_derivations(closure: &Closure, all: &mut [Result<Named, Dropped>]) {
    for (entry, known) in closure.entries.iter().zip(all) {
        if let Some(name) = entry.path.name().strip_suffix(".drv")
            && matches!(known, Err(Dropped::Derivation))
        {
            *known = named(name, None);
        }
    }
}

/// What only vendored sources refer to is one of them, whatever its name: a folder of crates refers to
/// each, and where derivations are gone nothing else tells `nix-0.29.0` from Nix.
fn drop_vendored(closure: &Closure, all: &mut [Result<Named, Dropped>]) {
    let mut is_source = vec![false; all.len()];
    let mut is_other = vec![false; all.len()];
    for (place, entry) in closure.entries.iter().enumerate() {
        let referrers = if matches!(all.get(place), Some(Err(Dropped::Source))) {
            &mut is_source
        } else {
            &mut is_other
        };
        for reference in &entry.references {
            if let Some(seen) = referrers.get_mut(reference.0 as usize) {
                *seen = true;
            }
        }
    }
    for root in &closure.roots {
        if let Some(asked) = is_other.get_mut(root.0 as usize) {
            *asked = true;
        }
    }
    for (place, named) in all.iter_mut().enumerate() {
        if named.is_ok() && is_source[place] && !is_other[place] {
            *named = Err(Dropped::Source);
        }
    }
}

struct Named {
    name: String,
    pname: String,
    version: String,
}

/// What a path's name, or better its derivation, says of the software.
fn named(path_name: &str, recipe: Option<&Recipe>) -> Result<Named, Dropped> {
    if let Some(ending) = NO_SOFTWARE
        .iter()
        .find(|(ending, _)| path_name.ends_with(ending))
    {
        return Err(ending.1);
    }
    if recipe.is_some_and(Recipe::is_source) || path_name == "source" {
        return Err(Dropped::Source);
    }
    if let Some(recipe) = recipe
        && !recipe.name.is_empty()
    {
        let parsed = DrvName::parse(&recipe.name);
        let version = recipe
            .version
            .as_deref()
            .or_else(|| parsed.version().map(without_kind));
        return Ok(Named {
            pname: recipe
                .pname
                .clone()
                .unwrap_or_else(|| parsed.name().to_owned()),
            version: version.ok_or(Dropped::NoVersion)?.to_owned(),
            name: recipe.name.clone(),
        });
    }
    let parsed = DrvName::parse(path_name);
    let (Some(version), false) = (parsed.version(), parsed.name().is_empty()) else {
        return Err(Dropped::NoVersion);
    };
    let version = without_kind(without_output(version));
    Ok(Named {
        name: format!("{}-{version}", parsed.name()),
        pname: parsed.name().to_owned(),
        version: version.to_owned(),
    })
}

/// What a bill says of a path's software. What isn't software is told by the path's name, as ever.
fn said_of(path_name: &str, said: &Said) -> Result<Named, Dropped> {
    let (pname, version) = (said.pname.clone(), said.version.clone());
    match named(path_name, None) {
        Ok(_) | Err(Dropped::NoVersion) => {}
        Err(other) => return Err(other),
    }
    // `python3.13-pip-25.3-dist` is called `python3.13-pip-25.3`.
    let end = path_name.find(&version).map(|at| at + version.len());
    let own = end.and_then(|end| path_name.get(..end)).map(str::to_owned);
    Ok(Named {
        name: own.unwrap_or_else(|| format!("{pname}-{version}")),
        pname,
        version,
    })
}

/// `3.0.13-bin` is version 3.0.13; `2.38-27` keeps its patch level.
fn without_output(version: &str) -> &str {
    match version.rsplit_once('-') {
        Some((rest, ending)) if OUTPUTS.contains(&ending) && !rest.is_empty() => rest,
        _ => version,
    }
}

/// Words that Nixpkgs puts behind a version to tell one build or selection from another.
const KINDS: [&str; 19] = [
    "aarch64",
    "amd64",
    "arm64",
    "bootstrap",
    "darwin",
    "env",
    "fish",
    "linux",
    "minimal",
    "modules",
    "shrunk",
    "static",
    "stripped",
    "unwrapped",
    "wrapped",
    "wrapper",
    "x86",
    "x86_64",
    "zipped",
];

/// `6.18.37-modules-shrunk` is version 6.18.37; `1.0-rc` keeps its word.
fn without_kind(version: &str) -> &str {
    let mut version = version;
    while let Some((rest, word)) = version.rsplit_once('-') {
        if !KINDS.contains(&word) || rest.is_empty() {
            break;
        }
        version = rest;
    }
    version
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(name: &str) -> (String, String) {
        let named = named(name, None).unwrap_or_else(|dropped| panic!("{name}: {dropped:?}"));
        (named.pname, named.version)
    }

    #[test]
    fn names_are_split_as_nix_does_and_outputs_taken_off() {
        for (name, pname, version) in [
            ("sudo-1.9.15p5", "sudo", "1.9.15p5"),
            ("gtk+3-3.24.41", "gtk+3", "3.24.41"),
            ("glibc-2.38-27", "glibc", "2.38-27"),
            ("glibc-2.38-27-dev", "glibc", "2.38-27"),
            ("openssl-3.0.13-bin", "openssl", "3.0.13"),
            ("xf86-video-i810-1.7.4", "xf86-video-i810", "1.7.4"),
            ("hello-unstable-2024-01-02", "hello-unstable", "2024-01-02"),
            (
                "python3.12-requests-2.31.0",
                "python3.12-requests",
                "2.31.0",
            ),
            ("linux-6.18.37-modules-shrunk", "linux", "6.18.37"),
            ("go-1.24.13-linux-amd64-bootstrap", "go", "1.24.13"),
            ("thing-1.0-rc", "thing", "1.0-rc"),
        ] {
            assert_eq!(
                split(name),
                (pname.to_owned(), version.to_owned()),
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_no_software_is_left_out_with_a_reason() {
        for (name, reason) in [
            ("openssl-3.0.13.tar.gz", Dropped::Source),
            ("source", Dropped::Source),
            ("CVE-2024-1.patch", Dropped::Patch),
            ("openssl-3.0.13.drv", Dropped::Derivation),
            ("etc", Dropped::NoVersion),
            ("unit-sshd.service", Dropped::Configuration),
            ("make-shell-wrapper-hook", Dropped::Hook),
        ] {
            assert_eq!(named(name, None).err(), Some(reason), "{name}");
        }
    }

    #[test]
    fn a_derivation_knows_better_than_a_name() {
        let recipe = Recipe {
            name: "thing-lib-2-1.0".to_owned(),
            pname: Some("thing-lib-2".to_owned()),
            version: Some("1.0".to_owned()),
            ..Recipe::default()
        };
        let found = named("thing-lib-2-1.0-dev", Some(&recipe)).ok().unwrap();
        assert_eq!(
            (found.pname.as_str(), found.version.as_str()),
            ("thing-lib-2", "1.0")
        );
        let fetched = Recipe {
            is_fetched: true,
            ..recipe.clone()
        };
        assert_eq!(named("a-1", Some(&fetched)).err(), Some(Dropped::Source));
        let vendored = Recipe {
            is_vendored: true,
            ..recipe
        };
        assert_eq!(named("a-1", Some(&vendored)).err(), Some(Dropped::Source));
    }

    #[test]
    fn what_only_sources_refer_to_is_a_source() {
        let path = |digit: char, name: &str| {
            let digits: String = std::iter::repeat_n(digit, 32).collect();
            snowguard_nix_formats::StorePath::from_base_name(&format!("{digits}-{name}")).unwrap()
        };
        let mut closure = Closure::default();
        let vendor = closure.add(path('0', "cargo-vendor-dir"));
        let krate = closure.add(path('1', "nix-0.29.0"));
        let program = closure.add(path('2', "tool-1.0"));
        let library = closure.add(path('3', "openssl-3.0.13"));
        for (from, to) in [
            (vendor, krate),
            (vendor, library),
            (program, library),
            (program, vendor),
        ] {
            closure.entry_mut(from).unwrap().references.push(to);
        }
        closure.roots.push(program);
        let names = |closure: &Closure| -> Vec<String> {
            let inventory = Inventory::of(closure);
            inventory.software.into_iter().map(|one| one.name).collect()
        };
        assert_eq!(names(&closure), ["openssl-3.0.13", "tool-1.0"]);
        // What was asked for counts, whoever else refers to it.
        closure.roots.push(krate);
        assert_eq!(
            names(&closure),
            ["nix-0.29.0", "openssl-3.0.13", "tool-1.0"]
        );
    }
}
