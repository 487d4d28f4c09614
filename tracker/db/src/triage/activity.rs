//! The activity log: who, when, what, before and after. It only grows; the database itself
//! refuses all else.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde_json::Value as Json;
use snowguard_tracker_triage::issue_id::IssueId;

use crate::db::Db;
use crate::error::{DbError, Result};
use crate::people::PersonId;
use crate::session::{Row, Session, Value};
use crate::time::Millis;

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A suggestion, by its advisory's id.
    Suggestion(String),
    /// An issue.
    Issue(IssueId),
    /// A rule, by number.
    Rule(i64),
    /// A person, by number.
    Person(i64),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Suggestion(id) => write!(f, "suggestion:{id}"),
            Self::Issue(id) => write!(f, "issue:{id}"),
            Self::Rule(number) => write!(f, "rule:{number}"),
            Self::Person(number) => write!(f, "person:{number}"),
        }
    }
}

impl FromStr for Subject {
    type Err = DbError;

    fn from_str(text: &str) -> Result<Self> {
        let damaged = || DbError::damaged("subject of an activity", text);
        let (kind, name) = text.split_once(':').ok_or_else(damaged)?;
        let number = || name.parse().map_err(|_| damaged());
        match kind {
            "suggestion" => Ok(Self::Suggestion(name.to_owned())),
            "issue" => name.parse().map(Self::Issue).map_err(|_| damaged()),
            "rule" => number().map(Self::Rule),
            "person" => number().map(Self::Person),
            _ => Err(damaged()),
        }
    }
}

/// An entry to append.
pub(crate) struct Entry<'a> {
    pub(crate) at: Millis,
    /// Nothing: the tracker itself.
    pub(crate) person: Option<PersonId>,
    pub(crate) subject: &'a Subject,
    pub(crate) action: &'a str,
    pub(crate) body: &'a Json,
    pub(crate) undoes: Option<i64>,
}

/// An entry as it is read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Activity {
    /// Number, grows.
    pub id: i64,
    /// When.
    pub at: Millis,
    /// Who; nothing: the tracker itself.
    pub person: Option<PersonId>,
    /// Their name now; nothing: the tracker itself.
    pub name: Option<String>,
    /// What it is about.
    #[serde(serialize_with = "as_text")]
    pub subject: Subject,
    /// Stable word.
    pub action: String,
    /// `before`, `after`, `comment`.
    pub body: Json,
    /// The entry that this one takes back.
    pub undoes: Option<i64>,
    /// The entry that takes this one back.
    pub undone_by: Option<i64>,
}

fn as_text<S: serde::Serializer>(subject: &Subject, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(subject)
}

const SELECT: &str = "SELECT activity.id, activity.at, activity.person, person.name, activity.subject, activity.action, activity.body, activity.undoes, \
     (SELECT max(later.id) FROM activity AS later WHERE later.undoes = activity.id) \
     FROM activity LEFT JOIN person ON person.id = activity.person";

fn read(row: &Row<'_>) -> Result<Activity> {
    Ok(Activity {
        id: row.int(0)?,
        at: Millis::new(row.int(1)?),
        person: row.opt_int(2)?.map(PersonId::new),
        name: row.opt_text(3)?.map(str::to_owned),
        subject: row.text(4)?.parse()?,
        action: row.text(5)?.to_owned(),
        body: serde_json::from_str(row.text(6)?)
            .map_err(|failed| DbError::damaged("activity", failed))?,
        undoes: row.opt_int(7)?,
        undone_by: row.opt_int(8)?,
    })
}

/// Most entries of one answer.
const MOST: usize = 500;

impl Db {
    /// The log of one subject, the newest first, before an entry; at most `limit`, at most 500.
    ///
    /// # Errors
    /// As every read.
    pub fn activity_of(
        &self,
        subject: &Subject,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Activity>> {
        let sql = format!(
            "{SELECT} WHERE activity.subject = ?1 AND activity.id < ?2 ORDER BY activity.id DESC LIMIT ?3"
        );
        let subject = subject.to_string();
        self.read(|session| {
            session.list(
                &sql,
                &[Value::Text(&subject), below(before), most(limit)],
                read,
            )
        })
    }

    /// One entry.
    ///
    /// # Errors
    /// [`DbError::Missing`].
    pub fn activity_entry(&self, id: i64) -> Result<Activity> {
        self.read(|session| entry(session, id))
    }

    /// The whole log, the newest first, before an entry.
    ///
    /// # Errors
    /// As every read.
    pub fn activity(&self, before: Option<i64>, limit: usize) -> Result<Vec<Activity>> {
        let sql = format!("{SELECT} WHERE activity.id < ?1 ORDER BY activity.id DESC LIMIT ?2");
        self.read(|session| session.list(&sql, &[below(before), most(limit)], read))
    }
}

fn below(before: Option<i64>) -> Value<'static> {
    Value::Int(before.unwrap_or(i64::MAX))
}

fn most(limit: usize) -> Value<'static> {
    Value::Int(limit.min(MOST) as i64)
}

/// One entry.
pub(crate) fn entry(session: &mut Session<'_>, id: i64) -> Result<Activity> {
    let sql = format!("{SELECT} WHERE activity.id = ?1");
    session
        .first(&sql, &[Value::Int(id)], read)?
        .ok_or_else(|| DbError::Missing {
            what: "activity",
            name: id.to_string(),
        })
}

/// Appends an entry and gives its number.
pub(crate) fn append(session: &mut Session<'_>, entry: &Entry<'_>) -> Result<i64> {
    let id = session.number("SELECT max(id) FROM activity", &[])? + 1;
    session.run(
        "INSERT INTO activity (id, at, person, subject, action, body, undoes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            Value::Int(id),
            Value::Int(entry.at.get()),
            entry.person.map(PersonId::get).into(),
            Value::Text(&entry.subject.to_string()),
            Value::Text(entry.action),
            Value::Text(&entry.body.to_string()),
            entry.undoes.into(),
        ],
    )?;
    Ok(id)
}
