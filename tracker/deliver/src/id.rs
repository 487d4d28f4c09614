//! What a notification is called.

use std::fmt;

use crate::error::DeliverError;

/// A notification's id, the same for each attempt: 1 to 100 letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NotificationId(String);

impl NotificationId {
    /// Checks the form. Neither a dot (it parts what a webhook's signature is made of) nor anything that
    /// a header would have to quote.
    ///
    /// # Errors
    /// [`DeliverError::Invalid`].
    pub fn new(text: impl Into<String>) -> Result<Self, DeliverError> {
        let text = text.into();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if (1..=100).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text))
        } else {
            Err(DeliverError::invalid("notification id", &text))
        }
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NotificationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_leave_its_header() {
        for bad in ["", "a.b", "a b", "a\r\nBcc: x", "a>", "é", &"x".repeat(101)] {
            assert!(NotificationId::new(bad).is_err(), "{bad:?}");
        }
        assert!(NotificationId::new("n-2026_1").is_ok());
    }
}
