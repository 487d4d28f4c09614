//! Who may do what. The table is data: the documentation shows it, and the web's tests walk it.

use serde::{Deserialize, Serialize};

/// What somebody is to the tracker. One person may be several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Not signed in.
    Anonymous,
    /// Signed in.
    User,
    /// Named by `meta.maintainers` or a team of some package.
    Maintainer,
    /// Helps with triage (Nixpkgs: committers).
    Triager,
    /// Publishes.
    SecurityTeam,
    /// Runs this instance.
    Administrator,
}

impl Role {
    /// All, in the order of the table's columns.
    pub const ALL: [Self; 6] = [
        Self::Anonymous,
        Self::User,
        Self::Maintainer,
        Self::Triager,
        Self::SecurityTeam,
        Self::Administrator,
    ];

    /// As written in the database, on the command line and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::User => "user",
            Self::Maintainer => "maintainer",
            Self::Triager => "triager",
            Self::SecurityTeam => "security_team",
            Self::Administrator => "administrator",
        }
    }

    /// The words for a page.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::User => "user",
            Self::Maintainer => "maintainer",
            Self::Triager => "triager",
            Self::SecurityTeam => "security team",
            Self::Administrator => "administrator",
        }
    }

    /// The role of a word ([`Role::as_str`]).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Something that somebody may or may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Read what is public: pages, API, feeds, exports.
    Read,
    /// Keep subscriptions, saved views, API tokens; read one's own notifications.
    OwnAccount,
    /// Propose a decision on a suggestion.
    Propose,
    /// Comment on a suggestion.
    Comment,
    /// Decide: take, accept, dismiss, reopen, edit, undo; confirm or turn down a proposal.
    Triage,
    /// Bundle suggestions into an issue and edit it.
    Draft,
    /// Publish an issue, and what was published.
    Publish,
    /// Keep a correction as a rule for the matcher; retire one.
    Rules,
    /// Give and take roles, lock accounts.
    People,
    /// See jobs, runs and their failures.
    Operate,
}

impl Action {
    /// All, in the order of the table's rows.
    pub const ALL: [Self; 10] = [
        Self::Read,
        Self::OwnAccount,
        Self::Propose,
        Self::Comment,
        Self::Triage,
        Self::Draft,
        Self::Publish,
        Self::Rules,
        Self::People,
        Self::Operate,
    ];

    /// What it is, for the documentation and for refusals.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Read => "read what is public",
            Self::OwnAccount => "keep subscriptions, views and tokens",
            Self::Propose => "propose a decision",
            Self::Comment => "comment",
            Self::Triage => "decide, edit, undo",
            Self::Draft => "bundle and edit issues",
            Self::Publish => "publish",
            Self::Rules => "keep and retire rules",
            Self::People => "manage people",
            Self::Operate => "see jobs and runs",
        }
    }
}

/// How far a role may go with an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// Not at all.
    No,
    /// For packages that they maintain.
    OwnPackages,
    /// Everywhere.
    Yes,
}

/// What a role may do.
#[must_use]
pub fn grant(role: Role, action: Action) -> Grant {
    use Grant::{No, OwnPackages, Yes};
    // Columns as in `Role::ALL`: anonymous, user, maintainer, triager, security team, administrator.
    // An administrator runs the instance; deciding on vulnerabilities is another office, which an
    // administrator may give to anybody, also to themselves, and the log shows it.
    let row = match action {
        Action::Read => [Yes, Yes, Yes, Yes, Yes, Yes],
        Action::OwnAccount => [No, Yes, Yes, Yes, Yes, Yes],
        Action::Propose => [No, No, OwnPackages, Yes, Yes, No],
        Action::Comment => [No, No, OwnPackages, Yes, Yes, No],
        Action::Triage => [No, No, No, Yes, Yes, No],
        Action::Draft => [No, No, No, Yes, Yes, No],
        Action::Publish => [No, No, No, No, Yes, No],
        Action::Rules => [No, No, No, No, Yes, No],
        Action::People => [No, No, No, No, No, Yes],
        Action::Operate => [No, No, No, No, Yes, Yes],
    };
    row[role as usize]
}

/// The roles of somebody. Everybody has [`Role::Anonymous`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Roles(u8);

impl Default for Roles {
    fn default() -> Self {
        Self(Role::Anonymous.bit())
    }
}

impl Roles {
    /// These roles, and [`Role::Anonymous`].
    #[must_use]
    pub fn new(roles: impl IntoIterator<Item = Role>) -> Self {
        roles.into_iter().fold(Self::default(), Self::with)
    }

    /// One role more.
    #[must_use]
    pub fn with(self, role: Role) -> Self {
        Self(self.0 | role.bit())
    }

    /// Those of both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it is among them.
    #[must_use]
    pub fn has(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// In the order of [`Role::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.has(*role))
    }

    /// The furthest that any of them may go.
    #[must_use]
    pub fn grant(self, action: Action) -> Grant {
        self.iter()
            .map(|role| grant(role, action))
            .max()
            .unwrap_or(Grant::No)
    }

    /// Whether the action is allowed; `owns` says whether the package at hand is one of theirs.
    #[must_use]
    pub fn may(self, action: Action, owns: Ownership) -> bool {
        match self.grant(action) {
            Grant::Yes => true,
            Grant::OwnPackages => owns == Ownership::Theirs,
            Grant::No => false,
        }
    }
}

/// Whether what is at hand belongs to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// A package that they maintain is concerned.
    Theirs,
    /// None, or nothing in particular is at hand.
    Others,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_add_up_and_come_back() {
        let roles = Roles::new([Role::User, Role::Triager]);
        assert_eq!(
            roles.iter().collect::<Vec<_>>(),
            [Role::Anonymous, Role::User, Role::Triager]
        );
        assert!(roles.may(Action::Triage, Ownership::Others));
        assert!(!roles.may(Action::Publish, Ownership::Theirs));
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
    }

    #[test]
    fn a_maintainer_speaks_of_their_own_packages_only() {
        let roles = Roles::new([Role::User, Role::Maintainer]);
        assert!(roles.may(Action::Propose, Ownership::Theirs));
        assert!(!roles.may(Action::Propose, Ownership::Others));
        assert!(!roles.may(Action::Triage, Ownership::Theirs));
    }

    #[test]
    fn the_documentation_has_this_table() {
        let page = include_str!("../../../docs/triage.md");
        let line = |cells: Vec<&str>| {
            let cells = cells.into_iter().map(|cell| match cell {
                "" => " |".to_owned(),
                cell => format!(" {cell} |"),
            });
            cells.fold("|".to_owned(), |line, cell| line + &cell) + "\n"
        };
        let mut head = vec![""];
        head.extend(Role::ALL.map(Role::title));
        let mut table = line(head) + "|" + &"---|".repeat(Role::ALL.len() + 1) + "\n";
        for action in Action::ALL {
            let mut cells = vec![action.title()];
            cells.extend(Role::ALL.map(|role| match grant(role, action) {
                Grant::No => "",
                Grant::OwnPackages => "own packages",
                Grant::Yes => "yes",
            }));
            table += &line(cells);
        }
        assert!(page.contains(&table), "docs/triage.md should have\n{table}");
    }

    #[test]
    fn nobody_writes_without_signing_in() {
        for action in Action::ALL {
            let expected = if action == Action::Read {
                Grant::Yes
            } else {
                Grant::No
            };
            assert_eq!(grant(Role::Anonymous, action), expected, "{action:?}");
        }
    }
}
