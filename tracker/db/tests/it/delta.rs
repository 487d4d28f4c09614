//! Delta storage, with random sequences of loads.

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use snowguard_matching::keys;
use snowguard_matching::package::Package;
use snowguard_tracker_db::{EvaluationId, Force};

use crate::backend::{Fresh, contract};
use crate::sample::{load_with, package};

/// A load: for each of twelve attributes its version, or that it is not there.
fn loads() -> impl Strategy<Value = Vec<Vec<Option<u8>>>> {
    prop::collection::vec(prop::collection::vec(prop::option::of(0..4_u8), 12), 1..7)
}

fn packages(load: &[Option<u8>]) -> Vec<Package> {
    let attr = |number: usize| {
        if number.is_multiple_of(3) {
            format!("set.p{number}")
        } else {
            format!("p{number}")
        }
    };
    let present = load
        .iter()
        .enumerate()
        .filter_map(|(number, version)| Some((number, (*version)?)));
    let mut packages: Vec<Package> = present
        .map(|(number, version)| package(&attr(number), &version.to_string()))
        .collect();
    packages.sort_by(|a, b| a.attr.cmp(&b.attr));
    packages
}

/// Loads one after another; then each evaluation reads back exactly, rows were written only for
/// what changed, and keys find what is current.
fn check_loads(fresh: &Fresh, loads: &[Vec<Option<u8>>]) {
    static CHANNEL: AtomicU32 = AtomicU32::new(0);
    let channel = format!("c{}", CHANNEL.fetch_add(1, Ordering::Relaxed));
    let mut before: Vec<Package> = Vec::new();
    let mut loaded: Vec<(EvaluationId, Vec<Package>)> = Vec::new();
    for (number, load) in loads.iter().enumerate() {
        let packages = packages(load);
        let differing = packages
            .iter()
            .filter(|package| !before.contains(package))
            .count() as u64;
        let outcome = load_with(
            &fresh.db,
            &channel,
            &format!("r{number}"),
            packages.clone(),
            Force::Yes,
        )
        .unwrap();
        assert_eq!(outcome.rows_written, differing);
        assert_eq!(
            outcome.added + outcome.changed + outcome.unchanged,
            packages.len() as u64
        );
        assert_eq!(
            outcome.unchanged + outcome.changed + outcome.removed,
            before.len() as u64
        );
        let again = load_with(
            &fresh.db,
            &channel,
            &format!("r{number}"),
            packages.clone(),
            Force::Yes,
        )
        .unwrap();
        assert_eq!(
            (again.evaluation, again.rows_written),
            (outcome.evaluation, 0)
        );
        loaded.push((outcome.evaluation, packages.clone()));
        before = packages;
    }
    for (evaluation, packages) in &loaded {
        assert_eq!(
            &fresh.db.packages_at(&channel, *evaluation).unwrap(),
            packages
        );
    }
    assert_eq!(fresh.db.all_packages(&channel).unwrap(), before);
    let every = packages(&[Some(0); 12]);
    let all_keys: Vec<keys::Key> = every.iter().flat_map(keys::of_package).collect();
    assert_eq!(fresh.db.candidates(&channel, &all_keys).unwrap(), before);
    for package in every {
        let current = before.iter().find(|current| current.attr == package.attr);
        assert_eq!(
            fresh.db.package(&channel, &package.attr).unwrap().as_ref(),
            current
        );
        let history = fresh.db.package_history(&channel, &package.attr).unwrap();
        assert_eq!(
            history
                .iter()
                .filter(|version| version.until.is_none())
                .count(),
            usize::from(current.is_some())
        );
    }
}

contract! {
    fn random_loads_read_back_exactly(fresh) {
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() });
        runner.run(&loads(), |loads| {
            check_loads(fresh, &loads);
            Ok(())
        }).unwrap();
    }
}
