//! Ties by what names software without doubt: identifiers, ecosystems, repositories, tables.

use super::{Basis, Search};
use crate::advisory_facts::Row;
use crate::ecosystem::Ecosystem;
use crate::evidence::Evidence;
use crate::names;
use crate::package_facts::Rank;
use crate::repository::Repository;
use crate::verdict::Tier;

impl<'a> Search<'a> {
    /// A patch or a `knownVulnerabilities` entry that names the advisory is Nixpkgs's own word.
    pub(super) fn mentions(&mut self) {
        let package = self.package;
        for (id, patch) in &package.patched {
            if self.advisory.ids.contains(id) {
                self.add(None, Tier::High, "patch_names_advisory", || {
                    format!("the patch {patch} names {id}")
                });
            }
        }
        for (id, entry) in &package.known_vulnerable {
            if self.advisory.ids.contains(id) {
                let text = || format!("knownVulnerabilities names {id}: {entry}");
                self.add(None, Tier::High, "known_vulnerability", text);
            }
        }
    }

    pub(super) fn by_identifier(&mut self, index: usize, row: &Row) {
        if !self.allowed.has(Evidence::Identifiers) {
            return;
        }
        for identity in row.identities.iter().filter(|identity| identity.is_cpe) {
            if let Some((cpe, exact)) = self
                .package
                .cpes
                .iter()
                .find(|(cpe, _)| *cpe == identity.vendor_product)
            {
                let kind = if *exact { "CPE" } else { "possible CPE" };
                let text = || {
                    format!(
                        "the package's {kind} is {}, which the advisory names",
                        cpe.to_text()
                    )
                };
                self.add(Some(index), Tier::High, "cpe_equal", text);
            }
        }
    }

    pub(super) fn by_ecosystem(&mut self, index: usize, row: &Row) {
        if !self.allowed.has(Evidence::Ecosystems) {
            return;
        }
        for (ecosystem, name) in &row.ecosystem_names {
            let same = self.package.ecosystem_names.iter().any(|(own, own_name)| {
                own == ecosystem
                    && (own_name == name
                        // A Go module may live below its repository's root.
                        || (*ecosystem == Ecosystem::Go
                            && name.strip_prefix(own_name.as_str()).is_some_and(|rest| rest.starts_with('/'))))
            });
            if same && *ecosystem != Ecosystem::Plugin {
                let text = || format!("both are {name} in the ecosystem {}", ecosystem.tag());
                // A module of Go is named by its repository, whose every program has the name.
                let basis = match ecosystem {
                    Ecosystem::Go => Basis::Repository,
                    _ => Basis::Software,
                };
                self.add_on(basis, Some(index), Tier::High, "ecosystem_name_equal", text);
            }
        }
    }

    pub(super) fn by_row_repository(&mut self, index: usize, row: &Row) {
        if !self.allowed.has(Evidence::Repositories) {
            return;
        }
        for repository in &row.repositories {
            if self.package.repositories.contains(repository) {
                if let Some(other) = self.stranger_in(row, repository) {
                    let text = || {
                        format!(
                            "the advisory gives the package's repository {} for {other}",
                            repository.as_str()
                        )
                    };
                    self.add(Some(index), Tier::Low, "repository_of_other_name", text);
                    continue;
                }
                let text = || {
                    format!(
                        "the advisory's repository {} is the package's",
                        repository.as_str()
                    )
                };
                let basis = Basis::Repository;
                self.add_on(basis, Some(index), Tier::High, "repository_equal", text);
            }
        }
    }

    /// The name that a row has for its software, where it shares nothing with the repository that
    /// the row gives nor with the package. CNAs fill in repositories by hand, and wrongly at times
    /// (CVE-2024-2700 gives Cockpit's for Quarkus); or they mean a part of what lies there.
    fn stranger_in<'b>(&self, row: &'b Row, repository: &Repository) -> Option<&'b str> {
        let home = names::joined(repository.name());
        let is_kin = |product: &str| {
            let names = self.package.names.iter().map(|name| name.joined.as_str());
            names
                .chain([home.as_str()])
                .any(|own| names::are_kin(own, product))
        };
        let mut given = row.identities.iter().filter(|identity| !identity.is_cpe);
        let first = given.next()?;
        let products = std::iter::once(first).chain(given);
        let none = products
            .map(|identity| identity.vendor_product.product.as_str())
            .all(|product| !is_kin(product));
        none.then_some(first.text.as_str())
    }

    pub(super) fn by_alias_table(&mut self, index: usize, row: &Row) {
        for identity in row.identities.iter().filter(|identity| identity.is_cpe) {
            let product = &identity.vendor_product;
            if self.allowed.has(Evidence::Purl2cpe) {
                for purl in self.knowledge.purls_of_product(product) {
                    if let Some((tier, basis)) = self.is_purl_of_package(purl) {
                        let text = || {
                            let product = product.to_text();
                            format!("purl2cpe gives {product} for pkg:{purl}, which is the package")
                        };
                        self.add_on(basis, Some(index), tier, "purl2cpe", text);
                    }
                }
            }
            if self.allowed.has(Evidence::CveBinTool) && self.package.scope.names_programs() {
                for checker in self.knowledge.checkers_of_product(product) {
                    if self
                        .package
                        .name(checker)
                        .is_some_and(|name| name.rank == Rank::Exact)
                    {
                        let text =
                            || format!("cve-bin-tool knows {} as {checker}", product.to_text());
                        self.add(Some(index), Tier::Medium, "cve_bin_tool", text);
                    }
                }
            }
        }
    }

    /// Whether a purl of an alias table is this package: by repository or by ecosystem name.
    /// A distribution's package name counts as a name only.
    pub(super) fn is_purl_of_package(&self, purl: &str) -> Option<(Tier, Basis)> {
        let (kind, rest) = purl.split_once('/')?;
        let host = match kind {
            "github" => Some("github.com/"),
            "gitlab" => Some("gitlab.com/"),
            "bitbucket" => Some("bitbucket.org/"),
            "sourceforge" => Some("sourceforge/"),
            _ => None,
        };
        if let Some(host) = host {
            // Asked for with every pair of a product with many purls: nothing is put together here.
            return self
                .package
                .repositories
                .iter()
                .any(|own| own.as_str().strip_prefix(host) == Some(rest))
                .then_some((Tier::High, Basis::Repository));
        }
        if let Some(ecosystem) = Ecosystem::from_purl_type(kind) {
            let mut own = self.package.ecosystem_names.iter();
            return own
                .any(|(known, name)| *known == ecosystem && *name == ecosystem.canonical(rest))
                .then_some((Tier::High, Basis::Software));
        }
        if matches!(kind, "deb" | "rpm" | "apk" | "alpm") && self.package.scope.names_programs() {
            let name = names::joined(rest.rsplit('/').next()?);
            let exact = self
                .package
                .name(&name)
                .is_some_and(|name| name.rank == Rank::Exact);
            let is_it = exact && !names::is_generic(&name);
            return is_it.then_some((Tier::Medium, Basis::Software));
        }
        None
    }
}
