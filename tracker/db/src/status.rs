//! Counts for the start page and the status command.

use serde::Serialize;
use snowguard_advisory::model::Source;
use snowguard_matching::verdict::{Tier, Verdict};

use crate::db::Db;
use crate::error::Result;
use crate::matches;
use crate::records::source_number;
use crate::session::{Session, Value};
use crate::tally;

/// How much the database holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Advisories.
    pub advisories: u64,
    /// Records by source.
    pub records: Vec<(Source, u64)>,
    /// Entries of KEV.
    pub kev: u64,
    /// EPSS scores.
    pub epss: u64,
    /// Channel and its attributes.
    pub channels: Vec<(String, u64)>,
    /// Matches by channel, verdict and tier.
    pub matches: Vec<MatchCount>,
    /// Records in quarantine.
    pub quarantined: u64,
    /// Advisories that must be matched again.
    pub dirty: u64,
}

/// How many matches there are of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MatchCount {
    /// Channel.
    pub channel: String,
    /// Verdict.
    pub verdict: Verdict,
    /// Tier.
    pub tier: Tier,
    /// How many.
    pub count: u64,
}

impl Db {
    /// How much the database holds. Cost: a handful of small reads.
    ///
    /// # Errors
    /// As every read.
    pub fn counts(&self) -> Result<Counts> {
        self.read(|session| {
            let channels = session.list(
                "SELECT channel.id, channel.name, evaluation.attributes FROM channel JOIN evaluation ON evaluation.id = \
                 (SELECT max(id) FROM evaluation AS e WHERE e.channel = channel.id) ORDER BY channel.name",
                &[],
                |row| Ok((row.int(0)?, row.text(1)?.to_owned(), row.int(2)?.cast_unsigned())),
            )?;
            let mut counted = Vec::new();
            for (number, name, _) in &channels {
                for verdict in 0..4 {
                    for tier in 0..3 {
                        let count = tallied(session, &tally::matches(*number, verdict, tier))?;
                        if count > 0 {
                            let (verdict, tier) = (matches::verdict(verdict)?, matches::tier(tier)?);
                            counted.push(MatchCount { channel: name.clone(), verdict, tier, count });
                        }
                    }
                }
            }
            let mut records = Vec::new();
            for source in [Source::CveList, Source::Nvd, Source::Osv, Source::Vendor] {
                records.push((source, tallied(session, &tally::records(source_number(source)))?));
            }
            Ok(Counts {
                advisories: tallied(session, tally::ADVISORIES)?,
                records,
                kev: session.number("SELECT count(*) FROM kev", &[])?.cast_unsigned(),
                epss: tallied(session, tally::EPSS)?,
                channels: channels.into_iter().map(|(_, name, attributes)| (name, attributes)).collect(),
                matches: counted,
                quarantined: session.number("SELECT count(*) FROM quarantine", &[])?.cast_unsigned(),
                dirty: session.number("SELECT count(*) FROM dirty", &[])?.cast_unsigned(),
            })
        })
    }
}

fn tallied(session: &mut Session<'_>, name: &str) -> Result<u64> {
    Ok(session
        .number(
            "SELECT value FROM tally WHERE name = ?1",
            &[Value::Text(name)],
        )?
        .max(0)
        .cast_unsigned())
}
