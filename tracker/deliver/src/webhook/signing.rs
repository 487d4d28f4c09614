//! How a receiver knows that a webhook is ours.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2_next::Sha256;
use snowguard_tracker_secret::{Secret, SecretError};

use crate::error::DeliverError;
use crate::id::NotificationId;

const PREFIX: &str = "whsec_";

/// A signing secret: `whsec_` and 24 to 64 bytes in base 64.
#[derive(Clone)]
pub struct SigningSecret {
    text: Secret,
    key: Hmac<Sha256>,
}

impl SigningSecret {
    /// Reads one.
    ///
    /// # Errors
    /// [`DeliverError::Invalid`], without the value.
    pub fn new(text: &str) -> Result<Self, DeliverError> {
        let invalid = || DeliverError::invalid("signing secret (whsec_…)", "");
        let key = text.strip_prefix(PREFIX).ok_or_else(invalid)?;
        let key = STANDARD.decode(key).map_err(|_| invalid())?;
        if !(24..=64).contains(&key.len()) {
            return Err(invalid());
        }
        Ok(Self {
            text: Secret::new(text)?,
            key: Hmac::new_from_slice(&key).map_err(|_| invalid())?,
        })
    }

    /// A new one, of 256 random bits.
    ///
    /// # Errors
    /// [`DeliverError::Secret`] when the system gives no random numbers.
    pub fn random() -> Result<Self, DeliverError> {
        let mut key = [0_u8; 32];
        getrandom::fill(&mut key).map_err(|error| SecretError::Random {
            why: error.to_string(),
        })?;
        Self::new(&format!("{PREFIX}{}", STANDARD.encode(key)))
    }

    /// The text; to store it, and to show it once.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose()
    }

    /// `v1,` and the HMAC-SHA-256 of `id.seconds.body` in base 64.
    #[must_use]
    pub fn sign(&self, id: &NotificationId, at: Timestamp, body: &[u8]) -> String {
        let mut mac = self.key.clone();
        mac.update(format!("{id}.{}.", at.as_second()).as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standards_own_libraries_holds() {
        let secret = SigningSecret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let id = NotificationId::new("msg_p5jXN8AQM9LWM0D4loKWxJek").unwrap();
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        assert_eq!(
            secret.sign(&id, at, br#"{"test": 2432232314}"#),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn a_weak_secret_is_refused_and_none_is_shown() {
        for bad in [
            "",
            "whsec_",
            "whsec_YWJj",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_!",
        ] {
            let error = SigningSecret::new(bad).unwrap_err().to_string();
            assert_eq!(error, "\"\" is no signing secret (whsec_…)");
        }
        let secret = SigningSecret::random().unwrap();
        assert_eq!(format!("{secret:?}"), "SigningSecret(hidden)");
        let again = SigningSecret::new(secret.expose()).unwrap();
        let id = NotificationId::new("n1").unwrap();
        let at = Timestamp::from_second(7).unwrap();
        assert_eq!(secret.sign(&id, at, b"x"), again.sign(&id, at, b"x"));
        assert_ne!(secret.sign(&id, at, b"x"), secret.sign(&id, at, b"y"));
    }
}
