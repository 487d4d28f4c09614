//! The threads, and putting what they give back in order.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;

use super::RawBatch;
use crate::error::IngestError;
use crate::input::Walk;

/// Batches waiting between two stages.
const QUEUE: usize = 3;

/// What comes out of the workers: numbered results, or how reading ended.
enum Out<T> {
    Batch(u64, T),
    End(Result<(), IngestError>),
}

/// Results in the order of the input. Dropping it stops the threads.
pub(crate) struct Ordered<T> {
    receiver: Receiver<Out<T>>,
    early: BTreeMap<u64, T>,
    next: u64,
    end: Option<Result<(), IngestError>>,
}

/// Starts a reader and workers in `scope`. `read` hands batches to its argument, which says when
/// nobody wants more; `work` runs on several threads.
pub(crate) fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    read: impl FnOnce(&mut dyn FnMut(RawBatch) -> Walk) -> Result<(), IngestError> + Send + 'scope,
    work: impl Fn(RawBatch) -> T + Send + Sync + 'scope,
) -> Ordered<T> {
    let (raw_sender, raw_receiver) = sync_channel::<(u64, RawBatch)>(QUEUE);
    let (sender, receiver) = sync_channel::<Out<T>>(QUEUE);
    let raw_receiver = Arc::new(Mutex::new(raw_receiver));
    let work = Arc::new(work);
    for _ in 0..workers() {
        let (input, output, work) = (raw_receiver.clone(), sender.clone(), work.clone());
        scope.spawn(move || run_worker(&input, &output, &*work));
    }
    // The workers alone hold the receiver: when they stop, the reader's next send fails.
    drop(raw_receiver);
    scope.spawn(move || {
        let mut number = 0;
        let result = read(&mut |batch| {
            let sent = raw_sender.send((number, batch));
            number += 1;
            if sent.is_ok() { Walk::On } else { Walk::Stop }
        });
        // Nobody listening means that the writer has already given up, with its own error.
        drop(sender.send(Out::End(result)));
    });
    Ordered {
        receiver,
        early: BTreeMap::new(),
        next: 0,
        end: None,
    }
}

fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 8))
}

fn run_worker<T>(
    input: &Mutex<Receiver<(u64, RawBatch)>>,
    output: &SyncSender<Out<T>>,
    work: &impl Fn(RawBatch) -> T,
) {
    loop {
        let received = input.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, batch)) = received else {
            return;
        };
        if output.send(Out::Batch(number, work(batch))).is_err() {
            return;
        }
    }
}

impl<T> Ordered<T> {
    /// The next batch; after the last one, how reading ended.
    ///
    /// # Errors
    /// What stopped the reader. Every batch before it has been given out.
    pub fn next(&mut self) -> Result<Option<T>, IngestError> {
        loop {
            if let Some(batch) = self.early.remove(&self.next) {
                self.next += 1;
                return Ok(Some(batch));
            }
            match self.receiver.recv() {
                Ok(Out::Batch(number, batch)) => {
                    self.early.insert(number, batch);
                }
                Ok(Out::End(result)) => self.end = Some(result),
                // All threads are done, and everything was given out in order.
                Err(_) => return self.end.take().unwrap_or(Ok(())).map(|()| None),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Place;

    fn batch(number: u64) -> RawBatch {
        let place = Place {
            document: number,
            record: 0,
        };
        RawBatch {
            place,
            ..RawBatch::default()
        }
    }

    #[test]
    fn batches_come_out_in_the_order_they_went_in() {
        std::thread::scope(|scope| {
            let mut ordered = spawn(
                scope,
                |send| {
                    for number in 0..200 {
                        assert_eq!(send(batch(number)), Walk::On);
                    }
                    Err(IngestError::Interrupted)
                },
                |batch| {
                    if batch.place.document % 3 == 0 {
                        std::thread::yield_now();
                    }
                    batch.place.document
                },
            );
            for number in 0..200 {
                assert_eq!(ordered.next().expect("a batch"), Some(number));
            }
            assert!(matches!(ordered.next(), Err(IngestError::Interrupted)));
        });
    }

    #[test]
    fn dropping_the_output_stops_the_reader() {
        std::thread::scope(|scope| {
            let ordered = spawn(
                scope,
                |send| {
                    while send(batch(0)) == Walk::On {}
                    Ok(())
                },
                |_| (),
            );
            drop(ordered);
        });
    }
}
