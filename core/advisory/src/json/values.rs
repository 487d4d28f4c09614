//! Values without a fixed shape: raw spans, unknown fields, objects with free keys.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::object::unexpected;
use super::read::{Cx, FromJson, Key, Reader, field, too_many};

/// A span of the input: one JSON value, exactly as given.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'de>(&'de RawValue);

impl<'de> Raw<'de> {
    /// The JSON text.
    #[must_use]
    pub fn get(self) -> &'de str {
        self.0.get()
    }
}

impl PartialEq for Raw<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(json)
    }
}

impl<'de> FromJson<'de> for RawOption<'de> {
    fn read<D: Deserializer<'de>>(_: &mut Cx<'_>, json: D) -> Result<Option<Self>, D::Error> {
        let raw: &'de RawValue = serde::Deserialize::deserialize(json)?;
        Ok(Some(Self((raw.get() != "null").then_some(Raw(raw)))))
    }
}

/// A raw value that may be absent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RawOption<'de>(pub Option<Raw<'de>>);

impl Serialize for RawOption<'_> {
    fn serialize<S: Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(json)
    }
}

/// Fields that a format does not name, in the order given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extra<'de>(Vec<(Cow<'de, str>, Raw<'de>)>);

impl<'de> Extra<'de> {
    /// Name and value of each.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Raw<'de>)> {
        self.0.iter().map(|(key, value)| (&**key, *value))
    }

    /// The value of one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Raw<'de>> {
        self.iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn read_value<A: MapAccess<'de>>(
        &mut self,
        cx: &mut Cx<'_>,
        key: Cow<'de, str>,
        map: &mut A,
    ) -> Result<(), A::Error> {
        if self.0.len() == cx.limits.array {
            return Err(too_many(cx));
        }
        self.0.push((key, Raw(map.next_value()?)));
        Ok(())
    }
}

/// An object whose keys are data, in the order given.
#[derive(Debug, Clone, PartialEq)]
pub struct Entries<'de, T>(pub Vec<(Cow<'de, str>, T)>);

impl<T> Default for Entries<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Serialize> Serialize for Entries<'_, T> {
    fn serialize<S: Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        let mut map = json.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<'de, T: FromJson<'de>> FromJson<'de> for Entries<'de, T> {
    fn read<D: Deserializer<'de>>(cx: &mut Cx<'_>, json: D) -> Result<Option<Self>, D::Error> {
        json.deserialize_any(Reader::<Self>::new(cx))
    }
}

impl<'de, T: FromJson<'de>> Visitor<'de> for Reader<'_, '_, Entries<'de, T>> {
    type Value = Option<Entries<'de, T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let cx = self.cx;
        let mut entries = Vec::new();
        while let Some(key) = map.next_key_seed(Key)? {
            if entries.len() == cx.limits.array {
                return Err(too_many(cx));
            }
            let value = field(cx, &key, &mut map)?;
            entries.push((key, value));
        }
        Ok(Some(Entries(entries)))
    }

    unexpected!("an object": null, bool, number, text, seq);
}

/// Whether a field is written: absent ones are not.
pub(crate) trait Present {
    fn is_present(&self) -> bool;
}

impl<T> Present for Option<T> {
    fn is_present(&self) -> bool {
        self.is_some()
    }
}

impl<T> Present for Vec<T> {
    fn is_present(&self) -> bool {
        !self.is_empty()
    }
}

impl<T> Present for Entries<'_, T> {
    fn is_present(&self) -> bool {
        !self.0.is_empty()
    }
}

impl Present for RawOption<'_> {
    fn is_present(&self) -> bool {
        self.0.is_some()
    }
}
