//! A GitHub App's tokens.

use std::process::Command;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::PrivateKey;
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rustls::pki_types::PrivatePkcs1KeyDer;
use rustls::pki_types::pem::PemObject;
use snowguard_tracker_github::testing::{App, GitHub};
use snowguard_tracker_github::{
    AppKey, Client, Clock, Credentials, Ensured, GitHubError, IssueDraft, IssueKey, Options,
    Secret, UserId,
};

use crate::{TestClock, repository};

/// A key as GitHub gives it, by another program.
fn key() -> Option<Secret> {
    let made = Command::new("openssl")
        .args(["genrsa", "-traditional", "2048"])
        .output();
    match made {
        Ok(made) if made.status.success() => {
            Some(Secret::new(String::from_utf8(made.stdout).unwrap()).unwrap())
        }
        _ => {
            println!("left out: openssl is missing, which makes the app's key");
            None
        }
    }
}

fn client(github: &GitHub, key: &Secret) -> (Client, Arc<TestClock>) {
    let clock = TestClock::new();
    let options = Options {
        clock: Arc::<TestClock>::clone(&clock),
        ..Options::default()
    };
    let key = AppKey::from_pem("123456", key).unwrap();
    let credentials = Credentials::App {
        key,
        installation: 42,
    };
    let client = Client::new(github.endpoints(), credentials, &options).unwrap();
    (client, clock)
}

fn install(github: &GitHub, key: &Secret, lasts: i64) {
    let der = PrivatePkcs1KeyDer::from_pem_slice(key.expose().as_bytes()).unwrap();
    let private = PrivateKey::from_pkcs1_der(der.secret_pkcs1_der()).unwrap();
    let app = App {
        id: "123456".to_owned(),
        slug: "snowguard".to_owned(),
        installation: 42,
        key: private.to_public_key(),
        lasts,
    };
    github.change(|world| world.app = Some(app));
}

#[test]
fn an_app_asks_for_a_token_once_and_again_before_it_ends() {
    let Some(key) = key() else { return };
    let github = GitHub::start().unwrap();
    install(&github, &key, 3600);
    let (client, clock) = client(&github, &key);
    for _ in 0..3 {
        assert_eq!(client.user(UserId(9)).unwrap(), None);
    }
    assert_eq!(github.count("POST /app/installations/42/access_tokens"), 1);
    clock.pass(std::time::Duration::from_secs(3400));
    // The stand-in's clock is the machine's, so that it refuses the app's token of then.
    let refused = client.user(UserId(9)).unwrap_err();
    assert!(matches!(refused, GitHubError::Refused { status: 401, .. }));
    assert_eq!(github.count("POST /app/installations/42/access_tokens"), 2);
}

#[test]
fn openssl_takes_the_signature_of_an_apps_token() {
    let Some(key) = key() else { return };
    let github = GitHub::start().unwrap();
    install(&github, &key, 3600);
    let (client, _) = client(&github, &key);
    client.identity().unwrap();
    let asked = github.asked();
    let token = asked[0]
        .header("authorization")
        .unwrap()
        .strip_prefix("Bearer ")
        .unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("key.pem", key.expose().as_bytes());
    write("signed", signed.as_bytes());
    write("signature", &URL_SAFE_NO_PAD.decode(signature).unwrap());
    let verify = || {
        let words = "dgst -sha256 -prverify key.pem -signature signature signed";
        let verified = Command::new("openssl")
            .args(words.split(' '))
            .current_dir(folder.path())
            .output()
            .unwrap();
        verified.status.success()
    };
    assert!(verify());
    write("signed", format!("{signed}x").as_bytes());
    assert!(!verify());
}

#[test]
fn an_app_writes_as_its_bot_and_finds_what_it_wrote() {
    let Some(key) = key() else { return };
    let github = GitHub::start().unwrap();
    install(&github, &key, 3600);
    let (client, clock) = client(&github, &key);
    assert_eq!(client.identity().unwrap().as_str(), "snowguard[bot]");
    let issue = IssueKey::new("NIXPKGS-2026-0042").unwrap();
    let draft = IssueDraft::new(issue, "openssl", "text").unwrap();
    let ensure = || {
        client
            .ensure_issue(&repository(), &draft, None, clock.now())
            .unwrap()
    };
    assert!(matches!(ensure(), Ensured::Created(_)));
    assert!(matches!(ensure(), Ensured::Unchanged(_)));
}

#[test]
fn the_key_of_another_app_is_refused_and_no_key_is_shown() {
    let (Some(key), Some(other)) = (key(), key()) else {
        return;
    };
    let github = GitHub::start().unwrap();
    install(&github, &other, 3600);
    let (client, _) = client(&github, &key);
    let refused = client.user(UserId(9)).unwrap_err();
    assert!(
        matches!(refused, GitHubError::Refused { status: 401, .. }),
        "{refused}"
    );
    assert!(!format!("{client:?}").contains("PRIVATE"));
    for bad in [
        "nonsense",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
    ] {
        let error = AppKey::from_pem("1", &Secret::new(bad).unwrap()).unwrap_err();
        assert!(matches!(error, GitHubError::Key { .. }), "{error}");
    }
    assert!(AppKey::from_pem("1\",\"x", &key).is_err());
}
