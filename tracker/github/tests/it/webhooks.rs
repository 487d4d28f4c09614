//! Payloads as GitHub sends them, shortened to some fields more than are read.

use serde_json::{Value, json};
use snowguard_tracker_github::webhook::{Action, Event, Headers, signature, verify};
use snowguard_tracker_github::{Number, Secret, UserId};

const ID: &str = "72d3162e-cc78-11e3-81ab-4c9367dc0958";

fn read(event: &str, payload: &Value) -> Event {
    let secret = Secret::new("0123456789abcdef").unwrap();
    let body = payload.to_string();
    let signature = signature(&secret, body.as_bytes());
    let headers = Headers {
        signature: Some(&signature),
        delivery: Some(ID),
        event: Some(event),
    };
    verify(&secret, &headers, body.as_bytes()).unwrap().event
}

fn organization() -> Value {
    json!({ "login": "NixOS", "id": 487_568, "url": "https://api.github.com/orgs/NixOS" })
}

fn alice() -> Value {
    json!({ "login": "alice", "id": 7, "type": "User", "site_admin": false })
}

fn repository() -> Value {
    json!({ "id": 4_542_716, "full_name": "NixOS/nixpkgs", "private": false })
}

#[test]
fn who_is_in_a_team_and_in_the_organization() {
    let team = json!({ "name": "Security", "id": 3, "slug": "security", "privacy": "closed" });
    let payload = json!({
        "action": "removed", "scope": "team", "member": alice(), "sender": alice(), "team": team,
        "organization": organization(),
    });
    let Event::Membership(event) = read("membership", &payload) else {
        panic!("a membership");
    };
    assert_eq!(event.action, Action::Removed);
    assert_eq!(event.member.unwrap().id, UserId(7));
    assert_eq!(event.team.slug.unwrap().as_str(), "security");
    // Of a team that is gone, GitHub says little.
    let payload = json!({
        "action": "removed", "member": null, "team": { "id": 3, "name": "Security", "deleted": true },
        "organization": organization(),
    });
    let Event::Membership(event) = read("membership", &payload) else {
        panic!("a membership");
    };
    assert!(event.member.is_none() && event.team.slug.is_none());
    let payload = json!({
        "action": "member_added", "organization": organization(), "sender": alice(),
        "membership": { "state": "active", "role": "member", "user": alice() },
    });
    let Event::Organization(event) = read("organization", &payload) else {
        panic!("an organization");
    };
    assert_eq!(event.action, Action::MemberAdded);
    assert_eq!(event.organization.login.as_str(), "NixOS");
    let payload =
        json!({ "action": "added_to_repository", "team": team, "organization": organization() });
    let Event::Team(event) = read("team", &payload) else {
        panic!("a team");
    };
    assert_eq!(event.action, Action::Other);
}

#[test]
fn issues_and_pull_requests() {
    let payload = json!({
        "action": "closed", "repository": repository(), "sender": alice(),
        "issue": { "number": 12, "title": "t", "state": "closed", "user": alice(), "body": null },
    });
    let Event::Issues(event) = read("issues", &payload) else {
        panic!("an issue");
    };
    assert_eq!(
        (event.action, event.issue.number),
        (Action::Closed, Number(12))
    );
    assert_eq!(event.repository.full_name.as_str(), "NixOS/nixpkgs");
    let payload = json!({
        "action": "closed", "number": 13, "repository": repository(), "sender": alice(),
        "pull_request": {
            "number": 13, "state": "closed", "merged": true, "merge_commit_sha": "a".repeat(40),
            "base": { "ref": "staging-next", "sha": "b".repeat(40) }, "head": { "ref": "x" },
        },
    });
    let Event::PullRequest(event) = read("pull_request", &payload) else {
        panic!("a pull request");
    };
    assert!(event.pull_request.merged);
    assert_eq!(event.pull_request.base.branch.as_str(), "staging-next");
    assert!(matches!(
        read("ping", &json!({ "zen": "z", "hook_id": 1 })),
        Event::Ping(_)
    ));
    assert_eq!(
        read("star", &json!(["anything"])),
        Event::Other("star".to_owned())
    );
}
