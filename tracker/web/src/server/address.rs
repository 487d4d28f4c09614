//! The address under which browsers reach the server.

use anyhow::{Result, bail};
use url::Url;

use crate::account::cookie::Reach;

/// Where the server is for the outside: scheme, host and port. Cookies, forms and links rest on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicAddress(Option<Url>);

impl PublicAddress {
    /// An address as an administrator gives it: `https://tracker.example.org`; plain HTTP only for this machine itself.
    ///
    /// # Errors
    /// For anything else, and for an address with a path.
    pub fn parse(text: &str) -> Result<Self> {
        let url = Url::parse(text)?;
        let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if url.scheme() != "https" && !(url.scheme() == "http" && local) {
            bail!("{text}: a public address begins with https://");
        }
        if url.path() != "/"
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
        {
            bail!("{text}: a public address has no path");
        }
        Ok(Self(Some(url)))
    }

    /// How browsers reach it.
    #[must_use]
    pub fn reach(&self) -> Reach {
        match &self.0 {
            Some(url) if url.scheme() == "https" => Reach::Tls,
            _ => Reach::Loopback,
        }
    }

    /// Whether an `Origin` is this server's own. Without a public address it must be the very `Host` that was asked, and
    /// that this machine itself.
    #[must_use]
    pub fn is_own(&self, origin: &str, host: Option<&str>) -> bool {
        match (&self.0, host) {
            (Some(url), _) => origin == url.origin().ascii_serialization(),
            (None, Some(host)) => is_loopback(host) && origin.strip_prefix("http://") == Some(host),
            (None, None) => false,
        }
    }

    /// An absolute address of a path; the path alone without a public address.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        match &self.0 {
            Some(url) => format!("{}{path}", url.origin().ascii_serialization()),
            None => path.to_owned(),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(name, _)| name),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost"
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_origin_is_own() {
        let public = PublicAddress::parse("https://tracker.example.org").unwrap();
        assert!(public.is_own("https://tracker.example.org", Some("anything")));
        for other in [
            "http://tracker.example.org",
            "https://tracker.example.org.evil.org",
            "null",
            "",
        ] {
            assert!(
                !public.is_own(other, Some("tracker.example.org")),
                "{other}"
            );
        }
        let local = PublicAddress::default();
        assert!(local.is_own("http://127.0.0.1:8080", Some("127.0.0.1:8080")));
        assert!(local.is_own("http://[::1]:8080", Some("[::1]:8080")));
        // A name of somebody else that leads here (DNS rebinding).
        assert!(!local.is_own("http://evil.org:8080", Some("evil.org:8080")));
        assert!(!local.is_own("http://127.0.0.1:8081", Some("127.0.0.1:8080")));
        assert!(!local.is_own("http://127.0.0.1:8080", None));
    }

    #[test]
    fn a_public_address_is_tls_and_has_no_path() {
        assert_eq!(
            PublicAddress::parse("https://a.example").unwrap().reach(),
            Reach::Tls
        );
        assert_eq!(
            PublicAddress::parse("http://localhost:8080")
                .unwrap()
                .reach(),
            Reach::Loopback
        );
        for wrong in [
            "http://a.example",
            "https://a.example/x",
            "https://u@a.example",
            "ftp://a",
            "a",
        ] {
            assert!(PublicAddress::parse(wrong).is_err(), "{wrong}");
        }
        let public = PublicAddress::parse("https://a.example").unwrap();
        assert_eq!(public.link("/queue"), "https://a.example/queue");
    }
}
