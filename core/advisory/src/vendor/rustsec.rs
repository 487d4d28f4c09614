//! RustSec/advisory-db.

use super::requirement::{self, Bare};
use super::{Format, text, titled};
use crate::cvss;
use crate::json::{Entries, Text, object};
use crate::model::{Affected, Record, Reference, Severity, Source, State, Status, Versions};
use crate::purl::Purl;
use crate::reading::{Warnings, quote};
use crate::time;

object! {
    /// An advisory.
    pub struct Document {
        /// Mark of a collection.
        pub marked: Option<Text<'de>> = "_src",
        /// What and where.
        pub advisory: Meta<'de> = "advisory",
        /// Which versions are not vulnerable.
        pub versions: Ranges<'de> = "versions",
        /// Further restrictions.
        pub affected: Restrictions<'de> = "affected",
        /// Markdown.
        pub body: Option<Text<'de>> = "body",
    }
}

object! {
    /// `advisory`.
    pub struct Meta {
        /// `RUSTSEC-2020-0105`.
        pub id: Option<Text<'de>> = "id",
        /// Name of the crate.
        pub package: Option<Text<'de>> = "package",
        /// `rust` or `crates`, where it is not the latter.
        pub collection: Option<Text<'de>> = "collection",
        /// `YYYY-MM-DD`.
        pub date: Option<Text<'de>> = "date",
        /// `YYYY-MM-DD`.
        pub withdrawn: Option<Text<'de>> = "withdrawn",
        /// `unsound`, `unmaintained`, `notice`.
        pub informational: Option<Text<'de>> = "informational",
        /// Vector.
        pub cvss: Option<Text<'de>> = "cvss",
        /// Same vulnerability.
        pub aliases: Vec<Text<'de>> = "aliases",
        /// Others.
        pub related: Vec<Text<'de>> = "related",
        /// `memory-corruption` …
        pub categories: Vec<Text<'de>> = "categories",
        /// Free words.
        pub keywords: Vec<Text<'de>> = "keywords",
        /// Link.
        pub url: Option<Text<'de>> = "url",
        /// Further links.
        pub references: Vec<Text<'de>> = "references",
        /// Of the text.
        pub license: Option<Text<'de>> = "license",
    }
}

object! {
    /// `versions`: vulnerable is what is neither patched nor unaffected.
    pub struct Ranges {
        /// Requirements that are mended.
        pub patched: Vec<Text<'de>> = "patched",
        /// Requirements that never were affected.
        pub unaffected: Vec<Text<'de>> = "unaffected",
    }
}

object! {
    /// `affected`.
    pub struct Restrictions {
        /// Architectures.
        pub arch: Vec<Text<'de>> = "arch",
        /// Operating systems.
        pub os: Vec<Text<'de>> = "os",
        /// Paths of functions, with requirements.
        pub functions: Entries<'de, Vec<Text<'de>>> = "functions",
    }
}

pub(super) fn convert(document: &Document<'_>, warnings: &mut Warnings) -> Result<Record, String> {
    let by = Format::RustSec.publisher().to_owned();
    let advisory = &document.advisory;
    let id = text(&advisory.id).ok_or("no advisory.id")?;
    let package = text(&advisory.package).ok_or("no advisory.package")?;
    let mut record = Record::new(id, Source::Vendor);
    record.publisher = Some(by.clone());
    if advisory.withdrawn.is_some() {
        record.state = State::Withdrawn;
    }
    record.source_status = text(&advisory.informational);
    record.aliases = advisory.aliases.iter().map(Text::to_string).collect();
    record.related = advisory.related.iter().map(Text::to_string).collect();
    (record.title, record.description) = titled(document.body.as_deref().unwrap_or_default());
    record.published = advisory.date.as_deref().and_then(time::millis);
    record.tags = advisory.categories.iter().map(Text::to_string).collect();
    record.severities = severity(&advisory.cvss, &by).into_iter().collect();
    let links = advisory.url.iter().chain(&advisory.references);
    record.references = links
        .map(|url| Reference {
            url: url.to_string(),
            tags: Vec::new(),
            name: None,
        })
        .collect();

    let mut entries = Vec::new();
    let ranges = &document.versions;
    for (field, list) in [
        ("patched", &ranges.patched),
        ("unaffected", &ranges.unaffected),
    ] {
        for (index, requirement) in list.iter().enumerate() {
            match requirement::entry(requirement, Status::Unaffected, "semver", Bare::Caret) {
                Some(entry) => entries.push(entry),
                None => warnings.push(
                    format!("/versions/{field}/{index}"),
                    format!("not a requirement: {}", quote(requirement)),
                ),
            }
        }
    }
    let restrictions = &document.affected;
    record.affected.push(Affected {
        by,
        pointer: "/versions".to_owned(),
        ecosystem: Some("crates.io".to_owned()),
        purl: Some(Purl::named("cargo", package.clone())),
        package_name: Some(package),
        platforms: restrictions
            .os
            .iter()
            .chain(&restrictions.arch)
            .map(Text::to_string)
            .collect(),
        program_routines: restrictions
            .functions
            .0
            .iter()
            .map(|(path, _)| path.to_string())
            .collect(),
        versions: Versions::Cve {
            default: Status::Affected,
            entries,
        },
        ..Affected::default()
    });
    Ok(record)
}

/// A severity from a bare vector.
pub(super) fn severity(vector: &Option<Text<'_>>, by: &str) -> Option<Severity> {
    let vector = text(vector)?;
    let version = vector
        .strip_prefix("CVSS:")
        .and_then(|rest| rest.get(..3))
        .unwrap_or("2.0");
    let version = version.to_owned();
    Some(Severity {
        by: by.to_owned(),
        version,
        score: cvss::base_score(&vector),
        vector,
    })
}
