//! What can go wrong.

use std::net::IpAddr;
use std::path::PathBuf;

use snowguard_tracker_secret::SecretError;

use crate::webhook::Kind;

/// An error of this crate. It names the operation and the target (a server, a host), and never holds a
/// password, a signing secret, or the path and query of a webhook's URL, which may be secret too.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeliverError {
    /// A value that cannot be what it should be.
    #[error("{value:?} is no {what}")]
    Invalid {
        /// What it should have been.
        what: &'static str,
        /// The value, shortened; empty where it may be secret.
        value: String,
    },
    /// More than is sent.
    #[error("{what} has {size} bytes, more than {limit}")]
    TooLarge {
        /// What.
        what: &'static str,
        /// Its bytes.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// The mail server did not take a step.
    #[error("{server}: {step}: {why}")]
    Smtp {
        /// `host:port`.
        server: String,
        /// `connect`, `STARTTLS`, `AUTH`, `RCPT TO` …
        step: &'static str,
        /// What the server or the connection says, shortened to one line.
        why: String,
    },
    /// A webhook's URL is not allowed.
    #[error("a webhook's address may not have {what}")]
    Url {
        /// What it has.
        what: &'static str,
    },
    /// A webhook's host leads to an address that is not public.
    #[error("{host} leads to {address}, {kind}")]
    Forbidden {
        /// The host.
        host: String,
        /// The address.
        address: IpAddr,
        /// What kind of address that is.
        kind: Kind,
    },
    /// A webhook's host has no address.
    #[error("{host} cannot be resolved: {why}")]
    Unresolved {
        /// The host.
        host: String,
        /// What the resolver says.
        why: String,
    },
    /// No answer, or half of one.
    #[error("{host} cannot be reached: {why}")]
    Unreachable {
        /// The host.
        host: String,
        /// What the connection says.
        why: String,
    },
    /// A webhook's receiver answered otherwise than with 2xx.
    #[error("{host} answered {status}")]
    Status {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// A file with certificates cannot be used.
    #[error("{path}: {why}")]
    Certificates {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A password or a signing secret cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

impl DeliverError {
    pub(crate) fn invalid(what: &'static str, value: &str) -> Self {
        Self::Invalid {
            what,
            value: value.chars().take(80).collect(),
        }
    }
}
