//! From a store path's name to the package that Nixpkgs describes: its sources, identifiers and
//! patches.

use serde::Serialize;
use snowguard_advisory_file::{AdvisoryFile, AdvisoryFileError, PackageKey};
use snowguard_matching::package::Package;
use snowguard_nix_formats::StorePath;

use crate::closure::{Closure, PathIndex};
use crate::recipe::Recipe;
use crate::software::Software;

/// How well a piece of software is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// The very path is in a channel: everything of it is known.
    ByPath,
    /// The derivation that built it could be read: its patches are known.
    ByDerivation,
    /// A channel has this name in this version; its patches may be others.
    ByNameAndVersion,
    /// A channel has this name in another version.
    ByName,
    /// Nothing but the name.
    NameOnly,
}

impl Known {
    /// As in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ByPath => "by_path",
            Self::ByDerivation => "by_derivation",
            Self::ByNameAndVersion => "by_name_and_version",
            Self::ByName => "by_name",
            Self::NameOnly => "name_only",
        }
    }

    /// Whether the patches that were applied are known.
    #[must_use]
    pub fn knows_patches(self) -> bool {
        self <= Self::ByDerivation
    }
}

/// Software with the package that describes it.
#[derive(Debug, Clone)]
pub struct Identified {
    /// What it is called and where it is.
    pub software: Software,
    /// As the matcher takes it.
    pub package: Package,
    /// How well it is known.
    pub known: Known,
    /// Name of the channel that described it.
    pub channel: Option<usize>,
}

impl Identified {
    /// A package URL: what Nixpkgs wrote down, else one of type `nix` with name and version.
    ///
    /// Source: <https://github.com/package-url/purl-spec>
    #[must_use]
    pub fn purl(&self) -> String {
        if let Some(purl) = self
            .package
            .purls
            .iter()
            .find(|purl| purl.starts_with("pkg:"))
        {
            return purl.clone();
        }
        format!(
            "pkg:nix/{}@{}",
            percent(&self.software.pname),
            percent(&self.software.version)
        )
    }
}

/// Percent-encodes all but what a purl's parts may hold as it is.
fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Sets whose packages carry a prefix in their store path: how the name begins, and the set.
const SCOPES: [(&str, &str); 9] = [
    ("python", "python3Packages"),
    ("perl", "perlPackages"),
    ("ruby", "rubyPackages"),
    ("lua", "luaPackages"),
    ("php", "phpPackages"),
    ("ocaml", "ocamlPackages"),
    ("emacs", "emacsPackages"),
    ("vimplugin", "vimPlugins"),
    ("r", "rPackages"),
];

/// Finds the package for a piece of software.
///
/// One piece may stand for builds with different patches; it is split so that each answer is one
/// about one set of patches.
///
/// # Errors
/// As every reading of the file.
pub fn identify(
    software: &Software,
    closure: &Closure,
    file: &AdvisoryFile<'_>,
) -> Result<Vec<Identified>, AdvisoryFileError> {
    let mut groups: Vec<Identified> = Vec::new();
    for index in &software.paths {
        let found = one(software, *index, closure, file)?;
        // Nixpkgs has many attributes for parts of one thing (`getent` and `locale` of glibc): they
        // are one as long as they carry the same patches.
        let same = groups.iter_mut().find(|group| {
            group.known.knows_patches() == found.known.knows_patches()
                && group.package.patches == found.package.patches
        });
        match same {
            Some(group) => {
                group.software.paths.push(*index);
                group.known = group.known.min(found.known);
                if plainness(&found.package) < plainness(&group.package) {
                    group.package = found.package;
                    group.channel = found.channel;
                }
            }
            None => groups.push(found),
        }
    }
    Ok(groups)
}

fn one(
    software: &Software,
    index: PathIndex,
    closure: &Closure,
    file: &AdvisoryFile<'_>,
) -> Result<Identified, AdvisoryFileError> {
    let entry = closure.entry(index);
    let alone = |package: Package, known: Known, channel: Option<usize>| Identified {
        software: Software {
            paths: vec![index],
            ..software.clone()
        },
        package,
        known,
        channel,
    };
    if let Some(entry) = entry
        && let Some((channel, package)) = file
            .packages(PackageKey::Output(entry.path.digest_str()))?
            .into_iter()
            .min_by_key(|(_, package)| plainness(package))
    {
        return Ok(alone(package, Known::ByPath, Some(channel)));
    }
    let (mut package, mut known, channel) = by_name(software, file)?;
    let derivers: &[StorePath] = entry.map_or(&[], |entry| &entry.derivers);
    let recipes: Vec<&Recipe> = derivers
        .iter()
        .filter_map(|deriver| closure.recipes.get(deriver))
        .collect();
    // Where one of several derivers is unknown, so are the patches.
    if !recipes.is_empty() && recipes.len() == derivers.len() {
        package.patches = common_patches(&recipes);
        known = Known::ByDerivation;
    } else if known != Known::ByPath {
        package.patches.clear();
    }
    Ok(alone(package, known, channel))
}

/// The plainest of several attributes for one thing: `openssl` before `openssl_3` before
/// `azure-sdk-for-cpp.openssl`. Smaller is plainer.
fn plainness(package: &Package) -> (bool, usize, usize, String) {
    (
        package.attr != package.pname,
        package.attr.matches('.').count(),
        package.attr.len(),
        package.attr.clone(),
    )
}

/// A path counts as patched only if each of its derivations patches it.
fn common_patches(recipes: &[&Recipe]) -> Vec<String> {
    let names = |recipe: &Recipe| -> Vec<String> {
        recipe
            .patches
            .iter()
            .map(|patch| patch_name(patch).to_owned())
            .collect()
    };
    let Some((first, others)) = recipes.split_first() else {
        return Vec::new();
    };
    let others: Vec<Vec<String>> = others.iter().map(|recipe| names(recipe)).collect();
    names(first)
        .into_iter()
        .filter(|name| others.iter().all(|other| other.contains(name)))
        .collect()
}

/// The file's name without store folder and digest.
fn patch_name(patch: &str) -> &str {
    let base = patch.rsplit('/').next().unwrap_or(patch);
    match StorePath::from_base_name(base) {
        Ok(_) => base.split_once('-').map_or(base, |(_, name)| name),
        Err(_) => base,
    }
}

/// What channels say of software of this name.
fn by_name(
    software: &Software,
    file: &AdvisoryFile<'_>,
) -> Result<(Package, Known, Option<usize>), AdvisoryFileError> {
    let mut found = file.packages(PackageKey::Name(&software.name))?;
    let mut known = Known::ByNameAndVersion;
    if found.is_empty() {
        found = file.packages(PackageKey::Pname(&software.pname))?;
        known = Known::ByName;
    }
    if found.is_empty()
        && let Some((_, bare)) = scoped(&software.pname)
    {
        found = file.packages(PackageKey::Pname(bare))?;
        // Another language's package of the same name is another package.
        let set = scoped(&software.pname).map_or("", |(set, _)| set);
        let stem = set
            .trim_end_matches("Packages")
            .trim_end_matches(char::is_numeric);
        found.retain(|(_, package)| package.attr.starts_with(stem));
    }
    let same_version = |package: &Package| package.version == software.version;
    let best = found
        .into_iter()
        .min_by_key(|(_, package)| (!same_version(package), plainness(package)));
    let Some((channel, mut package)) = best else {
        return Ok((bare(software), Known::NameOnly, None));
    };
    if same_version(&package) {
        known = Known::ByNameAndVersion;
    } else {
        // What is said of another version is not said of this one.
        package.known_vulnerabilities.clear();
        package.version.clone_from(&software.version);
        package.name.clone_from(&software.name);
        known = known.max(Known::ByName);
    }
    Ok((package, known, Some(channel)))
}

/// A package that no channel knows.
fn bare(software: &Software) -> Package {
    let (attr, pname) = match scoped(&software.pname) {
        Some((set, bare)) => (format!("{set}.{bare}"), bare.to_owned()),
        None => (software.pname.clone(), software.pname.clone()),
    };
    Package {
        attr,
        name: software.name.clone(),
        pname,
        version: software.version.clone(),
        ..Package::default()
    }
}

/// `python3.12-requests` is `requests` of Python's set.
fn scoped(pname: &str) -> Option<(&'static str, &str)> {
    let (prefix, rest) = pname.split_once('-')?;
    let language = prefix.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    // `r-` alone is R's; a bare `python-` or `perl-` is a program's own name.
    let versioned =
        language.len() < prefix.len() || matches!(language, "r" | "emacs" | "vimplugin");
    SCOPES
        .iter()
        .find(|(name, _)| *name == language && versioned && !rest.is_empty())
        .map(|(_, set)| (*set, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_of_languages_are_understood() {
        assert_eq!(
            scoped("python3.12-requests"),
            Some(("python3Packages", "requests"))
        );
        assert_eq!(scoped("perl5.38.2-URI"), Some(("perlPackages", "URI")));
        assert_eq!(scoped("r-ggplot2"), Some(("rPackages", "ggplot2")));
        assert_eq!(scoped("python-launcher"), None);
        assert_eq!(scoped("openssl"), None);
    }

    #[test]
    fn a_patch_counts_when_each_derivation_has_it() {
        let store = "/nix/store/00000000000000000000000000000000-";
        let recipe = |patches: &[&str]| Recipe {
            patches: patches.iter().map(|p| format!("{store}{p}")).collect(),
            ..Recipe::default()
        };
        let (a, b) = (
            recipe(&["CVE-2024-1.patch", "fix.patch"]),
            recipe(&["CVE-2024-1.patch"]),
        );
        assert_eq!(common_patches(&[&a, &b]), ["CVE-2024-1.patch"]);
        assert_eq!(common_patches(&[&a]), ["CVE-2024-1.patch", "fix.patch"]);
        assert_eq!(common_patches(&[&a, &recipe(&[])]), Vec::<String>::new());
    }
}
