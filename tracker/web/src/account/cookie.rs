//! The cookie of a session.

use axum::http::{HeaderMap, HeaderValue, header};

use super::secret::Secret;
use crate::failure::Failure;

/// How the tracker is reached, which decides on the cookie's name and flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Over TLS (a proxy in front): the cookie is bound to the host and to TLS by its name.
    Tls,
    /// Plain, on this machine.
    Loopback,
}

impl Reach {
    fn name(self) -> &'static str {
        match self {
            // RFC 6265bis 4.1.3.2: only over TLS, for this host alone, for all paths.
            Self::Tls => "__Host-snowguard",
            Self::Loopback => "snowguard",
        }
    }

    fn flags(self) -> &'static str {
        match self {
            Self::Tls => "Path=/; HttpOnly; SameSite=Lax; Secure",
            Self::Loopback => "Path=/; HttpOnly; SameSite=Lax",
        }
    }

    /// The session's secret in a request, where there is one. Of two cookies of the name none is believed.
    #[must_use]
    pub fn secret(self, headers: &HeaderMap) -> Option<Secret> {
        let values = headers.get_all(header::COOKIE).iter();
        let pairs = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'));
        let named = pairs.filter_map(|pair| pair.trim().split_once('='));
        let mut ours = named.filter(|(name, _)| *name == self.name());
        let (_, value) = ours.next()?;
        if ours.next().is_some() {
            return None;
        }
        Secret::presented(value)
    }

    /// The header that sets the cookie for so many seconds.
    ///
    /// # Errors
    /// Never in fact: secrets are of a header's alphabet.
    pub fn set(self, secret: &Secret, seconds: i64) -> Result<HeaderValue, Failure> {
        let text = format!(
            "{}={}; {}; Max-Age={seconds}",
            self.name(),
            secret.expose(),
            self.flags()
        );
        HeaderValue::from_str(&text).map_err(|failed| Failure::Inside(anyhow::Error::new(failed)))
    }

    /// The header that takes the cookie away.
    #[must_use]
    pub fn clear(self) -> HeaderValue {
        match self {
            Self::Tls => HeaderValue::from_static(
                "__Host-snowguard=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0",
            ),
            Self::Loopback => {
                HeaderValue::from_static("snowguard=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_comes_back_and_two_are_none() {
        let secret = Secret::new().unwrap();
        for reach in [Reach::Tls, Reach::Loopback] {
            let set = reach.set(&secret, 60).unwrap();
            let set = set.to_str().unwrap();
            assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax"));
            assert_eq!(set.contains("Secure"), reach == Reach::Tls);
            let pair = set.split(';').next().unwrap();
            let found = |value: String| {
                let mut headers = HeaderMap::new();
                headers.insert(header::COOKIE, value.parse().unwrap());
                reach
                    .secret(&headers)
                    .map(|secret| secret.expose().to_owned())
            };
            assert_eq!(
                found(format!("a=b; {pair}")).as_deref(),
                Some(secret.expose())
            );
            assert_eq!(found(format!("{pair}; {pair}")), None);
            assert_eq!(found(format!("x{pair}")), None);
        }
        assert!(
            Reach::Tls
                .set(&secret, 60)
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("__Host-")
        );
    }
}
