//! rubysec/ruby-advisory-db: gems, and the engines that run them.

use super::requirement::{self, Bare};
use super::{Format, made_id, text};
use crate::ids;
use crate::json::{Text, object};
use crate::model::{Affected, Record, Reference, Severity, Source, Status, Versions};
use crate::purl::Purl;
use crate::reading::{Warnings, quote};
use crate::time;

object! {
    /// An advisory.
    pub struct Document {
        /// Mark of a collection.
        pub marked: Option<Text<'de>> = "_src",
        /// Name of the gem.
        pub gem: Option<Text<'de>> = "gem",
        /// Or of the engine: `ruby`, `jruby`, `mruby`.
        pub engine: Option<Text<'de>> = "engine",
        /// The library of an engine.
        pub library: Option<Text<'de>> = "library",
        /// `rails`.
        pub framework: Option<Text<'de>> = "framework",
        /// `jruby` …
        pub platform: Option<Text<'de>> = "platform",
        /// CVE id without `CVE-`.
        pub cve: Option<Text<'de>> = "cve",
        /// GHSA id without `GHSA-`.
        pub ghsa: Option<Text<'de>> = "ghsa",
        /// A number, as it stands.
        pub osvdb: crate::json::RawOption<'de> = "osvdb",
        /// Where to read on.
        pub url: Option<Text<'de>> = "url",
        /// Headline.
        pub title: Option<Text<'de>> = "title",
        /// `YYYY-MM-DD`.
        pub date: Option<Text<'de>> = "date",
        /// Markdown.
        pub description: Option<Text<'de>> = "description",
        /// Score.
        pub cvss_v2: Option<f64> = "cvss_v2",
        /// Score.
        pub cvss_v3: Option<f64> = "cvss_v3",
        /// Score.
        pub cvss_v4: Option<f64> = "cvss_v4",
        /// Requirements that are mended.
        pub patched_versions: Vec<Text<'de>> = "patched_versions",
        /// Requirements that never were affected.
        pub unaffected_versions: Vec<Text<'de>> = "unaffected_versions",
        /// Links and ids.
        pub related: Related<'de> = "related",
        /// Remarks.
        pub notes: Option<Text<'de>> = "notes",
    }
}

object! {
    /// Related links and ids.
    pub struct Related {
        /// CVE ids without `CVE-`.
        pub cve: Vec<Text<'de>> = "cve",
        /// GHSA ids without `GHSA-`.
        pub ghsa: Vec<Text<'de>> = "ghsa",
        /// Numbers, as they stand.
        pub osvdb: crate::json::RawOption<'de> = "osvdb",
        /// Links.
        pub url: Vec<Text<'de>> = "url",
    }
}

pub(super) fn convert(document: &Document<'_>, warnings: &mut Warnings) -> Result<Record, String> {
    let by = Format::RubySec.publisher().to_owned();
    let gem = text(&document.gem);
    let Some(name) = gem.clone().or_else(|| text(&document.engine)) else {
        return Err("names neither a gem nor an engine".to_owned());
    };
    let cve = document
        .cve
        .as_deref()
        .map(prefixed_cve)
        .filter(|cve| ids::is_cve(cve));
    let ghsa = text(&document.ghsa).map(|ghsa| format!("GHSA-{ghsa}"));
    let naming =
        [document.title.as_deref(), document.url.as_deref()].map(Option::unwrap_or_default);
    let own = cve.as_deref().or(ghsa.as_deref());
    let mut record = Record::new(made_id("RUBYSEC", &name, own, &naming), Source::Vendor);
    record.publisher = Some(by.clone());
    record.aliases.extend(cve.into_iter().chain(ghsa));
    record.related = document
        .related
        .cve
        .iter()
        .map(|cve| prefixed_cve(cve))
        .collect();
    record.related.extend(
        document
            .related
            .ghsa
            .iter()
            .map(|ghsa| format!("GHSA-{ghsa}")),
    );
    record.title = text(&document.title);
    record.description = text(&document.description).unwrap_or_default();
    record.published = document.date.as_deref().and_then(time::millis);
    record.severities = [
        ("2.0", document.cvss_v2),
        ("3.1", document.cvss_v3),
        ("4.0", document.cvss_v4),
    ]
    .into_iter()
    .filter_map(|(version, score)| {
        let version = version.to_owned();
        Some(Severity {
            by: by.clone(),
            version,
            vector: String::new(),
            score: Some(score?),
        })
    })
    .collect();
    for url in document.url.iter().chain(&document.related.url) {
        if !record.references.iter().any(|known| known.url == **url) {
            record.references.push(Reference {
                url: url.to_string(),
                tags: Vec::new(),
                name: None,
            });
        }
    }

    let mut entries = Vec::new();
    for (field, list) in [
        ("patched_versions", &document.patched_versions),
        ("unaffected_versions", &document.unaffected_versions),
    ] {
        for (index, requirement) in list.iter().enumerate() {
            match requirement::entry(requirement, Status::Unaffected, "gem", Bare::Exact) {
                Some(entry) => entries.push(entry),
                None => warnings.push(
                    format!("/{field}/{index}"),
                    format!("not a requirement: {}", quote(requirement)),
                ),
            }
        }
    }
    record.affected.push(Affected {
        by,
        pointer: String::new(),
        vendor: gem.is_none().then(|| name.clone()),
        product: gem.is_none().then(|| name.clone()),
        ecosystem: gem.is_some().then(|| "RubyGems".to_owned()),
        purl: gem.as_ref().map(|gem| Purl::named("gem", gem.clone())),
        package_name: gem,
        modules: text(&document.library).into_iter().collect(),
        platforms: text(&document.platform).into_iter().collect(),
        versions: Versions::Cve {
            default: Status::Affected,
            entries,
        },
        ..Affected::default()
    });
    Ok(record)
}

fn prefixed_cve(number: &str) -> String {
    let number = number.trim();
    if number.starts_with("CVE-") {
        number.to_owned()
    } else {
        format!("CVE-{number}")
    }
}
