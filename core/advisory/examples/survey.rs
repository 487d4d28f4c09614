//! Reads every line of a file of records and counts what the readers refuse or pass over.
//!
//! `cargo run --release --example survey -- cve5 FILE.jsonl`
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use snowguard_advisory::error::Error;
use snowguard_advisory::limits::Limits;
use snowguard_advisory::reading::Reading;
use snowguard_advisory::vendor::{self, Format};
use snowguard_advisory::{cve5, kev, nvd};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(kind), Some(file)) = (args.next(), args.next()) else {
        return Err("usage: survey cve5|nvd|kev|trickest|marked FILE.jsonl".into());
    };
    let limits = Limits::default();
    let read = |line: &[u8]| -> Result<Vec<Reading>, Error> {
        match kind.as_str() {
            "cve5" => Ok(vec![cve5::read(line, &limits)?]),
            "nvd" => Ok(vec![nvd::read(line, &limits)?]),
            "kev" => kev::read(line, &limits).map(|_| Vec::new()),
            "trickest" => vendor::read(Format::Trickest, line, &limits),
            _ => vendor::read_marked(line, &limits),
        }
    };
    let bytes = std::fs::read(file)?;
    let mut seen = Survey::default();
    for line in bytes
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let start = Instant::now();
        let result = read(line);
        seen.took += start.elapsed();
        seen.bytes += line.len();
        seen.add(result);
    }
    seen.print();
    Ok(())
}

#[derive(Default)]
struct Survey {
    lines: usize,
    records: usize,
    bytes: usize,
    took: Duration,
    refused: BTreeMap<String, (usize, String)>,
    warned: usize,
    warnings: BTreeMap<String, (usize, String)>,
}

impl Survey {
    fn add(&mut self, result: Result<Vec<Reading>, Error>) {
        self.lines += 1;
        match result {
            Ok(readings) => readings
                .into_iter()
                .for_each(|reading| self.add_reading(reading)),
            Err(error) => {
                let shape = error.to_string();
                let shape = shape.rsplit(": ").next().unwrap_or_default().to_owned();
                self.refused
                    .entry(shape)
                    .or_insert((0, error.to_string()))
                    .0 += 1;
            }
        }
    }

    fn add_reading(&mut self, reading: Reading) {
        self.records += 1;
        self.warned += usize::from(!reading.warnings.is_empty());
        for warning in reading.warnings {
            let place: Vec<&str> = warning
                .pointer
                .split('/')
                .map(|step| {
                    if step.parse::<usize>().is_ok() {
                        "#"
                    } else {
                        step
                    }
                })
                .collect();
            let message = warning.message.split(": ").next().unwrap_or_default();
            let shape = format!("{} {message}", place.join("/"));
            let example = format!("{} {}", reading.record.id, warning.message);
            self.warnings.entry(shape).or_insert((0, example)).0 += 1;
        }
    }

    fn print(&self) {
        let rate = self.bytes as f64 / self.took.as_secs_f64() / 1e6;
        println!(
            "{} records, {rate:.0} MB/s, {} with warnings",
            self.records, self.warned
        );
        for (title, map) in [("refused", &self.refused), ("warning", &self.warnings)] {
            for (shape, (count, example)) in map {
                println!("{title} {count} {shape}\n    {example}");
            }
        }
    }
}
