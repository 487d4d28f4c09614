//! Sessions of browsers, and sign-ins with GitHub that are under way.

use serde::Serialize;

use super::{COLUMNS, Digest, Person, PersonId, person};
use crate::db::Db;
use crate::error::Result;
use crate::session::Value;
use crate::time::Millis;

/// A session to begin.
#[derive(Debug, Clone, Copy)]
pub struct NewSession<'a> {
    /// SHA-256 of the cookie.
    pub digest: &'a Digest,
    /// Whose.
    pub person: PersonId,
    /// When it ends, used or not.
    pub expires: Millis,
    /// The browser's name for itself; cut to 200 characters.
    pub agent: &'a str,
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SessionInfo {
    /// When it began.
    pub created: Millis,
    /// When it was last used, to the minute.
    pub used: Millis,
    /// The browser's name for itself; hostile text.
    pub agent: String,
}

/// A sign-in with GitHub that is under way.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingSignIn {
    /// PKCE code verifier.
    pub verifier: String,
    /// Path to go to afterwards.
    pub back: String,
}

/// How stale `used` may be: a read page must not be a write.
const MINUTE: i64 = 60_000;

impl Db {
    /// Begins a session, and notes that the person signed in.
    ///
    /// # Errors
    /// As every write.
    pub fn begin_session(&self, new: &NewSession<'_>, now: Millis) -> Result<()> {
        self.write(|session| {
            let agent: String = new.agent.chars().take(200).collect();
            session.run(
                "INSERT INTO session (digest, person, created, used, expires, agent) VALUES (?1, ?2, ?3, ?3, ?4, ?5)",
                &[
                    Value::Blob(new.digest),
                    Value::Int(new.person.0),
                    Value::Int(now.get()),
                    Value::Int(new.expires.get()),
                    Value::Text(&agent),
                ],
            )?;
            session.run(
                "UPDATE person SET seen = ?2 WHERE id = ?1",
                &[Value::Int(new.person.0), Value::Int(now.get())],
            )?;
            session.run("DELETE FROM session WHERE expires <= ?1", &[Value::Int(now.get())])?;
            Ok(())
        })
    }

    /// Who a session belongs to; nothing when it is over, unused since `idle_since`, or its account is locked.
    /// Notes the use, at most once a minute.
    ///
    /// # Errors
    /// As every read.
    pub fn session_person(
        &self,
        digest: &Digest,
        now: Millis,
        idle_since: Millis,
    ) -> Result<Option<Person>> {
        let columns: String = COLUMNS
            .split(", ")
            .map(|name| format!("person.{name}, "))
            .collect();
        let sql = format!(
            "SELECT {columns}session.used FROM session JOIN person ON person.id = session.person \
             WHERE session.digest = ?1 AND session.expires > ?2 AND session.used >= ?3 AND person.locked IS NULL"
        );
        let params = [
            Value::Blob(digest),
            Value::Int(now.get()),
            Value::Int(idle_since.get()),
        ];
        let found = self
            .read(|session| session.first(&sql, &params, |row| Ok((person(row)?, row.int(11)?))))?;
        let Some((person, used)) = found else {
            return Ok(None);
        };
        if now.get() - used > MINUTE {
            self.write(|session| {
                session.run(
                    "UPDATE session SET used = ?2 WHERE digest = ?1",
                    &[Value::Blob(digest), Value::Int(now.get())],
                )
            })?;
        }
        Ok(Some(person))
    }

    /// Ends one session.
    ///
    /// # Errors
    /// As every write.
    pub fn end_session(&self, digest: &Digest) -> Result<()> {
        self.write(|session| {
            session.run(
                "DELETE FROM session WHERE digest = ?1",
                &[Value::Blob(digest)],
            )?;
            Ok(())
        })
    }

    /// Ends all sessions of a person; how many.
    ///
    /// # Errors
    /// As every write.
    pub fn end_sessions(&self, person: PersonId) -> Result<u64> {
        self.write(|session| {
            session.run(
                "DELETE FROM session WHERE person = ?1",
                &[Value::Int(person.0)],
            )
        })
    }

    /// Sessions of a person, the last used first.
    ///
    /// # Errors
    /// As every read.
    pub fn sessions(&self, person: PersonId, now: Millis) -> Result<Vec<SessionInfo>> {
        self.read(|session| {
            session.list(
                "SELECT created, used, agent FROM session WHERE person = ?1 AND expires > ?2 ORDER BY used DESC",
                &[Value::Int(person.0), Value::Int(now.get())],
                |row| {
                    Ok(SessionInfo {
                        created: Millis::new(row.int(0)?),
                        used: Millis::new(row.int(1)?),
                        agent: row.text(2)?.to_owned(),
                    })
                },
            )
        })
    }

    /// Notes that a sign-in with GitHub has begun; those that are too late go.
    ///
    /// # Errors
    /// As every write.
    pub fn begin_sign_in(
        &self,
        state: &Digest,
        pending: &PendingSignIn,
        expires: Millis,
        now: Millis,
    ) -> Result<()> {
        self.write(|session| {
            session.run(
                "DELETE FROM sign_in WHERE expires <= ?1",
                &[Value::Int(now.get())],
            )?;
            session.run(
                "INSERT INTO sign_in (state, verifier, back, expires) VALUES (?1, ?2, ?3, ?4)",
                &[
                    Value::Blob(state),
                    Value::Text(&pending.verifier),
                    Value::Text(&pending.back),
                    Value::Int(expires.get()),
                ],
            )?;
            Ok(())
        })
    }

    /// Takes the sign-in of a state: it is good for one use.
    ///
    /// # Errors
    /// As every write.
    pub fn take_sign_in(&self, state: &Digest, now: Millis) -> Result<Option<PendingSignIn>> {
        self.write(|session| {
            let found = session.first(
                "SELECT verifier, back FROM sign_in WHERE state = ?1 AND expires > ?2",
                &[Value::Blob(state), Value::Int(now.get())],
                |row| {
                    Ok(PendingSignIn {
                        verifier: row.text(0)?.to_owned(),
                        back: row.text(1)?.to_owned(),
                    })
                },
            )?;
            session.run(
                "DELETE FROM sign_in WHERE state = ?1",
                &[Value::Blob(state)],
            )?;
            Ok(found)
        })
    }
}
