//! One issue for each of ours, whatever happens.

use std::time::Duration;

use snowguard_tracker_github::testing::Failure;
use snowguard_tracker_github::{
    Clock, Ensured, GitHubError, IssueDraft, IssueKey, IssueState, Number,
};

use crate::{Bench, REPOSITORY, bench, bench_with, repository};

fn key() -> IssueKey {
    IssueKey::new("NIXPKGS-2026-0042").unwrap()
}

fn draft(title: &str) -> IssueDraft {
    IssueDraft::new(key(), title, "Affected: openssl.\n\n@alice @bob")
        .unwrap()
        .with_labels(["1.severity: security".to_owned()])
}

fn ensure(bench: &Bench, draft: &IssueDraft, known: Option<Number>) -> Ensured {
    try_ensure(bench, draft, known).unwrap()
}

fn try_ensure(
    bench: &Bench,
    draft: &IssueDraft,
    known: Option<Number>,
) -> Result<Ensured, GitHubError> {
    let since = bench.clock.now();
    bench
        .client
        .ensure_issue(&repository(), draft, known, since)
}

fn stored(bench: &Bench) -> usize {
    bench
        .github
        .change(|world| world.issues.get(REPOSITORY).map_or(0, Vec::len))
}

#[test]
fn an_issue_is_made_once_and_kept_in_step() {
    let bench = bench();
    let made = ensure(&bench, &draft("openssl"), None);
    assert!(matches!(made, Ensured::Created(_)));
    let issue = made.issue().clone();
    assert_eq!(issue.labels, ["1.severity: security"]);
    assert_eq!(issue.state, IssueState::Open);
    assert!(issue.url.as_str().ends_with("/NixOS/nixpkgs/issues/1"));
    // The tracker crashed before it kept the number, and search does not know it yet.
    let again = ensure(&bench, &draft("openssl"), None);
    assert!(matches!(again, Ensured::Unchanged(_)), "{again:?}");
    assert_eq!(again.issue().number, issue.number);
    let changed = ensure(&bench, &draft("openssl, libressl"), Some(issue.number));
    assert!(matches!(changed, Ensured::Updated(_)));
    assert_eq!(changed.issue().title, "openssl, libressl");
    assert!(matches!(
        ensure(&bench, &draft("openssl, libressl"), Some(issue.number)),
        Ensured::Unchanged(_)
    ));
    assert_eq!(stored(&bench), 1);
    assert_eq!(bench.github.count("POST /repos/"), 1);
    assert_eq!(bench.github.count("PATCH /repos/"), 1);
}

#[test]
fn a_create_whose_answer_is_lost_makes_no_second_issue() {
    let bench = bench();
    bench.github.fail("POST /repos/", 1, Failure::Lost);
    let lost = try_ensure(&bench, &draft("openssl"), None).unwrap_err();
    assert!(matches!(lost, GitHubError::Unreachable { .. }), "{lost}");
    assert!(lost.retry_after(bench.clock.now()).is_some());
    assert_eq!(
        bench.github.count("POST /repos/"),
        1,
        "never repeated blindly"
    );
    assert!(matches!(
        ensure(&bench, &draft("openssl"), None),
        Ensured::Unchanged(_)
    ));
    assert_eq!(stored(&bench), 1);
}

#[test]
fn a_create_that_fails_with_502_is_not_repeated_blindly() {
    let bench = bench();
    let bad_gateway = Failure::Status(502, "Bad Gateway".to_owned());
    bench.github.fail("POST /repos/", 1, bad_gateway);
    assert!(try_ensure(&bench, &draft("openssl"), None).is_err());
    assert_eq!(bench.github.count("POST /repos/"), 1);
    assert!(matches!(
        ensure(&bench, &draft("openssl"), None),
        Ensured::Created(_)
    ));
    assert_eq!(stored(&bench), 1);
}

#[test]
fn an_issue_of_another_with_our_marker_is_not_taken() {
    let bench = bench();
    bench.github.change(|world| {
        world.search_is_quick = true;
        let body = "x\n\n<!-- snowguard: NIXPKGS-2026-0042 -->";
        world.add_issue(REPOSITORY, "mallory", "mine", body);
    });
    let made = ensure(&bench, &draft("openssl"), None);
    assert!(matches!(made, Ensured::Created(_)));
    assert_eq!(made.issue().number, Number(2));
    let title = bench
        .github
        .change(|world| world.issues[REPOSITORY][0].title.clone());
    assert_eq!(title, "mine");
}

#[test]
fn a_marker_in_the_midst_of_a_text_is_not_taken() {
    let bench = bench();
    let other = IssueKey::new("NIXPKGS-2026-0007").unwrap();
    let text = "notes\n<!-- snowguard: NIXPKGS-2026-0042 -->\nmore";
    let other = IssueDraft::new(other, "another", text).unwrap();
    ensure(&bench, &other, None);
    assert!(matches!(
        ensure(&bench, &draft("openssl"), None),
        Ensured::Created(_)
    ));
    assert_eq!(stored(&bench), 2);
}

#[test]
fn an_issue_of_long_ago_is_found_by_search() {
    let bench = bench();
    ensure(&bench, &draft("openssl"), None);
    bench.github.change(|world| {
        let issue = &mut world.issues.get_mut(REPOSITORY).unwrap()[0];
        issue.created -= Duration::from_secs(90 * 86_400);
        issue.indexed = true;
    });
    assert!(matches!(
        ensure(&bench, &draft("openssl"), None),
        Ensured::Unchanged(_)
    ));
    assert_eq!(bench.github.count("GET /search/issues"), 2);
}

#[test]
fn an_issue_that_was_deleted_is_made_again() {
    let bench = bench();
    ensure(&bench, &draft("openssl"), None);
    bench.github.change(|world| world.issues.clear());
    assert!(matches!(
        ensure(&bench, &draft("openssl"), Some(Number(1))),
        Ensured::Created(_)
    ));
}

#[test]
fn what_people_did_to_state_and_labels_stays_unless_asked_for() {
    let bench = bench();
    let number = ensure(&bench, &draft("openssl"), None).issue().number;
    bench.github.change(|world| {
        let issue = &mut world.issues.get_mut(REPOSITORY).unwrap()[0];
        issue.state = "closed".to_owned();
        issue.reason = Some("not_planned".to_owned());
        issue.labels.clear();
    });
    let kept = ensure(&bench, &draft("openssl"), Some(number));
    assert!(matches!(kept, Ensured::Unchanged(_)));
    assert_eq!(kept.issue().state, IssueState::NotPlanned);
    let asked_for = draft("openssl").with_state(IssueState::Completed);
    let closed = ensure(&bench, &asked_for, Some(number));
    assert_eq!(closed.issue().state, IssueState::Completed);
    assert!(closed.issue().labels.is_empty());
    let open = draft("openssl").with_state(IssueState::Open);
    let reopened = ensure(&bench, &open, Some(number));
    assert_eq!(reopened.issue().state, IssueState::Open);
}

#[test]
fn where_not_all_issues_can_be_looked_through_none_is_made() {
    let bench = bench_with(|options| options.max_pages = 3);
    bench.github.change(|world| {
        world.page_size = 1;
        for number in 0..5 {
            world.add_issue(REPOSITORY, "tracker", &format!("issue {number}"), "x");
        }
    });
    let refused = try_ensure(&bench, &draft("openssl"), None).unwrap_err();
    assert!(
        matches!(refused, GitHubError::TooLarge { limit: 3, .. }),
        "{refused}"
    );
    assert_eq!(stored(&bench), 5);
}
