//! Hashing many files at once.

use std::sync::Mutex;
use std::thread;

use super::{Condition, FoundPayload};
use crate::digest::Digest;
use crate::naming::Payload;
use crate::volume::Volume;

/// Sets the condition of each. Threads take from the end of one list, largest file first, so that
/// none is left with a large one when the others are done.
pub fn all(volume: &dyn Volume, mut files: Vec<(&Payload, &mut FoundPayload)>) {
    files.sort_by_key(|(_, found)| found.size);
    let threads = thread::available_parallelism().map_or(1, |count| count.get().min(files.len()));
    let queue = Mutex::new(files);
    let work = || {
        loop {
            let next = queue.lock().ok().and_then(|mut files| files.pop());
            let Some((payload, found)) = next else {
                return;
            };
            found.condition = condition(volume, payload, found);
        }
    };
    if threads <= 1 {
        return work();
    }
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
}

fn condition(volume: &dyn Volume, payload: &Payload, found: &FoundPayload) -> Condition {
    let read = volume.open(&found.path).and_then(Digest::of_stream);
    match read {
        Ok((digest, _)) if digest == payload.digest => Condition::Intact,
        Ok((digest, size)) => Condition::Damaged(format!("{size} bytes with the digest {digest}")),
        Err(error) => Condition::Damaged(error.to_string()),
    }
}
