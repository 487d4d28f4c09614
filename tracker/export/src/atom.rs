//! Atom feeds: of issues, and of anything else that can be listed.
//!
//! Source: RFC 4287; characters: XML 1.0, section 2.2; ids: RFC 4151.
//!
//! The caller says what a feed is of and gives its entries; an entry's id is a tag URI that stays when
//! pages move.

use std::io::{self, Write};

use crate::issue::Issue;
use crate::issue::names::WebUrl;
use crate::moment::Moment;
use crate::provider::Provider;
use crate::text;

/// What a feed is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// What it is of, for ever: `issues`, `package/openssl`, `channel/nixos-unstable`. Becomes a tag URI.
    pub name: String,
    /// One line of plain text.
    pub title: String,
    /// One line of plain text.
    pub subtitle: Option<String>,
    /// When an entry last changed; when there is none, when the feed was made.
    pub updated: Moment,
    /// Where the feed itself is.
    pub own: WebUrl,
    /// The page that it is of.
    pub page: Option<WebUrl>,
}

/// An entry of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is, for ever, unique among everything that the provider lists: `issue/NIXPKGS-2026-0001`. Becomes a
    /// tag URI.
    pub name: String,
    /// One line of plain text.
    pub title: String,
    /// When it came.
    pub published: Moment,
    /// When it last changed in a way that readers should see.
    pub updated: Moment,
    /// Its page.
    pub page: WebUrl,
    /// One paragraph of plain text.
    pub summary: Option<String>,
    /// The whole.
    pub content: Option<Content>,
    /// Words to sort by: advisories, packages, channels.
    pub categories: Vec<String>,
}

/// The whole of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Plain text.
    Text(String),
    /// HTML that can stand inside of a `<div>`. The caller has made it safe; here it is only escaped.
    Html(String),
}

impl Entry {
    /// The entry of an issue, with its notes as text.
    #[must_use]
    pub fn of(issue: &Issue, provider: &Provider) -> Self {
        let id = issue.id.to_string();
        let title = text::line_or(&issue.title, "Untitled");
        let title = match &issue.withdrawn {
            Some(_) => format!("{id} (withdrawn): {title}"),
            None => format!("{id}: {title}"),
        };
        let ids = issue
            .advisories
            .iter()
            .map(|advisory| advisory.id.to_string());
        let attributes = issue
            .packages
            .iter()
            .map(|package| package.attribute.to_string());
        let mut categories: Vec<String> = ids.chain(attributes).collect();
        categories.sort();
        categories.dedup();
        let rating = issue.severity.as_ref().map(|own| own.rating.as_str());
        let mut parts = Vec::new();
        parts.extend(
            issue
                .withdrawn
                .as_ref()
                .map(|withdrawal| format!("Withdrawn: {}", text::line(&withdrawal.reason))),
        );
        parts.extend(rating.map(|rating| format!("Severity: {rating}.")));
        if !categories.is_empty() {
            parts.push(format!("{}.", categories.join(", ")));
        }
        Self {
            name: format!("issue/{id}"),
            title,
            published: issue.published,
            updated: issue.modified.max(issue.published),
            page: provider.issue_page(issue.id),
            summary: Some(parts.join(" ")).filter(|summary| !summary.is_empty()),
            content: text::lines_if_any(&issue.notes)
                .map(|notes| Content::Text(notes.into_owned())),
            categories,
        }
    }
}

/// Writes a feed. Holds one entry at a time; an entry's name should come once.
///
/// # Errors
/// Those of the writer.
pub fn write(
    feed: &Feed,
    provider: &Provider,
    entries: impl IntoIterator<Item = Entry>,
    mut to: impl Write,
) -> io::Result<usize> {
    let mut out = String::new();
    begin(&mut out, feed, provider);
    let mut count = 0;
    for entry in entries {
        push_entry(&mut out, &entry, provider);
        to.write_all(out.as_bytes())?;
        out.clear();
        count += 1;
    }
    out.push_str("</feed>\n");
    to.write_all(out.as_bytes())?;
    Ok(count)
}

fn begin(out: &mut String, feed: &Feed, provider: &Provider) {
    out.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    out.push_str("<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\">\n");
    element(out, "id", "", &provider.tagging.tag(&feed.name));
    element(out, "title", "", &text::line_or(&feed.title, &feed.name));
    line_if_any(out, "subtitle", feed.subtitle.as_deref());
    element(out, "updated", "", &feed.updated.to_string());
    link(out, "self", "application/atom+xml", &feed.own);
    if let Some(page) = &feed.page {
        link(out, "alternate", "text/html", page);
    }
    // Without an author in each entry, the feed has to have one (section 4.1.1).
    out.push_str("<author>");
    element(out, "name", "", &text::line_or(&provider.name, "Nixpkgs"));
    element(out, "uri", "", provider.namespace.as_str());
    out.push_str("</author>\n");
    let version = concat!(" version=\"", env!("CARGO_PKG_VERSION"), "\"");
    element(out, "generator", version, env!("CARGO_PKG_NAME"));
}

fn push_entry(out: &mut String, entry: &Entry, provider: &Provider) {
    out.push_str("<entry>\n");
    element(out, "id", "", &provider.tagging.tag(&entry.name));
    element(out, "title", "", &text::line_or(&entry.title, &entry.name));
    element(out, "published", "", &entry.published.to_string());
    element(out, "updated", "", &entry.updated.to_string());
    link(out, "alternate", "text/html", &entry.page);
    for category in &entry.categories {
        let term = text::line(category);
        if !term.is_empty() {
            out.push_str("<category term=\"");
            escape(out, &term);
            out.push_str("\"/>\n");
        }
    }
    line_if_any(out, "summary", entry.summary.as_deref());
    match &entry.content {
        Some(Content::Text(whole)) => element(out, "content", " type=\"text\"", whole),
        Some(Content::Html(whole)) => element(out, "content", " type=\"html\"", whole),
        None => {}
    }
    out.push_str("</entry>\n");
}

fn line_if_any(out: &mut String, name: &str, content: Option<&str>) {
    let line = content.map(text::line);
    if let Some(line) = line.filter(|line| !line.is_empty()) {
        element(out, name, "", &line);
    }
}

fn element(out: &mut String, name: &str, attributes: &str, content: &str) {
    out.push('<');
    out.push_str(name);
    out.push_str(attributes);
    out.push('>');
    escape(out, content);
    out.push_str("</");
    out.push_str(name);
    out.push_str(">\n");
}

fn link(out: &mut String, relation: &str, kind: &str, url: &WebUrl) {
    out.push_str("<link rel=\"");
    out.push_str(relation);
    out.push_str("\" type=\"");
    out.push_str(kind);
    out.push_str("\" href=\"");
    escape(out, url.as_str());
    out.push_str("\"/>\n");
}

/// Escapes for content and quoted attributes alike. What XML cannot hold, even escaped, becomes U+FFFD.
fn escape(out: &mut String, content: &str) {
    for c in text::lines(content).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            // `]]>` may not stand in content (section 2.4).
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}
