//! haskell/security-advisories.

use super::rustsec::severity;
use super::{Format, text, titled};
use crate::json::{Text, object};
use crate::model::{
    Affected, OsvEvent, OsvRange, OsvRangeKind, Record, Reference, Source, Versions,
};
use crate::osv::ReferenceJson;
use crate::purl::Purl;
use crate::reading::Warnings;
use crate::time;

object! {
    /// An advisory.
    pub struct Document {
        /// Mark of a collection.
        pub marked: Option<Text<'de>> = "_src",
        /// Id and aliases.
        pub advisory: Meta<'de> = "advisory",
        /// Packages and components of GHC.
        pub affected: Vec<Package<'de>> = "affected",
        /// As in OSV.
        pub references: Vec<ReferenceJson<'de>> = "references",
        /// Markdown.
        pub body: Option<Text<'de>> = "body",
    }
}

object! {
    /// `advisory`.
    pub struct Meta {
        /// `HSEC-2023-0001`.
        pub id: Option<Text<'de>> = "id",
        /// `YYYY-MM-DD`.
        pub date: Option<Text<'de>> = "date",
        /// Numbers.
        pub cwe: Vec<Option<f64>> = "cwe",
        /// Free words.
        pub keywords: Vec<Text<'de>> = "keywords",
        /// Same vulnerability.
        pub aliases: Vec<Text<'de>> = "aliases",
        /// Others.
        pub related: Vec<Text<'de>> = "related",
    }
}

object! {
    /// An entry of `affected`.
    pub struct Package {
        /// On Hackage.
        pub package: Option<Text<'de>> = "package",
        /// Or a part of GHC: `ghc`, `rts`, `ghci` …
        pub ghc_component: Option<Text<'de>> = "ghc-component",
        /// Vector.
        pub cvss: Option<Text<'de>> = "cvss",
        /// Operating systems.
        pub os: Vec<Text<'de>> = "os",
        /// Architectures.
        pub arch: Vec<Text<'de>> = "arch",
        /// Ranges.
        pub versions: Vec<Range<'de>> = "versions",
    }
}

object! {
    /// A range.
    pub struct Range {
        /// First affected.
        pub introduced: Option<Text<'de>> = "introduced",
        /// First not affected.
        pub fixed: Option<Text<'de>> = "fixed",
    }
}

pub(super) fn convert(document: &Document<'_>, _: &mut Warnings) -> Result<Record, String> {
    let by = Format::Haskell.publisher();
    let advisory = &document.advisory;
    let id = text(&advisory.id).ok_or("no advisory.id")?;
    let mut record = Record::new(id, Source::Vendor);
    record.publisher = Some(by.to_owned());
    record.aliases = advisory.aliases.iter().map(Text::to_string).collect();
    record.related = advisory.related.iter().map(Text::to_string).collect();
    (record.title, record.description) = titled(document.body.as_deref().unwrap_or_default());
    record.published = advisory.date.as_deref().and_then(time::millis);
    record.weaknesses = advisory
        .cwe
        .iter()
        .flatten()
        .map(|cwe| format!("CWE-{cwe}"))
        .collect();
    record.references = document
        .references
        .iter()
        .filter_map(|link| {
            let tags = text(&link.kind)
                .map(|kind| kind.to_lowercase())
                .into_iter()
                .collect();
            Some(Reference {
                url: text(&link.url)?,
                tags,
                name: None,
            })
        })
        .collect();
    for (index, package) in document.affected.iter().enumerate() {
        let severity = severity(&package.cvss, by);
        record
            .severities
            .extend(severity.filter(|known| !record.severities.contains(known)));
        record.affected.push(affected(package, index, by));
    }
    Ok(record)
}

fn affected(package: &Package<'_>, index: usize, by: &str) -> Affected {
    let events = package
        .versions
        .iter()
        .flat_map(|range| {
            let introduced = text(&range.introduced).map(OsvEvent::Introduced);
            [introduced, text(&range.fixed).map(OsvEvent::Fixed)]
        })
        .flatten()
        .collect();
    let range = OsvRange {
        kind: OsvRangeKind::Ecosystem,
        repo: None,
        events,
    };
    let hackage = text(&package.package);
    let ecosystem = if hackage.is_some() { "Hackage" } else { "GHC" };
    Affected {
        by: by.to_owned(),
        pointer: format!("/affected/{index}"),
        ecosystem: Some(ecosystem.to_owned()),
        purl: hackage.clone().map(|name| Purl::named("hackage", name)),
        package_name: hackage.or_else(|| text(&package.ghc_component)),
        platforms: package
            .os
            .iter()
            .chain(&package.arch)
            .map(Text::to_string)
            .collect(),
        versions: Versions::Osv {
            ranges: vec![range],
            versions: Vec::new(),
        },
        ..Affected::default()
    }
}
