//! Where a webhook may go, as far as its URL tells.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use super::network::{Network, why_not_public};
use crate::error::DeliverError;

/// The longest URL, in bytes.
const LONGEST_URL: usize = 2000;

/// Which ports are spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ports {
    /// Those of web servers: 80, 443, 8080, 8443.
    #[default]
    Web,
    /// All; a webhook can then speak to a mail server or a database, though only in HTTP.
    All,
}

/// What the operator allows. The default: https, to a public address, at a port of web servers.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Also http, over which everybody on the way reads and changes what is sent.
    pub http: bool,
    /// Ports.
    pub ports: Ports,
    /// Addresses that are allowed although they aren't public.
    pub networks: Vec<Network>,
}

impl Rules {
    /// Whether the address may be connected to.
    pub(super) fn check_address(&self, host: &str, address: IpAddr) -> Result<(), DeliverError> {
        let Some(kind) = why_not_public(address) else {
            return Ok(());
        };
        if self
            .networks
            .iter()
            .any(|network| network.contains(address))
        {
            return Ok(());
        }
        Err(DeliverError::Forbidden {
            host: host.to_owned(),
            address,
            kind,
        })
    }

    fn check_url(&self, url: &Url) -> Result<(), DeliverError> {
        let refused = |what| Err(DeliverError::Url { what });
        match url.scheme() {
            "https" => {}
            "http" if self.http => {}
            "http" => return refused("the scheme http"),
            _ => return refused("a scheme other than https"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refused("a user or a password");
        }
        if url.fragment().is_some() {
            return refused("a fragment");
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if port == 0 || (self.ports == Ports::Web && !matches!(port, 80 | 443 | 8080 | 8443)) {
            return refused("this port");
        }
        match url.host() {
            None => refused("no host"),
            Some(Host::Ipv4(address)) => self.check_address(&address.to_string(), address.into()),
            Some(Host::Ipv6(address)) => self.check_address(&address.to_string(), address.into()),
            Some(Host::Domain(_)) => Ok(()),
        }
    }
}

/// A webhook's URL, which may be secret: `Debug` shows its host alone.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

impl WebhookUrl {
    /// Reads a URL as a browser does (so `0x7f.1` is 127.0.0.1) and holds it against the rules. Where its
    /// host leads is looked at with each delivery.
    ///
    /// # Errors
    /// [`DeliverError::Url`] or [`DeliverError::Forbidden`].
    pub fn new(text: &str, rules: &Rules) -> Result<Self, DeliverError> {
        if text.len() > LONGEST_URL {
            return Err(DeliverError::Url {
                what: "more than 2000 bytes",
            });
        }
        // The parser would drop them.
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(DeliverError::Url {
                what: "spaces or control characters",
            });
        }
        let url = Url::parse(text).map_err(|_| DeliverError::Url {
            what: "a form that is no URL's",
        })?;
        rules.check_url(&url)?;
        Ok(Self(url))
    }

    /// Once more, for rules that changed since.
    pub(super) fn check(&self, rules: &Rules) -> Result<(), DeliverError> {
        rules.check_url(&self.0)
    }

    /// Name or address, for messages.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// All of it; for storing it, and for the one who set it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({}://{}/…)", self.0.scheme(), self.host())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        WebhookUrl::new(text, &Rules::default())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn only_https_is_taken_by_default() {
        for text in [
            "http://example.org/",
            "ftp://example.org/",
            "file:///etc/passwd",
            "gopher://example.org/",
            "javascript:alert(1)",
            "data:,x",
        ] {
            assert!(refused(text).contains("scheme"), "{text}");
        }
        let http = Rules {
            http: true,
            ..Rules::default()
        };
        assert!(WebhookUrl::new("http://example.org/", &http).is_ok());
        assert!(WebhookUrl::new("ftp://example.org/", &http).is_err());
    }

    #[test]
    fn a_user_in_the_url_is_refused() {
        assert!(refused("https://user@example.org/").contains("user"));
        assert!(refused("https://user:pw@example.org/").contains("user"));
        assert!(refused("https://example.org@10.0.0.1/").contains("user"));
    }

    #[test]
    fn other_ports_are_refused_unless_they_are_allowed() {
        for text in [
            "https://example.org:22/",
            "https://example.org:25/",
            "https://example.org:5432/",
        ] {
            assert!(refused(text).contains("port"), "{text}");
            let all = Rules {
                ports: Ports::All,
                ..Rules::default()
            };
            assert!(WebhookUrl::new(text, &all).is_ok());
        }
        assert!(WebhookUrl::new("https://example.org:8443/x", &Rules::default()).is_ok());
    }

    #[test]
    fn private_addresses_are_refused_however_they_are_written() {
        for text in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0x7f.0.0.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://017700000001/",
            "https://127.0.0.1./",
            "https://1２7.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://[64:ff9b::a9fe:a9fe]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://10.0.0.1/",
            "https://0/",
        ] {
            let error = WebhookUrl::new(text, &Rules::default()).unwrap_err();
            assert!(
                matches!(error, DeliverError::Forbidden { .. }),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn an_allowed_network_is_taken() {
        let rules = Rules {
            networks: vec!["10.1.0.0/16".parse().unwrap()],
            ..Rules::default()
        };
        assert!(WebhookUrl::new("https://10.1.2.3/hook", &rules).is_ok());
        assert!(WebhookUrl::new("https://10.2.2.3/hook", &rules).is_err());
    }

    #[test]
    fn its_path_is_not_shown() {
        let url = WebhookUrl::new("https://hooks.example.org/T0/s3cret?k=v", &Rules::default());
        let url = url.unwrap();
        assert_eq!(
            format!("{url:?}"),
            "WebhookUrl(https://hooks.example.org/…)"
        );
        for text in [
            "https://example.org/\r\nX: y",
            "https://exa mple.org/",
            "nonsense",
            "https://",
        ] {
            assert!(
                WebhookUrl::new(text, &Rules::default()).is_err(),
                "{text:?}"
            );
        }
        assert!(refused(&format!("https://example.org/{}", "a".repeat(2000))).contains("2000"));
    }
}
