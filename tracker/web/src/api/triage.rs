//! Triage for programs: the queue, a suggestion, decisions. Who asks is said by a token alone: a cookie is
//! passed over here, so that no page of another site can decide anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use serde::Serialize;
use snowguard_tracker_db::{Db, Decision, Millis, StoredSuggestion};
use snowguard_tracker_triage::suggestion::Suggestion;

use super::{Answer, Segment, Shared};
use crate::account::handlers::presented_token;
use crate::account::posted::Fields;
use crate::account::reader::Reader;
use crate::answer;
use crate::failure::Failure;
use crate::request::AdvisoryId;
use crate::server::App;
use crate::triage::decide::{allowed, command};
use crate::triage::queue::{LIMIT, Wish};

#[derive(Debug, Serialize)]
struct Queue {
    total: usize,
    suggestions: Vec<Entry>,
    /// Give this as `after`.
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct Entry {
    advisory: String,
    title: String,
    revision: i64,
    severity: Option<f64>,
    exploited: bool,
    packages: Vec<String>,
    affected: usize,
    fixed_in: Option<String>,
    assignee: Option<String>,
}

/// A suggestion without what the decision rested on, which is the tracker's own.
#[derive(Debug, Serialize)]
struct One {
    advisory: String,
    revision: i64,
    issue: Option<String>,
    is_affecting: bool,
    #[serde(flatten)]
    suggestion: Suggestion,
}

impl From<StoredSuggestion> for One {
    fn from(stored: StoredSuggestion) -> Self {
        Self {
            advisory: stored.advisory,
            revision: stored.revision,
            issue: stored.issue.map(|id| id.to_string()),
            is_affecting: stored.is_live,
            suggestion: Suggestion {
                basis: None,
                ..stored.suggestion
            },
        }
    }
}

/// The same filters as the page's.
pub async fn queue(State(app): Shared, uri: Uri, request: HeaderMap) -> Answer {
    let reader = asker(&app, &request, "read").await?;
    let wish = Wish::parse(uri.query().unwrap_or_default())?;
    let (state, now) = (Arc::clone(&app), Millis::new(app.now()));
    let document = app
        .work(move |db| {
            let meaning = db.queue_meaning(&wish.filter, reader.id(), now)?;
            let selection = state.queue(db, |queue| {
                queue.select(&wish.filter, &meaning, wish.after, LIMIT)
            })?;
            let entries = db
                .queue_entries(&selection.advisories)?
                .into_iter()
                .map(|entry| Entry {
                    advisory: entry.advisory.id,
                    title: entry.advisory.title,
                    revision: entry.revision,
                    severity: entry.advisory.severity,
                    exploited: entry.advisory.exploited,
                    packages: entry.attrs,
                    affected: entry.affected,
                    fixed_in: entry.fixed_in,
                    assignee: entry.assignee,
                });
            Ok(Queue {
                total: selection.counts.all,
                suggestions: entries.collect(),
                next: selection.next.map(|place| place.to_string()),
            })
        })
        .await?;
    Ok(answer::json(&request, &document)?)
}

pub async fn suggestion(State(app): Shared, id: Segment, request: HeaderMap) -> Answer {
    let id = AdvisoryId::parse(id)?;
    let document = app.work(move |db| found(db, id.as_str())).await?;
    Ok(answer::json(&request, &document)?)
}

fn found(db: &Db, id: &str) -> Result<One, Failure> {
    let stored = db.suggestion(id)?;
    let missing = || Failure::NotFound(format!("There is no suggestion {id}."));
    stored.map(One::from).ok_or_else(missing)
}

/// A JSON object with the fields of the page's form: `command`, `revision`, and what the command needs.
pub async fn decide(State(app): Shared, id: Segment, request: HeaderMap, body: Bytes) -> Answer {
    let reader = asker(&app, &request, "triage").await?;
    if reader.id().is_none() {
        return Err(Failure::SignIn.into());
    }
    let id = AdvisoryId::parse(id)?;
    let fields = fields(&body)?;
    let command = command(&fields)?;
    let revision = fields.number("revision")?;
    let now = Millis::new(app.now());
    let document = app
        .work(move |db| {
            let decision = Decision {
                advisory: id.as_str(),
                revision,
                command: &command,
                person: allowed(db, &reader, id.as_str(), &command)?,
                now,
            };
            Ok(One::from(db.decide(&decision)?.suggestion))
        })
        .await?;
    let response: Response = answer::json(&HeaderMap::new(), &document)?;
    Ok(response)
}

/// Texts and whole numbers, as a form would carry them.
fn fields(body: &[u8]) -> Result<Fields, Failure> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Value {
        Text(String),
        Number(i64),
    }
    let wrong = |failed| {
        Failure::BadRequest(format!(
            "This is not an object of texts and numbers: {failed}."
        ))
    };
    let object: BTreeMap<String, Value> = serde_json::from_slice(body).map_err(wrong)?;
    let texts = object.into_iter().map(|(name, value)| match value {
        Value::Text(text) => (name, text),
        Value::Number(number) => (name, number.to_string()),
    });
    Ok(texts.collect())
}

/// Whom a token speaks for; nobody without one. One that is none, is revoked or over is refused, always in the same words.
async fn asker(
    app: &Arc<App>,
    headers: &HeaderMap,
    scope: &'static str,
) -> Result<Reader, Failure> {
    if !headers.contains_key(header::AUTHORIZATION) {
        return Ok(Reader::default());
    }
    let digest = presented_token(headers).ok_or(Failure::Token)?.digest();
    let now = Millis::new(app.now());
    app.work(move |db| match db.token_person(&digest, now)? {
        Some((person, scopes)) if scopes.iter().any(|one| one == scope) => {
            Reader::of_person(db, person)
        }
        Some(_) => Err(Failure::Scope(scope)),
        None => Err(Failure::Token),
    })
    .await
}
