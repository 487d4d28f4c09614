//! What is known beyond one advisory and one package: which repository a vendor's product lives
//! in (learned from all advisories), and alias tables that others keep.

use std::hash::Hash;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::advisory_facts::AdvisoryFacts;
use crate::names;
use crate::package_facts::VendorProduct;
use crate::repository::Pointer;
use crate::rules::Rules;

/// Which table an alias fact is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AliasTable {
    /// purl2cpe: left is a purl without `pkg:` and version, right `vendor:product`.
    Purl2cpe,
    /// cve-bin-tool: left is a checker's name, right `vendor:product`.
    CveBinTool,
    /// Repology: left is a package name of a distribution, right the project's name.
    Repology,
}

/// One row of an alias table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Alias {
    /// The table.
    pub table: AliasTable,
    /// See [`AliasTable`].
    pub left: String,
    /// See [`AliasTable`].
    pub right: String,
}

/// What one advisory teaches: these products are linked with these repositories.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lesson {
    /// `vendor:product`, joined.
    pub products: Vec<String>,
    /// Repositories, as text.
    pub repositories: Vec<String>,
}

impl Lesson {
    /// What an advisory teaches; empty where it names no product or no repository.
    #[must_use]
    pub fn of(facts: &AdvisoryFacts) -> Self {
        let mut repositories: Vec<String> = facts
            .links
            .iter()
            .filter(|link| link.pointer >= Pointer::Content)
            .map(|link| link.repository.as_str().to_owned())
            .chain(
                facts
                    .rows
                    .iter()
                    .flat_map(|row| &row.repositories)
                    .map(|r| r.as_str().to_owned()),
            )
            .collect();
        repositories.sort_unstable();
        repositories.dedup();
        let mut products: Vec<String> = facts
            .vendor_products()
            .into_iter()
            .map(VendorProduct::to_text)
            .collect();
        products.dedup();
        // An advisory about many products (a protocol flaw, a distribution's errata) teaches nothing.
        const MANY: usize = 24;
        if facts.is_void
            || repositories.is_empty()
            || products.len() > MANY
            || repositories.len() > MANY
        {
            return Self::default();
        }
        Self {
            products,
            repositories,
        }
    }

    /// Whether there is nothing to learn.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.products.is_empty() || self.repositories.is_empty()
    }
}

/// How often a product's advisories link each repository.
#[derive(Debug, Clone, Default)]
struct Links {
    advisories: u32,
    repositories: Vec<(String, u32)>,
}

/// Everything the matcher knows beside the advisory and the package at hand.
#[derive(Debug, Default)]
pub struct Knowledge {
    lessons: FxHashMap<String, Lesson>,
    links: FxHashMap<VendorProduct, Links>,
    purls_of_product: FxHashMap<VendorProduct, Vec<String>>,
    checkers_of_product: FxHashMap<VendorProduct, Vec<String>>,
    projects_of_name: FxHashMap<String, Vec<String>>,
    names_of_project: FxHashMap<String, Vec<String>>,
    /// Homes that were learned elsewhere and came as a result.
    homes: FxHashMap<VendorProduct, Vec<String>>,
    rules: Rules,
}

impl Knowledge {
    /// Takes in what an advisory teaches, in place of what it taught before. Returns the products
    /// whose repositories may now be others.
    pub fn learn(&mut self, advisory: &str, lesson: Lesson) -> Vec<String> {
        let old = self.lessons.remove(advisory).unwrap_or_default();
        if old == lesson {
            if !lesson.is_empty() {
                self.lessons.insert(advisory.to_owned(), lesson);
            }
            return Vec::new();
        }
        let mut touched: Vec<String> = old
            .products
            .iter()
            .chain(&lesson.products)
            .cloned()
            .collect();
        touched.sort_unstable();
        touched.dedup();
        let before: Vec<Vec<String>> = touched
            .iter()
            .map(|product| self.learned_text(product))
            .collect();
        self.count(&old, false);
        self.count(&lesson, true);
        if !lesson.is_empty() {
            self.lessons.insert(advisory.to_owned(), lesson);
        }
        let mut changed = Vec::new();
        for (product, before) in touched.into_iter().zip(before) {
            if self.learned_text(&product) != before {
                changed.push(product);
            }
        }
        changed
    }

    fn count(&mut self, lesson: &Lesson, add: bool) {
        if lesson.is_empty() {
            return;
        }
        for product in lesson.products.iter().filter_map(|text| of_text(text)) {
            let links = self.links.entry(product).or_default();
            links.advisories = if add {
                links.advisories + 1
            } else {
                links.advisories.saturating_sub(1)
            };
            for repository in &lesson.repositories {
                match links
                    .repositories
                    .iter_mut()
                    .find(|(known, _)| known == repository)
                {
                    Some((_, count)) if add => *count += 1,
                    Some((_, count)) => *count = count.saturating_sub(1),
                    None if add => links.repositories.push((repository.clone(), 1)),
                    None => {}
                }
            }
            links.repositories.retain(|(_, count)| *count > 0);
        }
    }

    /// Takes in rules, in place of those before.
    pub fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// The rules in force.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The rules in force, to take in more.
    pub fn rules_mut(&mut self) -> &mut Rules {
        &mut self.rules
    }

    /// Takes in what another has learned of one product, without the lessons behind it.
    pub fn set_product(
        &mut self,
        product: &VendorProduct,
        homes: Vec<String>,
        purls: Vec<String>,
        checkers: Vec<String>,
    ) {
        self.homes.insert(product.clone(), homes);
        self.purls_of_product.insert(product.clone(), purls);
        self.checkers_of_product.insert(product.clone(), checkers);
    }

    /// Takes in Repology's projects of one joined package name.
    pub fn set_projects(&mut self, name: &str, projects: Vec<String>) {
        self.projects_of_name.insert(name.to_owned(), projects);
    }

    /// Repology: every joined package name with its joined projects, in no order.
    pub fn projects(&self) -> impl Iterator<Item = (&str, &[String])> {
        let all = self.projects_of_name.iter();
        all.map(|(name, projects)| (name.as_str(), projects.as_slice()))
    }

    /// Takes in rows of alias tables, in place of all rows taken in before.
    pub fn set_aliases<I: IntoIterator<Item = Alias>>(&mut self, aliases: I) {
        self.purls_of_product.clear();
        self.checkers_of_product.clear();
        self.projects_of_name.clear();
        self.names_of_project.clear();
        for alias in aliases {
            let (product, left) = (joined_product(&alias.right), alias.left.to_lowercase());
            match alias.table {
                AliasTable::Purl2cpe => {
                    push(&mut self.purls_of_product, product, &left);
                }
                AliasTable::CveBinTool => {
                    let checker = names::joined(&left);
                    push(&mut self.checkers_of_product, product, &checker);
                }
                AliasTable::Repology => {
                    let (name, project) = (names::joined(&left), names::joined(&alias.right));
                    push(&mut self.projects_of_name, name.clone(), &project);
                    push(&mut self.names_of_project, project, &name);
                }
            }
        }
    }

    /// Whether this is what the advisory taught last.
    #[must_use]
    pub fn knows(&self, advisory: &str, lesson: &Lesson) -> bool {
        self.lessons
            .get(advisory)
            .map_or_else(|| lesson.is_empty(), |known| known == lesson)
    }

    /// The repositories in which a vendor's product lives, as far as advisories show it.
    #[must_use]
    pub fn learned(&self, product: &VendorProduct) -> Vec<&str> {
        if let Some(homes) = self.homes.get(product) {
            return homes.iter().map(String::as_str).collect();
        }
        self.links
            .get(product)
            .map_or_else(Vec::new, |links| home(product, links))
    }

    fn learned_text(&self, product: &str) -> Vec<String> {
        let Some(product) = of_text(product) else {
            return Vec::new();
        };
        let mut out: Vec<String> = self
            .learned(&product)
            .into_iter()
            .map(str::to_owned)
            .collect();
        out.sort_unstable();
        out
    }

    /// purl2cpe: purls of a product, in lower case, without `pkg:`.
    #[must_use]
    pub fn purls_of_product(&self, product: &VendorProduct) -> &[String] {
        self.purls_of_product
            .get(product)
            .map_or(&[], Vec::as_slice)
    }

    /// cve-bin-tool: joined names of the checkers of a product.
    #[must_use]
    pub fn checkers_of_product(&self, product: &VendorProduct) -> &[String] {
        self.checkers_of_product
            .get(product)
            .map_or(&[], Vec::as_slice)
    }

    /// Repology: joined project names of a joined package name.
    #[must_use]
    pub fn projects_of_name(&self, name: &str) -> &[String] {
        self.projects_of_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// Repology: joined package names of a joined project name.
    #[must_use]
    pub fn names_of_project(&self, project: &str) -> &[String] {
        self.names_of_project
            .get(project)
            .map_or(&[], Vec::as_slice)
    }
}

/// The repositories that are a product's home, among all that its advisories link.
///
/// A link alone proves little: advisories link dependencies, forks and reports. A repository is
/// taken as home when its name and the product's agree and either the owner's name agrees with
/// the vendor's or a good part of the product's advisories link it.
fn home<'a>(product: &VendorProduct, links: &'a Links) -> Vec<&'a str> {
    let all = f64::from(links.advisories.max(1));
    links
        .repositories
        .iter()
        .filter(|(repository, count)| {
            let path = repository.rsplit_once('/').unwrap_or(("", repository));
            let name = names::joined(path.1);
            let owner = names::joined(path.0.rsplit('/').next().unwrap_or_default());
            let share = f64::from(*count) / all;
            let vendor = names::vendor_core(&product.vendor);
            let same_name = name == product.product
                || (name.len() > 3 && product.product.contains(&name))
                || (product.product.len() > 3 && name.contains(&product.product) && share >= 0.7);
            let same_vendor = !vendor.is_empty() && (owner == vendor || owner.contains(&vendor));
            same_name && (same_vendor || share >= 0.3 || (*count >= 2 && share >= 0.2))
        })
        .map(|(repository, _)| repository.as_str())
        .collect()
}

/// `Vendor:Product` as tables write it, in joined form.
fn joined_product(text: &str) -> VendorProduct {
    let (vendor, product) = text.split_once(':').unwrap_or(("", text));
    VendorProduct::new(vendor, product.rsplit('/').next().unwrap_or(product))
}

/// A product as [`VendorProduct::to_text`] writes it: joined forms hold no colon.
fn of_text(text: &str) -> Option<VendorProduct> {
    let (vendor, product) = text.split_once(':')?;
    Some(VendorProduct {
        vendor: vendor.to_owned(),
        product: product.to_owned(),
    })
}

fn push<K: Eq + Hash>(map: &mut FxHashMap<K, Vec<String>>, key: K, value: &str) {
    let values = map.entry(key).or_default();
    if !values.iter().any(|known| known == value) {
        values.push(value.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lesson(products: &[&str], repositories: &[&str]) -> Lesson {
        Lesson {
            products: products.iter().map(|&p| p.to_owned()).collect(),
            repositories: repositories.iter().map(|&r| r.to_owned()).collect(),
        }
    }

    #[test]
    fn a_product_s_home_is_learned_and_unlearned() {
        let mut knowledge = Knowledge::default();
        let product = VendorProduct::new("hdfgroup", "hdf5");
        let changed = knowledge.learn(
            "CVE-1",
            lesson(&["hdfgroup:hdf5"], &["github.com/hdfgroup/hdf5"]),
        );
        assert_eq!(changed, ["hdfgroup:hdf5"]);
        assert_eq!(knowledge.learned(&product), ["github.com/hdfgroup/hdf5"]);
        assert!(
            knowledge
                .learn(
                    "CVE-1",
                    lesson(&["hdfgroup:hdf5"], &["github.com/hdfgroup/hdf5"])
                )
                .is_empty()
        );
        assert_eq!(
            knowledge.learn("CVE-1", Lesson::default()),
            ["hdfgroup:hdf5"]
        );
        assert!(knowledge.learned(&product).is_empty());
    }

    #[test]
    fn a_linked_dependency_is_no_home() {
        let mut knowledge = Knowledge::default();
        for id in 0..10 {
            knowledge.learn(
                &format!("CVE-{id}"),
                lesson(
                    &["google:chrome"],
                    &["github.com/madler/zlib", "github.com/kubernetes/kubernetes"],
                ),
            );
        }
        assert!(
            knowledge
                .learned(&VendorProduct::new("google", "chrome"))
                .is_empty()
        );
    }
}
