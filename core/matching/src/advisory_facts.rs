//! What an advisory says about which software it concerns, worked out once.

use serde::{Deserialize, Serialize};
use snowguard_advisory::cpe::{Cpe, Part, Value};
use snowguard_advisory::model::{
    Advisory, Affected, Configuration, Operator, OsvRangeKind, Record, State, Versions,
};

use crate::ecosystem::Ecosystem;
use crate::names;
use crate::package_facts::VendorProduct;
use crate::repository::{Pointer, Repository, is_report};

/// One name under which the advisory knows the affected software.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Joined vendor and product; the vendor is empty where none is given.
    pub vendor_product: VendorProduct,
    /// The telling part of the vendor's name; empty where none is given.
    pub vendor_core: String,
    /// The product's name with `-` between words.
    pub dashed: String,
    /// As written, for reasons.
    pub text: String,
    /// Whether it is a CPE.
    pub is_cpe: bool,
    /// The ecosystem it is scoped to, where it is.
    pub ecosystem: Option<Ecosystem>,
}

impl Identity {
    /// Whether the vendor is written as a Maven group.
    #[must_use]
    pub fn is_grouped(&self) -> bool {
        let vendor = self.text.split([':', ' ']).next().unwrap_or_default();
        Ecosystem::from_group(vendor).is_some()
    }
}

/// Where a row stands in its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// `record.affected[index]`.
    Affected(usize),
    /// `record.configurations[index]`.
    Configuration(usize),
}

/// A statement of one record about one piece of software and its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Index of the record.
    pub record: usize,
    /// Where in the record.
    pub place: Place,
    /// Record id and JSON pointer, for reasons.
    pub at: String,
    /// Names.
    pub identities: Vec<Identity>,
    /// Repositories that the row itself gives.
    pub repositories: Vec<Repository>,
    /// Names in ecosystems.
    pub ecosystem_names: Vec<(Ecosystem, String)>,
    /// A distribution's package, not the software itself (Red Hat's and Fedora's own rows).
    pub is_distribution: bool,
    /// Systems it is confined to, where none of them is one that Nixpkgs builds for.
    pub foreign_platform: Option<String>,
    /// For a configuration: node and match of each CPE that speaks of the row's software, in order.
    pub matches: Vec<(u32, u32)>,
}

/// A link of a record to a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The repository.
    pub repository: Repository,
    /// What of it is linked.
    pub pointer: Pointer,
    /// The URL, for reasons.
    pub url: String,
}

/// An advisory, prepared for matching. Its serde form is for formats that describe themselves or
/// not: no field is ever left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvisoryFacts {
    /// The advisory's id and all others of the same vulnerability.
    pub ids: Vec<String>,
    /// Statements about software.
    pub rows: Vec<Row>,
    /// Repositories linked from references, reports left out.
    pub links: Vec<Link>,
    /// Every record in force is rejected or withdrawn.
    pub is_void: bool,
    /// Tagged `exclusively-hosted-service` by the CNA.
    pub is_hosted: bool,
    /// Tagged `disputed`.
    pub is_disputed: bool,
}

impl AdvisoryFacts {
    /// Works out the facts of an advisory. Pure; cost is linear in the advisory's size.
    #[must_use]
    pub fn new(advisory: &Advisory) -> Self {
        let mut rows = Vec::new();
        let mut links: Vec<Link> = Vec::new();
        let mut ids = vec![advisory.id.clone()];
        for (index, record) in advisory.records.iter().enumerate() {
            for id in std::iter::once(&record.id).chain(&record.aliases) {
                if !ids.contains(id) {
                    ids.push(id.clone());
                }
            }
            if record.state != State::Published {
                continue;
            }
            for (place, affected) in record.affected.iter().enumerate() {
                rows.push(row_of_affected(index, place, record, affected));
            }
            for (place, configuration) in record.configurations.iter().enumerate() {
                rows.extend(rows_of_configuration(index, place, record, configuration));
            }
            for reference in &record.references {
                if let Some((repository, pointer)) = Repository::in_url(&reference.url)
                    && !is_report(&repository)
                {
                    match links.iter_mut().find(|link| link.repository == repository) {
                        Some(link) if link.pointer >= pointer => {}
                        Some(link) => {
                            link.pointer = pointer;
                            link.url.clone_from(&reference.url);
                        }
                        None => links.push(Link {
                            repository,
                            pointer,
                            url: reference.url.clone(),
                        }),
                    }
                }
            }
        }
        let tagged = |tag: &str| {
            advisory
                .records
                .iter()
                .any(|r| r.tags.iter().any(|t| t == tag))
        };
        Self {
            ids,
            rows,
            links,
            is_void: is_void(advisory),
            is_hosted: tagged("exclusively-hosted-service"),
            is_disputed: tagged("disputed"),
        }
    }

    /// All vendor:product pairs that CPEs name, without duplicates.
    #[must_use]
    pub fn vendor_products(&self) -> Vec<&VendorProduct> {
        let mut out: Vec<&VendorProduct> = self
            .rows
            .iter()
            .flat_map(|row| &row.identities)
            .filter(|identity| !identity.vendor_core.is_empty())
            .map(|identity| &identity.vendor_product)
            .collect();
        out.sort_unstable();
        out.dedup();
        out
    }
}

/// The CVE list's word counts before all others; without it, all records must be void.
fn is_void(advisory: &Advisory) -> bool {
    use snowguard_advisory::model::Source;
    let mut cve_list = advisory
        .records
        .iter()
        .filter(|r| r.source == Source::CveList)
        .peekable();
    if cve_list.peek().is_some() {
        return cve_list.all(|record| record.state != State::Published);
    }
    advisory
        .records
        .iter()
        .all(|record| record.state != State::Published)
}

fn row_of_affected(index: usize, place: usize, record: &Record, affected: &Affected) -> Row {
    let collection = affected.collection_url.as_deref().unwrap_or_default();
    let is_distribution = [
        "redhat.com",
        "fedoraproject.org",
        "launchpad.net",
        "debian.org",
        "suse.com",
    ]
    .iter()
    .any(|host| collection.contains(host));
    let ecosystem = affected
        .ecosystem
        .as_deref()
        .and_then(Ecosystem::from_osv)
        .or_else(|| Ecosystem::from_collection(collection))
        .or_else(|| {
            affected
                .purl
                .as_ref()
                .and_then(|purl| Ecosystem::from_purl_type(&purl.kind))
        });
    let mut row = Row {
        record: index,
        place: Place::Affected(place),
        at: format!("{}#{}", record.id, affected.pointer),
        identities: Vec::new(),
        repositories: Vec::new(),
        ecosystem_names: Vec::new(),
        is_distribution,
        foreign_platform: foreign_platform(&affected.platforms),
        matches: Vec::new(),
    };
    for url in affected
        .repo
        .iter()
        .map(String::as_str)
        .chain((!collection.is_empty()).then_some(collection))
    {
        if let Some((repository, _)) = Repository::in_url(url) {
            row.repositories.push(repository);
        }
    }
    if let Versions::Osv { ranges, .. } = &affected.versions {
        for range in ranges
            .iter()
            .filter(|range| range.kind == OsvRangeKind::Git)
        {
            if let Some((repository, _)) = range.repo.as_deref().and_then(Repository::in_url) {
                row.repositories.push(repository);
            }
        }
    }
    if let (Some(ecosystem), Some(name)) = (ecosystem, &affected.package_name) {
        row.ecosystem_names
            .push((ecosystem, ecosystem.canonical(name)));
        if ecosystem == Ecosystem::Go
            && let Some((repository, _)) = Repository::in_url(name)
        {
            row.repositories.push(repository);
        }
    }
    if let Some(purl) = &affected.purl {
        if let Some(ecosystem) = Ecosystem::from_purl_type(&purl.kind) {
            row.ecosystem_names
                .push((ecosystem, ecosystem.canonical(&Ecosystem::purl_name(purl))));
        } else if matches!(purl.kind.as_str(), "github" | "gitlab" | "bitbucket")
            && let Some(owner) = &purl.namespace
        {
            let host = if purl.kind == "bitbucket" {
                "bitbucket.org"
            } else {
                &format!("{}.com", purl.kind)
            };
            row.repositories.extend(
                Repository::in_url(&format!("https://{host}/{owner}/{}", purl.name))
                    .map(|(repository, _)| repository),
            );
        }
    }
    row.repositories.sort_unstable();
    row.repositories.dedup();
    row.ecosystem_names.sort_unstable();
    row.ecosystem_names.dedup();
    let vendor = affected
        .vendor
        .as_deref()
        .filter(|text| !names::is_blank(text))
        .unwrap_or_default();
    if let Some(product) = affected
        .product
        .as_deref()
        .filter(|text| !names::is_blank(text))
    {
        push_product(&mut row.identities, vendor, product, ecosystem);
    }
    if let Some(name) = affected
        .package_name
        .as_deref()
        .filter(|text| !names::is_blank(text))
        && !is_distribution
        && Some(name) != affected.product.as_deref()
    {
        push_product(&mut row.identities, vendor, name, ecosystem);
    }
    for cpe in &affected.cpes {
        row.identities.extend(identity_of_cpe(cpe));
    }
    row
}

/// A product as a CNA writes it; `owner/name` is a repository's short form.
fn push_product(
    out: &mut Vec<Identity>,
    vendor: &str,
    product: &str,
    ecosystem: Option<Ecosystem>,
) {
    let (vendor, name) = match product.rsplit_once('/') {
        Some((owner, name))
            if !product.contains(' ') && !product.starts_with('@') && !name.is_empty() =>
        {
            (owner.rsplit('/').next().unwrap_or(owner), name)
        }
        _ => (vendor, product),
    };
    let ecosystem = ecosystem.or_else(|| Ecosystem::from_group(vendor));
    let vendor_product = VendorProduct::new(vendor, name);
    if vendor_product.product.is_empty() {
        return;
    }
    out.push(Identity {
        vendor_core: names::vendor_core(vendor),
        dashed: names::dashed(name),
        text: if vendor.is_empty() {
            product.to_owned()
        } else {
            format!("{vendor} {name}")
        },
        is_cpe: false,
        ecosystem,
        vendor_product,
    });
}

fn identity_of_cpe(cpe: &Cpe) -> Option<Identity> {
    if cpe.part == Part::Hardware {
        return None;
    }
    let (Value::Text(vendor), Value::Text(product)) = (&cpe.vendor, &cpe.product) else {
        return None;
    };
    // npm scopes are escaped into products as `@scope/name`.
    let name = product.rsplit('/').next().unwrap_or(product);
    let ecosystem = match &cpe.target_sw {
        Value::Text(target) => Ecosystem::from_target_sw(target),
        _ => Ecosystem::from_group(vendor),
    };
    Some(Identity {
        vendor_product: VendorProduct::new(vendor, name),
        vendor_core: names::vendor_core(vendor),
        dashed: names::dashed(name),
        text: format!("{vendor}:{product}"),
        is_cpe: true,
        ecosystem,
    })
}

/// One row per vulnerable product of an applicability statement.
fn rows_of_configuration(
    index: usize,
    place: usize,
    record: &Record,
    configuration: &Configuration,
) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    if configuration.negate {
        return rows;
    }
    let mut hosts: Vec<String> = Vec::new();
    for node in configuration.nodes.iter().filter(|node| !node.negate) {
        for found in &node.matches {
            if !found.vulnerable {
                if configuration.operator == Operator::And || node.operator == Operator::And {
                    hosts.extend(text_of(&found.criteria.product));
                }
                continue;
            }
            let Some(identity) = identity_of_cpe(&found.criteria) else {
                continue;
            };
            let target = text_of(&found.criteria.target_sw);
            let known = rows.iter_mut().find(|row| {
                row.identities.iter().any(|known| {
                    known.vendor_product == identity.vendor_product
                        && known.ecosystem == identity.ecosystem
                })
            });
            if known.is_none() {
                rows.push(Row {
                    record: index,
                    place: Place::Configuration(place),
                    at: format!("{}#{}", record.id, configuration.pointer),
                    identities: vec![identity],
                    repositories: Vec::new(),
                    ecosystem_names: Vec::new(),
                    is_distribution: false,
                    foreign_platform: target.and_then(|target| foreign_platform(&[target])),
                    matches: Vec::new(),
                });
            }
        }
    }
    if let Some(platform) = foreign_platform(&hosts) {
        for row in &mut rows {
            row.foreign_platform.get_or_insert_with(|| platform.clone());
        }
    }
    place_matches(configuration, &mut rows);
    rows
}

/// Gives each row the vulnerable matches that name its software. A match that names no product
/// leaves open what the whole statement is about; then no row has any.
fn place_matches(configuration: &Configuration, rows: &mut [Row]) {
    for (node_index, node) in configuration.nodes.iter().enumerate() {
        if node.negate {
            continue;
        }
        for (match_index, found) in node.matches.iter().enumerate() {
            if !found.vulnerable {
                continue;
            }
            let Some(product) = product_of(&found.criteria) else {
                rows.iter_mut().for_each(|row| row.matches.clear());
                return;
            };
            let (Ok(node), Ok(place)) = (u32::try_from(node_index), u32::try_from(match_index))
            else {
                return;
            };
            let same = |row: &&mut Row| {
                let mut identities = row.identities.iter();
                identities.any(|identity| identity.vendor_product == product)
            };
            for row in rows.iter_mut().filter(same) {
                row.matches.push((node, place));
            }
        }
    }
}

/// As in the facts: npm scopes are no part of the name.
fn product_of(criteria: &Cpe) -> Option<VendorProduct> {
    let (vendor, product) = (criteria.vendor.as_text()?, criteria.product.as_text()?);
    let name = product.rsplit('/').next().unwrap_or(product);
    Some(VendorProduct::new(vendor, name))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Any | Value::Na => None,
    }
}

/// The platforms, where all of them are ones that Nixpkgs does not build for.
fn foreign_platform(platforms: &[String]) -> Option<String> {
    const FOREIGN: [&str; 8] = [
        "windows", "android", "iphone", "ipad", "ios", "watchos", "tvos", "visionos",
    ];
    let is_foreign = |platform: &String| {
        let platform = platform.to_ascii_lowercase();
        FOREIGN.iter().any(|foreign| {
            platform == *foreign || (platform.starts_with(foreign) && *foreign != "ios")
        })
    };
    (!platforms.is_empty() && platforms.iter().all(is_foreign)).then(|| platforms.join(", "))
}
