//! What every handler needs: the database behind a bounded pool, and the clock.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use snowguard_tracker_db::{Db, DbError};
use tokio::sync::Semaphore;

use crate::failure::Failure;
use crate::show::time::Millis;

/// Limits of the server.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Database reads at once; others wait.
    pub reads: usize,
    /// How long a request may wait for its turn at the database.
    pub wait: Duration,
    /// How long a request may take in all.
    pub request: Duration,
    /// How long a client may take to send a request's head, or to send the next one.
    pub head: Duration,
    /// Connections at once; further ones wait to be accepted.
    pub connections: usize,
    /// How long running requests may go on when the server ends.
    pub shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            reads: 8,
            wait: Duration::from_secs(5),
            request: Duration::from_secs(20),
            head: Duration::from_secs(15),
            connections: 2048,
            shutdown: Duration::from_secs(10),
        }
    }
}

/// What time it is; ages on pages depend on it.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system's.
    System,
    /// Always the same moment, in milliseconds since the Unix epoch; for tests.
    Fixed(Millis),
}

impl Clock {
    /// Now.
    pub fn now(&self) -> Millis {
        match self {
            Self::Fixed(now) => *now,
            Self::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .ok()
                .and_then(|since| Millis::try_from(since.as_millis()).ok())
                .unwrap_or(0),
        }
    }
}

/// The state that handlers share.
#[derive(Debug)]
pub struct App {
    db: Db,
    clock: Clock,
    wait: Duration,
    reads: Arc<Semaphore>,
}

impl App {
    /// The state over a database.
    pub fn new(db: Db, limits: Limits, clock: Clock) -> Self {
        Self {
            db,
            clock,
            wait: limits.wait,
            reads: Arc::new(Semaphore::new(limits.reads)),
        }
    }

    /// Now.
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Runs `work` on a blocking thread, of which a bounded number work at once. Both the
    /// queries and the rendering belong into `work`: the asynchronous threads only move bytes.
    ///
    /// # Errors
    /// [`Failure::Busy`] when no thread is free in time, and what `work` returns.
    pub async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Db) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let turn = tokio::time::timeout(self.wait, Arc::clone(&self.reads).acquire_owned());
        let Ok(Ok(permit)) = turn.await else {
            return Err(Failure::Busy);
        };
        let db = self.db.clone();
        let job = tokio::task::spawn_blocking(move || {
            // The permit is freed when the work ends, even when the request was given up before.
            let _permit = permit;
            work(&db)
        });
        match job.await {
            Ok(outcome) => outcome,
            Err(failed) => match failed.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Failure::Busy),
            },
        }
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Cursor(_) => Self::BadRequest("This is not a place in the list.".to_owned()),
            DbError::Missing {
                what: "channel", ..
            } => Self::NotFound("No channel of this name is loaded.".to_owned()),
            DbError::Busy(_) => Self::Busy,
            error => Self::Inside(anyhow::Error::new(error).context("reading the database")),
        }
    }
}
