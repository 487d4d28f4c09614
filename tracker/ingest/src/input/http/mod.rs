//! Downloads: conditional, resumed, retried, bounded.
//!
//! A download is kept as a file in a folder of its own until it was ingested, with what the server
//! said about it beside it. So a run that was killed during or after the download goes on with the
//! bytes it has, and asks the server only whether they are still current.

mod attempt;
mod retry;
mod store;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

pub use retry::Retry;

use crate::error::IngestError;
use crate::limits::Limits;
use attempt::{Outcome, Trouble};
use store::Store;

/// What a server says about a version of a resource, to ask later whether it changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// `ETag`, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `Last-Modified`, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

/// What came of asking for a URL.
#[derive(Debug)]
pub enum Fetched {
    /// The server says that the version known to the caller is still current.
    NotModified,
    /// The content, in a file.
    Body(Download),
}

/// A complete download.
#[derive(Debug, Clone)]
pub struct Download {
    /// Where its bytes are. [`Client::forget`] removes them.
    pub path: PathBuf,
    /// Where it came from in the end, after redirects.
    pub url: Url,
    /// To ask again with.
    pub validators: Validators,
}

/// How downloads are made.
pub struct Client {
    /// Folder for downloads under way.
    pub folder: PathBuf,
    /// Largest download accepted, in bytes.
    pub limit: u64,
    /// When to try again.
    pub retry: Retry,
    /// Longest silence of a server.
    pub patience: Duration,
    /// How to wait between attempts; replaced in tests.
    pub sleep: fn(Duration),
}

impl Client {
    /// With the defaults, keeping downloads in `folder`.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
            limit: Limits::default().download,
            retry: Retry::default(),
            patience: Duration::from_secs(60),
            sleep: std::thread::sleep,
        }
    }

    /// A small text, such as the revision of a channel.
    ///
    /// # Errors
    /// As [`Client::fetch`]; [`IngestError::Fetch`] when it is over 64 KiB or not UTF-8.
    pub fn small_text(mut self, url: &Url) -> Result<String, IngestError> {
        self.limit = 64 << 10;
        let Fetched::Body(download) = self.fetch(url, None)? else {
            return Err(IngestError::fetch(
                url,
                "the server answered a question nobody asked",
            ));
        };
        let text = std::fs::read_to_string(&download.path)
            .map_err(|error| IngestError::fetch(url, error))?;
        self.forget(url)?;
        Ok(text)
    }

    /// Fetches `url`, unless it is still what `known` describes.
    ///
    /// # Errors
    /// [`IngestError::Fetch`] when the server refuses, when it keeps failing through all attempts,
    /// when it redirects to a place that is not allowed, or sends more than [`Client::limit`];
    /// [`IngestError::File`] when the download cannot be written.
    pub fn fetch(&self, url: &Url, known: Option<&Validators>) -> Result<Fetched, IngestError> {
        allow(url, None).map_err(|what| IngestError::fetch(url, what))?;
        let mut store = Store::open(&self.folder, url)?;
        let mut tries = self.retry.start();
        loop {
            let before = store.length();
            let trouble = match self.attempt(url, &mut store, known)? {
                Outcome::NotModified => return Ok(Fetched::NotModified),
                Outcome::Complete => return Ok(Fetched::Body(store.complete(url)?)),
                Outcome::Failed(trouble) => trouble,
            };
            let progress = store.length() > before;
            let wait = match &trouble {
                Trouble::Final(_) => None,
                Trouble::Passing { after, .. } => tries.next(progress, *after),
            };
            let Some(wait) = wait else {
                if matches!(trouble, Trouble::Final(_)) {
                    store.discard()?;
                }
                return Err(IngestError::fetch(url, trouble));
            };
            tracing::warn!(%url, %trouble, "trying again in {} ms", wait.as_millis());
            (self.sleep)(wait);
        }
    }

    /// Removes a download that is no longer needed.
    ///
    /// # Errors
    /// [`IngestError::File`].
    pub fn forget(&self, url: &Url) -> Result<(), IngestError> {
        Store::open(&self.folder, url)?.discard()
    }
}

/// Whether `url` may be fetched, coming from `from`: `https` always, `http` only on this machine
/// and only when the user named this machine, so that no server can point the tracker inward.
pub(super) fn allow(url: &Url, from: Option<&Url>) -> Result<(), String> {
    let inward = is_loopback(url);
    match url.scheme() {
        "https" if !inward || from.is_none_or(is_loopback) => Ok(()),
        "http" if inward && from.is_none_or(is_loopback) => Ok(()),
        "http" if !inward => Err("only https is allowed, and http on this machine".to_owned()),
        "http" | "https" => Err("a server elsewhere may not redirect to this machine".to_owned()),
        other => Err(format!("{other}: is not supported; use https, or a path")),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.trim_end_matches('.') == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_by_the_users_own_word() {
        let url = |text: &str| Url::parse(text).expect("a URL");
        let outside = url("https://example.org/");
        let inside = url("http://127.0.0.1:8000/");
        for (to, from, fine) in [
            ("https://example.org/x", None, true),
            ("http://example.org/x", None, false),
            ("http://localhost:1/x", None, true),
            ("http://[::1]/x", None, true),
            ("file:///etc/passwd", None, false),
            ("https://cdn.example.org/", Some(&outside), true),
            ("http://cdn.example.org/", Some(&outside), false),
            ("http://127.0.0.1/", Some(&outside), false),
            ("https://localhost/", Some(&outside), false),
            ("http://[::ffff:127.0.0.1]/", Some(&outside), false),
            ("http://127.9.9.9/", Some(&inside), true),
            ("https://example.org/", Some(&inside), true),
        ] {
            assert_eq!(allow(&url(to), from).is_ok(), fine, "{to} from {from:?}");
        }
    }
}
