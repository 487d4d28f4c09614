//! Whether an advisory and a package speak of the same software, and how sure that is.

mod by_name;
mod by_rule;
mod identifiers;
mod parts;

use crate::advisory_facts::{AdvisoryFacts, Row};
use crate::evidence::{Allowed, Evidence};
use crate::knowledge::Knowledge;
use crate::names;
use crate::package_facts::PackageFacts;
use crate::repository::Pointer;
use crate::scope::Scope;
use crate::verdict::{Reason, Tier, Weight};
use crate::wording::Wording;

/// A tie: how sure, why, and which rows of the advisory it rests on.
#[derive(Debug, Clone)]
pub struct Tie {
    /// How sure.
    pub tier: Tier,
    /// What ties the two, and what speaks against.
    pub reasons: Vec<Reason>,
    /// Indices into [`AdvisoryFacts::rows`] that speak of this package.
    pub rows: Vec<usize>,
    /// Why the tie, though of a tier that is shown, rests on one witness alone. Such a pair is worth
    /// showing only while there is something to decide about it.
    pub thin: Option<Thin>,
}

/// A tie that rests on one witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thin {
    /// Only a distribution has spoken: every vulnerable CPE is of its own products.
    Distribution,
    /// Only a table of aliases ties the two, and the vendor is another.
    Table,
}

impl Thin {
    /// Code of the reason, and its sentence.
    #[must_use]
    pub fn reason(self) -> (&'static str, &'static str) {
        match self {
            Self::Distribution => (
                "distribution_alone",
                "only a distribution has spoken of it, no CPE names the software itself, and the \
                 package's version lies outside of what it says",
            ),
            Self::Table => (
                "table_alone",
                "only a table of aliases ties the two, and the package's version lies outside of \
                 what the advisory says",
            ),
        }
    }
}

/// Looks for a tie. `None` where nothing but chance connects the two.
#[must_use]
pub fn tie(
    advisory: &AdvisoryFacts,
    package: &PackageFacts,
    knowledge: &Knowledge,
    allowed: Allowed,
) -> Option<Tie> {
    tie_in(Wording::Full, advisory, package, knowledge, allowed)
}

/// The same, with or without words.
pub(crate) fn tie_in(
    wording: Wording,
    advisory: &AdvisoryFacts,
    package: &PackageFacts,
    knowledge: &Knowledge,
    allowed: Allowed,
) -> Option<Tie> {
    Search {
        wording,
        advisory,
        package,
        knowledge,
        allowed,
        found: Vec::new(),
        against: Vec::new(),
        barred: Vec::new(),
    }
    .run()
}

/// A row's tie.
struct Found {
    row: Option<usize>,
    tier: Tier,
    basis: Basis,
    code: &'static str,
    text: String,
    at: Option<String>,
}

/// What a tie rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Basis {
    /// What stands for this package and no other.
    Software,
    /// The repository that it is built from, which others may share.
    Repository,
}

struct Search<'a> {
    wording: Wording,
    advisory: &'a AdvisoryFacts,
    package: &'a PackageFacts,
    knowledge: &'a Knowledge,
    allowed: Allowed,
    found: Vec<Found>,
    against: Vec<Reason>,
    /// Rows that a rule keeps from the package, in order.
    barred: Vec<usize>,
}

impl<'a> Search<'a> {
    fn run(mut self) -> Option<Tie> {
        if self.allowed.has(Evidence::Mentions) {
            self.mentions();
        }
        let linked = self.linked_repository();
        let rules = self.knowledge.rules();
        let is_ruled = !rules.is_empty() && self.allowed.has(Evidence::Rules);
        for (index, row) in self.advisory.rows.iter().enumerate() {
            match is_ruled.then(|| rules.ruling(row, self.package)).flatten() {
                None => self.by_row(index, row, linked),
                Some(ruling) => self.by_rule(ruling, index, row, linked),
            }
        }
        self.by_link(linked);
        self.weigh_parts();
        self.finish()
    }

    fn by_row(&mut self, index: usize, row: &'a Row, linked: Option<(&'a str, Pointer)>) {
        self.by_identifier(index, row);
        self.by_ecosystem(index, row);
        self.by_row_repository(index, row);
        self.by_alias_table(index, row);
        self.by_name(index, row, linked);
    }

    fn finish(self) -> Option<Tie> {
        let mut tier = self.found.iter().map(|found| found.tier).min()?;
        let is_named = |found: &Found| found.code == "rule_identity";
        if self.package.scope == Scope::Variant && !self.found.iter().any(is_named) {
            // The software is judged where it stands first; a build for another target follows it.
            tier = Tier::Low;
        }
        let thin = self.thin(tier);
        let mut rows: Vec<usize> = Vec::new();
        let mut reasons: Vec<Reason> = Vec::new();
        let mut found = self.found;
        found.sort_by_key(|found| found.tier);
        for Found {
            row,
            tier: own,
            code,
            text,
            at,
            ..
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
            if self.wording == Wording::Full
                && !reasons
                    .iter()
                    .any(|known| known.code == code && known.text == text)
            {
                reasons.push(Reason {
                    code: code.to_owned(),
                    weight: Weight::Tie,
                    text,
                    at,
                });
            }
        }
        for reason in self.against {
            if !reasons.iter().any(|known| known.text == reason.text) {
                reasons.push(reason);
            }
        }
        rows.sort_unstable();
        Some(Tie {
            thin,
            tier,
            reasons,
            rows,
        })
    }

    fn thin(&self, tier: Tier) -> Option<Thin> {
        let shown = || self.found.iter().filter(|found| found.tier == tier);
        // Nixpkgs' own word needs no other witness, nor does a person's.
        let is_enough = |found: &Found| found.row.is_none() || found.code.starts_with("rule_");
        if tier == Tier::Low || shown().any(is_enough) {
            return None;
        }
        let is_table = shown().all(|found| found.code == "cve_bin_tool");
        let is_against = |reason: &Reason| reason.code == "other_vendor";
        if is_table && self.against.iter().any(is_against) {
            return Some(Thin::Table);
        }
        let mut cpes = self
            .advisory
            .rows
            .iter()
            .flat_map(|row| &row.identities)
            .filter(|identity| identity.is_cpe)
            .peekable();
        // `redhat:keycloak` for `keycloak`: then the software is named after all.
        let is_distribution = cpes.peek().is_some()
            && cpes.all(|identity| {
                names::is_distribution(&identity.vendor_product.vendor)
                    && self.name_of(identity).is_none()
            });
        is_distribution.then_some(Thin::Distribution)
    }

    fn add(
        &mut self,
        row: Option<usize>,
        tier: Tier,
        code: &'static str,
        text: impl FnOnce() -> String,
    ) {
        self.add_on(Basis::Software, row, tier, code, text);
    }

    fn add_on(
        &mut self,
        basis: Basis,
        row: Option<usize>,
        tier: Tier,
        code: &'static str,
        text: impl FnOnce() -> String,
    ) {
        let at = row.map(|row| self.place(row));
        let text = self.wording.say(text);
        self.found.push(Found {
            row,
            tier,
            basis,
            code,
            text,
            at,
        });
    }

    fn place(&self, row: usize) -> String {
        self.wording.say(|| self.advisory.rows[row].at.clone())
    }

    fn speak_against(&mut self, row: usize, code: &str, text: impl FnOnce() -> String) {
        let at = Some(self.place(row));
        let text = self.wording.say(text);
        self.against.push(Reason {
            code: code.to_owned(),
            weight: Weight::Against,
            text,
            at,
        });
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
        if self.is_all_barred() {
            return;
        }
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
        let mut rows = self.advisory.rows.iter().enumerate();
        let row = rows.position(|(index, row)| {
            !self.barred.contains(&index)
                && row.identities.iter().any(|identity| {
                    !identity.vendor_core.is_empty() && owners.contains(&identity.vendor_core)
                })
        });
        let text = || format!("the advisory links the package's repository {repository}");
        match row {
            Some(row) if alone && pointer == Pointer::Change => {
                let basis = Basis::Repository;
                self.add_on(basis, Some(row), Tier::Medium, "link_and_owner", || {
                    format!("{}, whose owner is the vendor", text())
                });
            }
            _ => self.add(None, Tier::Low, "link", text),
        }
    }
}

fn owner_of(repository: &str) -> &str {
    let head = repository.rsplit_once('/').map_or("", |(head, _)| head);
    head.split_once('/').map_or("", |(_, owner)| owner)
}
