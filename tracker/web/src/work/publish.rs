//! An issue at GitHub for each public issue of ours.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context, Result};
use jiff::Timestamp;
use snowguard_tracker_db::StoredIssue;
use snowguard_tracker_github::{
    Client, GitHubError, IssueDraft, IssueKey, IssueState, Login, Number, UserId,
};
use snowguard_tracker_triage::issue::{Severity, Stage};
use snowguard_tracker_triage::issue_id::IssueId;

use super::{End, Worker};

/// Maintainers that are mentioned.
const MENTIONED: usize = 30;

/// Packages of a channel that are listed, where there is room.
const LISTED: usize = 100;

/// So many of them are listed before the notes are cut.
const FEW: usize = 10;

/// Room for title and text of an issue at GitHub, which takes 65,536 characters with its marker.
const ROOM: usize = 65_000;

impl Worker {
    /// Makes the GitHub issue of an issue, or brings it up to date. May be done again after any crash.
    pub(super) fn publish(&self, name: &str) -> Result<End> {
        let Some((client, repository)) = &self.reach.publish else {
            return Ok(End::Done);
        };
        let id: IssueId = name
            .parse()
            .with_context(|| format!("job publish {name}"))?;
        let Some(stored) = self.db.issue(id)? else {
            return Ok(End::Done);
        };
        if stored.issue.stage == Stage::Draft {
            return Ok(End::Done);
        }
        let numbers = self.maintainers(&stored)?;
        let logins = match logins(client, &numbers) {
            Ok(logins) => logins,
            Err(failed) => return Ok(again(&failed)),
        };
        let draft = self.fitting(&stored, &logins)?;
        let since = Timestamp::from_millisecond(stored.published.unwrap_or(stored.created).get())?;
        let known = stored
            .github
            .and_then(|number| u64::try_from(number).ok())
            .map(Number);
        match client.ensure_issue(repository, &draft, known, since) {
            Ok(ensured) => {
                self.db
                    .set_issue_github(id, i64::try_from(ensured.issue().number.0)?)?;
                Ok(End::Done)
            }
            Err(failed) => Ok(again(&failed)),
        }
    }

    /// The accounts of the maintainers of what is affected; a flaw in the compiler would call for everybody.
    fn maintainers(&self, stored: &StoredIssue) -> Result<Vec<UserId>> {
        let standings = stored.issue.standings.values().flatten();
        let open = standings.filter(|(_, standing)| !standing.status.is_settled());
        let attrs: BTreeSet<String> = open.map(|(attr, _)| attr.clone()).collect();
        let attrs: Vec<String> = attrs.into_iter().collect();
        let mut numbers = Vec::new();
        for name in self
            .db
            .owners_of(&attrs)?
            .iter()
            .filter(|name| !name.starts_with("team:"))
        {
            let known = self.db.maintainer(name)?.and_then(|one| one.github_id);
            numbers.extend(
                known
                    .and_then(|number| u64::try_from(number).ok())
                    .map(UserId),
            );
        }
        numbers.truncate(MENTIONED);
        Ok(numbers)
    }

    /// The issue as GitHub takes it: the longest lists and notes are cut, and say so.
    fn fitting(&self, stored: &StoredIssue, logins: &[Login]) -> Result<IssueDraft> {
        let whole = stored.issue.notes.chars().count();
        let (mut listed, mut notes) = (LISTED, whole);
        let body = loop {
            let body = self.body(stored, logins, listed, notes)?;
            let over = body.chars().count().saturating_sub(ROOM);
            match over {
                0 => break body,
                _ if listed > FEW => listed /= 2,
                _ if notes > 0 => notes = notes.min(whole).saturating_sub(over + 100),
                _ if listed > 0 => listed = 0,
                _ => break body.chars().take(ROOM).collect(),
            }
        };
        let issue = &stored.issue;
        let state = match issue.stage {
            Stage::Resolved if issue.withdrawn.is_some() => IssueState::NotPlanned,
            Stage::Resolved => IssueState::Completed,
            Stage::Draft | Stage::Published => IssueState::Open,
        };
        let key = IssueKey::new(stored.id.to_string())?;
        let title = format!("{}: {}", stored.id, issue.title);
        let title: String = title.chars().take(250).collect();
        Ok(IssueDraft::new(key, &title, &body)?.with_state(state))
    }

    /// The text, with so many packages of a channel and so many characters of the notes.
    fn body(
        &self,
        stored: &StoredIssue,
        logins: &[Login],
        listed: usize,
        notes: usize,
    ) -> Result<String> {
        let issue = &stored.issue;
        let inert = IssueDraft::inert;
        let page = self.public.link(&format!("/issue/{}", stored.id));
        let mut body = String::new();
        if let Some(severity) = issue.severity {
            writeln!(body, "Severity: **{}**\n", Severity::as_str(severity))?;
        }
        if let Some(withdrawn) = &issue.withdrawn {
            let why = inert(&withdrawn.reason);
            writeln!(body, "**Withdrawn**, what follows does not hold: {why}\n")?;
        }
        // Notes are the security team's own Markdown.
        if !issue.notes.is_empty() {
            match issue.notes.char_indices().nth(notes) {
                None => writeln!(body, "{}\n", issue.notes)?,
                Some((end, _)) => writeln!(
                    body,
                    "{}\n\n… the rest stands at {page}\n",
                    &issue.notes[..end]
                )?,
            }
        }
        for advisory in &issue.advisories {
            writeln!(
                body,
                "- {}",
                self.public.link(&crate::show::path::advisory(advisory))
            )?;
        }
        for (channel, standings) in &issue.standings {
            writeln!(
                body,
                "\n### {}\n\n| package | status |\n|---|---|",
                inert(channel)
            )?;
            for (attr, standing) in standings.iter().take(listed) {
                writeln!(
                    body,
                    "| {} | {} |",
                    cell(attr),
                    cell(&standing.status.title())
                )?;
            }
            if standings.len() > listed {
                writeln!(body, "\nand {} more", standings.len() - listed)?;
            }
        }
        if !issue.links.is_empty() {
            writeln!(body)?;
        }
        for link in &issue.links {
            writeln!(body, "- <{link}>")?;
        }
        if !logins.is_empty() {
            let mentions: Vec<String> = logins.iter().map(|login| format!("@{login}")).collect();
            writeln!(body, "\nMaintainers: {}", mentions.join(" "))?;
        }
        writeln!(body, "\n{page}")?;
        Ok(body)
    }
}

/// Today's logins of accounts; one that is gone is left out.
fn logins(client: &Client, numbers: &[UserId]) -> Result<Vec<Login>, GitHubError> {
    let mut logins = Vec::with_capacity(numbers.len());
    for number in numbers {
        logins.extend(client.user(*number)?.map(|user| user.login));
    }
    Ok(logins)
}

/// Inert text that fits into a cell of a table.
fn cell(text: &str) -> String {
    IssueDraft::inert(text)
        .replace('\n', " ")
        .replace('|', "\\|")
}

/// When to ask GitHub again after a failure.
pub(super) fn again(failed: &GitHubError) -> End {
    let after = failed.retry_after(Timestamp::now());
    let after = after.and_then(|after| i64::try_from(after.as_millis()).ok());
    End::Again(after, failed.to_string())
}
