//! Where GitHub is.

use url::{Host, Url};

use crate::error::GitHubError;

/// The addresses of one GitHub: of its API, and of the pages that people see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    api: Url,
    web: Url,
}

impl Endpoints {
    /// github.com.
    #[must_use]
    pub fn github() -> Self {
        Self::new("https://api.github.com", "https://github.com")
            .expect("both are addresses of the web with https")
    }

    /// A GitHub Enterprise Server, such as `https://github.example.org`: its API is under `/api/v3`.
    ///
    /// # Errors
    /// As [`Endpoints::new`].
    pub fn enterprise(web: &str) -> Result<Self, GitHubError> {
        Self::new(&format!("{}/api/v3", web.trim_end_matches('/')), web)
    }

    /// Any. Only https, but on loopback also http, for a stand-in.
    ///
    /// # Errors
    /// [`GitHubError::Invalid`] for another scheme, a user, a query or a fragment.
    pub fn new(api: &str, web: &str) -> Result<Self, GitHubError> {
        Ok(Self {
            api: base(api)?,
            web: base(web)?,
        })
    }

    /// The API's address; its path ends in `/`.
    #[must_use]
    pub fn api(&self) -> &Url {
        &self.api
    }

    /// The address of the pages; its path ends in `/`.
    #[must_use]
    pub fn web(&self) -> &Url {
        &self.web
    }
}

fn base(text: &str) -> Result<Url, GitHubError> {
    let invalid = || GitHubError::invalid("address of a GitHub", text);
    let mut url = Url::parse(text).map_err(|_| invalid())?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    if !plain || !safe {
        return Err(invalid());
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// Whether the host is an address of this machine; a name could lead anywhere.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    }
}

/// Whether both are of the same scheme, host and port.
pub(crate) fn same_origin(one: &Url, other: &Url) -> bool {
    one.origin().is_tuple() && one.origin() == other.origin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enterprise_server_has_its_api_below() {
        let there = Endpoints::enterprise("https://github.example.org/").unwrap();
        assert_eq!(there.api().as_str(), "https://github.example.org/api/v3/");
        assert_eq!(there.web().as_str(), "https://github.example.org/");
        assert_eq!(
            Endpoints::github().api().as_str(),
            "https://api.github.com/"
        );
    }

    #[test]
    fn a_token_would_not_be_sent_in_the_clear() {
        for bad in [
            "http://github.example.org",
            "http://localhost.example.org",
            "http://localhost",
            "ftp://github.com",
            "https://user@github.com",
            "https://github.com?a",
            "github.com",
        ] {
            assert!(Endpoints::new(bad, "https://github.com").is_err(), "{bad}");
        }
        assert!(Endpoints::new("http://127.0.0.1:8080", "http://[::1]:8080").is_ok());
    }
}
