//! What advisories teach the matcher, and by which keys each of them looked for packages.
//!
//! Lessons are stored beside the marks they cause, in one transaction: a product whose home
//! changed makes every advisory that names it be matched again.

use rustc_hash::{FxHashMap, FxHashSet};
use snowguard_matching::keys::Key;
use snowguard_matching::knowledge::Lesson;

use crate::db::Db;
use crate::dirty;
use crate::error::{DbError, Result};
use crate::names;
use crate::numbers;
use crate::session::{Column, Insert, Session, Value};

const LESSON: Insert<'_> = Insert {
    table: "lesson",
    columns: &[
        ("advisory", Column::Int),
        ("products", Column::Text),
        ("repositories", Column::Text),
    ],
    conflict: "ON CONFLICT (advisory) DO UPDATE SET products = excluded.products, repositories = excluded.repositories",
};

const LOOKUP: Insert<'_> = Insert {
    table: "lookup",
    columns: &[("advisory", Column::Int), ("keys", Column::Blob)],
    conflict: "ON CONFLICT (advisory) DO UPDATE SET keys = excluded.keys",
};

const LOOKUP_KEY: Insert<'_> = Insert {
    table: "lookup_key",
    columns: &[("key", Column::Int), ("advisory", Column::Int)],
    conflict: "ON CONFLICT DO NOTHING",
};

/// An advisory and what it teaches.
pub type Learnt = (String, Lesson);

/// Lessons to store in one transaction.
#[derive(Debug, Clone, Copy)]
pub struct LearnBatch<'a> {
    /// Each advisory's lesson, in place of the one before; empty ones are forgotten.
    pub lessons: &'a [Learnt],
    /// Keys of products whose home may have changed: the advisories that looked for packages
    /// under them are marked.
    pub changed: &'a [Key],
}

impl Db {
    /// Stores lessons and marks what they touch.
    ///
    /// # Errors
    /// As every write.
    pub fn put_lessons(&self, batch: &LearnBatch<'_>) -> Result<()> {
        self.write(|session| {
            let numbers = names::advisories(session, batch.lessons.iter().map(|(id, _)| id))?;
            let mut gone: Vec<i64> = Vec::new();
            let mut texts: Vec<(i64, String, String)> = Vec::new();
            for (id, lesson) in batch.lessons {
                let Some(&number) = numbers.get(id) else {
                    continue;
                };
                if lesson.is_empty() {
                    gone.push(number);
                } else {
                    texts.push((number, json(&lesson.products)?, json(&lesson.repositories)?));
                }
            }
            session.run(
                "DELETE FROM lesson WHERE advisory IN EACH_INT(?1)",
                &[Value::Ints(&gone)],
            )?;
            texts.sort_unstable();
            let values: Vec<Value<'_>> = texts
                .iter()
                .flat_map(|(number, products, repositories)| {
                    [
                        Value::Int(*number),
                        Value::Text(products),
                        Value::Text(repositories),
                    ]
                })
                .collect();
            session.insert(&LESSON, &values)?;
            let changed: Vec<i64> = batch.changed.iter().map(|key| key.to_i64()).collect();
            dirty::mark_keys(session, &changed)
        })
    }

    /// All lessons. About 100 bytes each.
    ///
    /// # Errors
    /// As every read.
    pub fn lessons(&self) -> Result<Vec<Learnt>> {
        self.read(|session| {
            let rows = session.list(
                "SELECT advisory, products, repositories FROM lesson ORDER BY advisory",
                &[],
                |row| Ok((row.int(0)?, list(row.text(1)?)?, list(row.text(2)?)?)),
            )?;
            rows.into_iter()
                .map(|(number, products, repositories)| {
                    let id = names::advisory_id(session, number)?;
                    Ok((
                        id,
                        Lesson {
                            products,
                            repositories,
                        },
                    ))
                })
                .collect()
        })
    }
}

/// Replaces the lookup keys of advisories.
pub(crate) fn put_lookups(session: &mut Session<'_>, lookups: &[(i64, &[Key])]) -> Result<()> {
    let advisories: Vec<i64> = lookups.iter().map(|(advisory, _)| *advisory).collect();
    let known: FxHashMap<i64, Vec<i64>> = session
        .list(
            "SELECT advisory, keys FROM lookup WHERE advisory IN EACH_INT(?1)",
            &[Value::Ints(&advisories)],
            |row| Ok((row.int(0)?, numbers::from_list(row.blob(1)?)?)),
        )?
        .into_iter()
        .collect();
    let (mut gone, mut fresh, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
    for (advisory, keys) in lookups {
        let keys: Vec<i64> = keys.iter().map(|key| key.to_i64()).collect();
        let old: FxHashSet<i64> = known.get(advisory).into_iter().flatten().copied().collect();
        let new: FxHashSet<i64> = keys.iter().copied().collect();
        if old == new {
            continue;
        }
        gone.extend(old.difference(&new).map(|key| [*key, *advisory]));
        fresh.extend(new.difference(&old).map(|key| [*key, *advisory]));
        bodies.push((*advisory, numbers::to_list(&keys)));
    }
    gone.sort_unstable();
    session.delete("lookup_key", ["key", "advisory"], &gone)?;
    fresh.sort_unstable();
    let values: Vec<Value<'_>> = fresh
        .iter()
        .flatten()
        .map(|number| Value::Int(*number))
        .collect();
    session.insert(&LOOKUP_KEY, &values)?;
    bodies.sort_unstable();
    let values: Vec<Value<'_>> = bodies
        .iter()
        .flat_map(|(advisory, keys)| [Value::Int(*advisory), Value::Blob(keys)])
        .collect();
    session.insert(&LOOKUP, &values)?;
    Ok(())
}

fn json(texts: &[String]) -> Result<String> {
    serde_json::to_string(texts).map_err(|failed| DbError::damaged("lesson", failed))
}

fn list(text: &str) -> Result<Vec<String>> {
    serde_json::from_str(text).map_err(|failed| DbError::damaged("lesson", failed))
}
