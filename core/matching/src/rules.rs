//! Corrections that people made once and that hold from then on: "what this vendor calls by this
//! name is this attribute", "nothing of this vendor is in Nixpkgs".
//!
//! Vendor and product are compared in joined form, as everywhere in the matcher: a rule for
//! `red_hat` speaks of `Red Hat` and of `redhat`. A rule speaks of a whole row of an advisory when it
//! speaks of one of the row's names: all of them are names of one software. What Nixpkgs itself says
//! (a patch or a `knownVulnerabilities` entry that names the advisory) is beyond every rule.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::advisory_facts::{AdvisoryFacts, Row};
use crate::keys::Key;
use crate::names;
use crate::package_facts::{PackageFacts, VendorProduct};

/// A rule that speaks of a vendor's product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its number, for reasons.
    pub number: i64,
    /// In words, for reasons.
    pub sentence: String,
    /// What it says.
    pub says: Says,
}

impl Rule {
    /// The code of reasons that cite it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.says {
            Says::Is(_) => "rule_identity",
            Says::Never => "rule_never",
        }
    }
}

/// What a rule says of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Says {
    /// It is this attribute, and nothing else.
    Is(Target),
    /// It is not in Nixpkgs.
    Never,
}

/// An attribute that a rule names, with what tells its variants: packages built from the same source
/// in the same version, in any channel ([`crate::group`]).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Target {
    /// Attribute path.
    pub attr: String,
    /// [`PackageFacts::origin`] of the attribute in each channel, sorted, without duplicates.
    pub origins: Vec<u64>,
    /// Its source repositories in all channels, sorted, without duplicates.
    pub repositories: Vec<String>,
}

impl Target {
    /// The attribute, with its packages in all channels; none where it is in no channel.
    pub fn new<'a>(attr: &str, packages: impl IntoIterator<Item = &'a PackageFacts>) -> Self {
        let mut target = Self {
            attr: attr.to_owned(),
            ..Self::default()
        };
        for package in packages {
            target.origins.extend(package.origin);
            let repositories = package.repositories.iter().map(|own| own.as_str());
            target.repositories.extend(repositories.map(str::to_owned));
        }
        target.origins.sort_unstable();
        target.origins.dedup();
        target.repositories.sort_unstable();
        target.repositories.dedup();
        target
    }

    fn is_variant(&self, package: &PackageFacts) -> bool {
        package
            .origin
            .is_some_and(|origin| self.origins.binary_search(&origin).is_ok())
    }

    /// Whether one of its source repositories is the package's.
    fn shares_repository(&self, package: &PackageFacts) -> bool {
        let own = |repository: &String| {
            let mut own = package.repositories.iter();
            own.any(|own| own.as_str() == repository)
        };
        self.repositories.iter().any(own)
    }

    /// The keys under which it and its variants are found.
    fn keys(&self) -> impl Iterator<Item = Key> {
        let own = own_name(&self.attr);
        let named = [Key::new("name", &own), Key::new("attr", &own)];
        let repositories = self.repositories.iter();
        named
            .into_iter()
            .chain(repositories.map(|repository| Key::new("repo", repository)))
    }
}

/// The joined last part of an attribute path: what a rule finds the package by.
pub(crate) fn own_name(attr: &str) -> String {
    names::joined(attr.rsplit('.').next().unwrap_or(attr))
}

/// What the rules say of a row and a package.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ruling<'r> {
    /// The row is about this very attribute.
    Named(&'r Rule),
    /// The row is about an attribute of which the package is a variant with the same repository.
    Variant(&'r Rule),
    /// The row is about an attribute of which the package is a variant; other evidence has to tie it.
    Open,
    /// The row is not about the package.
    Barred(&'r Rule),
}

/// All rules in force. Without any, it costs one comparison for each pair that is judged.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    vendors: FxHashMap<String, OfVendor>,
}

#[derive(Debug, Clone, Default)]
struct OfVendor {
    /// Of the vendor as a whole.
    never: Vec<Rule>,
    products: FxHashMap<String, Vec<Rule>>,
}

impl Rules {
    /// The product that a rule's words name.
    #[must_use]
    pub fn product(vendor: &str, product: &str) -> VendorProduct {
        // As in an advisory's facts: npm scopes and the like are no part of the name.
        VendorProduct::new(vendor, product.rsplit('/').next().unwrap_or(product))
    }

    /// Takes in a rule; they come in the order in which they were made. For one product, several identities
    /// add up, and where one contradicts another kind the later holds. A rule for a product comes before one
    /// for all of its vendor. A name without a letter or digit names nothing.
    pub fn add(&mut self, vendor: &str, product: Option<&str>, rule: Rule) {
        let name = Self::product(vendor, product.unwrap_or_default());
        if name.vendor.is_empty() || (product.is_some() && name.product.is_empty()) {
            return;
        }
        let of_vendor = self.vendors.entry(name.vendor).or_default();
        if product.is_none() {
            of_vendor.never = vec![rule];
            return;
        }
        let known = of_vendor.products.entry(name.product).or_default();
        if rule.says == Says::Never || known.iter().any(|known| known.says == Says::Never) {
            known.clear();
        }
        known.push(rule);
    }

    /// Takes in all that is said of a product, in place of what was said before.
    pub fn set(&mut self, product: &VendorProduct, rules: Vec<Rule>) {
        if rules.is_empty() {
            return;
        }
        let of_vendor = self.vendors.entry(product.vendor.clone()).or_default();
        of_vendor.products.insert(product.product.clone(), rules);
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.vendors.is_empty()
    }

    /// The rules that speak of a product.
    #[must_use]
    pub fn of(&self, product: &VendorProduct) -> &[Rule] {
        let Some(of_vendor) = self.vendors.get(&product.vendor) else {
            return &[];
        };
        of_vendor
            .products
            .get(&product.product)
            .unwrap_or(&of_vendor.never)
    }

    /// The rules that speak of any of an advisory's products, by number, each once.
    #[must_use]
    pub fn of_advisory<'r>(&'r self, advisory: &AdvisoryFacts) -> Vec<&'r Rule> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut all: Vec<&Rule> = advisory
            .rows
            .iter()
            .flat_map(|row| self.of_row(row))
            .collect();
        all.sort_unstable_by_key(|rule| rule.number);
        all.dedup_by_key(|rule| rule.number);
        all
    }

    fn of_row<'r, 'f>(&'r self, row: &'f Row) -> impl Iterator<Item = &'r Rule> + use<'r, 'f> {
        let identities = row.identities.iter();
        identities.flat_map(|identity| self.of(&identity.vendor_product))
    }

    /// The keys of the attributes that an advisory's products are.
    pub(crate) fn keys(&self, advisory: &AdvisoryFacts) -> Vec<Key> {
        let targets = self.of_advisory(advisory).into_iter();
        targets
            .filter_map(|rule| match &rule.says {
                Says::Is(target) => Some(target),
                Says::Never => None,
            })
            .flat_map(Target::keys)
            .collect()
    }

    /// What they say of a row and a package; nothing where none speaks of the row.
    pub(crate) fn ruling<'r>(&'r self, row: &'r Row, package: &PackageFacts) -> Option<Ruling<'r>> {
        let mut ruling: Option<Ruling<'r>> = None;
        for rule in self.of_row(row) {
            let one = match &rule.says {
                Says::Is(target) if target.attr == package.attr => {
                    return Some(Ruling::Named(rule));
                }
                Says::Is(target) if target.is_variant(package) => {
                    match target.shares_repository(package) {
                        true => Ruling::Variant(rule),
                        false => Ruling::Open,
                    }
                }
                Says::Is(_) | Says::Never => Ruling::Barred(rule),
            };
            ruling = Some(match (ruling, one) {
                (None | Some(Ruling::Barred(_)), one)
                | (Some(Ruling::Open), one @ Ruling::Variant(_)) => one,
                (Some(known), _) => known,
            });
        }
        ruling
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(number: i64, attr: Option<&str>) -> Rule {
        Rule {
            number,
            sentence: String::new(),
            says: attr.map_or(Says::Never, |attr| Says::Is(Target::new(attr, []))),
        }
    }

    fn numbers(rules: &Rules, vendor: &str, product: &str) -> Vec<i64> {
        let found = rules.of(&VendorProduct::new(vendor, product));
        found.iter().map(|rule| rule.number).collect()
    }

    #[test]
    fn the_nearer_rule_holds_and_then_the_later() {
        let mut rules = Rules::default();
        rules.add("acme", Some("tool"), rule(1, Some("tool")));
        rules.add("acme", None, rule(2, None));
        rules.add("ACME", Some("Tool"), rule(3, Some("tool2")));
        assert_eq!(numbers(&rules, "acme", "tool"), [1, 3]);
        assert_eq!(numbers(&rules, "Acme", "other"), [2]);
        assert!(numbers(&rules, "acmeinc", "tool").is_empty());
        rules.add("acme", Some("tool"), rule(4, None));
        assert_eq!(numbers(&rules, "acme", "tool"), [4]);
        rules.add("acme", Some("tool"), rule(5, Some("tool")));
        assert_eq!(numbers(&rules, "acme", "tool"), [5]);
    }

    #[test]
    fn names_are_compared_without_signs_and_none_is_no_name() {
        let mut rules = Rules::default();
        rules.add("red_hat", Some("Ansible-Core"), rule(1, Some("ansible")));
        assert_eq!(numbers(&rules, "Red Hat", "ansible core"), [1]);
        let mut rules = Rules::default();
        rules.add("--", None, rule(1, None));
        rules.add("acme", Some("*"), rule(2, None));
        assert!(rules.is_empty());
    }
}
