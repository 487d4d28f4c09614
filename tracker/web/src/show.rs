//! From the model's values to what stands on a page: words, ages, links, ranges.
//!
//! Everything here is a pure function over plain data, and returns plain text. Escaping is the
//! templates' task alone, so nothing here may return markup.

pub mod cap;
pub mod cpe;
pub mod link;
pub mod markdown;
pub mod path;
pub mod plot;
pub mod severity;
pub mod time;
pub mod verdict;
pub mod versions;
