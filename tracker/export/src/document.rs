//! A finished file.

/// A file of the exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Where it stands, relative to [`crate::Provider::exports`].
    pub path: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Document {
    /// JSON, ending in a line feed.
    pub(crate) fn json(path: String, value: &impl serde::Serialize) -> Self {
        Self {
            path,
            media_type: "application/json",
            bytes: json_bytes(value),
        }
    }
}

/// JSON on lines of its own, ending in a line feed.
pub(crate) fn json_bytes(value: &impl serde::Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .expect("values of this crate have no maps with other keys than texts");
    bytes.push(b'\n');
    bytes
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing into a String cannot fail");
    }
    text
}
