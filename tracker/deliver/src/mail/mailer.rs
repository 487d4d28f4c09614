//! Sends mails.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use snowguard_tracker_secret::Secret;

use super::address::Address;
use super::compose::{Email, compose};
use super::dialogue::{Dialogue, Trouble, Verdict};
use super::stream::trust;
use crate::error::DeliverError;
use crate::outcome::Outcome;

/// How the connection to the mail server is protected. There is no "if it can be": that is what an attacker
/// would turn off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// TLS from the first byte; port 465.
    Tls,
    /// In the clear up to STARTTLS, which must succeed; port 587.
    StartTls,
    /// None; only to a server on loopback.
    Plain,
}

/// The operator's mail server.
#[derive(Debug, Clone)]
pub struct SmtpServer {
    /// Name or address; the certificate has to be for it.
    pub host: String,
    /// 465, 587, 25 …
    pub port: u16,
    /// Protection.
    pub encryption: Encryption,
    /// As whom to log in.
    pub login: Option<Login>,
    /// Certificates (PEM) to trust instead of the public authorities'.
    pub authority: Option<PathBuf>,
    /// For one mail, from connecting to its being taken.
    pub patience: Duration,
}

impl SmtpServer {
    /// A server with TLS from the first byte, without login, and a minute's patience.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            encryption: Encryption::Tls,
            login: None,
            authority: None,
            patience: Duration::from_secs(60),
        }
    }
}

/// As whom to log in, by PLAIN or LOGIN; the password stands in a file ([`Secret::from_file`]).
#[derive(Debug, Clone)]
pub struct Login {
    /// Without control characters.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// From whom mails are.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Shown beside the address; may be empty.
    pub name: String,
    /// The `From`, and where bounces go. Its domain stands in the `Message-ID`, so it should stay.
    pub address: Address,
}

/// Sends mails; may be shared by threads, which have connections of their own.
pub struct Mailer {
    server: SmtpServer,
    sender: Sender,
    tls: Arc<ClientConfig>,
}

impl Mailer {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// [`DeliverError::Invalid`] for a host or a user that are none, [`DeliverError::Certificates`].
    pub fn new(server: SmtpServer, sender: Sender) -> Result<Self, DeliverError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:".contains(&byte);
        let host = &server.host;
        if host.is_empty() || host.len() > 253 || !host.bytes().all(plain) {
            return Err(DeliverError::invalid("host of a mail server", host));
        }
        if let Some(login) = &server.login {
            let clean = |c: char| !c.is_control();
            if login.user.is_empty() || !login.user.chars().all(clean) {
                return Err(DeliverError::invalid("user of a mail server", &login.user));
            }
        }
        let tls = trust(server.authority.as_deref())?;
        Ok(Self {
            server,
            sender,
            tls,
        })
    }

    /// Sends a mail. [`Outcome::Gone`] only when the server says that there is no such recipient, and
    /// [`Outcome::Refused`] when it will not take the mail or the mail cannot be composed; a wrong password or
    /// sender is the operator's to mend and a reason to retry.
    ///
    /// When the connection breaks after the mail's last byte it isn't known whether it was taken; it is a
    /// [`Outcome::Retry`], and the mail sent again has the same `Message-ID`.
    pub fn send(&self, email: &Email) -> Outcome {
        let mut open = None;
        let outcome = self.send_over(&mut open, email);
        if let Some(dialogue) = open {
            dialogue.quit();
        }
        outcome
    }

    /// Sends mails over one connection, and over a new one after it broke; `each` is told of each as soon as
    /// it is known. When the server cannot be connected to, the rest is not tried.
    pub fn send_all<'a>(
        &self,
        emails: impl IntoIterator<Item = &'a Email>,
        mut each: impl FnMut(&'a Email, Outcome),
    ) {
        let mut open: Option<Dialogue> = None;
        let mut down = false;
        for email in emails {
            if down {
                each(email, Outcome::retry(self.not_tried()));
                continue;
            }
            if let Some(mut dialogue) = open.take() {
                open = match dialogue.again(self.server.patience) {
                    Ok(()) => Some(dialogue),
                    Err(trouble) => {
                        tracing::debug!(error = %trouble.error, "a new connection for the rest");
                        None
                    }
                };
            }
            if open.is_none() {
                match self.open() {
                    Ok(dialogue) => open = Some(dialogue),
                    Err(trouble) => {
                        down = true;
                        each(email, outcome(trouble));
                        continue;
                    }
                }
            }
            each(email, self.send_over(&mut open, email));
        }
        if let Some(dialogue) = open {
            dialogue.quit();
        }
    }

    /// Sends over the connection, opening it if need be; what cannot take another mail is dropped.
    fn send_over(&self, open: &mut Option<Dialogue>, email: &Email) -> Outcome {
        let mail = match compose(email, &self.sender) {
            Ok(mail) => mail,
            Err(why) => return Outcome::Refused { why },
        };
        let mut dialogue = match open.take().map_or_else(|| self.open(), Ok) {
            Ok(dialogue) => dialogue,
            Err(trouble) => return outcome(trouble),
        };
        match dialogue.send(&self.sender.address, &email.to, &mail) {
            Ok(()) => {
                *open = Some(dialogue);
                Outcome::Delivered
            }
            Err(trouble) => {
                *open = trouble.usable.then_some(dialogue);
                outcome(trouble)
            }
        }
    }

    fn not_tried(&self) -> DeliverError {
        DeliverError::Smtp {
            server: format!("{}:{}", self.server.host, self.server.port),
            step: "connect",
            why: "not tried, since the server could not be reached for the mail before".to_owned(),
        }
    }

    /// Connects, encrypts and logs in, and sends nothing: whether the settings are right.
    ///
    /// # Errors
    /// [`DeliverError::Smtp`] with the step that failed.
    pub fn check(&self) -> Result<(), DeliverError> {
        self.open()
            .map(Dialogue::quit)
            .map_err(|trouble| trouble.error)
    }

    /// The mail's bytes as [`Mailer::send`] would send them.
    ///
    /// # Errors
    /// [`DeliverError::TooLarge`] or [`DeliverError::Invalid`].
    pub fn compose(&self, email: &Email) -> Result<Vec<u8>, DeliverError> {
        compose(email, &self.sender)
    }

    fn open(&self) -> Result<Dialogue, Trouble> {
        // The machine's own name is nobody's business; the sender's domain is known anyway.
        Dialogue::open(&self.server, &self.tls, self.sender.address.domain())
    }
}

fn outcome(trouble: Trouble) -> Outcome {
    match trouble.verdict {
        Verdict::Later => Outcome::retry(trouble.error),
        Verdict::Never => Outcome::Refused { why: trouble.error },
        Verdict::NoSuchRecipient => Outcome::Gone { why: trouble.error },
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer")
            .field("server", &self.server)
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}
