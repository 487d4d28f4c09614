//! The token by which an app shows who it is.
//!
//! Source: <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app>

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use getrandom::SysRng;
use jiff::Timestamp;
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::{Pkcs1v15Sign, PrivateKey};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use sha2_next::{Digest, Sha256};
use snowguard_tracker_secret::Secret;

use crate::error::GitHubError;

/// Seconds before now from which the token holds: clocks differ.
const BEFORE: i64 = 60;
/// Seconds that it holds from now; GitHub takes up to 600.
const AFTER: i64 = 540;

/// An app with its private key.
pub struct AppKey {
    app: String,
    key: Box<PrivateKey>,
}

impl AppKey {
    /// `app`: its id or client id. `pem`: its private key, PKCS #1 or PKCS #8.
    ///
    /// # Errors
    /// [`GitHubError::Key`].
    pub fn from_pem(app: &str, pem: &Secret) -> Result<Self, GitHubError> {
        let failed = |why: &str| GitHubError::Key {
            why: why.to_owned(),
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.';
        if app.is_empty() || app.len() > 60 || !app.bytes().all(plain) {
            return Err(GitHubError::invalid("app id", app));
        }
        let key = PrivateKeyDer::from_pem_slice(pem.expose().as_bytes())
            .map_err(|_| failed("it is no private key in PEM"))?;
        let key = match &key {
            PrivateKeyDer::Pkcs1(der) => {
                PrivateKey::from_pkcs1_der(der.secret_pkcs1_der()).map_err(drop)
            }
            PrivateKeyDer::Pkcs8(der) => {
                PrivateKey::from_pkcs8_der(der.secret_pkcs8_der()).map_err(drop)
            }
            _ => Err(()),
        };
        Ok(Self {
            app: app.to_owned(),
            key: Box::new(key.map_err(|()| failed("it is no RSA key"))?),
        })
    }

    /// A token that holds for some minutes.
    pub(crate) fn jwt(&self, now: Timestamp) -> Result<Secret, GitHubError> {
        let now = now.as_second();
        let claims = serde_json::json!({
            "iat": now - BEFORE,
            "exp": now + AFTER,
            "iss": self.app,
        });
        let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT"}"#);
        let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let digest = Sha256::digest(signed.as_bytes());
        // Blinded with random numbers, so that the time it takes tells nothing of the key.
        let signature = self
            .key
            .sign_with_rng(&mut SysRng, Pkcs1v15Sign::new::<Sha256>(), &digest)
            .map_err(|_| GitHubError::Key {
                why: "the RSA operation failed".to_owned(),
            })?;
        let signature = URL_SAFE_NO_PAD.encode(signature);
        Ok(Secret::new(format!("{signed}.{signature}"))?)
    }
}

impl fmt::Debug for AppKey {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppKey({})", self.app)
    }
}
