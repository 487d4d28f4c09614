//! cve-bin-tool's checkers: a name, and the CPE vendors and products it looks for.
//!
//! Source: <https://github.com/intel/cve-bin-tool>

use serde::Deserialize;

use super::{Fact, Relation};

#[derive(Deserialize)]
struct Checker {
    checker: String,
    vendor_product: Vec<(String, String)>,
}

pub(super) fn facts(raw: &[u8]) -> Result<Vec<Fact>, String> {
    let checker: Checker = serde_json::from_slice(raw).map_err(|error| error.to_string())?;
    let name = checker.checker.replace('_', "-");
    Ok(checker
        .vendor_product
        .into_iter()
        .map(|(vendor, product)| Fact {
            relation: Relation::NameCpe,
            left: name.clone(),
            right: format!("cpe:2.3:a:{vendor}:{product}"),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checker_names_products() {
        let raw = br#"{"checker":"bind_utils","vendor_product":[["isc","bind"],["isc","bind9"]]}"#;
        let facts = facts(raw).expect("well-formed");
        assert_eq!(facts.len(), 2);
        assert_eq!(
            (&*facts[1].left, &*facts[1].right),
            ("bind-utils", "cpe:2.3:a:isc:bind9")
        );
        assert!(super::facts(b"{}").is_err());
    }
}
