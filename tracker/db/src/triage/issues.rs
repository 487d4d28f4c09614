//! Issues: bundles of suggestions under an id of their own.

use serde_json::{Value as Json, json};
use snowguard_tracker_triage::command::Refusal;
use snowguard_tracker_triage::history::{self, Touched};
use snowguard_tracker_triage::issue::{Issue, Stage};
use snowguard_tracker_triage::issue_id::IssueId;
use snowguard_tracker_triage::state::State;

use super::activity::{self, Entry, Subject};
use super::decide::{self, StoredSuggestion, basis_of};
use super::standings::standings;
use crate::db::Db;
use crate::delivery::{self, EventKind, NewJob};
use crate::error::{DbError, Result};
use crate::people::PersonId;
use crate::session::{Row, Session, Value};
use crate::time::Millis;

/// An issue as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredIssue {
    /// Its id.
    pub id: IssueId,
    /// Give this back with a change.
    pub revision: i64,
    /// Its content.
    pub issue: Issue,
    /// When it was drafted.
    pub created: Millis,
    /// When it was published first.
    pub published: Option<Millis>,
    /// When its content last changed.
    pub changed: Millis,
    /// Number of the GitHub issue that tells of it.
    pub github: Option<i64>,
}

/// A change to make.
#[derive(Debug, Clone, Copy)]
pub struct IssueChange<'a> {
    /// Of which issue.
    pub id: IssueId,
    /// The revision that its maker saw.
    pub revision: i64,
    /// The content as it is to be; standings that nobody set by hand are worked out anew.
    pub next: &'a Issue,
    /// Stable word for the log.
    pub action: &'a str,
    /// Who.
    pub person: PersonId,
    /// When.
    pub now: Millis,
}

pub(super) const SELECT: &str =
    "SELECT id, revision, body, created, published, changed, github FROM issue";

pub(super) fn read(row: &Row<'_>) -> Result<StoredIssue> {
    let number = row.int(0)?;
    Ok(StoredIssue {
        id: IssueId::unpack(number).ok_or_else(|| DbError::damaged("issue number", number))?,
        revision: row.int(1)?,
        issue: serde_json::from_str(row.text(2)?)
            .map_err(|failed| DbError::damaged("issue", failed))?,
        created: Millis::new(row.int(3)?),
        published: row.opt_int(4)?.map(Millis::new),
        changed: Millis::new(row.int(5)?),
        github: row.opt_int(6)?,
    })
}

impl Db {
    /// An issue.
    ///
    /// # Errors
    /// As every read.
    pub fn issue(&self, id: IssueId) -> Result<Option<StoredIssue>> {
        self.read(|session| load(session, id))
    }

    /// Issues of a stage, the last changed first, before a moment and id; at most `limit`.
    ///
    /// # Errors
    /// As every read.
    pub fn issues(
        &self,
        stage: Stage,
        before: Option<(Millis, IssueId)>,
        limit: usize,
    ) -> Result<Vec<StoredIssue>> {
        let (changed, id) = before.map_or((i64::MAX, i64::MAX), |(changed, id)| {
            (changed.get(), id.packed())
        });
        let sql = format!(
            "{SELECT} WHERE stage = ?1 AND (changed, id) < (?2, ?3) ORDER BY changed DESC, id DESC LIMIT ?4"
        );
        let params = [
            Value::Int(stage_number(stage)),
            Value::Int(changed),
            Value::Int(id),
            Value::Int(limit.min(500) as i64),
        ];
        self.read(|session| session.list(&sql, &params, read))
    }

    /// Drafts an issue of accepted suggestions.
    ///
    /// # Errors
    /// [`DbError::Missing`] for an unknown suggestion, [`DbError::Decision`] for one that is not accepted.
    pub fn draft_issue(
        &self,
        year: u16,
        content: &Issue,
        person: PersonId,
        now: Millis,
    ) -> Result<StoredIssue> {
        self.write(|session| {
            let first = i64::from(year) << 32;
            let last = session.number(
                "SELECT max(id) FROM issue WHERE id > ?1 AND id <= ?2",
                &[Value::Int(first), Value::Int(first | 0xffff_ffff)],
            )?;
            let number = u32::try_from(last & 0xffff_ffff).unwrap_or(u32::MAX).saturating_add(1);
            let id = IssueId::new(year, number).ok_or_else(|| DbError::damaged("year", year))?;
            let empty = StoredIssue {
                id,
                revision: -1,
                issue: Issue::default(),
                created: now,
                published: None,
                changed: now,
                github: None,
            };
            session.run(
                "INSERT INTO issue (id, stage, revision, body, created, changed) VALUES (?1, 0, -1, '{}', ?2, 0)",
                &[Value::Int(id.packed()), Value::Int(now.get())],
            )?;
            let next = Issue { stage: Stage::Draft, ..content.clone() };
            let by = Maker { person: Some(person), now };
            self.change(session, &empty, &next, "draft", by)
        })
    }

    /// Changes an issue: content, stage, or which suggestions it holds.
    ///
    /// # Errors
    /// [`DbError::Missing`], [`DbError::Overtaken`] when somebody changed it meanwhile, [`DbError::Decision`] when a suggestion's
    /// state does not allow it.
    pub fn change_issue(&self, change: &IssueChange<'_>) -> Result<StoredIssue> {
        self.write(|session| {
            let stored = found(session, change.id)?;
            if stored.revision != change.revision {
                return Err(overtaken(change.id));
            }
            let by = Maker {
                person: Some(change.person),
                now: change.now,
            };
            self.change(session, &stored, change.next, change.action, by)
        })
    }

    /// Notes which GitHub issue tells of it.
    ///
    /// # Errors
    /// As every write.
    pub fn set_issue_github(&self, id: IssueId, github: i64) -> Result<()> {
        self.write(|session| {
            session.run(
                "UPDATE issue SET github = ?2 WHERE id = ?1",
                &[Value::Int(id.packed()), Value::Int(github)],
            )?;
            Ok(())
        })
    }

    fn change(
        &self,
        session: &mut Session<'_>,
        stored: &StoredIssue,
        next: &Issue,
        action: &str,
        by: Maker,
    ) -> Result<StoredIssue> {
        let body = self.carry_out(session, stored, next, by)?;
        note(session, stored.id, action, &body, by)?;
        found(session, stored.id)
    }

    /// A change without its entry in the log; what that says.
    fn carry_out(
        &self,
        session: &mut Session<'_>,
        stored: &StoredIssue,
        next: &Issue,
        by: Maker,
    ) -> Result<Json> {
        let mut next = next.clone();
        next.advisories.sort_unstable();
        next.advisories.dedup();
        self.move_suggestions(session, stored, &next, by)?;
        next = next.refreshed(&standings(self, session, &next)?);
        store(session, stored, &next, by.now)?;
        tell(session, stored, &next, by.now)?;
        serde_json::to_value(history::touched(&stored.issue, &next))
            .map_err(|failed| DbError::damaged("issue", failed))
    }

    /// Takes a change of an issue back. Its suggestions move along, to where they stood; what was published stays so, and
    /// one that was just drafted is dropped.
    pub(super) fn undo_issue(
        &self,
        session: &mut Session<'_>,
        id: IssueId,
        mut touched: Touched,
        by: Maker,
    ) -> Result<Json> {
        let stored = found(session, id)?;
        let moved = ["stage", "advisories", "withdrawn"];
        let moves = moved.iter().any(|name| touched.after.contains_key(*name));
        if moves {
            // How channels stand follows from what it is about, and is worked out anew.
            touched.before.remove("standings");
            touched.after.remove("standings");
        }
        let mut next: Issue = history::without(&stored.issue, &touched, &[])?;
        if stored.issue.stage != Stage::Draft && next.stage == Stage::Draft {
            return Err(Refusal::State {
                state: stored.issue.stage.state(),
                word: "undo",
            }
            .into());
        }
        if next.advisories.is_empty() {
            next = stored.issue.dropped(by.now.get())?;
        }
        if moves {
            return self.carry_out(session, &stored, &next, by);
        }
        store(session, &stored, &next, by.now)?;
        tell(session, &stored, &next, by.now)?;
        serde_json::to_value(history::touched(&stored.issue, &next))
            .map_err(|failed| DbError::damaged("issue", failed))
    }

    /// Moves the suggestions of an issue along: those that come, stay and go.
    fn move_suggestions(
        &self,
        session: &mut Session<'_>,
        stored: &StoredIssue,
        next: &Issue,
        by: Maker,
    ) -> Result<()> {
        let gone = stored
            .issue
            .holds()
            .iter()
            .filter(|id| !next.holds().contains(id));
        for advisory in gone {
            let (number, suggestion) = decide::found(session, advisory)?;
            session.run(
                "DELETE FROM issue_advisory WHERE advisory = ?1",
                &[Value::Int(number)],
            )?;
            self.move_one(session, number, &suggestion, State::Accepted, stored.id, by)?;
        }
        for advisory in next.holds() {
            let (number, suggestion) = decide::found(session, advisory)?;
            if suggestion.issue != Some(stored.id) {
                if suggestion.issue.is_some() {
                    return Err(overtaken(stored.id));
                }
                session.run(
                    "INSERT INTO issue_advisory (advisory, issue) VALUES (?1, ?2)",
                    &[Value::Int(number), Value::Int(stored.id.packed())],
                )?;
            }
            let wanted = next.stage.state();
            // One that joins a published issue passes through the states between.
            let path = match (suggestion.suggestion.state, wanted) {
                (State::Accepted, State::Published) => vec![State::Drafted, State::Published],
                (State::Accepted, State::Resolved) => {
                    vec![State::Drafted, State::Published, State::Resolved]
                }
                (state, wanted) if state == wanted => vec![],
                _ => vec![wanted],
            };
            let mut suggestion = suggestion;
            for state in path {
                suggestion = self.move_one(session, number, &suggestion, state, stored.id, by)?;
            }
        }
        Ok(())
    }

    fn move_one(
        &self,
        session: &mut Session<'_>,
        number: i64,
        stored: &StoredSuggestion,
        state: State,
        issue: IssueId,
        by: Maker,
    ) -> Result<StoredSuggestion> {
        let now = basis_of(self, session, number)?;
        let next = stored.suggestion.moved(state, &now)?;
        let mut body = serde_json::to_value(history::touched(&stored.suggestion, &next))
            .map_err(|failed| DbError::damaged("suggestion", failed))?;
        body["comment"] = json!(issue.to_string());
        let entry = Entry {
            at: by.now,
            person: by.person,
            subject: &Subject::Suggestion(stored.advisory.clone()),
            action: state.as_str(),
            body: &body,
            undoes: None,
        };
        activity::append(session, &entry)?;
        decide::store(session, number, stored.revision + 1, &next)?;
        Ok(StoredSuggestion {
            revision: stored.revision + 1,
            suggestion: next,
            ..stored.clone()
        })
    }
}

/// Who changes something; nobody: the tracker itself.
#[derive(Clone, Copy)]
pub(super) struct Maker {
    pub(super) person: Option<PersonId>,
    pub(super) now: Millis,
}

/// Issues that hold any of these advisories learn how their channels stand.
pub(super) fn refresh(
    db: &Db,
    session: &mut Session<'_>,
    advisories: &[i64],
    now: Millis,
) -> Result<()> {
    let issues = session.list(
        "SELECT DISTINCT issue FROM issue_advisory WHERE advisory IN EACH_INT(?1) ORDER BY issue",
        &[Value::Ints(advisories)],
        |row| row.int(0),
    )?;
    for id in issues.into_iter().filter_map(IssueId::unpack) {
        let stored = found(session, id)?;
        let next = stored
            .issue
            .refreshed(&standings(db, session, &stored.issue)?);
        if next == stored.issue {
            continue;
        }
        let mut body = serde_json::to_value(history::touched(&stored.issue, &next))
            .map_err(|failed| DbError::damaged("issue", failed))?;
        if next.proposes_to_resolve() && !stored.issue.proposes_to_resolve() {
            body["comment"] =
                json!("every package of every channel is settled: the issue may be resolved");
        }
        let by = Maker { person: None, now };
        note(session, id, "standings", &body, by)?;
        store(session, &stored, &next, now)?;
        tell(session, &stored, &next, now)?;
    }
    Ok(())
}

/// Whoever subscribed hears of what is public, and GitHub's issue is brought up to date.
fn tell(session: &mut Session<'_>, before: &StoredIssue, next: &Issue, now: Millis) -> Result<()> {
    let kind = match (before.issue.stage, next.stage) {
        (_, Stage::Draft) => return Ok(()),
        _ if next.withdrawn.is_some() && before.issue.withdrawn.is_none() => EventKind::Withdrawn,
        (Stage::Draft, _) => EventKind::Published,
        (Stage::Published, Stage::Resolved) => EventKind::Resolved,
        _ => EventKind::Changed,
    };
    delivery::about_issue(session, kind, before.id, next, now)?;
    let job = NewJob {
        kind: "publish",
        name: &before.id.to_string(),
        body: &json!({}),
        due: now,
    };
    delivery::put(session, &job)
}

fn store(session: &mut Session<'_>, stored: &StoredIssue, next: &Issue, now: Millis) -> Result<()> {
    let body = serde_json::to_string(next).map_err(|failed| DbError::damaged("issue", failed))?;
    let changed = next_change(session, now)?;
    let published = match next.stage {
        Stage::Draft => stored.published,
        Stage::Published | Stage::Resolved => stored.published.or(Some(changed)),
    };
    session.run(
        "UPDATE issue SET stage = ?2, revision = ?3, body = ?4, published = ?5, changed = ?6 WHERE id = ?1",
        &[
            Value::Int(stored.id.packed()),
            Value::Int(stage_number(next.stage)),
            Value::Int(stored.revision + 1),
            Value::Text(&body),
            published.map(Millis::get).into(),
            Value::Int(changed.get()),
        ],
    )?;
    Ok(())
}

/// Now, or a millisecond after the last change of any issue where that is later: a reader who has everything up to a
/// moment must find whatever is committed afterwards behind it, though clocks of several processes
/// differ and a writer that looked at the clock first may commit last. Writers take turns.
fn next_change(session: &mut Session<'_>, now: Millis) -> Result<Millis> {
    let mut last = i64::MIN;
    for stage in [Stage::Draft, Stage::Published, Stage::Resolved] {
        // One step in the index each.
        let sql = "SELECT coalesce(max(changed), 0) FROM issue WHERE stage = ?1";
        last = last.max(session.number(sql, &[Value::Int(stage_number(stage))])?);
    }
    Ok(Millis::new(now.get().max(last.saturating_add(1))))
}

pub(super) fn load(session: &mut Session<'_>, id: IssueId) -> Result<Option<StoredIssue>> {
    session.first(
        &format!("{SELECT} WHERE id = ?1"),
        &[Value::Int(id.packed())],
        read,
    )
}

fn found(session: &mut Session<'_>, id: IssueId) -> Result<StoredIssue> {
    load(session, id)?.ok_or_else(|| DbError::Missing {
        what: "issue",
        name: id.to_string(),
    })
}

fn note(
    session: &mut Session<'_>,
    id: IssueId,
    action: &str,
    body: &Json,
    by: Maker,
) -> Result<()> {
    let entry = Entry {
        at: by.now,
        person: by.person,
        subject: &Subject::Issue(id),
        action,
        body,
        undoes: None,
    };
    activity::append(session, &entry).map(|_| ())
}

fn overtaken(id: IssueId) -> DbError {
    DbError::Overtaken {
        what: id.to_string(),
    }
}

pub(super) fn stage_number(stage: Stage) -> i64 {
    match stage {
        Stage::Draft => 0,
        Stage::Published => 1,
        Stage::Resolved => 2,
    }
}
