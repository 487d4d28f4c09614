//! Who may ask for what, and how often.

use std::collections::{BTreeMap, VecDeque};

use serde::Deserialize;
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::signer::Asked;
use snowguard_boot_format::time::Time;

use super::protocol::{PurposeName, SignQuestion};

/// Why a policy cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Not the JSON of a policy.
    #[error("the policy cannot be read: {0}")]
    Json(String),
    /// A fingerprint that is not 64 hexadecimal digits.
    #[error("{client}: {value:?} is no SHA-256 (64 hexadecimal digits)")]
    Digest {
        /// The client's name.
        client: String,
        /// The value.
        value: String,
    },
    /// Two clients with one certificate, or of one name.
    #[error("{0} is there twice")]
    Twice(String),
}

/// One client.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// How the log calls it.
    pub name: String,
    /// SHA-256 over its certificate's DER, in hexadecimal.
    pub certificate_sha256: String,
    /// Names of the keys it may use.
    pub keys: Vec<String>,
    /// What for.
    pub purposes: Vec<PurposeName>,
    /// If given, the only image digests (SHA-256 …, hexadecimal) that are signed for it.
    #[serde(default)]
    pub images: Option<Vec<String>>,
    /// Signatures within any minute.
    pub per_minute: u32,
}

/// All clients. Whoever is not in it gets nothing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    clients: Vec<Client>,
}

impl Policy {
    /// From JSON: `{"clients": [{"name", "certificate_sha256", "keys", "purposes", "images"?,
    /// "per_minute"}]}`.
    ///
    /// # Errors
    /// [`PolicyError`]; an unknown field is an error, since it may have been meant to restrict.
    pub fn parse(json: &[u8]) -> Result<Self, PolicyError> {
        let mut policy: Self =
            serde_json::from_slice(json).map_err(|error| PolicyError::Json(error.to_string()))?;
        let mut seen = std::collections::BTreeSet::new();
        for client in &mut policy.clients {
            client.certificate_sha256.make_ascii_lowercase();
            let value = &client.certificate_sha256;
            if value.len() != 64 || !value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(PolicyError::Digest {
                    client: client.name.clone(),
                    value: value.clone(),
                });
            }
            for image in client.images.iter_mut().flatten() {
                image.make_ascii_lowercase();
            }
            for identity in [format!("client {}", client.name), value.clone()] {
                if !seen.insert(identity.clone()) {
                    return Err(PolicyError::Twice(identity));
                }
            }
        }
        Ok(policy)
    }

    /// The client of this certificate.
    pub fn client(&self, certificate: &[u8]) -> Option<&Client> {
        let fingerprint = DigestAlgorithm::Sha256.digest(&[certificate]).to_string();
        self.clients
            .iter()
            .find(|client| client.certificate_sha256 == fingerprint)
    }
}

impl Client {
    /// Why the question is refused, if it is.
    pub fn objection(&self, question: &SignQuestion, asked: &Asked) -> Option<String> {
        if !self.keys.contains(&question.key) {
            return Some(format!(
                "{} may not use the key {:?}",
                self.name, question.key
            ));
        }
        if !self.purposes.contains(&question.purpose) {
            return Some(format!("{} may not sign for this purpose", self.name));
        }
        match (asked, &self.images) {
            (Asked::Image(digest), Some(images)) if !images.contains(&digest.to_string()) => {
                Some(format!("the image {digest} is not in {}'s list", self.name))
            }
            _ => None,
        }
    }
}

/// When each client got signatures lately.
#[derive(Debug, Default)]
pub struct Rates(BTreeMap<String, VecDeque<Time>>);

impl Rates {
    /// Counts one more if the client's rate allows it.
    pub fn allows(&mut self, client: &Client, now: Time) -> bool {
        let times = self.0.entry(client.name.clone()).or_default();
        while times
            .front()
            .is_some_and(|first| now.unix() - first.unix() >= 60)
        {
            times.pop_front();
        }
        let room = times.len() < usize::try_from(client.per_minute).unwrap_or(usize::MAX);
        if room {
            times.push_back(now);
        }
        room
    }
}
