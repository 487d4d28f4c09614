//! Issues: drafting, editing, publishing.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use snowguard_tracker_db::{Db, IssueChange, Millis, StoredIssue, Subject};
use snowguard_tracker_triage::dismissal::Reason;
use snowguard_tracker_triage::issue::{Issue, Stage, Status, Wording};
use snowguard_tracker_triage::issue_id::IssueId;
use snowguard_tracker_triage::role::Action;
use snowguard_tracker_triage::text;

use super::see;
use crate::account::posted::{Fields, Posted};
use crate::account::reader::Reader;
use crate::failure::Failure;
use crate::handlers::{Answer, Segment, Shared, show};
use crate::pages::triage::{issue, issues};

/// Issues of a page.
const LIMIT: usize = 50;

/// Entries of the log that are shown.
const ENTRIES: usize = 100;

/// `/issues`: published and resolved ones for everybody, drafts for those who write them.
pub async fn list(State(app): Shared, reader: Reader, uri: Uri, request: HeaderMap) -> Answer {
    let query = uri.query().unwrap_or_default().to_owned();
    show(app, reader, request, move |view| {
        let get = |wanted: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.into_owned())
        };
        let stage = match get("stage").as_deref() {
            None | Some("" | "published") => Stage::Published,
            Some("resolved") => Stage::Resolved,
            Some("draft") => {
                view.reader.require(Action::Draft)?;
                Stage::Draft
            }
            Some(_) => return Err(Failure::BadRequest("There is no such stage.".to_owned())),
        };
        let before = get("before").map(|text| place(&text)).transpose()?;
        let stored = view.db.issues(stage, before, LIMIT)?;
        let drafts = view.reader.may(Action::Draft);
        Ok(issues::Page::new(view.shell, stage, stored, LIMIT, drafts, view.now).render()?)
    })
    .await
}

/// `/issues/new?advisory=…&advisory=…`
pub async fn new(State(app): Shared, reader: Reader, uri: Uri, request: HeaderMap) -> Answer {
    reader.require(Action::Draft)?;
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let ids: Vec<String> = pairs
        .filter(|(name, _)| name == "advisory")
        .map(|(_, id)| id.into_owned())
        .take(100)
        .collect();
    show(app, reader, request, move |view| {
        let first = view.db.summaries(&ids[..ids.len().min(1)])?.pop();
        let title = first.map_or_else(String::new, |summary| {
            summary.title.chars().take(200).collect()
        });
        Ok(issues::NewIssue::new(view.shell, &ids, title).render()?)
    })
    .await
}

/// `POST /issues`
pub async fn draft(State(app): Shared, posted: Posted) -> Answer {
    let person = posted.reader.require(Action::Draft)?;
    let advisories = words(posted.fields.get("advisories"));
    if advisories.is_empty() {
        return Err(
            Failure::BadRequest("An issue is about at least one advisory.".to_owned()).into(),
        );
    }
    let content = Issue {
        advisories,
        ..Issue::default()
            .worded(wording(&posted.fields))
            .map_err(Failure::from)?
    };
    let now = app.now();
    let year = year(now)?;
    let stored = app
        .work(move |db| Ok(db.draft_issue(year, &content, person, Millis::new(now))?))
        .await?;
    Ok(see(&format!("/issue/{}", stored.id))?)
}

/// `/issue/{id}`
pub async fn page(State(app): Shared, id: Segment, reader: Reader, request: HeaderMap) -> Answer {
    let id = parse(id)?;
    show(app, reader, request, move |view| {
        let stored = visible(view.db, view.reader, id)?;
        let summaries = view.db.summaries(&stored.issue.advisories)?;
        let activity = view.db.activity_of(&Subject::Issue(id), None, ENTRIES)?;
        let powers = issue::Powers {
            drafts: view.reader.may(Action::Draft),
            publishes: view.reader.may(Action::Publish),
        };
        Ok(issue::Page::new(view.shell, stored, summaries, activity, powers, view.now).render()?)
    })
    .await
}

/// `POST /issue/{id}`
pub async fn change(State(app): Shared, id: Segment, posted: Posted) -> Answer {
    let id = parse(id)?;
    let revision = posted.fields.number("revision")?;
    let now = Millis::new(app.now());
    app.work(move |db| {
        let stored = visible(db, &posted.reader, id)?;
        let action = posted.fields.get("action").to_owned();
        let next = changed(&stored, &action, &posted.fields, now)?;
        // What is public is the security team's to change.
        let public = stored.issue.stage != Stage::Draft || next.stage != Stage::Draft;
        let person = posted.reader.require(if public {
            Action::Publish
        } else {
            Action::Draft
        })?;
        let change = IssueChange {
            id,
            revision,
            next: &next,
            action: &action,
            person,
            now,
        };
        Ok(db.change_issue(&change)?)
    })
    .await?;
    Ok(see(&format!("/issue/{id}"))?)
}

/// The issue after what a form asks for.
fn changed(
    stored: &StoredIssue,
    action: &str,
    fields: &Fields,
    now: Millis,
) -> Result<Issue, Failure> {
    let issue = &stored.issue;
    Ok(match action {
        "edit" => issue.worded(wording(fields))?,
        "publish" => issue.staged(Stage::Published)?,
        "reopen" => issue.staged(match issue.stage {
            Stage::Draft => Stage::Draft,
            Stage::Published | Stage::Resolved => Stage::Published,
        })?,
        "drop" => issue.dropped(now.get())?,
        "resolve" => issue.staged(Stage::Resolved)?,
        "withdraw" => issue.withdraw(fields.get("reason"), now.get())?,
        "bundle" => {
            let mut advisories = issue.advisories.clone();
            advisories.extend(words(fields.get("advisories")));
            Issue {
                advisories,
                ..issue.clone()
            }
        }
        "unbundle" => {
            let gone = fields.get("advisory");
            let advisories: Vec<String> = issue
                .advisories
                .iter()
                .filter(|id| *id != gone)
                .cloned()
                .collect();
            if advisories.is_empty() {
                return Err(Failure::BadRequest(
                    "An issue is about at least one advisory.".to_owned(),
                ));
            }
            Issue {
                advisories,
                ..issue.clone()
            }
        }
        "status" => {
            let (channel, attr) = (fields.get("channel"), fields.get("attr"));
            issue.with_status(
                channel,
                attr,
                status(fields)?
                    .as_ref()
                    .map(|(status, why)| (status.clone(), why.as_str())),
            )?
        }
        _ => return Err(Failure::BadRequest("There is no such action.".to_owned())),
    })
}

/// A status set by hand; nothing gives it back to the matcher.
fn status(fields: &Fields) -> Result<Option<(Status, String)>, Failure> {
    let why = text::comment(fields.get("evidence"))?;
    let version = fields.get("version").to_owned();
    let status = match fields.get("status") {
        "" => return Ok(None),
        "under_investigation" => Status::UnderInvestigation,
        "affected" => Status::Affected { version },
        "fixed_in_version" => Status::FixedInVersion { version },
        "fixed_by_patch" => Status::FixedByPatch {
            version,
            patch: text::line("patch", &why)?,
        },
        "wont_fix" => Status::WontFix {
            why: text::line("reason", &why)?,
        },
        "not_affected" => Status::NotAffected {
            reason: Reason::parse(fields.get("reason")),
        },
        _ => return Err(Failure::BadRequest("There is no such status.".to_owned())),
    };
    Ok(Some((status, why)))
}

/// An issue that the reader may see: what is not public does not exist for those who do not write it.
fn visible(db: &Db, reader: &Reader, id: IssueId) -> Result<StoredIssue, Failure> {
    let found = db.issue(id)?;
    let found =
        found.filter(|stored| stored.issue.stage != Stage::Draft || reader.may(Action::Draft));
    found.ok_or_else(|| Failure::NotFound(format!("There is no issue {id}.")))
}

fn wording(fields: &Fields) -> Wording<'_> {
    Wording {
        title: fields.get("title"),
        severity: fields.get("severity"),
        notes: fields.get("notes"),
        links: fields.get("links"),
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace()
        .map(str::to_owned)
        .take(text::ENTRIES)
        .collect()
}

fn parse(id: Segment) -> Result<IssueId, Failure> {
    let id = id.ok().and_then(|Path(id)| id.parse().ok());
    id.ok_or_else(|| Failure::NotFound("There is no issue of this id.".to_owned()))
}

/// `changed.id` of the last issue of the page before.
fn place(text: &str) -> Result<(Millis, IssueId), Failure> {
    let parts = text.split_once('.');
    let parsed = parts
        .and_then(|(changed, id)| Some((Millis::new(changed.parse().ok()?), id.parse().ok()?)));
    parsed.ok_or_else(|| Failure::BadRequest("This is not a place in the list.".to_owned()))
}

fn year(now: i64) -> Result<u16, Failure> {
    let moment =
        jiff::Timestamp::from_millisecond(now).map_err(|failed| Failure::Inside(failed.into()))?;
    let year = moment.to_zoned(jiff::tz::TimeZone::UTC).year();
    u16::try_from(year).map_err(|failed| Failure::Inside(failed.into()))
}
