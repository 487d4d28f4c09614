//! Reading verdicts: by advisory, by package, the newest.

use serde::Serialize;
use serde_json::value::RawValue;
use snowguard_matching::verdict::{Match, Tier, Verdict};

use super::{StoredMatch, from_rank, tier_number, verdict_number};
use crate::db::Db;
use crate::error::{DbError, Result};
use crate::listing::{self, AdvisorySummary};
use crate::names;
use crate::session::{Session, Value};
use crate::time::Millis;

/// Which part of a list is wanted.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// The `next` of the page before; nothing for the first page.
    pub after: Option<String>,
    /// Entries on a page; 0 is taken as 50, and 500 is the most.
    pub limit: usize,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Give this as `after` for the next page; nothing on the last page.
    pub next: Option<String>,
}

/// Which matches of a package are wanted.
#[derive(Debug, Clone, Default)]
pub struct MatchFilter {
    /// Only this channel.
    pub channel: Option<String>,
    /// Only these verdicts; empty: all.
    pub verdicts: Vec<Verdict>,
    /// Up to this tier (`Medium`: high and medium); nothing: all.
    pub tier: Option<Tier>,
}

/// A match on a package's page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PackageMatch {
    /// Channel.
    pub channel: String,
    /// The advisory in short; nothing when all its records are gone.
    pub advisory: Option<AdvisorySummary>,
    /// Since when the verdict stands.
    pub first_seen: Millis,
    /// The match with its reasons.
    #[serde(rename = "match")]
    pub found: Match,
}

/// Which of the newest matches are wanted.
#[derive(Debug, Clone)]
pub struct NewestFilter {
    /// Only this channel.
    pub channel: Option<String>,
    /// Up to this tier.
    pub tier: Tier,
    /// How many; at most 500.
    pub limit: usize,
}

/// An advisory that newly affects packages of a channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewestMatch {
    /// The advisory.
    pub advisory: AdvisorySummary,
    /// Channel.
    pub channel: String,
    /// Best tier among the affected.
    pub tier: Tier,
    /// Since when.
    pub first_seen: Millis,
    /// Affected attributes of that tier, at most [`NewestMatch::SHOWN`] of them.
    pub attrs: Vec<String>,
    /// How many there are in all.
    pub affected: u64,
}

impl NewestMatch {
    /// Attributes named at most.
    pub const SHOWN: usize = 5;
}

const MAX_PAGE: usize = 500;
const DEFAULT_PAGE: usize = 50;

impl Db {
    /// All matches of an advisory with their reasons: channels by name, attributes sorted.
    ///
    /// # Errors
    /// As every read.
    pub fn matches_of_advisory(&self, id: &str) -> Result<Vec<(String, Vec<StoredMatch>)>> {
        self.read(|session| {
            let Some(number) = names::advisory(session, id)? else { return Ok(Vec::new()) };
            session.list(
                "SELECT channel.name, match_set.body FROM match_set JOIN channel ON channel.id = match_set.channel \
                 WHERE match_set.advisory = ?1 ORDER BY channel.name",
                &[Value::Int(number)],
                |row| Ok((row.text(0)?.to_owned(), self.unpack_matches(row.blob(1)?)?)),
            )
        })
    }

    /// Matches of an attribute, the gravest first within each channel.
    ///
    /// # Errors
    /// [`DbError::Cursor`] for a cursor of elsewhere.
    pub fn matches_of_package(
        &self,
        attr: &str,
        filter: &MatchFilter,
        page: &PageRequest,
    ) -> Result<Page<PackageMatch>> {
        self.read(|session| {
            let attribute = session.first(
                "SELECT id FROM attribute WHERE name = ?1",
                &[Value::Text(attr)],
                |row| row.int(0),
            )?;
            match attribute {
                Some(attribute) => self.page_of(session, &[attribute], filter, page),
                None => Ok(Page {
                    items: Vec::new(),
                    next: None,
                }),
            }
        })
    }

    /// Matches of all attributes with a pname (in any case).
    ///
    /// # Errors
    /// As [`Db::matches_of_package`].
    pub fn matches_of_pname(
        &self,
        pname: &str,
        filter: &MatchFilter,
        page: &PageRequest,
    ) -> Result<Page<PackageMatch>> {
        self.read(|session| {
            let lower = pname.to_lowercase();
            let attributes = session.list(
                "SELECT id FROM attribute WHERE pname = ?1 ORDER BY id",
                &[Value::Text(&lower)],
                |row| row.int(0),
            )?;
            self.page_of(session, &attributes, filter, page)
        })
    }

    /// How many matches an attribute has, by channel, verdict and tier.
    ///
    /// # Errors
    /// As every read.
    pub fn match_counts_of_package(&self, attr: &str) -> Result<Vec<(String, Verdict, Tier, u64)>> {
        self.read(|session| {
            let rows = session.list(
                "SELECT channel.name, match_row.rank >> 8, count(*) FROM attribute \
                 JOIN match_row ON match_row.attribute = attribute.id JOIN channel ON channel.id = match_row.channel \
                 WHERE attribute.name = ?1 GROUP BY channel.name, match_row.rank >> 8 ORDER BY channel.name, match_row.rank >> 8",
                &[Value::Text(attr)],
                |row| Ok((row.text(0)?.to_owned(), row.int(1)?, row.int(2)?)),
            )?;
            rows.into_iter()
                .map(|(channel, high, count)| {
                    let (verdict, tier, _) = from_rank(high << 8)?;
                    Ok((channel, verdict, tier, count.cast_unsigned()))
                })
                .collect()
        })
    }

    /// Advisories that affect packages since lately, the newest first, then the gravest.
    ///
    /// # Errors
    /// [`DbError::Missing`] for an unknown channel.
    pub fn newest_matches(&self, filter: &NewestFilter) -> Result<Vec<NewestMatch>> {
        let limit = filter.limit.min(MAX_PAGE);
        self.read(|session| {
            let channels = channels(session, filter.channel.as_deref())?;
            let mut rows = Vec::new();
            for (channel, name) in &channels {
                for tier in 0..=tier_number(filter.tier) {
                    rows.extend(session.list(
                        "SELECT first_seen, severity, advisory FROM match_set WHERE channel = ?1 AND tier = ?2 \
                         ORDER BY first_seen DESC, severity DESC, advisory DESC LIMIT ?3",
                        &[Value::Int(*channel), Value::Int(tier), Value::Int(limit as i64)],
                        |row| Ok(((row.int(0)?, row.int(1)?, row.int(2)?), tier, *channel, name)),
                    )?);
                }
            }
            rows.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.3.cmp(b.3)));
            rows.truncate(limit);
            let mut newest = Vec::with_capacity(rows.len());
            for ((first_seen, _, advisory), tier, channel, name) in rows {
                let Some(summary) = listing::advisories(session, &[advisory])?.pop() else { continue };
                let (attrs, affected) = self.affected(session, advisory, channel, super::tier(tier)?)?;
                newest.push(NewestMatch {
                    advisory: summary,
                    channel: name.clone(),
                    tier: super::tier(tier)?,
                    first_seen: Millis::new(first_seen),
                    attrs,
                    affected,
                });
            }
            Ok(newest)
        })
    }

    fn affected(
        &self,
        session: &mut Session<'_>,
        advisory: i64,
        channel: i64,
        tier: Tier,
    ) -> Result<(Vec<String>, u64)> {
        let matches = session.first(
            "SELECT body FROM match_set WHERE advisory = ?1 AND channel = ?2",
            &[Value::Int(advisory), Value::Int(channel)],
            |row| self.unpack_matches(row.blob(0)?),
        )?;
        let mut attrs: Vec<String> = matches
            .unwrap_or_default()
            .into_iter()
            .map(|stored| stored.found)
            .filter(|found| found.verdict == Verdict::Affected && found.tier == tier)
            .map(|found| found.attr)
            .collect();
        let affected = attrs.len() as u64;
        // `linux` says more than `linuxKernel.kernels.linux_5_10`.
        attrs.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        attrs.truncate(NewestMatch::SHOWN);
        Ok((attrs, affected))
    }

    fn page_of(
        &self,
        session: &mut Session<'_>,
        attributes: &[i64],
        filter: &MatchFilter,
        page: &PageRequest,
    ) -> Result<Page<PackageMatch>> {
        let limit = if page.limit == 0 {
            DEFAULT_PAGE
        } else {
            page.limit.min(MAX_PAGE)
        };
        let after = page.after.as_deref().map(Place::parse).transpose()?;
        let channels = channels(session, filter.channel.as_deref())?;
        let mut rows: Vec<(Place, i64)> = Vec::new();
        // One index range for each attribute, channel and wanted class of verdict and tier.
        'all: for &attribute in attributes {
            for (channel, _) in &channels {
                for class in classes(filter) {
                    let first = Place {
                        attribute,
                        channel: *channel,
                        rank: class << 8,
                        advisory: i64::MIN,
                    };
                    let start = after.map_or(first, |after| first.max(after));
                    if (start.attribute, start.channel) != (attribute, *channel) {
                        continue;
                    }
                    if rows.len() > limit {
                        break 'all;
                    }
                    let room = limit + 1 - rows.len();
                    rows.extend(session.list(
                        "SELECT rank, advisory, first_seen FROM match_row WHERE attribute = ?1 AND channel = ?2 \
                         AND (rank, advisory) > (?3, ?4) AND rank < ?5 ORDER BY rank, advisory LIMIT ?6",
                        &[
                            Value::Int(attribute),
                            Value::Int(*channel),
                            Value::Int(start.rank),
                            Value::Int(start.advisory),
                            Value::Int((class + 1) << 8),
                            Value::Int(room as i64),
                        ],
                        |row| {
                            let place = Place { attribute, channel: *channel, rank: row.int(0)?, advisory: row.int(1)? };
                            Ok((place, row.int(2)?))
                        },
                    )?);
                }
            }
        }
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows
            .last()
            .filter(|_| more)
            .map(|(place, _)| place.to_string());
        let mut items = Vec::with_capacity(rows.len());
        for (place, first_seen) in rows {
            let channel = channels
                .iter()
                .find(|(number, _)| *number == place.channel)
                .map(|(_, name)| name.clone());
            items.push(PackageMatch {
                channel: channel.unwrap_or_default(),
                advisory: listing::advisories(session, &[place.advisory])?.pop(),
                first_seen: Millis::new(first_seen),
                found: self.one_match(session, place)?,
            });
        }
        Ok(Page { items, next })
    }

    /// One match out of its set; the others are skipped unread.
    fn one_match(&self, session: &mut Session<'_>, place: Place) -> Result<Match> {
        #[derive(serde::Deserialize)]
        struct Unread<'d> {
            #[serde(rename = "match", borrow)]
            found: &'d RawValue,
        }
        #[derive(serde::Deserialize)]
        struct Named {
            attr: String,
        }
        let damaged =
            |detail: &dyn std::fmt::Display| DbError::damaged("matches", detail.to_string());
        let name = session
            .first(
                "SELECT name FROM attribute WHERE id = ?1",
                &[Value::Int(place.attribute)],
                |row| Ok(row.text(0)?.to_owned()),
            )?
            .ok_or_else(|| damaged(&"unknown attribute"))?;
        let json = session
            .first(
                "SELECT body FROM match_set WHERE advisory = ?1 AND channel = ?2",
                &[Value::Int(place.advisory), Value::Int(place.channel)],
                |row| self.packer().unpack(row.blob(0)?, "matches"),
            )?
            .ok_or_else(|| damaged(&"a row without its set"))?;
        let all: Vec<Unread<'_>> =
            serde_json::from_slice(&json).map_err(|failed| damaged(&failed))?;
        for unread in all {
            let named: Named =
                serde_json::from_str(unread.found.get()).map_err(|failed| damaged(&failed))?;
            if named.attr == name {
                return serde_json::from_str(unread.found.get()).map_err(|failed| damaged(&failed));
            }
        }
        Err(damaged(&format!("no {name} in its set")))
    }
}

/// A place in the order of a package's matches; also the page cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    attribute: i64,
    channel: i64,
    rank: i64,
    advisory: i64,
}

impl Place {
    fn parse(cursor: &str) -> Result<Self> {
        let wrong = || DbError::Cursor(cursor.chars().take(80).collect());
        let numbers: Vec<i64> = cursor
            .split('.')
            .map(|part| i64::from_str_radix(part, 16).map_err(|_| wrong()))
            .collect::<Result<_>>()?;
        let [attribute, channel, rank, advisory] = numbers[..] else {
            return Err(wrong());
        };
        Ok(Self {
            attribute,
            channel,
            rank,
            advisory,
        })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:x}.{:x}.{:x}.{:x}",
            self.attribute, self.channel, self.rank, self.advisory
        )
    }
}

/// The wanted classes (verdict and tier, the upper part of a rank), in order.
fn classes(filter: &MatchFilter) -> Vec<i64> {
    let all = [
        Verdict::Affected,
        Verdict::Unknown,
        Verdict::Fixed,
        Verdict::NotAffected,
    ];
    let verdicts = all
        .into_iter()
        .filter(|verdict| filter.verdicts.is_empty() || filter.verdicts.contains(verdict));
    let worst = tier_number(filter.tier.unwrap_or(Tier::Low));
    verdicts
        .flat_map(|verdict| (0..=worst).map(move |tier| (verdict_number(verdict) << 8) | tier))
        .collect()
}

fn channels(session: &mut Session<'_>, only: Option<&str>) -> Result<Vec<(i64, String)>> {
    match only {
        Some(name) => Ok(vec![(
            names::known_channel(session, name)?,
            name.to_owned(),
        )]),
        None => session.list("SELECT id, name FROM channel ORDER BY id", &[], |row| {
            Ok((row.int(0)?, row.text(1)?.to_owned()))
        }),
    }
}
