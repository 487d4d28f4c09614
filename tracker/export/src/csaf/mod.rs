//! CSAF 2.0: a VEX document for an issue, and the folder of a provider.
//!
//! Source: OASIS, Common Security Advisory Framework 2.0 (errata 01).
//!
//! An issue becomes a document of the profile VEX (section 4.5). One that was withdrawn, or that names no
//! package, has no statements to make: it becomes one of the profile CSAF Base (section 4.1), with
//! the reason in its notes, so that whoever follows the document learns of it.

mod distribution;
mod products;
mod vulnerabilities;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256, Sha512};

pub use distribution::{Distribution, OpenPgpKey};

use crate::document::{Document, hex, json_bytes};
use crate::issue::{Credit, CreditKind, Issue, ReferenceKind};
use crate::provider::Provider;
use crate::{paths, text};
use products::Products;

/// The document of an issue at [`paths::csaf`], and its digests beside it (section 7.1.18): `.sha256`,
/// `.sha512`.
#[must_use]
pub fn documents(issue: &Issue, provider: &Provider) -> [Document; 3] {
    let path = paths::csaf(issue.id, issue.published);
    let name = paths::csaf_file(issue.id);
    let bytes = json_bytes(&value(issue, provider));
    let digest = |ending: &str, digest: &[u8]| Document {
        path: format!("{path}.{ending}"),
        media_type: "text/plain",
        bytes: format!("{}  {name}\n", hex(digest)).into_bytes(),
    };
    [
        digest("sha256", &Sha256::digest(&bytes)),
        digest("sha512", &Sha512::digest(&bytes)),
        Document {
            path,
            media_type: "application/json",
            bytes,
        },
    ]
}

/// The document of an issue as JSON.
#[must_use]
pub fn value(issue: &Issue, provider: &Provider) -> Value {
    let products = Products::of(issue);
    let speaks = issue.withdrawn.is_none() && !products.is_empty();
    let mut whole = Map::new();
    let category = if speaks { "csaf_vex" } else { "csaf_base" };
    whole.insert("document".to_owned(), head(issue, provider, category));
    if speaks {
        whole.insert("product_tree".to_owned(), products.tree());
        let vulnerabilities = vulnerabilities::of(issue, provider, &products);
        whole.insert("vulnerabilities".to_owned(), vulnerabilities);
    }
    Value::Object(whole)
}

/// Everything under `/document` (section 3.2.1).
fn head(issue: &Issue, provider: &Provider, category: &str) -> Value {
    let mut head = json!({
        "category": category,
        "csaf_version": "2.0",
        "distribution": {
            "tlp": { "label": "WHITE", "url": "https://www.first.org/tlp/" },
        },
        "lang": "en",
        "notes": notes(issue),
        "publisher": publisher(provider),
        "references": references(issue, provider),
        "title": text::line_or(&issue.title, &issue.id.to_string()),
        "tracking": tracking(issue),
    });
    if let Some(severity) = &issue.severity {
        head["aggregate_severity"] = json!({ "text": severity.rating.as_str() });
    }
    let thanks: Vec<Value> = issue.credits.iter().filter_map(acknowledgment).collect();
    if !thanks.is_empty() {
        head["acknowledgments"] = Value::Array(thanks);
    }
    head
}

/// Who publishes (section 3.2.1.8); also stands in `provider-metadata.json`.
fn publisher(provider: &Provider) -> Value {
    let mut publisher = json!({
        "category": provider.category.as_str(),
        "name": text::line_or(&provider.name, "Nixpkgs"),
        "namespace": provider.namespace,
    });
    let contact = provider.contact.as_deref().and_then(text::lines_if_any);
    if let Some(contact) = contact {
        publisher["contact_details"] = json!(contact);
    }
    publisher
}

fn notes(issue: &Issue) -> Value {
    let mut notes = Vec::new();
    if let Some(withdrawal) = &issue.withdrawn {
        let reason = text::lines_if_any(&withdrawal.reason);
        notes.push(json!({
            "category": "description",
            "title": "Reasoning for Withdrawal",
            "text": reason.unwrap_or("No reason was given.".into()),
        }));
    }
    let fallback = issue.id.to_string();
    notes.push(json!({
        "category": "summary",
        "title": "Summary",
        "text": text::line_or(&issue.title, &fallback),
    }));
    if let Some(text) = text::lines_if_any(&issue.notes) {
        notes.push(json!({ "category": "details", "title": "Details", "text": text }));
    }
    Value::Array(notes)
}

fn references(issue: &Issue, provider: &Provider) -> Value {
    let own = paths::csaf(issue.id, issue.published);
    let mut references = vec![
        json!({
            "category": "self",
            "summary": "This document",
            "url": provider.export(&own),
        }),
        json!({
            "category": "self",
            "summary": format!("{} as a page", issue.id),
            "url": provider.issue_page(issue.id),
        }),
    ];
    references.extend(issue.references.iter().map(|reference| {
        let summary = match reference.kind {
            ReferenceKind::Advisory => "Advisory",
            ReferenceKind::Fix => "Fix",
            ReferenceKind::PullRequest => "Pull request",
            ReferenceKind::Report => "Report",
            ReferenceKind::Article => "Article",
            ReferenceKind::Evidence => "Demonstration",
            ReferenceKind::Web => "More",
        };
        json!({ "category": "external", "summary": summary, "url": reference.url })
    }));
    Value::Array(references)
}

/// Versions are whole numbers, one for each revision (section 3.1.11.1).
fn tracking(issue: &Issue) -> Value {
    let history = issue.history();
    let revisions: Vec<Value> = (1_usize..)
        .zip(&history)
        .map(|(number, revision)| {
            json!({
                "date": revision.at,
                "number": number.to_string(),
                "summary": text::line_or(&revision.summary, "Changed"),
            })
        })
        .collect();
    json!({
        "current_release_date": history.last().map(|last| last.at),
        "generator": { "engine": {
            "name": env!("CARGO_PKG_NAME"),
            "version": env!("CARGO_PKG_VERSION"),
        } },
        "id": issue.id,
        "initial_release_date": issue.published,
        "revision_history": revisions,
        "status": "final",
        "version": history.len().to_string(),
    })
}

fn acknowledgment(credit: &Credit) -> Option<Value> {
    let name = text::line(&credit.name);
    if name.is_empty() {
        return None;
    }
    let what_for = match credit.kind {
        CreditKind::Finder => "found it",
        CreditKind::Reporter => "reported it",
        CreditKind::Analyst => "analysed it",
        CreditKind::Coordinator => "coordinated",
        CreditKind::RemediationDeveloper => "wrote the fix",
        CreditKind::RemediationReviewer => "reviewed the fix",
        CreditKind::RemediationVerifier => "tested the fix",
        CreditKind::Other => "helped",
    };
    let mut thanks = json!({ "names": [name], "summary": what_for });
    if let Some(url) = &credit.url {
        thanks["urls"] = json!([url]);
    }
    Some(thanks)
}
