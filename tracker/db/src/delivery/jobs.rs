//! Jobs: claimed with a lease by one process of several, retried, never lost and never done by two at once.

use serde::Serialize;
use serde_json::Value as Json;

use crate::db::Db;
use crate::error::{DbError, Result};
use crate::session::{Row, Session, Value};
use crate::time::Millis;

/// Something to do later.
#[derive(Debug, Clone, Copy)]
pub struct NewJob<'a> {
    /// What, e.g. `publish`.
    pub kind: &'a str,
    /// With what, e.g. an issue's id. There is one open job of a kind and name.
    pub name: &'a str,
    /// What else it has to know.
    pub body: &'a Json,
    /// Not before.
    pub due: Millis,
}

/// A claimed job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Number.
    pub id: i64,
    /// What.
    pub kind: String,
    /// With what.
    pub name: String,
    /// What else it has to know.
    pub body: Json,
    /// How often it was begun, this time included.
    pub attempts: u32,
    due: i64,
    worker: String,
}

/// A job as it is listed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobState {
    /// Number.
    pub id: i64,
    /// What.
    pub kind: String,
    /// With what.
    pub name: String,
    /// Not before.
    pub due: Millis,
    /// How often it was begun.
    pub attempts: u32,
    /// Who works on it.
    pub worker: Option<String>,
    /// Why the last attempt failed.
    pub failed: Option<String>,
    /// When it was done or given up.
    pub ended: Option<Millis>,
}

impl Db {
    /// Puts a job. Where one of its kind and name is open, that one takes over body and time, and is
    /// done once more if somebody works on it now.
    ///
    /// # Errors
    /// As every write.
    pub fn put_job(&self, job: &NewJob<'_>) -> Result<()> {
        self.write(|session| put(session, job))
    }

    /// Claims a job that is due for `lease` milliseconds, the one that is due the longest first. One whose
    /// worker let its lease pass is free again.
    ///
    /// # Errors
    /// As every write.
    pub fn claim_job(&self, worker: &str, now: Millis, lease: i64) -> Result<Option<Job>> {
        let is_due = "ended IS NULL AND due <= ?1 AND (lease IS NULL OR lease <= ?1)";
        // Looking costs no write.
        let waiting = self.read(|session| {
            session.number(
                &format!("SELECT id FROM job WHERE {is_due} LIMIT 1"),
                &[Value::Int(now.get())],
            )
        })?;
        if waiting == 0 {
            return Ok(None);
        }
        self.write(|session| {
            let found = session.first(
                &format!("SELECT id, kind, name, body, attempts, due FROM job WHERE {is_due} ORDER BY due, id LIMIT 1"),
                &[Value::Int(now.get())],
                |row| {
                    Ok(Job {
                        id: row.int(0)?,
                        kind: row.text(1)?.to_owned(),
                        name: row.text(2)?.to_owned(),
                        body: serde_json::from_str(row.text(3)?)
                            .map_err(|failed| DbError::damaged("job", failed))?,
                        attempts: u32::try_from(row.int(4)? + 1).unwrap_or(u32::MAX),
                        due: row.int(5)?,
                        worker: worker.to_owned(),
                    })
                },
            )?;
            if let Some(job) = &found {
                session.run(
                    "UPDATE job SET lease = ?2, worker = ?3, attempts = attempts + 1 WHERE id = ?1",
                    &[Value::Int(job.id), Value::Int(now.get() + lease), Value::Text(worker)],
                )?;
            }
            Ok(found)
        })
    }

    /// Keeps a claimed job for `lease` milliseconds from now on: whoever works on it is alive. False when the claim was
    /// lost meanwhile.
    ///
    /// # Errors
    /// As every write.
    pub fn keep_job(&self, job: &Job, now: Millis, lease: i64) -> Result<bool> {
        self.write(|session| {
            let touched = session.run(
                "UPDATE job SET lease = ?3 WHERE id = ?1 AND worker = ?2 AND lease IS NOT NULL AND ended IS NULL",
                &[Value::Int(job.id), Value::Text(&job.worker), Value::Int(now.get() + lease)],
            )?;
            Ok(touched > 0)
        })
    }

    /// Ends a claimed job. False when the claim was lost meanwhile, or the job was put again, so that it
    /// stays open.
    ///
    /// # Errors
    /// As every write.
    pub fn finish_job(&self, job: &Job, now: Millis) -> Result<bool> {
        self.write(|session| {
            let touched = session.run(
                "UPDATE job SET ended = ?4, lease = NULL, failed = NULL WHERE id = ?1 AND worker = ?2 AND due = ?3 AND ended IS NULL",
                &[Value::Int(job.id), Value::Text(&job.worker), Value::Int(job.due), Value::Int(now.get())],
            )?;
            if touched == 0 {
                free(session, job)?;
            }
            Ok(touched > 0)
        })
    }

    /// Notes that a claimed job failed: it is tried again at `again`, or given up.
    ///
    /// # Errors
    /// As every write.
    pub fn fail_job(&self, job: &Job, why: &str, again: Option<Millis>, now: Millis) -> Result<()> {
        self.write(|session| {
            let why: String = why.chars().take(2000).collect();
            let ended = again.is_none().then_some(now.get());
            session.run(
                "UPDATE job SET failed = ?3, due = ?4, ended = ?5, lease = NULL WHERE id = ?1 AND worker = ?2 AND ended IS NULL",
                &[
                    Value::Int(job.id),
                    Value::Text(&job.worker),
                    Value::Text(&why),
                    Value::Int(again.unwrap_or(now).get()),
                    ended.into(),
                ],
            )?;
            Ok(())
        })
    }

    /// Forgets jobs that ended before a moment; how many.
    ///
    /// # Errors
    /// As every write.
    pub fn forget_jobs(&self, before: Millis) -> Result<u64> {
        self.write(|session| {
            session.run(
                "DELETE FROM job WHERE ended < ?1",
                &[Value::Int(before.get())],
            )
        })
    }

    /// Open jobs, and the last `limit` that ended.
    ///
    /// # Errors
    /// As every read.
    pub fn jobs(&self, limit: usize) -> Result<Vec<JobState>> {
        const SELECT: &str =
            "SELECT id, kind, name, due, attempts, worker, failed, ended, lease FROM job";
        self.read(|session| {
            let mut all = session.list(
                &format!("{SELECT} WHERE ended IS NULL ORDER BY due, id LIMIT 500"),
                &[],
                state,
            )?;
            all.extend(session.list(
                &format!("{SELECT} WHERE ended IS NOT NULL ORDER BY id DESC LIMIT ?1"),
                &[Value::Int(limit.min(500) as i64)],
                state,
            )?);
            Ok(all)
        })
    }
}

fn state(row: &Row<'_>) -> Result<JobState> {
    let leased = row.opt_int(8)?.is_some();
    Ok(JobState {
        id: row.int(0)?,
        kind: row.text(1)?.to_owned(),
        name: row.text(2)?.to_owned(),
        due: Millis::new(row.int(3)?),
        attempts: u32::try_from(row.int(4)?).unwrap_or(u32::MAX),
        worker: row.opt_text(5)?.filter(|_| leased).map(str::to_owned),
        failed: row.opt_text(6)?.map(str::to_owned),
        ended: row.opt_int(7)?.map(Millis::new),
    })
}

/// Gives a claim back, so that a job that was put again meanwhile is begun anew.
fn free(session: &mut Session<'_>, job: &Job) -> Result<()> {
    session.run(
        "UPDATE job SET lease = NULL WHERE id = ?1 AND worker = ?2 AND ended IS NULL",
        &[Value::Int(job.id), Value::Text(&job.worker)],
    )?;
    Ok(())
}

/// As [`Db::put_job`], within a transaction.
pub(crate) fn put(session: &mut Session<'_>, job: &NewJob<'_>) -> Result<()> {
    let body = job.body.to_string();
    // The time decides whether a job that is worked on has to be done again: it must differ.
    let touched = session.run(
        "UPDATE job SET body = ?3, due = CASE WHEN due = ?4 THEN ?4 + 1 ELSE ?4 END, attempts = 0 \
         WHERE kind = ?1 AND name = ?2 AND ended IS NULL",
        &[
            Value::Text(job.kind),
            Value::Text(job.name),
            Value::Text(&body),
            Value::Int(job.due.get()),
        ],
    )?;
    if touched > 0 {
        return Ok(());
    }
    let id = session.number("SELECT max(id) FROM job", &[])? + 1;
    session.run(
        "INSERT INTO job (id, kind, name, body, due, attempts) VALUES (?1, ?2, ?3, ?4, ?5, 0)",
        &[
            Value::Int(id),
            Value::Text(job.kind),
            Value::Text(job.name),
            Value::Text(&body),
            Value::Int(job.due.get()),
        ],
    )?;
    Ok(())
}
