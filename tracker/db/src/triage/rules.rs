//! Rules that the matcher takes over.

use serde_json::json;
use snowguard_matching::keys::Key;
use snowguard_matching::rules::Rules;
use snowguard_tracker_triage::rule::Rule;

use super::activity::{self, Entry, Subject};
use crate::db::Db;
use crate::dirty;
use crate::error::{DbError, Result};
use crate::names;
use crate::people::PersonId;
use crate::session::{Row, Session, Value};
use crate::time::Millis;

/// A rule as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRule {
    /// Number.
    pub id: i64,
    /// What it says.
    pub rule: Rule,
    /// Grows with each change.
    pub revision: i64,
    /// Advisory at which it was made.
    pub advisory: Option<String>,
    /// When it was made.
    pub created: Millis,
    /// Since when it does not hold any more.
    pub retired: Option<Millis>,
}

const SELECT: &str = "SELECT id, body, revision, advisory, created, retired FROM rule";

fn read(row: &Row<'_>) -> Result<(StoredRule, Option<i64>)> {
    let stored = StoredRule {
        id: row.int(0)?,
        rule: serde_json::from_str(row.text(1)?)
            .map_err(|failed| DbError::damaged("rule", failed))?,
        revision: row.int(2)?,
        advisory: None,
        created: Millis::new(row.int(4)?),
        retired: row.opt_int(5)?.map(Millis::new),
    };
    Ok((stored, row.opt_int(3)?))
}

impl Db {
    /// All rules, also retired ones, the newest first.
    ///
    /// # Errors
    /// As every read.
    pub fn rules(&self) -> Result<Vec<StoredRule>> {
        self.read(|session| {
            let all = session.list(&format!("{SELECT} ORDER BY id DESC"), &[], read)?;
            all.into_iter().map(|found| named(session, found)).collect()
        })
    }

    /// Rules that hold, in the order in which they were made.
    ///
    /// # Errors
    /// As every read.
    pub fn rules_in_force(&self) -> Result<Vec<(i64, Rule)>> {
        let sql = format!("{SELECT} WHERE retired IS NULL ORDER BY id");
        self.read(|session| {
            session.list(&sql, &[], |row| {
                let (stored, _) = read(row)?;
                Ok((stored.id, stored.rule))
            })
        })
    }

    /// Makes a rule; what it touches is marked to be matched again. The same rule twice is the rule that is there. By
    /// nobody: the machine's own administrator, as the tracker itself.
    ///
    /// # Errors
    /// As every write.
    pub fn put_rule(
        &self,
        rule: &Rule,
        advisory: Option<&str>,
        by: impl Into<Option<PersonId>>,
        now: Millis,
    ) -> Result<i64> {
        let by = by.into();
        self.write(|session| {
            let body = serde_json::to_string(rule).map_err(|failed| DbError::damaged("rule", failed))?;
            let (vendor, product) = rule.names();
            let same = session.first(
                "SELECT id FROM rule WHERE vendor = ?1 AND body = ?2 AND retired IS NULL",
                &[Value::Text(vendor), Value::Text(&body)],
                |row| row.int(0),
            )?;
            if let Some(id) = same {
                return Ok(id);
            }
            let advisory = match advisory {
                Some(id) => names::advisory(session, id)?,
                None => None,
            };
            let id = session.number("SELECT max(id) FROM rule", &[])? + 1;
            session.run(
                "INSERT INTO rule (id, vendor, product, body, revision, advisory, created) VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6)",
                &[
                    Value::Int(id),
                    Value::Text(vendor),
                    product.into(),
                    Value::Text(&body),
                    advisory.into(),
                    Value::Int(now.get()),
                ],
            )?;
            note(session, id, "make_rule", rule, by, now)?;
            mark(session, rule)?;
            Ok(id)
        })
    }

    /// Retires a rule, or puts it in force again; what it touches is marked to be matched again.
    ///
    /// # Errors
    /// [`DbError::Missing`] for an unknown rule.
    pub fn retire_rule(
        &self,
        id: i64,
        retire: Retire,
        by: impl Into<Option<PersonId>>,
        now: Millis,
    ) -> Result<()> {
        let by = by.into();
        self.write(|session| {
            let found =
                session.first(&format!("{SELECT} WHERE id = ?1"), &[Value::Int(id)], read)?;
            let (stored, _) = found.ok_or_else(|| DbError::Missing {
                what: "rule",
                name: id.to_string(),
            })?;
            if stored.retired.is_some() == (retire == Retire::Retire) {
                return Ok(());
            }
            let (since, action) = match retire {
                Retire::Retire => (Some(now.get()), "retire_rule"),
                Retire::Restore => (None, "restore_rule"),
            };
            session.run(
                "UPDATE rule SET retired = ?2, revision = revision + 1 WHERE id = ?1",
                &[Value::Int(id), since.into()],
            )?;
            note(session, id, action, &stored.rule, by, now)?;
            mark(session, &stored.rule)
        })
    }
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retire {
    /// It does not hold any more.
    Retire,
    /// It holds again.
    Restore,
}

/// Marks what a rule touches: who looked for packages by that product, or all that name the vendor.
fn mark(session: &mut Session<'_>, rule: &Rule) -> Result<()> {
    match rule.names() {
        (vendor, Some(product)) => {
            // As advisories are found, whichever way they write it.
            let key = Key::new("cpe", &Rules::product(vendor, product).to_text());
            dirty::mark_keys(session, &[key.to_i64()])
        }
        // No key is the vendor's alone.
        (_, None) => dirty::mark_all(session),
    }
}

fn note(
    session: &mut Session<'_>,
    id: i64,
    action: &str,
    rule: &Rule,
    by: Option<PersonId>,
    now: Millis,
) -> Result<()> {
    let entry = Entry {
        at: now,
        person: by,
        subject: &Subject::Rule(id),
        action,
        body: &json!({"comment": rule.sentence()}),
        undoes: None,
    };
    activity::append(session, &entry).map(|_| ())
}

fn named(session: &mut Session<'_>, found: (StoredRule, Option<i64>)) -> Result<StoredRule> {
    let (mut stored, advisory) = found;
    if let Some(number) = advisory {
        stored.advisory = Some(names::advisory_id(session, number)?);
    }
    Ok(stored)
}
