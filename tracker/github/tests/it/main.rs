//! The client against the stand-in.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what it expects by panicking, and what it leaves out by printing"
)]

mod app;
mod hostile;
mod issues;
mod limits;
mod people;
mod pulls;
mod sign_in;
mod webhooks;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use snowguard_tracker_github::testing::GitHub;
use snowguard_tracker_github::{Client, Clock, Credentials, Options, Repository, Secret};

const REPOSITORY: &str = "NixOS/nixpkgs";

/// Begins now; sleeping moves it on and takes no time.
#[derive(Debug)]
struct TestClock(Mutex<(Timestamp, Vec<Duration>)>);

impl TestClock {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new((Timestamp::now(), Vec::new()))))
    }

    fn sleeps(&self) -> Vec<Duration> {
        self.0.lock().unwrap().1.clone()
    }

    fn pass(&self, time: Duration) {
        let mut clock = self.0.lock().unwrap();
        clock.0 += time;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().0
    }

    fn sleep(&self, wait: Duration) {
        self.pass(wait);
        self.0.lock().unwrap().1.push(wait);
    }
}

/// A stand-in, a client of the account `tracker`, and its clock.
struct Bench {
    github: GitHub,
    client: Client,
    clock: Arc<TestClock>,
    token: String,
}

fn bench() -> Bench {
    bench_with(|_| {})
}

fn bench_with(change: impl FnOnce(&mut Options)) -> Bench {
    let github = GitHub::start().unwrap();
    let token = github.change(|world| world.token_of(1, "tracker"));
    let clock = TestClock::new();
    let mut options = Options {
        clock: Arc::<TestClock>::clone(&clock),
        ..Options::default()
    };
    change(&mut options);
    let credentials = Credentials::Token(Secret::new(token.clone()).unwrap());
    let client = Client::new(github.endpoints(), credentials, &options).unwrap();
    Bench {
        github,
        client,
        clock,
        token,
    }
}

fn repository() -> Repository {
    Repository::new(REPOSITORY).unwrap()
}
