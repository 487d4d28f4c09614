//! Repology's rules: which project a package name belongs to.
//!
//! Only rules that hold for a name as such, or for Nix, become facts. A rule with a condition on
//! versions, web sites, categories or another repository says nothing about a name alone, and a
//! rule with a pattern is not a fact but a program.
//!
//! Source: <https://github.com/repology/repology-rules>

use serde_json::{Map, Value};

use super::{Fact, Relation};

/// Members that do not narrow a rule down: what it does, and where it stood.
const HARMLESS: [&str; 10] = [
    "_f",
    "name",
    "setname",
    "ruleset",
    "addflavor",
    "addflag",
    "weak_devel",
    "nolegacy",
    "noscheme",
    "last",
];

pub(super) fn facts(raw: &[u8]) -> Result<Vec<Fact>, String> {
    let rule: Map<String, Value> =
        serde_json::from_slice(raw).map_err(|error| error.to_string())?;
    let Some(project) = rule.get("setname").and_then(Value::as_str) else {
        return Ok(Vec::new());
    };
    let conditional = rule.keys().any(|key| !HARMLESS.contains(&key.as_str()));
    let elsewhere = rule
        .get("ruleset")
        .is_some_and(|set| !names(set).any(|set| set == "nix"));
    if conditional || elsewhere || project.is_empty() {
        return Ok(Vec::new());
    }
    let given = rule.get("name").into_iter().flat_map(names);
    Ok(given
        // `$0` stands for the name itself.
        .map(|name| (name, project.replace("$0", name)))
        .filter(|(name, project)| name != project && !project.contains('$'))
        .map(|(name, right)| Fact {
            relation: Relation::NameProject,
            left: name.to_owned(),
            right,
        })
        .collect())
}

/// A text, or a list of texts.
fn names(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    value
        .as_str()
        .into_iter()
        .chain(list.iter().filter_map(Value::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(raw: &str) -> Vec<(String, String)> {
        let facts = facts(raw.as_bytes()).expect("well-formed");
        facts
            .into_iter()
            .map(|fact| (fact.left, fact.right))
            .collect()
    }

    #[test]
    fn renames_become_facts_and_conditions_do_not() {
        let one = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let list = pairs(r#"{"_f":"x","setname":"bash","name":["bash5","bash-devel","bash"]}"#);
        assert_eq!(list, [one("bash5", "bash"), one("bash-devel", "bash")]);
        let nix = pairs(r#"{"setname":"dash","name":"ash","ruleset":["nix","gentoo"]}"#);
        assert_eq!(nix, [one("ash", "dash")]);
        let own = pairs(r#"{"setname":"emacs:$0","name":"magit"}"#);
        assert_eq!(own, [one("magit", "emacs:magit")]);
        for none in [
            r#"{"setname":"dash","name":"ash","ruleset":"sisyphus"}"#,
            r#"{"setname":"meld","name":"meld3","wwwpart":"meldmerge"}"#,
            r#"{"setname":"erlang","namepat":"erlang[0-9]+"}"#,
            r#"{"name":"x","verpat":"2.*","incorrect":true}"#,
        ] {
            assert!(pairs(none).is_empty(), "{none}");
        }
    }
}
