//! `signer`: serving keys to other machines, and looking through what was served.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde::Serialize;
use snowguard_boot_format::signer::Signer;
use snowguard_boot_format::time::Time;
use snowguard_boot_signer::remote::{Policy, Server, ServerOptions, check_log};

use crate::files;
use crate::outcome::{Failure, Outcome};
use crate::output::Output;
use crate::policy_signer::PolicyKeyOptions;
use crate::signer::SignerOptions;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sign for other machines, as a policy allows
    Serve(Box<ServeOptions>),
    /// Look through a log: no line changed, taken out or put in
    CheckLog {
        /// The log
        log: PathBuf,
    },
}

/// Which key is served, to whom.
#[derive(Debug, Args)]
pub struct ServeOptions {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7443")]
    listen: SocketAddr,
    /// Certificate of this server, with those that vouch for it (PEM)
    #[arg(long, value_name = "FILE")]
    tls_certificate: PathBuf,
    /// Private key of this server (PEM)
    #[arg(long, value_name = "FILE")]
    tls_key: PathBuf,
    /// Certificate that vouches for clients (PEM)
    #[arg(long, value_name = "FILE")]
    client_authority: PathBuf,
    /// Who may have what signed (JSON; see docs/secure-boot.md)
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Log, which is only ever appended to
    #[arg(long, value_name = "FILE")]
    log: PathBuf,
    /// The key's name for clients
    #[arg(long, default_value = "db")]
    name: String,
    #[command(flatten)]
    signer: SignerOptions,
    /// The policies' key's name for clients
    #[arg(long, value_name = "NAME", default_value = "pcr")]
    policy_name: String,
    #[command(flatten)]
    policy_key: PolicyKeyOptions,
}

#[derive(Debug, Serialize)]
struct Listening {
    address: String,
    key: String,
    certificate: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_certificate: Option<String>,
}

#[derive(Debug, Serialize)]
struct LogChecked {
    log: String,
    lines: usize,
    last_sha256: String,
}

impl Command {
    /// Does it; `serve` until it is ended.
    pub fn run(&self, output: &Output) -> Result<Outcome> {
        match self {
            Self::Serve(options) => serve(options, output),
            Self::CheckLog { log } => {
                let (lines, last_sha256) = check_log(log)?;
                output.print(&LogChecked {
                    log: log.display().to_string(),
                    lines,
                    last_sha256,
                })?;
                Ok(Outcome::Good)
            }
        }
    }
}

fn serve(options: &ServeOptions, output: &Output) -> Result<Outcome> {
    let now = crate::clock::now()?;
    let signer = options.signer.open(now)?;
    let policy_signer = options.policy_key.signer(&options.signer, now)?;
    let policy = files::read(&options.policy, files::MAX_SMALL)?;
    let policy = Policy::parse(&policy)
        .with_context(|| format!("cannot use {}", options.policy.display()))?;
    let certificate = signer.certificate().subject().to_string();
    let mut keys: BTreeMap<String, Box<dyn Signer + Send>> = BTreeMap::new();
    keys.insert(options.name.clone(), signer);
    let mut policy_certificate = None;
    if let Some(signer) = policy_signer {
        policy_certificate = Some(signer.certificate().subject().to_string());
        if keys.insert(options.policy_name.clone(), signer).is_some() {
            return Err(anyhow::anyhow!(
                "both keys are named {:?}; --name and --policy-name tell them apart",
                options.name
            )
            .context(Failure::Usage));
        }
    }
    let server = Server::bind(ServerOptions {
        address: options.listen,
        certificate: options.tls_certificate.clone(),
        private_key: options.tls_key.clone(),
        client_authority: options.client_authority.clone(),
        policy,
        log: options.log.clone(),
        keys,
        clock,
    })?;
    output.print(&Listening {
        address: server.address()?.to_string(),
        key: options.name.clone(),
        certificate,
        policy_key: policy_certificate
            .is_some()
            .then(|| options.policy_name.clone()),
        policy_certificate,
    })?;
    server.run();
    Ok(Outcome::Good)
}

/// The system's time; the beginning of 1970 when it is absurd, which the log then shows.
fn clock() -> Time {
    crate::clock::now().unwrap_or(Time::EPOCH)
}

impl fmt::Display for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "signing as {} at https://{}, key {:?}",
            self.certificate, self.address, self.key
        )?;
        if let (Some(key), Some(certificate)) = (&self.policy_key, &self.policy_certificate) {
            write!(f, "\nand policies as {certificate}, key {key:?}")?;
        }
        Ok(())
    }
}

impl fmt::Display for LogChecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} lines, whole; sha256 of the last: {}",
            self.log, self.lines, self.last_sha256
        )
    }
}
