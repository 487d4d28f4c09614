//! Which address answers what.

use serde_json::{Value, json};

use super::http::{Answer, Asked};
use super::world::World;
use super::{issues, oauth};

/// When the window of requests ends: far away.
const RESET: &str = "4102444800";

pub(super) fn answer(world: &mut World, asked: &Asked) -> Answer {
    let route = asked.route().to_owned();
    let parts: Vec<&str> = route.trim_matches('/').split('/').collect();
    match (asked.method.as_str(), parts.as_slice()) {
        ("GET", ["login", "oauth", "authorize"]) => return oauth::authorize(world, asked),
        ("POST", ["login", "oauth", "access_token"]) => return oauth::access_token(world, asked),
        ("POST", ["app", "installations", number, "access_tokens"]) => {
            return oauth::installation(world, asked, number);
        }
        ("GET", ["app"]) => {
            let known = oauth::is_app(world, asked.bearer().unwrap_or_default());
            return match world.app.as_ref().filter(|_| known) {
                Some(app) => Answer::json(200, &json!({ "id": 1, "slug": app.slug })),
                None => Answer::refusal(401, "A JSON web token could not be decoded"),
            };
        }
        _ => {}
    }
    let token = asked.bearer().unwrap_or_default();
    let Some(user) = world.tokens.get(token).copied() else {
        return Answer::refusal(401, "Bad credentials");
    };
    if asked.header("x-github-api-version") != Some("2022-11-28") {
        return Answer::refusal(400, "which version of the API?");
    }
    let answer = tagged(asked, signed_in(world, asked, user, &parts));
    // What did not change is free.
    if answer.status != 304 {
        world.remaining = world.remaining.saturating_sub(1);
    }
    answer
        .with("x-ratelimit-limit", "5000")
        .with("x-ratelimit-remaining", world.remaining.to_string())
        .with("x-ratelimit-reset", RESET)
}

fn signed_in(world: &mut World, asked: &Asked, user: u64, parts: &[&str]) -> Answer {
    let not_found = || Answer::refusal(404, "Not Found");
    let repository = match parts {
        ["repos", owner, name, ..] => format!("{owner}/{name}"),
        _ => String::new(),
    };
    let rest = parts.get(3..).unwrap_or_default();
    match (asked.method.as_str(), parts.first().copied(), rest) {
        ("GET", Some("user"), _) => {
            let id = match parts.get(1) {
                None => Some(user),
                Some(id) => id.parse().ok(),
            };
            match id.and_then(|id| world.user(id)) {
                Some(found) => Answer::json(200, &found),
                None => not_found(),
            }
        }
        ("GET", Some("orgs"), [team, "members"]) => {
            let organization = parts.get(1).copied().unwrap_or_default();
            let team = (organization.to_owned(), (*team).to_owned());
            let Some(members) = world.teams.get(&team) else {
                return not_found();
            };
            let members = members.iter().filter_map(|id| world.user(*id)).collect();
            page_of(world, asked, members)
        }
        ("GET", Some("search"), _) => issues::search(world, asked),
        ("GET", Some("repos"), ["issues"]) => issues::list(world, asked, &repository),
        ("POST", Some("repos"), ["issues"]) => {
            let login = world.users.get(&user).cloned().unwrap_or_default();
            issues::create(world, asked, &repository, &login)
        }
        ("GET", Some("repos"), ["issues", number]) => issues::get(world, &repository, number),
        ("PATCH", Some("repos"), ["issues", number]) => {
            issues::update(world, asked, &repository, number)
        }
        ("GET", Some("repos"), ["pulls", number]) => {
            let key = (repository.clone(), number.parse().unwrap_or(0));
            let Some(pull) = world.pulls.get(&key) else {
                return not_found();
            };
            let shown = json!({
                "number": key.1,
                "html_url": format!("{}/{repository}/pull/{}", world.url, key.1),
                "title": pull.title,
                "state": pull.state,
                "merged_at": pull.merged_at.map(|at| at.to_string()),
                "merge_commit_sha": pull.merge_commit,
                "base": { "ref": pull.base },
            });
            Answer::json(200, &shown)
        }
        ("GET", Some("repos"), ["compare", range @ ..]) => {
            let range = range.join("/");
            let (branch, commit) = range.split_once("...").unwrap_or_default();
            match world.branches.get(&(repository, branch.to_owned())) {
                None => not_found(),
                Some(commits) if commits.contains(commit) => {
                    Answer::json(200, &json!({ "status": "behind", "commits": [] }))
                }
                Some(_) => Answer::json(200, &json!({ "status": "diverged", "commits": [] })),
            }
        }
        _ => not_found(),
    }
}

/// One page, with a link to the next.
pub(super) fn page_of(world: &World, asked: &Asked, all: Vec<Value>) -> Answer {
    let number = |name: &str| asked.parameter(name)?.parse::<usize>().ok();
    let size = number("per_page").unwrap_or(30).clamp(1, world.page_size);
    let page = number("page").unwrap_or(1).max(1);
    let more = all.len() > page * size;
    let items: Vec<Value> = all.into_iter().skip((page - 1) * size).take(size).collect();
    let answer = Answer::json(200, &Value::Array(items));
    if !more {
        return answer;
    }
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in asked.query.iter().filter(|(name, _)| name != "page") {
        query.append_pair(name, value);
    }
    let query = query.append_pair("page", &(page + 1).to_string()).finish();
    let link = format!("<{}{}?{query}>; rel=\"next\"", world.url, asked.path);
    answer.with("Link", link)
}

/// With an entity tag, and 304 for who has it already.
fn tagged(asked: &Asked, answer: Answer) -> Answer {
    if asked.method != "GET" || answer.status != 200 {
        return answer;
    }
    let tag = format!("\"{}\"", blake3::hash(&answer.body).to_hex());
    if asked.header("if-none-match") == Some(tag.as_str()) {
        return Answer {
            status: 304,
            headers: vec![("ETag", tag)],
            body: Vec::new(),
        };
    }
    answer.with("ETag", tag)
}
