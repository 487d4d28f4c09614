//! How much room the database takes.

use serde::Serialize;

use crate::db::Db;
use crate::error::Result;
use crate::session::Dialect;

/// Room a table takes, with its indexes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableSize {
    /// Table, or index of one.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
}

/// Room the database takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// Bytes in all.
    pub total: u64,
    /// By table, the largest first.
    pub tables: Vec<TableSize>,
}

impl Db {
    /// Room the database takes. Cost: on SQLite a pass over all pages.
    ///
    /// # Errors
    /// As every read.
    pub fn sizes(&self) -> Result<Sizes> {
        self.read(|session| {
            let sql = match session.dialect() {
                Dialect::Sqlite => "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC, 1",
                Dialect::Postgres => {
                    "SELECT relname::text, pg_total_relation_size(oid) FROM pg_class \
                     WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace ORDER BY 2 DESC, 1"
                }
            };
            let tables = session.list(sql, &[], |row| {
                Ok(TableSize { name: row.text(0)?.to_owned(), bytes: row.int(1)?.cast_unsigned() })
            })?;
            Ok(Sizes { total: tables.iter().map(|table| table.bytes).sum(), tables })
        })
    }
}
