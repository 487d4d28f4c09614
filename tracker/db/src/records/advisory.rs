//! Advisories, assembled from records, KEV and EPSS.

use std::ops::ControlFlow;

use rustc_hash::FxHashMap;
use snowguard_advisory::model::{Advisory, Epss, Kev, Record};
use snowguard_matching::keys::Key;

use super::prepare::{model, split};
use crate::db::Db;
use crate::error::{DbError, Result};
use crate::names;
use crate::numbers;
use crate::session::{Session, Value};

/// Advisories read at once by [`Db::for_each_advisory`].
const CHUNK: i64 = 1000;

impl Db {
    /// An advisory with all its records; nothing when no record belongs to the id.
    ///
    /// # Errors
    /// [`DbError::Damaged`], and as every read.
    pub fn advisory(&self, id: &str) -> Result<Option<Advisory>> {
        self.read(|session| {
            let Some(number) = names::advisory(session, id)? else {
                return Ok(None);
            };
            Ok(self.assemble(session, &[number])?.pop())
        })
    }

    /// Several advisories at once, in the order of `ids`; unknown ones are left out.
    ///
    /// # Errors
    /// As [`Db::advisory`].
    pub fn advisories(&self, ids: &[String]) -> Result<Vec<Advisory>> {
        self.read(|session| {
            let mut wanted = Vec::with_capacity(ids.len());
            for id in ids {
                wanted.extend(names::advisory(session, id)?);
            }
            self.assemble(session, &wanted)
        })
    }

    /// Ids of all advisories, in the order of their numbers: named ones, then CVEs by year.
    ///
    /// # Errors
    /// As every read.
    pub fn advisory_ids(&self) -> Result<Vec<String>> {
        self.read(|session| {
            let named: FxHashMap<i64, String> = session
                .list("SELECT id, name FROM advisory_name", &[], |row| {
                    Ok((row.int(0)?, row.text(1)?.to_owned()))
                })?
                .into_iter()
                .collect();
            session.list(
                "SELECT DISTINCT advisory FROM advisory_record ORDER BY advisory",
                &[],
                |row| {
                    let number = row.int(0)?;
                    numbers::cve_name(number)
                        .or_else(|| named.get(&number).cloned())
                        .ok_or_else(|| DbError::damaged("advisory number", number))
                },
            )
        })
    }

    /// Visits all advisories in the order of [`Db::advisory_ids`]. Each chunk of them is read in a
    /// transaction of its own, so that a long visit holds nothing up.
    ///
    /// # Errors
    /// As [`Db::advisory`].
    pub fn for_each_advisory(
        &self,
        visit: &mut dyn FnMut(Advisory) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut after = i64::MIN;
        loop {
            let chunk = self.read(|session| {
                let wanted = session.list(
                    "SELECT DISTINCT advisory FROM advisory_record WHERE advisory > ?1 ORDER BY advisory LIMIT ?2",
                    &[Value::Int(after), Value::Int(CHUNK)],
                    |row| row.int(0),
                )?;
                after = wanted.last().copied().unwrap_or(i64::MAX);
                self.assemble(session, &wanted)
            })?;
            if chunk.is_empty() {
                return Ok(());
            }
            for advisory in chunk {
                if visit(advisory).is_break() {
                    return Ok(());
                }
            }
        }
    }

    /// The keys by which an advisory looked for packages when it was last matched, sorted.
    ///
    /// # Errors
    /// As every read.
    pub fn advisory_keys(&self, id: &str) -> Result<Vec<Key>> {
        self.read(|session| {
            let Some(number) = names::advisory(session, id)? else {
                return Ok(Vec::new());
            };
            let list = session.first(
                "SELECT keys FROM lookup WHERE advisory = ?1",
                &[Value::Int(number)],
                |row| numbers::from_list(row.blob(0)?),
            )?;
            let mut keys: Vec<Key> = list.into_iter().flatten().map(Key::from_i64).collect();
            keys.sort_unstable();
            Ok(keys)
        })
    }

    /// The raw JSON of a record as it came.
    ///
    /// `name` is the source's own id, for vendors `publisher/id`.
    ///
    /// # Errors
    /// As every read.
    pub fn record_raw(
        &self,
        source: snowguard_advisory::model::Source,
        name: &str,
    ) -> Result<Option<Vec<u8>>> {
        self.read(|session| {
            let body = session.first(
                "SELECT body FROM record WHERE source = ?1 AND name = ?2",
                &[Value::Int(super::source_number(source)), Value::Text(name)],
                |row| self.packer().unpack(row.blob(0)?, name),
            )?;
            Ok(body.map(|document| split(&document).0.to_vec()))
        })
    }

    /// Advisories in the order of their numbers given; those without records are left out.
    pub(crate) fn assemble(
        &self,
        session: &mut Session<'_>,
        wanted: &[i64],
    ) -> Result<Vec<Advisory>> {
        let mut records: FxHashMap<i64, Vec<Record>> = FxHashMap::default();
        session.each(
            "SELECT advisory_record.advisory, record.name, record.body FROM advisory_record \
             JOIN record ON record.id = advisory_record.record WHERE advisory_record.advisory IN EACH_INT(?1)",
            &[Value::Ints(wanted)],
            &mut |row| {
                let record = self.unpack_record(row.text(1)?, row.blob(2)?)?;
                records.entry(row.int(0)?).or_default().push(record);
                Ok(ControlFlow::Continue(()))
            },
        )?;
        let kev: FxHashMap<i64, Kev> = session
            .list(
                "SELECT advisory, body FROM kev WHERE advisory IN EACH_INT(?1)",
                &[Value::Ints(wanted)],
                |row| {
                    let kev = serde_json::from_str(row.text(1)?)
                        .map_err(|failed| DbError::damaged("KEV entry", failed))?;
                    Ok((row.int(0)?, kev))
                },
            )?
            .into_iter()
            .collect();
        let epss: FxHashMap<i64, Epss> = session
            .list(
                "SELECT advisory, score, percentile FROM epss WHERE advisory IN EACH_INT(?1)",
                &[Value::Ints(wanted)],
                |row| {
                    Ok((
                        row.int(0)?,
                        Epss {
                            score: row.real(1)?,
                            percentile: row.real(2)?,
                        },
                    ))
                },
            )?
            .into_iter()
            .collect();
        let mut advisories = Vec::with_capacity(wanted.len());
        for number in wanted {
            let Some(mut records) = records.remove(number) else {
                continue;
            };
            records.sort_by(|a, b| {
                (a.source, &a.id, &a.publisher).cmp(&(b.source, &b.id, &b.publisher))
            });
            advisories.push(Advisory {
                id: names::advisory_id(session, *number)?,
                records,
                kev: kev.get(number).cloned(),
                epss: epss.get(number).copied(),
            });
        }
        Ok(advisories)
    }

    fn unpack_record(&self, name: &str, body: &[u8]) -> Result<Record> {
        let document = self.packer().unpack(body, name)?;
        model(&document, name)
    }
}
