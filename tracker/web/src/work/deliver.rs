//! Telling subscribers, by mail and by webhook.

use std::fmt::Write as _;

use anyhow::Result;
use jiff::Timestamp;
use serde_json::json;
use snowguard_tracker_db::{EventKind, Job, Millis, Notification, Outgoing, StoredSubscription};
use snowguard_tracker_deliver::mail::{Address, Email, Unsubscribe};
use snowguard_tracker_deliver::webhook::{Hook, Message, SigningSecret, WebhookUrl};
use snowguard_tracker_deliver::{NotificationId, Outcome};
use snowguard_tracker_triage::subscription::Subscription;

use super::{End, Worker};
use crate::show::path;
use crate::subscriptions::unsubscribe_path;

/// Packages named in a line.
const NAMED: usize = 8;

impl Worker {
    /// Makes the messages that are due. Each is a job of its own: workers share them, and one subscriber who cannot be
    /// reached holds no other up.
    pub(super) fn deliver(&self) -> Result<End> {
        self.db.make_messages(Millis::new(self.clock.now()))?;
        Ok(End::Done)
    }

    /// Sends a message by mail.
    pub(super) fn mail(&self, job: &Job) -> Result<End> {
        let Some(mailer) = &self.reach.mailer else {
            return Ok(End::Again(None, "no mail server is set".to_owned()));
        };
        let wanted = self.db.message(&job.body)?.and_then(|outgoing| {
            let wants = outgoing.subscription.subscription.mail;
            let address = outgoing.mail.clone().filter(|_| wants)?;
            Some((outgoing, address))
        });
        let Some((outgoing, address)) = wanted else {
            return Ok(End::Done);
        };
        let id = NotificationId::new(job.name.clone())?;
        let email = self.email(&outgoing, id, Address::new(address)?)?;
        self.sent(
            mailer.send(&email),
            &outgoing.subscription,
            |subscription| {
                subscription.mail = false;
            },
        )
    }

    /// Posts a message to a web hook.
    pub(super) fn hook(&self, job: &Job) -> Result<End> {
        let Some((webhooks, rules)) = &self.reach.webhooks else {
            return Ok(End::Again(None, "no web hooks are set".to_owned()));
        };
        let Some(outgoing) = self.db.message(&job.body)? else {
            return Ok(End::Done);
        };
        let Some(hook) = &outgoing.subscription.subscription.hook else {
            return Ok(End::Done);
        };
        let outcome = match WebhookUrl::new(hook, rules) {
            Err(why) => Outcome::Gone { why },
            Ok(url) => {
                let secret = String::from_utf8_lossy(&outgoing.subscription.secret).into_owned();
                let hook = Hook {
                    url,
                    secrets: vec![SigningSecret::new(&secret)?],
                };
                let news: Vec<_> = outgoing.news.iter().map(|one| self.json(one)).collect();
                let document = json!({ "type": "snowguard.news", "news": news });
                let message = Message {
                    id: NotificationId::new(job.name.clone())?,
                    json: document.to_string().into_bytes(),
                };
                let now = Timestamp::from_millisecond(self.clock.now())?;
                webhooks.post(&hook, &message, now)
            }
        };
        self.sent(outcome, &outgoing.subscription, |subscription| {
            subscription.hook = None;
        })
    }

    /// What follows from an attempt; `stop` takes the way from the subscription whose receiver wants no more by it.
    fn sent(
        &self,
        outcome: Outcome,
        stored: &StoredSubscription,
        stop: impl FnOnce(&mut Subscription),
    ) -> Result<End> {
        Ok(match outcome {
            Outcome::Delivered => End::Done,
            Outcome::Refused { why } => {
                tracing::warn!(subscription = stored.id, %why, "a message is refused");
                End::Done
            }
            Outcome::Gone { why } => {
                tracing::info!(subscription = stored.id, %why, "a receiver wants no more");
                let mut subscription = stored.subscription.clone();
                stop(&mut subscription);
                self.db
                    .change_subscription(stored.person, stored.id, &subscription)?;
                End::Done
            }
            Outcome::Retry { after, why } => End::Again(
                after.and_then(|after| i64::try_from(after.as_millis()).ok()),
                why.to_string(),
            ),
        })
    }

    fn email(&self, outgoing: &Outgoing, id: NotificationId, to: Address) -> Result<Email> {
        let mut text = String::new();
        for news in &outgoing.news {
            writeln!(
                text,
                "{}\n  {}\n",
                line(news),
                self.public.link(&place(news))
            )?;
        }
        let path = unsubscribe_path(&outgoing.subscription)
            .map_err(|_| anyhow::anyhow!("deriving the key to unsubscribe"))?;
        let unsubscribe = self.public.link(&path);
        writeln!(
            text,
            "--\nYou subscribed to {}. To get no more mail: {unsubscribe}",
            outgoing.subscription.subscription.subject.title()
        )?;
        let subject = match outgoing.news.as_slice() {
            [one] => line(one),
            many => format!("{} news about Nixpkgs' security", many.len()),
        };
        let date = outgoing
            .news
            .iter()
            .map(|one| one.event.at.get())
            .max()
            .unwrap_or_default();
        Ok(Email {
            id,
            to,
            subject,
            text,
            html: None,
            date: Timestamp::from_millisecond(date)?,
            unsubscribe: unsubscribe
                .parse()
                .ok()
                .map(|url| Unsubscribe { url, mail: None }),
            thread: None,
        })
    }

    fn json(&self, news: &Notification) -> serde_json::Value {
        json!({
            "kind": news.event.kind,
            "subject": news.event.subject,
            "title": news.event.body.title,
            "packages": news.event.body.attrs,
            "channels": news.event.body.channels,
            "severity": f64::from(news.event.body.severity) / 10.0,
            "exploited": news.event.body.kev,
            "url": self.public.link(&place(news)),
        })
    }
}

/// Where a piece of news is read.
pub(crate) fn place(news: &Notification) -> String {
    match news.event.kind {
        EventKind::Affected => path::advisory(&news.event.subject),
        EventKind::Published | EventKind::Changed | EventKind::Resolved | EventKind::Withdrawn => {
            format!("/issue/{}", news.event.subject)
        }
    }
}

/// A piece of news in a line.
pub(crate) fn line(news: &Notification) -> String {
    let body = &news.event.body;
    let mut packages = body
        .attrs
        .iter()
        .take(NAMED)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if body.attrs.len() > NAMED {
        packages.push_str(&format!(" and {} more", body.attrs.len() - NAMED));
    }
    let subject = &news.event.subject;
    let mut line = match news.event.kind {
        EventKind::Affected => format!("{subject} affects {packages}"),
        EventKind::Published => format!("{subject}: {}", body.title),
        EventKind::Changed => format!("{subject} changed: {}", body.title),
        EventKind::Resolved => format!("{subject} is resolved: {}", body.title),
        EventKind::Withdrawn => format!("{subject} is withdrawn: {}", body.title),
    };
    if body.kev {
        line.push_str(" (known to be exploited)");
    }
    line
}
