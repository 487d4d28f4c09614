//! Telling subscribers, by mail and by webhook.

use std::fmt::Write as _;

use anyhow::Result;
use jiff::Timestamp;
use serde_json::json;
use snowguard_tracker_db::{EventKind, Job, Millis, Notification, Outgoing};
use snowguard_tracker_deliver::mail::{Address, Email, Unsubscribe};
use snowguard_tracker_deliver::webhook::{Hook, MAX_BODY, Message, SigningSecret, WebhookUrl};
use snowguard_tracker_deliver::{NotificationId, Outcome};

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
        let wanted = self.db.message(job)?.and_then(|outgoing| {
            let address = outgoing.mail.clone()?;
            Some((outgoing, address))
        });
        let Some((outgoing, address)) = wanted else {
            return Ok(End::Done);
        };
        let id = NotificationId::new(job.name.clone())?;
        let email = self.email(&outgoing, id, Address::new(address)?)?;
        self.sent(mailer.send(&email), &outgoing)
    }

    /// Posts a message to a web hook.
    pub(super) fn hook(&self, job: &Job) -> Result<End> {
        let Some((webhooks, rules)) = &self.reach.webhooks else {
            return Ok(End::Again(None, "no web hooks are set".to_owned()));
        };
        let Some(outgoing) = self.db.message(job)? else {
            return Ok(End::Done);
        };
        let Some(hook) = &outgoing.hook else {
            return Ok(End::Done);
        };
        let outcome = match WebhookUrl::new(hook, rules) {
            Err(why) => Outcome::Gone { why },
            Ok(url) => {
                // One post for all subscriptions that lead there: it is signed with the secret of each.
                let secrets = outgoing
                    .senders()
                    .map(|stored| SigningSecret::new(&String::from_utf8_lossy(&stored.secret)));
                let hook = Hook {
                    url,
                    secrets: secrets.collect::<Result<_, _>>()?,
                };
                let message = Message {
                    id: NotificationId::new(job.name.clone())?,
                    json: document(|named| {
                        outgoing
                            .news
                            .iter()
                            .map(|one| self.json(one, named))
                            .collect()
                    })
                    .into_bytes(),
                };
                let now = Timestamp::from_millisecond(self.clock.now())?;
                webhooks.post(&hook, &message, now)
            }
        };
        self.sent(outcome, &outgoing)
    }

    /// What follows from an attempt.
    fn sent(&self, outcome: Outcome, outgoing: &Outgoing) -> Result<End> {
        let id = outgoing.subscription.id;
        Ok(match outcome {
            Outcome::Delivered => End::Done,
            Outcome::Refused { why } => {
                tracing::warn!(subscription = id, %why, "a message is refused");
                End::Done
            }
            Outcome::Gone { why } => {
                tracing::info!(subscription = id, %why, "a receiver wants no more");
                self.stop(outgoing)?;
                End::Done
            }
            Outcome::Retry { after, why } => End::Again(
                after.and_then(|after| i64::try_from(after.as_millis()).ok()),
                why.to_string(),
            ),
        })
    }

    /// Takes the way from the subscriptions whose receiver wants no more by it; one that was given another address
    /// meanwhile keeps that.
    fn stop(&self, outgoing: &Outgoing) -> Result<()> {
        for stored in outgoing.senders() {
            self.db
                .change_subscription(stored.person, stored.id, |mut now| {
                    match &outgoing.hook {
                        None => now.mail = false,
                        Some(gone) => now.hook = now.hook.filter(|hook| hook != gone),
                    }
                    now
                })?;
        }
        Ok(())
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

    fn json(&self, news: &Notification, named: usize) -> serde_json::Value {
        let attrs = &news.event.body.attrs;
        json!({
            "kind": news.event.kind,
            "subject": news.event.subject,
            "title": news.event.body.title,
            "packages": attrs[..attrs.len().min(named)],
            "packages_in_all": attrs.len(),
            "channels": news.event.body.channels,
            "severity": f64::from(news.event.body.severity) / 10.0,
            "exploited": news.event.body.kev,
            "url": self.public.link(&place(news)),
        })
    }
}

/// The news as JSON, with as many packages named with each as fit into what a web hook takes.
fn document(news: impl Fn(usize) -> Vec<serde_json::Value>) -> String {
    let mut named = 1024;
    loop {
        let document = json!({ "type": "snowguard.news", "news": news(named) }).to_string();
        if document.len() <= MAX_BODY || named == 0 {
            return document;
        }
        named /= 2;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_larger_than_a_web_hook_takes_names_fewer_packages() {
        let of = |count: usize, name: &'static str| {
            let text =
                document(|named| vec![json!({ "packages": vec![name; named.min(1000)] }); count]);
            let read: serde_json::Value = serde_json::from_str(&text).unwrap();
            let news = read["news"].as_array().unwrap();
            assert_eq!(news.len(), count, "none is lost for it");
            (news[0]["packages"].as_array().unwrap().len(), text.len())
        };
        assert_eq!(of(3, "openssl").0, 1000);
        let (named, size) = of(200, "linuxKernel.packages.linux_6_12.zfs");
        assert!(
            (16..100).contains(&named) && size <= MAX_BODY,
            "{named}, {size}"
        );
    }
}
