//! The mirror of the Debian archive that apt uses on this machine: where a company or a continuous build
//! has a mirror of its own, sources come from there too.
//!
//! Source: sources.list(5).

use std::path::Path;

/// No list is longer.
const MAX_LIST: u64 = 1 << 20;
/// The mirror for everybody.
pub const EVERYWHERE: &str = "http://deb.debian.org/debian";

/// Addresses of mirrors to ask, in order: those that apt's lists below `folder` (`/etc/apt`) name, then
/// [`EVERYWHERE`]. A list that can't be read is passed over: it is apt's, and only a hint here.
pub fn mirrors(folder: &Path) -> Vec<String> {
    let mut files = vec![folder.join("sources.list")];
    if let Ok(entries) = std::fs::read_dir(folder.join("sources.list.d")) {
        let mut more: Vec<_> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .collect();
        more.sort();
        files.extend(more);
    }
    let mut found = Vec::new();
    for file in files {
        let fits = std::fs::metadata(&file).is_ok_and(|meta| meta.len() <= MAX_LIST);
        let Some(text) = fits.then(|| std::fs::read_to_string(&file).ok()).flatten() else {
            continue;
        };
        let one_line = file
            .extension()
            .is_some_and(|extension| extension == "list");
        if one_line {
            found.extend(text.lines().filter_map(of_line));
        } else {
            found.extend(text.split("\n\n").flat_map(of_paragraph));
        }
    }
    found.push(EVERYWHERE.to_owned());
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|address| is_archive(address) && seen.insert(address.clone()));
    found
}

/// `deb [options] URI suite component…`
fn of_line(line: &str) -> Option<String> {
    let line = line.split('#').next()?.trim();
    let rest = line
        .strip_prefix("deb-src")
        .or_else(|| line.strip_prefix("deb"))?
        .trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(options) => options.split_once(']')?.1,
        None => rest,
    };
    rest.split_whitespace().next().map(plain)
}

/// `URIs:` in the form of deb822; a value may go over several lines.
fn of_paragraph(paragraph: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in paragraph.lines().filter(|line| !line.starts_with('#')) {
        let value = match line.split_once(':') {
            _ if line.starts_with([' ', '\t']) => line,
            Some((field, value)) => {
                inside = field.eq_ignore_ascii_case("uris");
                value
            }
            None => continue,
        };
        if inside {
            found.extend(value.split_whitespace().map(plain));
        }
    }
    found
}

fn plain(address: &str) -> String {
    address.trim_end_matches('/').to_owned()
}

/// Only the archive itself has a pool with everything; security updates and archives of others have not.
fn is_archive(address: &str) -> bool {
    (address.starts_with("http://") || address.starts_with("https://"))
        && address.ends_with("/debian")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_lists_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("a file");
        };
        std::fs::create_dir(folder.path().join("sources.list.d")).expect("a folder");
        write(
            "sources.list",
            "# deb http://no.example/debian x\ndeb [arch=amd64 signed-by=/k] https://a.example/debian/ bookworm main # b\n\
             deb-src http://a.example/debian-security x y\ndeb\ndeb [\n",
        );
        write(
            "sources.list.d/debian.sources",
            "Types: deb\n# URIs: http://no.example/debian\nuris: http://b.example/debian\n https://c.example/pub/debian/\nSuites: x\n\n\
             Types: deb\nURIs: file:/cdrom/debian http://other.example/node_20.x\nSuites: http://no.example/debian\n",
        );
        write("sources.list.d/z.list", "deb https://a.example/debian x\n");
        assert_eq!(
            mirrors(folder.path()),
            [
                "https://a.example/debian",
                "http://b.example/debian",
                "https://c.example/pub/debian",
                EVERYWHERE
            ]
        );
        assert_eq!(mirrors(Path::new("/nowhere")), [EVERYWHERE]);
    }
}
