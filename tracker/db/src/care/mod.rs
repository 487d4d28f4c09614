//! Care: backups, giving up what is old, rebuilding what is derived, sizes.

mod backup;
pub(crate) mod derived;
mod gc;
mod sizes;
mod transfer;

pub use gc::{GcOutcome, GcPolicy};
pub use sizes::{Sizes, TableSize};
