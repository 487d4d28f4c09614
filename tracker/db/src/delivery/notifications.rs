//! From news to what each person is told of in the tracker, once, and to what their subscriptions have to deliver.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use snowguard_tracker_triage::subscription::{self, Cadence};

use super::events::{Body, Event, EventKind};
use super::subscriptions::{self, StoredSubscription};
use crate::db::Db;
use crate::error::{DbError, Result};
use crate::people::PersonId;
use crate::session::{Column, Insert, Row, Session, Value};
use crate::time::Millis;

const NOTIFICATION: Insert<'static> = Insert {
    table: "notification",
    columns: &[
        ("id", Column::Int),
        ("person", Column::Int),
        ("event", Column::Int),
        ("at", Column::Int),
    ],
    conflict: "",
};

const DELIVERY: Insert<'static> = Insert {
    table: "delivery",
    columns: &[
        ("news", Column::Int),
        ("subscription", Column::Int),
        ("cadence", Column::Text),
    ],
    conflict: "",
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
                // Whoever subscribes to the same in several ways is told of it once.
                let mut wanted: BTreeMap<i64, Vec<(&StoredSubscription, Cadence)>> =
                    BTreeMap::new();
                for stored in all.iter().filter(|stored| stored.created <= event.at) {
                    if let Some(cadence) = stored.subscription.wants(&told) {
                        let person = wanted.entry(stored.person.get()).or_default();
                        person.push((stored, cadence));
                    }
                }
                let (mut notices, mut deliveries) = (Vec::new(), Vec::new());
                for (person, subscriptions) in wanted {
                    next += 1;
                    notices.extend([next, person, event.id, event.at.get()].map(Value::Int));
                    for (stored, cadence) in subscriptions {
                        deliveries.extend([
                            Value::Int(next),
                            Value::Int(stored.id),
                            Value::Text(cadence.as_str()),
                        ]);
                    }
                }
                session.insert(&NOTIFICATION, &notices)?;
                session.insert(&DELIVERY, &deliveries)?;
            }
            session.run(
                "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                &[Value::Text(CURSOR), Value::Text(&last.id.to_string())],
            )?;
            Ok(events.len())
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

pub(super) const SELECT: &str = "SELECT notification.id, notification.read, event.id, event.at, event.kind, event.subject, event.body \
     FROM notification JOIN event ON event.id = notification.event";

pub(super) fn read(row: &Row<'_>) -> Result<Notification> {
    Ok(Notification {
        id: row.int(0)?,
        is_read: row.opt_int(1)?.is_some(),
        event: event(row, 2)?,
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
