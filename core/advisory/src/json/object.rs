//! The macros that declare a format's objects.

/// Visitor methods for types that don't belong: a warning, and `None`. `null` is no warning.
macro_rules! unexpected {
    ($wanted:literal: $($kind:ident),* $(,)?) => {
        $($crate::json::unexpected!(@$kind $wanted);)*
    };
    (@null $wanted:literal) => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    };
    (@bool $wanted:literal) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            self.cx.unexpected($wanted, "a boolean");
            Ok(None)
        }
    };
    (@number $wanted:literal) => {
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            self.cx.unexpected($wanted, "a number");
            Ok(None)
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            self.cx.unexpected($wanted, "a number");
            Ok(None)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            self.cx.unexpected($wanted, "a number");
            Ok(None)
        }
    };
    (@text $wanted:literal) => {
        fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Self::Value, E> {
            self.cx.unexpected($wanted, "a text");
            Ok(None)
        }
    };
    (@seq $wanted:literal) => {
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
            self.cx.unexpected($wanted, "an array");
            $crate::json::read::skip_seq(seq).map(|()| None)
        }
    };
    (@map $wanted:literal) => {
        fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            self.cx.unexpected($wanted, "an object");
            $crate::json::read::skip_map(map).map(|()| None)
        }
    };
}

/// Declares an object of a format: a struct with public fields (absent, `null` and wrongly typed
/// values are the default) and `extra` for what the format does not name; its reader; its
/// writer, which gives back what was read, known fields first.
macro_rules! object {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$field_meta:meta])* pub $field:ident: $type:ty = $key:literal,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name<'de> {
            $($(#[$field_meta])* pub $field: $type,)*
            /// Fields that the format does not name, as given.
            pub extra: $crate::json::Extra<'de>,
        }

        impl<'de> $crate::json::FromJson<'de> for $name<'de> {
            fn read<D: serde::Deserializer<'de>>(
                cx: &mut $crate::json::read::Cx<'_>,
                json: D,
            ) -> Result<Option<Self>, D::Error> {
                json.deserialize_any($crate::json::Reader::<Self>::new(cx))
            }
        }

        impl<'de> serde::de::Visitor<'de> for $crate::json::Reader<'_, '_, $name<'de>> {
            type Value = Option<$name<'de>>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Self::Value, A::Error> {
                let cx = self.cx;
                let mut object = $name::default();
                $(let mut $field = false;)*
                while let Some(key) = map.next_key_seed($crate::json::read::Key)? {
                    match &*key {
                        $($key => {
                            if std::mem::replace(&mut $field, true) {
                                cx.twice($key);
                            }
                            object.$field = $crate::json::read::field(cx, $key, &mut map)?;
                        })*
                        _ => object.extra.read_value(cx, key, &mut map)?,
                    }
                }
                Ok(Some(object))
            }

            $crate::json::unexpected!("an object": null, bool, number, text, seq);
        }

        impl $crate::json::values::Present for $name<'_> {
            fn is_present(&self) -> bool {
                *self != Self::default()
            }
        }

        impl serde::Serialize for $name<'_> {
            fn serialize<S: serde::Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let mut map = json.serialize_map(None)?;
                $(if $crate::json::values::Present::is_present(&self.$field) {
                    map.serialize_entry($key, &self.$field)?;
                })*
                for (key, value) in self.extra.iter() {
                    map.serialize_entry(key, &value)?;
                }
                map.end()
            }
        }
    };
}

pub(crate) use {object, unexpected};
