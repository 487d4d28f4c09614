//! Reading what divan prints: the median throughput or time of each benchmark.

use std::collections::BTreeMap;

/// Median bytes a second by the benchmark's own name (the last part of its path).
pub fn throughputs(output: &str) -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    let mut name = String::new();
    for line in output.lines() {
        let line = line.trim_start_matches(['│', '├', '╰', '─', ' ']);
        let cells: Vec<&str> = line.split('│').map(str::trim).collect();
        let first = cells.first().copied().unwrap_or_default();
        if first.ends_with("/s") {
            // A line under the benchmark's: the same columns, as throughput.
            let median = cells.get(2).and_then(|cell| parse(cell));
            found.extend(median.map(|median| (name.clone(), median)));
        } else if let Some(word) = first.split_whitespace().next() {
            name = word.to_owned();
        }
    }
    found
}

/// Median seconds by the benchmark's own name.
pub fn medians(output: &str) -> BTreeMap<String, f64> {
    let lines = output
        .lines()
        .map(|line| line.trim_start_matches(['│', '├', '╰', '─', ' ']));
    lines
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('│').map(str::trim).collect();
            let name = cells.first()?.split_whitespace().next()?;
            Some((name.to_owned(), seconds(cells.get(2)?)?))
        })
        .collect()
}

/// `36.2 ms` in seconds.
fn seconds(cell: &str) -> Option<f64> {
    let (number, unit) = cell.split_once(' ')?;
    let factor = match unit {
        "ns" => 1e-9,
        "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * factor)
}

/// `1.2 GB/s` in bytes a second.
fn parse(cell: &str) -> Option<f64> {
    let (number, unit) = cell.split_once(' ')?;
    let factor = match unit {
        "B/s" => 1.0,
        "KB/s" => 1e3,
        "MB/s" => 1e6,
        "GB/s" => 1e9,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "\
parse               fastest       │ slowest       │ median        │ mean          │ samples │ iters
├─ cve              34.1 ms       │ 40.9 ms       │ 36.2 ms       │ 36.6 ms       │ 100     │ 100
│                   439.1 MB/s    │ 366.4 MB/s    │ 413.6 MB/s    │ 409.1 MB/s    │         │
╰─ peers                          │               │               │               │         │
   ╰─ serde_json    24.1 ms       │ 30.9 ms       │ 26.2 ms       │ 26.6 ms       │ 100     │ 100
                    1.1 GB/s      │ 0.9 GB/s      │ 1 GB/s        │ 1 GB/s        │         │
";

    #[test]
    fn medians_are_read_by_name() {
        let found = throughputs(PRINTED);
        assert_eq!(found.len(), 2);
        assert!((found["cve"] - 413.6e6).abs() < 1.0);
        assert!((found["serde_json"] - 1e9).abs() < 1.0);
        let found = medians(PRINTED);
        assert_eq!(found.len(), 2);
        assert!((found["cve"] - 0.0362).abs() < 1e-9);
        assert!((found["serde_json"] - 0.0262).abs() < 1e-9);
    }

    #[test]
    fn anything_else_gives_nothing() {
        assert!(medians("running 0 tests\n").is_empty());
        assert!(throughputs("running 0 tests\n\nerror: no bench target\n").is_empty());
    }
}
