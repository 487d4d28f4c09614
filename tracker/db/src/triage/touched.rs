//! All that people made of suggestions, for exports.

use std::ops::ControlFlow;

use super::decide::{self, StoredSuggestion};
use crate::db::Db;
use crate::error::Result;
use crate::session::Value;

/// Suggestions read at once.
const PAGE: usize = 1000;

impl Db {
    /// Hands over every suggestion that somebody has decided, edited or otherwise touched, the oldest CVEs first, until
    /// told to stop. A thousand are held in memory at a time; one that is touched meanwhile may be seen as it was or
    /// as it is.
    ///
    /// # Errors
    /// As every read.
    pub fn for_each_touched(
        &self,
        visit: &mut dyn FnMut(StoredSuggestion) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut after = i64::MIN;
        loop {
            let page = self.read(|session| {
                let numbers = session.list(
                    "SELECT advisory FROM suggestion WHERE body IS NOT NULL AND advisory > ?1 ORDER BY advisory LIMIT ?2",
                    &[Value::Int(after), Value::Int(PAGE as i64)],
                    |row| row.int(0),
                )?;
                let mut page = Vec::with_capacity(numbers.len());
                for number in numbers {
                    after = number;
                    page.extend(decide::load(session, number)?);
                }
                Ok(page)
            })?;
            if page.is_empty() {
                return Ok(());
            }
            for stored in page {
                if visit(stored).is_break() {
                    return Ok(());
                }
            }
        }
    }
}
