//! From a store path's name to the package that Nixpkgs describes: its sources, identifiers and
//! patches.

use serde::{Deserialize, Serialize};
use snowguard_advisory::purl::Purl;
use snowguard_advisory_file::{AdvisoryFile, AdvisoryFileError, PackageKey, Reader};
use snowguard_matching::mention::cve_ids;
use snowguard_matching::package::Package;
use snowguard_nix_formats::StorePath;

use crate::closure::{Closure, Entry, Named, PathIndex};
use crate::parallel::in_runs;
use crate::progress::Progress;
use crate::recipe::Recipe;
use crate::software::{Inventory, Software};

/// How well a piece of software is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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
    pub package: Box<Package>,
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
        let own = Purl::named("nix", &self.software.pname);
        let version = Some(self.software.version.clone()).filter(|version| !version.is_empty());
        Purl { version, ..own }.to_string()
    }
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

/// Pieces of software that one thread takes at a time, at least: neighbours share blocks.
const PIECES: usize = 48;
/// Runs of a large inventory. More would unpack more blocks twice, fewer leave a thread idle at the end.
const RUNS: usize = 96;

/// Finds the packages for all software of a closure, on all cores.
///
/// # Errors
/// As every reading of the file.
pub fn identify_all(
    inventory: &Inventory,
    closure: &Closure,
    file: &AdvisoryFile<'_>,
    progress: &Progress,
) -> Result<Vec<Identified>, AdvisoryFileError> {
    progress.begin("identifying", inventory.software.len());
    let pieces = PIECES.max(inventory.software.len() / RUNS);
    let parts = in_runs(
        &inventory.software,
        pieces,
        || file.reader(),
        |reader, run| {
            let mut found = Vec::with_capacity(run.len());
            for software in run {
                identify(software, closure, reader, &mut found)?;
            }
            progress.add(run.len());
            Ok(found)
        },
    )?;
    let named = in_runs(
        &closure.named,
        PIECES,
        || file.reader(),
        |reader, run| run.iter().map(|named| of_name(named, reader)).collect(),
    )?;
    let named: Vec<Vec<Identified>> = named;
    let count = parts.iter().chain(&named).map(Vec::len).sum();
    let mut all = Vec::with_capacity(count);
    for part in parts.into_iter().chain(named) {
        all.extend(part);
    }
    Ok(all)
}

/// What a document says of a piece of software, and what channels say of that name. The document's
/// own word counts where both speak.
fn of_name(named: &Named, reader: &mut Reader<'_, '_>) -> Result<Identified, AdvisoryFileError> {
    let own = &named.package;
    let software = Software {
        name: own.name.clone(),
        pname: own.pname.clone(),
        version: own.version.clone(),
        paths: Vec::new(),
    };
    let by_attribute = reader.packages(PackageKey::Attribute(&own.attr))?;
    let same = by_attribute
        .into_iter()
        .find(|(_, package)| package.version == own.version && package.pname == own.pname);
    let (mut package, known, channel) = match same {
        Some((channel, package)) => (Box::new(package), Known::ByNameAndVersion, Some(channel)),
        None => by_name(&software, reader)?,
    };
    // Another ecosystem's package of the same name is another package.
    if package.attr.contains('.') != own.attr.contains('.')
        && set_of(&package.attr) != set_of(&own.attr)
    {
        *package = own.clone();
    }
    package.patches.clone_from(&own.patches);
    for vulnerability in &own.known_vulnerabilities {
        if !package.known_vulnerabilities.contains(vulnerability) {
            package.known_vulnerabilities.push(vulnerability.clone());
        }
    }
    for purl in &own.purls {
        if !package.purls.contains(purl) {
            package.purls.insert(0, purl.clone());
        }
    }
    if own.cpe.is_some() {
        package.cpe.clone_from(&own.cpe);
    }
    Ok(Identified {
        software,
        package,
        known,
        channel,
    })
}

/// `python3` of `python3Packages.requests`, without its version.
fn set_of(attr: &str) -> &str {
    let set = attr.split_once('.').map_or("", |(set, _)| set);
    let stem = set.split("Packages").next().unwrap_or(set);
    stem.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_')
}

/// Finds the package for a piece of software, and adds it to what was found.
///
/// One piece may stand for builds with different patches; it is split so that each answer is one
/// about builds that no advisory tells apart.
///
/// # Errors
/// As every reading of the file.
pub fn identify(
    software: &Software,
    closure: &Closure,
    reader: &mut Reader<'_, '_>,
    groups: &mut Vec<Identified>,
) -> Result<(), AdvisoryFileError> {
    let first = groups.len();
    for index in &software.paths {
        let found = one(software, *index, closure, reader)?;
        // Nixpkgs has many attributes for parts of one thing (`getent` and `locale` of glibc, the
        // modules of a kernel): they are one as long as their patches mend the same.
        let mut own = groups[first..].iter_mut();
        match own.find(|group| is_same(group, &found)) {
            Some(group) => merge(group, found),
            None => groups.push(found),
        }
    }
    Ok(())
}

/// Whether no advisory can tell two builds of one version apart.
fn is_same(a: &Identified, b: &Identified) -> bool {
    a.known.knows_patches() == b.known.knows_patches()
        && a.package.known_vulnerabilities == b.package.known_vulnerabilities
        && (a.package.patches == b.package.patches
            || mended(&a.package.patches) == mended(&b.package.patches))
}

/// Ids that patches name, sorted.
fn mended(patches: &[String]) -> Vec<String> {
    let mut ids: Vec<String> = patches.iter().flat_map(|patch| cve_ids(patch)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn merge(group: &mut Identified, found: Identified) {
    group.software.paths.extend(found.software.paths);
    group.known = group.known.min(found.known);
    let (mut kept, other) = if plainness(&found.package) < plainness(&group.package) {
        group.channel = found.channel;
        let other = std::mem::take(&mut group.package);
        (found.package, other)
    } else {
        (std::mem::take(&mut group.package), found.package)
    };
    for patch in other.patches {
        if !kept.patches.contains(&patch) {
            kept.patches.push(patch);
        }
    }
    group.package = kept;
}

fn one(
    software: &Software,
    index: PathIndex,
    closure: &Closure,
    reader: &mut Reader<'_, '_>,
) -> Result<Identified, AdvisoryFileError> {
    let entry = closure.entry(index);
    let alone = |package: Box<Package>, known: Known, channel: Option<usize>| Identified {
        software: Software {
            paths: vec![index],
            ..software.clone()
        },
        package,
        known,
        channel,
    };
    let derivers: &[StorePath] = entry.map_or(&[], |entry| &entry.derivers);
    let recipes: Vec<&Recipe> = derivers
        .iter()
        .filter_map(|deriver| closure.recipes.get(deriver))
        .collect();
    // Where one of several derivers is unknown, so are the patches.
    let knows_all = !recipes.is_empty() && recipes.len() == derivers.len();
    if let Some(entry) = entry
        && let Some((channel, mut package)) = reader
            .packages(key_of(&entry.path))?
            .into_iter()
            .min_by(|(_, a), (_, b)| plainness(a).cmp(&plainness(b)))
    {
        if knows_all {
            add_headers(&mut package.patches, &common_patches(&recipes));
        }
        add_said(&mut package.patches, entry);
        return Ok(alone(Box::new(package), Known::ByPath, Some(channel)));
    }
    let (mut package, mut known, channel) = by_name(software, reader)?;
    if knows_all {
        package.patches = common_patches(&recipes);
        known = Known::ByDerivation;
    } else if known != Known::ByPath {
        package.patches.clear();
    }
    if let Some(entry) = entry.filter(|_| !knows_all) {
        add_said(&mut package.patches, entry);
    }
    Ok(alone(package, known, channel))
}

/// By what a channel knows a path.
fn key_of(path: &StorePath) -> PackageKey<'_> {
    match path.is_derivation() {
        true => PackageKey::Derivation(path.digest_str()),
        false => PackageKey::Output(path.digest_str()),
    }
}

/// A channel knows patches by their names; where a patch's file is here, and its header names an
/// advisory that its name does not, that counts as well.
fn add_headers(patches: &mut Vec<String>, here: &[String]) {
    for said in here.iter().filter(|patch| patch.contains(' ')) {
        let name = said.split(' ').next().unwrap_or(said);
        match patches.iter_mut().find(|known| *known == name) {
            Some(known) => known.clone_from(said),
            None => patches.push(said.clone()),
        }
    }
}

/// Patches that a bill of materials gives: those count, and there may be others.
fn add_said(patches: &mut Vec<String>, entry: &Entry) {
    for patch in entry.said.iter().flat_map(|said| &said.patches) {
        if !patches.contains(patch) {
            patches.push(patch.clone());
        }
    }
}

/// The plainest of several attributes for one thing: `openssl` before `openssl_3` before
/// `azure-sdk-for-cpp.openssl`. Smaller is plainer.
fn plainness(package: &Package) -> (bool, usize, usize, &str) {
    (
        package.attr != package.pname,
        package.attr.matches('.').count(),
        package.attr.len(),
        &package.attr,
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
    // What a patch's content says stands behind its path.
    let path = patch.split(' ').next().unwrap_or(patch);
    let start = path.rfind('/').map_or(0, |slash| slash + 1);
    let base = &patch[start..];
    match StorePath::from_base_name(&path[start..]) {
        Ok(_) => base.split_once('-').map_or(base, |(_, name)| name),
        Err(_) => base,
    }
}

/// What channels say of software of this name.
fn by_name(
    software: &Software,
    reader: &mut Reader<'_, '_>,
) -> Result<(Box<Package>, Known, Option<usize>), AdvisoryFileError> {
    let mut found = reader.packages(PackageKey::Name(&software.name))?;
    let mut known = Known::ByNameAndVersion;
    if found.is_empty() {
        found = reader.packages(PackageKey::Pname(&software.pname))?;
        known = Known::ByName;
    }
    if found.is_empty()
        && let Some((_, bare)) = scoped(&software.pname)
    {
        found = reader.packages(PackageKey::Pname(bare))?;
        // Another language's package of the same name is another package.
        let set = scoped(&software.pname).map_or("", |(set, _)| set);
        let stem = set
            .trim_end_matches("Packages")
            .trim_end_matches(char::is_numeric);
        found.retain(|(_, package)| package.attr.starts_with(stem));
    }
    let same_version = |package: &Package| package.version == software.version;
    let rank = |package: &Package| !same_version(package);
    let best = found.into_iter().min_by(|(_, a), (_, b)| {
        let by_version = rank(a).cmp(&rank(b));
        by_version.then_with(|| plainness(a).cmp(&plainness(b)))
    });
    let Some((channel, package)) = best else {
        return Ok((Box::new(bare(software)), Known::NameOnly, None));
    };
    let mut package = Box::new(package);
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
