//! From news to what each subscriber hears.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use snowguard_tracker_triage::subscription::{self, Cadence};

use super::events::{Body, Event, EventKind};
use super::jobs::{self, NewJob};
use super::subscriptions::{self, StoredSubscription};
use crate::db::Db;
use crate::error::{DbError, Result};
use crate::people::{PersonId, by_id};
use crate::session::{Column, Insert, Row, Session, Value};
use crate::time::Millis;

const NOTIFICATION: Insert<'static> = Insert {
    table: "notification",
    columns: &[
        ("id", Column::Int),
        ("person", Column::Int),
        ("subscription", Column::Int),
        ("event", Column::Int),
        ("at", Column::Int),
        ("cadence", Column::Text),
    ],
    // Whoever subscribes to the same in two ways hears of it once.
    conflict: "ON CONFLICT (person, event) DO NOTHING",
};

/// Events handled in one transaction.
const EVENTS: usize = 200;

/// Under which it is kept how far events are handled.
const CURSOR: &str = "event-cursor";

/// A notification as its owner sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Notification {
    /// Number.
    pub id: i64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// Whether it was read.
    pub is_read: bool,
}

/// A message to one subscriber.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// The subscription that asked for it.
    pub subscription: StoredSubscription,
    /// Confirmed address of its owner.
    pub mail: Option<String>,
    /// What happened, the oldest first.
    pub news: Vec<Notification>,
}

/// Most news of one message.
const NEWS: usize = 200;

/// Subscriptions whose messages are made in one transaction: others may write in between.
const SUBSCRIPTIONS: usize = 50;

impl Db {
    /// Turns events into notifications, up to a few hundred events; how many were handled. An event is
    /// handled once, whatever is killed when.
    ///
    /// # Errors
    /// As every write.
    pub fn notify(&self) -> Result<usize> {
        self.write(|session| {
            let cursor = told_up_to(session)?;
            let events = session.list(
                "SELECT id, at, kind, subject, body FROM event WHERE id > ?1 ORDER BY id LIMIT ?2",
                &[Value::Int(cursor), Value::Int(EVENTS as i64)],
                |row| event(row, 0),
            )?;
            let Some(last) = events.last() else {
                return Ok(0);
            };
            let all = subscriptions::all(session)?;
            let mut next = session.number("SELECT max(id) FROM notification", &[])?;
            for event in &events {
                let maintainers = owners(session, &event.body.attrs)?;
                let told = subscription::Event {
                    attrs: &event.body.attrs,
                    maintainers: &maintainers,
                    channels: &event.body.channels,
                    severity: event.body.severity,
                    kev: event.body.kev,
                };
                let mut wanted: Vec<(&StoredSubscription, Cadence)> = all
                    .iter()
                    .filter(|stored| stored.created <= event.at)
                    .filter_map(|stored| Some((stored, stored.subscription.wants(&told)?)))
                    .collect();
                // Of several subscriptions of a person the one counts that sends something, and the sooner one.
                wanted.sort_by_key(|(stored, cadence)| {
                    let sends = stored.subscription.mail || stored.subscription.hook.is_some();
                    (!sends, cadence.period(), stored.id)
                });
                let mut rows = Vec::new();
                for (stored, cadence) in wanted {
                    next += 1;
                    rows.extend([
                        Value::Int(next),
                        Value::Int(stored.person.get()),
                        Value::Int(stored.id),
                        Value::Int(event.id),
                        Value::Int(event.at.get()),
                        Value::Text(cadence.as_str()),
                    ]);
                }
                session.insert(&NOTIFICATION, &rows)?;
            }
            session.run(
                "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                &[Value::Text(CURSOR), Value::Text(&last.id.to_string())],
            )?;
            Ok(events.len())
        })
    }

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
                "SELECT DISTINCT subscription FROM notification WHERE sent IS NULL AND subscription IS NOT NULL ORDER BY subscription",
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

    /// The message of a job that [`Db::make_messages`] made; nothing when nobody wants it any more: the subscription is gone
    /// or muted, its owner locked, the news forgotten.
    ///
    /// # Errors
    /// [`DbError::Damaged`] for another kind of job, and as every read.
    pub fn message(&self, body: &Json) -> Result<Option<Outgoing>> {
        let message: Message = serde_json::from_value(body.clone())
            .map_err(|failed| DbError::damaged("job of a message", failed))?;
        self.read(|session| {
            let Some(stored) = subscriptions::by_id(session, message.subscription)? else {
                return Ok(None);
            };
            let owner = by_id(session, stored.person)?.filter(|person| person.locked.is_none());
            let Some(person) = owner.filter(|_| !stored.subscription.muted) else {
                return Ok(None);
            };
            let news = session.list(
                &format!("{SELECT} WHERE notification.id IN EACH_INT(?1) ORDER BY notification.id"),
                &[Value::Ints(&message.news)],
                read,
            )?;
            Ok((!news.is_empty()).then(|| Outgoing {
                mail: person.mail.filter(|_| person.mail_confirmed),
                subscription: stored,
                news,
            }))
        })
    }

    /// Notifications of a person, the newest first, before one of them; at most 200.
    ///
    /// # Errors
    /// As every read.
    pub fn notifications(
        &self,
        person: PersonId,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Notification>> {
        let sql = format!(
            "{SELECT} WHERE notification.person = ?1 AND notification.id < ?2 ORDER BY notification.id DESC LIMIT ?3"
        );
        let params = [
            Value::Int(person.get()),
            Value::Int(before.unwrap_or(i64::MAX)),
            Value::Int(limit.min(200) as i64),
        ];
        self.read(|session| session.list(&sql, &params, read))
    }

    /// How many notifications a person has not read; counts up to 100.
    ///
    /// # Errors
    /// As every read.
    pub fn unread(&self, person: PersonId) -> Result<u64> {
        let count = self.read(|session| {
            session.number(
                "SELECT count(*) FROM (SELECT 1 FROM notification WHERE person = ?1 AND read IS NULL LIMIT 100) AS unread",
                &[Value::Int(person.get())],
            )
        })?;
        Ok(count.cast_unsigned())
    }

    /// Notes that a person has read everything up to a notification.
    ///
    /// # Errors
    /// As every write.
    pub fn mark_read(&self, person: PersonId, up_to: i64, now: Millis) -> Result<()> {
        self.write(|session| {
            session.run(
                "UPDATE notification SET read = ?3 WHERE person = ?1 AND id <= ?2 AND read IS NULL",
                &[
                    Value::Int(person.get()),
                    Value::Int(up_to),
                    Value::Int(now.get()),
                ],
            )?;
            Ok(())
        })
    }

    /// Notes that a delivery of a webhook was taken; false when it was before (a replay).
    ///
    /// # Errors
    /// As every write.
    pub fn take_hook_delivery(&self, id: &str, now: Millis) -> Result<bool> {
        const KEPT: i64 = 30 * 86_400_000;
        self.write(|session| {
            session.run(
                "DELETE FROM hook_delivery WHERE at < ?1",
                &[Value::Int(now.get() - KEPT)],
            )?;
            let touched = session.run(
                "INSERT INTO hook_delivery (id, at) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING",
                &[Value::Text(id), Value::Int(now.get())],
            )?;
            Ok(touched > 0)
        })
    }
}

/// What the job of a message knows.
#[derive(Debug, Serialize, Deserialize)]
struct Message {
    subscription: i64,
    news: Vec<i64>,
}

/// Makes the messages of a subscription that are due; how many.
fn messages(session: &mut Session<'_>, id: i64, now: Millis) -> Result<usize> {
    let unsent = [Value::Int(id), Value::Int(now.get())];
    let done = "UPDATE notification SET sent = ?2 WHERE subscription = ?1 AND sent IS NULL";
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
            "SELECT id FROM notification WHERE subscription = ?1 AND sent IS NULL{due} ORDER BY id"
        ),
        &unsent[..1],
        |row| row.int(0),
    )?;
    let ways = [
        ("mail", subscription.mail),
        ("hook", subscription.hook.is_some()),
    ];
    let ways: Vec<&str> = ways.iter().filter(|way| way.1).map(|way| way.0).collect();
    let mut made = 0;
    for some in news.chunks(NEWS) {
        let message = Message {
            subscription: id,
            news: some.to_vec(),
        };
        let body = serde_json::to_value(&message)
            .map_err(|failed| DbError::damaged("job of a message", failed))?;
        let last = some.last().copied().unwrap_or_default();
        for kind in &ways {
            let job = NewJob {
                kind,
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

const SELECT: &str = "SELECT notification.id, notification.read, notification.cadence, event.id, event.at, event.kind, event.subject, event.body \
     FROM notification JOIN event ON event.id = notification.event";

fn read(row: &Row<'_>) -> Result<Notification> {
    Ok(Notification {
        id: row.int(0)?,
        is_read: row.opt_int(1)?.is_some(),
        event: event(row, 3)?,
    })
}

fn event(row: &Row<'_>, first: usize) -> Result<Event> {
    let body: Body = serde_json::from_str(row.text(first + 4)?)
        .map_err(|failed| DbError::damaged("event", failed))?;
    Ok(Event {
        id: row.int(first)?,
        at: Millis::new(row.int(first + 1)?),
        kind: EventKind::parse(row.text(first + 2)?)?,
        subject: row.text(first + 3)?.to_owned(),
        body,
    })
}

pub(crate) fn told_up_to(session: &mut Session<'_>) -> Result<i64> {
    let kept = session.first(
        "SELECT value FROM setting WHERE name = ?1",
        &[Value::Text(CURSOR)],
        |row| Ok(row.text(0)?.to_owned()),
    )?;
    kept.map_or(Ok(0), |text| {
        text.parse()
            .map_err(|_| DbError::damaged("setting event-cursor", &text))
    })
}

fn owners(session: &mut Session<'_>, attrs: &[String]) -> Result<Vec<String>> {
    let attrs: Vec<&str> = attrs.iter().map(String::as_str).collect();
    let names: BTreeSet<String> = session
        .list(
            "SELECT DISTINCT owner.name FROM attribute JOIN owner ON owner.attribute = attribute.id WHERE attribute.name IN EACH_TEXT(?1)",
            &[Value::Texts(&attrs)],
            |row| Ok(row.text(0)?.to_owned()),
        )?
        .into_iter()
        .collect();
    Ok(names.into_iter().collect())
}
