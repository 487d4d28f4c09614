//! What people may do and decide, as plain values and pure functions.
//!
//! Purpose: one place that says who may do what ([`role`]), which states a suggestion goes through
//! ([`state`]), how a decision changes it ([`suggestion`], [`command`]), what a decision rested on
//! and when it has to be looked at again ([`basis`]), which corrections the matcher takes over
//! ([`rule`]), what a published issue says ([`issue`]), and how the queue is filtered and ordered
//! ([`filter`], [`queue`]), how long a channel has been open to what affects it ([`exposure`]), and until
//! when a release is supported ([`release`]).
//!
//! Non-goals: no I/O, no clock, no database, no HTML. Times are arguments.
//!
//! Entry types: [`suggestion::Suggestion`], [`command::Command`], [`role::Roles`],
//! [`queue::Queue`], [`issue::Issue`].

pub mod basis;
pub mod command;
pub mod dismissal;
pub mod edits;
pub mod exposure;
pub mod filter;
pub mod history;
pub mod issue;
pub mod issue_id;
pub mod mine;
pub mod queue;
pub mod release;
pub mod role;
pub mod rule;
pub mod standing;
pub mod state;
pub mod subscription;
pub mod suggestion;
pub mod text;
pub mod withdrawal;
