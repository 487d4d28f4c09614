//! Repositories from which several pieces of software are built.
//!
//! What is said of a repository is said of all that is built from it, unless the advisory itself
//! names another part: `elastic:metricbeat` on a record that gives `github.com/elastic/beats`
//! leaves Packetbeat, built from there too, alone.

use super::{Basis, Search};
use crate::verdict::Tier;

impl<'a> Search<'a> {
    /// Where nothing but a repository ties, and the advisory names another package that is built
    /// from it and not this one, the ties are weak.
    pub(super) fn weigh_parts(&mut self) {
        if self.package.siblings.is_empty() {
            return;
        }
        let mut shown = self
            .found
            .iter()
            .filter(|found| found.tier != Tier::Low)
            .peekable();
        let is_shared = shown.peek().is_some() && shown.all(|it| it.basis == Basis::Repository);
        if !is_shared || self.is_named() {
            return;
        }
        let Some((row, part)) = self.other_part() else {
            return;
        };
        for found in &mut self.found {
            found.tier = Tier::Low;
        }
        self.speak_against(row, "other_part", || {
            format!("the advisory names {part}, another package built from the repository")
        });
    }

    /// Whether the advisory has a name of the package that is not just its repository's.
    fn is_named(&self) -> bool {
        let mut identities = self.advisory.rows.iter().flat_map(|row| &row.identities);
        identities.any(|identity| {
            self.name_of(identity)
                .is_some_and(|called| called.basis() == Basis::Software)
        })
    }

    /// The first name in the advisory that is another package's of the repository, with its row.
    fn other_part(&self) -> Option<(usize, &'a str)> {
        let siblings = &self.package.siblings;
        let rows = self.advisory.rows.iter().enumerate();
        let mut identities =
            rows.flat_map(|(row, found)| found.identities.iter().map(move |one| (row, one)));
        identities
            .find(|(_, identity)| siblings.contains(&identity.vendor_product.product))
            .map(|(row, identity)| (row, identity.text.as_str()))
    }
}
