//! Who publishes, and where.

use serde::{Deserialize, Serialize};

use crate::InputError;
use crate::issue::id::IssueId;
use crate::issue::names::WebUrl;

/// Who publishes the documents, and where they stand. One value for an instance of the tracker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// The publisher's name: `Nixpkgs security team`. One line.
    pub name: String,
    /// How to reach them, in plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// What they are to the software, in CSAF's words.
    pub category: PublisherCategory,
    /// An address that is theirs for ever; stands for them in CSAF.
    pub namespace: WebUrl,
    /// Where the tracker's pages are, as a folder.
    pub pages: WebUrl,
    /// Where the exports are, as a folder; see [`crate::paths`] for what stands in it.
    pub exports: WebUrl,
    /// Who coined the ids of feeds and entries.
    pub tagging: TaggingEntity,
}

impl Provider {
    /// The page of an issue: `issue/NIXPKGS-2026-0001` among [`Provider::pages`].
    #[must_use]
    pub fn issue_page(&self, id: IssueId) -> WebUrl {
        self.pages.within(&format!("issue/{id}"))
    }

    /// A file among the exports.
    #[must_use]
    pub fn export(&self, path: &str) -> WebUrl {
        self.exports.within(path)
    }
}

/// What a publisher is to the software.
///
/// Source: CSAF 2.0, section 3.2.1.8.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublisherCategory {
    /// Brings parties together.
    Coordinator,
    /// Has found things out about it.
    Discoverer,
    /// None of the others.
    Other,
    /// Passes on what others said.
    Translator,
    /// Uses it.
    User,
    /// Makes it. A distribution is the vendor of its packages.
    Vendor,
}

impl PublisherCategory {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator",
            Self::Discoverer => "discoverer",
            Self::Other => "other",
            Self::Translator => "translator",
            Self::User => "user",
            Self::Vendor => "vendor",
        }
    }
}

/// Who coins tag URIs: a domain name, and a date on which they held it.
///
/// An entry's id must stay when its page moves, so that it is no address. Source: RFC 4151.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TaggingEntity(String);

impl TaggingEntity {
    /// Reads `example.org,2026` or `example.org,2026-01` or `example.org,2026-01-31`.
    ///
    /// # Errors
    /// [`InputError::Form`] for anything else.
    pub fn new(text: impl Into<String>) -> Result<Self, InputError> {
        let text = text.into();
        if is_tagging_entity(&text) {
            Ok(Self(text))
        } else {
            Err(InputError::form(&text, "a domain name, a comma and a date"))
        }
    }

    /// `tag:example.org,2026:` and the name; what a tag URI cannot hold is percent-encoded.
    #[must_use]
    pub fn tag(&self, name: &str) -> String {
        use std::fmt::Write as _;
        let mut tag = format!("tag:{}:", self.0);
        for byte in name.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte) {
                tag.push(char::from(byte));
            } else {
                write!(tag, "%{byte:02X}").expect("writing into a String cannot fail");
            }
        }
        tag
    }
}

fn is_tagging_entity(text: &str) -> bool {
    let Some((domain, date)) = text.split_once(',') else {
        return false;
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let parts: Vec<&str> = date.split('-').collect();
    let digits = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    domain.len() <= 253
        && domain.split('.').all(label)
        && parts.len() <= 3
        && parts
            .iter()
            .enumerate()
            .all(|(at, part)| digits(part, if at == 0 { 4 } else { 2 }))
}

impl TryFrom<String> for TaggingEntity {
    type Error = InputError;

    fn try_from(text: String) -> Result<Self, InputError> {
        Self::new(text)
    }
}

impl From<TaggingEntity> for String {
    fn from(entity: TaggingEntity) -> Self {
        entity.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        let entity = TaggingEntity::new("tracker.example.org,2026-01").unwrap();
        assert_eq!(
            entity.tag("package/a b+c"),
            "tag:tracker.example.org,2026-01:package/a%20b%2Bc"
        );
        for text in [
            "example.org",
            "example.org,26",
            "example.org,2026-1",
            "Example.org,2026",
            "-x.org,2026",
            "a..b,2026",
            ",2026",
            "example.org,2026-01-01-01",
        ] {
            assert!(TaggingEntity::new(text).is_err(), "{text}");
        }
    }
}
