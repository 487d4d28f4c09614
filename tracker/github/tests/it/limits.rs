//! Limits on requests, and servers that are out of order.

use std::time::Duration;

use jiff::ToSpan;
use snowguard_tracker_github::testing::Failure;
use snowguard_tracker_github::{Clock, GitHubError, Organization, Team, UserId};

use crate::{bench, bench_with};

#[test]
fn a_used_up_limit_is_told_and_nothing_is_asked_before_it_ends() {
    let bench = bench();
    let until = bench.clock.now() + 1.hours();
    bench.github.fail("GET /user/", 1, Failure::Primary(until));
    for _ in 0..3 {
        let limited = bench.client.user(UserId(1)).unwrap_err();
        let GitHubError::Limited { until: told, .. } = &limited else {
            panic!("{limited}");
        };
        assert_eq!(told.as_second(), until.as_second());
        let wait = limited.retry_after(bench.clock.now()).unwrap();
        assert!((3598..=3600).contains(&wait.as_secs()), "{wait:?}");
    }
    assert_eq!(bench.github.count("GET /user/"), 1);
    assert!(bench.clock.sleeps().is_empty());
    bench.clock.pass(Duration::from_secs(3601));
    assert!(bench.client.user(UserId(1)).unwrap().is_some());
    assert_eq!(bench.client.rate().unwrap().remaining, 4999);
}

#[test]
fn a_short_secondary_limit_is_waited_for_and_a_long_one_told() {
    let bench = bench();
    bench.github.fail("GET /user/", 2, Failure::Secondary(7));
    assert!(bench.client.user(UserId(1)).unwrap().is_some());
    assert_eq!(bench.clock.sleeps(), [Duration::from_secs(7); 2]);
    bench.github.fail("GET /user/", 1, Failure::Secondary(300));
    let limited = bench.client.user(UserId(1)).unwrap_err();
    assert!(matches!(limited, GitHubError::Limited { .. }), "{limited}");
    assert_eq!(bench.clock.sleeps().len(), 2);
}

#[test]
fn a_server_out_of_order_is_asked_again_and_given_up_in_the_end() {
    let bench = bench();
    let sick = || Failure::Status(502, "Bad Gateway".to_owned());
    bench.github.fail("GET /user/", 2, sick());
    bench.github.fail("GET /user/", 1, Failure::Dropped);
    assert!(bench.client.user(UserId(1)).unwrap().is_some());
    assert_eq!(bench.github.count("GET /user/"), 4);
    for (wait, longest) in bench.clock.sleeps().iter().zip([500, 1000, 2000]) {
        let longest = Duration::from_millis(longest);
        assert!(*wait >= longest / 2 && *wait <= longest, "{wait:?}");
    }
    bench.github.fail("GET /user/", 100, sick());
    let refused = bench.client.user(UserId(1)).unwrap_err();
    assert!(
        matches!(refused, GitHubError::Refused { status: 502, .. }),
        "{refused}"
    );
    assert_eq!(bench.github.count("GET /user/"), 8);
}

#[test]
fn a_lack_of_rights_is_told_at_once() {
    let bench = bench();
    let no = Failure::Status(403, "Resource not accessible by integration".to_owned());
    bench.github.fail("GET /user/", 1, no);
    let refused = bench.client.user(UserId(1)).unwrap_err().to_string();
    assert_eq!(
        refused,
        "GET /api/v3/user/1: GitHub answered 403: Resource not accessible by integration"
    );
    assert_eq!(bench.github.count("GET /user/"), 1);
}

#[test]
fn what_did_not_change_costs_nothing_and_what_did_is_seen() {
    let bench = bench();
    bench.github.change(|world| {
        world.page_size = 2;
        for id in 10..15 {
            world.add_member("NixOS", "security", id, &format!("member{id}"));
        }
    });
    let organization = Organization::new("NixOS").unwrap();
    let team = Team::new("security").unwrap();
    let members = || {
        bench
            .client
            .team_members(&organization, &team)
            .unwrap()
            .len()
    };
    assert_eq!(members(), 5);
    let before = bench.github.change(|world| world.remaining);
    assert_eq!(members(), 5);
    assert_eq!(bench.github.change(|world| world.remaining), before);
    let asked = bench.github.asked();
    assert_eq!(asked.len(), 6);
    assert!(
        asked[3..]
            .iter()
            .all(|asked| asked.header("if-none-match").is_some())
    );
    bench
        .github
        .change(|world| world.add_member("NixOS", "security", 15, "member15"));
    assert_eq!(members(), 6);
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let bench = bench_with(|options| {
        options.patience = Duration::from_millis(200);
        options.attempts = 2;
    });
    let silent = Failure::Silent(Duration::from_secs(2));
    bench.github.fail("GET /user/", 2, silent);
    let given_up = bench.client.user(UserId(1)).unwrap_err();
    assert!(
        matches!(given_up, GitHubError::Unreachable { .. }),
        "{given_up}"
    );
    assert_eq!(bench.github.count("GET /user/"), 2);
}
