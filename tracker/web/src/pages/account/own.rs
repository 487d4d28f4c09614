//! `/account`: sessions, tokens, roles.

use askama::Template;
use snowguard_tracker_db::{SessionInfo, TokenInfo};
use snowguard_tracker_triage::role::{Role, Roles};

use crate::account::handlers::SCOPES;
use crate::pages::shell::Shell;
use crate::show::time::{Millis, When};

/// What the page is made from.
#[derive(Debug)]
pub struct Input {
    /// Sessions, the last used first.
    pub sessions: Vec<SessionInfo>,
    /// Tokens in force.
    pub tokens: Vec<TokenInfo>,
    /// What the reader is.
    pub roles: Roles,
    /// Names under which they own packages.
    pub owned: Vec<String>,
    /// A token that was just made, to be shown once.
    pub fresh: Option<String>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/account/own.html")]
pub struct Page {
    shell: Shell,
    roles: String,
    owned: Vec<String>,
    sessions: Vec<(String, When, When)>,
    tokens: Vec<Token>,
    fresh: Option<String>,
    scopes: [(&'static str, &'static str); 2],
}

#[derive(Debug)]
struct Token {
    id: i64,
    name: String,
    scopes: String,
    used: Option<When>,
    expires: When,
}

impl Page {
    /// Builds it as seen at `now`.
    pub fn new(shell: Shell, input: Input, now: Millis) -> Self {
        let roles = input.roles.iter().filter(|role| *role != Role::Anonymous);
        let when = |at: snowguard_tracker_db::Millis| When::new(at.get(), now);
        Self {
            shell,
            roles: roles.map(Role::title).collect::<Vec<_>>().join(", "),
            owned: input.owned,
            sessions: input
                .sessions
                .into_iter()
                .map(|session| (session.agent, when(session.created), when(session.used)))
                .collect(),
            tokens: input
                .tokens
                .into_iter()
                .map(|token| Token {
                    id: token.id,
                    name: token.name,
                    scopes: token.scopes.join(", "),
                    used: token.used.map(when),
                    expires: when(token.expires),
                })
                .collect(),
            fresh: input.fresh,
            scopes: SCOPES,
        }
    }
}
