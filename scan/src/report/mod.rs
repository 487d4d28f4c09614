//! What is told, in the form that was asked for.

pub mod finding;
pub mod json;
pub mod terminal;

pub use finding::{Finding, Level, Report};
