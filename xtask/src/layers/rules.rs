//! The rules on dependencies.

use std::fmt;

use super::graph::{Crate, Graph};

/// The folders a crate may stand in, and thereby the pillars.
const PILLARS: [&str; 7] = [
    "core",
    "tracker",
    "scan",
    "boot",
    "bootstrap",
    "cli",
    "xtask",
];

/// The core's crates from the ground up; each may use those before it.
const CORE_ORDER: [&str; 4] = [
    "core/nix-formats",
    "core/advisory",
    "core/matching",
    "core/advisory-file",
];

/// Crates of a pillar that keep the core's rule: plain values in, documents out.
pub const PURE: [&str; 1] = ["tracker/export"];

/// What does I/O or brings a runtime. The core decides in pure functions, so that the same crate
/// serves the server, the scanner and, later, a boot stub.
const IO_CRATES: [&str; 23] = [
    "async-std",
    "curl",
    "diesel",
    "git2",
    "hyper",
    "lettre",
    "libsqlite3-sys",
    "memmap2",
    "mio",
    "native-tls",
    "postgres",
    "r2d2",
    "reqwest",
    "rusqlite",
    "rustls",
    "smol",
    "socket2",
    "sqlx",
    "tempfile",
    "tokio",
    "tokio-postgres",
    "ureq",
    "walkdir",
];

/// Crates that stand only in some folders, and where.
const CONFINED: [(&[&str], &[&str], &str); 3] = [
    (
        &[
            "diesel",
            "libsqlite3-sys",
            "postgres",
            "r2d2",
            "r2d2_postgres",
            "r2d2_sqlite",
            "rusqlite",
            "sqlx",
            "tokio-postgres",
        ],
        // The scanner reads the database that Nix keeps.
        &["tracker/db", "scan"],
        "SQL stands only in the tracker's database crate",
    ),
    (
        &["async-std", "axum", "hyper", "smol", "tokio", "tower-http"],
        &["tracker/web", "tracker/ingest"],
        "asynchronous code stops at the tracker's web and ingest",
    ),
    (
        &["lettre", "mail-builder", "mail-send"],
        &["tracker/deliver"],
        "mail is composed and sent by the tracker's delivery crate",
    ),
];

/// A rule that is broken: where, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// A crate or a file.
    pub place: String,
    /// A sentence.
    pub what: String,
}

impl Violation {
    /// `place` breaks a rule as `what` says.
    pub fn new(place: &str, what: impl Into<String>) -> Self {
        Self {
            place: place.to_owned(),
            what: what.into(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// All violations of the rules on dependencies, in the order of crate names.
pub fn check(graph: &Graph) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (name, member) in &graph.crates {
        violations.extend(in_a_pillar(name, member));
        violations.extend(direction(name, member, graph));
        violations.extend(confined(name, member));
        if member.pillar() == "core" || PURE.contains(&member.folder.as_str()) {
            violations.extend(no_io(name, member));
        }
    }
    violations
}

fn in_a_pillar(name: &str, member: &Crate) -> Option<Violation> {
    if !PILLARS.contains(&member.pillar()) {
        let what = format!(
            "`{}` is in no pillar ({})",
            member.folder,
            PILLARS.join(", ")
        );
        return Some(Violation::new(name, what));
    }
    if member.pillar() == "core" && core_place(member).is_none() {
        let what = format!(
            "`{}` has no place in the core's order ({})",
            member.folder,
            CORE_ORDER.join(" < ")
        );
        return Some(Violation::new(name, what));
    }
    None
}

/// A pillar uses itself and the core; the core uses only what stands below in its order.
fn direction(name: &str, member: &Crate, graph: &Graph) -> Vec<Violation> {
    let used = member
        .direct
        .iter()
        .filter_map(|used| Some((used, graph.crates.get(used)?)));
    used.filter_map(|(used_name, used)| {
        let allowed = match (member.pillar(), used.pillar()) {
            ("core", "core") => core_place(used) < core_place(member) || used_name == name,
            (from, to) => from == to || to == "core",
        };
        (!allowed).then(|| {
            let what = if member.pillar() == "core" && used.pillar() == "core" {
                format!(
                    "uses `{used_name}`; the core's order is {}",
                    CORE_ORDER.join(" < ")
                )
            } else {
                format!(
                    "is of `{}` and uses `{used_name}` of `{}`; a pillar may use only the core",
                    member.pillar(),
                    used.pillar()
                )
            };
            Violation::new(name, what)
        })
    })
    .collect()
}

fn core_place(member: &Crate) -> Option<usize> {
    CORE_ORDER
        .iter()
        .position(|folder| *folder == member.folder)
}

fn no_io(name: &str, member: &Crate) -> Vec<Violation> {
    IO_CRATES
        .iter()
        .filter(|io| member.reached.contains(**io))
        .map(|io| {
            let what = format!("reaches `{io}`; {} does no I/O", doer(&member.folder));
            Violation::new(name, what)
        })
        .collect()
}

/// Who keeps the rule, in a sentence.
pub fn doer(folder: &str) -> &str {
    if folder.starts_with("core/") {
        "the core"
    } else {
        folder
    }
}

fn confined(name: &str, member: &Crate) -> Vec<Violation> {
    CONFINED
        .iter()
        .filter(|(_, folders, _)| !folders.contains(&member.folder.as_str()))
        .flat_map(|(crates, _, why)| crates.iter().map(move |krate| (krate, why)))
        .filter(|(krate, _)| member.direct.contains(**krate))
        .map(|(krate, why)| Violation::new(name, format!("uses `{krate}`; {why}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(name, folder, direct, reached besides)`.
    fn graph(members: &[(&str, &str, &[&str], &[&str])]) -> Graph {
        let crates = members.iter().map(|(name, folder, direct, reached)| {
            let direct: std::collections::BTreeSet<String> =
                direct.iter().map(|d| (*d).to_owned()).collect();
            let mut all = direct.clone();
            all.extend(reached.iter().map(|d| (*d).to_owned()));
            let member = Crate {
                folder: (*folder).to_owned(),
                direct,
                reached: all,
            };
            ((*name).to_owned(), member)
        });
        Graph {
            crates: crates.collect(),
        }
    }

    fn told(members: &[(&str, &str, &[&str], &[&str])]) -> Vec<String> {
        check(&graph(members))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    const FORMATS: (&str, &str, &[&str], &[&str]) =
        ("formats", "core/nix-formats", &["serde"], &[]);
    const ADVISORY: (&str, &str, &[&str], &[&str]) = ("advisory", "core/advisory", &["serde"], &[]);

    #[test]
    fn the_shape_of_the_design_is_in_order() {
        let members: [(&str, &str, &[&str], &[&str]); 7] = [
            FORMATS,
            ADVISORY,
            ("matching", "core/matching", &["advisory", "formats"], &[]),
            (
                "db",
                "tracker/db",
                &["matching", "rusqlite", "postgres"],
                &["tokio-postgres"],
            ),
            (
                "web",
                "tracker/web",
                &["db", "advisory", "axum", "tokio"],
                &["rusqlite"],
            ),
            ("scanner", "scan", &["matching"], &[]),
            ("xtask", "xtask", &["clap"], &[]),
        ];
        assert_eq!(told(&members), Vec::<String>::new());
    }

    #[test]
    fn a_pillar_may_not_use_another() {
        let members: [(&str, &str, &[&str], &[&str]); 3] = [
            ("db", "tracker/db", &[], &[]),
            ("scanner", "scan", &["db"], &[]),
            ("front", "cli", &["scanner"], &[]),
        ];
        assert_eq!(
            told(&members),
            [
                "front: is of `cli` and uses `scanner` of `scan`; a pillar may use only the core",
                "scanner: is of `scan` and uses `db` of `tracker`; a pillar may use only the core",
            ]
        );
    }

    #[test]
    fn the_core_may_not_use_a_pillar() {
        let members: [(&str, &str, &[&str], &[&str]); 2] = [
            ("advisory", "core/advisory", &["db"], &[]),
            ("db", "tracker/db", &[], &[]),
        ];
        assert_eq!(told(&members).len(), 1);
    }

    #[test]
    fn the_core_has_an_order() {
        let members: [(&str, &str, &[&str], &[&str]); 3] = [
            ("formats", "core/nix-formats", &["advisory"], &[]),
            ("advisory", "core/advisory", &["matching"], &[]),
            ("matching", "core/matching", &[], &[]),
        ];
        assert_eq!(told(&members).len(), 2);
        let newcomer: [(&str, &str, &[&str], &[&str]); 1] = [("x", "core/x", &[], &[])];
        assert!(told(&newcomer)[0].contains("no place in the core's order"));
    }

    #[test]
    fn the_core_does_no_io_even_through_others() {
        let members: [(&str, &str, &[&str], &[&str]); 1] = [(
            "advisory",
            "core/advisory",
            &["innocent"],
            &["tokio", "rustls"],
        )];
        assert_eq!(
            told(&members),
            [
                "advisory: reaches `rustls`; the core does no I/O",
                "advisory: reaches `tokio`; the core does no I/O",
            ]
        );
    }

    #[test]
    fn a_pure_crate_of_a_pillar_does_no_io_either() {
        let members: [(&str, &str, &[&str], &[&str]); 1] =
            [("export", "tracker/export", &["db"], &["rusqlite"])];
        assert_eq!(
            told(&members),
            ["export: reaches `rusqlite`; tracker/export does no I/O"]
        );
    }

    #[test]
    fn sql_and_async_are_confined() {
        let members: [(&str, &str, &[&str], &[&str]); 2] = [
            ("db", "tracker/db", &["tokio"], &[]),
            ("web", "tracker/web", &["rusqlite"], &[]),
        ];
        assert_eq!(
            told(&members),
            [
                "db: uses `tokio`; asynchronous code stops at the tracker's web and ingest",
                "web: uses `rusqlite`; SQL stands only in the tracker's database crate",
            ]
        );
    }

    #[test]
    fn every_crate_is_in_a_pillar() {
        let members: [(&str, &str, &[&str], &[&str]); 1] = [("x", "utils/x", &[], &[])];
        assert!(told(&members)[0].contains("is in no pillar"));
    }
}
