//! Reading JSON with unknown fields kept and wrong types survived.
//!
//! The formats of this crate are declared with the `object!` macro, which gives each a struct, a
//! reader and a writer. Compared with `serde(flatten)` nothing is buffered: unknown fields are
//! kept as spans of the input, texts without escapes are borrowed from it, and a value of the
//! wrong type becomes a warning at its JSON pointer and the field's default.

mod object;
pub(crate) mod read;
pub(crate) mod values;

use std::borrow::Cow;

pub(crate) use object::{object, unexpected};
pub(crate) use read::{FromJson, Reader, from_text};
pub use values::{Entries, Extra, Raw, RawOption};

/// A text, borrowed from the input where it holds no escapes.
pub type Text<'de> = Cow<'de, str>;
