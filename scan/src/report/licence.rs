//! Licences, as Nixpkgs names them and as SPDX writes them.

/// SPDX's own id of a licence; `None` for names that SPDX does not know (`unfree`).
#[must_use]
pub fn spdx_id(name: &str) -> Option<&'static str> {
    spdx::license_id(name).map(|id| id.name)
}

/// The version of SPDX's list of licences by which names are known, as major and minor number.
#[must_use]
pub fn list_version() -> &'static str {
    let whole = spdx::license_version();
    let minor = whole.match_indices('.').nth(1);
    minor.map_or(whole, |(end, _)| &whole[..end])
}

/// The id under which a document refers to a licence that SPDX does not know.
#[must_use]
pub fn reference(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '.' {
            c
        } else {
            '-'
        }
    };
    format!("LicenseRef-{}", name.chars().map(plain).collect::<String>())
}

/// A package's licences as one expression; what it is under is all of them, as far as Nixpkgs says.
/// `NOASSERTION` where it says nothing.
#[must_use]
pub fn expression(licenses: &[String]) -> String {
    let mut terms: Vec<String> = licenses
        .iter()
        .map(|name| spdx_id(name).map_or_else(|| reference(name), str::to_owned))
        .collect();
    terms.dedup();
    if terms.is_empty() {
        "NOASSERTION".to_owned()
    } else {
        terms.join(" AND ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_a_version_of_two_numbers() {
        let (major, minor) = list_version().split_once('.').unwrap();
        assert!(major.parse::<u32>().unwrap() >= 3 && minor.parse::<u32>().is_ok());
    }

    #[test]
    fn what_spdx_knows_keeps_its_id() {
        let names = ["MIT", "unfree!"].map(str::to_owned);
        assert_eq!(expression(&names), "MIT AND LicenseRef-unfree-");
        assert_eq!(expression(&[]), "NOASSERTION");
    }
}
