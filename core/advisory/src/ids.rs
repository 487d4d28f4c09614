//! Ids and names as they stand in free text.

/// Whether the text is a CVE id: `CVE-`, four digits, `-`, four to nineteen digits.
///
/// Source: CVE schema, `definitions.cveId`.
#[must_use]
pub fn is_cve(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("CVE-") else {
        return false;
    };
    let Some((year, number)) = rest.split_once('-') else {
        return false;
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    year.len() == 4 && digits(year) && (4..=19).contains(&number.len()) && digits(number)
}

/// Whether the text can be an id of any database: 1 to 128 letters, digits, `-`, `_`, `.`, `:`, `+`,
/// the first of them a letter or digit.
///
/// OSV leaves the form after the prefix to each database; ids stand in URLs and file names, so
/// what could be taken for a path is none.
#[must_use]
pub fn is_plain_id(text: &str) -> bool {
    text.len() <= 128
        && text
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:+".contains(&byte))
}

/// All CVE ids in a text, upper-cased, each once, in order.
#[must_use]
pub fn cves_in(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let mut found: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(dash) = memchr::memchr(b'-', &bytes[at..]) {
        let dash = at + dash;
        at = dash + 1;
        let Some(start) = dash.checked_sub(3) else {
            continue;
        };
        if !bytes[start..dash].eq_ignore_ascii_case(b"CVE")
            || (start > 0 && bytes[start - 1].is_ascii_alphanumeric())
        {
            continue;
        }
        let tail = &bytes[dash + 1..];
        let end = tail
            .iter()
            .position(|&b| !(b.is_ascii_digit() || b == b'-'));
        let mut tail = &tail[..end.unwrap_or(tail.len())];
        // `CVE-2024-1234-fix` and `CVE-2024-1234-5678` both begin with an id.
        if let Some(second) = memchr::memchr_iter(b'-', tail).nth(1) {
            tail = &tail[..second];
        }
        let id = format!("CVE-{}", String::from_utf8_lossy(tail));
        if is_cve(&id) && !found.contains(&id) {
            found.push(id);
        }
    }
    found
}

/// `CWE-79` at the beginning of a text (`CWE-79`, `CWE-79: Cross-site …`, `cwe-079`).
#[must_use]
pub fn leading_cwe(text: &str) -> Option<String> {
    let text = text.trim();
    let (head, rest) = text.split_at_checked(4)?;
    if !head.eq_ignore_ascii_case("CWE-") {
        return None;
    }
    let digits: &str = &rest[..rest.bytes().take_while(u8::is_ascii_digit).count()];
    let number: u32 = digits.parse().ok().filter(|&number| number > 0)?;
    Some(format!("CWE-{number}"))
}

/// A vendor or product name, unless it is a word for "none".
#[must_use]
pub fn named(text: Option<&str>) -> Option<String> {
    const NOBODY: [&str; 12] = [
        "n/a",
        "na",
        "-",
        "*",
        "none",
        "null",
        "unknown",
        "[unknown]",
        "unspecified",
        "not applicable",
        "not available",
        "n.a.",
    ];
    let text = text?.trim();
    let nobody = text.is_empty() || NOBODY.iter().any(|word| text.eq_ignore_ascii_case(word));
    (!nobody).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cve_ids() {
        assert!(is_cve("CVE-2024-3094"));
        assert!(is_cve("CVE-1999-0001"));
        for text in [
            "cve-2024-3094",
            "CVE-2024-309",
            "CVE-24-3094",
            "CVE-2024-3094 ",
            "CVE-2024-",
        ] {
            assert!(!is_cve(text), "{text}");
        }
    }

    #[test]
    fn ids_in_text() {
        assert_eq!(
            cves_in(
                "cve-2018-5712.patch fixes CVE-2018-5712, CVE-2017-14107-x; XCVE-2017-14108 --"
            ),
            ["CVE-2018-5712", "CVE-2017-14107"]
        );
        assert_eq!(cves_in("CVE-"), Vec::<String>::new());
        assert_eq!(cves_in("é-CVE-2020-1234é"), ["CVE-2020-1234"]);
    }

    #[test]
    fn weaknesses() {
        assert_eq!(leading_cwe("CWE-079: XSS").as_deref(), Some("CWE-79"));
        assert_eq!(leading_cwe("n/a"), None);
        assert_eq!(leading_cwe("CWE-0"), None);
        assert_eq!(leading_cwe("CWE-é"), None);
    }
}
