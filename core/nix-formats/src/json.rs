//! What the JSON readers of this crate share.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

/// The most entries of one object that is read into a [`UniqueEntries`].
pub(crate) const MAX_ENTRIES: usize = 1 << 22;

/// A place at which JSON is malformed or holds a value that is not allowed there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at byte {offset}: {message}")]
pub struct JsonSyntaxError {
    /// What is wrong.
    pub message: String,
    /// The last byte that was looked at, counted from the start; for a value that is not allowed,
    /// its end.
    pub offset: usize,
}

/// Reads JSON, turning line and column of an error into a byte offset.
pub(crate) fn from_slice<'a, T: Deserialize<'a>>(input: &'a [u8]) -> Result<T, JsonSyntaxError> {
    serde_json::from_slice(input).map_err(|error| {
        let line_start = match error.line().saturating_sub(2) {
            _ if error.line() <= 1 => 0,
            newline => memchr::memchr_iter(b'\n', input)
                .nth(newline)
                .map_or(0, |at| at + 1),
        };
        let offset = (line_start + error.column().saturating_sub(1)).min(input.len());
        // The message ends in line and column, which the offset replaces.
        let message = error.to_string();
        let cut = message.rfind(" at line ").unwrap_or(message.len());
        JsonSyntaxError {
            message: crate::excerpt(&message[..cut]),
            offset,
        }
    })
}

/// The entries of an object in the order of the text, no key twice.
///
/// JSON readers differ in which of two equal keys they believe; here it is an error.
#[derive(Debug)]
pub(crate) struct UniqueEntries<V>(pub(crate) Vec<(String, V)>);

impl<V> Default for UniqueEntries<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for UniqueEntries<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

struct EntriesVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for EntriesVisitor<V> {
    type Value = UniqueEntries<V>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some((key, value)) = map.next_entry::<String, V>()? {
            if entries.len() == MAX_ENTRIES {
                return Err(A::Error::custom(format_args!(
                    "more than {MAX_ENTRIES} entries"
                )));
            }
            if !seen.insert(key.clone()) {
                let key = crate::excerpt(&key);
                return Err(A::Error::custom(format_args!(
                    "the key {key:?} stands twice"
                )));
            }
            entries.push((key, value));
        }
        Ok(UniqueEntries(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::{UniqueEntries, from_slice};

    #[test]
    fn errors_name_the_byte() {
        let cases: [(&[u8], usize); 4] = [
            (b"{\"a\":1,\"a\":2}", 12),
            (b"{\n\n\"a\": x}", 8),
            (b"{\"a\":1", 5),
            (b"\xff", 0),
        ];
        for (input, offset) in cases {
            let error = from_slice::<UniqueEntries<u8>>(input).expect_err("malformed");
            assert_eq!(error.offset, offset, "{error}");
            assert!(!error.message.contains("line"), "{error}");
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        let deep = [b"[".repeat(10_000), b"]".repeat(10_000)].concat();
        let error = from_slice::<serde_json::Value>(&deep).expect_err("too deep");
        assert!(error.message.contains("recursion"), "{error}");
    }
}
