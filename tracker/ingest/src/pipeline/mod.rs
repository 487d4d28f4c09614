//! From a stream to the database: one thread reads, some parse, the calling thread writes.
//!
//! Batches keep their order from end to end, so that what was written is always a prefix of the
//! input, and a cursor can say how long it is. The queues between the threads are short, which
//! bounds the memory.

mod ordered;
mod reader;

pub(crate) use ordered::{Ordered, spawn};
pub(crate) use reader::{Item, RawBatch, Reading, read};

/// Where in an input a batch ends. Documents and records are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Place {
    /// Number of the document.
    pub document: u64,
    /// How many of its records are done.
    pub record: u64,
}
