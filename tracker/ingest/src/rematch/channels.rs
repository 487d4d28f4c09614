//! Where packages are found: an index in memory for many advisories, the database for few.

use snowguard_matching::evidence::Allowed;
use snowguard_matching::index::PackageIndex;
use snowguard_matching::judge::judge_each;
use snowguard_matching::keys::Key;
use snowguard_matching::knowledge::Knowledge;
use snowguard_matching::package_facts::PackageFacts;
use snowguard_matching::verdict::Match;
use snowguard_tracker_db::{Db, DbError};

use super::verdicts::Prepared;

/// More advisories than this are matched over indexes: building one costs as much as some
/// hundred look-ups.
const FEW: u64 = 400;

/// All channels of the database.
pub(super) enum Channels {
    /// Every package in memory.
    Indexed(Vec<(String, PackageIndex)>),
    /// Packages are read as they are needed.
    Stored(Vec<String>),
}

impl Channels {
    pub(super) fn open(db: &Db, advisories: u64) -> Result<Self, DbError> {
        let names: Vec<String> = db
            .channels()?
            .into_iter()
            .map(|channel| channel.name)
            .collect();
        if advisories <= FEW {
            return Ok(Self::Stored(names));
        }
        let mut indexes = Vec::with_capacity(names.len());
        for name in names {
            let index = PackageIndex::new(db.all_packages(&name)?);
            indexes.push((name, index));
        }
        Ok(Self::Indexed(indexes))
    }

    /// Judges an advisory in every channel; channels without a match are left out.
    pub(super) fn judge(
        &self,
        db: &Db,
        advisory: &Prepared,
        keys: &[Key],
        knowledge: &Knowledge,
        allowed: Allowed,
    ) -> Result<Vec<(String, Vec<Match>)>, DbError> {
        let judge = |packages: &[&PackageFacts]| {
            judge_each(
                &advisory.advisory,
                &advisory.facts,
                packages.iter().copied(),
                knowledge,
                allowed,
            )
        };
        let mut out = Vec::new();
        let mut add = |name: &String, matches: Vec<Match>| {
            if !matches.is_empty() {
                out.push((name.clone(), matches));
            }
        };
        match self {
            Self::Indexed(indexes) => {
                for (name, index) in indexes {
                    add(name, judge(&index.find(keys)));
                }
            }
            Self::Stored(names) => {
                for name in names {
                    let packages: Vec<PackageFacts> = db
                        .candidates(name, keys)?
                        .into_iter()
                        .map(PackageFacts::new)
                        .collect();
                    add(name, judge(&packages.iter().collect::<Vec<_>>()));
                }
            }
        }
        Ok(out)
    }
}
