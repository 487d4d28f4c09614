//! The packages that count in an evaluation, by the names under which truth may know them.

use std::collections::{BTreeMap, BTreeSet};

use snowguard_advisory::model::Advisory;
use snowguard_matching::baseline;
use snowguard_matching::index::PackageIndex;
use snowguard_matching::package_facts::{PackageFacts, Rank};
use snowguard_matching::score::{Guess, VersionGuess};
use snowguard_matching::truth::Truth;
use snowguard_matching::verdict::{Match, Tier, Verdict};

/// The packages that count, by the names under which truth may know them.
pub(super) struct World<'a> {
    /// Packages by every name that is in the world.
    packages: BTreeMap<String, Vec<&'a PackageFacts>>,
    by_attr: BTreeMap<String, Vec<String>>,
    names: BTreeSet<String>,
    by_lower: BTreeMap<String, Vec<String>>,
    pub(super) kernels: BTreeSet<String>,
    /// The names of every attribute of the channel, in the world or not.
    by_any_attr: BTreeMap<String, Vec<String>>,
}

impl<'a> World<'a> {
    pub(super) fn new(truth: &Truth, index: &'a PackageIndex) -> Self {
        let mut by_attr = BTreeMap::new();
        let mut names = BTreeSet::new();
        let mut kernels = BTreeSet::new();
        let mut by_any_attr = BTreeMap::new();
        let mut packages: BTreeMap<String, Vec<&PackageFacts>> = BTreeMap::new();
        for package in index.packages() {
            let any = vec![package.pname.clone(), package.attr.clone()];
            by_any_attr.insert(package.attr.clone(), any);
            let own: Vec<String> = [&package.pname, &package.attr]
                .into_iter()
                .filter(|name| truth.world.contains(*name))
                .cloned()
                .collect();
            if own.is_empty() {
                continue;
            }
            for name in &own {
                packages.entry(name.clone()).or_default().push(package);
            }
            names.extend(own.iter().cloned());
            if is_kernel(package) {
                kernels.extend(own.iter().cloned());
            }
            by_attr.insert(package.attr.clone(), own);
        }
        let mut by_lower: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for name in &names {
            by_lower
                .entry(name.to_lowercase())
                .or_default()
                .push(name.clone());
        }
        Self {
            by_attr,
            names,
            by_lower,
            kernels,
            by_any_attr,
            packages,
        }
    }

    /// A match as a guess, where its package is in the world.
    pub(super) fn guess(&self, found: &Match) -> Option<Guess> {
        let names = self.by_attr.get(&found.attr)?.clone();
        let beneath = found
            .variant_of
            .as_ref()
            .and_then(|head| self.by_any_attr.get(head))
            // The same package for another interpreter is no variant of itself.
            .filter(|head| !head.iter().any(|name| names.contains(name)));
        Some(Guess {
            advisory: found.advisory.clone(),
            names,
            tier: found.tier,
            verdict: found.verdict,
            beneath: beneath.cloned().unwrap_or_default(),
        })
    }

    /// Judgements about an advisory that hold for one version: the package is judged as the channel
    /// has it, where it has that version, else in that version without its patches.
    pub(super) fn in_version(
        &self,
        truth: &Truth,
        advisory: &str,
        judge: &dyn Fn(&PackageFacts) -> Option<Match>,
    ) -> Vec<VersionGuess> {
        let from = (advisory.to_owned(), String::new(), String::new());
        let of_advisory = truth
            .judgements
            .range(from..)
            .take_while(|((cve, ..), _)| cve == advisory);
        of_advisory
            .map(|(key, _)| {
                let (_, name, version) = key;
                let packages = self.packages.get(name).into_iter().flatten();
                let found = packages.filter_map(|package| {
                    let mut package = PackageFacts::clone(package);
                    if package.version != *version {
                        package.version.clone_from(version);
                        package.patched.clear();
                        package.known_vulnerable.clear();
                    }
                    judge(&package).map(|found| (found.tier, found.verdict))
                });
                (key.clone(), found.min().map(|(_, verdict)| verdict))
            })
            .collect()
    }

    /// The system in use today: every package whose name holds the product. It knows no versions.
    pub(super) fn by_substring(&self, advisory: &Advisory) -> Option<Guess> {
        let products = baseline::substring_products(advisory);
        let names: Vec<String> = self
            .names
            .iter()
            .filter(|name| {
                let name = name.to_lowercase();
                products
                    .iter()
                    .any(|product| name.contains(product.as_str()))
            })
            .cloned()
            .collect();
        baseline_guess(advisory, names)
    }

    /// vulnix: every package whose name is a CPE's product.
    pub(super) fn by_equality(&self, advisory: &Advisory) -> Option<Guess> {
        let products = baseline::cpe_products(advisory);
        let names = products
            .iter()
            .filter_map(|product| self.by_lower.get(product))
            .flatten()
            .cloned();
        baseline_guess(advisory, names.collect())
    }
}

fn baseline_guess(advisory: &Advisory, names: Vec<String>) -> Option<Guess> {
    (!names.is_empty()).then(|| Guess {
        advisory: advisory.id.clone(),
        names,
        tier: Tier::High,
        verdict: Verdict::Affected,
        beneath: Vec::new(),
    })
}

/// Linux itself, in any of its versions and flavours: these have its name, by whatever name they go
/// themselves.
pub(super) fn is_kernel(package: &PackageFacts) -> bool {
    package
        .name("linux")
        .is_some_and(|name| name.rank == Rank::Exact)
}
