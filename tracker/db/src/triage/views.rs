//! Saved views of the queue.

use serde::Serialize;

use crate::db::Db;
use crate::error::{DbError, Result};
use crate::people::PersonId;
use crate::session::Value;

/// Most views of one person.
const MOST: i64 = 100;

/// A filter under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SavedView {
    /// Its name.
    pub name: String,
    /// The address's parameters.
    pub query: String,
}

impl Db {
    /// Views of a person, by name.
    ///
    /// # Errors
    /// As every read.
    pub fn views(&self, person: PersonId) -> Result<Vec<SavedView>> {
        self.read(|session| {
            session.list(
                "SELECT name, query FROM saved_view WHERE person = ?1 ORDER BY name",
                &[Value::Int(person.get())],
                |row| {
                    Ok(SavedView {
                        name: row.text(0)?.to_owned(),
                        query: row.text(1)?.to_owned(),
                    })
                },
            )
        })
    }

    /// Keeps a view, in the place of the one of that name.
    ///
    /// # Errors
    /// [`DbError::TooMany`].
    pub fn put_view(&self, person: PersonId, view: &SavedView) -> Result<()> {
        self.write(|session| {
            let owner = Value::Int(person.get());
            let others = session.number(
                "SELECT count(*) FROM saved_view WHERE person = ?1 AND name <> ?2",
                &[owner, Value::Text(&view.name)],
            )?;
            if others >= MOST {
                return Err(DbError::TooMany {
                    what: "saved views",
                    most: MOST.cast_unsigned(),
                });
            }
            session.run(
                "INSERT INTO saved_view (person, name, query) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (person, name) DO UPDATE SET query = excluded.query",
                &[owner, Value::Text(&view.name), Value::Text(&view.query)],
            )?;
            Ok(())
        })
    }

    /// Forgets a view.
    ///
    /// # Errors
    /// As every write.
    pub fn remove_view(&self, person: PersonId, name: &str) -> Result<()> {
        self.write(|session| {
            session.run(
                "DELETE FROM saved_view WHERE person = ?1 AND name = ?2",
                &[Value::Int(person.get()), Value::Text(name)],
            )?;
            Ok(())
        })
    }
}
