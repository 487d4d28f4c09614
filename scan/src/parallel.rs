//! Work on all cores, in runs that are taken one after the other.

use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does work on runs of items and gives the results in the order of the items. Each thread has a
/// state of its own. The first error in the order of the items is the one that is returned.
///
/// # Errors
/// As `work`.
pub fn in_runs<S, T, R, E>(
    items: &[T],
    length: usize,
    start: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &[T]) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E>
where
    T: Sync,
    R: Send,
    E: Send,
{
    let runs: Vec<&[T]> = items.chunks(length.max(1)).collect();
    let threads = processors().min(runs.len());
    if threads <= 1 {
        let mut state = start();
        return runs.into_iter().map(|run| work(&mut state, run)).collect();
    }
    let next = AtomicUsize::new(0);
    let take = || {
        let mut state = start();
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(run) = runs.get(number) else {
                return done;
            };
            done.push((number, work(&mut state, run)));
        }
    };
    let mut done: Vec<(usize, Result<R, E>)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(take)).collect();
        let mut all = take();
        for other in others {
            all.extend(
                other
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
        }
        all
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

/// How many processors there are. Asked once: the answer is read from several files.
fn processors() -> usize {
    static KNOWN: OnceLock<usize> = OnceLock::new();
    *KNOWN.get_or_init(|| thread::available_parallelism().map_or(1, NonZeroUsize::get))
}

#[cfg(test)]
mod tests {
    use super::in_runs;

    #[test]
    fn results_come_in_order_and_the_first_error_counts() {
        let items: Vec<u32> = (0..1000).collect();
        let sums = in_runs(&items, 7, || (), |(), run| Ok::<u32, u32>(run.iter().sum()));
        assert_eq!(sums.map(|sums| sums.iter().sum::<u32>()), Ok(499_500));
        let first = in_runs(
            &items,
            7,
            || (),
            |(), run| match run.first() {
                Some(first) if *first >= 70 => Err(*first),
                _ => Ok(()),
            },
        );
        assert_eq!(first.err(), Some(70));
        assert_eq!(
            in_runs(&[0_u8; 0], 7, || (), |(), _| Ok::<(), ()>(())),
            Ok(vec![])
        );
    }
}
