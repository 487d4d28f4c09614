//! Maintainers and teams as Nixpkgs lists them, and whose packages are whose.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use serde::Serialize;
use snowguard_matching::package::Package;

use crate::db::Db;
use crate::error::Result;
use crate::session::{Column, Insert, Row, Session, Value};
use crate::signals::SignalOutcome;

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
        ("listed", Column::Int),
    ],
    conflict: "ON CONFLICT (handle) DO UPDATE SET name = excluded.name, github = excluded.github, github_id = excluded.github_id, listed = 1",
};

/// As [`MAINTAINER`], but what the list says stays.
const FILLED: Insert<'static> = Insert {
    table: "maintainer",
    columns: MAINTAINER.columns,
    conflict: "ON CONFLICT (handle) DO UPDATE SET name = excluded.name, github = excluded.github, github_id = excluded.github_id \
               WHERE maintainer.listed = 0",
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

fn read(row: &Row<'_>) -> Result<Maintainer> {
    Ok(Maintainer {
        handle: row.text(0)?.to_owned(),
        name: row.text(1)?.to_owned(),
        github: row.opt_text(2)?.map(str::to_owned),
        github_id: row.opt_int(3)?,
    })
}

fn insert(
    session: &mut Session<'_>,
    how: &Insert<'_>,
    all: &[&Maintainer],
    listed: i64,
) -> Result<()> {
    let values: Vec<Value<'_>> = all
        .iter()
        .flat_map(|one| {
            [
                Value::Text(&one.handle),
                Value::Text(&one.name),
                one.github.as_deref().into(),
                one.github_id.into(),
                Value::Int(listed),
            ]
        })
        .collect();
    session.insert(how, &values)?;
    Ok(())
}

impl Db {
    /// Replaces the list of maintainers; what only channels name stays. Rows that stay the same are not written.
    ///
    /// # Errors
    /// As every write.
    pub fn put_maintainers(&self, all: &[Maintainer]) -> Result<SignalOutcome> {
        self.write(|session| {
            let mut known: BTreeMap<String, (Maintainer, bool)> = session
                .list(
                    "SELECT handle, name, github, github_id, listed FROM maintainer",
                    &[],
                    |row| Ok((read(row)?, row.int(4)? == 1)),
                )?
                .into_iter()
                .map(|(one, listed)| (one.handle.clone(), (one, listed)))
                .collect();
            let new: BTreeMap<&str, &Maintainer> =
                all.iter().map(|one| (one.handle.as_str(), one)).collect();
            let mut outcome = SignalOutcome::default();
            let mut changed = Vec::new();
            for (handle, one) in new {
                match known.remove(handle) {
                    Some((known, true)) if known == *one => outcome.unchanged += 1,
                    Some((_, true)) => {
                        outcome.changed += 1;
                        changed.push(one);
                    }
                    _ => {
                        outcome.new += 1;
                        changed.push(one);
                    }
                }
            }
            let gone: Vec<&str> = known
                .iter()
                .filter(|(_, (_, listed))| *listed)
                .map(|(handle, _)| handle.as_str())
                .collect();
            outcome.removed = gone.len() as u64;
            session.run(
                "DELETE FROM maintainer WHERE handle IN EACH_TEXT(?1)",
                &[Value::Texts(&gone)],
            )?;
            insert(session, &MAINTAINER, &changed, 1)?;
            Ok(outcome)
        })
    }

    /// Adds maintainers that a channel's packages name by their GitHub accounts and that the list does not have: of
    /// older channels, or before the list is loaded. A handle of the list stays whose it is.
    ///
    /// # Errors
    /// As every write.
    pub fn fill_maintainers(&self, all: &[Maintainer]) -> Result<()> {
        if all.is_empty() {
            return Ok(());
        }
        let accounts: Vec<i64> = all.iter().filter_map(|one| one.github_id).collect();
        let known = "SELECT github, github_id FROM maintainer WHERE github_id IN EACH_INT(?1)";
        self.write(|session| {
            let known: BTreeSet<(Option<String>, Option<i64>)> = session
                .list(known, &[Value::Ints(&accounts)], |row| {
                    Ok((row.opt_text(0)?.map(str::to_owned), row.opt_int(1)?))
                })?
                .into_iter()
                .collect();
            let missing = |one: &&Maintainer| !known.contains(&(one.github.clone(), one.github_id));
            let missing: Vec<&Maintainer> = all.iter().filter(missing).collect();
            insert(session, &FILLED, &missing, 0)
        })
    }

    /// Replaces all teams; one that stays the same is not written.
    ///
    /// # Errors
    /// As every write.
    pub fn put_teams(&self, all: &[Team]) -> Result<SignalOutcome> {
        self.write(|session| {
            let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            session.each("SELECT team, handle FROM team_member", &[], &mut |row| {
                let members = known.entry(row.text(0)?.to_owned()).or_default();
                members.insert(row.text(1)?.to_owned());
                Ok(ControlFlow::Continue(()))
            })?;
            let mut new: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
            for team in all {
                let members = new.entry(&team.name).or_default();
                members.extend(team.members.iter().cloned());
            }
            let mut outcome = SignalOutcome::default();
            let mut changed = Vec::new();
            for (team, members) in &new {
                match known.remove(*team) {
                    Some(known) if known == *members => outcome.unchanged += 1,
                    // A team without members leaves no trace.
                    None if members.is_empty() => outcome.unchanged += 1,
                    Some(_) => {
                        outcome.changed += 1;
                        changed.push((*team, members));
                    }
                    None => {
                        outcome.new += 1;
                        changed.push((*team, members));
                    }
                }
            }
            outcome.removed = known.len() as u64;
            let gone: Vec<&str> = known
                .keys()
                .map(String::as_str)
                .chain(changed.iter().map(|(team, _)| *team))
                .collect();
            session.run(
                "DELETE FROM team_member WHERE team IN EACH_TEXT(?1)",
                &[Value::Texts(&gone)],
            )?;
            let values: Vec<Value<'_>> = changed
                .iter()
                .flat_map(|(team, members)| members.iter().map(move |handle| (*team, handle)))
                .flat_map(|(team, handle)| [Value::Text(team), Value::Text(handle)])
                .collect();
            session.insert(&TEAM_MEMBER, &values)?;
            Ok(outcome)
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
                read,
            )
        })
    }

    /// The names under which a GitHub account owns packages: its handles, its login as the list has it (a channel's
    /// `packages.json` names maintainers by login), and `team:…` for its teams. The account's number decides; a login
    /// may have changed hands, and one that is somebody else's handle is left to them.
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
            let logins = session.list(
                "SELECT DISTINCT mine.github FROM maintainer AS mine WHERE mine.github_id = ?1 AND mine.github IS NOT NULL \
                 AND NOT EXISTS (SELECT 1 FROM maintainer AS other WHERE other.handle = mine.github) ORDER BY mine.github",
                &[Value::Int(github)],
                |row| Ok(row.text(0)?.to_owned()),
            )?;
            names.extend(logins);
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

    /// The attributes that somebody owns in any channel, sorted: a handle, or `team:…`.
    ///
    /// # Errors
    /// As every read.
    pub fn attributes_owned(&self, name: &str) -> Result<BTreeSet<String>> {
        self.read(|session| {
            let attrs = session.list(
                "SELECT DISTINCT attribute.name FROM owner JOIN attribute ON attribute.id = owner.attribute WHERE owner.name = ?1",
                &[Value::Text(name)],
                |row| Ok(row.text(0)?.to_owned()),
            )?;
            Ok(attrs.into_iter().collect())
        })
    }
}
