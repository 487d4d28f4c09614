//! `/log`, and entries of the log wherever they stand.

use askama::Template;
use serde_json::Value;
use snowguard_tracker_db::{Activity, Subject};
use snowguard_tracker_triage::issue::Stage;

use super::panel::sentence;
use crate::pages::shell::Shell;
use crate::show::time::{Millis, When};
use crate::triage::subject_path;

/// An entry of the log as it is shown.
#[derive(Debug)]
pub struct Entry {
    /// Number.
    pub id: i64,
    /// When.
    pub at: When,
    /// Who.
    pub name: String,
    /// What they did, in words.
    pub words: String,
    /// What they said.
    pub comment: Option<String>,
    /// Member, before, after.
    pub changes: Vec<(String, String, String)>,
    /// Whether it was taken back.
    pub undone: bool,
    /// Whether it can be.
    pub can_undo: bool,
    /// What it is about, and its page.
    pub subject: (String, String),
}

/// Longest value that is shown, in characters.
const VALUE: usize = 200;

impl Entry {
    /// From the database, as seen at `now`.
    pub fn new(entry: Activity, now: Millis) -> Self {
        let member = |of: &str, name: &str| {
            let value = entry.body.get(of).and_then(|all| all.get(name));
            let dismissal = value.filter(|value| name == "dismissal" && value.is_object());
            match dismissal.and_then(|value| serde_json::from_value(value.clone()).ok()) {
                Some(dismissal) => shorten(Some(&Value::String(sentence(&dismissal)))),
                None => shorten(value),
            }
        };
        let touched = entry.body.get("after").and_then(Value::as_object);
        let touched = touched.into_iter().flatten().map(|(name, _)| name);
        let shown =
            touched.filter(|name| !matches!(name.as_str(), "basis" | "standings" | "assignee"));
        let changes: Vec<_> = shown
            .map(|name| {
                (
                    name.replace('_', " "),
                    member("before", name),
                    member("after", name),
                )
            })
            .collect();
        let has_before = entry
            .body
            .get("before")
            .and_then(Value::as_object)
            .is_some_and(|all| !all.is_empty());
        // What was public cannot be made not to have been: it is withdrawn.
        let publishes = entry.body.pointer("/before/stage").and_then(Value::as_str)
            == Some(Stage::Draft.as_str());
        Self {
            id: entry.id,
            at: When::new(entry.at.get(), now),
            name: entry.name.unwrap_or_else(|| "the tracker".to_owned()),
            words: match entry.undoes {
                Some(undone) => format!("took back entry {undone}"),
                None => entry.action.replace('_', " "),
            },
            comment: entry
                .body
                .get("comment")
                .and_then(Value::as_str)
                .map(str::to_owned),
            changes,
            undone: entry.undone_by.is_some(),
            can_undo: has_before
                && match entry.subject {
                    Subject::Suggestion(_) => true,
                    Subject::Issue(_) => !publishes,
                    Subject::Rule(_) | Subject::Person(_) => false,
                },
            subject: (
                match &entry.subject {
                    Subject::Suggestion(id) => id.clone(),
                    Subject::Issue(id) => id.to_string(),
                    Subject::Rule(number) => format!("rule {number}"),
                    Subject::Person(person) => format!("account {person}"),
                },
                subject_path(&entry.subject),
            ),
        }
    }
}

fn shorten(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => String::new(),
        // Words of ours, such as `under_review`; what people wrote stays as it is.
        Some(Value::String(text)) if text.chars().all(|c| c.is_ascii_lowercase() || c == '_') => {
            text.replace('_', " ")
        }
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(all)) => {
            let texts = all
                .iter()
                .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned));
            texts.collect::<Vec<_>>().join(", ")
        }
        Some(other) => other.to_string(),
    };
    match text.char_indices().nth(VALUE) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/triage/log.html")]
pub struct Page {
    shell: Shell,
    entries: Vec<Entry>,
    next: Option<String>,
}

impl Page {
    /// Builds it; `full` says that there may be more.
    pub fn new(shell: Shell, entries: Vec<Activity>, limit: usize, now: Millis) -> Self {
        let next = entries.last().filter(|_| entries.len() == limit);
        Self {
            shell,
            next: next.map(|last| format!("/log?before={}", last.id)),
            entries: entries
                .into_iter()
                .map(|entry| Entry::new(entry, now))
                .collect(),
        }
    }
}
