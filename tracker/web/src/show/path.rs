//! Addresses of this server's own pages.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What may stand unencoded in a path segment; a subset of RFC 3986's `pchar`.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The page of an advisory.
pub fn advisory(id: &str) -> String {
    format!("/advisory/{}", encode(id))
}

/// The page of a package.
pub fn package(attr: &str) -> String {
    format!("/package/{}", encode(attr))
}

/// The page of a channel.
pub fn channel(name: &str) -> String {
    format!("/channel/{}", encode(name))
}

/// One segment of a path, or one value of a query.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_attributes_survive() {
        assert_eq!(
            package("python3Packages.requests"),
            "/package/python3Packages.requests"
        );
        assert_eq!(package("emacsPackages.@"), "/package/emacsPackages.%40");
        assert_eq!(package("a/b?c#d e\"<"), "/package/a%2Fb%3Fc%23d%20e%22%3C");
    }
}
