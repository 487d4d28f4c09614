//! Failed attempts at a secret, so that guessing gets slow.

use crate::db::Db;
use crate::error::Result;
use crate::session::Value;
use crate::time::Millis;

/// Failures in a row, and the last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attempts {
    /// How many.
    pub failures: u32,
    /// When the last one was.
    pub last: Option<Millis>,
}

impl Attempts {
    /// Attempts that cost nothing: people mistype.
    const FREE: u32 = 5;

    /// When the next attempt may be made: after some free ones the wait doubles each time, from a
    /// second up to a quarter of an hour.
    #[must_use]
    pub fn next(&self) -> Option<Millis> {
        let over = self.failures.checked_sub(Self::FREE)?;
        let wait = 1000_i64
            .checked_shl(over.min(10))
            .unwrap_or(i64::MAX)
            .min(900_000);
        self.last.map(|last| Millis::new(last.get() + wait))
    }
}

/// After this long nothing is held against anybody.
const FORGOTTEN: i64 = 24 * 3600 * 1000;

impl Db {
    /// Failed attempts at what is called so.
    ///
    /// # Errors
    /// As every read.
    pub fn attempts(&self, name: &str) -> Result<Attempts> {
        let found = self.read(|session| {
            session.first(
                "SELECT failures, last FROM attempt WHERE name = ?1",
                &[Value::Text(name)],
                |row| Ok((row.int(0)?, row.int(1)?)),
            )
        })?;
        Ok(
            found.map_or_else(Attempts::default, |(failures, last)| Attempts {
                failures: u32::try_from(failures).unwrap_or(u32::MAX),
                last: Some(Millis::new(last)),
            }),
        )
    }

    /// Notes a failed attempt.
    ///
    /// # Errors
    /// As every write.
    pub fn note_failure(&self, name: &str, now: Millis) -> Result<()> {
        self.write(|session| {
            session.run("DELETE FROM attempt WHERE last < ?1", &[Value::Int(now.get() - FORGOTTEN)])?;
            session.run(
                "INSERT INTO attempt (name, failures, last) VALUES (?1, 1, ?2) \
                 ON CONFLICT (name) DO UPDATE SET failures = attempt.failures + 1, last = excluded.last",
                &[Value::Text(name), Value::Int(now.get())],
            )?;
            Ok(())
        })
    }

    /// Forgets failures after a success.
    ///
    /// # Errors
    /// As every write.
    pub fn forget_failures(&self, name: &str) -> Result<()> {
        self.write(|session| {
            session.run("DELETE FROM attempt WHERE name = ?1", &[Value::Text(name)])?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_gets_slow() {
        let wait = |failures| {
            let attempts = Attempts {
                failures,
                last: Some(Millis::new(0)),
            };
            attempts.next().map(Millis::get)
        };
        assert_eq!(wait(4), None);
        assert_eq!(wait(5), Some(1000));
        assert_eq!(wait(8), Some(8000));
        assert_eq!(wait(40), Some(900_000));
        assert_eq!(wait(u32::MAX), Some(900_000));
    }
}
