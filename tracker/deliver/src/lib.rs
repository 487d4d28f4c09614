//! Notifications on their way out: mail through an SMTP server, and signed webhooks. Blocking; no database:
//! what is due, and when it is tried again, is the caller's to keep.
//!
//! | what | where |
//! |---|---|
//! | one mail to one person; many over one connection | [`mail::Mailer::send`], [`mail::Mailer::send_all`] |
//! | one POST to one receiver | [`webhook::Webhooks::post`] |
//! | how it went | [`Outcome`] |
//!
//! A notification has an id ([`NotificationId`]) that stays the same when it is sent again: a mail's
//! `Message-ID` and all of its bytes, and a webhook's `webhook-id`, follow from it, so that a receiver can
//! tell a retry from news.
//!
//! Texts of a notification come from advisories and people, addresses and URLs from subscribers: all are
//! hostile. No value can become another header or another SMTP command; a webhook reaches public
//! addresses only ([`webhook::Rules`]), is not redirected, and nothing of what the receiver answers is
//! shown but its status.
//!
//! Not here: rendering of texts, attachments, bounces, queues.
//!
//! With the feature `testing` there are an SMTP server and a receiver of webhooks, in `testing`.

mod error;
mod id;
pub mod mail;
mod outcome;
#[cfg(feature = "testing")]
pub mod testing;
pub mod webhook;

pub use error::DeliverError;
pub use id::NotificationId;
pub use outcome::Outcome;
pub use snowguard_tracker_secret::{Secret, SecretError};
