//! Mail through a real server, webhooks to a receiver on loopback, and what hostile ones try.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what it expects by panicking, and what it leaves out by printing"
)]

mod mail;
mod mail_hostile;
mod webhook;
mod webhook_hostile;

use jiff::Timestamp;
use snowguard_tracker_deliver::mail::{Address, Email, Mailer, Sender, SmtpServer, Unsubscribe};
use snowguard_tracker_deliver::{NotificationId, Outcome};
use url::Url;

fn id(text: &str) -> NotificationId {
    NotificationId::new(text).unwrap()
}

fn at() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn email(to: &str) -> Email {
    Email {
        id: id("n-42"),
        to: Address::new(to).unwrap(),
        subject: "openssl: a new advisory".to_owned(),
        text: "openssl 3.5.4 is affected by CVE-2026-0001.\n".to_owned(),
        html: Some("<p>openssl 3.5.4 is <b>affected</b></p>".to_owned()),
        date: at(),
        unsubscribe: Some(Unsubscribe {
            url: Url::parse("https://tracker.example.org/unsubscribe/t0k3n").unwrap(),
            mail: Some(Address::new("leave+list@tracker.example.org").unwrap()),
        }),
        thread: None,
    }
}

fn mailer(server: SmtpServer) -> Mailer {
    let sender = Sender {
        name: "Nixpkgs security tracker".to_owned(),
        address: Address::new("tracker@tracker.example.org").unwrap(),
    };
    Mailer::new(server, sender).unwrap()
}

fn is_retry(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Retry { .. })
}
