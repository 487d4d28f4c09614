//! Ties by name, and what speaks for and against them.

use super::{Basis, Search, owner_of};
use crate::advisory_facts::{AdvisoryFacts, Identity, Row};
use crate::ecosystem::Ecosystem;
use crate::evidence::Evidence;
use crate::names;
use crate::package_facts::{Name, Rank};
use crate::repository::Pointer;
use crate::scope::Scope;
use crate::verdict::Tier;

/// A name of the package, and how directly an identity means it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Called<'a> {
    name: &'a Name,
    rank: Rank,
}

impl Called<'_> {
    /// The name of a repository is shared by all that is built from it.
    pub(super) fn basis(self) -> Basis {
        match self.name.rank {
            Rank::Repository => Basis::Repository,
            Rank::Exact | Rank::Variant => Basis::Software,
        }
    }
}

impl<'a> Search<'a> {
    pub(super) fn by_name(
        &mut self,
        index: usize,
        row: &'a Row,
        linked: Option<(&'a str, Pointer)>,
    ) {
        // A repository that the row itself gives binds as a link does.
        let linked = linked.or_else(|| {
            let own = row.repositories.iter().map(|own| own.as_str());
            own.into_iter()
                .find(|own| self.allowed.has(Evidence::Repositories) && self.has_repository(own))
                .map(|own| (own, Pointer::Content))
        });
        for identity in &row.identities {
            let Some(name) = self.name_of(identity) else {
                continue;
            };
            let learned = if self.allowed.has(Evidence::Learned) {
                self.knowledge.learned(&identity.vendor_product)
            } else {
                Vec::new()
            };
            let is_home = learned.iter().any(|home| self.has_repository(home));
            if is_home || linked.is_some() {
                self.with_repository(index, identity, name, &learned, linked);
            } else {
                self.without_repository(index, row, identity, name, &learned);
            }
        }
    }

    pub(super) fn with_repository(
        &mut self,
        index: usize,
        identity: &Identity,
        called: Called<'_>,
        learned: &[&str],
        linked: Option<(&str, Pointer)>,
    ) {
        let home = learned.iter().find(|home| self.has_repository(home));
        let (code, repository) = match (linked, home) {
            (Some((repository, _)), _) => ("name_and_link", repository),
            (None, Some(home)) => ("name_and_learned_repository", *home),
            (None, None) => return,
        };
        let text = || match linked {
            Some(_) => format!(
                "the advisory names {} and links the package's repository {repository}",
                identity.text
            ),
            None => format!(
                "other advisories of {} live in the package's repository {repository}",
                identity.text
            ),
        };
        if linked.is_none()
            && let Some(other) = self.other_product()
        {
            self.add(Some(index), Tier::Low, code, text);
            let against =
                || format!("the advisory itself names {other}, whose repository it links");
            return self.speak_against(index, "other_product", against);
        }
        self.add_on(called.basis(), Some(index), Tier::High, code, text);
    }

    /// Another product that the advisory names in its own words, not by a CPE, and in whose
    /// repository it links a change. Then a CPE that names the package is a slip of whoever added
    /// it (`electron:electron` on an advisory of electron-builder).
    fn other_product(&self) -> Option<&'a str> {
        let advisory = self.advisory;
        let changed: Vec<String> = advisory
            .links
            .iter()
            .filter(|link| link.pointer == Pointer::Change)
            .filter(|link| !self.package.repositories.contains(&link.repository))
            .map(|link| names::joined(link.repository.name()))
            .filter(|name| self.package.name(name).is_none())
            .collect();
        let mut own = advisory
            .rows
            .iter()
            .filter(|row| row.identities.iter().any(|identity| !identity.is_cpe))
            .flat_map(|row| &row.identities)
            .filter(|identity| !identity.is_cpe);
        own.find(|identity| changed.contains(&identity.vendor_product.product))
            .map(|identity| identity.text.as_str())
    }

    /// A name without a common repository: the vendor must agree, and nothing may speak against.
    pub(super) fn without_repository(
        &mut self,
        index: usize,
        row: &Row,
        identity: &Identity,
        called: Called<'_>,
        learned: &[&str],
    ) {
        let Called { name, rank } = called;
        // A repository's name is shared by all that is built from it; alone it ties nothing.
        if rank == Rank::Repository {
            return;
        }
        let text = || format!("the advisory's {} is the package's name", identity.text);
        let weak = |search: &mut Self, code: &str, against: &dyn Fn() -> String| {
            search.add(Some(index), Tier::Low, "name_equal", text);
            search.speak_against(index, code, against);
        };
        if row.is_distribution {
            return weak(self, "distribution_row", &|| {
                "the row is a distribution's own package".to_owned()
            });
        }
        match (identity.ecosystem, self.package.scope) {
            (Some(Ecosystem::Plugin), scope) if scope != Scope::Plugin => {
                return weak(self, "other_ecosystem", &|| {
                    format!("{} is a plugin or an app elsewhere", identity.text)
                });
            }
            (Some(of @ Ecosystem::Java), Scope::Program) if identity.is_grouped() => {
                let against = || {
                    format!(
                        "{} is a library of the ecosystem {}",
                        identity.text,
                        of.tag()
                    )
                };
                return weak(self, "other_ecosystem", &against);
            }
            (Some(of), Scope::Language(own)) if of == own => {}
            (_, Scope::Language(own)) => {
                let against = || {
                    format!(
                        "the package is of the ecosystem {}, the advisory is not",
                        own.tag()
                    )
                };
                return weak(self, "other_ecosystem", &against);
            }
            (_, Scope::Plugin) => {
                return weak(self, "plugin_scope", &|| {
                    "the package is a plugin of that name".to_owned()
                });
            }
            (_, Scope::Variant) => {
                return weak(self, "variant_scope", &|| {
                    "the package is another build of the software".to_owned()
                });
            }
            (_, Scope::Program) => {}
        }
        if let Some(other) = self.namesake(name, learned) {
            let same_owner = self
                .package
                .repositories
                .iter()
                .any(|own| own.owner() == owner_of(other));
            let owned = !identity.vendor_core.is_empty()
                && self.package.owners.contains(&identity.vendor_core);
            if same_owner || !owned {
                let against = || format!("the advisory's repository {other} is not the package's");
                return weak(self, "other_repository", &against);
            }
            let text = || format!("{}, and its vendor owns the package's repository", text());
            return self.add(Some(index), Tier::Medium, "name_and_owner", text);
        }
        if identity.vendor_core.is_empty() {
            return weak(self, "no_vendor", &|| {
                "the advisory names no vendor".to_owned()
            });
        }
        if rank != Rank::Exact {
            return weak(self, "name_of_variant", &|| {
                "the name is a longer or shorter form of the package's".to_owned()
            });
        }
        let is_prefixed = name.dashed.ends_with(&identity.dashed);
        if !is_prefixed && self.is_only_joined(identity, name) {
            return weak(self, "other_spelling", &|| {
                format!("{} is written otherwise", name.dashed)
            });
        }
        if let Some((ecosystem, module)) = self.library_elsewhere(identity) {
            let against = || {
                format!(
                    "the advisory is about {module} of the ecosystem {}",
                    ecosystem.tag()
                )
            };
            return weak(self, "other_ecosystem", &against);
        }
        match self.vendor_agrees(identity) {
            Some(how) => self.add(Some(index), Tier::Medium, "name_and_vendor", || {
                format!("{}, and {how}", text())
            }),
            None => weak(self, "other_vendor", &|| {
                format!("nothing connects the package with {}", identity.text)
            }),
        }
    }

    /// A library of some ecosystem that the advisory is about, whose name holds the product's,
    /// where the package is not that library: `google.golang.org/protobuf` is not `protobuf`.
    fn library_elsewhere(&self, identity: &Identity) -> Option<(Ecosystem, &'a str)> {
        let advisory = self.advisory;
        let mut named = advisory.rows.iter().flat_map(|row| &row.ecosystem_names);
        named
            .find(|(ecosystem, name)| {
                matches!(ecosystem, Ecosystem::Go | Ecosystem::Java)
                    && name
                        .split(['/', ':'])
                        .any(|part| names::joined(part) == identity.vendor_product.product)
                    && !self.package.ecosystem_names.iter().any(|(own, own_name)| {
                        own == ecosystem && name.starts_with(own_name.as_str())
                    })
            })
            .map(|(ecosystem, name)| (*ecosystem, name.as_str()))
    }

    /// A repository of the advisory with the package's name that is not the package's.
    pub(super) fn namesake<'b>(&self, name: &Name, learned: &[&'b str]) -> Option<&'b str>
    where
        'a: 'b,
    {
        let advisory: &'a AdvisoryFacts = self.advisory;
        if self.package.repositories.is_empty() || !self.allowed.has(Evidence::Repositories) {
            return None;
        }
        let linked = advisory.links.iter().map(|link| link.repository.as_str());
        let own = advisory
            .rows
            .iter()
            .flat_map(|row| &row.repositories)
            .map(|repo| repo.as_str());
        linked
            .chain(own)
            .chain(learned.iter().copied())
            .find(|other| {
                if self.has_repository(other) {
                    return false;
                }
                let last = other.rsplit('/').next().unwrap_or_default();
                let is_it = |name: &Name| names::is_joined(last, &name.joined);
                is_it(name) || self.package.names.iter().any(is_it)
            })
    }

    /// `github` (the company) and `git-hub` (a program) are equal only without their dashes.
    pub(super) fn is_only_joined(&self, identity: &Identity, name: &Name) -> bool {
        identity.dashed != name.dashed
            && identity.vendor_core == identity.vendor_product.product
            && !self.package.owners.contains(&identity.vendor_core)
    }

    /// The package's name that an identity stands for.
    pub(super) fn name_of(&self, identity: &Identity) -> Option<Called<'a>> {
        let package = self.package;
        let named = |name: &'a Name| Called {
            name,
            rank: name.rank,
        };
        let product = identity.vendor_product.product.as_str();
        let direct = package.name(product);
        if let Some(name) = direct.filter(|name| name.rank == Rank::Exact) {
            return Some(named(name));
        }
        let derived = |name: &'a Name| Called {
            name,
            rank: name.rank.max(Rank::Variant),
        };
        let vendor = identity.vendor_core.as_str();
        if let Some(short) = names::without_noun(vendor, product)
            && let Some(name) = package.name(short)
        {
            // The vendor's own main product: as good as the name itself.
            return Some(named(name));
        }
        let together = package
            .names
            .iter()
            .find(|name| name.joined.strip_prefix(vendor) == Some(product));
        // `grafana:loki` is `grafana-loki`; only run together, the two may be a third name.
        let spelt_out = together.filter(|name| {
            let rest = name.dashed.strip_prefix(vendor);
            let rest = rest.and_then(|rest| rest.strip_prefix('-'));
            vendor.len() >= 2 && rest == Some(identity.dashed.as_str())
        });
        if let Some(name) = spelt_out.or(direct) {
            return Some(named(name));
        }
        if vendor.len() >= 2 {
            if let Some(name) = together {
                return Some(derived(name));
            }
            if let Some(rest) = product.strip_prefix(vendor)
                && rest.len() >= 4
                && !names::is_generic(rest)
                && let Some(name) = package.name(rest)
            {
                return Some(derived(name));
            }
        }
        if self.allowed.has(Evidence::Repology) && package.scope.names_programs() {
            for name in package.names.iter().filter(|name| name.rank == Rank::Exact) {
                if self
                    .knowledge
                    .projects_of_name(&name.joined)
                    .iter()
                    .any(|project| project == product)
                {
                    return Some(derived(name));
                }
            }
        }
        None
    }

    pub(super) fn vendor_agrees(&self, identity: &Identity) -> Option<String> {
        let vendor = identity.vendor_core.as_str();
        let package = self.package;
        if vendor == identity.vendor_product.product {
            return Some("the vendor is named after it".to_owned());
        }
        if package.owners.iter().any(|owner| {
            owner == vendor
                || (vendor.len() > 3 && owner.contains(vendor))
                || (owner.len() > 3 && vendor.contains(owner.as_str()))
        }) {
            return Some("the vendor owns its repository".to_owned());
        }
        let on_host = package.hosts.iter().find(|host| {
            !host.contains("github")
                && !host.contains("gitlab")
                && names::joined(host).contains(vendor)
        });
        if let (Some(host), true) = (on_host, vendor.len() > 2) {
            return Some(format!("the vendor's name is in {host}"));
        }
        let described =
            vendor.len() > 3 && package.description.split('-').any(|word| word == vendor);
        described.then(|| "its description names the vendor".to_owned())
    }
}
