//! OpenVEX documents: one for an issue, or one for all.
//!
//! Source: <https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>, version 0.2.0.
//!
//! A statement is about one advisory and one package of one channel. Of a package that was fixed in a
//! version, it speaks of that version and later ones that a channel had: OpenVEX has no ranges.
//! A withdrawn issue says of its products that nothing is known, which takes the place of
//! what it said before.

use std::borrow::Borrow;
use std::io::{self, Write};

use serde_json::{Value, json};

use crate::document::Document;
use crate::issue::names::PackageVersion;
use crate::issue::package::{ChannelStatus, Package, Status};
use crate::issue::{Advisory, Issue};
use crate::moment::Moment;
use crate::provider::Provider;
use crate::{paths, purl, text};

const CONTEXT: &str = "https://openvex.dev/ns/v0.2.0";

/// The document of an issue at [`paths::openvex`]; `None` where it has nothing to state, because it names
/// no package.
///
/// Its id is its address and stays; its version is the number of the issue's revisions.
#[must_use]
pub fn document(issue: &Issue, provider: &Provider) -> Option<Document> {
    let statements = statements(issue);
    if statements.is_empty() {
        return None;
    }
    let path = paths::openvex(issue.id);
    let mut value = head(provider, &path, issue.published);
    let history = issue.history();
    value["version"] = json!(history.len());
    value["last_updated"] = json!(history.last().map(|last| last.at));
    value["statements"] = Value::Array(statements);
    Some(Document::json(path, &value))
}

fn head(provider: &Provider, path: &str, timestamp: Moment) -> Value {
    json!({
        "@context": CONTEXT,
        "@id": provider.export(path),
        "author": text::line_or(&provider.name, "Nixpkgs"),
        "role": provider.category.as_str(),
        "timestamp": timestamp,
        "tooling": concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")),
    })
}

/// Writes one document with the statements of all issues, each with the times of its issue; gives the
/// number of statements. Holds one issue at a time.
///
/// `now` is when the document is made, and `version` its number, which has to grow from one to the next.
/// OpenVEX wants at least one statement: with none, nothing is written.
///
/// # Errors
/// Those of the writer.
pub fn write_all<I>(
    issues: I,
    provider: &Provider,
    now: Moment,
    version: u64,
    mut to: impl Write,
) -> io::Result<usize>
where
    I: IntoIterator,
    I::Item: Borrow<Issue>,
{
    let mut count = 0;
    for issue in issues {
        let issue = issue.borrow();
        for mut statement in statements(issue) {
            statement["timestamp"] = json!(issue.published);
            statement["last_updated"] = json!(issue.modified.max(issue.published));
            if count == 0 {
                let mut value = head(provider, paths::OPENVEX_ALL, now);
                value["version"] = json!(version);
                let text = value.to_string();
                // The object is left open for the statements.
                to.write_all(text.trim_end_matches('}').as_bytes())?;
                to.write_all(b",\"statements\":[\n")?;
            } else {
                to.write_all(b",\n")?;
            }
            serde_json::to_writer(&mut to, &statement)?;
            count += 1;
        }
    }
    if count > 0 {
        to.write_all(b"\n]}\n")?;
    }
    Ok(count)
}

fn statements(issue: &Issue) -> Vec<Value> {
    let mut statements = Vec::new();
    for vulnerability in vulnerabilities(issue) {
        for (package, channel) in issue.statuses() {
            let mut statement = statement(issue, package, channel);
            statement["vulnerability"] = vulnerability.clone();
            statements.push(statement);
        }
    }
    statements
}

fn vulnerabilities(issue: &Issue) -> Vec<Value> {
    let own = issue.id.to_string();
    if issue.advisories.is_empty() {
        return vec![json!({ "name": own })];
    }
    let mut known = Vec::new();
    let new = issue.advisories.iter().filter(|advisory| {
        let new = !known.contains(&&advisory.id);
        known.push(&advisory.id);
        new
    });
    new.map(vulnerability).collect()
}

fn vulnerability(advisory: &Advisory) -> Value {
    let mut vulnerability = json!({ "name": advisory.id });
    let title = advisory.title.as_deref().map(text::line);
    if let Some(title) = title.filter(|title| !title.is_empty()) {
        vulnerability["description"] = json!(title);
    }
    let mut aliases = Vec::new();
    for alias in &advisory.aliases {
        if *alias != advisory.id && !aliases.contains(alias) {
            aliases.push(alias.clone());
        }
    }
    if !aliases.is_empty() {
        vulnerability["aliases"] = json!(aliases);
    }
    vulnerability
}

fn statement(issue: &Issue, package: &Package, channel: &ChannelStatus) -> Value {
    let now = product(package, channel, channel.version.as_ref());
    if let Some(withdrawal) = &issue.withdrawn {
        let reason = text::lines(&withdrawal.reason);
        return json!({
            "products": [now],
            "status": "under_investigation",
            "status_notes": format!("{} was withdrawn on {}. {reason}", issue.id, withdrawal.at),
        });
    }
    match &channel.status {
        Status::Affected { workaround } => {
            let workaround = workaround.as_deref().and_then(text::lines_if_any);
            let action = workaround.unwrap_or("No fix is available yet.".into());
            json!({ "products": [now], "status": "affected", "action_statement": action })
        }
        Status::WontFix { reason } => {
            let reason = reason.as_deref().and_then(text::lines_if_any);
            let action = reason.unwrap_or("It won't be fixed in this channel.".into());
            json!({
                "products": [now],
                "status": "affected",
                "status_notes": "It won't be fixed.",
                "action_statement": action,
            })
        }
        Status::FixedInVersion { version } => {
            let mut products = vec![product(package, channel, Some(version))];
            if channel.version.as_ref().is_some_and(|now| now != version) {
                products.push(now);
            }
            json!({ "products": products, "status": "fixed" })
        }
        Status::FixedByPatch { patches } => {
            let patches: Vec<_> = patches.iter().map(|patch| text::line(patch)).collect();
            json!({
                "products": [now],
                "status": "fixed",
                "status_notes": format!("Fixed by patch: {}", patches.join(", ")),
            })
        }
        Status::UnderInvestigation => {
            json!({ "products": [now], "status": "under_investigation" })
        }
        Status::NotAffected {
            justification,
            statement,
        } => {
            let mut value = json!({ "products": [now], "status": "not_affected" });
            if let Some(justification) = justification {
                value["justification"] = json!(justification.as_str());
            }
            let statement = statement.as_deref().and_then(text::lines_if_any);
            if justification.is_none() || statement.is_some() {
                let otherwise = "It was found not to be affected.".into();
                value["impact_statement"] = json!(statement.unwrap_or(otherwise));
            }
            value
        }
    }
}

fn product(package: &Package, channel: &ChannelStatus, version: Option<&PackageVersion>) -> Value {
    let purl = purl::in_channel(package, channel, version);
    let mut identifiers = json!({ "purl": purl });
    if let Some(cpe) = package.cpes.first() {
        identifiers["cpe23"] = json!(cpe);
    }
    json!({ "@id": purl, "identifiers": identifiers })
}
