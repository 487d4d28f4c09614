//! What GitHub sends: the signature, and the events that the tracker acts on.
//!
//! Source: <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>

mod payload;

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2_next::Sha256;
use snowguard_tracker_secret::Secret;

pub use payload::{
    Action, BasePayload, Event, IssueEvent, IssuePayload, MembershipEvent, OrganizationEvent,
    OrganizationMembership, OrganizationPayload, Ping, PullRequestEvent, PullRequestPayload,
    RepositoryPayload, TeamEvent, TeamPayload,
};

/// The longest payload, in bytes. GitHub sends up to 25 MB, but the events that are read here have
/// some tens of KB.
pub const MAX_PAYLOAD: usize = 1 << 20;

/// The headers that matter, as they came.
#[derive(Debug, Clone, Copy, Default)]
pub struct Headers<'a> {
    /// `X-Hub-Signature-256`.
    pub signature: Option<&'a str>,
    /// `X-GitHub-Delivery`.
    pub delivery: Option<&'a str>,
    /// `X-GitHub-Event`.
    pub event: Option<&'a str>,
}

/// A delivery that GitHub signed.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// For finding a replay: the caller keeps the ids that it has seen. A redelivery that somebody asks
    /// for at GitHub has the same id.
    pub id: DeliveryId,
    /// What happened.
    pub event: Event,
}

/// A delivery's id, a UUID in lower case. It isn't signed, so a replay under another id is possible: what
/// a delivery makes the receiver do has to bear being done twice. The tracker asks GitHub for the
/// state of things and takes nothing from the payload but what to ask for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeliveryId(String);

impl DeliveryId {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a delivery is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// Answer 413.
    #[error("a payload of {0} bytes, more than {MAX_PAYLOAD}")]
    TooLarge(usize),
    /// Answer 400.
    #[error("the header {0} is missing or malformed")]
    Header(&'static str),
    /// Answer 401.
    #[error("the signature does not hold")]
    Signature,
    /// Answer 400; GitHub signed it, so this crate is behind its API.
    #[error("the payload of {event} cannot be read: {why}")]
    Payload {
        /// The event's name.
        event: String,
        /// Where it departs.
        why: String,
    },
}

/// Checks a delivery's size, headers and signature, in this order, and only then reads it. An event that the
/// tracker does not act on is [`Event::Other`], whatever its payload.
///
/// # Errors
/// [`WebhookError`].
pub fn verify(
    secret: &Secret,
    headers: &Headers<'_>,
    body: &[u8],
) -> Result<Delivery, WebhookError> {
    if body.len() > MAX_PAYLOAD {
        return Err(WebhookError::TooLarge(body.len()));
    }
    let id = headers
        .delivery
        .and_then(delivery_id)
        .ok_or(WebhookError::Header("X-GitHub-Delivery"))?;
    let name = headers
        .event
        .filter(|name| is_event_name(name))
        .ok_or(WebhookError::Header("X-GitHub-Event"))?;
    let signature = headers
        .signature
        .and_then(|text| text.strip_prefix("sha256="))
        .and_then(digest)
        .ok_or(WebhookError::Header("X-Hub-Signature-256"))?;
    mac(secret, body)
        // Compares in constant time.
        .verify_slice(&signature)
        .map_err(|_| WebhookError::Signature)?;
    let event = Event::read(name, body).map_err(|error| WebhookError::Payload {
        event: name.to_owned(),
        why: error.to_string(),
    })?;
    Ok(Delivery { id, event })
}

/// The value of `X-Hub-Signature-256` for a body.
#[must_use]
pub fn signature(secret: &Secret, body: &[u8]) -> String {
    let digest = mac(secret, body).finalize().into_bytes();
    digest.iter().fold("sha256=".to_owned(), |text, byte| {
        format!("{text}{byte:02x}")
    })
}

fn mac(secret: &Secret, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(body);
    mac
}

fn delivery_id(text: &str) -> Option<DeliveryId> {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let hexadecimal = groups
        .iter()
        .all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()));
    (lengths == [8, 4, 4, 4, 12] && hexadecimal).then(|| DeliveryId(text.to_ascii_lowercase()))
}

fn is_event_name(text: &str) -> bool {
    (1..=50).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// 64 hexadecimal digits.
fn digest(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
        let half = |digit: &u8| char::from(*digit).to_digit(16);
        let value = half(digits.first()?)? << 4 | half(digits.get(1)?)?;
        *byte = u8::try_from(value).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "72d3162e-cc78-11e3-81ab-4c9367dc0958";

    fn secret() -> Secret {
        Secret::new("It's a Secret to Everybody").unwrap()
    }

    fn headers<'a>(signature: &'a str, event: &'a str) -> Headers<'a> {
        Headers {
            signature: Some(signature),
            delivery: Some(ID),
            event: Some(event),
        }
    }

    #[test]
    fn githubs_own_example_holds() {
        // Source: the page above, "Testing the webhook payload validation".
        let expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert_eq!(signature(&secret(), b"Hello, World!"), expected);
        let delivery = verify(&secret(), &headers(expected, "star"), b"Hello, World!").unwrap();
        assert_eq!(delivery.event, Event::Other("star".to_owned()));
        assert_eq!(delivery.id.as_str(), ID);
    }

    #[test]
    fn a_forged_delivery_is_refused() {
        let body = br#"{"zen":"x","hook_id":1}"#;
        let good = signature(&secret(), body);
        assert!(verify(&secret(), &headers(&good, "ping"), body).is_ok());
        let other = Secret::new("another").unwrap();
        let changed = format!("sha256={}", good[7..].replace(['0', '1', '2'], "f"));
        for (signature, body) in [
            (signature(&other, body), &body[..]),
            (changed, &body[..]),
            (good.clone(), &br#"{"zen":"x","hook_id":2}"#[..]),
        ] {
            let refused = verify(&secret(), &headers(&signature, "ping"), body);
            assert_eq!(refused, Err(WebhookError::Signature));
        }
        for malformed in [
            "",
            "sha256=",
            "sha256=zz",
            &good[7..],
            &good[..70],
            "sha1=ab",
        ] {
            let refused = verify(&secret(), &headers(malformed, "ping"), body);
            assert_eq!(refused, Err(WebhookError::Header("X-Hub-Signature-256")));
        }
        let none = Headers {
            signature: None,
            ..headers("", "ping")
        };
        assert!(verify(&secret(), &none, body).is_err());
    }

    #[test]
    fn an_empty_secret_would_let_anybody_in_and_cannot_be_made() {
        assert!(Secret::new("").is_err());
    }

    #[test]
    fn a_payload_of_ten_megabytes_is_refused_unread() {
        let body = vec![b' '; 10 << 20];
        let refused = verify(&secret(), &headers("sha256=", "ping"), &body);
        assert_eq!(refused, Err(WebhookError::TooLarge(10 << 20)));
    }

    #[test]
    fn an_id_under_which_a_replay_could_hide_is_refused() {
        let body = b"{}";
        let good = signature(&secret(), body);
        for id in [
            None,
            Some(""),
            Some("x"),
            Some("72d3162e-cc78-11e3-81ab-4c9367dc095\n"),
        ] {
            let headers = Headers {
                delivery: id,
                ..headers(&good, "star")
            };
            let refused = verify(&secret(), &headers, body);
            assert_eq!(refused, Err(WebhookError::Header("X-GitHub-Delivery")));
        }
        // The same in capitals is the same.
        let upper = ID.to_uppercase();
        let headers = Headers {
            delivery: Some(&upper),
            ..headers(&good, "star")
        };
        assert_eq!(verify(&secret(), &headers, body).unwrap().id.as_str(), ID);
    }

    #[test]
    fn a_signed_payload_that_is_none_is_told_without_panic() {
        for body in [&b""[..], b"[", b"{}", b"null", &[b'['; 100_000]] {
            let good = signature(&secret(), body);
            let refused = verify(&secret(), &headers(&good, "issues"), body);
            assert!(matches!(refused, Err(WebhookError::Payload { .. })));
        }
    }
}
