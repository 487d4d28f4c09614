//! Feeds of advisories.

use std::borrow::Cow;
use std::path::Path;

use snowguard_advisory::limits as advisory;
use snowguard_tracker_db::{
    Db, IncomingRecord, Millis, PreparedRecord, PutOutcome, RecordBatch, StalePolicy,
};

use super::quarantine::Bad;
use super::{Input, Run};
use crate::error::IngestError;
use crate::input::Walker;
use crate::limits::Limits;
use crate::pipeline::{self, Place, RawBatch, Reading};
use crate::source::{self, Kind, cvelist};
use crate::split::compact;

/// What the parsing threads make of a batch.
struct Parsed {
    records: Vec<PreparedRecord>,
    /// What the records are called in quarantine, when anything is in it.
    labels: Vec<String>,
    bad: Vec<Bad>,
    read: u64,
    bytes: u64,
    place: Place,
}

/// Reads, parses and stores a feed, batch by batch.
///
/// # Errors
/// What ends the run; every batch before it is stored.
pub(super) fn load(run: &mut Run<'_>, input: &Input) -> Result<(), IngestError> {
    let (db, options, kind) = (run.db, run.options, run.task.kind);
    let walker = &input.walker;
    let bar = run
        .progress
        .bytes(&run.feed, walker.size(), walker.bytes_read());
    let label = !run.quarantine.is_empty();
    let reading = Reading {
        walker,
        kind,
        limits: options.limits,
        from: input.from(),
        batch: options.batch,
        stop: &options.stop,
    };
    std::thread::scope(|scope| {
        let mut batches = pipeline::spawn(
            scope,
            |send| pipeline::read(&reading, send),
            |batch| parse(db, kind, &options.limits, label, &batch),
        );
        while let Some(parsed) = batches.next()? {
            store(run, input, parsed?)?;
            bar.show(format!("{} records", run.counts.read));
        }
        Ok(())
    })
}

/// Forgets how far the feed has come: an input that turned out to be something else is looked at
/// from its beginning when it comes again.
pub(super) fn begin_anew(run: &Run<'_>) -> Result<(), IngestError> {
    let now = (run.options.now)();
    let policy = StalePolicy::KeepNewer;
    run.db.put_records(&RecordBatch {
        run: run.id,
        cursor: "",
        now,
        policy,
        records: Vec::new(),
    })?;
    Ok(())
}

fn store(run: &mut Run<'_>, input: &Input, parsed: Parsed) -> Result<(), IngestError> {
    let Run { db, options, .. } = *run;
    let now = (options.now)();
    run.counts.read += parsed.read;
    run.counts.bytes += parsed.bytes;
    run.counts.quarantined += parsed.bad.len() as u64;
    run.give_up_on_rubbish()?;
    run.quarantine.put(db, &run.feed, &parsed.bad, now)?;
    run.quarantine
        .readable(db, &run.feed, parsed.labels.iter().map(String::as_str))?;
    let stored = db.put_records(&RecordBatch {
        run: run.id,
        cursor: &input.cursor_at(parsed.place),
        now,
        policy: if options.force {
            StalePolicy::Overwrite
        } else {
            StalePolicy::KeepNewer
        },
        records: parsed.records,
    })?;
    let PutOutcome {
        new,
        changed,
        unchanged,
        stale,
        duplicate,
    } = stored;
    let counts = &mut run.counts;
    counts.new += new;
    counts.changed += changed;
    counts.unchanged += unchanged;
    counts.stale += stale;
    counts.duplicate += duplicate;
    Ok(())
}

fn parse(
    db: &Db,
    kind: Kind,
    limits: &Limits,
    label: bool,
    batch: &RawBatch,
) -> Result<Parsed, IngestError> {
    let limits = advisory::Limits {
        record_bytes: limits.record,
        ..advisory::Limits::default()
    };
    let mut parsed = Parsed {
        records: Vec::with_capacity(batch.items().len()),
        labels: Vec::new(),
        bad: Vec::new(),
        read: batch.items().len() as u64,
        bytes: batch.bytes,
        place: batch.place,
    };
    for item in batch.items() {
        if let Some(trouble) = item.trouble {
            parsed.bad.push(Bad::new(&item, &trouble.to_string()));
            continue;
        }
        match source::records(kind, item.bytes, &limits) {
            Err(reason) => parsed.bad.push(Bad::new(&item, &reason)),
            Ok(records) => {
                if label {
                    parsed.labels.push(item.label());
                }
                let raw = compact(item.bytes);
                for record in records {
                    let incoming = IncomingRecord {
                        record,
                        raw: Cow::Borrowed(&raw),
                        origin: format!("{}#{}", item.file, item.offset),
                    };
                    // A CVE record follows from its JSON; others need what stands around it.
                    parsed.records.push(match kind {
                        Kind::CveList => db.prepare_cve(incoming)?,
                        _ => db.prepare(incoming)?,
                    });
                }
            }
        }
    }
    Ok(parsed)
}

/// The CVE list's log of changes, where the folder has one.
pub(super) fn delta_log(folder: &Path) -> Option<Vec<u8>> {
    // About a month of changes; a larger one is not worth the trouble.
    const MOST: u64 = 64 << 20;
    let places = ["cves/deltaLog.json", "deltaLog.json"].map(|place| folder.join(place));
    let path = places.into_iter().find(|path| path.is_file())?;
    let size = path.metadata().ok()?.len();
    if size > MOST {
        return None;
    }
    std::fs::read(path).ok()
}

/// Leaves of a folder only what its log says has changed since `base`, and what was changed on
/// disk since the last run, as people do. With the base that was used, and the one for next time.
pub(super) fn narrow(
    walker: &mut Walker,
    log: Option<&[u8]>,
    base: Option<&str>,
    last_started: Option<Millis>,
) -> (Option<String>, Option<String>) {
    /// File systems, archives and time zones round; one day is more than all of them.
    const SLACK: i64 = 24 * 3600 * 1000;
    let since = base.and_then(|base| base.strip_prefix("delta:"));
    let Some(Ok(log)) = log.map(|log| cvelist::delta_log(log, since)) else {
        return (None, None);
    };
    let next = Some(format!("delta:{}", log.newest));
    let (Some(touched), Some(last)) = (log.touched, last_started) else {
        return (None, next);
    };
    walker.retain(|name, modified| {
        let file = name.rsplit('/').next().unwrap_or(name);
        let id = file.strip_suffix(".json").unwrap_or(file);
        modified >= last.get() - SLACK || touched.contains(id)
    });
    (base.map(str::to_owned), next)
}
