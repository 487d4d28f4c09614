//! Maintainers and teams as Nixpkgs lists them, and whose packages are whose.

use std::collections::BTreeSet;

use serde::Serialize;
use snowguard_matching::package::Package;

use crate::db::Db;
use crate::error::Result;
use crate::session::{Column, Insert, Session, Value};

/// An entry of Nixpkgs' `maintainer-list.nix`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Maintainer {
    /// Key in the list.
    pub handle: String,
    /// Name.
    pub name: String,
    /// GitHub login, as the list has it.
    pub github: Option<String>,
    /// GitHub's number of the account.
    pub github_id: Option<i64>,
}

/// A team of Nixpkgs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Team {
    /// Short name, as packages name it.
    pub name: String,
    /// Handles of its members.
    pub members: Vec<String>,
}

const MAINTAINER: Insert<'static> = Insert {
    table: "maintainer",
    columns: &[
        ("handle", Column::Text),
        ("name", Column::Text),
        ("github", Column::Text),
        ("github_id", Column::Int),
    ],
    conflict: "ON CONFLICT (handle) DO UPDATE SET name = excluded.name, github = excluded.github, github_id = excluded.github_id",
};

const TEAM_MEMBER: Insert<'static> = Insert {
    table: "team_member",
    columns: &[("team", Column::Text), ("handle", Column::Text)],
    conflict: "ON CONFLICT DO NOTHING",
};

const OWNER: Insert<'static> = Insert {
    table: "owner",
    columns: &[
        ("name", Column::Text),
        ("attribute", Column::Int),
        ("channel", Column::Int),
    ],
    conflict: "ON CONFLICT DO NOTHING",
};

/// Before a team's short name, where maintainers and teams stand in one list.
pub(crate) const TEAM: &str = "team:";

/// The names a package is owned under: handles, and teams with [`TEAM`] before them.
pub(crate) fn owners(package: &Package) -> Vec<String> {
    let teams = package.teams.iter().map(|team| format!("{TEAM}{team}"));
    let names: BTreeSet<String> = package.maintainers.iter().cloned().chain(teams).collect();
    names.into_iter().collect()
}

/// Replaces the owners of attributes in a channel; an attribute without a list loses all.
pub(crate) fn put_owners(
    session: &mut Session<'_>,
    channel: i64,
    gone: &[i64],
    owners: &[(i64, Vec<String>)],
) -> Result<()> {
    let pairs: Vec<[i64; 2]> = gone.iter().map(|attribute| [channel, *attribute]).collect();
    session.delete("owner", ["channel", "attribute"], &pairs)?;
    let values: Vec<Value<'_>> = owners
        .iter()
        .flat_map(|(attribute, names)| names.iter().map(move |name| (name, attribute)))
        .flat_map(|(name, attribute)| {
            [
                Value::Text(name),
                Value::Int(*attribute),
                Value::Int(channel),
            ]
        })
        .collect();
    session.insert(&OWNER, &values)?;
    Ok(())
}

impl Db {
    /// Replaces the whole list of maintainers.
    ///
    /// # Errors
    /// As every write.
    pub fn put_maintainers(&self, all: &[Maintainer]) -> Result<()> {
        self.write(|session| {
            session.run("DELETE FROM maintainer", &[])?;
            let values: Vec<Value<'_>> = all
                .iter()
                .flat_map(|one| {
                    [
                        Value::Text(&one.handle),
                        Value::Text(&one.name),
                        one.github.as_deref().into(),
                        one.github_id.into(),
                    ]
                })
                .collect();
            session.insert(&MAINTAINER, &values)?;
            Ok(())
        })
    }

    /// Replaces all teams.
    ///
    /// # Errors
    /// As every write.
    pub fn put_teams(&self, all: &[Team]) -> Result<()> {
        self.write(|session| {
            session.run("DELETE FROM team_member", &[])?;
            let values: Vec<Value<'_>> = all
                .iter()
                .flat_map(|team| team.members.iter().map(move |handle| (team, handle)))
                .flat_map(|(team, handle)| [Value::Text(&team.name), Value::Text(handle)])
                .collect();
            session.insert(&TEAM_MEMBER, &values)?;
            Ok(())
        })
    }

    /// A maintainer of the list.
    ///
    /// # Errors
    /// As every read.
    pub fn maintainer(&self, handle: &str) -> Result<Option<Maintainer>> {
        self.read(|session| {
            session.first(
                "SELECT handle, name, github, github_id FROM maintainer WHERE handle = ?1",
                &[Value::Text(handle)],
                |row| {
                    Ok(Maintainer {
                        handle: row.text(0)?.to_owned(),
                        name: row.text(1)?.to_owned(),
                        github: row.opt_text(2)?.map(str::to_owned),
                        github_id: row.opt_int(3)?,
                    })
                },
            )
        })
    }

    /// The names under which a GitHub account owns packages: handles, and `team:…` for its teams. The
    /// account's number decides; a login may have changed hands.
    ///
    /// # Errors
    /// As every read.
    pub fn owned_names(&self, github: i64) -> Result<Vec<String>> {
        self.read(|session| {
            let mut names = session.list(
                "SELECT handle FROM maintainer WHERE github_id = ?1 ORDER BY handle",
                &[Value::Int(github)],
                |row| Ok(row.text(0)?.to_owned()),
            )?;
            let handles: Vec<&str> = names.iter().map(String::as_str).collect();
            let teams = session.list(
                "SELECT DISTINCT team FROM team_member WHERE handle IN EACH_TEXT(?1) ORDER BY team",
                &[Value::Texts(&handles)],
                |row| Ok(format!("{TEAM}{}", row.text(0)?)),
            )?;
            names.extend(teams);
            Ok(names)
        })
    }

    /// Whether any of the attributes is owned, in any channel, under one of the names.
    ///
    /// # Errors
    /// As every read.
    pub fn owns_any(&self, names: &[String], attrs: &[String]) -> Result<bool> {
        self.read(|session| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let attrs: Vec<&str> = attrs.iter().map(String::as_str).collect();
            let owned = session.number(
                "SELECT count(*) FROM (SELECT 1 FROM attribute JOIN owner ON owner.attribute = attribute.id \
                 WHERE attribute.name IN EACH_TEXT(?1) AND owner.name IN EACH_TEXT(?2) LIMIT 1) AS owned",
                &[Value::Texts(&attrs), Value::Texts(&names)],
            )?;
            Ok(owned > 0)
        })
    }

    /// Who owns each attribute, in any channel: handles, and `team:…`.
    ///
    /// # Errors
    /// As every read.
    pub fn owners_of(&self, attrs: &[String]) -> Result<BTreeSet<String>> {
        self.read(|session| {
            let attrs: Vec<&str> = attrs.iter().map(String::as_str).collect();
            let names = session.list(
                "SELECT DISTINCT owner.name FROM attribute JOIN owner ON owner.attribute = attribute.id \
                 WHERE attribute.name IN EACH_TEXT(?1)",
                &[Value::Texts(&attrs)],
                |row| Ok(row.text(0)?.to_owned()),
            )?;
            Ok(names.into_iter().collect())
        })
    }
}
