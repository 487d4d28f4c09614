//! Sends webhooks.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use ureq::Agent;
use ureq::http::HeaderMap;
use ureq::tls::{PemItem, RootCerts, TlsConfig};
use ureq::unversioned::transport::DefaultConnector;

use super::resolve::{Checked, Lookup, SystemLookup};
use super::signing::SigningSecret;
use super::url::{Rules, WebhookUrl};
use crate::error::DeliverError;
use crate::id::NotificationId;
use crate::outcome::Outcome;

/// The longest body, in bytes.
pub const MAX_BODY: usize = 256 << 10;
/// The longest wait that a receiver may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);

/// A receiver.
#[derive(Debug, Clone)]
pub struct Hook {
    /// Where.
    pub url: WebhookUrl,
    /// What to sign with: one, or during a change the new one and the old one.
    pub secrets: Vec<SigningSecret>,
}

/// What to send.
#[derive(Debug, Clone)]
pub struct Message {
    /// The same for each attempt: `webhook-id`.
    pub id: NotificationId,
    /// A JSON document. It is sent as it is.
    pub json: Vec<u8>,
}

/// Sends webhooks; may be shared by threads. No connection is kept, so that each delivery looks at where the
/// name leads now.
#[derive(Debug)]
pub struct Webhooks {
    rules: Arc<Rules>,
    lookup: Arc<dyn Lookup>,
    patience: Duration,
    tls: TlsConfig,
}

impl Webhooks {
    /// With the system's resolver, and 15 seconds for everything, resolving included.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules: Arc::new(rules),
            lookup: Arc::new(SystemLookup),
            patience: Duration::from_secs(15),
            tls: TlsConfig::default(),
        }
    }

    /// With another resolver.
    #[must_use]
    pub fn with_lookup(mut self, lookup: Arc<dyn Lookup>) -> Self {
        self.lookup = lookup;
        self
    }

    /// With another time for everything.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Trusts the certificates in a PEM file instead of the public authorities'.
    ///
    /// # Errors
    /// [`DeliverError::Certificates`].
    pub fn with_authority(mut self, path: PathBuf) -> Result<Self, DeliverError> {
        let failed = |why: String| DeliverError::Certificates {
            path: path.clone(),
            why,
        };
        let pem = std::fs::read(&path).map_err(|error| failed(error.to_string()))?;
        let mut certificates = Vec::new();
        for item in ureq::tls::parse_pem(&pem) {
            if let PemItem::Certificate(found) = item.map_err(|error| failed(error.to_string()))? {
                certificates.push(found);
            }
        }
        if certificates.is_empty() {
            return Err(failed("it has no certificate".to_owned()));
        }
        self.tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&certificates))
            .build();
        Ok(self)
    }

    /// Posts a message. `now`: for the signature, which receivers hold against their clocks.
    ///
    /// 2xx is [`Outcome::Delivered`]; 410 and a URL that the rules don't allow are [`Outcome::Gone`]; a body of more
    /// than 256 KiB is [`Outcome::Refused`]; all else, redirects included, is [`Outcome::Retry`]. A name that leads to an address which isn't allowed is a
    /// retry too, since a name may be mended; how often to try is the caller's.
    pub fn post(&self, hook: &Hook, message: &Message, now: Timestamp) -> Outcome {
        if let Err(why) = hook.url.check(&self.rules) {
            return Outcome::Gone { why };
        }
        if message.json.len() > MAX_BODY {
            let why = DeliverError::TooLarge {
                what: "the body of a webhook",
                size: message.json.len(),
                limit: MAX_BODY,
            };
            return Outcome::Refused { why };
        }
        if hook.secrets.is_empty() {
            let why = DeliverError::invalid("signing secret (whsec_…)", "");
            return Outcome::Refused { why };
        }
        let signatures: Vec<String> = hook
            .secrets
            .iter()
            .map(|secret| secret.sign(&message.id, now, &message.json))
            .collect();
        let lookup = Arc::clone(&self.lookup);
        let (resolver, refusal) = Checked::new(lookup, Arc::clone(&self.rules), self.patience);
        let agent = Agent::with_parts(self.config(), DefaultConnector::default(), resolver);
        let answer = agent
            .post(hook.url.expose())
            .header("Content-Type", "application/json")
            .header("webhook-id", message.id.as_str())
            .header("webhook-timestamp", now.as_second().to_string())
            .header("webhook-signature", signatures.join(" "))
            .send(&message.json);
        let host = hook.url.host().to_owned();
        match answer {
            // Its body is not read.
            Ok(answer) => judge(host, answer.status().as_u16(), answer.headers(), now),
            Err(error) => {
                let mut refusal = refusal.lock().unwrap_or_else(PoisonError::into_inner);
                let why = error.to_string();
                Outcome::retry(
                    refusal
                        .take()
                        .unwrap_or(DeliverError::Unreachable { host, why }),
                )
            }
        }
    }

    fn config(&self) -> ureq::config::Config {
        Agent::config_builder()
            .http_status_as_error(false)
            .https_only(!self.rules.http)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // A proxy would resolve the name itself.
            .proxy(None)
            .max_idle_connections(0)
            .max_response_header_size(16 << 10)
            .user_agent(concat!("snowguard-tracker/", env!("CARGO_PKG_VERSION")))
            .tls_config(self.tls.clone())
            .timeout_global(Some(self.patience))
            .build()
    }
}

fn judge(host: String, status: u16, headers: &HeaderMap, now: Timestamp) -> Outcome {
    let why = DeliverError::Status { host, status };
    match status {
        200..=299 => Outcome::Delivered,
        410 => Outcome::Gone { why },
        _ => Outcome::Retry {
            after: retry_after(headers, now),
            why,
        },
    }
}

/// Seconds, or a date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get("retry-after")?.to_str().ok()?.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at = rfc2822::parse(text).ok()?.timestamp();
            Duration::try_from(at.duration_since(now)).unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_may_ask_for_a_wait_of_at_most_a_day() {
        let now = Timestamp::from_second(784_111_777).unwrap();
        for (text, expected) in [
            ("120", Some(120)),
            ("99999999", Some(86_400)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sat, 06 Nov 1993 08:50:37 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", text.parse().unwrap());
            let expected = expected.map(Duration::from_secs);
            assert_eq!(retry_after(&headers, now), expected, "{text}");
        }
    }

    #[test]
    fn only_what_is_gone_is_gone() {
        let now = Timestamp::UNIX_EPOCH;
        let headers = HeaderMap::new();
        let judged = |status| judge("example.org".to_owned(), status, &headers, now);
        assert!(matches!(judged(204), Outcome::Delivered));
        assert!(matches!(judged(410), Outcome::Gone { .. }));
        for status in [301, 307, 400, 401, 404, 429, 500, 503] {
            assert!(matches!(judged(status), Outcome::Retry { .. }), "{status}");
        }
    }
}
