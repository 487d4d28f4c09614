//! Published issues for programs: a list, one, and what changed.

use axum::extract::State;
use axum::http::HeaderMap;
use serde::Serialize;
use snowguard_tracker_db::{Db, StoredIssue};
use snowguard_tracker_export::{Cursor, Issue, IssueId, Moment, Provider, paths};
use snowguard_tracker_triage::issue::{Severity, Stage};
use snowguard_tracker_triage::issue_id;

use super::{Answer, Asked, PAGE, Segment, Shared, document};
use crate::failure::Failure;
use crate::open;
use crate::request::Params;

/// The version that every document names.
const VERSION: u8 = 1;

/// `/issues` and `/changes`
#[derive(Debug, Serialize)]
struct Issues {
    version: u8,
    issues: Vec<Entry>,
    /// Where the list goes on; for changes also where the next look begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Cursor>,
    /// Whether there is more at once; of changes alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<bool>,
}

#[derive(Debug, Serialize)]
struct Entry {
    id: String,
    title: String,
    stage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'static str>,
    published: Moment,
    modified: Moment,
    advisories: Vec<String>,
    packages: Vec<String>,
    channels: Vec<String>,
}

impl Entry {
    fn new(stored: StoredIssue) -> Result<(Self, Cursor), Failure> {
        let moment =
            |millis| Moment::from_millis(millis).map_err(|failed| Failure::Inside(failed.into()));
        let modified = moment(stored.changed.get())?;
        let published = stored.published.unwrap_or(stored.changed);
        let stage = stored.issue.word();
        let standings = stored.issue.standings;
        let mut packages: Vec<String> = standings
            .values()
            .flat_map(|one| one.keys().cloned())
            .collect();
        packages.sort_unstable();
        packages.dedup();
        let id = stored.id.to_string();
        let cursor = format!("{modified}/{id}").parse();
        let entry = Self {
            id,
            stage,
            title: stored.issue.title,
            severity: stored.issue.severity.map(Severity::as_str),
            published: moment(published.get())?,
            modified,
            advisories: stored.issue.advisories,
            packages,
            channels: standings.into_keys().collect(),
        };
        Ok((
            entry,
            cursor.map_err(|failed: snowguard_tracker_export::InputError| {
                Failure::Inside(failed.into())
            })?,
        ))
    }
}

/// `/issues/{id}`
#[derive(Debug, Serialize)]
struct One {
    version: u8,
    issue: Issue,
    documents: Documents,
}

/// Where the issue stands in other formats.
#[derive(Debug, Serialize)]
struct Documents {
    page: String,
    osv: String,
    csaf: String,
    openvex: String,
    cyclonedx: String,
}

impl Documents {
    fn of(issue: &Issue, provider: &Provider) -> Self {
        let address = |path: String| provider.export(&path).to_string();
        Self {
            page: provider.issue_page(issue.id).to_string(),
            osv: address(paths::osv(issue.id)),
            csaf: address(paths::csaf(issue.id, issue.published)),
            openvex: address(paths::openvex(issue.id)),
            cyclonedx: address(paths::cyclonedx(issue.id)),
        }
    }
}

/// Issues, the last change first.
pub async fn list(State(app): Shared, params: Asked, request: HeaderMap) -> Answer {
    let params = Params::parse(params)?;
    let limit = params.limit(PAGE)?;
    let before = params.cursor.as_deref().map(cursor).transpose()?;
    let before = before.map(place).transpose()?;
    let stage = match params.stage.as_deref() {
        None => None,
        Some("published") => Some(Stage::Published),
        Some("resolved") => Some(Stage::Resolved),
        Some(_) => {
            let text = "A stage is published or resolved.".to_owned();
            return Err(Failure::BadRequest(text).into());
        }
    };
    let shelf = app.shelf()?;
    document(app, request, move |db| {
        let chosen = shelf.newest(db, before, limit, |short| {
            stage.is_none_or(|stage| short.stage == stage)
                && params
                    .package
                    .as_deref()
                    .is_none_or(|attr| short.names(attr))
                && params
                    .channel
                    .as_deref()
                    .is_none_or(|name| short.is_in(name))
        });
        let mut issues = Vec::new();
        let mut next = None;
        for short in chosen.map_err(open::inside)? {
            // One that went meanwhile has changed, and comes again in its place.
            if let Some(stored) = db.issue(short.id)? {
                issues.push(Entry::new(stored)?.0);
            }
            next = Some(at(short.changed, short.id)?);
        }
        let full = issues.len() == limit;
        Ok(Issues {
            version: VERSION,
            issues,
            next: next.filter(|_| full),
            more: None,
        })
    })
    .await
}

/// Issues that changed after a cursor, in the order in which they did.
pub async fn changes(State(app): Shared, params: Asked, request: HeaderMap) -> Answer {
    let params = Params::parse(params)?;
    let limit = params.limit(PAGE)?;
    // Both names: it is the cursor of a list, and what exports call `since`.
    let since = params.since.as_deref().or(params.cursor.as_deref());
    let since = since.map(cursor).transpose()?;
    document(app, request, move |db| changed(db, since, limit)).await
}

fn changed(db: &Db, since: Option<Cursor>, limit: usize) -> Result<Issues, Failure> {
    let stored = db.public_issues(since.map(open::place), limit)?;
    let more = stored.len() == limit;
    let mut next = since;
    let mut issues = Vec::with_capacity(stored.len());
    for one in stored {
        let (entry, cursor) = Entry::new(one)?;
        issues.push(entry);
        next = Some(cursor);
    }
    Ok(Issues {
        version: VERSION,
        issues,
        next,
        more: Some(more),
    })
}

/// One issue, whole.
pub async fn one(State(app): Shared, id: Segment, request: HeaderMap) -> Answer {
    let bad = || Failure::BadRequest("An id is written NIXPKGS-YYYY-NNNN.".to_owned());
    let id = id.ok().and_then(|id| id.0.parse::<IssueId>().ok());
    let id = id.ok_or_else(bad)?;
    let shelf = app.shelf()?;
    document(app, request, move |db| {
        let issue = open::issue(db, id)?;
        Ok(One {
            version: VERSION,
            documents: Documents::of(&issue, &shelf.publisher.provider),
            issue,
        })
    })
    .await
}

/// A cursor, or a time.
fn cursor(text: &str) -> Result<Cursor, Failure> {
    open::cursor(text).ok_or_else(|| {
        Failure::BadRequest(
            "This is no place in the list: give the `next` of an answer.".to_owned(),
        )
    })
}

fn place(cursor: Cursor) -> Result<(i64, issue_id::IssueId), Failure> {
    let place = open::place(cursor);
    let whole = place.id.map(|id| (place.changed.get(), id));
    whole.ok_or_else(|| {
        Failure::BadRequest(
            "This is no place in the list: give the `next` of an answer.".to_owned(),
        )
    })
}

fn at(changed: i64, id: issue_id::IssueId) -> Result<Cursor, Failure> {
    let inside = |failed: snowguard_tracker_export::InputError| Failure::Inside(failed.into());
    let moment = Moment::from_millis(changed).map_err(inside)?;
    format!("{moment}/{id}").parse().map_err(inside)
}
