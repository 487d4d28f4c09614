//! What goes out by mail and by web hook. A piece of news goes to its reader by mail once, and to each address of their web
//! hooks once, however many of their subscriptions want it: the first whose time comes takes it along. The database itself
//! keeps that (`delivery_mail`, `delivery_hook`).

use serde::{Deserialize, Serialize};

use super::jobs::{self, Job, NewJob};
use super::notifications::{Notification, SELECT, read};
use super::subscriptions::{self, StoredSubscription};
use crate::db::Db;
use crate::error::{DbError, Result};
use crate::people::by_id;
use crate::session::{Session, Value};
use crate::time::Millis;
use snowguard_tracker_triage::subscription::Cadence;

/// A message to one subscriber.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// The subscription that sends it.
    pub subscription: StoredSubscription,
    /// Other subscriptions of the same person that want some of this by the same way.
    pub others: Vec<StoredSubscription>,
    /// Confirmed address of its owner.
    pub mail: Option<String>,
    /// The web hook that it goes to; nothing: it goes by mail.
    pub hook: Option<String>,
    /// What happened, the oldest first.
    pub news: Vec<Notification>,
}

impl Outgoing {
    /// All subscriptions that want it this way, the one that sends it first.
    pub fn senders(&self) -> impl Iterator<Item = &StoredSubscription> {
        std::iter::once(&self.subscription).chain(&self.others)
    }
}

/// A way by which messages go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way<'a> {
    /// By mail.
    Mail,
    /// To the web hook at this address.
    Hook(&'a str),
}

impl Way<'_> {
    /// Kind of the job.
    fn kind(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Hook(_) => "hook",
        }
    }

    fn is_of(self, stored: &StoredSubscription) -> bool {
        match self {
            Self::Mail => stored.subscription.mail,
            Self::Hook(address) => stored.subscription.hook.as_deref() == Some(address),
        }
    }
}

/// Most news of one message.
const NEWS: usize = 200;

/// Subscriptions whose messages are made in one transaction: others may write in between.
const SUBSCRIPTIONS: usize = 50;

/// What the job of a message knows.
#[derive(Debug, Serialize, Deserialize)]
struct Message {
    subscription: i64,
    news: Vec<i64>,
    /// Where it goes, by web hook. Jobs of before say nothing: to where the subscription's leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hook: Option<String>,
}

impl Db {
    /// Makes messages of the news that somebody wants at once, and of digests whose time has come: for each a job of kind
    /// `mail` or `hook`, whose name is the message's. How many were made.
    ///
    /// A message and the mark on its news are one transaction: news are in one message of each way, whatever is killed
    /// when, and what is tried again is the same message, not one with later news.
    ///
    /// # Errors
    /// As every write.
    pub fn make_messages(&self, now: Millis) -> Result<usize> {
        // Looking costs no write, and hardly anybody's digest is due.
        let waiting = self.read(|session| {
            session.list(
                "SELECT DISTINCT subscription FROM delivery WHERE sent IS NULL ORDER BY subscription",
                &[],
                |row| row.int(0),
            )
        })?;
        let mut made = 0;
        for some in waiting.chunks(SUBSCRIPTIONS) {
            made += self.write(|session| {
                let mut made = 0;
                for id in some {
                    made += messages(session, *id, now)?;
                }
                Ok(made)
            })?;
        }
        Ok(made)
    }

    /// The message of a job that [`Db::make_messages`] made; nothing when nobody wants it any more: no subscription that
    /// asked for it is left or sends this way, all are muted, their owner is locked, the news forgotten.
    ///
    /// A web hook whose address was changed meanwhile gets it at the new one, unless another subscription brings it there.
    ///
    /// # Errors
    /// [`DbError::Damaged`] for another kind of job, and as every read and write.
    pub fn message(&self, job: &Job) -> Result<Option<Outgoing>> {
        let damaged = |failed: &dyn std::fmt::Display| DbError::damaged("job of a message", failed);
        let message: Message =
            serde_json::from_value(job.body.clone()).map_err(|failed| damaged(&failed))?;
        let own = self.read(|session| subscriptions::by_id(session, message.subscription))?;
        let current = own.as_ref().and_then(|own| own.subscription.hook.clone());
        let way = match job.kind.as_str() {
            "mail" => Way::Mail,
            "hook" => match message.hook.as_deref().or(current.as_deref()) {
                Some(address) => Way::Hook(address),
                None => return Ok(None),
            },
            other => return Err(damaged(&other)),
        };
        let left = self.read(|session| outgoing(session, &message, way))?;
        match (left, way, current.as_deref()) {
            (None, Way::Hook(old), Some(new)) if old != new => self.write(|session| {
                let way = Way::Hook(new);
                claim(session, message.subscription, &message.news, way)?;
                let news = claimed(session, message.subscription, &message.news, way)?;
                outgoing(session, &Message { news, ..message }, way)
            }),
            (left, ..) => Ok(left),
        }
    }
}

/// Makes the messages of a subscription that are due; how many.
fn messages(session: &mut Session<'_>, id: i64, now: Millis) -> Result<usize> {
    let unsent = [Value::Int(id), Value::Int(now.get())];
    let done = "UPDATE delivery SET sent = ?2 WHERE subscription = ?1 AND sent IS NULL";
    let Some(stored) = subscriptions::by_id(session, id)? else {
        session.run(done, &unsent)?;
        return Ok(0);
    };
    let subscription = &stored.subscription;
    if subscription.muted {
        return Ok(0);
    }
    let is_digest_due = stored.digested.get() + subscription.cadence.period() <= now.get();
    let due = if is_digest_due {
        String::new()
    } else {
        format!(" AND cadence = '{}'", Cadence::AtOnce.as_str())
    };
    let news: Vec<i64> = session.list(
        &format!(
            "SELECT news FROM delivery WHERE subscription = ?1 AND sent IS NULL{due} ORDER BY news"
        ),
        &unsent[..1],
        |row| row.int(0),
    )?;
    let mail = subscription.mail.then_some(Way::Mail);
    let hook = subscription.hook.as_deref().map(Way::Hook);
    let mut made = 0;
    for some in news.chunks(NEWS) {
        for way in mail.into_iter().chain(hook) {
            claim(session, id, some, way)?;
            let news = claimed(session, id, some, way)?;
            let Some(last) = news.last().copied() else {
                continue;
            };
            let message = Message {
                subscription: id,
                news,
                hook: match way {
                    Way::Mail => None,
                    Way::Hook(address) => Some(address.to_owned()),
                },
            };
            let body = serde_json::to_value(&message)
                .map_err(|failed| DbError::damaged("job of a message", failed))?;
            let job = NewJob {
                kind: way.kind(),
                name: &format!("s{id}-n{last}"),
                body: &body,
                due: now,
            };
            jobs::put(session, &job)?;
            made += 1;
        }
    }
    session.run(&format!("{done}{due}"), &unsent)?;
    // What came at once does not put the next digest off.
    if is_digest_due && !news.is_empty() {
        session.run(
            "UPDATE subscription SET digested = ?2 WHERE id = ?1",
            &unsent,
        )?;
    }
    Ok(made)
}

/// Takes for a subscription those of the news that no other one of their reader takes along by the same way.
fn claim(session: &mut Session<'_>, id: i64, news: &[i64], way: Way<'_>) -> Result<()> {
    let (column, value) = match way {
        Way::Mail => ("mail", Value::Int(1)),
        Way::Hook(address) => ("hook", Value::Text(address)),
    };
    session.run(
        &format!(
            "UPDATE delivery SET {column} = ?3 WHERE subscription = ?1 AND news IN EACH_INT(?2) AND NOT EXISTS \
             (SELECT 1 FROM delivery AS other WHERE other.news = delivery.news AND other.{column} = ?3)"
        ),
        &[Value::Int(id), Value::Ints(news), value],
    )?;
    Ok(())
}

/// Those of the news that a subscription took.
fn claimed(session: &mut Session<'_>, id: i64, news: &[i64], way: Way<'_>) -> Result<Vec<i64>> {
    let (column, value) = match way {
        Way::Mail => ("mail", Value::Int(1)),
        Way::Hook(address) => ("hook", Value::Text(address)),
    };
    session.list(
        &format!(
            "SELECT news FROM delivery WHERE subscription = ?1 AND news IN EACH_INT(?2) AND {column} = ?3 ORDER BY news"
        ),
        &[Value::Int(id), Value::Ints(news), value],
        |row| row.int(0),
    )
}

/// What is left of a message: the subscriptions that asked for it and send this way, and the news that they wanted.
fn outgoing(
    session: &mut Session<'_>,
    message: &Message,
    way: Way<'_>,
) -> Result<Option<Outgoing>> {
    let asked = session.list(
        "SELECT DISTINCT subscription FROM delivery WHERE news IN EACH_INT(?1) ORDER BY subscription",
        &[Value::Ints(&message.news)],
        |row| row.int(0),
    )?;
    let mut sending = Vec::new();
    for id in asked {
        let stored = subscriptions::by_id(session, id)?;
        sending.extend(stored.filter(|stored| !stored.subscription.muted && way.is_of(stored)));
    }
    // The one that made the message goes before those that would send it in its place.
    sending.sort_by_key(|stored| stored.id != message.subscription);
    let ids: Vec<i64> = sending.iter().map(|stored| stored.id).collect();
    let mut sending = sending.into_iter();
    let Some(subscription) = sending.next() else {
        return Ok(None);
    };
    let owner = by_id(session, subscription.person)?.filter(|person| person.locked.is_none());
    let Some(person) = owner else {
        return Ok(None);
    };
    let news = session.list(
        &format!(
            "{SELECT} WHERE notification.id IN EACH_INT(?1) AND EXISTS (SELECT 1 FROM delivery \
             WHERE delivery.news = notification.id AND delivery.subscription IN EACH_INT(?2)) ORDER BY notification.id"
        ),
        &[Value::Ints(&message.news), Value::Ints(&ids)],
        read,
    )?;
    Ok((!news.is_empty()).then(|| Outgoing {
        mail: person.mail.filter(|_| person.mail_confirmed),
        hook: match way {
            Way::Mail => None,
            Way::Hook(address) => Some(address.to_owned()),
        },
        others: sending.collect(),
        subscription,
        news,
    }))
}
