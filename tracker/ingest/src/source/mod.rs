//! The sources, one file each: what their records look like and what they become.

pub mod alias;
pub mod channel;
mod recognise;

pub use recognise::{Kind, Recognised, recognise};
