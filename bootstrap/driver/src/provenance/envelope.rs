//! DSSE: a payload, its type, and signatures over both.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use super::keys::{PublicKey, SecretKey};

/// The type of in-toto statements.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// No envelope is longer.
pub const MAX_BYTES: usize = 4 << 20;

/// Why an envelope isn't believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// No JSON of an envelope.
    #[error("no DSSE envelope: {0}")]
    Syntax(String),
    /// The payload is something else.
    #[error("the payload is of type {0:?}")]
    Type(String),
    /// No signature is by a key that is trusted.
    #[error("no signature by a key that is trusted")]
    Signature,
}

/// A signed payload, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Envelope {
    payload_type: String,
    payload: String,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeSignature {
    keyid: String,
    sig: String,
}

impl Envelope {
    /// Signs a payload.
    pub fn sign(payload: &[u8], key: &SecretKey) -> Self {
        let signature = key.sign(&authenticated(PAYLOAD_TYPE, payload));
        Self {
            payload_type: PAYLOAD_TYPE.to_owned(),
            payload: BASE64.encode(payload),
            signatures: vec![EnvelopeSignature {
                keyid: key.public().name().to_string(),
                sig: BASE64.encode(signature),
            }],
        }
    }

    /// Reads an envelope and answers with its payload, once one of `keys` is found to have signed it.
    ///
    /// # Errors
    /// When it is none, or nobody trusted signed it. Nothing of the payload was looked at before.
    pub fn open(bytes: &[u8], keys: &[PublicKey]) -> Result<Vec<u8>, EnvelopeError> {
        if bytes.len() > MAX_BYTES {
            return Err(EnvelopeError::Syntax(format!("{} bytes", bytes.len())));
        }
        let syntax = |error: &dyn std::fmt::Display| EnvelopeError::Syntax(error.to_string());
        let envelope: Self = serde_json::from_slice(bytes).map_err(|error| syntax(&error))?;
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(EnvelopeError::Type(envelope.payload_type));
        }
        let payload = BASE64
            .decode(&envelope.payload)
            .map_err(|error| syntax(&error))?;
        let message = authenticated(&envelope.payload_type, &payload);
        let signed = envelope.signatures.iter().any(|signature| {
            BASE64
                .decode(&signature.sig)
                .is_ok_and(|sig| keys.iter().any(|key| key.verifies(&message, &sig)))
        });
        if signed {
            Ok(payload)
        } else {
            Err(EnvelopeError::Signature)
        }
    }
}

/// What is signed: DSSE's pre-authentication encoding.
fn authenticated(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut message = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    )
    .into_bytes();
    message.extend_from_slice(payload);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_the_encoding_of_the_specification() {
        let message = authenticated("http://example.com/HelloWorld", b"hello world");
        let text = "DSSEv1 29 http://example.com/HelloWorld 11 hello world";
        assert_eq!(message, text.as_bytes());
    }
}
