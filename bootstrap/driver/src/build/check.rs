//! Making everything a second time, in other surroundings, and comparing.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use super::run::plan;
use super::{Build, Outcome};
use crate::difference::{Difference, compare};
use crate::graph::{Digest, Name};
use crate::runner::Variation;
use crate::store::Store;

/// A step whose second output was another one.
#[derive(Debug)]
pub struct Unstable {
    /// The step.
    pub name: Name,
    /// The first output.
    pub first: Digest,
    /// The second.
    pub second: Digest,
    /// Where they differ.
    pub differences: Vec<Difference>,
}

/// The seed that shuffles folders the second time; any but none will do.
const SHUFFLE: u64 = 0x5eed_0b5e;

impl Build<'_> {
    /// Makes each step of `outcomes` again, from the same inputs, in a second store `other`: other paths
    /// outside, one processor, folders in another order, another time. What differs is compared byte by byte.
    ///
    /// # Errors
    /// When a step fails the second time.
    pub fn again(&self, outcomes: &[Outcome], other: &Path) -> Result<Vec<Unstable>> {
        let second = Store::open(other)?;
        let variation = Variation {
            shuffle: Some(SHUFFLE),
            processors: 1,
        };
        let mut unstable = Vec::new();
        for outcome in outcomes {
            let name = &outcome.made.name;
            let step = self.graph.steps.get(name).context("an unknown step")?;
            let mut inputs = BTreeMap::new();
            for input in &step.inputs {
                let made = outcomes
                    .iter()
                    .find(|outcome| outcome.made.name == *input)
                    .context("an input isn't made")?;
                copy_object(self.store, &second, made.made.output)?;
                inputs.insert(input.clone(), made.made.output);
            }
            for source in &step.sources {
                let source = self
                    .graph
                    .sources
                    .get(source)
                    .context("an unknown source")?;
                let path = self.store.source(source.sha256)?.map_or_else(
                    || crate::sources::provide(self.store, source, self.places),
                    Ok,
                )?;
                second.put_source(&std::fs::read(path)?)?;
            }
            let files = self.files(step)?;
            for hash in files.values() {
                second.put_source(&std::fs::read(self.store.source_path(*hash))?)?;
            }
            let plan = plan(self.graph, &second, step, &inputs, &files, &variation)?;
            self.watcher.starts(name);
            let (object, used) = self
                .runner
                .run(&second, &plan, outcome.made.key)
                .with_context(|| format!("the second time, `{name}` fails"))?;
            let mut made = outcome.made.clone();
            made.used = used;
            self.watcher.done(&Outcome {
                made,
                ran: true,
                expected: None,
            });
            if object.hash != outcome.made.output {
                let differences = compare(
                    &self.store.object_path(outcome.made.output),
                    &second.object_path(object.hash),
                )?;
                unstable.push(Unstable {
                    name: name.clone(),
                    first: outcome.made.output,
                    second: object.hash,
                    differences,
                });
            }
        }
        Ok(unstable)
    }
}

/// Takes an output of one store into another.
fn copy_object(from: &Store, to: &Store, hash: Digest) -> Result<()> {
    if to.object(hash)?.is_some() {
        return Ok(());
    }
    from.checked_object(hash)?
        .context("an input was damaged; build again to mend it")?;
    let work = to.work()?;
    let archive = work.path().join("archive");
    let file = std::fs::File::create_new(&archive)?;
    crate::runner::pack(&from.object_path(hash), std::io::BufWriter::new(file))?;
    to.put_object(&archive)?;
    Ok(())
}
