//! What a package says about itself, worked out once and kept for all advisories.

use serde::{Deserialize, Serialize};
use snowguard_advisory::cpe::{Cpe, Value};
use snowguard_advisory::purl::Purl;

use crate::ecosystem::Ecosystem;
use crate::keys::Key;
use crate::mention::cve_ids;
use crate::names;
use crate::package::Package;
use crate::repository::Repository;
use crate::scope::Scope;

/// How directly a name stands for the package. Lower is more direct.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// `pname`, or the attribute's own name.
    Exact,
    /// The name of its source repository.
    Repository,
    /// What is left of a name without the words for a build or a part.
    Variant,
}

/// A vendor and a product in joined form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VendorProduct {
    /// Joined vendor.
    pub vendor: String,
    /// Joined product.
    pub product: String,
}

impl VendorProduct {
    /// From text as written in an advisory.
    #[must_use]
    pub fn new(vendor: &str, product: &str) -> Self {
        Self {
            vendor: names::joined(vendor),
            product: names::joined(product),
        }
    }

    /// From a CPE, unless vendor or product is a wildcard.
    #[must_use]
    pub fn of_cpe(cpe: &Cpe) -> Option<Self> {
        match (&cpe.vendor, &cpe.product) {
            (Value::Text(vendor), Value::Text(product)) => Some(Self::new(vendor, product)),
            _ => None,
        }
    }

    /// As `vendor:product`, for keys and reasons.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Asked for by every row of every advisory: `format!` would take three times as long.
        let mut text = String::with_capacity(self.vendor.len() + self.product.len() + 1);
        text.push_str(&self.vendor);
        text.push(':');
        text.push_str(&self.product);
        text
    }
}

/// A package, prepared for matching.
#[derive(Debug, Clone)]
pub struct PackageFacts {
    /// Attribute path.
    pub attr: String,
    /// `pname`.
    pub pname: String,
    /// Version; empty where unknown.
    pub version: String,
    /// Where its attribute stands.
    pub scope: Scope,
    /// Joined names with their rank and their dashed spelling; best rank first.
    pub names: Vec<Name>,
    /// Source repositories, from sources, homepage and links.
    pub repositories: Vec<Repository>,
    /// Joined names of other software that is built from the repositories, where they are called
    /// neither as these nor as the package: parts of a whole that the package is a part of, too.
    pub siblings: Vec<String>,
    /// Joined owners of the repositories.
    pub owners: Vec<String>,
    /// Hash of source and version: packages that share it are built from the same source. `None`
    /// where either is unknown.
    pub origin: Option<u64>,
    /// Host names of homepage and sources.
    pub hosts: Vec<String>,
    /// Joined description, to look for a vendor's name in it.
    pub description: String,
    /// Names in ecosystems.
    pub ecosystem_names: Vec<(Ecosystem, String)>,
    /// CPEs that maintainers wrote: exact ones, then possible ones.
    pub cpes: Vec<(VendorProduct, bool)>,
    /// CVE ids in patch names, each with the patch.
    pub patched: Vec<(String, String)>,
    /// CVE ids in `knownVulnerabilities`, each with the entry.
    pub known_vulnerable: Vec<(String, String)>,
}

/// One name of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Letters and digits.
    pub joined: String,
    /// With `-` between words.
    pub dashed: String,
    /// How directly it stands for the package.
    pub rank: Rank,
}

impl PackageFacts {
    /// Works out the facts of a package. Pure; cost is linear in the package's size.
    #[must_use]
    pub fn new(package: Package) -> Self {
        Self::of(&package)
    }

    /// The same, of a package that somebody else still needs.
    #[must_use]
    pub fn of(package: &Package) -> Self {
        let scope = Scope::of(&package.attr);
        let mut repositories = Vec::new();
        let mut hosts = Vec::new();
        let named = |url: &String| Repository::in_url(url).map(|(repository, _)| repository);
        let sources: Vec<Option<Repository>> = package.sources.iter().map(named).collect();
        let homepages: Vec<Option<Repository>> = package.homepages.iter().map(named).collect();
        let links: Vec<Option<Repository>> = package.links.iter().map(named).collect();
        let whole = package.homepages.iter().zip(&homepages);
        let whole = whole.filter(|(url, _)| !is_part_of_repository(url));
        let all = sources.iter().chain(whole.map(|(_, found)| found));
        for repository in all.chain(&links).flatten() {
            if !repositories.contains(repository) {
                repositories.push(repository.clone());
            }
        }
        if kernel_of(package).is_some()
            && let Some((kernel, _)) = Repository::in_url(KERNEL)
            && !repositories.contains(&kernel)
        {
            repositories.push(kernel);
        }
        for url in package.sources.iter().chain(&package.homepages) {
            if let Some(host) = host_of(url)
                && !hosts.contains(&host)
            {
                hosts.push(host);
            }
        }
        let mut owners: Vec<String> = repositories
            .iter()
            .map(|r| names::joined(r.owner()))
            .collect();
        owners.retain(|owner| !owner.is_empty());
        owners.dedup();
        let urls = package.sources.iter().chain(&package.homepages);
        let urls = urls.zip(sources.iter().chain(&homepages));
        let ecosystem_names = ecosystem_names(package, scope, urls);
        let cpes = package
            .cpe
            .iter()
            .map(|cpe| (cpe, true))
            .chain(package.possible_cpes.iter().map(|cpe| (cpe, false)))
            .filter_map(|(cpe, exact)| {
                Some((VendorProduct::of_cpe(&Cpe::parse(cpe).ok()?)?, exact))
            })
            .collect();
        let mentions = |texts: &[String]| {
            texts
                .iter()
                .flat_map(|text| cve_ids(text).into_iter().map(|id| (id, text.clone())))
                .collect::<Vec<_>>()
        };
        let names = names_of(package, scope, &repositories);
        Self {
            siblings: siblings(package, &names),
            scope,
            names,
            owners,
            origin: origin(package, &sources),
            hosts,
            description: names::dashed(package.description.as_deref().unwrap_or_default()),
            ecosystem_names,
            cpes,
            patched: mentions(&package.patches),
            known_vulnerable: mentions(&package.known_vulnerabilities),
            repositories,
            attr: package.attr.clone(),
            pname: package.pname.clone(),
            version: package.version.clone(),
        }
    }

    /// The best name equal to a joined one.
    #[must_use]
    pub fn name(&self, joined: &str) -> Option<&Name> {
        self.names.iter().find(|name| name.joined == joined)
    }
}

fn names_of(package: &Package, scope: Scope, repositories: &[Repository]) -> Vec<Name> {
    let mut out: Vec<Name> = Vec::new();
    let mut add = |text: &str, rank: Rank| {
        let joined = names::joined(text);
        if joined.len() >= 2 && !out.iter().any(|name| name.joined == joined) {
            out.push(Name {
                joined,
                dashed: names::dashed(text),
                rank,
            });
        }
    };
    add(&package.pname, Rank::Exact);
    if scope.names_programs()
        && let Some(own) = own_name(package)
    {
        add(own, Rank::Exact);
    }
    if let Some(kernel) = kernel_of(package) {
        add(kernel, Rank::Exact);
    }
    for repository in repositories {
        add(repository.name(), Rank::Repository);
    }
    for variant in names::variants(&package.pname) {
        add(&variant, Rank::Variant);
    }
    out
}

/// `names`: the package's, its repositories' among them.
fn siblings(package: &Package, names: &[Name]) -> Vec<String> {
    let all = package.siblings.iter().map(|name| names::joined(name));
    all.filter(|sibling| {
        let mut own = names.iter();
        sibling.len() >= 3 && !own.any(|name| names::are_kin(&name.joined, sibling))
    })
    .collect()
}

/// The last part of the attribute, where it names the software. In a set of versions it only says
/// which one (`nixVersions.git` is no git), and then it has nothing of the `pname` in it.
fn own_name(package: &Package) -> Option<&str> {
    let Some((_, own)) = package.attr.rsplit_once('.') else {
        return Some(&package.attr);
    };
    let (joined, pname) = (names::joined(own), names::joined(&package.pname));
    (joined.contains(&pname) || pname.contains(&joined)).then_some(own)
}

/// `repositories`: those in its sources, in their order.
fn origin(package: &Package, repositories: &[Option<Repository>]) -> Option<u64> {
    let source = package.sources.first()?;
    if package.version.is_empty() {
        return None;
    }
    // One repository has several addresses: a release's tarball, an archive of the tag.
    let repository = repositories.first().and_then(Option::as_ref);
    let source = repository.map_or(source.as_str(), Repository::as_str);
    Some(Key::new("origin", &format!("{source} {}", package.version)).value())
}

/// The kernel's own repository, which its CNA names in every record.
const KERNEL: &str = "https://git.kernel.org/pub/scm/linux/kernel/git/stable/linux.git";

/// `linux`, for the kernel and its flavours (`linux-zen`, `linux-rt`, `linux-libre`): other patches on the
/// kernel, which say so by its homepage. What the kernel's advisories say of its releases they say
/// of these.
fn kernel_of(package: &Package) -> Option<&'static str> {
    const FLAVOURS: [&str; 9] = [
        "zen", "lqx", "xanmod", "rt", "hardened", "libre", "rpi", "asahi", "mobile",
    ];
    let flavour = package.pname.strip_prefix("linux")?;
    let word = flavour.split(['-', '_']).nth(1).unwrap_or_default();
    let is_kernel = package
        .homepages
        .iter()
        .filter_map(|url| host_of(url))
        .any(|host| host == "kernel.org");
    let is_flavour = flavour.is_empty() || FLAVOURS.contains(&word);
    (is_kernel && is_flavour).then_some("linux")
}

/// Whether a homepage is a folder inside a repository (`…/tree/master/tools/usbip`): then the
/// package is a part of that software, and what is said of the whole is not said of it.
fn is_part_of_repository(url: &str) -> bool {
    let folder = url
        .split_once("/tree/")
        .or_else(|| url.split_once("/blob/"));
    folder.is_some_and(|(_, path)| path.trim_end_matches('/').contains('/'))
}

fn host_of(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1;
    let host = rest.split(['/', ':', '?']).next()?;
    Some(
        host.strip_prefix("www.")
            .unwrap_or(host)
            .to_ascii_lowercase(),
    )
}

/// `urls`: sources and homepages, each with the repository in it.
fn ecosystem_names<'a>(
    package: &Package,
    scope: Scope,
    urls: impl Iterator<Item = (&'a String, &'a Option<Repository>)>,
) -> Vec<(Ecosystem, String)> {
    let mut out: Vec<(Ecosystem, String)> = Vec::new();
    let mut add = |ecosystem: Ecosystem, name: &str| {
        let name = ecosystem.canonical(name);
        if !name.is_empty() && !out.contains(&(ecosystem, name.clone())) {
            out.push((ecosystem, name));
        }
    };
    if let Scope::Language(ecosystem) = scope {
        add(ecosystem, &package.pname);
        // Ruby, Perl and npm sets name the attribute after the package there.
        if let Some((_, own)) = package.attr.rsplit_once('.') {
            add(ecosystem, own);
        }
    }
    for (url, repository) in urls {
        if let Some((ecosystem, name)) = registry_name(url) {
            add(ecosystem, &name);
        }
        if let Some(repository) = repository
            && repository.as_str().starts_with("github.com/")
        {
            add(Ecosystem::Go, repository.as_str());
        }
    }
    for purl in package
        .purls
        .iter()
        .filter_map(|purl| Purl::parse(purl).ok())
    {
        if let Some(ecosystem) = Ecosystem::from_purl_type(&purl.kind) {
            add(ecosystem, &Ecosystem::purl_name(&purl));
        }
    }
    out
}

/// The ecosystem and name in a URL of a package registry.
fn registry_name(url: &str) -> Option<(Ecosystem, String)> {
    let rest = url.split_once("://")?.1;
    let segments: Vec<&str> = rest.split(['/', '?']).collect();
    Some(match segments.as_slice() {
        [
            "pypi.org" | "pypi.python.org",
            "project" | "packages" | "pypi",
            name,
            ..,
        ] if !matches!(*name, "source" | "py3" | "py2.py3") => {
            (Ecosystem::Python, (*name).to_owned())
        }
        [
            "files.pythonhosted.org" | "pypi.org" | "pypi.io" | "pypi",
            "packages",
            _,
            _,
            name,
            ..,
        ] => (Ecosystem::Python, (*name).to_owned()),
        ["pypi", _, name, ..] => (Ecosystem::Python, (*name).to_owned()),
        ["crates.io", "api", "v1", "crates", name, ..]
        | ["crates.io", "crates", name, ..]
        | ["static.crates.io", "crates", name, ..] => (Ecosystem::Rust, (*name).to_owned()),
        ["registry.npmjs.org", name, ..] if !name.starts_with('@') => {
            (Ecosystem::Node, (*name).to_owned())
        }
        ["registry.npmjs.org", scope, name, ..] => (Ecosystem::Node, format!("{scope}/{name}")),
        ["www.npmjs.com" | "npmjs.com", "package", name, ..] => {
            (Ecosystem::Node, (*name).to_owned())
        }
        ["rubygems.org", "gems", name] => {
            let name = name.rsplit_once('-').map_or(*name, |(name, _)| name);
            (Ecosystem::Ruby, name.to_owned())
        }
        ["hackage.haskell.org", "package", name, ..] => {
            let name = name
                .rsplit_once('-')
                .filter(|(_, v)| v.starts_with(|c: char| c.is_ascii_digit()));
            (
                Ecosystem::Haskell,
                name.map_or(segments[2], |(name, _)| name).to_owned(),
            )
        }
        ["hackage", name, ..] => (
            Ecosystem::Haskell,
            name.rsplit_once('-').map_or(*name, |(n, _)| n).to_owned(),
        ),
        ["cpan", "authors", "id", _, _, _, file] => (
            Ecosystem::Perl,
            file.rsplit_once('-')
                .map_or(*file, |(name, _)| name)
                .to_owned(),
        ),
        ["metacpan.org", "release" | "pod" | "dist", name, ..] => {
            (Ecosystem::Perl, (*name).to_owned())
        }
        ["repo.hex.pm", "tarballs", file, ..] => (
            Ecosystem::Erlang,
            file.rsplit_once('-')
                .map_or(*file, |(name, _)| name)
                .to_owned(),
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_repository_is_not_the_repository() {
        let facts = |homepage: &str| {
            PackageFacts::new(Package {
                attr: "usbip".to_owned(),
                pname: "usbip".to_owned(),
                homepages: vec![homepage.to_owned()],
                ..Package::default()
            })
        };
        assert!(
            facts("https://github.com/torvalds/linux/tree/master/tools/usb/usbip")
                .repositories
                .is_empty()
        );
        assert_eq!(
            facts("https://github.com/torvalds/linux/tree/master")
                .repositories
                .len(),
            1
        );
        assert_eq!(
            facts("https://github.com/torvalds/linux")
                .repositories
                .len(),
            1
        );
    }

    #[test]
    fn a_set_of_versions_names_no_other_software() {
        let names = |attr: &str, pname: &str| -> Vec<String> {
            let facts = PackageFacts::new(Package {
                attr: attr.to_owned(),
                pname: pname.to_owned(),
                ..Package::default()
            });
            facts.names.into_iter().map(|name| name.joined).collect()
        };
        assert_eq!(names("nixVersions.git", "nix"), ["nix"]);
        assert_eq!(names("gnome.gdm3", "gdm"), ["gdm", "gdm3"]);
        assert_eq!(names("discord", "Discord-app"), ["discordapp", "discord"]);
    }
}
