//! Alias data: facts that tie names (purl2cpe, Repology), each with its source and licence.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::db::Db;
use crate::dirty;
use crate::error::Result;
use crate::session::{Column, Insert, Value};
use crate::time::Millis;

const FACT: Insert<'static> = Insert {
    table: "alias_fact",
    columns: &[
        ("source", Column::Int),
        ("kind", Column::Text),
        ("lhs", Column::Text),
        ("rhs", Column::Text),
    ],
    conflict: "ON CONFLICT DO NOTHING",
};

/// A fact of an alias source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct AliasFact {
    /// What is tied to what, e.g. `purl-cpe`.
    pub kind: String,
    /// Left side, e.g. `pkg:github/openssl/openssl`.
    pub left: String,
    /// Right side, e.g. `a:openssl:openssl`.
    pub right: String,
}

/// An alias source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AliasSource {
    /// Name, e.g. `purl2cpe`.
    pub name: String,
    /// SPDX expression.
    pub licence: String,
    /// When it was last changed.
    pub loaded_at: Millis,
    /// How many facts it holds.
    pub facts: u64,
}

impl Db {
    /// Replaces the facts of a source. When they differ from what is stored, every advisory is
    /// marked dirty: a fact can tie any two names. True when they differ.
    ///
    /// # Errors
    /// As every write.
    pub fn put_alias_source(
        &self,
        source: &str,
        licence: &str,
        facts: Vec<AliasFact>,
        now: Millis,
    ) -> Result<bool> {
        let mut facts = facts;
        facts.sort_unstable();
        facts.dedup();
        let mut digest = Sha256::new();
        for text in facts
            .iter()
            .flat_map(|fact| [&fact.kind, &fact.left, &fact.right])
        {
            digest.update(text);
            digest.update([0]);
        }
        let digest: [u8; 32] = digest.finalize().into();
        self.write(|session| {
            let known = session.first(
                "SELECT id, digest FROM alias_source WHERE name = ?1 AND licence = ?2",
                &[Value::Text(source), Value::Text(licence)],
                |row| Ok((row.int(0)?, row.blob(1)? == digest)),
            )?;
            if known.is_some_and(|(_, same)| same) {
                return Ok(false);
            }
            session.run(
                "INSERT INTO alias_source (id, name, licence, digest, loaded_at) \
                 SELECT coalesce(max(id), 0) + 1, ?1, ?2, ?3, ?4 FROM alias_source WHERE true \
                 ON CONFLICT (name) DO UPDATE SET licence = excluded.licence, digest = excluded.digest, loaded_at = excluded.loaded_at",
                &[Value::Text(source), Value::Text(licence), Value::Blob(&digest), Value::Int(now.get())],
            )?;
            let id = session.number("SELECT id FROM alias_source WHERE name = ?1", &[Value::Text(source)])?;
            session.run("DELETE FROM alias_fact WHERE source = ?1", &[Value::Int(id)])?;
            let values: Vec<Value<'_>> = facts
                .iter()
                .flat_map(|fact| [Value::Int(id), Value::Text(&fact.kind), Value::Text(&fact.left), Value::Text(&fact.right)])
                .collect();
            session.insert(&FACT, &values)?;
            dirty::mark_all(session)?;
            Ok(true)
        })
    }

    /// The alias sources, by name.
    ///
    /// # Errors
    /// As every read.
    pub fn alias_sources(&self) -> Result<Vec<AliasSource>> {
        self.read(|session| {
            session.list(
                "SELECT name, licence, loaded_at, (SELECT count(*) FROM alias_fact WHERE source = alias_source.id) \
                 FROM alias_source ORDER BY name",
                &[],
                |row| {
                    Ok(AliasSource {
                        name: row.text(0)?.to_owned(),
                        licence: row.text(1)?.to_owned(),
                        loaded_at: Millis::new(row.int(2)?),
                        facts: row.int(3)?.cast_unsigned(),
                    })
                },
            )
        })
    }

    /// All facts of a source, sorted.
    ///
    /// # Errors
    /// As every read.
    pub fn alias_facts(&self, source: &str) -> Result<Vec<AliasFact>> {
        self.read(|session| {
            session.list(
                "SELECT kind, lhs, rhs FROM alias_fact WHERE source = (SELECT id FROM alias_source WHERE name = ?1) \
                 ORDER BY kind, lhs, rhs",
                &[Value::Text(source)],
                |row| Ok(AliasFact { kind: row.text(0)?.to_owned(), left: row.text(1)?.to_owned(), right: row.text(2)?.to_owned() }),
            )
        })
    }
}
