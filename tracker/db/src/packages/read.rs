//! Reading packages: current ones by key, whole evaluations, histories.

use serde::Serialize;
use snowguard_matching::keys::Key;
use snowguard_matching::package::Package;

use super::{Channel, Evaluation, EvaluationId};
use crate::db::Db;
use crate::error::{DbError, Result};
use crate::names;
use crate::session::{Row, Session, Value};
use crate::time::Millis;

/// A content of an attribute, and how long it held.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PackageVersion {
    /// First evaluation with it.
    pub since: Evaluation,
    /// First evaluation without it; nothing while it is current.
    pub until: Option<Evaluation>,
    /// The content.
    pub package: Package,
}

const EVALUATION: &str = "id, revision, evaluated_at, loaded_at, attributes";

impl Db {
    /// All channels, by name.
    ///
    /// # Errors
    /// As every read.
    pub fn channels(&self) -> Result<Vec<Channel>> {
        self.read(|session| {
            let channels =
                session.list("SELECT id, name FROM channel ORDER BY name", &[], |row| Ok((row.int(0)?, row.text(1)?.to_owned())))?;
            channels
                .into_iter()
                .map(|(id, name)| {
                    let sql = format!("SELECT {EVALUATION} FROM evaluation WHERE channel = ?1 ORDER BY id DESC LIMIT 1");
                    let current = session.first(&sql, &[Value::Int(id)], evaluation)?;
                    Ok(Channel { name, current })
                })
                .collect()
        })
    }

    /// The evaluations of a channel, newest first.
    ///
    /// # Errors
    /// [`DbError::Missing`] for an unknown channel.
    pub fn evaluations(&self, channel: &str) -> Result<Vec<Evaluation>> {
        self.read(|session| {
            let channel = names::known_channel(session, channel)?;
            let sql =
                format!("SELECT {EVALUATION} FROM evaluation WHERE channel = ?1 ORDER BY id DESC");
            session.list(&sql, &[Value::Int(channel)], evaluation)
        })
    }

    /// Every package of an evaluation exactly as it was loaded, sorted by attribute.
    ///
    /// # Errors
    /// [`DbError::Missing`] when the channel has no such evaluation, or its content was given up.
    pub fn packages_at(&self, channel: &str, evaluation: EvaluationId) -> Result<Vec<Package>> {
        self.read(|session| {
            let number = names::known_channel(session, channel)?;
            let known = session.number(
                "SELECT count(*) FROM evaluation WHERE id = ?1 AND channel = ?2 AND pruned = 0",
                &[Value::Int(evaluation.0), Value::Int(number)],
            )?;
            if known == 0 {
                return Err(DbError::Missing { what: "evaluation", name: format!("{} of {channel}", evaluation.0) });
            }
            let mut packages = session.list(
                "SELECT body FROM package WHERE channel = ?1 AND until IS NULL AND since <= ?2 \
                 UNION ALL \
                 SELECT body FROM package WHERE channel = ?1 AND until IS NOT NULL AND until > ?2 AND since <= ?2",
                &[Value::Int(number), Value::Int(evaluation.0)],
                |row| self.unpack_package(row.blob(0)?),
            )?;
            packages.sort_by(|a, b| a.attr.cmp(&b.attr));
            Ok(packages)
        })
    }

    /// Every current package of a channel, sorted by attribute.
    ///
    /// # Errors
    /// [`DbError::Missing`] for an unknown channel.
    pub fn all_packages(&self, channel: &str) -> Result<Vec<Package>> {
        self.read(|session| {
            let number = names::known_channel(session, channel)?;
            let mut packages = session.list(
                "SELECT body FROM package WHERE channel = ?1 AND until IS NULL",
                &[Value::Int(number)],
                |row| self.unpack_package(row.blob(0)?),
            )?;
            packages.sort_by(|a, b| a.attr.cmp(&b.attr));
            Ok(packages)
        })
    }

    /// The current content of an attribute in a channel.
    ///
    /// # Errors
    /// As every read.
    pub fn package(&self, channel: &str, attr: &str) -> Result<Option<Package>> {
        self.read(|session| {
            session.first(
                "SELECT package.body FROM attribute JOIN package ON package.attribute = attribute.id \
                 JOIN channel ON channel.id = package.channel \
                 WHERE attribute.name = ?1 AND channel.name = ?2 AND package.until IS NULL",
                &[Value::Text(attr), Value::Text(channel)],
                |row| self.unpack_package(row.blob(0)?),
            )
        })
    }

    /// All contents an attribute had in a channel, newest first.
    ///
    /// # Errors
    /// As every read.
    pub fn package_history(&self, channel: &str, attr: &str) -> Result<Vec<PackageVersion>> {
        self.read(|session| {
            let rows = session.list(
                "SELECT package.since, package.until, package.body FROM attribute \
                 JOIN package ON package.attribute = attribute.id JOIN channel ON channel.id = package.channel \
                 WHERE attribute.name = ?1 AND channel.name = ?2 ORDER BY package.since DESC",
                &[Value::Text(attr), Value::Text(channel)],
                |row| Ok((row.int(0)?, row.opt_int(1)?, self.unpack_package(row.blob(2)?)?)),
            )?;
            rows.into_iter()
                .map(|(since, until, package)| {
                    let since = evaluation_by_number(session, since)?;
                    let until = until.map(|until| evaluation_by_number(session, until)).transpose()?;
                    Ok(PackageVersion { since, until, package })
                })
                .collect()
        })
    }

    /// The current packages of a channel that share any of these keys, sorted by attribute.
    ///
    /// # Errors
    /// [`DbError::Missing`] for an unknown channel.
    pub fn candidates(&self, channel: &str, keys: &[Key]) -> Result<Vec<Package>> {
        let keys: Vec<i64> = keys.iter().map(|key| key.to_i64()).collect();
        self.read(|session| {
            let number = names::known_channel(session, channel)?;
            // From the keys to the packages: SQLite keeps the order of a cross join, and without
            // statistics it would else walk the whole channel.
            let mut rows = session.list(
                "SELECT package.id, package.body FROM package_key CROSS JOIN package \
                 WHERE package_key.key IN EACH_INT(?1) AND package.id = package_key.package \
                 AND package.channel = ?2 AND package.until IS NULL",
                &[Value::Ints(&keys), Value::Int(number)],
                |row| Ok((row.int(0)?, row.blob(1)?.to_vec())),
            )?;
            rows.sort_unstable_by_key(|(id, _)| *id);
            rows.dedup_by_key(|(id, _)| *id);
            let mut packages = rows
                .iter()
                .map(|(_, body)| self.unpack_package(body))
                .collect::<Result<Vec<Package>>>()?;
            packages.sort_by(|a, b| a.attr.cmp(&b.attr));
            Ok(packages)
        })
    }

    pub(crate) fn unpack_package(&self, body: &[u8]) -> Result<Package> {
        let json = self.packer().unpack(body, "package")?;
        serde_json::from_slice(&json).map_err(|failed| DbError::damaged("package", failed))
    }
}

fn evaluation_by_number(session: &mut Session<'_>, number: i64) -> Result<Evaluation> {
    let sql = format!("SELECT {EVALUATION} FROM evaluation WHERE id = ?1");
    session
        .first(&sql, &[Value::Int(number)], evaluation)?
        .ok_or_else(|| DbError::damaged("evaluation number", number))
}

fn evaluation(row: &Row<'_>) -> Result<Evaluation> {
    Ok(Evaluation {
        id: EvaluationId(row.int(0)?),
        revision: row.text(1)?.to_owned(),
        evaluated_at: row.opt_int(2)?.map(Millis::new),
        loaded_at: Millis::new(row.int(3)?),
        attributes: row.int(4)?.cast_unsigned(),
    })
}
