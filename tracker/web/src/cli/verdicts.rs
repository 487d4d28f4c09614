//! Verdicts with their reasons, as a person reads them on a terminal.

use std::fmt::{self, Write};
use std::io::IsTerminal;

use snowguard_matching::verdict::{Match, Tier, Verdict, Weight};

use super::output::inert;

/// Whether to colour.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    colour: bool,
}

impl Style {
    /// Colours on a terminal, unless the user does not want them (<https://no-color.org>).
    pub fn of_stdout() -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colour: std::io::stdout().is_terminal() && !unwanted,
        }
    }

    /// Never coloured.
    #[cfg(test)]
    pub fn plain() -> Self {
        Self { colour: false }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Emphasis.
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Something of less weight.
    pub fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    fn verdict(self, verdict: Verdict) -> String {
        let (code, word) = match verdict {
            Verdict::Affected => ("1;31", "affected"),
            Verdict::Unknown => ("33", "unknown"),
            Verdict::Fixed => ("32", "fixed"),
            Verdict::NotAffected => ("2", "not affected"),
        };
        self.paint(code, word)
    }
}

/// How sure, in a word.
pub fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::High => "high",
        Tier::Medium => "medium",
        Tier::Low => "low",
    }
}

/// One match: a line, and its reasons below it.
pub fn write(out: &mut String, style: Style, subject: &str, found: &Match) -> fmt::Result {
    let verdict = style.verdict(found.verdict);
    let sure = style.faint(&format!("({} confidence)", tier(found.tier)));
    write!(out, "  {} {verdict} {sure}", style.bold(&inert(subject)))?;
    match &found.fixed_in {
        Some(version) => writeln!(out, ", fixed in {}", inert(version))?,
        None => writeln!(out)?,
    }
    for reason in &found.reasons {
        let sign = match reason.weight {
            Weight::Tie => "+",
            Weight::Against => "-",
            Weight::Decides => "=",
            Weight::Note => "·",
        };
        let at = reason
            .at
            .as_deref()
            .map(|at| style.faint(&format!("  [{}]", inert(at))));
        writeln!(
            out,
            "    {sign} {}{}",
            inert(&reason.text),
            at.unwrap_or_default()
        )?;
    }
    Ok(())
}

/// Worst first, then surest, then by name.
pub fn order(found: &Match) -> (Verdict, Tier, String) {
    (found.verdict, found.tier, found.attr.clone())
}

#[cfg(test)]
mod tests {
    use snowguard_matching::verdict::Reason;

    use super::*;

    #[test]
    fn a_match_reads_from_verdict_to_reasons_and_stays_inert() {
        let reason = |weight, text: &str, at: Option<&str>| Reason {
            code: "code".into(),
            weight,
            text: text.into(),
            at: at.map(str::to_owned),
        };
        let found = Match {
            advisory: "CVE-2024-1".into(),
            attr: "openssl".into(),
            verdict: Verdict::Affected,
            tier: Tier::High,
            variant_of: None,
            fixed_in: Some("3.0.1".into()),
            reasons: vec![
                reason(Weight::Tie, "same repository", Some("CVE-2024-1#/a")),
                reason(Weight::Decides, "3.0.0 is \u{1b}[2Jaffected", None),
            ],
        };
        let mut out = String::new();
        write(&mut out, Style::plain(), "openssl 3.0.0", &found).expect("memory");
        assert_eq!(
            out,
            "  openssl 3.0.0 affected (high confidence), fixed in 3.0.1\n    \
             + same repository  [CVE-2024-1#/a]\n    = 3.0.0 is  [2Jaffected\n"
        );
    }
}
