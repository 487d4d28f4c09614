//! The dialogue of SMTP: connect, encrypt, log in, send.
//!
//! By hand on top of TLS, and not with `lettre`'s transport: that one keeps bytes which came in the
//! clear behind the answer to STARTTLS, and takes them for answers of the encrypted server.

use std::io::{BufReader, Write};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::ClientConfig;

use super::address::Address;
use super::mailer::{Encryption, Login, SmtpServer};
use super::reply::Reply;
use super::stream::{Stream, Timed};
use crate::error::DeliverError;

/// Why a step failed: an answer, or none.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) error: DeliverError,
    /// What it means for the mail.
    pub(super) verdict: Verdict,
    /// Whether the connection can take another mail.
    pub(super) usable: bool,
}

/// What a failure means for the mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Later, or once the operator has mended something.
    Later,
    /// The server will never take this mail.
    Never,
    /// There is no such recipient.
    NoSuchRecipient,
}

/// An open connection, ready for mails.
pub(super) struct Dialogue {
    stream: BufReader<Stream>,
    server: String,
    hello: Reply,
}

impl Dialogue {
    /// Connects, encrypts, logs in.
    pub(super) fn open(
        server: &SmtpServer,
        config: &Arc<ClientConfig>,
        name: &str,
    ) -> Result<Self, Trouble> {
        let place = format!("{}:{}", server.host, server.port);
        let later = |step: &'static str, why: String| Trouble {
            error: DeliverError::Smtp {
                server: place.clone(),
                step,
                why,
            },
            verdict: Verdict::Later,
            usable: false,
        };
        let stream = Timed::connect(&server.host, server.port, server.patience)
            .map_err(|error| later("connect", error.to_string()))?;
        let stream = match server.encryption {
            Encryption::Plain if !stream.is_loopback() => {
                let why = "without encryption only a server on loopback is spoken to".to_owned();
                return Err(later("connect", why));
            }
            Encryption::Plain | Encryption::StartTls => Stream::Clear(stream),
            Encryption::Tls => {
                Stream::encrypt(stream, config, &server.host).map_err(|why| later("TLS", why))?
            }
        };
        let mut dialogue = Self {
            stream: BufReader::new(stream),
            server: place.clone(),
            hello: Reply {
                code: 0,
                lines: Vec::new(),
            },
        };
        dialogue.expect("greeting", 220)?;
        dialogue.greet(name)?;
        if server.encryption == Encryption::StartTls {
            dialogue = dialogue.starttls(config, &server.host)?;
            dialogue.greet(name)?;
        }
        if let Some(login) = &server.login {
            dialogue.log_in(login)?;
        }
        Ok(dialogue)
    }

    fn greet(&mut self, name: &str) -> Result<(), Trouble> {
        self.hello = self.command("EHLO", &format!("EHLO {name}"), 250)?;
        Ok(())
    }

    /// Goes on encrypted. The server need not offer it: who removed the offer on the way would get the mail in
    /// the clear otherwise.
    fn starttls(mut self, config: &Arc<ClientConfig>, host: &str) -> Result<Self, Trouble> {
        self.command("STARTTLS", "STARTTLS", 220)?;
        if !self.stream.buffer().is_empty() {
            let why = "bytes in the clear behind the answer, which may be of an attacker";
            return Err(self.trouble("STARTTLS", why.to_owned(), Verdict::Later));
        }
        let Self {
            stream,
            server,
            hello,
        } = self;
        let error = |why: String| Trouble {
            error: DeliverError::Smtp {
                server: server.clone(),
                step: "STARTTLS",
                why,
            },
            verdict: Verdict::Later,
            usable: false,
        };
        let Stream::Clear(clear) = stream.into_inner() else {
            return Err(error("the connection is encrypted already".to_owned()));
        };
        let stream = Stream::encrypt(clear, config, host).map_err(error)?;
        Ok(Self {
            stream: BufReader::new(stream),
            server,
            hello,
        })
    }

    fn log_in(&mut self, login: &Login) -> Result<(), Trouble> {
        let offered = self.hello.extension("AUTH").unwrap_or_default();
        let offers = |way: &str| offered.iter().any(|offered| offered == way);
        let (user, password) = (&login.user, login.password.expose());
        if offers("PLAIN") {
            let token = STANDARD.encode(format!("\0{user}\0{password}"));
            self.command("AUTH", &format!("AUTH PLAIN {token}"), 235)?;
        } else if offers("LOGIN") {
            self.command("AUTH", "AUTH LOGIN", 334)?;
            self.command("AUTH", &STANDARD.encode(user), 334)?;
            self.command("AUTH", &STANDARD.encode(password), 235)?;
        } else {
            let why = "the server offers neither PLAIN nor LOGIN".to_owned();
            return Err(self.trouble("AUTH", why, Verdict::Later));
        }
        Ok(())
    }

    /// Gets ready for another mail.
    pub(super) fn again(&mut self, patience: Duration) -> Result<(), Trouble> {
        self.stream.get_mut().give(patience);
        self.command("RSET", "RSET", 250).map(drop)
    }

    /// Sends one mail to one recipient.
    pub(super) fn send(
        &mut self,
        from: &Address,
        to: &Address,
        mail: &[u8],
    ) -> Result<(), Trouble> {
        self.command("MAIL FROM", &format!("MAIL FROM:<{from}>"), 250)?;
        // 251 and 252 take it as well (RFC 5321, 4.2.3).
        self.write("RCPT TO", format!("RCPT TO:<{to}>\r\n").as_bytes())?;
        let reply = self.read("RCPT TO")?;
        if !matches!(reply.code, 250..=252) {
            return Err(self.refusal("RCPT TO", &reply));
        }
        self.command("DATA", "DATA", 354)?;
        self.write("DATA", &stuffed(mail))?;
        self.expect("end of DATA", 250).map(drop)
    }

    /// Says good-bye; whatever comes, the mails before were taken.
    pub(super) fn quit(mut self) {
        if let Err(trouble) = self.command("QUIT", "QUIT", 221) {
            tracing::debug!(error = %trouble.error, "the mail server did not say good-bye");
        }
    }

    /// A command of ours never holds a line's end: what goes into it has been checked.
    fn command(&mut self, step: &'static str, line: &str, code: u16) -> Result<Reply, Trouble> {
        self.write(step, format!("{line}\r\n").as_bytes())?;
        self.expect(step, code)
    }

    fn write(&mut self, step: &'static str, bytes: &[u8]) -> Result<(), Trouble> {
        let stream = self.stream.get_mut();
        let written = stream.write_all(bytes).and_then(|()| stream.flush());
        written.map_err(|error| self.trouble(step, error.to_string(), Verdict::Later))
    }

    fn read(&mut self, step: &'static str) -> Result<Reply, Trouble> {
        Reply::read(&mut self.stream).map_err(|why| self.trouble(step, why, Verdict::Later))
    }

    fn expect(&mut self, step: &'static str, code: u16) -> Result<Reply, Trouble> {
        let reply = self.read(step)?;
        if reply.code == code {
            return Ok(reply);
        }
        Err(self.refusal(step, &reply))
    }

    fn refusal(&self, step: &'static str, reply: &Reply) -> Trouble {
        let verdict = match step {
            "RCPT TO" if reply.says_no_such_recipient() => Verdict::NoSuchRecipient,
            "RCPT TO" | "end of DATA" if reply.is_permanent() => Verdict::Never,
            // Refusing the login or the sender says something of us, not of the mail.
            _ => Verdict::Later,
        };
        Trouble {
            // With 421 the server goes away.
            usable: reply.code != 421,
            ..self.trouble(step, reply.sentence(), verdict)
        }
    }

    fn trouble(&self, step: &'static str, why: String, verdict: Verdict) -> Trouble {
        let server = self.server.clone();
        Trouble {
            error: DeliverError::Smtp { server, step, why },
            verdict,
            usable: false,
        }
    }
}

/// With a dot more where a line begins with one, and the line that ends a mail.
///
/// Source: RFC 5321, section 4.5.2
fn stuffed(mail: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(mail.len() + 64);
    for line in mail.split_inclusive(|byte| *byte == b'\n') {
        if line.first() == Some(&b'.') {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(line);
    }
    if !stuffed.ends_with(b"\r\n") {
        stuffed.extend_from_slice(b"\r\n");
    }
    stuffed.extend_from_slice(b".\r\n");
    stuffed
}

#[cfg(test)]
mod tests {
    use super::stuffed;

    #[test]
    fn a_dot_alone_does_not_end_a_mail() {
        assert_eq!(stuffed(b"a\r\n.\r\nb"), b"a\r\n..\r\nb\r\n.\r\n");
        assert_eq!(stuffed(b".a\r\n"), b"..a\r\n.\r\n");
    }
}
