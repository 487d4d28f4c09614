//! Feeds that are stored as a whole: KEV, EPSS, alias sources, maintainers, teams.

use snowguard_advisory::kev;
use snowguard_advisory::limits::Limits;
use snowguard_advisory::model::{Epss, Kev};
use snowguard_tracker_db::{AliasFact, Maintainer, SignalOutcome, Team};

use super::Run;
use super::quarantine::Bad;
use crate::error::IngestError;
use crate::input::Walker;
use crate::pipeline::{self, Item, Place, RawBatch, Reading};
use crate::source::{self, Kind, alias, epss, people};

/// What one record of such a feed says.
enum Entry {
    Kev(String, Kev),
    Epss(String, Epss),
    /// The day of the scores that follow.
    Day(Option<String>),
    Facts(Vec<alias::Fact>),
    Maintainer(Maintainer),
    Team(Team),
}

#[derive(Default)]
struct Collected {
    kev: Vec<(String, Kev)>,
    epss: Vec<(String, Epss)>,
    day: Option<String>,
    facts: Vec<AliasFact>,
    maintainers: Vec<Maintainer>,
    teams: Vec<Team>,
}

impl Collected {
    fn is_empty(&self) -> bool {
        let facts = self.kev.is_empty() && self.epss.is_empty() && self.facts.is_empty();
        facts && self.maintainers.is_empty() && self.teams.is_empty()
    }
}

/// Entries of such a feed that are held in memory. EPSS has about 300,000.
const MOST: u64 = 5_000_000;

/// Reads a feed whole, then stores it in one transaction. Nothing is stored unless it was read to
/// its end: a half catalogue would take away the other half.
///
/// # Errors
/// What ends the run.
pub(super) fn load(run: &mut Run<'_>, walker: &Walker) -> Result<(), IngestError> {
    let kind = run.task.kind;
    let bar = run
        .progress
        .bytes(&run.feed, walker.size(), walker.bytes_read());
    let label = !run.quarantine.is_empty();
    let reading = Reading {
        walker,
        kind,
        limits: run.options.limits,
        from: Place::default(),
        batch: run.options.batch,
        stop: &run.options.stop,
    };
    let mut collected = Collected::default();
    std::thread::scope(|scope| {
        let mut batches = pipeline::spawn(
            scope,
            |send| pipeline::read(&reading, send),
            |batch: RawBatch| (batch.bytes, parse(kind, &batch, label)),
        );
        while let Some((bytes, entries)) = batches.next()? {
            run.counts.bytes += bytes;
            collect(run, entries, &mut collected)?;
            bar.show(format!("{} entries", run.counts.read));
        }
        Ok::<(), IngestError>(())
    })?;
    let outcome = store(run, collected)?;
    run.counts.new += outcome.new;
    run.counts.changed += outcome.changed;
    run.counts.unchanged += outcome.unchanged;
    run.counts.removed += outcome.removed;
    Ok(())
}

type Parsed = Result<(Entry, Option<String>), Bad>;

fn parse(kind: Kind, batch: &RawBatch, label: bool) -> Vec<Parsed> {
    let one = |item: Item<'_>| {
        let read = match item.trouble {
            Some(trouble) => Err(trouble.to_string()),
            None => entry(kind, item.key, item.bytes),
        };
        match read {
            Ok(entry) => Ok((entry, label.then(|| item.label()))),
            Err(reason) => Err(Bad::new(&item, &reason)),
        }
    };
    batch.items().map(one).collect()
}

fn entry(kind: Kind, key: Option<&str>, raw: &[u8]) -> Result<Entry, String> {
    match kind {
        Kind::Kev => match kev::read(raw, &Limits::default()) {
            Ok((cve, kev)) => Ok(Entry::Kev(cve, kev)),
            Err(error) => Err(error.to_string()),
        },
        Kind::Epss => epss::line(raw).map(|line| match line {
            epss::Line::Head(day) => Entry::Day(day),
            epss::Line::Score(cve, epss) => Entry::Epss(cve, epss),
        }),
        Kind::Maintainers => people::maintainer(key, raw).map(Entry::Maintainer),
        Kind::Teams => people::team(key, raw).map(Entry::Team),
        _ => source::alias::facts(kind, raw).map(Entry::Facts),
    }
}

fn collect(
    run: &mut Run<'_>,
    entries: Vec<Parsed>,
    collected: &mut Collected,
) -> Result<(), IngestError> {
    let mut bad = Vec::new();
    for parsed in entries {
        let (entry, label) = match parsed {
            Ok(parsed) => parsed,
            Err(refused) => {
                bad.push(refused);
                continue;
            }
        };
        run.quarantine
            .readable(run.db, &run.feed, label.iter().map(String::as_str))?;
        run.counts.read += 1;
        match entry {
            Entry::Kev(cve, kev) => collected.kev.push((cve, kev)),
            Entry::Epss(cve, epss) => collected.epss.push((cve, epss)),
            Entry::Maintainer(one) => collected.maintainers.push(one),
            Entry::Team(team) => collected.teams.push(team),
            Entry::Day(day) => {
                run.counts.read -= 1;
                collected.day = day.or(collected.day.take());
            }
            Entry::Facts(facts) => {
                collected
                    .facts
                    .extend(facts.into_iter().map(|fact| AliasFact {
                        kind: fact.relation.as_str().to_owned(),
                        left: fact.left,
                        right: fact.right,
                    }))
            }
        }
    }
    run.counts.read += bad.len() as u64;
    run.counts.quarantined += bad.len() as u64;
    run.quarantine
        .put(run.db, &run.feed, &bad, (run.options.now)())?;
    if run.counts.read > MOST || collected.facts.len() as u64 > MOST {
        return Err(run.refuse(format!("more than {MOST} entries")));
    }
    run.give_up_on_rubbish()
}

fn store(run: &mut Run<'_>, collected: Collected) -> Result<SignalOutcome, IngestError> {
    let now = (run.options.now)();
    if collected.is_empty() {
        return Err(run.refuse("holds no entries".to_owned()));
    }
    let Collected {
        kev,
        epss,
        day,
        mut facts,
        maintainers,
        teams,
    } = collected;
    Ok(match run.task.kind {
        Kind::Kev => run.db.put_kev(&kev)?,
        Kind::Maintainers => run.db.put_maintainers(&maintainers)?,
        Kind::Teams => run.db.put_teams(&teams)?,
        Kind::Epss => {
            let today = || jiff::Timestamp::from_millisecond(now.get()).unwrap_or_default();
            let day = day.unwrap_or_else(|| today().strftime("%F").to_string());
            run.db.put_epss(&day, &epss)?
        }
        kind => {
            let Some(origin) = alias::origin(kind) else {
                return Err(run.refuse(format!("{kind} is no catalogue")));
            };
            facts.sort_unstable();
            facts.dedup();
            let count = facts.len() as u64;
            let differs = run
                .db
                .put_alias_source(origin.source, origin.licence, facts, now)?;
            if differs {
                SignalOutcome {
                    changed: count,
                    ..SignalOutcome::default()
                }
            } else {
                SignalOutcome {
                    unchanged: count,
                    ..SignalOutcome::default()
                }
            }
        }
    })
}
