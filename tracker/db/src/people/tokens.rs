//! API tokens.

use serde::Serialize;
use serde_json::json;

use super::{COLUMNS, Digest, Person, PersonId, note, person};
use crate::db::Db;
use crate::error::{DbError, Result};
use crate::session::Value;
use crate::time::Millis;

/// Most tokens of one person that are in force.
const MOST: i64 = 50;

/// A token to make.
#[derive(Debug, Clone, Copy)]
pub struct NewToken<'a> {
    /// Whose.
    pub person: PersonId,
    /// What it is for.
    pub name: &'a str,
    /// SHA-256 of the token.
    pub digest: &'a Digest,
    /// What it may be used for.
    pub scopes: &'a [&'a str],
    /// When it ends.
    pub expires: Millis,
}

/// A token as its owner sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TokenInfo {
    /// Number.
    pub id: i64,
    /// What it is for.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created: Millis,
    /// When it was last used, to the minute.
    pub used: Option<Millis>,
    /// When it ends.
    pub expires: Millis,
}

impl Db {
    /// Makes a token.
    ///
    /// # Errors
    /// [`DbError::TooMany`] when the person has too many.
    pub fn put_token(&self, new: &NewToken<'_>, now: Millis) -> Result<()> {
        self.write(|session| {
            let person = Value::Int(new.person.0);
            let live = session.number(
                "SELECT count(*) FROM api_token WHERE person = ?1 AND revoked IS NULL AND expires > ?2",
                &[person, Value::Int(now.get())],
            )?;
            if live >= MOST {
                return Err(DbError::TooMany {
                    what: "tokens",
                    most: MOST.cast_unsigned(),
                });
            }
            let id = session.number("SELECT max(id) FROM api_token", &[])? + 1;
            session.run(
                "INSERT INTO api_token (id, person, name, digest, scopes, created, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                &[
                    Value::Int(id),
                    person,
                    Value::Text(new.name),
                    Value::Blob(new.digest),
                    Value::Text(&new.scopes.join(",")),
                    Value::Int(now.get()),
                    Value::Int(new.expires.get()),
                ],
            )?;
            let body = json!({"after": {"token": new.name, "scopes": new.scopes}});
            note(session, Some(new.person), new.person, "make_token", body, now)
        })
    }

    /// Who a token speaks for, and its scopes; nothing when it is over, revoked, or the account is locked.
    ///
    /// # Errors
    /// As every read.
    pub fn token_person(
        &self,
        digest: &Digest,
        now: Millis,
    ) -> Result<Option<(Person, Vec<String>)>> {
        let columns: String = COLUMNS
            .split(", ")
            .map(|name| format!("person.{name}, "))
            .collect();
        let sql = format!(
            "SELECT {columns}api_token.scopes, api_token.id, api_token.used FROM api_token JOIN person ON person.id = api_token.person \
             WHERE api_token.digest = ?1 AND api_token.expires > ?2 AND api_token.revoked IS NULL AND person.locked IS NULL"
        );
        let found = self.read(|session| {
            session.first(&sql, &[Value::Blob(digest), Value::Int(now.get())], |row| {
                Ok((
                    person(row)?,
                    list(row.text(11)?),
                    row.int(12)?,
                    row.opt_int(13)?,
                ))
            })
        })?;
        let Some((person, scopes, id, used)) = found else {
            return Ok(None);
        };
        if used.is_none_or(|used| now.get() - used > 60_000) {
            self.write(|session| {
                session.run(
                    "UPDATE api_token SET used = ?2 WHERE id = ?1",
                    &[Value::Int(id), Value::Int(now.get())],
                )
            })?;
        }
        Ok(Some((person, scopes)))
    }

    /// Tokens of a person that are in force, the newest first.
    ///
    /// # Errors
    /// As every read.
    pub fn tokens(&self, person: PersonId, now: Millis) -> Result<Vec<TokenInfo>> {
        self.read(|session| {
            session.list(
                "SELECT id, name, scopes, created, used, expires FROM api_token \
                 WHERE person = ?1 AND revoked IS NULL AND expires > ?2 ORDER BY id DESC",
                &[Value::Int(person.0), Value::Int(now.get())],
                |row| {
                    Ok(TokenInfo {
                        id: row.int(0)?,
                        name: row.text(1)?.to_owned(),
                        scopes: list(row.text(2)?),
                        created: Millis::new(row.int(3)?),
                        used: row.opt_int(4)?.map(Millis::new),
                        expires: Millis::new(row.int(5)?),
                    })
                },
            )
        })
    }

    /// Revokes a token of this person; whether there was one.
    ///
    /// # Errors
    /// As every write.
    pub fn revoke_token(&self, person: PersonId, id: i64, now: Millis) -> Result<bool> {
        self.write(|session| {
            let touched = session.run(
                "UPDATE api_token SET revoked = ?3 WHERE id = ?1 AND person = ?2 AND revoked IS NULL",
                &[Value::Int(id), Value::Int(person.0), Value::Int(now.get())],
            )?;
            if touched > 0 {
                note(session, Some(person), person, "revoke_token", json!({"before": {"token": id}}), now)?;
            }
            Ok(touched > 0)
        })
    }
}

fn list(words: &str) -> Vec<String> {
    let words = words.split(',').filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}
