//! How often somebody may ask: so many requests in so many seconds, per token, else per address.
//!
//! Counted by the generic cell rate algorithm: for each asker one number, the time at which all of their
//! requests are theirs again. The number of askers that are remembered has an end.
//!
//! Sources: ITU-T I.371, appendix I; draft-ietf-httpapi-ratelimit-headers-10.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::state::App;
use crate::account::handlers::presented_token;
use crate::failure::{self, Failure};

/// Askers that are remembered; some megabytes.
const MOST: usize = 1 << 16;

/// Microseconds of a second.
const SECOND: u64 = 1_000_000;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// So many requests in a minute, all of them at once if need be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerMinute(pub u32);

/// How often who may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimits {
    /// Whoever presents no token, by address; of IPv6 the network of 64 bits, which one customer has.
    pub address: PerMinute,
    /// Whoever presents a token.
    pub token: PerMinute,
    /// The header in which the proxy in front names the client. Without it the connection's own address counts, and
    /// what a client says of itself is passed over.
    pub trusted_header: Option<HeaderName>,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            address: PerMinute(600),
            token: PerMinute(6000),
            trusted_header: None,
        }
    }
}

/// Tokens that are none, from one address.
const GUESSES: PerMinute = PerMinute(20);

/// The address at the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Asker {
    /// The beginning of a token's digest.
    Token([u8; 16]),
    /// A network.
    Network(u64),
    /// A network, by the tokens that it guessed.
    Guesser(u64),
}

/// What an asker has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Left {
    requests: u64,
    /// Seconds until all of them are there again.
    reset: u64,
}

/// Seconds to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wait(u64);

/// The askers.
#[derive(Debug)]
pub struct Rates {
    limits: RateLimits,
    /// When, in microseconds of [`App::steady`], all requests of an asker are theirs again.
    askers: Mutex<HashMap<Asker, u64>>,
}

impl Rates {
    /// Nobody has asked yet.
    #[must_use]
    pub fn new(limits: RateLimits) -> Self {
        Self {
            limits,
            askers: Mutex::default(),
        }
    }

    /// Takes requests from an asker, or says how long to wait.
    fn take(&self, asker: Asker, limit: PerMinute, cost: u32, now: u64) -> Result<Left, Wait> {
        let window = 60 * SECOND;
        let quota = u64::from(limit.0.max(1));
        let step = window / quota;
        // What costs more than all is to be had, after a whole minute of silence.
        let cost = u64::from(cost).min(quota) * step;
        let mut askers = self.askers.lock().unwrap_or_else(PoisonError::into_inner);
        let full = askers.get(&asker).copied().unwrap_or(0).max(now);
        let next = full + cost;
        if next - now > window {
            return Err(Wait((next - window - now).div_ceil(SECOND).max(1)));
        }
        if cost > 0 {
            if askers.len() >= MOST && !askers.contains_key(&asker) {
                forget(&mut askers, now);
            }
            askers.insert(asker, next);
        }
        Ok(Left {
            requests: (window - (next - now)) / step,
            reset: (next - now).div_ceil(SECOND),
        })
    }
}

/// Forgets who has everything again; where that does not help, the half that asked least.
fn forget(askers: &mut HashMap<Asker, u64>, now: u64) {
    askers.retain(|_, full| *full > now);
    if askers.len() > MOST / 2 {
        let mut times: Vec<u64> = askers.values().copied().collect();
        let middle = times.len() / 2;
        let (_, middle, _) = times.select_nth_unstable(middle);
        let middle = *middle;
        askers.retain(|_, full| *full > middle);
    }
}

/// The network that an address counts for.
fn network(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(four) => u64::from(four.to_bits()),
        // No IPv6 network in use begins with 64 zero bits, so that the two don't meet.
        IpAddr::V6(six) => (six.to_bits() >> 64) as u64,
    }
}

/// The client's address: what the trusted header's last entry says, which the proxy itself has written; else the
/// connection's.
fn client(trusted: Option<&HeaderName>, headers: &HeaderMap, peer: Option<&Peer>) -> IpAddr {
    let named = trusted.and_then(|name| {
        let last = headers.get_all(name).iter().next_back()?.to_str().ok()?;
        last.rsplit(',').next()?.trim().parse().ok()
    });
    let peer = peer.map(|peer| peer.0);
    named
        .or(peer)
        .unwrap_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED))
}

/// What a request costs: a document that is written for it alone is much work.
fn cost(request: &Request) -> u32 {
    let uri = request.uri();
    let is_written = uri.query().is_some_and(|query| query.contains("since="));
    match uri.path().starts_with("/data/") && is_written {
        true => 20,
        false => 1,
    }
}

/// Lets a request pass, or says when to come again.
pub async fn limit(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let Some(rates) = app.rates() else {
        return next.run(request).await;
    };
    let limits = &rates.limits;
    let peer = request.extensions().get::<Peer>();
    let trusted = limits.trusted_header.as_ref();
    let network = network(client(trusted, request.headers(), peer));
    let path = request.uri().path().to_owned();
    let mut asker = (Asker::Network(network), limits.address);
    if request.headers().contains_key(header::AUTHORIZATION) {
        let guesser = Asker::Guesser(network);
        // Who has guessed too often is not even looked up.
        let guesses = rates.take(guesser, GUESSES, 0, app.steady());
        if !guesses.is_ok_and(|left| left.requests > 0) {
            return refuse(&path, GUESSES, Wait(60 / u64::from(GUESSES.0)));
        }
        match known_token(&app, request.headers()).await {
            Ok(Some(token)) => asker = (Asker::Token(token), limits.token),
            Ok(None) => {
                // It cannot be refused: the look above said that one is left, or another request took it meanwhile.
                let _taken = rates.take(guesser, GUESSES, 1, app.steady());
            }
            Err(failed) => return failure::answer(&path, failed),
        }
    }
    let (asker, policy) = asker;
    match rates.take(asker, policy, cost(&request), app.steady()) {
        Err(wait) => refuse(&path, policy, wait),
        Ok(left) => {
            let mut response = next.run(request).await;
            say(response.headers_mut(), policy, left);
            response
        }
    }
}

/// The beginning of the digest of a token that is one.
async fn known_token(app: &Arc<App>, headers: &HeaderMap) -> Result<Option<[u8; 16]>, Failure> {
    let Some(token) = presented_token(headers) else {
        return Ok(None);
    };
    let digest = token.digest();
    let now = snowguard_tracker_db::Millis::new(app.now());
    let known = app
        .work(move |db| Ok(db.token_person(&digest, now)?.is_some()))
        .await?;
    Ok(known.then(|| digest.first_chunk().copied()).flatten())
}

fn say(headers: &mut HeaderMap, policy: PerMinute, left: Left) {
    let texts = [
        (POLICY, format!("\"default\";q={};w=60", policy.0)),
        (
            LEFT,
            format!("\"default\";r={};t={}", left.requests, left.reset),
        ),
    ];
    for (name, text) in texts {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    }
}

fn refuse(path: &str, policy: PerMinute, Wait(seconds): Wait) -> Response {
    let text = format!("Too many requests. Ask again in {seconds} seconds.");
    let mut response = failure::answer(path, Failure::TooMany(text));
    let left = Left {
        requests: 0,
        reset: seconds,
    };
    say(response.headers_mut(), policy, left);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: PerMinute = PerMinute(10);

    #[test]
    fn a_quota_may_be_used_at_once_and_comes_back_steadily() {
        let rates = Rates::new(RateLimits::default());
        let ask = |asker, cost, at: u64| rates.take(asker, TEN, cost, at * SECOND);
        let one = Asker::Network(1);
        for left in (0..10).rev() {
            assert_eq!(ask(one, 1, 100).unwrap().requests, left);
        }
        assert_eq!(ask(one, 1, 100), Err(Wait(6)));
        assert_eq!(ask(one, 1, 105), Err(Wait(1)));
        assert!(ask(one, 1, 106).is_ok());
        assert!(ask(one, 1, 106).is_err());
        assert!(
            ask(Asker::Network(2), 1, 106).is_ok(),
            "others have their own"
        );
        let all = ask(one, 0, 1000).unwrap();
        assert_eq!(
            all,
            Left {
                requests: 10,
                reset: 0
            }
        );
        assert!(
            ask(one, 1000, 1000).is_ok(),
            "what costs more than all is to be had once"
        );
        assert_eq!(ask(one, 1, 1000), Err(Wait(6)));
    }

    #[test]
    fn memory_has_an_end_and_who_asked_much_stays() {
        let rates = Rates::new(RateLimits::default());
        let busy = Asker::Network(u64::MAX);
        rates.take(busy, TEN, 10, 0).unwrap();
        for number in 0..3 * MOST as u64 {
            rates.take(Asker::Network(number), TEN, 1, 0).unwrap();
        }
        let known = rates.askers.lock().unwrap().len();
        assert!(known <= MOST, "{known}");
        assert!(rates.take(busy, TEN, 1, 0).is_err());
    }

    #[test]
    fn a_client_is_who_the_trusted_proxy_says() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let name = HeaderName::from_static("x-forwarded-for");
        let mut headers = HeaderMap::new();
        headers.append(&name, HeaderValue::from_static("1.1.1.1"));
        headers.append(&name, HeaderValue::from_static("2.2.2.2, 3.3.3.3"));
        let peer = Peer(address("127.0.0.1"));
        assert_eq!(
            client(Some(&name), &headers, Some(&peer)),
            address("3.3.3.3")
        );
        // Nobody is believed whom the settings don't name.
        assert_eq!(client(None, &headers, Some(&peer)), address("127.0.0.1"));
        headers.insert(&name, HeaderValue::from_static("<script>"));
        assert_eq!(
            client(Some(&name), &headers, Some(&peer)),
            address("127.0.0.1")
        );
        let same = |a, b| network(address(a)) == network(address(b));
        assert!(same("2001:db8:0:1::1", "2001:db8:0:1:ffff::2"));
        assert!(!same("2001:db8:0:1::1", "2001:db8:0:2::1"));
        assert!(same("::ffff:1.2.3.4", "1.2.3.4") && !same("1.2.3.4", "1.2.3.5"));
    }
}
