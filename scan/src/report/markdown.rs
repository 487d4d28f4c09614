//! A table in GitHub Flavored Markdown, for an issue or a pull request.

use std::fmt::Write as _;

use super::Report;
use super::terminal::inert;

/// Writes the findings.
#[must_use]
pub fn write(report: &Report<'_>) -> String {
    let mut out = String::from(
        "| advisory | package | severity | exploited | fixed in | title |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for finding in &report.findings {
        let severity = match finding.score() {
            Some(score) => format!("{score:.1} {}", finding.level.as_str()),
            None => "—".to_owned(),
        };
        // Writing to a string cannot fail.
        let _written = writeln!(
            out,
            "| {} | {} | {severity} | {} | {} | {} |",
            cell(&finding.found.advisory),
            cell(&finding.software.software.name),
            if finding.is_exploited() { "yes" } else { "" },
            cell(finding.found.fixed_in.as_deref().unwrap_or_default()),
            cell(finding.title()),
        );
    }
    let _written = writeln!(
        out,
        "\n{} findings in {} packages; {} set aside, {} fixed, {} of which nobody can say.",
        report.findings.len(),
        report.software,
        report.set_aside.len(),
        report.fixed,
        report.unknown
    );
    out
}

/// Text as text: nothing in it is markup, a link, a mention or a cell's end.
pub(super) fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in inert(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|'
            | '~' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(
            cell("a|b <img> @user [x](y)"),
            "a\\|b &lt;img&gt; &#64;user \\[x\\]\\(y\\)"
        );
    }
}
