//! Signing in with GitHub, its webhooks, publishing there; against a stand-in that speaks the real API.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::json;
use snowguard_tracker_db::Millis;
use snowguard_tracker_github::testing::{Failure, GitHub};
use snowguard_tracker_github::{
    Client, Credentials, OAuthApp, Options, Organization, Repository, Secret, Team, webhook,
};
use snowguard_tracker_triage::role::Role;
use snowguard_tracker_web::{Clock, Doors, PublicAddress, Reach, Teams, Worker};

use crate::http::{Answer, ask, get};
use crate::sample::{NOW, Sample};
use crate::signed_in::Signed;

const HOOK: &str = "a secret of the webhook";

fn sample(github: &GitHub) -> Sample {
    let (id, secret) = github.change(|world| world.oauth_app.clone());
    let redirect = "http://127.0.0.1:8080/sign-in/github/back".parse().unwrap();
    let app = OAuthApp::new(
        github.endpoints(),
        &id,
        Secret::new(secret).unwrap(),
        redirect,
        &Options::default(),
    )
    .unwrap();
    Sample::with_doors(Doors {
        sign_in: Some(Arc::new(app)),
        webhook_secret: Some(Arc::new(Secret::new(HOOK).unwrap())),
        ..Doors::default()
    })
}

fn client(github: &GitHub) -> Client {
    let token = github.change(|world| world.token_of(1, "snowguard-bot"));
    Client::new(
        github.endpoints(),
        Credentials::Token(Secret::new(token).unwrap()),
        &Options::default(),
    )
    .unwrap()
}

fn worker(sample: &Sample, name: &str, reach: Reach) -> Worker {
    let public = PublicAddress::parse("https://tracker.example.org").unwrap();
    Worker::new(
        sample.db.clone(),
        name.to_owned(),
        reach,
        public,
        Clock::Fixed(NOW),
    )
}

/// From our page to GitHub and to the address that it sends the browser back to; and the cookie of the sign-in.
async fn to_github(sample: &Sample, back: &str) -> (String, String) {
    let left = get(&sample.router, &format!("/sign-in/github?back={back}")).await;
    assert_eq!(left.status, 303);
    let cookie = left.headers[header::SET_COOKIE]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("Path=/sign-in/github"),
        "{cookie}"
    );
    let address = left.headers[header::LOCATION].to_str().unwrap().to_owned();
    assert!(
        address.contains("code_challenge_method=S256") && address.contains("state="),
        "{address}"
    );
    let sent = tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .build()
            .into();
        let answer = agent.get(&address).call().unwrap();
        answer.headers()["location"].to_str().unwrap().to_owned()
    });
    let sent = sent.await.unwrap();
    let path = sent
        .strip_prefix("http://127.0.0.1:8080")
        .unwrap()
        .to_owned();
    (path, cookie.split(';').next().unwrap().to_owned())
}

async fn come_back(sample: &Sample, path: &str, cookie: &str) -> Answer {
    let request = Request::get(path).header(header::COOKIE, cookie);
    ask(&sample.router, request.body(Body::empty()).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_with_github_and_is_known_by_number() {
    let github = GitHub::start().unwrap();
    github.change(|world| {
        world.users.insert(77, "ada".to_owned());
        world.browser = Some(77);
    });
    let sample = sample(&github);
    assert!(
        get(&sample.router, "/sign-in")
            .await
            .body
            .contains("/sign-in/github")
    );
    let (path, cookie) = to_github(&sample, "/queue").await;
    let answer = come_back(&sample, &path, &cookie).await;
    assert_eq!(
        (
            answer.status.as_u16(),
            answer.headers[header::LOCATION].to_str().unwrap()
        ),
        (303, "/queue")
    );
    let person = &sample.db.people().unwrap()[0];
    assert_eq!((person.github, person.name.as_str()), (Some(77), "ada"));
    // The same account under another login.
    github.change(|world| world.users.insert(77, "ada-l".to_owned()));
    let (path, cookie) = to_github(&sample, "https://evil.example").await;
    let again = come_back(&sample, &path, &cookie).await;
    assert_eq!(again.headers[header::LOCATION], "/", "no open redirect");
    assert_eq!(sample.db.people().unwrap().len(), 1);
    assert_eq!(sample.db.people().unwrap()[0].name, "ada-l");
}

#[tokio::test(flavor = "multi_thread")]
async fn oauth_state_reuse_and_foreign_states_are_refused() {
    let github = GitHub::start().unwrap();
    github.change(|world| {
        world.users.insert(77, "ada".to_owned());
        world.browser = Some(77);
    });
    let sample = sample(&github);
    let (path, cookie) = to_github(&sample, "/").await;
    // A link of an attacker, in a browser that began no sign-in, or another one.
    assert_eq!(get(&sample.router, &path).await.status, 400);
    let (_, other) = to_github(&sample, "/").await;
    assert_eq!(come_back(&sample, &path, &other).await.status, 400);
    assert_eq!(come_back(&sample, &path, &cookie).await.status, 303);
    assert_eq!(
        come_back(&sample, &path, &cookie).await.status,
        400,
        "good for one use"
    );
    // Somebody who says no at GitHub.
    github.change(|world| world.browser = None);
    let (path, cookie) = to_github(&sample, "/").await;
    assert_eq!(come_back(&sample, &path, &cookie).await.status, 403);
    assert_eq!(sample.db.people().unwrap().len(), 1);
}

async fn hook(sample: &Sample, delivery: &str, signature: &str, event: &str, body: &str) -> u16 {
    let request = Request::post("/github/webhook")
        .header("x-hub-signature-256", signature)
        .header("x-github-delivery", delivery)
        .header("x-github-event", event)
        .header(header::CONTENT_TYPE, "application/json");
    ask(
        &sample.router,
        request.body(Body::from(body.to_owned())).unwrap(),
    )
    .await
    .status
    .as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_webhooks_are_refused_and_replayed_ones_do_nothing() {
    let github = GitHub::start().unwrap();
    let sample = sample(&github);
    let body = json!({
        "action": "added",
        "scope": "team",
        "member": {"id": 77, "login": "ada"},
        "team": {"id": 1, "slug": "security", "name": "security"},
        "organization": {"login": "NixOS", "id": 2},
    })
    .to_string();
    let id = "72d3162e-cc78-11e3-81ab-4c9367dc0958";
    let signed = |body: &str| webhook::signature(&Secret::new(HOOK).unwrap(), body.as_bytes());
    let forged = webhook::signature(&Secret::new("another").unwrap(), body.as_bytes());
    assert_eq!(hook(&sample, id, &forged, "membership", &body).await, 403);
    assert_eq!(
        hook(&sample, id, &signed("other"), "membership", &body).await,
        403
    );
    assert_eq!(hook(&sample, id, "sha256=", "membership", &body).await, 400);
    assert!(sample.db.jobs(10).unwrap().is_empty());
    assert_eq!(
        hook(&sample, id, &signed(&body), "membership", &body).await,
        204
    );
    assert_eq!(sample.db.jobs(10).unwrap().len(), 1);
    let worker = worker(&sample, "w", Reach::default());
    while worker.step().unwrap() {}
    assert_eq!(
        hook(&sample, id, &signed(&body), "membership", &body).await,
        204
    );
    assert!(
        sample
            .db
            .jobs(10)
            .unwrap()
            .iter()
            .all(|job| job.ended.is_some()),
        "a replay asks for nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn teams_give_roles_and_an_answer_that_fails_takes_none() {
    let github = GitHub::start().unwrap();
    github.change(|world| world.add_member("NixOS", "security", 77, "ada"));
    let sample = sample(&github);
    let ada = sample
        .db
        .github_person(77, "ada", Millis::new(NOW))
        .unwrap();
    let reach = || Reach {
        teams: Some(Teams {
            client: client(&github),
            organization: Organization::new("NixOS").unwrap(),
            roles: vec![(Team::new("security").unwrap(), Role::SecurityTeam)],
        }),
        ..Reach::default()
    };
    let put = || {
        let job = snowguard_tracker_db::NewJob {
            kind: "teams",
            name: "all",
            body: &json!({}),
            due: Millis::new(NOW),
        };
        sample.db.put_job(&job).unwrap();
    };
    let has = || {
        sample
            .db
            .person(ada.id)
            .unwrap()
            .unwrap()
            .roles()
            .has(Role::SecurityTeam)
    };
    let run = |worker: Worker| tokio::task::spawn_blocking(move || while worker.step().unwrap() {});
    put();
    run(worker(&sample, "w", reach())).await.unwrap();
    assert!(has());
    // GitHub says that there is no such team: that is not an empty one.
    github.change(|world| world.teams.clear());
    put();
    run(worker(&sample, "w", reach())).await.unwrap();
    assert!(has());
    github.change(|world| {
        world.add_member("NixOS", "security", 78, "bob");
    });
    let again = Worker::new(
        sample.db.clone(),
        "w".to_owned(),
        reach(),
        PublicAddress::default(),
        Clock::Fixed(NOW + 3_600_000),
    );
    run(again).await.unwrap();
    assert!(!has());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_is_published_once_whatever_breaks_and_follows_edits() {
    let github = GitHub::start().unwrap();
    let sample = sample(&github);
    let team = Signed::new(&sample, "team", &[Role::SecurityTeam]);
    let alice = snowguard_tracker_db::Maintainer {
        handle: "alice".to_owned(),
        name: "Alice".to_owned(),
        github: Some("alice-before".to_owned()),
        github_id: Some(501),
    };
    sample.db.put_maintainers(&[alice]).unwrap();
    github.change(|world| world.users.insert(501, "alice-now".to_owned()));
    let accept = [("command", "accept"), ("revision", "0")];
    assert_eq!(
        team.post("/advisory/CVE-2024-6387/decide", &accept)
            .await
            .status,
        303
    );
    let fields = [
        ("title", "Race @everyone #1"),
        ("advisories", "CVE-2024-6387"),
        ("severity", "high"),
        ("notes", "Update."),
    ];
    team.post("/issues", &fields).await;
    assert_eq!(
        team.post(
            "/issue/NIXPKGS-2024-0001",
            &[("action", "publish"), ("revision", "0")]
        )
        .await
        .status,
        303
    );
    let reach = || Reach {
        publish: Some((client(&github), Repository::new("NixOS/security").unwrap())),
        ..Reach::default()
    };
    let run = |name: &'static str, at: i64| {
        let public = PublicAddress::parse("https://tracker.example.org").unwrap();
        let worker = Worker::new(
            sample.db.clone(),
            name.to_owned(),
            reach(),
            public,
            Clock::Fixed(at),
        );
        tokio::task::spawn_blocking(move || while worker.step().unwrap() {})
    };
    // The connection breaks after GitHub made the issue: nobody knows whether it did.
    github.fail("POST /repos/NixOS/security/issues", 1, Failure::Lost);
    run("one", NOW).await.unwrap();
    assert_eq!(
        sample
            .db
            .issue("NIXPKGS-2024-0001".parse().unwrap())
            .unwrap()
            .unwrap()
            .github,
        None
    );
    run("two", NOW + 60_000).await.unwrap();
    run("two", NOW + 120_000).await.unwrap();
    let issues = github.change(|world| world.issues["NixOS/security"].clone());
    assert_eq!(issues.len(), 1, "one issue");
    // Escapes of Markdown show as nothing.
    let body = issues[0].body.replace('\\', "");
    for text in [
        "**high**",
        "https://tracker.example.org/advisory/CVE-2024-6387",
        "@alice-now",
        "affected (9.7p1)",
        "Update.",
    ] {
        assert!(body.contains(text), "{text}: {body}");
    }
    assert_eq!(
        sample
            .db
            .issue("NIXPKGS-2024-0001".parse().unwrap())
            .unwrap()
            .unwrap()
            .github,
        Some(issues[0].number.cast_signed())
    );
    let edit = [
        ("action", "edit"),
        ("revision", "1"),
        ("title", "A race"),
        ("severity", "high"),
        ("notes", "Done."),
    ];
    assert_eq!(
        team.post("/issue/NIXPKGS-2024-0001", &edit).await.status,
        303
    );
    assert_eq!(
        team.post(
            "/issue/NIXPKGS-2024-0001",
            &[("action", "resolve"), ("revision", "2")]
        )
        .await
        .status,
        303
    );
    run("one", NOW + 180_000).await.unwrap();
    let issues = github.change(|world| world.issues["NixOS/security"].clone());
    assert_eq!(
        (
            issues.len(),
            issues[0].state.as_str(),
            issues[0].title.as_str()
        ),
        (1, "closed", "NIXPKGS-2024-0001: A race")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_issue_is_closed_as_not_planned_with_the_reason_and_comes_back() {
    let github = GitHub::start().unwrap();
    let sample = sample(&github);
    let team = Signed::new(&sample, "team", &[Role::SecurityTeam]);
    let accept = [("command", "accept"), ("revision", "0")];
    team.post("/advisory/CVE-2024-6387/decide", &accept).await;
    // Longer than GitHub takes with all that stands beside them.
    let notes = "n".repeat(65_500);
    let fields = [
        ("title", "A race"),
        ("advisories", "CVE-2024-6387"),
        ("notes", &notes),
    ];
    team.post("/issues", &fields).await;
    let place = "/issue/NIXPKGS-2024-0001";
    let reach = || Reach {
        publish: Some((client(&github), Repository::new("NixOS/security").unwrap())),
        ..Reach::default()
    };
    let shown = async |action: &[(&str, &str)]| {
        assert_eq!(team.post(place, action).await.status, 303, "{action:?}");
        let worker = worker(&sample, "w", reach());
        let run = tokio::task::spawn_blocking(move || while worker.step().unwrap() {});
        run.await.unwrap();
        let jobs = sample.db.jobs(10).unwrap();
        assert!(jobs.iter().all(|job| job.failed.is_none()), "{jobs:?}");
        let issues = github.change(|world| world.issues["NixOS/security"].clone());
        assert_eq!(issues.len(), 1);
        issues[0].clone()
    };
    let made = shown(&[("action", "publish"), ("revision", "0")]).await;
    assert_eq!(
        (made.state.as_str(), made.reason.as_deref()),
        ("open", None)
    );
    assert!(!made.body.contains("Withdrawn"));
    let reason = "wrong package, see @everyone";
    let withdraw = |revision| {
        [
            ("action", "withdraw"),
            ("revision", revision),
            ("reason", reason),
        ]
    };
    let closed = shown(&withdraw("1")).await;
    let not_planned = ("closed", Some("not_planned"));
    assert_eq!(
        (closed.state.as_str(), closed.reason.as_deref()),
        not_planned
    );
    let told = "**Withdrawn**, what follows does not hold: wrong package, see @<!-- -->everyone\n";
    assert!(closed.body.contains(told), "{}", &closed.body[..300]);
    let back = shown(&[("action", "reopen"), ("revision", "2")]).await;
    assert_eq!(
        (back.state.as_str(), back.reason.as_deref()),
        ("open", Some("reopened"))
    );
    assert!(!back.body.contains("Withdrawn"));
    // Resolved, and withdrawn only then: it is closed already, for another reason.
    let resolved = shown(&[("action", "resolve"), ("revision", "3")]).await;
    assert_eq!(resolved.reason.as_deref(), Some("completed"));
    let closed = shown(&withdraw("4")).await;
    assert_eq!(
        (closed.state.as_str(), closed.reason.as_deref()),
        not_planned
    );
    // As much as GitHub takes, and where the rest is.
    for text in [
        "\n\n\u{2026} the rest stands at https://tracker.example.org/issue/NIXPKGS-2024-0001\n",
        "https://tracker.example.org/advisory/CVE-2024-6387",
        "affected",
    ] {
        assert!(closed.body.contains(text), "{text}");
    }
    let length = closed.body.chars().count();
    assert!((64_000..=65_536).contains(&length), "{length}");
}
