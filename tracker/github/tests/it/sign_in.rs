//! Signing in, with the stand-in as browser's counterpart.

use std::collections::HashMap;

use snowguard_tracker_github::testing::{Failure, GitHub};
use snowguard_tracker_github::{GitHubError, OAuthApp, Options, Secret, State, UserId, Verifier};
use url::Url;

fn app(github: &GitHub) -> OAuthApp {
    let (id, secret) = github.change(|world| {
        world.users.insert(7, "alice".to_owned());
        world.browser = Some(7);
        world.oauth_app.clone()
    });
    let secret = Secret::new(secret).unwrap();
    let callback = Url::parse("https://tracker.example.org/login/github/callback").unwrap();
    OAuthApp::new(
        github.endpoints(),
        &id,
        secret,
        callback,
        &Options::default(),
    )
    .unwrap()
}

/// What the browser brings back: parameters of the callback.
fn browse(url: &Url) -> HashMap<String, String> {
    let agent = ureq::Agent::config_builder()
        .max_redirects(0)
        .http_status_as_error(false)
        .proxy(None)
        .build()
        .new_agent();
    let answer = agent.get(url.as_str()).call().unwrap();
    assert_eq!(answer.status(), 302);
    let target = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    assert_eq!(target.path(), "/login/github/callback");
    target.query_pairs().into_owned().collect()
}

#[test]
fn somebody_signs_in() {
    let github = GitHub::start().unwrap();
    let app = app(&github);
    let (state, verifier) = (State::random().unwrap(), Verifier::random().unwrap());
    let url = app.authorize(&state, &verifier);
    assert!(
        !url.as_str().contains(verifier.expose()),
        "only its digest is shown"
    );
    let back = browse(&url);
    assert!(
        State::from_kept(state.expose())
            .unwrap()
            .matches(&back["state"])
    );
    let kept = Verifier::from_kept(verifier.expose()).unwrap();
    let user = app.sign_in(&back["code"], &kept).unwrap();
    assert_eq!((user.id, user.login.as_str()), (UserId(7), "alice"));
}

#[test]
fn a_code_cannot_be_used_twice() {
    let github = GitHub::start().unwrap();
    let app = app(&github);
    let (state, verifier) = (State::random().unwrap(), Verifier::random().unwrap());
    let back = browse(&app.authorize(&state, &verifier));
    app.sign_in(&back["code"], &verifier).unwrap();
    let refused = app.sign_in(&back["code"], &verifier).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "GitHub does not take this sign-in: bad_verification_code"
    );
}

#[test]
fn a_code_that_was_stolen_is_worth_nothing_without_the_verifier() {
    let github = GitHub::start().unwrap();
    let app = app(&github);
    let (state, verifier) = (State::random().unwrap(), Verifier::random().unwrap());
    let back = browse(&app.authorize(&state, &verifier));
    let own = Verifier::random().unwrap();
    let refused = app.sign_in(&back["code"], &own).unwrap_err();
    assert!(matches!(refused, GitHubError::SignIn { .. }), "{refused}");
}

#[test]
fn a_state_of_another_session_does_not_match() {
    let (one, other) = (State::random().unwrap(), State::random().unwrap());
    assert!(!one.matches(other.expose()) && !one.matches(""));
    assert!(!one.matches(&one.expose()[..63]));
    for bad in ["", "x", &"g".repeat(64), &"a".repeat(65)] {
        assert!(State::from_kept(bad).is_err() && Verifier::from_kept(bad).is_err());
    }
    assert!(!format!("{one:?}").contains(one.expose()));
}

#[test]
fn who_says_no_brings_no_code() {
    let github = GitHub::start().unwrap();
    let app = app(&github);
    github.change(|world| world.browser = None);
    let url = app.authorize(&State::random().unwrap(), &Verifier::random().unwrap());
    let back = browse(&url);
    assert_eq!(back["error"], "access_denied");
    assert!(!back.contains_key("code"));
}

#[test]
fn a_code_that_is_none_is_not_sent() {
    let github = GitHub::start().unwrap();
    let app = app(&github);
    for bad in ["", "a b", "a&client_id=x", "a\r\nX: y", &"a".repeat(257)] {
        let refused = app.sign_in(bad, &Verifier::random().unwrap()).unwrap_err();
        assert!(matches!(refused, GitHubError::Invalid { .. }), "{refused}");
    }
    assert!(github.asked().is_empty());
}

#[test]
fn a_code_is_sent_once_also_when_the_answer_is_lost() {
    let github = GitHub::start().unwrap();
    let app = app(&github);
    let (state, verifier) = (State::random().unwrap(), Verifier::random().unwrap());
    let back = browse(&app.authorize(&state, &verifier));
    github.fail("POST /login/oauth/access_token", 1, Failure::Lost);
    let lost = app.sign_in(&back["code"], &verifier).unwrap_err();
    assert!(matches!(lost, GitHubError::Unreachable { .. }), "{lost}");
    assert_eq!(github.count("POST /login/oauth/access_token"), 1);
    assert!(!lost.to_string().contains(&back["code"]));
}
