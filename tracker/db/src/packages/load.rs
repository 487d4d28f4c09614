//! Loading an evaluation of a channel.

use std::error::Error;

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};
use snowguard_matching::package::Package;

use super::stage::{CHUNK, Current, KIND, Stage, Staged};
use super::{ChannelLoad, EvaluationId, Force, LoadOutcome};
use crate::db::Db;
use crate::dirty;
use crate::error::{DbError, Result};
use crate::names;
use crate::numbers;
use crate::people;
use crate::search;
use crate::session::{Column, Insert, Session, Value};

const ATTRIBUTE: Insert<'static> = Insert {
    table: "attribute",
    columns: &[
        ("id", Column::Int),
        ("name", Column::Text),
        ("pname", Column::Text),
        ("text_digest", Column::Blob),
    ],
    conflict: "ON CONFLICT (id) DO UPDATE SET pname = excluded.pname, text_digest = excluded.text_digest",
};

const PACKAGE: Insert<'static> = Insert {
    table: "package",
    columns: &[
        ("id", Column::Int),
        ("channel", Column::Int),
        ("attribute", Column::Int),
        ("since", Column::Int),
        ("digest", Column::Blob),
        ("body", Column::Blob),
        ("keys", Column::Blob),
    ],
    conflict: "",
};

const PACKAGE_KEY: Insert<'static> = Insert {
    table: "package_key",
    columns: &[("key", Column::Int), ("package", Column::Int)],
    conflict: "ON CONFLICT DO NOTHING",
};

/// A channel loses at most one attribute in this many without force.
const LARGEST_LOSS: u64 = 5;

/// The state of a channel that a load was compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Base {
    channel: Option<i64>,
    evaluation: Option<i64>,
}

impl Db {
    /// Loads an evaluation: rows only for attributes whose content differs from what is current.
    /// The comparison runs first and outside of the transaction that writes, so the packages may
    /// come from a slow source. The same content under the same revision writes nothing, and
    /// names the evaluation that has it. Advisories that share a key with an attribute that came,
    /// went or changed are marked dirty.
    ///
    /// Memory: the digests of the channel, and the compressed rows that differ.
    ///
    /// # Errors
    /// [`DbError::ChannelShrank`] when more than a fifth of the attributes would vanish without
    /// force; [`DbError::RevisionDiffers`] when an older evaluation has this revision and other
    /// content, without force; [`DbError::Input`] when `packages` fails; [`DbError::Busy`] when
    /// another process loads the channel at the same time.
    pub fn load_channel<E>(
        &self,
        load: &ChannelLoad<'_>,
        packages: impl IntoIterator<Item = Result<Package, E>>,
    ) -> Result<LoadOutcome>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let (base, current) = self.read(|session| {
            let base = base(session, load.channel)?;
            Ok((base, current(session, base)?))
        })?;
        let stage = self.stage(current, packages)?;
        self.write(|session| {
            if self::base(session, load.channel)? != base {
                return Err(DbError::Busy(format!(
                    "another process has loaded channel {}",
                    load.channel
                )));
            }
            let digest = stage.digest();
            if let Some(evaluation) = known_evaluation(session, load, base, &digest)? {
                let unchanged = stage.attributes();
                let duplicate = stage.duplicate;
                return Ok(LoadOutcome {
                    evaluation,
                    added: 0,
                    changed: 0,
                    removed: 0,
                    unchanged,
                    duplicate,
                    rows_written: 0,
                });
            }
            let removed = stage.removed();
            let lost = removed.len() as u64;
            if load.force == Force::No && lost * LARGEST_LOSS > stage.had() {
                let (had, has) = (stage.had(), stage.attributes());
                return Err(DbError::ChannelShrank {
                    channel: load.channel.to_owned(),
                    had,
                    has,
                    lost,
                });
            }
            write(session, load, base, &stage, &removed, &digest)
        })
    }

    fn stage<E>(
        &self,
        current: FxHashMap<String, Current>,
        packages: impl IntoIterator<Item = Result<Package, E>>,
    ) -> Result<Stage>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let mut stage = Stage::new(current);
        let mut packages = packages.into_iter();
        loop {
            let chunk = packages
                .by_ref()
                .take(CHUNK)
                .map(|package| package.map_err(|failed| DbError::Input(failed.into())))
                .collect::<Result<Vec<Package>>>()?;
            if chunk.is_empty() {
                return Ok(stage);
            }
            self.learn_packages(&chunk)?;
            stage.add(self.packer(), &chunk)?;
        }
    }

    /// The first large chunk trains the dictionary of packages.
    fn learn_packages(&self, chunk: &[Package]) -> Result<()> {
        const MANY: usize = 1000;
        if chunk.len() < MANY || self.packer().has(KIND) {
            return Ok(());
        }
        let samples = chunk
            .iter()
            .map(|package| {
                serde_json::to_vec(package)
                    .map_err(|failed| DbError::damaged(&package.attr, failed))
            })
            .collect::<Result<Vec<_>>>()?;
        self.write(|session| {
            self.learn(session, KIND, samples.iter().map(Vec::as_slice))
                .map(|_| ())
        })?;
        self.read(|_| Ok(()))
    }
}

fn base(session: &mut Session<'_>, channel: &str) -> Result<Base> {
    let Some(channel) = names::channel(session, channel)? else {
        return Ok(Base::default());
    };
    let evaluation = session.first(
        "SELECT max(id) FROM evaluation WHERE channel = ?1",
        &[Value::Int(channel)],
        |row| row.opt_int(0),
    )?;
    Ok(Base {
        channel: Some(channel),
        evaluation: evaluation.flatten(),
    })
}

fn current(session: &mut Session<'_>, base: Base) -> Result<FxHashMap<String, Current>> {
    let Some(channel) = base.channel else {
        return Ok(FxHashMap::default());
    };
    let rows = session.list(
        "SELECT attribute.name, package.id, package.digest FROM package \
         JOIN attribute ON attribute.id = package.attribute WHERE package.channel = ?1 AND package.until IS NULL",
        &[Value::Int(channel)],
        |row| {
            let digest = row.blob(2)?.try_into().map_err(|failed| DbError::damaged("package digest", failed))?;
            Ok((row.text(0)?.to_owned(), Current { row: row.int(1)?, digest }))
        },
    )?;
    Ok(rows.into_iter().collect())
}

/// The evaluation that has this revision and content already.
fn known_evaluation(
    session: &mut Session<'_>,
    load: &ChannelLoad<'_>,
    base: Base,
    digest: &[u8],
) -> Result<Option<EvaluationId>> {
    let Some(channel) = base.channel else {
        return Ok(None);
    };
    let with_revision = session.list(
        "SELECT id, digest FROM evaluation WHERE channel = ?1 AND revision = ?2 ORDER BY id DESC",
        &[Value::Int(channel), Value::Text(load.revision)],
        |row| Ok((row.int(0)?, row.blob(1)? == digest)),
    )?;
    let same = with_revision
        .iter()
        .find(|(_, same)| *same)
        .map(|(id, _)| *id);
    if load.force == Force::Yes {
        // Forced: make it current, unless it is.
        return Ok(same
            .filter(|id| Some(*id) == base.evaluation)
            .map(EvaluationId));
    }
    let older = with_revision
        .first()
        .is_some_and(|(id, _)| Some(*id) != base.evaluation);
    if same.is_none() && older {
        return Err(DbError::RevisionDiffers {
            channel: load.channel.to_owned(),
            revision: load.revision.to_owned(),
        });
    }
    Ok(same.map(EvaluationId))
}

fn write(
    session: &mut Session<'_>,
    load: &ChannelLoad<'_>,
    base: Base,
    stage: &Stage,
    removed: &[i64],
    digest: &[u8],
) -> Result<LoadOutcome> {
    let channel = match base.channel {
        Some(channel) => channel,
        None => {
            let channel = session.number("SELECT max(id) FROM channel", &[])? + 1;
            session.run(
                "INSERT INTO channel (id, name) VALUES (?1, ?2)",
                &[Value::Int(channel), Value::Text(load.channel)],
            )?;
            channel
        }
    };
    let evaluation = session.number("SELECT max(id) FROM evaluation", &[])? + 1;
    session.run(
        "INSERT INTO evaluation (id, channel, revision, evaluated_at, loaded_at, run, attributes, digest) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &[
            Value::Int(evaluation),
            Value::Int(channel),
            Value::Text(load.revision),
            load.evaluated_at.map(crate::time::Millis::get).into(),
            Value::Int(load.now.get()),
            load.run.map(crate::feeds::RunId::get).into(),
            Value::Int(stage.attributes().cast_signed()),
            Value::Blob(digest),
        ],
    )?;
    let mut closed: Vec<i64> = stage
        .staged
        .iter()
        .filter_map(|staged| staged.replaces)
        .chain(removed.iter().copied())
        .collect();
    closed.sort_unstable();
    let mut keys = close(session, evaluation, &closed)?;
    let attributes = put_attributes(session, &stage.staged)?;
    insert(session, channel, evaluation, &stage.staged, &attributes)?;
    replace_owners(session, channel, &stage.staged, &attributes, removed)?;
    keys.extend(stage.staged.iter().flat_map(|staged| &staged.keys));
    keys.sort_unstable();
    keys.dedup();
    dirty::mark_keys(session, &keys)?;
    let changed = stage
        .staged
        .iter()
        .filter(|staged| staged.replaces.is_some())
        .count() as u64;
    let rows_written = stage.staged.len() as u64;
    Ok(LoadOutcome {
        evaluation: EvaluationId(evaluation),
        added: rows_written - changed,
        changed,
        removed: removed.len() as u64,
        unchanged: stage.unchanged,
        duplicate: stage.duplicate,
        rows_written,
    })
}

/// Ends rows at an evaluation, and gives the keys they were found under.
fn close(session: &mut Session<'_>, evaluation: i64, rows: &[i64]) -> Result<Vec<i64>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let lists = session.list(
        "SELECT id, keys FROM package WHERE id IN EACH_INT(?1)",
        &[Value::Ints(rows)],
        |row| Ok((row.int(0)?, numbers::from_list(row.blob(1)?)?)),
    )?;
    session.run(
        "UPDATE package SET until = ?1 WHERE id IN EACH_INT(?2)",
        &[Value::Int(evaluation), Value::Ints(rows)],
    )?;
    let mut pairs: Vec<[i64; 2]> = lists
        .iter()
        .flat_map(|(row, keys)| keys.iter().map(|key| [*key, *row]))
        .collect();
    pairs.sort_unstable();
    session.delete("package_key", ["key", "package"], &pairs)?;
    Ok(lists.into_iter().flat_map(|(_, keys)| keys).collect())
}

/// Gives attributes numbers, and brings their search text up to date.
fn put_attributes(session: &mut Session<'_>, staged: &[Staged]) -> Result<FxHashMap<String, i64>> {
    let names: Vec<&str> = staged.iter().map(|staged| staged.attr.as_str()).collect();
    let known: FxHashMap<String, (i64, Vec<u8>)> = session
        .list(
            "SELECT name, id, text_digest FROM attribute WHERE name IN EACH_TEXT(?1)",
            &[Value::Texts(&names)],
            |row| {
                Ok((
                    row.text(0)?.to_owned(),
                    (row.int(1)?, row.blob(2)?.to_vec()),
                ))
            },
        )?
        .into_iter()
        .collect();
    let mut next = session.number("SELECT max(id) FROM attribute", &[])?;
    let digests: Vec<[u8; 32]> = staged.iter().map(text_digest).collect();
    let mut numbers = FxHashMap::default();
    let (mut rows, mut texts) = (Vec::new(), Vec::new());
    for (staged, digest) in staged.iter().zip(&digests) {
        let stored = known.get(&staged.attr);
        let id = stored.map_or_else(
            || {
                next += 1;
                next
            },
            |(id, _)| *id,
        );
        numbers.insert(staged.attr.clone(), id);
        if stored.is_none_or(|(_, stored)| stored != &digest[..16]) {
            rows.extend([
                Value::Int(id),
                Value::Text(&staged.attr),
                Value::Text(&staged.pname),
                Value::Blob(&digest[..16]),
            ]);
            texts.push(search::Text {
                id,
                head: &staged.head,
                body: &staged.text,
                replaces: stored.is_some(),
            });
        }
    }
    session.insert(&ATTRIBUTE, &rows)?;
    search::put_attributes(session, texts.into_iter())?;
    Ok(numbers)
}

/// Whose packages are whose now.
fn replace_owners(
    session: &mut Session<'_>,
    channel: i64,
    staged: &[Staged],
    attributes: &FxHashMap<String, i64>,
    removed: &[i64],
) -> Result<()> {
    let mut gone = session.list(
        "SELECT attribute FROM package WHERE id IN EACH_INT(?1)",
        &[Value::Ints(removed)],
        |row| row.int(0),
    )?;
    let owners: Vec<(i64, Vec<String>)> = staged
        .iter()
        .filter_map(|staged| Some((*attributes.get(&staged.attr)?, staged.owners.clone())))
        .collect();
    let replaced = staged.iter().filter(|staged| staged.replaces.is_some());
    gone.extend(replaced.filter_map(|staged| attributes.get(&staged.attr)));
    people::put_owners(session, channel, &gone, &owners)
}

fn text_digest(staged: &Staged) -> [u8; 32] {
    let mut digest = Sha256::new();
    for text in [&staged.pname, &staged.head, &staged.text] {
        digest.update(text);
        digest.update([0]);
    }
    digest.finalize().into()
}

fn insert(
    session: &mut Session<'_>,
    channel: i64,
    evaluation: i64,
    staged: &[Staged],
    attributes: &FxHashMap<String, i64>,
) -> Result<()> {
    let first = session.number("SELECT max(id) FROM package", &[])? + 1;
    let lists: Vec<Vec<u8>> = staged
        .iter()
        .map(|staged| numbers::to_list(&staged.keys))
        .collect();
    let mut pairs: Vec<[i64; 2]> = Vec::new();
    let mut values = Vec::with_capacity(staged.len() * PACKAGE.columns.len());
    for ((id, staged), list) in (first..).zip(staged).zip(&lists) {
        let attribute = attributes
            .get(&staged.attr)
            .copied()
            .ok_or_else(|| DbError::damaged("attribute", &staged.attr))?;
        values.extend([
            Value::Int(id),
            Value::Int(channel),
            Value::Int(attribute),
            Value::Int(evaluation),
            Value::Blob(&staged.digest),
            Value::Blob(&staged.body),
            Value::Blob(list),
        ]);
        pairs.extend(staged.keys.iter().map(|key| [*key, id]));
    }
    session.insert(&PACKAGE, &values)?;
    pairs.sort_unstable();
    let values: Vec<Value<'_>> = pairs
        .iter()
        .flatten()
        .map(|number| Value::Int(*number))
        .collect();
    session.insert(&PACKAGE_KEY, &values)?;
    Ok(())
}
