//! Inverted-index keys: an advisory can only match a package with which it shares a key.
//!
//! A key is a stable 64-bit hash of a tagged string (`name:openssl`, `repo:github.com/a/b`,
//! `cpe:openssl:openssl`, `pypi:requests`). Stability matters: keys are stored.
//!
//! Some ties lead over [`Knowledge`] (a product's learned repository, an alias table): [`lookup`]
//! widens an advisory's keys by them. Stored with the advisory, the widened keys also find it
//! from the side of a package that has changed.

use crate::advisory_facts::{AdvisoryFacts, Identity};
use crate::ecosystem::Ecosystem;
use crate::knowledge::Knowledge;
use crate::names;
use crate::package::Package;
use crate::package_facts::PackageFacts;
use crate::rules::own_name;

/// The matcher's number: **count up** with every change to what [`of_package`], [`of_advisory_facts`] or
/// [`Key::new`] give, and with every change to verdicts. A database of another number derives its keys
/// anew and matches everything; a scanner's file of another number is refused.
pub const DERIVATION: u32 = 3;

/// A stored, stable hash of one tagged string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(u64);

impl Key {
    /// Hashes a tagged string.
    #[must_use]
    pub fn new(tag: &str, value: &str) -> Self {
        // FNV-1a, 64 bit, with a final mix: stable across builds and machines.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in tag.bytes().chain([b':']).chain(value.bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        hash ^= hash >> 32;
        Self(hash.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// The hash itself.
    #[must_use]
    pub fn value(self) -> u64 {
        self.0
    }

    /// As a signed integer, for databases without unsigned ones.
    #[must_use]
    pub fn to_i64(self) -> i64 {
        self.0.cast_signed()
    }

    /// From its stored form.
    #[must_use]
    pub fn from_i64(stored: i64) -> Self {
        Self(stored.cast_unsigned())
    }
}

/// The keys under which a package is stored. Sorted, without duplicates.
#[must_use]
pub fn of_package(package: &Package) -> Vec<Key> {
    of_package_facts(&PackageFacts::new(package.clone()))
}

/// The keys under which a package is stored. Sorted, without duplicates.
#[must_use]
pub fn of_package_facts(package: &PackageFacts) -> Vec<Key> {
    let mut keys: Vec<Key> = package
        .names
        .iter()
        .map(|name| Key::new("name", &name.joined))
        .collect();
    keys.extend(
        package
            .repositories
            .iter()
            .map(|repository| Key::new("repo", repository.as_str())),
    );
    keys.extend(
        package
            .ecosystem_names
            .iter()
            .map(|(ecosystem, name)| Key::new(ecosystem.tag(), name)),
    );
    keys.extend(
        package
            .cpes
            .iter()
            .map(|(cpe, _)| Key::new("cpe", &cpe.to_text())),
    );
    keys.extend(
        package
            .patched
            .iter()
            .chain(&package.known_vulnerable)
            .map(|(id, _)| Key::new("id", id)),
    );
    // A rule names a package by its attribute. Where its last part is a name, that key will do.
    let own = own_name(&package.attr);
    if package.name(&own).is_none() {
        keys.push(Key::new("attr", &own));
    }
    sorted(keys)
}

/// The keys of an advisory, without what leads over [`Knowledge`]. Sorted, without duplicates.
#[must_use]
pub fn of_advisory_facts(advisory: &AdvisoryFacts) -> Vec<Key> {
    let mut keys: Vec<Key> = advisory.ids.iter().map(|id| Key::new("id", id)).collect();
    keys.extend(
        advisory
            .links
            .iter()
            .map(|link| Key::new("repo", link.repository.as_str())),
    );
    for row in &advisory.rows {
        keys.extend(
            row.repositories
                .iter()
                .map(|repository| Key::new("repo", repository.as_str())),
        );
        for (ecosystem, name) in &row.ecosystem_names {
            keys.push(Key::new(ecosystem.tag(), name));
            if *ecosystem == Ecosystem::Go {
                // A package knows the repository's root; a module may live below it.
                let ends = name.match_indices('/').map(|(at, _)| at);
                keys.extend(ends.map(|at| Key::new(ecosystem.tag(), &name[..at])));
            }
        }
        for identity in &row.identities {
            of_identity(identity, &mut keys);
        }
    }
    sorted(keys)
}

fn of_identity(identity: &Identity, keys: &mut Vec<Key>) {
    let product = identity.vendor_product.product.as_str();
    let vendor = identity.vendor_core.as_str();
    keys.push(Key::new("name", product));
    // A learned home is known per vendor and product, whether a CPE names them or the CNA does.
    keys.push(Key::new("cpe", &identity.vendor_product.to_text()));
    keys.extend(names::without_noun(vendor, product).map(|short| Key::new("name", short)));
    if vendor.len() >= 2 {
        keys.push(Key::new("name", &format!("{vendor}{product}")));
        keys.extend(
            product
                .strip_prefix(vendor)
                .filter(|rest| rest.len() >= 4)
                .map(|rest| Key::new("name", rest)),
        );
    }
}

/// The keys by which an advisory finds packages, what leads over `knowledge` included.
#[must_use]
pub fn lookup(advisory: &AdvisoryFacts, knowledge: &Knowledge) -> Vec<Key> {
    let mut keys = of_advisory_facts(advisory);
    for identity in advisory.rows.iter().flat_map(|row| &row.identities) {
        keys.extend(
            knowledge
                .learned(&identity.vendor_product)
                .into_iter()
                .map(|home| Key::new("repo", home)),
        );
        let product = &identity.vendor_product;
        for purl in knowledge.purls_of_product(product) {
            keys.extend(of_purl(purl));
        }
        keys.extend(
            knowledge
                .checkers_of_product(product)
                .iter()
                .map(|name| Key::new("name", name)),
        );
        let names = knowledge.names_of_project(&identity.vendor_product.product);
        keys.extend(names.iter().map(|name| Key::new("name", name)));
    }
    if !knowledge.rules().is_empty() {
        keys.extend(knowledge.rules().keys(advisory));
    }
    sorted(keys)
}

fn of_purl(purl: &str) -> Option<Key> {
    let (kind, rest) = purl.split_once('/')?;
    Some(match kind {
        "github" | "gitlab" => Key::new("repo", &format!("{kind}.com/{rest}")),
        "bitbucket" => Key::new("repo", &format!("bitbucket.org/{rest}")),
        "sourceforge" => Key::new("repo", &format!("sourceforge/{rest}")),
        "deb" | "rpm" | "apk" | "alpm" => {
            Key::new("name", &names::joined(rest.rsplit('/').next()?))
        }
        _ => {
            let ecosystem = Ecosystem::from_purl_type(kind)?;
            Key::new(ecosystem.tag(), &ecosystem.canonical(rest))
        }
    })
}

fn sorted(mut keys: Vec<Key>) -> Vec<Key> {
    keys.sort_unstable();
    keys.dedup();
    keys
}
