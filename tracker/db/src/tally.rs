//! Counts for the start page, kept in step by each write, so that nothing is counted on reading.

use crate::error::Result;
use crate::session::{Session, Value};

pub(crate) const ADVISORIES: &str = "advisories";
pub(crate) const EPSS: &str = "epss";

pub(crate) fn records(source: i64) -> String {
    format!("records:{source}")
}

/// Matches of a channel with a verdict in a tier.
pub(crate) fn matches(channel: i64, verdict: i64, tier: i64) -> String {
    format!("matches:{channel}:{verdict}:{tier}")
}

pub(crate) fn add(session: &mut Session<'_>, name: &str, more: i64) -> Result<()> {
    if more == 0 {
        return Ok(());
    }
    session.run(
        "INSERT INTO tally (name, value) VALUES (?1, ?2) \
         ON CONFLICT (name) DO UPDATE SET value = tally.value + excluded.value",
        &[Value::Text(name), Value::Int(more)],
    )?;
    Ok(())
}

/// Keeps the count of advisories in step with what `work` does to the memberships of `touched`.
pub(crate) fn advisories_around(
    session: &mut Session<'_>,
    touched: &[i64],
    work: impl FnOnce(&mut Session<'_>) -> Result<()>,
) -> Result<()> {
    const SQL: &str =
        "SELECT count(DISTINCT advisory) FROM advisory_record WHERE advisory IN EACH_INT(?1)";
    let before = session.number(SQL, &[Value::Ints(touched)])?;
    work(session)?;
    let after = session.number(SQL, &[Value::Ints(touched)])?;
    add(session, ADVISORIES, after - before)
}
