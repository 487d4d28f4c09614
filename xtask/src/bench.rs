//! `cargo xtask bench`: the figures the project promises, measured in one go.
//!
//! What a user runs is measured as a whole process; what has no process of its own (parsing) by
//! the benchmark beside its crate. The table goes to standard output, progress to standard error.

mod accuracy;
mod beside;
mod bootstrap;
mod data;
mod divan;
mod exporting;
mod figures;
mod installation;
mod measure;
mod scanning;
mod signing;
mod system;
mod triage;
mod vulnix;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::tracker::{CHANNELS, Tracker};
use crate::workspace::Workspace;
use data::Data;
use figures::{Figure, Quantity};
use measure::Measured;

const MIB: f64 = (1 << 20) as f64;
/// Runs of a short process whose median counts.
const RUNS: usize = 5;

/// Where to measure.
#[derive(Debug, Args)]
pub struct Options {
    /// Folder for the data and the databases (some gigabytes); emptied before
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Only this part
    #[arg(long, value_enum)]
    only: Option<Part>,
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The bootstrap: sandbox, ladder, chain, provenance
    Bootstrap,
    /// The scanner, and vulnix beside it
    Scan,
    /// Signing of images
    Signing,
    /// The boot stub in a machine
    Stub,
    /// The tracker: parsing, ingestion, matching, pages
    Tracker,
}

/// Measures everything and prints the table.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let alone = match options.only {
        Some(Part::Bootstrap) => Some(bootstrap::figures(workspace)?),
        Some(Part::Signing) => Some(signing::figures(workspace)?),
        Some(Part::Stub) => Some(signing::stub_figures(workspace)?),
        Some(Part::Scan | Part::Tracker) | None => None,
    };
    if let Some(figures) = alone {
        println!("{}", figures::table(&figures));
        return Ok(());
    }
    let folder = options
        .folder
        .clone()
        .unwrap_or_else(|| workspace.target().join("bench"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let data = data::lay(workspace, &folder)?;
    let database = |name: &str| folder.join(name).display().to_string();
    let tracker = Tracker::build(workspace, database("all.sqlite"))?;
    let mut bench = Bench {
        data,
        figures: Vec::new(),
        peak: 0,
    };

    if options.only == Some(Part::Scan) {
        bench.load(&tracker)?;
        bench.scan(workspace, &tracker, &folder)?;
        println!("{}", figures::table(&bench.figures));
        println!("Measured on {}.", bench.data.about);
        return Ok(());
    }

    bench.parsing(workspace)?;
    bench.records(&tracker, &folder)?;
    bench.records_on_server(workspace)?;
    bench.everything(workspace, &tracker, &folder)?;
    bench.pages(workspace, &tracker)?;
    bench.readers(workspace, &tracker)?;
    bench.triage(workspace)?;
    bench.exports(workspace)?;
    bench.scan(workspace, &tracker, &folder)?;
    let peak = Quantity::Bytes(bench.peak as f64);
    bench.figure(
        "peak memory of ingest and match",
        peak,
        Some(Quantity::Bytes(1536.0 * MIB)),
        "any of the processes above",
    );

    if options.only.is_none() {
        bench.installation(workspace)?;
        bench.figures.extend(signing::figures(workspace)?);
        bench.figures.extend(signing::stub_figures(workspace)?);
        bench.figures.extend(bootstrap::figures(workspace)?);
    }

    println!("{}", figures::table(&bench.figures));
    println!("Measured on {}.", bench.data.about);
    Ok(())
}

struct Bench {
    data: Data,
    figures: Vec<Figure>,
    peak: u64,
}

impl Bench {
    fn figure(&mut self, what: &str, measured: Quantity, reach: Option<Quantity>, on: &str) {
        let figure = Figure {
            what: what.to_owned(),
            measured,
            reach,
            on: on.to_owned(),
        };
        eprintln!("{}: {}", figure.what, figure.measured);
        self.figures.push(figure);
    }

    fn measure(&mut self, mut command: Command) -> Result<Measured> {
        let measured = measure::run(&mut command)?;
        self.peak = self.peak.max(measured.peak);
        Ok(measured)
    }

    /// The advisory crate's own benchmark, and its peers on the same bytes.
    fn parsing(&mut self, workspace: &Workspace) -> Result<()> {
        let mut command = cargo_bench(workspace, "snowguard-advisory", "parse");
        let found = divan::throughputs(&measure::run(&mut command)?.stdout);
        let at = |name: &str| {
            found
                .get(name)
                .copied()
                .with_context(|| format!("no {name}"))
        };
        // Asked for: 300 MB/s, or half of what the peer reaches on the same bytes.
        let reach = Quantity::Throughput(f64::min(3e8, at("serde_json_typed")? / 2.0));
        let on = "one core, from memory";
        for (what, name, reach) in [
            (
                "parse CVE records, every field typed",
                "cve5_parse",
                Some(reach),
            ),
            ("— serde_json, every field typed", "serde_json_typed", None),
            ("— on into the model, with limits", "cve5_read", None),
            ("— serde_json, untyped", "serde_json_value", None),
        ] {
            self.figure(what, Quantity::Throughput(at(name)?), reach, on);
        }
        Ok(())
    }

    /// CVE records alone into an empty database.
    fn records(&mut self, tracker: &Tracker, folder: &Path) -> Result<()> {
        let file = self.data.cves.file.clone();
        let mut took = Vec::new();
        for run in 0..RUNS {
            let database = folder.join(format!("records-{run}.sqlite"));
            let tracker = tracker.with(database.display().to_string());
            let measured = self.measure(tracker.ingest(std::slice::from_ref(&file)))?;
            took.push(measured.wall.as_secs_f64());
        }
        took.sort_by(f64::total_cmp);
        let median = took[RUNS / 2];
        let rate = Quantity::Rate(self.data.cves.count as f64 / median);
        let on = format!(
            "{} records, median of {RUNS} whole processes ({:.2} to {:.2} s)",
            self.data.cves.count,
            took[0],
            took[RUNS - 1]
        );
        self.figure(
            "ingest CVE records into SQLite",
            rate,
            Some(Quantity::Rate(20_000.0)),
            &on,
        );
        Ok(())
    }

    /// The same on a PostgreSQL server of its own, where one is installed: the storage benchmark.
    fn records_on_server(&mut self, workspace: &Workspace) -> Result<()> {
        let mut command = cargo_bench(workspace, "snowguard-tracker-db", "storage");
        let printed = measure::run(command.args(["ingest", "postgres"]))?.stdout;
        let Some(rate) = server_rate(&printed) else {
            eprintln!(
                "left out: {}",
                printed.lines().last().unwrap_or("PostgreSQL")
            );
            return Ok(());
        };
        let on = "for information: in one process, server on the same machine, without fsync";
        self.figure(
            "ingest CVE records into PostgreSQL",
            Quantity::Rate(rate),
            None,
            on,
        );
        Ok(())
    }

    /// All feeds and a channel, matched, with nothing measured.
    fn load(&mut self, tracker: &Tracker) -> Result<()> {
        let mut feeds = vec![self.data.cves.file.clone()];
        feeds.extend(self.data.others.iter().cloned());
        self.measure(tracker.ingest(&feeds))?;
        let channel = self.data.channel.file.clone();
        self.measure(tracker.ingest_channel(&CHANNELS[0], &channel))?;
        self.measure(tracker.rematch())?;
        Ok(())
    }

    fn scan(&mut self, workspace: &Workspace, tracker: &Tracker, folder: &Path) -> Result<()> {
        let scanned = scanning::figures(workspace, tracker, &self.data, folder)?;
        self.figures.extend(scanned);
        Ok(())
    }

    /// All feeds, a channel twice, everything matched, one record changed.
    fn everything(
        &mut self,
        workspace: &Workspace,
        tracker: &Tracker,
        folder: &Path,
    ) -> Result<()> {
        let mut feeds = vec![self.data.cves.file.clone()];
        feeds.extend(self.data.others.iter().cloned());
        self.measure(tracker.ingest(&feeds))?;

        let channel = self.data.channel.file.clone();
        let on = format!("{} attributes", self.data.channel.count);
        let load = || tracker.ingest_channel(&CHANNELS[0], &channel);
        let mut reread = load();
        reread.arg("--reread");
        for (what, reach, command) in [
            ("first time", 10.0, load()),
            ("again, the same file", 2.0, load()),
            ("again, every attribute compared", 2.0, reread),
        ] {
            let took = Quantity::Seconds(self.measure(command)?.wall.as_secs_f64());
            let what = format!("load a channel, {what}");
            self.figure(&what, took, Some(Quantity::Seconds(reach)), &on);
        }

        let mut everything = tracker.rematch();
        everything.arg("--full");
        let took = self.measure(everything)?.wall.as_secs_f64();
        let on = format!(
            "{} CVE records and the other feeds × {}",
            self.data.cves.count, on
        );
        let reach = Some(Quantity::Seconds(30.0));
        self.figure("match everything", Quantity::Seconds(took), reach, &on);

        self.size(tracker)?;
        self.one_changed(workspace, tracker, folder)
    }
}

impl Bench {
    /// Records that say something new, one at a time, with a matcher that is kept.
    fn one_changed(
        &mut self,
        workspace: &Workspace,
        tracker: &Tracker,
        folder: &Path,
    ) -> Result<()> {
        let copy = folder.join("changed.sqlite");
        self.measure(tracker.backup(&copy))?;
        let mut command = cargo_bench(workspace, "snowguard-tracker-ingest", "changed");
        command.arg("--db").arg(&copy);
        command.arg("--cves").arg(&self.data.cves.file);
        let told = json_line(&measure::run(&mut command)?.stdout)?;
        let milliseconds = |name: &str| told[name].as_f64().with_context(|| format!("no {name}"));
        let median = Quantity::Seconds(milliseconds("match_p50")? / 1e3);
        let on = format!(
            "median of {}; 95 %: {:.1} ms; storing it: {:.1} ms",
            told["changes"],
            milliseconds("match_p95")?,
            milliseconds("store_p50")?,
        );
        self.figure(
            "match one changed CVE",
            median,
            Some(Quantity::Seconds(0.02)),
            &on,
        );
        Ok(())
    }

    /// The database beside the JSON that came in.
    fn size(&mut self, tracker: &Tracker) -> Result<()> {
        let mut stored = 0;
        for ending in ["", "-wal"] {
            let file = format!("{}{ending}", tracker.database());
            stored += std::fs::metadata(file).map_or(0, |meta| meta.len());
        }
        let came = self.data.cves.bytes + self.data.channel.bytes + self.data.others_bytes;
        let on = format!("{:.0} MiB of JSON, all matches stored", came as f64 / MIB);
        let times = Quantity::Times(stored as f64 / came as f64);
        self.figure("database size", times, Some(Quantity::Times(1.5)), &on);
        Ok(())
    }

    /// The web crate's own load: an open loop of requests against a warm server.
    fn pages(&mut self, workspace: &Workspace, tracker: &Tracker) -> Result<()> {
        let mut command = cargo_bench(workspace, "snowguard-tracker", "pages");
        command.args([
            "--db",
            tracker.database(),
            "--rate",
            "200",
            "--seconds",
            "20",
        ]);
        let printed = measure::run(&mut command)?.stdout;
        let told = json_line(&printed)?;
        let p99 = told["p99_ms"].as_f64().context("no p99_ms in the result")? / 1e3;
        let on = format!(
            "{} requests at 200/s over {} pages",
            told["requests"], told["pages"]
        );
        self.figure(
            "page, p99",
            Quantity::Seconds(p99),
            Some(Quantity::Seconds(0.015)),
            &on,
        );
        Ok(())
    }
}

/// A benchmark beside its crate; what is added are its own arguments.
fn cargo_bench(workspace: &Workspace, package: &str, bench: &str) -> Command {
    let mut command = crate::workspace::cargo();
    command
        .args(["bench", "--locked", "-p", package, "--bench", bench, "--"])
        .current_dir(workspace.root());
    command
}

/// Records a second of the first ingest after the line that names the server.
fn server_rate(printed: &str) -> Option<f64> {
    printed
        .lines()
        .skip_while(|line| !line.starts_with("postgres://"))
        .find_map(|line| line.trim().strip_prefix("ingest of CVE records"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

/// The last line that is JSON.
fn json_line(printed: &str) -> Result<Value> {
    let told = printed
        .lines()
        .rev()
        .find_map(|line| serde_json::from_str::<Value>(line).ok());
    told.with_context(|| format!("no result in:\n{printed}"))
}

#[cfg(test)]
mod tests {
    use super::server_rate;

    #[test]
    fn the_rate_is_that_of_the_server() {
        let file = "/tmp/x.db\n  ingest of CVE records      20000 records/s\n";
        assert_eq!(server_rate(file), None);
        let both = format!(
            "{file}postgres://tester@%2Fs/t1\n  ingest of CVE records    9876 records/s  12 MB/s\n"
        );
        assert_eq!(server_rate(&both), Some(9876.0));
    }
}
