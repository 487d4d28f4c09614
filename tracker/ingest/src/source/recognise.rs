//! Telling what a document is by its first bytes.
//!
//! A name is not asked: feeds are renamed, mirrored and repacked. What decides are the members
//! that the format's own specification requires.

use memchr::memchr;

use super::kind::Kind;
use crate::split::Form;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recognised {
    /// What its records are.
    pub kind: Kind,
    /// How they lie in it.
    pub form: Form,
}

/// How much of a document is looked at.
pub const HEAD: usize = 256 << 10;

/// What a document is, from its first [`HEAD`] bytes (fewer when it is shorter).
///
/// # Errors
/// What it looks like, in words, when it is none of the known kinds.
pub fn recognise(head: &[u8]) -> Result<Recognised, String> {
    let head = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    match head.first() {
        None => Err("empty".to_owned()),
        Some(b'{') => object(head),
        Some(b'[') => {
            let inner = head[1..].trim_ascii_start();
            if inner.first() != Some(&b'{') {
                return Err("a JSON array of something other than objects".to_owned());
            }
            let (members, _) = Members::read(inner);
            let kind = members.kind().ok_or_else(|| members.unknown())?;
            Ok(Recognised {
                kind,
                form: Form::Root,
            })
        }
        Some(_) if is_epss(head) => Ok(Recognised {
            kind: Kind::Epss,
            form: Form::Lines,
        }),
        Some(_) => Err("neither JSON nor a CSV file that is known".to_owned()),
    }
}

/// `#model_version:v2025.03.14,score_date:…` and then, or at once, `cve,epss,percentile`.
fn is_epss(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.next().unwrap_or_default();
    let header = if first.starts_with(b"#") {
        lines.next().unwrap_or_default()
    } else {
        first
    };
    header.starts_with(b"cve,epss")
}

fn object(head: &[u8]) -> Result<Recognised, String> {
    let (members, end) = Members::read(head);
    if let Some(recognised) = members.container() {
        return Ok(recognised);
    }
    // The first value fills its line, and more follows, well-formed or not.
    let lines = end.is_some_and(|end| {
        let rest = &head[end..];
        memchr(b'\n', rest).is_some_and(|at| rest[..at].trim_ascii().is_empty())
            && !rest.trim_ascii().is_empty()
    });
    let form = if lines { Form::Lines } else { Form::Whole };
    if let Some(kind) = members.kind() {
        // One package or catalogue entry alone can only be a file of lines with one line.
        let single = matches!(kind, Kind::CveList | Kind::Osv | Kind::Nvd | Kind::Vendor);
        let form = if single { form } else { Form::Lines };
        return Ok(Recognised { kind, form });
    }
    if members.is_nix_env() {
        return Ok(Recognised {
            kind: Kind::Channel,
            form: Form::Root,
        });
    }
    if let Some(kind) = members.people() {
        return Ok(Recognised {
            kind,
            form: Form::Root,
        });
    }
    Err(members.unknown())
}

/// The members of the first object, as far as the head shows them.
#[derive(Default)]
struct Members<'a> {
    seen: Vec<(String, &'a [u8])>,
}

/// Members that only the NVD's records have, beside a CVE id.
const NVD: [&str; 2] = ["configurations", "vulnStatus"];

/// Members looked at, at most.
const MOST: usize = 64;

impl<'a> Members<'a> {
    /// Reads the object at the start of `head`. With where it ends, if it ends there.
    fn read(head: &'a [u8]) -> (Self, Option<usize>) {
        let mut this = Self::default();
        let end = this.collect(head);
        (this, end)
    }

    fn collect(&mut self, head: &'a [u8]) -> Option<usize> {
        let blank = |at: usize| at + (head[at..].len() - head[at..].trim_ascii_start().len());
        let mut at = blank(1);
        loop {
            match head.get(at)? {
                b'}' => return Some(at + 1),
                b',' => at = blank(at + 1),
                b'"' => {}
                _ => return None,
            }
            if head.get(at) != Some(&b'"') {
                return None;
            }
            let end = at + crate::split::value_end(&head[at..])?;
            let key = serde_json::from_slice::<String>(&head[at..end]).ok()?;
            let colon = blank(end);
            if head.get(colon) != Some(&b':') {
                return None;
            }
            let start = blank(colon + 1);
            let value = head.get(start..)?;
            let length = crate::split::value_end(value);
            if self.seen.len() < MOST {
                self.seen
                    .push((key, &value[..length.unwrap_or(value.len())]));
            }
            at = blank(start + length?);
        }
    }

    fn has(&self, name: &str) -> bool {
        self.seen.iter().any(|(key, _)| key == name)
    }

    fn all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.has(name))
    }

    fn any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    fn text(&self, name: &str) -> Option<String> {
        let (_, value) = self.seen.iter().find(|(key, _)| key == name)?;
        serde_json::from_slice(value).ok()
    }

    /// What one record with these members is.
    fn kind(&self) -> Option<Kind> {
        let id = self.text("id").unwrap_or_default();
        let is_cve = self.text("dataType").as_deref() == Some("CVE_RECORD");
        Some(if is_cve || self.all(&["cveMetadata", "containers"]) {
            Kind::CveList
        } else if self.all(&["_src"]) {
            Kind::Vendor
        } else if self.all(&["cveID", "vendorProject"]) {
            Kind::Kev
        } else if self.wraps_nvd() || (id.starts_with("CVE-") && self.any(&NVD)) {
            Kind::Nvd
        } else if self.all(&["id", "product", "version", "vulnerability"]) {
            Kind::CveLite
        } else if self.all(&["id", "modified"]) && (self.has("affected") || self.has("withdrawn")) {
            Kind::Osv
        } else if self.all(&["purls", "cpes"]) {
            Kind::Purl2Cpe
        } else if self.all(&["checker", "vendor_product"]) {
            Kind::CveBinTool
        } else if self.all(&["_f"]) && (self.has("name") || self.has("namepat")) {
            Kind::Repology
        } else if self.has("attr") && self.is_package() {
            Kind::Channel
        } else {
            return None;
        })
    }

    /// A package by what Nixpkgs and the evaluators say about one, or an evaluation that failed.
    fn is_package(&self) -> bool {
        let known = [
            "drvPath",
            "meta",
            "outputs",
            "attrPath",
            "extraValue",
            "src",
        ];
        self.has("error") || (self.has("name") && known.iter().any(|name| self.has(name)))
    }

    /// An element of NVD's `vulnerabilities`: `{"cve": {"id": …}}`.
    fn wraps_nvd(&self) -> bool {
        let Some((_, inner)) = self.seen.iter().find(|(key, _)| key == "cve") else {
            return false;
        };
        inner.first() == Some(&b'{') && Members::read(inner).0.has("id")
    }

    /// A document that holds its records in a member.
    fn container(&self) -> Option<Recognised> {
        let found = |kind, member| {
            Some(Recognised {
                kind,
                form: Form::Member(member),
            })
        };
        if self.has("vulnerabilities") {
            let is_nvd = self.has("resultsPerPage")
                || self
                    .text("format")
                    .is_some_and(|format| format.starts_with("NVD"));
            if is_nvd {
                return found(Kind::Nvd, "vulnerabilities");
            }
            if self.has("catalogVersion") || self.has("dateReleased") {
                return found(Kind::Kev, "vulnerabilities");
            }
        }
        let (_, packages) = self.seen.iter().find(|(key, _)| key == "packages")?;
        (packages.first() == Some(&b'{') && self.has("version")).then_some(Recognised {
            kind: Kind::Channel,
            form: Form::Member("packages"),
        })
    }

    /// `nix-env -qaP --json --meta`: attribute → package.
    fn is_nix_env(&self) -> bool {
        let Some((_, first)) = self.seen.first() else {
            return false;
        };
        if first.first() != Some(&b'{') {
            return false;
        }
        let package = Members::read(first).0;
        package.has("name") && (package.has("system") || package.has("meta"))
    }

    /// Nixpkgs' lists of people: handle → maintainer, or key → team.
    fn people(&self) -> Option<Kind> {
        const LOOKED_AT: usize = 8;
        let inner = |(_, value): &(String, &'a [u8])| {
            (value.first() == Some(&b'{')).then(|| Members::read(value).0)
        };
        let first = self.seen.iter().take(LOOKED_AT);
        let all: Vec<Members<'a>> = first.filter_map(inner).collect();
        if all.iter().any(|one| one.all(&["members", "shortName"])) {
            return Some(Kind::Teams);
        }
        let is_person = |one: &Members<'a>| one.has("name") && one.any(&["github", "githubId"]);
        all.iter().any(is_person).then_some(Kind::Maintainers)
    }

    fn unknown(&self) -> String {
        let names: Vec<&str> = self
            .seen
            .iter()
            .take(6)
            .map(|(key, _)| key.as_str())
            .collect();
        format!(
            "JSON that no source is known for (its members: {})",
            names.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(head: &str) -> Option<(Kind, Form)> {
        recognise(head.as_bytes())
            .ok()
            .map(|found| (found.kind, found.form))
    }

    #[test]
    fn each_format_is_told_by_what_it_must_have() {
        use Form::{Lines, Member, Root, Whole};
        let cases = [
            (
                r#"{"dataType":"CVE_RECORD","cveMetadata":{}}"#,
                Kind::CveList,
                Whole,
            ),
            (
                "{\"dataType\":\"CVE_RECORD\"}\n{\"dataType\":\"CVE_RECORD\"}\n",
                Kind::CveList,
                Lines,
            ),
            (
                r#"[ {"cveMetadata":{},"containers":{}} ]"#,
                Kind::CveList,
                Root,
            ),
            (
                r#"{"resultsPerPage":1,"format":"NVD_CVE","vulnerabilities":[{"#,
                Kind::Nvd,
                Member("vulnerabilities"),
            ),
            (
                r#"{"id":"CVE-1999-1","configurations":[]}"#,
                Kind::Nvd,
                Whole,
            ),
            (r#"{"cve":{"id":"CVE-1999-1"}}"#, Kind::Nvd, Whole),
            (
                r#"{"title":"CISA","catalogVersion":"2025","vulnerabilities":[]}"#,
                Kind::Kev,
                Member("vulnerabilities"),
            ),
            (
                r#"{"cveID":"CVE-2025-1","vendorProject":"x"}"#,
                Kind::Kev,
                Lines,
            ),
            (
                r#"{"schema_version":"1.6","id":"X","modified":"","affected":[]}"#,
                Kind::Osv,
                Whole,
            ),
            (
                r#"{"_src":"bitnami/vulndb","id":"BIT-1"}"#,
                Kind::Vendor,
                Whole,
            ),
            (
                "#model_version:v1\ncve,epss,percentile\n",
                Kind::Epss,
                Lines,
            ),
            ("cve,epss,percentile\r\n", Kind::Epss, Lines),
            (
                r#"{"version":2,"packages":{"a":{"name":"#,
                Kind::Channel,
                Member("packages"),
            ),
            (
                r#"{"a":{"name":"a-1","system":"x86_64-linux""#,
                Kind::Channel,
                Root,
            ),
            (
                r#"{"attr":"a","attrPath":["a"],"name":"a-1"}"#,
                Kind::Channel,
                Lines,
            ),
            (
                r#"{"attr":"a","attrPath":["a"],"error":"no"}"#,
                Kind::Channel,
                Lines,
            ),
            (r#"{"k":"a/b","purls":[],"cpes":[]}"#, Kind::Purl2Cpe, Lines),
            (
                r#"{"a":{"name":"A","email":"a@b"},"b":{"github":"b","githubId":1,"name":"B"}}"#,
                Kind::Maintainers,
                Root,
            ),
            (
                r#"{"gnome":{"github":null,"members":["a"],"scope":"","shortName":"GNOME"}}"#,
                Kind::Teams,
                Root,
            ),
        ];
        for (head, kind, form) in cases {
            assert_eq!(of(head), Some((kind, form)), "{head}");
        }
    }

    #[test]
    fn what_is_not_a_source_is_described() {
        let graph = recognise(br#"{"drv":"x.drv","name":"x","o":{}}"#).expect_err("a graph");
        assert_eq!(
            graph,
            "JSON that no source is known for (its members: drv, name, o)"
        );
        for head in ["", "hello", "[1]", "{", "{\"a", "\u{0}\u{1}", "{\"a\":}"] {
            assert!(recognise(head.as_bytes()).is_err(), "{head:?}");
        }
    }

    #[test]
    fn lists_and_logs_beside_cve_records_are_not_records() {
        assert!(Kind::CveList.wants("cves/2024/1xxx/CVE-2024-1234.json"));
        assert!(!Kind::CveList.wants("cves/deltaLog.json"));
        assert!(!Kind::CveList.wants("cves/README.md"));
        assert!(Kind::Osv.wants("PyPI/PYSEC-2021-1.JSON"));
    }
}
