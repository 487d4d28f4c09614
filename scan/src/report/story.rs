//! One advisory's story as text.

use std::fmt::{self, Write as _};

use snowguard_matching::verdict::Weight;

use super::terminal::inert;
use super::{Level, time};
use crate::closure::Closure;
use crate::explain::{Story, Tied};
use crate::suppress::{Claim, Decision, Suppression};

/// Writes the story.
///
/// # Errors
/// None of its own: writing to a string.
pub fn write(story: &Story<'_>, closure: &Closure) -> Result<String, fmt::Error> {
    let mut out = String::new();
    head(&mut out, story)?;
    if story.is_void {
        writeln!(
            out,
            "\nIt was rejected or withdrawn: it speaks of nothing any more."
        )?;
    }
    for Tied {
        software,
        found,
        decision,
    } in &story.tied
    {
        writeln!(
            out,
            "\n{} ({}): {}, tie {}",
            inert(&software.software.name),
            inert(&software.package.attr),
            found.verdict.as_str().replace('_', " "),
            format!("{:?}", found.tier).to_lowercase(),
        )?;
        if let Some(fixed) = &found.fixed_in {
            writeln!(out, "  fixed in {}", inert(fixed))?;
        }
        match decision {
            Decision::Stands => {}
            Decision::SetAside(rule) => ruling(&mut out, "set aside by", rule)?,
            Decision::Expired(rule) => ruling(&mut out, "no longer set aside by", rule)?,
        }
        for reason in &found.reasons {
            let mark = match reason.weight {
                Weight::Decides => "=",
                Weight::Tie => "+",
                Weight::Against => "-",
                Weight::Note => "·",
            };
            write!(
                out,
                "  {mark} {} [{}]",
                inert(&reason.text),
                inert(&reason.code)
            )?;
            if let Some(at) = &reason.at {
                write!(out, " {}", inert(at))?;
            }
            writeln!(out)?;
        }
        if !software.known.knows_patches() {
            writeln!(out, "  · patches are not known")?;
        }
        for path in &software.software.paths {
            if let Some(entry) = closure.entry(*path) {
                writeln!(out, "    {}", entry.path.as_str())?;
            }
        }
    }
    if story.tied.is_empty() && !story.is_void {
        writeln!(out, "\nNothing in this closure is tied to it.")?;
    }
    for (index, reason) in &story.left_out {
        if let Some(entry) = closure.entry(*index) {
            writeln!(
                out,
                "\n{} bears its name and was left out: it is {}",
                entry.path.as_str(),
                reason.as_str()
            )?;
        }
    }
    Ok(out)
}

/// What a rule says, and where that is written down.
fn ruling(out: &mut String, how: &str, rule: &Suppression) -> fmt::Result {
    let (origin, reason) = (inert(&rule.origin), inert(&rule.reason));
    let claim = match rule.claim {
        Claim::NotAffected => "not affected",
        Claim::Accepted => "accepted",
    };
    write!(out, "  ! {how} {origin} as {claim}: {reason}")?;
    if let Some(until) = rule.until {
        write!(out, ", until {until}")?;
    }
    if let Some(url) = &rule.url {
        write!(out, " {}", inert(url))?;
    }
    writeln!(out)
}

fn head(out: &mut String, story: &Story<'_>) -> fmt::Result {
    let prose = &story.prose;
    writeln!(out, "{}", inert(&story.id))?;
    if let Some(title) = &story.brief.title {
        writeln!(out, "{}", inert(title))?;
    }
    for severity in &prose.severities {
        writeln!(
            out,
            "  CVSS {} {} ({}) {}",
            inert(&severity.version),
            severity.score.map_or_else(
                || "without a score".to_owned(),
                |score| format!("{score:.1}")
            ),
            Level::of(severity.score).as_str(),
            inert(&severity.vector),
        )?;
    }
    if let Some(kev) = &prose.kev {
        writeln!(
            out,
            "  exploited, listed by CISA on {}",
            inert(&kev.date_added)
        )?;
    }
    if let Some(epss) = &prose.epss {
        writeln!(out, "  EPSS {:.2} %", epss.score * 100.0)?;
    }
    if let Some(published) = prose.published {
        writeln!(out, "  published {}", time(published))?;
    }
    if !story.names.is_empty() {
        writeln!(out, "  it names {}", inert(&story.names.join(", ")))?;
    }
    if !prose.description.is_empty() {
        writeln!(out, "\n{}", inert(&prose.description.replace('\n', " ")))?;
    }
    Ok(())
}
