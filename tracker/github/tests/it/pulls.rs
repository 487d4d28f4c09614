//! Pull requests and branches.

use jiff::Timestamp;
use snowguard_tracker_github::testing::StoredPull;
use snowguard_tracker_github::{Branch, CommitId, Number, PullState};

use crate::{REPOSITORY, bench, repository};

#[test]
fn a_pull_request_is_open_closed_or_merged() {
    let bench = bench();
    let commit = "a".repeat(40);
    let at: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    let pull = |state: &str, merged_at| StoredPull {
        title: "openssl: 3.5.4 -> 3.5.5".to_owned(),
        state: state.to_owned(),
        base: "staging".to_owned(),
        merged_at,
        // GitHub's trial of merging has a commit too.
        merge_commit: Some(commit.clone()),
    };
    bench.github.change(|world| {
        for (number, pull) in [
            (1, pull("open", None)),
            (2, pull("closed", None)),
            (3, pull("closed", Some(at))),
        ] {
            world.pulls.insert((REPOSITORY.to_owned(), number), pull);
        }
    });
    let get = |number| {
        bench
            .client
            .pull_request(&repository(), Number(number))
            .unwrap()
    };
    assert_eq!(get(1).unwrap().state, PullState::Open);
    assert_eq!(get(2).unwrap().state, PullState::Closed);
    let merged = get(3).unwrap();
    let commit = CommitId::new(commit.clone()).unwrap();
    assert_eq!(merged.state, PullState::Merged { commit, at });
    assert_eq!(merged.base.as_str(), "staging");
    assert_eq!(get(4), None);
}

#[test]
fn a_commit_is_in_a_branch_or_not() {
    let bench = bench();
    let (inside, outside) = ("a".repeat(40), "b".repeat(40));
    bench.github.change(|world| {
        let branch = (REPOSITORY.to_owned(), "backport/25.11".to_owned());
        world
            .branches
            .entry(branch)
            .or_default()
            .insert(inside.clone());
    });
    let contains = |branch: &str, commit: &str| {
        let branch = Branch::new(branch).unwrap();
        let commit = CommitId::new(commit).unwrap();
        bench
            .client
            .contains(&repository(), &branch, &commit)
            .unwrap()
    };
    assert_eq!(contains("backport/25.11", &inside), Some(true));
    assert_eq!(contains("backport/25.11", &outside), Some(false));
    assert_eq!(contains("master", &inside), None);
}
