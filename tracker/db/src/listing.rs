//! Short forms of advisories and packages, for lists.

use rustc_hash::FxHashMap;
use serde::Serialize;
use snowguard_advisory::model::State;
use snowguard_matching::package::Package;

use crate::db::Db;
use crate::error::{DbError, Result};
use crate::names;
use crate::session::{Session, Value};
use crate::time::Millis;

/// An advisory in a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AdvisorySummary {
    /// Id.
    pub id: String,
    /// One line; hostile text.
    pub title: String,
    /// Life cycle, as the most trusted source has it.
    pub state: State,
    /// Highest CVSS base score; nothing when none is given.
    pub severity: Option<f64>,
    /// When it was published.
    pub published: Option<Millis>,
    /// When it was last changed.
    pub modified: Option<Millis>,
    /// Known to be exploited (CISA).
    pub exploited: bool,
}

/// A package in a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PackageSummary {
    /// Attribute path.
    pub attr: String,
    /// Name.
    pub pname: String,
    /// One line; hostile text.
    pub description: Option<String>,
    /// Channel and version, where it is current.
    pub versions: Vec<(String, String)>,
}

/// Summaries in the order of `numbers`; an advisory without records is left out.
pub(crate) fn advisories(
    session: &mut Session<'_>,
    numbers: &[i64],
) -> Result<Vec<AdvisorySummary>> {
    let numbered = numbered(session, numbers)?;
    Ok(numbered.into_iter().map(|(_, summary)| summary).collect())
}

fn numbered(session: &mut Session<'_>, numbers: &[i64]) -> Result<Vec<(i64, AdvisorySummary)>> {
    let rows = session.list(
        "SELECT advisory_record.advisory, record.title, record.state, record.severity, record.published, record.modified, \
         CASE WHEN kev.advisory IS NULL THEN 0 ELSE 1 END \
         FROM advisory_record JOIN record ON record.id = advisory_record.record \
         LEFT JOIN kev ON kev.advisory = advisory_record.advisory \
         WHERE advisory_record.advisory IN EACH_INT(?1) ORDER BY record.source, record.name",
        &[Value::Ints(numbers)],
        |row| {
            let summary = AdvisorySummary {
                id: String::new(),
                title: row.text(1)?.to_owned(),
                state: state(row.int(2)?)?,
                severity: severity(row.int(3)?),
                published: row.opt_int(4)?.map(Millis::new),
                modified: row.opt_int(5)?.map(Millis::new),
                exploited: row.int(6)? != 0,
            };
            Ok((row.int(0)?, summary))
        },
    )?;
    let mut summaries: FxHashMap<i64, AdvisorySummary> = FxHashMap::default();
    for (number, other) in rows {
        // The first is the most trusted; the others fill in what it leaves open.
        let Some(summary) = summaries.get_mut(&number) else {
            summaries.insert(number, other);
            continue;
        };
        if summary.title.is_empty() {
            summary.title = other.title;
        }
        summary.published = summary.published.or(other.published);
        summary.modified = summary.modified.max(other.modified);
        if other.severity > summary.severity {
            summary.severity = other.severity;
        }
    }
    let mut listed = Vec::with_capacity(numbers.len());
    for number in numbers {
        if let Some(mut summary) = summaries.remove(number) {
            summary.id = names::advisory_id(session, *number)?;
            listed.push((*number, summary));
        }
    }
    Ok(listed)
}

impl Db {
    /// Summaries of advisories, in the order of `ids`; unknown ones are left out.
    ///
    /// # Errors
    /// As every read.
    pub fn summaries(&self, ids: &[String]) -> Result<Vec<AdvisorySummary>> {
        self.read(|session| {
            let mut numbers = Vec::with_capacity(ids.len());
            for id in ids {
                numbers.extend(names::advisory(session, id)?);
            }
            advisories(session, &numbers)
        })
    }

    /// Summaries of advisories by their numbers, in order; one without records is left out.
    ///
    /// # Errors
    /// As every read.
    pub fn summaries_of(&self, numbers: &[i64]) -> Result<Vec<(i64, AdvisorySummary)>> {
        self.read(|session| numbered(session, numbers))
    }

    /// Summaries in the order of `attributes`; one that is in no channel now is left out.
    pub(crate) fn list_packages(
        &self,
        session: &mut Session<'_>,
        attributes: &[i64],
    ) -> Result<Vec<PackageSummary>> {
        let rows = session.list(
            "SELECT package.attribute, channel.name, package.body FROM package JOIN channel ON channel.id = package.channel \
             WHERE package.attribute IN EACH_INT(?1) AND package.until IS NULL ORDER BY channel.name",
            &[Value::Ints(attributes)],
            |row| Ok((row.int(0)?, row.text(1)?.to_owned(), self.unpack_package(row.blob(2)?)?)),
        )?;
        let mut summaries: FxHashMap<i64, PackageSummary> = FxHashMap::default();
        for (attribute, channel, package) in rows {
            let Package {
                attr,
                pname,
                version,
                description,
                ..
            } = package;
            summaries
                .entry(attribute)
                .or_insert_with(|| PackageSummary {
                    attr,
                    pname,
                    description,
                    versions: Vec::new(),
                })
                .versions
                .push((channel, version));
        }
        Ok(attributes
            .iter()
            .filter_map(|attribute| summaries.remove(attribute))
            .collect())
    }
}

pub(crate) fn state(stored: i64) -> Result<State> {
    match stored {
        0 => Ok(State::Published),
        1 => Ok(State::Rejected),
        2 => Ok(State::Withdrawn),
        other => Err(DbError::damaged("state", other)),
    }
}

pub(crate) fn severity(tenths: i64) -> Option<f64> {
    #[allow(clippy::cast_precision_loss, reason = "0..=100")]
    let score = tenths as f64 / 10.0;
    (tenths > 0).then_some(score)
}
