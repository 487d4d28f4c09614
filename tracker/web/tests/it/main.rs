//! The server as its readers meet it: over HTTP, and in a browser.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![recursion_limit = "256"]

mod accessibility;
mod accounts;
mod api;
mod api_triage;
mod browser;
mod browser_triage;
mod commands;
mod dump;
mod full_disk;
mod github;
mod hostile;
mod http;
mod killed;
mod limits;
mod load;
mod open;
mod openapi;
mod pages;
mod program;
mod roles;
mod rules;
mod sample;
mod signed_in;
mod triage;
mod uploads;
mod validators;
mod webdriver;
mod work;
