//! What happened that somebody may want to hear of.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;
use snowguard_tracker_triage::issue::Issue;
use snowguard_tracker_triage::issue_id::IssueId;

use super::jobs::{NewJob, put};
use crate::error::{DbError, Result};
use crate::names;
use crate::session::{Session, Value};
use crate::time::Millis;

/// What kind of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The matcher found packages affected that were not before.
    Affected,
    /// An issue was published.
    Published,
    /// A published issue says something else.
    Changed,
    /// An issue was resolved.
    Resolved,
    /// An issue should not have been published.
    Withdrawn,
}

impl EventKind {
    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Affected => "affected",
            Self::Published => "published",
            Self::Changed => "changed",
            Self::Resolved => "resolved",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        [
            Self::Affected,
            Self::Published,
            Self::Changed,
            Self::Resolved,
            Self::Withdrawn,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| DbError::damaged("kind of event", text))
    }
}

/// A piece of news.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// Number, grows.
    pub id: i64,
    /// When.
    pub at: Millis,
    /// What kind.
    pub kind: EventKind,
    /// Id of the advisory or the issue.
    pub subject: String,
    /// What else.
    #[serde(flatten)]
    pub body: Body,
}

/// What an event says beside its subject.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Body {
    /// One line; hostile text.
    pub title: String,
    /// Attribute paths, at most [`ATTRS`].
    pub attrs: Vec<String>,
    /// Channels.
    pub channels: Vec<String>,
    /// CVSS base score times 10; 0 where there is none.
    pub severity: u8,
    /// Known to be exploited.
    pub kev: bool,
}

/// Attributes kept with an event; a kernel flaw touches hundreds.
const ATTRS: usize = 1000;

/// Affected attributes of an advisory and their channels.
pub(crate) type Affected = BTreeMap<String, BTreeSet<String>>;

/// Whether anybody would hear of news.
fn anybody_listens(session: &mut Session<'_>) -> Result<bool> {
    let one = session.number("SELECT id FROM subscription LIMIT 1", &[])?;
    Ok(one > 0)
}

/// Tells of attributes that are affected and were not, by advisory number.
pub(crate) fn newly_affected(
    session: &mut Session<'_>,
    news: &BTreeMap<i64, Affected>,
    now: Millis,
) -> Result<()> {
    if news.is_empty() || !anybody_listens(session)? {
        return Ok(());
    }
    for (advisory, affected) in news {
        let found = session.first(
            "SELECT severity, kev FROM suggestion WHERE advisory = ?1",
            &[Value::Int(*advisory)],
            |row| Ok((row.int(0)?, row.int(1)? != 0)),
        )?;
        let (severity, kev) = found.unwrap_or_default();
        let summary = crate::listing::advisories(session, &[*advisory])?.pop();
        let channels: BTreeSet<&String> = affected.values().flatten().collect();
        let body = Body {
            title: summary.map(|summary| summary.title).unwrap_or_default(),
            attrs: affected.keys().take(ATTRS).cloned().collect(),
            channels: channels.into_iter().cloned().collect(),
            severity: u8::try_from(severity).unwrap_or(0),
            kev,
        };
        let subject = names::advisory_id(session, *advisory)?;
        append(session, EventKind::Affected, &subject, &body, now)?;
    }
    Ok(())
}

/// Tells of what became of an issue.
pub(crate) fn about_issue(
    session: &mut Session<'_>,
    kind: EventKind,
    id: IssueId,
    issue: &Issue,
    now: Millis,
) -> Result<()> {
    if !anybody_listens(session)? {
        return Ok(());
    }
    let attrs: BTreeSet<&String> = issue.standings.values().flat_map(BTreeMap::keys).collect();
    let mut body = Body {
        title: issue.title.clone(),
        attrs: attrs.into_iter().take(ATTRS).cloned().collect(),
        channels: issue.standings.keys().cloned().collect(),
        severity: issue.severity.map_or(0, |severity| severity.threshold()),
        kev: false,
    };
    for advisory in &issue.advisories {
        if let Some(number) = names::advisory(session, advisory)? {
            let found = session.first(
                "SELECT severity, kev FROM suggestion WHERE advisory = ?1",
                &[Value::Int(number)],
                |row| Ok((row.int(0)?, row.int(1)? != 0)),
            )?;
            let (severity, kev) = found.unwrap_or_default();
            body.severity = body.severity.max(u8::try_from(severity).unwrap_or(0));
            body.kev |= kev;
        }
    }
    append(session, kind, &id.to_string(), &body, now)
}

fn append(
    session: &mut Session<'_>,
    kind: EventKind,
    subject: &str,
    body: &Body,
    now: Millis,
) -> Result<()> {
    let id = session.number("SELECT max(id) FROM event", &[])? + 1;
    let body = serde_json::to_string(body).map_err(|failed| DbError::damaged("event", failed))?;
    session.run(
        "INSERT INTO event (id, at, kind, subject, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        &[
            Value::Int(id),
            Value::Int(now.get()),
            Value::Text(kind.as_str()),
            Value::Text(subject),
            Value::Text(&body),
        ],
    )?;
    let job = NewJob {
        kind: "notify",
        name: "events",
        body: &json!({}),
        due: now,
    };
    put(session, &job)
}
