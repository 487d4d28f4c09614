//! Time, so that tests need not wait.

use std::fmt::Debug;
use std::time::Duration;

use jiff::Timestamp;

/// What the client knows of time.
pub trait Clock: Debug + Send + Sync {
    /// The time.
    fn now(&self) -> Timestamp;
    /// Returns after so long.
    fn sleep(&self, wait: Duration);
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, wait: Duration) {
        std::thread::sleep(wait);
    }
}
