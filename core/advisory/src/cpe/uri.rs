//! The URI binding. Source: NISTIR 7695, section 6.1.
//!
//! ```text
//! cpe:/part:vendor:product:version:update:edition:language
//! ```
//! Empty is ANY, `-` is NA, `%01` is the wildcard `?`, `%02` is `*`; other characters may be
//! percent-encoded. Edition may hold five attributes: `~edition~sw_edition~target_sw~target_hw~other`.

use std::array;

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
