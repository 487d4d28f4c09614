//! People: accounts, roles, sessions, tokens, and which packages are whose.

mod attempts;
mod maintainers;
mod sessions;
mod tokens;

use serde::Serialize;
use serde_json::json;
use snowguard_tracker_triage::role::{Role, Roles};

pub use attempts::Attempts;
pub use maintainers::{Maintainer, Team};
pub(crate) use maintainers::{owners, put_owners};
pub use sessions::{NewSession, PendingSignIn, SessionInfo};
pub use tokens::{NewToken, TokenInfo};

use crate::db::Db;
use crate::error::{DbError, Result};
use crate::session::{Row, Session, Value};
use crate::time::Millis;
use crate::triage::activity::{self, Entry, Subject};

/// SHA-256 of a secret; the secret itself is never stored.
pub type Digest = [u8; 32];

/// Number of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct PersonId(pub(crate) i64);

impl PersonId {
    /// The number.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }

    /// The person of a number that this database gave out.
    #[must_use]
    pub fn new(number: i64) -> Self {
        Self(number)
    }
}

/// An account.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Person {
    /// Number.
    pub id: PersonId,
    /// GitHub's number; nothing for a local account.
    pub github: Option<i64>,
    /// GitHub's login, or the local name.
    pub name: String,
    /// Whether it is a local account.
    pub is_local: bool,
    /// Where mail goes.
    pub mail: Option<String>,
    /// Whether the address is confirmed.
    pub mail_confirmed: bool,
    /// Roles given by an administrator.
    #[serde(skip)]
    pub given: Roles,
    /// Roles by GitHub teams.
    #[serde(skip)]
    pub teams: Roles,
    /// When they came.
    pub created: Millis,
    /// When they last signed in.
    pub seen: Millis,
    /// Since when the account is locked.
    pub locked: Option<Millis>,
}

impl Person {
    /// Roles but for [`Role::Maintainer`], which depends on what Nixpkgs says ([`Db::owned_names`]).
    #[must_use]
    pub fn roles(&self) -> Roles {
        self.given.union(self.teams).with(Role::User)
    }
}

const COLUMNS: &str =
    "id, github, name, local, mail, mail_key, given, teams, created, seen, locked";

fn person(row: &Row<'_>) -> Result<Person> {
    Ok(Person {
        id: PersonId(row.int(0)?),
        github: row.opt_int(1)?,
        name: row.text(2)?.to_owned(),
        is_local: row.opt_text(3)?.is_some(),
        mail: row.opt_text(4)?.map(str::to_owned),
        mail_confirmed: row.opt_blob(5)?.is_none(),
        given: roles(row.text(6)?)?,
        teams: roles(row.text(7)?)?,
        created: Millis::new(row.int(8)?),
        seen: Millis::new(row.int(9)?),
        locked: row.opt_int(10)?.map(Millis::new),
    })
}

fn roles(words: &str) -> Result<Roles> {
    let words = words.split(',').filter(|word| !word.is_empty());
    let roles = words.map(|word| Role::parse(word).ok_or_else(|| DbError::damaged("role", word)));
    Ok(Roles::new(roles.collect::<Result<Vec<_>>>()?))
}

fn words(roles: Roles) -> String {
    let named = roles.iter().filter(|role| *role != Role::Anonymous);
    named.map(Role::as_str).collect::<Vec<_>>().join(",")
}

/// Gives roles, provided that a person has those that were seen, where somebody looked.
fn give(
    session: &mut Session<'_>,
    by: Option<PersonId>,
    (id, seen): (PersonId, Option<Roles>),
    given: Roles,
    now: Millis,
) -> Result<()> {
    let before = found(session, id)?;
    if seen.is_some_and(|seen| seen != before.given) {
        return Err(DbError::Overtaken { what: before.name });
    }
    session.run(
        "UPDATE person SET given = ?2 WHERE id = ?1",
        &[Value::Int(id.0), Value::Text(&words(given))],
    )?;
    let body = json!({"before": {"roles": words(before.given)}, "after": {"roles": words(given)}});
    note(session, by, id, "give_roles", body, now)
}

impl Db {
    /// A person.
    ///
    /// # Errors
    /// As every read.
    pub fn person(&self, id: PersonId) -> Result<Option<Person>> {
        self.read(|session| by_id(session, id))
    }

    /// The local account of a name, with its Argon2id string.
    ///
    /// # Errors
    /// As every read.
    pub fn local_person(&self, name: &str) -> Result<Option<(Person, String)>> {
        let sql = format!("SELECT {COLUMNS}, password FROM person WHERE local = ?1");
        self.read(|session| {
            session.first(&sql, &[Value::Text(name)], |row| {
                Ok((
                    person(row)?,
                    row.opt_text(11)?.unwrap_or_default().to_owned(),
                ))
            })
        })
    }

    /// Everybody, by name.
    ///
    /// # Errors
    /// As every read.
    pub fn people(&self) -> Result<Vec<Person>> {
        let sql = format!("SELECT {COLUMNS} FROM person ORDER BY name, id");
        self.read(|session| session.list(&sql, &[], person))
    }

    /// The account of somebody who signed in with GitHub: made at the first time; the login is
    /// brought up to date.
    ///
    /// # Errors
    /// As every write.
    pub fn github_person(&self, github: i64, login: &str, now: Millis) -> Result<Person> {
        self.write(|session| {
            let known = session.first(
                "SELECT id FROM person WHERE github = ?1",
                &[Value::Int(github)],
                |row| row.int(0),
            )?;
            let id = match known {
                Some(id) => {
                    session.run(
                        "UPDATE person SET name = ?2, seen = ?3 WHERE id = ?1",
                        &[Value::Int(id), Value::Text(login), Value::Int(now.get())],
                    )?;
                    id
                }
                None => insert(session, Some(github), login, None, now)?,
            };
            found(session, PersonId(id))
        })
    }

    /// Makes a local account, or gives the one of that name another password. `password` is an
    /// Argon2id string. All sessions and tokens of the account end.
    ///
    /// # Errors
    /// As every write.
    pub fn put_local_person(
        &self,
        name: &str,
        password: &str,
        given: Roles,
        now: Millis,
    ) -> Result<Person> {
        self.write(|session| {
            let known = session.first(
                "SELECT id FROM person WHERE local = ?1",
                &[Value::Text(name)],
                |row| row.int(0),
            )?;
            let id = match known {
                Some(id) => id,
                None => insert(session, None, name, Some(name), now)?,
            };
            session.run(
                "UPDATE person SET password = ?2, given = ?3, locked = NULL WHERE id = ?1",
                &[
                    Value::Int(id),
                    Value::Text(password),
                    Value::Text(&words(given)),
                ],
            )?;
            end_everything(session, id, now)?;
            note(
                session,
                None,
                PersonId(id),
                "local_account",
                json!({"roles": words(given)}),
                now,
            )?;
            found(session, PersonId(id))
        })
    }

    /// Gives exactly these roles, by hand.
    ///
    /// # Errors
    /// [`DbError::Missing`] for an unknown person.
    pub fn give_roles(
        &self,
        by: Option<PersonId>,
        id: PersonId,
        given: Roles,
        now: Millis,
    ) -> Result<()> {
        self.write(|session| give(session, by, (id, None), given, now))
    }

    /// As [`Db::give_roles`], to a person who has the roles that the giver saw.
    ///
    /// # Errors
    /// [`DbError::Overtaken`] when somebody else gave other ones meanwhile.
    pub fn change_roles(
        &self,
        by: PersonId,
        (id, seen): (PersonId, Roles),
        given: Roles,
        now: Millis,
    ) -> Result<()> {
        self.write(|session| give(session, Some(by), (id, Some(seen)), given, now))
    }

    /// Locks an account, which ends all its sessions and tokens, or unlocks it.
    ///
    /// # Errors
    /// [`DbError::Missing`] for an unknown person.
    pub fn lock_person(
        &self,
        by: Option<PersonId>,
        id: PersonId,
        lock: Lock,
        now: Millis,
    ) -> Result<()> {
        self.write(|session| {
            found(session, id)?;
            let (since, action) = match lock {
                Lock::Lock => (Some(now.get()), "lock"),
                Lock::Unlock => (None, "unlock"),
            };
            session.run(
                "UPDATE person SET locked = ?2 WHERE id = ?1",
                &[Value::Int(id.0), since.into()],
            )?;
            if lock == Lock::Lock {
                end_everything(session, id.0, now)?;
            }
            note(session, by, id, action, json!({}), now)
        })
    }

    /// Replaces the roles that come of GitHub teams: those who are not in the list have none.
    /// How many people's roles changed.
    ///
    /// # Errors
    /// As every write.
    pub fn put_team_roles(&self, of: &[(i64, Roles)], now: Millis) -> Result<u64> {
        self.write(|session| {
            let sql = format!("SELECT {COLUMNS} FROM person WHERE github IS NOT NULL");
            let mut changed = 0;
            for one in session.list(&sql, &[], person)? {
                let listed = of.iter().filter(|(github, _)| Some(*github) == one.github);
                let teams = listed.fold(Roles::default(), |all, (_, roles)| all.union(*roles));
                if teams == one.teams {
                    continue;
                }
                changed += 1;
                session.run(
                    "UPDATE person SET teams = ?2 WHERE id = ?1",
                    &[Value::Int(one.id.0), Value::Text(&words(teams))],
                )?;
                let body = json!({"before": {"teams": words(one.teams)}, "after": {"teams": words(teams)}});
                note(session, None, one.id, "team_roles", body, now)?;
            }
            Ok(changed)
        })
    }

    /// Sets where mail goes, to be confirmed with the key of this digest.
    ///
    /// # Errors
    /// As every write.
    pub fn set_mail(&self, id: PersonId, mail: Option<&str>, key: &Digest) -> Result<()> {
        self.write(|session| {
            let key = mail.map(|_| key.as_slice());
            session.run(
                "UPDATE person SET mail = ?2, mail_key = ?3 WHERE id = ?1",
                &[Value::Int(id.0), mail.into(), key.into()],
            )?;
            Ok(())
        })
    }

    /// Keeps the key that confirms an address, provided that it is still the one to confirm.
    ///
    /// # Errors
    /// As every write.
    pub fn set_mail_key(&self, id: PersonId, mail: &str, key: &Digest) -> Result<bool> {
        self.write(|session| {
            let touched = session.run(
                "UPDATE person SET mail_key = ?3 WHERE id = ?1 AND mail = ?2 AND mail_key IS NOT NULL",
                &[Value::Int(id.0), Value::Text(mail), Value::Blob(key)],
            )?;
            Ok(touched > 0)
        })
    }

    /// Confirms an address; whether there was one to confirm with this key.
    ///
    /// # Errors
    /// As every write.
    pub fn confirm_mail(&self, id: PersonId, key: &Digest) -> Result<bool> {
        self.write(|session| {
            let touched = session.run(
                "UPDATE person SET mail_key = NULL WHERE id = ?1 AND mail_key = ?2",
                &[Value::Int(id.0), Value::Blob(key)],
            )?;
            Ok(touched > 0)
        })
    }
}

/// Which way to turn the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// Nobody signs in with it any more.
    Lock,
    /// As before.
    Unlock,
}

pub(crate) fn by_id(session: &mut Session<'_>, id: PersonId) -> Result<Option<Person>> {
    let sql = format!("SELECT {COLUMNS} FROM person WHERE id = ?1");
    session.first(&sql, &[Value::Int(id.0)], person)
}

fn found(session: &mut Session<'_>, id: PersonId) -> Result<Person> {
    by_id(session, id)?.ok_or_else(|| DbError::Missing {
        what: "person",
        name: id.0.to_string(),
    })
}

fn insert(
    session: &mut Session<'_>,
    github: Option<i64>,
    name: &str,
    local: Option<&str>,
    now: Millis,
) -> Result<i64> {
    let id = session.number("SELECT max(id) FROM person", &[])? + 1;
    session.run(
        "INSERT INTO person (id, github, name, local, given, teams, created, seen) VALUES (?1, ?2, ?3, ?4, '', '', ?5, ?5)",
        &[Value::Int(id), github.into(), Value::Text(name), local.into(), Value::Int(now.get())],
    )?;
    Ok(id)
}

fn end_everything(session: &mut Session<'_>, person: i64, now: Millis) -> Result<()> {
    session.run(
        "DELETE FROM session WHERE person = ?1",
        &[Value::Int(person)],
    )?;
    session.run(
        "UPDATE api_token SET revoked = ?2 WHERE person = ?1 AND revoked IS NULL",
        &[Value::Int(person), Value::Int(now.get())],
    )?;
    Ok(())
}

fn note(
    session: &mut Session<'_>,
    by: Option<PersonId>,
    about: PersonId,
    action: &str,
    body: serde_json::Value,
    now: Millis,
) -> Result<()> {
    let entry = Entry {
        at: now,
        person: by,
        subject: &Subject::Person(about.0),
        action,
        body: &body,
        undoes: None,
    };
    activity::append(session, &entry).map(|_| ())
}
