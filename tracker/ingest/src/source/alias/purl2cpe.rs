//! purl2cpe: package URLs with the CPE names of the same software.
//!
//! Source: <https://github.com/scanoss/purl2cpe>

use serde::Deserialize;

use super::{Fact, Relation};

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    purls: Vec<String>,
    #[serde(default)]
    cpes: Vec<String>,
}

/// A group with more pairs than this ties nothing to anything.
const PAIRS: usize = 10_000;

pub(super) fn facts(raw: &[u8]) -> Result<Vec<Fact>, String> {
    let group: Group = serde_json::from_slice(raw).map_err(|error| error.to_string())?;
    let Group { purls, cpes } = group;
    if purls.len().saturating_mul(cpes.len()) > PAIRS {
        return Err(format!(
            "{} package URLs times {} CPE names",
            purls.len(),
            cpes.len()
        ));
    }
    let mut facts = Vec::with_capacity(purls.len() * cpes.len());
    for purl in &purls {
        let left = if purl.starts_with("pkg:") {
            purl.clone()
        } else {
            format!("pkg:{purl}")
        };
        for cpe in cpes.iter().filter(|cpe| cpe.starts_with("cpe:2.3:")) {
            facts.push(Fact {
                relation: Relation::PurlCpe,
                left: left.clone(),
                right: cpe.clone(),
            });
        }
    }
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_a_group() {
        let raw = br#"{"k":"x","purls":["github/a/b","npm/b"],"cpes":["cpe:2.3:a:a:b","junk"]}"#;
        let facts = facts(raw).expect("well-formed");
        let pairs: Vec<_> = facts
            .iter()
            .map(|fact| (&*fact.left, &*fact.right))
            .collect();
        assert_eq!(
            pairs,
            [
                ("pkg:github/a/b", "cpe:2.3:a:a:b"),
                ("pkg:npm/b", "cpe:2.3:a:a:b")
            ]
        );
    }

    #[test]
    fn a_group_that_would_explode_is_refused() {
        let many: Vec<String> = (0..101).map(|n| format!("\"cpe:2.3:a:v:{n}\"")).collect();
        let raw = format!(r#"{{"purls":[{0}],"cpes":[{0}]}}"#, many.join(","));
        assert!(super::facts(raw.as_bytes()).is_err());
    }
}
