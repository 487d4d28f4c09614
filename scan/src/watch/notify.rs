//! Telling of news: desktop, webhook, program.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2_next::Sha256;
use ureq::Agent;
use ureq::unversioned::transport::DefaultConnector;

use super::public::PublicOnly;
use super::{News, WatchError};
use crate::roots;

/// A server that says nothing for so long is given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whom to tell.
#[derive(Debug, Default)]
pub struct Notifier {
    /// Through `notify-send`.
    pub desktop: bool,
    /// A server.
    pub webhook: Option<Webhook>,
    /// A program; news are JSON on its standard input.
    pub command: Option<PathBuf>,
}

impl Notifier {
    /// Tells each; returns what went wrong.
    #[must_use]
    pub fn tell(&self, news: &News) -> Vec<WatchError> {
        if news.is_empty() {
            return Vec::new();
        }
        let mut failed = Vec::new();
        let Ok(body) = serde_json::to_vec(news) else {
            return failed;
        };
        if self.desktop {
            failed.extend(desktop(news).err());
        }
        if let Some(webhook) = &self.webhook {
            failed.extend(webhook.post(&body).err());
        }
        if let Some(program) = &self.command {
            failed.extend(command(program, &body).err());
        }
        failed
    }
}

fn desktop(news: &News) -> Result<(), WatchError> {
    let worst = news.new.first().map(super::Line::sentence);
    // notify-send reads a body as markup.
    let body = in_markup(&worst.unwrap_or_default());
    let status = Command::new("notify-send")
        .args(["--app-name=Snowguard", "--", &news.summary(), &body])
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(notify("notify-send", status.to_string())),
        Err(error) => Err(notify("notify-send", error.to_string())),
    }
}

fn in_markup(text: &str) -> String {
    let Ok(escaped) = askama::filters::escape(text, askama::filters::Html);
    escaped.to_string()
}

fn command(program: &PathBuf, body: &[u8]) -> Result<(), WatchError> {
    let failed = |reason: String| notify(&program.to_string_lossy(), reason);
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    if let Some(mut input) = child.stdin.take() {
        match input.write_all(body) {
            // It need not read to its end.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                return Err(failed(error.to_string()));
            }
            _ => {}
        }
    }
    match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(status.to_string())),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// A server that is told by a POST of JSON.
pub struct Webhook {
    url: String,
    secret: Option<Hmac<Sha256>>,
    agent: Agent,
}

impl std::fmt::Debug for Webhook {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Webhook({})", self.url)
    }
}

impl Webhook {
    /// A webhook. With a secret, each post carries `X-Snowguard-Signature: sha256=…`, the HMAC-SHA-256
    /// of the body. Private addresses are refused unless they are allowed.
    ///
    /// # Errors
    /// [`WatchError::Notify`] for what is no address of the web.
    pub fn new(
        url: &str,
        secret: Option<Vec<u8>>,
        allow_private: bool,
    ) -> Result<Self, WatchError> {
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Err(notify(
                url,
                "a webhook begins with https:// or http://".to_owned(),
            ));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // A redirect could lead to a private address of another kind of server.
            .max_redirects(0)
            .tls_config(roots::tls().map_err(|error| notify(url, error.to_string()))?)
            .user_agent(concat!("snowguard-scan/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(PATIENCE));
        let agent = if allow_private {
            config.build().new_agent()
        } else {
            // A proxy would resolve names itself.
            let config = config.proxy(None).build();
            Agent::with_parts(config, DefaultConnector::default(), PublicOnly::default())
        };
        let secret = secret.map(|secret| Hmac::new_from_slice(&secret));
        let secret = secret
            .transpose()
            .map_err(|error| notify(url, error.to_string()))?;
        Ok(Self {
            url: url.to_owned(),
            secret,
            agent,
        })
    }

    fn post(&self, body: &[u8]) -> Result<(), WatchError> {
        let mut request = self
            .agent
            .post(&self.url)
            .header("Content-Type", "application/json");
        if let Some(secret) = &self.secret {
            request = request.header("X-Snowguard-Signature", signature(secret, body));
        }
        let response = request
            .send(body)
            .map_err(|error| notify(&self.url, error.to_string()))?;
        if response.status().is_success() {
            Ok(())
        } else {
            let reason = format!("the server answered {}", response.status());
            Err(notify(&self.url, reason))
        }
    }
}

/// `sha256=` and the code of a body, RFC 2104, in hexadecimal.
fn signature(secret: &Hmac<Sha256>, body: &[u8]) -> String {
    let code = secret.clone().chain_update(body).finalize().into_bytes();
    let digits: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={digits}")
}

fn notify(to: &str, reason: String) -> WatchError {
    WatchError::Notify {
        to: to.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, sections 4.3 and 4.7.
    #[test]
    fn signatures_are_codes_of_the_specification() {
        let of = |key: &[u8], body: &[u8]| signature(&Hmac::new_from_slice(key).unwrap(), body);
        assert_eq!(
            of(b"Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let text = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(
            of(&[0xaa; 131], text),
            "sha256=60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }
}
