//! CPE applicability statements, which CVE records and the NVD share.

use crate::cpe::Cpe;
use crate::cve5::{CpeApplicability, CpeMatch as CpeMatchJson, CpeNode};
use crate::json::Text;
use crate::model::{Configuration, CpeMatch, Node, Operator};
use crate::reading::{Warnings, quote};

/// Turns a statement into the shared model. `None` when nothing in it can be understood.
pub(crate) fn convert(
    statement: &CpeApplicability<'_>,
    by: &str,
    pointer: String,
    warnings: &mut Warnings,
) -> Option<Configuration> {
    let nodes: Vec<Node> = statement
        .nodes
        .iter()
        .enumerate()
        .map(|(index, json)| node(json, || format!("{pointer}/nodes/{index}"), warnings))
        .collect();
    if nodes.iter().all(|node| node.matches.is_empty()) {
        return None;
    }
    Some(Configuration {
        by: by.to_owned(),
        operator: operator(&statement.operator, || pointer.clone(), warnings),
        negate: statement.negate.unwrap_or(false),
        nodes,
        pointer,
    })
}

/// Pointers are only made when there is something to say: kernel records hold hundreds of
/// matches.
fn node(json: &CpeNode<'_>, pointer: impl Fn() -> String, warnings: &mut Warnings) -> Node {
    Node {
        operator: operator(&json.operator, &pointer, warnings),
        negate: json.negate.unwrap_or(false),
        matches: json
            .cpe_match
            .iter()
            .enumerate()
            .filter_map(|(index, json)| {
                let pointer = || format!("{}/cpeMatch/{index}/criteria", pointer());
                cpe_match(json, pointer, warnings)
            })
            .collect(),
    }
}

fn cpe_match(
    json: &CpeMatchJson<'_>,
    pointer: impl Fn() -> String,
    warnings: &mut Warnings,
) -> Option<CpeMatch> {
    let criteria = json.criteria.as_deref().unwrap_or_default();
    let criteria = Cpe::parse(criteria)
        .map_err(|error| warnings.push(pointer(), error.to_string()))
        .ok()?;
    Some(CpeMatch {
        vulnerable: json.vulnerable.unwrap_or(true),
        criteria,
        start_including: bound(&json.version_start_including),
        start_excluding: bound(&json.version_start_excluding),
        end_including: bound(&json.version_end_including),
        end_excluding: bound(&json.version_end_excluding),
    })
}

fn bound(field: &Option<Text<'_>>) -> Option<String> {
    field
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn operator(
    word: &Option<Text<'_>>,
    pointer: impl Fn() -> String,
    warnings: &mut Warnings,
) -> Operator {
    match word.as_deref() {
        Some(word) if word.eq_ignore_ascii_case("AND") => Operator::And,
        None => Operator::Or,
        Some(word) if word.eq_ignore_ascii_case("OR") => Operator::Or,
        Some(word) => {
            warnings.push(
                format!("{}/operator", pointer()),
                format!("not an operator: {}", quote(word)),
            );
            Operator::Or
        }
    }
}
