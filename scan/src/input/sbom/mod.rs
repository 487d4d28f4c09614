//! Bills of materials: CycloneDX (JSON and XML) and SPDX 2.2 and 2.3 (JSON and tag-value).
//!
//! A component that names its store path is a path like any other; the rest is known by name,
//! version, purl and CPE alone.

mod cyclonedx;
mod cyclonedx_xml;
mod spdx;
mod spdx_tags;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use serde::de::IgnoredAny;
use snowguard_advisory::purl::Purl;
use snowguard_matching::package::Package;
use snowguard_nix_formats::{DrvName, StoreDir, StorePath};

use crate::closure::{Closure, Named, PathIndex, Said};

/// More components are refused.
const COMPONENTS: usize = 2_000_000;

/// What a bill says of one component.
#[derive(Debug, Default)]
struct Component {
    /// By which the bill's relations name it.
    id: String,
    name: String,
    version: String,
    purl: Option<String>,
    cpe: Option<String>,
    /// Its store path and its derivation's, where a tool for Nix wrote the bill.
    path: Option<String>,
    derivation: Option<String>,
    /// Names of patches, with the ids that they resolve.
    patches: Vec<String>,
}

/// A bill.
#[derive(Debug, Default)]
struct Bill {
    components: Vec<Component>,
    /// One needs the other.
    edges: Vec<(String, String)>,
}

/// The members by which the kinds of JSON are told apart.
#[derive(Deserialize)]
struct Signs {
    #[serde(rename = "bomFormat")]
    bom_format: Option<String>,
    #[serde(rename = "spdxVersion")]
    spdx_version: Option<String>,
    packages: Option<IgnoredAny>,
    version: Option<IgnoredAny>,
}

/// What a JSON document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    CycloneDx,
    Spdx,
    Channel,
    Other,
}

/// Tells what a JSON document is by its members.
pub(super) fn kind(bytes: &[u8]) -> Kind {
    let Ok(signs) = serde_json::from_slice::<Signs>(bytes) else {
        return Kind::Other;
    };
    if signs.bom_format.is_some_and(|format| format == "CycloneDX") {
        Kind::CycloneDx
    } else if signs.spdx_version.is_some() {
        Kind::Spdx
    } else if signs.packages.is_some() && signs.version.is_some() {
        Kind::Channel
    } else {
        Kind::Other
    }
}

/// Whether a text is SPDX's tag-value form.
pub(super) fn is_tag_value(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]);
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .is_some_and(|line| line.starts_with("SPDXVersion:"))
}

/// Reads a bill.
pub(super) fn read(bytes: &[u8], kind: Kind, store: &StoreDir) -> Result<Closure, String> {
    let bill = match kind {
        Kind::CycloneDx => cyclonedx::read(bytes)?,
        Kind::Spdx => spdx::read(bytes)?,
        Kind::Channel | Kind::Other => return Err("it is no bill of materials".to_owned()),
    };
    closure(bill, store)
}

/// Whether a text is XML.
pub(super) fn is_xml(bytes: &[u8]) -> bool {
    cyclonedx_xml::is_xml(bytes)
}

/// Reads CycloneDX's XML.
pub(super) fn read_xml(bytes: &[u8], store: &StoreDir) -> Result<Closure, String> {
    closure(cyclonedx_xml::read(bytes)?, store)
}

/// Reads SPDX's tag-value form.
pub(super) fn read_tags(bytes: &[u8], store: &StoreDir) -> Result<Closure, String> {
    closure(spdx_tags::read(bytes)?, store)
}

fn closure(bill: Bill, store: &StoreDir) -> Result<Closure, String> {
    if bill.components.len() > COMPONENTS {
        return Err(format!("it has more than {COMPONENTS} components"));
    }
    let mut closure = Closure::default();
    let mut by_id: FxHashMap<String, PathIndex> = FxHashMap::default();
    let mut derivers: FxHashSet<(PathIndex, StorePath)> = FxHashSet::default();
    for component in bill.components {
        let path = component.path.as_deref().and_then(|path| at(path, store));
        let Some(path) = path else {
            closure.named.extend(named(component));
            continue;
        };
        let derivation = component.derivation.as_deref();
        let deriver = derivation.and_then(|path| at(path, store));
        let index = closure.add(path);
        if let (Some(entry), Some(deriver)) = (closure.entry_mut(index), deriver)
            && derivers.insert((index, deriver.clone()))
        {
            entry.derivers.push(deriver);
        }
        if let Some(entry) = closure.entry_mut(index)
            && !component.name.is_empty()
            && !component.version.is_empty()
        {
            entry.said = Some(Box::new(Said {
                pname: component.name,
                version: component.version,
                patches: component.patches,
            }));
        }
        by_id.insert(component.id, index);
    }
    let mut is_needed = vec![false; closure.entries.len()];
    let mut known: FxHashSet<(PathIndex, PathIndex)> = FxHashSet::default();
    for (from, to) in bill.edges {
        let (Some(from), Some(to)) = (by_id.get(&from), by_id.get(&to)) else {
            continue;
        };
        if from != to
            && known.insert((*from, *to))
            && let Some(entry) = closure.entry_mut(*from)
        {
            entry.references.push(*to);
            is_needed[to.0 as usize] = true;
        }
    }
    closure.roots = (0_u32..)
        .zip(is_needed)
        .filter(|(_, is_needed)| !is_needed)
        .map(|(index, _)| PathIndex(index))
        .collect();
    Ok(closure)
}

/// A store path as bills write it: whole, or its base name.
fn at(text: &str, store: &StoreDir) -> Option<StorePath> {
    if text.starts_with('/') {
        return StorePath::containing(text, store)
            .ok()
            .map(|(path, _)| path);
    }
    StorePath::from_base_name(text).ok()
}

/// A component without a store path. `None` where it has no name or no version: nothing could be
/// said about it.
fn named(component: Component) -> Option<Named> {
    let purl = component
        .purl
        .as_deref()
        .and_then(|text| Purl::parse(text).ok());
    let (mut name, mut version) = (component.name, component.version);
    if version.is_empty() {
        let parsed = DrvName::parse(&name);
        let given = purl.as_ref().and_then(|purl| purl.version.clone());
        if let Some(found) = given.or_else(|| parsed.version().map(str::to_owned)) {
            name = parsed.name().to_owned();
            version = found;
        }
    }
    if name.is_empty() || version.is_empty() {
        return None;
    }
    // Maven writes `group:artifact`, npm `@scope/name`; Nixpkgs knows the last part.
    let pname = name.rsplit([':', '/']).next().unwrap_or(&name).to_owned();
    Some(Named {
        label: component.id,
        package: Package {
            attr: attribute(purl.as_ref(), &pname),
            name: format!("{pname}-{version}"),
            pname,
            version,
            purls: component.purl.into_iter().collect(),
            cpe: component.cpe,
            patches: component.patches,
            ..Package::default()
        },
    })
}

/// The set in which Nixpkgs keeps packages of an ecosystem, so that they are told from programs of
/// the same name.
fn attribute(purl: Option<&Purl>, pname: &str) -> String {
    let set = match purl.map(|purl| purl.kind.as_str()) {
        Some("pypi") => "python3Packages",
        Some("npm") => "nodePackages",
        Some("gem") => "rubyPackages",
        Some("cpan") => "perlPackages",
        Some("hackage") => "haskellPackages",
        Some("composer") => "phpPackages",
        Some("cran") => "rPackages",
        Some("opam") => "ocamlPackages",
        Some("luarocks") => "luaPackages",
        _ => return pname.to_owned(),
    };
    format!("{set}.{pname}")
}
