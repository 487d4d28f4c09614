//! Decisions on suggestions: one transaction each, with the revision that its maker saw.

use serde_json::{Value as Json, json};
use snowguard_matching::verdict::{Tier, Verdict};
use snowguard_tracker_triage::basis::{self, Basis};
use snowguard_tracker_triage::command::Command;
use snowguard_tracker_triage::history::{self, Touched};
use snowguard_tracker_triage::issue_id::IssueId;
use snowguard_tracker_triage::suggestion::Suggestion;

use super::activity::{self, Entry, Subject};
use super::{issues, rows};
use crate::db::Db;
use crate::error::{DbError, Result};
use crate::matches::StoredMatch;
use crate::names;
use crate::people::PersonId;
use crate::session::{Session, Value};
use crate::time::Millis;

/// A suggestion as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSuggestion {
    /// Advisory's id.
    pub advisory: String,
    /// Give this back with a decision.
    pub revision: i64,
    /// Since when something is affected.
    pub first_seen: Millis,
    /// Whether something is affected now, in some channel.
    pub is_live: bool,
    /// What people made of it.
    pub suggestion: Suggestion,
    /// The issue that holds it.
    pub issue: Option<IssueId>,
}

/// A decision to make.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'a> {
    /// Advisory's id.
    pub advisory: &'a str,
    /// The revision that its maker saw.
    pub revision: i64,
    /// What to do.
    pub command: &'a Command,
    /// Who.
    pub person: PersonId,
    /// When.
    pub now: Millis,
}

/// What a decision did.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// The suggestion as it is now.
    pub suggestion: StoredSuggestion,
    /// The entry in the log; give it to [`Db::undo`] to take the decision back.
    pub activity: i64,
}

impl Db {
    /// A suggestion; nothing where the matcher never found anything affected.
    ///
    /// # Errors
    /// As every read.
    pub fn suggestion(&self, advisory: &str) -> Result<Option<StoredSuggestion>> {
        self.read(|session| match names::advisory(session, advisory)? {
            Some(number) => load(session, number),
            None => Ok(None),
        })
    }

    /// Carries a decision out, and writes it into the log.
    ///
    /// # Errors
    /// [`DbError::Missing`] for an unknown suggestion, [`DbError::Overtaken`] when somebody else
    /// changed it meanwhile, [`DbError::Decision`] when its state does not allow it.
    pub fn decide(&self, decision: &Decision<'_>) -> Result<Decided> {
        self.write(|session| {
            let (number, stored) = found(session, decision.advisory)?;
            if stored.revision != decision.revision {
                return Err(DbError::Overtaken {
                    what: decision.advisory.to_owned(),
                });
            }
            let now = basis_of(self, session, number)?;
            let next = stored
                .suggestion
                .after(decision.command, decision.person.get(), &now)?;
            let mut body = touched(&stored.suggestion, &next)?;
            if let Command::Comment(comment) = decision.command {
                body["comment"] = json!(comment);
            }
            let entry = Entry {
                at: decision.now,
                person: Some(decision.person),
                subject: &Subject::Suggestion(stored.advisory.clone()),
                action: decision.command.word(),
                body: &body,
                undoes: None,
            };
            let activity = activity::append(session, &entry)?;
            store(session, number, stored.revision + 1, &next)?;
            done(session, number, activity)
        })
    }

    /// Takes a change of the log back, of a suggestion or an issue, provided that nobody touched the same since.
    /// The number of the entry that says so.
    ///
    /// # Errors
    /// [`DbError::Missing`], [`DbError::Overtaken`] when it was touched since or was taken back already.
    pub fn undo(&self, activity: i64, person: PersonId, now: Millis) -> Result<i64> {
        self.write(|session| {
            let entry = activity::entry(session, activity)?;
            let overtaken = || DbError::Overtaken {
                what: entry.subject.to_string(),
            };
            let before = entry.body.get("before").and_then(Json::as_object);
            if entry.undone_by.is_some() || before.is_none_or(serde_json::Map::is_empty) {
                return Err(overtaken());
            }
            let touched: Touched = serde_json::from_value(entry.body.clone())
                .map_err(|failed| DbError::damaged("activity", failed))?;
            let (action, body) = match &entry.subject {
                Subject::Suggestion(id) => {
                    let (number, stored) = found(session, id)?;
                    let next = stored.suggestion.without(&touched)?;
                    // What its issue moved is undone there.
                    if stored.suggestion.state != next.state
                        && (stored.suggestion.state.is_bundled() || next.state.is_bundled())
                    {
                        return Err(overtaken());
                    }
                    store(session, number, stored.revision + 1, &next)?;
                    ("undo", self::touched(&stored.suggestion, &next)?)
                }
                Subject::Issue(id) => {
                    let by = issues::Maker {
                        person: Some(person),
                        now,
                    };
                    ("undo", self.undo_issue(session, *id, touched, by)?)
                }
                Subject::Rule(_) | Subject::Person(_) => return Err(overtaken()),
            };
            let entry = Entry {
                at: now,
                person: Some(person),
                subject: &entry.subject,
                action,
                body: &body,
                undoes: Some(activity),
            };
            activity::append(session, &entry)
        })
    }
}

/// The facts that a decision on this advisory rests on now.
pub(crate) fn basis_of(db: &Db, session: &mut Session<'_>, advisory: i64) -> Result<Basis> {
    let sets = session.list(
        "SELECT body FROM match_set WHERE advisory = ?1",
        &[Value::Int(advisory)],
        |row| db.unpack_matches(row.blob(0)?),
    )?;
    let ranges = db.assemble(session, &[advisory])?.pop();
    let affected = sets.iter().flatten().filter(|stored| counts(stored));
    Ok(Basis {
        affected: affected.map(|stored| stored.found.attr.clone()).collect(),
        ranges: ranges
            .map(|advisory| basis::ranges(&advisory))
            .unwrap_or_default(),
    })
}

fn counts(stored: &StoredMatch) -> bool {
    stored.found.verdict == Verdict::Affected && stored.found.tier != Tier::Low
}

/// Decided suggestions among these advisories learn what changed; issues learn how channels stand.
pub(crate) fn after_matching(
    db: &Db,
    session: &mut Session<'_>,
    advisories: &[i64],
    now: Millis,
) -> Result<()> {
    let decided = session.list(
        "SELECT advisory FROM suggestion WHERE advisory IN EACH_INT(?1) AND body IS NOT NULL ORDER BY advisory",
        &[Value::Ints(advisories)],
        |row| row.int(0),
    )?;
    for number in decided {
        let Some(stored) = load(session, number)? else {
            continue;
        };
        let basis = basis_of(db, session, number)?;
        let next = stored.suggestion.rematched(&basis);
        if next == stored.suggestion {
            continue;
        }
        if !next.returned.is_empty() {
            let sentences: Vec<String> =
                next.returned.iter().map(basis::Change::sentence).collect();
            let entry = Entry {
                at: now,
                person: None,
                subject: &Subject::Suggestion(stored.advisory.clone()),
                action: "returned",
                body: &json!({ "comment": sentences.join("; ") }),
                undoes: None,
            };
            activity::append(session, &entry)?;
        }
        store(session, number, stored.revision + 1, &next)?;
    }
    issues::refresh(db, session, advisories, now)
}

/// A suggestion by number.
pub(super) fn load(session: &mut Session<'_>, number: i64) -> Result<Option<StoredSuggestion>> {
    let found = session.first(
        "SELECT suggestion.revision, suggestion.first_seen, suggestion.tier, suggestion.body, issue_advisory.issue \
         FROM suggestion LEFT JOIN issue_advisory ON issue_advisory.advisory = suggestion.advisory WHERE suggestion.advisory = ?1",
        &[Value::Int(number)],
        |row| {
            let suggestion = match row.opt_text(3)? {
                None => Suggestion::default(),
                Some(body) => serde_json::from_str(body)
                    .map_err(|failed| DbError::damaged("suggestion", failed))?,
            };
            Ok(StoredSuggestion {
                advisory: String::new(),
                revision: row.int(0)?,
                first_seen: Millis::new(row.int(1)?),
                is_live: row.int(2)? != rows::GONE,
                suggestion,
                issue: row.opt_int(4)?.and_then(IssueId::unpack),
            })
        },
    )?;
    let Some(mut stored) = found else {
        return Ok(None);
    };
    stored.advisory = names::advisory_id(session, number)?;
    Ok(Some(stored))
}

/// Number and suggestion of an id that must be there.
pub(super) fn found(session: &mut Session<'_>, advisory: &str) -> Result<(i64, StoredSuggestion)> {
    let missing = || DbError::Missing {
        what: "suggestion",
        name: advisory.to_owned(),
    };
    let number = names::advisory(session, advisory)?.ok_or_else(missing)?;
    let stored = load(session, number)?.ok_or_else(missing)?;
    Ok((number, stored))
}

/// Writes what people made of a suggestion, and what the queue filters by.
pub(super) fn store(
    session: &mut Session<'_>,
    number: i64,
    revision: i64,
    next: &Suggestion,
) -> Result<()> {
    let stamp = rows::next_stamp(session)?;
    let body = match *next == Suggestion::default() {
        true => None,
        false => Some(
            serde_json::to_string(next).map_err(|failed| DbError::damaged("suggestion", failed))?,
        ),
    };
    let returned = if next.returned.is_empty() {
        0
    } else {
        rows::RETURNED
    };
    let proposed = if next.proposal.is_some() {
        rows::PROPOSED
    } else {
        0
    };
    session.run(
        "UPDATE suggestion SET state = ?2, assignee = ?3, flags = ?4, revision = ?5, stamp = ?6, body = ?7 WHERE advisory = ?1",
        &[
            Value::Int(number),
            Value::Int(i64::from(next.state.number())),
            Value::Int(next.assignee.unwrap_or(0)),
            Value::Int(returned | proposed),
            Value::Int(revision),
            Value::Int(stamp),
            body.as_deref().into(),
        ],
    )?;
    Ok(())
}

fn done(session: &mut Session<'_>, number: i64, activity: i64) -> Result<Decided> {
    let suggestion =
        load(session, number)?.ok_or_else(|| DbError::damaged("suggestion", number))?;
    Ok(Decided {
        suggestion,
        activity,
    })
}

fn touched(before: &Suggestion, after: &Suggestion) -> Result<Json> {
    serde_json::to_value(history::touched(before, after))
        .map_err(|failed| DbError::damaged("suggestion", failed))
}
