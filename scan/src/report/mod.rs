//! What is told, in the form that was asked for.

pub mod csv;
pub mod cyclonedx;
pub mod finding;
pub mod json;
pub mod markdown;
pub mod openvex;
pub mod sarif;
pub mod story;
pub mod terminal;

pub use finding::{Finding, Level, Report};

/// RFC 3339, or the number where it is no time. From milliseconds since the Unix epoch.
fn time(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis)
        .map_or_else(|_| millis.to_string(), |time| time.to_string())
}
