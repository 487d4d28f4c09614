//! `/issue/{id}`

use askama::Template;
use snowguard_tracker_db::{Activity, AdvisorySummary, StoredIssue};
use snowguard_tracker_triage::dismissal::Reason;
use snowguard_tracker_triage::issue::{Severity, Stage};

use crate::pages::shell::Shell;
use crate::pages::triage::log::Entry;
use crate::show::markdown::{self, Html};
use crate::show::path;
use crate::show::severity::Score;
use crate::show::time::{Millis, When};

/// What the reader may do with issues.
#[derive(Debug, Clone, Copy)]
pub struct Powers {
    /// Write drafts.
    pub drafts: bool,
    /// Publish, and change what is public.
    pub publishes: bool,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/triage/issue.html")]
pub struct Page {
    shell: Shell,
    id: String,
    revision: i64,
    title: String,
    stage: &'static str,
    may_withdraw: bool,
    /// Why it does not hold.
    withdrawn: Option<String>,
    severity: Option<&'static str>,
    severities: Vec<(&'static str, bool)>,
    notes: Html,
    markdown: String,
    links: Vec<String>,
    advisories: Vec<Row>,
    channels: Vec<(String, Vec<Standing>)>,
    created: When,
    published: Option<When>,
    changed: When,
    github: Option<i64>,
    /// Word of the action, and what the button says.
    stages: Vec<(&'static str, &'static str)>,
    ready: bool,
    can_edit: bool,
    reasons: Vec<(&'static str, &'static str)>,
    log: Vec<Entry>,
}

#[derive(Debug)]
struct Row {
    href: String,
    id: String,
    title: String,
    score: Score,
    kev: bool,
}

#[derive(Debug)]
struct Standing {
    attr: String,
    href: String,
    word: &'static str,
    title: String,
    by_hand: bool,
    evidence: String,
}

impl Page {
    /// Builds it as seen at `now`.
    pub fn new(
        shell: Shell,
        stored: StoredIssue,
        summaries: Vec<AdvisorySummary>,
        activity: Vec<Activity>,
        powers: Powers,
        now: Millis,
    ) -> Self {
        let issue = stored.issue;
        let ready = issue.proposes_to_resolve();
        let stages: &[(&str, &str)] = match issue.stage {
            Stage::Draft if issue.withdrawn.is_some() && powers.drafts => {
                &[("reopen", "Take up again")]
            }
            Stage::Draft if powers.publishes => &[("publish", "Publish"), ("drop", "Drop")],
            Stage::Draft if powers.drafts => &[("drop", "Drop")],
            Stage::Published if powers.publishes => &[("resolve", "Resolve")],
            Stage::Resolved if powers.publishes => &[("reopen", "Reopen")],
            _ => &[],
        };
        Self {
            shell,
            id: stored.id.to_string(),
            revision: stored.revision,
            stage: issue.word(),
            may_withdraw: powers.publishes
                && issue.stage != Stage::Draft
                && issue.withdrawn.is_none(),
            withdrawn: issue.withdrawn.map(|withdrawn| withdrawn.reason),
            severity: issue.severity.map(Severity::as_str),
            severities: Severity::ALL
                .map(|one| (one.as_str(), issue.severity == Some(one)))
                .to_vec(),
            notes: markdown::html(&issue.notes),
            ready,
            can_edit: match issue.stage {
                Stage::Draft => powers.drafts,
                Stage::Published | Stage::Resolved => powers.publishes,
            },
            title: issue.title,
            markdown: issue.notes,
            links: issue.links,
            advisories: summaries
                .into_iter()
                .map(|summary| Row {
                    href: path::advisory(&summary.id),
                    id: summary.id,
                    title: summary.title,
                    score: Score::new(summary.severity),
                    kev: summary.exploited,
                })
                .collect(),
            channels: issue
                .standings
                .into_iter()
                .map(|(channel, of_channel)| {
                    let standings = of_channel.into_iter().map(|(attr, standing)| Standing {
                        href: path::package(&attr),
                        attr,
                        word: standing.status.word(),
                        title: standing.status.title(),
                        by_hand: standing.by_hand,
                        evidence: standing.evidence,
                    });
                    (channel, standings.collect())
                })
                .collect(),
            created: When::new(stored.created.get(), now),
            published: When::maybe(stored.published.map(snowguard_tracker_db::Millis::get), now),
            changed: When::new(stored.changed.get(), now),
            github: stored.github,
            stages: stages.to_vec(),
            reasons: Reason::ALL
                .map(|reason| (reason.as_str(), reason.title()))
                .to_vec(),
            log: activity
                .into_iter()
                .map(|entry| Entry::new(entry, now))
                .collect(),
        }
    }
}
