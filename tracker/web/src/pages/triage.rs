//! Pages of what people decide.

pub mod issue;
pub mod issues;
pub mod jobs;
pub mod log;
pub mod mine;
pub mod panel;
pub mod queue;
pub mod rules;
