//! What is known of a product beyond its advisories.

use serde::{Deserialize, Serialize};
use snowguard_matching::keys::Key;
use snowguard_matching::knowledge::Knowledge;
use snowguard_matching::package_facts::VendorProduct;
use snowguard_matching::rules::Rule;

/// The part of [`Knowledge`] that speaks of one product.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hint {
    /// Repositories in which it lives, as learned.
    pub homes: Vec<String>,
    /// purl2cpe's purls, in lower case, without `pkg:`.
    pub purls: Vec<String>,
    /// Joined names of cve-bin-tool's checkers.
    pub checkers: Vec<String>,
    /// Rules that speak of it.
    pub rules: Vec<Rule>,
}

impl Hint {
    /// What is known of a product.
    #[must_use]
    pub fn of(product: &VendorProduct, knowledge: &Knowledge) -> Self {
        Self {
            homes: knowledge
                .learned(product)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            purls: knowledge.purls_of_product(product).to_vec(),
            checkers: knowledge.checkers_of_product(product).to_vec(),
            rules: knowledge.rules().of(product).to_vec(),
        }
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}

/// The key of a product's hint.
pub(crate) fn key(product: &VendorProduct) -> u64 {
    Key::new("hint", &product.to_text())
        .to_i64()
        .cast_unsigned()
}

/// The key of Repology's projects of a joined package name.
pub(crate) fn projects_key(name: &str) -> u64 {
    Key::new("projects", name).to_i64().cast_unsigned()
}
