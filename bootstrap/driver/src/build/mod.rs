//! Building: which steps have to run, in which order, at the same time where they may.

mod check;
mod key;
mod run;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use anyhow::{Context, Result, bail};

pub use check::Unstable;
pub use key::key;
pub use run::{StepRunner, plan};

use crate::graph::{Digest, Graph, Name, Step};
use crate::runner::Variation;
use crate::sources::{Places, provide};
use crate::store::{Made, Store};

/// How to build.
pub struct Build<'a> {
    /// What.
    pub graph: &'a Graph,
    /// Into what.
    pub store: &'a Store,
    /// Where sources come from.
    pub places: &'a Places,
    /// The program that runs a step.
    pub runner: &'a StepRunner,
    /// Steps at the same time.
    pub at_once: usize,
    /// Is told what happens.
    pub watcher: &'a (dyn Watcher + Sync),
}

/// Hears of what happens; for progress.
pub trait Watcher {
    /// `total` steps are wanted.
    fn begins(&self, total: usize);
    /// A step starts.
    fn starts(&self, name: &Name);
    /// A step was made, or was there.
    fn done(&self, outcome: &Outcome);
}

/// What became of a step.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What it made.
    pub made: Made,
    /// Whether it ran now.
    pub ran: bool,
    /// The hash that was recorded for it.
    pub expected: Option<Digest>,
}

/// An output has another hash than the one recorded.
#[derive(Debug, thiserror::Error)]
#[error(
    "{place}: step `{name}` made an output with the hash {found}; recorded is {expected}\n\
     it is kept at {path} to look at"
)]
pub struct WrongOutput {
    place: crate::graph::Place,
    name: Name,
    found: Digest,
    expected: Digest,
    path: String,
}

impl Build<'_> {
    /// Makes the steps of `wanted` (all when empty) and what they need; what became of each, in the
    /// graph's order.
    ///
    /// # Errors
    /// The first failure; steps that run are waited for, none is started after it.
    pub fn all(&self, wanted: &[Name], variation: &Variation) -> Result<Vec<Outcome>> {
        let steps = self
            .graph
            .needed(wanted)
            .map_err(|name| anyhow::anyhow!("there is no step `{name}`"))?;
        self.watcher.begins(steps.len());
        let (to_workers, work) = channel::<&Step>();
        let work = Mutex::new(work);
        let (to_main, results) = channel();
        let done = Mutex::new(BTreeMap::new());
        std::thread::scope(|scope| {
            for _ in 0..self.at_once.max(1) {
                let to_main = to_main.clone();
                let (work, done) = (&work, &done);
                scope.spawn(move || {
                    while let Some(step) = next(work) {
                        let result = self.step(step, done, variation);
                        if to_main.send((step.name.clone(), result)).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(to_main);
            self.schedule(&steps, &to_workers, &results, &done)?;
            drop(to_workers);
            Ok::<(), anyhow::Error>(())
        })?;
        let mut done = done
            .into_inner()
            .unwrap_or_else(|broken| broken.into_inner());
        Ok(steps
            .iter()
            .filter_map(|step| done.remove(&step.name))
            .collect())
    }

    fn schedule<'s>(
        &self,
        steps: &[&'s Step],
        to_workers: &Sender<&'s Step>,
        results: &Receiver<(Name, Result<Outcome>)>,
        done: &Mutex<BTreeMap<Name, Outcome>>,
    ) -> Result<()> {
        let heights = heights(steps);
        let mut waiting: Vec<&'s Step> = steps.to_vec();
        let mut startable: Vec<&'s Step> = Vec::new();
        let mut finished: BTreeSet<Name> = BTreeSet::new();
        let mut running = 0;
        let mut failed = None;
        loop {
            if failed.is_none() {
                let ready = |step: &&Step| step.inputs.iter().all(|i| finished.contains(i));
                let (start, wait): (Vec<_>, Vec<_>) = waiting.into_iter().partition(ready);
                waiting = wait;
                startable.extend(start);
                startable.sort_by_key(|step| Reverse(heights.get(&step.name)));
                let free = self.at_once.max(1) - running;
                for step in startable.drain(..free.min(startable.len())) {
                    // The error holds the step, which doesn't live as long as an error must.
                    if to_workers.send(step).is_err() {
                        bail!("every worker has ended");
                    }
                    running += 1;
                }
            }
            if running == 0 {
                break;
            }
            let (name, result) = results.recv().context("every worker has ended")?;
            running -= 1;
            match result {
                Ok(outcome) => {
                    self.watcher.done(&outcome);
                    lock(done).insert(name.clone(), outcome);
                    finished.insert(name);
                }
                Err(error) => {
                    failed.get_or_insert(error);
                }
            }
        }
        match failed {
            Some(error) => Err(error),
            None if waiting.is_empty() => Ok(()),
            None => bail!("{} steps could not start", waiting.len()),
        }
    }

    /// Makes one step, or finds it made.
    fn step(
        &self,
        step: &Step,
        done: &Mutex<BTreeMap<Name, Outcome>>,
        variation: &Variation,
    ) -> Result<Outcome> {
        let inputs = {
            let done = lock(done);
            let output = |name: &Name| {
                let outcome = done.get(name).context("an input isn't made")?;
                Ok::<_, anyhow::Error>((name.clone(), outcome.made.output))
            };
            step.inputs
                .iter()
                .map(output)
                .collect::<Result<BTreeMap<Name, Digest>>>()?
        };
        let files = self.files(step)?;
        let key = key(self.graph, step, &inputs, &files)?;
        let known = self.store.made(key);
        if let Some(made) = known
            && self.store.object(made.output)?.is_some()
        {
            return self.judged(step, made, false);
        }
        self.watcher.starts(&step.name);
        for source in &step.sources {
            let source = self
                .graph
                .sources
                .get(source)
                .context("an unknown source")?;
            provide(self.store, source, self.places)?;
        }
        for (name, hash) in &inputs {
            if self.store.checked_object(*hash)?.is_none() {
                bail!(
                    "the output of `{name}` was damaged since it was made; build again to mend it"
                );
            }
        }
        let plan = plan(self.graph, self.store, step, &inputs, &files, variation)?;
        let (object, used) = self.runner.run(self.store, &plan, key)?;
        let made = Made {
            name: step.name.clone(),
            key,
            output: object.hash,
            inputs: inputs.into_values().collect(),
            used,
        };
        self.store.record(&made)?;
        self.judged(step, made, true)
    }

    /// The files of the project that a step sees, copied into the store.
    ///
    /// # Errors
    /// When one can't be read.
    pub fn files(&self, step: &Step) -> Result<BTreeMap<Name, Digest>> {
        let put = |(name, path): (&Name, &PathBuf)| {
            let content =
                std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok((name.clone(), self.store.put_source(&content)?))
        };
        step.files.iter().map(put).collect()
    }

    fn judged(&self, step: &Step, made: Made, ran: bool) -> Result<Outcome> {
        if let Some(expected) = step.expected
            && expected != made.output
        {
            return Err(WrongOutput {
                place: step.place.clone(),
                name: step.name.clone(),
                found: made.output,
                expected,
                path: self.store.object_path(made.output).display().to_string(),
            }
            .into());
        }
        Ok(Outcome {
            made,
            ran,
            expected: step.expected,
        })
    }
}

/// How many steps stand above each, one made of the other. The build can't end before the tallest pile does, so its
/// steps start first.
fn heights<'s>(steps: &[&'s Step]) -> BTreeMap<&'s Name, usize> {
    let mut heights = BTreeMap::new();
    for step in steps.iter().rev() {
        let above = *heights.entry(&step.name).or_insert(0);
        for input in &step.inputs {
            let height = heights.entry(input).or_insert(0);
            *height = (above + 1).max(*height);
        }
    }
    heights
}

fn next<T>(work: &Mutex<Receiver<T>>) -> Option<T> {
    lock(work).recv().ok()
}

/// A panic of another worker ends the build anyway; what it held is still whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|broken| broken.into_inner())
}
