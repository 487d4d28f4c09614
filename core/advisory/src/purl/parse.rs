//! Reading a package URL.
//!
//! Source: PURL-SPECIFICATION, "How to parse": from the right subpath, qualifiers and version are
//! cut off, from the left scheme and type, and what is left is namespace and name.

use super::Purl;
use super::types::{Namespace, TypeRules, rules};

/// Reads what the specification allows; the reason otherwise.
pub(super) fn parse(text: &str) -> Result<Purl, &'static str> {
    let (text, subpath) = cut_right(text, '#');
    let (text, qualifiers) = cut_right(text, '?');
    let (scheme, rest) = text.split_once(':').ok_or("no scheme")?;
    if scheme != "pkg" {
        return Err("the scheme is not pkg");
    }
    let rest = rest.trim_start_matches('/');
    let (kind, rest) = rest.split_once('/').ok_or("no type or no name")?;
    if !is_type(kind) {
        return Err("the type holds other characters than letters, digits, . and -");
    }
    let kind = kind.to_ascii_lowercase();
    let rules = rules(&kind);
    // An `@` before a `/` belongs to a namespace (`@babel/core`).
    let (rest, version) = match rest.rsplit_once('@') {
        Some((rest, version)) if !version.contains('/') => (rest, Some(version)),
        _ => (rest, None),
    };
    if rest.ends_with('/') {
        return Err("no name");
    }
    let (namespace, name) = match rest.trim_start_matches('/').rsplit_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, rest.trim_start_matches('/')),
    };
    let name = name_of(&decode(name)?, &kind, &rules);
    if name.is_empty() {
        return Err("no name");
    }
    let namespace = namespace
        .map(|text| segments(text, false))
        .transpose()?
        .flatten();
    let namespace = namespace.map(|text| lowered(text, rules.lower_namespace));
    match rules.namespace {
        Namespace::Required if namespace.is_none() => return Err("the type requires a namespace"),
        Namespace::Prohibited if namespace.is_some() => return Err("the type has no namespaces"),
        _ => {}
    }
    let version = version
        .filter(|version| !version.is_empty())
        .map(decode)
        .transpose()?;
    let qualifiers = qualifiers.map(pairs).transpose()?.unwrap_or_default();
    if let Some(needed) = rules.qualifier
        && !qualifiers.iter().any(|(key, _)| key == needed)
    {
        return Err("a qualifier that the type requires is absent");
    }
    let subpath = subpath
        .map(|text| segments(text, true))
        .transpose()?
        .flatten();
    let purl = Purl {
        version: version.map(|version| lowered(version, rules.lower_version)),
        kind,
        namespace,
        name,
        qualifiers,
        subpath,
    };
    special(purl)
}

/// Rules that speak of more than one part.
fn special(mut purl: Purl) -> Result<Purl, &'static str> {
    let qualifier = |purl: &Purl, name: &str| {
        purl.qualifiers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    };
    match purl.kind.as_str() {
        // The namespace is the host alone; the path on it is the name.
        "git" => {
            if let Some((host, path)) = purl
                .namespace
                .as_deref()
                .and_then(|namespace| namespace.split_once('/'))
            {
                purl.name = format!("{path}/{}", purl.name);
                purl.namespace = Some(host.to_owned());
            }
        }
        "mlflow" => {
            let server = qualifier(&purl, "repository_url");
            if server.is_some_and(|server| server.contains("databricks")) {
                purl.name = purl.name.to_lowercase();
            }
        }
        "cpan" if purl.name.contains("::") => return Err("a CPAN name is that of a distribution"),
        "chrome-extension" => {
            if purl.name.len() != 32 || !purl.name.bytes().all(|b| (b'a'..=b'p').contains(&b)) {
                return Err("an extension's name is 32 letters from a to p");
            }
            let part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            let valid =
                |version: &String| version.split('.').count() <= 4 && version.split('.').all(part);
            if !purl.version.as_ref().is_none_or(valid) {
                return Err("an extension's version is up to four numbers");
            }
        }
        _ => {}
    }
    Ok(purl)
}

fn cut_right(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.rsplit_once(separator) {
        Some((text, cut)) => (text, Some(cut)),
        None => (text, None),
    }
}

fn is_type(kind: &str) -> bool {
    kind.starts_with(|c: char| c.is_ascii_alphabetic())
        && kind
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
}

fn name_of(name: &str, kind: &str, rules: &TypeRules) -> String {
    let name = lowered(name.to_owned(), rules.lower_name);
    // PEP 503 takes `_` and `-` for the same.
    if kind == "pypi" {
        name.replace('_', "-")
    } else {
        name
    }
}

fn lowered(text: String, lower: bool) -> String {
    if lower { text.to_lowercase() } else { text }
}

/// Decoded segments without empty ones; in a subpath also without `.` and `..`.
fn segments(text: &str, is_subpath: bool) -> Result<Option<String>, &'static str> {
    let mut list = Vec::new();
    for segment in text.split('/').filter(|segment| !segment.is_empty()) {
        let segment = decode(segment)?;
        if segment.contains('/') {
            return Err("a segment holds an encoded slash");
        }
        if !(is_subpath && matches!(segment.as_str(), "." | "..")) {
            list.push(segment);
        }
    }
    Ok((!list.is_empty()).then(|| list.join("/")))
}

fn pairs(text: &str) -> Result<Vec<(String, String)>, &'static str> {
    let mut list: Vec<(String, String)> = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or("a qualifier without =")?;
        let key_ok = key.starts_with(|c: char| c.is_ascii_alphabetic())
            && key
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b));
        if !key_ok {
            return Err("a qualifier's key is not letters, digits, ., - and _");
        }
        let key = key.to_ascii_lowercase();
        if list.iter().any(|(known, _)| *known == key) {
            return Err("a qualifier stands twice");
        }
        let value = decode(value)?;
        // "A key=value pair with an empty value is the same as no key/value at all."
        if !value.is_empty() {
            list.push((key, value));
        }
    }
    list.sort_unstable();
    Ok(list)
}

fn decode(text: &str) -> Result<String, &'static str> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let hex = |at: usize| {
            after
                .get(at)
                .and_then(|&digit| char::from(digit).to_digit(16))
        };
        match (byte, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                // Two hex digits are below 256.
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| "percent-encoded bytes are not UTF-8")
}
