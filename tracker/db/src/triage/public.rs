//! What is public, as exports and feeds read it: published issues in the order of their changes.

use std::ops::ControlFlow;

use rustc_hash::FxHashMap;
use serde::Deserialize;
use snowguard_advisory::model::Advisory;
use snowguard_tracker_triage::issue::Stage;
use snowguard_tracker_triage::issue_id::IssueId;

use super::issues::{self, StoredIssue};
use crate::db::Db;
use crate::error::{DbError, Result};
use crate::names;
use crate::session::{Session, Value};
use crate::time::Millis;

/// Issues of one part.
const PART: usize = 500;

/// A place in the order of changes. With an id: behind that issue's change; without one: at the moment, before all
/// that changed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// When.
    pub changed: Millis,
    /// Which.
    pub id: Option<IssueId>,
}

/// What the exports rest on: as long as this is the same, so are they.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicStamp {
    /// The last public change.
    pub last: Option<Place>,
    /// Public issues.
    pub issues: u64,
    /// The last evaluation of a channel.
    pub evaluation: i64,
    /// The last run of a feed.
    pub run: i64,
}

/// Some public issues, with what their documents say besides.
#[derive(Debug, Clone)]
pub struct PublicPart {
    /// The issues, the oldest change first.
    pub issues: Vec<StoredIssue>,
    /// `pname` by attribute path, where a channel has the attribute.
    pub names: FxHashMap<String, String>,
    /// The advisories that they are about, by id.
    pub advisories: FxHashMap<String, Advisory>,
}

/// What a visit comes by.
#[derive(Debug)]
pub enum Visited {
    /// First: what it rests on.
    Stamp(PublicStamp),
    /// Then some issues, again and again.
    Part(PublicPart),
}

#[derive(Deserialize)]
struct Named {
    pname: String,
}

impl Db {
    /// What the exports rest on now.
    ///
    /// # Errors
    /// As every read.
    pub fn public_stamp(&self) -> Result<PublicStamp> {
        self.read(stamp)
    }

    /// Public issues behind a place, the oldest change first; at most `limit`, at most 500.
    ///
    /// # Errors
    /// As every read.
    pub fn public_issues(&self, after: Option<Place>, limit: usize) -> Result<Vec<StoredIssue>> {
        self.read(|session| list(session, after, limit))
    }

    /// Visits every public issue behind a place, in one view of the database: first what it rests on, then the
    /// issues in parts.
    ///
    /// # Errors
    /// As every read.
    pub fn visit_public(
        &self,
        after: Option<Place>,
        visit: &mut dyn FnMut(Visited) -> ControlFlow<()>,
    ) -> Result<()> {
        self.read(|session| {
            if visit(Visited::Stamp(stamp(session)?)).is_break() {
                return Ok(());
            }
            let mut after = after;
            loop {
                let issues = list(session, after, PART)?;
                let Some(last) = issues.last() else {
                    return Ok(());
                };
                after = Some(place(last));
                if visit(Visited::Part(self.part(session, issues)?)).is_break() {
                    return Ok(());
                }
            }
        })
    }

    /// These public issues with what their documents say, in the order of the ids; drafts are as if they were not there.
    ///
    /// # Errors
    /// As every read.
    pub fn public_part(&self, ids: &[IssueId]) -> Result<PublicPart> {
        self.read(|session| {
            let mut all = Vec::with_capacity(ids.len());
            for id in ids {
                let stored = issues::load(session, *id)?;
                all.extend(stored.filter(|stored| stored.issue.stage != Stage::Draft));
            }
            self.part(session, all)
        })
    }

    /// What the exports rest on, and the public issues that changed last, the last first.
    ///
    /// # Errors
    /// As every read.
    pub fn newest_public(&self, limit: usize) -> Result<(PublicStamp, PublicPart)> {
        self.read(|session| {
            let sql = format!(
                "{} WHERE stage = ?1 ORDER BY changed DESC, id DESC LIMIT ?2",
                issues::SELECT
            );
            let limit = limit.min(PART);
            let mut all = Vec::new();
            for stage in [Stage::Published, Stage::Resolved] {
                let params = [
                    Value::Int(issues::stage_number(stage)),
                    Value::Int(limit as i64),
                ];
                all.extend(session.list(&sql, &params, issues::read)?);
            }
            all.sort_by_key(|stored| std::cmp::Reverse((stored.changed, stored.id)));
            all.truncate(limit);
            Ok((stamp(session)?, self.part(session, all)?))
        })
    }

    fn part(&self, session: &mut Session<'_>, issues: Vec<StoredIssue>) -> Result<PublicPart> {
        let mut ids: Vec<&str> = Vec::new();
        let mut attrs: Vec<&str> = Vec::new();
        for stored in &issues {
            ids.extend(stored.issue.advisories.iter().map(String::as_str));
            let standings = stored.issue.standings.values();
            attrs.extend(standings.flat_map(|of_channel| of_channel.keys().map(String::as_str)));
        }
        for list in [&mut ids, &mut attrs] {
            list.sort_unstable();
            list.dedup();
        }
        // The newest content of an attribute says what it is called; its channels rarely differ in that.
        let names = session.list(
            "SELECT attribute.name, package.body FROM attribute CROSS JOIN package \
             WHERE attribute.name IN EACH_TEXT(?1) AND package.attribute = attribute.id AND package.until IS NULL \
             ORDER BY package.id",
            &[Value::Texts(&attrs)],
            |row| {
                let json = self.packer().unpack(row.blob(1)?, "package")?;
                let package: Named = serde_json::from_slice(&json)
                    .map_err(|failed| DbError::damaged("package", failed))?;
                Ok((row.text(0)?.to_owned(), package.pname))
            },
        )?;
        let mut numbers = Vec::with_capacity(ids.len());
        for id in ids {
            numbers.extend(names::advisory(session, id)?);
        }
        let advisories = self.assemble(session, &numbers)?;
        Ok(PublicPart {
            issues,
            names: names.into_iter().collect(),
            advisories: advisories
                .into_iter()
                .map(|advisory| (advisory.id.clone(), advisory))
                .collect(),
        })
    }
}

/// The place of an issue in the order of changes.
#[must_use]
pub fn place(stored: &StoredIssue) -> Place {
    Place {
        changed: stored.changed,
        id: Some(stored.id),
    }
}

fn list(session: &mut Session<'_>, after: Option<Place>, limit: usize) -> Result<Vec<StoredIssue>> {
    let (changed, id) = after.map_or((i64::MIN, i64::MIN), |after| {
        let id = after.id.map_or(i64::MIN, IssueId::packed);
        (after.changed.get(), id)
    });
    let limit = limit.min(PART);
    let sql = format!(
        "{} WHERE stage = ?1 AND (changed, id) > (?2, ?3) ORDER BY changed, id LIMIT ?4",
        issues::SELECT
    );
    let mut all = Vec::new();
    for stage in [Stage::Published, Stage::Resolved] {
        let params = [
            Value::Int(issues::stage_number(stage)),
            Value::Int(changed),
            Value::Int(id),
            Value::Int(limit as i64),
        ];
        all.extend(session.list(&sql, &params, issues::read)?);
    }
    all.sort_by_key(|stored| (stored.changed, stored.id));
    all.truncate(limit);
    Ok(all)
}

fn stamp(session: &mut Session<'_>) -> Result<PublicStamp> {
    let (mut last, mut count) = (None, 0);
    for stage in [Stage::Published, Stage::Resolved] {
        let stage = [Value::Int(issues::stage_number(stage))];
        count += session.number("SELECT count(*) FROM issue WHERE stage = ?1", &stage)?;
        let newest = session.first(
            "SELECT changed, id FROM issue WHERE stage = ?1 ORDER BY changed DESC, id DESC LIMIT 1",
            &stage,
            |row| Ok((row.int(0)?, row.int(1)?)),
        )?;
        last = last.max(newest);
    }
    Ok(PublicStamp {
        last: last.map(|(changed, id)| Place {
            changed: Millis::new(changed),
            id: IssueId::unpack(id),
        }),
        issues: count.cast_unsigned(),
        evaluation: session.number("SELECT max(id) FROM evaluation", &[])?,
        run: session.number("SELECT max(id) FROM run", &[])?,
    })
}
