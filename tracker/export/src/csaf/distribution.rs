//! The folder in which a provider lays its documents out.
//!
//! Source: CSAF 2.0, section 7.1; RFC 8322 (ROLIE).
//!
//! What a provider needs besides these files stands with whoever serves them: TLS, no redirects, listings
//! of folders, and `security.txt` or another way to `provider-metadata.json` (sections 7.1.3 to 7.1.10, 7.1.14).

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::publisher;
use crate::document::Document;
use crate::issue::Issue;
use crate::issue::id::IssueId;
use crate::issue::names::WebUrl;
use crate::moment::Moment;
use crate::provider::Provider;
use crate::{paths, text};

/// Collects what the folder's own files tell of each document: some hundred bytes for each.
#[derive(Debug, Clone, Default)]
pub struct Distribution {
    entries: Vec<Entry>,
    keys: Vec<OpenPgpKey>,
}

/// A key whose signatures stand beside the documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPgpKey {
    /// Hexadecimal, at least 40 digits.
    pub fingerprint: String,
    /// Where the public key is.
    pub url: WebUrl,
}

#[derive(Debug, Clone)]
struct Entry {
    id: IssueId,
    title: String,
    published: Moment,
    updated: Moment,
}

impl Entry {
    /// From the distribution's folder.
    fn path(&self) -> String {
        format!("{}/{}", self.published.year(), paths::csaf_file(self.id))
    }
}

impl Distribution {
    /// Of nothing, by a provider (section 7.2.2).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// By a trusted provider (section 7.2.3), who puts an OpenPGP signature beside each document
    /// (`.asc`, section 7.1.19); making it is the caller's. Without a key, as [`Distribution::new`].
    #[must_use]
    pub fn signed(keys: Vec<OpenPgpKey>) -> Self {
        Self {
            entries: Vec::new(),
            keys,
        }
    }

    /// Adds the document of an issue; each issue once.
    pub fn add(&mut self, issue: &Issue) {
        self.entries.push(Entry {
            id: issue.id,
            title: text::line_or(&issue.title, &issue.id.to_string()).into_owned(),
            published: issue.published,
            updated: issue.modified.max(issue.published),
        });
    }

    /// The folder's own files: `index.txt`, `changes.csv`, the ROLIE feed and service document, and
    /// `provider-metadata.json`. `now` is when they are made.
    #[must_use]
    pub fn documents(mut self, provider: &Provider, now: Moment) -> Vec<Document> {
        // Section 7.1.13: the latest first.
        self.entries
            .sort_by_key(|entry| Reverse((entry.updated, entry.id)));
        let file = |name: &str| format!("{}/{name}", paths::CSAF);
        vec![
            self.index(file("index.txt")),
            self.changes(file("changes.csv")),
            Document::json(file("feed-tlp-white.json"), &self.feed(provider, now)),
            Document::json(file("service.json"), &service(provider)),
            Document::json(
                file("provider-metadata.json"),
                &self.metadata(provider, now),
            ),
        ]
    }

    fn index(&self, path: String) -> Document {
        let mut bytes = Vec::new();
        for entry in &self.entries {
            bytes.extend_from_slice(entry.path().as_bytes());
            bytes.push(b'\n');
        }
        Document {
            path,
            media_type: "text/plain",
            bytes,
        }
    }

    /// No path and no time holds a quote.
    fn changes(&self, path: String) -> Document {
        let lines = self
            .entries
            .iter()
            .map(|entry| format!("\"{}\",\"{}\"\n", entry.path(), entry.updated));
        Document {
            path,
            media_type: "text/csv",
            bytes: lines.collect::<String>().into_bytes(),
        }
    }

    fn feed(&self, provider: &Provider, now: Moment) -> Value {
        let entries: Vec<Value> = self
            .entries
            .iter()
            .map(|entry| self.feed_entry(entry, provider))
            .collect();
        let latest = self.entries.first().map_or(now, |entry| entry.updated);
        json!({ "feed": {
            "id": "nixpkgs-csaf-feed-tlp-white",
            "title": format!("{} (TLP:WHITE)", text::line_or(&provider.name, "Nixpkgs")),
            "link": [
                { "rel": "self", "href": within(provider, "feed-tlp-white.json") },
                { "rel": "service", "href": within(provider, "service.json") },
            ],
            "category": [category()],
            "updated": latest,
            "entry": entries,
        } })
    }

    fn feed_entry(&self, entry: &Entry, provider: &Provider) -> Value {
        let own = within(provider, &entry.path());
        let link =
            |rel: &str, ending: &str| json!({ "rel": rel, "href": format!("{own}{ending}") });
        let mut links = vec![
            link("self", ""),
            link("hash", ".sha256"),
            link("hash", ".sha512"),
        ];
        if !self.keys.is_empty() {
            links.push(link("signature", ".asc"));
        }
        json!({
            "id": entry.id,
            "title": entry.title,
            "link": links,
            "published": entry.published,
            "updated": entry.updated,
            "content": { "type": "application/json", "src": own },
            "format": {
                "schema": "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json",
                "version": "2.0",
            },
        })
    }

    /// Section 7.1.7.
    fn metadata(&self, provider: &Provider, now: Moment) -> Value {
        let role = if self.keys.is_empty() {
            "csaf_provider"
        } else {
            "csaf_trusted_provider"
        };
        let mut metadata = json!({
            "canonical_url": within(provider, "provider-metadata.json"),
            "distributions": [
                { "directory_url": format!("{}/", provider.export(paths::CSAF)) },
                { "rolie": {
                    "feeds": [{
                        "summary": "All TLP:WHITE documents",
                        "tlp_label": "WHITE",
                        "url": within(provider, "feed-tlp-white.json"),
                    }],
                    "services": [within(provider, "service.json")],
                } },
            ],
            "last_updated": now,
            "list_on_CSAF_aggregators": true,
            "mirror_on_CSAF_aggregators": true,
            "metadata_version": "2.0",
            "publisher": publisher(provider),
            "role": role,
        });
        if !self.keys.is_empty() {
            let keys = self
                .keys
                .iter()
                .map(|key| json!({ "fingerprint": key.fingerprint, "url": key.url }));
            metadata["public_openpgp_keys"] = keys.collect();
        }
        metadata
    }
}

/// Section 7.1.16.
fn service(provider: &Provider) -> Value {
    json!({ "service": { "workspace": [{
        "title": text::line_or(&provider.name, "Nixpkgs"),
        "collection": [{
            "title": "All TLP:WHITE documents",
            "href": within(provider, "feed-tlp-white.json"),
            "categories": { "category": [category()] },
        }],
    }] } })
}

fn category() -> Value {
    json!({ "scheme": "urn:ietf:params:rolie:category:information-type", "term": "csaf" })
}

fn within(provider: &Provider, path: &str) -> WebUrl {
    provider.export(&format!("{}/{path}", paths::CSAF))
}
