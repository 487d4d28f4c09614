//! Feeds of packages: a channel at a revision.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;

use snowguard_matching::package::Package;
use snowguard_tracker_db::{ChannelLoad, DbError, Force, Maintainer, Millis};

use super::Run;
use super::quarantine::Bad;
use crate::error::IngestError;
use crate::input::http::Client;
use crate::input::{Location, Walker};
use crate::pipeline::{self, Item, Ordered, Place, RawBatch, Reading};
use crate::progress::Bar;
use crate::source::channel::{
    self, ChannelName, Entry, Siblings, channel_in_url, named_set, revision_in_url,
};

/// What a load is called.
struct Called {
    channel: ChannelName,
    revision: String,
    evaluated_at: Option<Millis>,
}

/// Loads an evaluation in one transaction: a channel is never seen half old and half new.
///
/// # Errors
/// [`IngestError::Usage`] when nothing says which channel this is; [`IngestError::Db`] with
/// `ChannelShrank` when it lost too many packages; what ends the run.
pub(super) fn load(run: &mut Run<'_>, walker: &Walker) -> Result<(), IngestError> {
    let called = called(run, walker)?;
    let label = !run.quarantine.is_empty();
    let reading = Reading {
        walker,
        kind: run.task.kind,
        limits: run.options.limits,
        from: Place::default(),
        batch: run.options.batch,
        stop: &run.options.stop,
    };
    let siblings = siblings(&reading);
    let bar = run
        .progress
        .bytes(&run.feed, walker.size(), walker.bytes_read());
    let (db, id, force, now) = (run.db, run.id, run.options.force, (run.options.now)());
    let outcome = std::thread::scope(|scope| {
        let batches = pipeline::spawn(
            scope,
            |send| pipeline::read(&reading, send),
            |batch: RawBatch| (batch.bytes, parse(&batch, label)),
        );
        let mut packages = Packages {
            run,
            batches,
            ready: Vec::new().into_iter(),
            siblings,
            bar,
            error: None,
            people: BTreeMap::new(),
        };
        let load = ChannelLoad {
            channel: called.channel.as_str(),
            revision: &called.revision,
            evaluated_at: called.evaluated_at,
            run: Some(id),
            now,
            force: if force { Force::Yes } else { Force::No },
        };
        let outcome = db.load_channel(&load, &mut packages);
        let people: Vec<Maintainer> = packages.people.into_values().collect();
        match (packages.error, outcome) {
            // The database only knows that its input failed; this is why.
            (Some(error), Err(_)) => Err(error),
            (_, outcome) => {
                let outcome = outcome.map_err(IngestError::from)?;
                db.fill_maintainers(&people)?;
                Ok::<_, IngestError>(outcome)
            }
        }
    })?;
    run.counts.new = outcome.added;
    run.counts.changed = outcome.changed;
    run.counts.unchanged = outcome.unchanged;
    run.counts.removed = outcome.removed;
    run.counts.duplicate = outcome.duplicate;
    Ok(())
}

type Parsed = Result<(Entry, Option<String>), Bad>;

fn parse(batch: &RawBatch, label: bool) -> Vec<Parsed> {
    let one = |item: Item<'_>| {
        let read = match item.trouble {
            Some(trouble) => Err(trouble.to_string()),
            None => channel::entry(item.key, item.bytes).map_err(|e| e.to_string()),
        };
        match read {
            Ok(entry) => Ok((entry, label.then(|| item.label()))),
            Err(reason) => Err(Bad::new(&item, &reason)),
        }
    };
    batch.items().map(one).collect()
}

/// Reads a channel for what is built from which repository; each package is to know what else is. What cannot be read
/// is passed over: the reading that follows meets it again, and tells.
fn siblings(reading: &Reading<'_>) -> Siblings {
    let mut siblings = Siblings::default();
    std::thread::scope(|scope| {
        let mut batches = pipeline::spawn(
            scope,
            |send| pipeline::read(reading, send),
            |batch: RawBatch| parse(&batch, false),
        );
        while let Ok(Some(batch)) = batches.next() {
            for (entry, _) in batch.into_iter().flatten() {
                if let Entry::Package(package, _) = entry {
                    siblings.note(&package);
                }
            }
        }
    });
    reading.walker.bytes_read().store(0, Ordering::Relaxed);
    siblings
}

/// The packages of a channel, one after the other.
struct Packages<'p, 'r> {
    run: &'p mut Run<'r>,
    batches: Ordered<(u64, Vec<Parsed>)>,
    ready: std::vec::IntoIter<Parsed>,
    siblings: Siblings,
    bar: Bar,
    error: Option<IngestError>,
    /// Maintainers whose GitHub accounts the packages give, by login.
    people: BTreeMap<String, Maintainer>,
}

impl Iterator for Packages<'_, '_> {
    type Item = Result<Package, DbError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.advance() {
            Ok(package) => package.map(Ok),
            Err(error) => {
                let text = error.to_string();
                self.error = Some(error);
                Some(Err(DbError::Input(text.into())))
            }
        }
    }
}

impl Packages<'_, '_> {
    fn advance(&mut self) -> Result<Option<Package>, IngestError> {
        loop {
            for parsed in self.ready.by_ref() {
                let run = &mut *self.run;
                run.counts.read += 1;
                match parsed {
                    Ok((Entry::Package(mut package, people), label)) => {
                        let labels = label.iter().map(String::as_str);
                        run.quarantine.readable(run.db, &run.feed, labels)?;
                        let known = people.into_iter();
                        self.people
                            .extend(known.map(|one| (one.handle.clone(), one)));
                        self.siblings.name(&mut package);
                        return Ok(Some(*package));
                    }
                    // It has no package to offer; the evaluator's own report says more.
                    Ok((Entry::Failed { attr, error }, _)) => {
                        run.failed += 1;
                        tracing::debug!(%attr, %error, "could not be evaluated");
                    }
                    Err(bad) => {
                        run.counts.quarantined += 1;
                        run.quarantine
                            .put(run.db, &run.feed, &[bad], (run.options.now)())?;
                    }
                }
            }
            self.run.give_up_on_rubbish()?;
            let Some((bytes, ready)) = self.batches.next()? else {
                return Ok(None);
            };
            self.run.counts.bytes += bytes;
            self.ready = ready.into_iter();
            self.bar.show(format!("{} packages", self.run.counts.read));
        }
    }
}

/// What the user said, else what the name of the file, the address or the content says.
fn called(run: &Run<'_>, walker: &Walker) -> Result<Called, IngestError> {
    let options = run.options;
    let set = match &run.task.place {
        Location::File(path) if run.fetched.is_none() => set_of(path),
        _ => None,
    };
    let url = run.fetched.map(|fetched| &fetched.url);
    let asked = match run.fetched.map(|fetched| &fetched.location) {
        Some(Location::Url(asked)) => channel_in_url(asked.path()),
        _ => None,
    };
    let channel = options
        .channel
        .clone()
        .or(set.as_ref().map(|set| set.0.clone()))
        .or(asked);
    let Some(channel) = channel else {
        let what = "nothing says which channel this is; name it with --channel".to_owned();
        return Err(run.refuse(what));
    };
    let revision = options
        .revision
        .clone()
        .or_else(|| url.and_then(|url| revision_beside(run, url)))
        .or_else(|| {
            url.and_then(|url| revision_in_url(url.path()))
                .map(str::to_owned)
        })
        .or_else(|| set.as_ref().map(|set| set.1.clone()))
        // The content names itself where nothing else does.
        .unwrap_or_else(|| {
            walker
                .identity()
                .chars()
                .take("sha256:".len() + 16)
                .collect()
        });
    let said = set.as_ref().and_then(|set| crate::date::parse(&set.2).ok());
    let modified = run
        .fetched
        .and_then(|fetched| fetched.validators.last_modified.as_deref());
    let evaluated_at = options
        .date
        .or(said)
        .or_else(|| modified.and_then(|date| crate::date::http(date).ok()));
    Ok(Called {
        channel,
        revision,
        evaluated_at,
    })
}

fn set_of(path: &Path) -> Option<(ChannelName, String, String)> {
    let file = path.file_name()?.to_str()?;
    let beside = std::fs::read_dir(path.parent()?).ok()?;
    let names: Vec<String> = beside
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    named_set(file, names.iter().map(String::as_str))
}

/// A channel's folder has the whole revision in the file `git-revision`.
fn revision_beside(run: &Run<'_>, url: &url::Url) -> Option<String> {
    let beside = url.join("git-revision").ok()?;
    let text = Client::new(&run.options.downloads)
        .small_text(&beside)
        .ok()?;
    let revision = text.trim();
    let is_revision = revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_revision.then(|| revision.to_owned())
}
