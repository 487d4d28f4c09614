//! Random secrets that browsers and programs present, and what is kept of them.

use sha2::{Digest as _, Sha256};
use snowguard_tracker_db::Digest;
use snowguard_tracker_secret::Secret as Text;

use crate::failure::Failure;

/// A secret of 256 random bits, as 64 hexadecimal digits: they fit into a cookie, an address or a header. Hidden in `Debug`,
/// wiped when dropped.
#[derive(Debug, Clone)]
pub struct Secret(Text);

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new() -> Result<Self, Failure> {
        Text::random()
            .map(Self)
            .map_err(|failed| Failure::Inside(failed.into()))
    }

    /// What somebody presents: of the right length and alphabet, or nothing.
    #[must_use]
    pub fn presented(text: &str) -> Option<Self> {
        let digits = text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (text.len() == 64 && digits)
            .then(|| Text::new(text).ok().map(Self))
            .flatten()
    }

    /// The text, to hand out once.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What is stored of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Sha256::digest(self.expose()).into()
    }

    /// Another secret that follows from this one, for another purpose; this one does not follow from it.
    ///
    /// # Errors
    /// Never in fact: a digest's digits are a secret.
    pub fn derive(&self, purpose: &str) -> Result<Self, Failure> {
        Self::derive_from(self.expose().as_bytes(), purpose)
    }

    /// As [`Secret::derive`], from a secret that is kept elsewhere.
    ///
    /// # Errors
    /// As [`Secret::derive`].
    pub fn derive_from(secret: &[u8], purpose: &str) -> Result<Self, Failure> {
        let mut hash = Sha256::new();
        hash.update(purpose);
        hash.update([0]);
        hash.update(secret);
        let digits: String = hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Text::new(digits)
            .map(Self)
            .map_err(|failed| Failure::Inside(failed.into()))
    }

    /// Whether a text is this secret, in a time that does not depend on where they differ.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.0.matches(text)
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
        assert_ne!(
            one.derive("form").unwrap().expose(),
            one.derive("other").unwrap().expose()
        );
        assert!(!format!("{one:?}").contains(one.expose()));
        for wrong in [
            "",
            "short",
            "ü",
            &"a".repeat(65),
            &"A".repeat(64),
            &"g".repeat(64),
        ] {
            assert!(Secret::presented(wrong).is_none(), "{wrong}");
        }
    }
}
