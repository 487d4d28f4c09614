//! Sign-in for people: OAuth 2, web application flow, with state and PKCE.
//!
//! Source: <https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps>,
//! RFC 7636

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2_next::{Digest, Sha256};
use snowguard_tracker_secret::Secret;
use ureq::http::Method;
use url::Url;

use crate::client::{Options, below};
use crate::endpoints::Endpoints;
use crate::error::GitHubError;
use crate::http::{Ask, Transport};
use crate::people::User;

/// What binds an answer to the browser that asked: kept in its session, used once.
#[derive(Debug, Clone)]
pub struct State(Secret);

/// What binds a code to the server that asked: kept with the state, never sent to the browser.
#[derive(Debug, Clone)]
pub struct Verifier(Secret);

macro_rules! random {
    ($name:ident) => {
        impl $name {
            /// A new one, of 256 random bits.
            ///
            /// # Errors
            /// [`GitHubError::Secret`] when the system gives no random numbers.
            pub fn random() -> Result<Self, GitHubError> {
                Ok(Self(Secret::random()?))
            }

            /// One that was kept.
            ///
            /// # Errors
            /// [`GitHubError::Invalid`] unless it has the form of one of ours: 64 hexadecimal digits.
            pub fn from_kept(text: &str) -> Result<Self, GitHubError> {
                let valid = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
                if !valid {
                    return Err(GitHubError::invalid("value of a sign-in", ""));
                }
                Ok(Self(Secret::new(text)?))
            }

            /// To keep it.
            #[must_use]
            pub fn expose(&self) -> &str {
                self.0.expose()
            }
        }
    };
}

random!(State);
random!(Verifier);

impl State {
    /// Whether this is what came back; the time it takes tells nothing.
    #[must_use]
    pub fn matches(&self, came_back: &str) -> bool {
        self.0.matches(came_back)
    }
}

/// An app that people sign in through: an OAuth App, or a GitHub App's user part.
#[derive(Debug)]
pub struct OAuthApp {
    transport: Transport,
    endpoints: Endpoints,
    client_id: String,
    client_secret: Secret,
    redirect: Url,
}

impl OAuthApp {
    /// `redirect`: the callback, as registered with GitHub.
    ///
    /// # Errors
    /// [`GitHubError::Invalid`] for a client id that is none; [`GitHubError::Key`] when
    /// [`Options::authority`] cannot be read.
    pub fn new(
        endpoints: Endpoints,
        client_id: &str,
        client_secret: Secret,
        redirect: Url,
        options: &Options,
    ) -> Result<Self, GitHubError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if client_id.is_empty() || client_id.len() > 100 || !client_id.bytes().all(plain) {
            return Err(GitHubError::invalid("client id", client_id));
        }
        Ok(Self {
            transport: Transport::new(options, endpoints.web())?,
            endpoints,
            client_id: client_id.to_owned(),
            client_secret,
            redirect,
        })
    }

    /// Where to send the browser. No scope is asked for: who somebody is needs none.
    #[must_use]
    pub fn authorize(&self, state: &State, verifier: &Verifier) -> Url {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose().as_bytes()));
        let query = [
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", self.redirect.as_str()),
            ("state", state.expose()),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("scope", ""),
        ];
        below(
            self.endpoints.web(),
            &["login", "oauth", "authorize"],
            &query,
        )
    }

    /// Who came back with a code. Check the state first ([`State::matches`]), and forget it. The token is
    /// used for this one question and then forgotten.
    ///
    /// # Errors
    /// [`GitHubError::SignIn`] when the code isn't taken, and as other requests.
    pub fn sign_in(&self, code: &str, verifier: &Verifier) -> Result<User, GitHubError> {
        let token = self.exchange(code, verifier)?;
        let ask = Ask::get(below(self.endpoints.api(), &["user"], &[]));
        self.transport.json(&ask, Some(&token))
    }

    fn exchange(&self, code: &str, verifier: &Verifier) -> Result<Secret, GitHubError> {
        #[derive(Deserialize)]
        struct Given {
            access_token: Option<String>,
            error: Option<String>,
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if code.is_empty() || code.len() > 256 || !code.bytes().all(plain) {
            // The code itself is a secret.
            return Err(GitHubError::invalid("code of a sign-in", ""));
        }
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &self.client_id)
            .append_pair("client_secret", self.client_secret.expose())
            .append_pair("code", code)
            .append_pair("redirect_uri", self.redirect.as_str())
            .append_pair("code_verifier", verifier.expose())
            .finish();
        let ask = Ask {
            method: Method::POST,
            url: below(
                self.endpoints.web(),
                &["login", "oauth", "access_token"],
                &[],
            ),
            body: Some(("application/x-www-form-urlencoded", form.into_bytes())),
            accept: "application/json",
            // A code can be used once.
            repeatable: false,
        };
        let answer = self.transport.send(&ask, None)?;
        let given: Given = answer.json(&ask.operation(), Some(&self.client_secret))?;
        match (given.access_token, given.error) {
            (Some(token), None) => Ok(Secret::new(token)?),
            (_, error) => {
                let code = error.unwrap_or_else(|| "no token and no reason".to_owned());
                let word = |c: &char| c.is_ascii_alphanumeric() || " _-".contains(*c);
                let code = code.chars().filter(word).take(60).collect();
                Err(GitHubError::SignIn { code })
            }
        }
    }
}
