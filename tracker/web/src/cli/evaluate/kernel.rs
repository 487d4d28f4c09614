//! The kernel by itself: thousands of advisories, and several packages in several versions.

use std::collections::BTreeMap;

use snowguard_matching::advisory_facts::AdvisoryFacts;
use snowguard_matching::index::PackageIndex;
use snowguard_matching::package_facts::PackageFacts;
use snowguard_matching::verdict::{Match, Tier};

use super::world::is_kernel;

/// The kernels of a channel, and the verdicts of all advisories that are shown for them.
pub(super) struct Kernels<'a> {
    kernels: Vec<&'a PackageFacts>,
    verdicts: BTreeMap<String, BTreeMap<&'static str, usize>>,
}

impl<'a> Kernels<'a> {
    pub(super) fn new(index: &'a PackageIndex) -> Self {
        Self {
            kernels: index
                .packages()
                .iter()
                .filter(|package| is_kernel(package) && !package.attr.contains('.'))
                .collect(),
            verdicts: BTreeMap::new(),
        }
    }

    /// Takes in one advisory, whether truth knows it or not.
    pub(super) fn add(
        &mut self,
        facts: &AdvisoryFacts,
        judge: &dyn Fn(&PackageFacts) -> Option<Match>,
    ) {
        // Only what names the kernel is worth asking about.
        let mut identities = facts.rows.iter().flat_map(|row| &row.identities);
        if !identities.any(|identity| identity.vendor_product.product.contains("linux")) {
            return;
        }
        for package in &self.kernels {
            let Some(found) = judge(package).filter(|found| found.tier != Tier::Low) else {
                continue;
            };
            let name = format!("{} {}", package.attr, package.version);
            *self
                .verdicts
                .entry(name)
                .or_default()
                .entry(found.verdict.as_str())
                .or_default() += 1;
        }
    }

    pub(super) fn verdicts(self) -> BTreeMap<String, BTreeMap<&'static str, usize>> {
        self.verdicts
    }
}
