//! A signer on another machine: the target asks, and never holds a key.
//!
//! HTTP/1.1 over TLS 1.3 where both sides show certificates. `GET /v1/keys/NAME` gives the key's
//! certificates; `POST /v1/sign` takes a `protocol::SignQuestion` and gives a
//! `protocol::SignAnswer`. The server looks into every message ([`SigningRequest::look_into`]),
//! decides by its policy, and writes its log before it answers.
//!
//! [`SigningRequest::look_into`]: snowguard_boot_format::signer::SigningRequest::look_into

mod client;
mod http;
mod hurried;
mod log;
mod policy;
mod protocol;
mod server;

pub use client::{RemoteOptions, RemoteSigner, open_remote};
pub use log::{LogError, check_log};
pub use policy::{Client, Policy, PolicyError};
pub use server::{Server, ServerOptions};
