//! One source's record as the advisory page shows it.

use snowguard_advisory::model::{Affected, Record, Reference, Source};

use crate::pages::matches::anchor;
use crate::show::cap::{Capped, CutText};
use crate::show::cpe::ConfigurationView;
use crate::show::link::Link;
use crate::show::severity::Score;
use crate::show::time::{Millis, When};
use crate::show::versions::{self, Line};

/// What one source says.
#[derive(Debug)]
pub struct Statement {
    /// The source's id.
    pub id: String,
    /// `CVE list`, `NVD`, `OSV`, or the vendor.
    pub source: &'static str,
    /// The database inside of the source.
    pub publisher: Option<String>,
    /// When it was changed.
    pub modified: Option<When>,
    /// CVSS: score, version, who, vector.
    pub severities: Vec<SeverityRow>,
    /// Products with versions.
    pub affected: Capped<AffectedRow>,
    /// CPE applicability.
    pub configurations: Capped<ConfigurationRow>,
    /// Links.
    pub references: Capped<(Link, Vec<String>)>,
    /// Heading and text: workarounds, solutions.
    pub advice: Vec<(&'static str, CutText)>,
    /// Who found it.
    pub credits: Capped<(String, Option<String>)>,
    /// What happened when.
    pub timeline: Capped<(String, String)>,
}

/// A CVSS line.
#[derive(Debug)]
pub struct SeverityRow {
    /// The score.
    pub score: Score,
    /// `3.1`.
    pub version: String,
    /// Who scored it.
    pub by: String,
    /// The vector.
    pub vector: String,
}

/// A product or package with its versions.
#[derive(Debug)]
pub struct AffectedRow {
    /// The element's id, to which reasons link.
    pub anchor: String,
    /// Who says so.
    pub by: String,
    /// Vendor, product, package as given.
    pub name: String,
    /// Vendor, where given.
    pub vendor: Option<String>,
    /// Label and value of what else is known: ecosystem, purl, repository, platforms …
    pub facts: Vec<(&'static str, String)>,
    /// The source repository.
    pub repo: Option<Link>,
    /// The status of versions that no line names.
    pub default: Option<&'static str>,
    /// The version lines.
    pub lines: Capped<Line>,
}

/// A configuration with its element id.
#[derive(Debug)]
pub struct ConfigurationRow {
    /// The element's id, to which reasons link.
    pub anchor: String,
    /// The configuration.
    pub view: ConfigurationView,
}

impl Statement {
    /// From a record.
    pub fn new(record: &Record, now: Millis) -> Self {
        let place = |pointer: &str| anchor(&format!("{}#{pointer}", record.id));
        let severities = record
            .severities
            .iter()
            .take(20)
            .map(|severity| SeverityRow {
                score: Score::new(severity.score),
                version: severity.version.clone(),
                by: severity.by.clone(),
                vector: severity.vector.clone(),
            });
        let affected = record
            .affected
            .iter()
            .map(|affected| AffectedRow::new(affected, place(&affected.pointer)));
        let configurations = record
            .configurations
            .iter()
            .map(|configuration| ConfigurationRow {
                anchor: place(&configuration.pointer),
                view: ConfigurationView::new(configuration),
            });
        let advice = [
            ("Workaround", &record.workarounds),
            ("Solution", &record.solutions),
        ]
        .into_iter()
        .flat_map(|(heading, texts)| {
            texts
                .iter()
                .take(5)
                .map(move |text| (heading, CutText::new(text, 600)))
        });
        let credits = record
            .credits
            .iter()
            .map(|c| (c.value.clone(), c.kind.clone()));
        let timeline = record
            .timeline
            .iter()
            .map(|entry| (entry.time.clone(), entry.value.clone()));
        Self {
            id: record.id.clone(),
            source: source(record.source),
            publisher: record.publisher.clone(),
            modified: When::maybe(record.modified.or(record.published), now),
            severities: severities.collect(),
            affected: Capped::new(affected, 8, 24),
            configurations: Capped::new(configurations, 3, 10),
            references: Capped::new(references(&record.references), 12, 60),
            advice: advice.collect(),
            credits: Capped::new(credits, 20, 20),
            timeline: Capped::new(timeline, 30, 30),
        }
    }
}

impl AffectedRow {
    fn new(affected: &Affected, anchor: String) -> Self {
        let name = affected.package_name.as_ref().or(affected.product.as_ref());
        let purl = affected.purl.as_ref().map(ToString::to_string);
        let name = name
            .cloned()
            .or_else(|| purl.clone())
            .or_else(|| affected.repo.clone());
        let product = affected
            .product
            .clone()
            .filter(|product| Some(product) != name.as_ref());
        let list = |values: &[String]| {
            let shown = values
                .iter()
                .take(12)
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", ");
            let left = values.len().saturating_sub(12);
            let tail = if left > 0 {
                format!(" and {left} more")
            } else {
                String::new()
            };
            (!values.is_empty()).then(|| format!("{shown}{tail}"))
        };
        let cpes: Vec<String> = affected.cpes.iter().map(ToString::to_string).collect();
        let facts = [
            ("product", product),
            ("ecosystem", affected.ecosystem.clone()),
            ("purl", purl.filter(|purl| Some(purl) != name.as_ref())),
            ("collection", affected.collection_url.clone()),
            ("platforms", list(&affected.platforms)),
            ("modules", list(&affected.modules)),
            ("files", list(&affected.program_files)),
            ("routines", list(&affected.program_routines)),
            ("CPE", list(&cpes)),
        ];
        let lines = versions::lines(&affected.versions);
        Self {
            anchor,
            by: affected.by.clone(),
            name: name.unwrap_or_else(|| "not named".to_owned()),
            vendor: affected.vendor.clone(),
            facts: facts
                .into_iter()
                .filter_map(|(label, value)| Some((label, value?)))
                .collect(),
            repo: affected.repo.as_deref().map(Link::new),
            default: versions::default_status(&affected.versions),
            lines: Capped::new(lines, 10, 40),
        }
    }
}

fn references(references: &[Reference]) -> impl Iterator<Item = (Link, Vec<String>)> + '_ {
    let tags = |reference: &Reference| {
        let tags = reference
            .tags
            .iter()
            .filter(|tag| !tag.starts_with("x_"))
            .take(6);
        tags.cloned().collect()
    };
    references
        .iter()
        .map(move |reference| (Link::new(&reference.url), tags(reference)))
}

fn source(source: Source) -> &'static str {
    match source {
        Source::CveList => "CVE list",
        Source::Nvd => "NVD",
        Source::Osv => "OSV",
        Source::Vendor => "Vendor",
    }
}
