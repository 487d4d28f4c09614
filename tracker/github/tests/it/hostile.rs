//! A GitHub that means no good, or somebody in between.

use snowguard_tracker_github::testing::{Failure, GitHub};
use snowguard_tracker_github::{GitHubError, Organization, Team, UserId};

use crate::{bench, bench_with};

#[test]
fn a_redirect_to_another_host_does_not_get_the_token() {
    let bench = bench();
    let other = GitHub::start().unwrap();
    for status in [301, 302, 307, 308] {
        let redirect = Failure::Redirect(status, format!("{}/api/v3/user/1", other.url()));
        bench.github.fail("GET /user/", 1, redirect);
        let refused = bench.client.user(UserId(1)).unwrap_err();
        assert!(
            matches!(refused, GitHubError::Elsewhere { .. }),
            "{refused}"
        );
    }
    assert!(other.asked().is_empty());
}

#[test]
fn a_next_page_at_another_host_does_not_get_the_token() {
    let bench = bench();
    let other = GitHub::start().unwrap();
    let page = format!("{}/api/v3/orgs/NixOS/teams/security/members", other.url());
    bench.github.fail("GET /orgs/", 1, Failure::NextPage(page));
    let organization = Organization::new("NixOS").unwrap();
    let team = Team::new("security").unwrap();
    let refused = bench.client.team_members(&organization, &team).unwrap_err();
    assert!(
        matches!(refused, GitHubError::Elsewhere { .. }),
        "{refused}"
    );
    assert!(other.asked().is_empty());
}

#[test]
fn a_redirect_within_the_server_is_followed_but_not_for_ever() {
    let bench = bench();
    let moved = Failure::Redirect(301, "/api/v3/user/1".to_owned());
    bench.github.fail("GET /user/7", 1, moved.clone());
    assert_eq!(bench.client.user(UserId(7)).unwrap().unwrap().id, UserId(1));
    bench.github.fail("GET /user/1", 100, moved);
    let before = bench.github.asked().len();
    let refused = bench.client.user(UserId(1)).unwrap_err();
    assert!(
        matches!(refused, GitHubError::Malformed { .. }),
        "{refused}"
    );
    assert_eq!(bench.github.asked().len() - before, 4);
}

#[test]
fn pages_without_end_are_given_up() {
    let bench = bench_with(|options| options.max_pages = 5);
    let page = format!(
        "{}/api/v3/orgs/NixOS/teams/security/members",
        bench.github.url()
    );
    bench
        .github
        .fail("GET /orgs/", 100, Failure::NextPage(page));
    let organization = Organization::new("NixOS").unwrap();
    let team = Team::new("security").unwrap();
    let refused = bench.client.team_members(&organization, &team).unwrap_err();
    assert!(
        matches!(refused, GitHubError::TooLarge { limit: 5, .. }),
        "{refused}"
    );
    assert_eq!(bench.github.count("GET /orgs/"), 5);
}

#[test]
fn an_answer_without_end_is_cut_off() {
    let bench = bench_with(|options| options.max_answer = 1 << 20);
    bench
        .github
        .fail("GET /user/", 1, Failure::Huge((1 << 20) + 1));
    let refused = bench.client.user(UserId(1)).unwrap_err();
    assert!(matches!(refused, GitHubError::TooLarge { .. }), "{refused}");
    assert_eq!(bench.github.count("GET /user/"), 1, "not asked for again");
}

#[test]
fn an_answer_that_is_no_answer_is_told() {
    let bench = bench_with(|options| options.attempts = 1);
    let deep = "[".repeat(200_000).into_bytes();
    for body in [&b""[..], b"null", b"{\"id\":1}", b"\xff", &deep] {
        bench
            .github
            .fail("GET /user/", 1, Failure::Body(body.to_vec()));
        let refused = bench.client.user(UserId(1)).unwrap_err();
        assert!(
            matches!(refused, GitHubError::Malformed { .. }),
            "{refused}"
        );
    }
    bench.github.fail("GET /user/", 1, Failure::Truncated);
    let refused = bench.client.user(UserId(1)).unwrap_err();
    assert!(
        matches!(refused, GitHubError::Unreachable { .. }),
        "{refused}"
    );
}

#[test]
fn a_login_with_markup_is_refused() {
    let bench = bench();
    for login in ["<script>alert(1)</script>", "a b", "../../x", "a\n@all"] {
        bench
            .github
            .change(|world| world.users.insert(7, login.to_owned()));
        let refused = bench.client.user(UserId(7)).unwrap_err();
        assert!(
            matches!(refused, GitHubError::Malformed { .. }),
            "{refused}"
        );
    }
}

#[test]
fn a_token_that_is_echoed_is_not_shown() {
    let bench = bench();
    let echo = format!("you sent Bearer {}\r\nInjected: line", bench.token);
    bench
        .github
        .fail("GET /user/", 1, Failure::Status(400, echo));
    let error = bench.client.user(UserId(1)).unwrap_err();
    for shown in [
        error.to_string(),
        format!("{error:?}"),
        format!("{:?}", bench.client),
    ] {
        assert!(!shown.contains(&bench.token), "{shown}");
        assert!(!shown.contains('\n'), "{shown}");
    }
    assert!(error.to_string().contains("you sent Bearer (token)"));
}
