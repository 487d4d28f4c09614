//! From the database to what a page or document is made from.

mod advisory;
mod channel;
mod home;
mod package;

use snowguard_tracker_db::Db;

use crate::failure::Failure;
use crate::pages::search;

pub use advisory::{Advised, Part, advisory};
pub use channel::channel;
pub use home::{channels, home};
pub use package::{PackageWish, package};

/// What a search finds from a hit on, at most `limit` of each kind.
///
/// # Errors
/// When the database cannot be read.
pub fn search(db: &Db, query: &str, from: usize, limit: usize) -> Result<search::Input, Failure> {
    let found = db.search(query, from, limit)?;
    let advisories = found
        .advisories
        .into_iter()
        .map(|summary| search::AdvisoryHit {
            id: summary.id,
            title: Some(summary.title).filter(|title| !title.is_empty()),
            score: summary.severity,
            kev: summary.exploited,
        });
    let packages = found
        .packages
        .into_iter()
        .map(|summary| search::PackageHit {
            attr: summary.attr,
            versions: summary.versions,
            description: summary.description,
        });
    Ok(search::Input {
        advisories: advisories.collect(),
        packages: packages.collect(),
        next: found.next,
    })
}

/// Whether the database answers.
///
/// # Errors
/// When it does not.
pub fn health(db: &Db) -> Result<(), Failure> {
    db.setting("matcher")?;
    Ok(())
}

/// Addresses of pages worth measuring: advisories that affect something, and the packages they
/// affect; at most `limit`.
///
/// # Errors
/// When the database cannot be read.
pub fn busy_pages(db: &Db, limit: usize) -> anyhow::Result<Vec<String>> {
    use crate::show::path;
    use snowguard_matching::verdict::Tier;
    use snowguard_tracker_db::NewestFilter;

    let filter = NewestFilter {
        channel: None,
        tier: Tier::Medium,
        limit,
    };
    let mut pages: Vec<String> = Vec::new();
    for found in db.newest_matches(&filter)? {
        pages.push(path::advisory(&found.advisory.id));
        pages.extend(found.attrs.iter().take(1).map(|attr| path::package(attr)));
    }
    pages.sort();
    pages.dedup();
    // Every so-many-th, so that both kinds are among them.
    let step = pages.len().div_ceil(limit.max(1)).max(1);
    Ok(pages.into_iter().step_by(step).collect())
}
