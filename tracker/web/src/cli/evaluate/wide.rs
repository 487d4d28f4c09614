//! The whole channel: how many names each matcher shows for an advisory.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use memchr::memmem;
use snowguard_advisory::model::Advisory;
use snowguard_matching::baseline;
use snowguard_matching::fan_out::{FanOut, FanOutFigures};
use snowguard_matching::index::PackageIndex;
use snowguard_matching::verdict::{Match, Tier};

/// All names of a channel, and the counts for the matcher and the two baselines.
pub(super) struct Wide {
    by_attr: HashMap<String, String>,
    names: BTreeSet<String>,
    /// The names in lower case, each between two line feeds.
    haystack: Vec<u8>,
    /// Names that hold a product, by product.
    holding: HashMap<String, BTreeSet<usize>>,
    matcher: FanOut,
    substring: FanOut,
    equal: FanOut,
}

impl Wide {
    pub(super) fn new(index: &PackageIndex) -> Self {
        let by_attr: HashMap<String, String> = index
            .packages()
            .iter()
            .map(|package| (package.attr.clone(), package.pname.to_lowercase()))
            .collect();
        let names: BTreeSet<String> = by_attr.values().cloned().collect();
        let mut haystack = vec![b'\n'];
        for name in &names {
            haystack.extend(name.bytes().chain([b'\n']));
        }
        Self {
            by_attr,
            names,
            haystack,
            holding: HashMap::new(),
            matcher: FanOut::default(),
            substring: FanOut::default(),
            equal: FanOut::default(),
        }
    }

    /// Takes in one advisory and what the matcher found for it.
    pub(super) fn add(&mut self, advisory: &Advisory, found: &[Match]) {
        let shown: BTreeSet<&str> = found
            .iter()
            .filter(|found| found.tier != Tier::Low && found.variant_of.is_none())
            .filter_map(|found| self.by_attr.get(&found.attr))
            .map(String::as_str)
            .collect();
        self.matcher.add(shown.len());
        let mut holding: BTreeSet<usize> = BTreeSet::new();
        for product in baseline::substring_products(advisory) {
            holding.extend(self.names_with(&product));
        }
        self.substring.add(holding.len());
        let equal = baseline::cpe_products(advisory)
            .into_iter()
            .filter(|product| self.names.contains(product));
        self.equal.add(equal.count());
    }

    /// Where the names begin that hold a product.
    fn names_with(&mut self, product: &str) -> &BTreeSet<usize> {
        if !self.holding.contains_key(product) {
            let found = memmem::find_iter(&self.haystack, product)
                .filter_map(|at| memchr::memrchr(b'\n', &self.haystack[..at]))
                .collect();
            self.holding.insert(product.to_owned(), found);
        }
        &self.holding[product]
    }

    pub(super) fn figures(&self) -> BTreeMap<&'static str, FanOutFigures> {
        BTreeMap::from([
            ("matcher", self.matcher.figures()),
            ("baseline substring", self.substring.figures()),
            ("baseline cpe_product", self.equal.figures()),
        ])
    }
}
