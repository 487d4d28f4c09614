//! Decisions: one, many, and taking them back.

use std::str::FromStr;

use axum::extract::{Path, State};
use snowguard_tracker_db::{Activity, Db, Decision, Millis, PersonId, Subject};
use snowguard_tracker_triage::command::{Command, Decision as Proposed};
use snowguard_tracker_triage::dismissal::{Dismissal, Reason};
use snowguard_tracker_triage::edits::{Choice, List, Range};
use snowguard_tracker_triage::role::Action;
use snowguard_tracker_triage::text;

use super::see;
use crate::account::posted::{Fields, Posted};
use crate::account::reader::Reader;
use crate::failure::Failure;
use crate::handlers::{Answer, Segment, Shared};
use crate::request::AdvisoryId;
use crate::show::path;

/// Most suggestions decided at once.
const MANY: usize = 500;

/// `POST /advisory/{id}/decide`
pub async fn one(State(app): Shared, id: Segment, posted: Posted) -> Answer {
    let id = AdvisoryId::parse(id)?;
    let command = command(&posted.fields)?;
    let revision = posted.fields.number("revision")?;
    let now = app.now();
    let place = format!("{}#triage", path::advisory(id.as_str()));
    app.work(move |db| {
        let person = allowed(db, &posted.reader, id.as_str(), &command)?;
        let decision = Decision {
            advisory: id.as_str(),
            revision,
            command: &command,
            person,
            now: Millis::new(now),
        };
        Ok(db.decide(&decision)?)
    })
    .await?;
    Ok(see(&place)?)
}

/// `POST /queue/decide`: each selected suggestion by itself, so that one that somebody else changed
/// holds none of the others up.
pub async fn many(State(app): Shared, posted: Posted) -> Answer {
    let command = command(&posted.fields)?;
    let person = posted.reader.require(command.needs())?;
    let picks = posted
        .fields
        .all("pick")
        .map(pick)
        .collect::<Result<Vec<_>, _>>()?;
    if picks.is_empty() || picks.len() > MANY {
        let told = format!("Select between one and {MANY} suggestions.");
        return Err(Failure::BadRequest(told).into());
    }
    let back = posted.fields.get("back").to_owned();
    let now = app.now();
    let (done, failed) = app
        .work(move |db| {
            let (mut done, mut failed) = (Vec::new(), Vec::new());
            for (advisory, revision) in &picks {
                let decision = Decision {
                    advisory,
                    revision: *revision,
                    command: &command,
                    person,
                    now: Millis::new(now),
                };
                match db.decide(&decision).map_err(Failure::from) {
                    Ok(decided) => done.push(decided.activity.to_string()),
                    Err(Failure::Inside(cause)) => return Err(Failure::Inside(cause)),
                    Err(_) => failed.push(advisory.clone()),
                }
            }
            Ok((done, failed))
        })
        .await?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(back.as_bytes()) {
        if !matches!(&*name, "done" | "failed" | "after") {
            query.append_pair(&name, &value);
        }
    }
    query.append_pair("done", &done.join(","));
    if !failed.is_empty() {
        query.append_pair("failed", &failed.join(","));
    }
    Ok(see(&format!("/queue?{}", query.finish()))?)
}

/// `POST /activity/{id}/undo`, where `{id}` may be several numbers with commas, undone from the last to the first.
pub async fn undo(State(app): Shared, id: Segment, posted: Posted) -> Answer {
    let Ok(Path(text)) = id else {
        return Err(Failure::BadRequest("This address is not readable.".to_owned()).into());
    };
    let wrong = |_| Failure::BadRequest("This is not an entry of the log.".to_owned());
    let mut ids = text
        .split(',')
        .map(i64::from_str)
        .collect::<Result<Vec<_>, _>>()
        .map_err(wrong)?;
    if ids.len() > MANY {
        return Err(Failure::BadRequest("These are too many at once.".to_owned()).into());
    }
    ids.sort_unstable();
    let to_queue = posted.fields.get("to") == "queue";
    let back = posted.fields.get("back").to_owned();
    let now = Millis::new(app.now());
    let last = app
        .work(move |db| {
            let mut place = "/log".to_owned();
            for id in ids.into_iter().rev() {
                let entry = db.activity_entry(id)?;
                let person = may_undo(&posted.reader, &entry)?;
                db.undo(id, person, now)?;
                place = subject_path(&entry.subject);
            }
            Ok(place)
        })
        .await?;
    // Only our own queue is a place to go back to; anything else would be an open redirect.
    Ok(match to_queue {
        false => see(&last)?,
        true => see(&format!("/queue?{}", own_query(&back)))?,
    })
}

/// The page of what an entry of the log is about.
pub fn subject_path(subject: &Subject) -> String {
    match subject {
        Subject::Suggestion(id) => format!("{}#triage", path::advisory(id)),
        Subject::Issue(id) => format!("/issue/{id}"),
        Subject::Rule(_) => "/rules".to_owned(),
        Subject::Person(_) => "/people".to_owned(),
    }
}

fn may_undo(reader: &Reader, entry: &Activity) -> Result<PersonId, Failure> {
    match entry.subject {
        Subject::Suggestion(_) => reader.require(Action::Triage),
        // What is public changes with it.
        Subject::Issue(_) => reader.require(Action::Publish),
        Subject::Rule(_) => reader.require(Action::Rules),
        Subject::Person(_) => reader.require(Action::People),
    }
}

fn own_query(back: &str) -> String {
    let pairs = form_urlencoded::parse(back.as_bytes());
    let kept = pairs.filter(|(name, _)| !matches!(&**name, "done" | "failed"));
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .finish()
}

/// Who gives this command for this suggestion, provided that they may.
///
/// # Errors
/// As [`Reader::require_for`].
pub fn allowed(
    db: &Db,
    reader: &Reader,
    advisory: &str,
    command: &Command,
) -> Result<PersonId, Failure> {
    let action = command.needs();
    if reader.may(action) || !reader.may_somewhere(action) {
        return reader.require(action);
    }
    let matches = db.matches_of_advisory(advisory)?;
    let attrs: Vec<String> = matches
        .into_iter()
        .flat_map(|(_, matches)| matches)
        .map(|stored| stored.found.attr)
        .collect();
    reader.require_for(db, action, &attrs)
}

fn pick(text: &str) -> Result<(String, i64), Failure> {
    let parts = text.rsplit_once(' ');
    let parsed = parts.and_then(|(id, revision)| Some((id.to_owned(), revision.parse().ok()?)));
    parsed.ok_or_else(|| Failure::BadRequest("The selection is not readable.".to_owned()))
}

/// The command that a form gives.
///
/// # Errors
/// [`Failure::BadRequest`] for what is none.
pub fn command(fields: &Fields) -> Result<Command, Failure> {
    let unknown = |what: &str| Failure::BadRequest(format!("This is no {what}."));
    let comment = fields.get("comment");
    let dismissal = || -> Result<Dismissal, Failure> {
        let reason = match fields.get("reason") {
            "" => None,
            word => Some(Reason::parse(word).ok_or_else(|| unknown("reason"))?),
        };
        Ok(Dismissal::new(reason, comment)?)
    };
    Ok(match fields.get("command") {
        "take" => Command::Take,
        "release" => Command::Release,
        "accept" => Command::Accept,
        "dismiss" => Command::Dismiss(dismissal()?),
        "reopen" => Command::Reopen,
        "confirm" => Command::Confirm,
        "turn_down" => Command::TurnDown,
        "acknowledge" => Command::Acknowledge,
        "comment" => {
            let comment = text::comment(comment)?;
            if comment.is_empty() {
                return Err(Failure::BadRequest("The comment is empty.".to_owned()));
            }
            Command::Comment(comment)
        }
        "propose_accept" => Command::Propose(Proposed::Accept {
            comment: text::comment(comment)?,
        }),
        "propose_dismiss" => Command::Propose(Proposed::Dismiss(dismissal()?)),
        "choose" => Command::Choose {
            list: List::parse(fields.get("list")).ok_or_else(|| unknown("list"))?,
            entry: fields.get("entry").to_owned(),
            choice: match fields.get("choice") {
                "added" => Some(Choice::Added),
                "dropped" => Some(Choice::Dropped),
                "" => None,
                _ => return Err(unknown("choice")),
            },
        },
        "correct" => Command::Correct {
            attr: fields.get("entry").to_owned(),
            range: match (fields.get("from"), fields.get("before")) {
                ("", "") => None,
                (from, before) => Some(Range::new(from, before)?),
            },
        },
        _ => return Err(unknown("command")),
    })
}
