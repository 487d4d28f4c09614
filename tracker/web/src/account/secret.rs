//! Random secrets, and what is kept of them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use snowguard_tracker_db::Digest;
use subtle::ConstantTimeEq;

use crate::failure::Failure;

/// A secret of 256 random bits, as text that fits into a cookie, an address or a header.
#[derive(Clone)]
pub struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new() -> Result<Self, Failure> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map_err(|failed| Failure::Inside(anyhow::anyhow!("random numbers: {failed}")))?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// What somebody presents: of the right length and alphabet, or nothing.
    #[must_use]
    pub fn presented(text: &str) -> Option<Self> {
        let decoded = URL_SAFE_NO_PAD.decode(text).ok()?;
        (decoded.len() == 32).then(|| Self(text.to_owned()))
    }

    /// A secret that is kept elsewhere, to derive others from.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The text, to hand out once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Sha256::digest(&self.0).into()
    }

    /// Another secret that follows from this one, for another purpose; this one does not follow from it.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(purpose);
        hash.update([0]);
        hash.update(&self.0);
        Self(URL_SAFE_NO_PAD.encode(hash.finalize()))
    }

    /// Whether a text is this secret, in a time that does not depend on where they differ.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_come_back() {
        let (one, two) = (Secret::new().unwrap(), Secret::new().unwrap());
        assert_ne!(one.expose(), two.expose());
        let again = Secret::presented(one.expose()).unwrap();
        assert_eq!(again.digest(), one.digest());
        assert!(one.is(again.expose()) && !one.is(two.expose()));
        assert_ne!(one.derive("form").expose(), one.derive("other").expose());
        assert!(!format!("{one:?}").contains(one.expose()));
        for wrong in ["", "short", "ü", &"A".repeat(44), &"=".repeat(43)] {
            assert!(Secret::presented(wrong).is_none(), "{wrong}");
        }
    }
}
