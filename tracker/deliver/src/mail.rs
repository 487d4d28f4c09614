//! Mail: one notification to one person, through the operator's SMTP server.
//!
//! Source: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 8314 (TLS from the start), RFC 4954 (AUTH), RFC 5322
//! and 2045 (messages), RFC 2369 and 8058 (List-Unsubscribe)

mod address;
mod compose;
mod dialogue;
mod mailer;
mod reply;
mod stream;

pub use address::Address;
pub use compose::{Email, Unsubscribe};
pub use mailer::{Encryption, Login, Mailer, Sender, SmtpServer};
