//! Files of others: vulnix whitelists (TOML and YAML), OpenVEX, CSAF.
//!
//! Sources: vulnix-whitelist(5) of vulnix 1.10; OpenVEX 0.2.0
//! <https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>; CSAF 2.0
//! <https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html>, section 3.2.3.9.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;
use snowguard_advisory::purl::Purl;
use snowguard_nix_formats::DrvName;

use super::{Claim, SuppressError, Suppression, toml_file};

/// Reads a file in whichever of the forms it has.
///
/// # Errors
/// [`SuppressError::Form`] with what is wrong in it.
pub fn read(path: &Path, text: &str) -> Result<Vec<Suppression>, SuppressError> {
    let bad = |reason: String| SuppressError::Form {
        path: path.to_owned(),
        reason,
    };
    let is_named = |endings: &[&str]| {
        path.extension()
            .and_then(|ending| ending.to_str())
            .is_some_and(|ending| endings.contains(&ending))
    };
    if text.trim_start().starts_with('{') {
        let value: Value = serde_json::from_str(text).map_err(|error| bad(error.to_string()))?;
        return if value.get("statements").is_some() {
            open_vex(path, value).map_err(bad)
        } else if value.pointer("/document/csaf_version").is_some() {
            csaf(path, &value).map_err(bad)
        } else {
            Err(bad("JSON that is neither OpenVEX nor CSAF".to_owned()))
        };
    }
    if is_named(&["yaml", "yml"]) {
        return vulnix_yaml(path, text).map_err(bad);
    }
    let table: toml::Table = toml::from_str(text).map_err(|error| bad(error.to_string()))?;
    if table.contains_key("suppress") {
        toml_file::read(path, text)
    } else {
        vulnix_toml(path, text).map_err(bad)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Many(texts) => texts,
        }
    }
}

fn joined(texts: Option<OneOrMany>) -> Option<String> {
    texts
        .map(|texts| texts.list().join(" "))
        .filter(|text| !text.is_empty())
}

/// A section of a vulnix whitelist; the section's name is the package, `*` for all.
#[derive(Deserialize)]
struct VulnixRule {
    cve: Option<OneOrMany>,
    until: Option<toml::Value>,
    comment: Option<OneOrMany>,
    issue_url: Option<OneOrMany>,
}

fn vulnix_toml(path: &Path, text: &str) -> Result<Vec<Suppression>, String> {
    let sections: BTreeMap<String, VulnixRule> =
        toml::from_str(text).map_err(|error| error.to_string())?;
    let mut rules = Vec::new();
    for (name, section) in sections {
        let until = section
            .until
            .map(|until| {
                // A TOML date, or a text with one.
                let text = match &until {
                    toml::Value::String(text) => text.clone(),
                    toml::Value::Datetime(date) => date.to_string(),
                    _ => return Err(format!("[{name:?}] until: not a date")),
                };
                text.parse::<Date>()
                    .map_err(|error| format!("[{name:?}] until: {error}"))
            })
            .transpose()?;
        rules.push(vulnix_rule(
            path,
            &name,
            section.cve.map(OneOrMany::list).unwrap_or_default(),
            until,
            joined(section.comment),
            joined(section.issue_url),
        )?);
    }
    Ok(rules)
}

#[derive(Deserialize)]
struct VulnixEntry {
    cve: Option<OneOrMany>,
    name: Option<String>,
    version: Option<OneOrMany>,
    comment: Option<OneOrMany>,
    until: Option<String>,
    issue_url: Option<OneOrMany>,
}

fn vulnix_yaml(path: &Path, text: &str) -> Result<Vec<Suppression>, String> {
    let entries: Vec<VulnixEntry> =
        serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    let mut rules = Vec::new();
    for entry in entries {
        let until = entry
            .until
            .map(|text| {
                text.parse::<Date>()
                    .map_err(|error| format!("until: {error}"))
            })
            .transpose()?;
        let rule = vulnix_rule(
            path,
            entry.name.as_deref().unwrap_or("*"),
            entry.cve.map(OneOrMany::list).unwrap_or_default(),
            until,
            joined(entry.comment),
            joined(entry.issue_url),
        )?;
        match entry.version.map(OneOrMany::list) {
            None => rules.push(rule),
            Some(versions) => rules.extend(versions.into_iter().map(|version| Suppression {
                version: Some(version),
                ..rule.clone()
            })),
        }
    }
    Ok(rules)
}

fn vulnix_rule(
    path: &Path,
    name: &str,
    advisories: Vec<String>,
    until: Option<Date>,
    comment: Option<String>,
    url: Option<String>,
) -> Result<Suppression, String> {
    // `openssl-3.0.13` is a name with its version, `openssl` the name alone.
    let parsed = DrvName::parse(name);
    let package = (name != "*").then(|| parsed.name().to_owned());
    if package.is_none() && advisories.is_empty() {
        return Err(
            "an entry for every package and every advisory would set everything aside".to_owned(),
        );
    }
    Ok(Suppression {
        version: package
            .is_some()
            .then(|| parsed.version().map(str::to_owned))
            .flatten(),
        package,
        advisories,
        until,
        reason: comment.unwrap_or_else(|| "whitelisted without a comment".to_owned()),
        url,
        origin: format!("{}, {name}", path.display()),
        ..Suppression::default()
    })
}

#[derive(Deserialize)]
struct OpenVex {
    statements: Vec<Statement>,
}

#[derive(Deserialize)]
struct Statement {
    vulnerability: Vulnerability,
    #[serde(default)]
    products: Vec<Product>,
    status: String,
    justification: Option<String>,
    impact_statement: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Vulnerability {
    Named {
        name: String,
        #[serde(default)]
        aliases: Vec<String>,
    },
    Plain(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Product {
    Described {
        #[serde(rename = "@id")]
        id: Option<String>,
        identifiers: Option<BTreeMap<String, String>>,
    },
    Plain(String),
}

fn open_vex(path: &Path, value: Value) -> Result<Vec<Suppression>, String> {
    let document: OpenVex = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let mut rules = Vec::new();
    for (number, statement) in document.statements.into_iter().enumerate() {
        // Only these two set a finding aside; "affected" and "under_investigation" leave it.
        if !matches!(statement.status.as_str(), "not_affected" | "fixed") {
            continue;
        }
        let advisories = match statement.vulnerability {
            Vulnerability::Named { name, aliases } => [vec![name], aliases].concat(),
            Vulnerability::Plain(name) => vec![name],
        };
        let reason = statement
            .impact_statement
            .or(statement.justification)
            .unwrap_or_else(|| statement.status.replace('_', " "));
        let origin = format!("{}, statement {}", path.display(), number + 1);
        let products = statement
            .products
            .into_iter()
            .flat_map(|product| match product {
                Product::Plain(text) => vec![text],
                Product::Described { id, identifiers } => identifiers
                    .and_then(|mut all| all.remove("purl"))
                    .or(id)
                    .into_iter()
                    .collect(),
            });
        rules.extend(
            products.filter_map(|product| of_product(&product, &advisories, &reason, &origin)),
        );
    }
    Ok(rules)
}

/// A rule for a product that is named by a purl, or by name and version as Nix writes them.
fn of_product(
    product: &str,
    advisories: &[String],
    reason: &str,
    origin: &str,
) -> Option<Suppression> {
    let (purl, package, version) = match Purl::parse(product) {
        Ok(purl) => (Some(product.to_owned()), purl.name, purl.version),
        Err(_) => {
            let parsed = DrvName::parse(product);
            (
                None,
                parsed.name().to_owned(),
                parsed.version().map(str::to_owned),
            )
        }
    };
    (!package.is_empty() && !advisories.is_empty()).then(|| Suppression {
        package: Some(package),
        purl,
        version,
        advisories: advisories.to_vec(),
        reason: reason.to_owned(),
        origin: origin.to_owned(),
        claim: Claim::NotAffected,
        ..Suppression::default()
    })
}

fn csaf(path: &Path, value: &Value) -> Result<Vec<Suppression>, String> {
    let mut products: BTreeMap<String, String> = BTreeMap::new();
    if let Some(tree) = value.get("product_tree") {
        gather(tree, &mut products, 0)?;
    }
    let mut rules = Vec::new();
    let vulnerabilities = value.get("vulnerabilities").and_then(Value::as_array);
    for (number, one) in vulnerabilities.into_iter().flatten().enumerate() {
        let Some(cve) = one.get("cve").and_then(Value::as_str) else {
            continue;
        };
        for status in ["known_not_affected", "fixed", "first_fixed"] {
            let ids = one
                .get("product_status")
                .and_then(|all| all.get(status))
                .and_then(Value::as_array);
            for id in ids.into_iter().flatten().filter_map(Value::as_str) {
                let product = products.get(id).map_or(id, String::as_str);
                let origin = format!("{}, vulnerability {}", path.display(), number + 1);
                rules.extend(of_product(
                    product,
                    &[cve.to_owned()],
                    &format!("{status} by CSAF").replace('_', " "),
                    &origin,
                ));
            }
        }
    }
    Ok(rules)
}

/// Product ids with their purl, or their name where there is none.
fn gather(value: &Value, out: &mut BTreeMap<String, String>, depth: usize) -> Result<(), String> {
    const DEPTH: usize = 64;
    if depth > DEPTH {
        return Err(format!("the product tree is deeper than {DEPTH}"));
    }
    match value {
        Value::Object(object) => {
            if let Some(id) = object.get("product_id").and_then(Value::as_str) {
                let purl = value.pointer("/product_identification_helper/purl");
                let name = purl.or_else(|| object.get("name")).and_then(Value::as_str);
                out.insert(id.to_owned(), name.unwrap_or(id).to_owned());
            }
            for inner in object.values() {
                gather(inner, out, depth + 1)?;
            }
        }
        Value::Array(items) => {
            for inner in items {
                gather(inner, out, depth + 1)?;
            }
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(name: &str, text: &str) -> Vec<Suppression> {
        read(Path::new(name), text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn vulnix_whitelists_are_read() {
        let found = rules(
            "w.toml",
            "[\"openssl-3.0.13\"]\ncve = [\"CVE-2024-1\"]\nuntil = 2026-12-31\ncomment = \"c\"\n\
             [\"*\"]\ncve = \"CVE-2024-2\"\n[ffmpeg]\n",
        );
        assert_eq!(found.len(), 3);
        let openssl = found
            .iter()
            .find(|r| r.package.as_deref() == Some("openssl"))
            .unwrap();
        assert_eq!(openssl.version.as_deref(), Some("3.0.13"));
        assert_eq!(openssl.until, Some(jiff::civil::date(2026, 12, 31)));
        let yaml = rules(
            "w.yaml",
            "- cve: CVE-2015-2503\n  comment: is about Windows\n- name: pip\n  version: [\"6.1.1\", \"7\"]\n",
        );
        assert_eq!(yaml.len(), 3);
        assert_eq!(yaml[0].advisories, ["CVE-2015-2503"]);
        assert_eq!(yaml[2].version.as_deref(), Some("7"));
        assert!(read(Path::new("w.toml"), "[\"*\"]\ncomment = \"all\"\n").is_err());
    }

    #[test]
    fn vex_statements_set_aside_what_is_not_affected() {
        let found = rules(
            "v.json",
            r#"{"@context":"https://openvex.dev/ns/v0.2.0","statements":[
            {"vulnerability":{"name":"CVE-2024-1","aliases":["GHSA-1"]},"status":"not_affected",
             "justification":"component_not_present",
             "products":[{"@id":"pkg:nix/openssl@3.0.13"},{"identifiers":{"purl":"pkg:generic/zlib@1.3"}}]},
            {"vulnerability":{"name":"CVE-2024-2"},"status":"affected","products":["pkg:nix/openssl"]}]}"#,
        );
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].advisories, ["CVE-2024-1", "GHSA-1"]);
        assert_eq!(found[1].package.as_deref(), Some("zlib"));
        assert_eq!(found[1].version.as_deref(), Some("1.3"));
    }

    #[test]
    fn csaf_statements_are_read_through_the_product_tree() {
        let found = rules(
            "c.json",
            r#"{"document":{"csaf_version":"2.0"},"product_tree":{"branches":[{"product":
            {"name":"x","product_id":"P1","product_identification_helper":{"purl":"pkg:nix/curl@8.0"}}}]},
            "vulnerabilities":[{"cve":"CVE-2024-3","product_status":{"known_not_affected":["P1"],"known_affected":["P2"]}}]}"#,
        );
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].package.as_deref(), Some("curl"));
    }

    #[test]
    fn what_is_none_of_the_forms_is_refused() {
        for (name, text) in [("a.json", "{}"), ("a.toml", "= 1"), ("a.yaml", "a: b: c")] {
            assert!(read(Path::new(name), text).is_err(), "{name}");
        }
    }
}
