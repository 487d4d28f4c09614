//! `/issues` and `/issues/new`

use askama::Template;
use snowguard_tracker_db::StoredIssue;
use snowguard_tracker_triage::issue::{Severity, Stage};

use crate::pages::shell::Shell;
use crate::show::time::{Millis, When};

/// The list.
#[derive(Debug, Template)]
#[template(path = "pages/triage/issues.html")]
pub struct Page {
    shell: Shell,
    drafts: bool,
    stages: Vec<(&'static str, bool)>,
    rows: Vec<Row>,
    next: Option<String>,
}

#[derive(Debug)]
struct Row {
    id: String,
    title: String,
    severity: Option<&'static str>,
    advisories: usize,
    affected: usize,
    packages: usize,
    changed: When,
    ready: bool,
    withdrawn: bool,
}

impl Page {
    /// Builds it as seen at `now`; `limit` issues are a whole page.
    pub fn new(
        shell: Shell,
        stage: Stage,
        issues: Vec<StoredIssue>,
        limit: usize,
        drafts: bool,
        now: Millis,
    ) -> Self {
        let last = issues.last().filter(|_| issues.len() == limit);
        let next = last.map(|last| {
            format!(
                "/issues?stage={}&before={}.{}",
                stage.as_str(),
                last.changed.get(),
                last.id
            )
        });
        let rows = issues.into_iter().map(|stored| {
            let standings = || {
                stored
                    .issue
                    .standings
                    .values()
                    .flat_map(|of_channel| of_channel.values())
            };
            Row {
                id: stored.id.to_string(),
                severity: stored.issue.severity.map(Severity::as_str),
                advisories: stored.issue.advisories.len(),
                packages: standings().count(),
                affected: standings()
                    .filter(|standing| !standing.status.is_settled())
                    .count(),
                changed: When::new(stored.changed.get(), now),
                ready: stored.issue.proposes_to_resolve(),
                withdrawn: stored.issue.withdrawn.is_some(),
                title: stored.issue.title,
            }
        });
        let stages = [Stage::Published, Stage::Resolved, Stage::Draft];
        let stages = stages
            .into_iter()
            .filter(|one| drafts || *one != Stage::Draft);
        Self {
            shell,
            drafts,
            stages: stages.map(|one| (one.as_str(), one == stage)).collect(),
            rows: rows.collect(),
            next,
        }
    }
}

/// The form for a new one.
#[derive(Debug, Template)]
#[template(path = "pages/triage/new_issue.html")]
pub struct NewIssue {
    shell: Shell,
    advisories: String,
    title: String,
    severities: [&'static str; 4],
}

impl NewIssue {
    /// Builds it.
    pub fn new(shell: Shell, advisories: &[String], title: String) -> Self {
        Self {
            shell,
            advisories: advisories.join(" "),
            title,
            severities: Severity::ALL.map(Severity::as_str),
        }
    }
}
