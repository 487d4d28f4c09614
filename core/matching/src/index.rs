//! An in-memory index of packages, for matching many advisories against a whole channel.

use rustc_hash::FxHashMap;

use crate::keys::{Key, of_package_facts};
use crate::package::Package;
use crate::package_facts::PackageFacts;

/// Packages of one channel, found by key.
#[derive(Debug, Default)]
pub struct PackageIndex {
    packages: Vec<PackageFacts>,
    by_key: FxHashMap<Key, Vec<u32>>,
}

impl PackageIndex {
    /// Builds the index. Cost is linear in the packages; about 2 KB of memory for each.
    pub fn new<I: IntoIterator<Item = Package>>(packages: I) -> Self {
        let mut index = Self::default();
        for package in packages {
            let facts = PackageFacts::new(package);
            let Ok(position) = u32::try_from(index.packages.len()) else {
                break;
            };
            for key in of_package_facts(&facts) {
                index.by_key.entry(key).or_default().push(position);
            }
            index.packages.push(facts);
        }
        index
    }

    /// All packages.
    #[must_use]
    pub fn packages(&self) -> &[PackageFacts] {
        &self.packages
    }

    /// The packages under any of the keys, in order of their position, each once.
    #[must_use]
    pub fn find(&self, keys: &[Key]) -> Vec<&PackageFacts> {
        let mut positions: Vec<u32> = keys
            .iter()
            .filter_map(|key| self.by_key.get(key))
            .flatten()
            .copied()
            .collect();
        positions.sort_unstable();
        positions.dedup();
        positions
            .into_iter()
            .filter_map(|position| self.packages.get(position as usize))
            .collect()
    }
}
