//! Whether an advisory and a package speak of the same software, and how sure that is.

use crate::advisory_facts::{AdvisoryFacts, Identity, Row};
use crate::ecosystem::Ecosystem;
use crate::evidence::{Allowed, Evidence};
use crate::knowledge::Knowledge;
use crate::names;
use crate::package_facts::{Name, PackageFacts, Rank};
use crate::repository::Pointer;
use crate::scope::Scope;
use crate::verdict::{Reason, Tier, Weight};

/// A tie: how sure, why, and which rows of the advisory it rests on.
#[derive(Debug, Clone)]
pub struct Tie {
    /// How sure.
    pub tier: Tier,
    /// What ties the two, and what speaks against.
    pub reasons: Vec<Reason>,
    /// Indices into [`AdvisoryFacts::rows`] that speak of this package.
    pub rows: Vec<usize>,
}

/// Looks for a tie. `None` where nothing but chance connects the two.
#[must_use]
pub fn tie(
    advisory: &AdvisoryFacts,
    package: &PackageFacts,
    knowledge: &Knowledge,
    allowed: Allowed,
) -> Option<Tie> {
    Search {
        advisory,
        package,
        knowledge,
        allowed,
        found: Vec::new(),
        against: Vec::new(),
    }
    .run()
}

/// A row's tie.
struct Found {
    row: Option<usize>,
    tier: Tier,
    reason: Reason,
}

struct Search<'a> {
    advisory: &'a AdvisoryFacts,
    package: &'a PackageFacts,
    knowledge: &'a Knowledge,
    allowed: Allowed,
    found: Vec<Found>,
    against: Vec<Reason>,
}

impl<'a> Search<'a> {
    fn run(mut self) -> Option<Tie> {
        if self.allowed.has(Evidence::Mentions) {
            self.mentions();
        }
        let linked = self.linked_repository();
        for (index, row) in self.advisory.rows.iter().enumerate() {
            self.by_identifier(index, row);
            self.by_ecosystem(index, row);
            self.by_row_repository(index, row);
            self.by_alias_table(index, row);
            self.by_name(index, row, linked);
        }
        self.by_link(linked);
        self.finish()
    }

    fn finish(self) -> Option<Tie> {
        let mut tier = self.found.iter().map(|found| found.tier).min()?;
        if self.package.scope == Scope::Variant {
            // The software is judged where it stands first; a build for another target follows it.
            tier = Tier::Low;
        }
        let mut rows: Vec<usize> = Vec::new();
        let mut reasons: Vec<Reason> = Vec::new();
        let mut found = self.found;
        found.sort_by_key(|found| found.tier);
        for Found {
            row,
            tier: own,
            reason,
        } in found
        {
            // A weak tie of one row adds nothing where another row ties surely.
            if own == Tier::Low && tier != Tier::Low {
                continue;
            }
            if let Some(row) = row
                && !rows.contains(&row)
            {
                rows.push(row);
            }
            if !reasons
                .iter()
                .any(|known| known.code == reason.code && known.text == reason.text)
            {
                reasons.push(reason);
            }
        }
        for reason in self.against {
            if !reasons.iter().any(|known| known.text == reason.text) {
                reasons.push(reason);
            }
        }
        rows.sort_unstable();
        Some(Tie {
            tier,
            reasons,
            rows,
        })
    }

    fn add(&mut self, row: Option<usize>, tier: Tier, code: &str, text: String) {
        let at = row.map(|row| self.advisory.rows[row].at.clone());
        let reason = Reason {
            code: code.to_owned(),
            weight: Weight::Tie,
            text,
            at,
        };
        self.found.push(Found { row, tier, reason });
    }

    fn speak_against(&mut self, row: usize, code: &str, text: String) {
        let at = Some(self.advisory.rows[row].at.clone());
        self.against.push(Reason {
            code: code.to_owned(),
            weight: Weight::Against,
            text,
            at,
        });
    }

    /// A patch or a `knownVulnerabilities` entry that names the advisory is Nixpkgs's own word.
    fn mentions(&mut self) {
        let package = self.package;
        for (id, patch) in &package.patched {
            if self.advisory.ids.contains(id) {
                self.add(
                    None,
                    Tier::High,
                    "patch_names_advisory",
                    format!("the patch {patch} names {id}"),
                );
            }
        }
        for (id, entry) in &package.known_vulnerable {
            if self.advisory.ids.contains(id) {
                let text = format!("knownVulnerabilities names {id}: {entry}");
                self.add(None, Tier::High, "known_vulnerability", text);
            }
        }
    }

    fn by_identifier(&mut self, index: usize, row: &Row) {
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
                let text = format!(
                    "the package's {kind} is {}, which the advisory names",
                    cpe.to_text()
                );
                self.add(Some(index), Tier::High, "cpe_equal", text);
            }
        }
    }

    fn by_ecosystem(&mut self, index: usize, row: &Row) {
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
                let text = format!("both are {name} in the ecosystem {}", ecosystem.tag());
                self.add(Some(index), Tier::High, "ecosystem_name_equal", text);
            }
        }
    }

    fn by_row_repository(&mut self, index: usize, row: &Row) {
        if !self.allowed.has(Evidence::Repositories) {
            return;
        }
        for repository in &row.repositories {
            if self.package.repositories.contains(repository) {
                let text = format!(
                    "the advisory's repository {} is the package's",
                    repository.as_str()
                );
                self.add(Some(index), Tier::High, "repository_equal", text);
            }
        }
    }

    fn by_alias_table(&mut self, index: usize, row: &Row) {
        for identity in row.identities.iter().filter(|identity| identity.is_cpe) {
            let product = identity.vendor_product.to_text();
            if self.allowed.has(Evidence::Purl2cpe) {
                for purl in self.knowledge.purls_of_product(&product) {
                    if let Some(tier) = self.is_purl_of_package(purl) {
                        let text = format!(
                            "purl2cpe gives {product} for pkg:{purl}, which is the package"
                        );
                        self.add(Some(index), tier, "purl2cpe", text);
                    }
                }
            }
            if self.allowed.has(Evidence::CveBinTool) && self.package.scope.names_programs() {
                for checker in self.knowledge.checkers_of_product(&product) {
                    if self
                        .package
                        .name(checker)
                        .is_some_and(|name| name.rank == Rank::Exact)
                    {
                        let text = format!("cve-bin-tool knows {product} as {checker}");
                        self.add(Some(index), Tier::Medium, "cve_bin_tool", text);
                    }
                }
            }
        }
    }

    /// Whether a purl of an alias table is this package: by repository or by ecosystem name.
    /// A distribution's package name counts as a name only.
    fn is_purl_of_package(&self, purl: &str) -> Option<Tier> {
        let (kind, rest) = purl.split_once('/')?;
        let repository = match kind {
            "github" | "gitlab" => Some(format!("{kind}.com/{rest}")),
            "bitbucket" => Some(format!("bitbucket.org/{rest}")),
            "sourceforge" => Some(format!("sourceforge/{rest}")),
            _ => None,
        };
        if let Some(repository) = repository {
            return self
                .package
                .repositories
                .iter()
                .any(|own| own.as_str() == repository)
                .then_some(Tier::High);
        }
        if let Some(ecosystem) = Ecosystem::from_purl_type(kind) {
            let name = ecosystem.canonical(rest);
            return self
                .package
                .ecosystem_names
                .contains(&(ecosystem, name))
                .then_some(Tier::High);
        }
        if matches!(kind, "deb" | "rpm" | "apk" | "alpm") && self.package.scope.names_programs() {
            let name = names::joined(rest.rsplit('/').next()?);
            let exact = self
                .package
                .name(&name)
                .is_some_and(|name| name.rank == Rank::Exact);
            return (exact && !names::is_generic(&name)).then_some(Tier::Medium);
        }
        None
    }

    /// The first of the package's repositories that a reference of the advisory links.
    fn linked_repository(&self) -> Option<(&'a str, Pointer)> {
        if !self.allowed.has(Evidence::Repositories) {
            return None;
        }
        let advisory = self.advisory;
        advisory
            .links
            .iter()
            .filter(|link| self.package.repositories.contains(&link.repository))
            .map(|link| (link.repository.as_str(), link.pointer))
            .max_by_key(|(_, pointer)| *pointer)
    }

    fn by_name(&mut self, index: usize, row: &'a Row, linked: Option<(&'a str, Pointer)>) {
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
                self.with_repository(index, identity, &learned, linked);
            } else {
                self.without_repository(index, row, identity, &name, &learned);
            }
        }
    }

    fn with_repository(
        &mut self,
        index: usize,
        identity: &Identity,
        learned: &[&str],
        linked: Option<(&str, Pointer)>,
    ) {
        let (code, text) = match (
            linked,
            learned.iter().find(|home| self.has_repository(home)),
        ) {
            (Some((repository, _)), _) => (
                "name_and_link",
                format!(
                    "the advisory names {} and links the package's repository {repository}",
                    identity.text
                ),
            ),
            (None, Some(home)) => (
                "name_and_learned_repository",
                format!(
                    "other advisories of {} live in the package's repository {home}",
                    identity.text
                ),
            ),
            (None, None) => return,
        };
        self.add(Some(index), Tier::High, code, text);
    }

    /// A name without a common repository: the vendor must agree, and nothing may speak against.
    fn without_repository(
        &mut self,
        index: usize,
        row: &Row,
        identity: &Identity,
        name: &Name,
        learned: &[&str],
    ) {
        // A repository's name is shared by all that is built from it; alone it ties nothing.
        if name.rank == Rank::Repository {
            return;
        }
        let text = format!("the advisory's {} is the package's name", identity.text);
        let weak = |search: &mut Self, code: &str, against: String| {
            search.add(Some(index), Tier::Low, "name_equal", text.clone());
            search.speak_against(index, code, against);
        };
        if row.is_distribution {
            return weak(
                self,
                "distribution_row",
                "the row is a distribution's own package".to_owned(),
            );
        }
        match (identity.ecosystem, self.package.scope) {
            (Some(Ecosystem::Plugin), scope) if scope != Scope::Plugin => {
                return weak(
                    self,
                    "other_ecosystem",
                    format!("{} is a plugin or an app elsewhere", identity.text),
                );
            }
            (Some(of), Scope::Language(own)) if of == own => {}
            (_, Scope::Language(own)) => {
                let against = format!(
                    "the package is of the ecosystem {}, the advisory is not",
                    own.tag()
                );
                return weak(self, "other_ecosystem", against);
            }
            (_, Scope::Plugin) => {
                return weak(
                    self,
                    "plugin_scope",
                    "the package is a plugin of that name".to_owned(),
                );
            }
            (_, Scope::Variant) => {
                return weak(
                    self,
                    "variant_scope",
                    "the package is another build of the software".to_owned(),
                );
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
                let against = format!("the advisory's repository {other} is not the package's");
                return weak(self, "other_repository", against);
            }
            let text = format!("{}, and its vendor owns the package's repository", text);
            return self.add(Some(index), Tier::Medium, "name_and_owner", text);
        }
        if identity.vendor_core.is_empty() {
            return weak(self, "no_vendor", "the advisory names no vendor".to_owned());
        }
        if name.rank != Rank::Exact {
            return weak(
                self,
                "name_of_variant",
                "the name is a longer or shorter form of the package's".to_owned(),
            );
        }
        let is_prefixed = name.dashed.ends_with(&identity.dashed);
        if !is_prefixed && self.is_only_joined(identity, name) {
            return weak(
                self,
                "other_spelling",
                format!("{} is written otherwise", name.dashed),
            );
        }
        match self.vendor_agrees(identity) {
            Some(how) => self.add(
                Some(index),
                Tier::Medium,
                "name_and_vendor",
                format!("{text}, and {how}"),
            ),
            None => weak(
                self,
                "other_vendor",
                format!("nothing connects the package with {}", identity.text),
            ),
        }
    }

    /// A repository of the advisory with the package's name that is not the package's.
    fn namesake<'b>(&'b self, name: &Name, learned: &[&'b str]) -> Option<&'b str> {
        if self.package.repositories.is_empty() || !self.allowed.has(Evidence::Repositories) {
            return None;
        }
        let linked = self
            .advisory
            .links
            .iter()
            .map(|link| link.repository.as_str());
        let own = self
            .advisory
            .rows
            .iter()
            .flat_map(|row| &row.repositories)
            .map(|repo| repo.as_str());
        linked
            .chain(own)
            .chain(learned.iter().copied())
            .find(|other| {
                let joined = names::joined(other.rsplit('/').next().unwrap_or_default());
                joined == name.joined || self.package.name(&joined).is_some()
            })
    }

    /// `github` (the company) and `git-hub` (a program) are equal only without their dashes.
    fn is_only_joined(&self, identity: &Identity, name: &Name) -> bool {
        identity.dashed != name.dashed
            && identity.vendor_core == identity.vendor_product.product
            && !self.package.owners.contains(&identity.vendor_core)
    }

    /// The package's name that an identity stands for.
    fn name_of(&self, identity: &Identity) -> Option<Name> {
        let product = identity.vendor_product.product.as_str();
        let direct = self.package.name(product);
        if let Some(name) = direct.filter(|name| name.rank == Rank::Exact) {
            return Some(name.clone());
        }
        let derived = |name: &Name| Name {
            rank: name.rank.max(Rank::Variant),
            ..name.clone()
        };
        if let Some(short) = names::without_noun(&identity.vendor_core, product)
            && let Some(name) = self.package.name(short)
        {
            // The vendor's own main product: as good as the name itself.
            return Some(name.clone());
        }
        let vendor = identity.vendor_core.as_str();
        let together = self.package.name(&format!("{vendor}{product}"));
        // `grafana:loki` is `grafana-loki`; only run together, the two may be a third name.
        let spelt_out = together.filter(|name| {
            vendor.len() >= 2 && name.dashed == format!("{vendor}-{}", identity.dashed)
        });
        if let Some(name) = spelt_out.or(direct) {
            return Some(name.clone());
        }
        if vendor.len() >= 2 {
            if let Some(name) = together {
                return Some(derived(name));
            }
            if let Some(rest) = product.strip_prefix(vendor)
                && rest.len() >= 4
                && !names::is_generic(rest)
                && let Some(name) = self.package.name(rest)
            {
                return Some(derived(name));
            }
        }
        if self.allowed.has(Evidence::Repology) && self.package.scope.names_programs() {
            for name in self
                .package
                .names
                .iter()
                .filter(|name| name.rank == Rank::Exact)
            {
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

    fn vendor_agrees(&self, identity: &Identity) -> Option<String> {
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

    fn has_repository(&self, text: &str) -> bool {
        self.package
            .repositories
            .iter()
            .any(|own| own.as_str() == text)
    }

    /// A linked repository whose owner is the vendor ties even where the names differ
    /// (`pi-hole:ftldns` and `github.com/pi-hole/ftl`).
    fn by_link(&mut self, linked: Option<(&str, Pointer)>) {
        let Some((repository, pointer)) = linked else {
            return;
        };
        if self.found.iter().any(|found| found.tier != Tier::Low) {
            return;
        }
        let owners = &self.package.owners;
        // An advisory that links several of the owner's repositories is about one of them only.
        let owner = owner_of(repository);
        let alone = self
            .advisory
            .links
            .iter()
            .filter(|link| link.repository.owner() == owner)
            .count()
            == 1;
        let row = self.advisory.rows.iter().position(|row| {
            row.identities.iter().any(|identity| {
                !identity.vendor_core.is_empty() && owners.contains(&identity.vendor_core)
            })
        });
        let text = format!("the advisory links the package's repository {repository}");
        match row {
            Some(row) if alone && pointer == Pointer::Change => {
                self.add(
                    Some(row),
                    Tier::Medium,
                    "link_and_owner",
                    format!("{text}, whose owner is the vendor"),
                );
            }
            _ => self.add(None, Tier::Low, "link", text),
        }
    }
}

fn owner_of(repository: &str) -> &str {
    let head = repository.rsplit_once('/').map_or("", |(head, _)| head);
    head.split_once('/').map_or("", |(_, owner)| owner)
}
