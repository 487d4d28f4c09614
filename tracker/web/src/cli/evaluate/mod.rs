//! `evaluate`: how good the matcher is, measured against pairs that people have judged.

mod kernel;
mod text;
mod wide;
mod world;

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;
use snowguard_advisory::model::Advisory;
use snowguard_matching::advisory_facts::AdvisoryFacts;
use snowguard_matching::evidence::{Allowed, Evidence};
use snowguard_matching::fan_out::FanOutFigures;
use snowguard_matching::index::PackageIndex;
use snowguard_matching::judge::{judge, judge_all};
use snowguard_matching::keys::Key;
use snowguard_matching::knowledge::{Knowledge, Lesson};
use snowguard_matching::score::{Figures, Guess, Score, VersionGuess, score};
use snowguard_matching::truth::Truth;
use snowguard_matching::verdict::Match;
use snowguard_tracker_db::Db;
use snowguard_tracker_ingest::{Progress, rematch};

use self::kernel::Kernels;
use self::wide::Wide;
use self::world::World;
use super::output::{self, Format, thousands};
use super::{Database, Outcome};

/// A larger file of truth is a mistake.
const LARGEST: u64 = 256 << 20;

/// What to measure against, and with what.
#[derive(Debug, Args)]
pub struct Options {
    /// Judged pairs, JSON lines (.zst too): an optional first line {"world": […], "cves": […]},
    /// then {"cve", "package", "verdict"?}
    #[arg(long, value_name = "FILE")]
    truth: PathBuf,
    /// Kinds of evidence to do without: identifiers, purl2cpe, repology, cve-bin-tool,
    /// repositories, learned, ecosystems, mentions, rules
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    without: Vec<Evidence>,
    /// Write every pair that was missed or wrongly offered, with its reasons, as JSON lines
    #[arg(long, value_name = "FILE")]
    wrong: Option<PathBuf>,
    /// The channel whose packages are matched [default: the one with most packages]
    #[arg(long)]
    channel: Option<String>,
    /// In which form
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Measures and prints.
pub fn run(database: &Database, options: &Options) -> Result<Outcome> {
    let truth = read_truth(&options.truth)?;
    let db = database.open()?;
    let channel = channel(&db, options.channel.as_deref())?;
    let report = measure(&db, &truth, &channel, options)?;
    match options.format {
        Format::Json => output::json(&report)?,
        Format::Text => output::text(text::sentences(&report)?)?,
    }
    Ok(Outcome::Fine)
}

/// Everything that was measured, as JSON.
#[derive(Serialize)]
struct Report {
    channel: String,
    without: Vec<&'static str>,
    world: usize,
    advisories: usize,
    #[serde(flatten)]
    matcher: Score,
    /// The kernel by itself: it has thousands of advisories, and would drown all else.
    kernel: Score,
    /// Every kernel of the channel: how many advisories have which verdict.
    kernels: BTreeMap<String, BTreeMap<&'static str, usize>>,
    /// The packages in parts by a hash of their names: a rule that holds in general holds in each.
    parts: Vec<Figures>,
    /// Names shown for an advisory, over the whole channel.
    fan_out: BTreeMap<&'static str, FanOutFigures>,
    baselines: BTreeMap<&'static str, Score>,
}

fn read_truth(path: &Path) -> Result<Truth> {
    let file = std::fs::File::open(path).with_context(|| format!("reading {}", path.display()))?;
    let mut text = String::new();
    let is_zst = path.extension().is_some_and(|ending| ending == "zst");
    let read = if is_zst {
        let mut decoder = zstd::Decoder::new(file).context("reading zstd")?;
        decoder.window_log_max(27).context("reading zstd")?;
        decoder.take(LARGEST).read_to_string(&mut text)
    } else {
        file.take(LARGEST).read_to_string(&mut text)
    };
    let read = read.with_context(|| format!("reading {}", path.display()))?;
    if read as u64 >= LARGEST {
        bail!(
            "{} is larger than {} bytes",
            path.display(),
            thousands(LARGEST)
        );
    }
    Truth::parse(&text).with_context(|| path.display().to_string())
}

fn channel(db: &Db, wanted: Option<&str>) -> Result<String> {
    let channels = db.channels()?;
    if let Some(wanted) = wanted {
        if !channels.iter().any(|channel| channel.name == wanted) {
            bail!("no channel {wanted}; there are: {}", names(&channels));
        }
        return Ok(wanted.to_owned());
    }
    let largest = channels
        .iter()
        .max_by_key(|channel| channel.current.as_ref().map(|current| current.attributes));
    largest
        .map(|channel| channel.name.clone())
        .context("the database holds no channel; ingest one first")
}

fn names(channels: &[snowguard_tracker_db::Channel]) -> String {
    channels
        .iter()
        .map(|channel| channel.name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

/// In how many parts the packages are split.
const PARTS: u64 = 4;

fn measure(db: &Db, truth: &Truth, channel: &str, options: &Options) -> Result<Report> {
    let progress = Progress::on_terminal();
    let knowledge = learn(db, &progress)?;
    let allowed = Allowed::without(&options.without);
    let mut packages = db.all_packages(channel)?;
    if !allowed.has(Evidence::Mentions) {
        for package in &mut packages {
            package.patches.clear();
            package.known_vulnerabilities.clear();
        }
    }
    let index = PackageIndex::new(packages);
    let mut kept = Kept::default();
    let world = World::new(truth, &index);
    let mut kernels = Kernels::new(&index);
    let mut wide = Wide::new(&index);
    let mut in_version: Vec<VersionGuess> = Vec::new();
    let (mut substring, mut equal): (Vec<Guess>, Vec<Guess>) = (Vec::new(), Vec::new());
    let bar = progress.count("matching", truth.advisories.len() as u64);
    for_each(db, &mut |advisory| {
        let facts = AdvisoryFacts::new(&advisory);
        let one = |package: &_| judge(&advisory, &facts, package, &knowledge, allowed);
        kernels.add(&facts, &one);
        if !truth.advisories.contains(&advisory.id) {
            return;
        }
        bar.advance(1);
        let found = judge_all(&advisory, &index, &knowledge, allowed);
        wide.add(&advisory, &found);
        for found in found {
            kept.add(world.guess(&found), found, options.wrong.is_some());
        }
        in_version.extend(world.in_version(truth, &advisory.id, &one));
        substring.extend(world.by_substring(&advisory));
        equal.extend(world.by_equality(&advisory));
    })?;
    if let Some(path) = &options.wrong {
        kept.write_wrong(truth, path)?;
    }
    let guesses = &kept.guesses;
    let not_kernel = |name: &str| !world.kernels.contains(name);
    let kernel = |name: &str| world.kernels.contains(name);
    let part_of = |name: &str| (Key::new("part", name).value() >> 40) % PARTS;
    let baselines = [("substring", &substring), ("cpe_product", &equal)];
    Ok(Report {
        channel: channel.to_owned(),
        without: options.without.iter().map(|kind| kind.as_str()).collect(),
        world: truth.world.len(),
        advisories: truth.advisories.len(),
        matcher: score(truth, guesses, &in_version, &not_kernel),
        kernel: score(truth, guesses, &in_version, &kernel),
        kernels: kernels.verdicts(),
        parts: (0..PARTS)
            .map(|part| {
                let counts = |name: &str| not_kernel(name) && part_of(name) == part;
                score(truth, guesses, &[], &counts).candidates
            })
            .collect(),
        fan_out: wide.figures(),
        baselines: baselines
            .into_iter()
            .map(|(name, guesses)| (name, score(truth, guesses, &[], &not_kernel)))
            .collect(),
    })
}

/// Guesses, and the matches that they were made of where these are wanted.
#[derive(Default)]
struct Kept {
    guesses: Vec<Guess>,
    matches: Vec<Match>,
}

/// A line of `--wrong`.
#[derive(Serialize)]
struct Wrong<'a> {
    kind: &'static str,
    cve: &'a str,
    package: &'a str,
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    found: Option<&'a Match>,
}

impl Kept {
    fn add(&mut self, guess: Option<Guess>, found: Match, wanted: bool) {
        let Some(guess) = guess else { return };
        self.guesses.push(guess);
        if wanted {
            self.matches.push(found);
        }
    }

    fn write_wrong(&self, truth: &Truth, path: &Path) -> Result<()> {
        let mut out = Vec::new();
        let mut line = |wrong: &Wrong<'_>| -> Result<()> {
            serde_json::to_writer(&mut out, wrong)?;
            out.push(b'\n');
            Ok(())
        };
        let mut offered = std::collections::BTreeSet::new();
        for (guess, found) in self.guesses.iter().zip(&self.matches) {
            let shown = found.tier != snowguard_matching::verdict::Tier::Low;
            for package in guess
                .names
                .iter()
                .filter(|name| truth.world.contains(*name))
            {
                let pair = (guess.advisory.clone(), package.clone());
                let kind = match (truth.pairs.contains_key(&pair), shown) {
                    (true, true) => None,
                    (true, false) => Some("weak"),
                    (false, true) => Some("false_alarm"),
                    (false, false) => continue,
                };
                if let Some(kind) = kind {
                    let (cve, found) = (&guess.advisory, Some(found));
                    line(&Wrong {
                        kind,
                        cve,
                        package,
                        found,
                    })?;
                }
                offered.insert(pair);
            }
        }
        for pair in truth.pairs.keys().filter(|pair| !offered.contains(*pair)) {
            line(&Wrong {
                kind: "missed",
                cve: &pair.0,
                package: &pair.1,
                found: None,
            })?;
        }
        std::fs::write(path, out).with_context(|| format!("writing {}", path.display()))
    }
}

/// What all advisories teach; the evaluation stores nothing.
fn learn(db: &Db, progress: &Progress) -> Result<Knowledge> {
    let mut knowledge = Knowledge::default();
    let bar = progress.count("learning", db.counts()?.advisories);
    for_each(db, &mut |advisory| {
        knowledge.learn(&advisory.id, Lesson::of(&AdvisoryFacts::new(&advisory)));
        bar.advance(1);
    })?;
    knowledge.set_aliases(rematch::aliases(db)?);
    Ok(knowledge)
}

fn for_each(db: &Db, visit: &mut dyn FnMut(Advisory)) -> Result<()> {
    db.for_each_advisory(&mut |advisory| {
        visit(advisory);
        ControlFlow::Continue(())
    })?;
    Ok(())
}
