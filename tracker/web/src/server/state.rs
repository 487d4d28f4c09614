//! What every handler needs: the database behind a bounded pool, and the clock.

use std::sync::{Arc, LazyLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use snowguard_tracker_db::{Db, DbError};
use snowguard_tracker_triage::command::Refusal;
use snowguard_tracker_triage::queue::Queue;
use tokio::sync::Semaphore;

use super::address::PublicAddress;
use super::rates::Rates;
use crate::account::cookie::Reach;
use crate::failure::Failure;
use crate::open::Shelf;
use crate::settings::Doors;
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

impl Clock {
    /// Microseconds of a clock that only goes on, whatever becomes of the system's.
    fn steady(&self) -> u64 {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        match self {
            Self::Fixed(now) => now.unsigned_abs() * 1000,
            Self::System => u64::try_from(START.elapsed().as_micros()).unwrap_or(u64::MAX),
        }
    }
}

/// Questions to somebody outside at once.
const OUTSIDE: usize = 4;
/// Whole documents written at once: all read the same issues, and the machine has other work.
const DOCUMENTS: usize = 1;

/// The state that handlers share.
#[derive(Debug)]
pub struct App {
    db: Db,
    clock: Clock,
    wait: Duration,
    reads: Arc<Semaphore>,
    outside: Arc<Semaphore>,
    documents: Arc<Semaphore>,
    public: PublicAddress,
    shelf: Option<Arc<Shelf>>,
    rates: Option<Rates>,
    doors: Doors,
    queue: RwLock<Followed>,
}

/// The queue in memory, and up to which stamp it follows the database.
#[derive(Debug)]
struct Followed {
    queue: Queue,
    stamp: i64,
}

impl App {
    /// The state over a database.
    pub fn new(db: Db, config: &super::Config) -> Self {
        Self {
            db,
            clock: config.clock.clone(),
            outside: Arc::new(Semaphore::new(OUTSIDE)),
            documents: Arc::new(Semaphore::new(DOCUMENTS)),
            public: config.public.clone(),
            rates: config.rates.clone().map(Rates::new),
            shelf: config
                .publisher
                .clone()
                .map(|own| Arc::new(Shelf::new(own))),
            doors: config.doors.clone(),
            queue: RwLock::new(Followed {
                queue: Queue::default(),
                stamp: -1,
            }),
            wait: config.limits.wait,
            reads: Arc::new(Semaphore::new(config.limits.reads)),
        }
    }

    /// Now.
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// How browsers reach this server.
    pub fn reach(&self) -> Reach {
        self.public.reach()
    }

    /// Who asked how often; nothing where that does not matter.
    pub(super) fn rates(&self) -> Option<&Rates> {
        self.rates.as_ref()
    }

    /// Microseconds of a clock that nobody sets.
    pub(super) fn steady(&self) -> u64 {
        self.clock.steady()
    }

    /// An absolute address of a path; the path alone without a public address.
    pub fn link(&self, path: &str) -> String {
        self.public.link(path)
    }

    /// The open data.
    ///
    /// # Errors
    /// [`Failure::NotFound`] where nothing is published.
    pub fn shelf(&self) -> Result<Arc<Shelf>, Failure> {
        let nothing = || Failure::NotFound("This tracker publishes nothing.".to_owned());
        self.shelf.clone().ok_or_else(nothing)
    }

    /// What is reached outside.
    pub fn doors(&self) -> &Doors {
        &self.doors
    }

    /// `; Secure` where cookies go over TLS alone.
    pub fn secure_flag(&self) -> &'static str {
        match self.reach() {
            Reach::Tls => "; Secure",
            Reach::Loopback => "",
        }
    }

    /// Whether a form with this `Origin`, sent to this `Host`, came from our own pages.
    pub fn is_own_origin(&self, origin: &str, host: Option<&str>) -> bool {
        self.public.is_own(origin, host)
    }

    /// Looks at the queue as it is now: what changed in the database since the last look is taken over first.
    ///
    /// # Errors
    /// As every read of the database.
    pub fn queue<T>(&self, db: &Db, look: impl FnOnce(&Queue) -> T) -> Result<T, Failure> {
        let since = self.followed().stamp;
        let changes = db.queue_changes(since)?;
        if changes.stamp != since {
            let mut followed = self.queue.write().unwrap_or_else(PoisonError::into_inner);
            // Another request may have been here meanwhile; a row that comes twice does no harm, an older one would.
            if followed.stamp == since {
                followed.stamp = changes.stamp;
                changes
                    .gone
                    .into_iter()
                    .for_each(|one| followed.queue.remove(one));
                changes
                    .rows
                    .into_iter()
                    .for_each(|row| followed.queue.put(row));
            }
        }
        Ok(look(&self.followed().queue))
    }

    fn followed(&self) -> RwLockReadGuard<'_, Followed> {
        self.queue.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks somebody outside on a blocking thread. Such questions have turns of their own: a slow answer keeps no page
    /// from the database.
    ///
    /// # Errors
    /// As [`App::work`].
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.in_turn(&self.outside, question).await
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
        let db = self.db.clone();
        self.in_turn(&self.reads, move || work(&db)).await
    }

    /// Writes a whole document on a blocking thread. It takes seconds, so documents have a turn of their own: who waits for
    /// one keeps no page from the database.
    ///
    /// # Errors
    /// As [`App::work`].
    pub async fn document<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Db) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let db = self.db.clone();
        self.in_turn(&self.documents, move || write(&db)).await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        turns: &Arc<Semaphore>,
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let turn = tokio::time::timeout(self.wait, Arc::clone(turns).acquire_owned());
        let Ok(Ok(permit)) = turn.await else {
            return Err(Failure::Busy);
        };
        let job = tokio::task::spawn_blocking(move || {
            // The permit is freed when the work ends, even when the request was given up before.
            let _permit = permit;
            work()
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
            DbError::Missing { what, name } => {
                Self::NotFound(format!("There is no {what} {name}."))
            }
            DbError::Overtaken { what } => Self::Conflict(format!(
                "{what} was changed meanwhile. Nothing was overwritten; open the page again and look."
            )),
            DbError::Decision(refusal) => Self::BadRequest(format!("Not done: {refusal}.")),
            DbError::TooMany { what, most } => Self::BadRequest(format!(
                "There are {most} {what} already; remove some first."
            )),
            DbError::Busy(_) => Self::Busy,
            error => Self::Inside(anyhow::Error::new(error).context("reading the database")),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::BadRequest(format!("Not done: {refusal}."))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use snowguard_tracker_db::Location;

    use super::*;
    use crate::server::Config;

    #[tokio::test(flavor = "multi_thread")]
    async fn documents_keep_no_page_from_the_database() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&Location::Sqlite(folder.path().join("tracker.sqlite"))).unwrap();
        let mut config = Config::new(([127, 0, 0, 1], 0).into());
        config.limits.wait = Duration::from_millis(200);
        let app = Arc::new(App::new(db, &config));
        let (end, ended) = mpsc::channel::<()>();
        let (begin, begun) = mpsc::channel();
        let writer = Arc::clone(&app);
        let slow = tokio::spawn(async move {
            let write = move |_: &Db| {
                begin.send(()).unwrap();
                Ok(ended.recv().is_err())
            };
            writer.document(write).await
        });
        tokio::task::spawn_blocking(move || begun.recv().unwrap())
            .await
            .unwrap();
        let more = (0..config.limits.reads * 2).map(|_| {
            let app = Arc::clone(&app);
            tokio::spawn(async move { app.document(|_| Ok(())).await })
        });
        let more: Vec<_> = more.collect();
        assert!(app.work(|db| Ok(db.public_stamp()?)).await.is_ok());
        for one in more {
            assert!(matches!(one.await.unwrap(), Err(Failure::Busy)));
        }
        drop(end);
        assert!(slow.await.unwrap().unwrap());
        assert!(app.document(|_| Ok(())).await.is_ok());
    }
}
