//! Schema versions: numbered SQL per dialect, up and down.
//!
//! Each step that was taken is kept with a digest of its statements, so that a database whose
//! tables were made by other statements (a build from between two releases) is refused by name,
//! and not by whatever statement fails first.

use sha2::{Digest, Sha256};

use crate::care::derived;
use crate::error::{DbError, Result};
use crate::session::{Dialect, Session, Value};

struct Migration {
    up: &'static str,
    down: &'static str,
}

const SQLITE: &[Migration] = &[
    Migration {
        up: include_str!("../migrations/sqlite/0001_tracker.up.sql"),
        down: include_str!("../migrations/sqlite/0001_tracker.down.sql"),
    },
    Migration {
        up: include_str!("../migrations/sqlite/0002_knowledge.up.sql"),
        down: include_str!("../migrations/sqlite/0002_knowledge.down.sql"),
    },
    Migration {
        up: include_str!("../migrations/sqlite/0003_people.up.sql"),
        down: include_str!("../migrations/sqlite/0003_people.down.sql"),
    },
    Migration {
        up: include_str!("../migrations/sqlite/0004_triage.up.sql"),
        down: include_str!("../migrations/sqlite/0004_triage.down.sql"),
    },
    Migration {
        up: include_str!("../migrations/sqlite/0005_delivery.up.sql"),
        down: include_str!("../migrations/sqlite/0005_delivery.down.sql"),
    },
    Migration {
        up: include_str!("../migrations/sqlite/0006_rules.up.sql"),
        down: include_str!("../migrations/sqlite/0006_rules.down.sql"),
    },
    Migration {
        up: include_str!("../migrations/sqlite/0007_exposure.up.sql"),
        down: include_str!("../migrations/sqlite/0007_exposure.down.sql"),
    },
    Migration {
        up: include_str!("../migrations/sqlite/0008_ways.up.sql"),
        down: include_str!("../migrations/sqlite/0008_ways.down.sql"),
    },
];

const POSTGRES: &[Migration] = &[
    Migration {
        up: include_str!("../migrations/postgres/0001_tracker.up.sql"),
        down: include_str!("../migrations/postgres/0001_tracker.down.sql"),
    },
    Migration {
        up: include_str!("../migrations/postgres/0002_knowledge.up.sql"),
        down: include_str!("../migrations/postgres/0002_knowledge.down.sql"),
    },
    Migration {
        up: include_str!("../migrations/postgres/0003_people.up.sql"),
        down: include_str!("../migrations/postgres/0003_people.down.sql"),
    },
    Migration {
        up: include_str!("../migrations/postgres/0004_triage.up.sql"),
        down: include_str!("../migrations/postgres/0004_triage.down.sql"),
    },
    Migration {
        up: include_str!("../migrations/postgres/0005_delivery.up.sql"),
        down: include_str!("../migrations/postgres/0005_delivery.down.sql"),
    },
    Migration {
        up: include_str!("../migrations/postgres/0006_rules.up.sql"),
        down: include_str!("../migrations/postgres/0006_rules.down.sql"),
    },
    Migration {
        up: include_str!("../migrations/postgres/0007_exposure.up.sql"),
        down: include_str!("../migrations/postgres/0007_exposure.down.sql"),
    },
    Migration {
        up: include_str!("../migrations/postgres/0008_ways.up.sql"),
        down: include_str!("../migrations/postgres/0008_ways.down.sql"),
    },
];

/// The schema version that this program writes.
pub const SCHEMA_VERSION: u32 = 8;

/// Steps taken, oldest first; the same in both dialects.
const STEPS: &str = "CREATE TABLE schema_step (version bigint PRIMARY KEY, digest text NOT NULL)";

/// Brings the schema to `target`, inside of the session's transaction.
///
/// # Errors
/// [`DbError::NewerSchema`], [`DbError::OtherSchema`], [`DbError::NoSuchSchema`].
pub(crate) fn to(session: &mut Session<'_>, target: u32) -> Result<()> {
    let migrations = migrations(session.dialect());
    if target as usize > migrations.len() {
        return Err(DbError::NoSuchSchema(target));
    }
    let found = supported(session)? as usize;
    let wanted = target as usize;
    if found == 0 && wanted > 0 && !has_steps(session)? {
        session.script(STEPS)?;
    }
    let numbered: Vec<(i64, &Migration)> = (1..).zip(migrations).collect();
    for (version, migration) in numbered.iter().take(wanted).skip(found) {
        session.script(migration.up)?;
        session.run(
            "INSERT INTO schema_step (version, digest) VALUES (?1, ?2)",
            &[Value::Int(*version), Value::Text(&digest(migration))],
        )?;
    }
    for (version, migration) in numbered.iter().take(found).skip(wanted).rev() {
        session.script(migration.down)?;
        session.run(
            "DELETE FROM schema_step WHERE version = ?1",
            &[Value::Int(*version)],
        )?;
    }
    if found == 0 && wanted > 0 {
        derived::note_derivation(session)?;
    }
    Ok(())
}

/// The version of the schema that is there, when this program made it; 0 in an empty database.
///
/// # Errors
/// [`DbError::NewerSchema`], [`DbError::OtherSchema`].
pub(crate) fn supported(session: &mut Session<'_>) -> Result<u32> {
    if !has_steps(session)? {
        let tables = session.number(foreign_tables(session.dialect()), &[])?;
        return match tables {
            0 => Ok(0),
            _ => Err(DbError::OtherSchema { found: 0 }),
        };
    }
    let steps = session.list(
        "SELECT version, digest FROM schema_step ORDER BY version",
        &[],
        |row| Ok((row.int(0)?, row.text(1)?.to_owned())),
    )?;
    let found = steps.last().map_or(0, |(version, _)| *version);
    let found = u32::try_from(found).map_err(|_| DbError::damaged("schema version", found))?;
    let migrations = migrations(session.dialect());
    if found as usize > migrations.len() {
        return Err(DbError::NewerSchema {
            found,
            supported: SCHEMA_VERSION,
        });
    }
    let known = migrations[..found as usize]
        .iter()
        .zip(1_i64..)
        .map(|(migration, version)| (version, digest(migration)));
    if !known.eq(steps) {
        return Err(DbError::OtherSchema { found });
    }
    Ok(found)
}

fn migrations(dialect: Dialect) -> &'static [Migration] {
    match dialect {
        Dialect::Sqlite => SQLITE,
        Dialect::Postgres => POSTGRES,
    }
}

fn has_steps(session: &mut Session<'_>) -> Result<bool> {
    let sql = match session.dialect() {
        Dialect::Sqlite => "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_step'",
        Dialect::Postgres => {
            "SELECT count(*) FROM information_schema.tables \
             WHERE table_schema = current_schema() AND table_name = 'schema_step'"
        }
    };
    Ok(session.number(sql, &[])? > 0)
}

/// Counts tables where none of ours may be expected. A file is ours alone; a PostgreSQL schema may
/// hold others' tables, as long as none has the name of one of ours.
fn foreign_tables(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "SELECT count(*) FROM sqlite_schema",
        Dialect::Postgres => {
            "SELECT count(*) FROM information_schema.tables \
             WHERE table_schema = current_schema() AND table_name IN ('setting', 'tally', 'record')"
        }
    }
}

/// Digest of the statements alone: comments and spaces may change.
fn digest(migration: &Migration) -> String {
    let mut hash = Sha256::new();
    for line in migration.up.lines() {
        let statement = line
            .split_once("--")
            .map_or(line, |(statement, _)| statement);
        for word in statement.split_whitespace() {
            hash.update(word);
            hash.update(b" ");
        }
    }
    let digest = hash.finalize();
    digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_do_not_count_and_statements_do() {
        let of = |up| digest(&Migration { up, down: "" });
        assert_eq!(
            of("CREATE TABLE a ( -- why\n  b TEXT\n);"),
            of("-- more\nCREATE TABLE a (\nb   TEXT -- what\n);")
        );
        assert_ne!(
            of("CREATE TABLE a (b TEXT);"),
            of("CREATE TABLE a (b BLOB);")
        );
    }
}
