//! How a delivery went.

use std::time::Duration;

use crate::error::DeliverError;

/// How an attempt went, and what to do.
#[derive(Debug)]
#[must_use]
pub enum Outcome {
    /// The receiver has it.
    Delivered,
    /// Not this time. Try again, with the same notification.
    Retry {
        /// Not before so long, where the receiver said so; at most a day.
        after: Option<Duration>,
        /// Why.
        why: DeliverError,
    },
    /// This notification will never be taken as it is, though others may be. Drop it.
    Refused {
        /// Why.
        why: DeliverError,
    },
    /// There is no such address, or the receiver wants no more. Stop sending there.
    Gone {
        /// Why.
        why: DeliverError,
    },
}

impl Outcome {
    /// Try again, in the caller's own time.
    pub(crate) fn retry(why: DeliverError) -> Self {
        Self::Retry { after: None, why }
    }

    /// Why it was not delivered.
    #[must_use]
    pub fn error(&self) -> Option<&DeliverError> {
        match self {
            Self::Delivered => None,
            Self::Retry { why, .. } | Self::Refused { why } | Self::Gone { why } => Some(why),
        }
    }
}
