//! `cargo xtask bench`: the figures the project promises, measured in one go.
//!
//! What a user runs is measured as a whole process; what has no process of its own (parsing) by
//! the benchmark beside its crate. The table goes to standard output, progress to standard error.

mod data;
mod divan;
mod figures;
mod measure;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::Value;

use crate::tracker::{CHANNELS, Tracker};
use crate::workspace::Workspace;
use data::Data;
use figures::{Figure, Quantity};
use measure::Measured;

const MIB: f64 = (1 << 20) as f64;

/// Where to measure.
#[derive(Debug, Args)]
pub struct Options {
    /// Folder for the data and the databases (some gigabytes); emptied before
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Measures everything and prints the table.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
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

    bench.parsing(workspace)?;
    bench.records(&tracker.with(database("records.sqlite")))?;
    bench.everything(&tracker, &folder)?;
    bench.pages(workspace, &tracker)?;
    let peak = Quantity::Bytes(bench.peak as f64);
    bench.figure(
        "peak memory of ingest and match",
        peak,
        Some(Quantity::Bytes(1536.0 * MIB)),
        "any of the processes above",
    );

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
        let mut command = Command::new("cargo");
        command
            .args([
                "bench",
                "--locked",
                "-p",
                "snowguard-advisory",
                "--bench",
                "parse",
            ])
            .env("SNOWGUARD_BENCH_CVES", &self.data.cves.file)
            .current_dir(workspace.root());
        let printed = measure::run(&mut command)?.stdout;
        for (name, throughput) in divan::throughputs(&printed) {
            let reach = (name == "cve5").then_some(Quantity::Throughput(3e8));
            let what = format!("parse CVE records: {name}");
            self.figure(
                &what,
                Quantity::Throughput(throughput),
                reach,
                "one core, from memory",
            );
        }
        Ok(())
    }

    /// CVE records alone into an empty database.
    fn records(&mut self, tracker: &Tracker) -> Result<()> {
        let file = self.data.cves.file.clone();
        let took = self.measure(tracker.ingest(&[file]))?.wall.as_secs_f64();
        let rate = Quantity::Rate(self.data.cves.count as f64 / took);
        let on = format!(
            "{} records, {:.2} s, whole process",
            self.data.cves.count, took
        );
        self.figure(
            "ingest CVE records into SQLite",
            rate,
            Some(Quantity::Rate(20_000.0)),
            &on,
        );
        Ok(())
    }

    /// All feeds, a channel twice, everything matched, one record changed.
    fn everything(&mut self, tracker: &Tracker, folder: &Path) -> Result<()> {
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

        let took = self.measure(tracker.rematch(true))?.wall.as_secs_f64();
        let on = format!(
            "{} CVE records and the other feeds × {}",
            self.data.cves.count, on
        );
        let reach = Some(Quantity::Seconds(30.0));
        self.figure("match everything", Quantity::Seconds(took), reach, &on);

        self.one_changed(tracker, folder)?;
        self.size(tracker)
    }
}

impl Bench {
    /// One record that says something new, from the start of the process to its end.
    fn one_changed(&mut self, tracker: &Tracker, folder: &Path) -> Result<()> {
        let file = folder.join("changed.jsonl");
        let mut times = Vec::new();
        for round in 1..=5 {
            let line = changed_record(&self.data.cves.file, round)?;
            std::fs::write(&file, line).with_context(|| format!("writing {}", file.display()))?;
            self.measure(tracker.ingest(std::slice::from_ref(&file)))?;
            times.push(self.measure(tracker.rematch(false))?.wall.as_secs_f64());
        }
        times.sort_by(f64::total_cmp);
        let median = Quantity::Seconds(times[times.len() / 2]);
        let on = "median of 5, whole process, with its start";
        self.figure(
            "match one changed CVE",
            median,
            Some(Quantity::Seconds(0.02)),
            on,
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
        let mut command = Command::new("cargo");
        command
            .args([
                "bench",
                "--locked",
                "-p",
                "snowguard-tracker",
                "--bench",
                "pages",
                "--",
            ])
            .args([
                "--db",
                tracker.database(),
                "--rate",
                "200",
                "--seconds",
                "20",
            ])
            .current_dir(workspace.root());
        let printed = measure::run(&mut command)?.stdout;
        let told = printed
            .lines()
            .rev()
            .find_map(|line| serde_json::from_str::<Value>(line).ok());
        let told = told.with_context(|| format!("no result in:\n{printed}"))?;
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

/// A record from the middle of the file, with a later date and a sentence that is new.
fn changed_record(cves: &Path, round: u32) -> Result<String> {
    let text =
        std::fs::read_to_string(cves).with_context(|| format!("cannot read {}", cves.display()))?;
    let middle = text
        .lines()
        .nth(text.lines().count() / 2)
        .context("no records")?;
    let mut record: Value = serde_json::from_str(middle).context("a record that isn't JSON")?;
    record["cveMetadata"]["dateUpdated"] = format!("2027-01-0{round}T00:00:00Z").into();
    let note = format!("Changed for the {round}th time.");
    record["containers"]["cna"]["descriptions"][0]["value"] = note.into();
    Ok(record.to_string())
}
