//! Small questions that pages ask: which advisory a record belongs to, which versions packages
//! have, all matches in parts.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use snowguard_matching::verdict::{Tier, Verdict};

use crate::db::Db;
use crate::error::{DbError, Result};
use crate::listing::{self, AdvisorySummary};
use crate::matches::{MatchFilter, Page, PageRequest, from_rank, tier_number, verdict_number};
use crate::names;
use crate::numbers;
use crate::session::{Session, Value};
use crate::time::Millis;

/// A match without its reasons.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListedMatch {
    /// The advisory in short.
    pub advisory: AdvisorySummary,
    /// The package.
    pub attr: String,
    /// The channel.
    pub channel: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The tier.
    pub tier: Tier,
    /// Since when the verdict stands.
    pub first_seen: Millis,
}

const MAX_PAGE: usize = 500;

impl Db {
    /// The advisory to which a record with this id belongs, whatever its source; the first one
    /// when there are several.
    ///
    /// # Errors
    /// As every read.
    pub fn advisory_of_record(&self, id: &str) -> Result<Option<String>> {
        self.read(|session| {
            // The index begins with the source.
            for source in 0..=3 {
                let advisories = session.first(
                    "SELECT advisories FROM record WHERE source = ?1 AND name = ?2",
                    &[Value::Int(source), Value::Text(id)],
                    |row| numbers::from_list(row.blob(0)?),
                )?;
                if let Some(first) = advisories.and_then(|advisories| advisories.first().copied()) {
                    return names::advisory_id(session, first).map(Some);
                }
            }
            Ok(None)
        })
    }

    /// The current version of each attribute that a channel has, in no order.
    ///
    /// # Errors
    /// As every read.
    pub fn versions_of(&self, channel: &str, attrs: &[&str]) -> Result<Vec<(String, String)>> {
        #[derive(Deserialize)]
        struct Versioned {
            #[serde(default)]
            version: String,
        }
        self.read(|session| {
            let Some(channel) = names::channel(session, channel)? else {
                return Ok(Vec::new());
            };
            // From the names to the packages: SQLite keeps the order of a cross join, and without
            // statistics it would else walk the whole channel.
            session.list(
                "SELECT attribute.name, package.body FROM attribute CROSS JOIN package \
                 WHERE attribute.name IN EACH_TEXT(?1) AND package.attribute = attribute.id \
                 AND package.channel = ?2 AND package.until IS NULL",
                &[Value::Texts(attrs), Value::Int(channel)],
                |row| {
                    let json = self.packer().unpack(row.blob(1)?, "package")?;
                    let package: Versioned = serde_json::from_slice(&json)
                        .map_err(|failed| DbError::damaged("package", failed))?;
                    Ok((row.text(0)?.to_owned(), package.version))
                },
            )
        })
    }

    /// All matches, in the order of attributes as they were first loaded, the gravest first within
    /// each. A match that changes between two parts may come twice or not at all.
    ///
    /// # Errors
    /// [`DbError::Cursor`] for a cursor of elsewhere, [`DbError::Missing`] for an unknown channel.
    pub fn list_matches(
        &self,
        filter: &MatchFilter,
        page: &PageRequest,
    ) -> Result<Page<ListedMatch>> {
        let limit = if page.limit == 0 {
            100
        } else {
            page.limit.min(MAX_PAGE)
        };
        let after = page.after.as_deref().map_or(Ok([i64::MIN; 4]), place)?;
        let all = [
            Verdict::Affected,
            Verdict::Unknown,
            Verdict::Fixed,
            Verdict::NotAffected,
        ];
        let verdicts = if filter.verdicts.is_empty() {
            &all[..]
        } else {
            &filter.verdicts
        };
        // One bit for each verdict.
        let wanted = verdicts
            .iter()
            .fold(0, |bits, verdict| bits | (1 << verdict_number(*verdict)));
        self.read(|session| {
            let only = filter.channel.as_deref().map(|name| names::known_channel(session, name)).transpose()?;
            let (from, to) = only.map_or((i64::MIN, i64::MAX), |channel| (channel, channel));
            let mut rows = session.list(
                "SELECT attribute, channel, rank, advisory, first_seen FROM match_row \
                 WHERE (attribute, channel, rank, advisory) > (?1, ?2, ?3, ?4) AND channel BETWEEN ?5 AND ?6 \
                 AND (rank >> 8) & 255 <= ?7 AND (CAST(?8 AS BIGINT) >> CAST(rank >> 16 AS INTEGER)) & 1 = 1 \
                 ORDER BY attribute, channel, rank, advisory LIMIT ?9",
                &[
                    Value::Int(after[0]),
                    Value::Int(after[1]),
                    Value::Int(after[2]),
                    Value::Int(after[3]),
                    Value::Int(from),
                    Value::Int(to),
                    Value::Int(tier_number(filter.tier.unwrap_or(Tier::Low))),
                    Value::Int(wanted),
                    Value::Int(limit as i64 + 1),
                ],
                |row| Ok(([row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?], row.int(4)?)),
            )?;
            let more = rows.len() > limit;
            rows.truncate(limit);
            let next = rows.last().filter(|_| more).map(|(place, _)| place.map(|n| format!("{n:x}")).join("."));
            let items = listed(session, rows)?;
            Ok(Page { items, next })
        })
    }
}

fn listed(session: &mut Session<'_>, rows: Vec<([i64; 4], i64)>) -> Result<Vec<ListedMatch>> {
    let numbers = |at: usize| {
        let mut numbers: Vec<i64> = rows.iter().map(|(place, _)| place[at]).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    };
    let attributes: FxHashMap<i64, String> = session
        .list(
            "SELECT id, name FROM attribute WHERE id IN EACH_INT(?1)",
            &[Value::Ints(&numbers(0))],
            |row| Ok((row.int(0)?, row.text(1)?.to_owned())),
        )?
        .into_iter()
        .collect();
    let channels: FxHashMap<i64, String> = session
        .list("SELECT id, name FROM channel", &[], |row| {
            Ok((row.int(0)?, row.text(1)?.to_owned()))
        })?
        .into_iter()
        .collect();
    let mut summaries = FxHashMap::default();
    for number in numbers(3) {
        if let Some(summary) = listing::advisories(session, &[number])?.pop() {
            summaries.insert(number, summary);
        }
    }
    rows.iter()
        .filter_map(|([attribute, channel, rank, advisory], first_seen)| {
            let (advisory, attr, channel) = (
                summaries.get(advisory)?,
                attributes.get(attribute)?,
                channels.get(channel)?,
            );
            Some(from_rank(*rank).map(|(verdict, tier, _)| ListedMatch {
                advisory: advisory.clone(),
                attr: attr.clone(),
                channel: channel.clone(),
                verdict,
                tier,
                first_seen: Millis::new(*first_seen),
            }))
        })
        .collect()
}

fn place(cursor: &str) -> Result<[i64; 4]> {
    let wrong = || DbError::Cursor(cursor.chars().take(80).collect());
    let numbers = cursor
        .split('.')
        .map(|part| i64::from_str_radix(part, 16).map_err(|_| wrong()));
    numbers
        .collect::<Result<Vec<i64>>>()?
        .try_into()
        .map_err(|_| wrong())
}
