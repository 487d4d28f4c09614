//! Issues at the stand-in.

use serde_json::{Value, json};

use super::http::{Answer, Asked};
use super::routes::page_of;
use super::world::{StoredIssue, World};

pub(super) fn list(world: &World, asked: &Asked, repository: &str) -> Answer {
    let stored = world.issues.get(repository).map_or(&[][..], Vec::as_slice);
    let wanted = |issue: &&StoredIssue| {
        let creator = asked.parameter("creator");
        let state = asked.parameter("state").unwrap_or("open");
        creator.is_none_or(|creator| creator == issue.author)
            && (state == "all" || state == issue.state)
    };
    let mut found: Vec<&StoredIssue> = stored.iter().filter(wanted).collect();
    found.sort_by_key(|issue| (issue.created, issue.number));
    if asked.parameter("direction") != Some("asc") {
        found.reverse();
    }
    let found = found.iter().map(|issue| shown(world, repository, issue));
    page_of(world, asked, found.collect())
}

pub(super) fn get(world: &World, repository: &str, number: &str) -> Answer {
    let issues = world.issues.get(repository);
    let found = issues.and_then(|all| all.iter().find(|issue| issue.number.to_string() == number));
    match found {
        Some(issue) => Answer::json(200, &shown(world, repository, issue)),
        None => Answer::refusal(404, "Not Found"),
    }
}

pub(super) fn create(world: &mut World, asked: &Asked, repository: &str, login: &str) -> Answer {
    let body = asked.json();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("title").is_empty() || text("title").len() > 256 {
        return Answer::refusal(422, "Validation Failed");
    }
    let number = world.add_issue(repository, login, text("title"), text("body"));
    let labels = body.get("labels").and_then(Value::as_array);
    let labels: Vec<String> = labels
        .into_iter()
        .flatten()
        .filter_map(|label| Some(label.as_str()?.to_owned()))
        .collect();
    if let Some(issue) = find(world, repository, number) {
        issue.labels = labels;
    }
    let mut answer = get(world, repository, &number.to_string());
    answer.status = 201;
    answer
}

pub(super) fn update(world: &mut World, asked: &Asked, repository: &str, number: &str) -> Answer {
    let change = asked.json();
    let text = |name: &str| change.get(name).and_then(Value::as_str).map(str::to_owned);
    let Some(issue) = number
        .parse()
        .ok()
        .and_then(|number| find(world, repository, number))
    else {
        return Answer::refusal(404, "Not Found");
    };
    if let Some(title) = text("title") {
        issue.title = title;
    }
    if let Some(body) = text("body") {
        issue.body = body;
    }
    if let Some(state) = text("state") {
        issue.state = state;
        issue.reason = text("state_reason");
    }
    get(world, repository, number)
}

/// Of the query only what this crate asks: `"WORD" in:body is:issue repo:OWNER/NAME`.
pub(super) fn search(world: &World, asked: &Asked) -> Answer {
    let query = asked.parameter("q").unwrap_or_default();
    let word = query.split('"').nth(1).unwrap_or_default();
    let repository = query.split_once("repo:").map_or("", |(_, name)| name);
    let stored = world.issues.get(repository).map_or(&[][..], Vec::as_slice);
    let found: Vec<Value> = stored
        .iter()
        .filter(|issue| issue.indexed && issue.body.contains(word))
        .map(|issue| shown(world, repository, issue))
        .collect();
    Answer::json(
        200,
        &json!({ "total_count": found.len(), "incomplete_results": false, "items": found }),
    )
}

fn find<'a>(world: &'a mut World, repository: &str, number: u64) -> Option<&'a mut StoredIssue> {
    let issues = world.issues.get_mut(repository)?;
    issues.iter_mut().find(|issue| issue.number == number)
}

fn shown(world: &World, repository: &str, issue: &StoredIssue) -> Value {
    let labels: Vec<Value> = issue
        .labels
        .iter()
        .map(|name| json!({ "name": name }))
        .collect();
    json!({
        "number": issue.number,
        "html_url": format!("{}/{repository}/issues/{}", world.url, issue.number),
        "title": issue.title,
        "body": issue.body.replace('\n', "\r\n"),
        "state": issue.state,
        "state_reason": issue.reason,
        "labels": labels,
        "user": world.by_login(&issue.author),
        "created_at": issue.created.to_string(),
    })
}
