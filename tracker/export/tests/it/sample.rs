//! Issues to export.

use snowguard_tracker_export::{
    Advisory, AdvisoryId, AttributePath, BranchName, ChannelName, ChannelStatus, CommitHash,
    CpeName, Credit, CreditKind, CvssVector, Issue, IssueId, Justification, Moment, Package,
    PackageName, PackageVersion, Provider, PublisherCategory, RangeEnd, Reference, ReferenceKind,
    Revision, Severity, Status, TaggingEntity, VersionRange, WebUrl, Withdrawal,
};

pub fn provider() -> Provider {
    Provider {
        name: "Nixpkgs security team".to_owned(),
        contact: Some("security@example.org".to_owned()),
        category: PublisherCategory::Vendor,
        namespace: WebUrl::new("https://example.org/").unwrap(),
        pages: WebUrl::new("https://tracker.example.org/").unwrap(),
        exports: WebUrl::new("https://tracker.example.org/exports/").unwrap(),
        tagging: TaggingEntity::new("tracker.example.org,2026").unwrap(),
    }
}

pub fn at(text: &str) -> Moment {
    text.parse().unwrap()
}

pub fn version(text: &str) -> PackageVersion {
    PackageVersion::new(text).unwrap()
}

pub fn commit(digit: char) -> CommitHash {
    CommitHash::new(digit.to_string().repeat(40)).unwrap()
}

pub fn channel(name: &str, branch: &str, holds: Option<&str>, status: Status) -> ChannelStatus {
    ChannelStatus {
        channel: ChannelName::new(name).unwrap(),
        branch: BranchName::new(branch).unwrap(),
        version: holds.map(version),
        evaluated: None,
        affected_versions: Vec::new(),
        affected_ranges: Vec::new(),
        introduced_by: None,
        fixed_by: None,
        status,
    }
}

pub fn package(attribute: &str, name: &str, channels: Vec<ChannelStatus>) -> Package {
    Package {
        attribute: AttributePath::new(attribute).unwrap(),
        name: PackageName::new(name).unwrap(),
        cpes: Vec::new(),
        channels,
    }
}

pub fn advisory(id: &str) -> Advisory {
    Advisory {
        id: AdvisoryId::new(id).unwrap(),
        aliases: Vec::new(),
        title: None,
        weaknesses: Vec::new(),
    }
}

/// An issue with every status, two advisories, and everything else set.
pub fn full() -> Issue {
    let mut fixed = channel(
        "nixos-unstable",
        "nixos-unstable",
        Some("3.0.14"),
        Status::FixedInVersion {
            version: version("3.0.14"),
        },
    );
    fixed.affected_ranges = vec![VersionRange {
        from: Some(version("3.0.0")),
        end: RangeEnd::Before(version("3.0.14")),
    }];
    fixed.affected_versions = vec![version("3.0.12"), version("3.0.13")];
    fixed.introduced_by = Some(commit('1'));
    fixed.fixed_by = Some(commit('2'));
    fixed.evaluated = Some(commit('3'));
    let mut patched = channel(
        "nixos-26.05",
        "release-26.05",
        Some("3.0.13"),
        Status::FixedByPatch {
            patches: vec!["CVE-2026-1234.patch".to_owned()],
        },
    );
    patched.fixed_by = Some(commit('4'));
    let mut openssl = package("openssl", "openssl", vec![fixed, patched]);
    openssl.cpes = vec![CpeName::new("cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*").unwrap()];
    openssl.channels.push(channel(
        "nixos-25.11",
        "release-25.11",
        Some("3.0.13"),
        Status::WontFix {
            reason: Some("This release has reached its end of life.".to_owned()),
        },
    ));
    let others = vec![
        channel(
            "nixos-unstable",
            "nixos-unstable",
            Some("1.1.1w"),
            Status::Affected {
                workaround: Some("Don't use it with untrusted input.".to_owned()),
            },
        ),
        channel(
            "nixos-26.05",
            "release-26.05",
            Some("1.1.1w"),
            Status::UnderInvestigation,
        ),
        channel(
            "nixos-25.11",
            "release-25.11",
            None,
            Status::NotAffected {
                justification: Some(Justification::VulnerableCodeNotPresent),
                statement: Some("The code came with 3.0.".to_owned()),
            },
        ),
    ];
    let mut second = advisory("GHSA-vp9c-fpxx-744v");
    second.aliases = vec![AdvisoryId::new("CVE-2026-1235").unwrap()];
    let mut first = advisory("CVE-2026-1234");
    first.title = Some("Overflow in parsing".to_owned());
    first.weaknesses = vec![787, 125];
    let reference = |kind, url: &str| Reference {
        kind,
        url: WebUrl::new(url).unwrap(),
    };
    Issue {
        id: IssueId::new(2026, 1).unwrap(),
        title: "OpenSSL: overflow in parsing".to_owned(),
        notes: "A *crafted* certificate overflows a buffer.\n\n- `openssl x509` is affected\n"
            .to_owned(),
        severity: Some(Severity::of(
            CvssVector::parse("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H").unwrap(),
        )),
        published: at("2026-03-01T12:00:00Z"),
        modified: at("2026-03-04T09:30:00.5Z"),
        withdrawn: None,
        revisions: vec![Revision {
            at: at("2026-03-02T08:00:00Z"),
            summary: "nixos-26.05 is fixed".to_owned(),
        }],
        advisories: vec![first, second],
        references: vec![
            reference(
                ReferenceKind::Advisory,
                "https://www.openssl.org/news/secadv/20260301.txt",
            ),
            reference(
                ReferenceKind::PullRequest,
                "https://github.com/NixOS/nixpkgs/pull/1",
            ),
            reference(ReferenceKind::Web, "https://example.org/a b?q=|"),
        ],
        credits: vec![Credit {
            name: "A. Finder".to_owned(),
            kind: CreditKind::Finder,
            url: Some(WebUrl::new("https://example.org/finder").unwrap()),
        }],
        packages: vec![openssl, package("openssl_1_1", "openssl", others)],
    }
}

/// An issue with as little as there can be.
pub fn bare(number: u32) -> Issue {
    Issue {
        id: IssueId::new(2026, number).unwrap(),
        title: String::new(),
        notes: String::new(),
        severity: None,
        published: at("2026-03-01T12:00:00Z"),
        modified: at("2026-03-01T12:00:00Z"),
        withdrawn: None,
        revisions: Vec::new(),
        advisories: Vec::new(),
        references: Vec::new(),
        credits: Vec::new(),
        packages: Vec::new(),
    }
}

/// The full issue, taken back.
pub fn withdrawn() -> Issue {
    Issue {
        id: IssueId::new(2026, 2).unwrap(),
        modified: at("2026-03-05T00:00:00Z"),
        withdrawn: Some(Withdrawal {
            at: at("2026-03-05T00:00:00Z"),
            reason: "The advisory is about another product of that name.".to_owned(),
        }),
        ..full()
    }
}
