//! What the JSON readers of this crate share.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// The most entries of one object or list. What an entry takes in memory can be many times what
/// it takes in the text, so that the length of the text alone bounds too little.
pub(crate) const MAX_ENTRIES: usize = 1 << 20;

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
        // A message may quote the text, which must not reach a terminal as it is.
        let shown = |c: char| {
            if c.is_control() {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        };
        let message = message[..cut].chars().take(256).map(shown).collect();
        JsonSyntaxError { message, offset }
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

/// A list of at most [`MAX_ENTRIES`] entries.
#[derive(Debug)]
pub(crate) struct BoundedList<T>(pub(crate) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for BoundedList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = BoundedList<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = seq.next_element()? {
            if list.len() == MAX_ENTRIES {
                return Err(A::Error::custom(format_args!(
                    "more than {MAX_ENTRIES} entries"
                )));
            }
            list.push(entry);
        }
        Ok(BoundedList(list))
    }
}

#[cfg(test)]
mod tests {
    use super::{BoundedList, MAX_ENTRIES, UniqueEntries, from_slice};

    #[test]
    fn lists_and_objects_have_a_limit() {
        let list = |length: usize| format!("[{}0]", "0,".repeat(length - 1));
        let read = |length| from_slice::<BoundedList<u8>>(list(length).as_bytes());
        assert_eq!(read(MAX_ENTRIES).map(|list| list.0.len()), Ok(MAX_ENTRIES));
        let error = read(MAX_ENTRIES + 1).expect_err("one too many");
        assert!(error.message.contains("more than"), "{error}");
        let entries: Vec<_> = (0..=MAX_ENTRIES)
            .map(|key| format!("\"{key}\":0"))
            .collect();
        let object = format!("{{{}}}", entries.join(","));
        let error = from_slice::<UniqueEntries<u8>>(object.as_bytes()).expect_err("one too many");
        assert!(error.message.contains("more than"), "{error}");
    }

    #[test]
    fn messages_hold_no_control_characters() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Empty {}
        let escape = b"{\"\\u001b[31m\":1}";
        let error = from_slice::<Empty>(escape).expect_err("an unknown field");
        assert_eq!(
            error.message,
            "unknown field `\u{fffd}[31m`, there are no fields"
        );
    }

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
