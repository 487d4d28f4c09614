//! Distinguished names.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::der::{Reader, tag};
use crate::oid;

/// A name as it stands in a certificate. Two are equal when their bytes are, as for firmware.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Vec<u8>);

impl Name {
    /// Any bytes; what is no name is shown as hexadecimal.
    pub(crate) fn from_der(der: &[u8]) -> Self {
        Self(der.to_vec())
    }

    /// The DER of the name.
    pub fn der(&self) -> &[u8] {
        &self.0
    }

    /// The first common name in it.
    pub fn common_name(&self) -> Option<String> {
        let attributes = self.attributes()?;
        attributes
            .into_iter()
            .find(|(kind, _)| *kind == oid::COMMON_NAME)
            .map(|(_, value)| value)
    }

    /// Attributes in order: the identifier's arcs and the text.
    fn attributes(&self) -> Option<Vec<(&[u8], String)>> {
        let mut sets = Reader::new(&self.0).inside(tag::SEQUENCE, "name").ok()?;
        let mut attributes = Vec::new();
        while !sets.is_empty() {
            let mut members = sets.inside(tag::SET, "name").ok()?;
            while !members.is_empty() {
                let mut pair = members.inside(tag::SEQUENCE, "name").ok()?;
                let kind = pair.expect(tag::OBJECT_IDENTIFIER, "name").ok()?;
                let value = pair.any("name").ok()?;
                attributes.push((kind.content, text(value.tag, value.content)?));
            }
        }
        Some(attributes)
    }
}

/// The text of a string: UTF-8, the ASCII kinds, Latin-1 for T61, or BMP.
fn text(kind: u8, content: &[u8]) -> Option<String> {
    match kind {
        0x0c | 0x12 | 0x13 | 0x16 | 0x1a => core::str::from_utf8(content).ok().map(String::from),
        0x14 => Some(content.iter().copied().map(char::from).collect()),
        0x1e => {
            let units = content.chunks_exact(2).map(|pair| match pair {
                [high, low] => u16::from_be_bytes([*high, *low]),
                _ => 0,
            });
            char::decode_utf16(units).collect::<Result<_, _>>().ok()
        }
        _ => None,
    }
}

/// Short names, as RFC 4514 and OpenSSL have them.
const SHORT: [(&[u8], &str); 8] = [
    (oid::COMMON_NAME, "CN"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x55, 4, 5], "serialNumber"),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1],
        "emailAddress",
    ),
];

impl fmt::Display for Name {
    /// `CN=…, O=…`, in the certificate's order; control characters are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(attributes) = self.attributes() else {
            return self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"));
        };
        for (place, (kind, value)) in attributes.iter().enumerate() {
            if place > 0 {
                f.write_str(", ")?;
            }
            match SHORT.iter().find(|(arcs, _)| arcs == kind) {
                Some((_, short)) => f.write_str(short)?,
                None => kind.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?,
            }
            f.write_char('=')?;
            for c in value.chars() {
                // A name from outside must not steer a terminal or turn text around.
                if c.is_control() || ('\u{200b}'..='\u{202e}').contains(&c) {
                    write!(f, "{}", c.escape_unicode())?;
                } else {
                    f.write_char(c)?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}
