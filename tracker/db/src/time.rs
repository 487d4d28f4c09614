//! Time as the database keeps it.

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC. The caller's clock: this crate has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(i64);

impl Millis {
    /// From milliseconds since the Unix epoch; negative before 1970.
    #[must_use]
    pub const fn new(since_epoch: i64) -> Self {
        Self(since_epoch)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}
