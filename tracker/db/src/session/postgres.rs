//! PostgreSQL: statements, errors.

use std::collections::HashMap;
use std::ops::ControlFlow;

use postgres::types::Type;

use super::{Insert, Row, Value};
use crate::error::{DbError, Result};

/// A connection and its prepared statements.
pub(crate) struct Connection {
    client: postgres::Client,
    statements: HashMap<String, postgres::Statement>,
}

/// Serialises writers across processes; the number is arbitrary, and this program's own.
pub(crate) const ONE_WRITER: &str = "SELECT pg_advisory_xact_lock(7221390145)";

impl Connection {
    pub(crate) fn open(_url: &str) -> Result<Self> {
        Err(DbError::Location("PostgreSQL".into()))
    }
    pub(crate) fn is_open(&self) -> bool {
        false
    }
    pub(crate) fn run(&mut self, _sql: &str, _params: &[Value<'_>]) -> Result<u64> {
        Err(DbError::Location("PostgreSQL".into()))
    }
    pub(crate) fn each(
        &mut self,
        _sql: &str,
        _params: &[Value<'_>],
        _visit: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        Err(DbError::Location("PostgreSQL".into()))
    }
    pub(crate) fn insert(&mut self, _insert: &Insert, _values: &[Value<'_>]) -> Result<u64> {
        Err(DbError::Location("PostgreSQL".into()))
    }
    pub(crate) fn script(&mut self, _sql: &str) -> Result<()> {
        Err(DbError::Location("PostgreSQL".into()))
    }
}

pub(crate) fn int(row: &postgres::Row, index: usize) -> Result<i64> {
    let narrow = row
        .columns()
        .get(index)
        .is_some_and(|column| *column.type_() == Type::INT4);
    if narrow {
        return row
            .try_get::<_, i32>(index)
            .map(i64::from)
            .map_err(column_error);
    }
    row.try_get(index).map_err(column_error)
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "used as a function in map_err"
)]
pub(crate) fn column_error(failed: postgres::Error) -> DbError {
    DbError::damaged("column", failed)
}
