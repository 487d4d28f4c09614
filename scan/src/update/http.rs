//! A server, asked for ranges (RFC 9110, section 14).

use std::io::Read as _;
use std::time::Duration;

use ureq::http::{Response, header};
use ureq::{Agent, Body};

use super::error::UpdateError;
use super::origin::Start;
use crate::roots;

/// A server that says nothing for so long is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// Tries of one request that fails on the way.
const TRIES: u32 = 3;
/// A server that knows no ranges sends the whole; up to this it is held in memory.
const WHOLE: u64 = 1 << 30;

/// A server.
pub(super) struct Http {
    address: String,
    agent: Agent,
    etag: Option<String>,
    /// The whole file, from a server that knows no ranges.
    whole: Option<Vec<u8>>,
}

impl Http {
    pub(super) fn new(address: &str) -> Result<Self, UpdateError> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(5)
            .https_only(address.starts_with("https://"))
            .tls_config(roots::tls()?)
            // A packing on the way would make ranges mean something else.
            .accept_encoding("identity")
            .user_agent(concat!("snowguard-scan/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .timeout_per_read(Some(PATIENCE));
        Ok(Self {
            address: address.to_owned(),
            agent: config.build().new_agent(),
            etag: None,
            whole: None,
        })
    }

    pub(super) fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    pub(super) fn start(&mut self, most: u64, known: Option<&str>) -> Result<Start, UpdateError> {
        let mut headers = vec![(header::RANGE, format!("bytes=0-{}", most - 1))];
        headers.extend(known.map(|etag| (header::IF_NONE_MATCH, etag.to_owned())));
        self.retried(|http| {
            let response = http.send(&headers)?;
            http.etag = text(&response, &header::ETAG);
            match response.status().as_u16() {
                304 => Ok(Start::NotModified),
                206 => {
                    let total = total(&response);
                    let first = http.body(response, most)?;
                    Ok(Start::Here {
                        first,
                        length: total,
                    })
                }
                200 => {
                    let whole = http.body(response, WHOLE)?;
                    let first =
                        whole[..whole.len().min(usize::try_from(most).unwrap_or(0))].to_vec();
                    let length = Some(whole.len() as u64);
                    http.whole = Some(whole);
                    Ok(Start::Here { first, length })
                }
                _ => Err(http.refused(&response)),
            }
        })
    }

    pub(super) fn range(&mut self, from: u64, length: u64) -> Result<Vec<u8>, UpdateError> {
        if let Some(whole) = &self.whole {
            let start = usize::try_from(from).unwrap_or(usize::MAX);
            let end = start.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
            let bytes = whole.get(start..end).ok_or(UpdateError::Changed)?;
            return Ok(bytes.to_vec());
        }
        let mut headers = vec![(
            header::RANGE,
            format!("bytes={from}-{}", from + length.max(1) - 1),
        )];
        // Only a strong tag says that bytes are the same (section 13.1.5).
        let strong = self.etag.clone().filter(|etag| etag.starts_with('"'));
        headers.extend(strong.map(|etag| (header::IF_RANGE, etag)));
        self.retried(|http| {
            let response = http.send(&headers)?;
            match response.status().as_u16() {
                206 if first_byte(&response) == Some(from) => {
                    let bytes = http.body(response, length)?;
                    if bytes.len() as u64 == length {
                        Ok(bytes)
                    } else {
                        Err(http.failed(format!("{} of {length} bytes came", bytes.len())))
                    }
                }
                200 | 206 | 412 | 416 => Err(UpdateError::Changed),
                _ => Err(http.refused(&response)),
            }
        })
    }

    /// Tries again what broke off on the way, after a while.
    fn retried<T>(
        &mut self,
        mut ask: impl FnMut(&mut Self) -> Result<T, UpdateError>,
    ) -> Result<T, UpdateError> {
        let mut tries = 1;
        loop {
            match ask(self) {
                Err(UpdateError::Fetch { .. }) if tries < TRIES => {
                    std::thread::sleep(Duration::from_millis(300) * tries * tries);
                    tries += 1;
                }
                other => return other,
            }
        }
    }

    fn send(
        &self,
        headers: &[(header::HeaderName, String)],
    ) -> Result<Response<Body>, UpdateError> {
        let mut request = self.agent.get(&self.address);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request
            .call()
            .map_err(|error| self.failed(error.to_string()))
    }

    fn body(&self, response: Response<Body>, most: u64) -> Result<Vec<u8>, UpdateError> {
        let mut bytes = Vec::new();
        response
            .into_body()
            .into_reader()
            .take(most + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| self.failed(error.to_string()))?;
        if bytes.len() as u64 > most {
            return Err(self.failed(format!("more than {most} bytes came")));
        }
        Ok(bytes)
    }

    fn refused(&self, response: &Response<Body>) -> UpdateError {
        self.failed(format!("the server answered {}", response.status()))
    }

    fn failed(&self, reason: String) -> UpdateError {
        UpdateError::Fetch {
            address: self.address.clone(),
            reason,
        }
    }
}

fn text(response: &Response<Body>, name: &header::HeaderName) -> Option<String> {
    let value = response.headers().get(name)?;
    value.to_str().ok().map(str::to_owned)
}

/// `bytes 10-99/100`: the first byte.
fn first_byte(response: &Response<Body>) -> Option<u64> {
    let value = text(response, &header::CONTENT_RANGE)?;
    let (range, _) = value.strip_prefix("bytes ")?.split_once('/')?;
    range.split_once('-')?.0.parse().ok()
}

/// `bytes 10-99/100`: the length of the whole.
fn total(response: &Response<Body>) -> Option<u64> {
    let value = text(response, &header::CONTENT_RANGE)?;
    value.rsplit_once('/')?.1.parse().ok()
}
