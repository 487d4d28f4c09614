//! `/rules`

use askama::Template;
use snowguard_tracker_db::{RuleTotals, StoredRule};

use crate::pages::home::grouped;
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
    /// What it did, as of the last matching.
    changed: String,
}

impl Page {
    /// Builds it as seen at `now`.
    pub fn new(
        shell: Shell,
        rules: Vec<StoredRule>,
        totals: &[RuleTotals],
        may: bool,
        now: Millis,
    ) -> Self {
        let rules = rules.into_iter().map(|stored| Row {
            changed: changed(totals.iter().find(|one| one.rule == stored.id)),
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

fn changed(totals: Option<&RuleTotals>) -> String {
    let Some(totals) = totals else {
        return "nothing yet".to_owned();
    };
    let count = |number: u64, one: &str, many: &str| {
        format!(
            "{} {}",
            grouped(number),
            if number == 1 { one } else { many }
        )
    };
    let mut parts = vec![count(totals.advisories, "advisory", "advisories")];
    if totals.made > 0 {
        parts.push(format!(
            "{} tied",
            count(totals.made, "package", "packages")
        ));
    }
    if totals.prevented > 0 {
        parts.push(format!(
            "{} kept out",
            count(totals.prevented, "package", "packages")
        ));
    }
    parts.join(", ")
}
