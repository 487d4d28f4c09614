//! Source repositories, recognised in URLs of every shape that advisories and packages carry.

use serde::{Deserialize, Serialize};

/// A repository: host, owner and name, all lower case, e.g. `github.com/openssl/openssl`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Repository(String);

/// What part of a repository a URL points at; tells how surely it is the product's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Pointer {
    /// A wiki page, a discussion, or something unrecognised.
    Other,
    /// The repository itself, a file, a release or an issue.
    Content,
    /// A commit, a pull request or a security advisory of the repository.
    Change,
}

impl Repository {
    /// As `host/owner/name`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, without host and owner.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The owner, or the group path; empty where the host has none.
    #[must_use]
    pub fn owner(&self) -> &str {
        let without_name = self.0.rsplit_once('/').map_or("", |(head, _)| head);
        without_name.split_once('/').map_or("", |(_, owner)| owner)
    }

    /// Reads the repository out of a URL.
    ///
    /// Knows GitHub (also `codeload`, `raw`, `api`), GitLab instances (also the API's encoded
    /// form), Codeberg, Bitbucket, Sourcehut, Savannah, `git.kernel.org`, SourceForge, GNU, Apache
    /// and GNOME mirrors (`mirror://`), and purl-like `github/owner/name`.
    #[must_use]
    pub fn in_url(url: &str) -> Option<(Self, Pointer)> {
        let url = url.trim();
        let url = url
            .strip_prefix("git+")
            .or_else(|| url.strip_prefix("scm:git:"))
            .unwrap_or(url);
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) => (scheme, rest),
            None => match url.strip_prefix("git@") {
                Some(rest) => ("ssh", rest),
                None => ("https", url),
            },
        };
        if scheme == "mirror" {
            return in_mirror(rest);
        }
        let rest = rest
            .rsplit_once('@')
            .filter(|(user, _)| !user.contains('/'))
            .map_or(rest, |(_, r)| r);
        let cut = rest.find(['/', ':'])?;
        let host = rest[..cut].to_ascii_lowercase();
        let path =
            rest[cut + 1..].trim_start_matches(|c: char| c.is_ascii_digit() && scheme == "ssh");
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let segments: Vec<&str> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .collect();
        let host = host.strip_prefix("www.").unwrap_or(&host);
        in_host(host, &segments)
    }
}

fn in_host(host: &str, segments: &[&str]) -> Option<(Repository, Pointer)> {
    match host {
        "github.com" | "codeload.github.com" | "raw.githubusercontent.com" | "github" => {
            two_part("github.com", segments, is_no_owner)
        }
        "api.github.com" => match segments {
            ["repos", rest @ ..] => two_part("github.com", rest, is_no_owner),
            _ => None,
        },
        "codeberg.org" | "bitbucket.org" | "gitee.com" | "gitea.com" | "notabug.org" => {
            two_part(host, segments, |_| false)
        }
        "git.sr.ht" | "hg.sr.ht" | "sr.ht" => two_part("sr.ht", segments, |_| false),
        "sourceforge.net" => match segments {
            ["projects" | "p", name, rest @ ..] => {
                Some((named("sourceforge", name)?, pointer(rest)))
            }
            _ => None,
        },
        "downloads.sourceforge.net" | "prdownloads.sourceforge.net" => match segments {
            ["project" | "projects", name, ..] | [name, _, ..] => {
                Some((named("sourceforge", name)?, Pointer::Content))
            }
            _ => None,
        },
        "ftp.gnu.org" | "ftpmirror.gnu.org" => match segments {
            ["gnu" | "pub", name, _, ..] => Some((named("gnu", name)?, Pointer::Content)),
            _ => None,
        },
        "savannah.gnu.org" | "savannah.nongnu.org" => match segments {
            ["projects" | "p", name, ..] => Some((named("gnu", name)?, Pointer::Content)),
            _ => None,
        },
        "gnu.org" => match segments {
            ["software", name, ..] => Some((named("gnu", name)?, Pointer::Content)),
            _ => None,
        },
        "git.savannah.gnu.org" | "git.savannah.nongnu.org" => {
            let name = segments.iter().find(|s| s.ends_with(".git"))?;
            Some((named("gnu", name)?, pointer(&[])))
        }
        "git.kernel.org" => {
            // `/stable/c/COMMIT` is the short form of the kernel's own addresses.
            if let ["stable" | "torvalds", "c", ..] = segments {
                return Some((named("git.kernel.org", "linux")?, Pointer::Change));
            }
            let at = segments.iter().position(|s| s.ends_with(".git"))?;
            Some((
                named("git.kernel.org", segments[at])?,
                pointer(&segments[at + 1..]),
            ))
        }
        _ if host.contains("gitlab") || host == "salsa.debian.org" || host == "invent.kde.org" => {
            in_gitlab(host, segments)
        }
        _ if host.ends_with(".sourceforge.net") || host.ends_with(".sourceforge.io") => Some((
            named("sourceforge", host.split('.').next()?)?,
            Pointer::Content,
        )),
        _ => None,
    }
}

/// Nixpkgs's `mirror://` URLs name the project in a place that depends on the mirror.
fn in_mirror(rest: &str) -> Option<(Repository, Pointer)> {
    let segments: Vec<&str> = rest
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let repository = match segments.as_slice() {
        ["gnu", name, ..] | ["savannah", name, _, ..] => named("gnu", name)?,
        ["sourceforge", "project" | "projects", name, ..] | ["sourceforge", name, _, ..] => {
            named("sourceforge", name)?
        }
        ["gnome", "sources", name, ..] => named("gitlab.gnome.org/gnome", name)?,
        ["apache", name, ..] => named("apache", name)?,
        _ => return None,
    };
    Some((repository, Pointer::Content))
}

/// GitLab allows groups in groups; `/-/` ends the path of the project.
fn in_gitlab(host: &str, segments: &[&str]) -> Option<(Repository, Pointer)> {
    if let ["api", _, "projects", encoded, ..] = segments {
        let path = encoded
            .replace("%2F", "/")
            .replace("%2f", "/")
            .to_ascii_lowercase();
        if path.contains('/') {
            return Some((Repository(format!("{host}/{path}")), Pointer::Content));
        }
        return None;
    }
    const ENDS: [&str; 10] = [
        "-",
        "issues",
        "commit",
        "merge_requests",
        "tree",
        "blob",
        "tags",
        "releases",
        "raw",
        "commits",
    ];
    let end = segments
        .iter()
        .position(|s| ENDS.contains(s))
        .unwrap_or(segments.len());
    if end < 2 || is_no_owner(segments[0]) {
        return None;
    }
    let name = named("", segments[end - 1])?;
    let groups = segments[..end - 1].join("/").to_ascii_lowercase();
    let rest = if segments.get(end) == Some(&"-") {
        &segments[end + 1..]
    } else {
        &segments[end..]
    };
    Some((
        Repository(format!("{host}/{groups}{}", name.0)),
        pointer(rest),
    ))
}

fn two_part(
    host: &str,
    segments: &[&str],
    refused: fn(&str) -> bool,
) -> Option<(Repository, Pointer)> {
    let [owner, name, rest @ ..] = segments else {
        return None;
    };
    if refused(owner) {
        return None;
    }
    let owner = owner.trim_start_matches('~');
    let repository = put_together([host, "/", owner, "/"], name)?;
    Some((repository, pointer(rest)))
}

fn named(prefix: &str, name: &str) -> Option<Repository> {
    put_together([prefix, "/", "", ""], name)
}

/// What stands before a name, and the name, in lower case. Every URL of every package comes by
/// here: one piece of memory is all that it takes.
fn put_together(before: [&str; 4], name: &str) -> Option<Repository> {
    let name = name.trim_end_matches(['.', ',', ')', ';']);
    let cut = name.len().saturating_sub(4);
    let name = match name.get(cut..) {
        Some(ending) if ending.eq_ignore_ascii_case(".git") => &name[..cut],
        _ => name,
    };
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b));
    if name.is_empty() || name.len() > 120 || !plain {
        return None;
    }
    let length = before.iter().map(|part| part.len()).sum::<usize>() + name.len();
    let mut text = String::with_capacity(length);
    for part in before.into_iter().chain([name]) {
        text.push_str(part);
    }
    text.make_ascii_lowercase();
    Some(Repository(text))
}

fn pointer(rest: &[&str]) -> Pointer {
    let rest = rest.strip_prefix(&["-"]).unwrap_or(rest);
    match rest {
        [
            "commit" | "pull" | "commits" | "merge_requests" | "compare",
            ..,
        ] => Pointer::Change,
        ["security", "advisories", ..] => Pointer::Change,
        []
        | [
            "issues" | "releases" | "blob" | "tree" | "archive" | "tags" | "security" | "pulls"
            | "work_items" | "bugs" | "files" | "ci" | "tickets",
            ..,
        ] => Pointer::Content,
        _ => Pointer::Other,
    }
}

/// First path segments on GitHub and GitLab that are not owners.
fn is_no_owner(segment: &str) -> bool {
    matches!(
        segment.to_ascii_lowercase().as_str(),
        "advisories"
            | "sponsors"
            | "orgs"
            | "apps"
            | "features"
            | "marketplace"
            | "topics"
            | "user-attachments"
            | "search"
            | "about"
            | "login"
            | "settings"
            | "users"
            | "explore"
    )
}

/// Whether a repository holds reports or exploits rather than a product: proof-of-concept
/// collections and advisory databases are linked from records of every product.
#[must_use]
pub fn is_report(repository: &Repository) -> bool {
    const MARKS: [&str; 15] = [
        "cve",
        "poc",
        "exploit",
        "vuln",
        "advisor",
        "security-research",
        "disclos",
        "bug_report",
        "bugreport",
        "0day",
        "defects",
        "pentest",
        "bug-bounty",
        "fuzzing",
        "findings",
    ];
    const DATABASES: [&str; 4] = [
        "github.com/nixos/nixpkgs",
        "github.com/rapid7/metasploit-framework",
        "github.com/cve-org/cve-list",
        "github.com/projectdiscovery/nuclei-templates",
    ];
    let text = repository.as_str();
    let path = text.split_once('/').map_or(text, |(_, path)| path);
    MARKS.iter().any(|mark| path.contains(mark)) || DATABASES.contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repo(url: &str) -> Option<String> {
        Repository::in_url(url).map(|(repository, _)| repository.0)
    }

    #[test]
    fn one_repository_in_many_urls() {
        for url in [
            "https://github.com/HDFGroup/hdf5",
            "https://github.com/HDFGroup/hdf5/archive/hdf5_1.14.6.tar.gz",
            "git+https://github.com/HDFGroup/hdf5.git",
            "git@github.com:HDFGroup/hdf5.git",
            "ssh://git@github.com/HDFGroup/hdf5.git",
            "https://www.github.com/hdfgroup/hdf5/security/advisories/GHSA-1",
            "https://raw.githubusercontent.com/HDFGroup/hdf5/develop/README.md",
            "https://api.github.com/repos/HDFGroup/hdf5/tarball/x",
        ] {
            assert_eq!(
                repo(url).as_deref(),
                Some("github.com/hdfgroup/hdf5"),
                "{url}"
            );
        }
    }

    #[test]
    fn other_hosts() {
        let gnome = Some("gitlab.gnome.org/gnome/libxml2");
        assert_eq!(
            repo("https://gitlab.gnome.org/GNOME/libxml2/-/issues/1").as_deref(),
            gnome
        );
        assert_eq!(
            repo("https://gitlab.gnome.org/api/v4/projects/GNOME%2Flibxml2/repository/archive")
                .as_deref(),
            gnome
        );
        assert_eq!(
            repo("mirror://gnome/sources/libxml2/2.1/libxml2.tar.xz").as_deref(),
            gnome
        );
        assert_eq!(
            repo("mirror://gnu/bash/bash-5.tar.gz").as_deref(),
            Some("gnu/bash")
        );
        assert_eq!(
            repo("https://ftp.gnu.org/gnu/bash/bash-5.tar.gz").as_deref(),
            Some("gnu/bash")
        );
        assert_eq!(
            repo("https://git.kernel.org/stable/c/c60d252949ca").as_deref(),
            Some("git.kernel.org/linux")
        );
        assert_eq!(
            repo("https://sourceforge.net/p/bacnet/bugs/85/").as_deref(),
            Some("sourceforge/bacnet")
        );
        assert_eq!(
            repo("https://gitlab.linphone.org/BC/public/external/mbedtls.git").as_deref(),
            Some("gitlab.linphone.org/bc/public/external/mbedtls")
        );
    }

    #[test]
    fn pointers_tell_changes_from_content() {
        let pointer = |url| Repository::in_url(url).map(|(_, pointer)| pointer);
        assert_eq!(
            pointer("https://github.com/a/b/commit/1"),
            Some(Pointer::Change)
        );
        assert_eq!(
            pointer("https://github.com/a/b/security/advisories/GHSA-1"),
            Some(Pointer::Change)
        );
        assert_eq!(pointer("https://github.com/a/b"), Some(Pointer::Content));
        assert_eq!(
            pointer("https://github.com/a/b/wiki/x"),
            Some(Pointer::Other)
        );
    }

    #[test]
    fn what_is_no_repository() {
        for url in [
            "https://github.com/advisories/GHSA-1",
            "https://github.com/a",
            "",
            "::",
            "https://x",
        ] {
            assert_eq!(repo(url), None, "{url}");
        }
    }
}
