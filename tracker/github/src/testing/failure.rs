//! Failures on demand.

use std::io::{self, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use super::http::{Answer, Asked};

/// How a request fails.
#[derive(Debug, Clone)]
pub enum Failure {
    /// This status, with a sentence.
    Status(u16, String),
    /// The primary limit is used up until then: 403.
    Primary(Timestamp),
    /// A secondary limit: 429 with so many seconds of `retry-after`.
    Secondary(u64),
    /// What was asked is done, and the connection ends without an answer.
    Lost,
    /// Nothing is done, and the connection ends without an answer.
    Dropped,
    /// Nothing, for so long.
    Silent(Duration),
    /// A redirect, 301 or 307.
    Redirect(u16, String),
    /// An empty list, and this address for the next page of it.
    NextPage(String),
    /// This body, with 200.
    Body(Vec<u8>),
    /// 200 and a body of so many bytes.
    Huge(usize),
    /// The headers announce more than comes.
    Truncated,
}

impl Failure {
    /// Whether what was asked is done all the same.
    pub(super) fn does_it(&self) -> bool {
        matches!(self, Self::Lost)
    }

    pub(super) fn write(&self, stream: &mut TcpStream) -> io::Result<()> {
        let answer = match self {
            Self::Status(status, message) => Answer::refusal(*status, message),
            Self::Primary(reset) => Answer::refusal(403, "API rate limit exceeded for user.")
                .with("x-ratelimit-limit", "5000")
                .with("x-ratelimit-remaining", "0")
                .with("x-ratelimit-reset", reset.as_second().to_string()),
            Self::Secondary(seconds) => {
                Answer::refusal(429, "You have exceeded a secondary rate limit.")
                    .with("retry-after", seconds.to_string())
            }
            Self::Lost | Self::Dropped => return Ok(()),
            Self::Silent(time) => {
                thread::sleep(*time);
                return Ok(());
            }
            Self::Redirect(status, target) => {
                Answer::refusal(*status, "Moved").with("Location", target)
            }
            Self::NextPage(address) => Answer {
                status: 200,
                headers: vec![("Link", format!("<{address}>; rel=\"next\""))],
                body: b"[]".to_vec(),
            },
            Self::Body(body) => Answer {
                status: 200,
                headers: Vec::new(),
                body: body.clone(),
            },
            Self::Huge(size) => Answer {
                status: 200,
                headers: Vec::new(),
                body: vec![b' '; *size],
            },
            Self::Truncated => {
                return stream.write_all(b"HTTP/1.1 200 -\r\nContent-Length: 100\r\n\r\n[1,");
            }
        };
        answer.write(stream)
    }
}

/// A failure that waits for its requests.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) prefix: String,
    pub(super) times: u32,
    pub(super) failure: Failure,
}

/// The failure that this request meets.
pub(super) fn take(planned: &mut Vec<Planned>, asked: &Asked) -> Option<Failure> {
    let place = planned
        .iter()
        .position(|planned| asked.is(&planned.prefix))?;
    let found = planned.get_mut(place)?;
    let failure = found.failure.clone();
    found.times = found.times.saturating_sub(1);
    if found.times == 0 {
        planned.remove(place);
    }
    Some(failure)
}
