//! The queue and decisions for programs.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use snowguard_tracker_triage::role::Role;
use snowguard_tracker_triage::state::State;

use crate::http::{Answer, ask, get};
use crate::sample::Sample;
use crate::signed_in::Signed;

const DECIDE: &str = "/api/v1/suggestions/CVE-2024-6387/decide";

async fn token(person: &Signed<'_>, scope: &str) -> String {
    let made = person
        .post(
            "/account/tokens",
            &[("name", scope), ("scope", scope), ("days", "30")],
        )
        .await;
    let (_, rest) = made.body.split_once("<code>snowguard_").unwrap();
    format!("snowguard_{}", rest.split('<').next().unwrap())
}

async fn decide(sample: &Sample, token: &str, body: &Value) -> Answer {
    let request = Request::post(DECIDE).header(header::AUTHORIZATION, format!("Bearer {token}"));
    ask(
        &sample.router,
        request.body(Body::from(body.to_string())).unwrap(),
    )
    .await
}

fn document(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

/// Status, and what the answer says a token would have to be.
fn refused(answer: &Answer) -> (u16, &str) {
    let challenge = answer.headers.get(header::WWW_AUTHENTICATE);
    let challenge = challenge.map_or("", |value| value.to_str().unwrap());
    (answer.status.as_u16(), challenge)
}

const NEEDED: (u16, &str) = (401, "Bearer realm=\"snowguard\"");
const INVALID: (u16, &str) = (401, "Bearer realm=\"snowguard\", error=\"invalid_token\"");

fn state(sample: &Sample) -> State {
    sample
        .db
        .suggestion("CVE-2024-6387")
        .unwrap()
        .unwrap()
        .suggestion
        .state
}

#[tokio::test]
async fn the_queue_is_read_with_the_pages_filters() {
    let sample = Sample::new();
    let whole = document(&get(&sample.router, "/api/v1/queue?status=all").await);
    assert_eq!(
        (whole["total"].as_u64(), whole["next"].is_null()),
        (Some(2), true)
    );
    let kev = document(&get(&sample.router, "/api/v1/queue?kev=1").await);
    assert_eq!(kev["suggestions"][0]["advisory"], "CVE-2024-6387");
    assert_eq!(kev["suggestions"][0]["packages"], json!(["openssh"]));
    assert_eq!(
        get(&sample.router, "/api/v1/queue?status=none")
            .await
            .status,
        400
    );
    let one = document(&get(&sample.router, "/api/v1/suggestions/CVE-2024-6387").await);
    assert_eq!(
        (one["state"].as_str(), one["revision"].as_i64()),
        (Some("new"), Some(0))
    );
    assert_eq!(
        get(&sample.router, "/api/v1/suggestions/CVE-1999-0001")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_token_decides_as_far_as_scope_and_roles_allow() {
    let sample = Sample::new();
    let ada = Signed::new(&sample, "ada", &[Role::Triager]);
    let bob = Signed::new(&sample, "bob", &[]);
    let dismiss = json!({"command": "dismiss", "reason": "other_product", "revision": 0});
    let insufficient = "Bearer realm=\"snowguard\", error=\"insufficient_scope\"";
    assert_eq!(
        refused(&decide(&sample, &token(&ada, "read").await, &dismiss).await),
        (403, format!("{insufficient}, scope=\"triage\"").as_str()),
        "another scope"
    );
    assert_eq!(
        refused(&decide(&sample, &token(&bob, "triage").await, &dismiss).await),
        (403, insufficient),
        "no such role"
    );
    // A session's cookie decides nothing here.
    let request = Request::post(DECIDE).header(header::COOKIE, ada.cookie());
    let request = request.body(Body::from(dismiss.to_string())).unwrap();
    assert_eq!(refused(&ask(&sample.router, request).await), NEEDED);
    assert_eq!(state(&sample), State::New);
    let good = token(&ada, "triage").await;
    let decided = decide(&sample, &good, &dismiss).await;
    assert_eq!(
        (
            decided.status.as_u16(),
            document(&decided)["state"].as_str()
        ),
        (200, Some("dismissed"))
    );
    assert_eq!(
        decide(&sample, &good, &dismiss).await.status,
        409,
        "the revision is not today's"
    );
    for body in [
        json!([]),
        json!({"command": {}}),
        json!({"command": "explode", "revision": 1}),
        json!({"command": "accept"}),
    ] {
        assert_eq!(decide(&sample, &good, &body).await.status, 400, "{body}");
    }
    let id = sample
        .db
        .tokens(
            ada.person,
            snowguard_tracker_db::Millis::new(crate::sample::NOW),
        )
        .unwrap()[0]
        .id;
    assert_eq!(
        ada.post(&format!("/account/tokens/{id}/revoke"), &[])
            .await
            .status,
        303
    );
    let reopen = json!({"command": "reopen", "revision": 1});
    assert_eq!(
        refused(&decide(&sample, &good, &reopen).await),
        INVALID,
        "revoked"
    );
}

#[tokio::test]
async fn brute_force_on_tokens_learns_nothing() {
    let sample = Sample::new();
    let ada = Signed::new(&sample, "ada", &[Role::Triager]);
    let good = token(&ada, "triage").await;
    let near = format!(
        "{}{}",
        &good[..good.len() - 1],
        if good.ends_with('0') { '1' } else { '0' }
    );
    let accept = json!({"command": "accept", "revision": 0});
    let mut told = std::collections::BTreeSet::new();
    for guess in [
        near.as_str(),
        "",
        "snowguard_",
        "x",
        &"f".repeat(64),
        &format!("snowguard_{}", "f".repeat(64)),
        &good[10..],
    ] {
        let answer = decide(&sample, guess, &accept).await;
        assert_eq!(refused(&answer), INVALID, "{guess}");
        told.insert(answer.body);
    }
    assert_eq!(told.len(), 1, "all in the same words");
    assert_eq!(state(&sample), State::New);
}

#[tokio::test]
async fn a_token_that_is_over_is_none_and_its_scheme_is_written_in_any_case() {
    let sample = Sample::new();
    let ada = Signed::new(&sample, "ada", &[Role::Triager]);
    let good = token(&ada, "read").await;
    let queue = |value: String| {
        let request = Request::get("/api/v1/queue").header(header::AUTHORIZATION, value);
        ask(&sample.router, request.body(Body::empty()).unwrap())
    };
    for scheme in ["Bearer", "bearer", "BEARER "] {
        assert_eq!(queue(format!("{scheme} {good}")).await.status, 200);
    }
    for other in [format!("Basic {good}"), good.clone(), "Bearer".to_owned()] {
        assert_eq!(refused(&queue(other.clone()).await), INVALID, "{other}");
    }
    let month = 30 * 86_400_000;
    for (after, told) in [(month - 1, (200, "")), (month, INVALID)] {
        let later = sample.at(crate::sample::NOW + after);
        let request = Request::get("/api/v1/queue");
        let request = request.header(header::AUTHORIZATION, format!("Bearer {good}"));
        let answer = ask(&later, request.body(Body::empty()).unwrap()).await;
        assert_eq!(refused(&answer), told);
    }
}
