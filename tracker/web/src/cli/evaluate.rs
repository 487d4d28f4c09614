//! `evaluate`: how good the matcher is, measured against pairs that people have judged.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;
use snowguard_advisory::model::Advisory;
use snowguard_matching::advisory_facts::AdvisoryFacts;
use snowguard_matching::baseline;
use snowguard_matching::evidence::{Allowed, Evidence};
use snowguard_matching::index::PackageIndex;
use snowguard_matching::judge::judge_all;
use snowguard_matching::knowledge::{Knowledge, Lesson};
use snowguard_matching::package_facts::PackageFacts;
use snowguard_matching::score::{Figures, Guess, Score, Truth, score};
use snowguard_matching::verdict::{Tier, Verdict};
use snowguard_tracker_db::Db;
use snowguard_tracker_ingest::{Progress, rematch};

use super::output::{self, Format, Table, inert, thousands};
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
    /// repositories, learned, ecosystems, mentions
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    without: Vec<Evidence>,
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
        Format::Text => output::text(sentences(&report)?)?,
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

fn measure(db: &Db, truth: &Truth, channel: &str, options: &Options) -> Result<Report> {
    let progress = Progress::on_terminal();
    let knowledge = learn(db, &progress)?;
    let index = PackageIndex::new(db.all_packages(channel)?);
    let allowed = Allowed::without(&options.without);
    let mut guesses: Vec<Guess> = Vec::new();
    let mut substring: Vec<Guess> = Vec::new();
    let mut equal: Vec<Guess> = Vec::new();
    let world = World::new(truth, &index);
    let bar = progress.count("matching", truth.advisories.len() as u64);
    for_each(db, &mut |advisory| {
        if !truth.advisories.contains(&advisory.id) {
            return;
        }
        bar.advance(1);
        for found in judge_all(&advisory, &index, &knowledge, allowed) {
            guesses.extend(world.guess(&advisory.id, &found.attr, found.tier, found.verdict));
        }
        substring.extend(world.by_substring(&advisory));
        equal.extend(world.by_equality(&advisory));
    })?;
    let not_kernel = |name: &str| !world.kernels.contains(name);
    let kernel = |name: &str| world.kernels.contains(name);
    let baselines = [("substring", &substring), ("cpe_product", &equal)];
    Ok(Report {
        channel: channel.to_owned(),
        without: options.without.iter().map(|kind| kind.as_str()).collect(),
        world: truth.world.len(),
        advisories: truth.advisories.len(),
        matcher: score(truth, &guesses, &not_kernel),
        kernel: score(truth, &guesses, &kernel),
        baselines: baselines
            .into_iter()
            .map(|(name, guesses)| (name, score(truth, guesses, &not_kernel)))
            .collect(),
    })
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

/// The packages that count, by the names under which truth may know them.
struct World {
    by_attr: BTreeMap<String, Vec<String>>,
    names: BTreeSet<String>,
    by_lower: BTreeMap<String, Vec<String>>,
    kernels: BTreeSet<String>,
}

impl World {
    fn new(truth: &Truth, index: &PackageIndex) -> Self {
        let mut by_attr = BTreeMap::new();
        let mut names = BTreeSet::new();
        let mut kernels = BTreeSet::new();
        for package in index.packages() {
            let own: Vec<String> = [&package.pname, &package.attr]
                .into_iter()
                .filter(|name| truth.world.contains(*name))
                .cloned()
                .collect();
            if own.is_empty() {
                continue;
            }
            names.extend(own.iter().cloned());
            if is_kernel(package) {
                kernels.extend(own.iter().cloned());
            }
            by_attr.insert(package.attr.clone(), own);
        }
        let mut by_lower: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for name in &names {
            by_lower
                .entry(name.to_lowercase())
                .or_default()
                .push(name.clone());
        }
        Self {
            by_attr,
            names,
            by_lower,
            kernels,
        }
    }

    fn guess(&self, advisory: &str, attr: &str, tier: Tier, verdict: Verdict) -> Option<Guess> {
        let names = self.by_attr.get(attr)?.clone();
        Some(Guess {
            advisory: advisory.to_owned(),
            names,
            tier,
            verdict,
        })
    }

    /// The system in use today: every package whose name holds the product. It knows no versions.
    fn by_substring(&self, advisory: &Advisory) -> Option<Guess> {
        let products = baseline::substring_products(advisory);
        let names: Vec<String> = self
            .names
            .iter()
            .filter(|name| {
                let name = name.to_lowercase();
                products
                    .iter()
                    .any(|product| name.contains(product.as_str()))
            })
            .cloned()
            .collect();
        baseline_guess(advisory, names)
    }

    /// vulnix: every package whose name is a CPE's product.
    fn by_equality(&self, advisory: &Advisory) -> Option<Guess> {
        let products = baseline::cpe_products(advisory);
        let names = products
            .iter()
            .filter_map(|product| self.by_lower.get(product))
            .flatten()
            .cloned();
        baseline_guess(advisory, names.collect())
    }
}

fn baseline_guess(advisory: &Advisory, names: Vec<String>) -> Option<Guess> {
    (!names.is_empty()).then(|| Guess {
        advisory: advisory.id.clone(),
        names,
        tier: Tier::High,
        verdict: Verdict::Affected,
    })
}

/// Linux itself, in any of its versions and flavours.
fn is_kernel(package: &PackageFacts) -> bool {
    package.pname == "linux"
        || (package.pname.starts_with("linux-") && package.attr.starts_with("linux"))
}

fn sentences(report: &Report) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(
        text,
        "{} packages and {} advisories count; channel {}; without: {}",
        thousands(report.world as u64),
        thousands(report.advisories as u64),
        inert(&report.channel),
        if report.without.is_empty() {
            "nothing".to_owned()
        } else {
            report.without.join(", ")
        },
    )?;
    let mut table = Table::default();
    table.row([
        "candidates",
        "precision",
        "recall",
        "F1",
        "predicted",
        "true",
        "truth",
    ]);
    let mut add = |name: &str, figures: &Figures| {
        let Figures {
            precision,
            recall,
            f1,
            predicted,
            true_positives,
            truth,
        } = figures;
        table.row([
            name.to_owned(),
            format!("{precision:.3}"),
            format!("{recall:.3}"),
            format!("{f1:.3}"),
            thousands(*predicted as u64),
            thousands(*true_positives as u64),
            thousands(*truth as u64),
        ]);
    };
    add("shown by default", &report.matcher.candidates);
    for (tier, figures) in &report.matcher.tiers {
        add(&format!("  tier {tier}"), figures);
    }
    add("the kernel by itself", &report.kernel.candidates);
    for (name, score) in &report.baselines {
        add(&format!("baseline {name}"), &score.candidates);
    }
    write!(text, "{table}")?;
    let verdicts = &report.matcher.verdicts;
    writeln!(
        text,
        "\nverdicts: {} of {} right ({:.3})",
        verdicts.right, verdicts.judged, verdicts.accuracy
    )?;
    for (name, score) in &report.baselines {
        writeln!(text, "  baseline {name}: {:.3}", score.verdicts.accuracy)?;
    }
    for (pair, count) in &verdicts.confusion {
        writeln!(text, "  {pair}: {count}")?;
    }
    for (title, examples) in [
        ("missed", &report.matcher.misses),
        ("false alarms", &report.matcher.false_alarms),
    ] {
        writeln!(text, "\n{title}, worst first:")?;
        for example in examples.iter().take(15) {
            let ids = example.advisories.join(" ");
            writeln!(
                text,
                "  {:>4} {}  {}",
                example.count,
                inert(&example.package),
                inert(&ids)
            )?;
        }
    }
    Ok(text)
}
