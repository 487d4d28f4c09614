//! Advisory ids in free text: patch names, `knownVulnerabilities`, package lists.

/// CVE ids in a text, upper case, in order, without duplicates.
///
/// Reads the short forms that patch authors use: `CVE-2019-1_CVE-2019-2.patch`,
/// `cve_2024_1234.patch`, `CVE-2023-1234-5678.patch` (two ids of one year), `CVE-2020-1234+5678`.
#[must_use]
pub fn cve_ids(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(found) = find_cve(bytes, at) {
        let year_start = found + 4;
        at = year_start;
        let Some(year) = digits(bytes, year_start, 4, 4) else {
            continue;
        };
        let mut next = year_start + 4;
        let mut first = true;
        while next < bytes.len() && is_joint(bytes[next], first) {
            // Four to seven digits; a bare continuation must not be the start of a hash or date.
            let Some(number) = digits(bytes, next + 1, 4, 7) else {
                break;
            };
            push(&mut out, format!("CVE-{year}-{number}"));
            next += 1 + number.len();
            first = false;
        }
        at = at.max(next);
    }
    out
}

fn push(out: &mut Vec<String>, id: String) {
    if !out.contains(&id) {
        out.push(id);
    }
}

fn is_joint(byte: u8, first: bool) -> bool {
    byte == b'-' || byte == b'_' || (!first && byte == b'+')
}

fn find_cve(bytes: &[u8], from: usize) -> Option<usize> {
    (from..bytes.len().saturating_sub(4)).find(|&i| {
        bytes[i..i + 3].eq_ignore_ascii_case(b"cve")
            && matches!(bytes[i + 3], b'-' | b'_')
            && (i == 0 || !bytes[i - 1].is_ascii_alphanumeric())
    })
}

/// A run of `min..=max` digits that ends there.
fn digits(bytes: &[u8], from: usize, min: usize, max: usize) -> Option<&str> {
    let run = bytes
        .get(from..)?
        .iter()
        .take_while(|b| b.is_ascii_digit())
        .count();
    if !(min..=max).contains(&run) {
        return None;
    }
    let end = from + run;
    if bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    std::str::from_utf8(&bytes[from..end]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_patch_names() {
        assert_eq!(cve_ids("CVE-2024-1234.patch"), ["CVE-2024-1234"]);
        assert_eq!(cve_ids("0001-cve_2019_12345.diff"), ["CVE-2019-12345"]);
        assert_eq!(
            cve_ids("CVE-2019-1010.CVE-2019-2020.patch"),
            ["CVE-2019-1010", "CVE-2019-2020"]
        );
        assert_eq!(
            cve_ids("CVE-2023-1234-5678.patch"),
            ["CVE-2023-1234", "CVE-2023-5678"]
        );
        assert_eq!(
            cve_ids("fix CVE-2020-1111, CVE-2020-1111"),
            ["CVE-2020-1111"]
        );
    }

    #[test]
    fn what_is_no_id() {
        for text in [
            "CVE-24-1234",
            "CVE-2024-",
            "xcve-2024-1234",
            "CVE-2024-123",
            "CVE-2024-1234abc",
            "cve",
            "",
        ] {
            assert!(cve_ids(text).is_empty(), "{text}");
        }
        assert_eq!(
            cve_ids("CVE-2024-1234-20240101abc.patch"),
            ["CVE-2024-1234"]
        );
    }
}
