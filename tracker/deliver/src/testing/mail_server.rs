//! A real SMTP server.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use snowguard_tracker_secret::Secret;
use tempfile::TempDir;

use super::authority::Authority;
use crate::mail::{Encryption, Login, SmtpServer};

/// aiosmtpd, told what to take and what to refuse.
const SCRIPT: &str = include_str!("mail_server.py");

/// How the server protects connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS, without which it takes nothing.
    StartTls,
    /// None.
    Plain,
}

/// A mail server on loopback, with a certificate for `localhost`; ends with this value.
///
/// It takes every mail but: recipients `nobody@…` (550) and `full@…` (452), and the subject `unwanted` (554). A
/// mail for `lost@…` is taken and not answered, one for `slow@…` after [`MailServer::release`] where
/// [`MailServer::hold`] was said. Its one user is `tracker` with the password `s3cret pässword`.
#[derive(Debug)]
pub struct MailServer {
    /// Its port on 127.0.0.1.
    pub port: u16,
    security: Security,
    authority: Authority,
    folder: TempDir,
    process: Child,
}

/// A mail that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMail {
    /// Of the envelope.
    pub from: String,
    /// Of the envelope.
    pub to: Vec<String>,
    /// What the client called itself.
    pub hello: String,
    /// The client's port: the same for mails over one connection.
    pub connection: u64,
    /// Who was logged in; empty for nobody.
    pub user: String,
    /// Whether it came encrypted.
    pub encrypted: bool,
    /// As it came, without the dots of the protocol.
    pub content: String,
}

impl MailServer {
    /// Starts one.
    ///
    /// # Errors
    /// A sentence for a person, when Python, aiosmtpd or openssl is missing: print it, and that the test is
    /// left out.
    pub fn start(security: Security) -> Result<Self, String> {
        let authority = Authority::new()?;
        let certified = authority.certify("localhost")?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let python = python().ok_or("python3-aiosmtpd is not installed")?;
        let mut process = Command::new(python)
            .args(["-I", "-c", SCRIPT])
            .arg(match security {
                Security::Tls => "tls",
                Security::StartTls => "starttls",
                Security::Plain => "plain",
            })
            .arg(folder.path())
            .args([&certified.certificate, &certified.key])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{python}: {error}"))?;
        let mut line = String::new();
        if let Some(output) = process.stdout.take() {
            BufReader::new(output)
                .read_line(&mut line)
                .map_err(|error| error.to_string())?;
        }
        let port = line
            .trim()
            .parse()
            .map_err(|_| "the mail server did not start".to_owned())?;
        Ok(Self {
            port,
            security,
            authority,
            folder,
            process,
        })
    }

    /// How to reach it, as its user.
    ///
    /// # Panics
    /// Never: the password is one.
    #[must_use]
    pub fn settings(&self) -> SmtpServer {
        SmtpServer {
            encryption: match self.security {
                Security::Tls => Encryption::Tls,
                Security::StartTls => Encryption::StartTls,
                Security::Plain => Encryption::Plain,
            },
            login: Some(Login {
                user: "tracker".to_owned(),
                password: Secret::new("s3cret pässword").expect("it is not empty"),
            }),
            authority: Some(self.authority.certificate()),
            patience: Duration::from_secs(20),
            ..SmtpServer::new("localhost", self.port)
        }
    }

    /// Takes no mail for `slow@…` from now on, and refuses none: who sends one waits.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn hold(&self) -> std::io::Result<()> {
        fs::write(self.folder.path().join("hold"), "")
    }

    /// Takes what is held, where its sender still waits.
    ///
    /// # Errors
    /// When nothing is held.
    pub fn release(&self) -> std::io::Result<()> {
        fs::remove_file(self.folder.path().join("hold"))
    }

    /// What came so far, in order.
    #[must_use]
    pub fn mails(&self) -> Vec<ReceivedMail> {
        let mut files: Vec<_> = fs::read_dir(self.folder.path())
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == "json"))
            .collect();
        files.sort();
        files.iter().filter_map(|file| read(file)).collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // One that has ended already must not fail a test.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A Python that has aiosmtpd; Debian's own before others in the path.
fn python() -> Option<&'static str> {
    ["/usr/bin/python3", "python3"].into_iter().find(|python| {
        Command::new(python)
            .args(["-I", "-c", "import aiosmtpd"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    })
}

fn read(file: &Path) -> Option<ReceivedMail> {
    let value: serde_json::Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
    let content = STANDARD.decode(text("content")?).ok()?;
    let to = value.get("to")?.as_array()?;
    Some(ReceivedMail {
        from: text("from")?,
        to: to
            .iter()
            .filter_map(|to| Some(to.as_str()?.to_owned()))
            .collect(),
        hello: text("hello")?,
        connection: value.get("connection")?.as_u64()?,
        user: text("user")?,
        encrypted: value.get("encrypted")?.as_bool()?,
        content: String::from_utf8(content).ok()?,
    })
}
