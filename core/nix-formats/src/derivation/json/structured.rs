//! Structured attributes: JSON inside an environment variable.

/// Removes the white space between tokens from JSON that is known to be well formed.
///
/// Nix writes the variable without any, while the JSON around it may have been indented. Numbers
/// and strings keep their spelling, so that the derivation keeps its bytes.
pub(super) fn without_space(json: &str) -> String {
    let mut compact = String::with_capacity(json.len());
    let mut in_string = false;
    let mut escaped = false;
    for character in json.chars() {
        if in_string || !matches!(character, ' ' | '\t' | '\n' | '\r') {
            compact.push(character);
        }
        match character {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
    }
    compact
}

#[cfg(test)]
mod tests {
    use super::without_space;

    #[test]
    fn space_inside_strings_stays() {
        let json = "{ \"a b\" :\n\t[ 1.50, \" \\\" x \\\\\" , { } ]\r\n}";
        assert_eq!(without_space(json), "{\"a b\":[1.50,\" \\\" x \\\\\",{}]}");
    }
}
