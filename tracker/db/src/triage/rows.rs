//! The row of each suggestion: what the queue filters by, kept in step by each write of matches and signals.

use crate::error::{DbError, Result};
use crate::session::{Dialect, Session, Value};

/// Nothing is affected now.
pub(crate) const GONE: i64 = 9;

/// Somebody should look again.
pub(crate) const RETURNED: i64 = 1;

/// Somebody proposes a decision.
pub(crate) const PROPOSED: i64 = 2;

/// The next stamp: greater than all before, and every row written under it becomes visible at once,
/// because writers wait for each other.
pub(crate) fn next_stamp(session: &mut Session<'_>) -> Result<i64> {
    let next = current_stamp(session)? + 1;
    session.run(
        "INSERT INTO setting (name, value) VALUES ('queue-stamp', ?1) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        &[Value::Text(&next.to_string())],
    )?;
    Ok(next)
}

/// The last stamp that was given.
pub(crate) fn current_stamp(session: &mut Session<'_>) -> Result<i64> {
    let stamp = session.first(
        "SELECT value FROM setting WHERE name = 'queue-stamp'",
        &[],
        |row| Ok(row.text(0)?.to_owned()),
    )?;
    stamp.map_or(Ok(0), |stamp| {
        stamp
            .parse()
            .map_err(|_| DbError::damaged("setting queue-stamp", &stamp))
    })
}

/// Brings the rows of advisories in step with their matches.
pub(crate) fn sync(session: &mut Session<'_>, advisories: &[i64]) -> Result<()> {
    if advisories.is_empty() {
        return Ok(());
    }
    let stamp = next_stamp(session)?;
    let (epss, bits) = match session.dialect() {
        Dialect::Sqlite => (
            "CAST(round(coalesce(epss.score, 0) * 10000) AS INTEGER)",
            "sum(CASE WHEN match_set.channel <= 62 THEN 1 << (match_set.channel - 1) ELSE 0 END)",
        ),
        Dialect::Postgres => (
            "CAST(round(CAST(coalesce(epss.score, 0) * 10000 AS numeric)) AS bigint)",
            "sum(CASE WHEN match_set.channel <= 62 THEN 1::bigint << CAST(match_set.channel - 1 AS integer) ELSE 0 END)::bigint",
        ),
    };
    session.run(
        &format!(
            "INSERT INTO suggestion (advisory, state, tier, severity, kev, epss, channels, first_seen, assignee, flags, revision, stamp) \
             SELECT match_set.advisory, 0, min(match_set.tier), max(match_set.severity), max(CASE WHEN kev.advisory IS NULL THEN 0 ELSE 1 END), \
             max({epss}), {bits}, min(match_set.first_seen), 0, 0, 0, CAST(?2 AS bigint) \
             FROM match_set LEFT JOIN kev ON kev.advisory = match_set.advisory LEFT JOIN epss ON epss.advisory = match_set.advisory \
             WHERE match_set.advisory IN EACH_INT(?1) AND match_set.tier < 9 GROUP BY match_set.advisory \
             ON CONFLICT (advisory) DO UPDATE SET tier = excluded.tier, severity = excluded.severity, kev = excluded.kev, \
             epss = excluded.epss, channels = excluded.channels, stamp = excluded.stamp, \
             first_seen = CASE WHEN suggestion.tier = 9 THEN excluded.first_seen ELSE suggestion.first_seen END"
        ),
        &[Value::Ints(advisories), Value::Int(stamp)],
    )?;
    session.run(
        "UPDATE suggestion SET tier = 9, channels = 0, stamp = ?2 WHERE advisory IN EACH_INT(?1) AND tier < 9 \
         AND NOT EXISTS (SELECT 1 FROM match_set WHERE match_set.advisory = suggestion.advisory AND match_set.tier < 9)",
        &[Value::Ints(advisories), Value::Int(stamp)],
    )?;
    Ok(())
}

/// Notes which of these advisories are known to be exploited.
pub(crate) fn set_kev(session: &mut Session<'_>, advisories: &[i64]) -> Result<()> {
    if advisories.is_empty() {
        return Ok(());
    }
    let stamp = next_stamp(session)?;
    session.run(
        "UPDATE suggestion SET stamp = ?2, kev = CASE WHEN EXISTS (SELECT 1 FROM kev WHERE kev.advisory = suggestion.advisory) THEN 1 ELSE 0 END \
         WHERE advisory IN EACH_INT(?1)",
        &[Value::Ints(advisories), Value::Int(stamp)],
    )?;
    Ok(())
}

/// Notes new EPSS scores: advisory and probability times 10,000.
pub(crate) fn set_epss(session: &mut Session<'_>, advisories: &[i64]) -> Result<()> {
    if advisories.is_empty() {
        return Ok(());
    }
    let stamp = next_stamp(session)?;
    let score = match session.dialect() {
        Dialect::Sqlite => "CAST(round(epss.score * 10000) AS INTEGER)",
        Dialect::Postgres => "CAST(round(CAST(epss.score * 10000 AS numeric)) AS bigint)",
    };
    session.run(
        &format!(
            "UPDATE suggestion SET stamp = ?2, epss = coalesce((SELECT {score} FROM epss WHERE epss.advisory = suggestion.advisory), 0) \
             WHERE advisory IN EACH_INT(?1)"
        ),
        &[Value::Ints(advisories), Value::Int(stamp)],
    )?;
    Ok(())
}
