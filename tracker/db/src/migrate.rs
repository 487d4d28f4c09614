//! Schema versions: numbered SQL per dialect, up and down.

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
];

/// The schema version that this program writes.
pub const SCHEMA_VERSION: u32 = 2;

/// Brings the schema to `target`, inside of the session's transaction.
///
/// # Errors
/// [`DbError::NewerSchema`], [`DbError::NoSuchSchema`].
pub(crate) fn to(session: &mut Session<'_>, target: u32) -> Result<()> {
    let migrations = match session.dialect() {
        Dialect::Sqlite => SQLITE,
        Dialect::Postgres => POSTGRES,
    };
    if target as usize > migrations.len() {
        return Err(DbError::NoSuchSchema(target));
    }
    let found = version(session)?;
    if found as usize > migrations.len() {
        return Err(DbError::NewerSchema {
            found,
            supported: SCHEMA_VERSION,
        });
    }
    let (found, wanted) = (found as usize, target as usize);
    if found < wanted {
        for migration in &migrations[found..wanted] {
            session.script(migration.up)?;
        }
    } else {
        for migration in migrations[wanted..found].iter().rev() {
            session.script(migration.down)?;
        }
    }
    if found != wanted {
        set_version(session, target)?;
    }
    Ok(())
}

/// The version of the schema that is there; 0 in an empty database.
pub(crate) fn version(session: &mut Session<'_>) -> Result<u32> {
    let found = match session.dialect() {
        Dialect::Sqlite => session.number("PRAGMA user_version", &[])?,
        Dialect::Postgres => {
            session
                .script("CREATE TABLE IF NOT EXISTS schema_version (version bigint NOT NULL)")?;
            session.number("SELECT version FROM schema_version", &[])?
        }
    };
    u32::try_from(found).map_err(|_| DbError::damaged("schema version", found))
}

fn set_version(session: &mut Session<'_>, version: u32) -> Result<()> {
    match session.dialect() {
        // A pragma takes no parameters; this one is a number.
        Dialect::Sqlite => session.script(&format!("PRAGMA user_version = {version}")),
        Dialect::Postgres => {
            session.run("DELETE FROM schema_version", &[])?;
            session.run(
                "INSERT INTO schema_version (version) VALUES (?1)",
                &[Value::Int(i64::from(version))],
            )?;
            Ok(())
        }
    }
}
