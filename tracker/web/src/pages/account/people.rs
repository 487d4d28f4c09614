//! `/people`

use askama::Template;
use snowguard_tracker_db::Person;
use snowguard_tracker_triage::role::{Action, Grant, Role, grant};

use crate::pages::shell::Shell;
use crate::show::time::{Millis, When};

/// Roles that an administrator gives; the others follow from elsewhere.
pub const GIVEN: [Role; 3] = [Role::Triager, Role::SecurityTeam, Role::Administrator];

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/account/people.html")]
pub struct Page {
    shell: Shell,
    people: Vec<Row>,
    roles: Vec<&'static str>,
    table: Vec<(&'static str, Vec<&'static str>)>,
}

#[derive(Debug)]
struct Row {
    id: i64,
    name: String,
    kind: &'static str,
    teams: String,
    given: Vec<(&'static str, &'static str, bool)>,
    seen: When,
    locked: Option<When>,
}

impl Page {
    /// Builds it as seen at `now`.
    pub fn new(shell: Shell, people: Vec<Person>, now: Millis) -> Self {
        let people = people.into_iter().map(|person| Row {
            id: person.id.get(),
            kind: if person.is_local { "local" } else { "GitHub" },
            teams: person
                .teams
                .iter()
                .filter(|role| *role != Role::Anonymous)
                .map(Role::title)
                .collect::<Vec<_>>()
                .join(", "),
            given: GIVEN
                .map(|role| (role.as_str(), role.title(), person.given.has(role)))
                .to_vec(),
            seen: When::new(person.seen.get(), now),
            locked: When::maybe(person.locked.map(snowguard_tracker_db::Millis::get), now),
            name: person.name,
        });
        let word = |role, action| match grant(role, action) {
            Grant::No => "–",
            Grant::OwnPackages => "own packages",
            Grant::Yes => "yes",
        };
        let row = |action: Action| {
            (
                action.title(),
                Role::ALL.map(|role| word(role, action)).to_vec(),
            )
        };
        Self {
            shell,
            people: people.collect(),
            roles: Role::ALL.map(Role::title).to_vec(),
            table: Action::ALL.map(row).to_vec(),
        }
    }
}
