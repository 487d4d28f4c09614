//! The client.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use snowguard_tracker_secret::Secret;
use url::Url;

use crate::app::{Credentials, Installation};
use crate::clock::{Clock, SystemClock};
use crate::endpoints::Endpoints;
use crate::error::GitHubError;
use crate::http::{Ask, Rate, Transport, Walk};
use crate::names::Login;

/// How patient, and how much at most.
#[derive(Debug, Clone)]
pub struct Options {
    /// For one request with its answer.
    pub patience: Duration,
    /// Attempts at a request that may be repeated.
    pub attempts: u32,
    /// The longest wait inside of a call, for a limit or between attempts; a longer one is an error
    /// that says until when.
    pub longest_wait: Duration,
    /// Bytes of one answer.
    pub max_answer: u64,
    /// Pages of one list, of 100 entries each.
    pub max_pages: u32,
    /// Bytes of answers that are kept for asking by entity tag.
    pub cache_bytes: usize,
    /// Certificates (PEM) to trust instead of the public ones, for a GitHub of one's own.
    pub authority: Option<PathBuf>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(30),
            attempts: 4,
            longest_wait: Duration::from_secs(30),
            max_answer: 8 << 20,
            max_pages: 50,
            cache_bytes: 8 << 20,
            authority: None,
            clock: Arc::new(SystemClock),
        }
    }
}

/// GitHub, asked as one identity: a token's user, or an app's installation. May be shared by threads.
#[derive(Debug)]
pub struct Client {
    pub(crate) transport: Transport,
    endpoints: Endpoints,
    credentials: Credentials,
    /// Of an app: the token of now.
    installation: Mutex<Option<Installation>>,
    /// Who this is, once asked.
    pub(crate) identity: Mutex<Option<Login>>,
}

impl Client {
    /// Asks nothing yet.
    ///
    /// # Errors
    /// [`GitHubError::Key`] when [`Options::authority`] cannot be read.
    pub fn new(
        endpoints: Endpoints,
        credentials: Credentials,
        options: &Options,
    ) -> Result<Self, GitHubError> {
        Ok(Self {
            transport: Transport::new(options, endpoints.api())?,
            endpoints,
            credentials,
            installation: Mutex::default(),
            identity: Mutex::default(),
        })
    }

    /// What GitHub last said of the limit on requests.
    #[must_use]
    pub fn rate(&self) -> Option<Rate> {
        self.transport.rate()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.transport.now()
    }

    pub(crate) fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    pub(crate) fn token(&self) -> Result<Secret, GitHubError> {
        self.credentials
            .token(&self.transport, &self.endpoints, &self.installation)
    }

    pub(crate) fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, GitHubError> {
        let token = self.token()?;
        self.transport.json(&Ask::get(url), Some(&token))
    }

    pub(crate) fn get_if_there<T: DeserializeOwned>(
        &self,
        url: Url,
    ) -> Result<Option<T>, GitHubError> {
        let token = self.token()?;
        self.transport.json_if_there(&Ask::get(url), Some(&token))
    }

    pub(crate) fn pages<T: DeserializeOwned>(
        &self,
        first: Url,
        each: impl FnMut(Vec<T>) -> Walk,
    ) -> Result<(), GitHubError> {
        let token = self.token()?;
        self.transport.pages(first, Some(&token), each)
    }
}

/// An address below the API's. Segments are encoded; names that exist have nothing to encode, but
/// for a branch's slashes.
pub(crate) fn below(base: &Url, segments: &[&str], query: &[(&str, &str)]) -> Url {
    const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    let path: Vec<String> = segments
        .iter()
        .map(|segment| utf8_percent_encode(segment, UNRESERVED).to_string())
        .collect();
    let mut url = base.clone();
    url.set_path(&format!("{}{}", base.path(), path.join("/")));
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}

/// A page's address, which pages of ours link to.
pub(crate) fn page<'de, D: Deserializer<'de>>(from: D) -> Result<Url, D::Error> {
    let text = String::deserialize(from)?;
    let url = Url::parse(&text).map_err(D::Error::custom)?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(D::Error::custom("a page's address begins with https:"));
    }
    Ok(url)
}
