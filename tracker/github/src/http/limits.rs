//! GitHub's limits on requests, read from what it answers.
//!
//! Source: <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>

use std::time::Duration;

use jiff::Timestamp;
use ureq::http::HeaderMap;

use super::answer::{Answer, text};

/// The wait after a secondary limit that names none; GitHub asks for at least a minute.
const SECONDARY: Duration = Duration::from_secs(60);

/// How many requests are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// In a window.
    pub limit: u64,
    /// In this one.
    pub remaining: u64,
    /// When the next begins.
    pub reset: Timestamp,
}

/// What an answer says of limits.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Told {
    limit: Option<u64>,
    remaining: Option<u64>,
    /// Seconds since 1970.
    reset: Option<i64>,
    /// Seconds.
    pub(super) retry_after: Option<u64>,
}

impl Told {
    pub(super) fn from_headers(headers: &HeaderMap) -> Self {
        fn number<T: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Option<T> {
            text(headers, name)?.trim().parse().ok()
        }
        Self {
            limit: number(headers, "x-ratelimit-limit"),
            remaining: number(headers, "x-ratelimit-remaining"),
            reset: number(headers, "x-ratelimit-reset"),
            retry_after: number(headers, "retry-after"),
        }
    }

    fn rate(&self) -> Option<Rate> {
        Some(Rate {
            limit: self.limit?,
            remaining: self.remaining?,
            reset: Timestamp::from_second(self.reset?).ok()?,
        })
    }
}

/// Search has a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Core,
    Search,
}

impl Resource {
    pub(super) fn of(path: &str) -> Self {
        if path.contains("/search/") {
            Self::Search
        } else {
            Self::Core
        }
    }
}

/// Whether the server took the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It did, whatever it said.
    Taken,
    /// It did not; try again after the pause that was noted.
    Limited,
}

/// What is known of all limits.
#[derive(Debug, Default)]
pub(super) struct Limits {
    core: Option<Rate>,
    search: Option<Rate>,
    /// Of the secondary limit, which is one for all.
    pause: Option<Timestamp>,
    /// Secondary limits in a row, each of which doubles the wait.
    in_a_row: u32,
}

impl Limits {
    pub(super) fn rate(&self, resource: Resource) -> Option<Rate> {
        match resource {
            Resource::Core => self.core,
            Resource::Search => self.search,
        }
    }

    /// Learns from an answer.
    pub(super) fn note(&mut self, resource: Resource, answer: &Answer, now: Timestamp) -> Verdict {
        if let Some(rate) = answer.told.rate() {
            match resource {
                Resource::Core => self.core = Some(rate),
                Resource::Search => self.search = Some(rate),
            }
        }
        if !matches!(answer.status, 403 | 429) {
            self.in_a_row = 0;
            return Verdict::Taken;
        }
        let exhausted = answer.told.remaining == Some(0);
        let secondary = answer.told.retry_after.is_some() || speaks_of_limits(answer);
        if !exhausted && !secondary && answer.status == 403 {
            return Verdict::Taken;
        }
        if !exhausted || answer.told.retry_after.is_some() || answer.told.rate().is_none() {
            let doubled = SECONDARY.saturating_mul(1 << self.in_a_row.min(6));
            let wait = match answer.told.retry_after {
                // A day is more than any window of GitHub's.
                Some(seconds) => Duration::from_secs(seconds.min(86_400)),
                None => doubled,
            };
            self.in_a_row += 1;
            self.pause = now.checked_add(wait).ok();
        }
        Verdict::Limited
    }

    /// Until when nothing is asked, if that is in the future.
    pub(super) fn paused_until(&self, resource: Resource, now: Timestamp) -> Option<Timestamp> {
        let exhausted = self
            .rate(resource)
            .filter(|rate| rate.remaining == 0)
            .map(|rate| rate.reset);
        [exhausted, self.pause]
            .into_iter()
            .flatten()
            .filter(|until| *until > now)
            .max()
    }
}

/// 403 also means "you may not"; only the sentence tells a secondary limit without a header.
fn speaks_of_limits(answer: &Answer) -> bool {
    let sentence = answer.sentence().to_ascii_lowercase();
    sentence.contains("rate limit") || sentence.contains("abuse detection")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, told: Told, body: &str) -> Answer {
        Answer {
            status,
            body: body.as_bytes().into(),
            etag: None,
            next: None,
            location: None,
            told,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn told(remaining: u64, reset: i64) -> Told {
        Told {
            limit: Some(5000),
            remaining: Some(remaining),
            reset: Some(reset),
            retry_after: None,
        }
    }

    #[test]
    fn the_last_request_of_a_window_ends_asking_until_the_next() {
        let mut limits = Limits::default();
        let last = answer(200, told(0, 1000), "{}");
        assert_eq!(limits.note(Resource::Core, &last, at(10)), Verdict::Taken);
        assert_eq!(limits.paused_until(Resource::Core, at(10)), Some(at(1000)));
        assert_eq!(limits.paused_until(Resource::Search, at(10)), None);
        assert_eq!(limits.paused_until(Resource::Core, at(1000)), None);
    }

    #[test]
    fn a_lack_of_rights_is_no_limit() {
        let mut limits = Limits::default();
        let may_not = answer(
            403,
            told(40, 1000),
            "{\"message\":\"Must have admin rights\"}",
        );
        assert_eq!(
            limits.note(Resource::Core, &may_not, at(10)),
            Verdict::Taken
        );
        assert_eq!(limits.paused_until(Resource::Core, at(10)), None);
    }

    #[test]
    fn a_secondary_limit_pauses_all_as_long_as_it_says() {
        let mut limits = Limits::default();
        let told_wait = Told {
            retry_after: Some(30),
            ..told(40, 1000)
        };
        let slow_down = answer(429, told_wait, "{}");
        assert_eq!(
            limits.note(Resource::Core, &slow_down, at(10)),
            Verdict::Limited
        );
        assert_eq!(limits.paused_until(Resource::Search, at(10)), Some(at(40)));
    }

    #[test]
    fn a_secondary_limit_without_a_header_waits_longer_each_time() {
        let mut limits = Limits::default();
        let body = "{\"message\":\"You have exceeded a secondary rate limit.\"}";
        let slow_down = answer(403, told(40, 9000), body);
        let mut waits = Vec::new();
        for _ in 0..3 {
            limits.note(Resource::Core, &slow_down, at(0));
            waits.push(limits.paused_until(Resource::Core, at(0)));
        }
        assert_eq!(waits, [Some(at(60)), Some(at(120)), Some(at(240))]);
        limits.note(Resource::Core, &answer(200, told(39, 9000), "{}"), at(300));
        limits.note(Resource::Core, &slow_down, at(300));
        assert_eq!(limits.paused_until(Resource::Core, at(300)), Some(at(360)));
    }
}
