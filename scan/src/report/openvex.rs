//! OpenVEX 0.2.0: what a scan says of each advisory and product.
//!
//! Source: <https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>

use rustc_hash::FxHashSet;
use serde_json::{Value, json};

use super::{Finding, Report, time};
use crate::suppress::Claim;

/// The document. Its id is derived from its content, so that the same scan gives the same document.
///
/// A product is a purl, which several builds of one version share: each advisory gets one statement about
/// it, the one that claims least for it (affected, accepted, not affected), since a statement holds for all
/// of them.
#[must_use]
pub fn document(report: &Report<'_>, now: i64) -> Value {
    let mut told: FxHashSet<(String, String)> = FxHashSet::default();
    let mut is_new = |finding: &Finding<'_>| {
        told.insert((finding.found.advisory.clone(), finding.software.purl()))
    };
    let mut statements: Vec<Value> = Vec::with_capacity(report.findings.len());
    for finding in report.findings.iter().filter(|finding| is_new(finding)) {
        let action = match &finding.found.fixed_in {
            Some(fixed) => format!("Update to {fixed} or later."),
            None => "No fixed version is known.".to_owned(),
        };
        let mut statement = statement(finding, "affected");
        statement["action_statement"] = Value::String(action);
        statements.push(statement);
    }
    let (accepted, denied): (Vec<_>, Vec<_>) = report
        .set_aside
        .iter()
        .partition(|(_, rule)| rule.claim == Claim::Accepted);
    for (finding, rule) in accepted.into_iter().chain(denied) {
        if !is_new(finding) {
            continue;
        }
        // VEX wants to know what was claimed, and a finding may be set aside without a claim.
        let (status, what, text) = match rule.claim {
            Claim::NotAffected => ("not_affected", "impact_statement", rule.reason.clone()),
            Claim::Accepted => {
                let text = format!("Accepted by {}: {}", rule.origin, rule.reason);
                ("affected", "action_statement", text)
            }
        };
        let mut statement = statement(finding, status);
        statement[what] = Value::String(text);
        statements.push(statement);
    }
    let digest =
        snowguard_advisory_file::Chunk::of(Value::Array(statements.clone()).to_string().as_bytes());
    let hex: String = digest
        .digest
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": format!("https://openvex.dev/docs/public/vex-{hex}"),
        "author": "snowguard-scan",
        "role": "scanner",
        "timestamp": time(now),
        "version": 1,
        "tooling": concat!("snowguard-scan ", env!("CARGO_PKG_VERSION")),
        "statements": statements,
    })
}

fn statement(finding: &Finding<'_>, status: &str) -> Value {
    let purl = finding.software.purl();
    let aliases = &finding.brief.aliases;
    let mut vulnerability = json!({ "name": finding.found.advisory });
    if !aliases.is_empty() {
        vulnerability["aliases"] = json!(aliases);
    }
    json!({
        "vulnerability": vulnerability,
        "products": [{ "@id": purl, "identifiers": { "purl": purl } }],
        "status": status,
    })
}
