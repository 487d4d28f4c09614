//! Open data: published issues in the formats that others read, at addresses and as files, and as feeds.
//!
//! What a document says is made by `snowguard_tracker_export`; here it is gathered, kept, signed and sent.

mod document;
mod feeds;
mod files;
mod gather;
mod handlers;
mod page;
mod publisher;
mod send;
mod shelf;
mod source;
mod spool;
mod target;

pub use feeds::{path as feed_path, subscription_path};
pub use files::{Format, Progress, Wish, write as write_files};
pub use handlers::{cursor, inside, issue, routes};
pub use publisher::{Publisher, Publishing, read_key};
pub use shelf::Shelf;
pub use source::place;
