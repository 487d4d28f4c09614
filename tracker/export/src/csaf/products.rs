//! The product tree: a vendor, its channels, their packages, the versions of those.
//!
//! Source: CSAF 2.0, sections 3.1.2 (branches), 3.1.3 (products), 3.2.2 (product tree).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::issue::Issue;
use crate::issue::names::PackageVersion;
use crate::issue::package::{ChannelStatus, Package, RangeEnd, Status, VersionRange};
use crate::purl::{self, encoded};

/// What a document says of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Has the problem.
    Affected,
    /// First version without it.
    FirstFixed,
    /// Doesn't have it any more.
    Fixed,
    /// Never had it.
    NotAffected,
    /// Not known yet.
    UnderInvestigation,
}

/// A product: some versions of a package in a channel.
#[derive(Debug)]
pub(super) struct Product<'a> {
    /// Unique in the document.
    pub(super) id: String,
    pub(super) standing: Standing,
    pub(super) package: &'a Package,
    pub(super) channel: &'a ChannelStatus,
    versions: Versions,
}

/// The versions of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Versions {
    One(PackageVersion),
    /// In the language `vers`.
    Range(String),
}

/// All products of an issue. No product stands twice.
#[derive(Debug)]
pub(super) struct Products<'a> {
    pub(super) all: Vec<Product<'a>>,
}

impl<'a> Products<'a> {
    pub(super) fn of(issue: &'a Issue) -> Self {
        let mut all: Vec<Product<'a>> = Vec::new();
        for (package, channel) in issue.statuses() {
            for (standing, versions) in standings(channel) {
                // With an encoded attribute, the first `@` is the one before the version.
                let attribute = encoded(package.attribute.as_str());
                let name = &channel.channel;
                let id = match &versions {
                    Versions::One(version) => format!("{name}/{attribute}@{version}"),
                    Versions::Range(range) => format!("{name}/{attribute}@{range}"),
                };
                all.push(Product {
                    id,
                    standing,
                    package,
                    channel,
                    versions,
                });
            }
        }
        Self { all }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Ids of the products with a standing.
    pub(super) fn ids(&self, standing: Standing) -> Vec<&str> {
        let with = self
            .all
            .iter()
            .filter(|product| product.standing == standing);
        with.map(|product| product.id.as_str()).collect()
    }

    /// `/product_tree`.
    pub(super) fn tree(&self) -> Value {
        let mut channels: BTreeMap<&str, BTreeMap<&str, Vec<Value>>> = BTreeMap::new();
        for product in &self.all {
            let attribute = product.package.attribute.as_str();
            let packages = channels
                .entry(product.channel.channel.as_str())
                .or_default();
            packages
                .entry(attribute)
                .or_default()
                .push(product.branch());
        }
        let branch = |category: &str, name: &str, branches: Vec<Value>| json!({ "category": category, "name": name, "branches": branches });
        let channels = channels.into_iter().map(|(channel, packages)| {
            let packages = packages
                .into_iter()
                .map(|(attribute, versions)| branch("product_name", attribute, versions));
            branch("product_family", channel, packages.collect())
        });
        json!({ "branches": [branch("vendor", "NixOS", channels.collect())] })
    }
}

impl Product<'_> {
    fn branch(&self) -> Value {
        let attribute = &self.package.attribute;
        let channel = &self.channel.channel;
        let mut helper = serde_json::Map::new();
        if let Some(cpe) = self.package.cpes.first() {
            helper.insert("cpe".to_owned(), json!(cpe));
        }
        let (category, name) = match &self.versions {
            Versions::One(version) => {
                let purl = purl::in_channel(self.package, self.channel, Some(version));
                helper.insert("purl".to_owned(), json!(purl));
                ("product_version", version.as_str())
            }
            Versions::Range(range) => ("product_version_range", range.as_str()),
        };
        let mut product = json!({
            "name": format!("{attribute} {name} in {channel}"),
            "product_id": self.id,
        });
        if !helper.is_empty() {
            product["product_identification_helper"] = Value::Object(helper);
        }
        json!({ "category": category, "name": name, "product": product })
    }
}

/// What a status says, of which versions.
fn standings(channel: &ChannelStatus) -> Vec<(Standing, Versions)> {
    let now = || channel.version.as_ref().map_or_else(every, one);
    match &channel.status {
        Status::Affected { .. } | Status::WontFix { .. } => {
            let affected = affected(channel);
            if affected.is_empty() {
                return vec![(Standing::Affected, every())];
            }
            affected
        }
        Status::UnderInvestigation => vec![(Standing::UnderInvestigation, now())],
        Status::NotAffected { .. } => vec![(Standing::NotAffected, now())],
        Status::FixedByPatch { .. } => {
            let mut standings = affected(channel);
            standings.push((Standing::Fixed, now()));
            standings
        }
        Status::FixedInVersion { version } => {
            let mut standings = affected(channel);
            // Only where a range ends with it is it known to be the first.
            let ends = |range: &&VersionRange| range.end == RangeEnd::Before(version.clone());
            let standing = match channel.affected().ranges.iter().any(ends) {
                true => Standing::FirstFixed,
                false => Standing::Fixed,
            };
            standings.push((standing, one(version)));
            if let Some(now) = channel.version.as_ref().filter(|now| *now != version) {
                standings.push((Standing::Fixed, one(now)));
            }
            standings
        }
    }
}

/// Versions that are known to have the problem.
fn affected(channel: &ChannelStatus) -> Vec<(Standing, Versions)> {
    let known = channel.affected();
    let ranges = known
        .ranges
        .iter()
        .map(|range| Versions::Range(range.vers()));
    let versions = known.beside().map(one);
    ranges
        .chain(versions)
        .map(|versions| (Standing::Affected, versions))
        .collect()
}

fn every() -> Versions {
    Versions::Range("vers:all/*".to_owned())
}

/// A version by its own name; test 6.1.31 refuses names that read like a range, so that those become a
/// range of one.
fn one(version: &PackageVersion) -> Versions {
    const WORDS: [&str; 7] = [
        "after", "all", "before", "earlier", "later", "prior", "versions",
    ];
    let lower = version.as_str().to_lowercase();
    if lower.contains(['<', '>']) || WORDS.iter().any(|word| lower.contains(word)) {
        Versions::Range(format!("vers:generic/{}", purl::vers(version)))
    } else {
        Versions::One(version.clone())
    }
}
