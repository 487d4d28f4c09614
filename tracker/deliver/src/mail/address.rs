//! Addresses.

use std::fmt;

use crate::error::DeliverError;

/// A mail address: `local@domain` in ASCII, without quotes, comments or a name. Domains with other
/// letters are written in their `xn--` form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    text: String,
    at: usize,
}

impl Address {
    /// Checks the form: a dot-atom (RFC 5322, 3.2.3) of at most 64 bytes, and a domain of two labels or
    /// more, of 254 bytes together. What SMTP allows beside that is refused; nobody's mailbox needs it, and
    /// quoting is where injections come from.
    ///
    /// # Errors
    /// [`DeliverError::Invalid`].
    pub fn new(text: impl Into<String>) -> Result<Self, DeliverError> {
        let text = text.into();
        match text.rsplit_once('@') {
            Some((local, domain)) if text.len() <= 254 && is_local(local) && is_domain(domain) => {
                let at = local.len();
                Ok(Self { text, at })
            }
            _ => Err(DeliverError::invalid("mail address", &text)),
        }
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands behind the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.text.get(self.at + 1..).unwrap_or_default()
    }

    pub(super) fn local(&self) -> &str {
        self.text.get(..self.at).unwrap_or_default()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_local(text: &str) -> bool {
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    text.len() <= 64
        && text
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(atom))
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.contains('.') && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_could_be_more_than_one_is_refused() {
        for bad in [
            "",
            "a",
            "@example.org",
            "a@",
            "a@b",
            "a b@example.org",
            "a@example.org,b@example.org",
            "a@example.org>\r\nRCPT TO:<b@example.org",
            "a@example.org\nBcc: b@example.org",
            "\"a\r\n\"@example.org",
            "\"a b\"@example.org",
            "<a@example.org>",
            "a@[127.0.0.1]",
            "a..b@example.org",
            ".a@example.org",
            "a@b@example.org",
            "a@-example.org",
            "a@example..org",
            "ä@example.org",
            "a@exämple.org",
            "a\0@example.org",
        ] {
            assert!(Address::new(bad).is_err(), "{bad:?}");
        }
        assert!(Address::new(format!("{}@example.org", "a".repeat(65))).is_err());
        assert!(Address::new(format!("a@{}org", "a.".repeat(130))).is_err());
    }

    #[test]
    fn addresses_that_people_have_are_taken() {
        for good in [
            "a@example.org",
            "a.b+nix@mail.example.org",
            "o'x@xn--exmple-cua.org",
        ] {
            let address = Address::new(good).unwrap();
            assert_eq!(format!("{}@{}", address.local(), address.domain()), good);
        }
    }
}
