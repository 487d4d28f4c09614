//! What there is at the stand-in.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rsa::PublicKey;
use serde_json::{Value, json};

use super::oauth::Code;

/// What there is. Tests read and change it.
#[derive(Debug)]
pub struct World {
    /// Its address, without a slash at the end.
    pub url: String,
    /// Accounts: number and login.
    pub users: BTreeMap<u64, String>,
    /// Tokens and whose they are.
    pub tokens: BTreeMap<String, u64>,
    /// Who signs in when a browser comes; `None`: they say no.
    pub browser: Option<u64>,
    /// The OAuth app's id and secret.
    pub oauth_app: (String, String),
    pub(super) codes: BTreeMap<String, Code>,
    /// A GitHub App.
    pub app: Option<App>,
    /// Members, by organization and team.
    pub teams: BTreeMap<(String, String), Vec<u64>>,
    /// Issues, by repository, in the order of their numbers.
    pub issues: BTreeMap<String, Vec<StoredIssue>>,
    /// Pull requests, by repository and number.
    pub pulls: BTreeMap<(String, u64), StoredPull>,
    /// Commits of a branch, by repository and branch.
    pub branches: BTreeMap<(String, String), BTreeSet<String>>,
    /// Whether a new issue is found by search at once; at GitHub it takes a while.
    pub search_is_quick: bool,
    /// The most entries of a page.
    pub page_size: usize,
    /// Requests left.
    pub remaining: u64,
    pub(super) made: u64,
}

impl Default for World {
    fn default() -> Self {
        Self {
            url: String::new(),
            users: BTreeMap::new(),
            tokens: BTreeMap::new(),
            browser: None,
            oauth_app: (
                "Iv1.stand-in".to_owned(),
                "stand-in-client-secret".to_owned(),
            ),
            codes: BTreeMap::new(),
            app: None,
            teams: BTreeMap::new(),
            issues: BTreeMap::new(),
            pulls: BTreeMap::new(),
            branches: BTreeMap::new(),
            search_is_quick: false,
            page_size: 100,
            remaining: 5000,
            made: 0,
        }
    }
}

/// A GitHub App.
#[derive(Debug, Clone)]
pub struct App {
    /// Its id.
    pub id: String,
    /// Its name in URLs.
    pub slug: String,
    /// Where it is installed.
    pub installation: u64,
    /// What its tokens are checked with.
    pub key: PublicKey,
    /// How many seconds a token of the installation lasts.
    pub lasts: i64,
}

/// An issue.
#[derive(Debug, Clone)]
pub struct StoredIssue {
    /// In its repository.
    pub number: u64,
    /// Title.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// Names.
    pub labels: Vec<String>,
    /// `open` or `closed`.
    pub state: String,
    /// Why it is closed.
    pub reason: Option<String>,
    /// Login of who made it.
    pub author: String,
    /// When.
    pub created: Timestamp,
    /// Whether search knows of it.
    pub indexed: bool,
}

/// A pull request.
#[derive(Debug, Clone)]
pub struct StoredPull {
    /// Title.
    pub title: String,
    /// `open` or `closed`.
    pub state: String,
    /// What it is for.
    pub base: String,
    /// When it was merged.
    pub merged_at: Option<Timestamp>,
    /// The commit it became, or GitHub's trial of merging.
    pub merge_commit: Option<String>,
}

impl World {
    /// Adds an account if need be, and a token of it.
    pub fn token_of(&mut self, id: u64, login: &str) -> String {
        self.users.insert(id, login.to_owned());
        let token = self.fresh("ghp_");
        self.tokens.insert(token.clone(), id);
        token
    }

    /// Puts somebody into a team.
    pub fn add_member(&mut self, organization: &str, team: &str, id: u64, login: &str) {
        self.users.insert(id, login.to_owned());
        let team = (organization.to_owned(), team.to_owned());
        self.teams.entry(team).or_default().push(id);
    }

    /// Adds an issue and returns its number.
    pub fn add_issue(&mut self, repository: &str, author: &str, title: &str, body: &str) -> u64 {
        let indexed = self.search_is_quick;
        let issues = self.issues.entry(repository.to_owned()).or_default();
        let number = issues.last().map_or(1, |last| last.number + 1);
        issues.push(StoredIssue {
            number,
            title: title.to_owned(),
            body: body.to_owned(),
            labels: Vec::new(),
            state: "open".to_owned(),
            reason: None,
            author: author.to_owned(),
            created: Timestamp::now(),
            indexed,
        });
        number
    }

    /// Something that there was not before.
    pub(super) fn fresh(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}standin{:08}", self.made)
    }

    pub(super) fn user(&self, id: u64) -> Option<Value> {
        let login = self.users.get(&id)?;
        Some(json!({ "id": id, "login": login, "type": "User", "name": null }))
    }

    pub(super) fn by_login(&self, login: &str) -> Value {
        let id = self.users.iter().find(|(_, found)| *found == login);
        json!({ "id": id.map_or(0, |(id, _)| *id), "login": login })
    }
}
