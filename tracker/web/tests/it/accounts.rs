//! Signing in, sessions, tokens, roles; and those who try to get around them.

use axum::body::Body;
use axum::http::{Request, header};
use snowguard_tracker_db::Millis;
use snowguard_tracker_triage::role::{Role, Roles};
use snowguard_tracker_web::hash_password;

use crate::http::{Answer, ask};
use crate::sample::{NOW, Sample};
use crate::signed_in::{HOST, Signed, form, post};

const PASSWORD: &str = "a long enough password";

fn with_root(sample: &Sample) {
    let hash = hash_password(PASSWORD).unwrap();
    let roles = Roles::new([Role::Administrator]);
    sample
        .db
        .put_local_person("root", &hash, roles, Millis::new(NOW))
        .unwrap();
}

async fn sign_in(sample: &Sample, name: &str, password: &str, back: &str) -> Answer {
    let body = form(&[("name", name), ("password", password), ("back", back)]);
    let request = post("/sign-in").header(header::ORIGIN, format!("http://{HOST}"));
    ask(&sample.router, request.body(Body::from(body)).unwrap()).await
}

fn cookie_of(answer: &Answer) -> String {
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_local_account_signs_in_and_out() {
    let sample = Sample::new();
    with_root(&sample);
    let answer = sign_in(&sample, "root", PASSWORD, "/queue?kev=1").await;
    assert_eq!(
        (answer.status.as_u16(), &answer.headers[header::LOCATION]),
        (303, &"/queue?kev=1".parse::<header::HeaderValue>().unwrap())
    );
    let cookie = cookie_of(&answer);
    let page = |cookie: String| async {
        let request = Request::get("/account").header(header::COOKIE, cookie);
        ask(&sample.router, request.body(Body::empty()).unwrap()).await
    };
    let account = page(cookie.clone()).await;
    assert!(account.status.is_success() && account.body.contains("administrator"));
    assert_eq!(account.headers[header::CACHE_CONTROL], "private, no-cache");
    let key = account
        .body
        .split_once("name=\"form_key\" value=\"")
        .unwrap()
        .1
        .split('"')
        .next()
        .unwrap();
    let request = post("/sign-out")
        .header(header::COOKIE, &cookie)
        .header(header::ORIGIN, format!("http://{HOST}"));
    let out = ask(
        &sample.router,
        request
            .body(Body::from(form(&[("form_key", key)])))
            .unwrap(),
    )
    .await;
    assert!(
        out.headers[header::SET_COOKIE]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    assert_eq!(page(cookie).await.status, 401);
}

#[tokio::test]
async fn brute_force_on_passwords_gets_slow_and_tells_nothing() {
    let sample = Sample::new();
    with_root(&sample);
    let mut told = Vec::new();
    for name in ["root", "nobody"] {
        let answer = sign_in(&sample, name, "wrong password, wrong", "").await;
        assert_eq!(answer.status, 403);
        told.push(answer.body);
    }
    assert_eq!(told[0], told[1], "whether there is such a name is not told");
    for _ in 0..4 {
        sign_in(&sample, "root", "wrong password, wrong", "").await;
    }
    assert_eq!(
        sign_in(&sample, "root", PASSWORD, "").await.status,
        429,
        "also the right one waits"
    );
}

#[tokio::test]
async fn open_redirects_after_signing_in_are_none() {
    let sample = Sample::new();
    with_root(&sample);
    for back in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
    ] {
        let answer = sign_in(&sample, "root", PASSWORD, back).await;
        assert_eq!(answer.headers[header::LOCATION], "/", "{back}");
    }
}

#[tokio::test]
async fn session_fixation_does_not_work() {
    let sample = Sample::new();
    with_root(&sample);
    let planted = format!("snowguard={}", "a".repeat(64));
    let body = form(&[("name", "root"), ("password", PASSWORD)]);
    let request = post("/sign-in")
        .header(header::COOKIE, &planted)
        .header(header::ORIGIN, format!("http://{HOST}"));
    let answer = ask(&sample.router, request.body(Body::from(body)).unwrap()).await;
    assert_ne!(cookie_of(&answer), planted);
    let request = Request::get("/account").header(header::COOKIE, &planted);
    assert_eq!(
        ask(&sample.router, request.body(Body::empty()).unwrap())
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn csrf_is_refused_in_every_way() {
    let sample = Sample::new();
    let ada = Signed::new(&sample, "ada", &[Role::Administrator]);
    let bob = Signed::new(&sample, "bob", &[Role::Administrator]);
    let key = ada.form_key().await;
    let body = form(&[("form_key", &key), ("name", "mine"), ("days", "30")]);
    let send = |headers: Vec<(&'static str, String)>, body: String| {
        let mut request = post("/account/tokens").header(header::COOKIE, ada.cookie());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(body)).unwrap();
        async { ask(&sample.router, request).await.status.as_u16() }
    };
    let own = || ("origin", format!("http://{HOST}"));
    // Another site, a sandboxed frame, no browser at all, a cross-site fetch with a forged origin.
    assert_eq!(
        send(
            vec![("origin", "https://evil.example".into())],
            body.clone()
        )
        .await,
        403
    );
    assert_eq!(
        send(vec![("origin", "null".into())], body.clone()).await,
        403
    );
    assert_eq!(send(vec![], body.clone()).await, 403);
    assert_eq!(
        send(
            vec![own(), ("sec-fetch-site", "cross-site".into())],
            body.clone()
        )
        .await,
        403
    );
    // No key, another session's key, a key of the right length.
    assert_eq!(
        send(vec![own()], form(&[("name", "mine"), ("days", "30")])).await,
        403
    );
    let others = form(&[
        ("form_key", &bob.form_key().await),
        ("name", "mine"),
        ("days", "30"),
    ]);
    assert_eq!(send(vec![own()], others).await, 403);
    let guess = form(&[
        ("form_key", &"a".repeat(64)),
        ("name", "mine"),
        ("days", "30"),
    ]);
    assert_eq!(send(vec![own()], guess).await, 403);
    assert!(
        sample
            .db
            .tokens(ada.person, Millis::new(NOW))
            .unwrap()
            .is_empty()
    );
    assert_eq!(send(vec![own()], body).await, 200);
}

#[tokio::test]
async fn a_token_is_shown_once_and_revoked_by_its_owner_only() {
    let sample = Sample::new();
    let ada = Signed::new(&sample, "ada", &[]);
    let bob = Signed::new(&sample, "bob", &[]);
    let made = ada
        .post(
            "/account/tokens",
            &[
                ("name", "ci"),
                ("scope", "read"),
                ("scope", "nonsense"),
                ("days", "30"),
            ],
        )
        .await;
    assert_eq!(
        (
            made.status.as_u16(),
            made.headers[header::CACHE_CONTROL].to_str().unwrap()
        ),
        (200, "no-store")
    );
    assert_eq!(made.body.matches("snowguard_").count(), 1);
    assert!(!ada.get("/account").await.body.contains("snowguard_"));
    let token = &sample.db.tokens(ada.person, Millis::new(NOW)).unwrap()[0];
    assert_eq!(token.scopes, ["read"]);
    let path = format!("/account/tokens/{}/revoke", token.id);
    assert_eq!(bob.post(&path, &[]).await.status, 404);
    assert_eq!(ada.post(&path, &[]).await.status, 303);
    assert!(
        sample
            .db
            .tokens(ada.person, Millis::new(NOW))
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_locked_or_demoted_person_is_out_at_once() {
    let sample = Sample::new();
    let root = Signed::new(&sample, "root", &[Role::Administrator]);
    let ada = Signed::new(&sample, "ada", &[Role::Triager]);
    assert_eq!(ada.get("/log").await.status, 200);
    let roles = format!("/people/{}/roles", ada.person.get());
    let stale = root.post(&roles, &[("role", "security_team")]).await;
    assert_eq!(stale.status, 409, "somebody else gave her another role");
    assert!(
        root.get("/people")
            .await
            .body
            .contains("name=\"seen\" value=\"triager\"")
    );
    assert_eq!(root.post(&roles, &[("seen", "triager")]).await.status, 303);
    assert_eq!(ada.get("/log").await.status, 403);
    assert_eq!(
        root.post(&format!("/people/{}/lock", ada.person.get()), &[])
            .await
            .status,
        303
    );
    assert_eq!(ada.get("/account").await.status, 401);
    // Nobody takes the last key out of their own hand by mistake.
    let own = format!("/people/{}", root.person.get());
    assert_eq!(
        root.post(&format!("{own}/roles"), &[("role", "triager")])
            .await
            .status,
        400
    );
    assert_eq!(root.post(&format!("{own}/lock"), &[]).await.status, 400);
    assert_eq!(
        root.post(&roles, &[("role", "maintainer")]).await.status,
        400,
        "that is Nixpkgs' to say"
    );
}

#[tokio::test]
async fn sign_out_everywhere_ends_every_session() {
    let sample = Sample::new();
    let ada = Signed::new(&sample, "ada", &[]);
    assert_eq!(ada.post("/sign-out-everywhere", &[]).await.status, 303);
    assert_eq!(ada.get("/account").await.status, 401);
}

#[tokio::test]
async fn a_comment_of_ten_megabytes_is_refused_before_it_is_read() {
    let sample = Sample::new();
    let ada = Signed::new(&sample, "ada", &[Role::Triager]);
    let key = ada.form_key().await;
    let comment = "x".repeat(10 << 20);
    let body = form(&[
        ("form_key", &key),
        ("command", "comment"),
        ("revision", "0"),
        ("comment", &comment),
    ]);
    assert_eq!(
        ada.post_raw("/advisory/CVE-2024-6387/decide", &body)
            .await
            .status,
        413
    );
    let comment = "x".repeat(100 << 10);
    let body = form(&[
        ("form_key", &key),
        ("command", "comment"),
        ("revision", "0"),
        ("comment", &comment),
    ]);
    let answer = ada.post_raw("/advisory/CVE-2024-6387/decide", &body).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("longer than"), "{}", answer.body);
}
