//! Telling subscribers, by mail and by webhook.

use std::fmt::Write as _;

use anyhow::Result;
use jiff::Timestamp;
use serde_json::json;
use snowguard_tracker_db::{EventKind, Millis, Notification, Outgoing};
use snowguard_tracker_deliver::mail::{Address, Email, Unsubscribe};
use snowguard_tracker_deliver::webhook::{Hook, Message, SigningSecret, WebhookUrl};
use snowguard_tracker_deliver::{NotificationId, Outcome};

use super::{End, Worker};
use crate::show::path;
use crate::subscriptions::unsubscribe_path;

/// Packages named in a line.
const NAMED: usize = 8;

impl Worker {
    /// Sends what is due. One subscriber who cannot be reached holds no other up: theirs is tried again.
    pub(super) fn deliver(&self) -> Result<End> {
        let now = self.clock.now();
        let mut failed = Vec::new();
        for outgoing in self.db.outgoing(Millis::new(now))? {
            match self.send(&outgoing)? {
                Sent::Done => self
                    .db
                    .mark_sent(&outgoing, Millis::new(self.clock.now()))?,
                Sent::Stop(why) => {
                    tracing::info!(
                        subscription = outgoing.subscription.id,
                        why,
                        "a receiver wants no more"
                    );
                    let mut subscription = outgoing.subscription.subscription.clone();
                    subscription.mail = false;
                    subscription.hook = None;
                    let stored = &outgoing.subscription;
                    self.db
                        .change_subscription(stored.person, stored.id, &subscription)?;
                    self.db
                        .mark_sent(&outgoing, Millis::new(self.clock.now()))?;
                }
                Sent::Later(why) => failed.push(why),
            }
        }
        Ok(match failed.first() {
            None => End::Done,
            Some(why) => End::Again(None, format!("{} not reached: {why}", failed.len())),
        })
    }

    fn send(&self, outgoing: &Outgoing) -> Result<Sent> {
        let subscription = &outgoing.subscription.subscription;
        // The same news have the same id, whatever is tried again.
        let last = outgoing.news.last().map_or(0, |one| one.id);
        let id = NotificationId::new(format!("s{}-n{last}", outgoing.subscription.id))?;
        let mut sent = Sent::Done;
        if let Some((mailer, mail)) = self
            .reach
            .mailer
            .as_ref()
            .zip(outgoing.mail.as_ref())
            .filter(|_| subscription.mail)
        {
            let email = self.email(outgoing, &id, Address::new(mail.clone())?)?;
            sent = sent.and(mailer.send(&email));
        }
        if let Some(((webhooks, rules), hook)) =
            self.reach.webhooks.as_ref().zip(subscription.hook.as_ref())
        {
            let url = match WebhookUrl::new(hook, rules) {
                Ok(url) => url,
                Err(why) => return Ok(Sent::Stop(why.to_string())),
            };
            let secret = String::from_utf8_lossy(&outgoing.subscription.secret).into_owned();
            let hook = Hook {
                url,
                secrets: vec![SigningSecret::new(&secret)?],
            };
            let news: Vec<_> = outgoing.news.iter().map(|one| self.json(one)).collect();
            let document = json!({ "type": "snowguard.news", "news": news });
            let message = Message {
                id,
                json: document.to_string().into_bytes(),
            };
            let now = Timestamp::from_millisecond(self.clock.now())?;
            sent = sent.and(webhooks.post(&hook, &message, now));
        }
        Ok(sent)
    }

    fn email(&self, outgoing: &Outgoing, id: &NotificationId, to: Address) -> Result<Email> {
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
            id: id.clone(),
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
        EventKind::Published | EventKind::Changed | EventKind::Resolved => {
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
    };
    if body.kev {
        line.push_str(" (known to be exploited)");
    }
    line
}

/// How sending went.
enum Sent {
    /// Everything that was wanted went out, or never will.
    Done,
    /// Something has to be tried again.
    Later(String),
    /// There is no such receiver any more.
    Stop(String),
}

impl Sent {
    fn and(self, outcome: Outcome) -> Self {
        match (self, outcome) {
            (Self::Done, Outcome::Delivered | Outcome::Refused { .. }) => Self::Done,
            (_, Outcome::Gone { why }) => Self::Stop(why.to_string()),
            (Self::Done, Outcome::Retry { why, .. }) => Self::Later(why.to_string()),
            (before, _) => before,
        }
    }
}
