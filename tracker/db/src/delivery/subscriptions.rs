//! Subscriptions of people.

use snowguard_tracker_triage::subscription::Subscription;

use crate::db::Db;
use crate::error::{DbError, Result};
use crate::people::PersonId;
use crate::session::{Row, Session, Value};
use crate::time::Millis;

/// Most subscriptions of one person.
const MOST: i64 = 100;

/// A subscription as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSubscription {
    /// Number.
    pub id: i64,
    /// Whose.
    pub person: PersonId,
    /// What it says.
    pub subscription: Subscription,
    /// Key that signs what goes to its web hook.
    pub secret: Vec<u8>,
    /// When it was made.
    pub created: Millis,
    /// When its last digest was made, or it itself.
    pub digested: Millis,
}

const SELECT: &str = "SELECT id, person, body, secret, created, digested FROM subscription";

pub(super) fn read(row: &Row<'_>) -> Result<StoredSubscription> {
    Ok(StoredSubscription {
        id: row.int(0)?,
        person: PersonId::new(row.int(1)?),
        subscription: serde_json::from_str(row.text(2)?)
            .map_err(|failed| DbError::damaged("subscription", failed))?,
        secret: row.blob(3)?.to_vec(),
        created: Millis::new(row.int(4)?),
        digested: Millis::new(row.int(5)?),
    })
}

/// Every subscription, in the order of their numbers.
pub(super) fn all(session: &mut Session<'_>) -> Result<Vec<StoredSubscription>> {
    session.list(&format!("{SELECT} ORDER BY id"), &[], read)
}

/// A subscription by its number.
pub(super) fn by_id(session: &mut Session<'_>, id: i64) -> Result<Option<StoredSubscription>> {
    let sql = format!("{SELECT} WHERE id = ?1");
    session.first(&sql, &[Value::Int(id)], read)
}

impl Db {
    /// Subscriptions of a person, the newest first.
    ///
    /// # Errors
    /// As every read.
    pub fn subscriptions(&self, person: PersonId) -> Result<Vec<StoredSubscription>> {
        let sql = format!("{SELECT} WHERE person = ?1 ORDER BY id DESC");
        self.read(|session| session.list(&sql, &[Value::Int(person.get())], read))
    }

    /// A subscription by its number alone; whoever asks has to know its secret.
    ///
    /// # Errors
    /// As every read.
    pub fn subscription(&self, id: i64) -> Result<Option<StoredSubscription>> {
        self.read(|session| by_id(session, id))
    }

    /// Makes a subscription; `secret` signs what goes to its web hook. It hears of what happens from now on.
    ///
    /// # Errors
    /// [`DbError::TooMany`].
    pub fn put_subscription(
        &self,
        person: PersonId,
        subscription: &Subscription,
        secret: &[u8],
        now: Millis,
    ) -> Result<i64> {
        self.write(|session| {
            let owner = Value::Int(person.get());
            let has = session.number("SELECT count(*) FROM subscription WHERE person = ?1", &[owner])?;
            if has >= MOST {
                return Err(DbError::TooMany {
                    what: "subscriptions",
                    most: MOST.cast_unsigned(),
                });
            }
            let id = session.number("SELECT max(id) FROM subscription", &[])? + 1;
            session.run(
                "INSERT INTO subscription (id, person, body, secret, created, digested) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
                &[
                    Value::Int(id),
                    owner,
                    Value::Text(&body(subscription)?),
                    Value::Blob(secret),
                    Value::Int(now.get()),
                ],
            )?;
            Ok(id)
        })
    }

    /// Changes a subscription of this person by what `change` makes of it as it is now; whether there was one.
    ///
    /// # Errors
    /// As every write.
    pub fn change_subscription(
        &self,
        person: PersonId,
        id: i64,
        change: impl FnOnce(Subscription) -> Subscription,
    ) -> Result<bool> {
        self.write(|session| {
            let stored = by_id(session, id)?.filter(|stored| stored.person == person);
            let Some(stored) = stored else {
                return Ok(false);
            };
            let next = body(&change(stored.subscription))?;
            let params = [Value::Int(id), Value::Text(&next)];
            session.run("UPDATE subscription SET body = ?2 WHERE id = ?1", &params)?;
            Ok(true)
        })
    }

    /// Ends a subscription of this person; whether there was one. What was noted stays in the tracker, and is not sent.
    ///
    /// # Errors
    /// As every write.
    pub fn remove_subscription(&self, person: PersonId, id: i64, now: Millis) -> Result<bool> {
        self.write(|session| {
            let params = [Value::Int(id), Value::Int(person.get())];
            let touched = session.run(
                "DELETE FROM subscription WHERE id = ?1 AND person = ?2",
                &params,
            )?;
            if touched > 0 {
                session.run(
                    "UPDATE delivery SET sent = ?2 WHERE subscription = ?1 AND sent IS NULL",
                    &[Value::Int(id), Value::Int(now.get())],
                )?;
            }
            Ok(touched > 0)
        })
    }
}

fn body(subscription: &Subscription) -> Result<String> {
    serde_json::to_string(subscription).map_err(|failed| DbError::damaged("subscription", failed))
}
