//! Which inputs and sources a step's texts name.

use serde_json::Value;

/// Where inputs and sources stand in a step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// `/in/NAME`
    Input(String),
    /// `/src/NAME`
    Source(String),
}

/// Every `/in/NAME` and `/src/NAME` in the strings of an action, keys left out.
pub fn of_value(value: &Value) -> Vec<Reference> {
    match value {
        Value::String(text) => of_text(text),
        Value::Array(items) => items.iter().flat_map(of_value).collect(),
        Value::Object(fields) => fields.values().flat_map(of_value).collect(),
        _ => Vec::new(),
    }
}

/// The references in a text. A reference starts a word, or follows an option such as `-I`; that
/// keeps `lib/in/x` apart from `-L/in/x`. It is a help against slips, not the protection: what is
/// not declared isn't there when the step runs.
pub fn of_text(text: &str) -> Vec<Reference> {
    let ends_word = |c: char| c.is_whitespace() || "\"'`=:,;()<>|&".contains(c);
    text.split(ends_word)
        .filter_map(|word| {
            let word = match word.strip_prefix('-') {
                Some(option) => option.trim_start_matches(|c: char| c.is_ascii_alphabetic()),
                None => word,
            };
            let (kind, rest): (fn(String) -> Reference, &str) =
                if let Some(rest) = word.strip_prefix("/in/") {
                    (Reference::Input, rest)
                } else {
                    (Reference::Source, word.strip_prefix("/src/")?)
                };
            let name = rest.split('/').next().unwrap_or_default();
            let literal = !name.is_empty() && !name.contains(['*', '?', '[', '{', '$', '\\']);
            literal.then(|| kind(name.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_where_tools_take_paths() {
        let input = |name: &str| Reference::Input(name.to_owned());
        assert_eq!(of_text("/in/tcc/bin/tcc"), [input("tcc")]);
        assert_eq!(of_text("-I/in/musl/include"), [input("musl")]);
        assert_eq!(of_text("CC=/in/tcc/tcc:/in/b"), [input("tcc"), input("b")]);
        assert_eq!(
            of_text("#!/bin/sh\ncp /src/a.c x\n"),
            [Reference::Source("a.c".to_owned())]
        );
        assert!(of_text("lib/in/x /in/ /in/*/bin /in/$x").is_empty());
    }
}
