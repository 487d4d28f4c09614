//! Comma-separated values, RFC 4180; one finding a row.

use super::Report;

/// The columns.
const HEAD: [&str; 13] = [
    "advisory",
    "package",
    "version",
    "attribute",
    "severity",
    "score",
    "exploited",
    "epss",
    "fixed_in",
    "tier",
    "known",
    "title",
    "why",
];

/// Writes the findings. A cell that a spreadsheet could take for a formula begins with `'`.
#[must_use]
pub fn write(report: &Report<'_>) -> String {
    let mut out = line(&HEAD.map(str::to_owned));
    for finding in &report.findings {
        let software = &finding.software.software;
        out.push_str(&line(&[
            finding.found.advisory.clone(),
            software.pname.clone(),
            software.version.clone(),
            finding.software.package.attr.clone(),
            finding.level.as_str().to_owned(),
            finding
                .score()
                .map(|score| format!("{score:.1}"))
                .unwrap_or_default(),
            finding.is_exploited().to_string(),
            finding
                .epss()
                .map(|epss| format!("{epss:.5}"))
                .unwrap_or_default(),
            finding.found.fixed_in.clone().unwrap_or_default(),
            format!("{:?}", finding.found.tier).to_lowercase(),
            finding.software.known.as_str().to_owned(),
            finding.title().to_owned(),
            finding.why.join(" "),
        ]));
    }
    out
}

fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

fn quoted(cell: &str) -> String {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    format!("\"{guard}{}\"", cell.replace('"', "\"\"").replace('\0', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_cannot_break_out_or_compute() {
        assert_eq!(quoted("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
    }
}
