//! The URI binding. Source: NISTIR 7695, section 6.1.
//!
//! ```text
//! cpe:/part:vendor:product:version:update:edition:language
//! ```
//! Empty is ANY, `-` is NA, `%01` is the wildcard `?`, `%02` is `*`; other characters may be
//! percent-encoded. Edition may hold five attributes: `~edition~sw_edition~target_sw~target_hw~other`.

use std::array;
use std::fmt::Write as _;

use super::{Cpe, Part, Value};

/// Reads what follows `cpe:/`.
pub(super) fn parse(rest: &str) -> Result<Cpe, &'static str> {
    let mut parts = rest.split(':');
    let part = parts
        .next()
        .and_then(Part::parse)
        .ok_or("part is none of a, o, h")?;
    let mut values: [Value; 10] = array::from_fn(|_| Value::Any);
    for (at, component) in parts.enumerate() {
        match at {
            4 if component.starts_with('~') => {
                // Packed: edition, then sw_edition, target_sw, target_hw, other (6..=9).
                for (slot, packed) in component[1..].split('~').enumerate() {
                    let slot = if slot == 0 { 4 } else { slot + 5 };
                    *values
                        .get_mut(slot)
                        .ok_or("more than five packed attributes")? = unbind(packed)?;
                }
            }
            0..=5 => values[at] = unbind(component)?,
            _ => return Err("more than seven attributes"),
        }
    }
    Ok(Cpe::from_values(part, values))
}

/// Writes a name as a URI (section 6.1.2).
pub(super) fn format(cpe: &Cpe) -> String {
    let part = if cpe.part == Part::Any {
        ""
    } else {
        cpe.part.as_str()
    };
    let mut uri = format!("cpe:/{part}");
    let extended = [&cpe.sw_edition, &cpe.target_sw, &cpe.target_hw, &cpe.other];
    let mut edition = bound(&cpe.edition);
    if extended.iter().any(|value| **value != Value::Any) {
        edition.insert(0, '~');
        for value in extended {
            edition.push('~');
            edition.push_str(&bound(value));
        }
    }
    let plain = [&cpe.vendor, &cpe.product, &cpe.version, &cpe.update].map(bound);
    for component in plain.iter().chain([&edition, &bound(&cpe.language)]) {
        uri.push(':');
        uri.push_str(component);
    }
    // Trailing components that are ANY are left out.
    uri.truncate(uri.trim_end_matches(':').len().max("cpe:/".len()));
    uri
}

fn bound(value: &Value) -> String {
    let text = match value {
        Value::Any => return String::new(),
        Value::Na => return "-".to_owned(),
        Value::Text(text) if text == "-" => return "%2d".to_owned(),
        Value::Text(text) => text,
    };
    let mut component = String::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'*' => {
                component.push_str("%02");
                continue;
            }
            b'?' => {
                component.push_str("%01");
                continue;
            }
            b'\\' => bytes.next().unwrap_or(b'\\'),
            byte => byte,
        };
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            component.push(char::from(byte));
        } else {
            // Writing to a text can't fail.
            let _ = write!(component, "%{byte:02x}");
        }
    }
    component
}

fn unbind(component: &str) -> Result<Value, &'static str> {
    match component {
        "" => return Ok(Value::Any),
        "-" => return Ok(Value::Na),
        _ => {}
    }
    let mut bytes = Vec::with_capacity(component.len());
    let mut rest = component.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let decoded = if byte == b'%' {
            let digits = after
                .get(..2)
                .ok_or("a percent sign without two hex digits")?;
            let digits = std::str::from_utf8(digits).map_err(|_| "not hex after a percent sign")?;
            rest = &after[2..];
            match u8::from_str_radix(digits, 16).map_err(|_| "not hex after a percent sign")? {
                1 => {
                    bytes.push(b'?');
                    continue;
                }
                2 => {
                    bytes.push(b'*');
                    continue;
                }
                decoded => decoded,
            }
        } else {
            byte
        };
        if matches!(decoded, b'*' | b'?' | b'\\') {
            bytes.push(b'\\');
        }
        bytes.push(decoded);
    }
    String::from_utf8(bytes)
        .map(Value::Text)
        .map_err(|_| "percent-encoded bytes are not UTF-8")
}
