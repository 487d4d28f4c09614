//! Two matchers that others use, for comparison on the same data.

use snowguard_advisory::cpe::Value;
use snowguard_advisory::model::{Advisory, Source};

/// Products for the matcher of the system in use today: the product of a CVE record, in lower
/// case. It matches where the product is a substring of a package's name; it reads no NVD data.
#[must_use]
pub fn substring_products(advisory: &Advisory) -> Vec<String> {
    let records = advisory
        .records
        .iter()
        .filter(|record| record.source == Source::CveList);
    unique(
        records
            .flat_map(|record| &record.affected)
            .filter_map(|affected| {
                let name = affected
                    .package_name
                    .as_deref()
                    .or(affected.product.as_deref())?;
                Some(name.to_lowercase())
            }),
    )
}

/// Products for a matcher like vulnix's: the product of every vulnerable CPE. It matches where
/// the product equals a package's name.
#[must_use]
pub fn cpe_products(advisory: &Advisory) -> Vec<String> {
    let of_rows = advisory
        .records
        .iter()
        .flat_map(|record| &record.affected)
        .flat_map(|row| &row.cpes);
    let of_configurations = advisory
        .records
        .iter()
        .flat_map(|record| &record.configurations)
        .flat_map(|configuration| &configuration.nodes)
        .flat_map(|node| &node.matches)
        .filter(|found| found.vulnerable)
        .map(|found| &found.criteria);
    unique(
        of_rows
            .chain(of_configurations)
            .filter_map(|cpe| match &cpe.product {
                Value::Text(product) => Some(product.to_lowercase()),
                Value::Any | Value::Na => None,
            }),
    )
}

fn unique(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut out: Vec<String> = names.filter(|name| !name.is_empty()).collect();
    out.sort_unstable();
    out.dedup();
    out
}
