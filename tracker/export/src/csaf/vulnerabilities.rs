//! `/vulnerabilities`: one for each advisory, each with what is said of the products.
//!
//! Source: CSAF 2.0, section 3.2.3; for VEX, section 4.5.

use serde_json::{Map, Value, json};

use super::products::{Product, Products, Standing};
use crate::issue::package::Status;
use crate::issue::severity::{CvssVector, CvssVersion};
use crate::issue::{Advisory, Issue};
use crate::provider::Provider;
use crate::text;

pub(super) fn of(issue: &Issue, provider: &Provider, products: &Products<'_>) -> Value {
    let shared = shared(issue, provider, products);
    let mut known: Vec<&str> = Vec::new();
    let mut all = Vec::new();
    for advisory in &issue.advisories {
        if known.contains(&advisory.id.as_str()) {
            continue;
        }
        let mut vulnerability = shared.clone();
        name(&mut vulnerability, advisory, &mut known);
        let title = advisory.title.as_deref().map(text::line);
        let title = title.filter(|title| !title.is_empty());
        let summary = match &title {
            Some(title) => title.to_string(),
            None => format!("{}, as its advisory describes it.", advisory.id),
        };
        if let Some(title) = title {
            vulnerability.insert("title".to_owned(), json!(title));
        }
        note(&mut vulnerability, "description", "Summary", &summary);
        all.push(Value::Object(vulnerability));
    }
    if all.is_empty() {
        let mut vulnerability = shared;
        let id = issue.id.to_string();
        let ids = json!([{ "system_name": "Nixpkgs", "text": id }]);
        vulnerability.insert("ids".to_owned(), ids);
        let summary = text::line_or(&issue.title, &id);
        note(&mut vulnerability, "description", "Summary", &summary);
        all.push(Value::Object(vulnerability));
    }
    Value::Array(all)
}

fn note(vulnerability: &mut Map<String, Value>, category: &str, title: &str, text: &str) {
    let notes = vulnerability
        .entry("notes")
        .or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(notes) = notes {
        notes.push(json!({ "category": category, "title": title, "text": text }));
    }
}

/// Puts ids into place. A CVE's may stand once in a document (test 6.1.23); what comes again stands among the
/// other ids.
fn name<'a>(
    vulnerability: &mut Map<String, Value>,
    advisory: &'a Advisory,
    known: &mut Vec<&'a str>,
) {
    let own: Vec<_> = std::iter::once(&advisory.id)
        .chain(&advisory.aliases)
        .collect();
    let free = |id: &&&crate::AdvisoryId| id.is_cve() && !known.contains(&id.as_str());
    let cve = own.iter().find(free).copied();
    let mut ids: Vec<Value> = Vec::new();
    for id in &own {
        if Some(*id) != cve {
            let entry = json!({ "system_name": id.database(), "text": id });
            if !ids.contains(&entry) {
                ids.push(entry);
            }
        }
    }
    known.push(advisory.id.as_str());
    if let Some(cve) = cve {
        known.push(cve.as_str());
        vulnerability.insert("cve".to_owned(), json!(cve));
    }
    if !ids.is_empty() {
        vulnerability.insert("ids".to_owned(), Value::Array(ids));
    }
}

/// What is said of the products, which is the same for every advisory of an issue.
fn shared(issue: &Issue, provider: &Provider, products: &Products<'_>) -> Map<String, Value> {
    let mut shared = Map::new();
    shared.insert("product_status".to_owned(), status(products));
    let said = Said::of(provider, products);
    for (key, list) in [
        ("flags", said.flags),
        ("remediations", said.remediations),
        ("scores", scores(issue, products)),
        ("threats", said.threats),
    ] {
        if !list.is_empty() {
            shared.insert(key.to_owned(), Value::Array(list));
        }
    }
    let vector = issue.severity.as_ref().and_then(|own| own.vector.as_ref());
    if let Some(vector) = vector.filter(|vector| vector.version() == CvssVersion::V4) {
        // CSAF 2.0 knows CVSS 2 and 3 alone.
        let text = format!(
            "{vector} ({:.1}, {})",
            vector.score(),
            vector.rating().as_str()
        );
        note(&mut shared, "other", "CVSS 4.0", &text);
    }
    for product in &products.all {
        if let Status::FixedByPatch { patches } = &product.channel.status {
            let patches: Vec<_> = patches.iter().map(|patch| text::line(patch)).collect();
            let text = format!("{}: {}", product.id, patches.join(", "));
            note(&mut shared, "details", "Patches", &text);
        }
    }
    shared
}

fn status(products: &Products<'_>) -> Value {
    let mut status = Map::new();
    let mut fixed = products.ids(Standing::FirstFixed);
    fixed.extend(products.ids(Standing::Fixed));
    for (key, ids) in [
        ("first_fixed", products.ids(Standing::FirstFixed)),
        ("fixed", fixed),
        ("known_affected", products.ids(Standing::Affected)),
        ("known_not_affected", products.ids(Standing::NotAffected)),
        (
            "under_investigation",
            products.ids(Standing::UnderInvestigation),
        ),
    ] {
        if !ids.is_empty() {
            status.insert(key.to_owned(), json!(ids));
        }
    }
    Value::Object(status)
}

/// The severity of the affected products.
fn scores(issue: &Issue, products: &Products<'_>) -> Vec<Value> {
    let affected = products.ids(Standing::Affected);
    let vector = issue.severity.as_ref().and_then(|own| own.vector.as_ref());
    let Some(vector) = vector.filter(|_| !affected.is_empty()) else {
        return Vec::new();
    };
    let Some((key, score)) = score(vector) else {
        return Vec::new();
    };
    vec![json!({ "products": affected, key: score })]
}

fn score(vector: &CvssVector) -> Option<(&'static str, Value)> {
    let mut score = json!({
        "version": vector.version().as_str(),
        "vectorString": vector.as_str(),
        "baseScore": vector.score(),
    });
    match vector.version() {
        CvssVersion::V4 => None,
        CvssVersion::V2 => Some(("cvss_v2", score)),
        CvssVersion::V30 | CvssVersion::V31 => {
            score["baseSeverity"] = json!(vector.rating().upper());
            Some(("cvss_v3", score))
        }
    }
}

/// What VEX demands beside a status: what to do about the affected, why others are not.
#[derive(Default)]
struct Said {
    flags: Vec<Value>,
    remediations: Vec<Value>,
    threats: Vec<Value>,
}

impl Said {
    fn of(provider: &Provider, products: &Products<'_>) -> Self {
        let mut said = Self::default();
        for product in &products.all {
            match product.standing {
                Standing::Affected => said.remediations.push(remedy(product)),
                Standing::NotAffected => said.reason(provider, product),
                Standing::FirstFixed | Standing::Fixed | Standing::UnderInvestigation => {}
            }
        }
        said
    }

    /// A flag, an impact statement, or both (test 6.1.27.9).
    fn reason(&mut self, provider: &Provider, product: &Product<'_>) {
        let Status::NotAffected {
            justification,
            statement,
        } = &product.channel.status
        else {
            return;
        };
        if let Some(justification) = justification {
            self.flags.push(json!({
                "label": justification.as_str(),
                "product_ids": [product.id],
            }));
        }
        let statement = statement.as_deref().and_then(text::lines_if_any);
        let otherwise = || format!("Not affected, as {} found.", text::line(&provider.name)).into();
        if justification.is_none() || statement.is_some() {
            self.threats.push(json!({
                "category": "impact",
                "details": statement.unwrap_or_else(otherwise),
                "product_ids": [product.id],
            }));
        }
    }
}

fn remedy(product: &Product<'_>) -> Value {
    let (category, details) = match &product.channel.status {
        Status::FixedInVersion { version } => (
            "vendor_fix",
            format!("Update to {version} or later.").into(),
        ),
        Status::FixedByPatch { .. } => (
            "vendor_fix",
            "Update: the channel's version has the fix as a patch.".into(),
        ),
        Status::WontFix { reason } => {
            let reason = reason.as_deref().and_then(text::lines_if_any);
            let otherwise = "It won't be fixed in this channel.".into();
            ("no_fix_planned", reason.unwrap_or(otherwise))
        }
        Status::Affected {
            workaround: Some(workaround),
        } if !workaround.trim().is_empty() => ("workaround", text::lines(workaround)),
        _ => ("none_available", "No fix is available yet.".into()),
    };
    json!({ "category": category, "details": details, "product_ids": [product.id] })
}
