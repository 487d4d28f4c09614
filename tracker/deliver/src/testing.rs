//! For tests of this crate and of those that use it: a real SMTP server (Debian's `python3-aiosmtpd`), a receiver of
//! webhooks, and certificates for both (by the `openssl` command). All on loopback.

mod authority;
mod mail_server;
mod receiver;

pub use authority::{Authority, Certified};
pub use mail_server::{MailServer, ReceivedMail, Security};
pub use receiver::{ReceivedPost, Receiver, Reply};
