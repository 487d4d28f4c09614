//! One attempt at a download.

use std::fmt;
use std::io::{self, Read, Write};
use std::time::Duration;

use ureq::http::{Response, header};
use ureq::{Agent, Body};
use url::Url;

use super::store::{Note, Store};
use super::{Client, Validators, allow, is_loopback};
use crate::error::IngestError;

/// How an attempt ended.
pub(super) enum Outcome {
    /// Still what the caller knows.
    NotModified,
    /// All bytes are in the store.
    Complete,
    /// Not this time.
    Failed(Trouble),
}

/// Why an attempt failed.
pub(super) enum Trouble {
    /// Trying again would not help.
    Final(String),
    /// It may pass. `after`: how long the server asked to wait.
    Passing {
        what: String,
        after: Option<Duration>,
    },
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Final(what) | Self::Passing { what, .. } => what.fmt(formatter),
        }
    }
}

/// What the request says about bytes that are already here.
enum Ask {
    All,
    UnlessSame(Validators),
    From(u64),
}

const REDIRECTS: usize = 5;
const CHUNK: usize = 128 << 10;

impl Client {
    /// Asks once. Bytes that came are kept, also when the rest did not.
    pub(super) fn attempt(
        &self,
        url: &Url,
        store: &mut Store,
        known: Option<&Validators>,
    ) -> Result<Outcome, IngestError> {
        let length = store.length();
        let ask = if store.note.complete {
            Ask::UnlessSame(store.note.validators.clone())
        } else if length > 0 && range_condition(&store.note.validators).is_some() {
            Ask::From(length)
        } else if let Some(known) = known {
            Ask::UnlessSame(known.clone())
        } else {
            Ask::All
        };
        let (url, response) = match self.request(url, &ask, &store.note.validators) {
            Ok(answer) => answer,
            Err(trouble) => return Ok(Outcome::Failed(trouble)),
        };
        let status = response.status().as_u16();
        match (status, &ask) {
            (304, _) if store.note.complete => Ok(Outcome::Complete),
            (304, Ask::UnlessSame(_)) => Ok(Outcome::NotModified),
            (206, Ask::From(length)) => {
                let (from, total) = content_range(&response).unwrap_or((0, None));
                if from != *length || (total.is_some() && total != expected(store, total)) {
                    // Another version, or another part of it: nothing of what is here can be kept.
                    store.discard()?;
                    let what = "the server sent another part than the one asked for".to_owned();
                    return Ok(Outcome::Failed(Trouble::Passing { what, after: None }));
                }
                let file = store.resume()?;
                self.receive(response, file, *length, store)
            }
            (416, Ask::From(_)) => {
                store.discard()?;
                let what = "the server has no such part".to_owned();
                Ok(Outcome::Failed(Trouble::Passing { what, after: None }))
            }
            (200, _) => {
                let note = Note {
                    url: Some(url.into()),
                    validators: validators(&response),
                    total: response.body().content_length(),
                    complete: false,
                };
                let file = store.restart(note)?;
                self.receive(response, file, 0, store)
            }
            _ => {
                let what = format!("the server answered {}", response.status());
                let passing = matches!(status, 408 | 425 | 429 | 500 | 502..=504);
                Ok(Outcome::Failed(if passing {
                    Trouble::Passing {
                        what,
                        after: retry_after(&response),
                    }
                } else {
                    Trouble::Final(what)
                }))
            }
        }
    }

    /// Sends the request, following redirects that are allowed.
    fn request(
        &self,
        url: &Url,
        ask: &Ask,
        partial: &Validators,
    ) -> Result<(Url, Response<Body>), Trouble> {
        let mut url = url.clone();
        for _ in 0..=REDIRECTS {
            let mut request = self.agent(&url).get(url.as_str());
            match ask {
                Ask::All => {}
                Ask::UnlessSame(known) => {
                    if let Some(etag) = &known.etag {
                        request = request.header(header::IF_NONE_MATCH, etag);
                    }
                    if let Some(date) = &known.last_modified {
                        request = request.header(header::IF_MODIFIED_SINCE, date);
                    }
                }
                Ask::From(length) => {
                    request = request.header(header::RANGE, format!("bytes={length}-"));
                    if let Some(condition) = range_condition(partial) {
                        request = request.header(header::IF_RANGE, condition);
                    }
                }
            }
            let response = request.call().map_err(|error| trouble(&error))?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok((url, response));
            }
            let target = text(&response, header::LOCATION)
                .and_then(|target| url.join(&target).ok())
                .ok_or_else(|| Trouble::Final("a redirect to nowhere".to_owned()))?;
            allow(&target, Some(&url))
                .map_err(|what| Trouble::Final(format!("redirect to {target}: {what}")))?;
            url = target;
        }
        Err(Trouble::Final(format!("more than {REDIRECTS} redirects")))
    }

    fn agent(&self, url: &Url) -> Agent {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // Content comes packed as the publisher packed it; a second packing on the way would
            // make lengths and ranges mean something else.
            .accept_encoding("identity")
            .user_agent(concat!("snowguard/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(self.patience))
            .timeout_recv_response(Some(self.patience))
            .timeout_per_read(Some(self.patience));
        let config = if is_loopback(url) {
            config.proxy(None)
        } else {
            config
        };
        config.build().new_agent()
    }

    /// Writes the body behind `length` bytes.
    fn receive(
        &self,
        response: Response<Body>,
        mut file: std::fs::File,
        length: u64,
        store: &Store,
    ) -> Result<Outcome, IngestError> {
        let mut length = length;
        let mut buffer = vec![0; CHUNK];
        let mut body = response.into_body().into_reader();
        loop {
            let count = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let what = format!("broke off after {length} bytes: {error}");
                    return Ok(Outcome::Failed(Trouble::Passing { what, after: None }));
                }
            };
            length += count as u64;
            if length > self.limit {
                let what = format!("larger than {} bytes", self.limit);
                return Ok(Outcome::Failed(Trouble::Final(what)));
            }
            file.write_all(&buffer[..count])
                .map_err(|error| IngestError::file(store.body(), error))?;
        }
        file.sync_all()
            .map_err(|error| IngestError::file(store.body(), error))?;
        match store.note.total {
            Some(total) if total != length => {
                let what = format!("{length} bytes came where {total} were announced");
                Ok(Outcome::Failed(Trouble::Passing { what, after: None }))
            }
            _ => Ok(Outcome::Complete),
        }
    }
}

/// What a range may be conditioned on: a strong entity tag, else the date (RFC 9110, 13.1.5).
fn range_condition(validators: &Validators) -> Option<&str> {
    let strong = validators
        .etag
        .as_deref()
        .filter(|etag| etag.starts_with('"'));
    strong.or(validators.last_modified.as_deref())
}

/// The length that the first answer announced, or, where it did not, the one announced now.
fn expected(store: &Store, now: Option<u64>) -> Option<u64> {
    store.note.total.or(now)
}

fn validators(response: &Response<Body>) -> Validators {
    Validators {
        etag: text(response, header::ETAG),
        last_modified: text(response, header::LAST_MODIFIED),
    }
}

fn text(response: &Response<Body>, name: header::HeaderName) -> Option<String> {
    response
        .headers()
        .get(name)?
        .to_str()
        .ok()
        .map(str::to_owned)
}

/// `bytes 10-99/100`: first byte and total.
fn content_range(response: &Response<Body>) -> Option<(u64, Option<u64>)> {
    let value = text(response, header::CONTENT_RANGE)?;
    let (range, total) = value.strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.parse().ok()?, total.parse().ok()))
}

/// Only the form in seconds; the form with a date would need a trusted clock on both sides.
fn retry_after(response: &Response<Body>) -> Option<Duration> {
    text(response, header::RETRY_AFTER)?
        .trim()
        .parse()
        .ok()
        .map(Duration::from_secs)
}

fn trouble(error: &ureq::Error) -> Trouble {
    use ureq::Error as E;
    let what = error.to_string();
    match error {
        E::Io(_) | E::Timeout(_) | E::HostNotFound | E::ConnectionFailed | E::Protocol(_) => {
            Trouble::Passing { what, after: None }
        }
        _ => Trouble::Final(what),
    }
}
