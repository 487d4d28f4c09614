//! mozilla/foundation-security-advisories: one document lists many vulnerabilities.

use super::{Format, text};
use crate::error::{Error, Place};
use crate::ids;
use crate::json::{Entries, Text, from_text, object};
use crate::limits::Limits;
use crate::model::{Affected, Credit, CveVersion, Record, Reference, Source, Status, Versions};
use crate::reading::{Reading, Warnings, quote};
use crate::time;

object! {
    /// An advisory.
    pub struct Document {
        /// Mark of a collection.
        pub marked: Option<Text<'de>> = "_src",
        /// `mfsa2016-85`.
        pub mfsa: Option<Text<'de>> = "mfsa",
        /// `September 20, 2016`.
        pub announced: Option<Text<'de>> = "announced",
        /// `critical`, `high`, `moderate`, `low`.
        pub impact: Option<Text<'de>> = "impact",
        /// `Firefox 49`, `Firefox ESR 140.7`.
        pub fixed_in: Vec<Text<'de>> = "fixed_in",
        /// Headline.
        pub title: Option<Text<'de>> = "title",
        /// Text for all.
        pub description: Option<Text<'de>> = "description",
        /// By CVE id, or an id of Mozilla's own.
        pub advisories: Entries<'de, Vulnerability<'de>> = "advisories",
    }
}

object! {
    /// One of the vulnerabilities.
    pub struct Vulnerability {
        /// Headline.
        pub title: Option<Text<'de>> = "title",
        /// As above.
        pub impact: Option<Text<'de>> = "impact",
        /// Who found it.
        pub reporter: Option<Text<'de>> = "reporter",
        /// Text with HTML.
        pub description: Option<Text<'de>> = "description",
        /// Whether it is in the feed.
        pub feed: Option<bool> = "feed",
        /// Bugs.
        pub bugs: Vec<Bug<'de>> = "bugs",
    }
}

object! {
    /// A bug: `url` is a number or a list of numbers as text, or a URL.
    pub struct Bug {
        /// As it stands.
        pub url: crate::json::RawOption<'de> = "url",
        /// What it says.
        pub desc: Option<Text<'de>> = "desc",
    }
}

pub(super) fn read(text_: &str, limits: &Limits) -> Result<Vec<Reading>, Error> {
    let (document, warnings) = from_text::<Document<'_>>(text_, limits)?;
    let fail = |reason: &str| Error::NotARecord {
        at: Place::default(),
        reason: reason.to_owned(),
    };
    let mfsa = text(&document.mfsa)
        .ok_or_else(|| fail("no mfsa"))?
        .to_uppercase();
    if document.advisories.0.is_empty() {
        return Err(fail("lists no vulnerabilities"));
    }
    let mut warnings = Some(warnings);
    let readings = document.advisories.0.iter().map(|(id, vulnerability)| {
        // What was odd in the document as a whole is told once, with its first record.
        let mut warnings = warnings.take().unwrap_or_default();
        let record = convert(&document, &mfsa, id, vulnerability, &mut warnings);
        Reading {
            record,
            warnings: warnings.finish(),
        }
    });
    Ok(readings.collect())
}

fn convert(
    document: &Document<'_>,
    mfsa: &str,
    id: &str,
    vulnerability: &Vulnerability<'_>,
    warnings: &mut Warnings,
) -> Record {
    let by = Format::Mozilla.publisher().to_owned();
    let mut record = Record::new(format!("{mfsa}-{id}"), Source::Vendor);
    record.publisher = Some(by.clone());
    if ids::is_cve(id) {
        record.aliases.push(id.to_owned());
    }
    record.source_status = text(&vulnerability.impact).or_else(|| text(&document.impact));
    record.title = text(&vulnerability.title);
    record.description = text(&vulnerability.description).unwrap_or_default();
    record.published = document.announced.as_deref().and_then(announced);
    let number = mfsa.trim_start_matches("MFSA");
    record.references.push(Reference {
        url: format!("https://www.mozilla.org/security/advisories/mfsa{number}/"),
        tags: vec!["vendor-advisory".to_owned()],
        name: text(&document.title),
    });
    for number in vulnerability
        .bugs
        .iter()
        .filter_map(|bug| bug.url.0)
        .flat_map(|raw| {
            let digits = raw.get().trim_matches('"').split([',', ' ']);
            digits.filter(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
        })
    {
        record.references.push(Reference {
            url: format!("https://bugzilla.mozilla.org/show_bug.cgi?id={number}"),
            tags: vec!["issue-tracking".to_owned()],
            name: None,
        });
    }
    record.credits = text(&vulnerability.reporter)
        .map(|value| Credit {
            value,
            kind: Some("reporter".to_owned()),
        })
        .into_iter()
        .collect();
    for (index, fixed) in document.fixed_in.iter().enumerate() {
        match affected(fixed, index, &by) {
            Some(affected) => record.affected.push(affected),
            None => warnings.push(
                format!("/fixed_in/{index}"),
                format!("not a product with a version: {}", quote(fixed)),
            ),
        }
    }
    record
}

/// `Firefox ESR 140.7` → product and versions.
fn affected(fixed: &str, index: usize, by: &str) -> Option<Affected> {
    let words: Vec<&str> = fixed.split_whitespace().collect();
    let at = words.iter().position(|word| {
        word.starts_with(|c: char| c.is_ascii_digit())
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
    })?;
    let (product, version) = (words[..at].join(" "), words[at]);
    if product.is_empty() {
        return None;
    }
    // `(Windows)` after the version, `for iOS` before it.
    let platforms = words[at + 1..]
        .iter()
        .map(|word| word.trim_matches(['(', ')']).to_owned())
        .filter(|word| word.starts_with(|c: char| c.is_alphabetic()))
        .collect();
    let entry = |version: &str, status, less_than: &str| CveVersion {
        version: version.to_owned(),
        status,
        less_than: Some(less_than.to_owned()),
        less_than_or_equal: None,
        version_type: Some("mozilla".to_owned()),
        changes: Vec::new(),
    };
    let (default, entries) = if product.ends_with("ESR") {
        // An advisory speaks of one ESR branch; others have advisories of their own.
        let branch = version.split('.').next()?;
        let end = format!("{branch}.*");
        let affected = entry(branch, Status::Affected, version);
        (
            Status::Unknown,
            vec![affected, entry(version, Status::Unaffected, &end)],
        )
    } else {
        (
            Status::Unaffected,
            vec![entry("0", Status::Affected, version)],
        )
    };
    Some(Affected {
        by: by.to_owned(),
        pointer: format!("/fixed_in/{index}"),
        vendor: Some("Mozilla".to_owned()),
        product: Some(product),
        platforms,
        versions: Versions::Cve { default, entries },
        ..Affected::default()
    })
}

/// `September 20, 2016`.
fn announced(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let mut words = text.split([' ', ',']).filter(|word| !word.is_empty());
    let month = words.next()?;
    let month = MONTHS
        .iter()
        .position(|known| known.eq_ignore_ascii_case(month))?
        + 1;
    let day: u8 = words
        .next()?
        .trim_end_matches(|c: char| c.is_alphabetic())
        .parse()
        .ok()?;
    let year: u16 = words.next()?.parse().ok()?;
    time::millis(&format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_words() {
        assert_eq!(announced("September 20, 2016"), time::millis("2016-09-20"));
        assert_eq!(announced("July 20th, 2023"), time::millis("2023-07-20"));
        assert_eq!(announced("Soon"), None);
    }
}
