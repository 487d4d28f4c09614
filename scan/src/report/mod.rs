//! What is told, in the form that was asked for.

pub mod csv;
pub mod cyclonedx;
pub mod difference;
pub mod finding;
pub mod graph;
pub mod html;
pub mod json;
pub mod licence;
pub mod markdown;
pub mod openvex;
pub mod sarif;
pub mod spdx;
pub mod story;
pub mod terminal;

use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};

pub use finding::{Finding, Level, Report};

use crate::closure::PathIndex;
use crate::identify::Identified;

/// RFC 3339, or the number where it is no time. From milliseconds since the Unix epoch.
fn time(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis)
        .map_or_else(|_| millis.to_string(), |time| time.to_string())
}

/// RFC 3339 without fractions of a second.
fn time_in_seconds(millis: i64) -> String {
    time(millis.div_euclid(1000) * 1000)
}

/// Half of the SHA-256 of some bytes, in hexadecimal.
fn hex(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The software at each path.
fn by_path(software: &[Identified]) -> FxHashMap<PathIndex, &Identified> {
    let all = software.iter();
    all.flat_map(|one| one.software.paths.iter().map(move |path| (*path, one)))
        .collect()
}

/// The CPE of a piece of software with its own version, where one is given that is well-formed. What is
/// given for this very version stays as it is: of `5.3p9`, a CPE has the version `5.3` and the update `9`.
fn cpe(one: &Identified) -> Option<String> {
    use snowguard_advisory::cpe::{Cpe, Value};
    let mut cpe = Cpe::parse(one.package.cpe.as_deref()?).ok()?;
    if one.package.version != one.software.version {
        cpe.version = Value::Text(one.software.version.clone());
        cpe.update = Value::Any;
    }
    Some(cpe.to_string())
}

/// Whether a text is a URL of the web without a character that a URI may not hold.
fn is_plain_url(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://"))
        && url
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&byte))
}
