//! `/package/{attr}`: a package in every channel, and what may be wrong with it.

use askama::Template;
use snowguard_matching::package::Package;
use snowguard_matching::verdict::Match;

use crate::pages::matches::{Judged, Tally, TierFilter};
use crate::pages::shell::Shell;
use crate::show::cap::{Capped, CutText};
use crate::show::link::Link;
use crate::show::path;
use crate::show::severity::Score;
use crate::show::time::{Millis, When};

/// Matches on one page.
pub const MATCHES: usize = 50;

/// What the page is made from.
#[derive(Debug, Clone)]
pub struct Input {
    /// The attribute path.
    pub attr: String,
    /// Every channel that has the package, in the order shown.
    pub channels: Vec<InChannel>,
    /// The channel whose package and matches are shown.
    pub chosen: String,
    /// The package there.
    pub package: Package,
    /// Its matches in the order shown: at most [`MATCHES`].
    pub matches: Vec<Found>,
    /// Matches of low confidence that are not listed.
    pub low_hidden: u64,
    /// Where the next page of matches begins.
    pub next: Option<String>,
    /// Versions over time in the chosen channel, newest first.
    pub history: Vec<Past>,
}

/// The package in one channel.
#[derive(Debug, Clone)]
pub struct InChannel {
    /// The channel.
    pub channel: String,
    /// The version there.
    pub version: String,
    /// The Nixpkgs revision.
    pub revision: String,
    /// When the channel was evaluated.
    pub evaluated_at: Option<Millis>,
    /// What is known there.
    pub tally: Tally,
}

/// A match with what the list shows of the advisory.
#[derive(Debug, Clone)]
pub struct Found {
    /// The match.
    pub found: Match,
    /// The advisory's title, or how its description begins.
    pub title: Option<String>,
    /// The score that stands for the advisory.
    pub score: Option<f64>,
    /// Whether it is known to be exploited.
    pub kev: bool,
}

/// A version that a channel had.
#[derive(Debug, Clone)]
pub struct Past {
    /// The version; none where the attribute was absent.
    pub version: Option<String>,
    /// From when.
    pub from: Millis,
    /// Until when; none for what holds now.
    pub until: Option<Millis>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/package.html")]
pub struct Page {
    shell: Shell,
    attr: String,
    chosen: String,
    package: Package,
    channels: Vec<ChannelRow>,
    rows: Vec<Row>,
    low_hidden: u64,
    tier: TierFilter,
    next: Option<String>,
    history: Vec<(Option<String>, When, Option<When>)>,
    homepages: Vec<Link>,
    links: Vec<Link>,
    position: Option<Link>,
    sources: Capped<Link>,
    patches: Capped<String>,
    known: Vec<CutText>,
}

#[derive(Debug)]
struct ChannelRow {
    channel: String,
    href: String,
    version: String,
    revision: String,
    evaluated: Option<When>,
    tally: Tally,
}

#[derive(Debug)]
struct Row {
    id: String,
    href: String,
    title: Option<String>,
    score: Score,
    kev: bool,
    judged: Judged,
}

impl Page {
    /// Builds the page as seen at `now`.
    pub fn new(shell: Shell, input: Input, tier: TierFilter, now: Millis) -> Self {
        let base = path::package(&input.attr);
        let package = input.package;
        let revision = input.channels.iter().find(|c| c.channel == input.chosen);
        let revision = revision
            .map_or("master", |channel| channel.revision.as_str())
            .to_owned();
        let channels = input.channels.into_iter().map(|channel| ChannelRow {
            href: format!("{base}?channel={}", path::encode(&channel.channel)),
            evaluated: When::maybe(channel.evaluated_at, now),
            revision: channel.revision.chars().take(9).collect(),
            channel: channel.channel,
            version: channel.version,
            tally: channel.tally,
        });
        let rows = input.matches.into_iter().map(|row| Row {
            href: path::advisory(&row.found.advisory),
            judged: Judged::new(&row.found),
            id: row.found.advisory,
            title: row.title,
            score: Score::new(row.score),
            kev: row.kev,
        });
        let history = input.history.into_iter().map(|past| {
            (
                past.version,
                When::new(past.from, now),
                When::maybe(past.until, now),
            )
        });
        Self {
            shell,
            channels: channels.collect(),
            rows: rows.collect(),
            history: history.collect(),
            homepages: package
                .homepages
                .iter()
                .take(5)
                .map(|url| Link::new(url))
                .collect(),
            links: package
                .links
                .iter()
                .take(5)
                .map(|url| Link::new(url))
                .collect(),
            position: package
                .position
                .as_deref()
                .map(|position| position_link(position, &revision)),
            sources: Capped::new(package.sources.iter().map(|url| Link::new(url)), 4, 60),
            patches: Capped::new(package.patches.iter().cloned(), 8, 200),
            known: package
                .known_vulnerabilities
                .iter()
                .take(50)
                .map(|text| CutText::new(text, 600))
                .collect(),
            attr: input.attr,
            chosen: input.chosen,
            low_hidden: input.low_hidden,
            next: input.next,
            package,
            tier,
        }
    }

    /// This page's address with the chosen channel, ready for further query parameters.
    fn here(&self) -> String {
        format!(
            "{}?channel={}",
            path::package(&self.attr),
            path::encode(&self.chosen)
        )
    }

    fn tier_query(&self) -> &'static str {
        match self.tier {
            TierFilter::Default => "",
            TierFilter::All => "&tier=low",
        }
    }

    fn feed(&self) -> String {
        crate::open::feed_path("package", &self.attr)
    }

    fn api(&self) -> String {
        format!("/api/v1/packages/{}", path::encode(&self.attr))
    }
}

/// `pkgs/by-name/he/hello/package.nix:32` in the revision that was evaluated, on GitHub.
fn position_link(position: &str, revision: &str) -> Link {
    let safe = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_./+".contains(&b))
    };
    let (file, line) = position.rsplit_once(':').unwrap_or((position, ""));
    let known = revision.len() == 40 && revision.bytes().all(|b| b.is_ascii_hexdigit());
    let revision = if known { revision } else { "master" };
    let line_is_number = !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit());
    let local = !file.starts_with('/') && !file.split('/').any(|part| part == "..");
    if !safe(file) || !line_is_number || !local {
        return Link {
            text: position.to_owned(),
            href: None,
        };
    }
    let url = format!("https://github.com/NixOS/nixpkgs/blob/{revision}/{file}#L{line}");
    Link::titled(&url, position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_leads_into_nixpkgs_and_nowhere_else() {
        let href = |position| position_link(position, "master").href;
        assert_eq!(
            href("pkgs/by-name/he/hello/package.nix:32").as_deref(),
            Some(
                "https://github.com/NixOS/nixpkgs/blob/master/pkgs/by-name/he/hello/package.nix#L32"
            )
        );
        for odd in [
            "../../../evil/repo:1",
            "/etc/passwd:1",
            "pkgs/a b:1",
            "pkgs/a.nix",
            "x:y:1",
        ] {
            assert_eq!(href(odd), None, "{odd}");
        }
    }
}
