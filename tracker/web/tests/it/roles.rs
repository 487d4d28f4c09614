//! Every address and action for every role, and ids of others.

use axum::body::Body;
use axum::http::{Request, header};
use snowguard_tracker_triage::role::{Action, Grant, Role, grant};

use crate::http::{ask, get};
use crate::sample::Sample;
use crate::signed_in::{HOST, Signed, form, post};

/// Method, path, what it needs, and a form's fields.
type Guarded = (
    &'static str,
    &'static str,
    Action,
    Vec<(&'static str, &'static str)>,
);

/// Every address that needs more than reading: what it does, and fields that would do it.
fn guarded() -> Vec<Guarded> {
    let decide = |command| vec![("command", command), ("revision", "0")];
    vec![
        ("GET", "/account", Action::OwnAccount, vec![]),
        ("GET", "/my", Action::OwnAccount, vec![]),
        ("GET", "/log", Action::Triage, vec![]),
        ("GET", "/people", Action::People, vec![]),
        ("GET", "/jobs", Action::Operate, vec![]),
        ("GET", "/issues/new", Action::Draft, vec![]),
        ("GET", "/issues?stage=draft", Action::Draft, vec![]),
        ("GET", "/subscriptions", Action::OwnAccount, vec![]),
        ("GET", "/notifications", Action::OwnAccount, vec![]),
        (
            "GET",
            "/account/mail/confirm?key=x",
            Action::OwnAccount,
            vec![],
        ),
        (
            "POST",
            "/subscriptions",
            Action::OwnAccount,
            vec![("subject", "everything"), ("cadence", "daily")],
        ),
        (
            "POST",
            "/subscriptions/1/change",
            Action::OwnAccount,
            vec![("cadence", "daily")],
        ),
        (
            "POST",
            "/subscriptions/1/remove",
            Action::OwnAccount,
            vec![],
        ),
        ("POST", "/subscriptions/1/feed", Action::OwnAccount, vec![]),
        (
            "POST",
            "/notifications/read",
            Action::OwnAccount,
            vec![("up_to", "1")],
        ),
        (
            "POST",
            "/account/mail",
            Action::OwnAccount,
            vec![("mail", "")],
        ),
        (
            "POST",
            "/account/mail/confirm",
            Action::OwnAccount,
            vec![("key", "x")],
        ),
        ("POST", "/sign-out", Action::OwnAccount, vec![]),
        ("POST", "/sign-out-everywhere", Action::OwnAccount, vec![]),
        (
            "POST",
            "/account/tokens",
            Action::OwnAccount,
            vec![("name", "t"), ("days", "30")],
        ),
        (
            "POST",
            "/account/tokens/1/revoke",
            Action::OwnAccount,
            vec![],
        ),
        (
            "POST",
            "/queue/views",
            Action::OwnAccount,
            vec![("name", "v")],
        ),
        (
            "POST",
            "/queue/views/remove",
            Action::OwnAccount,
            vec![("name", "v")],
        ),
        (
            "POST",
            "/queue/decide",
            Action::Triage,
            vec![("command", "accept"), ("pick", "CVE-2024-6387 0")],
        ),
        (
            "POST",
            "/advisory/CVE-2024-6387/decide",
            Action::Triage,
            decide("accept"),
        ),
        (
            "POST",
            "/advisory/CVE-2024-6387/decide",
            Action::Propose,
            decide("propose_accept"),
        ),
        (
            "POST",
            "/advisory/CVE-2024-6387/decide",
            Action::Comment,
            vec![("command", "comment"), ("revision", "0"), ("comment", "c")],
        ),
        ("POST", "/activity/2/undo", Action::Triage, vec![]),
        (
            "POST",
            "/issues",
            Action::Draft,
            vec![("title", "t"), ("advisories", "CVE-2024-66666")],
        ),
        (
            "POST",
            "/issue/NIXPKGS-2024-0001",
            Action::Draft,
            vec![("revision", "0"), ("action", "edit"), ("title", "t")],
        ),
        (
            "POST",
            "/issue/NIXPKGS-2024-0001",
            Action::Publish,
            vec![("revision", "0"), ("action", "publish")],
        ),
        (
            "POST",
            "/rules",
            Action::Rules,
            vec![("kind", "never"), ("vendor", "v")],
        ),
        ("POST", "/rules/1/retire", Action::Rules, vec![]),
        (
            "POST",
            "/people/1/roles",
            Action::People,
            vec![("role", "triager")],
        ),
        ("POST", "/people/1/lock", Action::People, vec![]),
    ]
}

/// A sample in which every guarded address finds something to act upon.
async fn furnished() -> Sample {
    let sample = Sample::new();
    let first = Signed::new(&sample, "first", &[Role::SecurityTeam]);
    let accept = |id: &str| format!("/advisory/{id}/decide");
    // Entry 2 of the log (1: the roles).
    let dismissed = [
        ("command", "dismiss"),
        ("reason", "other_product"),
        ("revision", "0"),
    ];
    assert_eq!(
        first
            .post(&accept("CVE-2024-66666"), &dismissed)
            .await
            .status,
        303
    );
    let accepted = [("command", "accept"), ("revision", "1")];
    assert_eq!(
        first
            .post(&accept("CVE-2024-66666"), &accepted)
            .await
            .status,
        303
    );
    let issue = [("title", "Title"), ("advisories", "CVE-2024-66666")];
    assert_eq!(
        first.post("/issues", &issue).await.headers[header::LOCATION],
        "/issue/NIXPKGS-2024-0001"
    );
    assert_eq!(
        first
            .post("/rules", &[("kind", "never"), ("vendor", "other")])
            .await
            .status,
        303
    );
    sample
}

#[tokio::test]
async fn every_address_and_action_for_every_role() {
    for role in Role::ALL {
        // What one request changes must not decide about the next.
        for (method, path, action, fields) in guarded() {
            let sample = furnished().await;
            let status = if role == Role::Anonymous {
                let mut request = match method {
                    "GET" => Request::get(path),
                    _ => post(path).header(header::ORIGIN, format!("http://{HOST}")),
                };
                request = request.header(header::HOST, HOST);
                ask(
                    &sample.router,
                    request.body(Body::from(form(&fields))).unwrap(),
                )
                .await
                .status
                .as_u16()
            } else {
                let person = Signed::new(&sample, "somebody", &[role]);
                match method {
                    "GET" => person.get(path).await.status.as_u16(),
                    _ => person.post(path, &fields).await.status.as_u16(),
                }
            };
            // openssh, of which CVE-2024-6387 speaks, is the maintainer's.
            let allowed = grant(role, action) != Grant::No;
            let refused = match (role, path) {
                (Role::Anonymous, "/issue/NIXPKGS-2024-0001") => status == 401,
                (Role::Anonymous, _) => status == 401,
                // What is not public does not exist for others.
                (_, "/issue/NIXPKGS-2024-0001") if grant(role, Action::Draft) == Grant::No => {
                    status == 404
                }
                _ => status == 403,
            };
            assert!(
                if allowed {
                    !matches!(status, 401 | 403)
                } else {
                    refused
                },
                "{role:?} {method} {path} for {action:?}: {status}"
            );
        }
    }
}

#[tokio::test]
async fn idor_over_ids_of_others_finds_nothing() {
    let sample = furnished().await;
    let nobody = get(&sample.router, "/issue/NIXPKGS-2024-0001").await;
    let missing = get(&sample.router, "/issue/NIXPKGS-2024-0002").await;
    assert_eq!(
        (nobody.status.as_u16(), missing.status.as_u16()),
        (404, 404)
    );
    assert_eq!(
        nobody.body.replace("0001", "0002"),
        missing.body,
        "a draft cannot be told from nothing"
    );
    let triager = Signed::new(&sample, "triager", &[Role::Triager]);
    // Entries of people's roles and of issues are not a triager's to take back.
    let entries = sample.db.activity(None, 100).unwrap();
    assert!(entries.len() > 5);
    for entry in entries {
        let id = entry.id;
        let status = triager
            .post(&format!("/activity/{id}/undo"), &[])
            .await
            .status
            .as_u16();
        let mine = entry.subject.to_string().starts_with("suggestion:");
        assert!(
            if mine { status != 403 } else { status == 403 },
            "{id} {}: {status}",
            entry.subject
        );
    }
}
