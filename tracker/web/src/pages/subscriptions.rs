//! `/subscriptions` and `/notifications`

use askama::Template;
use snowguard_tracker_db::{Notification, Person, StoredSubscription};
use snowguard_tracker_triage::issue::Severity;
use snowguard_tracker_triage::subscription::Cadence;

use crate::failure::Failure;
use crate::open::subscription_path;
use crate::pages::shell::Shell;
use crate::show::time::{Millis, When};
use crate::work::{line, place};

/// The subscriptions.
#[derive(Debug, Template)]
#[template(path = "pages/subscriptions/page.html")]
pub struct Page {
    shell: Shell,
    rows: Vec<Row>,
    channels: Vec<String>,
    mail: String,
    confirmed: bool,
    has_mail: bool,
    severities: [&'static str; 4],
    cadences: [(&'static str, String); 3],
}

#[derive(Debug)]
struct Row {
    id: i64,
    title: String,
    severity: Option<&'static str>,
    cadence: &'static str,
    kev_at_once: bool,
    mail: bool,
    hook: String,
    secret: String,
    muted: bool,
    feed: String,
}

impl Page {
    /// Builds it.
    ///
    /// # Errors
    /// As [`subscription_path`].
    pub fn new(
        shell: Shell,
        stored: Vec<StoredSubscription>,
        channels: Vec<String>,
        person: Option<Person>,
        has_mail: bool,
    ) -> Result<Self, Failure> {
        let row = |stored: StoredSubscription| {
            Ok(Row {
                feed: subscription_path(&stored)?,
                id: stored.id,
                title: stored.subscription.subject.title(),
                severity: stored.subscription.severity.map(Severity::as_str),
                cadence: stored.subscription.cadence.as_str(),
                kev_at_once: stored.subscription.kev_at_once,
                mail: stored.subscription.mail,
                secret: String::from_utf8_lossy(&stored.secret).into_owned(),
                hook: stored.subscription.hook.unwrap_or_default(),
                muted: stored.subscription.muted,
            })
        };
        let rows: Result<Vec<Row>, Failure> = stored.into_iter().map(row).collect();
        Ok(Self {
            shell,
            rows: rows?,
            channels,
            confirmed: person.as_ref().is_some_and(|person| person.mail_confirmed),
            mail: person.and_then(|person| person.mail).unwrap_or_default(),
            has_mail,
            severities: Severity::ALL.map(Severity::as_str),
            cadences: Cadence::ALL.map(|one| (one.as_str(), one.as_str().replace('_', " "))),
        })
    }
}

/// The notifications.
#[derive(Debug, Template)]
#[template(path = "pages/subscriptions/news.html")]
pub struct News {
    shell: Shell,
    rows: Vec<(String, String, When, bool)>,
    last: Option<i64>,
    next: Option<String>,
}

impl News {
    /// Builds it as seen at `now`; `limit` are a whole page.
    pub fn new(shell: Shell, all: Vec<Notification>, limit: usize, now: Millis) -> Self {
        let next = all.last().filter(|_| all.len() == limit);
        Self {
            shell,
            last: all
                .first()
                .filter(|_| all.iter().any(|one| !one.is_read))
                .map(|one| one.id),
            next: next.map(|one| format!("/notifications?before={}", one.id)),
            rows: all
                .iter()
                .map(|one| {
                    (
                        place(one),
                        line(one),
                        When::new(one.event.at.get(), now),
                        one.is_read,
                    )
                })
                .collect(),
        }
    }
}

/// What confirms an address.
#[derive(Debug, Template)]
#[template(path = "pages/subscriptions/confirm.html")]
pub struct Confirm {
    shell: Shell,
    key: String,
}

impl Confirm {
    /// Builds it.
    pub fn new(shell: Shell, key: String) -> Self {
        Self { shell, key }
    }
}

/// What ends the mails of a subscription.
#[derive(Debug, Template)]
#[template(path = "pages/subscriptions/unsubscribe.html")]
pub struct Unsubscribe {
    shell: Shell,
    title: String,
    path: String,
}

impl Unsubscribe {
    /// Builds it.
    pub fn new(shell: Shell, title: String, path: String) -> Self {
        Self { shell, title, path }
    }
}
