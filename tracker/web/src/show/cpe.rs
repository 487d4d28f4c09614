//! CPE applicability statements as indented lines of text.

use snowguard_advisory::model::{Configuration, CpeMatch, Operator};

/// Matches shown per node.
const MATCHES: usize = 20;

/// One CPE match with its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchLine {
    /// Whether this is the vulnerable thing, or what it runs on or with.
    pub vulnerable: bool,
    /// The match string.
    pub criteria: String,
    /// `≥ 1.0, < 1.2`; empty where the criteria alone says it.
    pub range: String,
}

/// A node: matches joined by a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeView {
    /// `any of`, `all of`, with `none of` and `not all of` for negated nodes.
    pub joined: &'static str,
    /// The matches, as many as a page can bear.
    pub matches: Vec<MatchLine>,
    /// How many matches are left out.
    pub left_out: usize,
}

/// A configuration as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationView {
    /// Who says so.
    pub by: String,
    /// Where it stands in the record; the element's id on the page.
    pub pointer: String,
    /// How the nodes are joined.
    pub joined: &'static str,
    /// The nodes.
    pub nodes: Vec<NodeView>,
}

impl ConfigurationView {
    /// From the model.
    pub fn new(configuration: &Configuration) -> Self {
        let nodes = configuration.nodes.iter().map(|node| NodeView {
            joined: joined(node.operator, node.negate),
            matches: node.matches.iter().take(MATCHES).map(match_line).collect(),
            left_out: node.matches.len().saturating_sub(MATCHES),
        });
        Self {
            by: configuration.by.clone(),
            pointer: configuration.pointer.clone(),
            joined: joined(configuration.operator, configuration.negate),
            nodes: nodes.collect(),
        }
    }
}

fn joined(operator: Operator, negate: bool) -> &'static str {
    match (operator, negate) {
        (Operator::Or, false) => "any of",
        (Operator::And, false) => "all of",
        (Operator::Or, true) => "none of",
        (Operator::And, true) => "not all of",
    }
}

fn match_line(cpe: &CpeMatch) -> MatchLine {
    let bounds = [
        ("≥", &cpe.start_including),
        (">", &cpe.start_excluding),
        ("≤", &cpe.end_including),
        ("<", &cpe.end_excluding),
    ];
    let bounds = bounds
        .iter()
        .filter_map(|(sign, bound)| Some(format!("{sign} {}", (*bound).as_ref()?)));
    MatchLine {
        vulnerable: cpe.vulnerable,
        criteria: cpe.criteria.to_string(),
        range: bounds.collect::<Vec<_>>().join(", "),
    }
}
