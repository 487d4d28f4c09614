//! SARIF 2.1.0: advisories are rules, findings are results located at store paths.
//!
//! Source: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use super::{Finding, Level, Report};

/// The document.
#[must_use]
pub fn document(report: &Report<'_>) -> Value {
    let mut rules: Vec<Value> = Vec::new();
    let mut numbers: FxHashMap<&str, usize> = FxHashMap::default();
    let mut results: Vec<Value> = Vec::new();
    let standing = report.findings.iter().map(|finding| (finding, None));
    let aside = report
        .set_aside
        .iter()
        .map(|(finding, rule)| (finding, Some(*rule)));
    for (finding, rule) in standing.chain(aside) {
        let id = finding.found.advisory.as_str();
        let number = *numbers.entry(id).or_insert_with(|| {
            rules.push(rule_of(finding));
            rules.len() - 1
        });
        let mut result = result_of(finding, number);
        if let Some(rule) = rule {
            result["suppressions"] = json!([{
                "kind": "external",
                "status": "accepted",
                "justification": rule.reason,
            }]);
        }
        results.push(result);
    }
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "snowguard-scan",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            }},
            "results": results,
            "columnKind": "unicodeCodePoints",
        }],
    })
}

fn rule_of(finding: &Finding<'_>) -> Value {
    let id = finding.found.advisory.as_str();
    let title = if finding.title().is_empty() {
        id
    } else {
        finding.title()
    };
    let text = finding
        .prose
        .map(|prose| prose.description.as_str())
        .filter(|text| !text.is_empty())
        .unwrap_or(title);
    let mut rule = json!({
        "id": id,
        "shortDescription": { "text": title },
        "fullDescription": { "text": text },
        "defaultConfiguration": { "level": level(finding.level) },
        "properties": { "tags": ["security"] },
    });
    if let Some(url) = address(id) {
        rule["helpUri"] = Value::String(url);
    }
    if let Some(score) = finding.score() {
        rule["properties"]["security-severity"] = Value::String(format!("{score:.1}"));
    }
    rule
}

fn result_of(finding: &Finding<'_>, rule: usize) -> Value {
    let software = &finding.software.software;
    let mut text = format!(
        "{} is affected by {}",
        software.name, finding.found.advisory
    );
    if let Some(fixed) = &finding.found.fixed_in {
        text.push_str(&format!("; fixed in {fixed}"));
    }
    let path = finding.why.last().map_or("", String::as_str);
    json!({
        "ruleId": finding.found.advisory,
        "ruleIndex": rule,
        "level": level(finding.level),
        "message": { "text": text },
        "locations": [{
            "physicalLocation": { "artifactLocation": { "uri": format!("file:///nix/store/{path}") } },
            "logicalLocations": [{ "fullyQualifiedName": finding.software.package.attr, "kind": "module" }],
        }],
        "partialFingerprints": {
            "advisoryAndPackage/v1": format!("{} {}", finding.found.advisory, software.pname),
        },
    })
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Critical | Level::High => "error",
        Level::Medium => "warning",
        Level::Low | Level::None => "note",
    }
}

/// Where an advisory can be read; none for ids whose place is not known.
#[must_use]
pub fn address(id: &str) -> Option<String> {
    let is_plain = id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_plain {
        return None;
    }
    if id.starts_with("CVE-") {
        Some(format!("https://www.cve.org/CVERecord?id={id}"))
    } else {
        Some(format!("https://osv.dev/vulnerability/{id}"))
    }
}
