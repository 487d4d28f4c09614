//! `/search?q=`: advisories and packages.

use askama::Template;

use crate::pages::shell::Shell;
use crate::show::path;
use crate::show::severity::Score;

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// Advisories, the best first.
    pub advisories: Vec<AdvisoryHit>,
    /// Packages, the best first.
    pub packages: Vec<PackageHit>,
    /// Where both lists go on.
    pub next: Option<usize>,
}

/// An advisory that was found.
#[derive(Debug, Clone)]
pub struct AdvisoryHit {
    /// Its id.
    pub id: String,
    /// Its title, or how its description begins.
    pub title: Option<String>,
    /// Its score.
    pub score: Option<f64>,
    /// Whether it is known to be exploited.
    pub kev: bool,
}

/// A package that was found.
#[derive(Debug, Clone)]
pub struct PackageHit {
    /// The attribute path.
    pub attr: String,
    /// The channels that have it, each with the version there.
    pub versions: Vec<(String, String)>,
    /// Its description.
    pub description: Option<String>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/search.html")]
pub struct Page {
    shell: Shell,
    advisories: Vec<(String, Score, AdvisoryHit)>,
    packages: Vec<(String, PackageHit)>,
    next: Option<String>,
}

impl Page {
    /// Builds the page for a query.
    pub fn new(shell: Shell, query: String, input: Input) -> Self {
        let advisories = input
            .advisories
            .into_iter()
            .map(|hit| (path::advisory(&hit.id), Score::new(hit.score), hit));
        let packages = input
            .packages
            .into_iter()
            .map(|hit| (path::package(&hit.attr), hit));
        let next = input.next.map(|from| {
            let mut pairs = form_urlencoded::Serializer::new(String::new());
            pairs.append_pair("q", &query);
            pairs.append_pair("cursor", &from.to_string());
            format!("/search?{}", pairs.finish())
        });
        Self {
            next,
            shell: shell.searching(query),
            advisories: advisories.collect(),
            packages: packages.collect(),
        }
    }
}
