//! A pool of connections: at most `limit` at once, opened when first needed.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::error::Result;

pub(crate) struct Pool<C> {
    state: Mutex<State<C>>,
    freed: Condvar,
    limit: usize,
    open: Box<dyn Fn() -> Result<C> + Send + Sync>,
}

struct State<C> {
    idle: Vec<C>,
    lent: usize,
}

impl<C> Pool<C> {
    pub(crate) fn new(limit: usize, open: impl Fn() -> Result<C> + Send + Sync + 'static) -> Self {
        let state = Mutex::new(State {
            idle: Vec::new(),
            lent: 0,
        });
        Self {
            state,
            freed: Condvar::new(),
            limit,
            open: Box::new(open),
        }
    }

    /// Lends a connection to `work`, waiting for one when all are lent. `work` says whether the
    /// connection may be used again.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut C) -> (Result<T>, Reuse)) -> Result<T> {
        let idle = self.take();
        // The permit is given back even when `work` panics; the connection is then dropped.
        let permit = Permit { pool: self };
        let mut connection = match idle {
            Some(connection) => connection,
            None => (self.open)()?,
        };
        let (outcome, reuse) = work(&mut connection);
        if reuse == Reuse::Yes {
            self.lock().idle.push(connection);
        }
        drop(permit);
        outcome
    }

    /// Closes the connections that nobody uses.
    pub(crate) fn close_idle(&self) {
        let idle = std::mem::take(&mut self.lock().idle);
        drop(idle);
    }

    fn take(&self) -> Option<C> {
        let mut state = self.lock();
        while state.lent >= self.limit {
            state = self
                .freed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.lent += 1;
        state.idle.pop()
    }

    /// No code of the caller runs under this lock, so a poisoned one is whole.
    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a connection goes back into the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reuse {
    Yes,
    No,
}

struct Permit<'p, C> {
    pool: &'p Pool<C>,
}

impl<C> Drop for Permit<'_, C> {
    fn drop(&mut self) {
        self.pool.lock().lent -= 1;
        self.pool.freed.notify_one();
    }
}
