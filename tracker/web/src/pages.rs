//! The pages: each a struct with its template beside it.
//!
//! A page is built from plain data by a pure function, so that it can be tested without a
//! server or a database. Handlers gather the data and hand it over.

pub mod account;
pub mod advisory;
pub mod api;
pub mod channel;
pub mod channels;
pub mod failure;
pub mod home;
pub mod matches;
pub mod package;
pub mod search;
pub mod shell;
pub mod subscriptions;
pub mod triage;
