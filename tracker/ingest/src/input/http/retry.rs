//! When to try again: exponential waits with full jitter, so that many clients spread out.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// How often and how long.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// Attempts in a row that bring nothing new.
    pub attempts: u32,
    /// Attempts altogether, for a server that sends a little each time.
    pub total: u32,
    /// Upper bound of the first wait; doubles with each attempt without progress.
    pub first: Duration,
    /// Upper bound of any wait, also one that the server asks for.
    pub longest: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 6,
            total: 100,
            first: Duration::from_millis(500),
            longest: Duration::from_secs(60),
        }
    }
}

/// The attempts of one download.
pub(super) struct Tries {
    policy: Retry,
    fruitless: u32,
    total: u32,
}

impl Retry {
    pub(super) fn start(&self) -> Tries {
        Tries {
            policy: *self,
            fruitless: 0,
            total: 1,
        }
    }
}

impl Tries {
    /// After a failed attempt: how long to wait before the next, or `None` to give up. `progress`:
    /// the attempt brought bytes that are kept. `after`: what the server asked for.
    pub(super) fn next(&mut self, progress: bool, after: Option<Duration>) -> Option<Duration> {
        self.fruitless = if progress { 0 } else { self.fruitless + 1 };
        self.total += 1;
        if self.fruitless >= self.policy.attempts || self.total > self.policy.total {
            return None;
        }
        let doubled = self
            .policy
            .first
            .saturating_mul(1 << self.fruitless.min(16));
        let bound = doubled.min(self.policy.longest);
        // The standard library's hash keys are random, which is all that jitter needs.
        let random = RandomState::new().build_hasher().finish();
        let jitter = bound.mul_f64((random >> 11) as f64 / (1_u64 << 53) as f64);
        Some(after.map_or(jitter, |after| after.min(self.policy.longest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_up_after_fruitless_attempts_and_waits_within_bounds() {
        let mut tries = Retry::default().start();
        let waits: Vec<_> = std::iter::from_fn(|| tries.next(false, None)).collect();
        assert_eq!(waits.len(), 5);
        for (index, wait) in waits.iter().enumerate() {
            assert!(
                *wait <= Duration::from_millis(500 << (index + 1)),
                "{index}: {wait:?}"
            );
        }
    }

    #[test]
    fn progress_buys_more_attempts_but_not_forever() {
        let mut tries = Retry::default().start();
        assert_eq!(std::iter::from_fn(|| tries.next(true, None)).count(), 99);
    }

    #[test]
    fn a_server_may_ask_for_a_wait_but_not_for_any() {
        let mut tries = Retry::default().start();
        let asked = tries.next(false, Some(Duration::from_secs(7)));
        assert_eq!(asked, Some(Duration::from_secs(7)));
        let asked = tries.next(false, Some(Duration::from_secs(86_400)));
        assert_eq!(asked, Some(Duration::from_secs(60)));
    }
}
