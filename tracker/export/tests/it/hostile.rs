//! Issues whose every text is what an attacker, or a broken program, would write.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use snowguard_tracker_export::{
    Advisory, AdvisoryId, AttributePath, BranchName, ChannelName, ChannelStatus, CpeName, Credit,
    CreditKind, CvssVector, Issue, IssueId, Justification, Moment, Package, PackageName,
    PackageVersion, RangeEnd, Rating, Reference, ReferenceKind, Revision, Severity, Status,
    VersionRange, WebUrl, Withdrawal,
};

use crate::sample::commit;

/// Pieces of text that break formats, pages and terminals.
const PIECES: [&str; 30] = [
    "]]>",
    "<![CDATA[",
    "</feed>",
    "<script>alert(1)</script>",
    "&amp;&#0;&",
    "\"",
    "'",
    "\\",
    "\\u0000",
    "\u{0}",
    "\u{1}\u{8}\u{b}\u{c}\u{1f}\u{7f}",
    "\u{1b}[31m",
    "\u{85}\u{9b}",
    "\r\n",
    "\r",
    "\n\n",
    "\t",
    "\u{2028}\u{2029}",
    "\u{202e}drow\u{202c}",
    "\u{2066}x\u{2069}",
    "\u{feff}",
    "\u{fffe}\u{ffff}",
    "\u{10ffff}",
    "שלום",
    "𝒳",
    "   ",
    "{{7*7}}${x}",
    "=cmd|' /C calc'!A0",
    "--",
    "?>",
];

/// Texts of those pieces; now and then empty, of white space, or 100,000 bytes long.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => Just(String::new()),
        1 => Just(" \n\t ".to_owned()),
        1 => Just("x".repeat(100_000)),
        3 => any::<String>(),
        10 => proptest::collection::vec(prop::sample::select(&PIECES[..]), 1..6)
            .prop_map(|pieces| pieces.concat()),
    ]
}

/// What a name may hold, and is awkward.
fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "openssl",
        "a@b",
        "haskellPackages.\"3d-graphics\"",
        "a/b?c=d#e",
        "a%2Fb",
        "<b>&'\"",
        "ünïcödé",
        "x y",
        "..",
    ])
    .prop_map(str::to_owned)
}

fn version() -> impl Strategy<Value = PackageVersion> {
    prop::sample::select(vec![
        "1",
        "1.0.2u",
        "0-unstable-2026-01-01",
        "3.0|4.0",
        "<5",
        ">=1.0",
        "1.0 all versions",
        "1.0+git@abc",
        "é*",
        "b@c",
        "1%",
    ])
    .prop_map(|text| PackageVersion::new(text).unwrap())
}

fn status() -> impl Strategy<Value = Status> {
    use prop::option::of;
    let justification = prop::sample::select(vec![
        Justification::ComponentNotPresent,
        Justification::VulnerableCodeNotPresent,
        Justification::VulnerableCodeNotInExecutePath,
        Justification::VulnerableCodeCannotBeControlledByAdversary,
        Justification::InlineMitigationsAlreadyExist,
    ]);
    prop_oneof![
        of(text()).prop_map(|workaround| Status::Affected { workaround }),
        version().prop_map(|version| Status::FixedInVersion { version }),
        proptest::collection::vec(text(), 0..3)
            .prop_map(|patches| Status::FixedByPatch { patches }),
        (of(justification), of(text())).prop_map(|(justification, statement)| {
            Status::NotAffected {
                justification,
                statement,
            }
        }),
        Just(Status::UnderInvestigation),
        of(text()).prop_map(|reason| Status::WontFix { reason }),
    ]
}

fn range() -> impl Strategy<Value = VersionRange> {
    let end = prop_oneof![
        version().prop_map(RangeEnd::Before),
        version().prop_map(RangeEnd::Through),
    ];
    (prop::option::of(version()), end).prop_map(|(from, end)| VersionRange { from, end })
}

fn channel() -> impl Strategy<Value = ChannelStatus> {
    use prop::option::of;
    let commits = of(prop::sample::select(vec!['1', 'a', 'f']).prop_map(commit));
    let place = prop::sample::select(vec!["nixos-unstable", "nixos-26.05", "nixpkgs-unstable"]);
    (
        place,
        of(version()),
        proptest::collection::vec(version(), 0..3),
        proptest::collection::vec(range(), 0..3),
        commits.clone(),
        commits,
        status(),
    )
        .prop_map(
            |(
                place,
                version,
                affected_versions,
                affected_ranges,
                introduced_by,
                fixed_by,
                status,
            )| ChannelStatus {
                channel: ChannelName::new(place).unwrap(),
                branch: BranchName::new(place).unwrap(),
                version,
                evaluated: fixed_by.clone(),
                affected_versions,
                affected_ranges,
                introduced_by,
                fixed_by,
                status,
            },
        )
}

fn package() -> impl Strategy<Value = Package> {
    let cpe = Just(CpeName::new(r"cpe:2.3:a:x\:y:z\*:1.0:*:*:*:*:*:*:*").unwrap());
    let channels = proptest::collection::vec(channel(), 0..4);
    (
        name(),
        name(),
        proptest::collection::vec(cpe, 0..2),
        channels,
    )
        .prop_map(|(attribute, name, cpes, channels)| Package {
            attribute: AttributePath::new(attribute).unwrap(),
            name: PackageName::new(name).unwrap(),
            cpes,
            channels,
        })
}

fn advisory() -> impl Strategy<Value = Advisory> {
    let id = prop::sample::select(vec![
        "CVE-2026-1234",
        "CVE-2026-1235",
        "GHSA-a",
        "x",
        "a:b+c",
    ]);
    let id = id.prop_map(|text| AdvisoryId::new(text).unwrap());
    let aliases = proptest::collection::vec(id.clone(), 0..3);
    let weaknesses = proptest::collection::vec(prop_oneof![Just(79), any::<u32>()], 0..3);
    (id, aliases, prop::option::of(text()), weaknesses).prop_map(
        |(id, aliases, title, weaknesses)| Advisory {
            id,
            aliases,
            title,
            weaknesses,
        },
    )
}

fn severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(vec![
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:3.0/AV:P/AC:H/PR:H/UI:R/S:C/C:N/I:N/A:L",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:H/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N",
        "AV:L/AC:M/Au:N/C:N/I:P/A:C",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N",
        "",
    ])
    .prop_map(|text| match CvssVector::parse(text) {
        Ok(vector) => Severity::of(vector),
        Err(_) => Severity::word(Rating::High),
    })
}

fn moment() -> impl Strategy<Value = Moment> {
    (0_i64..253_402_207_200_000).prop_map(|millis| Moment::from_millis(millis).unwrap())
}

fn reference() -> impl Strategy<Value = Reference> {
    let urls = [
        "https://example.org/?a=<b>&c='\"",
        "http://[::1]/[x]|^`{}",
        "https://пример.рф/путь",
        "https://example.org/%zz#a#b",
    ];
    let kinds = vec![
        ReferenceKind::Advisory,
        ReferenceKind::PullRequest,
        ReferenceKind::Evidence,
    ];
    (
        prop::sample::select(kinds),
        prop::sample::select(urls.to_vec()),
    )
        .prop_map(|(kind, url)| Reference {
            kind,
            url: WebUrl::new(url).unwrap(),
        })
}

/// Issues of such texts, with statuses and times in every combination, possible or not.
pub fn issue() -> impl Strategy<Value = Issue> {
    use proptest::collection::vec;
    let revision = (moment(), text()).prop_map(|(at, summary)| Revision { at, summary });
    let withdrawal = (moment(), text()).prop_map(|(at, reason)| Withdrawal { at, reason });
    let credit = text().prop_map(|name| Credit {
        name,
        kind: CreditKind::RemediationReviewer,
        url: None,
    });
    let head = (
        1_u32..99_999,
        text(),
        text(),
        prop::option::of(severity()),
        moment(),
        moment(),
        prop::option::weighted(0.15, withdrawal),
    );
    let lists = (
        vec(revision, 0..4),
        vec(advisory(), 0..4),
        vec(reference(), 0..3),
        vec(credit, 0..3),
        vec(package(), 0..4),
    );
    (head, lists).prop_map(|(head, lists)| Issue {
        id: IssueId::new(2026, head.0).unwrap(),
        title: head.1,
        notes: head.2,
        severity: head.3,
        published: head.4,
        modified: head.5,
        withdrawn: head.6,
        revisions: lists.0,
        advisories: lists.1,
        references: lists.2,
        credits: lists.3,
        packages: lists.4,
    })
}

/// The same issues on every run, with ids of their own.
pub fn corpus(count: u32) -> Vec<Issue> {
    let mut runner = TestRunner::deterministic();
    let strategy = issue();
    (1..=count)
        .map(|number| Issue {
            id: IssueId::new(2025, number).unwrap(),
            ..strategy.new_tree(&mut runner).unwrap().current()
        })
        .collect()
}
