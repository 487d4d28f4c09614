//! Requests to GitHub: attempts, limits, entity tags, pages.

mod answer;
mod cache;
mod limits;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use snowguard_tracker_secret::Secret;
use ureq::Agent;
use ureq::http::{HeaderValue, Method, Request, header};
use url::Url;

pub use limits::Rate;

use crate::client::Options;
use crate::clock::Clock;
use crate::endpoints::{is_loopback, same_origin};
use crate::error::GitHubError;
use answer::{Answer, Failure};
use cache::Cache;
use limits::{Limits, Resource, Verdict};

/// Redirects that are followed, within the server: GitHub redirects when a repository was renamed.
const MAX_REDIRECTS: u32 = 3;

/// The version of the API that this crate speaks.
const API_VERSION: &str = "2022-11-28";

/// What GitHub calls its JSON.
const GITHUB_JSON: &str = "application/vnd.github+json";

/// A request, as plain data.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// Content type and content.
    pub(crate) body: Option<(&'static str, Vec<u8>)>,
    /// The content type that is wanted.
    pub(crate) accept: &'static str,
    /// Whether doing it twice is as good as once: then it is tried again after a failure that leaves
    /// open whether it was done.
    pub(crate) repeatable: bool,
}

impl Ask {
    pub(crate) fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            body: None,
            accept: GITHUB_JSON,
            repeatable: true,
        }
    }

    /// With a JSON document.
    pub(crate) fn with_json(method: Method, url: Url, body: &serde_json::Value) -> Self {
        Self {
            method,
            body: Some(("application/json", body.to_string().into_bytes())),
            ..Self::get(url)
        }
    }

    /// For messages; without the query, in which something private could stand.
    pub(crate) fn operation(&self) -> String {
        format!("{} {}", self.method, self.url.path())
    }
}

/// Sends requests, one after another or from several threads.
#[derive(Debug)]
pub(crate) struct Transport {
    agent: Agent,
    options: Options,
    clock: Arc<dyn Clock>,
    limits: Mutex<Limits>,
    cache: Mutex<Cache>,
}

impl Transport {
    pub(crate) fn new(options: &Options, base: &Url) -> Result<Self, GitHubError> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections(4)
            .max_response_header_size(64 << 10)
            .user_agent(concat!("snowguard-tracker/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(options.patience));
        let config = match &options.authority {
            Some(path) => config.tls_config(answer::trust(path)?),
            None => config,
        };
        let config = if is_loopback(base) {
            config.proxy(None)
        } else {
            config
        };
        Ok(Self {
            agent: config.build().new_agent(),
            options: options.clone(),
            clock: Arc::clone(&options.clock),
            limits: Mutex::default(),
            cache: Mutex::new(Cache::new(options.cache_bytes)),
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn rate(&self) -> Option<Rate> {
        self.limits().rate(Resource::Core)
    }

    fn limits(&self) -> std::sync::MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks, with a new attempt where that makes sense. Any answer below 500 that isn't about limits
    /// is returned.
    pub(crate) fn send(&self, ask: &Ask, token: Option<&Secret>) -> Result<Answer, GitHubError> {
        let resource = Resource::of(ask.url.path());
        let mut attempt = 0;
        loop {
            self.keep_to_limits(ask, resource)?;
            let failure = match self.follow(ask, token) {
                Ok(answer) => {
                    let now = self.now();
                    let verdict = self.limits().note(resource, &answer, now);
                    match verdict {
                        Verdict::Taken if answer.status < 500 => return Ok(answer),
                        Verdict::Taken => Failure::Status(Box::new(answer)),
                        // Nothing was done, so it may be tried again whatever it is.
                        Verdict::Limited => {
                            attempt += 1;
                            if attempt >= self.options.attempts {
                                return Err(self.limited(ask, resource));
                            }
                            continue;
                        }
                    }
                }
                Err(failure) => failure,
            };
            attempt += 1;
            let again = ask.repeatable && failure.passing() && attempt < self.options.attempts;
            if !again {
                return Err(failure.into_error(ask.operation(), token));
            }
            let wait = failure
                .asked_to_wait()
                .unwrap_or_else(|| backoff(attempt))
                .min(self.options.longest_wait);
            tracing::debug!(operation = %ask.operation(), attempt, ?wait, "GitHub is asked again");
            self.clock.sleep(wait);
        }
    }

    /// Waits where the wait is short, and fails where it is long.
    fn keep_to_limits(&self, ask: &Ask, resource: Resource) -> Result<(), GitHubError> {
        let now = self.now();
        let until = self.limits().paused_until(resource, now);
        let Some(until) = until else { return Ok(()) };
        let wait = Duration::try_from(until.duration_since(now)).unwrap_or_default();
        if wait > self.options.longest_wait {
            return Err(self.limited(ask, resource));
        }
        self.clock.sleep(wait);
        Ok(())
    }

    fn limited(&self, ask: &Ask, resource: Resource) -> GitHubError {
        let now = self.now();
        GitHubError::Limited {
            operation: ask.operation(),
            until: self.limits().paused_until(resource, now).unwrap_or(now),
        }
    }

    /// One attempt, with redirects inside of the server.
    fn follow(&self, ask: &Ask, token: Option<&Secret>) -> Result<Answer, Failure> {
        let mut url = ask.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let answer = self.once(ask, &url, token)?;
            let repeats = match answer.status {
                301 | 302 => ask.method == Method::GET,
                307 | 308 => true,
                _ => return Ok(answer),
            };
            let target = answer.location.as_deref().and_then(|to| url.join(to).ok());
            let Some(target) = target.filter(|_| repeats) else {
                return Ok(answer);
            };
            if !same_origin(&url, &target) {
                return Err(Failure::Elsewhere(answer::origin(&target)));
            }
            url = target;
        }
        let why = format!("more than {MAX_REDIRECTS} redirects");
        Err(Failure::Malformed(why))
    }

    fn once(&self, ask: &Ask, url: &Url, token: Option<&Secret>) -> Result<Answer, Failure> {
        let cacheable = ask.method == Method::GET && token.is_some();
        let known = cacheable.then(|| self.cache().get(url)).flatten();
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(url.as_str())
            .header(header::ACCEPT, ask.accept)
            .header("X-GitHub-Api-Version", API_VERSION);
        if let Some(token) = token {
            let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
                .map_err(|_| Failure::Malformed("the token is no header's value".to_owned()))?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        if let Some(known) = &known {
            request = request.header(header::IF_NONE_MATCH, &known.etag);
        }
        if let Some((content_type, _)) = &ask.body {
            request = request.header(header::CONTENT_TYPE, *content_type);
        }
        let failed = |error: ureq::http::Error| Failure::Malformed(error.to_string());
        let response = match &ask.body {
            Some((_, body)) => self
                .agent
                .run(request.body(body.as_slice()).map_err(failed)?),
            None => self.agent.run(request.body(()).map_err(failed)?),
        };
        let response = response.map_err(|error| Failure::of(&error))?;
        let answer = Answer::read(response, self.options.max_answer)?;
        match (answer.status, known) {
            (304, Some(known)) => Ok(answer.with(&known)),
            (200, _) if cacheable => {
                self.cache().put(url, &answer);
                Ok(answer)
            }
            _ => Ok(answer),
        }
    }

    /// A JSON document, or the error that GitHub answered.
    pub(crate) fn json<T: DeserializeOwned>(
        &self,
        ask: &Ask,
        token: Option<&Secret>,
    ) -> Result<T, GitHubError> {
        let answer = self.send(ask, token)?;
        answer.json(&ask.operation(), token)
    }

    /// As [`Transport::json`], with `None` for what isn't there (404, 410).
    pub(crate) fn json_if_there<T: DeserializeOwned>(
        &self,
        ask: &Ask,
        token: Option<&Secret>,
    ) -> Result<Option<T>, GitHubError> {
        let answer = self.send(ask, token)?;
        if matches!(answer.status, 404 | 410) {
            return Ok(None);
        }
        answer.json(&ask.operation(), token).map(Some)
    }

    /// Walks the pages of a list to its end, or until `each` says to stop.
    pub(crate) fn pages<T: DeserializeOwned>(
        &self,
        first: Url,
        token: Option<&Secret>,
        mut each: impl FnMut(Vec<T>) -> Walk,
    ) -> Result<(), GitHubError> {
        let origin = first.clone();
        let mut ask = Ask::get(first);
        for _ in 0..self.options.max_pages {
            let answer = self.send(&ask, token)?;
            let next = answer.next.clone();
            let items = answer.json(&ask.operation(), token)?;
            let (Walk::On, Some(next)) = (each(items), next) else {
                return Ok(());
            };
            let next = ask.url.join(&next).map_err(|_| GitHubError::Malformed {
                operation: ask.operation(),
                why: "the next page's address".to_owned(),
            })?;
            if !same_origin(&origin, &next) {
                return Err(GitHubError::Elsewhere {
                    operation: ask.operation(),
                    target: answer::origin(&next),
                });
            }
            ask = Ask::get(next);
        }
        Err(GitHubError::TooLarge {
            operation: ask.operation(),
            limit: self.options.max_pages.into(),
            unit: "pages",
        })
    }
}

/// Whether more pages are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Walk {
    On,
    Stop,
}

/// Doubles with each attempt from half a second, and is spread over the upper half.
fn backoff(attempt: u32) -> Duration {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let longest = Duration::from_millis(500).saturating_mul(1 << attempt.saturating_sub(1).min(16));
    // The standard library's hash keys are random, which is all that spreading needs.
    let random = RandomState::new().build_hasher().finish() >> 11;
    longest.mul_f64(0.5 + 0.5 * random as f64 / (1_u64 << 53) as f64)
}
