//! The reader's trait, its context, and the readers of plain values.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::object::unexpected;
use crate::error::{Error, Place};
use crate::limits::{Limits, sniff_id};
use crate::reading::Warnings;

/// Context of one reading.
pub(crate) struct Cx<'l> {
    pub(crate) limits: &'l Limits,
    pub(crate) warnings: Warnings,
    /// Set when a limit ends the reading; the parser's own error then only unwinds.
    refused: Option<(&'static str, usize)>,
}

impl Cx<'_> {
    pub(crate) fn unexpected(&mut self, wanted: &str, found: &str) {
        self.warnings
            .push("", format!("expected {wanted}, found {found}; passed over"));
    }

    pub(crate) fn twice(&mut self, key: &str) {
        self.warnings
            .push(format!("/{key}"), "the key stands twice; the last counts");
    }

    pub(crate) fn refuse<E: serde::de::Error>(&mut self, what: &'static str, limit: usize) -> E {
        self.refused = Some((what, limit));
        E::custom("limit reached")
    }
}

/// A value that can be read leniently. `None` stands for `null` and for the wrong type.
pub(crate) trait FromJson<'de>: Sized + Default {
    fn read<D: Deserializer<'de>>(cx: &mut Cx<'_>, json: D) -> Result<Option<Self>, D::Error>;
}

/// Reads one value of type `T`; the visitor of every type.
pub(crate) struct Reader<'c, 'l, T> {
    pub(crate) cx: &'c mut Cx<'l>,
    of: PhantomData<T>,
}

impl<'c, 'l, T> Reader<'c, 'l, T> {
    pub(crate) fn new(cx: &'c mut Cx<'l>) -> Self {
        Self {
            cx,
            of: PhantomData,
        }
    }
}

impl<'de, T: FromJson<'de>> DeserializeSeed<'de> for Reader<'_, '_, T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Option<T>, D::Error> {
        T::read(self.cx, json)
    }
}

/// Reads a whole document. The text must have passed [`Limits::record`] or
/// [`Limits::document`], which bounds its depth.
pub(crate) fn from_text<'de, T: FromJson<'de>>(
    text: &'de str,
    limits: &Limits,
) -> Result<(T, Warnings), Error> {
    let mut cx = Cx {
        limits,
        warnings: Warnings::default(),
        refused: None,
    };
    let mut json = serde_json::Deserializer::from_str(text);
    let read = T::read(&mut cx, &mut json).and_then(|value| json.end().map(|()| value));
    let value = match read {
        Ok(value) => value,
        Err(error) => return Err(explain(text, &error, cx.refused)),
    };
    let Some(value) = value else {
        let at = Place {
            record: sniff_id(text.as_bytes()),
            offset: Some(0),
        };
        return Err(Error::NotARecord {
            at,
            reason: "not a JSON object".to_owned(),
        });
    };
    Ok((value, cx.warnings))
}

fn explain(text: &str, error: &serde_json::Error, refused: Option<(&'static str, usize)>) -> Error {
    let at = Place {
        record: sniff_id(text.as_bytes()),
        offset: Some(offset(text, error)),
    };
    match refused {
        Some((what, limit)) => Error::TooLong { at, what, limit },
        None => {
            let whole = error.to_string();
            // The position is told as an offset, which also holds for minified documents.
            let reason = whole.split(" at line ").next().unwrap_or(&whole).to_owned();
            Error::Syntax { at, reason }
        }
    }
}

/// The byte offset of a parser error, which knows only line and column (in bytes).
fn offset(text: &str, error: &serde_json::Error) -> usize {
    let line_start = match error.line().saturating_sub(2) {
        _ if error.line() <= 1 => 0,
        newline => memchr::memchr_iter(b'\n', text.as_bytes())
            .nth(newline)
            .map_or(text.len(), |found| found + 1),
    };
    (line_start + error.column().saturating_sub(1)).min(text.len())
}

impl<'de> FromJson<'de> for Cow<'de, str> {
    fn read<D: Deserializer<'de>>(cx: &mut Cx<'_>, json: D) -> Result<Option<Self>, D::Error> {
        json.deserialize_any(Reader::<Self>::new(cx))
    }
}

impl<'c, 'l> Reader<'c, 'l, Cow<'_, str>> {
    fn bounded<E: serde::de::Error>(self, length: usize) -> Result<(), E> {
        if length > self.cx.limits.text_bytes {
            return Err(self.cx.refuse("text", self.cx.limits.text_bytes));
        }
        Ok(())
    }

    /// Numbers and booleans stand where texts belong often enough (`"version": 1.2`), and their
    /// text is what was meant.
    fn coerced<'de, E>(self, value: impl fmt::Display) -> Result<Option<Cow<'de, str>>, E> {
        self.cx
            .warnings
            .push("", "expected a text, found a bare value; taken as text");
        Ok(Some(Cow::Owned(value.to_string())))
    }
}

impl<'de> Visitor<'de> for Reader<'_, '_, Cow<'de, str>> {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        self.bounded(text.len())?;
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        self.bounded(text.len())?;
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        self.coerced(value)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        self.coerced(value)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        self.coerced(value)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        self.coerced(value)
    }

    unexpected!("a text": null, seq, map);
}

impl<'de> FromJson<'de> for bool {
    fn read<D: Deserializer<'de>>(cx: &mut Cx<'_>, json: D) -> Result<Option<Self>, D::Error> {
        json.deserialize_any(Reader::<Self>::new(cx))
    }
}

impl<'de> Visitor<'de> for Reader<'_, '_, bool> {
    type Value = Option<bool>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a boolean")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        self.cx.unexpected("a boolean", "a text");
        Ok(match text {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        })
    }

    unexpected!("a boolean": null, number, seq, map);
}

impl<'de> FromJson<'de> for f64 {
    fn read<D: Deserializer<'de>>(cx: &mut Cx<'_>, json: D) -> Result<Option<Self>, D::Error> {
        json.deserialize_any(Reader::<Self>::new(cx))
    }
}

impl<'de> Visitor<'de> for Reader<'_, '_, f64> {
    type Value = Option<f64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        // Scores and counters are far below 2^53, where the conversion is exact.
        #[allow(clippy::cast_precision_loss)]
        Ok(Some(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        #[allow(clippy::cast_precision_loss)]
        Ok(Some(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        self.cx.warnings.push("", "expected a number, found a text");
        Ok(text
            .trim()
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite()))
    }

    unexpected!("a number": null, bool, seq, map);
}

impl<'de, T: FromJson<'de>> FromJson<'de> for Option<T> {
    fn read<D: Deserializer<'de>>(cx: &mut Cx<'_>, json: D) -> Result<Option<Self>, D::Error> {
        T::read(cx, json).map(Some)
    }
}

impl<'de, T: FromJson<'de>> FromJson<'de> for Box<T> {
    fn read<D: Deserializer<'de>>(cx: &mut Cx<'_>, json: D) -> Result<Option<Self>, D::Error> {
        Ok(T::read(cx, json)?.map(Box::new))
    }
}

impl<'de, T: FromJson<'de>> FromJson<'de> for Vec<T> {
    fn read<D: Deserializer<'de>>(cx: &mut Cx<'_>, json: D) -> Result<Option<Self>, D::Error> {
        json.deserialize_any(Reader::<Self>::new(cx))
    }
}

impl<'de, T: FromJson<'de>> Visitor<'de> for Reader<'_, '_, Vec<T>> {
    type Value = Option<Vec<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let Self { cx, .. } = self;
        let mut list = Vec::new();
        loop {
            let mark = cx.warnings.mark();
            let Some(item) = seq.next_element_seed(Reader::<T>::new(cx))? else {
                break;
            };
            if cx.warnings.mark() != mark {
                cx.warnings.prefix(mark, &list.len().to_string());
            }
            if list.len() == cx.limits.array {
                return Err(cx.refuse("array", cx.limits.array));
            }
            // An element that can't be read keeps its place, so that pointers stay right.
            list.push(item.unwrap_or_default());
        }
        Ok(Some(list))
    }

    unexpected!("an array": null, bool, number, text, map);
}

/// Reads past an array.
pub(crate) fn skip_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Reads past an object.
pub(crate) fn skip_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// The key of an object, borrowed where it holds no escapes.
pub(crate) struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

/// Reads the value of one known field.
pub(crate) fn field<'de, T: FromJson<'de>, A: MapAccess<'de>>(
    cx: &mut Cx<'_>,
    name: &str,
    map: &mut A,
) -> Result<T, A::Error> {
    let mark = cx.warnings.mark();
    let value = map.next_value_seed(Reader::<T>::new(cx))?;
    if cx.warnings.mark() != mark {
        cx.warnings.prefix(mark, name);
    }
    Ok(value.unwrap_or_default())
}

/// An error for a map with more entries than are allowed.
pub(crate) fn too_many<E: serde::de::Error>(cx: &mut Cx<'_>) -> E {
    cx.refuse("object", cx.limits.array)
}
