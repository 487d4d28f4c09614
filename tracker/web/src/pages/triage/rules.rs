//! `/rules`

use askama::Template;
use snowguard_tracker_db::StoredRule;

use crate::pages::shell::Shell;
use crate::show::path;
use crate::show::time::{Millis, When};

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/triage/rules.html")]
pub struct Page {
    shell: Shell,
    may: bool,
    rules: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    id: i64,
    sentence: String,
    created: When,
    retired: Option<When>,
    revision: i64,
    advisory: Option<(String, String)>,
}

impl Page {
    /// Builds it as seen at `now`.
    pub fn new(shell: Shell, rules: Vec<StoredRule>, may: bool, now: Millis) -> Self {
        let rules = rules.into_iter().map(|stored| Row {
            id: stored.id,
            sentence: stored.rule.sentence(),
            created: When::new(stored.created.get(), now),
            retired: When::maybe(stored.retired.map(snowguard_tracker_db::Millis::get), now),
            revision: stored.revision,
            advisory: stored.advisory.map(|id| (path::advisory(&id), id)),
        });
        Self {
            shell,
            may,
            rules: rules.collect(),
        }
    }
}
