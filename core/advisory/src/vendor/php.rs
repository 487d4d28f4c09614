//! FriendsOfPHP/security-advisories.

use super::requirement::{self, Bare};
use super::{Format, made_id, text};
use crate::ids;
use crate::json::{Entries, RawOption, Text, object};
use crate::model::{Affected, Record, Reference, Source, Status, Versions};
use crate::purl::Purl;
use crate::reading::{Warnings, quote};
use crate::time;

object! {
    /// An advisory.
    pub struct Document {
        /// Mark of a collection.
        pub marked: Option<Text<'de>> = "_src",
        /// Headline.
        pub title: Option<Text<'de>> = "title",
        /// Where to read on.
        pub link: Option<Text<'de>> = "link",
        /// CVE id.
        pub cve: Option<Text<'de>> = "cve",
        /// `composer://vendor/package`.
        pub reference: Option<Text<'de>> = "reference",
        /// `false`, or the URL of another repository than Packagist.
        pub composer_repository: RawOption<'de> = "composer-repository",
        /// By branch.
        pub branches: Entries<'de, Branch<'de>> = "branches",
    }
}

object! {
    /// A branch.
    pub struct Branch {
        /// When it was mended.
        pub time: Option<Text<'de>> = "time",
        /// Constraints that hold together.
        pub versions: Vec<Text<'de>> = "versions",
    }
}

pub(super) fn convert(document: &Document<'_>, warnings: &mut Warnings) -> Result<Record, String> {
    let reference = document.reference.as_deref().unwrap_or_default();
    let name = reference
        .strip_prefix("composer://")
        .filter(|name| !name.is_empty());
    let Some(name) = name else {
        return Err(format!(
            "reference names no Composer package: {}",
            quote(reference)
        ));
    };
    let cve = text(&document.cve).filter(|cve| ids::is_cve(cve));
    let title = text(&document.title);
    let naming = [
        title.as_deref().unwrap_or_default(),
        document.link.as_deref().unwrap_or_default(),
    ];
    let id = made_id("FRIENDSOFPHP", name, cve.as_deref(), &naming);
    let mut record = Record::new(id, Source::Vendor);
    record.publisher = Some(Format::FriendsOfPhp.publisher().to_owned());
    record.aliases.extend(cve);
    record.title = title;
    record.references = text(&document.link)
        .map(|url| Reference {
            url,
            tags: vec!["vendor-advisory".to_owned()],
            name: None,
        })
        .into_iter()
        .collect();
    let times = document
        .branches
        .0
        .iter()
        .filter_map(|(_, branch)| branch.time.as_deref());
    record.published = times.filter_map(time::millis).min();

    let mut entries = Vec::new();
    for (branch, content) in &document.branches.0 {
        let constraint = content.versions.join(", ");
        match requirement::entry(&constraint, Status::Affected, "composer", Bare::Exact) {
            Some(entry) => entries.push(entry),
            None => warnings.push(
                format!("/branches/{branch}/versions"),
                format!("not a constraint: {}", quote(&constraint)),
            ),
        }
    }
    let (namespace, package) = match name.split_once('/') {
        Some((namespace, package)) => (Some(namespace.to_lowercase()), package.to_lowercase()),
        None => (None, name.to_lowercase()),
    };
    record.affected.push(Affected {
        by: Format::FriendsOfPhp.publisher().to_owned(),
        pointer: "/branches".to_owned(),
        package_name: Some(name.to_owned()),
        ecosystem: Some("Packagist".to_owned()),
        purl: Some(Purl {
            namespace,
            ..Purl::named("composer", package)
        }),
        versions: Versions::Cve {
            default: Status::Unaffected,
            entries,
        },
        ..Affected::default()
    });
    Ok(record)
}
