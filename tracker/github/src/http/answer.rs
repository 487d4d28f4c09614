//! What came back.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use snowguard_tracker_secret::Secret;
use ureq::Body;
use ureq::http::{HeaderMap, Response};
use ureq::tls::{PemItem, RootCerts, TlsConfig};
use url::Url;

use super::cache::Known;
use super::limits::Told;
use crate::error::GitHubError;

/// The longest sentence of GitHub that is shown, in characters.
const SENTENCE: usize = 200;

/// A whole answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Arc<[u8]>,
    pub(crate) etag: Option<String>,
    /// The `next` of the `Link` header.
    pub(crate) next: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) told: Told,
}

/// Why there is none.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection; whether something was done is unknown.
    Network(String),
    /// 5xx.
    Status(Box<Answer>),
    Malformed(String),
    TooLarge(u64),
    Elsewhere(String),
}

impl Failure {
    pub(super) fn of(error: &ureq::Error) -> Self {
        use ureq::Error as E;
        match error {
            E::BadUri(_) | E::Http(_) | E::LargeResponseHeader(..) => {
                Self::Malformed(error.to_string())
            }
            _ => Self::Network(error.to_string()),
        }
    }

    /// Whether another attempt may do better.
    pub(super) fn passing(&self) -> bool {
        matches!(self, Self::Network(_) | Self::Status(_))
    }

    pub(super) fn asked_to_wait(&self) -> Option<Duration> {
        match self {
            Self::Status(answer) => answer.told.retry_after.map(Duration::from_secs),
            _ => None,
        }
    }

    pub(super) fn into_error(self, operation: String, token: Option<&Secret>) -> GitHubError {
        match self {
            Self::Network(why) => GitHubError::Unreachable { operation, why },
            Self::Status(answer) => answer.refusal(&operation, token),
            Self::Malformed(why) => GitHubError::Malformed { operation, why },
            Self::TooLarge(limit) => GitHubError::TooLarge {
                operation,
                limit,
                unit: "bytes",
            },
            Self::Elsewhere(target) => GitHubError::Elsewhere { operation, target },
        }
    }
}

impl Answer {
    /// Reads at most `limit` bytes.
    pub(super) fn read(mut response: Response<Body>, limit: u64) -> Result<Self, Failure> {
        let body = response.body_mut().with_config().limit(limit);
        let body = body.read_to_vec().map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => Failure::TooLarge(limit),
            other => Failure::Network(other.to_string()),
        })?;
        let headers = response.headers();
        Ok(Self {
            status: response.status().as_u16(),
            etag: text(headers, "etag"),
            next: text(headers, "link").as_deref().and_then(next_page),
            location: text(headers, "location"),
            told: Told::from_headers(headers),
            body: body.into(),
        })
    }

    /// What is known, with the limits that came now.
    pub(super) fn with(self, known: &Known) -> Self {
        Self {
            status: 200,
            body: Arc::clone(&known.body),
            etag: Some(known.etag.clone()),
            next: known.next.clone(),
            ..self
        }
    }

    pub(crate) fn json<T: DeserializeOwned>(
        &self,
        operation: &str,
        token: Option<&Secret>,
    ) -> Result<T, GitHubError> {
        if !(200..300).contains(&self.status) {
            return Err(self.refusal(operation, token));
        }
        serde_json::from_slice(&self.body).map_err(|error| GitHubError::Malformed {
            operation: operation.to_owned(),
            why: error.to_string(),
        })
    }

    /// GitHub's own sentence, as one line.
    pub(super) fn sentence(&self) -> String {
        #[derive(Deserialize)]
        struct Refusal {
            message: String,
        }
        let refusal: Option<Refusal> = serde_json::from_slice(&self.body).ok();
        let sentence = refusal.map_or_else(|| "without a reason".to_owned(), |r| r.message);
        let line = |c: char| if c.is_control() { ' ' } else { c };
        sentence.chars().map(line).take(SENTENCE).collect()
    }

    pub(crate) fn refusal(&self, operation: &str, token: Option<&Secret>) -> GitHubError {
        let mut message = self.sentence();
        // A server that echoes what it was sent must not bring the token into a log.
        if let Some(token) = token {
            message = message.replace(token.expose(), "(token)");
        }
        GitHubError::Refused {
            operation: operation.to_owned(),
            status: self.status,
            message,
        }
    }
}

pub(super) fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// Scheme, host and port, for a message.
pub(super) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The address with `rel="next"`.
///
/// Source: RFC 8288, section 3
fn next_page(link: &str) -> Option<String> {
    link.split(',').find_map(|part| {
        let (address, parameters) = part.trim().strip_prefix('<')?.split_once('>')?;
        let next = |parameter: &str| {
            let (name, value) = parameter.trim().split_once('=')?;
            (name == "rel" && value.trim_matches('"') == "next").then_some(())
        };
        parameters.split(';').find_map(next)?;
        Some(address.to_owned())
    })
}

/// Trusts the certificates of a PEM file, and no other.
pub(super) fn trust(path: &Path) -> Result<TlsConfig, GitHubError> {
    let failed = |why: String| GitHubError::Key {
        why: format!("{}: {why}", path.display()),
    };
    let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let mut certificates = Vec::new();
    for item in ureq::tls::parse_pem(&pem) {
        if let PemItem::Certificate(found) = item.map_err(|error| failed(error.to_string()))? {
            certificates.push(found);
        }
    }
    if certificates.is_empty() {
        return Err(failed("it has no certificate".to_owned()));
    }
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&certificates))
        .build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_links() {
        let link = "<https://api.github.com/x?page=1>; rel=\"prev\", \
                    <https://api.github.com/x?page=3>; rel=\"next\"";
        assert_eq!(
            next_page(link).as_deref(),
            Some("https://api.github.com/x?page=3")
        );
        for none in [
            "",
            "<x>",
            "<x>; rel=\"last\"",
            "x; rel=\"next\"",
            "<x; rel=next",
        ] {
            assert_eq!(next_page(none), None, "{none}");
        }
    }
}
