//! Teams and accounts.

use snowguard_tracker_github::{GitHubError, Organization, Team, UserId};

use crate::bench;

#[test]
fn all_members_of_a_large_team_are_read() {
    let bench = bench();
    bench.github.change(|world| {
        for id in 1000..1250 {
            world.add_member(
                "NixOS",
                "nixpkgs-committers",
                id,
                &format!("committer-{id}"),
            );
        }
    });
    let organization = Organization::new("NixOS").unwrap();
    let team = Team::new("nixpkgs-committers").unwrap();
    let members = bench.client.team_members(&organization, &team).unwrap();
    assert_eq!(members.len(), 250);
    assert_eq!(members[249].login.as_str(), "committer-1249");
    assert_eq!(members[249].id, UserId(1249));
    assert_eq!(bench.github.count("GET /orgs/NixOS/teams/"), 3);
}

#[test]
fn a_team_that_is_not_there_is_no_empty_team() {
    let bench = bench();
    let organization = Organization::new("NixOS").unwrap();
    let team = Team::new("security").unwrap();
    let refused = bench.client.team_members(&organization, &team).unwrap_err();
    assert!(
        matches!(refused, GitHubError::Refused { status: 404, .. }),
        "{refused}"
    );
}

#[test]
fn an_account_keeps_its_number_and_changes_its_login() {
    let bench = bench();
    let set = |login: &str| {
        bench
            .github
            .change(|world| world.users.insert(7, login.to_owned()))
    };
    let login = || bench.client.user(UserId(7)).unwrap().map(|user| user.login);
    set("alice");
    assert_eq!(login().unwrap().as_str(), "alice");
    set("alice-2");
    assert_eq!(login().unwrap().as_str(), "alice-2");
    bench.github.change(|world| world.users.remove(&7));
    assert_eq!(login(), None);
}

#[test]
fn a_token_that_does_not_hold_is_told() {
    let bench = bench();
    bench.github.change(|world| world.tokens.clear());
    let refused = bench.client.identity().unwrap_err();
    assert!(
        matches!(refused, GitHubError::Refused { status: 401, .. }),
        "{refused}"
    );
}
