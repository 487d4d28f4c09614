//! A stand-in for GitHub, for tests: OAuth, accounts, teams, issues, pull requests, rate limits, and failures
//! on demand. It answers on loopback, from [`World`], a value in memory that tests read and change.
//!
//! It speaks as much of the API as this crate uses, as GitHub's documentation describes it, and is no
//! peer for anything but tests.
//!
//! ```
//! use snowguard_tracker_github::testing::GitHub;
//! use snowguard_tracker_github::{Client, Credentials, Options, Organization, Secret, Team};
//! let github = GitHub::start().unwrap();
//! github.change(|world| world.add_member("NixOS", "security", 7, "alice"));
//! let token = Secret::new(world_token(&github)).unwrap();
//! # fn world_token(github: &GitHub) -> String { github.change(|world| world.token_of(1, "tracker")) }
//! let client =
//!     Client::new(github.endpoints(), Credentials::Token(token), &Options::default()).unwrap();
//! let organization = Organization::new("NixOS").unwrap();
//! let members = client.team_members(&organization, &Team::new("security").unwrap()).unwrap();
//! assert_eq!(members[0].login.as_str(), "alice");
//! ```

mod failure;
mod http;
mod issues;
mod oauth;
mod routes;
mod world;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::endpoints::Endpoints;
use crate::webhook;
use snowguard_tracker_secret::Secret;

pub use failure::Failure;
pub use http::Asked;
pub use world::{App, StoredIssue, StoredPull, World};

/// A running stand-in; gone with this value.
#[derive(Debug)]
pub struct GitHub {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    world: World,
    asked: Vec<Asked>,
    failures: Vec<failure::Planned>,
    stopped: bool,
}

fn locked(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl GitHub {
    /// Starts one at a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When there is no port.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Mutex::new(Shared::default()));
        locked(&shared).world.url = format!("http://{address}");
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if locked(&served).stopped {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let served = Arc::clone(&served);
                thread::spawn(move || answer(stream, &served));
            }
        });
        Ok(Self { address, shared })
    }

    /// Its address, `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where its API and its pages are, as of a GitHub Enterprise Server.
    ///
    /// # Panics
    /// Never: its address is one that is taken.
    #[must_use]
    pub fn endpoints(&self) -> Endpoints {
        Endpoints::enterprise(&self.url()).expect("loopback is taken with http")
    }

    /// Reads or changes what is there.
    pub fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut locked(&self.shared).world)
    }

    /// What was asked so far, in order; failed requests too.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        locked(&self.shared).asked.clone()
    }

    /// How often something was asked whose `METHOD /path` begins so; paths of the API without `/api/v3`.
    #[must_use]
    pub fn count(&self, prefix: &str) -> usize {
        let shared = locked(&self.shared);
        shared.asked.iter().filter(|asked| asked.is(prefix)).count()
    }

    /// Fails the next `times` requests whose `METHOD /path` begins with `prefix`.
    pub fn fail(&self, prefix: &str, times: u32, failure: Failure) {
        locked(&self.shared).failures.push(failure::Planned {
            prefix: prefix.to_owned(),
            times,
            failure,
        });
    }

    /// Sends a signed webhook and returns the status of the answer.
    ///
    /// # Errors
    /// When the receiver cannot be reached.
    pub fn deliver(
        &self,
        to: &str,
        secret: &Secret,
        delivery: &str,
        event: &str,
        payload: &serde_json::Value,
    ) -> io::Result<u16> {
        let body = payload.to_string();
        let answer = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .new_agent()
            .post(to)
            .header("Content-Type", "application/json")
            .header("X-GitHub-Event", event)
            .header("X-GitHub-Delivery", delivery)
            .header(
                "X-Hub-Signature-256",
                webhook::signature(secret, body.as_bytes()),
            )
            .send(body.as_bytes())
            .map_err(ureq::Error::into_io)?;
        Ok(answer.status().as_u16())
    }
}

impl Drop for GitHub {
    fn drop(&mut self) {
        locked(&self.shared).stopped = true;
        // Wakes the listener, so that it sees.
        let _ = TcpStream::connect(self.address);
    }
}

/// One request, one answer, one connection.
fn answer(mut stream: TcpStream, shared: &Mutex<Shared>) {
    let Ok(asked) = http::read(&mut stream) else {
        return;
    };
    let (answer, failure) = {
        let mut shared = locked(shared);
        shared.asked.push(asked.clone());
        let failure = failure::take(&mut shared.failures, &asked);
        let done = failure.as_ref().is_none_or(Failure::does_it);
        let answer = done.then(|| routes::answer(&mut shared.world, &asked));
        (answer, failure)
    };
    // A client that went away is a test's own doing.
    let _ = match (failure, answer) {
        (Some(failure), _) => failure.write(&mut stream),
        (None, Some(answer)) => answer.write(&mut stream),
        (None, None) => Ok(()),
    };
}
