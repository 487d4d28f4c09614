//! What is done beside answering requests: publishing, refreshing teams, telling subscribers. Several
//! processes may work on one database; each job is claimed by one.

mod confirm;
mod deliver;
mod publish;
mod teams;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

pub(crate) use deliver::{line, place};

use anyhow::Result;
use serde_json::json;
use snowguard_tracker_db::{Db, Job, Millis, NewJob};

use crate::server::{Clock, PublicAddress};
use crate::settings::Reach;

/// A worker.
#[derive(Debug)]
pub struct Worker {
    db: Db,
    name: String,
    reach: Reach,
    public: PublicAddress,
    clock: Clock,
    lease: Duration,
}

/// How long to wait when nothing is due.
const PAUSE: Duration = Duration::from_millis(500);

/// Digests and the like are looked for so often.
const MINUTE: i64 = 60_000;

/// Teams are asked for so often, webhooks apart.
const HOUR: i64 = 60 * MINUTE;

/// Jobs that ended can be looked at for so long.
const KEPT: i64 = 7 * 24 * HOUR;

/// A job is given up after so many attempts; with the waits between them that is a good day.
const ATTEMPTS: u32 = 30;

/// How a job ended.
enum End {
    /// It is done.
    Done,
    /// Try again after so many milliseconds, where somebody said so; else in the worker's own time.
    Again(Option<i64>, String),
}

impl Worker {
    /// A job whose worker has not been heard of for so long is usually taken over by another.
    pub const LEASE: Duration = Duration::from_secs(60);

    /// A worker of a name of its own.
    pub fn new(db: Db, name: String, reach: Reach, public: PublicAddress, clock: Clock) -> Self {
        Self {
            db,
            name,
            reach,
            public,
            clock,
            lease: Self::LEASE,
        }
    }

    /// With another time after which a silent worker's job is taken over than [`Self::LEASE`].
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// Works until `stop` is set; the job at hand is finished first.
    ///
    /// # Errors
    /// None: what fails is logged and tried again.
    pub fn run(&self, stop: &AtomicBool) -> Result<()> {
        let (mut minute, mut hour) = (i64::MIN, i64::MIN);
        while !stop.load(Ordering::Relaxed) {
            let now = self.clock.now();
            let worked = self
                .tick(now, &mut minute, &mut hour)
                .and_then(|()| self.step());
            match worked {
                Ok(true) => {}
                Ok(false) => std::thread::sleep(PAUSE),
                Err(failed) => {
                    tracing::error!(
                        cause = format!("{failed:#}"),
                        "the worker cannot reach its database"
                    );
                    std::thread::sleep(PAUSE * 10);
                }
            }
        }
        Ok(())
    }

    /// Does what is due now, by the clock too; how many jobs that were.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub fn once(&self) -> Result<usize> {
        let (mut minute, mut hour) = (i64::MIN, i64::MIN);
        self.tick(self.clock.now(), &mut minute, &mut hour)?;
        let mut jobs = 0;
        while self.step()? {
            jobs += 1;
        }
        Ok(jobs)
    }

    /// Puts what is due by the clock. Another worker may do the same: there is one open job of a name.
    fn tick(&self, now: i64, minute: &mut i64, hour: &mut i64) -> Result<()> {
        let put = |kind: &str| {
            let job = NewJob {
                kind,
                name: "all",
                body: &json!({}),
                due: Millis::new(now),
            };
            self.db.put_job(&job)
        };
        if now.saturating_sub(*minute) >= MINUTE {
            put("deliver")?;
            *minute = now;
        }
        if now.saturating_sub(*hour) >= HOUR {
            if self.reach.teams.is_some() {
                put("teams")?;
            }
            self.db.forget_jobs(Millis::new(now - KEPT))?;
            *hour = now;
        }
        Ok(())
    }

    /// Does one job; false when none is due.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub fn step(&self) -> Result<bool> {
        let now = Millis::new(self.clock.now());
        let lease = i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX);
        let Some(job) = self.db.claim_job(&self.name, now, lease)? else {
            return Ok(false);
        };
        let end = self
            .alive(&job, lease, || self.work(&job))
            .unwrap_or_else(|failed| End::Again(None, format!("{failed:#}")));
        let now = self.clock.now();
        match end {
            End::Done => drop(self.db.finish_job(&job, Millis::new(now))?),
            End::Again(after, why) => {
                let again = (job.attempts < ATTEMPTS)
                    .then(|| Millis::new(now + after.unwrap_or_else(|| wait(job.attempts))));
                match again {
                    Some(_) => tracing::warn!(job.kind, job.name, why, "a job will be tried again"),
                    None => tracing::error!(job.kind, job.name, why, "a job is given up"),
                }
                self.db.fail_job(&job, &why, again, Millis::new(now))?;
            }
        }
        Ok(true)
    }

    /// Does something that may take longer than the lease, and says meanwhile that the job is being worked on.
    fn alive<T>(&self, job: &Job, lease: i64, work: impl FnOnce() -> T) -> T {
        let (done, is_done) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                while is_done.recv_timeout(self.lease / 3) == Err(RecvTimeoutError::Timeout) {
                    match self.db.keep_job(job, Millis::new(self.clock.now()), lease) {
                        Ok(true) => {}
                        Ok(false) => tracing::warn!(job.kind, job.name, "a job was taken over by another worker"),
                        Err(failed) => tracing::warn!(%failed, job.kind, job.name, "a job's lease could not be renewed"),
                    }
                }
            });
            let made = work();
            drop(done);
            made
        })
    }

    fn work(&self, job: &Job) -> Result<End> {
        match job.kind.as_str() {
            "notify" => self.notify(),
            "deliver" => self.deliver(),
            "mail" => self.mail(job),
            "hook" => self.hook(job),
            "publish" => self.publish(&job.name),
            "teams" => self.teams(),
            "confirm" => self.confirm(&job.name, &job.body),
            other => Ok(End::Again(
                None,
                format!("this program knows no job {other}"),
            )),
        }
    }

    fn notify(&self) -> Result<End> {
        while self.db.notify()? > 0 {}
        let job = NewJob {
            kind: "deliver",
            name: "all",
            body: &json!({}),
            due: Millis::new(self.clock.now()),
        };
        self.db.put_job(&job)?;
        Ok(End::Done)
    }
}

/// Ten seconds, doubled with each attempt, up to an hour.
fn wait(attempts: u32) -> i64 {
    10_000_i64
        .checked_shl(attempts.saturating_sub(1).min(16))
        .unwrap_or(HOUR)
        .min(HOUR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_have_an_end() {
        assert_eq!(
            [1, 2, 3, 9, 10, 99].map(wait),
            [10_000, 20_000, 40_000, 2_560_000, HOUR, HOUR]
        );
    }
}
