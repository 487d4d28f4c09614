//! The reader of a link, which is an object in the API and a bare text in override files.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::types::Link;
use crate::json::read::Cx;
use crate::json::{FromJson, Reader, Text, object, unexpected};

object! {
    /// A link of the API.
    pub struct LinkObject {
        /// The link.
        pub url: Option<Text<'de>> = "url",
        /// Who gave it.
        pub source: Option<Text<'de>> = "source",
        /// `Patch` …
        pub tags: Vec<Text<'de>> = "tags",
    }
}

impl<'de> FromJson<'de> for Link<'de> {
    fn read<D: Deserializer<'de>>(cx: &mut Cx<'_>, json: D) -> Result<Option<Self>, D::Error> {
        json.deserialize_any(Reader::<Self>::new(cx))
    }
}

impl<'de> Visitor<'de> for Reader<'_, '_, Link<'de>> {
    type Value = Option<Link<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a link")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let object = Reader::<LinkObject<'de>>::new(self.cx).visit_map(map)?;
        Ok(object.map(
            |LinkObject {
                 url, source, tags, ..
             }| Link { url, source, tags },
        ))
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, url: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Link {
            url: Some(Cow::Borrowed(url)),
            ..Link::default()
        }))
    }

    fn visit_str<E: serde::de::Error>(self, url: &str) -> Result<Self::Value, E> {
        Ok(Some(Link {
            url: Some(Cow::Owned(url.to_owned())),
            ..Link::default()
        }))
    }

    unexpected!("a link": null, bool, number, seq);
}

impl Serialize for Link<'_> {
    fn serialize<S: Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        LinkObject {
            url: self.url.clone(),
            source: self.source.clone(),
            tags: self.tags.clone(),
            ..LinkObject::default()
        }
        .serialize(json)
    }
}
