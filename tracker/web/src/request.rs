//! What a request may ask for, checked before anything else sees it.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query};
use serde::Deserialize;

use crate::failure::Failure;

/// Longest id of an advisory, in bytes.
const ID: usize = 200;
/// Longest attribute path, in bytes.
const ATTR: usize = 500;
/// Longest query, in characters; the search box allows no more.
const QUERY: usize = 200;

/// The id of an advisory as it stands in an address: a CVE id in its canonical upper case, any
/// other id as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdvisoryId {
    id: String,
    canonical: bool,
}

impl AdvisoryId {
    /// Checks a segment of an address.
    ///
    /// # Errors
    /// [`Failure::BadRequest`] for what cannot be an id.
    pub fn parse(segment: Result<Path<String>, PathRejection>) -> Result<Self, Failure> {
        let id = text(segment, ID)?;
        let is_cve = id
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("cve-"));
        let canonical = !is_cve || !id.contains(|c: char| c.is_ascii_lowercase());
        Ok(Self {
            id: if is_cve { id.to_ascii_uppercase() } else { id },
            canonical,
        })
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.id
    }

    /// Whether it stood in the address in just this spelling.
    pub fn is_canonical(&self) -> bool {
        self.canonical
    }
}

/// An attribute path as it stands in an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attr(String);

impl Attr {
    /// Checks a segment of an address.
    ///
    /// # Errors
    /// [`Failure::BadRequest`] for what cannot be an attribute path.
    pub fn parse(segment: Result<Path<String>, PathRejection>) -> Result<Self, Failure> {
        text(segment, ATTR).map(Self)
    }

    /// The attribute path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a page's or document's query may hold; what it does not know is ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Params {
    /// Search text.
    pub q: Option<String>,
    /// `low` lists low matches too.
    pub tier: Option<String>,
    /// A channel.
    pub channel: Option<String>,
    /// Where a list goes on.
    pub cursor: Option<String>,
    /// Entries of a list at once.
    pub limit: Option<String>,
    /// A package.
    pub package: Option<String>,
    /// How far issues have come.
    pub stage: Option<String>,
    /// From where on changes are wanted.
    pub since: Option<String>,
}

impl Params {
    /// Checks the query of an address.
    ///
    /// # Errors
    /// [`Failure::BadRequest`] for a query that is not UTF-8, or names something twice.
    pub fn parse(query: Result<Query<Self>, QueryRejection>) -> Result<Self, Failure> {
        let bad =
            |_| Failure::BadRequest("The part after the question mark is not readable.".to_owned());
        let Query(mut params) = query.map_err(bad)?;
        let Self {
            q,
            tier,
            channel,
            cursor,
            limit,
            package,
            stage,
            since,
        } = &mut params;
        for value in [q, tier, channel, cursor, limit, package, stage, since] {
            // A form sends fields that were left empty.
            *value = value.take().filter(|text| !text.trim().is_empty());
        }
        Ok(params)
    }

    /// How many entries of a list are wanted: 1 to 500, else `usual`.
    ///
    /// # Errors
    /// [`Failure::BadRequest`] for anything else.
    pub fn limit(&self, usual: usize) -> Result<usize, Failure> {
        let Some(limit) = &self.limit else {
            return Ok(usual);
        };
        let limit = limit.parse().ok().filter(|limit| (1..=500).contains(limit));
        limit.ok_or_else(|| Failure::BadRequest("A limit is a number from 1 to 500.".to_owned()))
    }

    /// Where a numbered list goes on.
    ///
    /// # Errors
    /// [`Failure::BadRequest`] for what is no number.
    pub fn place(&self) -> Result<Option<usize>, Failure> {
        let bad = |_| Failure::BadRequest("A place in a list is a number.".to_owned());
        self.cursor
            .as_deref()
            .map(|place| place.parse().map_err(bad))
            .transpose()
    }

    /// The search text, cut to what the search box allows.
    pub fn query(&self) -> String {
        self.q
            .as_deref()
            .unwrap_or_default()
            .trim()
            .chars()
            .take(QUERY)
            .collect()
    }
}

/// A number in an address.
///
/// # Errors
/// [`Failure::BadRequest`].
pub fn number(segment: Result<Path<String>, PathRejection>) -> Result<i64, Failure> {
    let number = segment.ok().and_then(|Path(text)| text.parse().ok());
    number.ok_or_else(|| Failure::BadRequest("This is not a number.".to_owned()))
}

fn text(segment: Result<Path<String>, PathRejection>, longest: usize) -> Result<String, Failure> {
    let bad = || Failure::BadRequest("This address is not readable.".to_owned());
    let Ok(Path(text)) = segment else {
        return Err(bad());
    };
    let odd = |c: char| c.is_control() || c == '\u{fffd}';
    if text.is_empty() || text.len() > longest || text.contains(odd) {
        return Err(bad());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cve_id_is_canonical_and_others_stay() {
        let parse = |id: &str| {
            AdvisoryId::parse(Ok(Path(id.to_owned())))
                .map(|id| id.id)
                .ok()
        };
        assert_eq!(parse("cve-2024-3094").as_deref(), Some("CVE-2024-3094"));
        assert_eq!(
            parse("GHSA-rxwq-x6h5-x525").as_deref(),
            Some("GHSA-rxwq-x6h5-x525")
        );
        assert_eq!(parse("ä").as_deref(), Some("ä"));
        for odd in ["", "a\nb", "a\0", &"x".repeat(201)] {
            assert_eq!(parse(odd), None, "{odd:?}");
        }
    }
}
